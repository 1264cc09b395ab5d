// What pipelines do to values. A value is looked at as pySigma writes it (`*` and `?` for wildcards), and what a change does not touch keeps its meaning:
// a literal asterisk stays literal, a wildcard stays one. pipeline.test.ts holds it.
import type { Span } from '@haechi/patterns'
import { ANY, DASHES, ONE, isAny, joined, piecesOf } from './pattern.ts'
import { compileSpans } from './regex.ts'
import { Refusal } from './refusal.ts'
import type { Item, Piece, Selection, Test } from './rule.ts'

export type Value = string | number | boolean | null

const MAX_VARIANTS = 625
type Pattern = Extract<Test, { kind: 'pattern' }>

/** A keyword is looked for anywhere, so its outer wildcards are no part of what its author wrote. */
export function keywordsAside({ field, tests }: Item): { tests: readonly Test[]; back: (test: Test) => Test } {
  if (field !== null) return { tests, back: (test) => test }
  const each = (test: Test, change: (pieces: readonly Piece[]) => readonly Piece[]): Test =>
    test.kind === 'any' ? { kind: 'any', of: test.of.map((one) => each(one, change)) } : test.kind === 'pattern' ? { ...test, pieces: change(test.pieces) } : test
  return { tests: tests.map((test) => each(test, bare)), back: (test) => each(asText(test), (pieces) => joined([ANY, ...pieces, ANY])) }
}

const bare = (pieces: readonly Piece[]): readonly Piece[] => pieces.slice(isAny(pieces[0]) ? 1 : 0, isAny(pieces.at(-1)) && pieces.length > 1 ? -1 : undefined)

const asText = (test: Test): Test => (test.kind === 'number' ? { kind: 'pattern', pieces: [test.text], cased: false } : test.kind === 'boolean' ? { kind: 'pattern', pieces: [String(test.value)], cased: false } : test)

/** `windash` is one value for each dash that it stands for. @throws Refusal `pipeline_failed` */
function withoutDashes(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  let variants: readonly (readonly Piece[])[] = [[]]
  for (const piece of pieces) {
    const tails: readonly Piece[] = typeof piece === 'object' && piece.wildcard === 'dash' ? DASHES : [piece]
    if (variants.length * tails.length > MAX_VARIANTS) throw new Refusal('pipeline_failed', `a value stands for more than ${MAX_VARIANTS} texts`)
    variants = variants.flatMap((head) => tails.map((tail) => [...head, tail]))
  }
  return variants.map(joined)
}

const written = (pieces: readonly Piece[]): string => pieces.map((piece) => (typeof piece === 'string' ? piece : isAny(piece) ? '*' : '?')).join('')

/** The texts that a test of text stands for, as pySigma writes them. */
export function textsIn(test: Test, keyword: boolean): string[] {
  if (test.kind === 'any') return test.of.flatMap((one) => textsIn(one, keyword))
  return test.kind === 'pattern' ? withoutDashes(keyword ? bare(test.pieces) : test.pieces).map(written) : []
}

export function hasWildcard(test: Test, keyword: boolean): boolean {
  if (test.kind === 'any') return test.of.some((one) => hasWildcard(one, keyword))
  return test.kind === 'pattern' && (keyword ? bare(test.pieces) : test.pieces).some((piece) => typeof piece === 'object' && piece.wildcard !== 'dash')
}

const patternOf = (pieces: readonly Piece[], cased: boolean): Pattern => ({ kind: 'pattern', pieces: joined(pieces), cased })
const anyOf = (tests: readonly Test[]): Test => (tests.length === 1 ? tests[0] as Test : { kind: 'any', of: tests })

/** A value as the pipeline states it. */
export function valueTest(value: Value, keyword: boolean): Test {
  if (keyword && value !== null) return patternOf([ANY, ...piecesOf(String(value)), ANY], false)
  if (typeof value === 'string') return patternOf(piecesOf(value), false)
  if (typeof value === 'number') return { kind: 'number', value, text: String(value) }
  return value === null ? { kind: 'null' } : { kind: 'boolean', value }
}

