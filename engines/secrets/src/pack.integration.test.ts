// The packed form, as somebody who has only its README uses it: the example's rule is the one that the page shows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('secrets', ['@types/node'])
afterAll(() => { packed.remove() })
const rule = /```yaml\n(.*?\n)```/s.exec(readFileSync(join(import.meta.dirname, '../README.md'), 'utf8'))![1]!

test('it holds no TypeScript and no test', () => {
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
  expect(Object.keys(packed.manifest.dependencies).toSorted()).toEqual(['js-yaml'])
})

test('the README\'s example compiles, and finds what is there', () => {
  const given = `const yaml = ${JSON.stringify(rule)}\nconst text = ${JSON.stringify('# settings\nkey: acme_')} + 'c0de41f7a98b3e2d'.repeat(2)\nconsole.error = console.log\n`
  expect(runExample(packed, given)).toMatch(/^acme-key 2 6 [\d.]+ acme\S+ [0-9a-f]{16}\n$/)
})
