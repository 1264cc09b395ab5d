import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTechnologyIdentifier, readIcons, readTechnologyRules } from '@haechi/fingerprints'
import { expect, test } from 'vitest'
import { missingTemplates, templateFiles } from '../../../tests/templates-corpus.ts'
import { facts } from './generate.ts'

const content = readFileSync(join(import.meta.dirname, 'mmh3.json'))
const { icons, refused } = readIcons({ path: 'mmh3.json', content })

test('every entry is an icon, once, with a name; its source and licence are told', () => {
  expect(refused).toEqual([])
  expect(icons.length).toBeGreaterThan(800)
  expect(new Set(icons.map(({ mmh3 }) => mmh3)).size).toBe(icons.length)
  expect(icons.filter(({ name, mmh3 }) => name.trim() === '' || mmh3 === 0)).toEqual([])
  expect(JSON.parse(content.toString())).toMatchObject({ source: expect.stringContaining('projectdiscovery/nuclei-templates') as unknown, license: expect.stringContaining('MIT') as unknown })
})

test.skipIf(missingTemplates !== false)(`the table is what the templates say${missingTemplates === false ? '' : ` (skipped: ${missingTemplates})`}`, () => {
  const made = facts(templateFiles() ?? [])
  expect(made).toEqual((JSON.parse(content.toString()) as { icons: unknown }).icons)
}, 60_000)

test('well-known icons', () => {
  const found = (mmh3: number) => createTechnologyIdentifier(readTechnologyRules([]).rules, { icons }).identify({ favicon: { md5: '', mmh3 } }).map(({ id }) => id)
  // Spring Boot's leaf and Jenkins' butler, by Shodan's own examples.
  expect([found(116_323_821), found(81_586_312)]).toEqual([['spring-boot'], ['jenkins']])
})
