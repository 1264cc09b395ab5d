// What templates ask of a certificate (RFC 5280), read from its DER without OpenSSL, which refuses the odd ones that are worth finding.
// Invariant: whatever the bytes are, reading ends and throws nothing but CertificateError; no text of it is longer than the certificate (x509.test.ts).
import { createHash } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { bytesOf } from '../bytes.ts'
import { TextError } from '../evidence.ts'

export class CertificateError extends TextError {
  override readonly name = 'CertificateError'
}

export type CertificateName = {
  /** 'C=US, O=Example, CN=example.com': the attributes in the certificate's order. */
  readonly dn: Bytes
  readonly commonName: Bytes
  readonly organizations: readonly Bytes[]
}

export type Certificate = {
  readonly subject: CertificateName
  readonly issuer: CertificateName
  readonly dnsNames: readonly Bytes[]
  /** Hexadecimal, 8 or 32 digits. */
  readonly addresses: readonly string[]
  readonly emails: readonly Bytes[]
  /** '0C:D0:A8'; empty for 0. */
  readonly serial: string
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly authority: boolean
  readonly authorityKey: string
  readonly subjectKey: string
  readonly publicKey: PublicKey
  /** 'sha256WithRSAEncryption'; an object identifier where it has no name here. */
  readonly signature: string
  /** The server promises a stapled OCSP response (RFC 7633). */
  readonly mustStaple: boolean
  /** It carries signed timestamps of logs (RFC 6962, 3.3). */
  readonly timestamps: boolean
  /** Hexadecimal. */
  readonly fingerprint: { readonly md5: string; readonly sha1: string; readonly sha256: string }
}

export type PublicKey = {
  /** 'RSA', 'EC', 'DSA', 'Ed25519', 'Ed448'; else an object identifier, or empty for a key that cannot be read. */
  readonly kind: string
  /** Of the modulus, the prime or the curve; 0 where it is not known. */
  readonly bits: number
  /** Of EC: 'secp256r1', else an object identifier; empty otherwise. */
  readonly curve: string
  /** RSA's modulus; empty otherwise. */
  readonly modulus: Uint8Array
}

type Node = { readonly tag: number; readonly content: Buffer; readonly whole: Buffer }

/** Definite lengths only, which is what DER allows. */
export function nodes(bytes: Buffer): Node[] {
  const list: Node[] = []
  let at = 0
  while (at < bytes.length) {
    const start = at
    const tag = bytes[at++] ?? 0
    if ((tag & 0x1f) === 0x1f) throw new CertificateError({ en: 'a tag of more than one byte', ko: '1바이트를 넘는 태그' })
    let length = bytes[at++]
    if (length === undefined || length === 0x80) throw new CertificateError({ en: 'a length is missing', ko: '길이가 없음' })
    if (length > 0x80) {
      const size = length - 0x80
      if (size > 4 || at + size > bytes.length) throw new CertificateError({ en: 'a length is too large', ko: '길이가 너무 큼' })
      length = bytes.readUIntBE(at, size)
      at += size
    }
    if (at + length > bytes.length) throw new CertificateError({ en: 'a value is longer than what holds it', ko: '값이 담긴 곳보다 긺' })
    list.push({ tag, content: bytes.subarray(at, at + length), whole: bytes.subarray(start, at + length) })
    at += length
  }
  return list
}

const SEQUENCE = 0x30
const SET = 0x31

/** The content of the first value, which has this tag. */
export function only(bytes: Buffer, tag: number): Buffer {
  const node = nodes(bytes)[0]
  if (node?.tag !== tag) throw new CertificateError({ en: `a tag ${node?.tag ?? 'none'} where ${tag} belongs`, ko: `태그가 ${tag}이어야 하나 ${node?.tag ?? '없음'}` })
  return node.content
}

function objectId(bytes: Buffer): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new CertificateError({ en: 'an object identifier is too large', ko: '객체 식별자가 너무 큼' })
    if ((byte & 0x80) !== 0) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

/** Short names as OpenSSL and Go's zcrypto write them; others by their number. */
const attributes: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN', '2.5.4.4': 'SN', '2.5.4.5': 'serialNumber', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.9': 'street', '2.5.4.10': 'O', '2.5.4.11': 'OU',
  '2.5.4.12': 'title', '2.5.4.13': 'description', '2.5.4.15': 'businessCategory', '2.5.4.17': 'postalCode', '2.5.4.18': 'postOfficeBox', '2.5.4.20': 'telephoneNumber',
  '2.5.4.41': 'name', '2.5.4.42': 'GN', '2.5.4.43': 'initials', '2.5.4.44': 'generationQualifier', '2.5.4.46': 'dnQualifier', '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID', '0.9.2342.19200300.100.1.25': 'DC', '1.2.840.113549.1.9.1': 'emailAddress', '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL', '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST', '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

