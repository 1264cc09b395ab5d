import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from './model.ts'
import { about, catalogueOf, serverOf, text } from './wire.fixture.ts'
import type { Tools, Wire } from './wire.fixture.ts'

const tools: Tools = {
  echo: async (args) => text(JSON.stringify(args)),
  ask: async (_, context) => text(JSON.stringify(await context.ask({ q: { method: 'roots/list' } }))),
  wait: (_, { signal }) => new Promise((resolve) => { signal.addEventListener('abort', () => { resolve(text('')) }) }),
}

function pipe(options: Parameters<typeof serverOf>[1] = {}) {
  const { server } = serverOf(tools, options)
  const input = new PassThrough()
  const output = new PassThrough()
  const lines: Wire[] = []
  let rest = ''
  output.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) lines.push(JSON.parse(line) as Wire)
  })
  const over = server.serveStdio(input, output)
  const send = (message: JsonObject) => { input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`) }
  return { server, input, output, lines, over, send, answer: async (id: number | string) => { await expect.poll(() => lines.find((line) => line.id === id && line.method === undefined)).toBeDefined(); return lines.find((line) => line.id === id && line.method === undefined) as Wire } }
}
const initialize = { id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo: { name: 'c', version: '1' } } }

test('both kinds of client on one pipe, and a question in between', async () => {
  const { send, answer, lines, input, over } = pipe()
  send({ id: 'n', method: 'tools/call', params: { name: 'echo', arguments: { a: '한글\n' }, _meta: about() } })
  expect((await answer('n')).result).toMatchObject({ resultType: 'complete', ...text('{"a":"한글\\n"}') })
  send(initialize)
  expect((await answer(0)).result?.['protocolVersion']).toBe('2025-11-25')
  send({ id: 1, method: 'tools/call', params: { name: 'ask' } })
  await expect.poll(() => lines.some(({ method }) => method === 'roots/list')).toBe(true)
  const asked = lines.find(({ method }) => method === 'roots/list') as Wire
  send({ id: asked.id as string, result: { roots: [] } })
  expect((await answer(1)).result).toMatchObject(text('{"q":{"roots":[]}}'))
  input.end()
  await over
})

test('changes are told to whoever listens and to whoever shook hands', async () => {
  const { server, send, answer, lines, over, input } = pipe()
  server.swap(catalogueOf({}))
  expect(lines).toEqual([])
  send({ id: 'l', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: about() } })
  send(initialize)
  await answer(0)
  server.swap(catalogueOf(tools))
  await expect.poll(() => lines.filter(({ method }) => method === 'notifications/tools/list_changed').map(({ params }) => params)).toEqual([{ _meta: { 'io.modelcontextprotocol/subscriptionId': 'l' } }, {}])
  send({ method: 'notifications/cancelled', params: { requestId: 'l' } })
  send({ id: 2, method: 'ping' })
  await answer(2)
  server.swap(catalogueOf({}))
  await expect.poll(() => lines.filter(({ method }) => method === 'notifications/tools/list_changed')).toHaveLength(3)
  expect(server.open.listeners).toBe(0)
  input.end()
  await over
})

test('a cancelled call is not answered, and the end of the input ends the others', async () => {
  const { server, send, lines, input, over } = pipe()
  send({ id: 1, method: 'tools/call', params: { name: 'wait', _meta: about() } })
  send({ id: 2, method: 'tools/call', params: { name: 'wait', _meta: about() } })
  await expect.poll(() => server.open.calls).toBe(2)
  send({ method: 'notifications/cancelled', params: { requestId: 1 } })
  await expect.poll(() => server.open.calls).toBe(1)
  input.end()
  await over
  await expect.poll(() => server.open.calls).toBe(0)
  expect(lines.filter(({ id }) => id === 1)).toEqual([])
})

test('lines that are no messages are answered, and the next is read', async () => {
  const { input, lines, over, send, answer } = pipe()
  input.write('\n{"jsonrpc"\n7\n[]\n')
  send({ id: 5, method: 'ping' })
  await answer(5)
  expect(lines.slice(0, 3).map(({ error }) => error?.code)).toEqual([-32700, -32600, -32600])
  input.end('{"jsonrpc":"2.0","id":6,"method":"ping"}')
  await over
  await answer(6)
})

test('a message is a line, however a definition was written', async () => {
  const { send, answer, input, over } = pipe({ more: { tools: [{ name: 'pretty', json: JSON.stringify({ name: 'pretty', description: 'a\nb', inputSchema: { type: 'object' } }, null, 2).replaceAll('\n', '\r\n') }] } })
  send({ id: 1, method: 'tools/list', params: { _meta: about() } })
  expect((await answer(1)).result?.['tools']).toEqual([{ name: 'pretty', description: 'a\nb', inputSchema: { type: 'object' } }])
  input.end()
  await over
})

test('messages may come in any pieces', async () => {
  const messages = Array.from({ length: 5 }, (_, id) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { text: '조각 🧩' }, _meta: about() } })}\n`)
  const bytes = Buffer.from(messages.join(''))
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 8 }), async (cuts) => {
    const places = [0, ...[...new Set(cuts)].sort((a, b) => a - b), bytes.length]
    const lines: Wire[] = []
    // Not by a stream: that would join the pieces again.
    async function* pieces() {
      for (const [at, start] of places.slice(0, -1).entries()) yield bytes.subarray(start, places[at + 1])
    }
    await serverOf(tools).server.serveStdio(pieces(), { write: (line) => lines.push(JSON.parse(line) as Wire) > 0, once: () => {} })
    expect(lines.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3, 4])
    for (const { result } of lines) expect(result).toMatchObject(text('{"text":"조각 🧩"}'))
  }), { numRuns: 50 })
})

test('who does not read is not read from', async () => {
  const { server } = serverOf(tools)
  let drain = () => {}
  let written = 0
  let read = 0
  async function* input() {
    for (let id = 0; id < 100; id += 1) {
      read += 1
      yield `${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\n`
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
  const over = server.serveStdio(input(), { write: () => { written += 1; return written !== 3 }, once: (_, listener) => { drain = listener } })
  await expect.poll(() => written).toBeGreaterThanOrEqual(3)
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => { setImmediate(resolve) })
  expect(read).toBeLessThan(10)
  drain()
  await over
  expect(written).toBe(100)
})
