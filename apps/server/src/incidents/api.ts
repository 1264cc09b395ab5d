// An incident and the word of its change, the story of it and the record of who did it stand or fall together: one transaction each, with the incident's row
// held. Another tenant's incident is not there. Defended by incidents.integration.test.ts.
import type { Access, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Assets } from '../assets/api.ts'
import { presentAlert } from '../detection/api.ts'
import type { Detection } from '../detection/api.ts'
import type { Severity } from '../detection/wire.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Outbox } from '../platform/outbox.ts'
import { daysOf, metricsOf, windowOf } from './metrics.ts'
import { changeStatus, contained, judge, nextStatuses, paused, refuseClosed, responded, resumed, setSeverity, severities, statuses, touched } from './model.ts'
import type { ResponseClocks } from './model.ts'
import { sortIn } from './opening.ts'
import * as store from './store.ts'
import type { Analyst, Filter, Incident, NewEntry, Position } from './store.ts'
import { indicatorsOf, inOrder, presentClocks, presentEntry, presentSummary, processesOf, similarOf, timelineOf, weightOf } from './story.ts'
import { techniqueName } from './techniques.ts'
import { said, summaryOf, texts } from './texts.ts'
import type { Texts } from './texts.ts'
import { ruleTitle } from './titles.ts'
import type { IncidentBody, IncidentStatus, IncidentSummary, IncidentVerdict, Metrics, TimelineEntry } from './wire.ts'

export { incidentRoutes } from './routes.ts'
export { tacticName, techniqueName } from './techniques.ts'
export type { Incident } from './store.ts'
export type { ResponseClocks } from './model.ts'
export const incidentsMigrations: MigrationSource = { context: 'incidents', directory: new URL('./migrations/', import.meta.url) }

export type IncidentChange = 'opened' | 'alerts' | 'status' | 'severity' | 'assigned' | 'comment' | 'verdict' | 'action'
declare module '../platform/outbox.ts' {
  interface DomainEvents {
    'incidents.incident_changed.v1': { incident_id: string; change: IncidentChange }
  }
}

export type IncidentsOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly access: { readonly audit: Pick<Access['audit'], 'record'>; readonly users: Pick<Access['users'], 'active'>; readonly tenants: Pick<Access['tenants'], 'resolve'> }
  readonly assets: Pick<Assets, 'observe' | 'named'>
  readonly detection: Pick<Detection, 'alerts' | 'events' | 'attach' | 'dismiss' | 'judge' | 'closedCounts'>
  readonly outbox: Pick<Outbox, 'publish' | 'subscribe'>
}

/** `text` in both languages; the reader's is chosen when it is read. Time in ms since the epoch. */
export type RecordEntry = {
  readonly kind: 'action' | 'approval' | 'note'
  readonly at: number
  readonly actor: TimelineEntry['actor']
  readonly text: Texts
  readonly ref: TimelineEntry['ref']
}

export type ListFilter = {
  readonly statuses?: readonly IncidentStatus[] | undefined
  readonly severities?: readonly Severity[] | undefined
  /** T3, `to` exclusive. ms since the epoch. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** A user's name or id; null: nobody's. */
  readonly analyst?: string | null | undefined
}

export interface Incidents {
  /** Worst severity first, then newest, after the position given. `total` counts all that match, as of the first page. */
  list(tenantId: string, filter: ListFilter, page: { limit: number; after?: Position | undefined }, language: Language): Promise<{ incidents: IncidentSummary[]; next: Position | null; total: number }>
  /** All that this context knows of an incident; of its alerts the 200 worst. Errors: incident_not_found. */
  get(tenantId: string, id: string, language: Language): Promise<IncidentBody>
  /** What another context needs to act on an incident; null where there is none in this tenant. */
  brief(tenantId: string, id: string): Promise<IncidentBrief | null>
  /**
   * What another context did, into the story, with the clocks that it sets (the first stands, of t9n the last), in the caller's transaction. Takes the incident's row: call it before `audit.record`.
   * `waits` true: from now on the customer's answer is awaited and the clock against us pauses; false: no longer. Errors: incident_not_found.
   */
  record(tx: Transaction, tenantId: string, id: string, entry: RecordEntry, clocks?: ResponseClocks, waits?: boolean): Promise<void>
  /** A containment was verified: new or investigating becomes contained, any later state stays. Errors: incident_not_found. */
  contained(tx: Transaction, tenantId: string, id: string): Promise<void>

