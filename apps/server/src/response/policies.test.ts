import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asOwner } from '../platform/postgres.fixture.ts'
import { openResponseFixture } from './response.fixture.ts'
import type { ResponseFixture } from './response.fixture.ts'
import type { Policy } from './wire.ts'

let at: ResponseFixture
type Who = Record<string, string>
let admin: Who
let staff: Who // owner on the provider's side
beforeAll(async () => {
  at = await openResponseFixture()
  admin = await at.admin()
  staff = await at.user({ name: 'staff', role: 'owner', side: 'provider' })
  at.asset('WS-12')
  at.asset('DC01')
})
afterAll(() => at.close())

const draft = async (who: Who, content: object): Promise<Policy> => {
  const answer = await at.post(who, '/api/v1/policy', content)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body
}
const sign = (who: Who, { version, digest }: Pick<Policy, 'version' | 'digest'>) => at.post(who, `/api/v1/policy/${version}/sign`, { digest })
const verdictOn = async (change: object = {}) => {
  const answer = await at.post(admin, '/api/v1/policy/verdict', { action_type: 'isolate_host', targets: ['WS-12'], severity: 'critical', ...change })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body
}

test('before anything is signed, the tenant\'s origin says what holds', async () => {
  for (const [origin, preset] of [['installation', 'critical-at-once'], ['provider', 'ask-always'], ['demo', 'critical-at-once']] as const) {
    at.originOf(origin)
    expect((await at.read(admin, '/api/v1/policy')).body).toMatchObject({ in_force: { version: 0, preset, signed_by: null, in_force: true }, verified: { ok: true, code: null }, drafts: [], may_sign: { allowed: true } })
  }
  at.originOf('installation')
})

