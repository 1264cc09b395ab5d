import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HaechiError } from '../platform/errors.ts'
import type { HttpRequest } from '../platform/http.ts'
import { silentLog } from '../platform/log.ts'
import { basic, openAccessFixture, scheme1, scheme2, testKeyring } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'
import { openAccess } from './api.ts'
import type { Action } from './api.ts'
import { accessTables } from './store.ts'

let at: AccessFixture
beforeAll(async () => { at = await openAccessFixture() })
afterAll(() => at.close())

const createKey = async (body: object = {}, tenant = 'default'): Promise<{ key_id: string; secret: string }> => {
  const answer = await at.operate('POST', '/api/v1/keys', { name: 'test', role: 'analyst', ...body }, tenant)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body
}
const whoami = (headers: Record<string, string>) => at.call('GET', '/api/v1/session', { headers })

describe('credentials', () => {
  test('nothing at all', async () => {
    const answer = await whoami({})
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated'])
    expect(answer.headers.get('www-authenticate')).toContain('Basic')
  })

  test('one key by Basic, ApiKey and Bearer', async () => {
    const key = await createKey()
    const pair = `${key.key_id}:${key.secret}`
    for (const authorization of [`Basic ${btoa(pair)}`, `ApiKey ${btoa(pair)}`, `Bearer ${pair}`, `bearer ${pair}`]) {
      const answer = await whoami({ authorization })
      expect(answer.body, authorization).toMatchObject({ kind: 'key', id: key.key_id, role: 'analyst', side: 'customer', tenants: [{ name: 'default' }] })
    }
  })

  test('a wrong secret and an unknown key answer the same', async () => {
    const key = await createKey()
    const wrong = await whoami(basic({ ...key, secret: 'no' }))
    const unknown = await whoami(basic({ key_id: 'key_00000000000000000000000000', secret: key.secret }))
    expect([wrong.status, wrong.body]).toEqual([401, unknown.body])
    expect(wrong.body.code).toBe('credentials_invalid')
  })

  test.each(['Basic', 'Basic !!!', `Basic ${btoa('no-colon')}`, `ApiKey ${btoa(':secret')}`, `Bearer only`, 'Digest x', 'Basic \u00e9'])('a malformed Authorization: %s', async (authorization) => {
    const answer = await whoami({ authorization })
    expect([answer.status, answer.body.code]).toEqual([401, 'credentials_malformed'])
  })
})

describe('the operator', () => {
  test('may everything but approve, in the tenant he names', async () => {
    const made = await at.operate('POST', '/api/v1/tenants', { name: 'Second Tenant' })
    expect(made.body).toMatchObject({ name: 'second-tenant', display_name: 'Second Tenant', origin: 'provider' })
    expect((await at.operate('GET', '/api/v1/session', undefined, 'second-tenant')).body).toMatchObject({ kind: 'operator', tenant_id: made.body.id })
    expect((await at.operate('GET', '/api/v1/session', undefined, made.body.id)).body.tenant_id).toBe(made.body.id)
    expect((await at.operate('GET', '/api/v1/session', undefined, 'nobody')).body.code).toBe('not_found')
    // With several tenants and none named it is not guessed.
    expect((await at.operate('GET', '/api/v1/keys')).body.code).toBe('tenant_required')
  })

  test('a wrong control token', async () => {
    const answer = await whoami({ authorization: 'Haechi-Control nope' })
    expect([answer.status, answer.body.code]).toEqual([401, 'control_token_invalid'])
  })
})

