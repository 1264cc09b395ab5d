import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldCase } from './fold.ts'
import { createLiteralSet } from './index.ts'

test('each literal that stands in the text, and no other', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'É', 'é', 'σ', 'ς', 's', '😀', ' '), maxLength: 5 })
  fc.assert(fc.property(fc.array(word, { maxLength: 12 }), fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', 'É', 'é', 'ς', 'ſ', 'S', '😀', ' '), maxLength: 80 }), fc.boolean(), (literals, text, ignoreCase) => {
    const same = ignoreCase ? foldCase : (one: string): string => one
    expect(createLiteralSet(literals, { ignoreCase }).find(text)).toEqual(literals.flatMap((literal, number) => (same(text).includes(same(literal)) ? [number] : [])))
  }), { numRuns: 2000 })
})
