import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { alertOf, openIncidentsFixture, startTime } from './incidents.fixture.ts'
import type { IncidentsFixture } from './incidents.fixture.ts'

let at: IncidentsFixture
let tenants = 0
beforeAll(async () => { at = await openIncidentsFixture() })
afterAll(() => at.close())

/** A tenant of its own, and what a test says in it as the operator. */
const open = async () => {
  const id = await at.tenant(`t${++tenants}`)
  const as = (method: string, path: string, body?: unknown, language = 'en') => at.call(method, path, { ...(body === undefined ? {} : { body }), headers: { 'x-haechi-tenant': id, 'accept-language': language } })
  return {
    id, as,
    raise: (name: string, overrides: Parameters<typeof alertOf>[2] = {}) => at.raise(id, alertOf(id, `${name}_${id}`, overrides)),
    list: async () => (await at.incidents.list(id, {}, { limit: 100 }, 'en')).incidents,
    audit: async () => (await at.access.audit.list(id, { limit: 50 })).records.filter(({ action }) => action.startsWith('incident.')),
    changes: async () => (await at.database.tenant(id, (tx) => sql<{ change: string }>`SELECT payload->>'change' AS change FROM platform_outbox WHERE tenant_id = ${id} AND type = 'incidents.incident_changed.v1' ORDER BY position`.execute(tx))).rows.map(({ change }) => change),
  }
}
const coded = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]

