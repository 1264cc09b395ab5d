// The network of a scan: what a template asks for goes onto the wire byte for byte, and only to the hosts that the scan was given. A name is resolved once and
// stays where it was; no answer, however large, compressed or slow, takes more than it was allowed. Certificates are shown, not judged: a scan looks at what is
// there. Defended by scan-network.integration.test.ts.
import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureVersion, TLSSocket } from 'node:tls'
import { brotliDecompressSync, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { Transform } from 'node:stream'
import { NetworkError, TextError } from '@haechi/probes/wire'
import type { Connection, HttpRequest, HttpResponse, NetworkFault, ProbeNetwork, Text, TlsOptions, TlsSession, TlsVersion } from '@haechi/probes/wire'
import type { Clock } from './clock.ts'
import { HaechiError } from './errors.ts'
import { AnswerReader, NotHttp } from './http1.ts'
import type { RawAnswer } from './http1.ts'
import { createConnects } from './scan-connects.ts'
import { covers, isOwn } from './scan-scope.ts'
import type { Scope } from './scan-scope.ts'

export { readScope } from './scan-scope.ts'
export type { Scope } from './scan-scope.ts'

export interface ScanNetwork extends ProbeNetwork {
  /**
   * Makes a host a target of this scan. From then on it may be reached, at the addresses that it has now. `own`: it is this machine.
   * Errors: scan_target_unresolved, scan_scope_missing, scan_scope_expired, scan_scope_exceeded.
   */
  permit(host: string): Promise<{ readonly addresses: readonly string[]; readonly own: boolean }>
  /**
   * Lets questions be asked about a zone, which may have no address: one that the scope names, or any through resolvers that are this machine. Else as `permit`.
   * Errors: scan_target_unresolved, scan_scope_missing, scan_scope_expired, scan_scope_exceeded.
   */
  permitZone(name: string): Promise<void>
  close(): void
}

/** Kept open without a request. */
const idleMs = 4_000
/** Without an answer yet, a request that changes something goes only over a connection that was used just now. */
const freshMs = 500
const idlePerPlace = 64
/** What a connection may have read that nobody has asked for. */
const readAhead = 1_048_576
const dnsPort = 53
const largestDatagram = 65_535

const stopped: Text = { en: 'the scan was stopped', ko: '검사가 중단됨' }
const late: Text = { en: 'no answer in time', ko: '제한 시간 안에 응답 없음' }
const closedEarly: Text = { en: 'the connection was closed before an answer', ko: '응답 전에 연결이 끊김' }

const versions: Readonly<Record<string, TlsVersion>> = { 'TLSv1': 'tls10', 'TLSv1.1': 'tls11', 'TLSv1.2': 'tls12', 'TLSv1.3': 'tls13', 'SSLv3': 'sslv3' }
const secureVersions: Readonly<Record<TlsVersion, SecureVersion | null>> = { sslv3: null, tls10: 'TLSv1', tls11: 'TLSv1.1', tls12: 'TLSv1.2', tls13: 'TLSv1.3' }
// Old ciphers and short keys are findings, not obstacles.
const anyCipher = 'ALL:@SECLEVEL=0'
const faults: Readonly<Record<string, NetworkFault>> = {
  ECONNREFUSED: 'refused', EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable', EADDRNOTAVAIL: 'unreachable', EHOSTDOWN: 'unreachable', EACCES: 'unreachable', EPERM: 'unreachable', ETIMEDOUT: 'timeout',
  ECONNRESET: 'closed', EPIPE: 'closed', ECONNABORTED: 'closed', ENOTFOUND: 'not_resolved', EAI_AGAIN: 'not_resolved', EAI_NODATA: 'not_resolved', ENODATA: 'not_resolved',
}

export function createScanNetwork(options: {
  readonly scope: Scope | null
  readonly clock: Clock
  /** Addresses of a name; the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** Servers of DNS that may be asked, besides the machine's own, over UDP, TCP and TLS alike: 'ADDRESS' or 'ADDRESS:PORT'. */
  readonly resolvers?: readonly string[]
}): ScanNetwork {
  const { scope, clock } = options
  const resolve = options.resolve ?? systemAddresses
  const resolved = new Map<string, Promise<readonly string[]>>()
  const targets = new Set<string>()
  const ownTargets = new Set<string>()
  /** Of names that may be reached: a probe of ports or of a name server goes to an address. */
  const granted = new Set<string>()
  const verdicts = new Map<string, readonly string[]>()
  const idle = new Map<string, Line[]>()
  const lines = new Set<Line>()
  const connections = new Set<Stream>()
  const connects = createConnects()
  const watched = new WeakMap<AbortSignal, Set<Cancellable>>()
  const context = createSecureContext({ minVersion: 'TLSv1', ciphers: anyCipher })
  const resolvers = new Set((options.resolvers ?? []).map(withPort))

  function addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return Promise.resolve([host])
    const known = resolved.get(host)
    if (known !== undefined) return known
    const answer = resolve(host)
    resolved.set(host, answer)
    return answer
  }

  /** Of a host that may be reached; decided once for each. */
  function permitted(host: string, port: number | null): readonly string[] | Promise<readonly string[]> {
    const known = verdicts.get(host)
    if (known === undefined) return judge(host, endpointOf(host, port))
    if (scope !== null && clock.now() > scope.until && !known.every(isOwn)) throw outOfScope(host, port)
    return known
  }

  async function judge(host: string, endpoint: string): Promise<readonly string[]> {
    let addresses: readonly string[]
    try {
      addresses = await addressesOf(host)
    } catch (error) {
      throw new NetworkError('not_resolved', endpoint, { en: `the name ${host} was not resolved: ${codeOf(error)}`, ko: `${host} 이름의 주소를 찾지 못함: ${codeOf(error)}` })
    }
    if (addresses.length === 0) throw new NetworkError('not_resolved', endpoint, { en: `the name ${host} has no address`, ko: `${host} 이름에 주소가 없음` })
    const own = addresses.every((address) => ownTargets.has(address))
    const covered = scope !== null && clock.now() <= scope.until && (granted.has(host) || covers(scope, host, addresses))
    if (!targets.has(host) && !own && !covered) throw new NetworkError('out_of_scope', endpoint, { en: `${host} is neither a target of this scan nor in its scope`, ko: `${host}은(는) 검사 대상도 아니고 검사 범위에도 없음` })
    verdicts.set(host, addresses)
    for (const address of addresses) granted.add(address)
    return addresses
  }

  const outOfScope = (host: string, port: number | null): NetworkError => new NetworkError('out_of_scope', endpointOf(host, port), { en: 'the scope has expired', ko: '검사 범위의 기한이 지남' })

  function watch(signal: AbortSignal, what: Cancellable): void {
    let all = watched.get(signal)
    if (all === undefined) {
      const made = new Set<Cancellable>()
      all = made
      watched.set(signal, made)
      signal.addEventListener('abort', () => { for (const each of made) each.cancel() }, { once: true })
    }
    all.add(what)
  }
  const unwatch = (signal: AbortSignal, what: Cancellable): void => { watched.get(signal)?.delete(what) }

  /** The first of the addresses that takes the connection. */
  async function open(addresses: readonly string[], host: string, port: number, tls: TlsOptions | null, until: Deadline): Promise<Socket> {
    const endpoint = `${place(host)}:${port}`
    let failure: NetworkError | null = null
    for (const address of addresses) {
      try {
        return await openOne(address, host, port, tls, until)
      } catch (error) {
        failure = asFault(error, endpoint, tls !== null)
        if (failure.fault !== 'refused' && failure.fault !== 'unreachable') throw failure
      }
    }
    throw failure!
  }

  function openOne(address: string, host: string, port: number, tls: TlsOptions | null, until: Deadline): Promise<Socket> {
    const { promise, resolve: done, reject } = Promise.withResolvers<Socket>()
    const secure = tls === null ? null : secureOptions(tls, host)
    if (secure instanceof Error) return Promise.reject(secure)
    const socket = secure === null ? connect({ host: address, port, noDelay: true }) : connectTls({ ...secure, ...(tls?.minVersion === null && tls.maxVersion === null && tls.ciphers === null ? { secureContext: context } : {}), host: address, port })
    if (secure !== null) socket.setNoDelay(true)
    let connected = secure === null
    if (secure !== null) socket.once('connect', () => { connected = true })
    const failed = (error: Error): void => { reject(connected && !('syscall' in error && error.syscall === 'connect') ? new TlsFailure(error.message) : error) }
    const closed = (): void => { reject(new TlsFailure({ en: 'closed during the handshake', ko: '핸드셰이크 중간에 연결이 끊김' })) }
    socket.once(secure === null ? 'connect' : 'secureConnect', () => {
      until.release()
      socket.off('error', failed).off('close', closed)
      done(socket)
    })
    socket.on('error', failed).on('close', closed)
    until.act((error) => {
      socket.destroy()
      reject(error)
    })
    return promise
  }

  async function exchange(request: HttpRequest, signal: AbortSignal, retried: boolean, started: number): Promise<HttpResponse> {
    const { scheme, host, port } = request
    const endpoint = `${place(host)}:${port}`
    if (signal.aborted) throw new NetworkError('cancelled', endpoint, stopped)
    const found = permitted(host, port)
    const addresses = 'then' in found ? await found : found
    const key = scheme === 'http' ? `${host} ${port}` : `${host} ${port} ${request.serverName ?? host}`
    const work = new Exchange(request, endpoint)
    const left = request.timeoutMs - (performance.now() - started)
    watch(signal, work)
    const timer = setTimeout(Exchange.expire, Math.max(1, left), work)
    try {
      const safe = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
      let line = taken(key, safe ? idleMs : freshMs)
      const reused = line !== null
      if (line === null) {
        const socket = await open(addresses, host, port, scheme === 'https' ? { serverName: request.serverName, minVersion: null, maxVersion: null, ciphers: null } : null, work)
        line = new Line(socket, key, release, (gone) => lines.delete(gone))
        lines.add(line)
      }
      work.send(line)
      let answer: RawAnswer
      try {
        answer = await work.answered
      } catch (error) {
        // RFC 9112, section 9.3.1: a kept connection may have been closed by the other side while this was sent.
        if (!reused || retried || !safe || work.begun || !(error instanceof NetworkError) || error.fault !== 'closed') throw error
        return await exchange(request, signal, true, started)
      }
      const body = await decoded(answer, request.maxBytes)
      return {
        status: answer.status, reason: answer.reason, headers: answer.headers, body: body.text, truncated: answer.truncated || body.cut,
        durationMs: performance.now() - started, address: line.address,
      }
    } finally {
      clearTimeout(timer)
      unwatch(signal, work)
    }
  }

  function taken(key: string, withinMs: number): Line | null {
    const all = idle.get(key)
    const now = performance.now()
    for (let line = all?.pop(); line !== undefined; line = all?.pop()) {
      if (!line.gone && now - line.since < withinMs) return line
      line.close()
    }
    return null
  }

  function release(line: Line): void {
    let all = idle.get(line.key)
    if (all === undefined) idle.set(line.key, all = [])
    if (all.length >= idlePerPlace) line.close()
    else all.push(line)
  }

  async function permit(host: string): Promise<{ readonly addresses: readonly string[]; readonly own: boolean }> {
    let addresses: readonly string[]
    try {
      addresses = await addressesOf(host)
    } catch (error) {
      throw new HaechiError('scan_target_unresolved', { target: host, reason: codeOf(error) }, { cause: error })
    }
    if (addresses.length === 0) throw new HaechiError('scan_target_unresolved', { target: host, reason: 'ENODATA' })
    const own = addresses.every(isOwn)
    if (!own) {
      if (scope === null) throw new HaechiError('scan_scope_missing', { target: host })
      if (clock.now() > scope.until) throw expired(scope)
      if (!covers(scope, host, addresses)) throw new HaechiError('scan_scope_exceeded', { target: host, addresses: addresses.join(', ') })
    }
    targets.add(host)
    for (const address of addresses) (own ? ownTargets : granted).add(address)
    verdicts.set(host, addresses)
    return { addresses, own }
  }

  return {
    permit,
    async permitZone(name) {
      const own = (options.resolvers ?? []).map((resolver) => apart(withPort(resolver))[0])
      if (own.length > 0 && own.every(isOwn)) for (const address of own) ownTargets.add(address)
      else if (scope === null || !covers(scope, name, [])) await permit(name)
      else if (clock.now() > scope.until) throw expired(scope)
    },
    http(request, signal) {
      const wrong = faultOf(request)
      if (wrong !== null) return Promise.reject(new NetworkError('protocol_error', `${place(request.host)}:${request.port}`, wrong))
      return exchange(request, signal, false, performance.now())
    },
    async dial(host, port, { tls, timeoutMs }, signal) {
      const endpoint = `${place(host)}:${port}`
      if (signal.aborted) throw new NetworkError('cancelled', endpoint, stopped)
      const addresses = resolvers.has(endpoint) ? [host] : await permitted(host, port)
      const until = new Deadline(endpoint)
      const timer = setTimeout(Deadline.expire, timeoutMs, until)
      watch(signal, until)
      try {
        const stream = new Stream(await open(addresses, host, port, tls, until), endpoint, signal, (gone) => {
          connections.delete(gone)
          unwatch(signal, gone)
        })
        connections.add(stream)
        watch(signal, stream)
        return stream
      } finally {
        clearTimeout(timer)
        unwatch(signal, until)
      }
    },
    async dns(message, { resolver, timeoutMs }, signal) {
      const own = getServers().map(withPort)
      const server = resolver === null ? own[0] ?? '127.0.0.1:53' : withPort(resolver)
      const [address, port] = apart(server)
      if (resolver !== null && !own.includes(server) && !resolvers.has(server)) await permitted(address, port)
      const until = new Deadline(server)
      const timer = setTimeout(Deadline.expire, timeoutMs, until)
      watch(signal, until)
      if (signal.aborted) until.cancel()
      try {
        const answer = await overUdp(message, address, port, until, (given) => answers(given, message))
        // RFC 1035, section 4.1.1: TC. All of it comes over TCP.
        return (answer[2]! & 2) === 0 ? answer : await overTcp(message, address, port, until, server)
      } catch (error) {
        throw asFault(error, server, false)
      } finally {
        clearTimeout(timer)
        unwatch(signal, until)
      }
    },
    async addresses(host, signal) {
      if (signal.aborted) throw new NetworkError('cancelled', host, stopped)
      return await permitted(host, null)
    },
    async connects(address, ports, limits, signal) {
      await permitted(address, null)
      return await connects.connect(address, ports, limits, signal)
    },
    async datagram(address, port, payload, { timeoutMs }, signal) {
      const endpoint = `${place(address)}:${port}`
      await permitted(address, port)
      const until = new Deadline(endpoint)
      const timer = setTimeout(Deadline.expire, timeoutMs, until)
      watch(signal, until)
      if (signal.aborted) until.cancel()
      try {
        return Buffer.from(await overUdp(Buffer.from(payload, 'latin1'), address, port, until, () => true)).toString('latin1')
      } catch (error) {
        throw asFault(error, endpoint, false)
      } finally {
        clearTimeout(timer)
        unwatch(signal, until)
      }
    },
    close() {
      for (const line of lines) line.close()
      for (const stream of connections) stream.close()
      idle.clear()
      connects.close()
    },
  }
}

