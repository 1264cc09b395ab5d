// Networks as sorted ranges, each with a pointer to the one around it: a binary search finds the narrowest, the pointers the rest.
// Two networks are either apart or one inside the other, which is what makes the pointers enough. lookup.integration.test.ts holds it against a plain scan.
import { addressBytes } from './indicator.ts'

export type Networks = {
  /** Rows of the networks that hold all of an address or network (canonical), the narrowest first. */
  around(value: string): number[]
}

type Range = { first: string; last: string; row: number }

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** First and last address as fixed-width hexadecimal: 8 digits for IPv4, 32 for IPv6. */
function ends(value: string): { first: string; last: string } {
  const slash = value.indexOf('/')
  const bytes = addressBytes(slash < 0 ? value : value.slice(0, slash))
  const first = hex(bytes)
  if (slash < 0) return { first, last: first }
  const bits = Number(value.slice(slash + 1))
  return { first, last: hex(bytes.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, bits - at * 8))))) }
}

export function sortNetworks(networks: readonly { value: string; row: number }[]): Networks {
  const versions = { 8: sorted([]), 32: sorted([]) }
  const all = networks.map(({ value, row }) => ({ ...ends(value), row }))
  for (const width of [8, 32] as const) versions[width] = sorted(all.filter(({ first }) => first.length === width))
  return {
    around(value) {
      if (all.length === 0) return []
      const { first, last } = ends(value)
      return versions[first.length as 8 | 32](first, last)
    },
  }
}

function sorted(ranges: Range[]): (first: string, last: string) => number[] {
  // Wider first among those that begin together, so that what is around stands before.
  ranges.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.last > b.last ? -1 : a.last < b.last ? 1 : 0))
  const around = new Int32Array(ranges.length)
  const open: number[] = []
  ranges.forEach((range, at) => {
    while (open.length > 0 && (ranges[open.at(-1) as number] as Range).last < range.first) open.pop()
    around[at] = open.at(-1) ?? -1
    open.push(at)
  })
  return (first, last) => {
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ranges[middle] as Range).first <= first) low = middle + 1
      else high = middle
    }
    const rows: number[] = []
    for (let at = low - 1; at >= 0; at = around[at] as number) if ((ranges[at] as Range).last >= last) rows.push((ranges[at] as Range).row)
    return rows
  }
}
