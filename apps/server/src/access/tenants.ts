import { createHash } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { newId } from '../platform/ids.ts'
import type { Outbox } from '../platform/outbox.ts'
import { cursorOf, pageOf } from '../platform/paging.ts'
import type { Audit } from './audit.ts'
import { authorize, tenantOf } from './model.ts'
import type { Actor } from './model.ts'
import { accessTables, isDuplicate } from './store.ts'
import type { AccessTables, TenantOrigin } from './store.ts'

/** Written with the tenant itself, for the contexts that prepare something for it. */
export type TenantCreated = { readonly tenant_id: string; readonly name: string; readonly display_name: string; readonly origin: TenantOrigin }
declare module '../platform/outbox.ts' {
  interface DomainEvents {
    'access.tenant_created.v1': TenantCreated
  }
}
/** What this context needs of platform/outbox. */
export type OutboxPort = Pick<Outbox, 'publish'>

export type Tenant = { readonly tenantId: string; readonly name: string; readonly displayName: string; readonly origin: TenantOrigin; readonly timeZone: string; readonly createdAt: Date }
export type Site = { readonly siteId: string; readonly name: string; readonly createdAt: Date }
export type Page = { readonly limit: number; readonly cursor?: string | undefined }

export interface Tenants {
  /** What the actor may see: every tenant for the platform, else his own. Errors: cursor_invalid. */
  list(actor: Actor, page: Page): Promise<{ tenants: Tenant[]; nextCursor: string | null }>
  /** `name` as given when it can be one, else one is made from it; `displayName` is what people read. Errors: forbidden, already_exists. */
  create(actor: Actor, wanted: { name: string; displayName?: string | undefined; timeZone?: string | undefined; origin?: 'provider' | 'demo' }): Promise<Tenant>
  /** `timeZone` is an IANA name. Errors: forbidden, not_found, parameter_invalid. */
  change(actor: Actor, nameOrId: string, wanted: { displayName?: string | undefined; timeZone?: string | undefined }): Promise<Tenant>
  /** One that the actor may see, by id or name. Errors: not_found, also for one that is there and out of his reach. */
  get(actor: Actor, nameOrId: string): Promise<Tenant>
  /** By id or name, whoever asks. Errors: not_found. */
  resolve(nameOrId: string): Promise<Tenant>
  /** Every tenant, for work that is nobody's request (sweeps, start-up). */
  all(): Promise<Tenant[]>
  /**
   * Removes a told tenant: nobody can use it from here on, `erase` takes away what it has (every row of it, these too), and those of its people who belong nowhere else go with it.
   * What comes of it is on the platform's chain. Whatever stops it, the next call goes on. Errors: forbidden, not_found, tenant_not_told.
   */
  remove(actor: Actor, tenantId: string, erase: (tenant: Tenant) => Promise<Readonly<Record<string, number>>>): Promise<{ tenant: Tenant; erased: Readonly<Record<string, number>> }>
  sites(actor: Actor, page: Page): Promise<{ sites: Site[]; nextCursor: string | null }>
  /** Errors: already_exists, tenant_required. */
  createSite(actor: Actor, wanted: { name: string }): Promise<Site>
}

const byName = cursorOf('tenants', z.string())
const byId = cursorOf('sites', z.string())

