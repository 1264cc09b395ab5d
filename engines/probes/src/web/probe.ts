// One web site, asked by its URL: the way to it, what runs there, and what it shows that it should not. Only the origin that was asked is judged; another one that
// it leads to is told. What a site sends is bounded by the visitor, and nothing is believed that it says of places nobody has. Defended by probe.test.ts and
// tests/conformance/probes/web.test.ts.
import { createHash } from 'node:crypto'
import { faviconHashes } from '@haechi/fingerprints'
import type { HttpAnswer, Technology } from '@haechi/fingerprints'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { findApis } from './apis.ts'
import { bucketsOf } from './buckets.ts'
import { follow } from './chain.ts'
import { found } from './checks.ts'
import { crawl, isHarmful } from './crawl.ts'
import { findExposures } from './exposures.ts'
import { judgeHeaders } from './headers.ts'
import { linksOf } from './links.ts'
import { findListings } from './listings.ts'
import { findPortals } from './portals.ts'
import type { VirtualHost, WebAnswer, WebOptions, WebReport } from './model.ts'
import { Visitor, headerOf, headersOf, hostOf, mediaTypeOf, placeOf, titleOf } from './visitor.ts'

const usualBudget = { requests: 400, bytes: 33_554_432, durationMs: 120_000 }

/** Errors: NetworkError `cancelled`; everything else is a fault in the report. */
export async function probeWeb(url: string, options: WebOptions): Promise<WebReport> {
  const start = URL.parse(url)
  if (start === null || (start.protocol !== 'http:' && start.protocol !== 'https:')) throw new TypeError('not the URL of a web site')
  start.hash = ''
  start.username = ''
  start.password = ''
  const { run } = options
  const asset = hostOf(start)
  const visitor = new Visitor(run, options.budget ?? usualBudget, options.onBody)
  const word = wordsOf(run.random())
  const chain = await follow(start, visitor)
  const own = chain.answers.findLast((answer) => answer.url.origin === start.origin) ?? null
  const last = chain.answers.at(-1) ?? null
  const report: WebReport = {
    url: placeOf(start), origin: start.origin, chain: chain.hops, ended: chain.ended, final: last === null ? null : answerOf(last.url, last.response), leadsTo: chain.leadsTo === null ? null : placeOf(chain.leadsTo), redirectsAll: false, missingStatus: null,
    technologies: [], favicon: null, methods: [], apis: [], wellKnown: [], portals: [], virtualHosts: [], pages: [], forms: [], paths: [], hosts: [], buckets: [], findings: [], faults: visitor.faults, requests: visitor.requests,
  }
  if (own === null) return report

  const missing = await Promise.all([word(11, 'missing'), `${word(7, 'folder')}/${word(8, 'page')}.html`].map((path) => visitor.ask(new URL(`/${path}`, start))))
  const leadsAway = (response: HttpResponse | null): boolean => response !== null && awayFrom(start, response)
  const redirectsAll = leadsAway(own.response) && missing.every(leadsAway)
  const identify = (url: URL, response: HttpResponse, icon: Uint8Array | null = null): readonly Technology[] => options.identifyTechnologies(httpAnswerOf(url, response, icon))
  const base = { ...report, redirectsAll, missingStatus: missing[0]?.status ?? null }
  if (redirectsAll) return { ...base, technologies: identify(own.url, own.response), requests: visitor.requests }

  const crawled = await crawl(own, asset, options.crawl ?? { pages: 1, depth: 0 }, visitor)
  const icon = await iconOf(own.url, linksOf(own.url, own.response).icons, visitor)
  const shown = identify(own.url, own.response, icon?.bytes)
  // Pages of errors tell of the server what the site does not.
  const behind = missing.flatMap((response) => (response === null ? [] : identify(start, response)))
  const listing = findListings(start, asset, crawled.named, visitor, word)
  const [portals, listings, exposed, cross, methods, virtualHosts, interfaces, buckets] = await Promise.all([
    findPortals(start, asset, { url: own.url, technologies: shown }, behind, visitor, word, identify),
    listing,
    listing.then(({ files }) => findExposures(own.url, asset, [...crawled.named, ...files], visitor, word)),
    crossOrigin(asset, [own.url, ...crawled.named.filter((url) => programs.test(url.pathname) && !isHarmful(url)).slice(0, mostPrograms)], visitor, word),
    methodsOf(asset, start, visitor, word),
    findVirtualHosts(start, own.response, options.names ?? [], visitor, word),
    findApis({ origin: start, asset, visitor, word, named: crawled.named, services: crawled.services }),
    bucketsOf(start, asset, own, [...new Set(crawled.named.flatMap(({ pathname }) => pathname.split('/')[1] ?? []))].filter((name) => name !== ''), visitor),
  ])
  return {
    ...base, technologies: mergeTechnologies([shown, missing[0]?.status === 200 ? [] : behind, portals.technologies]), favicon: icon === null ? null : { url: icon.url, ...faviconHashes(icon.bytes) }, methods: methods.methods,
    apis: interfaces.apis, wellKnown: interfaces.wellKnown, portals: portals.portals, virtualHosts, pages: crawled.pages, forms: crawled.forms, paths: crawled.paths, hosts: crawled.hosts, buckets: crawled.buckets,
    findings: [...judgeHeaders(asset, own.url, own.response), ...debugModes(asset, missing, start), ...crawled.findings, ...portals.findings, ...listings.findings, ...exposed, ...cross, ...methods.findings, ...interfaces.findings, ...buckets],
    faults: visitor.faults, requests: visitor.requests,
  }
}

