// What an evaluation is given, what it may cost, and how it fails. Whatever a template or an answer holds, an evaluation ends within its budget with a value or an
// EvaluationError, and never stops a scan. Defended by dsl/hostile.integration.test.ts.
import type { Lookup, Value } from '../model.ts'

/** Where chance and time come from: equal ones give equal results. */
export type Environment = {
  /** A 32-bit number without sign. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** wait_for() was asked for: whoever evaluates waits so long, within bounds of its own, before it uses the result. An expression itself never waits. */
  readonly wait?: (seconds: number) => void
}

/**
 * unknown_name: nobody knows a name. wrong_type: an operator or function does not take such a value. wrong_arguments: too many, too few, or out of range.
 * invalid_input: what was to be decoded or parsed is not such. too_large: the result would be beyond the budget.
 */
export type EvaluationCode = 'unknown_name' | 'wrong_type' | 'wrong_arguments' | 'invalid_input' | 'too_large'

/** Why an expression has no value. A matcher takes it for false. The message names functions and types, never values: these may be secrets. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
  readonly code: EvaluationCode

  constructor(code: EvaluationCode, message: string) {
    // Unknown names are everyday, and nobody reads where in the evaluator they were noticed: without a stack it costs a tenth.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = limit
    this.code = code
  }
}

/** Bytes of all results of one evaluation together, those in between included. */
const evaluationBytes = 64 * 1024 * 1024

export type Scope = { readonly lookup: Lookup; readonly environment: Environment; left: number }

export const scopeOf = (lookup: Lookup, environment: Environment): Scope => ({ lookup, environment, left: evaluationBytes })

/** Before so many bytes come to be. */
export function spend(scope: Scope, bytes: number): void {
  scope.left -= bytes
  if (!(scope.left >= 0)) throw new EvaluationError('too_large', `An expression may make ${evaluationBytes} bytes at most.`)
}

/** What Go calls such a value, for messages. */
export const typeName = (value: Value): string =>
  value === null ? 'nil' : typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? 'list' : 'map'
