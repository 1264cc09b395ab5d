import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, openAccessFixture } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'

let at: AccessFixture
beforeAll(async () => { at = await openAccessFixture() })
afterAll(() => at.close())

const createKey = async (body: object = {}, tenant?: string): Promise<{ key_id: string; secret: string }> => {
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
