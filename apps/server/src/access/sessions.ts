// A session is a random token that the browser alone knows: the database has its SHA-256. Guessing passwords is slowed by the name
// that is tried, whether it exists or not. Defended by sessions.integration.test.ts.
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Audit } from './audit.ts'
import { systemActor } from './audit.ts'
import type { Role, Side } from './model.ts'
import { checkNewPassword, hashPassword, passwordMatches } from './passwords.ts'
import { accessTables, everyTenant } from './store.ts'

const hour = 3_600_000
export const idleLimit = 12 * hour
export const absoluteLimit = 7 * 24 * hour
const failuresBeforeLock = 5
const firstLock = 15 * 60_000
const longestLock = 24 * hour
/** How coarse the time of last use is: one write a minute, not one a request. */
const seenStep = 60_000

export type Membership = { readonly tenantId: string; readonly tenantName: string | null; readonly tenantDisplayName: string | null; readonly role: Role; readonly side: Side; readonly siteId: string | null }
export type SignedInUser = {
  readonly userId: string
  readonly name: string
  readonly displayName: string
  readonly language: 'en' | 'ko'
  readonly mustChangePassword: boolean
  /** Live ones, the oldest first; `tenantId` '*' is every tenant. */
  readonly memberships: readonly Membership[]
}

export interface Sessions {
  /** Errors: sign_in_failed, account_locked. */
  signIn(name: string, password: string, remoteAddress: string | null): Promise<{ token: string; user: SignedInUser }>
  /** Errors: session_ended. */
  find(token: string): Promise<SignedInUser>
  signOut(token: string): Promise<void>
  /** Ends every other session of the user. Errors: sign_in_failed (the old password), account_locked, password_too_short, password_unchanged. */
  changePassword(user: { userId: string; name: string }, token: string | undefined, old: string, wanted: string): Promise<void>
  sweep(): Promise<void>
}

