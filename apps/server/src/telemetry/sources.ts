import { sql } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { IntakeTotals } from './intake.ts'

/** Counters since the source exists; times in ms since the epoch. */
export type Source = {
  id: string; name: string; createdAt: number; accepted: number; rejected: number; duplicate: number; bytes: number
  errors: Record<string, number>; lastReceivedAt: number | null; lastKeyId: string | null
}

type Row = {
  id: string; name: string; created_at: string; accepted: string; rejected: string; duplicate: string; bytes: string
  errors: Record<string, number>; last_received_at: string | null; last_key_id: string | null
}

type Delta = { accepted: number; rejected: number; duplicate: number; bytes: number; errors: Record<string, number>; receivedAt: number; keyId: string | null }

/**
 * Who sends, and how much of it was kept. Counting is written behind: every flush, and at close. A kill loses at most the counts since the last flush, never an event.
 */
export function openSources({ database, clock, log }: { database: Database; clock: Clock; log: Logger }) {
  const ids = new Map<string, string>()
  let deltas = new Map<string, Map<string, Delta>>()

  return {
    /** The source's id, made at its first use. Errors: source_name_invalid. */
    async identify(tenantId: string, name: string): Promise<string> {
      if (!/^[\p{L}\p{N} ._:/@-]{1,100}$/u.test(name)) throw new HaechiError('source_name_invalid', { name: JSON.stringify(name.slice(0, 100)) })
      const key = `${tenantId}\0${name}`
      const known = ids.get(key)
      if (known !== undefined) return known
      const { rows } = await database.tenant(tenantId, (tx) => sql<{ id: string }>`
        INSERT INTO telemetry_sources (id, tenant_id, name, created_at) VALUES (${newId('src', clock.now())}, ${tenantId}, ${name}, ${clock.now()})
        ON CONFLICT (tenant_id, name) DO UPDATE SET name = excluded.name RETURNING id`.execute(tx))
      const id = rows[0]!.id
      ids.set(key, id)
      return id
    },

    count(tenantId: string, sourceId: string, totals: Pick<IntakeTotals, 'accepted' | 'rejected' | 'duplicate' | 'bytes' | 'errorCounts'>, keyId: string | null): void {
      const ofTenant = deltas.get(tenantId) ?? new Map<string, Delta>()
      deltas.set(tenantId, ofTenant)
      const delta = ofTenant.get(sourceId) ?? { accepted: 0, rejected: 0, duplicate: 0, bytes: 0, errors: {}, receivedAt: 0, keyId: null }
      ofTenant.set(sourceId, delta)
      delta.accepted += totals.accepted
      delta.rejected += totals.rejected
      delta.duplicate += totals.duplicate
      delta.bytes += totals.bytes
      delta.receivedAt = clock.now()
      delta.keyId = keyId
      for (const [code, count] of Object.entries(totals.errorCounts)) delta.errors[code] = (delta.errors[code] ?? 0) + count
    },

    async flush(): Promise<void> {
      const writing = deltas
      deltas = new Map()
      for (const [tenantId, sources] of writing) {
        try {
          await database.tenant(tenantId, async (tx) => {
            for (const [id, delta] of sources) {
              await sql`
                UPDATE telemetry_sources SET accepted = accepted + ${delta.accepted}, rejected = rejected + ${delta.rejected}, duplicate = duplicate + ${delta.duplicate},
                  bytes = bytes + ${delta.bytes}, last_received_at = greatest(last_received_at, ${delta.receivedAt}), last_key_id = coalesce(${delta.keyId}, last_key_id),
                  errors = (SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM (SELECT code, sum(n::bigint) AS n FROM (
                    SELECT * FROM jsonb_each_text(errors) UNION ALL SELECT * FROM jsonb_each_text(${JSON.stringify(delta.errors)}::jsonb)) AS counted (code, n) GROUP BY code) AS summed)
                WHERE tenant_id = ${tenantId} AND id = ${id}`.execute(tx)
            }
          })
        } catch (error) {
          log.warn({ err: error, tenant: tenantId }, 'source counters not written; kept for the next time')
          for (const [id, delta] of sources) this.count(tenantId, id, { ...delta, errorCounts: delta.errors }, delta.keyId)
        }
      }
    },

    async list(tenantId: string): Promise<Source[]> {
      await this.flush()
      const { rows } = await database.read(tenantId, (tx) => sql<Row>`SELECT * FROM telemetry_sources WHERE tenant_id = ${tenantId} ORDER BY name`.execute(tx))
      return rows.map((row) => ({
        id: row.id, name: row.name, createdAt: Number(row.created_at), accepted: Number(row.accepted), rejected: Number(row.rejected), duplicate: Number(row.duplicate),
        bytes: Number(row.bytes), errors: row.errors, lastReceivedAt: row.last_received_at === null ? null : Number(row.last_received_at), lastKeyId: row.last_key_id,
      }))
    },
  }
}
export type Sources = ReturnType<typeof openSources>
