// JSONPath as RFC 9535 has it, no less and no more. Every step is paid for, so that no query runs away; regular expressions run in linear time.
// jsonpath.test.ts compares it with a plain reading of the RFC.
import { PatternError, compileRegex } from '@haechi/patterns'
import type { Regex } from '@haechi/patterns'
import type { Json } from './model.ts'
import { isList, isObject } from './object.ts'

/** A value and the way to it from the root. */
export type Place = { readonly value: Json; readonly parent: Place | null; readonly key: string | number }

export class JsonPathProblem extends Error {
  override readonly name = 'JsonPathProblem'
}

/** What may still be looked at; below zero a JsonPathProblem is thrown. */
export type Work = { left: number }

export function spend(work: Work, steps: number): void {
  work.left -= steps
  if (work.left < 0) throw new JsonPathProblem('it looks at more values than are allowed; name the way instead of searching for it')
}

/** Places in the order of the document. */
export type JsonPath = (root: Json, work: Work) => Place[]

type Context = { readonly root: Place; readonly at: Place; readonly work: Work }
type Query = { readonly select: (context: Context) => Place[]; readonly singular: boolean }
type Step = (from: Place, context: Context) => Place[]
type Test = (context: Context) => boolean
/** undefined is the RFC's Nothing. */
type Worth = (context: Context) => Json | undefined
/** What stands in a filter, by the types of RFC 9535, 2.4.1. */
type Expression = { readonly type: 'value'; readonly worth: Worth } | { readonly type: 'nodes'; readonly query: Query } | { readonly type: 'logical'; readonly test: Test }

const MAX_NESTING = 64

/** Throws JsonPathProblem, which says where the query is wrong. */
export function compileJsonPath(text: string): JsonPath {
  const { select } = new Reader(text).whole()
  return (root, work) => {
    const place: Place = { value: root, parent: null, key: '' }
    return select({ root: place, at: place, work })
  }
}

/** The way to a place: names and indices. */
export function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = []
  for (let at = place; at.parent !== null; at = at.parent) path.push(at.key)
  return path.reverse()
}

function children(place: Place, { work }: Context): Place[] {
  const { value } = place
  const found = isList(value) ? value.map((item, key) => ({ value: item, parent: place, key })) : isObject(value) ? Object.keys(value).map((key) => ({ value: value[key]!, parent: place, key })) : []
  spend(work, found.length + 1)
  return found
}

function named(place: Place, name: string): Place[] {
  const { value } = place
  return isObject(value) && Object.hasOwn(value, name) ? [{ value: value[name]!, parent: place, key: name }] : []
}

function indexed(place: Place, index: number): Place[] {
  if (!isList(place.value)) return []
  const key = index < 0 ? place.value.length + index : index
  const value = place.value[key]
  return value === undefined ? [] : [{ value, parent: place, key }]
}

/** RFC 9535, 2.3.4.2.2. */
function sliced(place: Place, start: number | undefined, end: number | undefined, step: number, context: Context): Place[] {
  if (!isList(place.value) || step === 0) return []
  const { length } = place.value
  const from = (bound: number): number => (bound < 0 ? length + bound : bound)
  const within = (bound: number, low: number, high: number): number => Math.min(Math.max(bound, low), high)
  const found: Place[] = []
  if (step > 0) for (let at = within(from(start ?? 0), 0, length), to = within(from(end ?? length), 0, length); at < to; at += step) found.push(...indexed(place, at))
  else for (let at = within(from(start ?? length - 1), -1, length - 1), to = end === undefined ? -1 : within(from(end), -1, length - 1); at > to; at += step) found.push(...indexed(place, at))
  spend(context.work, found.length + 1)
  return found
}

function descendants(place: Place, context: Context, found: Place[] = []): Place[] {
  found.push(place)
  for (const child of children(place, context)) descendants(child, context, found)
  return found
}

