// What is different between two policies, as facts that words.ts says. Pure. Defended by diff.test.ts.
import type { PolicyPreset, PolicyRow } from '../../../server/src/response/wire.ts'
import type { PolicyContent } from './matrix.ts'

export type Difference =
  | { readonly kind: 'preset'; readonly before: PolicyPreset; readonly after: PolicyPreset }
  | { readonly kind: 'collaborate' | 'cap_action' | 'cap_hour' | 'hours'; readonly before: number; readonly after: number }
  | { readonly kind: 'row_new' | 'row_gone'; readonly row: PolicyRow }
  | { readonly kind: 'row_changed'; readonly before: PolicyRow; readonly after: PolicyRow }
  | { readonly kind: 'row_moved' }
  | { readonly kind: 'never_new' | 'never_gone'; readonly names: readonly string[] }

export function differences(before: PolicyContent, after: PolicyContent): Difference[] {
  const found: Difference[] = []
  const number = (kind: 'collaborate' | 'cap_action' | 'cap_hour' | 'hours', from: number, to: number) => { if (from !== to) found.push({ kind, before: from, after: to }) }
  if (before.preset !== after.preset) found.push({ kind: 'preset', before: before.preset, after: after.preset })
  number('collaborate', before.collaborate_minutes, after.collaborate_minutes)
  const [old, now] = [new Map(before.rows.map((row) => [row.id, row])), new Map(after.rows.map((row) => [row.id, row]))]
  for (const row of after.rows) {
    const was = old.get(row.id)
    if (was === undefined) found.push({ kind: 'row_new', row })
    else if (textOf(was) !== textOf(row)) found.push({ kind: 'row_changed', before: was, after: row })
  }
  for (const row of before.rows) if (!now.has(row.id)) found.push({ kind: 'row_gone', row })
  const kept = (rows: readonly PolicyRow[], other: ReadonlyMap<string, PolicyRow>) => rows.filter(({ id }) => other.has(id)).map(({ id }) => id).join('\n')
  if (kept(before.rows, now) !== kept(after.rows, old)) found.push({ kind: 'row_moved' })
  const added = after.never_isolate.filter((name) => !before.never_isolate.includes(name))
  const gone = before.never_isolate.filter((name) => !after.never_isolate.includes(name))
  if (added.length > 0) found.push({ kind: 'never_new', names: added })
  if (gone.length > 0) found.push({ kind: 'never_gone', names: gone })
  number('cap_action', before.caps.targets_per_action, after.caps.targets_per_action)
  number('cap_hour', before.caps.targets_per_hour, after.caps.targets_per_hour)
  number('hours', before.containment_hours, after.containment_hours)
  return found
}

/** The same text for the same row, whatever the order in which its fields were written. */
const textOf = (value: unknown): string => JSON.stringify(value, (_, item: unknown) =>
  typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).filter(([, each]) => each !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item)