export function openSessions(database: Database, clock: Clock, audit: Audit): Sessions {
  const readUser = async (tx: Transaction, userId: string): Promise<SignedInUser | undefined> => {
    const user = await accessTables(tx).selectFrom('access_users').selectAll().where('user_id', '=', userId).executeTakeFirst()
    if (user === undefined) return undefined
    const memberships = await accessTables(tx).selectFrom('access_memberships as m').leftJoin('access_tenants as t', 't.tenant_id', 'm.tenant_id')
      .select(['m.tenant_id', 't.name', 't.display_name', 'm.role', 'm.side', 'm.site_id']).where('m.user_id', '=', userId).where('m.disabled_at', 'is', null).orderBy('m.created_at').orderBy('m.tenant_id').execute()
    if (memberships.length === 0) return undefined
    return {
      userId, name: user.name, displayName: user.display_name, language: user.language, mustChangePassword: user.must_change_password,
      memberships: memberships.map((row) => ({ tenantId: row.tenant_id, tenantName: row.name, tenantDisplayName: row.display_name, role: row.role, side: row.side, siteId: row.site_id })),
    }
  }

  /** Counts the attempt before the password is looked at, so that many at once are no more than five. Errors: account_locked. */
  const countAttempt = (name: string) => database.platform(async (tx) => {
    const now = clock.now()
    const failures = accessTables(tx)
    await failures.insertInto('access_sign_in_failures').values({ name, failures: 0, locked_until: null, failed_at: new Date(now) }).onConflict((conflict) => conflict.doNothing()).execute()
    const row = await failures.selectFrom('access_sign_in_failures').selectAll().where('name', '=', name).forUpdate().executeTakeFirstOrThrow()
    if (row.locked_until !== null && row.locked_until.getTime() > now) {
      throw new HaechiError('account_locked', { until: row.locked_until.toISOString(), retry_after: Math.ceil((row.locked_until.getTime() - now) / 1_000) })
    }
    const count = row.failures + 1
    const lockedUntil = count % failuresBeforeLock === 0 ? new Date(now + Math.min(longestLock, firstLock * 2 ** (count / failuresBeforeLock - 1))) : null
    await failures.updateTable('access_sign_in_failures').set({ failures: count, locked_until: lockedUntil, failed_at: new Date(now) }).where('name', '=', name).execute()
    return { lockedUntil }
  })
  const forgetAttempts = (tx: Transaction, name: string) => accessTables(tx).deleteFrom('access_sign_in_failures').where('name', '=', name).execute()

  /** Errors: sign_in_failed, account_locked. */
  const prove = async (name: string, password: string, remoteAddress: string | null) => {
    const fold = name.normalize('NFC').toLowerCase().slice(0, 200)
    const { lockedUntil } = await countAttempt(fold).catch((error: unknown) => {
      if (error instanceof HaechiError && error.code === 'account_locked') audit.refuse({ tenantId: null, actor: { ...systemActor, name: 'sign-in' }, action: 'session.create', subject: fold, detail: { code: 'account_locked', remote_address: remoteAddress } })
      throw error
    })
    const { stored, user } = await database.platform(async (tx) => {
      const stored = await accessTables(tx).selectFrom('access_users').select(['user_id', 'password_hash']).where('name', '=', fold).executeTakeFirst()
      return { stored, user: stored === undefined ? undefined : await readUser(tx, stored.user_id) }
    })
    const matches = await passwordMatches(user === undefined ? undefined : stored?.password_hash, password)
    if (!matches || user === undefined) {
      await database.platform((tx) => audit.record(tx, {
        tenantId: chainOf(user), actor: user === undefined ? { ...systemActor, name: 'sign-in' } : actorOf(user), action: 'session.create', outcome: 'failure',
        detail: { remote_address: remoteAddress, known: user !== undefined, locked_until: lockedUntil?.toISOString() ?? null },
      }))
      throw new HaechiError('sign_in_failed')
    }
    return { fold, user }
  }

  const digest = (token: string) => createHash('sha256').update(token).digest()

  return {
    async signIn(name, password, remoteAddress) {
      const { fold, user } = await prove(name, password, remoteAddress)
      const token = randomBytes(32).toString('base64url')
      await database.platform(async (tx) => {
        const now = new Date(clock.now())
        await forgetAttempts(tx, fold)
        await accessTables(tx).insertInto('access_sessions').values({ token_sha256: digest(token), user_id: user.userId, created_at: now, seen_at: now }).execute()
        await audit.record(tx, { tenantId: chainOf(user), actor: actorOf(user), action: 'session.create', detail: { remote_address: remoteAddress } })
      })
      return { token, user }
    },
    find: (token) => database.platform(async (tx) => {
      const now = clock.now()
      const session = await accessTables(tx).selectFrom('access_sessions').selectAll().where('token_sha256', '=', digest(token)).executeTakeFirst()
      const live = session !== undefined && now - session.seen_at.getTime() <= idleLimit && now - session.created_at.getTime() <= absoluteLimit
      const user = live ? await readUser(tx, session.user_id) : undefined
      if (session === undefined || user === undefined) throw new HaechiError('session_ended')
      if (now - session.seen_at.getTime() >= seenStep) {
        await accessTables(tx).updateTable('access_sessions').set({ seen_at: new Date(now) }).where('token_sha256', '=', session.token_sha256).execute()
      }
      return user
    }),
    signOut: (token) => database.platform(async (tx) => {
      const ended = await accessTables(tx).deleteFrom('access_sessions').where('token_sha256', '=', digest(token)).returning('user_id').executeTakeFirst()
      const user = ended === undefined ? undefined : await readUser(tx, ended.user_id)
      if (user !== undefined) await audit.record(tx, { tenantId: chainOf(user), actor: actorOf(user), action: 'session.end' })
    }),
    async changePassword(user, token, old, wanted) {
      checkNewPassword(wanted, old)
      const proven = await prove(user.name, old, null)
      const password_hash = await hashPassword(wanted)
      await database.platform(async (tx) => {
        await forgetAttempts(tx, proven.fold)
        await accessTables(tx).updateTable('access_users').set({ password_hash, must_change_password: false }).where('user_id', '=', user.userId).execute()
        let others = accessTables(tx).deleteFrom('access_sessions').where('user_id', '=', user.userId)
        if (token !== undefined) others = others.where('token_sha256', '<>', digest(token))
        await others.execute()
        await audit.record(tx, { tenantId: chainOf(proven.user), actor: actorOf(proven.user), action: 'user.change_password', resource: { kind: 'user', id: user.userId } })
      })
    },
    sweep: () => database.platform(async (tx) => {
      const now = clock.now()
      const sessions = accessTables(tx)
      await sessions.deleteFrom('access_sessions').where((where) => where.or([where('seen_at', '<', new Date(now - idleLimit)), where('created_at', '<', new Date(now - absoluteLimit))])).execute()
      // A name that nobody tried for a day starts afresh, so that the table cannot be filled with guesses.
      await sessions.deleteFrom('access_sign_in_failures').where('failed_at', '<', new Date(now - longestLock)).execute()
    }),
  }
}

const actorOf = (user: SignedInUser) => ({ kind: 'user' as const, id: user.userId, person: user.userId, name: user.name })
/** A person's own doings go to the chain of his tenant; the provider's people and unknown names to the platform's. */
const chainOf = (user: SignedInUser | undefined): string | null => user?.memberships.find((membership) => membership.tenantId !== everyTenant)?.tenantId ?? null
