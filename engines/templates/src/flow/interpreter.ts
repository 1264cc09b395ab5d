// Walks a flow. It reaches nothing but what is handed to it: values have no prototypes, a property is looked up among those listed here, and steps, depth and
// sizes have bounds. Defended by flow.test.ts (against V8, and with hostile flows).
import { compileRegex } from '@haechi/patterns'
import type { Regex } from '@haechi/patterns'
import { TemplateError } from '../problem.ts'
import type { Expression, Statement, Target } from './syntax.ts'

/** What a flow computes with. Texts are Unicode. */
export type FlowValue = string | number | boolean | null | undefined | FlowValue[] | FlowObject | FlowFunction | Pattern
export type FlowFunction = (values: readonly FlowValue[]) => FlowValue | Promise<FlowValue>
/** An object whose properties are asked for one by one, or are all known. */
export interface FlowObject { get(key: string): FlowValue; set(key: string, value: FlowValue): void; has(key: string): boolean; keys(): Iterable<string> }
class Pattern {
  readonly regex: Regex
  readonly global: boolean

  constructor(source: string, flags: string) {
    this.regex = compileRegex(source, { caseInsensitive: flags.includes('i'), multiline: flags.includes('m'), dotAll: flags.includes('s') })
    this.global = flags.includes('g')
  }
}

/** What names stand for outside of the flow: http, set, iterate, template. undefined: nobody knows it. */
export type Globals = (name: string) => FlowValue

const MAX_STEPS = 200_000
const MAX_DEPTH = 400
const MAX_TEXT = 4_000_000
const MAX_LIST = 100_000
/** Characters of all texts that a flow makes, an item of a list counted as eight: all of them may be kept. */
const MAX_MADE = 67_108_864

type Scope = { readonly names: Map<string, FlowValue>; readonly outer: Scope | null; readonly isFunction: boolean }
type Completion = { readonly kind: 'normal' | 'break' | 'continue' } | { readonly kind: 'return'; readonly value: FlowValue }
class Thrown extends Error {
  override readonly name = 'Thrown'
  readonly value: FlowValue

  constructor(value: FlowValue) {
    super('thrown by a flow')
    this.value = value
  }
}
const normal: Completion = { kind: 'normal' }

const failed = (line: number | null, reason: string): TemplateError => new TemplateError('flow_failed', line === null ? 'flow' : `flow line ${line}`, reason)
const exceeded = (what: string): TemplateError => new TemplateError('budget_exceeded', 'flow', what)

/** Throws TemplateError flow_failed, budget_exceeded, and whatever the functions of `globals` throw. Gives the value of the last statement that is an expression. */
export async function interpret(program: readonly Statement[], globals: Globals, signal: AbortSignal): Promise<FlowValue> {
  try {
    return await new Interpreter(globals, signal).run(program)
  } catch (error) {
    if (error instanceof Thrown) throw failed(null, `The flow threw: ${textOf(error.value).slice(0, 200)}`)
    throw error
  }
}

class Interpreter {
  private readonly globals: Globals
  private readonly signal: AbortSignal
  private readonly root: Scope = { names: new Map(), outer: null, isFunction: true }
  private steps = 0
  private size = 0
  private depth = 0
  /** What they give back was paid for where it was made. */
  private readonly own = new WeakSet<FlowFunction>()
  private last: FlowValue = undefined

  constructor(globals: Globals, signal: AbortSignal) {
    this.globals = globals
    this.signal = signal
  }

  async run(program: readonly Statement[]): Promise<FlowValue> {
    await this.all(program, this.root)
    return this.last
  }

  private step(): void {
    this.steps += 1
    if (this.steps > MAX_STEPS) throw exceeded(`The flow took more than ${MAX_STEPS} steps.`)
    if ((this.steps & 255) === 0) this.signal.throwIfAborted()
  }

  private made(value: FlowValue): FlowValue {
    if (Array.isArray(value) && value.length > MAX_LIST) throw exceeded(`A list of the flow has more than ${MAX_LIST} items.`)
    this.size += typeof value === 'string' ? value.length : Array.isArray(value) ? 8 * value.length : 0
    if (this.size > MAX_MADE) throw exceeded(`The flow made more than ${MAX_MADE} characters.`)
    return value
  }

  private async deeper<T>(work: () => Promise<T>): Promise<T> {
    this.depth += 1
    if (this.depth > MAX_DEPTH) throw exceeded(`The flow goes more than ${MAX_DEPTH} levels deep.`)
    try {
      return await work()
    } finally {
      this.depth -= 1
    }
  }

