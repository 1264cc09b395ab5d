// Processing pipelines in the format of pySigma: what a rule says in Sigma's taxonomy, said in the names and values of the events that are there.
// They work on rules and correlations as plain data, after `link`; no event is touched. pipeline.test.ts has each transformation and condition, and that an empty pipeline changes nothing.
import type { LogSource } from '@haechi/records'
import { fieldFits, itemFits, itemsOf, ruleFits } from './pipeline-conditions.ts'
import type { FieldCondition, Gate, ItemCondition, RuleCondition, Run } from './pipeline-conditions.ts'
import { caseOf, convert, hashFields, keywordsAside, mapText, replacer, snakeCase, valueTest } from './pipeline-values.ts'
import type { Value } from './pipeline-values.ts'
import type { Filled, Placeholders } from './detection.ts'
import { silentOf } from './link.ts'
import type { Linked } from './link.ts'
import { Refusal } from './refusal.ts'
import type { Condition, Correlation, Head, Item, Rejection, Rule, Selection, Test } from './rule.ts'

type Letters = 'lower' | 'upper' | 'snake_case'

/** Named as pySigma names them in YAML. */
export type Transformation =
  /** A field -> the fields that it may be, one of which is to hold. `null` stands for keywords. */
  | { type: 'field_name_mapping' | 'field_name_prefix_mapping'; mapping: Readonly<Record<string, readonly string[]>> }
  | { type: 'field_name_transform'; letters: Letters | 'title'; mapping: Readonly<Record<string, readonly string[]>> }
  | { type: 'field_name_prefix'; prefix: string }
  | { type: 'field_name_suffix'; suffix: string }
  | { type: 'drop_detection_item' }
  | { type: 'hashes_fields'; algorithms: readonly string[]; prefix: string; dropAlgorithm: boolean }
  | { type: 'replace_string'; regex: string; replacement: string; skipSpecial: boolean; interpretSpecial: boolean }
  | { type: 'map_string'; mapping: Readonly<Record<string, readonly string[]>> }
  | { type: 'set_value'; value: Value }
  | { type: 'convert_type'; to: 'str' | 'num' }
  | { type: 'case'; letters: Letters }
  /** A text that is compared with its case: all that is left of turning it into an expression. */
  | { type: 'regex'; cased: boolean }
  | { type: 'add_condition'; selection: Selection; name: string | null; negated: boolean; template: boolean }
  | { type: 'change_logsource'; logsource: LogSource }
  | { type: 'add_field' | 'remove_field' | 'set_field'; fields: readonly string[] }
  | { type: 'set_state' | 'set_custom_attribute'; key: string; value: Value }
  | { type: 'rule_failure' | 'detection_item_failure'; message: string }
  | { type: 'strict_field_mapping_failure' }
  /** Done while a rule is parsed, whatever stands before them. `include` null = all but `exclude`. */
  | { type: 'value_placeholders' | 'wildcard_placeholders'; include: readonly string[] | null; exclude: readonly string[] }
  | { type: 'nest'; items: readonly Processing[] }

export type Processing = {
  id?: string
  transformation: Transformation
  /** All three must let it through, where they are. */
  rule?: Gate<RuleCondition>
  item?: Gate<ItemCondition>
  field?: Gate<FieldCondition>
}

/** Plain data: it survives structuredClone. */
export type Pipeline = {
  name: string
  /** Lower ones come first; equal ones in the order given. */
  priority: number
  vars: Readonly<Record<string, readonly string[]>>
  items: readonly Processing[]
}

type Document = { run: Run; condition: Condition | null; correlation: Correlation | null; mapped: Set<string> }
type Step = (document: Document) => void

const byPriority = (pipelines: readonly Pipeline[]): Pipeline[] => [...pipelines].sort((a, b) => a.priority - b.priority)

/**
 * The rules and correlations as the pipelines leave them, by priority. A rule that a pipeline refuses is rejected (`pipeline_failed`), and so is a correlation over it.
 * Filters are part of their rules by then, so they are changed with them. Never throws on pipelines out of `parsePipeline`.
 * Source: pySigma's documentation of processing pipelines.
 */
