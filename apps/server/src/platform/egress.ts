// Nothing of the platform reaches an address that its caller was not allowed to reach: the name is resolved once, every answer is judged,
// and the connection goes to exactly what was judged, again at every redirect. Defended by egress.integration.test.ts; tests/arch keeps other clients out.
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import ipaddr from 'ipaddr.js'
import { Agent, errors } from 'undici'
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
  /** PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

export type EgressAnswer = {
  readonly status: number
  readonly headers: Headers
  /** Decompressed. */
  readonly body: Uint8Array
  /** Where the answer came from after redirects. */
  readonly url: string
}

export interface Egress {
  /**
   * http and https only, without the environment's proxy. An answer of any status is an answer. Across origins neither a body nor any header but
   * accept, accept-language and user-agent goes along.
   * Errors: egress_refused, egress_too_large, egress_timeout, egress_failed. None of them names the path or the query, which may hold a secret.
   */
  fetch(url: string | URL, request?: EgressRequest): Promise<EgressAnswer>
  close(): Promise<void>
}

export type AddressKind = 'public' | 'private' | 'never'

// Public by number, yet the host's own agent: Azure's WireServer.
const metadataAddresses = new Set(['168.63.129.16'])
const privateRanges = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal'])
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const crossOriginHeaders = new Set(['accept', 'accept-language', 'user-agent'])
const ownHeaders = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'proxy-authorization', 'accept-encoding'])
const agentsKept = 64

/** What may be reached is what is known to be public; all that IANA gave another purpose (mapped, translated, tunnelled, reserved) is not. */
export function kindOf(address: string): AddressKind {
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
  const resolve = options.resolve ?? (async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address))
  const requests = new Counter({
    name: 'haechi_egress_requests_total', help: 'Outbound requests by outcome', labelNames: ['outcome'], registers: options.metrics === undefined ? [] : [options.metrics],
  })
  /** A connection may be used again only by a request whose own check led to the same addresses. */
  const agents = new Map<string, Agent>()

  function agentFor(origin: string, addresses: readonly string[], tls: EgressRequest['tls']): Agent {
    const key = JSON.stringify([origin, addresses, tls])
    const agent = agents.get(key) ?? new Agent({
      connections: 32, keepAliveTimeout: 4_000, maxHeaderSize: 65_536, connect: { ...tls, lookup: pinned(addresses), timeout: 10_000 },
    })
    agents.delete(key)
    agents.set(key, agent)
    const [oldest] = agents.keys()
    if (agents.size > agentsKept && oldest !== undefined) {
      void agents.get(oldest)?.close()
      agents.delete(oldest)
    }
    return agent
  }

  async function check(url: URL, allowed: readonly string[]): Promise<readonly string[]> {
    const refuse = (reason: string): HaechiError => new HaechiError('egress_refused', { place: url.host, reason })
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new HaechiError('egress_refused', { place: url.protocol, reason: 'scheme' })
    if (url.username !== '' || url.password !== '') throw refuse('credentials_in_url')
    const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
    const addresses = ipaddr.isValid(host) ? [host] : await resolve(host)
    if (addresses.length === 0) throw new HaechiError('egress_failed', { place: url.host, reason: 'ENOTFOUND' })
    const hostAllowed = allowed.some((entry) => entry.toLowerCase().replace(/\.$/, '') === host)
    // One bad answer condemns the name: a resolver that mixes public and private addresses is how rebinding looks.
    for (const address of addresses) {
      const kind = kindOf(address)
      if (kind === 'public' || (kind === 'private' && hostAllowed) || allowed.some((entry) => contains(entry, address))) continue
      throw refuse(ipaddr.isValid(address) && !metadataAddresses.has(address) ? ipaddr.parse(address).range() : 'metadata')
    }
    return [...addresses].sort()
  }

  async function exchange(start: URL, request: EgressRequest, signal: AbortSignal): Promise<EgressAnswer> {
    const maxBytes = request.maxBytes ?? 16_777_216
    const idle = request.idleMs ?? 10_000
    const allowed = [...(options.allow ?? []), ...(request.allowPrivate ?? [])]
    let url = start
    let method = (request.method ?? 'GET').toUpperCase()
    let body = request.body
    let headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
    const own = headers.find(([name]) => ownHeaders.has(name))
    if (own !== undefined) throw new HaechiError('egress_refused', { place: start.host, reason: `header ${own[0]}` })
    for (let left = request.redirects ?? 5; ; left--) {
      const addresses = await abortable(check(url, allowed), signal)
      const answer = await agentFor(url.origin, addresses, request.tls).request({
        origin: url.origin, path: url.pathname + url.search, method, body: body ?? null, signal,
        headers: { 'user-agent': 'Haechi', ...Object.fromEntries(headers), 'accept-encoding': 'gzip, br, zstd' },
        headersTimeout: idle, bodyTimeout: idle,
      })
      const location = answer.headers['location']
      if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string' || (request.redirects ?? 5) === 0) {
        return { status: answer.statusCode, headers: headersOf(answer.headers), url: url.href, body: method === 'HEAD' ? drop(answer) : await read(answer, maxBytes, url.host) }
      }
      drop(answer)
      if (left === 0) throw new HaechiError('egress_refused', { place: url.host, reason: 'redirects' })
      const next = parse(location, url)
      if (url.protocol === 'https:' && next.protocol === 'http:') throw new HaechiError('egress_refused', { place: next.host, reason: 'downgrade' })
      if (answer.statusCode === 303 ? method !== 'HEAD' : answer.statusCode < 303 && method === 'POST') {
        method = 'GET'
        body = undefined
        headers = headers.filter(([name]) => !name.startsWith('content-'))
      }
      if (next.origin !== url.origin) {
        if (body !== undefined) throw new HaechiError('egress_refused', { place: next.host, reason: 'redirect_with_body' })
        headers = headers.filter(([name]) => crossOriginHeaders.has(name))
      }
      url = next
    }
  }

  return {
    async fetch(target, request = {}) {
      let outcome = 'egress_failed'
      try {
        const url = parse(target)
        // The caller's clock is of no use here: the time that passes is the other side's.
        const signal = AbortSignal.timeout(request.timeoutMs ?? 30_000)
        try {
          const answer = await exchange(url, request, signal)
          outcome = 'answered'
          return answer
        } catch (error) {
          throw coded(error, url.host, signal)
        }
      } catch (error) {
        if (error instanceof HaechiError) outcome = error.code
        throw error
      } finally {
        requests.inc({ outcome })
      }
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
      agents.clear()
    },
  }
}

