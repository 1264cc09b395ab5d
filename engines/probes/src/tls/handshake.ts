// The beginning of a TLS handshake: a ClientHello goes out, the server's flight is read (RFC 5246, 7.4.2 to 7.4.5; RFC 8446, 4.1.3 to 4.4.2), and nothing more is sent.
// It tells which version and suite a server takes, with which key, and what it shows for itself.
// Invariant: whatever the server sends, reading ends within its bounds and throws nothing but NetworkError; what came before a fault is kept (handshake.test.ts).
import { NetworkError } from '../network.ts'
import type { Connection, TlsVersion } from '../network.ts'
import { suiteName } from './cipher-suites.ts'
import { keyShare } from './groups.ts'
import type { KeyShare } from './groups.ts'
import { clientHello, extensionTypes, randomBytes, tlsVersions, versionNumber } from './hello.ts'
import type { Offer } from './hello.ts'
import { TlsRecords } from './records.ts'
import type { Message } from './records.ts'
import { openerOf, retriedTranscript } from './secrets13.ts'

export type KeyExchange =
  | { readonly kind: 'curve'; readonly group: number }
  | { readonly kind: 'field'; readonly prime: Buffer; readonly generator: Buffer }

export type Flight = {
  readonly version: TlsVersion
  readonly suite: number
  readonly compression: number
  /** The server would know the session again by a number (RFC 5246, 7.3). */
  readonly sessionId: boolean
  /** Of the ServerHello and, in TLS 1.3, of EncryptedExtensions. */
  readonly extensions: ReadonlyMap<number, Buffer>
  /** TLS 1.3: the group that the server chose, or asks for. */
  readonly group: number | null
  /** DER, the server's own first. None from servers that prove nothing, and in TLS 1.3 where no key was offered. */
  readonly certificates: readonly Uint8Array[]
  /** DER (RFC 6960). */
  readonly ocspResponse: Buffer | null
  /** Signed certificate timestamps came in the handshake (RFC 6962, 3.3). */
  readonly timestamps: boolean
  /** Of TLS 1.2 and before, where the suite has forward secrecy. */
  readonly keyExchange: KeyExchange | null
  readonly asksForCertificate: boolean
  /** Why the flight ended early. */
  readonly cut: NetworkError | null
}

export type Place = { readonly endpoint: string; readonly timeoutMs: number; readonly now: () => number; readonly random: () => number }
/** How far to read: 'hello' as soon as version and suite are known. */
export type Until = 'hello' | 'certificate' | 'done'

const SERVER_HELLO = 2
const ENCRYPTED_EXTENSIONS = 8
const CERTIFICATE = 11
const SERVER_KEY_EXCHANGE = 12
const CERTIFICATE_REQUEST = 13
const SERVER_HELLO_DONE = 14
const CERTIFICATE_VERIFY = 15
const CERTIFICATE_STATUS = 22
const NAMED_CURVE = 3

const mostCertificates = 32
const mostMessages = 64

/** RFC 8446, 4.1.3: the random of a ServerHello that asks for another ClientHello. */
const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

type Answer = { readonly version: number; readonly suite: number; readonly compression: number; readonly sessionId: boolean; readonly retry: boolean; readonly extensions: Map<number, Buffer> }

/** Sends a ClientHello over a fresh connection and reads the answer. Throws NetworkError: tls_failed (a TlsAlert, or another version), protocol_error (no TLS), timeout, closed. */
export const shake = async (connection: Connection, offer: Offer, place: Place, until: Until): Promise<Flight> => (await begin(connection, offer, place, until)).flight

