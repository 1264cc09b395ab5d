// What clients of this context read, as JSON (shared/design/mdr-api.md). Types only, shared with the console. Texts are in the reader's language.
import type { Severity } from '../detection/wire.ts'
import type { IncidentStatus, IncidentVerdict, MetricDefinition } from '../incidents/wire.ts'
import type { ActionStatus, ActionType } from '../response/wire.ts'

export type SectionStatus = 'ok' | 'no_data' | 'not_available'
/** `note` says why there is nothing, null where there is something. */
type Head = { number: number; title: string; status: SectionStatus; note: string | null }
type Section<Content> = Head & Content

/** A count with the records behind it (ids of incidents or actions, at most 1,000). */
export type Counted = { count: number; records: string[] }

export type KeyFigure = {
  id: 'mttd' | 'mtta' | 'mttc' | 'mttr' | 'approval_latency' | 'false_positive_rate'
  name: string
  unit: 'minutes' | 'percent'
  /** One decimal; null where nothing could be measured. */
  actual: number | null
  target: number | null
  state: 'met' | 'missed' | 'none'
  /** Oldest first; this month is the last. */
  trend: { month: string; value: number | null }[]
} & MetricDefinition

export type TopIncident = {
  id: string
  title: string
  severity: Severity
  status: IncidentStatus
  verdict: IncidentVerdict | null
  detected_at: string
  first_activity_at: string
  resolved_at: string | null
  analyst: string | null
  affected_hosts: string[]
  affected_users: string[]
  techniques: { id: string; name: string }[]
  timeline: { at: string; kind: string; actor: string | null; text: string }[]
  actions: { id: string; type: ActionType; targets: string[]; status: ActionStatus; requested_by: string; requested_at: string; decided_by: string | null; decided_at: string | null }[]
}

export type Recommendation = { id: string; text: string; owner: 'customer' | 'provider'; since: string; age_days: number; records: string[] }

/** GET /api/v1/reports/monthly/{year}/{month} */
export type MonthlyReport = {
  report: 'monthly'
  version: 1
  language: 'en' | 'ko'
  generated_at: string
  tenant: { id: string; name: string; display_name: string; demo: boolean }
  /** `end` is exclusive; `partial` while the month is not over, then `through` is when the report was made. */
  period: { year: number; month: number; start: string; end: string; through: string; time_zone: string; partial: boolean }
  sections: {
    cover: Section<{ health: 'healthy' | 'watch' | 'at_risk'; health_name: string; reasons: string[] }>
    summary: Section<{ sentences: string[] }>
    kpis: Section<{ figures: KeyFigure[] }>
    funnel: Section<{ stages: { id: 'events' | 'detections' | 'alerts' | 'incidents' | 'investigated' | 'confirmed'; name: string; count: number; records: string[] }[]; suppressed: number; dismissed: number }>
    incidents: Section<{
      total: Counted
      backfill: Counted
      by_severity: ({ severity: Severity; open: number; mttd_minutes: number | null; mttr_minutes: number | null } & Counted)[]
      by_category: ({ tactic: string; name: string; mttd_minutes: number | null; mttr_minutes: number | null } & Counted)[]
      by_verdict: ({ verdict: IncidentVerdict | null; name: string } & Counted)[]
    }>
    top_incidents: Section<{ incidents: TopIncident[] }>
    response: Section<{
      requested: Counted; at_once: Counted; approved: Counted; rejected: Counted; denied: Counted; expired: Counted; waiting: Counted; succeeded: Counted; failed: Counted
      by_type: ({ type: ActionType; name: string } & Counted)[]
      approval_latency: KeyFigure
    }>
    sla: Section<{
      rows: { severity: Severity; respond_target_minutes: number; resolve_target_minutes: number; met: number; breached: number; attainment: number | null }[]
      breaches: { incident_id: string; title: string; severity: Severity; reason: string }[]
    }>
    /** `cells[weekday][hour]`, Monday first, in the report's zone. Off hours: outside 09:00 to 18:00 from Monday to Friday. */
    hours: Section<{ cells: number[][]; off_hours: Counted; off_hours_share: number | null; off_hours_answered_share: number | null }>
    attack: Section<{ techniques: ({ id: string; name: string } & Counted)[]; covered: number | null; hunts: { status: 'not_available'; note: string } }>
    surface: Head
    sensors: Section<{ sources: { name: string; events: number; last_event_at: string | null; errors: number; silent: boolean }[]; licences: { status: 'not_available'; note: string } }>
    recommendations: Section<{ items: Recommendation[] }>
    tuning: Section<{
      rules: { rule_id: string; title: string; alerts: number; true_positives: number; benign: number; false_positives: number; suppressed: number; precision: number | null }[]
      suppressed: number
    }>
    definitions: Section<{ entries: { name: string; text: string }[] }>
  }
}
