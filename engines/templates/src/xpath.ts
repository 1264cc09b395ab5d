// XPath 1.0 (w3.org/TR/xpath-10) over ./markup, with the functions that antchfx/xpath adds: matches, replace, ends-with, lower-case, upper-case, string-join.
// A prefix is compared as it is written. Each evaluation has a budget of steps, so that no page and no expression keeps it busy. Defended by xpath.test.ts.
import { PatternError, compileRegex } from '@haechi/patterns'
import type { Regex } from '@haechi/patterns'
import { textOf } from './markup.ts'
import type { Node } from './markup.ts'
import { TemplateError } from './problem.ts'

export type XPathValue = readonly Node[] | string | number | boolean
export type XPath = { /** Nodes come in the order of the document. Errors: PatternError `exhausted`. */ evaluate(root: Node): XPathValue }

const MAX_STEPS = 2_000_000
const MAX_SOURCE = 10_000
const MAX_DEPTH = 100

const AXES = ['ancestor', 'ancestor-or-self', 'attribute', 'child', 'descendant', 'descendant-or-self', 'following', 'following-sibling', 'namespace', 'parent', 'preceding', 'preceding-sibling', 'self'] as const
type Axis = typeof AXES[number]
type NodeTest = { readonly type: 'name'; readonly name: string } | { readonly type: 'prefix'; readonly prefix: string } | { readonly type: 'any' | 'node' | 'text' | 'comment' | 'instruction' }
type Step = { readonly axis: Axis; readonly test: NodeTest; readonly predicates: readonly Expression[] }
type Binary = 'or' | 'and' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | 'div' | 'mod' | '|'
type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'binary'; readonly operator: Binary; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'negate'; readonly of: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Expression[] }
  | { readonly kind: 'path'; readonly from: Expression | 'root' | 'context'; readonly steps: readonly Step[] }
  | { readonly kind: 'filter'; readonly of: Expression; readonly predicates: readonly Expression[] }

// ---- reading ----

type Token = { readonly type: 'name' | 'number' | 'text' | 'symbol' | 'end'; readonly text: string; readonly at: number; /** Stands where an operator may stand. */ readonly operator: boolean }

const TOKEN = /\s*(?:(\d+(?:\.\d*)?|\.\d+)|"([^"]*)"|'([^']*)'|(\.\.|::|\/\/|!=|<=|>=|[()[\]@,/|+\-=<>*.])|([A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*(?::(?!:)(?:\*|[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*))?))/y
const invalid = (reason: string, at: number): TemplateError => new TemplateError('expression_invalid', `character ${at + 1}`, `the XPath expression is not right: ${reason} at character ${at + 1}`)

function tokensOf(source: string): Token[] {
  if (source.length > MAX_SOURCE) throw new TemplateError('expression_invalid', '', `an XPath expression longer than ${MAX_SOURCE} characters is refused`)
  const tokens: Token[] = []
  const end = source.trimEnd().length
  for (let at = 0; at < end;) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(source)
    if (found === null) throw invalid('a character that has no meaning', at)
    const [, number, double, single, symbol, name] = found
    const before = tokens[tokens.length - 1]
    const operator = before !== undefined && !(before.type === 'symbol' && !['.', '..', ')', ']'].includes(before.text) && !(before.text === '*' && !before.operator))
      && !(before.type === 'name' && before.operator && ['and', 'or', 'div', 'mod'].includes(before.text))
    const [type, text] = number !== undefined ? ['number', number] as const : name !== undefined ? ['name', name] as const : symbol !== undefined ? ['symbol', symbol] as const : ['text', double ?? single ?? ''] as const
    tokens.push({ type, text, at, operator })
    at = TOKEN.lastIndex
  }
  tokens.push({ type: 'end', text: 'the end', at: source.length, operator: true })
  return tokens
}

