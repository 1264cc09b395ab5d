// The plain matcher: every rule whose log source fits is evaluated as it is written. It is the oracle of faster ones, so it shares nothing between rules
// but the reading of the event. corpus.integration.test.ts holds its answers against those of two independent evaluators.
import { logSourceCategories, readRecord } from '@haechi/records'
import type { Fields, LogSource, Reading } from '@haechi/records'
import { fold } from '@haechi/patterns'
import type { Condition, Item, Rule, Selection, Test } from './rule.ts'
import { anyOf, compileTest, isAboutValues } from './predicates.ts'
import type { CompiledTest, Surroundings } from './predicates.ts'
import { NO_VERDICTS, rememberValues, viewOf } from './view.ts'
import type { Found, Value, View } from './view.ts'

/** A rule that an event met. `matched` names what was met, positive parts only; `field` null = a keyword, `value` as in the record. `fields`: the event as rules read it. */
export type Match = { rule: Rule; eventIndex: number; fields: Fields; matched: { selection: string; field: string | null; value: unknown }[] }

/** What could not be looked at. `regex_exhausted`: an expression used up its budget on a value and was taken as not found there. */
export type MatchFault = { code: 'json_invalid'; eventIndex: number } | { code: 'regex_exhausted'; eventIndex: number; rule: Rule }

export interface Matcher {
  /**
   * Answers in the order of events, then of rules. `batch` is NDJSON; `eventIndex` counts its lines that are not blank, from 0. Never throws on content.
   * `source`: the log source of every event, where a part that it does not state contradicts no rule (`{}` = every rule);
   * or 'detect': each event's own, by what it states and by its shape (`applies` says how).
   */
  match(batch: Uint8Array, source: LogSource | 'detect'): Match[]
}

export type MatcherOptions = { onError?: (fault: MatchFault) => void }

type Compiled = { rule: Rule; holds: (view: View) => boolean; explain: (view: View) => Match['matched'] }

/** How a record is read; tests put in other ways to have the matcher alone. */
export type Read = (record: unknown) => Pick<Reading, 'shape' | 'logSource' | 'fields'>

export function createPlainMatcher(rules: readonly Rule[], options: MatcherOptions = {}, read: Read = readRecord): Matcher {
  let eventIndex = 0
  const fields = numbering()
  const items = numbering()
  const slotOf = fields.of
  const numberOf = ({ tests, all }: Item): number => items.of(JSON.stringify([all, tests]))
  const compiled = rules.map((rule) => compileRule(rule, { slotOf, numberOf, exhausted: () => options.onError?.({ code: 'regex_exhausted', eventIndex, rule }) }))
  const valueOf = rememberValues(items.names.length)
  const bySource = new Map<string, Compiled[]>()
  const rulesFor = (source: LogSource, strict: boolean): Compiled[] => {
    const key = JSON.stringify([strict, source.product, source.category, source.service])
    let chosen = bySource.get(key)
    if (chosen === undefined) {
      // Events may state any log source they like; what is remembered of them is bounded.
      if (bySource.size >= 1000) bySource.clear()
      chosen = compiled.filter(({ rule }) => applies(rule.logsource, source, strict))
      bySource.set(key, chosen)
    }
    return chosen
  }

  return {
    match(batch, source) {
      const matches: Match[] = []
      eventIndex = -1
      for (const line of linesOf(batch)) {
        eventIndex += 1
        const record = parsed(line)
        if (record === undefined) {
          options.onError?.({ code: 'json_invalid', eventIndex })
          continue
        }
        const reading = read(record)
        const own = source === 'detect' ? detected(record, reading.logSource, reading.shape === 'unknown') : { source, strict: false }
        const view = viewOf(record, reading.fields, fields.names, valueOf)
        for (const { rule, holds, explain } of rulesFor(own.source, own.strict)) {
          if (holds(view)) matches.push({ rule, eventIndex, fields: reading.fields, matched: explain(view) })
        }
      }
      return matches
    },
  }
}

