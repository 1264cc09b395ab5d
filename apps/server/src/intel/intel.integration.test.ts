// With a real PostgreSQL. An answer is held against the engine's own index over the same statements, for random feeds of two tenants and the platform.
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createIndex, parseIndicator, readCsv } from '@haechi/indicators'
import type { Indicator } from '@haechi/indicators'
import { openAccessFixture } from '../access/access.fixture.ts'
import type { AccessFixture } from '../access/access.fixture.ts'
import { accessMigrations } from '../access/api.ts'
import { migrate } from '../platform/database.ts'
import { silentLog } from '../platform/log.ts'
import { createOutbox } from '../platform/outbox.ts'
import { platformMigrations } from '../platform/postgres.fixture.ts'
import { intelMigrations, intelRoutes, openIntel } from './api.ts'
import type { Intel } from './api.ts'
import type { Feed, LookupResult } from './wire.ts'

let at: AccessFixture
let intel: Intel
const tenants: Record<string, string> = {}
beforeAll(async () => {
  at = await openAccessFixture()
  await migrate(at.connection, [platformMigrations, accessMigrations, intelMigrations], silentLog)
  intel = open()
  intelRoutes(at.http, intel)
  for (const name of ['acme', 'borg', 'random']) tenants[name] = (await at.operate('POST', '/api/v1/tenants', { name })).body.id
})
afterAll(() => at.close())
const open = (limits?: { megabytes: number; milliseconds: number }) => openIntel({
  database: at.database, clock: at.clock, access: at.access, outbox: createOutbox({ database: at.database, connection: at.connection, clock: at.clock, log: silentLog }), ...(limits === undefined ? {} : { limits }),
})

const day = 86_400_000
const importing = async (tenant: string, query: string, body: string): Promise<{ status: number; body: Feed & { code: string; detail: string; params: Record<string, string> } }> =>
  at.call('POST', `/api/v1/threat-intel/feeds?${query}`, { body, headers: { ...at.control, 'x-haechi-tenant': tenant, 'content-type': 'text/csv' } })
const lookup = async (tenant: string, indicators: readonly string[]): Promise<LookupResult[]> => {
  const { status, body } = await at.operate('POST', '/api/v1/threat-intel/lookup', { indicators }, tenant)
  expect(status).toBe(200)
  return body.results
}
const feedsOf = async (tenant: string): Promise<Feed[]> => (await at.operate('GET', '/api/v1/threat-intel/feeds', undefined, tenant)).body.feeds
const pagesOf = async (tenant: string): Promise<Indicator[][]> => {
  const pages: Indicator[][] = []
  for await (const page of intel.statements(tenants[tenant]!)) pages.push(page)
  return pages
}
const rowsOf = async (revisionsOf: string) => (await at.database.platform((tx) => sql<{ n: string }>`SELECT count(*) AS n FROM intel_statements WHERE tenant_id = ${revisionsOf}`.execute(tx))).rows[0]?.n

const bundle = {
  type: 'bundle', id: 'bundle--1', objects: [
    { type: 'indicator', id: 'indicator--a', spec_version: '2.1', created: '2026-01-01T00:00:00Z', modified: '2026-01-01T00:00:00Z', pattern_type: 'stix', pattern: "[domain-name:value = 'evil.example'] OR [file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", valid_from: '2026-01-01T00:00:00Z', valid_until: '2026-12-01T00:00:00Z', indicator_types: ['malicious-activity'], confidence: 90, labels: ['c2'] },
    { type: 'indicator', id: 'indicator--b', spec_version: '2.1', pattern_type: 'yara', pattern: 'rule x {}', valid_from: '2026-01-01T00:00:00Z' },
    { type: 'attack-pattern', id: 'attack-pattern--1', name: 'Web', external_references: [{ source_name: 'mitre-attack', external_id: 'T1071.001' }] },
    { type: 'relationship', id: 'relationship--1', relationship_type: 'indicates', source_ref: 'indicator--a', target_ref: 'attack-pattern--1' },
    { type: 'ipv4-addr', id: 'ipv4-addr--1', value: '192.0.2.9' },
  ],
}

