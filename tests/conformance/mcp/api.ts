// The HTTP API behind fixture.openapi.yaml.
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** One red pixel. */
export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64')
/** No samples at 8 kHz. */
const wav = Buffer.from('UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=', 'base64')

export async function startApi(): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api')
    const [, first = '', second = ''] = pathname.split('/').map(decodeURIComponent)
    const answer = routes[first]
    if (answer === undefined) send(response, 404, 'text/plain', 'There is nothing here')
    else answer(response, second, searchParams).catch(() => { response.destroy() })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

const routes: Readonly<Record<string, (response: ServerResponse, name: string, query: URLSearchParams) => Promise<void>>> = {
  'simple-text': async (response) => { send(response, 200, 'text/plain', 'This is a simple text response for testing.') },
  'static-text': async (response) => { send(response, 200, 'text/plain', 'This is the content of the static text resource.') },
  template: async (response, id) => { send(response, 200, 'application/json', JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })) },
  image: async (response) => { send(response, 200, 'image/png', png) },
  audio: async (response) => { send(response, 200, 'audio/wav', wav) },
  document: async (response) => { send(response, 200, 'application/pdf', '%PDF-1.4\n%%EOF') },
  error: async (response) => { send(response, 500, 'text/plain', 'This tool intentionally returns an error for testing') },
  region: async (response, region) => { send(response, 200, 'text/plain', region) },
  greetings: async (response, name) => { send(response, 200, 'text/plain', `Hello, ${name}!`) },
  paris: async (response, _, query) => { send(response, 200, 'text/plain', query.get('arg1') ?? 'nowhere') },
  files: async (response, name) => { send(response, 200, 'text/plain', `Deleted ${name}`) },
  jobs: async (response) => { send(response, 500, 'text/plain', 'The job failed') },
  async mixed(response) {
    const part = (type: string, body: string | Buffer) => Buffer.concat([Buffer.from(`--part\r\nContent-Type: ${type}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')])
    const parts = [part('text/plain', 'Multiple content types test:'), part('image/png', png), part('application/pdf', '%PDF-1.4\n%%EOF'), Buffer.from('--part--\r\n')]
    send(response, 200, 'multipart/mixed; boundary=part', Buffer.concat(parts))
  },
  async progress(response) {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    for (const percent of [0, 50, 100]) {
      response.write(`${JSON.stringify({ percent })}\n`)
      await pause(20)
    }
    response.end()
  },
  async computations(response, _, query) {
    const gone = new AbortController()
    response.on('close', () => { gone.abort() })
    await pause(Number(query.get('seconds') ?? 0) * 1000, undefined, { signal: gone.signal })
    send(response, 200, 'text/plain', `Computed ${query.get('label') ?? 'something'}`)
  },
}
