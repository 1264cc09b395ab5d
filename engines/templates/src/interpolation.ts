// Texts with markers: `{{name}}`, `{{expression}}`, `§name§`. What a marker gives is data: it is never looked through for markers again, so that an answer cannot bring
// its own into a later request. A marker that has no value stays as written. Defended by interpolation.test.ts ('data stays data') and the fixture response-data-literal-reuse.
import { toText } from './dsl/convert.ts'
import { codeOf, expressionOf, guarded, isFunction, type Code, type Expression, type TextCompiler, type Uses } from './dsl/expression.ts'
import { EvaluationError, scopeOf, spend, type Environment, type Scope } from './dsl/evaluation.ts'
import { functionNames } from './dsl/functions.ts'
import { parseExpression } from './dsl/grammar.ts'
import type { Bytes, Lookup } from './model.ts'
import { TemplateError } from './problem.ts'

export type { Environment, Expression }

export type Text = {
  readonly source: Bytes
  /** The text itself, where it holds no marker. */
  readonly literal: Bytes | null
  /** Of all names that markers ask for, each once. */
  readonly names: readonly string[]
  /** Of all functions that markers call, each once. */
  readonly functions: readonly string[]
  /** What stays a marker for want of a value is added to `unresolved`, without its braces. Errors: EvaluationError too_large. */
  render(lookup: Lookup, environment: Environment, unresolved?: string[]): Bytes
  /** What would stay a marker because a name is unknown; markers of literals alone ({{7*7}}) are meant to stay. */
  unresolved(lookup: Lookup): string[]
}

type Marker = {
  readonly raw: Bytes
  readonly inner: Bytes
  /** Asked for as it stands before the expression is evaluated: names may hold what an expression would take for operators. */
  readonly name: Bytes | null
  readonly code: Code | null
  readonly names: readonly string[]
  readonly functions: readonly string[]
  /** Something is missing while it stays. */
  readonly wanted: boolean
}
type Part = Bytes | Marker

const general = '\u00C2\u00A7'
const closesTried = 50
/** Bytes looked through for expressions in one text, some of them several times; what is beyond stays as written. */
const parseLimit = (text: Bytes): number => 256 * 1024 + 2 * text.length
const nameLimit = 256
const nestingLimit = 8

const nothingButSigns = /^[0-9+\-/\W]+$/

type Parsing = { left: number; readonly nesting: number }

/** Where the next one stands, looked for once. */
function finder(text: Bytes, sign: Bytes): (from: number) => number {
  let at = text.indexOf(sign)
  return (from) => {
    if (at >= 0 && at < from) at = text.indexOf(sign, from)
    return at
  }
}

function expressionAt(inner: Bytes, parsing: Parsing): { readonly code: Code; readonly uses: Uses } | null {
  parsing.left -= inner.length + 16
  if (parsing.left < 0) return null
  const uses: Uses = { names: new Set(), functions: new Set() }
  try {
    return { code: codeOf(parseExpression(inner, isFunction), uses, textCompiler(parsing.nesting + 1, true)), uses }
  } catch (error) {
    if (error instanceof TemplateError && error.problem.code === 'expression_invalid') return null
    throw error
  }
}

/** From '{{' at `from`: what it opens and where that ends. null: a text like any other. */
function markerAt(text: Bytes, from: number, first: number, parsing: Parsing): { readonly marker: Marker; readonly end: number } | null {
  let close = first
  for (let tried = 0; close >= 0 && tried < closesTried && parsing.left > 0; tried++, close = text.indexOf('}}', close + 2)) {
    const inner = text.slice(from + 2, close)
    const found = expressionAt(inner, parsing)
    if (found === null) continue
    const { code, uses } = found
    const constant = uses.names.size === 0 && uses.functions.size === 0
    // Nuclei takes what names nothing for no expression, unless the name of a function stands anywhere in it.
    const evaluated = !constant || functionNames.some((name) => inner.includes(name))
    const name = inner.includes('{{') || inner.includes(general) || inner.length > nameLimit ? null : inner
    return { marker: { raw: text.slice(from, close + 2), inner, name, code: evaluated ? code : null, names: [...uses.names], functions: [...uses.functions], wanted: !constant }, end: close + 2 }
  }
  const inner = first < 0 ? '' : text.slice(from + 2, first)
  if (inner === '' || inner.length > nameLimit || inner.includes('{{') || inner.includes(general)) return null
  return { marker: { raw: text.slice(from, first + 2), inner, name: inner, code: null, names: [inner], functions: [], wanted: !nothingButSigns.test(inner) }, end: first + 2 }
}

