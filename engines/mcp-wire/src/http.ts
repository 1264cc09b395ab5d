// Streamable HTTP: which requests are served at all, in which revision, and how an answer becomes one body or a stream of events.
// Invariant: nothing is read of a request whose Host or Origin is not ours, nothing answered to one without the caller that is asked for; what the headers
// say and what the body says is the same. Defended by http.integration.test.ts.
import { Buffer } from 'node:buffer'
import type { Channel, Peer } from './call.ts'
import type { Session, Sessions } from './session.ts'
import type { Caller } from './catalogue.ts'
import { acceptsGzip, begun, ended, longestEnd } from './compressed.ts'
import type { Answer, Dispatch, Listener } from './dispatch.ts'
import { EventStream } from './event-stream.ts'
import type { Kept, Sink } from './event-stream.ts'
import { errorText, isObject, readMessages, readParsed } from './message.ts'
import type { Message, Notification, Request as RpcRequest, Response as RpcResponse } from './message.ts'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'
import type { McpServerOptions } from './server.ts'
import { hasBatches, meta, modern, unnamed, withHandshake } from './versions.ts'

export interface HttpRequest {
  readonly method: string
  /** From the path on. */
  readonly url: string
  header(name: string): string | undefined
  body(most: number): Promise<Uint8Array | { readonly parsed: Json } | 'too large' | 'gone'>
}

export interface HttpReply {
  /** `head` and then `text` are the body. */
  answer(status: number, headers: Record<string, string>, head: Uint8Array | null, text: string | Uint8Array): void
  stream(headers: Record<string, string>): Sink
  /** Called once, when the client has gone before the end or the stream has ended. */
  onGone(listener: () => void): void
}

type Headers = Record<string, string>

const mostStreams = 20_000
const loopback = ['localhost', '127.0.0.1', '[::1]']
const sessionLost = -32001
const json: Headers = { 'content-type': 'application/json' }
const anonymous: Caller = { id: 'anonymous' }
const maxBody = 4 << 20
const wellKnown = '/.well-known/oauth-protected-resource'

export class HttpEndpoint {
  readonly #options: McpServerOptions
  readonly #dispatch: Dispatch
  readonly #sessions: Sessions
  readonly #hosts: ReadonlySet<string> | null
  readonly #origins: ReadonlySet<string> | null
  readonly #maxBody: number
  readonly streams = new Set<EventStream>()
  readonly kept: Kept = { total: 0 }
  #beat: ReturnType<typeof setInterval> | null = null
  #closed = false

  constructor(options: McpServerOptions, dispatch: Dispatch, sessions: Sessions) {
    this.#options = options
    this.#dispatch = dispatch
    this.#sessions = sessions
    this.#maxBody = options.maxBodyBytes ?? maxBody
    const hosts = options.hosts ?? loopback
    this.#hosts = hosts === 'any' ? null : new Set(hosts.map((host) => host.toLowerCase()))
    this.#origins = options.origins === 'any' ? null : new Set((options.origins ?? []).map((origin) => origin.toLowerCase()))
  }

  async handle(request: HttpRequest, reply: HttpReply, given?: Caller): Promise<void> {
    const origin = request.header('origin')
    const headers = origin === undefined ? json : { ...json, 'access-control-allow-origin': origin, 'access-control-expose-headers': 'mcp-session-id, www-authenticate', vary: 'origin' }
    try {
      if (this.#closed) return refuse(reply, 503, json, 'The server is closing')
      const allowed = this.#allowed(request, origin)
      if (allowed !== null) return refuse(reply, 403, json, allowed)
      if (request.method === 'OPTIONS') return this.#preflight(request, reply, headers)
      const { authenticate, resourceMetadata } = this.#options
      if (resourceMetadata !== undefined && request.method === 'GET' && request.url.startsWith(wellKnown)) return reply.answer(200, headers, null, JSON.stringify(resourceMetadata.document))
      const caller = given ?? (authenticate === undefined ? anonymous : await authenticate((name) => request.header(name)))
      if (caller === null) return this.#unauthorised(request, reply, headers)
      if (request.method === 'POST') await this.#post(request, reply, headers, caller)
      else if (request.method === 'GET') this.#get(request, reply, headers, caller)
      else if (request.method === 'DELETE') this.#delete(request, reply, headers, caller)
      else refuse(reply, 405, { ...headers, allow: 'POST, GET, DELETE, OPTIONS' }, 'POST a message')
    } catch (error) {
      this.#options.onError?.(error)
      refuse(reply, 500, headers, 'The server failed to answer', code.internal)
    }
  }

  // DNS rebinding: a page of a foreign site reaches us under a foreign name, or says where it is from.
  #allowed(request: HttpRequest, origin: string | undefined): string | null {
    if (this.#hosts !== null && !this.#hosts.has(withoutPort(request.header('host') ?? ''))) return 'This server is not reached under this host. Its names are set with "hosts"'
    if (origin === undefined || this.#origins === null || this.#origins.has(origin.toLowerCase())) return null
    const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]
    return host !== undefined && this.#hosts?.has(withoutPort(host)) === true ? null : 'Pages of this origin may not call. Origins are set with "origins"'
  }

  #preflight(request: HttpRequest, reply: HttpReply, headers: Headers): void {
    const asked = request.header('access-control-request-headers')
    reply.answer(204, { ...headers, 'access-control-allow-methods': 'POST, GET, DELETE', 'access-control-max-age': '600', ...(asked !== undefined && { 'access-control-allow-headers': asked }) }, null, '')
  }