const LEVELS: readonly (readonly Binary[])[] = [['or'], ['and'], ['=', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', 'div', 'mod']]
const ANYWHERE: Step = { axis: 'descendant-or-self', test: { type: 'node' }, predicates: [] }
const NODE_TYPES: Readonly<Record<string, NodeTest>> = { 'node': { type: 'node' }, 'text': { type: 'text' }, 'comment': { type: 'comment' }, 'processing-instruction': { type: 'instruction' } }
/** How many arguments each takes: at least, at most. */
const FUNCTIONS: Readonly<Record<string, readonly [number, number]>> = {
  'last': [0, 0], 'position': [0, 0], 'count': [1, 1], 'local-name': [0, 1], 'name': [0, 1], 'namespace-uri': [0, 1],
  'string': [0, 1], 'concat': [1, 99], 'starts-with': [2, 2], 'ends-with': [2, 2], 'contains': [2, 2], 'substring-before': [2, 2], 'substring-after': [2, 2], 'substring': [2, 3],
  'string-length': [0, 1], 'normalize-space': [0, 1], 'translate': [3, 3], 'lower-case': [1, 1], 'upper-case': [1, 1], 'matches': [2, 2], 'replace': [3, 3], 'string-join': [1, 2],
  'boolean': [1, 1], 'not': [1, 1], 'true': [0, 0], 'false': [0, 0], 'number': [0, 1], 'sum': [1, 1], 'floor': [1, 1], 'ceiling': [1, 1], 'round': [1, 1],
}

function read(source: string): Expression {
  const tokens = tokensOf(source)
  let at = 0
  let depth = 0
  const next = (): Token => tokens[at]!
  const is = (text: string): boolean => next().type === 'symbol' && next().text === text
  const take = (text: string): boolean => {
    const taken = is(text)
    if (taken) at += 1
    return taken
  }
  const expect = (text: string): void => {
    if (!take(text)) throw invalid(`${next().text} where ${text} should be`, next().at)
  }
  const deeper = <T>(inner: () => T): T => {
    depth += 1
    if (depth > MAX_DEPTH) throw invalid('nested too deep', next().at)
    const result = inner()
    depth -= 1
    return result
  }
  const binary = (level: number): Expression => {
    const operators = LEVELS[level]
    if (operators === undefined) return unary()
    let left = binary(level + 1)
    for (;;) {
      const operator = operators.find((known) => next().text === known && next().operator && (next().type === 'symbol' || next().type === 'name'))
      if (operator === undefined) return left
      at += 1
      left = { kind: 'binary', operator, left, right: binary(level + 1) }
    }
  }
  const expression = (): Expression => deeper(() => binary(0))
  const unary = (): Expression => {
    if (take('-')) return { kind: 'negate', of: deeper(unary) }
    let left = path()
    while (take('|')) left = { kind: 'binary', operator: '|', left, right: path() }
    return left
  }
  const predicates = (): Expression[] => {
    const found: Expression[] = []
    while (take('[')) {
      found.push(expression())
      expect(']')
    }
    return found
  }
  const startsStep = (): boolean => next().type === 'name' || is('@') || is('.') || is('..') || is('*')
  const step = (): Step => {
    if (take('.')) return { axis: 'self', test: { type: 'node' }, predicates: predicates() }
    if (take('..')) return { axis: 'parent', test: { type: 'node' }, predicates: predicates() }
    let axis: Axis = 'child'
    if (take('@')) axis = 'attribute'
    else if (next().type === 'name' && tokens[at + 1]?.text === '::' && tokens[at + 1]?.type === 'symbol') {
      const named = AXES.find((known) => known === next().text)
      if (named === undefined) throw invalid(`no axis ${next().text}`, next().at)
      axis = named
      at += 2
    }
    const token = next()
    if (take('*')) return { axis, test: { type: 'any' }, predicates: predicates() }
    if (token.type !== 'name') throw invalid(`${token.text} where a name should be`, token.at)
    at += 1
    if (is('(') && Object.hasOwn(NODE_TYPES, token.text)) {
      at += 1
      if (next().type === 'text') at += 1
      expect(')')
      return { axis, test: NODE_TYPES[token.text]!, predicates: predicates() }
    }
    const test: NodeTest = token.text.endsWith(':*') ? { type: 'prefix', prefix: token.text.slice(0, -1) } : { type: 'name', name: token.text }
    return { axis, test, predicates: predicates() }
  }
  const steps = (first: Step[]): Step[] => {
    const found = first
    for (;;) {
      if (take('//')) found.push(ANYWHERE)
      else if (!take('/')) return found
      found.push(step())
    }
  }
  const path = (): Expression => {
    if (take('//')) return { kind: 'path', from: 'root', steps: merged(steps([ANYWHERE, step()])) }
    if (take('/')) return { kind: 'path', from: 'root', steps: startsStep() ? merged(steps([step()])) : [] }
    const token = next()
    const calls = token.type === 'name' && tokens[at + 1]?.type === 'symbol' && tokens[at + 1]?.text === '(' && !Object.hasOwn(NODE_TYPES, token.text)
    if (!(calls || token.type === 'text' || token.type === 'number' || is('('))) return { kind: 'path', from: 'context', steps: merged(steps([step()])) }
    at += 1
    let primary: Expression
    if (token.type === 'symbol') {
      primary = expression()
      expect(')')
    } else if (calls) primary = call(token)
    else primary = { kind: 'literal', value: token.type === 'number' ? Number(token.text) : token.text }
    const filters = predicates()
    if (filters.length > 0) primary = { kind: 'filter', of: primary, predicates: filters }
    return is('/') || is('//') ? { kind: 'path', from: primary, steps: merged(steps([])) } : primary
  }
  const call = ({ text: name, at: place }: Token): Expression => {
    const bounds = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
    if (bounds === undefined) throw invalid(`no function ${name}`, place)
    expect('(')
    const of: Expression[] = []
    if (!is(')')) do of.push(expression()); while (take(','))
    expect(')')
    if (of.length < bounds[0] || of.length > bounds[1]) throw invalid(`${name}() takes ${bounds[0] === bounds[1] ? bounds[0] : `${bounds[0]} to ${bounds[1]}`} arguments, not ${of.length}`, place)
    return { kind: 'call', name, of }
  }
  const whole = expression()
  if (next().type !== 'end') throw invalid(`${next().text} is left over`, next().at)
  return whole
}

const BOOLEAN = ['not', 'boolean', 'true', 'false', 'contains', 'starts-with', 'ends-with', 'matches']
const COMPARISONS = ['or', 'and', '=', '!=', '<', '<=', '>', '>=']
/** Whether a predicate asks for the place among its siblings: a number, or something that names it. */
function asksForPlace(expression: Expression): boolean {
  const inside = (node: Expression): boolean => node.kind === 'call' && (node.name === 'position' || node.name === 'last' || node.of.some(inside))
    || node.kind === 'binary' && (inside(node.left) || inside(node.right)) || node.kind === 'negate' && inside(node.of) || node.kind === 'filter' && inside(node.of)
    || node.kind === 'path' && typeof node.from === 'object' && inside(node.from)
  const judges = expression.kind === 'path' || expression.kind === 'call' && BOOLEAN.includes(expression.name) || expression.kind === 'binary' && COMPARISONS.includes(expression.operator)
  return !judges || inside(expression)
}

/** `//a` looks once at each descendant, where no predicate counts siblings. */
function merged(steps: readonly Step[]): Step[] {
  const found: Step[] = []
  for (const step of steps) {
    if (found.at(-1) === ANYWHERE && step.axis === 'child' && !step.predicates.some(asksForPlace)) found[found.length - 1] = { ...step, axis: 'descendant' }
    else found.push(step)
  }
  return found
}

// ---- evaluation ----

type Context = { readonly node: Node; readonly position: number; readonly size: number; readonly work: { left: number } }

const spend = ({ work }: Context, steps: number): void => {
  work.left -= steps
  if (work.left < 0) throw new PatternError('exhausted', `an XPath expression took more than ${MAX_STEPS} steps`)
}

const isNodes = (value: XPathValue): value is readonly Node[] => typeof value === 'object'
const stringOf = (value: XPathValue, context: Context): string => {
  if (isNodes(value)) {
    const text = value.length === 0 ? '' : textOf(value[0]!)
    spend(context, 1 + (text.length >> 5))
    return text
  }
  return typeof value === 'number' && Object.is(value, -0) ? '0' : String(value)
}
const numberOf = (value: XPathValue, context: Context): number => {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  const text = stringOf(value, context).trim()
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
}
const truthOf = (value: XPathValue): boolean => (typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : typeof value === 'boolean' ? value : value.length > 0)

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='
const compare = (operator: Comparison, left: string | number | boolean, right: string | number | boolean): boolean => {
  switch (operator) {
    case '=': return left === right
    case '!=': return left !== right
    case '<': return left < right
    case '<=': return left <= right
    case '>': return left > right
    case '>=': return left >= right
    default: return operator satisfies never
  }
}

/** Section 3.4: where a set of nodes is compared, any of them may hold. */
function compared(operator: Comparison, left: XPathValue, right: XPathValue, context: Context): boolean {
  const equality = operator === '=' || operator === '!='
  if (isNodes(left) || isNodes(right)) {
    if (typeof left === 'boolean' || typeof right === 'boolean') return compare(operator, Number(truthOf(left)), Number(truthOf(right)))
    const options = (value: XPathValue): (string | number)[] => (isNodes(value) ? value.map((node) => stringOf([node], context)) : [value as string | number])
    const rights = options(right)
    return options(left).some((one) => {
      spend(context, rights.length)
      return rights.some((other) => (equality && typeof one === 'string' && typeof other === 'string' ? compare(operator, one, other) : compare(operator, numberOf(one, context), numberOf(other, context))))
    })
  }
  if (!equality) return compare(operator, numberOf(left, context), numberOf(right, context))
  if (typeof left === 'boolean' || typeof right === 'boolean') return compare(operator, truthOf(left), truthOf(right))
  if (typeof left === 'number' || typeof right === 'number') return compare(operator, numberOf(left, context), numberOf(right, context))
  return compare(operator, left, right)
}

/** Each node once, in the order of the document. */
const ordered = (nodes: readonly Node[]): readonly Node[] => {
  for (let at = 1; at < nodes.length; at += 1) if (nodes[at - 1]!.order >= nodes[at]!.order) return [...new Set(nodes)].sort((a, b) => a.order - b.order)
  return nodes
}

function* along(axis: Axis, node: Node): Generator<Node, void> {
  const siblings = node.kind === 'attribute' ? [] : node.parent?.children ?? []
  switch (axis) {
    case 'self': yield node; return
    case 'child': yield* node.children; return
    case 'attribute': yield* node.attributes; return
    case 'parent': if (node.parent !== null) yield node.parent; return
    case 'descendant-or-self':
      yield node
      yield* along('descendant', node)
      return
    case 'descendant': {
      const due = node.children.toReversed()
      for (let one = due.pop(); one !== undefined; one = due.pop()) {
        yield one
        for (let at = one.children.length - 1; at >= 0; at -= 1) due.push(one.children[at]!)
      }
      return
    }
    case 'ancestor': case 'ancestor-or-self':
      for (let one = axis === 'ancestor' ? node.parent : node; one !== null; one = one.parent) yield one
      return
    case 'following-sibling': yield* siblings.slice(siblings.indexOf(node) + 1); return
    case 'preceding-sibling': yield* siblings.slice(0, siblings.indexOf(node)).reverse(); return
    case 'following':
      for (const one of along('ancestor-or-self', node)) for (const sibling of along('following-sibling', one)) yield* along('descendant-or-self', sibling)
      return
    case 'preceding':
      for (const one of along('ancestor-or-self', node)) for (const sibling of along('preceding-sibling', one)) yield* [...along('descendant-or-self', sibling)].reverse()
      return
    case 'namespace': return
    default: axis satisfies never
  }
}

function passes(test: NodeTest, node: Node, axis: Axis): boolean {
  const principal = node.kind === (axis === 'attribute' ? 'attribute' : 'element')
  switch (test.type) {
    case 'node': return true
    case 'any': return principal
    case 'name': return principal && node.name === test.name
    case 'prefix': return principal && node.name.startsWith(test.prefix)
    case 'text': case 'comment': case 'instruction': return node.kind === test.type
    default: return test satisfies never
  }
}

const filtered = (nodes: readonly Node[], predicates: readonly Expression[], { work }: Context): readonly Node[] => {
  let left = nodes
  for (const predicate of predicates) {
    const size = left.length
    left = left.filter((node, place) => {
      const value = evaluate(predicate, { node, position: place + 1, size, work })
      return typeof value === 'number' ? value === place + 1 : truthOf(value)
    })
  }
  return left
}

function walked(from: readonly Node[], steps: readonly Step[], context: Context): readonly Node[] {
  let nodes = from
  for (const { axis, test, predicates } of steps) {
    const found: Node[] = []
    for (const node of nodes) {
      const own: Node[] = []
      let looked = 1
      for (const one of along(axis, node)) {
        looked += 1
        if (passes(test, one, axis)) own.push(one)
        if (looked > 1000) {
          spend(context, looked)
          looked = 0
        }
      }
      spend(context, looked)
      for (const one of filtered(own, predicates, context)) found.push(one)
    }
    nodes = ordered(found)
  }
  return nodes
}

const expressions = new Map<string, Regex>()
const regexOf = (source: string): Regex => {
  let found = expressions.get(source)
  if (found === undefined) {
    if (expressions.size >= 100) expressions.clear()
    found = compileRegex(source)
    expressions.set(source, found)
  }
  return found
}

function called(name: string, of: readonly Expression[], context: Context): XPathValue {
  const value = (place: number): XPathValue => (of[place] === undefined ? [context.node] : evaluate(of[place], context))
  const text = (place: number): string => stringOf(value(place), context)
  const number = (place: number): number => numberOf(value(place), context)
  const nodes = (place: number): readonly Node[] => {
    const found = value(place)
    return isNodes(found) ? found : []
  }
  switch (name) {
    case 'last': return context.size
    case 'position': return context.position
    case 'count': return nodes(0).length
    case 'name': return nodes(0)[0]?.name ?? ''
    case 'local-name': return nodes(0)[0]?.name.replace(/^.*:/, '') ?? ''
    case 'namespace-uri': return ''
    case 'string': return text(0)
    case 'concat': return of.map((_, place) => text(place)).join('')
    case 'starts-with': return text(0).startsWith(text(1))
    case 'ends-with': return text(0).endsWith(text(1))
    case 'contains': return text(0).includes(text(1))
    case 'substring-before': case 'substring-after': {
      const whole = text(0)
      const part = text(1)
      const place = whole.indexOf(part)
      return place === -1 ? '' : name === 'substring-before' ? whole.slice(0, place) : whole.slice(place + part.length)
    }
    case 'substring': {
      const start = Math.round(number(1))
      const end = of.length === 3 ? start + Math.round(number(2)) : Infinity
      return Array.from(text(0)).filter((_, place) => place + 1 >= start && place + 1 < end).join('')
    }
    case 'string-length': return Array.from(text(0)).length
    case 'normalize-space': return text(0).trim().replace(/\s+/g, ' ')
    case 'translate': {
      const from = Array.from(text(1))
      const to = Array.from(text(2))
      const map = new Map(from.map((char, place) => [char, to[place] ?? ''] as const).reverse())
      return Array.from(text(0), (char) => map.get(char) ?? char).join('')
    }
    case 'lower-case': return text(0).toLowerCase()
    case 'upper-case': return text(0).toUpperCase()
    case 'matches': return regexOf(text(1)).test(text(0))
    case 'replace': return text(0).replaceAll(text(1), () => text(2))
    case 'string-join': return nodes(0).map((node) => stringOf([node], context)).join(of.length > 1 ? text(1) : '')
    case 'boolean': return truthOf(value(0))
    case 'not': return !truthOf(value(0))
    case 'true': return true
    case 'false': return false
    case 'number': return number(0)
    case 'sum': return nodes(0).reduce((sum, node) => sum + numberOf([node], context), 0)
    case 'floor': return Math.floor(number(0))
    case 'ceiling': return Math.ceil(number(0))
    default: return Math.round(number(0))
  }
}

function evaluate(expression: Expression, context: Context): XPathValue {
  spend(context, 1)
  switch (expression.kind) {
    case 'literal': return expression.value
    case 'negate': return -numberOf(evaluate(expression.of, context), context)
    case 'call': return called(expression.name, expression.of, context)
    case 'filter': {
      const value = evaluate(expression.of, context)
      return isNodes(value) ? filtered(value, expression.predicates, context) : value
    }
    case 'path': {
      let from: readonly Node[]
      if (expression.from === 'context') from = [context.node]
      else if (expression.from === 'root') {
        let root = context.node
        while (root.parent !== null) root = root.parent
        from = [root]
      } else {
        const value = evaluate(expression.from, context)
        from = isNodes(value) ? value : []
      }
      return walked(from, expression.steps, context)
    }
    case 'binary': {
      const { operator } = expression
      const left = evaluate(expression.left, context)
      if (operator === 'or') return truthOf(left) || truthOf(evaluate(expression.right, context))
      if (operator === 'and') return truthOf(left) && truthOf(evaluate(expression.right, context))
      const right = evaluate(expression.right, context)
      switch (operator) {
        case '|': return ordered([...isNodes(left) ? left : [], ...isNodes(right) ? right : []])
        case '+': return numberOf(left, context) + numberOf(right, context)
        case '-': return numberOf(left, context) - numberOf(right, context)
        case '*': return numberOf(left, context) * numberOf(right, context)
        case 'div': return numberOf(left, context) / numberOf(right, context)
        case 'mod': return numberOf(left, context) % numberOf(right, context)
        case '=': case '!=': case '<': case '<=': case '>': case '>=': return compared(operator, left, right, context)
        default: return operator satisfies never
      }
    }
    default: return expression satisfies never
  }
}

/** Errors: TemplateError `expression_invalid`. */
export function compileXPath(source: string): XPath {
  const expression = read(source)
  return { evaluate: (root) => evaluate(expression, { node: root, position: 1, size: 1, work: { left: MAX_STEPS } }) }
}
