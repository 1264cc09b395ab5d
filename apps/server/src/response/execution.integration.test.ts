import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../access/api.ts'
import { openResponse } from './api.ts'
import { openResponseFixture, standInExecutor } from './response.fixture.ts'
import type { ResponseFixture } from './response.fixture.ts'

const hour = 3_600_000
let stand: ReturnType<typeof standInExecutor>
let at: ResponseFixture
type Who = Record<string, string>
let admin: Who
let analyst: Who
beforeAll(async () => {
  stand = standInExecutor()
  at = await openResponseFixture({ executors: [stand.executor] })
  // A key of his instead of a session: it does not end when a day passes.
  admin = await at.key({ name: 'admin', role: 'owner', owner: 'admin' })
  analyst = await at.key({ role: 'analyst', side: 'provider' })
  at.asset('WS-12')
})
afterAll(() => at.close())
// Each test begins with nothing in effect, nothing waiting and an hour without actions.
beforeEach(async () => {
  stand.hooks = {}
  await policy({ preset: 'critical-at-once' })
  for (let i = 0; i < 8; i++) {
    at.clock.advance(24 * hour)
    await at.response.sweep()
  }
  for (const list of [stand.calls, at.contained, at.told]) list.length = 0
  stand.done.clear()
})

const policy = async (content: object) => {
  const made = (await at.post(admin, '/api/v1/policy', content)).body
  const signed = await at.post(admin, `/api/v1/policy/${made.version}/sign`, { digest: made.digest })
  expect(signed.status, JSON.stringify(signed.body)).toBe(200)
}
const isolate = async (brief: object = {}, change: object = {}) => {
  const incident = at.incident({ hosts: ['WS-12'], ...brief })
  const answer = await at.ask(analyst, incident, { action_type: 'isolate_host', targets: ['WS-12'], reason: 'spreads', ...change })
  expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  return { incident, id: answer.body.action_id as string, first: answer.body }
}
const read = async (id: string) => (await at.read(admin, `/api/v1/actions/${id}`)).body
const states = async (id: string) => (await read(id)).history.map(({ status }: { status: string }) => status)

test('allowed, carried out once, confirmed, and only then contained; it lifts itself when its time is over', async () => {
  const { incident, id, first } = await isolate()
  expect(first.status).toBe('approved')
  await at.response.sweep()
  const done = await read(id)
  expect(done).toMatchObject({
    status: 'succeeded', expires_at: new Date(at.clock.now() + 24 * hour).toISOString(),
    targets: [{ state: 'succeeded', reason_code: null, evidence: { execute: { rule: 'drop all' }, verify: { seen: true } } }],
  })
  expect(stand.calls).toEqual([`execute ${id}:execute:0`, `verify ${id}:execute:0`])
  expect(at.contained).toEqual([incident])
  expect(at.told.at(-1)).toMatchObject({ en: 'Done and confirmed: isolate WS-12', ko: '완료 및 확인됨: WS-12 격리', clocks: { t9: at.clock.now(), t9n: at.clock.now() } })
  at.clock.advance(24 * hour - 1)
  await at.response.sweep()
  expect((await read(id)).status).toBe('succeeded')
  at.clock.advance(1)
  await at.response.sweep()
  expect(await read(id)).toMatchObject({ status: 'lifted', targets: [{ state: 'lifted', reason_code: 'containment_ended' }] })
  expect(stand.calls.at(-1)).toBe(`lift ${id}:lift:0`)
  expect(await states(id)).toEqual(['requested', 'approved', 'executing', 'verifying', 'succeeded', 'lifting', 'lifted'])
})

test('asked first: nothing is done before the approval, and nothing after a refusal', async () => {
  const { id } = await isolate({ severity: 'high' })
  await at.response.sweep()
  expect(stand.calls).toEqual([])
  expect((await at.approve(admin, id)).body.status).toBe('approved')
  await at.response.sweep()
  expect((await read(id)).status).toBe('succeeded')
  const refused = await isolate({ severity: 'high' }, { targets: ['WS-12'], reason: 'again' })
  await at.approve(admin, refused.id, false)
  await at.response.sweep()
  expect(stand.calls.filter((call) => call.startsWith('execute'))).toHaveLength(1)
})

