// Every acknowledged event is searched for attacks exactly once: alerts, counts, the checkpoint and the word of new alerts move in one transaction.
// Defended by follow.integration.test.ts (kills between match and commit) and tests/chaos.
import type { MigrationSource, Transaction } from '../platform/database.ts'
import type { Alert, AlertEvent, AlertVerdict } from './model.ts'

export type { Alert, AlertEvent, AlertIndicator, AlertProcess, AlertRule, AlertStatus, AlertVerdict, Matched, Severity } from './model.ts'
export const detectionMigrations: MigrationSource = { context: 'detection', directory: new URL('./migrations/', import.meta.url) }

declare module '../platform/outbox.ts' {
  interface DomainEvents {
    /** New alerts (at most 500), or reopened ones; suppressed ones are not told of. Published in the transaction that inserts them. */
    'detection.alerts_raised.v1': { alert_ids: string[] }
  }
}

/** Offsets of the tenant's event log, exclusive. `skipped`: events that could not be searched. */
export type Progress = { readonly durable: number; readonly detected: number; readonly grouped: number; readonly skipped: number }

export interface Detection {
  /** In the order of firstEventAt, then id; those of another tenant or unknown are left out. */
  alerts(tenantId: string, ids: readonly string[]): Promise<Alert[]>
  /** The first events of each alert (at most 20), in the order of the log, with the raw record: kept beside the alert, so it outlives retention. */
  events(tenantId: string, alertIds: readonly string[]): Promise<Map<string, AlertEvent[]>>
  /** new or dismissed becomes attached; again changes nothing. Errors: alert_status_refused (suppressed, or of another incident). */
  attach(tx: Transaction, tenantId: string, incidentId: string, alertIds: readonly string[]): Promise<void>
  /** new becomes dismissed: looked at, alone too weak for an incident; it can still be attached later. Attached ones stay as they are. */
  dismiss(tx: Transaction, tenantId: string, alertIds: readonly string[]): Promise<void>
  /** At close the incident's alerts take its verdict; at reopening verdict null. */
  judge(tx: Transaction, tenantId: string, incidentId: string, verdict: AlertVerdict | null): Promise<void>
  /** `grouped`: everything before it was searched, and its alerts are attached, dismissed or suppressed. Waits until `through` is grouped or the signal ends the waiting. */
  progress(tenantId: string, options?: { through: number; signal?: AbortSignal }): Promise<Progress>
  /** Alerts that got their verdict (attached, dismissed) or were suppressed in the window. For the false positive rate. */
  closedCounts(tenantId: string, from: number, to: number): Promise<{ truePositive: number; benign: number; falsePositive: number; other: number; suppressed: number }>
  /** The funnel: matches by receipt (T2, whole hours), alerts by when they were raised (T3). */
  counts(tenantId: string, from: number, to: number): Promise<{ events: number; matches: number; alerts: number; suppressed: number; attached: number; dismissed: number }>
  /** Rules by alerts raised in the window, most first. */
  noisyRules(tenantId: string, from: number, to: number, limit: number): Promise<{ ruleId: string; title: string; alerts: number; events: number; truePositive: number; benign: number; falsePositive: number; suppressed: number }[]>
}
