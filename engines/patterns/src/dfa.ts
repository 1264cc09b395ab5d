// An automaton made deterministic as it is used (RE2's way: swtch.com/~rsc/regexp/regexp3.html): a text is read once, a table look-up a character, and nothing
// goes back. What one search adds to the table is bounded; beyond the bound it is given up. regex.integration.test.ts holds it against re2js and hostile expressions.
import { LETTER, LINE_END, NOTHING } from './alphabet.ts'
import type { Alphabet } from './alphabet.ts'
import { PatternError } from './problem.ts'
import type { Instruction } from './program.ts'
import type { Assertion } from './syntax.ts'

/** Instructions looked at in one search beyond what the table knows: some hundreds of milliseconds. */
const BUDGET = 10_000_000
/** Numbers that all tables together hold at most, by some 8 bytes; beyond it all forget before the next search. */
const MAX_REMEMBERED = 4_000_000
/** And each by itself. */
const MAX_OWN = 1_000_000
let rememberedByAll = 0
/** Those that have something to forget. */
const remembering = new Set<() => void>()

function makeRoom(): void {
  for (const forget of remembering) forget()
  remembering.clear()
  rememberedByAll = 0
}

/**
 * first: is there a match that begins at or behind a place, and where does the earliest end.
 * preferred: where does the leftmost match end, of those that begin there the preferred one.
 * longest: read backwards from a place, where does the longest begin that ends there.
 */
export type Aim = 'first' | 'preferred' | 'longest'

export type Dfa = {
  /**
   * Reads from `from` to `to` (backwards: down to `to`). Forwards no match begins behind `until`; what stands at `to` is seen, but not taken.
   * -1: there is none. Errors: PatternError `exhausted`.
   */
  search(text: string, from: number, to: number, until?: number): number
}

const DEAD = 0

function same(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}

const ascending = (numbers: readonly number[]): boolean => {
  for (let at = 1; at < numbers.length; at += 1) if (numbers[at - 1]! > numbers[at]!) return false
  return true
}