test('lifted on request: once, and again is no mistake; what does not stand is 409', async () => {
  const { id } = await isolate()
  await at.response.sweep()
  expect(await at.post(analyst, `/api/v1/actions/${id}/lift`, { reason: '정리됨' })).toMatchObject({ status: 200, body: { action_id: id, status: 'lifting' } })
  await at.response.sweep()
  expect(await read(id)).toMatchObject({ status: 'lifted', targets: [{ reason_code: 'lift_requested' }] })
  expect((await at.post(analyst, `/api/v1/actions/${id}/lift`, {})).body).toEqual({ action_id: id, status: 'lifted' })
  const waiting = await isolate({ severity: 'high' })
  expect(await at.post(analyst, `/api/v1/actions/${waiting.id}/lift`, { reason: '' })).toMatchObject({ status: 409, body: { code: 'action_not_standing' } })
  expect((await at.post(await at.key({ role: 'auditor' }), `/api/v1/actions/${id}/lift`, {})).status).toBe(403)
})

describe('an effect that stands', () => {
  test('is joined, named, and ends with its last holder', async () => {
    const one = await isolate()
    await at.response.sweep()
    const two = await isolate({}, { reason: 'another incident', targets: ['ws-12'] })
    expect(two.first).toMatchObject({ status: 'succeeded', targets: [{ state: 'succeeded', reason_code: 'already_in_effect', evidence: { joined: one.id }, reason: expect.stringContaining(one.id) }] })
    expect(stand.calls).toHaveLength(2)
    expect(at.contained).toEqual([one.incident, two.incident])

    await at.post(analyst, `/api/v1/actions/${one.id}/lift`, { reason: '' })
    await at.response.sweep()
    expect(await read(one.id)).toMatchObject({ status: 'lifted', targets: [{ reason_code: 'still_held' }] })
    expect(stand.calls.some((call) => call.startsWith('lift'))).toBe(false)
    await at.post(analyst, `/api/v1/actions/${two.id}/lift`, { reason: '' })
    await at.response.sweep()
    expect((await read(two.id)).status).toBe('lifted')
    expect(stand.calls.filter((call) => call.startsWith('lift'))).toEqual([`lift ${two.id}:lift:0`])
  })
  test('or is under way: the second waits for the first and ends as it does', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    stand.hooks.execute = () => { reached.resolve(); return gate.promise }
    const one = await isolate()
    await reached.promise
    const two = await isolate({}, { reason: 'second' })
    expect(two.first).toMatchObject({ status: 'executing', targets: [{ reason_code: 'already_in_effect' }] })
    gate.resolve()
    await at.response.sweep()
    expect((await read(one.id)).status).toBe('succeeded')
    at.clock.advance(2_000)
    await at.response.sweep()
    expect((await read(two.id)).status).toBe('succeeded')
    expect(stand.calls.filter((call) => call.startsWith('execute'))).toHaveLength(1)
  })
  test('does not lift a denial', async () => {
    await isolate()
    await at.response.sweep()
    await policy({ preset: 'critical-at-once', never_isolate: ['WS-12'] })
    expect((await isolate({}, { reason: 'again' })).first).toMatchObject({ status: 'denied', targets: [{ reason_code: 'never_isolate' }] })
  })
})

test('a target that came on the never-isolate list after it was asked for is not acted on', async () => {
  const { id } = await isolate({ severity: 'high' })
  await policy({ preset: 'critical-at-once', never_isolate: ['ws-*'] })
  expect((await at.approve(admin, id)).body.status).toBe('failed')
  expect((await read(id)).targets[0].reason_code).toBe('never_isolate')
  expect(stand.calls).toEqual([])
})