/** UTF8String, PrintableString and the like are bytes; BMPString and UniversalString become UTF-8. */
function text(node: Node): Bytes {
  if (node.tag === 0x1e) return bytesOf(Buffer.from(node.content.subarray(0, node.content.length & ~1)).swap16().toString('utf16le'))
  if (node.tag === 0x1c) {
    let characters = ''
    for (let at = 0; at + 4 <= node.content.length; at += 4) characters += String.fromCodePoint(Math.min(node.content.readUInt32BE(at), 0x10ffff))
    return bytesOf(characters)
  }
  return node.content.toString('latin1')
}

function nameOf(bytes: Buffer): CertificateName {
  const parts: Bytes[] = []
  const organizations: Bytes[] = []
  let commonName = ''
  for (const set of nodes(bytes)) {
    if (set.tag !== SET) throw new CertificateError({ en: 'a name is no sequence of sets', ko: '이름 형식이 올바르지 않음' })
    const first = nodes(set.content)[0]
    const [type, value] = first === undefined ? [] : nodes(first.content)
    if (type === undefined || value === undefined) continue
    const id = objectId(type.content)
    const written = text(value)
    parts.push(`${attributes[id] ?? id}=${written}`)
    if (id === '2.5.4.3') commonName = written
    if (id === '2.5.4.10') organizations.push(written)
  }
  return { dn: parts.join(', '), commonName, organizations }
}

/** UTCTime and GeneralizedTime in UTC (RFC 5280, 4.1.2.5). */
function time(node: Node | undefined): number {
  const written = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?Z?$/.exec(node?.content.toString('latin1') ?? '')
  if (written === null) throw new CertificateError({ en: 'a time is not written as it should be', ko: '시각 형식이 올바르지 않음' })
  const [, year = '', month, day, hour, minute, second = '0'] = written
  const full = year.length === 4 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900)
  return Date.UTC(full, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}

const signatures: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption', '1.2.840.113549.1.1.3': 'md4WithRSAEncryption', '1.2.840.113549.1.1.4': 'md5WithRSAEncryption', '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.3.14.3.2.29': 'sha1WithRSA', '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption', '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption', '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption', '1.2.840.113549.1.1.10': 'rsassaPss', '1.2.840.10045.4.1': 'ecdsa-with-SHA1', '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224', '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384', '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512', '1.2.840.10040.4.3': 'dsaWithSHA1', '2.16.840.1.101.3.4.3.1': 'dsa_with_SHA224', '2.16.840.1.101.3.4.3.2': 'dsa_with_SHA256',
  '1.3.101.112': 'ED25519', '1.3.101.113': 'ED448',
}
const curves: Readonly<Record<string, readonly [name: string, bits: number]>> = {
  '1.2.840.10045.3.1.7': ['secp256r1', 256], '1.3.132.0.34': ['secp384r1', 384], '1.3.132.0.35': ['secp521r1', 521], '1.3.132.0.33': ['secp224r1', 224], '1.2.840.10045.3.1.1': ['secp192r1', 192], '1.3.132.0.10': ['secp256k1', 256],
  '1.3.36.3.3.2.8.1.1.7': ['brainpoolP256r1', 256], '1.3.36.3.3.2.8.1.1.11': ['brainpoolP384r1', 384], '1.3.36.3.3.2.8.1.1.13': ['brainpoolP512r1', 512], '1.3.132.0.8': ['secp160r1', 160], '1.3.132.0.31': ['secp192k1', 192],
  '1.3.132.0.32': ['secp224k1', 224], '1.2.156.10197.1.301': ['curveSM2', 256],
}

const withoutZeros = (integer: Buffer): Buffer => {
  const start = integer.findIndex(byte => byte !== 0)
  return integer.subarray(start < 0 ? integer.length : start)
}
const bitLength = (integer: Buffer): number => {
  const bytes = withoutZeros(integer)
  return bytes.length === 0 ? 0 : bytes.length * 8 - Math.clz32(bytes[0]!) + 24
}

function signatureOf(algorithm: Node | undefined): string {
  const type = algorithm?.tag === SEQUENCE ? nodes(algorithm.content)[0] : undefined
  const id = type === undefined ? '' : objectId(type.content)
  return signatures[id] ?? id
}

/** RFC 5280, 4.1.2.7, and RFC 3279 and 8410 for the kinds. */
function publicKeyOf(info: Node | undefined): PublicKey {
  try {
    return readPublicKey(info)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    // Whose key it is can be read nevertheless.
    return { kind: '', bits: 0, curve: '', modulus: Buffer.alloc(0) }
  }
}

function readPublicKey(info: Node | undefined): PublicKey {
  const [algorithm, key] = info?.tag === SEQUENCE ? nodes(info.content) : []
  if (algorithm?.tag !== SEQUENCE || key?.tag !== 0x03 || key.content.length < 1) throw new CertificateError({ en: 'the public key is missing', ko: '공개 키가 없음' })
  const [type, parameters] = nodes(algorithm.content)
  const none = Buffer.alloc(0)
  const id = type === undefined ? '' : objectId(type.content)
  switch (id) {
    case '1.2.840.113549.1.1.1': case '1.2.840.113549.1.1.10': {
      const modulus = withoutZeros(only(only(key.content.subarray(1), SEQUENCE), 0x02))
      return { kind: 'RSA', bits: bitLength(modulus), curve: '', modulus }
    }
    case '1.2.840.10040.4.1': return { kind: 'DSA', bits: parameters?.tag === SEQUENCE ? bitLength(only(parameters.content, 0x02)) : 0, curve: '', modulus: none }
    case '1.2.840.10045.2.1': {
      const name = parameters?.tag === 0x06 ? objectId(parameters.content) : ''
      const [curve, bits] = curves[name] ?? [name, 0]
      return { kind: 'EC', bits, curve, modulus: none }
    }
    case '1.3.101.112': return { kind: 'Ed25519', bits: 256, curve: '', modulus: none }
    case '1.3.101.113': return { kind: 'Ed448', bits: 456, curve: '', modulus: none }
    default: return { kind: id, bits: 0, curve: '', modulus: none }
  }
}

