// Gates of private networks. WireGuard answers nobody but its own peers, and so cannot be seen.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, drawn, hex, uint } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const isReset = beginning('00 .. 40')

/** OpenVPN over TCP: the client's hard reset (version 2), with two bytes of length before it. */
export const openvpn: Protocol = {
  name: 'openvpn',
  greeting: ({ random }) => `${uint(14, 2)}\x38${drawn(random, 8)}\0\0\0\0\0`,
  recognise: heard => (isReset(heard) && heard.charCodeAt(1) === heard.length - 2 && heard.length >= 16 ? 0.95 : 0),
  examine(service) {
    service.is('OpenVPN')
    return Promise.resolve()
  },
}

const startRequest = `${uint(156, 2)}${hex('0001 1a2b3c4d 0001 0000 0100 0000 00000001 00000001 0000 0001')}${'\0'.repeat(128)}`
const isStartReply = beginning('00 9c 00 01 1a 2b 3c 4d 00 02')

/** PPTP (RFC 2637, 2.2): its reply names the host and the maker. */
export const pptp: Protocol = {
  name: 'pptp',
  greeting: () => startRequest,
  recognise: heard => (isStartReply(heard) ? 1 : 0),
  async examine(service) {
    const cursor = new Cursor(await service.conversation.hear(withHead(2, head => new Cursor(head).uint(2) - 2)) ?? '', 26)
    const firmware = cursor.uint(2)
    const [host, vendor] = [cursor.bytes(64), cursor.bytes(64)].map(text => text.split('\0', 1)[0] ?? '')
    service.calls(host)
    if (vendor !== undefined && vendor !== '') service.isCalled(vendor, null)
    service.tell('firmware', firmware)
    service.find('service.pptp_exposed', { en: `PPTP of "${vendor}"`, ko: `PPTP, 제조사: "${vendor}"` })
  },
}

/** Makers name themselves by hashes of their own (RFC 2408, 3.16); these are published by them. */
const makers: readonly (readonly [string, string])[] = [
  ['afcad71368a1f1c96b8696fc77570100', 'dead peer detection'], ['882fe56d6fd20dbc2251613b2ebe5beb', 'strongSwan'], ['4048b7d56ebce88525e7de7f00d6c2d3', 'fragmentation'], ['12f5f28c457168a9702d9fe274cc0100', 'Cisco Unity'], ['1e2b516905991c7d7c96fcbfb587e461', 'Microsoft'],
  ['4f45', 'Openswan or Libreswan'], ['f4ed19e0c114eb516faaac0ee37daf28', 'Check Point'], ['166f932d55eb64d8e4df4fd37e2313f0', 'Juniper'], ['8299031757a36082c6a621de', 'Fortinet'],
]

/** IKE (RFC 7296, RFC 2408): the version that answers, and who says that he made it. */
export function examineIke(service: Examination, answer: Bytes): Promise<void> {
  const message = service.name === 'ipsec-nat-t' ? answer.slice(4) : answer
  service.tell('version', `${message.charCodeAt(17) >> 4}.${message.charCodeAt(17) & 15}`)
  const text = Buffer.from(message, 'latin1').toString('hex')
  const named = makers.filter(([id]) => id.length > 8 && text.includes(id)).map(([, name]) => name)
  if (named.length > 0) service.tell('vendor ids', named.join(', '))
  return Promise.resolve()
}
