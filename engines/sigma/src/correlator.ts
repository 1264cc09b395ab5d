// The fast correlator: every group's occurrences in a ring ordered by time, with what its window counts kept up to date as occurrences enter and leave it.
// Invariants: it answers what the plain one answers (correlator.integration.test.ts); all state is in one heap below `maxBytes`; what a window counts follows from its
// occurrences alone, so that a saved state holds only these and going on from it is as never having stopped.
import type { Fields } from '@haechi/records'
import { CorrelatorError, StateReader, StateWriter, definitionOf } from './correlator-state.ts'
import { SUM_BYTES, addTo, clearSum, sumIn } from './exact-sum.ts'
import { Heap } from './heap.ts'
import { KeyTable } from './key-table.ts'
import { DEFAULT_LATENESS, DEFAULT_MAX_BYTES, DEFAULT_MAX_GROUPS, MAX_REFS, MAX_TIME, expressionHolds, numberOf, percentileOf, rawOf, rulesOf, targetsOf, textOf, withinBounds } from './occurrence.ts'
import type { CorrelationMatch, Correlator, CorrelatorOptions, Target } from './occurrence.ts'
import { freeNumbers, numberAt, withNumber, withoutNumber } from './order-statistics.ts'
import type { Correlation } from './rule.ts'

// A group's block, in words. The first two are the key table's.
const RING = 2
const CAPACITY = 3
const HEAD = 4
const LENGTH = 5
/** Where the window begins in the ring; it ends with it. */
const LOW = 6
const BEFORE = 7
const NEXT = 8
/** The number of different values, the root of the ordered numbers, or the block of the exact sum or of what occurred when. */
const MORE = 9
/** Doubles: the clock when the group was last added to; the sum while it is of whole numbers. */
const TOUCHED = 10
const SUM = 12
const GROUP_BYTES = 56
// A value's block: how often it is in the ring and how often in the window.
const KEPT = 2
const INSIDE = 3
const VALUE_BYTES = 16

/** Owners of keys: groups are their correlation's, values their group's. Places of blocks are multiples of 4, so these are never the same. */
const ownerOf = (index: number): number => index * 4 + 1

/** Rings from this power of two of bytes on are large: they hardly find room between other blocks. */
const LARGE = 12
const orderOf = (bytes: number): number => Math.ceil(Math.log2(bytes))

/** What a window counts. `order`: what is between its numbers; `seen`: which rules occurred when. */
type Kind = 'count' | 'distinct' | 'sum' | 'order' | 'seen'
type Kept = {
  index: number
  correlation: Correlation
  kind: Kind
  timespan: number
  /** How long occurrences stay: the timespan and the lateness. */
  keep: number
  /** Doubles an occurrence takes: its time, its ref and what is counted of it. */
  stride: 2 | 3
  rules: readonly string[]
  ordered: boolean
  percentile: number
  /** Below so many occurrences the condition cannot hold. */
  fewest: number
  /** Groups by when they were last added to. */
  first: number
  last: number
  groups: number
}

/** Thrown and caught here: a group that cannot get the room that it needs, though it is the last. */
class NoRoom extends Error {}

/**
 * Runs correlations as `link` gave them: with ids for references, each after what it refers to. What they mean where the specification (2.1.0, SEP #198) leaves a choice is in
 * the README. `options`: room and lateness. Not shared between threads; `add` costs a microsecond, a late event in a full window as many steps as the window has.
 */
export function createCorrelator(correlations: readonly Correlation[], options: CorrelatorOptions = {}): Correlator {
  const totals = { evicted: 0, late: 0, forgotten: 0 }
  let state = openState(correlations, options, totals)
  return {
    add: (occurrence) => state.add(occurrence.ruleId, occurrence.time, occurrence.fields, occurrence.ref),
    save: () => state.save(),
    restore(bytes) {
      const next = openState(correlations, options, totals)
      next.load(bytes)
      state = next
    },
    stats: () => ({ ...state.size(), ...totals }),
  }
}

