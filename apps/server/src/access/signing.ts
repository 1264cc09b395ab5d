// What a signature covers and whether it holds, for both schemes; no key store, no clock, no replay cache. Everything is verified over
// the bytes that arrived. Defended by signing.test.ts (RFC 9421 appendix B, a second implementation, property tests).
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify as verifyAsymmetric } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { httpbis } from 'http-message-signatures'
import { HaechiError } from '../platform/errors.ts'

/** Seconds either side of the server's time in which a signature is taken. */
export const signatureWindow = 300

export type SigningKey =
  | { readonly algorithm: 'hmac-sha256'; readonly secret: Uint8Array }
  | { readonly algorithm: 'ed25519'; readonly publicKey: KeyObject }

/** A signature that was read but not believed yet. */
export type SignatureClaim = {
  readonly scheme: 1 | 2
  readonly keyId: string
  /** Milliseconds since the epoch. */
  readonly signedAt: number
  /** Scheme 2 may end its own window earlier. */
  readonly expiresAt: number | null
  readonly signature: Uint8Array
  /** Whether `key` made this signature over the request with this body. Errors: content_digest_mismatch, signature_incomplete (a body without a covered digest), both only for a signature that holds. */
  holds(key: SigningKey, body: Uint8Array): boolean
}

export type SignedRequest = {
  readonly method: string
  /** Without query and deployment prefix. */
  readonly path: string
  /** As routed: prefix stripped, doubled slashes collapsed. */
  readonly url: URL
  /** As sent. */
  readonly target: URL
  readonly headers: Headers
}

/** Scheme 1 (design, mdr-api.md): hex HMAC-SHA256 over METHOD, path, timestamp and body, joined by newlines. Errors: signature_incomplete, signature_invalid, signature_timestamp_invalid. */
export function readScheme1(request: SignedRequest): SignatureClaim {
  const header = (name: string): string => {
    const value = request.headers.get(name)
    if (value === null || value === '') throw new HaechiError('signature_incomplete', { missing: name })
    return value
  }
  const keyId = header('X-API-Key')
  const timestamp = header('X-Timestamp')
  const hex = header('X-Signature')
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new HaechiError('signature_invalid')
  const signature = Buffer.from(hex, 'hex')
  const signedAt = parseTimestamp(timestamp)
  return {
    scheme: 1, keyId, signedAt, expiresAt: null, signature,
    holds: (key, body) => key.algorithm === 'hmac-sha256' && timingSafeEqual(scheme1Signature(key.secret, request.method, request.path, timestamp, body), signature),
  }
}

export const scheme1Signature = (secret: Uint8Array, method: string, path: string, timestamp: string, body: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`${method}\n${path}\n${timestamp}\n`).update(body).digest()

