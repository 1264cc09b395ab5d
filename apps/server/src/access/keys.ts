import { randomBytes } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { newId } from '../platform/ids.ts'
import { cursorOf, pageOf } from '../platform/paging.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Audit } from './audit.ts'
import { secretPlace } from './key-directory.ts'
import { authorize, authorizeGrant, permissions, tenantOf } from './model.ts'
import type { Actor, Role, Side } from './model.ts'
import { ed25519PublicKey } from './signing.ts'
import { accessTables, everyTenant } from './store.ts'
import type { AccessTables } from './store.ts'
import type { Page } from './tenants.ts'

export type NewKey = {
  readonly name: string
  readonly role: Role
  /** The actor's own side when left out (the operator's: customer). */
  readonly side?: Side | undefined
  /** A user's id or name; the actor himself when left out and he is a user. */
  readonly owner?: string | undefined
  readonly siteId?: string | null | undefined
  /** Addresses or CIDR blocks; none means everywhere. */
  readonly allowedAddresses?: readonly string[] | undefined
  readonly scheme2Only?: boolean | undefined
  /** An Ed25519 public key (PEM, or base64 of the 32 bytes): then no secret is made and only scheme 2 works. */
  readonly publicKey?: string | undefined
  readonly expiresAt?: Date | null | undefined
}
export type KeyView = {
  readonly keyId: string
  readonly tenantId: string
  readonly name: string
  readonly role: Role
  readonly side: Side
  readonly ownerId: string | null
  readonly siteId: string | null
  readonly algorithm: 'hmac-sha256' | 'ed25519'
  readonly allowedAddresses: readonly string[]
  readonly scheme2Only: boolean
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly lastUsedAt: Date | null
}
/** `secret` is shown this once; null for an Ed25519 key. */
export type IssuedKey = { readonly key: KeyView; readonly secret: string | null }

export interface Keys {
  list(actor: Actor, page: Page): Promise<{ keys: KeyView[]; nextCursor: string | null }>
  /** Errors: forbidden, tenant_required, not_found (owner, site), parameter_invalid. */
  create(actor: Actor, wanted: NewKey): Promise<IssuedKey>
  /** Makes a second secret; the older ones end after `overlapHours` (0: at once). Errors: not_found, key_revoked, parameter_invalid. */
  rotate(actor: Actor, keyId: string, change: { overlapHours: number; publicKey?: string | undefined }): Promise<IssuedKey>
  /** Holds at once, on every node. Revoking again changes nothing. Errors: not_found. */
  revoke(actor: Actor, keyId: string): Promise<KeyView>
}

const cursor = cursorOf('keys', z.string())

