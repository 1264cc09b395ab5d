// The verdict (architecture, section 7): what a signed policy says of one target, and the rails that no policy removes. Rails only ever make an answer
// stricter: never-isolate, caps, stale evidence, a policy that does not verify. Pure. Defended by policy.test.ts (tables and properties).
import type { ApproverGroup } from './model.ts'
import { fold, listed } from './targets.ts'
import type { Network } from './targets.ts'
import type { ActionType, Decision, Policy, PolicyPreset, PolicyRow, RequesterKind } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

/** What is signed. */
export type PolicyContent = Pick<Policy, 'preset' | 'rows' | 'never_isolate' | 'caps' | 'containment_hours' | 'collaborate_minutes'>

/** What the asset graph knows of a target. */
export type AssetFacts = { readonly siteId: string | null; readonly class: string | null; readonly tags: readonly string[]; readonly criticality: string | null }

export type Circumstances = {
  readonly action: ActionType
  /** `names`: everything that it is known by, the asset id among them. */
  readonly target: AssetFacts & { readonly names: readonly string[]; readonly network: Network | null }
  readonly severity: Severity
  readonly requester: RequesterKind
  /** ms since the epoch, and the tenant's zone (IANA). */
  readonly at: number
  readonly timeZone: string
  /** Older than 24 h, or marked backfill. */
  readonly staleEvidence: boolean
  /** Targets of this action, and of the last hour with this action's. */
  readonly blast: { readonly inAction: number; readonly inHour: number }
  /** Whether anybody of the provider may approve here. */
  readonly providerExists: boolean
  /** Whether the policy's signature holds. */
  readonly verified: boolean
}

export type ReasonCode = 'never_isolate' | 'policy_denied' | 'observe_only' | 'over_cap' | 'stale_evidence' | 'policy_unverified' | 'approval_required'

/** `approvers`, `needed`, `timeoutMinutes` and `onTimeout` mean something only where the decision is `ask`. */
export type Ruling = {
  readonly decision: Decision
  /** `row:<id>`, `preset:<name>` or `rail:<name>`. */
  readonly rule: string
  readonly reasonCode: ReasonCode | null
  readonly approvers: ApproverGroup | null
  readonly needed: number
  readonly timeoutMinutes: number
  readonly onTimeout: 'expire' | 'escalate' | 'act'
}

const defaultTimeoutMinutes = 240

export const presets: readonly PolicyPreset[] = ['critical-at-once', 'ask-always', 'collaborate-then-act', 'observe-only']
export const presetContent = (preset: PolicyPreset): PolicyContent =>
  ({ preset, rows: [], never_isolate: [], caps: { targets_per_action: 10, targets_per_hour: 30 }, containment_hours: 24, collaborate_minutes: 30 })

export function rule(policy: PolicyContent, of: Circumstances): Ruling {
  const { requester, providerExists } = of
  const ask = (reasonCode: ReasonCode, name: string, row: Pick<PolicyRow, 'approvers' | 'needed' | 'timeout_minutes' | 'on_timeout'> = {}): Ruling => ({
    decision: 'ask', rule: name, reasonCode, approvers: groupOf(row.approvers, requester, providerExists), needed: row.needed ?? 1,
    timeoutMinutes: row.timeout_minutes ?? defaultTimeoutMinutes, onTimeout: row.on_timeout ?? 'expire',
  })
  const flat = (decision: 'allow' | 'deny', name: string, reasonCode: ReasonCode | null): Ruling =>
    ({ decision, rule: name, reasonCode, approvers: null, needed: 0, timeoutMinutes: 0, onTimeout: 'expire' })

  if (onNeverList(policy, of)) return flat('deny', 'rail:never_isolate', 'never_isolate')
  // Whatever a changed row says is not what somebody signed: a person decides.
  if (!of.verified) return ask('policy_unverified', 'rail:policy_unverified')

  const row = decidingRow(policy.rows, of)
  let ruling: Ruling
  if (row === undefined) ruling = byPreset(policy, of, ask, flat)
  else if (row.decision === 'ask') ruling = ask('approval_required', `row:${row.id}`, row)
  else ruling = flat(row.decision, `row:${row.id}`, row.decision === 'deny' ? 'policy_denied' : null)

  if (ruling.decision === 'deny') return ruling
  const rail: 'stale_evidence' | 'over_cap' | null = of.staleEvidence ? 'stale_evidence' : overCap(policy, of) ? 'over_cap' : null
  if (rail === null) return ruling
  if (ruling.decision === 'allow') return ask(rail, rail === 'over_cap' ? 'rail:caps' : `rail:${rail}`)
  // Asked already; what a rail holds back must not happen by itself either.
  return ruling.onTimeout === 'act' ? { ...ruling, reasonCode: rail, onTimeout: 'expire' } : ruling
}

