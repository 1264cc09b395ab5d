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
const metadataAddresses = new Set(['168.63.129.16'])
const privateRanges = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal'])
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const crossOriginHeaders = new Set(['accept', 'accept-language', 'user-agent'])
const ownHeaders = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'proxy-authorization', 'accept-encoding'])
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
      const answer = await dispatched(poolFor(url.origin, addresses, request.tls), {
        origin: url.origin, path: url.pathname + url.search, method, body: body ?? null, headers: { ...headers, 'accept-encoding': 'gzip, br, zstd' }, headersTimeout: idle, bodyTimeout: idle,
      }, interrupt)
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

  /** `take` has the whole answer, body included, before the time is over. */
  async function within<T>(target: string | URL, request: EgressRequest, take: (answer: EgressStream, end: (error?: unknown) => HaechiError | undefined) => Promise<T> | T): Promise<T> {
    let place = 'URL'
    let interrupt: Interrupt | undefined
    const end = (error?: unknown): HaechiError | undefined => {
      interrupt?.over()
      const failure = error === undefined ? undefined : coded(error, place)
      requests?.inc({ outcome: failure?.code ?? 'answered' })
      return failure
    }
    try {
      const url = parse(target)
      place = url.host
      interrupt = createInterrupt(place, request)
      return await take(await exchange(url, request, interrupt), end)
    } catch (error) {
      throw end(error)!
    }
  }

  return {
    fetch: (target, request = {}) => within(target, request, async ({ body, ...answer }, end) => {
      const whole = body instanceof Uint8Array ? body : await collected(body)
      end()
      return { ...answer, body: whole }
    }),
    open: (target, request = {}) => within(target, request, (answer, end) => {
      if (!(answer.body instanceof Uint8Array)) return { ...answer, body: ended(answer.body, end) }
      end()
      return answer
    }),
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

async function collected(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

/** Tells `end` how the body ended, once. */
async function* ended(body: AsyncIterable<Uint8Array>, end: (error?: unknown) => HaechiError | undefined): AsyncGenerator<Uint8Array> {
  let over = false
  try {
    yield* body
    over = true
    end()
  } catch (error) {
    over = true
    throw end(error)!
  } finally {
    // The reader stopped before the end.
    if (!over) end()
  }
}

/** Ends an exchange from outside: its time is over, or whoever asked wants it no longer. */
interface Interrupt {
  /** What is awaited, unless this happens before. */
  unless<T>(work: Promise<T>): Promise<T>
  /** What is to be done at once; at most one thing at a time. */
  act: ((reason: HaechiError) => void) | null
  reason: HaechiError | null
  over(): void
}

function createInterrupt(place: string, { timeoutMs = 30_000, signal }: EgressRequest): Interrupt {
  const happen = (reason: HaechiError): void => {
    interrupt.reason ??= reason
    interrupt.act?.(interrupt.reason)
  }
  const cancelled = (): void => happen(new HaechiError('egress_cancelled', { place }))
  // The caller's clock is of no use here: the time that passes is the other side's.
  const timer = setTimeout(() => happen(new HaechiError('egress_timeout', { place })), timeoutMs)
  const interrupt: Interrupt = {
    act: null, reason: null,
    // A resolver cannot be interrupted; its late answer is dropped.
    unless: (work) => new Promise((resolve, reject) => {
      if (interrupt.reason !== null) reject(interrupt.reason)
      interrupt.act = reject
      const settled = <V>(settle: (value: V) => void) => (value: V): void => {
        interrupt.act = null
        settle(value)
      }
      work.then(settled(resolve), settled(reject))
    }),
    over() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancelled)
    },
  }
  if (signal?.aborted === true) cancelled()
  else signal?.addEventListener('abort', cancelled)
  return interrupt
}

type Raw = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AsyncIterable<Uint8Array>
  /** All of the body where it has come already; null where there is more to wait for. */
  whole(): Uint8Array | null
  /** An answer that is not read to its end takes its connection with it. */
  cancel(): void
}

/** One request on one connection. Reads ahead of its reader by no more than `readAhead`. */
function dispatched(pool: Pool, options: Dispatcher.DispatchOptions, interrupt: Interrupt): Promise<Raw> {
  const head = Promise.withResolvers<Raw>()
  const chunks: Uint8Array[] = []
  let waiting = 0
  let state: 'open' | 'ended' | 'failed' = 'open'
  let failure: unknown
  let controller: Dispatcher.DispatchController | undefined
  let reader: { resolve(result: IteratorResult<Uint8Array>): void; reject(error: unknown): void } | null = null
  const done = { done: true, value: undefined } as const
  const cancel = (): void => {
    if (state === 'open') controller?.abort(new errors.RequestAbortedError())
  }
  const settle = (as: 'ended' | 'failed', error?: unknown): void => {
    if (state !== 'open') return
    state = as
    failure = error
    interrupt.act = null
    if (as === 'failed') head.reject(error)
    if (as === 'failed') reader?.reject(error)
    else reader?.resolve(done)
  }
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        const value = chunks.shift()
        if (value !== undefined) {
          waiting -= value.length
          if (waiting < readAhead && controller?.paused === true && state === 'open') controller.resume()
          return Promise.resolve({ done: false, value })
        }
        if (state === 'failed') return Promise.reject(failure)
        if (state === 'ended') return Promise.resolve(done)
        return new Promise((resolve, reject) => { reader = { resolve, reject } })
      },
      return() {
        chunks.length = 0
        return Promise.resolve(done)
      },
    }),
  }
  interrupt.act = (reason) => {
    settle('failed', reason)
    controller?.abort(reason)
  }
  if (interrupt.reason !== null) throw interrupt.reason
  pool.dispatch(options, {
    onRequestStart(started) {
      controller = started
      if (state !== 'open') started.abort(failure as Error)
    },
    onResponseStart(_, status, headers) {
      if (status >= 200) head.resolve({ status, headers, body, cancel, whole: () => (state !== 'ended' ? null : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)) })
    },
    onResponseData(_, chunk) {
      if (reader !== null) {
        const { resolve } = reader
        reader = null
        resolve({ done: false, value: chunk })
        return
      }
      chunks.push(chunk)
      waiting += chunk.length
      if (waiting >= readAhead) controller?.pause()
    },
    onResponseEnd() { settle('ended') },
    onResponseError(_, error) { settle('failed', error) },
  })
  return head.promise
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
function bodyOf(answer: Raw, maxBytes: number, place: string): Uint8Array | AsyncIterable<Uint8Array> {
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
  return decoder === null ? limited(answer.body) : limited(pipeline(() => limited(answer.body), decoder(), () => undefined) as AsyncIterable<Uint8Array>)
}

function nothing(answer: Raw): Uint8Array {
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

const headersOf = (raw: Raw['headers']): Record<string, string> => {
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
