// Every endpoint, every kind of bad input: a clear coded error in the caller's language, never a crash, never a 2xx for something not kept.
// The list of endpoints is the server's own OpenAPI document, so a new route is tested the day it appears.
import { gzipSync } from 'node:zlib'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

type Operation = { operationId: string; security?: unknown[]; requestBody?: { content: Record<string, unknown> }; parameters?: { name: string; in: string; required?: boolean }[] }
type Route = { method: string; path: string; operation: Operation }

let server: TestServer
let routes: Route[]
let ingest: string
beforeAll(async () => {
  server = await startServer()
  const document = await (await fetch(`${server.url}/api/openapi.json`)).json() as { openapi: string; paths: Record<string, Record<string, Operation>> }
  expect(document.openapi).toMatch(/^3\.1/)
  routes = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })))
  expect(routes.length).toBeGreaterThan(30)
  const key = await server.createKey({ role: 'ingest', name: 'bad' })
  ingest = `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`
})
afterAll(() => server.remove())

const fill = (path: string) => path.replace(/\{\w+\}/g, 'x_nothing')

async function answer(response: Response): Promise<{ status: number; code: string; text: string }> {
  const text = await response.text()
  let code = ''
  try {
    const body = JSON.parse(text) as { code?: string; error?: { reason?: string } }
    code = body.code ?? body.error?.reason?.split(':')[0] ?? ''
  } catch {
    // HEAD and pages have no code.
  }
  return { status: response.status, code, text }
}

test('without identity nothing but the public routes answers', async () => {
  for (const { method, path, operation } of routes) {
    const { status, code } = await answer(await fetch(`${server.url}${fill(path)}`, { method, ...(operation.requestBody === undefined ? {} : { body: '{}' }) }))
    if (operation.security === undefined) expect([operation.operationId, status < 500]).toEqual([operation.operationId, true])
    else expect([operation.operationId, status, method === 'HEAD' ? 'unauthenticated' : code]).toEqual([operation.operationId, 401, 'unauthenticated'])
  }
})

test.each([
  'Basic', 'Basic !!!', 'Basic Og==', 'Bearer x', 'Bearer key_x:y', 'ApiKey', 'ApiKey e30=', 'Haechi-Control nonsense', 'Haechi-Control', 'Signature x', `Basic ${'A'.repeat(5_000)}`, 'Bearer \u00e9',
])('a credential that is none is 401: %s', async (authorization) => {
  const { status, code } = await answer(await fetch(`${server.url}/api/v1/assets`, { headers: { authorization } }))
  expect([status, code]).toEqual([401, expect.stringMatching(/^(unauthenticated|credentials_(malformed|invalid)|control_token_invalid)$/)])
})

const bodies: [string, string | Buffer][] = [
  ['empty', ''], ['truncated', '{"name":"x"'], ['an array', '[]'], ['a number', '5'], ['null', 'null'], ['wrong types', '{"name":5,"role":{},"user":[],"password":true}'],
  ['prototype keys', '{"__proto__":{"role":"owner"},"constructor":{"prototype":{"x":1}}}'], ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['deep', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)], ['deep arrays', '['.repeat(200_000)], ['a lone surrogate', '{"name":"\\ud800","role":"owner","display_name":"\\ud800"}'], ['a NUL', '{"name":"a\\u0000b","role":"ingest"}'],
  ['2 MB', JSON.stringify({ name: 'x'.repeat(2_000_000) })],
]
test.each(bodies)('every JSON endpoint refuses a body that is %s', async (_, body) => {
  for (const { method, path, operation } of routes) {
    if (operation.requestBody?.content['application/json'] === undefined) continue
    const { status, code, text } = await answer(await server.api(fill(path), { method, body }))
    expect([operation.operationId, status, text.slice(0, 200)]).toEqual([operation.operationId, expect.toSatisfy((n: number) => n >= 400 && n < 500), expect.anything()])
    expect([operation.operationId, code]).toEqual([operation.operationId, expect.stringMatching(/^[a-z_]+$/)])
  }
})

test('every query parameter refuses what it is not', async () => {
  for (const { method, path, operation } of routes) {
    if (method !== 'GET') continue
    for (const { name } of operation.parameters?.filter((parameter) => parameter.in === 'query') ?? []) {
      for (const value of ['', '\u0000', '-1', '1e999', '{}', '%', 'x'.repeat(5_000), '../../etc/passwd', "' OR 1=1 --", '\ud83d\ude00']) {
        const { status, text } = await answer(await server.api(`${fill(path)}?${name}=${encodeURIComponent(value)}`))
        expect([operation.operationId, name, value.slice(0, 20), status < 500, text.slice(0, 300)]).toEqual([operation.operationId, name, value.slice(0, 20), true, expect.anything()])
      }
      const twice = await answer(await server.api(`${fill(path)}?${name}=1&${name}=2`))
      expect([operation.operationId, name, twice.status]).toEqual([operation.operationId, name, expect.toSatisfy((n: number) => n >= 400 && n < 500)])
    }
  }
})

