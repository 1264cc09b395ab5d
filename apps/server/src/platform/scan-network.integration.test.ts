import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HttpRequest, HttpResponse } from '@haechi/templates'
import { manualClock } from './clock.ts'
import { createScanNetwork } from './scan-network.ts'
import type { ScanNetwork, Scope } from './scan-network.ts'

const clock = manualClock(Date.parse('2026-11-22T00:00:00Z'))
const signal = new AbortController().signal
let closing: (() => void)[] = []
let network: ScanNetwork
beforeEach(async () => {
  network = createScanNetwork({ scope: null, clock })
  await network.permit('127.0.0.1')
})
afterEach(() => {
  network.close()
  for (const close of closing.splice(0)) close()
})

/** Says what `answer` says to each request head, byte for byte; keeps what was sent. */
async function listen(answer: (head: string, socket: Socket, number: number) => void, host = '127.0.0.1'): Promise<{ readonly port: number; readonly seen: string[]; readonly connections: () => number }> {
  const seen: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((socket) => {
    connections++
    sockets.add(socket)
    let text = ''
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket)).on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        seen.push(text.slice(0, end + 4 + length))
        text = text.slice(end + 4 + length)
        answer(seen.at(-1)!, socket, seen.length)
      }
    })
  }).listen(0, host)
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen, connections: () => connections }
}

const request = (port: number, given: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', scheme: 'http', host: '127.0.0.1', port, target: '/', headers: [], body: null, serverName: null, timeoutMs: 5_000, maxBytes: 100_000, ...given })
const ok = (body: string, headers = ''): string => `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
const get = (port: number, given: Partial<HttpRequest> = {}): Promise<HttpResponse> => network.http(request(port, given), signal)

describe('what goes out', () => {
  test('is what was asked for, byte for byte; Host, Connection and Content-Length only where they are missing', async () => {
    const { port, seen } = await listen((_, socket) => socket.write(ok('')))
    await get(port, { method: 'POST', target: '/a/../b//%41?x=\xe9"<>#{}', headers: [['X', '1'], ['x', '2'], ['Y', '\xff']], body: 'a\0\xe9' })
    await get(port, { method: 'PURGE', headers: [['connection', 'keep-alive'], ['HOST', 'other']] })
    await get(port, { method: 'PUT' })
    expect(seen).toEqual([
      `POST /a/../b//%41?x=\xe9"<>#{} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: 1\r\nx: 2\r\nY: \xff\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\na\0\xe9`,
      'PURGE / HTTP/1.1\r\nconnection: keep-alive\r\nHOST: other\r\n\r\n',
      `PUT / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n`,
    ])
  })

  test.each<Partial<HttpRequest>>([{ target: '/ HTTP/1.1\r\nX: y' }, { target: '/a b' }, { target: '' }, { method: 'GET /x' }, { headers: [['X', 'a\r\nY: b']] }, { headers: [['X\r\nY', 'a']] }, { headers: [['X', 'a\nb']] }, { headers: [['', 'a']] }])('is one request and no second one: %j', async (given) => {
    const { port, connections } = await listen(() => undefined)
    await expect(get(port, given)).rejects.toMatchObject({ fault: 'protocol_error' })
    expect(connections()).toBe(0)
  })

  test('a connection is used again where it may be, and a safe request is asked once more where the other side has let go', async () => {
    const { port, seen, connections } = await listen((head, socket, number) => {
      if (head.startsWith('GET /close')) socket.end(ok('a', 'Connection: close\r\n'))
      else if (number === 4) socket.destroy()
      else socket.write(ok('a'))
    })
    for (const target of ['/', '/', '/', '/', '/close', '/']) await get(port, { target })
    expect([seen.length, connections()]).toEqual([7, 3])
  })
})

