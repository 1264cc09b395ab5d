// Nothing dangerous without policy, proof and a way back: every action is requested, judged target by target, approved by somebody else where the policy asks,
// carried out once, confirmed, and lifted. No bypass. Defended by response.test.ts and execution.test.ts.
import { createHash } from 'node:crypto'
import type { Access, Actor, PossibleApprover } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Reader as Rows, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox.ts'
import { openExecution } from './execution.ts'
import type { ExecutionParts, Executor } from './execution.ts'
import { figuresOf } from './figures.ts'
import type { ActionFigures } from './figures.ts'
import { openLedger } from './ledger.ts'
import type { Doer, IncidentBrief, IncidentsPort } from './ledger.ts'
import { aggregate, answersFor, sideOf } from './model.ts'
import type { ApproverGroup } from './model.ts'
import { maySign, openPolicies, policyOf } from './policies.ts'
import type { InForce, TenantFacts } from './policies.ts'
import { rule } from './policy.ts'
import type { PolicyContent } from './policy.ts'
import { decisionOf, present, presentDetail } from './present.ts'
import type { Reader } from './present.ts'
import { resolveTargets } from './resolution.ts'
import type { AssetsPort, Resolved } from './resolution.ts'
import * as store from './store.ts'
import type { Stored, TargetRow } from './store.ts'
import { readNetwork } from './targets.ts'
import { expected, sayReason } from './texts.ts'
import type { Reason } from './texts.ts'
import { sayGroup } from './ledger.ts'
import type { ActionStatus, ActionType, Decision, DryRun, Policy, PolicyOverview, RequesterKind, ResponseAction, ResponseActionDetail } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

export { responseRoutes } from './routes.ts'
export type { Effect, Executor } from './execution.ts'
export type { ActionFigures, Latency } from './figures.ts'
export type { IncidentBrief, IncidentsPort } from './ledger.ts'
export type { PolicyContent } from './policy.ts'
export type { TenantFacts } from './policies.ts'
export type { AssetsPort } from './resolution.ts'
export const responseMigrations: MigrationSource = { context: 'response', directory: new URL('./migrations/', import.meta.url) }

export type ResponseOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  readonly access: Pick<Access, 'authorize' | 'audit' | 'approvers'>
  readonly incidents: IncidentsPort
  readonly assets: AssetsPort
  readonly outbox: Pick<Outbox, 'publish'>
  /** Signs policy versions: keyring.key('response-policy'). */
  readonly signingKey: Uint8Array
  readonly executors: readonly Executor[]
  /** Who made the tenant, and its time zone (IANA). */
  tenant(tenantId: string): Promise<TenantFacts>
  /** Addresses by which this platform is reached: block_ip never covers them. */
  managementAddresses(): readonly string[]
}

/** A detection rule or a playbook that asks without a person. */
export type RuleRequester = { readonly kind: 'rule'; readonly tenantId: string; readonly name: string }
export type ActionRequest = {
  readonly actionType: ActionType
  readonly targets: readonly string[]
  readonly reason: string
  /** requested_by of the body: kept as what the client says. */
  readonly label: string | null
  readonly urgency: ResponseAction['urgency']
}
/** `key`: the Idempotency-Key, remembered for 24 h; without one the same body at the same path by the same credential within 60 s is the same request. */
export type Repeatable = { readonly key: string | null; readonly path: string; readonly body: Uint8Array }
export type Decided = { action_id: string; status: ActionStatus; decided_by: string | null; decided_at: string | null; approvals: number; needed: number }
export type Page = { readonly limit: number; readonly before: string | null }

