// The matrix that a person reads before signing, held against the server's own verdict: for any policy, what the server decides is what the matrix
// says, or a row that the matrix names as an exception.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actionTypes, answerOf, isNarrow, requesters } from '../../apps/console/src/policy/matrix.ts'
import { presetContent, presets, rule } from '../../apps/server/src/response/policy.ts'
import type { PolicyRow } from '../../apps/server/src/response/wire.ts'

const severities = ['critical', 'high', 'medium', 'low', 'informational'] as const
// Most of what a row could say it leaves out, so that general, hourly and narrow rows meet.
const maybe = <Value>(what: fc.Arbitrary<Value>) => fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, { arbitrary: what, weight: 1 })
const some = <Value>(values: readonly Value[]) => maybe(fc.subarray([...values], { minLength: 1 }))
const row = fc.record({
  locked: maybe(fc.boolean()), site: maybe(fc.constantFrom('s1', 's2')),
  assets: maybe(fc.oneof(fc.constant({ names: ['WS-1'] }), fc.constant({ tags: ['server'] }), fc.constant({ criticality: ['high'] }))),
  action_types: some(actionTypes), severities: some(severities), requesters: some(requesters),
  hours: maybe(fc.constant({ days: [1, 2, 3], from: '08:00', to: '20:00' })),
  decision: fc.constantFrom('allow' as const, 'ask' as const, 'deny' as const), approvers: maybe(fc.constantFrom('customer' as const, 'provider' as const)),
  needed: maybe(fc.integer({ min: 1, max: 3 })), timeout_minutes: maybe(fc.integer({ min: 1, max: 300 })),
  on_timeout: maybe(fc.constantFrom('expire' as const, 'escalate' as const, 'act' as const)),
})
const circumstances = fc.record({
  action: fc.constantFrom(...actionTypes), severity: fc.constantFrom(...severities), requester: fc.constantFrom(...requesters), providerExists: fc.boolean(), at: fc.integer({ min: 0, max: 14 * 24 }).map((hour) => Date.UTC(2026, 0, 1) + hour * 3_600_000),
  siteId: fc.constantFrom(null, 's1', 's2'), tags: fc.constantFrom([], ['server']), criticality: fc.constantFrom(null, 'high'), names: fc.constantFrom(['WS-1'], ['WS-2']),
})

test("the matrix says what the server's verdict says, or names the row that may say otherwise", () => {
  let exceptions = 0
  fc.assert(fc.property(fc.constantFrom(...presets), fc.array(row, { maxLength: 6 }), circumstances, (preset, rows, of) => {
    const named = rows.map((each, at) => Object.fromEntries(Object.entries({ ...each, id: `r${at}` }).filter(([, value]) => value !== undefined)) as unknown as PolicyRow)
    const policy = { ...presetContent(preset), rows: named }
    const answer = answerOf(policy, of, of.providerExists)
    const ruling = rule(policy, {
      action: of.action, severity: of.severity, requester: of.requester, at: of.at, timeZone: 'UTC', staleEvidence: false, blast: { inAction: 1, inHour: 1 }, providerExists: of.providerExists, verified: true,
      target: { siteId: of.siteId, class: null, tags: of.tags, criticality: of.criticality, names: of.names, network: null },
    })
    const decided = ruling.rule.startsWith('row:') ? ruling.rule.slice(4) : null
    if (decided !== answer.row) {
      exceptions++
      expect(answer.exceptions).toContain(decided)
      expect(isNarrow(named.find(({ id }) => id === decided)!)).toBe(true)
      return
    }
    expect(answer.decision).toBe(ruling.decision)
    if (answer.decision !== 'ask') return
    expect({ who: answer.who === 'other' ? 'customer_other' : answer.who, needed: answer.needed, onTimeout: answer.onTimeout }).toEqual({ who: ruling.approvers, needed: ruling.needed, onTimeout: ruling.onTimeout })
    if (answer.minutes !== null) expect(answer.minutes).toBe(ruling.timeoutMinutes)
  }), { numRuns: 5_000 })
  expect(exceptions).toBeGreaterThan(50)
})