describe('alerts become incidents', () => {
  test('one attack is one incident, and a word that comes twice does nothing twice', async () => {
    const { id, raise, list, changes } = await open()
    await raise('a', { firstEventAt: startTime - 600_000 })
    await raise('b', { firstEventAt: startTime - 540_000, severity: 'critical', rule: { ...alertOf(id, '').rule, id: 'rule-2', title: 'Second' }, techniques: ['T1021.002'] })
    const [incident, ...others] = await list()
    expect(others).toEqual([])
    expect(incident).toMatchObject({ severity: 'critical', status: 'new', analyst: null, affected_hosts: ['ws-12'], affected_users: ['svc-backup'], techniques: ['T1003.001', 'T1021.002'], alert_count: 2, verdict: null, backfill: false })
    expect(incident!.first_activity_at).toBe(new Date(startTime - 600_000).toISOString())
    expect(incident!.detected_at).toBe(new Date(startTime - 597_000).toISOString())
    await Promise.all([1, 2, 3].map(() => at.incidents.sortIn(id, [`a_${id}`, `b_${id}`])))
    expect(await list()).toEqual([incident])
    expect(await changes()).toEqual(['opened', 'alerts', 'severity'])
    expect(at.alerts.get(`b_${id}`)).toMatchObject({ status: 'attached', incidentId: incident!.id })
  })

  test('a host that shares nothing is an incident of its own', async () => {
    const { raise, list } = await open()
    await raise('a')
    await raise('b', { host: 'db-1', user: 'kim' })
    expect((await list()).map(({ affected_hosts }) => affected_hosts).sort()).toEqual([['db-1'], ['ws-12']])
  })

  test('many words at once open one incident', async () => {
    const { id, list } = await open()
    const alerts = Array.from({ length: 12 }, (_, i) => alertOf(id, `alert${i}_${id}`, { firstEventAt: startTime - 600_000 + i }))
    for (const alert of alerts) at.alerts.set(alert.id, alert)
    await Promise.all(alerts.map((alert) => at.incidents.sortIn(id, [alert.id])))
    expect(await list()).toMatchObject([{ alert_count: 12 }])
  })

  test('what is too weak alone waits, dismissed, until something strong comes', async () => {
    const { id, raise, list } = await open()
    await raise('weak', { severity: 'low', firstEventAt: startTime - 900_000 })
    expect(await list()).toEqual([])
    expect(at.alerts.get(`weak_${id}`)?.status).toBe('dismissed')
    await raise('strong')
    const [incident] = await list()
    expect(incident).toMatchObject({ alert_count: 2, severity: 'high', first_activity_at: new Date(startTime - 900_000).toISOString(), detected_at: new Date(startTime - 297_000).toISOString() })
    expect(at.alerts.get(`weak_${id}`)).toMatchObject({ status: 'attached', incidentId: incident!.id })
  })

  test('what a person dismissed is not pulled in', async () => {
    const { id, raise, list } = await open()
    await raise('weak', { severity: 'low', firstEventAt: startTime - 900_000 })
    at.alerts.set(`weak_${id}`, { ...at.alerts.get(`weak_${id}`)!, verdict: 'false_positive' })
    await raise('strong')
    expect(await list()).toMatchObject([{ alert_count: 1 }])
  })

  test('rules are told in the language of who reads', async () => {
    const { id: tenantId, raise, list } = await open()
    const rule = { ...alertOf('', '').rule, id: 'rule-strange', title: 'Strange thing', falsePositives: ['Testers'], ko: { title: '이상한 일', falsePositives: ['시험하는 사람'] } }
    await raise('a', { rule, techniques: [], tactics: [] })
    const [{ id } = { id: '' }] = await list()
    for (const [language, title, other, falsePositive] of [['en', 'Strange thing', '이상한 일', 'Testers'], ['ko', '이상한 일', 'Strange thing', '시험하는 사람']] as const) {
      const incident = await at.incidents.get(tenantId, id, language)
      expect([incident.title, incident.summary, incident.severity_reasons[0], incident.timeline[0]?.text].map((text) => text?.includes(title))).toEqual([true, true, true, true])
      expect(incident.alerts[0]?.rule).toMatchObject({ title, false_positives: [falsePositive] })
      expect(JSON.stringify(incident)).not.toContain(other)
    }
  })

  test('backfill and live never mix, and backfill is marked', async () => {
    const { raise, list } = await open()
    await raise('live')
    await raise('old', { backfill: true, firstEventAt: startTime - 200_000 })
    await raise('live2', { firstEventAt: startTime - 100_000 })
    expect((await list()).map(({ backfill, alert_count }) => [backfill, alert_count]).sort()).toEqual([[false, 2], [true, 1]])
  })

  test('what is resolved takes no more alerts', async () => {
    const { as, raise, list } = await open()
    await raise('a')
    const [first] = await list()
    await as('POST', `/api/v1/incidents/${first!.id}/status`, { status: 'resolved' })
    await raise('b', { firstEventAt: startTime - 200_000 })
    expect((await list()).map(({ status }) => status).sort()).toEqual(['new', 'resolved'])
  })

  test('a short host name and the full one are one, by the name of the asset', async () => {
    const { id, raise, list } = await open()
    await raise('a', { host: 'WS-7', user: null })
    await raise('b', { host: 'ws-7.corp.local', user: null, firstEventAt: startTime - 200_000 })
    expect(await list()).toMatchObject([{ alert_count: 2, affected_hosts: ['WS-7'] }])
    // The asset graph follows the event store, a little later.
    await at.database.tenant(id, (tx) => at.assets.observe(tx, id, [{ kind: 'host', name: 'ws-7.corp.local', firstSeen: 1, lastSeen: 1 }]))
    await raise('c', { host: 'ws-7', user: null, firstEventAt: startTime - 100_000 })
    expect(await list()).toMatchObject([{ alert_count: 3, affected_hosts: ['ws-7.corp.local'] }])
    expect((await at.assets.list(id, { limit: 10 })).map(({ name }) => name)).toEqual(['ws-7.corp.local'])
  })

  test('accounts of the system and of machines are nobody', async () => {
    const { id, raise, list } = await open()
    for (const [i, user] of ['NT AUTHORITY\\SYSTEM', 'WS-12$', 'CORP\\kim', '-'].entries()) await raise(`u${i}`, { user, firstEventAt: startTime - 300_000 + i })
    expect(await list()).toMatchObject([{ alert_count: 4, affected_users: ['CORP\\kim'] }])
    expect((await at.assets.list(id, { kind: 'user', limit: 10 })).map(({ name }) => name)).toEqual(['CORP\\kim'])
  })

  test('a word that detection has not caught up with does nothing twice either', async () => {
    const { id, raise, list } = await open()
    await raise('a')
    at.alerts.set(`a_${id}`, alertOf(id, `a_${id}`))
    await at.incidents.sortIn(id, [`a_${id}`])
    expect(await list()).toMatchObject([{ alert_count: 1 }])
  })

  test('severity: raised by a critical asset with the reason, kept where a person lowered it, raised again only by worse', async () => {
    const { id, as, raise, list } = await open()
    await at.database.tenant(id, (tx) => at.assets.observe(tx, id, [{ kind: 'host', name: 'ws-12', firstSeen: 1, lastSeen: 1 }]))
    const { asset } = await at.assets.resolve(id, 'ws-12')
    await at.assets.classify(id, asset!.id, { criticality: 'critical' })
    await raise('a', { severity: 'medium' })
    const [first] = await list()
    expect(first!.severity).toBe('high')
    const detail = await at.incidents.get(id, first!.id, 'ko')
    expect(detail.severity_reasons.join()).toContain('ws-12')
    expect((await as('POST', `/api/v1/incidents/${first!.id}/severity`, { severity: 'low', reason: 'a planned exercise' })).body.severity).toBe('low')
    await raise('b', { severity: 'medium', firstEventAt: startTime - 200_000 })
    expect((await list())[0]!.severity).toBe('low')
    await raise('c', { severity: 'critical', firstEventAt: startTime - 100_000 })
    expect((await list())[0]!.severity).toBe('critical')
  })

  test('texts that no column takes do not stop anything', async () => {
    const { raise, list } = await open()
    await raise('a', { host: `bad\0host${Array.from({ length: 4_000 }, (_, i) => String.fromCharCode(97 + ((i * i * 7 + (i >> 3)) % 26))).join('')}`, user: `lone\ud800${Array.from({ length: 2_000 }, (_, i) => (i * 7_919).toString(36)).join('')}`, rule: { ...alertOf('', '').rule, title: 'nul\0title' } })
    expect(await list()).toHaveLength(1)
  })

  test('500 alerts of 500 hosts at once', async () => {
    const { id } = await open()
    const alerts = Array.from({ length: 500 }, (_, i) => alertOf(id, `many${i}_${id}`, { host: `host-${i}`, user: null, rule: { ...alertOf(id, '').rule, id: `rule-${i}` }, firstEventAt: startTime - 600_000 + i }))
    await at.raise(id, ...alerts)
    expect((await at.incidents.list(id, {}, { limit: 10_000 }, 'en')).total).toBeGreaterThan(400)
  })
})

