// Nothing of the platform reaches an address that its caller was not allowed to reach: the name is resolved once, every answer is judged,
// and the connection goes to exactly what was judged, again at every redirect. Defended by egress.integration.test.ts; tests/arch keeps other clients out.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import ipaddr from 'ipaddr.js'
import { errors, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { HaechiError } from './errors.ts'
import { Counter } from './metrics.ts'
import type { Registry } from './metrics.ts'

export type EgressRequest = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Of the answer's body, compressed and decompressed alike. 16 MiB. */
  readonly maxBytes?: number
  /** For everything: resolving, every redirect, the last byte. 30 s. */
  readonly timeoutMs?: number
  /** Without a byte from the other side. 10 s. */
  readonly idleMs?: number
  /**
   * What this caller's scope adds to the public internet. A network ('10.1.0.0/16', '192.0.2.7') allows whatever lies in it; a host name allows that
   * name to answer with private or loopback addresses, never with link-local, multicast or a cloud's metadata address.
   */
  readonly allowPrivate?: readonly string[]
  /** How many are followed. 5; with 0 the redirect itself is the answer. */
  readonly redirects?: number
  /** A redirect to another scheme, host or port is refused. */
  readonly sameOrigin?: boolean
  /** PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Whoever asked wants it no longer: the connection is closed. */
  readonly signal?: AbortSignal
}

type Answered = {
  readonly status: number
  /** By their names in lower case; of one that came several times all values, with commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the answer came from after redirects. */
  readonly url: string
}
/** The body is decompressed. */
export type EgressAnswer = Answered & { readonly body: Uint8Array }
/**
 * The body is decompressed. What has come already is given whole; else it is read while it comes, and not faster than it is asked for. Whoever does not read
 * it to its end returns its iterator, or its connection stays open until the time is over.
 */
export type EgressStream = Answered & { readonly body: Uint8Array | AsyncIterable<Uint8Array> }

export interface Egress {
  /**
   * http and https only, without the environment's proxy. An answer of any status is an answer. Across origins neither a body nor any header but
   * accept, accept-language and user-agent goes along.
   * Errors: egress_refused, egress_too_large, egress_timeout, egress_failed, egress_cancelled. None of them names the path or the query, which may hold a secret.
   */
  fetch(url: string | URL, request?: EgressRequest): Promise<EgressAnswer>
  /** As fetch, but answered as soon as the headers are there. The same limits hold until the last byte, and the same errors come out of the body. */
  open(url: string | URL, request?: EgressRequest): Promise<EgressStream>
  /** Where the name leads at the moment, by the worst of its addresses. Errors: egress_refused (no http URL), egress_failed. */
  kindOf(url: string | URL): Promise<AddressKind>
  close(): Promise<void>
}

export type AddressKind = 'public' | 'private' | 'never'

// Public by number, yet the host's own agent: Azure's WireServer.
export const metadataAddresses: ReadonlySet<string> = new Set(['168.63.129.16'])
const privateRanges = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal'])
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const crossOriginHeaders = new Set(['accept', 'accept-language', 'user-agent'])
const ownHeaders = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'proxy-authorization', 'accept-encoding'])
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])
const closed = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const poolsKept = 64
const kindsKept = 1_024
/** Bytes of an answer that wait for a slow reader before the other side is made to wait. */
const readAhead = 262_144
/** The system's answers serve what is asked in the same moment; every connection still goes only to what was judged for it. */
const resolvedForMs = 1_000

const kinds = new Map<string, AddressKind>()

/** What may be reached is what is known to be public; all that IANA gave another purpose (mapped, translated, tunnelled, reserved) is not. */
export function kindOf(address: string): AddressKind {
  const known = kinds.get(address)
  if (known !== undefined) return known
  const kind = judged(address)
  if (kinds.size >= kindsKept) kinds.clear()
  kinds.set(address, kind)
  return kind
}

function judged(address: string): AddressKind {
  if (!ipaddr.isValid(address) || metadataAddresses.has(address)) return 'never'
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (privateRanges.has(range)) return 'private'
  if (range !== 'unicast' || (parsed.kind() === 'ipv6' && !(parsed as ipaddr.IPv6).match(globalUnicast))) return 'never'
  return 'public'
}

