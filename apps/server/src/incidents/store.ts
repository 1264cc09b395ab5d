import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Reader, Transaction } from '../platform/database.ts'
import { rankOf, severities, statuses } from './model.ts'
import type { Clocks, IncidentState, Pause } from './model.ts'
import type { Texts } from './texts.ts'
import type { IncidentStatus, IncidentVerdict, TimelineEntry } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

export type IncidentRule = { readonly id: string; readonly title: string; readonly ko?: { readonly title: string }; readonly severity: Severity; readonly techniques: readonly string[] }
export type Analyst = { readonly id: string; readonly name: string }

/** Times in ms since the epoch. */
export type Incident = IncidentState & {
  readonly id: string
  readonly title: Texts
  readonly severityReasons: readonly Texts[]
  readonly analyst: Analyst | null
  readonly hosts: readonly string[]
  readonly users: readonly string[]
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  /** Worst first. */
  readonly rules: readonly IncidentRule[]
  readonly alertCount: number
  readonly backfill: boolean
  readonly lastActivity: number
  readonly updatedAt: number
}

type Row = {
  id: string; severity: number; machine_severity: number; severity_reasons: Texts[]; status: IncidentStatus; verdict: IncidentVerdict | null; title: Texts
  analyst_id: string | null; analyst_name: string | null; hosts: string[]; users: string[]; techniques: string[]; tactics: string[]; rules: IncidentRule[]
  alert_count: number; backfill: boolean; last_activity: Big
  t0: Big; t1: Big; t2: Big; t3: Big; t4: Big | null; t5: Big | null; t6: Big; t7: Big | null; t8: Big | null; t8a: Big | null; t9: Big | null; t9n: Big | null; t10: Big | null; t11: Big | null; t12: Big | null
  pauses: Pause[]; updated_at: Big
}
type Big = string | number

const columns = sql.raw(`id, severity, machine_severity, severity_reasons, status, verdict, title, analyst_id, analyst_name, hosts, users, techniques, tactics, rules, alert_count, backfill, last_activity,
  t0, t1, t2, t3, t4, t5, t6, t7, t8, t8a, t9, t9n, t10, t11, t12, pauses, updated_at`)
const time = (value: Big | null) => (value === null ? null : Number(value))

const incidentOf = (row: Row): Incident => ({
  id: row.id, severity: severities[row.severity]!, machineSeverity: severities[row.machine_severity]!, severityReasons: row.severity_reasons, status: row.status, verdict: row.verdict, title: row.title,
  analyst: row.analyst_id === null ? null : { id: row.analyst_id, name: row.analyst_name ?? row.analyst_id },
  hosts: row.hosts, users: row.users, techniques: row.techniques, tactics: row.tactics, rules: row.rules, alertCount: row.alert_count, backfill: row.backfill,
  lastActivity: Number(row.last_activity), updatedAt: Number(row.updated_at),
  clocks: {
    t0: Number(row.t0), t1: Number(row.t1), t2: Number(row.t2), t3: Number(row.t3), t4: time(row.t4), t5: time(row.t5), t6: Number(row.t6), t7: time(row.t7), t8: time(row.t8), t8a: time(row.t8a),
    t9: time(row.t9), t9n: time(row.t9n), t10: time(row.t10), t11: time(row.t11), t12: time(row.t12), pauses: row.pauses,
  },
})

const rowOf = ({ clocks: { pauses, ...clocks }, ...incident }: Incident): Row => ({
  id: incident.id, severity: rankOf(incident.severity), machine_severity: rankOf(incident.machineSeverity), severity_reasons: [...incident.severityReasons], status: incident.status, verdict: incident.verdict, title: incident.title,
  analyst_id: incident.analyst?.id ?? null, analyst_name: incident.analyst?.name ?? null, hosts: [...incident.hosts], users: [...incident.users], techniques: [...incident.techniques], tactics: [...incident.tactics],
  rules: [...incident.rules], alert_count: incident.alertCount, backfill: incident.backfill, last_activity: incident.lastActivity, ...clocks, pauses: [...pauses], updated_at: incident.updatedAt,
})

