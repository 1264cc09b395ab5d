import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, openAccessFixture } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'
import { accessTables } from './store.ts'
import { slugOf } from './tenants.ts'

let at: AccessFixture
const published: unknown[] = []
beforeAll(async () => {
  at = await openAccessFixture({ outbox: { publish: async (_, event) => { published.push(event) } } })
  for (const name of ['acme', 'globex']) expect((await at.operate('POST', '/api/v1/tenants', { name, display_name: `${name} 주식회사` })).status).toBe(201)
})
afterAll(() => at.close())

const codes = (answer: { status: number; body: { code?: string } }) => [answer.status, answer.body.code]
/** Creates a user and returns the headers of a session past the one-time password. */
const person = async (name: string, role: string, tenant: string, more: object = {}): Promise<Record<string, string>> => {
  const made = await at.operate('POST', '/api/v1/users', { name, role, ...more }, tenant)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const session = await at.signIn(name, made.body.one_time_password)
  const changed = await at.call('POST', '/api/v1/session/password', { headers: session, body: { old_password: made.body.one_time_password, new_password: `the password of ${name}` } })
  expect(changed.status).toBe(200)
  return session
}
const as = (session: Record<string, string>, method: string, path: string, body?: unknown, tenant?: string) =>
  at.call(method, path, { ...(body === undefined ? {} : { body }), headers: { ...session, ...(tenant === undefined ? {} : { 'x-haechi-tenant': tenant }) } })

describe('tenants', () => {
  test('are published with the transaction that makes them', () => {
    expect(published).toMatchObject([
      { type: 'access.tenant_created.v1', payload: { name: 'default', origin: 'installation' } },
      { type: 'access.tenant_created.v1', payload: { name: 'acme', display_name: 'acme 주식회사', origin: 'provider' } },
      { type: 'access.tenant_created.v1', payload: { name: 'globex', origin: 'provider' } },
    ])
  })
  test('a name is taken once', async () => {
    expect(codes(await at.operate('POST', '/api/v1/tenants', { name: 'Acme' }))).toEqual([409, 'already_exists'])
    const made = await Promise.all(Array.from({ length: 8 }, () => at.operate('POST', '/api/v1/tenants', { name: 'race' })))
    expect(made.filter((answer) => answer.status === 201)).toHaveLength(1)
  })
  test.each([['Acme Corp.', 'acme-corp'], ['  A_b.c  ', 'a_b.c'], ['Ünïcode', 'u-ni-code'], ['한빛 보안', slugOf('한빛 보안')]])('%s is named %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug)
    expect(slug).toMatch(/^[a-z0-9][a-z0-9_.-]*$/)
  })
  test('paged by name', async () => {
    const first = (await at.operate('GET', '/api/v1/tenants?limit=2')).body
    const second = (await at.operate('GET', `/api/v1/tenants?limit=2&cursor=${first.next_cursor}`)).body
    expect([...first.tenants, ...second.tenants].map((tenant: { name: string }) => tenant.name)).toEqual(['acme', 'default', 'globex', 'race'])
    expect(second.next_cursor).toBeNull()
  })
  test('a time zone is the tenant\'s own and must be one', async () => {
    expect((await at.operate('GET', '/api/v1/tenants/acme')).body.time_zone).toBe('UTC')
    expect((await at.operate('PATCH', '/api/v1/tenants/acme', { time_zone: 'Asia/Seoul' })).body).toMatchObject({ time_zone: 'Asia/Seoul', display_name: 'acme 주식회사' })
    expect(codes(await at.operate('PATCH', '/api/v1/tenants/acme', { time_zone: 'Mars/Olympus' }))).toEqual([400, 'parameter_invalid'])
    expect(codes(await at.operate('PATCH', '/api/v1/tenants/nobody', { time_zone: 'UTC' }))).toEqual([404, 'not_found'])
    expect((await at.operate('GET', '/api/v1/tenants/acme')).body.time_zone).toBe('Asia/Seoul')
  })
  test('a start on a database that has one makes none', async () => {
    expect(await at.access.bootstrap({ tenantDisplayName: 'again' })).toEqual({ created: false })
  })
})

