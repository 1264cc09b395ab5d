// An approval counts once: of those who decide at the same moment one wins, and the others hear who did. What stands is let go on request.
// Defended by response.integration.test.ts and execution.integration.test.ts.
import type { Access, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import type { Execution } from './execution.ts'
import { doerOf, sayGroup } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { answersFor } from './model.ts'
import type { Refusal } from './model.ts'
import type { Policies, TenantFacts } from './policies.ts'
import { decisionOf, readerOf } from './present.ts'
import * as store from './store.ts'
import type { Stored, TargetRow } from './store.ts'
import type { ActionStatus } from './wire.ts'

export type Decided = { action_id: string; status: ActionStatus; decided_by: string | null; decided_at: string | null; approvals: number; needed: number }
export type DecisionParts = {
  readonly database: Database; readonly clock: Clock; readonly access: Pick<Access, 'authorize'>; readonly ledger: Ledger; readonly policies: Policies; readonly execution: Execution
  readonly tenant: (tenantId: string) => Promise<TenantFacts>; readonly kick: () => void
}

export function openDeciding(parts: DecisionParts) {
  const { database, clock, access, ledger, policies, execution } = parts

  async function decide(actor: Actor, actionId: string, { approved, comment, label }: { approved: boolean; comment: string; label: string | null }, language: Language): Promise<Decided> {
    const tenantId = tenantOf(actor)
    access.authorize(actor, 'action.approve', { tenantId })
    const facts = await parts.tenant(tenantId)
    const answer = await database.tenant(tenantId, async (tx) => {
      await store.lockTenant(tx, tenantId)
      const found = await store.one(tx, tenantId, actionId)
      const { action, targets, votes } = found
      const verdict = decisionOf(found, readerOf(access, tenantId, actor, language))
      if (!verdict.allowed) throw refusalOf(found, verdict.reason, actor, language)
      const now = new Date(clock.now())
      const vote = { action_id: action.id, person: actor.person, name: actor.name, side: actor.side, site_id: actor.siteId, approved, comment, label, at: now }
      await store.vote(tx, tenantId, vote)
      votes.push(vote)
      const edit = ledger.edit(tx, tenantId, found, doerOf(actor))
      const asked = verdict.targets.map((at) => targets[at]!)
      const note = { said: comment, label }
      const approvals = (target: TargetRow) => votes.filter((one) => one.approved && answersFor({ person: one.person, side: one.side, siteId: one.site_id }, { approvers: target.approvers, siteId: target.site_id }, action.requester_person)).length
      const decided = approved ? asked.filter((target) => approvals(target) >= target.needed) : asked
      if (approved) {
        edit.patch(asked.filter((target) => !decided.includes(target)), {}, { code: 'voted', ...note })
        edit.move(decided, 'approved', { code: 'approved', ...note }, { approved_at: now, due_at: now })
      } else edit.move(decided, 'rejected', { code: 'rejected', ...note }, { reason_code: 'rejected' })
      if (decided.length > 0) Object.assign(action, { decided_by: actor.name, decided_at: now, decided_by_person: true, decision: approved ? 'approved' : 'rejected', decision_comment: comment })
      const { content } = await policies.inForce(tx, tenantId, facts)
      if (approved) await execution.begin(tx, edit, decided, content)
      await edit.save({ action: approved ? 'action.approve' : 'action.reject', detail: { comment, targets: decided.map(({ target }) => target).slice(0, 20), count: decided.length } })
      return {
        action_id: action.id, status: action.status, decided_by: action.decided_by, decided_at: action.decided_at?.toISOString() ?? null,
        approvals: Math.max(...asked.map(approvals)), needed: Math.max(...asked.map(({ needed }) => needed)),
      }
    })
    parts.kick()
    return answer
  }

  async function lift(actor: Actor, actionId: string, reason: string): Promise<{ action_id: string; status: ActionStatus }> {
    const tenantId = tenantOf(actor)
    access.authorize(actor, 'action.request', { tenantId })
    const answer = await database.tenant(tenantId, async (tx) => {
      await store.lockTenant(tx, tenantId)
      const found = await store.one(tx, tenantId, actionId)
      const { action } = found
      const standing = found.targets.filter(({ state }) => state === 'succeeded')
      if (standing.length === 0) {
        // Somebody else was faster: what was wanted is so.
        if (action.status === 'lifting' || action.status === 'lifted') return { action_id: action.id, status: action.status }
        throw new HaechiError('action_not_standing', { action: action.id, status: action.status })
      }
      for (const target of standing) if (actor.siteId !== null) access.authorize(actor, 'action.request', { tenantId, siteId: target.site_id })
      const edit = ledger.edit(tx, tenantId, found, doerOf(actor))
      await execution.letGo(tx, edit, standing, 'lift_requested', reason)
      await edit.save({ action: 'action.lift', detail: { reason, targets: standing.map(({ target }) => target).slice(0, 20) } })
      return { action_id: action.id, status: action.status }
    })
    parts.kick()
    return answer
  }

  return { decide, lift }
}

function refusalOf({ action, targets, votes }: Stored, reason: Refusal, actor: Actor, language: Language): HaechiError {
  const waiting = targets.find(({ state }) => state === 'awaiting_approval')
  if (reason === 'requester_cannot_approve') return new HaechiError('requester_cannot_approve', { action: action.id })
  if (reason === 'not_the_approver') return new HaechiError('not_the_approver', { action: action.id, approvers: waiting?.approvers == null ? '' : sayGroup(waiting.approvers, waiting.needed, language) })
  if (reason === 'already_voted') return new HaechiError('approval_repeated', { action: action.id, decided_at: votes.find(({ person }) => person === actor.person)?.at.toISOString() ?? '' })
  if (reason === 'forbidden') return new HaechiError('forbidden', { action: 'action.approve' })
  return new HaechiError('action_decided', {
    action: action.id, status: action.status, decided_by: action.decided_by ?? 'policy', decided_at: (action.decided_at ?? action.requested_at).toISOString(),
    decision: action.decision ?? action.status, comment: action.decision_comment ?? '',
  })
}
