import { describe as group, expect, test } from 'vitest'
import { describe, errorTable, HaechiError } from './errors.ts'
import type { ErrorCode } from './errors.ts'

const entries = Object.entries(errorTable) as [ErrorCode, { status: number; retry: boolean; en: string; ko: string }][]
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

group('the table', () => {
  test('is not empty, and every code is snake_case', () => {
    expect(entries.length).toBeGreaterThan(20)
    for (const [code] of entries) expect(code).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
  })
  test.each(entries)('%s', (_, entry) => {
    expect(entry.status).toBeGreaterThanOrEqual(400)
    expect(entry.status).toBeLessThan(600)
    // The same facts in both languages.
    expect(placeholders(entry.ko)).toEqual(placeholders(entry.en))
    expect(entry.ko).toMatch(/[가-힣]/)
    expect(entry.en).not.toMatch(/[가-힣]/)
    // One sentence or more, each ended by the next; the last without a full stop in either language, formal in Korean.
    for (const text of [entry.en, entry.ko]) expect(text).not.toMatch(/^\s|\s$|\.$/)
    expect(entry.ko).toMatch(/(니다|십시오|[})])$|: \S|: \{/)
  })
})

test('a text is filled from params, and a missing one stays visible', () => {
  expect(describe('not_found', { what: 'key {x} $1' }, 'en')).toBe('There is no key {x} $1')
  expect(describe('not_found', {}, 'ko')).toContain('{what}')
  expect(new HaechiError('not_found', { what: 'site' }).message).toBe('There is no site')
  const cause = new Error('x')
  expect(new HaechiError('internal', { incident: 'err_1' }, { cause }).cause).toBe(cause)
})
