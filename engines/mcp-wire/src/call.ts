// One request while it is answered: what a catalogue sees of it. The differences between the revisions end here.
// Invariant: a call that asks is answered by input_required whatever it does afterwards, or waits; what a client sends back is taken only for the same
// request of the same caller. Defended by call.test.ts.
import { createHash } from 'node:crypto'
import type { CallContext, Caller, InputRequest, LogLevel } from './catalogue.ts'
import { isObject, notificationText } from './message.ts'
import type { Request, RequestId } from './message.ts'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'
import type { Seal } from './seal.ts'
import type { Session } from './session.ts'
import type { Task, Tasks } from './tasks.ts'
import { meta } from './versions.ts'

/** Who is at the other end of a request, and what was agreed. */
export type Peer = {
  readonly caller: Caller
  readonly version: string
  /** 2026-07-28 and later: every request says all about itself. */
  readonly modern: boolean
  readonly capabilities: JsonObject
  /** Of the revisions with a handshake. */
  readonly session: Session | null
}

/** The way on which the answer to one request goes, for what comes before it. */
export interface Channel {
  send(message: string): void
  reconnect(): void
  /** Called when the client has gone, at the latest some time after the answer. */
  onGone(listener: () => void): void
}

type Asked = Readonly<Record<string, InputRequest>>
type Given = Readonly<Record<string, JsonObject>>

const levels: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
export const isLevel = (value: unknown): value is LogLevel => levels.includes(value as LogLevel)

const stateLifetime = 24 * 3_600_000
const longestState = 64 << 10
const nothing: Given = {}
const mostAsked = 100
/** Milliseconds that somebody has for an answer, where the connection waits. */
const patience = 3_600_000

/** What ends a call that asks. Nobody but Call looks at it. */
class Suspended extends Error {}

export class Call implements CallContext {
  readonly caller: Caller
  readonly requestId: RequestId
  readonly protocolVersion: string
  readonly meta: JsonObject
  readonly #request: Request
  readonly #peer: Peer
  readonly #channel: Channel
  readonly #seal: Seal
  readonly #tasks: Tasks
  #controller: AbortController | null = null
  #cancelled = false
  /** Answers of earlier rounds and of this one. */
  #given: Given = nothing
  #asked: Record<string, InputRequest> | null = null
  background: Task | null = null
  onTask: ((task: Task) => void) | null = null

  constructor(request: Request, peer: Peer, channel: Channel, seal: Seal, tasks: Tasks) {
    this.caller = peer.caller
    this.requestId = request.id
    this.protocolVersion = peer.version
    const given = request.params['_meta']
    this.meta = isObject(given) ? given : nothing
    this.#request = request
    this.#peer = peer
    this.#channel = channel
    this.#seal = seal
    this.#tasks = tasks
    if (peer.modern) this.#readAnswers()
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#cancelled) this.#controller.abort()
    return this.#controller.signal
  }

  get cancelled(): boolean {
    return this.#cancelled
  }

  cancel(): void {
    this.#cancelled = true
    this.#controller?.abort()
  }

  progress(progress: number, total?: number, message?: string): void {
    const progressToken = this.meta['progressToken']
    if ((typeof progressToken !== 'string' && typeof progressToken !== 'number') || this.background !== null) return
    this.#channel.send(notificationText('notifications/progress', { progressToken, progress, ...(total !== undefined && { total }), ...(message !== undefined && { message }) }))
  }

  log(level: LogLevel, data: Json, logger?: string): void {
    const least = this.#peer.modern ? this.meta[meta.logLevel] : this.#peer.session?.level
    if (!isLevel(least) || levels.indexOf(level) < levels.indexOf(least) || this.background !== null) return
    this.#channel.send(notificationText('notifications/message', { level, data, ...(logger !== undefined && { logger }) }))
  }

