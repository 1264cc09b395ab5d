import { sql } from 'kysely'
import type { Reader, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { ApproverGroup } from './model.ts'
import type { EventCode } from './texts.ts'
import type { ActionStatus, ActionType, Decision, RequesterKind, ResponseAction } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

export type ActorKind = 'user' | 'key' | 'operator' | 'system'
export type ActionRow = {
  id: string; tenant_id: string; incident_id: string; incident_title_en: string; incident_title_ko: string; incident_severity: Severity; type: ActionType; status: ActionStatus
  reason: string; urgency: ResponseAction['urgency']; requester_kind: RequesterKind; requester_person: string; requester_actor: ActorKind; requester_name: string; requester_label: string | null
  requested_at: Date; decided_by: string | null; decided_at: Date | null; decided_by_person: boolean; decision: string | null; decision_comment: string | null; policy_version: number
}
export type Evidence = Record<string, unknown>
export type TargetRow = {
  action_id: string; ordinal: number; target: string; effect: string; host: string | null; asset_id: string | null; site_id: string | null; names: string[]; candidates: string[]
  state: ActionStatus; decision: Decision; rule: string; verdict_reason: string | null; approvers: ApproverGroup | null; needed: number; on_timeout: 'expire' | 'escalate' | 'act'; timeout_minutes: number
  escalated: boolean; reason_code: string | null; evidence: Evidence | null; approved_at: Date | null; started_at: Date | null; executor: string | null; attempts: number; joined: string | null; due_at: Date | null
}
export type VoteRow = { action_id: string; person: string; name: string; side: 'provider' | 'customer'; site_id: string | null; approved: boolean; comment: string; label: string | null; at: Date }
export type HistoryRow = { action_id: string; at: Date; status: ActionStatus; actor_kind: ActorKind | null; actor_name: string | null; code: EventCode; params: Record<string, unknown>; label: string | null }
export type Stored = { action: ActionRow; targets: TargetRow[]; votes: VoteRow[] }

/** Decisions about a tenant's actions are made one at a time: caps are counted, effects joined and votes taken without a race. Before any other lock. */
export const lockTenant = (tx: Transaction, tenantId: string) =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${`response:${tenantId}`}, 0))`.execute(tx)

/** With their targets and votes, in the order of `ids`. */
export async function load(tx: Reader, tenantId: string, ids: readonly string[]): Promise<Stored[]> {
  if (ids.length === 0) return []
  const { rows: actions } = await sql<ActionRow>`SELECT * FROM response_actions WHERE tenant_id = ${tenantId} AND id = ANY(${ids})`.execute(tx)
  const { rows: targets } = await sql<TargetRow>`SELECT * FROM response_targets WHERE tenant_id = ${tenantId} AND action_id = ANY(${ids}) ORDER BY action_id, ordinal`.execute(tx)
  const { rows: votes } = await sql<VoteRow>`SELECT * FROM response_votes WHERE tenant_id = ${tenantId} AND action_id = ANY(${ids}) ORDER BY at`.execute(tx)
  const byId = new Map(actions.map((action) => [action.id, { action, targets: [] as TargetRow[], votes: [] as VoteRow[] }]))
  for (const target of targets) byId.get(target.action_id)?.targets.push(target)
  for (const vote of votes) byId.get(vote.action_id)?.votes.push(vote)
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** Errors: action_not_found. */
export async function one(tx: Reader, tenantId: string, actionId: string): Promise<Stored> {
  const [found] = await load(tx, tenantId, [actionId])
  if (found === undefined) throw new HaechiError('action_not_found', { action: actionId.slice(0, 100) })
  return found
}

/** What the executor said last when something did not work. */
export function detailOf({ evidence }: TargetRow): string {
  const detail = evidence?.['detail']
  return typeof detail === 'string' ? detail : ''
}

export async function historyOf(tx: Reader, tenantId: string, actionId: string): Promise<HistoryRow[]> {
  return (await sql<HistoryRow>`SELECT * FROM response_history WHERE tenant_id = ${tenantId} AND action_id = ${actionId} ORDER BY sequence`.execute(tx)).rows
}

export async function page(tx: Reader, tenantId: string, filter: { status: string | null; incident: string | null; before: string | null; limit: number }): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM response_actions WHERE tenant_id = ${tenantId}
      AND (${filter.status}::text IS NULL OR status = ${filter.status}) AND (${filter.incident}::text IS NULL OR incident_id = ${filter.incident})
      AND (${filter.before}::text IS NULL OR id < ${filter.before}) ORDER BY id DESC LIMIT ${filter.limit}`.execute(tx)
  return rows.map(({ id }) => id)
}

