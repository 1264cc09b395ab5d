// The tables of detection. Whoever writes alerts locks them in the order of their ids, so that detection and grouping cannot wait for each other in a ring.
import { sql } from 'kysely'
import type { Reader, Transaction } from '../platform/database.ts'
import type { Language } from '../platform/errors.ts'
import { evidenceMost, merge, noTraits, traits } from './fold.ts'
import type { Finding, Findings, Traits } from './fold.ts'
import type { KeptState } from './correlating.ts'
import type { Gap, RuleHits, Volume } from './messages.ts'
import { step } from './model.ts'
import type { Alert, AlertProcess, AlertRule, AlertState, AlertStatus, AlertStep, AlertVerdict, Matched, Severity, Suppression } from './model.ts'

type AlertRow = {
  alert_id: string; tenant_id: string; kind: Alert['kind']; rule: AlertRule; severity: Severity; status: AlertStatus; verdict: AlertVerdict | null; incident_id: string | null
  host: string | null; user_name: string | null; techniques: string[]; tactics: string[]; first_event_at: string; last_event_at: string; received_at: string; raised_at: string; event_count: number
  indicators: Alert['indicators']; backfill: boolean; processes: AlertProcess[]; addresses: string[]; hashes: string[]
}
const hour = 3_600_000
/** Hours. */
const hitsKept = 168
const alertColumns = sql.raw(`alert_id, tenant_id, kind, rule, severity, status, verdict, incident_id, host, user_name, techniques, tactics, first_event_at, last_event_at, received_at,
  raised_at, event_count, indicators, backfill, processes, addresses, hashes`)
const alertOf = (row: AlertRow): Alert => ({
  id: row.alert_id, tenantId: row.tenant_id, kind: row.kind, rule: row.rule, severity: row.severity, status: row.status, verdict: row.verdict, incidentId: row.incident_id, host: row.host, user: row.user_name,
  techniques: row.techniques, tactics: row.tactics, firstEventAt: Number(row.first_event_at), lastEventAt: Number(row.last_event_at), receivedAt: Number(row.received_at), raisedAt: Number(row.raised_at),
  eventCount: row.event_count, indicators: row.indicators, backfill: row.backfill, processes: row.processes, addresses: row.addresses, hashes: row.hashes,
})

/** What one transaction keeps: from where the log was searched to where, and what was found. */
export type Found = {
  readonly from: number
  readonly next: number
  readonly findings: Findings
  readonly gaps: readonly Gap[]
  readonly volumes: ReadonlyMap<number, Volume>
  readonly faults: Readonly<Record<string, number>>
  readonly hits: ReadonlyMap<string, RuleHits>
  readonly costs: ReadonlyMap<string, number>
  /** Kept after the commit, in a transaction of its own. */
  readonly state: KeptState | null
}

export const lostIn = (gaps: readonly Gap[]): number => gaps.reduce((sum, { from, to }) => sum + to - from, 0)

/** Moves the checkpoint from `found.from`; answers where it stands when somebody else has moved it. No row yet counts as `from`. */
export async function moveCheckpoint(tx: Transaction, tenantId: string, { from, next, gaps }: Found, now: number): Promise<number | null> {
  const { rows: [moved] } = await sql<{ next_offset: string }>`
    INSERT INTO detection_checkpoints AS c (tenant_id, next_offset, skipped) VALUES (${tenantId}, ${next}, ${lostIn(gaps)})
    ON CONFLICT (tenant_id) DO UPDATE SET next_offset = excluded.next_offset, skipped = c.skipped + excluded.skipped WHERE c.next_offset = ${from}
    RETURNING next_offset`.execute(tx)
  if (moved === undefined) {
    const { rows: [there] } = await sql<{ next_offset: string }>`SELECT next_offset FROM detection_checkpoints WHERE tenant_id = ${tenantId}`.execute(tx)
    return Number(there?.next_offset ?? 0)
  }
  if (gaps.length > 0) {
    await sql`INSERT INTO detection_gaps (tenant_id, from_offset, to_offset, reason, at)
      SELECT ${tenantId}, g."from", g."to", g.reason, ${now} FROM json_to_recordset(${JSON.stringify(gaps)}::json) AS g ("from" bigint, "to" bigint, reason text)
      ON CONFLICT (tenant_id, from_offset) DO UPDATE SET to_offset = greatest(detection_gaps.to_offset, excluded.to_offset)`.execute(tx)
  }
  return null
}

