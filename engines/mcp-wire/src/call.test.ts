import { describe, expect, test } from 'vitest'
import type { CallContext, InputRequest } from './catalogue.ts'
import type { JsonObject } from './model.ts'
import { RpcProblem } from './problem.ts'
import { before, events, json, now, post, serverOf, session, text } from './wire.fixture.ts'
import type { Tools, Wire } from './wire.fixture.ts'

const form = (message: string): InputRequest => ({ method: 'elicitation/create', params: { message, requestedSchema: { type: 'object', properties: {} } } })
const accept = (content: JsonObject): JsonObject => ({ action: 'accept', content })
const capabilities = { elicitation: {}, sampling: {}, roots: {} }

const tools: Tools = {
  twice: async (_, context) => {
    const { one } = await context.ask({ one: form('one?') })
    const { two } = await context.ask({ two: form('two?') })
    return text(JSON.stringify([one, two]))
  },
  together: async (_, context) => text(JSON.stringify(await Promise.all([context.ask({ a: form('a?') }), context.ask({ b: form('b?') })]))),
  swallowing: async (_, context) => {
    try {
      await context.ask({ one: form('one?') })
    } catch {
      return text('carried on')
    }
    return text('asked')
  },
  sampling: async (_, context) => text(JSON.stringify(await context.ask({ s: { method: 'sampling/createMessage', params: {} } }))),
  link: async (_, context) => text(JSON.stringify(await context.ask({ l: { method: 'elicitation/create', params: { mode: 'url', url: 'https://example.com' } } }))),
  coded: async () => { throw new RpcProblem(-32602, 'Not like this', { why: 'so' }) },
  broken: async () => { throw new Error('postgres://user:secret@host') },
  thrown: () => { throw new Error('not even a promise') },
}

describe('2026-07-28: the call is made again with the answers', () => {
  const call = async (name: string, more: JsonObject = {}, options: Parameters<typeof now>[2] = {}, on = serverOf(tools)) => await json(on.server.fetch(now('tools/call', { name, arguments: { x: 1 }, ...more }, { capabilities, ...options })))

  test('round by round, each with the answers of those before', async () => {
    const on = serverOf(tools)
    const first = await call('twice', {}, {}, on)
    expect(first.result).toMatchObject({ resultType: 'input_required', inputRequests: { one: form('one?') } })
    const second = await call('twice', { requestState: first.result?.['requestState'] as string, inputResponses: { one: accept({ n: 1 }), other: accept({}) } }, {}, on)
    expect(second.result).toMatchObject({ resultType: 'input_required', inputRequests: { two: form('two?') } })
    expect(Object.keys(second.result?.['inputRequests'] as JsonObject)).toEqual(['two'])
    const third = await call('twice', { requestState: second.result?.['requestState'] as string, inputResponses: { two: accept({ n: 2 }) } }, {}, on)
    expect(third.result).toMatchObject({ resultType: 'complete', content: [{ type: 'text', text: JSON.stringify([accept({ n: 1 }), accept({ n: 2 })]) }] })
  })

  test('what is asked at once is asked in one answer', async () => {
    expect(Object.keys((await call('together')).result?.['inputRequests'] as JsonObject)).toEqual(['a', 'b'])
    expect((await call('together', { inputResponses: { a: accept({}), b: accept({}) } })).result?.['resultType']).toBe('complete')
  })

  test('a call that carries on has asked all the same', async () => {
    expect((await call('swallowing')).result?.['resultType']).toBe('input_required')
  })

  test('a state is of use for the same request of the same caller, and not for ever', async () => {
    const on = serverOf(tools)
    const requestState = (await call('twice', {}, {}, on)).result?.['requestState'] as string
    const again = async (params: JsonObject, id = 'anonymous') => (await json(on.server.fetch(now('tools/call', params, { capabilities }), { caller: { id } }))).error?.code
    expect(await again({ name: 'twice', arguments: { x: 1 }, requestState })).toBeUndefined()
    expect(await again({ name: 'twice', arguments: { x: 2 }, requestState })).toBe(-32602)
    expect(await again({ name: 'together', arguments: { x: 1 }, requestState })).toBe(-32602)
    expect(await again({ name: 'twice', arguments: { x: 1 }, requestState }, 'somebody')).toBe(-32602)
    expect(await again({ name: 'twice', arguments: { x: 1 }, requestState: `${requestState}A` })).toBe(-32602)
    expect(await again({ name: 'twice', arguments: { x: 1 }, requestState: 7 })).toBe(-32602)
    on.clock.time += 24 * 3_600_000
    expect(await again({ name: 'twice', arguments: { x: 1 }, requestState })).toBe(-32602)
  })

  test.each([[null], [7], [[]], [{ one: 7 }], [{ one: [] }], [{ one: null }], [{ one: { action: 'maybe' } }], [{ one: { action: 'accept', content: 7 } }]])('inputResponses %j are refused', async (inputResponses) => {
    expect((await call('twice', { inputResponses: inputResponses as unknown as JsonObject })).error?.code).toBe(-32602)
  })

  test('who cannot answer is not asked', async () => {
    const response = await serverOf(tools).server.fetch(now('tools/call', { name: 'sampling' }, { capabilities: { elicitation: {} } }))
    expect(response.status).toBe(400)
    expect((await json(response)).error).toMatchObject({ code: -32021, data: { requiredCapabilities: { sampling: {} } } })
    expect((await call('link')).error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } })
    expect((await call('link', {}, { capabilities: { elicitation: { url: {} } } })).result?.['resultType']).toBe('input_required')
    expect((await call('twice', {}, { capabilities: { elicitation: { url: {} } } })).error?.code).toBe(-32021)
  })
})