describe('people act', () => {
  const opened = async () => {
    const tenant = await open()
    await tenant.raise('a')
    const [incident] = await tenant.list()
    return { ...tenant, incident: incident!, path: `/api/v1/incidents/${incident!.id}` }
  }

  test('assign, comment, investigate, judge, close, reopen: the story, the audit log and the outbox have each', async () => {
    const { id, as, path, incident, audit, changes } = await opened()
    await as('POST', '/api/v1/users', { name: `kim${id}`, role: 'analyst' })
    at.clock.advance(60_000)
    expect((await as('POST', `${path}/assign`, { analyst: `kim${id}` })).body.analyst).toBe(`kim${id}`)
    const comment = await as('POST', `${path}/comments`, { text: '계정 소유자에게 전화했습니다. 👩‍💻\n두 번째 줄' })
    expect(comment).toMatchObject({ status: 201, body: { kind: 'comment', text: '계정 소유자에게 전화했습니다. 👩‍💻\n두 번째 줄', actor: { kind: 'operator' } } })
    expect((await as('POST', `${path}/status`, { status: 'investigating' })).body.status).toBe('investigating')
    expect((await as('POST', `${path}/verdict`, { verdict: 'inconclusive' })).body.verdict).toBe('inconclusive')
    expect(coded(await as('POST', `${path}/status`, { status: 'new' }))).toEqual([409, 'incident_step_illegal'])
    at.clock.advance(60_000)
    expect((await as('POST', `${path}/status`, { status: 'closed', verdict: 'true_positive', reason: 'rebuilt' })).body).toMatchObject({ status: 'closed', verdict: 'true_positive' })
    expect(at.alerts.get(`a_${id}`)?.verdict).toBe('true_positive')
    expect(coded(await as('POST', `${path}/severity`, { severity: 'low', reason: 'x' }))).toEqual([409, 'incident_closed'])
    expect((await as('POST', `${path}/comments`, { text: 'afterwards' })).status).toBe(201)

    const detail = await at.incidents.get(id, incident.id, 'ko')
    expect(detail.timeline.map(({ kind, text }) => [kind, text])).toEqual([
      ['alert', 'LSASS memory read · ws-12, svc-backup 계정'],
      ['status', '경보 1건으로 인시던트를 열었습니다. 심각도: 높음'],
      ['assignment', `담당자를 kim${id} 님으로 지정했습니다`],
      ['comment', '계정 소유자에게 전화했습니다. 👩‍💻\n두 번째 줄'],
      ['status', '상태를 신규에서 조사 중으로 변경했습니다'],
      ['verdict', '판단 불가로 판정했습니다'],
      ['status', '정탐으로 판정하고 종결했습니다: rebuilt'],
      ['comment', 'afterwards'],
    ])
    expect(detail.clocks).toMatchObject({ t4_first_touch: new Date(startTime + 60_000).toISOString(), t5_triaged: new Date(startTime + 60_000).toISOString(), t11_resolved: new Date(startTime + 120_000).toISOString(), t12_closed: new Date(startTime + 120_000).toISOString() })
    expect(detail.next_statuses).toEqual(['investigating'])

    expect((await as('POST', `${path}/status`, { status: 'investigating' })).body).toMatchObject({ status: 'investigating', verdict: null })
    expect(at.alerts.get(`a_${id}`)?.verdict).toBeNull()
    expect((await audit()).map(({ action }) => action)).toEqual(['incident.status', 'incident.comment', 'incident.status', 'incident.verdict', 'incident.status', 'incident.comment', 'incident.assign'])
    expect(await changes()).toEqual(['opened', 'assigned', 'comment', 'status', 'verdict', 'status', 'comment', 'status'])
  })

  test('the same again changes nothing and tells nobody; the same status is a refused step', async () => {
    const { id, as, path, changes } = await opened()
    await as('POST', '/api/v1/users', { name: `lee${id}`, role: 'analyst' })
    for (let i = 0; i < 2; i++) {
      expect((await as('POST', `${path}/assign`, { analyst: `LEE${id}` })).status).toBe(200)
      expect((await as('POST', `${path}/verdict`, { verdict: 'test' })).status).toBe(200)
      expect((await as('POST', `${path}/severity`, { severity: 'low', reason: 'known' })).status).toBe(200)
    }
    expect((await as('POST', `${path}/assign`, { analyst: null })).body.analyst).toBeNull()
    expect(await changes()).toEqual(['opened', 'assigned', 'verdict', 'severity', 'assigned'])
    await as('POST', `${path}/status`, { status: 'investigating' })
    const refused = await as('POST', `${path}/status`, { status: 'investigating' }, 'ko')
    expect(coded(refused)).toEqual([409, 'incident_step_illegal'])
    expect(refused.body.params).toMatchObject({ status: 'investigating', possible: 'contained, resolved, closed' })
  })

  test('closing needs a verdict', async () => {
    const { as, path, changes } = await opened()
    const refused = await as('POST', `${path}/status`, { status: 'closed' })
    expect(coded(refused)).toEqual([409, 'incident_verdict_required'])
    expect(await changes()).toEqual(['opened'])
  })

  test('nobody unknown, disabled or of another tenant is assigned; a provider of all tenants may be', async () => {
    const { id, as, path } = await opened()
    const other = await open()
    await other.as('POST', '/api/v1/users', { name: `other${id}`, role: 'analyst' })
    await as('POST', '/api/v1/users', { name: `gone${id}`, role: 'analyst' })
    await as('PATCH', `/api/v1/users/gone${id}`, { disabled: true })
    for (const name of ['nobody', `other${id}`, `gone${id}`, 'me']) expect(coded(await as('POST', `${path}/assign`, { analyst: name }))).toEqual([422, 'analyst_unknown'])
    await as('POST', '/api/v1/users', { name: `soc${id}`, role: 'analyst', side: 'provider', all_tenants: true })
    expect((await as('POST', `${path}/assign`, { analyst: `soc${id}` })).body.analyst).toBe(`soc${id}`)
  })

  test('bodies that are none', async () => {
    const { as, path } = await opened()
    for (const [verb, body] of [
      ['comments', { text: '' }], ['comments', { text: '   ' }], ['comments', { text: 'x'.repeat(10_001) }], ['comments', {}], ['status', { status: 'open' }], ['status', { status: 'closed', verdict: 'maybe' }],
      ['severity', { severity: 'low' }], ['severity', { severity: 'worst', reason: 'x' }], ['verdict', {}], ['assign', {}],
    ] as const) expect(coded(await as('POST', `${path}/${verb}`, body))).toEqual([400, 'body_invalid'])
    expect((await as('POST', `${path}/comments`, { text: 'x'.repeat(10_000) })).status).toBe(201)
    expect(coded(await as('POST', `${path}/comments`, { text: 'nul \0 in it' }))).toEqual([400, 'text_unstorable'])
  })

  test('an incident of another tenant is not there', async () => {
    const { path } = await opened()
    const other = await open()
    for (const [verb, body] of [['status', { status: 'investigating' }], ['assign', { analyst: null }], ['comments', { text: 'x' }], ['verdict', { verdict: 'test' }], ['severity', { severity: 'low', reason: 'x' }]] as const) {
      expect(coded(await other.as('POST', `${path}/${verb}`, body))).toEqual([404, 'incident_not_found'])
    }
    await expect(at.incidents.get(other.id, path.split('/').at(-1)!, 'en')).rejects.toMatchObject({ code: 'incident_not_found' })
    expect(await at.incidents.brief(other.id, path.split('/').at(-1)!)).toBeNull()
    await expect(at.database.tenant(other.id, (tx) => at.incidents.contained(tx, other.id, path.split('/').at(-1)!))).rejects.toMatchObject({ code: 'incident_not_found' })
  })

  test('two people at once: both steps are in the story, neither lost', async () => {
    const { id, as, path, incident } = await opened()
    const answers = await Promise.all([...Array.from({ length: 8 }, (_, i) => as('POST', `${path}/comments`, { text: `comment ${i}` })), as('POST', `${path}/status`, { status: 'investigating' }), as('POST', `${path}/severity`, { severity: 'critical', reason: 'spreads' })])
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 8 }, () => 201), 200, 200])
    const detail = await at.incidents.get(id, incident.id, 'en')
    expect(detail).toMatchObject({ status: 'investigating', severity: 'critical' })
    expect(detail.timeline.filter(({ kind }) => kind === 'comment')).toHaveLength(8)
  })
})

