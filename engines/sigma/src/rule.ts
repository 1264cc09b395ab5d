// A Sigma rule as plain data: everything here survives structuredClone, so rules may cross to another thread and a second engine may compile them its own way.
import type { LogSource } from '@haechi/records'

export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical'
export type Status = 'stable' | 'test' | 'experimental' | 'deprecated' | 'unsupported'

/** Why a document of a rule file was not loaded. Stable: shown by `haechi rules lint` and by the console. */
export type RejectionCode =
  | 'file_too_large'
  | 'yaml_invalid'
  | 'yaml_too_large'
  | 'yaml_tag_refused'
  | 'document_invalid'
  | 'action_unsupported'
  | 'field_missing'
  | 'field_invalid'
  | 'logsource_invalid'
  | 'detection_invalid'
  | 'condition_invalid'
  | 'aggregation_unsupported'
  | 'selection_unknown'
  | 'modifier_unknown'
  | 'modifier_invalid'
  | 'value_invalid'
  | 'regex_invalid'
  | 'regex_unsupported'
  | 'placeholder_unresolved'
  | 'correlation_invalid'
  | 'timespan_invalid'
  | 'filter_invalid'
  // Of documents that are right in themselves, by `link`.
  | 'id_repeated'
  | 'rule_unknown'
  | 'name_ambiguous'
  | 'correlation_cycle'
  | 'correlation_too_deep'
  | 'filter_unfit'
  // Of processing pipelines: of one that cannot be read, and of a rule that one refuses.
  | 'pipeline_invalid'
  | 'pipeline_unsupported'
  | 'pipeline_failed'

/** `line` counts from 1 in the file; `reason` is one English line for the log, `code` is what programs read. */
export type Rejection = { file: string; line: number; code: RejectionCode; reason: string; id?: string }

/** A piece of a Sigma string: literal text, `*` (any run of characters), `?` (one character) or, under `windash`, one dash of any kind. */
export type Piece = string | { wildcard: 'any' | 'one' | 'dash' }

export type Comparison = 'lt' | 'lte' | 'gt' | 'gte'
export type TimeUnit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

/** What one value of the event is held against. */
export type Test =
  | { kind: 'pattern'; pieces: readonly Piece[]; cased: boolean }
  | { kind: 'number'; value: number; text: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'null' }
  | { kind: 'exists'; value: boolean }
  | { kind: 'regex'; source: string; flags: string }
  | { kind: 'cidr'; network: string }
  | { kind: 'compare'; operator: Comparison; value: number }
  | { kind: 'fieldref'; field: string; at: 'whole' | 'start' | 'end' | 'inside'; cased: boolean }
  /** One value that stands for several: any of them. */
  | { kind: 'any'; of: readonly Test[] }
  | { kind: 'time'; unit: TimeUnit; operator: Comparison | 'eq'; value: number }

/** One entry of a selection. `field` null = keywords, searched in every value of the record. `all`: every test must hold, else one. */
export type Item = { kind: 'item'; field: string | null; tests: readonly Test[]; all: boolean; negated: boolean }
export type Selection = Item | { kind: 'all' | 'any'; of: readonly Selection[] }

/** A condition with `1 of` and `all of` already resolved to the selections they name. */
export type Condition =
  | { kind: 'selection'; name: string }
  | { kind: 'and' | 'or'; of: readonly Condition[] }
  | { kind: 'not'; of: Condition }

export type Detection = { selections: ReadonlyMap<string, Selection>; condition: Condition }

/** What people read of a rule, in another language than its own. null and [] where the rule has it only in its own. */
export type RuleText = { title: string | null; description: string | null; falsepositives: readonly string[] }

/** What every document says of itself, rule, correlation or filter. */
export type Head = {
  /** The document's `id`; one without is named by its place, `FILE:LINE`. */
  id: string
  /** What correlations and filters may call it by beside its id. */
  name: string | null
  title: string
  level: Level | null
  status: Status | null
  author: string | null
  license?: string
  description: string | null
  date: string | null
  modified: string | null
  references: readonly string[]
  falsepositives: readonly string[]
  /** By language tag in lower case (`ko`). A custom attribute of Haechi: absent where the rule states none that can be read. */
  translations?: Readonly<Record<string, RuleText>>
  fields: readonly string[]
  tags: readonly string[]
  /** ATT&CK technique ids out of the tags: `T1003.001`. */
  techniques: readonly string[]
  /** ATT&CK tactics out of the tags, as written there without `attack.`: `credential-access`. */
  tactics: readonly string[]
  file: string
  line: number
}

export type Rule = Head & {
  logsource: LogSource
  detection: Detection
}

export type CorrelationType = 'event_count' | 'value_count' | 'value_sum' | 'value_avg' | 'value_median' | 'value_percentile' | 'temporal' | 'temporal_ordered'
export type Bound = Comparison | 'eq' | 'neq'

/** What must hold in the window. `bounds`: all of them, over the count, the sum and so on. `expression`: of temporal ones, over the ids of rules (SEP #198). */
export type CorrelationCondition =
  | { kind: 'bounds'; bounds: readonly { operator: Bound; value: number }[] }
  | { kind: 'expression'; expression: Condition }

/** A correlation rule (Sigma correlation rules specification 2.1). */
export type Correlation = Head & {
  type: CorrelationType
  /** Ids of rules or of other correlations, in the order written; as the document calls them until `link` has resolved them. */
  rules: readonly string[]
  groupBy: readonly string[]
  /** alias -> rule (as in `rules`) -> the field that it stands for there. */
  aliases: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Milliseconds. */
  timespan: number
  condition: CorrelationCondition
  /** Fields that value_* are about; empty for the others. */
  valueOf: readonly string[]
  /** Of value_percentile, 0 to 100; null for the others. */
  percentile: number | null
  /** Whether the rules that it refers to match by themselves too. */
  generate: boolean
  /** Each rule that it names, as it calls it -> the line where it does so first. */
  places: ReadonlyMap<string, number>
}

/** A filter document: what it selects is taken out of the rules it names (`'any'` = all whose log source it fits). Its condition is always what is taken out. */
export type Filter = Head & {
  logsource: LogSource
  rules: readonly string[] | 'any'
  detection: Detection
  /** As in a correlation. */
  places: ReadonlyMap<string, number>
}
