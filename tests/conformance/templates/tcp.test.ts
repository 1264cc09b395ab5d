// The tcp protocol against servers that behave as the fixtures of Nuclei's integration tests describe, and against what its documentation says besides.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { certificate } from './certificates.ts'
import { blockTemplate, expectationsOf, fixture, fixtureBytes, listening, missingFixtures, run, templateOf } from './harness.ts'

const closing: (() => PromiseLike<unknown>)[] = []
afterEach(async () => { for (const close of closing.splice(0)) await close() })

async function opened(server: Server, port = 0): Promise<number> {
  const serving = await listening(server, 'http', port)
  closing.push(() => serving[Symbol.asyncDispose]())
  return serving.port
}

/** Speaks by script: waits for so many bytes, gives them to the step, and writes what it returns; null: closes. */
function scripted(...steps: readonly { readonly take: number; readonly say: (got: string) => string | null }[]): Server {
  return createServer(socket => {
    let received = ''
    let step = 0
    const go = (): void => {
      for (let next = steps[step]; next !== undefined && received.length >= next.take; next = steps[step]) {
        step++
        const got = received.slice(0, next.take)
        received = received.slice(next.take)
        const said = next.say(got)
        if (said === null) socket.end()
        else if (said !== '') socket.write(said, 'latin1')
      }
    }
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      go()
    })
    go()
  })
}

const pingPong = (): Server => scripted({ take: 4, say: got => (got === 'PING' ? 'PONG' : null) })