export interface Response {
  /** Whatever is a verdict is an answer, per target, and no error. Errors: forbidden, incident_not_found, idempotency_key_reused, text_unstorable. */
  request(by: Actor | RuleRequester, incidentId: string, request: ActionRequest, language: Language, repeatable?: Repeatable): Promise<ResponseActionDetail>
  /** Errors: forbidden, action_not_found, requester_cannot_approve, not_the_approver, action_decided, approval_repeated. */
  decide(actor: Actor, actionId: string, decision: { approved: boolean; comment: string; label: string | null }, language: Language): Promise<Decided>
  /** Errors: forbidden, action_not_found, action_not_standing. */
  lift(actor: Actor, actionId: string, reason: string): Promise<{ action_id: string; status: ActionStatus }>
  /** Newest first; one row more than `limit` where there is a next page. */
  list(actor: Actor, filter: { status: ActionStatus | null; incident: string | null } & Page, language: Language): Promise<ResponseAction[]>
  /** Errors: action_not_found. */
  get(actor: Actor, actionId: string, language: Language): Promise<ResponseActionDetail>
  /** Of one incident, newest first, at most 1,000. `actor` null: nobody in particular reads. */
  forIncident(tenantId: string, incidentId: string, actor: Actor | null, language: Language): Promise<ResponseAction[]>
  /** What waits for an approval, newest first, at most 1,000. */
  waiting(tenantId: string, actor: Actor | null, language: Language): Promise<ResponseAction[]>
  /** Of actions requested in [from, to), ms since the epoch. */
  figures(tenantId: string, from: number, to: number): Promise<ActionFigures>
  readonly policy: {
    get(actor: Actor, language: Language): Promise<PolicyOverview>
    /** Newest first, drafts too; one row more than `limit` where there is a next page. */
    history(actor: Actor, page: { limit: number; before: number | null }): Promise<Policy[]>
    draft(actor: Actor, content: PolicyContent): Promise<Policy>
    /** Errors: forbidden, not_found, policy_signer, policy_superseded, policy_changed. */
    sign(actor: Actor, version: number, digest: string): Promise<Policy>
    /** What would happen, under the version in force or the one named. Errors: incident_not_found, not_found (version). */
    verdict(actor: Actor, question: { actionType: ActionType; targets: readonly string[]; severity: Severity | null; requester: RequesterKind | null; incidentId: string | null; at: number | null; version: number | null }, language: Language): Promise<DryRun>
  }
  /** Does what is due on the clock: timeouts of approvals, steps to be tried, containment that ends. Call it every few seconds. */
  sweep(): Promise<void>
  close(): Promise<void>
}

const staleAfter = 24 * 3_600_000
const hour = 3_600_000
const bodyRemembered = 60_000
const keyRemembered = 24 * 3_600_000
const pageAtMost = 1_000

type Requester = { readonly tenantId: string; readonly kind: RequesterKind; readonly person: string; readonly actor: Actor | null; readonly doer: Doer }
type Judged = Pick<TargetRow, 'decision' | 'rule' | 'verdict_reason' | 'approvers' | 'needed' | 'on_timeout' | 'timeout_minutes'>

