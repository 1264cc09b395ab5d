// The rules of this project over texts that are drawn from their own examples, against every expression over the whole text; and texts that were made to hurt.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { draw } from '../../../content/secrets/draw.ts'
import { naiveDetect } from './detector.fixture.ts'
import { createDetector, readSecretRules } from './index.ts'

const content = join(import.meta.dirname, '../../../content/secrets')
const { rules } = readSecretRules(readdirSync(content).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(content, path)) })))
const detector = createDetector(rules)
const full = process.env['HAECHI_TEST_FULL'] === '1'
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const examples = rules.flatMap(({ positives, negatives }) => [...positives, ...negatives])
const keywords = rules.flatMap((rule) => rule.keywords).map(latin1)
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...examples), fc.string({ maxLength: 3 })).map(([example, seed]) => draw(example, seed)) },
  { weight: 2, arbitrary: fc.constantFrom(...keywords) },
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', ' ', '"', "'", ' = ', ': ', '\t', ';', '\u00ff', '\u00c3\u00a9', ',') },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
)

test('what is found is what every expression finds over the whole text', () => {
  let found = 0
  fc.assert(fc.property(fc.array(piece, { maxLength: 14, size: 'max' }), (parts) => {
    const text = parts.join('').replaceAll('\0', ' ')
    const expected = naiveDetect(rules, text, 'app.env')
    found += expected.length
    expect(detector.detect(text, { path: 'app.env' }).found.map(({ rule, secret, start, end, confidence }) => ({ rule, secret, start, end, confidence }))).toEqual(expected)
  }), { numRuns: full ? 2_000 : 120 })
  expect(found).toBeGreaterThan(full ? 1_000 : 60)
})

const filled = (text: string, size: number): Buffer => Buffer.alloc(size, Buffer.from(text, 'latin1'))
const cpu = (run: () => void): number => {
  const from = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(from)
  return (user + system) / 1_000
}

describe('a long line takes time by its length', () => {
  test.each([
    ['one keyword', 'password'], ['a name without an end', 'api_key='], ['a value without an end', 'token="x1'], ['all keywords', keywords.join('')], ['all keywords, apart', keywords.join(' ')], ['keys that begin', '-----BEGIN PRIVATE KEY-----'],
    ['addresses', 'postgres://u:p'], ['tokens that begin', 'eyJhbGciOiJI.'], ['no UTF-8', '\xff\xfepassword\x80=\xf8'], ['one letter', 'A'], ['secrets', 'password = "k7Q!x9Lm"\n'],
  ])('%s', (_, text) => {
    const size = 200_000
    detector.detect(filled(text, size), { path: '' })
    const small = cpu(() => { detector.detect(filled(text, size), { path: '' }) })
    const large = cpu(() => { detector.detect(filled(text, size * 4), { path: '' }) })
    expect(large).toBeLessThan(12 * small + 200)
  })

  test.runIf(full)('100 MB of all keywords in one line (HAECHI_TEST_FULL=1)', { timeout: 120_000 }, () => {
    expect(detector.detect(filled(keywords.join(''), 100_000_000), { path: '' }).found.length).toBeLessThan(1_000 * rules.length)
  })
})

test('a secret behind a long line is found, and one that begins in it', () => {
  const secret = draw('ghp_{base62:30}{github:6}', 'x')
  for (const before of [' '.repeat(1_000_000), 'password '.repeat(100_000), 'ghp_ '.repeat(50_000), '-----BEGIN PRIVATE KEY----- '.repeat(5_000)]) {
    expect(detector.detect(`${before}${secret} `, { path: '' }).found.map(({ start, rule }) => [start, rule])).toEqual([[before.length, 'github-personal-access-token']])
  }
})
