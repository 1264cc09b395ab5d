// Statements in typed arrays under an open-addressing table of 64-bit hashes. Every hit is confirmed byte by byte, so a collision is never a match.
// The first row of an indicator stays first for good: rows handed out stay true while the table lives. lookup.integration.test.ts holds it against a plain list.
import { INDICATOR_TYPES, VERDICTS } from './indicator.ts'
import type { Indicator, IndicatorType, Verdict } from './indicator.ts'

export const NONE = -1
const SUBDOMAINS = 1

/** Small values that repeat through a feed are held once. */
class Interned<T> {
  readonly #ids = new Map<string, number>()
  readonly #values: T[] = []

  id(key: string, value: T): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#ids.set(key, this.#values.length)
    return this.#values.push(value) - 1
  }

  at(id: number): T {
    return this.#values[id] as T
  }
}

type Lists = { tags: readonly string[]; techniques: readonly string[] }

function columns(rows: number) {
  return {
    hashLow: new Uint32Array(rows),
    hashHigh: new Uint32Array(rows),
    /** Where the value begins in the text. */
    start: new Uint32Array(rows),
    /** Values are at most 4,096 long. */
    length: new Uint16Array(rows),
    /** Next statement about the same indicator, by another source. */
    next: new Int32Array(rows),
    source: new Uint32Array(rows),
    lists: new Uint32Array(rows),
    type: new Uint8Array(rows),
    verdict: new Uint8Array(rows),
    confidence: new Uint8Array(rows),
    flags: new Uint8Array(rows),
    // NaN = null.
    firstSeen: new Float64Array(rows),
    lastSeen: new Float64Array(rows),
    validUntil: new Float64Array(rows),
  }
}

export class Table {
  rows = 0
  /** First rows of the networks, in the order in which they came. */
  readonly networks: number[] = []
  #columns = columns(64)
  #text = new Uint8Array(2048)
  #textLength = 0
  // First rows by hash; at most 2/3 full.
  #slots = new Int32Array(128).fill(NONE)
  #keys = 0
  readonly #sources = new Interned<string>()
  readonly #lists = new Interned<Lists>()
  // A feed must not be able to choose values that all fall on one slot.
  readonly #seedLow = Math.floor(Math.random() * 0x1_0000_0000)
  readonly #seedHigh = Math.floor(Math.random() * 0x1_0000_0000)
  readonly #mask: number
  // The last hash, in two lanes: a returned pair would be garbage for every look-up.
  #low = 0
  #high = 0

  /** `mask` narrows both lanes of the hash: with 0 every value collides with every other, which is how a test sees that a collision is no match. */
  constructor(mask = 0xffff_ffff) {
    this.#mask = mask
  }

