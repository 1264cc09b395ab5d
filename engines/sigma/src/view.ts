// One event as tests see it: the values of a field, and every value of the record for keywords. Both are read once and remembered for all rules.
import { fieldOf } from '@haechi/records'
import type { Fields } from '@haechi/records'
import { fold } from './pattern.ts'

/** One value. `folded` is computed when it is first asked for. */
export type Value = { raw: unknown; text: string; readonly folded: string }
/** What a field holds: absent, or present with the values of its array, or its one value; none when it is null or an object. */
export type Found = { present: boolean; empty: boolean; values: readonly Value[] }

/** How deep keywords and arrays look into a record; `splitRecords` lets no record through that is deeper than 200. */
const MAX_DEPTH = 200
const ABSENT: Found = { present: false, empty: true, values: [] }

export type View = {
  field(name: string): Found
  /** Every text, number and boolean of the record and of its fields, each once. */
  everything(): { values: readonly Value[]; folded: string }
}

const valueOf = (raw: unknown, text: string): Value => {
  let folded: string | undefined
  return { raw, text, get folded() { return (folded ??= fold(text)) } }
}

const isScalar = (value: unknown): value is string | number | boolean => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function collect(value: unknown, depth: number, intoObjects: boolean, into: (value: string | number | boolean) => void): void {
  if (isScalar(value)) into(value)
  else if (depth >= MAX_DEPTH || value === null || typeof value !== 'object') return
  else if (Array.isArray(value)) for (const item of value) collect(item, depth + 1, intoObjects, into)
  else if (intoObjects) for (const key of Object.keys(value)) collect((value as Record<string, unknown>)[key], depth + 1, true, into)
}

export function viewOf(record: unknown, fields: Fields): View {
  const known = new Map<string, Found>()
  let everything: { values: Value[]; folded: string } | null = null
  let spaceless: Map<string, string> | null = null

  // "Strip all spaces" (specification, Field Usage): a rule writes NewValue for an event's `New Value`.
  const withSpaces = (name: string): unknown => {
    if (spaceless === null) {
      spaceless = new Map()
      for (const key of Object.keys(fields)) if (key.includes(' ')) spaceless.set(key.replaceAll(' ', ''), key)
    }
    const key = spaceless.size === 0 ? undefined : spaceless.get(name.replaceAll(' ', ''))
    return key === undefined ? undefined : fields[key]
  }
  const read = (name: string): Found => {
    const raw = fieldOf(fields, name) ?? withSpaces(name)
    if (raw === undefined) return Object.hasOwn(fields, name) || fieldOf(fields, name) === null ? { present: true, empty: true, values: [] } : ABSENT
    const values: Value[] = []
    collect(raw, 0, false, (value) => values.push(valueOf(value, String(value))))
    return { present: true, empty: raw === null, values }
  }

  return {
    field(name) {
      let found = known.get(name)
      if (found === undefined) {
        found = read(name)
        known.set(name, found)
      }
      return found
    },
    everything() {
      if (everything === null) {
        const seen = new Set<string>()
        const values: Value[] = []
        const add = (value: string | number | boolean): void => {
          const text = String(value)
          if (seen.has(text)) return
          seen.add(text)
          values.push(valueOf(value, text))
        }
        collect(record, 0, true, add)
        collect(fields, 0, true, add)
        everything = { values, folded: values.map((value) => value.folded).join('\n') }
      }
      return everything
    },
  }
}
