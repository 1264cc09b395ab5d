// What an alert is, and the only ways in which its status changes. Defended by model.test.ts (every status x every step, pinned).
import type { AlertStatus, AlertVerdict, Severity } from './wire.ts'

export type { AlertStatus, AlertVerdict, Severity } from './wire.ts'

/** The rule as it was when it fired. For an indicator `id` is `TYPE:VALUE` and `source` names the feeds. */
export type AlertRule = {
  readonly id: string; readonly title: string; readonly author: string | null; readonly source: string; readonly license: string | null; readonly packVersion: string | null
  readonly references: readonly string[]; readonly falsePositives: readonly string[]
  /** Absent where the rule speaks no Korean, and in alerts from before rules did. */
  readonly ko?: { readonly title: string; readonly falsePositives: readonly string[] }
}
export type AlertProcess = {
  readonly guid: string | null; readonly pid: string | null; readonly image: string | null; readonly commandLine: string | null; readonly user: string | null
  readonly parentGuid: string | null; readonly parentPid: string | null; readonly parentImage: string | null; readonly parentCommandLine: string | null
  /** T1 of the record, ms since the epoch. */
  readonly at: number
}
export type AlertIndicator = { readonly type: string; readonly value: string; readonly verdict: string; readonly confidence: number; readonly sources: readonly string[] }
export type Matched = { readonly selection: string; readonly field: string | null; readonly value: unknown }

/** Matches of one rule on one host by one user within ten minutes of T1. Times in ms since the epoch. */
export type Alert = {
  readonly id: string
  readonly tenantId: string
  readonly kind: 'rule' | 'indicator'
  readonly rule: AlertRule
  readonly severity: Severity
  readonly status: AlertStatus
  readonly verdict: AlertVerdict | null
  readonly incidentId: string | null
  readonly host: string | null
  readonly user: string | null
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  /** T1 of the first and the last event, T2 of the first, T3. */
  readonly firstEventAt: number
  readonly lastEventAt: number
  readonly receivedAt: number
  readonly raisedAt: number
  readonly eventCount: number
  readonly indicators: readonly AlertIndicator[]
  /** Every event of it was sent as backfill. */
  readonly backfill: boolean
  /** What the first 20 events name. */
  readonly processes: readonly AlertProcess[]
  readonly addresses: readonly string[]
  readonly hashes: readonly string[]
}

/** A record behind an alert. `source` is the name of who sent it; `raw` the record as it was sent, at most 64 kB of it. */
export type AlertEvent = {
  readonly offset: number
  readonly eventId: string
  readonly time: number
  readonly receivedAt: number
  readonly source: string
  readonly matched: readonly Matched[]
  readonly process: AlertProcess | null
  readonly raw: string
}

export type AlertState = { readonly status: AlertStatus; readonly incidentId: string | null; readonly verdict: AlertVerdict | null }
export type AlertStep =
  | { readonly to: 'attached'; readonly incidentId: string }
  /** `verdict` null: looked at and alone too weak for an incident. */
  | { readonly to: 'dismissed'; readonly verdict: AlertVerdict | null }
  /** The verdict of its incident, null when that is reopened. */
  | { readonly to: 'judged'; readonly verdict: AlertVerdict | null }
  | { readonly to: 'reopened' }

/** The state after a step, the same object where the step changes nothing, null where it is not allowed. */
export function step(state: AlertState, taken: AlertStep): AlertState | null {
  switch (taken.to) {
    case 'attached':
      if (state.status === 'attached') return state.incidentId === taken.incidentId ? state : null
      return state.status === 'suppressed' ? null : { status: 'attached', incidentId: taken.incidentId, verdict: null }
    case 'dismissed':
      if (state.status === 'dismissed' && state.verdict === taken.verdict) return state
      return state.status === 'new' || state.status === 'dismissed' ? { status: 'dismissed', incidentId: null, verdict: taken.verdict } : null
    case 'judged':
      if (state.status !== 'attached') return null
      return state.verdict === taken.verdict ? state : { ...state, verdict: taken.verdict }
    case 'reopened':
      if (state.status === 'new') return state
      return state.status === 'attached' ? null : { status: 'new', incidentId: null, verdict: null }
    default: return taken satisfies never
  }
}

export type Suppression = {
  readonly id: string
  readonly ruleId: string
  readonly host: string | null
  readonly user: string | null
  readonly field: string | null
  readonly value: string | null
  readonly reason: string
  readonly author: string
  readonly createdAt: number
  /** Events received (T2) from then on are alerts again; null: never. */
  readonly expiresAt: number | null
  readonly alerts: number
}
/** What a worker needs of it. */
export type SuppressionTest = Pick<Suppression, 'id' | 'ruleId' | 'host' | 'user' | 'field' | 'value' | 'expiresAt'>

const folded = (text: string) => text.toLowerCase()
const short = (host: string) => host.split('.')[0]!

/** `valueOf` answers the values that the record has in a field. */
export function suppresses(test: SuppressionTest, match: { ruleId: string; host: string | null; user: string | null; receivedAt: number; valueOf: (field: string) => readonly string[] }): boolean {
  if (test.ruleId !== match.ruleId || (test.expiresAt !== null && match.receivedAt >= test.expiresAt)) return false
  if (test.host !== null) {
    if (match.host === null) return false
    const [wanted, host] = [folded(test.host), folded(match.host)]
    // A short name means the host, whatever its domain.
    if (wanted !== (wanted.includes('.') ? host : short(host))) return false
  }
  if (test.user !== null && (match.user === null || folded(test.user) !== folded(match.user))) return false
  return test.field === null || match.valueOf(test.field).some((value) => folded(value) === folded(test.value ?? ''))
}
