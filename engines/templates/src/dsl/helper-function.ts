import type { Bytes, Value } from '../model.ts'
import { toText } from './convert.ts'
import { EvaluationError, typeName, type Scope } from './evaluation.ts'

export type HelperFunction = {
  /** How many arguments it takes; other counts end in an EvaluationError. */
  readonly least: number
  readonly most: number
  run(values: readonly Value[], scope: Scope): Value
  /** Why it is not to be had with such a first argument, where that stands in the template; null: it is. */
  readonly refusal?: (first: Bytes) => string | null
}

export const helper = (least: number, most: number, run: HelperFunction['run']): HelperFunction => ({ least, most, run })

/** Of one text. */
export const ofText = (run: (text: Bytes, scope: Scope) => Value): HelperFunction => helper(1, 1, (values, scope) => run(toText(values[0]!), scope))
export const ofTwo = (run: (first: Bytes, second: Bytes, scope: Scope) => Value): HelperFunction => helper(2, 2, (values, scope) => run(toText(values[0]!), toText(values[1]!), scope))
export const ofThree = (run: (first: Bytes, second: Bytes, third: Bytes, scope: Scope) => Value): HelperFunction =>
  helper(3, 3, (values, scope) => run(toText(values[0]!), toText(values[1]!), toText(values[2]!), scope))

/**
 * For what costs much and depends on nothing else: many templates ask it of the same answer one after another, so the last long text of each function is kept
 * with what came of it.
 */
export function remembered(run: (text: Bytes) => Bytes): (text: Bytes) => Bytes {
  let [last, result]: [Bytes, Bytes] = ['', '']
  return (text) => {
    if (text.length < 256 || text.length > 2 * 1024 * 1024) return run(text)
    if (text !== last) [last, result] = [text, run(text)]
    return result
  }
}

/** Where Go asserts a string. */
export function textOf(value: Value | undefined, what: string): Bytes {
  if (typeof value !== 'string') throw new EvaluationError('wrong_type', `${what} is a text, not a ${typeName(value ?? null)}.`)
  return value
}

/** Where Go asserts a float64: cut to a whole number. */
export function wholeOf(value: Value | undefined, what: string): number {
  if (typeof value !== 'number') throw new EvaluationError('wrong_type', `${what} is a number, not a ${typeName(value ?? null)}.`)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new EvaluationError('wrong_arguments', `${what} is no whole number that can be used.`)
  return Math.trunc(value)
}

/** strconv.Atoi of whatever the argument is written as. */
export function integerOf(value: Value | undefined, what: string): number {
  const written = toText(value ?? null)
  if (!/^[+-]?\d{1,18}$/.test(written)) throw new EvaluationError('wrong_arguments', `${what} is no whole number.`)
  return Number(written)
}

/** A list of an extractor; nothing of anything else. */
export const listOf = (value: Value | undefined): readonly Bytes[] => (Array.isArray(value) ? (value as readonly Value[]).map(toText) : [])

export const unreadable = (message: string): EvaluationError => new EvaluationError('invalid_input', message)
