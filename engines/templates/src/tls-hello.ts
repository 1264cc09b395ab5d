// The beginning of a TLS handshake by hand (RFC 6101, 2246, 5246, 8446): a ClientHello goes out, ServerHello and Certificate are read, and nothing more. It tells which
// version and suite a server takes, SSL 3.0 and the weakest ones included, which no TLS library speaks any longer.
// Invariant: whatever the server sends, reading ends within its bounds and throws nothing but NetworkError (tls-hello.test.ts).
import { addressVersion } from './address.ts'
import { strength, suiteName, suitesBefore13 } from './cipher-suites.ts'
import { NetworkError } from './model.ts'
import type { Connection, TlsVersion } from './model.ts'

export const tlsVersions: readonly TlsVersion[] = ['sslv3', 'tls10', 'tls11', 'tls12', 'tls13']
const wire = (version: TlsVersion): number => 0x0300 + tlsVersions.indexOf(version)

export type Greeting = {
  readonly endpoint: string
  readonly serverName: string | null
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  readonly suites: readonly number[]
  readonly timeoutMs: number
  readonly random: () => number
  readonly now: () => number
}

export type Greeted = {
  readonly version: TlsVersion
  readonly suite: number
  /** DER, the server's own first. None in TLS 1.3, where they are encrypted, and from servers that prove nothing. */
  readonly certificates: readonly Uint8Array[]
}

const withoutSecret = (number: number): boolean => !/_anon_|PSK|SRP|KRB5|ECCPWD|GOST/.test(suiteName(number))
const order = { secure: 0, weak: 1, insecure: 2 }
/** Suites of up to TLS 1.2 with which a certificate comes, strong ones first: what a usual client would offer if it knew them all. */
export const offeredSuites: readonly number[] = suitesBefore13.filter(withoutSecret).toSorted((one, other) => order[strength(suiteName(one))] - order[strength(suiteName(other))])

const u8 = (value: number): Buffer => Buffer.of(value & 0xff)
const u16 = (value: number): Buffer => Buffer.of((value >> 8) & 0xff, value & 0xff)
const u24 = (value: number): Buffer => Buffer.of((value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff)
const vector8 = (content: Buffer): Buffer => Buffer.concat([u8(content.length), content])
const vector16 = (content: Buffer): Buffer => Buffer.concat([u16(content.length), content])
const list16 = (values: readonly number[]): Buffer => vector16(Buffer.concat(values.map(u16)))
const extension = (type: number, content: Buffer): Buffer => Buffer.concat([u16(type), vector16(content)])

const groups = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0016, 0x000e, 0x000d, 0x000b, 0x000a, 0x0009, 0x0100, 0x0101]
const signatures = [0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0202, 0x0402, 0x0502, 0x0602, 0x0101]
/** Says that renegotiation is safe (RFC 5746): some servers refuse who does not. */
const renegotiation = 0x00ff

export function clientHello({ serverName, maxVersion, suites, random }: Pick<Greeting, 'serverName' | 'maxVersion' | 'suites' | 'random'>): Buffer {
  const bytes = (count: number): Buffer => {
    const buffer = Buffer.alloc(count)
    for (let at = 0; at + 4 <= count; at += 4) buffer.writeUInt32BE(random() >>> 0, at)
    return buffer
  }
  const modern = maxVersion === 'tls13'
  const extensions: Buffer[] = []
  if (maxVersion !== 'sslv3') {
    if (serverName !== null && addressVersion(serverName) === 0) extensions.push(extension(0, vector16(Buffer.concat([u8(0), vector16(Buffer.from(serverName, 'latin1'))]))))
    extensions.push(extension(10, list16(groups)), extension(11, vector8(u8(0))))
    if (maxVersion === 'tls12' || modern) extensions.push(extension(13, list16(signatures)))
    if (modern) extensions.push(extension(43, vector8(u16(0x0304))), extension(45, vector8(u8(1))), extension(51, vector16(Buffer.concat([u16(0x001d), vector16(bytes(32))]))))
  }
  const body = Buffer.concat([
    u16(Math.min(wire(maxVersion), 0x0303)), bytes(32), vector8(modern ? bytes(32) : Buffer.alloc(0)), list16([...suites, renegotiation]), vector8(u8(0)),
    ...(extensions.length === 0 ? [] : [vector16(Buffer.concat(extensions))]),
  ])
  const handshake = Buffer.concat([u8(1), u24(body.length), body])
  return Buffer.concat([u8(22), u16(Math.min(wire(maxVersion), 0x0301)), u16(handshake.length), handshake])
}

const mostBytes = 512 * 1024
const mostReads = 4096
const mostCertificates = 32

const ALERT = 21
const HANDSHAKE = 22
const SERVER_HELLO = 2
const CERTIFICATE = 11

