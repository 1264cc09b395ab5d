// Every part that a story goes through, on a database and folders that outlive one opening: close and open again is a restart, kill() one without goodbye.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { accessMigrations, openAccess } from '../access/api.ts'
import type { AccessHttp } from '../access/api.ts'
import { assetsMigrations, openAssets } from '../assets/api.ts'
import { detectionMigrations, openDetection } from '../detection/api.ts'
import { incidentsMigrations, openIncidents } from '../incidents/api.ts'
import { intelMigrations, openIntel } from '../intel/api.ts'
import type { Clock } from '../platform/clock.ts'
import { eraseTenant, openDatabase } from '../platform/database.ts'
import { openEventLog } from '../platform/event-log/segments.ts'
import { openEventStore } from '../platform/event-store/duckdb.ts'
import { createHttp } from '../platform/http.ts'
import { silentLog } from '../platform/log.ts'
import { createOutbox } from '../platform/outbox.ts'
import { openPacks } from '../platform/packs.ts'
import { testDatabase } from '../platform/postgres.fixture.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import { openReporting, reportingRoutes } from '../reporting/api.ts'
import { openResponse, responseMigrations } from '../response/api.ts'
import { openTelemetry, telemetryMigrations } from '../telemetry/api.ts'
import { demoRoutes, storyClock } from './demo.ts'
import type { DemoParts } from './demo.ts'

const control = 'control-token-of-the-tests'

export async function openHouse(real: Clock) {
  const { database: keeper, connection, drop } = await testDatabase([accessMigrations, assetsMigrations, intelMigrations, telemetryMigrations, detectionMigrations, incidentsMigrations, responseMigrations])
  const root = await mkdtemp(join(tmpdir(), 'haechi-demo-'))
  const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')
  const log = silentLog

  const open = async () => {
    const clock = storyClock(real)
    const metrics = new Registry()
    const database = await openDatabase(connection, log)
    const outbox = createOutbox({ database, connection, clock, log, metrics })
    const access = openAccess({ database, keyring: { key: () => Buffer.alloc(32, 7), sealer: () => sealer }, clock, log, controlToken: control, secureCookies: false, outbox })
    await access.bootstrap({ tenantDisplayName: 'Test' })
    const logFolder = join(root, 'log')
    const eventLog = await openEventLog({ folder: logFolder, sealer, clock, log })
    const eventStore = await openEventStore({ folder: join(root, 'store'), logFolder, eventLog, sealer, log })
    const assets = openAssets({ database, clock, access })
    const intel = openIntel({ database, clock, outbox, access })
    const telemetry = openTelemetry({ database, log, clock, metrics, assets, eventLog, eventStore, retention: { eventDays: 90, logDays: 90 } })
    telemetry.start()
    const packs = await openPacks({ database, outbox, clock, log, dataDirectory: root })
    const detection = openDetection({
      database, eventLog, clock, log, metrics, outbox, packs, intel, audit: access.audit, sourceNames: telemetry.sourceNames, logFolder, sealer, ownRules: fileURLToPath(new URL('../../../../content/rules', import.meta.url)),
    })
    outbox.subscribe('detection.packs', ['platform.pack_switched.v1'], () => Promise.resolve(detection.packsChanged()))
    outbox.subscribe('detection.intel', ['intel.feed_changed.v1'], () => Promise.resolve(detection.intelChanged()))
    const incidents = openIncidents({ database, clock, access, assets, detection, outbox })
    const response = openResponse({ database, clock, log, access, incidents, assets, outbox, executors: [], signingKey: Buffer.alloc(32, 9), tenant: (tenantId) => access.tenants.resolve(tenantId), managementAddresses: () => [] })
    await outbox.start()
    await detection.start()
    const parts: DemoParts = { access, assets, intel, telemetry, detection, incidents, response, eventLog, eventStore, eraseRows: (tenantId) => eraseTenant(connection, tenantId, log), log }
    const http: AccessHttp = createHttp({ gate: access.gate, clock, log, metrics, basePath: '', version: '0' })
    demoRoutes(http, parts)
    reportingRoutes(http, openReporting({ clock, access, incidents, detection, telemetry, response }))
    return {
      clock, parts, database,
      async call(method: string, path: string, tenant = 'default') {
        const answer = await http.fetch(new Request(`http://haechi.test${path}`, { method, headers: { authorization: `Haechi-Control ${control}`, 'x-haechi-tenant': tenant } }))
        // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers by name
        return { status: answer.status, body: await answer.json() as any }
      },
      async close() {
        await outbox.stop()
        await response.close()
        await detection.close()
        await telemetry.close()
        await eventStore.close()
        await eventLog.close()
        await access.close()
        await database.close()
      },
    }
  }
  return { root, keeper, open, remove: async () => { await drop(); await rm(root, { recursive: true, force: true }) } }
}
export type House = Awaited<ReturnType<typeof openHouse>>