describe('what other contexts tell', () => {
  test('actions come into the story with their clocks; containment moves the status; an answer that is awaited pauses', async () => {
    const { id, raise, list } = await open()
    await raise('a')
    const [incident] = await list()
    const entry = (en: string, minute: number) => ({ kind: 'action' as const, at: startTime + minute * 60_000, actor: { kind: 'user' as const, name: 'kim' }, text: { en, ko: `${en} (ko)` }, ref: { type: 'action' as const, id: 'act_1' } })
    await at.database.tenant(id, (tx) => at.incidents.record(tx, id, incident!.id, entry('asked', 1), { t8: startTime + 60_000 }, true))
    await at.database.tenant(id, (tx) => at.incidents.record(tx, id, incident!.id, entry('approved', 11), { t8a: startTime + 660_000 }, false))
    await at.database.tenant(id, async (tx) => {
      await at.incidents.record(tx, id, incident!.id, entry('isolated', 12), { t9: startTime + 720_000, t9n: startTime + 720_000 })
      await at.incidents.contained(tx, id, incident!.id)
      await at.incidents.contained(tx, id, incident!.id)
    })
    const detail = await at.incidents.get(id, incident!.id, 'ko')
    expect(detail.status).toBe('contained')
    expect(detail.clocks).toMatchObject({
      t8_containment_requested: new Date(startTime + 60_000).toISOString(), t8a_decided: new Date(startTime + 660_000).toISOString(), t9_first_contained: new Date(startTime + 720_000).toISOString(),
      pauses: [{ from: new Date(startTime + 60_000).toISOString(), to: new Date(startTime + 660_000).toISOString(), reason: 'asked' }],
    })
    expect(detail.timeline.filter(({ ref }) => ref?.type === 'action').map(({ text }) => text)).toEqual(['asked (ko)', 'approved (ko)', 'isolated (ko)'])
    expect(await at.incidents.brief(id, incident!.id)).toMatchObject({ status: 'contained', hosts: ['ws-12'], backfill: false, detectedAt: startTime - 297_000 })
    const rolledBack = at.database.tenant(id, async (tx) => {
      await at.incidents.record(tx, id, incident!.id, entry('never', 13))
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect((await at.incidents.get(id, incident!.id, 'en')).timeline.map(({ text }) => text)).not.toContain('never')
  })

  test('the outbox brings alerts', async () => {
    const { id, list } = await open()
    const alert = alertOf(id, `told_${id}`)
    at.alerts.set(alert.id, alert)
    await at.outbox.start()
    await at.database.tenant(id, (tx) => at.outbox.publish(tx, { type: 'detection.alerts_raised.v1', tenantId: id, payload: { alert_ids: [alert.id, 'alt_unknown'] } }))
    await at.outbox.deliver()
    expect(await list()).toMatchObject([{ alert_count: 1 }])
  })
})

describe('the page of an incident', () => {
  test('evidence, processes, indicators and what is alike', async () => {
    const { id, raise, list } = await open()
    const process = { guid: '{AAAA-1}', pid: '11', image: 'C:\\Users\\x\\evil.exe', commandLine: 'evil.exe -x', user: 'CORP\\kim', parentGuid: '{AAAA-0}', parentPid: '10', parentImage: 'C:\\Windows\\explorer.exe', parentCommandLine: 'explorer', at: startTime - 300_000 }
    const indicators = [{ type: 'domain', value: 'bad.example', verdict: 'malicious', confidence: 90, sources: ['feed'] }]
    await raise('old', { host: 'db-9', user: 'park', firstEventAt: startTime - 20 * 86_400_000, indicators })
    await raise('other', { host: 'mail-1', user: 'choi', rule: { ...alertOf(id, '').rule, id: 'rule-mail' }, techniques: ['T1566'], firstEventAt: startTime - 10 * 86_400_000 })
    await raise('a', { processes: [process], indicators, addresses: ['203.0.113.9', '10.0.0.1'], hashes: ['a'.repeat(64)] })
    const incidents = await list()
    const detail = await at.incidents.get(id, incidents.find(({ affected_hosts }) => affected_hosts[0] === 'ws-12')!.id, 'en')
    expect(detail.title).toBe('Credential dumping from LSASS on ws-12, by svc-backup')
    expect(detail.technique_names).toEqual({ 'T1003.001': 'LSASS Memory' })
    expect(detail.timeline[0]).toMatchObject({ kind: 'alert', ref: { type: 'alert', id: `a_${id}` }, event: { source: 'sysmon', raw: JSON.stringify({ alert: `a_${id}` }), matched: [{ field: 'Image' }] } })
    expect(detail.processes).toMatchObject([
      { guid: '{aaaa-1}', parent_guid: '{aaaa-0}', bad: true, image: 'C:\\Users\\x\\evil.exe', alert_ids: [`a_${id}`] },
      { guid: '{aaaa-0}', parent_guid: null, bad: false, image: 'C:\\Windows\\explorer.exe', alert_ids: [] },
    ])
    expect(detail.indicators.map(({ type, value, verdict }) => [type, value, verdict])).toEqual([['domain', 'bad.example', 'malicious'], ['ip', '203.0.113.9', 'unknown'], ['sha256', 'a'.repeat(64), 'unknown']])
    expect(detail.similar).toMatchObject([{ id: incidents.find(({ affected_hosts }) => affected_hosts[0] === 'db-9')!.id, why: 'Same indicator bad.example; rule LSASS memory read; technique T1003.001' }])
    expect(detail.similar[0]!.score).toBeGreaterThan(40)
    expect((await at.incidents.get(id, detail.id, 'ko')).similar[0]!.why).toBe('같은 침해지표 bad.example, 규칙 LSASS memory read, 공격 기법 T1003.001')
    expect(detail.summary).toBe('1 alert of 1 rule on ws-12, by svc-backup, within 1 s. Worst: LSASS memory read (high). Technique: LSASS Memory (T1003.001).')
    expect(detail.alerts).toMatchObject([{ id: `a_${id}`, rule: { license: 'Apache-2.0', pack_version: '1' }, status: 'attached', incident_id: detail.id }])
  })
})

describe('lists', () => {
  const levels = ['critical', 'high', 'medium'] as const
  const filled = async () => {
    const tenant = await open()
    for (let i = 0; i < 12; i++) await tenant.raise(`l${i}`, { host: `host-${i}`, user: null, severity: levels[i % 3]!, firstEventAt: startTime - (20 - 6 * Math.floor(i / 6)) * 3_600_000, rule: { ...alertOf('', '').rule, id: `rule-${i}` } })
    return tenant
  }

  test('worst first, then newest; paged without a gap or a repeat; the whole without limit, with total', async () => {
    const { as } = await filled()
    const whole = (await as('GET', '/api/v1/incidents')).body
    expect(whole).toMatchObject({ total: 12, next_cursor: null })
    expect(whole.incidents.map(({ severity }: { severity: string }) => severity)).toEqual([...Array(4).fill('critical'), ...Array(4).fill('high'), ...Array(4).fill('medium')])
    const times = whole.incidents.map(({ severity, detected_at }: { severity: string; detected_at: string }) => `${levels.length - levels.indexOf(severity as 'high')} ${detected_at}`)
    expect(times).toEqual([...times].sort().reverse())
    for (const limit of [1, 5, 12]) {
      const paged: unknown[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: { incidents: unknown[]; next_cursor: string | null; total: number } = (await as('GET', `/api/v1/incidents?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`)).body
        expect(page.incidents.length).toBeLessThanOrEqual(limit)
        expect(page.total).toBe(12)
        paged.push(...page.incidents)
        cursor = page.next_cursor
      }
      expect(paged).toEqual(whole.incidents)
    }
  })

  test('filters by status, severity, window and analyst', async () => {
    const { id, as, list } = await filled()
    const count = async (query: string) => (await as('GET', `/api/v1/incidents?${query}`)).body.total
    const all = await list()
    await as('POST', '/api/v1/users', { name: `an${id}`, role: 'analyst' })
    await as('POST', `/api/v1/incidents/${all[0]!.id}/assign`, { analyst: `an${id}` })
    await as('POST', `/api/v1/incidents/${all[1]!.id}/status`, { status: 'resolved' })
    await as('POST', `/api/v1/incidents/${all[2]!.id}/status`, { status: 'contained' })
    expect(await count('status=open')).toBe(11)
    expect(await count('status=all')).toBe(12)
    expect(await count('status=resolved')).toBe(1)
    expect(await count('status=resolved,contained')).toBe(2)
    expect(await count('severity=critical')).toBe(4)
    expect(await count('severity=critical,high&status=open')).toBe(7)
    expect(await count(`analyst=an${id}`)).toBe(1)
    expect(await count('analyst=none')).toBe(11)
    expect(await count('analyst=nobody')).toBe(0)
    const mid = new Date(startTime - 15 * 3_600_000).toISOString()
    const [before, after] = [await count(`end_time=${mid}`), await count(`start_time=${mid}`)]
    expect([before > 0, after > 0, before + after]).toEqual([true, true, 12])
    expect(await count(`start_time=${mid.slice(0, 19)}`)).toBe(after)
    expect(await count(`start_time=${mid.slice(0, 19)}%2B00:00`)).toBe(after)
    expect(await count(`start_time=${mid.slice(0, 19)}+00:00`)).toBe(after)
    expect(await count(`start_time=${encodeURIComponent(mid.slice(0, 19).replace('T', ' '))}`)).toBe(after)
    for (const query of ['status=opened', 'severity=worst', 'start_time=yesterday', 'limit=0', 'limit=1001', 'limit=x', 'end_time=2026-13-01']) expect(coded(await as('GET', `/api/v1/incidents?${query}`))).toEqual([400, 'parameter_invalid'])
    expect(coded(await as('GET', '/api/v1/incidents?cursor=nonsense'))).toEqual([400, 'cursor_invalid'])
    expect(await at.incidents.openCounts(id)).toEqual({ critical: 3, high: 4, medium: 4, low: 0, informational: 0 })
  })

  test('days are those of the zone', async () => {
    const { id, raise } = await open()
    await raise('a', { host: 'h1', user: null, firstEventAt: Date.parse('2026-03-08T14:59:50Z'), rule: { ...alertOf('', '').rule, id: 'r1' } })
    await raise('b', { host: 'h2', user: null, firstEventAt: Date.parse('2026-03-08T15:00:00Z'), rule: { ...alertOf('', '').rule, id: 'r2' } })
    expect(await at.incidents.dayCounts(id, Date.parse('2026-03-08T00:00:00Z'), Date.parse('2026-03-09T14:00:00Z'), 'Asia/Seoul')).toEqual([{ day: '2026-03-08', incidents: 1 }, { day: '2026-03-09', incidents: 1 }])
    expect(await at.incidents.dayCounts(id, Date.parse('2026-03-08T00:00:00Z'), Date.parse('2026-03-09T00:00:00Z'), 'UTC')).toEqual([{ day: '2026-03-08', incidents: 2 }])
    expect((await at.incidents.summaries(id, Date.parse('2026-03-08T15:00:00Z'), startTime)).map(({ hosts }) => hosts)).toEqual([['h2']])
  })
})

describe('metrics', () => {
  test('of a month without incidents: null where nothing was measured, zero where nothing was counted', async () => {
    const { as } = await open()
    const { status, body } = await as('GET', '/api/v1/metrics?tz=Asia/Seoul')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      mttd_minutes: null, mttr_minutes: null, incidents_count: 0, false_positive_rate: 33.3, mtta_minutes: null, coverage: { status: 'not_available' },
      period: { start: '2026-02-28T15:00:00.000Z', time_zone: 'Asia/Seoul' }, definitions: { mttd_minutes: { status: 'no_data', n: 0 }, false_positive_rate: { status: 'ok', n: 6, left_out: { suppressed: 5, other_verdicts: 4 } } },
    })
  })

  test('windows that cannot be are refused', async () => {
    const { as } = await open()
    expect(coded(await as('GET', '/api/v1/metrics?start_time=2027-01-01'))).toEqual([400, 'window_in_future'])
    expect(coded(await as('GET', '/api/v1/metrics?start_time=2026-02-02&end_time=2026-02-01'))).toEqual([400, 'window_reversed'])
    expect(coded(await as('GET', '/api/v1/metrics?start_time=2026-02-02&end_time=2026-02-02'))).toEqual([400, 'window_reversed'])
    expect(coded(await as('GET', '/api/v1/metrics?tz=Mars/Olympus'))).toEqual([400, 'parameter_invalid'])
    expect(coded(await as('GET', '/api/v1/metrics?start_time=soon'))).toEqual([400, 'parameter_invalid'])
  })
})
