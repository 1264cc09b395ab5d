import type { Bytes } from './model.ts'

const ascii = /^[\0-\x7f]*$/

/** Unicode as UTF-8, a character for each byte. */
export const bytesOf = (text: string): Bytes => (ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'))

/** For people: UTF-8 where it is such, else each byte by itself. */
export function readable(bytes: Bytes): string {
  if (ascii.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\uFFFD') ? bytes : text
}

export const isAscii = (bytes: Bytes): boolean => ascii.test(bytes)
