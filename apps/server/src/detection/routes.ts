import type { Access, AccessHttp, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { cursorOf, pageOf, pageQuery } from '../platform/paging.ts'
import type { Alert, AlertEvent, AlertRule, Detection, Rule, RulePack, Suppression } from './api.ts'
import type * as wire from './wire.ts'

const severity = z.enum(['critical', 'high', 'medium', 'low', 'informational'])
const status = z.enum(['new', 'suppressed', 'attached', 'dismissed'])
const verdict = z.enum(['true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test'])
const time = z.iso.datetime()
const texts = z.array(z.string())

const processSchema = z.object({
  guid: z.string().nullable(), pid: z.string().nullable(), image: z.string().nullable(), command_line: z.string().nullable(), user: z.string().nullable(),
  parent_guid: z.string().nullable(), parent_pid: z.string().nullable(), parent_image: z.string().nullable(), parent_command_line: z.string().nullable(),
})
const eventSchema = z.object({
  event_id: z.string(), time, received_at: time, source: z.string(), matched: z.array(z.object({ selection: z.string(), field: z.string().nullable(), value: z.unknown() })), process: processSchema.nullable(), raw: z.string().nullable(),
}).openapi('AlertEvent')
const summaryShape = {
  id: z.string(), kind: z.enum(['rule', 'indicator']),
  rule: z.object({
    id: z.string(), title: z.string(), author: z.string().nullable(), source: z.string(), license: z.string().nullable(), pack_version: z.string().nullable(), references: texts, false_positives: texts,
  }),
  severity, status, verdict: verdict.nullable(), incident_id: z.string().nullable(), host: z.string().nullable(), user: z.string().nullable(), techniques: texts, tactics: texts,
  first_event_at: time, last_event_at: time, received_at: time, raised_at: time, event_count: z.int(),
  indicators: z.array(z.object({ type: z.string(), value: z.string(), verdict: z.string(), confidence: z.number(), sources: texts })), backfill: z.boolean(),
}
const summarySchema = z.object(summaryShape).openapi('AlertSummary') satisfies z.ZodType<wire.AlertSummary>
const alertSchema = z.object({ ...summaryShape, events: z.array(eventSchema) }).openapi('Alert') satisfies z.ZodType<wire.Alert>
const ruleSchema = z.object({
  id: z.string(), title: z.string(), level: severity.nullable(), status: z.string().nullable(), author: z.string().nullable(), license: z.string().nullable(), pack: z.string(), techniques: texts,
  logsource: z.object({ product: z.string().exactOptional(), category: z.string().exactOptional(), service: z.string().exactOptional() }), enabled: z.boolean(), alerts: z.int(), true_positives: z.int(), false_positives: z.int(),
  correlation: z.object({ type: z.string(), refers_to: z.array(z.object({ id: z.string(), title: z.string() })), group_by: texts, timespan_seconds: z.number() }).nullable(), silent: z.boolean(),
  hits_24h: z.int(), hits_7d: z.int(), last_hit_at: time.nullable(), cost_us: z.number().nullable(), cost_share: z.number().nullable(),
}).openapi('RuleSummary') satisfies z.ZodType<wire.RuleSummary>
const packSchema = z.object({
  name: z.string(), tenant_id: z.string().nullable(), version: z.string(), previous: z.string().nullable(), license: z.string().nullable(), source: z.object({ type: z.literal('directory'), path: z.string() }),
  accepted: z.int(), rejected_count: z.int(), rejected: z.array(z.object({ file: z.string(), line: z.int().nullable(), code: z.string(), reason: z.string() })), switched_at: time,
  state: z.enum(['in_force', 'source_missing', 'damaged']).openapi({ description: 'source_missing: where it came from is gone; damaged: the stored copy cannot be read, install it again' }),
}).openapi('RulePack') satisfies z.ZodType<wire.RulePack>
const suppressionSchema = z.object({
  id: z.string(), rule_id: z.string(), host: z.string().nullable(), user: z.string().nullable(), field: z.string().nullable(), value: z.string().nullable(), reason: z.string(), author: z.string(),
  created_at: time, expires_at: time.nullable(), alerts: z.int(),
}).openapi('Suppression') satisfies z.ZodType<wire.Suppression>
const progressSchema = z.object({ durable: z.int(), detected: z.int(), grouped: z.int(), skipped: z.int() }).openapi('DetectionProgress') satisfies z.ZodType<wire.DetectionProgress>

const instant = z.string().max(40).transform((text, context) => {
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T') ? text : `${text}Z`)
  if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: 'an ISO 8601 time is expected; without a zone it is UTC' })
  return at
}).openapi({ type: 'string', format: 'date-time' })
const withId = z.object({ id: z.string().min(1).max(600) })
const alertCursor = cursorOf('alerts', z.object({ raisedAt: z.int(), id: z.string().max(100) }))
const ruleOrder = z.enum(['title', 'hits', 'last_hit', 'cost'])
const ruleCursor = (by: z.infer<typeof ruleOrder>) => cursorOf(`rules:${by}`, z.object({ size: z.number(), title: z.string(), id: z.string() }))