export async function addVolumes(tx: Transaction, tenantId: string, volumes: ReadonlyMap<number, Volume>): Promise<void> {
  if (volumes.size === 0) return
  await sql`INSERT INTO detection_volumes AS v (tenant_id, hour, events, matches)
    SELECT ${tenantId}, n.* FROM json_to_recordset(${JSON.stringify([...volumes].sort(([a], [b]) => a - b).map(([hour, volume]) => ({ hour, ...volume })))}::json) AS n (hour integer, events bigint, matches bigint)
    ON CONFLICT (tenant_id, hour) DO UPDATE SET events = v.events + excluded.events, matches = v.matches + excluded.matches`.execute(tx)
}

export async function addHits(tx: Transaction, tenantId: string, hits: ReadonlyMap<string, RuleHits>): Promise<void> {
  if (hits.size === 0) return
  const rows = [...hits].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { ruleId, hour: at, hits: count, lastAt }]) => ({ rule_id: ruleId, hour: at, hits: count, last_at: lastAt }))
  await sql`INSERT INTO detection_rule_hits AS h (tenant_id, rule_id, hour, hits, last_at)
    SELECT ${tenantId}, n.* FROM json_to_recordset(${JSON.stringify(rows)}::json) AS n (rule_id text, hour integer, hits bigint, last_at bigint)
    ON CONFLICT (tenant_id, rule_id, hour) DO UPDATE SET hits = h.hits + excluded.hits, last_at = greatest(h.last_at, excluded.last_at)`.execute(tx)
}

/** By rule: hits of the last 24 hours (the hour that began before them counts whole) and 7 days, and the latest of these, T2 in ms. */
export async function ruleHits(db: Reader, tenantId: string, now: number): Promise<Map<string, { day: number; week: number; lastAt: number }>> {
  const { rows } = await sql<{ rule_id: string; day: string; week: string; last_at: string }>`
    SELECT rule_id, coalesce(sum(hits) FILTER (WHERE hour >= ${Math.floor(now / hour) - 24}), 0) AS day, sum(hits) AS week, max(last_at) AS last_at
    FROM detection_rule_hits WHERE tenant_id = ${tenantId} AND hour >= ${Math.floor(now / hour) - hitsKept} GROUP BY rule_id`.execute(db)
  return new Map(rows.map((row) => [row.rule_id, { day: Number(row.day), week: Number(row.week), lastAt: Number(row.last_at) }]))
}

