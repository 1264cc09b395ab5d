// The regular expressions of `|re`: PCRE without what cannot run in linear time (lookaround, backreferences, atomic groups, recursion).
import { PatternError } from './problem.ts'
import { DIGIT, LAST, POSIX, WORD, negate, normalise } from './ranges.ts'
import type { Ranges } from './ranges.ts'
import type { RegexNode } from './syntax.ts'

const MAX_GROUPS_DEEP = 100
const MAX_SOURCE = 8192
/** As in RE2: a larger count is refused. */
const MAX_COUNT = 1000

const SPACE: Ranges = [9, 13, 32, 32]
const CLASSES: Readonly<Record<string, Ranges>> = { d: DIGIT, w: WORD, s: SPACE, h: [9, 9, 32, 32, 160, 160], v: [10, 13, 133, 133, 8232, 8233] }
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 }

/** The other case of each letter: ASCII by rule, others by their simple lower and upper case, as far as a range is small enough to look at. */
const bothCases = (ranges: Ranges): Ranges => {
  const found = [...ranges]
  for (let at = 0; at < ranges.length; at += 2) {
    const from = ranges[at] as number
    const to = ranges[at + 1] as number
    const overlap = (low: number, high: number, shift: number): void => {
      if (from <= high && to >= low) found.push(Math.max(from, low) + shift, Math.min(to, high) + shift)
    }
    overlap(65, 90, 32)
    overlap(97, 122, -32)
    if (to - from > 4096) continue
    for (let code = Math.max(from, 128); code <= to; code += 1) {
      const char = String.fromCodePoint(code)
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const point = other.codePointAt(0) as number
        if (point !== code && other.length === (point > 0xFFFF ? 2 : 1)) found.push(point, point)
      }
    }
  }
  return normalise(found)
}

type Flags = { i: boolean; m: boolean; s: boolean }

