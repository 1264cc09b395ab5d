import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openAccessFixture } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'
import { accessTables } from './store.ts'

let at: AccessFixture
beforeEach(async () => { at = await openAccessFixture() })
afterEach(() => at.close())

const hour = 3_600_000
const path = '/api/v1/session'
const whoami = (headers: Record<string, string>) => at.call('GET', path, { headers })
const signInAnswer = (user: string, password: string) => at.call('POST', path, { body: { user, password } })
/** admin with a password of his own. */
const settled = async () => {
  const session = await at.signIn('admin', at.first.oneTimePassword)
  await at.call('POST', `${path}/password`, { headers: session, body: { old_password: at.first.oneTimePassword, new_password: 'correct horse battery' } })
  return { session, password: 'correct horse battery' }
}

describe('the first sign-in', () => {
  test('with the one-time password everything but the session waits for a new one', async () => {
    const answer = await signInAnswer('Admin', at.first.oneTimePassword)
    expect(answer.body).toMatchObject({ user: { name: 'admin' }, must_change_password: true, language: 'en' })
    expect(answer.headers.get('set-cookie')).toMatch(/^haechi_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/)
    const session = { cookie: answer.headers.get('set-cookie')!.split(';')[0]! }
    expect((await whoami(session)).body).toMatchObject({ kind: 'user', name: 'admin', role: 'owner', side: 'customer', must_change_password: true, tenants: [{ name: 'default', display_name: 'Test' }] })
    const blocked = await at.call('GET', '/api/v1/users', { headers: session })
    expect([blocked.status, blocked.body.code]).toEqual([403, 'password_change_required'])

    const change = (old_password: string, new_password: string) => at.call('POST', `${path}/password`, { headers: session, body: { old_password, new_password } })
    expect((await change(at.first.oneTimePassword, 'short')).body).toMatchObject({ code: 'password_too_short', params: { minimum: 12 } })
    expect((await change(at.first.oneTimePassword, at.first.oneTimePassword)).body.code).toBe('password_unchanged')
    expect((await change('not the old one', 'long enough for this')).body.code).toBe('sign_in_failed')
    expect((await change(at.first.oneTimePassword, '아주 길고 안전한 비밀번호')).body).toEqual({ changed: true })
    expect((await at.call('GET', '/api/v1/users', { headers: session })).status).toBe(200)
    expect((await signInAnswer('admin', at.first.oneTimePassword)).body.code).toBe('sign_in_failed')
    // The same text in decomposed Unicode is the same password.
    expect((await signInAnswer('admin', '아주 길고 안전한 비밀번호'.normalize('NFD'))).status).toBe(200)
  })

  test('changing the password ends the other sessions', async () => {
    const { session, password } = await settled()
    const other = await at.signIn('admin', password)
    await at.call('POST', `${path}/password`, { headers: session, body: { old_password: password, new_password: 'another long password' } })
    expect((await whoami(session)).status).toBe(200)
    expect((await whoami(other)).body.code).toBe('session_ended')
  })
})

