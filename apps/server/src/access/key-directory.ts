// Keys are read from the database for every request, so that a revocation holds at once on every node, and every accepted signature is
// remembered there, so that a replay is refused on every node and after a restart. What arrives together shares one transaction: that
// is what makes it fast. Defended by key-directory.test.ts.
import { createPublicKey } from 'node:crypto'
import { sql } from 'kysely'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Role, Side } from './model.ts'
import type { SigningKey } from './signing.ts'
import { accessTables } from './store.ts'
import type { AccessTables } from './store.ts'

export type StoredKey = {
  readonly keyId: string
  readonly tenantId: string
  readonly tenantName: string
  readonly siteId: string | null
  readonly name: string
  readonly role: Role
  readonly side: Side
  readonly ownerId: string | null
  /** The owner's role in the tenant; null without an owner. */
  readonly ownerRole: Role | null
  readonly allowedAddresses: readonly string[]
  readonly scheme2Only: boolean
  readonly expiresAt: Date | null
  /** Revoked, or its owner is no member of the tenant any more. */
  readonly dead: boolean
  /** The live secrets: two while the key is rotated. */
  readonly secrets: readonly SigningKey[]
}

/** What a request wants to have remembered: refused with signature_replayed when it is there already. */
export type Replay = { readonly signature: Uint8Array; readonly expiresAt: number }
export type Judgement<T> = { readonly value: T; readonly replay?: Replay }

export interface KeyDirectory {
  /** Calls `judge` with the key as it stands now. What it throws reaches the caller; what it returns does when its replay was remembered. Errors: signature_replayed, database_unavailable. */
  use<T>(keyId: string, judge: (key: StoredKey | undefined) => Judgement<T>): Promise<T>
}

type Waiting = { keyId: string; judge(key: StoredKey | undefined): Judgement<unknown>; resolve(value: unknown): void; reject(error: unknown): void }

const transactionsAtOnce = 2
const largestBatch = 256
/** How coarse last_used is. */
const lastUsedStep = 60_000

export const secretPlace = (secretId: string): string => `access_key_secrets/${secretId}/sealed`

