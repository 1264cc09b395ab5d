// Expressions, compiled once to closures. Values follow govaluate: numbers are float64, an operator that is given what it does not take is an error, `&&`, `||`, `??` and
// `? :` do not look at their right side where they need not. Where a quoted text of an expression holds `{{...}}`, its value stands there, and what that value holds is
// data: it is never parsed. Defended by dsl/expression.test.ts and interpolation.test.ts.
import type { Bytes, Lookup, Value } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { printed } from './convert.ts'
import { EvaluationError, scopeOf, spend, typeName, type Environment, type Scope } from './evaluation.ts'
import { helperFunction } from './functions.ts'
import { parseExpression, type Tree } from './grammar.ts'
import { matches } from './regexes.ts'

export type Expression = {
  readonly source: Bytes
  /** Of all names that it may ask for, each once. */
  readonly names: readonly string[]
  /** Of all functions that it calls, each once. */
  readonly functions: readonly string[]
  /** Errors: EvaluationError. */
  evaluate(lookup: Lookup, environment: Environment): Value
}

export type Code = (scope: Scope) => Value
/** Compiles a quoted text that holds markers. */
export type TextCompiler = (text: Bytes, uses: Uses) => Code
export type Uses = { readonly names: Set<string>; readonly functions: Set<string> }

const number = (value: Value, operator: string): number => {
  if (typeof value === 'number') return value
  throw new EvaluationError('wrong_type', `'${operator}' takes numbers, not a ${typeName(value)}.`)
}
const boolean = (value: Value, operator: string): boolean => {
  if (typeof value === 'boolean') return value
  throw new EvaluationError('wrong_type', `'${operator}' takes true or false, not a ${typeName(value)}.`)
}
const text = (value: Value, operator: string): Bytes => {
  if (typeof value === 'string') return value
  throw new EvaluationError('wrong_type', `'${operator}' takes texts, not a ${typeName(value)}.`)
}

/** reflect.DeepEqual: never across types. */
function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && (a as readonly Value[]).every((one, index) => equal(one, (b as readonly Value[])[index]!))
  return typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && !Array.isArray(b) && printed(a) === printed(b)
}

