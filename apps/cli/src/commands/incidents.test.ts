import { describe, expect, test } from 'vitest'
import { fakeServer, haechi, noon } from '../process.fixture.ts'

const incident = {
  id: 'inc_1', severity: 'critical', title: 'Credential dumping \u001b[2Jfrom LSASS on WS-12', status: 'new', detected_at: '2026-11-22T09:00:00.000Z', analyst: null, affected_hosts: ['WS-12', 'a', 'b', 'c'], affected_users: ['CORP\\bob'],
  techniques: ['T1003.001'], tactics: [], verdict: null, first_activity_at: '2026-11-22T08:59:00.000Z', updated_at: '2026-11-22T09:00:00.000Z', alert_count: 3, backfill: false,
}
const action = { action_id: 'act_1', incident_id: 'inc_1', action_type: 'isolate_host', status: 'awaiting_approval', targets: [{ target: 'WS-12', state: 'awaiting_approval', reason_code: null }, { target: 'dc-01', state: 'denied', reason_code: 'never_isolate' }], requested_at: '2026-11-22T09:05:00.000Z', waiting_for: '고객', expires_at: null, history: [{ at: '2026-11-22T09:05:00.000Z', status: 'requested', actor: { name: 'mina' }, text: '격리를 요청했습니다' }] }

describe('incidents list', () => {
  test('--json prints the body of the API as it is; without --limit all, with what was asked for', async () => {
    const body = { incidents: [incident], next_cursor: null, total: 1 }
    const { directory, asked } = await fakeServer(() => ({ body }))
    const { code, out, err } = await haechi(['incidents', 'list', '--tenant', 'acme', '--json', '--data', directory])
    expect([code, JSON.parse(out), err]).toEqual([0, body, ''])
    expect([asked[0]?.path, String(asked[0]?.query), asked[0]?.headers['x-haechi-tenant']]).toEqual(['/api/v1/incidents', '', 'acme'])
    await haechi(['incidents', 'list', '--status', 'open', '--severity', 'critical,high', '--analyst', 'none', '--from', '-1d', '--limit', '5', '--data', directory])
    expect(Object.fromEntries(asked[1]?.query ?? [])).toEqual({ status: 'open', severity: 'critical,high', analyst: 'none', start_time: new Date(noon - 86_400_000).toISOString(), limit: '5' })
  })

  test('for people a table that no title commands', async () => {
    const { directory } = await fakeServer(() => ({ body: { incidents: [incident], next_cursor: null, total: 1 } }))
    const { out } = await haechi(['incidents', 'list', '--data', directory], { environment: { LANG: 'ko_KR.UTF-8' } })
    expect(out.split('\n')[0]).toContain('심각도')
    expect(out).toContain('Credential dumping \\u001b[2Jfrom LSASS on WS-12')
    expect(out).toContain('WS-12, a, b +1')
    expect(out).not.toContain('\u001b')
    const { directory: empty } = await fakeServer(() => ({ body: { incidents: [], next_cursor: null, total: 0 } }))
    expect((await haechi(['incidents', 'list', '--data', empty])).err).toBe('Nothing found.\n')
  })
})

test('incidents show: the story and the actions for people, the body for programs', async () => {
  const body = { ...incident, summary: 'LSASS was read.', timeline: [{ id: 'e', at: incident.detected_at, kind: 'alert', actor: null, text: 'mimikatz' }], indicators: [{ type: 'ip', value: '203.0.113.9' }], actions: [action], assets: [] }
  const { directory, asked } = await fakeServer(() => ({ body }))
  const { out } = await haechi(['incidents', 'show', 'inc_1', '--data', directory])
  for (const part of ['T1003.001', '203.0.113.9', 'LSASS was read.', 'mimikatz', 'isolate_host', 'dc-01 denied (never_isolate)']) expect(out).toContain(part)
  expect(JSON.parse((await haechi(['incidents', 'show', 'inc_1', '--json', '--data', directory])).out)).toEqual(body)
  expect(asked[0]?.path).toBe('/api/v1/incidents/inc_1')
  const { directory: none } = await fakeServer(() => ({ status: 404, body: { code: 'incident_not_found', detail: 'There is no incident inc_2', errors: [] } }))
  expect((await haechi(['incidents', 'show', 'inc_2', '--data', none])).code).toBe(5)
})

test('the verbs meet the API as it is', async () => {
  const { directory, asked } = await fakeServer(({ path }) => ({ body: path.endsWith('/comments') ? { id: 'ent_1', at: incident.detected_at, text: 'asked the owner' } : path.includes('/actions') ? action : incident }))
  for (const words of [
    ['incidents', 'assign', 'inc_1', 'mina'], ['incidents', 'assign', 'inc_1'], ['incidents', 'comment', 'inc_1', 'asked', 'the owner'], ['incidents', 'status', 'inc_1', 'contained'],
    ['incidents', 'close', 'inc_1', '--verdict', 'true_positive', '--reason', 'a real one'], ['actions', 'request', 'inc_1', 'isolate_host', 'WS-12', 'dc-01', '--reason', 'lsass'],
    ['actions', 'approve', 'act_1', '--comment', 'yes'], ['actions', 'reject', 'act_1', '--json'], ['actions', 'show', 'act_1'], ['actions', 'lift', 'act_1', '--reason', 'rebuilt'],
  ]) expect([words, (await haechi([...words, '--data', directory])).code]).toEqual([words, 0])
  expect(asked.map((one) => `${one.method} ${one.path} ${one.body}`)).toEqual([
    'POST /api/v1/incidents/inc_1/assign {"analyst":"mina"}', 'POST /api/v1/incidents/inc_1/assign {"analyst":null}', 'POST /api/v1/incidents/inc_1/comments {"text":"asked the owner"}',
    'POST /api/v1/incidents/inc_1/status {"status":"contained"}', 'POST /api/v1/incidents/inc_1/status {"status":"closed","verdict":"true_positive","reason":"a real one"}',
    'POST /api/v1/incidents/inc_1/actions {"action_type":"isolate_host","targets":["WS-12","dc-01"],"reason":"lsass"}', 'POST /api/v1/actions/act_1/approval {"approved":true,"comment":"yes"}', 'GET /api/v1/actions/act_1 ',
    'POST /api/v1/actions/act_1/approval {"approved":false,"comment":""}', 'GET /api/v1/actions/act_1 ', 'POST /api/v1/actions/act_1/lift {"reason":"rebuilt"}',
  ])
  expect((await haechi(['actions', 'show', 'act_1', '--data', directory])).out).toContain('mina  격리를 요청했습니다')
  expect((await haechi(['incidents', 'close', 'inc_1', '--data', directory])).code).toBe(2)
  expect((await haechi(['incidents', 'close', 'inc_1', '--verdict', 'maybe', '--data', directory])).code).toBe(2)
})

test('actions list: page after page, what waits for whom', async () => {
  const { directory, asked } = await fakeServer(({ query }) => ({ body: { actions: [action], next_cursor: query.get('cursor') === null ? 'c' : null } }))
  const { out } = await haechi(['actions', 'list', '--status', 'awaiting_approval', '--incident', 'inc_1', '--data', directory])
  expect(out.trim().split('\n')).toHaveLength(3)
  expect(out).toContain('고객')
  expect(asked.map(({ query }) => query.get('cursor'))).toEqual([null, 'c'])
})