  private async all(statements: readonly Statement[], scope: Scope): Promise<Completion> {
    for (const statement of statements) if (statement.kind === 'define') scope.names.set(statement.name, this.closure(statement.value as Extract<Expression, { kind: 'function' }>, scope))
    for (const statement of statements) {
      const completion = await this.execute(statement, scope)
      if (completion.kind !== 'normal') return completion
    }
    return normal
  }

  private async execute(statement: Statement, scope: Scope): Promise<Completion> {
    this.step()
    switch (statement.kind) {
      case 'expression': {
        this.last = await this.value(statement.value, scope)
        return normal
      }
      case 'declare':
        for (const { name, value } of statement.names) {
          const found = value === null ? undefined : await this.value(value, scope)
          if (statement.how !== 'var') scope.names.set(name, found)
          else {
            const home = functionScope(scope)
            if (value !== null || !home.names.has(name)) home.names.set(name, found)
          }
        }
        return normal
      case 'define': return normal
      case 'if': {
        if (truthy(await this.value(statement.test, scope))) return this.deeper(() => this.execute(statement.consequent, inner(scope)))
        return statement.alternate === null ? normal : this.deeper(() => this.execute(statement.alternate!, inner(scope)))
      }
      case 'for': {
        let own = inner(scope)
        if (statement.first !== null) await this.execute(statement.first, own)
        while (statement.test === null || truthy(await this.value(statement.test, own))) {
          const completion = await this.deeper(() => this.execute(statement.body, inner(own)))
          if (completion.kind === 'break') break
          if (completion.kind === 'return') return completion
          own = { ...own, names: new Map(own.names) }
          if (statement.step !== null) await this.value(statement.step, own)
          this.step()
        }
        return normal
      }
      case 'each': {
        const list = await this.value(statement.list, scope)
        const items = statement.over === 'of' ? iterable(list) : keysOf(list)
        for (const item of items) {
          this.step()
          const own = inner(scope)
          if (statement.how === null) this.assign(statement.name, item, scope)
          else if (statement.how === 'var') functionScope(scope).names.set(statement.name, item)
          else own.names.set(statement.name, item)
          const completion = await this.deeper(() => this.execute(statement.body, own))
          if (completion.kind === 'break') break
          if (completion.kind === 'return') return completion
        }
        return normal
      }
      case 'while': {
        let first = statement.bodyFirst
        while (first || truthy(await this.value(statement.test, scope))) {
          first = false
          this.step()
          const completion = await this.deeper(() => this.execute(statement.body, inner(scope)))
          if (completion.kind === 'break') break
          if (completion.kind === 'return') return completion
        }
        return normal
      }
      case 'block': return this.deeper(() => this.all(statement.body, inner(scope)))
      case 'return': return { kind: 'return', value: statement.value === null ? undefined : await this.value(statement.value, scope) }
      case 'break': case 'continue': return { kind: statement.kind }
      case 'throw': throw new Thrown(await this.value(statement.value, scope))
      case 'try': default: {
        let completion = normal
        try {
          completion = await this.deeper(() => this.all(statement.body, inner(scope)))
        } catch (error) {
          // A budget is nobody's to catch.
          const caught = error instanceof Thrown ? error.value : error instanceof TemplateError && error.problem.code === 'flow_failed' ? error.problem.reason : null
          if (statement.caught === null || caught === null) throw error
          const own = inner(scope)
          if (statement.name !== null) own.names.set(statement.name, caught)
          completion = await this.deeper(() => this.all(statement.caught!, own))
        } finally {
          if (statement.last !== null) {
            const after = await this.deeper(() => this.all(statement.last!, inner(scope)))
            if (after.kind !== 'normal') completion = after
          }
        }
        return completion
      }
    }
  }

  private closure(source: Extract<Expression, { kind: 'function' }>, scope: Scope): FlowFunction {
    const closure: FlowFunction = (values) => this.deeper(async () => {
      const own: Scope = { names: new Map(source.parameters.map((name, at) => [name, values[at]])), outer: scope, isFunction: true }
      const completion = await this.all(source.body, own)
      return completion.kind === 'return' ? completion.value : undefined
    })
    this.own.add(closure)
    return closure
  }

  private lookUp(name: string, scope: Scope): FlowValue {
    for (let at: Scope | null = scope; at !== null; at = at.outer) if (at.names.has(name)) return at.names.get(name)
    return this.globals(name)
  }

