// npm run bench:incidents: lists and pages of incidents in a tenant of 100,000, through the routes, beside a bare indexed SELECT in the same run.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { Registry } from 'prom-client'
import { accessMigrations, openAccess } from '../../apps/server/src/access/api.ts'
import type { AccessHttp } from '../../apps/server/src/access/api.ts'
import { assetsMigrations, openAssets } from '../../apps/server/src/assets/api.ts'
import { detectionMigrations } from '../../apps/server/src/detection/api.ts'
import type { Alert } from '../../apps/server/src/detection/api.ts'
import * as alertStore from '../../apps/server/src/detection/store.ts'
import { incidentRoutes, incidentsMigrations, openIncidents } from '../../apps/server/src/incidents/api.ts'
import type { IncidentsOptions } from '../../apps/server/src/incidents/api.ts'
import { severities, statuses, verdicts } from '../../apps/server/src/incidents/model.ts'
import * as store from '../../apps/server/src/incidents/store.ts'
import type { Incident } from '../../apps/server/src/incidents/store.ts'
import { systemClock } from '../../apps/server/src/platform/clock.ts'
import { migrate, openDatabase } from '../../apps/server/src/platform/database.ts'
import { createHttp } from '../../apps/server/src/platform/http.ts'
import { silentLog } from '../../apps/server/src/platform/log.ts'
import { createOutbox } from '../../apps/server/src/platform/outbox.ts'
import { launchPostgres } from '../../apps/server/src/platform/postgres-launcher.ts'
import { sealerFromKey } from '../../apps/server/src/platform/secrets.ts'
import { machine, quantile } from './load.ts'

const many = 100_000
const month = 30 * 86_400_000
const now = Date.now()
const controlToken = 'a control token of the bench only'

