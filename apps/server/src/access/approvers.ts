// Who could approve in a tenant: two people behind every two-person rule are counted here, each once, however many keys they own.
// Defended by approvers.test.ts.
import { sql } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/database.ts'
import { permissions } from './model.ts'
import type { Action, Role, Side } from './model.ts'
import { everyTenant } from './store.ts'

/** One line for each side and site that a person approves for. `siteId` null: for the whole tenant. */
export type PossibleApprover = { readonly person: string; readonly side: Side; readonly siteId: string | null }

const may = (role: Role | null, action: Action): boolean => role !== null && permissions[role].has(action)

/** Members of the tenant and of every tenant, and its live keys, as far as they may `action.approve`. */
export const openApprovers = (database: Database, clock: Clock) => (tenantId: string): Promise<PossibleApprover[]> => database.platform(async (tx) => {
  const { rows } = await sql<{ person: string; role: Role; owner_role: Role | null; owned: boolean; side: Side; site_id: string | null }>`
    SELECT user_id AS person, role, NULL AS owner_role, false AS owned, side, site_id FROM access_memberships
    WHERE tenant_id IN (${tenantId}, ${everyTenant}) AND disabled_at IS NULL
    UNION
    SELECT coalesce(k.owner_id, k.key_id), k.role,
      (SELECT m.role FROM access_memberships m WHERE m.user_id = k.owner_id AND m.tenant_id IN (k.tenant_id, ${everyTenant}) AND m.disabled_at IS NULL ORDER BY m.tenant_id DESC LIMIT 1),
      k.owner_id IS NOT NULL, k.side, k.site_id
    FROM access_keys k WHERE k.tenant_id = ${tenantId} AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${new Date(clock.now())})`.execute(tx)
  const able = rows.filter((row) => may(row.role, 'action.approve') && (!row.owned || may(row.owner_role, 'action.approve')))
  return [...new Map(able.map(({ person, side, site_id }) => [`${person} ${side} ${site_id}`, { person, side, siteId: site_id }])).values()]
})
