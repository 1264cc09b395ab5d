// Looks through folders, archives and histories for secrets, with threads of its own. Each text is looked at once: what stands in a working tree as
// HEAD has it counts there. What cannot be read is told, and the rest goes on. Defended by search.integration.test.ts.
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { GitProblem, readRepository } from '@haechi/secrets'
import type { BlobPlace, Commit, Found, SecretRule } from '@haechi/secrets'
import { PointsOutside, gitFiles, gitFolder } from './git-files.ts'

/** A file, which the thread reads, or what a history holds, which is read here, where its versions are built upon one another. `path` below its source. `as`: what is said of it by its name, '' where it has none; where its source stands says nothing. `head`: what HEAD has there, and the history tells of; null: nothing. */
export type Text = { readonly path: string; readonly as: string; readonly file: string; readonly size: number; readonly head: string | null } | { readonly path: string; readonly as: string; readonly bytes: Uint8Array }
/** The first message says with what it looks. */
export type ToThread = { readonly rules: readonly SecretRule[] } | { readonly texts: readonly Text[] }
export type ThreadFault = { readonly path: string; readonly reason: string }
export type FromThread = { readonly found: readonly { readonly text: number; readonly path: string; readonly all: readonly Found[] }[]; readonly faults: readonly ThreadFault[]; readonly bytes: number; readonly files: number; /** Found, but marked as no secret where they stand. */ readonly allowed: number }

/** Where a text comes from. */
type Origin = {
  /** As the source was named: './repo'. */
  readonly source: string
  /** null: a file as it stands. */
  readonly commit: Commit | null
  /** Of its commit in its history, where parents come before their children whatever their clocks say; Infinity: in none. */
  readonly order: number
  /** It stands there now: in a file, or in what HEAD names. */
  readonly present: boolean
}
/** `path`: what is in the source: 'src/a.env', 'backup.zip!/config.yaml'. */
export type Sighting = Origin & { readonly found: Found; readonly path: string }
/** The path of what stands in messages of commits: one for all of a repository, so that a history that was rewritten tells the same. */
export const commitMessage = '(commit message)'
type Item = { readonly text: Text; readonly origin: Origin }

export type SearchEvent =
  | { readonly kind: 'sighting'; readonly sighting: Sighting }
  | { readonly kind: 'fault'; readonly fault: ThreadFault }
  | { readonly kind: 'progress'; readonly files: number; readonly bytes: number; readonly allowed: number; /** Of packages, passed over. */ readonly folders: number }

const batchBytes = 2_097_152
const batchItems = 256
const inFlight = 2
/** A thread takes half a second of processor until its expressions are ready and compiled, which is 100 MB of text afterwards: another pays only where there is much more than that. */
const bytesPerThread = 268_435_456
const mostThreads = 8

export type SearchOptions = {
  /** Asked when the first thread has begun to load. */
  readonly rules: () => Promise<readonly SecretRule[]>
  readonly history: boolean
  /** Also folders of packages that were fetched. */
  readonly packages: boolean
  readonly signal: AbortSignal
}

