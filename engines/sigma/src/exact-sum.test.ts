import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactSum } from './correlator-plain.ts'
import { SUM_BYTES, addTo, clearSum, sumIn } from './exact-sum.ts'
import { Heap } from './heap.ts'

const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constantFrom(0.1, 0.2, -0.3, 1e308, -1e308, 5e-324, -5e-324, 2 ** 53, 2 ** -1022, 1 + 2 ** -52, 1.7976931348623157e308))
const sumOf = (numbers: readonly number[], gone: readonly number[] = []): number => {
  const heap = new Heap(65_536)
  const sum = heap.alloc(SUM_BYTES)
  clearSum(heap, sum)
  for (const one of [...numbers, ...gone]) addTo(heap, sum, one, 1)
  for (const one of gone) addTo(heap, sum, one, -1)
  return sumIn(heap, sum)
}

test('a sum is the rounding of the exact one, in any order, also after others came and went', () => {
  fc.assert(fc.property(fc.array(number, { maxLength: 30, size: 'max' }), fc.array(number, { maxLength: 10 }), (numbers, gone) => {
    const expected = exactSum(numbers)
    expect(sumOf(numbers, gone) + 0).toBe(expected + 0)
    expect(sumOf(numbers.toReversed(), gone) + 0).toBe(expected + 0)
  }), { numRuns: 3000 })
})

test('the oracle itself: sums that are known', () => {
  expect(exactSum([0.1, 0.2])).toBe(0.30000000000000004)
  expect(exactSum([0.1, 0.2, -0.1])).toBe(0.2)
  expect(exactSum([1e308, 1e308, -1e308])).toBe(1e308)
  expect(exactSum([1e308, 1e308])).toBe(Infinity)
  expect(exactSum([2 ** 53, 1])).toBe(2 ** 53)
  expect(exactSum([2 ** 53, 1, 5e-324])).toBe(2 ** 53 + 2)
  expect(exactSum([5e-324, 5e-324])).toBe(1e-323)
  expect(exactSum([])).toBe(0)
})

test('carries are moved before digits run over', () => {
  const heap = new Heap(65_536)
  const sum = heap.alloc(SUM_BYTES)
  clearSum(heap, sum)
  const many = 3_000_001
  for (let at = 0; at < many; at++) addTo(heap, sum, Number.MAX_SAFE_INTEGER, 1)
  expect(sumIn(heap, sum)).toBe(Number(BigInt(many) * BigInt(Number.MAX_SAFE_INTEGER)))
  // What is left shows the last digits.
  for (let at = 1; at < many; at++) addTo(heap, sum, Number.MAX_SAFE_INTEGER, -1)
  expect(sumIn(heap, sum)).toBe(Number.MAX_SAFE_INTEGER)
})
