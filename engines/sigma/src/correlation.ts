// Correlation documents (Sigma correlation rules specification 2.1, and SEP #198 for conditions of temporal ones that are expressions).
// What is not known is refused, never passed over: a key that says nothing to this engine would change what the author meant. documents.test.ts has each key and each refusal.
import { namesIn, nameWords, parseCondition, truthOf } from './condition.ts'
import { entryOf, headOf, textOf, textsIn } from './document.ts'
import { Refusal } from './refusal.ts'
import type { Bound, Correlation, CorrelationCondition, CorrelationType } from './rule.ts'
import type { Entries, Node } from './yaml.ts'

export const TYPES: ReadonlySet<string> = new Set(['event_count', 'value_count', 'value_sum', 'value_avg', 'value_median', 'value_percentile', 'temporal', 'temporal_ordered'] satisfies CorrelationType[])
const KEYS = new Set(['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate'])
export const BOUNDS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] satisfies Bound[])

const MAX_RULES = 256
const MAX_FIELDS = 32
const MAX_ALIASES = 64
/** State is kept for as long as a window is. */
const MAX_DAYS = 366

const SECOND = 1000
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: 60 * SECOND, h: 3600 * SECOND, d: 86_400 * SECOND, w: 7 * 86_400 * SECOND }

/** @throws Refusal `correlation_invalid`, `timespan_invalid`, `condition_invalid`, `rule_unknown`, `field_missing`, `field_invalid` */
export function correlationOf(node: Entries, file: string): Correlation {
  const head = headOf(node, file)
  const section = entryOf(node, 'correlation')
  if (section?.value.kind !== 'map') throw new Refusal('correlation_invalid', 'correlation is a map with type, rules, timespan and condition', section?.line ?? node.line)
  const body = section.value
  for (const { key, line } of body.entries) {
    if (!KEYS.has(key)) throw new Refusal('correlation_invalid', `a correlation has no "${key.slice(0, 40)}"; it has ${[...KEYS].join(', ')}`, line)
  }
  const stated = entryOf(body, 'type')
  const type = textOf(stated?.value) as CorrelationType | null
  if (type === null || !TYPES.has(type)) throw new Refusal('correlation_invalid', `type is one of ${[...TYPES].join(', ')}`, stated?.line ?? section.line)
  const temporal = type === 'temporal' || type === 'temporal_ordered'

  const written = entryOf(body, 'condition')
  const listed = entryOf(body, 'rules')
  const places = listed === null ? ruleNames(temporal ? written : null, section.line) : textsIn(listed, MAX_RULES, 'correlation_invalid')
  const rules = [...places.keys()]
  const groups = entryOf(body, 'group-by')
  const { valueOf, percentile, condition } = conditionOf(written, type, rules, section.line)
  return {
    ...head,
    type,
    rules,
    groupBy: groups === null ? [] : [...textsIn(groups, MAX_FIELDS, 'correlation_invalid').keys()],
    aliases: aliasesOf(body, places),
    timespan: timespanOf(body, section.line),
    condition,
    valueOf,
    percentile,
    generate: generateOf(node, body),
    places,
  }
}

/** Without a list the rules are those that the expression names, in their order. */
function ruleNames(written: Entries['entries'][number] | null, line: number): Map<string, number> {
  const text = textOf(written?.value)
  if (written === null || text === null) throw new Refusal('correlation_invalid', 'a correlation names its rules', line)
  const names = nameWords(text)
  if (names === null || names.length === 0) throw new Refusal('correlation_invalid', 'a condition with "of" needs rules to choose from', written.line)
  if (names.length > MAX_RULES) throw new Refusal('correlation_invalid', `the condition names more than ${MAX_RULES} rules`, written.line)
  return new Map(names.map((name) => [name, written.line]))
}

function conditionOf(written: Entries['entries'][number] | null, type: CorrelationType, rules: readonly string[], line: number): Pick<Correlation, 'valueOf' | 'percentile' | 'condition'> {
  const temporal = type === 'temporal' || type === 'temporal_ordered'
  if (written === null) {
    if (!temporal) throw new Refusal('correlation_invalid', `${type} needs a condition`, line)
    return { valueOf: [], percentile: null, condition: { kind: 'bounds', bounds: [{ operator: 'gte', value: rules.length }] } }
  }
  const { value } = written
  if (value.kind === 'map') return boundsOf(value, written.line, type)
  const text = textOf(value)
  if (!temporal || text === null) throw new Refusal('correlation_invalid', temporal ? 'condition is a map or an expression over the rules' : `the condition of ${type} is a map`, written.line)
  return { valueOf: [], percentile: null, condition: { kind: 'expression', expression: expressionOf(text, rules, value.line) } }
}

