import { join } from 'node:path'
import { sql } from 'kysely'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Action, Actor } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import { createHttp } from '../platform/http.ts'
import { silentLog } from '../platform/log.ts'
import { detectionRoutes } from './api.ts'
import type { Detection } from './api.ts'
import { openDetectionFixture, ruleOf, started, startTime, tenant } from './detection.fixture.ts'

let at: Awaited<ReturnType<typeof openDetectionFixture>>
let detection: Detection
let actor: Actor
const person: Actor = { kind: 'user', id: 'usr_1', person: 'usr_1', name: 'Kim', tenantId: tenant, side: 'customer', role: 'analyst', ownerRole: null, siteId: null, allTenants: false, language: null, mustChangePassword: false }
const operator: Actor = { ...person, kind: 'operator', id: 'operator', role: null, tenantId: null }
let http: ReturnType<typeof createHttp<Actor, Action>>
const call = async (method: string, path: string, body?: unknown, as: Actor = person, language = 'en') => {
  actor = as
  const response = await http.fetch(new Request(`http://test${path}`, { method, headers: { 'accept-language': language }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }))
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers by name
  return { status: response.status, body: await response.json() as any }
}
beforeAll(async () => {
  at = await openDetectionFixture({ 'one.yml': ruleOf('rule-evil', 'evil', 'falsepositives: [Testers]\ntranslations: {ko: {title: 악한 명령, falsepositives: [시험하는 사람]}}\n'), 'two.yml': ruleOf('rule-bad', 'bad') })
  detection = await at.open()
  await detection.start()
  http = createHttp<Actor, Action>({ gate: { authenticate: () => Promise.resolve(actor), authorize: () => undefined }, clock: at.clock, log: silentLog, metrics: new Registry(), basePath: '', version: '0' })
  detectionRoutes(http, detection, { authorize: (one, action) => { if (one.kind !== 'operator') throw new HaechiError('forbidden', { action }) } })
  for (let n = 0; n < 5; n++) {
    await at.send([started('evil', { Hostname: `H${n}` })])
    await at.searched(detection)
    at.clock.advance(1_000)
  }
})
afterAll(async () => {
  await detection.close()
  await at.drop()
})

test('alerts come in pages, latest first, filtered', async () => {
  const first = await call('GET', '/api/v1/alerts?limit=2')
  const second = await call('GET', `/api/v1/alerts?limit=2&cursor=${first.body.next_cursor}`)
  const third = await call('GET', `/api/v1/alerts?limit=2&cursor=${second.body.next_cursor}`)
  expect([first, second, third].map(({ body }) => body.alerts.map(({ host }: { host: string }) => host))).toEqual([['H4', 'H3'], ['H2', 'H1'], ['H0']])
  expect(third.body.next_cursor).toBeNull()
  expect((await call('GET', '/api/v1/alerts?host=h3&status=new&severity=high&kind=rule&rule=rule-evil&user=BOB')).body.alerts).toHaveLength(1)
  expect((await call('GET', `/api/v1/alerts?from=${new Date(startTime + 2_000).toISOString()}&to=${new Date(startTime + 4_000).toISOString().slice(0, 19)}`)).body.alerts).toHaveLength(2)
  expect(await call('GET', '/api/v1/alerts?cursor=nonsense')).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } })
  expect(await call('GET', '/api/v1/alerts?status=odd')).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } })
  expect((await call('GET', '/api/v1/alerts', undefined, { ...person, tenantId: 'ten_b' })).body.alerts).toEqual([])
})

test('an alert leads to its raw record; it is dismissed and made new again', async () => {
  const [{ id }] = (await call('GET', '/api/v1/alerts')).body.alerts
  const { body } = await call('GET', `/api/v1/alerts/${id}`)
  expect(body).toMatchObject({
    id, kind: 'rule', rule: { id: 'rule-evil', source: 'haechi-rules', pack_version: expect.any(String), false_positives: ['Testers'] }, received_at: new Date(startTime + 4_000).toISOString(), event_count: 1,
    events: [{ source: 'sysmon', matched: [{ selection: 'selection', field: 'CommandLine', value: 'evil' }], process: { guid: '{p-1}', command_line: 'evil', parent_image: 'C:\\Windows\\explorer.exe' } }],
  })
  expect(JSON.parse(body.events[0].raw)).toMatchObject({ Hostname: 'H4' })
  expect(await call('GET', `/api/v1/alerts/${id}`, undefined, { ...person, tenantId: 'ten_b' })).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect(await call('POST', `/api/v1/alerts/${id}/status`, { status: 'dismissed', verdict: 'false_positive' })).toMatchObject({ status: 200, body: { status: 'dismissed', verdict: 'false_positive' } })
  expect(await call('POST', `/api/v1/alerts/${id}/status`, { status: 'new' })).toMatchObject({ body: { status: 'new', verdict: null } })
  expect(await call('POST', `/api/v1/alerts/${id}/status`, { status: 'dismissed' })).toMatchObject({ status: 400, body: { code: 'body_invalid' } })
  await at.database.tenant(tenant, (tx) => detection.attach(tx, tenant, 'inc_1', [id]))
  expect(await call('POST', `/api/v1/alerts/${id}/status`, { status: 'new' })).toMatchObject({ status: 409, body: { code: 'alert_status_refused', params: { status: 'attached' } } })
})