const expired = ({ until, owner }: Scope): HaechiError => new HaechiError('scan_scope_expired', { until: new Date(until).toISOString(), owner })

interface Cancellable { cancel(): void }

/** What is under way ends with the first of: itself, its time, the scan. */
class Deadline implements Cancellable {
  readonly endpoint: string
  reason: NetworkError | null = null
  #act: ((error: NetworkError) => void) | null = null

  constructor(endpoint: string) {
    this.endpoint = endpoint
  }

  static expire(this: void, deadline: Deadline): void {
    deadline.happen(new NetworkError('timeout', deadline.endpoint, late))
  }

  cancel(): void {
    this.happen(new NetworkError('cancelled', this.endpoint, stopped))
  }

  happen(reason: NetworkError): void {
    this.reason ??= reason
    this.#act?.(this.reason)
  }

  act(what: (error: NetworkError) => void): void {
    this.#act = what
    if (this.reason !== null) what(this.reason)
  }

  release(): void {
    this.#act = null
  }
}

/** One request and its answer. */
class Exchange extends Deadline {
  readonly answered: Promise<RawAnswer>
  readonly #request: HttpRequest
  readonly #reader: AnswerReader
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: NetworkError) => void
  #line: Line | null = null

  constructor(request: HttpRequest, endpoint: string) {
    super(endpoint)
    this.#request = request
    this.#reader = new AnswerReader(request.method, request.maxBytes)
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
    this.answered = promise
    // Whoever waits may not have come so far yet.
    promise.catch(() => undefined)
    this.#resolve = resolve
    this.#reject = reject
  }

  get begun(): boolean {
    return this.#reader.begun
  }

  send(line: Line): void {
    this.#line = line
    this.act((error) => {
      // A stream of events has no end; what it has said so far is its answer.
      const partial = error.fault === 'timeout' ? this.#reader.cut() : null
      this.#line = null
      line.close()
      if (partial === null) this.#reject(error)
      else this.#resolve(partial)
    })
    if (this.reason === null) line.write(this, wireOf(this.#request))
  }

  data(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#fail(new NetworkError('protocol_error', this.endpoint, (error as NotHttp).text))
      return
    }
    if (this.#reader.answer !== null) this.#finish(this.#reader.answer)
  }

  ended(error: Error | null): void {
    if (this.#line === null) return
    try {
      if (error === null || this.#reader.cut() === null) this.#reader.end()
    } catch {
      this.#fail(error === null ? new NetworkError('closed', this.endpoint, closedEarly) : asFault(error, this.endpoint, false))
      return
    }
    this.#finish(this.#reader.answer!)
  }

  #finish(answer: RawAnswer): void {
    const line = this.#line
    if (line === null) return
    this.#line = null
    this.release()
    line.finished(answer.reusable && !this.#closes())
    this.#resolve(answer)
  }

  #fail(error: NetworkError): void {
    const line = this.#line
    this.#line = null
    this.release()
    line?.close()
    this.#reject(error)
  }

  #closes(): boolean {
    return this.#request.headers.some(([name, value]) => name.length === 10 && name.toLowerCase() === 'connection' && value.toLowerCase().includes('close'))
  }
}

/** A connection for one request after the other. */
class Line {
  readonly key: string
  readonly address: string
  gone = false
  /** When it was used last. */
  since = 0
  readonly #socket: Socket
  readonly #release: (line: Line) => void
  readonly #left: (line: Line) => void
  #work: Exchange | null = null

  constructor(socket: Socket, key: string, release: (line: Line) => void, left: (line: Line) => void) {
    this.#socket = socket
    this.key = key
    this.address = socket.remoteAddress ?? ''
    this.#release = release
    this.#left = left
    let failure: Error | null = null
    socket.on('data', (chunk: Buffer) => {
      // What comes without a question is the answer to none.
      if (this.#work === null) this.close()
      else this.#work.data(chunk)
    })
    socket.on('error', (error) => { failure = error })
    socket.on('end', () => { this.#over(null) })
    socket.on('close', () => { this.#over(failure) })
    socket.setTimeout(idleMs, () => { if (this.#work === null) this.close() })
  }

  #over(error: Error | null): void {
    this.gone = true
    const work = this.#work
    this.#work = null
    work?.ended(error)
    this.close()
  }

  write(work: Exchange, bytes: string): void {
    this.#work = work
    this.#socket.ref()
    this.#socket.write(bytes, 'latin1')
  }

  finished(reusable: boolean): void {
    this.#work = null
    if (!reusable || this.gone) {
      this.close()
      return
    }
    this.since = performance.now()
    // Nobody waits for an idle connection.
    this.#socket.unref()
    this.#release(this)
  }

  close(): void {
    this.gone = true
    this.#work = null
    this.#socket.destroy()
    this.#left(this)
  }
}

class Stream implements Connection, Cancellable {
  readonly address: string
  readonly tls: TlsSession | null
  readonly #socket: Socket
  readonly #endpoint: string
  readonly #left: (stream: Stream) => void
  #chunks: Buffer[] = []
  #size = 0
  #over = false
  #failure: NetworkError | null = null
  #wake: (() => void) | null = null

  constructor(socket: Socket, endpoint: string, signal: AbortSignal, left: (stream: Stream) => void) {
    this.#socket = socket
    this.#endpoint = endpoint
    this.#left = left
    this.address = socket.remoteAddress ?? ''
    this.tls = 'getPeerX509Certificate' in socket ? sessionOf(socket as TLSSocket) : null
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size > readAhead) socket.pause()
      this.#wake?.()
    })
    socket.on('error', (error) => {
      this.#failure ??= asFault(error, endpoint, false)
      this.#wake?.()
    })
    const over = (): void => {
      this.#over = true
      this.#wake?.()
    }
    socket.on('end', over)
    socket.on('close', over)
    if (signal.aborted) this.cancel()
  }

  write(data: string): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#socket.write(data, 'latin1', (error) => {
        if (error === undefined || error === null) resolve()
        else reject(this.#failure ?? asFault(error, this.#endpoint, false))
      })
    })
  }

  async read(maxBytes: number, timeoutMs: number): Promise<string> {
    if (this.#size === 0 && !this.#over && this.#failure === null) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
      this.#wake = null
    }
    if (this.#size > 0) return this.#take(maxBytes)
    if (this.#failure !== null) throw this.#failure
    if (this.#over) return ''
    throw new NetworkError('timeout', this.#endpoint, late)
  }

  #take(maxBytes: number): string {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const given = all.subarray(0, maxBytes)
    this.#chunks = given.length === all.length ? [] : [all.subarray(given.length)]
    this.#size = all.length - given.length
    if (this.#size <= readAhead && this.#socket.isPaused()) this.#socket.resume()
    return given.toString('latin1')
  }

  cancel(): void {
    this.#failure ??= new NetworkError('cancelled', this.#endpoint, stopped)
    this.#wake?.()
    this.close()
  }

  close(): void {
    this.#over = true
    this.#socket.destroy()
    this.#left(this)
  }
}

function sessionOf(socket: TLSSocket): TlsSession {
  const certificates: Uint8Array[] = []
  // The last of a chain is its own issuer.
  for (let each = socket.getPeerCertificate(true); each?.raw !== undefined && !certificates.some((known) => Buffer.compare(known, each.raw) === 0); each = each.issuerCertificate) certificates.push(each.raw)
  return { version: versions[socket.getProtocol() ?? ''] ?? 'tls12', cipher: socket.getCipher().standardName, certificates }
}

function secureOptions({ serverName, minVersion, maxVersion, ciphers }: TlsOptions, host: string): ConnectionOptions | Error {
  const least = minVersion === null ? 'TLSv1' : secureVersions[minVersion] ?? 'TLSv1'
  const most = maxVersion === null ? 'TLSv1.3' : secureVersions[maxVersion]
  if (most === null) return new TlsFailure({ en: 'SSL 3.0 is not spoken here', ko: 'SSL 3.0은 지원하지 않음' })
  const name = serverName ?? host
  return { rejectUnauthorized: false, minVersion: least, maxVersion: most, ciphers: ciphers === null ? anyCipher : `${ciphers.join(':')}:@SECLEVEL=0`, ALPNProtocols: ['http/1.1'], ...(isIP(name) === 0 ? { servername: name } : {}) }
}

class TlsFailure extends TextError {}

function asFault(error: unknown, endpoint: string, tls: boolean): NetworkError {
  if (error instanceof NetworkError) return error
  const code = codeOf(error)
  if (tls && error instanceof TlsFailure) return new NetworkError('tls_failed', endpoint, error.text)
  return new NetworkError(faults[code] ?? (code.startsWith('ERR_SSL') || code === 'EPROTO' ? 'tls_failed' : 'closed'), endpoint, code)
}

/** RFC 6761, 6.3: these names are the loopback, also where no file of the system says so. */
async function systemAddresses(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)
  } catch (error) {
    if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1']
    throw error
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.name : 'unknown')
const place = (host: string): string => (host.includes(':') ? `[${host}]` : host)
const endpointOf = (host: string, port: number | null): string => (port === null ? host : `${place(host)}:${port}`)

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const targetForm = /^[\x21-\xff]+$/
// oxlint-disable-next-line no-control-regex
const breaks = /[\0\r\n]/

/** Nothing of a request may become a second one. */
function faultOf({ method, target, headers }: HttpRequest): Text | null {
  if (!token.test(method)) return { en: 'the method is none', ko: '메서드가 올바르지 않음' }
  if (!targetForm.test(target)) return { en: 'the request target holds a blank or a control character', ko: '요청 대상에 공백이나 제어 문자가 있음' }
  for (const [name, value] of headers) if (name === '' || /[\s:]/.test(name) || breaks.test(name) || breaks.test(value)) return { en: 'a header holds a line break', ko: '헤더에 줄바꿈이 있음' }
  return null
}

const withBody = new Set(['POST', 'PUT', 'PATCH'])

function wireOf({ method, scheme, host, port, target, headers, body }: HttpRequest): string {
  let hasHost = false
  let hasLength = false
  let hasConnection = false
  let lines = ''
  for (const [name, value] of headers) {
    lines += `${name}: ${value}\r\n`
    switch (name.length) {
      case 4: hasHost ||= name.toLowerCase() === 'host'; break
      case 10: hasConnection ||= name.toLowerCase() === 'connection'; break
      case 14: hasLength ||= name.toLowerCase() === 'content-length'; break
      case 17: hasLength ||= name.toLowerCase() === 'transfer-encoding'; break
    }
  }
  let head = `${method} ${target} HTTP/1.1\r\n`
  if (!hasHost) head += `Host: ${place(host)}${port === (scheme === 'http' ? 80 : 443) ? '' : `:${port}`}\r\n`
  head += lines
  if (!hasConnection) head += 'Connection: keep-alive\r\n'
  if (!hasLength && (body !== null || withBody.has(method))) head += `Content-Length: ${body?.length ?? 0}\r\n`
  return `${head}\r\n${body ?? ''}`
}

type Coding = { readonly sync: (body: Buffer, options: { readonly maxOutputLength: number; readonly finishFlush?: number }) => Buffer; readonly stream: () => Transform; readonly flush: number }
const gzip: Coding = { sync: gunzipSync, stream: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }), flush: constants.Z_SYNC_FLUSH }
const codings: Readonly<Record<string, readonly Coding[]>> = {
  'gzip': [gzip], 'x-gzip': [gzip],
  // RFC 9110, section 8.4.1.2: some send it without the wrapping.
  'deflate': [{ sync: inflateSync, stream: () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH }), flush: constants.Z_SYNC_FLUSH }, { sync: inflateRawSync, stream: () => createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH }), flush: constants.Z_SYNC_FLUSH }],
  'br': [{ sync: brotliDecompressSync, stream: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }), flush: constants.BROTLI_OPERATION_FLUSH }],
  'zstd': [{ sync: zstdDecompressSync, stream: () => createZstdDecompress({ finishFlush: constants.ZSTD_e_flush }), flush: constants.ZSTD_e_flush }],
}

