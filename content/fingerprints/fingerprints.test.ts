// Each rule finds what it says and keeps from what it says that it is not; and the collection is what its page says.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createTechnologyIdentifier, readTechnologyRules } from '@haechi/fingerprints'
import { describe, expect, test } from 'vitest'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(import.meta.dirname, path)) }))
const { rules, refused } = readTechnologyRules(files)
const identifier = createTechnologyIdentifier(rules)

test('all rules are in force, and there are many', () => {
  expect(refused).toEqual([])
  expect(rules.length).toBeGreaterThanOrEqual(200)
})

test('its page counts and names what there is', () => {
  const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  expect(page).toContain(`${rules.length} rules of our own`)
  for (const { path } of files) expect(page).toContain(`\`${path}\``)
})

test('every rule has an example and a counterexample', () => {
  expect(rules.filter(({ matches, misses }) => matches.length === 0 || misses.length === 0).map(({ id }) => id)).toEqual([])
})

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, { matches, misses }) => {
  test('is found where it is, with its version', () => {
    for (const { answer, version } of matches) {
      const found = identifier.identify(answer).find((each) => each.id === id)
      expect(found).toMatchObject({ version, impliedBy: expect.any(Array) as unknown })
      expect(found?.evidence.length).toBeGreaterThan(0)
    }
  })
  test('is not found where it is not', () => {
    for (const answer of misses) expect(identifier.identify(answer).filter((each) => each.id === id && each.evidence.length > 0)).toEqual([])
  })
})

test('what one sample shows is not also something else', () => {
  // A sample of one rule may show what stands beside it (PHP of WordPress), and nothing that is not so: the pairs that are right are few enough to be looked at.
  const seen = new Set(rules.flatMap(({ id, matches }) => matches.flatMap(({ answer }) => identifier.identify(answer).filter((each) => each.id !== id && each.impliedBy.length === 0).map((other) => `${id} ${other.id}`))))
  expect([...seen].toSorted()).toEqual([
    'apache-httpd mod-ssl-openssl', 'apache-httpd php', 'imweb jquery', 'jboss-wildfly undertow', 'magicline4nx jquery', 'mod-security apache-httpd', 'mod-ssl-openssl apache-httpd', 'ruby webrick', 'windows-server apache-httpd', 'windows-server mod-ssl-openssl',
  ])
})

// What looks like many things and is none: the words alone are no evidence.
test('a page that only names products is none of them', () => {
  const names = rules.map(({ name, nameKo, vendor }) => `<li>${name} ${nameKo ?? ''} ${vendor ?? ''} ${name}/1.2.3 Powered by ${name} 1.2.3</li>`).join('\n')
  expect(identifier.identify({ status: 200, headers: { 'content-type': 'text/html' }, body: `<html><head><title>Products that we know</title></head><body><ul>${names}</ul></body></html>` }).map(({ id }) => id)).toEqual([])
})
