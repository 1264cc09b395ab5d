// The processes that the MCP bench compares, each alone on its core: `mcp-hosts.ts stub|bare|sdk|swaps [LIST] [UPSTREAM]` prints its URL and serves until it is ended.
// stub: the API behind the tool. bare: node:http and undici doing the least that a gateway must. sdk: the official server. swaps: our engine, its catalogue changing.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Server, createMcpHandler } from '@modelcontextprotocol/server'
import { createMcpServer } from '@haechi/mcp-wire'
import type { Catalogue, JsonObject, ToolDefinition } from '@haechi/mcp-wire'
import { Agent, request } from 'undici'

const [role = '', listFile = '', upstream = ''] = process.argv.slice(2)
const definitions = (): ToolDefinition[] => JSON.parse(readFileSync(listFile, 'utf8')) as ToolDefinition[]
const answer = Buffer.from(JSON.stringify({ id: '7', name: 'Ada Lovelace', email: 'ada@example.com', active: true, groups: ['staff', 'research', 'analysis'], address: { city: 'Seoul', country: 'KR', zip: '04524' }, created: '2026-01-02T03:04:05Z' }))

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const agent = new Agent({ connections: 64 })
async function hop(args: JsonObject): Promise<string> {
  const { body } = await request(`${upstream}/items/${encodeURIComponent(args['id'] as string)}?verbose=${args['verbose'] as boolean}`, { dispatcher: agent })
  return body.text()
}

const roles: Record<string, () => RequestListener> = {
  stub: () => (_, response) => { response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer) },
  bare: () => {
    const list = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: listFile === '' ? [] : definitions() } }))
    return (incoming, response) => {
      void (async () => {
        const { id, method, params } = JSON.parse(await bodyOf(incoming)) as { id: number; method: string; params: { arguments: JsonObject } }
        if (method === 'tools/list') {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': list.length }).end(list)
          return
        }
        const text = await hop(params.arguments)
        const result = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) as JsonObject } })
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(result) }).end(result)
      })()
    }
  },
  sdk: () => {
    const tools = definitions()
    const handler = createMcpHandler(() => {
      const server = new Server({ name: 'bench', version: '1' }, { capabilities: { tools: {} } })
      server.setRequestHandler('tools/list', () => ({ tools: tools as never }))
      server.setRequestHandler('tools/call', async ({ params }) => {
        const text = await hop(params.arguments as JsonObject)
        return { content: [{ type: 'text' as const, text }], structuredContent: JSON.parse(text) as Record<string, unknown> }
      })
      return server
    })
    return toNodeHandler(handler) as RequestListener
  },
  swaps: () => {
    const [first, ...others] = definitions()
    const catalogues = [0, 1].map((version): Catalogue => ({
      tools: [first!, ...others.map((tool) => ({ ...tool, description: `${tool.description ?? ''} (${version})` }))],
      call: async (_, args) => ({ content: [{ type: 'text', text: await hop(args) }] }),
    }))
    const server = createMcpServer({ name: 'bench', version: '1', catalogue: catalogues[0]!, clock: { now: () => performance.timeOrigin + performance.now() } })
    let swaps = 0
    return (incoming, response) => {
      const [, path = '', count = ''] = incoming.url!.split('/')
      if (path === 'memory') {
        globalThis.gc?.()
        response.end(JSON.stringify({ rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed, swaps, open: server.open }))
      } else if (path === 'swap') {
        // One after the other, with calls let in between.
        const left = swaps + Number(count)
        const next = (): void => {
          server.swap(catalogues[(swaps += 1) % 2]!)
          if (swaps < left) setImmediate(next)
          else response.end(String(swaps))
        }
        next()
      } else server.node(incoming, response)
    }
  },
}

const server = createServer({ keepAliveTimeout: 60_000 }, roles[role]!())
server.listen(0, '127.0.0.1', 4_096, () => { console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`) })
