import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filled, fixed, instantIn, shifted, windowOf, zoomedOut } from './range.ts'

const now = Date.parse('2026-11-22T04:00:00Z')
const instants = fc.integer({ min: Date.parse('2001-01-01'), max: Date.parse('2037-12-31') })

describe('a window', () => {
  it('is read back from its link', () => {
    fc.assert(fc.property(instants, fc.integer({ min: 1, max: 1e11 }), (from, length) => {
      expect(windowOf(fixed(from, from + length), now)).toEqual({ from, to: from + length, span: null })
    }))
  })
  it('is the last day where the link says nothing or nonsense', () => {
    const day = { from: now - 86_400_000, to: now, span: '24h' }
    expect(windowOf({}, now)).toEqual(day)
    expect(windowOf({ range: 'toString' }, now)).toEqual(day)
    expect(windowOf({ from: 'yesterday', to: 'today' }, now)).toEqual(day)
    expect(windowOf({ ...fixed(now, now + 5), to: new Date(now - 1).toISOString() }, now)).toEqual(day)
    expect(windowOf({ range: 'all' }, now)).toEqual({ from: null, to: null, span: 'all' })
  })
  it('doubles when zoomed out, contains what it was, and does not reach past now unless it did', () => {
    fc.assert(fc.property(instants, fc.integer({ min: 2, max: 1e10 }), (from, length) => {
      const to = from + length
      const out = zoomedOut({ from, to }, now)
      expect(out.from).toBeLessThanOrEqual(from)
      expect(out.to).toBeGreaterThanOrEqual(to)
      expect(Math.abs(out.to - out.from - 2 * length)).toBeLessThanOrEqual(2)
      expect(out.to).toBeLessThanOrEqual(Math.max(to, now))
      expect(shifted(shifted({ from, to }, -1), 1)).toEqual({ from, to })
    }))
  })
})

describe('buckets', () => {
  it('cover the window without gaps and keep every count', () => {
    fc.assert(fc.property(instants, fc.integer({ min: 1, max: 5e9 }), fc.constantFrom(60_000, 3_600_000, 86_400_000), fc.array(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), count: fc.integer({ min: 1, max: 99 }) })), (from, length, width, said) => {
      fc.pre(length / width < 1_500)
      const to = from + length
      const counts = new Map(said.map(({ at, count }) => [Math.floor((from + at * length) / width) * width, count]))
      const all = filled({ bucket_ms: width, buckets: [...counts].toSorted().map(([start, count]) => ({ start: new Date(start).toISOString(), count })) }, { from, to, span: null })
      expect(all[0]!.start).toBe(from)
      expect(all.at(-1)!.end).toBe(to)
      for (const [index, bucket] of all.slice(1).entries()) expect(bucket.start).toBe(all[index]!.end)
      expect(all.reduce((sum, { count }) => sum + count, 0)).toBe([...counts.values()].reduce((sum, count) => sum + count, 0))
    }))
  })
  it('of an open window reach from the first to the last that holds something', () => {
    expect(filled({ bucket_ms: 10, buckets: [{ start: new Date(20).toISOString(), count: 1 }, { start: new Date(40).toISOString(), count: 2 }] }, { from: null, to: null, span: 'all' }).map(({ start, count }) => [start, count])).toEqual([[20, 1], [30, 0], [40, 2]])
    expect(filled({ bucket_ms: 10, buckets: [] }, { from: null, to: null, span: 'all' })).toEqual([])
  })
})

describe('a time written in a zone', () => {
  it('is that instant', () => {
    expect(instantIn('2026-11-22T13:00', 'Asia/Seoul')).toBe(now)
    expect(instantIn('2026-11-22 04:00:00', 'UTC')).toBe(now)
    expect(instantIn('2026-07-01T00:00', 'America/New_York')).toBe(Date.parse('2026-07-01T04:00:00Z'))
    // An hour that is there twice, and one that is not there at all.
    expect(instantIn('2026-11-01T01:30', 'America/New_York')).toBe(Date.parse('2026-11-01T05:30:00Z'))
    expect(instantIn('2026-03-08T02:30', 'America/New_York')).not.toBeNull()
  })
  it('is none where it is no time', () => {
    for (const text of ['', 'now', '2026-13-01T00:00', '2026-11-22']) expect(instantIn(text, 'UTC')).toBeNull()
  })
})
