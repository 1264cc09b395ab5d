// Facts of a month that never was, for the tests of what is made of them.
import type { Metrics } from '../incidents/wire.ts'
import type { ActionFigures } from '../response/api.ts'
import type { IncidentFact, MonthFacts } from './model.ts'

const minute = 60_000
export const october = { year: 2026, month: 10, from: Date.parse('2026-09-30T15:00:00Z'), to: Date.parse('2026-10-31T15:00:00Z'), timeZone: 'Asia/Seoul' } as const

export function incident(change: Partial<IncidentFact> = {}): IncidentFact {
  const detectedAt = change.detectedAt ?? Date.parse('2026-10-12T05:00:00Z')
  return {
    id: 'inc_1', title: 'Credential dumping from LSASS on WS-12, by svc-backup', severity: 'high', status: 'closed', verdict: 'true_positive', backfill: false,
    techniques: ['T1003.001'], tactics: ['credential-access'], firstActivityAt: detectedAt - 10 * minute, detectedAt, touchedAt: detectedAt + 5 * minute, respondedAt: null, resolvedAt: detectedAt + 120 * minute, pauses: [], ...change,
  }
}

const figure = (value: number | null, unit: 'minutes' | 'percent' = 'minutes') =>
  ({ status: value === null ? 'no_data' as const : 'ok' as const, definition: 'What it is made of.', unit, mean: value, median: value, p90: value, n: value === null ? 0 : 3, records: [], left_out: {} })
const sla = (met: number, breached: number) => ({ respond_target_minutes: 30, resolve_target_minutes: 480, met, breached, attainment: met + breached === 0 ? null : (100 * met) / (met + breached) })

export function metrics(change: Partial<Metrics> = {}): Metrics {
  return {
    mttd_minutes: 12, mttr_minutes: null, incidents_count: 3, false_positive_rate: 20, mtta_minutes: 6, mttc_minutes: null, approval_latency_minutes: 17,
    sla: { critical: sla(1, 0), high: sla(1, 1), medium: sla(0, 0), low: sla(0, 0), informational: sla(0, 0) }, coverage: { status: 'not_available' },
    definitions: { mttd_minutes: figure(12), mtta_minutes: figure(6), mttr_minutes: figure(null), mttc_minutes: figure(null), approval_latency_minutes: figure(17), false_positive_rate: figure(20, 'percent') },
    period: { start: '2026-09-30T15:00:00.000Z', end: '2026-10-31T15:00:00.000Z', time_zone: 'Asia/Seoul' }, ...change,
  }
}

/** Figures of response that agree with its records. */
export function figures(actions: ActionFigures['actions']): ActionFigures {
  const count = (which: (action: ActionFigures['actions'][number]) => boolean) => actions.filter(which).length
  const latency = { mean: null, median: null, p90: null, n: 0 }
  return {
    requested: actions.length, asked: count(({ asked }) => asked), approved: count(({ decision, automatic }) => decision === 'approved' && !automatic), rejected: count(({ decision }) => decision === 'rejected'), expired: count(({ status }) => status === 'expired'),
    waiting: count(({ status }) => status === 'awaiting_approval'), denied: count(({ status }) => status === 'denied'), automatic: count(({ automatic }) => automatic), succeeded: count(({ status }) => status === 'succeeded'), failed: count(({ status }) => status === 'failed'),
    failures: {}, byType: Object.fromEntries([...Map.groupBy(actions, ({ type }) => type)].map(([type, of]) => [type, of.length])), approvalLatencyMinutes: { customer: latency, provider: latency }, actions,
  }
}

export function facts(change: Partial<MonthFacts> = {}): MonthFacts {
  return {
    now: Date.parse('2026-11-02T00:00:00Z'), tenant: { id: 'ten_1', name: 'saesol', displayName: '새솔정밀', demo: false }, period: october,
    incidents: [incident()], incidentsBefore: 4, metrics: [8, 9, 10].map((month) => ({ year: 2026, month, metrics: metrics() })),
    funnel: { events: 1_204_331, matches: 421, alerts: 61, suppressed: 4, dismissed: 30 }, rules: [], response: figures([]), top: [], sources: [], coveredTechniques: null, ...change,
  }
}