test('rules are listed by title with what they found, and switched', async () => {
  const { body } = await call('GET', '/api/v1/rules?limit=1')
  expect(body).toMatchObject({ total: 2, rules: [{ id: 'rule-bad', title: 'Finds bad', level: 'high', pack: 'haechi-rules', techniques: ['T1059'], logsource: { product: 'windows', category: 'process_creation' }, enabled: true, alerts: 0 }] })
  expect((await call('GET', `/api/v1/rules?limit=1&cursor=${body.next_cursor}`)).body).toMatchObject({ rules: [{ id: 'rule-evil', alerts: 5 }], next_cursor: null })
  expect((await call('GET', '/api/v1/rules?text=t1059&enabled=true&level=high&pack=haechi-rules')).body.total).toBe(2)
  expect((await call('GET', '/api/v1/rules?pack=other')).body.total).toBe(0)
  expect(await call('PATCH', '/api/v1/rules/rule-bad', { enabled: false })).toMatchObject({ status: 200, body: { id: 'rule-bad', enabled: false } })
  expect((await call('GET', '/api/v1/rules?enabled=false')).body.rules).toMatchObject([{ id: 'rule-bad' }])
  expect(await call('PATCH', '/api/v1/rules/none', { enabled: false })).toMatchObject({ status: 404 })
})

test('rules are told in the language of who asks, where they speak it', async () => {
  const ask = (path: string, language: string) => call('GET', path, undefined, person, language).then(({ body }) => body)
  const { alerts: [english] } = await ask('/api/v1/alerts?limit=1', 'en')
  const { alerts: [korean] } = await ask('/api/v1/alerts?limit=1', 'ko')
  expect([english.rule.title, english.rule.false_positives, korean.rule.title, korean.rule.false_positives]).toEqual(['Finds evil', ['Testers'], '악한 명령', ['시험하는 사람']])
  expect((await ask(`/api/v1/alerts/${korean.id}`, 'ko')).rule).toEqual(korean.rule)
  expect(korean.rule).not.toHaveProperty('ko')
  expect((await ask('/api/v1/rules', 'ko')).rules.map(({ title }: { title: string }) => title)).toEqual(['Finds bad', '악한 명령'])
  const first = await ask('/api/v1/rules?limit=1', 'ko')
  expect((await ask(`/api/v1/rules?limit=1&cursor=${first.next_cursor}`, 'ko')).rules).toMatchObject([{ title: '악한 명령' }])
  expect((await ask('/api/v1/rules?text=%EB%AA%85%EB%A0%B9', 'en')).rules).toMatchObject([{ title: 'Finds evil' }])
  expect((await call('PATCH', '/api/v1/rules/rule-evil', { enabled: true }, person, 'ko')).body.title).toBe('악한 명령')
  const noisy = (language: 'en' | 'ko') => detection.noisyRules(tenant, 0, at.clock.now(), 5, language).then((rules) => rules.map(({ title }) => title))
  expect([await noisy('en'), await noisy('ko')]).toEqual([['Finds evil'], ['악한 명령']])
  // As an alert from before rules spoke Korean.
  await at.database.tenant(tenant, (tx) => sql`UPDATE detection_alerts SET rule = (rule::jsonb - 'ko')::json WHERE alert_id = ${korean.id}`.execute(tx))
  expect((await ask(`/api/v1/alerts/${korean.id}`, 'ko')).rule).toEqual(english.rule)
  expect(await noisy('ko')).toEqual(['악한 명령'])
})

