import { expect, test } from 'vitest'
import fc from 'fast-check'
import { HaechiError } from '../platform/errors.ts'
import {
  attained, changeStatus, contained, elapsed, isOpen, judge, nextStatuses, paused, raise, rankOf, responded, resumed, sawActivity, setSeverity, severities, statuses, touched, verdicts,
} from './model.ts'
import type { Clocks, IncidentState } from './model.ts'
import type { IncidentStatus } from './wire.ts'

const clocks: Clocks = { t0: 10, t1: 20, t2: 30, t3: 40, t4: null, t5: null, t6: 50, t7: null, t8: null, t8a: null, t9: null, t9n: null, t10: null, t11: null, t12: null, pauses: [] }
const fresh: IncidentState = { status: 'new', verdict: null, severity: 'medium', machineSeverity: 'medium', clocks }
const standing = (status: IncidentStatus): IncidentState => ({
  ...fresh, status, verdict: status === 'closed' ? 'test' : null,
  clocks: { ...clocks, t4: 60, t5: 60, t11: isOpen(status) ? null : 70, t12: status === 'closed' ? 80 : null },
})
const codeOf = (work: () => unknown) => {
  try {
    work()
    return 'done'
  } catch (error) {
    return error instanceof HaechiError ? error.code : String(error)
  }
}

test('every status x every status: forward always, back only by reopening', () => {
  const table: Record<IncidentStatus, IncidentStatus[]> = {
    new: ['investigating', 'contained', 'resolved', 'closed'],
    investigating: ['contained', 'resolved', 'closed'],
    contained: ['resolved', 'closed'],
    resolved: ['closed', 'investigating'],
    closed: ['investigating'],
  }
  let looked = 0
  for (const from of statuses) {
    expect(nextStatuses(from)).toEqual(table[from])
    for (const to of statuses) {
      looked++
      expect([from, to, codeOf(() => changeStatus(standing(from), to, 'true_positive', 100))]).toEqual([from, to, table[from].includes(to) ? 'done' : 'incident_step_illegal'])
    }
  }
  expect(looked).toBe(25)
})

test('a refused step names the present status and what is possible', () => {
  expect(() => changeStatus(standing('contained'), 'new', null, 1)).toThrow(expect.objectContaining({ params: { status: 'contained', wanted: 'new', possible: 'resolved, closed' } }))
})

test('nothing closes without a verdict; one that stands already is enough', () => {
  for (const from of ['new', 'investigating', 'contained', 'resolved'] as const) {
    expect(codeOf(() => changeStatus(standing(from), 'closed', null, 100))).toBe('incident_verdict_required')
    for (const verdict of verdicts) expect(changeStatus(standing(from), 'closed', verdict, 100)).toMatchObject({ status: 'closed', verdict, clocks: { t12: 100 } })
    expect(changeStatus(judge(standing(from), 'duplicate', 90), 'closed', null, 100).verdict).toBe('duplicate')
  }
})

test('closing resolves; reopening takes back the verdict and both clocks, and the first touch stays', () => {
  const closed = changeStatus(fresh, 'closed', 'false_positive', 100)
  expect(closed.clocks).toMatchObject({ t4: 100, t5: 100, t11: 100, t12: 100 })
  const reopened = changeStatus(closed, 'investigating', null, 200)
  expect(reopened).toMatchObject({ status: 'investigating', verdict: null, clocks: { t4: 100, t5: 100, t11: null, t12: null } })
  expect(changeStatus(changeStatus(reopened, 'resolved', null, 300), 'closed', 'test', 400).clocks).toMatchObject({ t11: 300, t12: 400 })
})

test('a verified containment moves what is before it and nothing else', () => {
  expect(statuses.map((status) => contained(standing(status)).status)).toEqual(['contained', 'contained', 'contained', 'resolved', 'closed'])
})

test('what is closed takes no verdict and no severity', () => {
  expect(codeOf(() => judge(standing('closed'), 'test', 1))).toBe('incident_closed')
  expect(codeOf(() => setSeverity(standing('closed'), 'low', 1))).toBe('incident_closed')
})

test('a machine only raises; what a person lowered stays until something worse comes', () => {
  const lowered = setSeverity({ ...fresh, severity: 'high', machineSeverity: 'high' }, 'low', 100)
  expect(lowered).toMatchObject({ severity: 'low', machineSeverity: 'high', clocks: { t4: 100 } })
  expect(raise(lowered, 'high').severity).toBe('low')
  expect(raise(lowered, 'critical').severity).toBe('critical')
  expect(raise(setSeverity(fresh, 'critical', 1), 'high')).toMatchObject({ severity: 'critical', machineSeverity: 'high' })
})