/** Each rule by itself, for those that share what they can. A rule is compiled when it is first asked for. */
export function compilePlain(rules: readonly Rule[], options: MatcherOptions): { rule(number: number): Compiled; viewOf(record: unknown, fields: Fields): View } {
  const fields = numbering()
  const compiled: Compiled[] = []
  return {
    rule: (number) => (compiled[number] ??= compileRule(rules[number] as Rule, { slotOf: fields.of, numberOf: () => null, exhausted: () => options.onError?.({ code: 'regex_exhausted', eventIndex: -1, rule: rules[number] as Rule }) })),
    viewOf: (record, read) => viewOf(record, read, fields.names, (raw) => ({ raw, text: String(raw), folded: fold(String(raw)), verdicts: NO_VERDICTS })),
  }
}

/** Numbers names from 0 in the order in which they come. */
function numbering(): { names: readonly string[]; of: (name: string) => number } {
  const names: string[] = []
  const known = new Map<string, number>()
  return {
    names,
    of(name) {
      const number = known.get(name) ?? names.push(name) - 1
      known.set(name, number)
      return number
    },
  }
}

export function* linesOf(batch: Uint8Array): Generator<string> {
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength)
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from)
    const line = bytes.toString('utf8', from, end === -1 ? bytes.length : end)
    if (bytes[from] === 123 || line.trim() !== '') yield line
    from = end === -1 ? bytes.length : end + 1
  }
}

export function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/**
 * The log source of one event. What a record states itself (`product`, `category`, `service`) goes before what its shape tells, where the two contradict.
 * A known shape is known wholly: a rule must name nothing that it has not. Of an unknown one only what it states can speak against a rule.
 */
export function detected(record: unknown, byShape: LogSource, unknown: boolean): { source: LogSource; strict: boolean } {
  if (unknown) return { source: byShape, strict: false }
  const stated: LogSource = {}
  if (typeof record === 'object' && record !== null) {
    for (const part of ['product', 'category', 'service'] as const) {
      const value = Object.hasOwn(record, part) ? (record as Record<string, unknown>)[part] : undefined
      if (typeof value === 'string' && value !== '' && value.length <= 64) stated[part] = value.toLowerCase()
    }
  }
  if (stated.product !== undefined && stated.product !== byShape.product) return { source: stated, strict: false }
  return { source: { ...byShape, ...stated }, strict: true }
}

/** Whether a rule's log source fits an event's. `strict`: a part that the rule names must be stated by the event; else what is not stated contradicts nothing. */
export function applies(rule: LogSource, event: LogSource, strict: boolean): boolean {
  const fits = (named: string | undefined, own: readonly string[]): boolean => named === undefined || (own.length === 0 ? !strict : own.includes(named))
  return fits(rule.product, event.product === undefined ? [] : [event.product])
    && fits(rule.category, logSourceCategories(event))
    && fits(rule.service, event.service === undefined ? [] : [event.service])
}

type Compiling = { holds: (view: View) => boolean; explain: (view: View, add: (field: string | null, value: unknown) => void) => void }

function compileRule(rule: Rule, around: Surroundings): Compiled {
  const selections = new Map([...rule.detection.selections].map(([name, selection]) => [name, compileSelection(selection, around)]))
  const condition = compileCondition(rule.detection.condition, (name) => selections.get(name) as Compiling)
  return {
    rule,
    holds: condition.holds,
    explain(view) {
      const matched: Match['matched'] = []
      for (const name of condition.positive(view)) {
        const shown = new Map<string | null, Set<unknown>>()
        selections.get(name)?.explain(view, (field, value) => {
          const values = shown.get(field) ?? new Set()
          shown.set(field, values)
          if (!values.has(value)) matched.push({ selection: name, field, value })
          values.add(value)
        })
      }
      return matched
    },
  }
}