/** What is given, and nothing for what is not. */
const given = <T extends object>(values: T) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }

export function detectionRoutes(http: AccessHttp, detection: Detection, access: Pick<Access, 'authorize'>): void {
  alertRoutes(http, detection)
  ruleRoutes(http, detection)
  packRoutes(http, detection, access)
  suppressionRoutes(http, detection)
  http.route({
    method: 'get', path: '/api/v1/detection/progress', operation: 'detectionProgress', tag: 'detection', access: 'event.ingest',
    summary: 'What was searched for attacks and grouped into incidents; waits up to `wait` seconds until `through` is',
    query: z.object({ through: z.coerce.number().int().min(0).optional(), wait: z.coerce.number().min(0).max(30).default(0) }),
    answers: { 200: { description: 'Offsets of the tenant\'s event log', schema: progressSchema } },
  }, async ({ actor, query: { through, wait } }) => ({
    body: { ...await (through === undefined || wait === 0 ? detection.progress(tenantOf(actor)) : detection.progress(tenantOf(actor), { through, signal: AbortSignal.timeout(wait * 1_000) })) },
  }))
  http.route({
    method: 'get', path: '/api/v1/detection/gaps', operation: 'detectionGaps', tag: 'detection', access: 'source.read', summary: 'Stretches of the event log that could not be searched, latest first',
    answers: { 200: { description: 'At most 1,000', schema: z.object({ gaps: z.array(z.object({ from: z.int(), to: z.int(), reason: z.string(), at: time })) }) } },
  }, async ({ actor }) => ({ body: { gaps: (await detection.gaps(tenantOf(actor))).map((gap) => ({ ...gap, at: iso(gap.at) })) } }))
}