describe('what belongs to another tenant', () => {
  test('is not there, whatever id is guessed', async () => {
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'k', role: 'analyst' }, 'globex')).body
    const user = (await at.operate('POST', '/api/v1/users', { name: 'globex.analyst', role: 'analyst' }, 'globex')).body
    const site = (await at.operate('POST', '/api/v1/sites', { name: 'Jeju' }, 'globex')).body
    const globex = (await at.operate('GET', '/api/v1/tenants/globex')).body
    const owner = await person('acme.owner', 'owner', 'acme')

    for (const answer of [
      await as(owner, 'DELETE', `/api/v1/keys/${key.key_id}`), await as(owner, 'POST', `/api/v1/keys/${key.key_id}/rotate`, {}),
      await as(owner, 'PATCH', `/api/v1/users/${user.id}`, { disabled: true }), await as(owner, 'POST', `/api/v1/users/${user.id}/password`),
      await as(owner, 'POST', '/api/v1/keys', { name: 'x', role: 'analyst', owner: 'globex.analyst' }), await as(owner, 'POST', '/api/v1/keys', { name: 'x', role: 'analyst', site_id: site.id }),
      await as(owner, 'POST', '/api/v1/users', { name: 'y', role: 'analyst', site_id: site.id }),
      await as(owner, 'GET', '/api/v1/tenants/globex'), await as(owner, 'GET', `/api/v1/tenants/${globex.id}`), await as(owner, 'GET', '/api/v1/users', undefined, 'globex'), await as(owner, 'GET', '/api/v1/users', undefined, globex.id),
    ]) expect(codes(answer)).toEqual([404, 'not_found'])
    expect((await as(owner, 'GET', '/api/v1/keys')).body.keys).toEqual([])
    expect((await as(owner, 'GET', '/api/v1/users')).body.users.map((one: { name: string }) => one.name)).toEqual(['acme.owner'])
    expect((await as(owner, 'GET', '/api/v1/sites')).body.sites).toEqual([])
    expect((await as(owner, 'GET', '/api/v1/tenants')).body.tenants.map((one: { name: string }) => one.name)).toEqual(['acme'])
    expect(codes(await as(owner, 'POST', '/api/v1/tenants', { name: 'mine' }))).toEqual([403, 'forbidden'])
  })
  test('even a query without a WHERE sees one tenant and its people', async () => {
    const acme = (await at.operate('GET', '/api/v1/tenants/acme')).body
    const seen = await at.database.tenant(acme.id, async (tx) => ({
      tenants: await accessTables(tx).selectFrom('access_tenants').select('name').execute(),
      users: await accessTables(tx).selectFrom('access_users').select('name').execute(),
      keys: await accessTables(tx).selectFrom('access_keys').select('key_id').execute(),
      sessions: await accessTables(tx).selectFrom('access_sessions').select('user_id').execute(),
      replays: await accessTables(tx).selectFrom('access_replays').select('key_id').execute(),
      failures: await accessTables(tx).selectFrom('access_sign_in_failures').select('name').execute(),
    }))
    expect(seen).toEqual({ tenants: [{ name: 'acme' }], users: [{ name: 'acme.owner' }], keys: [], sessions: [], replays: [], failures: [] })
    const changed = await at.database.tenant(acme.id, (tx) => accessTables(tx).updateTable('access_users').set({ password_hash: 'x' }).executeTakeFirst())
    expect(changed.numUpdatedRows).toBe(0n)
  })
})

