// The bytes of a saved state: a mark, a version, then numbers and words, then the SHA-256 of it all. What the bytes mean is the correlator's.
// Numbers are LEB128; a signed one has its sign beside the first six bits.
import { createHash } from 'node:crypto'
import type { Correlation } from './rule.ts'

export type CorrelatorErrorCode =
  /** The number of an event that the caller gave is none. */
  | 'ref_invalid'
  /** The bytes are no state of a correlator. */
  | 'state_foreign'
  /** A state that another version wrote. */
  | 'state_version'
  /** The bytes are not those that were saved. */
  | 'state_corrupt'

export class CorrelatorError extends Error {
  override readonly name = 'CorrelatorError'
  readonly code: CorrelatorErrorCode

  constructor(code: CorrelatorErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const MARK = [0x48, 0x53, 0x43, 0x53]
const VERSION = 1
const DIGEST = 32
const corrupt = (): CorrelatorError => new CorrelatorError('state_corrupt', 'the saved state is damaged or cut off')

const sha256 = (bytes: Uint8Array | string): Uint8Array => createHash('sha256').update(bytes).digest()

/** What of a correlation its state depends on. */
export function definitionOf({ type, rules, groupBy, aliases, timespan, condition, valueOf, percentile }: Correlation): Uint8Array {
  return sha256(JSON.stringify([type, rules, groupBy, aliases, timespan, condition, valueOf, percentile]))
}

export class StateWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  constructor() {
    for (const byte of [...MARK, VERSION]) this.#bytes[this.#length++] = byte
  }

  /** A whole number, 0 to 2^53. */
  whole(number: number): void {
    this.#reserve(8)
    let left = number
    for (; left > 0x7f; left = left > 0x7fffffff ? Math.floor(left / 128) : left >>> 7) this.#bytes[this.#length++] = left % 128 | 0x80
    this.#bytes[this.#length++] = left
  }

  signed(number: number): void {
    this.#reserve(9)
    const size = Math.abs(number)
    const sign = number < 0 ? 0x40 : 0
    if (size < 64) this.#bytes[this.#length++] = size | sign
    else {
      this.#bytes[this.#length++] = size % 64 | sign | 0x80
      this.whole(Math.floor(size / 64))
    }
  }

  double(number: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, number, true)
    this.#length += 8
  }

  bytes(bytes: Uint8Array): void {
    this.whole(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  words(words: Int32Array): void {
    this.whole(words.length)
    this.#reserve(words.length * 4)
    for (let at = 0; at < words.length; at++, this.#length += 4) this.#view.setInt32(this.#length, words[at] as number, true)
  }

  /** Writes what `work` writes behind its length, so that a reader may pass over it. */
  part(work: () => void): void {
    this.#reserve(4)
    const at = this.#length
    this.#length += 4
    work()
    this.#view.setUint32(at, this.#length - at - 4, true)
  }

  finished(): Uint8Array {
    const digest = sha256(this.#bytes.subarray(0, this.#length))
    this.#reserve(DIGEST)
    this.#bytes.set(digest, this.#length)
    return this.#bytes.slice(0, this.#length + DIGEST)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    this.#bytes = new Uint8Array((this.#bytes.buffer).transfer(Math.max(this.#bytes.length * 2, this.#length + bytes)))
    this.#view = new DataView(this.#bytes.buffer)
  }
}

export class StateReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at = MARK.length + 1

  /** @throws CorrelatorError as `restore` does. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length - DIGEST
    if (MARK.some((byte, at) => bytes[at] !== byte)) throw new CorrelatorError('state_foreign', 'these bytes are no saved state of a correlator')
    if (bytes[MARK.length] !== VERSION) throw new CorrelatorError('state_version', `the saved state has version ${bytes[MARK.length] ?? 'none'}, this program reads ${VERSION}`)
    if (this.#end < this.#at) throw corrupt()
    const digest = sha256(bytes.subarray(0, this.#end))
    if (digest.some((byte, at) => byte !== bytes[this.#end + at])) throw corrupt()
  }

  whole(): number {
    let number = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#take(1)] as number
      number += byte % 128 * scale
      if (byte < 0x80) break
      if (scale >= 2 ** 49) throw corrupt()
    }
    if (number > Number.MAX_SAFE_INTEGER + 1) throw corrupt()
    return number
  }

  signed(): number {
    const byte = this.#bytes[this.#take(1)] as number
    const size = byte % 64 + (byte < 0x80 ? 0 : this.whole() * 64)
    return (byte & 0x40) === 0 ? size : -size
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  bytes(): Uint8Array {
    const length = this.whole()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  words(): Int32Array {
    const length = this.whole()
    let at = this.#take(length * 4)
    const words = new Int32Array(length)
    for (let place = 0; place < length; place++, at += 4) words[place] = this.#view.getInt32(at, true)
    return words
  }

  /** Gives a part to `work`, which must read all of it, or passes over it. */
  part(work: (() => void) | null): void {
    const length = this.#view.getUint32(this.#take(4), true)
    const end = this.#at + length
    if (work !== null) work()
    else this.#take(length)
    if (this.#at !== end) throw corrupt()
  }

  check(fine: boolean): void {
    if (!fine) throw corrupt()
  }

  finish(): void {
    if (this.#at !== this.#end) throw corrupt()
  }

  #take(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#end) throw corrupt()
    this.#at = at + bytes
    return at
  }
}
