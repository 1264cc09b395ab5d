// The websocket protocol against servers of our own: those of the fixtures, and such as do not keep to RFC 6455.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { certificate } from './certificates.ts'
import { blockTemplate, expectationsOf, fixture, missingFixtures, run } from './harness.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const close of closing.splice(0)) await close() })

type Peer = { readonly request: IncomingMessage; readonly socket: Duplex; send(data: string | Buffer, opcode?: number, final?: boolean): void; raw(bytes: Buffer | string): void }
type Serving = { readonly accepts?: (request: IncomingMessage) => boolean; readonly opened?: (peer: Peer) => void; readonly message?: (text: string, peer: Peer, opcode: number) => void; readonly accept?: (key: string) => string; readonly tls?: boolean }

/** The length as RFC 6455, 5.2 writes it. */
function frame(data: Buffer, opcode: number, final = true): Buffer {
  const length = data.length < 126 ? Buffer.from([data.length]) : data.length < 65_536 ? Buffer.from([126, data.length >> 8, data.length & 255]) : Buffer.from([127, 0, 0, 0, 0, data.length >>> 24, (data.length >> 16) & 255, (data.length >> 8) & 255, data.length & 255])
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode]), length, data])
}

async function serve({ accepts = () => true, opened, message, accept, tls = false }: Serving): Promise<string> {
  const server = tls ? createTlsServer(certificate('localhost')) : createServer()
  const sockets = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (!accepts(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const key = request.headers['sec-websocket-key'] ?? ''
    const proof = accept === undefined ? createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64') : accept(key)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: ${proof}\r\n\r\n`)
    const peer: Peer = { request, socket, send: (data, opcode = 1, final = true) => { socket.write(frame(Buffer.from(data), opcode, final)) }, raw: bytes => { socket.write(bytes) } }
    let received = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (;;) {
        if (received.length < 2) return
        const short = received.readUInt8(1) & 0x7f
        const offset = short === 126 ? 4 : short === 127 ? 10 : 2
        if (received.length < offset) return
        const length = short === 126 ? received.readUInt16BE(2) : short === 127 ? Number(received.readBigUInt64BE(2)) : short
        if (received.length < offset + 4 + length) return
        // RFC 6455, 5.1: what a client sends is masked.
        expect(received.readUInt8(1) & 0x80).toBe(0x80)
        const mask = received.subarray(offset, offset + 4)
        const data = Buffer.from(received.subarray(offset + 4, offset + 4 + length).map((byte, at) => byte ^ (mask[at & 3] ?? 0)))
        message?.(data.toString(), peer, received.readUInt8(0) & 0x0f)
        received = received.subarray(offset + 4 + length)
      }
    })
    opened?.(peer)
  })
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(done => { server.close(done) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `${tls ? 'wss' : 'ws'}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const helloWorld: Serving = { message: (text, peer, opcode) => { if (text === 'hello') peer.send('world'); else if (opcode !== 8) peer.socket.end() } }

describe.skipIf(missingFixtures !== false)(`fixtures${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  it('none is left out', () => {
    expect(expectationsOf('websocket.test.ts').flatMap(({ fixtures }) => fixtures).toSorted()).toEqual(['basic', 'cswsh', 'no-cswsh'].map(name => `protocols/websocket/${name}.yaml`).toSorted())
  })

  it('basic', async () => { expect((await run(fixture('protocols/websocket/basic.yaml'), await serve(helloWorld))).matches).toHaveLength(1) })

  it('cswsh: every origin is accepted', async () => { expect((await run(fixture('protocols/websocket/cswsh.yaml'), await serve({}))).matches).toHaveLength(1) })

  it('no-cswsh: only one is', async () => {
    const ran = await run(fixture('protocols/websocket/no-cswsh.yaml'), await serve({ accepts: request => request.headers.origin === 'https://google.com' }))
    expect(ran).toMatchObject({ matches: [], faults: [] })
  })
})

const block = (rest: string): Parameters<typeof run>[0] => blockTemplate('websocket', `\n  - address: "{{Scheme}}://{{Hostname}}"\n${rest}\n`)
const greeting = block('    inputs: [{ data: hello }]\n    matchers: [{ type: word, part: response, words: [world] }]')

describe('conversations', () => {
  it('over TLS', async () => { expect((await run(greeting, await serve({ ...helloWorld, tls: true }))).matches).toHaveLength(1) })

  it('with places of the web, which have their WebSockets at the same port', async () => {
    expect((await run(greeting, (await serve(helloWorld)).replace('ws:', 'http:'))).matches).toHaveLength(1)
    expect((await run(greeting, (await serve({ ...helloWorld, tls: true })).replace('wss:', 'https:'))).matches).toHaveLength(1)
  })

  it('of several messages, each by its name, with expressions, payloads and the target\'s path', async () => {
    const asked: string[] = []
    const place = await serve({ accepts: request => { asked.push(`${request.url ?? ''} ${String(request.headers['x-token'])}`); return true }, message: (text, peer, opcode) => { if (opcode !== 8) peer.send(`<${text}>`) } })
    const template = block(`    headers: { X-Token: "{{to_upper(token)}}" }
    payloads: { token: [a, b] }
    attack: batteringram
    inputs: [{ data: "{{md5('x')}}", name: first }, { data: "é{{token}}", name: second }]
    matchers: [{ type: dsl, dsl: ["first == '<9dd4e461268c8034f5c8564e155c67a6>' && second == '<éb>' && success == 'true'"] }, { type: word, part: request, words: ["éb"] }]
    matchers-condition: and`)
    const ran = await run(template, `${place}/chat/room`)
    expect(ran.matches).toMatchObject([{ protocol: 'websocket', matchedAt: `${place}/chat/room`, address: '127.0.0.1' }])
    expect(asked).toEqual(['/chat/room A', '/chat/room B'])
  })

  it('with fragments, pings and long messages', async () => {
    const place = await serve({ message: (_, peer, opcode) => {
      if (opcode !== 1) return
      peer.send('are you there', 9)
      peer.send('wor', 1, false)
      peer.send('still', 9)
      peer.send(`ld${'x'.repeat(70_000)}`, 0)
    } })
    expect((await run(block('    inputs: [{ data: hello }]\n    matchers: [{ type: dsl, dsl: ["len(response) == 70005"] }]'), place)).matches).toHaveLength(1)
  })
})

describe('servers that do not keep to it', () => {
  const runs = async (serving: Serving, settings = {}): Promise<Awaited<ReturnType<typeof run>>> => await run(greeting, await serve(serving), { settings: { timeoutMs: 300, maxBytes: 10_000, ...settings } })
  it('without the proof that they read the key: no connection', async () => { expect(await runs({ ...helloWorld, accept: () => 'bm90aGluZw==' })).toMatchObject({ matches: [], faults: [] }) })
  it.each<readonly [string, Serving, string]>([
    ['silence', {}, 'timeout'],
    ['a close instead of an answer', { message: (_, peer, opcode) => { if (opcode === 1) peer.send('', 8) } }, 'closed'],
    ['the end instead of an answer', { message: (_, peer) => { peer.socket.end() } }, 'closed'],
    ['half a frame', { message: (_, peer) => { peer.raw(Buffer.from([0x81, 0x05, 0x77])); peer.socket.end() } }, 'closed'],
    ['a frame of 2^63 bytes', { message: (_, peer) => { peer.raw(Buffer.from('817fffffffffffffffff', 'hex')) } }, 'protocol_error'],
    ['fragments without end', { message: (_, peer, opcode) => { if (opcode === 1) for (let count = 0; count < 300; count++) peer.send('x'.repeat(50), count === 0 ? 1 : 0, false) } }, 'protocol_error'],
    ['pings without end', { message: (_, peer, opcode) => { if (opcode === 1) for (let count = 0; count < 5000; count++) peer.send('', 9) } }, 'protocol_error'],
  ])('%s', async (_, serving, fault) => {
    const ran = await runs(serving, fault === 'timeout' ? { timeoutMs: 100 } : { timeoutMs: 3000 })
    expect(ran.matches).toEqual([])
    expect(ran.faults.map(each => each.fault)).toEqual([fault])
  })

  it('a head without end', async () => {
    const server = createServer()
    server.on('upgrade', (_, socket: Duplex) => {
      socket.on('error', () => undefined)
      closing.unshift(() => { socket.destroy(); return Promise.resolve() })
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${'X-Filler: yes\r\n'.repeat(20_000)}`)
    })
    closing.push(() => new Promise(done => { server.close(done) }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const ran = await run(greeting, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(ran.faults.map(fault => fault.fault)).toEqual(['protocol_error'])
  })
})