describe('users', () => {
  test('a manager makes no owner, changes none and locks none out', async () => {
    const manager = await person('acme.manager', 'manager', 'acme')
    for (const answer of [
      await as(manager, 'POST', '/api/v1/users', { name: 'z', role: 'owner' }), await as(manager, 'PATCH', '/api/v1/users/acme.owner', { role: 'analyst' }), await as(manager, 'POST', '/api/v1/users/acme.owner/password'),
      await as(manager, 'PATCH', '/api/v1/users/acme.manager', { role: 'owner' }), await as(manager, 'POST', '/api/v1/users', { name: 'z', role: 'analyst', side: 'provider' }),
      await as(manager, 'POST', '/api/v1/users', { name: 'z', role: 'analyst', all_tenants: true }),
    ]) expect(codes(answer)).toEqual([403, 'forbidden'])
    const made = await as(manager, 'POST', '/api/v1/users', { name: 'Acme.Analyst', display_name: '분석가', role: 'analyst', language: 'ko' })
    expect(made.body).toMatchObject({ name: 'acme.analyst', display_name: '분석가', role: 'analyst', side: 'customer', language: 'ko', must_change_password: true, one_time_password: expect.stringMatching(/^([2-9a-z]{4}-){4}[2-9a-z]{4}$/) })
    expect(codes(await as(manager, 'POST', '/api/v1/users', { name: 'acme.analyst', role: 'analyst' }))).toEqual([409, 'already_exists'])
  })
  test('a change of role or disabling holds at the next request', async () => {
    const analyst = await person('acme.second', 'analyst', 'acme')
    const owner = await at.signIn('acme.owner', 'the password of acme.owner')
    expect(codes(await as(analyst, 'GET', '/api/v1/keys'))).toEqual([403, 'forbidden'])
    expect((await as(owner, 'PATCH', '/api/v1/users/acme.second', { role: 'auditor' })).body.role).toBe('auditor')
    expect((await as(analyst, 'GET', '/api/v1/keys')).status).toBe(200)
    expect((await as(owner, 'PATCH', '/api/v1/users/acme.second', { disabled: true })).body.disabled).toBe(true)
    expect(codes(await as(analyst, 'GET', '/api/v1/keys'))).toEqual([401, 'session_ended'])
    expect(codes(await at.call('POST', '/api/v1/session', { body: { user: 'acme.second', password: 'the password of acme.second' } }))).toEqual([401, 'sign_in_failed'])
  })
  test('the last owner stays', async () => {
    const owner = await at.signIn('acme.owner', 'the password of acme.owner')
    expect(codes(await as(owner, 'PATCH', '/api/v1/users/acme.owner', { disabled: true }))).toEqual([409, 'last_owner'])
    expect(codes(await as(owner, 'PATCH', '/api/v1/users/acme.owner', { role: 'manager' }))).toEqual([409, 'last_owner'])
    await person('acme.owner2', 'owner', 'acme')
    // Two owners who are removed at the same moment leave one.
    for (let round = 0; round < 5; round++) {
      const both = await Promise.all(['acme.owner', 'acme.owner2'].map((name) => at.operate('PATCH', `/api/v1/users/${name}`, { role: 'manager' }, 'acme')))
      expect(both.map((answer) => answer.status).sort()).toEqual([200, 409])
      for (const name of ['acme.owner', 'acme.owner2']) await at.operate('PATCH', `/api/v1/users/${name}`, { role: 'owner' }, 'acme')
    }
  })
  test('a password is reset only by whom the whole person belongs to', async () => {
    await person('guest', 'analyst', 'acme')
    expect((await at.operate('POST', '/api/v1/users', { name: 'guest', role: 'analyst' }, 'globex')).body).toMatchObject({ name: 'guest', one_time_password: null })
    const globexOwner = await person('globex.owner', 'owner', 'globex')
    expect(codes(await as(globexOwner, 'POST', '/api/v1/users/guest/password'))).toEqual([409, 'user_shared'])
    const guest = await at.signIn('guest', 'the password of guest')
    const reset = await at.operate('POST', '/api/v1/users/guest/password', undefined, 'globex')
    expect(reset.body.one_time_password).toBeTypeOf('string')
    expect(codes(await as(guest, 'GET', '/api/v1/session'))).toEqual([401, 'session_ended'])
  })
})