/** What opens and joins incidents happens one at a time in a tenant. */
export const lockTenant = (tx: Transaction, tenantId: string) => sql`SELECT pg_advisory_xact_lock(hashtextextended(${`incidents:${tenantId}`}, 0))`.execute(tx)

export async function byId(tx: Reader, tenantId: string, id: string): Promise<Incident | undefined> {
  const { rows } = await sql<Row>`SELECT ${columns} FROM incidents_incidents WHERE tenant_id = ${tenantId} AND id = ${id}`.execute(tx)
  return rows[0] === undefined ? undefined : incidentOf(rows[0])
}

/** Held until the transaction ends, in the order of their ids. */
export async function lock(tx: Transaction, tenantId: string, ids: readonly string[]): Promise<Incident[]> {
  const { rows } = await sql<Row>`SELECT ${columns} FROM incidents_incidents WHERE tenant_id = ${tenantId} AND id = ANY(${ids}) ORDER BY id FOR UPDATE`.execute(tx)
  return rows.map(incidentOf)
}

export async function write(tx: Transaction, tenantId: string, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return
  await sql`
    INSERT INTO incidents_incidents SELECT r.* FROM json_populate_recordset(NULL::incidents_incidents, ${JSON.stringify(incidents.map((incident) => ({ tenant_id: tenantId, ...rowOf(incident) })))}) r
    ON CONFLICT (tenant_id, id) DO UPDATE SET severity = excluded.severity, machine_severity = excluded.machine_severity, severity_reasons = excluded.severity_reasons, status = excluded.status,
      verdict = excluded.verdict, title = excluded.title, analyst_id = excluded.analyst_id, analyst_name = excluded.analyst_name, hosts = excluded.hosts, users = excluded.users, techniques = excluded.techniques,
      tactics = excluded.tactics, rules = excluded.rules, alert_count = excluded.alert_count, backfill = excluded.backfill, last_activity = excluded.last_activity, t0 = excluded.t0, t4 = excluded.t4, t5 = excluded.t5,
      t7 = excluded.t7, t8 = excluded.t8, t8a = excluded.t8a, t9 = excluded.t9, t9n = excluded.t9n, t10 = excluded.t10, t11 = excluded.t11, t12 = excluded.t12, pauses = excluded.pauses,
      updated_at = excluded.updated_at`.execute(tx)
}

export type IncidentAlert = { readonly id: string; readonly incidentId: string; readonly severity: Severity; readonly firstEventAt: number }

/** Of these alerts those that belong to an incident. */
export async function belonging(tx: Reader, tenantId: string, alertIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ alert_id: string }>`SELECT alert_id FROM incidents_alerts WHERE tenant_id = ${tenantId} AND alert_id = ANY(${alertIds})`.execute(tx)
  return new Set(rows.map((row) => row.alert_id))
}

export async function writeAlerts(tx: Transaction, tenantId: string, alerts: readonly IncidentAlert[]): Promise<void> {
  if (alerts.length === 0) return
  await sql`
    INSERT INTO incidents_alerts (tenant_id, alert_id, incident_id, severity, first_event_at)
    SELECT ${tenantId}, * FROM unnest(${alerts.map(({ id }) => id)}::text[], ${alerts.map(({ incidentId }) => incidentId)}::text[], ${alerts.map(({ severity }) => rankOf(severity))}::smallint[], ${alerts.map(({ firstEventAt }) => firstEventAt)}::bigint[])`.execute(tx)
}

/** Worst first, then in the order of time, at most `limit`. */
export async function alertsOf(tx: Reader, tenantId: string, id: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ alert_id: string }>`
    SELECT alert_id FROM incidents_alerts WHERE tenant_id = ${tenantId} AND incident_id = ${id} ORDER BY severity DESC, first_event_at, alert_id LIMIT ${limit}`.execute(tx)
  return rows.map((row) => row.alert_id)
}

/** An index takes no key of any length. */
const stored = (key: string): string => (key.length <= 300 ? key : `${key.slice(0, key.indexOf(':') + 1)}${createHash('sha256').update(key).digest('hex')}`)

