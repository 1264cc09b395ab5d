import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scheme1 } from '../access/access.fixture.ts'
import { openResponseFixture } from './response.fixture.ts'
import type { ResponseFixture } from './response.fixture.ts'

let at: ResponseFixture
type Who = Record<string, string>
let analyst: Who // the provider's
let admin: Who // owner of the customer, alone at first
beforeAll(async () => {
  at = await openResponseFixture()
  admin = await at.admin()
  analyst = await at.key({ role: 'analyst', side: 'provider' })
})
afterAll(() => at.close())

const body = (change: object = {}) => ({ action_type: 'isolate_host', targets: ['WS-12'], reason: 'spreads', requested_by: 'kim', urgency: 'high', ...change })
const fresh = (brief: object = {}, name = 'WS-12') => {
  at.asset(name)
  return at.incident({ hosts: [name], ...brief })
}
const codes = (answer: { body: { targets: { reason_code: string | null }[] } }) => answer.body.targets.map(({ reason_code }) => reason_code)
const waiting = async (who: Who, asked: { body: { action_id: string } }) =>
  (await at.read(who, '/api/v1/actions?status=awaiting_approval')).body.actions.find(({ action_id }: { action_id: string }) => action_id === asked.body.action_id)

describe('while the customer has one user', () => {
  test('critical is allowed at once, and without an executor it ends so, in both languages', async () => {
    const incident = fresh()
    const answer = await at.ask(admin, incident, body(), { 'accept-language': 'ko' })
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({
      action_id: expect.stringMatching(/^act_/), status: 'failed', incident_id: incident, incident_title: '자격 증명 탈취', requester: { kind: 'customer', name: 'admin', label: 'kim' }, expires_at: null, policy_version: 0,
      targets: [{ target: 'WS-12', state: 'failed', verdict: { decision: 'allow', rule: 'preset:critical-at-once', reason_code: null }, reason_code: 'no_executor', reason: expect.stringContaining('나중에도 실행되지 않습니다') }],
    })
    const read = await at.read(admin, `/api/v1/actions/${answer.body.action_id}`)
    expect(read.body.history.map(({ text }: { text: string }) => text)).toEqual([
      'Requested: isolate WS-12: “spreads”', 'Allowed by the response policy (preset:critical-at-once): isolate WS-12',
      'Not done: isolate WS-12 (Nothing that is connected can carry this out; it was not done and will not be done later)',
    ])
    expect(at.told.filter((one) => one.incident === incident).map(({ kind, clocks, actor }) => [kind, Object.keys(clocks), actor])).toEqual([['action', ['t8'], 'admin'], ['action', ['t8a'], 'admin'], ['action', [], 'admin']])
    expect(at.published.at(-1)).toMatchObject({ type: 'response.action_changed.v1', payload: { action_id: answer.body.action_id, status: 'failed' } })
  })

  test('below critical nobody else could approve: it waits, says so, and he himself never may', async () => {
    const answer = await at.ask(admin, fresh({ severity: 'high' }), body())
    expect(answer.body).toMatchObject({
      status: 'awaiting_approval', waiting_for: 'another approver of the customer', may_decide: { allowed: false, reason_code: 'no_second_approver' },
      targets: [{ verdict: { decision: 'ask', reason_code: 'no_second_approver', approvers: 'customer_other' }, reason_code: 'no_second_approver' }],
    })
    expect(await at.approve(admin, answer.body.action_id)).toMatchObject({ status: 403, body: { code: 'requester_cannot_approve' } })
    const again = await at.operate('POST', `/api/v1/actions/${answer.body.action_id}/approval`, { approved: true }, 'default')
    expect([again.status, again.body.code]).toEqual([403, 'forbidden'])
  })

  test('what the provider proposes, he approves; twice is 409 with the deciding record', async () => {
    const incident = fresh({ severity: 'high' })
    const asked = await at.ask(analyst, incident, body())
    expect(asked.body).toMatchObject({ status: 'awaiting_approval', waiting_for: "the customer's approvers", requester: { kind: 'provider' }, targets: [{ verdict: { decision: 'ask', approvers: 'customer', reason_code: 'approval_required' } }] })
    expect(Date.parse(asked.body.expires_at)).toBe(at.clock.now() + 4 * 3_600_000)
    expect(await waiting(admin, asked)).toMatchObject({ action_id: asked.body.action_id, may_decide: { allowed: true, reason_code: null } })
    expect(at.told.at(-1)).toMatchObject({ ko: '승인 대기(고객 승인자): WS-12 격리', waits: true })

    at.clock.advance(90_000)
    const approved = await at.approve(admin, asked.body.action_id, true, { comment: '좋습니다', approved_by: '이 팀장' })
    expect(approved).toMatchObject({ status: 200, body: { action_id: asked.body.action_id, status: 'failed', decided_by: 'admin', decided_at: new Date(at.clock.now()).toISOString() } })
    expect(at.told.filter((one) => one.incident === incident).map(({ kind, en, waits }) => [kind, en, waits]).slice(-2)).toEqual([
      ['approval', 'Approved: isolate WS-12: “좋습니다”', undefined], ['action', expect.stringContaining('Not done'), false],
    ])
    const twice = await at.approve(admin, asked.body.action_id, false)
    expect(twice).toMatchObject({ status: 409, body: { code: 'action_decided', action_id: asked.body.action_id, decided_by: 'admin', decision: 'approved', comment: '좋습니다' } })
  })

  test('a refusal is final', async () => {
    const asked = await at.ask(analyst, fresh({ severity: 'high' }), body())
    expect(await at.approve(admin, asked.body.action_id, false, { comment: null })).toMatchObject({ status: 200, body: { status: 'rejected' } })
    expect(await at.approve(admin, asked.body.action_id)).toMatchObject({ status: 409, body: { decision: 'rejected' } })
    expect((await at.read(admin, `/api/v1/actions/${asked.body.action_id}`)).body.targets).toMatchObject([{ state: 'rejected', reason_code: 'rejected' }])
  })
})

