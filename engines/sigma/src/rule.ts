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
  | 'correlation_unsupported'
  | 'filter_unsupported'
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

export type Rule = {
  /** The document's `id`; a rule without one is named by its place, `FILE:LINE`. */
  id: string
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
  logsource: LogSource
  detection: Detection
  file: string
  line: number
}
