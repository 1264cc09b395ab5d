// jq, as far as templates take values out of JSON with it: the language of jq 1.6 with the order of keys and the leniency of gojq, which is what Nuclei runs.
// No input, files, modules, environment or clock. A run is bounded in steps and in what it makes; values are Unicode, not Bytes. Defended by jq.test.ts and, against
// the program itself, jq.integration.test.ts.
import { EvaluationError } from './dsl/evaluation.ts'
import { unicodeOf } from './dsl/convert.ts'
import { everything, formats, formatted, matchesOf, prelude, simple, splitByMatches } from './jq/builtins.ts'
import { parseDefinitions, parseJq, type Definition, type Json, type Node, type Pattern } from './jq/grammar.ts'
import { calculated, copyOf, described, getPath, indexed, isArray, isObject, JqError, keysOf, replacedAt, sliced, tostring, truth, typeOf, withoutPaths, type Path } from './jq/values.ts'
import type { Bytes } from './model.ts'
import { TemplateError } from './problem.ts'

export type { Json }

export type Jq = {
  readonly source: Bytes
  /** What comes out, in order; where it fails, what came out before. `json` is parsed JSON. Errors: EvaluationError too_large. */
  run(json: Json): Json[]
  /** As `run`, but a failure of the expression is thrown: EvaluationError invalid_input. */
  results(json: Json): Generator<Json>
}

const stepLimit = 1_000_000
const depthLimit = 20_000
const sizeLimit = 64 * 1024 * 1024
const outputLimit = 100_000

/** null: nobody asks where it stands. false: it stands nowhere, so that it cannot be assigned to. */
type Place = Path | null | false
type At = { readonly value: Json; readonly path: Place }
type Closure = { readonly node: Node; readonly parameters: readonly string[]; readonly env: Env | null; readonly recursive: string | null }
type Env = { readonly parent: Env | null; readonly key: string; readonly value: Json | undefined; readonly closure: Closure | null }
type Machine = { steps: number; size: number; readonly spend: (size: number) => void }

class Break extends Error {
  readonly label: Env

  constructor(label: Env) {
    super('break')
    this.label = label
  }
}

const preludeFunctions = new Map<string, Definition>()
const known = (name: string, count: number): Definition | undefined => {
  if (preludeFunctions.size === 0) for (const definition of parseDefinitions(prelude)) preludeFunctions.set(`${definition.name}/${definition.parameters.length}`, definition)
  return preludeFunctions.get(`${name}/${count}`)
}

const bind = (env: Env | null, name: string, value: Json): Env => ({ parent: env, key: `$${name}`, value, closure: null })

function find(env: Env | null, key: string): Env | null {
  for (let at = env; at !== null; at = at.parent) if (at.key === key) return at
  return null
}

const stepped = (path: Place, by: Json): Place => {
  if (path === false) throw new JqError('Invalid path expression')
  return path === null ? null : [...path, by]
}
/** Of something made, not found. */
const made = (value: Json, at: At): At => ({ value, path: at.path === null ? null : false })

function tick(machine: Machine): void {
  if (--machine.steps < 0) throw new EvaluationError('too_large', `A jq expression may take ${stepLimit} steps at most.`)
}

/** Where nobody asks for places. */
function* values(node: Node, env: Env | null, value: Json, machine: Machine): Generator<Json> {
  for (const result of evaluate(node, env, { value, path: null }, machine)) yield result.value
}

function* pathsOf(node: Node, env: Env | null, value: Json, machine: Machine): Generator<Path> {
  for (const { value: result, path } of evaluate(node, env, { value, path: [] }, machine)) {
    if (path === false || path === null) throw new JqError(`Invalid path expression with result ${described(result)}`)
    yield path
  }
}

function* iterated({ value, path }: At): Generator<At> {
  if (isArray(value)) for (const [index, item] of value.entries()) yield { value: item, path: stepped(path, index) }
  else if (isObject(value)) for (const key of keysOf(value)) yield { value: value[key]!, path: stepped(path, key) }
  else throw new JqError(`Cannot iterate over ${value === null ? 'null' : described(value)}`)
}