/** Decompressed to `maxBytes` at most; as it came where it is not what it says. */
async function decoded({ headers, body }: RawAnswer, maxBytes: number): Promise<{ readonly text: string; readonly cut: boolean }> {
  if (body.length > 0) {
    const encoding = headers.find(([name]) => name.length === 16 && name.toLowerCase() === 'content-encoding')?.[1].trim().toLowerCase()
    for (const coding of encoding === undefined || !Object.hasOwn(codings, encoding) ? [] : codings[encoding]!) {
      try {
        return { text: coding.sync(body, { maxOutputLength: maxBytes, finishFlush: coding.flush }).toString('latin1'), cut: false }
      } catch (error) {
        if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return { text: await beginning(coding.stream(), body, maxBytes), cut: true }
      }
    }
  }
  return { text: body.toString('latin1'), cut: false }
}

function beginning(stream: Transform, body: Buffer, maxBytes: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = (): void => {
      stream.destroy()
      resolve(Buffer.concat(chunks).subarray(0, maxBytes).toString('latin1'))
    }
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= maxBytes) done()
    })
    stream.on('end', done)
    stream.on('error', done)
    stream.end(body)
  })
}

const withPort = (server: string): string => (isIP(server) === 6 ? `[${server}]:${dnsPort}` : /:\d+$/.test(server) ? server : `${server}:${dnsPort}`)

