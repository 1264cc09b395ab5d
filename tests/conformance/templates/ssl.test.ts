// The ssl protocol against TLS servers of OpenSSL (through Node), and against one written by hand for the version that OpenSSL no longer has.
import { X509Certificate } from 'node:crypto'
import { createServer as createPlainServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { suiteName, suiteNumber } from '@haechi/probes'
import { certificate } from './certificates.ts'
import type { Issued } from './certificates.ts'
import { blockTemplate, expectationsOf, fixture, listening, missingFixtures, run } from './harness.ts'
import type { Ran } from './harness.ts'

const closing: (() => PromiseLike<unknown>)[] = []
afterEach(async () => { for (const close of closing.splice(0)) await close() })

async function opened(server: Server): Promise<string> {
  const serving = await listening(server)
  closing.push(() => serving[Symbol.asyncDispose]())
  return serving.place
}

const old = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'
const tlsServer = (issued: Issued, options: TlsOptions = {}): Promise<string> =>
  opened(createServer({ key: issued.key, cert: issued.cert, ...options }, socket => { socket.on('error', () => undefined) }).on('tlsClientError', () => undefined))

const ssl = (rest: string, address = '{{Host}}:{{Port}}'): Parameters<typeof run>[0] => blockTemplate('ssl', `
  - address: "${address}"
${rest}
`)
const matching = (...expressions: string[]): string => `    matchers-condition: and\n    matchers:\n${expressions.map(each => `      - { type: dsl, dsl: [${JSON.stringify(each)}] }`).join('\n')}`
const extracting = (...json: string[]): string => `    extractors: [{ type: json, json: ${JSON.stringify(json)} }]`
const extracted = (ran: Ran): readonly string[] => ran.matches.flatMap(match => match.extracted)

const plain = certificate('localhost', { names: ['localhost', '127.0.0.1'] })

describe.skipIf(missingFixtures !== false)(`fixtures${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  it('none is left out', () => {
    expect(expectationsOf('ssl.test.ts').flatMap(({ fixtures }) => fixtures).toSorted()).toEqual(['basic-ztls', 'multi-req', 'ssl-with-vars'].map(name => `protocols/ssl/${name}.yaml`).toSorted())
  })

  it('basic-ztls: the greeting by hand is what the alternative client is there', async () => {
    expect((await run(fixture('protocols/ssl/basic-ztls.yaml'), await tlsServer(plain))).matches).toHaveLength(1)
  })

  it('ssl-with-vars', async () => {
    const ran = await run(fixture('protocols/ssl/ssl-with-vars.yaml'), await tlsServer(plain), { settings: { variables: { test: 'asdasdas' } } })
    expect(ran.matches).toHaveLength(1)
  })

  it('multi-req: of SSL 3.0, TLS 1.0 and TLS 1.1 a server takes two', async () => {
    const ran = await run(fixture('protocols/ssl/multi-req.yaml'), await tlsServer(plain, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: old }))
    expect(ran.matches).toHaveLength(2)
    expect(extracted(ran)).toEqual(['tls10', 'tls11'])
  })
})

describe('versions and suites', () => {
  it.each([['TLSv1', 'tls10'], ['TLSv1.1', 'tls11'], ['TLSv1.2', 'tls12'], ['TLSv1.3', 'tls13']] as const)('%s is taken, and no other', async (version, name) => {
    const place = await tlsServer(plain, { minVersion: version, maxVersion: version, ciphers: old })
    expect(extracted(await run(ssl(extracting('.tls_version')), place)), 'where nothing is asked for').toEqual([name])
    for (const each of ['ssl30', 'tls10', 'tls11', 'tls12', 'tls13']) {
      const ran = await run(ssl(`    min_version: ${each}\n    max_version: ${each}\n${extracting('.tls_version')}`), place)
      expect(extracted(ran), each).toEqual(each === name ? [name] : [])
      if (each !== name) expect(ran.faults.map(fault => fault.fault), each).toEqual(['tls_failed'])
    }
  })

  it('a range is a range', async () => {
    const place = await tlsServer(plain, { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: old })
    expect(extracted(await run(ssl(`    min_version: sslv3\n    max_version: tls11\n${extracting('.tls_version')}`), place))).toEqual(['tls11'])
    expect(extracted(await run(ssl(`    min_version: tls11\n${extracting('.tls_version')}`), place))).toEqual(['tls12'])
  })

  it('SSL 3.0 is spoken by hand', async () => {
    const der = new X509Certificate(plain.cert).raw
    const place = await opened(createPlainServer(socket => { socket.once('data', hello => { socket.write(sslv3Answer(hello, der)) }) }))
    const ran = await run(ssl(`    min_version: ssl30\n    max_version: ssl30\n${matching("subject_cn == 'localhost'", "tls_connection == 'ztls'")}\n${extracting('.tls_version', '.cipher')}`), place)
    expect(extracted(ran)).toEqual(['ssl30', 'TLS_RSA_WITH_RC4_128_SHA'])
  })

  it('a suite that is asked for is taken, and only that', async () => {
    const place = await tlsServer(certificate('localhost', { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] }), { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0' })
    for (const suite of ['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_AES_256_CBC_SHA']) expect(extracted(await run(ssl(`    cipher_suites: [${suite}]\n${extracting('.cipher')}`), place))).toEqual([suite])
    expect((await run(ssl(`    cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n${extracting('.cipher')}`), place)).faults.map(fault => fault.fault)).toEqual(['tls_failed'])
  })

  it('all versions and suites are found, as OpenSSL was told to take them', async () => {
    const suites = ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', 'ADH-AES128-SHA', 'NULL-SHA']
    const names = ['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_DH_anon_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_NULL_SHA']
    const place = await tlsServer(certificate('localhost', { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] }), { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.3', ciphers: `${suites.join(':')}:TLS_AES_128_GCM_SHA256:@SECLEVEL=0`, dhparam: 'auto' })
    const ran = await run(ssl(`    tls_version_enum: true\n    tls_cipher_enum: true\n    tls_cipher_types: [all]\n${extracting('.version_enum[]', '.cipher_enum[]')}`), place)
    const [one, two, three, ...enums] = extracted(ran)
    expect([one, two, three]).toEqual(['tls11', 'tls12', 'tls13'])
    const found = enums.map(each => JSON.parse(each) as { version: string; ciphers: Record<string, string[]> })
    expect(found.map(each => each.version)).toEqual(['tls11', 'tls12', 'tls13'])
    const of12 = found[1]?.ciphers ?? {}
    // An anonymous one needs parameters that `dhparam: auto` gives; what is not AEAD is what TLS 1.1 has.
    expect(Object.values(of12).flat().toSorted()).toEqual(names.toSorted())
    expect(of12['insecure']?.toSorted()).toEqual(['TLS_DH_anon_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_NULL_SHA'])
    expect(of12['weak']?.toSorted()).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_AES_256_GCM_SHA384'])
    expect(found[2]?.ciphers).toEqual({ secure: ['TLS_AES_128_GCM_SHA256'] })
    expect(Object.values(found[0]?.ciphers ?? {}).flat().toSorted()).toEqual(names.filter(name => name.endsWith('_SHA')).toSorted())
  })
})

describe('certificates', () => {
  it('every field, by name and as JSON', async () => {
    const issuer = certificate('/C=KR/O=Example CA/CN=Example Root', { authority: true })
    const leaf = certificate('/C=KR/ST=Seoul/L=Jongno/O=Example/OU=Unit/CN=www.example.com', { names: ['www.example.com', 'api.example.com', 'me@example.com'], issuer, serial: '08BB00EE01' })
    const place = await tlsServer({ key: leaf.key, cert: leaf.cert + issuer.cert })
    const seen = new X509Certificate(leaf.cert)
    const ran = await run(ssl(`${matching(
      "subject_dn == 'C=KR, ST=Seoul, L=Jongno, O=Example, OU=Unit, CN=www.example.com'", "subject_cn == 'www.example.com'", "issuer_cn == 'Example Root'", "issuer_dn == 'C=KR, O=Example CA, CN=Example Root'",
      "contains(issuer_org, 'Example CA')", "contains(subject_an, 'api.example.com')", "serial == '08:BB:00:EE:01'", "not_after == '2049-12-31 23:59:59 +0000 UTC'", "contains(domains, 'www.example.com')",
      "tls_version == 'tls13'", "tls_connection == 'ctls'", "mismatched == true", "untrusted == true", "probe_status == true", `port == '${place.split(':')[1]}'`,
    )}\n${extracting('.subject_an[]', '.not_before', '.fingerprint_hash.sha256', '.chain[].subject_cn', '.emails[]', '.subject_org[]', '.host')}`), place)
    expect(extracted(ran)).toEqual(['www.example.com', 'api.example.com', '2020-01-01T00:00:00Z', seen.fingerprint256.replaceAll(':', '').toLowerCase(), 'Example Root', 'me@example.com', 'Example', '127.0.0.1'])
    expect((await run(ssl(matching('self_signed == true')), place)).matches).toEqual([])
    expect((await run(ssl('    extractors: [{ type: kval, kval: [not_after, issuer_cn] }]'), place)).matches.flatMap(match => match.extracted)).toEqual(['2049-12-31 23:59:59 +0000 UTC', 'Example Root'])
  })

  const flags = ['expired', 'self_signed', 'mismatched', 'wildcard_certificate', 'untrusted', 'revoked'] as const
  const issuer = certificate('Own Root', { authority: true })
  it.each<readonly [string, Issued, readonly (typeof flags)[number][]]>([
    ['a good one', certificate('127.0.0.1', { names: ['127.0.0.1'], issuer }), []],
    ['expired', certificate('127.0.0.1', { issuer, from: '20100101000000Z', until: '20110101000000Z' }), ['expired']],
    ['self-signed', certificate('127.0.0.1'), ['self_signed']],
    ['of another name', certificate('other.example', { issuer }), ['mismatched']],
    ['with a star', certificate('*.example.com', { issuer, names: ['*.example.com'] }), ['mismatched', 'wildcard_certificate']],
    ['with a root of its own', (({ key, cert }) => ({ key, cert: cert + issuer.cert }))(certificate('127.0.0.1', { issuer })), ['untrusted']],
  ])('%s', async (_, issued, held) => {
    const place = await tlsServer(issued)
    for (const version of ['', '    max_version: tls12\n']) {
      for (const flag of flags) expect((await run(ssl(version + matching(`${flag} == true`)), place)).matches.length, `${flag} ${version}`).toBe(held.includes(flag) ? 1 : 0)
    }
  })

  it('names are sent, so that the right certificate comes', async () => {
    const other = certificate('named.example', { names: ['named.example'] })
    const asked: string[] = []
    const place = await tlsServer(plain, { SNICallback: (name, done) => { asked.push(name); done(null, undefined) } })
    const port = place.split(':')[1]
    for (const version of ['', '    max_version: tls12\n']) await run(ssl(version + matching('true')), `named.example:${port}`)
    expect(asked).toEqual(['named.example', 'named.example'])
    expect(other.cert).not.toBe(plain.cert)
  })

  it('443 where the target has no port, and an address of its own', async () => {
    const place = await tlsServer(plain)
    expect((await run(ssl(matching('true')), '127.0.0.1')).faults.map(fault => fault.endpoint)).toEqual(['127.0.0.1:443'])
    const ran = await run(ssl(matching('true'), place), '127.0.0.1')
    expect(ran.matches).toMatchObject([{ matchedAt: place, target: '127.0.0.1', protocol: 'ssl' }])
  })
})

describe('servers that are no TLS, or half of it', () => {
  const both = ['', '    max_version: tls12\n'] as const
  const withHello = (version: number, message: Buffer): Buffer => Buffer.concat([Buffer.from([22, 3, version, message.length >> 8, message.length & 255]), message])
  const hello = (suite: number): Buffer => Buffer.concat([Buffer.from([2, 0, 0, 38, 3, 3]), Buffer.alloc(32), Buffer.from([0, suite >> 8, suite & 255, 0])])
  it.each<readonly [string, (socket: Socket) => void, string]>([
    ['plain text', socket => { socket.end('SSH-2.0-OpenSSH_9.2p1\r\n') }, 'protocol_error'],
    ['nothing, and closed', socket => { socket.end() }, 'closed'],
    ['an alert', socket => { socket.end(Buffer.from('15030100020228', 'hex')) }, 'tls_failed'],
    ['half a record', socket => { socket.end(Buffer.from('160303ffff', 'hex')) }, 'protocol_error'],
    ['a ServerHello that is cut off', socket => { socket.end(withHello(3, Buffer.from([2, 0, 0, 4, 3, 3, 0, 0]))) }, 'protocol_error'],
    ['a suite that nobody offered', socket => { socket.end(withHello(3, hello(0x1301))) }, 'tls_failed'],
    ['an unknown version', socket => { socket.end(withHello(3, Buffer.concat([Buffer.from([2, 0, 0, 38, 9, 9]), Buffer.alloc(32), Buffer.from([0, 0, 0x2f, 0])]))) }, 'protocol_error'],
    ['a certificate beyond its list', socket => { socket.end(withHello(3, Buffer.concat([hello(0x2f), Buffer.from([11, 0, 0, 6, 0, 0, 3, 0xff, 0xff, 0xff])]))) }, 'protocol_error'],
    ['a message without an end', socket => {
      socket.write(withHello(3, Buffer.concat([hello(0x2f), Buffer.from([11, 7, 0xff, 0xff])])))
      const more = (): void => { while (!socket.destroyed && socket.write(withHello(3, Buffer.alloc(16_000)))); }
      socket.on('drain', more)
      more()
    }, 'protocol_error'],
  ])('%s', async (_, serve, fault) => {
    const place = await opened(createPlainServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', () => { serve(socket) })
    }))
    const ran = await run(ssl(both[1] + matching('true')), place)
    expect(ran.matches).toEqual([])
    expect(ran.faults.map(each => each.fault)).toEqual([fault])
    expect((await run(ssl(matching('true')), place)).matches).toEqual([])
  })

  it('a certificate that is none is told, and the rest of the handshake counts', async () => {
    const place = await opened(createPlainServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', () => { socket.end(withHello(3, Buffer.concat([hello(0x2f), Buffer.from([11, 0, 0, 8, 0, 0, 5, 0, 0, 2, 5, 0])]))) })
    }))
    const ran = await run(ssl(`${both[1]}${extracting('.tls_version', '.cipher')}`), place)
    expect(extracted(ran)).toEqual(['tls12', 'TLS_RSA_WITH_AES_128_CBC_SHA'])
    expect(ran.faults.map(fault => fault.fault)).toEqual(['protocol_error'])
    expect((await run(ssl(both[1] + matching('self_signed == true')), place)).matches).toEqual([])
  })

  it('silence is a timeout', async () => {
    const place = await opened(createPlainServer(() => undefined))
    for (const version of both) expect((await run(ssl(version + matching('true')), place, { settings: { timeoutMs: 100 } })).faults.map(fault => fault.fault)).toEqual(['timeout'])
  })
})

/** A ServerHello and a Certificate as SSL 3.0 (RFC 6101) has them, where the greeting offers that and RC4. */
function sslv3Answer(hello: Buffer, der: Buffer): Buffer {
  const suite = suiteNumber('TLS_RSA_WITH_RC4_128_SHA') ?? 0
  expect(hello.subarray(0, 3)).toEqual(Buffer.from([22, 3, 0]))
  const count = hello.readUInt16BE(44) / 2
  const offered = Array.from({ length: count }, (_, place) => hello.readUInt16BE(46 + place * 2))
  expect(offered.map(suiteName)).toContain('TLS_RSA_WITH_RC4_128_SHA')
  // No extensions: SSL 3.0 has none.
  expect(hello.length).toBe(46 + count * 2 + 2)
  const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body])
  const serverHello = message(2, Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(32), Buffer.from([0, suite >> 8, suite & 255, 0])]))
  const length = (size: number): Buffer => Buffer.from([0, size >> 8, size & 255])
  const all = Buffer.concat([serverHello, message(11, Buffer.concat([length(der.length + 3), length(der.length), der]))])
  return Buffer.concat([Buffer.from([22, 3, 0, all.length >> 8, all.length & 255]), all])
}
