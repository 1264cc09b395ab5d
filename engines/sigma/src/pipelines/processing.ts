// How the built-in pipelines are put down: plain data of the same kind as a pipeline that was read.
import type { Gate, RuleCondition } from '../pipeline-conditions.ts'
import type { Value } from '../pipeline-values.ts'
import { valueTest } from '../pipeline-values.ts'
import type { Processing, Transformation } from '../pipeline.ts'
import type { Condition, Item, Selection } from '../rule.ts'
import type { LogSource } from '@haechi/records'

/** Defender writes its names with blanks, which rules leave out. */
export const BLANKS = ['Threat Name', 'Source Name', 'Process Name', 'Detection User', 'Severity Name', 'Category Name', 'Action Name', 'Error Code', 'New Value', 'Old Value', 'Feature Name', 'Product Name']

/** A field and what it is called; of several, the first is what correlations group by. */
export type Names = Readonly<Record<string, string | readonly string[]>>

/** One of these log sources. */
export function on(...sources: readonly LogSource[]): Gate<RuleCondition> {
  return gate('or', sources.map((logsource) => ({ type: 'logsource', logsource })))
}

function gate<T>(kind: 'and' | 'or', conditions: readonly T[]): Gate<T> {
  const of = conditions.map((_, place): Condition => ({ kind: 'selection', name: String(place) }))
  return { conditions: Object.fromEntries(conditions.entries()), expression: { kind, of } }
}

/** Both: in one of the log sources, and a correlation or not. */
function among(where: Gate<RuleCondition>, type: 'is_sigma_rule' | 'is_sigma_correlation_rule'): Gate<RuleCondition> {
  return { conditions: { ...where.conditions, kind: { type } }, expression: { kind: 'and', of: [where.expression, { kind: 'selection', name: 'kind' }] } }
}

const RENAMED = 'renamed'

/** Rules look into every name of a field. A correlation groups by the first, and where two fields are compared it is the first of each: that the domains of two accounts are the same says nothing. */
export function rename(where: Gate<RuleCondition>, names: Names): Processing[] {
  const entries = Object.entries(names).map(([field, to]): [string, readonly string[]] => [field, typeof to === 'string' ? [to] : to])
  if (entries.length === 0) return []
  const mapping = (of: readonly [string, readonly string[]][]): Transformation => ({ type: 'field_name_mapping', mapping: Object.fromEntries(of) })
  const firsts = mapping(entries.map(([field, [first = field]]) => [field, [first]]))
  return [
    { id: RENAMED, rule: among(where, 'is_sigma_correlation_rule'), field: once, transformation: firsts },
    { id: RENAMED, rule: among(where, 'is_sigma_rule'), item: refers, field: once, transformation: firsts },
    { id: RENAMED, rule: among(where, 'is_sigma_rule'), field: once, transformation: mapping(entries) },
  ]
}

const refers: NonNullable<Processing['item']> = { conditions: { refers: { type: 'contains_reference' } }, expression: { kind: 'selection', name: 'refers' } }

/** A name that stands for itself in both is not to be taken for one that was meant before. */
const once: NonNullable<Processing['field']> = { conditions: { renamed: { type: 'processing_item_applied', id: RENAMED } }, expression: { kind: 'not', of: { kind: 'selection', name: 'renamed' } } }

export const renameBeginnings = (where: Gate<RuleCondition>, names: Readonly<Record<string, string>>): Processing => ({
  id: RENAMED, rule: where, field: once, transformation: { type: 'field_name_prefix_mapping', mapping: Object.fromEntries(Object.entries(names).map(([from, to]) => [from, [to]])) },
})

/** What no `rename` was about. */
export const prefixOthers = (where: Gate<RuleCondition>, prefix: string): Processing => ({ id: RENAMED, rule: where, field: once, transformation: { type: 'field_name_prefix', prefix } })

/** Fields and values, `*` for any. */
export type Said = Readonly<Record<string, Value | readonly Value[]>>

/** All of these fields, each with one of its values; or all of those of another of the lists. */
export function require(where: Gate<RuleCondition>, ...alternatives: readonly Said[]): Processing {
  const linked = (kind: 'all' | 'any', of: readonly Selection[]): Selection => (of.length === 1 ? of[0] as Selection : { kind, of })
  const items = (fields: Said): Item[] => Object.entries(fields).map(([field, values]) => ({ kind: 'item', field, tests: (Array.isArray(values) ? values as readonly Value[] : [values as Value]).map((value) => valueTest(value, false)), all: false, negated: false }))
  const selection = linked('any', alternatives.map((fields) => linked('all', items(fields))))
  return { id: RENAMED, rule: where, transformation: { type: 'add_condition', selection, name: '_source', negated: false, template: false } }
}

/** A transformation of the values of some fields. */
export function valuesOf(where: Gate<RuleCondition>, fields: readonly string[], transformation: Transformation): Processing {
  return { rule: where, field: { conditions: { fields: { type: 'include_fields', fields, patterns: false } }, expression: { kind: 'selection', name: 'fields' } }, transformation }
}

export const moveTo = (where: Gate<RuleCondition>, logsource: LogSource): Processing => ({ rule: where, transformation: { type: 'change_logsource', logsource } })
