import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader } from './http1.ts'
import type { RawAnswer } from './http1.ts'

/** All of an answer in pieces of the given sizes; `closed`: the other side closes at its end. */
function read(text: string, { method = 'GET', maxBytes = 1_000_000, cuts = [] as number[], closed = true } = {}): RawAnswer | null {
  const reader = new AnswerReader(method, maxBytes)
  let rest = Buffer.from(text, 'latin1')
  for (const cut of cuts) {
    reader.push(rest.subarray(0, cut))
    rest = rest.subarray(cut)
  }
  reader.push(rest)
  if (closed) reader.end()
  return reader.answer
}
const bodyOf = (answer: RawAnswer | null): string | undefined => answer?.body.toString('latin1')

describe('an answer as it comes', () => {
  test('status, reason, headers in their order with their names, body', () => {
    const answer = read('HTTP/1.1 404 Not  Here\r\nX-A: 1\r\nSet-Cookie: a=1\r\nset-cookie:b=2\r\nX-\xe9:\xff \r\nContent-Length: 3\r\n\r\nabc', { closed: false })
    expect(answer).toMatchObject({ status: 404, reason: 'Not  Here', headers: [['X-A', '1'], ['Set-Cookie', 'a=1'], ['set-cookie', 'b=2'], ['X-\xe9', '\xff'], ['Content-Length', '3']], truncated: false, reusable: true })
    expect(bodyOf(answer)).toBe('abc')
  })

  test.each([
    ['bare line feeds', 'HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nok'],
    ['no reason', 'HTTP/1.1 200\r\nA: b\r\n\r\nok'],
    ['a line that is no header', 'HTTP/1.0 200 OK\r\nnothing\r\nA: b\r\n\r\nok'],
    ['what is said before', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nok'],
    ['chunks with extensions, and trailers', 'HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 99\r\n\r\n1;x=y\r\no\r\n01\r\nk\r\n0\r\nX: y\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: many\r\n\r\nok'],
  ])('is read with %s', (_, text) => {
    const answer = read(text)
    expect([answer?.status, answer?.headers[0], bodyOf(answer)]).toEqual([200, ['A', 'b'], 'ok'])
  })

  test('a header that goes on in the next line', () => {
    expect(read('HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nB: d\r\n\r\n')?.headers).toEqual([['A', 'b c'], ['B', 'd']])
  })

  test.each([['HEAD', 200], ['GET', 204], ['GET', 304]])('%s and %s have no body', (method, status) => {
    const answer = read(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`, { method, closed: false })
    expect([bodyOf(answer), answer?.reusable]).toEqual(['', true])
  })

  test('another request follows only where the answer has an end of its own and nothing after it', () => {
    const reusable = (text: string): boolean | undefined => read(text)?.reusable
    expect(reusable('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')).toBe(true)
    expect(reusable('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab')).toBe(false)
    expect(reusable('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')).toBe(false)
    expect(reusable('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na')).toBe(false)
    expect(reusable('HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na')).toBe(false)
    expect(reusable('HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na')).toBe(true)
    expect(reusable('HTTP/1.1 200 OK\r\n\r\na')).toBe(false)
  })

  test('what is beyond the limit is cut off, and what ends early is an answer, too', () => {
    expect([read(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(100)}`, { maxBytes: 10 })].map((each) => [bodyOf(each), each?.truncated, each?.reusable])).toEqual([['aaaaaaaaaa', true, false]])
    for (const head of ['Content-Length: 9', 'Transfer-Encoding: chunked']) {
      const answer = read(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${head.startsWith('T') ? '9\r\n' : ''}abc`)
      expect([bodyOf(answer), answer?.truncated, answer?.reusable]).toEqual(['abc', true, false])
    }
    expect(bodyOf(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno size\r\n'))).toBe('abc')
  })

  test.each(['', 'SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 2000 OK\r\n\r\n', 'HTTP/1.1 OK\r\n\r\n', '\u0000'.repeat(300_000), `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(60_000)}`])('no HTTP: %#', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: 'NotHttp' }) as Error)
  })

  test('headers without an end are told as such, not as no HTTP', () => {
    expect(() => read(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(60_000)}`)).toThrow(expect.objectContaining({ text: { en: 'headers without an end', ko: '헤더가 끝나지 않음' } }) as Error)
  })

  test('no matter how it is cut into pieces', () => {
    const texts = fc.constantFrom(
      'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 10\r\n\r\n0123456789', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\nA: b\r\n\r\n', 'HTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 OK\n\n0123456789',
    )
    fc.assert(fc.property(texts, fc.array(fc.nat(12), { maxLength: 30 }), (text, cuts) => { expect(read(text, { cuts })).toEqual(read(text)) }), { numRuns: 1000 })
  })

  test('never anything but an answer or NotHttp, and never more than the limit', () => {
    const piece = fc.oneof(fc.constantFrom('HTTP/1.1 200 OK', '\r\n', '\n', '\r', 'Content-Length: 5', 'Transfer-Encoding: chunked', '5', '0', 'ffffffffffffffff', ': ', ' ', 'HTTP/1.1 100 C', '-1'), fc.string({ maxLength: 5 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')), fc.array(fc.nat(20), { maxLength: 5 }), (text, cuts) => {
      try {
        const answer = read(text, { cuts, maxBytes: 16 })
        expect(answer!.body.length).toBeLessThanOrEqual(16)
      } catch (error) {
        if ((error as Error).name !== 'NotHttp') throw error
      }
    }), { numRuns: 5000 })
  })
})

test('what is well-formed is read as fetch reads it', async () => {
  let next = ''
  const server = createServer((socket) => { socket.on('error', () => undefined).once('data', () => { socket.end(next, 'latin1') }) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const name = fc.stringMatching(/^x-[a-z]{1,8}$/)
  const value = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/)
  const body = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[^\0-\xff]/g, '?'))
  const chunked = (text: string, size: number): string => `${(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
  try {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 200, max: 599 }).filter((status) => ![204, 205, 304, 407, 421].includes(status)), fc.array(fc.tuple(name, value), { maxLength: 4 }), body, fc.constantFrom('length', 'chunked', 'close'), fc.integer({ min: 1, max: 9 }), async (status, headers, text, framing, size) => {
      const lines = [...headers.map(([key, given]) => `${key}: ${given}`), ...(framing === 'length' ? [`Content-Length: ${text.length}`] : framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []), 'Connection: close']
      next = `HTTP/1.1 ${status} Some Reason\r\n${lines.join('\r\n')}\r\n\r\n${framing === 'chunked' ? chunked(text, size) : text}`
      const theirs = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })
      const socket = connect(port, '127.0.0.1', () => { socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n') })
      const reader = new AnswerReader('GET', 1_000_000)
      socket.on('data', (chunk) => { reader.push(chunk) })
      await once(socket, 'close')
      if (reader.answer === null) reader.end()
      expect(reader.answer).toMatchObject({ status: theirs.status, reason: theirs.statusText })
      expect(reader.answer!.body.equals(Buffer.from(await theirs.arrayBuffer()))).toBe(true)
      for (const [key] of headers) expect(reader.answer!.headers.filter(([each]) => each === key).map(([, each]) => each).join(', ')).toBe(theirs.headers.get(key))
    }), { numRuns: 150 })
  } finally {
    server.close()
  }
})
