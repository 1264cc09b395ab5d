import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latest, parts, readMonth, step } from './months.ts'

test('months step over the end of a year and back', () => {
  expect(step('2026-12', 1)).toBe('2027-01')
  expect(step('2026-01', -1)).toBe('2025-12')
  expect(latest('2026-02', 3)).toEqual(['2026-02', '2026-01', '2025-12'])
  expect(parts('2026-03')).toEqual({ year: 2026, month: 3 })
  fc.assert(fc.property(fc.integer({ min: -600, max: 600 }), (by) => { expect(step(step('2026-11', by), -by)).toBe('2026-11') }))
})

test('what the address says is taken only when it is a month that has begun', () => {
  const today = '2026-11-22 03:00:00'
  expect(readMonth('2026-03', today)).toBe('2026-03')
  for (const wrong of [undefined, '', '2026-13', '2026-12', '26-1', '2026-1', 'x']) expect(readMonth(wrong, today)).toBe('2026-11')
})
