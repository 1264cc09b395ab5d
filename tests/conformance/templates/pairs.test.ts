import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missingTemplates, templateFiles } from '../../templates-corpus.ts'
import { pairs, started } from './pairs.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const root = join(import.meta.dirname, '../../..')

/** As a user would run them; by template those that found something. */
async function found(url: string, templates: string): Promise<string[]> {
  const child = spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), 'templates', 'run', url, '--templates', templates, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => { out += String(chunk) })
  child.stderr.on('data', (chunk) => { err += String(chunk) })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code, err).toBe(0)
  return [...new Set(out.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { template: string }).template))].sort()
}

describe.skipIf(missingTemplates !== false)(`a hole and its repair, told apart by templates as they are${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  beforeAll(() => {
    const wanted = new Set(pairs.flatMap(({ templates }) => templates))
    for (const { path, content } of templateFiles() ?? []) {
      if (!wanted.has(path)) continue
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  for (const { name, templates, vulnerable, patched, long } of pairs) {
    // All templates of all pairs are run: those of another hole must stay silent.
    test.skipIf(long && !full)(`${name}${long && !full ? ' (npm run test:full: hundreds of megabytes are installed)' : ''}`, async () => {
      await using open = await started(name, vulnerable)
      expect(await found(open.url, folder)).toEqual(templates.map((path) => basename(path, '.yaml')).sort())
      await using closed = await started(name, patched)
      expect(await found(closed.url, folder)).toEqual([])
    })
  }
})
