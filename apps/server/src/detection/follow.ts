// Follows every tenant's log, in turns. What a stretch of the log held and the checkpoint behind it are kept in one transaction that moves the checkpoint from
// where the search began, so whatever dies in between, each event is searched once. A stretch that ends the thread again and again is halved until the one
// event is found; it is passed over as a gap that is counted, logged and kept. Defended by follow.integration.test.ts.
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import type { Logger } from '../platform/log.ts'
import { mergeAll, noFindings } from './fold.ts'
import type { Finding } from './fold.ts'
import type { Gap, RuleHits, Slice, Volume } from './messages.ts'
import { SearchFailed, SearchUntold } from './searcher.ts'
import type { Searcher } from './searcher.ts'
import { addHits, addVolumes, checkpoints, keepFindings, lostIn, moveCheckpoint } from './store.ts'
import type { Found } from './store.ts'

/** A stretch that failed: `until` is its end, `size` how much is tried at once now. */
type Trouble = { until: number; size: number; tries: number; halving: boolean }
type Followed = {
  readonly tenant: string
  /** Searched in memory, kept in the database, and told to others: everything before `visible` was searched and its alerts are kept. */
  searched: number
  committed: number
  visible: number
  pending: Found | null
  /** Alerts that were kept: more of them can wait a moment, new ones are told of at once. */
  readonly told: Set<string>
  flushing: Promise<void> | null
  flushingFindings: boolean
  /** Until they are kept the search waits: a new thread must know what it is to pass over. */
  flushingGaps: boolean
  lazy: NodeJS.Timeout | undefined
  pause: NodeJS.Timeout | undefined
  trouble: Trouble | null
}

export type FollowOptions = {
  database: Database; eventLog: EventLog; clock: Clock; log: Logger; searcher: Searcher
  /** Tells the thread what is in force for a tenant, where that has changed. */
  prepare(tenantId: string): Promise<void>
  /** What else belongs to the transaction. */
  keep(tx: Transaction, tenantId: string, found: Found, raised: readonly Finding[]): Promise<void>
  /** After the commit. */
  kept(tenantId: string, found: Found, raised: readonly Finding[], suppressed: number): void
  /** Tests: called inside the transaction, before its commit. */
  beforeCommit?: (tenantId: string, found: Found) => Promise<void>
}

/** Events searched at once: small enough that tenants take turns. */
const sliceEvents = 4_000
/** Events that may wait for their commit while the next are searched. */
const pendingEvents = 8_000
/** The checkpoint behind events that matched nothing, or only what is an alert already, is moved this late: what is searched again after a kill finds the same. */
const lazyMs = 500
const toldMost = 20_000
const triesWhole = 3
const triesSingle = 2

