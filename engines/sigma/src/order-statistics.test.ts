import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'
import { freeNumbers, numberAt, withNumber, withoutNumber } from './order-statistics.ts'

test('the k-th number is that of a sorted array, whatever came and went', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0))), { maxLength: 200, size: 'max' }), (steps) => {
    const heap = new Heap(2 ** 18)
    const free = heap.alloc(2 ** 16)
    heap.free(free)
    let root = 0
    let sorted: number[] = []
    for (const [step, number] of steps) {
      const gone = step === 0 ? sorted[Math.abs(Math.floor(number)) % sorted.length] : undefined
      if (gone !== undefined) {
        root = withoutNumber(heap, root, gone)
        sorted.splice(sorted.indexOf(gone), 1)
      } else {
        root = withNumber(heap, root, number)
        sorted = [...sorted, number].toSorted((a, b) => a - b)
      }
      expect(sorted.map((_, k) => numberAt(heap, root, k))).toEqual(sorted)
    }
    freeNumbers(heap, root)
    expect(heap.alloc(2 ** 16)).toBe(free)
  }), { numRuns: 200 })
})

test('without room nothing changes', () => {
  const heap = new Heap(4096)
  let root = 0
  let many = 0
  for (; ; many++) {
    const next = withNumber(heap, root, many)
    if (next === -1) break
    root = next
  }
  expect(many).toBeGreaterThan(50)
  expect(withNumber(heap, root, 3)).toBe(root)
  expect(Array.from({ length: many + 1 }, (_, k) => numberAt(heap, root, k))).toEqual([0, 1, 2, 3, ...Array.from({ length: many - 3 }, (_, k) => k + 3)])
})

test('numbers in order do not make it deep', () => {
  const heap = new Heap(2 ** 26)
  let root = 0
  for (let number = 0; number < 200_000; number++) root = withNumber(heap, root, number)
  const depth = (at: number): number => (at === 0 ? 0 : 1 + Math.max(depth(heap.i32[at + 2] as number), depth(heap.i32[at + 3] as number)))
  expect(depth(root)).toBeLessThan(100)
  expect(numberAt(heap, root, 123_456)).toBe(123_456)
})
