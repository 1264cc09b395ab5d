import { expect, test } from 'vitest'
import { differences } from './diff.ts'
import type { PolicyContent } from './matrix.ts'

const policy: PolicyContent = {
  preset: 'ask-always', rows: [{ id: 'a', decision: 'allow' }, { id: 'b', decision: 'deny', assets: { tags: ['server'] } }], never_isolate: ['DC-01', 'VPN'],
  caps: { targets_per_action: 10, targets_per_hour: 30 }, containment_hours: 24, collaborate_minutes: 30,
}

test('the same policy differs in nothing, however its fields are written', () => {
  expect(differences(policy, { ...policy, rows: [policy.rows[0]!, { assets: { tags: ['server'] }, decision: 'deny', id: 'b' }] })).toEqual([])
})

test('every change is named once', () => {
  expect(differences(policy, {
    preset: 'observe-only', rows: [{ id: 'b', decision: 'ask', assets: { tags: ['server'] } }, { id: 'c', decision: 'ask' }], never_isolate: ['VPN', 'NAS'],
    caps: { targets_per_action: 5, targets_per_hour: 20 }, containment_hours: 12, collaborate_minutes: 15,
  }).map(({ kind }) => kind)).toEqual(['preset', 'collaborate', 'row_changed', 'row_new', 'row_gone', 'never_new', 'never_gone', 'cap_action', 'cap_hour', 'hours'])
})

test('rows that stand in another order decide otherwise', () => {
  expect(differences(policy, { ...policy, rows: policy.rows.toReversed() })).toEqual([{ kind: 'row_moved' }])
})
