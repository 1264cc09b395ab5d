// An action as its reader sees it: in his language, with whether he himself may decide.
import type { Access, Actor } from '../access/api.ts'
import type { Language } from '../platform/errors.ts'
import { permits } from './gate.ts'
import { sayEvent, sayGroup } from './ledger.ts'
import { mayDecide } from './model.ts'
import * as store from './store.ts'
import type { HistoryRow, Stored, TargetRow } from './store.ts'
import { expected, sayReason } from './texts.ts'
import type { ActionTarget, ResponseAction, ResponseActionDetail } from './wire.ts'

export type Reader = { readonly actor: Actor | null; readonly permitted: boolean; readonly language: Language }

export const readerOf = (access: Pick<Access, 'authorize'>, tenantId: string, actor: Actor | null, language: Language): Reader =>
  ({ actor, language, permitted: actor !== null && permits(access, actor, 'action.approve', { tenantId }) })

const iso = (at: Date | null): string | null => at?.toISOString() ?? null
const earliest = (times: readonly (Date | null)[]): Date | null => times.reduce((least, at) => (at !== null && (least === null || at < least) ? at : least), null)

export const decisionOf = ({ action, targets, votes }: Stored, { actor, permitted }: Reader) => mayDecide(
  { person: actor?.person ?? '', side: actor?.side ?? 'customer', siteId: actor?.siteId ?? null, permitted: permitted && actor !== null },
  {
    requester: action.requester_person, votes: votes.map(({ person }) => person),
    targets: targets.map((target) => ({ state: target.state, approvers: target.approvers, siteId: target.site_id })),
  },
)

/** What the reader calls it: a verdict's reason as long as it holds, then the reason of how it ended. */
export const reasonOf = (target: TargetRow): string | null =>
  target.reason_code ?? (target.state === 'awaiting_approval' || target.state === 'denied' ? target.verdict_reason : null)

export function presentTarget(type: ResponseAction['action_type'], target: TargetRow, language: Language): ActionTarget {
  const reason = reasonOf(target)
  return {
    target: target.target, state: target.state, asset_id: target.asset_id, candidates: target.candidates, evidence: target.evidence,
    verdict: { decision: target.decision, rule: target.rule, reason_code: target.verdict_reason, approvers: target.approvers },
    reason_code: reason,
    reason: reason === null ? null : sayReason(reason, language, { rule: target.rule, action: target.joined ?? '', expected: expected[type][language], detail: store.detailOf(target) }),
  }
}

export function present(stored: Stored, reader: Reader): ResponseAction {
  const { action, targets } = stored
  const waiting = targets.filter(({ state }) => state === 'awaiting_approval')
  const standing = targets.filter(({ state }) => state === 'succeeded')
  const groups = new Map(waiting.flatMap(({ approvers, needed }) => (approvers === null ? [] : [[`${approvers} ${needed}`, sayGroup(approvers, needed, reader.language)] as const])))
  const verdict = decisionOf(stored, reader)
  const alone = waiting.some(({ verdict_reason }) => verdict_reason === 'no_second_approver')
  return {
    action_id: action.id, incident_id: action.incident_id, incident_title: reader.language === 'ko' ? action.incident_title_ko : action.incident_title_en,
    incident_severity: action.incident_severity, action_type: action.type, status: action.status, targets: targets.map((target) => presentTarget(action.type, target, reader.language)),
    reason: action.reason, requester: { kind: action.requester_kind, name: action.requester_name, label: action.requester_label }, urgency: action.urgency,
    requested_at: action.requested_at.toISOString(), expires_at: iso(earliest((waiting.length > 0 ? waiting : standing).map(({ due_at }) => due_at))),
    decided_by: action.decided_by, decided_at: iso(action.decided_at), waiting_for: groups.size === 0 ? null : [...groups.values()].join(', '),
    may_decide: verdict.allowed ? { allowed: true, reason_code: null }
      : { allowed: false, reason_code: alone && verdict.reason === 'requester_cannot_approve' ? 'no_second_approver' : verdict.reason },
    policy_version: action.policy_version,
  }
}

export const presentDetail = (stored: Stored, history: readonly HistoryRow[], reader: Reader): ResponseActionDetail => ({
  ...present(stored, reader),
  history: history.map((row) => ({
    at: row.at.toISOString(), status: row.status, actor: row.actor_kind === null ? null : { kind: row.actor_kind, name: row.actor_name ?? '' }, text: sayEvent(row, reader.language), label: row.label,
  })),
})
