// What a server offers, as whoever offers it says it. One catalogue is immutable: a change is a new catalogue, and swap() puts it in force. Types only.
import type { CallToolResult, ContentBlock, Json, JsonObject, ResourceContents, ToolDefinition } from './model.ts'

/** Who is asking. Given to fetch() by the host, or found by `authenticate`. */
export type Caller = {
  /** Stable: what one caller is told to keep (request state, tasks, sessions) is of no use to another. */
  readonly id: string
  /** What the host knows of it (tenant, roles, scopes). Never sent, never looked into here. */
  readonly claims?: unknown
}

/** A tool whose definition was serialised elsewhere (in a worker, at build time): `json` is the text of one ToolDefinition and is sent as it is. */
export type SerialisedTool = { readonly name: string; readonly json: string }

export interface Catalogue {
  /** In the order in which they are listed; names are unique. Serialised once, when the catalogue is put in force. */
  readonly tools: readonly (ToolDefinition | SerialisedTool)[]
  /**
   * The part of the tools that this caller sees and may call; absent: all of them. A tool that is not seen does not exist for that caller.
   * Callers with the same `key` see the same tools, and lists are kept by key.
   */
  view?(caller: Caller): { readonly key: string; sees(tool: string): boolean }
  /**
   * Runs a tool that is listed. `args` is as the client sent it: an object, otherwise unchecked. What the model can do something about is a result with
   * isError; a RpcProblem becomes an error of the protocol; anything else thrown becomes -32603 and its text stays here.
   */
  call(tool: string, args: JsonObject, context: CallContext): Promise<CallToolResult>
  readonly resources?: Resources
  readonly prompts?: Prompts
  /** Values for an argument of a prompt or a variable of a resource template, best first. At most 100 are sent. */
  complete?(request: CompletionRequest, context: CallContext): Promise<{ readonly values: readonly string[]; readonly total?: number; readonly hasMore?: boolean }>
}

/** One request, seen by whoever answers it. Everything here is the same in every revision of the protocol and on every transport. */
export interface CallContext {
  readonly caller: Caller
  /** Aborted when the client cancels, goes away, or the server closes. */
  readonly signal: AbortSignal
  readonly requestId: string | number
  /** '2026-07-28', '2025-11-25', ... */
  readonly protocolVersion: string
  /** params._meta of the request (W3C trace context among it). */
  readonly meta: JsonObject
  /** Sent if the client asked for it; `progress` must grow. Costs nothing otherwise. */
  progress(progress: number, total?: number, message?: string): void
  /** Sent if the client wants messages of this level. */
  log(level: LogLevel, data: Json, logger?: string): void
  /** Whether the client can answer such a request. */
  can(method: InputRequest['method']): boolean
  /**
   * Asks the client (its user, its model) and gives its answers under the same names. Revisions before 2026-07-28 send the requests and wait. From then on
   * the call ENDS here and is made again with the answers: call() runs again from its beginning, and ask() then returns at once. So do nothing that cannot
   * be done twice before asking, and ask for the same under the same names. Rejects with RpcProblem -32021 when the client cannot answer such a request.
   */
  ask(requests: Readonly<Record<string, InputRequest>>): Promise<Readonly<Record<string, JsonObject>>>
  /**
   * From here on the call goes on in the background where the client can do with that (extension io.modelcontextprotocol/tasks): the client is given a task
   * at once and fetches the result later; ask() then waits in the task. Other clients notice nothing, or are refused with -32021 where a task is `required`.
   */
  task(need: 'optional' | 'required'): void
  /** For long calls behind proxies that cut connections: ends the connection, not the call, where the client can come back for the answer (2025-11-25 with a session). */
  reconnect(): void
}

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency'

export type InputRequest = { readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'; readonly params?: JsonObject }

export type CompletionRequest = {
  readonly ref: { readonly type: 'ref/prompt'; readonly name: string } | { readonly type: 'ref/resource'; readonly uri: string }
  readonly argument: { readonly name: string; readonly value: string }
  /** Values already chosen for other arguments. */
  readonly chosen: Readonly<Record<string, string>>
}

export type ResourceDefinition = {
  readonly uri: string
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly mimeType?: string
  /** In bytes. */
  readonly size?: number
  readonly annotations?: JsonObject
  readonly _meta?: JsonObject
}

/** `uriTemplate` is RFC 6570. */
export type ResourceTemplate = Omit<ResourceDefinition, 'uri' | 'size'> & { readonly uriTemplate: string }

export interface Resources {
  readonly list: readonly ResourceDefinition[]
  readonly templates?: readonly ResourceTemplate[]
  /** null: there is no such resource. */
  read(uri: string, context: CallContext): Promise<readonly ResourceContents[] | null>
}

export type PromptDefinition = {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly arguments?: readonly { readonly name: string; readonly title?: string; readonly description?: string; readonly required?: boolean }[]
  readonly _meta?: JsonObject
}

export type PromptMessage = { readonly role: 'user' | 'assistant'; readonly content: ContentBlock }

export interface Prompts {
  readonly list: readonly PromptDefinition[]
  get(name: string, args: Readonly<Record<string, string>>, context: CallContext): Promise<{ readonly description?: string; readonly messages: readonly PromptMessage[] }>
}
