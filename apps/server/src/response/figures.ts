import { sql } from 'kysely'
import type { Reader } from '../platform/database.ts'
import type { ActionStatus, ActionType } from './wire.ts'

export type Latency = { readonly mean: number | null; readonly median: number | null; readonly p90: number | null; readonly n: number }
/** Actions requested in a window, by their present state. An action counts once in `requested`; `automatic` are those that the policy allowed at once. */
export type ActionFigures = {
  readonly requested: number
  /** Somebody was asked. */
  readonly asked: number
  readonly approved: number
  readonly rejected: number
  readonly expired: number
  readonly waiting: number
  /** Refused by the policy, a rail, or because the target was none. */
  readonly denied: number
  readonly automatic: number
  readonly succeeded: number
  readonly failed: number
  /** Of the failed ones, by reason code. */
  readonly failures: Readonly<Record<string, number>>
  readonly byType: Readonly<Partial<Record<ActionType, number>>>
  /** Minutes from the request to the decision, by who was asked: the customer's time is never the provider's. */
  readonly approvalLatencyMinutes: { readonly customer: Latency; readonly provider: Latency }
  /** The records behind the figures, oldest first, at most 1,000. */
  readonly actions: readonly ActionRecord[]
}
/** `decision`: approved or rejected by a person, allowed, denied or expired without one; `failures` the reason codes of targets that failed. ms since the epoch. */
export type ActionRecord = {
  readonly id: string; readonly type: ActionType; readonly status: ActionStatus; readonly requestedAt: number
  readonly asked: boolean; readonly automatic: boolean; readonly decision: string | null; readonly failures: readonly string[]
}
const recordsMost = 1_000

export async function figuresOf(tx: Reader, tenantId: string, from: number, to: number): Promise<ActionFigures> {
  const window = sql`a.tenant_id = ${tenantId} AND a.requested_at >= ${new Date(from)} AND a.requested_at < ${new Date(to)}`
  const { rows: [row] } = await sql<Record<'requested' | 'asked' | 'approved' | 'rejected' | 'expired' | 'waiting' | 'denied' | 'automatic' | 'succeeded' | 'failed', string>>`
    WITH of_window AS (
      SELECT a.*, bool_or(t.decision = 'ask') AS asked, bool_or(t.decision = 'allow') AS allowed FROM response_actions a JOIN response_targets t ON t.action_id = a.id AND t.tenant_id = a.tenant_id
      WHERE ${window} GROUP BY a.id)
    SELECT count(*) AS requested, count(*) FILTER (WHERE asked) AS asked, count(*) FILTER (WHERE decision = 'approved') AS approved, count(*) FILTER (WHERE decision = 'rejected') AS rejected,
      count(*) FILTER (WHERE status = 'expired') AS expired, count(*) FILTER (WHERE status = 'awaiting_approval') AS waiting, count(*) FILTER (WHERE status = 'denied') AS denied,
      count(*) FILTER (WHERE allowed AND NOT asked) AS automatic,
      count(*) FILTER (WHERE status IN ('succeeded', 'partially_succeeded', 'lifting', 'lifted')) AS succeeded, count(*) FILTER (WHERE status = 'failed') AS failed FROM of_window`.execute(tx)
  const { rows: types } = await sql<{ type: ActionType; count: string }>`SELECT a.type, count(*) FROM response_actions a WHERE ${window} GROUP BY a.type`.execute(tx)
  const { rows: failures } = await sql<{ reason_code: string; count: string }>`
    SELECT t.reason_code, count(DISTINCT a.id) FROM response_actions a JOIN response_targets t ON t.action_id = a.id AND t.tenant_id = a.tenant_id
    WHERE ${window} AND a.status = 'failed' AND t.state = 'failed' AND t.reason_code IS NOT NULL GROUP BY t.reason_code`.execute(tx)
  const { rows: latencies } = await sql<{ side: 'customer' | 'provider'; mean: number; median: number; p90: number; n: string }>`
    WITH of_window AS (
      SELECT a.id, extract(epoch FROM a.decided_at - a.requested_at)::float8 / 60 AS minutes, bool_or(t.approvers = 'provider') AS provider
      FROM response_actions a JOIN response_targets t ON t.action_id = a.id AND t.tenant_id = a.tenant_id WHERE ${window} AND a.decided_by_person AND t.approvers IS NOT NULL GROUP BY a.id)
    SELECT CASE WHEN provider THEN 'provider' ELSE 'customer' END AS side, avg(minutes) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS median,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes) AS p90, count(*) AS n FROM of_window GROUP BY 1`.execute(tx)
  const { rows: actions } = await sql<{ id: string; type: ActionType; status: ActionStatus; requested_at: Date; asked: boolean; allowed: boolean; decision: string | null; failures: string[] | null }>`
    SELECT a.id, a.type, a.status, a.requested_at, a.decision, bool_or(t.decision = 'ask') AS asked, bool_or(t.decision = 'allow') AS allowed,
      array_agg(DISTINCT t.reason_code) FILTER (WHERE t.state = 'failed' AND t.reason_code IS NOT NULL) AS failures
    FROM response_actions a JOIN response_targets t ON t.action_id = a.id AND t.tenant_id = a.tenant_id WHERE ${window} GROUP BY a.id ORDER BY a.requested_at, a.id LIMIT ${recordsMost}`.execute(tx)
  const latency = (side: 'customer' | 'provider'): Latency => {
    const found = latencies.find((one) => one.side === side)
    return found === undefined ? { mean: null, median: null, p90: null, n: 0 } : { mean: tenth(found.mean), median: tenth(found.median), p90: tenth(found.p90), n: Number(found.n) }
  }
  const count = (key: keyof NonNullable<typeof row>) => Number(row?.[key] ?? 0)
  return {
    requested: count('requested'), asked: count('asked'), approved: count('approved'), rejected: count('rejected'), expired: count('expired'), waiting: count('waiting'), denied: count('denied'),
    automatic: count('automatic'), succeeded: count('succeeded'), failed: count('failed'),
    failures: Object.fromEntries(failures.map((one) => [one.reason_code, Number(one.count)])),
    byType: Object.fromEntries(types.map((one) => [one.type, Number(one.count)])),
    approvalLatencyMinutes: { customer: latency('customer'), provider: latency('provider') },
    actions: actions.map(({ id, type, status, requested_at, asked, allowed, decision, failures: failed }) => ({ id, type, status, requestedAt: requested_at.getTime(), asked, automatic: allowed && !asked, decision, failures: failed ?? [] })),
  }
}

const tenth = (minutes: number): number => Math.round(minutes * 10) / 10
