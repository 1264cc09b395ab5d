// Code points that no part of a program tells apart are one class.
import type { Instruction } from './program.ts'
import { WORD, within } from './ranges.ts'
import type { Ranges } from './ranges.ts'

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

export function alphabetOf(code: readonly Instruction[]): Alphabet {
  const asserts = code.some(({ kind }) => kind === 'assert')
  const sets = new Set<Ranges>()
  const edges = new Set(asserts ? [0, 10, 11] : [0])
  const add = (ranges: Ranges): void => {
    for (let at = 0; at < ranges.length; at += 2) edges.add(ranges[at]!).add(ranges[at + 1]! + 1)
  }
  if (asserts) add(WORD)
  for (const instruction of code) if (instruction.kind === 'chars' && !sets.has(instruction.ranges)) {
    sets.add(instruction.ranges)
    add(instruction.ranges)
  }
  const starts = [...edges].filter((point) => point <= 0x10FFFF).sort((a, b) => a - b)
  // Pieces that are within the same sets are one class: there are far fewer of those than of pieces.
  const bits = starts.map(() => '')
  const lists = [...sets]
  for (const ranges of asserts ? [...lists, WORD, [10, 10]] : lists) {
    let at = 0
    for (let piece = 0; piece < starts.length; piece += 1) {
      while (at < ranges.length && ranges[at + 1]! < starts[piece]!) at += 2
      bits[piece] += at < ranges.length && ranges[at]! <= starts[piece]! ? '1' : '0'
    }
  }
  const numbers = new Map<string, number>()
  const members: number[] = []
  const classes = bits.map((key, piece) => {
    let number = numbers.get(key)
    if (number === undefined) {
      number = numbers.size
      numbers.set(key, number)
      members.push(starts[piece]!)
    }
    return number
  })
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
  const known = new Map<Ranges, Uint8Array>()
  return {
    classes: members.length,
    latin1: Uint16Array.from({ length: 256 }, (_, point) => classOf(point)),
    classOf,
    sideOf: (symbol) => (members[symbol] === 10 ? LINE_END : within(members[symbol]!, WORD) ? LETTER : OTHER),
    memberships(ranges) {
      let member = known.get(ranges)
      if (member === undefined) {
        member = Uint8Array.from(members, (point) => (within(point, ranges) ? 1 : 0))
        known.set(ranges, member)
      }
      return member
    },
  }
}