test('of the response the first mark stands, of the last containment the last', () => {
  const once = responded(clocks, { t8: 5, t8a: 6, t9: 7 })
  expect(once).toMatchObject({ t8: 5, t8a: 6, t9: 7, t9n: 7, t10: null })
  expect(responded(once, { t8: 50, t8a: 60, t9: 70, t9n: 70, t7: 3, t10: 9 })).toMatchObject({ t7: 3, t8: 5, t8a: 6, t9: 7, t9n: 70, t10: 9 })
  expect(responded(once, { t9n: 6 }).t9n).toBe(7)
})

test('earlier activity moves T0 back, later activity does not', () => {
  expect(sawActivity(clocks, 5)).toMatchObject({ t0: 5, t1: 20 })
  expect(sawActivity(clocks, 500).t0).toBe(10)
})

test('pauses are left out of what elapses, and end with the resolution', () => {
  const waiting = paused(paused(clocks, 100, 'approval'), 110, 'again')
  expect(waiting.pauses).toEqual([{ from: 100, to: null, reason: 'approval' }])
  expect(elapsed(waiting, 40, 150)).toBe(60)
  expect(elapsed(resumed(waiting, 120), 40, 150)).toBe(90)
  expect(elapsed(resumed(waiting, 120), 110, 115)).toBe(0)
  expect(changeStatus({ ...fresh, clocks: waiting }, 'resolved', null, 130).clocks.pauses).toEqual([{ from: 100, to: 130, reason: 'approval' }])
})

test('service levels: overdue is breached also while it is open', () => {
  const at = (minutes: number) => clocks.t3 + minutes * 60_000
  expect(attained(clocks, 'critical', at(15))).toBe('pending')
  expect(attained(clocks, 'critical', at(15) + 1)).toBe('breached')
  const seen = touched(clocks, at(10))
  expect(attained(seen, 'critical', at(240))).toBe('pending')
  expect(attained(seen, 'critical', at(240) + 1)).toBe('breached')
  expect(attained(resumed(paused(seen, at(20), 'approval'), at(80)), 'critical', at(300))).toBe('pending')
  expect(attained({ ...seen, t11: at(100) }, 'critical', at(9_999))).toBe('met')
  expect(attained({ ...touched(clocks, at(16)), t11: at(100) }, 'critical', at(9_999))).toBe('breached')
  expect(attained({ ...touched(clocks, at(239)), t11: at(4_320) }, 'low', at(9_999))).toBe('met')
})

test('random walks keep what is promised', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('status' as const), to: fc.constantFrom(...statuses), verdict: fc.option(fc.constantFrom(...verdicts)) }),
    fc.record({ kind: fc.constant('judge' as const), verdict: fc.constantFrom(...verdicts) }),
    fc.record({ kind: fc.constant('severity' as const), to: fc.constantFrom(...severities) }),
    fc.record({ kind: fc.constant('raise' as const), to: fc.constantFrom(...severities) }),
    fc.record({ kind: fc.constantFrom('contained' as const, 'pause' as const, 'resume' as const) }),
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (walk) => {
    let state = fresh
    walk.forEach((each, index) => {
      const at = 100 + index * 10
      const before = state
      try {
        switch (each.kind) {
          case 'status': state = changeStatus(state, each.to, each.verdict, at); break
          case 'judge': state = judge(state, each.verdict, at); break
          case 'severity': state = setSeverity(state, each.to, at); break
          case 'raise': state = raise(state, each.to); break
          case 'contained': state = contained(state); break
          case 'pause': if (isOpen(state.status)) state = { ...state, clocks: paused(state.clocks, at, 'x') }; break
          case 'resume': state = { ...state, clocks: resumed(state.clocks, at) }; break
        }
      } catch (error) {
        expect(error).toBeInstanceOf(HaechiError)
        expect(state).toBe(before)
      }
      expect(state.clocks.t11 !== null).toBe(!isOpen(state.status))
      expect(state.clocks.t12 !== null).toBe(state.status === 'closed')
      if (state.status === 'closed') expect(state.verdict).not.toBeNull()
      if (each.kind === 'raise') expect(rankOf(state.severity)).toBeGreaterThanOrEqual(rankOf(before.severity))
      if (before.clocks.t4 !== null) expect(state.clocks.t4).toBe(before.clocks.t4)
      if (before.clocks.t5 !== null) expect(state.clocks.t5).toBe(before.clocks.t5)
      if (!isOpen(state.status)) expect(state.clocks.pauses.every(({ to }) => to !== null)).toBe(true)
      expect(elapsed(state.clocks, state.clocks.t3, at)).toBeGreaterThanOrEqual(0)
    })
  }), { numRuns: 500 })
})