export async function writeKeys(tx: Transaction, tenantId: string, incidents: readonly { id: string; detectedAt: number; keys: readonly string[] }[]): Promise<void> {
  const rows = incidents.flatMap(({ id, detectedAt, keys }) => [...new Set(keys.map(stored))].map((key) => ({ id, detectedAt, key })))
  if (rows.length === 0) return
  await sql`
    INSERT INTO incidents_keys (tenant_id, key, detected_at, incident_id)
    SELECT ${tenantId}, * FROM unnest(${rows.map(({ key }) => key)}::text[], ${rows.map(({ detectedAt }) => detectedAt)}::bigint[], ${rows.map(({ id }) => id)}::text[]) ON CONFLICT DO NOTHING`.execute(tx)
}

/** Those that have waited since before `until` are let go. */
export async function writeHeld(tx: Transaction, tenantId: string, alerts: readonly { id: string; at: number; keys: readonly string[] }[], now: number, until: number): Promise<void> {
  const rows = alerts.flatMap(({ id, at, keys }) => [...new Set(keys.map(stored))].map((key) => ({ id, at, key })))
  if (rows.length === 0) return
  await sql`
    INSERT INTO incidents_held (tenant_id, key, at, alert_id, held_at)
    SELECT ${tenantId}, w.*, ${now}::bigint FROM unnest(${rows.map(({ key }) => key)}::text[], ${rows.map(({ at }) => at)}::bigint[], ${rows.map(({ id }) => id)}::text[]) w ON CONFLICT DO NOTHING`.execute(tx)
  await sql`DELETE FROM incidents_held WHERE tenant_id = ${tenantId} AND held_at < ${until}::bigint`.execute(tx)
}

export const dropHeld = (tx: Transaction, tenantId: string, alertIds: readonly string[]) => sql`DELETE FROM incidents_held WHERE tenant_id = ${tenantId} AND alert_id = ANY(${alertIds})`.execute(tx)

/** Alerts that wait and share a key, those before and those after `at` that are nearest to it. */
export async function heldBy(tx: Reader, tenantId: string, keys: readonly string[], at: number, within: number): Promise<string[]> {
  const { rows } = await sql<{ alert_id: string }>`
    SELECT DISTINCT h.alert_id FROM unnest(${keys.map(stored)}::text[]) wanted (key)
    CROSS JOIN LATERAL (
      (SELECT alert_id FROM incidents_held WHERE tenant_id = ${tenantId} AND key = wanted.key AND at BETWEEN ${at - within}::bigint AND ${at}::bigint ORDER BY at DESC LIMIT 100)
      UNION ALL (SELECT alert_id FROM incidents_held WHERE tenant_id = ${tenantId} AND key = wanted.key AND at > ${at}::bigint AND at <= ${at + within}::bigint ORDER BY at LIMIT 50)
    ) h LIMIT 500`.execute(tx)
  return rows.map((row) => row.alert_id)
}

