import type { AccessHttp } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { cursorOf } from '../platform/paging.ts'
import type { Incidents } from './api.ts'
import { openStatuses, severities, statuses, verdicts } from './model.ts'
import type { IncidentStatus, IncidentSummary, MetricDefinition, Metrics, TimelineEntry } from './wire.ts'

const time = z.iso.datetime()
const severity = z.enum(severities)
const status = z.enum(statuses)
const verdict = z.enum(verdicts)
const reason = z.string().trim().min(1).max(2_000)
const id = z.object({ id: z.string().min(1).max(200) })

const incidentShape = {
  id: z.string(), severity, title: z.string(), status, detected_at: time.openapi({ description: 'T3 of the alert that opened it' }), analyst: z.string().nullable(),
  affected_hosts: z.array(z.string()), affected_users: z.array(z.string()), techniques: z.array(z.string()), tactics: z.array(z.string()), verdict: verdict.nullable(),
  first_activity_at: time, updated_at: time, alert_count: z.int(), backfill: z.boolean(),
}
const incidentSchema = z.object(incidentShape).openapi('Incident')
const event = z.object({
  event_id: z.string(), time, received_at: time, source: z.string(), matched: z.array(z.object({ selection: z.string(), field: z.string().nullable(), value: z.unknown() })), raw: z.string().nullable(),
  process: z.object({
    guid: z.string().nullable(), pid: z.string().nullable(), image: z.string().nullable(), command_line: z.string().nullable(), user: z.string().nullable(),
    parent_guid: z.string().nullable(), parent_pid: z.string().nullable(), parent_image: z.string().nullable(), parent_command_line: z.string().nullable(),
  }).nullable(),
})
const entrySchema = z.object({
  id: z.string(), at: time, kind: z.enum(['alert', 'status', 'severity', 'assignment', 'comment', 'verdict', 'action', 'approval', 'note']),
  actor: z.object({ kind: z.enum(['user', 'key', 'operator', 'system']), name: z.string() }).nullable(), text: z.string(), severity: severity.nullable(),
  ref: z.object({ type: z.enum(['alert', 'action']), id: z.string() }).nullable(), event: event.nullable(),
}).openapi('TimelineEntry')
const minutes = z.number().nullable()
const target = z.object({ respond_target_minutes: z.int(), resolve_target_minutes: z.int(), met: z.int(), breached: z.int(), attainment: z.number().nullable() })
const definition = z.object({
  status: z.enum(['ok', 'no_data', 'not_available']), definition: z.string(), unit: z.enum(['minutes', 'percent', 'count']), mean: minutes, median: minutes, p90: minutes, n: z.int(),
  records: z.array(z.string()), left_out: z.record(z.string(), z.int()),
})
const metricsSchema = z.object({
  mttd_minutes: minutes, mttr_minutes: minutes, incidents_count: z.int(), false_positive_rate: z.number().nullable(), mtta_minutes: minutes, mttc_minutes: minutes, approval_latency_minutes: minutes,
  sla: z.object({ critical: target, high: target, medium: target, low: target, informational: target }), coverage: z.object({ status: z.literal('not_available') }),
  definitions: z.record(z.string(), definition), period: z.object({ start: time, end: time, time_zone: z.string() }),
}).openapi('Metrics')

// What is declared is what is answered (wire.ts), held by the compiler.
incidentSchema satisfies z.ZodType<IncidentSummary>
entrySchema satisfies z.ZodType<TimelineEntry>
definition satisfies z.ZodType<MetricDefinition>
metricsSchema satisfies z.ZodType<Metrics>

/** A list without `limit` ends here. */
const unlimited = 10_000
const cursor = cursorOf('incidents', z.object({ severity: z.int(), detectedAt: z.int(), id: z.string(), total: z.int() }))
const timeQuery = z.string().max(40).optional()

