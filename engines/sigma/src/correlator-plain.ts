// The plain correlator: keeps the occurrences of every group and counts the window anew each time. It is the oracle of the fast one (correlator.integration.test.ts),
// so what it does is the definition: which windows are looked at, when a group is forgotten, which goes first.
import { DEFAULT_LATENESS, DEFAULT_MAX_GROUPS, MAX_REFS, MAX_TIME, expressionHolds, numberOf, percentileOf, rawOf, rulesOf, targetsOf, textOf, withinBounds } from './occurrence.ts'
import type { CorrelationMatch, Correlator, CorrelatorOptions, Occurrence, Target } from './occurrence.ts'
import type { Correlation } from './rule.ts'

type Kept = { time: number; ref: number; place: number; value: string | number }
type Group = { index: number; group: CorrelationMatch['group']; touched: number; kept: Kept[] }

export function createPlainCorrelator(correlations: readonly Correlation[], options: CorrelatorOptions = {}): Pick<Correlator, 'add' | 'stats'> {
  const { maxGroups = DEFAULT_MAX_GROUPS, lateness = DEFAULT_LATENESS } = options
  const targets = targetsOf(correlations)
  /** In the order of their last occurrence. */
  const groups = new Map<string, Group>()
  let clock = -Infinity
  let evicted = 0
  let late = 0
  const keepOf = (index: number): number => (correlations[index] as Correlation).timespan + lateness

  function take(target: Target, event: Occurrence, time: number, own: CorrelationMatch['group'] | null): CorrelationMatch | null {
    const correlation = correlations[target.index] as Correlation
    const read = (name: string): unknown => rawOf(event.fields, own, name)
    const texts = target.groupBy.map((name) => textOf(read(name)))
    const value = valueOf(correlation, target, read)
    if (value === null || texts.includes(null)) return null
    for (const [key, group] of groups) if (group.touched + keepOf(group.index) < clock) groups.delete(key)
    const key = JSON.stringify([target.index, texts])
    let group = groups.get(key)
    if (group === undefined) {
      if (groups.size >= maxGroups) putOut()
      group = { index: target.index, group: correlation.groupBy.map((field, at) => ({ field, value: texts[at] as string })), touched: clock, kept: [] }
    }
    const high = Math.max(...group.kept.map((kept) => kept.time), time)
    if (time < high - keepOf(target.index)) {
      late += 1
      return null
    }
    group.touched = clock
    groups.delete(key)
    groups.set(key, group)
    group.kept.push({ time, ref: event.ref, place: target.place, value })
    group.kept = group.kept.filter((kept) => kept.time >= high - keepOf(target.index)).toSorted((a, b) => a.time - b.time)
    const ends = [...new Set(group.kept.map((kept) => kept.time))].filter((end) => end >= time && end <= time + correlation.timespan)
    for (const end of ends.toReversed()) {
      const window = group.kept.filter((kept) => kept.time >= end - correlation.timespan && kept.time <= end)
      const measured = measure(correlation, window)
      if (measured.holds) {
        return { correlation, time: end, from: end - correlation.timespan, group: group.group, value: measured.value, refs: window.slice(-MAX_REFS).map((kept) => kept.ref), refsTotal: window.length }
      }
    }
    return null
  }
  function putOut(): void {
    let stalest: [string, Group] | null = null
    for (const entry of groups) {
      const [, group] = entry
      if (stalest === null || group.touched < stalest[1].touched || (group.touched === stalest[1].touched && group.index < stalest[1].index)) stalest = entry
    }
    if (stalest === null) return
    groups.delete(stalest[0])
    evicted += 1
    options.onEvicted?.(1)
  }

  return {
    add(event) {
      const matches: CorrelationMatch[] = []
      const time = Math.floor(event.time)
      if (!(Math.abs(time) <= MAX_TIME)) {
        late += 1
        return matches
      }
      clock = Math.max(clock, time)
      const give = (id: string, at: number, own: CorrelationMatch['group'] | null, after: number): CorrelationMatch[] =>
        (targets.get(id) ?? []).flatMap((target) => (target.index <= after ? [] : take(target, event, at, own) ?? []))
      let round = give(event.ruleId, time, null, -1)
      while (round.length > 0) {
        matches.push(...round)
        const firsts = round.filter((match, at, of) => of.findIndex((other) => other.correlation === match.correlation) === at)
        round = firsts.flatMap((match) => give(match.correlation.id, match.time, match.group, correlations.indexOf(match.correlation)))
      }
      return matches
    },
    stats: () => ({ groups: groups.size, evicted, late, forgotten: 0, bytes: 0 }),
  }
}

