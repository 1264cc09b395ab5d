// Nuclei's fixtures for errors of expressions. They count lines of warnings, which is the output of a program; what can be held here is that such an expression
// neither holds nor ends anything.
import { expect, test } from 'vitest'
import { answer, expectationsOf, fixture, missingFixtures, run, serve } from './harness.ts'

/** What an expectation asks for that is no behaviour of this engine, and what is tested instead. */
const notApplicable: Readonly<Record<string, string>> = {
  'dsl/show-version-warning.yaml': 'Nuclei shows one warning where SHOW_DSL_ERRORS is set; there is no such switch: a comparison with what is no version is no match, as hide-version-warning tests, and is told nowhere.',
}
const ours = expectationsOf('dsl.test.ts')

test.skipIf(missingFixtures !== false)('every expectation is run or has its reason', () => {
  expect(ours.map(({ fixtures }) => fixtures.join(' ')).toSorted()).toEqual(['dsl/hide-version-warning.yaml', ...Object.keys(notApplicable)])
})

for (const { fixtures: [path = ''], expected_results: expected } of ours) {
  const reason = notApplicable[path]
  if (reason !== undefined) test.skip(`${path}: not applicable. ${reason}`, () => undefined)
  else {
    test(`${path}: ${expected} warnings`, async () => {
      await using server = await serve((_, response) => answer(response, 'DSL version parsing warning test'))
      const { matches, faults, sent } = await run(fixture(path), server.url)
      expect({ matches, faults, sent }).toEqual({ matches: [], faults: [], sent: ['http'] })
    })
  }
}
