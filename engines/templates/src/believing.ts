// A match is believed when the host says something that it does not say to just anybody. The template is run again with requests that cannot be vulnerable:
// for a place that nobody has, with names that nobody reads, with what they carry unchanged. Where it matches once more, and the answer is the one that harmless
// requests get, it is the host that matches everything. And who has too many products is a trap. Defended by believing.test.ts and
// tests/conformance/templates/believing.test.ts, in both directions.
import type { Bytes, Connection, Doubt, HttpRequest, HttpResponse, Match, Network, Target, Template } from './model.ts'

/** More vendors than one web server has. What runs inside of one product (its plugins) counts as that product. */
const productsOfATrap = 10
/** Of two answers to harmless and to odd questions: the share of words that both have. */
const alikeFrom = 0.9
const comparedBytes = 65_536

/** Runs again what has matched, over this network, and returns what matches now. */
export type Rerun = (network: Network) => Promise<readonly Match[]>

/** The matches with their doubt, where there is one, and what it took to ask. `network` is the same that they were found over. */
export async function judge(matches: readonly Match[], { template, target, network, seed }: { readonly template: Template; readonly target: Target; readonly network: Network; readonly seed: number }, rerun: Rerun): Promise<{ readonly matches: readonly Match[]; readonly requests: number }> {
  const decoy = new Decoy(target, network, seed)
  const again = await rerun(decoy)
  const doubt = decoy.verdict()
  // The front page says what it says, unless a template of several steps takes for its own deed what everybody is told.
  const frontCounts = !decoy.frontForAll || !template.blocks.some((block) => block.protocol === 'http' && block.raw.length > 1)
  const doubtOf = (match: Match): Doubt | null => {
    const same = again.filter((other) => other.template === match.template && other.matcher === match.matcher)
    if (doubt !== null && same.some((other) => !decoy.ofFront(other))) return doubt
    return !frontCounts && decoy.ofFront(match) ? 'catch_all' : null
  }
  return { matches: matches.map((match) => ({ ...match, doubt: doubtOf(match) })), requests: decoy.requests }
}

/** All matches of a host that are believed so far: none of them is where they are of too many products. */
export function judgeHost(matches: readonly Match[]): readonly Match[] {
  const products = new Set(matches.flatMap((match) => (match.doubt === null ? productOf(match) ?? [] : [])))
  return products.size < productsOfATrap ? matches : matches.map((match) => (match.doubt === null ? { ...match, doubt: 'honeypot' } : match))
}

const platforms = ['wordpress', 'joomla', 'drupal', 'typo3', 'magento', 'prestashop', 'moodle', 'jenkins', 'jira', 'confluence', 'aem', 'sap']
const part = /^cpe:2\.3:[aoh]:([^:]+):/

function productOf({ info }: Match): string | null {
  const platform = platforms.find((name) => info.tags.includes(name)) ?? (info.tags.some((tag) => tag === 'wp' || tag.startsWith('wp-')) ? 'wordpress' : null)
  if (platform !== null) return platform
  const vendor = part.exec(info.classification.cpe ?? '')?.[1] ?? info.metadata['vendor']
  return typeof vendor === 'string' && vendor !== '' ? vendor.toLowerCase() : null
}

type Control = { readonly alike: boolean; readonly echoed: boolean }

/** A network on which nothing that a template asks for can be there. */
class Decoy implements Network {
  requests = 0
  /** Who asks for nothing gets the front page. */
  frontForAll = false
  readonly #base: string
  readonly #network: Network
  readonly #seed: number
  readonly #controls: Control[] = []
  /** Request targets: the front page, and where it leads. */
  readonly #front = new Set<Bytes>()
  /** Where answers lead. */
  readonly #redirects = new Set<Bytes>()
  readonly #asked = new Set<Bytes>()
  #wall = false

  constructor(target: Target, network: Network, seed: number) {
    this.#base = target.path
    this.#network = network
    this.#seed = seed
  }