/** Keeps alerts with their evidence. Answers the ids of the new ones. */
export async function keepFindings(tx: Transaction, tenantId: string, { findings, records }: Findings, now: number): Promise<{ raised: Finding[]; suppressed: Finding[] }> {
  const ids = [...findings.keys()].sort()
  if (ids.length === 0) return { raised: [], suppressed: [] }
  const { rows } = await sql<Pick<AlertRow, 'alert_id' | 'first_event_at' | 'last_event_at' | 'received_at' | 'event_count' | 'backfill'> & { evidence: string[] }>`
    SELECT alert_id, first_event_at, last_event_at, received_at, event_count, backfill, ARRAY(SELECT e.log_offset FROM detection_evidence e WHERE e.tenant_id = ${tenantId} AND e.alert_id = a.alert_id) AS evidence
    FROM detection_alerts a WHERE tenant_id = ${tenantId} AND alert_id = ANY(${ids}) ORDER BY alert_id FOR UPDATE`.execute(tx)
  const known = new Map(rows.map((row) => [row.alert_id, row]))
  const kept = new Map(ids.map((id) => {
    const there = new Set(known.get(id)?.evidence.map(Number))
    return [id, findings.get(id)!.evidence.filter(({ offset }) => !there.has(offset)).slice(0, evidenceMost - there.size)]
  }))
  const more = rows.flatMap(({ alert_id }) => (kept.get(alert_id)!.length > 0 ? [alert_id] : []))
  const { rows: traitRows } = more.length === 0 ? { rows: [] } : await sql<Pick<AlertRow, 'alert_id' | 'processes' | 'addresses' | 'hashes'>>`
    SELECT alert_id, processes, addresses, hashes FROM detection_alerts WHERE tenant_id = ${tenantId} AND alert_id = ANY(${more})`.execute(tx)
  const traitsOf = new Map<string, Traits>(traitRows.map((row) => [row.alert_id, row]))
  const made: object[] = []
  const changed: object[] = []
  const raised: Finding[] = []
  const suppressed: Finding[] = []
  for (const id of ids) {
    const found = findings.get(id)!
    const row = known.get(id)
    const added = kept.get(id)!
    const named = () => traits(traitsOf.get(id) ?? noTraits, added.flatMap((one) => records.get(one.offset) ?? []))
    // Its earlier evidence is in its table; here only how much of it there is counts.
    const { host, user, rule, kind, severity, techniques, tactics, indicators, suppressionId, firstEventAt, lastEventAt, receivedAt, eventCount, backfill, offset } = row === undefined ? found : merge({
      ...found, firstEventAt: Number(row.first_event_at), lastEventAt: Number(row.last_event_at), receivedAt: Number(row.received_at), eventCount: row.event_count, backfill: row.backfill, evidence: [],
    }, found)
    const counted = { alert_id: id, first_event_at: firstEventAt, last_event_at: lastEventAt, received_at: receivedAt, event_count: eventCount, backfill }
    // A storm goes on in its numbers alone.
    if (row !== undefined) changed.push(added.length === 0 ? counted : { ...counted, ...named() })
    else {
      (suppressionId === null ? raised : suppressed).push(found)
      made.push({
        ...counted, ...named(), kind, rule_id: rule.id, rule, severity, status: suppressionId === null ? 'new' : 'suppressed', suppression_id: suppressionId, host, user_name: user, techniques, tactics, indicators, log_offset: offset,
      })
    }
  }
  if (made.length > 0) {
    await sql`INSERT INTO detection_alerts (tenant_id, raised_at, alert_id, kind, rule_id, rule, severity, status, suppression_id, host, user_name, techniques, tactics, first_event_at, last_event_at, received_at,
        event_count, indicators, backfill, processes, addresses, hashes, log_offset)
      SELECT ${tenantId}, ${now}, n.* FROM json_to_recordset(${JSON.stringify(made)}::json) AS n (alert_id text, kind text, rule_id text, rule json, severity text, status text, suppression_id text, host text, user_name text,
        techniques text[], tactics text[], first_event_at bigint, last_event_at bigint, received_at bigint, event_count integer, indicators json, backfill boolean, processes json, addresses text[], hashes text[], log_offset bigint)`.execute(tx)
  }
  if (changed.length > 0) {
    await sql`UPDATE detection_alerts a SET first_event_at = n.first_event_at, last_event_at = n.last_event_at, received_at = n.received_at, event_count = n.event_count, backfill = n.backfill,
        processes = coalesce(n.processes, a.processes), addresses = coalesce(n.addresses, a.addresses), hashes = coalesce(n.hashes, a.hashes)
      FROM json_to_recordset(${JSON.stringify(changed)}::json) AS n (alert_id text, first_event_at bigint, last_event_at bigint, received_at bigint, event_count integer, backfill boolean, processes json, addresses text[], hashes text[])
      WHERE a.tenant_id = ${tenantId} AND a.alert_id = n.alert_id`.execute(tx)
  }
  const evidence = ids.flatMap((id) => kept.get(id)!.map(({ offset, matched }): { alert_id: string; log_offset: number; matched: readonly Matched[] } => ({ alert_id: id, log_offset: offset, matched })))
  if (evidence.length > 0) {
    const behind = [...new Set(evidence.map(({ log_offset }) => log_offset))].sort((a, b) => a - b).flatMap((offset) => records.get(offset) ?? [])
    await sql`INSERT INTO detection_records (tenant_id, log_offset, event_id, source, time, received_at, process, raw)
      SELECT ${tenantId}, n."offset", n."eventId", n.source, n.time, n."receivedAt", n.process, n.raw
      FROM json_to_recordset(${JSON.stringify(behind)}::json) AS n ("offset" bigint, "eventId" text, source text, time bigint, "receivedAt" bigint, process json, raw text)
      ON CONFLICT DO NOTHING`.execute(tx)
    await sql`INSERT INTO detection_evidence (tenant_id, alert_id, log_offset, matched)
      SELECT ${tenantId}, n.* FROM json_to_recordset(${JSON.stringify(evidence)}::json) AS n (alert_id text, log_offset bigint, matched json) ON CONFLICT DO NOTHING`.execute(tx)
  }
  return { raised, suppressed }
}