describe('what is asked for', () => {
  test('mistakes of form are 400 and nothing else is', async () => {
    const incident = fresh()
    for (const wrong of [
      body({ targets: [] }), body({ targets: 'WS-12' }), body({ targets: [1] }), body({ targets: [''] }), body({ targets: Array.from({ length: 1_001 }, (_, i) => `h${i}`) }), body({ action_type: 'format_disk' }), body({ urgency: 'now' }),
      body({ targets: ['x'.repeat(2_000)] }), body({ targets: ['WS-12\0'] }), body({ reason: 'a\0b' }), body({ requested_by: 5 }), [], 'null', '{"action_type"',
    ]) expect([JSON.stringify(wrong)?.slice(0, 60), (await at.ask(analyst, incident, wrong as object)).status]).toEqual([JSON.stringify(wrong)?.slice(0, 60), 400])
    expect(await at.ask(analyst, 'inc_none', body())).toMatchObject({ status: 404, body: { code: 'incident_not_found' } })
    expect((await at.ask(await at.key({ role: 'auditor' }), incident, body())).status).toBe(403)
    expect((await at.ask({}, incident, body())).status).toBe(401)
    expect((await at.ask(analyst, incident, { action_type: 'isolate_host', targets: ['WS-12'] })).status).toBe(202)
  })

  test('everything else is a verdict, target by target', async () => {
    at.asset('db.seoul.corp')
    at.asset('db.busan.corp')
    const incident = fresh({ hosts: ['WS-12', 'too-new'] })
    const answer = await at.ask(analyst, incident, body({ targets: ['nobody', 'db', 'no such host!', 'WS-12', 'ws-12', at.known[0]!.id, 'too-new', '한글호스트', 'a b'] }), { 'accept-language': 'ko' })
    expect(answer.status).toBe(202)
    expect(answer.body.targets.map(({ target, state, reason_code, candidates }: { target: string; state: string; reason_code: string; candidates: string[] }) => [target, state, reason_code, ...candidates])).toEqual([
      ['nobody', 'denied', 'unknown_target'], ['db', 'denied', 'target_ambiguous', 'db.seoul.corp', 'db.busan.corp'], ['no such host!', 'denied', 'target_malformed'], ['WS-12', 'failed', 'no_executor'],
      ['too-new', 'failed', 'no_executor'], ['한글호스트', 'denied', 'unknown_target'], ['a b', 'denied', 'target_malformed'],
    ])
    expect(answer.body.targets[2].reason).toContain('호스트 이름 또는 자산 ID')
    expect(answer.body.status).toBe('failed')
  })

  test('addresses: reserved ones, our own and whole networks never', async () => {
    const answer = await at.ask(analyst, fresh(), body({ action_type: 'block_ip', targets: ['203.0.113.7', '127.0.0.1', '0.0.0.0/0', '10.0.0.0/8', '198.51.100.10', '198.51.100.0/24', 'evil.example', '203.0.113.7/32'] }))
    expect(codes(answer)).toEqual(['no_executor', 'target_protected', 'network_too_broad', 'network_too_broad', 'target_protected', 'target_protected', 'target_malformed'])
  })

  test('accounts and files; a bare hash means every affected host', async () => {
    at.asset('CORP\\bob', { kind: 'user' })
    const accounts = await at.ask(analyst, fresh({ users: ['svc-new'] }), body({ action_type: 'disable_account', targets: ['CORP\\bob', 'WS-12\\local', 'svc-new', 'ghost@corp', 'WS-12\\WS-12$', 'nohost\\x'] }))
    expect(codes(accounts)).toEqual(['no_executor', 'no_executor', 'no_executor', 'unknown_target', 'target_protected', 'unknown_target'])
    const hash = 'ab'.repeat(32)
    const files = await at.ask(analyst, fresh({ hosts: ['WS-12', 'too-new'] }), body({ action_type: 'quarantine_file', targets: [hash, 'WS-12:C:\\x.exe', `ws-12:${hash.toUpperCase()}`, 'nowhere:/tmp/x'] }))
    expect(files.body.targets.map(({ target }: { target: string }) => target)).toEqual([`WS-12:${hash}`, `too-new:${hash}`, 'WS-12:C:\\x.exe', 'nowhere:/tmp/x'])
    expect(codes(await at.ask(analyst, at.incident(), body({ action_type: 'quarantine_file', targets: [hash] })))).toEqual(['unknown_target'])
  })

  test('a closed incident, stale evidence, backfill, over the cap', async () => {
    expect(await at.ask(analyst, fresh({ status: 'closed' }), body())).toMatchObject({ status: 202, body: { status: 'denied', targets: [{ reason_code: 'incident_closed' }] } })
    for (const stale of [{ backfill: true }, { lastActivityAt: at.clock.now() - 25 * 3_600_000 }]) {
      expect(await at.ask(analyst, fresh(stale), body())).toMatchObject({ body: { status: 'awaiting_approval', targets: [{ reason_code: 'stale_evidence', verdict: { decision: 'ask', rule: 'rail:stale_evidence' } }] } })
    }
    const many = Array.from({ length: 11 }, (_, i) => `many-${i}`)
    const over = await at.ask(analyst, at.incident({ hosts: many }), body({ targets: many }))
    expect(new Set(codes(over))).toEqual(new Set(['over_cap']))
    expect(over.body.status).toBe('awaiting_approval')
  })

  test('a thousand targets in one request, answered and decided', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `thousand-${i}`)
    const asked = await at.ask(analyst, at.incident({ hosts: many }), body({ targets: many }))
    expect([asked.status, asked.body.targets.length, asked.body.status]).toEqual([202, 1_000, 'awaiting_approval'])
    expect(await at.approve(admin, asked.body.action_id)).toMatchObject({ status: 200, body: { status: 'failed' } })
    expect((await at.read(admin, `/api/v1/actions/${asked.body.action_id}`)).body.history.map(({ text }: { text: string }) => text)[0]).toContain('and 997 more')
  })

  test('one who is bound to a site asks for its assets only', async () => {
    const site = await at.operate('POST', '/api/v1/sites', { name: 'Busan' }, 'default')
    at.asset('busan-1', { siteId: site.body.id })
    const bound = await at.key({ role: 'analyst', site_id: site.body.id })
    const answer = await at.ask(bound, fresh(), body({ targets: ['busan-1', 'WS-12'] }))
    expect(codes(answer)).toEqual(['no_executor', 'outside_site'])
  })

  test('a rule that asks is no person', async () => {
    const answer = await at.response.request({ kind: 'rule', tenantId: at.tenantId, name: 'LSASS dump' }, fresh({ severity: 'high' }), { actionType: 'isolate_host', targets: ['WS-12'], reason: '', label: null, urgency: 'normal' }, 'en')
    expect(answer).toMatchObject({ status: 'awaiting_approval', requester: { kind: 'rule', name: 'LSASS dump' }, targets: [{ verdict: { approvers: 'customer' } }] })
  })
})

