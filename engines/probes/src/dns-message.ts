// DNS messages (RFC 1035) byte for byte, and their presentation form: one record a line, its fields separated by tabs, as zone files and resolvers' tools print it.
// Invariant: whatever stands in a message, reading it ends in time that grows with its length alone and throws nothing but DnsMessageError (dns-message.test.ts).
import type { Bytes } from './bytes.ts'
import { TextError } from './evidence.ts'
import type { Text } from './evidence.ts'

export class DnsMessageError extends TextError {
  override readonly name = 'DnsMessageError'
}

export type DnsRecord = {
  readonly name: Bytes
  readonly type: string
  readonly class: string
  readonly ttl: number
  /** Presentation of the data: '10 mx.example.com.' */
  readonly data: Bytes
  /** Of a record that names a server or an alias (NS, CNAME), and the address of A and AAAA; else null. */
  readonly target: string | null
  /** The data in the form that signatures are over: names whole and in small letters, save those of NSEC (RFC 4034, 6.2; RFC 6840, 5.1). */
  readonly rdata: Uint8Array
}

export type DnsMessage = {
  readonly id: number
  readonly response: boolean
  readonly truncated: boolean
  readonly opcode: number
  readonly flags: number
  /** With the upper bits that EDNS carries (RFC 6891). */
  readonly rcode: number
  readonly questions: readonly { readonly name: Bytes; readonly type: string; readonly class: string }[]
  readonly answer: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}

