// When an item of a pipeline applies: conditions on the rule, on an item of a selection and on the name of a field, linked by and, or, not.
import type { Search } from '@haechi/patterns'
import type { LogSource } from '@haechi/records'
import { truthOf } from './condition.ts'
import { hasWildcard, textsIn } from './pipeline-values.ts'
import type { Value } from './pipeline-values.ts'
import { compileRegex } from './regex.ts'
import type { Condition, Head, Item, Selection, Test } from './rule.ts'

export type Relation = 'eq' | 'ne' | 'gte' | 'gt' | 'lte' | 'lt'

type Anywhere =
  | { type: 'processing_item_applied'; id: string }
  | { type: 'processing_state'; key: string; relation: Relation; value: Value }

export type RuleCondition = Anywhere
  | { type: 'logsource'; logsource: LogSource }
  | { type: 'contains_field'; field: string }
  | { type: 'contains_detection_item'; field: string; value: Value }
  | { type: 'is_sigma_rule' | 'is_sigma_correlation_rule' }
  | { type: 'rule_attribute'; attribute: string; relation: Relation | 'in' | 'not_in'; value: Value }
  | { type: 'tag'; tag: string }

/** `every`: all values of the item, else one of them. */
export type ItemCondition = Anywhere
  | { type: 'match_string'; pattern: string; negated: boolean; every: boolean }
  | { type: 'match_value'; value: Value; every: boolean }
  | { type: 'contains_wildcard' | 'is_null'; every: boolean }
  /** Of the built-in pipelines alone: a value is another field. */
  | { type: 'contains_reference' }

/** `patterns`: expressions that must fit from the beginning of the name. */
export type FieldCondition = Anywhere | { type: 'include_fields' | 'exclude_fields'; fields: readonly string[]; patterns: boolean }

/** Conditions by name and the expression over them. */
export type Gate<T> = { conditions: Readonly<Record<string, T>>; expression: Condition }

/** What is known of one document while the pipelines run over it. */
export type Run = {
  head: Head
  /** null: a correlation. */
  logsource: LogSource | null
  /** The log sources of the rules under a correlation; a rule's own. */
  sources: () => readonly LogSource[]
  selections: Map<string, Selection>
  state: Map<string, Value>
  attributes: Map<string, Value>
  /** Ids of the items of pipelines that were applied: to the document, to an item of a selection, to the name of a field. */
  applied: Set<string>
  appliedTo: WeakMap<Item, ReadonlySet<string>>
  appliedToField: Map<string, ReadonlySet<string>>
}

export function itemsOf(selection: Selection): Item[] {
  return selection.kind === 'item' ? [selection] : selection.of.flatMap(itemsOf)
}

const passes = <T>(gate: Gate<T> | undefined, holds: (condition: T) => boolean): boolean =>
  gate === undefined || truthOf(gate.expression, (name) => holds(gate.conditions[name] as T))

export const ruleFits = (gate: Gate<RuleCondition> | undefined, run: Run): boolean => passes(gate, (condition) => {
  switch (condition.type) {
    case 'logsource': return run.sources().some((source) => covers(condition.logsource, source))
    case 'contains_field': return allItems(run).some(({ field }) => field === condition.field)
    case 'contains_detection_item': return allItems(run).some(({ field, tests }) => field === condition.field && tests.some((test) => isValue(test, condition.value)))
    case 'is_sigma_rule': return run.logsource !== null
    case 'is_sigma_correlation_rule': return run.logsource === null
    case 'rule_attribute': return attributeFits(condition, run)
    case 'tag': return run.head.tags.some((tag) => tag.toLowerCase() === condition.tag.toLowerCase())
    case 'processing_item_applied': return run.applied.has(condition.id)
    case 'processing_state': return stateFits(condition, run)
    default: return condition satisfies never
  }
})

export const itemFits = (gate: Gate<ItemCondition> | undefined, run: Run, item: Item): boolean => passes(gate, (condition) => {
  const values = (every: boolean, holds: (test: Test) => boolean): boolean => (every ? item.tests.every(holds) : item.tests.some(holds))
  switch (condition.type) {
    case 'match_string': {
      const [pattern] = patternsOf(condition, [condition.pattern])
      return values(condition.every, (test) => textsIn(test, item.field === null).some((text) => pattern?.search(text) === 'found') !== condition.negated)
    }
    case 'match_value': return values(condition.every, (test) => isValue(test, condition.value))
    case 'contains_wildcard': return values(condition.every, (test) => hasWildcard(test, item.field === null))
    case 'contains_reference': return item.tests.some((test) => test.kind === 'fieldref')
    case 'is_null': return values(condition.every, (test) => test.kind === 'null')
    case 'processing_item_applied': return run.appliedTo.get(item)?.has(condition.id) === true
    case 'processing_state': return stateFits(condition, run)
    default: return condition satisfies never
  }
})