/** Open incidents that share a key and were active since `since`, the latest of each key. */
export async function openBy(tx: Reader, tenantId: string, keys: readonly string[], since: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT DISTINCT found.id FROM unnest(${keys.map(stored)}::text[]) wanted (key)
    CROSS JOIN LATERAL (
      SELECT i.id FROM (SELECT incident_id FROM incidents_keys WHERE tenant_id = ${tenantId} AND key = wanted.key ORDER BY detected_at DESC, incident_id LIMIT 200) k
      JOIN incidents_incidents i ON i.tenant_id = ${tenantId} AND i.id = k.incident_id
      WHERE i.status IN ('new', 'investigating', 'contained') AND i.last_activity >= ${since}::bigint ORDER BY i.last_activity DESC LIMIT 20
    ) found`.execute(tx)
  return rows.map((row) => row.id)
}

/** Hosts and accounts of these incidents that are known by a short name only. */
export async function namesOf(tx: Reader, tenantId: string, ids: readonly string[]): Promise<{ kind: 'host' | 'user'; name: string }[]> {
  const { rows } = await sql<{ kind: 'host' | 'user'; name: string }>`
    SELECT DISTINCT named.kind, named.name FROM incidents_incidents i
    CROSS JOIN LATERAL (SELECT 'host' AS kind, unnest(i.hosts) AS name UNION ALL SELECT 'user', unnest(i.users)) named
    WHERE i.tenant_id = ${tenantId} AND i.id = ANY(${ids}) AND named.name !~ ${String.raw`[.@\\]`}`.execute(tx)
  return rows
}

/** Of each incident the keys that grouping reads whole, and of the others those that are asked for. */
export async function keysOf(tx: Reader, tenantId: string, ids: readonly string[], wanted: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ incident_id: string; key: string }>`
    SELECT incident_id, key FROM incidents_keys WHERE tenant_id = ${tenantId} AND incident_id = ANY(${ids}) AND (key = ANY(${wanted.map(stored)}) OR key LIKE 'rule:%' OR key LIKE 'user:%')`.execute(tx)
  const found = new Map<string, string[]>(ids.map((id) => [id, []]))
  for (const { incident_id, key } of rows) found.get(incident_id)?.push(key)
  return found
}

export type NewEntry = {
  readonly kind: Exclude<TimelineEntry['kind'], 'alert'>; readonly at: number; readonly actor: TimelineEntry['actor']; readonly text: Texts
  readonly severity?: Severity; readonly ref?: TimelineEntry['ref']
}
export type Entry = { readonly id: string; readonly kind: TimelineEntry['kind']; readonly at: number; readonly actor: TimelineEntry['actor']; readonly text: Texts; readonly severity: Severity | null; readonly ref: TimelineEntry['ref'] }

export async function writeEntries(tx: Transaction, tenantId: string, entries: readonly (NewEntry & { id: string; incidentId: string })[]): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map((entry) => ({
    tenant_id: tenantId, id: entry.id, incident_id: entry.incidentId, at: entry.at, kind: entry.kind, actor_kind: entry.actor?.kind ?? null, actor_name: entry.actor?.name ?? null, text: entry.text,
    severity: entry.severity === undefined ? null : rankOf(entry.severity), ref_type: entry.ref?.type ?? null, ref_id: entry.ref?.id ?? null,
  }))
  await sql`
    INSERT INTO incidents_timeline (tenant_id, id, incident_id, at, kind, actor_kind, actor_name, text, severity, ref_type, ref_id)
    SELECT tenant_id, id, incident_id, at, kind, actor_kind, actor_name, text, severity, ref_type, ref_id FROM json_populate_recordset(NULL::incidents_timeline, ${JSON.stringify(rows)})`.execute(tx)
}

/** The last `limit` entries, in the order of time. */
export async function entriesOf(tx: Reader, tenantId: string, id: string, limit: number): Promise<Entry[]> {
  const { rows } = await sql<{ id: string; at: Big; kind: Entry['kind']; actor_kind: 'user' | 'key' | 'operator' | 'system' | null; actor_name: string | null; text: Texts; severity: number | null; ref_type: 'alert' | 'action' | null; ref_id: string | null }>`
    SELECT id, at, kind, actor_kind, actor_name, text, severity, ref_type, ref_id FROM incidents_timeline WHERE tenant_id = ${tenantId} AND incident_id = ${id} ORDER BY at DESC, ordinal DESC LIMIT ${limit}`.execute(tx)
  return rows.reverse().map((row) => ({
    id: row.id, at: Number(row.at), kind: row.kind, text: row.text, severity: row.severity === null ? null : severities[row.severity]!,
    actor: row.actor_kind === null ? null : { kind: row.actor_kind, name: row.actor_name ?? '' },
    ref: row.ref_type === null ? null : { type: row.ref_type, id: row.ref_id ?? '' },
  }))
}

/** null: nobody's. `from` and `to` on T3, `to` exclusive. */
export type Filter = { readonly statuses: readonly IncidentStatus[]; readonly severities: readonly Severity[]; readonly analystId?: string | null; readonly from?: number; readonly to?: number }
/** The last one of a page, and how many there were in all when the first page was read. */
export type Position = { readonly severity: number; readonly detectedAt: number; readonly id: string; readonly total: number }

const ever = 9_000_000_000_000_000
const analystIs = (filter: Filter) => (filter.analystId === undefined ? sql`` : filter.analystId === null ? sql`AND analyst_id IS NULL` : sql`AND analyst_id = ${filter.analystId}`)

/** Each severity and status is one range of an index; the ranges are merged. */
const ranges = (filter: Filter, after: Position | undefined) => {
  const pairs = filter.severities.map(rankOf).filter((rank) => after === undefined || rank <= after.severity).flatMap((rank) => filter.statuses.map((status) => ({
    rank, status, before: after?.severity === rank ? after.detectedAt : ever, beforeId: after?.severity === rank ? after.id : '',
  })))
  return sql`unnest(${pairs.map(({ rank }) => rank)}::smallint[], ${pairs.map(({ status }) => status)}::text[], ${pairs.map(({ before }) => before)}::bigint[], ${pairs.map(({ beforeId }) => beforeId)}::text[]) range (severity, status, before, before_id)`
}

/** Worst first, then newest. */
export async function page(tx: Reader, tenantId: string, filter: Filter, after: Position | undefined, limit: number): Promise<Incident[]> {
  const { rows } = await sql<Row>`
    WITH found AS (
      SELECT each.id, each.severity, each.t3 FROM ${ranges(filter, after)} CROSS JOIN LATERAL (
        SELECT id, severity, t3 FROM incidents_incidents
        WHERE tenant_id = ${tenantId} ${analystIs(filter)} AND status = range.status AND severity = range.severity AND (t3, id) < (range.before, range.before_id)
          AND t3 >= ${filter.from ?? -ever}::bigint AND t3 < ${filter.to ?? ever}::bigint
        ORDER BY t3 DESC, id DESC LIMIT ${limit}
      ) each ORDER BY each.severity DESC, each.t3 DESC, each.id DESC LIMIT ${limit}
    )
    SELECT ${columns} FROM incidents_incidents WHERE tenant_id = ${tenantId} AND id = ANY(ARRAY(SELECT id FROM found)) ORDER BY severity DESC, t3 DESC, id DESC`.execute(tx)
  return rows.map(incidentOf)
}

export async function count(tx: Reader, tenantId: string, filter: Filter): Promise<number> {
  // What leaves nothing out is not asked for: then a narrower index is enough.
  const those = filter.statuses.length === statuses.length ? sql`` : sql`AND status = ANY(${filter.statuses})`
  const such = filter.severities.length === severities.length ? sql`` : sql`AND severity = ANY(${filter.severities.map(rankOf)})`
  const { rows } = await sql<{ count: string }>`
    SELECT count(*) FROM incidents_incidents WHERE tenant_id = ${tenantId} ${analystIs(filter)} ${those} ${such} AND t3 >= ${filter.from ?? -ever}::bigint AND t3 < ${filter.to ?? ever}::bigint`.execute(tx)
  return Number(rows[0]?.count ?? 0)
}

export async function openCounts(tx: Reader, tenantId: string): Promise<{ severity: Severity; count: number }[]> {
  const { rows } = await sql<{ severity: number; count: string }>`
    SELECT severity, count(*) FROM incidents_incidents WHERE tenant_id = ${tenantId} AND status IN ('new', 'investigating', 'contained') GROUP BY severity`.execute(tx)
  return rows.map((row) => ({ severity: severities[row.severity]!, count: Number(row.count) }))
}

/** Detected from `from` to `to` (exclusive), in that order. */
export async function detectedIn(tx: Reader, tenantId: string, from: number, to: number): Promise<Incident[]> {
  const { rows } = await sql<Row>`SELECT ${columns} FROM incidents_incidents WHERE tenant_id = ${tenantId} AND t3 >= ${from}::bigint AND t3 < ${to}::bigint ORDER BY t3, id`.execute(tx)
  return rows.map(incidentOf)
}

/** Of an incident what key figures are made of. */
export type Figured = Pick<Incident, 'id' | 'severity' | 'verdict' | 'backfill'> & { readonly clocks: Pick<Clocks, 't0' | 't3' | 't4' | 't8' | 't8a' | 't9' | 't9n' | 't10' | 't11' | 'pauses'> }

/** The same incidents as `detectedIn`, without what only people read. */
export async function figuredIn(tx: Reader, tenantId: string, from: number, to: number): Promise<Figured[]> {
  const { rows } = await sql<Pick<Row, 'id' | 'severity' | 'verdict' | 'backfill' | keyof Figured['clocks']>>`
    SELECT id, severity, verdict, backfill, t0, t3, t4, t8, t8a, t9, t9n, t10, t11, pauses FROM incidents_incidents
    WHERE tenant_id = ${tenantId} AND t3 >= ${from}::bigint AND t3 < ${to}::bigint ORDER BY t3, id`.execute(tx)
  return rows.map((row) => ({
    id: row.id, severity: severities[row.severity]!, verdict: row.verdict, backfill: row.backfill,
    clocks: { t0: Number(row.t0), t3: Number(row.t3), t4: time(row.t4), t8: time(row.t8), t8a: time(row.t8a), t9: time(row.t9), t9n: time(row.t9n), t10: time(row.t10), t11: time(row.t11), pauses: row.pauses },
  }))
}

/** How many were detected between each boundary and the next, backfill left out. */
export async function countsBetween(tx: Reader, tenantId: string, boundaries: readonly number[]): Promise<number[]> {
  const { rows } = await sql<{ place: number; count: string }>`
    SELECT width_bucket(t3, ${boundaries}::bigint[]) AS place, count(*) FROM incidents_incidents
    WHERE tenant_id = ${tenantId} AND NOT backfill AND t3 >= ${boundaries[0] ?? 0}::bigint AND t3 < ${boundaries.at(-1) ?? 0}::bigint GROUP BY 1`.execute(tx)
  const counts = boundaries.slice(1).map(() => 0)
  for (const { place, count: found } of rows) counts[place - 1] = Number(found)
  return counts
}

/** The keys that likeness is counted in: not the processes, which no other incident has, nor rules that say little. */
export async function likenessKeys(tx: Reader, tenantId: string, id: string): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    SELECT key FROM incidents_keys WHERE tenant_id = ${tenantId} AND incident_id = ${id} AND key NOT LIKE 'proc:%' AND key NOT LIKE 'weak:%'
    ORDER BY CASE split_part(key, ':', 1) WHEN 'ioc' THEN 0 WHEN 'rule' THEN 1 WHEN 'technique' THEN 2 WHEN 'user' THEN 3 ELSE 4 END, key LIMIT 60`.execute(tx)
  return rows.map((row) => row.key)
}

