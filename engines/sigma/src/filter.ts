// Filter documents (Sigma filters specification 2.1). A filter only ever takes away what its selections describe: filter conditions are written in two ways,
// as what to take out (`selection`, the specification's example) and as what to keep (`not selection`, pySigma's). An event that meets none of the selections tells them apart; documents.test.ts holds both.
import { negated, truthOf } from './condition.ts'
import { detectionOf } from './detection.ts'
import type { PlaceholdersFor } from './detection.ts'
import { entryOf, headOf, logSourceOf, textOf, textsIn } from './document.ts'
import { Refusal } from './refusal.ts'
import type { Filter } from './rule.ts'
import type { Entries } from './yaml.ts'

const MAX_RULES = 10_000

/** @throws Refusal `filter_invalid` and what a rule's head, logsource and detection are refused with */
export function filterOf(node: Entries, file: string, placeholdersFor: PlaceholdersFor): Filter {
  const head = headOf(node, file)
  const logsource = logSourceOf(node)
  const section = entryOf(node, 'filter')
  if (section?.value.kind !== 'map') throw new Refusal('filter_invalid', 'filter is a map of rules, selections and a condition', section?.line ?? node.line)
  const listed = entryOf(section.value, 'rules')
  if (listed === null) throw new Refusal('filter_invalid', 'a filter names its rules, or any', section.line)
  const any = textOf(listed.value)?.toLowerCase() === 'any'
  const places: Filter['places'] = any ? new Map() : textsIn(listed, MAX_RULES, 'filter_invalid')
  const { selections, condition } = detectionOf(section, ['rules'], placeholdersFor(head, logsource))
  const keeps = truthOf(condition, () => false)
  return { ...head, logsource, rules: any ? 'any' : [...places.keys()], detection: { selections, condition: keeps ? negated(condition) : condition }, places }
}
