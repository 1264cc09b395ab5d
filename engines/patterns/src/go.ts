// Regular expressions as Go's regexp/syntax reads them (RE2's syntax: github.com/google/re2/wiki/Syntax), in its Perl flavour: what it accepts is accepted,
// what it refuses is refused. regex.integration.test.ts holds it against re2js, another reading of the same.
import { withOtherCases } from './case-folding.ts'
import { PatternError } from './problem.ts'
import { DIGIT, LAST, POSIX, WORD, negate, normalise } from './ranges.ts'
import type { Ranges } from './ranges.ts'
import type { RegexNode } from './syntax.ts'

export type Flags = { readonly i: boolean; readonly m: boolean; readonly s: boolean; /** Greedy and lazy change places. */ readonly U: boolean }
export type Parsed = { readonly root: RegexNode; readonly groupCount: number; readonly names: ReadonlyMap<string, number> }

const MAX_DEPTH = 500
const MAX_COUNT = 1000
const SPACE: Ranges = [9, 10, 12, 13, 32, 32]
const PERL: Readonly<Record<string, Ranges>> = { d: DIGIT, s: SPACE, w: WORD }
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const ANY: Ranges = [0, LAST]
const NO_LINE_END: Ranges = [0, 9, 11, LAST]
const CATEGORIES = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/

const unicode = new Map<string, Ranges | null>()

/** Of a general category or a script; null: there is none. */
function unicodeClass(name: string): Ranges | null {
  if (name === 'Any') return ANY
  let found = unicode.get(name)
  if (found === undefined) {
    found = null
    const property = CATEGORIES.test(name) ? name : /^[A-Z][A-Za-z]*(?:_[A-Z][a-z]*)*$/.test(name) ? `Script=${name}` : null
    let member: RegExp | null = null
    try {
      member = property === null ? null : new RegExp(`^\\p{${property}}`, 'u')
    } catch {
      // V8 knows none either.
    }
    if (member !== null) {
      const ranges: number[] = []
      for (let point = 0; point <= LAST; point += 1) {
        if (!member.test(String.fromCodePoint(point))) continue
        if (ranges.length > 0 && ranges[ranges.length - 1] === point - 1) ranges[ranges.length - 1] = point
        else ranges.push(point, point)
      }
      found = ranges
    }
    unicode.set(name, found)
  }
  return found
}

/** Letters of ASCII as they are, and in any case: most of what expressions consist of. */
const letters: readonly (Ranges | undefined)[][] = [[], []]
const rangesOf = (point: number, anyCase: boolean): Ranges => {
  const made = (): Ranges => (anyCase ? withOtherCases([point, point]) : [point, point])
  return point < 128 ? letters[Number(anyCase)]![point] ??= made() : made()
}

