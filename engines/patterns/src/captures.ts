// The groups of a match whose place is known: threads in the order of preference (Pike's machine), over that place alone, so that the work is its length times the program.
import { NOTHING } from './alphabet.ts'
import type { Alphabet } from './alphabet.ts'
import { holds } from './dfa.ts'
import { PatternError } from './problem.ts'
import type { Instruction } from './program.ts'

/** Steps of threads over one match. */
const BUDGET = 50_000_000

export type Captures = {
  /** Where groups begin and end, -1 where one took no part; from and to of the whole are 0 and 1. Errors: PatternError `exhausted`. */
  find(text: string, from: number, to: number): Int32Array
}

/** `code` of the expression that the alphabet is of; it saves groups up to `groupCount`. */
export function createCaptures(code: readonly Instruction[], { latin1, classOf, sideOf, memberships }: Alphabet, groupCount: number): Captures {
  const slots = (groupCount + 1) * 2
  const asserts = code.some(({ kind }) => kind === 'assert')
  const accepts = code.map((instruction) => (instruction.kind === 'chars' ? memberships(instruction.ranges) : null))
  const seen = new Float64Array(code.length)
  let generation = 0
  type List = { readonly at: Int32Array; readonly saved: Int32Array; length: number }
  const list = (): List => ({ at: new Int32Array(code.length), saved: new Int32Array(code.length * slots), length: 0 })
  let lists: readonly [List, List] | null = null
  const stack: number[] = []
  const row = new Int32Array(slots)

  const sideAt = (text: string, at: number): number => {
    if (!asserts || at < 0 || at >= text.length) return NOTHING
    const point = text.charCodeAt(at)
    return sideOf(point < 256 ? latin1[point]! : classOf(point))
  }

  /** All instructions that wait for a character behind `start`, in their order; groups as in `row`. A number below zero on the stack puts a slot back. */
  const follow = (into: List, start: number, place: number, before: number, after: number): number => {
    let work = 0
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
        case 'chars': case 'match': {
          const { length, saved } = into
          into.at[length] = top
          for (let slot = 0, to = length * slots; slot < slots; slot += 1, to += 1) saved[to] = row[slot]!
          into.length = length + 1
          break
        }
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
        let point = at < to ? text.charCodeAt(at) : -1
        if (point >= 0xD800 && point < 0xDC00) point = text.codePointAt(at)!
        const end = at + (point > 0xFFFF ? 2 : 1)
        const symbol = point < 0 ? 0 : point < 256 ? latin1[point]! : classOf(point)
        next.length = 0
        generation += 1
        const before = point < 0 ? NOTHING : sideAt(text, end - 1)
        const after = sideAt(text, end)
        for (let place = 0; place < current.length; place += 1) {
          const waits = current.at[place]!
          const accept = accepts[waits]!
          if (accept === null) {
            // Whatever is less preferred is given up; what ends here and not at the known end is itself less preferred.
            if (at === to) for (let slot = 0; slot < slots; slot += 1) found[slot] = current.saved[place * slots + slot]!
            break
          }
          if (point >= 0 && accept[symbol] === 1) {
            for (let slot = 0; slot < slots; slot += 1) row[slot] = current.saved[place * slots + slot]!
            work += 1 + follow(next, waits + 1, end, before, after)
          }
        }
        if (work > BUDGET) throw new PatternError('exhausted', 'the groups of a match took more than the budget of a search')
        if (point < 0) break
        ;[current, next] = [next, current]
        at = end
      }
      found[0] = from
      found[1] = to
      return found
    },
  }
}
