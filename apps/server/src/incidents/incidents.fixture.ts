// The context on a database of its own, behind the real HTTP kit, with the real access, assets and outbox. Detection is a list that a test fills.
import { Registry } from 'prom-client'
import { accessMigrations, accessRoutes, openAccess } from '../access/api.ts'
import type { AccessHttp } from '../access/api.ts'
import { assetsMigrations, openAssets } from '../assets/api.ts'
import type { Alert, AlertEvent } from '../detection/api.ts'
import { manualClock } from '../platform/clock.ts'
import { createHttp } from '../platform/http.ts'
import { silentLog } from '../platform/log.ts'
import { createOutbox } from '../platform/outbox.ts'
import { testDatabase } from '../platform/postgres.fixture.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import { incidentRoutes, incidentsMigrations, openIncidents } from './api.ts'
import type { IncidentsOptions } from './api.ts'

export const startTime = Date.parse('2026-03-10T09:00:00Z')
const control = { authorization: 'Haechi-Control control-token-of-the-tests' }

/** `overrides`: what differs from an alert of one PowerShell on ws-12 five minutes ago. */
export function alertOf(tenantId: string, id: string, overrides: Partial<Alert> = {}): Alert {
  const at = overrides.firstEventAt ?? startTime - 300_000
  return {
    id, tenantId, kind: 'rule', severity: 'high', status: 'new', verdict: null, incidentId: null, host: 'ws-12', user: 'svc-backup', techniques: ['T1003.001'], tactics: ['credential-access'],
    rule: { id: 'rule-lsass', title: 'LSASS memory read', author: 'Haechi', source: 'own', license: 'Apache-2.0', packVersion: '1', references: [], falsePositives: [] },
    firstEventAt: at, lastEventAt: at + 1_000, receivedAt: at + 2_000, raisedAt: at + 3_000, eventCount: 1, indicators: [], backfill: false, processes: [], addresses: [], hashes: [], ...overrides,
  }
}

export const eventOf = (alert: Alert): AlertEvent => ({
  offset: 0, eventId: `event of ${alert.id}`, time: alert.firstEventAt, receivedAt: alert.receivedAt, source: 'sysmon', matched: [{ selection: 'selection', field: 'Image', value: 'powershell.exe' }], process: null,
  raw: JSON.stringify({ alert: alert.id }),
})

function detectionOf() {
  const alerts = new Map<string, Alert>()
  const set = (id: string, state: Partial<Alert>) => alerts.set(id, { ...alerts.get(id)!, ...state })
  const detection: IncidentsOptions['detection'] = {
    alerts: (tenantId, ids) => Promise.resolve(ids.flatMap((id) => alerts.get(id) ?? []).filter((alert) => alert.tenantId === tenantId).sort((a, b) => a.firstEventAt - b.firstEventAt || (a.id < b.id ? -1 : 1))),
    events: (_, ids) => Promise.resolve(new Map(ids.map((id) => [id, [eventOf(alerts.get(id)!)]]))),
    attach: (_tx, _tenant, incidentId, ids) => { for (const id of ids) set(id, { status: 'attached', incidentId }); return Promise.resolve() },
    dismiss: (_tx, _tenant, ids) => { for (const id of ids) set(id, { status: 'dismissed' }); return Promise.resolve() },
    judge: (_tx, _tenant, incidentId, verdict) => { for (const alert of alerts.values()) if (alert.incidentId === incidentId) set(alert.id, { verdict }); return Promise.resolve() },
    closedCounts: () => Promise.resolve({ truePositive: 3, benign: 1, falsePositive: 2, other: 4, suppressed: 5 }),
  }
  return { alerts, detection }
}

export async function openIncidentsFixture() {
  const { database, connection, drop } = await testDatabase([accessMigrations, assetsMigrations, incidentsMigrations])
  const clock = manualClock(startTime)
  const metrics = new Registry()
  const outbox = createOutbox({ database, connection, clock, log: silentLog, metrics })
  const access = openAccess({
    database, keyring: { key: () => Buffer.alloc(32, 7), sealer: () => sealerFromKey(Buffer.alloc(32, 7), 'master.key') }, clock, log: silentLog, controlToken: 'control-token-of-the-tests', secureCookies: false, outbox,
  })
  const assets = openAssets({ database, clock, access })
  const { alerts, detection } = detectionOf()
  const incidents = openIncidents({ database, clock, access, assets, detection, outbox })
  const http: AccessHttp = createHttp({ gate: access.gate, clock, log: silentLog, metrics, basePath: '', version: '0' })
  accessRoutes(http, access)
  incidentRoutes(http, incidents)
  await access.bootstrap({ tenantDisplayName: 'Test' })
  const call = async (method: string, path: string, request: { body?: unknown; headers?: Record<string, string> } = {}) => {
    const response = await http.fetch(new Request(`http://haechi.test${path}`, {
      method, headers: { 'content-type': 'application/json', ...control, 'x-haechi-tenant': 'default', ...request.headers }, ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    }))
    // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers by name
    const body: any = await response.json()
    return { status: response.status, body }
  }
  return {
    database, connection, clock, access, assets, incidents, detection, alerts, outbox, call,
    /** A tenant of its own. */
    async tenant(name: string): Promise<string> {
      const { status, body } = await call('POST', '/api/v1/tenants', { body: { name } })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body.id
    },
    /** As detection tells it: known, then announced. */
    async raise(tenantId: string, ...raised: Alert[]): Promise<void> {
      for (const alert of raised) alerts.set(alert.id, alert)
      await incidents.sortIn(tenantId, raised.map(({ id }) => id))
    },
    close: async () => { await outbox.stop(); await access.close(); await drop() },
  }
}
export type IncidentsFixture = Awaited<ReturnType<typeof openIncidentsFixture>>
