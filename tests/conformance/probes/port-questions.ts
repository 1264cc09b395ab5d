// Scans of one process that runs beside the hosts of ports.test.ts: one question as JSON on standard input; lines of progress, then the answer.
import { text } from 'node:stream/consumers'
import { discoverHosts, scanPorts, scanUdp } from '@haechi/probes'
import type { ProbeRun } from '@haechi/probes'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'

export type Question =
  | { readonly about: 'ports'; readonly address: string; readonly ports: readonly number[]; readonly rate?: number }
  | { readonly about: 'udp'; readonly address: string; readonly ports: readonly number[] }
  | { readonly about: 'hosts'; readonly addresses: readonly string[] }

const question = JSON.parse(await text(process.stdin)) as Question
const stop = new AbortController()
process.once('SIGINT', () => { stop.abort() })
const network = createScanNetwork({ scope: { targets: ['203.0.113.0/24', '2001:db8::/32'], owner: 'The test', until: Number.MAX_SAFE_INTEGER }, clock: systemClock })
let seed = 1
const run: ProbeRun = { network, signal: stop.signal, timeoutMs: 2_000, now: () => systemClock.now(), random: () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223 >>> 0) }
const print = (line: object): void => { console.log(JSON.stringify(line)) }
const start = performance.now()
const before = process.cpuUsage()
const answer = question.about === 'ports'
  ? await scanPorts(question.address, { run, ports: question.ports, rate: question.rate ?? 0, onProgress: ({ done }) => { print({ done }) } })
  : question.about === 'udp' ? await scanUdp(question.address, { run, ports: question.ports }) : await discoverHosts(question.addresses, run)
const { user, system } = process.cpuUsage(before)
print({ answer, ms: performance.now() - start, cpuMs: (user + system) / 1_000 })
network.close()
