// Which code points are one another's other case, by Unicode's simple folding (CaseFolding.txt, C and S): what V8's `iu` compares by, and Go's unicode.SimpleFold.
import { normalise } from './ranges.ts'
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

/** The ranges and every other case of what is in them. */
export function withOtherCases(ranges: Ranges): Ranges {
  if (ranges.every((edge) => edge < 128)) {
    const found = [...ranges]
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, to] = [ranges[at]!, ranges[at + 1]!]
      const overlap = (low: number, high: number, shift: number): void => {
        if (from <= high && to >= low) found.push(Math.max(from, low) + shift, Math.min(to, high) + shift)
      }
      overlap(65, 90, 32)
      overlap(97, 122, -32)
      // The Kelvin sign and the long s.
      for (const [letter, other] of [[75, 0x212A], [107, 0x212A], [83, 0x17F], [115, 0x17F]] as const) if (from <= letter && letter <= to) found.push(other, other)
    }
    return normalise(found)
  }
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