  can(method: InputRequest['method'], params?: JsonObject): boolean {
    return missing({ method, ...(params && { params }) }, this.#peer) === null
  }

  async ask(requests: Asked): Promise<Given> {
    for (const request of Object.values(requests)) {
      const requiredCapabilities = missing(request, this.#peer)
      if (requiredCapabilities !== null) throw new RpcProblem(code.missingCapability, `The client cannot answer ${request.method}`, { requiredCapabilities })
    }
    if (this.background !== null) return await this.background.ask(requests).then((given) => checked(given, requests))
    if (!this.#peer.modern) return await this.#askAndWait(requests)
    const names = Object.keys(requests)
    const open = names.filter((name) => !Object.hasOwn(this.#given, name))
    if (open.length === 0) return checked(Object.fromEntries(names.map((name) => [name, this.#given[name] as JsonObject])), requests)
    this.#asked ??= {}
    for (const name of open) this.#asked[name] = requests[name] as InputRequest
    throw new Suspended('The client is asked and makes the call again')
  }

  /** Whether its client can do with a task. */
  get takesTasks(): boolean {
    const extensions = this.#peer.capabilities['extensions']
    return this.#peer.modern && isObject(extensions) && isObject(extensions[meta.tasks])
  }

  task(need: 'optional' | 'required'): void {
    if (this.background !== null) return
    if (this.onTask === null) {
      if (need === 'optional') return
      throw new RpcProblem(code.missingCapability, 'This tool answers by a task, which the client cannot do', { requiredCapabilities: { extensions: { [meta.tasks]: {} } } })
    }
    this.background = this.#tasks.create(this.caller, () => { this.cancel() })
    this.onTask(this.background)
  }

  reconnect(): void {
    this.#channel.reconnect()
  }

  /** The result that asks the client, if the call has asked. */
  inputRequired(): JsonObject | null {
    if (this.#asked === null) return null
    const requestState = this.#seal.close([this.#identity(), this.#given], `state ${this.caller.id}`, stateLifetime)
    if (requestState.length > longestState) throw new RpcProblem(code.internal, 'The call has asked for more than can be kept')
    return { inputRequests: this.#asked as unknown as JsonObject, requestState }
  }

  // What a request state belongs to: the same method with the same parameters.
  #identity(): string {
    const { _meta, inputResponses: _responses, requestState: _state, ...rest } = this.#request.params
    return createHash('sha256').update(this.#request.method).update(JSON.stringify(rest)).digest('base64url')
  }

  #readAnswers(): void {
    const { inputResponses, requestState } = this.#request.params
    if (requestState !== undefined) {
      const state = typeof requestState === 'string' ? (this.#seal.open(requestState, `state ${this.caller.id}`) as readonly [string, Given] | undefined) : undefined
      if (state === undefined || state[0] !== this.#identity()) throw new RpcProblem(code.invalidParams, 'requestState is not from here, not for this request, or too old. Make the call without it')
      this.#given = state[1]
    }
    if (inputResponses !== undefined) this.#given = { ...this.#given, ...readResponses(inputResponses) }
  }

  async #askAndWait(requests: Asked): Promise<Given> {
    const { session } = this.#peer
    if (session === null) throw new RpcProblem(code.missingCapability, 'The client cannot be asked without a session')
    const given = Object.entries(requests).map(async ([name, { method, params }]): Promise<[string, JsonObject]> => {
      const id = `ask-${session.next()}`
      let timer: ReturnType<typeof setTimeout> | undefined
      try {
        const response = await new Promise<JsonObject>((resolve, reject) => {
          if (session.asked.size >= mostAsked) throw new RpcProblem(code.internal, 'The client is asked too much at once')
          session.asked.set(id, { resolve, reject })
          const give = () => { reject(new RpcProblem(code.internal, 'The client was asked and did not answer')) }
          this.signal.addEventListener('abort', give, { once: true })
          this.#channel.onGone(give)
          timer = setTimeout(give, patience)
          timer.unref()
          this.#channel.send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) }))
        })
        return [name, response]
      } finally {
        clearTimeout(timer)
        session.asked.delete(id)
      }
    })
    return checked(Object.fromEntries(await Promise.all(given)), requests)
  }
}

/** inputResponses as the client sent them. */
export function readResponses(value: Json | undefined): Given {
  if (!isObject(value) || !Object.values(value).every(isObject)) throw new RpcProblem(code.invalidParams, 'inputResponses must be an object of objects')
  return value as Given
}

/** The capabilities that answering would need and the client has not declared. */
function missing({ method, params }: InputRequest, { capabilities }: Peer): JsonObject | null {
  if (method === 'sampling/createMessage') return isObject(capabilities['sampling']) ? null : { sampling: {} }
  if (method === 'roots/list') return isObject(capabilities['roots']) ? null : { roots: {} }
  const elicitation = capabilities['elicitation']
  const mode = params?.['mode'] === 'url' ? 'url' : 'form'
  // A client that names no mode means forms.
  if (isObject(elicitation) && (isObject(elicitation[mode]) || (mode === 'form' && !isObject(elicitation['url'])))) return null
  return { elicitation: { [mode]: {} } }
}

function checked(given: Given, requests: Asked): Given {
  for (const [name, { method }] of Object.entries(requests)) {
    const response = given[name] as JsonObject
    const fits = method === 'roots/list' ? Array.isArray(response['roots'])
      : method === 'sampling/createMessage' ? response['content'] !== undefined && typeof response['role'] === 'string'
      : response['action'] === 'decline' || response['action'] === 'cancel' || (response['action'] === 'accept' && (response['content'] === undefined || isObject(response['content'])))
    if (!fits) throw new RpcProblem(code.invalidParams, `The response to ${name} is no result of ${method}`)
  }
  return given
}
