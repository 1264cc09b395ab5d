import type { AccessHttp } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { z } from '../platform/http.ts'
import { cursorOf, pageOf, pageQuery } from '../platform/paging.ts'
import type { Asset, Assets } from './api.ts'

const kind = z.enum(['host', 'user', 'address'])
const assetSchema = z.object({ id: z.string(), kind, name: z.string(), first_seen: z.iso.datetime(), last_seen: z.iso.datetime() }).openapi('Asset')
const cursor = cursorOf('assets', z.object({ lastSeen: z.int(), id: z.string() }))

export function assetRoutes(http: AccessHttp, assets: Assets): void {
  http.route({
    method: 'get', path: '/api/v1/assets', operation: 'listAssets', tag: 'assets', access: 'asset.read',
    summary: 'Hosts, users and internal addresses that were seen, latest first',
    query: z.object({ ...pageQuery, kind: kind.optional(), text: z.string().max(255).optional() }),
    answers: { 200: { description: 'A page of assets', schema: z.object({ assets: z.array(assetSchema), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query }) => {
    const before = cursor.decode(query.cursor)
    const rows = await assets.list(tenantOf(actor), {
      limit: query.limit + 1,
      ...(query.kind === undefined ? {} : { kind: query.kind }),
      ...(query.text === undefined ? {} : { text: query.text }),
      ...(before === undefined ? {} : { before }),
    })
    const { items, nextCursor } = pageOf(rows, query.limit, cursor, ({ lastSeen, id }) => ({ lastSeen, id }))
    return { body: { assets: items.map(present), next_cursor: nextCursor } }
  })

  http.route({
    method: 'get', path: '/api/v1/assets/resolve', operation: 'resolveAsset', tag: 'assets', access: 'asset.read',
    summary: 'The asset that a name stands for, or the candidates where it fits several',
    query: z.object({ name: z.string().min(1).max(255), kind: kind.optional() }),
    answers: { 200: { description: 'Resolution', schema: z.object({ asset: assetSchema.nullable(), candidates: z.array(assetSchema) }) } },
  }, async ({ actor, query }) => {
    const { asset, candidates } = await assets.resolve(tenantOf(actor), query.name, query.kind)
    return { body: { asset: asset === null ? null : present(asset), candidates: candidates.map(present) } }
  })
}

const present = (asset: Asset) => ({
  id: asset.id, kind: asset.kind, name: asset.name, first_seen: new Date(asset.firstSeen).toISOString(), last_seen: new Date(asset.lastSeen).toISOString(),
})
