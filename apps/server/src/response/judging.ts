// The verdict on each target of a request: what the policy says, and what the incident, the target itself and the people who could approve make of it.
// Defended by response.integration.test.ts; the policy's own part by policy.test.ts.
import type { Actor, PossibleApprover } from '../access/api.ts'
import type { IncidentBrief } from './ledger.ts'
import { answersFor } from './model.ts'
import type { ApproverGroup } from './model.ts'
import type { InForce, TenantFacts } from './policies.ts'
import { rule } from './policy.ts'
import type { Resolved } from './resolution.ts'
import type { TargetRow } from './store.ts'
import type { Reason } from './texts.ts'
import type { ActionType, RequesterKind } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

const staleAfter = 24 * 3_600_000

export type Judged = Pick<TargetRow, 'decision' | 'rule' | 'verdict_reason' | 'approvers' | 'needed' | 'on_timeout' | 'timeout_minutes'>
export type Question = {
  readonly policy: InForce; readonly facts: TenantFacts; readonly actionType: ActionType; readonly severity: Severity
  readonly requester: { readonly kind: RequesterKind; readonly person: string; readonly actor: Actor | null }
  readonly stale: boolean; readonly closed: boolean; readonly at: number
  /** Targets acted on in the last hour, without these. */
  readonly inHour: number
  readonly approvers: readonly PossibleApprover[]
  /** Whether the requester may ask for something of this site at all. */
  readonly within: (siteId: string | null) => boolean
}

export function judge(resolved: readonly Resolved[], of: Question): Judged[] {
  const providerExists = of.approvers.some(({ side, person }) => side === 'provider' && person !== of.requester.person)
  const problems = resolved.map((target): Reason | null => (of.closed ? 'incident_closed' : target.problem ?? (of.within(target.siteId) ? null : 'outside_site')))
  const inAction = problems.filter((problem) => problem === null).length
  const nobody = { approvers: null, needed: 0, on_timeout: 'expire', timeout_minutes: 0 } as const
  return resolved.map((target, at): Judged => {
    const problem = problems[at]!
    if (problem !== null) return { decision: 'deny', rule: `rail:${problem}`, verdict_reason: problem, ...nobody }
    const ruling = rule(of.policy.content, {
      action: of.actionType, target, severity: of.severity, requester: of.requester.kind, at: of.at, timeZone: of.facts.timeZone, staleEvidence: of.stale,
      blast: { inAction, inHour: of.inHour + inAction }, providerExists, verified: of.policy.fault === null,
    })
    const enough = ruling.approvers === null || possible(of.approvers, { approvers: ruling.approvers, siteId: target.siteId }, of.requester.person) >= ruling.needed
    return {
      decision: ruling.decision, rule: ruling.rule, verdict_reason: enough ? ruling.reasonCode : 'no_second_approver', approvers: ruling.approvers, needed: ruling.needed,
      on_timeout: ruling.onTimeout, timeout_minutes: ruling.timeoutMinutes,
    }
  })
}

export const isStale = (incident: Pick<IncidentBrief, 'backfill' | 'lastActivityAt'>, now: number): boolean => incident.backfill || now - incident.lastActivityAt > staleAfter

/** How many other people could answer for this target. */
const possible = (approvers: readonly PossibleApprover[], target: { approvers: ApproverGroup; siteId: string | null }, requester: string): number =>
  new Set(approvers.filter((approver) => answersFor(approver, target, requester)).map(({ person }) => person)).size