export async function checkpoints(tx: Transaction): Promise<Map<string, number>> {
  const { rows } = await sql<{ tenant_id: string; next_offset: string }>`SELECT tenant_id, next_offset FROM detection_checkpoints`.execute(tx)
  return new Map(rows.map((row) => [row.tenant_id, Number(row.next_offset)]))
}

export async function progress(db: Reader, tenantId: string): Promise<{ waiting: number | null; skipped: number }> {
  const { rows: [row] } = await sql<{ waiting: string | null; skipped: string | null }>`
    SELECT (SELECT min(log_offset) FROM detection_alerts WHERE tenant_id = ${tenantId} AND status = 'new') AS waiting,
      (SELECT skipped FROM detection_checkpoints WHERE tenant_id = ${tenantId}) AS skipped`.execute(db)
  return { waiting: row?.waiting == null ? null : Number(row.waiting), skipped: Number(row?.skipped ?? 0) }
}

type StateRow = { alert_id: string; status: AlertStatus; incident_id: string | null; verdict: AlertVerdict | null }

/** Takes a step with each alert that is asked for, by id or by incident, and answers those for which it is not allowed, and which are there. */
export async function takeStep(tx: Transaction, tenantId: string, which: { ids: readonly string[] } | { incidentId: string }, taken: AlertStep, now: number): Promise<{ there: Set<string>; refused: (AlertState & { id: string })[] }> {
  const chosen = 'ids' in which ? sql`alert_id = ANY(${[...which.ids]})` : sql`incident_id = ${which.incidentId}`
  const { rows } = await sql<StateRow>`SELECT alert_id, status, incident_id, verdict FROM detection_alerts WHERE tenant_id = ${tenantId} AND ${chosen} ORDER BY alert_id FOR UPDATE`.execute(tx)
  const refused: (AlertState & { id: string })[] = []
  const changed: object[] = []
  for (const row of rows) {
    const before: AlertState = { status: row.status, incidentId: row.incident_id, verdict: row.verdict }
    const after = step(before, taken)
    if (after === null) refused.push({ ...before, id: row.alert_id })
    else if (after !== before) changed.push({ alert_id: row.alert_id, status: after.status, incident_id: after.incidentId, verdict: after.verdict, closed_at: after.verdict === null ? null : now })
  }
  if (changed.length > 0) {
    await sql`UPDATE detection_alerts a SET status = n.status, incident_id = n.incident_id, verdict = n.verdict, closed_at = n.closed_at
      FROM json_to_recordset(${JSON.stringify(changed)}::json) AS n (alert_id text, status text, incident_id text, verdict text, closed_at bigint)
      WHERE a.tenant_id = ${tenantId} AND a.alert_id = n.alert_id`.execute(tx)
  }
  return { there: new Set(rows.map((row) => row.alert_id)), refused }
}

export async function byIds(db: Reader, tenantId: string, ids: readonly string[]): Promise<Alert[]> {
  const { rows } = await sql<AlertRow>`SELECT ${alertColumns} FROM detection_alerts WHERE tenant_id = ${tenantId} AND alert_id = ANY(${[...ids]}) ORDER BY first_event_at, alert_id`.execute(db)
  return rows.map(alertOf)
}

