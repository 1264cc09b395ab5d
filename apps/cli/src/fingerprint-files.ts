// Fingerprints by the path that a person names: a folder, an archive as it was published, or one file; and our own rules, which are always there.
// An archive is read in memory and never unpacked. Defended by commands/fingerprint.test.ts.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { SourceFile } from '@haechi/fingerprints'
import { HaechiError } from '@haechi/server/errors'
import type { Context } from './context.ts'

const ownRules = fileURLToPath(new URL('../../../content/fingerprints', import.meta.url))
const largestArchive = 256 * 1024 * 1024
const wanted = /\.(?:xml|ya?ml|txt|bin)$/i

/** Our own technology rules. */
export const ownTechnologyFiles = (): SourceFile[] => readdirSync(ownRules).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(ownRules, path)) }))

/** Icons that are known by their hash. */
export const ownIconFile = (): SourceFile => ({ path: 'favicons/mmh3.json', content: readFileSync(join(ownRules, 'favicons/mmh3.json')) })

/** Where Recog's files are looked for: what was named, else the corpus; null where nothing was named and there is none. */
export function fingerprintPath(named: string | undefined, environment: Context['environment']): string | null {
  if (named !== undefined) return named
  const corpus = environment['HAECHI_CORPUS']
  if (corpus === undefined || corpus === '') return null
  const archive = join(corpus, 'recog/recog.tar.gz')
  return statSync(archive, { throwIfNoEntry: false })?.isFile() === true ? archive : null
}

/** With `database` only what may hold it, where anything does. Errors: file_unreadable, archive_invalid, fingerprints_missing. */
export function fingerprintFiles(path: string, database?: string): SourceFile[] {
  const files = read(path)
  if (!files.some(isXml)) throw new HaechiError('fingerprints_missing', { path })
  const chosen = database === undefined ? [] : files.filter((file) => isXml(file) && (file.path.endsWith(`/${database}.xml`) || Buffer.from(file.content.slice(0, 4_096)).includes(`matches="${database}"`)))
  return chosen.length === 0 ? files : files.filter((file) => !isXml(file) || chosen.includes(file))
}

const isXml = ({ path }: SourceFile): boolean => /\.xml$/i.test(path)

function read(path: string): SourceFile[] {
  try {
    if (statSync(path).isDirectory()) {
      return readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && wanted.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name)).toSorted().map((file) => ({ path: file.replaceAll('\\', '/'), content: readFileSync(file) }))
    }
    const content = readFileSync(path)
    return /\.(?:tar\.gz|tgz|tar)$/i.test(path) ? untar(path, /\.tar$/i.test(path) ? content : unpacked(path, content)) : [{ path: path.replaceAll('\\', '/'), content }]
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new HaechiError('file_unreadable', { file: path, reason: code ?? '' }, { cause: error })
  }
}

function unpacked(path: string, content: Uint8Array): Buffer {
  try {
    return gunzipSync(content, { maxOutputLength: largestArchive })
  } catch (error) {
    throw new HaechiError('archive_invalid', { file: path, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
  }
}

const block = 512
/** Files of a tar archive (IEEE 1003.1-2017, pax, ustar and GNU's long names). Errors: archive_invalid. */
function untar(path: string, archive: Buffer): SourceFile[] {
  const text = (from: number, length: number): string => archive.toString('utf8', from, from + length).replace(/\0[\s\S]*$/, '')
  const files: SourceFile[] = []
  let longName: string | null = null
  for (let at = 0; at + block <= archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8)
    const end = at + block + size
    if (!Number.isSafeInteger(size) || size < 0 || end > archive.length) throw new HaechiError('archive_invalid', { file: path, reason: `at ${at}` })
    const content = archive.subarray(at + block, end)
    const type = text(at + 156, 1)
    const prefix = text(at + 257, 5) === 'ustar' ? text(at + 345, 155) : ''
    const name: string = longName ?? (prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`)
    longName = type === 'L' ? content.toString('utf8').replace(/\0[\s\S]*$/, '') : type === 'x' ? /(?:^|\n)\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null : null
    if ((type === '0' || type === '') && wanted.test(name)) files.push({ path: name.replace(/^\.\//, ''), content })
    at = at + block + Math.ceil(size / block) * block
  }
  return files
}