/** Errors: those of reading the rules and the named sources; everything below them is an event. */
export async function* search(sources: readonly string[], { rules, history, packages, signal }: SearchOptions): AsyncGenerator<SearchEvent> {
  const faults: ThreadFault[] = []
  const items = itemsOf(sources, { history, packages, passedOver: () => { folders++ }, faults })
  const events: SearchEvent[] = []
  let wake: () => void = () => undefined
  let files = 0
  let bytes = 0
  let allowed = 0
  let folders = 0
  let running = 0
  let over = false
  let failure: unknown = null
  const threads: Worker[] = []
  const begin = (): { readonly tell: (message: ToThread) => void; readonly feed: () => void } => {
    const worker = new Worker(new URL('./search-thread.ts', import.meta.url))
    threads.push(worker)
    const waiting: (readonly Origin[])[] = []
    const feed = (): void => {
      while (waiting.length < inFlight) {
        const batch = over ? null : next()
        if (batch === null) return
        const texts = batch.map(({ text }) => text)
        waiting.push(batch.map(({ origin }) => origin))
        running++
        worker.postMessage({ texts } satisfies ToThread, texts.flatMap((text) => ('bytes' in text ? [text.bytes.buffer as ArrayBuffer] : [])))
      }
    }
    worker.on('message', (answer: FromThread) => {
      const batch = waiting.shift() ?? []
      running--
      files += answer.files
      bytes += answer.bytes
      allowed += answer.allowed
      for (const fault of answer.faults) events.push({ kind: 'fault', fault })
      for (const { text, path, all } of answer.found) {
        for (const found of all) events.push({ kind: 'sighting', sighting: { ...batch[text]!, found, path } })
      }
      events.push({ kind: 'progress', files, bytes, allowed, folders })
      try {
        if (bytes > threads.length * bytesPerThread && threads.length < Math.min(mostThreads, availableParallelism())) another()
        feed()
      } catch (error) {
        failure = error
      }
      wake()
    })
    worker.on('error', (error) => {
      failure = error
      running -= waiting.length
      wake()
    })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    return { tell: (message) => { worker.postMessage(message) }, feed }
  }
  function next(): readonly Item[] | null {
    const batch: Item[] = []
    for (let size = 0; batch.length < batchItems && size < batchBytes;) {
      const { done, value: item } = items.next()
      if (done === true) break
      batch.push(item)
      size += 'bytes' in item.text ? item.text.bytes.length : item.text.size
    }
    return batch.length === 0 ? null : batch
  }
  const stop = (): void => {
    over = true
    wake()
  }
  signal.addEventListener('abort', stop, { once: true })
  over = signal.aborted
  let another: () => void = () => undefined
  try {
    const first = begin()
    const inForce = await rules()
    first.tell({ rules: inForce })
    first.feed()
    another = () => {
      const { tell, feed } = begin()
      tell({ rules: inForce })
      feed()
    }
    for (;;) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) yield event
      for (const fault of faults.splice(0)) yield { kind: 'fault', fault }
      if (failure !== null) throw failure
      if (over || running === 0) return
      await new Promise<void>((resolve) => { wake = resolve })
    }
  } finally {
    over = true
    signal.removeEventListener('abort', stop)
    items.return()
    await Promise.all(threads.map(async (worker) => worker.terminate()))
  }
}

/** Where tools put what others wrote; what is secret there is not whose this is. */
const packageFolders = new Set(['node_modules', 'bower_components', 'site-packages', '.venv', '.tox', '.yarn', '.pnpm-store', '.gradle', '.m2', '__pycache__'])

type Walk = {
  readonly history: boolean
  readonly packages: boolean
  readonly passedOver: () => void
  readonly faults: ThreadFault[]
}
type Walking = Walk & {
  /** Whole paths of the sources, and where they lead. */
  readonly named: ReadonlySet<string>
  readonly within: readonly string[]
  /** Whole paths of files, and repositories: what two sources hold belongs to the first. */
  readonly seen: Set<string>
}
/** What HEAD of the repository in a folder has. */
type Standing = { readonly folder: string; readonly present: ReadonlyMap<string, string> }

function* itemsOf(sources: readonly string[], walk: Walk): Generator<Item, void> {
  const walking: Walking = { ...walk, named: new Set(sources.map((source) => resolve(source))), within: sources.map((source) => realpathSync.native(source)), seen: new Set() }
  for (const source of sources) yield* below(source, source, null, walking)
}

/** Of a repository its history first (files, then messages of commits), then files, among them other repositories. Links are not followed, and of a repository's own folder only its history and its settings are looked at. */
function* below(path: string, source: string, around: Standing | null, walking: Walking): Generator<Item, void> {
  const { seen, faults } = walking
  try {
    const stats = path === source ? statSync(path) : lstatSync(path)
    if (stats.isFile()) {
      const whole = resolve(path)
      if (seen.has(whole)) return
      seen.add(whole)
      const inner = relative(source, path)
      yield { text: { path: inner || path, as: inner || basename(path), file: path, size: stats.size, head: around?.present.get(relative(around.folder, path)) ?? null }, origin: { source, commit: null, order: Infinity, present: true } }
    } else if (path === source && !stats.isDirectory()) faults.push({ path, reason: 'not_a_file' })
    else if (stats.isDirectory()) {
      const names = readdirSync(path).toSorted()
      const own = walking.history && (names.includes('.git') || names.includes('HEAD')) ? yield* historyOf(path, source, walking) : null
      if (own?.bare === true) {
        yield* settingsOf(path, source, walking)
        return
      }
      for (const name of names) {
        if (name === '.git') yield* settingsOf(join(path, name), source, walking)
        else if (!walking.packages && packageFolders.has(name)) walking.passedOver()
        else yield* below(join(path, name), source, own ?? around, walking)
      }
    }
  } catch (error) {
    faults.push({ path, reason: reasonOf(error) })
  }
}

