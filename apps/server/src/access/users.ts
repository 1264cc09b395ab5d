import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { newId } from '../platform/ids.ts'
import { cursorOf, pageOf } from '../platform/paging.ts'
import type { Audit, AuditActor } from './audit.ts'
import { findSite } from './keys.ts'
import { authorize, authorizeGrant, permits, tenantOf } from './model.ts'
import type { Actor, Role, Side } from './model.ts'
import { hashPassword, oneTimePassword } from './passwords.ts'
import { accessTables, everyTenant } from './store.ts'
import { asExisting } from './tenants.ts'
import type { Page } from './tenants.ts'

export type NewUser = {
  /** What he signs in with; kept in lower case. */
  readonly name: string
  readonly displayName?: string | undefined
  readonly role: Role
  /** The actor's own side when left out (the operator's: customer). */
  readonly side?: Side | undefined
  readonly siteId?: string | null | undefined
  readonly language?: 'en' | 'ko' | undefined
  /** A member of every tenant: the provider's staff. Needs platform.administer. */
  readonly allTenants?: boolean | undefined
}
export type UserView = {
  readonly userId: string
  readonly name: string
  readonly displayName: string
  readonly language: 'en' | 'ko'
  readonly role: Role
  readonly side: Side
  readonly siteId: string | null
  readonly allTenants: boolean
  readonly disabled: boolean
  readonly mustChangePassword: boolean
  readonly createdAt: Date
}
export type UserChange = { readonly role?: Role | undefined; readonly siteId?: string | null | undefined; readonly disabled?: boolean | undefined }

export interface Users {
  /** Members of the actor's tenant; with `allTenants` those of every tenant (platform.administer). */
  list(actor: Actor, page: Page, of?: { allTenants: boolean }): Promise<{ users: UserView[]; nextCursor: string | null }>
  /** Who may be given work in a tenant: an active member of it or of every tenant, by id or name. Errors: not_found. */
  active(tenantId: string, nameOrId: string): Promise<UserView>
  /** The one-time password is shown this once; null when a user of that name was there and became a member (platform.administer). Errors: forbidden, already_exists, not_found (site). */
  create(actor: Actor, wanted: NewUser): Promise<{ user: UserView; oneTimePassword: string | null }>
  /** `userId` may be the name. Errors: not_found, forbidden, last_owner. */
  change(actor: Actor, userId: string, change: UserChange): Promise<UserView>
  /** Ends the user's sessions and lifts a lock. Errors: not_found, forbidden, user_shared. */
  resetPassword(actor: Actor, userId: string): Promise<{ user: UserView; oneTimePassword: string }>
}

const cursor = cursorOf('users', z.string())

