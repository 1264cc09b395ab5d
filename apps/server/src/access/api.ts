import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource } from '../platform/database.ts'
import type { Gate, Http } from '../platform/http.ts'
import type { Logger } from '../platform/log.ts'
import type { Keyring } from '../platform/secrets.ts'
import { openApprovers } from './approvers.ts'
import type { PossibleApprover } from './approvers.ts'
import { openAudit, systemActor } from './audit.ts'
import type { Audit } from './audit.ts'
import { openAuthenticate } from './authenticate.ts'
import { openKeyDirectory } from './key-directory.ts'
import { openKeys } from './keys.ts'
import type { Keys } from './keys.ts'
import { authorize } from './model.ts'
import type { Action, Actor, Resource } from './model.ts'
import { hashPassword, oneTimePassword } from './passwords.ts'
import { openRateLimit } from './rate-limit.ts'
import type { RateLimit } from './rate-limit.ts'
import { openSessions } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { accessTables } from './store.ts'
import { insertTenant, openTenants } from './tenants.ts'
import type { OutboxPort, Tenant, Tenants } from './tenants.ts'
import { insertUser, openUsers } from './users.ts'
import type { Users, UserView } from './users.ts'

export { actions, tenantOf } from './model.ts'
export type { Action, Actor, Resource, Role, Side } from './model.ts'
export type { Audit, AuditActor, AuditEntry } from './audit.ts'
export { systemActor } from './audit.ts'
export { canonical } from './audit-chain.ts'
export type { PossibleApprover } from './approvers.ts'
export type { Tenant, TenantCreated, OutboxPort } from './tenants.ts'
export { accessRoutes } from './routes.ts'
export type AccessHttp = Http<Actor, Action>

export const accessMigrations: MigrationSource = { context: 'access', directory: new URL('./migrations/', import.meta.url) }

export type AccessOptions = {
  readonly database: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly log: Logger
  /** Whoever sends it (`Authorization: Haechi-Control <token>`) is the operator: at least 32 random bytes, in a file that only he can read. */
  readonly controlToken: string
  /** Of signed requests, per key; ingest is exempt. 100 a second, burst 200, when left out; never below 20. */
  readonly rateLimit?: RateLimit
  /** True when people reach the server by TLS. */
  readonly secureCookies: boolean
  readonly outbox?: OutboxPort
}

export interface Access {
  /** For createHttp. */
  readonly gate: Gate<Actor, Action>
  /** The one gate for what the route alone does not know: the object's tenant and site. Errors: forbidden, password_change_required. */
  authorize(actor: Actor, action: Action, resource?: Resource): void
  readonly tenants: Tenants
  readonly users: Users
  readonly keys: Keys
  readonly sessions: Sessions
  readonly audit: Audit
  /** Who could approve in a tenant, for rules that need a second person. */
  approvers(tenantId: string): Promise<PossibleApprover[]>
  readonly secureCookies: boolean
  /** First start: the tenant `default` and its owner `admin`. Does nothing once any tenant is there. */
  bootstrap(first: { tenantDisplayName: string; timeZone?: string; language?: 'en' | 'ko' }): Promise<{ created: true; tenant: Tenant; user: UserView; oneTimePassword: string } | { created: false }>
  /** Removes what ran out: sessions, remembered signatures, rotated secrets. Call it every minute or so. */
  sweep(): Promise<void>
  /** Resolves when audit records under way are written; call it before the database closes. */
  close(): Promise<void>
}

/** A node whose clock is this far behind must still find the signatures that another one took. */
const replayMargin = 60_000

export function openAccess(options: AccessOptions): Access {
  const { database, clock, outbox } = options
  const sealer = options.keyring.sealer('access')
  const audit = openAudit(database, clock, options.log)
  const sessions = openSessions(database, clock, audit)
  const directory = openKeyDirectory(database, sealer, clock)
  const rateLimit = openRateLimit(clock, options.rateLimit ?? { perSecond: 100, burst: 200 })
  const authenticate = openAuthenticate({ database, clock, audit, directory, sessions, rateLimit, controlToken: options.controlToken })

  return {
    gate: {
      authenticate,
      authorize,
      refused: (actor, error) => audit.refuse({ tenantId: actor.tenantId, actor, action: String(error.params['action'] ?? 'request'), subject: `${actor.id} ${error.code}`, detail: { code: error.code } }),
    },
    authorize,
    tenants: openTenants(database, clock, audit, outbox),
    users: openUsers(database, clock, audit),
    keys: openKeys(database, clock, sealer, audit),
    sessions,
    audit,
    approvers: openApprovers(database, clock),
    secureCookies: options.secureCookies,
    async bootstrap(first) {
      const there = await database.platform((tx) => accessTables(tx).selectFrom('access_tenants').select('tenant_id').limit(1).executeTakeFirst())
      if (there !== undefined) return { created: false }
      const password = oneTimePassword()
      const password_hash = await hashPassword(password)
      return database.platform(async (tx) => {
        const tenant = await insertTenant(tx, systemActor, { name: 'default', displayName: first.tenantDisplayName, origin: 'installation', timeZone: first.timeZone ?? 'UTC' }, { clock, audit, outbox })
        const { user } = await insertUser(tx, systemActor, {
          name: 'admin', role: 'owner', side: 'customer', siteId: null, language: first.language, tenantId: tenant.tenantId, password, password_hash, join: false,
        }, clock, audit)
        return { created: true, tenant, user, oneTimePassword: password }
      })
    },
    async sweep() {
      rateLimit.sweep()
      await sessions.sweep()
      await database.platform(async (tx) => {
        const now = clock.now()
        await accessTables(tx).deleteFrom('access_replays').where('expires_at', '<', new Date(now - replayMargin)).execute()
        await accessTables(tx).deleteFrom('access_key_secrets').where('expires_at', '<', new Date(now)).execute()
      })
    },
    close: () => audit.settle(),
  }
}
