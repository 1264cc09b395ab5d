import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { BlockList } from 'node:net'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEgress, kindOf } from './egress.ts'
import type { Egress, EgressRequest } from './egress.ts'

let server: Server
let other: Server
let port = 0
let otherPort = 0
let listener: RequestListener
let seen: { url: string | undefined; method: string | undefined; headers: IncomingMessage['headers']; body: string }[] = []
let egress: Egress

const listen = async (): Promise<Server> => {
  const created = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      seen.push({ url: request.url, method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() })
      listener(request, response)
    })
  }).listen(0, '127.0.0.1')
  await once(created, 'listening')
  return created
}
beforeAll(async () => {
  server = await listen()
  other = await listen()
  port = (server.address() as AddressInfo).port
  otherPort = (other.address() as AddressInfo).port
})
afterAll(() => { for (const each of [server, other]) { each.closeAllConnections(); each.close() } })
beforeEach(() => { seen = []; egress = createEgress() })
afterEach(() => egress.close())

const loopback: EgressRequest = { allowPrivate: ['127.0.0.0/8'] }
const at = (path = '/', host = '127.0.0.1'): string => `http://${host}:${port}${path}`

describe('addresses', () => {
  test.each([
    ['93.184.216.34', 'public'], ['2606:2800:220:1::1', 'public'],
    ['10.0.0.1', 'private'], ['172.31.255.255', 'private'], ['192.168.1.1', 'private'], ['127.0.0.1', 'private'], ['100.100.100.200', 'private'], ['fd00:ec2::254', 'private'], ['::1', 'private'],
    ['169.254.169.254', 'never'], ['168.63.129.16', 'never'], ['0.0.0.0', 'never'], ['224.0.0.1', 'never'], ['255.255.255.255', 'never'], ['192.0.0.192', 'never'], ['fe80::1', 'never'], ['fe80::1%eth0', 'never'],
    ['ff02::1', 'never'], ['::', 'never'], ['::ffff:8.8.8.8', 'never'], ['::ffff:127.0.0.1', 'never'], ['::127.0.0.1', 'never'], ['64:ff9b::7f00:1', 'never'], ['64:ff9b:1::a00:1', 'never'],
    ['2002:7f00:1::', 'never'], ['2001::1', 'never'], ['fec0::1', 'never'], ['4000::1', 'never'], ['name', 'never'], ['', 'never'],
  ] as const)('%s is %s', (address, kind) => { expect(kindOf(address)).toBe(kind) })

  test('IPv4, against the table of IANA read by another implementation', () => {
    const special = new BlockList()
    for (const cidr of ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3', '168.63.129.16/32']) {
      const [network, length] = cidr.split('/')
      special.addSubnet(network!, Number(length))
    }
    const edges = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '191.255.255.255', '223.255.255.255', '168.63.129.17']
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.constantFrom(...edges)), (address) => { expect(kindOf(address) === 'public').toBe(!special.check(address)) }), { numRuns: 2000 })
  })

  test('an inner address is refused in every way to write it, and the resolver is not asked', async () => {
    const inner = fc.constantFrom('127.0.0.1', '10.1.2.3', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0')
    const form = fc.constantFrom<((o: number[]) => string)>(
      (o) => o.join('.'),
      (o) => String(o.reduce((sum, byte) => sum * 256 + byte, 0)),
      (o) => `0x${o.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
      (o) => o.map((byte) => `0${byte.toString(8)}`).join('.'),
      (o) => o.map((byte) => `0x${byte.toString(16)}`).join('.'),
      (o) => `${o[0]}.${o[1]! * 65536 + o[2]! * 256 + o[3]!}`,
      (o) => `${o[0]}.${o[1]}.${o[2]! * 256 + o[3]!}`,
      (o) => `${o.join('.')}.`,
      (o) => `[::ffff:${o.join('.')}]`,
      (o) => `[::${o.join('.')}]`,
      (o) => `[64:ff9b::${o.join('.')}]`,
      (o) => o.join('.').replaceAll('1', '１').replaceAll('.', '。'),
      (o) => Array.from(o.join('.'), (char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
    )
    const strict = createEgress({ resolve: () => { throw new RangeError('asked') } })
    await fc.assert(fc.asyncProperty(inner, form, fc.constantFrom('http', 'https'), async (address, write, scheme) => {
      await expect(strict.fetch(`${scheme}://${write(address.split('.').map(Number))}:${port}/`)).rejects.toMatchObject({ code: 'egress_refused' })
    }), { numRuns: 300 })
    for (const url of ['http://[::1]/', 'http://[fe80::1%25eth0]/', 'http://[::1%25lo]/', 'http://[fd00::1]/', 'http:///', 'no url', 'file:///etc/passwd', 'ftp://example.com/', 'gopher://x/', 'data:,x', 'http://user:password@example.com/']) {
      await expect(strict.fetch(url), url).rejects.toMatchObject({ code: 'egress_refused' })
    }
    expect(seen).toEqual([])
  })

  test('a name is judged by its answers: one inner address among public ones refuses it', async () => {
    for (const answers of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1'], ['fe80::1%eth0'], ['::ffff:10.0.0.1']]) {
      await expect(createEgress({ resolve: async () => answers }).fetch('http://name.example/')).rejects.toMatchObject({ code: 'egress_refused' })
    }
  })

  test('rebinding: the connection goes to the address that was judged, and the second look is judged again', async () => {
    listener = (_, response) => { response.end('ok') }
    let asked = 0
    // 127.0.0.2 stands for the public address of the first answer; the second answer is what the attacker wants reached.
    const rebound = createEgress({ resolve: async () => (++asked === 1 ? ['127.0.0.1'] : ['127.0.0.2']), allow: ['127.0.0.1'] })
    expect((await rebound.fetch(at('/', 'name.example'))).status).toBe(200)
    expect(asked).toBe(1)
    expect(seen[0]?.headers.host).toBe(`name.example:${port}`)
    await expect(rebound.fetch(at('/', 'name.example'))).rejects.toMatchObject({ code: 'egress_refused' })
    expect(seen).toHaveLength(1)
    await rebound.close()
  })

  test('a kept connection is no way around the check of a caller with a narrower scope', async () => {
    listener = (_, response) => { response.end('ok') }
    await egress.fetch(at(), loopback)
    await expect(egress.fetch(at())).rejects.toMatchObject({ code: 'egress_refused' })
    let answer = '127.0.0.1'
    const moving = createEgress({ resolve: async () => [answer] })
    await moving.fetch(at('/', 'name.example'), { allowPrivate: ['127.0.0.1'] })
    answer = '127.0.0.2'
    await expect(moving.fetch(at('/', 'name.example'), { allowPrivate: ['127.0.0.2'] }), 'nobody listens there').rejects.toMatchObject({ code: 'egress_failed' })
    await moving.close()
  })

  test('scopes: a host name allows private answers, never metadata; a network allows what lies in it', async () => {
    listener = (_, response) => { response.end('ok') }
    const named = createEgress({ resolve: async (host) => (host === 'meta.internal' ? ['169.254.169.254'] : ['127.0.0.1']) })
    expect((await named.fetch(at('/', 'scanner.internal'), { allowPrivate: ['Scanner.internal.'] })).status).toBe(200)
    await expect(named.fetch(at('/', 'other.internal'), { allowPrivate: ['scanner.internal'] })).rejects.toMatchObject({ code: 'egress_refused', params: { reason: 'loopback' } })
    await expect(named.fetch(at('/', 'meta.internal'), { allowPrivate: ['meta.internal'] })).rejects.toMatchObject({ code: 'egress_refused', params: { reason: 'linkLocal' } })
    await expect(named.fetch(at(), { allowPrivate: ['10.0.0.0/8', '127.0.0.2', '::1', 'nonsense/99'] })).rejects.toMatchObject({ code: 'egress_refused' })
    expect((await named.fetch(at(), { allowPrivate: ['127.0.0.1'] })).status).toBe(200)
    await named.close()
  })
})

