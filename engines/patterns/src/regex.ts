// Regular expressions as Go and RE2 read them, in linear time: leftmost, and of those that begin there the preferred one. A text is looked at by what is cheapest:
// literals that must stand in it, then an automaton that says yes or no; only where a match is does another find its end, its beginning, and its groups.
// Everything is made when it is first needed. Defended by regex.integration.test.ts, which holds it against re2js, and by its hostile expressions.
import { alphabetOf } from './alphabet.ts'
import type { Alphabet } from './alphabet.ts'
import { createCaptures } from './captures.ts'
import type { Captures } from './captures.ts'
import { createDfa } from './dfa.ts'
import type { Aim, Dfa } from './dfa.ts'
import { expand } from './expand.ts'
import { foldCase } from './fold.ts'
import { parseGo } from './go.ts'
import { PatternError } from './problem.ts'
import { programOf } from './program.ts'
import { requiredTexts } from './required.ts'
import type { RegexNode } from './syntax.ts'

export type RegexMatch = {
  /** From and to, in UTF-16 units, as everywhere in JavaScript. */
  readonly index: number
  readonly end: number
  /** 0 is the whole; undefined: took no part. */
  readonly groups: readonly (string | undefined)[]
}

export type Regex = {
  readonly source: string
  /** What it says, for who plans with it. */
  readonly root: RegexNode
  /** Numbers of named groups. */
  readonly names: ReadonlyMap<string, number>
  /** Groups that capture, without the whole. */
  readonly groupCount: number
  /** One of these stands in every text that matches; where `ignoreCase`, in `foldCase` of it (as a LiteralSet looks for them). null: nothing is known. */
  readonly literals: { readonly texts: readonly string[]; readonly ignoreCase: boolean } | null
  /** Errors of all: PatternError `exhausted`. */
  test(text: string): boolean
  /** The first match that begins at or behind `from`; what is before `from` counts for ^ and \b. */
  exec(text: string, from?: number): RegexMatch | null
  /**
   * The same between `from` and `to`, of those that begin at `until` or before: for who found one of `literals` and knows how far from it a match begins. It reads no
   * further than a match needs. What is around counts for assertions; a match that would go on behind `to` ends earlier or is none.
   */
  near(text: string, from: number, until: number, to: number): RegexMatch | null
  /** As Go's FindAll: matches do not overlap, and an empty one directly behind another is none. */
  all(text: string, limit?: number): RegexMatch[]
  /** `template` as Go's Expand reads it: $1, ${name}, $$. */
  replaceAll(text: string, template: string): string
}

export type RegexOptions = { readonly caseInsensitive?: boolean; readonly multiline?: boolean; readonly dotAll?: boolean }

const MAX_SOURCE = 65_536
const MAX_PROGRAM = 20_000
/** More literals than that cost more than the automaton. */
const MAX_LITERALS = 6

// Many expressions look at the same few texts one after another.
const foldings: { readonly text: string; readonly folded: string }[] = []
const MAX_FOLDINGS = 4
function folded(text: string): string {
  for (const known of foldings) if (known.text === text) return known.folded
  const made = { text, folded: foldCase(text) }
  if (foldings.length >= MAX_FOLDINGS) foldings.shift()
  foldings.push(made)
  return made.folded
}

/** Errors: PatternError `regex_invalid`, `regex_too_large`. */
export function compileRegex(source: string, options: RegexOptions = {}): Regex {
  if (source.length > MAX_SOURCE) throw new PatternError('regex_too_large', `an expression longer than ${MAX_SOURCE} characters is refused`)
  const { root, groupCount, names } = parseGo(source, { i: options.caseInsensitive === true, m: options.multiline === true, s: options.dotAll === true, U: false })
  measure(root)
  return regexOf(source, root, groupCount, names)
}

/** Whether its counts write out to more than an automaton takes; told without writing it. */
function measure(root: RegexNode): void {
  const sizes = (node: RegexNode): number => {
    switch (node.kind) {
      case 'chars': case 'assert': return 1
      case 'repeat': return (sizes(node.of) + 1) * (node.max === Infinity ? Math.max(node.min, 1) : Math.max(node.max, 1))
      case 'concat': case 'alternate': return node.of.reduce((sum, part) => sum + sizes(part) + 2, 0)
      default: return node satisfies never
    }
  }
  if (sizes(root) > MAX_PROGRAM * 2) throw new PatternError('regex_too_large', 'the expression is too large once its counts are written out')
}