export function openUsers(database: Database, clock: Clock, audit: Audit): Users {
  const members = (tx: Transaction) => accessTables(tx).selectFrom('access_memberships as m').innerJoin('access_users as u', 'u.user_id', 'm.user_id')
    .select(['u.user_id', 'u.name', 'u.display_name', 'u.language', 'u.must_change_password', 'u.created_at', 'm.tenant_id', 'm.role', 'm.side', 'm.site_id', 'm.disabled_at'])

  /** The membership that the actor may see: of his tenant, or of every tenant for the platform. Locked until the transaction ends. Errors: not_found. */
  const find = async (tx: Transaction, actor: Actor, nameOrId: string): Promise<Member> => {
    const seen = [...(actor.tenantId === null ? [] : [actor.tenantId]), ...(mayAdminister(actor) ? [everyTenant] : [])]
    const row = await members(tx).where('m.tenant_id', 'in', seen).where((where) => where.or([where('u.user_id', '=', nameOrId), where('u.name', '=', nameOrId.toLowerCase())]))
      .orderBy('m.tenant_id', 'desc').forUpdate().executeTakeFirst()
    if (row === undefined || (actor.siteId !== null && row.site_id !== actor.siteId)) throw new HaechiError('not_found', { what: `user ${nameOrId}` })
    return row
  }

  return {
    async list(actor, page, of = { allTenants: false }) {
      if (of.allTenants) authorize(actor, 'platform.administer')
      const after = cursor.decode(page.cursor)
      const read = async (tx: Transaction) => {
        let query = members(tx).orderBy('u.user_id').limit(page.limit + 1).where('m.tenant_id', '=', of.allTenants ? everyTenant : tenantOf(actor))
        if (after !== undefined) query = query.where('u.user_id', '>', after)
        if (actor.siteId !== null) query = query.where('m.site_id', '=', actor.siteId)
        return query.execute()
      }
      const { items, nextCursor } = pageOf(await (of.allTenants ? database.platform(read) : database.tenant(tenantOf(actor), read)), page.limit, cursor, (row) => row.user_id)
      return { users: items.map(viewOf), nextCursor }
    },
    active: (tenantId, nameOrId) => database.platform(async (tx) => {
      const row = await members(tx).where('m.tenant_id', 'in', [tenantId, everyTenant]).where('m.disabled_at', 'is', null)
        .where((where) => where.or([where('u.user_id', '=', nameOrId), where('u.name', '=', nameOrId.normalize('NFC').toLowerCase())])).orderBy('m.tenant_id', 'desc').executeTakeFirst()
      if (row === undefined) throw new HaechiError('not_found', { what: `user ${nameOrId}` })
      return viewOf(row)
    }),
    async create(actor, wanted) {
      const all = wanted.allTenants === true
      const tenantId = all ? everyTenant : tenantOf(actor)
      const side = wanted.side ?? (all ? 'provider' : actor.kind === 'operator' ? 'customer' : actor.side)
      const siteId = wanted.siteId ?? actor.siteId
      authorize(actor, all ? 'platform.administer' : 'user.write', all ? {} : { tenantId })
      authorizeGrant(actor, { role: wanted.role, side, siteId })
      if (all && (side !== 'provider' || siteId !== null)) throw new HaechiError('parameter_invalid', { name: 'all_tenants', reason: "is for the provider's side and without a site" })
      const password = oneTimePassword()
      const password_hash = await hashPassword(password)
      return database.platform(async (tx) => {
        if (siteId !== null) await findSite(tx, tenantId, siteId)
        return insertUser(tx, actor, { ...wanted, name: wanted.name.normalize('NFC').toLowerCase(), side, siteId, tenantId, password, password_hash, join: mayAdminister(actor) }, clock, audit)
      })
    },
    change: (actor, nameOrId, change) => database.platform(async (tx) => {
      // One change of members at a time in a tenant: two owners who remove each other would otherwise both see the other one stay, or wait in a circle.
      if (actor.tenantId !== null) await accessTables(tx).selectFrom('access_tenants').select('tenant_id').where('tenant_id', '=', actor.tenantId).forNoKeyUpdate().execute()
      const member = await find(tx, actor, nameOrId)
      authorizeMember(actor, member)
      const role = change.role ?? member.role
      const siteId = change.siteId === undefined ? member.site_id : change.siteId
      const disabledAt = change.disabled === undefined ? member.disabled_at : change.disabled ? member.disabled_at ?? new Date(clock.now()) : null
      authorizeGrant(actor, { role, side: member.side, siteId })
      if (siteId !== null) await findSite(tx, member.tenant_id, siteId)
      if (member.role === 'owner' && member.disabled_at === null && (role !== 'owner' || disabledAt !== null)) await keepAnOwner(tx, member)
      await accessTables(tx).updateTable('access_memberships').set({ role, site_id: siteId, disabled_at: disabledAt }).where('user_id', '=', member.user_id).where('tenant_id', '=', member.tenant_id).execute()
      await audit.record(tx, {
        tenantId: chainOf(member.tenant_id), actor, action: 'user.change', resource: { kind: 'user', id: member.user_id },
        detail: { from: { role: member.role, site: member.site_id, disabled: member.disabled_at !== null }, to: { role, site: siteId, disabled: disabledAt !== null } },
      })
      return viewOf({ ...member, role, site_id: siteId, disabled_at: disabledAt })
    }),
    async resetPassword(actor, nameOrId) {
      const password = oneTimePassword()
      const password_hash = await hashPassword(password)
      return database.platform(async (tx) => {
        const member = await find(tx, actor, nameOrId)
        authorizeMember(actor, member)
        const elsewhere = await accessTables(tx).selectFrom('access_memberships').select('tenant_id').where('user_id', '=', member.user_id).where('tenant_id', '<>', member.tenant_id).executeTakeFirst()
        // Whoever sets the password of a person can act as him everywhere.
        if (elsewhere !== undefined && !mayAdminister(actor)) throw new HaechiError('user_shared')
        await accessTables(tx).updateTable('access_users').set({ password_hash, must_change_password: true }).where('user_id', '=', member.user_id).execute()
        await accessTables(tx).deleteFrom('access_sessions').where('user_id', '=', member.user_id).execute()
        await accessTables(tx).deleteFrom('access_sign_in_failures').where('name', '=', member.name).execute()
        await audit.record(tx, { tenantId: chainOf(member.tenant_id), actor, action: 'user.reset_password', resource: { kind: 'user', id: member.user_id } })
        return { user: viewOf({ ...member, must_change_password: true }), oneTimePassword: password }
      })
    },
  }
}