  /** A name that nobody declared is a global one, as in ECMAScript's sloppy mode, which flows are written in. */
  private assign(name: string, value: FlowValue, scope: Scope): void {
    for (let at: Scope | null = scope; at !== null; at = at.outer) {
      if (at.names.has(name) || at.outer === null) {
        at.names.set(name, value)
        return
      }
    }
  }

  private value(expression: Expression, scope: Scope): Promise<FlowValue> {
    return this.deeper(() => this.valueHere(expression, scope))
  }

  private async valueHere(expression: Expression, scope: Scope): Promise<FlowValue> {
    this.step()
    switch (expression.kind) {
      case 'literal': return expression.value
      case 'regex': return new Pattern(expression.source, expression.flags)
      case 'text': {
        let text = expression.parts[0] ?? ''
        for (const [at, value] of expression.values.entries()) text = bounded(text + textOf(await this.value(value, scope)) + (expression.parts[at + 1] ?? ''))
        return this.made(text)
      }
      case 'name': return this.lookUp(expression.name, scope)
      case 'array': return this.list(expression.items, scope)
      case 'object': {
        const made = new Record()
        for (const { key, value } of expression.entries) made.set(textOf(await this.value(key, scope)), await this.value(value, scope))
        return made
      }
      case 'function': {
        if (expression.name === null) return this.closure(expression, scope)
        const own = inner(scope)
        const made = this.closure(expression, own)
        own.names.set(expression.name, made)
        return made
      }
      case 'unary': {
        const of = await this.value(expression.of, scope)
        switch (expression.operator) {
          case '!': return !truthy(of)
          case '-': return -numberOf(of)
          case '+': return numberOf(of)
          case '~': return ~numberOf(of)
          default: return typeName(of)
        }
      }
      case 'update': {
        const before = numberOf(await this.value(expression.target, scope))
        const after = expression.operator === '++' ? before + 1 : before - 1
        await this.store(expression.target, after, scope)
        return expression.prefix ? after : before
      }
      case 'binary': return this.made(binary(expression.operator, await this.value(expression.left, scope), await this.value(expression.right, scope)))
      case 'logical': {
        const left = await this.value(expression.left, scope)
        const decided = expression.operator === '&&' ? !truthy(left) : expression.operator === '||' ? truthy(left) : left !== null && left !== undefined
        return decided ? left : this.value(expression.right, scope)
      }
      case 'conditional': return this.value(truthy(await this.value(expression.test, scope)) ? expression.consequent : expression.alternate, scope)
      case 'assign': {
        const { operator, target } = expression
        if (operator === '=') {
          const value = await this.value(expression.value, scope)
          await this.store(target, value, scope)
          return value
        }
        const before = await this.value(target, scope)
        const plain = operator.slice(0, -1)
        if (plain === '&&' || plain === '||' || plain === '??') {
          if (plain === '&&' ? !truthy(before) : plain === '||' ? truthy(before) : before !== null && before !== undefined) return before
          const value = await this.value(expression.value, scope)
          await this.store(target, value, scope)
          return value
        }
        const value = this.made(binary(plain, before, await this.value(expression.value, scope)))
        await this.store(target, value, scope)
        return value
      }
      case 'member': {
        const object = await this.value(expression.object, scope)
        if (object === null || object === undefined) {
          if (expression.optional) return undefined
          throw failed(expression.line, `A property of ${String(object)} was asked for.`)
        }
        return property(object, await this.value(expression.property, scope))
      }
      case 'call': return this.call(expression, scope)
      case 'sequence': default: {
        let value: FlowValue
        for (const one of expression.of) value = await this.value(one, scope)
        return value
      }
    }
  }

  private async list(items: readonly { readonly value: Expression; readonly spread: boolean }[], scope: Scope): Promise<FlowValue[]> {
    const list: FlowValue[] = []
    for (const { value, spread } of items) {
      const found = await this.value(value, scope)
      if (spread) for (const one of iterable(found)) list.push(one)
      else list.push(found)
      if (list.length > MAX_LIST) throw exceeded(`A list of the flow has more than ${MAX_LIST} items.`)
    }
    this.made(list)
    return list
  }

