import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Caller } from './catalogue.ts'
import type { JsonObject } from './model.ts'
import type { McpServer } from './server.ts'
import { about, before, catalogueOf, events, json, now, post, serverOf, session, text } from './wire.fixture.ts'

const tools = { echo: async (args: JsonObject) => text(JSON.stringify(args)) }
const get = (headers: Record<string, string> = {}) => new Request('http://localhost:3000/mcp', { headers: { host: 'localhost:3000', accept: 'text/event-stream', ...headers } })

describe('who may come in', () => {
  const { server } = serverOf(tools)
  test.each([
    ['localhost:3000', undefined, 200], ['LOCALHOST', undefined, 200], ['127.0.0.1:1', undefined, 200], ['[::1]:3000', undefined, 200],
    ['evil.example.com', undefined, 403], ['localhost.evil.example', undefined, 403], ['localhost:3000:1', undefined, 403], ['evil@localhost', undefined, 403], ['::1', undefined, 403], ['', undefined, 403],
    ['localhost:3000', 'http://localhost:5173', 200], ['localhost:3000', 'https://127.0.0.1', 200],
    ['localhost:3000', 'http://evil.example.com', 403], ['localhost:3000', 'null', 403], ['localhost:3000', 'http://localhost.evil.example', 403], ['localhost:3000', 'http://localhost/evil', 403], ['localhost:3000', 'file://localhost', 403], ['localhost:3000', 'http://evil.example#http://localhost', 403],
  ])('Host %j, Origin %j: %i', async (host, origin, status) => {
    const response = await server.fetch(now('server/discover', {}, { headers: { host, ...(origin !== undefined && { origin }) } }))
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe(status === 200 ? (origin ?? null) : null)
    if (status === 403) expect((await json(response)).error?.code).toBe(-32600)
  })

  test('names and origins are set by the host', async () => {
    const { server } = serverOf(tools, { hosts: ['mcp.example.com'], origins: ['https://console.example.com'] })
    const status = async (host: string, origin?: string) => (await server.fetch(now('server/discover', {}, { headers: { host, ...(origin !== undefined && { origin }) } }))).status
    expect([await status('mcp.example.com'), await status('localhost'), await status('mcp.example.com', 'https://console.example.com'), await status('mcp.example.com', 'https://mcp.example.com'), await status('mcp.example.com', 'https://other.example.com')]).toEqual([200, 403, 200, 200, 403])
    const open = serverOf(tools, { hosts: 'any', origins: 'any' }).server
    expect((await open.fetch(now('server/discover', {}, { headers: { host: 'whatever', origin: 'null' } }))).status).toBe(200)
    expect((await serverOf(tools, { hosts: 'any' }).server.fetch(now('server/discover', {}, { headers: { host: 'a', origin: 'http://a' } }))).status).toBe(403)
  })

  test('a page may ask before it calls', async () => {
    const response = await server.fetch(new Request('http://localhost:3000/mcp', { method: 'OPTIONS', headers: { host: 'localhost:3000', origin: 'http://localhost:5173', 'access-control-request-headers': 'mcp-method, content-type' } }))
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toBe('mcp-method, content-type')
  })

  test('a token is asked for where the host asks for one, and answers are private then', async () => {
    const seen: string[] = []
    const document = { resource: 'https://mcp.example.com/mcp', authorization_servers: ['https://login.example.com'], scopes_supported: ['tools', 'admin'] }
    let calls = 0
    const { server } = serverOf({ who: async (_, { caller }) => { calls += 1; return text(caller.id) } }, {
      resourceMetadata: { url: 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp', document },
      authenticate: async (header): Promise<Caller | null> => {
        seen.push(header('authorization') ?? 'none')
        return header('authorization') === 'Bearer good' ? { id: 'alice' } : null
      },
    })
    const call = (authorization?: string) => server.fetch(now('tools/call', { name: 'who' }, { headers: authorization === undefined ? {} : { authorization } }))
    const none = await call()
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="tools admin"'])
    expect((await call('Bearer bad')).headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", resource_metadata=/)
    expect((await json(call('Bearer good'))).result).toMatchObject(text('alice'))
    expect((await json(server.fetch(now('tools/call', { name: 'who' }), { caller: { id: 'host says' } }))).result).toMatchObject(text('host says'))
    expect(await (await server.fetch(new Request('http://localhost:3000/.well-known/oauth-protected-resource/mcp', { headers: { host: 'localhost:3000' } }))).json()).toEqual(document)
    expect((await json(server.fetch(now('tools/list', {}, { headers: { authorization: 'Bearer good' } })))).result?.['cacheScope']).toBe('private')
    expect((await server.fetch(new Request('http://localhost:3000/mcp', { method: 'DELETE', headers: { host: 'localhost:3000' } }))).status).toBe(401)
    expect(seen).toEqual(['none', 'Bearer bad', 'Bearer good', 'Bearer good', 'none'])
    expect(calls).toBe(2)
  })

  test('what a host hands over beside the request names no caller, unless it says so', async () => {
    const { server } = serverOf({ who: async (_, { caller }) => text(caller.id) })
    const who = async (host: object) => (await json(server.fetch(now('tools/call', { name: 'who' }), host))).result
    for (const host of [{ id: 'admin' }, { remoteAddr: {} }, { incoming: { caller: { id: 'admin' } } }]) expect(await who(host)).toMatchObject(text('anonymous'))
    expect(await who({ caller: { id: 'admin' } })).toMatchObject(text('admin'))
  })

  test('a host\'s hook that throws is no way in', async () => {
    const heard: unknown[] = []
    const { server } = serverOf(tools, { authenticate: () => { throw new Error('postgres://user:secret@host') }, onError: (error) => { heard.push(error) } })
    const response = await server.fetch(now('tools/list'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(heard).toHaveLength(1)
  })
})

describe('what may come in', () => {
  const { server } = serverOf(tools, { maxBodyBytes: 1000 })
  test.each<[string, Request, number]>([
    ['another type', new Request(post('{}'), { headers: { host: 'localhost', 'content-type': 'text/plain' } }), 415],
    ['a form', new Request(post('{}'), { headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' } }), 415],
    ['a type that only begins like ours', new Request(post('{}'), { headers: { host: 'localhost', 'content-type': 'application/jsonp' } }), 415],
    ['a charset', post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }), { 'content-type': 'application/json; charset=utf-8' }), 200],
    ['compressed', post('{}', { 'content-encoding': 'gzip' }), 415],
    ['who accepts images', post('{}', { accept: 'image/png' }), 406],
    ['who accepts anything', post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }), { accept: '*/*' }), 200],
    ['too large', post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { x: 'x'.repeat(1000) } })), 413],
    ['no JSON', post('{'), 400],
    ['no message', post('7'), 400],
    ['PUT', new Request('http://localhost:3000/mcp', { method: 'PUT', headers: { host: 'localhost' }, body: '{}' }), 405],
    ['GET without a session', get(), 405],
    ['GET with a strange one', get({ 'mcp-session-id': 'x' }), 404],
    ['DELETE without a session', new Request('http://localhost:3000/mcp', { method: 'DELETE', headers: { host: 'localhost' } }), 405],
  ])('%s', async (_name, request, status) => {
    expect((await server.fetch(request)).status).toBe(status)
  })

  test('a body that breaks off is answered all the same', async () => {
    const body = new ReadableStream<Uint8Array>({ pull(controller) { controller.error(new Error('gone')) } })
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    expect((await server.fetch(new Request('http://localhost:3000/mcp', { method: 'POST', headers, body, duplex: 'half' }))).status).toBe(400)
  })

  test('who accepts events only gets events', async () => {
    const stream = events(await server.fetch(now('tools/list', {}, { headers: { accept: 'text/event-stream' } })))
    expect((await stream.next())?.message?.result?.['tools']).toHaveLength(1)
    expect(await stream.next()).toBeNull()
  })
})

