import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acceptsGzip, begun, ended } from './compressed.ts'
import type { Begun } from './compressed.ts'
import { now, serverOf } from './wire.fixture.ts'

const list = (tools: number) => Array.from({ length: tools }, (_, at) => ({ name: `tool_${at}`, description: `The tool with the number ${at}, whose description is said in many words`, inputSchema: { type: 'object' } }))

test('shared beginning and own end are one whole, whatever they are', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 16 << 10, maxLength: 40_000, size: 'max' }), fc.string(), async (head, end) => {
    expect(begun(head)).toBeNull()
    let shared: Begun | null = null
    while ((shared = begun(head)) === null) await new Promise((resolve) => { setImmediate(resolve) })
    for (const text of [end, '', 'x'.repeat(20_000)]) expect(gunzipSync(Buffer.concat([shared.bytes, ended(shared, text)])).equals(Buffer.concat([head, Buffer.from(text)]))).toBe(true)
  }), { numRuns: 30 })
})

test('a long list is compressed for who accepts it, with each its id', async () => {
  const { server } = serverOf({}, { more: { tools: list(500) } })
  const get = async (id: string, headers: Record<string, string> = { 'accept-encoding': 'br, gzip' }) => await server.fetch(now('tools/list', {}, { id, headers }))
  const plain = await (await get('plain', {})).text()
  await expect.poll(async () => (await get('a')).headers.get('content-encoding')).toBe('gzip')
  for (const id of ['a', '한글', 'x'.repeat(1000)]) {
    const body = Buffer.from(await (await get(id)).arrayBuffer())
    expect(body.length).toBeLessThan(plain.length / 4)
    expect(gunzipSync(body).toString()).toBe(plain.replace('"plain"', JSON.stringify(id)))
  }
  expect((await get('x'.repeat(50_000))).headers.get('content-encoding')).toBeNull()
  expect((await get('b', { 'accept-encoding': 'gzip;q=0' })).headers.get('content-encoding')).toBeNull()
})

test('a short list is sent as it is', async () => {
  const { server } = serverOf({}, { more: { tools: list(10) } })
  for (let at = 0; at < 5; at += 1) expect((await server.fetch(now('tools/list', {}, { headers: { 'accept-encoding': 'gzip' } }))).headers.get('content-encoding')).toBeNull()
})

test.each([['gzip', true], ['gzip, deflate, br', true], ['br;q=1.0, gzip;q=0.8, *;q=0.1', true], ['*', true], ['GZIP', true], ['gzip;q=0', false], ['gzip;q=0.0, br', false], ['gzip; q=0', false], ['br', false], ['xgzip', false], ['', false], [undefined, false]])('Accept-Encoding %j: %j', (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected)
})