describe('a session', () => {
  test('is known to the database only by its hash', async () => {
    const { session } = await settled()
    const token = session['cookie']!.split('=')[1]!
    const rows = await at.database.platform((tx) => accessTables(tx).selectFrom('access_sessions').selectAll().execute())
    expect(rows.map((row) => row.token_sha256)).toEqual([createHash('sha256').update(token).digest()])
  })
  test('ends after 12 idle hours', async () => {
    const { session } = await settled()
    for (let i = 0; i < 3; i++) {
      at.clock.advance(12 * hour)
      expect((await whoami(session)).status).toBe(200)
    }
    at.clock.advance(12 * hour + 1)
    expect((await whoami(session)).body.code).toBe('session_ended')
  })
  test('ends after 7 days however much it is used, and the sweep removes it', async () => {
    const { session } = await settled()
    for (let i = 0; i < 14; i++) {
      at.clock.advance(12 * hour)
      expect((await whoami(session)).status, String(i)).toBe(200)
    }
    at.clock.advance(1)
    expect((await whoami(session)).body.code).toBe('session_ended')
    await at.access.sweep()
    expect(await at.database.platform((tx) => accessTables(tx).selectFrom('access_sessions').selectAll().execute())).toEqual([])
  })
  test('ends when its owner signs out', async () => {
    const { session } = await settled()
    const out = await at.call('DELETE', path, { headers: session })
    expect([out.body, out.headers.get('set-cookie')]).toEqual([{ ended: true }, expect.stringContaining('Max-Age=0')])
    expect((await whoami(session)).body.code).toBe('session_ended')
  })
  test('an invented cookie', async () => {
    for (const cookie of ['haechi_session=AAAA', 'haechi_session=', 'other=x; haechi_session=%00']) expect((await whoami({ cookie })).status).toBe(401)
  })
  test('is Secure under TLS', async () => {
    const fixture = await openAccessFixture({ secureCookies: true })
    const answer = await fixture.call('POST', path, { body: { user: 'admin', password: fixture.first.oneTimePassword } })
    expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/)
    await fixture.close()
  })
})

describe('another origin', () => {
  test.each([
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://other.haechi.test' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://haechi.test' }, 200],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://haechi.test' }, 200],
    [{}, 200],
  ])('%o -> %i', async (headers, status) => {
    const { session, password } = await settled()
    expect((await whoami({ ...session, ...headers })).status).toBe(200)
    const written = await at.call('DELETE', path, { headers: { ...session, ...headers } })
    expect([written.status, written.body.code]).toEqual([status, status === 200 ? undefined : 'cross_origin'])
    expect((await at.call('POST', path, { headers: headers, body: { user: 'admin', password } })).status).toBe(status)
  })
})

describe('guessing', () => {
  test('a known and an unknown name answer and lock alike; the lock grows and says until when', async () => {
    const { password } = await settled()
    for (const name of ['admin', 'nobody']) {
      for (let i = 0; i < 5; i++) expect((await signInAnswer(name, 'wrong')).body.code, `${name} ${i}`).toBe('sign_in_failed')
    }
    const [known, unknown] = [await signInAnswer('admin', 'wrong'), await signInAnswer('nobody', 'wrong')]
    expect(known.body).toEqual(unknown.body)
    expect([known.status, known.headers.get('retry-after'), known.body]).toEqual([429, '900', expect.objectContaining({ code: 'account_locked', params: { until: '2026-03-01T09:15:00.000Z', retry_after: 900 } })])
    // The right password does not help while it is locked, and is not asked for.
    expect((await signInAnswer('ADMIN', password)).body.code).toBe('account_locked')
    at.clock.advance(15 * 60_000)
    for (let i = 0; i < 5; i++) await signInAnswer('admin', 'wrong')
    expect((await signInAnswer('admin', password)).body.params).toMatchObject({ retry_after: 1_800 })
    at.clock.advance(30 * 60_000)
    expect((await signInAnswer('admin', password)).status).toBe(200)
    // Success forgets the failures.
    for (let i = 0; i < 4; i++) await signInAnswer('admin', 'wrong')
    expect((await signInAnswer('admin', password)).status).toBe(200)
  })
  test('many guesses at once are no more than five', async () => {
    await settled()
    const answers = await Promise.all(Array.from({ length: 30 }, () => signInAnswer('admin', 'wrong')))
    expect(answers.filter((answer) => answer.body.code === 'sign_in_failed')).toHaveLength(5)
    expect(answers.filter((answer) => answer.body.code === 'account_locked')).toHaveLength(25)
  })
  test('every attempt leaves a record, no password does', async () => {
    await signInAnswer('admin', 'wrong-guess')
    await at.signIn('admin', at.first.oneTimePassword)
    const records = (await at.operate('GET', '/api/v1/audit')).body.records.filter((record: { action: string }) => record.action === 'session.create')
    expect(records.map((record: { outcome: string }) => record.outcome)).toEqual(['success', 'failure'])
    expect(JSON.stringify(records)).not.toContain('wrong-guess')
  })
})
