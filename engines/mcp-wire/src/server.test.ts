import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalogue } from './catalogue.ts'
import { EventStream } from './event-stream.ts'
import type { JsonObject } from './model.ts'
import { createSeal } from './seal.ts'
import { Sessions } from './session.ts'
import type { Session } from './session.ts'
import { before, catalogueOf, events, initialize, json, now, post, serverOf, session, text } from './wire.fixture.ts'
import type { Tools } from './wire.fixture.ts'

const tools: Tools = { echo: async (args) => text(JSON.stringify(args)) }
const more: Partial<Catalogue> = {
  resources: { list: [{ uri: 'a:1', name: 'one' }], read: async (uri) => (uri === 'a:1' ? [{ uri, text: 'one' }] : null) },
  prompts: {
    list: [{ name: 'p', arguments: [{ name: 'x', required: true }] }],
    get: async (_, { x = '' }) => ({ messages: [{ role: 'user', content: { type: 'text', text: x } }] }),
  },
  complete: async ({ argument }) => ({ values: Array.from({ length: 150 }, (_, at) => `${argument.value}${at}`) }),
}

describe('what a server says of itself', () => {
  test('by server/discover and by initialize', async () => {
    const { server } = serverOf(tools, { more, title: 'T', description: 'D', instructions: 'Be kind' })
    const info = { name: 'test', version: '1', title: 'T', description: 'D' }
    const shared = { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true }, prompts: { listChanged: true }, completions: {}, logging: {} }
    expect((await json(server.fetch(now('server/discover')))).result).toMatchObject({
      supportedVersions: ['2026-07-28'], instructions: 'Be kind', capabilities: { ...shared, extensions: { 'io.modelcontextprotocol/tasks': {} } }, _meta: { 'io.modelcontextprotocol/serverInfo': info },
    })
    expect((await json(server.fetch(initialize()))).result).toEqual({ protocolVersion: '2025-11-25', instructions: 'Be kind', capabilities: shared, serverInfo: info })
  })

  test.each([['2024-11-05', '2024-11-05'], ['2025-03-26', '2025-03-26'], ['2025-06-18', '2025-06-18'], ['2025-11-25', '2025-11-25'], ['2026-07-28', '2025-11-25'], ['1999-01-01', '2025-11-25']])('a handshake for %s agrees on %s', async (asked, agreed) => {
    expect((await json(serverOf(tools).server.fetch(initialize({}, asked)))).result?.['protocolVersion']).toBe(agreed)
  })

  test('what a catalogue has not is not there', async () => {
    const { server } = serverOf(tools)
    expect(Object.keys((await json(server.fetch(now('server/discover')))).result?.['capabilities'] as JsonObject)).toEqual(['tools', 'logging', 'extensions'])
    for (const method of ['resources/list', 'resources/templates/list', 'resources/read', 'prompts/list', 'prompts/get', 'completion/complete']) {
      const response = await server.fetch(now(method, method === 'resources/read' ? { uri: 'a' } : method === 'prompts/get' ? { name: 'p' } : {}))
      expect([method, response.status, (await json(response)).error?.code]).toEqual([method, 404, -32601])
      expect((await json(server.fetch(before(method)))).error?.code).toBe(-32601)
    }
  })
})

describe('methods', () => {
  const { server } = serverOf(tools, { more })
  test.each<[string, JsonObject, number]>([
    ['tools/call', {}, -32602],
    ['tools/call', { name: 'nothing' }, -32602],
    ['tools/call', { name: 'echo', arguments: [] }, -32602],
    ['tools/list', { cursor: 'x' }, -32602],
    ['prompts/get', { name: 'nothing' }, -32602],
    ['prompts/get', { name: 'p' }, -32602],
    ['prompts/get', { name: 'p', arguments: { x: 1 } }, -32602],
    ['resources/read', {}, -32602],
    ['completion/complete', { ref: { type: 'ref/none' }, argument: { name: 'a', value: '' } }, -32602],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a' } }, -32602],
    ['nothing/there', {}, -32601],
  ])('%s %j: %i in all revisions', async (method, params, code) => {
    expect((await json(server.fetch(now(method, params)))).error?.code).toBe(code)
    expect((await json(server.fetch(before(method, params)))).error?.code).toBe(code)
  })

  test('a resource that is not there is told in the words of the revision', async () => {
    expect((await json(server.fetch(now('resources/read', { uri: 'a:2' })))).error).toEqual({ code: -32602, message: 'Resource not found', data: { uri: 'a:2' } })
    expect((await json(server.fetch(before('resources/read', { uri: 'a:2' })))).error).toEqual({ code: -32002, message: 'Resource not found', data: { uri: 'a:2' } })
  })

  test('at most 100 completions are sent', async () => {
    const { completion } = (await json(server.fetch(before('completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'x', value: 'v' } })))).result as { completion: JsonObject }
    expect(completion).toMatchObject({ total: 150, hasMore: true })
    expect(completion['values']).toHaveLength(100)
  })

  test('arguments arrive as they were sent', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }).filter((args) => !JSON.stringify(args).includes('__proto__')), async (args) => {
      const { result } = await json(server.fetch(now('tools/call', { name: 'echo', arguments: args as JsonObject })))
      expect(JSON.parse((result as unknown as { content: { text: string }[] }).content[0]?.text ?? '')).toEqual(JSON.parse(JSON.stringify(args)))
    }), { numRuns: 200 })
  })
})

