// What was acknowledged is kept and found: intake appends to the event log, the event store follows it, the asset graph follows the store.
// Each step can be repeated from the one before. Defended by telemetry.test.ts and tests/chaos.
import { sql } from 'kysely'
import type { Assets, Observation } from '../assets/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource } from '../platform/database.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import type { EventQuery, EventStore, StoredEvent } from '../platform/event-store/port.ts'
import type { Logger } from '../platform/log.ts'
import { Counter, Gauge } from '../platform/metrics.ts'
import type { Registry } from '../platform/metrics.ts'
import { bulk } from './elastic.ts'
import type { BulkAnswer } from './elastic.ts'
import { IntakeInterrupted, takeIn } from './intake.ts'
import type { IntakeTotals } from './intake.ts'
import { checkFilter, parseQuery } from './query.ts'
import type { EventFilter } from './query.ts'
import { openSources } from './sources.ts'
import type { Source } from './sources.ts'
import type { Language } from '../platform/errors.ts'

export type { IntakeTotals } from './intake.ts'
export { telemetryRoutes } from './routes.ts'
export const telemetryMigrations: MigrationSource = { context: 'telemetry', directory: new URL('./migrations/', import.meta.url) }

/** Who sends what. `batchKey` names this very request, so that a repeat is recognised. */
export type Sending = { readonly tenantId: string; readonly source: string; readonly keyId: string | null; readonly backfill: boolean; readonly batchKey: string | null }

/** `from` and `to` in ms since the epoch, T1. `query` is the search language of query.ts; `filter` says the same by field. */
export type Hunt = { readonly query?: string; readonly filter?: EventFilter; readonly from?: number; readonly to?: number }

export type SourceHealth = Source & {
  /** Events that the store holds, those of unknown shape, and late or future ones. */
  readonly stored: number; readonly unknownShape: number; readonly late: number; readonly future: number
  readonly lastEventAt: number | null
  /** Events a second over the last five minutes. */
  readonly rate: number
  /** ms between an event's own time and its receipt, of the last event. */
  readonly lag: number | null
}

export interface Telemetry {
  /** NDJSON in; resolves when everything counted as accepted is durable. Errors: IntakeInterrupted with what had been kept. */
  ingest(sending: Sending, body: AsyncIterable<Uint8Array>): Promise<IntakeTotals>
  /** The same for the body of Elasticsearch's _bulk. */
  bulk(sending: Sending, body: AsyncIterable<Uint8Array>, index: string, language: Language): Promise<BulkAnswer>
  search(tenantId: string, hunt: Hunt, page: { limit: number; cursor?: string; fields?: readonly string[] }): Promise<{ events: StoredEvent[]; next: string | null }>
  count(tenantId: string, hunt: Hunt): Promise<number>
  /** At most `buckets` buckets of equal, round width between from and to, or, where they are not given, over all that matches. */
  histogram(tenantId: string, hunt: Hunt, buckets: number): Promise<{ bucketMs: number; buckets: { start: number; count: number }[] }>
  /** Offsets of the tenant's log: what is durable, and what can be searched. */
  progress(tenantId: string, through?: number, signal?: AbortSignal): Promise<{ durable: number; searchable: number }>
  sources(tenantId: string): Promise<SourceHealth[]>
  sourceNames(tenantId: string): Promise<ReadonlyMap<string, string>>
  /** Tells the asset graph what became searchable since the last call. */
  observeAssets(tenantId: string): Promise<void>
  /** Drops what is older than the retention allows, counted from receipt. */
  retain(tenantId: string): Promise<void>
  start(): void
  close(): Promise<void>
}

export type TelemetryOptions = {
  database: Database; log: Logger; clock: Clock; metrics: Registry; assets: Assets; eventLog: EventLog; eventStore: EventStore
  retention: { eventDays: number; logDays: number }
}

const day = 86_400_000
const rateWindow = 300_000
const rateStep = 10_000
const sweepEvery = 2_000

