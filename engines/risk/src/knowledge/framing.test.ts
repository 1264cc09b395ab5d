import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { elementFramer, lineFramer } from './framing.ts'
import type { Frame, Framer } from './framing.ts'
import { longestEntry } from './reading.ts'

function framed(open: (take: (frame: Frame) => void) => Framer, text: string, cuts: readonly number[] = []): { frames: Frame[]; whole: boolean } {
  const frames: Frame[] = []
  const framer = open((frame) => frames.push(frame))
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
  for (const [at, from] of places.entries()) framer.write(text.slice(from, places[at + 1] ?? text.length))
  return { frames, ...framer.end() }
}

describe('a document', () => {
  test('gives its entries as they stand and itself without them', () => {
    const { frames, whole } = framed(elementFramer, '{"count": 2, "list": [{"a": "]}\\"{"}, {"b": [{"c": 1}]}], "note": "[{"}')
    expect(whole).toBe(true)
    expect(frames.map(({ text }) => text)).toEqual(['{"a": "]}\\"{"}', '{"b": [{"c": 1}]}', '{"count": 2, "list": [0, 0], "note": "[{"}'])
  })
  test('that ends early gives what was whole, and says so', () => {
    const { frames, whole } = framed(elementFramer, '{"list": [{"a": 1}, {"b": ')
    expect([frames.map(({ text }) => text), whole]).toEqual([['{"a": 1}', '{"list": [0, 0'], false])
    expect(framed(elementFramer, '{"list": [{"a": "').whole).toBe(false)
    expect(framed(elementFramer, '').whole).toBe(false)
  })
  test('an entry that is too long is cut, and the next one is read', () => {
    const { frames } = framed(elementFramer, `[{"a": "${'x'.repeat(longestEntry + 10)}"}, {"b": 1}]`, [1_000_000, 5_000_000, 9_000_000])
    expect(frames.map(({ tooLong, text }) => [tooLong, text.length <= 200 || text === '{"b": 1}'])).toEqual([[true, true], [false, true], [false, true]])
  })
  test('how it is cut into pieces changes nothing, and the entries are those that JSON says', () => {
    fc.assert(fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), { maxLength: 6 }), fc.string(), fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (list, note, cuts, pretty) => {
      const text = JSON.stringify({ note, list, after: note }, null, pretty ? 2 : 0)
      const one = framed(elementFramer, text, cuts)
      expect(one).toEqual(framed(elementFramer, text))
      expect(one.whole).toBe(true)
      expect(one.frames.slice(0, -1).map((frame): unknown => JSON.parse(frame.text))).toEqual(list.map((each): unknown => JSON.parse(JSON.stringify(each))))
    }), { numRuns: 500 })
  })
  test('any text is cut up without failing', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', 'x', '\n'), { maxLength: 60 }).map((parts) => parts.join('')), fc.array(fc.nat(), { maxLength: 5 }), (text, cuts) => {
      expect(framed(elementFramer, text, cuts)).toEqual(framed(elementFramer, text))
    }), { numRuns: 1_000 })
  })
})

describe('lines', () => {
  test('are numbered from 1, empty ones left out, a last one without its end taken', () => {
    expect(framed(lineFramer, 'a\n\r\n\nb\r\nc').frames.map(({ text, number }) => [text.trim(), number])).toEqual([['a', 1], ['b', 4], ['c', 5]])
  })
  test('how they are cut into pieces changes nothing', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', ' ', '한') }), fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
      expect(framed(lineFramer, text, cuts)).toEqual(framed(lineFramer, text))
    }), { numRuns: 500 })
  })
  test('one that is too long is cut, and the next one is read', () => {
    const { frames } = framed(lineFramer, `${'x'.repeat(longestEntry + 100)}\nshort`, [4_000_000, 8_388_700])
    expect(frames.map(({ tooLong, text }) => [tooLong, text.length])).toEqual([[true, 200], [false, 5]])
  })
})
