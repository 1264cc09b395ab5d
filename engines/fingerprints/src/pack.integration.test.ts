// The packed form, as somebody who has only its README uses it: its first example prints what stands below it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('fingerprints', ['@types/node'])
afterAll(packed.remove)

test('it holds no TypeScript and no test', () => {
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
  expect(Object.keys(packed.manifest.dependencies).sort()).toEqual(['fast-xml-parser', 'js-yaml'])
})

test("the README's example prints what it says", () => {
  const expected = /prints\n\n```\n(.*?)```/s.exec(readFileSync(join(packed.installed, 'README.md'), 'utf8'))?.[1]
  expect(runExample(packed)).toBe(expected)
})
