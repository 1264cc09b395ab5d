// The packed form, as somebody who has only its README uses it; what the example comes to, readme.test.ts knows.
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('risk', ['@types/node'])
afterAll(() => { packed.remove() })

test('it needs nothing, and holds no TypeScript and no test', () => {
  expect(packed.manifest.dependencies).toEqual({})
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
})

test('the README\'s example compiles and runs', () => {
  expect(runExample(packed)).toBe('')
})
