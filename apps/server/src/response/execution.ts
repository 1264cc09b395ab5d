// What is approved is carried out once, confirmed, and lifted again. Each step is claimed in the database before the executor is called, with a key that is the
// same at every attempt: after a kill between execute and verify the executor sees the same key again and dedupes. Defended by execution.integration.test.ts.
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Edit, Ledger } from './ledger.ts'
import { system } from './ledger.ts'
import { aggregate, sideOf } from './model.ts'
import type { ApproverGroup } from './model.ts'
import type { Policies, TenantFacts } from './policies.ts'
import { onNeverList } from './policy.ts'
import type { PolicyContent } from './policy.ts'
import * as store from './store.ts'
import type { TargetRow } from './store.ts'
import { readNetwork } from './targets.ts'
import type { ActionType } from './wire.ts'

/** One effect on one target. `key` (`run:step:target`) is the same at every attempt: whoever carries it out must dedupe on it, or read back before a retry. */
export type Effect = {
  readonly key: string
  readonly tenantId: string
  readonly incidentId: string
  readonly actionId: string
  readonly action: ActionType
  /** As the client named it. */
  readonly target: string
  readonly assetId: string | null
  readonly host: string | null
  readonly reason: string
}
/** A port that the composition root fills. `evidence` is JSON, shown to people; what is thrown is tried again (five times, 10 s to 5 min apart). */
export type Executor = {
  readonly name: string
  readonly actions: readonly ActionType[]
  applies(effect: Omit<Effect, 'key'>): boolean
  execute(effect: Effect): Promise<{ evidence: unknown }>
  /** Whether the effect stands, as read back from where it was made. */
  verify(effect: Effect): Promise<{ verified: boolean; evidence: unknown }>
  lift(effect: Effect): Promise<{ evidence: unknown }>
}

export type ExecutionParts = {
  readonly database: Database; readonly clock: Clock; readonly log: Logger; readonly ledger: Ledger; readonly policies: Policies
  readonly executors: readonly Executor[]
  readonly tenant: (tenantId: string) => Promise<TenantFacts>
}

type Phase = 'execute' | 'verify' | 'lift'
type Claim = { readonly phase: Phase; readonly attempts: number; readonly executor: Executor; readonly effect: Effect }

const attemptsAtMost = 5
const lease = 120_000
const joinedLooksAgain = 2_000
const backoff = (attempts: number): number => Math.min(300_000, 10_000 * 2 ** (attempts - 1))
/** What stands for a time only. A file let out of quarantine by itself would be malware let loose. */
const expires = (type: ActionType): boolean => type !== 'quarantine_file'
/** How long a target rests that could not even be looked at. */
const troubled = 60_000
const batch = 100
const atOnce = 8