export function applyPipelines(linked: Linked, pipelines: readonly Pipeline[]): Linked {
  const steps = byPriority(pipelines).flatMap(({ items }) => items).map(compile)
  if (steps.length === 0) return linked
  const rejected: Rejection[] = []
  const kept = new Map<string, { sources: readonly LogSource[] }>()
  const attempt = <T extends Rule | Correlation>(document: T, change: () => T): T[] => {
    try {
      return [change()]
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      rejected.push({ file: document.file, line: document.line, code: error.code, reason: error.message, id: document.id })
      return []
    }
  }
  const rules = linked.rules.flatMap((rule) => attempt(rule, () => {
    const changed = changedRule(rule, steps)
    kept.set(rule.id, { sources: [rule.logsource, changed.logsource] })
    return changed
  }))
  const correlations = linked.correlations.flatMap((correlation) => attempt(correlation, () => {
    const sources = correlation.rules.flatMap((id) => {
      const rule = kept.get(id)
      if (rule === undefined) throw new Refusal('rule_unknown', `${id.slice(0, 80)} is refused itself`)
      return rule.sources
    })
    const changed = changedCorrelation(correlation, sources, steps)
    kept.set(correlation.id, { sources })
    return changed
  }))
  return { rules, correlations, silent: silentOf(correlations), rejected: [...linked.rejected, ...rejected] }
}

const runOf = (head: Head, logsource: LogSource | null, sources: () => readonly LogSource[], selections: Map<string, Selection>): Run => ({
  head, logsource, sources, selections, state: new Map(), attributes: new Map(), applied: new Set(), appliedTo: new WeakMap(), appliedToField: new Map(),
})

function changedRule(rule: Rule, steps: readonly Step[]): Rule {
  const run: Run = runOf(rule, rule.logsource, () => [run.logsource ?? {}], new Map(rule.detection.selections))
  const document: Document = { run, condition: rule.detection.condition, correlation: null, mapped: new Set() }
  for (const step of steps) step(document)
  if (document.condition === null) throw new Refusal('pipeline_failed', 'the pipelines leave nothing of its condition')
  return { ...rule, fields: run.head.fields, logsource: run.logsource ?? {}, detection: { selections: run.selections, condition: document.condition } }
}

function changedCorrelation(correlation: Correlation, sources: readonly LogSource[], steps: readonly Step[]): Correlation {
  const document: Document = { run: runOf(correlation, null, () => sources, new Map()), condition: null, correlation, mapped: new Set() }
  for (const step of steps) step(document)
  return { ...document.correlation as Correlation, fields: document.run.head.fields }
}

/** The values of placeholders as the pipelines give them to a rule: its head and log source as written decide, and the field that the placeholder stands at. */
export function placeholdersOf(pipelines: readonly Pipeline[], head: Head, logsource: LogSource): Placeholders {
  const vars = new Map(byPriority(pipelines).flatMap((pipeline) => Object.entries(pipeline.vars)))
  const run: Run = runOf(head, logsource, () => [logsource], new Map())
  const found: { names: (name: string) => boolean; field: (name: string | null) => boolean; filled: (name: string) => Filled | undefined }[] = []
  const collect = (items: readonly Processing[]): void => {
    for (const { transformation, rule, field } of items) {
      if (!ruleFits(rule, run)) continue
      if (transformation.type === 'nest') collect(transformation.items)
      else if (transformation.type === 'value_placeholders' || transformation.type === 'wildcard_placeholders') {
        const { include, exclude, type } = transformation
        found.push({
          names: (name) => (include === null ? !exclude.includes(name) : include.includes(name)),
          field: (name) => fieldFits(field, run, name),
          filled: (name) => (type === 'wildcard_placeholders' ? 'any' : vars.get(name)),
        })
      }
    }
  }
  collect(byPriority(pipelines).flatMap(({ items }) => items))
  return (name, field) => {
    for (const one of found) {
      const filled = one.names(name) && one.field(field) ? one.filled(name) : undefined
      if (filled !== undefined) return filled
    }
    return undefined
  }
}

