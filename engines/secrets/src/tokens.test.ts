import fc from 'fast-check'
import { expect, test } from 'vitest'
import { draw } from '../../../content/secrets/draw.ts'
import { entropyOf } from './entropy.ts'
import { efficiencyOf } from './tokens.ts'

test('words take few tokens, random texts many', () => {
  for (const words of ['password', 'somePasswordHere', 'authentication-token', 'CLIENT_SECRET_VALUE', 'the quick answer', 'configuration.service.account']) expect([words, efficiencyOf(words)]).toEqual([words, expect.toSatisfy((value: number) => value >= 2)])
  for (let seed = 0; seed < 200; seed += 1) for (const random of ['{base62:32}', '{hex:40}', '{alnum:24}', '{base64:40}']) expect(efficiencyOf(draw(random, String(seed)))).toBeLessThan(1.7)
})

test('a fragment is taken in one case', () => {
  expect(efficiencyOf('word')).toBe(efficiencyOf('WORD'))
  expect(efficiencyOf('Word')).toBe(efficiencyOf('word'))
  expect(efficiencyOf('wOrD')).toBeLessThan(efficiencyOf('word'))
})

test('any text has at least a character a token, and an empty one none', () => {
  expect(efficiencyOf('')).toBe(0)
  fc.assert(fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
    const value = efficiencyOf(text)
    expect(value).toBeGreaterThanOrEqual(1)
    expect(value).toBeLessThanOrEqual(text.length)
  }))
})

test("Shannon's entropy, in bits a character", () => {
  expect(entropyOf('')).toBe(0)
  expect(entropyOf('aaaaaaaa')).toBe(0)
  expect(entropyOf('abababab')).toBeCloseTo(1)
  expect(entropyOf('0123456789abcdef')).toBeCloseTo(4)
  fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '\u00ff', '0'), { minLength: 1, maxLength: 100 }), (chars) => {
    const counts = new Map<string, number>()
    for (const char of chars) counts.set(char, (counts.get(char) ?? 0) + 1)
    const naive = [...counts.values()].reduce((sum, count) => sum - (count / chars.length) * Math.log2(count / chars.length), 0)
    expect(entropyOf(chars.join(''))).toBeCloseTo(naive, 9)
  }))
})
