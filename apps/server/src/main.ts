// The composition root: config -> data directory -> database -> contexts -> HTTP. Every start goes through here, and whatever was started is
// stopped in reverse, also when a later step fails. Defended by tests/e2e/cli.test.ts.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accessMigrations, accessRoutes, openAccess } from './access/api.ts'
import type { Action, Actor } from './access/api.ts'
import { assetRoutes, assetsMigrations, openAssets } from './assets/api.ts'
import { detectionMigrations, detectionRoutes, openDetection } from './detection/api.ts'
import { incidentRoutes, incidentsMigrations, openIncidents } from './incidents/api.ts'
import { intelMigrations, intelRoutes, openIntel } from './intel/api.ts'
import { systemClock } from './platform/clock.ts'
import type { Config } from './platform/config.ts'
import { openConsole } from './platform/console.ts'
import { lockDataDirectory } from './platform/data-directory.ts'
import { eraseTenant, migrate, openDatabase } from './platform/database.ts'
import type { DatabaseConnection, MigrationSource } from './platform/database.ts'
import type { HaechiError } from './platform/errors.ts'
import { openEventLog } from './platform/event-log/segments.ts'
import { openEventStore } from './platform/event-store/duckdb.ts'
import { createHttp, listen } from './platform/http.ts'
import { openLog } from './platform/log.ts'
import { openMetrics } from './platform/metrics.ts'
import { createOutbox } from './platform/outbox.ts'
import { openPacks } from './platform/packs.ts'
import { platformRoutes } from './platform/routes.ts'
import { launchPostgres } from './platform/postgres-launcher.ts'
import { openKeyring } from './platform/secrets.ts'
import { serverCertificate } from './platform/tls.ts'
import { every, openWorkflows } from './platform/workflows.ts'
import { openReporting, reportingRoutes } from './reporting/api.ts'
import { openResponse, responseMigrations, responseRoutes } from './response/api.ts'
import { openTelemetry, telemetryMigrations, telemetryRoutes } from './telemetry/api.ts'
import { demoRoutes, fillDemo, storyClock } from './views/demo.ts'
import { incidentViewRoutes } from './views/incident.ts'
import { liveRoutes, openLive } from './views/live.ts'
import { overviewRoutes } from './views/overview.ts'

export { readConfig, settings } from './platform/config.ts'
export type { Config } from './platform/config.ts'

export type ServeStep = {
  step: 'data_directory' | 'keys' | 'database' | 'migrations' | 'event_log' | 'event_store' | 'workflows' | 'demo' | 'http'
  detail?: string
}

