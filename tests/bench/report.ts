// npm run bench:report: the report of a month with 1,000 incidents and 400 actions, as JSON and as HTML, beside a bare query of the same incidents in the same run.
// Detection and telemetry answer from memory: what is measured is reading incidents and actions, building and writing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { accessMigrations, openAccess } from '../../apps/server/src/access/api.ts'
import type { Actor } from '../../apps/server/src/access/api.ts'
import { incidentsMigrations, openIncidents } from '../../apps/server/src/incidents/api.ts'
import { severities } from '../../apps/server/src/incidents/model.ts'
import * as store from '../../apps/server/src/incidents/store.ts'
import type { Incident } from '../../apps/server/src/incidents/store.ts'
import { systemClock } from '../../apps/server/src/platform/clock.ts'
import { migrate, openDatabase } from '../../apps/server/src/platform/database.ts'
import { silentLog } from '../../apps/server/src/platform/log.ts'
import { createOutbox } from '../../apps/server/src/platform/outbox.ts'
import { launchPostgres } from '../../apps/server/src/platform/postgres-launcher.ts'
import { sealerFromKey } from '../../apps/server/src/platform/secrets.ts'
import { openReporting, renderHtml } from '../../apps/server/src/reporting/api.ts'
import { figuresOf } from '../../apps/server/src/response/figures.ts'
import { responseMigrations } from '../../apps/server/src/response/api.ts'
import { machine, quantile } from './load.ts'

const many = 1_000
const rounds = 15
const from = Date.UTC(2026, 2, 1)
const nothing = { truePositive: 0, benign: 0, falsePositive: 0, other: 0, suppressed: 0 }

function incident(place: number): Incident {
  const t3 = from + place * 2_600_000
  const severity = severities[place % 5]!
  return {
    id: `inc_${String(place).padStart(26, '0')}`, severity, machineSeverity: severity, severityReasons: [], status: 'closed', verdict: place % 3 === 0 ? 'false_positive' : 'true_positive',
    title: { en: `Credential dumping from LSASS on WS-${place}, by svc-backup`, ko: `WS-${place}에서 LSASS 자격 증명 덤프 (svc-backup)` }, analyst: null, hosts: [`WS-${place % 300}`], users: [`user-${place % 200}`],
    techniques: [`T10${String(place % 60).padStart(2, '0')}`, 'T1003.001'], tactics: ['credential-access', place % 2 === 0 ? 'execution' : 'persistence'], rules: [], alertCount: 5, backfill: false, lastActivity: t3, updatedAt: t3,
    clocks: { t0: t3 - 600_000, t1: t3, t2: t3, t3, t4: t3 + 400_000, t5: null, t6: t3, t7: null, t8: null, t8a: null, t9: t3 + 900_000, t9n: t3 + 900_000, t10: null, t11: t3 + 9_000_000, t12: t3 + 9_000_000, pauses: [] },
  }
}

