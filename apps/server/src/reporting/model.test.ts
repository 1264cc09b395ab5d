import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gravest, monthlyReport, topCount } from './model.ts'
import type { IncidentFact } from './model.ts'
import type { ActionFigures } from '../response/api.ts'
import { facts, figures, incident, metrics, october } from './reporting.fixture.ts'
import { durationOf, severityOrder } from './texts.ts'

const minute = 60_000
const day = 86_400_000
type ActionRecord = ActionFigures['actions'][number]
const action = (change: Partial<ActionRecord>): ActionRecord => ({ id: 'act_1', type: 'isolate_host', status: 'failed', requestedAt: october.from + day, asked: true, automatic: false, decision: 'approved', failures: [], ...change })

test('fifteen sections, numbered in the order in which they are read', () => {
  const { sections } = monthlyReport(facts(), 'en')
  expect(Object.values(sections).map(({ number }) => number)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1))
  for (const { title } of Object.values(sections)) expect(title).not.toBe('')
})

test('a month without anything says so and invents no figure', () => {
  const nothing = metrics({ mttd_minutes: null, mtta_minutes: null, false_positive_rate: null, approval_latency_minutes: null, incidents_count: 0, definitions: {} })
  const { sections } = monthlyReport(facts({ incidents: [], incidentsBefore: 0, metrics: [{ year: 2026, month: 10, metrics: nothing }], funnel: { events: 0, matches: 0, alerts: 0, suppressed: 0, dismissed: 0 } }), 'ko')
  for (const name of ['kpis', 'funnel', 'incidents', 'top_incidents', 'response', 'hours', 'attack', 'sensors', 'recommendations', 'tuning'] as const) {
    expect([name, sections[name].status]).toEqual([name, 'no_data'])
    expect(sections[name].note).not.toBeNull()
  }
  expect(sections.surface).toMatchObject({ status: 'not_available' })
  expect(sections.kpis.figures.map(({ actual, state, status }) => ({ actual, state, status }))).toEqual(sections.kpis.figures.map(() => ({ actual: null, state: 'none', status: 'not_available' })))
  expect(sections.hours.off_hours_share).toBeNull()
})

test('figures have target, result and trend; what was not measured has no result', () => {
  const { kpis } = monthlyReport(facts({ metrics: [{ year: 2026, month: 8, metrics: null }, { year: 2026, month: 9, metrics: metrics({ mttd_minutes: 44 }) }, { year: 2026, month: 10, metrics: metrics() }] }), 'en').sections
  expect(kpis.figures.find(({ id }) => id === 'mttd')).toMatchObject({ actual: 12, target: 30, state: 'met', n: 3, trend: [{ month: '2026-08', value: null }, { month: '2026-09', value: 44 }, { month: '2026-10', value: 12 }] })
  expect(kpis.figures.find(({ id }) => id === 'false_positive_rate')).toMatchObject({ actual: 20, target: 10, state: 'missed', unit: 'percent' })
  expect(kpis.figures.find(({ id }) => id === 'mttr')).toMatchObject({ actual: null, state: 'none', status: 'no_data' })
})

test('backfilled incidents are counted apart and nowhere else', () => {
  const { sections } = monthlyReport(facts({ incidents: [incident({ id: 'inc_1' }), incident({ id: 'inc_2', backfill: true, severity: 'critical', status: 'new' })], metrics: [{ year: 2026, month: 10, metrics: null }] }), 'en')
  expect(sections.incidents).toMatchObject({ total: { count: 1, records: ['inc_1'] }, backfill: { count: 1, records: ['inc_2'] } })
  expect(sections.cover.health).not.toBe('at_risk')
  expect(sections.summary.sentences.join(' ')).toContain('not counted')
})

