import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, Connection, HttpResponse } from '../model.ts'
import { Chunks, readAnswer } from './unsafe.ts'

/** A connection that gives these pieces, then what `last` says. Each read takes a millisecond. */
function connection(pieces: readonly Bytes[], last: 'end' | 'timeout' | 'closed' = 'end'): { readonly connection: Connection; readonly now: () => number; readonly reads: () => number } {
  const left = [...pieces]
  let time = 0
  let reads = 0
  return {
    now: () => time,
    reads: () => reads,
    connection: {
      address: '192.0.2.7', tls: null, write: () => Promise.resolve(), close: () => undefined,
      read(maxBytes, timeoutMs) {
        reads++
        time++
        const piece = left.shift()
        if (piece !== undefined) {
          if (piece.length > maxBytes) left.unshift(piece.slice(maxBytes))
          return Promise.resolve(piece.slice(0, maxBytes))
        }
        if (last === 'end') return Promise.resolve('')
        if (last === 'timeout') time += timeoutMs
        return Promise.reject(new NetworkError(last, 'x:1', last))
      },
    },
  }
}

const read = (pieces: readonly Bytes[], over: { last?: 'end' | 'timeout' | 'closed'; method?: string; maxBytes?: number } = {}): Promise<HttpResponse> => {
  const { connection: open, now } = connection(pieces, over.last)
  return readAnswer(open, { maxBytes: over.maxBytes ?? 1_000_000, timeoutMs: 1_000, method: over.method ?? 'GET', endpoint: 'x:1', now })
}
const latin = (bytes: Buffer): Bytes => bytes.toString('latin1')