describe('when it does not work', () => {
  test('tried again five times, further and further apart, then failed, in words without what the executor said', async () => {
    stand.hooks.execute = () => { throw new RangeError('secret 4711') }
    const { id } = await isolate()
    await at.response.sweep()
    for (let i = 0; i < 10; i++) {
      at.clock.advance(300_000)
      await at.response.sweep()
    }
    expect(stand.calls).toHaveLength(5)
    expect(new Set(stand.calls).size).toBe(1)
    const ended = await read(id)
    expect(ended).toMatchObject({ status: 'failed', targets: [{ reason_code: 'execution_failed', reason: 'It could not be carried out: RangeError' }] })
    expect(JSON.stringify(ended)).not.toContain('4711')
    expect(at.contained).toEqual([])
  })
  test('carried out but not confirmed is not contained', async () => {
    stand.hooks.verified = false
    const { id } = await isolate()
    await at.response.sweep()
    expect((await read(id)).status).toBe('verifying')
    for (let i = 0; i < 10; i++) {
      at.clock.advance(300_000)
      await at.response.sweep()
    }
    expect(await read(id)).toMatchObject({ status: 'failed', targets: [{ reason_code: 'not_verified' }] })
    expect(at.contained).toEqual([])
  })
  test('a lift is tried until it works', async () => {
    const { id } = await isolate()
    await at.response.sweep()
    let tries = 0
    stand.hooks.lift = () => { if (++tries < 9) throw new Error('away') }
    await at.post(analyst, `/api/v1/actions/${id}/lift`, { reason: '' })
    await at.response.sweep()
    expect(await read(id)).toMatchObject({ status: 'lifting', targets: [{ reason_code: 'lift_failing' }] })
    for (let i = 0; i < 12; i++) {
      at.clock.advance(300_000)
      await at.response.sweep()
    }
    expect((await read(id)).status).toBe('lifted')
    expect(tries).toBe(9)
  })
})

test('killed between execute and verify: the next process uses the same key, so the effect is one', async () => {
  const dead = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  // The effect happens, and the process that asked for it never hears of it.
  stand.hooks.execute = (effect) => { stand.done.set(effect.key, effect.target); reached.resolve(); return dead.promise }
  const { id } = await isolate()
  await reached.promise
  stand.hooks = {}
  const next = openResponse(at.options)
  await next.sweep()
  expect((await read(id)).status).toBe('executing')
  at.clock.advance(120_000)
  await next.sweep()
  expect((await read(id)).status).toBe('succeeded')
  expect(stand.calls).toEqual([`execute ${id}:execute:0`, `execute ${id}:execute:0`, `verify ${id}:execute:0`])
  expect(stand.done.size).toBe(1)
  // The first one comes back to life: what it learnt is old.
  dead.resolve()
  await at.response.sweep()
  expect((await states(id)).filter((state: string) => state === 'verifying')).toHaveLength(1)
  await next.close()
})

test('a node that was too slow changes nothing for the one that took its step over', async () => {
  const attempts = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const reached = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let tries = 0
  stand.hooks.execute = () => { reached[tries]?.resolve(); return attempts[tries++]?.promise }
  const { id } = await isolate()
  await reached[0]!.promise
  at.clock.advance(120_000)
  const next = openResponse(at.options)
  const taken = next.sweep()
  await reached[1]!.promise
  attempts[0]!.reject(new Error('late'))
  await at.response.sweep()
  at.clock.advance(60_000)
  await at.response.sweep()
  expect(tries).toBe(2)
  attempts[1]!.resolve()
  await taken
  expect(await read(id)).toMatchObject({ status: 'succeeded', targets: [{ evidence: expect.not.objectContaining({ detail: 'Error' }) }] })
  await next.close()
})

test('two nodes sweep at once: each step is done by one', async () => {
  const { id } = await isolate({ severity: 'high' })
  const next = openResponse(at.options)
  await at.approve(admin, id)
  await Promise.all([at.response.sweep(), next.sweep(), at.response.sweep(), next.sweep()])
  await Promise.all([at.response.sweep(), next.sweep()])
  expect((await read(id)).status).toBe('succeeded')
  expect(stand.calls).toHaveLength(2)
  await next.close()
})

