import { decode, encode } from 'dns-packet'
import type { Answer, Packet } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DnsMessageError, decodeMessage, encodeQuery, messageText, questionText, recordText } from './dns-message.ts'
import { isInBoth } from './evidence.fixture.ts'

const response = (parts: Partial<Packet>): Uint8Array => encode({ type: 'response', id: 7, ...parts })
/** A message with one record of a type that the peer library does not know, its data as hexadecimal. */
function raw(type: number, data: string, recordClass = 1): Uint8Array {
  const bytes = Buffer.from(data, 'hex')
  const record = Buffer.alloc(11)
  record.writeUInt16BE(type, 1)
  record.writeUInt16BE(recordClass, 3)
  record.writeUInt32BE(60, 5)
  record.writeUInt16BE(bytes.length, 9)
  return Buffer.concat([Buffer.from('0007800000000001000000000000'.slice(0, 24), 'hex'), record, bytes])
}
const lines = (message: Uint8Array): string[] => decodeMessage(message).answer.map(recordText)

describe('questions', () => {
  it('are what another implementation reads', () => {
    const packet = decode(Buffer.from(encodeQuery({ id: 4660, name: '_dmarc.example.com', type: 'TXT', class: 'IN', recursion: true, authenticData: true })))
    expect(packet).toMatchObject({ id: 4660, type: 'query', flag_rd: true, flag_ad: true, questions: [{ name: '_dmarc.example.com', type: 'TXT', class: 'IN' }] })
    expect(packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 4096 }])
  })

  it('take every type and class that templates may name', () => {
    for (const type of ['A', 'NS', 'DS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'CAA', 'TLSA', 'ANY', 'SRV']) {
      for (const queryClass of ['IN', 'CS', 'CH', 'HS', 'NONE', 'ANY']) {
        const message = decodeMessage(encodeQuery({ id: 1, name: 'version.bind.', type, class: queryClass, recursion: false, authenticData: false }))
        expect(message.questions).toEqual([{ name: 'version.bind.', type, class: queryClass }])
        expect(message.questions.map(questionText)).toEqual([`;version.bind.\t${queryClass}\t ${type}`])
      }
    }
  })

  it('of names that are none are refused', () => {
    for (const name of ['a..b', '.a', `${'x'.repeat(64)}.com`, `${'abcdefgh.'.repeat(30)}com`]) expect(() => encodeQuery({ id: 1, name, type: 'A', class: 'IN', recursion: true, authenticData: false })).toThrow(DnsMessageError)
    expect(() => encodeQuery({ id: 1, name: 'a', type: 'NOPE', class: 'IN', recursion: true, authenticData: false })).toThrow(DnsMessageError)
  })

  it('survive escapes in their names', () => {
    const [question] = decodeMessage(encodeQuery({ id: 1, name: String.raw`a\.b\032c.\000x`, type: 'A', class: 'IN', recursion: true, authenticData: false })).questions
    expect(question?.name).toBe(String.raw`a\.b\ c.\000x.`)
  })
})

