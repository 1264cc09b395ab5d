import { sql } from 'kysely'
import type { Reader, Transaction } from '../platform/database.ts'
import type { AssetKind, Classification, Criticality, Exposure, Identity } from './model.ts'

export type AssetRow = {
  id: string; kind: AssetKind; name: string; short_name: string; qualified_name: string | null; first_seen: string; last_seen: string
  criticality: Criticality; exposure: Exposure; class: string | null; tags: string[]; site_id: string | null
}

/** Observing is read-then-write: one at a time in a tenant keeps one asset one row. */
export const lockTenant = (tx: Transaction, tenantId: string) =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${`assets:${tenantId}`}, 0))`.execute(tx)

export async function namesakes(tx: Reader, tenantId: string, identities: readonly Pick<Identity, 'kind' | 'short'>[]): Promise<AssetRow[]> {
  if (identities.length === 0) return []
  const { rows } = await sql<AssetRow>`
    SELECT a.* FROM assets_assets a
    JOIN unnest(${identities.map(({ kind }) => kind)}::text[], ${identities.map(({ short }) => short)}::text[]) AS wanted (kind, short)
      ON a.kind = wanted.kind AND a.short_name = wanted.short
    WHERE a.tenant_id = ${tenantId} ORDER BY a.id`.execute(tx)
  return rows
}

export type AssetWrite = { id: string; kind: AssetKind; name: string; short: string; qualified: string | null; firstSeen: number; lastSeen: number }

export async function write(tx: Transaction, tenantId: string, assets: readonly AssetWrite[]): Promise<void> {
  if (assets.length === 0) return
  const column = <K extends keyof AssetWrite>(key: K) => assets.map((asset) => asset[key])
  await sql`
    INSERT INTO assets_assets (tenant_id, id, kind, name, short_name, qualified_name, first_seen, last_seen)
    SELECT ${tenantId}, * FROM unnest(${column('id')}::text[], ${column('kind')}::text[], ${column('name')}::text[], ${column('short')}::text[],
      ${column('qualified')}::text[], ${column('firstSeen')}::bigint[], ${column('lastSeen')}::bigint[])
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, qualified_name = excluded.qualified_name,
      first_seen = least(assets_assets.first_seen, excluded.first_seen), last_seen = greatest(assets_assets.last_seen, excluded.last_seen)`.execute(tx)
}

export async function page(tx: Reader, tenantId: string, filter: { kind: AssetKind | null; text: string | null; criticality: Criticality | null; exposure: Exposure | null; before: { lastSeen: number; id: string } | null; limit: number }): Promise<AssetRow[]> {
  const { rows } = await sql<AssetRow>`
    SELECT * FROM assets_assets
    WHERE tenant_id = ${tenantId}
      AND (${filter.kind}::text IS NULL OR kind = ${filter.kind})
      AND (${filter.text}::text IS NULL OR strpos(lower(concat_ws(E'\\n', name, class, array_to_string(tags, E'\\n'))), lower(${filter.text})) > 0)
      AND (${filter.criticality}::text IS NULL OR criticality = ${filter.criticality})
      AND (${filter.exposure}::text IS NULL OR exposure = ${filter.exposure})
      AND (${filter.before?.id ?? null}::text IS NULL OR (last_seen, id) < (${filter.before?.lastSeen ?? 0}::bigint, ${filter.before?.id ?? ''}))
    ORDER BY last_seen DESC, id DESC LIMIT ${filter.limit}`.execute(tx)
  return rows
}

export async function byId(tx: Reader, tenantId: string, id: string): Promise<AssetRow | undefined> {
  const { rows } = await sql<AssetRow>`
    SELECT * FROM assets_assets WHERE tenant_id = ${tenantId} AND id = ${id}`.execute(tx)
  return rows[0]
}

/** Fields that are left out stay. Undefined where there is no such asset. */
export async function classify(tx: Transaction, tenantId: string, id: string, change: Partial<Classification>): Promise<AssetRow | undefined> {
  const { rows } = await sql<AssetRow>`
    UPDATE assets_assets SET criticality = coalesce(${change.criticality ?? null}, criticality), exposure = coalesce(${change.exposure ?? null}, exposure),
      tags = coalesce(${change.tags === undefined ? null : [...change.tags]}::text[], tags),
      class = CASE WHEN ${change.class === undefined} THEN class ELSE ${change.class ?? null} END,
      site_id = CASE WHEN ${change.siteId === undefined} THEN site_id ELSE ${change.siteId ?? null} END
    WHERE tenant_id = ${tenantId} AND id = ${id} RETURNING *`.execute(tx)
  return rows[0]
}
