// Every acknowledged event is searched for attacks exactly once: alerts, counts, the checkpoint and the word of new alerts move in one transaction.
// Defended by follow.integration.test.ts (kills between match and commit) and tests/chaos.
import { setTimeout as delay } from 'node:timers/promises'
import type { Audit, AuditActor } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Transaction } from '../platform/database.ts'
import { errorEntry, HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { Counter, Gauge, Histogram } from '../platform/metrics.ts'
import type { Registry } from '../platform/metrics.ts'
import type { Outbox } from '../platform/outbox.ts'
import type { Packs } from '../platform/packs.ts'
import type { Sealer } from '../platform/secrets.ts'
import { openCorrelationState } from './correlation-state.ts'
import type { Finding } from './fold.ts'
import { openFollow, skippedIn } from './follow.ts'
import type { FollowOptions } from './follow.ts'
import { openInForce } from './in-force.ts'
import type { IntelPort } from './in-force.ts'
import type { Alert, AlertEvent, AlertStatus, AlertStep, AlertVerdict, Suppression } from './model.ts'
import { openRuleCosts } from './rule-costs.ts'
import { openRulePacks, ownPack, packNameOf } from './rule-packs.ts'
import type { RulePack } from './rule-packs.ts'
import type { RuleFacts } from './rules.ts'
import { openSearcher } from './searcher.ts'
import * as store from './store.ts'
import type { AlertFilter, RuleCounts } from './store.ts'

export type { Alert, AlertEvent, AlertIndicator, AlertProcess, AlertRule, AlertStatus, AlertVerdict, Matched, Severity, Suppression } from './model.ts'
export type { IntelPort } from './in-force.ts'
export type { RulePack } from './rule-packs.ts'
export { detectionRoutes, presentAlert, presentAlertEvent } from './routes.ts'
export const detectionMigrations: MigrationSource = { context: 'detection', directory: new URL('./migrations/', import.meta.url) }

declare module '../platform/outbox.ts' {
  interface DomainEvents {
    /** New alerts (at most 500), or reopened ones; suppressed ones are not told of. Published in the transaction that inserts them. */
    'detection.alerts_raised.v1': { alert_ids: string[] }
  }
}

/** Offsets of the tenant's event log, exclusive. `skipped`: events that could not be searched. */
export type Progress = { readonly durable: number; readonly detected: number; readonly grouped: number; readonly skipped: number }

/**
 * A rule or correlation of the packs in force; alerts of the last 30 days and how many of them were judged. `silent`: correlations that refer to it speak for it.
 * `refersTo`: ids of the rules of a correlation. `hits`: how often it was met in the last 24 hours and 7 days, and last (T2, ms).
 */
export type Rule = RuleFacts & {
  readonly enabled: boolean
  readonly alerts: number
  readonly truePositives: number
  readonly falsePositives: number
  readonly silent: boolean
  readonly refersTo: readonly string[]
  readonly hits: { readonly day: number; readonly week: number; readonly lastAt: number | null }
  /** Sampled: microseconds an event alone, and its part of all rules' together; null where it was not measured yet. */
  readonly cost: { readonly microseconds: number; readonly share: number } | null
}

export interface Detection {
  /** In the order of firstEventAt, then id; those of another tenant or unknown are left out. */
  alerts(tenantId: string, ids: readonly string[]): Promise<Alert[]>
  /** The first events of each alert (at most 20), in the order of the log, with the raw record: kept beside the alert, so it outlives retention. */
  events(tenantId: string, alertIds: readonly string[]): Promise<Map<string, AlertEvent[]>>
  /** Latest raised first. */
  page(tenantId: string, filter: AlertFilter, page: { before?: { raisedAt: number; id: string }; limit: number }): Promise<Alert[]>
  /** new or dismissed becomes attached; again changes nothing. Errors: not_found, alert_status_refused (suppressed, or of another incident). */
  attach(tx: Transaction, tenantId: string, incidentId: string, alertIds: readonly string[]): Promise<void>
  /** new becomes dismissed: looked at, alone too weak for an incident; it can still be attached later. Attached and suppressed ones stay as they are. */
  dismiss(tx: Transaction, tenantId: string, alertIds: readonly string[]): Promise<void>
  /** At close the incident's alerts take its verdict; at reopening verdict null. */
  judge(tx: Transaction, tenantId: string, incidentId: string, verdict: AlertVerdict | null): Promise<void>
  /** What a person says of one alert: dismissed with a verdict, or new again, which has it grouped anew. Errors: not_found, alert_status_refused. */
  decide(actor: AuditActor, tenantId: string, alertId: string, decision: { status: 'dismissed'; verdict: AlertVerdict } | { status: 'new' }): Promise<Alert>
  /** `grouped`: everything before it was searched, and its alerts are attached, dismissed or suppressed. Waits until `through` is grouped or the signal ends the waiting. */
  progress(tenantId: string, options?: { through: number; signal?: AbortSignal }): Promise<Progress>
  /** Stretches of the log that could not be searched, latest first. */
  gaps(tenantId: string): Promise<{ from: number; to: number; reason: string; at: number }[]>
  /** Alerts that got their verdict (attached, dismissed) or were suppressed in the window. For the false positive rate. */
  closedCounts(tenantId: string, from: number, to: number): Promise<{ truePositive: number; benign: number; falsePositive: number; other: number; suppressed: number }>
  /** The funnel: events and matches by receipt (T2, whole hours), alerts by when they were raised (T3). */
  counts(tenantId: string, from: number, to: number): Promise<{ events: number; matches: number; alerts: number; suppressed: number; attached: number; dismissed: number }>
  /** Rules by alerts raised in the window, most first. `title` in that language, where the rule has it. */
  noisyRules(tenantId: string, from: number, to: number, limit: number, language: Language): Promise<RuleCounts[]>

  /** Errors: detection_unavailable. */
  rules(tenantId: string): Promise<Rule[]>
  /** Errors: not_found, detection_unavailable. */
  switchRule(actor: AuditActor, tenantId: string, ruleId: string, enabled: boolean): Promise<Rule>
  /** With tenantId null those of all tenants. */
  rulePacks(tenantId: string | null): Promise<RulePack[]>
  /** `tenantId` null: for all tenants. `license`: for rules that state none. Errors: those of Packs.install. */
  installPack(actor: AuditActor, pack: { name: string; tenantId: string | null; path: string; license: string | null }): Promise<RulePack>
  /** Errors: not_found, pack_no_previous, pack_damaged, pack_rejected. */
  rollbackPack(actor: AuditActor, pack: { name: string; tenantId: string | null }): Promise<RulePack>
  /** Errors: not_found. */
  removePack(actor: AuditActor, pack: { name: string; tenantId: string | null }): Promise<void>
  suppressions(tenantId: string): Promise<Suppression[]>
  suppress(actor: AuditActor, tenantId: string, wanted: Omit<Suppression, 'id' | 'author' | 'createdAt' | 'alerts'>): Promise<Suppression>
  /** Errors: not_found. */
  unsuppress(actor: AuditActor, tenantId: string, id: string): Promise<void>

  /** Subscribe these to 'platform.pack_switched.v1' and 'intel.feed_changed.v1'. What changed holds from the next search on. */
  packsChanged(): void
  intelChanged(): void
  /** Begins to search from the checkpoints and renews the own rules; waits for neither. */
  start(): Promise<void>
  /** Drops what no incident needs and no report reads any more: alerts dismissed or suppressed more than `alertsKept` ago, with their evidence. Answers how many. */
  retain(tenantId: string): Promise<number>
  /** Leaves a tenant that is being erased alone: nothing of it is searched or kept any more. */
  forget(tenantId: string): Promise<void>
  close(): Promise<void>
}

export type DetectionOptions = {
  database: Database; eventLog: EventLog; clock: Clock; log: Logger; metrics: Registry; outbox: Outbox; packs: Packs
  audit: Audit; intel: IntelPort
  /** Names of sources by their ids. */
  sourceNames(tenantId: string): Promise<ReadonlyMap<string, string>>
  /** The folder of the log and the sealer that it was opened with. */
  logFolder: string
  sealer: Sealer
  /** The folder of Haechi's own rules. */
  ownRules: string
  /** Tests: an event that holds this text ends the thread. */
  dieOn?: string
  /** Tests: the state of correlations is kept after so many events. */
  saveEvents?: number
  /** Tests. */
  beforeCommit?: FollowOptions['beforeCommit']
}

const idsATime = 500
const rejectedMost = 1_000
const ruleWindow = 30 * 86_400_000
/** A report compares three months; what is held for grouping is younger. */
const alertsKept = 130 * 86_400_000
/** How often is looked whether alerts were grouped meanwhile. */
const lookEvery = 100

export function openDetection(options: DetectionOptions): Detection {
  const { database, eventLog, clock, log, metrics, outbox, packs, audit, intel } = options
  const counters = openCounters(metrics, () => follow.lag())
  const rulePacks = openRulePacks({ packs, database, log })
  const ruleCosts = openRuleCosts({ database, log })
  const states = openCorrelationState({ database, eventLog, log })
  const searcher = openSearcher({ logFolder: options.logFolder, states, sealer: options.sealer, log, dieOn: options.dieOn ?? null, ...(options.saveEvents === undefined ? {} : { saveEvents: options.saveEvents }), onRestart: () => counters.restarts.inc() })
  const inForce = openInForce({ database, rulePacks, intel, searcher })
  const follow = openFollow({
    database, eventLog, clock, log, searcher, prepare: inForce.prepare,
    async keep(tx, tenantId, { findings }, raised) {
      const sightings = new Map<string, { type: string; value: string; count: number; at: number }>()
      for (const { indicators: [indicator], kind, eventCount, lastEventAt } of findings.findings.values()) {
        if (kind !== 'indicator' || indicator === undefined) continue
        const key = `${indicator.type} ${indicator.value}`
        const before = sightings.get(key)
        sightings.set(key, { type: indicator.type, value: indicator.value, count: (before?.count ?? 0) + eventCount, at: Math.max(before?.at ?? 0, lastEventAt) })
      }
      if (sightings.size > 0) await intel.sighted(tx, tenantId, [...sightings.values()])
      await tellOf(tx, tenantId, raised.map(({ id }) => id))
    },
    kept(tenantId, found, raised, suppressed) {
      ruleCosts.learn(tenantId, found.costs)
      if (found.state !== null) states.keep(tenantId, found.state)
      counters.kept(found, raised, suppressed, clock.now())
    },
    ...(options.beforeCommit === undefined ? {} : { beforeCommit: options.beforeCommit }),
  })

  async function tellOf(tx: Transaction, tenantId: string, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += idsATime) await outbox.publish(tx, { type: 'detection.alerts_raised.v1', tenantId, payload: { alert_ids: ids.slice(at, at + idsATime) } })
  }

  /** Errors: not_found, alert_status_refused. */
  async function stepAll(tx: Transaction, tenantId: string, ids: readonly string[], step: AlertStep): Promise<void> {
    const { there, refused } = await store.takeStep(tx, tenantId, { ids }, step, clock.now())
    const missing = ids.find((id) => !there.has(id))
    if (missing !== undefined) throw new HaechiError('not_found', { what: `alert ${missing}` })
    const [first] = refused
    if (first !== undefined) throw new HaechiError('alert_status_refused', { alert: first.id, status: first.status, wanted: step.to === 'reopened' ? 'new' : step.to })
  }

  const scoped = <T>(tenantId: string | null, work: (tx: Transaction) => Promise<T>): Promise<T> => (tenantId === null ? database.platform(work) : database.tenant(tenantId, work))
  const findPack = async (name: string, tenantId: string | null): Promise<RulePack> => {
    const found = (await rulePacks.list(tenantId)).find((pack) => pack.name === name && pack.tenantId === tenantId)
    if (found === undefined) throw new HaechiError('not_found', { what: `pack ${name}` })
    return found
  }

  const closing = new AbortController()
  let installing: Promise<void> = Promise.resolve()
  /** Resolves with whether it is settled: the own rules are renewed, or are such that no other try would help. */
  async function renewOwnRules(): Promise<boolean> {
    try {
      await packs.install(packNameOf(ownPack, null), { type: 'directory', path: options.ownRules })
      inForce.packsChanged()
      return true
    } catch (error) {
      log.error({ err: error, path: options.ownRules }, 'Haechi\'s own rules could not be installed; those in force before stay')
      // A folder that is not there keeps nobody waiting: other packs may be in force.
      return error instanceof HaechiError && (error.code === 'pack_source_unreadable' || !errorEntry(error.code).retry)
    }
  }
  async function settleOwnRules(first: Promise<boolean>): Promise<void> {
    let settled = await first
    for (let pause = 500; !settled && !closing.signal.aborted; pause = Math.min(2 * pause, 30_000)) {
      await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
      if (!closing.signal.aborted) settled = await renewOwnRules()
    }
  }
  async function prepared(tenantId: string): Promise<void> {
    await installing
    await inForce.prepare(tenantId).catch((cause: unknown) => {
      throw cause instanceof HaechiError ? cause : new HaechiError('detection_unavailable', { reason: cause instanceof Error ? cause.message : 'unknown' }, { cause })
    })
  }

  const detection: Detection = {
    alerts: (tenantId, ids) => (ids.length === 0 ? Promise.resolve([]) : database.read(tenantId, (db) => store.byIds(db, tenantId, ids))),
    async events(tenantId, alertIds) {
      const events = new Map<string, AlertEvent[]>(alertIds.map((id) => [id, []]))
      if (alertIds.length === 0) return events
      const names = await options.sourceNames(tenantId)
      for (const row of await database.read(tenantId, (db) => store.eventsOf(db, tenantId, alertIds))) {
        events.get(row.alert_id)!.push({
          offset: Number(row.log_offset), eventId: row.event_id, time: Number(row.time), receivedAt: Number(row.received_at), source: names.get(row.source) ?? row.source, matched: row.matched, process: row.process, raw: row.raw,
        })
      }
      return events
    },
    page: (tenantId, filter, { before, limit }) => database.read(tenantId, (db) => store.page(db, tenantId, filter, before, limit)),

    attach: (tx, tenantId, incidentId, alertIds) => stepAll(tx, tenantId, alertIds, { to: 'attached', incidentId }),
    async dismiss(tx, tenantId, alertIds) { await store.takeStep(tx, tenantId, { ids: alertIds }, { to: 'dismissed', verdict: null }, clock.now()) },
    async judge(tx, tenantId, incidentId, verdict) { await store.takeStep(tx, tenantId, { incidentId }, { to: 'judged', verdict }, clock.now()) },
    async decide(actor, tenantId, alertId, decision) {
      await database.tenant(tenantId, async (tx) => {
        await stepAll(tx, tenantId, [alertId], decision.status === 'new' ? { to: 'reopened' } : { to: 'dismissed', verdict: decision.verdict })
        if (decision.status === 'new') await tellOf(tx, tenantId, [alertId])
        await audit.record(tx, { tenantId, actor, action: `alert.${decision.status === 'new' ? 'reopen' : 'dismiss'}`, resource: { kind: 'alert', id: alertId }, detail: { ...decision } })
      })
      return (await detection.alerts(tenantId, [alertId]))[0]!
    },

    async progress(tenantId, wanted) {
      const look = async (): Promise<Progress> => {
        // What is not searched yet cannot have been grouped, so this comes first.
        const detected = follow.detected(tenantId)
        const { waiting, skipped } = await database.read(tenantId, (db) => store.progress(db, tenantId))
        return { durable: eventLog.end(tenantId), detected, grouped: Math.min(detected, waiting ?? detected), skipped }
      }
      for (;;) {
        const found = await look()
        if (wanted === undefined || found.grouped >= wanted.through || wanted.signal?.aborted === true) return found
        let stop: () => void = () => undefined
        const more = new Promise<void>((resolve) => { stop = follow.onDetected(() => { if (follow.detected(tenantId) > found.detected) resolve() }) })
        await Promise.race([more, delay(lookEvery)])
        stop()
      }
    },
    gaps: (tenantId) => database.read(tenantId, (db) => store.gaps(db, tenantId)),
    closedCounts: (tenantId, from, to) => database.read(tenantId, (db) => store.closedCounts(db, tenantId, from, to)),
    counts: (tenantId, from, to) => database.read(tenantId, (db) => store.counts(db, tenantId, from, to)),
    noisyRules: (tenantId, from, to, limit, language) => database.read(tenantId, (db) => store.ruleCounts(db, tenantId, from, to, limit, language)),

    async rules(tenantId) {
      await prepared(tenantId)
      const now = clock.now()
      const [costs, states, hits, counts] = await Promise.all([
        ruleCosts.of(tenantId),
        database.read(tenantId, (db) => store.ruleStates(db, tenantId)),
        database.read(tenantId, (db) => store.ruleHits(db, tenantId, now)),
        database.read(tenantId, (db) => store.ruleCounts(db, tenantId, now - ruleWindow, now + 1, null)),
      ])
      const byId = new Map(counts.map((one) => [one.ruleId, one]))
      const { silent, refers } = inForce.linking(tenantId)
      const silenced = new Set(silent)
      const inForceNow = inForce.rules(tenantId)
      const all = inForceNow.reduce((sum, { rule: { id } }) => sum + (costs.get(id) ?? 0), 0)
      const costOf = (id: string) => {
        const cost = costs.get(id)
        return cost === undefined ? null : { microseconds: cost, share: all === 0 ? 0 : cost / all }
      }
      return inForceNow.flatMap((facts) => {
        const { id } = facts.rule
        // A correlation that leads nowhere is listed with its pack.
        if (facts.correlation !== null && !refers.has(id)) return []
        const of = byId.get(id)
        return {
          ...facts, enabled: states.get(id) ?? facts.on, alerts: of?.alerts ?? 0, truePositives: of?.truePositive ?? 0, falsePositives: of?.falsePositive ?? 0,
          silent: silenced.has(id), refersTo: refers.get(id) ?? [], hits: hits.get(id) ?? { day: 0, week: 0, lastAt: null }, cost: costOf(id),
        }
      })
    },
    async switchRule(actor, tenantId, ruleId, enabled) {
      const rule = (await detection.rules(tenantId)).find((one) => one.rule.id === ruleId)
      if (rule === undefined) throw new HaechiError('not_found', { what: `rule ${ruleId}` })
      await database.tenant(tenantId, async (tx) => {
        await store.setRuleState(tx, tenantId, ruleId, enabled, actor.id, clock.now())
        await audit.record(tx, { tenantId, actor, action: enabled ? 'rule.enable' : 'rule.disable', resource: { kind: 'rule', id: ruleId }, detail: { title: rule.rule.title } })
      })
      inForce.tenantChanged(tenantId)
      return { ...rule, enabled }
    },

    async rulePacks(tenantId) {
      const listed = await rulePacks.list(tenantId)
      if (tenantId === null) return listed
      // What a document says of others is found out among all packs in force.
      await prepared(tenantId).catch(() => undefined)
      const { rejected } = inForce.linking(tenantId)
      return listed.map((pack) => {
        const unlinked = rejected.filter((one) => one.pack === pack.name).map(({ file, line, code, reason }) => ({ file, line, code, reason }))
        const { report } = pack
        return unlinked.length === 0 ? pack : { ...pack, report: { accepted: report.accepted - unlinked.length, rejectedCount: report.rejectedCount + unlinked.length, rejected: [...report.rejected, ...unlinked].slice(0, rejectedMost) } }
      })
    },
    async installPack(actor, { name, tenantId, path, license }) {
      const { pack } = await packs.install(packNameOf(name, tenantId), { type: 'directory', path })
      await scoped(tenantId, async (tx) => {
        await store.setPackLicense(tx, tenantId, name, license)
        await audit.record(tx, { tenantId, actor, action: 'rule_pack.install', resource: { kind: 'rule_pack', id: name }, detail: { path, version: pack.version, license, accepted: pack.report.accepted, rejected: pack.report.rejectedCount } })
      })
      inForce.packsChanged()
      return await findPack(name, tenantId)
    },
    async rollbackPack(actor, { name, tenantId }) {
      const { version } = await packs.rollback(packNameOf(name, tenantId))
      await scoped(tenantId, (tx) => audit.record(tx, { tenantId, actor, action: 'rule_pack.rollback', resource: { kind: 'rule_pack', id: name }, detail: { version } }))
      inForce.packsChanged()
      return await findPack(name, tenantId)
    },
    async removePack(actor, { name, tenantId }) {
      await packs.remove(packNameOf(name, tenantId))
      await scoped(tenantId, async (tx) => {
        await store.setPackLicense(tx, tenantId, name, null)
        await audit.record(tx, { tenantId, actor, action: 'rule_pack.remove', resource: { kind: 'rule_pack', id: name } })
      })
      inForce.packsChanged()
    },

    suppressions: (tenantId) => database.read(tenantId, (db) => store.suppressions(db, tenantId)),
    async suppress(actor, tenantId, wanted) {
      const one: Suppression = { ...wanted, id: newId('sup', clock.now()), author: actor.name, createdAt: clock.now(), alerts: 0 }
      await database.tenant(tenantId, async (tx) => {
        await store.addSuppression(tx, tenantId, one)
        await audit.record(tx, { tenantId, actor, action: 'suppression.create', resource: { kind: 'suppression', id: one.id }, detail: { ...wanted } })
      })
      inForce.tenantChanged(tenantId)
      return one
    },
    async unsuppress(actor, tenantId, id) {
      await database.tenant(tenantId, async (tx) => {
        if (!await store.removeSuppression(tx, tenantId, id, clock.now())) throw new HaechiError('not_found', { what: `suppression ${id}` })
        await audit.record(tx, { tenantId, actor, action: 'suppression.remove', resource: { kind: 'suppression', id } })
      })
      inForce.tenantChanged(tenantId)
    },

    packsChanged: inForce.packsChanged,
    intelChanged: inForce.intelChanged,
    async start() {
      const known = (await rulePacks.list(null)).some(({ name, tenantId }) => name === ownPack && tenantId === null)
      const first = renewOwnRules()
      installing = first.then(() => undefined)
      const settled = settleOwnRules(first)
      // The very first search waits for rules, however often it takes to install them: what was searched without them is not searched again. Later ones begin with those of before.
      await follow.start(known ? Promise.resolve() : settled)
    },
    retain: (tenantId) => database.tenant(tenantId, (tx) => store.retain(tx, tenantId, clock.now() - alertsKept, clock.now())),
    async forget(tenantId) {
      await follow.forget(tenantId)
      await states.forget(tenantId)
      ruleCosts.forget(tenantId)
    },
    async close() {
      closing.abort()
      await installing
      const stopped = follow.close()
      // A search that does not end is not waited for: its events are searched again at the next start.
      await Promise.race([stopped, delay(2_000, undefined, { ref: false })])
      await searcher.close()
      await stopped
      await states.close()
      await ruleCosts.close()
    },
  }
  return detection
}