export function incidentRoutes(http: AccessHttp, incidents: Incidents): void {
  http.route({
    method: 'get', path: '/api/v1/incidents', operation: 'listIncidents', tag: 'incidents', access: 'incident.read',
    summary: 'Incidents, worst severity first, then newest',
    query: z.object({
      status: z.string().max(200).default('all').openapi({ description: 'open (new, investigating and contained), all, or states separated by commas' }),
      severity: z.string().max(200).optional().openapi({ description: 'Severities separated by commas' }),
      start_time: timeQuery.openapi({ description: 'detected_at from here on, ISO 8601; without an offset it is UTC' }),
      end_time: timeQuery.openapi({ description: 'detected_at before this' }),
      analyst: z.string().min(1).max(200).optional().openapi({ description: 'A user\'s name or id, me, or none for what nobody has taken' }),
      limit: z.coerce.number().int().min(1).max(1_000).optional().openapi({ description: `Incidents a page, 1 to 1,000; without it everything that matches, up to ${unlimited}` }),
      cursor: z.string().max(2_000).optional().openapi({ description: 'next_cursor of the page before' }),
    }),
    answers: { 200: { description: 'A page. `total` counts all that match, as of the first page.', schema: z.object({ incidents: z.array(incidentSchema), next_cursor: z.string().nullable(), total: z.int() }) } },
  }, async ({ actor, query, request }) => {
    const { incidents: found, next, total } = await incidents.list(tenantOf(actor), {
      statuses: statusesOf(query.status), severities: query.severity === undefined ? undefined : listed('severity', query.severity, severities),
      from: timeOf('start_time', query.start_time), to: timeOf('end_time', query.end_time),
      analyst: query.analyst === 'none' ? null : query.analyst === 'me' ? actor.person : query.analyst,
    }, { limit: query.limit ?? unlimited, after: cursor.decode(query.cursor) }, request.language)
    return { body: { incidents: found, next_cursor: next === null ? null : cursor.encode(next), total } }
  })

  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/status', operation: 'changeIncidentStatus', tag: 'incidents', access: 'incident.write',
    summary: 'Move an incident along new, investigating, contained, resolved, closed (closing needs a verdict), or reopen it to investigating', params: id,
    body: z.object({ status, verdict: verdict.optional(), reason: reason.optional() }),
    answers: { 200: { description: 'The incident', schema: incidentSchema }, 409: { description: 'incident_step_illegal, incident_verdict_required: the present state and what is possible' } },
  }, async ({ actor, params, body, request }) => ({ body: await incidents.changeStatus(actor, params.id, body, request.language) }))

  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/assign', operation: 'assignIncident', tag: 'incidents', access: 'incident.write', summary: 'Give an incident to a user of the tenant, or to nobody', params: id,
    body: z.object({ analyst: z.string().trim().min(1).max(200).nullable().openapi({ description: 'A user\'s name or id, `me`, or null for nobody' }) }),
    answers: { 200: { description: 'The incident', schema: incidentSchema }, 422: { description: 'analyst_unknown' } },
  }, async ({ actor, params, body, request }) => ({ body: await incidents.assign(actor, params.id, body.analyst, request.language) }))

  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/comments', operation: 'commentIncident', tag: 'incidents', access: 'incident.write', summary: 'Add a comment to the story of an incident', params: id,
    body: z.object({ text: z.string().trim().min(1).max(10_000) }),
    answers: { 201: { description: 'The entry', schema: entrySchema } },
  }, async ({ actor, params, body, request }) => ({ status: 201, body: await incidents.comment(actor, params.id, body.text, request.language) }))

  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/verdict', operation: 'judgeIncident', tag: 'incidents', access: 'incident.write', summary: 'Say what it was, before it is closed', params: id,
    body: z.object({ verdict, reason: reason.optional() }),
    answers: { 200: { description: 'The incident', schema: incidentSchema }, 409: { description: 'incident_closed' } },
  }, async ({ actor, params, body, request }) => ({ body: await incidents.judge(actor, params.id, body.verdict, body.reason ?? null, request.language) }))

  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/severity', operation: 'setIncidentSeverity', tag: 'incidents', access: 'incident.write', summary: 'Set the severity; only a person lowers it, and says why', params: id,
    body: z.object({ severity, reason }),
    answers: { 200: { description: 'The incident', schema: incidentSchema }, 409: { description: 'incident_closed' } },
  }, async ({ actor, params, body, request }) => ({ body: await incidents.setSeverity(actor, params.id, body.severity, body.reason, request.language) }))

  http.route({
    method: 'get', path: '/api/v1/metrics', operation: 'metrics', tag: 'incidents', access: 'report.read',
    summary: 'Key figures of the month to date, or of a window; each with its definition, mean, median, 90th percentile, n and the records behind it',
    query: z.object({
      start_time: timeQuery.openapi({ description: 'ISO 8601; without an offset it is UTC. Left out: the first of the month in the zone' }), end_time: timeQuery.openapi({ description: 'Left out: now' }),
      tz: z.string().max(100).optional().openapi({ description: 'IANA time zone; the tenant\'s own when left out' }),
    }),
    answers: { 200: { description: 'A figure is a number or null, never an invented 0', schema: metricsSchema } },
  }, async ({ actor, query, request }) => ({
    body: await incidents.metrics(tenantOf(actor), { from: timeOf('start_time', query.start_time), to: timeOf('end_time', query.end_time), zone: query.tz }, request.language),
  }))
}

function statusesOf(text: string): IncidentStatus[] {
  if (text === 'all') return [...statuses]
  return [...new Set(listed('status', text, [...statuses, 'open'] as const).flatMap((each) => (each === 'open' ? openStatuses : [each])))]
}

/** Errors: parameter_invalid. */
function listed<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  return [...new Set(text.split(',').map((part) => {
    const found = known.find((each) => each === part.trim())
    if (found === undefined) throw new HaechiError('parameter_invalid', { name, reason: `one of ${known.join(', ')} is expected` })
    return found
  }))]
}

/** ISO 8601, a date or a time of day with it; without an offset UTC. A `+` that came unescaped is a space by now. Errors: parameter_invalid. */
function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+\- ]\d\d:?\d\d)?)?$/i.exec(text)
  const [, date = '', clock = '00:00', offset = 'Z'] = parts ?? []
  const zone = offset.replace(' ', '+').replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')
  const at = parts === null ? Number.NaN : Date.parse(`${date}T${clock.replace(/(\.\d{3})\d+$/, '$1')}${zone}`)
  if (Number.isNaN(at)) throw new HaechiError('parameter_invalid', { name, reason: 'ISO 8601 is expected, such as 2026-01-31T08:00:00' })
  return at
}
