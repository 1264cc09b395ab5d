// The grammar of expressions: that of govaluate (github.com/Knetic/govaluate, MANUAL.md) with its precedence and its strictness, because whether a text between
// `{{` and `}}` is an expression at all depends on it. Two things are more: `{{name}}` and `§name§` stand for values outside of quotes too, and a text that does
// not parse with equal quotes at both ends is read again with any quote as its end, which is what the library did until 2026. Defended by dsl/expression.test.ts.
import { bytesOf, isAscii, readable } from '@haechi/probes/wire'
import type { Bytes } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { literalTime } from './go-time.ts'

export type Tree =
  | { readonly kind: 'literal'; readonly value: number | boolean }
  | { readonly kind: 'string'; readonly text: Bytes }
  | { readonly kind: 'name'; readonly name: string }
  /** '{{name}}' where a value stands: what it holds counts as a number where it is written like one. */
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'access'; readonly path: string }
  | { readonly kind: 'call'; readonly name: string; readonly items: readonly Tree[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'prefix'; readonly operator: string; readonly operand: Tree }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Tree; readonly right: Tree }

const sourceLimit = 256 * 1024
const operatorLimit = 1_000
const depthLimit = 100

type Kind = 'number' | 'boolean' | 'string' | 'time' | 'name' | 'function' | 'access' | 'open' | 'close' | 'comma' | 'prefix' | 'modifier' | 'logical' | 'comparator' | 'ternary'
type Token = { readonly kind: Kind; readonly text: string; readonly value?: number | boolean }

const invalid = (reason: string): TemplateError => new TemplateError('expression_invalid', '', reason)

const prefixes = new Set(['-', '!', '~'])
const kindOfSymbol = new Map<string, Kind>([
  ...['+', '-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>'].map((symbol) => [symbol, 'modifier'] as const),
  ...['&&', '||'].map((symbol) => [symbol, 'logical'] as const),
  ...['==', '!=', '>', '>=', '<', '<=', '=~', '!~'].map((symbol) => [symbol, 'comparator'] as const),
  ...['?', ':', '??'].map((symbol) => [symbol, 'ternary'] as const),
])

const values: readonly Kind[] = ['prefix', 'number', 'boolean', 'name', 'function', 'access', 'string', 'time', 'open']
const operators: readonly Kind[] = ['modifier', 'comparator', 'logical', 'close', 'ternary', 'comma']
const follows = (...lists: readonly (readonly Kind[])[]): ReadonlySet<Kind> => new Set(lists.flat())
/** What may stand after a token; after nothing, what may stand first. */
const next: Readonly<Record<Kind | 'start', ReadonlySet<Kind>>> = {
  start: follows(values),
  open: follows(values, ['close']),
  close: follows(operators),
  number: follows(operators),
  boolean: follows(operators),
  string: follows(operators),
  time: follows(operators),
  name: follows(operators),
  access: follows(operators, ['open']),
  function: follows(['open']),
  modifier: new Set(values.filter((kind) => kind !== 'time')),
  comparator: follows(values),
  logical: follows(values),
  prefix: new Set(values.filter((kind) => !['prefix', 'string', 'time'].includes(kind))),
  ternary: follows(values),
  comma: follows(values),
}

