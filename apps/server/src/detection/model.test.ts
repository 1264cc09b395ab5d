import { expect, test } from 'vitest'
import { step, suppresses } from './model.ts'
import type { AlertState, AlertStep, SuppressionTest } from './model.ts'

const states: Record<string, AlertState> = {
  new: { status: 'new', incidentId: null, verdict: null },
  suppressed: { status: 'suppressed', incidentId: null, verdict: null },
  attached: { status: 'attached', incidentId: 'inc_a', verdict: null },
  judged: { status: 'attached', incidentId: 'inc_a', verdict: 'true_positive' },
  dismissed: { status: 'dismissed', incidentId: null, verdict: null },
  'dismissed as false': { status: 'dismissed', incidentId: null, verdict: 'false_positive' },
}
const steps: Record<string, AlertStep> = {
  'attach to a': { to: 'attached', incidentId: 'inc_a' },
  'attach to b': { to: 'attached', incidentId: 'inc_b' },
  dismiss: { to: 'dismissed', verdict: null },
  'dismiss as false': { to: 'dismissed', verdict: 'false_positive' },
  judge: { to: 'judged', verdict: 'true_positive' },
  unjudge: { to: 'judged', verdict: null },
  reopen: { to: 'reopened' },
}
const named = (state: AlertState | null) => (state === null ? '-' : [state.status, state.incidentId, state.verdict].filter((part) => part !== null).join(' '))

test('every status and every step', () => {
  expect(Object.fromEntries(Object.entries(states).map(([name, state]) => [name, Object.fromEntries(Object.entries(steps).map(([taken, one]) => [taken, named(step(state, one))]))]))).toEqual({
    new: { 'attach to a': 'attached inc_a', 'attach to b': 'attached inc_b', dismiss: 'dismissed', 'dismiss as false': 'dismissed false_positive', judge: '-', unjudge: '-', reopen: 'new' },
    suppressed: { 'attach to a': '-', 'attach to b': '-', dismiss: '-', 'dismiss as false': '-', judge: '-', unjudge: '-', reopen: 'new' },
    attached: { 'attach to a': 'attached inc_a', 'attach to b': '-', dismiss: '-', 'dismiss as false': '-', judge: 'attached inc_a true_positive', unjudge: 'attached inc_a', reopen: '-' },
    judged: { 'attach to a': 'attached inc_a true_positive', 'attach to b': '-', dismiss: '-', 'dismiss as false': '-', judge: 'attached inc_a true_positive', unjudge: 'attached inc_a', reopen: '-' },
    dismissed: { 'attach to a': 'attached inc_a', 'attach to b': 'attached inc_b', dismiss: 'dismissed', 'dismiss as false': 'dismissed false_positive', judge: '-', unjudge: '-', reopen: 'new' },
    'dismissed as false': { 'attach to a': 'attached inc_a', 'attach to b': 'attached inc_b', dismiss: 'dismissed', 'dismiss as false': 'dismissed false_positive', judge: '-', unjudge: '-', reopen: 'new' },
  })
})
test('a step that changes nothing gives the same state, so that nothing is written', () => {
  for (const state of Object.values(states)) {
    for (const taken of Object.values(steps)) {
      const after = step(state, taken)
      if (after !== null) expect(step(after, taken)).toBe(after)
    }
  }
})

const all: SuppressionTest = { id: 'sup_1', ruleId: 'r', host: 'WS-12', user: 'Bob', field: 'Image', value: 'C:\\Tools\\psexec.exe', expiresAt: 1_000 }
const match = { ruleId: 'r', host: 'ws-12.corp.local', user: 'bob', receivedAt: 999, valueOf: (field: string) => (field === 'Image' ? ['other', 'c:\\tools\\PSEXEC.exe'] : []) }

test('a suppression holds when all that it names holds', () => {
  expect(suppresses(all, match)).toBe(true)
  expect(suppresses({ id: 'sup_2', ruleId: 'r', host: null, user: null, field: null, value: null, expiresAt: null }, { ...match, host: null, user: null })).toBe(true)
  for (const other of [{ ruleId: 'x' }, { host: 'WS-1' }, { host: 'ws-12.other.local' }, { user: 'eve' }, { field: 'CommandLine' }, { value: 'c:\\tools' }] satisfies Partial<SuppressionTest>[]) {
    expect([other, suppresses({ ...all, ...other }, match)]).toEqual([other, false])
  }
  expect(suppresses({ ...all, host: 'ws-12.CORP.local' }, match)).toBe(true)
  expect(suppresses(all, { ...match, host: null })).toBe(false)
  expect(suppresses(all, { ...match, user: null })).toBe(false)
})
test('it ends with its time, counted from the receipt of the event', () => {
  expect(suppresses(all, { ...match, receivedAt: 1_000 })).toBe(false)
})
