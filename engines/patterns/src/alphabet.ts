// Code points that no part of an expression tells apart are one class.
import { LAST, WORD, within } from './ranges.ts'
import type { Ranges } from './ranges.ts'
import type { RegexNode } from './syntax.ts'

/** What stands on one side of a position, as far as assertions ask. */
export const NOTHING = 0
export const LETTER = 1
export const LINE_END = 2
export const OTHER = 3

export type Alphabet = {
  /** Classes are numbered from 0. */
  readonly classes: number
  readonly latin1: Uint16Array
  classOf(point: number): number
  sideOf(symbol: number): number
  /** By class: 1 = within. */
  memberships(ranges: Ranges): Uint8Array
}

export function alphabetOf(root: RegexNode): Alphabet {
  let asserts = false
  // Most sets are of one letter, and stand in an expression more than once.
  const keys = new Map<Ranges, string>()
  const sets = new Map<string, Ranges>()
  const add = (ranges: Ranges): void => {
    if (keys.has(ranges)) return
    const key = ranges.length === 2 ? `${ranges[0]}-${ranges[1]}` : ranges.join()
    keys.set(ranges, key)
    sets.set(key, ranges)
  }
  const walk = (node: RegexNode): void => {
    switch (node.kind) {
      case 'chars': add(node.ranges); break
      case 'assert': asserts = true; break
      case 'repeat': walk(node.of); break
      case 'concat': case 'alternate': for (const part of node.of) walk(part); break
      default: node satisfies never
    }
  }
  walk(root)
  if (asserts) {
    add(WORD)
    add([10, 10])
  }
  const edges = new Set([0])
  for (const ranges of sets.values()) for (let at = 0; at < ranges.length; at += 2) edges.add(ranges[at]!).add(ranges[at + 1]! + 1)
  const starts = Int32Array.from(edges).sort().filter((point) => point <= LAST)
  // Pieces that are within the same sets are one class: there are far fewer of those than of pieces. Each set parts the classes that it cuts.
  const classes = new Int32Array(starts.length)
  let count = 1
  const parted = new Int32Array(starts.length)
  for (const ranges of sets.values()) {
    parted.fill(-1, 0, count)
    // How many pieces of each class are within, and without, is not asked: a class is parted by its first piece that differs.
    const first = new Int8Array(count).fill(-1)
    let at = 0
    for (let piece = 0; piece < starts.length; piece += 1) {
      while (at < ranges.length && ranges[at + 1]! < starts[piece]!) at += 2
      const inside = at < ranges.length && ranges[at]! <= starts[piece]! ? 1 : 0
      const known = classes[piece]!
      if (first[known] === -1) first[known] = inside
      else if (first[known] !== inside) {
        if (parted[known] === -1) parted[known] = count++
        classes[piece] = parted[known]!
      }
    }
  }
  const members = new Int32Array(count).fill(-1)
  for (let piece = 0; piece < starts.length; piece += 1) if (members[classes[piece]!] === -1) members[classes[piece]!] = starts[piece]!
  const classOf = (point: number): number => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= point) low = middle
      else high = middle - 1
    }
    return classes[low]!
  }
  const known = new Map<string, Uint8Array>()
  const latin1 = new Uint16Array(256)
  for (let point = 0, piece = 0; point < 256; point += 1) {
    if (piece + 1 < starts.length && starts[piece + 1]! <= point) piece += 1
    latin1[point] = classes[piece]!
  }
  return {
    classes: count,
    latin1,
    classOf,
    sideOf: (symbol) => (members[symbol] === 10 ? LINE_END : within(members[symbol]!, WORD) ? LETTER : OTHER),
    memberships(ranges) {
      const key = keys.get(ranges)!
      let member = known.get(key)
      if (member === undefined) {
        member = new Uint8Array(count)
        for (let number = 0; number < count; number += 1) if (within(members[number]!, ranges)) member[number] = 1
        known.set(key, member)
      }
      return member
    },
  }
}
