// A request for an action becomes an action, whatever the verdict on it is; asked again it is the first answer, also after a kill, because answer and action are one
// transaction. Defended by response.integration.test.ts.
import { createHash } from 'node:crypto'
import type { Access, Actor } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Execution } from './execution.ts'
import { permits } from './gate.ts'
import { isStale, judge } from './judging.ts'
import type { Judged } from './judging.ts'
import { doerOf } from './ledger.ts'
import type { Doer, IncidentBrief, IncidentsPort, Ledger } from './ledger.ts'
import type { InForce, Policies, TenantFacts } from './policies.ts'
import { presentDetail, readerOf } from './present.ts'
import { resolveTargets } from './resolution.ts'
import type { AssetsPort, Resolved } from './resolution.ts'
import * as store from './store.ts'
import type { Stored, TargetRow } from './store.ts'
import type { Network } from './targets.ts'
import { expected } from './texts.ts'
import type { Reason } from './texts.ts'
import type { ActionType, RequesterKind, ResponseAction, ResponseActionDetail } from './wire.ts'

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

export type RequestParts = {
  readonly database: Database; readonly clock: Clock; readonly access: Pick<Access, 'authorize' | 'approvers'>; readonly incidents: IncidentsPort; readonly assets: AssetsPort
  readonly ledger: Ledger; readonly policies: Policies; readonly execution: Execution; readonly tenant: (tenantId: string) => Promise<TenantFacts>
  /** Addresses of the platform itself. */
  readonly managed: () => readonly Network[]
  /** What was approved starts at once. */
  readonly kick: () => void
}

const hour = 3_600_000
const bodyRemembered = 60_000
const keyRemembered = 24 * hour

type Requester = { readonly tenantId: string; readonly kind: RequesterKind; readonly person: string; readonly actor: Actor | null; readonly doer: Doer }

export function openRequesting(parts: RequestParts) {
  const { database, clock, access, incidents, assets, ledger, policies, execution } = parts

  async function request(by: Actor | RuleRequester, incidentId: string, wanted: ActionRequest, language: Language, repeatable?: Repeatable): Promise<ResponseActionDetail> {
    const requester = requesterOf(by)
    const { tenantId } = requester
    if (requester.actor !== null) access.authorize(requester.actor, 'action.request', { tenantId })
    if ([incidentId, ...wanted.targets, wanted.reason, wanted.label ?? '', repeatable?.key ?? ''].some((text) => text.includes('\0'))) throw new HaechiError('text_unstorable')
    const incident = await incidents.brief(tenantId, incidentId)
    if (incident === null) throw new HaechiError('incident_not_found', { incident: incidentId.slice(0, 100) })
    const [facts, approvers, resolved] = await Promise.all([
      parts.tenant(tenantId), access.approvers(tenantId), resolveTargets(assets, tenantId, wanted.actionType, wanted.targets, incident, parts.managed()),
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
        policy, facts, actionType: wanted.actionType, severity: incident.severity, requester, approvers, at: now, within: withinOf(access, tenantId, requester.actor), stale: isStale(incident, now), closed: incident.status === 'closed',
        inHour: await store.actedSince(tx, tenantId, now - hour),
      })
      const made = await record(tx, requester, incident, wanted, resolved, judged, policy)
      const history = await store.historyOf(tx, tenantId, made.action.id)
      const body = presentDetail(made, history, readerOf(access, tenantId, requester.actor, language))
      if (fingerprint !== null) await store.keepAnswer(tx, tenantId, fingerprint.id, fingerprint.body, body, now + (repeatable!.key === null ? bodyRemembered : keyRemembered))
      return body
    })
    parts.kick()
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

  return request
}

/** For one who is bound to a site: what may he ask for? */
export const withinOf = (access: Pick<Access, 'authorize'>, tenantId: string, actor: Actor | null) => (siteId: string | null): boolean =>
  actor === null || actor.siteId === null || permits(access, actor, 'action.request', { tenantId, siteId })

function requesterOf(by: Actor | RuleRequester): Requester {
  if (by.kind === 'rule') {
    const person = `rule:${by.name}`
    return { tenantId: by.tenantId, kind: 'rule', person, actor: null, doer: { kind: 'system', name: by.name, audit: { kind: 'operator', id: person, person, name: by.name } } }
  }
  return { tenantId: tenantOf(by), kind: by.side, person: by.person, actor: by, doer: doerOf(by) }
}

function fingerprintOf(requester: Requester, { key, path, body }: Repeatable): { id: string; body: string } {
  const digest = createHash('sha256').update(body).digest('hex')
  const actor = requester.actor?.id ?? requester.person
  const id = createHash('sha256').update(JSON.stringify(key === null ? ['body', actor, path, digest] : ['key', actor, path, key])).digest('hex')
  return { id, body: digest }
}