/** `firstUser` only at the first start, when its one-time password was made. */
export type Running = {
  readonly url: string
  readonly dataDirectory: string
  readonly logFile: string
  readonly firstUser: { readonly name: string; readonly oneTimePassword: string } | null
  /** The built-in CA's certificate, where it issued the server's. */
  readonly caFile: string | null
  readonly startedInMs: number
  /** Resolves when a part that nothing works without is gone for good; close() and end with it. */
  readonly failed: Promise<HaechiError>
  /** Drains: no new requests, those under way end, everything durable is closed. */
  close(): Promise<void>
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const migrations: MigrationSource[] = [
  { context: 'platform', directory: new URL('./platform/migrations/', import.meta.url) },
  accessMigrations, assetsMigrations, intelMigrations, telemetryMigrations, detectionMigrations, incidentsMigrations, responseMigrations,
]
const ownRules = fileURLToPath(new URL('../../../content/rules', import.meta.url))

const drainMs = 10_000
const logFileBytes = 64 * 1_048_576

/** `demo`: fill a tenant of its own with the told story, unless it is there. Errors: coded; nothing is left running. */
export async function serve(config: Config, report: (step: ServeStep) => void, { demo = false }: { readonly demo?: boolean } = {}): Promise<Running> {
  const started = performance.now()
  const stops: (() => Promise<void> | void)[] = []
  // A part that cannot stop does not keep the others from stopping, nor the process from ending.
  const stopAll = async () => {
    const failures: unknown[] = []
    for (const stop of stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
  try {
    report({ step: 'data_directory', detail: config.data })
    const lock = await lockDataDirectory(config.data)
    stops.push(() => lock.release())
    // The real time, but while a story is told, before anybody else is let in.
    const clock = storyClock(systemClock)
    const logFile = join(config.data, 'haechi.log')
    await rotate(logFile)
    const log = openLog({ level: config.log_level, destination: logFile })
    stops.push(() => log.flush())
    // Built beside the rest of the start: neither waits for the other.
    const site = openConsole({ log, dataDirectory: config.data, basePath: config.base_path })
    stops.push(() => site.close())
    const metrics = openMetrics()

    report({ step: 'keys' })
    const keyring = await openKeyring(join(config.data, 'keys', 'master.key'))
    const tls = await serverCertificate({ host: config.host, certFile: config.tls_cert, keyFile: config.tls_key, dataDirectory: config.data, clock })

    report({ step: 'database' })
    let connection: DatabaseConnection = config.database_url
    let failed = new Promise<HaechiError>(() => undefined)
    if (config.database_url === '') {
      const postgres = await launchPostgres({ dataDirectory: join(config.data, 'postgres'), report: (detail) => report({ step: 'database', detail }) })
      stops.push(() => postgres.stop())
      connection = postgres.connection
      failed = postgres.lost
    }
    report({ step: 'migrations' })
    const applied = await migrate(connection, migrations, log)
    if (applied.length > 0) report({ step: 'migrations', detail: String(applied.length) })
    const database = await openDatabase(connection, log)
    stops.push(() => database.close())
    const outbox = createOutbox({ database, connection, clock, log, metrics })

    const controlToken = randomBytes(32).toString('base64url')
    const access = openAccess({
      database, keyring, clock, log, controlToken, outbox, secureCookies: tls !== null,
      rateLimit: { perSecond: config.requests_per_second, burst: 2 * config.requests_per_second },
    })
    stops.push(() => access.close())
    const first = await access.bootstrap({ tenantDisplayName: hostname(), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone })

    report({ step: 'event_log' })
    const eventLog = await openEventLog({ folder: join(config.data, 'log'), sealer: keyring.sealer('event-log'), clock, log })
    stops.push(() => eventLog.close())
    report({ step: 'event_store' })
    const eventStore = await openEventStore({ folder: join(config.data, 'store'), logFolder: join(config.data, 'log'), eventLog, sealer: keyring.sealer('event-log'), log })
    stops.push(() => eventStore.close())

    const assets = openAssets({ database, clock, access })
    const intel = openIntel({ database, clock, outbox, access })
    const telemetry = openTelemetry({
      database, log, clock, metrics, assets, eventLog, eventStore, retention: { eventDays: config.event_retention_days, logDays: config.log_retention_days },
    })
    telemetry.start()
    stops.push(() => telemetry.close())
    const packs = await openPacks({ database, outbox, clock, log, dataDirectory: config.data })
    const detection = openDetection({
      database, eventLog, clock, log, metrics, outbox, packs, intel, audit: access.audit, sourceNames: telemetry.sourceNames,
      logFolder: join(config.data, 'log'), sealer: keyring.sealer('event-log'), ownRules,
    })
    stops.push(() => detection.close())
    outbox.subscribe('detection.packs', ['platform.pack_switched.v1'], () => Promise.resolve(detection.packsChanged()))
    outbox.subscribe('detection.intel', ['intel.feed_changed.v1'], () => Promise.resolve(detection.intelChanged()))
    const incidents = openIncidents({ database, clock, access, assets, detection, outbox })
    const response = openResponse({
      database, clock, log, access, incidents, assets, outbox, executors: [], signingKey: keyring.key('response-policy'), tenant: (tenantId) => access.tenants.resolve(tenantId),
      managementAddresses: () => [config.host, ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))],
    })
    stops.push(() => response.close())
    const reporting = openReporting({ clock, access, incidents, detection, telemetry, response })
    const live = openLive({ outbox, eventLog, clock })

    report({ step: 'workflows' })
    const workflows = await openWorkflows({ connection, database, clock, log, executorId: hostname() })
    stops.push(() => workflows.close())
    const retention = workflows.define<null, void>('telemetry.retention', async (run) => {
      for (const tenant of await run.step('tenants', () => eventLog.tenants())) await run.step(`retain ${tenant}`, async () => {
        await telemetry.retain(tenant)
        await detection.retain(tenant)
      })
    })
    workflows.schedule(retention, every(3_600_000))
    await workflows.launch()
    await outbox.start()
    stops.push(() => outbox.stop())
    await detection.start()
    const sweeps = setInterval(() => {
      access.sweep().catch((error: unknown) => log.warn({ err: error }, 'sweep of sessions and signatures failed; will be tried again'))
    }, 60_000)
    stops.push(() => clearInterval(sweeps))
    const responseSweeps = setInterval(() => {
      response.sweep().catch((error: unknown) => log.warn({ err: error }, 'approvals and containments that are due could not be looked at; will be tried again'))
    }, 2_000)
    stops.push(() => clearInterval(responseSweeps))

    const demoParts = { access, assets, intel, telemetry, detection, incidents, response, eventLog, eventStore, eraseRows: (tenantId: string) => eraseTenant(connection, tenantId, log), log }
    if (demo) {
      report({ step: 'demo' })
      await fillDemo(demoParts, clock)
    }

    report({ step: 'http' })
    const http = createHttp<Actor, Action>({
      gate: access.gate, clock, log, metrics, site, basePath: config.base_path, version,
      description: `Signed requests: ${config.requests_per_second} a second for each API key, ${2 * config.requests_per_second} at once; over it 429 with Retry-After. Ingest is not limited by rate. Errors are Problem Details with a stable \`code\`, in the language of Accept-Language (ko, en).`,
      ...(tls === null ? {} : { headers: { 'strict-transport-security': 'max-age=31536000' } }),
    })
    platformRoutes(http, { metrics, version, checks: { database: () => database.ping(), event_store: async () => { await Promise.all(eventLog.tenants().slice(0, 1).map((tenant) => eventStore.statistics(tenant))) } } })
    accessRoutes(http, access)
    assetRoutes(http, assets)
    intelRoutes(http, intel)
    telemetryRoutes(http, telemetry)
    detectionRoutes(http, detection, access)
    incidentRoutes(http, incidents)
    responseRoutes(http, response)
    reportingRoutes(http, reporting)
    incidentViewRoutes(http, { incidents, response, assets })
    overviewRoutes(http, { access, telemetry, detection, incidents, response, clock })
    liveRoutes(http, live)
    demoRoutes(http, demoParts)
    const listening = await listen((request) => http.fetch(request), { host: config.host, port: config.port, ...(tls === null ? {} : { tls }) })
    stops.push(() => listening.close(drainMs))
    stops.push(() => live.close())

    const wildcard = config.host === '0.0.0.0' || config.host === '::'
    const name = wildcard ? 'localhost' : config.host.includes(':') ? `[${config.host}]` : config.host
    const url = `${tls === null ? 'http' : 'https'}://${name}:${listening.port}${config.base_path}`
    const control = join(config.data, 'control.json')
    await writeFile(`${control}.new`, `${JSON.stringify({ url, token: controlToken, pid: process.pid, ...(tls?.caFile === undefined ? {} : { ca_file: tls.caFile }) })}\n`, { mode: 0o600 })
    await rename(`${control}.new`, control)
    stops.push(() => rm(control, { force: true }))
    const startedInMs = Math.round(performance.now() - started)
    log.info({ url, started_in_ms: startedInMs, version }, 'ready')
    return {
      url, dataDirectory: config.data, logFile, caFile: tls?.caFile ?? null, startedInMs,
      firstUser: first.created ? { name: first.user.name, oneTimePassword: first.oneTimePassword } : null,
      failed,
      close: stopAll,
    }
  } catch (error) {
    await stopAll().catch(() => undefined)
    throw error
  }
}

/** One file back is kept: enough to see what came before, bounded without a tool. */
async function rotate(file: string): Promise<void> {
  const size = await stat(file).then((found) => found.size, () => 0)
  if (size > logFileBytes) await rename(file, `${file}.1`)
}
