import type { AccessHttp } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { z } from '../platform/http.ts'
import { cursorOf, pageOf, pageQuery } from '../platform/paging.ts'
import type { Asset, Assets } from './api.ts'
import { criticalities, exposures, tagsMost } from './model.ts'
import type * as wire from './wire.ts'

const kind = z.enum(['host', 'user', 'address'])
const assetSchema = z.object({
  id: z.string(), kind, name: z.string(), first_seen: z.iso.datetime(), last_seen: z.iso.datetime(), criticality: z.enum(criticalities), exposure: z.enum(exposures),
  class: z.string().nullable().openapi({ description: 'What it is for, such as domain_controller; null until somebody says so' }), tags: z.array(z.string()), site_id: z.string().nullable(),
}).openapi('Asset') satisfies z.ZodType<wire.Asset>
const changeSchema = z.strictObject({
  criticality: z.enum(criticalities).optional(), exposure: z.enum(exposures).optional(), class: z.string().max(64).nullable().optional(),
  tags: z.array(z.string().max(64)).max(tagsMost).optional(), site_id: z.string().nullable().optional(),
}) satisfies z.ZodType<wire.AssetChange>
const cursor = cursorOf('assets', z.object({ lastSeen: z.int(), id: z.string() }))

export function assetRoutes(http: AccessHttp, assets: Assets): void {
  http.route({
    method: 'get', path: '/api/v1/assets', operation: 'listAssets', tag: 'assets', access: 'asset.read',
    summary: 'Hosts, users and internal addresses that were seen, latest first',
    query: z.object({
      ...pageQuery, kind: kind.optional(), text: z.string().max(255).optional().openapi({ description: 'A part of name, class or a tag' }),
      criticality: z.enum(criticalities).optional(), exposure: z.enum(exposures).optional(),
    }),
    answers: { 200: { description: 'A page of assets', schema: z.object({ assets: z.array(assetSchema), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query }) => {
    const before = cursor.decode(query.cursor)
    const rows = await assets.list(tenantOf(actor), {
      limit: query.limit + 1,
      ...(query.kind === undefined ? {} : { kind: query.kind }),
      ...(query.text === undefined ? {} : { text: query.text }),
      ...(query.criticality === undefined ? {} : { criticality: query.criticality }),
      ...(query.exposure === undefined ? {} : { exposure: query.exposure }),
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

  http.route({
    method: 'patch', path: '/api/v1/assets/{id}', operation: 'classifyAsset', tag: 'assets', access: 'asset.write',
    summary: 'Says how critical and exposed an asset is, what it is for, its tags and its site; what is left out stays',
    params: z.object({ id: z.string() }),
    body: changeSchema,
    answers: { 200: { description: 'As it stands now', schema: assetSchema } },
  }, async ({ actor, params, body: { site_id: siteId, criticality, exposure, class: of, tags } }) => ({
    body: present(await assets.classify(tenantOf(actor), params.id, {
      ...(criticality === undefined ? {} : { criticality }), ...(exposure === undefined ? {} : { exposure }), ...(of === undefined ? {} : { class: of }),
      ...(tags === undefined ? {} : { tags }), ...(siteId === undefined ? {} : { siteId }),
    }, actor)),
  }))
}

const present = (asset: Asset): wire.Asset => ({
  id: asset.id, kind: asset.kind, name: asset.name, first_seen: new Date(asset.firstSeen).toISOString(), last_seen: new Date(asset.lastSeen).toISOString(),
  criticality: asset.criticality, exposure: asset.exposure, class: asset.class, tags: [...asset.tags], site_id: asset.siteId,
})
