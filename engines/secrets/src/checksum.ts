// Secrets that carry their own proof: check digits, or a structure that chance does not make. A wrong one is no secret. Defended by checksum.test.ts.
import { crc32 } from 'node:zlib'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Six digits, the most significant first, as GitHub writes them (github.blog, "Behind GitHub's new authentication token formats", 2021). */
export function base62Check(text: string): string {
  let rest = crc32(Buffer.from(text, 'latin1'))
  let digits = ''
  while (digits.length < 6) {
    digits = base62[rest % 62]! + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

export type Checksum = {
  /** Whether the secret's own digits or structure hold. */
  holds(secret: string): boolean
}

/** The body of a token is behind its last `_`. */
const behindPrefix = (secret: string): string => secret.slice(secret.lastIndexOf('_') + 1)

/** RFC 7515 (and 7516): its first part is an object that names an algorithm, its second one an object too where it is not sealed. As texts: a token that was cut or copied badly was one too. */
function isJwt(secret: string): boolean {
  const [header = '', payload = ''] = secret.split('.', 2).map((part) => Buffer.from(part, 'base64').toString('latin1'))
  return /^\s*\{\s*"/.test(header) && header.includes('"alg"') && (header.includes('"enc"') || /^\s*\{\s*["}]/.test(payload))
}

/** RFC 7468: what stands between the lines is base64 of DER or of OpenSSH's own form; armour of OpenPGP is taken by its headers. */
function isPem(secret: string): boolean {
  const text = secret.replaceAll(/(?<!\\)\\+r?n|\\r/g, '\n')
  if (/BEGIN PGP/.test(text)) return /[A-Za-z0-9+/]{60,}/.test(text)
  if (/ENCRYPTED|Proc-Type/.test(text)) return /[A-Za-z0-9+/=]{40,}/.test(text)
  const body = text.replaceAll(/-----[A-Z ]+-----|Proc-Type:[^\n]*|DEK-Info:[^\n]*/g, '').replaceAll(/[^A-Za-z0-9+/=]/g, '')
  const bytes = Buffer.from(body, 'base64')
  if (bytes.length < 32) return false
  return bytes[0] === 0x30 || bytes.subarray(0, 14).toString('latin1') === 'openssh-key-v1'
}

/** By the name that rules give in `checksum`. */
export const checksums: Readonly<Record<string, Checksum>> = {
  /** ghp_, gho_, ghu_, ghs_, ghr_, npm_: thirty characters and six digits. */
  github: {
    holds: (secret) => base62Check(behindPrefix(secret).slice(0, -6)) === secret.slice(-6),
  },
  jwt: { holds: isJwt },
  pem: { holds: isPem },
}
