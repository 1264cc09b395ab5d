// The server's side of the event store: keeps its process alive, tells it how far the log is durable, opens segment keys for it and passes questions on.
// Invariant: a question is answered or fails with a code, also when the process dies under it. Defended by duckdb.integration.test.ts.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HaechiError } from '../errors.ts'
import type { EventLog } from '../event-log/port.ts'
import type { Logger } from '../log.ts'
import type { Sealer } from '../secrets.ts'
import type { FromStore, Question, ToStore } from './messages.ts'
import type { EventStore, SearchQuery, Sighting, SourceStatistics, StoredEvent } from './port.ts'
import type { Limits } from './tenant-store.ts'

type Options = {
  /** Where the store keeps its files, one folder a tenant. */
  readonly folder: string
  /** The folder of the log and the sealer that it was opened with. */
  readonly logFolder: string
  readonly sealer: Sealer
  readonly eventLog: EventLog
  readonly log: Logger
  /** What DuckDB may use, as it writes it. */
  readonly memory?: string
  readonly threads?: number
  readonly limits?: Partial<Limits>
  /** Tests: the process kills itself at this step, once. */
  readonly killAt?: string
}

type Followed = { searchable: number; lost: number; stalled: string | null }

const slowestRestart = 5000

/** Opens the store on DuckDB and starts to follow the log. Resolves when its process answers. */
export async function openEventStore(options: Options): Promise<EventStore & { /** For tests and doctor. */ processId(): number | undefined }> {
  const { eventLog, log } = options
  const limits: Limits = { rollRows: 250_000, rollBytes: 256 * 1024 * 1024, querySeconds: 30, compactFiles: 8, compactRows: 2_000_000, ...options.limits }
  const tenants = new Map<string, Followed>()
  const questions = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const waiters = new Set<{ readonly tenant: string; readonly end: number; readonly done: () => void; readonly failed: (error: Error) => void }>()
  const listeners = new Set<(tenant: string, from: number, end: number) => void>()
  let child: ChildProcess | null = null
  let ready = false
  let everReady = false
  let closed = false
  let restart = 100
  let restartTimer: NodeJS.Timeout | undefined
  let killAt = options.killAt ?? null
  let asked = 0
  let exited: Promise<void> = Promise.resolve()

  const tell = (message: ToStore) => { child?.send(message, undefined, undefined, () => undefined) } // a dead child is noticed by its exit

  function followed(tenant: string): Followed {
    let of = tenants.get(tenant)
    if (of === undefined) tenants.set(tenant, of = { searchable: 0, lost: 0, stalled: null })
    return of
  }

  function begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      const started = child = fork(fileURLToPath(new URL('./duckdb-process.ts', import.meta.url)), [], { serialization: 'advanced', execArgv: [], env: {}, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      started.on('message', (message: FromStore) => {
        if (message.kind === 'ready') {
          ready = everReady = true
          for (const tenant of eventLog.tenants()) tell({ kind: 'durable', tenant, end: eventLog.end(tenant) })
          resolve()
        } else {
          hear(message)
        }
      })
      started.on('error', (error) => log.error({ error }, 'The process of the event store failed'))
      exited = new Promise((gone) => {
        started.once('exit', (code, signal) => {
          child = null
          const wasReady = ready
          ready = false
          const reason = signal ?? `exit code ${code}`
          for (const question of questions.values()) question.reject(new HaechiError('event_store_unavailable', { reason }))
          questions.clear()
          gone()
          if (closed) return resolve()
          reject(new HaechiError('event_store_unavailable', { reason }))
          if (!everReady) return
          log.error({ code, signal }, 'The process of the event store ended; it is started again')
          restart = wasReady ? 100 : Math.min(restart * 2, slowestRestart)
          restartTimer = setTimeout(() => { begin().catch(() => undefined) }, restart) // its exit was logged, and the next try is under way
        })
      })
      tell({ kind: 'start', folder: options.folder, logFolder: options.logFolder, memory: options.memory ?? '768MB', threads: options.threads ?? 2, limits, killAt })
      killAt = null
    })
  }

  function hear(message: Exclude<FromStore, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'log':
        log[message.level](message.fields, message.message)
        break
      case 'openKey': {
        let key: Uint8Array | null = null
        try {
          key = options.sealer.open(message.wrapped, message.place)
        } catch (error) {
          log.error({ error }, 'The key of an event log segment cannot be opened')
        }
        tell({ kind: 'key', id: message.id, key })
        break
      }
      case 'stalled':
        followed(message.tenant).stalled = message.reason
        break
      case 'answer': {
        const question = questions.get(message.id)
        questions.delete(message.id)
        const { failure } = message
        if (failure === undefined) question?.resolve(message.value as never)
        else if (failure.code !== null) question?.reject(new HaechiError(failure.code, failure.params))
        else question?.reject(new Error(failure.message))
        break
      }
      case 'searchable': {
        const of = followed(message.tenant)
        of.searchable = message.end
        of.lost = message.lost
        of.stalled = null
        for (const waiter of waiters) if (waiter.tenant === message.tenant && waiter.end <= message.end) waiter.done()
        if (message.end > message.from) for (const listener of listeners) listener(message.tenant, message.from, message.end)
        break
      }
    }
  }

  function ask<T>(tenant: string, question: Question): Promise<T> {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(tenant)) return Promise.reject(new HaechiError('tenant_invalid', { tenant: tenant.slice(0, 80) }))
    if (!ready) return Promise.reject(new HaechiError('event_store_unavailable', { reason: closed ? 'closed' : 'starting' }))
    const id = asked++
    return new Promise((resolve, reject) => {
      questions.set(id, { resolve, reject })
      tell({ kind: 'question', id, tenant, question })
    })
  }

  const stopListening = eventLog.onDurable((tenant, end) => { if (ready) tell({ kind: 'durable', tenant, end }) })
  const release = eventLog.hold('event-store', (tenant) => tenants.get(tenant)?.searchable ?? 0)
  await begin()

  return {
    search: (tenant, query: SearchQuery) => ask<{ events: StoredEvent[]; next: string | null }>(tenant, { ask: 'search', query }),
    count: (tenant, query) => ask<number>(tenant, { ask: 'count', query }),
    histogram: (tenant, query, bucketMs) => ask<{ start: number; count: number }[]>(tenant, { ask: 'histogram', query, bucketMs }),
    entities: (tenant, from, end) => ask<Sighting[]>(tenant, { ask: 'entities', from, end }),
    statistics: (tenant) => ask<SourceStatistics[]>(tenant, { ask: 'statistics' }),
    rebuild: (tenant) => ask<void>(tenant, { ask: 'rebuild', logStart: eventLog.start(tenant) }),
    dropBefore: (tenant, receivedBefore) => ask<number>(tenant, { ask: 'dropBefore', receivedBefore }),
    async erase(tenant) {
      await ask<void>(tenant, { ask: 'erase' })
      tenants.delete(tenant)
      for (const waiter of waiters) if (waiter.tenant === tenant) waiter.failed(new HaechiError('event_store_unavailable', { reason: 'erased' }))
    },
    roll: (tenant) => ask<void>(tenant, { ask: 'roll' }),
    searchable: (tenant) => tenants.get(tenant)?.searchable ?? 0,
    state: (tenant) => ({ ...(tenants.get(tenant) ?? { searchable: 0, lost: 0, stalled: null }), durable: eventLog.end(tenant) }),
    waitFor(tenant, end, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error)
      if (followed(tenant).searchable >= end) return Promise.resolve()
      if (closed) return Promise.reject(new HaechiError('event_store_unavailable', { reason: 'closed' }))
      return new Promise((resolve, reject) => {
        const over = () => {
          waiters.delete(waiter)
          signal?.removeEventListener('abort', aborted)
        }
        const waiter = { tenant, end, done: () => { over(); resolve() }, failed: (error: Error) => { over(); reject(error) } }
        const aborted = () => waiter.failed(signal?.reason as Error)
        waiters.add(waiter)
        signal?.addEventListener('abort', aborted)
      })
    },
    onSearchable(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    processId: () => child?.pid,
    async close() {
      closed = true
      clearTimeout(restartTimer)
      stopListening()
      release()
      for (const waiter of waiters) waiter.failed(new HaechiError('event_store_unavailable', { reason: 'closed' }))
      tell({ kind: 'close' })
      await exited
    },
  }
}
