// A server with a clock that is set, and clients of both kinds that say no more than they must.
import type { CallContext, Catalogue } from './catalogue.ts'
import type { CallToolResult, JsonObject } from './model.ts'
import { createMcpServer } from './server.ts'
import type { McpServer, McpServerOptions } from './server.ts'

export const endpoint = 'http://localhost:3000/mcp'
export const text = (it: string): CallToolResult => ({ content: [{ type: 'text', text: it }] })

export type Tools = Readonly<Record<string, (args: JsonObject, context: CallContext) => Promise<CallToolResult>>>

export function catalogueOf(tools: Tools, more: Partial<Catalogue> = {}): Catalogue {
  return {
    tools: Object.keys(tools).map((name) => ({ name, description: `Does ${name}`, inputSchema: { type: 'object' } })),
    call: async (tool, args, context) => (await tools[tool]?.(args, context)) ?? text('nothing'),
    ...more,
  }
}

export function serverOf(tools: Tools, options: Partial<McpServerOptions> & { readonly more?: Partial<Catalogue> } = {}): { readonly server: McpServer; readonly clock: { time: number } } {
  const { more, ...others } = options
  const clock = { time: 1_000_000 }
  return { server: createMcpServer({ name: 'test', version: '1', catalogue: catalogueOf(tools, more), clock: { now: () => clock.time }, ...others }), clock }
}

export const about = (capabilities: JsonObject = {}): JsonObject => ({ 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': capabilities })

export function post(body: string | Uint8Array, headers: Record<string, string> = {}): Request {
  return new Request(endpoint, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', host: 'localhost:3000', ...headers }, body: body as string })
}

/** A request of 2026-07-28. */
export function now(method: string, params: JsonObject = {}, { id = 1, capabilities = {}, headers = {} }: { readonly id?: number | string; readonly capabilities?: JsonObject; readonly headers?: Record<string, string> } = {}): Request {
  const name = params['name'] ?? params['uri'] ?? params['taskId']
  const own = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(typeof name === 'string' && { 'mcp-name': name }) }
  const whole = { ...params, _meta: { ...about(capabilities), ...(params['_meta'] as JsonObject | undefined) } }
  return post(JSON.stringify({ jsonrpc: '2.0', id, method, params: whole }), { ...own, ...headers })
}

/** A request of a revision with a handshake. */
export function before(method: string, params: JsonObject = {}, { id = 1, session, version = '2025-11-25', headers = {} }: { readonly id?: number | string | null; readonly session?: string; readonly version?: string; readonly headers?: Record<string, string> } = {}): Request {
  const own = { 'mcp-protocol-version': version, ...(session !== undefined && { 'mcp-session-id': session }) }
  return post(JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method, params }), { ...own, ...headers })
}

export const initialize = (capabilities: JsonObject = {}, version = '2025-11-25'): Request => post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: version, capabilities, clientInfo: { name: 'c', version: '1' } } }))

export async function session(server: McpServer, capabilities: JsonObject = {}, version = '2025-11-25'): Promise<string> {
  return (await server.fetch(initialize(capabilities, version))).headers.get('mcp-session-id') ?? ''
}

export type Wire = { readonly jsonrpc: string; readonly id?: number | string; readonly method?: string; readonly params?: JsonObject; readonly result?: JsonObject; readonly error?: { readonly code: number; readonly message: string; readonly data?: JsonObject } }

export const json = async (response: Promise<Response> | Response): Promise<Wire> => (await (await response).json()) as Wire

/** Reads events one by one: { id, data }, where data is a message or null. */
export function events(response: Response): { next(): Promise<{ readonly id: string | undefined; readonly message: Wire | null } | null>; cancel(): Promise<void> } {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let rest = ''
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf('\n\n')
        if (end >= 0) {
          const lines = rest.slice(0, end).split('\n')
          rest = rest.slice(end + 2)
          const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n')
          if (lines.every((line) => line.startsWith(':'))) continue
          return { id: lines.find((line) => line.startsWith('id: '))?.slice(4), message: data === '' ? null : (JSON.parse(data) as Wire) }
        }
        const { done, value } = await reader.read()
        if (done) return null
        rest += decoder.decode(value, { stream: true })
      }
    },
    cancel: () => reader.cancel(),
  }
}