/** As `shake`; the records that come behind the flight can be read on. */
export async function begin(connection: Connection, offer: Offer, place: Place, until: Until): Promise<{ readonly flight: Flight; readonly records: TlsRecords }> {
  const { endpoint, random } = place
  const records = new TlsRecords(connection, endpoint, place.timeoutMs, place.now)
  const salt = { random: randomBytes(random, 32), session: randomBytes(random, 32) }
  const hello = clientHello(offer, salt)
  await connection.write(hello.toString('latin1'))
  let first = await records.message()
  let answer = serverHello(first, records)
  let shares = offer.keyShares ?? []
  const transcript = [hello.subarray(5)]
  let group = groupOf(answer)
  if (answer.retry && until !== 'hello' && group !== null) {
    const share = keyShare(group, count => randomBytes(random, count))
    const seed = retriedTranscript(answer.suite, transcript[0]!)
    if (share !== null && seed !== null) {
      shares = [share]
      const cookie = answer.extensions.get(extensionTypes.cookie)
      const again = clientHello({ ...offer, keyShares: shares, extensions: [...(offer.extensions ?? []), ...(cookie === undefined ? [] : [[extensionTypes.cookie, cookie] as const])] }, salt)
      await connection.write(again.toString('latin1'))
      transcript.splice(0, 1, seed, first.whole, again.subarray(5))
      first = await records.message()
      answer = serverHello(first, records)
      group = groupOf(answer)
    }
  }
  const version = tlsVersions.find(each => versionNumber(each) === answer.version)
  if (version === undefined) throw records.wrong({ en: 'its version is unknown', ko: '알 수 없는 버전' })
  if (!offer.suites.includes(answer.suite)) throw new NetworkError('tls_failed', endpoint, { en: `${endpoint} refuses the TLS handshake: it takes a suite that was not offered.`, ko: 'TLS 핸드셰이크 거부: 제안하지 않은 암호 스위트를 선택함' })
  const flight: Writable<Flight> = {
    version, suite: answer.suite, compression: answer.compression, sessionId: answer.sessionId, extensions: answer.extensions, group, certificates: [], ocspResponse: null, timestamps: answer.extensions.has(extensionTypes.timestamps),
    keyExchange: null, asksForCertificate: false, cut: null,
  }
  if (until === 'hello' || answer.retry) return { flight, records }
  transcript.push(first.whole)
  if (version === 'tls13' && !decrypting(records, answer, shares, transcript)) return { flight, records }
  try {
    await rest(flight, answer, records, until)
  } catch (error) {
    if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    flight.cut = error
  }
  return { flight, records }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The server's key share, or the group of it alone where it asks for another ClientHello. */
function groupOf({ version, extensions }: Answer): number | null {
  const share = extensions.get(extensionTypes.keyShare)
  return version === versionNumber('tls13') && share !== undefined && share.length >= 2 ? share.readUInt16BE(0) : null
}

function decrypting(records: TlsRecords, answer: Answer, shares: readonly KeyShare[], transcript: readonly Buffer[]): boolean {
  const theirs = answer.extensions.get(extensionTypes.keyShare)
  const share = shares.find(each => each.group === groupOf(answer))
  if (theirs === undefined || theirs.length < 4 || share === undefined) return false
  const agreed = share.secret(theirs.subarray(4))
  if (agreed === null) throw records.wrong({ en: 'its key is none', ko: '올바르지 않은 키' })
  records.open = openerOf(answer.suite, agreed, transcript)
  return records.open !== null
}

async function rest(flight: Writable<Flight>, answer: Answer, records: TlsRecords, until: Until): Promise<void> {
  const modern = flight.version === 'tls13'
  for (let count = 0; count < mostMessages; count++) {
    const { type, body } = await records.message()
    switch (type) {
      case ENCRYPTED_EXTENSIONS:
        if (modern) extensionsOf(body, 0, answer.extensions)
        break
      case CERTIFICATE:
        if (modern) certificates13(body, flight, records)
        else flight.certificates = certificates12(body, records)
        break
      case CERTIFICATE_STATUS:
        flight.ocspResponse = statusOf(body)
        break
      case SERVER_KEY_EXCHANGE:
        flight.keyExchange = keyExchangeOf(body, suiteName(flight.suite))
        break
      case CERTIFICATE_REQUEST:
        flight.asksForCertificate = true
        break
      case SERVER_HELLO_DONE: case CERTIFICATE_VERIFY:
        return
    }
    if (until === 'certificate' && type !== ENCRYPTED_EXTENSIONS && type !== CERTIFICATE_REQUEST) return
  }
  throw records.wrong({ en: 'its greeting has no end', ko: '핸드셰이크가 끝나지 않음' })
}

function serverHello({ type, body }: Message, records: TlsRecords): Answer {
  if (type !== SERVER_HELLO) throw records.wrong({ en: 'its first message is no ServerHello', ko: '첫 메시지가 ServerHello가 아님' })
  if (body.length < 35) throw records.wrong({ en: 'its ServerHello is cut off', ko: 'ServerHello가 잘림' })
  const after = 35 + body.readUInt8(34)
  if (body.length < after + 3) throw records.wrong({ en: 'its ServerHello is cut off', ko: 'ServerHello가 잘림' })
  const extensions = extensionsOf(body, after + 3, new Map())
  // In TLS 1.3 the version stands in an extension.
  const chosen = extensions.get(extensionTypes.versions)
  const version = chosen !== undefined && chosen.length === 2 ? chosen.readUInt16BE(0) : body.readUInt16BE(0)
  return { version, suite: body.readUInt16BE(after), compression: body.readUInt8(after + 2), sessionId: after > 35, retry: body.subarray(2, 34).equals(retryRandom), extensions }
}

/** A list with its length before it; what is cut off is left out. */
function extensionsOf(bytes: Buffer, from: number, extensions: Map<number, Buffer>): Map<number, Buffer> {
  for (let at = from + 2; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2)
    if (at + 4 + length > bytes.length) break
    extensions.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return extensions
}

function certificates12(body: Buffer, records: TlsRecords): Uint8Array[] {
  const list: Uint8Array[] = []
  if (body.length < 3) throw records.wrong({ en: 'its list of certificates is cut off', ko: '인증서 목록이 잘림' })
  for (let at = 3; at + 3 <= body.length && list.length < mostCertificates;) {
    const length = body.readUIntBE(at, 3)
    if (at + 3 + length > body.length) throw records.wrong({ en: 'a certificate is cut off', ko: '인증서가 잘림' })
    list.push(body.subarray(at + 3, at + 3 + length))
    at += 3 + length
  }
  return list
}

/** RFC 8446, 4.4.2: each certificate has extensions of its own. */
function certificates13(body: Buffer, flight: Writable<Flight>, records: TlsRecords): void {
  const list: Uint8Array[] = []
  const start = 1 + (body[0] ?? 0) + 3
  for (let at = start; at + 3 <= body.length && list.length < mostCertificates;) {
    const length = body.readUIntBE(at, 3)
    const after = at + 3 + length
    if (after + 2 > body.length) throw records.wrong({ en: 'a certificate is cut off', ko: '인증서가 잘림' })
    list.push(body.subarray(at + 3, after))
    const end = after + 2 + body.readUInt16BE(after)
    if (list.length === 1) {
      const own = extensionsOf(body.subarray(after, end), 0, new Map())
      const status = own.get(extensionTypes.statusRequest)
      if (status !== undefined) flight.ocspResponse = statusOf(status)
      flight.timestamps ||= own.has(extensionTypes.timestamps)
    }
    at = end
  }
  flight.certificates = list
}

/** RFC 6066, section 8: type 1, and a response with its length. */
const statusOf = (body: Buffer): Buffer | null => (body.length > 4 && body[0] === 1 && body.length >= 4 + body.readUIntBE(1, 3) ? body.subarray(4, 4 + body.readUIntBE(1, 3)) : null)

/** RFC 8422, 5.4: a named curve; RFC 5246, 7.4.3: a prime and a generator; RFC 4279 and 5489 write a hint before both. Which one it is, the suite says. */
function keyExchangeOf(body: Buffer, suite: string): KeyExchange | null {
  const hint = suite.includes('_PSK_') ? vector(body, 0) : null
  const from = hint === null ? 0 : 2 + hint.length
  if (/^TLS_ECDHE?_/.test(suite)) return body[from] === NAMED_CURVE && body.length >= from + 3 ? { kind: 'curve', group: body.readUInt16BE(from + 1) } : null
  if (!/^TLS_DHE?_/.test(suite)) return null
  const prime = vector(body, from)
  const generator = prime === null ? null : vector(body, from + 2 + prime.length)
  return prime === null || generator === null ? null : { kind: 'field', prime, generator }
}

function vector(body: Buffer, at: number): Buffer | null {
  if (at + 2 > body.length) return null
  const length = body.readUInt16BE(at)
  return at + 2 + length > body.length ? null : body.subarray(at + 2, at + 2 + length)
}

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

/** Which version and suite a server takes of a range, and its certificates. Throws NetworkError: tls_failed (refused), protocol_error (no TLS), timeout, closed. */
export async function greet(connection: Connection, greeting: Greeting): Promise<Greeted> {
  const { endpoint, serverName, minVersion, maxVersion, suites } = greeting
  const { version, suite, certificates, cut } = await shake(connection, { version: maxVersion, suites, serverName }, greeting, maxVersion === 'tls13' ? 'hello' : 'certificate')
  if (tlsVersions.indexOf(version) < tlsVersions.indexOf(minVersion) || tlsVersions.indexOf(version) > tlsVersions.indexOf(maxVersion)) throw new NetworkError('tls_failed', endpoint, { en: `${endpoint} refuses the TLS handshake: it speaks ${version}.`, ko: `TLS 핸드셰이크 거부: ${version} 사용` })
  if (cut !== null) throw cut
  return { version, suite, certificates }
}
