// Each rule finds what it says and keeps from its near misses; and the collection is what its page says. Secrets of examples are drawn, none stands here.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createDetector, genericRules, readSecretRules } from '@haechi/secrets'
import { expect, test } from 'vitest'
import { draw } from './draw.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(import.meta.dirname, path)) }))
const { rules, refused } = readSecretRules(files)
const detector = createDetector(rules)
/** Seeds of the examples: what holds for one drawing may fail for another. */
const SEEDS = ['1', '2', '3']

test('all rules are in force, and there are many', () => {
  expect(refused).toEqual([])
  expect(rules.length).toBeGreaterThanOrEqual(200)
})

test('its page counts and names what there is', () => {
  const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  expect(page).toContain(`${rules.length} rules of our own`)
  expect(new Set(rules.map(({ provider }) => provider)).size - 1).toBeGreaterThanOrEqual(Number(/of (\d+) providers/.exec(page)![1]))
  for (const { path } of files) expect(page).toContain(`\`${path}\``)
})

test('what a rule stands over is a rule', () => {
  const ids = new Set([...rules, ...genericRules].map(({ id }) => id))
  expect(rules.flatMap(({ id, over }) => over.filter((other) => !ids.has(other)).map((other) => `${id} ${other}`))).toEqual([])
})

test('every rule has an example and a near miss', () => {
  expect(rules.filter(({ positives, negatives }) => positives.length === 0 || negatives.length === 0).map(({ id }) => id)).toEqual([])
})

test('the rules themselves hold no secret', () => {
  expect(files.flatMap(({ path, content }) => detector.detect(content, { path: `content/secrets/${path}` }).found.map(({ rule, line }) => `${path}:${line} ${rule}`))).toEqual([])
})

const found = (example: string, seed: string): readonly string[] => detector.detect(draw(example, seed), { path: '' }).found.map(({ rule }) => rule)

test.each(rules.map((rule) => [rule.id, rule] as const))('%s is found where it is, and not in its near misses', (id, { positives, negatives }) => {
  expect(positives.filter((example) => SEEDS.some((seed) => !found(example, seed).includes(id)))).toEqual([])
  expect(negatives.filter((example) => SEEDS.some((seed) => found(example, seed).includes(id)))).toEqual([])
})