const types: Readonly<Record<number, string>> = {
  1: 'A', 2: 'NS', 3: 'MD', 4: 'MF', 5: 'CNAME', 6: 'SOA', 7: 'MB', 8: 'MG', 9: 'MR', 10: 'NULL', 12: 'PTR', 13: 'HINFO', 14: 'MINFO', 15: 'MX', 16: 'TXT', 17: 'RP',
  18: 'AFSDB', 19: 'X25', 20: 'ISDN', 21: 'RT', 24: 'SIG', 25: 'KEY', 26: 'PX', 28: 'AAAA', 29: 'LOC', 33: 'SRV', 35: 'NAPTR', 36: 'KX', 37: 'CERT', 39: 'DNAME', 41: 'OPT',
  43: 'DS', 44: 'SSHFP', 45: 'IPSECKEY', 46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 49: 'DHCID', 50: 'NSEC3', 51: 'NSEC3PARAM', 52: 'TLSA', 53: 'SMIMEA', 55: 'HIP', 59: 'CDS',
  60: 'CDNSKEY', 61: 'OPENPGPKEY', 62: 'CSYNC', 63: 'ZONEMD', 64: 'SVCB', 65: 'HTTPS', 99: 'SPF', 108: 'EUI48', 109: 'EUI64', 249: 'TKEY', 250: 'TSIG', 251: 'IXFR', 252: 'AXFR',
  255: 'ANY', 256: 'URI', 257: 'CAA', 32768: 'TA', 32769: 'DLV',
}
const typeNumbers = new Map(Object.entries(types).map(([number, name]) => [name, Number(number)]))
const classes: Readonly<Record<number, string>> = { 1: 'IN', 2: 'CS', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' }
const classNumbers = new Map(Object.entries(classes).map(([number, name]) => [name, Number(number)]))
const opcodes: Readonly<Record<number, string>> = { 0: 'QUERY', 1: 'IQUERY', 2: 'STATUS', 4: 'NOTIFY', 5: 'UPDATE' }
const rcodes: Readonly<Record<number, string>> = {
  0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED', 6: 'YXDOMAIN', 7: 'YXRRSET', 8: 'NXRRSET', 9: 'NOTAUTH', 10: 'NOTZONE', 16: 'BADVERS',
  17: 'BADKEY', 18: 'BADTIME', 19: 'BADMODE', 20: 'BADNAME', 21: 'BADALG', 22: 'BADTRUNC', 23: 'BADCOOKIE',
}

/** Of 'A' or 'TYPE65280' (RFC 3597). */
export const typeNumber = (name: string): number | undefined => typeNumbers.get(name) ?? (/^TYPE\d{1,5}$/.test(name) && Number(name.slice(4)) < 65536 ? Number(name.slice(4)) : undefined)
const typeName = (number: number): string => types[number] ?? `TYPE${number}`
const className = (number: number): string => classes[number] ?? `CLASS${number}`

const largestUdp = 4096
const longestName = 255
const longestLabel = 63
const endsWithinName = (at: number): Text => ({ en: `the message ends within a name at byte ${at}`, ko: `메시지가 이름 중간에서 끝남(바이트 ${at})` })
/** No name has more labels. */
const mostPointers = 127

/** The labels of a name in presentation form, escapes undone; a backslash escapes (RFC 1035, 5.1). Throws DnsMessageError for what is no name. */
export function labelsOf(name: Bytes): readonly Buffer[] {
  const labels: Buffer[] = []
  let label: number[] = []
  const end = (): void => {
    if (label.length === 0) throw new DnsMessageError({ en: `"${name}" has an empty label`, ko: `"${name}"에 빈 레이블이 있음` })
    if (label.length > longestLabel) throw new DnsMessageError({ en: `"${name}" has a label of more than ${longestLabel} bytes`, ko: `"${name}"에 ${longestLabel}바이트를 넘는 레이블이 있음` })
    labels.push(Buffer.from(label))
    label = []
  }
  if (name === '.') return labels
  for (let at = 0; at < name.length; at++) {
    const character = name[at] ?? ''
    if (character === '.') end()
    else if (character !== '\\') label.push(character.charCodeAt(0) & 0xff)
    else {
      const digits = /^\d{3}/.exec(name.slice(at + 1))?.[0]
      label.push(digits === undefined ? name.charCodeAt(at + 1) & 0xff : Number(digits) & 0xff)
      at += digits === undefined ? 1 : 3
    }
  }
  if (label.length > 0) end()
  return labels
}

/** `name` in presentation form with or without its last dot, as it stands on the wire, uncompressed. Throws DnsMessageError for what is no name. */
export function encodeName(name: Bytes): Buffer {
  const encoded = Buffer.concat([...labelsOf(name).flatMap(label => [Buffer.of(label.length), label]), Buffer.of(0)])
  if (encoded.length > longestName) throw new DnsMessageError({ en: `"${name}" is longer than ${longestName} bytes`, ko: `"${name}"이(가) ${longestName}바이트를 넘음` })
  return encoded
}

export type DnsQuery = {
  readonly id: number
  readonly name: Bytes
  readonly type: string
  readonly class: string
  readonly recursion: boolean
  /** Asks for the AD bit (RFC 6840, 5.7). */
  readonly authenticData: boolean
  /** Asks for signatures (DO; RFC 3225), and for answers that a validating resolver would withhold (CD; RFC 4035, 3.2.2). */
  readonly dnssec?: boolean
}

/** A question with EDNS of 4,096 bytes. */
export function encodeQuery(query: DnsQuery): Uint8Array {
  const type = typeNumber(query.type)
  const queryClass = classNumbers.get(query.class)
  if (type === undefined || queryClass === undefined) throw new DnsMessageError({ en: `there is no type ${query.type} or class ${query.class}`, ko: `유형 ${query.type} 또는 클래스 ${query.class} 없음` })
  const name = encodeName(query.name)
  const message = Buffer.alloc(12 + name.length + 4 + 11)
  message.writeUInt16BE(query.id & 0xffff, 0)
  message.writeUInt16BE((query.recursion ? 0x0100 : 0) | (query.authenticData ? 0x0020 : 0) | (query.dnssec === true ? 0x0010 : 0), 2)
  message.writeUInt16BE(1, 4)
  message.writeUInt16BE(1, 10)
  name.copy(message, 12)
  const at = 12 + name.length
  message.writeUInt16BE(type, at)
  message.writeUInt16BE(queryClass, at + 2)
  message.writeUInt16BE(41, at + 5)
  message.writeUInt16BE(largestUdp, at + 7)
  if (query.dnssec === true) message.writeUInt16BE(0x8000, at + 11)
  return message
}

/** Characters that stand for something else in a zone file. */
const special = new Set(['.', ' ', "'", '@', ';', '(', ')', '"', '\\'])
const decimal = (byte: number): string => `\\${String(byte).padStart(3, '0')}`
/** A byte of a label in presentation form. */
export const inLabel = (byte: number): string => {
  const character = String.fromCharCode(byte)
  if (special.has(character)) return `\\${character}`
  return byte < 0x20 || byte > 0x7e ? decimal(byte) : character
}
const inString = (byte: number): string => {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
  return byte < 0x20 || byte > 0x7e ? decimal(byte) : String.fromCharCode(byte)
}
const quoted = (bytes: Buffer): string => `"${Array.from(bytes, inString).join('')}"`

/** IPv6 as RFC 5952 wants it. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, place) => bytes.readUInt16BE(place * 2))
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) return `::ffff:${[...bytes.subarray(12)].join('.')}`
  let from = -1
  let length = 1
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > length) [from, length] = [start, end - start]
  }
  const hex = groups.map(group => group.toString(16))
  return from < 0 ? hex.join(':') : `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`
}

const instant = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*/g, '')

