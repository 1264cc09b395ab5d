// Many folded texts looked for in one: which of them it is, begins with, ends with or holds when it is folded too, each told by its number. One pass tells all that it holds.
// Exact: drawn.integration.test.ts holds every answer against startsWith, endsWith, includes and ===.
import { fold } from './fold.ts'
import { createPairTable } from './pair-table.ts'
import type { PairTable } from './pair-table.ts'

export type Place = 'whole' | 'start' | 'end' | 'inside'

/** Where the numbers of found texts are put. */
export type Found = { add(numbers: readonly number[]): void }

export type Literals = {
  /** Adds to `found` the numbers of all texts that stand in `text`, folded, at their place, perhaps repeatedly. */
  search(text: string, found: Found): void
  /** Whether nothing is said of `text`, told without anything else being done; false also where that is not known at once. */
  silent(text: string): boolean
}

/** Of the automaton's table, in states: it is as deep as that lets it be, and a longer text is followed on from there along its own letters. */
const MAX_STATES = 8000
const SHALLOWEST = 3
/** From here on a text is worth copying to bytes and reading in four places at once, for each step waits for the one before. */
const LONG = 48
const bytes = new Uint8Array(262_144)
const encoder = new TextEncoder()

/** Texts of one length that are told apart by more than the table sees, which has seen the first `back` letters of them. */
type Compared = { back: number; length: number; texts: Map<string, number[]> }

/** How many letters of each text the table may know: counts the states that each depth would add. */
function depthFor(texts: readonly { text: string }[]): number {
  const sorted = texts.map(({ text }) => text).sort()
  const added: number[] = []
  for (const [place, text] of sorted.entries()) {
    const before = place === 0 ? '' : sorted[place - 1]!
    let same = 0
    while (same < text.length && text[same] === before[same]) same += 1
    for (let at = same; at < text.length; at += 1) added[at] = (added[at] ?? 0) + 1
  }
  let states = 1
  let depth = 0
  while (depth < added.length && (depth < SHALLOWEST || states + added[depth]! <= MAX_STATES)) {
    states += added[depth]!
    depth += 1
  }
  return depth
}

/** Texts by their first letters. Nodes are numbered over all tries that share the table, so no trie has a table of its own. */
class Trie {
  readonly children: PairTable
  /** Numbers of the texts that end at a node; most nodes have none. */
  readonly ends: (number[] | undefined)[]

  constructor(children: PairTable, ends: (number[] | undefined)[]) {
    this.children = children
    this.ends = ends
  }

  root(): number {
    return this.ends.push(undefined) - 1
  }

  end(node: number, number: number): void {
    const known = this.ends[node]
    if (known === undefined) this.ends[node] = [number]
    else known.push(number)
  }

  child(node: number, code: number): number {
    let next = this.children.get(node, code)
    if (next === -1) {
      next = this.ends.push(undefined) - 1
      this.children.set(node, code, next)
    }
    return next
  }
}

export type Forest = { plant(): { add(text: string, at: Place, number: number): void; build(): Literals } }

export function createForest(): Forest {
  const trie = new Trie(createPairTable(), [])
  return {
    plant() {
      const whole = new Map<string, number[]>()
      const start = trie.root()
      const end = trie.root()
      let starts = false
      let ends = false
      /** In any text there is. */
      const always: number[] = []
      const inside: { text: string; number: number }[] = []
      return {
        add(text, at, number) {
          if (at === 'whole') {
            const known = whole.get(text)
            if (known === undefined) whole.set(text, [number])
            else known.push(number)
          } else if (text === '') always.push(number)
          else if (at === 'start') {
            starts = true
            let node = start
            for (let i = 0; i < text.length; i += 1) node = trie.child(node, text.charCodeAt(i))
            trie.end(node, number)
          } else if (at === 'end') {
            ends = true
            let node = end
            for (let i = text.length - 1; i >= 0; i -= 1) node = trie.child(node, text.charCodeAt(i))
            trie.end(node, number)
          } else inside.push({ text, number })
        },
        build() {
          const automaton = inside.length === 0 ? null : automatonOf(inside, trie)
          const { children, ends: numbers } = trie
          const lengths = new Uint8Array(Math.max(0, ...[...whole.keys()].map((text) => text.length)) + 1)
          for (const text of whole.keys()) lengths[text.length] = 1
          const walk = (root: number, text: string, from: number, step: number, found: Found): void => {
            for (let node = root, at = from; at >= 0 && at < text.length; at += step) {
              node = children.get(node, lower(text.charCodeAt(at)))
              if (node === -1) return
              const said = numbers[node]
              if (said !== undefined) found.add(said)
            }
          }
          const search = (text: string, folded: boolean, found: Found): void => {
            // Most texts are ASCII, and those are folded letter by letter as they are read.
            if (automaton !== null && !automaton.search(text, folded, found)) {
              search(fold(text), true, found)
              return
            }
            if (whole.size > 0 && lengths[text.length] === 1) {
              const same = whole.get(folded ? text : fold(text))
              if (same !== undefined) found.add(same)
            }
            if (starts) walk(start, text, 0, 1, found)
            if (ends) walk(end, text, text.length - 1, -1, found)
          }
          const mayChange = whole.size > 0 || starts || ends
          return {
            search(text, found) {
              if (always.length > 0) found.add(always)
              if (automaton === null && mayChange && !isAscii(text)) search(fold(text), true, found)
              else search(text, false, found)
            },
            silent: always.length > 0 || mayChange ? () => false : automaton === null ? () => true : (text) => automaton.silent(text),
          }
        },
      }
    },
  }
}

