// What rules of which packs are in force. Pure; parsing thousands of rules takes seconds, so it is called in a thread.
import { parse } from '@haechi/sigma'
import type { Correlation, CorrelationType, Filter, Rule } from '@haechi/sigma'
import type { PackRejection } from '../platform/packs.ts'
import type { AlertRule, Severity } from './model.ts'

export type PackText = { readonly path: string; readonly text: string }
/** A pack as a thread gets it. `key` changes with anything that an alert shows of it. */
export type PackContent = { readonly key: string; readonly name: string; readonly version: string; readonly license: string | null; readonly files: readonly PackText[] }

/** A rule or correlation without what it looks for: what lists and alerts show. */
export type RuleFacts = {
  readonly rule: AlertRule
  readonly level: Severity | null
  readonly status: string | null
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly logsource: Rule['logsource']
  /** Null of a rule. `rules`: what it refers to, as it calls them; `timespan` in milliseconds. */
  readonly correlation: { readonly type: CorrelationType; readonly rules: readonly string[]; readonly groupBy: readonly string[]; readonly timespan: number } | null
  /** Deprecated and unsupported rules are off until a person turns them on. */
  readonly on: boolean
}

export type PackDocuments = { readonly rules: readonly (Rule | Correlation)[]; readonly filters: readonly Filter[]; readonly rejected: readonly PackRejection[] }

/** The documents of a pack's files, and every one that is none. Of two with one id the first in the order of files counts. What they say of others is looked up among all packs in force. */
export function readPack(files: readonly PackText[]): PackDocuments {
  const rules = new Map<string, Rule | Correlation>()
  const filters = new Map<string, Filter>()
  const rejected: PackRejection[] = []
  for (const { path, text } of files) {
    const parsed = parse(text, path)
    for (const { file, line, code, reason } of parsed.rejected) rejected.push({ file, line, code, reason })
    const take = <T extends Rule | Correlation | Filter>(into: Map<string, T>, documents: readonly T[]) => {
      for (const document of documents) {
        const first = rules.get(document.id) ?? filters.get(document.id)
        if (first === undefined) into.set(document.id, document)
        else rejected.push({ file: path, line: document.line, code: 'id_repeated', reason: `${document.id} is the id of the rule at ${first.file}:${first.line} too` })
      }
    }
    take<Rule | Correlation>(rules, [...parsed.rules, ...parsed.correlations])
    take(filters, parsed.filters)
  }
  return { rules: [...rules.values()], filters: [...filters.values()], rejected }
}

/** Without what no database can hold: NUL, half characters, endless texts. */
export function clean(text: string, most: number): string {
  return (text.length > most ? text.slice(0, most) : text).replaceAll('\0', '\uFFFD').toWellFormed()
}

export function factsOf(rule: Rule | Correlation, pack: Pick<PackContent, 'name' | 'version' | 'license'>): RuleFacts {
  const list = (texts: readonly string[]) => texts.slice(0, 50).map((text) => clean(text, 2_000))
  const korean = rule.translations?.['ko']
  return {
    rule: {
      id: clean(rule.id, 500), title: clean(rule.title, 500), author: rule.author === null ? null : clean(rule.author, 500), source: pack.name, license: rule.license === undefined ? pack.license : clean(rule.license, 200),
      packVersion: pack.version, references: list(rule.references), falsePositives: list(rule.falsepositives),
      ...(korean === undefined ? {} : { ko: { title: clean(korean.title ?? rule.title, 500), falsePositives: list(korean.falsepositives.length === 0 ? rule.falsepositives : korean.falsepositives) } }),
    },
    level: rule.level, status: rule.status, techniques: rule.techniques.slice(0, 50), tactics: list(rule.tactics),
    ...('type' in rule ? { logsource: {}, correlation: { type: rule.type, rules: list(rule.rules), groupBy: list(rule.groupBy), timespan: rule.timespan } } : { logsource: rule.logsource, correlation: null }),
    on: rule.status !== 'deprecated' && rule.status !== 'unsupported',
  }
}

/** Rules of several packs, the first pack first: an id that two of them have is the earlier one's. */
export function inForce<T>(packs: readonly { readonly rules: readonly T[] }[], idOf: (rule: T) => string): T[] {
  const chosen = new Map<string, T>()
  for (const { rules } of packs) for (const rule of rules) if (!chosen.has(idOf(rule))) chosen.set(idOf(rule), rule)
  return [...chosen.values()]
}
