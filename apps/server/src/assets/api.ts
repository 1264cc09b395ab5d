// One thing in the world is one asset: every context that meets a host, an account or an address comes through observe and resolve.
// A short name that fits several assets is never guessed at. Defended by assets.test.ts.
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Transaction } from '../platform/database.ts'
import { newId } from '../platform/ids.ts'
import { identify } from './model.ts'
import type { AssetKind, Observation } from './model.ts'
import * as store from './store.ts'
import type { AssetRow, AssetWrite } from './store.ts'

export type { AssetKind, Observation } from './model.ts'
export { assetRoutes } from './routes.ts'
export const assetsMigrations: MigrationSource = { context: 'assets', directory: new URL('./migrations/', import.meta.url) }

/** Times in ms since the epoch. `name` is the longest form seen. */
export type Asset = { readonly id: string; readonly kind: AssetKind; readonly name: string; readonly firstSeen: number; readonly lastSeen: number }

/** `candidates` has one asset where the name is unambiguous, several where a short name fits several, none where nothing is known by it. */
export type Resolution = { readonly asset: Asset | null; readonly candidates: readonly Asset[] }

export interface Assets {
  /** Takes in what records said, within the caller's transaction. Names that identify nothing of the tenant (SYSTEM, machine accounts, outside addresses) are passed over. */
  observe(tx: Transaction, tenantId: string, observations: readonly Observation[]): Promise<void>
  /** By asset id, host name (short or full), account (`name`, `DOMAIN\name`, `name@realm`) or address. */
  resolve(tenantId: string, name: string, kind?: AssetKind): Promise<Resolution>
  list(tenantId: string, filter: { kind?: AssetKind; text?: string; before?: { lastSeen: number; id: string }; limit: number }): Promise<Asset[]>
}

export function openAssets({ database, clock }: { database: Database; clock: Clock }): Assets {
  return {
    async observe(tx, tenantId, observations) {
      await store.lockTenant(tx, tenantId)
      const identified = observations.flatMap((observation) => {
        const identity = identify(observation.kind, observation.name)
        return identity === null ? [] : [{ identity, observation }]
      })
      const known: AssetWrite[] = (await store.namesakes(tx, tenantId, identified.map(({ identity }) => identity))).map((row) => ({
        id: row.id, kind: row.kind, name: row.name, short: row.short_name, qualified: row.qualified_name, firstSeen: Number(row.first_seen), lastSeen: Number(row.last_seen),
      }))
      const bySharedName = Map.groupBy(known, ({ kind, short }) => `${kind} ${short}`)
      const touched = new Set<AssetWrite>()
      for (const { identity, observation } of identified) {
        const sharedName = `${identity.kind} ${identity.short}`
        const namesakes = bySharedName.get(sharedName) ?? []
        bySharedName.set(sharedName, namesakes)
        const unqualified = namesakes.find((asset) => asset.qualified === null)
        let asset = identity.qualified === null
          ? (namesakes.length === 1 ? namesakes[0] : unqualified)
          : (namesakes.find(({ qualified }) => qualified === identity.qualified) ?? (namesakes.length === 1 ? unqualified : undefined))
        if (asset === undefined) {
          asset = { id: newId('ast', clock.now()), kind: identity.kind, name: observation.name.trim(), short: identity.short, qualified: identity.qualified, firstSeen: observation.firstSeen, lastSeen: observation.lastSeen }
          namesakes.push(asset)
        } else if (asset.qualified === null && identity.qualified !== null) {
          asset.qualified = identity.qualified
          asset.name = observation.name.trim()
        }
        asset.firstSeen = Math.min(asset.firstSeen, observation.firstSeen)
        asset.lastSeen = Math.max(asset.lastSeen, observation.lastSeen)
        touched.add(asset)
      }
      await store.write(tx, tenantId, [...touched])
    },

    async resolve(tenantId, name, kind) {
      return await database.read(tenantId, async (tx) => {
        if (name.startsWith('ast_')) {
          const row = await store.byId(tx, tenantId, name)
          return row === undefined ? { asset: null, candidates: [] } : { asset: asset(row), candidates: [asset(row)] }
        }
        const kinds: readonly AssetKind[] = kind === undefined ? ['address', 'host', 'user'] : [kind]
        const identities = kinds.map((each) => identify(each, name)).filter((identity) => identity !== null)
        const rows = await store.namesakes(tx, tenantId, identities)
        const fits = rows.filter((row) => identities.some((identity) => row.kind === identity.kind && row.short_name === identity.short
          && (identity.qualified === null || row.qualified_name === null || row.qualified_name === identity.qualified)))
        const exact = fits.filter((row) => identities.some((identity) => identity.qualified !== null && identity.qualified === row.qualified_name))
        const candidates = (exact.length > 0 ? exact : fits).map(asset)
        return { asset: candidates.length === 1 ? candidates[0]! : null, candidates }
      })
    },

    async list(tenantId, filter) {
      const rows = await database.read(tenantId, (tx) => store.page(tx, tenantId, { kind: filter.kind ?? null, text: filter.text ?? null, before: filter.before ?? null, limit: filter.limit }))
      return rows.map(asset)
    },
  }
}

const asset = (row: AssetRow): Asset => ({ id: row.id, kind: row.kind, name: row.name, firstSeen: Number(row.first_seen), lastSeen: Number(row.last_seen) })