export type AlertFilter = { status?: AlertStatus; severity?: Severity; kind?: Alert['kind']; incident?: string; rule?: string; host?: string; user?: string; from?: number; to?: number }
export async function page(db: Reader, tenantId: string, filter: AlertFilter, before: { raisedAt: number; id: string } | undefined, limit: number): Promise<Alert[]> {
  const conditions = [
    filter.status === undefined ? [] : [sql`status = ${filter.status}`], filter.severity === undefined ? [] : [sql`severity = ${filter.severity}`], filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`],
    filter.incident === undefined ? [] : [sql`incident_id = ${filter.incident}`], filter.rule === undefined ? [] : [sql`rule_id = ${filter.rule}`],
    filter.host === undefined ? [] : [sql`lower(host) = lower(${filter.host})`], filter.user === undefined ? [] : [sql`lower(user_name) = lower(${filter.user})`],
    filter.from === undefined ? [] : [sql`raised_at >= ${filter.from}`], filter.to === undefined ? [] : [sql`raised_at < ${filter.to}`],
    before === undefined ? [] : [sql`(raised_at, alert_id) < (${before.raisedAt}::bigint, ${before.id})`],
  ].flat()
  const { rows } = await sql<AlertRow>`SELECT ${alertColumns} FROM detection_alerts WHERE ${sql.join([sql`tenant_id = ${tenantId}`, ...conditions], sql` AND `)}
    ORDER BY raised_at DESC, alert_id DESC LIMIT ${limit}`.execute(db)
  return rows.map(alertOf)
}

export type EventRow = { alert_id: string; log_offset: string; event_id: string; source: string; time: string; received_at: string; process: AlertProcess | null; raw: string; matched: Matched[] }
export async function eventsOf(db: Reader, tenantId: string, alertIds: readonly string[]): Promise<EventRow[]> {
  const { rows } = await sql<EventRow>`SELECT e.alert_id, e.log_offset, r.event_id, r.source, r.time, r.received_at, r.process, r.raw, e.matched
    FROM detection_evidence e JOIN detection_records r ON r.tenant_id = e.tenant_id AND r.log_offset = e.log_offset
    WHERE e.tenant_id = ${tenantId} AND e.alert_id = ANY(${[...alertIds]}) ORDER BY e.alert_id, e.log_offset`.execute(db)
  return rows
}

const counted = (condition: string) => sql.raw(`count(*) FILTER (WHERE ${condition})::integer`)

export async function closedCounts(db: Reader, tenantId: string, from: number, to: number): Promise<{ truePositive: number; benign: number; falsePositive: number; other: number; suppressed: number }> {
  const { rows: [row] } = await sql<{ true_positive: number; benign: number; false_positive: number; other: number; suppressed: number }>`
    SELECT ${counted(`verdict = 'true_positive'`)} AS true_positive, ${counted(`verdict = 'benign_true_positive'`)} AS benign, ${counted(`verdict = 'false_positive'`)} AS false_positive,
      ${counted(`verdict IN ('inconclusive', 'duplicate', 'test')`)} AS other,
      (SELECT count(*) FROM detection_alerts WHERE tenant_id = ${tenantId} AND status = 'suppressed' AND raised_at >= ${from} AND raised_at < ${to})::integer AS suppressed
    FROM detection_alerts WHERE tenant_id = ${tenantId} AND closed_at >= ${from} AND closed_at < ${to}`.execute(db)
  return { truePositive: row!.true_positive, benign: row!.benign, falsePositive: row!.false_positive, other: row!.other, suppressed: row!.suppressed }
}

export async function counts(db: Reader, tenantId: string, from: number, to: number): Promise<{ events: number; matches: number; alerts: number; suppressed: number; attached: number; dismissed: number }> {
  const { rows: [row] } = await sql<{ events: string; matches: string; alerts: number; suppressed: number; attached: number; dismissed: number }>`
    SELECT coalesce(v.events, 0) AS events, coalesce(v.matches, 0) AS matches, a.* FROM
      (SELECT sum(events) AS events, sum(matches) AS matches FROM detection_volumes WHERE tenant_id = ${tenantId} AND hour >= ${Math.floor(from / hour)} AND hour < ${Math.ceil(to / hour)}) v,
      (SELECT count(*)::integer AS alerts, ${counted(`status = 'suppressed'`)} AS suppressed, ${counted(`status = 'attached'`)} AS attached, ${counted(`status = 'dismissed'`)} AS dismissed
        FROM detection_alerts WHERE tenant_id = ${tenantId} AND raised_at >= ${from} AND raised_at < ${to}) a`.execute(db)
  return { events: Number(row!.events), matches: Number(row!.matches), alerts: row!.alerts, suppressed: row!.suppressed, attached: row!.attached, dismissed: row!.dismissed }
}

export type RuleCounts = { ruleId: string; title: string; alerts: number; events: number; truePositive: number; benign: number; falsePositive: number; suppressed: number }
export async function ruleCounts(db: Reader, tenantId: string, from: number, to: number, limit: number | null, language: Language = 'en'): Promise<RuleCounts[]> {
  const { rows } = await sql<{ rule_id: string; title: string; alerts: number; events: string; true_positive: number; benign: number; false_positive: number; suppressed: number }>`
    SELECT rule_id, coalesce(max(rule #>> ${[language, 'title']}::text[]), max(rule ->> 'title')) AS title, count(*)::integer AS alerts, sum(event_count) AS events, ${counted(`verdict = 'true_positive'`)} AS true_positive,
      ${counted(`verdict = 'benign_true_positive'`)} AS benign, ${counted(`verdict = 'false_positive'`)} AS false_positive, ${counted(`status = 'suppressed'`)} AS suppressed
    FROM detection_alerts WHERE tenant_id = ${tenantId} AND raised_at >= ${from} AND raised_at < ${to}
    GROUP BY rule_id ORDER BY alerts DESC, rule_id LIMIT ${limit}`.execute(db)
  return rows.map((row) => ({
    ruleId: row.rule_id, title: row.title, alerts: row.alerts, events: Number(row.events), truePositive: row.true_positive, benign: row.benign, falsePositive: row.false_positive, suppressed: row.suppressed,
  }))
}

export async function ruleStates(db: Reader, tenantId: string): Promise<Map<string, boolean>> {
  const { rows } = await sql<{ rule_id: string; enabled: boolean }>`SELECT rule_id, enabled FROM detection_rule_states WHERE tenant_id = ${tenantId}`.execute(db)
  return new Map(rows.map((row) => [row.rule_id, row.enabled]))
}
export async function setRuleState(tx: Transaction, tenantId: string, ruleId: string, enabled: boolean, by: string, now: number): Promise<void> {
  await sql`INSERT INTO detection_rule_states (tenant_id, rule_id, enabled, changed_at, changed_by) VALUES (${tenantId}, ${ruleId}, ${enabled}, ${now}, ${by})
    ON CONFLICT (tenant_id, rule_id) DO UPDATE SET enabled = excluded.enabled, changed_at = excluded.changed_at, changed_by = excluded.changed_by`.execute(tx)
}

type SuppressionRow = {
  suppression_id: string; rule_id: string; host: string | null; user_name: string | null; field: string | null; value: string | null; reason: string; author: string; created_at: string; expires_at: string | null; alerts: number
}
/** Those that are not removed, newest first; expired ones too. */
export async function suppressions(db: Reader, tenantId: string): Promise<Suppression[]> {
  const { rows } = await sql<SuppressionRow>`SELECT s.suppression_id, s.rule_id, s.host, s.user_name, s.field, s.value, s.reason, s.author, s.created_at, s.expires_at,
      (SELECT count(*)::integer FROM detection_alerts a WHERE a.tenant_id = s.tenant_id AND a.suppression_id = s.suppression_id) AS alerts
    FROM detection_suppressions s WHERE s.tenant_id = ${tenantId} AND s.removed_at IS NULL ORDER BY s.created_at DESC, s.suppression_id DESC`.execute(db)
  return rows.map((row) => ({
    id: row.suppression_id, ruleId: row.rule_id, host: row.host, user: row.user_name, field: row.field, value: row.value, reason: row.reason, author: row.author, createdAt: Number(row.created_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at), alerts: row.alerts,
  }))
}
export async function addSuppression(tx: Transaction, tenantId: string, one: Omit<Suppression, 'alerts'>): Promise<void> {
  await sql`INSERT INTO detection_suppressions (tenant_id, suppression_id, rule_id, host, user_name, field, value, reason, author, created_at, expires_at)
    VALUES (${tenantId}, ${one.id}, ${one.ruleId}, ${one.host}, ${one.user}, ${one.field}, ${one.value}, ${one.reason}, ${one.author}, ${one.createdAt}, ${one.expiresAt})`.execute(tx)
}
export async function removeSuppression(tx: Transaction, tenantId: string, id: string, now: number): Promise<boolean> {
  const { rows } = await sql`UPDATE detection_suppressions SET removed_at = ${now} WHERE tenant_id = ${tenantId} AND suppression_id = ${id} AND removed_at IS NULL RETURNING 1`.execute(tx)
  return rows.length > 0
}

/** By tenant (null: for all tenants) and name, as `TENANT/NAME`. */
export async function packLicenses(db: Reader): Promise<Map<string, string>> {
  const { rows } = await sql<{ tenant_id: string; name: string; license: string }>`SELECT tenant_id, name, license FROM detection_pack_licenses`.execute(db)
  return new Map(rows.map((row) => [`${row.tenant_id}/${row.name}`, row.license]))
}
export async function setPackLicense(tx: Transaction, tenantId: string | null, name: string, license: string | null): Promise<void> {
  if (license === null) await sql`DELETE FROM detection_pack_licenses WHERE tenant_id = ${tenantId ?? '*'} AND name = ${name}`.execute(tx)
  else await sql`INSERT INTO detection_pack_licenses (tenant_id, name, license) VALUES (${tenantId ?? '*'}, ${name}, ${license}) ON CONFLICT (tenant_id, name) DO UPDATE SET license = excluded.license`.execute(tx)
}

export async function gaps(db: Reader, tenantId: string): Promise<{ from: number; to: number; reason: string; at: number }[]> {
  const { rows } = await sql<{ from_offset: string; to_offset: string; reason: string; at: string }>`SELECT from_offset, to_offset, reason, at FROM detection_gaps WHERE tenant_id = ${tenantId} ORDER BY from_offset DESC LIMIT 1000`.execute(db)
  return rows.map((row) => ({ from: Number(row.from_offset), to: Number(row.to_offset), reason: row.reason, at: Number(row.at) }))
}

/** Drops alerts raised before `before` (T3, ms) that belong to no incident and wait for nothing, with evidence and records that no other alert stands on, old gaps and hits. Answers how many alerts. */
export async function retain(tx: Transaction, tenantId: string, before: number, now: number): Promise<number> {
  const dropped = await sql`DELETE FROM detection_alerts WHERE tenant_id = ${tenantId} AND raised_at < ${before} AND incident_id IS NULL AND status <> 'new'`.execute(tx)
  await sql`DELETE FROM detection_evidence e WHERE tenant_id = ${tenantId} AND NOT EXISTS (SELECT FROM detection_alerts a WHERE a.tenant_id = e.tenant_id AND a.alert_id = e.alert_id)`.execute(tx)
  await sql`DELETE FROM detection_records r WHERE tenant_id = ${tenantId} AND received_at < ${before} AND NOT EXISTS (SELECT FROM detection_evidence e WHERE e.tenant_id = r.tenant_id AND e.log_offset = r.log_offset)`.execute(tx)
  await sql`DELETE FROM detection_gaps WHERE tenant_id = ${tenantId} AND at < ${before}`.execute(tx)
  await sql`DELETE FROM detection_rule_hits WHERE tenant_id = ${tenantId} AND hour < ${Math.floor(now / hour) - hitsKept}`.execute(tx)
  return Number(dropped.numAffectedRows ?? 0n)
}
