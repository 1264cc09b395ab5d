// Signatures of DNS (RFC 4034, 4035), checked with the keys of the zone itself. However many keys and signatures a zone has, a set of records costs a bounded number
// of checks (KeyTrap, CVE-2023-50387). Defended by dnssec.test.ts and tests/conformance/probes/dns.test.ts, which asks delv.
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { encodeName, typeNumber } from '../dns-message.ts'
import type { DnsRecord } from '../dns-message.ts'
import { canonicalName, labelsIn, nameOrNull } from './names.ts'

export type ZoneKey = {
  readonly flags: number
  readonly protocol: number
  readonly algorithm: number
  readonly tag: number
  /** Secure entry point (RFC 4034, 2.1.1). */
  readonly entry: boolean
  /** Of the key; null where the algorithm is not known. */
  readonly bits: number | null
  readonly key: KeyObject | null
  readonly rdata: Uint8Array
}

export type Signature = {
  readonly covers: string
  readonly algorithm: number
  readonly labels: number
  readonly originalTtl: number
  /** Seconds since 1970, of 32 bits. */
  readonly expiration: number
  readonly inception: number
  readonly tag: number
  readonly signer: Bytes
}

export type SignatureVerdict = 'valid' | 'expired' | 'not_yet_valid' | 'wrong' | 'no_key' | 'unsupported'

/** IANA's registry of DNS security algorithm numbers: what to do with each is RFC 8624's and RFC 9905's. */
export const algorithms: Readonly<Record<number, { readonly name: string; readonly weak: boolean }>> = {
  1: { name: 'RSAMD5', weak: true }, 3: { name: 'DSA', weak: true }, 5: { name: 'RSASHA1', weak: true }, 6: { name: 'DSA-NSEC3-SHA1', weak: true }, 7: { name: 'RSASHA1-NSEC3-SHA1', weak: true },
  8: { name: 'RSASHA256', weak: false }, 10: { name: 'RSASHA512', weak: false }, 12: { name: 'ECC-GOST', weak: true }, 13: { name: 'ECDSAP256SHA256', weak: false }, 14: { name: 'ECDSAP384SHA384', weak: false },
  15: { name: 'ED25519', weak: false }, 16: { name: 'ED448', weak: false },
}

const hashes: Readonly<Record<number, string | null>> = { 5: 'sha1', 7: 'sha1', 8: 'sha256', 10: 'sha512', 13: 'sha256', 14: 'sha384', 15: null, 16: null }
const curves: Readonly<Record<number, { readonly kty: 'EC' | 'OKP'; readonly crv: string; readonly size: number; readonly bits: number }>> = {
  13: { kty: 'EC', crv: 'P-256', size: 32, bits: 256 }, 14: { kty: 'EC', crv: 'P-384', size: 48, bits: 384 }, 15: { kty: 'OKP', crv: 'Ed25519', size: 32, bits: 256 }, 16: { kty: 'OKP', crv: 'Ed448', size: 57, bits: 456 },
}
const largestModulus = 1_024
/** Keys of one tag that a signature is tried with. */
const mostKeysPerTag = 2
const mostSignatures = 4

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Of a DNSKEY record; null for what is none. */
export function readKey(record: DnsRecord): ZoneKey | null {
  const rdata = view(record.rdata)
  if (record.type !== 'DNSKEY' || rdata.length < 5) return null
  const flags = rdata.readUInt16BE(0)
  const algorithm = rdata.readUInt8(3)
  const { key, bits } = publicKey(algorithm, rdata.subarray(4))
  return { flags, protocol: rdata.readUInt8(2), algorithm, tag: keyTag(rdata), entry: (flags & 1) === 1, bits, key, rdata: record.rdata }
}

/** RFC 4034, appendix B. */
function keyTag(rdata: Buffer): number {
  let sum = 0
  for (const [at, byte] of rdata.entries()) sum += (at & 1) === 1 ? byte : byte << 8
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff
}