export function openKeys(database: Database, clock: Clock, sealer: Sealer, audit: Audit): Keys {
  const find = async (tx: Transaction, actor: Actor, keyId: string) => {
    const row = await accessTables(tx).selectFrom('access_keys').selectAll().where('key_id', '=', keyId).forUpdate().executeTakeFirst()
    if (row === undefined || (actor.siteId !== null && row.site_id !== actor.siteId)) throw new HaechiError('not_found', { what: `API key ${keyId}` })
    return row
  }
  /** Returns the secret in the clear, base64url of 32 random bytes. */
  const addSecret = async (tx: Transaction, key: { key_id: string; tenant_id: string }, publicKey: string | undefined): Promise<string | null> => {
    const secretId = newId('sec', clock.now())
    const secret = publicKey === undefined ? `hsk_${randomBytes(32).toString('base64url')}` : null
    await accessTables(tx).insertInto('access_key_secrets').values({
      secret_id: secretId, tenant_id: key.tenant_id, key_id: key.key_id,
      sealed: secret === null ? null : Buffer.from(sealer.seal(Buffer.from(secret), secretPlace(secretId))),
      public_key: publicKey ?? null, created_at: new Date(clock.now()), expires_at: null,
    }).execute()
    return secret
  }

  return {
    list: (actor, page) => database.tenant(tenantOf(actor), async (tx) => {
      const after = cursor.decode(page.cursor)
      let query = accessTables(tx).selectFrom('access_keys').selectAll().orderBy('key_id').limit(page.limit + 1)
      if (after !== undefined) query = query.where('key_id', '>', after)
      if (actor.siteId !== null) query = query.where('site_id', '=', actor.siteId)
      const { items, nextCursor } = pageOf(await query.execute(), page.limit, cursor, (row) => row.key_id)
      return { keys: items.map(viewOf), nextCursor }
    }),
    async create(actor, wanted) {
      const tenantId = tenantOf(actor)
      authorize(actor, 'key.write', { tenantId })
      const publicKey = wanted.publicKey === undefined ? undefined : readPublicKey(wanted.publicKey)
      const allowedAddresses = (wanted.allowedAddresses ?? []).map(readNetwork)
      if (wanted.expiresAt && wanted.expiresAt.getTime() <= clock.now()) throw new HaechiError('parameter_invalid', { name: 'expires_at', reason: 'is in the past' })
      // In a platform transaction: the owner may be a member of every tenant, whom the tenant itself does not see.
      return database.platform(async (tx) => {
        const owner = await findOwner(tx, actor, tenantId, wanted.owner)
        const ownerId = owner?.user_id ?? null
        const side = wanted.side ?? owner?.side ?? (actor.kind === 'operator' ? 'customer' : actor.side)
        const siteId = wanted.siteId ?? owner?.site_id ?? actor.siteId
        if (owner !== undefined && owner.side !== side) throw new HaechiError('parameter_invalid', { name: 'side', reason: `the owner is on the ${owner.side}'s side` })
        authorizeGrant(actor, { role: wanted.role, side, siteId })
        // Else one person could approve what he requested, with a key in the name of another or of nobody.
        if (actor.kind !== 'operator' && permissions[wanted.role].has('action.approve') && ownerId !== actor.person) throw new HaechiError('forbidden', { action: 'grant action.approve to another' })
        if (siteId !== null) await findSite(tx, tenantId, siteId)
        const row: AccessTables['access_keys'] = {
          key_id: newId('key', clock.now()), tenant_id: tenantId, site_id: siteId, name: wanted.name, role: wanted.role, side, owner_id: ownerId,
          algorithm: publicKey === undefined ? 'hmac-sha256' : 'ed25519', allowed_addresses: allowedAddresses, scheme2_only: wanted.scheme2Only ?? publicKey !== undefined,
          created_at: new Date(clock.now()), expires_at: wanted.expiresAt ?? null, revoked_at: null, last_used_at: null,
        }
        await accessTables(tx).insertInto('access_keys').values(row).execute()
        const secret = await addSecret(tx, row, publicKey)
        await audit.record(tx, {
          tenantId, actor, action: 'key.create', resource: { kind: 'key', id: row.key_id },
          detail: { name: row.name, role: row.role, side, owner: ownerId, site: siteId, algorithm: row.algorithm, allowed_addresses: allowedAddresses, scheme2_only: row.scheme2_only, expires_at: row.expires_at?.toISOString() ?? null },
        })
        return { key: viewOf(row), secret }
      })
    },
    async rotate(actor, keyId, change) {
      const tenantId = tenantOf(actor)
      authorize(actor, 'key.write', { tenantId })
      return database.tenant(tenantId, async (tx) => {
        const row = await find(tx, actor, keyId)
        authorizeGrant(actor, { role: row.role, side: row.side, siteId: row.site_id })
        if (row.revoked_at !== null) throw new HaechiError('key_revoked', { key: keyId })
        if ((row.algorithm === 'ed25519') !== (change.publicKey !== undefined)) throw new HaechiError('parameter_invalid', { name: 'public_key', reason: `the key is of the kind ${row.algorithm}` })
        const end = new Date(clock.now() + change.overlapHours * 3_600_000)
        // Never lengthens the life of a secret that was already ending.
        await accessTables(tx).updateTable('access_key_secrets').set({ expires_at: end }).where('key_id', '=', keyId)
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', end)])).execute()
        const secret = await addSecret(tx, row, change.publicKey === undefined ? undefined : readPublicKey(change.publicKey))
        await audit.record(tx, { tenantId, actor, action: 'key.rotate', resource: { kind: 'key', id: keyId }, detail: { overlap_hours: change.overlapHours } })
        return { key: viewOf(row), secret }
      })
    },
    async revoke(actor, keyId) {
      const tenantId = tenantOf(actor)
      authorize(actor, 'key.write', { tenantId })
      return database.tenant(tenantId, async (tx) => {
        const row = await find(tx, actor, keyId)
        if (row.revoked_at !== null) return viewOf(row)
        const revokedAt = new Date(clock.now())
        await accessTables(tx).updateTable('access_keys').set({ revoked_at: revokedAt }).where('key_id', '=', keyId).execute()
        await audit.record(tx, { tenantId, actor, action: 'key.revoke', resource: { kind: 'key', id: keyId }, detail: { name: row.name } })
        return viewOf({ ...row, revoked_at: revokedAt })
      })
    },
  }
}

