/**
 * A text whose characters are bytes (0 to 255), as Go's strings are: 'é' from a template's file is two of them. All texts of templates, requests and answers
 * are such, so that lengths, hashes, encodings and binary bodies are what Nuclei's are; they become Unicode only where a person reads them (`readable`).
 */
export type Bytes = string

const ascii = /^[\0-\x7f]*$/
const latin1 = /^[\0-\xff]*$/

/** Unicode as UTF-8, a character for each byte. */
export const bytesOf = (text: string): Bytes => (ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'))

/** For people: UTF-8 where it is such, else each byte by itself. What has been made readable stays so. */
export function readable(bytes: Bytes): string {
  if (ascii.test(bytes) || !latin1.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\uFFFD') ? bytes : text
}

export const isAscii = (bytes: Bytes): boolean => ascii.test(bytes)
