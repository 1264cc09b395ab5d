import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TlsVersion } from '../network.ts'
import { isInBoth } from '../evidence.fixture.ts'
import { suiteName, suiteNumber } from './cipher-suites.ts'
import { fallbackSuite } from './hello.ts'
import { probeTls } from './probe.ts'
import type { TlsReport } from './probe.ts'
import { alert, certificateMessage, message, readHello, record, served, serverHello, u16 } from './tls.fixture.ts'
import type { Hello, Served, Talk } from './tls.fixture.ts'

const probe = (run: Served): Promise<TlsReport> => probeTls({ host: 'www.example.com', address: '192.0.2.1', port: 443, serverName: null, startTls: null }, { run })
/** Of the findings of a report, each of which is told in both languages: suites and groups are the same in both. */
const checks = (report: TlsReport): string[] => report.findings.map(({ check, evidence: { en, ko } }) => {
  expect([ko, isInBoth({ en, ko })]).toEqual([ko, true])
  return check.replace('tls.', '')
})
const number = (name: string): number => suiteNumber(name)!

type Server = { readonly versions: readonly TlsVersion[]; readonly suites: readonly string[]; readonly certificate?: readonly number[]; readonly extensions?: readonly (readonly [number, readonly number[]])[]; readonly compresses?: boolean; readonly fallback?: boolean; readonly after?: Talk }

/** A server as they should be, up to TLS 1.2: its own order, alerts for what it does not take. */
const sound = ({ versions, suites, certificate = [1, 2, 3], extensions = [[0xff01, [0]]], compresses = false, fallback = true, after }: Server): Talk => (written, count) => {
  if (count > 0) return after?.(written, count) ?? null
  const hello = readHello(written)
  if (hello === null) return 'end'
  if (!versions.includes(hello.version)) return alert(70)
  if (fallback && hello.suites.includes(fallbackSuite) && versions.at(-1) !== hello.version) return alert(86)
  const suite = suites.map(number).find(each => hello.suites.includes(each))
  if (suite === undefined || (suiteName(suite).includes('ECDHE') && curvesOf(hello).length === 0)) return alert(40)
  const kept = extensions.filter(([type]) => hello.extensions.has(type) || type === 0xff01)
  return flight(hello, suite, certificate, kept, compresses && hello.compressions.includes(1) ? 1 : 0)
}

/** The client's order. */
const curvesOf = ({ extensions }: Hello): number[] => {
  const list = extensions.get(10) ?? Buffer.alloc(2)
  return Array.from({ length: (list.length - 2) / 2 }, (_, place) => list.readUInt16BE(2 + place * 2)).filter(each => [23, 24, 29].includes(each))
}

function flight(hello: Hello, suite: number, certificate: readonly number[], extensions: readonly (readonly [number, readonly number[]])[] = [], compression = 0): number[] {
  const name = suiteName(suite)
  const curve = curvesOf(hello)[0] ?? 23
  const exchange = name.includes('ECDHE') ? message(12, [3, ...u16(curve), 1, 4]) : name.includes('DHE') ? message(12, [...u16(64), ...Array.from({ length: 64 }, () => 0x91), ...u16(1), 2]) : []
  return [...record(hello.version, [...serverHello(hello.version, suite, extensions, compression), ...certificateMessage(certificate), ...exchange]), ...record(hello.version, message(14, []))]
}

const usual = ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA']

