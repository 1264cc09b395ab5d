// Looks through folders, archives and histories for secrets, with threads of its own. Each text is looked at once: what stands in a working tree as
// HEAD has it counts there. What cannot be read is told, and the rest goes on. Defended by search.integration.test.ts.
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { GitProblem, readRepository } from '@haechi/secrets'
import type { Commit, Found, Repository, SecretRule } from '@haechi/secrets'
import { gitFiles, gitFolder } from './git-files.ts'

type Item =
  | { readonly kind: 'file'; readonly path: string; readonly source: string; readonly size: number; /** Of a working tree. */ readonly repository: number | null }
  | { readonly kind: 'blob'; readonly path: string; readonly id: string; readonly repository: number; readonly commit: Commit | null }
/** A file, which the thread reads, or what a history holds, which is read here, where its versions are built upon one another. `path` below its source. `as`: what is said of it by its name, '' where it has none; where its source stands says nothing. */
export type Text = { readonly path: string; readonly as: string; readonly file: string; readonly size: number; readonly repository: number | null } | { readonly path: string; readonly as: string; readonly bytes: Uint8Array }
/** What HEAD of a repository holds: paths and their blobs. */
export type Known = { readonly idBytes: number; readonly present: ReadonlyMap<string, string> }
/** The first message says with what it looks; before the first file it is told what is known. */
export type ToThread = { readonly rules: readonly SecretRule[] } | { readonly known: readonly Known[] } | { readonly texts: readonly Text[] }
export type ThreadFault = { readonly path: string; readonly reason: string }
export type FromThread = { readonly found: readonly { readonly text: number; readonly path: string; readonly all: readonly Found[] }[]; readonly faults: readonly ThreadFault[]; readonly bytes: number; readonly files: number; /** Found, but marked as no secret where they stand. */ readonly allowed: number }

