// What protocols over UDP are asked, and how their answers are known. Requests are harmless: they read a version, a list or an error. Written after the standard
// that each names. TFTP answers from another port (RFC 1350, 4), WireGuard only its own keys, syslog never: they cannot be seen this way.
import type { Bytes } from '../bytes.ts'

export type UdpProtocol = {
  /** IANA's service name, or the program's where that port is another's. */
  readonly name: string
  readonly ports: readonly number[]
  /** One is sent after the other until something answers. */
  readonly requests: readonly Bytes[]
  readonly knows: (answer: Bytes) => boolean
}

const at = (bytes: Bytes, place: number): number => (place < bytes.length ? bytes.charCodeAt(place) : -1)
const u16 = (bytes: Bytes, place: number): number => at(bytes, place) * 256 + at(bytes, place + 1)
const byte = (...numbers: number[]): Bytes => String.fromCharCode(...numbers)
const word = (number: number): Bytes => byte((number >> 8) & 255, number & 255)
const hex = (text: string): Bytes => Buffer.from(text.replaceAll(/\s/g, ''), 'hex').toString('latin1')
const zeros = (count: number): Bytes => '\0'.repeat(count)
const begins = (...starts: Bytes[]) => (answer: Bytes): boolean => starts.some(start => answer.startsWith(start))
const isText = (answer: Bytes): boolean => /^[\t\n\r -~]{8,}\0?$/.test(answer)
/** Whatever is to be random: the same each time, known again in the answer. */
const mark = hex('48616563 68692d41 534d2d50 726f6265')
const eight = mark.slice(0, 8)
const two = mark.slice(0, 2)

/** ITU-T X.690, 8.1. */
function tlv(tag: number, ...parts: Bytes[]): Bytes {
  const value = parts.join('')
  return byte(tag) + (value.length < 128 ? byte(value.length) : byte(0x81, value.length)) + value
}
/** One element of that tag, and nothing beside it. */
function isElement(answer: Bytes, ...tags: number[]): boolean {
  if (!tags.includes(at(answer, 0))) return false
  const first = at(answer, 1)
  if (first < 128) return first > 0 && answer.length === 2 + first
  const digits = first & 127
  let length = 0
  for (let each = 0; each < Math.min(digits, 3); each++) length = length * 256 + at(answer, 2 + each)
  return length > 0 && answer.length === 2 + digits + length
}
const labels = (name: string): Bytes => name.split('.').map(label => byte(label.length) + label).join('') + '\0'
const question = (name: Bytes, type: number, kind: number): Bytes => two + hex('0000 0001 0000 0000 0000') + name + word(type) + word(kind)
/** RFC 1035, 4.1.1: QR, QUERY. */
const isDnsAnswer = (answer: Bytes): boolean => answer.length >= 12 && answer.startsWith(two) && (at(answer, 2) & 0xf8) === 0x80
const isMulticastDnsAnswer = (answer: Bytes): boolean => answer.length > 12 && (at(answer, 2) & 0xf8) === 0x80 && u16(answer, 6) > 0

/** RFC 2408, 3.1 and 3.4: Identity Protection, one proposal. */
function ike1(): Bytes {
  const transform = hex('0000 0024 01 01 0000 80010007 800e0080 80020002 80040002 80030001 800b0001 800c7080')
  const proposal = hex('0000') + word(8 + transform.length) + hex('01 01 00 01') + transform
  const association = hex('0000') + word(12 + proposal.length) + hex('00000001 00000001') + proposal
  return eight + zeros(8) + hex('01 10 02 00 00000000 0000') + word(28 + association.length) + association
}
/** RFC 7296, 3.1 to 3.4: IKE_SA_INIT with AES-CBC 128, SHA-1, group 14. */
function ike2(): Bytes {
  const transforms = hex('0300000c 0100000c 800e0080 03000008 02000002 03000008 03000002 00000008 0400000e')
  const proposal = hex('0000') + word(8 + transforms.length) + hex('01 01 00 04') + transforms
  const association = hex('2200') + word(4 + proposal.length) + proposal
  const exchange = hex('2800') + word(8 + 256) + hex('000e 0000') + mark.repeat(16)
  const nonce = hex('0000') + word(4 + 16) + mark
  const body = association + exchange + nonce
  return eight + zeros(8) + hex('21 20 22 08 00000000 0000') + word(28 + body.length) + body
}
/** A response (RFC 7296, 3.1), or for version 1 what its other side has signed or says of itself (RFC 2408, 3.1). */
const isIke = (answer: Bytes): boolean => answer.length >= 28 && answer.startsWith(eight) && u16(answer, 26) === answer.length
  && (at(answer, 17) >> 4 === 2 ? (at(answer, 19) & 0x20) === 0x20 : at(answer, 18) === 5 || answer.slice(8, 16) !== zeros(8))

