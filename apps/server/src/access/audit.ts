// Every change and every decision about identity leaves a record in the chain of its tenant (or of the platform), in the transaction
// of the change itself. Records are only ever appended; the database refuses the rest. Defended by audit.test.ts.
import { sql } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { z } from '../platform/http.ts'
import type { Logger } from '../platform/log.ts'
import { cursorOf, pageOf } from '../platform/paging.ts'
import { auditHeader, auditLine, auditOrigin, canonical, hashOf } from './audit-chain.ts'
import type { AuditRecord } from './audit-chain.ts'
import type { Actor } from './model.ts'
import { accessTables, everyTenant } from './store.ts'

export type AuditActor = Pick<Actor, 'kind' | 'id' | 'person' | 'name'>
export type AuditEntry = {
  /** null: the platform's own chain, which only a platform transaction can write. */
  readonly tenantId: string | null
  readonly actor: AuditActor
  /** What was done, `noun.verb`: `key.create`. */
  readonly action: string
  readonly resource?: { readonly kind: string; readonly id: string }
  /** 'success' when left out. */
  readonly outcome?: AuditRecord['outcome']
  /** JSON values, never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>
}

export type AuditFilter = {
  /** `key.create`, or `key` for every verb. */
  readonly action?: string | undefined
  /** The name of who did it. */
  readonly actor?: string | undefined
  readonly outcome?: AuditRecord['outcome'] | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

export interface Audit {
  /** Appends in `tx`, holding the chain's head until `tx` ends; whoever writes to two chains writes the tenant's first. */
  record(tx: Transaction, entry: AuditEntry): Promise<void>
  /** Records a refusal in a transaction of its own, at most one a minute for the same subject and reason; the next one says how many were left out. */
  refuse(entry: AuditEntry & { readonly subject: string }): void
  /** Newest first. `chain` is a tenant's id, or null for the platform. Errors: cursor_invalid. */
  list(chain: string | null, page: { limit: number; cursor?: string | undefined }, filter?: AuditFilter): Promise<{ records: (AuditRecord & { hash: string })[]; nextCursor: string | null }>
  /** NDJSON lines without their newline: a header, then the whole chain as it stood at the start. */
  export(chain: string | null): AsyncIterable<string>
  /** Resolves when refusals under way are written. */
  settle(): Promise<void>
  /** The clock of the records, ms since the epoch. */
  now(): number
}

const refusalPause = 60_000
const refusalSubjects = 10_000
const exportPage = 1_000
const cursor = cursorOf('audit', z.string().regex(/^\d{1,18}$/))

export const systemActor: AuditActor = { kind: 'operator', id: 'system', person: 'system', name: 'Haechi' }

export function openAudit(database: Database, clock: Clock, log: Logger): Audit {
  const refused = new Map<string, { at: number; suppressed: number }>()
  const pending = new Set<Promise<void>>()
  const scope = <T>(chain: string | null, work: (tx: Transaction) => Promise<T>) => (chain === null ? database.platform(work) : database.tenant(chain, work))

  const record = async (transaction: Transaction, entry: AuditEntry): Promise<void> => {
    const tx = accessTables(transaction)
    const chain = entry.tenantId ?? everyTenant
    await tx.insertInto('access_audit_heads').values({ tenant_id: chain, sequence: '0', hash: auditOrigin }).onConflict((conflict) => conflict.doNothing()).execute()
    const head = await tx.selectFrom('access_audit_heads').select(['sequence', 'hash']).where('tenant_id', '=', chain).forUpdate().executeTakeFirstOrThrow()
    const sequence = Number(head.sequence) + 1
    const at = new Date(clock.now())
    const { kind, id, person, name } = entry.actor
    const text = canonical({
      chain, sequence, at: at.toISOString(), actor: { kind, id, person, name }, action: entry.action,
      resource: entry.resource ?? null, outcome: entry.outcome ?? 'success', detail: entry.detail ?? {}, prev_hash: head.hash,
    } satisfies AuditRecord)
    const hash = hashOf(text)
    await tx.insertInto('access_audit').values({ tenant_id: chain, sequence: String(sequence), at, record: text, hash }).execute()
    await tx.updateTable('access_audit_heads').set({ sequence: String(sequence), hash }).where('tenant_id', '=', chain).execute()
  }

  return {
    record,
    refuse(entry) {
      const now = clock.now()
      const key = `${entry.tenantId ?? everyTenant} ${entry.action} ${entry.subject}`
      const before = refused.get(key)
      if (before !== undefined && now - before.at < refusalPause) {
        before.suppressed++
        return
      }
      // A flood of new subjects is itself one subject.
      if (refused.size >= refusalSubjects) for (const [old, { at }] of refused) if (now - at >= refusalPause) refused.delete(old)
      if (refused.size >= refusalSubjects) return
      refused.set(key, { at: now, suppressed: 0 })
      const detail = before === undefined || before.suppressed === 0 ? entry.detail : { ...entry.detail, suppressed: before.suppressed }
      const written = scope(entry.tenantId, (tx) => record(tx, { ...entry, outcome: 'denied', ...(detail === undefined ? {} : { detail }) }))
        .catch((error: unknown) => log.error({ err: error, action: entry.action }, 'a refusal could not be recorded in the audit log'))
      pending.add(written)
      void written.finally(() => pending.delete(written))
    },
    async list(chain, page, filter = {}) {
      const before = cursor.decode(page.cursor)
      const rows = await scope(chain, (tx) => {
        let query = accessTables(tx).selectFrom('access_audit').select(['sequence', 'record', 'hash']).where('tenant_id', '=', chain ?? everyTenant)
        if (before !== undefined) query = query.where('sequence', '<', before)
        if (filter.from !== undefined) query = query.where('at', '>=', filter.from)
        if (filter.to !== undefined) query = query.where('at', '<', filter.to)
        for (const pattern of patternsOf(filter)) query = query.where(sql<boolean>`record ~ ${pattern}`)
        return query.orderBy('sequence', 'desc').limit(page.limit + 1).execute()
      })
      const { items, nextCursor } = pageOf(rows, page.limit, cursor, (row) => row.sequence)
      return { records: items.map((row) => ({ ...(JSON.parse(row.record) as AuditRecord), hash: row.hash })), nextCursor }
    },
    async *export(chain) {
      const tenantId = chain ?? everyTenant
      const end = await scope(chain, (tx) => accessTables(tx).selectFrom('access_audit_heads').select('sequence').where('tenant_id', '=', tenantId).executeTakeFirst())
      yield canonical(auditHeader(tenantId))
      for (let from = 0; from < Number(end?.sequence ?? 0); from += exportPage) {
        const rows = await scope(chain, (tx) => accessTables(tx).selectFrom('access_audit').select(['record', 'hash'])
          .where('tenant_id', '=', tenantId).where('sequence', '>', String(from)).where('sequence', '<=', String(Math.min(from + exportPage, Number(end?.sequence))))
          .orderBy('sequence').execute())
        for (const row of rows) yield auditLine(row.record, row.hash)
      }
    },
    settle: async () => { await Promise.all(pending) },
    now: () => clock.now(),
  }
}

/** Over the canonical text, whose keys stand in one order and whose strings have no bare quote; PostgreSQL's own JSON would stumble over an escaped NUL. */
function patternsOf({ action, actor, outcome }: AuditFilter): string[] {
  const plain = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
  const string = String.raw`"(?:[^"\\]|\\.)*"`
  return [
    ...(action === undefined ? [] : [`^\\{"action":"${plain(action)}${action.includes('.') ? '' : String.raw`\.[a-z_]+`}"`]),
    ...(actor === undefined ? [] : [`^\\{"action":${string},"actor":\\{"id":${string},"kind":${string},"name":${plain(JSON.stringify(actor))},"person"`]),
    ...(outcome === undefined ? [] : [`"outcome":"${outcome}","prev_hash":"[0-9a-f]{64}","resource":(?:null|\\{"id":${string},"kind":${string}\\}),"sequence":[0-9]+\\}$`]),
  ]
}