test('packs are installed from a directory, for all tenants only by who may', async () => {
  const folder = join(at.root, 'bought')
  await at.write(folder, { 'a.yml': ruleOf('rule-bought', 'bought'), 'b.yml': 'title: x\n' })
  expect(await call('POST', '/api/v1/rule-packs', { name: 'bought', path: folder, license: 'MIT', all_tenants: true })).toMatchObject({ status: 403 })
  expect(await call('POST', '/api/v1/rule-packs', { name: 'bought', path: folder, license: 'MIT' }, operator)).toMatchObject({
    status: 200, body: { name: 'bought', tenant_id: null, license: 'MIT', accepted: 1, rejected_count: 1, rejected: [{ file: 'b.yml', line: 1, code: 'field_missing' }], state: 'in_force', source: { type: 'directory', path: folder } },
  })
  expect((await call('GET', '/api/v1/rules?pack=bought')).body.rules).toMatchObject([{ id: 'rule-bought', license: 'MIT' }])
  expect((await call('POST', '/api/v1/rule-packs', { name: 'mine', path: folder }, { ...operator, tenantId: tenant })).body).toMatchObject({ tenant_id: tenant, license: null })
  expect((await call('GET', '/api/v1/rule-packs')).body.packs.map(({ name }: { name: string }) => name)).toEqual(['bought', 'haechi-rules', 'mine'])
  expect((await call('GET', '/api/v1/rule-packs', undefined, { ...person, tenantId: 'ten_b' })).body.packs.map(({ name }: { name: string }) => name)).toEqual(['bought', 'haechi-rules'])
  expect(await call('POST', '/api/v1/rule-packs/mine/rollback')).toMatchObject({ status: 409, body: { code: 'pack_no_previous' } })
  expect(await call('DELETE', '/api/v1/rule-packs/bought')).toMatchObject({ status: 404 })
  expect(await call('DELETE', '/api/v1/rule-packs/bought?all_tenants=true')).toMatchObject({ status: 403 })
  expect(await call('DELETE', '/api/v1/rule-packs/bought?all_tenants=true', undefined, operator)).toMatchObject({ status: 200, body: { removed: true } })
  expect(await call('DELETE', '/api/v1/rule-packs/mine')).toMatchObject({ status: 200 })
  expect(await call('POST', '/api/v1/rule-packs', { name: 'none', path: '/nowhere/at/all' }, operator)).toMatchObject({ status: 422, body: { code: 'pack_source_unreadable' } })
  expect(await call('POST', '/api/v1/rule-packs', { name: 'Bad Name', path: folder }, operator)).toMatchObject({ status: 400 })
})

test('suppressions are made with a reason, listed and removed', async () => {
  expect(await call('POST', '/api/v1/suppressions', { rule_id: 'rule-evil' })).toMatchObject({ status: 400 })
  expect(await call('POST', '/api/v1/suppressions', { rule_id: 'rule-evil', reason: 'x', field: 'Image' })).toMatchObject({ status: 400, body: { errors: [{ place: '/value' }] } })
  const { status, body } = await call('POST', '/api/v1/suppressions', { rule_id: 'rule-evil', reason: 'a test machine', host: 'H9', expires_at: '2026-04-01T00:00:00Z' })
  expect([status, body]).toMatchObject([201, { rule_id: 'rule-evil', host: 'H9', author: 'Kim', expires_at: '2026-04-01T00:00:00.000Z', alerts: 0 }])
  expect((await call('GET', '/api/v1/suppressions')).body.suppressions).toMatchObject([{ id: body.id }])
  expect(await call('DELETE', `/api/v1/suppressions/${body.id}`)).toMatchObject({ status: 200 })
  expect(await call('DELETE', `/api/v1/suppressions/${body.id}`)).toMatchObject({ status: 404 })
  expect((await call('GET', '/api/v1/suppressions')).body.suppressions).toEqual([])
})

test('progress says what was searched and grouped', async () => {
  expect((await call('GET', '/api/v1/detection/progress')).body).toMatchObject({ durable: 5, detected: 5, skipped: 0 })
  expect((await call('GET', '/api/v1/detection/progress?through=5&wait=0.2')).body).toMatchObject({ grouped: 0 })
  expect((await call('GET', '/api/v1/detection/gaps')).body).toEqual({ gaps: [] })
})

test('the description of the API has them all', () => {
  const { paths } = http.openapi() as { paths: Record<string, object> }
  expect(Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`)).sort()).toEqual([
    'delete /api/v1/rule-packs/{name}', 'delete /api/v1/suppressions/{id}', 'get /api/v1/alerts', 'get /api/v1/alerts/{id}', 'get /api/v1/detection/gaps', 'get /api/v1/detection/progress', 'get /api/v1/rule-packs',
    'get /api/v1/rules', 'get /api/v1/suppressions', 'patch /api/v1/rules/{id}', 'post /api/v1/alerts/{id}/status', 'post /api/v1/rule-packs', 'post /api/v1/rule-packs/{name}/rollback', 'post /api/v1/suppressions',
  ])
})

test('rules say how often they were met, and come in the order of that', async () => {
  const { body } = await call('GET', '/api/v1/rules?order=hits&limit=1')
  expect(body.rules).toMatchObject([{ id: 'rule-evil', hits_24h: 5, hits_7d: 5, last_hit_at: new Date(startTime + 4_000).toISOString(), correlation: null, silent: false, cost_us: null, cost_share: null }])
  expect((await call('GET', `/api/v1/rules?order=hits&limit=1&cursor=${body.next_cursor}`)).body.rules).toMatchObject([{ id: 'rule-bad', hits_7d: 0, last_hit_at: null }])
  // A place in one order is none in another.
  expect(await call('GET', `/api/v1/rules?order=cost&cursor=${body.next_cursor}`)).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } })
  expect((await call('GET', '/api/v1/rules?kind=correlation')).body.total).toBe(0)
})
