// A gate on every route: whoever adds one without it sees this fail. The handlers are never reached here.
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { accessRoutes } from '../../apps/server/src/access/api.ts'
import type { Access, Action, Actor } from '../../apps/server/src/access/api.ts'
import { actions } from '../../apps/server/src/access/api.ts'
import { assetRoutes } from '../../apps/server/src/assets/api.ts'
import type { Assets } from '../../apps/server/src/assets/api.ts'
import { detectionRoutes } from '../../apps/server/src/detection/api.ts'
import type { Detection } from '../../apps/server/src/detection/api.ts'
import { incidentRoutes } from '../../apps/server/src/incidents/api.ts'
import type { Incidents } from '../../apps/server/src/incidents/api.ts'
import { intelRoutes } from '../../apps/server/src/intel/api.ts'
import type { Intel } from '../../apps/server/src/intel/api.ts'
import { manualClock } from '../../apps/server/src/platform/clock.ts'
import { HaechiError } from '../../apps/server/src/platform/errors.ts'
import { createHttp } from '../../apps/server/src/platform/http.ts'
import { silentLog } from '../../apps/server/src/platform/log.ts'
import { platformRoutes } from '../../apps/server/src/platform/routes.ts'
import { reportingRoutes } from '../../apps/server/src/reporting/api.ts'
import type { Reporting } from '../../apps/server/src/reporting/api.ts'
import { responseRoutes } from '../../apps/server/src/response/api.ts'
import type { Response } from '../../apps/server/src/response/api.ts'
import { telemetryRoutes } from '../../apps/server/src/telemetry/api.ts'
import type { Telemetry } from '../../apps/server/src/telemetry/api.ts'
import { demoRoutes } from '../../apps/server/src/views/demo.ts'
import { incidentViewRoutes } from '../../apps/server/src/views/incident.ts'
import { liveRoutes } from '../../apps/server/src/views/live.ts'
import type { Live } from '../../apps/server/src/views/live.ts'
import { overviewRoutes } from '../../apps/server/src/views/overview.ts'

/** What needs no identity, and why. */
const open = [
  'get /healthz', 'get /readyz', // load balancers
  'get /api/openapi.json', // the description is no secret
  'get /', 'head /', // a page for a person, a product check for shippers
  'post /api/v1/session', // signing in
]

const unreachable = <T extends object>(name: string): T => new Proxy({} as T, { get: (_, property) => { throw new Error(`a handler reached ${name}.${String(property)}`) } })

function build(gate: { authenticate(): Promise<Actor>; authorize(actor: Actor, action: Action): void }) {
  const metrics = new Registry()
  const http = createHttp<Actor, Action>({ gate, clock: manualClock(0), log: silentLog, metrics, basePath: '', version: 'test' })
  platformRoutes(http, { metrics, version: 'test', checks: {} })
  accessRoutes(http, unreachableAccess)
  assetRoutes(http, unreachable<Assets>('assets'))
  intelRoutes(http, unreachable<Intel>('intel'))
  liveRoutes(http, unreachable<Live>('live'))
  telemetryRoutes(http, unreachable<Telemetry>('telemetry'))
  detectionRoutes(http, unreachable<Detection>('detection'), unreachableAccess)
  incidentRoutes(http, unreachable<Incidents>('incidents'))
  responseRoutes(http, unreachable<Response>('response'))
  reportingRoutes(http, unreachable<Reporting>('reporting'))
  incidentViewRoutes(http, unreachable('the incident page'))
  overviewRoutes(http, unreachable('the overview'))
  demoRoutes(http, unreachable('the told tenant'))
  return http
}
const unreachableAccess = Object.fromEntries(['tenants', 'users', 'keys', 'sessions', 'audit', 'gate'].map((part) => [part, unreachable(part)])) as unknown as Access

test('every route asks authenticate and authorize before anything else', async () => {
  const asked: string[] = []
  const http = build({
    authenticate: () => Promise.resolve({} as Actor),
    authorize: (_, action) => { asked.push(action); throw new HaechiError('forbidden', { action }) },
  })
  expect(http.routes.length).toBeGreaterThan(30)
  for (const { method, path, access } of http.routes) {
    if (access === 'public') continue
    const before = asked.length
    const response = await http.fetch(new Request(`http://test${path.replace(/\{\w+\}/g, 'x')}`, { method: method.toUpperCase(), ...(method === 'get' || method === 'head' ? {} : { body: '{}' }) }))
    expect([method, path, response.status, asked.slice(before)]).toEqual([method, path, 403, [access]])
    expect(actions).toContain(access)
  }
})

test('the routes that need no identity are exactly these', () => {
  const http = build({ authenticate: () => Promise.reject(new HaechiError('unauthenticated')), authorize: () => undefined })
  expect(http.routes.filter(({ access }) => access === 'public').map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...open].sort())
})
