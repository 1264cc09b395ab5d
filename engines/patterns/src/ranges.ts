// Sets of code points.

/** Pairs from-to, both included, ascending and apart. */
export type Ranges = readonly number[]

export const LAST = 0x10FFFF
export const DIGIT: Ranges = [48, 57]
export const WORD: Ranges = [48, 57, 65, 90, 95, 95, 97, 122]
/** Of POSIX, in ASCII; perl's \s is not its space in every dialect. */
export const POSIX: Readonly<Record<string, Ranges>> = {
  alpha: [65, 90, 97, 122], digit: DIGIT, alnum: [48, 57, 65, 90, 97, 122], upper: [65, 90], lower: [97, 122], space: [9, 13, 32, 32], blank: [9, 9, 32, 32],
  punct: [33, 47, 58, 64, 91, 96, 123, 126], xdigit: [48, 57, 65, 70, 97, 102], word: WORD, cntrl: [0, 31, 127, 127], graph: [33, 126], print: [32, 126], ascii: [0, 127],
}

export function within(point: number, ranges: Ranges): boolean {
  for (let at = 0; at < ranges.length; at += 2) if (point >= (ranges[at] as number) && point <= (ranges[at + 1] as number)) return true
  return false
}

/** The same set, ascending and apart; `ranges` itself where it is so. */
export const normalise = (ranges: Ranges): Ranges => {
  let apart = true
  for (let at = 2; at < ranges.length; at += 2) if (ranges[at]! <= ranges[at - 1]! + 1) apart = false
  if (apart) return ranges
  const pairs: [number, number][] = []
  for (let at = 0; at < ranges.length; at += 2) pairs.push([ranges[at] as number, ranges[at + 1] as number])
  pairs.sort((a, b) => a[0] - b[0])
  const found: number[] = []
  for (const [from, to] of pairs) {
    const last = found.length - 1
    if (last > 0 && from <= (found[last] as number) + 1) found[last] = Math.max(found[last] as number, to)
    else found.push(from, to)
  }
  return found
}

export const negate = (ranges: Ranges): number[] => {
  const found: number[] = []
  let from = 0
  for (let at = 0; at < ranges.length; at += 2) {
    if ((ranges[at] as number) > from) found.push(from, (ranges[at] as number) - 1)
    from = (ranges[at + 1] as number) + 1
  }
  if (from <= LAST) found.push(from, LAST)
  return found
}