describe('a version', () => {
  test('is a draft until a person of the customer signs what he read; then it holds, and is never changed', async () => {
    const made = await draft(staff, { preset: 'ask-always', never_isolate: ['DC01'], rows: [{ id: '야간', hours: { days: [1, 2], from: '22:00', to: '06:00' }, decision: 'allow' }] })
    expect(made).toMatchObject({ version: 1, in_force: false, signed_by: null, drafted_by: 'staff', caps: { targets_per_action: 10, targets_per_hour: 30 } })
    expect((await verdictOn()).targets[0].verdict).toMatchObject({ decision: 'allow', rule: 'preset:critical-at-once' })
    expect((await verdictOn({ version: 1 })).targets[0].verdict).toMatchObject({ decision: 'ask', rule: 'preset:ask-always' })

    expect(await sign(staff, made)).toMatchObject({ status: 403, body: { code: 'policy_signer' } })
    expect((await at.operate('POST', '/api/v1/policy/1/sign', { digest: made.digest }, 'default')).body.code).toBe('policy_signer')
    const lone = await at.key({ role: 'owner', side: 'customer' })
    expect((await sign(lone, made)).body.code).toBe('policy_signer')
    expect((await at.read(lone, '/api/v1/policy')).body.may_sign).toEqual({ allowed: false, reason_code: 'policy_signer' })
    const manager = await at.key({ role: 'manager' })
    expect((await sign(manager, made)).body.code).toBe('forbidden')
    expect((await at.post(manager, '/api/v1/policy', { preset: 'ask-always' })).body.code).toBe('forbidden')
    expect((await sign(admin, { version: 1, digest: 'a'.repeat(64) })).body.code).toBe('policy_changed')
    expect((await sign(admin, { version: 9, digest: made.digest })).status).toBe(404)

    expect(await sign(admin, made)).toMatchObject({ status: 200, body: { version: 1, in_force: true, signed_by: 'admin', digest: made.digest } })
    expect((await verdictOn()).targets[0].verdict).toMatchObject({ decision: 'ask', rule: 'preset:ask-always' })
    expect((await verdictOn({ targets: ['DC01'] })).targets[0]).toMatchObject({ verdict: { decision: 'deny', rule: 'rail:never_isolate', reason_code: 'never_isolate' } })
    expect(await sign(admin, made)).toMatchObject({ status: 409, body: { code: 'policy_superseded' } })
    for (const change of ["UPDATE response_policies SET content = '{}'", "UPDATE response_policies SET signed_by = 'somebody'", 'DELETE FROM response_policies']) {
      await expect(asOwner(at.connection, (client) => client.query(change))).rejects.toThrow('immutable')
    }
  })
  test('that an older draft cannot take the place of', async () => {
    const older = await draft(admin, { preset: 'observe-only' })
    const newer = await draft(admin, { preset: 'critical-at-once' })
    expect((await at.read(admin, '/api/v1/policy')).body.drafts.map(({ version }: Policy) => version)).toEqual([3, 2])
    expect((await sign(admin, newer)).status).toBe(200)
    expect((await sign(admin, older)).body.code).toBe('policy_superseded')
    const history = (await at.read(admin, '/api/v1/policy/history')).body.versions
    expect(history.map(({ version, in_force, signed_by }: Policy) => [version, in_force, signed_by])).toEqual([[3, true, 'admin'], [2, false, null], [1, false, 'admin']])
    const page = (await at.read(admin, '/api/v1/policy/history?limit=2')).body
    expect((await at.read(admin, `/api/v1/policy/history?limit=2&cursor=${page.next_cursor}`)).body.versions.map(({ version }: Policy) => version)).toEqual([1])
  })
  test('that is none is refused with the field', async () => {
    for (const wrong of [
      {}, { preset: 'yolo' }, { preset: 'ask-always', rows: [{ id: 'a', decision: 'allow' }, { id: 'a', decision: 'deny' }] }, { preset: 'ask-always', rows: [{ decision: 'allow' }] },
      { preset: 'ask-always', rows: [{ id: 'a', decision: 'allow', hours: { days: [8], from: '25:00', to: '1' } }] }, { preset: 'ask-always', rows: [{ id: 'a', decision: 'allow', assets: {} }] },
      { preset: 'ask-always', rows: [{ id: 'a', decision: 'allow', severities: [] }] }, { preset: 'ask-always', caps: { targets_per_action: 0, targets_per_hour: 1 } }, { preset: 'ask-always', never_isolate: [''] },
      { preset: 'ask-always', containment_hours: 1e9 }, { preset: 'ask-always', never_isolate: 'DC01' },
    ]) expect([JSON.stringify(wrong), (await at.post(admin, '/api/v1/policy', wrong)).body.code]).toEqual([JSON.stringify(wrong), 'body_invalid'])
    expect((await at.post(admin, '/api/v1/policy', { preset: 'ask-always', never_isolate: ['a\0b'] })).status).toBe(400)
  })
})