describe('changes', () => {
  const other = () => catalogueOf({ echo: async () => text('new'), another: async () => text('') }, more)

  test('whoever listens is told what it asked for, once, and only of what changed', async () => {
    const { server } = serverOf(tools, { more })
    const listen = async (notifications: JsonObject, id: number) => {
      const stream = events(await server.fetch(now('subscriptions/listen', { notifications }, { id })))
      expect((await stream.next())?.message).toMatchObject({ method: 'notifications/subscriptions/acknowledged', params: { notifications, _meta: { 'io.modelcontextprotocol/subscriptionId': id } } })
      return stream
    }
    const all = await listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['a:1'] }, 1)
    const prompts = await listen({ promptsListChanged: true }, 2)
    const id = await session(server)
    const old = events(await server.fetch(new Request('http://localhost:3000/mcp', { headers: { accept: 'text/event-stream', host: 'localhost:3000', 'mcp-session-id': id } })))
    server.swap(catalogueOf(tools, more))
    server.swap(other())
    server.resourceUpdated('a:1')
    server.resourceUpdated('a:2')
    server.close()
    const read = async (stream: typeof all) => {
      const methods: unknown[] = []
      for (let event = await stream.next(); event !== null; event = await stream.next()) methods.push(event.message?.method ?? event.message?.result)
      return methods
    }
    const over = (subscription: number) => expect.objectContaining({ resultType: 'complete', _meta: expect.objectContaining({ 'io.modelcontextprotocol/subscriptionId': subscription }) as unknown }) as unknown
    expect(await read(all)).toEqual(['notifications/tools/list_changed', 'notifications/resources/updated', over(1)])
    expect(await read(prompts)).toEqual([over(2)])
    expect(await read(old)).toEqual(['notifications/tools/list_changed'])
    expect(server.open).toMatchObject({ streams: 0, calls: 0 })
  })

  test('subscriptions to resources of a session begin and end', async () => {
    const { server } = serverOf(tools, { more })
    const id = await session(server)
    const stream = events(await server.fetch(new Request('http://localhost:3000/mcp', { headers: { accept: 'text/event-stream', host: 'localhost:3000', 'mcp-session-id': id } })))
    await server.fetch(before('resources/subscribe', { uri: 'a:1' }, { session: id }))
    server.resourceUpdated('a:1')
    await server.fetch(before('resources/unsubscribe', { uri: 'a:1' }, { session: id }))
    server.resourceUpdated('a:1')
    server.close()
    expect((await stream.next())?.message).toEqual({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'a:1' } })
    expect(await stream.next()).toBeNull()
  })

  test('a call in flight ends with the catalogue it began with', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const { server } = serverOf({ slow: async () => { begun.resolve(); await gate.promise; return text('old') } })
    const answer = server.fetch(now('tools/call', { name: 'slow' }))
    await begun.promise
    server.swap(catalogueOf({ other: async () => text('new') }))
    gate.resolve()
    expect((await json(answer)).result).toMatchObject(text('old'))
    expect((await json(server.fetch(now('tools/call', { name: 'slow' })))).error?.code).toBe(-32602)
  })
})