  private async call(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Promise<FlowValue> {
    const { callee } = expression
    if (callee.kind === 'member') {
      const object = await this.value(callee.object, scope)
      if ((object === null || object === undefined) && callee.optional) return undefined
      const key = await this.value(callee.property, scope)
      const values = await this.list(expression.arguments, scope)
      if (object === null || object === undefined) throw failed(callee.line, `${textOf(key)} of ${String(object)} was called.`)
      const method = methodOf(object, textOf(key))
      if (method !== undefined) {
        // What a method goes through by itself is paid for, too.
        this.steps += Array.isArray(object) ? object.length >> 4 : typeof object === 'string' ? object.length >> 10 : 0
        const result = await method(values)
        return Array.isArray(object) && !Array.isArray(result) ? result : this.made(result)
      }
      const found = property(object, key)
      if (typeof found === 'function') return this.made(await found(values))
      if (found === undefined && expression.optional) return undefined
      throw failed(expression.line, `${textOf(key)} is no function of ${typeName(object)} here.`)
    }
    const called = await this.value(callee, scope)
    if ((called === null || called === undefined) && expression.optional) return undefined
    if (typeof called !== 'function') throw failed(expression.line, callee.kind === 'name' ? `${callee.name} is no function here.` : 'What is called is no function.')
    const result = await called(await this.list(expression.arguments, scope))
    return this.own.has(called) ? result : this.made(result)
  }

  private async store(target: Target, value: FlowValue, scope: Scope): Promise<void> {
    if (target.kind === 'name') {
      this.assign(target.name, value, scope)
      return
    }
    const object = await this.value(target.object, scope)
    const key = await this.value(target.property, scope)
    if (Array.isArray(object)) {
      const at = numberOf(key)
      if (!Number.isInteger(at) || at < 0 || at > MAX_LIST) throw failed(target.line, `${textOf(key)} is no place in a list.`)
      while (object.length < at) object.push(undefined)
      object[at] = value
    } else if (isObject(object)) object.set(textOf(key), value)
    else throw failed(target.line, `${typeName(object)} has no properties to set.`)
  }
}

/** An object of the flow's own. */
export class Record implements FlowObject {
  private readonly entries = new Map<string, FlowValue>()
  get(key: string): FlowValue { return this.entries.get(key) }
  has(key: string): boolean { return this.entries.has(key) }
  keys(): Iterable<string> { return this.entries.keys() }
  set(key: string, value: FlowValue): void {
    if (this.entries.size >= MAX_LIST) throw exceeded(`An object of the flow has more than ${MAX_LIST} properties.`)
    this.entries.set(key, value)
  }
}

const inner = (outer: Scope): Scope => ({ names: new Map(), outer, isFunction: false })
function functionScope(scope: Scope): Scope {
  let at = scope
  while (!at.isFunction && at.outer !== null) at = at.outer
  return at
}

export const isObject = (value: FlowValue): value is FlowObject => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Pattern)
const truthy = (value: FlowValue): boolean => (typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : typeof value === 'string' ? value !== '' : typeof value === 'boolean' ? value : value !== null && value !== undefined)
const typeName = (value: FlowValue): string => (value === null || Array.isArray(value) ? 'object' : typeof value)

export function textOf(value: FlowValue): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return bounded(value.map((item) => (item === null || item === undefined ? '' : textOf(item))).join(','))
  if (value instanceof Pattern) return `/${value.regex.source}/`
  if (isObject(value)) return '[object Object]'
  return typeof value === 'function' ? 'function' : String(value)
}

function numberOf(value: FlowValue): number {
  if (Array.isArray(value)) return Number(textOf(value))
  return typeof value === 'object' && value !== null ? Number.NaN : typeof value === 'function' ? Number.NaN : Number(value)
}

function bounded(text: string): string {
  if (text.length > MAX_TEXT) throw exceeded(`A text of the flow has more than ${MAX_TEXT} characters.`)
  return text
}

function iterable(value: FlowValue): FlowValue[] {
  if (Array.isArray(value)) return [...value]
  if (typeof value === 'string') return Array.from(value)
  throw failed(null, `${typeName(value)} is nothing that can be gone through; iterate(…) takes anything.`)
}

const keysOf = (value: FlowValue): string[] => (Array.isArray(value) ? value.map((_, at) => String(at)) : typeof value === 'string' ? Array.from({ length: value.length }, (_, at) => String(at)) : isObject(value) ? [...value.keys()] : [])

