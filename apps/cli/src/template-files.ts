// Templates by the paths that a person names, and what they read beside themselves: word lists, and what workflows name. Nothing above the folder of the
// templates is read for a template's sake, whatever it names and wherever a link leads: template-files.test.ts holds it.
import { createHash } from 'node:crypto'
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setImmediate } from 'node:timers/promises'
import { HaechiError } from '@haechi/server/errors'
import { MAX_FILE_BYTES, MAX_PAYLOAD_FILE_BYTES, createLibraryReader, fromCache, publicKeys, signerKeyOf, toCache } from '@haechi/templates'
import type { Keys, Library } from '@haechi/templates'
import type { Options } from './command.ts'
import type { Context } from './context.ts'
import { grouped } from './layout.ts'

/** Stands in the root of the community's templates; what workflows and payloads name is relative to it. */
const rootMark = '.nuclei-ignore'
const templateFile = /\.ya?ml$/i
/** Between looks at the stop signal and at the line of progress. */
const filesAtOnce = 250

export const signerOption = { signer: { value: 'FILE', about: 'option_signer', many: true } } as const satisfies Options

/** The public ones, and those of the files. Errors: file_unreadable, signer_invalid. */
export function signersOf(files: readonly string[]): Keys {
  return new Map([...publicKeys, ...files.map((file) => {
    let pem: string
    try {
      pem = readFileSync(file, 'utf8')
    } catch (error) {
      throw unreadable(file, error)
    }
    try {
      return signerKeyOf(pem)
    } catch (error) {
      throw new HaechiError('signer_invalid', { file }, { cause: error })
    }
  })])
}

type Found = { readonly root: string; /** Relative to the root, with '/'. */ readonly name: string; /** As a person sees it. */ readonly shown: string; readonly size: number; readonly modified: number }
type Refuse = (place: string, error: unknown) => void

export type LoadedTemplates = {
  readonly library: Library
  /** What a person sees, by the name that the library has. */
  readonly shownAs: (file: string) => string
}

/**
 * Folders are walked for .yaml and .yml in the order of names; links in them are not followed. `refuse` hears of what cannot be read. `cached`: a second load
 * of unchanged files takes what the first one found. Errors: interrupted.
 */
export async function loadTemplates(context: Context, paths: readonly string[], refuse: Refuse, options: { readonly cached?: boolean; readonly keys?: Keys } = {}): Promise<LoadedTemplates> {
  const found = findTemplates(paths, refuse)
  const names = new Map<string, Found>()
  // Two folders may have files of one name; the second is known by its whole path.
  for (const file of found) names.set(names.has(file.name) ? toSlashes(resolve(file.root, file.name)) : file.name, file)
  const shownAs = (name: string): string => names.get(name)?.shown ?? name
  const roots = [...new Set(found.map(({ root }) => root))]
  const cache = options.cached === true ? cacheOf(context.environment, found, options.keys) : null
  const kept = cache?.read() ?? null
  if (kept !== null) return { library: kept, shownAs }

  const beside = new Map<string, readonly [size: number, modified: number] | null>()
  const within = (path: string): Uint8Array | null => {
    for (const root of roots) {
      const read = readWithin(root, path)
      beside.set(JSON.stringify([root, path]), read === null ? null : [read.size, read.modified])
      if (read !== null) return read.content
    }
    return null
  }
  const reader = createLibraryReader({ payloadFile: within, templateFile: within, ...(options.keys === undefined ? {} : { keys: options.keys }) })
  let read = 0
  for (const [name, { root, name: path, shown, size }] of names) {
    try {
      reader.add(name, readUpTo(join(root, path), size, MAX_FILE_BYTES))
    } catch (error) {
      refuse(shown, unreadable(shown, error))
    }
    read += 1
    if (read % filesAtOnce === 0) {
      if (context.err.terminal && !context.json) context.err.write(`\r\u001B[K${context.text('templates_reading', { read: grouped(read), files: grouped(names.size) })}`)
      await setImmediate()
      if (context.stop.aborted) throw new HaechiError('interrupted')
    }
  }
  if (context.err.terminal && !context.json) context.err.write('\r\u001B[K')
  const library = reader.done()
  cache?.write(library, beside)
  return { library, shownAs }
}

function findTemplates(paths: readonly string[], refuse: Refuse): Found[] {
  const found = new Map<string, Found>()
  for (const path of paths) {
    const before = found.size
    try {
      const stats = statSync(path)
      const whole = resolve(path)
      const root = rootOf(stats.isDirectory() ? whole : dirname(whole))
      const add = (shown: string, size: number, modified: number): void => {
        const file = resolve(shown)
        if (!found.has(file)) found.set(file, { root, name: toSlashes(relative(root, file)), shown, size, modified })
      }
      if (stats.isDirectory()) {
        walk(path, add, refuse)
        if (found.size === before) refuse(path, new HaechiError('templates_missing', { path }))
      } else if (stats.isFile()) add(path, stats.size, stats.mtimeMs)
      else refuse(path, new HaechiError('templates_missing', { path }))
    } catch (error) {
      refuse(path, unreadable(path, error))
    }
  }
  return [...found.values()]
}