describe('feeds', () => {
  test('a CSV is taken in row by row: broken rows are listed with their line, the others count', async () => {
    const { status, body } = await importing('acme', 'name=urls&format=csv', 'indicator,confidence,tags\nhxxps://bad[.]example/x,80,"phish,kit"\nnot an indicator,50,\n198.51.100.0/24,200,\n198.51.100.7,,\n')
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: 'urls', format: 'csv', tenant_id: tenants['acme'], indicators: 2, rejected_count: 2 })
    expect(body.rejected.map(({ line, code }) => [line, code])).toEqual([[3, 'value_invalid'], [4, 'field_invalid']])
    expect(body.rejected[0]?.reason).toContain('not an indicator')
    const [url] = await lookup('acme', ['https://bad.example/x'])
    expect(url).toEqual({ indicator: 'https://bad.example/x', type: 'url', verdict: 'malicious', confidence: 80, sources: ['urls'], tags: ['kit', 'phish'], techniques: [], first_seen: null, last_seen: null, valid_until: null, sightings: 0, code: null })
  })

  test('a STIX bundle: verdict, technique, end; what is no indicator is named', async () => {
    const { body } = await importing('acme', 'name=partner&format=stix', JSON.stringify(bundle))
    expect(body).toMatchObject({ indicators: 2, observables: 1, rejected_count: 1, rejected: [{ line: null, place: 'indicator--b', code: 'pattern_type_unsupported' }] })
    expect((await lookup('acme', ['EVIL[.]example']))[0]).toMatchObject({ type: 'domain', verdict: 'malicious', confidence: 90, techniques: ['T1071.001'], tags: ['c2'], valid_until: '2026-12-01T00:00:00.000Z' })
  })

  test('an import replaces what the feed said, whole; one of which nothing can be taken changes nothing', async () => {
    await importing('acme', 'name=swap&format=csv', 'old.example\nboth.example\n')
    const before = await intel.version(tenants['acme'])
    await importing('acme', 'name=swap&format=csv', 'both.example\nnew.example\n')
    expect(await intel.version(tenants['acme'])).not.toBe(before)
    expect((await lookup('acme', ['old.example', 'both.example', 'new.example'])).map(({ verdict }) => verdict)).toEqual(['unknown', 'malicious', 'malicious'])
    for (const [format, body, first] of [['csv', 'nothing here, of use\n', 'line 1 column_missing'], ['stix', '{', 'bundle json_invalid'], ['stix', '[]', 'bundle not_a_bundle'], ['stix', '{"type":"bundle"}', '-'], ['csv', '', '-']] as const) {
      const refused = await importing('acme', `name=swap&format=${format}`, body)
      expect([refused.status, refused.body.code, refused.body.params['first']]).toEqual([400, 'feed_empty', expect.stringContaining(first)])
    }
    expect((await lookup('acme', ['new.example']))[0]?.verdict).toBe('malicious')
  })

  test('many imports of one feed at once: the last of them, and its statements alone', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, n) => importing('borg', 'name=race&format=csv', `${n}.example\nrace-${n}.example\n`)))
    expect(await rowsOf(tenants['borg']!)).toBe('2')
  })

  test('removed, it is silent; a second time it is not there', async () => {
    await importing('borg', 'name=gone&format=csv', 'gone.example\n')
    expect((await at.operate('DELETE', '/api/v1/threat-intel/feeds/gone', undefined, 'borg')).body).toEqual({ removed: true })
    expect((await lookup('borg', ['gone.example']))[0]?.verdict).toBe('unknown')
    expect(await at.operate('DELETE', '/api/v1/threat-intel/feeds/gone', undefined, 'borg')).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('every change leaves an audit record and tells the others', async () => {
    await importing('borg', 'name=told&format=csv', 'told.example\n')
    await at.operate('DELETE', '/api/v1/threat-intel/feeds/told', undefined, 'borg')
    const { records } = await at.access.audit.list(tenants['borg']!, { limit: 2 })
    expect(records.map(({ action, resource }) => [action, resource?.id])).toEqual([['feed.remove', 'told'], ['feed.import', 'told']])
    const { rows } = await at.database.platform((tx) => sql<{ payload: unknown }>`SELECT payload FROM platform_outbox WHERE type = 'intel.feed_changed.v1' AND payload->>'feed' = 'told'`.execute(tx))
    expect(rows).toEqual([{ payload: { feed: 'told', tenant_id: tenants['borg'] } }, { payload: { feed: 'told', tenant_id: tenants['borg'] } }])
  })

  test('names and forms that are none are refused with their field', async () => {
    for (const query of ['name=UP&format=csv', 'name=..&format=csv', 'name=a&format=xml', 'format=csv', 'name=a&format=csv&confidence=101', 'name=a&format=csv&all_tenants=maybe']) {
      expect([query, (await importing('acme', query, 'a.example')).body.code]).toEqual([query, 'parameter_invalid'])
    }
  })
})