describe('records in presentation form', () => {
  const cases: readonly (readonly [Answer, string])[] = [
    [{ type: 'A', name: 'a.example', ttl: 300, data: '192.0.2.1' }, 'a.example.\t300\tIN\tA\t192.0.2.1'],
    [{ type: 'AAAA', name: 'a.example', ttl: 1, data: '2606:4700:4700::1001' }, 'a.example.\t1\tIN\tAAAA\t2606:4700:4700::1001'],
    [{ type: 'AAAA', name: 'a.example', ttl: 1, data: '2001:db8:0:0:1::' }, 'a.example.\t1\tIN\tAAAA\t2001:db8:0:0:1::'],
    [{ type: 'CNAME', name: 'www.example', ttl: 5, data: 'edge.example.net' }, 'www.example.\t5\tIN\tCNAME\tedge.example.net.'],
    [{ type: 'NS', name: 'example', ttl: 5, data: 'ns1.example' }, 'example.\t5\tIN\tNS\tns1.example.'],
    [{ type: 'PTR', name: '1.2.0.192.in-addr.arpa', ttl: 5, data: 'host.example' }, '1.2.0.192.in-addr.arpa.\t5\tIN\tPTR\thost.example.'],
    [{ type: 'MX', name: 'example', ttl: 5, data: { preference: 10, exchange: 'mx.example' } }, 'example.\t5\tIN\tMX\t10 mx.example.'],
    [{ type: 'TXT', name: 'example', ttl: 5, data: ['v=spf1 -all', 'say "no" \\ \u0001'] }, String.raw`example.	5	IN	TXT	"v=spf1 -all" "say \"no\" \\ \001"`],
    [{ type: 'SRV', name: '_sip._tcp.example', ttl: 5, data: { priority: 1, weight: 2, port: 5060, target: 'sip.example' } }, '_sip._tcp.example.\t5\tIN\tSRV\t1 2 5060 sip.example.'],
    [{ type: 'CAA', name: 'example', ttl: 5, data: { flags: 0, tag: 'issue', value: 'pki.goog' } }, 'example.\t5\tIN\tCAA\t0 issue "pki.goog"'],
    [{ type: 'SOA', name: 'example', ttl: 5, data: { mname: 'ns.example', rname: 'admin.example', serial: 4_000_000_000, refresh: 2, retry: 3, expire: 4, minimum: 5 } }, 'example.\t5\tIN\tSOA\tns.example. admin.example. 4000000000 2 3 4 5'],
    [{ type: 'DS', name: 'example', ttl: 5, data: { keyTag: 1, algorithm: 8, digestType: 2, digest: Buffer.from('beef', 'hex') } }, 'example.\t5\tIN\tDS\t1 8 2 BEEF'],
    [{ type: 'TLSA', name: '_443._tcp.example', ttl: 5, data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('beef', 'hex') } }, '_443._tcp.example.\t5\tIN\tTLSA\t3 1 1 beef'],
    [{ type: 'NAPTR', name: 'example', ttl: 5, data: { order: 1, preference: 2, flags: 's', services: 'sip', regexp: '', replacement: 'x.example' } }, 'example.\t5\tIN\tNAPTR\t1 2 "s" "sip" "" x.example.'],
    [{ type: 'DNSKEY', name: 'example', ttl: 5, data: { flags: 257, algorithm: 8, key: Buffer.from('key') } }, 'example.\t5\tIN\tDNSKEY\t257 3 8 a2V5'],
    [{ type: 'HINFO', name: 'example', ttl: 5, data: { cpu: 'RFC8482', os: '' } }, 'example.\t5\tIN\tHINFO\t"RFC8482" ""'],
    [{ type: 'SSHFP', name: 'example', ttl: 5, data: { algorithm: 4, hash: 2, fingerprint: 'ab'.repeat(32) } }, `example.\t5\tIN\tSSHFP\t4 2 ${'AB'.repeat(32)}`],
    [{ type: 'NSEC', name: 'example', ttl: 5, data: { nextDomain: 'b.example', rrtypes: ['A', 'TXT'] } }, 'example.\t5\tIN\tNSEC\tb.example. A TXT'],
    [{ type: 'RP', name: 'example', ttl: 5, data: { mbox: 'me.example', txt: 'x.example' } }, 'example.\t5\tIN\tRP\tme.example. x.example.'],
    [{ type: 'RRSIG', name: 'example', ttl: 5, data: { typeCovered: 'A', algorithm: 8, labels: 2, originalTTL: 300, expiration: 1_700_000_000, inception: 1_600_000_000, keyTag: 9, signersName: 'example', signature: Buffer.from('s') } },
      'example.\t5\tIN\tRRSIG\tA 8 2 300 20231114221320 20200913122640 9 example. cw=='],
  ]
  for (const [answer, text] of cases) it(text.replaceAll('\t', ' '), () => { expect(lines(response({ answers: [answer] }))).toEqual([text]) })

  it('of unknown types and classes are bytes', () => {
    expect(lines(raw(65280, 'beef', 65280))).toEqual([String.raw`.	60	CLASS65280	TYPE65280	\# 2 BEEF`])
    expect(lines(raw(11, ''))).toEqual(['.\t60\tIN\tTYPE11\t'])
  })

  it('of mapped addresses keep the dots', () => { expect(lines(raw(28, '00000000000000000000ffffc0000201'))).toEqual(['.\t60\tIN\tAAAA\t::ffff:192.0.2.1']) })
})