export async function insert(tx: Transaction, { action, targets }: Pick<Stored, 'action' | 'targets'>): Promise<void> {
  await sql`INSERT INTO response_actions SELECT * FROM jsonb_populate_record(NULL::response_actions, ${JSON.stringify(action)}::jsonb)`.execute(tx)
  const rows = targets.map((target) => ({ tenant_id: action.tenant_id, ...target }))
  await sql`INSERT INTO response_targets SELECT * FROM jsonb_populate_recordset(NULL::response_targets, ${JSON.stringify(rows)}::jsonb)`.execute(tx)
}

/** What may change after the request. */
export async function save(tx: Transaction, action: ActionRow, targets: readonly TargetRow[]): Promise<void> {
  await sql`UPDATE response_actions SET status = ${action.status}, decided_by = ${action.decided_by}, decided_at = ${action.decided_at}, decided_by_person = ${action.decided_by_person},
    decision = ${action.decision}, decision_comment = ${action.decision_comment} WHERE id = ${action.id} AND tenant_id = ${action.tenant_id}`.execute(tx)
  if (targets.length === 0) return
  await sql`UPDATE response_targets t SET state = n.state, approvers = n.approvers, escalated = n.escalated, reason_code = n.reason_code, evidence = n.evidence, approved_at = n.approved_at,
      started_at = n.started_at, executor = n.executor, attempts = n.attempts, joined = n.joined, due_at = n.due_at
    FROM jsonb_populate_recordset(NULL::response_targets, ${JSON.stringify(targets)}::jsonb) n
    WHERE t.action_id = ${action.id} AND t.ordinal = n.ordinal AND t.tenant_id = ${action.tenant_id}`.execute(tx)
}

export async function writeHistory(tx: Transaction, tenantId: string, rows: readonly HistoryRow[]): Promise<void> {
  for (const row of rows) {
    await sql`INSERT INTO response_history (tenant_id, action_id, at, status, actor_kind, actor_name, code, params, label)
      VALUES (${tenantId}, ${row.action_id}, ${row.at}, ${row.status}, ${row.actor_kind}, ${row.actor_name}, ${row.code}, ${JSON.stringify(row.params)}, ${row.label})`.execute(tx)
  }
}

export const vote = (tx: Transaction, tenantId: string, row: VoteRow) => sql`
  INSERT INTO response_votes (tenant_id, action_id, person, name, side, site_id, approved, comment, label, at)
  VALUES (${tenantId}, ${row.action_id}, ${row.person}, ${row.name}, ${row.side}, ${row.site_id}, ${row.approved}, ${row.comment}, ${row.label}, ${row.at})`.execute(tx)

/** Other targets that hold this effect, or are about to. */
export async function holders(tx: Reader, tenantId: string, effect: string, besides: { action_id: string; ordinal: number }): Promise<{ action_id: string; state: ActionStatus; joined: string | null }[]> {
  const { rows } = await sql<{ action_id: string; state: ActionStatus; joined: string | null }>`
    SELECT action_id, state, joined FROM response_targets WHERE tenant_id = ${tenantId} AND effect = ${effect} AND state IN ('approved', 'executing', 'verifying', 'succeeded')
      AND (action_id, ordinal) <> (${besides.action_id}, ${besides.ordinal}::int) ORDER BY action_id`.execute(tx)
  return rows
}