/** RFC 2661, 6.1. */
function l2tp(): Bytes {
  const pairs = hex('8008 0000 0000 0001 8008 0000 0002 0100 800a 0000 0003 00000003 800b 0000 0007') + mark.slice(0, 5) + hex('8008 0000 0009 0001')
  return hex('c802') + word(12 + pairs.length) + zeros(8) + pairs
}

/** RFC 6347, 4.2: ClientHello without a cookie. */
function dtls(): Bytes {
  const extensions = hex('000a 0006 0004 0017 0018 000b 0002 0100 000d 000a 0008 0403 0401 0501 0201')
  const body = hex('fefd') + mark + mark + hex('00 00 0010 c02b c02f c0ac c0ae c02c c030 009c 002f 01 00') + word(extensions.length) + extensions
  const handshake = hex('01 00') + word(body.length) + hex('0000 000000 00') + word(body.length) + body
  return hex('16 fefd 0000 000000000000') + word(handshake.length) + handshake
}

/** RFC 4120, 5.4.1: for a realm that is none, so that the answer is an error. */
function kerberos(): Bytes {
  const text = (written: string): Bytes => tlv(0x1b, written)
  const server = tlv(0x30, tlv(0xa0, hex('020102')), tlv(0xa1, tlv(0x30, text('krbtgt'), text('PROBE.INVALID'))))
  const body = tlv(0x30, tlv(0xa0, hex('0305 00 00000000')), tlv(0xa2, text('PROBE.INVALID')), tlv(0xa3, server), tlv(0xa5, tlv(0x18, '20370101000000Z')), tlv(0xa7, hex('0204 48616563')), tlv(0xa8, tlv(0x30, hex('020112 020111'))))
  return tlv(0x6a, tlv(0x30, tlv(0xa1, hex('020105')), tlv(0xa2, hex('02010a')), tlv(0xa4, body)))
}

const sip = [
  'OPTIONS sip:probe@probe.invalid SIP/2.0', `Via: SIP/2.0/UDP probe.invalid;branch=z9hG4bK-haechi;rport`, 'Max-Forwards: 1', 'From: <sip:probe@probe.invalid>;tag=haechi', 'To: <sip:probe@probe.invalid>',
  'Call-ID: haechi@probe.invalid', 'CSeq: 1 OPTIONS', 'Contact: <sip:probe@probe.invalid>', 'Content-Length: 0', '', '',
].join('\r\n')
const search = ['M-SEARCH * HTTP/1.1', 'HOST: 239.255.255.250:1900', 'MAN: "ssdp:discover"', 'MX: 1', 'ST: ssdp:all', '', ''].join('\r\n')
const discovery = '<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header><a:MessageID>urn:uuid:48616563-6869-4153-8d50-726f62650000</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></e:Header><e:Body><d:Probe/></e:Body></e:Envelope>'
const raknet = hex('00ffff00 fefefefe fdfdfdfd 12345678')
const asf = hex('06 00 ff')

