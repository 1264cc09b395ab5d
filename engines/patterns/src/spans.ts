// Where an expression matches and what its groups hold: what replacing needs. Leftmost and greedy as in Perl and Python,
// but by threads in the order of preference instead of by going back (Pike's machine): text times program at most. spans.test.ts holds it against V8.
import { programOf } from './program.ts'
import type { Instruction } from './program.ts'
import { WORD, within } from './ranges.ts'
import type { Assertion, RegexNode } from './syntax.ts'

/** `groups` by their number, 0 = the whole: from and to as places in the text, or null where a group took no part. */
export type Span = readonly (readonly [from: number, to: number] | null)[]

export type Spans = {
  /** The groups that capture, without the whole. */
  groups: number
  /** The number of a named group. */
  named: ReadonlyMap<string, number>
  /** The first match at or behind `from` in code points; null when there is none. */
  find(codes: readonly number[], from: number): Span | null
}

const MAX_PROGRAM = 5000
type Thread = { at: number; saved: readonly number[] }

/** Errors: PatternError `regex_too_large`. */
export function createSpans(root: RegexNode): Spans {
  const code = programOf(root, { limit: MAX_PROGRAM, saves: true })
  const named = new Map<string, number>()
  let groups = 0
  const count = (node: RegexNode): void => {
    if (node.kind === 'concat' && 'group' in node) {
      groups = Math.max(groups, node.group.number)
      if (node.group.name !== null) named.set(node.group.name, node.group.number)
    }
    if (node.kind === 'repeat') count(node.of)
    else if (node.kind === 'concat' || node.kind === 'alternate') for (const part of node.of) count(part)
  }
  count(root)

  /** All instructions that wait for a character behind `at`, in their order. A place is looked at once, by the thread that is preferred. */
  const follow = (threads: Thread[], seen: Set<number>, codes: readonly number[], place: number, from: number, start: readonly number[]): void => {
    const stack: Thread[] = [{ at: from, saved: start }]
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { at, saved } = thread
      if (seen.has(at)) continue
      seen.add(at)
      const instruction = code[at] as Instruction
      switch (instruction.kind) {
        case 'split': stack.push({ at: instruction.second, saved }, { at: instruction.first, saved }); break
        case 'save': stack.push({ at: at + 1, saved: saved.with(instruction.slot, place) }); break
        case 'assert': if (holds(instruction.assertion, codes, place)) stack.push({ at: at + 1, saved }); break
        case 'chars': case 'match': threads.push(thread); break
        default: instruction satisfies never
      }
    }
  }

  const find: Spans['find'] = (codes, from) => {
    const none = Array.from({ length: groups * 2 + 2 }, () => -1)
    let found: readonly number[] | null = null
    let threads: Thread[] = []
    for (let place = from; ; place += 1) {
      const next: Thread[] = []
      const seen = new Set<number>()
      const live: Thread[] = []
      for (const { at, saved } of threads) follow(live, seen, codes, place, at, saved)
      // A later beginning is less than any that is on its way, and than none once something was found.
      if (found === null) follow(live, seen, codes, place, 0, none.with(0, place))
      const char = codes[place]
      for (const { at, saved } of live) {
        const instruction = code[at] as Instruction
        if (instruction.kind === 'match') {
          found = saved.with(1, place)
          break
        }
        if (char !== undefined && instruction.kind === 'chars' && within(char, instruction.ranges)) next.push({ at: at + 1, saved })
      }
      if (char === undefined || (next.length === 0 && found !== null)) break
      threads = next
    }
    if (found === null) return null
    const saved = found
    return Array.from({ length: groups + 1 }, (_, group) => {
      const begin = saved[group * 2] as number
      const end = saved[group * 2 + 1] as number
      return begin === -1 || end === -1 ? null : [begin, end] as const
    })
  }
  return { groups, named, find }
}

const LINE_FEED = 10

function holds(assertion: Assertion, codes: readonly number[], place: number): boolean {
  const word = (at: number): boolean => codes[at] !== undefined && within(codes[at], WORD)
  switch (assertion) {
    case 'start': return place === 0
    case 'very-end': return place === codes.length
    case 'end': return place === codes.length || (place === codes.length - 1 && codes[place] === LINE_FEED)
    case 'line-start': return place === 0 || codes[place - 1] === LINE_FEED
    case 'line-end': return place === codes.length || codes[place] === LINE_FEED
    case 'word': return word(place - 1) !== word(place)
    case 'not-word': return word(place - 1) === word(place)
    default: return assertion satisfies never
  }
}
