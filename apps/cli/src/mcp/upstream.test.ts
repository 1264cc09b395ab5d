import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpRequest } from '@haechi/openapi-tools'
import { createEgress } from '@haechi/server/egress'
import { expect, onTestFinished, test } from 'vitest'
import { createUpstream, judged } from './upstream.ts'

const limits = { timeoutMs: 5_000, idleMs: 5_000, maxBytes: 100_000 }
const signal = new AbortController().signal
const get = (url: string): HttpRequest => ({ method: 'GET', url, headers: {}, secret: { headers: [], query: [], cookies: [] } })

async function listening(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.host ?? '')
    response.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => { server.close(); server.closeAllConnections() })
  return { port: (server.address() as AddressInfo).port, asked }
}

/** Names lead where `answers` says at the moment. */
function named(answers: Record<string, readonly string[]>) {
  const egress = createEgress({ resolve: async (host) => answers[host] ?? [] })
  onTestFinished(() => egress.close())
  return egress
}

test('a name that led to this machine when it was given may; one that does so later may not', async () => {
  const { port, asked } = await listening()
  const answers: Record<string, readonly string[]> = { 'inner.example': ['127.0.0.1'], 'public.example': ['93.184.216.34'] }
  const egress = named(answers)
  const urls = [`http://inner.example:${port}`, `http://public.example:${port}`]
  const { allowed } = await judged(urls, egress)
  const send = createUpstream(egress, new Set(urls), allowed, limits)
  expect((await send(get(`${urls[0]}/x`), signal)).status).toBe(200)
  answers['public.example'] = ['127.0.0.1']
  await expect(send(get(`${urls[1]}/x`), signal)).rejects.toMatchObject({ code: 'mcp_private_refused', params: { place: `public.example:${port}` } })
  // Mixed answers are how rebinding looks.
  answers['public.example'] = ['93.184.216.34', '127.0.0.1']
  await expect(send(get(`${urls[1]}/x`), signal)).rejects.toMatchObject({ code: 'mcp_private_refused' })
  answers['inner.example'] = ['169.254.169.254']
  await expect(send(get(`${urls[0]}/x`), signal)).rejects.toMatchObject({ code: 'egress_refused' })
  expect(asked).toEqual([`inner.example:${port}`])
})

test('a name that cannot be resolved yet is judged when it can', async () => {
  const { port } = await listening()
  const answers: Record<string, readonly string[]> = {}
  const egress = named(answers)
  const url = `http://later.example:${port}`
  const { allowed } = await judged([url], egress)
  const send = createUpstream(egress, new Set([url]), allowed, limits)
  await expect(send(get(url), signal)).rejects.toMatchObject({ code: 'egress_failed' })
  answers['later.example'] = ['127.0.0.1']
  expect((await send(get(url), signal)).status).toBe(200)
})

test('an origin is scheme, host and port: what differs in one is refused, and nothing is resolved', async () => {
  const { port, asked } = await listening()
  const egress = createEgress({ resolve: () => { throw new RangeError('asked') } })
  onTestFinished(() => egress.close())
  const send = createUpstream(egress, new Set([`http://127.0.0.1:${port}`]), async () => ['127.0.0.1'], limits)
  for (const url of [`https://127.0.0.1:${port}/`, `http://127.0.0.1:${port + 1}/`, `http://localhost:${port}/`, 'http://169.254.169.254/', `http://[::1]:${port}/`]) {
    await expect(send(get(url), signal), url).rejects.toMatchObject({ code: 'mcp_host_refused' })
  }
  expect((await send(get(`http://127.0.0.1:${port}/`), signal)).status).toBe(200)
  expect(asked).toHaveLength(1)
})