type Member = {
  user_id: string; name: string; display_name: string; language: 'en' | 'ko'; must_change_password: boolean; created_at: Date
  tenant_id: string; role: Role; side: Side; site_id: string | null; disabled_at: Date | null
}

/** In a platform transaction; `join` lets a user who exists already become a member here. Errors: already_exists. */
export async function insertUser(
  tx: Transaction, actor: AuditActor,
  wanted: { name: string; displayName?: string | undefined; role: Role; side: Side; siteId: string | null; language?: 'en' | 'ko' | undefined; tenantId: string; password: string; password_hash: string; join: boolean },
  clock: Clock, audit: Audit,
): Promise<{ user: UserView; oneTimePassword: string | null }> {
  const now = new Date(clock.now())
  const fresh = { user_id: newId('usr', clock.now()), name: wanted.name, display_name: wanted.displayName ?? wanted.name, language: wanted.language ?? 'en', password_hash: wanted.password_hash, must_change_password: true, created_at: now } as const
  const inserted = await accessTables(tx).insertInto('access_users').values(fresh).onConflict((conflict) => conflict.doNothing()).returning('user_id').executeTakeFirst()
  if (inserted === undefined && !wanted.join) throw new HaechiError('already_exists', { what: `the user ${wanted.name}` })
  const user = inserted === undefined ? await accessTables(tx).selectFrom('access_users').selectAll().where('name', '=', wanted.name).executeTakeFirstOrThrow() : fresh
  const membership = { user_id: user.user_id, tenant_id: wanted.tenantId, role: wanted.role, side: wanted.side, site_id: wanted.siteId, disabled_at: null, created_at: now }
  await accessTables(tx).insertInto('access_memberships').values(membership).execute().catch(asExisting(`the user ${wanted.name}`))
  await audit.record(tx, {
    tenantId: chainOf(wanted.tenantId), actor, action: inserted === undefined ? 'user.join' : 'user.create', resource: { kind: 'user', id: user.user_id },
    detail: { name: user.name, role: wanted.role, side: wanted.side, site: wanted.siteId },
  })
  return { user: viewOf({ ...user, ...membership, created_at: user.created_at }), oneTimePassword: inserted === undefined ? null : wanted.password }
}

const mayAdminister = (actor: Actor): boolean => permits(actor, 'platform.administer')
const chainOf = (tenantId: string): string | null => (tenantId === everyTenant ? null : tenantId)

/** Nobody changes one who may more than he. Errors: forbidden. */
function authorizeMember(actor: Actor, member: Member): void {
  if (member.tenant_id === everyTenant) authorize(actor, 'platform.administer')
  else authorize(actor, 'user.write', { tenantId: member.tenant_id, siteId: member.site_id })
  authorizeGrant(actor, { role: member.role, side: member.side, siteId: member.site_id })
}

/** Errors: last_owner. */
async function keepAnOwner(tx: Transaction, member: Member): Promise<void> {
  if (member.tenant_id === everyTenant) return
  const owners = await accessTables(tx).selectFrom('access_memberships').select('user_id').where('tenant_id', '=', member.tenant_id).where('role', '=', 'owner').where('disabled_at', 'is', null).execute()
  if (!owners.some((owner) => owner.user_id !== member.user_id)) throw new HaechiError('last_owner')
}

const viewOf = (row: Member): UserView => ({
  userId: row.user_id, name: row.name, displayName: row.display_name, language: row.language, role: row.role, side: row.side, siteId: row.site_id,
  allTenants: row.tenant_id === everyTenant, disabled: row.disabled_at !== null, mustChangePassword: row.must_change_password, createdAt: row.created_at,
})