describe('asked again', () => {
  const signed = async (key: { key_id: string; secret: string }, incident: string, text: string, more: Who = {}) => {
    at.clock.advance(1)
    const path = `/api/v1/incidents/${incident}/actions`
    return at.call('POST', path, { body: text, headers: { ...scheme1(key, 'POST', path, at.clock.now(), text), ...more } })
  }
  test('the same body under a fresh signature within 60 s is the first answer; later, or with another body, path or key, it is not', async () => {
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'idem', role: 'analyst', side: 'provider' }, 'default')).body
    const other = (await at.operate('POST', '/api/v1/keys', { name: 'idem2', role: 'analyst', side: 'provider' }, 'default')).body
    const incident = fresh({ severity: 'high' })
    const text = JSON.stringify(body())
    const first = await signed(key, incident, text)
    at.clock.advance(30_000)
    const second = await signed(key, incident, text)
    expect(second.body).toEqual(first.body)
    const ids = [first.body.action_id]
    for (const another of [await signed(key, incident, `${text} `), await signed(key, fresh(), text), await signed(other, incident, text)]) ids.push(another.body.action_id)
    // No sweep is under way that would forget it meanwhile: its time alone decides.
    await at.response.sweep()
    at.clock.advance(30_000)
    ids.push((await signed(key, incident, text)).body.action_id)
    expect(new Set(ids).size).toBe(5)
  })
  test('twice at the same moment is one action', async () => {
    const incident = fresh({ severity: 'high' })
    const answers = await Promise.all(Array.from({ length: 8 }, () => at.ask(analyst, incident, body())))
    expect(new Set(answers.map((answer) => answer.body.action_id)).size).toBe(1)
    expect((await at.read(admin, `/api/v1/actions?incident=${incident}`)).body.actions).toHaveLength(1)
  })
  test('Idempotency-Key decides instead, for a day, and is not lent to another body', async () => {
    const incident = fresh({ severity: 'high' })
    const key = { 'idempotency-key': 'k-1' }
    const first = await at.ask(analyst, incident, body(), key)
    at.clock.advance(3_600_000)
    expect((await at.ask(analyst, incident, body(), key)).body.action_id).toBe(first.body.action_id)
    expect((await at.ask(analyst, incident, body(), { 'idempotency-key': 'k-2' })).body.action_id).not.toBe(first.body.action_id)
    expect(await at.ask(analyst, incident, body({ reason: 'other' }), key)).toMatchObject({ status: 400, body: { code: 'idempotency_key_reused' } })
    expect((await at.ask(analyst, incident, body(), { 'idempotency-key': 'x'.repeat(300) })).status).toBe(400)
  })
})