export function createEgress(options: {
  /** Added to every caller's allowPrivate. */
  allow?: readonly string[]
  /** Addresses of a name; the system's resolver. */
  resolve?: (host: string) => Promise<readonly string[]>
  metrics?: Registry
} = {}): Egress {
  const resolve = options.resolve ?? shortMemory(async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address))
  const requests = options.metrics === undefined ? null : new Counter({ name: 'haechi_egress_requests_total', help: 'Outbound requests by outcome', labelNames: ['outcome'], registers: [options.metrics] })
  /** A connection may be used again only by a request whose own check led to the same addresses. */
  const pools = new Map<string, Pool>()

  function poolFor(origin: string, addresses: readonly string[], tls: EgressRequest['tls']): Pool {
    const key = `${origin} ${addresses.join()} ${tls === undefined ? '' : JSON.stringify(tls)}`
    const pool = pools.get(key) ?? new Pool(origin, {
      connections: 32, keepAliveTimeout: 4_000, maxHeaderSize: 65_536, connect: { ...tls, lookup: pinned(addresses), timeout: 10_000 },
    })
    pools.delete(key)
    pools.set(key, pool)
    const [oldest] = pools.keys()
    if (pools.size > poolsKept && oldest !== undefined) {
      void pools.get(oldest)?.close()
      pools.delete(oldest)
    }
    return pool
  }

  const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

  /** At once where the host is an address. */
  function addressesOf(url: URL): readonly string[] | Promise<readonly string[]> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new HaechiError('egress_refused', { place: url.protocol, reason: 'scheme' })
    if (url.username !== '' || url.password !== '') throw new HaechiError('egress_refused', { place: url.host, reason: 'credentials_in_url' })
    const host = hostOf(url)
    // The parser of URLs has brought every way to write an address into one.
    return isIP(host) !== 0 ? [host] : resolve(host)
  }

  function judge(url: URL, addresses: readonly string[], allowed: readonly string[]): readonly string[] {
    const refuse = (reason: string): HaechiError => new HaechiError('egress_refused', { place: url.host, reason })
    if (addresses.length === 0) throw new HaechiError('egress_failed', { place: url.host, reason: 'ENOTFOUND' })
    const host = hostOf(url)
    const hostAllowed = allowed.some((entry) => entry.toLowerCase().replace(/\.$/, '') === host)
    // One bad answer condemns the name: a resolver that mixes public and private addresses is how rebinding looks.
    for (const address of addresses) {
      const kind = kindOf(address)
      if (kind === 'public' || (kind === 'private' && hostAllowed) || allowed.some((entry) => contains(entry, address))) continue
      throw refuse(ipaddr.isValid(address) && !metadataAddresses.has(address) ? ipaddr.parse(address).range() : 'metadata')
    }
    return addresses.length === 1 ? addresses : [...addresses].sort()
  }

  async function exchange(start: URL, request: EgressRequest, interrupt: Interrupt): Promise<EgressStream> {
    const maxBytes = request.maxBytes ?? 16_777_216
    const idle = request.idleMs ?? 10_000
    const allowed = [...(options.allow ?? []), ...(request.allowPrivate ?? [])]
    let url = start
    let method = (request.method ?? 'GET').toUpperCase()
    let body = request.body
    let headers: Record<string, string> = { 'user-agent': 'Haechi' }
    for (const [given, value] of Object.entries(request.headers ?? {})) {
      const name = given.toLowerCase()
      if (ownHeaders.has(name)) throw new HaechiError('egress_refused', { place: start.host, reason: `header ${name}` })
      headers[name] = value
    }
    for (let left = request.redirects ?? 5; ; left--) {
      const found = addressesOf(url)
      const addresses = judge(url, 'then' in found ? await interrupt.unless(found) : found, allowed)
      const pool = poolFor(url.origin, addresses, request.tls)
      const options: Dispatcher.DispatchOptions = {
        origin: url.origin, path: url.pathname + url.search, method, body: body ?? null, headers: { ...headers, 'accept-encoding': 'gzip, br, zstd' }, headersTimeout: idle, bodyTimeout: idle,
      }
      const answer = await Exchange.of(pool, options, interrupt).catch((error: unknown) => {
        // RFC 9112, section 9.3.1: a kept connection may have been closed by the other side while this was sent. What changes nothing is asked once more.
        if (!safe.has(method) || body !== undefined || interrupt.reason !== null || !(error instanceof Error && 'code' in error && closed.has(String(error.code)))) throw error
        return Exchange.of(pool, options, interrupt)
      })
      const location = answer.headers['location']
      if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string' || (request.redirects ?? 5) === 0) {
        return { status: answer.status, headers: headersOf(answer.headers), url: url.href, body: method === 'HEAD' ? nothing(answer) : bodyOf(answer, maxBytes, url.host) }
      }
      answer.cancel()
      if (left === 0) throw new HaechiError('egress_refused', { place: url.host, reason: 'redirects' })
      const next = parse(location, url)
      if (url.protocol === 'https:' && next.protocol === 'http:') throw new HaechiError('egress_refused', { place: next.host, reason: 'downgrade' })
      if (answer.status === 303 ? method !== 'HEAD' : answer.status < 303 && method === 'POST') {
        method = 'GET'
        body = undefined
        headers = withOnly(headers, (name) => !name.startsWith('content-'))
      }
      if (next.origin !== url.origin) {
        if (request.sameOrigin === true) throw new HaechiError('egress_refused', { place: next.host, reason: 'redirect_to_another_origin' })
        if (body !== undefined) throw new HaechiError('egress_refused', { place: next.host, reason: 'redirect_with_body' })
        headers = withOnly(headers, (name) => crossOriginHeaders.has(name))
      }
      url = next
    }
  }

  async function open(target: string | URL, request: EgressRequest): Promise<{ readonly answer: EgressStream; readonly interrupt: Interrupt }> {
    let interrupt: Interrupt | null = null
    try {
      const url = parse(target)
      interrupt = new Interrupt(url.host, request, requests)
      return { answer: await exchange(url, request, interrupt), interrupt }
    } catch (error) {
      if (interrupt !== null) throw interrupt.over(error)
      requests?.inc({ outcome: 'egress_refused' })
      throw error
    }
  }

  return {
    async fetch(target, request = {}) {
      const { answer, interrupt } = await open(target, request)
      if (answer.body instanceof Uint8Array) {
        interrupt.over()
        return answer as EgressAnswer
      }
      const chunks: Uint8Array[] = []
      for await (const chunk of told(answer.body, interrupt)) chunks.push(chunk)
      return { ...answer, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }
    },
    async open(target, request = {}) {
      const { answer, interrupt } = await open(target, request)
      if (!(answer.body instanceof Uint8Array)) return { ...answer, body: told(answer.body, interrupt) }
      interrupt.over()
      return answer
    },
    async kindOf(target) {
      const url = parse(target)
      try {
        const addresses = await addressesOf(url)
        if (addresses.length === 0) throw new HaechiError('egress_failed', { place: url.host, reason: 'ENOTFOUND' })
        const kinds = addresses.map(kindOf)
        return kinds.includes('never') ? 'never' : kinds.includes('private') ? 'private' : 'public'
      } catch (error) {
        throw coded(error, url.host)
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

/** Tells the interrupt how the body ended. */
async function* told(body: AsyncIterable<Uint8Array>, interrupt: Interrupt): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw interrupt.over(error)
  } finally {
    // Also where the reader stopped before the end.
    interrupt.over()
  }
}

/** Ends an exchange from outside: its time is over, or whoever asked wants it no longer. No closures: a request makes many objects, and those that hold each other outlive it. */
class Interrupt {
  readonly #place: string
  readonly #signal: AbortSignal | undefined
  readonly #requests: Counter<'outcome'> | null
  readonly #timer: NodeJS.Timeout
  #over = false
  /** What is ended when this happens; at most one thing at a time. */
  act: { fail(reason: HaechiError): void } | null = null
  reason: HaechiError | null = null

  constructor(place: string, { timeoutMs = 30_000, signal }: EgressRequest, requests: Counter<'outcome'> | null) {
    this.#place = place
    this.#signal = signal
    this.#requests = requests
    // The caller's clock is of no use here: the time that passes is the other side's.
    this.#timer = setTimeout(Interrupt.expire, timeoutMs, this)
    if (signal?.aborted === true) this.handleEvent()
    else signal?.addEventListener('abort', this)
  }

  static expire(this: void, interrupt: Interrupt): void {
    interrupt.#happen(new HaechiError('egress_timeout', { place: interrupt.#place }))
  }

  handleEvent(): void {
    this.#happen(new HaechiError('egress_cancelled', { place: this.#place }))
  }

  #happen(reason: HaechiError): void {
    this.reason ??= reason
    this.act?.fail(this.reason)
  }

  /** What is awaited, unless this happens before. A resolver cannot be interrupted; its late answer is dropped. */
  async unless<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    this.act = { fail: reject }
    if (this.reason !== null) reject(this.reason)
    try {
      return await Promise.race([work, promise])
    } finally {
      this.act = null
    }
  }

  /** The exchange has ended, as is counted once. Its failure, coded, where it has one. */
  over(error?: unknown): HaechiError | undefined {
    const failure = error === undefined ? undefined : coded(error, this.#place)
    if (this.#over) return failure
    this.#over = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this)
    this.#requests?.inc({ outcome: failure?.code ?? 'answered' })
    return failure
  }
}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>
const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** One request on one connection, and its answer as it comes. Reads ahead of its reader by no more than `readAhead`. */
class Exchange implements Dispatcher.DispatchHandler, AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  status = 0
  headers: RawHeaders = {}
  readonly #interrupt: Interrupt
  readonly #begun: (exchange: Exchange) => void
  readonly #failed: (error: unknown) => void
  readonly #chunks: Uint8Array[] = []
  #waiting = 0
  #state: 'open' | 'ended' | 'failed' = 'open'
  #failure: unknown
  #controller: Dispatcher.DispatchController | null = null
  #reader: { resolve(result: IteratorResult<Uint8Array>): void; reject(error: unknown): void } | null = null

  constructor(interrupt: Interrupt, begun: (exchange: Exchange) => void, failed: (error: unknown) => void) {
    this.#interrupt = interrupt
    this.#begun = begun
    this.#failed = failed
  }

  /** Resolves when the headers are there. */
  static of(pool: Pool, options: Dispatcher.DispatchOptions, interrupt: Interrupt): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      if (interrupt.reason !== null) throw interrupt.reason
      const exchange = new Exchange(interrupt, resolve, reject)
      interrupt.act = exchange
      pool.dispatch(options, exchange)
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#state !== 'open') controller.abort(this.#failure as Error)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (status < 200) return
    this.status = status
    this.headers = headers
    this.#begun(this)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#reader !== null) {
      const { resolve } = this.#reader
      this.#reader = null
      resolve({ done: false, value: chunk })
      return
    }
    this.#chunks.push(chunk)
    this.#waiting += chunk.length
    if (this.#waiting >= readAhead) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#interrupt.act = null
    this.#reader?.resolve(done)
  }

  onResponseError(_: unknown, error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
    this.#interrupt.act = null
    this.#failed(error)
    this.#reader?.reject(error)
  }

  fail(reason: HaechiError): void {
    this.onResponseError(null, reason)
    this.#controller?.abort(reason)
  }

  /** An answer that is not read to its end takes its connection with it. */
  cancel(): void {
    if (this.#state === 'open') this.#controller?.abort(new errors.RequestAbortedError())
  }

  /** All of the body where it has come already; null where there is more to wait for. */
  whole(): Uint8Array | null {
    return this.#state !== 'ended' ? null : this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#chunks.shift()
    if (value !== undefined) {
      this.#waiting -= value.length
      if (this.#waiting < readAhead && this.#state === 'open' && this.#controller?.paused === true) this.#controller.resume()
      return Promise.resolve({ done: false, value })
    }
    if (this.#state === 'failed') return Promise.reject(this.#failure)
    if (this.#state === 'ended') return Promise.resolve(done)
    return new Promise((resolve, reject) => { this.#reader = { resolve, reject } })
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#chunks.length = 0
    return Promise.resolve(done)
  }
}

function parse(target: string | URL, base?: URL): URL {
  const url = target instanceof URL ? target : URL.parse(target, base?.href)
  if (url === null) throw new HaechiError('egress_refused', { place: base?.host ?? 'URL', reason: 'url' })
  return url
}

const pinned = (addresses: readonly string[]): LookupFunction => (_host, { all }, callback) => {
  const answers = addresses.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 }))
  if (all === true) callback(null, answers)
  else callback(null, answers[0]!.address, answers[0]!.family)
}

function contains(entry: string, address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const cidr = ipaddr.isValid(entry) ? `${entry}/${entry.includes(':') ? 128 : 32}` : entry
  if (!ipaddr.isValidCIDR(cidr)) return false
  const [network, length] = ipaddr.parseCIDR(cidr)
  const parsed = ipaddr.parse(address)
  return parsed.kind() === network.kind() && parsed.match(network, length)
}

const decoders = { 'gzip': createGunzip, 'x-gzip': createGunzip, 'deflate': createInflate, 'br': createBrotliDecompress, 'zstd': createZstdDecompress }

/** Errors: egress_too_large, egress_failed, and what the connection fails with. */
function bodyOf(answer: Exchange, maxBytes: number, place: string): Uint8Array | AsyncIterable<Uint8Array> {
  const tooLarge = (): HaechiError => new HaechiError('egress_too_large', { place, limit: maxBytes })
  const encoding = String(answer.headers['content-encoding'] ?? '').toLowerCase()
  const decoder = encoding === '' || encoding === 'identity' ? null : decoders[encoding as keyof typeof decoders]
  const whole = decoder === null ? answer.whole() : null
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes || (whole !== null && whole.length > maxBytes) || decoder === undefined) {
    answer.cancel()
    throw decoder === undefined ? new HaechiError('egress_failed', { place, reason: 'content-encoding' }) : tooLarge()
  }
  if (whole !== null) return whole
  const limited = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0
    try {
      for await (const chunk of chunks) {
        size += chunk.length
        if (size > maxBytes) throw tooLarge()
        yield chunk
      }
    } finally {
      answer.cancel()
    }
  }
  // Both sides of a decompression are bounded. What breaks in either stream ends the reading.
  return decoder === null ? limited(answer) : limited(pipeline(() => limited(answer), decoder(), () => undefined) as AsyncIterable<Uint8Array>)
}

