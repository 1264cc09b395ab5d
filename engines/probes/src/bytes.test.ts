import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, readable } from './bytes.ts'

test('a text becomes bytes and readable again, once or twice', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    expect(readable(bytesOf(text))).toBe(text)
  }))
  for (const text of ['가', '급여.xlsx', 'customers', 'é가']) expect(readable(readable(bytesOf(text)))).toBe(text)
  expect(readable('\xff\xfe')).toBe('\xff\xfe')
})
