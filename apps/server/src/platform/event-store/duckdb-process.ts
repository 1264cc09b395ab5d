// The one process that owns DuckDB: it follows the event log by itself and answers questions. It holds no key but those of the segments it reads, and
// lives no longer than the server. Forked by duckdb.ts. In a worker thread DuckDB would abort the server at exit.
import { mkdir, rm } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { HaechiError } from '../errors.ts'
import { askForKeys, openCursor, type LogCursor } from '../event-log/cursor.ts'
import type { LogDamage } from '../event-log/port.ts'
import type { Logger } from '../log.ts'
import { columnsOfRaw, type Row } from './columns.ts'
import type { Failure, FromStore, Question, ToStore } from './messages.ts'
import { TenantStore, Turns } from './tenant-store.ts'

type Follower = {
  readonly tenant: string
  readonly store: TenantStore
  cursor: LogCursor | null
  /** Following the log and starting it anew exclude each other. */
  readonly turns: Turns
  /** How many questions and transactions are using it. */
  users: number
  lastUsed: number
  /** Called when one user less is left. */
  left: () => void
}

const commitRows = 10_000
const commitBytes = 32 * 1024 * 1024
/** Small transactions wait this long for company: each costs a sync. */
const lingerMilliseconds = 60
const smallRows = 5000
const transactionsATurn = 4
const retryMilliseconds = 1000
const attached = 32
/** Unrolled rows of all open tenants together: they live in DuckDB's memory until they are rolled. */
const hotBytes = 320 * 1024 * 1024
const rollMilliseconds = 3_600_000

// The store follows; the acknowledgement comes first. Where both want a core, the server has it.
const niceness = 10
setPriority(niceness)
// A Ctrl-C reaches the whole group: the server drains and then lets go of this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

// Once the server is gone nobody reads what is said here.
const say = (message: FromStore) => process.send?.(message, undefined, undefined, () => undefined)
const logAt = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => { say({ kind: 'log', level, fields: plain(fields), message }) }
const log: Logger = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }

function plain(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value as unknown]))
}

const keys = askForKeys((id, wrapped, place) => say({ kind: 'openKey', id, wrapped, place }))

const durable = new Map<string, number>()
const stores = new Map<string, Promise<Follower>>()
/** Tenants being closed: DuckDB opens a file once. */
const leaving = new Map<string, Promise<void>>()
const waiting: string[] = []
const queued = new Set<string>()
let wake: () => void = () => undefined
let closing = false
let uses = 0

function enqueue(tenant: string): void {
  if (queued.has(tenant)) return
  queued.add(tenant)
  waiting.push(tenant)
  wake()
}