export const udpProtocols: readonly UdpProtocol[] = [
  { name: 'domain', ports: [53], requests: [question('\0', 2, 1)], knows: isDnsAnswer },
  { name: 'mdns', ports: [5353], requests: [question(labels('_services._dns-sd._udp.local'), 12, 0x8001)], knows: isMulticastDnsAnswer },
  { name: 'llmnr', ports: [5355], requests: [question(labels('probe'), 1, 1)], knows: isDnsAnswer },
  // RFC 5905, 7.3: client in, server out.
  { name: 'ntp', ports: [123], requests: [hex('e3 00 06 ec') + zeros(36) + eight], knows: answer => answer.length >= 48 && (at(answer, 0) & 7) === 4 },
  // RFC 3412, 6 and RFC 3414, 4: the engine's id is told to anybody; before that, version 2c.
  {
    name: 'snmp', ports: [161], knows: answer => isElement(answer, 0x30) && answer.slice(2, 6).includes(hex('0201')) && (answer.includes(byte(0xa2)) || answer.includes(byte(0xa8))),
    requests: [
      hex('303a 020103 300f 02024a69 020300ffe3 040104 020103 0410 300e 0400 020100 020100 0400 0400 0400 3012 0400 0400 a00c 020237f0 020100 020100 3000'),
      hex('3029 020101 0406 7075626c6963 a01c 020448616563 020100 020100 300e 300c 0608 2b06010201010100 0500'),
    ],
  },
  { name: 'isakmp', ports: [500], requests: [ike2(), ike1()], knows: isIke },
  // RFC 3948, 2.2: four zeros tell IKE from ESP.
  { name: 'ipsec-nat-t', ports: [4500], requests: [zeros(4) + ike2(), zeros(4) + ike1()], knows: answer => answer.startsWith(zeros(4)) && isIke(answer.slice(4)) },
  // OpenVPN's protocol: a hard reset of the client, answered with the server's and the id of our session.
  { name: 'openvpn', ports: [1194, 1195], requests: [byte(0x38) + eight + zeros(5)], knows: answer => answer.length >= 14 && at(answer, 0) >> 3 === 8 && answer.includes(eight) },
  { name: 'l2tp', ports: [1701], requests: [l2tp()], knows: answer => (u16(answer, 0) & 0xc80f) === 0xc802 && u16(answer, 2) === answer.length && u16(answer, 4) === 1 },
  // RFC 8999, 6: a version that is none is answered with those that are.
  { name: 'quic', ports: [443, 784, 853, 8443], requests: [hex('c0 1a2a3a4a 08') + eight + byte(8) + eight + zeros(1_177)], knows: answer => at(answer, 0) >= 128 && answer.startsWith(zeros(4), 1) && answer.startsWith(byte(8) + eight, 5) },
  { name: 'dtls', ports: [4433, 5684, 10443], requests: [dtls()], knows: answer => [0xfeff, 0xfefd].includes(u16(answer, 1)) && (at(answer, 0) === 0x15 || (at(answer, 0) === 0x16 && [2, 3].includes(at(answer, 13)))) },
  { name: 'stun', ports: [3478, 5349, 19302], requests: [hex('0001 0000 2112a442') + mark.slice(0, 12)], knows: answer => [0x0101, 0x0111].includes(u16(answer, 0)) && answer.startsWith(mark.slice(0, 12), 8) },
  { name: 'sip', ports: [5060], requests: [sip], knows: begins('SIP/2.0 ') },
  { name: 'netbios-ns', ports: [137], requests: [question(byte(32) + 'CK' + 'A'.repeat(30) + '\0', 0x21, 1)], knows: answer => answer.startsWith(two) && (at(answer, 2) & 0x80) === 0x80 && answer.length > 56 },
  // RFC 5531, 9: a call of nothing.
  { name: 'sunrpc', ports: [111], requests: [mark.slice(0, 4) + hex('00000000 00000002 000186a0 00000002') + zeros(20)], knows: begins(mark.slice(0, 4) + hex('00000001')) },
  { name: 'nfs', ports: [2049], requests: [mark.slice(0, 4) + hex('00000000 00000002 000186a3 00000003') + zeros(20)], knows: begins(mark.slice(0, 4) + hex('00000001')) },
  { name: 'kerberos', ports: [88], requests: [kerberos()], knows: answer => isElement(answer, 0x7e, 0x6b) },
  // RFC 4511, 4.5.1: what the root says of itself.
  { name: 'cldap', ports: [389], requests: [tlv(0x30, hex('020101'), tlv(0x63, hex('0400 0a0100 0a0100 020100 020100 010100'), tlv(0x87, 'objectClass'), hex('3000')))], knows: answer => at(answer, 0) === 0x30 && [hex('02010164'), hex('02010165')].some(start => answer.slice(0, 10).includes(start)) },
  // memcached's doc/protocol.txt: a frame of eight bytes before the command.
  { name: 'memcache', ports: [11211], requests: [two + hex('0000 0001 0000') + 'version\r\n'], knows: answer => answer.startsWith(two) && /^(VERSION|ERROR|SERVER_ERROR)\b/.test(answer.slice(8)) },
  { name: 'ssdp', ports: [1900], requests: [search], knows: begins('HTTP/1.1 200') },
  { name: 'ws-discovery', ports: [3702], requests: [discovery], knows: answer => answer.includes('ProbeMatch') },
  // RFC 7252, 3: GET /.well-known/core.
  { name: 'coap', ports: [5683], requests: [hex('40 01') + two + byte(0xbb) + '.well-known' + byte(4) + 'core'], knows: answer => answer.startsWith(two, 2) && (at(answer, 0) & 0xe0) === 0x60 },
  { name: 'ms-sql-m', ports: [1434], requests: [byte(2)], knows: answer => at(answer, 0) === 5 && at(answer, 1) + 256 * at(answer, 2) === answer.length - 3 },
  // ASF 2.0, 3.2.4.2: presence ping; IPMI 2.0, 22.13: what authentication a channel takes.
  { name: 'asf-rmcp', ports: [623], requests: [hex('0600ff06 000011be 80000000'), hex('0600ff07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5')], knows: answer => answer.startsWith(asf + hex('06 000011be 40')) || (answer.startsWith(asf + byte(7)) && at(answer, 14) === 0x81) },
  { name: 'xdmcp', ports: [177], requests: [hex('0001 0002 0001 00')], knows: begins(hex('0001 0005'), hex('0001 0006')) },
  { name: 'echo', ports: [7], requests: [mark], knows: answer => answer === mark },
  { name: 'daytime', ports: [13], requests: ['\r\n'], knows: isText },
  { name: 'qotd', ports: [17], requests: ['\r\n'], knows: isText },
  { name: 'chargen', ports: [19], requests: ['\r\n'], knows: answer => isText(answer) && answer.length > 60 },
  { name: 'time', ports: [37], requests: ['\r\n'], knows: answer => answer.length === 4 },
  // RFC 2453, 3.9.1: the whole table.
  { name: 'router', ports: [520], requests: [hex('01 02 0000') + zeros(16) + hex('00000010')], knows: begins(hex('02 02 0000'), hex('02 01 0000')) },
  { name: 'svrloc', ports: [427], requests: [hex('02 09 00001d 0000 000000') + two + hex('0002') + 'en' + hex('0000 ffff 0007') + 'default'], knows: answer => at(answer, 0) === 2 && at(answer, 1) === 10 && answer.startsWith(two, 10) },
  // RFC 6886, 3.2: the outer address.
  { name: 'nat-pmp', ports: [5351], requests: [hex('0000')], knows: answer => answer.startsWith(hex('0080')) && answer.length >= 8 },
  { name: 'bacnet', ports: [47808], requests: [hex('810a 0011 0104 0005 010c 0c023fffff 194b')], knows: answer => at(answer, 0) === 0x81 && u16(answer, 2) === answer.length },
  { name: 'ethernet-ip', ports: [44818], requests: [hex('6300 0000') + zeros(8) + eight + zeros(4)], knows: answer => answer.startsWith(hex('6300')) && answer.length >= 24 },
  { name: 'knx', ports: [3671], requests: [hex('0610 0203 000e 0801 00000000 0000')], knows: begins(hex('0610 0204')) },
  { name: 'moxa', ports: [4800], requests: [hex('01000008 00000000')], knows: begins(hex('81000018')) },
  { name: 'gtp', ports: [2123, 2152], requests: [hex('32 01 0004 00000000 0000 0000'), hex('40 01 0004 000000 00')], knows: answer => (answer.startsWith(hex('32 02')) && u16(answer, 2) === answer.length - 8) || (answer.startsWith(hex('40 02')) && u16(answer, 2) === answer.length - 4) },
  { name: 'ubiquiti-discovery', ports: [10001], requests: [hex('01000000')], knows: answer => answer.startsWith(hex('0100')) && u16(answer, 2) === answer.length - 4 && answer.length > 4 },
  { name: 'db2-discovery', ports: [523], requests: ['DB2GETADDR\0SQL09010\0'], knows: begins('DB2RETADDR') },
  { name: 'bittorrent-dht', ports: [6881], requests: [`d1:ad2:id20:${mark}${mark.slice(0, 4)}e1:q4:ping1:t2:${two}1:y1:qe`], knows: answer => answer.startsWith('d') && answer.includes(`1:t2:${two}`) },
  { name: 'source-engine', ports: [27015], requests: [hex('ffffffff') + 'TSource Engine Query\0'], knows: answer => /^\xff{4}[AIm]/.test(answer) },
  { name: 'minecraft-bedrock', ports: [19132], requests: [byte(1) + eight + raknet + eight], knows: answer => at(answer, 0) === 0x1c && answer.startsWith(raknet, 17) },
  { name: 'mumble', ports: [64738], requests: [zeros(4) + eight], knows: answer => answer.length === 24 && answer.startsWith(eight, 4) },
  { name: 'vertx-discovery', ports: [4070], requests: ['discover;013;'], knows: begins('discovered;') },
]