function nothing(answer: Exchange): Uint8Array {
  answer.cancel()
  return new Uint8Array()
}

const withOnly = (headers: Readonly<Record<string, string>>, keep: (name: string) => boolean): Record<string, string> => Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)))

/** Whoever asks for the same name within the same second is given the same answer. */
function shortMemory(resolve: (host: string) => Promise<readonly string[]>): (host: string) => Promise<readonly string[]> {
  const known = new Map<string, { readonly answer: Promise<readonly string[]>; readonly until: number }>()
  return (host) => {
    const now = performance.now()
    const found = known.get(host)
    if (found !== undefined && found.until > now) return found.answer
    const answer = resolve(host)
    if (known.size > poolsKept) known.clear()
    known.set(host, { answer, until: now + resolvedForMs })
    answer.catch(() => known.delete(host))
    return answer
  }
}

const headersOf = (raw: RawHeaders): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const name in raw) {
    const value = raw[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

function coded(error: unknown, place: string): HaechiError {
  if (error instanceof HaechiError) return error
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError || error instanceof errors.ConnectTimeoutError) return new HaechiError('egress_timeout', { place }, { cause: error })
  const cause = error instanceof AggregateError ? error.errors[0] as unknown : error
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new HaechiError('egress_failed', { place, reason }, { cause: error })
}
