// `haechi mcp serve` as a user starts it, an API to serve, and the official client.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { onTestFinished } from 'vitest'
import { root } from '../server.ts'

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'haechi-mcp-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export type Asked = { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }
export type Api = { readonly url: string; readonly asked: Asked[]; answer: (request: Asked, response: ServerResponse, incoming: IncomingMessage) => void }

/** Answers with what it was asked, as JSON, unless `answer` is another. */
export async function startApi(): Promise<Api> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() }
      api.asked.push(one)
      api.answer(one, response, request)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api: Api = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [],
    answer: ({ method, url, body }, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ method, url, body })) },
  }
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return api
}

export type ServeEvent = { readonly event: string; readonly url?: string; readonly tools?: number; readonly searched?: boolean; readonly spec?: string; readonly error?: { readonly code: string; readonly message: string }; readonly changes?: readonly { readonly grade: string; readonly kind: string; readonly tool: string }[]; readonly findings?: readonly { readonly tool: string; readonly class: string }[]; readonly ms?: number }

export type Served = {
  readonly url: string
  readonly pid: number
  readonly ready: ServeEvent
  readonly events: readonly ServeEvent[]
  readonly errors: () => string
  /** The next event after `from` (the events so far, unless told) that fits. */
  event(kind: string, from?: number): Promise<ServeEvent>
  stop(): Promise<number | null>
}

/** Ready, or rejected with what it said when it ended. */
export async function startServe(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const child = spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), 'mcp', 'serve', '--json', '--port', '0', ...words], {
    cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...env },
  })
  const events: ServeEvent[] = []
  let errors = ''
  let rest = ''
  const waiting = new Set<() => void>()
  const wake = (): void => { for (const each of waiting) each() }
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) events.push(JSON.parse(line) as ServeEvent)
    wake()
  })
  let ended: number | null | undefined
  const exit = once(child, 'close').then(([code]) => {
    ended = code as number | null
    wake()
    return ended
  })
  const event = (kind: string, from = events.length): Promise<ServeEvent> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = events.slice(from).find((each) => each.event === kind)
      if (found === undefined && ended === undefined) return
      waiting.delete(look)
      if (found === undefined) reject(new Error(`ended with ${ended}: ${errors}`))
      else resolve(found)
    }
    waiting.add(look)
    look()
  })
  const stop = async (): Promise<number | null> => {
    if (ended === undefined) child.kill('SIGTERM')
    return exit
  }
  onTestFinished(async () => { await stop() })
  const ready = await event('ready', 0)
  return { url: ready.url!, pid: child.pid!, ready, events, errors: () => errors, event, stop }
}

export type Era = 'legacy' | 'auto'

/** The official client. `changed` hears of every list_changed. */
export async function connect(url: string, era: Era = 'auto', options: { headers?: Record<string, string>; changed?: () => void } = {}): Promise<Client> {
  const { changed } = options
  const client = new Client({ name: 'test', version: '1' }, {
    versionNegotiation: { mode: era }, ...(changed === undefined ? {} : { listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => changed() } } }),
  })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options.headers === undefined ? {} : { requestInit: { headers: options.headers } }))
  onTestFinished(() => client.close())
  return client
}

export const textOf = (result: unknown): string => {
  const { content } = result as { readonly content: readonly { readonly type: string; readonly text?: string }[] }
  return content.map(({ text }) => text ?? '').join('\n')
}

/** A document with one operation a name: GET /NAME. */
export const documentOf = (names: readonly string[], servers?: string, more: object = {}): string => JSON.stringify({
  openapi: '3.0.3', info: { title: 'Things', version: '1' }, ...(servers === undefined ? {} : { servers: [{ url: servers }] }),
  paths: Object.fromEntries(names.map((name) => [`/${name}`, { get: { operationId: name, summary: `The ${name}`, parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], responses: { 200: { description: 'ok' } } } }])), ...more,
})
