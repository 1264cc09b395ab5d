// The YAML of a processing pipeline to plain data. Whatever is not known is refused at its line, never passed over: a misspelt condition would let a change loose on every rule.
import { parseCondition } from './condition.ts'
import { selectionOf } from './detection.ts'
import { entryOf, textAt, textOf } from './document.ts'
import type { Entry } from './document.ts'
import { fromTheBeginning } from './pipeline-conditions.ts'
import type { FieldCondition, Gate, ItemCondition, Relation, RuleCondition } from './pipeline-conditions.ts'
import type { Pipeline, Processing, Transformation } from './pipeline.ts'
import { replacer } from './pipeline-values.ts'
import type { Value } from './pipeline-values.ts'
import { Refusal } from './refusal.ts'
import type { Condition, Rejection } from './rule.ts'
import { MAX_FILE_CHARACTERS, documents } from './yaml.ts'
import type { Node } from './yaml.ts'

const MAX_ITEMS = 10_000
const MAX_NESTED = 16

/** What needs a query, a file or a connection. */
const WITHOUT_MEANING = new Set(['query_expression_placeholders', 'file_placeholders', 'http_placeholders', 'command_placeholders'])

/**
 * A pipeline out of one YAML document in pySigma's format, or why not, with its line. Never throws.
 * Refused as without meaning for an engine that matches events (`pipeline_unsupported`): postprocessing, finalizers, query expressions. `allowed_backends` is passed over: who names the pipeline decides.
 */