function answerOf(url: URL, response: HttpResponse): WebAnswer {
  return {
    url: placeOf(url), status: response.status, title: titleOf(response), server: headerOf(response, 'server')?.slice(0, 200) ?? null, contentType: mediaTypeOf(response) || null, bytes: response.body.length, address: response.address,
  }
}

function httpAnswerOf(url: URL, response: HttpResponse, favicon: Uint8Array | null): HttpAnswer {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const [name, value] of response.headers.slice(0, 200)) (headers[name.toLowerCase()] ??= []).push(value)
  return { status: response.status, headers, body: Buffer.from(response.body, 'latin1'), url: placeOf(url), ...(favicon === null ? {} : { favicon }) }
}

/** The surest of each, the one with a version before the others. */
function mergeTechnologies(lists: readonly (readonly Technology[])[]): Technology[] {
  const merged = new Map<string, Technology>()
  for (const technology of lists.flat()) {
    const known = merged.get(technology.id)
    if (known === undefined || (known.version === null && technology.version !== null)) merged.set(technology.id, technology)
  }
  return [...merged.values()].toSorted((a, b) => b.confidence.value - a.confidence.value)
}

function awayFrom(origin: URL, response: HttpResponse): boolean {
  const location = response.status >= 300 && response.status < 400 ? headerOf(response, 'location') : null
  const next = location === null ? null : URL.parse(location, origin.href)
  return next !== null && next.origin !== origin.origin
}

const largestIcon = 1_048_576
async function iconOf(url: URL, icons: readonly URL[], visitor: Visitor): Promise<{ readonly url: string; readonly bytes: Uint8Array } | null> {
  for (const place of [...icons.filter(({ origin }) => origin === url.origin).slice(0, 1), new URL('/favicon.ico', url)]) {
    const response = await visitor.ask(place, { maxBytes: largestIcon })
    if (response?.status === 200 && response.body !== '' && !response.truncated && isImage(response)) return { url: placeOf(place), bytes: Buffer.from(response.body, 'latin1') }
  }
  return null
}

const isImage = (response: HttpResponse): boolean => mediaTypeOf(response).startsWith('image/') || ['\0\0\x01\0', '\x89PNG', 'GIF8', '\xff\xd8\xff', '<svg', '<?xml'].some((start) => response.body.startsWith(start))

