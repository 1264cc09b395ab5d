import { sql } from 'kysely'
import type { Indicator } from '@haechi/indicators'
import type { Reader, Transaction } from '../platform/database.ts'
import type { FeedFormat, FeedReport } from './feed-reader.ts'

export const forAll = '*'

export type FeedRow = {
  tenant_id: string; name: string; format: FeedFormat; revision: string; indicators: number; networks: string[]; imported_at: string
  report: Pick<FeedReport, 'observables' | 'rejectedCount' | 'rejected'>
}

/** Of a tenant and of all tenants; the tenant's own first where two have one name. */
export async function feeds(db: Reader, tenantId: string | null): Promise<FeedRow[]> {
  const { rows } = await sql<FeedRow>`
    SELECT * FROM intel_feeds WHERE ${tenantId}::text IS NULL OR tenant_id IN (${tenantId ?? forAll}, ${forAll}) ORDER BY name, tenant_id = ${forAll}, tenant_id`.execute(db)
  return rows
}

/** One import of a feed at a time, on all nodes. */
export const lockFeed = (tx: Transaction, tenantId: string, name: string) =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${`intel:${tenantId}:${name}`}, 0))`.execute(tx)

export async function dropFeed(tx: Transaction, tenantId: string, name: string): Promise<boolean> {
  const { rows: [gone] } = await sql<{ revision: string }>`DELETE FROM intel_feeds WHERE tenant_id = ${tenantId} AND name = ${name} RETURNING revision`.execute(tx)
  if (gone === undefined) return false
  await sql`DELETE FROM intel_statements WHERE revision = ${gone.revision}`.execute(tx)
  return true
}

export async function insertFeed(tx: Transaction, feed: Omit<FeedRow, 'imported_at'> & { imported_at: number }): Promise<void> {
  await sql`INSERT INTO intel_feeds (tenant_id, name, format, revision, indicators, networks, report, imported_at)
    VALUES (${feed.tenant_id}, ${feed.name}, ${feed.format}, ${feed.revision}, ${feed.indicators}, ${feed.networks}::text[], ${JSON.stringify(feed.report)}, ${feed.imported_at})`.execute(tx)
}

/** `rows` as the feed reader gives them. */
export async function insertStatements(tx: Transaction, tenantId: string, revision: string, rows: string): Promise<void> {
  await sql`INSERT INTO intel_statements (tenant_id, revision, key, type, value, verdict, confidence, tags, techniques, first_seen, last_seen, valid_until, subdomains)
    SELECT ${tenantId}, ${revision}, * FROM json_to_recordset(${rows}::json) AS one (key uuid, type text, value text, verdict text, confidence smallint, tags text[], techniques text[],
      first_seen bigint, last_seen bigint, valid_until bigint, subdomains boolean)`.execute(tx)
}

type StatementRow = {
  revision: string; key: string; type: Indicator['type']; value: string; verdict: Indicator['verdict']; confidence: number; tags: string[]; techniques: string[]
  first_seen: string | null; last_seen: string | null; valid_until: string | null; subdomains: boolean
}
const time = (text: string | null): number | null => (text === null ? null : Number(text))
const statementOf = (row: StatementRow, source: string): Indicator => ({
  type: row.type, value: row.value, verdict: row.verdict, confidence: row.confidence, source, tags: row.tags, techniques: row.techniques,
  first_seen: time(row.first_seen), last_seen: time(row.last_seen), valid_until: time(row.valid_until), ...(row.subdomains ? { subdomains: true as const } : {}),
})

/** `sources` names each revision that counts. */
export async function statementsOn(db: Reader, keys: readonly string[], sources: ReadonlyMap<string, string>): Promise<Indicator[]> {
  if (keys.length === 0 || sources.size === 0) return []
  const { rows } = await sql<StatementRow>`
    SELECT * FROM intel_statements WHERE key = ANY(${keys}::uuid[]) AND revision = ANY(${[...sources.keys()]}::text[])`.execute(db)
  return rows.map((row) => statementOf(row, sources.get(row.revision)!))
}

export async function statementsAfter(db: Reader, revision: string, source: string, after: string | null, limit: number): Promise<{ indicators: Indicator[]; last: string | null }> {
  const { rows } = await sql<StatementRow>`
    SELECT * FROM intel_statements WHERE revision = ${revision} AND key > ${after ?? '00000000000000000000000000000000'}::uuid ORDER BY key LIMIT ${limit}`.execute(db)
  return { indicators: rows.map((row) => statementOf(row, source)), last: rows.length < limit ? null : rows.at(-1)!.key }
}

export async function revisions(db: Reader, tenantId: string | null): Promise<string> {
  const { rows: [row] } = await sql<{ revisions: string | null }>`
    SELECT md5(string_agg(revision, ' ' ORDER BY revision)) AS revisions FROM intel_feeds WHERE ${tenantId}::text IS NULL OR tenant_id IN (${tenantId ?? forAll}, ${forAll})`.execute(db)
  return row?.revisions ?? 'none'
}

export async function sightings(db: Reader, tenantId: string, keys: readonly string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<{ key: string; count: string }>`
    SELECT replace(key::text, '-', '') AS key, count FROM intel_sightings WHERE tenant_id = ${tenantId} AND key = ANY(${keys}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.key, Number(row.count)]))
}

export type SightingRow = { key: string; type: string; value: string; count: number; first_at: number; last_at: number }

/** Each key once. In the order of the keys, so that two writers cannot wait for each other. */
export async function addSightings(tx: Transaction, tenantId: string, rows: readonly SightingRow[]): Promise<void> {
  await sql`INSERT INTO intel_sightings (tenant_id, key, type, value, count, first_at, last_at)
    SELECT ${tenantId}, * FROM json_to_recordset(${JSON.stringify(rows)}::json) AS one (key uuid, type text, value text, count bigint, first_at bigint, last_at bigint) ORDER BY key
    ON CONFLICT (tenant_id, key) DO UPDATE SET count = intel_sightings.count + excluded.count,
      first_at = least(intel_sightings.first_at, excluded.first_at), last_at = greatest(intel_sightings.last_at, excluded.last_at)`.execute(tx)
}
