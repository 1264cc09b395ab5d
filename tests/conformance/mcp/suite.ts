// The official conformance suite, run as its users run it, and what it found.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const suite = fileURLToPath(new URL('../../node_modules/@modelcontextprotocol/conformance', import.meta.url))

export type Scenario = { readonly name: string; readonly scored: boolean; readonly checks: number; /** Checks that failed, or only warned. */ readonly misses: readonly string[] }

type Check = { readonly id: string; readonly status: string; readonly errorMessage?: string }

/** Every scenario for servers that the revision's frozen requirements name. One that did not run has a miss that says so. */
export async function runSuite(url: string, revision: string): Promise<readonly Scenario[]> {
  const out = mkdtempSync(join(tmpdir(), 'haechi-conformance-'))
  try {
    const child = spawn(process.execPath, [join(suite, 'dist/index.js'), 'server', '--url', url, '--requirements', revision, '-o', out], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-4000) })
    await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    const folders = readdirSync(out)
    if (folders.length === 0) throw new Error(`The suite gave no results: ${said}`)
    return wanted(revision).map(({ name, scored }) => {
      const folder = folders.find((each) => new RegExp(`^server-${name}-\\d{4}-`).test(each))
      const checks = folder === undefined ? [] : (JSON.parse(readFileSync(join(out, folder, 'checks.json'), 'utf8')) as readonly Check[])
      const misses = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING').map(({ id, errorMessage }) => `${id}: ${errorMessage ?? ''}`)
      return { name, scored, checks: checks.length, misses: folder === undefined ? ['did not run'] : misses }
    })
  } finally {
    rmSync(out, { recursive: true })
  }
}

/** The suite's own list of what a revision requires of servers, and of what it runs beside. */
function wanted(revision: string): readonly { readonly name: string; readonly scored: boolean }[] {
  const text = readFileSync(join(suite, 'requirements', `${revision}.yaml`), 'utf8')
  const scored = [.../^server:\n((?: {2}- .*\n)+)/m.exec(text)?.[1]?.matchAll(/- (\S+)/g) ?? []].map(([, name = '']) => ({ name, scored: true }))
  const beside = [...text.matchAll(/- scenario: (\S+)\n {4}leg: server\n/g)].map(([, name = '']) => ({ name, scored: false }))
  return [...scored, ...beside]
}

export const revisions = ['2026-07-28', '2025-11-25'] as const
