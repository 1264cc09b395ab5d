// `# digest: SIGNATURE:SIGNER` at the end of a template (Nuclei, pkg/templates/signer): an ECDSA P-256 signature over SHA-256 of all that stands before it,
// trimmed, in Go's gob encoding of a byte slice; the signer is the MD5 of the key's X. One changed byte makes it `wrong`: signature.test.ts holds it.
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Signature } from './model.ts'

/** Public keys by signer, as the digest line names them. */
export type Keys = ReadonlyMap<string, KeyObject>

const point = /^[0-9a-f]{64}$/

/** A P-256 key by its coordinates (hexadecimal), with the name that its signatures carry. Throws where the point is not on the curve. */
export function signerKey(x: string, y: string): readonly [signer: string, key: KeyObject] {
  if (!point.test(x) || !point.test(y)) throw new TypeError('A coordinate is 64 hexadecimal digits.')
  const coordinate = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: coordinate(x), y: coordinate(y) }, format: 'jwk' })
  // Go's big.Int leaves leading zeros out.
  return [createHash('md5').update(Buffer.from(x.replace(/^(?:00)+/, ''), 'hex')).digest('hex'), key]
}

/** What `openssl ec -pubout` gives, a certificate, or what Nuclei keeps as nuclei-user.crt (PEM). Throws where it is no P-256 key. */
export function signerKeyOf(pem: string): readonly [signer: string, key: KeyObject] {
  const { kty, crv, x, y } = createPublicKey(pem.replaceAll('PD NUCLEI USER CERTIFICATE', 'CERTIFICATE')).export({ format: 'jwk' })
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw new TypeError('Templates are signed with keys on the curve P-256.')
  return signerKey(Buffer.from(x, 'base64url').toString('hex'), Buffer.from(y, 'base64url').toString('hex'))
}

/**
 * ProjectDiscovery's key for the public templates (signer 922c64590222798bb761d5b6d8e72950). Recovered from the signatures of the corpus: each allows two keys
 * (SEC 1, 4.1.6), one is common to all, and its MD5 is the signer's name; signature.integration.test.ts does it again.
 */
export const publicTemplatesKey = signerKey('936a2138d47ecb5ae74548c09f9ea82e40cc04b5eeddcff1517cada599ecc4d3', '6c3e236570712de3e5c3f035aa9844026442193afbb962d06a46f5f6f5d45b36')

const marker = Buffer.from('# digest: ')
const line = /^# digest: ([0-9a-f]{16,400}):([0-9a-f]{1,64})\s*$/
/** A gob message of one byte slice: its length, type 5 negated, zero, then the slice behind its own length. All fit in a byte here. */
const GOB_BYTES = Buffer.from('0a00', 'hex')

/** The digest line of a file apart from what it signs; null without one. */
export function splitSignature(content: Uint8Array): { readonly der: Uint8Array; readonly signer: string; readonly signed: Uint8Array } | null {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const at = bytes.lastIndexOf(marker)
  if (at === -1) return null
  const parts = line.exec(bytes.toString('latin1', at))
  if (parts === null) return null
  const gob = Buffer.from(parts[1]!, 'hex')
  const framed = gob[0] === gob.length - 1 && gob.subarray(1, 3).equals(GOB_BYTES) && gob[3] === gob.length - 4
  return { der: framed ? gob.subarray(4) : Buffer.alloc(0), signer: parts[2]!, signed: trimmed(bytes.subarray(0, at)) }
}

export function signatureOf(content: Uint8Array, keys: Keys): Signature | null {
  const split = splitSignature(content)
  if (split === null) return null
  const key = keys.get(split.signer)
  if (key === undefined) return { signer: split.signer, state: 'unknown_signer' }
  return { signer: split.signer, state: verify('sha256', split.signed, key, split.der) ? 'verified' : 'wrong' }
}

const isSpace = (byte: number | undefined): boolean => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13)

function trimmed(bytes: Buffer): Buffer {
  let from = 0
  let to = bytes.length
  while (from < to && isSpace(bytes[from])) from += 1
  while (to > from && isSpace(bytes[to - 1])) to -= 1
  return bytes.subarray(from, to)
}