describe('scheme 1', () => {
  const path = '/api/v1/session'
  test('a request that an existing client signs', async () => {
    const key = await createKey()
    for (const digits of [undefined, '']) {
      const answer = await at.call('GET', path, { headers: scheme1(key, 'GET', path, at.clock.now(), '', digits) })
      expect(answer.body).toMatchObject({ kind: 'key', id: key.key_id })
    }
  })
  test('the query is not signed, doubled slashes are collapsed, X-Signature wins over Authorization', async () => {
    const key = await createKey({ role: 'auditor' })
    const other = await createKey()
    const headers = scheme1(key, 'GET', '/api/v1/keys', at.clock.now())
    const answer = await at.call('GET', '//api//v1/keys?limit=1', { headers: { ...headers, ...basic(other) } })
    expect([answer.status, answer.body.keys?.length]).toEqual([200, 1])
  })
  test('a body is signed as the bytes that are sent', async () => {
    const key = await createKey({ role: 'manager' })
    const body = '{"name": "\\uc11c\\uc6b8"}'
    const sent = await at.call('POST', '/api/v1/sites', { body, headers: scheme1(key, 'POST', '/api/v1/sites', at.clock.now(), body) })
    expect(sent.body).toMatchObject({ name: '서울' })
    at.clock.advance(1_000)
    const changed = await at.call('POST', '/api/v1/sites', { body: body.replace('uc11c', 'uc12c'), headers: scheme1(key, 'POST', '/api/v1/sites', at.clock.now(), body) })
    expect([changed.status, changed.body.code]).toEqual([401, 'signature_invalid'])
  })
  test('the window: 300 s either side, to the millisecond', async () => {
    const key = await createKey()
    const signedAt = at.clock.now() + 1_000
    const aim = (offset: number) => at.call('GET', path, { headers: scheme1(key, 'GET', path, signedAt + offset, '', '000000') })
    at.clock.advance(1_000)
    expect((await aim(-300_000)).status).toBe(200)
    expect((await aim(300_000)).status).toBe(200)
    const late = await aim(-301_000)
    expect([late.status, late.body.code, late.body.params.server_time]).toEqual([401, 'signature_expired', new Date(at.clock.now()).toISOString()])
    expect((await aim(301_000)).body.code).toBe('signature_expired')
    // The edge itself: taken at exactly 300 s, refused one millisecond later.
    const headers = scheme1(key, 'GET', path, signedAt - 299_000, '', '000000')
    at.clock.advance(1_001)
    expect((await at.call('GET', path, { headers })).body.code).toBe('signature_expired')
  })
  test('the same signature a second time is a replay, also in other letters, at another path or on another node', async () => {
    const key = await createKey()
    const headers = scheme1(key, 'GET', path, at.clock.now())
    expect((await at.call('GET', path, { headers })).status).toBe(200)
    for (const again of [headers, { ...headers, 'X-Signature': headers['X-Signature']!.toUpperCase() }]) {
      const answer = await at.call('GET', `${path}?x=1`, { headers: again })
      expect([answer.status, answer.body.code]).toEqual([401, 'signature_replayed'])
    }
    const node = openAccess({ database: at.database, keyring: testKeyring, clock: at.clock, log: silentLog, controlToken: 'x', secureCookies: false })
    const request = requestFor('GET', path, headers)
    await expect(node.gate.authenticate(request, 'session.read')).rejects.toMatchObject({ code: 'signature_replayed' })
    // The memory outlives every sweep as long as the window is open, and no longer.
    await at.access.sweep()
    expect((await at.call('GET', path, { headers })).body.code).toBe('signature_replayed')
    at.clock.advance(300_000)
    await at.access.sweep()
    expect((await at.call('GET', path, { headers })).body.code).toBe('signature_replayed')
    at.clock.advance(1)
    expect((await at.call('GET', path, { headers })).body.code).toBe('signature_expired')
    at.clock.advance(60_001)
    await at.access.sweep()
    const left = await at.database.platform((tx) => accessTables(tx).selectFrom('access_replays').selectAll().where('key_id', '=', key.key_id).execute())
    expect(left).toEqual([])
  })
  test('of many at once with one signature exactly one passes', async () => {
    const key = await createKey()
    const headers = scheme1(key, 'GET', path, at.clock.now())
    const answers = await Promise.all(Array.from({ length: 40 }, () => at.call('GET', path, { headers })))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => answer.body.code === 'signature_replayed')).toHaveLength(39)
  })
  test('an unknown key and a wrong signature answer the same, with a body and without', async () => {
    const key = await createKey()
    for (const [method, body] of [['GET', undefined], ['DELETE', undefined], ['POST', '{}']] as const) {
      const wrong = await at.call(method, path, { ...(body === undefined ? {} : { body }), headers: scheme1({ ...key, secret: 'no' }, method, path, at.clock.now(), body) })
      const unknown = await at.call(method, path, { ...(body === undefined ? {} : { body }), headers: scheme1({ key_id: 'key_0', secret: key.secret }, method, path, at.clock.now(), body) })
      if (method === 'POST') continue // signing in is public: nothing is checked there
      expect([wrong.status, wrong.body]).toEqual([401, unknown.body])
      expect(wrong.body.code).toBe('signature_invalid')
    }
  })
  test.each([
    ['X-Signature', 'signature_incomplete'], ['X-API-Key', 'signature_incomplete'], ['X-Timestamp', 'signature_incomplete'],
  ])('without %s', async (name, code) => {
    const key = await createKey()
    const { [name]: _, ...headers } = scheme1(key, 'GET', path, at.clock.now())
    const answer = await at.call('GET', path, { headers })
    expect([answer.status, answer.body.code]).toEqual([401, code])
  })
  test('a key for scheme 2 only', async () => {
    const key = await createKey({ scheme2_only: true })
    expect((await at.call('GET', path, { headers: scheme1(key, 'GET', path, at.clock.now()) })).body.code).toBe('key_scheme_refused')
    expect((await whoami(basic(key))).body.code).toBe('key_scheme_refused')
    expect((await at.call('GET', path, { headers: await scheme2(key, 'GET', `http://haechi.test${path}`, at.clock.now()) })).status).toBe(200)
  })
})