function partsOf(text: Bytes, parsing: Parsing, uses: Uses): Part[] {
  const parts: Part[] = []
  let literalFrom = 0
  const [nextOpen, nextClose, nextGeneral] = [finder(text, '{{'), finder(text, '}}'), finder(text, general)]
  const push = (marker: Marker, from: number, end: number): void => {
    if (from > literalFrom) parts.push(text.slice(literalFrom, from))
    parts.push(marker)
    for (const name of marker.names) uses.names.add(name)
    for (const name of marker.functions) uses.functions.add(name)
    literalFrom = end
  }
  for (let at = 0; at < text.length;) {
    const brace = nextOpen(at)
    const section = nextGeneral(at)
    if (brace < 0 && section < 0) break
    if (section < 0 || (brace >= 0 && brace < section)) {
      const found = markerAt(text, brace, nextClose(brace + 2), parsing)
      if (found !== null) push(found.marker, brace, found.end)
      at = found?.end ?? brace + 2
      continue
    }
    const close = nextGeneral(section + 2)
    const inner = close < 0 ? '' : text.slice(section + 2, close)
    if (inner !== '' && inner.length <= nameLimit && !inner.includes('{{') && !inner.includes('\n')) {
      push({ raw: text.slice(section, close + 2), inner, name: inner, code: null, names: [inner], functions: [], wanted: false }, section, close + 2)
      at = close + 2
    } else at = section + 2
  }
  if (literalFrom < text.length) parts.push(text.slice(literalFrom))
  return parts
}

/** null: it has no value. */
function valueOf(marker: Marker, scope: Scope): Bytes | null {
  if (marker.name !== null) {
    const value = scope.lookup(marker.name)
    if (value !== undefined) return toText(value)
  }
  if (marker.code === null) return null
  try {
    return toText(marker.code(scope))
  } catch (error) {
    if (error instanceof EvaluationError && error.code !== 'too_large') return null
    throw error
  }
}

function rendered(parts: readonly Part[], scope: Scope, missing: (marker: Marker) => void): Bytes {
  let result = ''
  for (const part of parts) {
    let piece: Bytes | null
    if (typeof part === 'string') piece = part
    else {
      piece = valueOf(part, scope)
      if (piece === null) {
        if (part.wanted) missing(part)
        piece = part.raw
      }
    }
    spend(scope, piece.length)
    result += piece
  }
  return result
}

const textCompiler = (nesting: number, strict: boolean): TextCompiler => (text, uses) => {
  if (nesting > nestingLimit) return () => text
  const parts = partsOf(text, { left: parseLimit(text), nesting }, uses)
  if (parts.every((part) => typeof part === 'string')) return () => text
  const missing = (marker: Marker): void => {
    if (strict) throw new EvaluationError('unknown_name', `Nobody knows '${marker.inner}'.`)
  }
  return (scope) => rendered(parts, scope, missing)
}

/**
 * Of a matcher, an extractor or a condition. Markers in its quoted texts are filled in at each evaluation; those without a value stay.
 * Errors: TemplateError expression_invalid, function_unsupported.
 */
export const compileExpression = (source: Bytes): Expression => expressionOf(source, textCompiler(0, false))

/** Errors: TemplateError function_unsupported. What is between braces and no expression is no error: it stays. */
export function compileText(source: Bytes): Text {
  if (!source.includes('{{') && !source.includes(general)) return { source, literal: source, names: [], functions: [], render: () => source, unresolved: () => [] }
  const uses: Uses = { names: new Set(), functions: new Set() }
  const parts = partsOf(source, { left: parseLimit(source), nesting: 0 }, uses)
  const markers = parts.filter((part) => typeof part !== 'string')
  return {
    source,
    literal: markers.length === 0 ? source : null,
    names: [...uses.names],
    functions: [...uses.functions],
    render: (lookup, environment, unresolved) => guarded(() => rendered(parts, scopeOf(lookup, environment), (marker) => unresolved?.push(marker.inner))),
    unresolved: (lookup) =>
      markers.filter((marker) => marker.wanted && (marker.name === null || lookup(marker.name) === undefined) && (marker.code === null || marker.names.some((name) => lookup(name) === undefined))).map((marker) => marker.inner),
  }
}