function same(left: FlowValue, right: FlowValue): boolean {
  if ((left === null || left === undefined) && (right === null || right === undefined)) return true
  if (typeof left === typeof right || left === null || right === null || left === undefined || right === undefined) return left === right
  if (typeof left === 'object' && typeof right !== 'object') return same(textOf(left), right)
  if (typeof right === 'object' && typeof left !== 'object') return same(left, textOf(right))
  return numberOf(left) === numberOf(right)
}

function binary(operator: string, left: FlowValue, right: FlowValue): FlowValue {
  switch (operator) {
    case '+': {
      const plain = (value: FlowValue): FlowValue => (typeof value === 'object' && value !== null || typeof value === 'function' ? textOf(value) : value)
      const [one, other] = [plain(left), plain(right)]
      return typeof one === 'string' || typeof other === 'string' ? bounded(textOf(one) + textOf(other)) : numberOf(one) + numberOf(other)
    }
    case '-': return numberOf(left) - numberOf(right)
    case '*': return numberOf(left) * numberOf(right)
    case '/': return numberOf(left) / numberOf(right)
    case '%': return numberOf(left) % numberOf(right)
    case '**': return numberOf(left) ** numberOf(right)
    case '&': return numberOf(left) & numberOf(right)
    case '|': return numberOf(left) | numberOf(right)
    case '^': return numberOf(left) ^ numberOf(right)
    case '<<': return numberOf(left) << numberOf(right)
    case '>>': return numberOf(left) >> numberOf(right)
    case '>>>': return numberOf(left) >>> numberOf(right)
    case '==': return same(left, right)
    case '!=': return !same(left, right)
    case '===': return left === right
    case '!==': return left !== right
    case 'in': return Array.isArray(right) ? numberOf(left) in right : isObject(right) && right.has(textOf(left))
    default: {
      const plain = (value: FlowValue): FlowValue => (typeof value === 'object' && value !== null ? textOf(value) : value)
      const [one, other] = [plain(left), plain(right)]
      if (typeof one === 'string' && typeof other === 'string') return operator === '<' ? one < other : operator === '>' ? one > other : operator === '<=' ? one <= other : one >= other
      const [low, high] = [numberOf(one), numberOf(other)]
      return operator === '<' ? low < high : operator === '>' ? low > high : operator === '<=' ? low <= high : low >= high
    }
  }
}

function property(object: Exclude<FlowValue, null | undefined>, key: FlowValue): FlowValue {
  if (isObject(object)) return object.get(textOf(key))
  if (Array.isArray(object) || typeof object === 'string') {
    if (key === 'length') return object.length
    const at = typeof key === 'number' ? key : typeof key === 'string' && /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN
    if (Number.isInteger(at)) return object[at]
  }
  const method = methodOf(object, textOf(key))
  return method
}

function methodOf(object: Exclude<FlowValue, null | undefined>, name: string): FlowFunction | undefined {
  if (typeof object === 'string') return Object.hasOwn(ofTexts, name) ? (values) => ofTexts[name]!(object, values) : undefined
  if (Array.isArray(object)) return Object.hasOwn(ofLists, name) ? (values) => ofLists[name]!(object, values) : undefined
  if (typeof object === 'number') {
    if (name === 'toString') return ([radix]) => object.toString(radix === undefined ? 10 : Math.min(36, Math.max(2, numberOf(radix))))
    if (name === 'toFixed') return ([digits]) => object.toFixed(Math.min(100, Math.max(0, numberOf(digits ?? 0))))
    return undefined
  }
  if (typeof object === 'boolean') return name === 'toString' ? () => String(object) : undefined
  if (object instanceof Pattern) return name === 'test' ? ([text]) => object.regex.test(textOf(text)) : name === 'exec' ? ([text]) => groupsOf(object.regex.exec(textOf(text))) : undefined
  if (isObject(object) && name === 'hasOwnProperty') return ([key]) => object.has(textOf(key))
  return undefined
}

const groupsOf = (found: { readonly groups: readonly (string | undefined)[] } | null): FlowValue => (found === null ? null : [...found.groups])
const whole = (value: FlowValue, otherwise: number): number => (value === undefined ? otherwise : Math.trunc(numberOf(value)) || 0)

