// What each method of the protocol does, whatever it came on. Invariant: every request gets exactly one answer with its id; nothing that a catalogue throws
// leaves as text unless it is a RpcProblem. Defended by server.test.ts.
import { Call, isLevel, readResponses } from './call.ts'
import type { Channel, Peer } from './call.ts'
import type { CompletionRequest } from './catalogue.ts'
import { Lists } from './lists.ts'
import { errorText, isObject, notificationText } from './message.ts'
import type { Request, RequestId } from './message.ts'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'
import type { Seal } from './seal.ts'
import { readCapabilities } from './session.ts'
import type { McpServerOptions } from './server.ts'
import type { Task } from './tasks.ts'
import { Tasks } from './tasks.ts'
import { meta, modern, withHandshake } from './versions.ts'

/** An answer's text is head and text together. */
export type Answer = {
  /** Of HTTP. */
  readonly status: number
  /** Shared by everybody who asks the same. */
  readonly head: Uint8Array | null
  readonly text: string
  /** A handshake that was agreed: what the session begins with. */
  readonly agreed?: { readonly version: string; readonly capabilities: JsonObject }
  /** A call that the client asked to cancel is not answered. */
  readonly silent?: boolean
}

/** A client that listens for changes. */
export interface Listener {
  send(message: string): void
  /** The answer to subscriptions/listen: the subscription is over. */
  end(message: string): void
}

type Filter = { readonly tools: boolean; readonly prompts: boolean; readonly resources: boolean; readonly uris: ReadonlySet<string>; readonly tasks: ReadonlySet<string> }

export class Dispatch {
  readonly #options: McpServerOptions
  readonly #seal: Seal
  readonly tasks: Tasks
  readonly calls = new Set<Call>()
  readonly listeners = new Map<Listener, { readonly id: RequestId; readonly filter: Filter; readonly callerId: string }>()
  #lists: Lists
  readonly #serverInfo: JsonObject
  /** The end of a modern answer's list, up to the id. */
  readonly #modernTail: string
  readonly #modernHead: string

  constructor(options: McpServerOptions, seal: Seal) {
    this.#options = options
    this.#seal = seal
    const { name, version, title, description, websiteUrl } = options
    this.#serverInfo = { name, version, ...(title !== undefined && { title }), ...(description !== undefined && { description }), ...(websiteUrl !== undefined && { websiteUrl }) }
    const info = JSON.stringify({ [meta.serverInfo]: this.#serverInfo })
    this.#modernHead = `{"resultType":"complete","_meta":${info}`
    this.#modernTail = `,"resultType":"complete","_meta":${info},"ttlMs":${options.listTtl ?? 60_000},"cacheScope":`
    this.tasks = new Tasks(options.clock, (task) => { this.#taskChanged(task) })
    this.#lists = new Lists(options.catalogue)
  }

  get lists(): Lists {
    return this.#lists
  }

  /** The lists that are not what they were. */
  swap(lists: Lists): readonly ('tools' | 'prompts' | 'resources')[] {
    const before = this.#lists
    this.#lists = lists
    const changed: ('tools' | 'prompts' | 'resources')[] = []
    if (!same(before.tools, lists.tools)) changed.push('tools')
    if (!same(before.prompts, lists.prompts)) changed.push('prompts')
    if (!same(before.resources, lists.resources) || !same(before.templates, lists.templates)) changed.push('resources')
    for (const what of changed) this.#tell(`notifications/${what}/list_changed`, {}, (filter) => filter[what])
    return changed
  }

  resourceUpdated(uri: string): void {
    this.#tell('notifications/resources/updated', { uri }, (filter) => filter.uris.has(uri))
  }

  #taskChanged(task: Task): void {
    for (const [listener, { id, filter, callerId }] of this.listeners) {
      if (callerId === task.callerId && filter.tasks.has(task.id)) listener.send(notificationText('notifications/tasks', { ...task.detail(), _meta: { [meta.subscription]: id } }))
    }
  }

  #tell(method: string, params: JsonObject, wants: (filter: Filter) => boolean): void {
    for (const [listener, { id, filter }] of this.listeners) if (wants(filter)) listener.send(notificationText(method, { ...params, _meta: { [meta.subscription]: id } }))
  }

  /** Answers a request; `listen` opens a way that stays, for subscriptions/listen (null is answered then: the answer comes when the subscription ends). */
  answer(request: Request, peer: Peer, channel: Channel, listen: () => Listener): Answer | null | Promise<Answer | null> {
    try {
      switch (request.method) {
        case 'tools/list': return this.#list(request, peer, this.#lists.toolsFor(peer.caller), this.#lists.catalogue.view === undefined && this.#options.authenticate === undefined)
        case 'tools/call': return this.#callTool(request, peer, channel)
        case 'resources/list': return this.#list(request, peer, this.#resources() && this.#lists.resources, this.#options.authenticate === undefined)
        case 'resources/templates/list': return this.#list(request, peer, this.#resources() && this.#lists.templates, this.#options.authenticate === undefined)
        case 'prompts/list': return this.#list(request, peer, this.#prompts() && this.#lists.prompts, this.#options.authenticate === undefined)
        case 'resources/read': return this.#readResource(request, peer, channel)
        case 'prompts/get': return this.#getPrompt(request, peer, channel)
        case 'completion/complete': return this.#complete(request, peer, channel)
        default: return peer.modern ? this.#modernMethod(request, peer, listen) : this.#handshakeMethod(request, peer)
      }
    } catch (error) {
      return this.refused(request.id, error, peer)
    }
  }

  /** The answer for whatever was thrown. */
  refused(id: RequestId | undefined, error: unknown, peer: Pick<Peer, 'modern'> | null): Answer {
    const problem = this.#told(error)
    const before = problem.code === code.missingCapability || problem.code === code.headerMismatch || problem.code === code.unsupportedVersion
    return { status: peer?.modern !== true ? 200 : before ? 400 : problem.code === code.methodNotFound ? 404 : 200, head: null, text: errorText(id, problem) }
  }

  /** What the client is told of whatever was thrown. */
  #told(error: unknown): RpcProblem {
    if (error instanceof RpcProblem) return error
    this.#options.onError?.(error)
    return new RpcProblem(code.internal, 'The server failed to answer')
  }

  #resources() {
    const { resources } = this.#lists.catalogue
    if (resources === undefined) throw unknownMethod('resources')
    return resources
  }

