import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IncidentClocks } from '../../../server/src/incidents/wire.ts'
import { clockViews } from './clocks.ts'
import type { ClockName } from './clocks.ts'
import { detail } from './incidents.fixture.ts'

const targets = { respond_target_minutes: 60, resolve_target_minutes: 240, met: 0, breached: 0, attainment: null }
const detected = Date.parse(detail.clocks.t3_detected!)
const minute = 60_000
const viewOf = (name: ClockName, clocks: Partial<IncidentClocks>, now: number, given: typeof targets | null = targets) => clockViews({ ...detail.clocks, ...clocks }, given, now).find((view) => view.name === name)!
const iso = (at: number) => new Date(at).toISOString()
const untouched = { t4_first_touch: null }

describe('the clocks of an incident', () => {
  test('the time to the first touch runs against its target: on time, at risk in the last quarter, overdue', () => {
    const states = [44, 45, 60, 61].map((minutes) => viewOf('response', untouched, detected + minutes * minute).state)
    expect(states).toEqual(['on_time', 'risk', 'risk', 'overdue'])
    expect(viewOf('response', untouched, detected + 50 * minute)).toMatchObject({ running: true, left: 10 * minute, elapsed: 50 * minute })
  })

  test('a clock that ended says met or missed and moves no more', () => {
    expect(viewOf('response', { t4_first_touch: iso(detected + 20 * minute) }, detected + 999 * minute)).toMatchObject({ state: 'met', elapsed: 20 * minute, running: false })
    expect(viewOf('response', { t4_first_touch: iso(detected + 61 * minute) }, detected + 62 * minute).state).toBe('missed')
  })

  test('pauses are taken off, an open one up to now', () => {
    const pauses = [{ from: iso(detected + 10 * minute), to: iso(detected + 20 * minute), reason: 'customer' }, { from: iso(detected + 50 * minute), to: null, reason: 'customer' }]
    expect(viewOf('response', { ...untouched, pauses }, detected + 90 * minute).elapsed).toBe(40 * minute)
  })

  test('detection is measured from the first activity; an unknown beginning is not measured, and without targets there is no state', () => {
    expect(viewOf('detection', {}, detected).elapsed).toBe(243_000)
    expect(viewOf('detection', { t0_first_activity: null }, detected)).toMatchObject({ elapsed: null, running: false })
    expect(viewOf('response', untouched, detected + 500 * minute, null).state).toBe('none')
  })

  test('containment has no promise; what was resolved without it was never contained', () => {
    expect(viewOf('containment', {}, detected + 50 * minute)).toMatchObject({ running: true, elapsed: 50 * minute, target: null, state: 'none' })
    expect(viewOf('containment', { t9_first_contained: iso(detected + 5 * minute), t11_resolved: iso(detected + 9 * minute) }, detected)).toMatchObject({ running: false, elapsed: 5 * minute })
    expect(viewOf('containment', { t11_resolved: iso(detected + 9 * minute) }, detected)).toMatchObject({ running: false, elapsed: null })
    expect(viewOf('activity', { t11_resolved: iso(detected + 9 * minute), t12_closed: iso(detected + 900 * minute) }, detected).to).toBe(iso(detected + 9 * minute))
  })

  test('activity found later than detection does not make a time below nothing', () => {
    expect(viewOf('detection', { t0_first_activity: iso(detected + minute) }, detected).elapsed).toBe(0)
  })

  test('while a clock runs its state never gets better', () => {
    const order = ['on_time', 'risk', 'overdue']
    fc.assert(fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), (a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)].map((minutes) => order.indexOf(viewOf('response', untouched, detected + minutes * minute).state))
      expect(first).toBeLessThanOrEqual(second!)
    }))
  })
})
