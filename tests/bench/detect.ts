// npm run bench:detect [-- --seconds 60] [--rate 5000] [--rules sigmahq] [--events otrf]: events of 1 kB over HTTP to durable, searched for attacks and searchable;
// beside the bare matcher over the same bytes in one thread. One event in 500 is an attack. Then, at half the rate, the time from receipt to the alert.
// `--rules sigmahq`: SigmaHQ's pinned rules beside the own pack. `--events otrf`: the balanced lane of recorded attacks, without rendered messages and long scripts: 1 kB on average.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { createMatcher, parse } from '@haechi/sigma'
import { corpus, grouped, root, searchable, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { events, machine, memory, postAgain, processorTime, quantile } from './load.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '5000' }, rules: { type: 'string', default: 'own' }, events: { type: 'string', default: 'same' } },
})
const seconds = Number(values.seconds)
const rate = Number(values.rate)
const perRequest = 500
const lineBytes = 1_000

/** Deleting shadow copies on one of forty hosts, padded to the size of every other event. */
function attack(n: number): string {
  const host = Math.floor(n / perRequest) % 40
  const event = {
    Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: new Date().toISOString().replace('T', ' ').replace('Z', ''), Hostname: `SRV-${host}.corp.example`, RecordNumber: `attack-${n}`,
    Image: String.raw`C:\Windows\System32\vssadmin.exe`, CommandLine: 'vssadmin.exe delete shadows /all /quiet', User: `CORP\\user${host}`, ProcessId: 5128, ProcessGuid: `{${n}}`,
    ParentImage: String.raw`C:\Windows\System32\cmd.exe`, ParentCommandLine: 'cmd.exe', Pad: '',
  }
  event.Pad = 'x'.repeat(lineBytes - 1 - Buffer.byteLength(JSON.stringify(event)))
  return `${JSON.stringify(event)}\n`
}
/** A shipper that leaves out what Windows renders sends about 1 kB an event. */
const lane = values.events === 'otrf' ? laneLines() : null
function laneLines(): string[] {
  return gunzipSync(readFileSync(join(corpus, 'telemetry/otrf-lane-balanced-30k.ndjson.gz'))).toString().split('\n').flatMap((text) => {
    if (text === '') return []
    const { Message: _, ...event } = JSON.parse(text) as Record<string, unknown>
    const line = `${JSON.stringify(event)}\n`
    return line.length <= 1_600 ? [line] : []
  })
}
/** The lane as one text, and where its lines begin: what is sent must cost the sender little. */
const laneBytes = Buffer.from((lane ?? []).join(''))
const laneStarts = [0]
for (const line of lane ?? []) laneStarts.push(laneStarts.at(-1)! + Buffer.byteLength(line))
function background(first: number, count: number): Buffer {
  if (lane === null) return events(first, count)
  const parts: Buffer[] = []
  for (let at = first % lane.length, left = count; left > 0; at = 0) {
    const taken = Math.min(left, lane.length - at)
    parts.push(laneBytes.subarray(laneStarts[at], laneStarts[at + taken]))
    left -= taken
  }
  return Buffer.concat(parts)
}
const batch = (first: number): Buffer => Buffer.concat([Buffer.from(attack(first)), background(first, perRequest - 1)])

/** Requests of `perRequest` at their times, whatever the ones before do; answers how many events were kept. */
async function openLoop(server: TestServer, authorization: string, from: number, duration: number, perSecond: number): Promise<{ kept: number; waits: number[] }> {
  const begin = performance.now()
  const pending: Promise<void>[] = []
  const waits: number[] = []
  let kept = 0
  for (let i = 0; i < (duration * perSecond) / perRequest; i++) {
    const due = begin + (i * perRequest * 1000) / perSecond
    if (due > performance.now()) await delay(due - performance.now())
    const first = from + i * perRequest
    pending.push(postAgain(`${server.url}/ingest/v1/events`, batch(first), { authorization, 'content-type': 'application/x-ndjson', 'idempotency-key': `d${first}` }).then(({ status, body }) => {
      if (status !== 200) throw new Error(`${status} ${body}`)
      const totals = JSON.parse(body) as { accepted: number; duplicate: number }
      kept += totals.accepted + totals.duplicate
      waits.push(performance.now() - due)
    }))
  }
  await Promise.all(pending)
  return { kept, waits }
}

