// Numbers and texts in messages. Invariant: reading beyond the end, or what the protocol does not allow, throws Malformed and nothing else (parsers.test.ts).
import type { Bytes } from '../bytes.ts'
import { TextError } from '../evidence.ts'

/** What came is not what its protocol allows. */
export class Malformed extends TextError {
  override readonly name = 'Malformed'
}

export class Cursor {
  readonly data: Bytes
  at: number

  constructor(data: Bytes, at = 0) {
    this.data = data
    this.at = at
  }

  get left(): number {
    return this.data.length - this.at
  }

  bytes(length: number): Bytes {
    if (length < 0 || length > this.left) throw new Malformed({ en: `${length} bytes are announced and ${this.left} are there`, ko: `길이는 ${length}바이트라고 하나 실제로는 ${this.left}바이트임` })
    this.at += length
    return this.data.slice(this.at - length, this.at)
  }

  rest(): Bytes {
    return this.bytes(this.left)
  }

  /** Big-endian, up to six bytes. */
  uint(length: number): number {
    let value = 0
    for (const byte of this.bytes(length)) value = value * 256 + byte.charCodeAt(0)
    return value
  }

  uintLe(length: number): number {
    let value = 0
    const bytes = this.bytes(length)
    for (let at = length - 1; at >= 0; at--) value = value * 256 + bytes.charCodeAt(at)
    return value
  }

  /** Up to a byte, which is passed over. */
  until(end: string): Bytes {
    const found = this.data.indexOf(end, this.at)
    if (found === -1) throw new Malformed({ en: 'a text has no end', ko: '끝이 없는 문자열' })
    const text = this.data.slice(this.at, found)
    this.at = found + end.length
    return text
  }
}

/** Big-endian. */
export function uint(value: number, length: number): Bytes {
  let text = ''
  for (let at = 0, left = value; at < length; at++, left = Math.floor(left / 256)) text = String.fromCharCode(left % 256) + text
  return text
}

export function uintLe(value: number, length: number): Bytes {
  let text = ''
  for (let at = 0, left = value; at < length; at++, left = Math.floor(left / 256)) text += String.fromCharCode(left % 256)
  return text
}

export const hex = (text: string): Bytes => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1')
export const utf16 = (text: string): Bytes => Buffer.from(text, 'utf16le').toString('latin1')
export const fromUtf16 = (bytes: Bytes): string => Buffer.from(bytes, 'latin1').toString('utf16le')
/** Numbers of 32 bits, drawn. */
export const drawn = (random: () => number, length: number): Bytes => {
  let text = ''
  while (text.length < length) text += uint(random() >>> 0, 4)
  return text.slice(0, length)
}

export const bytesIn = (bytes: Bytes): number[] => [...Buffer.from(bytes, 'latin1')]