function apart(server: string): [address: string, port: number] {
  const colon = server.lastIndexOf(':')
  return [server.slice(0, colon).replace(/^\[|\]$/g, ''), Number(server.slice(colon + 1))]
}

function overUdp(message: Uint8Array, address: string, port: number, until: Deadline, accepts: (answer: Uint8Array) => boolean): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    let isOver = false
    const over = (end: () => void): void => {
      if (isOver) return
      isOver = true
      until.release()
      socket.close()
      end()
    }
    const failed = (error: Error): void => { over(() => { reject(error) }) }
    socket.on('error', failed)
    // Connected: the kernel drops what comes from elsewhere, and tells when nobody listens.
    socket.on('message', (answer) => { if (accepts(answer)) over(() => { resolve(answer) }) })
    socket.connect(port, address, (error?: Error) => {
      if (error !== undefined) failed(error)
      else if (!isOver) socket.send(message)
    })
    until.act(failed)
  })
}

const answers = (answer: Uint8Array, question: Uint8Array): boolean => answer.length >= 12 && answer[0] === question[0] && answer[1] === question[1] && (answer[2]! & 0x80) !== 0

/** RFC 1035, section 4.2.2: two bytes of length before each message. */
function overTcp(message: Uint8Array, address: string, port: number, until: Deadline, server: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port })
    let all = Buffer.alloc(0)
    const over = (end: () => void): void => {
      until.release()
      socket.destroy()
      end()
    }
    socket.on('connect', () => { socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])) })
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk])
      const length = all.length < 2 ? largestDatagram : all.readUInt16BE(0)
      if (all.length < length + 2) return
      const answer = all.subarray(2, length + 2)
      over(() => {
        if (answers(answer, message)) resolve(answer)
        else reject(new NetworkError('protocol_error', server, { en: 'an answer to another question', ko: '다른 질의에 대한 응답' }))
      })
    })
    socket.on('error', (error) => { over(() => { reject(error) }) })
    socket.on('end', () => { over(() => { reject(new NetworkError('closed', server, closedEarly)) }) })
    until.act((error) => { over(() => { reject(error) }) })
  })
}
