// `flow` of a template: when which block runs, and with which values. http(1), http("login"), dns(), set(name, value), iterate(...), template.NAME and every
// function of the expressions are there besides the language itself. Defended by flow.test.ts.
import { bytesOf, readable } from '@haechi/probes/wire'
import { EvaluationError } from '../dsl/evaluation.ts'
import { compileExpression } from '../interpolation.ts'
import type { Block, Outcome, Protocol, Template, Value, Values } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { interpret, isObject, ofPlain, plain, standard, textOf } from './interpreter.ts'
import type { FlowFunction, FlowObject, FlowValue } from './interpreter.ts'
import { parseFlow } from './syntax.ts'
import type { Expression, Statement } from './syntax.ts'

/** As a flow calls them. */
const callable: Readonly<Record<string, Protocol>> = { http: 'http', dns: 'dns', tcp: 'tcp', network: 'tcp', ssl: 'ssl', file: 'file', websocket: 'websocket', headless: 'headless', javascript: 'javascript', code: 'code', whois: 'whois' }
const own = new Set(['set', 'iterate', 'log', 'template', ...Object.keys(callable)])

/** Throws TemplateError flow_invalid or flow_unsupported where the flow could not be run: no such syntax, block or function. */
export function checkFlow(source: string, blocks: readonly Block[]): void {
  const declared = new Set<string>()
  const called: { readonly name: string; readonly line: number; readonly given: readonly Expression[] }[] = []
  walk(parseFlow(source), (found) => {
    if (found.kind === 'declare') for (const { name } of found.names) declared.add(name)
    else if (found.kind === 'define') declared.add(found.name)
    else if (found.kind === 'each') declared.add(found.name)
    else if (found.kind === 'function') for (const name of [...found.parameters, ...(found.name === null ? [] : [found.name])]) declared.add(name)
    else if (found.kind === 'assign' && found.target.kind === 'name') declared.add(found.target.name)
    else if (found.kind === 'call' && found.callee.kind === 'name') called.push({ name: found.callee.name, line: found.callee.line, given: found.arguments.map(({ value }) => value) })
  })
  for (const { name, line, given } of called) {
    const protocol = Object.hasOwn(callable, name) ? callable[name] : undefined
    if (protocol !== undefined) {
      for (const one of given) if (one.kind === 'literal') choose(blocks, protocol, one.value, line)
      if (given.length === 0) choose(blocks, protocol, undefined, line)
    } else if (!declared.has(name) && !own.has(name) && typeof standard(name, () => 0) !== 'function' && !isFunction(name, given.length)) {
      throw new TemplateError('flow_unsupported', `flow line ${line}`, `${name}() is no function that flows have here.`)
    }
  }
}

export async function runFlow(template: Template, { values, random, now, signal, runBlock }: {
  readonly values: Values
  readonly random: () => number
  readonly now: () => number
  readonly signal: AbortSignal
  readonly runBlock: (block: Block) => Promise<Outcome>
}): Promise<void> {
  const views = new Map<string, { readonly of: string; readonly text: string }>()
  /** A long text is made Unicode once, however often it is looked at. */
  const viewed = (key: string, value: Value | undefined): FlowValue => {
    if (typeof value !== 'string' || value.length < 1_024) return ofValue(value)
    const known = views.get(key)
    if (known?.of === value) return known.text
    const text = readable(value)
    views.set(key, { of: value, text })
    return text
  }
  const view: FlowObject = {
    get: (key) => viewed(key, values.get(key)), has: (key) => values.get(key) !== undefined, keys: () => [],
    set: (key, value) => values.set(key, toValue(value)),
  }
  const functions = new Map<string, FlowFunction>()
  for (const [name, protocol] of Object.entries(callable)) {
    functions.set(name, async (asked) => {
      let matched = false
      for (const which of asked.length === 0 ? [undefined] : asked) for (const block of choose(template.blocks, protocol, which, null)) matched = (await runBlock(block)).matched || matched
      return matched
    })
  }
  functions.set('set', ([name, value]) => {
    values.set(textOf(name), toValue(value))
    return undefined
  })
  functions.set('iterate', (given) => given.flatMap((value) => (value === null || value === undefined ? [] : Array.isArray(value) ? value : isObject(value) ? [...value.keys()] : [value])))
  functions.set('log', ([value]) => value)
  const globals = (name: string): FlowValue => functions.get(name) ?? (name === 'template' ? view : standard(name, now) ?? ofExpressions(name))
  const ofExpressions = (name: string): FlowValue => (/^[A-Za-z_]\w*$/.test(name) ? (given) => ofValue(called(name, given)) : undefined)
  const called = (name: string, given: readonly FlowValue[]): Value => {
    try {
      return compileExpression(callOf(name, given.length)).evaluate((parameter) => toValue(given[Number(parameter.slice(1))]), { random, now })
    } catch (error) {
      if (error instanceof EvaluationError) throw new TemplateError(error.code === 'too_large' ? 'budget_exceeded' : 'flow_failed', 'flow', `${name}(): ${error.message}`)
      throw error
    }
  }
  await interpret(parseFlow(template.flow ?? ''), globals, signal)
}

const callOf = (name: string, count: number): string => `${name}(${Array.from({ length: count }, (_, at) => `p${at}`).join(', ')})`

function isFunction(name: string, count: number): boolean {
  try {
    compileExpression(callOf(name, count))
    return true
  } catch (error) {
    if (error instanceof TemplateError) return false
    throw error
  }
}

/** By number from 1, by id; all where nothing is said. */
function choose(blocks: readonly Block[], protocol: Protocol, which: FlowValue, line: number | null): Block[] {
  const ofProtocol = blocks.filter((block) => block.protocol === protocol)
  const chosen = which === undefined ? ofProtocol : ofProtocol.filter(({ id }, at) => (typeof which === 'number' || (typeof which === 'string' && /^\d+$/.test(which) && id !== which) ? at + 1 === Number(which) : id === which))
  if (chosen.length === 0) throw new TemplateError('flow_invalid', line === null ? 'flow' : `flow line ${line}`, which === undefined ? `The template has no ${protocol} request.` : `The template has no ${protocol} request ${JSON.stringify(which)}; it has ${ofProtocol.length}.`)
  return chosen
}

/** Texts of a flow are Unicode, those of requests and answers bytes. */
function ofValue(value: Value | undefined): FlowValue {
  if (value === undefined) return undefined
  return ofPlain(value, 0, readable)
}

function toValue(value: FlowValue): Value {
  return plain(value, 0, bytesOf) as Value | undefined ?? null
}

function walk(node: Statement | Expression | readonly (Statement | Expression)[], see: (found: Statement | Expression) => void): void {
  const due: unknown[] = [node]
  for (let next = due.pop(); due.length > 0 || next !== undefined; next = due.pop()) {
    if (Array.isArray(next)) due.push(...next as unknown[])
    else if (typeof next === 'object' && next !== null) {
      if ('kind' in next) see(next as Statement | Expression)
      due.push(...Object.values(next).filter((inner) => typeof inner === 'object'))
    }
  }
}
