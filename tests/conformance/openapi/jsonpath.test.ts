// JSONPath, which Overlays choose by, against the compliance test suite of RFC 9535.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { JsonPathProblem, compileJsonPath } from '../../../engines/openapi-tools/src/jsonpath.ts'
import type { Json } from '../../../engines/openapi-tools/src/model.ts'
import { jsonPathSuite } from '../../specs.ts'

type Case = { readonly name: string; readonly selector: string; readonly document: Json; readonly result?: readonly Json[]; readonly results?: readonly (readonly Json[])[]; readonly invalid_selector?: true }

test('every case of the suite', () => {
  const { tests } = JSON.parse(readFileSync(jsonPathSuite(), 'utf8')) as { tests: readonly Case[] }
  expect(tests.length).toBe(687)
  const outcome = ({ selector, document }: Case): string => {
    try {
      return JSON.stringify(compileJsonPath(selector)(document, { left: 1e6 }).map(({ value }) => value))
    } catch (error) {
      if (error instanceof JsonPathProblem) return 'invalid'
      throw error
    }
  }
  const wrong = tests.filter((one) => !(one.invalid_selector ? ['invalid'] : (one.results ?? [one.result!]).map((values) => JSON.stringify(values))).includes(outcome(one)))
  console.log(`JSONPath: ${tests.length - wrong.length} of ${tests.length} cases of the compliance test suite`)
  expect(wrong.map(({ name }) => name)).toEqual([])
})
