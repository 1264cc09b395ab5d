import { once } from 'node:events'
import { createConnection } from 'node:net'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { manualClock } from './clock.ts'
import { HaechiError } from './errors.ts'
import { createHttp, languageOf, listen, problem, z } from './http.ts'
import type { HttpRequest, Listening } from './http.ts'
import { silentLog } from './log.ts'

type Log = typeof silentLog
/** An echo behind a gate that takes whoever says `x-user`, and whose `nobody` may nothing. */
function open(options: { basePath?: string; log?: Log; seen?: HttpRequest[] } = {}) {
  const seen = options.seen ?? []
  const http = createHttp<{ name: string }, 'read' | 'write'>({
    gate: {
      authenticate: async (request, action) => {
        seen.push(request)
        const name = request.headers.get('x-user')
        if (name === null) throw new HaechiError('unauthenticated')
        return { name: `${name} wants to ${action}` }
      },
      authorize: (actor, action) => { if (actor.name.startsWith('nobody')) throw new HaechiError('forbidden', { action }) },
    },
    clock: manualClock(0), log: options.log ?? silentLog, metrics: new Registry(), basePath: options.basePath ?? '', version: '1', headers: { 'x-everywhere': 'yes' },
  })
  http.route({ method: 'get', path: '/things/{id}', operation: 'getThing', summary: 's', tag: 't', access: 'read', query: z.object({ n: z.coerce.number().int().optional() }), params: z.object({ id: z.string().max(20) }), answers: { 200: { description: 'd', schema: z.object({ id: z.string() }).openapi('Thing') } } },
    ({ actor, params, query, request }) => ({ body: { id: params.id, n: query.n ?? null, by: actor.name, path: request.path, rawQuery: request.rawQuery, language: request.language, remote: request.remoteAddress } }))
  http.route({ method: 'post', path: '/things', operation: 'makeThing', summary: 's', tag: 't', access: 'write', bodyLimit: 100, body: z.object({ name: z.string(), list: z.array(z.object({ n: z.number() })).optional() }), answers: { 201: { description: 'd' } } },
    ({ body }) => ({ status: 201, body }))
  http.route({ method: 'post', path: '/stream', operation: 'stream', summary: 's', tag: 't', access: 'write', bodyLimit: 100, body: 'stream', answers: { 200: { description: 'd' } } }, async ({ request }) => {
    let size = 0
    for await (const chunk of request.stream()) size += chunk.byteLength
    return { body: { size } }
  })
  http.route({ method: 'get', path: '/broken', operation: 'broken', summary: 's', tag: 't', access: 'public', answers: {} }, () => { throw new Error('secret detail') })
  http.route({ method: 'get', path: '/own-form', operation: 'own', summary: 's', tag: 't', access: 'read', problem: (error) => Response.json({ error: { type: error.code } }, { status: 499 }), answers: {} }, () => ({ body: 1 }))
  const call = async (method: string, path: string, init: { headers?: Record<string, string>; body?: NonNullable<RequestInit['body']> } = {}) => {
    const response = await http.fetch(new Request(`http://haechi.test${path}`, { method, headers: { 'x-user': 'kim', ...init.headers }, ...(init.body === undefined ? {} : { body: init.body, duplex: 'half' }) }))
    // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers by name
    return { status: response.status, headers: response.headers, body: await response.json() as any }
  }
  return { http, call, seen }
}
const codes = (answer: { status: number; body: { code: string } }) => [answer.status, answer.body.code]

describe('the gate', () => {
  test('comes before everything: nothing of a stranger is parsed', async () => {
    const { http, call } = open()
    const pulled: number[] = []
    const body = new ReadableStream({ pull(controller) { pulled.push(1); controller.enqueue(Buffer.from('{')); controller.close() } }, { highWaterMark: 0 })
    const answer = await http.fetch(new Request('http://h/things', { method: 'POST', body, duplex: 'half' }))
    expect([answer.status, pulled]).toEqual([401, []])
    expect(codes(await call('GET', '/things/1?n=x', { headers: { 'x-user': 'nobody' } }))).toEqual([403, 'forbidden'])
    expect(codes(await call('GET', '/things/1?n=x'))).toEqual([400, 'parameter_invalid'])
  })
  test('knows what the route will ask', async () => {
    expect((await open().call('GET', '/things/1')).body.by).toBe('kim wants to read')
  })
  test('every route says who may use it', () => {
    expect(open().http.routes).toContainEqual({ method: 'get', path: '/things/{id}', access: 'read' })
  })
})

