// Which code points are one another's other case, by Unicode's simple folding (CaseFolding.txt, C and S): what V8's `iu` compares by, and Go's unicode.SimpleFold.
import { LAST, normalise } from './ranges.ts'
import type { Ranges } from './ranges.ts'

/** All cased code points with their others, ascending. Worked out when a letter beyond ASCII first asks. */
let orbits: readonly (readonly [point: number, others: readonly number[]])[] | null = null

const simple = (text: string): number | null => {
  const point = text.codePointAt(0) as number
  return text.length === (point > 0xFFFF ? 2 : 1) ? point : null
}

function allOrbits(): NonNullable<typeof orbits> {
  if (orbits !== null) return orbits
  const groups = new Map<number, Set<number>>()
  // Nothing beyond these planes has case.
  for (let point = 0x41; point < 0x1F000; point += 1) {
    if (point >= 0xD800 && point < 0xE000) continue
    const char = String.fromCodePoint(point)
    const upper = char.toUpperCase()
    const lower = char.toLowerCase()
    if (upper === char && lower === char) continue
    const key = simple(simple(upper) === null ? lower : upper.toLowerCase()) ?? point
    const group = groups.get(key) ?? new Set([key])
    groups.set(key, group)
    for (const other of [point, simple(upper), simple(lower)]) if (other !== null) group.add(other)
  }
  const found: [number, number[]][] = []
  for (const group of groups.values()) {
    const members = [...group]
    for (const point of members) {
      const same = new RegExp(`^\\u{${point.toString(16)}}$`, 'iu')
      const others = members.filter((other) => other !== point && same.test(String.fromCodePoint(other)))
      if (others.length > 0) found.push([point, others])
    }
  }
  orbits = found.sort((a, b) => a[0] - b[0])
  return orbits
}

/** Blocks without case that are asked for often: Hangul, Chinese and Japanese letters, and the fullwidth signs before the letters. */
const caseless = [[0x2E80, 0xA63F], [0xAC00, 0xD7FF], [0xFF00, 0xFF20]] as const
/** Of Latin-1, those whose other cases are elsewhere. */
const elsewhere = [[0x4B, 0x212A], [0x6B, 0x212A], [0x53, 0x17F], [0x73, 0x17F], [0xB5, 0x39C], [0xB5, 0x3BC], [0xC5, 0x212B], [0xE5, 0x212B], [0xDF, 0x1E9E], [0xFF, 0x178]] as const

/** Other cases of one range, where they are known without a table. */
function knownCases(from: number, to: number): number[] | null {
  // All that is beyond ASCII holds its other cases but the letters of ASCII: what `[^\n]` and the like stand for.
  if (!(to < 256 || (from <= 128 && to >= LAST))) return caseless.some(([low, high]) => from >= low && to <= high) ? [] : null
  const found: number[] = []
  const shift = (low: number, high: number, by: number): void => {
    if (from <= high && to >= low) found.push(Math.max(from, low) + by, Math.min(to, high) + by)
  }
  for (const [low, high] of [[65, 90], [0xC0, 0xD6], [0xD8, 0xDE]] as const) {
    shift(low, high, 32)
    shift(low + 32, high + 32, -32)
  }
  for (const [letter, other] of elsewhere) {
    if (from <= letter && letter <= to) found.push(other, other)
    if (from <= other && other <= to && letter < 128) found.push(letter, letter)
  }
  return found
}

/** The ranges and every other case of what is in them. */
export function withOtherCases(ranges: Ranges): Ranges {
  const known: number[] = [...ranges]
  for (let at = 0; at < ranges.length; at += 2) {
    const cases = knownCases(ranges[at]!, ranges[at + 1]!)
    if (cases === null) return byTable(ranges)
    known.push(...cases)
  }
  return normalise(known)
}

function byTable(ranges: Ranges): Ranges {
  const table = allOrbits()
  const found = [...ranges]
  for (let at = 0; at < ranges.length; at += 2) {
    let low = 0
    let high = table.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (table[middle]![0] < ranges[at]!) low = middle + 1
      else high = middle
    }
    for (; low < table.length && table[low]![0] <= ranges[at + 1]!; low += 1) for (const other of table[low]![1]) found.push(other, other)
  }
  return normalise(found)
}