/** Incidents that share the most of these keys among the latest of each, and all that they share. */
export async function sharing(tx: Reader, tenantId: string, id: string, keys: readonly string[], weights: readonly number[], limit: number): Promise<{ incident: Incident; keys: string[] }[]> {
  const { rows } = await sql<Row & { shared: string[] }>`
    WITH wanted AS (SELECT * FROM unnest(${keys}::text[], ${weights}::float8[]) w (key, weight)),
    likest AS (
      SELECT near.incident_id FROM wanted CROSS JOIN LATERAL (
        SELECT incident_id FROM incidents_keys WHERE tenant_id = ${tenantId} AND key = wanted.key ORDER BY detected_at DESC, incident_id LIMIT 100
      ) near WHERE near.incident_id <> ${id} GROUP BY 1 ORDER BY sum(wanted.weight) DESC, 1 DESC LIMIT ${limit * 3}
    )
    SELECT ${columns}, ARRAY(SELECT k.key FROM incidents_keys k WHERE k.tenant_id = ${tenantId} AND k.incident_id = i.id AND k.key = ANY(${keys})) AS shared
    FROM incidents_incidents i WHERE tenant_id = ${tenantId} AND id = ANY(ARRAY(SELECT incident_id FROM likest))`.execute(tx)
  return rows.map((row) => ({ incident: incidentOf(row), keys: row.shared }))
}

export const positionOf = ({ severity, clocks, id }: Incident, total: number): Position => ({ severity: rankOf(severity), detectedAt: clocks.t3, id, total })