const base32 = (bytes: Buffer): string => {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  let text = ''
  for (let at = 0; at < bits.length; at += 5) text += '0123456789ABCDEFGHIJKLMNOPQRSTUV'[Number.parseInt(bits.slice(at, at + 5).padEnd(5, '0'), 2)] ?? ''
  return text
}

/** Reads on from `at`; past `end` there is nothing. */
class Cursor {
  readonly message: Buffer
  at: number
  readonly end: number
  /** Of the names that were read: where they stand in the message, and what they are. */
  readonly names: { readonly from: number; readonly to: number; readonly name: Bytes }[] = []

  constructor(message: Buffer, at: number, end: number) {
    this.message = message
    this.at = at
    this.end = end
  }

  bytes(count: number): Buffer {
    if (count < 0 || this.at + count > this.end) throw new DnsMessageError({ en: `the message ends within a field at byte ${this.at}`, ko: `메시지가 필드 중간에서 끝남(바이트 ${this.at})` })
    const bytes = this.message.subarray(this.at, this.at + count)
    this.at += count
    return bytes
  }

  rest(): Buffer {
    return this.bytes(this.end - this.at)
  }

  u8(): number {
    return this.bytes(1).readUInt8(0)
  }

  u16(): number {
    return this.bytes(2).readUInt16BE(0)
  }

  u32(): number {
    return this.bytes(4).readUInt32BE(0)
  }

  string(): Buffer {
    return this.bytes(this.u8())
  }

  /** Pointers lead only backwards, so that following them ends. */
  name(): Bytes {
    let { at } = this
    let limit = this.end
    let lowest = this.at
    let after = -1
    let text = ''
    let length = 1
    let hops = 0
    for (;;) {
      if (at >= limit) throw new DnsMessageError(endsWithinName(at))
      const size = this.message.readUInt8(at)
      if (size === 0) break
      if ((size & 0xc0) === 0xc0) {
        if (at + 1 >= limit) throw new DnsMessageError(endsWithinName(at))
        const pointer = this.message.readUInt16BE(at) & 0x3fff
        if (pointer >= lowest) throw new DnsMessageError({ en: `a name at byte ${at} points forward`, ko: `이름이 뒤쪽을 가리킴(바이트 ${at})` })
        if (++hops > mostPointers) throw new DnsMessageError({ en: `a name at byte ${at} is a chain of pointers`, ko: `이름의 포인터가 계속 이어짐(바이트 ${at})` })
        if (after < 0) after = at + 2
        at = pointer
        lowest = pointer
        limit = this.message.length
        continue
      }
      if (size > longestLabel) throw new DnsMessageError({ en: `a label at byte ${at} has an unknown kind`, ko: `알 수 없는 종류의 레이블(바이트 ${at})` })
      if (at + 1 + size > limit) throw new DnsMessageError(endsWithinName(at))
      length += size + 1
      if (length > longestName) throw new DnsMessageError({ en: `a name at byte ${at} is longer than ${longestName} bytes`, ko: `이름이 ${longestName}바이트를 넘음(바이트 ${at})` })
      for (const byte of this.message.subarray(at + 1, at + 1 + size)) text += inLabel(byte)
      text += '.'
      at += 1 + size
    }
    const from = this.at
    this.at = after < 0 ? at + 1 : after
    const name = text === '' ? '.' : text
    this.names.push({ from, to: this.at, name })
    return name
  }
}