function* taken(optional: true | undefined, take: () => At): Generator<At> {
  let found: At
  try {
    found = take()
  } catch (error) {
    if (optional === true && error instanceof JqError) return
    throw error
  }
  yield found
}

function* matched(pattern: Pattern, env: Env | null, value: Json, outer: At, machine: Machine): Generator<Env | null> {
  if (pattern.kind === 'variable') yield bind(env, pattern.name, value)
  else if (pattern.kind === 'array') {
    if (value !== null && !isArray(value)) throw new JqError(`Cannot index ${typeOf(value)} with number`)
    yield* matchedItems(pattern.items, 0, env, value, outer, machine)
  } else yield* matchedEntries(pattern.entries, 0, env, value, outer, machine)
}
function* matchedItems(items: readonly Pattern[], at: number, env: Env | null, value: readonly Json[] | null, outer: At, machine: Machine): Generator<Env | null> {
  if (at === items.length) yield env
  else for (const inner of matched(items[at]!, env, value?.[at] ?? null, outer, machine)) yield* matchedItems(items, at + 1, inner, value, outer, machine)
}
function* matchedEntries(entries: Extract<Pattern, { kind: 'object' }>['entries'], at: number, env: Env | null, value: Json, outer: At, machine: Machine): Generator<Env | null> {
  const entry = entries[at]
  if (entry === undefined) {
    yield env
    return
  }
  for (const key of values(entry.key, env, outer.value, machine)) {
    if (typeof key !== 'string') throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(key)}`)
    const inner = indexed(value, key)
    const bound = entry.variable === null ? env : bind(env, entry.variable, inner)
    if (entry.pattern === null) yield* matchedEntries(entries, at + 1, bound, value, outer, machine)
    else for (const deeper of matched(entry.pattern, bound, inner, outer, machine)) yield* matchedEntries(entries, at + 1, deeper, value, outer, machine)
  }
}

function namesOf(pattern: Pattern): string[] {
  if (pattern.kind === 'variable') return [pattern.name]
  if (pattern.kind === 'array') return pattern.items.flatMap(namesOf)
  return pattern.entries.flatMap((entry) => [...(entry.variable === null ? [] : [entry.variable]), ...(entry.pattern === null ? [] : namesOf(entry.pattern))])
}

function* bound(node: Extract<Node, { kind: 'bind' }>, env: Env | null, at: At, machine: Machine): Generator<At> {
  for (const value of values(node.source, env, at.value, machine)) {
    if (node.patterns.length === 1) {
      for (const inner of matched(node.patterns[0]!, env, value, at, machine)) yield* evaluate(node.body, inner, at, machine)
      continue
    }
    const everyName = new Set(node.patterns.flatMap(namesOf))
    let start = env
    for (const name of everyName) start = bind(start, name, null)
    for (const [index, pattern] of node.patterns.entries())
      try {
        for (const inner of matched(pattern, start, value, at, machine)) yield* evaluate(node.body, inner, at, machine)
        break
      } catch (error) {
        if (!(error instanceof JqError) || index === node.patterns.length - 1) throw error
      }
  }
}

function* objects(entries: Extract<Node, { kind: 'object' }>['entries'], at: number, done: Readonly<Record<string, Json>>, env: Env | null, value: Json, machine: Machine): Generator<Json> {
  const entry = entries[at]
  if (entry === undefined) {
    yield done
    return
  }
  for (const key of values(entry.key, env, value, machine)) {
    if (typeof key !== 'string') throw new JqError(`Object keys must be strings, not ${described(key)}`)
    for (const one of values(entry.value, env, value, machine)) {
      machine.spend(32 + key.length)
      const copy = copyOf(done)
      copy[key] = one
      yield* objects(entries, at + 1, copy, env, value, machine)
    }
  }
}

function* texts(node: Extract<Node, { kind: 'text' }>, at: number, done: string, env: Env | null, value: Json, machine: Machine): Generator<string> {
  const piece = node.pieces[at]
  if (piece === undefined) yield done
  else if (typeof piece === 'string') yield* texts(node, at + 1, done + piece, env, value, machine)
  else
    for (const one of values(piece, env, value, machine)) {
      const shown = node.format === null ? tostring(one) : formatted(node.format, one)
      machine.spend(done.length + shown.length)
      yield* texts(node, at + 1, done + shown, env, value, machine)
    }
}

function* assigned(node: Extract<Node, { kind: 'assign' }>, env: Env | null, at: At, machine: Machine): Generator<At> {
  const start = at.value
  if (node.operator === '|=') {
    let result = start
    const gone: Path[] = []
    for (const path of pathsOf(node.left, env, start, machine)) {
      const first = values(node.right, env, getPath(result, path), machine).next()
      if (first.done === true) gone.push(path)
      else result = replacedAt(result, path, 0, () => first.value)
      machine.spend(64)
    }
    yield made(withoutPaths(result, gone), at)
    return
  }
  const operator = node.operator.slice(0, -1)
  for (const value of values(node.right, env, start, machine)) {
    let result = start
    for (const path of pathsOf(node.left, env, start, machine)) {
      machine.spend(64)
      result = replacedAt(result, path, 0, (old) => (operator === '' ? value : operator === '//' ? (truth(old) ? old : value) : calculated(operator, old, value, machine.spend)))
    }
    yield made(result, at)
  }
}

function* called(node: Extract<Node, { kind: 'call' }>, env: Env | null, at: At, machine: Machine): Generator<At> {
  const { name, items } = node
  const key = `${name}/${items.length}`
  const own = find(env, key)
  if (own?.closure !== undefined && own?.closure !== null) {
    const { closure } = own
    yield* applied(closure.node, closure.parameters, closure.recursive === null ? closure.env : own, items, env, at, machine)
    return
  }
  const run = simple[key]
  if (run !== undefined) {
    const simpleRun = (rest: readonly Json[]): Json => run(at.value, rest[0] ?? null, rest[1] ?? null, machine.spend)
    if (items.length === 0) yield made(simpleRun([]), at)
    // The path that is asked for may itself be asked where it stands.
    else if (key === 'getpath/1') for (const path of values(items[0]!, env, at.value, machine)) yield { value: simpleRun([path]), path: at.path === null ? null : at.path === false ? stepped(false, null) : isArray(path) ? [...at.path, ...path] : false }
    else yield* combined(items, 0, [], env, at, machine, simpleRun)
    return
  }
  const special = specials[key]
  if (special !== undefined) {
    yield* special(items, env, at, machine)
    return
  }
  const definition = known(name, items.length)
  if (definition === undefined) throw new JqError(`${key} is not defined`)
  yield* applied(definition.body, definition.parameters, null, items, env, at, machine)
}

function* combined(items: readonly Node[], from: number, done: readonly Json[], env: Env | null, at: At, machine: Machine, run: (rest: readonly Json[]) => Json): Generator<At> {
  const item = items[from]
  if (item === undefined) yield made(run(done), at)
  else for (const value of values(item, env, at.value, machine)) yield* combined(items, from + 1, [...done, value], env, at, machine, run)
}

/** Names of functions see where they were written, `$names` are values, one body for each. */
function* applied(body: Node, parameters: readonly string[], home: Env | null, items: readonly Node[], env: Env | null, at: At, machine: Machine, from = 0, inner: Env | null = home): Generator<At> {
  const parameter = parameters[from]
  if (parameter === undefined) {
    yield* evaluate(body, inner, at, machine)
    return
  }
  const item = items[from]!
  if (!parameter.startsWith('$')) {
    yield* applied(body, parameters, home, items, env, at, machine, from + 1, { parent: inner, key: `${parameter}/0`, value: undefined, closure: { node: item, parameters: [], env, recursive: null } })
    return
  }
  const name = parameter.slice(1)
  for (const value of values(item, env, at.value, machine)) {
    const withValue = bind(inner, name, value)
    const asFunction: Env = { parent: withValue, key: `${name}/0`, value: undefined, closure: { node: { kind: 'literal', value }, parameters: [], env: null, recursive: null } }
    yield* applied(body, parameters, home, items, env, at, machine, from + 1, asFunction)
  }
}

const wholeNumber = (value: Json): number => {
  if (typeof value !== 'number') throw new JqError('Range bounds must be numeric')
  return value
}

type Special = (items: readonly Node[], env: Env | null, at: At, machine: Machine) => Generator<At>

function* ranged(from: number, to: number, by: number, at: At, machine: Machine): Generator<At> {
  for (let value = from; by > 0 ? value < to : by < 0 && value > to; value += by) {
    tick(machine)
    yield made(value, at)
  }
}

const specials: Readonly<Record<string, Special>> = {
  *'empty/0'() {},
  // oxlint-disable-next-line require-yield -- it never comes to that
  *'error/0'(_, __, at) {
    throw new JqError(at.value)
  },
  *'path/1'([of], env, at, machine) {
    for (const path of pathsOf(of!, env, at.value, machine)) yield made(path, at)
  },
  *'recurse/0'(_, __, at, machine) {
    for (const { value, path } of everything(at.value)) {
      tick(machine)
      machine.spend(8 * path.length)
      yield { value, path: at.path === null ? null : at.path === false ? stepped(false, null) : [...at.path, ...path] }
    }
  },
  *'recurse/1'([step], env, at, machine) {
    const waiting: Generator<At>[] = []
    yield at
    waiting.push(evaluate(step!, env, at, machine))
    for (;;) {
      const top = waiting.at(-1)
      if (top === undefined) return
      tick(machine)
      const next = top.next()
      if (next.done === true) waiting.pop()
      else {
        yield next.value
        if (waiting.length >= depthLimit) throw new EvaluationError('too_large', `A jq expression may go ${depthLimit} steps deep at most.`)
        waiting.push(evaluate(step!, env, next.value, machine))
      }
    }
  },
  *'recurse/2'([step, condition], env, at, machine) {
    yield* specials['recurse/1']!([{ kind: 'pipe', left: step!, right: { kind: 'call', name: 'select', items: [condition!] } }], env, at, machine)
  },
  *'range/1'([to], env, at, machine) {
    for (const end of values(to!, env, at.value, machine)) yield* ranged(0, wholeNumber(end), 1, at, machine)
  },
  *'range/2'([from, to], env, at, machine) {
    for (const start of values(from!, env, at.value, machine)) for (const end of values(to!, env, at.value, machine)) yield* ranged(wholeNumber(start), wholeNumber(end), 1, at, machine)
  },
  *'range/3'([from, to, by], env, at, machine) {
    for (const start of values(from!, env, at.value, machine))
      for (const end of values(to!, env, at.value, machine)) for (const step of values(by!, env, at.value, machine)) yield* ranged(wholeNumber(start), wholeNumber(end), wholeNumber(step), at, machine)
  },
  *'first/1'([of], env, at, machine) {
    for (const result of evaluate(of!, env, at, machine)) {
      yield result
      return
    }
  },
  *'last/1'([of], env, at, machine) {
    let last: At | null = null
    for (const result of evaluate(of!, env, at, machine)) last = result
    if (last !== null) yield last
  },
  *'limit/2'([count, of], env, at, machine) {
    for (const wanted of values(count!, env, at.value, machine)) {
      let left = wholeNumber(wanted)
      if (left <= 0) continue
      for (const result of evaluate(of!, env, at, machine)) {
        yield result
        if (--left <= 0) break
      }
    }
  },
  *'isempty/1'([of], env, at, machine) {
    yield made(evaluate(of!, env, at, machine).next().done === true, at)
  },
  *'until/2'([done, step], env, at, machine) {
    yield* until(done!, step!, env, at, machine)
  },
  *'while/2'([condition, step], env, at, machine) {
    for (const holds of values(condition!, env, at.value, machine)) {
      if (!truth(holds)) continue
      yield at
      for (const next of evaluate(step!, env, at, machine)) yield* specials['while/2']!([condition!, step!], env, next, machine)
    }
  },
  *'repeat/1'([step], env, at, machine) {
    yield* specials['recurse/1']!([step!], env, at, machine)
  },
  *'any/2'([source, condition], env, at, machine) {
    for (const item of values(source!, env, at.value, machine))
      for (const holds of values(condition!, env, item, machine))
        if (truth(holds)) {
          yield made(true, at)
          return
        }
    yield made(false, at)
  },
  *'all/2'([source, condition], env, at, machine) {
    for (const item of values(source!, env, at.value, machine))
      for (const holds of values(condition!, env, item, machine))
        if (!truth(holds)) {
          yield made(false, at)
          return
        }
    yield made(true, at)
  },
  *'match/2'([pattern, flags], env, at, machine) {
    for (const one of values(pattern!, env, at.value, machine)) for (const modifiers of values(flags!, env, at.value, machine)) for (const match of matchesOf(at.value, one, modifiers, false)) yield made(match, at)
  },
  *'sub/3'([pattern, replacement, flags], env, at, machine) {
    for (const one of values(pattern!, env, at.value, machine))
      for (const modifiers of values(flags!, env, at.value, machine)) {
        const { between, captures } = splitByMatches(at.value, one, modifiers)
        yield* substituted(between, captures, 0, between[0]!, replacement!, env, at, machine)
      }
  },
  *'debug/1'(_, __, at) {
    yield at
  },
  *'halt/0'() {},
}

function* until(done: Node, step: Node, env: Env | null, at: At, machine: Machine): Generator<At> {
  let current = at
  for (;;) {
    tick(machine)
    const holds = [...values(done, env, current.value, machine)]
    if (holds.length !== 1) throw new JqError('until() takes a condition of one value')
    if (truth(holds[0]!)) {
      yield current
      return
    }
    const next = [...evaluate(step, env, current, machine)]
    if (next.length !== 1) {
      for (const one of next) yield* until(done, step, env, one, machine)
      return
    }
    current = next[0]!
  }
}

function* substituted(between: readonly string[], captures: readonly Json[], from: number, done: string, replacement: Node, env: Env | null, at: At, machine: Machine): Generator<At> {
  const capture = captures[from]
  if (capture === undefined) {
    yield made(done, at)
    return
  }
  for (const text of values(replacement, env, capture, machine)) {
    if (typeof text !== 'string') throw new JqError(`${described(text)} cannot be added to a string`)
    machine.spend(done.length + text.length)
    yield* substituted(between, captures, from + 1, done + text + between[from + 1]!, replacement, env, at, machine)
  }
}

function* evaluate(node: Node, env: Env | null, at: At, machine: Machine): Generator<At> {
  tick(machine)
  switch (node.kind) {
    case 'identity':
      yield at
      return
    case 'recurse':
      yield* specials['recurse/0']!([], env, at, machine)
      return
    case 'literal':
      yield made(node.value, at)
      return
    case 'variable':
      yield made(node.name === 'ENV' ? {} : (find(env, `$${node.name}`)?.value ?? null), at)
      return
    case 'format':
      yield made(formatted(node.name, at.value), at)
      return
    case 'text':
      for (const text of texts(node, 0, '', env, at.value, machine)) yield made(text, at)
      return
    case 'index':
      for (const by of values(node.by, env, at.value, machine)) for (const of of evaluate(node.of, env, at, machine)) yield* taken(node.optional, () => ({ value: indexed(of.value, by), path: stepped(of.path, by) }))
      return
    case 'slice':
      for (const to of node.to === null ? [null] : values(node.to, env, at.value, machine))
        for (const from of node.from === null ? [null] : values(node.from, env, at.value, machine))
          for (const of of evaluate(node.of, env, at, machine)) yield* taken(node.optional, () => ({ value: sliced(of.value, from, to), path: stepped(of.path, { start: from, end: to }) }))
      return
    case 'iterate':
      for (const of of evaluate(node.of, env, at, machine)) if (node.optional === undefined || isArray(of.value) || isObject(of.value)) yield* iterated(of)
      return
    case 'pipe':
      for (const left of evaluate(node.left, env, at, machine)) yield* evaluate(node.right, env, left, machine)
      return
    case 'comma':
      yield* evaluate(node.left, env, at, machine)
      yield* evaluate(node.right, env, at, machine)
      return
    case 'negate':
      for (const value of values(node.of, env, at.value, machine)) {
        if (typeof value !== 'number') throw new JqError(`${described(value)} cannot be negated`)
        yield made(-value, at)
      }
      return
    case 'operator':
      yield* operated(node, env, at, machine)
      return
    case 'assign':
      yield* assigned(node, env, at, machine)
      return
    case 'array': {
      const items: Json[] = []
      if (node.of !== null)
        for (const value of values(node.of, env, at.value, machine)) {
          machine.spend(8)
          items.push(value)
        }
      yield made(items, at)
      return
    }
    case 'object':
      for (const value of objects(node.entries, 0, copyOf(null), env, at.value, machine)) yield made(value, at)
      return
    case 'if':
      for (const holds of values(node.condition, env, at.value, machine)) yield* evaluate(truth(holds) ? node.holds : node.otherwise, env, at, machine)
      return
    case 'try':
      yield* tried(node, env, at, machine)
      return
    case 'reduce': {
      let state: At = at
      for (const start of evaluate(node.start, env, at, machine)) {
        state = start
        for (const value of values(node.source, env, at.value, machine))
          for (const inner of matched(node.pattern, env, value, at, machine)) {
            let last: At | null = null
            for (const result of evaluate(node.update, inner, state, machine)) last = result
            state = last ?? made(null, at)
          }
        yield state
      }
      return
    }
    case 'foreach':
      for (const start of evaluate(node.start, env, at, machine)) {
        let state = start
        for (const value of values(node.source, env, at.value, machine))
          for (const inner of matched(node.pattern, env, value, at, machine))
            for (const result of evaluate(node.update, inner, state, machine)) {
              state = result
              if (node.extract === null) yield result
              else yield* evaluate(node.extract, inner, result, machine)
            }
      }
      return
    case 'bind':
      yield* bound(node, env, at, machine)
      return
    case 'define': {
      const { name, parameters, body } = node.definition
      const closure: Closure = { node: body, parameters, env, recursive: name }
      yield* evaluate(node.body, { parent: env, key: `${name}/${parameters.length}`, value: undefined, closure }, at, machine)
      return
    }
    case 'label': {
      const label: Env = { parent: env, key: `*${node.name}`, value: undefined, closure: null }
      try {
        yield* evaluate(node.body, label, at, machine)
      } catch (error) {
        if (!(error instanceof Break) || error.label !== label) throw error
      }
      return
    }
    case 'break':
      throw new Break(find(env, `*${node.name}`)!)
    case 'call':
      yield* called(node, env, at, machine)
  }
}

function* operated(node: Extract<Node, { kind: 'operator' }>, env: Env | null, at: At, machine: Machine): Generator<At> {
  const { operator, left, right } = node
  if (operator === 'and' || operator === 'or') {
    for (const first of values(left, env, at.value, machine))
      if (truth(first) === (operator === 'or')) yield made(operator === 'or', at)
      else for (const second of values(right, env, at.value, machine)) yield made(truth(second), at)
    return
  }
  if (operator === '//') {
    let some = false
    try {
      for (const result of evaluate(left, env, at, machine))
        if (truth(result.value)) {
          some = true
          yield result
        }
    } catch (error) {
      if (!(error instanceof JqError)) throw error
    }
    if (!some) yield* evaluate(right, env, at, machine)
    return
  }
  for (const second of values(right, env, at.value, machine)) for (const first of values(left, env, at.value, machine)) yield made(calculated(operator, first, second, machine.spend), at)
}

function* tried(node: Extract<Node, { kind: 'try' }>, env: Env | null, at: At, machine: Machine): Generator<At> {
  try {
    yield* evaluate(node.of, env, at, machine)
  } catch (error) {
    if (!(error instanceof JqError)) throw error
    if (node.otherwise !== null) yield* evaluate(node.otherwise, env, made(error.value, at), machine)
  }
}

/** Everything that is named is there. */
function check(node: Node, names: ReadonlySet<string>): void {
  const all = (nodes: readonly (Node | null)[], with_ = names): void => {
    for (const one of nodes) if (one !== null) check(one, with_)
  }
  const patterned = (patterns: readonly Pattern[]): ReadonlySet<string> => {
    const keysIn = (pattern: Pattern): Node[] => (pattern.kind === 'variable' ? [] : pattern.kind === 'array' ? pattern.items.flatMap(keysIn) : pattern.entries.flatMap((entry) => [entry.key, ...(entry.pattern === null ? [] : keysIn(entry.pattern))]))
    const bound = new Set([...names, ...patterns.flatMap(namesOf).map((name) => `$${name}`)])
    all(patterns.flatMap(keysIn), bound)
    return bound
  }
  const missing = (what: string): never => {
    throw new TemplateError('expression_invalid', '', `jq knows no ${what}.`)
  }
  switch (node.kind) {
    case 'identity': case 'recurse': case 'literal': return
    case 'variable': return names.has(`$${node.name}`) || node.name === 'ENV' ? undefined : missing(`variable $${node.name}`)
    case 'format': return formats.has(node.name) ? undefined : missing(`format ${node.name}`)
    case 'text':
      if (node.format !== null && !formats.has(node.format)) missing(`format ${node.format}`)
      return all(node.pieces.filter((piece) => typeof piece !== 'string'))
    case 'index': return all([node.of, node.by])
    case 'slice': return all([node.of, node.from, node.to])
    case 'iterate': case 'negate': case 'array': return all([node.of])
    case 'pipe': case 'comma': case 'operator': case 'assign': return all([node.left, node.right])
    case 'object': return all(node.entries.flatMap((entry) => [entry.key, entry.value]))
    case 'if': return all([node.condition, node.holds, node.otherwise])
    case 'try': return all([node.of, node.otherwise])
    case 'reduce': case 'foreach': {
      all([node.source, node.start])
      const inner = patterned([node.pattern])
      return all([node.update, node.kind === 'foreach' ? node.extract : null], inner)
    }
    case 'bind':
      all([node.source])
      return check(node.body, patterned(node.patterns))
    case 'define': {
      const { name, parameters, body } = node.definition
      const outer = new Set([...names, `${name}/${parameters.length}`])
      check(body, new Set([...outer, ...parameters.flatMap((parameter) => (parameter.startsWith('$') ? [parameter, `${parameter.slice(1)}/0`] : [`${parameter}/0`]))]))
      return check(node.body, outer)
    }
    case 'label': return check(node.body, new Set([...names, `*${node.name}`]))
    case 'break': return names.has(`*${node.name}`) ? undefined : missing(`label $${node.name}`)
    case 'call': {
      const key = `${node.name}/${node.items.length}`
      if (!names.has(key) && !Object.hasOwn(simple, key) && !Object.hasOwn(specials, key) && known(node.name, node.items.length) === undefined) missing(`function ${key}`)
      return all(node.items)
    }
  }
}

/** Errors: TemplateError expression_invalid. */
export function compileJq(source: Bytes): Jq {
  const node = parseJq(unicodeOf(source) ?? source)
  check(node, new Set())
  function* results(json: Json): Generator<Json> {
    const machine: Machine = {
      steps: stepLimit,
      size: sizeLimit,
      spend(size) {
        machine.size -= size
        if (machine.size < 0) throw new EvaluationError('too_large', `A jq expression may make ${sizeLimit} bytes at most.`)
      },
    }
    let count = 0
    try {
      for (const value of values(node, null, json, machine)) {
        if (++count > outputLimit) throw new EvaluationError('too_large', `A jq expression may give ${outputLimit} values at most.`)
        yield value
      }
    } catch (error) {
      if (error instanceof JqError) throw new EvaluationError('invalid_input', error.message)
      if (error instanceof RangeError) throw new EvaluationError('too_large', 'A jq expression would go deeper or make more than is allowed.')
      throw error
    }
  }
  return {
    source,
    results,
    run(json) {
      const found: Json[] = []
      try {
        for (const value of results(json)) found.push(value)
      } catch (error) {
        if (!(error instanceof EvaluationError) || error.code === 'too_large') throw error
      }
      return found
    },
  }
}