describe('who approves', () => {
  let second: Who // approver of the customer
  let staff: Who // approver of the provider
  beforeAll(async () => {
    second = await at.user({ name: 'second', role: 'approver' })
    staff = await at.key({ role: 'approver', side: 'provider' })
  })
  test('a customer\'s request is the provider\'s to accept, and no longer another customer\'s', async () => {
    const asked = await at.ask(admin, fresh({ severity: 'high' }), body())
    expect(asked.body).toMatchObject({ waiting_for: 'the MDR team', targets: [{ verdict: { approvers: 'provider', reason_code: 'approval_required' } }] })
    expect(await at.approve(second, asked.body.action_id)).toMatchObject({ status: 403, body: { code: 'not_the_approver' } })
    expect((await waiting(staff, asked))!.may_decide).toEqual({ allowed: true, reason_code: null })
    expect((await at.approve(staff, asked.body.action_id)).status).toBe(200)
  })
  test('a key of the requester is the requester', async () => {
    const manager = await at.user({ name: 'both', role: 'manager' })
    const provider = await at.operate('POST', '/api/v1/keys', { name: 'mine', role: 'approver', side: 'customer', owner: 'both' }, 'default')
    const own = { authorization: `Basic ${btoa(`${provider.body.key_id}:${provider.body.secret}`)}` }
    const asked = await at.ask(manager, fresh({ severity: 'high' }), body())
    expect(await at.approve(own, asked.body.action_id)).toMatchObject({ status: 403, body: { code: 'requester_cannot_approve' } })
  })
  test('an analyst may not approve, an approver may request, an unknown action is 404, wrong bodies are 400', async () => {
    const asked = await at.ask(second, fresh({ severity: 'high' }), body())
    expect(asked.status).toBe(202)
    expect((await at.approve(analyst, asked.body.action_id)).status).toBe(403)
    expect(await at.approve(staff, 'act_none')).toMatchObject({ status: 404, body: { code: 'action_not_found' } })
    for (const wrong of [{}, { approved: 'yes' }, { approved: true, comment: 5 }, []]) expect((await at.post(staff, `/api/v1/actions/${asked.body.action_id}/approval`, wrong)).status).toBe(400)
    expect((await at.approve(staff, asked.body.action_id, true, { comment: 'x\0' })).status).toBe(400)
    expect((await at.read(staff, `/api/v1/actions/${asked.body.action_id}`)).body.status).toBe('awaiting_approval')
  })
  test('ten at once: exactly one decides', async () => {
    const asked = await at.ask(analyst, fresh({ severity: 'high' }), body())
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => at.approve(i % 2 === 0 ? admin : second, asked.body.action_id, i % 3 !== 0)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
    const history = (await at.read(admin, `/api/v1/actions/${asked.body.action_id}`)).body.history
    expect(history.filter(({ status }: { status: string }) => status === 'approved' || status === 'rejected')).toHaveLength(1)
  })
  test('an approval that nobody gives expires, on our clock', async () => {
    const asked = await at.ask(analyst, fresh({ severity: 'high' }), body())
    at.clock.advance(4 * 3_600_000 - 1)
    await at.response.sweep()
    expect((await at.read(admin, `/api/v1/actions/${asked.body.action_id}`)).body.status).toBe('awaiting_approval')
    at.clock.advance(1)
    await at.response.sweep()
    expect((await at.read(admin, `/api/v1/actions/${asked.body.action_id}`)).body).toMatchObject({ status: 'expired', targets: [{ reason_code: 'approval_expired' }] })
    expect(await at.approve(admin, asked.body.action_id)).toMatchObject({ status: 409, body: { decision: 'expired' } })
  })
})

