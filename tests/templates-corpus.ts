// The public templates and what they name, from the archive of the corpus, in memory.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'

export const CORPUS = resolve(import.meta.dirname, '..', process.env['HAECHI_CORPUS'] ?? '../shared/data')
const archive = join(CORPUS, 'nuclei-templates/nuclei-templates.tar.gz')

/** Why a test that needs the templates is skipped, or false. */
export const missingTemplates: string | false = existsSync(archive) ? false : `no templates at ${archive} (set HAECHI_CORPUS)`

export type CorpusFile = { readonly path: string; readonly content: Uint8Array }

/** Every file of the archive, sorted by path; null where the corpus is missing. */
export function corpusFiles(): CorpusFile[] | null {
  return missingTemplates === false ? untar(gunzipSync(readFileSync(archive))).toSorted((one, other) => (one.path < other.path ? -1 : 1)) : null
}

export const isTemplateFile = (path: string): boolean => path.endsWith('.yaml') && !path.startsWith('.') && !path.startsWith('profiles/')

/** The 12,534 templates, sorted by path; null where the corpus is missing. */
export const templateFiles = (): CorpusFile[] | null => corpusFiles()?.filter(({ path }) => isTemplateFile(path)) ?? null

/** Files of a POSIX tar (IEEE 1003.1, ustar and pax) whose names fit in its headers. */
export function untar(tar: Uint8Array): CorpusFile[] {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength)
  const files: CorpusFile[] = []
  const text = (from: number, length: number): string => bytes.toString('utf8', from, from + length).replace(/\0.*$/s, '')
  let longName: string | null = null
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8)
    const type = text(at + 156, 1)
    const content = bytes.subarray(at + 512, at + 512 + size)
    const prefix = text(at + 345, 155)
    const name = longName ?? (prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`)
    longName = null
    if (type === 'L') longName = content.toString('utf8').replace(/\0.*$/s, '')
    else if (type === 'x') longName = /(?:^|\n)[0-9]+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null
    else if (type === '0' || type === '') files.push({ path: name.replace(/^\.\//, ''), content })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}
