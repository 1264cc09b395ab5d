// What clients of this context read, as JSON (shared/design/mdr-api.md; keys beyond it are ours). Types only, shared with the console.
import type { AlertEvent, AlertSummary, Severity } from '../detection/wire.ts'

export type IncidentStatus = 'new' | 'investigating' | 'contained' | 'resolved' | 'closed'
export type IncidentVerdict = 'true_positive' | 'benign_true_positive' | 'false_positive' | 'inconclusive' | 'duplicate' | 'test'

export type IncidentSummary = {
  id: string
  severity: Severity
  /** In the reader's language. */
  title: string
  status: IncidentStatus
  /** T3 of the alert that opened it. */
  detected_at: string
  analyst: string | null
  /** Unique in the tenant: each can be the target of an action. */
  affected_hosts: string[]
  affected_users: string[]
  techniques: string[]
  tactics: string[]
  verdict: IncidentVerdict | null
  /** T0, the earliest malicious activity known. */
  first_activity_at: string
  updated_at: string
  alert_count: number
  backfill: boolean
}

/** ISO 8601 or null (architecture, section 8). */
export type IncidentClocks = Record<
  't0_first_activity' | 't1_event' | 't2_ingested' | 't3_detected' | 't4_first_touch' | 't5_triaged' | 't6_opened' | 't7_notified' | 't8_containment_requested' |
  't8a_decided' | 't9_first_contained' | 't9n_last_contained' | 't10_eradicated' | 't11_resolved' | 't12_closed', string | null
> & { pauses: { from: string; to: string | null; reason: string }[] }

/** One entry of the story. `text` is in the reader's language; `ref` leads to what it is about. */
export type TimelineEntry = {
  id: string
  at: string
  kind: 'alert' | 'status' | 'severity' | 'assignment' | 'comment' | 'verdict' | 'action' | 'approval' | 'note'
  actor: { kind: 'user' | 'key' | 'operator' | 'system'; name: string } | null
  text: string
  severity: Severity | null
  ref: { type: 'alert' | 'action'; id: string } | null
  /** For alerts: the record that made it, and what of it. */
  event: AlertEvent | null
}

export type IncidentIndicator = { type: string; value: string; verdict: string; confidence: number; sources: string[]; alert_id: string }
/** `why` is in the reader's language. */
export type SimilarIncident = { id: string; title: string; severity: Severity; status: IncidentStatus; verdict: IncidentVerdict | null; detected_at: string; score: number; why: string }

/** A process of the incident; `bad` when an alert stands on it. Roots have no parent here. */
export type ProcessNode = { guid: string; parent_guid: string | null; host: string | null; image: string | null; command_line: string | null; user: string | null; at: string; bad: boolean; alert_ids: string[] }

/** What this context knows of an incident; GET /incidents/{id} (views) adds actions and assets. */
export type IncidentBody = IncidentSummary & {
  summary: string
  /** Of every id in `techniques`, its name in the reader's language (the ATT&CK name where none is written). */
  technique_names: Record<string, string>
  /** Why the severity is what it is, in the reader's language. */
  severity_reasons: string[]
  indicators: IncidentIndicator[]
  alerts: AlertSummary[]
  timeline: TimelineEntry[]
  clocks: IncidentClocks
  processes: ProcessNode[]
  similar: SimilarIncident[]
  /** What may be done now: statuses that it may change to. */
  next_statuses: IncidentStatus[]
}

/** A key figure: `status` says whether `value` was measured, has nothing to measure, or has no source yet. Minutes, percent. */
export type MetricDefinition = {
  status: 'ok' | 'no_data' | 'not_available'
  /** In the reader's language. */
  definition: string
  unit: 'minutes' | 'percent' | 'count'
  mean: number | null
  median: number | null
  p90: number | null
  n: number
  /** Incidents (or alerts) behind it, at most 1,000, and those that were left out, with the reason. */
  records: string[]
  left_out: Record<string, number>
}

export type Metrics = {
  mttd_minutes: number | null
  mttr_minutes: number | null
  incidents_count: number
  false_positive_rate: number | null
  mtta_minutes: number | null
  mttc_minutes: number | null
  approval_latency_minutes: number | null
  sla: Record<Severity, { respond_target_minutes: number; resolve_target_minutes: number; met: number; breached: number; attainment: number | null }>
  coverage: { status: 'not_available' }
  definitions: Record<string, MetricDefinition>
  period: { start: string; end: string; time_zone: string }
}
