// One tenant's part of the store: a hot table in a DuckDB file of its own, and Parquet files. Lives in the child process only.
// Invariants: rows and the offset through which they were read commit together; a row counts either in the hot table or in one file (manifest.ts).
// Defended by duckdb.integration.test.ts (kill at every step of a roll, compared with what went in) and contract.ts.
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { HaechiError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { createEvents, eventColumns, eventTime, quoted, type Row } from './columns.ts'
import { emptyManifest, keepFile, openManifest, writeManifest, type Manifest, type RolledFile } from './manifest.ts'
import type { EventQuery, SearchQuery, Sighting, SourceStatistics, StoredEvent } from './port.ts'
import { conditionOf, cursorOf, placeOf, selection, selectList, timeWindow, type Place } from './query.ts'

export type Limits = { readonly rollRows: number; readonly rollBytes: number; readonly querySeconds: number; readonly compactFiles: number; readonly compactRows: number }

/** Told before each step that a crash may cut: tests kill the process there. */
export type Steps = (step: string) => void

const day = 86_400_000
const mostDays = 32
const rowGroup = 16_384
const vector = 2048
const late = day
const future = 300_000

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
const number = (value: DuckDBValue | undefined) => Number(value)

/** Lets one at a time do its work, in the order of asking. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

export class TenantStore {
  readonly #instance: DuckDBInstance
  readonly #tenant: string
  readonly #folder: string
  readonly #catalog: string
  readonly #limits: Limits
  readonly #log: Logger
  readonly #step: Steps
  #writer!: DuckDBConnection
  readonly #idle: DuckDBConnection[] = []
  readonly #running = new Set<Promise<unknown>>()
  #manifest: Manifest = emptyManifest
  readonly #writing = new Turns()
  /** Rolling, compaction, retention and rebuilding change the files: one of them at a time. */
  readonly #files = new Turns()
  /** Everything before it was read from the log and committed. */
  next = 0
  /** Events that the log no longer had when they were needed. */
  lost = 0
  hotRows = 0
  hotBytes = 0
  rolling: Promise<void> | null = null

  private constructor(instance: DuckDBInstance, root: string, tenant: string, limits: Limits, log: Logger, step: Steps) {
    this.#instance = instance
    this.#tenant = tenant
    this.#folder = join(root, tenant)
    this.#catalog = `tenant_${Buffer.from(tenant).toString('hex')}`
    this.#limits = limits
    this.#log = log
    this.#step = step
  }

  static async open(instance: DuckDBInstance, root: string, tenant: string, limits: Limits, log: Logger, step: Steps = () => undefined): Promise<TenantStore> {
    const store = new TenantStore(instance, root, tenant, limits, log, step)
    store.#manifest = await openManifest(store.#folder)
    await store.#attach()
    return store
  }

  get #hot(): string {
    return `${quoted(this.#catalog)}.events`
  }
  /** Rows that count in the hot table. Those below wait to be deleted: their file counts. */
  get #hotRows(): string {
    return `(select * from ${this.#hot} where "offset" >= ${this.#manifest.rolledEnd})`
  }

  async #attach(): Promise<void> {
    this.#writer = await this.#instance.connect()
    const file = join(this.#folder, 'hot.duckdb')
    const attach = async () => {
      await this.#writer.run(`attach ${literal(file)} as ${quoted(this.#catalog)}`)
      await this.#writer.run(`create table if not exists ${this.#hot} (${createEvents})`)
      await this.#writer.run(`create table if not exists ${quoted(this.#catalog)}.progress (next bigint, lost bigint)`)
      await this.#writer.run(`create table if not exists ${quoted(this.#catalog)}.sources (source varchar, events bigint, unknown bigint, untimed bigint, late bigint, future bigint, last_time bigint, last_received bigint)`)
      const progress = (await this.#rows(this.#writer, `select next, lost from ${quoted(this.#catalog)}.progress`))[0]
      if (progress === undefined) {
        await this.#writer.run(`insert into ${quoted(this.#catalog)}.progress values (${this.#manifest.rolledEnd}, ${this.#manifest.lost})`)
        await this.#recountSources()
      }
      return progress
    }
    let progress: DuckDBValue[] | undefined
    try {
      progress = await attach()
      // A hot table older than the files (put back from a backup) would leave a hole: read the log from where the files end.
      if (progress !== undefined && number(progress[0]) < this.#manifest.rolledEnd) throw new RangeError('older than the Parquet files')
    } catch (error) {
      if (outOfSpace(error)) throw error
      this.#log.error({ tenant: this.#tenant, file, error }, 'The hot part of the event store cannot be used; it is moved aside and read again from the event log')
      await this.#writer.run(`detach database if exists ${quoted(this.#catalog)}`)
      for (const name of [file, `${file}.wal`]) await rename(name, `${name}.broken`).catch((cause: NodeJS.ErrnoException) => { if (cause.code !== 'ENOENT') throw cause })
      progress = await attach()
    }
    this.next = progress === undefined ? this.#manifest.rolledEnd : number(progress[0])
    this.lost = progress === undefined ? this.#manifest.lost : number(progress[1])
    await this.#forgetRolled()
    await this.#measureHot()
  }

  async #measureHot(): Promise<void> {
    const [row] = await this.#rows(this.#writer, `select count(*), coalesce(sum(strlen("raw")), 0) from ${this.#hotRows}`)
    this.hotRows = number(row?.[0])
    this.hotBytes = number(row?.[1])
  }

  async #rows(connection: DuckDBConnection, sql: string, values: readonly (string | bigint)[] = []): Promise<DuckDBValue[][]> {
    return (await connection.runAndReadAll(sql, [...values])).getRows()
  }

  async #transaction(work: () => Promise<void>): Promise<void> {
    await this.#writer.run('begin')
    try {
      await work()
      await this.#writer.run('commit')
    } catch (error) {
      await this.#writer.run('rollback').catch(() => undefined) // a failed commit has rolled back already
      throw error
    }
  }

  /** Adds rows and moves the place in the log to `next`, in one transaction. */
  insert(rows: readonly Row[], next: number, lost: number): Promise<void> {
    return this.#writing.take(async () => {
      await this.#transaction(async () => {
        if (rows.length > 0) {
          const appender = await this.#writer.createAppender('events', 'main', this.#catalog)
          const types = eventColumns.map(({ type }) => type)
          for (let at = 0; at < rows.length; at += vector) {
            const part = rows.slice(at, at + vector)
            const chunk = DuckDBDataChunk.create(types, part.length)
            chunk.setColumns(eventColumns.map(({ of }) => part.map(of)))
            appender.appendDataChunk(chunk)
          }
          appender.closeSync()
        }
        await this.#writer.run(`update ${quoted(this.#catalog)}.progress set next = ${next}, lost = ${this.lost + lost}`)
        await this.#countSources(rows)
      })
      this.next = next
      this.lost += lost
      this.hotRows += rows.length
      for (const row of rows) this.hotBytes += row.raw.length
    })
  }

  async #countSources(rows: readonly Row[]): Promise<void> {
    const sources = new Map<string, { events: number; unknown: number; untimed: number; late: number; future: number; lastTime: number; lastReceived: number }>()
    for (const row of rows) {
      let of = sources.get(row.source)
      if (of === undefined) sources.set(row.source, of = { events: 0, unknown: 0, untimed: 0, late: 0, future: 0, lastTime: -Infinity, lastReceived: -Infinity })
      const time = eventTime(row)
      of.events++
      if (row.columns.shape === 'unknown') of.unknown++
      if (row.columns.time === null) of.untimed++
      if (!row.backfill && time < row.receivedAt - late) of.late++
      if (time > row.receivedAt + future) of.future++
      of.lastTime = Math.max(of.lastTime, time)
      of.lastReceived = Math.max(of.lastReceived, row.receivedAt)
    }
    const table = `${quoted(this.#catalog)}.sources`
    for (const [source, of] of sources) {
      const counts = [of.events, of.unknown, of.untimed, of.late, of.future, of.lastTime, of.lastReceived].map(BigInt)
      const known = await this.#rows(this.#writer, `update ${table} set events = events + $2, unknown = unknown + $3, untimed = untimed + $4, late = late + $5, future = future + $6, last_time = greatest(last_time, $7), last_received = greatest(last_received, $8) where source = $1 returning 1`, [source, ...counts])
      if (known.length === 0) await this.#writer.run(`insert into ${table} values ($1, $2, $3, $4, $5, $6, $7, $8)`, [source, ...counts])
    }
  }

  async #recountSources(): Promise<void> {
    const table = `${quoted(this.#catalog)}.sources`
    await this.#writer.run(`delete from ${table}`)
    await this.#writer.run(`insert into ${table} select "source", count(*), count(*) filter ("shape" = 'unknown'), count(*) filter (not "time_stated"), count(*) filter (not "backfill" and "time" < "received_at" - ${late}),
      count(*) filter ("time" > "received_at" + ${future}), max("time"), max("received_at") from ${this.#everything(this.#manifest.files)} group by "source"`)
  }

  #parquet(files: readonly RolledFile[]): string {
    return `read_parquet([${files.map(({ file }) => literal(join(this.#folder, file))).join(', ')}])`
  }
  /** The hot rows and those of `files`. */
  #everything(files: readonly RolledFile[]): string {
    return files.length === 0 ? this.#hotRows : `(select * from ${this.#hotRows} union all select * from ${this.#parquet(files)})`
  }

  // ---- asking ----

  /** Runs a question on a connection of its own, so that files and rows stay until it is answered. */
  async #ask<T>(work: (rows: (sql: string, values: readonly (string | bigint)[]) => Promise<DuckDBValue[][]>) => Promise<T>): Promise<T> {
    const connection = this.#idle.pop() ?? await this.#instance.connect()
    let over = false
    const timer = setTimeout(() => { over = true; connection.interrupt() }, this.#limits.querySeconds * 1000)
    const running = work((sql, values) => this.#rows(connection, sql, values))
    this.#running.add(running)
    try {
      return await running
    } catch (error) {
      if (over) throw new HaechiError('query_timeout', { seconds: this.#limits.querySeconds }, { cause: error })
      throw error
    } finally {
      clearTimeout(timer)
      this.#running.delete(running)
      this.#idle.push(connection)
    }
  }

  #filesIn(query: EventQuery, before?: Place): RolledFile[] {
    const { from, to } = timeWindow(query)
    return this.#manifest.files.filter(({ minTime, maxTime }) => maxTime >= from && minTime < to && (before === undefined || minTime <= before.time))
  }

  search(query: SearchQuery): Promise<{ events: StoredEvent[]; next: string | null }> {
    const columns = selection(query)
    const condition = conditionOf(query)
    const before = query.cursor === undefined ? undefined : placeOf(query.cursor)
    const values = [...condition.values]
    let where = condition.sql
    if (before !== undefined) {
      values.push(BigInt(before.time), BigInt(before.offset))
      where += ` and ("time" < $${values.length - 1} or ("time" = $${values.length - 1} and "offset" < $${values.length}))`
    }
    const wanted = query.limit + 1
    // First only where the newest matches are, then their rows: reading whole records along with the filter would unpack all of them.
    const matching = (from: string) => `select "time", "offset" from ${from} where ${where} order by "time" desc, "offset" desc limit ${wanted}`
    return this.#ask(async (rows) => {
      const files = this.#filesIn(query, before).sort((a, b) => b.maxTime - a.maxTime)
      const hot = this.#hotRows
      const places = async (from: string) => (await rows(matching(from), values)).map(([time, offset]) => ({ time: number(time), offset: number(offset) }))
      let found = await places(hot)
      // From the newest files on, more each time, until older ones cannot hold anything newer than the page.
      for (let at = 0, step = 2; at < files.length; at += step, step *= 2) {
        if (found.length >= wanted && found[wanted - 1]!.time > files[at]!.maxTime) break
        found = [...found, ...await places(this.#parquet(files.slice(at, at + step)))].sort((a, b) => b.time - a.time || b.offset - a.offset).slice(0, wanted)
      }
      const kept = found.slice(0, query.limit)
      const last = kept.at(-1)
      if (last === undefined) return { events: [], next: null }
      const [newest, oldest] = [kept[0]!.time, last.time]
      const offsets = kept.map(({ offset }) => offset).sort((a, b) => a - b)
      const holding = files.filter((file) => file.maxTime >= oldest && file.minTime <= newest && file.first <= offsets.at(-1)! && file.end > offsets[0]!)
      const these = `"time" between ${oldest} and ${newest} and "offset" between ${offsets[0]} and ${offsets.at(-1)} and "offset" in (${offsets.join(', ')})`
      const events = (await Promise.all([hot, ...holding.length > 0 ? [this.#parquet(holding)] : []].map((from) => rows(`select ${selectList(columns)} from ${from} where ${these}`, []))))
        .flat().map((row) => eventOf(columns, row)).sort((a, b) => b.time - a.time || b.offset - a.offset)
      return { events, next: found.length > query.limit ? cursorOf(last) : null }
    })
  }

  count(query: EventQuery): Promise<number> {
    const { sql, values } = conditionOf(query)
    return this.#ask(async (rows) => number((await rows(`select count(*) from ${this.#everything(this.#filesIn(query))} where ${sql}`, values))[0]?.[0]))
  }

  histogram(query: EventQuery, bucket: number): Promise<{ start: number; count: number }[]> {
    if (!(Number.isInteger(bucket) && bucket >= 1 && bucket <= 366 * day)) throw new HaechiError('query_invalid', { name: 'bucket', reason: 'whole milliseconds, at most a year' })
    const { sql, values } = conditionOf(query)
    const most = 10_000
    return this.#ask(async (rows) => {
      const found = await rows(`select cast(floor("time" / ${bucket}.0) as bigint) as bucket, count(*) from ${this.#everything(this.#filesIn(query))} where ${sql} group by bucket order by bucket limit ${most + 1}`, values)
      if (found.length > most) throw new HaechiError('query_invalid', { name: 'bucket', reason: `more than ${most} buckets; make them longer or the time window shorter` })
      return found.map((row) => ({ start: number(row[0]) * bucket, count: number(row[1]) }))
    })
  }

  entities(from: number, end: number): Promise<Sighting[]> {
    const files = () => this.#manifest.files.filter((file) => file.first < end && file.end > from)
    return this.#ask(async (rows) => (await rows(
      `select "host", "user", address, "source", min("time"), max("time"), count(*) from (
        select "host", "user", "source", "time", unnest(case when "src_ip" is null and "dst_ip" is null then [null] else list_distinct([a for a in ["src_ip", "dst_ip"] if a is not null]) end) as address
        from ${this.#everything(files())} where "offset" >= $1 and "offset" < $2 and ("host" is not null or "user" is not null or "src_ip" is not null or "dst_ip" is not null)
      ) group by all`, [BigInt(from), BigInt(end)],
    )).map(([host, user, address, source, first, last, events]) => ({ host: host as string | null, user: user as string | null, address: address as string | null, source: source as string, first: number(first), last: number(last), events: number(events) })))
  }

  statistics(): Promise<SourceStatistics[]> {
    return this.#ask(async (rows) => (await rows(`select source, events, unknown, untimed, late, future, last_time, last_received from ${quoted(this.#catalog)}.sources order by source`, []))
      .map(([source, events, unknown, untimed, late, future, time, received]) => ({
        source: source as string, events: number(events), unknownShapes: number(unknown), untimed: number(untimed), late: number(late), future: number(future),
        lastTime: time === null ? null : number(time), lastReceivedAt: received === null ? null : number(received),
      })))
  }

  // ---- rolling ----

  get due(): boolean {
    return this.hotRows >= this.#limits.rollRows || this.hotBytes >= this.#limits.rollBytes
  }

  /** Writes what is hot to Parquet, a file a day. Inserts and questions go on meanwhile. */
  roll(): Promise<void> {
    return this.rolling ??= this.#files.take(() => this.#roll()).finally(() => { this.rolling = null })
  }

  async #roll(): Promise<void> {
    const end = this.next
    const from = this.#manifest.rolledEnd
    const rows = `(select * from ${this.#hot} where "offset" >= ${from} and "offset" < ${end})`
    const connection = await this.#instance.connect()
    try {
      const days = (await this.#rows(connection, `select cast(floor("time" / ${day}.0) as bigint) as day, count(*) from ${rows} group by day order by day`)).map(([number_]) => number(number_))
      if (days.length > 0) {
        // A backfill may touch years: neighbouring days then share a file.
        const each = Math.ceil(days.length / mostDays)
        const files: RolledFile[] = []
        for (let at = 0; at < days.length; at += each) {
          const part = days.slice(at, at + each)
          files.push(await this.#write(connection, `${rows} where "time" >= ${part[0]! * day} and "time" < ${(part.at(-1)! + 1) * day}`, part[0]! * day, this.#manifest.sequence + files.length, ' order by "time", "offset"'))
        }
        await this.#switch((manifest) => ({ ...manifest, rolledEnd: end, sequence: manifest.sequence + files.length, files: [...manifest.files, ...files] }))
      }
    } finally {
      connection.closeSync()
    }
    await this.#settled()
    await this.#writing.take(async () => {
      await this.#forgetRolled()
      await this.#measureHot()
    })
    await this.#compact()
  }

  /** The one moment at which files begin or cease to count. */
  async #switch(change: (manifest: Manifest) => Manifest): Promise<void> {
    await this.#writing.take(async () => {
      const manifest = change(this.#manifest)
      this.#step('before switch')
      await writeManifest(this.#folder, manifest)
      this.#step('after switch')
      this.#manifest = manifest
    })
  }

  /** Until no question is under way that may still see the state before. */
  async #settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  async #write(connection: DuckDBConnection, rows: string, time: number, sequence: number, order = ''): Promise<RolledFile> {
    const temporary = join(this.#folder, `${sequence}.parquet.tmp`)
    this.#step('before copy')
    await connection.run(`copy (select * from ${rows}${order}) to ${literal(temporary)} (format parquet, compression zstd, row_group_size ${rowGroup})`)
    this.#step('after copy')
    const [facts] = await this.#rows(connection, `select min("offset"), max("offset") + 1, count(*), min("time"), max("time"), max("received_at") from read_parquet(${literal(temporary)})`)
    const [first, end, count, minTime, maxTime, maxReceived] = facts!.map(number) as [number, number, number, number, number, number]
    const file = `${dayName(time)}/${first}-${end - 1}.${sequence}.parquet`
    const bytes = await keepFile(this.#folder, temporary, file)
    this.#step('after rename')
    return { file, first, end, rows: count, bytes, minTime, maxTime, maxReceived }
  }

  /** Rows whose file counts leave the hot table. May be cut anywhere and done again. */
  async #forgetRolled(): Promise<void> {
    this.#step('before delete')
    const table = this.#hot
    const [some] = await this.#rows(this.#writer, `select count(*) from ${table} where "offset" < ${this.#manifest.rolledEnd}`)
    if (number(some?.[0]) === 0) return
    await this.#transaction(async () => { await this.#writer.run(`delete from ${table} where "offset" < ${this.#manifest.rolledEnd}`) })
    this.#step('after delete')
    await this.#writer.run(`checkpoint ${quoted(this.#catalog)}`).catch((error: unknown) => this.#log.warn({ tenant: this.#tenant, error }, 'The hot part of the event store could not be checkpointed yet'))
    this.#step('after checkpoint')
  }

  /** Many small files of one day become one. They are put one behind the other as they are: each is in order of time, so their row groups stay narrow, and nothing needs sorting in memory. */
  async #compact(): Promise<void> {
    const small = Map.groupBy(this.#manifest.files.filter(({ rows }) => rows <= this.#limits.compactRows / this.#limits.compactFiles), ({ file }) => file.slice(0, file.indexOf('/')))
    for (const files of small.values()) {
      if (files.length < this.#limits.compactFiles) continue
      await this.#replace(files, this.#parquet(files))
    }
  }

  async #replace(files: readonly RolledFile[], rows: string): Promise<void> {
    const connection = await this.#instance.connect()
    try {
      const merged = await this.#write(connection, rows, Math.min(...files.map(({ minTime }) => minTime)), this.#manifest.sequence)
      await this.#switch((manifest) => ({ ...manifest, sequence: manifest.sequence + 1, files: [...manifest.files.filter((file) => !files.includes(file)), merged] }))
    } finally {
      connection.closeSync()
    }
    await this.#remove(files)
  }

  async #remove(files: readonly RolledFile[]): Promise<void> {
    await this.#settled()
    for (const { file } of files) {
      this.#step('before unlink')
      await rm(join(this.#folder, file), { force: true })
    }
  }

  dropBefore(receivedBefore: number): Promise<number> {
    return this.#files.take(() => this.#dropBefore(receivedBefore))
  }

  async #dropBefore(receivedBefore: number): Promise<number> {
    const old = this.#manifest.files.filter(({ maxReceived }) => maxReceived < receivedBefore)
    if (old.length > 0) {
      await this.#switch((manifest) => ({ ...manifest, files: manifest.files.filter((file) => !old.includes(file)) }))
      await this.#remove(old)
    }
    let dropped = old.reduce((sum, { rows }) => sum + rows, 0)
    await this.#writing.take(async () => {
      dropped += number((await this.#rows(this.#writer, `select count(*) from ${this.#hotRows} where "received_at" < $1`, [BigInt(receivedBefore)]))[0]?.[0])
      await this.#writer.run(`delete from ${this.#hot} where "received_at" < $1`, [BigInt(receivedBefore)])
      await this.#measureHot()
    })
    return dropped
  }

  /** Forgets what the log (from `logStart`) can give again. Afterwards `next` says from where it must be read. */
  rebuild(logStart: number): Promise<void> {
    return this.#files.take(() => this.#rebuild(logStart))
  }

  async #rebuild(logStart: number): Promise<void> {
    // Hot rows that the log has no more are written to files first, so that only files precede the log.
    if (this.#manifest.rolledEnd < Math.min(logStart, this.next)) await this.#roll()
    const kept = this.#manifest.files.filter(({ first }) => first < logStart)
    const gone = this.#manifest.files.filter(({ first }) => first >= logStart)
    for (const file of kept.filter(({ end }) => end > logStart)) await this.#replace([file], `${this.#parquet([file])} where "offset" < ${logStart}`)
    // Without its progress the hot table counts as new, so a crash from here on begins where the files end.
    await this.#settled()
    await this.#writing.take(() => this.#transaction(async () => {
      for (const table of ['events', 'progress', 'sources']) await this.#writer.run(`delete from ${quoted(this.#catalog)}.${table}`)
    }))
    await this.#switch((manifest) => ({ ...manifest, rolledEnd: Math.min(logStart, manifest.rolledEnd), lost: this.lost, files: manifest.files.filter((file) => !gone.includes(file)) }))
    await this.#writing.take(async () => {
      this.next = this.#manifest.rolledEnd
      await this.#transaction(async () => {
        await this.#writer.run(`insert into ${quoted(this.#catalog)}.progress values (${this.next}, ${this.lost})`)
        await this.#recountSources()
      })
      await this.#measureHot()
    })
    await this.#remove(gone)
  }

  async close(): Promise<void> {
    await this.#files.take(() => this.#settled())
    await this.#writing.take(async () => {
      for (const connection of this.#idle.splice(0)) connection.closeSync()
      await this.#writer.run(`checkpoint ${quoted(this.#catalog)}`).catch(() => undefined) // the next start reads the WAL instead
      await this.#writer.run(`detach ${quoted(this.#catalog)}`)
      this.#writer.closeSync()
    })
  }

}

export function outOfSpace(error: unknown): boolean {
  return /no space left|ENOSPC|disk quota|could not write/i.test((error as Error).message)
}

function dayName(time: number): string {
  const iso = new Date(Math.max(time, -8.64e15)).toISOString()
  return iso.slice(0, iso.indexOf('T')).replace(/^[+-]/, '')
}

function eventOf(columns: readonly string[], row: readonly DuckDBValue[]): StoredEvent {
  return Object.fromEntries(columns.map((name, i) => {
    const value = row[i] ?? null
    if (name === 'event_id') return [name, Buffer.from((value as { bytes: Uint8Array }).bytes).toString('hex')]
    return [name, typeof value === 'bigint' ? Number(value) : value]
  })) as StoredEvent
}
