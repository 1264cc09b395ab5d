import type { Caller, Catalogue } from './catalogue.ts'
import type { JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'

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
  /** Origins ('https://console.example.com') whose pages may call. Default: those of `hosts`. Requests without Origin come from no page and pass. */
  readonly origins?: readonly string[] | 'any'
  /** Who it is, from the request's headers (lower case); null: 401. Not asked when the host hands over a caller. Default: everybody is the caller 'anonymous'. */
  authenticate?(headers: (name: string) => string | undefined): Promise<Caller | null> | Caller | null
  /** RFC 9728: the protected resource's metadata, served at its well-known address and named in WWW-Authenticate. */
  readonly resourceMetadata?: { readonly url: string; readonly document: JsonObject }
  /** Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Signs what clients keep for the server (request state, session ids): 32 bytes or more, the same in every process behind one address. Default: drawn at start. */
  readonly key?: Uint8Array
  /** Milliseconds for which clients may keep a list. Default 60,000. */
  readonly listTtl?: number
  /** Everything that is read and written, as parsed messages: for debugging and for logs. Values are not redacted here. */
  readonly onMessage?: (message: { readonly direction: 'in' | 'out'; readonly caller: Caller; readonly message: JsonObject }) => void
}

/** What node's IncomingMessage has, as far as it is used. */
export type NodeRequest = AsyncIterable<Uint8Array> & {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** What node's ServerResponse has, as far as it is used. */
export type NodeResponse = {
  writeHead(status: number, headers: Record<string, string | number>): unknown
  write(chunk: string | Uint8Array): boolean
  end(chunk?: string | Uint8Array): unknown
  on(event: string, listener: (...args: never[]) => void): unknown
  destroy(): unknown
}

export interface McpServer {
  /** One HTTP request to the endpoint, whatever its path. Never rejects. */
  fetch(request: Request, caller?: Caller): Promise<Response>
  /** The same for node:http, Express and connect, without the cost of Request and Response: `http.createServer(server.node)`, `app.use('/mcp', server.node)`. A body that the framework has parsed already (request.body) is taken. */
  readonly node: (request: NodeRequest, response: NodeResponse, next?: unknown) => void
  /** Newline-delimited JSON-RPC until `input` ends. */
  serveStdio(input: AsyncIterable<Uint8Array | string>, output: { write(text: string): boolean }): Promise<void>
  /** Puts another catalogue in force, at once and whole. Calls in flight end with the one they began with. Whoever listens is told when a list is not what it was. */
  swap(catalogue: Catalogue): void
  /** Tells those who subscribed to this resource that it changed. */
  resourceUpdated(uri: string): void
  /** Streams, tasks and requests that are held at the moment. */
  readonly open: { readonly streams: number; readonly calls: number; readonly tasks: number; readonly sessions: number }
  /** Ends streams, aborts calls. */
  close(): void
}

export function createMcpServer(_options: McpServerOptions): McpServer {
  throw new RpcProblem(code.internal, 'Not built yet')
}
