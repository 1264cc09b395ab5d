/** Pairs of small numbers to a number, in open addressing: a Map would need one key for two numbers. */
export type PairTable = {
  /** What was set for the pair, or -1. */
  get(a: number, b: number): number
  set(a: number, b: number, value: number): void
  clear(): void
  size(): number
}

const EMPTY = -1
const INITIAL = 1024

export function createPairTable(): PairTable {
  let mask = INITIAL - 1
  // Three numbers a place: the pair and its value.
  let cells = new Int32Array(INITIAL * 3).fill(EMPTY)
  let used = 0

  const placeOf = (a: number, b: number): number => {
    let place = (Math.imul(a, 0x9E3779B1) ^ Math.imul(b, 0x85EBCA6B))
    place = (place ^ (place >>> 15)) & mask
    for (;;) {
      const at = place * 3
      const first = cells[at] as number
      if (first === EMPTY || (first === a && cells[at + 1] === b)) return at
      place = (place + 1) & mask
    }
  }
  const grow = (): void => {
    const old = cells
    mask = mask * 2 + 1
    cells = new Int32Array((mask + 1) * 3).fill(EMPTY)
    for (let at = 0; at < old.length; at += 3) {
      if (old[at] === EMPTY) continue
      const to = placeOf(old[at] as number, old[at + 1] as number)
      cells[to] = old[at] as number
      cells[to + 1] = old[at + 1] as number
      cells[to + 2] = old[at + 2] as number
    }
  }

  return {
    get(a, b) {
      const at = placeOf(a, b)
      return cells[at] === EMPTY ? EMPTY : cells[at + 2] as number
    },
    set(a, b, value) {
      const at = placeOf(a, b)
      if (cells[at] === EMPTY) {
        cells[at] = a
        cells[at + 1] = b
        used += 1
      }
      cells[at + 2] = value
      if (used * 2 > mask) grow()
    },
    clear() {
      cells.fill(EMPTY)
      used = 0
    },
    size: () => used,
  }
}
