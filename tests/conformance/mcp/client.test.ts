// The official client, as its users set it up, in both eras and on both transports.
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { app } from './example/hono.ts'
import { startFixture } from './fixture.ts'

const eras = [['legacy', '2025-11-25'], ['auto', '2026-07-28']] as const

async function connected(url: string, mode: 'legacy' | 'auto', more: ConstructorParameters<typeof Client>[1] = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode }, ...more })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  return client
}

describe.each(eras)('%s (%s) over HTTP', (mode, version) => {
  let fixture: Awaited<ReturnType<typeof startFixture>>
  beforeAll(async () => { fixture = await startFixture() })
  afterAll(() => { fixture.close() })

  test('lists, calls, reads, completes', async () => {
    const client = await connected(fixture.url, mode)
    expect(client.getNegotiatedProtocolVersion()).toBe(version)
    expect(client.getServerVersion()).toMatchObject({ name: 'conformance', title: 'Conformance fixtures' })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toContain('test_simple_text')
    expect(await client.callTool({ name: 'greet', arguments: { name: '해치' } })).toMatchObject({ content: [{ type: 'text', text: 'Hello, 해치!' }] })
    expect(await client.callTool({ name: 'test_error_handling', arguments: {} })).toMatchObject({ isError: true })
    expect((await client.readResource({ uri: 'test://template/7/data' })).contents[0]).toMatchObject({ text: expect.stringContaining('"7"') as unknown })
    expect((await client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'par' } })).completion.values).toEqual(['paris', 'park', 'party'])
    await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toThrow('no tool')
    await client.close()
  })

  test('the user is asked, and the answer arrives', async () => {
    const client = await connected(fixture.url, mode, { capabilities: { elicitation: {} } })
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ada', color: 'blue' } }))
    expect(await client.callTool({ name: 'test_input_required_result_multi_round', arguments: {} })).toMatchObject({ content: [{ text: expect.stringMatching(/Ada.*Ada/) as unknown }] })
    await client.close()
  })

  test('progress is told', async () => {
    const client = await connected(fixture.url, mode)
    const seen: number[] = []
    await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress: ({ progress }) => { seen.push(progress) } })
    expect(seen).toEqual([1, 2, 3])
    await client.close()
  })

  test('a changed list is told', async () => {
    let changes = 0
    const client = await connected(fixture.url, mode, { listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => { changes += 1 } } } })
    await expect.poll(() => fixture.server.open.streams).toBe(1)
    await client.callTool({ name: 'test_trigger_tool_change', arguments: {} })
    await expect.poll(() => changes).toBe(1)
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('test_added')
    await client.callTool({ name: 'test_trigger_tool_change', arguments: {} })
    await expect.poll(() => changes).toBe(2)
    await client.close()
    await expect.poll(() => fixture.server.open.streams).toBe(0)
  })

  test('a call that is cancelled ends', async () => {
    const client = await connected(fixture.url, mode)
    const caller = new AbortController()
    const call = client.callTool({ name: 'slow_compute', arguments: { seconds: 30 } }, { signal: caller.signal })
    await expect.poll(() => fixture.server.open.calls).toBe(1)
    caller.abort()
    await expect(call).rejects.toThrow()
    await expect.poll(() => fixture.server.open.calls).toBe(0)
    await client.close()
  })
})

test.each(eras)('%s (%s) over stdio', async (mode, version) => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode }, capabilities: { elicitation: {} } })
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ada' } }))
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [fileURLToPath(new URL('stdio.ts', import.meta.url))] }))
  expect(client.getNegotiatedProtocolVersion()).toBe(version)
  expect((await client.listTools()).tools).toHaveLength(1)
  expect(await client.callTool({ name: 'greet', arguments: {} })).toMatchObject({ content: [{ text: 'Hello, Ada' }] })
  await client.close()
})

describe('an existing application gains MCP in one line', () => {
  const about = { name: 'pets', title: 'Pets', description: 'A shop for pets', version: '1.0.0' }
  async function shop(url: string) {
    for (const [mode] of eras) {
      const client = await connected(url, mode)
      expect(client.getServerVersion()).toMatchObject(about)
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['addPet', 'listPets'])
      expect((await client.callTool({ name: 'listPets', arguments: { kind: 'dog' } })).structuredContent).toEqual({ result: [{ name: 'Haechi', kind: 'dog' }] })
      expect((await client.callTool({ name: 'addPet', arguments: { body: { name: '호랑이', kind: 'cat' } } })).structuredContent).toEqual({ name: '호랑이', kind: 'cat' })
      expect(await client.callTool({ name: 'addPet', arguments: { body: {} } })).toMatchObject({ isError: true })
      await client.close()
    }
  }

  test('hono, without leaving the process', async () => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => { server.once('listening', resolve) })
    await shop(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
    server.close()
  })

  test('Express, behind its reader of bodies', async () => {
    const free = createServer()
    await new Promise<void>((resolve) => { free.listen(0, '127.0.0.1', resolve) })
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => { free.close(resolve) })
    const child = fork(fileURLToPath(new URL('example/express.mjs', import.meta.url)), { env: { ...process.env, PORT: String(port) } })
    try {
      await new Promise((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', (code) => { reject(new Error(`The example ended with ${code}`)) })
      })
      await shop(`http://127.0.0.1:${port}/mcp`)
    } finally {
      child.kill()
    }
  })
})