/** Of a repository's own folder: the addresses in its settings hold a password at times. */
function* settingsOf(folder: string, source: string, walking: Walking): Generator<Item, void> {
  if (lstatSync(folder).isDirectory() && readdirSync(folder).includes('config')) yield* below(join(folder, 'config'), source, null, walking)
}

/** Of the repository in a folder, once; null: there is none. What is not named leads nowhere outside of what is. */
function* historyOf(folder: string, source: string, { named, within, seen, faults }: Walking): Generator<Item, Standing & { readonly bare: boolean } | null> {
  let files: ReturnType<typeof gitFiles> | null = null
  try {
    const place = gitFolder(folder)
    if (place === null) return null
    files = gitFiles(place, named.has(resolve(folder)) ? null : within)
    const bare = place === folder
    if (seen.has(files.common)) return { folder, present: new Map(), bare }
    const { commits, unreached, blobs, objects, present, problems } = readRepository(files)
    seen.add(files.common)
    const inner = relative(source, folder)
    const above = inner === '' ? '' : `${inner}/`
    /** null: it cannot be read, which is told. */
    const read = (id: string, path: string): Buffer | null => {
      try {
        return objects.read(id).bytes
      } catch (error) {
        faults.push({ path, reason: reasonOf(error) })
        return null
      }
    }
    const order = new Map(commits.map(({ id }, at) => [id, at]))
    for (let most = firstBlobs, taken = blobsOf(blobs, most); taken.length > 0; taken = blobsOf(blobs, most *= 4)) {
      for (const { id, path, commit } of taken) {
        const shown = above + (path === '' ? id : path)
        const bytes = read(id, shown)
        // A copy of its own, for it goes away to the thread.
        if (bytes !== null) yield { text: { path: shown, as: path === '' ? '' : shown, bytes: new Uint8Array(bytes) }, origin: { source, commit, order: (commit === null ? null : order.get(commit.id)) ?? Infinity, present: present.get(path) === id } }
      }
    }
    for (const problem of problems) faults.push({ path: `${folder}: ${problem.place}`, reason: problem.code })
    for (const [at, commit] of [...commits, ...unreached].entries()) {
      const path = above + commitMessage
      const bytes = read(commit.id, path)
      if (bytes !== null) yield { text: { path, as: '', bytes: new Uint8Array(messageOf(bytes)) }, origin: { source, commit, order: at, present: false } }
    }
    return { folder, present, bare }
  } catch (error) {
    faults.push({ path: folder, reason: reasonOf(error) })
    return null
  } finally {
    files?.close()
  }
}

/** So many blobs are looked through while the rest of a history is read. */
const firstBlobs = 256

/** Versions of a file beside each other: they are built upon one another, and what one rule was made ready for is needed again. */
function blobsOf(blobs: Iterator<BlobPlace>, most: number): BlobPlace[] {
  const taken: BlobPlace[] = []
  for (let next = blobs.next(); next.done !== true; next = blobs.next()) {
    taken.push(next.value)
    if (taken.length === most) break
  }
  return taken.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function messageOf(commit: Buffer): Buffer {
  const end = commit.indexOf('\n\n')
  return commit.subarray(end === -1 ? commit.length : end + 2)
}

/** Why something could not be read; what is no such reason is thrown on. */
function reasonOf(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (!(error instanceof GitProblem || error instanceof PointsOutside) && syscall === undefined) throw error
  return code ?? 'unreadable'
}