describe('2026-07-28: headers and body say the same', () => {
  const mirrored = { name: 'echo', description: 'Echo', inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, count: { type: 'integer', 'x-mcp-header': 'Count' }, on: { type: 'boolean', 'x-mcp-header': 'On' } } } }
  const { server } = serverOf(tools, { more: { tools: [mirrored, { name: '도구', description: 'd', inputSchema: { type: 'object' } }] } })
  const base64 = (it: string) => `=?base64?${Buffer.from(it).toString('base64')}?=`
  const call = async (args: JsonObject, headers: Record<string, string>) => {
    const response = await server.fetch(now('tools/call', { name: 'echo', arguments: args }, { headers }))
    const { error } = await json(response)
    return [response.status, error?.code]
  }
  const fine = [200, undefined]
  const mismatch = [400, -32020]

  test.each<[string, Record<string, string>, number, number]>([
    ['another version', { 'mcp-protocol-version': '2025-11-25' }, 400, -32020],
    ['another method', { 'mcp-method': 'tools/list' }, 400, -32020],
    ['the method in capitals', { 'mcp-method': 'TOOLS/CALL' }, 400, -32020],
    ['another name', { 'mcp-name': 'other' }, 400, -32020],
    ['base64 without its end', { 'mcp-name': '=?base64?ZWNobw?=' }, 400, -32020],
  ])('%s', async (_name, headers, status, code) => {
    expect(await call({}, headers)).toEqual([status, code])
  })

  test('what is missing is missed', async () => {
    for (const name of ['mcp-protocol-version', 'mcp-method', 'mcp-name']) {
      const request = now('tools/call', { name: 'echo' })
      request.headers.delete(name)
      const response = await server.fetch(request)
      expect([response.status, (await json(response)).error?.code]).toEqual([400, -32020])
    }
  })

  test('a name that is no ASCII comes in base64', async () => {
    expect((await json(server.fetch(now('tools/call', { name: '도구' }, { headers: { 'mcp-name': base64('도구') } })))).result).toMatchObject(text('nothing'))
  })

  test.each<[JsonObject, Record<string, string>, unknown]>([
    [{ region: 'seoul' }, { 'mcp-param-region': 'seoul' }, fine],
    [{ region: 'seoul' }, { 'mcp-param-region': '  seoul ' }, fine],
    [{ region: '서울' }, { 'mcp-param-region': base64('서울') }, fine],
    [{ region: 'SGVsbG8=' }, { 'mcp-param-region': 'SGVsbG8=' }, fine],
    [{ region: 'seoul' }, {}, mismatch],
    [{ region: 'seoul' }, { 'mcp-param-region': 'busan' }, mismatch],
    [{}, { 'mcp-param-region': 'seoul' }, mismatch],
    [{ region: null }, {}, fine],
    [{ region: null }, { 'mcp-param-region': 'null' }, mismatch],
    [{ count: 42 }, { 'mcp-param-count': '42.0' }, fine],
    [{ count: 42 }, { 'mcp-param-count': '43' }, mismatch],
    [{ count: 0 }, { 'mcp-param-count': '' }, mismatch],
    [{ on: true }, { 'mcp-param-on': 'true' }, fine],
    [{ on: true }, { 'mcp-param-on': 'false' }, mismatch],
  ])('arguments %j under headers %j', async (args, headers, expected) => {
    expect(await call(args, headers)).toEqual(expected)
  })

  test.each<[string, JsonObject, string, number, JsonObject | undefined]>([
    ['no _meta', {}, '2026-07-28', -32602, undefined],
    ['no version', { _meta: { 'io.modelcontextprotocol/clientCapabilities': {} } }, '2026-07-28', -32602, undefined],
    ['no capabilities', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }, '2026-07-28', -32602, undefined],
    ['a version that is not spoken', { _meta: { ...about(), 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } }, '2099-01-01', -32022, { supported: ['2026-07-28'], requested: '2099-01-01' }],
  ])('%s', async (_name, params, version, code, data) => {
    const response = await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id: 4, method: 'server/discover', params }), { 'mcp-protocol-version': version, 'mcp-method': 'server/discover' }))
    expect(response.status).toBe(400)
    expect(await json(response)).toMatchObject({ id: 4, error: { code, ...(data && { data }) } })
  })

  test('what the handshake needed is gone', async () => {
    for (const method of ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe']) {
      const response = await server.fetch(now(method))
      expect([response.status, (await json(response)).error?.code]).toEqual([404, -32601])
    }
  })
})