export function openTenants(database: Database, clock: Clock, audit: Audit, outbox: OutboxPort | undefined): Tenants {
  const within = (tx: Transaction, actor: Actor) => {
    const query = accessTables(tx).selectFrom('access_tenants').selectAll()
    if (actor.kind === 'operator' || actor.allTenants) return query
    if (actor.kind === 'key') return query.where('tenant_id', '=', actor.tenantId)
    return query.where('tenant_id', 'in', (of) => of.selectFrom('access_memberships').select('tenant_id').where('user_id', '=', actor.id).where('disabled_at', 'is', null))
  }

  return {
    list: (actor, page) => database.platform(async (tx) => {
      const after = byName.decode(page.cursor)
      let query = within(tx, actor).orderBy('name').limit(page.limit + 1)
      if (after !== undefined) query = query.where('name', '>', after)
      const { items, nextCursor } = pageOf(await query.execute(), page.limit, byName, (row) => row.name)
      return { tenants: items.map(tenantOfRow), nextCursor }
    }),
    async create(actor, wanted) {
      authorize(actor, 'platform.administer')
      return database.platform((tx) => insertTenant(tx, actor, { name: slugOf(wanted.name), displayName: wanted.displayName ?? wanted.name, origin: wanted.origin ?? 'provider', timeZone: zoneOf(wanted.timeZone ?? 'UTC') }, { clock, audit, outbox }))
    },
    change: (actor, nameOrId, wanted) => database.platform(async (tx) => {
      const row = await within(tx, actor).where((where) => where.or([where('tenant_id', '=', nameOrId), where('name', '=', nameOrId)])).executeTakeFirst()
      if (row === undefined) throw new HaechiError('not_found', { what: `tenant ${nameOrId}` })
      authorize(actor, 'tenant.write', { tenantId: row.tenant_id })
      const changed = { display_name: wanted.displayName ?? row.display_name, time_zone: zoneOf(wanted.timeZone ?? row.time_zone) }
      await accessTables(tx).updateTable('access_tenants').set(changed).where('tenant_id', '=', row.tenant_id).execute()
      await audit.record(tx, { tenantId: row.tenant_id, actor, action: 'tenant.change', resource: { kind: 'tenant', id: row.tenant_id }, detail: changed })
      return tenantOfRow({ ...row, ...changed })
    }),
    get: (actor, nameOrId) => database.platform(async (tx) => {
      const row = await within(tx, actor).where((where) => where.or([where('tenant_id', '=', nameOrId), where('name', '=', nameOrId)])).executeTakeFirst()
      if (row === undefined) throw new HaechiError('not_found', { what: `tenant ${nameOrId}` })
      return tenantOfRow(row)
    }),
    resolve: (nameOrId) => database.platform(async (tx) => tenantOfRow(await findTenant(tx, nameOrId))),
    all: () => database.platform(async (tx) => (await accessTables(tx).selectFrom('access_tenants').selectAll().orderBy('name').execute()).map(tenantOfRow)),
    async remove(actor, nameOrId, erase) {
      authorize(actor, 'platform.administer')
      const { tenant, people } = await database.platform(async (tx) => {
        const found = await findTenant(tx, nameOrId)
        if (found.origin !== 'demo') throw new HaechiError('tenant_not_told', { tenant: found.name })
        const tables = accessTables(tx)
        const members = await tables.selectFrom('access_memberships as m').select('m.user_id').where('m.tenant_id', '=', found.tenant_id)
          .where((where) => where.not(where.exists(where.selectFrom('access_memberships as o').select('o.tenant_id').whereRef('o.user_id', '=', 'm.user_id').where('o.tenant_id', '<>', found.tenant_id)))).execute()
        const alone = members.map(({ user_id }) => user_id)
        const now = new Date(clock.now())
        if (alone.length > 0) await tables.deleteFrom('access_sessions').where('user_id', 'in', alone).execute()
        await tables.updateTable('access_memberships').set({ disabled_at: now }).where('tenant_id', '=', found.tenant_id).execute()
        await tables.updateTable('access_keys').set({ revoked_at: now }).where('tenant_id', '=', found.tenant_id).where('revoked_at', 'is', null).execute()
        return { tenant: tenantOfRow(found), people: alone }
      })
      const erased = await erase(tenant)
      await database.platform(async (tx) => {
        if (people.length > 0) {
          await accessTables(tx).deleteFrom('access_users').where('user_id', 'in', people)
            .where((where) => where.not(where.exists(where.selectFrom('access_memberships as m').select('m.tenant_id').whereRef('m.user_id', '=', 'access_users.user_id')))).execute()
        }
        await audit.record(tx, { tenantId: null, actor, action: 'tenant.remove', resource: { kind: 'tenant', id: tenant.tenantId }, detail: { name: tenant.name, display_name: tenant.displayName, origin: tenant.origin, people: people.length, ...erased } })
      })
      return { tenant, erased }
    },
    sites: (actor, page) => database.tenant(tenantOf(actor), async (tx) => {
      const after = byId.decode(page.cursor)
      let query = accessTables(tx).selectFrom('access_sites').selectAll().orderBy('site_id').limit(page.limit + 1)
      if (after !== undefined) query = query.where('site_id', '>', after)
      if (actor.siteId !== null) query = query.where('site_id', '=', actor.siteId)
      const { items, nextCursor } = pageOf(await query.execute(), page.limit, byId, (row) => row.site_id)
      return { sites: items.map((row) => ({ siteId: row.site_id, name: row.name, createdAt: row.created_at })), nextCursor }
    }),
    async createSite(actor, wanted) {
      const tenantId = tenantOf(actor)
      authorize(actor, 'site.write', { tenantId, siteId: null })
      const row = { site_id: newId('sit', clock.now()), tenant_id: tenantId, name: wanted.name, created_at: new Date(clock.now()) }
      await database.tenant(tenantId, async (tx) => {
        await accessTables(tx).insertInto('access_sites').values(row).execute().catch(asExisting(`the site ${wanted.name}`))
        await audit.record(tx, { tenantId, actor, action: 'site.create', resource: { kind: 'site', id: row.site_id }, detail: { name: wanted.name } })
      })
      return { siteId: row.site_id, name: row.name, createdAt: row.created_at }
    },
  }
}