/** The expression, where it is nothing but a text. */
function plainOf(root: RegexNode): string | null {
  if (root.kind === 'chars') return root.ranges.length === 2 && root.ranges[0] === root.ranges[1] ? String.fromCodePoint(root.ranges[0]!) : null
  if (root.kind !== 'concat' || 'group' in root || root.of.length === 0) return null
  const parts = root.of.map(plainOf)
  return parts.includes(null) ? null : parts.join('')
}

function literalsOf(root: RegexNode): Regex['literals'] {
  const exact = requiredTexts(root, (char) => char)
  const loose = requiredTexts(root, foldCase)
  const usable = (texts: readonly string[] | null): texts is readonly string[] => texts !== null && texts.length <= MAX_LITERALS
  const length = (texts: readonly string[] | null): number => (usable(texts) ? Math.min(...texts.map((text) => text.length)) : 0)
  // Folding a text costs; it must tell a good deal more.
  if (usable(loose) && length(loose) > length(exact) + 3) return { texts: loose, ignoreCase: true }
  return usable(exact) ? { texts: exact, ignoreCase: false } : usable(loose) ? { texts: loose, ignoreCase: true } : null
}

function regexOf(source: string, root: RegexNode, groupCount: number, names: ReadonlyMap<string, number>): Regex {
  let known: Regex['literals'] | undefined
  const literalsNow = (): Regex['literals'] => (known === undefined ? known = literalsOf(root) : known)
  const text = plainOf(root)
  // Half of a surrogate pair is no character.
  const plain = text === null || /[\uD800-\uDFFF]/.test(text) ? null : text
  const dfas: Partial<Record<Aim, Dfa>> = {}
  let alphabet: Alphabet | null = null
  const alphabetNow = (): Alphabet => alphabet ??= alphabetOf(root)
  const dfa = (aim: Aim): Dfa => dfas[aim] ??= createDfa(programOf(root, { limit: MAX_PROGRAM, reversed: aim === 'longest' }), alphabetNow(), aim)
  let captures: Captures | null = null
  const maybe = (text: string): boolean => {
    const literals = literalsNow()
    if (literals === null) return true
    const within = literals.ignoreCase ? folded(text) : text
    for (const literal of literals.texts) if (within.includes(literal)) return true
    return false
  }
  const find = (text: string, from: number, to = text.length, until = to): RegexMatch | null => {
    if (plain !== null) {
      const index = text.indexOf(plain, from)
      return index === -1 || index > until || index + plain.length > to ? null : { index, end: index + plain.length, groups: [plain] }
    }
    const end = dfa('preferred').search(text, from, to, until)
    if (end === -1) return null
    const index = dfa('longest').search(text, end, from)
    if (groupCount === 0) return { index, end, groups: [text.slice(index, end)] }
    captures ??= createCaptures(programOf(root, { limit: MAX_PROGRAM * 2, saves: true }), alphabetNow(), groupCount)
    const places = captures.find(text, index, end)
    const groups = Array.from({ length: groupCount + 1 }, (_, group) => (places[group * 2]! < 0 || places[group * 2 + 1]! < 0 ? undefined : text.slice(places[group * 2], places[group * 2 + 1])))
    return { index, end, groups }
  }
  const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xFFFF ? 2 : 1)
  return {
    source, root, names, groupCount,
    get literals() { return literalsNow() },
    test: plain === null ? (text) => maybe(text) && dfa('first').search(text, 0, text.length) !== -1 : (text) => text.includes(plain),
    exec: (text, from = 0) => (from <= text.length && maybe(text) ? find(text, from) : null),
    near: (text, from, until, to) => find(text, from, Math.min(to, text.length), until),
    all(text, limit = Infinity) {
      const found: RegexMatch[] = []
      if (!maybe(text)) return found
      let last = -1
      for (let at = 0; found.length < limit && at <= text.length;) {
        const match = find(text, at)
        if (match === null) break
        const empty = match.end === at
        if (!(empty && match.index === last)) found.push(match)
        at = empty ? at + widthAt(text, at) : match.end
        last = match.end
      }
      return found
    },
    replaceAll(text, template) {
      if (!maybe(text)) return text
      let result = ''
      let copied = 0
      for (let at = 0; at <= text.length;) {
        const match = find(text, at)
        if (match === null) break
        result += text.slice(copied, match.index)
        if (match.end > copied || match.index === 0) result += expand(template, match.groups, names)
        copied = match.end
        at = Math.max(at + widthAt(text, at), match.end)
      }
      return result + text.slice(copied)
    },
  }
}
