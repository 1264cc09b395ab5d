// Rules and events that are meant to stall the fast matcher, each beside an ordinary one in the same run.
import { describe, expect, test } from 'vitest'
import { createMatcher, createPlainMatcher, parse } from '../index.ts'
import type { MatchFault, Rule } from '../index.ts'

describe('nothing that a rule or an event holds stalls the fast matcher', () => {
  const MIB = 1_048_576
  const rule = (detection: unknown, condition = 's', logsource: unknown = { product: 'a' }): string => JSON.stringify({ title: 'x', logsource, detection: { s: detection, condition } })
  const rulesOf = (texts: readonly string[]): Rule[] => {
    const { rules, rejected } = parse(texts.join('\n---\n'), 'f.yml')
    expect(rejected).toEqual([])
    return rules
  }
  const batch = (events: readonly unknown[]): Buffer => Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))
  /** Milliseconds of the quicker of two runs, each with a matcher of its own. */
  const timed = (rules: readonly Rule[], bytes: Buffer, source: Parameters<ReturnType<typeof createMatcher>['match']>[1] = {}): number => Math.min(...[1, 2].map(() => {
    const matcher = createMatcher(rules)
    const from = performance.now()
    matcher.match(bytes, source)
    return performance.now() - from
  }))
  const ordinary = rulesOf([rule({ 'f|contains': ['needle', 'haystack', 'xyz'] })])
  const same = (text: string, length: number): string => text.repeat(length / text.length)
  /** What texts of 4 MiB cost an ordinary rule, in batches of one MiB. */
  const baseline = (): number => timed(ordinary, batch(Array.from({ length: 4 }, (_, index) => ({ f: `${same('the quick brown fox ', MIB)}${index}` }))))
  const words = Array.from({ length: 10_000 }, (_, index) => `k${index.toString(36).padStart(4, '0')}z`)
  const long = 'a'.repeat(7990)

  // Each takes less than an ordinary rule over four texts of a MiB, times a factor with much room: what it holds off took a hundred times as long and more.
  test.each<[string, string[], unknown[], number]>([
    ['literals within one another', [rule({ 'f|contains': Array.from({ length: 1000 }, (_, index) => 'a'.repeat(index + 1)) })], [{ f: 'a'.repeat(MIB) }], 15],
    ['literals of 8,000 letters', [rule({ 'f|contains': [...Array.from({ length: 10 }, (_, index) => `${index}${long}`), `${long}b`] })], [{ f: 'a'.repeat(MIB) }], 15],
    ['literals of 8,000 letters behind a table that is full', [rule({ 'f|contains': [...Array.from({ length: 3000 }, (_, index) => `${index.toString(36)}qqqqqqqq`), `${long}b`] })], [{ f: 'a'.repeat(MIB) }], 60],
    ['literals beyond ASCII within one another', [rule({ 'f|contains': Array.from({ length: 200 }, (_, index) => `${'é'.repeat(index * 10 + 1)}b`) })], [{ f: 'é'.repeat(MIB / 4) }], 60],
    ['10,000 words beyond ASCII', [rule({ 'f|contains': Array.from({ length: 10_000 }, (_, index) => `한글${String.fromCodePoint(0xAC00 + index)}말`) })], [{ f: same('한글', MIB / 4) }], 30],
    ['10,000 keywords, each met by a value of its own', Array.from({ length: 10 }, (_, part) => rule(words.slice(part * 1000, part * 1000 + 1000))), [{ f: words }], 150],
    ['10,000 keywords, all met by one value', Array.from({ length: 10 }, (_, part) => rule(words.slice(part * 1000, part * 1000 + 1000))), [{ f: words.join(' ') }], 60],
    ['100,000 values of one event', [rule(words.slice(0, 900))], [{ f: Array.from({ length: 100_000 }, (_, index) => `${words[index % 900]} ${index}`) }], 60],
    ['100,000 values, one an event', [rule({ 'f|contains': words.slice(0, 900) })], Array.from({ length: 100_000 }, (_, index) => ({ f: `${words[index % 1800]} ${index}` })), 100],
    ['10,000 keys', [rule({ f: 1, 'k1.b': 2 })], [Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k ${index}`, index]))], 15],
    ['100,000 names of keys', [rule({ f: 1, 'k1.b': 2 })], Array.from({ length: 1000 }, (_, event) => Object.fromEntries(Array.from({ length: 100 }, (__, index) => [`k${event} ${index}`, index]))), 60],
    ['wildcards', [rule({ f: '*a'.repeat(200) + 'b' })], [{ f: 'a'.repeat(MIB) }], 60],
  ])('%s', (_, texts, events, factor) => {
    const rules = rulesOf(texts)
    const bytes = batch(events)
    expect(timed(rules, bytes)).toBeLessThan(factor * Math.max(baseline(), 5))
  }, 120_000)

  test('a log source of its own for each event costs little more than finding out which rules are asked', () => {
    const rules = rulesOf(Array.from({ length: 2000 }, (_, index) => rule({ 'f|contains': [`w${index}w`, `v${index}v`], 'g|endswith': [`x${index}`, 'y'] }, 's', index % 2 === 0 ? { product: `p${index % 40}`, category: `c${index % 30}` } : { category: `c${index % 30}` })))
    const bytes = batch(Array.from({ length: 4000 }, (_, index) => ({ product: `q${index}`, category: `c${index % 30}`, f: `w${index % 2000}w` })))
    const from = performance.now()
    createPlainMatcher(rules).match(bytes, 'detect')
    const plain = performance.now() - from
    expect(timed(rules, bytes, 'detect')).toBeLessThan(8 * plain)
  })

  test('an expression that gives up on each value is run once for each, however many rules have it, and is named for each', () => {
    const rules = rulesOf(Array.from({ length: 20 }, () => rule([{ 'f|re': 'a[ab]{999}$' }, { g: 1 }])))
    let seed = 1
    const text = Array.from({ length: 300_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
    const one = timed(rules.slice(0, 1), batch([{ f: text }]))
    expect(timed(rules, batch([{ f: text }]))).toBeLessThan(5 * one)
    const faults: MatchFault[] = []
    // Of a list, whose showing asks the rule once more; and of keywords.
    const asked = [...rules.slice(0, 3), ...rulesOf([rule([{ '|re': 'a[ab]{999}$' }])])]
    expect(createMatcher(asked, { onError: (fault) => faults.push(fault) }).match(batch([{ f: 'x' }, { f: [text, 'x'], g: 1 }]), {})).toHaveLength(3)
    expect(faults.map(({ code, eventIndex }) => [code, eventIndex])).toEqual(asked.map(() => ['regex_exhausted', 1]))
    faults.length = 0
    createMatcher(asked.slice(-1), { onError: (fault) => faults.push(fault) }).match(batch([{ f: text }]), {})
    expect(faults).toMatchObject([{ code: 'regex_exhausted', eventIndex: 0 }])
  })
})