export const onNeverList = (policy: Pick<PolicyContent, 'never_isolate'>, of: Pick<Circumstances, 'action' | 'target'>): boolean =>
  of.action !== 'quarantine_file' && policy.never_isolate.some((entry) => listed(entry, { action: of.action, names: of.target.names, network: of.target.network }))

const overCap = ({ caps }: PolicyContent, { blast }: Circumstances): boolean => blast.inAction > caps.targets_per_action || blast.inHour > caps.targets_per_hour

/** A customer's request goes to the provider, everybody else's to the customer; where there is no provider, to another approver of the customer. */
function groupOf(wanted: 'customer' | 'provider' | undefined, requester: RequesterKind, providerExists: boolean): ApproverGroup {
  const side = wanted ?? (requester === 'customer' ? 'provider' : 'customer')
  if (side === 'provider' && providerExists) return 'provider'
  return requester === 'customer' ? 'customer_other' : 'customer'
}

function byPreset(
  { preset, collaborate_minutes }: PolicyContent, { severity }: Circumstances,
  ask: (reason: ReasonCode, name: string, row?: Pick<PolicyRow, 'timeout_minutes' | 'on_timeout'>) => Ruling, flat: (decision: 'allow' | 'deny', name: string, reason: ReasonCode | null) => Ruling,
): Ruling {
  const name = `preset:${preset}`
  if (preset === 'observe-only') return flat('deny', name, 'observe_only')
  if (preset === 'critical-at-once' && severity === 'critical') return flat('allow', name, null)
  return ask('approval_required', name, preset === 'collaborate-then-act' ? { timeout_minutes: collaborate_minutes, on_timeout: 'act' } : {})
}

/** 0 tenant, 1 site, 2 group, 3 asset. */
function levelOf(row: PolicyRow): number {
  if (row.assets?.names !== undefined) return 3
  if (row.assets !== undefined) return 2
  return row.site === undefined ? 0 : 1
}

function decidingRow(rows: readonly PolicyRow[], of: Circumstances): PolicyRow | undefined {
  const fitting = rows.filter((row) => matches(row, of)).map((row) => ({ row, level: levelOf(row) }))
  const locked = fitting.filter(({ row }) => row.locked === true).sort((a, b) => a.level - b.level)[0]
  return (locked ?? fitting.sort((a, b) => b.level - a.level)[0])?.row
}

function matches(row: PolicyRow, of: Circumstances): boolean {
  const { target } = of
  if (row.site !== undefined && row.site !== target.siteId) return false
  if (row.action_types !== undefined && !row.action_types.includes(of.action)) return false
  if (row.severities !== undefined && !row.severities.includes(of.severity)) return false
  if (row.requesters !== undefined && !row.requesters.includes(of.requester)) return false
  if (row.hours !== undefined && !within(row.hours, of.at, of.timeZone)) return false
  const { classes, tags, criticality, names } = row.assets ?? {}
  if (classes !== undefined && !holdsAny(classes, target.class === null ? [] : [target.class])) return false
  if (tags !== undefined && !holdsAny(tags, target.tags)) return false
  if (criticality !== undefined && (target.criticality === null || !criticality.includes(target.criticality))) return false
  return names === undefined || names.some((entry) => listed(entry, { action: of.action, names: target.names, network: target.network }))
}

/** Labels are compared without case, as assets compare them. */
const holdsAny = (wanted: readonly string[], labels: readonly string[]): boolean => wanted.some((one) => labels.some((label) => fold(label) === fold(one)))

const formatters = new Map<string, Intl.DateTimeFormat>()
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** Whether the local time lies in the window; one that goes over midnight belongs to the day on which it began. The same time twice means the whole day. */
export function within(hours: NonNullable<PolicyRow['hours']>, at: number, timeZone: string): boolean {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) formatters.set(timeZone, formatter = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }))
  const parts = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, value]))
  const day = weekdays.indexOf(parts['weekday']!) + 1
  const time = `${parts['hour']}:${parts['minute']}`
  const { days, from, to } = hours
  if (from < to) return days.includes(day) && time >= from && time < to
  if (time >= from) return days.includes(day)
  return time < to && days.includes(day === 1 ? 7 : day - 1)
}
