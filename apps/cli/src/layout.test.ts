import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bar, byteSize, columnWidths, cut, padEnd, padStart, safe, table, widthOf } from './layout.ts'

const anyText = fc.string({ unit: fc.oneof(fc.constantFrom('a', ' ', '한', '글', '漢', 'é', '👩‍💻', '🇰🇷', '\u1112\u1161\u11ab', 'ｱ', 'Ａ', '…', '\u0301'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), maxLength: 30 })

describe('width', () => {
  test.each([['abc', 3], ['한글', 4], ['漢字', 4], ['Ａ', 2], ['ｱ', 1], ['é', 1], ['e\u0301', 1], ['👩‍💻', 2], ['🇰🇷', 2], ['\u1112\u1161\u11ab', 2], ['…', 1], ['', 0], ['❤️', 2]])('%s takes %i cells', (text, cells) => {
    expect(widthOf(text)).toBe(cells)
  })

  test('a cut text fits, and is whole when it fitted before', () => {
    fc.assert(fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, cells) => {
      const short = cut(text, cells)
      expect(widthOf(short)).toBeLessThanOrEqual(cells)
      if (widthOf(text) <= cells) expect(short).toBe(text)
      else if (cells > 0) expect(short.endsWith('…')).toBe(true)
    }))
  })

  test('a padded text has the width asked for', () => {
    fc.assert(fc.property(anyText, fc.integer({ min: 0, max: 80 }), (text, cells) => {
      for (const pad of [padEnd, padStart]) expect(widthOf(pad(text, cells))).toBe(Math.max(cells, widthOf(text)))
    }))
  })
})

describe('safe', () => {
  test('no text commands the terminal or reorders what stands beside it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(safe(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u)
      expect(safe(text).isWellFormed()).toBe(true)
    }))
    expect(safe('a\u001b[31mb\nc\u202e')).toBe('a\\u001b[31mb c\\u202e')
  })
})

describe('table', () => {
  const columns = [{ title: '시각', fixed: true }, { title: 'HOST' }, { title: '메시지' }] as const
  test('stands in columns with Hangul in it', () => {
    expect(table(columns, [['09:00', '서버-01', '로그인 실패'], ['09:01', 'WS-12', 'ok']], 40)).toEqual(['시각   HOST     메시지', '09:00  서버-01  로그인 실패', '09:01  WS-12    ok'])
  })

  test('no line is wider than the terminal as long as it has room for every column', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constant('09:00:00'), anyText, anyText), { maxLength: 8 }), fc.integer({ min: 8 + 2 * 2 + 2 * 8, max: 200 }), (rows, width) => {
      for (const line of table(columns, rows, width)) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }))
  })

  test('nothing is cut where nothing has to be', () => {
    fc.assert(fc.property(fc.array(fc.tuple(anyText, anyText), { minLength: 1, maxLength: 8 }), (rows) => {
      const widths = columnWidths([{ title: '' }, { title: '' }], rows, Infinity)
      for (const row of rows) row.forEach((cell, at) => { expect(widthOf(cell)).toBeLessThanOrEqual(widths[at] ?? 0) })
    }))
  })

  test('the widest column gives way first', () => {
    expect(columnWidths([{ title: 'A' }, { title: 'B' }], [['x'.repeat(10), 'y'.repeat(50)]], 42)).toEqual([10, 30])
  })
})

test('byteSize', () => {
  expect([0, 999, 1_000, 12_345_678, 999_999_999].map(byteSize)).toEqual(['0 B', '999 B', '1.0 kB', '12.3 MB', '1.0 GB'])
})

test('a bar always has its length', () => {
  fc.assert(fc.property(fc.double({ min: -1, max: 2, noNaN: true }), fc.integer({ min: 1, max: 60 }), (share, cells) => { expect(widthOf(bar(share, cells))).toBe(cells) }))
})
