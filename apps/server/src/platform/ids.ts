import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `inc_01jd…`: a prefix, 48 bits of time and 80 random bits in Crockford base32 (the ULID layout), so ids sort by creation and are URL safe. */
export function newId(prefix: string, now: number): string {
  let id = ''
  for (let time = now, i = 0; i < 10; i++) {
    id = alphabet[time % 32]! + id
    time = Math.floor(time / 32)
  }
  const random = randomBytes(16)
  for (const byte of random) id += alphabet[byte & 31]!
  return `${prefix}_${id}`
}