describe.skipIf(missingFixtures !== false)(`fixtures${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  it('none is left out', () => {
    expect(expectationsOf('tcp.test.ts').flatMap(({ fixtures }) => fixtures).toSorted()).toEqual(['hex', 'multi-step', 'net-https', 'network-port', 'self-contained', 'variables'].map(name => `protocols/network/${name}.yaml`).toSorted())
  })

  it('hex', async () => {
    const port = await opened(scripted({ take: 4, say: got => (got === 'PING' ? 'PONG' : null) }, { take: 0, say: () => null }))
    expect((await run(fixture('protocols/network/hex.yaml'), `127.0.0.1:${port}`)).matches).toHaveLength(1)
  })

  it('multi-step', async () => {
    const port = await opened(scripted({ take: 5, say: got => (got === 'FIRST' ? 'PING' : '') }, { take: 6, say: got => (got === 'SECOND' ? 'PONG' : '') }, { take: 0, say: () => 'NUCLEI' }))
    expect((await run(fixture('protocols/network/multi-step.yaml'), `127.0.0.1:${port}`)).matches).toHaveLength(1)
  })

  it('self-contained', async () => {
    const port = await opened(scripted({ take: 0, say: () => 'Authentication successful' }))
    expect((await run(templateOf(Buffer.from(fixtureBytes('protocols/network/self-contained.yaml')).toString('utf8').replace('127.0.0.1:5431', `127.0.0.1:${port}`)), '127.0.0.1')).matches).toHaveLength(1)
  })

  it('variables', async () => {
    const port = await opened(scripted({ take: 4, say: got => (got === 'PING' ? 'aGVsbG8=' : null) }))
    expect((await run(fixture('protocols/network/variables.yaml'), `127.0.0.1:${port}`)).matches).toHaveLength(1)
  })

  it('network-port: that of the template where the target has none, and that of the target where it has one, also when it is one of the web', async () => {
    const template = fixture('protocols/network/network-port.yaml')
    await opened(pingPong(), 23_846)
    await opened(pingPong(), 8081)
    const other = await opened(pingPong())
    for (const [input, place] of [['127.0.0.1', 23_846], ['127.0.0.1:23846', 23_846], ['127.0.0.1:8081', 8081], [`127.0.0.1:${other}`, other], ['http://127.0.0.1:8081', 23_846]] as const) {
      const ran = await run(template, input)
      expect(ran.matches.map(match => match.matchedAt), input).toEqual([`127.0.0.1:${place}`])
    }
  })

  it('net-https', async () => {
    const { key, cert } = certificate('localhost')
    const port = await opened(createTlsServer({ key, cert }, socket => { socket.once('data', () => { socket.end('HTTP/1.1 200 OK\r\n\r\n') }) }))
    const ran = await run(fixture('protocols/network/net-https.yaml'), `127.0.0.1:${port}`)
    expect(ran.matches.map(match => match.extracted)).toEqual([['19']])
  })
})

describe('what the documentation says besides', () => {
  it('several addresses, each for itself, and equal ones once', async () => {
    const first = await opened(scripted({ take: 0, say: () => 'banner' }))
    const second = await opened(scripted({ take: 0, say: () => 'banner' }))
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}", "{{Host}}:${second}", "{{Hostname}}"]
    matchers: [{ type: word, words: [banner] }]
`)
    const ran = await run(template, `127.0.0.1:${first}`)
    expect(ran.matches.map(match => match.matchedAt)).toEqual([`127.0.0.1:${first}`, `127.0.0.1:${second}`])
    expect(ran.matches[0]).toMatchObject({ protocol: 'tcp', target: `127.0.0.1:${first}`, address: '127.0.0.1', evidence: { request: '', response: 'banner' } })
  })

  it('a list of ports, those that are closed told and passed over, and exclude-ports for URLs', async () => {
    const open = await opened(scripted({ take: 0, say: () => 'banner' }))
    const closed = createServer()
    closed.listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    await new Promise(done => { closed.close(done) })
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    port: ${port}, ${open}, ${open}
    exclude-ports: 8000,9000
    matchers: [{ type: word, words: [banner] }]
`)
    const bare = await run(template, '127.0.0.1')
    expect(bare.matches.map(match => match.matchedAt)).toEqual([`127.0.0.1:${open}`])
    expect(bare.faults.map(fault => fault.fault)).toEqual(['refused'])
    expect((await run(template, 'http://127.0.0.1:9000')).matches).toHaveLength(1)
    // 80 is not excluded here, and so it is meant.
    expect((await run(template, 'http://127.0.0.1:80')).matches).toHaveLength(0)
  })

  it('bytes go out and come in untouched', async () => {
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('')
    const hex = Buffer.from(all, 'latin1').toString('hex')
    const seen: string[] = []
    const port = await opened(scripted({ take: 256, say: got => { seen.push(got); return got } }))
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    inputs: [{ type: hex, data: "${hex}" }]
    read-size: 512
    matchers: [{ type: binary, binary: ["${hex}"] }, { type: size, size: [256] }, { type: dsl, dsl: ["md5(data) == 'e2c865db4162bed963bfaa9ef6ac18f0'"] }]
    matchers-condition: and
`)
    expect((await run(template, `127.0.0.1:${port}`)).matches).toHaveLength(1)
    expect(seen).toEqual([all])
  })

  it('texts that are UTF-8 in the template are sent as such, and expressions are evaluated before hexadecimal is read', async () => {
    const seen: string[] = []
    const port = await opened(scripted({ take: 5, say: got => { seen.push(got); return 'ok' } }))
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    inputs: [{ data: "é{{to_upper('a')}}" }, { type: hex, data: "{{hex_encode('z')}}0a" }]
    matchers: [{ type: word, words: [ok] }]
`)
    expect((await run(template, `127.0.0.1:${port}`)).matches).toHaveLength(1)
    expect(Buffer.from(seen[0] ?? '', 'latin1')).toEqual(Buffer.from('éAz\n'))
  })

  it('what was read under a name is seen by later inputs, by matchers and extractors; raw is all of it, data the last', async () => {
    const port = await opened(scripted({ take: 0, say: () => 'challenge=42;' }, { take: 8, say: got => `answer to ${got}` }))
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    inputs: [{ read: 1024, name: hello }, { data: "{{md5(hello)}}", read: 0 }]
    read-size: 1024
    matchers:
      - { type: word, part: hello, words: ["challenge=42;"] }
      - { type: word, part: raw, words: ["challenge=42;answer to "] }
      - { type: word, part: data, words: ["answer to "] }
      - { type: dsl, dsl: ["contains(data, 'answer') && !contains(data, 'challenge') && contains(raw, hello)"] }
    matchers-condition: and
    extractors: [{ type: regex, part: hello, regex: ["[0-9]+"] }]
`)
    const ran = await run(template, `127.0.0.1:${port}`)
    expect(ran.matches.map(match => match.extracted)).toEqual([['42']])
  })

  it('payloads, each combination over its own connection, until the first match', async () => {
    let connections = 0
    const server = scripted({ take: 9, say: got => (got === 'root:good' ? 'welcome' : 'no') })
    server.on('connection', () => { connections++ })
    const port = await opened(server)
    const block = (stop: boolean): string => `
  - host: ["{{Hostname}}"]
    inputs: [{ data: "{{user}}:{{password}}" }]
    attack: clusterbomb
    payloads: { user: [root, user], password: [evil, good, best] }
    stop-at-first-match: ${stop}
    matchers: [{ type: word, words: [welcome] }]
`
    expect((await run(blockTemplate('tcp', block(false)), `127.0.0.1:${port}`)).matches).toHaveLength(1)
    expect(connections).toBe(6)
    connections = 0
    expect((await run(blockTemplate('tcp', block(true)), `127.0.0.1:${port}`)).matches).toHaveLength(1)
    expect(connections).toBe(2)
  })

  it('payloads without end are stopped', async () => {
    const port = await opened(scripted({ take: 1, say: () => 'no' }))
    const template = blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    inputs: [{ data: "{{one}}{{two}}" }]
    attack: clusterbomb
    payloads: { one: [a, b, c], two: [a, b, c] }
    matchers: [{ type: word, words: [welcome] }]
`)
    await expect(run(template, `127.0.0.1:${port}`, { settings: { maxRequests: 4 } })).rejects.toMatchObject({ problem: { code: 'budget_exceeded', place: 'tcp' } })
  })

  it('an input without a value is not sent, and nothing is found then', async () => {
    const got: string[] = []
    const port = await opened(createServer(socket => {
      socket.on('data', data => { got.push(data.toString()) })
      socket.write('hello')
    }))
    const ran = await run(blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    inputs: [{ data: "{{nobody_knows}}" }]
    matchers: [{ type: word, negative: true, words: [nothing] }]
`), `127.0.0.1:${port}`)
    expect(ran.matches).toEqual([])
    expect(got).toEqual([])
  })

  it('read-all reads to the end, read-size so much and not more, and 1,024 bytes where nothing is said', async () => {
    const port = await opened(createServer(socket => {
      socket.write('x'.repeat(3000))
      socket.write('y'.repeat(2000), () => { socket.end('z') })
    }))
    const size = async (field: string): Promise<string | undefined> => (await run(blockTemplate('tcp', `
  - host: ["{{Hostname}}"]
    ${field}
    extractors: [{ type: dsl, dsl: ["len(data)"] }]
`), `127.0.0.1:${port}`)).matches[0]?.extracted[0]
    expect(await size('read-all: true')).toBe('5001')
    expect(await size('read-size: 100')).toBe('100')
    expect(await size('read-size: 0')).toBe('1024')
  })
})