/** ISO 8601 with a time; naive means UTC. Milliseconds since the epoch. Errors: signature_timestamp_invalid. */
export function parseTimestamp(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  const refuse = () => new HaechiError('signature_timestamp_invalid', { given: text.slice(0, 60) })
  if (match === null) throw refuse()
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const time = Date.UTC(year, month - 1, day, hour, minute, second)
  const read = new Date(time)
  if (read.getUTCMonth() !== month - 1 || read.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) throw refuse()
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const zone = match[8]
  if (zone === undefined || zone === 'Z') return time + milliseconds
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 23 || minutes > 59) throw refuse()
  return time + milliseconds - (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

const requiredComponents = ['@method', '@authority', '@path', '@query'] as const
const requiredParameters = ['created', 'expires', 'nonce', 'keyid'] as const

/**
 * Scheme 2: HTTP Message Signatures (RFC 9421), one signature, over at least @method, @authority, @path, @query and, where there is a body,
 * Content-Digest (RFC 9530), with created, expires, nonce and keyid.
 * Behind a prefix either path is taken, the one sent and the one routed. Errors: signature_incomplete, signature_invalid, credentials_malformed.
 */
export async function readScheme2(request: SignedRequest): Promise<SignatureClaim> {
  const readings = await Promise.all(
    (request.target.href === request.url.href ? [request.target] : [request.target, request.url]).map((url) => readSignature(request.method, url, request.headers)))
  const { parameters, signature } = readings[0]!
  const bases = readings.map((reading) => reading.base)
  for (const name of requiredParameters) {
    if (parameters[name] === undefined) throw new HaechiError('signature_incomplete', { missing: name })
  }
  for (const component of requiredComponents) {
    if (!covers(bases[0]!, component)) throw new HaechiError('signature_incomplete', { missing: component })
  }
  const { keyid, alg } = parameters
  const created = seconds(parameters['created'])
  const expires = seconds(parameters['expires'])
  if (typeof keyid !== 'string' || created === undefined || expires === undefined || typeof parameters['nonce'] !== 'string' || parameters['nonce'] === '') throw new HaechiError('signature_invalid')
  return {
    scheme: 2, keyId: keyid, signedAt: created * 1_000, expiresAt: expires * 1_000, signature,
    holds(key, body) {
      if (alg !== undefined && alg !== key.algorithm) return false
      if (!bases.some((base) => signs(key, base, signature))) return false
      const digested = covers(bases[0]!, 'content-digest')
      if (!digested && body.length > 0) throw new HaechiError('signature_incomplete', { missing: 'content-digest' })
      if (digested && !digestMatches(request.headers.get('content-digest') ?? '', body)) throw new HaechiError('content_digest_mismatch')
      return true
    },
  }
}

const seconds = (value: unknown): number | undefined => {
  const time = value instanceof Date ? value.getTime() / 1_000 : value
  return typeof time === 'number' && Number.isSafeInteger(time) && time >= 0 ? time : undefined
}

/** A component counts only without parameters: `"content-digest";key="sha-512"` would leave the rest of the field unsigned. */
const covers = (base: string, component: string): boolean => base.split('\n').some((line) => line.startsWith(`"${component}": `))

/** The signature base (RFC 9421 2.5) of the one signature in the message. Errors: signature_invalid (none or several), credentials_malformed. */
export async function readSignature(method: string, url: URL, headers: Headers): Promise<{ base: string; signature: Uint8Array; parameters: Readonly<Record<string, unknown>> }> {
  const found: { base: string; signature: Uint8Array; parameters: Record<string, unknown> }[] = []
  try {
    await httpbis.verifyMessage({
      // The library would judge times by the machine's clock; ours are judged by the injected one.
      tolerance: Number.MAX_SAFE_INTEGER / 2,
      keyLookup: async (parameters) => ({
        // oxlint-disable-next-line require-await -- the library's type asks for a promise
        verify: async (base: Buffer, signature: Buffer) => {
          found.push({ base: base.toString('utf8'), signature, parameters: { ...parameters } })
          return true
        },
      }),
    }, { method, url, headers: Object.fromEntries(headers) })
  } catch (cause) {
    throw new HaechiError('credentials_malformed', { header: 'Signature-Input', expected: 'RFC 9421' }, { cause })
  }
  if (found.length !== 1) throw new HaechiError('signature_invalid')
  return found[0]!
}

function signs(key: SigningKey, base: string, signature: Uint8Array): boolean {
  if (key.algorithm === 'ed25519') return verifyAsymmetric(null, Buffer.from(base), key.publicKey, signature)
  const expected = createHmac('sha256', key.secret).update(base).digest()
  return signature.length === expected.length && timingSafeEqual(expected, signature)
}

/** RFC 9530: every digest of an algorithm that we know must match, and one must be there. */
export function digestMatches(field: string, body: Uint8Array): boolean {
  let known = 0
  for (const member of field.split(',')) {
    const match = /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*$/.exec(member)
    if (match === null) return false
    const algorithm = { 'sha-256': 'sha256', 'sha-512': 'sha512' }[match[1]!]
    if (algorithm === undefined) continue
    known++
    const given = Buffer.from(match[2]!, 'base64')
    const expected = createHash(algorithm).update(body).digest()
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
  }
  return known > 0
}

/** An Ed25519 public key as PEM (SPKI) or as the base64 of its 32 bytes (RFC 8032). Returns PEM, or undefined when it is neither. */
export function ed25519PublicKey(text: string): string | undefined {
  const raw = Buffer.from(text.trim(), 'base64')
  try {
    const key = !text.includes('BEGIN') && raw.length === 32
      ? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
      : createPublicKey(text)
    // createPublicKey would also take the public half out of a private key: that must not have been sent here.
    if (key.asymmetricKeyType !== 'ed25519' || text.includes('PRIVATE')) return undefined
    return key.export({ type: 'spki', format: 'pem' }).toString()
  } catch {
    return undefined
  }
}
