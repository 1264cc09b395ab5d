// What rules cost each tenant, as the thread measures it: remembered here, written a minute late. A kill forgets a minute of measuring.
import { sql } from 'kysely'
import type { Database } from '../platform/database.ts'
import type { Logger } from '../platform/log.ts'

const writeMs = 60_000

export interface RuleCosts {
  /** Microseconds an event, by rule. */
  of(tenantId: string): Promise<ReadonlyMap<string, number>>
  learn(tenantId: string, costs: ReadonlyMap<string, number>): void
  forget(tenantId: string): void
  close(): Promise<void>
}

export function openRuleCosts({ database, log }: { database: Database; log: Logger }): RuleCosts {
  const known = new Map<string, Promise<Map<string, number>>>()
  const changed = new Set<string>()
  const forgotten = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function costsOf(tenantId: string): Promise<Map<string, number>> {
    let found = known.get(tenantId)
    if (found === undefined) {
      found = database.read(tenantId, (db) => sql<{ costs: Record<string, number> }>`SELECT costs FROM detection_rule_costs WHERE tenant_id = ${tenantId}`.execute(db))
        .then(({ rows: [row] }) => new Map(Object.entries(row?.costs ?? {})))
      known.set(tenantId, found)
      found.catch(() => known.delete(tenantId))
    }
    return found
  }

  async function write(): Promise<void> {
    for (const tenantId of changed) {
      changed.delete(tenantId)
      try {
        const costs = JSON.stringify(Object.fromEntries([...await costsOf(tenantId)].map(([id, cost]) => [id, Number(cost.toFixed(3))])))
        if (forgotten.has(tenantId)) continue
        await database.tenant(tenantId, (tx) => sql`INSERT INTO detection_rule_costs (tenant_id, costs) VALUES (${tenantId}, ${costs}::json) ON CONFLICT (tenant_id) DO UPDATE SET costs = excluded.costs`.execute(tx))
      } catch (error) {
        log.warn({ err: error, tenant: tenantId }, 'What rules cost could not be kept; it is measured again')
      }
    }
  }

  return {
    of: costsOf,
    learn(tenantId, costs) {
      if (costs.size === 0 || forgotten.has(tenantId)) return
      costsOf(tenantId).then((of) => {
        for (const [id, cost] of costs) of.set(id, cost)
        changed.add(tenantId)
        timer ??= setTimeout(() => {
          timer = undefined
          writing = write()
        }, writeMs)
      }, () => undefined)
    },
    forget(tenantId) {
      forgotten.add(tenantId)
      known.delete(tenantId)
      changed.delete(tenantId)
    },
    async close() {
      clearTimeout(timer)
      await writing
      await write()
    },
  }
}