function typesInBitmap(cursor: Cursor): string {
  const names: string[] = []
  while (cursor.at < cursor.end) {
    const window = cursor.u8()
    const bits = cursor.string()
    for (let place = 0; place < bits.length * 8; place++) if (((bits[place >> 3] ?? 0) & (0x80 >> (place & 7))) !== 0) names.push(typeName(window * 256 + place))
  }
  return names.map(name => ` ${name}`).join('')
}

const strings = (cursor: Cursor): string => {
  const parts: string[] = []
  while (cursor.at < cursor.end) parts.push(quoted(cursor.string()))
  return parts.join(' ')
}

function presentation(type: string, cursor: Cursor): { data: string; target: string | null } {
  const plain = (data: string): { data: string; target: null } => ({ data, target: null })
  switch (type) {
    case 'A': {
      const data = [...cursor.bytes(4)].join('.')
      return { data, target: data }
    }
    case 'AAAA': {
      const data = ipv6(cursor.bytes(16))
      return { data, target: data }
    }
    case 'NS': case 'CNAME': case 'PTR': case 'DNAME': case 'MB': case 'MD': case 'MF': case 'MG': case 'MR': {
      const data = cursor.name()
      return { data, target: data }
    }
    case 'MX': case 'RT': case 'AFSDB': case 'KX': return plain(`${cursor.u16()} ${cursor.name()}`)
    case 'RP': case 'MINFO': return plain(`${cursor.name()} ${cursor.name()}`)
    case 'SOA': return plain(`${cursor.name()} ${cursor.name()} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()}`)
    case 'TXT': case 'SPF': case 'HINFO': return plain(strings(cursor))
    case 'SRV': return plain(`${cursor.u16()} ${cursor.u16()} ${cursor.u16()} ${cursor.name()}`)
    case 'CAA': return plain(`${cursor.u8()} ${cursor.string().toString('latin1')} ${quoted(cursor.rest())}`)
    case 'URI': return plain(`${cursor.u16()} ${cursor.u16()} ${quoted(cursor.rest())}`)
    case 'NAPTR': return plain(`${cursor.u16()} ${cursor.u16()} ${quoted(cursor.string())} ${quoted(cursor.string())} ${quoted(cursor.string())} ${cursor.name()}`)
    case 'DS': case 'CDS': case 'DLV': case 'TA': return plain(`${cursor.u16()} ${cursor.u8()} ${cursor.u8()} ${cursor.rest().toString('hex').toUpperCase()}`)
    case 'SSHFP': return plain(`${cursor.u8()} ${cursor.u8()} ${cursor.rest().toString('hex').toUpperCase()}`)
    case 'TLSA': case 'SMIMEA': return plain(`${cursor.u8()} ${cursor.u8()} ${cursor.u8()} ${cursor.rest().toString('hex')}`)
    case 'DNSKEY': case 'CDNSKEY': case 'KEY': return plain(`${cursor.u16()} ${cursor.u8()} ${cursor.u8()} ${cursor.rest().toString('base64')}`)
    case 'RRSIG': case 'SIG':
      return plain(`${typeName(cursor.u16())} ${cursor.u8()} ${cursor.u8()} ${cursor.u32()} ${instant(cursor.u32())} ${instant(cursor.u32())} ${cursor.u16()} ${cursor.name()} ${cursor.rest().toString('base64')}`)
    case 'NSEC': return plain(`${cursor.name()}${typesInBitmap(cursor)}`)
    case 'NSEC3': return plain(`${cursor.u8()} ${cursor.u8()} ${cursor.u16()} ${cursor.string().toString('hex').toUpperCase() || '-'} ${base32(cursor.string())}${typesInBitmap(cursor)}`)
    case 'NSEC3PARAM': return plain(`${cursor.u8()} ${cursor.u8()} ${cursor.u16()} ${cursor.string().toString('hex').toUpperCase() || '-'}`)
    default: {
      // RFC 3597: what is not known is written as bytes.
      const rest = cursor.rest()
      return plain(String.raw`\# ${rest.length}${rest.length === 0 ? '' : ` ${rest.toString('hex').toUpperCase()}`}`)
    }
  }
}

/** Of data that begins at `from` and was read with `cursor`. */
function canonicalData(cursor: Cursor, from: number): Buffer {
  const parts: Buffer[] = []
  let at = from
  for (const name of cursor.names) {
    parts.push(cursor.message.subarray(at, name.from), encodeName(name.name.toLowerCase()))
    at = name.to
  }
  return Buffer.concat([...parts, cursor.message.subarray(at, cursor.end)])
}