function expressionOf(text: string, rules: readonly string[], line: number): Extract<CorrelationCondition, { kind: 'expression' }>['expression'] {
  try {
    const expression = parseCondition(text, rules, 'rule')
    const named = new Set(namesIn(expression))
    const idle = rules.find((rule) => !named.has(rule))
    if (idle !== undefined) throw new Refusal('correlation_invalid', `the condition does not name "${idle.slice(0, 80)}"`)
    if (truthOf(expression, () => false)) throw new Refusal('correlation_invalid', 'the condition holds before anything has happened')
    return expression
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal(error.code === 'selection_unknown' ? 'rule_unknown' : error.code, error.message, line)
  }
}

function boundsOf(condition: Entries, line: number, type: CorrelationType): Pick<Correlation, 'valueOf' | 'percentile' | 'condition'> {
  const valued = type.startsWith('value_')
  const counted = !valued || type === 'value_count'
  const bounds: { operator: Bound; value: number }[] = []
  let valueOf: string[] = []
  let percentile = type === 'value_percentile' ? 50 : null
  for (const entry of condition.entries) {
    if (BOUNDS.has(entry.key)) {
      const value = numberOf(entry.value)
      if (value === null || (counted && !(Number.isSafeInteger(value) && value >= 0))) throw new Refusal('correlation_invalid', `${entry.key} takes ${counted ? 'a whole number from 0' : 'a number'}`, entry.line)
      bounds.push({ operator: entry.key as Bound, value })
    } else if (entry.key === 'field' && valued) {
      valueOf = [...textsIn(entry, MAX_FIELDS, 'correlation_invalid').keys()]
      if (valueOf.length > 1 && type !== 'value_count') throw new Refusal('correlation_invalid', `${type} is about one field`, entry.line)
    } else if (entry.key === 'percentile' && type === 'value_percentile') {
      percentile = numberOf(entry.value)
      if (percentile === null || percentile < 0 || percentile > 100) throw new Refusal('correlation_invalid', 'percentile takes a number from 0 to 100', entry.line)
    } else throw new Refusal('correlation_invalid', `the condition of ${type} has no "${entry.key.slice(0, 40)}"`, entry.line)
  }
  if (bounds.length === 0) throw new Refusal('correlation_invalid', `a condition has one of ${[...BOUNDS].join(', ')}`, line)
  if (valued && valueOf.length === 0) throw new Refusal('correlation_invalid', `the condition of ${type} names a field`, line)
  return { valueOf, percentile, condition: { kind: 'bounds', bounds } }
}

function numberOf(node: Node): number | null {
  const text = textOf(node)
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : null
}

function timespanOf(body: Entries, line: number): number {
  const entry = entryOf(body, 'timespan')
  if (entry === null) throw new Refusal('timespan_invalid', 'a correlation needs a timespan', line)
  const [, count, unit = ''] = /^(\d{1,9})([smhdw])$/.exec(textOf(entry.value) ?? '') ?? []
  const milliseconds = Number(count) * (UNITS[unit] ?? Number.NaN)
  if (!(milliseconds > 0)) throw new Refusal('timespan_invalid', 'a timespan is a whole number from 1 and one of s, m, h, d, w, as in 90m; months and years have no fixed length', entry.line)
  if (milliseconds > MAX_DAYS * 86_400 * SECOND) throw new Refusal('timespan_invalid', `a timespan is at most ${MAX_DAYS}d`, entry.line)
  return milliseconds
}

function aliasesOf(body: Entries, places: ReadonlyMap<string, number>): Correlation['aliases'] {
  const entry = entryOf(body, 'aliases')
  if (entry === null) return {}
  if (entry.value.kind !== 'map') throw new Refusal('correlation_invalid', 'aliases is a map of alias to rule to field', entry.line)
  if (entry.value.entries.length > MAX_ALIASES) throw new Refusal('correlation_invalid', `aliases has more than ${MAX_ALIASES} entries`, entry.line)
  return Object.fromEntries(entry.value.entries.map((alias) => {
    if (alias.value.kind !== 'map') throw new Refusal('correlation_invalid', `the alias "${alias.key.slice(0, 80)}" is a map of rule to field`, alias.line)
    return [alias.key, Object.fromEntries(alias.value.entries.map(({ key, line, value }) => {
      const field = textOf(value)
      if (field === null) throw new Refusal('correlation_invalid', `the alias "${alias.key.slice(0, 80)}" names a field for each rule`, line)
      if (!places.has(key)) throw new Refusal('rule_unknown', `the alias "${alias.key.slice(0, 80)}" is about "${key.slice(0, 80)}", which is none of the correlation's rules`, line)
      return [key, field]
    }))]
  }))
}

/** The schema has it beside `correlation`, pySigma within. */
function generateOf(node: Entries, body: Entries): boolean {
  const stated = [entryOf(node, 'generate'), entryOf(body, 'generate')].flatMap((entry) => (entry === null ? [] : [entry]))
  const values = stated.map(({ value, line }) => {
    if (value.kind !== 'scalar' || typeof value.value !== 'boolean') throw new Refusal('correlation_invalid', 'generate takes true or false', line)
    return value.value
  })
  if (values.length === 2 && values[0] !== values[1]) throw new Refusal('correlation_invalid', 'generate stands twice and says two things', stated[1]?.line)
  return values[0] ?? false
}