  async http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    if (this.#redirects.has(request.target)) {
      this.requests++
      const answer = await this.#network.http(request, signal)
      const next = locationOf(answer, request)
      if (next !== null) this.#redirects.add(next)
      return answer
    }
    this.requests += 2
    const control = controlOf(request, this.#base, this.#seed)
    if (control === null) {
      const answer = await this.#network.http(request, signal)
      const other = { ...request, target: elsewhere(split(request.target)[0], this.#base, this.#seed) }
      this.frontForAll ||= compare(request, answer, other, await this.#network.http(other, signal)).alike
      this.#front.add(request.target)
      const next = locationOf(answer, request)
      if (next !== null) {
        this.#redirects.add(next)
        this.#front.add(next)
      }
      return answer
    }
    this.#asked.add(request.target)
    const answer = await this.#network.http(control, signal)
    const location = locationOf(answer, control)
    if (location !== null) {
      this.#redirects.add(location)
      // The template asked for the very page that everybody is sent to: that one is there.
      if (this.#asked.has(location.replace(/\?.*$/s, '')) || this.#asked.has(location)) this.#wall = true
    }
    const harmless = twinOf(control, this.#base, this.#seed)
    this.#controls.push(compare(control, answer, harmless, await this.#network.http(harmless, signal)))
    return answer
  }

  async dial(...given: Parameters<Network['dial']>): Promise<Connection> {
    this.requests++
    const connection = await this.#network.dial(...given)
    const write = (data: Bytes): Promise<void> => {
      // A request written byte by byte: its line is all that can be told apart in it.
      const line = /^([A-Z]+ )(\/\S*)( HTTP\/1)/.exec(data)
      if (line === null || isRoot(split(line[2]!)[0], this.#base)) return connection.write(data)
      this.#controls.push({ alike: true, echoed: false })
      return connection.write(`${line[1]}${elsewhere(line[2]!, this.#base, this.#seed)}${line[3]}${data.slice(line[0].length)}`)
    }
    return { address: connection.address, tls: connection.tls, write, read: (most, timeoutMs) => connection.read(most, timeoutMs), close: () => { connection.close() } }
  }

  dns(...given: Parameters<Network['dns']>): Promise<Uint8Array> {
    return this.#network.dns(...given)
  }

  /** If the template matches over this network. */
  verdict(): Doubt | null {
    if (this.#controls.length === 0 || this.#wall || this.#controls.some(({ alike }) => !alike)) return null
    return this.#controls.some(({ echoed }) => echoed) ? 'reflected' : 'catch_all'
  }

  ofFront({ matchedAt }: Match): boolean {
    const place = /^[a-z]+:\/\/[^/?#]*(.*)$/is.exec(matchedAt)?.[1]
    return place !== undefined && this.#front.has(place.startsWith('/') ? place : `/${place}`)
  }
}

function locationOf({ status, headers }: HttpResponse, { scheme, host, port, target }: HttpRequest): Bytes | null {
  const value = status < 300 || status > 399 ? undefined : headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
  const url = value === undefined ? null : URL.parse(value, `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${target}`)
  return url === null ? null : `${url.pathname}${url.search}`
}

/** The same request for a place that nobody has; null: it asks for nothing but the front page. */
export function controlOf(request: HttpRequest, base: string, seed: number): HttpRequest | null {
  const [path, query] = split(request.target)
  const root = isRoot(path, base)
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const renamed = query === null ? null : withOtherNames(query, seed)
  const body = request.body === null ? null : bodyWithOtherNames(request.body, type, seed)
  const headers = request.headers.map(([name, value]): readonly [Bytes, Bytes] => headerOf(name, value, seed))
  const changed = renamed !== query || body !== request.body || headers.some(([name, value], at) => name !== request.headers[at]![0] || value !== request.headers[at]![1])
  if (root && query === null && !changed && request.method === 'GET' && request.body === null && !request.headers.some(isOdd)) return null
  const place = root && changed ? path : elsewhere(path, base, seed)
  return { ...request, target: renamed === null ? place : `${place}?${renamed}`, body, headers }
}

const plainHeaders = new Set(['host', 'user-agent', 'accept', 'accept-language', 'accept-encoding', 'connection', 'content-length', 'content-type', 'referer', 'origin', 'upgrade-insecure-requests', 'cache-control', 'pragma', 'x-requested-with', 'te', 'range', 'cookie', 'authorization'])
const harmlessHeaders = new Set(['host', 'user-agent', 'accept', 'accept-language', 'accept-encoding', 'connection', 'upgrade-insecure-requests'])

/** What no browser says in a header that all of them have. */
const isOdd = ([name, value]: readonly [Bytes, Bytes]): boolean => /[{}<>$`'"\\|]|\.\.\//.test(value) && name.toLowerCase() !== 'cookie'

function headerOf(name: Bytes, value: Bytes, seed: number): readonly [Bytes, Bytes] {
  const plain = name.toLowerCase()
  if (!plainHeaders.has(plain)) return [`x-${word(name.length, `${seed} ${plain}`)}`, value]
  if (plain === 'cookie') return [name, value.replace(/(^|;\s*)([^=;\s]+)=/g, (_, before: string, own: string) => `${before}${word(own.length, `${seed} ${own}`)}=`)]
  if (plain === 'authorization') {
    const [scheme = '', secret = ''] = value.split(' ', 2)
    if (secret === '') return [name, value]
    return [name, `${scheme} ${scheme.toLowerCase() === 'basic' ? Buffer.from(`${word(6, `${seed} ${secret}`)}:${word(8, `${secret} ${seed}`)}`).toString('base64') : word(secret.length, `${seed} ${secret}`)}`]
  }
  return [name, value]
}

/** A request of the same shape that says nothing: what the host answers to it, it answers to everybody. */
export function twinOf(control: HttpRequest, base: string, seed: number): HttpRequest {
  const [path, query] = split(control.target)
  const rest = path.slice(base.length)
  const extension = /\.[a-z0-9]{1,5}$/i.exec(rest)?.[0] ?? (rest.endsWith('/') ? '/' : '')
  const depth = Math.min(3, Math.max(1, rest.split('/').filter((segment) => segment !== '').length))
  const place = isRoot(path, base) ? path : `${base}${Array.from({ length: depth }, (_, at) => `/${word(9, `${seed} twin ${at}`)}`).join('')}${extension}`
  const type = control.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const media = /^[\w.+-]+\/[\w.+-]+/.exec(type)?.[0] ?? 'text/plain'
  const headers: (readonly [Bytes, Bytes])[] = control.headers.filter(([name]) => harmlessHeaders.has(name.toLowerCase()))
  if (control.body !== null && type !== '') headers.push(['Content-Type', media])
  const one = word(6, `${seed} name`)
  const other = word(8, `${seed} value`)
  const body = control.body === null ? null : media.includes('json') ? `{"${one}":"${other}"}` : `${one}=${other}`
  return { ...control, target: query === null ? place : `${place}?${one}=${other}`, headers, body }
}

const split = (target: Bytes): [path: Bytes, query: Bytes | null] => {
  const at = target.indexOf('?')
  return at === -1 ? [target, null] : [target.slice(0, at), target.slice(at + 1)]
}
const isRoot = (path: Bytes, base: string): boolean => path === base || path === `${base}/` || path === '/' || path === ''

/** Dots that climb, in whatever writing. Behind another folder they would climb as well. */
const climbing = /\.\.|%2e|%252e|%c0%|%u002e|\\|%5c|%255c/i

function elsewhere(path: Bytes, base: string, seed: number): Bytes {
  const rest = path.startsWith(base) ? path.slice(base.length) : path
  const before = path.startsWith(base) ? base : ''
  if (!climbing.test(rest)) return `${before}/${word(10, `${seed} place`)}${rest.startsWith('/') ? rest : `/${rest}`}`
  return `${before}${rest.replace(/[^/]+/g, (segment) => {
    const extension = /[^.]\.([a-z0-9]{1,5})$/i.exec(segment)?.[1]
    return `${word(Math.max(4, Math.min(12, segment.length)), `${seed} ${segment}`)}${extension === undefined ? '' : `.${extension}`}`
  })}`
}

const withOtherNames = (pairs: Bytes, seed: number): Bytes => pairs.replace(/(^|&)([^=&]+)(?=[=&]|$)/g, (whole, before: string, name: string) => (/^[\w.[\]%-]+$/.test(name) ? `${before}${word(Math.max(3, name.length), `${seed} ${name}`)}` : whole))

function bodyWithOtherNames(body: Bytes, type: string, seed: number): Bytes {
  const rename = (name: string): string => word(Math.max(3, name.length), `${seed} ${name}`)
  const text = body.trimStart()
  if (text.startsWith('{') || text.startsWith('[')) return body.replace(/"([\w.$@-]+)"(\s*:)/g, (_, name: string, colon: string) => `"${rename(name)}"${colon}`)
  if (text.startsWith('<')) return body.replace(/<(\/?)([\w.-]+:)?([\w.-]+)/g, (_, slash: string, prefix: string | undefined, name: string) => `<${slash}${prefix ?? ''}${rename(name)}`)
  if (type.toLowerCase().includes('multipart/')) return body.replace(/(\bname=")([^"]*)"/g, (_, before: string, name: string) => `${before}${rename(name)}"`)
  return /^[\w.[\]%-]+=/.test(text) ? withOtherNames(body, seed) : body
}

const letters = 'bcdfghjklmnpqrstvwxyz'

/** A word that nobody uses; equal for equal seeds, so that equal controls are fetched once. */
function word(length: number, seed: string): string {
  let state = 0x811C9DC5
  for (let at = 0; at < seed.length; at++) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193) >>> 0
  let text = ''
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += letters[(state >>> 16) % letters.length]
  }
  return text
}

const changing = new Set(['date', 'age', 'expires', 'last-modified', 'etag', 'set-cookie', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'vary', 'server-timing'])

function compare(control: HttpRequest, answer: HttpResponse, harmless: HttpRequest, other: HttpResponse): Control {
  const said = tokensOf(answer)
  const usual = tokensOf(other)
  const ofControl = tokensIn(textOf(control))
  // What was asked proves nothing, in either answer.
  const asked = ofControl.union(tokensIn(textOf(harmless)))
  const own = said.difference(asked)
  const theirs = usual.difference(asked)
  const both = own.intersection(theirs).size
  const alike = answer.status === other.status && (own.size + theirs.size === 0 || (2 * both) / (own.size + theirs.size) >= alikeFrom)
  return { alike, echoed: [...said].some((token) => ofControl.has(token) && !usual.has(token)) }
}

/** Words of the body and of the headers that say something. What counts, names or dates (digits, keys) differs from answer to answer. */
function tokensOf({ headers, body }: HttpResponse): Set<string> {
  const tokens = tokensIn(body.slice(0, comparedBytes))
  for (const [name, value] of headers) {
    const plain = name.toLowerCase()
    if (changing.has(plain) || plain.endsWith('-id')) continue
    tokens.add(`${plain}:`)
    for (const token of tokensIn(value)) tokens.add(token)
  }
  return tokens
}

/** What escaping makes of quotes and brackets is no word. */
const escapes = new Set(['quot', 'amp', 'lt', 'gt', 'apos'])

function tokensIn(text: Bytes): Set<string> {
  const tokens = new Set<string>()
  for (const [token] of text.toLowerCase().matchAll(/[a-z0-9_]{2,}/g)) if (!/\d/.test(token) && token.length <= 40 && !escapes.has(token)) tokens.add(token)
  return tokens
}

function textOf({ method, host, target, headers, body }: HttpRequest): Bytes {
  const once = decoded(target)
  // An echo may have lost what would be markup, and two words of the request are then one.
  const sent = `${method} ${host} ${target} ${once} ${decoded(once)} ${stripped(target)} ${stripped(once)} ${headers.flat().join(' ')} ${body ?? ''}`
  return body === null ? sent : `${sent} ${decoded(body)}`
}

const stripped = (text: Bytes): Bytes => text.replaceAll(/[<>&"'`;]/g, '')
const decoded = (text: Bytes): Bytes => text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