/** `positive`: the selections that make the condition true, each once; none of those under a `not`. */
function compileCondition(condition: Condition, selection: (name: string) => Compiling): { holds: (view: View) => boolean; positive: (view: View) => Set<string> } {
  switch (condition.kind) {
    case 'selection': {
      const { holds } = selection(condition.name)
      return { holds, positive: () => new Set([condition.name]) }
    }
    case 'not': {
      const { holds } = compileCondition(condition.of, selection)
      return { holds: (view) => !holds(view), positive: () => new Set() }
    }
    case 'and':
    case 'or': {
      const of = condition.of.map((part) => compileCondition(part, selection))
      return {
        holds: condition.kind === 'and' ? (view) => of.every((part) => part.holds(view)) : (view) => of.some((part) => part.holds(view)),
        positive: (view) => new Set(of.flatMap((part) => (part.holds(view) ? [...part.positive(view)] : []))),
      }
    }
    default: return condition satisfies never
  }
}

function compileSelection(selection: Selection, around: Surroundings): Compiling {
  if (selection.kind === 'item') return selection.field === null ? compileKeywords(selection, around) : compileItem(selection, selection.field, around)
  const of = selection.of.map((part) => compileSelection(part, around))
  return {
    holds: selection.kind === 'all' ? (view) => of.every((part) => part.holds(view)) : (view) => of.some((part) => part.holds(view)),
    explain(view, add) {
      for (const part of of) if (part.holds(view)) part.explain(view, add)
    },
  }
}

const YES = 1
const NO = 2

/** `neq` is the negation of the whole item, `all` in it too, so an absent field is different from every value. */
function compileItem(item: Item, field: string, around: Surroundings): Compiling {
  const slot = around.slotOf(field)
  const tests = item.tests.map((test) => compileTest(test, around))
  const any = anyOf(item.tests, around)
  const ask = item.all
    ? (found: Found, view: View): boolean => tests.every((test) => test(found, view) !== null)
    : (found: Found, view: View): boolean => any(found, view) !== null
  const number = around.numberOf(item)
  const memorable = number !== null && item.tests.every(isAboutValues)
  const meets = (found: Found, view: View): boolean => {
    const [value] = found.values
    if (number === null || !memorable) return ask(found, view)
    if (value === undefined) return false
    if (found.values.length > 1) return ask(found, view)
    const known = value.verdicts[number]
    if (known !== 0) return known === YES
    const answer = ask(found, view)
    value.verdicts[number] = answer ? YES : NO
    return answer
  }
  return {
    holds: (view) => meets(view.field(slot), view) !== item.negated,
    explain(view, add) {
      const found = view.field(slot)
      if (item.negated) {
        add(field, found.values[0]?.raw ?? null)
        return
      }
      const seen = new Set<unknown>()
      for (const test of tests) {
        const met = test(found, view)
        if (met === null || seen.has(met.raw)) continue
        seen.add(met.raw)
        add(field, met.raw)
      }
    },
  }
}

function compileKeywords(item: Item, around: Surroundings): Compiling {
  const keywords = item.tests.map((test) => ({ meets: compileTest(test, around), needed: literalOf(test) }))
  const meets = (view: View) => ({ meets, needed }: { meets: CompiledTest; needed: string }): Value | null => {
    const { values, folded } = view.everything()
    return folded.includes(needed) ? meets({ present: true, empty: false, values }, view) : null
  }
  const some = (view: View): boolean => keywords.some((keyword) => meets(view)(keyword) !== null)
  const every = (view: View): boolean => keywords.every((keyword) => meets(view)(keyword) !== null)
  return {
    holds: (view) => (item.all ? every(view) : some(view)) !== item.negated,
    explain(view, add) {
      if (item.negated) return
      const seen = new Set<unknown>()
      for (const keyword of keywords) {
        const met = meets(view)(keyword)
        if (met === null || seen.has(met.raw)) continue
        seen.add(met.raw)
        add(null, met.raw)
      }
    },
  }
}

/** A text that every value must hold, folded, to meet the keyword: its longest literal. */
function literalOf(test: Test): string {
  if (test.kind !== 'pattern') return ''
  return test.pieces.reduce<string>((longest, piece) => (typeof piece === 'string' && piece.length > longest.length ? fold(piece) : longest), '')
}