export function openKeyDirectory(database: Database, sealer: Sealer, clock: Clock): KeyDirectory {
  let queue: Waiting[] = []
  let running = 0
  let scheduled = false

  const schedule = () => {
    if (scheduled || running >= transactionsAtOnce || queue.length === 0) return
    scheduled = true
    // After the requests of this turn of the event loop have queued themselves.
    setImmediate(() => {
      scheduled = false
      const batch = queue.slice(0, largestBatch)
      queue = queue.slice(largestBatch)
      running++
      void settle(batch).finally(() => { running--; schedule() })
      schedule()
    })
  }

  const settle = async (batch: Waiting[]): Promise<void> => {
    try {
      for (const finish of await database.platform((tx) => serve(tx, batch))) finish()
    } catch (error) {
      for (const one of batch) one.reject(error)
    }
  }

  const serve = async (tx: Transaction, batch: readonly Waiting[]): Promise<(() => void)[]> => {
    const now = clock.now()
    const { keys, stale, broken } = await readKeys(tx, [...new Set(batch.map((one) => one.keyId))], now)
    const finish: (() => void)[] = []
    const replays = new Map<string, { one: Waiting; value: unknown; row: AccessTables['access_replays'] }>()
    const used = new Set<string>()
    for (const one of batch) {
      try {
        // Only the key whose secret cannot be opened suffers, not those that share the transaction.
        if (broken.has(one.keyId)) throw broken.get(one.keyId)
        const { value, replay } = one.judge(keys.get(one.keyId))
        if (stale.has(one.keyId)) used.add(one.keyId)
        if (replay === undefined) {
          finish.push(() => one.resolve(value))
          continue
        }
        const signature = Buffer.from(replay.signature)
        const id = `${one.keyId} ${signature.toString('base64')}`
        if (replays.has(id)) finish.push(() => one.reject(new HaechiError('signature_replayed')))
        else replays.set(id, { one, value, row: { key_id: one.keyId, signature, expires_at: new Date(replay.expiresAt) } })
      } catch (error) {
        finish.push(() => one.reject(error))
      }
    }
    if (replays.size > 0) {
      // In one order everywhere, so that two nodes that insert the same ones wait for each other and never in a circle.
      const sorted = [...replays.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
      const inserted = await accessTables(tx).insertInto('access_replays').values(sorted.map(([, { row }]) => row))
        .onConflict((conflict) => conflict.doNothing()).returning(['key_id', 'signature']).execute()
      const fresh = new Set(inserted.map((row) => `${row.key_id} ${row.signature.toString('base64')}`))
      for (const [id, { one, value }] of sorted) finish.push(fresh.has(id) ? () => one.resolve(value) : () => one.reject(new HaechiError('signature_replayed')))
    }
    if (used.size > 0) {
      await sql`UPDATE access_keys SET last_used_at = ${new Date(now)} WHERE key_id IN (
        SELECT key_id FROM access_keys WHERE key_id = ANY(${[...used]}) ORDER BY key_id FOR UPDATE SKIP LOCKED)`.execute(tx)
    }
    return finish
  }

  const readKeys = async (tx: Transaction, ids: readonly string[], now: number) => {
    const { rows } = await sql<AccessTables['access_keys'] & { tenant_name: string; owner_role: Role | null; secret_id: string; sealed: Buffer | null; public_key: string | null }>`
      SELECT k.*, t.name AS tenant_name, s.secret_id, s.sealed, s.public_key,
        (SELECT m.role FROM access_memberships m WHERE m.user_id = k.owner_id AND m.tenant_id IN (k.tenant_id, '*') AND m.disabled_at IS NULL ORDER BY m.tenant_id DESC LIMIT 1) AS owner_role
      FROM access_keys k JOIN access_tenants t USING (tenant_id)
      JOIN access_key_secrets s ON s.key_id = k.key_id AND (s.expires_at IS NULL OR s.expires_at > ${new Date(now)})
      WHERE k.key_id = ANY(${ids}) ORDER BY s.created_at DESC`.execute(tx)
    const keys = new Map<string, StoredKey>()
    const stale = new Set<string>()
    const broken = new Map<string, unknown>()
    for (const row of rows) {
      let secret: SigningKey
      try {
        secret = row.sealed === null
          ? { algorithm: 'ed25519', publicKey: createPublicKey(row.public_key ?? '') }
          : { algorithm: 'hmac-sha256', secret: sealer.open(row.sealed, secretPlace(row.secret_id)) }
      } catch (error) {
        broken.set(row.key_id, error)
        continue
      }
      const known = keys.get(row.key_id)
      keys.set(row.key_id, {
        keyId: row.key_id, tenantId: row.tenant_id, tenantName: row.tenant_name, siteId: row.site_id, name: row.name, role: row.role, side: row.side,
        ownerId: row.owner_id, ownerRole: row.owner_role, allowedAddresses: row.allowed_addresses, scheme2Only: row.scheme2_only, expiresAt: row.expires_at,
        dead: row.revoked_at !== null || (row.owner_id !== null && row.owner_role === null),
        secrets: [...(known?.secrets ?? []), secret],
      })
      if (row.last_used_at === null || now - row.last_used_at.getTime() >= lastUsedStep) stale.add(row.key_id)
    }
    return { keys, stale, broken }
  }

  return {
    use: <T>(keyId: string, judge: (key: StoredKey | undefined) => Judgement<T>) => new Promise<T>((resolve, reject) => {
      // What cannot be an id must not reach the query that it would share with others: a NUL in it fails them all.
      if (!/^key_[0-9a-z]{1,40}$/.test(keyId)) return resolve(judge(undefined).value)
      queue.push({ keyId, judge, resolve, reject })
      schedule()
    }),
  }
}