describe('tenants', () => {
  test('what the feed of one says another never hears, nor sees that there is one', async () => {
    await importing('acme', 'name=private&format=csv', 'private.example\n*.below.example\n203.0.113.0/24\n')
    const asked = ['private.example', 'x.below.example', '203.0.113.5', '203.0.113.0/25']
    expect((await lookup('acme', asked)).map(({ verdict }) => verdict)).toEqual(asked.map(() => 'malicious'))
    expect((await lookup('borg', asked)).map(({ verdict, sources }) => [verdict, sources])).toEqual(asked.map(() => ['unknown', []]))
    expect((await feedsOf('borg')).map(({ name }) => name)).not.toContain('private')
    expect(await at.operate('DELETE', '/api/v1/threat-intel/feeds/private', undefined, 'borg')).toMatchObject({ status: 404 })
    for (const table of ['intel_feeds', 'intel_statements']) {
      const { rows } = await at.database.tenant(tenants['borg']!, (tx) => sql<{ tenant_id: string }>`SELECT DISTINCT tenant_id FROM ${sql.table(table)}`.execute(tx))
      expect(rows.map(({ tenant_id }) => tenant_id).filter((id) => id !== tenants['borg'] && id !== '*')).toEqual([])
    }
    expect((await pagesOf('borg')).flat().map(({ value }) => value)).not.toContain('private.example')
  })

  test('a feed for all tenants is heard by all, written by the platform alone; a tenant\'s own of that name stands in its place', async () => {
    const { one_time_password: password } = (await at.operate('POST', '/api/v1/users', { name: 'ann', role: 'owner' }, 'acme')).body
    const first = await at.signIn('ann', password)
    await at.call('POST', '/api/v1/session/password', { body: { old_password: password, new_password: 'a long enough password' }, headers: first })
    const ann = await at.signIn('ann', 'a long enough password')
    const refused = await at.call('POST', '/api/v1/threat-intel/feeds?name=shared&format=csv&all_tenants=true', { body: 'shared.example\n', headers: { ...ann, 'content-type': 'text/csv' } })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])

    expect(await importing('acme', 'name=shared&format=csv&all_tenants=true', 'shared.example\nother.example\n')).toMatchObject({ status: 200, body: { tenant_id: null } })
    for (const tenant of ['acme', 'borg']) expect((await lookup(tenant, ['shared.example']))[0]).toMatchObject({ verdict: 'malicious', sources: ['shared'] })
    expect((await at.call('DELETE', '/api/v1/threat-intel/feeds/shared?all_tenants=true', { headers: ann })).status).toBe(403)
    expect((await at.call('DELETE', '/api/v1/threat-intel/feeds/shared', { headers: ann })).status).toBe(404)
    const refusedByPolicy = at.database.tenant(tenants['acme']!, (tx) => sql`UPDATE intel_statements SET verdict = 'benign' WHERE tenant_id = '*'`.execute(tx))
    expect((await refusedByPolicy).numAffectedRows).toBe(0n)

    await importing('acme', 'name=shared&format=csv&verdict=benign', 'shared.example\n')
    expect((await lookup('acme', ['shared.example', 'other.example'])).map(({ verdict }) => verdict)).toEqual(['benign', 'unknown'])
    expect((await lookup('borg', ['shared.example', 'other.example'])).map(({ verdict }) => verdict)).toEqual(['malicious', 'malicious'])
    await at.operate('DELETE', '/api/v1/threat-intel/feeds/shared', undefined, 'acme')
    expect((await lookup('acme', ['other.example']))[0]?.verdict).toBe('malicious')
    expect((await at.access.audit.list(null, { limit: 1 })).records[0]).toMatchObject({ action: 'feed.import', resource: { id: 'shared' } })
    await at.operate('DELETE', '/api/v1/threat-intel/feeds/shared?all_tenants=true', undefined, 'acme')
  })
})

