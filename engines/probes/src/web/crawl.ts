// Pages and scripts of one host, from the first page on. Bounded by pages, depth and the visitor's budget; traps of endless links cost a few pages of each shape. Nothing
// is submitted, and no link is followed that would end a session or change something. Defended by crawl.test.ts. Sources: RFC 9309 (robots.txt, as a hint), sitemaps.org.
import { createHash } from 'node:crypto'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import { bucketsIn, linksOf, pathsIn, webUrl } from './links.ts'
import type { CrawlLimits, CrawledPage, Form } from './model.ts'
import { hostOf, mediaTypeOf, placeOf, textOf, titleOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

type Crawled = {
  readonly pages: readonly CrawledPage[]
  readonly forms: readonly Form[]
  readonly paths: readonly string[]
  readonly hosts: readonly string[]
  readonly buckets: readonly string[]
  /** Everything of this origin that was named anywhere. */
  readonly named: readonly URL[]
  /** Descriptions of an API that pages point to. */
  readonly services: readonly URL[]
  readonly findings: readonly Finding[]
}

const mostScripts = 40
const mostOfShape = 8
const mostOfBody = 3
const mostNamed = 5_000
const mostForms = 200
/** What no probe may do: end a session, change or destroy something. */
const harmful = /(?:^|[/?&=_.-])(?:log[-_]?out|log[-_]?off|sign[-_]?out|sign[-_]?off|delete|remove|destroy|unsubscribe|cancel|shut[-_]?down|reboot|restart|reset|drop|purge|kill|disable|uninstall|wipe|truncate|revoke|deactivate)(?:$|[/?&=_.-])/i
const noPage = /\.(?:png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|woff2?|ttf|otf|eot|mp[34]|webm|og[gv]|wav|avi|mov|pdf|zip|gz|tgz|bz2|xz|7z|rar|tar|iso|dmg|exe|msi|deb|rpm|apk|docx?|xlsx?|pptx?|hwpx?|css)$/i

export const isHarmful = (url: URL): boolean => harmful.test(decoded(`${url.pathname}${url.search}`))

/** Links that differ only in numbers and values lead to pages of the same kind. */
export const shapeOf = (url: URL): string => `${url.pathname.replace(/[0-9a-f]{8,}/gi, 'H').replace(/\d+/g, '0')}?${[...new Set(url.searchParams.keys())].toSorted().join('&')}`

/** A path that repeats itself goes on for ever. */
const isEndless = (url: URL): boolean => {
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  return url.href.length > 1_024 || segments.length > 16 || segments.some((segment) => segments.filter((other) => other === segment).length > 3)
}

export async function crawl(start: { readonly url: URL; readonly response: HttpResponse }, asset: string, limits: CrawlLimits, visitor: Visitor): Promise<Crawled> {
  const origin = start.url
  const pages: CrawledPage[] = []
  const forms = new Map<string, Form>()
  const paths = new Set<string>()
  const hosts = new Set<string>()
  const buckets = new Set<string>()
  const named = new Map<string, URL>()
  const services = new Map<string, URL>()
  const findings: Finding[] = []
  const bodies = new Map<string, number>()
  const shapes = new Map<string, number>()
  const queued = new Set<string>([placeOf(start.url)])
  const scripts = new Map<string, URL>()
  let next: URL[] = []

  const note = (url: URL): void => {
    if (hostOf(url) !== hostOf(origin)) hosts.add(hostOf(url))
    else if (url.origin === origin.origin && named.size < mostNamed) named.set(placeOf(url), url)
  }
  const queue = (url: URL): void => {
    note(url)
    const place = placeOf(url)
    if (url.origin !== origin.origin || queued.has(place) || queued.size > mostNamed || noPage.test(url.pathname) || isHarmful(url) || isEndless(url)) return
    queued.add(place)
    const shape = shapeOf(url)
    const alike = shapes.get(shape) ?? 0
    shapes.set(shape, alike + 1)
    if (alike < mostOfShape) next.push(url)
  }
  const readScript = (text: string, base: URL): void => {
    for (const path of pathsIn(text, base)) {
      note(path)
      if (path.origin === origin.origin && paths.size < 1_000 && !noPage.test(path.pathname)) paths.add(placeOf(path))
    }
    for (const bucket of bucketsIn(text)) buckets.add(bucket)
  }
  const take = (url: URL, response: HttpResponse, depth: number): void => {
    pages.push({ url: placeOf(url), status: response.status, title: titleOf(response), contentType: mediaTypeOf(response) || null, bytes: response.body.length, depth })
    const digest = createHash('sha256').update(response.body, 'latin1').digest('base64')
    const times = (bodies.get(digest) ?? 0) + 1
    bodies.set(digest, times)
    if (times > mostOfBody) return
    const links = linksOf(url, response)
    for (const link of links.pages) if (depth < limits.depth) queue(link); else note(link)
    for (const script of links.scripts) {
      note(script)
      if (script.origin === origin.origin && scripts.size < mostScripts) scripts.set(placeOf(script), script)
    }
    for (const form of links.forms) if (forms.size < mostForms) forms.set(`${form.method} ${form.action} ${form.fields.join(' ')}`, form)
    for (const service of links.services) services.set(placeOf(service), service)
    for (const text of links.inline) readScript(text, url)
    for (const bucket of bucketsIn(response.body)) buckets.add(bucket)
  }

  take(start.url, start.response, 0)
  if (limits.pages > 1) for (const url of await hints(origin, visitor)) queue(url)
  for (let depth = 1; next.length > 0 && pages.length < limits.pages && !visitor.spent; depth++) {
    const wave = next.slice(0, limits.pages - pages.length)
    next = []
    const answers = await Promise.all(wave.map(async (url) => ({ url, response: await visitor.ask(url) })))
    for (const { url, response } of answers) if (response !== null) take(url, response, depth)
  }
  await Promise.all([...scripts.values()].map(async (url) => {
    const response = await visitor.ask(url)
    if (response?.status !== 200 || mediaTypeOf(response) === 'text/html') return
    const text = textOf(response)
    readScript(text, url)
    const map = await sourceMap(text, url, origin, visitor)
    if (map !== null) findings.push(found(asset, 'web.source_map', placeOf(map.url), { en: `${map.sources} sources with their text`, ko: `원본 파일 ${map.sources}개와 그 내용` }))
  }))
  return { pages, forms: [...forms.values()], paths: [...paths].filter((path) => !queued.has(path)).toSorted(), hosts: [...hosts].slice(0, 200), buckets: [...buckets].slice(0, 50), named: [...named.values()], services: [...services.values()], findings: findings.toSorted((a, b) => (a.place < b.place ? -1 : 1)) }
}

/** What robots.txt and the site map name: rules of robots.txt are patterns, of which the part before the first wild card is a place. */
async function hints(origin: URL, visitor: Visitor): Promise<URL[]> {
  const robots = await visitor.ask(new URL('/robots.txt', origin), { maxBytes: 524_288 })
  const found: URL[] = []
  const maps: URL[] = [new URL('/sitemap.xml', origin)]
  if (robots?.status === 200 && mediaTypeOf(robots) !== 'text/html') {
    for (const [, field = '', value = ''] of textOf(robots).matchAll(/^[ \t]*(allow|disallow|sitemap)[ \t]*:[ \t]*(\S{1,1000})/gim)) {
      const url = webUrl(/^sitemap$/i.test(field) ? value : value.replace(/[*$].*$/, ''), origin)
      if (url === null || url.origin !== origin.origin || url.pathname === '/') continue
      if (/^sitemap$/i.test(field)) maps.push(url)
      else if (found.length < 200) found.push(url)
    }
  }
  const seen = new Set<string>()
  for (let map = maps.shift(); map !== undefined && seen.size < 5; map = maps.shift()) {
    if (seen.has(map.href)) continue
    seen.add(map.href)
    const response = await visitor.ask(map)
    if (response?.status !== 200 || !/<(?:urlset|sitemapindex)[\s>]/.test(response.body)) continue
    for (const [, place = ''] of textOf(response).matchAll(/<loc>\s*([^<]{1,2000}?)\s*<\/loc>/g)) {
      const url = webUrl(place.replaceAll('&amp;', '&'), origin)
      if (url === null || url.origin !== origin.origin) continue
      if (/<sitemapindex[\s>]/.test(response.body)) maps.push(url)
      else if (found.length < 500) found.push(url)
    }
  }
  return found
}

/** ECMA-426: the comment at the end of a script. */
async function sourceMap(script: string, url: URL, origin: URL, visitor: Visitor): Promise<{ readonly url: URL; readonly sources: number } | null> {
  const written = /\/[/*][#@]\s*sourceMappingURL=([^\s'"*]{1,500})\s*(?:\*\/)?\s*$/.exec(script.slice(-1_000))?.[1]
  const place = written === undefined ? null : webUrl(written, url)
  if (place === null || place.origin !== origin.origin) return null
  const response = await visitor.ask(place)
  if (response?.status !== 200 || !/^\s*(?:\)\]\}'[^\n]*\n)?\s*\{/.test(response.body.slice(0, 200)) || !/"version"\s*:\s*3/.test(response.body) || !/"sourcesContent"\s*:\s*\[\s*"/.test(response.body)) return null
  const from = response.body.search(/"sources"\s*:\s*\[/)
  return { url: place, sources: from === -1 ? 1 : response.body.slice(from, response.body.indexOf(']', from)).split(/",\s*"/).length }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
