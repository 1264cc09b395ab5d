// What documents say of each other, over all files: references become ids, filters become part of their rules, correlations come after what they refer to.
// Nothing is passed over: a reference that leads nowhere is refused at its line. documents.test.ts holds each refusal, and on generated sets the order, the silence and what a filter takes out.
import type { LogSource } from '@haechi/records'
import { negated, renamed } from './condition.ts'
import type { Condition, Correlation, Filter, Rejection, Rule, Selection } from './rule.ts'

export type Documents = { readonly rules: readonly Rule[]; readonly correlations: readonly Correlation[]; readonly filters: readonly Filter[] }

export type Linked = {
  /** With their filters in them. */
  rules: Rule[]
  /** Their references are ids; each after all that it refers to. */
  correlations: Correlation[]
  /** Ids of rules and correlations that make no match of their own: something refers to them and nothing that does says `generate: true`. */
  silent: ReadonlySet<string>
  rejected: Rejection[]
}

const MAX_DEPTH = 10
/** Of filters in one rule. */
const MAX_SELECTIONS = 500

type Named = Rule | Correlation

/**
 * Links the documents of all files; they may come in any order. An id is looked for first, then a name in the same file, then a name in all.
 * Of two documents with one id the first counts, rules before correlations. Never throws.
 * Source: Sigma correlation rules specification 2.1, Sigma filters specification 2.1.
 */
export function link({ rules, correlations, filters }: Documents): Linked {
  const rejected: Rejection[] = []
  const refuse = (of: Rule | Correlation | Filter, code: Rejection['code'], reason: string, line = of.line): void => {
    rejected.push({ file: of.file, line, code, reason, id: of.id })
  }
  const byId = new Map<string, Named>()
  for (const document of [...rules, ...correlations]) {
    const first = byId.get(keyOf(document.id))
    if (first === undefined) byId.set(keyOf(document.id), document)
    else refuse(document, 'id_repeated', `${document.id.slice(0, 80)} is the id of ${first.file}:${first.line} too`)
  }
  const find = finder(byId)
  const linked = chain([...correlations].filter((correlation) => byId.get(keyOf(correlation.id)) === correlation), find, refuse)
  const kept = rules.filter((rule) => byId.get(keyOf(rule.id)) === rule)
  return { rules: filtered(kept, filters, find, refuse), correlations: linked, silent: silentOf(linked), rejected }
}

type Refuse = (of: Rule | Correlation | Filter, code: Rejection['code'], reason: string, line?: number) => void
/** Found, or why not. */
type Find = (called: string, file: string) => Named | { code: 'rule_unknown' | 'name_ambiguous'; reason: string }

/** UUIDs are the same in either case (RFC 9562, 4). */
const keyOf = (id: string): string => (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id.toLowerCase() : id)

function finder(byId: ReadonlyMap<string, Named>): Find {
  const byName = new Map<string, Named[]>()
  for (const document of byId.values()) {
    if (document.name === null) continue
    const known = byName.get(document.name)
    if (known === undefined) byName.set(document.name, [document])
    else known.push(document)
  }
  return (called, file) => {
    const direct = byId.get(keyOf(called))
    if (direct !== undefined) return direct
    const all = byName.get(called) ?? []
    const near = all.filter((document) => document.file === file)
    const [found, another] = near.length > 0 ? near : all
    if (found === undefined) return { code: 'rule_unknown', reason: `no rule has the id or the name "${called.slice(0, 80)}"` }
    if (another !== undefined) return { code: 'name_ambiguous', reason: `"${called.slice(0, 80)}" is the name of ${found.file}:${found.line} and of ${another.file}:${another.line}: refer to the id` }
    return found
  }
}

/** The correlations whose references all lead somewhere, by depth. Correlations wait for those that they refer to, so hostile chains cost no stack. */
function chain(correlations: readonly Correlation[], find: Find, refuse: Refuse): Correlation[] {
  type Waiting = { correlation: Correlation; resolved: Correlation; on: Set<string>; depth: number }
  const waiting = new Map<string, Waiting>()
  const refused: string[] = []
  for (const correlation of correlations) {
    const resolved = resolve(correlation, find, refuse)
    if (resolved === null) refused.push(correlation.id)
    else waiting.set(correlation.id, { correlation, resolved, on: new Set(), depth: 1 })
  }
  const awaitedBy = new Map<string, Waiting[]>()
  const chained = new Set(correlations.map(({ id }) => id))
  for (const entry of waiting.values()) {
    for (const id of entry.resolved.rules) {
      if (!chained.has(id)) continue
      entry.on.add(id)
      const known = awaitedBy.get(id)
      if (known === undefined) awaitedBy.set(id, [entry])
      else known.push(entry)
    }
  }
  const lineOf = ({ correlation, resolved }: Waiting, id: string): number => correlation.places.get(correlation.rules[resolved.rules.indexOf(id)] ?? '') ?? correlation.line
  const drop = (entry: Waiting, code: Rejection['code'], reason: string, line: number): void => {
    if (!waiting.delete(entry.correlation.id)) return
    refuse(entry.correlation, code, reason, line)
    refused.push(entry.correlation.id)
  }
  const settle = (): void => {
    for (let id = refused.pop(); id !== undefined; id = refused.pop()) {
      for (const entry of awaitedBy.get(id) ?? []) drop(entry, 'rule_unknown', `${id.slice(0, 80)} is refused itself`, lineOf(entry, id))
    }
  }
  settle()

  const placed: Waiting[] = []
  const ready = [...waiting.values()].filter(({ on }) => on.size === 0)
  for (let entry = ready.pop(); entry !== undefined; entry = ready.pop()) {
    const { id } = entry.correlation
    if (!waiting.has(id)) continue
    placed.push(entry)
    waiting.delete(id)
    for (const next of awaitedBy.get(id) ?? []) {
      next.depth = Math.max(next.depth, entry.depth + 1)
      next.on.delete(id)
      if (next.depth > MAX_DEPTH) {
        drop(next, 'correlation_too_deep', `more than ${MAX_DEPTH} correlations one upon the other`, lineOf(next, id))
        settle()
      } else if (next.on.size === 0) ready.push(next)
    }
  }
  for (const entry of waiting.values()) {
    const [on = ''] = entry.on
    refuse(entry.correlation, 'correlation_cycle', `"${on.slice(0, 80)}" leads into a circle of correlations`, lineOf(entry, on))
  }
  const place = new Map(correlations.map(({ id }, index) => [id, index]))
  return placed.sort((a, b) => a.depth - b.depth || (place.get(a.resolved.id) ?? 0) - (place.get(b.resolved.id) ?? 0)).map(({ resolved }) => resolved)
}