/** Other values for a text, number or boolean that is named as a whole. */
export function mapText(test: Test, mapping: Readonly<Record<string, readonly string[]>>): Test {
  const text = asText(test)
  if (text.kind !== 'pattern') return test
  const key = written(text.pieces)
  const to = Object.hasOwn(mapping, key) ? mapping[key] : undefined
  return to === undefined ? test : anyOf(to.map((value) => patternOf(piecesOf(value), text.cased)))
}

/** @throws Refusal `pipeline_failed` for a text that is no number */
export function convert(test: Test, to: 'str' | 'num'): Test {
  if (to === 'str') return asText(test)
  if (test.kind !== 'pattern') return test
  const text = written(test.pieces)
  const value = Number(text.trim() === '' ? Number.NaN : text)
  if (!Number.isFinite(value)) throw new Refusal('pipeline_failed', `"${text.slice(0, 60)}" is no number`)
  return { kind: 'number', value, text }
}

export const caseOf = (test: Test, change: (text: string) => string): Test =>
  test.kind === 'pattern' ? patternOf(test.pieces.map((piece) => (typeof piece === 'string' ? change(piece) : piece)), test.cased) : test

/** `CommandLine` and `command line` are `command_line`. */
export const snakeCase = (text: string): string =>
  text.replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2').replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2').replaceAll(/[\s-]+/g, '_').toLowerCase()

const HASH_LENGTHS: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA1', 64: 'SHA256', 128: 'SHA512' }

/** `Hashes: SHA1=...` as a field for each algorithm. Values of other algorithms go; an item of which nothing is left, or that needs all, is refused. @throws Refusal `pipeline_failed` */
export function hashFields(item: Item, { algorithms, prefix, dropAlgorithm }: { algorithms: readonly string[]; prefix: string; dropAlgorithm: boolean }): Selection {
  const byField = new Map<string, Test[]>()
  const patterns = item.tests.flatMap((test) => (test.kind === 'any' ? test.of : [test]))
  if (!patterns.every((test) => test.kind === 'pattern')) return item
  for (const { pieces, cased } of patterns) {
    const [, named = '', digest = ''] = /^(?:([A-Za-z0-9-]+)[=|])?(.*)$/s.exec(written(bare(pieces))) ?? []
    const algorithm = named === '' ? HASH_LENGTHS[digest.length] : named.toUpperCase()
    if (algorithm === undefined || !algorithms.includes(algorithm)) {
      if (item.all || item.negated) throw new Refusal('pipeline_failed', `"${digest.slice(0, 20)}" is no hash of ${algorithms.join(', ')}`)
      continue
    }
    const field = prefix + (dropAlgorithm ? '' : algorithm)
    byField.set(field, [...byField.get(field) ?? [], patternOf([...piecesOf(digest), ...(isAny(pieces.at(-1)) ? [ANY] : [])], cased)])
  }
  const of = [...byField].map(([field, tests]): Item => ({ ...item, field, tests }))
  if (of.length === 0) throw new Refusal('pipeline_failed', `no value of ${item.field ?? 'keywords'} is a hash of ${algorithms.join(', ')}`)
  return of.length === 1 ? of[0] as Item : { kind: item.all || item.negated ? 'all' : 'any', of }
}

/** One character of a value, or a wildcard, which an expression sees as the character that writes it. */
type Unit = { code: number; wildcard: Piece | null }

const unitsOf = (pieces: readonly Piece[]): Unit[] =>
  pieces.flatMap((piece): Unit[] => (typeof piece === 'string' ? Array.from(piece, (char) => ({ code: char.codePointAt(0) as number, wildcard: null })) : [{ code: isAny(piece) ? 42 : 63, wildcard: piece }]))

