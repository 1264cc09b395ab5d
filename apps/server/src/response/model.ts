// The state machine of an action (architecture, section 6): each target has its own state, the action's status is made of theirs, and `moved` is
// the only way from one state to the next. Who may decide is said here too: the requester, as a person, never. Defended by model.test.ts.
import type { ActionStatus } from './wire.ts'

/** What a target may become. `partially_succeeded` is only ever an action's status, never a target's. */
export const transitions: Readonly<Record<ActionStatus, readonly ActionStatus[]>> = {
  requested: ['denied', 'awaiting_approval', 'approved'],
  denied: [],
  awaiting_approval: ['approved', 'rejected', 'expired'],
  approved: ['executing', 'failed'],
  rejected: [],
  expired: [],
  executing: ['verifying', 'failed'],
  verifying: ['succeeded', 'failed'],
  succeeded: ['lifting'],
  partially_succeeded: [],
  failed: [],
  lifting: ['lifted'],
  lifted: [],
}

/** A step that the machine does not know is a mistake in our code, never a request's fault. */
export function moved(from: ActionStatus, to: ActionStatus): ActionStatus {
  if (!transitions[from].includes(to)) throw new TypeError(`a target does not go from ${from} to ${to}`)
  return to
}

/** The status of an action whose targets are in `states`: what is under way first, then what was reached. */
export function aggregate(states: readonly ActionStatus[]): ActionStatus {
  const has = (state: ActionStatus) => states.includes(state)
  for (const underWay of ['requested', 'awaiting_approval', 'executing', 'verifying', 'approved', 'lifting'] as const) if (has(underWay)) return underWay
  const unsuccessful = (['failed', 'rejected', 'expired', 'denied'] as const).find(has)
  if (has('succeeded')) return unsuccessful === undefined ? 'succeeded' : 'partially_succeeded'
  if (has('lifted')) return 'lifted'
  return unsuccessful ?? 'denied'
}

/** Nothing more happens by itself or by anybody. */
export const ended = (state: ActionStatus): boolean => transitions[state].length === 0

export type ApproverGroup = 'customer' | 'provider' | 'customer_other'
/** `siteId` null: not bound to a site. */
export type Approver = { readonly person: string; readonly side: 'provider' | 'customer'; readonly siteId: string | null }
/** `siteId` null: the target belongs to the whole tenant. */
export type Asked = { readonly state: ActionStatus; readonly approvers: ApproverGroup | null; readonly siteId: string | null }
export type Refusal = 'forbidden' | 'action_decided' | 'requester_cannot_approve' | 'not_the_approver' | 'already_voted' | 'no_second_approver'

export const sideOf = (group: ApproverGroup): 'provider' | 'customer' => (group === 'provider' ? 'provider' : 'customer')

/** Whether this approver belongs to those whom the target asks. The requester never does. */
export const answersFor = (approver: Approver, target: Pick<Asked, 'approvers' | 'siteId'>, requester: string): boolean =>
  target.approvers !== null && approver.person !== requester && approver.side === sideOf(target.approvers)
  && (approver.siteId === null || approver.siteId === target.siteId)

/** Which targets the reader may decide on (their positions), or why on none. `permitted`: whether his role lists action.approve at all. */
export function mayDecide(
  reader: Approver & { readonly permitted: boolean },
  action: { readonly requester: string; readonly targets: readonly Asked[]; readonly votes: readonly string[] },
): { allowed: true; targets: number[] } | { allowed: false; reason: Refusal } {
  if (!reader.permitted) return { allowed: false, reason: 'forbidden' }
  if (reader.person === action.requester) return { allowed: false, reason: 'requester_cannot_approve' }
  if (!action.targets.some(({ state }) => state === 'awaiting_approval')) return { allowed: false, reason: 'action_decided' }
  const targets = action.targets.flatMap((target, at) => (target.state === 'awaiting_approval' && answersFor(reader, target, action.requester) ? [at] : []))
  if (targets.length === 0) return { allowed: false, reason: 'not_the_approver' }
  if (action.votes.includes(reader.person)) return { allowed: false, reason: 'already_voted' }
  return { allowed: true, targets }
}