describe("the provider's people", () => {
  test('a member of every tenant picks one, and administers as far as his role goes', async () => {
    const lead = await person('soc.lead', 'manager', 'default', { all_tenants: true })
    expect((await as(lead, 'GET', '/api/v1/session', undefined, 'acme')).body).toMatchObject({ side: 'provider', role: 'manager', tenants: expect.arrayContaining([expect.objectContaining({ name: 'globex' })]) })
    expect(codes(await as(lead, 'GET', '/api/v1/keys'))).toEqual([400, 'tenant_required'])
    expect((await as(lead, 'GET', '/api/v1/users', undefined, 'acme')).status).toBe(200)
    expect((await as(lead, 'POST', '/api/v1/tenants', { name: 'initech' })).status).toBe(201)
    expect((await as(lead, 'GET', '/api/v1/users?all_tenants=true')).body.users).toMatchObject([{ name: 'soc.lead', all_tenants: true }])
    const analyst = await person('soc.analyst', 'analyst', 'default', { all_tenants: true })
    expect((await as(analyst, 'GET', '/api/v1/sites', undefined, 'initech')).status).toBe(200)
    expect(codes(await as(analyst, 'POST', '/api/v1/tenants', { name: 'no' }))).toEqual([403, 'forbidden'])
    // An owner's seat in one tenant does not make him one of the platform.
    await at.operate('POST', '/api/v1/users', { name: 'soc.analyst', role: 'owner', side: 'provider' }, 'acme')
    expect((await as(analyst, 'GET', '/api/v1/session', undefined, 'acme')).body.role).toBe('owner')
    expect(codes(await as(analyst, 'POST', '/api/v1/tenants', { name: 'no' }, 'acme'))).toEqual([403, 'forbidden'])
  })
})

describe('keys and persons', () => {
  test('a key is its owner\'s, on his side, and never more than he', async () => {
    const owner = await person('initech.owner', 'owner', 'initech')
    const own = (await as(owner, 'POST', '/api/v1/keys', { name: 'mine', role: 'approver' })).body
    const ownerId = (await as(owner, 'GET', '/api/v1/session')).body.id
    expect(own).toMatchObject({ owner_id: ownerId, side: 'customer' })
    await person('initech.analyst', 'analyst', 'initech')
    // In the name of another he may make one that reads, not one that approves; and nobody's only by the operator.
    const theirs = (await as(owner, 'POST', '/api/v1/keys', { name: 'theirs', role: 'manager', owner: 'initech.analyst' }))
    expect(codes(theirs)).toEqual([403, 'forbidden'])
    const reading = (await as(owner, 'POST', '/api/v1/keys', { name: 'theirs', role: 'auditor', owner: 'initech.analyst' })).body
    expect((await at.call('GET', '/api/v1/session', { headers: basic(reading) })).body.role).toBe('auditor')
    expect(codes(await at.call('GET', '/api/v1/audit', { headers: basic(reading) }))).toEqual([403, 'forbidden'])
    expect(codes(await at.operate('POST', '/api/v1/keys', { name: 'x', role: 'analyst', owner: 'initech.analyst', side: 'provider' }, 'initech'))).toEqual([400, 'parameter_invalid'])
    expect((await at.operate('POST', '/api/v1/keys', { name: 'free', role: 'approver' }, 'initech')).body).toMatchObject({ owner_id: null, side: 'customer' })
    // When the owner goes, his keys go.
    await as(owner, 'PATCH', '/api/v1/users/initech.analyst', { disabled: true })
    expect((await at.call('GET', '/api/v1/session', { headers: basic(reading) })).body.code).toBe('key_revoked')
  })
  test('one who is bound to a site stays there', async () => {
    const site = (await at.operate('POST', '/api/v1/sites', { name: 'Ulsan' }, 'initech')).body
    const local = await person('ulsan.owner', 'owner', 'initech', { site_id: site.id })
    expect((await as(local, 'POST', '/api/v1/keys', { name: 'site key', role: 'analyst' })).body.site_id).toBe(site.id)
    expect(codes(await as(local, 'POST', '/api/v1/sites', { name: 'more' }))).toEqual([403, 'forbidden'])
    expect((await as(local, 'GET', '/api/v1/keys')).body.keys).toHaveLength(1)
    expect((await as(local, 'GET', '/api/v1/users')).body.users.map((one: { name: string }) => one.name)).toEqual(['ulsan.owner'])
    expect(codes(await as(local, 'PATCH', '/api/v1/users/initech.owner', { disabled: true }))).toEqual([404, 'not_found'])
  })
})