test('an approval that waits is nobody\'s memory: another process takes the answer and acts', async () => {
  const old = openResponse(at.options)
  const actor: Actor = {
    kind: 'key', id: 'key_x', person: 'key_x', name: 'x', tenantId: at.tenantId, side: 'provider', role: 'analyst', ownerRole: null, siteId: null, allTenants: false, language: null, mustChangePassword: false,
  }
  const { action_id: id } = await old.request(actor, at.incident({ severity: 'high' }), { actionType: 'isolate_host', targets: ['WS-12'], reason: '', label: null, urgency: 'normal' }, 'en')
  await old.close()
  await at.approve(admin, id)
  await at.response.sweep()
  expect((await read(id)).status).toBe('succeeded')
})

describe('what the signed policy says of time', () => {
  test('collaborate-then-act acts when nobody answers, but not on stale evidence', async () => {
    await policy({ preset: 'collaborate-then-act', collaborate_minutes: 5 })
    const acts = await isolate()
    const stale = await isolate({ backfill: true }, { reason: 'old', targets: ['WS-12'] })
    at.clock.advance(5 * 60_000)
    await at.response.sweep()
    expect(await read(acts.id)).toMatchObject({ status: 'succeeded' })
    expect(await states(acts.id)).toContain('approved')
    expect((await read(stale.id)).status).toBe('expired')
  })
  test('an escalation asks the other side, once', async () => {
    const staff = await at.key({ role: 'approver', side: 'provider' })
    await policy({ preset: 'ask-always', rows: [{ id: 'r', decision: 'ask', timeout_minutes: 10, on_timeout: 'escalate' }] })
    const { id, first } = await isolate()
    expect(first.waiting_for).toBe("the customer's approvers")
    at.clock.advance(10 * 60_000)
    await at.response.sweep()
    expect(await read(id)).toMatchObject({ status: 'awaiting_approval', waiting_for: 'the MDR team' })
    expect((await at.approve(admin, id)).body.code).toBe('not_the_approver')
    expect((await at.approve(staff, id)).body.status).toBe('approved')
    const other = await isolate({}, { reason: 'nobody' })
    at.clock.advance(10 * 60_000)
    await at.response.sweep()
    at.clock.advance(10 * 60_000)
    await at.response.sweep()
    expect((await read(other.id)).status).toBe('expired')
  })
  test('two of several must approve; one twice is one', async () => {
    const second = await at.user({ name: 'second', role: 'approver' })
    await policy({ preset: 'ask-always', rows: [{ id: 'r', decision: 'ask', needed: 2 }] })
    const { id, first } = await isolate()
    expect(first.waiting_for).toBe("the customer's approvers (2 of them)")
    expect((await at.approve(admin, id)).body).toMatchObject({ status: 'awaiting_approval', decided_by: null, approvals: 1, needed: 2 })
    expect(await at.approve(admin, id)).toMatchObject({ status: 409, body: { code: 'approval_repeated' } })
    expect((await at.approve(second, id)).body).toMatchObject({ status: 'approved', decided_by: 'second', approvals: 2 })
    const refused = await isolate({}, { reason: 'no' })
    await at.approve(admin, refused.id)
    expect((await at.approve(second, refused.id, false)).body.status).toBe('rejected')
  })
  test('containment lasts as long as signed; a file stays in quarantine', async () => {
    await policy({ preset: 'critical-at-once', containment_hours: 1 })
    const host = await isolate()
    const file = await isolate({}, { action_type: 'quarantine_file', targets: ['WS-12:/tmp/x'] })
    await at.response.sweep()
    at.clock.advance(hour)
    await at.response.sweep()
    expect((await read(host.id)).status).toBe('lifted')
    expect(await read(file.id)).toMatchObject({ status: 'succeeded', expires_at: null })
  })
  test('over the cap of an hour it asks; when the hour has passed it does not', async () => {
    await policy({ preset: 'critical-at-once', caps: { targets_per_action: 2, targets_per_hour: 2 } })
    for (const name of ['a', 'b', 'c', 'd']) at.asset(name)
    const first = await isolate({}, { targets: ['a', 'b'] })
    await at.response.sweep()
    expect((await read(first.id)).status).toBe('succeeded')
    expect((await isolate({}, { targets: ['c'] })).first.targets[0].reason_code).toBe('over_cap')
    at.clock.advance(hour + 1)
    expect((await isolate({}, { targets: ['d'] })).first.status).toBe('approved')
    expect((await isolate({}, { targets: ['a', 'b', 'c'] })).first.targets.map(({ verdict }: { verdict: { rule: string } }) => verdict.rule)).toEqual(['rail:caps', 'rail:caps', 'rail:caps'])
  })
})