/** Sends a ClientHello over a fresh connection and reads what it needs of the answer. Throws NetworkError: tls_failed (refused), protocol_error (no TLS), timeout, closed. */
export async function greet(connection: Connection, greeting: Greeting): Promise<Greeted> {
  const { endpoint, timeoutMs, now } = greeting
  const wrong = (what: string): NetworkError => new NetworkError('protocol_error', endpoint, `What ${endpoint} answers is no TLS: ${what}.`)
  const refused = (why: string): NetworkError => new NetworkError('tls_failed', endpoint, `${endpoint} refuses the TLS handshake: ${why}.`)
  const hello = clientHello(greeting)
  await connection.write(hello.toString('latin1'))

  const ends = now() + timeoutMs
  let received = Buffer.alloc(0)
  let reads = 0
  let total = 0
  async function need(count: number): Promise<void> {
    while (received.length < count) {
      const left = ends - now()
      if (left <= 0 || ++reads > mostReads) throw new NetworkError('timeout', endpoint, `${endpoint} did not finish its TLS greeting in time.`)
      const more = await connection.read(16 * 1024, Math.min(left, timeoutMs))
      if (more === '') throw new NetworkError('closed', endpoint, `${endpoint} closed the connection within its TLS greeting.`)
      total += more.length
      if (total > mostBytes) throw wrong('its greeting has no end')
      received = Buffer.concat([received, Buffer.from(more, 'latin1')])
    }
  }

  let handshake = Buffer.alloc(0)
  let version: TlsVersion | null = null
  let suite = 0
  for (;;) {
    await need(5)
    const type = received.readUInt8(0)
    const length = received.readUInt16BE(3)
    if ((type !== ALERT && type !== HANDSHAKE && !(version !== null && type === 20)) || received.readUInt8(1) !== 3) throw wrong('it begins otherwise')
    if (length > 16 * 1024 + 2048) throw wrong('a record is too long')
    await need(5 + length)
    const content = received.subarray(5, 5 + length)
    received = received.subarray(5 + length)
    if (type === ALERT) {
      if (version !== null && content[0] === 1) continue
      throw refused(`alert ${content[1] ?? 'without a number'}`)
    }
    if (type === HANDSHAKE) handshake = Buffer.concat([handshake, content])
    while (handshake.length >= 4) {
      const kind = handshake.readUInt8(0)
      const size = handshake.readUIntBE(1, 3)
      if (size > mostBytes) throw wrong('a message is too long')
      if (handshake.length < 4 + size) break
      const message = handshake.subarray(4, 4 + size)
      handshake = handshake.subarray(4 + size)
      if (kind === SERVER_HELLO && version === null) {
        const read = serverHello(message)
        if (read === null) throw wrong('its ServerHello is cut off')
        const chosen = tlsVersions.find(each => wire(each) === read.version)
        if (chosen === undefined) throw wrong('its version is unknown')
        if (tlsVersions.indexOf(chosen) < tlsVersions.indexOf(greeting.minVersion) || tlsVersions.indexOf(chosen) > tlsVersions.indexOf(greeting.maxVersion)) throw refused(`it speaks ${chosen}`)
        if (!greeting.suites.includes(read.suite)) throw refused('it takes a suite that was not offered')
        version = chosen
        suite = read.suite
        if (version === 'tls13') return { version, suite, certificates: [] }
      } else if (version === null) throw wrong('its first message is no ServerHello')
      else return { version, suite, certificates: kind === CERTIFICATE ? certificates(message, wrong) : [] }
    }
  }
}

function serverHello(message: Buffer): { version: number; suite: number } | null {
  if (message.length < 35) return null
  const after = 35 + message.readUInt8(34)
  if (message.length < after + 3) return null
  let version = message.readUInt16BE(0)
  const suite = message.readUInt16BE(after)
  // In TLS 1.3 the version stands in an extension.
  for (let at = after + 5; at + 4 <= message.length;) {
    const length = message.readUInt16BE(at + 2)
    if (message.readUInt16BE(at) === 43 && length === 2 && at + 6 <= message.length) version = message.readUInt16BE(at + 4)
    at += 4 + length
  }
  return { version, suite }
}

function certificates(message: Buffer, wrong: (what: string) => NetworkError): Uint8Array[] {
  const list: Uint8Array[] = []
  if (message.length < 3) throw wrong('its list of certificates is cut off')
  for (let at = 3; at + 3 <= message.length && list.length < mostCertificates;) {
    const length = message.readUIntBE(at, 3)
    if (at + 3 + length > message.length) throw wrong('a certificate is cut off')
    list.push(message.subarray(at + 3, at + 3 + length))
    at += 3 + length
  }
  return list
}