describe('look-ups', () => {
  test('nonsense among them is answered where it stands, and never an error', async () => {
    const nonsense = ['', ' ', 'hello', '999.1.1.1', '1.2.3.4:80', 'x'.repeat(10_000), '\u0000', '💣', "'; DROP TABLE intel_feeds; --", 'http://', '[][][.]']
    const results = await lookup('acme', [...nonsense, '198.51.100.7'])
    expect(results.slice(0, -1)).toEqual(nonsense.map((indicator) => ({ indicator, type: null, verdict: 'unknown', confidence: 0, sources: [], tags: [], techniques: [], first_seen: null, last_seen: null, valid_until: null, sightings: 0, code: 'indicator_unrecognised' })))
    expect(results.at(-1)?.verdict).toBe('malicious')
  })

  test('none, too many and what is no list of texts are refused with a code', async () => {
    for (const [body, code] of [[{ indicators: [] }, 'indicators_count'], [{ indicators: Array(1_001).fill('a.example') }, 'indicators_count'], [{ indicators: 'a.example' }, 'body_invalid'], [{ indicators: [1] }, 'body_invalid'], [{}, 'body_invalid'], ['', 'body_invalid']] as const) {
      expect(await at.operate('POST', '/api/v1/threat-intel/lookup', body, 'acme')).toMatchObject({ status: 400, body: { code } })
    }
    expect(await lookup('acme', Array<string>(1_000).fill('a.example'))).toHaveLength(1_000)
  })

  test('sightings are counted for the tenant alone, and shown', async () => {
    const sighted = (tenant: string, ...counts: number[]) => at.database.tenant(tenants[tenant]!, (tx) =>
      intel.sighted(tx, tenants[tenant]!, counts.map((count, n) => ({ type: 'domain', value: 'seen.example', count, at: n * day }))))
    await sighted('acme', 2, 3)
    await sighted('acme', 4)
    await sighted('borg', 1)
    await sighted('borg')
    expect((await lookup('acme', ['SEEN[.]example', 'unseen.example'])).map(({ sightings }) => sightings)).toEqual([9, 0])
    expect((await lookup('borg', ['seen.example']))[0]?.sightings).toBe(1)
    const { rows } = await at.database.tenant(tenants['acme']!, (tx) => sql`SELECT count, first_at, last_at FROM intel_sightings WHERE value = 'seen.example'`.execute(tx))
    expect(rows).toEqual([{ count: '9', first_at: '0', last_at: String(day) }])
  })

  test('an answer is that of the engine over all that is in force, whoever said it', async () => {
    const id = tenants['random']!
    const now = at.clock.now()
    const value = fc.constantFrom(
      'a.example', 'b.a.example', '*.a.example', '*.example.org', 'x.example.org', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3', '2001:db8::/32', '2001:db8:1::/48', '2001:db8:1::5', '::ffff:10.1.2.3',
      'http://a.example/x', 'd41d8cd98f00b204e9800998ecf8427e', 'bob@a.example')
    const row = fc.record({ value, verdict: fc.constantFrom('malicious', 'suspicious', 'benign', 'unknown'), confidence: fc.nat(100), tags: fc.constantFrom('', 'c2', 'kit'), until: fc.constantFrom('', new Date(now - day).toISOString(), new Date(now + day).toISOString()) })
    const feed = fc.record({ name: fc.constantFrom('one', 'two', 'three'), all: fc.boolean(), rows: fc.array(row, { minLength: 1, maxLength: 12 }) })
    const asked = fc.array(fc.oneof(value, fc.constantFrom('c.b.a.example', 'deep.x.example.org', 'example', '10.1.2.9', '10.1.2.0/25', '10.1.0.0/15', '2001:db8:1::/56', '2001:db8:1:2::1', '9.9.9.9', 'http://a.example/')), { minLength: 1, maxLength: 10 })
    await fc.assert(fc.asyncProperty(fc.array(feed, { minLength: 1, maxLength: 4 }), asked, async (feeds, texts) => {
      const said = new Map<string, Indicator[]>()
      for (const one of feeds) {
        const csv = `value,verdict,confidence,tags,valid_until\n${one.rows.map((each) => `${each.value},${each.verdict},${each.confidence},${each.tags},${each.until}\n`).join('')}`
        expect((await importing('random', `name=${one.name}&format=csv&all_tenants=${one.all}`, csv)).status).toBe(200)
        said.set(`${one.all ? 'all' : 'tenant'} ${one.name}`, readCsv(csv, { source: one.name }).indicators)
      }
      const index = createIndex()
      for (const name of ['one', 'two', 'three']) index.add(said.get(`tenant ${name}`) ?? said.get(`all ${name}`) ?? [])
      const expected = texts.map((text) => {
        const { value: _, first_seen, last_seen, valid_until, ...answer } = index.lookup(text, now) ?? { value: '' }
        const iso = (time: number | null | undefined) => (time == null ? null : new Date(time).toISOString())
        return parseIndicator(text) === null ? { indicator: text, code: 'indicator_unrecognised' } : { ...answer, first_seen: iso(first_seen), last_seen: iso(last_seen), valid_until: iso(valid_until), code: null }
      })
      expect(await intel.lookup(id, texts)).toMatchObject(expected)
      // The worker's way: the same statements, read in pages.
      const read = createIndex()
      for await (const page of intel.statements(id)) read.add(page)
      for (const text of texts) expect(read.lookup(text, now)).toEqual(index.lookup(text, now))
      for (const key of said.keys()) {
        const [scope, name] = key.split(' ')
        await at.operate('DELETE', `/api/v1/threat-intel/feeds/${name}?all_tenants=${scope === 'all'}`, undefined, 'random')
      }
    }), { numRuns: 20 })
  }, 120_000)
})

