// What clients of this context read, as JSON (shared/design/mdr-api.md; architecture, sections 6 and 7). Types only, shared with the console.
import type { Severity } from '../detection/wire.ts'

export type ActionType = 'isolate_host' | 'block_ip' | 'disable_account' | 'quarantine_file'
export type ActionStatus =
  | 'requested' | 'denied' | 'awaiting_approval' | 'approved' | 'rejected' | 'expired'
  | 'executing' | 'verifying' | 'succeeded' | 'partially_succeeded' | 'failed' | 'lifting' | 'lifted'
export type Decision = 'allow' | 'ask' | 'deny'
export type RequesterKind = 'rule' | 'provider' | 'customer'

/** `rule` names the row or rail of the policy that decided; `reason_code` says why it is not simply allowed, null where it is. */
export type Verdict = { decision: Decision; rule: string; reason_code: string | null; approvers: 'customer' | 'provider' | 'customer_other' | null }

export type ActionTarget = {
  target: string
  state: ActionStatus
  verdict: Verdict
  asset_id: string | null
  /** Where a name fits several assets. */
  candidates: string[]
  /** Why it ended as it did (`no_executor`, `already_in_effect`, ...), null where nothing is to be said. */
  reason_code: string | null
  /** In the reader's language. */
  reason: string | null
  evidence: unknown
}

/** `text` is in the reader's language. */
export type ActionHistory = { at: string; status: ActionStatus; actor: { kind: 'user' | 'key' | 'operator' | 'system'; name: string } | null; text: string; label: string | null }

export type ResponseAction = {
  action_id: string
  incident_id: string
  incident_title: string
  incident_severity: Severity
  action_type: ActionType
  status: ActionStatus
  targets: ActionTarget[]
  reason: string
  requester: { kind: RequesterKind; name: string; label: string | null }
  urgency: 'low' | 'normal' | 'high'
  requested_at: string
  /** When an unanswered request expires, or when containment that stands lifts itself. */
  expires_at: string | null
  decided_by: string | null
  decided_at: string | null
  /** Who may approve, in the reader's language; null when nobody is asked. */
  waiting_for: string | null
  /** Whether the reader may approve it, and the code of the reason when not. */
  may_decide: { allowed: boolean; reason_code: string | null }
  policy_version: number
}
export type ResponseActionDetail = ResponseAction & { history: ActionHistory[] }

export type PolicyPreset = 'critical-at-once' | 'ask-always' | 'collaborate-then-act' | 'observe-only'
/**
 * A row of the matrix; what is left out matches everything. Rows inherit tenant -> site -> group (class, tag, criticality) -> asset (name): of those that match,
 * the most specific decides, among equals the first; a locked row decides over everything below it. The preset is what decides when no row matches.
 */
export type PolicyRow = {
  id: string
  locked?: boolean
  site?: string
  assets?: { classes?: string[]; tags?: string[]; criticality?: string[]; names?: string[] }
  action_types?: ActionType[]
  severities?: Severity[]
  requesters?: RequesterKind[]
  /** Local to the tenant's time zone. */
  /** Days 1 (Monday) to 7; times HH:MM. `from` after `to` goes over midnight and counts for the day on which it began. */
  hours?: { days: number[]; from: string; to: string }
  decision: Decision
  approvers?: 'customer' | 'provider'
  needed?: number
  timeout_minutes?: number
  on_timeout?: 'expire' | 'escalate' | 'act'
}
/** `version` 0: what is in force as long as nobody has signed one. `collaborate_minutes`: how long collaborate-then-act waits. */
export type Policy = {
  version: number
  preset: PolicyPreset
  rows: PolicyRow[]
  never_isolate: string[]
  caps: { targets_per_action: number; targets_per_hour: number }
  containment_hours: number
  collaborate_minutes: number
  /** Who drafted and who signed this version, and over what. */
  drafted_by: string | null
  drafted_at: string | null
  signed_by: string | null
  signed_at: string | null
  digest: string
  in_force: boolean
  /** Why this version is not believed (`policy_digest_mismatch`, `policy_signature_invalid`); null where it is, or where nobody has signed it yet. */
  fault: string | null
}

/** `verified.code` says why the version in force is not believed (then everything asks), null where it is. */
export type PolicyOverview = { in_force: Policy; verified: { ok: boolean; code: string | null; reason: string | null }; drafts: Policy[]; may_sign: { allowed: boolean; reason_code: string | null }; /** How many people may approve, by side. */ approvers: { customer: number; provider: number } }
/** What would happen: nothing is requested, nobody is asked. */
export type DryRun = { policy_version: number; targets: { target: string; asset_id: string | null; candidates: string[]; verdict: Verdict; reason: string | null }[] }