export function openFollow({ database, eventLog, clock, log, searcher, prepare, keep, kept, beforeCommit }: FollowOptions) {
  const tenants = new Map<string, Followed>()
  const queue: string[] = []
  const queued = new Set<string>()
  const watchers = new Set<() => void>()
  /** Erased: their names come never again. */
  const forgotten = new Set<string>()
  let wake: () => void = () => undefined
  let closed = false
  let running: Promise<void> = Promise.resolve()
  let stopListening: () => void = () => undefined
  const release = eventLog.hold('detection', (tenant) => tenants.get(tenant)?.committed ?? 0)

  function follow(tenant: string, from?: number): Followed {
    let of = tenants.get(tenant)
    if (of === undefined) {
      const start = from ?? eventLog.start(tenant)
      of = { tenant, searched: start, committed: start, visible: start, pending: null, told: new Set(), flushing: null, flushingFindings: false, flushingGaps: false, lazy: undefined, pause: undefined, trouble: null }
      tenants.set(tenant, of)
    }
    return of
  }

  function enqueue(tenant: string): void {
    if (closed || queued.has(tenant) || forgotten.has(tenant)) return
    queued.add(tenant)
    queue.push(tenant)
    wake()
  }

  async function run(): Promise<void> {
    for (;;) {
      if (closed) return
      const tenant = queue.shift()
      if (tenant === undefined) {
        await new Promise<void>((resolve) => { wake = resolve })
        continue
      }
      queued.delete(tenant)
      if (forgotten.has(tenant)) continue
      const of = follow(tenant)
      // Whoever waits for its commit comes back with it.
      if (of.pause !== undefined || of.flushingGaps || (of.flushing !== null && (of.trouble !== null || eventsIn(of.pending) >= pendingEvents))) continue
      await turn(of)
      if (of.searched < eventLog.end(tenant) && of.pause === undefined) enqueue(tenant)
    }
  }

  async function turn(of: Followed): Promise<void> {
    const { tenant, searched: from } = of
    const end = eventLog.end(tenant)
    if (from >= end) return
    try {
      await prepare(tenant)
    } catch (error) {
      if (!closed) log.error({ err: error, tenant }, 'Detection cannot get what is in force for the tenant; it tries again')
      return later(of, 1_000)
    }
    const most = Math.min(of.trouble?.size ?? sliceEvents, end - from)
    let slice: Slice
    try {
      slice = await searcher.search({ tenant, from, end, most })
    } catch (error) {
      if (closed) return
      if (error instanceof SearchUntold) later(of, 50)
      else failed(of, from, most, error)
      return
    }
    // Correlations read again what is before `from`; the tenant's next turn goes on with it.
    if (slice.again !== null) return
    take(of, from, slice)
    if (of.trouble !== null) {
      await flush(of)
      // Set back where it could not be kept.
      if (of.searched > from) passed(of)
    }
  }

  function later(of: Followed, milliseconds: number): void {
    if (closed) return
    clearTimeout(of.pause)
    of.pause = setTimeout(() => {
      of.pause = undefined
      enqueue(of.tenant)
    }, milliseconds)
  }

  /** The stretch from `from` could not be searched or kept. */
  function failed(of: Followed, from: number, size: number, error: unknown): void {
    if (forgotten.has(of.tenant)) return
    const reason = error instanceof Error ? error.message : 'unknown'
    const trouble = of.trouble ??= { until: from + size, size, tries: 0, halving: false }
    trouble.tries++
    log.error({ tenant: of.tenant, from, events: size, tries: trouble.tries, reason, ...(error instanceof SearchFailed ? {} : { err: error }) }, 'A stretch of the event log could not be searched for attacks')
    if (trouble.size > 1 ? trouble.halving || trouble.tries >= triesWhole : trouble.tries >= triesSingle) {
      if (trouble.size > 1) Object.assign(trouble, { size: Math.ceil(trouble.size / 2), tries: 0, halving: true })
      else {
        log.error({ code: 'event_not_searched', tenant: of.tenant, offset: from, reason }, new HaechiError('event_not_searched', { offset: from, reason }).message)
        take(of, from, { next: from + 1, events: 0, gaps: [{ from, to: from + 1, reason: `search_failed:${reason}`.slice(0, 200) }], findings: noFindings(), volumes: new Map(), faults: {}, hits: new Map(), costs: new Map(), state: null, again: null })
        passed(of)
      }
    }
    later(of, 50)
  }

  function passed(of: Followed): void {
    const { trouble } = of
    if (trouble === null) return
    if (of.searched >= trouble.until) of.trouble = null
    else Object.assign(trouble, { size: trouble.until - of.searched, tries: 0 })
  }

  function take(of: Followed, from: number, slice: Slice): void {
    // The place was set back meanwhile.
    if (of.searched !== from) return
    of.searched = slice.next
    const empty = slice.findings.findings.size === 0
    if (empty && !of.flushingFindings && (of.pending?.findings.findings.size ?? 0) === 0) show(of, slice.next)
    of.pending = of.pending === null ? foundIn(from, slice) : join(of.pending, slice)
    if (isUrgent(of, slice) || eventsIn(of.pending) >= pendingEvents) void flush(of)
    else of.lazy ??= setTimeout(() => void flush(of), lazyMs)
  }

  function show(of: Followed, through: number): void {
    if (through <= of.visible) return
    of.visible = through
    for (const watcher of watchers) watcher()
  }

  function flush(of: Followed): Promise<void> {
    if (of.flushing !== null) return of.flushing
    clearTimeout(of.lazy)
    of.lazy = undefined
    const found = of.pending
    if (found === null) return Promise.resolve()
    of.pending = null
    of.flushingFindings = found.findings.findings.size > 0
    of.flushingGaps = found.gaps.length > 0
    of.flushing = commit(of, found).finally(() => {
      of.flushing = null
      of.flushingFindings = of.flushingGaps = false
      if (of.pending !== null && isUrgent(of, of.pending)) void flush(of)
      else if (of.pending !== null) {
        if (of.pending.findings.findings.size === 0) show(of, of.pending.next)
        of.lazy ??= setTimeout(() => void flush(of), lazyMs)
      }
      enqueue(of.tenant)
    })
    return of.flushing
  }

  async function commit(of: Followed, found: Found): Promise<void> {
    const { tenant } = of
    for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
      try {
        let raised: Finding[] = []
        let suppressed = 0
        const elsewhere = await database.tenant(tenant, async (tx) => {
          const now = clock.now()
          const there = await moveCheckpoint(tx, tenant, found, now)
          if (there !== null) return there
          const alerts = await keepFindings(tx, tenant, found.findings, now)
          raised = alerts.raised
          suppressed = alerts.suppressed.length
          await addVolumes(tx, tenant, found.volumes)
          await addHits(tx, tenant, found.hits)
          await keep(tx, tenant, found, raised)
          await beforeCommit?.(tenant, found)
          return null
        })
        if (elsewhere !== null && elsewhere !== found.next) {
          log.warn({ tenant, from: found.from, next: found.next, there: elsewhere }, 'The detection checkpoint was moved by somebody else; searching goes on from there')
          setBack(of, elsewhere)
          show(of, elsewhere)
          return
        }
        of.committed = found.next
        if (of.told.size > toldMost) of.told.clear()
        for (const id of found.findings.findings.keys()) of.told.add(id)
        show(of, found.next)
        // A commit whose answer was lost had been told of nothing.
        kept(tenant, found, raised, suppressed)
        for (const gap of found.gaps) log.error({ code: 'event_not_searched', tenant, ...gap }, 'A stretch of the event log was passed over by detection')
        return
      } catch (error) {
        if (closed) return
        if (!(error instanceof HaechiError && (error.code === 'database_unavailable' || error.code === 'database_full'))) {
          setBack(of, of.committed)
          return failed(of, found.from, found.next - found.from, error)
        }
        log.warn({ err: error, tenant }, 'What detection found waits for the database')
        await new Promise<void>((resolve) => { setTimeout(resolve, wait) })
        if (closed) return
      }
    }
  }

  function setBack(of: Followed, to: number): void {
    of.pending = null
    of.searched = of.committed = to
  }

  return {
    /** Reads the checkpoints; searching begins with `ready`. */
    async start(ready: Promise<void>): Promise<void> {
      for (const [tenant, next] of await database.platform(checkpoints)) follow(tenant, next)
      stopListening = eventLog.onDurable(enqueue)
      for (const tenant of eventLog.tenants()) enqueue(tenant)
      running = ready.then(run)
    },
    /** Searches the tenant's log no more and keeps nothing of what was found in it since. Before the log is erased. */
    async forget(tenant: string): Promise<void> {
      forgotten.add(tenant)
      const of = tenants.get(tenant)
      if (of === undefined) return
      tenants.delete(tenant)
      // A search under way brings its stretch back to a place that is none.
      setBack(of, -1)
      clearTimeout(of.pause)
      clearTimeout(of.lazy)
      await of.flushing
      clearTimeout(of.lazy)
    },
    detected: (tenant: string): number => tenants.get(tenant)?.visible ?? 0,
    lag: (): number => eventLog.tenants().reduce((sum, tenant) => sum + Math.max(0, eventLog.end(tenant) - (tenants.get(tenant)?.visible ?? 0)), 0),
    /** Called whenever more was searched. Returns the way to stop it. */
    onDetected(watcher: () => void): () => void {
      watchers.add(watcher)
      return () => { watchers.delete(watcher) }
    },
    async close(): Promise<void> {
      stopListening()
      closed = true
      wake()
      // A search under way ends with its thread, one for which there is time with its slice.
      await running
      for (const of of tenants.values()) {
        clearTimeout(of.pause)
        await of.flushing
        await flush(of)
        clearTimeout(of.lazy)
      }
      release()
    },
  }
}