function alertRoutes(http: AccessHttp, detection: Detection): void {
  const whole = async (tenantId: string, alert: Alert, language: Language): Promise<wire.Alert> =>
    ({ ...presentAlert(alert, language), events: ((await detection.events(tenantId, [alert.id])).get(alert.id) ?? []).map(presentAlertEvent) })
  http.route({
    method: 'get', path: '/api/v1/alerts', operation: 'listAlerts', tag: 'detection', access: 'incident.read', summary: 'Alerts, latest first',
    query: z.object({
      ...pageQuery, status: status.optional(), severity: severity.optional(), kind: z.enum(['rule', 'indicator']).optional(), incident: z.string().max(100).optional(), rule: z.string().max(600).optional(),
      host: z.string().max(255).optional(), user: z.string().max(255).optional(), from: instant.optional(), to: instant.optional(),
    }),
    answers: { 200: { description: 'A page', schema: z.object({ alerts: z.array(summarySchema), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query: { limit, cursor, ...filter }, request: { language } }) => {
    const rows = await detection.page(tenantOf(actor), given(filter), given({ before: alertCursor.decode(cursor), limit: limit + 1 }))
    const { items, nextCursor } = pageOf(rows, limit, alertCursor, ({ raisedAt, id }) => ({ raisedAt, id }))
    return { body: { alerts: items.map((alert) => presentAlert(alert, language)), next_cursor: nextCursor } }
  })
  http.route({
    method: 'get', path: '/api/v1/alerts/{id}', operation: 'getAlert', tag: 'detection', access: 'incident.read', summary: 'An alert with its first events: what matched, and the raw records', params: withId,
    answers: { 200: { description: 'The alert', schema: alertSchema } },
  }, async ({ actor, params, request }) => {
    const [alert] = await detection.alerts(tenantOf(actor), [params.id])
    if (alert === undefined) throw new HaechiError('not_found', { what: `alert ${params.id}` })
    return { body: await whole(tenantOf(actor), alert, request.language) }
  })
  http.route({
    method: 'post', path: '/api/v1/alerts/{id}/status', operation: 'decideAlert', tag: 'detection', access: 'incident.write', params: withId,
    summary: 'Dismiss an alert with a verdict, or make it new again, so that it is grouped anew',
    body: z.discriminatedUnion('status', [z.object({ status: z.literal('dismissed'), verdict }), z.object({ status: z.literal('new') })]),
    answers: { 200: { description: 'The alert', schema: alertSchema } },
  }, async ({ actor, params, body, request }) => ({ body: await whole(tenantOf(actor), await detection.decide(actor, tenantOf(actor), params.id, body), request.language) }))
}

function ruleRoutes(http: AccessHttp, detection: Detection): void {
  http.route({
    method: 'get', path: '/api/v1/rules', operation: 'listRules', tag: 'detection', access: 'rule.read', summary: 'Rules in force, by title (in the language asked for, where the rule has it)',
    query: z.object({
      ...pageQuery, text: z.string().max(200).optional().openapi({ description: 'A part of title (in either language), id or technique' }), pack: z.string().max(64).optional(), level: severity.optional(), enabled: z.enum(['true', 'false']).optional(), kind: z.enum(['rule', 'correlation']).optional(),
      order: ruleOrder.default('title').openapi({ description: 'By title, or the most first: hits of 7 days, the latest hit, cost' }),
    }),
    answers: { 200: { description: 'A page, and how many there are', schema: z.object({ rules: z.array(ruleSchema), total: z.int(), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query: { limit, cursor, text, pack, level, enabled, kind, order: by }, request: { language } }) => {
    const titleOf = ({ rule }: Rule) => wordsOf(rule, language).title
    const part = text?.toLowerCase()
    const all = await detection.rules(tenantOf(actor))
    const placeOf = (rule: Rule) => ({ size: by === 'title' ? 0 : by === 'hits' ? -rule.hits.week : by === 'last_hit' ? -(rule.hits.lastAt ?? 0) : -(rule.cost?.microseconds ?? -1), title: titleOf(rule), id: rule.rule.id })
    const before = (a: ReturnType<typeof placeOf>, b: ReturnType<typeof placeOf>) => a.size - b.size || order([a.title, a.id], [b.title, b.id])
    const fitting = all
      .filter(({ rule, techniques, ...of }) => (kind === undefined || kind === (of.correlation === null ? 'rule' : 'correlation')) && (part === undefined || [rule.title, rule.ko?.title ?? '', rule.id, ...techniques].some((one) => one.toLowerCase().includes(part)))
        && (pack === undefined || rule.source === pack) && (level === undefined || of.level === level) && (enabled === undefined || of.enabled === (enabled === 'true')))
      .map((rule) => ({ rule, place: placeOf(rule) })).sort((a, b) => before(a.place, b.place))
    const after = ruleCursor(by).decode(cursor)
    const rest = after === undefined ? fitting : fitting.filter(({ place }) => before(place, after) > 0)
    const { items, nextCursor } = pageOf(rest, limit, ruleCursor(by), ({ place }) => place)
    const titles = new Map(all.map((one) => [one.rule.id, titleOf(one)]))
    return { body: { rules: items.map(({ rule }) => presentRule(rule, language, titles)), total: fitting.length, next_cursor: nextCursor } }
  })
  http.route({
    method: 'patch', path: '/api/v1/rules/{id}', operation: 'switchRule', tag: 'detection', access: 'rule.write', summary: 'Switch a rule on or off for the tenant', params: withId, body: z.object({ enabled: z.boolean() }),
    answers: { 200: { description: 'The rule', schema: ruleSchema } },
  }, async ({ actor, params, body, request }) => {
    const rule = await detection.switchRule(actor, tenantOf(actor), params.id, body.enabled)
    const titles = rule.refersTo.length === 0 ? new Map<string, string>() : new Map((await detection.rules(tenantOf(actor))).map((one) => [one.rule.id, wordsOf(one.rule, request.language).title]))
    return { body: presentRule(rule, request.language, titles) }
  })
}

function packRoutes(http: AccessHttp, detection: Detection, access: Pick<Access, 'authorize'>): void {
  const named = z.object({ name: z.string().min(1).max(64) })
  const scope = z.object({ all_tenants: z.enum(['true', 'false']).default('false').openapi({ description: 'The pack for all tenants (platform.administer)' }) })
  /** Who names no tenant and may administer the platform means all of them. Errors: forbidden, tenant_required. */
  const tenantFor = (actor: Actor, all: boolean): string | null => {
    if (!all && (actor.tenantId !== null || actor.kind !== 'operator')) return tenantOf(actor)
    access.authorize(actor, 'platform.administer')
    return null
  }
  http.route({
    method: 'get', path: '/api/v1/rule-packs', operation: 'listRulePacks', tag: 'detection', access: 'rule.read', summary: 'Packs of rules in force, and what of them was rejected and why',
    answers: { 200: { description: 'All packs', schema: z.object({ packs: z.array(packSchema) }) } },
  }, async ({ actor }) => ({ body: { packs: (await detection.rulePacks(tenantFor(actor, false))).map(presentPack) } }))
  http.route({
    method: 'post', path: '/api/v1/rule-packs', operation: 'installRulePack', tag: 'detection', access: 'platform.administer',
    summary: 'Install or renew a pack of Sigma rules from a directory of the server; what does not parse is listed, the others load',
    body: z.object({ name: z.string().min(1).max(64), path: z.string().min(1).max(4_096), license: z.string().trim().min(1).max(200).optional(), all_tenants: z.boolean().default(false) }),
    answers: { 200: { description: 'The pack as it is in force', schema: packSchema } },
  }, async ({ actor, body }) => ({ body: presentPack(await detection.installPack(actor, { name: body.name, path: body.path, license: body.license ?? null, tenantId: tenantFor(actor, body.all_tenants) })) }))
  http.route({
    method: 'post', path: '/api/v1/rule-packs/{name}/rollback', operation: 'rollbackRulePack', tag: 'detection', access: 'rule.write', summary: 'Back to the version before', params: named, query: scope,
    answers: { 200: { description: 'The pack as it is in force', schema: packSchema } },
  }, async ({ actor, params, query }) => ({ body: presentPack(await detection.rollbackPack(actor, { name: params.name, tenantId: tenantFor(actor, query.all_tenants === 'true') })) }))
  http.route({
    method: 'delete', path: '/api/v1/rule-packs/{name}', operation: 'removeRulePack', tag: 'detection', access: 'rule.write', summary: 'Take a pack out of force', params: named, query: scope,
    answers: { 200: { description: 'Removed', schema: z.object({ removed: z.literal(true) }) } },
  }, async ({ actor, params, query }) => {
    await detection.removePack(actor, { name: params.name, tenantId: tenantFor(actor, query.all_tenants === 'true') })
    return { body: { removed: true } }
  })
}

function suppressionRoutes(http: AccessHttp, detection: Detection): void {
  const part = z.string().trim().min(1).max(1_000)
  http.route({
    method: 'get', path: '/api/v1/suppressions', operation: 'listSuppressions', tag: 'detection', access: 'rule.read', summary: 'What is expected and makes no alert for people, newest first',
    answers: { 200: { description: 'All that were not removed, expired ones too', schema: z.object({ suppressions: z.array(suppressionSchema) }) } },
  }, async ({ actor }) => ({ body: { suppressions: (await detection.suppressions(tenantOf(actor))).map(presentSuppression) } }))
  http.route({
    method: 'post', path: '/api/v1/suppressions', operation: 'createSuppression', tag: 'detection', access: 'rule.write',
    summary: 'Keep matches of a rule from becoming alerts: all that is given must hold. They are still kept and counted.',
    body: z.object({
      rule_id: part, host: part.nullable().default(null), user: part.nullable().default(null), field: part.nullable().default(null), value: part.nullable().default(null),
      reason: part, expires_at: instant.nullable().default(null),
    }).refine(({ field, value }) => (field === null) === (value === null), { path: ['value'], message: 'field and value go together' }),
    answers: { 201: { description: 'The suppression; it holds from the next search on', schema: suppressionSchema } },
  }, async ({ actor, body: { rule_id, expires_at, ...rest } }) =>
    ({ status: 201, body: presentSuppression(await detection.suppress(actor, tenantOf(actor), { ...rest, ruleId: rule_id, expiresAt: expires_at })) }))
  http.route({
    method: 'delete', path: '/api/v1/suppressions/{id}', operation: 'removeSuppression', tag: 'detection', access: 'rule.write', summary: 'Let the rule alert again', params: withId,
    answers: { 200: { description: 'Removed', schema: z.object({ removed: z.literal(true) }) } },
  }, async ({ actor, params }) => {
    await detection.unsuppress(actor, tenantOf(actor), params.id)
    return { body: { removed: true } }
  })
}

const iso = (at: number): string => new Date(at).toISOString()
const order = (a: readonly string[], b: readonly string[]): number => {
  const at = a.findIndex((text, i) => text !== b[i])
  return at === -1 ? 0 : a[at]! < b[at]! ? -1 : 1
}

/** What people read of a rule, in their language where the rule speaks it. */
const wordsOf = (rule: AlertRule, language: Language): Pick<AlertRule, 'title' | 'falsePositives'> => (language === 'ko' ? rule.ko : undefined) ?? rule

export const presentAlert = (alert: Alert, language: Language): wire.AlertSummary => ({
  id: alert.id, kind: alert.kind,
  rule: {
    id: alert.rule.id, title: wordsOf(alert.rule, language).title, author: alert.rule.author, source: alert.rule.source, license: alert.rule.license, pack_version: alert.rule.packVersion,
    references: [...alert.rule.references], false_positives: [...wordsOf(alert.rule, language).falsePositives],
  },
  severity: alert.severity, status: alert.status, verdict: alert.verdict, incident_id: alert.incidentId, host: alert.host, user: alert.user, techniques: [...alert.techniques], tactics: [...alert.tactics],
  first_event_at: iso(alert.firstEventAt), last_event_at: iso(alert.lastEventAt), received_at: iso(alert.receivedAt), raised_at: iso(alert.raisedAt), event_count: alert.eventCount,
  indicators: alert.indicators.map((one) => ({ ...one, sources: [...one.sources] })), backfill: alert.backfill,
})
export const presentAlertEvent = ({ eventId, time: at, receivedAt, source, matched, process, raw }: AlertEvent): wire.AlertEvent => ({
  event_id: eventId, time: iso(at), received_at: iso(receivedAt), source, matched: [...matched], raw,
  process: process === null ? null : {
    guid: process.guid, pid: process.pid, image: process.image, command_line: process.commandLine, user: process.user,
    parent_guid: process.parentGuid, parent_pid: process.parentPid, parent_image: process.parentImage, parent_command_line: process.parentCommandLine,
  },
})
const presentRule = ({ rule, level, status: state, techniques, logsource, enabled, alerts, truePositives, falsePositives, correlation, refersTo, silent, hits, cost }: Rule, language: Language, titles: ReadonlyMap<string, string>): wire.RuleSummary => ({
  id: rule.id, title: wordsOf(rule, language).title, level, status: state, author: rule.author, license: rule.license, pack: rule.source, techniques: [...techniques], logsource, enabled, alerts,
  true_positives: truePositives, false_positives: falsePositives, silent,
  correlation: correlation === null ? null : {
    type: correlation.type, refers_to: refersTo.map((to) => ({ id: to, title: titles.get(to) ?? to })), group_by: [...correlation.groupBy], timespan_seconds: correlation.timespan / 1_000,
  },
  hits_24h: hits.day, hits_7d: hits.week, last_hit_at: hits.lastAt === null ? null : iso(hits.lastAt), cost_us: cost?.microseconds ?? null, cost_share: cost?.share ?? null,
})
const presentPack = (pack: RulePack): wire.RulePack => ({
  name: pack.name, tenant_id: pack.tenantId, version: pack.version, previous: pack.previous, license: pack.license, source: pack.source, accepted: pack.report.accepted, rejected_count: pack.report.rejectedCount,
  rejected: [...pack.report.rejected], switched_at: iso(pack.switchedAt), state: pack.state,
})
const presentSuppression = (one: Suppression): wire.Suppression => ({
  id: one.id, rule_id: one.ruleId, host: one.host, user: one.user, field: one.field, value: one.value, reason: one.reason, author: one.author, created_at: iso(one.createdAt),
  expires_at: one.expiresAt === null ? null : iso(one.expiresAt), alerts: one.alerts,
})