type Alert = { event_count: number; received_at: string; raised_at: string; host: string | null; rule: { source: string } }
async function alerts(server: TestServer): Promise<Alert[]> {
  const found: Alert[] = []
  let cursor: string | null = null
  do {
    const page = await (await server.api(`/api/v1/alerts?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json() as { alerts: Alert[]; next_cursor: string | null }
    found.push(...page.alerts)
    cursor = page.next_cursor
  } while (cursor !== null)
  return found
}

console.log(machine())
const rulesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml')).flatMap((name) => parse(readFileSync(join(folder, name), 'utf8'), name).rules)
const publicRules = values.rules === 'sigmahq' ? mkdtempSync(join(tmpdir(), 'haechi-sigmahq-')) : null
if (publicRules !== null) execFileSync('tar', ['-xzf', join(corpus, 'sigma-rules/sigma-rules-994da166.tar.gz'), '-C', publicRules])
const rules = [...rulesIn(join(root, 'content/rules')), ...(publicRules === null ? [] : rulesIn(publicRules))]
if (lane !== null) console.log(`${lane.length} events of the balanced lane, ${Math.round(lane.reduce((sum, line) => sum + line.length, 0) / lane.length)} bytes on average`)
const matcher = createMatcher(rules)
const sample = Array.from({ length: 40 }, (_, i) => batch(i * perRequest))
for (const bytes of sample) matcher.match(bytes, 'detect')
const bareStart = performance.now()
let matches = 0
for (let i = 0; i < 5; i++) for (const bytes of sample) matches += matcher.match(bytes, 'detect').length
const bareRate = (5 * sample.length * perRequest) / ((performance.now() - bareStart) / 1000)
console.log(`bare matcher, one thread, ${rules.length} rules: ${Math.round(bareRate)} events/s (${matches} matches)`)

const server = await startServer()
try {
  if (publicRules !== null) {
    const answer = await server.api('/api/v1/rule-packs', { method: 'POST', body: JSON.stringify({ name: 'sigmahq', path: publicRules, license: 'DRL-1.1', all_tenants: true }) })
    const pack = await answer.json() as { accepted: number }
    console.log(`sigmahq: ${answer.status}, ${pack.accepted} rules`)
  }
  const key = await server.createKey({ role: 'ingest', name: 'bench' })
  const authorization = `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`
  const samples: Record<string, number>[] = []
  const sampling = setInterval(() => samples.push(memory(server.pid)), Math.max(1_000, seconds * 50))
  const before = processorTime(server.pid)
  const start = performance.now()
  const { kept, waits } = await openLoop(server, authorization, 0, seconds, rate)
  const sent = (performance.now() - start) / 1000
  const { durable } = await (await server.api('/api/v1/events/progress')).json() as { durable: number }
  await grouped(server, durable)
  const detected = (performance.now() - start) / 1000
  await searchable(server, durable)
  const whole = (performance.now() - start) / 1000
  const after = processorTime(server.pid)
  clearInterval(sampling)
  const planted = kept / perRequest
  const raised = await alerts(server)
  const first = raised.filter(({ host, rule }) => host?.startsWith('SRV-') === true && rule.source === 'haechi-rules')
  const counted = first.reduce((sum, alert) => sum + alert.event_count, 0)
  const { count } = await (await server.api('/api/v1/events/count')).json() as { count: number }
  const { total } = await (await server.api('/api/v1/incidents?status=all')).json() as { total: number }
  console.log(`sent at ${Math.round(kept / sent)} events/s; ${Math.round(kept / detected)} events/s to detected and grouped (${(kept / detected / bareRate).toFixed(2)} of the bare matcher), ${Math.round(kept / whole)} to searchable too; acknowledgement p99 ${quantile(waits, 0.99).toFixed(0)} ms`)
  console.log(`events ${kept} sent, ${count} found; attacks ${planted} planted, ${counted} in ${first.length} alerts (of ${raised.length}): ${count === kept && counted === planted ? 'none lost, none doubled' : 'DIFFERENT'}; incidents ${total}`)
  const spent = Object.entries(after).map(([name, seconds]) => [name, (1e6 * (seconds - (before[name] ?? 0))) / kept] as const).filter(([, each]) => each >= 0.5).sort(([, a], [, b]) => b - a)
  const sum = spent.reduce((all, [, each]) => all + each, 0)
  console.log(`processor time an event: ${sum.toFixed(0)} us, at most ${Math.round(2e6 / sum)} events/s on two cores: ${spent.map(([name, each]) => `${name} ${each.toFixed(1)}`).join(', ')}`)
  const { rules: dear } = await (await server.api('/api/v1/rules?order=cost&limit=5')).json() as { rules: { title: string; cost_us: number | null; cost_share: number | null }[] }
  console.log(`most expensive: ${dear.map(({ title, cost_us: cost, cost_share: share }) => `${title} ${cost?.toFixed(2)} us (${((share ?? 0) * 100).toFixed(1)} %)`).join('; ')}`)
  for (const at of [0, 0.25, 0.5, 0.75, 1]) console.log(`MiB at ${at * 100} %: ${JSON.stringify(samples[Math.min(samples.length - 1, Math.floor(at * samples.length))])}`)

  // An alert is raised once for its ten minutes, so each attack here needs a host that has none yet: the ones above are over after forty.
  const half: number[] = []
  const begin = performance.now()
  for (let second = 0; second < Math.min(60, seconds); second++) {
    const due = begin + second * 1000
    if (due > performance.now()) await delay(due - performance.now())
    const body = Buffer.concat([Buffer.from(attack(1e6 + second).replaceAll(/SRV-\d+/g, `NEW-${second}`)), background(1e9 + second * (rate / 2), rate / 2)])
    await postAgain(`${server.url}/ingest/v1/events`, body, { authorization, 'content-type': 'application/x-ndjson', 'idempotency-key': `h${second}` })
  }
  await grouped(server, durable + Math.min(60, seconds) * (1 + rate / 2))
  for (const alert of (await alerts(server)).filter(({ host, rule }) => host?.startsWith('NEW-') === true && rule.source === 'haechi-rules')) half.push(Date.parse(alert.raised_at) - Date.parse(alert.received_at))
  console.log(`receipt to alert at ${rate / 2} events/s: p50 ${quantile(half, 0.5)} ms, p99 ${quantile(half, 0.99)} ms, max ${Math.max(...half)} ms (n ${half.length})`)
} finally {
  await server.remove()
  if (publicRules !== null) rmSync(publicRules, { recursive: true })
}
