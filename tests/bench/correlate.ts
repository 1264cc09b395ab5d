// npm run bench:correlate [-- --events 1000000]: occurrences a second of one core's time through each type of correlation; beside them the plain
// correlator over the beginning of the same stream, and a bare Map of counters. Before them a million groups below a cap: memory as the system tells it, and the state.
import { parseArgs } from 'node:util'
import { createCorrelator, link, parse } from '@haechi/sigma'
import type { Correlation, Correlator, Occurrence } from '@haechi/sigma'
import { createPlainCorrelator } from '../../engines/sigma/src/correlator-plain.ts'
import { machine } from './load.ts'

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, groups: { type: 'string', default: '1000000' } } })
const events = Number(values.events)
const manyGroups = Number(values.groups)

const rule = (name: string): string => `title: ${name}\nname: ${name}\nid: ${name}\nlogsource: {product: windows}\ndetection: {s: {EventID: 1}, condition: s}\n`
function correlation(body: string): Correlation[] {
  const text = [...['a', 'b', 'c'].map(rule), `title: bench\nid: bench\ncorrelation:\n${body.split('; ').map((line) => `  ${line}\n`).join('')}`].join('---\n')
  const documents = parse(text, 'bench.yml')
  const { correlations, rejected } = link(documents)
  if (correlations.length === 0) throw new Error(JSON.stringify([...documents.rejected, ...rejected]))
  return [...correlations]
}

/** Fields as events bring them: 1,000 hosts, users and addresses that hardly ever repeat, numbers. Strings are fresh out of JSON, as a reader makes them. */
const pool = Array.from({ length: 50_000 }, (_, at) => JSON.parse(JSON.stringify({
  EventID: 4625, Computer: `WS-${String((at * 7919) % 1_000).padStart(4, '0')}.corp.example`, TargetUserName: `user-${(at * 104_729) % 50_000}`, IpAddress: `10.${at >> 16}.${at >> 8 & 255}.${at & 255}`,
  Bytes: (at * 31_337) % 100_000, Ratio: ((at * 31_337) % 100_000) / 7,
})) as Record<string, unknown>)
const rules = ['a', 'b', 'c']
const all = 'rules: [a, b, c]'

