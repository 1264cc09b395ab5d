// What one test of a rule says about the values of a field. Numbers and texts meet as texts: 42 is "42"; a list holds when one of its values does.
import { fold } from '@haechi/patterns'
import { parseTime } from '@haechi/records'
import { contains, parseAddress, parseCidr } from './cidr.ts'
import type { Network } from './cidr.ts'
import { compilePattern, plainOf } from './pattern.ts'
import { compileRegex } from './regex.ts'
import type { Bound, Item, Test, TimeUnit } from './rule.ts'
import { NO_VERDICTS } from './view.ts'
import type { Found, Value, View } from './view.ts'

/** The value that met the test, or null. Where nothing is what was asked for, the value is `NOTHING`. */
export type CompiledTest = (found: Found, view: View) => Value | null

const NOTHING: Value = { raw: null, text: '', folded: '', verdicts: NO_VERDICTS }

/** What compiling needs to know of the matcher. */
export type Surroundings = {
  slotOf: (field: string) => number
  /** The number of an item; the same for items that say the same about a value. null: nothing is remembered of values. */
  numberOf: (item: Item) => number | null
  exhausted: () => void
}

export function compileTest(test: Test, around: Surroundings): CompiledTest {
  switch (test.kind) {
    case 'pattern': {
      const fits = compilePattern(test.pieces, test.cased)
      return test.cased ? some((value) => fits(value.text)) : some((value) => fits(value.folded))
    }
    case 'number': {
      const texts = new Set([String(test.value), fold(test.text)])
      return some((value) => (typeof value.raw === 'number' ? value.raw === test.value : texts.has(value.folded)))
    }
    case 'boolean': return some((value) => value.folded === String(test.value))
    case 'null': return (found) => (found.empty ? NOTHING : null)
    case 'exists': return (found) => (found.present === test.value ? found.values[0] ?? NOTHING : null)
    case 'regex': {
      const regex = compileRegex(test.source, test.flags)
      return some((value) => {
        const answer = regex.search(value.text)
        if (answer === 'exhausted') around.exhausted()
        return answer === 'found'
      })
    }
    case 'cidr': {
      const network = parseCidr(test.network) as Network
      return some((value) => {
        const address = parseAddress(value.text)
        return address !== null && contains(network, address)
      })
    }
    case 'compare': return some((value) => {
      const number = numberOf(value)
      return number !== null && compares(number, test.operator, test.value)
    })
    case 'time': return some((value) => {
      const part = timePart(value, test.unit)
      return part !== null && compares(part, test.operator, test.value)
    })
    case 'fieldref': {
      const slot = around.slotOf(test.field)
      return (found, view) => {
        const others = view.field(slot).values
        return found.values.find((value) => others.some((other) => (test.cased ? relates(value.text, other.text, test.at) : relates(value.folded, other.folded, test.at)))) ?? null
      }
    }
    case 'any': return anyOf(test.of, around)
    default: return test satisfies never
  }
}

/** Whether a test looks at nothing but one value at a time. */
export const isAboutValues = (test: Test): boolean => (test.kind === 'any' ? test.of.every(isAboutValues) : !['null', 'exists', 'fieldref'].includes(test.kind))

/** One of several tests. Texts without inner wildcards, nearly all there are, are compared in place instead of test by test. */
export function anyOf(tests: readonly Test[], around: Surroundings): CompiledTest {
  const plain = { whole: new Set<string>(), start: [] as string[], end: [] as string[], inside: [] as string[] }
  const others: CompiledTest[] = []
  for (const test of tests) {
    const text = test.kind === 'pattern' && !test.cased ? plainOf(test.pieces, false) : null
    if (text === null) others.push(compileTest(test, around))
    else if (text.at === 'whole') plain.whole.add(text.text)
    else plain[text.at].push(text.text)
  }
  const { whole, start, end, inside } = plain
  return (found, view) => {
    for (const value of found.values) {
      const { folded } = value
      if (whole.has(folded)) return value
      for (const text of end) if (folded.endsWith(text)) return value
      for (const text of start) if (folded.startsWith(text)) return value
      for (const text of inside) if (folded.includes(text)) return value
    }
    for (const other of others) {
      const met = other(found, view)
      if (met !== null) return met
    }
    return null
  }
}

const some = (fits: (value: Value) => boolean): CompiledTest => (found) => {
  for (const value of found.values) if (fits(value)) return value
  return null
}

/** Whether a number stands to a limit as asked. */
export function compares(left: number, operator: Bound, right: number): boolean {
  switch (operator) {
    case 'lt': return left < right
    case 'lte': return left <= right
    case 'gt': return left > right
    case 'gte': return left >= right
    case 'eq': return left === right
    case 'neq': return left !== right
    default: return operator satisfies never
  }
}

const relates = (text: string, other: string, at: 'whole' | 'start' | 'end' | 'inside'): boolean =>
  at === 'whole' ? text === other : at === 'start' ? text.startsWith(other) : at === 'end' ? text.endsWith(other) : text.includes(other)

/** A number, or a text that is a decimal number. */
function numberOf(value: Value): number | null {
  if (typeof value.raw === 'number') return value.raw
  return typeof value.raw === 'string' && /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*$/.test(value.raw) ? Number(value.raw) : null
}

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/

/** A part of a date as it is written, without conversion of zones (specification); other forms of time are read as UTC. */
function timePart(value: Value, unit: TimeUnit): number | null {
  const written = typeof value.raw === 'string' ? WRITTEN.exec(value.raw) : null
  const at = written === null ? parseTime(value.raw) : Date.UTC(Number(written[1]), Number(written[2]) - 1, Number(written[3]), Number(written[4] ?? 0), Number(written[5] ?? 0))
  if (at === null || Number.isNaN(at)) return null
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return null
  switch (unit) {
    case 'minute': return date.getUTCMinutes()
    case 'hour': return date.getUTCHours()
    case 'day': return date.getUTCDate()
    case 'week': return isoWeek(date)
    case 'month': return date.getUTCMonth() + 1
    case 'year': return date.getUTCFullYear()
    default: return unit satisfies never
  }
}

/** ISO 8601: the week of a date is that of its Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(date)
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7))
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7)
}
