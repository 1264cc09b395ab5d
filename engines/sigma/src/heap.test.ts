import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'

test('blocks never overlap, keep what is in them while the heap grows, and all of it comes back', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: -50, max: -1 })), { maxLength: 200, size: 'max' }), fc.integer({ min: 4096, max: 60_000 }), (steps, limit) => {
    const heap = new Heap(limit)
    const held: { at: number; words: number; mark: number }[] = []
    const look = ({ at, words, mark }: { at: number; words: number; mark: number }): void => {
      for (let word = 0; word < words; word++) if (heap.i32[at + word] !== mark) expect.fail(`the block at ${at} was written over`)
    }
    for (const [mark, step] of steps.entries()) {
      if (step > 0) {
        const at = heap.alloc(step)
        if (at === 0) continue
        expect(at % 4).toBe(0)
        expect(heap.sizeOf(at)).toBeGreaterThanOrEqual(step)
        const words = heap.sizeOf(at) >> 2
        heap.i32.fill(mark, at, at + words)
        held.push({ at, words, mark })
      } else if (held.length > 0) {
        const [gone] = held.splice(-step % held.length, 1) as [(typeof held)[number]]
        look(gone)
        heap.free(gone.at)
      }
      expect(heap.bytes).toBeLessThanOrEqual(limit)
    }
    for (const one of held) {
      look(one)
      heap.free(one.at)
    }
    // When all is free again it is in one piece: half of it can be had.
    const half = heap.alloc(2 ** Math.floor(Math.log2(limit / 17 * 16)) / 2)
    expect(half).not.toBe(0)
  }), { numRuns: 300 })
})

test('a full heap says so and works on', () => {
  const heap = new Heap(8192)
  const blocks: number[] = []
  for (let at = heap.alloc(64); at !== 0; at = heap.alloc(64)) blocks.push(at)
  expect(blocks.length).toBeGreaterThan(100)
  expect(blocks.length * 64).toBeLessThan(8192)
  expect(heap.alloc(2 ** 30)).toBe(0)
  heap.free(blocks[7] as number)
  expect(heap.alloc(64)).toBe(blocks[7])
})