/** Errors: PatternError `regex_invalid`, `regex_too_large`. */
export function parseGo(source: string, initial: Flags): Parsed {
  const names = new Map<string, number>()
  let at = 0
  let groupCount = 0
  let flags = initial
  /** How often the innermost part is written out, of what counts were written with digits. */
  const written = new WeakMap<RegexNode, number>()

  const invalid = (reason: string): PatternError => new PatternError('regex_invalid', `${reason} at character ${at + 1} of the expression`)
  const pointAt = (place: number): number => source.codePointAt(place) as number
  const takePoint = (): number => {
    const point = pointAt(at)
    at += point > 0xFFFF ? 2 : 1
    return point
  }
  const chars = (ranges: Ranges): RegexNode => ({ kind: 'chars', ranges })
  const one = (point: number): RegexNode => chars(rangesOf(point, flags.i))

  /** To the end of the group, whose parenthesis is left. */
  const alternatives = (depth: number): RegexNode => {
    if (depth > MAX_DEPTH) throw invalid('groups nested too deep')
    const branches: RegexNode[] = []
    let branch: RegexNode[] = []
    /** What stands before was a repetition, which is not repeated again. */
    let repeated = false
    const push = (node: RegexNode): void => {
      branch.push(node)
      repeated = false
    }
    const repeat = (min: number, max: number, counted: boolean): void => {
      const lazy = (source[at] === '?') !== flags.U
      if (source[at] === '?') at += 1
      const of = branch.pop()
      if (of === undefined) throw invalid('a repetition of nothing')
      if (repeated) throw invalid('a repetition of a repetition')
      const times = (counted ? Math.max(1, max === Infinity ? min : max) : 1) * (written.get(of) ?? 1)
      if (counted && (min >= 2 || (max >= 2 && max !== Infinity)) && times > MAX_COUNT) throw invalid(`counts that multiply to more than ${MAX_COUNT}`)
      const node: RegexNode = { kind: 'repeat', of, min, max, ...(lazy ? { lazy: true as const } : {}) }
      written.set(node, counted && max === 0 ? 1 : times)
      branch.push(node)
      repeated = true
    }
    while (at < source.length) {
      const char = source[at]!
      if (char === ')') break
      switch (char) {
        case '|':
          at += 1
          branches.push(concat(branch))
          branch = []
          repeated = false
          break
        case '(': {
          const node = group(depth)
          if (node === null) repeated = false
          else push(node)
          break
        }
        case '^': at += 1; push({ kind: 'assert', assertion: flags.m ? 'line-start' : 'start' }); break
        case '$': at += 1; push({ kind: 'assert', assertion: flags.m ? 'line-end' : 'very-end' }); break
        case '.': at += 1; push(chars(flags.s ? ANY : NO_LINE_END)); break
        case '[': push(bracket()); break
        case '*': at += 1; repeat(0, Infinity, false); break
        case '+': at += 1; repeat(1, Infinity, false); break
        case '?': at += 1; repeat(0, 1, false); break
        case '{': {
          const count = /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/.exec(source.slice(at, at + 40))
          at += 1
          if (count === null) {
            push(one(123))
            break
          }
          const min = Number(count[1])
          const max = count[2] === undefined ? min : count[3] === undefined ? Infinity : Number(count[3])
          if (min > MAX_COUNT || (max !== Infinity && (max > MAX_COUNT || min > max))) throw invalid('a count that is too large or runs backwards')
          at += count[0].length - 1
          repeat(min, max, true)
          break
        }
        case '\\':
          if (source[at + 1] === 'Q') {
            const end = source.indexOf('\\E', at + 2)
            const stop = end === -1 ? source.length : end
            for (const char of source.slice(at + 2, stop)) push(one(char.codePointAt(0)!))
            at = end === -1 ? stop : end + 2
            repeated = false
          } else push(escape())
          break
        default: push(one(takePoint()))
      }
    }
    branches.push(concat(branch))
    if (branches.length === 1) return branches[0]!
    return noting({ kind: 'alternate', of: branches }, branches)
  }

  const noting = <T extends RegexNode>(node: T, of: readonly RegexNode[]): T => {
    const most = of.reduce((times, part) => Math.max(times, written.get(part) ?? 1), 1)
    if (most > 1) written.set(node, most)
    return node
  }
  const concat = (of: readonly RegexNode[]): RegexNode => (of.length === 1 ? of[0]! : noting({ kind: 'concat', of }, of))

  /** null: it only changed flags. */
  const group = (depth: number): RegexNode | null => {
    const outer = flags
    let number = 0
    let name: string | null = null
    at += 1
    if (source[at] !== '?') number = groupCount += 1
    else {
      const named = /^\?P?<([^>]*)>/.exec(source.slice(at, at + 1004))
      if (named !== null) {
        name = named[1]!
        if (!/^\w+$/.test(name) || names.has(name)) throw invalid('a name of a group that is none, or is used twice')
        at += named[0].length
        number = groupCount += 1
        names.set(name, number)
      } else {
        const changed = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(source.slice(at, at + 100))
        if (changed === null) throw invalid(`a group (?${source.slice(at + 1, at + 3)}, which does not run in linear time or is none`)
        at += changed[0].length
        const [, on = '', off = '', end] = changed
        const set = (flag: keyof Flags): boolean => (off.includes(flag) ? false : on.includes(flag) || outer[flag])
        flags = { i: set('i'), m: set('m'), s: set('s'), U: set('U') }
        if (end === ')') return null
      }
    }
    const inner = alternatives(depth + 1)
    if (source[at] !== ')') throw invalid('a group that is not closed')
    at += 1
    flags = outer
    return number === 0 ? inner.kind === 'concat' || inner.kind === 'alternate' ? inner : noting({ kind: 'concat', of: [inner] }, [inner]) : noting({ kind: 'concat', of: [inner], group: { number, name } }, [inner])
  }

  const escape = (): RegexNode => {
    switch (source.charAt(at + 1)) {
      case 'A': at += 2; return { kind: 'assert', assertion: 'start' }
      case 'z': at += 2; return { kind: 'assert', assertion: 'very-end' }
      case 'b': at += 2; return { kind: 'assert', assertion: 'word' }
      case 'B': at += 2; return { kind: 'assert', assertion: 'not-word' }
      default: {
        const named = namedClass()
        return named === null ? one(escapedPoint()) : chars(named)
      }
    }
  }

  /** \d, \PL, \p{Greek}; null: it is none, and nothing was taken. */
  const namedClass = (): Ranges | null => {
    const letter = source[at + 1]
    if (letter === 'p' || letter === 'P') {
      at += 2
      if (at >= source.length) throw invalid('\\p without its class')
      let name = String.fromCodePoint(takePoint())
      if (name === '{') {
        const end = source.indexOf('}', at)
        if (end === -1) throw invalid('\\p{ that is not closed')
        name = source.slice(at, end)
        at = end + 1
      }
      const inverted = name.startsWith('^')
      const ranges = unicodeClass(inverted ? name.slice(1) : name)
      if (ranges === null) throw invalid(`no class \\p{${name}}`)
      return cased(ranges, (letter === 'P') !== inverted)
    }
    const perl = letter === undefined ? undefined : PERL[letter.toLowerCase()]
    if (perl === undefined) return null
    at += 2
    return cased(perl, letter !== letter!.toLowerCase())
  }
  const cased = (ranges: Ranges, negated: boolean): Ranges => {
    const all = flags.i ? withOtherCases(ranges) : ranges
    return negated ? negate(all) : all
  }

  const escapedPoint = (): number => {
    at += 1
    if (at >= source.length) throw invalid('a backslash at the end')
    const point = takePoint()
    const char = String.fromCodePoint(point)
    const control = CONTROLS[char]
    if (control !== undefined) return control
    if (point < 128 && !/[A-Za-z0-9]/.test(char)) return point
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(char + source.slice(at, at + 2))
    if (octal !== null) {
      at += octal[0].length - 1
      return Number.parseInt(octal[0], 8)
    }
    if (char === 'x') {
      const hex = /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/.exec(source.slice(at, at + 40))
      const found = hex === null ? LAST + 1 : Number.parseInt(hex[1] ?? hex[2]!, 16)
      if (found <= LAST) {
        at += hex![0].length
        return found
      }
    }
    throw invalid(`an escape \\${char} that is none`)
  }

  const bracket = (): RegexNode => {
    at += 1
    const negated = source[at] === '^'
    if (negated) at += 1
    const found: number[] = []
    /** Of either case once all are there. */
    const plain: number[] = []
    const member = (): number => {
      if (at >= source.length) throw invalid('a character class that is not closed')
      return source[at] === '\\' ? escapedPoint() : takePoint()
    }
    for (let first = true; source[at] !== ']' || first; first = false) {
      if (at >= source.length) throw invalid('a character class that is not closed')
      if (source.startsWith('[:', at)) {
        const end = source.indexOf(':]', at + 2)
        if (end !== -1) {
          const [, not, name = ''] = /^(\^?)(.*)$/s.exec(source.slice(at + 2, end))!
          const posix = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined
          if (posix === undefined) throw invalid(`no class [:${name}:]`)
          found.push(...cased(posix, not === '^'))
          at = end + 2
          continue
        }
      }
      if (source[at] === '\\') {
        const named = namedClass()
        if (named !== null) {
          found.push(...named)
          continue
        }
      }
      const low = member()
      let high = low
      if (source[at] === '-' && at + 1 < source.length && source[at + 1] !== ']') {
        at += 1
        high = member()
        if (high < low) throw invalid('a range that runs backwards')
      }
      plain.push(low, high)
    }
    at += 1
    const own = normalise(plain)
    const ranges = normalise([...found, ...(flags.i && own.length > 0 ? withOtherCases(own) : own)])
    return chars(negated ? negate(ranges) : ranges)
  }

  const root = alternatives(0)
  if (at < source.length) throw invalid('a parenthesis that closes no group')
  return { root, groupCount, names }
}
