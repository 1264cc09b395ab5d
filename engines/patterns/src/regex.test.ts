import { expect, test } from 'vitest'
import { PatternError, compileRegex } from './index.ts'

const spans = (source: string, text: string): [number, string][] => compileRegex(source).all(text).map(({ index, groups }) => [index, groups[0] as string])

test('matches follow each other as Go finds them', () => {
  expect(spans('a*', 'baac')).toEqual([[0, ''], [1, 'aa'], [4, '']])
  expect(spans('', '😀b')).toEqual([[0, ''], [2, ''], [3, '']])
  expect(spans('^a', 'aaa')).toEqual([[0, 'a']])
  expect(spans('(?m)$', 'a\nb')).toEqual([[1, ''], [3, '']])
})

test('replacements are written as Go expands them', () => {
  expect(compileRegex('(?P<key>\\w+)=(\\w+)').replaceAll('a=1, b=2', '$2:${key}$$ $2x|')).toBe('1:a$ |, 2:b$ |')
  expect(compileRegex('a*').replaceAll('baac', 'x')).toBe('xbxcx')
  expect(compileRegex('').replaceAll('😀b', '-')).toBe('-😀-b-')
  expect(compileRegex('a').replaceAll('a', '$ ${ $10')).toBe('$ ${ ')
})

test('what Go refuses is refused', () => {
  for (const source of ['(', 'a**', '(?<=a)b', 'a{1001}', '\\Z', '(?x)a', '[z-a]', '\\8', '(?P=n)']) expect(() => compileRegex(source), source).toThrow(PatternError)
})
