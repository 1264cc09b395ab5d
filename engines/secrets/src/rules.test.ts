import fc from 'fast-check'
import { dump } from 'js-yaml'
import { expect, test } from 'vitest'
import { readSecretRules } from './rules.ts'

const rule = { id: 'acme-token', name: { en: 'Acme token', ko: '아크메 토큰' }, provider: 'Acme', severity: 'high', keywords: ['acme_'], pattern: 'acme_[a-z]{8}' }
const live = { url: 'https://api.acme.dev/me', headers: { Authorization: 'Bearer {secret}' }, alive: [200], dead: [401] }
const read = (...rules: unknown[]): ReturnType<typeof readSecretRules> => readSecretRules([{ path: 'acme.yaml', content: dump(rules) }])

test('what is not written is nothing', () => {
  expect(read(rule)).toEqual({ refused: [], rules: [{ ...rule, entropy: null, efficiency: null, checksum: null, allow: [], over: [], live: null, positives: [], negatives: [] }] })
  expect(read({ ...rule, live }).rules[0]!.live).toEqual({ ...live, method: 'GET', body: null })
})

test.each([
  [{ ...rule, id: 'Acme' }, 'rule_invalid'],
  [{ ...rule, name: 'Acme' }, 'rule_invalid'],
  [{ ...rule, severity: 'terrible' }, 'rule_invalid'],
  [{ ...rule, keywords: [] }, 'rule_invalid'],
  [{ ...rule, keywords: ['ab'] }, 'rule_invalid'],
  [{ ...rule, pattern: 'acme_(' }, 'pattern_invalid'],
  [{ ...rule, pattern: 'acme_(?=x)' }, 'pattern_invalid'],
  [{ ...rule, allow: ['('] }, 'pattern_invalid'],
  [{ ...rule, checksum: 'luck' }, 'rule_invalid'],
  [{ ...rule, checksum: 'constructor' }, 'rule_invalid'],
  [{ ...rule, entropy: 'much' }, 'rule_invalid'],
  [{ ...rule, keyword: ['acme_'] }, 'rule_invalid'],
  [{ ...rule, live: { ...live, url: 'http://api.acme.dev/me' } }, 'rule_invalid'],
  [{ ...rule, live: { ...live, url: 'https://{secret}.acme.dev/me' } }, 'rule_invalid'],
  [{ ...rule, live: { ...live, headers: {} } }, 'rule_invalid'],
  [{ ...rule, live: { ...live, alive: [] } }, 'rule_invalid'],
  ['acme', 'rule_invalid'],
])('%j is refused with %s, and the rest is in force', (written, code) => {
  const { rules, refused } = read(written, { ...rule, id: 'other' })
  expect(rules.map(({ id }) => id)).toEqual(['other'])
  expect(refused).toMatchObject([{ file: 'acme.yaml', line: 1, code }])
})

test('a second rule of the same id, files that are no lists, no YAML and no UTF-8', () => {
  expect(read(rule, rule).refused).toMatchObject([{ code: 'rule_duplicate' }])
  expect(readSecretRules([{ path: 'a.yaml', content: 'a: b' }, { path: 'b.yml', content: '- [' }, { path: 'c.yaml', content: Uint8Array.of(0xff, 0xfe) }, { path: 'd.txt', content: '(' }]).refused.map(({ file, code }) => [file, code]))
    .toEqual([['a.yaml', 'rule_invalid'], ['b.yml', 'yaml_invalid'], ['c.yaml', 'encoding_invalid']])
})

test('nothing that a file holds is thrown', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.jsonValue(), fc.record({ id: fc.constant('x'), name: fc.constant(rule.name), severity: fc.constant('low'), keywords: fc.constant(['xyz']), pattern: fc.string(), allow: fc.array(fc.string({ minLength: 1 }), { maxLength: 2 }) }))), (written) => {
    const { rules, refused } = read(...written)
    expect(rules.length + refused.length).toBe(written.length)
  }))
})