/** Whether another action of the incident waits for the customer. */
export async function awaitsCustomer(tx: Reader, tenantId: string, incidentId: string, besides: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM response_actions a JOIN response_targets t ON t.action_id = a.id AND t.tenant_id = a.tenant_id
    WHERE a.tenant_id = ${tenantId} AND a.incident_id = ${incidentId} AND a.id <> ${besides} AND t.state = 'awaiting_approval' AND t.approvers IN ('customer', 'customer_other') LIMIT 1`.execute(tx)
  return rows.length > 0
}

export async function effectOf(tx: Reader, tenantId: string, actionId: string, effect: string): Promise<{ state: ActionStatus; reason_code: string | null } | undefined> {
  return (await sql<{ state: ActionStatus; reason_code: string | null }>`
    SELECT state, reason_code FROM response_targets WHERE tenant_id = ${tenantId} AND action_id = ${actionId} AND effect = ${effect}`.execute(tx)).rows[0]
}

/** Targets that were approved since then and acted on, or are about to be. */
export async function actedSince(tx: Reader, tenantId: string, since: number): Promise<number> {
  const { rows: [row] } = await sql<{ count: string }>`
    SELECT count(*) FROM response_targets WHERE tenant_id = ${tenantId} AND approved_at >= ${new Date(since)} AND joined IS NULL AND (started_at IS NOT NULL OR state = 'approved')`.execute(tx)
  return Number(row?.count ?? 0)
}

/** Across tenants: in a platform transaction. */
export async function due(tx: Reader, now: number, limit: number): Promise<{ tenant_id: string; action_id: string; ordinal: number }[]> {
  return (await sql<{ tenant_id: string; action_id: string; ordinal: number }>`
    SELECT tenant_id, action_id, ordinal FROM response_targets WHERE due_at <= ${new Date(now)} ORDER BY due_at LIMIT ${limit}`.execute(tx)).rows
}

export const postpone = (tx: Transaction, target: { tenant_id: string; action_id: string; ordinal: number }, until: number) => sql`
  UPDATE response_targets SET due_at = ${new Date(until)} WHERE tenant_id = ${target.tenant_id} AND action_id = ${target.action_id} AND ordinal = ${target.ordinal} AND due_at IS NOT NULL`.execute(tx)

export async function firstAnswer(tx: Reader, tenantId: string, fingerprint: string, now: number): Promise<{ body_digest: string; answer: unknown } | undefined> {
  return (await sql<{ body_digest: string; answer: unknown }>`
    SELECT body_digest, answer FROM response_answers WHERE tenant_id = ${tenantId} AND fingerprint = ${fingerprint} AND expires_at > ${new Date(now)}`.execute(tx)).rows[0]
}
export const keepAnswer = (tx: Transaction, tenantId: string, fingerprint: string, bodyDigest: string, answer: unknown, expiresAt: number) => sql`
  INSERT INTO response_answers (tenant_id, fingerprint, body_digest, answer, expires_at) VALUES (${tenantId}, ${fingerprint}, ${bodyDigest}, ${JSON.stringify(answer)}, ${new Date(expiresAt)})
  ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET body_digest = excluded.body_digest, answer = excluded.answer, expires_at = excluded.expires_at`.execute(tx)
export const forgetAnswers = (tx: Transaction, now: number) => sql`DELETE FROM response_answers WHERE expires_at <= ${new Date(now)}`.execute(tx)

export type PolicyRecord = {
  tenant_id: string; version: number; content: string; digest: string; drafted_by: string; drafted_at: Date
  signed_person: string | null; signed_by: string | null; signed_at: Date | null; mac: string | null
}
export async function latestSigned(tx: Reader, tenantId: string): Promise<PolicyRecord | undefined> {
  return (await sql<PolicyRecord>`SELECT * FROM response_policies WHERE tenant_id = ${tenantId} AND mac IS NOT NULL ORDER BY version DESC LIMIT 1`.execute(tx)).rows[0]
}
export async function policyVersions(tx: Reader, tenantId: string, before: number | null, limit: number): Promise<PolicyRecord[]> {
  return (await sql<PolicyRecord>`SELECT * FROM response_policies WHERE tenant_id = ${tenantId} AND (${before}::int IS NULL OR version < ${before}) ORDER BY version DESC LIMIT ${limit}`.execute(tx)).rows
}
export async function policyVersion(tx: Reader, tenantId: string, version: number): Promise<PolicyRecord | undefined> {
  return (await sql<PolicyRecord>`SELECT * FROM response_policies WHERE tenant_id = ${tenantId} AND version = ${version}`.execute(tx)).rows[0]
}
export const insertPolicy = (tx: Transaction, row: Pick<PolicyRecord, 'tenant_id' | 'version' | 'content' | 'digest' | 'drafted_by' | 'drafted_at'>) => sql`
  INSERT INTO response_policies (tenant_id, version, content, digest, drafted_by, drafted_at)
  VALUES (${row.tenant_id}, ${row.version}, ${row.content}, ${row.digest}, ${row.drafted_by}, ${row.drafted_at})`.execute(tx)
export const signPolicy = (tx: Transaction, row: PolicyRecord) => sql`
  UPDATE response_policies SET signed_person = ${row.signed_person}, signed_by = ${row.signed_by}, signed_at = ${row.signed_at}, mac = ${row.mac}
  WHERE tenant_id = ${row.tenant_id} AND version = ${row.version}`.execute(tx)
