// A fact is published in the transaction that makes it true, and every subscriber gets every fact of a tenant in the order of commits,
// at least once: the checkpoint moves only after the handler has returned. Defended by outbox.integration.test.ts.
//
// Why positions at commit (migrations/002_outbox.sql) and not the xmin horizon: one long write anywhere in the cluster would hold back
// every subscriber, and NOTIFY serialises commits anyway, so the tenant's row lock costs nothing that was not already paid.
import { sql } from 'kysely'
import { Client } from 'pg'
import type { Clock } from './clock.ts'
import { clientConfig } from './database.ts'
import type { Database, DatabaseConnection, Transaction } from './database.ts'
import { HaechiError } from './errors.ts'
import { newId } from './ids.ts'
import type { Logger } from './log.ts'
import { Counter } from './metrics.ts'
import type { Registry } from './metrics.ts'

/**
 * The payload of each event type. A context adds its own, so that publisher and subscriber cannot disagree:
 * `declare module '../../platform/outbox.ts' { interface DomainEvents { 'incident.opened.v1': { incidentId: string } } }`.
 * A released type never changes its shape; a new shape is a new version.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface DomainEvents {}
export type EventType = keyof DomainEvents & `${string}.v${number}`

export type DomainEvent<T extends EventType = EventType> = {
  [K in T]: {
    /** The same at every delivery: what a consumer remembers to be idempotent. */
    readonly id: string
    readonly type: K
    /** null: a fact of the platform itself. */
    readonly tenantId: string | null
    /** When it was published, ms since the epoch. */
    readonly at: number
    readonly payload: DomainEvents[K]
  }
}[T]

export type ParkedEvent = { subscriber: string; eventId: string; type: string; tenantId: string | null; code: string; parkedAt: number }

export interface Outbox {
  /** Part of `tx`: delivered if and only if it commits. `payload` is plain JSON data. */
  publish<T extends EventType>(tx: Transaction, event: { type: T; tenantId: string | null; payload: DomainEvents[T] }): Promise<void>
  /**
   * Before start(). `name` is the subscriber's checkpoint: keep it through versions. A new subscriber begins with the oldest event kept.
   * `handle` may see an event again and must then do nothing new. When it throws, the tenant's later events wait (1 s, doubled, at most
   * 5 min apart); after 10 tries the event is parked and the others go on. One node at a time runs a subscriber.
   */
  subscribe<T extends EventType>(name: string, types: readonly T[], handle: (event: DomainEvent<T>) => Promise<void>): void
  start(): Promise<void>
  /** Resolves when what was due at the time of the call has been handed over by this node. */
  deliver(): Promise<void>
  parked(): Promise<ParkedEvent[]>
  /** Hands a parked event over once more, out of order. Errors: not_found. */
  retry(subscriber: string, eventId: string): Promise<void>
  /** Resolves when the handlers that are running have returned. */
  stop(): Promise<void>
}

const channel = 'haechi_outbox'
const lockClass = 0x6f75_7462 // 'outb'
const batchSize = 200
const tenantsAtOnce = 4
const tries = 10
const sweepEvery = 5_000
const pruneEvery = 3_600_000
const keepFor = 7 * 86_400_000
const forgetSubscriberAfter = 30 * 86_400_000

type Subscriber = {
  readonly name: string
  readonly types: ReadonlySet<string>
  readonly handle: (event: DomainEvent) => Promise<void>
  /** Whether this node holds the subscriber's lock. */
  held: boolean
  readonly waiting: Set<string>
  readonly running: Set<string>
}
type Row = { id: string; position: string; type: string; at: Date; payload: unknown }