const isUrgent = ({ told }: Followed, { findings: { findings }, gaps }: Pick<Slice, 'findings' | 'gaps'>): boolean => gaps.length > 0 || findings.keys().some((id) => !told.has(id))
const eventsIn = (found: Found | null): number => (found === null ? 0 : found.next - found.from)

const foundIn = (from: number, { next, findings, gaps, volumes, faults, hits, costs, state }: Slice): Found => ({ from, next, findings, gaps, volumes, faults, hits, costs, state })

function join(earlier: Found, later: Slice): Found {
  mergeAll(earlier.findings, later.findings)
  const volumes = new Map<number, Volume>(earlier.volumes)
  for (const [hour, { events, matches }] of later.volumes) {
    const before = volumes.get(hour)
    volumes.set(hour, { events: (before?.events ?? 0) + events, matches: (before?.matches ?? 0) + matches })
  }
  const faults: Record<string, number> = { ...earlier.faults }
  for (const [code, count] of Object.entries(later.faults)) faults[code] = (faults[code] ?? 0) + count
  const hits = new Map<string, RuleHits>(earlier.hits)
  for (const [key, one] of later.hits) {
    const before = hits.get(key)
    hits.set(key, before === undefined ? one : { ...one, hits: before.hits + one.hits, lastAt: Math.max(before.lastAt, one.lastAt) })
  }
  return { from: earlier.from, next: later.next, findings: earlier.findings, gaps: [...earlier.gaps, ...later.gaps] satisfies Gap[], volumes, faults, hits, costs: new Map([...earlier.costs, ...later.costs]), state: later.state ?? earlier.state }
}

export const skippedIn = (found: Found): number => lostIn(found.gaps)
