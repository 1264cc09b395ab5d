// What clients of this context read, as JSON. Types only and no imports but of other wire files, so that the console shares them without the server.
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'informational'
export type AlertStatus = 'new' | 'suppressed' | 'attached' | 'dismissed'
export type AlertVerdict = 'true_positive' | 'benign_true_positive' | 'false_positive' | 'inconclusive' | 'duplicate' | 'test'

/** The rule as it was when it fired; title and false positives in the reader's language where the rule has them. `source` is the pack; `license` an SPDX id or a name, null where neither rule nor pack states one. */
export type AlertRule = {
  id: string
  title: string
  author: string | null
  source: string
  license: string | null
  pack_version: string | null
  references: string[]
  false_positives: string[]
}

/** A record behind an alert. `matched` is what made the rule fire; `raw` is the record as it was sent, null in lists. */
export type AlertEvent = {
  event_id: string
  time: string
  received_at: string
  source: string
  matched: { selection: string; field: string | null; value: unknown }[]
  process: { guid: string | null; pid: string | null; image: string | null; command_line: string | null; user: string | null; parent_guid: string | null; parent_pid: string | null; parent_image: string | null; parent_command_line: string | null } | null
  raw: string | null
}

export type AlertSummary = {
  id: string
  /** `rule`: a Sigma rule; `indicator`: something that intelligence knows as bad. */
  kind: 'rule' | 'indicator'
  rule: AlertRule
  severity: Severity
  status: AlertStatus
  verdict: AlertVerdict | null
  incident_id: string | null
  host: string | null
  user: string | null
  techniques: string[]
  tactics: string[]
  /** Of the first and last event that it stands for (T1), when the first was received (T2), and when it was raised (T3). */
  first_event_at: string
  last_event_at: string
  received_at: string
  raised_at: string
  event_count: number
  indicators: { type: string; value: string; verdict: string; confidence: number; sources: string[] }[]
  backfill: boolean
}

/** `events` has the first ones, at most 20, of `event_count`. */
export type Alert = AlertSummary & { events: AlertEvent[] }

export type RuleSummary = {
  id: string
  title: string
  level: Severity | null
  status: string | null
  author: string | null
  license: string | null
  pack: string
  techniques: string[]
  logsource: { product?: string; category?: string; service?: string }
  enabled: boolean
  /** Alerts in the last 30 days, and how many of the closed ones were judged. */
  alerts: number
  true_positives: number
  false_positives: number
  /** A correlation: what it does, over which rules (`refers_to`, by id), grouped by which fields, within how many seconds; null of a rule. */
  correlation: { type: string; refers_to: { id: string; title: string }[]; group_by: string[]; timespan_seconds: number } | null
  /** A correlation speaks for it: it makes no alerts of its own. */
  silent: boolean
  /** How often it was met in the last 24 hours and 7 days, silently and suppressed too, and when last (T2). */
  hits_24h: number
  hits_7d: number
  last_hit_at: string | null
  /** Sampled: microseconds that it alone takes of an event, and its part (0 to 1) of what all rules take. null: not measured yet, or a correlation. */
  cost_us: number | null
  cost_share: number | null
}

export type RulePack = {
  name: string
  /** null: for all tenants. */
  tenant_id: string | null
  version: string
  previous: string | null
  license: string | null
  source: { type: 'directory'; path: string }
  accepted: number
  rejected_count: number
  rejected: { file: string; line: number | null; code: string; reason: string }[]
  switched_at: string
  /** `in_force`; `source_missing`: in force, but where it came from is gone, so it cannot be renewed; `damaged`: the stored copy cannot be read, and rules of it stay only as long as they are in memory. */
  state: 'in_force' | 'source_missing' | 'damaged'
}

/** Matches of a rule that are expected. What is given must all hold; alerts of them are kept as `suppressed` and counted. */
export type Suppression = {
  id: string
  rule_id: string
  host: string | null
  user: string | null
  /** A field of the record and the value that it must have, without regard to case. */
  field: string | null
  value: string | null
  reason: string
  author: string
  created_at: string
  expires_at: string | null
  /** Alerts that it has kept away. */
  alerts: number
}

/** Offsets of the tenant's event log, exclusive: searched for attacks, and grouped into incidents or judged. `skipped`: events that could not be searched (damage of the log, faults). */
export type DetectionProgress = { durable: number; detected: number; grouped: number; skipped: number }
