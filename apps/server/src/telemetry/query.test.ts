import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQuery } from './query.ts'

test.each([
  ['', {}],
  ['   ', {}],
  ['host:WS-12', { host: 'WS-12' }],
  ['HOST:WS-12 user:"CORP\\bob" code:4625 failed logon', { host: 'WS-12', user: 'CORP\\bob', eventCode: '4625', text: 'failed logon' }],
  ['ip:10.0.0.0/8', { address: '10.0.0.0/8' }],
  ['address:fe80::1', { address: 'fe80::1' }],
  ['process:"C:\\Program Files\\a.exe"', { process: 'C:\\Program Files\\a.exe' }],
  ['"host:WS-12"', { text: 'host:WS-12' }],
  ['say \\"hi', { text: 'say \\"hi' }],
  ['text:"a \\"quoted\\" b"', { text: 'a "quoted" b' }],
  ['http://example.org', { text: 'http://example.org' }],
  ['해치 로그인', { text: '해치 로그인' }],
])('%s', (query, filter) => {
  expect(parseQuery(query)).toEqual(filter)
})

test.each(['host:', 'host:a host:b', '"open', 'address:999.1.1.1', 'hash:xyz', 'hash:abc'])('%s is refused with its place', (query) => {
  expect(() => parseQuery(query)).toThrow(expect.objectContaining({ code: 'query_syntax' }))
})

test('a quoted value survives whatever it holds, and nothing else than query_syntax is ever thrown', () => {
  fc.assert(fc.property(fc.string().filter((text) => text !== '' && !text.endsWith('\\')), (text) => {
    expect(parseQuery(`user:"${text.replaceAll('"', '\\"')}"`)).toEqual({ user: text })
  }))
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      parseQuery(text)
    } catch (error) {
      expect(error).toMatchObject({ code: 'query_syntax' })
    }
  }))
})