describe('up to 2025-11-25: the connection waits', () => {
  test('requests go out on the stream of the call, answers come by other requests', async () => {
    const { server } = serverOf(tools)
    const id = await session(server, capabilities)
    const stream = events(await server.fetch(before('tools/call', { name: 'twice' }, { session: id, id: 'call' })))
    expect(await stream.next()).toMatchObject({ message: null })
    for (const [n, message] of ['one?', 'two?'].entries()) {
      const asked = (await stream.next())?.message as Wire
      expect(asked).toMatchObject({ method: 'elicitation/create', params: { message } })
      const answered = await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: accept({ n }) }), { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }))
      expect(answered.status).toBe(202)
    }
    expect((await stream.next())?.message).toMatchObject({ id: 'call', result: { content: [{ text: JSON.stringify([accept({ n: 0 }), accept({ n: 1 })]) }] } })
    expect(await stream.next()).toBeNull()
    expect(server.open).toEqual({ streams: 0, listeners: 0, calls: 0, tasks: 0, sessions: 1 })
  })

  test('a client that refuses, leaves or ends its session ends the call', async () => {
    for (const end of ['refuse', 'cancel', 'delete'] as const) {
      const { server } = serverOf(tools)
      const id = await session(server, capabilities)
      const stream = events(await server.fetch(before('tools/call', { name: 'twice' }, { session: id, id: 5 })))
      await stream.next()
      const asked = (await stream.next())?.message as Wire
      const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
      if (end === 'refuse') await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id: asked.id, error: { code: -1, message: 'no' } }), headers))
      else if (end === 'cancel') await server.fetch(before('notifications/cancelled', { requestId: 5 }, { id: null, session: id }))
      else await server.fetch(new Request('http://localhost:3000/mcp', { method: 'DELETE', headers: { ...headers, host: 'localhost:3000' } }))
      const last = await stream.next()
      if (end === 'refuse') expect(last?.message).toMatchObject({ id: 5, error: { code: -32603 } })
      else expect(last).toBeNull()
      await expect.poll(() => server.open.calls).toBe(0)
    }
  })

  test('who leaves while it is asked, and cannot come back, ends the call', async () => {
    const { server } = serverOf(tools)
    const id = await session(server, capabilities, '2025-06-18')
    const client = new AbortController()
    const stream = events(await server.fetch(new Request(before('tools/call', { name: 'twice' }, { session: id, version: '2025-06-18' }), { signal: client.signal })))
    expect((await stream.next())?.message?.method).toBe('elicitation/create')
    client.abort()
    await expect.poll(() => server.open).toMatchObject({ calls: 0, streams: 0 })
  })

  test('a stranger cannot answer', async () => {
    const { server } = serverOf(tools)
    const id = await session(server, capabilities)
    const other = await session(server, capabilities)
    const stream = events(await server.fetch(before('tools/call', { name: 'twice' }, { session: id, id: 5 })))
    await stream.next()
    const asked = (await stream.next())?.message as Wire
    await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: accept({}) }), { 'mcp-session-id': other, 'mcp-protocol-version': '2025-11-25' }))
    await server.fetch(post(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: accept({}) }), { 'mcp-protocol-version': '2025-11-25' }))
    expect(server.open.calls).toBe(1)
    server.close()
  })

  test('without a session nobody can be asked', async () => {
    expect((await json(serverOf(tools).server.fetch(before('tools/call', { name: 'twice' })))).error?.code).toBe(-32021)
  })

  test('a stream that broke off is read on from where it was', async () => {
    let go = () => {}
    const gate = new Promise<void>((resolve) => { go = resolve })
    const { server } = serverOf({
      long: async (_, context) => {
        context.progress(1)
        context.reconnect()
        context.progress(2)
        await gate
        context.progress(3)
        return text('done')
      },
    })
    const id = await session(server)
    const stream = events(await server.fetch(before('tools/call', { name: 'long', _meta: { progressToken: 't' } }, { session: id })))
    const seen = [await stream.next(), await stream.next()]
    expect(seen[0]?.message).toBeNull()
    expect(seen[1]?.message?.params?.['progress']).toBe(1)
    expect(await stream.next()).toBeNull()
    const get = (last: string) => new Request('http://localhost:3000/mcp', { headers: { accept: 'text/event-stream', host: 'localhost:3000', 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25', 'last-event-id': last } })
    const rest = events(await server.fetch(get(seen[1]?.id as string)))
    expect((await rest.next())?.message?.params?.['progress']).toBe(2)
    go()
    expect((await rest.next())?.message?.params?.['progress']).toBe(3)
    expect((await rest.next())?.message?.result).toMatchObject(text('done'))
    expect(await rest.next()).toBeNull()
  })
})

describe('in all revisions', () => {
  test.each([['now', now], ['before', before]] as const)('%s: problems are told, other errors are not', async (_name, make) => {
    const heard: string[] = []
    const { server } = serverOf(tools, { onError: (error) => { heard.push((error as Error).message) } })
    expect((await json(server.fetch(make('tools/call', { name: 'coded' })))).error).toEqual({ code: -32602, message: 'Not like this', data: { why: 'so' } })
    for (const name of ['broken', 'thrown']) expect((await json(server.fetch(make('tools/call', { name })))).error).toEqual({ code: -32603, message: 'The server failed to answer' })
    expect(heard).toEqual(['postgres://user:secret@host', 'not even a promise'])
    expect(server.open.calls).toBe(0)
  })

  test('progress and messages go where they are wanted', async () => {
    const chatty = async (_: JsonObject, context: CallContext) => {
      context.progress(1, 2, 'half')
      context.log('info', 'hello', 'me')
      context.log('error', { a: 1 })
      return text('done')
    }
    const { server } = serverOf({ chatty })
    expect((await server.fetch(now('tools/call', { name: 'chatty' }))).headers.get('content-type')).toBe('application/json')
    const stream = events(await server.fetch(now('tools/call', { name: 'chatty', _meta: { progressToken: 0, 'io.modelcontextprotocol/logLevel': 'error' } })))
    expect((await stream.next())?.message).toEqual({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 0, progress: 1, total: 2, message: 'half' } })
    expect((await stream.next())?.message).toEqual({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: { a: 1 } } })
    expect((await stream.next())?.message?.result).toMatchObject(text('done'))
    const id = await session(server)
    await server.fetch(before('logging/setLevel', { level: 'error' }, { session: id }))
    const old = events(await server.fetch(before('tools/call', { name: 'chatty' }, { session: id })))
    await old.next()
    expect((await old.next())?.message?.params?.['level']).toBe('error')
  })

  test('a client that goes cancels from 2026-07-28 on', async () => {
    const seen: boolean[] = []
    let begun = () => {}
    const { server } = serverOf({ wait: (_, { signal }) => new Promise((resolve) => { begun(); signal.addEventListener('abort', () => { seen.push(true); resolve(text('')) }) }) })
    const started = new Promise<void>((resolve) => { begun = resolve })
    const client = new AbortController()
    const answer = server.fetch(new Request(now('tools/call', { name: 'wait' }), { signal: client.signal }))
    await started
    client.abort()
    await answer
    expect(seen).toEqual([true])
  })
})