describe('redirects', () => {
  test('to a metadata address: refused before a connection', async () => {
    listener = (_, response) => { response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end() }
    await expect(egress.fetch(at(), loopback)).rejects.toMatchObject({ code: 'egress_refused', params: { place: '169.254.169.254', reason: 'linkLocal' } })
  })

  test('across origins no credential goes along; within one it does', async () => {
    listener = (request, response) => {
      if (request.url === '/one') response.writeHead(302, { location: '/two' }).end()
      else if (request.url === '/two') response.writeHead(307, { location: `http://127.0.0.1:${otherPort}/three` }).end()
      else response.end('done')
    }
    const answer = await egress.fetch(at('/one'), { ...loopback, headers: { 'Authorization': 'Bearer x', 'X-Api-Key': 'x', 'Cookie': 'x', 'Accept': 'text/plain' } })
    expect(answer).toMatchObject({ status: 200, url: `http://127.0.0.1:${otherPort}/three` })
    expect(seen[1]?.headers).toMatchObject({ 'authorization': 'Bearer x', 'x-api-key': 'x' })
    expect(Object.keys(seen[2]?.headers ?? {}).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
  })

  test('303 turns a POST into a GET without its body; a body never goes to another origin', async () => {
    listener = (request, response) => {
      if (request.url === '/post') response.writeHead(303, { location: '/get' }).end()
      else if (request.url === '/away') response.writeHead(307, { location: `http://127.0.0.1:${otherPort}/` }).end()
      else response.end()
    }
    await egress.fetch(at('/post'), { ...loopback, method: 'POST', body: 'secret', headers: { 'content-type': 'text/plain' } })
    expect(seen.map(({ method, body }) => [method, body])).toEqual([['POST', 'secret'], ['GET', '']])
    expect(seen[1]?.headers['content-type']).toBeUndefined()
    await expect(egress.fetch(at('/away'), { ...loopback, method: 'POST', body: 'secret' })).rejects.toMatchObject({ code: 'egress_refused', params: { reason: 'redirect_with_body' } })
  })

  test('a loop ends, and with none allowed the redirect is the answer', async () => {
    listener = (_, response) => { response.writeHead(302, { location: '/' }).end() }
    await expect(egress.fetch(at(), loopback)).rejects.toMatchObject({ code: 'egress_refused', params: { reason: 'redirects' } })
    expect(seen).toHaveLength(6)
    expect(await egress.fetch(at(), { ...loopback, redirects: 0 })).toMatchObject({ status: 302 })
  })
})

describe('size and time', () => {
  const mebibytes = Buffer.alloc(64 * 1_048_576)
  test.each([['gzip', gzipSync(mebibytes)], ['br', brotliCompressSync(mebibytes.subarray(0, 8_388_608))], ['zstd', zstdCompressSync(mebibytes)]])('a %s bomb stops at the cap', async (encoding, bomb) => {
    listener = (_, response) => { response.writeHead(200, { 'content-encoding': encoding }).end(bomb) }
    const before = process.memoryUsage().arrayBuffers
    await expect(egress.fetch(at(), { ...loopback, maxBytes: 1_048_576 })).rejects.toMatchObject({ code: 'egress_too_large' })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576)
  })

  test('what is compressed arrives whole; what is broken or unknown is a coded failure', async () => {
    const text = '해치 '.repeat(10_000)
    for (const [encoding, body] of [['gzip', gzipSync(text)], ['br', brotliCompressSync(text)], ['zstd', zstdCompressSync(text)], ['identity', Buffer.from(text)]] as const) {
      listener = (_, response) => { response.writeHead(200, { 'content-encoding': encoding }).end(body) }
      expect(Buffer.from((await egress.fetch(at(), loopback)).body).toString()).toBe(text)
    }
    for (const [encoding, body] of [['gzip', gzipSync(text).subarray(0, 50)], ['gzip', Buffer.from('no gzip')], ['compress', Buffer.from('x')], ['gzip, gzip', gzipSync(gzipSync(text))]] as const) {
      listener = (_, response) => { response.writeHead(200, { 'content-encoding': encoding }).end(body) }
      await expect(egress.fetch(at(), loopback), encoding).rejects.toMatchObject({ code: 'egress_failed' })
    }
  })

  test('a declared and an undeclared length over the cap; HEAD has none', async () => {
    listener = (request, response) => {
      if (request.url === '/declared') response.writeHead(200, { 'content-length': 5_000_000 })
      if (request.method === 'HEAD') { response.end(); return }
      for (let n = 0; n < 50; n++) response.write(Buffer.alloc(100_000))
      response.end()
    }
    await expect(egress.fetch(at('/declared'), { ...loopback, maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'egress_too_large', params: { limit: 1_000_000 } })
    await expect(egress.fetch(at('/'), { ...loopback, maxBytes: 4_999_999 })).rejects.toMatchObject({ code: 'egress_too_large' })
    expect((await egress.fetch(at('/'), { ...loopback, maxBytes: 5_000_000 })).body).toHaveLength(5_000_000)
    expect(await egress.fetch(at('/declared'), { ...loopback, method: 'HEAD', maxBytes: 10 })).toMatchObject({ status: 200 })
  })

  test('a server that answers one byte at a time, one that stays silent and a resolver that does: all end in time', async () => {
    listener = (request, response) => {
      if (request.url === '/silent') return
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => { clearInterval(drip) })
    }
    await expect(egress.fetch(at('/drip'), { ...loopback, timeoutMs: 300 })).rejects.toMatchObject({ code: 'egress_timeout' })
    await expect(egress.fetch(at('/silent'), { ...loopback, timeoutMs: 300 })).rejects.toMatchObject({ code: 'egress_timeout' })
    await expect(egress.fetch(at('/silent'), { ...loopback, timeoutMs: 10_000, idleMs: 300 })).rejects.toMatchObject({ code: 'egress_timeout' })
    const mute = createEgress({ resolve: () => new Promise(() => undefined) })
    await expect(mute.fetch('http://name.example/', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'egress_timeout' })
  })
})

