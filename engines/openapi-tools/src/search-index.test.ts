import fc from 'fast-check'
import { expect, it } from 'vitest'
import { buildTermIndex, saturation, score } from './search-index.ts'
import type { FieldWeight } from './search-index.ts'

/** BM25F as it is written down, entry by entry. */
function plainScore(entries: readonly (readonly (readonly string[])[])[], fields: readonly FieldWeight[], entry: readonly (readonly string[])[], terms: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const [term, weight] of terms) {
    const holding = entries.filter((other) => other.some((field) => field.includes(term))).length
    if (holding === 0) continue
    const rarity = Math.log(1 + (entries.length - holding + 0.5) / (holding + 0.5))
    let count = 0
    fields.forEach((field, i) => {
      const average = entries.reduce((all, other) => all + other[i]!.length, 0) / entries.length
      const times = entry[i]!.filter((other) => other === term).length
      if (times > 0) count += field.weight * times / (1 - field.length + field.length * entry[i]!.length / average)
    })
    sum += weight * rarity * count / (saturation + count)
  }
  return sum
}

const term = fc.constantFrom('user', 'group', 'list', 'mail', 'send', 'file', 'get')
const entry = fc.tuple(fc.array(term, { maxLength: 4 }), fc.array(term, { maxLength: 9 }))
const weight = fc.record({ weight: fc.double({ min: 0.1, max: 5, noNaN: true }), length: fc.double({ min: 0, max: 1, noNaN: true }) })

it('gives every entry what the plain formula gives it', () => {
  fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 20 }), fc.tuple(weight, weight), fc.uniqueArray(fc.tuple(term, fc.double({ min: 0.1, max: 1, noNaN: true })), { selector: ([name]) => name, maxLength: 5 }), (entries, fields, asked) => {
    const index = buildTermIndex(entries, fields)
    const scores = score(index, asked.flatMap(([name, share]) => (index.terms.includes(name) ? [[index.terms.indexOf(name), share] as const] : [])))
    entries.forEach((one, at) => { expect(scores[at]).toBeCloseTo(plainScore(entries, fields, one, new Map(asked)), 4) })
  }))
})

it('is plain data', () => {
  const index = buildTermIndex([[['user'], []], [['mail'], ['user']]], [{ weight: 2, length: 0.5 }, { weight: 1, length: 0.5 }])
  expect(structuredClone(index)).toEqual(index)
  expect([...score(structuredClone(index), [[0, 1]])]).toEqual([...score(index, [[0, 1]])])
})

it('holds nothing without entries', () => {
  expect(buildTermIndex([], [{ weight: 1, length: 0 }])).toMatchObject({ size: 0, terms: [] })
})