describe('the address', () => {
  test('doubled slashes are collapsed, never redirected; the query is kept as it was sent', async () => {
    const { call, seen } = open()
    const answer = await call('GET', '//things///a%20b?n=1&&x=%2F')
    expect(answer.body).toMatchObject({ id: 'a b', n: 1, path: '/things/a%20b', rawQuery: 'n=1&&x=%2F' })
    expect(seen[0]?.target.href).toBe('http://haechi.test//things///a%20b?n=1&&x=%2F')
  })
  test('a prefix is taken off once, also after a doubled slash, and only as a whole segment', async () => {
    const { call, seen } = open({ basePath: '/mdr' })
    expect((await call('GET', '/mdr/things/1')).body.path).toBe('/things/1')
    expect((await call('GET', '//mdr//things/1')).body.path).toBe('/things/1')
    expect((await call('GET', '/things/1')).status).toBe(200)
    expect(codes(await call('GET', '/mdrthings/1'))).toEqual([404, 'route_not_found'])
    expect(codes(await call('GET', '/mdr/mdr/things/1'))).toEqual([404, 'route_not_found'])
    expect(seen[0]?.target.pathname).toBe('/mdr/things/1')
  })
  test('a body survives the rewriting', async () => {
    expect((await open({ basePath: '/mdr' }).call('POST', '/mdr//things', { body: '{"name":"x"}' })).body).toEqual({ name: 'x' })
  })
  test('an unknown route or method is a coded 404 with the usual headers', async () => {
    const answer = await open().call('GET', '/nothing')
    expect(codes(answer)).toEqual([404, 'route_not_found'])
    expect([answer.headers.get('content-type'), answer.headers.get('x-content-type-options'), answer.headers.get('x-everywhere')]).toEqual(['application/problem+json', 'nosniff', 'yes'])
    expect(codes(await open().call('DELETE', '/things'))).toEqual([404, 'route_not_found'])
  })
  test('a query key given twice is refused, prototype keys are only names', async () => {
    const { call } = open()
    expect(codes(await call('GET', '/things/1?n=1&n=2'))).toEqual([400, 'parameter_invalid'])
    expect((await call('GET', '/things/1?__proto__=1&constructor=2&toString=3')).status).toBe(200)
  })
  test('broken percent encoding is answered, not thrown', async () => {
    expect((await open().call('GET', '/things/%E0%A4%A')).status).toBeLessThan(500)
  })
})

