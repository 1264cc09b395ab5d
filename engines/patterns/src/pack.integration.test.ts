// The packed form, as somebody who has only its README uses it.
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('patterns', ['@types/node'])
afterAll(packed.remove)

test('it needs nothing, and holds no TypeScript and no test', () => {
  expect(packed.manifest.dependencies).toEqual({})
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
})

test("the README's example says what it says", () => {
  expect(runExample(packed)).toBe('true\n1.22.1\n[ 14, 16 ]\nnginx 1.22.1;\r\nX-Powered-By: PHP/8.2\n[ 1 ]\n')
})
