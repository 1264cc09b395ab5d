import { expect, test } from 'vitest'
import fc from 'fast-check'
import { daysOf, metricsOf, statistics, windowOf } from './metrics.ts'
import type { Figured } from './store.ts'

const minute = 60_000
const now = Date.parse('2026-03-20T00:00:00Z')
const window = { from: Date.parse('2026-03-01T00:00:00Z'), to: now, zone: 'UTC' }
const nothing = { truePositive: 0, benign: 0, falsePositive: 0, other: 0, suppressed: 0 }
const incident = (id: string, clocks: Partial<Figured['clocks']>, rest: Partial<Figured> = {}): Figured => ({
  id, severity: 'high', verdict: 'true_positive', backfill: false, ...rest,
  clocks: { t0: now - 100 * minute, t3: now - 90 * minute, t4: null, t8: null, t8a: null, t9: null, t9n: null, t10: null, t11: null, pauses: [], ...clocks },
})

test('figures by hand', () => {
  const t3 = now - 90 * minute
  const metrics = metricsOf([
    incident('a', { t0: t3 - 10 * minute, t4: t3 + 5 * minute, t8: t3 + 6 * minute, t8a: t3 + 16 * minute, t9: t3 + 20 * minute, t9n: t3 + 40 * minute, t11: t3 + 60 * minute }),
    incident('b', { t0: t3 - 25 * minute, t4: t3 + 2 * minute, t10: t3 + 30 * minute }),
    incident('c', { t0: t3 - 1_000 * minute, t4: t3 + minute }, { verdict: 'false_positive' }),
    incident('d', { t0: t3 - 9_000 * minute, t4: t3 + minute }, { backfill: true }),
    incident('e', { t0: t3 + 5 * minute }, { verdict: 'true_positive' }),
  ], { truePositive: 5, benign: 1, falsePositive: 3, other: 2, suppressed: 7 }, window, now, 'en')
  expect(metrics).toMatchObject({ mttd_minutes: 11.7, mttr_minutes: 25, mtta_minutes: 2.7, mttc_minutes: 40, approval_latency_minutes: 10, incidents_count: 4, false_positive_rate: 33.3 })
  expect(metrics.definitions['mttd_minutes']).toMatchObject({ status: 'ok', unit: 'minutes', mean: 11.7, median: 10, p90: 22, n: 3, records: ['a', 'b', 'e'], left_out: { backfill: 1, not_confirmed: 1, not_reached: 0 } })
  expect(metrics.definitions['mttr_minutes']).toMatchObject({ n: 2, records: ['a', 'b'], left_out: { backfill: 1, not_reached: 2 } })
  expect(metrics.definitions['false_positive_rate']).toMatchObject({ n: 9, left_out: { other_verdicts: 2, suppressed: 7 } })
  expect(metrics.definitions['coverage']?.status).toBe('not_available')
})

test('nothing measured is null and says so, never 0', () => {
  const metrics = metricsOf([], nothing, window, now, 'ko')
  expect([metrics.mttd_minutes, metrics.mttr_minutes, metrics.mtta_minutes, metrics.mttc_minutes, metrics.false_positive_rate, metrics.sla.high.attainment]).toEqual([null, null, null, null, null, null])
  expect(metrics.incidents_count).toBe(0)
  expect(metrics.definitions['mttd_minutes']?.status).toBe('no_data')
  expect(Object.values(metrics.definitions).every(({ definition }) => /[가-힣]/.test(definition))).toBe(true)
})

test('service levels by severity: met, breached, overdue while open, and what is still pending is neither', () => {
  const t3 = now - 100 * minute
  const { sla, definitions } = metricsOf([
    incident('met', { t3, t4: t3 + 20 * minute, t11: t3 + 80 * minute }),
    incident('late', { t3, t4: t3 + 31 * minute, t11: t3 + 80 * minute }),
    incident('overdue', { t3 }),
    incident('pending', { t3, t4: t3 + minute }),
    incident('waited', { t3, t4: t3 + 50 * minute, t11: t3 + 90 * minute, pauses: [{ from: t3 + 10 * minute, to: t3 + 40 * minute, reason: 'approval' }] }),
    incident('low', { t3, t4: t3 + 200 * minute, t11: t3 + 300 * minute }, { severity: 'low' }),
  ], nothing, window, now, 'en')
  expect(sla.high).toEqual({ respond_target_minutes: 30, resolve_target_minutes: 480, met: 2, breached: 2, attainment: 50 })
  expect(sla.low).toMatchObject({ met: 1, breached: 0, attainment: 100, respond_target_minutes: 240, resolve_target_minutes: 4_320 })
  expect(sla.critical).toMatchObject({ met: 0, breached: 0, attainment: null, respond_target_minutes: 15, resolve_target_minutes: 240 })
  expect(definitions['sla']).toMatchObject({ n: 5, left_out: { pending: 1 } })
})

