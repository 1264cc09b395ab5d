// Every public rule meets an event that was made of it, and both matchers say the same of such events by all rules.
// With HAECHI_TEST_FULL=1 of all rules; else of every 12th, whose plain matching takes some seconds.
import { describe, expect, test } from 'vitest'
import { readRecord } from '@haechi/records'
import { CURRENT, missing, rulesOf } from './corpus.fixture.ts'
import type { Event } from './conformance.fixture.ts'
import { createMatcher, createPlainMatcher } from './index.ts'
import { eventFor } from './made-events.fixture.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'

describe.skipIf(missing !== false)('events made of SigmaHQ\'s rules', () => {
  const { rules } = missing === false ? rulesOf(CURRENT) : { rules: [] }
  // The fields as they stand in the record, so that a made event needs no shape of a log.
  const read = (record: unknown) => ({ ...readRecord(record), fields: record as Event })
  const batch = (events: readonly Event[]): Buffer => Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))

  test('meet their rule', () => {
    const matches = createMatcher(rules, {}, read).match(batch(rules.map((rule) => eventFor(rule, 0))), {})
    const met = new Set(matches.filter(({ rule, eventIndex }) => rules[eventIndex] === rule).map(({ rule }) => rule.id))
    // The others look for expressions, or for what they filter out themselves.
    expect([met.size, rules.length]).toEqual([3594, 3755])
  })

  test('are the same to both matchers', () => {
    const events = batch(rules.filter((_, index) => full || index % 12 === 0).flatMap((rule) => [eventFor(rule, 0), eventFor(rule, 1)]))
    const [fast, plain] = [createMatcher(rules, {}, read), createPlainMatcher(rules, {}, read)].map((matcher) => matcher.match(events, {}).map(({ rule, eventIndex, matched }) => ({ id: rule.id, eventIndex, matched })))
    expect(plain?.length).toBeGreaterThan(1500)
    expect(fast).toEqual(plain)
  }, 600_000)
})
