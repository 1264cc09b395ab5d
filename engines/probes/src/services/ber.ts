// ASN.1's basic encoding (X.690), as far as LDAP and SNMP need it. Invariant: Malformed, and nothing else, for what is none (parsers.test.ts).
import type { Bytes } from '../bytes.ts'
import { Cursor, Malformed, uint } from './cursor.ts'
import type { Framing } from './conversation.ts'

export const encode = (tag: number, content: Bytes): Bytes => {
  const { length } = content
  return String.fromCharCode(tag) + (length < 128 ? uint(length, 1) : length < 256 ? `\x81${uint(length, 1)}` : `\x82${uint(length, 2)}`) + content
}
export const sequence = (...parts: readonly Bytes[]): Bytes => encode(0x30, parts.join(''))
export const integer = (value: number): Bytes => encode(2, value < 128 ? uint(value, 1) : uint(value, 4))
export const octets = (text: Bytes): Bytes => encode(4, text)

export type Element = { readonly tag: number; readonly content: Bytes }

/** Errors: Malformed. */
export function read(cursor: Cursor): Element {
  const tag = cursor.uint(1)
  const first = cursor.uint(1)
  if (first === 0x80 || first > 0x84) throw new Malformed({ en: 'a length of ASN.1 is too long or has none', ko: 'ASN.1 길이가 너무 길거나 없음' })
  const length = first < 0x80 ? first : cursor.uint(first & 0x7f)
  return { tag, content: cursor.bytes(length) }
}

/** The elements of one that is made of others. Errors: Malformed. */
export function children({ content }: Element): Element[] {
  const cursor = new Cursor(content)
  const list: Element[] = []
  while (cursor.left > 0) list.push(read(cursor))
  return list
}

export const numberOf = ({ content }: Element): number => new Cursor(content.slice(-6)).uint(Math.min(6, content.length))

/** '1.3.6.1.2.1': numbers of seven bits a byte. */
export function objectId({ content }: Element): string {
  const numbers: number[] = []
  let value = 0
  for (const byte of content) {
    value = (value * 128 + (byte.charCodeAt(0) & 0x7f)) % 2 ** 40
    if (byte.charCodeAt(0) >= 0x80) continue
    if (numbers.length === 0) numbers.push(...(value < 80 ? [Math.floor(value / 40), value % 40] : [2, value - 80]))
    else numbers.push(value)
    value = 0
  }
  return numbers.join('.')
}

/** One whole element. */
export const element: Framing = (heard) => {
  if (heard.length < 2) return null
  const first = heard.charCodeAt(1)
  const more = first < 0x80 ? 0 : first & 0x7f
  if (more > 4) return heard.length
  if (heard.length < 2 + more) return null
  const length = 2 + more + (more === 0 ? first : new Cursor(heard, 2).uint(more))
  return heard.length >= length ? length : null
}