const ofTexts: Readonly<{ [name: string]: (text: string, values: readonly FlowValue[]) => FlowValue | Promise<FlowValue> }> = {
  toString: (text: string) => text,
  includes: (text, [part]) => text.includes(textOf(part)),
  startsWith: (text, [part]) => text.startsWith(textOf(part)),
  endsWith: (text, [part]) => text.endsWith(textOf(part)),
  indexOf: (text, [part, from]) => text.indexOf(textOf(part), whole(from, 0)),
  lastIndexOf: (text, [part]) => text.lastIndexOf(textOf(part)),
  slice: (text, [from, to]) => text.slice(whole(from, 0), whole(to, text.length)),
  substring: (text, [from, to]) => text.substring(whole(from, 0), whole(to, text.length)),
  substr: (text, [from, length]) => {
    const start = whole(from, 0) < 0 ? Math.max(0, text.length + whole(from, 0)) : whole(from, 0)
    return text.slice(start, start + Math.max(0, whole(length, text.length)))
  },
  at: (text, [place]) => text.at(whole(place, 0)),
  charAt: (text, [place]) => text.charAt(whole(place, 0)),
  charCodeAt: (text, [place]) => text.charCodeAt(whole(place, 0)),
  trim: (text) => text.trim(), trimStart: (text) => text.trimStart(), trimEnd: (text) => text.trimEnd(),
  toLowerCase: (text) => text.toLowerCase(), toUpperCase: (text) => text.toUpperCase(),
  padStart: (text, [length, fill]) => text.padStart(Math.min(MAX_TEXT, whole(length, 0)), fill === undefined ? ' ' : textOf(fill)),
  padEnd: (text, [length, fill]) => text.padEnd(Math.min(MAX_TEXT, whole(length, 0)), fill === undefined ? ' ' : textOf(fill)),
  repeat: (text, [times]) => {
    const count = whole(times, 0)
    if (count < 0) throw failed(null, 'A text cannot be repeated less than never.')
    if (text.length * count > MAX_TEXT) throw exceeded(`A text of the flow has more than ${MAX_TEXT} characters.`)
    return text.repeat(count)
  },
  concat: (text, values) => bounded(text + values.map(textOf).join('')),
  split: (text, [by, limit]) => {
    const parts = by === undefined ? [text] : by instanceof Pattern ? splitBy(text, by) : text.split(textOf(by), MAX_LIST)
    return limit === undefined ? parts : parts.slice(0, whole(limit, 0))
  },
  match: (text, [pattern]) => {
    const given = pattern instanceof Pattern ? pattern : new Pattern(textOf(pattern), '')
    if (!given.global) return groupsOf(given.regex.exec(text))
    const all = given.regex.all(text, MAX_LIST).map(({ groups }) => groups[0])
    return all.length === 0 ? null : all
  },
  matchAll: (text, [pattern]) => (pattern instanceof Pattern ? pattern : new Pattern(textOf(pattern), 'g')).regex.all(text, MAX_LIST).map(groupsOf),
  search: (text, [pattern]) => (pattern instanceof Pattern ? pattern : new Pattern(textOf(pattern), '')).regex.exec(text)?.index ?? -1,
  replace: (text, [what, by]) => replaced(text, what, by, false),
  replaceAll: (text, [what, by]) => replaced(text, what, by, true),
}

function splitBy(text: string, { regex }: Pattern): string[] {
  const parts: string[] = []
  let from = 0
  for (const { index, groups } of regex.all(text, MAX_LIST)) {
    const length = groups[0]?.length ?? 0
    if (length === 0) continue
    parts.push(text.slice(from, index))
    from = index + length
  }
  return [...parts, text.slice(from)]
}

async function replaced(text: string, what: FlowValue, by: FlowValue, all: boolean): Promise<string> {
  const places: { index: number; groups: readonly (string | undefined)[] }[] = []
  if (what instanceof Pattern) places.push(...what.regex.all(text, all || what.global ? MAX_LIST : 1))
  else {
    const word = textOf(what)
    for (let index = text.indexOf(word); index !== -1 && places.length < (all ? MAX_LIST : 1); index = index + Math.max(1, word.length) > text.length ? -1 : text.indexOf(word, index + Math.max(1, word.length))) places.push({ index, groups: [word] })
  }
  let made = ''
  let from = 0
  for (const { index, groups } of places) {
    const found = groups[0] ?? ''
    const written = typeof by === 'function' ? textOf(await by([...groups, index, text])) : textOf(by).replaceAll(/\$([$&]|\d\d?)/g, (whole, sign: string) => (sign === '$' ? '$' : sign === '&' ? found : Number(sign) > 0 && Number(sign) < groups.length ? groups[Number(sign)] ?? '' : whole))
    made = bounded(made + text.slice(from, index) + written)
    from = index + found.length
  }
  return bounded(made + text.slice(from))
}