test('what cannot be written holds up nothing else, and is tried again in a minute', async () => {
  at.asset('b')
  const [one, two] = [await isolate({ severity: 'high' }), await isolate({ severity: 'high' }, { targets: ['b'] })]
  await at.approve(admin, two.id)
  await at.response.sweep()
  at.broken.add(one.incident)
  at.clock.advance(4 * hour)
  await at.response.sweep()
  expect((await read(one.id)).status).toBe('awaiting_approval')
  at.broken.clear()
  await at.response.sweep()
  expect((await read(one.id)).status).toBe('awaiting_approval')
  at.clock.advance(60_000)
  await at.response.sweep()
  expect((await read(one.id)).status).toBe('expired')
  expect((await read(two.id)).status).toBe('succeeded')
})

test('some of it done is partially succeeded', async () => {
  at.asset('b')
  stand.hooks.execute = (effect) => { if (effect.target === 'b') throw new Error('away') }
  const { id } = await isolate({}, { targets: ['WS-12', 'b', 'nobody'] })
  for (let i = 0; i < 7; i++) {
    await at.response.sweep()
    at.clock.advance(300_000)
  }
  expect(await read(id)).toMatchObject({ status: 'partially_succeeded', targets: [{ state: 'succeeded' }, { state: 'failed' }, { state: 'denied' }] })
})

test('the figures of a month', async () => {
  const from = at.clock.now()
  const staff = await at.key({ role: 'approver', side: 'provider' })
  await isolate() // automatic
  const slow = await isolate({ severity: 'high' }, { reason: 'slow' })
  at.clock.advance(10 * 60_000)
  await at.approve(admin, slow.id)
  const quick = await isolate({ severity: 'high' }, { reason: 'quick' })
  at.clock.advance(2 * 60_000)
  await at.approve(admin, quick.id, false)
  const theirs = await at.ask(admin, at.incident({ severity: 'high' }), { action_type: 'block_ip', targets: ['203.0.113.7'] })
  at.clock.advance(60_000)
  await at.approve(staff, theirs.body.action_id)
  await isolate({}, { targets: ['nobody'] })
  const unanswered = await isolate({ severity: 'low' }, { reason: 'unanswered' })
  at.clock.advance(4 * hour)
  await at.response.sweep()
  expect((await read(unanswered.id)).status).toBe('expired')
  const figures = await at.response.figures(at.tenantId, from, at.clock.now())
  expect(figures.actions).toHaveLength(6)
  expect(figures).toMatchObject({
    requested: 6, asked: 4, approved: 2, rejected: 1, expired: 1, waiting: 0, denied: 1, automatic: 1, succeeded: 3, failed: 0, failures: {}, byType: { isolate_host: 5, block_ip: 1 },
    approvalLatencyMinutes: { customer: { mean: 6, median: 6, p90: 9.2, n: 2 }, provider: { mean: 1, median: 1, p90: 1, n: 1 } },
  })
  expect(await at.response.figures(at.tenantId, 0, 1)).toMatchObject({ requested: 0, approvalLatencyMinutes: { customer: { mean: null, n: 0 } } })
})
