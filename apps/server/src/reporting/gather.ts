// What a month's report is made of, asked of the contexts that own it. Reads only; what it reads is not held together by one snapshot, so a month that is
// not over may count an incident that another figure does not have yet.
import type { Actor } from '../access/api.ts'
import type { Detection } from '../detection/api.ts'
import type { Incident, Incidents } from '../incidents/api.ts'
import { techniqueName } from '../incidents/api.ts'
import type { TimelineEntry } from '../incidents/wire.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import type { Response } from '../response/api.ts'
import type { ResponseAction } from '../response/wire.ts'
import type { Telemetry } from '../telemetry/api.ts'
import { monthStart } from './calendar.ts'
import { gravest } from './model.ts'
import type { IncidentFact, MonthFacts } from './model.ts'
import type { TopIncident } from './wire.ts'

export type ReportSources = {
  readonly incidents: Pick<Incidents, 'summaries' | 'metrics' | 'get'>
  readonly detection: Pick<Detection, 'counts' | 'noisyRules' | 'rules'>
  readonly telemetry: Pick<Telemetry, 'sources'>
  readonly response: Pick<Response, 'figures' | 'forIncident'>
}

export type Month = { readonly year: number; readonly month: number; readonly timeZone: string }

const noisyMost = 10
/** Entries of one incident's story. */
const storyMost = 16

export async function gather(of: ReportSources, tenant: MonthFacts['tenant'], { year, month, timeZone }: Month, now: number, actor: Actor, language: Language): Promise<MonthFacts> {
  const starts = [-2, -1, 0, 1].map((offset) => monthStart(year, month + offset, timeZone)) as [number, number, number, number]
  const [, , from, to] = starts
  const tenantId = tenant.id
  const metrics = [-2, -1, 0].map(async (offset, index) => {
    const at = new Date(Date.UTC(year, month - 1 + offset, 1))
    return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, metrics: await of.incidents.metrics(tenantId, { from: starts[index]!, to: starts[index + 1]!, zone: timeZone }, language) }
  })
  const [months, incidents, funnel, rules, response, sources, covered] = await Promise.all([
    Promise.all(metrics), of.incidents.summaries(tenantId, from, to), of.detection.counts(tenantId, from, to), of.detection.noisyRules(tenantId, from, to, noisyMost, language), of.response.figures(tenantId, from, to), of.telemetry.sources(tenantId),
    coveredBy(of.detection, tenantId),
  ])
  const facts = incidents.map((incident) => factOf(incident, language))
  const byId = new Map(incidents.map((incident) => [incident.id, incident]))
  const top = await Promise.all(gravest(facts.filter(({ backfill }) => !backfill)).map(async ({ id }) => {
    const [body, of_] = await Promise.all([of.incidents.get(tenantId, id, language), of.response.forIncident(tenantId, id, actor, language)])
    return topOf(byId.get(id) as Incident, body.timeline, of_, language)
  }))
  return {
    now, tenant, period: { year, month, from, to, timeZone }, incidents: facts, incidentsBefore: months[1]?.metrics.incidents_count ?? 0, metrics: months, funnel, rules, response, top,
    sources: sources.map(({ name, stored, lastEventAt, rejected }) => ({ name, events: stored, lastEventAt, errors: rejected })),
    coveredTechniques: covered,
  }
}

/** A report does not wait for rules that are being loaded. */
const coveredBy = async (detection: ReportSources['detection'], tenantId: string): Promise<number | null> => {
  try {
    return new Set((await detection.rules(tenantId)).filter(({ enabled }) => enabled).flatMap(({ techniques }) => techniques)).size
  } catch (error) {
    if (error instanceof HaechiError && error.code === 'detection_unavailable') return null
    throw error
  }
}

const factOf = ({ id, title, severity, status, verdict, backfill, techniques, tactics, clocks }: Incident, language: Language): IncidentFact => ({
  id, title: title[language], severity, status, verdict, backfill, techniques, tactics, firstActivityAt: clocks.t0, detectedAt: clocks.t3, touchedAt: clocks.t4,
  respondedAt: clocks.t9 === null ? clocks.t10 : Math.min(clocks.t9, clocks.t10 ?? clocks.t9), resolvedAt: clocks.t11, pauses: clocks.pauses,
})

const iso = (at: number): string => new Date(at).toISOString()

function topOf(incident: Incident, timeline: readonly TimelineEntry[], actions: readonly ResponseAction[], language: Language): TopIncident {
  const { clocks } = incident
  return {
    id: incident.id, title: incident.title[language], severity: incident.severity, status: incident.status, verdict: incident.verdict,
    detected_at: iso(clocks.t3), first_activity_at: iso(clocks.t0), resolved_at: clocks.t11 === null ? null : iso(clocks.t11), analyst: incident.analyst?.name ?? null,
    affected_hosts: [...incident.hosts], affected_users: [...incident.users], techniques: incident.techniques.map((id) => ({ id, name: techniqueName(id, language) })),
    timeline: told(timeline).map(({ at, kind, actor, text }) => ({ at, kind, actor: actor === null || actor.kind === 'system' ? null : actor.name, text })),
    actions: actions.map((action) => ({
      id: action.action_id, type: action.action_type, targets: action.targets.map(({ target }) => target), status: action.status, requested_by: action.requester.name, requested_at: action.requested_at,
      decided_by: action.decided_by, decided_at: action.decided_at,
    })),
  }
}

/** How much of the story an entry tells: what was found and what people said before who took it and how it went on. */
function weightOf({ kind, severity }: TimelineEntry): number {
  switch (kind) {
    case 'alert': return severity === 'critical' ? 6 : severity === 'high' ? 4 : severity === 'medium' ? 2 : 1
    case 'comment': return 5
    case 'approval': case 'action': case 'verdict': return 3
    case 'severity': case 'note': return 2
    case 'status': return 1
    case 'assignment': return 0
    default: return kind satisfies never
  }
}

/** In the order of time, of a rule that fired often the first time, and of what is still too much what tells most. */
export function told(timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const seen = new Set<string>()
  const entries = timeline.filter(({ kind, text }) => {
    if (kind !== 'alert') return true
    if (seen.has(text)) return false
    seen.add(text)
    return true
  })
  const kept = new Set(entries.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, storyMost))
  return entries.filter((entry) => kept.has(entry))
}