test('means of a row are those of its confirmed incidents', () => {
  const { incidents } = monthlyReport(facts({ incidents: [
    incident({ id: 'a', firstActivityAt: october.from, detectedAt: october.from + 10 * minute, respondedAt: october.from + 40 * minute }),
    incident({ id: 'b', firstActivityAt: october.from, detectedAt: october.from + 20 * minute }),
    incident({ id: 'c', firstActivityAt: october.from - day, detectedAt: october.from + 20 * minute, verdict: 'false_positive' }),
  ] }), 'en').sections
  expect(incidents.by_severity.find(({ severity }) => severity === 'high')).toEqual({ severity: 'high', count: 3, records: ['a', 'b', 'c'], open: 0, mttd_minutes: 15, mttr_minutes: 30 })
  expect(incidents.by_category).toMatchObject([{ tactic: 'credential-access', count: 3, mttd_minutes: 15 }])
  expect(incidents.by_verdict.map(({ verdict, count }) => [verdict, count])).toEqual([['true_positive', 2], ['false_positive', 1]])
})

test('hours are those of the report\'s zone, Monday first, and off hours are nights and weekends', () => {
  // 2026-10-12 was a Monday: 14:00 in Seoul, then Saturday 10:00, then Monday 02:00.
  const times = ['2026-10-12T05:00:00Z', '2026-10-17T01:00:00Z', '2026-10-11T17:00:00Z'].map((at) => Date.parse(at))
  const { hours } = monthlyReport(facts({ incidents: times.map((detectedAt, index) => incident({ id: `inc_${index}`, detectedAt, touchedAt: detectedAt + (index === 1 ? 90 : 5) * minute })) }), 'en').sections
  expect([hours.cells[0]?.[14], hours.cells[5]?.[10], hours.cells[0]?.[2]]).toEqual([1, 1, 1])
  expect(hours).toMatchObject({ off_hours: { count: 2, records: ['inc_1', 'inc_2'] }, off_hours_share: 66.7, off_hours_answered_share: 50 })
})

test('what people decided about actions is told apart from what the policy did', () => {
  const { response } = monthlyReport(facts({ response: figures([
    action({ id: 'a', failures: ['no_executor'] }), action({ id: 'b', status: 'rejected', decision: 'rejected' }), action({ id: 'c', status: 'expired', decision: null }), action({ id: 'd', status: 'denied', asked: false, decision: null }),
    action({ id: 'e', status: 'succeeded', asked: false, automatic: true }), action({ id: 'f', status: 'awaiting_approval', decision: null, type: 'block_ip' }),
  ]) }), 'en').sections
  const ids = ({ records }: { records: string[] }) => records.join('')
  expect({ requested: ids(response.requested), at_once: ids(response.at_once), approved: ids(response.approved), rejected: ids(response.rejected), denied: ids(response.denied), expired: ids(response.expired), waiting: ids(response.waiting), succeeded: ids(response.succeeded), failed: ids(response.failed) })
    .toEqual({ requested: 'abcdef', at_once: 'e', approved: 'a', rejected: 'b', denied: 'd', expired: 'c', waiting: 'f', succeeded: 'e', failed: 'a' })
})

describe('the label', () => {
  const label = (change: Parameters<typeof facts>[0]) => monthlyReport(facts(change), 'en').sections.cover.health
  const calm = metrics({ false_positive_rate: 5, sla: { ...metrics().sla, high: { ...metrics().sla.high, breached: 0 } } })
  test('at risk while a critical or high incident is open, or service levels are lost', () => {
    expect(label({ incidents: [incident({ status: 'investigating', resolvedAt: null })], metrics: [{ year: 2026, month: 10, metrics: calm }] })).toBe('at_risk')
    expect(label({})).toBe('at_risk')
  })
  test('watch where something is to be done, healthy where nothing is', () => {
    expect(label({ metrics: [{ year: 2026, month: 10, metrics: { ...calm, false_positive_rate: 20 } }] })).toBe('watch')
    expect(label({ metrics: [{ year: 2026, month: 10, metrics: calm }] })).toBe('healthy')
  })
})