  #unauthorised(request: HttpRequest, reply: HttpReply, headers: Headers): void {
    const { resourceMetadata } = this.#options
    const scopes = resourceMetadata?.document['scopes_supported']
    const parts = [
      ...(request.header('authorization') === undefined ? [] : ['error="invalid_token"']),
      ...(resourceMetadata === undefined ? [] : [`resource_metadata="${resourceMetadata.url}"`]),
      ...(Array.isArray(scopes) ? [`scope="${scopes.join(' ')}"`] : []),
    ]
    refuse(reply, 401, { ...headers, 'www-authenticate': parts.length === 0 ? 'Bearer' : `Bearer ${parts.join(', ')}` }, 'A valid bearer token is asked for')
  }

  async #post(request: HttpRequest, reply: HttpReply, headers: Headers, caller: Caller): Promise<void> {
    const type = request.header('content-type')
    if (type === undefined || !/^application\/json *(;|$)/i.test(type)) return refuse(reply, 415, headers, 'Content-Type must be application/json')
    if (request.header('content-encoding') !== undefined) return refuse(reply, 415, headers, 'Content-Encoding is not supported')
    const accept = request.header('accept')
    const acceptsJson = accept === undefined || /application\/(json|\*)|\*\/\*/i.test(accept)
    if (!acceptsJson && !/text\/(event-stream|\*)/i.test(accept)) return refuse(reply, 406, headers, 'Accept must have application/json and text/event-stream')
    const body = await request.body(this.#maxBody)
    if (body === 'gone') return refuse(reply, 400, headers, 'The body broke off')
    if (body === 'too large') return refuse(reply, 413, { ...headers, connection: 'close' }, `The body is larger than ${this.#maxBody} bytes`)
    let messages: Message | readonly Message[]
    try {
      messages = 'parsed' in body ? readParsed(body.parsed) : readMessages(body)
    } catch (error) {
      return reply.answer(400, headers, null, errorText(undefined, error as RpcProblem))
    }
    if (Array.isArray(messages)) return await this.#batch(messages as readonly Message[], request, reply, headers, caller)
    const message = messages as Message
    this.#options.onMessage?.({ direction: 'in', caller, message: message as unknown as JsonObject })
    if (message.kind === 'malformed') return reply.answer(400, headers, null, errorText(message.id, message.problem))
    let peer: Peer
    try {
      peer = this.#peer(message, request, caller)
    } catch (error) {
      const problem = error as RpcProblem
      return reply.answer(problem.code === sessionLost ? 404 : 400, headers, null, errorText(message.kind === 'request' ? message.id : undefined, problem))
    }
    if (message.kind !== 'request') {
      hear(message, peer)
      return reply.answer(202, headers, null, '')
    }
    const exchange = new Exchange(this, reply, headers, peer, { onlyEvents: !acceptsJson, encodings: request.header('accept-encoding') })
    const answer = this.#dispatch.answer(message, peer, exchange, () => exchange.listen())
    exchange.finish(answer instanceof Promise ? await answer : answer)
  }

  // One message after the other; answers come as one list, or as events where something came before one of them.
  async #batch(messages: readonly Message[], request: HttpRequest, reply: HttpReply, headers: Headers, caller: Caller): Promise<void> {
    const session = this.#session(request, caller)
    const version = session?.version ?? request.header('mcp-protocol-version') ?? unnamed
    if (session === undefined || !hasBatches(version)) return refuse(reply, session === undefined ? 404 : 400, headers, 'One message a request: this revision has no batches')
    const peer: Peer = { caller, version, modern: false, capabilities: session?.capabilities ?? {}, session }
    const exchange = new Exchange(this, reply, headers, peer)
    const texts: string[] = []
    for (const message of messages) {
      this.#options.onMessage?.({ direction: 'in', caller, message: message as unknown as JsonObject })
      if (message.kind === 'malformed') texts.push(errorText(message.id, message.problem))
      else if (message.kind !== 'request') hear(message, peer)
      else {
        const answer = await this.#dispatch.answer(message, peer, exchange, () => exchange.listen())
        if (answer !== null && answer.silent !== true) texts.push(whole(answer))
      }
    }
    if (texts.length === 0) return reply.answer(202, headers, null, '')
    exchange.finishBatch(texts)
  }

  /** Who speaks, in which revision. Throws RpcProblem. */
  #peer(message: RpcRequest | Notification | RpcResponse, request: HttpRequest, caller: Caller): Peer {
    const header = request.header('mcp-protocol-version')?.trim()
    const params = message.kind === 'response' ? {} : message.params
    const about = params['_meta']
    const said = isObject(about) ? about[meta.version] : undefined
    const handshake = said === undefined && (header === undefined ? message.kind !== 'request' || message.method !== 'server/discover' : withHandshake.includes(header))
    if (handshake) {
      if (message.kind === 'request' && message.method === 'initialize') return { caller, version: withHandshake[0] as string, modern: false, capabilities: {}, session: null }
      const session = this.#session(request, caller)
      if (session === undefined) throw new RpcProblem(sessionLost, 'Session not found. Begin anew with initialize')
      return { caller, version: session?.version ?? header ?? unnamed, modern: false, capabilities: session?.capabilities ?? {}, session }
    }
    if (message.kind !== 'request') return { caller, version: modern, modern: true, capabilities: {}, session: null }
    return { caller, version: modern, modern: true, capabilities: readModern(message, (name) => request.header(name), this.#dispatch), session: null }
  }

  /** null: the request names no session. undefined: it names one that is not (or no longer) there. */
  #session(request: HttpRequest, caller: Caller): Session | null | undefined {
    const id = request.header('mcp-session-id')
    return id === undefined ? null : (this.#sessions.find(id, caller) ?? undefined)
  }

  // The stream for what has nothing to do with a request, or the rest of one that broke off.
  #get(request: HttpRequest, reply: HttpReply, headers: Headers, caller: Caller): void {
    const session = this.#session(request, caller)
    if (session === null) return refuse(reply, 405, { ...headers, allow: 'POST' }, 'POST a message; a GET needs a session')
    if (session === undefined) return refuse(reply, 404, headers, 'Session not found. Begin anew with initialize', sessionLost)
    if (!/text\/(event-stream|\*)|\*\/\*/i.test(request.header('accept') ?? '')) return refuse(reply, 406, headers, 'Accept must have text/event-stream')
    const last = request.header('last-event-id')
    if (last !== undefined) {
      const [name = '', count = ''] = last.split('.')
      const stream = session.streams.get(name)
      if (stream?.resumable === true && /^\d{1,9}$/.test(count)) {
        const sink = this.#sink(reply, headers)
        if (sink === null) return
        stream.resume(sink, Number(count))
        reply.onGone(() => { stream.lost(sink) })
        return
      }
    }
    const sink = this.#sink(reply, headers)
    if (sink === null) return
    session.outlet?.end()
    const outlet = this.hold(new EventStream(sink, session.version, null, this.kept))
    session.outlet = outlet
    // Something has to come, so that the client sees the headers.
    outlet.beat()
    reply.onGone(() => {
      outlet.lost(sink)
      this.release(outlet)
    })
  }

  #delete(request: HttpRequest, reply: HttpReply, headers: Headers, caller: Caller): void {
    const session = this.#session(request, caller)
    if (session === null) return refuse(reply, 405, { ...headers, allow: 'POST' }, 'There is no session to end')
    if (session === undefined) return refuse(reply, 404, headers, 'Session not found', sessionLost)
    this.#sessions.end(session)
    reply.answer(204, headers, null, '')
  }

  #sink(reply: HttpReply, headers: Headers): Sink | null {
    if (this.streams.size < mostStreams) return reply.stream(streamHeaders(headers))
    refuse(reply, 503, { ...headers, 'retry-after': '5' }, 'Too many streams are open')
    return null
  }

  get full(): boolean {
    return this.streams.size >= mostStreams
  }

  /** Keeps a stream from being closed by proxies for being quiet. */
  hold(stream: EventStream): EventStream {
    this.streams.add(stream)
    this.#beat ??= setInterval(() => { for (const each of this.streams) each.beat() }, 15_000)
    this.#beat.unref()
    return stream
  }

  release(stream: EventStream): void {
    this.streams.delete(stream)
    if (this.streams.size > 0 || this.#beat === null) return
    clearInterval(this.#beat)
    this.#beat = null
  }

  agree(caller: Caller, { version, capabilities }: NonNullable<Answer['agreed']>): string {
    return this.#sessions.open(caller, version, capabilities)
  }

  heard(caller: Caller, text: string): void {
    this.#options.onMessage?.({ direction: 'out', caller, message: JSON.parse(text) as JsonObject })
  }

  get watched(): boolean {
    return this.#options.onMessage !== undefined
  }

  unlisten(listener: Listener): void {
    this.#dispatch.listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    for (const stream of this.streams) stream.end()
    this.streams.clear()
    if (this.#beat !== null) clearInterval(this.#beat)
  }
}

/** One request of JSON-RPC and its answer. */
class Exchange implements Channel {
  readonly #endpoint: HttpEndpoint
  readonly #reply: HttpReply
  readonly #headers: Headers
  readonly #peer: Peer
  readonly #onlyEvents: boolean
  readonly #encodings: string | undefined
  #stream: EventStream | null = null

  constructor(endpoint: HttpEndpoint, reply: HttpReply, headers: Headers, peer: Peer, { onlyEvents = false, encodings }: { readonly onlyEvents?: boolean; readonly encodings?: string | undefined } = {}) {
    this.#endpoint = endpoint
    this.#reply = reply
    this.#headers = headers
    this.#peer = peer
    this.#onlyEvents = onlyEvents
    this.#encodings = encodings
  }

  send(message: string): void {
    if (this.#endpoint.watched) this.#endpoint.heard(this.#peer.caller, message)
    this.#open().send(message)
  }

  reconnect(): void {
    this.#open().pause()
  }

  onGone(listener: () => void): void {
    this.#reply.onGone(() => { if (this.#stream?.resumable !== true) listener() })
  }

  #open(): EventStream {
    if (this.#stream !== null) return this.#stream
    const { session, version } = this.#peer
    const name = session === null ? null : `s${session.next()}`
    const sink = this.#reply.stream(streamHeaders(this.#headers))
    const stream = this.#endpoint.hold(new EventStream(sink, version, name, this.#endpoint.kept))
    this.#stream = stream
    if (name !== null && stream.resumable) session?.keep(name, stream)
    this.#reply.onGone(() => {
      stream.lost(sink)
      if (!stream.resumable) this.#endpoint.release(stream)
    })
    return stream
  }

  listen(): Listener {
    if (this.#endpoint.full) throw new RpcProblem(code.internal, 'Too many streams are open. Try again later')
    const stream = this.#open()
    const listener: Listener = {
      send: (message) => { this.send(message) },
      end: (message) => {
        this.send(message)
        this.#end()
      },
    }
    this.#reply.onGone(() => {
      this.#endpoint.unlisten(listener)
      this.#endpoint.release(stream)
    })
    return listener
  }

  finish(answer: Answer | null): void {
    if (answer === null) return
    if (this.#endpoint.watched && answer.silent !== true) this.#endpoint.heard(this.#peer.caller, whole(answer))
    if (this.#stream === null && !this.#onlyEvents) {
      const headers = answer.agreed === undefined ? this.#headers : { ...this.#headers, 'mcp-session-id': this.#endpoint.agree(this.#peer.caller, answer.agreed) }
      const shared = answer.head !== null && answer.text.length < longestEnd / 3 && acceptsGzip(this.#encodings) ? begun(answer.head) : null
      if (shared === null) this.#reply.answer(answer.status, headers, answer.head, answer.text)
      else this.#reply.answer(answer.status, { ...headers, 'content-encoding': 'gzip', vary: 'origin, accept-encoding' }, shared.bytes, ended(shared, answer.text))
      return
    }
    const stream = this.#open()
    if (answer.silent !== true) stream.send(whole(answer))
    this.#end()
  }

  finishBatch(texts: readonly string[]): void {
    if (this.#endpoint.watched) for (const text of texts) this.#endpoint.heard(this.#peer.caller, text)
    if (this.#stream === null) return this.#reply.answer(200, this.#headers, null, `[${texts.join(',')}]`)
    for (const text of texts) this.#stream.send(text)
    this.#end()
  }

  #end(): void {
    if (this.#stream === null) return
    this.#stream.end()
    this.#endpoint.release(this.#stream)
  }
}

const streamHeaders = (headers: Headers): Headers => ({ ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })

const whole = ({ head, text }: Answer): string => (head === null ? text : `${Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8')}${text}`)

/** What a client says that asks for no answer. */
export function hear(message: Notification | RpcResponse, peer: Peer): void {
  const { session } = peer
  if (session === null) return
  if (message.kind === 'response') {
    const asked = session.asked.get(message.id)
    if (message.result !== null) asked?.resolve(message.result)
    else asked?.reject(new RpcProblem(code.internal, 'The client refused to answer'))
  } else if (message.method === 'notifications/cancelled') {
    const id = message.params['requestId']
    if (typeof id === 'string' || typeof id === 'number') session.calls.get(id)?.cancel()
  }
}

/** What a modern request says about itself, checked: its client's capabilities. `header` is null where there are none (stdio). Throws RpcProblem. */
export function readModern(message: RpcRequest, header: ((name: string) => string | undefined) | null, dispatch: Dispatch): JsonObject {
  const { method, params } = message
  const about = params['_meta']
  const version = isObject(about) ? about[meta.version] : undefined
  const capabilities = isObject(about) ? about[meta.capabilities] : undefined
  if (typeof version !== 'string') throw new RpcProblem(code.invalidParams, `_meta must have ${meta.version}`)
  if (header !== null) match('MCP-Protocol-Version', header('mcp-protocol-version'), version)
  if (version !== modern) throw new RpcProblem(code.unsupportedVersion, 'Unsupported protocol version', { supported: [modern], requested: version })
  if (!isObject(capabilities)) throw new RpcProblem(code.invalidParams, `_meta must have ${meta.capabilities}`)
  if (header === null) return capabilities
  match('Mcp-Method', header('mcp-method'), method)
  const subject = method === 'resources/read' ? params['uri'] : method === 'tools/call' || method === 'prompts/get' ? params['name'] : method === 'tasks/get' || method === 'tasks/update' || method === 'tasks/cancel' ? params['taskId'] : undefined
  if (typeof subject === 'string') match('Mcp-Name', decoded('Mcp-Name', header('mcp-name')), subject)
  const mirrored = method === 'tools/call' && typeof subject === 'string' ? dispatch.lists.mirrored(subject) : undefined
  for (const { header: name, path } of mirrored ?? []) {
    let value: Json | undefined = params['arguments']
    for (const step of path) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
    const shown = decoded(name, header(name))
    if (value === undefined || value === null) {
      if (shown !== undefined) throw mismatch(name)
    } else if (typeof value === 'number' ? shown === undefined || shown.trim() === '' || Number(shown) !== value : shown !== (typeof value === 'string' ? value : JSON.stringify(value))) throw mismatch(name)
  }
  return capabilities
}

const mismatch = (name: string) => new RpcProblem(code.headerMismatch, `Header mismatch: ${name} does not say what the body says`)

function match(name: string, shown: string | undefined, said: string): void {
  if (shown === undefined) throw new RpcProblem(code.headerMismatch, `Header mismatch: ${name} is missing`)
  if (shown !== said && shown.trim() !== said) throw mismatch(name)
}

/** A header's value: as it is, or in base64 as =?base64?...?= (2026-07-28, "Value Encoding"). */
function decoded(name: string, value: string | undefined): string | undefined {
  const plain = value?.trim()
  if (plain === undefined || !plain.startsWith('=?base64?') || !plain.endsWith('?=') || plain.length < 11) return plain
  const text = plain.slice(9, -2)
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new RpcProblem(code.headerMismatch, `Header mismatch: ${name} is no base64`)
  return bytes.toString('utf8')
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}

function refuse(reply: HttpReply, status: number, headers: Headers, message: string, which: number = code.invalidRequest): void {
  reply.answer(status, headers, null, errorText(undefined, new RpcProblem(which, message)))
}