function publicKey(algorithm: number, data: Buffer): { readonly key: KeyObject | null; readonly bits: number | null } {
  const none = { key: null, bits: null }
  try {
    const curve = curves[algorithm]
    if (curve !== undefined) {
      if (data.length !== (curve.kty === 'EC' ? 2 : 1) * curve.size) return none
      const x = data.subarray(0, curve.size).toString('base64url')
      const jwk = curve.kty === 'EC' ? { kty: 'EC', crv: curve.crv, x, y: data.subarray(curve.size).toString('base64url') } : { kty: 'OKP', crv: curve.crv, x }
      return { key: createPublicKey({ key: jwk, format: 'jwk' }), bits: curve.bits }
    }
    if (![1, 5, 7, 8, 10].includes(algorithm)) return none
    // RFC 3110, 2: the exponent's length is one byte, or three.
    const long = data.readUInt8(0) === 0
    const size = long ? data.readUInt16BE(1) : data.readUInt8(0)
    const from = long ? 3 : 1
    const exponent = data.subarray(from, from + size)
    const modulus = data.subarray(from + size)
    if (exponent.length !== size || size > 8 || modulus.length === 0 || modulus.length > largestModulus) return none
    const key = createPublicKey({ key: { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') }, format: 'jwk' })
    return { key, bits: key.asymmetricKeyDetails?.modulusLength ?? modulus.length * 8 }
  } catch {
    // A point that is on no curve, a length beyond the end: the key is one that nothing can be checked with.
    return none
  }
}

/** Of an RRSIG record; null for what is none. */
export function readSignature(record: DnsRecord): Signature | null {
  const [, covers, algorithm, labels, originalTtl, , , tag, signer] = /^(\S+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) ((?:\\[^]|[^\\ ])+) /.exec(record.data) ?? []
  if (record.type !== 'RRSIG' || covers === undefined || signer === undefined) return null
  const rdata = view(record.rdata)
  const name = nameOrNull(signer)
  if (name === null) return null
  return { covers, algorithm: Number(algorithm), labels: Number(labels), originalTtl: Number(originalTtl), expiration: rdata.readUInt32BE(8), inception: rdata.readUInt32BE(12), tag: Number(tag), signer: name }
}

/** Records of one name and type, and what the best of their signatures is worth at `now` (ms since 1970). `expiresInMs` of that one. */
export function judgeSet(set: readonly DnsRecord[], signatures: readonly DnsRecord[], keys: readonly ZoneKey[], zone: Bytes, now: number): { readonly verdict: SignatureVerdict | 'unsigned'; readonly expiresInMs: number | null } {
  const [first] = set
  if (first === undefined) return { verdict: 'unsigned', expiresInMs: null }
  const owner = canonicalName(first.name)
  const worth: readonly SignatureVerdict[] = ['valid', 'expired', 'not_yet_valid', 'unsupported', 'wrong', 'no_key']
  let best: SignatureVerdict | null = null
  let expiresInMs: number | null = null
  const own = signatures.filter(record => nameOrNull(record.name) === owner).map(record => ({ record, signature: readSignature(record) })).filter(({ signature }) => signature?.covers === first.type)
  for (const { record, signature } of own.slice(0, mostSignatures)) {
    const verdict = signature === null ? 'wrong' : judge(set, record, signature, keys, zone, owner, now)
    if (best !== null && worth.indexOf(verdict) >= worth.indexOf(best)) continue
    best = verdict
    expiresInMs = signature === null ? null : apart32(signature.expiration, now) * 1_000
  }
  return { verdict: best ?? 'unsigned', expiresInMs }
}

/** Seconds from `now` to a time of 32 bits, which is the nearest that it may mean (RFC 4034, 3.1.5). */
const apart32 = (seconds: number, now: number): number => (seconds - (Math.floor(now / 1_000) >>> 0)) | 0

function judge(set: readonly DnsRecord[], record: DnsRecord, signature: Signature, keys: readonly ZoneKey[], zone: Bytes, owner: Bytes, now: number): SignatureVerdict {
  const labels = labelsIn(owner)
  if (signature.signer !== zone || signature.labels > labels.length) return 'wrong'
  const fitting = keys.filter(key => key.tag === signature.tag && key.algorithm === signature.algorithm && (key.flags & 0x0100) !== 0 && key.protocol === 3).slice(0, mostKeysPerTag)
  if (fitting.length === 0) return 'no_key'
  if (fitting.every(({ key }) => key === null) || hashes[signature.algorithm] === undefined) return 'unsupported'
  const rdata = view(record.rdata)
  const signer = encodeName(signature.signer === '' ? '.' : signature.signer)
  const prefix = 18 + signer.length
  // RFC 4034, 3.1.3: fewer labels than the name has say that a wildcard was signed.
  const signedOwner = signature.labels < labels.filter((label, at) => at > 0 || label !== '*').length ? `*.${labels.slice(labels.length - signature.labels).join('.')}` : owner
  const data = Buffer.concat([rdata.subarray(0, prefix), ...canonicalSet(set, signedOwner, signature.originalTtl)])
  const bytes = rdata.subarray(prefix)
  const hash = hashes[signature.algorithm] ?? null
  const genuine = fitting.some(({ key }) => key !== null && verified(hash, data, key, bytes))
  if (!genuine) return 'wrong'
  if (apart32(signature.expiration, now) < 0) return 'expired'
  return apart32(signature.inception, now) > 0 ? 'not_yet_valid' : 'valid'
}

function verified(hash: string | null, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(hash, data, key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key, signature)
  } catch {
    // OpenSSL throws for what cannot be a signature of this key.
    return false
  }
}

/** RFC 4034, 6.3: the records in the order of their data, each once. */
function canonicalSet(set: readonly DnsRecord[], owner: Bytes, ttl: number): Buffer[] {
  const name = encodeName(owner === '' ? '.' : owner)
  const sorted = set.map(record => view(record.rdata)).toSorted(Buffer.compare)
  return sorted.filter((rdata, at) => at === 0 || !rdata.equals(sorted[at - 1]!)).map(rdata => {
    const head = Buffer.alloc(10)
    head.writeUInt16BE(typeNumber(set[0]!.type) ?? 0, 0)
    head.writeUInt16BE(1, 2)
    head.writeUInt32BE(ttl, 4)
    head.writeUInt16BE(rdata.length, 8)
    return Buffer.concat([name, head, rdata])
  })
}

export type Digest = { readonly tag: number; readonly algorithm: number; readonly kind: number; readonly digest: string }

/** Of a DS record; null for what is none. */
export function readDigest(record: DnsRecord): Digest | null {
  const [, tag, algorithm, kind, digest] = /^(\d+) (\d+) (\d+) ([0-9A-F]*)$/.exec(record.data) ?? []
  return record.type !== 'DS' || digest === undefined ? null : { tag: Number(tag), algorithm: Number(algorithm), kind: Number(kind), digest }
}

const digestHashes: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }

/** Whether a DS record of the parent is of this key (RFC 4034, 5.1.4). null where its kind of digest is not known. */
export function namesKey({ tag, algorithm, kind, digest }: Digest, key: ZoneKey, zone: Bytes): boolean | null {
  const hash = digestHashes[kind]
  if (hash === undefined) return null
  return tag === key.tag && algorithm === key.algorithm && createHash(hash).update(encodeName(zone === '' ? '.' : zone)).update(key.rdata).digest('hex').toUpperCase() === digest
}