  #hash(type: number, value: string): void {
    let low = this.#seedLow ^ type
    let high = this.#seedHigh ^ type
    for (let at = 0; at < value.length; at += 1) {
      const code = value.charCodeAt(at)
      low = Math.imul(low ^ code, 0x9e3779b1)
      low ^= low >>> 15
      high = Math.imul(high ^ code, 0x5f356495)
      high ^= high >>> 13
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b)
    high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35)
    this.#low = ((low ^ (low >>> 13)) & this.#mask) >>> 0
    this.#high = ((high ^ (high >>> 16)) & this.#mask) >>> 0
  }

  /** The slot of an indicator: its own, or the free one where it would go. */
  #slot(type: number, value: string): number {
    this.#hash(type, value)
    const mask = this.#slots.length - 1
    const { hashLow, hashHigh, type: types } = this.#columns
    for (let slot = this.#low & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] as number
      if (row === NONE) return slot
      if (hashLow[row] === this.#low && hashHigh[row] === this.#high && types[row] === type && this.#isValue(row, value)) return slot
    }
  }

  #isValue(row: number, value: string): boolean {
    if (this.#columns.length[row] !== value.length) return false
    const from = this.#columns.start[row] as number
    for (let at = 0; at < value.length; at += 1) if (this.#text[from + at] !== value.charCodeAt(at)) return false
    return true
  }

  /** The first statement about an indicator, or NONE; `after` gives the others. */
  first(type: IndicatorType, value: string): number {
    return this.#slots[this.#slot(INDICATOR_TYPES.indexOf(type), value)] as number
  }

  after(row: number): number {
    return this.#columns.next[row] as number
  }

  reachesBelow(row: number): boolean {
    return this.#columns.flags[row] === SUBDOMAINS
  }

  isOf(row: number, source: string): boolean {
    return this.#sources.at(this.#columns.source[row] as number) === source
  }

  value(row: number): string {
    return Buffer.from(this.#text.buffer, this.#columns.start[row], this.#columns.length[row]).toString('latin1')
  }

  statement(row: number): Indicator {
    const at = this.#columns
    const { tags, techniques } = this.#lists.at(at.lists[row] as number)
    return {
      type: INDICATOR_TYPES[at.type[row] as number] as IndicatorType,
      value: this.value(row),
      verdict: VERDICTS[at.verdict[row] as number] as Verdict,
      confidence: at.confidence[row] as number,
      source: this.#sources.at(at.source[row] as number),
      tags: [...tags],
      techniques: [...techniques],
      first_seen: orNull(at.firstSeen[row]),
      last_seen: orNull(at.lastSeen[row]),
      valid_until: orNull(at.validUntil[row]),
      ...(this.reachesBelow(row) ? { subdomains: true as const } : {}),
    }
  }

  /** What a source says about an indicator takes the place of what it said before. */
  add(indicator: Indicator): void {
    const type = INDICATOR_TYPES.indexOf(indicator.type)
    const source = this.#sources.id(indicator.source, indicator.source)
    const slot = this.#slot(type, indicator.value)
    const first = this.#slots[slot] as number
    let row = first
    while (row !== NONE && this.#columns.source[row] !== source) row = this.after(row)
    if (row === NONE) row = this.#append(type, indicator.value, slot, first)
    const at = this.#columns
    at.source[row] = source
    at.verdict[row] = VERDICTS.indexOf(indicator.verdict)
    at.confidence[row] = indicator.confidence
    at.flags[row] = indicator.subdomains === true ? SUBDOMAINS : 0
    at.lists[row] = this.#lists.id(JSON.stringify([indicator.tags, indicator.techniques]), { tags: [...indicator.tags], techniques: [...indicator.techniques] })
    at.firstSeen[row] = indicator.first_seen ?? Number.NaN
    at.lastSeen[row] = indicator.last_seen ?? Number.NaN
    at.validUntil[row] = indicator.valid_until ?? Number.NaN
  }

  #append(type: number, value: string, slot: number, first: number): number {
    if (this.rows === this.#columns.type.length) {
      const wider = columns(wider15(this.rows))
      for (const [name, column] of Object.entries(this.#columns)) wider[name as keyof typeof wider].set(column)
      this.#columns = wider
    }
    if (this.#textLength + value.length > this.#text.length) {
      const longer = new Uint8Array(wider15(this.#textLength + value.length))
      longer.set(this.#text)
      this.#text = longer
    }
    const row = this.rows
    this.rows += 1
    const at = this.#columns
    for (let place = 0; place < value.length; place += 1) this.#text[this.#textLength + place] = value.charCodeAt(place)
    at.start[row] = this.#textLength
    at.length[row] = value.length
    this.#textLength += value.length
    at.hashLow[row] = this.#low
    at.hashHigh[row] = this.#high
    at.type[row] = type
    at.next[row] = NONE
    if (first !== NONE) {
      at.next[row] = at.next[first] as number
      at.next[first] = row
      return row
    }
    this.#slots[slot] = row
    this.#keys += 1
    if (INDICATOR_TYPES[type] === 'cidr') this.networks.push(row)
    if (this.#keys * 3 > this.#slots.length * 2) this.#widen()
    return row
  }

  #widen(): void {
    const wider = new Int32Array(this.#slots.length * 2).fill(NONE)
    const mask = wider.length - 1
    for (const row of this.#slots) {
      if (row === NONE) continue
      let slot = (this.#columns.hashLow[row] as number) & mask
      while (wider[slot] !== NONE) slot = (slot + 1) & mask
      wider[slot] = row
    }
    this.#slots = wider
  }

  /** Bytes held in typed arrays. */
  get bytes(): number {
    return Object.values(this.#columns).reduce((sum, column) => sum + column.byteLength, 0) + this.#text.byteLength + this.#slots.byteLength
  }
}

const wider15 = (size: number): number => Math.ceil(size * 1.5) + 64
const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)