describe('peers that are silent, endless, slow or gone', () => {
  const banner = (field = ''): string => `
  - host: ["{{Hostname}}"]
    inputs: [{ data: "hello" }]
    ${field}
    matchers: [{ type: dsl, dsl: ["len(data) > 0"] }]
    extractors: [{ type: dsl, dsl: ["len(data)"] }]
`
  it('silent: an empty answer after the timeout, and no match', async () => {
    const port = await opened(createServer(() => undefined))
    const ran = await run(blockTemplate('tcp', banner()), `127.0.0.1:${port}`, { settings: { timeoutMs: 500 } })
    expect(ran).toMatchObject({ matches: [], faults: [] })
  })

  it('silent where an answer is needed: a timeout', async () => {
    const port = await opened(createServer(() => undefined))
    const ran = await run(blockTemplate('tcp', banner().replace('data: "hello"', 'data: "hello", read: 4')), `127.0.0.1:${port}`, { settings: { timeoutMs: 500 } })
    expect(ran.faults.map(fault => fault.fault)).toEqual(['timeout'])
  })

  it('endless: read-all stops at the bound', async () => {
    const port = await opened(createServer(socket => {
      const more = (): void => { while (!socket.destroyed && socket.write('x'.repeat(65_536))); }
      socket.on('drain', more)
      more()
    }))
    const ran = await run(blockTemplate('tcp', banner('read-all: true')), `127.0.0.1:${port}`, { settings: { maxBytes: 300_000 } })
    expect(ran.matches[0]?.extracted).toEqual(['300000'])
  })

  it('a byte at a time: read-all stops at the timeout', async () => {
    const port = await opened(createServer(socket => {
      const timer = setInterval(() => { socket.write('.') }, 20)
      socket.on('close', () => { clearInterval(timer) })
    }))
    const ran = await run(blockTemplate('tcp', banner('read-all: true')), `127.0.0.1:${port}`, { settings: { timeoutMs: 1_000 } })
    expect(Number(ran.matches[0]?.extracted[0])).toBeLessThan(100)
  })

  it('gone: refused is told, the rest goes on', async () => {
    const port = await opened(createServer(socket => { socket.destroy() }))
    const ran = await run(blockTemplate('tcp', banner()), `127.0.0.1:${port}`)
    expect(ran.matches).toEqual([])
    expect((await run(blockTemplate('tcp', banner()), '127.0.0.1:1')).faults.map(fault => fault.fault)).toEqual(['refused'])
  })

  it('no TLS where TLS is asked for', async () => {
    const port = await opened(createServer(socket => { socket.end('SSH-2.0-x\r\n') }))
    const ran = await run(blockTemplate('tcp', banner().replace('{{Hostname}}', 'tls://{{Hostname}}')), `127.0.0.1:${port}`)
    expect(ran.faults.map(fault => fault.fault)).toEqual(['tls_failed'])
  })

  it('a scan that is stopped ends', async () => {
    const stop = new AbortController()
    const port = await opened(createServer(() => { stop.abort() }))
    const ran = await run(blockTemplate('tcp', banner()), `127.0.0.1:${port}`, { signal: stop.signal, settings: { timeoutMs: 60_000 } })
    expect(ran.faults.map(fault => fault.fault)).toEqual(['cancelled'])
  })
})
