// What rules of which packs are in force. Pure; parsing thousands of rules takes seconds, so it is called in a thread.
import { parse } from '@haechi/sigma'
import type { Rule } from '@haechi/sigma'
import type { PackRejection } from '../platform/packs.ts'
import type { AlertRule, Severity } from './model.ts'

export type PackText = { readonly path: string; readonly text: string }
/** A pack as a thread gets it. `key` changes with anything that an alert shows of it. */
export type PackContent = { readonly key: string; readonly name: string; readonly version: string; readonly license: string | null; readonly files: readonly PackText[] }

/** A rule without what it looks for: what lists and alerts show. */
export type RuleFacts = {
  readonly rule: AlertRule
  readonly level: Severity | null
  readonly status: string | null
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly logsource: Rule['logsource']
  /** Deprecated and unsupported rules are off until a person turns them on. */
  readonly on: boolean
}

/** The rules of a pack's files, and every document that is none. Of two documents with one id the first in the order of files counts. */
export function readPack(files: readonly PackText[]): { rules: Rule[]; rejected: PackRejection[] } {
  const rules = new Map<string, Rule>()
  const rejected: PackRejection[] = []
  for (const { path, text } of files) {
    const parsed = parse(text, path)
    for (const { file, line, code, reason } of parsed.rejected) rejected.push({ file, line, code, reason })
    for (const rule of parsed.rules) {
      const first = rules.get(rule.id)
      if (first === undefined) rules.set(rule.id, rule)
      else rejected.push({ file: path, line: rule.line, code: 'id_repeated', reason: `${rule.id} is the id of the rule at ${first.file}:${first.line} too` })
    }
  }
  return { rules: [...rules.values()], rejected }
}

/** Without what no database can hold: NUL, half characters, endless texts. */
export function clean(text: string, most: number): string {
  return (text.length > most ? text.slice(0, most) : text).replaceAll('\0', '\uFFFD').toWellFormed()
}

export function factsOf(rule: Rule, pack: Pick<PackContent, 'name' | 'version' | 'license'>): RuleFacts {
  const list = (texts: readonly string[]) => texts.slice(0, 50).map((text) => clean(text, 2_000))
  const korean = rule.translations?.['ko']
  return {
    rule: {
      id: clean(rule.id, 500), title: clean(rule.title, 500), author: rule.author === null ? null : clean(rule.author, 500), source: pack.name, license: rule.license === undefined ? pack.license : clean(rule.license, 200),
      packVersion: pack.version, references: list(rule.references), falsePositives: list(rule.falsepositives),
      ...(korean === undefined ? {} : { ko: { title: clean(korean.title ?? rule.title, 500), falsePositives: list(korean.falsepositives.length === 0 ? rule.falsepositives : korean.falsepositives) } }),
    },
    level: rule.level, status: rule.status, techniques: rule.techniques.slice(0, 50), tactics: list(rule.tactics), logsource: rule.logsource,
    on: rule.status !== 'deprecated' && rule.status !== 'unsupported',
  }
}

/** Rules of several packs, the first pack first: an id that two of them have is the earlier one's. */
export function inForce<T>(packs: readonly { readonly rules: readonly T[] }[], idOf: (rule: T) => string): T[] {
  const chosen = new Map<string, T>()
  for (const { rules } of packs) for (const rule of rules) if (!chosen.has(idOf(rule))) chosen.set(idOf(rule), rule)
  return [...chosen.values()]
}