test.each<[string, Bytes[], Partial<HttpResponse>]>([
  ['as it should be', ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\nabcdef'], { status: 200, reason: 'OK', body: 'abc', headers: [['Content-Length', '3'], ['A', 'b']] }],
  ['in single bytes', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'.split(''), { status: 200, body: 'abc' }],
  ['bare LF, no reason', ['HTTP/1.0 404\nA:b\n\nxyz'], { status: 404, reason: '', body: 'xyz', headers: [['A', 'b']] }],
  ['line ends before it', ['\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx'], { status: 200, body: 'x' }],
  ['headers without colon, folded, with blanks', ['HTTP/1.1 200 OK\r\nnothing\r\nA : b\r\n c\r\n: d\r\n\r\n'], { headers: [['A', 'b c']] }],
  ['no empty line', ['HTTP/1.1 200 OK\r\nA: b'], { status: 200, headers: [['A', 'b']], body: '' }],
  ['a length that is too long', ['HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc'], { body: 'abc' }],
  ['lengths that differ', ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc'], { body: 'abc' }],
  ['a length that is none', ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc'], { body: 'abc' }],
  ['chunks', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nmore'], { body: 'abcde' }],
  ['chunks in pieces', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'.split(''), { body: 'abcde' }],
  ['chunks that break off', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nff\r\nde'], { body: 'abcde' }],
  ['chunks that are none', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\nworld'], { body: 'hello\r\nworld' }],
  ['what is only provisional', ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx'], { status: 200, headers: [], body: 'x' }],
  ['no body where there is none', ['HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc'], { status: 204, body: '' }],
  ['odd status', ['HTTP/1.1 999 Odd\r\n\r\n'], { status: 999, reason: 'Odd' }],
])('%s', async (_, pieces, expected) => expect(await read(pieces)).toMatchObject(expected))

test('HEAD has no body', async () => expect(await read(['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'], { method: 'HEAD', last: 'timeout' })).toMatchObject({ body: '', status: 200 }))

test('what has come counts, however the rest does not come', async () => {
  for (const last of ['timeout', 'closed'] as const) expect(await read(['HTTP/1.1 200 OK\r\n\r\nab'], { last })).toMatchObject({ status: 200, body: 'ab' })
  await expect(read([], { last: 'timeout' })).rejects.toMatchObject({ fault: 'timeout' })
  await expect(read([], { last: 'end' })).rejects.toMatchObject({ fault: 'closed' })
})

test('what is no HTTP is told', async () => {
  for (const text of ['SSH-2.0-OpenSSH\r\n', '<html>', 'HTTP/x y\r\n\r\n', 'HT']) await expect(read([text]), text).rejects.toMatchObject({ fault: 'protocol_error' })
})

test('compressed bodies, whole, cut off, lying and as bombs', async () => {
  const body = 'hello '.repeat(1000)
  const head = (encoding: string): Bytes => `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\n\r\n`
  expect((await read([head('gzip') + latin(gzipSync(body))])).body).toBe(body)
  expect((await read([head('deflate') + latin(deflateSync(body))])).body).toBe(body)
  expect((await read([head('br') + latin(brotliCompressSync(body))])).body).toBe(body)
  expect((await read([head('gzip') + latin(gzipSync(body)).slice(0, 60)])).body).toMatch(/^hello hello/)
  expect((await read([head('gzip') + 'plain'])).body).toBe('plain')
  const bomb = latin(gzipSync(Buffer.alloc(50_000_000)))
  expect((await read([head('gzip') + bomb], { maxBytes: 100_000 })).body.length).toBeLessThanOrEqual(100_000)
})

test('endless bodies and heads end at their bound', async () => {
  const forever = (start: Bytes, piece: Bytes): Connection => {
    let first = true
    return { address: '', tls: null, write: () => Promise.resolve(), close: () => undefined, read: () => {
      const now = first ? start : piece
      first = false
      return Promise.resolve(now)
    } }
  }
  const limits = { maxBytes: 200_000, timeoutMs: 1_000, method: 'GET', endpoint: 'x:1', now: () => 0 }
  const body = await readAnswer(forever('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(10_000)), limits)
  expect(body).toMatchObject({ truncated: true })
  expect(body.body).toHaveLength(200_000)
  const chunked = await readAnswer(forever('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '5\r\nabcde\r\n'.repeat(1000)), limits)
  expect(chunked.body.length).toBeLessThanOrEqual(200_000)
  const head = await readAnswer(forever('HTTP/1.1 200 OK\r\n', `A: ${'x'.repeat(10_000)}\r\n`), limits)
  expect(head.headers.length).toBeLessThan(1_000)
})

test('a body that says its length is not waited for any longer', async () => {
  const { connection: open, now, reads } = connection(['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', 'never'])
  await readAnswer(open, { maxBytes: 100, timeoutMs: 100, method: 'GET', endpoint: 'x:1', now })
  expect(reads()).toBe(1)
})

test('chunks read in one go and piece by piece are the same', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string({ minLength: 1, maxLength: 20 }).filter((text) => /^[\x20-\x7e]*$/.test(text)), { maxLength: 10 }), fc.integer({ min: 1, max: 7 }), async (chunks, size) => {
    const wire = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`
    const pieces = wire.match(new RegExp(`[^]{1,${size}}`, 'g'))!
    expect((await read(pieces)).body).toBe(chunks.join(''))
  }))
  const once = new Chunks()
  once.push('3\r\nabc\r\n0\r\n\r\n')
  expect(once).toMatchObject({ body: 'abc', done: true, size: 3 })
})

test('hostile answers: an answer within its bound, or a fault', async () => {
  const piece = fc.constantFrom('HTTP/1.1 ', 'HTTP/', '200', ' OK', '\r\n', '\n', '\r\n\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length: ', '5', 'ffffffff', '\r\n0\r\n', ':', ' ', '\t', 'x', '\0', '\u00ff', 'Content-Encoding: gzip\r\n', '100 ')
  await fc.assert(fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')).filter((text) => text !== ''), { maxLength: 12 }), fc.constantFrom('end' as const, 'timeout' as const, 'closed' as const), async (pieces, last) => {
    try {
      const answer = await read(['HTTP/1.1 200 OK\r\n', ...pieces], { last, maxBytes: 20 })
      expect(answer.body.length).toBeLessThanOrEqual(20)
    } catch (error) {
      expect(error).toBeInstanceOf(NetworkError)
    }
  }), { numRuns: 1_000 })
})