test('an unknown id and another tenant\'s id are the same 404', async () => {
  const other = await (await server.api('/api/v1/tenants', { method: 'POST', body: JSON.stringify({ name: 'other' }) })).json() as { tenant_id?: string }
  expect(other).toBeTypeOf('object')
  const theirs = await server.createKey({ role: 'auditor', name: 'theirs', tenant: 'other' })
  const revoke = (id: string) => server.api(`/api/v1/keys/${id}`, { method: 'DELETE' })
  const [unknown, foreign] = [await answer(await revoke('key_00000000000000000000000000')), await answer(await revoke(theirs.id))]
  expect([unknown.status, foreign.status, unknown.code]).toEqual([404, 404, foreign.code])
})

test('the language of an error is the caller\'s', async () => {
  const korean = await answer(await fetch(`${server.url}/api/v1/assets`, { headers: { 'accept-language': 'ko-KR,ko;q=0.9,en;q=0.5' } }))
  const english = await answer(await fetch(`${server.url}/api/v1/assets`, { headers: { 'accept-language': 'de, en;q=0.5' } }))
  expect(korean.text).toMatch(/[가-힣]/)
  expect(english.text).not.toMatch(/[가-힣]/)
})

test('nothing stands at other addresses, and the answer says where to look', async () => {
  for (const path of ['/nothing', '/api/v1/../../etc/passwd', '/api/v1/%2e%2e/x', '//', '/api//v1///nothing', '/_search']) {
    const { status } = await answer(await fetch(`${server.url}${path}`, { headers: { accept: 'application/json' } }))
    expect([path, status === 404 || path === '//']).toEqual([path, true])
  }
})

test('ingest: empty, all broken, gzip that is none, truncated, an unknown encoding', async () => {
  const send = async (body: string | Buffer, headers: Record<string, string> = {}) => answer(await fetch(`${server.url}/ingest/v1/events`, { method: 'POST', headers: { authorization: ingest, ...headers }, body }))
  expect(await send('')).toMatchObject({ status: 400, code: 'body_invalid' })
  expect(await send('a\nb\n')).toMatchObject({ status: 400, code: 'nothing_kept' })
  expect(await send('not gzip', { 'content-encoding': 'gzip' })).toMatchObject({ status: 400, code: 'body_encoding_invalid' })
  expect(await send(gzipSync('{"a":1}\n').subarray(0, 15), { 'content-encoding': 'gzip' })).toMatchObject({ status: 400, code: 'body_encoding_invalid' })
  expect(await send('{"a":1}', { 'content-encoding': 'br' })).toMatchObject({ status: 415, code: 'content_encoding_unsupported' })
  expect(await send('{"a":1}', { 'idempotency-key': 'x'.repeat(8_000) })).toMatchObject({ status: expect.toSatisfy((n: number) => n === 200 || n === 400) })
  expect(JSON.parse((await send('{"a":1}\nbroken\n{"b":2}')).text)).toMatchObject({ accepted: 2, rejected: 1, errors: [{ code: 'json_invalid', place: 'line 2' }] })
})

test('ingest: 100 MB is 413, a gzip bomb is 413, and the server goes on', async () => {
  const big = await new Promise<number>((resolve) => {
    const sending = request(`${server.url}/ingest/v1/events`, { method: 'POST', headers: { authorization: ingest, 'content-length': 100 * 1_048_576 } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
      sending.destroy()
    })
    sending.on('error', () => undefined)
    sending.write(Buffer.alloc(1_000_000, 120))
  })
  expect(big).toBe(413)
  const bomb = gzipSync(Buffer.alloc(600 * 1_048_576, 32), { level: 1 })
  expect(await answer(await fetch(`${server.url}/ingest/v1/events`, { method: 'POST', headers: { authorization: ingest, 'content-encoding': 'gzip' }, body: bomb }))).toMatchObject({ status: 413, code: 'body_too_large' })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
})

test('a body that stops in the middle of a request leaves no half event', async () => {
  const before = await (await server.api('/api/v1/events/progress')).json() as { durable: number }
  await new Promise<void>((resolve) => {
    const sending = request(`${server.url}/ingest/v1/events`, { method: 'POST', headers: { authorization: ingest, 'content-length': 1_000 } })
    sending.on('error', () => undefined)
    sending.on('close', () => resolve())
    sending.write('{"half":', () => sending.destroy())
  })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  expect(await (await server.api('/api/v1/events/progress')).json()).toMatchObject({ durable: before.durable })
})