async function main(start: Extract<ToStore, { kind: 'start' }>): Promise<void> {
  const temporary = join(start.folder, '.tmp')
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(start.threads), memory_limit: start.memory, temp_directory: temporary, autoinstall_known_extensions: 'false', autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  // Hot rows live for minutes: packing them at each checkpoint would cost more than all the rest. The WAL holds them until they are rolled.
  for (const setting of [
    `checkpoint_threshold = '2GB'`, `force_compression = 'uncompressed'`, `allowed_directories = ['${start.folder.replaceAll("'", "''")}/']`, 'enable_external_access = false', 'lock_configuration = true',
  ]) await connection.run(`set ${setting}`)
  connection.closeSync()
  const step = (name: string) => { if (name === start.killAt) process.kill(process.pid, 'SIGKILL') }

  /** Counts the user in the same step in which it looks that nobody is closing it. */
  async function borrow(tenant: string): Promise<Follower> {
    let opening = stores.get(tenant)
    if (opening === undefined) {
      opening = (leaving.get(tenant) ?? Promise.resolve()).then(() => TenantStore.open(instance, start.folder, tenant, start.limits, log, step)).then((store) => {
        say({ kind: 'searchable', tenant, from: store.next, end: store.next, lost: store.lost })
        return { tenant, store, cursor: null, turns: new Turns(), users: 0, lastUsed: 0, left: () => undefined }
      })
      stores.set(tenant, opening)
      opening.catch(() => stores.delete(tenant))
    }
    const found = await opening
    if (stores.get(tenant) !== opening) return borrow(tenant)
    found.users++
    found.lastUsed = uses++
    return found
  }

  /** Lends a tenant's store; with too many open the one unused for longest is closed. */
  async function using<T>(tenant: string, work: (of: Follower) => Promise<T>): Promise<T> {
    const of = await borrow(tenant)
    try {
      return await work(of)
    } finally {
      of.users--
      of.left()
      if (stores.size > attached) await closeOldest()
    }
  }

  async function closeOldest(): Promise<void> {
    const oldest = (await openFollowers()).filter(({ users, store }) => users === 0 && store.rolling === null).sort((a, b) => a.lastUsed - b.lastUsed)[0]
    if (oldest === undefined) return
    stores.delete(oldest.tenant)
    const gone = closeFollower(oldest).catch((error: unknown) => log.error({ tenant: oldest.tenant, error }, 'A part of the event store could not be closed')).then(() => { leaving.delete(oldest.tenant) })
    leaving.set(oldest.tenant, gone)
    await gone
  }

  async function closeFollower(of: Follower): Promise<void> {
    await of.cursor?.close()
    of.cursor = null
    await of.store.close()
  }

  /** The next rows of the log, one transaction's worth; null when all before `end` was read. */
  async function read(cursor: LogCursor, end: number): Promise<{ rows: Row[]; next: number; lost: number } | null> {
    const from = cursor.offset()
    if (from >= end) return null
    const rows: Row[] = []
    let bytes = 0
    let next = from
    let lost = 0
    while (rows.length < commitRows && bytes < commitBytes) {
      const batch = await cursor.next(end)
      if (batch === null) break
      if (batch.first > next) lost += batch.first - next
      const lines = Buffer.from(batch.lines.buffer, batch.lines.byteOffset, batch.lines.length)
      for (let i = 0, at = 0; i < batch.count; i++) {
        const stop = lines.indexOf(10, at)
        const raw = lines.toString('utf8', at, stop)
        at = stop + 1
        if (batch.first + i < from) continue
        rows.push({ offset: batch.first + i, id: batch.ids.slice(i * 16, i * 16 + 16), receivedAt: batch.receivedAt, source: batch.source, backfill: batch.backfill, raw, columns: columnsOfRaw(raw, batch.receivedAt) })
      }
      bytes += lines.length
      next = batch.first + batch.count
    }
    // Damage at the end leaves the cursor behind what could be read.
    return { rows, next: cursor.offset(), lost: lost + cursor.offset() - next }
  }

  /** Brings what is durable into the store, a few transactions. Answers after how many ms to look again, null when there was nothing. */
  async function follow(of: Follower): Promise<number | null> {
    const { store, tenant } = of
    const end = durable.get(tenant) ?? 0
    if (end <= store.next) return null
    const onDamage = (damage: LogDamage) => log.error({ tenant, code: 'log_corrupt', ...damage }, 'Events in a damaged part of the event log cannot be searched')
    const cursor = of.cursor ??= openCursor({ folder: join(start.logFolder, tenant), tenant, from: store.next, openKey: keys.open, onDamage })
    let total = 0
    let committing: Promise<void> = Promise.resolve()
    try {
      // While one transaction is written the next is read.
      for (let turn = 0; turn < transactionsATurn; turn++) {
        const part = await read(cursor, end)
        await committing
        if (part === null) break
        const from = store.next
        total += part.rows.length
        committing = store.insert(part.rows, part.next, part.lost).then(() => { say({ kind: 'searchable', tenant, from, end: part.next, lost: store.lost }) })
        committing.catch(() => undefined) // its failure is met where it is awaited
      }
      await committing
    } catch (error) {
      await committing.catch(() => undefined)
      await cursor.close()
      of.cursor = null
      throw error
    }
    if (store.due) startRoll(of)
    else await relieve()
    return total < smallRows ? lingerMilliseconds : 0
  }

  async function openFollowers(): Promise<Follower[]> {
    return (await Promise.allSettled(stores.values())).flatMap((settled) => settled.status === 'fulfilled' ? [settled.value] : [])
  }

  async function relieve(): Promise<void> {
    const open = await openFollowers()
    if (open.reduce((sum, { store }) => sum + store.hotBytes, 0) < hotBytes) return
    const largest = open.filter(({ store }) => store.rolling === null).sort((a, b) => b.store.hotBytes - a.store.hotBytes)[0]
    if (largest !== undefined) startRoll(largest)
  }

  function startRoll(of: Follower): void {
    if (of.store.rolling !== null) return
    of.users++
    of.store.roll().catch((error: unknown) => failed(of.tenant, error)).finally(() => { of.users--; of.left() })
  }

  function failed(tenant: string, error: unknown): void {
    const reason = (error as Error).message
    log.error({ tenant, error }, 'The event store cannot follow the event log at present; it tries again')
    say({ kind: 'stalled', tenant, reason })
    // After such an error DuckDB answers nothing any more; a new process does.
    if (/database has been invalidated|fatal error/i.test(reason)) process.exit(1)
  }

  async function followAll(): Promise<void> {
    for (;;) {
      if (closing) return
      const tenant = waiting.shift()
      if (tenant === undefined) {
        await new Promise<void>((resolve) => { wake = resolve })
        continue
      }
      const known = durable.get(tenant)
      // Erased since it was queued.
      if (known === undefined) {
        queued.delete(tenant)
        continue
      }
      // Queued until its next look, so that what becomes durable meanwhile shares one transaction.
      const again = await using(tenant, (of) => of.turns.take(() => follow(of))).catch((error: unknown) => {
        failed(tenant, error)
        return retryMilliseconds
      })
      if (again !== null) {
        setTimeout(() => { waiting.push(tenant); wake() }, again)
        continue
      }
      queued.delete(tenant)
      if (durable.get(tenant) !== known) enqueue(tenant)
    }
  }

  function answer(of: Follower, question: Question): Promise<unknown> {
    const { store } = of
    switch (question.ask) {
      case 'search': return store.search(question.query)
      case 'count': return store.count(question.query)
      case 'histogram': return store.histogram(question.query, question.bucketMs)
      case 'entities': return store.entities(question.from, question.end)
      case 'statistics': return store.statistics()
      case 'dropBefore': return store.dropBefore(question.receivedBefore)
      case 'roll': return store.roll()
      case 'erase': return erase(of)
      case 'rebuild': break
    }
    return of.turns.take(() => rebuild(of, question.logStart))
  }

  async function rebuild(of: Follower, logStart: number): Promise<void> {
    const { store, tenant } = of
    await of.cursor?.close()
    of.cursor = null
    await store.rebuild(logStart)
    say({ kind: 'searchable', tenant, from: store.next, end: store.next, lost: store.lost })
    enqueue(tenant)
  }

  async function erase(of: Follower): Promise<void> {
    const { tenant } = of
    durable.delete(tenant)
    stores.delete(tenant)
    const gone = (async () => {
      // Who asks for it is a user himself.
      while (of.users > 1) await new Promise<void>((resolve) => { of.left = resolve })
      await of.turns.take(() => closeFollower(of))
      await rm(join(start.folder, tenant), { recursive: true, force: true })
    })()
    leaving.set(tenant, gone.catch(() => undefined).then(() => { leaving.delete(tenant) }))
    await gone
  }

  process.on('message', (message: ToStore) => {
    if (message.kind === 'durable') {
      durable.set(message.tenant, message.end)
      enqueue(message.tenant)
    } else if (message.kind === 'question') {
      const { id, tenant, question } = message
      using(tenant, (of) => answer(of, question)).then((value) => say({ kind: 'answer', id, value }), (error: unknown) => say({ kind: 'answer', id, failure: failureOf(tenant, error) }))
    } else if (message.kind === 'close') {
      void close()
    }
  })

  const following = followAll()
  setInterval(() => {
    void openFollowers().then((open) => { for (const of of open) if (of.store.hotRows > 0) startRoll(of) })
  }, rollMilliseconds).unref()

  async function close(): Promise<void> {
    closing = true
    wake()
    await following
    for (const opening of stores.values()) await opening.then(closeFollower, () => undefined)
    instance.closeSync()
    process.exit(0)
  }

  say({ kind: 'ready' })
}

function failureOf(tenant: string, error: unknown): Failure {
  if (error instanceof HaechiError) return { code: error.code, params: error.params }
  log.error({ tenant, error }, 'A question to the event store failed')
  return { code: null, message: (error as Error).message }
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToStore) => {
  if (message.kind === 'key') {
    keys.answer(message.id, message.key)
  }
  if (message.kind === 'start') main(message).catch((error: unknown) => {
    log.error({ error }, 'The event store cannot start')
    process.exit(1)
  })
})
