// Where the tests find rules, samples and event lanes. Not part of the engine's face.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from './index.ts'
import type { Parsed } from './index.ts'

export const CORPUS = resolve(import.meta.dirname, '../../..', process.env['HAECHI_CORPUS'] ?? '../shared/data')

/** Why a test that needs the corpus is skipped, or false when it is there. */
export const missing: string | false = existsSync(join(CORPUS, 'sigma-rules/README.md')) ? false : `no corpus at ${CORPUS} (set HAECHI_CORPUS)`
export const PINNED = 'sigma-rules/sigma-rules-994da166.tar.gz'
export const CURRENT = 'sigma-rules/sigma-rules-8eaafff1.tar.gz'

export const jsonOf = <T>(path: string): T => JSON.parse(readFileSync(join(CORPUS, path), 'utf8')) as T

/** The lines of an event lane; the lanes of recorded attacks stand beside the recordings. */
export const laneLines = (lane: string): string[] => gunzipSync(readFileSync(join(CORPUS, lane.startsWith('otrf') ? 'telemetry' : 'lanes', `${lane}.ndjson.gz`))).toString().split('\n').filter((line) => line !== '')

/** The files of an archive with this ending, by path. */
export function archived(path: string, ending: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-sigma-'))
  try {
    execFileSync('tar', ['-xzf', join(CORPUS, path), '-C', folder])
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).toSorted()
    return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function rulesOf(path: string): Parsed & { files: number } {
  const read = [...archived(path, '.yml')].map(([file, text]) => parse(text, file))
  return {
    rules: read.flatMap(({ rules }) => rules), correlations: read.flatMap(({ correlations }) => correlations), filters: read.flatMap(({ filters }) => filters),
    rejected: read.flatMap(({ rejected }) => rejected), files: read.length,
  }
}