function compile(processing: Processing): Step {
  const apply = effectOf(processing)
  return (document) => {
    if (!ruleFits(processing.rule, document.run)) return
    apply(document)
    if (processing.id !== undefined) document.run.applied.add(processing.id)
  }
}

function effectOf(processing: Processing): Step {
  const { transformation } = processing
  switch (transformation.type) {
    case 'field_name_mapping': return renaming(processing, (name) => own(transformation.mapping, name))
    case 'field_name_prefix_mapping': {
      const prefixes = Object.entries(transformation.mapping)
      return renaming(processing, (name) => {
        const [prefix = '', to] = name === null ? [] : prefixes.find(([candidate]) => name.startsWith(candidate)) ?? []
        return to?.map((start) => start + (name as string).slice(prefix.length))
      })
    }
    case 'field_name_transform': return renaming(processing, (name) => (name === null ? undefined : own(transformation.mapping, name) ?? [letters(name, transformation.letters)]))
    case 'field_name_prefix': return renaming(processing, (name) => (name === null ? undefined : [transformation.prefix + name]))
    case 'field_name_suffix': return renaming(processing, (name) => (name === null ? undefined : [name + transformation.suffix]))
    case 'drop_detection_item': return onItems(processing, () => null)
    case 'detection_item_failure': return onItems(processing, (item) => {
      throw new Refusal('pipeline_failed', `${item.field ?? 'keywords'}: ${transformation.message}`)
    })
    // Without conditions on names it is about the field that it is named after.
    case 'hashes_fields': return onItems(processing, (item) => (processing.field === undefined && !['Hashes', 'Hash'].includes(item.field ?? '') ? item : hashFields(item, transformation)))
    case 'replace_string': return onValues(processing, replacer(transformation))
    case 'map_string': return onValues(processing, (test) => mapText(test, transformation.mapping))
    case 'set_value': return onItems(processing, (item) => ({ ...item, tests: [valueTest(transformation.value, item.field === null)], all: false }))
    case 'convert_type': return onValues(processing, (test) => convert(test, transformation.to))
    case 'case': return onValues(processing, (test) => caseOf(test, (text) => letters(text, transformation.letters)))
    case 'regex': return onValues(processing, (test) => (test.kind === 'pattern' && transformation.cased ? { ...test, cased: true } : test))
    case 'add_condition': return addCondition(processing, transformation)
    case 'change_logsource': return ({ run }) => {
      if (run.logsource !== null) run.logsource = transformation.logsource
    }
    case 'add_field': return onFieldList((fields) => [...fields, ...transformation.fields])
    case 'remove_field': return onFieldList((fields) => fields.filter((name) => !transformation.fields.includes(name)))
    case 'set_field': return onFieldList(() => transformation.fields)
    case 'set_state': return ({ run }) => run.state.set(transformation.key, transformation.value)
    case 'set_custom_attribute': return ({ run }) => run.attributes.set(transformation.key, transformation.value)
    case 'rule_failure': return () => {
      throw new Refusal('pipeline_failed', transformation.message)
    }
    case 'strict_field_mapping_failure': return ({ run, mapped }) => {
      for (const selection of run.selections.values()) {
        for (const { field } of itemsOf(selection)) if (field !== null && !mapped.has(field)) throw new Refusal('pipeline_failed', `no pipeline maps the field "${field.slice(0, 80)}"`)
      }
    }
    case 'value_placeholders': case 'wildcard_placeholders': return () => undefined
    case 'nest': {
      const steps = transformation.items.map(compile)
      return (document) => {
        for (const step of steps) step(document)
      }
    }
    default: return transformation satisfies never
  }
}

const own = <T>(record: Readonly<Record<string, T>>, name: string | null): T | undefined => (Object.hasOwn(record, name ?? 'null') ? record[name ?? 'null'] : undefined)

const letters = (text: string, to: Letters | 'title'): string =>
  to === 'lower' ? text.toLowerCase() : to === 'upper' ? text.toUpperCase() : to === 'snake_case' ? snakeCase(text) : text.toLowerCase().replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1))