/** Pages of errors that only developers should see. */
const debugPages: readonly (readonly [RegExp, string])[] = [
  [/You(?:'|&#x27;|&#39;)re seeing this (?:error|help page) because you have <code>DEBUG = True<\/code>/, 'Django'],
  [/<title>Action Controller: Exception caught<\/title>|<h1>Routing Error<\/h1>[\s\S]{0,3000}Rails\.root/, 'Rails'],
  [/The debugger caught an exception in your WSGI application|EVALEX = true/, 'Werkzeug'],
  [/window\.ignite\(|<title>Whoops! There was an error\.|Symfony\\Component\\HttpKernel\\Exception\\NotFoundHttpException[\s\S]{0,400}(?:Stack trace|exception-message)/, 'PHP'],
]

const debugModes = (asset: string, answers: readonly (HttpResponse | null)[], origin: URL): Finding[] => debugPages.flatMap(([pattern, name]) => (answers.some((response) => response !== null && response.status >= 400 && pattern.test(response.body.slice(0, 65_536))) ? [found(asset, 'web.debug_mode', `${origin.origin}/`, { en: `a place that there is not is answered by the debug page of ${name}`, ko: `없는 경로에 ${name} 디버그 페이지로 응답함` })] : []))

/** What programs ask of a site. */
const programs = /(?:^|\/)(?:api|rest|graphql|v\d+)(?:\/|$)/i
const mostPrograms = 4

async function crossOrigin(asset: string, urls: readonly URL[], visitor: Visitor, word: Words): Promise<Finding[]> {
  const [first] = (await Promise.all(urls.map((url) => crossOriginAt(asset, url, visitor, word)))).flat()
  return first === undefined ? [] : [first]
}

async function crossOriginAt(asset: string, url: URL, visitor: Visitor, word: Words): Promise<Finding[]> {
  const origin = `https://${word(12, 'origin')}.example`
  const allowed = async (value: string): Promise<boolean> => {
    const response = await visitor.ask(url, { headers: [['Origin', value]], maxBytes: 65_536 })
    return response !== null && headerOf(response, 'access-control-allow-origin')?.trim() === value && headerOf(response, 'access-control-allow-credentials')?.trim().toLowerCase() === 'true'
  }
  if (await allowed(origin)) return [found(asset, 'web.cors_credentials', placeOf(url), { en: `Origin ${origin} was allowed, with credentials`, ko: `Origin ${origin} 허용됨, 자격 증명 포함` }, { confidence: 1 })]
  return await allowed('null') ? [found(asset, 'web.cors_credentials', placeOf(url), { en: 'Origin null was allowed, with credentials', ko: 'Origin null 허용됨, 자격 증명 포함' }, { confidence: 1 })] : []
}

async function methodsOf(asset: string, origin: URL, visitor: Visitor, word: Words): Promise<{ readonly methods: readonly string[]; readonly findings: readonly Finding[] }> {
  const place = `${origin.origin}/`
  const mark = word(14, 'trace')
  const [options, trace] = await Promise.all([
    visitor.ask(new URL('/', origin), { method: 'OPTIONS', maxBytes: 65_536 }),
    visitor.ask(new URL('/', origin), { method: 'TRACE', headers: [['X-Haechi', mark]], maxBytes: 65_536 }),
  ])
  const methods = [...new Set((options === null ? [] : headersOf(options, 'allow')).flatMap((value) => value.split(',').map((method) => method.trim().toUpperCase()).filter((method) => /^[A-Z]{2,20}$/.test(method))))].slice(0, 40)
  const dav = options !== null && headerOf(options, 'dav') !== null && methods.includes('PUT')
  return {
    methods,
    findings: [
      // RFC 9110, 9.3.8: the message comes back as the content.
      ...(trace?.status === 200 && mediaTypeOf(trace) === 'message/http' && trace.body.includes(mark) ? [found(asset, 'web.trace_enabled', place, { en: 'the request came back', ko: '요청이 그대로 되돌아옴' }, { confidence: 1 })] : []),
      ...(dav ? [found(asset, 'web.write_methods', place, `DAV, Allow: ${methods.join(', ')}`, { confidence: 0.5 })] : []),
    ],
  }
}

const mostNames = 30
/** Names that the server serves otherwise than a name nobody has. */
async function findVirtualHosts(origin: URL, usual: HttpResponse, names: readonly string[], visitor: Visitor, word: Words): Promise<VirtualHost[]> {
  const others = [...new Set(names.map((name) => name.toLowerCase()))].filter((name) => /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && name.includes('.') && name !== origin.hostname).slice(0, mostNames)
  if (others.length === 0) return []
  const ask = (name: string): Promise<HttpResponse | null> => {
    const url = new URL(origin)
    url.hostname = name
    return visitor.ask(new URL('/', url), { at: hostOf(origin), maxBytes: 262_144 })
  }
  const nobody = await ask(`${word(10, 'nobody')}.example`)
  const seen = await Promise.all(others.map(async (name) => ({ name, response: await ask(name) })))
  const like = (a: HttpResponse, b: HttpResponse): boolean => a.status === b.status && headerOf(a, 'location') === headerOf(b, 'location') && (a.body === b.body || titleOf(a) === titleOf(b))
  return seen.flatMap(({ name, response }) => (response === null || (nobody !== null && like(response, nobody)) || like(response, usual) ? [] : [{ name, status: response.status, title: titleOf(response) }]))
}

export type Words = (length: number, key: string) => string
const letters = 'bcdfghjklmnpqrstvwxyz'

/** Words that nobody uses; equal ones for equal keys. */
function wordsOf(seed: number): Words {
  return (length, key) => {
    const bytes = createHash('sha512').update(`${seed} ${key}`).digest()
    return Array.from({ length: Math.min(length, 40) }, (_, at) => letters[bytes[at]! % letters.length]).join('')
  }
}