export type Sighting = {
  readonly found: Found
  /** As the source was named, then what is in it: './repo', 'src/a.env', 'backup.zip!/config.yaml'. */
  readonly source: string
  readonly path: string
  /** null: a file as it stands. */
  readonly commit: Commit | null
  /** Of its commit in its history, where parents come before their children whatever their clocks say; Infinity: in none. */
  readonly order: number
  /** It stands there now: in a file, or in what HEAD names. */
  readonly present: boolean
}

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
  const repositories: Opened[] = []
  const faults: ThreadFault[] = []
  const readHistory = (source: string): void => {
    let files: ReturnType<typeof gitFiles> | null = null
    try {
      const folder = history ? gitFolder(source) : null
      if (folder === null) return
      files = gitFiles(folder)
      const repository = readRepository(files)
      repositories.push({ source, files, repository, order: new Map(repository.commits.map(({ id }, at) => [id, at])) })
      for (const problem of repository.problems) faults.push({ path: `${source}: ${problem.place}`, reason: problem.code })
    } catch (error) {
      files?.close()
      const { code, syscall } = error as NodeJS.ErrnoException
      if (!(error instanceof GitProblem) && syscall === undefined) throw error
      faults.push({ path: source, reason: code ?? 'unreadable' })
    }
  }
  const items = itemsOf(sources, repositories, { seen: new Set(), faults, packages, passedOver: () => { folders++ } })
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
    const waiting: (readonly Item[])[] = []
    const feed = (): void => {
      while (waiting.length < inFlight) {
        const batch = over ? null : next()
        if (batch === null) return
        waiting.push(batch.items)
        running++
        worker.postMessage({ texts: batch.texts } satisfies ToThread, batch.texts.flatMap((text) => ('bytes' in text ? [text.bytes.buffer as ArrayBuffer] : [])))
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
        const of = batch[text]!
        const source = of.kind === 'blob' ? repositories[of.repository]!.source : of.source
        for (const found of all) events.push({ kind: 'sighting', sighting: { found, source, path, commit: of.kind === 'blob' ? of.commit : null, order: (of.kind === 'blob' && of.commit !== null ? repositories[of.repository]!.order.get(of.commit.id) : null) ?? Infinity, present: of.kind === 'file' || repositories[of.repository]!.repository.present.get(of.path) === of.id } })
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
  function next(): { readonly items: readonly Item[]; readonly texts: readonly Text[] } | null {
    const batch: Item[] = []
    const texts: Text[] = []
    for (let size = 0; batch.length < batchItems && size < batchBytes;) {
      const { done, value: item } = items.next()
      if (done === true) break
      if (item.kind === 'file') {
        const inner = relative(item.source, item.path)
        texts.push({ path: inner || item.path, as: inner || basename(item.path), file: item.path, size: item.size, repository: item.repository })
        size += item.size
      } else {
        const bytes = blobOf(item)
        if (bytes === null) continue
        // A copy of its own, for it goes away to the thread.
        texts.push({ path: item.path, as: item.path === item.id ? '' : item.path, bytes: new Uint8Array(bytes) })
        size += bytes.length
      }
      batch.push(item)
    }
    return batch.length === 0 ? null : { items: batch, texts }
  }
  function blobOf({ id, path, repository }: Item & { kind: 'blob' }): Uint8Array | null {
    try {
      return repositories[repository]!.repository.objects.read(id).bytes
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException
      if (!(error instanceof GitProblem) && syscall === undefined) throw error
      faults.push({ path, reason: code ?? 'unreadable' })
      return null
    }
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
    for (const source of sources) readHistory(source)
    const known = repositories.map(({ repository }): Known => ({ idBytes: repository.objects.idBytes, present: repository.present }))
    first.tell({ known })
    first.feed()
    another = () => {
      const { tell, feed } = begin()
      tell({ rules: inForce })
      tell({ known })
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
    for (const { files: open } of repositories) open.close()
    await Promise.all(threads.map(async (worker) => worker.terminate()))
  }
}

type Opened = { readonly source: string; readonly files: ReturnType<typeof gitFiles>; readonly repository: Repository; readonly order: ReadonlyMap<string, number> }

/** Where tools put what others wrote; what is secret there is not whose this is. */
const packageFolders = new Set(['node_modules', 'bower_components', 'site-packages', '.venv', '.tox', '.yarn', '.pnpm-store', '.gradle', '.m2', '__pycache__'])

type Walk = { /** Whole paths of files: one that two sources hold belongs to the first. */ readonly seen: Set<string>; readonly faults: ThreadFault[]; readonly packages: boolean; readonly passedOver: () => void }

/** Histories first, then files. Links are not followed, and of a repository's own folder only its history is looked at. */
function* itemsOf(sources: readonly string[], repositories: readonly Opened[], walk: Walk): Generator<Item> {
  for (const [repository, { repository: { blobs } }] of repositories.entries()) {
    // Versions of a file stand beside each other: they are built upon one another, and what one rule was made ready for is needed again.
    for (const { id, path, commit } of blobs.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) yield { kind: 'blob', id, path: path === '' ? id : path, repository, commit }
  }
  for (const source of sources) {
    const at = repositories.findIndex((each) => each.source === source)
    if (at !== -1 && gitFolder(source) === source) continue
    yield* below(source, source, at === -1 ? null : at, walk)
  }
}

function* below(path: string, source: string, repository: number | null, walk: Walk): Generator<Item> {
  try {
    const stats = path === source ? statSync(path) : lstatSync(path)
    if (stats.isFile()) {
      const whole = resolve(path)
      if (walk.seen.has(whole)) return
      walk.seen.add(whole)
      yield { kind: 'file', path, source, size: stats.size, repository }
    } else if (path === source && !stats.isDirectory()) walk.faults.push({ path, reason: 'not_a_file' })
    else if (stats.isDirectory()) {
      for (const name of readdirSync(path).toSorted()) {
        if (name === '.git') continue
        if (!walk.packages && packageFolders.has(name)) walk.passedOver()
        else yield* below(join(path, name), source, repository, walk)
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    walk.faults.push({ path, reason: (error as NodeJS.ErrnoException).code ?? 'unreadable' })
  }
}
