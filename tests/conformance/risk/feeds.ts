// The vulnerability feeds of the corpus, for these tests: read as text, or null where the corpus is missing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { FeedForm, FeedKind } from '@haechi/risk'
import { corpus } from '../../server.ts'

const folder = join(corpus, 'vuln')
export const missing = existsSync(folder) ? null : `${folder} is missing`

export const bytesOf = (path: string): Buffer => {
  const bytes = readFileSync(join(folder, path))
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
export const textOf = (path: string): string => bytesOf(path).toString()
export const linesOf = <T>(path: string): T[] => textOf(path).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T)

/** Every feed of the corpus with what it holds. */
export const feeds: readonly (readonly [path: string, kind: FeedKind, form: FeedForm, entries: number])[] = [
  ['kev/known_exploited_vulnerabilities.json', 'kev', 'document', 1_404], ['epss/epss-from-nuclei-templates.csv', 'epss', 'lines', 3_604], ['kev-attack/kev-07.28.2025_attack-16.1-enterprise.json', 'attack', 'document', 1_183],
  ['kev-attack/kev-07.28.2025_attack-16.1-mobile.json', 'attack', 'document', 45], ['kev-attack/AttckToCveMappings.csv', 'attack', 'lines', 839], ['vulnrichment/vulnrichment.ndjson.gz', 'vulnrichment', 'lines', 44_130], ['nvd-data-overrides/nvd-data-overrides.ndjson.gz', 'nvd', 'lines', 32_184],
]

/** The files of a tar archive (POSIX ustar), by name. */
export function filesOfTar(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const field = (from: number, length: number) => bytes.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12), 8)
    const prefix = field(345, 155)
    if (['0', ''].includes(field(156, 1))) files.set(prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`, bytes.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}