describe('the body', () => {
  test('a client that sends before it listens hears that its body is too large', async () => {
    const http = open().http
    await using listening = { ...(await listen((request) => http.fetch(request), { host: '127.0.0.1', port: 0 })), async [Symbol.asyncDispose]() { await this.close(0) } }
    const socket = createConnection({ host: '127.0.0.1', port: listening.port })
    let heard = ''
    let failure: unknown = null
    socket.on('data', (text) => { heard += text.toString() }).on('error', (error) => { failure = error })
    const parts = 20
    socket.write(`POST /things HTTP/1.1\r\nHost: h\r\nx-user: kim\r\nContent-Type: application/json\r\nContent-Length: ${parts * 100_000}\r\n\r\n`)
    for (let part = 0; part < parts; part++) {
      // Each part is taken before the next is sent: whoever closes early is met.
      await new Promise<void>((resolve) => { socket.write('x'.repeat(100_000), () => { setImmediate(resolve) }) })
    }
    await expect.poll(() => heard).toContain('body_too_large')
    expect([failure, heard.slice(0, 12)]).toEqual([null, 'HTTP/1.1 413'])
    socket.destroy()
  })
  test.each([
    ['nothing', '', 'body_invalid'], ['not JSON', '{', 'body_invalid'], ['not UTF-8', Buffer.from([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')]), 'body_invalid'], ['null', 'null', 'body_invalid'], ['an array', '[]', 'body_invalid'],
    ['over the limit', `{"name":"${'x'.repeat(100)}"}`, 'body_too_large'],
  ])('%s', async (_, body, code) => { expect((await open().call('POST', '/things', { body })).body.code).toBe(code) })
  test('each fault is named by its place', async () => {
    const answer = await open().call('POST', '/things', { body: '{"name":1,"list":[{"n":1},{"n":"x"}]}' })
    expect(answer.body.errors.map((fault: { code: string; place: string }) => [fault.code, fault.place])).toEqual([['body_invalid', '/name'], ['body_invalid', '/list/1/n']])
  })
  test('prototype keys do not reach the handler\'s object', async () => {
    const answer = await open().call('POST', '/things', { body: '{"name":"x","__proto__":{"admin":true},"constructor":1}' })
    expect(answer.body).toEqual({ name: 'x' })
  })
  test('deep JSON is answered', async () => {
    const http = open()
    expect((await http.call('POST', '/things', { body: `${'['.repeat(48)}${']'.repeat(48)}` })).body.code).toBe('body_invalid')
  })
  test('the limit holds for declared and for undeclared lengths, read or streamed', async () => {
    const { http, call } = open()
    expect((await call('POST', '/stream', { body: 'x'.repeat(100) })).body).toEqual({ size: 100 })
    expect(codes(await call('POST', '/stream', { body: 'x'.repeat(101) }))).toEqual([413, 'body_too_large'])
    let pulled = 0
    const endless = new ReadableStream({ pull(controller) { pulled++; controller.enqueue(new Uint8Array(40)) } }, { highWaterMark: 0 })
    const answer = await http.fetch(new Request('http://h/stream', { method: 'POST', headers: { 'x-user': 'kim' }, body: endless, duplex: 'half' }))
    expect([answer.status, pulled]).toEqual([413, 3])
    const declared = await http.fetch(new Request('http://h/stream', { method: 'POST', headers: { 'x-user': 'kim', 'content-length': '101' }, body: 'x' }))
    expect(declared.status).toBe(413)
  })
  test('what authentication read is there again for the handler, as JSON and as a stream', async () => {
    const http = createHttp<null, 'write'>({
      gate: { authenticate: async (request) => { expect(Buffer.from(await request.body()).toString()).toBe('{"a":1}'); expect(await request.body()).toBe(await request.body()); return null }, authorize: () => undefined },
      clock: manualClock(0), log: silentLog, metrics: new Registry(), basePath: '', version: '1',
    })
    http.route({ method: 'post', path: '/stream', operation: 'o', summary: 's', tag: 't', access: 'write', body: 'stream', answers: {} }, async ({ request }) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of request.stream()) chunks.push(chunk)
      return { body: { text: Buffer.concat(chunks).toString() } }
    })
    http.route({ method: 'post', path: '/json', operation: 'p', summary: 's', tag: 't', access: 'write', body: z.object({ a: z.number() }), answers: {} }, ({ body }) => ({ body }))
    for (const [path, expected] of [['/stream', { text: '{"a":1}' }], ['/json', { a: 1 }]] as const) {
      const answer = await http.fetch(new Request(`http://h${path}`, { method: 'POST', body: '{"a":1}' }))
      expect(await answer.json()).toEqual(expected)
    }
  })
})

describe('errors', () => {
  test('have the shape of RFC 9457, in the language that was asked for', async () => {
    const { call } = open()
    const english = await call('POST', '/things', { headers: { 'x-user': 'nobody' }, body: '{}' })
    expect(english.body).toEqual({
      type: 'urn:haechi:error:forbidden', title: 'This identity may not do write here', status: 403, code: 'forbidden', detail: 'This identity may not do write here', retry: false, params: { action: 'write' }, errors: [],
    })
    const korean = await call('POST', '/things', { headers: { 'x-user': 'nobody', 'accept-language': 'ko-KR,ko;q=0.9' }, body: '{}' })
    expect([korean.body.code, korean.body.detail, korean.headers.get('content-language')]).toEqual(['forbidden', '이 계정이나 키에는 write 권한이 없습니다', 'ko'])
  })
  test('an unexpected one says nothing but a number, and the log has the rest', async () => {
    const logged: object[] = []
    const answer = await open({ log: { ...silentLog, error: (fields) => logged.push(fields) } }).call('GET', '/broken')
    expect(codes(answer)).toEqual([500, 'internal'])
    expect(JSON.stringify(answer.body)).not.toContain('secret detail')
    expect(logged).toMatchObject([{ incident: answer.body.params.incident, err: { message: 'secret detail' } }])
  })
  test('a protocol of others keeps its own form', async () => {
    const answer = await open().call('GET', '/own-form', { headers: { 'x-user': 'nobody' } })
    expect([answer.status, answer.body]).toEqual([499, { error: { type: 'forbidden' } }])
  })
  test('401 says how to come in, 429 and 503 say when to come again', () => {
    expect(problem(new HaechiError('unauthenticated'), 'en').headers.get('www-authenticate')).toContain('Basic')
    expect(problem(new HaechiError('database_unavailable'), 'en').headers.get('retry-after')).toBe('2')
    expect(problem(new HaechiError('rate_limited', { limit: 20, retry_after: 7 }), 'en').headers.get('retry-after')).toBe('7')
    expect(problem(new HaechiError('internal', { incident: 'x' }), 'en').headers.get('retry-after')).toBeNull()
  })
  test.each([
    [null, 'en'], ['ko', 'ko'], ['KO-kr', 'ko'], ['en;q=0.5, ko;q=0.8', 'ko'], ['fr, ko;q=0.1', 'ko'], ['fr', 'en'], ['ko;q=0', 'en'], ['*', 'en'], ['ko;q=x', 'en'], [',;,', 'en'],
  ])('Accept-Language %j is %s', (value, expected) => { expect(languageOf(new Headers(value === null ? {} : { 'accept-language': value }))).toBe(expected) })
})

test('the document names every route, its action and its shapes', () => {
  const document = open().http.openapi() as { openapi: string; paths: Record<string, Record<string, { 'x-haechi-action'?: string; security?: unknown; parameters?: { name: string }[] }>>; components: { schemas: object; securitySchemes: object } }
  expect(document.openapi).toBe('3.1.0')
  expect(document.paths['/things/{id}']?.['get']).toMatchObject({ 'x-haechi-action': 'read', parameters: [{ name: 'id', in: 'path' }, { name: 'n', in: 'query' }] })
  expect(document.paths['/broken']?.['get']).not.toHaveProperty('security')
  expect(Object.keys(document.components.schemas).sort()).toEqual(['Problem', 'Thing'])
  expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['apiKey', 'session', 'signature'])
})

