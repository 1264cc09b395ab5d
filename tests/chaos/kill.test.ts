// Every acknowledged event is there, and was searched for attacks, exactly once, whatever is killed and whenever: the server, or PostgreSQL under it.
// No alert and no incident comes twice, and correlations count each event once across all lives. Five kills here, fifty in test:full.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { grouped, searchable, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const kills = full ? 50 : 5
const total = full ? 200_000 : 40_000
const perRequest = 400

let server: TestServer | undefined
afterEach(async () => { await server?.remove() })

// A fixed seed makes a failure repeatable as far as the machine allows (mulberry32).
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** One event in `attackEvery` deletes shadow copies, on one of twenty servers, in one of six stretches of ten minutes. */
const attackEvery = 97
const servers = 20
const isAttack = (n: number) => n % attackEvery === 0
const attack = (n: number) => JSON.stringify({
  Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: `2026-11-20 08:${String(n % 60).padStart(2, '0')}:00.000`, Hostname: `SRV-${n % servers}.corp.example`, User: `CORP\\admin${n % servers}`,
  Image: String.raw`C:\Windows\System32\vssadmin.exe`, CommandLine: 'vssadmin.exe delete shadows /all /quiet', ParentImage: String.raw`C:\Windows\System32\cmd.exe`, n,
})
/** A hundred attempts of four steps each, far apart in the log, so that lives end between the steps of most. The fourth completes it, whichever that is. */
const attempts = 100
const steps = 4
const attemptOf = new Map(Array.from({ length: attempts * steps }, (_, k) => {
  const n = k * Math.floor(total / (attempts * steps)) + 1
  return [isAttack(n) ? n + 1 : n, k % attempts] as const
}))
const attempt = (n: number, of: number) => JSON.stringify({
  Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: '2026-11-20 08:30:00.000', Hostname: `GATE-${of % servers}.corp.example`, User: `CORP\\guest`, Image: String.raw`C:\Temp\attempt.exe`,
  CommandLine: `attempt.exe ${of}`, ParentImage: String.raw`C:\Windows\explorer.exe`, n,
})
const attemptRules = `title: One step
id: chaos-step
logsource: {product: windows, category: process_creation}
detection: {selection: {Image|endswith: '\\attempt.exe'}, condition: selection}
level: low
---
title: Four steps
id: chaos-attempt
level: high
correlation: {type: event_count, rules: [chaos-step], group-by: [Hostname, CommandLine], timespan: 5m, condition: {gte: ${steps}}}
`
async function installAttemptRules(at: TestServer): Promise<void> {
  const folder = join(at.data, 'attempt-rules')
  await mkdir(folder)
  await writeFile(join(folder, 'attempts.yml'), attemptRules)
  const answer = await at.api('/api/v1/rule-packs', { method: 'POST', body: JSON.stringify({ name: 'chaos', path: folder, all_tenants: true }) })
  expect(await answer.json()).toMatchObject({ accepted: 2, rejected: [] })
}

const line = (n: number) => attemptOf.has(n) ? attempt(n, attemptOf.get(n)!) : isAttack(n) ? attack(n) : JSON.stringify({ Channel: 'Security', EventID: 4624, Hostname: `WS-${n % 50}`, TargetUserName: `user${n % 20}`, EventTime: '2026-11-20 08:00:00', n })