function openCounters(metrics: Registry, lag: () => number) {
  const registers = [metrics]
  const behind = new Gauge({ name: 'haechi_detection_lag_events', help: 'Durable events that were not searched for attacks yet', registers, collect() { this.set(lag()) } })
  void behind
  const events = new Counter({ name: 'haechi_detection_events_total', help: 'Events searched for attacks', registers })
  const matches = new Counter({ name: 'haechi_detection_matches_total', help: 'Matches of rules and indicators, suppressed ones too', registers })
  const alerts = new Counter({ name: 'haechi_detection_alerts_total', help: 'Alerts made, by status', labelNames: ['status'], registers })
  const faults = new Counter({ name: 'haechi_detection_faults_total', help: 'What could not be looked at, by reason', labelNames: ['code'], registers })
  const skipped = new Counter({ name: 'haechi_detection_skipped_events_total', help: 'Events that were passed over (damage of the log, faults)', registers })
  const restarts = new Counter({ name: 'haechi_detection_restarts_total', help: 'Ends of the detection thread', registers })
  const seconds = new Histogram({ name: 'haechi_detection_alert_seconds', help: 'From receipt of the first event to the alert, without backfills', buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300], registers })
  return {
    restarts,
    kept(found: store.Found, raised: readonly Finding[], suppressed: number, now: number): void {
      for (const volume of found.volumes.values()) {
        events.inc(volume.events)
        matches.inc(volume.matches)
      }
      alerts.inc({ status: 'new' satisfies AlertStatus }, raised.length)
      alerts.inc({ status: 'suppressed' satisfies AlertStatus }, suppressed)
      for (const [code, count] of Object.entries(found.faults)) faults.inc({ code }, count)
      skipped.inc(skippedIn(found))
      for (const { backfill, receivedAt } of raised) if (!backfill) seconds.observe(Math.max(0, now - receivedAt) / 1_000)
    },
  }
}