test('failures are coded and tell neither path nor query', async () => {
  const unused = await listen()
  const { port: closed } = unused.address() as AddressInfo
  unused.close()
  await once(unused, 'close')
  const error = await egress.fetch(`http://127.0.0.1:${closed}/path?token=secret`, loopback).then(() => null, (thrown: unknown) => thrown as Error)
  expect(error).toMatchObject({ code: 'egress_failed', params: { place: `127.0.0.1:${closed}`, reason: 'ECONNREFUSED' } })
  expect(error!.message).not.toMatch(/token|path/)
  await expect(createEgress({ resolve: async () => [] }).fetch('http://name.example/')).rejects.toMatchObject({ code: 'egress_failed' })
  listener = (_, response) => { response.socket?.destroy() }
  await expect(egress.fetch(at(), loopback)).rejects.toMatchObject({ code: 'egress_failed' })
  await expect(egress.fetch(at(), { ...loopback, headers: { Host: 'other' } })).rejects.toMatchObject({ code: 'egress_refused' })
  await expect(egress.fetch(at(), { ...loopback, headers: { 'x-a': 'b\r\nc: d' } })).rejects.toMatchObject({ code: 'egress_failed' })
})

describe('an answer that is read while it comes', () => {
  const read = async (body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of body instanceof Uint8Array ? [body] : body) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  test('begins before it ends; what has come already is whole; compressed or not', async () => {
    const ends: (() => void)[] = []
    listener = (request, response) => {
      if (request.url === '/whole') { response.end('all of it'); return }
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('one ')
      ends.push(() => response.end('two'))
    }
    const answer = await egress.open(at('/stream'), loopback)
    expect(answer.status).toBe(200)
    const iterator = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    expect(Buffer.from((await iterator.next()).value as Uint8Array).toString()).toBe('one ')
    ends[0]!()
    expect(Buffer.from((await iterator.next()).value as Uint8Array).toString()).toBe('two')
    expect((await iterator.next()).done).toBe(true)
    expect(await read((await egress.open(at('/whole'), loopback)).body)).toBe('all of it')
    const text = '해치 '.repeat(100_000)
    listener = (_, response) => { response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text)) }
    expect(await read((await egress.open(at(), loopback)).body)).toBe(text)
  })

  test('the same limits until the last byte: size, time, silence', async () => {
    listener = (request, response) => {
      response.writeHead(200)
      if (request.url === '/silent') { response.write('x'); return }
      const more = setInterval(() => response.write('x'.repeat(1_000)), 5)
      response.on('close', () => { clearInterval(more) })
    }
    const failing = (path: string, limits: EgressRequest): Promise<unknown> => egress.open(at(path), { ...loopback, ...limits }).then(({ body }) => read(body)).then(() => null, (error: unknown) => error)
    expect(await failing('/drip', { maxBytes: 20_000 })).toMatchObject({ code: 'egress_too_large' })
    expect(await failing('/drip', { timeoutMs: 200 })).toMatchObject({ code: 'egress_timeout' })
    expect(await failing('/silent', { idleMs: 200 })).toMatchObject({ code: 'egress_timeout' })
  })

  test('a slow reader slows the other side down; one that stops closes the connection', async () => {
    let sent = 0
    let closed = Promise.withResolvers<void>()
    listener = (_, response) => {
      response.on('close', () => closed.resolve())
      const more = (): void => {
        let room = true
        while (room && sent < 256 * 1_048_576 && !response.destroyed) { room = response.write(Buffer.alloc(65_536)); sent += 65_536 }
      }
      response.on('drain', more)
      more()
    }
    const { body } = await egress.open(at(), { ...loopback, maxBytes: 1_000_000_000 })
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await iterator.next()
    // What the kernel takes and what is read ahead, far from all of it.
    let before = -1
    await expect.poll(() => { const same = before === sent; before = sent; return same }, { interval: 100 }).toBe(true)
    expect(sent).toBeLessThan(64 * 1_048_576)
    await iterator.return?.()
    await closed.promise
    closed = Promise.withResolvers<void>()
  })

  test('whoever asked and goes ends it, before the answer and during it; a resolver that answered does not keep time from running', async () => {
    let closes = 0
    listener = (request, response) => {
      response.on('close', () => closes++)
      if (request.url === '/stream') response.writeHead(200).write('x')
    }
    const waiting = new AbortController()
    const asked = egress.fetch(at('/silent'), { ...loopback, signal: waiting.signal })
    await expect.poll(() => seen).toHaveLength(1)
    const named = createEgress({ resolve: async () => ['127.0.0.1'] })
    await expect(named.fetch(at('/silent', 'name.example'), { allowPrivate: ['name.example'], timeoutMs: 1_000, idleMs: 60_000 })).rejects.toMatchObject({ code: 'egress_timeout' })
    waiting.abort()
    await expect(asked).rejects.toMatchObject({ code: 'egress_cancelled' })
    const reading = new AbortController()
    const { body } = await egress.open(at('/stream'), { ...loopback, signal: reading.signal })
    const rest = read(body)
    reading.abort()
    await expect(rest).rejects.toMatchObject({ code: 'egress_cancelled' })
    await expect.poll(() => closes).toBe(3)
    await expect(egress.fetch(at(), { ...loopback, signal: reading.signal })).rejects.toMatchObject({ code: 'egress_cancelled' })
    await named.close()
  })

  test('held to its origin it follows no redirect to another', async () => {
    listener = (request, response) => {
      if (request.url === '/one') response.writeHead(302, { location: '/two' }).end()
      else if (request.url === '/away') response.writeHead(302, { location: `http://127.0.0.1:${otherPort}/` }).end()
      else response.end(request.url)
    }
    expect(await read((await egress.open(at('/one'), { ...loopback, sameOrigin: true })).body)).toBe('/two')
    await expect(egress.open(at('/away'), { ...loopback, sameOrigin: true })).rejects.toMatchObject({ code: 'egress_refused', params: { reason: 'redirect_to_another_origin' } })
    expect(seen).toHaveLength(3)
  })
})