export function openExecution(parts: ExecutionParts) {
  const { database, clock, log, ledger, policies, executors } = parts
  const after = (milliseconds: number) => new Date(clock.now() + milliseconds)
  const containmentEnd = (type: ActionType, policy: PolicyContent): Date | null => (expires(type) ? after(policy.containment_hours * 3_600_000) : null)

  const effectOf = ({ action }: Edit, target: TargetRow): Omit<Effect, 'key'> =>
    ({ tenantId: action.tenant_id, incidentId: action.incident_id, actionId: action.id, action: action.type, target: target.target, assetId: target.asset_id, host: target.host, reason: action.reason })
  const executorFor = (edit: Edit, target: TargetRow): Executor | undefined => {
    const effect = effectOf(edit, target)
    return executors.find((executor) => (target.executor === null || executor.name === target.executor) && executor.actions.includes(effect.action) && executor.applies(effect))
  }

  /** What is decided without an executor: a rail that was set meanwhile, an effect that stands, nobody who could do it. The others stay approved and due. */
  async function begin(tx: Transaction, edit: Edit, targets: readonly TargetRow[], policy: PolicyContent): Promise<void> {
    const { action } = edit
    const missing: TargetRow[] = []
    const barred: TargetRow[] = []
    for (const target of targets) {
      const subject = { names: target.names, network: action.type === 'block_ip' ? readNetwork(target.names[0] ?? '') : null, siteId: null, class: null, tags: [], criticality: null }
      if (onNeverList(policy, { action: action.type, target: subject })) {
        barred.push(target)
        continue
      }
      const held = await store.holders(tx, action.tenant_id, target.effect, target)
      const standing = held.find(({ state }) => state === 'succeeded') ?? held.find(({ joined }) => joined === null)
      if (standing !== undefined) {
        const joined = { joined: standing.action_id, reason_code: 'already_in_effect', evidence: { joined: standing.action_id } }
        edit.move([target], 'executing', null, { ...joined, due_at: after(joinedLooksAgain) })
        if (standing.state === 'succeeded') settleJoined(edit, target, policy)
        continue
      }
      if (executorFor(edit, target) === undefined) missing.push(target)
    }
    edit.move(barred, 'failed', { code: 'failed', why: 'never_isolate' }, { reason_code: 'never_isolate' })
    edit.move(missing, 'failed', { code: 'failed', why: 'no_executor' }, { reason_code: 'no_executor' })
  }

  function settleJoined(edit: Edit, target: TargetRow, policy: PolicyContent): void {
    edit.move([target], 'verifying', null)
    edit.move([target], 'succeeded', { code: 'joined' }, { due_at: containmentEnd(edit.action.type, policy) })
  }

  /** Lets go of what stands; the effect itself ends with its last holder. */
  async function letGo(tx: Transaction, edit: Edit, targets: readonly TargetRow[], why: 'containment_ended' | 'lift_requested', said?: string): Promise<void> {
    edit.move(targets, 'lifting', { code: 'lifting', why, ...(said === undefined ? {} : { said }) }, { reason_code: why, due_at: new Date(clock.now()) })
    const held: TargetRow[] = []
    for (const target of targets) if ((await store.holders(tx, edit.action.tenant_id, target.effect, target)).length > 0) held.push(target)
    edit.move(held, 'lifted', { code: 'lifted' }, { reason_code: 'still_held' })
  }

  /** Nobody answered in time: expires, asks the other side once more, or, where that was signed, acts. */
  async function timeout(tx: Transaction, edit: Edit, target: TargetRow, policy: PolicyContent): Promise<void> {
    const { action } = edit
    const now = new Date(clock.now())
    if (target.on_timeout === 'act') {
      edit.move([target], 'approved', { code: 'acted_on_timeout' }, { reason_code: 'acted_on_timeout', approved_at: now, due_at: now })
      Object.assign(action, { decision: 'allowed', decided_at: now })
      await begin(tx, edit, [target], policy)
      return
    }
    if (target.on_timeout === 'escalate' && !target.escalated && target.approvers !== null) {
      const group: ApproverGroup = sideOf(target.approvers) === 'provider' ? (action.requester_kind === 'customer' ? 'customer_other' : 'customer') : 'provider'
      edit.patch([target], { approvers: group, escalated: true, due_at: new Date(clock.now() + target.timeout_minutes * 60_000) }, { code: 'escalated', group, needed: target.needed })
      return
    }
    edit.move([target], 'expired', { code: 'expired' }, { reason_code: 'approval_expired' })
    if (aggregate(edit.targets.map(({ state }) => state)) === 'expired') Object.assign(action, { decision: 'expired', decided_at: now })
  }

  /** Takes the target's next step for this node, or settles what needs no executor. */
  async function claim(tx: Transaction, edit: Edit, target: TargetRow, policy: PolicyContent): Promise<Claim | null> {
    const { action } = edit
    const claimed = (phase: Phase, executor: Executor, attempts: number): Claim => {
      edit.patch([target], { attempts, due_at: after(lease), executor: executor.name })
      return { phase, attempts, executor, effect: { ...effectOf(edit, target), key: `${action.id}:${phase === 'lift' ? 'lift' : 'execute'}:${target.ordinal}` } }
    }
    switch (target.state) {
      case 'awaiting_approval': await timeout(tx, edit, target, policy); return null
      case 'approved': {
        await begin(tx, edit, [target], policy)
        if (target.state !== 'approved') return null
        edit.move([target], 'executing', { code: 'executing' }, { started_at: new Date(clock.now()) })
        return claimed('execute', executorFor(edit, target)!, 1)
      }
      case 'executing': {
        if (target.joined !== null) {
          const other = await store.effectOf(tx, action.tenant_id, target.joined, target.effect)
          if (other?.state === 'succeeded') settleJoined(edit, target, policy)
          else if (other === undefined || ['failed', 'lifting', 'lifted'].includes(other.state)) edit.move([target], 'failed', { code: 'failed', why: 'not_verified' }, { reason_code: 'not_verified' })
          else edit.patch([target], { due_at: after(joinedLooksAgain) })
          return null
        }
        const executor = executorFor(edit, target)
        if (executor === undefined) {
          edit.move([target], 'failed', { code: 'failed', why: 'no_executor' }, { reason_code: 'no_executor' })
          return null
        }
        if (target.attempts < attemptsAtMost) return claimed('execute', executor, target.attempts + 1)
        const detail = store.detailOf(target) || 'timeout'
        edit.move([target], 'failed', { code: 'failed', why: 'execution_failed', params: { detail } }, { reason_code: 'execution_failed', evidence: { detail } })
        return null
      }
      case 'verifying': {
        const executor = executorFor(edit, target)
        if (executor !== undefined && target.attempts < attemptsAtMost) return claimed('verify', executor, target.attempts + 1)
        edit.move([target], 'failed', { code: 'failed', why: 'not_verified' }, { reason_code: 'not_verified' })
        return null
      }
      case 'succeeded': await letGo(tx, edit, [target], 'containment_ended'); return null
      case 'lifting': {
        const executor = executorFor(edit, target)
        if (executor !== undefined) return claimed('lift', executor, target.attempts + 1)
        edit.patch([target], { due_at: after(backoff(attemptsAtMost)), reason_code: 'lift_failing', evidence: { detail: 'no_executor' } })
        return null
      }
      case 'requested': case 'denied': case 'rejected': case 'expired': case 'failed': case 'lifted': case 'partially_succeeded': edit.patch([target], { due_at: null }); return null
      default: return null
    }
  }

  function settle(edit: Edit, target: TargetRow, { phase, attempts }: Claim, outcome: Outcome, policy: PolicyContent): void {
    if (!outcome.ok) {
      const evidence = outcome.evidence === undefined ? { detail: outcome.detail } : { detail: outcome.detail, [phase]: outcome.evidence }
      edit.patch([target], { due_at: after(backoff(attempts)), evidence, ...(phase === 'lift' ? { reason_code: 'lift_failing' } : {}) })
      return
    }
    const evidence = { [phase]: outcome.evidence }
    if (phase === 'execute') edit.move([target], 'verifying', { code: 'verifying' }, { due_at: new Date(clock.now()), evidence })
    else if (phase === 'verify') edit.move([target], 'succeeded', { code: 'succeeded' }, { due_at: containmentEnd(edit.action.type, policy), reason_code: null, evidence })
    else edit.move([target], 'lifted', { code: 'lifted' }, { reason_code: target.reason_code === 'lift_failing' ? 'lift_requested' : target.reason_code, evidence })
  }

  /** Under the tenant's lock, with the target as it stands. */
  async function within<T>(at: { tenant_id: string; action_id: string; ordinal: number }, work: (tx: Transaction, edit: Edit, target: TargetRow, policy: PolicyContent) => Promise<T>): Promise<T | null> {
    const facts = await parts.tenant(at.tenant_id)
    return database.tenant(at.tenant_id, async (tx) => {
      await store.lockTenant(tx, at.tenant_id)
      const [stored] = await store.load(tx, at.tenant_id, [at.action_id])
      const target = stored?.targets.find(({ ordinal }) => ordinal === at.ordinal)
      if (stored === undefined || target === undefined) return null
      const { content } = await policies.inForce(tx, at.tenant_id, facts)
      return work(tx, ledger.edit(tx, at.tenant_id, stored, system), target, content)
    })
  }

  /** Takes a target as far as it goes now. */
  async function advance(at: { tenant_id: string; action_id: string; ordinal: number }): Promise<void> {
    for (;;) {
      const claimed = await within(at, async (tx, edit, target, policy) => {
        if (target.due_at === null || target.due_at.getTime() > clock.now()) return null
        const before = target.state
        const found = await claim(tx, edit, target, policy)
        await edit.save(target.state === before ? null : { action: `action.${target.state}`, detail: { target: target.target } })
        return found
      })
      if (claimed === null) return
      const outcome = await call(claimed)
      if (!outcome.ok) log.warn({ action: at.action_id, target: at.ordinal, step: claimed.phase, attempts: claimed.attempts, detail: outcome.detail }, 'a response step failed and is tried again')
      await within(at, async (_tx, edit, target, policy) => {
        // Another node took the step over, because this one was too slow.
        if (target.attempts !== claimed.attempts || target.executor !== claimed.executor.name || stateOf[claimed.phase] !== target.state) return
        const before = target.state
        settle(edit, target, claimed, outcome, policy)
        await edit.save(target.state === before ? null : { action: `action.${target.state}`, detail: { target: target.target } })
      })
    }
  }

  const closing = new AbortController()
  const state = { again: false }
  let sweeping: Promise<void> | null = null
  async function drain(): Promise<void> {
    const failed = new Set<string>()
    do {
      state.again = false
      for (;;) {
        const found = (await database.platform((tx) => store.due(tx, clock.now(), batch + failed.size))).filter((one) => !failed.has(`${one.action_id} ${one.ordinal}`))
        if (found.length === 0 || closing.signal.aborted) break
        for (let from = 0; from < found.length && !closing.signal.aborted; from += atOnce) {
          await Promise.all(found.slice(from, from + atOnce).map(async (one) => {
            try {
              await advance(one)
            } catch (error) {
              failed.add(`${one.action_id} ${one.ordinal}`)
              log.error({ err: error, action: one.action_id, target: one.ordinal }, 'a response target could not be advanced; it is tried again in a minute')
              await database.tenant(one.tenant_id, (tx) => store.postpone(tx, one, clock.now() + troubled)).catch(() => undefined)
            }
          }))
        }
      }
      await database.platform((tx) => store.forgetAnswers(tx, clock.now()))
    } while (state.again && !closing.signal.aborted)
  }

  return {
    begin,
    letGo,
    /** Does what is due on the clock now. Calls do not overlap; one during another makes it look again. */
    sweep(): Promise<void> {
      if (closing.signal.aborted) return Promise.resolve()
      if (sweeping !== null) state.again = true
      else sweeping = drain().finally(() => { sweeping = null })
      return sweeping
    },
    async close(): Promise<void> {
      closing.abort()
      await sweeping?.catch(() => undefined)
    },
  }
}
export type Execution = ReturnType<typeof openExecution>

const stateOf = { execute: 'executing', verify: 'verifying', lift: 'lifting' } as const
type Outcome = { readonly ok: true; readonly evidence: unknown } | { readonly ok: false; readonly detail: string; readonly evidence?: unknown }

async function call({ phase, executor, effect }: Claim): Promise<Outcome> {
  try {
    if (phase !== 'verify') return { ok: true, evidence: (await executor[phase](effect)).evidence }
    const { verified, evidence } = await executor.verify(effect)
    return verified ? { ok: true, evidence } : { ok: false, detail: 'not_verified', evidence }
  } catch (error) {
    // A message could carry what is in the target or a secret of the executor.
    return { ok: false, detail: error instanceof HaechiError ? error.code : error instanceof Error ? error.name : 'unknown' }
  }
}