/** Repeatable numbers below `below`. */
let seed = 1
const random = (below: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return Math.floor((seed / 2_147_483_648) * below)
}
/** Nine of ten are closed, as in a tenant that has lived a while. */
function incident(place: number): Incident {
  const t3 = now - 6 * month + Math.floor((place / many) * 6 * month)
  const status = random(10) > 0 ? 'closed' : statuses[random(5)]!
  const severity = severities[[0, 1, 1, 2, 2, 2, 3, 3, 3, 4][random(10)]!]!
  const t4 = t3 + 60_000 * (1 + random(30))
  const done = status === 'closed' || status === 'resolved' ? t4 + 3_600_000 : null
  return {
    id: `inc_${String(place).padStart(26, '0')}`, severity, machineSeverity: severity, severityReasons: [{ en: 'High by the rule “LSASS memory read”', ko: '규칙의 수준이 높음입니다' }], status,
    verdict: status === 'closed' ? verdicts[random(verdicts.length)]! : null, title: { en: `Credential dumping from LSASS on WS-${place}, by svc-backup`, ko: `WS-${place}에서 LSASS 자격 증명 덤프 (svc-backup)` },
    analyst: random(3) === 0 ? null : { id: `usr_${random(10)}`, name: `analyst-${random(10)}` }, hosts: [`WS-${random(5_000)}.corp.example`], users: [`CORP\\user-${random(2_000)}`],
    techniques: [`T10${String(random(60)).padStart(2, '0')}`], tactics: ['credential-access'], rules: [{ id: `rule-${random(300)}`, title: 'LSASS memory read', severity, techniques: [] }], alertCount: 2, backfill: random(100) === 0,
    lastActivity: t3 + 60_000, updatedAt: t4,
    clocks: { t0: t3 - 60_000 * random(60), t1: t3 - 2_000, t2: t3 - 1_000, t3, t4, t5: t4, t6: t3 + 500, t7: null, t8: null, t8a: null, t9: null, t9n: null, t10: null, t11: done, t12: status === 'closed' ? done : null, pauses: [] },
  }
}
const alertsOf = (id: string): string[] => [`alt_${id.slice(4)}0`, `alt_${id.slice(4)}1`]
const alert = (id: string): Alert => ({
  id, tenantId: '', kind: 'rule', severity: 'high', status: 'new', verdict: null, incidentId: null, host: 'WS-1.corp.example', user: 'CORP\\user-1', techniques: ['T1003.001'], tactics: ['credential-access'],
  rule: { id: 'rule-1', title: 'LSASS memory read', author: 'Haechi', source: 'own', license: 'Apache-2.0', packVersion: '1', references: [], falsePositives: [] },
  firstEventAt: now, lastEventAt: now, receivedAt: now, raisedAt: now, eventCount: 3, indicators: [], backfill: false, addresses: ['203.0.113.4'], hashes: [],
  processes: [{ guid: `{${id}}`, pid: '1', image: 'C:\\x\\a.exe', commandLine: 'a.exe', user: null, parentGuid: '{p}', parentPid: '2', parentImage: 'C:\\x\\b.exe', parentCommandLine: 'b', at: now }],
})
const directory = await mkdtemp(join(tmpdir(), 'haechi-bench-'))
const postgres = await launchPostgres({ dataDirectory: join(directory, 'postgres'), report: () => undefined })
try {
  console.log(machine())
  const { connection } = postgres
  const platform = { context: 'platform', directory: new URL('../../apps/server/src/platform/migrations/', import.meta.url) }
  await migrate(connection, [platform, accessMigrations, assetsMigrations, detectionMigrations, incidentsMigrations], silentLog)
  const database = await openDatabase(connection, silentLog)
  // Alerts and the records behind them are read as detection reads them; new ones come from memory, and nothing is written back.
  const detection: IncidentsOptions['detection'] = {
    alerts: (tenantId, ids) => (ids[0]?.startsWith('new_') === true
      ? Promise.resolve(ids.map((id): Alert => ({ ...alert(id), host: `WS-${random(5_000)}.corp.example`, user: `CORP\\user-${random(2_000)}`, rule: { ...alert(id).rule, id: `rule-${random(300)}` } })))
      : database.read(tenantId, (tx) => alertStore.byIds(tx, tenantId, ids))),
    async events(tenantId, ids) {
      const rows = await database.read(tenantId, (tx) => alertStore.eventsOf(tx, tenantId, ids))
      return Map.groupBy(rows.map((row) => ({ ...row, offset: Number(row.log_offset), eventId: row.event_id, time: Number(row.time), receivedAt: Number(row.received_at) })), (row) => row.alert_id)
    },
    attach: () => Promise.resolve(), dismiss: () => Promise.resolve(), judge: () => Promise.resolve(),
    closedCounts: (tenantId, from, to) => database.read(tenantId, (tx) => alertStore.closedCounts(tx, tenantId, from, to)),
  }
  const outbox = createOutbox({ database, connection, clock: systemClock, log: silentLog })
  const access = openAccess({
    database, keyring: { key: () => Buffer.alloc(32), sealer: () => sealerFromKey(Buffer.alloc(32), 'none') }, clock: systemClock, log: silentLog, controlToken, secureCookies: false, outbox,
  })
  const incidents = openIncidents({ database, clock: systemClock, access, assets: openAssets({ database, clock: systemClock, access }), detection, outbox })
  const http: AccessHttp = createHttp({ gate: access.gate, clock: systemClock, log: silentLog, metrics: new Registry(), basePath: '', version: '0' })
  incidentRoutes(http, incidents)
  const first = await access.bootstrap({ tenantDisplayName: 'bench' })
  if (!first.created) throw new Error('not empty')
  const { tenantId } = first.tenant

  const started = performance.now()
  for (let from = 0; from < many; from += 1_000) {
    const batch = Array.from({ length: 1_000 }, (_, i) => incident(from + i))
    await database.tenant(tenantId, async (tx) => {
      await store.write(tx, tenantId, batch)
      await store.writeAlerts(tx, tenantId, batch.flatMap(({ id, clocks }) => alertsOf(id).map((each) => ({ id: each, incidentId: id, severity: 'high' as const, firstEventAt: clocks.t0 }))))
      await store.writeKeys(tx, tenantId, batch.map(({ id, clocks, hosts, users, techniques, rules }) => ({
        id, detectedAt: clocks.t3, keys: [...hosts.map((host) => `host:${host}`), ...users.map((user) => `user:${user}`), ...techniques.map((technique) => `technique:${technique}`), ...rules.map((rule) => `rule:${rule.id}`), `ioc:ip:203.0.113.${random(200)}`],
      })))
      await store.writeEntries(tx, tenantId, batch.flatMap(({ id, clocks }) => ['status', 'comment', 'assignment'].map((kind, place) => ({
        id: `tml_${id.slice(4)}${place}`, incidentId: id, at: clocks.t3 + place, kind: kind as 'status', actor: { kind: 'user' as const, name: 'kim' }, text: { en: 'done', ko: '했습니다' },
      }))))
    })
  }
  const processes = JSON.stringify(alert('p').processes)
  await database.tenant(tenantId, async (tx) => {
    await sql`
      INSERT INTO detection_alerts SELECT ${tenantId}, 'alt_' || lpad(n::text, 26, '0') || part, 'rule', 'rule-1', ${JSON.stringify(alert('r').rule)}::json, 'high', 'attached', NULL, 'inc_' || lpad(n::text, 26, '0'), NULL,
        'WS-' || n % 5000 || '.corp.example', 'CORP\\user-' || n % 2000, ARRAY['T1003.001'], ARRAY['credential-access'], ${now}::bigint - n, ${now}::bigint - n, ${now}::bigint - n, ${now}::bigint - n, 3, '[]'::json, false, ${processes}::json,
        ARRAY['203.0.113.4'], ARRAY[]::text[], n, NULL
      FROM generate_series(0, ${many - 1}::integer) n, generate_series(0, 1) part`.execute(tx)
    await sql`INSERT INTO detection_records SELECT ${tenantId}, n, 'event', 'src', ${now}, ${now}, NULL, ${JSON.stringify({ pad: 'x'.repeat(900) })} FROM generate_series(0, ${many - 1}::integer) n`.execute(tx)
    await sql`INSERT INTO detection_evidence SELECT ${tenantId}, 'alt_' || lpad(n::text, 26, '0') || part, n, '[]'::json FROM generate_series(0, ${many - 1}::integer) n, generate_series(0, 1) part`.execute(tx)
  })
  // What autovacuum does within a minute.
  const owner = new pg.Client(connection)
  await owner.connect()
  await owner.query('VACUUM ANALYZE')
  await owner.end()
  console.log(`${many.toLocaleString('en')} incidents with 200,000 alerts and their records loaded in ${((performance.now() - started) / 1_000).toFixed(1)} s`)

  const measure = async (rounds: number, work: (round: number) => Promise<void>): Promise<{ p50: number; p99: number }> => {
    for (let i = 0; i < Math.min(10, rounds); i++) await work(i)
    const times: number[] = []
    for (let i = 0; i < rounds; i++) {
      const begin = performance.now()
      await work(i)
      times.push(performance.now() - begin)
    }
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
  }
  const api = async (path: string): Promise<{ incidents: { id: string }[]; next_cursor: string | null; total: number }> => {
    const response = await http.fetch(new Request(`http://bench${path}`, { headers: { authorization: `Haechi-Control ${controlToken}`, 'x-haechi-tenant': 'default' } }))
    if (response.status !== 200) throw new Error(`${path}: ${await response.text()}`)
    return await response.json() as never
  }
  const id = () => `inc_${String(random(many)).padStart(26, '0')}`
  const floor = await measure(500, async () => {
    await database.read(tenantId, (tx) => sql`SELECT id, title FROM incidents_incidents WHERE tenant_id = ${tenantId} AND id = ${id()}`.execute(tx))
  })
  const show = (name: string, { p50, p99 }: { p50: number; p99: number }) =>
    console.log(`${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${(p50 / floor.p50).toFixed(0)} x the bare SELECT)`)
  show('bare SELECT of one by its id', floor)

  const mid = new Date(now - 3 * month).toISOString()
  for (const [name, query] of [
    ['open', 'status=open'], ['all', 'status=all'], ['one state that few have', 'status=contained'], ['severity', 'status=all&severity=critical'], ['analyst', 'status=all&analyst=usr_3'],
    ['analyst, open', 'status=open&analyst=usr_3'], ['window', `status=all&start_time=${mid}`], ['everything at once', `status=closed&severity=high&analyst=usr_7&start_time=${mid}`],
  ] as const) show(`list, 50 a page, ${name}`, await measure(200, async () => { await api(`/api/v1/incidents?limit=50&${query}`) }))
  let cursor: string | null = null
  show('list, 50 a page, on through 200 pages', await measure(200, async () => {
    const page = await api(`/api/v1/incidents?limit=50${cursor === null ? '' : `&cursor=${cursor}`}`)
    cursor = page.next_cursor
  }))
  show('list without limit, 10,000 of all', await measure(5, async () => { await api('/api/v1/incidents') }))
  show('incident with story and what is alike', await measure(200, async () => { await incidents.get(tenantId, id(), 'en') }))
  show('metrics of the month to date', await measure(5, async () => { await api('/api/v1/metrics') }))
  show('incidents by day of 30 days', await measure(50, async () => { await incidents.dayCounts(tenantId, now - month, now, 'Asia/Seoul') }))
  show('one alert into an incident', await measure(200, async (round) => { await incidents.sortIn(tenantId, [`new_${round}_${performance.now()}`]) }))
  await access.close()
  await database.close()
} finally {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
}