function walk(folder: string, add: (file: string, size: number, modified: number) => void, refuse: Refuse): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    try {
      if (entry.isDirectory()) {
        if (!setAside.has(entry.name)) walk(path, add, refuse)
      } else if (entry.isFile() && templateFile.test(entry.name) && !entry.name.startsWith('.') && entry.name !== 'wappalyzer-mapping.yml') {
        const { size, mtimeMs } = lstatSync(path)
        add(path, size, mtimeMs)
      }
    } catch (error) {
      refuse(path, unreadable(path, error))
    }
  }
}

/** Folders that stand among the community's templates and hold none: word lists, options of runs. */
const setAside: ReadonlySet<string> = new Set(['helpers', 'profiles', '.git', '.github', 'node_modules'])

/** The nearest folder upwards with the mark, else the folder itself. */
function rootOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(join(at, rootMark), { throwIfNoEntry: false }) !== undefined) return at
    if (dirname(at) === at) return folder
  }
}

/** Null where there is no such file beneath the root; links that lead out of it are none. */
function readWithin(root: string, path: string): { readonly content: Uint8Array; readonly size: number; readonly modified: number } | null {
  try {
    const file = realpathSync(join(root, path))
    if (!file.startsWith(realpathSync(root) + sep)) return null
    const stats = statSync(file)
    return stats.isFile() ? { content: readUpTo(file, stats.size, MAX_PAYLOAD_FILE_BYTES), size: stats.size, modified: stats.mtimeMs } : null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return null
  }
}

/** A byte more than `most` says that there is more. */
function readUpTo(file: string, size: number, most: number): Uint8Array {
  if (size <= most) return readFileSync(file)
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(most + 1)
    return bytes.subarray(0, readSync(descriptor, bytes))
  } finally {
    closeSync(descriptor)
  }
}

const toSlashes = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'))

const unreadable = (file: string, cause: unknown): unknown => {
  const { code, syscall } = cause as NodeJS.ErrnoException
  return syscall === undefined ? cause : new HaechiError('file_unreadable', { file, reason: code ?? '' }, { cause })
}

// ---- what a first load found, for the next one ----

type Beside = ReadonlyMap<string, readonly [size: number, modified: number] | null>
type Cache = { read(): Library | null; write(library: Library, beside: Beside): void }

/**
 * One file for each set of templates, in the cache directory of the user. It is believed where name, size and time of every template, of every file that one of
 * them named, and of the program's own are as they were. Losing it costs a second.
 */
function cacheOf(environment: NodeJS.ProcessEnv, found: readonly Found[], keys: Keys | undefined): Cache {
  const folder = join(environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache'), 'haechi', 'templates')
  const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
  const file = join(folder, `${digest(found.map(({ root, name }) => [root, name]))}.cache`)
  const version = digest([programFiles(), [...keys?.keys() ?? []], found.map(({ size, modified }) => [size, modified])])
  return {
    read() {
      try {
        const bytes = readFileSync(file)
        const end = bytes.indexOf(10)
        const beside = JSON.parse(bytes.toString('utf8', 0, end)) as readonly (readonly [string, readonly [number, number] | null])[]
        for (const [key, before] of beside) {
          const [root, path] = JSON.parse(key) as [string, string]
          const stats = statSync(join(root, path), { throwIfNoEntry: false })
          if (before === null ? stats?.isFile() === true : stats?.size !== before[0] || stats.mtimeMs !== before[1]) return null
        }
        return fromCache(bytes.subarray(end + 1), version)
      } catch {
        // Missing, cut off, of other rights: it is made anew.
        return null
      }
    },
    write(library, beside) {
      const draft = `${file}.${process.pid}`
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const descriptor = openSync(draft, 'w', 0o600)
        try {
          writeSync(descriptor, `${JSON.stringify([...beside])}\n`)
          for (const piece of toCache(library, version)) writeSync(descriptor, piece)
        } finally {
          closeSync(descriptor)
        }
        renameSync(draft, file)
      } catch {
        // A cache that cannot be kept is none.
        rmSync(draft, { force: true })
      }
    },
  }
}

/** Of the engines that read: another program finds other things. */
function programFiles(): unknown {
  return ['@haechi/templates', '@haechi/patterns'].map((engine) => {
    const folder = dirname(fileURLToPath(import.meta.resolve(engine)))
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).toSorted().map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name))
      return [name, size, mtimeMs]
    })
  })
}

