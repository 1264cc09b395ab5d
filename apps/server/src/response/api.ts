// Nothing dangerous without policy, proof and a way back: every action is requested, judged target by target, approved by somebody else where the policy asks,
// carried out once, confirmed, and lifted. No bypass. Defended by response.integration.test.ts and execution.integration.test.ts.
import type { Access, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Reader as Rows } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox.ts'
import { openDeciding } from './deciding.ts'
import type { Decided } from './deciding.ts'
import { openExecution } from './execution.ts'
import type { Executor } from './execution.ts'
import { figuresOf } from './figures.ts'
import type { ActionFigures } from './figures.ts'
import { permits } from './gate.ts'
import { isStale, judge } from './judging.ts'
import { openLedger } from './ledger.ts'
import type { IncidentsPort } from './ledger.ts'
import { maySign, openPolicies, policyOf } from './policies.ts'
import type { InForce, TenantFacts } from './policies.ts'
import type { PolicyContent } from './policy.ts'
import { present, presentDetail, readerOf } from './present.ts'
import { openRequesting, withinOf } from './requesting.ts'
import type { ActionRequest, Repeatable, RuleRequester } from './requesting.ts'
import { resolveTargets } from './resolution.ts'
import type { AssetsPort } from './resolution.ts'
import * as store from './store.ts'
import { readNetwork } from './targets.ts'
import { expected, sayReason } from './texts.ts'
import type { ActionStatus, ActionType, DryRun, Policy, PolicyOverview, RequesterKind, ResponseAction, ResponseActionDetail } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

export { responseRoutes } from './routes.ts'
export type { Effect, Executor } from './execution.ts'
export type { ActionFigures } from './figures.ts'
export type { IncidentBrief, IncidentsPort } from './ledger.ts'
export type { PolicyContent } from './policy.ts'
export type { TenantFacts } from './policies.ts'
export type { AssetsPort } from './resolution.ts'
export type { ActionRequest, Repeatable, RuleRequester } from './requesting.ts'
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

const hour = 3_600_000
const pageAtMost = 1_000

export function openResponse(options: ResponseOptions): Response {
  const { database, clock, log, access, incidents, assets, outbox, tenant } = options
  const policies = openPolicies({ clock, key: options.signingKey, access })
  const ledger = openLedger({ clock, incidents, outbox, access })
  const execution = openExecution({ database, clock, log, ledger, policies, executors: options.executors, tenant })
  const managed = () => options.managementAddresses().flatMap((address) => readNetwork(address) ?? [])

  /** What was approved starts at once, not at the next sweep. */
  const kick = () => { execution.sweep().catch((error: unknown) => log.warn({ err: error }, 'response steps wait for the next sweep')) }

  const parts = { database, clock, access, incidents, assets, ledger, policies, execution, tenant, managed, kick }
  const request = openRequesting(parts)
  const { decide, lift } = openDeciding(parts)

  const list = (tenantId: string, actor: Actor | null, filter: { status: ActionStatus | null; incident: string | null } & Page, language: Language): Promise<ResponseAction[]> =>
    database.read(tenantId, async (tx) => {
      const ids = await store.page(tx, tenantId, filter)
      const reader = readerOf(access, tenantId, actor, language)
      return (await store.load(tx, tenantId, ids)).map((each) => present(each, reader))
    })

  return {
    request, decide, lift,
    list: (actor, filter, language) => list(tenantOf(actor), actor, { ...filter, limit: filter.limit + 1 }, language),
    get: (actor, actionId, language) => database.read(tenantOf(actor), async (tx) => {
      const found = await store.one(tx, tenantOf(actor), actionId)
      return presentDetail(found, await store.historyOf(tx, tenantOf(actor), actionId), readerOf(access, tenantOf(actor), actor, language))
    }),
    forIncident: (tenantId, incident, actor, language) => list(tenantId, actor, { status: null, incident, limit: pageAtMost, before: null }, language),
    waiting: (tenantId, actor, language) => list(tenantId, actor, { status: 'awaiting_approval', incident: null, limit: pageAtMost, before: null }, language),
    figures: (tenantId, from, to) => database.read(tenantId, (tx) => figuresOf(tx, tenantId, from, to)),
    policy: {
      async get(actor, language) {
        const tenantId = tenantOf(actor)
        const [facts, approvers] = await Promise.all([tenant(tenantId), access.approvers(tenantId)])
        const peopleOf = (side: 'customer' | 'provider') => new Set(approvers.filter((approver) => approver.side === side).map(({ person }) => person)).size
        return database.read(tenantId, async (tx) => {
          const current = await policies.inForce(tx, tenantId, facts)
          const drafts = (await store.policyVersions(tx, tenantId, null, 50)).filter((row) => row.mac === null && row.version > current.version)
          const allowed = permits(access, actor, 'policy.write', { tenantId })
          return {
            in_force: policies.present(tenantId, facts, current), drafts: drafts.map((row) => policies.view(row, false)),
            verified: { ok: current.fault === null, code: current.fault, reason: current.fault === null ? null : sayReason(current.fault, language, { version: current.version }) },
            may_sign: { allowed: allowed && maySign(actor), reason_code: !allowed ? 'forbidden' : maySign(actor) ? null : 'policy_signer' },
            approvers: { customer: peopleOf('customer'), provider: peopleOf('provider') },
          }
        })
      },
      history: (actor, page) => database.read(tenantOf(actor), async (tx) => {
        const current = await store.latestSigned(tx, tenantOf(actor))
        return (await store.policyVersions(tx, tenantOf(actor), page.before, page.limit + 1)).map((row) => policies.view(row, row.version === current?.version))
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
            requester: { kind: question.requester ?? actor.side, person: actor.person, actor }, within: withinOf(access, tenantId, actor), stale: incident !== null && isStale(incident, at), closed: incident?.status === 'closed',
            inHour: await store.actedSince(tx, tenantId, clock.now() - hour),
          })
          return {
            policy_version: policy.version,
            targets: resolved.map((target, each) => {
              const { decision, rule, verdict_reason, approvers } = judged[each]!
              return {
                target: target.text, asset_id: target.assetId, candidates: [...target.candidates], verdict: { decision, rule, reason_code: verdict_reason, approvers },
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