describe('what comes back', () => {
  test('headers in their order with their names, text as bytes, who answered', async () => {
    const { port } = await listen((_, socket) => socket.write('HTTP/1.1 418 I\'m \xe9\r\nX-B: 1\r\nx-a: \xff\r\nX-B: 2\r\nContent-Length: 2\r\n\r\n\xc3\xa9', 'latin1'))
    const { durationMs, ...rest } = await get(port)
    expect(rest).toEqual({ status: 418, reason: 'I\'m \xe9', headers: [['X-B', '1'], ['x-a', '\xff'], ['X-B', '2'], ['Content-Length', '2']], body: '\xc3\xa9', truncated: false, address: '127.0.0.1' })
    expect(durationMs).toBeGreaterThan(0)
  })

  test.each([['gzip', gzipSync], ['deflate', deflateSync], ['deflate', deflateRawSync], ['br', brotliCompressSync], ['zstd', zstdCompressSync]])('%s is decompressed, to the limit and no further', async (coding, compress) => {
    // Before it is asked for: compressing takes as long as a request may.
    const bodies = [Buffer.from('hello'), Buffer.alloc(50_000_000)].map((body) => compress(body))
    const { port } = await listen((_, socket, number) => {
      const body = bodies[number - 1]!
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
    expect(await get(port)).toMatchObject({ body: 'hello', truncated: false })
    const bomb = await get(port)
    expect([bomb.body.length, bomb.truncated]).toEqual([100_000, true])
  })

  test('what is not compressed as it says, or ends too early, is shown as far as it goes', async () => {
    const half = gzipSync('hello '.repeat(5_000)).subarray(0, 60)
    const { port } = await listen((_, socket, number) => {
      if (number === 1) socket.end(ok('plain', 'Content-Encoding: gzip\r\n'))
      else {
        socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n')
        socket.end(half)
      }
    })
    expect((await get(port)).body).toBe('plain')
    expect((await get(port)).body).toMatch(/^hello hello/)
  })

  test('an endless body is cut off, an endless head is none, a stream of events is what it has said', async () => {
    const { port } = await listen((head, socket) => {
      socket.write(head.startsWith('GET /head') ? 'HTTP/1.1 200 OK\r\n' : 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\n\n')
      if (head.startsWith('GET /events')) return
      const more = (): void => { while (!socket.destroyed && socket.write('x: 0123456789012345678901234567890123456789\r\n')); }
      socket.on('drain', more)
      more()
    })
    const endless = await get(port, { target: '/body' })
    expect([endless.body.length, endless.truncated]).toEqual([100_000, true])
    await expect(get(port, { target: '/head' })).rejects.toMatchObject({ fault: 'protocol_error' })
    expect(await get(port, { target: '/events', timeoutMs: 1_000 })).toMatchObject({ body: 'event: endpoint\n\n', truncated: true })
  })

  test('faults have names: refused, timeout, closed, protocol_error, tls_failed, cancelled', async () => {
    const { port } = await listen((head, socket) => {
      if (head.startsWith('GET /close')) socket.end()
      else if (head.startsWith('GET /ssh')) socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n')
    })
    const stop = new AbortController()
    const stopped = network.http(request(port, { target: '/wait' }), stop.signal)
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ fault: 'cancelled', endpoint: `127.0.0.1:${port}` })
    await expect(network.http(request(port), stop.signal)).rejects.toMatchObject({ fault: 'cancelled' })
    await expect(get(port, { target: '/wait', timeoutMs: 500 })).rejects.toMatchObject({ fault: 'timeout', text: { en: 'no answer in time', ko: '제한 시간 안에 응답 없음' } })
    await expect(get(port, { target: '/close' })).rejects.toMatchObject({ fault: 'closed', text: { en: 'the connection was closed before an answer', ko: '응답 전에 연결이 끊김' } })
    await expect(get(port, { target: '/ssh' })).rejects.toMatchObject({ fault: 'protocol_error', text: { en: 'no status line', ko: '상태 줄이 없음' } })
    const plain = createServer((socket) => { socket.on('error', () => undefined).resume().end('HTTP/1.1 400 Bad Request\r\n\r\n') }).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const closed = (plain.address() as AddressInfo).port
    await expect(get(closed, { scheme: 'https' })).rejects.toMatchObject({ fault: 'tls_failed' })
    plain.close()
    await once(plain, 'close')
    // The system's own word is of no language.
    await expect(get(closed)).rejects.toMatchObject({ fault: 'refused', text: { en: 'ECONNREFUSED', ko: 'ECONNREFUSED' } })
  })
})

describe('where it goes', () => {
  const scope = (...targets: string[]): Scope => ({ targets, owner: 'Example', until: clock.now() + 1_000 })

  test('nowhere but to targets: another host, another name of this machine, a metadata service', async () => {
    const { port, connections } = await listen((_, socket) => socket.write(ok('')), '127.0.0.2')
    for (const host of ['127.0.0.2', '169.254.169.254', '192.0.2.7', '::1']) {
      await expect(get(port, { host }), host).rejects.toMatchObject({ fault: 'out_of_scope', endpoint: `${host.includes(':') ? `[${host}]` : host}:${port}` })
      await expect(network.dial(host, port, { tls: null, timeoutMs: 100 }, signal), host).rejects.toMatchObject({ fault: 'out_of_scope' })
    }
    await expect(network.dns(new Uint8Array(12), { resolver: '192.0.2.7', timeoutMs: 100 }, signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
    expect(connections()).toBe(0)
  })

  test('a name is resolved once, and the connection goes to what was judged', async () => {
    const { port } = await listen((_, socket) => socket.write(ok('one')))
    let asked = 0
    const pinned = createScanNetwork({ scope: null, clock, resolve: async () => (asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.2']) })
    closing.push(() => { pinned.close() })
    expect(await pinned.permit('name.example')).toEqual({ addresses: ['127.0.0.1'], own: true })
    for (let at = 0; at < 2; at++) expect((await pinned.http(request(port, { host: 'name.example', headers: [['Connection', 'close']] }), signal)).body).toBe('one')
    expect(asked).toBe(1)
  })

  test('targets without a scope, outside of it, after its end, or without an address are refused, and nothing is sent', async () => {
    const resolve = async (host: string): Promise<string[]> => (host === 'inner.example' ? ['10.1.2.3'] : host === 'trap.example' ? ['203.0.113.9', '127.0.0.1'] : host === 'none.example' ? [] : ['203.0.113.9'])
    const of = (given: Scope | null): ScanNetwork => createScanNetwork({ scope: given, clock, resolve })
    await expect(of(null).permit('a.example')).rejects.toMatchObject({ code: 'scan_scope_missing' })
    await expect(of(null).permit('inner.example')).rejects.toMatchObject({ code: 'scan_scope_missing' })
    await expect(of(scope('b.example')).permit('a.example')).rejects.toMatchObject({ code: 'scan_scope_exceeded' })
    await expect(of(scope('trap.example')).permit('trap.example')).rejects.toMatchObject({ code: 'scan_scope_exceeded' })
    await expect(of({ ...scope('a.example'), until: clock.now() - 1 }).permit('a.example')).rejects.toMatchObject({ code: 'scan_scope_expired', params: { owner: 'Example', until: '2026-11-21T23:59:59.999Z' } })
    await expect(of(scope('none.example')).permit('none.example')).rejects.toMatchObject({ code: 'scan_target_unresolved' })
    expect(await of(scope('inner.example')).permit('inner.example')).toEqual({ addresses: ['10.1.2.3'], own: false })
  })

  test('a zone without an address needs a scope that names it, or resolvers that are this machine', async () => {
    const resolve = async (): Promise<string[]> => []
    await createScanNetwork({ scope: scope('*.example'), clock, resolve }).permitZone('zone.example')
    await createScanNetwork({ scope: null, clock, resolve, resolvers: ['127.0.0.1:5353'] }).permitZone('zone.example')
    await expect(createScanNetwork({ scope: scope('other.example'), clock, resolve }).permitZone('zone.example')).rejects.toMatchObject({ code: 'scan_target_unresolved' })
    await expect(createScanNetwork({ scope: { ...scope('zone.example'), until: clock.now() - 1 }, clock, resolve }).permitZone('zone.example')).rejects.toMatchObject({ code: 'scan_scope_expired' })
    await expect(createScanNetwork({ scope: null, clock, resolve: async () => ['203.0.113.9'], resolvers: ['127.0.0.1', '203.0.113.53'] }).permitZone('zone.example')).rejects.toMatchObject({ code: 'scan_scope_missing' })
  })

  test('the addresses of a name in the scope may be reached themselves; another name that has them may not', async () => {
    const resolve = async (): Promise<string[]> => ['203.0.113.9']
    const network = createScanNetwork({ scope: scope('a.example'), clock, resolve })
    await expect(network.addresses('203.0.113.9', signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
    expect(await network.addresses('a.example', signal)).toEqual(['203.0.113.9'])
    expect(await network.addresses('203.0.113.9', signal)).toEqual(['203.0.113.9'])
    await expect(network.addresses('b.example', signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
  })

  test('a resolver that was named is reached over TCP, too, and only at its port', async () => {
    const { port } = await listen((_, socket) => socket.write('hello'))
    const network = createScanNetwork({ scope: null, clock, resolvers: [`127.0.0.1:${port}`] })
    closing.push(() => { network.close() })
    const connection = await network.dial('127.0.0.1', port, { tls: null, timeoutMs: 1_000 }, signal)
    connection.close()
    await expect(network.dial('127.0.0.1', port + 1, { tls: null, timeoutMs: 1_000 }, signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
  })

  test('a scope ends in the middle of a scan, too; what is its own does not', async () => {
    const { port } = await listen((_, socket) => socket.write(ok('')))
    const own = manualClock(0)
    const limited = createScanNetwork({ scope: { targets: ['192.0.2.0/24'], owner: 'x', until: 1_000 }, clock: own })
    closing.push(() => { limited.close() })
    await limited.permit('127.0.0.1')
    await limited.permit('192.0.2.7')
    own.advance(1_001)
    await expect(limited.http(request(port, { host: '192.0.2.7' }), signal)).rejects.toMatchObject({ fault: 'out_of_scope', text: { en: 'the scope has expired', ko: '검사 범위의 기한이 지남' } })
    expect((await limited.http(request(port), signal)).status).toBe(200)
  })
})

describe('connections and names', () => {
  test('dial reads what comes, at most so much, and its end', async () => {
    const server = createServer((socket) => { socket.on('error', () => undefined).write('220 ready\r\n', () => { socket.once('data', (data) => { socket.end(`you said ${data.toString('latin1')}`, 'latin1') }) }) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    const connection = await network.dial('127.0.0.1', (server.address() as AddressInfo).port, { tls: null, timeoutMs: 1_000 }, signal)
    expect([connection.address, connection.tls]).toEqual(['127.0.0.1', null])
    expect(await connection.read(4, 1_000)).toBe('220 ')
    expect(await connection.read(100, 1_000)).toBe('ready\r\n')
    await expect(connection.read(100, 30)).rejects.toMatchObject({ fault: 'timeout' })
    await connection.write('\xff\0')
    let rest = ''
    for (let part = await connection.read(100, 1_000); part !== ''; part = await connection.read(100, 1_000)) rest += part
    expect(rest).toBe('you said \xff\0')
    connection.close()
  })

  test('a stopped scan wakes whoever waits', async () => {
    const { port } = await listen(() => undefined)
    const stop = new AbortController()
    const connection = await network.dial('127.0.0.1', port, { tls: null, timeoutMs: 1_000 }, stop.signal)
    const reading = connection.read(1, 60_000)
    stop.abort()
    await expect(reading).rejects.toMatchObject({ fault: 'cancelled' })
  })

  test('DNS over UDP, over TCP where it is cut off, and only the answer to the question', async () => {
    const question = Uint8Array.from([7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    const tcp = createServer((socket) => { socket.on('error', () => undefined).on('data', (data: Buffer) => {
      const answer = Buffer.concat([Buffer.from([data[2]!, data[3]!, 0x81, 0]), Buffer.from('all of it, and more')])
      socket.write(Buffer.from([0, answer.length]))
      socket.end(answer)
    }) }).listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket('udp4')
    udp.on('message', (data, from) => {
      udp.send(Buffer.from([0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0]), from.port)
      udp.send(Buffer.from([data[0]!, data[1]!, data[2] === 2 ? 0x83 : 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 5]), from.port)
    })
    udp.bind(port, '127.0.0.1')
    await once(udp, 'listening')
    closing.push(() => { tcp.close(); udp.close() })
    const options = { resolver: `127.0.0.1:${port}`, timeoutMs: 2_000 }
    expect([...await network.dns(question, options, signal)]).toEqual([7, 9, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 5])
    expect(Buffer.from(await network.dns(question.with(2, 2), options, signal)).toString('latin1', 4)).toBe('all of it, and more')
    udp.removeAllListeners('message')
    await expect(network.dns(question, { ...options, timeoutMs: 50 }, signal)).rejects.toMatchObject({ fault: 'timeout' })
  })
})

describe('ports', () => {
  test('many are connected to, of targets alone, and only while the scope lasts', async () => {
    const { port } = await listen(() => undefined)
    const own = manualClock(0)
    const limited = createScanNetwork({ scope: { targets: ['192.0.2.0/24'], owner: 'x', until: 1_000 }, clock: own })
    closing.push(() => { limited.close() })
    const limits = { concurrency: 4, timeoutMs: 1_000 }
    await expect(limited.connects('127.0.0.1', [port], limits, signal)).rejects.toMatchObject({ fault: 'out_of_scope', endpoint: '127.0.0.1' })
    await limited.permit('127.0.0.1')
    expect(await limited.connects('127.0.0.1', [port, port], limits, signal)).toMatchObject({ states: ['open', 'open'], notBegun: 0 })
    own.advance(1_001)
    await expect(limited.connects('192.0.2.7', [port], limits, signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
    await expect(limited.connects('127.0.0.1', [port], limits, AbortSignal.abort())).rejects.toMatchObject({ fault: 'cancelled' })
  })

  test('a datagram has the first answer from there, is refused, stays without one, or is not sent', async () => {
    const socket = createSocket('udp4')
    const seen: string[] = []
    socket.on('message', (message, { port }) => {
      seen.push(message.toString('latin1'))
      if (seen.length === 1) socket.send(Buffer.from(`\xff\0 ${message.toString('latin1')}`, 'latin1'), port, '127.0.0.1')
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    closing.push(() => { socket.close() })
    expect(await network.datagram('127.0.0.1', port, 'a\xfe', { timeoutMs: 1_000 }, signal)).toBe('\xff\0 a\xfe')
    await expect(network.datagram('127.0.0.1', port, 'b', { timeoutMs: 300 }, signal)).rejects.toMatchObject({ fault: 'timeout', endpoint: `127.0.0.1:${port}` })
    await expect(network.datagram('192.0.2.7', port, 'c', { timeoutMs: 30 }, signal)).rejects.toMatchObject({ fault: 'out_of_scope' })
    await expect(network.datagram('127.0.0.1', port, 'd', { timeoutMs: 30 }, AbortSignal.abort())).rejects.toMatchObject({ fault: 'cancelled' })
    await expect.poll(() => seen).toEqual(['a\xfe', 'b'])
    const free = createSocket('udp4').bind(0, '127.0.0.1')
    await once(free, 'listening')
    const closed = free.address().port
    await new Promise<void>((resolve) => { free.close(() => { resolve() }) })
    await expect(network.datagram('127.0.0.1', closed, 'e', { timeoutMs: 1_000 }, signal)).rejects.toMatchObject({ fault: 'refused' })
  })
})

test('takes names below localhost for the loopback, whatever the system knows', async () => {
  const own = createScanNetwork({ scope: null, clock: { now: () => 0 } })
  expect(await own.permit('shop.localhost')).toMatchObject({ own: true })
  await expect(own.permit('shop.invalid')).rejects.toMatchObject({ code: 'scan_target_unresolved' })
  own.close()
})
