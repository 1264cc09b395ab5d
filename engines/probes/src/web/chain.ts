// The way from a URL to its answer: redirects of HTTP and of pages, with the cookies that are handed out on it. It ends: no place twice with the same cookies, ten
// steps at most. Defended by probe.test.ts. Sources: RFC 9110, 15.4; WHATWG HTML, 4.2.5.3 (refresh).
import { readPage } from '@haechi/fingerprints'
import type { HttpResponse } from '../network.ts'
import type { ChainEnd, Hop } from './model.ts'
import { headerOf, headersOf, mediaTypeOf, placeOf, textOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const mostHops = 10

export type Chain = { readonly hops: readonly Hop[]; readonly ended: ChainEnd; /** In the order of the hops that had one. */ readonly answers: readonly { readonly url: URL; readonly response: HttpResponse }[]; /** The first URL of another origin. */ readonly leadsTo: URL | null }

export async function follow(start: URL, visitor: Visitor): Promise<Chain> {
  const hops: Hop[] = []
  const answers: { url: URL; response: HttpResponse }[] = []
  const cookies = new Map<string, string>()
  const seen = new Set<string>()
  let leadsTo: URL | null = null
  const end = (ended: ChainEnd): Chain => ({ hops, ended, answers, leadsTo })
  for (let url = start; ;) {
    const cookie = cookieHeader(cookies, url)
    const key = `${placeOf(url)} ${cookie}`
    if (seen.has(key)) {
      const way = [...hops.slice(-3).map((hop) => hop.url), placeOf(url)].join(' -> ')
      visitor.tell(placeOf(start), 'budget_exceeded', { en: `a loop of redirects: ${way}`, ko: `리디렉션 순환: ${way}` })
      return end('loop')
    }
    if (hops.length === mostHops) {
      visitor.tell(placeOf(start), 'budget_exceeded', { en: `more than ${mostHops} redirects`, ko: `리디렉션이 ${mostHops}회를 넘음` })
      return end('too_long')
    }
    seen.add(key)
    const response = await visitor.ask(url, cookie === '' ? {} : { headers: [['Cookie', cookie]] })
    if (response === null) {
      hops.push({ url: placeOf(url), status: 0, location: null })
      return end(visitor.faults.some(({ place, fault }) => place === placeOf(url) && fault === 'out_of_scope') ? 'out_of_scope' : 'no_answer')
    }
    keep(cookies, url, response)
    const next = nextOf(url, response)
    hops.push({ url: placeOf(url), status: response.status, location: next === null ? null : placeOf(next) })
    answers.push({ url, response })
    if (next === null) return end('answer')
    if (next.origin !== start.origin) leadsTo ??= next
    url = next
  }
}

/** Where an answer sends whoever asked; null: it does not, or not to a web site. */
function nextOf(url: URL, response: HttpResponse): URL | null {
  const { status } = response
  const location = status >= 300 && status < 400 && status !== 304 ? headerOf(response, 'location') : null
  const written = location ?? (status === 200 && mediaTypeOf(response) === 'text/html' && response.body.length < 65_536 ? /^\s*[0-5]?(?:\.\d*)?\s*[;,]\s*url\s*=\s*['"]?([^'"]{1,2000})/i.exec(readPage(textOf(response)).metas.get('refresh')?.[0]?.slice(0, 2_100) ?? '')?.[1]?.trim() ?? null : null)
  // Bytes that are no ASCII stand for themselves (WHATWG URL escapes them as UTF-8).
  const next = written === null ? null : URL.parse(location === null ? written : Buffer.from(written, 'latin1').toString('utf8'), url.href)
  if (next === null || (next.protocol !== 'http:' && next.protocol !== 'https:')) return null
  next.hash = ''
  // A page that renews itself leads nowhere.
  return location === null && placeOf(next) === placeOf(url) ? null : next
}

const mostCookies = 20
const cookieHeader = (cookies: ReadonlyMap<string, string>, url: URL): string => [...cookies].flatMap(([key, value]) => (key.startsWith(`${url.hostname} `) ? [`${key.slice(url.hostname.length + 1)}=${value}`] : [])).join('; ')

function keep(cookies: Map<string, string>, url: URL, response: HttpResponse): void {
  for (const written of headersOf(response, 'set-cookie')) {
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]{1,64})=([\x21-\x3a\x3c-\x7e]{0,1024})/.exec(written) ?? []
    if (name !== undefined && value !== undefined && cookies.size < mostCookies) cookies.set(`${url.hostname} ${name}`, value)
  }
}