/** Sends all batches, several at a time; whatever fails is sent again with the same key, to whichever server stands then. `onAcknowledged` may kill. */
async function sendAll(current: () => TestServer, authorization: string, onAcknowledged: (events: number) => Promise<void>): Promise<{ repeats: number }> {
  let next = 0
  let acknowledged = 0
  let repeats = 0
  const worker = async () => {
    while (next < total / perRequest) {
      const batch = next++
      const body = Array.from({ length: perRequest }, (_, i) => line(batch * perRequest + i)).join('\n')
      for (let tries = 0; ; tries++) {
        if (tries > 0) repeats++
        const answer = await fetch(`${current().url}/ingest/v1/events?source=chaos`, {
          method: 'POST', body, headers: { authorization, 'content-type': 'application/x-ndjson', 'idempotency-key': `batch-${batch}` },
        }).then(async (response) => ({ status: response.status, body: await response.json() as { accepted: number; duplicate: number; code?: string } }), () => null)
        if (answer?.status === 200) {
          expect(answer.body.accepted + answer.body.duplicate).toBe(perRequest)
          break
        }
        if (answer !== null && answer.status !== 503) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
        // Refused or cut: wait for the next turn of the event loop that a server may have come back in.
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      acknowledged += perRequest
      await onAcknowledged(acknowledged)
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return { repeats }
}

async function everyNumberOnce(at: TestServer): Promise<void> {
  const { durable } = await (await at.api('/api/v1/events/progress')).json() as { durable: number }
  await searchable(at, durable)
  const seen = new Uint8Array(total)
  let cursor: string | null = null
  let events = 0
  do {
    const page = await (await at.api(`/api/v1/events?limit=1000&fields=raw.n${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json() as { events: Record<string, number>[]; next_cursor: string | null }
    for (const event of page.events) seen[event['raw.n']!]!++
    events += page.events.length
    cursor = page.next_cursor
  } while (cursor !== null)
  const lost = seen.indexOf(0)
  const doubled = seen.findIndex((times) => times > 1)
  expect({ events, lost, doubled }).toEqual({ events: total, lost: -1, doubled: -1 })
  expect(await (await at.api('/api/v1/events/count')).json()).toEqual({ count: total })
}

async function everyAttackOnce(at: TestServer): Promise<void> {
  await grouped(at, total)
  const alerts: { id: string; host: string; event_count: number; incident_id: string | null; rule: { id: string } }[] = []
  let cursor: string | null = null
  do {
    const page = await (await at.api(`/api/v1/alerts?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json() as { alerts: typeof alerts; next_cursor: string | null }
    alerts.push(...page.alerts)
    cursor = page.next_cursor
  } while (cursor !== null)
  const expected = new Map<string, number>()
  for (let n = 0; n < total; n += attackEvery) {
    const key = `SRV-${n % servers} ${Math.floor((n % 60) / 10)}`
    expected.set(key, (expected.get(key) ?? 0) + 1)
  }
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(alerts.length)
  const [correlated, plain] = [alerts.filter(({ rule }) => rule.id === 'chaos-attempt'), alerts.filter(({ rule }) => rule.id !== 'chaos-attempt')]
  expect(plain.map(({ event_count }) => event_count).sort((a, b) => a - b)).toEqual([...expected.values()].sort((a, b) => a - b))
  // Each attempt was complete once: an event that a life had lost would leave it open, one that was counted twice would complete it again.
  expect(correlated.map(({ host, event_count }) => `${host} ${event_count}`).sort()).toEqual(Array.from({ length: servers }, (_, i) => `GATE-${i}.corp.example ${attempts / servers}`).sort())
  // One rule on twenty hosts is a storm: its first hosts have an incident each, the others share one. Whatever the order, a host is in one incident.
  const { incidents } = await (await at.api('/api/v1/incidents?status=all')).json() as { incidents: { id: string; affected_hosts: string[]; alert_count: number }[] }
  expect(incidents.flatMap(({ affected_hosts }) => affected_hosts).sort()).toEqual([...new Set(alerts.map(({ host }) => host))].sort())
  expect(incidents.reduce((sum, { alert_count }) => sum + alert_count, 0)).toBe(alerts.length)
  expect(alerts.every(({ incident_id }) => incidents.some(({ id }) => id === incident_id))).toBe(true)
}

test(`kill -9 of the server at ${kills} random moments of an ingest of ${total} events`, async () => {
  const next = random(20_261_122)
  const moments = Array.from({ length: kills }, () => Math.floor(next() * total * 0.95)).sort((a, b) => a - b)
  server = await startServer()
  await installAttemptRules(server)
  const key = await server.createKey({ role: 'ingest', name: 'chaos' })
  const restarts: Promise<void>[] = []
  let restarting = false
  let killed = 0
  await sendAll(() => server!, `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`, async (acknowledged) => {
    if (restarting || killed >= kills || acknowledged < moments[killed]!) return
    killed++
    restarting = true
    const restart = (async () => {
      // Somewhere inside a request of another worker, or inside the store's commit or roll.
      await new Promise((resolve) => setTimeout(resolve, next() * 60))
      await server!.kill()
      server = await server!.restart()
    })().finally(() => { restarting = false })
    restarts.push(restart)
    if (next() < 0.5) await restart
  })
  await Promise.all(restarts)
  expect(killed).toBeGreaterThanOrEqual(Math.min(kills, 3))
  await everyNumberOnce(server)
  await everyAttackOnce(server)
})

test('kill -9 of PostgreSQL during an ingest: the server stays, answers 503 meanwhile, and every acknowledged event is there exactly once', async () => {
  server = await startServer()
  const pid = server.pid
  await installAttemptRules(server)
  const key = await server.createKey({ role: 'ingest', name: 'chaos' })
  const moments = Array.from({ length: full ? 10 : 2 }, (_, i) => Math.floor((total * (i + 1)) / (full ? 12 : 4)))
  let killed = 0
  await sendAll(() => server!, `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`, async (acknowledged) => {
    if (killed >= moments.length || acknowledged < moments[killed]!) return
    killed++
    const postmaster = Number((await readFile(join(server!.data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
    process.kill(postmaster, 'SIGKILL')
  })
  expect(killed).toBe(moments.length)
  expect(server.pid).toBe(pid)
  await everyNumberOnce(server)
  await everyAttackOnce(server)
})
