// Regular expressions in linear time: a Thompson automaton made deterministic as it is used. Nothing backtracks, so no expression explodes:
// the work of one search is at most text times program, and is given up at a fixed budget. pcre.test.ts holds it against V8 and with hostile expressions.
import { PatternError } from './problem.ts'
import { WORD, within } from './ranges.ts'
import type { Ranges } from './ranges.ts'
import type { Assertion, RegexNode } from './syntax.ts'

/** `exhausted`: the budget of one search was used up before an answer. */
export type Answer = 'found' | 'absent' | 'exhausted'
export type Search = { search(text: string): Answer }

const MAX_PROGRAM = 10_000
/** Instructions looked at in one search beyond those remembered: some 100 ms. */
const BUDGET = 10_000_000
/** Remembered instruction sets of one expression, in instructions. */
const MAX_REMEMBERED = 500_000

type Instruction =
  | { kind: 'chars'; ranges: Ranges }
  | { kind: 'split'; to: number; or: number }
  | { kind: 'assert'; assertion: Assertion }
  | { kind: 'match' }

/** Errors: PatternError `regex_too_large`. */
export const createSearch = (root: RegexNode): Search => automaton(program(root))

function program(root: RegexNode): Instruction[] {
  const code: Instruction[] = []
  const emit = (instruction: Instruction): number => {
    if (code.length >= MAX_PROGRAM) throw new PatternError('regex_too_large', 'the expression is too large once its counts are written out')
    return code.push(instruction) - 1
  }
  const split = (): { kind: 'split'; to: number; or: number } => {
    const instruction = { kind: 'split' as const, to: code.length + 1, or: 0 }
    emit(instruction)
    return instruction
  }
  const write = (node: RegexNode): void => {
    switch (node.kind) {
      case 'chars': emit({ kind: 'chars', ranges: node.ranges }); return
      case 'assert': emit({ kind: 'assert', assertion: node.assertion }); return
      case 'concat': for (const part of node.of) write(part); return
      case 'alternate': {
        const ends: { or: number; to: number }[] = []
        for (const [place, branch] of node.of.entries()) {
          const last = place === node.of.length - 1
          const fork = last ? null : split()
          write(branch)
          if (fork !== null) {
            ends.push(split())
            fork.or = code.length
          }
        }
        for (const end of ends) end.to = end.or = code.length
        return
      }
      case 'repeat': {
        for (let times = 0; times < node.min; times += 1) {
          const from = code.length
          write(node.of)
          // What writes nothing may be repeated for ever at no cost.
          if (code.length === from) return
        }
        if (node.max === Infinity) {
          const from = code.length
          const fork = split()
          write(node.of)
          emit({ kind: 'split', to: from, or: from })
          fork.or = code.length
          return
        }
        const forks: { or: number }[] = []
        for (let times = node.min; times < node.max; times += 1) {
          const from = code.length
          forks.push(split())
          write(node.of)
          if (code.length === from + 1) break
        }
        for (const fork of forks) fork.or = code.length
        return
      }
      default: node satisfies never
    }
  }
  write(root)
  emit({ kind: 'match' })
  return code
}

// What stands on one side of a position, as far as assertions ask.
const NOTHING = 0
const LETTER = 1
const LINE_END = 2
const OTHER = 3

type State = { waiting: readonly number[]; before: number; next: (State | 'found' | undefined)[] }