test('every route is described', () => {
  const { paths } = at.http.openapi() as { paths: Record<string, Record<string, { requestBody?: { content: { 'application/json': { schema: { properties: object } } } } }>> }
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/v1/incidents/{id}/actions', '/api/v1/actions/{id}/approval', '/api/v1/policy/{version}/sign']))
  expect(Object.keys(paths['/api/v1/incidents/{id}/actions']!['post']!.requestBody!.content['application/json'].schema.properties)).toEqual(['action_type', 'targets', 'reason', 'requested_by', 'urgency'])
})

describe('lists', () => {
  test('page by page, by status and by incident, newest first', async () => {
    const incident = fresh({ severity: 'high' })
    const made: string[] = []
    for (let i = 0; i < 5; i++) {
      at.clock.advance(1)
      made.unshift((await at.ask(analyst, incident, body({ reason: `n${i}` }))).body.action_id)
    }
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await at.read(admin, `/api/v1/actions?incident=${incident}&limit=2${cursor}`)).body
      seen.push(...page.actions.map(({ action_id }: { action_id: string }) => action_id))
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
    } while (cursor !== '')
    expect(seen).toEqual(made)
    expect((await at.read(admin, '/api/v1/actions?status=lifted')).body).toEqual({ actions: [], next_cursor: null })
    expect((await at.read(admin, '/api/v1/actions?status=nonsense')).status).toBe(400)
    expect((await at.read(admin, '/api/v1/actions?cursor=nonsense')).body.code).toBe('cursor_invalid')
    expect(await at.response.forIncident(at.tenantId, incident, null, 'ko')).toHaveLength(5)
    expect((await at.response.waiting(at.tenantId, null, 'en')).every(({ status, may_decide }) => status === 'awaiting_approval' && !may_decide.allowed)).toBe(true)
  })
  test('another tenant sees nothing of it: the same 404', async () => {
    await at.operate('POST', '/api/v1/tenants', { name: 'other' })
    const other = await at.operate('POST', '/api/v1/keys', { name: 'spy', role: 'manager' }, 'other')
    const spy = { authorization: `Basic ${btoa(`${other.body.key_id}:${other.body.secret}`)}` }
    const asked = await at.ask(analyst, fresh({ severity: 'high' }), body())
    const id = asked.body.action_id
    expect((await at.read(spy, '/api/v1/actions')).body.actions).toEqual([])
    for (const answer of [await at.read(spy, `/api/v1/actions/${id}`), await at.approve(spy, id), await at.post(spy, `/api/v1/actions/${id}/lift`, {})]) expect([answer.status, answer.body.code]).toEqual([404, 'action_not_found'])
    expect(await at.ask(spy, asked.body.incident_id, body())).toMatchObject({ status: 404, body: { code: 'incident_not_found' } })
  })
  test('every write is in the audit chain', async () => {
    const records = (await at.operate('GET', '/api/v1/audit?limit=1000', undefined, 'default')).body.records
    const did = new Set(records.map(({ action }: { action: string }) => action))
    for (const action of ['action.request', 'action.approve', 'action.reject', 'action.expired']) expect(did).toContain(action)
  })
})