const piecesFrom = (units: readonly Unit[]): Piece[] => joined(units.map(({ code, wildcard }) => wildcard ?? String.fromCodePoint(code)))

type Replacement = { regex: string; replacement: string; skipSpecial: boolean; interpretSpecial: boolean }

/** As Python's `re.sub`. With `skipSpecial` the parts between wildcards are looked at each by itself, else the whole with its wildcards. @throws Refusal `regex_invalid`, `regex_unsupported`, `value_invalid` */
export function replacer({ regex, replacement, skipSpecial, interpretSpecial }: Replacement): (test: Test) => Test {
  const spans = compileSpans(regex, '')
  const template = templateOf(replacement, spans, skipSpecial && !interpretSpecial)
  const substitute = (units: readonly Unit[]): readonly Unit[] => {
    const codes = units.map(({ code }) => code)
    const out: Unit[] = []
    let at = 0
    for (let found = spans.find(codes, 0); found !== null; found = spans.find(codes, at)) {
      const [from, to] = found[0] as readonly [number, number]
      out.push(...units.slice(at, from), ...filled(template, found, units))
      at = to
      if (from === to) {
        if (to >= units.length) break
        out.push(units[to] as Unit)
        at = to + 1
      }
      if (at > units.length) break
    }
    return [...out, ...units.slice(at)]
  }
  const changed = (pieces: readonly Piece[]): Piece[] =>
    piecesFrom(skipSpecial ? pieces.flatMap((piece) => (typeof piece === 'string' ? substitute(unitsOf([piece])) : unitsOf([piece]))) : substitute(unitsOf(pieces)))
  return (test) => {
    const text = test.kind === 'number' ? asText(test) : test
    if (text.kind !== 'pattern') return test
    const before = withoutDashes(text.pieces)
    const after = before.map(changed)
    const same = after.every((pieces, place) => JSON.stringify(pieces) === JSON.stringify(before[place]))
    return same ? test : anyOf(after.map((pieces) => patternOf(pieces, text.cased)))
  }
}

type Template = readonly (Unit | number)[]

const filled = (template: Template, found: Span, units: readonly Unit[]): Unit[] => template.flatMap((part) => {
  if (typeof part !== 'number') return [part]
  const group = found[part]
  return group === null || group === undefined ? [] : units.slice(...group)
})

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\u0007' }

/** A replacement as Python reads it, and its texts as Sigma does: `*` and `?` are wildcards unless `literal`. */
function templateOf(source: string, { groups, named }: { groups: number; named: ReadonlyMap<string, number> }, literal: boolean): Template {
  const parts: (Unit | number)[] = []
  let text = ''
  const flush = (): void => {
    // Backslashes are characters but before a wildcard.
    const pieces = literal ? [text] : text.split(/(\\?[*?])/).map((part): Piece => (part === '*' ? ANY : part === '?' ? ONE : part === '\\*' || part === '\\?' ? part.slice(1) : part))
    parts.push(...unitsOf(pieces.filter((piece) => piece !== '')))
    text = ''
  }
  const group = (number: number | undefined): void => {
    if (number === undefined || number > groups) throw new Refusal('value_invalid', `the replacement names a group that the expression has not`)
    flush()
    parts.push(number)
  }
  for (const [whole, number, name, escape] of source.matchAll(/\\([1-9]\d?)|\\g<([^>]*)>|\\(.)|[^\\]+|\\$/gs)) {
    if (number !== undefined) group(Number(number))
    else if (name !== undefined) group(/^\d{1,3}$/.test(name) ? Number(name) : named.get(name))
    else if (escape === undefined) text += whole
    else if (escape === '\\') text += '\\'
    else if (ESCAPES[escape] !== undefined) text += ESCAPES[escape]
    else if (/^[A-Za-z0-9]$/.test(escape)) throw new Refusal('value_invalid', `the replacement has the unknown escape \\${escape}`)
    else text += whole
  }
  flush()
  return parts
}
