// One thing in the world is one asset: every context that meets a host, an account or an address comes through observe and resolve.
// A short name that fits several assets is never guessed at, nor what an asset is for. Defended by assets.test.ts.
import type { Access, Actor } from '../access/api.ts'
import { systemActor } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { foldLabel, identify, label, tagsMost } from './model.ts'
import type { AssetKind, Classification, Criticality, Exposure, Identity, Observation } from './model.ts'
import * as store from './store.ts'
import type { AssetRow, AssetWrite } from './store.ts'

export type { AssetKind, Classification, Observation } from './model.ts'
export { identify } from './model.ts'
export { assetRoutes } from './routes.ts'
export const assetsMigrations: MigrationSource = { context: 'assets', directory: new URL('./migrations/', import.meta.url) }

/** Times in ms since the epoch. `name` is the longest form seen. */
export type Asset = Classification & { readonly id: string; readonly kind: AssetKind; readonly name: string; readonly firstSeen: number; readonly lastSeen: number }

/** `candidates` has one asset where the name is unambiguous, several where a short name fits several, none where nothing is known by it. */
export type Resolution = { readonly asset: Asset | null; readonly candidates: readonly Asset[] }

export interface Assets {
  /** Takes in what records said, within the caller's transaction. Names that identify nothing of the tenant (SYSTEM, machine accounts, outside addresses) are passed over. */
  observe(tx: Transaction, tenantId: string, observations: readonly Observation[]): Promise<void>
  /** By asset id, host name (short or full), account (`name`, `DOMAIN\name`, `name@realm`) or address. */
  resolve(tenantId: string, name: string, kind?: AssetKind): Promise<Resolution>
  /** The same for many at once: each name that stands for exactly one asset, as it was given, with that asset. */
  named(tenantId: string, names: readonly string[], kind?: AssetKind): Promise<Map<string, Asset>>
  /** By id. Fields that are left out stay. Leaves an audit record, of the platform itself where nobody is named. Errors: asset_label_invalid, not_found (asset, site), forbidden. */
  classify(tenantId: string, id: string, change: Partial<Classification>, actor?: Actor): Promise<Asset>
  /** What a measurement found (exposure), within the caller's transaction. Errors: not_found. */
  annotate(tx: Transaction, tenantId: string, id: string, change: Partial<Classification>): Promise<Asset>
  /** Latest seen first. `text` is a part of name, class or a tag. */
  list(tenantId: string, filter: { kind?: AssetKind; text?: string; criticality?: Criticality; exposure?: Exposure; before?: { lastSeen: number; id: string }; limit: number }): Promise<Asset[]>
}

type AssetsOptions = { readonly database: Database; readonly clock: Clock; readonly access: Pick<Access, 'authorize' | 'audit' | 'tenants'> }

export function openAssets({ database, clock, access }: AssetsOptions): Assets {
  const annotate: Assets['annotate'] = async (tx, tenantId, id, change) => {
    const row = await store.classify(tx, tenantId, id, checked(change))
    if (row === undefined) throw new HaechiError('not_found', { what: `asset ${id}` })
    return asset(row)
  }

  return {
    annotate,
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
        const identities = identitiesOf(name, kind)
        const candidates = fitting(await store.namesakes(tx, tenantId, identities), identities).map(asset)
        return { asset: candidates.length === 1 ? candidates[0]! : null, candidates }
      })
    },

    async named(tenantId, names, kind) {
      const asked = [...new Set(names)].map((name) => ({ name, identities: identitiesOf(name, kind) }))
      const rows = await database.read(tenantId, (tx) => store.namesakes(tx, tenantId, asked.flatMap(({ identities }) => identities)))
      // Two names of one asset find its row twice.
      const byShort = Map.groupBy(new Map(rows.map((row) => [row.id, row])).values(), ({ kind: of, short_name: short }) => `${of} ${short}`)
      return new Map(asked.flatMap(({ name, identities }) => {
        const [one, ...more] = fitting(identities.flatMap((identity) => byShort.get(`${identity.kind} ${identity.short}`) ?? []), identities)
        return one === undefined || more.length > 0 ? [] : [[name, asset(one)] as const]
      }))
    },

    async classify(tenantId, id, change, actor) {
      if (actor !== undefined && change.siteId != null) {
        const { sites } = await access.tenants.sites(actor, { limit: 1_000 })
        if (!sites.some(({ siteId }) => siteId === change.siteId)) throw new HaechiError('not_found', { what: `site ${change.siteId}` })
      }
      return await database.tenant(tenantId, async (tx) => {
        const before = await store.byId(tx, tenantId, id)
        if (before !== undefined && actor !== undefined) for (const siteId of new Set([before.site_id, change.siteId ?? before.site_id])) access.authorize(actor, 'asset.write', { tenantId, siteId })
        const after = await annotate(tx, tenantId, id, change)
        const { criticality, exposure, class: of, tags, siteId } = after
        await access.audit.record(tx, {
          tenantId, actor: actor ?? systemActor, action: 'asset.classify', resource: { kind: 'asset', id }, detail: { name: after.name, criticality, exposure, class: of, tags, site_id: siteId },
        })
        return after
      })
    },

    async list(tenantId, filter) {
      const rows = await database.read(tenantId, (tx) => store.page(tx, tenantId, { kind: filter.kind ?? null, text: filter.text ?? null, criticality: filter.criticality ?? null, exposure: filter.exposure ?? null, before: filter.before ?? null, limit: filter.limit }))
      return rows.map(asset)
    },
  }
}

const identitiesOf = (name: string, kind?: AssetKind): Identity[] =>
  (kind === undefined ? ['address', 'host', 'user'] as const : [kind]).map((each) => identify(each, name)).filter((identity) => identity !== null)

/** Of namesakes those that the name may mean: the one that it spells out, else all that it fits. */
function fitting(rows: readonly AssetRow[], identities: readonly Identity[]): AssetRow[] {
  const fits = rows.filter((row) => identities.some((identity) => row.kind === identity.kind && row.short_name === identity.short
    && (identity.qualified === null || row.qualified_name === null || row.qualified_name === identity.qualified)))
  const exact = fits.filter((row) => identities.some((identity) => identity.qualified !== null && identity.qualified === row.qualified_name))
  return exact.length > 0 ? exact : fits
}

function checked(change: Partial<Classification>): Partial<Classification> {
  const fold = (text: string): string => {
    const folded = foldLabel(text)
    if (!label.test(folded)) throw new HaechiError('asset_label_invalid', { label: JSON.stringify(text.slice(0, 100)) })
    return folded
  }
  const tags = change.tags === undefined ? undefined : [...new Set(change.tags.map(fold))].sort()
  if (tags !== undefined && tags.length > tagsMost) throw new HaechiError('asset_label_invalid', { label: `${tags.length} tags, at most ${tagsMost}` })
  return { ...change, ...(typeof change.class === 'string' ? { class: fold(change.class) } : {}), ...(tags === undefined ? {} : { tags }) }
}

const asset = (row: AssetRow): Asset => ({
  id: row.id, kind: row.kind, name: row.name, firstSeen: Number(row.first_seen), lastSeen: Number(row.last_seen),
  criticality: row.criticality, exposure: row.exposure, class: row.class, tags: row.tags, siteId: row.site_id,
})