  #prompts() {
    const { prompts } = this.#lists.catalogue
    if (prompts === undefined) throw unknownMethod('prompts')
    return prompts
  }

  #list({ id, params }: Request, peer: Peer, head: Uint8Array, same: boolean): Answer {
    if (params['cursor'] !== undefined) throw new RpcProblem(code.invalidParams, 'There is no such page: the list comes whole')
    const tail = peer.modern ? `${this.#modernTail}${same ? '"public"' : '"private"'}` : ''
    return { status: 200, head, text: `${tail}},"id":${typeof id === 'number' ? id : JSON.stringify(id)}}` }
  }

  #result(id: RequestId, result: JsonObject, peer: Peer): Answer {
    const key = typeof id === 'number' ? String(id) : JSON.stringify(id)
    if (!peer.modern) return { status: 200, head: null, text: `{"jsonrpc":"2.0","id":${key},"result":${JSON.stringify(result)}}` }
    if (result['_meta'] !== undefined || result['resultType'] !== undefined) {
      const whole = { resultType: 'complete', ...result, _meta: { [meta.serverInfo]: this.#serverInfo, ...(result['_meta'] as JsonObject | undefined) } }
      return { status: 200, head: null, text: `{"jsonrpc":"2.0","id":${key},"result":${JSON.stringify(whole)}}` }
    }
    const text = JSON.stringify(result)
    return { status: 200, head: null, text: `{"jsonrpc":"2.0","id":${key},"result":${this.#modernHead}${text === '{}' ? '' : ','}${text.slice(1)}}` }
  }

  /** Runs what a catalogue does for a request, and whatever may come of it: a result, a question to the client, a task, a problem. */
  #run(request: Request, peer: Peer, channel: Channel, mayBeTask: boolean, work: (call: Call) => Promise<object>): Promise<Answer> {
    const call = new Call(request, peer, channel, this.#seal, this.tasks)
    const { session } = peer
    this.calls.add(call)
    session?.calls.set(request.id, call)
    // Up to 2025-11-25 a connection that breaks cancels nothing.
    if (peer.modern) channel.onGone(() => { if (call.background === null && this.calls.has(call)) call.cancel() })
    if (!mayBeTask || !call.takesTasks) return this.#settled(call, request, peer, work)
    return new Promise((resolve) => {
      call.onTask = (task) => { resolve(this.#result(request.id, { resultType: 'task', ...task.head() }, peer)) }
      void this.#settled(call, request, peer, work).then(resolve)
    })
  }

  // Awaited and not given to listeners: what a closure over the call keeps outlives many calls, and what collects it takes a tenth of the time of all of them.
  async #settled(call: Call, request: Request, peer: Peer, work: (call: Call) => Promise<object>): Promise<Answer> {
    let given: JsonObject | null = null
    let failure: unknown
    try {
      given = await work(call) as JsonObject
    } catch (error) {
      failure = error
    }
    this.calls.delete(call)
    peer.session?.calls.delete(request.id)
    let answer: Answer
    try {
      answer = given === null ? this.#failed(call, request, peer, failure) : this.#done(call, request, peer, given)
    } catch (error) {
      answer = this.refused(request.id, error, peer)
    }
    return call.cancelled ? { ...answer, silent: true } : answer
  }

  #done(call: Call, request: Request, peer: Peer, result: JsonObject): Answer {
    if (call.background !== null) call.background.finish(result)
    const asks = call.inputRequired()
    return asks === null ? this.#result(request.id, result, peer) : this.#result(request.id, { resultType: 'input_required', ...asks }, peer)
  }

  #failed(call: Call, request: Request, peer: Peer, error: unknown): Answer {
    const asks = call.inputRequired()
    if (asks !== null) return this.#result(request.id, { resultType: 'input_required', ...asks }, peer)
    if (call.background === null) return this.refused(request.id, error, peer)
    const problem = this.#told(error)
    call.background.fail(problem)
    return this.refused(request.id, problem, peer)
  }

  #callTool(request: Request, peer: Peer, channel: Channel): Promise<Answer> {
    const lists = this.#lists
    const { name, arguments: args } = request.params
    if (typeof name !== 'string' || !lists.has(name, peer.caller)) throw new RpcProblem(code.invalidParams, `There is no tool ${typeof name === 'string' ? name.slice(0, 128) : ''}. tools/list shows those there are`)
    if (args !== undefined && !isObject(args)) throw new RpcProblem(code.invalidParams, 'arguments must be an object')
    return this.#run(request, peer, channel, true, (call) => lists.catalogue.call(name, args ?? {}, call))
  }

  #readResource(request: Request, peer: Peer, channel: Channel): Promise<Answer> {
    const resources = this.#resources()
    const { uri } = request.params
    if (typeof uri !== 'string') throw new RpcProblem(code.invalidParams, 'uri must be a text')
    return this.#run(request, peer, channel, false, async (call) => {
      const contents = await resources.read(uri, call)
      if (contents === null) throw new RpcProblem(peer.modern ? code.invalidParams : code.resourceNotFound, 'Resource not found', { uri })
      return { contents: contents as unknown as Json, ...(peer.modern && { ttlMs: 0, cacheScope: 'private' }) }
    })
  }

  #getPrompt(request: Request, peer: Peer, channel: Channel): Promise<Answer> {
    const prompts = this.#prompts()
    const { name, arguments: args } = request.params
    const prompt = prompts.list.find((each) => each.name === name)
    if (prompt === undefined) throw new RpcProblem(code.invalidParams, 'There is no such prompt. prompts/list shows those there are')
    const given = texts(args, 'arguments')
    for (const { name: wanted, required } of prompt.arguments ?? []) {
      if (required === true && given[wanted] === undefined) throw new RpcProblem(code.invalidParams, `The prompt needs the argument ${wanted}`)
    }
    return this.#run(request, peer, channel, false, (call) => prompts.get(prompt.name, given, call))
  }

  #complete(request: Request, peer: Peer, channel: Channel): Promise<Answer> {
    const { catalogue } = this.#lists
    if (catalogue.complete === undefined) throw unknownMethod('completion')
    const { ref, argument, context } = request.params
    const known = isObject(ref) && ((ref['type'] === 'ref/prompt' && typeof ref['name'] === 'string') || (ref['type'] === 'ref/resource' && typeof ref['uri'] === 'string'))
    if (!known || !isObject(argument) || typeof argument['name'] !== 'string' || typeof argument['value'] !== 'string') throw new RpcProblem(code.invalidParams, 'ref names a prompt or a resource template, argument has a name and a value')
    const asked: CompletionRequest = {
      ref: ref as unknown as CompletionRequest['ref'],
      argument: { name: argument['name'], value: argument['value'] },
      chosen: texts(isObject(context) ? context['arguments'] : undefined, 'context.arguments'),
    }
    return this.#run(request, peer, channel, false, async (call) => {
      const { values, total, hasMore } = (await catalogue.complete?.(asked, call)) ?? { values: [] }
      return { completion: { values: values.slice(0, 100), total: total ?? values.length, hasMore: hasMore ?? values.length > 100 } }
    })
  }

  #modernMethod(request: Request, peer: Peer, listen: () => Listener): Answer | null {
    const { id, method, params } = request
    switch (method) {
      case 'server/discover': {
        const { instructions } = this.#options
        return this.#result(id, { supportedVersions: [modern], capabilities: this.#capabilities(true), ...(instructions !== undefined && { instructions }), ttlMs: 0, cacheScope: 'private' }, peer)
      }
      case 'subscriptions/listen': {
        const filter = this.#filter(params['notifications'])
        const listener = listen()
        this.listeners.set(listener, { id, filter: filter.kept, callerId: peer.caller.id })
        listener.send(notificationText('notifications/subscriptions/acknowledged', { notifications: filter.shown, _meta: { [meta.subscription]: id } }))
        return null
      }
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel': {
        const { extensions } = peer.capabilities
        if (!isObject(extensions) || !isObject(extensions[meta.tasks])) {
          throw new RpcProblem(code.missingCapability, 'The client has not declared the tasks extension', { requiredCapabilities: { extensions: { [meta.tasks]: {} } } })
        }
        const task = this.tasks.get(params['taskId'], peer.caller)
        if (method === 'tasks/get') return this.#result(id, task.detail(), peer)
        if (method === 'tasks/cancel') task.cancel()
        else task.give(readResponses(params['inputResponses']))
        return this.#result(id, {}, peer)
      }
      default: throw unknownMethod(method)
    }
  }

  #handshakeMethod(request: Request, peer: Peer): Answer {
    const { id, method, params } = request
    const { session } = peer
    switch (method) {
      case 'initialize': {
        const asked = params['protocolVersion']
        if (typeof asked !== 'string') throw new RpcProblem(code.invalidParams, 'protocolVersion must be a text')
        const version = withHandshake.includes(asked) ? asked : (withHandshake[0] as string)
        const { instructions } = this.#options
        const result = { protocolVersion: version, capabilities: this.#capabilities(false), serverInfo: this.#serverInfo, ...(instructions !== undefined && { instructions }) }
        return { ...this.#result(id, result, peer), agreed: { version, capabilities: readCapabilities(params['capabilities']) } }
      }
      case 'ping': return this.#result(id, {}, peer)
      case 'logging/setLevel': {
        if (!isLevel(params['level'])) throw new RpcProblem(code.invalidParams, 'level must be one of debug, info, notice, warning, error, critical, alert, emergency')
        if (session !== null) session.level = params['level']
        return this.#result(id, {}, peer)
      }
      case 'resources/subscribe':
      case 'resources/unsubscribe': {
        this.#resources()
        const { uri } = params
        if (typeof uri !== 'string') throw new RpcProblem(code.invalidParams, 'uri must be a text')
        if (method === 'resources/unsubscribe') session?.subscriptions.delete(uri)
        else if (session !== null) {
          if (session.subscriptions.size >= mostSubscriptions) throw new RpcProblem(code.invalidParams, `More than ${mostSubscriptions} subscriptions`)
          session.subscriptions.add(uri)
        }
        return this.#result(id, {}, peer)
      }
      default: throw unknownMethod(method)
    }
  }

  #capabilities(now: boolean): JsonObject {
    const { resources, prompts, complete } = this.#lists.catalogue
    return {
      tools: { listChanged: true },
      ...(resources && { resources: { listChanged: true, subscribe: true } }),
      ...(prompts && { prompts: { listChanged: true } }),
      ...(complete && { completions: {} }),
      logging: {},
      ...(now && { extensions: { [meta.tasks]: {} } }),
    }
  }

  #filter(given: Json | undefined): { readonly kept: Filter; readonly shown: JsonObject } {
    if (!isObject(given)) throw new RpcProblem(code.invalidParams, 'notifications says what to listen for')
    const { resources, prompts } = this.#lists.catalogue
    const names = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? (value as readonly Json[]).filter((each) => typeof each === 'string') : [])
    const uris = resources === undefined ? [] : names(given['resourceSubscriptions'])
    const tasks = names(given['taskIds'])
    if (uris.length + tasks.length > mostSubscriptions) throw new RpcProblem(code.invalidParams, `More than ${mostSubscriptions} subscriptions`)
    const kept = {
      tools: given['toolsListChanged'] === true,
      prompts: given['promptsListChanged'] === true && prompts !== undefined,
      resources: given['resourcesListChanged'] === true && resources !== undefined,
      uris: new Set(uris),
      tasks: new Set(tasks),
    }
    const shown = {
      ...(kept.tools && { toolsListChanged: true }),
      ...(kept.prompts && { promptsListChanged: true }),
      ...(kept.resources && { resourcesListChanged: true }),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
      ...(tasks.length > 0 && { taskIds: tasks }),
    }
    return { kept, shown }
  }

  /** Ends a subscription in order. */
  endListener(listener: Listener): void {
    const subscription = this.listeners.get(listener)
    if (subscription === undefined) return
    this.listeners.delete(listener)
    const result = { resultType: 'complete', _meta: { [meta.serverInfo]: this.#serverInfo, [meta.subscription]: subscription.id } }
    listener.end(JSON.stringify({ jsonrpc: '2.0', id: subscription.id, result }))
  }
}

const mostSubscriptions = 1000

const unknownMethod = (method: string) => new RpcProblem(code.methodNotFound, `Method not found: ${method.slice(0, 128)}`)

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0

function texts(value: Json | undefined, what: string): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (!isObject(value) || !Object.values(value).every((each) => typeof each === 'string')) throw new RpcProblem(code.invalidParams, `${what} must be an object of texts`)
  return value as Record<string, string>
}
