// A server of the Model Context Protocol: the parts of this engine, joined.
import { randomBytes } from 'node:crypto'
import type { Caller, Catalogue } from './catalogue.ts'
import { Dispatch } from './dispatch.ts'
import { HttpEndpoint } from './http.ts'
import { Lists } from './lists.ts'
import { notificationText } from './message.ts'
import type { JsonObject } from './model.ts'
import { serveFetch, serveNode } from './reply.ts'
import { createSeal } from './seal.ts'
import { Sessions } from './session.ts'
import type { Session } from './session.ts'
import { Stdio } from './stdio.ts'

export type McpServerOptions = {
  readonly name: string
  readonly version: string
  readonly title?: string
  readonly description?: string
  readonly websiteUrl?: string
  /** For the model: what this server is good for. */
  readonly instructions?: string
  readonly catalogue: Catalogue
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number }
  /** Names (without port) under which this server may be reached: the defence against DNS rebinding. Default: localhost, 127.0.0.1, [::1]. 'any' where something in front checks. */
  readonly hosts?: readonly string[] | 'any'
  /** Origins ('https://console.example.com') whose pages may call. Default: those of `hosts`, none where that is 'any'. Requests without Origin come from no page and pass. */
  readonly origins?: readonly string[] | 'any'
  /** Who it is, from the request's headers (lower case); null: 401. Not asked when the host hands over a caller. Default: everybody is the caller 'anonymous'. */
  authenticate?(headers: (name: string) => string | undefined): Promise<Caller | null> | Caller | null
  /** RFC 9728: the protected resource's metadata, served at its well-known address and named in WWW-Authenticate with its scopes. */
  readonly resourceMetadata?: { readonly url: string; readonly document: JsonObject }
  /** Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Signs what clients keep for the server (request state, session ids): 32 bytes or more, the same in every process behind one address. Default: drawn at start. */
  readonly key?: Uint8Array
  /** Milliseconds for which clients may keep a list. Default 60,000. */
  readonly listTtl?: number
  /** Hears what was thrown and is not told to the client: by the catalogue, by `authenticate`. */
  readonly onError?: (error: unknown) => void
  /** Everything that is read and written, as parsed messages: for debugging and for logs. Values are not redacted here. */
  readonly onMessage?: (message: { readonly direction: 'in' | 'out'; readonly caller: Caller; readonly message: JsonObject }) => void
}

/** What node's IncomingMessage has, as far as it is used; `body` where a framework has parsed it already. */
export type NodeRequest = {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: unknown
  // eslint-disable-next-line typescript/no-explicit-any -- as node:events has it
  on(event: string, listener: (...args: any[]) => void): unknown
}

/** What node's ServerResponse has, as far as it is used. */
export type NodeResponse = {
  readonly headersSent: boolean
  readonly writableLength: number
  writeHead(status: number, headers: Record<string, string | number>): unknown
  write(chunk: string | Uint8Array): boolean
  end(chunk?: string | Uint8Array): unknown
  cork(): void
  // eslint-disable-next-line typescript/no-explicit-any -- as node:events has it
  on(event: string, listener: (...args: any[]) => void): unknown
  destroy(): unknown
}

/** What process.stdout has, as far as it is used. */
export type StdioOutput = { write(text: string): boolean; once(event: 'drain', listener: () => void): unknown }

export interface McpServer {
  /** One HTTP request to the endpoint, whatever its path. Never rejects. `caller`: who it is, where the host has found out already. Hosts that hand over things of their own (an environment, an address) do no harm. */
  fetch(request: Request, host?: { readonly caller?: Caller }): Promise<Response>
  /** The same for node:http, Express and connect, without the cost of Request and Response: `createServer(server.node)`, `app.use('/mcp', server.node)`. A body that the framework has parsed (request.body) is taken. */
  readonly node: (request: NodeRequest, response: NodeResponse) => void
  /** Newline-delimited JSON-RPC until `input` ends. */
  serveStdio(input: AsyncIterable<Uint8Array | string>, output: StdioOutput): Promise<void>
  /** Puts another catalogue in force, at once and whole. Calls in flight end with the one they began with. Whoever listens is told when a list is not what it was. Throws when two tools have one name. */
  swap(catalogue: Catalogue): void
  /** Tells those who subscribed to this resource that it changed. */
  resourceUpdated(uri: string): void
  /** What is held at the moment. */
  readonly open: { readonly streams: number; readonly listeners: number; readonly calls: number; readonly tasks: number; readonly sessions: number }
  /** Ends streams, aborts calls. */
  close(): void
}

export function createMcpServer(options: McpServerOptions): McpServer {
  const seal = createSeal(options.key ?? randomBytes(32), options.clock)
  const sessions = new Sessions(seal)
  const dispatch = new Dispatch(options, seal)
  const endpoint = new HttpEndpoint(options, dispatch, sessions)
  const pipes = new Set<Stdio>()
  const tellSessions = (method: string, params: JsonObject, wants: (session: Session) => boolean) => {
    const text = notificationText(method, params)
    for (const session of sessions.all()) if (session.outlet !== null && wants(session)) session.outlet.send(text)
    for (const pipe of pipes) if (pipe.shaken && wants(pipe.session)) pipe.write(text)
  }
  return {
    fetch: (request, host) => serveFetch(endpoint, request, host?.caller),
    node: (request, response) => { serveNode(endpoint, request, response) },
    async serveStdio(input, output) {
      const pipe = new Stdio(options, dispatch, output)
      pipes.add(pipe)
      try {
        await pipe.serve(input)
      } finally {
        pipes.delete(pipe)
      }
    },
    swap(catalogue) {
      for (const what of dispatch.swap(new Lists(catalogue))) tellSessions(`notifications/${what}/list_changed`, {}, () => true)
    },
    resourceUpdated(uri) {
      dispatch.resourceUpdated(uri)
      tellSessions('notifications/resources/updated', { uri }, ({ subscriptions }) => subscriptions.has(uri))
    },
    get open() {
      return { streams: endpoint.streams.size, listeners: dispatch.listeners.size, calls: dispatch.calls.size, tasks: dispatch.tasks.running, sessions: sessions.size }
    },
    close() {
      for (const listener of dispatch.listeners.keys()) dispatch.endListener(listener)
      dispatch.tasks.close()
      for (const call of dispatch.calls) call.cancel()
      for (const session of sessions.all()) session.end()
      endpoint.close()
    },
  }
}