function record(cursor: Cursor): DnsRecord {
  const name = cursor.name()
  const type = typeName(cursor.u16())
  const recordClass = cursor.u16()
  const ttl = cursor.u32()
  const size = cursor.u16()
  const { at } = cursor
  const raw = cursor.bytes(size)
  if (type === 'OPT') {
    const data = `\n;; OPT PSEUDOSECTION:\n; EDNS: version ${(ttl >> 16) & 0xff}; flags:${(ttl & 0x8000) === 0 ? '' : ' do'}; udp: ${recordClass}`
    return { name, type, class: '', ttl, data, target: null, rdata: raw }
  }
  // Updates and deletions (RFC 2136) have records without data.
  const inner = new Cursor(cursor.message, at, at + size)
  const { data, target } = size === 0 ? { data: '', target: null } : presentation(type, inner)
  const rdata = inner.names.length === 0 || type === 'NSEC' ? raw : canonicalData(inner, at)
  return { name, type, class: className(recordClass), ttl, data, target, rdata }
}

/** Reads a whole message. Throws DnsMessageError where a part of it is not what it says. */
export function decodeMessage(bytes: Uint8Array): DnsMessage {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor = new Cursor(message, 0, message.length)
  const id = cursor.u16()
  const flags = cursor.u16()
  const [questions, answers, authorities, additionals] = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()]
  const records = (count: number): DnsRecord[] => {
    const list: DnsRecord[] = []
    for (let place = 0; place < count; place++) list.push(record(cursor))
    return list
  }
  const asked: DnsMessage['questions'][number][] = []
  for (let place = 0; place < questions; place++) asked.push({ name: cursor.name(), type: typeName(cursor.u16()), class: className(cursor.u16()) })
  const answer = records(answers)
  const authority = records(authorities)
  const additional = records(additionals)
  const edns = additional.find(each => each.type === 'OPT')
  return {
    id,
    response: (flags & 0x8000) !== 0,
    truncated: (flags & 0x0200) !== 0,
    opcode: (flags >> 11) & 0xf,
    flags,
    rcode: (flags & 0xf) | (edns === undefined ? 0 : (edns.ttl >>> 24) << 4),
    questions: asked,
    answer,
    authority,
    additional,
  }
}

/** 'example.com.\t300\tIN\tA\t192.0.2.1' */
export const recordText = (record: DnsRecord): Bytes => (record.type === 'OPT' ? record.data : `${record.name}\t${record.ttl}\t${record.class}\t${record.type}\t${record.data}`)

export const questionText = (question: DnsMessage['questions'][number]): Bytes => `;${question.name}\t${question.class}\t ${question.type}`

const flagNames: readonly (readonly [bit: number, name: string])[] = [[0x8000, 'qr'], [0x0400, 'aa'], [0x0200, 'tc'], [0x0100, 'rd'], [0x0080, 'ra'], [0x0040, 'z'], [0x0020, 'ad'], [0x0010, 'cd']]

/** A whole message, section by section. */
export function messageText(message: DnsMessage): Bytes {
  const edns = message.additional.find(record => record.type === 'OPT')
  const flags = flagNames.filter(([bit]) => (message.flags & bit) !== 0).map(([, name]) => ` ${name}`).join('')
  let text = `;; opcode: ${opcodes[message.opcode] ?? message.opcode}, status: ${rcodes[message.rcode] ?? message.rcode}, id: ${message.id}\n;; flags:${flags}; `
  text += `QUERY: ${message.questions.length}, ANSWER: ${message.answer.length}, AUTHORITY: ${message.authority.length}, ADDITIONAL: ${message.additional.length}\n`
  if (edns !== undefined) text += `${edns.data}\n`
  const section = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n;; ${title} SECTION:\n${lines.map(line => `${line}\n`).join('')}`)
  text += section('QUESTION', message.questions.map(questionText))
  text += section('ANSWER', message.answer.map(recordText))
  text += section('AUTHORITY', message.authority.map(recordText))
  return text + section('ADDITIONAL', message.additional.filter(record => record.type !== 'OPT').map(recordText))
}
