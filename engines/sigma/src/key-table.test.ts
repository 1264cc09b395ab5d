import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'
import { KeyTable } from './key-table.ts'

const text = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 9 }), fc.constantFrom('', 'a', 'a\u0000', '\u0000a', 'ab', 'a\u0100', '값', 'ÿ', 'x'.repeat(40)))
test('a table finds what a Map of the same keys finds', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2 }), fc.array(text, { maxLength: 3 })), { maxLength: 150, size: 'max' }), fc.integer({ min: 2, max: 60 }), (steps, kib) => {
    const heap = new Heap(kib * 1024)
    const table = new KeyTable(heap)
    const oracle = new Map<string, number>()
    for (const [takeOut, owner, texts] of steps) {
      const key = JSON.stringify([owner, texts.map((part) => Array.from(part, (one) => one.codePointAt(0)))])
      const begin = (): void => {
        table.begin(owner)
        for (const part of texts) table.addText(part)
      }
      begin()
      const found = table.find()
      expect(found).toBe(oracle.get(key) ?? 0)
      if (found !== 0) {
        const words = table.wordsOf(found).slice()
        table.begin(owner)
        table.addWords(words)
        expect(table.find()).toBe(found)
        if (takeOut) {
          table.remove(found)
          heap.free(found)
          oracle.delete(key)
        }
        continue
      }
      begin()
      const block = heap.alloc(16)
      if (block === 0) continue
      if (table.insert(block)) oracle.set(key, block)
      else heap.free(block)
    }
  }), { numRuns: 300 })
})

test('texts of any length and characters are told apart', () => {
  const heap = new Heap(64 * 2 ** 20)
  const table = new KeyTable(heap)
  const texts = [...Array.from({ length: 300 }, (_, many) => 'x'.repeat(many)), ...Array.from({ length: 300 }, (_, many) => '값'.repeat(many + 1)), 'š`', 'aa', 'x'.repeat(2_000_000), `${'x'.repeat(1_999_999)}y`, `${'값'.repeat(500_000)}y`]
  const blocks = texts.map((one) => {
    table.begin(1)
    table.addText(one)
    expect(table.find()).toBe(0)
    const block = heap.alloc(16)
    expect(table.insert(block)).toBe(true)
    return block
  })
  for (const [at, one] of texts.entries()) {
    table.begin(1)
    table.addText(one)
    expect(table.find()).toBe(blocks[at])
  }
})

test('keys whose hashes are the same are told apart: of so many, some are', () => {
  const heap = new Heap(64 * 2 ** 20)
  const table = new KeyTable(heap)
  const hashes = new Set<number>()
  const many = 300_000
  for (let key = 0; key < many; key++) {
    table.begin(1)
    table.addText(String(key).padStart(8, '0'))
    if (table.find() !== 0) expect.fail(`${key} was taken for another`)
    const block = heap.alloc(16)
    table.insert(block)
    hashes.add(heap.i32[block] as number)
  }
  // 2^32 places, so about ten pairs; that there is none at all happens once in tens of thousands of runs.
  expect(hashes.size).toBeLessThan(many)
})