export function openResponse(options: ResponseOptions): Response {
  const { database, clock, log, access, incidents, assets, outbox, tenant } = options
  const policies = openPolicies({ clock, key: options.signingKey, access })
  const ledger = openLedger({ clock, incidents, outbox, access })
  const execution = openExecution({ database, clock, log, ledger, policies, executors: options.executors, tenant, timeout })
  const managed = () => options.managementAddresses().flatMap((address) => readNetwork(address) ?? [])

  const permits = (actor: Actor, action: 'action.approve' | 'action.request' | 'policy.write', resource: { tenantId: string; siteId?: string | null }): boolean => {
    try {
      access.authorize(actor, action, resource)
      return true
    } catch (error) {
      if (error instanceof HaechiError) return false
      throw error
    }
  }
  const readerOf = (tenantId: string, actor: Actor | null, language: Language): Reader =>
    ({ actor, language, permitted: actor !== null && permits(actor, 'action.approve', { tenantId }) })
  const doerOf = (actor: Actor): Doer => ({ kind: actor.kind, name: actor.name, audit: actor })
  const requesterOf = (by: Actor | RuleRequester): Requester => {
    if (by.kind === 'rule') {
      const person = `rule:${by.name}`
      return { tenantId: by.tenantId, kind: 'rule', person, actor: null, doer: { kind: 'system', name: by.name, audit: { kind: 'operator', id: person, person, name: by.name } } }
    }
    return { tenantId: tenantOf(by), kind: by.side, person: by.person, actor: by, doer: doerOf(by) }
  }
  const stored = async (tx: Rows, tenantId: string, actionId: string): Promise<Stored> => {
    const [found] = await store.load(tx, tenantId, [actionId])
    if (found === undefined) throw new HaechiError('action_not_found', { action: actionId.slice(0, 100) })
    return found
  }
  /** What was approved starts at once, not at the next sweep. */
  const kick = () => { execution.sweep().catch((error: unknown) => log.warn({ err: error }, 'response steps wait for the next sweep')) }

  /** One target's verdict: the policy's, and what the people and the incident make of it. */
  function judge(resolved: readonly Resolved[], of: {
    policy: InForce; facts: TenantFacts; actionType: ActionType; severity: Severity; requester: Pick<Requester, 'kind' | 'person' | 'actor' | 'tenantId'>
    stale: boolean; closed: boolean; at: number; inHour: number; approvers: readonly PossibleApprover[]
  }): Judged[] {
    const providerExists = of.approvers.some(({ side, person }) => side === 'provider' && person !== of.requester.person)
    const outside = (target: Resolved) => of.requester.actor !== null && of.requester.actor.siteId !== null
      && !permits(of.requester.actor, 'action.request', { tenantId: of.requester.tenantId, siteId: target.siteId })
    const problems = resolved.map((target): Reason | null => (of.closed ? 'incident_closed' : target.problem ?? (outside(target) ? 'outside_site' : null)))
    const inAction = problems.filter((problem) => problem === null).length
    const nobody = { approvers: null, needed: 0, on_timeout: 'expire', timeout_minutes: 0 } as const
    return resolved.map((target, at): Judged => {
      const problem = problems[at]!
      if (problem !== null) return { decision: 'deny', rule: `rail:${problem}`, verdict_reason: problem, ...nobody }
      const ruling = rule(of.policy.content, {
        action: of.actionType, target, severity: of.severity, requester: of.requester.kind, at: of.at, timeZone: of.facts.timeZone, staleEvidence: of.stale,
        blast: { inAction, inHour: of.inHour + inAction }, providerExists, verified: of.policy.fault === null,
      })
      const judged: Judged = {
        decision: ruling.decision, rule: ruling.rule, verdict_reason: ruling.reasonCode, approvers: ruling.approvers, needed: ruling.needed, on_timeout: ruling.onTimeout, timeout_minutes: ruling.timeoutMinutes,
      }
      const enough = ruling.approvers === null || possible(of.approvers, { approvers: ruling.approvers, siteId: target.siteId }, of.requester.person) >= ruling.needed
      return enough ? judged : { ...judged, verdict_reason: 'no_second_approver' }
    })
  }

  async function request(by: Actor | RuleRequester, incidentId: string, wanted: ActionRequest, language: Language, repeatable?: Repeatable): Promise<ResponseActionDetail> {
    const requester = requesterOf(by)
    const { tenantId } = requester
    if (requester.actor !== null) access.authorize(requester.actor, 'action.request', { tenantId })
    if ([incidentId, ...wanted.targets, wanted.reason, wanted.label ?? '', repeatable?.key ?? ''].some((text) => text.includes('\0'))) throw new HaechiError('text_unstorable')
    const incident = await incidents.brief(tenantId, incidentId)
    if (incident === null) throw new HaechiError('incident_not_found', { incident: incidentId.slice(0, 100) })
    const [facts, approvers, resolved] = await Promise.all([
      tenant(tenantId), access.approvers(tenantId), resolveTargets(assets, tenantId, wanted.actionType, wanted.targets, incident, managed()),
    ])
    const fingerprint = repeatable === undefined ? null : fingerprintOf(requester, repeatable)
    const answer = await database.tenant(tenantId, async (tx) => {
      await store.lockTenant(tx, tenantId)
      const now = clock.now()
      if (fingerprint !== null) {
        const first = await store.firstAnswer(tx, tenantId, fingerprint.id, now)
        if (first !== undefined && first.body_digest !== fingerprint.body) throw new HaechiError('idempotency_key_reused')
        if (first !== undefined) return first.answer as ResponseActionDetail
      }
      const policy = await policies.inForce(tx, tenantId, facts)
      const judged = judge(resolved, {
        policy, facts, actionType: wanted.actionType, severity: incident.severity, requester, approvers, at: now, stale: isStale(incident, now), closed: incident.status === 'closed',
        inHour: await store.actedSince(tx, tenantId, now - hour),
      })
      const made = await record(tx, requester, incident, wanted, resolved, judged, policy)
      const history = await store.historyOf(tx, tenantId, made.action.id)
      const body = presentDetail(made, history, readerOf(tenantId, requester.actor, language))
      if (fingerprint !== null) await store.keepAnswer(tx, tenantId, fingerprint.id, fingerprint.body, body, now + (repeatable!.key === null ? bodyRemembered : keyRemembered))
      return body
    })
    kick()
    return answer
  }

  async function record(tx: Transaction, requester: Requester, incident: IncidentBrief, wanted: ActionRequest, resolved: readonly Resolved[], judged: readonly Judged[], policy: InForce): Promise<Stored> {
    const now = new Date(clock.now())
    const id = newId('act', clock.now())
    const made: Stored = {
      votes: [],
      action: {
        id, tenant_id: requester.tenantId, incident_id: incident.id, incident_title_en: incident.title('en'), incident_title_ko: incident.title('ko'), incident_severity: incident.severity,
        type: wanted.actionType, status: 'requested', reason: wanted.reason, urgency: wanted.urgency, requester_kind: requester.kind, requester_person: requester.person,
        requester_actor: requester.doer.kind, requester_name: requester.doer.name, requester_label: wanted.label, requested_at: now,
        decided_by: null, decided_at: null, decided_by_person: false, decision: null, decision_comment: null, policy_version: policy.version,
      },
      targets: resolved.map((target, ordinal): TargetRow => ({
        action_id: id, ordinal, target: target.text, effect: target.effect, host: target.host, asset_id: target.assetId, site_id: target.siteId, names: [...target.names], candidates: [...target.candidates],
        state: 'requested', ...judged[ordinal]!, escalated: false, reason_code: null, evidence: null, approved_at: null, started_at: null, executor: null, attempts: 0, joined: null, due_at: null,
      })),
    }
    await store.insert(tx, made)
    const edit = ledger.edit(tx, requester.tenantId, made, requester.doer)
    const { targets } = made
    edit.patch(targets.filter(({ decision, verdict_reason }) => decision !== 'deny' || verdict_reason === 'policy_denied' || verdict_reason === 'observe_only'), {}, { code: 'requested', said: wanted.reason, label: wanted.label })
    // A target that was none still belongs into the history, though not as a request for containment.
    for (const [why, group] of Map.groupBy(targets.filter(({ decision }) => decision === 'deny'), ({ verdict_reason }) => verdict_reason as Reason)) {
      edit.move(group, 'denied', { code: 'denied', why, rule: group[0]!.rule, params: { expected: expected[wanted.actionType].en } })
    }
    for (const group of Map.groupBy(targets.filter(({ decision }) => decision === 'ask'), ({ approvers, needed, timeout_minutes }) => `${approvers} ${needed} ${timeout_minutes}`).values()) {
      const [first] = group as [TargetRow]
      edit.move(group, 'awaiting_approval', { code: 'awaiting_approval', group: first.approvers, needed: first.needed }, { due_at: new Date(clock.now() + first.timeout_minutes * 60_000) })
    }
    const allowed = targets.filter(({ decision }) => decision === 'allow')
    for (const [name, group] of Map.groupBy(allowed, (target) => target.rule)) {
      edit.move(group, 'approved', { code: 'allowed', rule: name }, { approved_at: now, due_at: now })
    }
    if (targets.every(({ decision }) => decision === 'deny')) Object.assign(made.action, { decision: 'denied', decided_at: now })
    else if (targets.every(({ decision }) => decision !== 'ask')) Object.assign(made.action, { decision: 'allowed', decided_at: now })
    await execution.begin(tx, edit, allowed, policy.content)
    await edit.save({ action: 'action.request', outcome: made.action.decision === 'denied' ? 'denied' : 'success', detail: { targets: wanted.targets.slice(0, 20), count: targets.length, policy: policy.version } })
    return made
  }

  async function decide(actor: Actor, actionId: string, { approved, comment, label }: { approved: boolean; comment: string; label: string | null }, language: Language): Promise<Decided> {
    const tenantId = tenantOf(actor)
    access.authorize(actor, 'action.approve', { tenantId })
    const facts = await tenant(tenantId)
    const answer = await database.tenant(tenantId, async (tx) => {
      await store.lockTenant(tx, tenantId)
      const found = await stored(tx, tenantId, actionId)
      const { action, targets, votes } = found
      const verdict = decisionOf(found, readerOf(tenantId, actor, language))
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
    kick()
    return answer
  }

  function refusalOf({ action, targets, votes }: Stored, reason: 'forbidden' | 'action_decided' | 'requester_cannot_approve' | 'not_the_approver' | 'already_voted' | 'no_second_approver', actor: Actor, language: Language): HaechiError {
    const waiting = targets.find(({ state }) => state === 'awaiting_approval')
    switch (reason) {
      case 'requester_cannot_approve': case 'no_second_approver': return new HaechiError('requester_cannot_approve', { action: action.id })
      case 'not_the_approver': return new HaechiError('not_the_approver', { action: action.id, approvers: waiting?.approvers == null ? '' : sayGroup(waiting.approvers, waiting.needed, language) })
      case 'already_voted': {
        const own = votes.find(({ person }) => person === actor.person)
        return new HaechiError('approval_repeated', { action: action.id, decided_at: own?.at.toISOString() ?? '' })
      }
      case 'action_decided': return new HaechiError('action_decided', {
        action: action.id, status: action.status, decided_by: action.decided_by ?? 'policy', decided_at: (action.decided_at ?? action.requested_at).toISOString(),
        decision: action.decision ?? action.status, comment: action.decision_comment ?? '',
      })
      case 'forbidden': return new HaechiError('forbidden', { action: 'action.approve' })
    }
  }

  /** Nobody answered in time: expires, asks the other side once more, or, where that was signed, acts. */
  async function timeout(...[edit, target, policy, tx]: Parameters<ExecutionParts['timeout']>): Promise<void> {
    const { action } = edit
    const now = new Date(clock.now())
    if (target.on_timeout === 'act') {
      edit.move([target], 'approved', { code: 'acted_on_timeout' }, { reason_code: 'acted_on_timeout', approved_at: now, due_at: now })
      Object.assign(action, { decision: 'allowed', decided_at: now })
      await execution.begin(tx, edit, [target], policy)
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

  async function lift(actor: Actor, actionId: string, reason: string): Promise<{ action_id: string; status: ActionStatus }> {
    const tenantId = tenantOf(actor)
    access.authorize(actor, 'action.request', { tenantId })
    const answer = await database.tenant(tenantId, async (tx) => {
      await store.lockTenant(tx, tenantId)
      const found = await stored(tx, tenantId, actionId)
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
    kick()
    return answer
  }

  const list = (tenantId: string, actor: Actor | null, filter: { status: ActionStatus | null; incident: string | null } & Page, language: Language): Promise<ResponseAction[]> =>
    database.read(tenantId, async (tx) => {
      const ids = await store.page(tx, tenantId, filter)
      const reader = readerOf(tenantId, actor, language)
      return (await store.load(tx, tenantId, ids)).map((each) => present(each, reader))
    })

  return {
    request, decide, lift,
    list: (actor, filter, language) => list(tenantOf(actor), actor, { ...filter, limit: filter.limit + 1 }, language),
    get: (actor, actionId, language) => database.read(tenantOf(actor), async (tx) => {
      const found = await stored(tx, tenantOf(actor), actionId)
      return presentDetail(found, await store.historyOf(tx, tenantOf(actor), actionId), readerOf(tenantOf(actor), actor, language))
    }),
    forIncident: (tenantId, incident, actor, language) => list(tenantId, actor, { status: null, incident, limit: pageAtMost, before: null }, language),
    waiting: (tenantId, actor, language) => list(tenantId, actor, { status: 'awaiting_approval', incident: null, limit: pageAtMost, before: null }, language),
    figures: (tenantId, from, to) => database.read(tenantId, (tx) => figuresOf(tx, tenantId, from, to)),
    policy: {
      async get(actor, language) {
        const tenantId = tenantOf(actor)
        const facts = await tenant(tenantId)
        return database.read(tenantId, async (tx) => {
          const current = await policies.inForce(tx, tenantId, facts)
          const drafts = (await store.policyVersions(tx, tenantId, null, 50)).filter((row) => row.mac === null && row.version > current.version)
          const allowed = permits(actor, 'policy.write', { tenantId })
          return {
            in_force: policies.present(tenantId, facts, current), drafts: drafts.map((row) => policyOf(row, false)),
            verified: { ok: current.fault === null, code: current.fault, reason: current.fault === null ? null : sayReason(current.fault, language, { version: current.version }) },
            may_sign: { allowed: allowed && maySign(actor), reason_code: !allowed ? 'forbidden' : maySign(actor) ? null : 'policy_signer' },
          }
        })
      },
      history: (actor, page) => database.read(tenantOf(actor), async (tx) => {
        const current = await store.latestSigned(tx, tenantOf(actor))
        return (await store.policyVersions(tx, tenantOf(actor), page.before, page.limit + 1)).map((row) => policyOf(row, row.version === current?.version))
      }),
      draft: (actor, content) => database.tenant(tenantOf(actor), async (tx) => {
        access.authorize(actor, 'policy.write', { tenantId: tenantOf(actor), siteId: null })
        await store.lockTenant(tx, tenantOf(actor))
        return policies.draft(tx, actor, tenantOf(actor), content)
      }),
      sign: (actor, version, digest) => database.tenant(tenantOf(actor), async (tx) => {
        access.authorize(actor, 'policy.write', { tenantId: tenantOf(actor), siteId: null })
        await store.lockTenant(tx, tenantOf(actor))
        return policies.sign(tx, actor, tenantOf(actor), version, digest)
      }),
      async verdict(actor, question, language) {
        const tenantId = tenantOf(actor)
        const incident = question.incidentId === null ? null : await incidents.brief(tenantId, question.incidentId)
        if (incident === null && question.incidentId !== null) throw new HaechiError('incident_not_found', { incident: question.incidentId.slice(0, 100) })
        const [facts, approvers, resolved] = await Promise.all([tenant(tenantId), access.approvers(tenantId), resolveTargets(assets, tenantId, question.actionType, question.targets, incident, managed())])
        return database.read(tenantId, async (tx) => {
          const policy = await policyFor(tx, tenantId, facts, question.version)
          const at = question.at ?? clock.now()
          const judged = judge(resolved, {
            policy, facts, actionType: question.actionType, severity: question.severity ?? incident?.severity ?? 'high', approvers, at,
            requester: { tenantId, kind: question.requester ?? actor.side, person: actor.person, actor }, stale: incident !== null && isStale(incident, at), closed: incident?.status === 'closed',
            inHour: await store.actedSince(tx, tenantId, clock.now() - hour),
          })
          return {
            policy_version: policy.version,
            targets: resolved.map((target, each) => {
              const { decision, rule, verdict_reason, approvers } = judged[each]!
              return {
                target: target.text, asset_id: target.assetId, candidates: [...target.candidates], verdict: { decision: decision as Decision, rule, reason_code: verdict_reason, approvers },
                reason: verdict_reason === null ? null : sayReason(verdict_reason, language, { rule, expected: expected[question.actionType][language] }),
              }
            }),
          }
        })
      },
    },
    sweep: () => execution.sweep(),
    close: () => execution.close(),
  }

  async function policyFor(tx: Rows, tenantId: string, facts: TenantFacts, version: number | null): Promise<InForce> {
    if (version === null) return policies.inForce(tx, tenantId, facts)
    const record = await store.policyVersion(tx, tenantId, version)
    if (record === undefined) throw new HaechiError('not_found', { what: `policy version ${version}` })
    return { version, content: policyOf(record, false), fault: null, record }
  }
}

const isStale = (incident: Pick<IncidentBrief, 'backfill' | 'lastActivityAt'>, now: number): boolean => incident.backfill || now - incident.lastActivityAt > staleAfter

/** How many other people could answer for this target. */
const possible = (approvers: readonly PossibleApprover[], target: { approvers: ApproverGroup; siteId: string | null }, requester: string): number =>
  new Set(approvers.filter((approver) => answersFor(approver, target, requester)).map(({ person }) => person)).size

function fingerprintOf(requester: Requester, { key, path, body }: Repeatable): { id: string; body: string } {
  const digest = createHash('sha256').update(body).digest('hex')
  const actor = requester.actor?.id ?? requester.person
  const id = createHash('sha256').update(JSON.stringify(key === null ? ['body', actor, path, digest] : ['key', actor, path, key])).digest('hex')
  return { id, body: digest }
}
