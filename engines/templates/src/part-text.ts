// A part of an answer as matchers read it: bytes, without case, as Unicode, as a document. Many templates read the same answer, so what was made of the last
// few parts is kept. Defended by operators.test.ts.
import { lower } from './dsl/convert.ts'
import { isAscii } from '@haechi/probes/wire'
import type { Json } from './jq.ts'
import { readHtml, readXml } from './markup.ts'
import type { Node } from './markup.ts'
import type { Bytes } from './model.ts'

const KEPT = 8

/**
 * UTF-8 as Unicode; a byte that belongs to no character is the lone surrogate U+DC00 + byte, so that it is one character to an expression (as it is to Go)
 * and becomes the same byte again.
 */
export function decoded(bytes: Bytes): string {
  if (isAscii(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  if (!text.includes('\uFFFD')) return text
  let result = ''
  let from = 0
  for (let at = 0; at < bytes.length;) {
    const length = characterAt(bytes, at)
    if (length === 0) {
      result += Buffer.from(bytes.slice(from, at), 'latin1').toString('utf8') + String.fromCharCode(0xDC00 + bytes.charCodeAt(at))
      from = at += 1
    } else at += length
  }
  return result + Buffer.from(bytes.slice(from), 'latin1').toString('utf8')
}

/** Of a character in UTF-8 (RFC 3629), in bytes; 0: none begins here. */
function characterAt(bytes: Bytes, at: number): number {
  const first = bytes.charCodeAt(at)
  if (first < 0x80) return 1
  const length = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xC2 && first < 0xE0 ? 2 : 0
  for (let next = 1; next < length; next += 1) if ((bytes.charCodeAt(at + next) & 0xC0) !== 0x80) return 0
  const second = bytes.charCodeAt(at + 1)
  return (first === 0xE0 && second < 0xA0) || (first === 0xED && second > 0x9F) || (first === 0xF0 && second < 0x90) || (first === 0xF4 && second > 0x8F) ? 0 : length
}

const byteOfLone = /[\uDC80-\uDCFF]/g

/** What `decoded` was made of. */
export function encoded(text: string): Bytes {
  if (isAscii(text)) return text
  if (text.isWellFormed()) return Buffer.from(text, 'utf8').toString('latin1')
  let result = ''
  let from = 0
  byteOfLone.lastIndex = 0
  for (let found = byteOfLone.exec(text); found !== null; found = byteOfLone.exec(text)) {
    const before = text.charCodeAt(found.index - 1)
    if (before >= 0xD800 && before < 0xDC00) continue
    result += Buffer.from(text.slice(from, found.index), 'utf8').toString('latin1') + String.fromCharCode(text.charCodeAt(found.index) - 0xDC00)
    from = found.index + 1
  }
  return result + Buffer.from(text.slice(from), 'utf8').toString('latin1')
}

export class PartText {
  readonly bytes: Bytes
  #lower: Bytes | null = null
  #text: string | null = null
  #document: Node | null | undefined
  #json: { readonly value: Json | undefined } | null = null

  constructor(bytes: Bytes) {
    this.bytes = bytes
  }

  get lower(): Bytes {
    return this.#lower ??= lower(this.bytes)
  }

  get text(): string {
    return this.#text ??= decoded(this.bytes)
  }

  /** undefined: it is no JSON. */
  get json(): Json | undefined {
    if (this.#json === null) {
      try {
        this.#json = { value: JSON.parse(this.text) as Json }
      } catch {
        this.#json = { value: undefined }
      }
    }
    return this.#json.value
  }

  /** null: it begins as XML and is none. Errors: PatternError `exhausted`. */
  get document(): Node | null {
    if (this.#document === undefined) this.#document = this.bytes.startsWith('<?xml') ? readXml(inDeclaredEncoding(this.bytes, this.text)) : readHtml(this.text)
    return this.#document
  }
}

function inDeclaredEncoding(bytes: Bytes, text: string): string {
  const label = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(bytes)?.[1]
  if (label === undefined || /^(?:utf-?8|us-ascii)$/i.test(label)) return text
  try {
    return new TextDecoder(label).decode(Buffer.from(bytes, 'latin1'))
  } catch (error) {
    // No such encoding.
    if (error instanceof RangeError) return ''
    throw error
  }
}

const recent: PartText[] = []

/** What is known of a part, or a new one; those asked for last are kept. */
export function partText(bytes: Bytes): PartText {
  for (let at = recent.length - 1; at >= 0; at -= 1) {
    const known = recent[at]!
    if (known.bytes === bytes) return known
  }
  const part = new PartText(bytes)
  if (recent.length >= KEPT) recent.shift()
  recent.push(part)
  return part
}