describe('hostile feeds', () => {
  test('a page more than a batch of rows, with tags cut inside a character, comes through whole', async () => {
    const csv = `value,tags\n${Array.from({ length: 12_345 }, (_, n) => `h${n}.big.example,"${'t'.repeat(127)}💣"\n`).join('')}`
    expect((await importing('borg', 'name=big&format=csv', csv)).body).toMatchObject({ indicators: 12_345, rejected_count: 0 })
    const pages = await pagesOf('borg')
    expect(pages.flat().filter(({ source }) => source === 'big')).toHaveLength(12_345)
    expect(pages.length).toBeGreaterThan(1)
    await at.operate('DELETE', '/api/v1/threat-intel/feeds/big', undefined, 'borg')
  }, 60_000)

  test('one that costs more memory or time than a feed may is refused; the server and the feed before stay', async () => {
    await importing('borg', 'name=bomb&format=csv', 'before.example\n')
    const actor = { kind: 'operator', id: 'operator', person: 'operator', name: 'Operator', tenantId: tenants['borg']!, side: 'provider', role: null, ownerRole: null, siteId: null, allTenants: true, language: null, mustChangePassword: false } as const
    const feed = { name: 'bomb', format: 'stix', tenantId: tenants['borg']! } as const
    const nested = Buffer.from(`{"type":"bundle","objects":[${'{"a":['.repeat(400_000)}`)
    const many = Buffer.from(`{"type":"bundle","objects":[${Array.from({ length: 300_000 }, (_, n) => `{"type":"indicator","id":"i${n}","x":[{},{},{},{}]}`).join(',')}]}`)
    const chunks = async function* (bytes: Uint8Array) { yield bytes }
    await expect(intel.importFeed(actor, feed, chunks(nested))).rejects.toMatchObject({ code: 'feed_empty' })
    await expect(open({ megabytes: 16, milliseconds: 60_000 }).importFeed(actor, feed, chunks(many))).rejects.toMatchObject({ code: 'feed_unreadable' })
    await expect(open({ megabytes: 512, milliseconds: 1 }).importFeed(actor, feed, chunks(many))).rejects.toMatchObject({ code: 'feed_unreadable' })
    expect((await lookup('borg', ['before.example']))[0]?.verdict).toBe('malicious')
  }, 60_000)

  test('more bytes than a feed may have are refused before they are kept', async () => {
    const body = new ReadableStream({ start(controller) { controller.enqueue(Buffer.from('a.example\n')) } })
    const response = await at.http.fetch(new Request('http://haechi.test/api/v1/threat-intel/feeds?name=long&format=csv', {
      method: 'POST', body, duplex: 'half', headers: { ...at.control, 'x-haechi-tenant': 'borg', 'content-length': String(65 * 1_048_576) },
    }))
    expect([response.status, (await response.json() as { code: string }).code]).toEqual([413, 'body_too_large'])
  })
})
