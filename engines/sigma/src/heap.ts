// Memory for state whose size must be known and bounded: blocks of one growing buffer (a buddy system, Knuth 2.5), addressed by their place in 32-bit words; 0 is no block.
// Invariant: all that is held is `bytes`, which never passes the limit; blocks never overlap. heap.test.ts holds it.
const SMALLEST = 4
const FREE = 0x80
const FIRST_BYTES = 4096

export class Heap {
  /** The same bytes in two readings. They are others after `alloc`. */
  i32: Int32Array
  f64: Float64Array
  /** By unit of 16 bytes, at the first of a block: its order, and whether it is free. */
  #tags: Uint8Array
  /** By order, the first free block. A free block holds the next one and the one before. */
  readonly #free = new Int32Array(32)
  readonly #limit: number
  /** How often the heap can still double. */
  #doublings: number
  #size = 0

  /** `limit`: bytes, also for what the heap itself needs. */
  constructor(limit: number) {
    this.#limit = Math.floor(Math.min(limit, 2 ** 31) / 17) * 16
    this.#doublings = Math.max(0, Math.floor(Math.log2(this.#limit / FIRST_BYTES)))
    this.i32 = new Int32Array(0)
    this.f64 = new Float64Array(0)
    this.#tags = new Uint8Array(0)
    this.#resize()
  }

  /** What is held of the process's memory. */
  get bytes(): number {
    return this.#size + this.#tags.length
  }

  /** A block of at least so many bytes with anything in it, aligned for doubles; 0 when there is no room. */
  alloc(bytes: number): number {
    const order = Math.max(SMALLEST, 32 - Math.clz32(bytes - 1))
    for (;;) {
      for (let from = order; from < 32; from++) {
        const at = this.#free[from] as number
        if (at === 0) continue
        this.#unlink(at, from)
        // What is more than needed goes back, half by half.
        for (let half = from - 1; half >= order; half--) this.#link(at + (1 << (half - 2)), half)
        this.#tags[at >> 2] = order
        return at
      }
      if (bytes > this.#limit || !this.#grow()) return 0
    }
  }

  /** How many bytes a block has. */
  sizeOf(at: number): number {
    return 1 << (this.#tags[at >> 2] as number)
  }

  free(at: number): void {
    let order = this.#tags[at >> 2] as number
    let from = at
    this.#tags[from >> 2] = 0
    for (;;) {
      const buddy = from ^ (1 << (order - 2))
      if (buddy >> 2 >= this.#tags.length || this.#tags[buddy >> 2] !== (order | FREE)) break
      this.#unlink(buddy, order)
      this.#tags[buddy >> 2] = 0
      from = Math.min(from, buddy)
      order += 1
    }
    this.#link(from, order)
  }

  #link(at: number, order: number): void {
    const next = this.#free[order] as number
    this.i32[at] = next
    this.i32[at + 1] = 0
    if (next !== 0) this.i32[next + 1] = at
    this.#free[order] = at
    this.#tags[at >> 2] = order | FREE
  }

  #unlink(at: number, order: number): void {
    const next = this.i32[at] as number
    const before = this.i32[at + 1] as number
    if (before === 0) this.#free[order] = next
    else this.i32[before] = next
    if (next !== 0) this.i32[next + 1] = before
  }

  #grow(): boolean {
    if (this.#doublings === 0) return false
    this.#doublings -= 1
    this.#resize()
    return true
  }

  /** Each size is half of the next and the last is the limit, so that old and new together take no more than it: what was never touched takes no memory. */
  #resize(): void {
    const size = Math.floor(this.#limit / 2 ** this.#doublings / 16) * 16
    const i32 = new Int32Array(size >> 2)
    const tags = new Uint8Array(size >> SMALLEST)
    i32.set(this.i32)
    tags.set(this.#tags)
    // Transferring to nothing gives the old bytes back at once, not when the collector comes by.
    for (const old of [this.i32, this.#tags]) (old.buffer as ArrayBuffer).transfer(0)
    this.i32 = i32
    this.f64 = new Float64Array(i32.buffer)
    this.#tags = tags
    this.#grown(size)
  }

  /** Makes blocks of the bytes that are new, as large as their places allow. The very first unit stays out: its address is "none". */
  #grown(size: number): void {
    let from = Math.max(1 << SMALLEST, this.#size)
    this.#size = size
    while (size - from >= 1 << SMALLEST) {
      const order = Math.min(31 - Math.clz32(from & -from), 31 - Math.clz32(size - from))
      this.#tags[from >> SMALLEST] = order
      this.free(from >> 2)
      from += 2 ** order
    }
  }
}