/** `item`: where the name stands, if it stands in one; null is the name of keywords. */
export const fieldFits = (gate: Gate<FieldCondition> | undefined, run: Run, name: string | null, item?: Item): boolean => passes(gate, (condition) => {
  switch (condition.type) {
    case 'include_fields': return isAmong(condition, name)
    case 'exclude_fields': return !isAmong(condition, name)
    case 'processing_item_applied': return (item === undefined ? run.appliedToField.get(name ?? '') : run.appliedTo.get(item))?.has(condition.id) === true
    case 'processing_state': return stateFits(condition, run)
    default: return condition satisfies never
  }
})

const allItems = (run: Run): Item[] => [...run.selections.values()].flatMap(itemsOf)

/** Each part that the condition states is the source's. */
function covers(condition: LogSource, source: LogSource): boolean {
  return (['product', 'category', 'service'] as const).every((part) => condition[part] === undefined || condition[part] === source[part])
}

/** Compiled once for a condition, which is the same object for all rules. */
const compiled = new WeakMap<object, readonly Search[]>()

function patternsOf(condition: object, sources: readonly string[]): readonly Search[] {
  let known = compiled.get(condition)
  if (known === undefined) {
    known = sources.map(fromTheBeginning)
    compiled.set(condition, known)
  }
  return known
}

/** As Python's `re.match`. @throws Refusal `regex_invalid`, `regex_unsupported` */
export const fromTheBeginning = (source: string): Search => compileRegex(`\\A(?:${source})`, '')

function isAmong(condition: Extract<FieldCondition, { fields: readonly string[] }>, name: string | null): boolean {
  if (name === null) return false
  return condition.patterns ? patternsOf(condition, condition.fields).some((pattern) => pattern.search(name) === 'found') : condition.fields.includes(name)
}

function isValue(test: Test, value: Value): boolean {
  if (test.kind === 'any') return test.of.some((one) => isValue(one, value))
  if (test.kind === 'null') return value === null
  if (test.kind === 'number' || test.kind === 'boolean') return test.value === value
  return typeof value === 'string' && textsIn(test, false).some((text) => text.toLowerCase() === value.toLowerCase())
}

function related(left: Value, relation: Relation, right: Value): boolean {
  if (relation === 'eq') return left === right
  if (relation === 'ne') return left !== right
  if (typeof left !== typeof right || left === null || right === null) return false
  switch (relation) {
    case 'gte': return left >= right
    case 'gt': return left > right
    case 'lte': return left <= right
    case 'lt': return left < right
    default: return relation satisfies never
  }
}

function stateFits({ key, relation, value }: Extract<Anywhere, { type: 'processing_state' }>, { state }: Run): boolean {
  const known = state.get(key)
  return known !== undefined && related(known, relation, value)
}

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical']
const STATUSES = ['unsupported', 'deprecated', 'experimental', 'test', 'stable']
const ATTRIBUTES = ['id', 'name', 'title', 'level', 'status', 'author', 'license', 'description', 'date', 'modified', 'references', 'falsepositives', 'fields', 'tags'] as const

/** Levels and statuses have an order, dates are compared as dates; texts are only equal or not, lists contain or not. */
function attributeFits({ attribute, relation, value }: Extract<RuleCondition, { type: 'rule_attribute' }>, { head, attributes }: Run): boolean {
  const known: Value | readonly string[] | undefined = (ATTRIBUTES as readonly string[]).includes(attribute) ? head[attribute as (typeof ATTRIBUTES)[number]] : attributes.get(attribute)
  if (known === undefined || known === null) return false
  if (typeof known === 'object') {
    const contains = known.includes(String(value))
    return relation === 'in' ? contains : relation === 'not_in' ? !contains : relation === 'ne'
  }
  if (relation === 'in' || relation === 'not_in') return false
  const order = attribute === 'level' ? LEVELS : attribute === 'status' ? STATUSES : null
  if (order !== null) return related(order.indexOf(String(known)), relation, order.indexOf(String(value).toLowerCase()))
  if (typeof known === 'number') return related(known, relation, Number(value))
  if (attribute === 'date' || attribute === 'modified') return related(dayOf(known), relation, dayOf(value))
  return (relation === 'eq' || relation === 'ne') && related(known, relation, value)
}

/** Old rules write dates with slashes. */
const dayOf = (date: unknown): string => String(date).replaceAll('/', '-')
