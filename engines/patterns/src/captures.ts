// The groups of a match whose place is known: threads in the order of preference (Pike's machine), over that place alone, so that the work is its length times the program.
import { LETTER, LINE_END, NOTHING, OTHER } from './alphabet.ts'
import { holds } from './dfa.ts'
import { PatternError } from './problem.ts'
import type { Instruction } from './program.ts'
import { WORD, within } from './ranges.ts'

/** Steps of threads over one match. */
const BUDGET = 50_000_000

export type Captures = {
  /** Where groups begin and end, -1 where one took no part; from and to of the whole are 0 and 1. Errors: PatternError `exhausted`. */
  find(text: string, from: number, to: number): Int32Array
}

const sideAt = (text: string, at: number): number => {
  const point = text.charCodeAt(at)
  return Number.isNaN(point) ? NOTHING : point === 10 ? LINE_END : within(point, WORD) ? LETTER : OTHER
}

/** `code` saves groups up to `groupCount`. */
export function createCaptures(code: readonly Instruction[], groupCount: number): Captures {
  const slots = (groupCount + 1) * 2
  const seen = new Float64Array(code.length)
  let generation = 0
  type List = { readonly at: Int32Array; readonly saved: Int32Array; length: number }
  const list = (): List => ({ at: new Int32Array(code.length), saved: new Int32Array(code.length * slots), length: 0 })
  let lists: readonly [List, List] | null = null
  const stack: number[] = []
  const row = new Int32Array(slots)

  /** All instructions that wait for a character behind `start`, in their order; groups as in `row`. A number below zero on the stack puts a slot back. */
  const follow = (into: List, start: number, place: number, before: number, after: number): number => {
    let work = 0
    stack.length = 0
    stack.push(start)
    while (stack.length > 0) {
      const top = stack.pop()!
      if (top < 0) {
        row[-top - 1] = stack.pop()!
        continue
      }
      if (seen[top] === generation) continue
      seen[top] = generation
      work += 1
      const instruction = code[top]!
      switch (instruction.kind) {
        case 'split': stack.push(instruction.second, instruction.first); break
        case 'save':
          stack.push(row[instruction.slot]!, -instruction.slot - 1, top + 1)
          row[instruction.slot] = place
          break
        case 'assert': if (holds(instruction.assertion, before, after)) stack.push(top + 1); break
        case 'chars': case 'match':
          into.at[into.length] = top
          into.saved.set(row, into.length * slots)
          into.length += 1
          break
        default: instruction satisfies never
      }
    }
    return work
  }

  return {
    find(text, from, to) {
      lists ??= [list(), list()]
      let [current, next] = lists
      const found = new Int32Array(slots).fill(-1)
      row.fill(-1)
      generation += 1
      current.length = 0
      let work = follow(current, 0, from, sideAt(text, from - 1), sideAt(text, from))
      for (let at = from; current.length > 0;) {
        const point = at < to ? text.codePointAt(at)! : -1
        const end = at + (point > 0xFFFF ? 2 : 1)
        next.length = 0
        generation += 1
        const before = point === -1 ? NOTHING : sideAt(text, end - 1)
        const after = sideAt(text, end)
        for (let place = 0; place < current.length; place += 1) {
          const instruction = code[current.at[place]!]!
          if (instruction.kind === 'match') {
            // Only what ends where the match is known to end is the match.
            if (at !== to) continue
            found.set(current.saved.subarray(place * slots, (place + 1) * slots))
            break
          }
          if (point !== -1 && instruction.kind === 'chars' && within(point, instruction.ranges)) {
            row.set(current.saved.subarray(place * slots, (place + 1) * slots))
            work += 1 + follow(next, current.at[place]! + 1, end, before, after)
          }
        }
        if (work > BUDGET) throw new PatternError('exhausted', 'the groups of a match took more than the budget of a search')
        if (point === -1) break
        ;[current, next] = [next, current]
        at = end
      }
      found[0] = from
      found[1] = to
      return found
    },
  }
}