/** `code` of the expression that the alphabet is of. */
export function createDfa(code: readonly Instruction[], { classes, latin1, classOf, sideOf, memberships }: Alphabet, aim: Aim): Dfa {
  // Two symbols beyond the classes: the end of the text, and a line end that is the last character, where somebody asks for that.
  const END = classes
  const LAST_LINE_END = classes + 1
  const stride = classes + 2
  const lineEnd = latin1[10]!
  const asksForLast = code.some((instruction) => instruction.kind === 'assert' && instruction.assertion === 'end')
  const asserts = code.some(({ kind }) => kind === 'assert')
  const backwards = aim === 'longest'
  const accepts = code.map((instruction) => (instruction.kind === 'chars' ? memberships(instruction.ranges) : null))
  const kinds = new Uint8Array(code.length)
  const firsts = new Int32Array(code.length)
  const seconds = new Int32Array(code.length)
  for (let at = 0; at < code.length; at += 1) {
    const instruction = code[at]!
    if (instruction.kind === 'split') {
      kinds[at] = 1
      firsts[at] = instruction.first
      seconds[at] = instruction.second
    } else if (instruction.kind !== 'chars') kinds[at] = instruction.kind === 'assert' ? 2 : instruction.kind === 'save' ? 3 : 4
  }

  // A state is a row of the table; a cell is the next row times two, and 1 more when something ends before the character. -1: not known yet.
  let table = new Int32Array(0)
  let rows = 0
  let own = 0
  let waitings: (readonly number[])[] = []
  /** What stands before, and whether a match may still begin. */
  let befores: number[] = []
  let seekings: boolean[] = []
  /** The same row where no match may begin any more; -1: not known yet. */
  let settleds: number[] = []
  /** Rows by a hash of what they are. */
  const numbers = new Map<number, number[]>()
  /** Rows where a search begins, by what stands before it; -1: not known. */
  const starts = new Int32Array(4).fill(-1)

  const forget = (): void => {
    own = 0
    rows = 0
    table = new Int32Array(0)
    waitings = []
    befores = []
    seekings = []
    settleds = []
    numbers.clear()
    starts.fill(-1)
  }

  const stateOf = (waiting: readonly number[], before: number, seeking: boolean): number => {
    let hash = before * 2 + (seeking ? 1 : 0)
    for (const at of waiting) hash = Math.imul(hash ^ at, 0x9E3779B1) ^ (hash >>> 15)
    const alike = numbers.get(hash)
    let row = alike?.find((known) => befores[known] === before && seekings[known] === seeking && same(waitings[known]!, waiting))
    if (row === undefined) {
      row = rows
      rows += 1
      if (rows * stride > table.length) {
        const larger = new Int32Array(table.length * 2).fill(-1)
        larger.set(table)
        table = larger
      }
      if (alike === undefined) numbers.set(hash, [row])
      else alike.push(row)
      waitings.push(waiting)
      befores.push(before)
      seekings.push(seeking)
      settleds.push(-1)
      const cost = stride + waiting.length * 2 + 32
      own += cost
      rememberedByAll += cost
      remembering.add(forget)
    }
    return row
  }

  const seen = new Float64Array(code.length)
  const queued = new Float64Array(code.length)
  let generation = 0
  let work = 0
  // An instruction pushes two at most, and only once.
  const stack = new Int32Array(code.length * 2 + 2)

  /** What stands in the cell of a row and a symbol, from now on. */
  const step = (row: number, symbol: number): number => {
    generation += 1
    const before = befores[row]!
    const real = symbol === LAST_LINE_END ? lineEnd : symbol
    const after = symbol === END ? NOTHING : sideOf(real)
    let next: number[] = []
    const waiting = waitings[row]!
    let seeking = seekings[row]!
    let ended = false
    for (let place = 0; place < waiting.length + (seeking ? 1 : 0); place += 1) {
      if (ended && !backwards) break
      stack[0] = place === waiting.length ? 0 : waiting[place]!
      let top = 1
      while (top > 0) {
        top -= 1
        const at = stack[top]!
        if (seen[at] === generation) continue
        seen[at] = generation
        work += 1
        const kind = kinds[at]!
        if (kind === 0) {
          if (symbol !== END && accepts[at]![real] === 1 && queued[at + 1] !== generation) {
            queued[at + 1] = generation
            next.push(at + 1)
          }
        } else if (kind === 1) {
          stack[top] = seconds[at]!
          stack[top + 1] = firsts[at]!
          top += 2
        } else if (kind === 2) {
          const { assertion } = code[at] as { assertion: Assertion }
          if ((backwards ? holds(assertion, after, before) : holds(assertion, before, after)) || (assertion === 'end' && symbol === LAST_LINE_END)) stack[top++] = at + 1
        } else if (kind === 3) stack[top++] = at + 1
        else {
          ended = true
          // Ways that are less preferred are given up, and no match begins later.
          if (!backwards) break
        }
      }
    }
    if (ended || backwards) seeking = false
    // As sets they are fewer; where there is an order of preference, it tells them apart.
    if (aim !== 'preferred' && !ascending(next)) next = Array.from(Int32Array.from(next).sort())
    const to = next.length === 0 && !seeking ? DEAD : stateOf(next, asserts ? after : NOTHING, seeking)
    return to * 2 + (ended ? 1 : 0)
  }

  const cell = (row: number, symbol: number): number => {
    const value = step(row, symbol)
    table[row * stride + symbol] = value
    return value
  }

  /** Where its table has grown too large in a search, forgets all but where it stands. */
  const roomy = (row: number): number => {
    const [waiting, before, seeking] = [waitings[row]!, befores[row]!, seekings[row]!]
    rememberedByAll -= own
    forget()
    start()
    return row === DEAD ? DEAD : stateOf(waiting, before, seeking)
  }
  /** Row 0 is the end of all hope. */
  const start = (): void => {
    table = new Int32Array(stride * 8).fill(-1)
    stateOf([], NOTHING, false)
  }
  const begin = (): void => {
    if (rememberedByAll > MAX_REMEMBERED) makeRoom()
    if (rows === 0) start()
    work = 0
  }

  const sideAt = (text: string, at: number): number => {
    if (!asserts || at < 0 || at >= text.length) return NOTHING
    const point = text.charCodeAt(at)
    return point < 256 ? sideOf(latin1[point]!) : sideOf(classOf(point))
  }

  const settle = (row: number): number => {
    let to = settleds[row]!
    if (to < 0) {
      const waiting = waitings[row]!
      to = seekings[row]! ? (waiting.length === 0 ? DEAD : stateOf(waiting, befores[row]!, false)) : row
      settleds[row] = to
    }
    return to
  }

  const forwards = (text: string, from: number, to: number, until: number): number => {
    begin()
    const { length } = text
    // One more than is taken is seen: whether something ended is told by what follows.
    const last = Math.min(length, to + 1)
    let stop = Math.min(last, until + 1)
    const first = aim === 'first'
    const side = sideAt(text, from - 1)
    let row = starts[side]!
    if (row < 0) row = starts[side] = stateOf([], side, true)
    let end = -1
    for (let at = from; ; at += 1) {
      if (at >= stop) {
        if (stop === last) break
        stop = last
        row = settle(row)
        if (row === DEAD) return end
      }
      let point = text.charCodeAt(at)
      const began = at
      if (point >= 0xD800 && point < 0xDC00) {
        point = text.codePointAt(at)!
        if (point > 0xFFFF) at += 1
      }
      const symbol = asksForLast && point === 10 && at === length - 1 ? LAST_LINE_END : point < 256 ? latin1[point]! : classOf(point)
      let value = table[row * stride + symbol]!
      if (value < 0) {
        value = cell(row, symbol)
        if (work > BUDGET) throw new PatternError('exhausted', 'the search took more than its budget')
        if (own > MAX_OWN) value = roomy(value >> 1) * 2 + (value & 1)
      }
      if ((value & 1) === 1) {
        end = began
        if (first) return end
      }
      row = value >> 1
      if (row === DEAD) return end
    }
    if (to < length) return end
    let value = table[row * stride + END]!
    if (value < 0) value = cell(row, END)
    return (value & 1) === 1 ? length : end
  }

  const back = (text: string, from: number, to: number): number => {
    begin()
    let row = stateOf([0], sideAt(text, from), false)
    let start = -1
    for (let at = from - 1; at >= to; at -= 1) {
      let point = text.charCodeAt(at)
      const began = at
      if (point >= 0xDC00 && point < 0xE000 && at > 0) {
        const pair = text.codePointAt(at - 1)!
        if (pair > 0xFFFF) {
          point = pair
          at -= 1
        }
      }
      const symbol = point < 256 ? latin1[point]! : classOf(point)
      let value = table[row * stride + symbol]!
      if (value < 0) {
        value = cell(row, symbol)
        if (work > BUDGET) throw new PatternError('exhausted', 'the search took more than its budget')
        if (own > MAX_OWN) value = roomy(value >> 1) * 2 + (value & 1)
      }
      if ((value & 1) === 1) start = began + 1
      row = value >> 1
      if (row === DEAD) return start
    }
    // What stands before `to` is seen, but not taken.
    const last = to === 0 ? END : symbolBefore(text, to)
    let value = table[row * stride + last]!
    if (value < 0) value = cell(row, last)
    return (value & 1) === 1 ? to : start
  }
  const symbolBefore = (text: string, at: number): number => {
    const unit = text.charCodeAt(at - 1)
    const pair = unit >= 0xDC00 && unit < 0xE000 && at > 1 ? text.codePointAt(at - 2)! : 0
    const point = pair > 0xFFFF ? pair : unit
    return point < 256 ? latin1[point]! : classOf(point)
  }

  return { search: backwards ? back : (text, from, to, until = Infinity) => forwards(text, from, to, until) }
}

export function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case 'start': return before === NOTHING
    case 'line-start': return before === NOTHING || before === LINE_END
    // PCRE's `$` also holds before a line end that is the last character, which whoever reads the text sees.
    case 'end': case 'very-end': return after === NOTHING
    case 'line-end': return after === NOTHING || after === LINE_END
    case 'word': return (before === LETTER) !== (after === LETTER)
    case 'not-word': return (before === LETTER) === (after === LETTER)
    default: return assertion satisfies never
  }
}