export function parsePipeline(text: string, file: string): { pipeline: Pipeline } | { rejection: Rejection } {
  let from = 1
  try {
    if (text.length > MAX_FILE_CHARACTERS) throw new Refusal('file_too_large', `more than ${MAX_FILE_CHARACTERS} characters`)
    const [first, second] = documents(text)
    if (first === undefined || first.read === null) throw new Refusal('pipeline_invalid', 'the file is empty')
    from = first.line
    if (first.read instanceof Refusal) throw first.read
    if (second !== undefined) throw new Refusal('pipeline_invalid', 'a pipeline is one document', second.line)
    return { pipeline: pipelineOf(first.read) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { rejection: { file, line: error.line === 0 ? from : error.line, code: error.code, reason: error.message } }
  }
}

const invalid = (reason: string, line: number): Refusal => new Refusal('pipeline_invalid', reason, line)

function pipelineOf(node: Node): Pipeline {
  if (node.kind !== 'map') throw invalid('a pipeline is a map with transformations', node.line)
  for (const { key, line, value } of node.entries) {
    if (key === 'postprocessing' || key === 'finalizers') {
      if (!isEmpty(value)) throw new Refusal('pipeline_unsupported', `${key} work on queries, and here is none`, line)
    } else if (!['name', 'priority', 'vars', 'transformations', 'allowed_backends'].includes(key)) throw invalid(`a pipeline has no "${key.slice(0, 40)}"`, line)
  }
  const priority = entryOf(node, 'priority')
  const stated = priority === null ? 0 : valueOf(priority.value)
  if (typeof stated !== 'number') throw invalid('priority is a number', priority?.line ?? node.line)
  const vars = entryOf(node, 'vars')
  const items = entryOf(node, 'transformations')
  const count = { items: 0 }
  return {
    name: textAt(node, 'name') ?? '',
    priority: stated,
    vars: vars === null || isEmpty(vars.value) ? {} : varsOf(vars),
    items: items === null || isEmpty(items.value) ? [] : processingsOf(items, count, 0),
  }
}

/** Maps among them are for templates of queries. */
function varsOf(entry: Entry): Pipeline['vars'] {
  if (entry.value.kind !== 'map') throw invalid('vars is a map', entry.line)
  return textMap({ ...entry, value: { ...entry.value, entries: entry.value.entries.filter(({ value }) => value.kind !== 'map') } })
}

const isEmpty = (node: Node): boolean => (node.kind === 'scalar' ? node.value === null : node.kind === 'list' ? node.items.length === 0 : node.entries.length === 0)

function processingsOf(entry: Entry, count: { items: number }, depth: number): Processing[] {
  if (entry.value.kind !== 'list') throw invalid(`${entry.key} is a list`, entry.line)
  if (depth > MAX_NESTED) throw invalid(`nested deeper than ${MAX_NESTED}`, entry.line)
  return entry.value.items.map((node) => {
    count.items += 1
    if (count.items > MAX_ITEMS) throw invalid(`more than ${MAX_ITEMS} transformations`, node.line)
    const parameters = parametersOf(node, 'a transformation')
    const type = parameters.text('type')
    const id = parameters.maybe('id', (given) => textOr(given))
    const rule = gateOf(parameters, 'rule', ruleCondition)
    const item = gateOf(parameters, 'detection_item', itemCondition)
    const field = gateOf(parameters, 'field_name', fieldCondition)
    const transformation = transformationOf(type, parameters, count, depth)
    if (transformation.type.endsWith('_placeholders') && (item !== undefined || [rule, field].some(dependsOnOrder))) {
      throw new Refusal('pipeline_unsupported', 'placeholders are filled while a rule is read: conditions on values, or on what was applied before, have no meaning there', parameters.line)
    }
    parameters.end()
    return { ...(id === null ? {} : { id }), transformation, ...(rule === undefined ? {} : { rule }), ...(item === undefined ? {} : { item }), ...(field === undefined ? {} : { field }) }
  })
}

const dependsOnOrder = (gate: Gate<{ type: string }> | undefined): boolean =>
  gate !== undefined && Object.values(gate.conditions).some(({ type }) => ['processing_item_applied', 'processing_state', 'contains_field', 'contains_detection_item'].includes(type))

function transformationOf(type: string, parameters: Parameters, count: { items: number }, depth: number): Transformation {
  if (WITHOUT_MEANING.has(type)) throw new Refusal('pipeline_unsupported', `${type} asks something that is no part of an event`, parameters.line)
  switch (type) {
    case 'field_name_mapping':
    case 'field_name_prefix_mapping': return { type, mapping: parameters.required('mapping', textMap) }
    case 'field_name_transform': return { type, letters: parameters.oneOf('transform_func', ['lower', 'upper', 'title', 'snake_case']), mapping: parameters.maybe('mapping', textMap) ?? {} }
    case 'field_name_prefix': return { type, prefix: parameters.text('prefix') }
    case 'field_name_suffix': return { type, suffix: parameters.text('suffix') }
    case 'hashes_fields': return {
      type, algorithms: parameters.required('valid_hash_algos', textList).map((name) => name.toUpperCase()), prefix: parameters.maybe('field_prefix', textOrEmpty) ?? '', dropAlgorithm: parameters.flag('drop_algo_prefix'),
    }
    case 'replace_string': {
      const regex = parameters.required('regex', (entry) => ({ text: textOr(entry), line: entry.line }))
      const replacement = parameters.required('replacement', (entry) => ({ text: textOrEmpty(entry), line: entry.line }))
      const replace = { type, regex: regex.text, replacement: replacement.text, skipSpecial: parameters.flag('skip_special'), interpretSpecial: parameters.flag('interpret_special') } as const
      try {
        replacer(replace)
      } catch (error) {
        throw error instanceof Refusal ? new Refusal(error.code, error.message, error.code === 'value_invalid' ? replacement.line : regex.line) : error
      }
      return replace
    }
    case 'map_string': return { type, mapping: parameters.required('mapping', textMap) }
    case 'set_value': {
      const value = parameters.required('value', (entry) => valueOf(entry.value, entry.line))
      const forced = parameters.maybe('force_type', (entry) => oneOf(entry, ['str', 'num']))
      if (forced !== null && (value === null || typeof value === 'boolean')) throw invalid('force_type is for texts and numbers', parameters.line)
      if (forced === 'num' && (String(value).trim() === '' || !Number.isFinite(Number(value)))) throw invalid(`"${String(value).slice(0, 40)}" is no number`, parameters.line)
      return { type, value: forced === 'str' ? String(value) : forced === 'num' ? Number(value) : value }
    }
    case 'convert_type': return { type, to: parameters.oneOf('target_type', ['str', 'num']) }
    case 'case': return { type, letters: parameters.maybe('method', (entry) => oneOf(entry, ['lower', 'upper', 'snake_case'])) ?? 'lower' }
    case 'regex': return { type, cased: parameters.maybe('method', (entry) => oneOf(entry, ['plain', 'ignore_case_flag', 'ignore_case_brackets'])) === 'plain' }
    case 'add_condition': return {
      type,
      selection: parameters.required('conditions', ({ value, line }) => {
        if (value.kind !== 'map') throw invalid('conditions is a map of fields and values', line)
        return selectionOf(value, {})
      }),
      name: parameters.maybe('name', textOr), negated: parameters.flag('negated'), template: parameters.flag('template'),
    }
    case 'change_logsource': {
      const logsource = parameters.logSource()
      if (Object.keys(logsource).length === 0) throw invalid('a log source names a product, a category or a service', parameters.line)
      return { type, logsource }
    }
    case 'add_field':
    case 'remove_field': return { type, fields: parameters.required('field', textList) }
    case 'set_field': return { type, fields: parameters.required('fields', textList) }
    case 'set_state': return { type, key: parameters.text('key'), value: parameters.required('val', (entry) => valueOf(entry.value, entry.line)) }
    case 'set_custom_attribute': return { type, key: parameters.text('attribute'), value: parameters.required('value', (entry) => valueOf(entry.value, entry.line)) }
    case 'rule_failure':
    case 'detection_item_failure': return { type, message: parameters.text('message') }
    case 'drop_detection_item':
    case 'strict_field_mapping_failure': return { type }
    case 'value_placeholders':
    case 'wildcard_placeholders': {
      const include = parameters.maybe('include', textList)
      const exclude = parameters.maybe('exclude', textList)
      if (include !== null && exclude !== null) throw invalid('include and exclude exclude each other', parameters.line)
      return { type, include, exclude: exclude ?? [] }
    }
    case 'nest': return { type, items: parameters.required('items', (entry) => processingsOf(entry, count, depth + 1)) }
    default: throw invalid(`there is no transformation "${type.slice(0, 40)}"`, parameters.line)
  }
}

/** The conditions of one kind, a list linked by `and` or `or`, or a map that an expression names. */
function gateOf<T>(parameters: Parameters, kind: 'rule' | 'detection_item' | 'field_name', read: (type: string, parameters: Parameters) => T): Gate<T> | undefined {
  const given = parameters.maybe(`${kind}_conditions`, (entry) => entry)
  // pySigma knows `and` and `or`, pipelines of the community also say `all` and `any`.
  const operator = parameters.maybe(`${kind}_cond_op`, (entry) => oneOf(entry, ['and', 'or', 'all', 'any']))
  const written = parameters.maybe(`${kind}_cond_expr`, (entry) => ({ text: textOr(entry), line: entry.line }))
  const negated = parameters.flag(`${kind}_cond_not`)
  if (given === null || isEmpty(given.value)) {
    if (operator !== null || written !== null || negated) throw invalid(`there are no ${kind}_conditions to link`, parameters.line)
    return undefined
  }
  const { value } = given
  if (value.kind === 'scalar') throw invalid(`${given.key} is a list or a map of conditions`, given.line)
  if (written !== null && (operator !== null || value.kind !== 'map')) throw invalid(`${kind}_cond_expr needs a map of conditions and stands without ${kind}_cond_op`, written.line)
  const nodes = value.kind === 'list' ? value.items.map((node, place): [string, Node] => [String(place), node]) : value.entries.map(({ key, value: node }): [string, Node] => [key, node])
  const conditions = Object.fromEntries(nodes.map(([name, node]) => {
    const own = parametersOf(node, 'a condition')
    const condition = read(own.text('type'), own)
    own.end()
    return [name, condition]
  }))
  const of = nodes.map(([name]): Condition => ({ kind: 'selection', name }))
  const linked: Condition = written === null ? { kind: operator === 'or' || operator === 'any' ? 'or' : 'and', of } : expressionOf(written, nodes.map(([name]) => name))
  return { conditions, expression: negated ? { kind: 'not', of: linked } : linked }
}

function expressionOf({ text, line }: { text: string; line: number }, names: readonly string[]): Condition {
  try {
    return parseCondition(text, names)
  } catch (error) {
    throw error instanceof Refusal ? invalid(error.message, line) : error
  }
}

const RELATIONS = ['eq', 'ne', 'gte', 'gt', 'lte', 'lt'] as const satisfies readonly Relation[]

type Anywhere = Extract<ItemCondition, { type: 'processing_item_applied' | 'processing_state' }>

function anywhere(type: string, parameters: Parameters): Anywhere {
  switch (type) {
    case 'processing_item_applied': return { type, id: parameters.text('processing_item_id') }
    case 'processing_state': return { type, key: parameters.text('key'), relation: parameters.maybe('op', (entry) => oneOf(entry, RELATIONS)) ?? 'eq', value: parameters.value('val') }
    default: throw invalid(`there is no condition "${type.slice(0, 40)}" here`, parameters.line)
  }
}

function ruleCondition(type: string, parameters: Parameters): RuleCondition {
  switch (type) {
    case 'logsource': {
      const logsource = parameters.logSource()
      if (Object.keys(logsource).length === 0) throw invalid('a log source names a product, a category or a service', parameters.line)
      return { type, logsource }
    }
    case 'contains_field': return { type, field: parameters.text('field') }
    case 'contains_detection_item': return { type, field: parameters.text('field'), value: parameters.value('value') }
    case 'is_sigma_rule':
    case 'is_sigma_correlation_rule': return { type }
    case 'rule_attribute': return { type, attribute: parameters.text('attribute'), relation: parameters.maybe('op', (entry) => oneOf(entry, [...RELATIONS, 'in', 'not_in'])) ?? 'eq', value: parameters.value('value') }
    case 'tag': return { type, tag: parameters.text('tag') }
    default: return anywhere(type, parameters)
  }
}

function itemCondition(type: string, parameters: Parameters): ItemCondition {
  const every = (): boolean => parameters.oneOf('cond', ['any', 'all']) === 'all'
  switch (type) {
    case 'match_string': return { type, pattern: parameters.required('pattern', patternOf), negated: parameters.flag('negate'), every: every() }
    case 'match_value': return { type, value: parameters.value('value'), every: every() }
    case 'contains_wildcard':
    case 'is_null': return { type, every: every() }
    default: return anywhere(type, parameters)
  }
}

function fieldCondition(type: string, parameters: Parameters): FieldCondition {
  if (type !== 'include_fields' && type !== 'exclude_fields') return anywhere(type, parameters)
  const patterns = parameters.maybe('mode', (entry) => oneOf(entry, ['plain', 're'])) === 're'
  return { type, fields: parameters.required('fields', (entry) => (patterns ? entriesOf(entry).map((node) => patternOf({ ...entry, value: node, line: node.line })) : textList(entry))), patterns }
}

function patternOf(entry: Entry): string {
  const text = textOr(entry)
  try {
    fromTheBeginning(text)
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.code, error.message, entry.line) : error
  }
  return text
}

