// What the fast matcher remembers has bounds; behind them it forgets, learns again, and says the same.
import { describe, expect, test } from 'vitest'
import { createMatcher, createPlainMatcher, parse } from '../index.ts'
import { agreed, batchOf, ruleOf } from './fast.fixture.ts'

describe('what is remembered has bounds, and behind them the answers are the same', () => {
  const letters = 'abcdefghijklmnopqr'.split('')
  const subset = (bits: number): string[] => letters.filter((_, place) => ((bits >> place) & 1) === 1)
  const chunks = <T>(list: readonly T[], size: number): T[][] => Array.from({ length: Math.ceil(list.length / size) }, (_, place) => list.slice(place * size, (place + 1) * size))

  test('more combinations', () => {
    const text = [ruleOf('few', { ...Object.fromEntries(letters.map((letter) => [`s_${letter}`, { [letter]: 1 }])), condition: 's_a and s_b and not (s_c or s_d) and s_r and s_q and s_p' }), ruleOf('pair', { s: { c: 1, d: 1 }, n: { e: 1 }, m: { f: null }, condition: 's and not n and m' }),
      ruleOf('all', { ...Object.fromEntries(letters.map((letter) => [`s_${letter}`, { [letter]: 1 }])), condition: 'all of s_*' }),
      ruleOf('gone', { s: { z: null, a: 1, b: 1, r: 1 }, n: { 'z|contains': 'never', 'q': 1 }, condition: 's and not n' })].join('\n---\n')
    const events = Array.from({ length: 2 ** 18 }, (_, bits) => ({ ...(bits % 3 === 0 ? {} : { z: 'there' }), ...Object.fromEntries(subset(bits).map((letter) => [letter, 1])) }))
    const { rules } = parse(text, 'r.yml')
    const matcher = createMatcher(rules)
    const found = chunks(events, 2 ** 14).flatMap((some, chunk) => matcher.match(batchOf(some).bytes, {}).map(({ rule, eventIndex }) => `${chunk * 2 ** 14 + eventIndex} ${rule.id}`))
    const few = (bits: number): boolean => (bits & 0b1111) === 0b11 && bits >> 15 === 0b111
    const expected = events.flatMap((event, index) => [...(few(index) ? [`${index} few`] : []), ...('c' in event && 'd' in event && !('e' in event) && !('f' in event) ? [`${index} pair`] : []), ...(index === 2 ** 18 - 1 ? [`${index} all`] : []), ...('a' in event && 'b' in event && 'r' in event && !('z' in event) ? [`${index} gone`] : [])])
    expect(found).toEqual(expected)
    const some = events.filter((_, bits) => bits % 97 === 0)
    expect(matcher.match(batchOf(some).bytes, {}).map(({ rule, eventIndex, matched }) => [rule.id, eventIndex, matched])).toEqual(createPlainMatcher(rules).match(batchOf(some).bytes, {}).map(({ rule, eventIndex, matched }) => [rule.id, eventIndex, matched]))
  }, 60_000)

  test('more sets of what one value meets, of values that come twice', () => {
    const text = [ruleOf('three', { 's': { 'f|contains|all': ['<a', '<g', '<m'] }, 'n': { 'f|contains': ['<b', '<c'] }, 'condition': 's and not n' }), ruleOf('one', { s: { 'f|contains': letters.map((letter) => `<${letter}`) }, condition: 'not s' })].join('\n---\n')
    const values = Array.from({ length: 2 ** 17 }, (_, bits) => subset(bits).map((letter) => `<${letter}`).join(''))
    const { rules } = parse(text, 'r.yml')
    const matcher = createMatcher(rules)
    const found = chunks(values, 2 ** 13).flatMap((some, chunk) => matcher.match(batchOf(some.flatMap((f) => [{ f }, { f }])).bytes, {}).map(({ rule, eventIndex }) => `${chunk * 2 ** 14 + eventIndex} ${rule.id}`))
    expect(found).toEqual(values.flatMap((f, index) => [...(/<a.*<g.*<m/.test(f) && !/<[bc]/.test(f) ? ['three'] : []), ...(f === '' ? ['one'] : [])].flatMap((id) => [`${index * 2} ${id}`, `${index * 2 + 1} ${id}`])))
  }, 60_000)

  test('more values of a field, repeated and not, than are remembered', () => {
    const text = ['7', '*77*', '5000', '*x'].map((f) => ruleOf(f, { s: { f }, condition: 's' })).join('\n---\n')
    const seven = Array.from({ length: 20_000 }, (_, index) => ({ f: index }))
    const mixed = Array.from({ length: 20_000 }, (_, index) => ({ f: index % 3 === 0 ? 'x' : `${index % 9000}` }))
    agreed(text, [batchOf([...mixed, ...seven, ...mixed]), batchOf(Array.from({ length: 30_000 }, (_, index) => ({ f: index >> 1 }))), batchOf(mixed)])
  }, 60_000)

  test('more log sources, each stated by events', () => {
    const sources = Array.from({ length: 300 }, (_, index) => ({ product: `p${index % 60}`, category: `c${index % 7}`, service: `s${index % 11}` }))
    const text = [...sources.map((source, index) => ruleOf(`r${index}`, { s: { 'f|contains': `v${index % 10}`, 'g': [null, `w${index % 3}`] }, condition: 's' }, source)), ruleOf('all', { s: ['v1'], condition: 's' }, { category: 'c1' })].join('\n---\n')
    const events = Array.from({ length: 4000 }, (_, index) => ({ product: `p${index % 1700}`, category: `c${index % 9}`, f: `a v${index % 13}`, ...(index % 2 === 0 ? {} : { g: `w${index % 4}` }), ...(index % 5 === 0 ? { service: `s${index % 13}` } : {}) }))
    const [found] = agreed(text, [batchOf([...events, ...events], 'detect')])
    expect(found?.length).toBeGreaterThan(200)
  }, 60_000)

  test('more names of keys', () => {
    const text = [ruleOf('plain', { s: { 'k7.x': 1 }, condition: 's' }), ruleOf('spaced', { s: { j24999: 1 }, condition: 's' })].join('\n---\n')
    const events = Array.from({ length: 25_000 }, (_, index) => ({ [`k${index}`]: { x: 1 }, [`j ${index}`]: 1 }))
    const [found] = agreed(text, [batchOf([...events, ...events])])
    expect(found?.map(({ id, eventIndex }) => `${eventIndex} ${id}`)).toEqual(['7 plain', '24999 spaced', '25007 plain', '49999 spaced'])
  }, 60_000)
})
