// What the headers of one answer do and do not protect. Pure. Defended by headers.test.ts. Sources: RFC 6797 (HSTS), CSP Level 3, Fetch (nosniff), RFC 6265bis.
import { tagsOf } from '@haechi/fingerprints'
import type { Text } from '../evidence.ts'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import { headerOf, headersOf, mediaTypeOf, placeOf } from './visitor.ts'

/** Half a year: what lists of preloaded sites ask for at least is a year, what is useful is months. */
const leastAge = 15_552_000
const sessionName = /sess|sid$|^sid|auth|token|jwt|login|^jsession|phpsess|^connect\.sid|remember/i
const inputTags: ReadonlySet<string> = new Set(['input'])

export function judgeHeaders(asset: string, url: URL, response: HttpResponse): Finding[] {
  const place = placeOf(url)
  const html = mediaTypeOf(response) === 'text/html'
  const secure = url.protocol === 'https:'
  const findings: Finding[] = []
  if (secure) {
    const written = headerOf(response, 'strict-transport-security')
    const age = Number(/max-age\s*=\s*"?(\d{1,12})/i.exec(written ?? '')?.[1] ?? -1)
    if (age < leastAge) findings.push(found(asset, 'web.hsts_missing', place, written === null ? { en: 'no Strict-Transport-Security', ko: 'Strict-Transport-Security 없음' } : { en: `max-age is ${age}`, ko: `max-age 값: ${age}` }))
  }
  if (html && response.status === 200) {
    const policy = headersOf(response, 'content-security-policy').join(', ')
    const frames = /(?:^|[;,\s])frame-ancestors\s/i.test(policy) || /^\s*(?:deny|sameorigin)\s*$/i.test(headerOf(response, 'x-frame-options') ?? '')
    if (policy === '') findings.push(found(asset, 'web.csp_missing', place, { en: 'no Content-Security-Policy', ko: 'Content-Security-Policy 없음' }))
    if (!frames) findings.push(found(asset, 'web.framing_allowed', place, { en: 'neither frame-ancestors nor X-Frame-Options', ko: 'frame-ancestors와 X-Frame-Options 모두 없음' }))
    if (!/nosniff/i.test(headerOf(response, 'x-content-type-options') ?? '')) findings.push(found(asset, 'web.nosniff_missing', place, { en: 'no X-Content-Type-Options', ko: 'X-Content-Type-Options 없음' }))
    if (!secure) findings.push(found(asset, 'web.cleartext', place, { en: 'answered over http, no redirect to https', ko: 'http로 응답함, https로 리디렉션하지 않음' }))
  }
  if (!secure && asksForPassword(response)) findings.push(found(asset, 'web.password_cleartext', place, response.status === 401 ? { en: 'Basic authentication over http', ko: 'http를 통한 Basic 인증' } : { en: 'a password field in a page over http', ko: 'http 페이지의 비밀번호 입력란' }))
  return [...findings, ...headersOf(response, 'set-cookie').slice(0, 50).flatMap((cookie) => judgeCookie(asset, place, secure, cookie))]
}

export function asksForPassword(response: HttpResponse): boolean {
  if (response.status === 401) return headersOf(response, 'www-authenticate').some((value) => /^\s*basic\b/i.test(value))
  if (mediaTypeOf(response) !== 'text/html' || !/password/i.test(response.body)) return false
  for (const { attributes } of tagsOf(response.body, inputTags)) if (attributes.get('type')?.toLowerCase() === 'password') return true
  return false
}

/** Only cookies that look like a login: of others nobody gains anything. Never with a value. */
function judgeCookie(asset: string, place: string, secure: boolean, cookie: string): Finding[] {
  const [first = '', ...rest] = cookie.split(';')
  const name = first.slice(0, Math.max(0, first.indexOf('='))).trim()
  const value = first.slice(first.indexOf('=') + 1).trim()
  if (!sessionName.test(name) || /csrf|xsrf/i.test(name) || value === '' || value === 'deleted') return []
  const flags = new Map(rest.map((flag) => [flag.split('=', 1)[0]!.trim().toLowerCase(), flag.slice(flag.indexOf('=') + 1).trim().toLowerCase()]))
  const lacks: readonly Text[] = [
    ...(secure && !flags.has('secure') ? [{ en: 'Secure', ko: 'Secure' }] : []), ...(flags.has('httponly') ? [] : [{ en: 'HttpOnly', ko: 'HttpOnly' }]),
    ...(flags.get('samesite') === 'none' && !flags.has('secure') ? [{ en: 'Secure beside SameSite=None', ko: 'SameSite=None에 필요한 Secure' }] : []),
  ]
  return lacks.length === 0 ? [] : [found(asset, 'web.cookie_flags', place, { en: `the cookie ${name.slice(0, 60)} lacks ${lacks.map(({ en }) => en).join(', ')}`, ko: `쿠키 ${name.slice(0, 60)}에 없는 속성: ${lacks.map(({ ko }) => ko).join(', ')}` })]
}
