// What is made of one answer of dns, tcp, ssl or websocket: its parts by name, what matchers and extractors find in it, what later requests see of it, and what is
// reported. Values of the answer go before payloads, and these before everything else that has a name.
import { readable } from '@haechi/probes/wire'
import { toText } from './dsl/convert.ts'
import { EvaluationError } from './dsl/evaluation.ts'
import { evidence } from './http/match.ts'
import { compileText } from './interpolation.ts'
import { compileOperators } from './operators.ts'
import type { Block, Bytes, Lookup, Protocol, Run, Value, Values } from './model.ts'
import { TemplateError } from './problem.ts'

export type Answer = {
  readonly protocol: Protocol
  /** By the names that matchers and expressions use. */
  readonly parts: ReadonlyMap<string, Value>
  /** What stands for the part of that name: 'body' for tcp is 'data'. */
  readonly partName: (name: string) => string
  readonly defaultPart: string
  readonly matchedAt: string
  readonly address: string | null
  readonly request: Bytes
  readonly response: Bytes
}

const requests = new WeakMap<Values, number>()

/** Before each request of a run. Errors: TemplateError budget_exceeded. */
export function charge(run: Run, place: Protocol): void {
  const count = (requests.get(run.values) ?? 0) + 1
  if (count > run.settings.maxRequests) throw new TemplateError('budget_exceeded', place, `The template sends more than ${run.settings.maxRequests} requests to one target.`)
  requests.set(run.values, count)
}

/** A text with what its markers stand for; null: one of them has no value. Errors: TemplateError budget_exceeded, expression_invalid. */
export function render(written: Bytes, names: Lookup, run: Run, place: string): Bytes | null {
  const text = compileText(written)
  if (text.literal !== null) return text.literal
  try {
    return text.unresolved(names).length > 0 ? null : text.render(names, run)
  } catch (error) {
    if (error instanceof EvaluationError) throw new TemplateError('budget_exceeded', place, error.message)
    throw error
  }
}

/** What belongs to this request alone first, then a combination of payloads, which may hold expressions themselves, then what the run knows. */
export function namesOf(run: Run, own: ReadonlyMap<string, Value>, payload: Readonly<Record<string, Bytes>> = {}): Lookup {
  const known: Lookup = name => own.get(name) ?? run.values.get(name)
  const values = new Map(Object.entries(payload).map(([name, written]) => [name, render(written, known, run, `payloads.${name}`) ?? written]))
  return name => own.get(name) ?? values.get(name) ?? run.values.get(name)
}

/** Judges an answer and reports what was found; true if the block matched. */
export function conclude(block: Block, run: Run, names: Lookup, answer: Answer): boolean {
  const lookup: Lookup = name => answer.parts.get(name) ?? names(name)
  const part = (name: string): Bytes | undefined => {
    const value = lookup(answer.partName(name))
    return value === undefined ? undefined : toText(value)
  }
  const judgement = compileOperators(block, answer.defaultPart).judge({ part, lookup }, run)
  run.answered(name => answer.parts.get(name))
  for (const [name, values] of judgement.dynamic) run.values.set(name, values.length === 1 ? (values[0] ?? '') : [...values])
  for (const result of judgement.results) {
    if (result.internal) continue
    run.report({
      template: run.template.id,
      file: run.template.file,
      info: run.template.info,
      protocol: answer.protocol,
      matcher: result.matcher ?? result.extractor,
      extracted: result.extracted.map(readable),
      values: Object.fromEntries(judgement.dynamic),
      matchedAt: answer.matchedAt,
      target: run.target.input,
      address: answer.address,
      evidence: { request: evidence(answer.request), response: evidence(answer.response) },
      doubt: null,
    })
  }
  return block.matchers.length === 0 && block.extractors.length === 0 ? true : judgement.matched
}