/** The entries of a map, each to be asked for by name; `end` refuses those that nobody asked for. */
type Parameters = {
  line: number
  maybe<T>(key: string, read: (entry: Entry) => T): T | null
  required<T>(key: string, read: (entry: Entry) => T): T
  text(key: string): string
  value(key: string): Value
  flag(key: string): boolean
  oneOf<T extends string>(key: string, known: readonly T[]): T
  logSource(): { product?: string; category?: string; service?: string }
  end(): void
}

function parametersOf(node: Node, what: string): Parameters {
  if (node.kind !== 'map') throw invalid(`${what} is a map with a type`, node.line)
  const { line } = node
  const asked = new Set<string>()
  const maybe: Parameters['maybe'] = (key, read) => {
    asked.add(key)
    const entry = entryOf(node, key)
    return entry === null || (entry.value.kind === 'scalar' && entry.value.value === null && key !== 'value' && key !== 'val') ? null : read(entry)
  }
  const required: Parameters['required'] = (key, read) => {
    if (entryOf(node, key) === null) throw invalid(`${what} needs "${key}"`, line)
    const value = maybe(key, (entry) => ({ read: read(entry) }))
    if (value === null) throw invalid(`"${key}" is empty`, line)
    return value.read
  }
  return {
    line,
    maybe,
    required,
    text: (key) => required(key, textOr),
    value: (key) => required(key, (entry) => valueOf(entry.value, entry.line)),
    flag: (key) => maybe(key, ({ value, line: at }) => {
      if (value.kind !== 'scalar' || typeof value.value !== 'boolean') throw invalid(`${key} takes true or false`, at)
      return value.value
    }) ?? false,
    oneOf: (key, known) => required(key, (entry) => oneOf(entry, known)),
    logSource() {
      const source: { product?: string; category?: string; service?: string } = {}
      for (const part of ['product', 'category', 'service'] as const) {
        const text = maybe(part, textOr)
        if (text !== null) source[part] = text.toLowerCase()
      }
      return source
    },
    end() {
      const unknown = node.entries.find(({ key }) => !asked.has(key))
      if (unknown !== undefined) throw invalid(`${what} of this type has no "${unknown.key.slice(0, 40)}"`, unknown.line)
    },
  }
}