const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code)

const isAscii = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false
  return true
}

/**
 * Aho and Corasick's automaton (CACM 18, 1975) of the first letters of each text, as a full table. Letters beyond ASCII are one column, so that the table stays small enough
 * to be near at hand: texts that have one so early are compared where the automaton stops. States that say something are numbered behind those that do not.
 * Answers false when it stopped at a letter beyond ASCII of a text that is not folded: letters of ASCII it folds itself.
 */
function automatonOf(texts: readonly { text: string; number: number }[], trie: Trie): { search(text: string, folded: boolean, found: Found): boolean; silent(text: string): boolean } {
  const deepest = depthFor(texts)
  const ascii = new Uint8Array(128)
  let width = 1
  let foreign = 0
  for (const { text } of texts) {
    for (let at = 0; at < Math.min(text.length, deepest); at += 1) {
      const code = text.charCodeAt(at)
      if (code < 128) ascii[code] ||= width++
      else foreign ||= width++
    }
  }
  const letterOf = (code: number): number => (code < 128 ? ascii[code]! : foreign)
  // State 0 is the root. Rows of goto; 0 also means none, for nothing leads back to the root but failing.
  let table = new Int32Array(width * 64)
  let states = 1
  const outputs: number[][] = [[]]
  const compared: Compared[][] = [[]]
  const onward: number[] = [-1]
  const depths: number[] = [0]
  for (const { text, number } of texts) {
    let state = 0
    let plain = true
    const depth = Math.min(text.length, deepest)
    for (let at = 0; at < depth; at += 1) {
      const code = text.charCodeAt(at)
      plain &&= code < 128
      const place = state * width + letterOf(code)
      let next = table[place]!
      if (next === 0) {
        next = states
        states += 1
        if (states * width > table.length) {
          const larger = new Int32Array(table.length * 2)
          larger.set(table)
          table = larger
        }
        outputs.push([])
        compared.push([])
        onward.push(-1)
        depths.push(at + 1)
        table[place] = next
      }
      state = next
    }
    if (!plain) {
      let group = compared[state]!.find(({ length }) => length === text.length)
      if (group === undefined) compared[state]!.push(group = { back: depth, length: text.length, texts: new Map() })
      const known = group.texts.get(text)
      if (known === undefined) group.texts.set(text, [number])
      else known.push(number)
    }
    else if (text.length <= deepest) outputs[state]!.push(number)
    else {
      if (onward[state] === -1) onward[state] = trie.root()
      let node = onward[state]!
      for (let at = deepest; at < text.length; at += 1) node = trie.child(node, text.charCodeAt(at))
      trie.end(node, number)
    }
  }
  const fail = new Int32Array(states)
  const queue = new Int32Array(states)
  let tail = 0
  for (let letter = 1; letter < width; letter += 1) if (table[letter] !== 0) queue[tail++] = table[letter]!
  const merged = <T>(own: T[], inherited: T[]): T[] => (inherited.length === 0 ? own : own.length === 0 ? inherited : [...new Set([...own, ...inherited])])
  for (let head = 0; head < tail; head += 1) {
    const state = queue[head]!
    const back = fail[state]!
    outputs[state] = merged(outputs[state]!, outputs[back]!)
    compared[state] = merged(compared[state]!, compared[back]!)
    for (let letter = 1; letter < width; letter += 1) {
      const next = table[state * width + letter]!
      const failing = table[back * width + letter]!
      if (next === 0) table[state * width + letter] = failing
      else {
        fail[next] = failing
        queue[tail++] = next
      }
    }
  }
  const speaks = (state: number): boolean => outputs[state]!.length > 0 || onward[state] !== -1 || compared[state]!.length > 0
  const order = Array.from({ length: states }, (_, state) => state).sort((a, b) => Number(speaks(a)) - Number(speaks(b)) || depths[a]! - depths[b]! || a - b)
  const renamed = new Int32Array(states)
  for (let place = 0; place < states; place += 1) renamed[order[place]!] = place * width
  const firstSpeaking = renamed[order.find(speaks)!]!
  const steps = new Int32Array(states * width)
  for (let place = 0; place < states; place += 1) {
    const from = order[place]! * width
    for (let letter = 0; letter < width; letter += 1) steps[place * width + letter] = renamed[table[from + letter]!]!
  }
  const speaking = order.slice(firstSpeaking / width)
  const says = speaking.map((state) => outputs[state]!)
  const goesOn = speaking.map((state) => onward[state]!)
  const compares = speaking.map((state) => compared[state]!)
  const { children, ends } = trie

  const speak = (speaker: number, text: string, at: number, found: Found): void => {
    const said = says[speaker]!
    if (said.length > 0) found.add(said)
    let node = goesOn[speaker]!
    if (node !== -1) {
      for (let next = at + 1; next < text.length; next += 1) {
        node = children.get(node, lower(text.charCodeAt(next)))
        if (node === -1) break
        const further = ends[node]
        if (further !== undefined) found.add(further)
      }
    }
    for (const { back, length, texts: wanted } of compares[speaker]!) {
      const from = at + 1 - back
      const same = wanted.get(text.slice(from, from + length))
      if (same !== undefined) found.add(same)
    }
  }
  for (let code = 65; code <= 90; code += 1) ascii[code] = ascii[code + 32]!
  /** Reads bytes of ASCII in four places; answers false at the first word when `found` is null. Each place begins so early that what began before it is known there. */
  const streams = (text: string, length: number, found: Found | null): boolean => {
    const quarter = length >> 2
    const second = quarter
    const third = 2 * quarter
    const fourth = 3 * quarter
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let at = Math.min(deepest, quarter); at > 0; at -= 1) {
      b = steps[b + ascii[bytes[second - at]!]!]!
      c = steps[c + ascii[bytes[third - at]!]!]!
      d = steps[d + ascii[bytes[fourth - at]!]!]!
    }
    const last = firstSpeaking - 1
    for (let at = 0; at < quarter; at += 1) {
      a = steps[a + ascii[bytes[at]!]!]!
      b = steps[b + ascii[bytes[at + second]!]!]!
      c = steps[c + ascii[bytes[at + third]!]!]!
      d = steps[d + ascii[bytes[at + fourth]!]!]!
      if (((last - a) | (last - b) | (last - c) | (last - d)) < 0) {
        if (found === null) return false
        if (a > last) speak((a - firstSpeaking) / width, text, at, found)
        if (b > last) speak((b - firstSpeaking) / width, text, at + second, found)
        if (c > last) speak((c - firstSpeaking) / width, text, at + third, found)
        if (d > last) speak((d - firstSpeaking) / width, text, at + fourth, found)
      }
    }
    for (let at = 4 * quarter; at < length; at += 1) {
      d = steps[d + ascii[bytes[at]!]!]!
      if (d > last) {
        if (found === null) return false
        speak((d - firstSpeaking) / width, text, at, found)
      }
    }
    return true
  }
  const mayStream = (length: number): boolean => length >= LONG && length >= 4 * deepest && length * 3 <= bytes.length
  return {
    search(text, folded, found) {
      const { length } = text
      if (!folded && mayStream(length)) {
        if (encoder.encodeInto(text, bytes).written !== length) return false
        return streams(text, length, found)
      }
      let state = 0
      for (let at = 0; at < length; at += 1) {
        const code = text.charCodeAt(at)
        if (code < 128) state = steps[state + ascii[code]!]!
        else if (folded) state = steps[state + foreign]!
        else return false
        if (state >= firstSpeaking) speak((state - firstSpeaking) / width, text, at, found)
      }
      return true
    },
    silent(text) {
      const { length } = text
      if (mayStream(length)) return encoder.encodeInto(text, bytes).written === length && streams(text, length, null)
      let state = 0
      for (let at = 0; at < length; at += 1) {
        const code = text.charCodeAt(at)
        if (code > 127) return false
        state = steps[state + ascii[code]!]!
        if (state >= firstSpeaking) return false
      }
      return true
    },
  }
}