describe('whatever is sent', () => {
  const { server } = serverOf(tools, { more: { resources: { list: [], read: async () => null }, prompts: { list: [], get: async () => ({ messages: [] }) } } })
  const methods = ['server/discover', 'tools/list', 'tools/call', 'initialize', 'ping', 'resources/read', 'prompts/get', 'tasks/get', 'tasks/update', 'completion/complete', 'logging/setLevel', 'resources/subscribe', 'subscriptions/listen', 'constructor', '__proto__', '']
  const header = fc.oneof(fc.constantFrom('2026-07-28', '2025-11-25', '2025-03-26', 'x', 'tools/call', 'echo', '=?base64?4?='), fc.stringMatching(/^[\x21-\x7e]{0,12}$/))

  test('a request gets its id or a coded status, never silence', async () => {
    const params = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.record({ name: fc.jsonValue(), uri: fc.jsonValue(), arguments: fc.jsonValue(), taskId: fc.jsonValue(), inputResponses: fc.jsonValue(), requestState: fc.jsonValue(), cursor: fc.jsonValue(), notifications: fc.jsonValue(), _meta: fc.constantFrom({}, about(), about({ extensions: { 'io.modelcontextprotocol/tasks': {} } })) }, { requiredKeys: ['_meta'] }))
    await fc.assert(fc.asyncProperty(fc.constantFrom(...methods), params, fc.oneof(fc.integer(), fc.string()), fc.dictionary(fc.constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id', 'last-event-id'), header), fc.boolean(), async (method, params, id, headers, right) => {
      const response = await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id, method, params }), right ? { ...headers, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method } : headers))
      if (response.headers.get('content-type') === 'text/event-stream') return await response.body?.cancel()
      expect([200, 202, 400, 404, 415]).toContain(response.status)
      const answer = await json(response)
      expect([answer.jsonrpc, answer.id, 'result' in answer !== 'error' in answer]).toEqual(['2.0', id, true])
    }), { numRuns: 2000 })
    expect(server.open).toEqual({ streams: 0, listeners: 0, calls: 0, tasks: 0, sessions: 0 })
  })

  test('bytes get a coded status', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const response = await server.fetch(post(bytes))
      expect(response.status).toBe(400)
      expect((await json(response)).error?.code).toBeLessThan(-32000)
    }), { numRuns: 500 })
  })
})

