// A ClientHello by hand (RFC 6101, 2246, 4346, 5246, 8446): what a server is offered, to the byte. SSL 3.0 and the weakest suites included, which no TLS library
// speaks any longer.
// Invariant: an offer names nothing that its version does not know, and equal offers are equal bytes (handshake.test.ts).
import { addressVersion } from '../address.ts'
import type { TlsVersion } from '../network.ts'
import { strength, suiteName, suitesBefore13, suitesOfTls13 } from './cipher-suites.ts'
import { allGroups, groupsBefore13 } from './groups.ts'
import type { KeyShare } from './groups.ts'

export const tlsVersions: readonly TlsVersion[] = ['sslv3', 'tls10', 'tls11', 'tls12', 'tls13']
export const versionNumber = (version: TlsVersion): number => 0x0300 + tlsVersions.indexOf(version)

const withoutSecret = (number: number): boolean => !/_anon_|PSK|SRP|KRB5|ECCPWD|GOST/.test(suiteName(number))
const order = { secure: 0, weak: 1, insecure: 2 }
/** Stable. */
export const strongFirst = (suites: readonly number[]): number[] => suites.toSorted((one, other) => order[strength(suiteName(one))] - order[strength(suiteName(other))])
/** Suites of up to TLS 1.2 with which a certificate comes, strong ones first: what a usual client would offer if it knew them all. */
export const offeredSuites: readonly number[] = strongFirst(suitesBefore13.filter(withoutSecret))
/** Servers with an order of their own make an exception for who names ChaCha20 first, which is said to be those without AES in hardware. */
const chachaLast = (suites: readonly number[]): number[] => suites.toSorted((one, other) => Number(suiteName(one).includes('CHACHA20')) - Number(suiteName(other).includes('CHACHA20')))
/** All suites of a version, in an order that lets a server show its own. */
export const suitesOf = (version: TlsVersion): readonly number[] => (version === 'tls13' ? modernSuites : olderSuites)
const modernSuites = chachaLast(suitesOfTls13)
const olderSuites = chachaLast([...offeredSuites, ...strongFirst(suitesBefore13.filter(number => !withoutSecret(number)))])

/** Signature schemes of RFC 8446, 4.2.3, and the older ones; strong ones first. */
const signatures: readonly number[] = [0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x081a, 0x081b, 0x081c, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202, 0x0101]
/** With which a key signs: RSA's, and the others' (ECDSA, EdDSA). */
export const rsaSignatures: readonly number[] = signatures.filter(scheme => scheme >> 8 !== 8 ? (scheme & 255) === 1 : [0x04, 0x05, 0x06, 0x09, 0x0a, 0x0b].includes(scheme & 255))
export const curveSignatures: readonly number[] = signatures.filter(scheme => scheme >> 8 !== 8 ? (scheme & 255) === 3 : [0x07, 0x08, 0x1a, 0x1b, 0x1c].includes(scheme & 255))

/** Says that renegotiation is safe (RFC 5746): some servers refuse who does not. */
const secureRenegotiation = 0x00ff
/** Says that a client tried better before (RFC 7507). */
export const fallbackSuite = 0x5600

export const extensionTypes = { serverName: 0, statusRequest: 5, groups: 10, pointFormats: 11, signatures: 13, heartbeat: 15, protocols: 16, timestamps: 18, encryptThenMac: 22, extendedMasterSecret: 23, sessionTicket: 35, versions: 43, cookie: 44, pskModes: 45, keyShare: 51, renegotiation: 0xff01 } as const

export type Offer = {
  /** The highest; of TLS 1.3 it is the only one. */
  readonly version: TlsVersion
  readonly suites: readonly number[]
  /** A name is sent, an address never (RFC 6066, section 3). */
  readonly serverName: string | null
  readonly groups?: readonly number[]
  readonly signatures?: readonly number[]
  /** TLS 1.3. Without any the server names the group that it wants (RFC 8446, 4.1.4). */
  readonly keyShares?: readonly KeyShare[]
  readonly compressions?: readonly number[]
  /** Application protocols (RFC 7301). */
  readonly protocols?: readonly string[]
  /** Others, as they are sent. */
  readonly extensions?: readonly (readonly [type: number, content: Buffer])[]
}

/** What differs from one ClientHello to the next with the same offer: 32 bytes each. */
export type Salt = { readonly random: Buffer; readonly session: Buffer }

export function randomBytes(random: () => number, count: number): Buffer {
  const buffer = Buffer.alloc(count)
  for (let at = 0; at + 4 <= count; at += 4) buffer.writeUInt32BE(random() >>> 0, at)
  return buffer
}

export const u8 = (value: number): Buffer => Buffer.of(value & 0xff)
export const u16 = (value: number): Buffer => Buffer.of((value >> 8) & 0xff, value & 0xff)
const u24 = (value: number): Buffer => Buffer.of((value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff)
const vector8 = (content: Buffer): Buffer => Buffer.concat([u8(content.length), content])
const vector16 = (content: Buffer): Buffer => Buffer.concat([u16(content.length), content])
const list16 = (values: readonly number[]): Buffer => vector16(Buffer.concat(values.map(u16)))

/** The record, ready to be sent; the handshake message begins at its sixth byte. */
export function clientHello(offer: Offer, { random, session }: Salt): Buffer {
  const { version, serverName } = offer
  const modern = version === 'tls13'
  const extensions: Buffer[] = []
  const extension = (type: number, content: Buffer): void => { extensions.push(u16(type), vector16(content)) }
  if (version !== 'sslv3') {
    if (serverName !== null && addressVersion(serverName) === 0) extension(extensionTypes.serverName, vector16(Buffer.concat([u8(0), vector16(Buffer.from(serverName, 'latin1'))])))
    extension(extensionTypes.groups, list16(offer.groups ?? (modern ? allGroups : groupsBefore13)))
    extension(extensionTypes.pointFormats, vector8(u8(0)))
    if (version === 'tls12' || modern) extension(extensionTypes.signatures, list16(offer.signatures ?? signatures))
    if (offer.protocols !== undefined) extension(extensionTypes.protocols, vector16(Buffer.concat(offer.protocols.map(protocol => vector8(Buffer.from(protocol, 'latin1'))))))
    for (const [type, content] of offer.extensions ?? []) extension(type, content)
    if (modern) {
      extension(extensionTypes.versions, vector8(u16(versionNumber('tls13'))))
      extension(extensionTypes.pskModes, vector8(u8(1)))
      extension(extensionTypes.keyShare, vector16(Buffer.concat((offer.keyShares ?? []).flatMap(({ group, mine }) => [u16(group), vector16(mine)]))))
    }
  }
  const suites = offer.suites.includes(fallbackSuite) ? offer.suites : [...offer.suites, secureRenegotiation]
  const body = Buffer.concat([
    u16(Math.min(versionNumber(version), 0x0303)), random, vector8(modern ? session : Buffer.alloc(0)), list16(suites), vector8(Buffer.from(offer.compressions ?? [0])),
    ...(extensions.length === 0 ? [] : [vector16(Buffer.concat(extensions))]),
  ])
  const handshake = Buffer.concat([u8(1), u24(body.length), body])
  return Buffer.concat([u8(22), u16(Math.min(versionNumber(version), 0x0301)), u16(handshake.length), handshake])
}
