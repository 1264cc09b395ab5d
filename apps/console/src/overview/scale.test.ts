import fc from 'fast-check'
import { expect, it } from 'vitest'
import { niceCeiling } from './scale.ts'

it('is at least the value, at most 2.5 times it, and a round number', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), (value) => {
    const top = niceCeiling(value)
    expect(top).toBeGreaterThanOrEqual(value)
    expect(top).toBeLessThanOrEqual(Math.max(4, value * 2.5))
    expect(String(top)).toMatch(/^([125]0*|4)$/)
  }))
  expect(niceCeiling(0)).toBe(4)
})