const onFieldList = (change: (fields: readonly string[]) => readonly string[]): Step => ({ run }) => {
  run.head = { ...run.head, fields: change(run.head.fields) }
}

/** `change` gives null for an item that goes. What stays as it was stays the same object. */
function rewritten(selection: Selection, change: (item: Item) => Selection | null): Selection | null {
  if (selection.kind === 'item') return change(selection)
  const of = selection.of.map((part) => rewritten(part, change))
  if (of.every((part, place) => part === selection.of[place])) return selection
  const left = of.filter((part) => part !== null)
  return left.length <= 1 ? left[0] ?? null : { kind: selection.kind, of: left }
}

/** The condition without the selections that are gone: `x and gone` is `x`, and `not gone` goes too. */
function pruned(condition: Condition, has: (name: string) => boolean): Condition | null {
  switch (condition.kind) {
    case 'selection': return has(condition.name) ? condition : null
    case 'not': {
      const of = pruned(condition.of, has)
      return of === null ? null : { kind: 'not', of }
    }
    case 'and':
    case 'or': {
      const of = condition.of.map((part) => pruned(part, has)).filter((part) => part !== null)
      return of.length <= 1 ? of[0] ?? null : { kind: condition.kind, of }
    }
    default: return condition satisfies never
  }
}

/** Every item that the conditions on items and on fields let through. */
function onItems({ id, item: itemGate, field }: Processing, change: (item: Item, run: Run) => Selection | null): Step {
  return (document) => {
    const { run } = document
    let gone = false
    for (const [name, selection] of run.selections) {
      const changed = rewritten(selection, (item) => {
        if (!itemFits(itemGate, run, item) || !fieldsFit(field, run, item)) return item
        const result = change(item, run)
        if (result !== null && result !== item) inherit(run, item, result, id)
        return result
      })
      if (changed === null) {
        run.selections.delete(name)
        gone = true
      } else run.selections.set(name, changed)
    }
    if (gone && document.condition !== null) document.condition = pruned(document.condition, (name) => run.selections.has(name))
  }
}

/** What became of an item remembers what was applied to it. */
function inherit(run: Run, from: Item, to: Selection, id: string | undefined): void {
  const ids = new Set(run.appliedTo.get(from))
  if (id !== undefined) ids.add(id)
  if (ids.size > 0) for (const item of itemsOf(to)) run.appliedTo.set(item, ids)
}

const referencesOf = (item: Item): string[] => item.tests.flatMap((test) => (test.kind === 'fieldref' ? [test.field] : []))

/** An item is about its field and about the fields that its values refer to. */
function fieldsFit(gate: Gate<FieldCondition> | undefined, run: Run, item: Item): boolean {
  return gate === undefined || fieldFits(gate, run, item.field, item) || referencesOf(item).some((name) => fieldFits(gate, run, name, item))
}

/** Every value of every item that the conditions let through; several for one = any of them. */
function onValues(processing: Processing, change: (test: Test) => Test): Step {
  return onItems(processing, (item) => {
    const { tests, back } = keywordsAside(item)
    const changed = tests.map((test) => onEach(test, change))
    return changed.every((test, place) => test === tests[place]) ? item : { ...item, tests: changed.map(back) }
  })
}

function onEach(test: Test, change: (test: Test) => Test): Test {
  if (test.kind !== 'any') return change(test)
  const of = test.of.map((one) => onEach(one, change))
  return of.every((one, place) => one === test.of[place]) ? test : { kind: 'any', of }
}

/** New names for a field, null for keywords; undefined = this one stays. */
type NewNames = (field: string | null) => readonly string[] | undefined

