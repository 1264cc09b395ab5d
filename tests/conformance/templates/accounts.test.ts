// Nuclei's own expectations of its fixtures, all of them: each stands in the file of tests that answers for its group, as a case or with the reason why it is
// not applicable. What these files hold about their groups they hold completely, each by itself.
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answersFor, expectations, expectationsOf, missingFixtures } from './harness.ts'

const files = Object.keys(answersFor) as (keyof typeof answersFor)[]

describe.skipIf(missingFixtures !== false)(`accounts${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  test('every expectation is in one file, and in only one', () => {
    expect(expectations()).toHaveLength(81)
    const inFiles = files.flatMap((file) => expectationsOf(file))
    expect(inFiles).toHaveLength(81)
    expect(new Set(inFiles.map((each) => JSON.stringify(each)))).toEqual(new Set(expectations().map((each) => JSON.stringify(each))))
  })

  test.each(files)('%s is there, asks for its own, and names each of their fixtures', (file) => {
    expect(readdirSync(import.meta.dirname)).toContain(file)
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(text).toContain(`expectationsOf('${file}')`)
    for (const { fixtures: [first = ''] } of expectationsOf(file)) expect(text, first).toContain(basename(first, '.yaml'))
  })
})
