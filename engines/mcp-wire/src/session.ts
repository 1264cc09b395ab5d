// Sessions of the revisions with a handshake. An id is a sealed text that says all that was agreed, so that opening one keeps nothing, any process with the
// same key knows it, and thousands that connect again at once cost nothing; what a session does later (streams, subscriptions, a log level) is kept here.
// Invariant: an id is of use only to the caller it was given to, and of no use once ended. Defended by server.test.ts.
import { randomBytes } from 'node:crypto'
import type { Caller, LogLevel } from './catalogue.ts'
import type { EventStream } from './event-stream.ts'
import type { Json, JsonObject } from './model.ts'
import type { RequestId } from './message.ts'
import type { Seal } from './seal.ts'

const lifetime = 30 * 86_400_000
const mostIdle = 10_000
const mostStreams = 32

export class Session {
  readonly id: string
  readonly callerId: string
  version: string
  capabilities: JsonObject
  level: LogLevel = 'info'
  readonly subscriptions = new Set<string>()
  /** Requests to the client that are not answered yet. */
  readonly asked = new Map<RequestId, { resolve(result: JsonObject): void; reject(error: unknown): void }>()
  /** Calls in flight, by the client's ids. */
  readonly calls = new Map<RequestId, { cancel(): void }>()
  /** What has nothing to do with a request goes here. */
  outlet: EventStream | null = null
  /** Streams that the client may come back to, by name. */
  readonly streams = new Map<string, EventStream>()
  #count = 0

  constructor(id: string, callerId: string, version: string, capabilities: JsonObject) {
    this.id = id
    this.callerId = callerId
    this.version = version
    this.capabilities = capabilities
  }

  /** A number that is used once, for requests to the client and for streams. */
  next(): number {
    this.#count += 1
    return this.#count
  }

  get idle(): boolean {
    return this.outlet?.open !== true && this.asked.size === 0 && this.calls.size === 0
  }

  keep(name: string, stream: EventStream): void {
    this.streams.set(name, stream)
    if (this.streams.size <= mostStreams) return
    const oldest = this.streams.entries().find(([, { ended }]) => ended) ?? this.streams.entries().next().value
    if (oldest === undefined) return
    this.streams.delete(oldest[0])
    oldest[1].forget()
  }

  end(): void {
    this.outlet?.end()
    for (const call of this.calls.values()) call.cancel()
    for (const stream of this.streams.values()) {
      stream.end()
      stream.forget()
    }
    this.streams.clear()
    this.outlet = null
  }
}

/** What a client said it can do, as far as a server makes use of it. */
export function readCapabilities(given: Json | undefined): JsonObject {
  const of = (name: string): JsonObject | undefined => {
    const value = (given as JsonObject | undefined)?.[name]
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined
  }
  const elicitation = of('elicitation')
  return {
    ...(of('roots') && { roots: {} }),
    ...(of('sampling') && { sampling: {} }),
    ...(elicitation && { elicitation: { ...(elicitation['form'] !== undefined && { form: {} }), ...(elicitation['url'] !== undefined && { url: {} }) } }),
  }
}

export class Sessions {
  readonly #seal: Seal
  readonly #known = new Map<string, Session>()
  readonly #ended = new Set<string>()

  constructor(seal: Seal) {
    this.#seal = seal
  }

  get size(): number {
    return this.#known.size
  }

  /** The id of a new session. */
  open(caller: Caller, version: string, capabilities: JsonObject): string {
    return this.#seal.close([version, capabilities, randomBytes(12).toString('base64url')], `session ${caller.id}`, lifetime)
  }

  find(id: string, caller: Caller): Session | null {
    const known = this.#known.get(id)
    if (known !== undefined) return known.callerId === caller.id ? known : null
    if (id.length > 1000 || this.#ended.has(id)) return null
    const agreed = this.#seal.open(id, `session ${caller.id}`) as readonly [string, JsonObject] | undefined
    if (agreed === undefined) return null
    const session = new Session(id, caller.id, agreed[0], agreed[1])
    this.#known.set(id, session)
    if (this.#known.size > mostIdle) this.#forget()
    return session
  }

  end(session: Session): void {
    session.end()
    this.#known.delete(session.id)
    this.#ended.add(session.id)
    if (this.#ended.size > mostIdle) this.#ended.delete(this.#ended.values().next().value as string)
  }

  all(): Iterable<Session> {
    return this.#known.values()
  }

  // The longest known that does nothing at the moment: what it had set, it says again.
  #forget(): void {
    const idle = this.#known.values().find((session) => session.idle)
    if (idle === undefined) return
    idle.end()
    this.#known.delete(idle.id)
  }
}
