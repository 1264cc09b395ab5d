import type { AccessHttp, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { detail, problem, z } from '../platform/http.ts'
import type { HttpRequest } from '../platform/http.ts'
import type { StoredEvent } from '../platform/event-store/port.ts'
import type { Hunt, Sending, SourceHealth, Telemetry } from './api.ts'
import { decoded, IntakeInterrupted, limits } from './intake.ts'
import type { IntakeTotals } from './intake.ts'
import { elasticError, productAnswer, productHeaders } from './elastic.ts'
import type * as wire from './wire.ts'

const totalsSchema = z.object({
  accepted: z.int(), rejected: z.int(), duplicate: z.int(),
  dedupe: z.enum(['batch', 'id', 'none']).openapi({ description: 'What a repeat of this request is recognised by: its Idempotency-Key, the events\' own ids, or nothing' }),
  errors: z.array(z.object({ code: z.string(), place: z.string(), detail: z.string() })).openapi({ description: `The first ${limits.listedErrors} refused lines` }),
  end: z.int().openapi({ description: 'Once /api/v1/events/progress says searchable >= end, all of it can be found' }),
}).openapi('IngestTotals')

const present = (totals: IntakeTotals, language: Language) => ({
  accepted: totals.accepted, rejected: totals.rejected, duplicate: totals.duplicate, dedupe: totals.dedupe, errors: totals.errors.map((fault) => detail(fault, language)), end: totals.end,
})

export function telemetryRoutes(http: AccessHttp, telemetry: Telemetry): void {
  ingestRoutes(http, telemetry)
  elasticRoutes(http, telemetry)
  searchRoutes(http, telemetry)
}

const sendingOf = (actor: Actor, request: HttpRequest, source: string | undefined, backfill: boolean): Sending => ({
  tenantId: tenantOf(actor), source: source ?? actor.name, keyId: actor.kind === 'key' ? actor.id : null, backfill, batchKey: request.headers.get('idempotency-key'),
})

function ingestRoutes(http: AccessHttp, telemetry: Telemetry): void {
  http.route({
    method: 'post', path: '/ingest/v1/events', operation: 'ingestEvents', tag: 'telemetry', access: 'event.ingest',
    summary: 'Events as NDJSON, gzip welcome; answered when they are durable. With an Idempotency-Key a repeat keeps nothing twice.',
    query: z.object({ source: z.string().max(100).optional(), backfill: z.enum(['true', 'false']).default('false') }),
    body: 'stream', bodyLimit: limits.wireBytes,
    answers: {
      200: { description: 'Durable. Lines that could not be kept are counted and listed.', schema: totalsSchema },
      400: { description: 'nothing_kept, body_encoding_invalid: what had been kept is counted in the problem', type: 'application/problem+json' },
    },
  }, async ({ actor, query, request }) => {
    let totals: IntakeTotals
    try {
      totals = await telemetry.ingest(sendingOf(actor, request, query.source, query.backfill === 'true'), decoded(request.stream(), request.headers.get('content-encoding')))
    } catch (error) {
      if (error instanceof IntakeInterrupted) return problem(error.error, request.language, present(error.totals, request.language))
      throw error
    }
    const { accepted, duplicate, rejected } = totals
    if (accepted + duplicate > 0) return { body: present(totals, request.language) }
    const error = rejected === 0 ? new HaechiError('body_invalid', { reason: 'empty, one JSON object a line expected' }) : new HaechiError('nothing_kept', { count: rejected })
    return problem(error, request.language, present(totals, request.language))
  })
}

function elasticRoutes(http: AccessHttp, telemetry: Telemetry): void {
  for (const method of ['get', 'head'] as const) {
    http.route({
      method, path: '/', operation: `${method}Root`, tag: 'elastic', access: 'public', summary: 'What the product check of Elasticsearch clients asks; a browser, by Accept, gets the console',
      answers: { 200: { description: 'Product information' } },
    }, () => ({ body: productAnswer, headers: productHeaders }))
  }
  // What Beats, Logstash and the clients ask before they send: a licence, a healthy cluster, and templates that need no loading.
  const asked: readonly { method: 'get' | 'head' | 'put'; path: string; body: object }[] = [
    { method: 'get', path: '/_license', body: { license: { status: 'active', uid: 'haechi', type: 'basic', mode: 'basic' } } },
    { method: 'get', path: '/_xpack', body: { features: {}, license: { status: 'active', type: 'basic', mode: 'basic' } } },
    { method: 'get', path: '/_cluster/health', body: { cluster_name: 'haechi', status: 'green', timed_out: false, number_of_nodes: 1, number_of_data_nodes: 1 } },
    { method: 'head', path: '/_index_template/{name}', body: {} },
    { method: 'get', path: '/_index_template/{name}', body: { index_templates: [] } },
    { method: 'put', path: '/_index_template/{name}', body: { acknowledged: true } },
    { method: 'get', path: '/_ilm/policy/{name}', body: {} },
    { method: 'put', path: '/_ilm/policy/{name}', body: { acknowledged: true } },
  ]
  for (const { method, path, body } of asked) {
    http.route({
      method, path, operation: `elastic${method}${path.replace(/\W+/g, '_')}`, tag: 'elastic', access: 'event.ingest', summary: 'Asked by Elasticsearch shippers before they send',
      ...(path.includes('{') ? { params: z.object({ name: z.string() }) } : {}),
      answers: { 200: { description: 'A fixed answer' } }, problem: elasticError,
    }, () => ({ body, headers: productHeaders }))
  }
  for (const path of ['/_bulk', '/{index}/_bulk'] as const) {
    for (const method of ['post', 'put'] as const) {
      http.route({
        method, path, operation: `${method}Bulk${path === '/_bulk' ? '' : 'Index'}`, tag: 'elastic', access: 'event.ingest',
        summary: 'Elasticsearch _bulk: index and create; answered when durable, item by item',
        ...(path === '/_bulk' ? {} : { params: z.object({ index: z.string() }) }),
        body: 'stream', bodyLimit: limits.wireBytes, answers: { 200: { description: 'took, errors, items' } }, problem: elasticError,
      }, async ({ actor, params, request }) => {
        const index = (params as { index: string } | undefined)?.index ?? 'events'
        const sending = sendingOf(actor, request, request.url.searchParams.get('source') ?? undefined, request.url.searchParams.get('backfill') === 'true')
        try {
          return { body: await telemetry.bulk(sending, decoded(request.stream(), request.headers.get('content-encoding')), index, request.language), headers: productHeaders }
        } catch (error) {
          throw error instanceof IntakeInterrupted ? error.error : error
        }
      })
    }
  }
}

const instant = z.string().max(40).transform((text, context) => {
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T') ? text : `${text}Z`)
  if (Number.isNaN(time)) context.addIssue({ code: 'custom', message: 'an ISO 8601 time is expected; without a zone it is UTC' })
  return time
}).openapi({ type: 'string', format: 'date-time' })

const huntQuery = {
  query: z.string().max(2_000).optional().openapi({ description: 'field:value words (host, user, process, address, hash, source, code) and text; quotes keep spaces' }),
  from: instant.optional(), to: instant.optional(),
  host: z.string().max(255).optional(), user: z.string().max(255).optional(), process: z.string().max(1_000).optional(), address: z.string().max(64).optional(),
  hash: z.string().max(64).optional(), source: z.string().max(100).optional(), code: z.string().max(100).optional(), text: z.string().max(1_000).optional(),
}
const huntSchema = z.object(huntQuery)

function huntOf({ query, from, to, code, ...rest }: Omit<z.output<typeof huntSchema>, never>): Hunt {
  const { host, user, process, address, hash, source, text } = rest
  const given = Object.entries({ host, user, process, address, hash, source, text, eventCode: code }).filter(([, value]) => value !== undefined)
  if (from !== undefined && to !== undefined && from > to) throw new HaechiError('parameter_invalid', { name: 'from', reason: 'later than to' })
  return { filter: Object.fromEntries(given), ...(query === undefined ? {} : { query }), ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function searchRoutes(http: AccessHttp, telemetry: Telemetry): void {
  http.route({
    method: 'get', path: '/api/v1/events', operation: 'searchEvents', tag: 'telemetry', access: 'event.read', summary: 'Events, newest first',
    query: z.object({
      ...huntQuery,
      limit: z.coerce.number().int().min(1).max(1_000).default(100), cursor: z.string().max(2_000).optional(),
      fields: z.string().max(1_000).optional().openapi({ description: 'Names with commas: columns of the answer, or fields.NAME.. of the record as raw.NAME' }),
    }),
    answers: { 200: { description: 'A page of events; `raw` is the record as it was sent', schema: z.object({ events: z.array(z.record(z.string(), z.unknown())), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query: { limit, cursor, fields, ...query } }) => {
    const tenantId = tenantOf(actor)
    const { columns, select } = selection(fields)
    const { events, next } = await telemetry.search(tenantId, huntOf(query), { limit, ...(cursor === undefined ? {} : { cursor }), ...(columns === null ? {} : { fields: columns }) })
    const names = await telemetry.sourceNames(tenantId)
    return { body: { events: events.map((event) => select(presentEvent(event, names))), next_cursor: next } }
  })
  http.route({
    method: 'get', path: '/api/v1/events/count', operation: 'countEvents', tag: 'telemetry', access: 'event.read', summary: 'How many events there are',
    query: huntSchema, answers: { 200: { description: 'The count', schema: z.object({ count: z.int() }) satisfies z.ZodType<wire.EventCount> } },
  }, async ({ actor, query }) => ({ body: { count: await telemetry.count(tenantOf(actor), huntOf(query)) } }))
  http.route({
    method: 'get', path: '/api/v1/events/histogram', operation: 'eventHistogram', tag: 'telemetry', access: 'event.read', summary: 'Events over time; empty buckets are left out',
    query: huntSchema.extend({ buckets: z.coerce.number().int().min(1).max(1_000).default(60) }),
    answers: { 200: { description: 'Buckets of equal width', schema: z.object({ bucket_ms: z.int(), buckets: z.array(z.object({ start: z.iso.datetime(), count: z.int() })) }) satisfies z.ZodType<wire.EventHistogram> } },
  }, async ({ actor, query: { buckets, ...query } }) => {
    const histogram = await telemetry.histogram(tenantOf(actor), huntOf(query), buckets)
    return { body: { bucket_ms: histogram.bucketMs, buckets: histogram.buckets.map(({ start, count }) => ({ start: new Date(start).toISOString(), count })) } }
  })
  http.route({
    method: 'get', path: '/api/v1/events/progress', operation: 'eventProgress', tag: 'telemetry', access: 'event.ingest',
    summary: 'What is durable and what can be searched; waits up to `wait` seconds until `through` can be',
    query: z.object({ through: z.coerce.number().int().min(0).optional(), wait: z.coerce.number().min(0).max(30).default(0) }),
    answers: { 200: { description: 'Offsets of the tenant\'s event log', schema: z.object({ durable: z.int(), searchable: z.int() }) } },
  }, async ({ actor, query }) => ({
    body: query.through === undefined || query.wait === 0
      ? await telemetry.progress(tenantOf(actor))
      : await telemetry.progress(tenantOf(actor), query.through, AbortSignal.timeout(query.wait * 1000)),
  }))
  http.route({
    method: 'get', path: '/api/v1/sources', operation: 'listSources', tag: 'telemetry', access: 'source.read', summary: 'Who sends, at what rate, how late, and what was refused',
    answers: { 200: { description: 'All sources', schema: z.object({ sources: z.array(sourceSchema) }) } },
  }, async ({ actor }) => ({ body: { sources: (await telemetry.sources(tenantOf(actor))).map(presentSource) } }))
}

const sourceSchema = z.object({
  id: z.string(), name: z.string(), key_id: z.string().nullable(), created_at: z.iso.datetime(), last_received_at: z.iso.datetime().nullable(), last_event_at: z.iso.datetime().nullable(),
  accepted: z.int(), rejected: z.int(), duplicate: z.int(), bytes: z.int(), stored: z.int(), unknown_shape: z.int(), late: z.int(), future: z.int(),
  rate_per_second: z.number(), lag_ms: z.number().nullable(), errors: z.record(z.string(), z.int()),
}).openapi('Source')

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())

const presentSource = (source: SourceHealth) => ({
  id: source.id, name: source.name, key_id: source.lastKeyId, created_at: iso(source.createdAt), last_received_at: iso(source.lastReceivedAt), last_event_at: iso(source.lastEventAt),
  accepted: source.accepted, rejected: source.rejected, duplicate: source.duplicate, bytes: source.bytes, stored: source.stored, unknown_shape: source.unknownShape,
  late: source.late, future: source.future, rate_per_second: source.rate, lag_ms: source.lag, errors: source.errors,
})

function presentEvent(event: StoredEvent, names: ReadonlyMap<string, string>): wire.StoredEvent {
  const { time, received_at, source, ...rest } = event
  return { ...rest, time: new Date(time).toISOString(), received_at: new Date(received_at).toISOString(), ...(source === undefined ? {} : { source: names.get(source) ?? source }) }
}

/** `host,time,raw.EventID`: columns of the answer (what the store must read for them), and fields of the record. */
function selection(fields: string | undefined): { columns: readonly string[] | null; select(event: Record<string, unknown>): Record<string, unknown> } {
  const names = (fields ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (names.length === 0) return { columns: null, select: (event) => event }
  return {
    columns: [...new Set(names.map((name) => (name.startsWith('raw.') ? 'raw' : name)))],
    select(event) {
      const record = names.some((name) => name.startsWith('raw.')) ? JSON.parse(String(event['raw'])) as Record<string, unknown> : {}
      return Object.fromEntries(names.map((name) => [name, name.startsWith('raw.') ? valueAt(record, name.slice(4)) : (event[name] ?? null)]))
    },
  }
}

/** A dotted name may be one key (`winlog.event_id` in flat records) or a path. */
function valueAt(record: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path]
  let value: unknown = record
  for (const part of path.split('.')) value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined
  return value ?? null
}