function stream(at: number, late: boolean): Occurrence {
  // One event a millisecond; where some come late, a fifth of them by up to a second.
  return { ruleId: rules[at % 3] as string, time: 1_700_000_000_000 + at - (late && at % 5 === 0 ? (at * 7919) % 1_000 : 0), fields: pool[at % pool.length] as Record<string, unknown>, ref: at }
}
/** Milliseconds of processor that this thread has had: other work on the machine does not count. */
function spent(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
function rate(correlator: Pick<Correlator, 'add'>, most: number, ms: number, late: boolean): { perSecond: number; matches: number } {
  const begin = spent()
  let matches = 0
  let at = 0
  while (at < most && (at % 512 !== 0 || spent() - begin < ms)) matches += correlator.add(stream(at++, late)).length
  return { perSecond: at / ((spent() - begin) / 1000), matches }
}
const grouped = (number: number): string => Math.round(number).toLocaleString('en')

console.log(machine())
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
function crowd(maxBytes: number): void {
  const defined = correlation(`type: event_count; ${all}; group-by: [Computer, IpAddress]; timespan: 1d; condition: {gte: 100}`)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const correlator = createCorrelator(defined, { maxBytes, maxGroups: manyGroups })
  const begin = spent()
  for (let at = 0; at < manyGroups; at++) correlator.add({ ruleId: 'a', time: 1_700_000_000_000 + at, ref: at * 1_000, fields: { Computer: `WS-${at % 1_000}.corp.example`, IpAddress: `10.${at >> 16}.${at >> 8 & 255}.${at & 255}` } })
  const took = spent() - begin
  const { groups, evicted, bytes } = correlator.stats()
  const rss = process.memoryUsage().rss - before
  const peak = process.resourceUsage().maxRSS * 1024 - before
  console.log(`${grouped(manyGroups)} groups below ${mib(maxBytes)}: ${grouped(groups)} held, ${grouped(evicted)} put out, ${mib(bytes)} of state, ${mib(rss)} more RSS, at its peak ${mib(peak)}; ${grouped(manyGroups / (took / 1000))} new groups/s`)
  const saveBegin = spent()
  const state = correlator.save()
  const saved = spent()
  const other = createCorrelator(defined, { maxBytes, maxGroups: manyGroups })
  const restoreBegin = spent()
  other.restore(state)
  console.log(`  save: ${(saved - saveBegin).toFixed(0)} ms, ${mib(state.length)}; restore: ${(spent() - restoreBegin).toFixed(0)} ms, ${grouped(other.stats().groups)} groups`)
}
// First, while nothing else has made the process large: a peak is only seen once.
crowd(256 * 2 ** 20)
crowd(64 * 2 ** 20)

const counters = new Map<string, number>()
const bareBegin = spent()
for (let at = 0; at < events; at++) {
  const host = stream(at, false).fields['Computer'] as string
  counters.set(host, (counters.get(host) ?? 0) + 1)
}
const bare = events / ((spent() - bareBegin) / 1000)
console.log(`bare Map of counters by host: ${grouped(bare)}/s`)

for (const [name, body, late] of [
  ['event_count by host, 60 in a window', `type: event_count; ${all}; group-by: [Computer]; timespan: 60s; condition: {gte: 1000}`, false],
  ['event_count by host, firing on each', `type: event_count; ${all}; group-by: [Computer]; timespan: 60s; condition: {gte: 10}`, false],
  ['event_count by host, a fifth late', `type: event_count; ${all}; group-by: [Computer]; timespan: 60s; condition: {gte: 1000}`, true],
  ['event_count of all, 60,000 in the window', `type: event_count; ${all}; timespan: 60s; condition: {gte: 100000}`, false],
  ['value_count, 1,800 different in the window', `type: value_count; ${all}; group-by: [EventID]; timespan: 1800s; condition: {field: TargetUserName, gte: 3000}`, false],
  ['value_count, firing on each', `type: value_count; ${all}; group-by: [EventID]; timespan: 1800s; condition: {field: TargetUserName, gte: 10}`, false],
  ['value_count of pairs by host', `type: value_count; ${all}; group-by: [Computer]; timespan: 60s; condition: {field: [TargetUserName, IpAddress], gte: 1000}`, false],
  ['value_sum by host', `type: value_sum; ${all}; group-by: [Computer]; timespan: 60s; condition: {field: Bytes, gte: 1000000000}`, false],
  ['value_avg of fractions by host', `type: value_avg; ${all}; group-by: [Computer]; timespan: 60s; condition: {field: Ratio, gte: 1000000000}`, false],
  ['value_median by host', `type: value_median; ${all}; group-by: [Computer]; timespan: 60s; condition: {field: Bytes, gte: 1000000000}`, false],
  ['value_percentile, 1,800 in the window', `type: value_percentile; ${all}; group-by: [EventID]; timespan: 1800s; condition: {field: Ratio, percentile: 95, gte: 1000000000}`, false],
  ['temporal of 3 by host', `type: temporal; ${all}; group-by: [Computer]; timespan: 60s`, false],
  ['temporal_ordered of 3 by host and user', `type: temporal_ordered; ${all}; group-by: [Computer, TargetUserName]; timespan: 60s`, false],
] as const) {
  const defined = correlation(body).map((one) => ({ ...one, timespan: one.timespan === 1_800_000 ? 1_799 : one.timespan }))
  rate(createCorrelator(defined), 100_000, 5_000, late)
  const fast = rate(createCorrelator(defined), events, 20_000, late)
  const plain = rate(createPlainCorrelator(defined), 20_000, 2_000, late)
  console.log(`${name}: ${grouped(fast.perSecond)}/s, ${(fast.perSecond / plain.perSecond).toFixed(0)} x the plain one, ${(fast.perSecond / bare).toFixed(2)} x the bare Map; ${grouped(fast.matches)} matches`)
}