export function createOutbox(options: { database: Database; connection: DatabaseConnection; clock: Clock; log: Logger; metrics?: Registry }): Outbox {
  const { database, clock, log } = options
  const registers = options.metrics === undefined ? [] : [options.metrics]
  const delivered = new Counter({ name: 'haechi_outbox_delivered_total', help: 'Events handed to a subscriber', labelNames: ['subscriber'], registers })
  const failed = new Counter({ name: 'haechi_outbox_failed_total', help: 'Deliveries that failed and are tried again', labelNames: ['subscriber'], registers })
  const parkedTotal = new Counter({ name: 'haechi_outbox_parked_total', help: 'Events given up after all tries', labelNames: ['subscriber'], registers })

  const subscribers = new Map<string, Subscriber>()
  const work = new Set<Promise<void>>()
  let session: Client | null = null
  let sweeping: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null
  let state: 'new' | 'started' | 'stopped' = 'new'
  let pruneAt = 0
  let away = false
  const started = (): boolean => state === 'started'

  /** The session that listens and holds the subscribers' locks: when it breaks, the server lets the locks go and another node may take over. */
  async function connect(): Promise<Client> {
    const client = new Client({ ...clientConfig(options.connection), connectionTimeoutMillis: 5_000, query_timeout: 5_000 })
    const lost = (): void => { if (session === client) disconnect() }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ payload }) => {
      for (const subscriber of subscribers.values()) {
        if (!subscriber.held || payload === undefined) continue
        subscriber.waiting.add(payload)
        pump(subscriber)
      }
    })
    try {
      await client.connect()
      await client.query('SET ROLE haechi_app')
      await client.query(`LISTEN ${channel}`)
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      throw error
    }
  }

  function disconnect(): void {
    session?.end().catch(() => undefined)
    session = null
    for (const subscriber of subscribers.values()) subscriber.held = false
  }

  async function sweep(): Promise<void> {
    try {
      session ??= await connect()
      // A session that died without a word still believes in its locks.
      await session.query('SELECT 1')
      for (const subscriber of subscribers.values()) {
        if (subscriber.held) continue
        const { rows: [row] } = await session.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS held', [lockClass, subscriber.name])
        subscriber.held = row?.held === true
      }
      const held = [...subscribers.values()].filter((subscriber) => subscriber.held)
      const due = await database.platform(async (tx) => {
        if (clock.now() >= pruneAt) await prune(tx)
        return (await sql<{ subscriber: string; tenant_id: string }>`
          SELECT s.name AS subscriber, h.tenant_id
          FROM unnest(${held.map((subscriber) => subscriber.name)}::text[]) s(name) CROSS JOIN platform_outbox_heads h
          LEFT JOIN platform_outbox_cursors c ON c.subscriber = s.name AND c.tenant_id = h.tenant_id
          WHERE h.position > coalesce(c.position, 0) AND (c.retry_at IS NULL OR c.retry_at <= ${new Date(clock.now())})
          UNION SELECT subscriber, tenant_id FROM platform_outbox_parked WHERE retry`.execute(tx)).rows
      })
      if (away) log.info({}, 'outbox is back')
      away = false
      for (const { subscriber: name, tenant_id } of due) {
        const subscriber = subscribers.get(name)
        if (subscriber?.held !== true) continue
        subscriber.waiting.add(tenant_id)
        pump(subscriber)
      }
    } catch (error) {
      // Once for each absence: events wait in their table, and the sweep comes back.
      if (!away) log.warn({ err: error }, 'outbox cannot reach the database; delivery waits')
      away = true
      disconnect()
    }
  }

  /** Sweeps do not overlap; a call during one gets a whole one after it. */
  function sweepNow(): Promise<void> {
    const next: Promise<void> = (sweeping ?? Promise.resolve()).then(() => (started() ? sweep() : undefined)).finally(() => {
      if (sweeping === next) sweeping = null
    })
    sweeping = next
    return next
  }

  function schedule(): void {
    timer = setTimeout(() => { void sweepNow().finally(() => { if (started()) schedule() }) }, sweepEvery)
  }

  function pump(subscriber: Subscriber): void {
    for (const tenant of subscriber.waiting) {
      if (!started() || subscriber.running.size >= tenantsAtOnce) return
      if (subscriber.running.has(tenant)) continue
      subscriber.waiting.delete(tenant)
      subscriber.running.add(tenant)
      const done: Promise<void> = deliverTenant(subscriber, tenant)
        // Only the database fails here; the sweep finds the tenant again.
        .catch((error: unknown) => { log.warn({ err: error, subscriber: subscriber.name, tenant }, 'outbox delivery interrupted') })
        .finally(() => {
          work.delete(done)
          subscriber.running.delete(tenant)
          pump(subscriber)
        })
      work.add(done)
    }
  }

  async function deliverTenant(subscriber: Subscriber, tenant: string): Promise<void> {
    await deliverRetried(subscriber, tenant)
    while (started() && subscriber.held) {
      const { cursor, events } = await read(subscriber, tenant)
      const from = Number(cursor?.position ?? 0)
      const retryAt = cursor?.retry_at?.getTime() ?? 0
      if (events.length === 0 || retryAt > clock.now()) return
      let attempts = cursor?.attempts ?? 0
      let position = from
      let failure: { event: Row; error: unknown } | null = null
      for (const event of events) {
        if (!started()) break
        if (subscriber.types.has(event.type)) {
          try {
            await hand(subscriber, tenant, event)
          } catch (error) {
            failure = { event, error }
            break
          }
        }
        position = Number(event.position)
        attempts = 0
      }
      if (failure !== null) attempts += 1
      const parking = failure !== null && attempts >= tries
      const wait = Math.min(300_000, 1_000 * 2 ** (attempts - 1))
      const moved = await database.platform(async (tx) => {
        const to = parking ? Number(failure!.event.position) : position
        const next = failure === null || parking ? null : new Date(clock.now() + wait)
        // Compared with where we read from: a node that lost the subscriber while its handler ran must not move the cursor back.
        const { numAffectedRows } = await sql`
          INSERT INTO platform_outbox_cursors AS c VALUES (${subscriber.name}, ${tenant}, ${to}, ${parking ? 0 : attempts}, ${next})
          ON CONFLICT (subscriber, tenant_id) DO UPDATE SET position = excluded.position, attempts = excluded.attempts, retry_at = excluded.retry_at
          WHERE c.position = ${from}`.execute(tx)
        if (numAffectedRows === 0n) return false
        if (parking) {
          await sql`INSERT INTO platform_outbox_parked VALUES (${subscriber.name}, ${failure!.event.id}, ${tenant}, ${codeOf(failure!.error)}, ${new Date(clock.now())})
            ON CONFLICT DO NOTHING`.execute(tx)
        }
        return true
      })
      if (!moved) return
      if (failure !== null) {
        const fields = { err: failure.error, code: codeOf(failure.error), subscriber: subscriber.name, tenant, event: failure.event.id, type: failure.event.type, attempts }
        if (parking) {
          parkedTotal.inc({ subscriber: subscriber.name })
          log.error(fields, 'outbox event parked: all tries failed')
          continue
        }
        failed.inc({ subscriber: subscriber.name })
        log.warn(fields, 'outbox delivery failed, trying again later')
        setTimeout(() => { void sweepNow() }, wait).unref()
        return
      }
    }
  }

  async function deliverRetried(subscriber: Subscriber, tenant: string): Promise<void> {
    const again = await database.platform(async (tx) => (await sql<Row>`
      UPDATE platform_outbox_parked p SET retry = false FROM platform_outbox e
      WHERE p.subscriber = ${subscriber.name} AND p.tenant_id = ${tenant} AND p.retry AND e.id = p.event_id
      RETURNING e.id, e.position, e.type, e.at, e.payload`.execute(tx)).rows)
    for (const event of again) {
      try {
        await hand(subscriber, tenant, event)
        await database.platform((tx) => sql`DELETE FROM platform_outbox_parked WHERE subscriber = ${subscriber.name} AND event_id = ${event.id}`.execute(tx))
      } catch (error) {
        log.error({ err: error, subscriber: subscriber.name, tenant, event: event.id, type: event.type }, 'outbox event stays parked')
      }
    }
  }

  async function hand(subscriber: Subscriber, tenant: string, event: Row): Promise<void> {
    await subscriber.handle({ id: event.id, type: event.type, tenantId: tenantIdOf(tenant), at: event.at.getTime(), payload: event.payload } as DomainEvent)
    delivered.inc({ subscriber: subscriber.name })
  }

  function read(subscriber: Subscriber, tenant: string): Promise<{ cursor: { position: string; attempts: number; retry_at: Date | null } | undefined; events: Row[] }> {
    return database.platform(async (tx) => {
      const { rows: [cursor] } = await sql<{ position: string; attempts: number; retry_at: Date | null }>`
        SELECT position, attempts, retry_at FROM platform_outbox_cursors WHERE subscriber = ${subscriber.name} AND tenant_id = ${tenant}`.execute(tx)
      const { rows: events } = await sql<Row>`
        SELECT id, position, type, at, CASE WHEN type = ANY(${[...subscriber.types]}) THEN payload END AS payload
        FROM platform_outbox WHERE tenant_id = ${tenant} AND position > ${cursor?.position ?? 0} ORDER BY position LIMIT ${batchSize}`.execute(tx)
      return { cursor, events }
    })
  }

  async function prune(tx: Transaction): Promise<void> {
    const now = clock.now()
    await see(tx)
    const gone = (await sql<{ name: string }>`DELETE FROM platform_outbox_subscribers WHERE seen_at < ${new Date(now - forgetSubscriberAfter)} RETURNING name`.execute(tx)).rows
    for (const { name } of gone) log.warn({ subscriber: name }, 'outbox forgets a subscriber that no node has run for 30 days')
    await sql`DELETE FROM platform_outbox_cursors WHERE subscriber NOT IN (SELECT name FROM platform_outbox_subscribers)`.execute(tx)
    await sql`DELETE FROM platform_outbox e WHERE at < ${new Date(now - keepFor)}
      AND position <= coalesce((SELECT min(coalesce(c.position, 0)) FROM platform_outbox_subscribers s
        LEFT JOIN platform_outbox_cursors c ON c.subscriber = s.name AND c.tenant_id = e.tenant_id), position)
      AND NOT EXISTS (SELECT FROM platform_outbox_parked p WHERE p.event_id = e.id)`.execute(tx)
    pruneAt = now + pruneEvery
  }

  async function see(tx: Transaction): Promise<void> {
    await sql`INSERT INTO platform_outbox_subscribers SELECT name, ${new Date(clock.now())} FROM unnest(${[...subscribers.keys()]}::text[]) s(name)
      ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at`.execute(tx)
  }

  async function settle(): Promise<void> {
    while (work.size > 0) await Promise.all(work)
  }

  return {
    async publish(tx, { type, tenantId, payload }) {
      await sql`INSERT INTO platform_outbox (id, tenant_id, type, at, payload)
        VALUES (${newId('evt', clock.now())}, ${tenantId ?? '*'}, ${type}, ${new Date(clock.now())}, ${JSON.stringify(payload)})`.execute(tx)
    },
    subscribe(name, types, handle) {
      if (state !== 'new' || subscribers.has(name)) throw new TypeError(`subscriber ${name} is too late or already there`)
      subscribers.set(name, { name, types: new Set<string>(types), handle: handle as Subscriber['handle'], held: false, waiting: new Set(), running: new Set() })
    },
    async start() {
      state = 'started'
      await database.platform(see)
      await sweepNow()
      schedule()
    },
    async deliver() {
      await sweepNow()
      await settle()
    },
    async parked() {
      const { rows } = await database.platform((tx) => sql<{ subscriber: string; event_id: string; type: string; tenant_id: string; code: string; parked_at: Date }>`
        SELECT p.subscriber, p.event_id, e.type, p.tenant_id, p.code, p.parked_at FROM platform_outbox_parked p JOIN platform_outbox e ON e.id = p.event_id
        ORDER BY p.parked_at`.execute(tx))
      return rows.map((row) => ({ subscriber: row.subscriber, eventId: row.event_id, type: row.type, tenantId: tenantIdOf(row.tenant_id), code: row.code, parkedAt: row.parked_at.getTime() }))
    },
    async retry(subscriber, eventId) {
      await database.platform(async (tx) => {
        const { rows: [row] } = await sql<{ tenant_id: string }>`
          UPDATE platform_outbox_parked SET retry = true WHERE subscriber = ${subscriber} AND event_id = ${eventId} RETURNING tenant_id`.execute(tx)
        if (row === undefined) throw new HaechiError('not_found', { what: `${subscriber}/${eventId}` })
        await sql`SELECT pg_notify(${channel}, ${row.tenant_id})`.execute(tx)
      })
    },
    async stop() {
      state = 'stopped'
      if (timer !== null) clearTimeout(timer)
      await sweeping
      await settle()
      await session?.end().catch(() => undefined)
    },
  }
}

const tenantIdOf = (tenant: string): string | null => (tenant === '*' ? null : tenant)
/** What is shown of a failure: a message could carry what was in the event. */
const codeOf = (error: unknown): string => (error instanceof HaechiError ? error.code : error instanceof Error ? error.name : 'unknown')
