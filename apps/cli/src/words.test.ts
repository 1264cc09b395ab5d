import { expect, test } from 'vitest'
import { roles, sides } from './commands/access.ts'
import { verdicts } from './commands/incidents.ts'
import { fakeServer, haechi } from './process.fixture.ts'
import { wordOf } from './words.ts'

const ko = { language: 'ko' } as const

test('what may be typed into an option has a Korean word; what nobody knows stays as it is', () => {
  for (const [kind, words] of [['verdict', verdicts], ['role', roles], ['side', sides]] as const) for (const word of words) expect(wordOf(ko, kind, word)).toMatch(/^[가-힣 ]+$/)
  expect([wordOf(ko, 'severity', 'toString'), wordOf(ko, 'severity', 'dire'), wordOf(ko, 'verdict', null), wordOf({ language: 'en' }, 'severity', 'high')]).toEqual(['toString', 'dire', '', 'high'])
})

const action = { action_id: 'act_1', incident_id: 'inc_1', action_type: 'isolate_host', status: 'awaiting_approval', targets: [{ target: 'dc-01', state: 'denied', reason_code: 'never_isolate', reason: '격리 금지 목록에 있습니다' }], requested_at: '2026-11-22T09:05:00.000Z', waiting_for: '고객', expires_at: null, history: [{ at: '2026-11-22T09:05:00.000Z', status: 'requested', actor: null, text: 'x' }] }
const incident = {
  id: 'inc_1', severity: 'critical', title: 'LSASS', status: 'contained', detected_at: '2026-11-22T09:00:00.000Z', analyst: null, affected_hosts: [], techniques: [], verdict: 'benign_true_positive', summary: 's', indicators: [], actions: [action],
  timeline: [{ at: '2026-11-22T09:00:00.000Z', kind: 'assignment', text: 'x', actor: null }],
}
const answers = {
  'incidents list': { incidents: [incident] }, 'incidents show inc_1': incident, 'incidents status inc_1 contained': incident, 'actions list': { actions: [action], next_cursor: null }, 'actions show act_1': action, 'actions lift act_1': { action_id: 'act_1', status: 'lifting' },
  'rules list': { rules: [{ id: 'r', title: 'R', level: 'informational', pack: 'p', techniques: [], enabled: true, alerts: 0, hits_7d: 0, last_hit_at: null, cost_share: null, correlation: null }], next_cursor: null },
  'intel lookup a.example': { results: [{ indicator: 'a.example', type: 'domain', verdict: 'suspicious', confidence: 1, sources: [], tags: [], last_seen: null, sightings: 0 }] },
  'users list': { users: [{ id: 'u', name: 'mina', display_name: 'Mina', role: 'approver', side: 'customer', all_tenants: false, disabled: false, must_change_password: false, created_at: '2026-11-22T09:00:00.000Z' }], next_cursor: null },
}
test.each([
  ['incidents list', ['심각', '격리 완료']], ['incidents show inc_1', ['심각', '격리 완료', '정상 행위', '담당', '승인 대기', '호스트 격리', 'dc-01 정책에 따라 거부됨 (격리 금지 목록에 있습니다)']],
  ['incidents status inc_1 contained', ['심각', '격리 완료', '정상 행위']], ['actions list', ['승인 대기', '호스트 격리']], ['actions show act_1', ['승인 대기', '호스트 격리', '요청됨']], ['actions lift act_1', ['해제 중']],
  ['rules list', ['참고']], ['intel lookup a.example', ['의심']], ['users list', ['승인자', '고객']],
] as const)('%s speaks Korean to people and the API to programs', async (line, words) => {
  const { directory } = await fakeServer(() => ({ body: answers[line] }))
  const { out } = await haechi([...line.split(' '), '--lang', 'ko', '--data', directory])
  for (const word of words) expect(out).toContain(word)
  expect(out).not.toMatch(/critical|contained|benign_true_positive|assignment|awaiting_approval|isolate_host|never_isolate|denied|requested|lifting|informational|suspicious|approver|customer/)
  expect((await haechi([...line.split(' '), '--lang', 'ko', '--json', '--data', directory])).out).not.toMatch(/심각|격리 완료|정상 행위|승인 대기|참고|의심|승인자/)
})