export function parsePcre(source: string, flagText: string): RegexNode {
  const flags: Flags = { i: flagText.includes('i'), m: flagText.includes('m'), s: flagText.includes('s') }
  if (source.length > MAX_SOURCE) throw new PatternError('regex_unsupported', `an expression longer than ${MAX_SOURCE} characters is refused`)
  const chars = Array.from(source)
  let at = 0
  let groups = 0
  const invalid = (reason: string): PatternError => new PatternError('regex_invalid', `${reason} at character ${at + 1} of the expression`)
  const unsupported = (what: string): PatternError => new PatternError('regex_unsupported', `${what} cannot run in linear time and is not part of Sigma's expressions`)

  const set = (ranges: Ranges, now: Flags): RegexNode => ({ kind: 'chars', ranges: now.i ? bothCases(ranges) : ranges })
  const one = (code: number, now: Flags): RegexNode => set([code, code], now)

  /** `inner` are the flags as they stand; an inline `(?i)` changes them to the end of the group. */
  const alternate = (outer: Flags, depth: number): RegexNode => {
    if (depth > MAX_GROUPS_DEEP) throw invalid('groups nested too deep')
    const now = { ...outer }
    const branches: RegexNode[] = []
    let branch: RegexNode[] = []
    while (at < chars.length && chars[at] !== ')') {
      if (chars[at] === '|') {
        at += 1
        branches.push({ kind: 'concat', of: branch })
        branch = []
      } else {
        const atom = atomAt(now, depth)
        if (atom !== null) branch.push(quantified(atom))
      }
    }
    branches.push({ kind: 'concat', of: branch })
    return branches.length === 1 ? branches[0] as RegexNode : { kind: 'alternate', of: branches }
  }

  const quantified = (atom: RegexNode): RegexNode => {
    let node = atom
    for (let times = 0; ; times += 1) {
      const bounds = quantifierAt()
      if (bounds === null) return node
      if (times > 0) throw invalid('a quantifier behind a quantifier')
      const [min, max] = bounds
      if (max < min) throw invalid('a quantifier whose upper bound is below the lower')
      if (min > MAX_COUNT || (max !== Infinity && max > MAX_COUNT)) throw new PatternError('regex_unsupported', `a count above ${MAX_COUNT} is refused`)
      if (chars[at] === '+') throw unsupported('a possessive quantifier')
      // Lazy or greedy makes no difference to whether there is a match, only to where it ends.
      const lazy = chars[at] === '?'
      if (lazy) at += 1
      node = { kind: 'repeat', of: node, min, max, ...(lazy ? { lazy } : {}) }
    }
  }

  const quantifierAt = (): [number, number] | null => {
    const char = chars[at]
    if (char === '*' || char === '+' || char === '?') {
      at += 1
      return char === '*' ? [0, Infinity] : char === '+' ? [1, Infinity] : [0, 1]
    }
    if (char !== '{') return null
    const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(chars.slice(at, at + 16).join(''))
    // As in PCRE, a brace that begins no count is a character.
    if (counted === null) return null
    at += counted[0].length
    const min = Number(counted[1])
    return [min, counted[2] === undefined ? min : counted[3] === '' ? Infinity : Number(counted[3])]
  }

  const atomAt = (now: Flags, depth: number): RegexNode | null => {
    const char = chars[at] as string
    at += 1
    switch (char) {
      case '.': return { kind: 'chars', ranges: now.s ? [0, LAST] : [0, 9, 11, LAST] }
      case '^': return { kind: 'assert', assertion: now.m ? 'line-start' : 'start' }
      case '$': return { kind: 'assert', assertion: now.m ? 'line-end' : 'end' }
      case '*': case '+': case '?': throw invalid('a quantifier with nothing before it')
      case '[': return classAt(now)
      case '(': return groupAt(now, depth)
      case '\\': return escapeAt(now)
      default: return one(char.codePointAt(0) as number, now)
    }
  }

  const groupAt = (now: Flags, depth: number): RegexNode | null => {
    const inner = { ...now }
    let group: { number: number; name: string | null } | null = null
    if (chars[at] === '*') throw unsupported('a verb such as (*SKIP)')
    if (chars[at] === '?') {
      at += 1
      const head = chars.slice(at, at + 80).join('')
      const named = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(head)
      const inline = /^([ims]*)(?:-([ims]+))?([:)])/.exec(head)
      if (/^(?:=|!|<=|<!)/.test(head)) throw unsupported('lookaround')
      else if (named !== null) {
        at += named[0].length
        group = { number: groups += 1, name: named[1] ?? named[2] ?? null }
      } else if (inline !== null) {
        at += inline[0].length
        const target = inline[3] === ')' ? now : inner
        for (const flag of inline[1] ?? '') target[flag as keyof Flags] = true
        for (const flag of inline[2] ?? '') target[flag as keyof Flags] = false
        if (inline[3] === ')') return null
      } else throw unsupported(`the group (?${head.slice(0, 3)}`)
    } else group = { number: groups += 1, name: null }
    const node = alternate(inner, depth + 1)
    if (chars[at] !== ')') throw invalid('a group that is not closed')
    at += 1
    return group === null ? node : { kind: 'concat', of: [node], group }
  }

  const hexAt = (): number => {
    const braced = /^\{([0-9a-fA-F]{1,6})\}/.exec(chars.slice(at, at + 8).join(''))
    const plain = /^[0-9a-fA-F]{2}/.exec(chars.slice(at, at + 2).join(''))
    const digits = braced?.[1] ?? plain?.[0]
    if (digits === undefined) throw invalid('\\x without its digits')
    at += (braced?.[0] ?? digits).length
    const code = Number.parseInt(digits, 16)
    if (code > LAST) throw invalid('a code point that does not exist')
    return code
  }

  /** The character that an escape names, or null when it names none. */
  const escapedCode = (char: string): number | null => {
    if (CONTROLS[char] !== undefined) return CONTROLS[char]
    if (char === 'x') return hexAt()
    if (char === 'u') {
      const digits = /^[0-9a-fA-F]{4}/.exec(chars.slice(at, at + 4).join(''))?.[0]
      if (digits === undefined) throw invalid('\\u without its digits')
      at += 4
      return Number.parseInt(digits, 16)
    }
    if (char === '0') return 0
    return /^[A-Za-z0-9]$/.test(char) ? null : char.codePointAt(0) as number
  }

  const namedClass = (char: string): Ranges | null => {
    const ranges = CLASSES[char.toLowerCase()]
    if (ranges === undefined) return null
    return char === char.toLowerCase() ? ranges : negate(ranges)
  }

  const escapeAt = (now: Flags): RegexNode => {
    const char = chars[at]
    if (char === undefined) throw invalid('a backslash at the end')
    at += 1
    const ranges = namedClass(char)
    if (ranges !== null) return { kind: 'chars', ranges }
    switch (char) {
      case 'b': return { kind: 'assert', assertion: 'word' }
      case 'B': return { kind: 'assert', assertion: 'not-word' }
      case 'A': return { kind: 'assert', assertion: 'start' }
      case 'Z': return { kind: 'assert', assertion: 'end' }
      case 'z': return { kind: 'assert', assertion: 'very-end' }
      default:
    }
    if (/^[1-9kg]$/.test(char)) throw unsupported('a backreference')
    const code = escapedCode(char)
    if (code === null) throw new PatternError('regex_unsupported', `the escape \\${char} is not supported`)
    return one(code, now)
  }

  const classAt = (now: Flags): RegexNode => {
    const negated = chars[at] === '^'
    if (negated) at += 1
    const found: number[] = []
    for (let first = true; ; first = false) {
      const char = chars[at]
      if (char === undefined) throw invalid('a character class that is not closed')
      if (char === ']' && !first) break
      const low = memberAt(found)
      if (low === null || chars[at] !== '-' || chars[at + 1] === ']' || chars[at + 1] === undefined) {
        if (low !== null) found.push(low, low)
        continue
      }
      at += 1
      const high = memberAt(found)
      // `[a-\d]`: the hyphen is a character.
      if (high === null) found.push(low, low, 45, 45)
      else if (high < low) throw invalid('a range that runs backwards')
      else found.push(low, high)
    }
    at += 1
    // [^a] under `i` leaves out both cases, so the cases are added before the negation.
    const ranges = now.i ? bothCases(normalise(found)) : normalise(found)
    return { kind: 'chars', ranges: negated ? negate(ranges) : ranges }
  }

  /** One member of a class: its code point, or null when it was a set that is added to `found`. */
  const memberAt = (found: number[]): number | null => {
    const char = chars[at] as string
    at += 1
    if (char === '[') {
      const posix = /^:(\^?)([a-z]+):\]/.exec(chars.slice(at, at + 12).join(''))
      if (posix === null) return 91
      const ranges = Object.hasOwn(POSIX, posix[2] as string) ? POSIX[posix[2] as string] : undefined
      if (ranges === undefined) throw invalid(`no class [:${posix[2]}:]`)
      at += posix[0].length
      found.push(...(posix[1] === '' ? ranges : negate(ranges)))
      return null
    }
    if (char !== '\\') return char.codePointAt(0) as number
    const escaped = chars[at]
    if (escaped === undefined) throw invalid('a backslash at the end')
    at += 1
    const ranges = namedClass(escaped)
    if (ranges !== null) {
      found.push(...ranges)
      return null
    }
    if (escaped === 'b') return 8
    const code = escapedCode(escaped)
    if (code === null) throw new PatternError('regex_unsupported', `the escape \\${escaped} is not supported in a class`)
    return code
  }

  const node = alternate(flags, 0)
  if (at < chars.length) throw invalid('a bracket that closes no group')
  return node
}
