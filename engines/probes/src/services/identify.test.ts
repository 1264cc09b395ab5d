import { describe, expect, test } from 'vitest'
import { NetworkError } from '../network.ts'
import { identifyService } from './identify.ts'
import { identified, lan, runOn } from './peer.fixture.ts'
import type { Peer } from './peer.fixture.ts'

const ssh: Peer = { first: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n' }
const web: Peer = { answer: heard => (heard.startsWith('GET ') ? 'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nok' : 'HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n') }
const redis: Peer = { answer: heard => (heard.includes('PING') ? '+PONG\r\n' : heard.includes('INFO') ? '$22\r\nredis_version:7.0.15\r\n\r\n' : '-ERR unknown command\r\n') }

describe('who is asked what', () => {
  test('whoever speaks first is known by it, at any port, and over one connection', async () => {
    for (const port of [22, 4711]) {
      const service = await identified(port, ssh)
      expect(service).toMatchObject({ name: 'ssh', tls: false, product: 'OpenSSH', vendor: 'OpenBSD', version: '9.2', fullVersion: '9.2p1', cpe: ['cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*'], confidence: 1, banner: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n' })
      expect(service.build).toMatchObject({ distribution: 'debian', packageVersion: '1:9.2p1-2+deb12u10' })
      expect(service.dialled).toBe(1)
    }
  })

  test('what is usual at a port is greeted first, so that one connection is enough', async () => {
    expect(await identified(80, web)).toMatchObject({ name: 'http', product: 'nginx', version: '1.22.1', dialled: 1, took: 0 })
    expect(await identified(6379, redis)).toMatchObject({ name: 'redis', product: 'Redis', version: '7.0.15', dialled: 1 })
  })

  test('whoever waits at another port is found by greetings, sent one after the other', async () => {
    expect(await identified(4711, web)).toMatchObject({ name: 'http', product: 'nginx' })
    expect(await identified(4711, redis)).toMatchObject({ name: 'redis', version: '7.0.15' })
    // SSH where a web server is usual: it is greeted as one, and says who it is.
    expect(await identified(80, ssh)).toMatchObject({ name: 'ssh', product: 'OpenSSH' })
  })

  test('inside of TLS all begins anew', async () => {
    expect(await identified(443, { ...web, tls: true })).toMatchObject({ name: 'http', tls: true, product: 'nginx' })
    expect(await identified(6380, { ...redis, tls: true })).toMatchObject({ name: 'redis', tls: true, version: '7.0.15' })
    expect(await identified(4711, { ...ssh, tls: true })).toMatchObject({ name: 'ssh', tls: true })
    // Spoken to in the clear first, it says in HTTP that it awaits TLS.
    expect(await identified(8080, { ...web, tls: true, clear: 'HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>' })).toMatchObject({ name: 'http', tls: true, product: 'nginx', version: '1.22.1', left: 0 })
    // Whose handshake is not ours to finish: what is usual there, with little confidence.
    const network = lan({ 993: { answer: heard => (heard.startsWith('\x16\x03') ? '\x15\x03\x01\0\x02\x02\x28' : undefined) } })
    expect(await identifyService({ host: 'a.example', address: '192.0.2.1', port: 993, transport: 'tcp' }, { run: runOn(network) })).toMatchObject({ name: 'imap', tls: true, product: null, confidence: 0.3, faults: [{ fault: 'tls_failed' }] })
  })

  test('a greeting that fits two is decided by asking', async () => {
    expect(await identified(4711, { first: '220 ready\r\n', answer: heard => (/^(EHLO|FEAT|SYST)/.test(heard) ? '530 Please login with USER and PASS.\r\n' : heard.startsWith('USER') ? '331 Password\r\n' : '530 no\r\n') })).toMatchObject({ name: 'ftp' })
    expect(await identified(4711, { first: '220 ready\r\n', answer: heard => (heard.startsWith('EHLO') ? '250-mail\r\n250 STARTTLS\r\n' : '221 bye\r\n') })).toMatchObject({ name: 'smtp', startTls: 'smtp' })
  })

  test('printers are asked in their own language, machines not at all', async () => {
    const network = lan({ 9100: {}, 502: {} })
    for (const port of [9100, 502]) await identifyService({ host: 'a.example', address: '192.0.2.1', port, transport: 'tcp' }, { run: runOn(network) })
    expect(network.said).toEqual(['\x1b%-12345X@PJL INFO ID\r\n\x1b%-12345X'])
    expect(await identified(9100, { answer: () => '@PJL INFO ID\r\n"HP LaserJet 4250"\r\n\f' })).toMatchObject({ name: 'pdl-datastream', attributes: { hardware: 'HP LaserJet 4250' } })
    // Who refuses that in HTTP is asked in HTTP.
    expect(await identified(9100, web)).toMatchObject({ name: 'http', product: 'nginx', version: '1.22.1' })
  })

  test('a name that is expected is told where nothing is known, and with little confidence', async () => {
    const network = lan({ 4711: {} })
    expect(await identifyService({ host: 'a.example', address: '192.0.2.1', port: 4711, transport: 'tcp' }, { run: runOn(network), name: 'backup' })).toMatchObject({ name: 'backup', confidence: 0.2, product: null, reasons: ['it says nothing'] })
  })
})

describe('whatever answers, it ends', () => {
  const mostDials = 60
  const mostMs = 400_000
  const hostile: Readonly<Record<string, Peer>> = {
    'says nothing': {},
    'closes at once': { first: '', answer: () => null },
    'endless bytes': { endless: () => 'A'.repeat(16_384) },
    'a byte a second': { endless: read => (read % 70 === 69 ? '\n' : 'x') },
    'an endless greeting of FTP': { endless: () => `220-${'A'.repeat(1000)}\r\n` },
    'an endless head of HTTP': { endless: read => (read === 0 ? 'HTTP/1.1 200 OK\r\n' : 'X-A: b\r\n') },
    'an endless body of HTTP': { endless: read => (read === 0 ? 'HTTP/1.1 200 OK\r\n\r\n' : 'body') },
    'an endless offer of SSH': { endless: read => (read === 0 ? 'SSH-2.0-x\r\n' : '\0\0\x7f\xff'.repeat(4000)) },
    'sends back what it hears': { answer: heard => heard },
    'says the same to everybody': { answer: () => '\xff\xff\xff\xff'.repeat(100) },
  }
  for (const port of [21, 22, 80, 443, 3306, 4711]) {
    test(`port ${port}`, async () => {
      for (const [what, peer] of Object.entries(hostile)) {
        const service = await identified(port, peer)
        expect(service.left, what).toBe(0)
        expect(service.dialled, what).toBeLessThan(mostDials)
        expect(service.took, what).toBeLessThan(mostMs)
        expect(service.banner.length, what).toBeLessThanOrEqual(512)
        expect(service.findings.filter(({ severity }) => severity === 'high' || severity === 'critical'), what).toEqual([])
      }
    })
  }

  test('a port that closes without a word is left alone soon', async () => {
    const service = await identified(4711, { answer: () => null, endless: () => '' })
    expect(service).toMatchObject({ name: 'unknown', reasons: ['it closes every connection without a word'] })
    expect(service.dialled).toBeLessThan(6)
  })

  test('nobody there: a fault, no service', async () => {
    const network = lan({})
    expect(await identifyService({ host: 'a.example', address: '192.0.2.1', port: 22, transport: 'tcp' }, { run: runOn(network) })).toMatchObject({ name: 'unknown', confidence: 0, reasons: ['no connection'], faults: [{ place: 'tcp/22', fault: 'refused' }] })
  })

  test('a stop is passed on, and nothing stays open', async () => {
    const stop = new AbortController()
    const network = lan({ 22: { endless: () => { stop.abort(); return 'x' } } })
    await expect(identifyService({ host: 'a.example', address: '192.0.2.1', port: 22, transport: 'tcp' }, { run: runOn(network, stop.signal) })).rejects.toThrow(NetworkError)
    expect(network.open).toBe(0)
  })
})

test('an answer in pieces of one byte is the same answer', async () => {
  expect(await identified(22, { ...ssh, pieces: 1 })).toMatchObject({ name: 'ssh', product: 'OpenSSH', fullVersion: '9.2p1' })
  expect(await identified(80, { ...web, pieces: 1 })).toMatchObject({ name: 'http', product: 'nginx', version: '1.22.1' })
})
