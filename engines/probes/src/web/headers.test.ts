import { expect, test } from 'vitest'
import { asksForPassword, judgeHeaders } from './headers.ts'

const answer = (headers: readonly (readonly [string, string])[], body = '', status = 200) => ({ status, reason: '', headers, body, truncated: false, durationMs: 1, address: '' })
const judged = (headers: readonly (readonly [string, string])[], url = 'https://a.test/', body = '', status = 200) => judgeHeaders('a.test', new URL(url), answer(headers, body, status)).map(({ check, evidence }) => `${check.slice(4)}: ${evidence.en}`)
const html = ['Content-Type', 'text/html'] as const
const good = [html, ['Strict-Transport-Security', 'max-age=31536000'], ['Content-Security-Policy', "default-src 'self'; frame-ancestors 'none'"], ['X-Content-Type-Options', 'nosniff']] as const

test('who sends them all has nothing', () => {
  expect(judged(good)).toEqual([])
  expect(judged([...good.slice(0, 2), ['Content-Security-Policy', "default-src 'self'"], ['X-Frame-Options', 'SAMEORIGIN'], good[3]])).toEqual([])
})

test('what is missing is told, once each', () => {
  expect(judged([html])).toEqual(['hsts_missing: no Strict-Transport-Security', 'csp_missing: no Content-Security-Policy', 'framing_allowed: neither frame-ancestors nor X-Frame-Options', 'nosniff_missing: no X-Content-Type-Options'])
  expect(judged([...good.slice(0, 1), ['strict-transport-security', 'max-age=600'], ...good.slice(2)])).toEqual(['hsts_missing: max-age is 600'])
  expect(judged([['Content-Type', 'application/json'], good[1]])).toEqual([])
  expect(judged([html, good[1]], 'https://a.test/', '', 404)).toEqual([])
  expect(judged(good, 'http://a.test/')).toEqual(['cleartext: answered over http, no redirect to https'])
})

test('cookies of sessions, by name and never by value', () => {
  const cookie = (text: string, url?: string) => judged([...good, ['Set-Cookie', text]], url).filter((each) => each.startsWith('cookie'))
  expect(cookie('PHPSESSID=topsecret; Path=/')).toEqual(['cookie_flags: the cookie PHPSESSID lacks Secure, HttpOnly'])
  expect(cookie('auth_token=topsecret; Secure; HttpOnly; SameSite=Lax')).toEqual([])
  expect(cookie('sid=x; HttpOnly; SameSite=None', 'http://a.test/')).toEqual(['cookie_flags: the cookie sid lacks Secure beside SameSite=None'])
  for (const plain of ['theme=dark', 'XSRF-TOKEN=x', 'session=; Max-Age=0', '_ga=GA1']) expect(cookie(plain)).toEqual([])
})

test('a password that is asked for in the clear', () => {
  const form = answer([html], '<form><input type="password" name=p></form>')
  expect([asksForPassword(form), asksForPassword(answer([html], 'your password')), asksForPassword(answer([['WWW-Authenticate', 'Basic realm="x"']], '', 401)), asksForPassword(answer([['WWW-Authenticate', 'Negotiate']], '', 401))]).toEqual([true, false, true, false])
  expect(judged(good, 'http://a.test/', form.body)).toContain('password_cleartext: a password field in a page over http')
  expect(judged(good, 'https://a.test/', form.body)).toEqual([])
})
