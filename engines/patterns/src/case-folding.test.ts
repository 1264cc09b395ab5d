import { expect, test } from 'vitest'
import { withOtherCases } from './case-folding.ts'
import { negate, within } from './ranges.ts'

/** As V8 compares by `iu`. */
const casesOf = (point: number, among: readonly number[]): number[] => {
  const same = new RegExp(String.raw`^\u{${point.toString(16)}}$`, 'iu')
  return among.filter((other) => same.test(String.fromCodePoint(other)))
}
const points = (ranges: readonly number[]): number[] => {
  const found: number[] = []
  for (let at = 0; at < ranges.length; at += 2) for (let point = ranges[at]!; point <= ranges[at + 1]!; point += 1) found.push(point)
  return found
}
const among = points([0, 0x24F, 0x370, 0x3FF, 0x1E00, 0x1EFF, 0x2100, 0x214F, 0xFF00, 0xFF5F])

test('each letter of Latin-1 has the other cases that Unicode folds to it', () => {
  for (let point = 0; point < 256; point += 1) expect([point, points(withOtherCases([point, point]))]).toEqual([point, casesOf(point, among)])
})

test('as letter by letter, so in ranges', () => {
  for (const [from, to] of [[0x40, 0x5B], [0x61, 0x7A], [0x20, 0xFF], [0xB0, 0xE6], [0xD0, 0xDA], [0xF0, 0xFF]] as const) {
    expect(points(withOtherCases([from, to]))).toEqual([...new Set(points([from, to]).flatMap((point) => casesOf(point, among)))].toSorted((a, b) => a - b))
  }
})

test('blocks without case have none', () => {
  for (const ranges of [[0xAC00, 0xD7A3], [0x3040, 0x30FF], [0x4E00, 0x9FFF], [0xFF1A, 0xFF1A]]) expect(withOtherCases(ranges)).toEqual(ranges)
})

test('all but a letter holds that letter where another case of it is left', () => {
  for (const letter of ['a', 'k', 'S', 'Z', '0', '\n']) {
    const all = withOtherCases(negate([letter.codePointAt(0)!, letter.codePointAt(0)!]))
    expect([letter, within(letter.codePointAt(0)!, all)]).toEqual([letter, letter !== '0' && letter !== '\n'])
  }
})