describe('sessions', () => {
  test('an id is visible ASCII, and of use to the caller it was given to', async () => {
    const { server } = serverOf(tools)
    const id = (await server.fetch(initialize(), { caller: { id: 'a' } })).headers.get('mcp-session-id') as string
    expect(id).toMatch(/^[\x21-\x7e]{32,500}$/)
    const list = async (caller: string, session = id) => (await server.fetch(before('tools/list', {}, { session }), { caller: { id: caller } })).status
    expect([await list('b'), await list('a'), await list('b'), await list('a', `${id}x`), await list('a', 'nonsense')]).toEqual([404, 200, 404, 404, 404])
  })

  test('an id is known to every process with the same key, and ends where it is ended', async () => {
    const key = new Uint8Array(32).fill(3)
    const [one, two] = [serverOf(tools, { key }).server, serverOf(tools, { key }).server]
    const id = await session(one)
    const status = async () => (await two.fetch(before('ping', {}, { session: id }))).status
    expect(await status()).toBe(200)
    const end = () => two.fetch(new Request('http://localhost:3000/mcp', { method: 'DELETE', headers: { host: 'localhost:3000', 'mcp-session-id': id } }))
    expect((await end()).status).toBe(204)
    expect([await status(), (await end()).status]).toEqual([404, 404])
    expect((await serverOf(tools).server.fetch(before('ping', {}, { session: id }))).status).toBe(404)
  })

  test('handshakes keep nothing, and idle sessions are forgotten without harm', () => {
    const sessions = new Sessions(createSeal(new Uint8Array(32), { now: () => 0 }))
    const caller = { id: 'a' }
    const ids = Array.from({ length: 10_050 }, () => sessions.open(caller, '2025-11-25', {}))
    expect(sessions.size).toBe(0)
    const kept = { total: 0 }
    const stream = () => new EventStream({ write: () => {}, waiting: () => 0, end: () => {}, cut: () => {} }, '2025-11-25', 's1', kept)
    const [first, second, third] = ids.slice(0, 3).map((id) => sessions.find(id, caller) as Session)
    first?.calls.set(1, { cancel: () => {} })
    if (second !== undefined) second.outlet = stream()
    const left = stream()
    left.pause()
    left.send('nobody took this')
    left.end()
    third?.keep('s1', left)
    expect(kept.total).toBeGreaterThan(0)
    for (const id of ids) expect(sessions.find(id, caller)?.version).toBe('2025-11-25')
    expect(sessions.size).toBe(10_000)
    expect([sessions.find(ids[0] as string, caller) === first, sessions.find(ids[1] as string, caller) === second]).toEqual([true, true])
    expect(kept.total).toBe(0)
    expect(sessions.find(ids[2] as string, caller)?.streams.size).toBe(0)
  })
})

describe('batches', () => {
  test('of 2025-03-26 are answered together, and of no later revision', async () => {
    const { server } = serverOf(tools)
    const batch = JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/initialized' }, { jsonrpc: '2.0', id: 'b', method: 'tools/call', params: { name: 'echo' } }, { jsonrpc: '2.0', id: 3, method: 'no' }, 7,
    ])
    expect(await (await server.fetch(post(batch))).json()).toMatchObject([{ id: 1, result: {} }, { id: 'b', result: text('{}') }, { id: 3, error: { code: -32601 } }, { error: { code: -32600 } }])
    expect((await server.fetch(post(JSON.stringify([{ jsonrpc: '2.0', method: 'n' }])))).status).toBe(202)
    const [old, newer] = [await session(server, {}, '2025-03-26'), await session(server, {}, '2025-06-18')]
    expect((await server.fetch(post(batch, { 'mcp-session-id': old }))).status).toBe(200)
    expect((await server.fetch(post(batch, { 'mcp-session-id': newer }))).status).toBe(400)
    expect((await server.fetch(post(batch, { 'mcp-protocol-version': '2026-07-28' }))).status).toBe(400)
  })

  test('where something comes before an answer, all come as events', async () => {
    const { server } = serverOf({ steps: async (_, context) => { context.progress(1); return text('') } })
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'steps', _meta: { progressToken: 1 } } }
    const stream = events(await server.fetch(post(JSON.stringify([call, { jsonrpc: '2.0', id: 2, method: 'ping' }]))))
    expect((await stream.next())?.message?.method).toBe('notifications/progress')
    expect((await stream.next())?.message?.id).toBe(1)
    expect((await stream.next())?.message?.id).toBe(2)
    expect(await stream.next()).toBeNull()
  })
})
