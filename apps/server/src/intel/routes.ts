import type { AccessHttp, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { z } from '../platform/http.ts'
import type { Intel } from './api.ts'
import { feedBytes, lookupMost } from './model.ts'
import type { Feed, LookupResult } from './wire.ts'

const verdict = z.enum(['malicious', 'suspicious', 'benign', 'unknown'])
const time = z.iso.datetime().nullable()
const resultSchema = z.object({
  indicator: z.string(), type: z.enum(['ip', 'cidr', 'domain', 'url', 'md5', 'sha1', 'sha256', 'email']).nullable(), verdict, confidence: z.int().min(0).max(100),
  sources: z.array(z.string()), tags: z.array(z.string()), techniques: z.array(z.string()), first_seen: time, last_seen: time, valid_until: time,
  sightings: z.int().openapi({ description: 'Events of the tenant that named it' }), code: z.string().nullable().openapi({ description: 'indicator_unrecognised where the text names no indicator' }),
}).openapi('LookupResult') satisfies z.ZodType<LookupResult>

const feedSchema = z.object({
  name: z.string(), format: z.enum(['csv', 'stix']), tenant_id: z.string().nullable().openapi({ description: 'null: for all tenants' }), indicators: z.int(), observables: z.int(),
  rejected_count: z.int(), rejected: z.array(z.object({ line: z.int().nullable(), place: z.string(), code: z.string(), reason: z.string() })), imported_at: z.iso.datetime(),
}).openapi('Feed') satisfies z.ZodType<Feed>

const forAll = { all_tenants: z.enum(['true', 'false']).default('false').openapi({ description: 'The feed for all tenants; needs platform.administer' }) }
const tenantFor = (actor: Actor, all: 'true' | 'false'): string | null => (all === 'true' ? null : tenantOf(actor))

export function intelRoutes(http: AccessHttp, intel: Intel): void {
  http.route({
    method: 'post', path: '/api/v1/threat-intel/lookup', operation: 'lookupIndicators', tag: 'intel', access: 'intel.read',
    summary: 'What the feeds in force say about addresses, networks, domains, URLs, hashes and e-mail addresses, defanged ones too',
    // A lookup of the most that is allowed, each as long as it may be.
    bodyLimit: 8 * 1_048_576,
    body: z.object({ indicators: z.array(z.string()).openapi({ minItems: 1, maxItems: lookupMost }) }),
    answers: { 200: { description: 'One result an indicator, in their order', schema: z.object({ results: z.array(resultSchema) }) } },
  }, async ({ actor, body }) => ({ body: { results: await intel.lookup(tenantOf(actor), body.indicators) } }))

  http.route({
    method: 'get', path: '/api/v1/threat-intel/feeds', operation: 'listFeeds', tag: 'intel', access: 'intel.read', summary: 'Feeds of the tenant and those for all tenants',
    answers: { 200: { description: 'All feeds', schema: z.object({ feeds: z.array(feedSchema) }) } },
  }, async ({ actor }) => ({ body: { feeds: await intel.feeds(actor.tenantId) } }))

  http.route({
    method: 'post', path: '/api/v1/threat-intel/feeds', operation: 'importFeed', tag: 'intel', access: 'intel.write',
    summary: 'Takes in a feed in the place of what it said before: CSV, a plain list, or a STIX 2.1 bundle',
    query: z.object({
      name: z.string().max(64), format: z.enum(['csv', 'stix']), ...forAll,
      verdict: verdict.optional().openapi({ description: 'Where the feed states none; otherwise CSV malicious, STIX suspicious' }), confidence: z.coerce.number().int().min(0).max(100).optional().openapi({ description: 'Where the feed states none; otherwise 50' }),
    }),
    body: 'stream', bodyLimit: feedBytes,
    answers: { 200: { description: 'In force. What could not be taken is counted, and the first 1,000 listed.', schema: feedSchema } },
  }, async ({ actor, query: { all_tenants: all, ...query }, request }) => ({ body: await intel.importFeed(actor, { ...query, tenantId: tenantFor(actor, all) }, request.stream()) }))

  http.route({
    method: 'delete', path: '/api/v1/threat-intel/feeds/{name}', operation: 'removeFeed', tag: 'intel', access: 'intel.write', summary: 'Forgets a feed and all that it said',
    params: z.object({ name: z.string() }), query: z.object(forAll),
    answers: { 200: { description: 'Removed', schema: z.object({ removed: z.boolean() }) } },
  }, async ({ actor, params, query }) => {
    await intel.removeFeed(actor, { name: params.name, tenantId: tenantFor(actor, query.all_tenants) })
    return { body: { removed: true } }
  })
}
