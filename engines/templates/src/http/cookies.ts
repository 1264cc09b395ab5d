// The cookies of one template's run on one target (RFC 6265, section 5), bounded in number and size whatever a server sets. Defended by cookies.test.ts.
import type { Bytes } from '../model.ts'
import type { Scheme } from './address.ts'

type Cookie = { readonly name: Bytes; readonly value: Bytes; readonly domain: string; readonly hostOnly: boolean; readonly path: Bytes; readonly secure: boolean; readonly expires: number; readonly order: number }
type Place = { readonly scheme: Scheme; readonly host: string; /** Path and query. */ readonly target: Bytes }

const mostCookies = 300
const longestCookie = 8_192
const isAddress = (host: string): boolean => host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
const pathOf = (target: Bytes): Bytes => target.split(/[?#]/, 1)[0]!

function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host))
}

function pathMatches(path: Bytes, cookie: Bytes): boolean {
  return path === cookie || (path.startsWith(cookie) && (cookie.endsWith('/') || path[cookie.length] === '/'))
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()
  #order = 0

  /** Takes in the values of Set-Cookie headers. `now` in milliseconds since 1970. */
  store(values: Iterable<Bytes>, place: Place, now: number): void {
    for (const value of values) {
      const cookie = this.#read(value, place, now)
      if (cookie === null) continue
      const key = `${cookie.name}\n${cookie.domain}\n${cookie.path}`
      const before = this.#cookies.get(key)
      if (cookie.expires <= now) this.#cookies.delete(key)
      else if (before !== undefined || this.#cookies.size < mostCookies) this.#cookies.set(key, before === undefined ? cookie : { ...cookie, order: before.order })
    }
  }

  /** What stands behind Cookie in a request there; null: nothing. */
  header(place: Place, now: number): Bytes | null {
    if (this.#cookies.size === 0) return null
    const host = place.host.toLowerCase()
    const path = pathOf(place.target)
    const fitting = [...this.#cookies.values()].filter(
      (cookie) => cookie.expires > now && (cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain)) && pathMatches(path, cookie.path) && (!cookie.secure || place.scheme === 'https'),
    )
    if (fitting.length === 0) return null
    fitting.sort((a, b) => b.path.length - a.path.length || a.order - b.order)
    return fitting.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ')
  }

  #read(text: Bytes, place: Place, now: number): Cookie | null {
    if (text.length > longestCookie || /[\0\r\n]/.test(text)) return null
    const [pair, ...attributes] = text.split(';')
    const equals = pair!.indexOf('=')
    if (equals < 0) return null
    const name = pair!.slice(0, equals).trim()
    if (name === '') return null
    const host = place.host.toLowerCase()
    let domain = host
    let hostOnly = true
    let path = pathOf(place.target).replace(/\/[^/]*$/, '') || '/'
    let secure = false
    let expires = Number.POSITIVE_INFINITY
    let maxAge: number | null = null
    for (const attribute of attributes) {
      const at = attribute.indexOf('=')
      const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase()
      const value = at < 0 ? '' : attribute.slice(at + 1).trim()
      if (key === 'secure') secure = true
      else if (key === 'path' && value.startsWith('/')) path = value
      else if (key === 'max-age' && /^-?\d+$/.test(value)) maxAge = Number(value)
      else if (key === 'expires') {
        const time = Date.parse(value)
        if (!Number.isNaN(time)) expires = time
      } else if (key === 'domain' && value !== '') {
        const wanted = value.replace(/^\./, '').toLowerCase()
        if (!domainMatches(host, wanted) || (!wanted.includes('.') && wanted !== host)) return null
        if (wanted !== host || !isAddress(host)) hostOnly = false
        domain = wanted
      }
    }
    if (maxAge !== null) expires = maxAge <= 0 ? Number.NEGATIVE_INFINITY : now + maxAge * 1000
    return { name, value: pair!.slice(equals + 1).trim(), domain, hostOnly, path, secure, expires, order: this.#order++ }
  }
}