describe('on a socket', () => {
  let listening: Listening | undefined
  afterEach(async () => { await listening?.close(100) })

  test('the peer\'s address arrives, also through a prefix, and a taken port is a coded error', async () => {
    const { http } = open({ basePath: '/mdr' })
    listening = await listen((request) => http.fetch(request), { host: '127.0.0.1', port: 0 })
    for (const path of ['/things/1', '/mdr/things/1', '//mdr//things/1']) {
      const answer = await fetch(`http://127.0.0.1:${listening.port}${path}`, { headers: { 'x-user': 'kim' } })
      expect(await answer.json(), path).toMatchObject({ remote: '127.0.0.1', path: '/things/1' })
    }
    const posted = await fetch(`http://127.0.0.1:${listening.port}/mdr/things`, { method: 'POST', headers: { 'x-user': 'kim' }, body: '{"name":"x"}' })
    expect([posted.status, await posted.json()]).toEqual([201, { name: 'x' }])
    await expect(listen((request) => http.fetch(request), { host: '127.0.0.1', port: listening.port })).rejects.toMatchObject({ code: 'address_unavailable', params: { reason: 'EADDRINUSE' } })
  })

  test.each([
    ['no Host', 'GET /things/1 HTTP/1.1\r\n\r\n'], ['a Host that is none', 'GET /things/1 HTTP/1.1\r\nHost: a b/c?d\r\n\r\n'], ['a bad header', 'GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n'],
    ['an absolute address', 'GET http://[::bad/x HTTP/1.1\r\nHost: x\r\n\r\n'], ['no HTTP', '\x16\x03\x01hello\r\n\r\n'],
  ])('%s is answered with 4xx and does no harm', async (_, text) => {
    const { http } = open()
    listening = await listen((request) => http.fetch(request), { host: '127.0.0.1', port: 0 })
    const socket = createConnection(listening.port, '127.0.0.1')
    socket.end(text)
    let answer = ''
    socket.on('data', (chunk) => { answer += chunk.toString() })
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect((await fetch(`http://127.0.0.1:${listening.port}/things/1`, { headers: { 'x-user': 'kim' } })).status).toBe(200)
  })

  test('close lets what is under way end, and refuses the rest', async () => {
    let finish: () => void = () => undefined
    let arrived: () => void = () => undefined
    const under = new Promise<void>((resolve) => { arrived = resolve })
    listening = await listen(async () => {
      arrived()
      await new Promise<void>((resolve) => { finish = resolve })
      return new Response('done')
    }, { host: '127.0.0.1', port: 0 })
    const answer = fetch(`http://127.0.0.1:${listening.port}/`)
    await under
    // A kept connection does not hold it up until the deadline.
    const closed = listening.close(60_000)
    await expect(fetch(`http://127.0.0.1:${listening.port}/`)).rejects.toThrow()
    finish()
    expect(await (await answer).text()).toBe('done')
    await closed
  })
})
