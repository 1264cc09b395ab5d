import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeywords } from './keywords.ts'

function found(keywords: readonly string[], bytes: Uint8Array): string[] {
  const places: string[] = []
  let last = 0
  createKeywords(keywords).search(bytes, (keyword, start) => {
    places.push(`${start}:${keyword}`)
    const end = start + Math.min(keywords[keyword]!.length, 8)
    if (end < last) throw new Error('not in the order of the text')
    last = end
  })
  return places.toSorted()
}

/** Letter by letter, each keyword by itself. */
function naively(keywords: readonly string[], bytes: Uint8Array): string[] {
  const lower = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  const text = lower(Buffer.from(bytes).toString('latin1'))
  return keywords.flatMap((keyword, number) => {
    const places: string[] = []
    for (let at = text.indexOf(lower(keyword)); at !== -1; at = text.indexOf(lower(keyword), at + 1)) places.push(`${at}:${number}`)
    return places
  }).toSorted()
}

const letters = fc.constantFrom('a', 'B', 'b', 'c', '_', '\u00ff', '\u0000')
const keyword = fc.array(letters, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))

test('as each keyword is found by itself, so they are found together', () => {
  fc.assert(fc.property(fc.uniqueArray(keyword, { minLength: 1, maxLength: 12 }), fc.array(fc.oneof(letters, keyword), { maxLength: 200 }), (keywords, parts) => {
    const bytes = Buffer.from(parts.join(''), 'latin1')
    expect(found(keywords, bytes)).toEqual(naively(keywords, bytes))
  }))
})

test('where a text is long enough to be read in several places at once', () => {
  fc.assert(fc.property(fc.uniqueArray(keyword, { minLength: 1, maxLength: 12 }), fc.array(fc.oneof(letters, keyword), { minLength: 20, maxLength: 60 }), fc.integer({ min: 1, max: 3_000 }), (keywords, parts, times) => {
    const text = parts.join('')
    const bytes = Buffer.from(text.repeat(Math.ceil((400 * times) / text.length)).slice(0, 400 * times + 3).slice(0, 200_000), 'latin1')
    const count = new Map<string, number>()
    const all = found(keywords, bytes)
    for (const place of all) count.set(place, (count.get(place) ?? 0) + 1)
    expect(all.length).toBe(count.size)
    expect(all).toEqual(naively(keywords, bytes))
  }), { numRuns: 15 })
})

test('a keyword that stands across places where reading begins', () => {
  const word = 'abcdefghij'
  const one = createKeywords([word])
  for (let at = 0; at < 4_096 - word.length; at += 1) {
    const bytes = Buffer.alloc(4_096, ' ')
    bytes.write(word, at, 'latin1')
    const places: number[] = []
    one.search(bytes, (_, start) => { places.push(start) })
    expect(places).toEqual([at])
  }
})