describe('scheme 2', () => {
  const url = 'http://haechi.test/api/v1/keys?limit=1'
  test('HMAC and Ed25519; the query is signed; a nonce makes the same request another one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const shared = await createKey({ role: 'auditor' })
    const asymmetric = await createKey({ role: 'auditor', public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString() })
    expect(asymmetric).toMatchObject({ secret: null, algorithm: 'ed25519', scheme2_only: true })
    for (const key of [shared, { key_id: asymmetric.key_id, privateKey }]) {
      const headers = await scheme2(key, 'GET', url, at.clock.now())
      expect((await at.call('GET', '/api/v1/keys?limit=2', { headers })).body.code).toBe('signature_invalid')
      expect((await at.call('GET', '/api/v1/keys?limit=1', { headers })).status).toBe(200)
      expect((await at.call('GET', '/api/v1/keys?limit=1', { headers })).body.code).toBe('signature_replayed')
      expect((await at.call('GET', '/api/v1/keys?limit=1', { headers: await scheme2(key, 'GET', url, at.clock.now()) })).status).toBe(200)
    }
  })
  test('a body needs its digest', async () => {
    const key = await createKey({ role: 'manager' })
    const body = '{"name":"Busan"}'
    const sites = 'http://haechi.test/api/v1/sites'
    expect((await at.call('POST', '/api/v1/sites', { body, headers: await scheme2(key, 'POST', sites, at.clock.now()) })).body.code).toBe('signature_incomplete')
    const headers = await scheme2(key, 'POST', sites, at.clock.now(), body)
    expect((await at.call('POST', '/api/v1/sites', { body: body.replace('B', 'P'), headers })).body.code).toBe('content_digest_mismatch')
    expect((await at.call('POST', '/api/v1/sites', { body, headers })).status).toBe(201)
  })
  test('its own end comes before the window\'s', async () => {
    const key = await createKey({ role: 'auditor' })
    const headers = await scheme2(key, 'GET', url, at.clock.now() - 11_000, '', 'n', 10)
    expect((await at.call('GET', '/api/v1/keys?limit=1', { headers })).body.code).toBe('signature_expired')
    expect((await at.call('GET', '/api/v1/keys?limit=1', { headers: await scheme2(key, 'GET', url, at.clock.now() - 302_000, '', 'n', 9_999) })).body.code).toBe('signature_expired')
    expect((await at.call('GET', '/api/v1/keys?limit=1', { headers: await scheme2(key, 'GET', url, at.clock.now() + 302_000) })).body.code).toBe('signature_expired')
  })
})