test('a thousand records are named, all are counted', () => {
  const metrics = metricsOf(Array.from({ length: 1_500 }, (_, i) => incident(`i${i}`, { t4: now })), nothing, window, now, 'en')
  expect([metrics.definitions['mtta_minutes']?.n, metrics.definitions['mtta_minutes']?.records.length]).toEqual([1_500, 1_000])
})

test('median and percentile lie among the values, and their order does not matter', () => {
  expect(statistics([1, 2, 3, 4])).toEqual({ mean: 2.5, median: 2.5, p90: 3.7, n: 4 })
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
    const { mean, median, p90, n } = statistics(values)
    const [least, most] = [Math.min(...values) - 0.051, Math.max(...values) + 0.051]
    for (const figure of [mean, median, p90]) {
      expect(figure).toBeGreaterThanOrEqual(least)
      expect(figure).toBeLessThanOrEqual(most)
    }
    expect(p90).toBeGreaterThanOrEqual(median!)
    expect(n).toBe(values.length)
    expect(statistics(values.toReversed())).toMatchObject({ median, p90 })
  }))
})

test('the window that nobody names is the month of the zone', () => {
  const at = Date.parse('2026-03-31T15:30:00Z')
  expect(windowOf({ zone: 'UTC' }, at)).toEqual({ from: Date.parse('2026-03-01T00:00:00Z'), to: at, zone: 'UTC' })
  expect(windowOf({ zone: 'Asia/Seoul' }, at).from).toBe(Date.parse('2026-03-31T15:00:00Z'))
  expect(windowOf({ zone: 'UTC', to: Date.parse('2026-02-01T00:00:00Z') }, at).from).toBe(Date.parse('2026-01-01T00:00:00Z'))
  expect(() => windowOf({ zone: 'UTC', from: at + 1 }, at)).toThrow(expect.objectContaining({ code: 'window_in_future' }))
  expect(() => windowOf({ zone: 'UTC', from: at, to: at }, at)).toThrow(expect.objectContaining({ code: 'window_reversed' }))
  expect(() => windowOf({ zone: 'Nowhere' }, at)).toThrow(expect.objectContaining({ code: 'parameter_invalid' }))
})

test('days follow each other without a gap in every zone, also where clocks change and midnight is skipped', () => {
  const hours = ({ boundaries }: { boundaries: number[] }) => boundaries.slice(1).map((end, i) => (end - boundaries[i]!) / 3_600_000)
  expect(hours(daysOf({ from: Date.parse('2026-03-27T12:00:00Z'), to: Date.parse('2026-03-30T12:00:00Z'), zone: 'Europe/Berlin' }))).toEqual([24, 24, 23, 24])
  expect(hours(daysOf({ from: Date.parse('2026-10-24T12:00:00Z'), to: Date.parse('2026-10-26T12:00:00Z'), zone: 'Europe/Berlin' }))).toEqual([24, 25, 24])
  fc.assert(fc.property(fc.constantFrom('UTC', 'Asia/Seoul', 'America/New_York', 'Africa/Cairo', 'Asia/Beirut', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
    fc.integer({ min: 0, max: 3_650 }), fc.integer({ min: 1, max: 40 }), (zone, start, length) => {
      const from = Date.parse('2020-01-01T05:00:00Z') + start * 86_400_000
      const to = from + length * 86_400_000
      const { days, boundaries } = daysOf({ from, to, zone })
      expect(boundaries).toHaveLength(days.length + 1)
      expect(boundaries[0]).toBeLessThanOrEqual(from)
      expect(boundaries.at(-1)).toBeGreaterThanOrEqual(to)
      for (const span of hours({ boundaries })) expect([23, 23.5, 24, 24.5, 25]).toContain(span)
      const date = new Intl.DateTimeFormat('en-CA', { timeZone: zone })
      days.forEach((day, i) => {
        expect(date.format(boundaries[i])).toBe(day)
        expect(date.format(boundaries[i + 1]! - 1)).toBe(day)
      })
    }), { numRuns: 200 })
})
