import { afterAll, beforeAll, expect, test } from 'vitest'
import { startFixture } from './fixture.ts'
import { runSuite } from './suite.ts'

let fixture: Awaited<ReturnType<typeof startFixture>>
beforeAll(async () => { fixture = await startFixture() })
afterAll(() => { fixture.close() })

test.each([['2026-07-28', 37, 13], ['2025-11-25', 30, 3]] as const)('the official suite finds nothing, %s: %i scored and %i beside', async (revision, scored, beside) => {
  const scenarios = await runSuite(fixture.url, revision)
  expect(scenarios.filter(({ misses }) => misses.length > 0)).toEqual([])
  expect([scenarios.filter((each) => each.scored).length, scenarios.filter((each) => !each.scored).length]).toEqual([scored, beside])
  expect(scenarios.reduce((sum, { checks }) => sum + checks, 0)).toBeGreaterThan(revision === '2026-07-28' ? 190 : 80)
  expect(fixture.server.open).toMatchObject({ streams: 0, calls: 0, tasks: expect.any(Number) })
})