const directory = await mkdtemp(join(tmpdir(), 'haechi-bench-'))
const postgres = await launchPostgres({ dataDirectory: join(directory, 'postgres'), report: () => undefined })
try {
  console.log(machine())
  const { connection } = postgres
  await migrate(connection, [{ context: 'platform', directory: new URL('../../apps/server/src/platform/migrations/', import.meta.url) }, accessMigrations, incidentsMigrations, responseMigrations], silentLog)
  const database = await openDatabase(connection, silentLog)
  const clock = systemClock
  const outbox = createOutbox({ database, connection, clock, log: silentLog })
  const access = openAccess({ database, keyring: { key: () => Buffer.alloc(32), sealer: () => sealerFromKey(Buffer.alloc(32), 'none') }, clock, log: silentLog, controlToken: 'a control token of the bench only', secureCookies: false, outbox })
  const incidents = openIncidents({
    database, clock, access, outbox, assets: { observe: () => Promise.resolve(), named: () => Promise.resolve(new Map()) },
    detection: { alerts: () => Promise.resolve([]), events: () => Promise.resolve(new Map()), attach: () => Promise.resolve(), dismiss: () => Promise.resolve(), judge: () => Promise.resolve(), closedCounts: () => Promise.resolve(nothing) },
  })
  const reporting = openReporting({
    clock, access, incidents, telemetry: { sources: () => Promise.resolve([]) },
    detection: { counts: () => Promise.resolve({ events: 1e9, matches: 90_000, alerts: 9_000, suppressed: 10, attached: 8_000, dismissed: 990 }), noisyRules: () => Promise.resolve([]), rules: () => Promise.resolve([]) },
    response: { figures: (tenantId, start, end) => database.read(tenantId, (tx) => figuresOf(tx, tenantId, start, end)), forIncident: () => Promise.resolve([]) },
  })
  const first = await access.bootstrap({ tenantDisplayName: 'bench' })
  if (!first.created) throw new Error('not empty')
  const { tenantId } = first.tenant
  await database.tenant(tenantId, async (tx) => {
    await store.write(tx, tenantId, Array.from({ length: many }, (_, place) => incident(place)))
    await sql`INSERT INTO response_actions (id, tenant_id, incident_id, incident_title_en, incident_title_ko, incident_severity, type, status, reason, urgency, requester_kind, requester_person, requester_actor, requester_name, requested_at, decided_at, decided_by, decided_by_person, decision, policy_version)
      SELECT 'act_' || n, ${tenantId}, 'inc_' || n, 'x', 'x', 'high', 'isolate_host', 'failed', 'x', 'high', 'provider', 'p', 'user', 'kim', ${new Date(from)}::timestamptz + n * interval '1 hour', ${new Date(from)}::timestamptz + n * interval '1 hour 10 minutes', 'park', true, 'approved', 1 FROM generate_series(1, 400) n`.execute(tx)
    await sql`INSERT INTO response_targets (tenant_id, action_id, ordinal, target, effect, names, candidates, state, decision, rule, approvers, needed, on_timeout, timeout_minutes, reason_code)
      SELECT ${tenantId}, 'act_' || n, 0, 'WS-1', 'x', '{}', '{}', 'failed', 'ask', 'x', 'customer', 1, 'expire', 60, 'no_executor' FROM generate_series(1, 400) n`.execute(tx)
  })
  const actor: Actor = { kind: 'operator', id: 'operator', person: 'operator', name: 'operator', tenantId, side: 'provider', role: null, ownerRole: null, siteId: null, allTenants: true, language: null, mustChangePassword: false }
  const measure = async (work: () => Promise<unknown>): Promise<number[]> => {
    await work()
    const times: number[] = []
    for (let i = 0; i < rounds; i++) {
      const begin = performance.now()
      await work()
      times.push(performance.now() - begin)
    }
    return times
  }
  const bare = await measure(() => database.read(tenantId, (tx) => sql`SELECT * FROM incidents_incidents WHERE tenant_id = ${tenantId} AND t3 >= ${from} ORDER BY t3`.execute(tx)))
  const floor = quantile(bare, 0.5)
  const show = (name: string, times: readonly number[], more = '') => console.log(`${name}: p50 ${quantile(times, 0.5).toFixed(1)} ms, worst ${Math.max(...times).toFixed(1)} ms (${(quantile(times, 0.5) / floor).toFixed(1)} x the bare query)${more}`)
  show('bare query of the same incidents', bare)
  const monthly = (language: 'en' | 'ko') => reporting.monthly(actor, tenantId, { year: '2026', month: '3' }, language)
  const report = await monthly('en')
  if (report.sections.incidents.total.count !== many || report.sections.response.requested.count !== 400) throw new Error('the month is not whole')
  show('report as JSON', await measure(async () => JSON.stringify(await monthly('en'))), `, ${(JSON.stringify(report).length / 1024).toFixed(0)} KiB`)
  show('report as HTML, Korean', await measure(async () => renderHtml(await monthly('ko'))), `, ${(renderHtml(report).length / 1024).toFixed(0)} KiB`)
  await access.close()
  await database.close()
} finally {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
}
