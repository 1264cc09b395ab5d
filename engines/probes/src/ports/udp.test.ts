import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryHost } from './host.fixture.ts'
import { scanUdp, udpPorts } from './udp.ts'
import { udpProtocols } from './udp-protocols.ts'

const hex = (text: string): string => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1')
const request = (name: string, at = 0): string => udpProtocols.find((protocol) => protocol.name === name)!.requests[at]!
const knows = (name: string, answer: string): boolean => udpProtocols.find((protocol) => protocol.name === name)!.knows(answer)
const udp = (host: ReturnType<typeof memoryHost>, ports: readonly number[]) => scanUdp('192.0.2.7', { run: host.run, ports })

describe('a scan', () => {
  it('open is what answers as its protocol does', async () => {
    const answers: Readonly<Record<number, string>> = { 11211: `${request('memcache').slice(0, 8)}VERSION 1.6.18\r\n`, 123: 'no time at all', 40_000: 'whatever' }
    const host = memoryHost({ state: (port) => (port === 161 ? 'closed' : port === 53 ? 'filtered' : 'open'), datagram: (port) => answers[port] ?? null })
    const report = await udp(host, [53, 123, 161, 11211, 40_000, 500, 53])
    expect(report).toMatchObject({
      open: [{ port: 11211, protocol: 'memcache', answer: answers[11211] }], strange: [{ port: 123 }, { port: 40_000, answer: 'whatever' }], closed: [161], silent: [53, 500], untried: 0, faults: [],
    })
  })

  it('silence is asked a bounded number of times', async () => {
    const host = memoryHost({ state: () => 'filtered' })
    const report = await udp(host, udpPorts)
    expect(report.silent).toEqual([...udpPorts].sort((a, b) => a - b))
    expect(host.connects()).toBeLessThanOrEqual(4 * udpPorts.length)
  })

  it('stopped, it tells what it has seen', async () => {
    const host = memoryHost({ state: () => 'closed', before: (count) => { if (count === 20) host.stop(); return 'there' } })
    const report = await udp(host, udpPorts)
    expect(report.closed.length).toBeGreaterThanOrEqual(20)
    expect(report.untried).toBe(udpPorts.length - report.closed.length)
    expect(report.faults).toMatchObject([{ fault: 'cancelled' }])
  })
})

describe('protocols', () => {
  it('of a host that echoes everything, only echo is open', async () => {
    const report = await udp(memoryHost({ state: () => 'open', datagram: (_, payload) => payload }), udpPorts)
    expect(report.open).toMatchObject([{ port: 7, protocol: 'echo' }])
    expect(report.strange).toHaveLength(udpPorts.length - 1)
  })

  it('none knows noise for an answer', () => {
    for (const { name, knows: known } of udpProtocols) {
      for (const noise of ['', '\0', '\xff'.repeat(3), 'HTTP/1.1 400 Bad Request\r\n\r\n']) expect([name, noise, known(noise) && !['daytime', 'qotd'].includes(name)]).toEqual([name, noise, false])
    }
    // Texts and four bytes are answers of nearly anybody.
    const plain = new Set(['daytime', 'qotd', 'chargen', 'time'])
    fc.assert(fc.property(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 }), (noise) => {
      for (const { name, knows: known } of udpProtocols) if (!plain.has(name) && name !== 'ubiquiti-discovery') expect(known(noise)).toBe(false)
    }), { numRuns: 300 })
  })

  it('every port belongs to one', () => {
    expect(new Set(udpPorts).size).toBe(udpProtocols.flatMap(({ ports }) => ports).length)
  })

  it('requests have the lengths that they tell', () => {
    for (const each of [0, 1]) {
      const ike = request('isakmp', each)
      expect(Buffer.from(ike, 'latin1').readUInt32BE(24)).toBe(ike.length)
      expect(request('ipsec-nat-t', each)).toBe(`\0\0\0\0${ike}`)
      const snmp = request('snmp', each)
      expect(snmp.charCodeAt(1)).toBe(snmp.length - 2)
    }
    expect(Buffer.from(request('l2tp'), 'latin1').readUInt16BE(2)).toBe(request('l2tp').length)
    expect(Buffer.from(request('dtls'), 'latin1').readUInt16BE(11)).toBe(request('dtls').length - 13)
    expect(request('quic').length).toBe(1_200)
    expect(request('ntp').length).toBe(48)
    expect(request('sunrpc').length).toBe(40)
    expect(request('bacnet').length).toBe(17)
    expect(request('kerberos').charCodeAt(1)).toBe(request('kerberos').length - 2)
  })

  it.each([
    ['ntp', hex('24 02 06 e8') + '\0'.repeat(44)], ['domain', request('domain').slice(0, 2) + hex('8085 0001 0000 0000 0000')], ['stun', hex('0101 0000 2112a442') + request('stun').slice(8)],
    ['openvpn', hex('40 0102030405060708 01 00000000') + request('openvpn').slice(1, 9)], ['sunrpc', request('sunrpc').slice(0, 4) + hex('00000001 00000000 00000000 00000000 00000000')],
    ['quic', hex('80 00000000 08') + request('quic').slice(15, 23) + hex('08') + request('quic').slice(6, 14) + hex('00000001')], ['snmp', hex('3018 020101 0406 7075626c6963 a20b 020101 020100 020100 3000')],
    ['isakmp', request('isakmp').slice(0, 8) + hex('0102030405060708 29 20 22 20 00000000 00000024 00000008 0000000e')], ['l2tp', hex('c802 0014 0001 0000 0000 0001 8008 0000 0000 0002')],
    ['cldap', hex('300c 020101 6407 0400 3000')], ['coap', hex('6045') + request('coap').slice(2, 4)], ['kerberos', hex('7e03 300130')], ['gtp', hex('3202 0006 00000000 0000 0000 0e00')],
    ['netbios-ns', request('netbios-ns').slice(0, 2) + hex('8400 0000 0001 0000 0000') + request('netbios-ns').slice(12) + '\0'.repeat(20)], ['asf-rmcp', hex('0600ff06 000011be 40 00 00 10 000011be00000000 81 00 000000000000')],
  ])('%s knows an answer', (name, answer) => {
    expect(knows(name, answer)).toBe(true)
    expect(knows(name, answer.slice(0, 2))).toBe(false)
  })
})