const whole = (value: Value, operator: string): bigint => {
  const one = number(value, operator)
  return BigInt.asIntN(64, Number.isFinite(one) ? BigInt(Math.trunc(one)) : -(2n ** 63n))
}
const bits = (run: (a: bigint, b: bigint) => bigint) => (a: Value, b: Value, operator: string): Value => Number(BigInt.asIntN(64, run(whole(a, operator), whole(b, operator))))
const shift = (run: (a: bigint, b: bigint) => bigint) => (a: Value, b: Value, operator: string): Value => {
  const by = BigInt.asUintN(64, whole(b, operator))
  return by > 63n ? 0 : Number(BigInt.asUintN(64, run(BigInt.asUintN(64, whole(a, operator)), by)))
}
const order = (run: (a: number | string, b: number | string) => boolean) => (a: Value, b: Value, operator: string): Value => {
  if ((typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')) return run(a, b)
  throw new EvaluationError('wrong_type', `'${operator}' compares two numbers or two texts, not a ${typeName(a)} with a ${typeName(b)}.`)
}

const binaries: Readonly<Record<string, (a: Value, b: Value, operator: string, scope: Scope) => Value>> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': order((a, b) => a < b),
  '<=': order((a, b) => a <= b),
  '>': order((a, b) => a > b),
  '>=': order((a, b) => a >= b),
  '=~': (a, b, operator) => matches(text(b, operator), text(a, operator)),
  '!~': (a, b, operator) => !matches(text(b, operator), text(a, operator)),
  in: (a, b, operator) => {
    if (!Array.isArray(b)) throw new EvaluationError('wrong_type', `'${operator}' takes a list, not a ${typeName(b)}.`)
    return (b as readonly Value[]).some((one) => equal(a, one))
  },
  '+': (a, b, operator, scope) => {
    if (typeof a !== 'string' && typeof b !== 'string') return number(a, operator) + number(b, operator)
    const [left, right] = [printed(a), printed(b)]
    spend(scope, left.length + right.length)
    return left + right
  },
  '-': (a, b, operator) => number(a, operator) - number(b, operator),
  '*': (a, b, operator) => number(a, operator) * number(b, operator),
  '/': (a, b, operator) => number(a, operator) / number(b, operator),
  '%': (a, b, operator) => number(a, operator) % number(b, operator),
  '**': (a, b, operator) => number(a, operator) ** number(b, operator),
  '&': bits((a, b) => a & b),
  '|': bits((a, b) => a | b),
  '^': bits((a, b) => a ^ b),
  '<<': shift((a, b) => a << b),
  '>>': shift((a, b) => a >> b),
}

const shortcuts: Readonly<Record<string, (left: Code, right: Code) => Code>> = {
  '&&': (left, right) => (scope) => {
    const first = left(scope)
    return first === false ? false : boolean(first, '&&') && boolean(right(scope), '&&')
  },
  '||': (left, right) => (scope) => {
    const first = left(scope)
    return first === true ? true : boolean(first, '||') || boolean(right(scope), '||')
  },
  '?': (left, right) => (scope) => (boolean(left(scope), '?') ? right(scope) : null),
  ':': (left, right) => (scope) => left(scope) ?? right(scope),
  '??': (left, right) => (scope) => left(scope) ?? right(scope),
}

const prefixes: Readonly<Record<string, (value: Value) => Value>> = {
  '-': (value) => -number(value, '-'),
  '!': (value) => !boolean(value, '!'),
  '~': (value) => Number(BigInt.asIntN(64, ~whole(value, '~'))),
}

const numeric = /^\d+(?:\.\d+)?$/

const known = (scope: Scope, name: string): Value => {
  const value = scope.lookup(name)
  if (value === undefined) throw new EvaluationError('unknown_name', `Nobody knows '${name}'.`)
  return value
}

function callOf(name: string, items: readonly Tree[], compile: (tree: Tree) => Code, uses: Uses): Code {
  const found = helperFunction(name)
  if (found === undefined) throw new TemplateError('expression_invalid', '', `There is no function ${name}().`)
  if (typeof found === 'string') throw new TemplateError('function_unsupported', '', `${name}() is not to be had here: ${found}.`)
  uses.functions.add(name)
  const refusal = items[0]?.kind === 'string' ? (found.refusal?.(items[0].text) ?? null) : null
  if (refusal !== null) throw new TemplateError('function_unsupported', '', `${name}(): ${refusal}.`)
  // A list that comes first is as many arguments, as in govaluate.
  const flat = items[0]?.kind === 'list' ? [...items[0].items, ...items.slice(1)] : items
  const codes = flat.map(compile)
  const { least, most, run } = found
  const checked = (values: readonly Value[], scope: Scope): Value => {
    if (values.length < least || values.length > most) {
      const wanted = least === most ? String(least) : most === Infinity ? `${least} or more` : `${least} to ${most}`
      throw new EvaluationError('wrong_arguments', `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${values.length}.`)
    }
    const result = run(values, scope)
    if (typeof result === 'string') spend(scope, result.length)
    return result
  }
  if (codes.length === 1) {
    const only = codes[0]!
    return (scope) => {
      const value = only(scope)
      return checked(value === null ? [] : [value], scope)
    }
  }
  return (scope) => {
    const values: Value[] = []
    for (const code of codes) values.push(code(scope))
    return checked(values, scope)
  }
}

/** A tree as a closure; what it names is added to `uses`. Errors: TemplateError expression_invalid, function_unsupported. */
export function codeOf(tree: Tree, uses: Uses, textCompiler: TextCompiler): Code {
  const compile = (one: Tree): Code => codeOf(one, uses, textCompiler)
  switch (tree.kind) {
    case 'literal': {
      const { value } = tree
      return () => value
    }
    case 'string': {
      const value = tree.text
      return value.includes('{{') || value.includes('\u00C2\u00A7') ? textCompiler(value, uses) : () => value
    }
    case 'name': {
      const { name } = tree
      uses.names.add(name)
      return (scope) => known(scope, name)
    }
    case 'placeholder': {
      const { name } = tree
      uses.names.add(name)
      return (scope) => {
        const value = known(scope, name)
        return typeof value === 'string' && numeric.test(value) ? Number(value) : value
      }
    }
    case 'access': {
      const { path } = tree
      return () => {
        throw new EvaluationError('wrong_type', `'${path}' is a field of something that has none.`)
      }
    }
    case 'list': {
      const codes = tree.items.map(compile)
      return (scope) => codes.map((code) => code(scope))
    }
    case 'prefix': {
      const operand = compile(tree.operand)
      const run = prefixes[tree.operator]!
      return (scope) => run(operand(scope))
    }
    case 'binary': {
      const [left, right, operator] = [compile(tree.left), compile(tree.right), tree.operator]
      const shortcut = shortcuts[operator]
      if (shortcut !== undefined) return shortcut(left, right)
      const run = binaries[operator]!
      return (scope) => run(left(scope), right(scope), operator, scope)
    }
    case 'call':
    default:
      return callOf(tree.name, tree.items, compile, uses)
  }
}

export const isFunction = (name: string): boolean => helperFunction(name) !== undefined

/** JavaScript's own limits, should the budget not have held. */
export function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof RangeError) throw new EvaluationError('too_large', 'An expression would need more memory than there is.')
    throw error
  }
}

/** Of an expression whose quoted texts hold no markers: see ../interpolation.ts for those that may. */
export function expressionOf(source: Bytes, textCompiler: TextCompiler): Expression {
  const uses: Uses = { names: new Set(), functions: new Set() }
  const code = codeOf(parseExpression(source, isFunction), uses, textCompiler)
  return {
    source,
    names: [...uses.names],
    functions: [...uses.functions],
    evaluate: (lookup, environment) => guarded(() => code(scopeOf(lookup, environment))),
  }
}