function equal(left: Json | undefined, right: Json | undefined, work: Work): boolean {
  spend(work, 1)
  if (left === right) return true
  if (left === undefined || right === undefined) return false
  if (isList(left)) return isList(right) && left.length === right.length && left.every((item, at) => equal(item, right[at], work))
  if (!isObject(left) || !isObject(right)) return false
  const names = Object.keys(left)
  return names.length === Object.keys(right).length && names.every((name) => Object.hasOwn(right, name) && equal(left[name], right[name], work))
}

/** Only numbers among themselves and texts among themselves have an order; texts by code points. */
function less(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right
  return typeof left === 'string' && typeof right === 'string' && Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0
}

const comparisons: Readonly<Record<string, (left: Json | undefined, right: Json | undefined, work: Work) => boolean>> = {
  '==': equal,
  '!=': (left, right, work) => !equal(left, right, work),
  '<': (left, right) => less(left, right),
  '>': (left, right) => less(right, left),
  '<=': (left, right, work) => less(left, right) || equal(left, right, work),
  '>=': (left, right, work) => less(right, left) || equal(left, right, work),
}

const patterns = new Map<string, Regex | null>()

/** I-Regexp (RFC 9485): a dot is no line end. null: it is none, and so nothing matches. */
function pattern(text: string, whole: boolean): Regex | null {
  const key = `${whole ? '^' : ''} ${text}`
  let compiled = patterns.get(key)
  if (compiled === undefined) {
    let inClass = false
    const source = text.replaceAll(/\\.|[[\].]/gs, (part) => {
      if (part === '[') inClass = true
      if (part === ']') inClass = false
      return part === '.' && !inClass ? '[^\\n\\r]' : part
    })
    try {
      // By itself first: what closes a group that it did not open is none.
      compiled = text.length > 1000 ? null : compileRegex(source)
      if (whole && compiled !== null) compiled = compileRegex(`^(?:${source})$`)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      compiled = null
    }
    if (patterns.size >= 100) patterns.clear()
    patterns.set(key, compiled)
  }
  return compiled
}

const expects = (whole: boolean) => (text: Worth, regex: Worth): Expression => ({
  type: 'logical',
  test: (context) => {
    const given = text(context)
    const source = regex(context)
    if (typeof given !== 'string' || typeof source !== 'string') return false
    spend(context.work, given.length + source.length)
    try {
      return pattern(source, whole)?.test(given) === true
    } catch (error) {
      if (error instanceof PatternError) throw new JsonPathProblem(`the expression ${source.slice(0, 50)} takes more than a search may`)
      throw error
    }
  },
})

/** RFC 9535, 2.4: what a function takes, and what it makes of that. */
const functions: Readonly<Record<string, { readonly takes: readonly ('value' | 'nodes')[]; readonly make: (...given: never[]) => Expression }>> = {
  length: {
    takes: ['value'],
    make: (of: Worth): Expression => ({
      type: 'value',
      worth: (context) => {
        const value = of(context)
        return typeof value === 'string' ? Array.from(value).length : value === undefined ? undefined : isList(value) ? value.length : isObject(value) ? Object.keys(value).length : undefined
      },
    }),
  },
  count: { takes: ['nodes'], make: (query: Query): Expression => ({ type: 'value', worth: (context) => query.select(context).length }) },
  value: {
    takes: ['nodes'],
    make: (query: Query): Expression => ({
      type: 'value',
      worth: (context) => {
        const found = query.select(context)
        return found.length === 1 ? found[0]!.value : undefined
      },
    }),
  },
  match: { takes: ['value', 'value'], make: expects(true) },
  search: { takes: ['value', 'value'], make: expects(false) },
}

/** What stands between quotes, by the quote: no bare control characters, and surrogates only in pairs. */
const quoted = Object.fromEntries(['"', "'"].map((quote) => [quote, new RegExp(`${quote}((?:[^${quote}\\\\\\p{Cc}\\p{Cs}]|[\\u{7F}-\\u{9F}]|\\\\(?:[bfnrt/\\\\${quote}]|u(?![Dd][89A-Fa-f])[\\dA-Fa-f]{4}|u[Dd][89ABab][\\dA-Fa-f]{2}\\\\u[Dd][C-Fc-f][\\dA-Fa-f]{2}))*)${quote}`, 'uy')])) as Readonly<Record<'"' | "'", RegExp>>