  /** Errors of all that follow: incident_not_found. `analyst` is a user's name or id, `me`, or null for nobody. Errors: analyst_unknown, incident_closed. */
  assign(actor: Actor, id: string, analyst: string | null, language: Language): Promise<IncidentSummary>
  comment(actor: Actor, id: string, text: string, language: Language): Promise<TimelineEntry>
  /** Errors: incident_step_illegal, incident_verdict_required. */
  changeStatus(actor: Actor, id: string, change: { status: IncidentStatus; verdict?: IncidentVerdict | undefined; reason?: string | undefined }, language: Language): Promise<IncidentSummary>
  /** Errors: incident_closed. */
  judge(actor: Actor, id: string, verdict: IncidentVerdict, reason: string | null, language: Language): Promise<IncidentSummary>
  /** Errors: incident_closed. */
  setSeverity(actor: Actor, id: string, severity: Severity, reason: string, language: Language): Promise<IncidentSummary>

  /** Key figures of a window: the month to date in the tenant's zone where nothing is named. Errors: window_reversed, window_in_future, parameter_invalid (zone). */
  metrics(tenantId: string, asked: { from?: number | undefined; to?: number | undefined; zone?: string | undefined }, language: Language): Promise<Metrics>
  /** Incidents detected from `from` to `to` (exclusive, ms), oldest first, with their clocks: for reports. */
  summaries(tenantId: string, from: number, to: number): Promise<Incident[]>
  /** Incidents detected on each local day that touches the window, backfill left out. */
  dayCounts(tenantId: string, from: number, to: number, zone: string): Promise<{ day: string; incidents: number }[]>
  /** Open incidents by severity. */
  openCounts(tenantId: string): Promise<Record<Severity, number>>
  /** Sorts alerts into incidents; what the outbox asks for. Again: nothing new. */
  sortIn(tenantId: string, alertIds: readonly string[]): Promise<void>
}

export type IncidentBrief = {
  readonly id: string
  title(language: Language): string
  readonly severity: Severity
  readonly status: IncidentStatus
  readonly hosts: readonly string[]
  readonly users: readonly string[]
  readonly backfill: boolean
  readonly lastActivityAt: number
  readonly detectedAt: number
}

/** Of one story. */
const alertsMost = 200
const evidenceMost = 50
const entriesMost = 500
const similarMost = 5

