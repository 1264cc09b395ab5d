// Examples of rules are written with places to draw: '{base62:36}' is thirty-six characters of that alphabet, drawn from a seed, so that no text of this project looks like a key.
// '{github:6}' are the check digits of what stands before it behind the last `_`; secrets.integration.test.ts holds that each name is known.
import { crc32 } from 'node:zlib'

const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()
const alphabets: Readonly<Record<string, string>> = {
  digits, lower, upper, letters: upper + lower, alnum: digits + lower, upnum: digits + upper, base62: digits + upper + lower,
  hex: `${digits}abcdef`, HEX: `${digits}ABCDEF`, base32: `${upper}234567`, lowbase32: `${lower}234567`, base64: `${upper}${lower}${digits}+/`, base64url: `${upper}${lower}${digits}-_`, age: 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', consonants: 'bcdfghjklmnpqrstvwxz',
}

/** `example` with all its places drawn, as bytes (latin1). The same example and seed give the same text. Errors: RangeError for a name that is none. */
export function draw(example: string, seed: string): string {
  let state = crc32(`${seed} ${example}`)
  // xorshift32 (Marsaglia, 2003)
  const next = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  let drawn = ''
  let copied = 0
  for (const match of example.matchAll(/\{([A-Za-z0-9]+):(\d+)\}/g)) {
    drawn += Buffer.from(example.slice(copied, match.index)).toString('latin1')
    copied = match.index + match[0].length
    const [, name = '', count = ''] = match
    const alphabet = alphabets[name]
    const some = (letters: string, length: number): string => Array.from({ length }, () => letters[next(letters.length)]).join('')
    if (alphabet !== undefined) drawn += some(alphabet, Number(count))
    else if (name === 'uuid') drawn += [8, 4, 4, 4, 12].map((length) => some(alphabets['hex']!, length)).join('-')
    else if (name === 'github') drawn += checkDigits(/[^_]*$/.exec(drawn)![0])
    else throw new RangeError(`there is no ${name} to draw`)
  }
  return drawn + Buffer.from(example.slice(copied)).toString('latin1')
}

/** CRC-32 of the text in six base62 digits, as GitHub and npm end their tokens with. */
function checkDigits(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let count = 0; count < 6; count++) {
    written = alphabets['base62']![rest % 62]! + written
    rest = Math.floor(rest / 62)
  }
  return written
}
