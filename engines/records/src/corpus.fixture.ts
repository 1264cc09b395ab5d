// Where the tests find recorded data, and the few readers they need for it. Not part of the engine's face.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ROOT = resolve(import.meta.dirname, '../../..')
export const CORPUS = resolve(ROOT, process.env['HAECHI_CORPUS'] ?? '../shared/data')

/** Why a test that needs the corpus is skipped, or false when it is there. */
export const missing: string | false = existsSync(join(CORPUS, 'telemetry/README.md')) ? false : `no corpus at ${CORPUS} (set HAECHI_CORPUS)`

export const bytesOf = (path: string): Buffer => {
  const raw = readFileSync(join(CORPUS, path))
  return path.endsWith('.gz') ? gunzipSync(raw) : raw
}

export const linesOf = (path: string): string[] => bytesOf(path).toString().split('\n').filter((line) => line !== '')

export const filesIn = (folder: string, ending: string): string[] => readdirSync(join(CORPUS, folder)).filter((name) => name.endsWith(ending)).toSorted()

/** The regular files of a .tar.gz by path. */
export function tarFiles(path: string): Map<string, Buffer> {
  const archive = gunzipSync(readFileSync(join(CORPUS, path)))
  const files = new Map<string, Buffer>()
  let longName: string | null = null
  for (let at = 0; at + 512 <= archive.length;) {
    const header = archive.subarray(at, at + 512)
    if (header[0] === 0) break
    const field = (from: number, to: number): string => header.toString('utf8', from, to).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 136).trim() || '0', 8)
    const body = archive.subarray(at + 512, at + 512 + size)
    const kind = String.fromCharCode(header[156] ?? 0)
    const prefix = field(345, 500)
    const name = longName ?? (prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`)
    longName = null
    if (kind === 'L') longName = body.toString().replace(/\0.*$/s, '')
    else if (kind === 'x') longName = /\d+ path=(.*)\n/.exec(body.toString())?.[1] ?? null
    else if (kind === '0' || kind === '\0') files.set(name.replace(/^\.\//, ''), body)
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}
