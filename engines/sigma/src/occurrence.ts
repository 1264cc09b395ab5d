// What correlations read of an occurrence, and what they say of one. Shared by the fast correlator and its oracle, as the reading of events is by the matchers.
import { fieldOf } from '@haechi/records'
import type { Fields } from '@haechi/records'
import { compares } from './predicates.ts'
import type { Bound, Condition, Correlation } from './rule.ts'

/** A rule's match as correlations take it. */
export type Occurrence = {
  ruleId: string
  /** The event's own time in milliseconds since the epoch, within 2^52 of it; one that is no number makes no occurrence. Whoever gives it bounds it by his clock:
   * an event dated years ahead keeps the window of its group there. */
  time: number
  fields: Fields
  /** The caller's number of the event, whole, 0 to 2^52: an offset in a log. */
  ref: number
}

export type CorrelationMatch = {
  correlation: Correlation
  /** Where the window ends and begins, both inclusive, ms. `from` is `time` less the timespan. */
  time: number
  from: number
  /** By the names of `group-by`, in its order. */
  group: { field: string; value: string }[]
  /** The count, sum and so on; of temporal ones how many of the rules occurred (in order, for temporal_ordered). */
  value: number | null
  /** Of the events in the window, in the order of their times: the latest, at most `MAX_REFS`. */
  refs: readonly number[]
  /** How many occurrences the window holds. */
  refsTotal: number
}

export type CorrelatorOptions = {
  /** Of all correlations together. */
  maxGroups?: number
  /** Of all memory that holds state, up to 2^31. */
  maxBytes?: number
  /** How many ms an occurrence may come after younger ones of its group beyond the timespan, and still be counted. 5 minutes. */
  lateness?: number
  /** Hears how many groups were put out before their time. */
  onEvicted?: (groups: number) => void
}

export type CorrelatorStats = {
  groups: number
  /** Groups put out before their time, for want of room or beyond `maxGroups`. */
  evicted: number
  /** Occurrences that came too late, or dated beyond what can be, and counted for nothing. */
  late: number
  /** Occurrences that a group had to forget before their time: it alone filled all room. */
  forgotten: number
  /** What all state holds of the process's memory. */
  bytes: number
}

export interface Correlator {
  /** Takes one occurrence; answers what it completes, also through correlations that refer to correlations. Never throws on content. */
  add(occurrence: Occurrence): CorrelationMatch[]
  /** All state. A correlator that restores it goes on as this one would. */
  save(): Uint8Array
  /**
   * Puts a saved state in the place of the own. A correlation whose definition changed begins empty, the others go on.
   * @throws CorrelatorError: `state_foreign`, `state_version`, `state_corrupt`; the own state then stays.
   */
  restore(state: Uint8Array): void
  stats(): CorrelatorStats
}

export const MAX_REFS = 100
export const MAX_TIME = 2 ** 52
export const DEFAULT_LATENESS = 300_000
export const DEFAULT_MAX_GROUPS = 1_000_000
export const DEFAULT_MAX_BYTES = 256 * 2 ** 20

/** One correlation that a rule's occurrences go to: which, which of its rules that is, and the fields it reads of them, aliases resolved. */
export type Target = { index: number; place: number; groupBy: readonly string[]; valueOf: readonly string[] }

/** The rules of a correlation, each once. */
export const rulesOf = (correlation: Correlation): string[] => [...new Set(correlation.rules)]

export function targetsOf(correlations: readonly Correlation[]): Map<string, Target[]> {
  const targets = new Map<string, Target[]>()
  for (const [index, correlation] of correlations.entries()) {
    for (const [place, id] of rulesOf(correlation).entries()) {
      const named = (name: string): string => {
        const alias = Object.hasOwn(correlation.aliases, name) ? correlation.aliases[name] as Readonly<Record<string, string>> : {}
        return Object.hasOwn(alias, id) ? alias[id] as string : name
      }
      const target = { index, place, groupBy: correlation.groupBy.map(named), valueOf: correlation.valueOf.map(named) }
      const known = targets.get(id)
      if (known === undefined) targets.set(id, [target])
      else known.push(target)
    }
  }
  return targets
}

const MAX_DEPTH = 200
const isScalar = (raw: unknown): raw is string | number | boolean => typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'

function scalarsIn(raw: unknown, depth: number, into: (string | number | boolean)[]): void {
  if (isScalar(raw)) into.push(raw)
  else if (depth < MAX_DEPTH && Array.isArray(raw)) for (const item of raw) scalarsIn(item, depth + 1, into)
}

/** The one value, the texts of several, or none: absent, null, an object, a list without values. */
function valueIn(raw: unknown): string | number | boolean | string[] | null {
  if (isScalar(raw)) return raw
  if (!Array.isArray(raw)) return null
  const values: (string | number | boolean)[] = []
  scalarsIn(raw, 0, values)
  return values.length > 1 ? values.map(String) : values[0] ?? null
}

/** A field of an occurrence: of a correlation's match its own group, else of the event that completed it. */
export function rawOf(fields: Fields, group: CorrelationMatch['group'] | null, name: string): unknown {
  if (group !== null) for (const { field, value } of group) if (field === name) return value
  const raw = fieldOf(fields, name)
  return raw === undefined ? withSpaces(fields, name) : raw
}

/** Spaces in an event's name are ignored where it has no field of the exact name, as rules read it. */
function withSpaces(fields: Fields, name: string): unknown {
  const spaceless = name.replaceAll(' ', '')
  const key = Object.keys(fields).findLast((one) => one.includes(' ') && one.replaceAll(' ', '') === spaceless)
  return key === undefined ? undefined : fields[key]
}

/** A value as texts compare, exactly; several as the JSON of their list; null = none. */
export function textOf(raw: unknown): string | null {
  if (typeof raw === 'string') return raw
  const value = valueIn(raw)
  return value === null ? null : Array.isArray(value) ? JSON.stringify(value) : String(value)
}

const DECIMAL = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*$/

/** A finite number or a decimal text of one; null = none. */
export function numberOf(raw: unknown): number | null {
  const value = typeof raw === 'number' ? raw : valueIn(raw)
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.length <= 400 && DECIMAL.test(value) ? Number(value) : Number.NaN
  // One zero: -0 is 0.
  return Number.isFinite(number) ? number + 0 : null
}

export function withinBounds(bounds: readonly { operator: Bound; value: number }[], value: number): boolean {
  for (const bound of bounds) if (!compares(value, bound.operator, bound.value)) return false
  return true
}


/** Whether an expression over rule ids holds where those occurred that `occurred` says. */
export function expressionHolds(expression: Condition, occurred: (id: string) => boolean): boolean {
  switch (expression.kind) {
    case 'selection': return occurred(expression.name)
    case 'and': return expression.of.every((part) => expressionHolds(part, occurred))
    case 'or': return expression.of.some((part) => expressionHolds(part, occurred))
    case 'not': return !expressionHolds(expression.of, occurred)
    default: return expression satisfies never
  }
}

/** The value at a percentile of sorted values, linear between neighbours (Hyndman and Fan's type 7); `at` gives the k-th from 0. */
export function percentileOf(count: number, percentile: number, at: (k: number) => number): number {
  const rank = (Math.min(100, Math.max(0, percentile)) / 100) * (count - 1)
  const below = Math.floor(rank)
  const lower = at(below)
  if (below === rank) return lower
  const upper = at(below + 1)
  return upper === lower ? lower : lower + (rank - below) * (upper - lower)
}