describe('what a server takes', () => {
  it('versions, suites in its order, groups, and nothing else', async () => {
    const run = served(() => sound({ versions: ['tls10', 'tls12'], suites: usual }))
    const report = await probe(run)
    expect(report.versions).toEqual(['tls10', 'tls12'])
    expect(report.suites.filter(({ version }) => version === 'tls12').map(({ suite, key }) => [suite, key])).toEqual([[usual[0], 'x25519'], [usual[1], 'x25519'], [usual[2], null]])
    expect(report.order).toEqual({ tls10: 'server', tls12: 'server' })
    expect(report.groups.map(({ version, group }) => `${version} ${group}`)).toEqual(['tls12 x25519', 'tls12 secp256r1', 'tls12 secp384r1'])
    expect(report.features).toMatchObject({ secureRenegotiation: true, compression: false, fallbackProtection: true, heartbeat: false })
    expect([report.heartbleed, report.ccsInjection, report.faults]).toEqual([false, null, []])
    expect(checks(report)).toEqual(['old_version', 'certificate_unreadable'])
    expect(run.open()).toBe(0)
  })

  it('the client\'s order, and the strong suites first', async () => {
    const report = await probe(served(() => (written) => {
      const hello = readHello(written)
      const suite = hello?.version === 'tls12' ? hello.suites.find(each => usual.map(number).includes(each)) : undefined
      return suite === undefined ? alert(hello?.version === 'tls12' ? 40 : 70) : flight(hello!, suite, [])
    }))
    expect(report.order).toEqual({ tls12: 'client' })
    expect(report.suites.map(({ strength }) => strength)).toEqual(['secure', 'secure', 'weak'])
  })

  it('whoever refuses a fallback for another reason has said nothing of it', async () => {
    const report = await probe(served(() => (written, count) => (readHello(written)?.suites.includes(fallbackSuite) === true ? alert(40) : sound({ versions: ['tls11', 'tls12'], suites: usual })(written, count))))
    expect(report.features.fallbackProtection).toBeNull()
  })

  it('suites that are found only behind others', async () => {
    // Of a long greeting such a server reads no more than the first hundred.
    const late = 'TLS_PSK_WITH_RC4_128_SHA'
    const report = await probe(served(() => (written) => {
      const hello = readHello(written)
      if (hello?.version !== 'tls12') return alert(70)
      const suite = hello.suites.slice(0, 100).find(each => each === number(late) || each === number(usual[0]!))
      return suite === undefined ? alert(40) : flight(hello, suite, [])
    }))
    expect(report.suites.map(({ suite }) => suite)).toEqual([usual[0], late])
  })

  it('a server that takes no long greeting', async () => {
    const report = await probe(served(() => (written, count) => (written.length > 300 ? 'end' : sound({ versions: ['tls10'], suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] })(written, count))))
    expect(report.versions).toEqual(['tls10'])
    expect(report.suites.map(({ suite }) => suite)).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA'])
  })
})