it('writes a message section by section', () => {
  const message = decodeMessage(response({
    flags: 0x0580, questions: [{ type: 'A', name: 'a.example' }], answers: [{ type: 'A', name: 'a.example', ttl: 300, data: '192.0.2.1' }],
    authorities: [{ type: 'NS', name: 'example', ttl: 9, data: 'ns.example' }],
    additionals: [{ type: 'A', name: 'ns.example', ttl: 9, data: '192.0.2.2' }, { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
  }))
  expect(messageText(message)).toBe([
    ';; opcode: QUERY, status: NOERROR, id: 7', ';; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 1, ADDITIONAL: 2', '', ';; OPT PSEUDOSECTION:', '; EDNS: version 0; flags:; udp: 1232', '',
    ';; QUESTION SECTION:', ';a.example.\tIN\t A', '', ';; ANSWER SECTION:', 'a.example.\t300\tIN\tA\t192.0.2.1', '', ';; AUTHORITY SECTION:', 'example.\t9\tIN\tNS\tns.example.', '',
    ';; ADDITIONAL SECTION:', 'ns.example.\t9\tIN\tA\t192.0.2.2', '',
  ].join('\n'))
})

it('knows every return code, the extended ones too', () => {
  const names = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH', 'NOTZONE']
  for (const [rcode, name] of names.entries()) {
    const message = decodeMessage(response({ flags: rcode }))
    expect(message.rcode).toBe(rcode)
    expect(messageText(message)).toContain(`status: ${name},`)
  }
  expect(decodeMessage(response({ flags: 7, additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 512, extendedRcode: 1, ednsVersion: 0, flags: 0, flag_do: false, options: [] }] })).rcode).toBe(23)
})

describe('hostile messages', () => {
  const header = '000780000001000000000000'
  it.each([
    ['a name that points at itself', `${header}c00c00010001`],
    ['a name that points beyond the end', `${header}c0ff00010001`],
    ['a name that points forward', `${header}c0120001000100`],
    ['a label that goes beyond the end', `${header}3f41`],
    ['an unknown kind of label', `${header}8041`],
    ['a name without an end', `${header}0141`],
    ['a header that is cut off', '0007'],
    ['65,535 records that are not there', '00078000ffffffffffffffff'],
    ['data beyond the end', '000780000000000100000000000001000100000000ffff'],
    ['an address of one byte', '00078000000000010000000000000100010000000000017f'],
    ['a text beyond its record', '00078000000000010000000000001000010000000000020541'],
  ])('%s', (_, hex) => { expect(() => decodeMessage(Buffer.from(hex, 'hex'))).toThrow(DnsMessageError) })

  it('a long chain of pointers is refused', () => {
    // The data of the first record is the chain, each pointer leading to the one before; the second record's name is the last of them.
    const read = (length: number): unknown => {
      const head = Buffer.from('00078000000000010000000100000a000100000000', 'hex')
      const from = head.length + 2
      const pointer = (to: number): number[] => [0xc0 | (to >> 8), to & 255]
      const chain = Array.from({ length }, (_, hop) => pointer(hop === 0 ? 12 : from + hop * 2 - 2)).flat()
      const last = [...pointer(from + length * 2 - 2), ...Buffer.from('000100010000000000047f000001', 'hex')]
      return decodeMessage(Buffer.concat([head, Buffer.from([chain.length >> 8, chain.length & 255, ...chain, ...last])]))
    }
    expect(read(100)).toMatchObject({ additional: [{ name: '.', data: '127.0.0.1' }] })
    expect(() => read(200)).toThrow(/chain of pointers/)
  })

  it('anything else is read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 0, maxLength: 300 }), bytes => {
      try {
        messageText(decodeMessage(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(DnsMessageError)
        expect((error as DnsMessageError).text).toSatisfy(isInBoth)
      }
    }), { numRuns: 2000 })
  })

  it('one wrong byte in a good message is read or refused', () => {
    const good = Buffer.from(response({ questions: [{ type: 'MX', name: 'a.example' }], answers: [{ type: 'MX', name: 'a.example', ttl: 1, data: { preference: 1, exchange: 'mx.a.example' } }, { type: 'TXT', name: 'a.example', ttl: 1, data: 'text' }, { type: 'SOA', name: 'a.example', ttl: 1, data: { mname: 'm.example', rname: 'r.example' } }] }))
    fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bad = Buffer.from(good)
      bad[at] = byte
      try {
        messageText(decodeMessage(bad))
      } catch (error) {
        expect(error).toBeInstanceOf(DnsMessageError)
        expect((error as DnsMessageError).text).toSatisfy(isInBoth)
      }
    }), { numRuns: 2000 })
  })
})
