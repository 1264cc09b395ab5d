// The probes of one process that runs beside the hosts of the lab: questions as JSON on standard input, answers as JSON lines in the order of their coming.
import { text } from 'node:stream/consumers'
import { identifyService, probeTls, scanPorts } from '@haechi/probes'
import type { ProbeRun } from '@haechi/probes'
import { systemClock } from '../../apps/server/src/platform/clock.ts'
import { createScanNetwork, readScope } from '../../apps/server/src/platform/scan-network.ts'
import { scopeText } from './scope.ts'

export type Question =
  | { readonly about: 'ports'; readonly address: string; readonly ports: readonly number[] }
  /** All of them at once. */
  | { readonly about: 'services'; readonly places: readonly { readonly address: string; readonly port: number }[] }
  | { readonly about: 'tls'; readonly address: string; readonly port: number; readonly serverName: string | null }

/** What is binary is given as latin1. */
const bare = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)

const questions = JSON.parse(await text(process.stdin)) as readonly Question[]
const network = createScanNetwork({ scope: readScope(scopeText, 'scope'), clock: systemClock })
let seed = 1
const run: ProbeRun = { network, signal: new AbortController().signal, timeoutMs: 5_000, now: () => systemClock.now(), random: () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223 >>> 0) }
for (const question of questions) {
  const start = performance.now()
  const answer = question.about === 'ports' ? await scanPorts(question.address, { run, ports: question.ports })
    : question.about === 'tls' ? await probeTls({ host: question.serverName ?? question.address, address: question.address, port: question.port, serverName: question.serverName, startTls: null }, { run })
    : await Promise.all(question.places.map(({ address, port }) => identifyService({ host: address, address, port, transport: 'tcp' }, { run })))
  console.log(JSON.stringify({ answer, ms: performance.now() - start }, bare))
}
network.close()