export function openTelemetry({ database, log, clock, metrics, assets, eventLog, eventStore, retention }: TelemetryOptions): Telemetry {
  const sources = openSources({ database, clock, log })
  const rates = new Map<string, Map<number, number>>()
  const received = new Counter({ name: 'haechi_events_total', help: 'Events received, by what became of them', labelNames: ['outcome'], registers: [metrics] })
  const behind = new Gauge({
    name: 'haechi_event_store_lag_events', help: 'Durable events that cannot be searched yet', registers: [metrics],
    collect() { this.set(eventLog.tenants().reduce((sum, tenant) => sum + eventLog.end(tenant) - eventStore.searchable(tenant), 0)) },
  })
  void behind
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let closed = false

  const send = async <T>(sending: Sending, work: (destination: Parameters<typeof takeIn>[2]) => Promise<{ totals: IntakeTotals; answer: T }>): Promise<T> => {
    const sourceId = await sources.identify(sending.tenantId, sending.source)
    const tally = (totals: IntakeTotals) => {
      sources.count(sending.tenantId, sourceId, totals, sending.keyId)
      for (const outcome of ['accepted', 'rejected', 'duplicate'] as const) received.inc({ outcome }, totals[outcome])
      const steps = rates.get(sourceId) ?? new Map<number, number>()
      rates.set(sourceId, steps)
      const step = Math.floor(clock.now() / rateStep)
      steps.set(step, (steps.get(step) ?? 0) + totals.accepted)
      for (const old of steps.keys()) if (old < step - rateWindow / rateStep) steps.delete(old)
    }
    try {
      const { totals, answer } = await work({ tenantId: sending.tenantId, sourceId, receivedAt: clock.now(), backfill: sending.backfill, batchKey: sending.batchKey })
      tally(totals)
      return answer
    } catch (error) {
      if (error instanceof IntakeInterrupted) tally(error.totals)
      throw error
    }
  }

  const rateOf = (sourceId: string): number => {
    const step = Math.floor(clock.now() / rateStep)
    let sum = 0
    for (const [at, count] of rates.get(sourceId) ?? []) if (at > step - rateWindow / rateStep) sum += count
    return sum / (rateWindow / 1000)
  }

  const queryOf = async (tenantId: string, hunt: Hunt): Promise<EventQuery | null> => {
    const { source, ...filter } = { ...parseQuery(hunt.query ?? ''), ...hunt.filter }
    checkFilter(filter)
    const window = { ...(hunt.from === undefined ? {} : { from: hunt.from }), ...(hunt.to === undefined ? {} : { to: hunt.to }) }
    if (source === undefined) return { ...filter, ...window }
    const id = (await sources.list(tenantId)).find(({ name }) => name === source)?.id
    // A source that never sent has no events: nothing, not everything.
    return id === undefined ? null : { ...filter, ...window, source: id }
  }

  const telemetry: Telemetry = {
    ingest: (sending, body) => send(sending, async (destination) => {
      const totals = await takeIn(eventLog, body, destination)
      return { totals, answer: totals }
    }),
    bulk: (sending, body, index, language) => send(sending, (destination) => bulk(eventLog, body, destination, index, language)),

    async search(tenantId, hunt, page) {
      const query = await queryOf(tenantId, hunt)
      return query === null ? { events: [], next: null } : await eventStore.search(tenantId, { ...query, ...page })
    },
    async count(tenantId, hunt) {
      const query = await queryOf(tenantId, hunt)
      return query === null ? 0 : await eventStore.count(tenantId, query)
    },
    async histogram(tenantId, hunt, buckets) {
      const query = await queryOf(tenantId, hunt)
      if (query === null) return { bucketMs: day, buckets: [] }
      let { from, to } = hunt
      if (from === undefined || to === undefined) {
        // Whoever names no window means all of it: the days that hold something say how wide that is.
        const days = await eventStore.histogram(tenantId, query, day)
        from ??= days[0]?.start ?? 0
        to ??= (days.at(-1)?.start ?? 0) + day
      }
      const bucketMs = roundWidth((to - from) / buckets)
      return { bucketMs, buckets: await eventStore.histogram(tenantId, { ...query, from, to }, bucketMs) }
    },

    async progress(tenantId, through, signal) {
      if (through !== undefined) await eventStore.waitFor(tenantId, through, signal).catch((error: unknown) => { if (signal?.aborted !== true) throw error })
      return { durable: eventLog.end(tenantId), searchable: eventStore.searchable(tenantId) }
    },

    async sources(tenantId) {
      const [rows, statistics] = [await sources.list(tenantId), await eventStore.statistics(tenantId)]
      return rows.map((source) => {
        const stored = statistics.find(({ source: id }) => id === source.id)
        return {
          ...source, stored: stored?.events ?? 0, unknownShape: stored?.unknownShapes ?? 0, late: stored?.late ?? 0, future: stored?.future ?? 0,
          lastEventAt: stored?.lastTime ?? null, rate: rateOf(source.id),
          lag: stored?.lastTime == null || stored.lastReceivedAt == null ? null : stored.lastReceivedAt - stored.lastTime,
        }
      })
    },
    sourceNames: async (tenantId) => new Map((await sources.list(tenantId)).map(({ id, name }) => [id, name])),

    async observeAssets(tenantId) {
      const through = eventStore.searchable(tenantId)
      const { rows: [row] } = await database.read(tenantId, (tx) => sql<{ through_offset: string }>`SELECT through_offset FROM telemetry_observed WHERE tenant_id = ${tenantId}`.execute(tx))
      const after = Number(row?.through_offset ?? 0)
      if (through <= after) return
      // Many sightings name the same few things.
      const observations = new Map<string, Observation>()
      for (const { host, user, address, first, last } of await eventStore.entities(tenantId, after, through)) {
        for (const [kind, name] of [['host', host], ['user', user], ['address', address]] as const) {
          if (name === null) continue
          const before = observations.get(`${kind} ${name}`)
          observations.set(`${kind} ${name}`, { kind, name, firstSeen: Math.min(first, before?.firstSeen ?? first), lastSeen: Math.max(last, before?.lastSeen ?? last) })
        }
      }
      await database.tenant(tenantId, async (tx) => {
        await assets.observe(tx, tenantId, [...observations.values()])
        await sql`INSERT INTO telemetry_observed (tenant_id, through_offset) VALUES (${tenantId}, ${through})
          ON CONFLICT (tenant_id) DO UPDATE SET through_offset = greatest(telemetry_observed.through_offset, excluded.through_offset)`.execute(tx)
      })
    },

    async retain(tenantId) {
      const now = clock.now()
      const { droppedEvents, heldBy } = await eventLog.dropBefore(tenantId, now - retention.logDays * day)
      const dropped = await eventStore.dropBefore(tenantId, now - retention.eventDays * day)
      if (droppedEvents > 0 || dropped > 0) log.info({ tenant: tenantId, log: droppedEvents, store: dropped }, 'retention dropped events')
      if (heldBy !== null) log.warn({ tenant: tenantId, consumer: heldBy }, 'retention is held back by a consumer of the event log')
    },

    start() {
      const sweep = async () => {
        await sources.flush()
        for (const tenantId of eventLog.tenants()) {
          if (closed) return
          await telemetry.observeAssets(tenantId).catch((error: unknown) => log.warn({ err: error, tenant: tenantId }, 'asset graph not told yet; will be'))
        }
      }
      timer = setInterval(() => { sweeping = sweeping.then(sweep) }, sweepEvery)
    },
    async close() {
      closed = true
      clearInterval(timer)
      await sweeping
      await sources.flush()
    },
  }
  return telemetry
}

const widths = [1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 43_200_000, day, 7 * day, 30 * day, 90 * day, 365 * day]
const roundWidth = (least: number) => widths.find((width) => width >= least) ?? Math.ceil(least / day) * day
