// Fingerprints by the path that a person names: a folder, an archive as it was published, or one file; and our own rules, which are always there.
// An archive is read in memory and never unpacked. Defended by commands/fingerprint.test.ts.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { SourceFile } from '@haechi/fingerprints'
import { HaechiError } from '@haechi/server/errors'
import type { Context } from './context.ts'
import { tarMembers } from './tar.ts'

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

/** Errors: archive_invalid. */
function untar(path: string, archive: Buffer): SourceFile[] {
  return [...tarMembers(archive)].flatMap((member) => {
    if ('brokenAt' in member) throw new HaechiError('archive_invalid', { file: path, reason: `at ${member.brokenAt}` })
    return wanted.test(member.name) ? [{ path: member.name, content: member.content }] : []
  })
}
