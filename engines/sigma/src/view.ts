// One event as tests see it: the values of a field, and every value of the record for keywords. Both are read once and remembered for all rules.
import { fieldOf } from '@haechi/records'
import type { Fields } from '@haechi/records'
import { fold } from '@haechi/patterns'

/** One value. `verdicts` remembers what items said about it (0 = not asked): values repeat from event to event far more often than they are new. */
export type Value = { raw: unknown; text: string; folded: string; verdicts: Uint8Array }
/** What a field holds: absent, or present with the values of its array, or its one value; none when it is null or an object. */
export type Found = { present: boolean; empty: boolean; values: readonly Value[] }

/** How deep keywords and arrays look into a record; `splitRecords` lets no record through that is deeper than 200. */
const MAX_DEPTH = 200
export const NO_VERDICTS = new Uint8Array(0)
const ABSENT: Found = { present: false, empty: true, values: [] }

export type View = {
  /** `slot`: the place of the field's name in the list that the view was made with. */
  field(slot: number): Found
  /** Every text, number and boolean of the record and of its fields, each once. */
  everything(): { values: readonly Value[]; folded: string }
}

/** Makes values; the same one again for a text, number or boolean that was met before, as long as it is remembered. */
export type Values = (raw: string | number | boolean) => Value

const MAX_REMEMBERED = 4096
const MAX_REMEMBERED_LENGTH = 4096

export function rememberValues(items: number): Values {
  const known = new Map<unknown, Value>()
  return (raw) => {
    let value = known.get(raw)
    if (value === undefined) {
      const text = String(raw)
      value = { raw, text, folded: fold(text), verdicts: new Uint8Array(items) }
      if (known.size >= MAX_REMEMBERED) known.clear()
      if (text.length <= MAX_REMEMBERED_LENGTH) known.set(raw, value)
    }
    return value
  }
}

const isScalar = (value: unknown): value is string | number | boolean => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function collect(value: unknown, depth: number, intoObjects: boolean, into: (value: string | number | boolean) => void): void {
  if (isScalar(value)) into(value)
  else if (depth >= MAX_DEPTH || value === null || typeof value !== 'object') return
  else if (Array.isArray(value)) for (const item of value) collect(item, depth + 1, intoObjects, into)
  else if (intoObjects) for (const key of Object.keys(value)) collect((value as Record<string, unknown>)[key], depth + 1, true, into)
}

export function viewOf(record: unknown, fields: Fields, names: readonly string[], valueOf: Values): View {
  const known: (Found | undefined)[] = Array.from({ length: names.length })
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
    let raw = fieldOf(fields, name)
    if (raw === undefined) raw = withSpaces(name)
    if (raw === undefined) return ABSENT
    const values: Value[] = []
    collect(raw, 0, false, (value) => values.push(valueOf(value)))
    return { present: true, empty: raw === null, values }
  }

  return {
    field: (slot) => (known[slot] ??= read(names[slot] as string)),
    everything() {
      if (everything === null) {
        const seen = new Set<string>()
        const values: Value[] = []
        const add = (raw: string | number | boolean): void => {
          const text = String(raw)
          if (seen.has(text)) return
          seen.add(text)
          values.push({ raw, text, folded: fold(text), verdicts: NO_VERDICTS })
        }
        collect(record, 0, true, add)
        collect(fields, 0, true, add)
        everything = { values, folded: values.map((value) => value.folded).join('\n') }
      }
      return everything
    },
  }
}