/** With ids in the place of what the document calls its rules; null when one leads nowhere. */
function resolve(correlation: Correlation, find: Find, refuse: Refuse): Correlation | null {
  const ids = new Map<string, string>()
  const taken = new Set<string>()
  for (const called of correlation.rules) {
    const found = find(called, correlation.file)
    const line = correlation.places.get(called) ?? correlation.line
    if ('code' in found) {
      refuse(correlation, found.code, found.reason, line)
      return null
    }
    if (taken.has(found.id)) {
      refuse(correlation, 'correlation_invalid', `"${called.slice(0, 80)}" is the same rule as another of its rules`, line)
      return null
    }
    taken.add(found.id)
    ids.set(called, found.id)
  }
  const idOf = (called: string): string => ids.get(called) ?? called
  const { condition } = correlation
  return {
    ...correlation,
    rules: correlation.rules.map(idOf),
    aliases: Object.fromEntries(Object.entries(correlation.aliases).map(([alias, fields]) => [alias, Object.fromEntries(Object.entries(fields).map(([called, field]) => [idOf(called), field]))])),
    condition: condition.kind === 'bounds' ? condition : { kind: 'expression', expression: renamed(condition.expression, idOf) },
  }
}

/** A rule stays loud when any correlation that refers to it generates: what one author asks to see, another cannot hide. */
export function silentOf(correlations: readonly Correlation[]): Set<string> {
  const silent = new Set(correlations.flatMap(({ rules }) => rules))
  for (const { rules, generate } of correlations) if (generate) for (const id of rules) silent.delete(id)
  return silent
}

/** Each rule with the filters that are for it: `condition and not filter`. An entry of a filter that is wrong costs only itself: a rule that went must not bring back what is filtered elsewhere. */
function filtered(rules: readonly Rule[], filters: readonly Filter[], find: Find, refuse: Refuse): Rule[] {
  if (filters.length === 0) return [...rules]
  const mark = markOf(rules)
  const added = new Map<Rule, { selections: [string, Selection][]; conditions: Condition[] }>()
  for (const [index, filter] of filters.entries()) {
    const name = (own: string): string => `${own}${mark}${index}`
    const selections = [...filter.detection.selections].map(([own, selection]): [string, Selection] => [name(own), selection])
    const condition = negated(renamed(filter.detection.condition, name))
    const full: Rule[] = []
    for (const rule of targetsOf(filter, rules, find, refuse)) {
      const own = added.get(rule) ?? { selections: [], conditions: [] }
      if (own.selections.length + selections.length > MAX_SELECTIONS) {
        full.push(rule)
        continue
      }
      own.selections.push(...selections)
      own.conditions.push(condition)
      added.set(rule, own)
    }
    if (full[0] !== undefined) refuse(filter, 'filter_invalid', `${full[0].id.slice(0, 80)}${full.length > 1 ? ` and ${full.length - 1} more` : ''} would have more than ${MAX_SELECTIONS} selections of filters`)
  }
  return rules.map((rule) => {
    const own = added.get(rule)
    if (own === undefined) return rule
    const { selections, condition } = rule.detection
    return { ...rule, detection: { selections: new Map([...selections, ...own.selections]), condition: { kind: 'and', of: [condition, ...own.conditions] } } }
  })
}

function targetsOf(filter: Filter, rules: readonly Rule[], find: Find, refuse: Refuse): Iterable<Rule> {
  if (filter.rules === 'any') return rules.filter((rule) => fits(filter.logsource, rule.logsource))
  const targets = new Set<Rule>()
  for (const called of filter.rules) {
    const found = find(called, filter.file)
    const line = filter.places.get(called) ?? filter.line
    if ('code' in found) refuse(filter, found.code, found.reason, line)
    else if (!('logsource' in found)) refuse(filter, 'filter_unfit', `"${called.slice(0, 80)}" is a correlation; a filter is for rules`, line)
    else if (!fits(filter.logsource, found.logsource)) refuse(filter, 'filter_unfit', `the logsource of "${called.slice(0, 80)}" is none that the filter is for`, line)
    else targets.add(found)
  }
  return targets
}

/** As pySigma: each part that the filter's log source names is the rule's. */
function fits(filter: LogSource, rule: LogSource): boolean {
  return (['product', 'category', 'service'] as const).every((part) => filter[part] === undefined || filter[part] === rule[part])
}

/** What stands in no name of a selection. */
function markOf(rules: readonly Rule[]): string {
  let mark = '@'
  for (const { detection } of rules) for (const name of detection.selections.keys()) while (name.includes(mark)) mark += '@'
  return mark
}
