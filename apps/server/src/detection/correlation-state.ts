// Where a tenant's correlations stood at a place of the log, kept for the next thread. A state is kept only after the checkpoint has passed its place, so the one
// that is there is never ahead of what was committed: the thread reads the log from it to the checkpoint again, silently. Defended by correlating.integration.test.ts.
import { sql } from 'kysely'
import type { Database } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import type { Logger } from '../platform/log.ts'
import type { Beginning, KeptState } from './correlating.ts'

/** Events that are read again where no state is kept. */
const againMost = 200_000
/** Threads that may end while they read again, before a tenant's correlations begin with nothing. */
const triesMost = 3

export interface CorrelationState {
  /** Where to begin so that the search can go on at `from`. `refused`: why the kept state is none. Errors: database_unavailable. */
  beginning(tenantId: string, from: number, refused: string | null): Promise<Beginning>
  /** The thread has read again what it needed. */
  reached(tenantId: string): void
  /** After the checkpoint was moved to its place or beyond. Waits for nothing: one that is not kept costs only more reading. */
  keep(tenantId: string, state: KeptState): void
  forget(tenantId: string): Promise<void>
  close(): Promise<void>
}

export function openCorrelationState({ database, eventLog, log }: { database: Database; eventLog: Pick<EventLog, 'start'>; log: Logger }): CorrelationState {
  const asked = new Map<string, number>()
  /** Being written, and what comes after it. */
  const writing = new Map<string, { next: KeptState | null; done: Promise<void> }>()
  const forgotten = new Set<string>()

  async function write(tenantId: string, { at, bytes }: KeptState): Promise<void> {
    try {
      await database.tenant(tenantId, async (tx) => {
        if (bytes === null) await sql`DELETE FROM detection_correlation_states WHERE tenant_id = ${tenantId}`.execute(tx)
        else await sql`INSERT INTO detection_correlation_states (tenant_id, log_offset, state) VALUES (${tenantId}, ${at}, ${Buffer.from(bytes)})
          ON CONFLICT (tenant_id) DO UPDATE SET log_offset = excluded.log_offset, state = excluded.state`.execute(tx)
      })
    } catch (error) {
      log.warn({ err: error, tenant: tenantId, at }, 'The state of running correlations could not be kept; the one before stays')
    }
  }

  return {
    async beginning(tenantId, from, refused) {
      const tries = (asked.get(tenantId) ?? 0) + 1
      asked.set(tenantId, tries)
      const lost = (reason: string, again: number) => {
        const error = new HaechiError('correlation_state_lost', { tenant: tenantId, reason, events: again })
        log.warn({ code: error.code, tenant: tenantId, reason, from, again }, error.message)
      }
      if (tries > triesMost) {
        lost('reading_failed', 0)
        return { from, state: null, gaps: [] }
      }
      const { rows: [row] } = refused !== null ? { rows: [] } : await database.read(tenantId, (db) => sql<{ log_offset: string; state: Buffer }>`
        SELECT log_offset, state FROM detection_correlation_states WHERE tenant_id = ${tenantId} AND log_offset <= ${from}`.execute(db))
      const begin = row === undefined ? Math.min(from, Math.max(eventLog.start(tenantId), from - againMost)) : Number(row.log_offset)
      if (row === undefined && begin < from) lost(refused ?? 'missing', from - begin)
      const { rows: gaps } = await database.read(tenantId, (db) => sql<{ from_offset: string; to_offset: string }>`
        SELECT from_offset, to_offset FROM detection_gaps WHERE tenant_id = ${tenantId} AND to_offset > ${begin} ORDER BY from_offset`.execute(db))
      return { from: begin, state: row?.state ?? null, gaps: gaps.map((gap) => ({ from: Number(gap.from_offset), to: Number(gap.to_offset) })) }
    },
    reached(tenantId) { asked.delete(tenantId) },
    keep(tenantId, state) {
      if (forgotten.has(tenantId)) return
      const at = writing.get(tenantId)
      if (at !== undefined) {
        at.next = state
        return
      }
      const turn = { next: state as KeptState | null, done: Promise.resolve() }
      writing.set(tenantId, turn)
      turn.done = (async () => {
        for (let next = turn.next; next !== null; next = turn.next) {
          turn.next = null
          await write(tenantId, next)
        }
        writing.delete(tenantId)
      })()
    },
    async forget(tenantId) {
      forgotten.add(tenantId)
      await writing.get(tenantId)?.done
    },
    async close() { await Promise.all([...writing.values()].map(({ done }) => done)) },
  }
}