export const asExisting = (what: string) => (error: unknown): never => {
  throw isDuplicate(error) ? new HaechiError('already_exists', { what }, { cause: error }) : error
}

/** In a platform transaction. */
export async function insertTenant(
  tx: Transaction, actor: Parameters<Audit['record']>[1]['actor'],
  tenant: { name: string; displayName: string; origin: TenantOrigin; timeZone: string },
  parts: { clock: Clock; audit: Audit; outbox: OutboxPort | undefined },
): Promise<Tenant> {
  const row = { tenant_id: newId('ten', parts.clock.now()), name: tenant.name, display_name: tenant.displayName, origin: tenant.origin, time_zone: tenant.timeZone, created_at: new Date(parts.clock.now()) }
  await accessTables(tx).insertInto('access_tenants').values(row).execute().catch(asExisting(`the tenant ${tenant.name}`))
  const detail = { name: row.name, display_name: row.display_name, origin: row.origin }
  const resource = { kind: 'tenant', id: row.tenant_id }
  await parts.audit.record(tx, { tenantId: row.tenant_id, actor, action: 'tenant.create', resource, detail })
  await parts.audit.record(tx, { tenantId: null, actor, action: 'tenant.create', resource, detail })
  await parts.outbox?.publish(tx, { type: 'access.tenant_created.v1', tenantId: row.tenant_id, payload: { tenant_id: row.tenant_id, ...detail } })
  return tenantOfRow(row)
}

/** Errors: not_found. */
export async function findTenant(tx: Transaction, nameOrId: string): Promise<AccessTables['access_tenants']> {
  const row = await accessTables(tx).selectFrom('access_tenants').selectAll().where((where) => where.or([where('tenant_id', '=', nameOrId), where('name', '=', nameOrId)])).executeTakeFirst()
  if (row === undefined) throw new HaechiError('not_found', { what: `tenant ${nameOrId}` })
  return row
}

/** `Acme Corp.` -> `acme-corp`. A name without a single ASCII letter or digit (most Korean ones) gets one from its hash, so that creating the same twice collides as it should. */
export function slugOf(name: string): string {
  const slug = name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9_.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 60)
  return slug === '' ? `t-${createHash('sha256').update(name.normalize('NFC')).digest('hex').slice(0, 10)}` : slug
}

const tenantOfRow = (row: AccessTables['access_tenants']): Tenant =>
  ({ tenantId: row.tenant_id, name: row.name, displayName: row.display_name, origin: row.origin, timeZone: row.time_zone, createdAt: row.created_at })

/** Errors: parameter_invalid. */
function zoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (cause) {
    throw new HaechiError('parameter_invalid', { name: 'time_zone', reason: 'an IANA time zone is expected, such as Asia/Seoul' }, { cause })
  }
}
