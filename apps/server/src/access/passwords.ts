import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { HaechiError } from '../platform/errors.ts'

export const minimumLength = 12
const longest = 1_024
// OWASP's argon2id profile: 19 MiB, two passes, one lane (RFC 9106 PHC string in the database, so it can be raised later).
const profile = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password.normalize('NFC'), profile)

let nobody: Promise<string> | undefined
/** Takes as long for an unknown user (`stored` undefined) as for a wrong password. */
export async function passwordMatches(stored: string | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword(randomBytes(16).toString('hex'))
  const matches = await verify(stored ?? await nobody, password.slice(0, longest).normalize('NFC'))
  return stored !== undefined && matches
}

/** Errors: password_too_short, password_unchanged. */
export function checkNewPassword(wanted: string, old: string): void {
  if (Array.from(wanted.normalize('NFC')).length < minimumLength) throw new HaechiError('password_too_short', { minimum: minimumLength })
  if (wanted.normalize('NFC') === old.normalize('NFC')) throw new HaechiError('password_unchanged')
}

/** 100 random bits in groups that can be read out: `k3xv-9m2q-…`. */
export function oneTimePassword(): string {
  const alphabet = '23456789abcdefghjkmnpqrstuvwxyz2'
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte & 31]!).join('')
  return letters.match(/.{4}/g)!.join('-')
}