/** Reads a certificate. Throws CertificateError for what is none. */
export function readCertificate(der: Uint8Array): Certificate {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const outer = nodes(only(bytes, SEQUENCE))
  if (outer[0]?.tag !== SEQUENCE) throw new CertificateError({ en: 'the fields of a certificate are missing', ko: '인증서 필드가 없음' })
  const fields = nodes(outer[0].content)
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [serial, , issuer, validity, subject, keyInfo] = fields
  if (serial?.tag !== 0x02 || issuer?.tag !== SEQUENCE || validity?.tag !== SEQUENCE || subject?.tag !== SEQUENCE) throw new CertificateError({ en: 'the fields of a certificate are missing', ko: '인증서 필드가 없음' })
  const [notBefore, notAfter] = nodes(validity.content)
  const dnsNames: Bytes[] = []
  const addresses: string[] = []
  const emails: Bytes[] = []
  let authority = false
  let mustStaple = false
  let timestamps = false
  let authorityKey = ''
  let subjectKey = ''
  const extensions = fields.find(field => field.tag === 0xa3)
  for (const extension of extensions === undefined ? [] : nodes(only(extensions.content, SEQUENCE))) {
    const parts = nodes(extension.content)
    const value = parts.at(-1)
    if (parts[0] === undefined || value?.tag !== 0x04) continue
    switch (objectId(parts[0].content)) {
      case '2.5.29.17':
        for (const name of nodes(only(value.content, SEQUENCE))) {
          if (name.tag === 0x82) dnsNames.push(name.content.toString('latin1'))
          if (name.tag === 0x87) addresses.push(name.content.toString('hex'))
          if (name.tag === 0x81) emails.push(name.content.toString('latin1'))
        }
        break
      case '2.5.29.19':
        authority = nodes(only(value.content, SEQUENCE)).some(part => part.tag === 0x01 && part.content[0] !== 0)
        break
      case '1.3.6.1.5.5.7.1.24':
        mustStaple = nodes(only(value.content, SEQUENCE)).some(feature => feature.tag === 0x02 && feature.content.length === 1 && feature.content[0] === 5)
        break
      case '1.3.6.1.4.1.11129.2.4.2':
        timestamps = true
        break
      case '2.5.29.14':
        subjectKey = only(value.content, 0x04).toString('hex')
        break
      case '2.5.29.35':
        authorityKey = nodes(only(value.content, SEQUENCE)).find(part => part.tag === 0x80)?.content.toString('hex') ?? ''
        break
    }
  }
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex')
  return {
    subject: nameOf(subject.content),
    issuer: nameOf(issuer.content),
    dnsNames,
    addresses,
    emails,
    serial: serial.content.toString('hex').toUpperCase().replace(/^(00)+/, '').match(/../g)?.join(':') ?? '',
    notBefore: time(notBefore),
    notAfter: time(notAfter),
    authority,
    authorityKey,
    subjectKey,
    publicKey: publicKeyOf(keyInfo),
    signature: signatureOf(outer[1]),
    mustStaple,
    timestamps,
    fingerprint: { md5: hash('md5'), sha1: hash('sha1'), sha256: hash('sha256') },
  }
}

/** Judged by the key identifiers, and where there are none by the names: a certificate of an authority that writes no identifiers is not self-signed. */
export const isSelfSigned = (certificate: Certificate): boolean =>
  certificate.authorityKey === '' ? certificate.subject.dn === certificate.issuer.dn : certificate.authorityKey === certificate.subjectKey

/** Names of a certificate that hold for hosts: the common name and the alternative ones. */
export const hostNames = (certificate: Certificate): readonly Bytes[] => [...(certificate.subject.commonName === '' ? [] : [certificate.subject.commonName]), ...certificate.dnsNames]

/** A star stands within the leftmost label and for that label alone (RFC 6125, 6.4.3). */
export function isMismatched(host: string, names: readonly Bytes[]): boolean {
  const labels = host.toLowerCase().split('.')
  return !names.some(name => {
    const pattern = name.toLowerCase().split('.')
    if (pattern.length !== labels.length || !pattern.slice(1).every((label, place) => label === labels[place + 1])) return false
    const [first = '', label = ''] = [pattern[0], labels[0]]
    const star = first.indexOf('*')
    return star < 0 ? first === label : label.length >= first.length - 1 && label.startsWith(first.slice(0, star)) && label.endsWith(first.slice(star + 1))
  })
}