function parse(target: string | URL, base?: URL): URL {
  const url = URL.parse(String(target), base?.href)
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

/** The resolver cannot be interrupted; its late answer is dropped. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

const decoders = { 'gzip': createGunzip, 'x-gzip': createGunzip, 'deflate': createInflate, 'br': createBrotliDecompress, 'zstd': createZstdDecompress }

async function read(answer: Dispatcher.ResponseData, maxBytes: number, place: string): Promise<Uint8Array> {
  const tooLarge = (): HaechiError => new HaechiError('egress_too_large', { place, limit: maxBytes })
  const encoding = String(answer.headers['content-encoding'] ?? '').toLowerCase()
  const chunks: Uint8Array[] = []
  let raw = 0
  let size = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      raw += chunk.length
      if (raw > maxBytes) throw tooLarge()
      yield chunk
    }
  }
  try {
    if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
    const decoder = encoding === '' || encoding === 'identity' ? null : decoders[encoding as keyof typeof decoders]
    if (decoder === undefined) throw new HaechiError('egress_failed', { place, reason: 'content-encoding' })
    // What breaks in either stream ends the loop below.
    const decoded = decoder === null ? counted() : pipeline(counted, decoder(), () => undefined)
    for await (const chunk of decoded as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge()
      chunks.push(chunk)
    }
  } finally {
    // An answer that is not read to its end takes its connection with it.
    if (!answer.body.readableEnded) drop(answer)
  }
  return Buffer.concat(chunks)
}

function drop(answer: Dispatcher.ResponseData): Uint8Array {
  answer.body.on('error', () => undefined).destroy()
  return new Uint8Array()
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(raw)) for (const one of [value ?? []].flat()) headers.append(name, one)
  return headers
}

function coded(error: unknown, place: string, signal: AbortSignal): HaechiError {
  if (error instanceof HaechiError) return error
  const timeout = signal.aborted || error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError || error instanceof errors.ConnectTimeoutError
  if (timeout) return new HaechiError('egress_timeout', { place }, { cause: error })
  const cause = error instanceof AggregateError ? error.errors[0] as unknown : error
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new HaechiError('egress_failed', { place, reason }, { cause: error })
}
