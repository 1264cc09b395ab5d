import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { naiveDetect, ruleOf } from './detector.fixture.ts'
import { createDetector } from './index.ts'

// Forms that rules take: a prefix, a name before a value, a beginning without end, lines, ends of lines and of the text, several keywords, several groups.
const rules = [
  ruleOf('prefix', String.raw`\bkey_[a-z0-9]{4,8}\b`, ['key_']),
  ruleOf('prefix-any', String.raw`(?i)(?:one|two)_live_[a-z]{3}`, ['_live_']),
  ruleOf('named', String.raw`(?i)acme[\w.-]{0,8}\s{0,3}[:=]\s{0,3}["']?([a-z0-9]{6})(?:[^a-z0-9]|$)`, ['acme'], { over: ['prefix'] }),
  ruleOf('behind', String.raw`(?P<secret>[a-z0-9]{5})@corp`, ['@corp'], { provider: null }),
  ruleOf('endless', String.raw`[a-z]*secret=([a-z0-9]+)`, ['secret=']),
  ruleOf('lines', String.raw`(?s)BEGIN.{3,}?END`, ['begin']),
  ruleOf('line', String.raw`(?m)^pw: (\w+)$`, ['pw: ']),
  ruleOf('last', String.raw`tail(\d+)$`, ['tail']),
  ruleOf('either', String.raw`left-(\d{3})|(\d{3})-right`, ['left-', '-right']),
  ruleOf('utf8', String.raw`비밀 (\w{4})`, ['비밀']),
  ruleOf('random', String.raw`rnd:(\w{8})`, ['rnd:'], { entropy: 2, efficiency: 2, allow: ['^zz'] }),
]
const detector = createDetector(rules)
const plain = (text: string): unknown[] => detector.detect(text, { path: 'a.env' }).found.map(({ rule, secret, start, end, confidence }) => ({ rule, secret, start, end, confidence }))

const pieces = fc.constantFrom('key_ab12 ', 'acme = "x9y8z7"', 'acme-acme: q7w8e9 ', 'two_live_abc', 'ab12c@corp', 'secret=k2', 'BEGIN x1y2 END', '\npw: h3llo\n', '731-right', 'left-123', 'rnd:q7w8e9r0', 'postgres://u:h8Kd2LmX@db.x', 'password = "h8Kd2LmX!"',
  'key_', 'KEY_', 'ab12', 'one_live_', 'TWO_live_', 'abc', 'acme', 'acme.key', ' = ', ': "', '"', "'", 'x9y8z7', '@corp', 'secret=', 'pre', 'BEGIN', 'begin', 'END', '\n', '\r\n', 'pw: ', 'tail', '42', '731', 'left-', '-right', '123',
  Buffer.from('비밀 ').toString('latin1'), 'word', 'rnd:', 'zz12ab34', 'q7w8e9r0', 'password', 'postgres://u:', 'h8Kd2LmX', '@db.x', '_', ' ', 'example', '\u00e9', '\u00ff')

test('what is found is what every expression finds over the whole text', () => {
  let found = 0
  fc.assert(fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
    const text = parts.join('')
    const expected = naiveDetect(rules, text, 'a.env')
    found += expected.length
    expect(plain(text)).toEqual(expected)
  }), { numRuns: 600 })
  expect(found).toBeGreaterThan(300)
})

test('bytes and texts of bytes are the same, and places are true', () => {
  fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
    const text = parts.join('')
    const { found } = detector.detect(Buffer.from(text, 'latin1'), { path: '' })
    expect(found).toEqual(detector.detect(text, { path: '' }).found)
    for (const { secret, start, end, line, column } of found) {
      expect(text.slice(start, end)).toBe(secret)
      const before = text.slice(0, start).split('\n')
      expect([line, column]).toEqual([before.length, before.at(-1)!.length + 1])
    }
  }))
})

test('any bytes are taken, and what comes next is not hurt', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
    expect(detector.detect(bytes, { path: '' })).toEqual(detector.detect(bytes, { path: '' }))
  }))
  expect(plain('key_abcd12')).toHaveLength(1)
})

describe('one place has one secret', () => {
  const at = (own: Parameters<typeof createDetector>[0], text: string): string[] => createDetector(own).detect(text, { path: '' }).found.map(({ rule }) => rule)
  test('the rule that says so goes before the one it names', () => {
    expect(at([ruleOf('less', 'tok_[a-z]{9}', ['tok_']), ruleOf('more', 'tok_[a-z]{4}', ['tok_'], { over: ['less'] })], 'tok_abcdwxyzp')).toEqual(['more'])
  })
  test("a provider's goes before a generic one", () => {
    expect(at([ruleOf('none', 'tok_[a-z]{9}', ['tok_'], { provider: null }), ruleOf('some', '[a-z]{4}p', ['wxyzp'])], 'tok_abcdwxyzp')).toEqual(['some'])
  })
  test('the longer goes before the shorter, and two that do not overlap both stand', () => {
    expect(at([ruleOf('short', 'tok_[a-z]{4}', ['tok_']), ruleOf('long', 'tok_[a-z]{9}', ['tok_'])], 'tok_abcdwxyzp tok_abcd')).toEqual(['long', 'short'])
  })
})

test('binary files hold none', () => {
  expect(plain('\0 key_abcd12')).toEqual([])
  expect(plain(`${' '.repeat(8_000)}\0 key_abcd12`)).toHaveLength(1)
})

test('of a thousand of one kind all are told, of more the first, and it is said', () => {
  const of = (count: number, text: string): { readonly found: number; readonly cut: readonly string[] } => {
    const { found, cut } = detector.detect(`${text}\n`.repeat(count), { path: '' })
    return { found: found.length, cut }
  }
  expect(of(1_000, 'key_ab12 731-right')).toEqual({ found: 2_000, cut: [] })
  expect(of(1_001, 'key_ab12')).toEqual({ found: 1_000, cut: ['prefix'] })
  expect(of(1_001, 'key_ab12 rnd:zz12ab34')).toEqual({ found: 1_000, cut: ['prefix'] })
  // What only looks like one counts, too: a hundred thousand are held against its judges.
  expect([of(100_000, 'rnd:zz12ab34'), of(100_001, 'rnd:zz12ab34')]).toEqual([{ found: 0, cut: [] }, { found: 0, cut: ['random'] }])
  expect(of(1, 'key_ab12')).toEqual({ found: 1, cut: [] })
})

test('what repeats within what repeats is asked for its bytes once', () => {
  // Eight levels took half a minute, and eight times as long for each more.
  const from = process.cpuUsage()
  for (const often of ['*', '+']) {
    const rule = ruleOf('nested', `tok_${'(?:'.repeat(8)}[bd]${`)${often}`.repeat(8)}c`, ['tok_'])
    expect(createDetector([rule]).detect(`tok_${'bd'.repeat(8)}c`, { path: '' }).found).toHaveLength(1)
  }
  expect(process.cpuUsage(from).user).toBeLessThan(5_000_000)
})