function automaton(code: readonly Instruction[]): Search {
  const alphabet = alphabetOf(code)
  const { classes } = alphabet
  // Two symbols beyond the classes: a line end that is the last character, and the end of the text.
  const LAST_LINE_END = classes
  const END = classes + 1
  const asserts = code.some((instruction) => instruction.kind === 'assert')
  const accepts = code.map((instruction) => (instruction.kind === 'chars' ? alphabet.memberships(instruction.ranges) : null))

  const states = new Map<string, State>()
  let remembered = 0
  const stateOf = (waiting: readonly number[], before: number): State => {
    const key = `${before}:${waiting.join()}`
    let state = states.get(key)
    if (state === undefined) {
      if (remembered > MAX_REMEMBERED) {
        states.clear()
        remembered = 0
      }
      state = { waiting, before, next: [] }
      states.set(key, state)
      remembered += waiting.length + 16
    }
    return state
  }

  // Numbers of searches outlive 32 bits.
  const seen = new Float64Array(code.length)
  const queued = new Float64Array(code.length)
  let generation = 0
  let work = 0

  /** The state behind one symbol. A search is unanchored: the program begins anew at every position. */
  const step = (state: State, symbol: number): State | 'found' => {
    generation += 1
    const after = symbol === END ? NOTHING : symbol === LAST_LINE_END ? LINE_END : alphabet.sideOf(symbol)
    const real = symbol === LAST_LINE_END ? alphabet.lineEnd : symbol
    const next: number[] = []
    const stack = [0]
    for (let at = state.waiting.length - 1; at >= 0; at -= 1) stack.push(state.waiting[at] as number)
    while (stack.length > 0) {
      const at = stack.pop() as number
      if (seen[at] === generation) continue
      seen[at] = generation
      work += 1
      const instruction = code[at] as Instruction
      switch (instruction.kind) {
        case 'match': return 'found'
        case 'split': stack.push(instruction.or, instruction.to); break
        case 'assert': if (holds(instruction.assertion, state.before, after, symbol === END, symbol === LAST_LINE_END)) stack.push(at + 1); break
        case 'chars':
          if (symbol !== END && (accepts[at] as Uint8Array)[real] === 1 && queued[at + 1] !== generation) {
            queued[at + 1] = generation
            next.push(at + 1)
          }
          break
        default: instruction satisfies never
      }
    }
    return stateOf(next.sort((a, b) => a - b), asserts ? after : NOTHING)
  }

  return {
    search(text) {
      work = 0
      let state = stateOf([], NOTHING)
      const take = (symbol: number): boolean => {
        let next = state.next[symbol]
        if (next === undefined) {
          next = step(state, symbol)
          state.next[symbol] = next
        }
        if (next === 'found') return true
        state = next
        return false
      }
      for (let at = 0; at < text.length; at += 1) {
        let point = text.charCodeAt(at)
        if (point >= 0xD800 && point < 0xDC00) {
          point = text.codePointAt(at) as number
          if (point > 0xFFFF) at += 1
        }
        if (take(point === 10 && at === text.length - 1 ? LAST_LINE_END : alphabet.classOf(point))) return 'found'
        if (work > BUDGET) return 'exhausted'
      }
      return take(END) ? 'found' : 'absent'
    },
  }
}

function holds(assertion: Assertion, before: number, after: number, atEnd: boolean, lastLineEnd: boolean): boolean {
  switch (assertion) {
    case 'start': return before === NOTHING
    case 'line-start': return before === NOTHING || before === LINE_END
    case 'end': return atEnd || lastLineEnd
    case 'very-end': return atEnd
    case 'line-end': return atEnd || after === LINE_END
    case 'word': return (before === LETTER) !== (after === LETTER)
    case 'not-word': return (before === LETTER) === (after === LETTER)
    default: return assertion satisfies never
  }
}

/** Code points that no part of the program tells apart are one class. */
function alphabetOf(code: readonly Instruction[]): { classes: number; lineEnd: number; classOf(point: number): number; sideOf(symbol: number): number; memberships(ranges: Ranges): Uint8Array } {
  const edges = new Set([0, 10, 11])
  const add = (ranges: Ranges): void => {
    for (let at = 0; at < ranges.length; at += 2) edges.add(ranges[at] as number).add((ranges[at + 1] as number) + 1)
  }
  add(WORD)
  for (const instruction of code) if (instruction.kind === 'chars') add(instruction.ranges)
  const starts = [...edges].filter((point) => point <= 0x10FFFF).sort((a, b) => a - b)
  const search = (point: number): number => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= point) low = middle
      else high = middle - 1
    }
    return low
  }
  const ascii = Uint16Array.from({ length: 128 }, (_, point) => search(point))
  const sides = starts.map((point) => (point === 10 ? LINE_END : within(point, WORD) ? LETTER : OTHER))
  const known = new Map<Ranges, Uint8Array>()
  return {
    classes: starts.length,
    lineEnd: search(10),
    classOf: (point) => (point < 128 ? ascii[point] as number : search(point)),
    sideOf: (symbol) => sides[symbol] as number,
    memberships(ranges) {
      let member = known.get(ranges)
      if (member === undefined) {
        member = Uint8Array.from(starts, (point) => (within(point, ranges) ? 1 : 0))
        known.set(ranges, member)
      }
      return member
    },
  }
}
