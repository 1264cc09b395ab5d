// The incident page: one answer out of the incident, what was done about it, and what the asset graph knows of those it touches.
import { tenantOf } from '../access/api.ts'
import type { AccessHttp } from '../access/api.ts'
import type { Asset, Assets } from '../assets/api.ts'
import type { Incidents } from '../incidents/api.ts'
import { z } from '../platform/http.ts'
import type { Response as ResponseContext } from '../response/api.ts'
import type { AffectedAsset, IncidentDetail } from './wire.ts'

type Parts = { readonly incidents: Pick<Incidents, 'get'>; readonly response: Pick<ResponseContext, 'forIncident'>; readonly assets: Pick<Assets, 'named'> }

export function incidentViewRoutes(http: AccessHttp, parts: Parts): void {
  http.route({
    method: 'get', path: '/api/v1/incidents/{id}', operation: 'getIncident', tag: 'incidents', access: 'incident.read',
    summary: 'An incident whole: its story, evidence, clocks, actions and the assets it touches',
    params: z.object({ id: z.string().min(1).max(100) }),
    answers: { 200: { description: 'The incident; see also GET /api/v1/alerts/{id} for the records behind an alert', schema: z.looseObject({ id: z.string() }).openapi('IncidentDetail') } },
  }, async ({ actor, params, request }) => {
    const { incidents, response, assets } = parts
    const tenantId = tenantOf(actor)
    const incident = await incidents.get(tenantId, params.id, request.language)
    const [actions, hosts, users] = await Promise.all([
      response.forIncident(tenantId, incident.id, actor, request.language),
      assets.named(tenantId, incident.affected_hosts, 'host'),
      assets.named(tenantId, incident.affected_users, 'user'),
    ])
    const body: IncidentDetail = { ...incident, actions, assets: [...hosts.values(), ...users.values()].map(affected) }
    return { body }
  })
}

const affected = ({ id, kind, name, criticality, exposure, class: of, tags }: Asset): AffectedAsset =>
  ({ id, kind, name, criticality, exposure, class: of, tags: [...tags] })
