// What names stand for while a template runs, from the strongest: constants, what was extracted or set, what was given from outside, the template's variables,
// the target, and what earlier blocks answered. Values that came from an answer are never read as expressions. Defended by execute.test.ts.
import { EvaluationError } from './dsl/evaluation.ts'
import { targetValues } from './http/target-values.ts'
import { compileText } from './interpolation.ts'
import type { Bytes, Lookup, Settings, Target, Template, Value, Values } from './model.ts'
import { TemplateError } from './problem.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const MARKER_LENGTH = 27

export interface RunValues extends Values {
  /** Names of an answer, seen from now on behind this prefix and '_'. */
  answered(prefix: string, answer: Lookup): void
}

export function createValues({ template, target, settings, given, random, now }: {
  readonly template: Template
  readonly target: Target
  readonly settings: Settings
  /** What a workflow's earlier templates extracted. */
  readonly given: ReadonlyMap<string, Value>
  readonly random: () => number
  readonly now: () => number
}): RunValues {
  const own = new Map<string, Value>(given)
  const answers = new Map<string, Lookup>()
  const evaluated = new Map<string, Value>()
  const beingEvaluated = new Set<string>()
  let ofTarget: ReadonlyMap<string, Value> | null = null

  /** A variable that needs what nobody knows (yet), or itself, has no value, and is asked for again. */
  function evaluate(name: string, written: Value): Value | undefined {
    if (typeof written !== 'string') return written
    const known = evaluated.get(name)
    if (known !== undefined || beingEvaluated.has(name)) return known
    beingEvaluated.add(name)
    try {
      const text = compileText(written)
      if (text.unresolved(get).length > 0) return undefined
      const value = text.render(get, { random, now })
      evaluated.set(name, value)
      return value
    } catch (error) {
      if (error instanceof EvaluationError) throw new TemplateError('budget_exceeded', `variables.${name}`, error.message)
      throw error
    } finally {
      beingEvaluated.delete(name)
    }
  }

  function marker(name: string): Bytes {
    let text = ''
    for (let at = 0; at < MARKER_LENGTH; at += 1) text += LETTERS[random() % LETTERS.length]
    own.set(name, text)
    return text
  }

  function get(name: string): Value | undefined {
    const constant = ofOwn(template.constants, name)
    if (constant !== undefined) return evaluate(name, constant)
    const set = own.get(name)
    if (set !== undefined) return set
    const outside = ofOwn(settings.variables, name)
    if (outside !== undefined) return outside
    const variable = ofOwn(template.variables, name)
    if (variable !== undefined) return evaluate(name, variable)
    if (name === 'randstr' || /^randstr_\w+$/.test(name)) return marker(name)
    const places = ofTarget ??= template.selfContained ? new Map<string, Value>() : targetValues(target)
    const place = places.get(name)
    if (place !== undefined) return place
    // The longest prefix knows best: http_1_body is the body of http_1, not the 1_body of http.
    for (let end = name.lastIndexOf('_'); end > 0 && answers.size > 0; end = name.lastIndexOf('_', end - 1)) {
      const found = answers.get(name.slice(0, end))?.(name.slice(end + 1))
      if (found !== undefined) return found
    }
    return undefined
  }

  return {
    get,
    set: (name, value) => void own.set(name, value),
    answered: (prefix, answer) => void answers.set(prefix, answer),
  }
}

const ofOwn = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(record, name) ? record[name] : undefined)
