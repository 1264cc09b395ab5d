// How long all public templates take to load, first and from the cache, and what they take in memory; beside what js-yaml alone takes for the same files.
// Each is measured in a process of its own: node tests/bench/templates-load.ts [--runs N]
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { load } from 'js-yaml'
import type { Context } from '../../apps/cli/src/context.ts'
import { loadTemplates } from '../../apps/cli/src/template-files.ts'
import { corpusFiles, isTemplateFile, missingTemplates } from '../templates-corpus.ts'

type Measured = { readonly what: string; readonly seconds: number; readonly cpu: number; readonly peak: number; readonly templates: number; readonly runnable: number }
const kinds = { bare: 'js-yaml alone', read: 'first load', cached: 'second load' } as const

/** One process: folder, and what is measured. */
async function measure(folder: string, kind: keyof typeof kinds): Promise<Measured> {
  const started = performance.now()
  const before = process.cpuUsage()
  let counts = { templates: 0, runnable: 0 }
  if (kind === 'bare') {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) if (isTemplateFile(name)) counts.templates += Number(load(readFileSync(join(folder, name), 'utf8')) !== undefined)
  } else {
    const context = { environment: { XDG_CACHE_HOME: join(folder, '..', 'cache') }, err: { terminal: false }, stop: new AbortController().signal } as unknown as Context
    const { library } = await loadTemplates(context, [folder], (place, error) => { throw new Error(place, { cause: error }) }, { cached: true })
    counts = { templates: library.templates.length + library.refused.length, runnable: library.templates.filter(({ support }) => support.status === 'runnable').length }
  }
  const { user, system } = process.cpuUsage(before)
  return { what: kinds[kind], seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1000, ...counts }
}

const { values, positionals } = parseArgs({ options: { runs: { type: 'string', default: '3' } }, allowPositionals: true })
const [folder, kind] = positionals
if (folder !== undefined && kind !== undefined) process.stdout.write(JSON.stringify(await measure(folder, kind as keyof typeof kinds)))
else if (missingTemplates !== false) process.stdout.write(`${missingTemplates}\n`)
else {
  const work = mkdtempSync(join(tmpdir(), 'haechi-templates-'))
  try {
    for (const { path, content } of corpusFiles()!) {
      const file = join(work, 'templates', path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
    process.stdout.write(`${'run'.padEnd(16)}${'seconds'.padStart(9)}${'CPU s'.padStart(9)}${'peak MB'.padStart(9)}${'templates'.padStart(11)}${'runnable'.padStart(10)}\n`)
    for (let run = 0; run < Number(values.runs); run += 1) {
      rmSync(join(work, 'cache'), { recursive: true, force: true })
      for (const each of ['bare', 'read', 'cached'] as const) {
        const { what, seconds, cpu, peak, templates, runnable } = JSON.parse(execFileSync(process.execPath, [import.meta.filename, join(work, 'templates'), each], { encoding: 'utf8' })) as Measured
        process.stdout.write(`${what.padEnd(16)}${seconds.toFixed(2).padStart(9)}${cpu.toFixed(2).padStart(9)}${peak.toFixed(0).padStart(9)}${templates.toLocaleString('en-US').padStart(11)}${runnable.toLocaleString('en-US').padStart(10)}\n`)
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
