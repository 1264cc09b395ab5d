// Hashes, keyed hashes, ciphers and tokens.
import { constants, createCipheriv, createHash, createHmac, createPublicKey, publicEncrypt } from 'node:crypto'
import type { Bytes } from '../model.ts'
import { toText } from './convert.ts'
import { goJson, jsonObject } from './encodings.ts'
import { EvaluationError } from './evaluation.ts'
import { helper, ofText, remembered, textOf, unreadable, type HelperFunction } from './helper-function.ts'

const buffer = (bytes: Bytes): Buffer => Buffer.from(bytes, 'latin1')

const hash = (algorithm: string): HelperFunction => ofText(remembered((value) => createHash(algorithm).update(value, 'latin1').digest('hex')))

/** MurmurHash3 for 32 bits with seed 0 (github.com/aappleby/smhasher), as a signed number: what search engines call the hash of a favicon. */
function murmur3(bytes: Bytes): number {
  const data = buffer(bytes)
  let state = 0
  const mixed = (block: number): number => {
    const product = Math.imul(block, 0xcc9e2d51)
    return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
  }
  const whole = data.length & ~3
  for (let at = 0; at < whole; at += 4) {
    state ^= mixed(data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24))
    state = (state << 13) | (state >>> 19)
    state = (Math.imul(state, 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let at = data.length - 1; at >= whole; at--) rest = (rest << 8) | data[at]!
  if (whole < data.length) state ^= mixed(rest)
  state ^= data.length
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return state ^ (state >>> 16)
}

const aes = (key: Buffer, mode: string): string => {
  if (![16, 24, 32].includes(key.length)) throw new EvaluationError('wrong_arguments', 'A key of AES has 16, 24 or 32 bytes.')
  return `aes-${key.length * 8}-${mode}`
}

const keyed: Readonly<Record<string, string>> = { sha1: 'sha1', 'sha-1': 'sha1', sha256: 'sha256', 'sha-256': 'sha256', sha512: 'sha512', 'sha-512': 'sha512' }
const signed: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }

export const cryptography: Readonly<Record<string, HelperFunction>> = {
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  mmh3: ofText(remembered((value) => String(murmur3(value)))),
  hmac: helper(3, 3, ([algorithm, data, key]) => {
    const known = keyed[toText(algorithm!)]
    if (known === undefined) throw new EvaluationError('wrong_arguments', 'hmac() knows sha1, sha256 and sha512.')
    return createHmac(known, buffer(textOf(key, 'The key'))).update(textOf(data, 'The data'), 'latin1').digest('hex')
  }),
  aes_cbc: helper(3, 3, ([value, key, vector]) => {
    const secret = buffer(textOf(key, 'The key'))
    const start = buffer(textOf(vector, 'The initialization vector'))
    if (start.length !== 16) throw new EvaluationError('wrong_arguments', 'An initialization vector of AES has 16 bytes.')
    const cipher = createCipheriv(aes(secret, 'cbc'), secret, start)
    return cipher.update(textOf(value, 'The text'), 'latin1', 'latin1') + cipher.final('latin1')
  }),
  aes_gcm: helper(2, 2, ([key, value], scope) => {
    const secret = buffer(textOf(key, 'The key'))
    const nonce = Buffer.from(Array.from({ length: 12 }, () => scope.environment.random() & 0xff))
    const cipher = createCipheriv(aes(secret, 'gcm') as 'aes-256-gcm', secret, nonce)
    return nonce.toString('latin1') + cipher.update(textOf(value, 'The text'), 'latin1', 'latin1') + cipher.final('latin1') + cipher.getAuthTag().toString('latin1')
  }),
  // PKCS#1 v1.5, as browsers' JSEncrypt; the padding is drawn by the library.
  rsa_encrypt: helper(2, 2, ([value, pem]) => {
    try {
      const key = createPublicKey(textOf(pem, 'The key'))
      if (key.asymmetricKeyType !== 'rsa') throw new TypeError('another kind of key')
      return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, buffer(textOf(value, 'The text'))).toString('base64')
    } catch (error) {
      if (error instanceof EvaluationError) throw error
      throw unreadable('rsa_encrypt() takes a text that fits and a public RSA key in PEM.')
    }
  }),
  generate_jwt: helper(2, 4, ([json, algorithm, key, until], scope) => {
    const payload = jsonObject(textOf(json, 'The claims'), 'generate_jwt') ?? {}
    const given = textOf(algorithm, 'The algorithm')
    const name = given.toUpperCase()
    const none = given.trim().toLowerCase() === 'none'
    const digest = signed[name]
    if (!none && name !== '' && digest === undefined) throw new EvaluationError('wrong_arguments', 'generate_jwt() signs with HS256, HS384, HS512 or none: for others it would need a key that a text is not.')
    let claims = goJson(payload)
    if (until !== undefined) {
      const expires = Math.trunc(Number(toText(until)))
      if (!Number.isSafeInteger(expires)) throw unreadable('generate_jwt() was given an end that is no point in time.')
      const standard = `"iat":${Math.floor(scope.environment.now() / 1000)},"exp":${expires}`
      claims = claims === '{}' ? `{${standard}}` : `${claims.slice(0, -1)},${standard}}`
    }
    const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('base64url')
    const head = `${encoded(goJson({ alg: none ? given : name === '' ? 'NONE' : name, typ: 'JWT' }))}.${encoded(claims)}`
    return `${head}.${digest === undefined || none ? '' : createHmac(digest, buffer(key === undefined ? '' : textOf(key, 'The key'))).update(head).digest('base64url')}`
  }),
}