type Callback = (item: FlowValue, at: number) => Promise<FlowValue>
function callback(value: FlowValue): Callback {
  if (typeof value !== 'function') throw failed(null, 'A function is missing where one must be given.')
  return async (item, at) => value([item, at])
}

const ofLists: Readonly<{ [name: string]: (list: FlowValue[], values: readonly FlowValue[]) => FlowValue | Promise<FlowValue> }> = {
  toString: (list: FlowValue[]) => textOf(list),
  includes: (list, [item]) => list.some((one) => one === item || (Number.isNaN(one) && Number.isNaN(item))),
  indexOf: (list, [item]) => list.indexOf(item),
  join: (list, [by]) => bounded(list.map((item) => (item === null || item === undefined ? '' : textOf(item))).join(by === undefined ? ',' : textOf(by))),
  push: (list, values) => {
    if (list.length + values.length > MAX_LIST) throw exceeded(`A list of the flow has more than ${MAX_LIST} items.`)
    return list.push(...values)
  },
  pop: (list) => list.pop(), shift: (list) => list.shift(), unshift: (list, values) => {
    if (list.length + values.length > MAX_LIST) throw exceeded(`A list of the flow has more than ${MAX_LIST} items.`)
    return list.unshift(...values)
  },
  slice: (list, [from, to]) => list.slice(whole(from, 0), whole(to, list.length)),
  concat: (list, values) => [...list, ...values.flatMap((value) => (Array.isArray(value) ? value : [value]))],
  reverse: (list) => list.reverse(),
  at: (list, [place]) => list.at(whole(place, 0)),
  flat: (list) => list.flatMap((item) => (Array.isArray(item) ? item : [item])),
  map: async (list, [given]) => {
    const call = callback(given)
    const made: FlowValue[] = []
    for (const [at, item] of list.entries()) made.push(await call(item, at))
    return made
  },
  filter: async (list, [given]) => {
    const call = callback(given)
    const kept: FlowValue[] = []
    for (const [at, item] of list.entries()) if (truthy(await call(item, at))) kept.push(item)
    return kept
  },
  forEach: async (list, [given]) => {
    const call = callback(given)
    for (const [at, item] of list.entries()) await call(item, at)
    return undefined
  },
  find: async (list, [given]) => {
    const call = callback(given)
    for (const [at, item] of list.entries()) if (truthy(await call(item, at))) return item
    return undefined
  },
  findIndex: async (list, [given]) => {
    const call = callback(given)
    for (const [at, item] of list.entries()) if (truthy(await call(item, at))) return at
    return -1
  },
  some: async (list, [given]) => {
    const call = callback(given)
    for (const [at, item] of list.entries()) if (truthy(await call(item, at))) return true
    return false
  },
  every: async (list, [given]) => {
    const call = callback(given)
    for (const [at, item] of list.entries()) if (!truthy(await call(item, at))) return false
    return true
  },
  reduce: async (list, values) => {
    const [given] = values
    if (typeof given !== 'function') throw failed(null, 'A function is missing where one must be given.')
    const items = values.length > 1 ? list : list.slice(1)
    let held: FlowValue = values.length > 1 ? values[1] : list[0]
    for (const [at, item] of items.entries()) held = await given([held, item, at])
    return held
  },
  sort: async (list, [given]) => {
    const compare = async (one: FlowValue, other: FlowValue): Promise<number> => {
      if (typeof given === 'function') return numberOf(await given([one, other]))
      return textOf(one) < textOf(other) ? -1 : textOf(one) > textOf(other) ? 1 : 0
    }
    const sorted = await mergeSorted([...list], compare)
    list.splice(0, list.length, ...sorted)
    return list
  },
}

async function mergeSorted(list: FlowValue[], compare: (one: FlowValue, other: FlowValue) => Promise<number>): Promise<FlowValue[]> {
  if (list.length < 2) return list
  const middle = list.length >> 1
  const left = await mergeSorted(list.slice(0, middle), compare)
  const right = await mergeSorted(list.slice(middle), compare)
  const made: FlowValue[] = []
  let [at, other] = [0, 0]
  while (at < left.length && other < right.length) made.push((await compare(left[at], right[other])) <= 0 ? left[at++]! : right[other++]!)
  return [...made, ...left.slice(at), ...right.slice(other)]
}