test('where a name leads is told by the worst of its addresses', async () => {
  const answers: Record<string, readonly string[]> = { 'public.example': ['93.184.216.34'], 'inner.example': ['93.184.216.34', '10.0.0.1'], 'metadata.example': ['10.0.0.1', '169.254.169.254'] }
  const named = createEgress({ resolve: async (host) => answers[host] ?? [] })
  expect(await named.kindOf('https://public.example/x')).toBe('public')
  expect(await named.kindOf('https://inner.example/x')).toBe('private')
  expect(await named.kindOf('https://metadata.example/x')).toBe('never')
  expect(await named.kindOf('http://[::1]:1/')).toBe('private')
  await expect(named.kindOf('https://nobody.example/')).rejects.toMatchObject({ code: 'egress_failed' })
})

test('a kept connection that the other side closes meanwhile costs no request that changes nothing; what changes something is not sent twice', async () => {
  let cut = 0
  listener = (_, response) => {
    if (cut-- > 0) response.socket?.destroy()
    else response.end('ok')
  }
  for (const [method, cuts, code] of [['GET', 1, null], ['HEAD', 1, null], ['GET', 2, 'egress_failed'], ['POST', 1, 'egress_failed'], ['DELETE', 1, 'egress_failed']] as const) {
    seen = []
    cut = cuts
    const asked = egress.fetch(at(), { ...loopback, method })
    if (code === null) expect((await asked).status).toBe(200)
    else await expect(asked).rejects.toMatchObject({ code })
    expect([method, seen.length]).toEqual([method, method === 'GET' || method === 'HEAD' ? 2 : 1])
  }
})