export function openIncidents(options: IncidentsOptions): Incidents {
  const { database, clock, access, detection, outbox } = options
  const notFound = (id: string) => new HaechiError('incident_not_found', { incident: id })

  const locked = async (tx: Transaction, tenantId: string, id: string): Promise<Incident> => {
    const [incident] = await store.lock(tx, tenantId, [id])
    if (incident === undefined) throw notFound(id)
    return incident
  }

  type Outcome = { readonly incident: Incident; readonly entry: NewEntry; readonly change: IncidentChange; readonly detail: Readonly<Record<string, unknown>>; readonly alongside?: (tx: Transaction) => Promise<void> }
  /** One step of a person or key. `work` answers null where nothing changes. The chain of audit records is taken last: it is the tenant's one bottleneck. */
  const step = async (actor: Actor, id: string, action: string, work: (incident: Incident, now: number) => Outcome | null): Promise<{ incident: Incident; entry: store.Entry | null }> => {
    const tenantId = tenantOf(actor)
    return await database.tenant(tenantId, async (tx) => {
      const before = await locked(tx, tenantId, id)
      const now = clock.now()
      const outcome = work(before, now)
      if (outcome === null) return { incident: before, entry: null }
      const incident = { ...outcome.incident, updatedAt: now }
      const entry = { ...outcome.entry, id: newId('tml', now), incidentId: id }
      await store.write(tx, tenantId, [incident])
      await outcome.alongside?.(tx)
      await store.writeEntries(tx, tenantId, [entry])
      await outbox.publish(tx, { type: 'incidents.incident_changed.v1', tenantId, payload: { incident_id: id, change: outcome.change } })
      await access.audit.record(tx, { tenantId, actor, action, resource: { kind: 'incident', id }, detail: outcome.detail })
      return { incident, entry: { ...entry, severity: entry.severity ?? null, ref: entry.ref ?? null } }
    })
  }
  const by = ({ kind, name }: Actor) => ({ kind, name })

  const analystOf = async (actor: Actor, name: string): Promise<Analyst> => {
    const wanted = name === 'me' ? (actor.kind === 'user' ? actor.id : actor.person) : name
    try {
      const user = await access.users.active(tenantOf(actor), wanted)
      return { id: user.userId, name: user.name }
    } catch (error) {
      if (error instanceof HaechiError && error.code === 'not_found') throw new HaechiError('analyst_unknown', { analyst: name }, { cause: error })
      throw error
    }
  }

  const filterOf = async (tenantId: string, filter: ListFilter): Promise<Filter> => {
    // Whoever left is still found by his id.
    const analystId = typeof filter.analyst === 'string'
      ? await access.users.active(tenantId, filter.analyst).then(({ userId }) => userId, (error: unknown) => { if (error instanceof HaechiError && error.code === 'not_found') return filter.analyst; throw error })
      : filter.analyst
    return {
      statuses: filter.statuses ?? statuses, severities: filter.severities ?? severities,
      ...(analystId === undefined ? {} : { analystId }), ...(filter.from === undefined ? {} : { from: filter.from }), ...(filter.to === undefined ? {} : { to: filter.to }),
    }
  }

  const incidents: Incidents = {
    async list(tenantId, asked, { limit, after }, language) {
      const filter = await filterOf(tenantId, asked)
      const found = await database.read(tenantId, (tx) => store.page(tx, tenantId, filter, after, limit + 1))
      const whole = after === undefined && found.length <= limit
      const total = after?.total ?? (whole ? found.length : await database.read(tenantId, (tx) => store.count(tx, tenantId, filter)))
      const shown = found.slice(0, limit)
      const last = shown.at(-1)
      return { incidents: shown.map((incident) => presentSummary(incident, language)), total, next: found.length > limit && last !== undefined ? store.positionOf(last, total) : null }
    },

    async get(tenantId, id, language) {
      const [incident, ids, entries, keys] = await Promise.all([
        database.read(tenantId, (tx) => store.byId(tx, tenantId, id)),
        database.read(tenantId, (tx) => store.alertsOf(tx, tenantId, id, alertsMost)),
        database.read(tenantId, (tx) => store.entriesOf(tx, tenantId, id, entriesMost)),
        database.read(tenantId, (tx) => store.likenessKeys(tx, tenantId, id)),
      ])
      if (incident === undefined) throw notFound(id)
      const [found, events, others] = await Promise.all([
        ids.length === 0 ? [] : detection.alerts(tenantId, ids),
        ids.length === 0 ? new Map<string, never[]>() : detection.events(tenantId, ids.slice(0, evidenceMost)),
        database.read(tenantId, (tx) => store.sharing(tx, tenantId, id, keys, keys.map(weightOf), similarMost)),
      ])
      const alerts = inOrder(found)
      const names = Object.fromEntries(incident.techniques.map((technique) => [technique, techniqueName(technique, language)]))
      return {
        ...presentSummary(incident, language),
        summary: summaryOf({
          alerts: incident.alertCount, rules: incident.rules.map((rule) => ({ ...rule, title: ruleTitle(rule)[language] })), hosts: incident.hosts, users: incident.users, techniques: incident.techniques.map((technique) => (names[technique] === technique ? technique : `${names[technique]} (${technique})`)),
          from: incident.clocks.t0, to: incident.lastActivity, backfill: incident.backfill,
        }, language),
        technique_names: names,
        severity_reasons: incident.severityReasons.map((reason) => reason[language]),
        indicators: indicatorsOf(alerts), alerts: alerts.map((alert) => presentAlert(alert, language)), timeline: timelineOf(alerts, events, entries, language), clocks: presentClocks(incident.clocks), processes: processesOf(alerts),
        similar: similarOf(incident, keys, others, similarMost, language), next_statuses: nextStatuses(incident.status),
      }
    },

    async brief(tenantId, id) {
      const incident = await database.read(tenantId, (tx) => store.byId(tx, tenantId, id))
      if (incident === undefined) return null
      const { title, severity, status, hosts, users, backfill, lastActivity, clocks } = incident
      return { id, title: (language) => title[language], severity, status, hosts, users, backfill, lastActivityAt: lastActivity, detectedAt: clocks.t3 }
    },

    async record(tx, tenantId, id, entry, marks, waits) {
      const incident = await locked(tx, tenantId, id)
      const set = responded(incident.clocks, marks ?? {})
      const clocks = waits === undefined ? set : waits ? paused(set, entry.at, entry.text.en) : resumed(set, entry.at)
      await store.write(tx, tenantId, [{ ...incident, clocks, updatedAt: clock.now() }])
      await store.writeEntries(tx, tenantId, [{ ...entry, id: newId('tml', clock.now()), incidentId: id }])
      await outbox.publish(tx, { type: 'incidents.incident_changed.v1', tenantId, payload: { incident_id: id, change: 'action' } })
    },

    async contained(tx, tenantId, id) {
      const incident = await locked(tx, tenantId, id)
      const after = contained(incident)
      if (after.status === incident.status) return
      await store.write(tx, tenantId, [{ ...incident, status: after.status, updatedAt: clock.now() }])
      await store.writeEntries(tx, tenantId, [{ kind: 'status', at: clock.now(), actor: { kind: 'system', name: 'Haechi' }, text: texts.contained, id: newId('tml', clock.now()), incidentId: id }])
      await outbox.publish(tx, { type: 'incidents.incident_changed.v1', tenantId, payload: { incident_id: id, change: 'status' } })
    },

    async assign(actor, id, name, language) {
      const analyst = name === null ? null : await analystOf(actor, name)
      const { incident } = await step(actor, id, 'incident.assign', (before, now) => {
        if (before.analyst?.id === analyst?.id) return null
        refuseClosed(before)
        return {
          incident: { ...before, analyst, clocks: touched(before.clocks, now) }, change: 'assigned', detail: { from: before.analyst?.id ?? null, to: analyst?.id ?? null },
          entry: { kind: 'assignment', at: now, actor: by(actor), text: texts.assigned(analyst?.name ?? null) },
        }
      })
      return presentSummary(incident, language)
    },

    async comment(actor, id, text, language) {
      const { entry } = await step(actor, id, 'incident.comment', (before, now) => ({
        incident: { ...before, clocks: touched(before.clocks, now) }, change: 'comment', detail: { characters: text.length }, entry: { kind: 'comment', at: now, actor: by(actor), text: said(text) },
      }))
      return presentEntry(entry!, language)
    },

    async changeStatus(actor, id, { status, verdict, reason }, language) {
      const { incident } = await step(actor, id, 'incident.status', (before, now) => {
        const after = changeStatus(before, status, verdict ?? null, now)
        const judged = after.status === 'closed' || before.status === 'closed'
        return {
          incident: { ...before, ...after }, change: 'status', detail: { from: before.status, to: status, verdict: after.verdict, reason: reason ?? null },
          entry: { kind: 'status', at: now, actor: by(actor), text: texts.status(before.status, status, after.verdict, reason ?? null) },
          ...(judged ? { alongside: (tx) => detection.judge(tx, tenantOf(actor), id, after.status === 'closed' ? after.verdict : null) } : {}),
        }
      })
      return presentSummary(incident, language)
    },

    async judge(actor, id, verdict, reason, language) {
      const { incident } = await step(actor, id, 'incident.verdict', (before, now) => {
        const after = judge(before, verdict, now)
        if (before.verdict === verdict) return null
        return {
          incident: { ...before, ...after }, change: 'verdict', detail: { from: before.verdict, to: verdict, reason }, entry: { kind: 'verdict', at: now, actor: by(actor), text: texts.verdict(verdict, reason) },
        }
      })
      return presentSummary(incident, language)
    },

    async setSeverity(actor, id, severity, reason, language) {
      const { incident } = await step(actor, id, 'incident.severity', (before, now) => {
        const after = setSeverity(before, severity, now)
        if (before.severity === severity) return null
        return {
          incident: { ...before, ...after, severityReasons: [...before.severityReasons, texts.severityReason(actor.name, before.severity, severity, reason)] }, change: 'severity',
          detail: { from: before.severity, to: severity, reason }, entry: { kind: 'severity', at: now, actor: by(actor), text: texts.severity(before.severity, severity, reason), severity },
        }
      })
      return presentSummary(incident, language)
    },

    async metrics(tenantId, asked, language) {
      const zone = asked.zone ?? (await access.tenants.resolve(tenantId)).timeZone
      const window = windowOf({ from: asked.from, to: asked.to, zone }, clock.now())
      const [detected, closed] = await Promise.all([database.read(tenantId, (tx) => store.figuredIn(tx, tenantId, window.from, window.to)), detection.closedCounts(tenantId, window.from, window.to)])
      return metricsOf(detected, closed, window, clock.now(), language)
    },
    summaries: (tenantId, from, to) => database.read(tenantId, (tx) => store.detectedIn(tx, tenantId, from, to)),
    async dayCounts(tenantId, from, to, zone) {
      const { days, boundaries } = daysOf(windowOf({ from, to, zone }, clock.now()))
      const counts = await database.read(tenantId, (tx) => store.countsBetween(tx, tenantId, boundaries))
      return days.map((day, place) => ({ day, incidents: counts[place] ?? 0 }))
    },
    async openCounts(tenantId) {
      const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, informational: 0 }
      for (const { severity, count } of await database.read(tenantId, (tx) => store.openCounts(tx, tenantId))) counts[severity] = count
      return counts
    },
    sortIn: (tenantId, alertIds) => sortIn(options, tenantId, alertIds),
  }

  outbox.subscribe('incidents.alerts', ['detection.alerts_raised.v1'], async ({ tenantId, payload }) => {
    if (tenantId !== null) await incidents.sortIn(tenantId, payload.alert_ids)
  })
  return incidents
}