const entriesOf = (entry: Entry): readonly Node[] => (entry.value.kind === 'list' ? entry.value.items : [entry.value])

function textOr(entry: Entry): string {
  const text = textOf(entry.value)
  if (text === null) throw invalid(`${entry.key} is a text`, entry.value.line)
  return text
}

/** A text that may say nothing: to replace by, to put in front. */
function textOrEmpty(entry: Entry): string {
  if (entry.value.kind !== 'scalar' || entry.value.value === null) throw invalid(`${entry.key} is a text`, entry.value.line)
  return entry.value.text
}

function oneOf<T extends string>(entry: Entry, known: readonly T[]): T {
  const text = textOf(entry.value) as T | null
  if (text === null || !known.includes(text)) throw invalid(`${entry.key} is one of ${known.join(', ')}`, entry.line)
  return text
}

function valueOf(node: Node, line = node.line): Value {
  if (node.kind !== 'scalar') throw invalid('a value is a text, a number, true, false or null', line)
  return node.value
}

function textList(entry: Entry): string[] {
  const texts = entriesOf(entry).map((node) => (node.kind === 'scalar' && node.value !== null ? node.text : null))
  if (texts.length === 0 || texts.includes(null)) throw invalid(`${entry.key} is a text or a list of texts`, entry.line)
  return texts as string[]
}

function textMap(entry: Entry): Record<string, string[]> {
  if (entry.value.kind !== 'map') throw invalid(`${entry.key} is a map`, entry.line)
  // Without a prototype of its own a key may be any name.
  return Object.assign(Object.create(null) as Record<string, string[]>, Object.fromEntries(entry.value.entries.map((own): [string, string[]] => [own.key, textList(own)])))
}
