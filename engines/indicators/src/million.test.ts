// What a million indicators cost. Prints its figures; runs with HAECHI_TEST_FULL=1 only.
import { expect, test } from 'vitest'
import type { Indicator, ParsedIndicator } from './indicator.ts'
import { createIndex } from './lookup.ts'
import { readCsv } from './csv.ts'
import { readStix } from './stix.ts'
import { scanRecord } from './scan.ts'

const NOW = Date.UTC(2026, 5, 1)
const MILLION = 1_000_000

const mixed = (n: number): number => Math.imul(n, 0x9e3779b1) >>> 0
function value(n: number): { type: Indicator['type']; value: string } {
  const x = mixed(n)
  if (n % 10 < 5) return { type: 'domain', value: `h${x.toString(36)}.${n % 7}x.example` }
  if (n % 10 < 8) return { type: 'ip', value: `${x >>> 24}.${(x >>> 16) & 255}.${(x >>> 8) & 255}.${x & 255}` }
  if (n % 10 < 9) return { type: 'sha256', value: x.toString(16).padStart(8, '0').repeat(8) }
  if (n % 1000 === 999) return { type: 'cidr', value: `${x >>> 24}.${(x >>> 16) & 255}.${(x >>> 8) & 255}.0/24` }
  return { type: 'url', value: `http://h${x.toString(36)}.example/path/${n}` }
}

function* million(): Generator<Indicator> {
  for (let n = 0; n < MILLION; n += 1) yield { ...value(n), verdict: 'malicious', confidence: 50, source: 'feed', tags: ['c2', `family${n % 50}`], techniques: [], first_seen: NOW, last_seen: null, valid_until: null }
}

const seconds = (start: bigint): number => Number(process.hrtime.bigint() - start) / 1e9

test.runIf(process.env['HAECHI_TEST_FULL'] === '1')('a million indicators', () => {
  const index = createIndex()
  let start = process.hrtime.bigint()
  index.add(million())
  const load = seconds(start)

  const known: ParsedIndicator[] = Array.from({ length: 100_000 }, (_, n) => ({ ...value(n * 9), original: '' }))
  const unknown = known.map((one) => (one.type === 'domain' ? { ...one, value: `n${one.value}` } : one.type === 'ip' || one.type === 'cidr' ? { type: 'ip' as const, value: '192.0.2.1', original: '' } : { ...one, value: `${one.value}0` }))
  index.lookup('10.0.0.1', NOW)
  const rate = (ask: () => void): number => {
    start = process.hrtime.bigint()
    for (let round = 0; round < 5; round += 1) ask()
    return Math.round(500_000 / seconds(start))
  }
  const missing = rate(() => { for (const one of unknown) index.has(one) })
  const present = rate(() => { for (const one of known) if (!index.has(one)) expect.fail(one.value) })
  const answered = rate(() => { for (const one of known) index.lookup(one, NOW) })

  const raw = JSON.stringify({ EventID: 3, Image: 'C:\\Windows\\System32\\svchost.exe', SourceIp: '10.0.0.5', DestinationIp: '192.0.2.200', DestinationHostname: 'www.somewhere.example', Message: 'Network connection detected: '.repeat(25) })
  const record = { src_ip: '10.0.0.5', dst_ip: '192.0.2.200', process: 'C:\\Windows\\System32\\svchost.exe', raw }
  start = process.hrtime.bigint()
  for (let n = 0; n < 50_000; n += 1) scanRecord(record, index, NOW)
  const scanned = Math.round(50_000 / seconds(start))
  start = process.hrtime.bigint()
  for (let n = 0; n < 50_000; n += 1) scanRecord({ src_ip: record.src_ip, dst_ip: record.dst_ip, process: record.process }, index, NOW)
  const columns = Math.round(50_000 / seconds(start))

  start = process.hrtime.bigint()
  index.add([{ ...value(1), verdict: 'benign', confidence: 1, source: 'other', tags: [], techniques: [], first_seen: null, last_seen: null, valid_until: null }])
  index.remove('other')
  const removed = seconds(start)

  console.log(`${index.size} statements: loaded in ${load.toFixed(2)} s, ${(index.bytes / 1e6).toFixed(0)} MB in typed arrays; has: ${missing}/s unknown, ${present}/s known; lookup: ${answered}/s; ` +
    `records of ${raw.length} B with raw text: ${scanned}/s, columns alone: ${columns}/s; removing one source: ${removed.toFixed(2)} s`)
  expect(index.bytes).toBeLessThan(150e6)

  const csv = `value,tags,first_seen\n${Array.from({ length: MILLION }, (_, n) => `${value(n).value},"a,b",2026-01-02T03:04:05Z\n`).join('')}`
  start = process.hrtime.bigint()
  const list = readCsv(csv, { source: 'csv' })
  console.log(`CSV of ${(csv.length / 1e6).toFixed(0)} MB: ${list.indicators.length} in ${seconds(start).toFixed(2)} s, ${list.rejections} rejected`)
  const stix = JSON.stringify({ type: 'bundle', objects: Array.from({ length: 200_000 }, (_, n) => ({ type: 'indicator', id: `indicator--${n}`, pattern_type: 'stix', pattern: `[domain-name:value = 'h${mixed(n).toString(36)}.example']`, valid_from: '2026-01-01T00:00:00Z', description: 'x'.repeat(300) })) })
  start = process.hrtime.bigint()
  const bundle = readStix(stix, { source: 'stix' })
  console.log(`STIX of ${(stix.length / 1e6).toFixed(0)} MB: ${bundle.indicators.length} in ${seconds(start).toFixed(2)} s`)
  expect(bundle.indicators).toHaveLength(200_000)
}, 300_000)