/** Errors: not_found. */
export async function findSite(tx: Transaction, tenantId: string, siteId: string): Promise<void> {
  const row = await accessTables(tx).selectFrom('access_sites').select('site_id').where('site_id', '=', siteId).where('tenant_id', '=', tenantId).executeTakeFirst()
  if (row === undefined) throw new HaechiError('not_found', { what: `site ${siteId}` })
}

/** The member who will answer for the key: the one named, else the actor himself; undefined when that is nobody (operator). Errors: not_found. */
async function findOwner(tx: Transaction, actor: Actor, tenantId: string, named: string | undefined) {
  const person = named ?? actor.person
  const owner = await accessTables(tx).selectFrom('access_users as u').innerJoin('access_memberships as m', 'm.user_id', 'u.user_id').select(['u.user_id', 'm.side', 'm.site_id'])
    .where((where) => where.or([where('u.user_id', '=', person), where('u.name', '=', person)]))
    .where('m.tenant_id', 'in', [tenantId, everyTenant]).where('m.disabled_at', 'is', null).orderBy('m.tenant_id', 'desc').executeTakeFirst()
  if (owner === undefined && named !== undefined) throw new HaechiError('not_found', { what: `user ${named}` })
  return owner
}

function readPublicKey(text: string): string {
  const key = ed25519PublicKey(text)
  if (key === undefined) throw new HaechiError('parameter_invalid', { name: 'public_key', reason: 'not an Ed25519 public key (PEM, or base64 of 32 bytes)' })
  return key
}

function readNetwork(text: string): string {
  if (text.includes('/') ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text)) return text
  throw new HaechiError('parameter_invalid', { name: 'allowed_addresses', reason: `${text} is neither an address nor a CIDR block` })
}

export function addressAllowed(allowed: readonly string[], address: string | null): boolean {
  if (allowed.length === 0) return true
  if (address === null || !ipaddr.isValid(address)) return false
  // An IPv4 client on a dual-stack socket arrives as ::ffff:a.b.c.d.
  const client = ipaddr.process(address)
  return allowed.some((entry) => {
    const [network, bits] = entry.includes('/') ? ipaddr.parseCIDR(entry) : [ipaddr.process(entry), undefined]
    return network.kind() === client.kind() && client.match(network, bits ?? (network.kind() === 'ipv4' ? 32 : 128))
  })
}

const viewOf = (row: AccessTables['access_keys']): KeyView => ({
  keyId: row.key_id, tenantId: row.tenant_id, name: row.name, role: row.role, side: row.side, ownerId: row.owner_id, siteId: row.site_id, algorithm: row.algorithm,
  allowedAddresses: row.allowed_addresses, scheme2Only: row.scheme2_only, createdAt: row.created_at, expiresAt: row.expires_at, revokedAt: row.revoked_at, lastUsedAt: row.last_used_at,
})