/** What ECMAScript has for everybody: JSON, Math, parseInt, Object.keys. undefined: no such name. */
export function standard(name: string, now: () => number): FlowValue {
  return Object.hasOwn(standards, name) ? standards[name]!(now) : undefined
}

const fixed = (entries: Readonly<{ [name: string]: FlowValue }>): FlowObject => {
  const made = new Record()
  for (const [name, value] of Object.entries(entries)) made.set(name, value)
  return made
}
const standards: Readonly<{ [name: string]: (now: () => number) => FlowValue }> = {
  JSON: () => fixed({ parse: ([text]) => parsedJson(textOf(text)), stringify: ([value]) => bounded(JSON.stringify(plain(value)) ?? 'undefined') }),
  Math: () => fixed({ PI: Math.PI, ...Object.fromEntries((['floor', 'ceil', 'round', 'abs', 'sqrt', 'trunc', 'sign'] as const).map((name) => [name, ([value]: readonly FlowValue[]) => Math[name](numberOf(value))])), max: (values) => Math.max(...values.map(numberOf)), min: (values) => Math.min(...values.map(numberOf)), pow: ([base, power]) => numberOf(base) ** numberOf(power) }),
  Object: () => fixed({ keys: ([value]) => keysOf(value), values: ([value]) => (Array.isArray(value) ? [...value] : isObject(value) ? [...value.keys()].map((key) => value.get(key)) : []), entries: ([value]) => (isObject(value) ? [...value.keys()].map((key) => [key, value.get(key)]) : []) }),
  Array: () => fixed({ isArray: ([value]) => Array.isArray(value), from: ([value]) => iterable(value) }),
  Number: () => ([value]) => numberOf(value), String: () => ([value]) => textOf(value), Boolean: () => ([value]) => truthy(value),
  Date: (now) => fixed({ now: () => now() }),
  parseInt: () => ([text, radix]) => Number.parseInt(textOf(text), radix === undefined ? 10 : numberOf(radix)), parseFloat: () => ([text]) => Number.parseFloat(textOf(text)), isNaN: () => ([value]) => Number.isNaN(numberOf(value)),
  encodeURIComponent: () => ([text]) => encodeURIComponent(textOf(text).toWellFormed()), encodeURI: () => ([text]) => encodeURI(textOf(text).toWellFormed()),
  decodeURIComponent: () => ([text]) => {
    try {
      return decodeURIComponent(textOf(text))
    } catch {
      throw failed(null, 'decodeURIComponent was given what is not percent-encoded.')
    }
  },
  btoa: () => ([text]) => Buffer.from(textOf(text), 'latin1').toString('base64'), atob: () => ([text]) => Buffer.from(textOf(text), 'base64').toString('latin1'),
  console: () => fixed({ log: () => undefined }),
  NaN: () => Number.NaN, Infinity: () => Number.POSITIVE_INFINITY,
}

function parsedJson(text: string): FlowValue {
  try {
    return ofPlain(JSON.parse(text))
  } catch (error) {
    if (error instanceof TemplateError) throw error
    throw failed(null, `JSON.parse was given what is no JSON: ${text.slice(0, 60)}`)
  }
}

/** Plain data as a flow sees it, and back; `text` turns each text of it. */
export function ofPlain(value: unknown, depth = 0, text: (given: string) => string = (given) => given): FlowValue {
  if (depth > MAX_DEPTH) throw exceeded(`More than ${MAX_DEPTH} values stand inside one another.`)
  if (Array.isArray(value)) return value.map((item) => ofPlain(item, depth + 1, text))
  if (typeof value === 'object' && value !== null) {
    const made = new Record()
    for (const [key, item] of Object.entries(value)) made.set(text(key), ofPlain(item, depth + 1, text))
    return made
  }
  if (typeof value === 'string') return text(value)
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined
}

export function plain(value: FlowValue, depth = 0, text: (given: string) => string = (given) => given): unknown {
  if (depth > MAX_DEPTH) throw exceeded(`More than ${MAX_DEPTH} values stand inside one another.`)
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1, text) ?? null)
  if (typeof value === 'string') return text(value)
  if (typeof value === 'function' || value instanceof Pattern) return undefined
  if (!isObject(value)) return value
  const made: { [key: string]: unknown } = {}
  for (const key of value.keys()) {
    const item = plain(value.get(key), depth + 1, text)
    if (item !== undefined) Object.defineProperty(made, text(key), { value: item, enumerable: true, configurable: true, writable: true })
  }
  return made
}