function openState(correlations: readonly Correlation[], options: CorrelatorOptions, totals: { evicted: number; late: number; forgotten: number }) {
  const { maxGroups = DEFAULT_MAX_GROUPS, maxBytes = DEFAULT_MAX_BYTES, lateness = DEFAULT_LATENESS, onEvicted } = options
  const heap = new Heap(maxBytes)
  const table = new KeyTable(heap)
  const targets = targetsOf(correlations)
  const all = correlations.map((correlation, index): Kept => {
    const { type, timespan } = correlation
    const rules = rulesOf(correlation)
    const kind = kindOf(type)
    return {
      index, correlation, kind, timespan, keep: timespan + lateness, stride: kind === 'count' ? 2 : 3, rules, ordered: type === 'temporal_ordered',
      percentile: type === 'value_percentile' ? correlation.percentile ?? 50 : 50, fewest: kind === 'count' || kind === 'distinct' ? fewestOf(correlation) : 0,
      first: 0, last: 0, groups: 0,
    }
  })
  const placeOf = new Map(correlations.map((correlation, index) => [correlation, index]))
  let groups = 0
  let clock = -Infinity

  // --- groups -----------------------------------------------------------------------------------------------------------------------------------------

  function unlink(of: Kept, group: number): void {
    const { i32 } = heap
    const before = i32[group + BEFORE] as number
    const next = i32[group + NEXT] as number
    if (before === 0) of.first = next
    else i32[before + NEXT] = next
    if (next === 0) of.last = before
    else i32[next + BEFORE] = before
  }
  function linkLast(of: Kept, group: number): void {
    const { i32 } = heap
    i32[group + BEFORE] = of.last
    i32[group + NEXT] = 0
    if (of.last === 0) of.first = group
    else i32[of.last + NEXT] = group
    of.last = group
  }

  function drop(of: Kept, group: number): void {
    if (of.kind === 'distinct') for (let place = heap.i32[group + LENGTH] as number; place-- > 0;) release(heap.f64[recordAt(of, group, place) + 2] as number)
    const more = heap.i32[group + MORE] as number
    if (of.kind === 'order') freeNumbers(heap, more)
    else if (of.kind !== 'distinct' && more !== 0) heap.free(more)
    if (heap.i32[group + RING] !== 0) heap.free(heap.i32[group + RING] as number)
    unlink(of, group)
    table.remove(group)
    heap.free(group)
    of.groups -= 1
    groups -= 1
  }

  /** Forgets the groups to which nothing was added for as long as their occurrences count. They stand in that order: no others are looked at. */
  function expire(of: Kept): void {
    for (;;) {
      const group = of.first
      if (group === 0 || (heap.f64[group + TOUCHED >> 1] as number) + of.keep >= clock) return
      drop(of, group)
    }
  }

  /** Puts out the group to which nothing was added for longest; false when there is none but this one. */
  function evict(except: number): boolean {
    let stalest: Kept | null = null
    let oldest = Infinity
    for (const of of all) {
      if (of.first === 0 || of.first === except) continue
      const touched = heap.f64[of.first + TOUCHED >> 1] as number
      if (stalest !== null && touched >= oldest) continue
      stalest = of
      oldest = touched
    }
    if (stalest === null) return false
    drop(stalest, stalest.first)
    totals.evicted += 1
    onEvicted?.(1)
    return true
  }

  /** A block, for which as many others go as it takes; 0 when all of them would not do. */
  function room(bytes: number, except: number): number {
    for (;;) {
      const at = heap.alloc(bytes)
      if (at !== 0) return at
      if (!evictStale(except)) return 0
    }
  }
  function evictStale(except: number): boolean {
    const before = groups
    for (const of of all) if (of.first !== except) expire(of)
    return groups < before || evict(except)
  }

  /** A new group under the key that the table is about. */
  function create(of: Kept): number {
    if (groups >= maxGroups) {
      for (const each of all) expire(each)
      if (groups >= maxGroups) evict(0)
    }
    const group = room(GROUP_BYTES, 0)
    if (group === 0) throw new NoRoom()
    while (!table.insert(group)) {
      if (evictStale(0)) continue
      heap.free(group)
      throw new NoRoom()
    }
    heap.i32.fill(0, group + RING, group + (GROUP_BYTES >> 2))
    linkLast(of, group)
    of.groups += 1
    groups += 1
    return group
  }

  // --- a group's occurrences --------------------------------------------------------------------------------------------------------------------------

  /** Where an occurrence stands among the doubles. `place` counts from the oldest. */
  function recordAt(of: Kept, group: number, place: number): number {
    const { i32 } = heap
    let at = (i32[group + HEAD] as number) + place
    const capacity = i32[group + CAPACITY] as number
    if (at >= capacity) at -= capacity
    return ((i32[group + RING] as number) >> 1) + at * of.stride
  }
  const timeAt = (of: Kept, group: number, place: number): number => heap.f64[recordAt(of, group, place)] as number

  function moveRing(of: Kept, group: number, ring: number): void {
    const length = heap.i32[group + LENGTH] as number
    const bytes = heap.sizeOf(ring)
    let to = ring >> 1
    for (let place = 0; place < length; place++, to += of.stride) {
      const from = recordAt(of, group, place)
      for (let part = 0; part < of.stride; part++) heap.f64[to + part] = heap.f64[from + part] as number
    }
    const { i32 } = heap
    if (i32[group + RING] !== 0) heap.free(i32[group + RING] as number)
    i32[group + RING] = ring
    i32[group + CAPACITY] = Math.floor(bytes / (of.stride * 8))
    i32[group + HEAD] = 0
  }

  /** Puts an occurrence in before the one at `place`. */
  function put(of: Kept, group: number, place: number, time: number, ref: number, counted: number): number {
    let at = place
    if (heap.i32[group + LENGTH] === heap.i32[group + CAPACITY]) {
      const ring = heap.i32[group + RING] as number
      const larger = room(ring === 0 ? of.stride * 8 : heap.sizeOf(ring) * 2, group)
      if (larger !== 0) moveRing(of, group, larger)
      else {
        // It fills all room there is alone: the older half of it goes.
        const many = Math.ceil((heap.i32[group + LENGTH] as number) / 2)
        if (many === 0) {
          if (of.kind === 'distinct') release(counted)
          throw new NoRoom()
        }
        forget(of, group, many)
        if (of.kind === 'seen') seeAll(of, group)
        totals.forgotten += many
        at = Math.max(0, at - many)
      }
    }
    const length = heap.i32[group + LENGTH] as number
    heap.i32[group + LENGTH] = length + 1
    for (let move = length; move > at; move--) {
      const to = recordAt(of, group, move)
      const from = recordAt(of, group, move - 1)
      for (let part = 0; part < of.stride; part++) heap.f64[to + part] = heap.f64[from + part] as number
    }
    const { f64 } = heap
    const record = recordAt(of, group, at)
    f64[record] = time
    f64[record + 1] = ref
    if (of.stride === 3) f64[record + 2] = counted
    return at
  }

  /** Takes the oldest out. */
  function forget(of: Kept, group: number, many: number): void {
    for (let place = 0; place < many; place++) {
      if (place >= (heap.i32[group + LOW] as number)) leave(of, group, place)
      if (of.kind === 'distinct') release(heap.f64[recordAt(of, group, place) + 2] as number)
    }
    const { i32 } = heap
    const capacity = i32[group + CAPACITY] as number
    i32[group + HEAD] = ((i32[group + HEAD] as number) + many) % capacity
    i32[group + LENGTH] = (i32[group + LENGTH] as number) - many
    i32[group + LOW] = Math.max(0, (i32[group + LOW] as number) - many)
    const ring = i32[group + RING] as number
    if (capacity >= 32 && (i32[group + LENGTH] as number) * 8 <= capacity) {
      const smaller = heap.alloc(heap.sizeOf(ring) >> 2)
      if (smaller !== 0) moveRing(of, group, smaller)
    }
  }

  // --- what a window counts ---------------------------------------------------------------------------------------------------------------------------

  function enter(of: Kept, group: number, place: number): void {
    if (of.kind === 'count' || of.kind === 'seen') return
    const counted = heap.f64[recordAt(of, group, place) + 2] as number
    if (of.kind === 'distinct') {
      const { i32 } = heap
      const inside = i32[counted + INSIDE] as number
      i32[counted + INSIDE] = inside + 1
      if (inside === 0) i32[group + MORE] = (i32[group + MORE] as number) + 1
    } else if (of.kind === 'sum') add(of, group, counted, 1)
    else {
      for (;;) {
        const root = withNumber(heap, heap.i32[group + MORE] as number, counted)
        if (root !== -1) {
          heap.i32[group + MORE] = root
          return
        }
        if (!evictStale(group)) throw new NoRoom()
      }
    }
  }

  function leave(of: Kept, group: number, place: number): void {
    if (of.kind === 'count' || of.kind === 'seen') return
    const counted = heap.f64[recordAt(of, group, place) + 2] as number
    if (of.kind === 'distinct') {
      const { i32 } = heap
      const inside = (i32[counted + INSIDE] as number) - 1
      i32[counted + INSIDE] = inside
      if (inside === 0) i32[group + MORE] = (i32[group + MORE] as number) - 1
    } else if (of.kind === 'sum') add(of, group, counted, -1)
    else heap.i32[group + MORE] = withoutNumber(heap, heap.i32[group + MORE] as number, counted)
  }

  /** Whole numbers are summed as they are, as long as doubles hold their sums exactly; then, and fractions, as wide as it takes. */
  function add(of: Kept, group: number, number: number, times: 1 | -1): void {
    const sum = heap.i32[group + MORE] as number
    if (sum !== 0) {
      addTo(heap, sum, number, times)
      return
    }
    const before = heap.f64[group + SUM >> 1] as number
    const after = before + times * number
    if (Number.isInteger(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER && Math.abs(after) <= Number.MAX_SAFE_INTEGER) {
      heap.f64[group + SUM >> 1] = after
      return
    }
    const wide = room(SUM_BYTES, group)
    if (wide === 0) throw new NoRoom()
    heap.i32[group + MORE] = wide
    clearSum(heap, wide)
    addTo(heap, wide, before, 1)
    addTo(heap, wide, number, times)
  }

  /** One occurrence less of a value. */
  function release(value: number): void {
    const kept = (heap.i32[value + KEPT] as number) - 1
    heap.i32[value + KEPT] = kept
    if (kept > 0) return
    table.remove(value)
    heap.free(value)
  }

  /** The value under the key that the table is about, with one occurrence more. */
  function valueFor(group: number): number {
    let value = table.find()
    if (value === 0) {
      value = room(VALUE_BYTES, group)
      if (value === 0) throw new NoRoom()
      heap.i32[value + KEPT] = 0
      heap.i32[value + INSIDE] = 0
      while (!table.insert(value)) {
        if (evictStale(group)) continue
        heap.free(value)
        throw new NoRoom()
      }
    }
    heap.i32[value + KEPT] = (heap.i32[value + KEPT] as number) + 1
    return value
  }

  // Temporal ones need no window: a rule is in it if it last occurred after its beginning. Ordered ones also keep, for every rule and length, when the latest
  // chain of that many rules began that ends with it; a chain is in the window if it began in it.
  function clearSeen(of: Kept, group: number): void {
    let seen = heap.i32[group + MORE] as number
    const many = of.rules.length
    const doubles = of.ordered ? many + many * many : many
    if (seen === 0) {
      seen = room(doubles * 8, group)
      if (seen === 0) throw new NoRoom()
      heap.i32[group + MORE] = seen
    }
    heap.f64.fill(-Infinity, seen >> 1, (seen >> 1) + doubles)
  }
  function see(of: Kept, group: number, place: number, time: number): void {
    const { f64 } = heap
    const seen = (heap.i32[group + MORE] as number) >> 1
    const many = of.rules.length
    f64[seen + place] = time
    if (!of.ordered) return
    // Rules further on that occurred at the same time follow it: what happens at one time is in order.
    for (let at = place; at < many; at++) {
      if (f64[seen + at] !== time) continue
      const chains = seen + many + at * many
      if (at === place) f64[chains] = time
      for (let length = 1; length <= at; length++) {
        let begun = f64[chains + length] as number
        for (let before = length - 1; before < at; before++) {
          const other = f64[seen + many + before * many + length - 1] as number
          if (other > begun) begun = other
        }
        f64[chains + length] = begun
      }
    }
  }

  function seeAll(of: Kept, group: number): void {
    clearSeen(of, group)
    for (let place = 0; place < (heap.i32[group + LENGTH] as number); place++) see(of, group, heap.f64[recordAt(of, group, place) + 2] as number, timeAt(of, group, place))
  }

  let root = 0
  const kth = (k: number): number => numberAt(heap, root, k)

  /** What is counted of the window of so many occurrences that begins at `from`; whether it holds is `holds`. */
  let holds = false
  function measure(of: Kept, group: number, count: number, from: number): number {
    const { condition } = of.correlation
    let value = 0
    switch (of.kind) {
      case 'count': value = count; break
      case 'distinct': value = heap.i32[group + MORE] as number; break
      case 'sum': {
        const wide = heap.i32[group + MORE] as number
        const sum = wide === 0 ? heap.f64[group + SUM >> 1] as number : sumIn(heap, wide)
        value = of.correlation.type === 'value_avg' ? sum / count : sum
        break
      }
      case 'order':
        root = heap.i32[group + MORE] as number
        value = percentileOf(count, of.percentile, kth)
        break
      case 'seen': return measureSeen(of, group, from)
      default: return of.kind satisfies never
    }
    holds = condition.kind === 'bounds' && withinBounds(condition.bounds, value)
    return value
  }
  function measureSeen(of: Kept, group: number, from: number): number {
    const { f64 } = heap
    const { condition } = of.correlation
    const seen = (heap.i32[group + MORE] as number) >> 1
    const many = of.rules.length
    let occurred = 0
    for (let place = 0; place < many; place++) if ((f64[seen + place] as number) >= from) occurred += 1
    let value = occurred
    if (of.ordered) {
      value = 0
      for (let place = 0; place < many; place++) {
        const chains = seen + many + place * many
        for (let length = place; length >= value; length--) {
          if ((f64[chains + length] as number) < from) continue
          value = length + 1
          break
        }
      }
    }
    holds = condition.kind === 'expression'
      ? value === occurred && expressionHolds(condition.expression, (id) => (f64[seen + of.rules.indexOf(id)] ?? -Infinity) >= from)
      : withinBounds(condition.bounds, value)
    return value
  }

  // --- an occurrence ----------------------------------------------------------------------------------------------------------------------------------

  /** What the occurrence at hand has in the fields of `group-by`, and in those that are counted. */
  const texts: string[] = []
  const values: string[] = []
  function read(names: readonly string[], fields: Fields, own: CorrelationMatch['group'] | null, into: string[]): boolean {
    into.length = names.length
    for (let at = 0; at < names.length; at++) {
      const text = textOf(rawOf(fields, own, names[at] as string))
      if (text === null) return false
      into[at] = text
    }
    return true
  }

  function take(target: Target, time: number, fields: Fields, ref: number, own: CorrelationMatch['group'] | null): CorrelationMatch | null {
    const of = all[target.index] as Kept
    let counted = target.place
    if (of.kind === 'distinct') {
      if (!read(target.valueOf, fields, own, values)) return null
    } else if (of.kind === 'sum' || of.kind === 'order') {
      const number = numberOf(rawOf(fields, own, target.valueOf[0] as string))
      if (number === null) return null
      counted = number
    }
    if (!read(target.groupBy, fields, own, texts)) return null
    table.begin(ownerOf(of.index))
    for (const text of texts) table.addText(text)
    expire(of)
    let group = table.find()
    try {
      if (group === 0) group = create(of)
      else if (time < timeAt(of, group, (heap.i32[group + LENGTH] as number) - 1) - of.keep) {
        totals.late += 1
        return null
      }
      heap.f64[group + TOUCHED >> 1] = clock
      if (of.last !== group) {
        unlink(of, group)
        linkLast(of, group)
      }
      if (of.kind === 'distinct') {
        table.begin(group)
        for (const text of values) table.addText(text)
        counted = valueFor(group)
      }
      return insert(of, group, time, ref, counted)
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error
      if (group !== 0) drop(of, group)
      totals.evicted += 1
      onEvicted?.(1)
      return null
    }
  }

  function insert(of: Kept, group: number, time: number, ref: number, counted: number): CorrelationMatch | null {
    const length = heap.i32[group + LENGTH] as number
    if (length > 0 && time < timeAt(of, group, length - 1)) return insertLate(of, group, time, ref, counted)
    append(of, group, time, ref, counted)
    const low = heap.i32[group + LOW] as number
    const high = heap.i32[group + LENGTH] as number
    const value = measure(of, group, high - low, time - of.timespan)
    return holds ? matchOf(of, group, low, high, value) : null
  }

  /** Puts the youngest of a group in. */
  function append(of: Kept, group: number, time: number, ref: number, counted: number): void {
    if (of.kind === 'seen' && heap.i32[group + MORE] === 0) clearSeen(of, group)
    put(of, group, heap.i32[group + LENGTH] as number, time, ref, counted)
    const last = (heap.i32[group + LENGTH] as number) - 1
    enter(of, group, last)
    if (of.kind === 'seen') see(of, group, counted, time)
    let low = heap.i32[group + LOW] as number
    while (timeAt(of, group, low) < time - of.timespan) leave(of, group, low++)
    heap.i32[group + LOW] = low
    let old = 0
    while (timeAt(of, group, old) < time - of.keep) old += 1
    if (old > 0) forget(of, group, old)
  }
  /** Puts one in that is older than the youngest. All windows may hold it that end from its time on, as long as they reach back to it: the latest of them that holds counts. */
  function insertLate(of: Kept, group: number, time: number, ref: number, counted: number): CorrelationMatch | null {
    const at = put(of, group, placeAfter(of, group, time), time, ref, counted)
    const length = heap.i32[group + LENGTH] as number
    const low = heap.i32[group + LOW] as number
    const youngest = timeAt(of, group, length - 1)
    if (time < youngest - of.timespan) heap.i32[group + LOW] = low + 1
    else enter(of, group, at)
    const window = of.kind === 'seen' ? replay(of, group, time) : search(of, group, time)
    return window === null ? null : matchOf(of, group, window.low, window.high, window.value)
  }

  /** The first place whose time is above. */
  function placeAfter(of: Kept, group: number, time: number): number {
    let low = 0
    let high = heap.i32[group + LENGTH] as number
    while (low < high) {
      const middle = low + high >> 1
      if (timeAt(of, group, middle) <= time) low = middle + 1
      else high = middle
    }
    return low
  }
  /** The first place whose time is not below. */
  const placeFrom = (of: Kept, group: number, time: number): number => placeAfter(of, group, time - 0.5)

  /** Moves the window back over the ends that may hold, and then to where it was. */
  function search(of: Kept, group: number, time: number): { low: number; high: number; value: number } | null {
    const length = heap.i32[group + LENGTH] as number
    const home = heap.i32[group + LOW] as number
    const last = placeAfter(of, group, time + of.timespan)
    if (last - placeFrom(of, group, time - of.timespan) < of.fewest) return null
    let low = home
    let high = length
    const moveTo = (toLow: number, toHigh: number): void => {
      while (low > toLow) enter(of, group, --low)
      while (high < toHigh) enter(of, group, high++)
      while (high > toHigh) leave(of, group, --high)
      while (low < toLow) leave(of, group, low++)
    }
    let found: { low: number; high: number; value: number } | null = null
    for (let end = last; found === null && end > 0;) {
      const ends = timeAt(of, group, end - 1)
      if (ends < time) break
      moveTo(placeFrom(of, group, ends - of.timespan), end)
      const value = measure(of, group, high - low, ends - of.timespan)
      if (holds) found = { low, high, value }
      else end = placeFrom(of, group, ends)
    }
    moveTo(home, length)
    return found
  }

  /** Sees all occurrences of the group again in the order of time, as temporal ones cannot go back. */
  function replay(of: Kept, group: number, time: number): { low: number; high: number; value: number } | null {
    clearSeen(of, group)
    const length = heap.i32[group + LENGTH] as number
    let found: { low: number; high: number; value: number } | null = null
    for (let place = 0; place < length; place++) {
      const record = recordAt(of, group, place)
      const ends = heap.f64[record] as number
      see(of, group, heap.f64[record + 2] as number, ends)
      if (ends < time || ends > time + of.timespan || (place + 1 < length && timeAt(of, group, place + 1) === ends)) continue
      const value = measure(of, group, 0, ends - of.timespan)
      if (holds) found = { low: 0, high: place + 1, value }
    }
    if (found !== null) found.low = placeFrom(of, group, timeAt(of, group, found.high - 1) - of.timespan)
    return found
  }

  // --- a saved state: the occurrences of all groups ---------------------------------------------------------------------------------------------------

  function save(): Uint8Array {
    const writer = new StateWriter()
    for (const of of all) expire(of)
    writer.double(clock)
    saveRings(writer)
    writer.whole(all.length)
    for (const of of all) {
      writer.bytes(new TextEncoder().encode(of.correlation.id))
      writer.bytes(definitionOf(of.correlation))
      writer.part(() => saveGroups(of, writer))
    }
    return writer.finished()
  }
  /** Which large blocks the rings need, the largest first: taken in this order at the beginning, they find room where they had it, whatever stands between them later. */
  function saveRings(writer: StateWriter): void {
    const orders: number[] = []
    for (const of of all) {
      for (let group = of.first; group !== 0; group = heap.i32[group + NEXT] as number) {
        const order = orderOf((heap.i32[group + LENGTH] as number) * of.stride * 8)
        if (order >= LARGE) orders.push(order)
      }
    }
    writer.whole(orders.length)
    for (const order of orders.toSorted((a, b) => b - a)) writer.whole(order)
  }
  function loadRings(reader: StateReader): Map<number, number[]> {
    const rings = new Map<number, number[]>()
    for (let left = reader.whole(); left > 0; left--) {
      const order = reader.whole()
      reader.check(order >= LARGE && order < 32)
      const ring = heap.alloc(2 ** order)
      if (ring === 0) continue
      const known = rings.get(order)
      if (known === undefined) rings.set(order, [ring])
      else known.push(ring)
    }
    return rings
  }
  function saveGroups(of: Kept, writer: StateWriter): void {
    let touched = 0
    let ref = 0
    writer.whole(of.groups)
    for (let group = of.first; group !== 0; group = heap.i32[group + NEXT] as number) {
      writer.words(table.wordsOf(group))
      writer.signed((heap.f64[group + TOUCHED >> 1] as number) - touched)
      touched = heap.f64[group + TOUCHED >> 1] as number
      let time = touched
      const length = heap.i32[group + LENGTH] as number
      writer.whole(length)
      const values = new Map<number, number>()
      for (let place = 0; place < length; place++) {
        const record = recordAt(of, group, place)
        writer.signed((heap.f64[record] as number) - time)
        time = heap.f64[record] as number
        writer.signed((heap.f64[record + 1] as number) - ref)
        ref = heap.f64[record + 1] as number
        if (of.kind === 'count') continue
        const counted = heap.f64[record + 2] as number
        if (of.kind === 'seen') writer.whole(counted)
        else if (of.kind !== 'distinct') writer.double(counted)
        else {
          const known = values.get(counted)
          writer.whole(known ?? values.size)
          if (known !== undefined) continue
          writer.words(table.wordsOf(counted))
          values.set(counted, values.size)
        }
      }
    }
  }

  /** Into a state that is empty. */
  function load(bytes: Uint8Array): void {
    const reader = new StateReader(bytes)
    const known = new Map(all.map((of) => [`${of.correlation.id} ${hexOf(definitionOf(of.correlation))}`, of]))
    clock = reader.double()
    reader.check(!Number.isNaN(clock))
    const rings = loadRings(reader)
    const many = reader.whole()
    for (let each = 0; each < many; each++) {
      const of = known.get(`${new TextDecoder().decode(reader.bytes())} ${hexOf(reader.bytes())}`)
      reader.part(of === undefined ? null : () => loadGroups(of, reader, rings))
    }
    for (const unused of rings.values()) for (const ring of unused) heap.free(ring)
    reader.finish()
  }
  function loadGroups(of: Kept, reader: StateReader, rings: ReadonlyMap<number, number[]>): void {
    let touched = 0
    let ref = 0
    for (let left = reader.whole(); left > 0; left--) {
      table.begin(ownerOf(of.index))
      table.addWords(reader.words())
      reader.check(table.find() === 0)
      let group = 0
      try {
        group = create(of)
      } catch (error) {
        if (!(error instanceof NoRoom)) throw error
      }
      touched += reader.signed()
      reader.check(Math.abs(touched) <= MAX_TIME && touched <= clock)
      if (group !== 0) heap.f64[group + TOUCHED >> 1] = touched
      let time = touched
      const values: Int32Array[] = []
      const length = reader.whole()
      const ring = group === 0 ? undefined : rings.get(orderOf(length * of.stride * 8))?.pop()
      if (ring !== undefined) moveRing(of, group, ring)
      for (let more = length, youngest = -Infinity; more > 0; more--) {
        time += reader.signed()
        ref += reader.signed()
        reader.check(time >= youngest && Math.abs(time) <= MAX_TIME && ref >= 0 && ref <= MAX_TIME)
        youngest = time
        let counted = 0
        if (of.kind === 'seen') {
          counted = reader.whole()
          reader.check(counted < of.rules.length)
        } else if (of.kind === 'sum' || of.kind === 'order') {
          counted = reader.double()
          reader.check(Number.isFinite(counted))
        } else if (of.kind === 'distinct') {
          counted = reader.whole()
          reader.check(counted <= values.length)
          if (counted === values.length) values.push(reader.words())
        }
        if (group === 0) continue
        try {
          if (of.kind === 'distinct') {
            table.begin(group)
            table.addWords(values[counted] as Int32Array)
            counted = valueFor(group)
          }
          append(of, group, time, ref, counted)
        } catch (error) {
          if (!(error instanceof NoRoom)) throw error
          drop(of, group)
          totals.evicted += 1
          group = 0
        }
      }
    }
  }

  function matchOf(of: Kept, group: number, low: number, high: number, value: number): CorrelationMatch {
    const { correlation } = of
    const refs: number[] = []
    for (let place = Math.max(low, high - MAX_REFS); place < high; place++) refs.push(heap.f64[recordAt(of, group, place) + 1] as number)
    const time = timeAt(of, group, high - 1)
    return { correlation, time, from: time - of.timespan, group: correlation.groupBy.map((field, at) => ({ field, value: texts[at] as string })), value, refs, refsTotal: high - low }
  }

  return {
    add(ruleId: string, at: number, fields: Fields, ref: number): CorrelationMatch[] {
      const found: CorrelationMatch[] = []
      const direct = targets.get(ruleId)
      const time = Math.floor(at)
      if (!(Math.abs(time) <= MAX_TIME)) {
        totals.late += 1
        return found
      }
      if (!(Number.isInteger(ref) && ref >= 0 && ref <= MAX_TIME)) throw new CorrelatorError('ref_invalid', `the number of an event is whole, 0 to 2^52, not ${ref}`)
      if (time > clock) clock = time
      if (direct === undefined) return found
      for (const target of direct) {
        const match = take(target, time, fields, ref, null)
        if (match !== null) found.push(match)
      }
      if (found.length > 0) passOn(found, fields, ref)
      return found
    },
    save,
    load,
    size() {
      for (const of of all) expire(of)
      return { groups, bytes: heap.bytes }
    },
  }

  /**
   * What was found goes to the correlations that refer to it, what they find too: round after round, in each of which a correlation passes on once.
   * One that refers comes after what it refers to, so the rounds end.
   */
  function passOn(found: CorrelationMatch[], fields: Fields, ref: number): void {
    const passed = new Set<number>()
    let round = found.length
    for (let at = 0; at < found.length; at++) {
      if (at === round) {
        passed.clear()
        round = found.length
      }
      const match = found[at] as CorrelationMatch
      const index = placeOf.get(match.correlation) as number
      if (passed.has(index)) continue
      passed.add(index)
      for (const target of targets.get(match.correlation.id) ?? []) {
        if (target.index <= index) continue
        const next = take(target, match.time, fields, ref, match.group)
        if (next !== null) found.push(next)
      }
    }
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function kindOf(type: Correlation['type']): Kind {
  switch (type) {
    case 'event_count': return 'count'
    case 'value_count': return 'distinct'
    case 'value_sum': case 'value_avg': return 'sum'
    case 'value_median': case 'value_percentile': return 'order'
    case 'temporal': case 'temporal_ordered': return 'seen'
    default: return type satisfies never
  }
}

function fewestOf({ condition }: Correlation): number {
  if (condition.kind !== 'bounds') return 0
  return Math.max(0, ...condition.bounds.map(({ operator, value }) => (operator === 'gte' || operator === 'gt' || operator === 'eq' ? value : 0)))
}