describe('text that PostgreSQL cannot hold', () => {
  test('is the caller\'s mistake, and harms nobody who comes with it', async () => {
    const key = await createKey()
    const [nul, other] = await Promise.all([whoami({ authorization: `Basic ${btoa('key_\0:secret')}` }), whoami(basic(key))])
    expect([nul.status, nul.body.code, other.status]).toEqual([401, 'credentials_invalid', 200])
    expect((await at.call('POST', '/api/v1/session', { body: { user: 'a\0', password: 'x' } })).body.code).toBe('text_unstorable')
    expect((await at.operate('GET', '/api/v1/tenants/%00')).body.code).toBe('text_unstorable')
    expect((await at.operate('POST', '/api/v1/tenants', { name: 'x', display_name: 'a\0b' })).body.code).toBe('text_unstorable')
  })
})

describe('the life of a key', () => {
  test('revocation holds at once', async () => {
    const key = await createKey()
    expect((await whoami(basic(key))).status).toBe(200)
    expect((await at.operate('DELETE', `/api/v1/keys/${key.key_id}`, undefined, 'default')).body.revoked_at).not.toBeNull()
    const answer = await whoami(basic(key))
    expect([answer.status, answer.body.code]).toEqual([401, 'key_revoked'])
    expect((await whoami(basic({ ...key, secret: 'x' }))).body.code).toBe('credentials_invalid')
  })
  test('rotation: both secrets, then only the new one', async () => {
    const key = await createKey()
    const rotated = await at.operate('POST', `/api/v1/keys/${key.key_id}/rotate`, { overlap_hours: 2 }, 'default')
    expect(rotated.body.key_id).toBe(key.key_id)
    expect(rotated.body.secret).not.toBe(key.secret)
    for (const secret of [key.secret, rotated.body.secret]) expect((await whoami(basic({ ...key, secret }))).status).toBe(200)
    at.clock.advance(2 * 3_600_000)
    expect((await whoami(basic(key))).body.code).toBe('credentials_invalid')
    expect((await whoami(basic({ ...key, secret: rotated.body.secret }))).status).toBe(200)
    // At once, and an ending secret does not live longer by another rotation.
    const again = await at.operate('POST', `/api/v1/keys/${key.key_id}/rotate`, { overlap_hours: 0 }, 'default')
    expect((await whoami(basic({ ...key, secret: rotated.body.secret }))).body.code).toBe('credentials_invalid')
    expect((await whoami(basic({ ...key, secret: again.body.secret }))).status).toBe(200)
  })
  test('expiry', async () => {
    const key = await createKey({ expires_at: new Date(at.clock.now() + 10_000).toISOString() })
    expect((await whoami(basic(key))).status).toBe(200)
    at.clock.advance(10_000)
    expect((await whoami(basic(key))).body.code).toBe('key_expired')
    expect((await at.operate('POST', '/api/v1/keys', { name: 'x', role: 'analyst', expires_at: '2020-01-01T00:00:00Z' }, 'default')).body.code).toBe('parameter_invalid')
  })
  test('only from allowed addresses', async () => {
    const key = await createKey({ allowed_addresses: ['10.1.0.0/16', '2001:db8::1'] })
    const from = (remoteAddress: string | null) => at.access.gate.authenticate({ ...requestFor('GET', '/api/v1/session', basic(key)), remoteAddress }, 'session.read').then((actor) => actor.kind, (error: HaechiError) => error.code)
    expect(await Promise.all(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:0:0::1', '10.2.0.1', '2001:db8::2', 'fe80::1%eth0', null].map(from)))
      .toEqual(['key', 'key', 'key', ...Array.from({ length: 4 }, () => 'address_not_allowed')])
    expect((await at.operate('POST', '/api/v1/keys', { name: 'x', role: 'analyst', allowed_addresses: ['10.0.0.0/33'] }, 'default')).body.code).toBe('parameter_invalid')
  })
  test('its secret is sealed for its own row: copied to another key it opens nothing', async () => {
    const [a, b] = [await createKey(), await createKey()]
    const stored = await at.database.platform((tx) => accessTables(tx).selectFrom('access_key_secrets').select(['sealed']).where('key_id', '=', a.key_id).executeTakeFirstOrThrow())
    expect(stored.sealed!.includes(Buffer.from(a.secret))).toBe(false)
    await at.database.platform((tx) => accessTables(tx).updateTable('access_key_secrets').set({ sealed: stored.sealed }).where('key_id', '=', b.key_id).execute())
    // Together in one transaction: the broken one does not harm the other.
    const [broken, sound] = await Promise.all([whoami(basic({ ...b, secret: a.secret })), whoami(basic(a))])
    expect([broken.status, broken.body.code, sound.status]).toEqual([500, 'secret_unreadable', 200])
  })
  test('last use is kept, and not written for every request', async () => {
    const key = await createKey()
    const lastUsed = async () => (await at.operate('GET', '/api/v1/keys?limit=1000', undefined, 'default')).body.keys.find((one: { key_id: string }) => one.key_id === key.key_id).last_used_at
    expect(await lastUsed()).toBeNull()
    await whoami(basic(key))
    const first = new Date(at.clock.now()).toISOString()
    expect(await lastUsed()).toBe(first)
    at.clock.advance(59_000)
    await whoami(basic(key))
    expect(await lastUsed()).toBe(first)
    at.clock.advance(1_000)
    await whoami(basic(key))
    expect(await lastUsed()).toBe(new Date(at.clock.now()).toISOString())
  })
  test('another tenant than its own is not there', async () => {
    const key = await createKey({}, 'default')
    expect((await whoami({ ...basic(key), 'x-haechi-tenant': 'default' })).status).toBe(200)
    const other = await whoami({ ...basic(key), 'x-haechi-tenant': 'second-tenant' })
    const none = await whoami({ ...basic(key), 'x-haechi-tenant': 'third-tenant' })
    expect([other.status, other.body.code, none.status, none.body.code]).toEqual([404, 'not_found', 404, 'not_found'])
  })
})

describe('the rate of signed requests', () => {
  test('a burst, then the rate; ingest and unsigned requests are exempt; the same request may come again later', async () => {
    const limited = openAccess({ database: at.database, keyring: testKeyring, clock: at.clock, log: silentLog, controlToken: 'x', secureCookies: false, rateLimit: { perSecond: 1, burst: 1 } })
    const key = await createKey({ role: 'owner' })
    const send = (digits: string, action: Action = 'session.read') =>
      limited.gate.authenticate(requestFor('GET', '/api/v1/session', scheme1(key, 'GET', '/api/v1/session', at.clock.now(), '', digits)), action).then(() => 'ok', (error: HaechiError) => error.code)
    // Never below 20, whatever is configured.
    for (let i = 0; i < 20; i++) expect(await send(String(100_000 + i))).toBe('ok')
    expect(await send('200000')).toBe('rate_limited')
    expect(await send('300000', 'event.ingest')).toBe('ok')
    await expect(limited.gate.authenticate(requestFor('GET', '/api/v1/session', basic(key)), 'session.read')).resolves.toMatchObject({ id: key.key_id })
    const waiting = requestFor('GET', '/api/v1/session', scheme1(key, 'GET', '/api/v1/session', at.clock.now(), '', '200000'))
    at.clock.advance(50)
    await expect(limited.gate.authenticate(waiting, 'session.read')).resolves.toMatchObject({ id: key.key_id })
    await expect(limited.gate.authenticate(requestFor('GET', '/api/v1/session', scheme1(key, 'GET', '/api/v1/session', at.clock.now(), '', '400000')), 'session.read')).rejects.toMatchObject({ code: 'rate_limited', params: { retry_after: 1 } })
  })
})

const requestFor = (method: string, path: string, headers: Record<string, string>): HttpRequest => {
  const url = new URL(`http://haechi.test${path}`)
  return { method, path, rawQuery: '', url, target: url, headers: new Headers(headers), remoteAddress: null, language: 'en', body: () => Promise.resolve(new Uint8Array()), stream: async function* () {} }
}