describe('a policy that was changed in the database', () => {
  const tamper = (change: string) => asOwner(at.connection, async (client) => {
    await client.query('ALTER TABLE response_policies DISABLE TRIGGER response_policies_immutable')
    await client.query(change)
    await client.query('ALTER TABLE response_policies ENABLE TRIGGER response_policies_immutable')
  })
  test.each([
    ['its content', "content = replace(content, 'ask-always', 'critical-at-once')", 'policy_digest_mismatch'],
    ['its content and digest', "content = replace(content, 'ask-always', 'critical-at-once'), digest = encode(sha256(convert_to(replace(content, 'ask-always', 'critical-at-once'), 'UTF8')), 'hex')", 'policy_signature_invalid'],
    ['who signed', "signed_by = 'somebody else'", 'policy_signature_invalid'],
    ['nonsense', "content = 'not json'", 'policy_digest_mismatch'],
    ['wrong types', "content = '{\"preset\": 5, \"never_isolate\": 7}'", 'policy_digest_mismatch'],
    ['a signature of the wrong length', "mac = 'x'", 'policy_signature_invalid'],
  ])('%s: everything asks, and it is said', async (_, change, code) => {
    const made = await draft(admin, { preset: 'ask-always', never_isolate: ['DC01'] })
    await sign(admin, made)
    await tamper(`UPDATE response_policies SET ${change} WHERE version = ${made.version}`)
    const read = await at.read(admin, '/api/v1/policy', 'ko')
    expect(read.body.verified).toEqual({ ok: false, code, reason: expect.stringMatching(/[가-힣]/) })
    const { versions } = (await at.read(admin, '/api/v1/policy/history?limit=1')).body
    expect(versions[0]).toMatchObject({ version: made.version, fault: code, in_force: true })
    expect((await verdictOn()).targets[0].verdict).toMatchObject({ decision: 'ask', rule: 'rail:policy_unverified', reason_code: expect.stringMatching(/policy_unverified|no_second_approver/) })
    const asked = await at.ask(admin, at.incident(), { action_type: 'isolate_host', targets: ['WS-12'] })
    expect(asked.body.status).toBe('awaiting_approval')
    await sign(admin, await draft(admin, { preset: 'critical-at-once' }))
    expect((await at.read(admin, '/api/v1/policy')).body.verified.ok).toBe(true)
  })
  test('a draft that was changed is not signed: not its content, not its digest', async () => {
    const content = await draft(admin, { preset: 'ask-always' })
    await tamper(`UPDATE response_policies SET content = replace(content, 'ask-always', 'critical-at-once') WHERE version = ${content.version}`)
    expect((await sign(admin, content)).body.code).toBe('policy_changed')
    const digest = await draft(admin, { preset: 'ask-always' })
    await tamper(`UPDATE response_policies SET digest = '${'0'.repeat(64)}' WHERE version = ${digest.version}`)
    for (const given of [digest.digest, '0'.repeat(64)]) expect((await sign(admin, { ...digest, digest: given })).body.code).toBe('policy_changed')
  })
  test('a version that this server never signed is not believed', async () => {
    await tamper(`INSERT INTO response_policies SELECT tenant_id, version + 10, content, digest, drafted_by, drafted_at, signed_person, signed_by, signed_at, mac FROM response_policies WHERE mac IS NOT NULL ORDER BY version DESC LIMIT 1`)
    expect((await at.read(admin, '/api/v1/policy')).body.verified.ok).toBe(false)
    expect((await verdictOn()).targets[0].verdict.decision).toBe('ask')
    await sign(admin, await draft(admin, { preset: 'critical-at-once' }))
  })
})

test('trying out asks nobody and requests nothing', async () => {
  const before = (await at.read(admin, '/api/v1/actions')).body.actions.length
  const tried = await verdictOn({ targets: ['WS-12', 'nobody', 'WS-12'], requester: 'provider', severity: 'high' })
  expect(tried.targets).toMatchObject([
    { target: 'WS-12', verdict: { decision: 'ask', approvers: 'customer' } },
    { target: 'nobody', verdict: { decision: 'deny', reason_code: 'unknown_target' }, reason: 'Nothing is known here by this name' },
  ])
  expect((await verdictOn({ incident_id: at.incident({ severity: 'high', backfill: true }), severity: undefined })).targets[0].verdict.decision).toBe('ask')
  expect((await at.post(admin, '/api/v1/policy/verdict', { action_type: 'isolate_host', targets: ['WS-12'], incident_id: 'inc_none' })).body.code).toBe('incident_not_found')
  expect((await at.post(admin, '/api/v1/policy/verdict', { action_type: 'isolate_host', targets: ['WS-12'], version: 999 })).status).toBe(404)
  expect((await at.read(admin, '/api/v1/actions')).body.actions).toHaveLength(before)
})

test('drafts and signatures are in the audit chain', async () => {
  const records = (await at.operate('GET', '/api/v1/audit?limit=1000', undefined, 'default')).body.records
  expect(records.filter(({ action }: { action: string }) => action === 'policy.sign')[0]).toMatchObject({ actor: { name: 'admin' }, resource: { kind: 'policy' }, detail: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) } })
})