/** The grammar of RFC 9535, appendix A, straight into what it does. */
class Reader {
  readonly #text: string
  #at = 0
  #nesting = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Query {
    this.#expect(/\$/y, 'a query begins with $')
    const query = this.#segments('root')
    if (this.#at < this.#text.length) throw this.#problem('the query should end')
    return query
  }

  #problem(what: string): JsonPathProblem {
    return new JsonPathProblem(`${what} at character ${this.#at + 1}`)
  }

  /** What the sticky pattern takes here; null where it does not. */
  #take(sticky: RegExp): string | null {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)
    if (found === null) return null
    this.#at += found[0].length
    return found[1] ?? found[0]
  }

  #expect(sticky: RegExp, what: string): string {
    const found = this.#take(sticky)
    if (found === null) throw this.#problem(what)
    return found
  }

  #space(): void {
    this.#take(/[ \t\n\r]*/y)
  }

  #nested<Result>(read: () => Result): Result {
    if (++this.#nesting > MAX_NESTING) throw this.#problem(`filters are nested deeper than ${MAX_NESTING}`)
    const result = read()
    this.#nesting -= 1
    return result
  }

  #segments(from: 'root' | 'at'): Query {
    const steps: Step[] = []
    let singular = true
    for (;;) {
      const before = this.#at
      this.#space()
      const dots = this.#take(/\.\.?/y)
      const selectors = dots === '.' ? [this.#shorthand()] : this.#take(/\[/y) !== null ? this.#bracketed() : dots === '..' ? [this.#shorthand()] : null
      if (selectors === null) {
        this.#at = before
        break
      }
      singular &&= dots !== '..' && selectors.length === 1 && selectors[0]!.singular
      const apply: Step = selectors.length === 1 ? selectors[0]!.step : (place, context) => selectors.flatMap(({ step }) => step(place, context))
      steps.push(dots === '..' ? (place, context) => descendants(place, context).flatMap((below) => apply(below, context)) : apply)
    }
    return { singular, select: (context) => steps.reduce((places: Place[], step) => places.flatMap((place) => step(place, context)), [context[from]]) }
  }

  #shorthand(): { step: Step; singular: boolean } {
    if (this.#take(/\*/y) !== null) return { step: children, singular: false }
    const name = this.#expect(/[A-Z_a-z\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}][\w\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}]*/uy, 'a name or * is expected; other names stand in brackets and quotes')
    return { step: (place) => named(place, name), singular: true }
  }

  #bracketed(): { step: Step; singular: boolean }[] {
    const selectors: { step: Step; singular: boolean }[] = []
    do {
      this.#space()
      selectors.push(this.#selector())
      this.#space()
    } while (this.#take(/,/y) !== null)
    this.#expect(/\]/y, ', or ] is expected')
    return selectors
  }

  #selector(): { step: Step; singular: boolean } {
    if (this.#take(/\*/y) !== null) return { step: children, singular: false }
    if (this.#take(/\?/y) !== null) {
      this.#space()
      const test = this.#nested(() => this.#or())
      return { step: (place, context) => children(place, context).filter((at) => test({ ...context, at })), singular: false }
    }
    const name = this.#string()
    if (name !== null) return { step: (place) => named(place, name), singular: true }
    const start = this.#integer()
    const before = this.#at
    this.#space()
    if (this.#take(/:/y) === null) {
      this.#at = before
      if (start === undefined) throw this.#problem('a quoted name, *, an index, a slice or a filter is expected')
      return { step: (place) => indexed(place, start), singular: true }
    }
    this.#space()
    const end = this.#integer()
    const gap = this.#at
    this.#space()
    let step: number | undefined
    if (this.#take(/:/y) === null) this.#at = gap
    else {
      this.#space()
      step = this.#integer()
    }
    return { step: (place, context) => sliced(place, start, end, step ?? 1, context), singular: false }
  }

  #integer(): number | undefined {
    const text = this.#take(/(?:0|-?[1-9]\d*)(?!\d)/y)
    if (text !== null && !Number.isSafeInteger(Number(text))) throw this.#problem('a smaller number is expected')
    return text === null ? undefined : Number(text)
  }

  #string(): string | null {
    const body = this.#take(quoted['"']) ?? this.#take(quoted["'"])
    if (body === null) return null
    return body.replaceAll(/\\(?:u([\dA-Fa-f]{4})|(.))/g, (_, hex: string | undefined, one: string | undefined) => (hex === undefined ? { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[one!] ?? one! : String.fromCharCode(Number.parseInt(hex, 16))))
  }

  #or(): Test {
    return this.#joined(/\|\|/y, () => this.#joined(/&&/y, () => this.#basic(), (tests) => (context) => tests.every((test) => test(context))), (tests) => (context) => tests.some((test) => test(context)))
  }

  #joined(sign: RegExp, read: () => Test, join: (tests: readonly Test[]) => Test): Test {
    const tests: Test[] = []
    for (;;) {
      tests.push(read())
      const before = this.#at
      this.#space()
      if (this.#take(sign) === null) {
        this.#at = before
        return tests.length === 1 ? tests[0]! : join(tests)
      }
      this.#space()
    }
  }

  #basic(): Test {
    const negated = this.#take(/!/y) !== null
    if (negated) this.#space()
    const test = this.#parenthesised() ?? this.#testOrComparison(negated)
    return negated ? (context) => !test(context) : test
  }

  #parenthesised(): Test | null {
    if (this.#take(/\(/y) === null) return null
    this.#space()
    const test = this.#nested(() => this.#or())
    this.#space()
    this.#expect(/\)/y, ') is expected')
    return test
  }

  #testOrComparison(negated: boolean): Test {
    const left = this.#expression()
    const before = this.#at
    this.#space()
    const sign = negated ? null : this.#take(/[=!]=|[<>]=?/y)
    if (sign !== null) {
      this.#space()
      const [one, two] = [this.#worth(left), this.#worth(this.#expression())]
      const compare = comparisons[sign]!
      return (context) => compare(one(context), two(context), context.work)
    }
    this.#at = before
    if (left.type === 'value') throw this.#problem('a comparison is expected')
    return left.type === 'logical' ? left.test : (context) => left.query.select(context).length > 0
  }

  /** As one value: a literal, a query for one place at most, or a function of a value. */
  #worth(expression: Expression): Worth {
    if (expression.type === 'value') return expression.worth
    if (expression.type === 'nodes' && expression.query.singular) return (context) => expression.query.select(context)[0]?.value
    throw this.#problem('one value is expected before')
  }

  #expression(): Expression {
    const literal = this.#literal()
    if (literal !== undefined) return { type: 'value', worth: () => literal }
    const origin = this.#take(/[@$]/y)
    if (origin !== null) return { type: 'nodes', query: this.#segments(origin === '$' ? 'root' : 'at') }
    const name = this.#expect(/([a-z][a-z_0-9]*)\(/y, 'a query, a value or a function is expected')
    const known = Object.hasOwn(functions, name) ? functions[name]! : undefined
    if (known === undefined) throw this.#problem(`the functions are ${Object.keys(functions).join(', ')}; ${name} stands`)
    const given = this.#nested(() => known.takes.map((type, at) => {
      this.#space()
      if (at > 0) this.#expect(/,/y, ', is expected')
      this.#space()
      const argument = this.#expression()
      if (type === 'value') return this.#worth(argument)
      if (argument.type !== 'nodes') throw this.#problem('a query is expected before')
      return argument.query
    }))
    this.#space()
    this.#expect(/\)/y, ') is expected')
    return known.make(...given as never[])
  }

  #literal(): Json | undefined {
    const text = this.#string()
    if (text !== null) return text
    const number = this.#take(/(?:-?[1-9]\d*|-?0)(?!\d)(?:\.\d+)?(?:[eE][-+]?\d+)?/y)
    if (number !== null) return Number(number)
    const word = this.#take(/(?:true|false|null)(?![\w(])/y)
    return word === null ? undefined : JSON.parse(word) as Json
  }
}
