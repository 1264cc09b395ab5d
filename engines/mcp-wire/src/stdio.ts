// Newline-delimited JSON-RPC on two streams. Invariant: what is written is one message a line; a reader that does not read stops the reading of requests.
// Defended by stdio.integration.test.ts.
import type { Channel, Peer } from './call.ts'
import type { Caller } from './catalogue.ts'
import type { Dispatch, Listener } from './dispatch.ts'
import { hear, readModern } from './http.ts'
import { errorText, isObject, readMessages } from './message.ts'
import type { Message, Request } from './message.ts'
import type { JsonObject } from './model.ts'
import type { RpcProblem } from './problem.ts'
import type { McpServerOptions, StdioOutput } from './server.ts'
import { Session } from './session.ts'
import { hasBatches, meta, modern, withHandshake } from './versions.ts'

const caller: Caller = { id: 'stdio' }
const longestLine = 4 << 20
/** Milliseconds after the end of the input for what is still being answered. */
const grace = 1000

export class Stdio {
  readonly #options: McpServerOptions
  readonly #dispatch: Dispatch
  readonly #output: StdioOutput
  readonly session = new Session('stdio', caller.id, withHandshake[0] as string, {})
  readonly #listening = new Map<string | number, Listener>()
  #full: Promise<void> | null = null
  readonly #running = new Set<Promise<void>>()
  /** The client speaks a revision with a handshake and has made it. */
  shaken = false

  constructor(options: McpServerOptions, dispatch: Dispatch, output: StdioOutput) {
    this.#options = options
    this.#dispatch = dispatch
    this.#output = output
  }

  async serve(input: AsyncIterable<Uint8Array | string>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of input) {
      const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.trim() !== '') this.#line(line)
        if (this.#full !== null) await this.#full
      }
      if (rest.length > longestLine) {
        this.write(errorText(undefined, { code: -32700, message: `A message is at most ${longestLine} characters` } as RpcProblem))
        break
      }
    }
    if (rest.trim() !== '' && rest.length <= longestLine) this.#line(rest)
    for (const listener of this.#listening.values()) this.#dispatch.listeners.delete(listener)
    // What was asked in a pipe is answered; who takes longer than that has nobody to tell.
    let timer: ReturnType<typeof setTimeout> | undefined
    await Promise.race([Promise.allSettled(this.#running), new Promise((resolve) => { timer = setTimeout(resolve, grace) })])
    clearTimeout(timer)
    this.session.end()
  }

  write(text: string): void {
    if (this.#options.onMessage !== undefined) this.#options.onMessage({ direction: 'out', caller, message: JSON.parse(text) as JsonObject })
    if (this.#output.write(`${text}\n`) || this.#full !== null) return
    this.#full = new Promise((resolve) => {
      this.#output.once('drain', () => {
        this.#full = null
        resolve()
      })
    })
  }

  #line(line: string): void {
    let messages: Message | readonly Message[]
    try {
      messages = readMessages(line)
    } catch (error) {
      return this.write(errorText(undefined, error as RpcProblem))
    }
    if (!Array.isArray(messages)) return this.#message(messages as Message)
    if (hasBatches(this.session.version)) for (const message of messages as readonly Message[]) this.#message(message)
    else this.write('{"jsonrpc":"2.0","error":{"code":-32600,"message":"This revision has no batches"}}')
  }

  #message(message: Message): void {
    if (this.#options.onMessage !== undefined) this.#options.onMessage({ direction: 'in', caller, message: message as unknown as JsonObject })
    if (message.kind === 'malformed') return this.write(errorText(message.id, message.problem))
    if (message.kind !== 'request') {
      const id = message.kind === 'notification' && message.method === 'notifications/cancelled' ? message.params['requestId'] : undefined
      const listener = typeof id === 'string' || typeof id === 'number' ? this.#listening.get(id) : undefined
      if (listener !== undefined) this.#dispatch.listeners.delete(listener)
      return hear(message, this.#peer(false, this.session.capabilities))
    }
    const running = this.#request(message).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #peer(now: boolean, capabilities: JsonObject): Peer {
    return { caller, version: now ? modern : this.session.version, modern: now, capabilities, session: this.session }
  }

  async #request(message: Request): Promise<void> {
    const about = message.params['_meta']
    const now = message.method === 'server/discover' || (isObject(about) && about[meta.version] !== undefined)
    let peer: Peer
    try {
      peer = this.#peer(now, now ? readModern(message, null, this.#dispatch) : this.session.capabilities)
    } catch (error) {
      return this.write(errorText(message.id, error as RpcProblem))
    }
    const channel: Channel = { send: (text) => { this.write(text) }, reconnect: () => {}, onGone: () => {} }
    const answer = await this.#dispatch.answer(message, peer, channel, () => this.#listen(message.id))
    if (answer === null || answer.silent === true) return
    if (answer.agreed !== undefined) {
      this.shaken = true
      this.session.version = answer.agreed.version
      this.session.capabilities = answer.agreed.capabilities
    }
    this.write(answer.head === null ? answer.text : `${Buffer.from(answer.head).toString('utf8')}${answer.text}`)
  }

  #listen(id: string | number): Listener {
    const listener: Listener = { send: (text) => { this.write(text) }, end: (text) => { this.write(text) } }
    this.#listening.set(id, listener)
    return listener
  }
}
