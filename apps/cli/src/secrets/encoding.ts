// Texts in UTF-16, as PowerShell's '>' and exports of Windows write them, as UTF-8, and none with the mark of its encoding. Strict: whatever is no such text stays as
// it is, byte for byte. Defended by encoding.test.ts.
const sampled = 8_000

/** Has a NUL, a lone surrogate or what Unicode assigns to nothing: no text. */
const noText = /[\0\p{Cs}\p{Cn}]/u
const plain = /[\t\n\r -~]/g

/** Only the first bytes are looked at to know; the rest costs nothing where it is UTF-8. */
export function utf8Of(bytes: Buffer): Buffer {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3)
  const order = bytes[0] === 0xff && bytes[1] === 0xfe ? 'little' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'big' : null
  const head = bytes.subarray(0, sampled)
  if (order !== null) return noText.test(beginning(head.subarray(2), order)) ? bytes : Buffer.from(decoded(bytes.subarray(2), order))
  const said = head.includes(0) ? (['little', 'big'] as const).find((each) => isPlain(beginning(head, each))) : undefined
  return said === undefined ? bytes : Buffer.from(decoded(bytes, said))
}

type ByteOrder = 'little' | 'big'

/** A text without a mark is believed where three of four characters are ASCII. */
const isPlain = (text: string): boolean => !noText.test(text) && (text.match(plain)?.length ?? 0) * 4 >= text.length * 3 && text !== ''

function decoded(bytes: Buffer, order: ByteOrder): string {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2))
  return (order === 'big' ? Buffer.from(whole).swap16() : whole).toString('utf16le')
}

/** Without half of a pair where the sample ends. */
const beginning = (head: Buffer, order: ByteOrder): string => decoded(head, order).replace(/[\uD800-\uDBFF]$/, '')
