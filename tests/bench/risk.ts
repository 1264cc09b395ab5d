// node tests/bench/risk.ts [--decisions 200000]: decisions, CPE look-ups and readings of feeds by CPU seconds of one core, each beside a bare loop over the same input in the same run.
import { parseArgs } from 'node:util'
import { createKnowledge, decide, findingsOf, readLine, readVector, scoreOf } from '@haechi/risk'
import type { Decision } from '@haechi/risk'
import { feeds, linesOf, missing, textOf } from '../conformance/risk/feeds.ts'
import { machine } from './load.ts'

const { values } = parseArgs({ options: { decisions: { type: 'string', default: '200000' } } })
const many = Number(values.decisions)
if (missing !== null) throw new Error(missing)
const at = Date.UTC(2026, 10, 22)

/** CPU seconds of this thread. */
function measured<T>(work: () => T): { seconds: number; result: T } {
  const from = process.threadCpuUsage()
  const result = work()
  const { user, system } = process.threadCpuUsage(from)
  return { seconds: (user + system) / 1e6, result }
}
const rate = (count: number, seconds: number, what: string) => `${Math.round(count / seconds).toLocaleString('en-US')} ${what}/s`

console.log(machine())
const knowledge = createKnowledge()
for (const [path, kind, form] of feeds) {
  const text = textOf(path)
  const bare = measured(() => (form === 'lines' && !path.endsWith('.csv') ? text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown).length : path.endsWith('.csv') ? text.split('\n').map((line) => line.split(',')).length : [JSON.parse(text)].length))
  const { seconds, result } = measured(() => {
    const reader = knowledge.open(kind, form)
    for (let from = 0; from < text.length; from += 65_536) reader.write(text.slice(from, from + 65_536))
    return reader.end()
  })
  console.log(`${path}: ${result.taken} entries, ${seconds.toFixed(2)} s; bare parsing ${bare.seconds.toFixed(2)} s${bare.seconds > 0.05 ? `; ${(seconds / bare.seconds).toFixed(1)} times` : ''}`)
}
console.log(`knowledge: ${JSON.stringify(knowledge.counts())}, ${Math.round(process.memoryUsage().heapUsed / 1e6)} MB heap`)

// Facts as they come: CVEs of the corpus with what is known about them, on assets of all kinds.
const cves = linesOf<{ cve: string }>('vulnrichment/vulnrichment.ndjson.gz').map(({ cve }) => cve)
const texts = Array.from({ length: many }, (_, n) => JSON.stringify({
  asset: { id: `host-${n % 5_000}`, criticality: (['low', 'medium', 'high', 'critical'] as const)[n % 4], exposure: { reached: n % 3 === 0 ? 'yes' : 'no', measured_at: '2026-11-20T00:00:00Z', how: 'from outside' } },
  cve: cves[(n * 31) % cves.length], evidence: [{ method: n % 2 === 0 ? 'check' : 'version_range', confidence: 0.8, detail: 'x' }], found_at: '2026-11-01',
}))
const bareParse = measured(() => texts.reduce((sum, text) => sum + Object.keys(JSON.parse(text) as object).length, 0))
const read = measured(() => texts.flatMap((text) => findingsOf(readLine(JSON.parse(text), at), knowledge, at).findings))
const levels = (decisions: readonly Decision[]) => JSON.stringify(Object.fromEntries(Map.groupBy(decisions, ({ level }) => level).entries().map(([level, of]) => [level, of.length])))
const rounds = Array.from({ length: 3 }, () => measured(() => read.result.map((facts) => decide(facts, at))))
const bareLoop = measured(() => read.result.map((facts) => ({ asset: facts.asset.id, cve: facts.cve })))
const best = Math.min(...rounds.map(({ seconds }) => seconds))
console.log(`decide: ${rate(many, best, 'decisions')} (best of 3; ${levels(rounds[0]!.result)}); a bare loop that makes an object each ${rate(many, bareLoop.seconds, 'objects')}`)
console.log(`read, look up and decide: ${rate(many, read.seconds + best, 'lines')}; JSON.parse alone ${rate(many, bareParse.seconds, 'lines')}`)

const vectors = linesOf<{ vector: string }>('cvss/cvss-vectors.ndjson.gz').map(({ vector }) => vector)
const scored = measured(() => { for (let n = 0; n < 10; n++) for (const vector of vectors) scoreOf(readVector(vector)) })
console.log(`cvss: ${rate(vectors.length * 10, scored.seconds, 'vectors')}`)

const products = ['openbsd:openssh:9.2:p1', 'apache:http_server:2.4.49:*', 'php:php:8.2.7:*', 'openssl:openssl:3.0.7:*', 'gitlab:gitlab:16.1.0:*', 'oracle:mysql:8.0.30:*', 'python:python:3.11.2:*', 'haxx:curl:7.88.1:*', 'no:such:1.0:*', 'apache:tomcat:9.0.70:*']
  .map((name) => `cpe:2.3:a:${name}:*:*:*:*:*:*`)
const lookups = measured(() => {
  let found = 0
  for (let n = 0; n < 200; n++) for (const product of products) found += knowledge.affecting([product]).length
  return found
})
console.log(`cpe: ${rate(products.length * 200, lookups.seconds, 'look-ups')} over ${knowledge.counts().criteria.toLocaleString('en-US')} criteria, ${(lookups.result / 2_000).toFixed(1)} CVEs each`)