describe('under node:http', () => {
  let mcp: McpServer
  let http: Server
  let port = 0
  let flooded = ''
  const big = 'x'.repeat(100_000)
  beforeAll(async () => {
    mcp = serverOf({
      ...tools,
      flood: async (_, context) => {
        for (let at = 0; at < 1000 && !context.signal.aborted; at += 1) {
          context.progress(at, undefined, big)
          await new Promise((resolve) => { setImmediate(resolve) })
        }
        flooded = context.signal.aborted ? 'cut' : 'whole'
        return text('')
      },
    }, { maxBodyBytes: 200_000 }).server
    http = createServer(mcp.node)
    await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve) })
    port = (http.address() as AddressInfo).port
  })
  afterAll(() => {
    mcp.close()
    http.close()
    http.closeAllConnections()
  })

  const raw = (body: string, more = '', length = Buffer.byteLength(body)) => `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${length}\r\n${more}\r\n${body}`
  const modern = (method: string, params: JsonObject, id: number | string = 1) => raw(JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...about(), ...(params['_meta'] as JsonObject | undefined) } } }), `MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: ${method}\r\n${typeof params['name'] === 'string' ? `Mcp-Name: ${params['name']}\r\n` : ''}`)
  const opened = async (text: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => { socket.on('connect', resolve) })
    socket.write(text)
    return socket
  }
  const first = (socket: Socket) => new Promise<string>((resolve) => { socket.once('data', (chunk: Buffer) => { resolve(chunk.toString()) }) })

  test('answers are those of fetch', async () => {
    for (const method of ['server/discover', 'tools/list']) {
      const own = await json(fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json', 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: about() } }) }))
      expect(own).toEqual(await json(mcp.fetch(now(method))))
    }
  })

  test('a client that never reads is cut off, and its call with it', async () => {
    const socket = await opened(modern('tools/call', { name: 'flood', _meta: { progressToken: 1 } }))
    socket.pause()
    await expect.poll(() => flooded).toBe('cut')
    await expect.poll(() => mcp.open).toMatchObject({ calls: 0, streams: 0 })
    let bytes = 0
    socket.on('data', (chunk: Buffer) => { bytes += chunk.length })
    socket.on('error', () => {})
    socket.resume()
    await new Promise((resolve) => { socket.on('close', resolve) })
    expect(bytes).toBeLessThan(20_000_000)
  })

  test('a body that is longer than it may be is not read, announced or not', async () => {
    expect(await first(await opened(raw('{', '', 1_000_000)))).toMatch(/^HTTP\/1\.1 413/)
    const socket = await opened('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
    const answer = first(socket)
    socket.on('error', () => {})
    for (let at = 0; at < 30; at += 1) socket.write(`2710\r\n${'x'.repeat(10_000)}\r\n`)
    expect(await answer).toMatch(/^HTTP\/1\.1 413/)
    socket.destroy()
  })

  test('a client that goes in the middle of its body leaves nothing', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(raw('{"jsonrpc"', '', 1000))))
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => mcp.open.calls).toBe(0)
    expect((await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'PUT' })).status).toBe(405)
  })

  test('a thousand listen, are told, and leave', async () => {
    const sockets: Socket[] = []
    for (let at = 0; at < 1000; at += 1) sockets.push(await opened(modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, at)))
    await expect.poll(() => mcp.open).toMatchObject({ streams: 1000, listeners: 1000 })
    let told = 0
    for (const socket of sockets) socket.on('data', (chunk: Buffer) => { told += chunk.toString().includes('list_changed') ? 1 : 0 })
    mcp.swap(catalogueOf({ ...tools, more: async () => text('') }))
    await expect.poll(() => told).toBe(1000)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => mcp.open).toMatchObject({ streams: 0, listeners: 0 })
    mcp.swap(catalogueOf(tools))
  })

  test('a session and its stream', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const agreed = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } }) })
    const id = agreed.headers.get('mcp-session-id') as string
    const incoming = await new Promise<IncomingMessage>((resolve) => { httpRequest({ port, host: '127.0.0.1', path: '/mcp', headers: { host: 'localhost', accept: 'text/event-stream', 'mcp-session-id': id } }, resolve).end() })
    expect(incoming.headers['content-type']).toBe('text/event-stream')
    mcp.swap(catalogueOf({}))
    const chunks: string[] = []
    incoming.on('data', (chunk: Buffer) => { chunks.push(chunk.toString()) })
    await expect.poll(() => chunks.join('')).toContain('notifications/tools/list_changed')
    incoming.destroy()
    await expect.poll(() => mcp.open.streams).toBe(0)
    mcp.swap(catalogueOf(tools))
  })

  test('a body that a framework has read is taken', async () => {
    const parsing = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => { chunks.push(chunk) })
      request.on('end', () => { mcp.node(Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }), response) })
    })
    await new Promise<void>((resolve) => { parsing.listen(0, '127.0.0.1', resolve) })
    const answer = await json(fetch(`http://127.0.0.1:${(parsing.address() as AddressInfo).port}/`, { method: 'POST', headers: { 'content-type': 'application/json', 'mcp-protocol-version': '2025-11-25' }, body: JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'ping' }) }))
    expect(answer).toEqual({ jsonrpc: '2.0', id: 3, result: {} })
    parsing.close()
    parsing.closeAllConnections()
  })
})

test('what is quiet is kept open', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const { server } = serverOf(tools)
    const body = (await server.fetch(now('subscriptions/listen', { notifications: {} }))).body as ReadableStream<Uint8Array>
    const reader = body.getReader()
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString()
    expect(await read()).toContain('acknowledged')
    vi.advanceTimersByTime(15_000)
    expect(await read()).toBe(':\n\n')
    await reader.cancel()
    expect([server.open.streams, vi.getTimerCount()]).toEqual([0, 0])
  } finally {
    vi.useRealTimers()
  }
})

test('after the end nothing is served', async () => {
  const { server } = serverOf(tools)
  const id = await session(server)
  server.close()
  expect((await server.fetch(before('ping', {}, { session: id }))).status).toBe(503)
})
