// Finds blocks of a heap by keys of an owner and texts: open addressing with linear probing, exact, since the whole key stands in the heap beside its hash.
// A block that is found by key begins with two words of the table's: the hash and the place of the key. key-table.test.ts has a Map as its oracle.
import type { Heap } from './heap.ts'

const FIRST_SLOTS = 32
const MANY_WORDS = 65_536

export class KeyTable {
  readonly #heap: Heap
  /** Pairs of hash and block. */
  #slots: number
  #mask = FIRST_SLOTS - 1
  #count = 0
  /** Unknown to who sends events, so that he cannot choose texts that all fall into one place. */
  readonly #seed = (Math.random() * 2 ** 32) | 0
  /** The key that is being put together; the table's methods are about it. */
  #words = new Int32Array(64)
  #length = 0
  #hash = 0

  constructor(heap: Heap) {
    this.#heap = heap
    this.#slots = heap.alloc(FIRST_SLOTS * 8)
    if (this.#slots !== 0) heap.i32.fill(0, this.#slots, this.#slots + FIRST_SLOTS * 2)
  }

  begin(owner: number): void {
    if (this.#words.length > MANY_WORDS) this.#words = new Int32Array(64)
    this.#words[0] = owner
    this.#length = 1
    this.#hash = mixed(this.#seed, owner)
  }

  /** Adds a text: its length, then its characters, four to a word, or two where one of them needs it. */
  addText(text: string): void {
    const { length } = text
    let at = this.#length
    if (at + 1 + (length + 1 >> 1) > this.#words.length) this.#enlarge(at + 1 + (length + 1 >> 1))
    const words = this.#words
    let hash = mixed(this.#hash, length)
    words[at++] = length
    let seen = 0
    let place = 0
    for (; place + 3 < length; place += 4) {
      const a = text.charCodeAt(place)
      const b = text.charCodeAt(place + 1)
      const c = text.charCodeAt(place + 2)
      const d = text.charCodeAt(place + 3)
      seen |= a | b | c | d
      const word = a | b << 8 | c << 16 | d << 24
      words[at++] = word
      hash = mixed(hash, word)
    }
    if (place < length) {
      let word = 0
      for (let shift = 0; place < length; place += 1, shift += 8) {
        const a = text.charCodeAt(place)
        seen |= a
        word |= a << shift
      }
      words[at++] = word
      hash = mixed(hash, word)
    }
    if (seen > 0xff) {
      at = this.#length
      hash = mixed(this.#hash, ~length)
      words[at++] = ~length
      for (place = 0; place < length; place += 2) {
        const word = text.charCodeAt(place) | (place + 1 < length ? text.charCodeAt(place + 1) << 16 : 0)
        words[at++] = word
        hash = mixed(hash, word)
      }
    }
    this.#length = at
    this.#hash = hash
  }

  /** Adds words as `wordsOf` gave them. */
  addWords(words: Int32Array): void {
    if (this.#length + words.length > this.#words.length) this.#enlarge(this.#length + words.length)
    this.#words.set(words, this.#length)
    this.#length += words.length
    for (const word of words) this.#hash = mixed(this.#hash, word)
  }

  /** The words of a block's key but for its owner. */
  wordsOf(block: number): Int32Array {
    const { i32 } = this.#heap
    const key = i32[block + 1] as number
    return i32.subarray(key + 2, key + 1 + (i32[key] as number))
  }

  /** The block of the key, 0 when there is none. */
  find(): number {
    if (this.#count === 0) return 0
    const { i32 } = this.#heap
    const hash = finished(this.#hash)
    const words = this.#words
    const length = this.#length
    for (let slot = hash & this.#mask; ; slot = slot + 1 & this.#mask) {
      const block = i32[this.#slots + slot * 2 + 1] as number
      if (block === 0) return 0
      if (i32[this.#slots + slot * 2] !== hash) continue
      const key = i32[block + 1] as number
      if (i32[key] !== length) continue
      let at = 0
      while (at < length && i32[key + 1 + at] === words[at]) at += 1
      if (at === length) return block
    }
  }

  /** Puts a block in under the key, which must not be known; false when there is no room, and then nothing has changed. */
  insert(block: number): boolean {
    // A table without a free slot would be searched for ever.
    if (this.#slots === 0 || (this.#count + 1 > (this.#mask + 1) * 0.7 && !this.#resize((this.#mask + 1) * 2) && this.#count + 1 > (this.#mask + 1) * 0.9)) return false
    const key = this.#heap.alloc(4 + this.#length * 4)
    if (key === 0) return false
    const { i32 } = this.#heap
    i32[key] = this.#length
    for (let at = 0; at < this.#length; at++) i32[key + 1 + at] = this.#words[at] as number
    const hash = finished(this.#hash)
    i32[block] = hash
    i32[block + 1] = key
    this.#put(hash, block)
    this.#count += 1
    return true
  }

  /** Takes a block out and its key with it; the block itself stays the caller's. */
  remove(block: number): void {
    const { i32 } = this.#heap
    let slot = (i32[block] as number) & this.#mask
    while (i32[this.#slots + slot * 2 + 1] !== block) slot = slot + 1 & this.#mask
    // Those behind move up where their own place allows it, so that no search ends early.
    for (let next = slot + 1 & this.#mask; ; next = next + 1 & this.#mask) {
      const other = i32[this.#slots + next * 2 + 1] as number
      if (other === 0) break
      const home = (i32[this.#slots + next * 2] as number) & this.#mask
      if ((next - home & this.#mask) < (next - slot & this.#mask)) continue
      i32[this.#slots + slot * 2] = i32[this.#slots + next * 2] as number
      i32[this.#slots + slot * 2 + 1] = other
      slot = next
    }
    i32[this.#slots + slot * 2 + 1] = 0
    this.#count -= 1
    this.#heap.free(i32[block + 1] as number)
  }

  #put(hash: number, block: number): void {
    const { i32 } = this.#heap
    let slot = hash & this.#mask
    while (i32[this.#slots + slot * 2 + 1] !== 0) slot = slot + 1 & this.#mask
    i32[this.#slots + slot * 2] = hash
    i32[this.#slots + slot * 2 + 1] = block
  }

  #resize(slots: number): boolean {
    const to = this.#heap.alloc(slots * 8)
    if (to === 0) return false
    const { i32 } = this.#heap
    i32.fill(0, to, to + slots * 2)
    const from = this.#slots
    const many = this.#mask + 1
    this.#slots = to
    this.#mask = slots - 1
    for (let slot = 0; slot < many; slot++) {
      const block = i32[from + slot * 2 + 1] as number
      if (block !== 0) this.#put(i32[from + slot * 2] as number, block)
    }
    this.#heap.free(from)
    return true
  }

  #enlarge(words: number): void {
    const larger = new Int32Array(Math.max(words, this.#words.length * 2))
    larger.set(this.#words)
    this.#words = larger
  }
}

/** Murmur3's mixing of a word, and its end. */
function mixed(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  const h = hash ^ Math.imul(k << 15 | k >>> 17, 0x1b873593)
  return Math.imul(h << 13 | h >>> 19, 5) + 0xe6546b64 | 0
}
function finished(hash: number): number {
  let h = hash ^ hash >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ h >>> 16
}