function renaming(processing: Processing, newNames: NewNames): Step {
  const { field: gate, id } = processing
  /** The names of a field outside of any item. */
  const namesFor = ({ run }: Document, name: string): readonly string[] => {
    const names = newNames(name)
    if (names === undefined || !fieldFits(gate, run, name)) return [name]
    if (id !== undefined) for (const to of names) run.appliedToField.set(to, new Set([...run.appliedToField.get(name) ?? [], id]))
    return names
  }
  const one = (document: Document, name: string, what: string): string => {
    const [first = name, another] = namesFor(document, name)
    if (another !== undefined) throw new Refusal('pipeline_failed', `${what} "${name.slice(0, 80)}" would become several fields`)
    return first
  }
  return (document) => {
    const { run, correlation } = document
    run.head = { ...run.head, fields: run.head.fields.flatMap((name) => namesFor(document, name)) }
    if (correlation !== null) {
      document.correlation = {
        ...correlation,
        groupBy: correlation.groupBy.map((name) => (Object.hasOwn(correlation.aliases, name) ? name : one(document, name, 'the group-by field'))),
        aliases: Object.fromEntries(Object.entries(correlation.aliases).map(([alias, fields]) => [alias, Object.fromEntries(Object.entries(fields).map(([rule, name]) => [rule, one(document, name, 'the alias field')]))])),
        valueOf: correlation.valueOf.map((name) => one(document, name, 'the field of the condition')),
      }
      return
    }
    onItems(processing, (item) => {
      const tests = item.tests.map((test): Test => {
        if (test.kind !== 'fieldref') return test
        const names = namesFor(document, test.field)
        const [first = test.field] = names
        return names.length > 1 ? { kind: 'any', of: names.map((name) => ({ ...test, field: name })) } : first === test.field ? test : { ...test, field: first }
      })
      const unchanged = tests.every((test, place) => test === item.tests[place])
      const names = newNames(item.field)
      if (names === undefined || !fieldFits(gate, run, item.field, item)) return unchanged ? item : { ...item, tests }
      for (const name of names) document.mapped.add(name)
      return underNames({ ...item, tests }, names)
    })(document)
  }
}

const saysAbsent = (test: Test): boolean => test.kind === 'null' || (test.kind === 'exists' && !test.value)

/** The item about one of several fields. What is absent is absent in all of them, and so is what a negated item names; else one of them is enough. */
function underNames(item: Item, names: readonly string[]): Selection {
  const under = (part: Item, kind: 'any' | 'all'): Selection => {
    const of = names.map((field): Item => ({ ...part, field }))
    return of.length === 1 ? of[0] as Item : { kind, of }
  }
  if (names.length === 1) return under(item, 'any')
  if (item.negated) return under(item, 'all')
  const absent = item.tests.filter(saysAbsent)
  if (absent.length === 0) return under(item, 'any')
  const rest = item.tests.filter((test) => !saysAbsent(test))
  const parts = [under({ ...item, tests: absent }, 'all'), ...(rest.length === 0 ? [] : [under({ ...item, tests: rest }, 'any')])]
  return parts.length === 1 ? parts[0] as Selection : { kind: item.all ? 'all' : 'any', of: parts }
}

function addCondition({ id }: Processing, { selection, name, negated, template }: Extract<Transformation, { type: 'add_condition' }>): Step {
  return (document) => {
    const { run, condition } = document
    if (condition === null) return
    let called = name ?? '_cond'
    for (let number = 1; run.selections.has(called); number += 1) called = `${name ?? '_cond'}_${number}`
    // A fresh copy: what was applied is remembered by item.
    const added = rewritten(selection, (item) => (template ? filledIn(item, run.logsource ?? {}) : { ...item })) as Selection
    if (id !== undefined) for (const item of itemsOf(added)) run.appliedTo.set(item, new Set([id]))
    run.selections.set(called, added)
    const own: Condition = { kind: 'selection', name: called }
    document.condition = { kind: 'and', of: [negated ? { kind: 'not', of: own } : own, condition] }
  }
}

/** `$product` and the like in values. */
function filledIn(item: Item, source: LogSource): Item {
  const fill = (text: string): string => text.replaceAll(/\$(?:\{(product|category|service)\}|(product|category|service)\b)/g, (_, braced: string | undefined, plain: string | undefined) => source[(braced ?? plain) as keyof LogSource] ?? '')
  return { ...item, tests: item.tests.map((test) => onEach(test, (one) => caseOf(one, fill))) }
}