/** What a correlation counts of an occurrence; null = it is none for it. */
function valueOf(correlation: Correlation, target: Target, read: (name: string) => unknown): string | number | null {
  switch (correlation.type) {
    case 'event_count': case 'temporal': case 'temporal_ordered': return 0
    case 'value_count': {
      const texts = target.valueOf.map((name) => textOf(read(name)))
      return texts.includes(null) ? null : JSON.stringify(texts)
    }
    case 'value_sum': case 'value_avg': case 'value_median': case 'value_percentile': return numberOf(read(target.valueOf[0] as string))
    default: return correlation.type satisfies never
  }
}

function measure(correlation: Correlation, window: readonly Kept[]): { value: number; holds: boolean } {
  const { condition } = correlation
  const rules = rulesOf(correlation)
  const numbers = (): number[] => window.map((kept) => kept.value as number)
  const bounded = (value: number) => ({ value, holds: condition.kind === 'bounds' && withinBounds(condition.bounds, value) })
  switch (correlation.type) {
    case 'event_count': return bounded(window.length)
    case 'value_count': return bounded(new Set(window.map((kept) => kept.value)).size)
    case 'value_sum': return bounded(exactSum(numbers()))
    case 'value_avg': return bounded(exactSum(numbers()) / window.length)
    case 'value_median': case 'value_percentile': {
      const sorted = numbers().toSorted((a, b) => a - b)
      return bounded(percentileOf(sorted.length, correlation.type === 'value_median' ? 50 : correlation.percentile ?? 50, (k) => sorted[k] as number))
    }
    case 'temporal': case 'temporal_ordered': {
      const occurred = new Set(window.map((kept) => rules[kept.place]))
      const value = correlation.type === 'temporal' ? occurred.size : longestOrder(rules.length, window)
      if (condition.kind === 'expression') return { value, holds: value === occurred.size && expressionHolds(condition.expression, (id) => occurred.has(id)) }
      return bounded(value)
    }
    default: return correlation.type satisfies never
  }
}

/** How many of the rules occurred one not before the other in the order of the rules: the largest choice of them for which taking the earliest each time succeeds. */
function longestOrder(rules: number, window: readonly Kept[]): number {
  let longest = 0
  for (let chosen = 1; chosen < 2 ** rules; chosen++) {
    let from = -Infinity
    let length = 0
    for (let place = 0; place < rules; place++) {
      if ((chosen & (1 << place)) === 0) continue
      from = Math.min(...window.filter((kept) => kept.place === place && kept.time >= from).map((kept) => kept.time))
      length += 1
    }
    if (from < Infinity) longest = Math.max(longest, length)
  }
  return longest
}

/** The sum of all, rounded once. */
export function exactSum(numbers: readonly number[]): number {
  const view = new DataView(new ArrayBuffer(8))
  let sum = 0n
  for (const number of numbers) {
    view.setFloat64(0, number)
    const bits = view.getBigUint64(0)
    const exponent = Number((bits >> 52n) & 0x7ffn)
    const fraction = bits & 0xfffffffffffffn
    // In units of 2^-1074, the smallest that there is.
    const units = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1)
    sum += number < 0 ? -units : units
  }
  const size = sum < 0n ? -sum : sum
  const shift = Math.max(0, size.toString(2).length - 64)
  const top = (size >> BigInt(shift)) | (size % (1n << BigInt(shift)) === 0n ? 0n : 1n)
  const half = Math.floor(shift / 2)
  const rounded = Number(top) * 2 ** (half - 537) * 2 ** (shift - half - 537)
  return sum < 0n ? -rounded : rounded
}