test('recommendations come from records, with owner and age', () => {
  const { recommendations } = monthlyReport(facts({
    response: figures([action({ id: 'act_1', failures: ['no_executor'], requestedAt: october.to - 3 * day }), action({ id: 'act_2', status: 'expired', decision: null, requestedAt: october.to - 5 * day })]),
    sources: [{ name: 'web', events: 10, lastEventAt: october.to - 2 * day, errors: 0 }, { name: 'dc', events: 10, lastEventAt: october.to - minute, errors: 0 }],
    rules: [{ ruleId: 'r1', title: 'Noisy', alerts: 9, truePositive: 1, benign: 2, falsePositive: 3, suppressed: 0 }, { ruleId: 'r2', title: 'Good', alerts: 9, truePositive: 5, benign: 0, falsePositive: 1, suppressed: 0 }],
  }), 'en').sections
  expect(recommendations.items.map(({ id, owner, age_days, records }) => [id, owner, age_days, records])).toEqual([
    ['expired_approvals', 'customer', 5, ['act_2']], ['no_executor', 'customer', 3, ['act_1']], ['silent_sources', 'customer', 2, ['web']], ['noisy_rule_r1', 'provider', 0, ['r1']],
  ])
})

test('breaches say which target was lost and by how much', () => {
  const { sla } = monthlyReport(facts({ incidents: [
    incident({ id: 'late', touchedAt: Date.parse('2026-10-12T06:00:00Z') }), incident({ id: 'open', status: 'new', verdict: null, touchedAt: null, resolvedAt: null, detectedAt: october.to - 10 * 60 * minute }),
    incident({ id: 'paused', touchedAt: Date.parse('2026-10-12T06:00:00Z'), pauses: [{ from: Date.parse('2026-10-12T05:10:00Z'), to: Date.parse('2026-10-12T05:50:00Z') }] }),
  ] }), 'en').sections
  expect(sla.breaches).toEqual([
    { incident_id: 'late', title: incident().title, severity: 'high', reason: 'first touched after 1 h (target 30 min)' },
    { incident_id: 'open', title: incident().title, severity: 'high', reason: 'not touched for 10 h (target 30 min), unresolved for 10 h (target 8 h)' },
  ])
})

const anyIncident: fc.Arbitrary<IncidentFact> = fc.record({
  id: fc.uuid(), severity: fc.constantFrom(...severityOrder), status: fc.constantFrom('new', 'investigating', 'contained', 'resolved', 'closed'),
  verdict: fc.constantFrom('true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test', null), backfill: fc.boolean(), detectedAt: fc.integer({ min: october.from, max: october.to - 1 }),
  tactics: fc.uniqueArray(fc.constantFrom('execution', 'impact', 'x'), { maxLength: 3 }), touchedAt: fc.option(fc.integer({ min: october.from, max: october.to })),
}).map((change) => incident(change))

test('whatever happened, the tables agree with each other', () => {
  fc.assert(fc.property(fc.array(anyIncident, { maxLength: 40 }), (incidents) => {
    const { sections } = monthlyReport(facts({ incidents }), 'en')
    const { total, backfill, by_severity, by_verdict } = sections.incidents
    const sum = (rows: readonly { count: number }[]) => rows.reduce((all, { count }) => all + count, 0)
    expect(total.count + backfill.count).toBe(incidents.length)
    expect(sum(by_severity)).toBe(total.count)
    expect(sum(by_verdict)).toBe(total.count)
    expect(sections.hours.cells.flat().reduce((all, count) => all + count, 0)).toBe(total.count)
    expect(sections.funnel.stages.find(({ id }) => id === 'incidents')?.count).toBe(total.count)
    const top = gravest(incidents)
    expect(top).toHaveLength(Math.min(topCount, incidents.length))
    expect(JSON.parse(JSON.stringify(sections))).toEqual(sections)
  }))
})

test.each([[0, '0 s', '0초'], [4.1667, '4 min 10 s', '4분 10초'], [125, '2 h 5 min', '2시간 5분'], [1440, '1 d', '1일'], [90 * 24 * 60 + 61, '90 d 1 h', '90일 1시간'], [0.2, '12 s', '12초']])('%d minutes are said as %s', (minutes, en, ko) => {
  expect([durationOf(minutes, 'en'), durationOf(minutes, 'ko')]).toEqual([en, ko])
})
