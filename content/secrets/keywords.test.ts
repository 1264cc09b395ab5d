// A rule is looked at where one of its keywords stands: what its expression matches without one is never found. Here each way to write the fixed parts of an expression is
// written out, and has to hold a keyword.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compileRegex } from '@haechi/patterns'
import type { RegexNode } from '@haechi/patterns'
import { readSecretRules } from '@haechi/secrets'
import { expect, test } from 'vitest'

const { rules } = readSecretRules(readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(import.meta.dirname, path)) })))

/** Stands for what may be any text. */
const ANY = '\0'
const MANY = 20_000
/** Expressions with more ways than that, or whose keyword is a repetition: read by a person. */
const byHand = ['android-build-field', 'aws-secret-access-key', 'daily-key', 'database-connect-call', 'korean-password', 'korean-secret-key', 'password-in-prose', 'twitter-bearer', 'user-and-password']

const crossed = (left: readonly string[], right: readonly string[]): readonly string[] => {
  const all = new Set<string>()
  for (const one of left) for (const other of right) {
    all.add((one + other).replaceAll(/\0+/g, ANY))
    if (all.size > MANY) return [ANY]
  }
  return [...all]
}

function ways(node: RegexNode): readonly string[] {
  switch (node.kind) {
    case 'chars': {
      const chars = new Set<string>()
      for (let at = 0; at < node.ranges.length; at += 2) {
        if (node.ranges[at + 1]! - node.ranges[at]! > 3) return [ANY]
        for (let point = node.ranges[at]!; point <= node.ranges[at + 1]!; point++) chars.add(String.fromCodePoint(point).toLowerCase().replace('\u017F', 's'))
      }
      return chars.size > 5 ? [ANY] : [...chars]
    }
    case 'assert': return ['']
    case 'repeat': {
      if (node.min === 0 && node.max === 1) return ['', ...ways(node.of)]
      return node.min === node.max && node.max <= 3 ? Array.from({ length: node.max }, () => ways(node.of)).reduce(crossed, ['']) : [ANY]
    }
    case 'alternate': return node.of.flatMap(ways)
    case 'concat': return node.of.map(ways).reduce(crossed, [''])
    default: return node satisfies never
  }
}

test('each match of a rule holds one of its keywords', () => {
  const without = rules.filter(({ pattern, keywords }) => ways(compileRegex(pattern).root).some((text) => !keywords.some((keyword) => text.includes(keyword.toLowerCase()))))
  expect(without.map(({ id }) => id).toSorted()).toEqual(byHand)
})