const space = /\s/u
const letter = /\p{L}/u
const digit = /\p{Nd}/u
const namePart = /[\p{L}\p{Nd}_.]/u
const symbolPart = /[^\p{L}\p{Nd}()[\]'"\s]/u

function tokensOf(source: string, isFunction: (name: string) => boolean, anyQuoteEnds: boolean): Token[] {
  // By code points; most expressions have one for each unit.
  const characters: string | readonly string[] = isAscii(source) ? source : Array.from(source)
  const between = (from: number, to: number): string => (typeof characters === 'string' ? characters.slice(from, to) : characters.slice(from, to).join(''))
  const tokens: Token[] = []
  let at = 0
  let before: Kind | 'start' = 'start'

  /** Up to a character that does not belong, with backslashes taken off whatever follows them. */
  const run = (belongs: RegExp): string => {
    let text = ''
    let from = at
    for (; at < characters.length; at++) {
      const character = characters[at]!
      if (character === '\\') {
        if (at + 1 >= characters.length) throw invalid('A backslash stands at the end.')
        text += between(from, at)
        from = ++at
      } else if (!belongs.test(character)) break
    }
    return text + between(from, at)
  }
  const until = (ends: (character: string) => boolean, what: string): string => {
    let text = ''
    let from = at
    for (; at < characters.length; at++) {
      const character = characters[at]!
      if (character === '\\') {
        text += between(from, at)
        from = ++at
      } else if (ends(character)) return text + between(from, at++)
    }
    throw invalid(`${what} is not closed.`)
  }
  const push = (kind: Kind, text: string, value?: number | boolean): void => {
    if (!next[before].has(kind)) {
      const last = tokens.at(-1)
      if (kind === 'open' && last?.kind === 'name') throw invalid(`There is no function ${last.text}().`)
      throw invalid(`'${text}' (${kind}) cannot stand ${before === 'start' ? 'at the beginning' : `after '${last?.text ?? ''}' (${before})`}.`)
    }
    tokens.push(value === undefined ? { kind, text } : { kind, text, value })
    before = kind
  }
  const marked = (open: string, close: string): string | null => {
    if (between(at, at + open.length) !== open) return null
    const rest = between(at + open.length, at + open.length + 200)
    const end = rest.indexOf(close)
    const name = end < 0 ? '' : rest.slice(0, end)
    if (name.trim() === '' || /[{}§'"()]/.test(name)) return null
    at += open.length + Array.from(name).length + close.length
    return name.trim()
  }

  while (at < characters.length) {
    const character = characters[at]!
    if (space.test(character)) {
      at++
      continue
    }
    const placeholder = character === '{' ? marked('{{', '}}') : character === '§' ? marked('§', '§') : null
    if (placeholder !== null) push('name', `{{${placeholder}}}`)
    else if (character === '0' && characters[at + 1] === 'x') {
      at += 2
      const hex = run(/[0-9a-fA-F]/)
      if (!/^[0-9a-fA-F]{1,16}$/.test(hex)) throw invalid(`'0x${hex}' is no number.`)
      push('number', `0x${hex}`, Number.parseInt(hex, 16))
    } else if (digit.test(character) || character === '.') {
      const number = run(/[\p{Nd}.]/u)
      if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(number)) throw invalid(`'${number}' is no number.`)
      push('number', number, Number(number))
    } else if (character === ',') {
      at++
      push('comma', ',')
    } else if (character === '[') {
      at++
      push('name', until((one) => one === ']', 'A name in brackets'))
    } else if (letter.test(character)) {
      const name = run(namePart)
      if (name === 'true' || name === 'false') push('boolean', name, name === 'true')
      else if (name === 'in' || name === 'IN') push('comparator', 'in')
      else if (isFunction(name)) push('function', name)
      else if (name.includes('.')) {
        const fields = name.split('.')
        if (fields.slice(1).some((field) => field === '' || field[0] !== field[0]!.toUpperCase())) throw invalid(`'${name}' is no name: fields begin with a capital.`)
        push('access', name)
      } else push('name', name)
    } else if (character === "'" || character === '"') {
      at++
      const text = until((one) => one === character || (anyQuoteEnds && (one === "'" || one === '"')), 'A quoted text')
      const time = literalTime(text)
      if (time === null) push('string', text)
      else push('time', text, time)
    } else if (character === '(' || character === ')') {
      at++
      push(character === '(' ? 'open' : 'close', character)
    } else {
      const symbol = run(symbolPart)
      if (symbol === '') throw invalid(`'${character}' is no operator.`)
      const kind = prefixes.has(symbol) && next[before].has('prefix') ? 'prefix' : kindOfSymbol.get(symbol)
      if (kind === undefined) throw invalid(`'${symbol}' is no operator.`)
      push(kind, symbol)
    }
  }
  if (before === 'start') throw invalid('There is nothing to evaluate.')
  if (['open', 'modifier', 'comparator', 'logical', 'prefix', 'ternary', 'function', 'comma'].includes(before)) throw invalid('The expression is not complete.')
  return tokens
}

/** From what binds least to what binds most; all of a level are taken from the left. */
const levels: readonly (readonly string[])[] = [
  ['?', ':', '??'],
  ['||'],
  ['&&'],
  ['==', '!=', '>', '>=', '<', '<=', '=~', '!~', 'in'],
  ['&', '|', '^'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
]
const levelOf = new Map(levels.flatMap((symbols, level) => symbols.map((symbol) => [symbol, level] as const)))

function treeOf(tokens: readonly Token[], toBytes: (text: string) => Bytes): Tree {
  let at = 0
  let operatorsLeft = operatorLimit
  let depth = 0

  const binary = (lowest: number): Tree => {
    let left = operand()
    for (;;) {
      const token = tokens[at]
      const level = token !== undefined && (token.kind === 'modifier' || token.kind === 'logical' || token.kind === 'comparator' || token.kind === 'ternary') ? levelOf.get(token.text) : undefined
      if (token === undefined || level === undefined || level < lowest) return left
      if (--operatorsLeft < 0) throw invalid(`More than ${operatorLimit} operators.`)
      at++
      left = { kind: 'binary', operator: token.text, left, right: binary(level + 1) }
    }
  }
  const separated = (): Tree[] => {
    const items = [binary(0)]
    while (tokens[at]?.kind === 'comma') {
      at++
      items.push(binary(0))
    }
    return items
  }
  /** After an opening parenthesis. */
  const clause = (): Tree[] => {
    if (++depth > depthLimit) throw invalid(`More than ${depthLimit} parentheses in each other.`)
    let items: Tree[] = []
    if (tokens[at]?.kind !== 'close') items = separated()
    if (tokens[at]?.kind !== 'close') throw invalid('A parenthesis is not closed.')
    at++
    depth--
    return items
  }
  const operand = (): Tree => {
    const token = tokens[at++]
    if (token === undefined) throw invalid('The expression is not complete.')
    switch (token.kind) {
      case 'number':
      case 'boolean':
      case 'time':
        return { kind: 'literal', value: token.value! }
      case 'string':
        return { kind: 'string', text: toBytes(token.text) }
      case 'name':
        return token.text.startsWith('{{') && token.text.endsWith('}}') ? { kind: 'placeholder', name: toBytes(token.text.slice(2, -2)) } : { kind: 'name', name: toBytes(token.text) }
      case 'access':
        if (tokens[at]?.kind === 'open') {
          at++
          clause()
        }
        return { kind: 'access', path: toBytes(token.text) }
      case 'function':
        at++
        return { kind: 'call', name: token.text, items: clause() }
      case 'prefix':
        return { kind: 'prefix', operator: token.text, operand: operand() }
      case 'open': {
        const items = clause()
        if (items.length === 0) throw invalid('Nothing stands between two parentheses.')
        return items.length === 1 ? items[0]! : { kind: 'list', items }
      }
      case 'close':
      case 'comma':
      case 'modifier':
      case 'logical':
      case 'comparator':
      case 'ternary':
        break
    }
    throw invalid(`'${token.text}' lacks a value before it.`)
  }

  const items = separated()
  if (at < tokens.length) throw invalid(`'${tokens[at]!.text}' cannot stand here.`)
  return items.length === 1 ? items[0]! : { kind: 'list', items }
}

/** Errors: TemplateError expression_invalid. */
export function parseExpression(source: Bytes, isFunction: (name: string) => boolean): Tree {
  if (source.length > sourceLimit) throw invalid(`More than ${sourceLimit} bytes.`)
  const text = readable(source)
  const toBytes = text === source ? (one: string): Bytes => one : bytesOf
  try {
    return treeOf(tokensOf(text, isFunction, false), toBytes)
  } catch (error) {
    if (!(error instanceof TemplateError) || !/["']/.test(text)) throw error
    try {
      return treeOf(tokensOf(text, isFunction, true), toBytes)
    } catch {
      throw error
    }
  }
}