describe('old faults', () => {
  it('SSL 3.0, RC4, export, 64-bit blocks, short primes, compression, no fallback protection, no safe renegotiation', async () => {
    const suites = ['TLS_RSA_WITH_RC4_128_SHA', 'TLS_RSA_EXPORT_WITH_DES40_CBC_SHA', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA', 'TLS_DH_anon_WITH_RC4_128_MD5', 'TLS_RSA_WITH_NULL_SHA']
    const report = await probe(served(() => sound({ versions: ['sslv3', 'tls10'], suites, extensions: [], compresses: true, fallback: false })))
    expect(checks(report)).toEqual([
      'sslv3', 'old_version', 'no_current_version', 'suite_without_encryption', 'suite_without_authentication', 'suite_for_export', 'suite_rc4', 'suite_64_bit_block', 'dh_short', 'compression', 'renegotiation_insecure',
      'no_fallback_protection', 'certificate_unreadable',
    ])
    expect(report.findings.flatMap(({ cve }) => cve)).toEqual(['CVE-2014-3566', 'CVE-2011-3389', 'CVE-2015-0204', 'CVE-2015-4000', 'CVE-2013-2566', 'CVE-2015-2808', 'CVE-2016-2183', 'CVE-2015-4000', 'CVE-2012-4929', 'CVE-2009-3555'])
    expect(report.findings.filter(({ severity }) => severity === 'high' || severity === 'critical')).toEqual([])
  })

  it('SSL 2.0', async () => {
    const body = [4, 0, 1, 0, 2, ...u16(3), ...u16(6), ...u16(2), 9, 9, 9, 0x01, 0, 0x80, 0x07, 0, 0xc0, 8, 8]
    const report = await probe(served(() => (written) => (readHello(written) === null ? [0x80, body.length, ...body] : 'end')))
    expect(report.versions).toEqual(['sslv2'])
    expect(report.suites.map(({ suite }) => suite)).toEqual(['SSL_CK_RC4_128_WITH_MD5', 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5'])
    expect(checks(report)).toEqual(['sslv2', 'no_current_version'])
  })

  const withHeartbeat = { versions: ['tls12'], suites: usual, extensions: [[0xff01, [0]], [15, [1]]] } as const
  const echo: Talk = (written) => {
    const bytes = Buffer.from(written, 'latin1')
    if (bytes[0] !== 24) return alert(10)
    // As OpenSSL 1.0.1 did: as many bytes as were stated, and padding.
    const payload = bytes.subarray(8, 8 + bytes.readUInt16BE(6))
    return record('tls12', [2, ...u16(payload.length), ...payload, ...Array.from({ length: 16 }, () => 0)], 24)
  }

  it('Heartbleed is told by a request that states no more than it holds', async () => {
    const asked: Buffer[] = []
    const report = await probe(served(() => sound({ ...withHeartbeat, after: (written, count) => {
      if (written.charCodeAt(0) === 24) asked.push(Buffer.from(written, 'latin1'))
      return echo(written, count)
    } })))
    expect(report.heartbleed).toBe(true)
    expect(report.findings.find(({ check }) => check === 'tls.heartbleed')).toMatchObject({ severity: 'high', confidence: 1, cve: ['CVE-2014-0160'] })
    expect(asked).toHaveLength(1)
    expect(asked[0]!.readUInt16BE(6)).toBe(asked[0]!.length - 8)
  })

  it.each<readonly [string, Talk]>([['silence', () => null], ['an alert', () => alert(10)], ['other bytes', () => record('tls12', [2, 0, 2, 1, 2], 24)], ['the end', () => 'end'], ['itself', written => [...Buffer.from(written, 'latin1')]]])('a heartbeat that is answered with %s is none', async (_, after) => {
    expect((await probe(served(() => sound({ ...withHeartbeat, after })))).heartbleed).toBe(false)
  })

  it.each<readonly [boolean | null, string, Talk]>([
    [true, 'deciphers the second', (_, count) => (count === 1 ? null : alert(20))], [false, 'refuses the first', () => alert(10)], [null, 'says nothing to both', () => null], [false, 'refuses the second for what it is', (_, count) => (count === 1 ? null : alert(10))],
  ])('an early ChangeCipherSpec: %s for a server that %s', async (expected, _, after) => {
    expect((await probe(served(() => sound({ versions: ['tls12'], suites: usual, after })))).ccsInjection).toBe(expected)
  })
})

describe('servers that are none, or hostile: the probe ends, in time, with a typed fault', () => {
  const bounded = (run: Served, report: TlsReport): void => {
    expect(run.passed()).toBeLessThan(60_000)
    expect(run.dialled()).toBeLessThanOrEqual(1_000)
    expect(run.open()).toBe(0)
    for (const { place, fault, message } of report.faults) expect([place, typeof fault, message, isInBoth(message)]).toEqual(['192.0.2.1:443', 'string', message, true])
  }

  // Made once: every connection is answered with it.
  const emptyRecords = Array.from({ length: 120_000 }, () => [22, 3, 3, 0, 0]).flat()
  it.each<readonly [string, string, (connection: number) => Talk | null]>([
    ['nobody listens', 'refused', () => null],
    ['silence', 'timeout', () => () => null],
    ['the end at once', 'closed', () => () => 'end'],
    ['another protocol', 'protocol_error', () => () => [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
    ['alerts alone', 'tls_failed', () => () => alert(40)],
    ['a record that is too long', 'protocol_error', () => () => [22, 3, 3, 0xff, 0xff, 0]],
    ['a record without an end', 'timeout', () => () => [22, 3, 3, 0x20, 0]],
    ['empty records without end', 'protocol_error', () => () => emptyRecords],
    ['an unknown version', 'protocol_error', () => () => record('tls12', message(2, [9, 9, ...Array.from({ length: 33 }, () => 0), 0, 0x2f, 0]))],
    ['a suite that was not offered', 'tls_failed', () => () => record('tls12', serverHello('tls12', 0xfefe))],
  ])('%s', async (_, fault, serve) => {
    const run = served(serve)
    const report = await probe(run)
    expect(report.versions).toEqual([])
    expect(report.faults.map(each => each.fault)).toEqual([fault])
    expect(report.findings).toEqual([])
    expect(run.dialled()).toBeLessThan(20)
    bounded(run, report)
  })

  it('half a handshake, again and again, is believed as far as it goes', async () => {
    const run = served(() => (written) => {
      const hello = readHello(written)
      const suite = hello?.version === 'tls12' ? usual.map(number).find(each => hello.suites.includes(each)) : undefined
      return suite === undefined ? alert(70) : record('tls12', serverHello('tls12', suite))
    })
    const report = await probe(run)
    expect(report.suites.map(({ suite }) => suite)).toEqual(usual)
    expect(report.faults.map(({ fault }) => fault)).toEqual(['timeout'])
    bounded(run, report)
  })

  it('a server that takes everything is given up', async () => {
    const run = served(() => (written) => {
      const hello = readHello(written)
      return hello === null ? 'end' : flight(hello, hello.suites[0]!, [])
    })
    const report = await probe(run)
    expect(report.faults.map(({ fault }) => fault)).toContain('budget_exceeded')
    expect(report.versions.length).toBeGreaterThan(3)
    bounded(run, report)
  })

  it('a tarpit that lets a byte through now and then is given up', async () => {
    const run = served(() => (written) => {
      const hello = readHello(written)
      return hello === null ? 'end' : flight(hello, hello.suites[0]!, Array.from({ length: 5_000 }, () => 1))
    }, { cut: 1 })
    const report = await probe(run)
    expect(report.faults.length).toBeGreaterThan(0)
    bounded(run, report)
  })

  it('a server that dies in the middle: what was seen is kept', async () => {
    for (const last of [1, 4, 8, 12, 20]) {
      const run = served(connection => (connection < last ? sound({ versions: ['tls12'], suites: usual }) : null))
      bounded(run, await probe(run))
    }
    const report = await probe(served(connection => (connection < 12 ? sound({ versions: ['tls12'], suites: usual }) : null)))
    expect([report.versions, report.suites[0]?.suite]).toEqual([['tls12'], usual[0]])
  })

  it('whoever stops it gets what the network throws', async () => {
    const stop = new AbortController()
    const run = served(() => (written, count) => {
      stop.abort()
      return sound({ versions: ['tls12'], suites: usual })(written, count)
    }, { signal: stop.signal })
    await expect(probe(run)).rejects.toMatchObject({ fault: 'cancelled' })
  })

  it('certificates that are none, and any other bytes behind a good greeting', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(255), { maxLength: 60 }), fc.array(fc.nat(255), { maxLength: 120 }), fc.integer({ min: 1, max: 9 }), async (certificate, rest, cut) => {
      const run = served(() => (written) => {
        const hello = readHello(written)
        if (hello === null || hello.version === 'tls11') return rest
        const suite = (hello.version === 'tls13' ? [0x1301] : usual.map(number)).find(each => hello.suites.includes(each))
        return suite === undefined ? alert(40) : [...record(hello.version, [...serverHello(hello.version, suite, hello.version === 'tls13' ? [[43, [3, 4]], [51, [0, 29, 0, 32, ...Array.from({ length: 32 }, () => 9)]]] : []), ...certificateMessage(certificate)]), ...rest]
      }, { cut: cut * 20 })
      bounded(run, await probe(run))
    }), { numRuns: 60 })
  })

  it('any bytes at all', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.constantFrom(20, 21, 22, 23, 24, 2, 3, 0, 128), fc.nat(255)), { maxLength: 80 }), async (bytes) => {
      const run = served(() => () => bytes)
      bounded(run, await probe(run))
    }), { numRuns: 200 })
  })
})
