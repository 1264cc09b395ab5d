import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readMessages, readParsed } from './message.ts'
import type { Message } from './message.ts'
import type { Json } from './model.ts'
import { RpcProblem } from './problem.ts'

const read = (value: unknown): Message => readMessages(JSON.stringify(value)) as Message

test.each([
  ['a request', { jsonrpc: '2.0', id: 1, method: 'ping' }, { kind: 'request', id: 1, method: 'ping', params: {} }],
  ['a text as id', { jsonrpc: '2.0', id: '', method: 'ping', params: { a: 1 } }, { kind: 'request', id: '', method: 'ping', params: { a: 1 } }],
  ['a notification', { jsonrpc: '2.0', method: 'n' }, { kind: 'notification', method: 'n', params: {} }],
  ['a response', { jsonrpc: '2.0', id: 'a', result: { b: 1 } }, { kind: 'response', id: 'a', result: { b: 1 }, error: null }],
  ['a refusal', { jsonrpc: '2.0', id: 'a', error: { code: 1, message: 'm' } }, { kind: 'response', id: 'a', result: null, error: { code: 1, message: 'm' } }],
])('%s', (_name, message, expected) => {
  expect(read(message)).toEqual(expected)
})

test.each([
  ['null as id', { jsonrpc: '2.0', id: null, method: 'ping' }, undefined, -32600],
  ['half an id', { jsonrpc: '2.0', id: 1.5, method: 'ping' }, undefined, -32600],
  ['an object as id', { jsonrpc: '2.0', id: {}, method: 'ping' }, undefined, -32600],
  ['another JSON-RPC', { jsonrpc: '1.0', id: 7, method: 'ping' }, 7, -32600],
  ['a list of params', { jsonrpc: '2.0', id: 7, method: 'ping', params: [1] }, 7, -32602],
  ['nothing to say', { jsonrpc: '2.0', id: 7 }, 7, -32600],
  ['a number', 7, undefined, -32600],
  ['null', null, undefined, -32600],
])('%s is malformed, and the id is kept where it is one', (_name, message, id, code) => {
  expect(read(message)).toMatchObject({ kind: 'malformed', problem: { code } })
  expect((read(message) as { id?: unknown }).id).toBe(id)
})

test.each([
  ['half a text', '{"jsonrpc":', -32700],
  ['nothing', '', -32700],
  ['too deep', `${'['.repeat(129)}${']'.repeat(129)}`, -32700],
  ['far too deep', '{"a":'.repeat(400_000), -32700],
  ['an empty batch', '[]', -32600],
  ['a batch too large', JSON.stringify(Array.from({ length: 51 }, () => 1)), -32600],
])('%s is refused', (_name, body, code) => {
  expect(() => readMessages(body)).toThrow(expect.objectContaining({ code }) as Error)
})

test('depth counts brackets, not letters in texts', () => {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'a', params: { text: '[{"\\'.repeat(1000) } })
  expect(readMessages(text)).toMatchObject({ kind: 'request' })
  expect(readMessages(`${'['.repeat(20)}1${']'.repeat(20)}`)).toHaveLength(1)
})

test('what somebody else has parsed is held to the same', () => {
  expect(() => readParsed(JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as Json)).toThrow(expect.objectContaining({ code: -32700 }) as Error)
  expect(JSON.stringify(readParsed(JSON.parse('{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":1}}') as Json))).not.toContain('__proto__')
})

test('bytes that are no UTF-8 are refused', () => {
  expect(() => readMessages(Buffer.from([0x22, 0xff, 0x22]))).toThrow(expect.objectContaining({ code: -32700 }) as Error)
})

test.each(['__proto__', '\\u005f_proto__', '__pr\\u006fto__'])('%s is in no object, however it is spelt', (name) => {
  const message = readMessages(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[{"${name}":{"admin":true}}],"${name}":{"admin":true}}}`) as { params: Record<string, unknown> }
  expect(JSON.stringify(message.params)).toBe('{"a":[{}]}')
  expect((Object.assign({}, message.params) as { admin?: boolean }).admin).toBeUndefined()
})

test('whatever bytes: messages or a problem', () => {
  const pieces = fc.array(fc.oneof(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '"jsonrpc":"2.0"', '"id":1', '"method":"a"', '"params":{}', '\u0000', '\\u005f'), fc.string()), { maxLength: 30 })
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), pieces.map((each) => Buffer.from(each.join('')))), (bytes) => {
    try {
      const read = readMessages(bytes)
      for (const message of Array.isArray(read) ? (read as Message[]) : [read as Message]) expect(['request', 'notification', 'response', 'malformed']).toContain(message.kind)
    } catch (error) {
      expect(error).toBeInstanceOf(RpcProblem)
    }
  }), { numRuns: 2000 })
})

test('whatever JSON: the id that is one comes back', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), fc.oneof(fc.integer(), fc.string()), (params, id) => {
    const message = readMessages(JSON.stringify({ jsonrpc: '2.0', id, method: 'm', params: params as Json })) as { kind: string; id: unknown }
    expect(message.id).toBe(id)
  }), { numRuns: 500 })
})
