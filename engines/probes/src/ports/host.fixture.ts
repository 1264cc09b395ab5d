// A host in memory, with a clock of its own: what a scan of it would take is told, not waited for.
import { NetworkError } from '../network.ts'
import type { PortBatch, PortState, ProbeNetwork } from '../network.ts'
import type { ProbeRun } from '../model.ts'

export type HostSettings = {
  readonly state: (port: number) => PortState
  readonly roundTripMs?: number
  /** Share of connects that get no answer though there is one. */
  readonly loss?: (concurrency: number) => number
  /** Answers that a port is closed, a second. */
  readonly refusals?: number
  /** Before each connect, with the number of those before: may throw, or tell that nothing answers any more. */
  readonly before?: (connects: number) => 'gone' | 'there'
  readonly datagram?: (port: number, payload: string) => string | null
}

export type MemoryHost = {
  readonly run: ProbeRun
  readonly stop: () => void
  readonly batches: { readonly at: number; readonly ports: readonly number[]; readonly concurrency: number; readonly timeoutMs: number }[]
  readonly connects: () => number
  readonly now: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** xorshift32 */
export function seeded(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

export function memoryHost({ state, roundTripMs = 1, loss = () => 0, refusals = Infinity, before = () => 'there', datagram = () => null }: HostSettings, seed = 7): MemoryHost {
  const controller = new AbortController()
  const random = seeded(seed)
  const batches: MemoryHost['batches'] = []
  let now = 1_000
  let count = 0
  let refused = 0

  async function connects(address: string, ports: readonly number[], { concurrency, timeoutMs }: { readonly concurrency: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<PortBatch> {
    batches.push({ at: now, ports, concurrency, timeoutMs })
    // When each of those under way ends.
    const lanes = Array.from({ length: Math.min(concurrency, ports.length) }, () => now)
    let slowestAnswerMs: number | null = null
    const states = ports.map((port, at): PortState => {
      if (signal.aborted) throw new NetworkError('cancelled', address, { en: 'the scan was stopped', ko: '검사가 중단됨' })
      const isGone = before(count++) === 'gone'
      const lane = at % lanes.length
      const since = lanes[lane]!
      const told = isGone || random() / 2 ** 32 < loss(concurrency) || roundTripMs > timeoutMs ? 'filtered' : state(port)
      const isHeard = told !== 'closed' || refused < refusals * Math.max(1, (since - 1_000) / 1_000)
      if (told === 'closed' && isHeard) refused++
      const answer = isHeard ? told : 'filtered'
      lanes[lane] = since + (answer === 'filtered' ? timeoutMs : roundTripMs)
      if (answer !== 'filtered') slowestAnswerMs = roundTripMs
      return answer
    })
    const begun = now
    now = Math.max(now, ...lanes)
    return { states, durationMs: now - begun, slowestAnswerMs, notBegun: 0 }
  }

  const missing = (): never => { throw new Error('ports are not asked this way') }
  const network: ProbeNetwork = {
    http: missing, dial: missing, dns: missing, connects,
    addresses: async (host) => [host],
    async datagram(address, port, payload, { timeoutMs }, signal) {
      if (signal.aborted) throw new NetworkError('cancelled', address, { en: 'the scan was stopped', ko: '검사가 중단됨' })
      if (before(count++) === 'gone' || state(port) === 'filtered') {
        now += timeoutMs
        throw new NetworkError('timeout', address, { en: 'no answer in time', ko: '제한 시간 안에 응답 없음' })
      }
      if (state(port) === 'closed') throw new NetworkError('refused', address, 'ECONNREFUSED')
      const answer = datagram(port, payload)
      if (answer === null) throw new NetworkError('timeout', address, { en: 'no answer in time', ko: '제한 시간 안에 응답 없음' })
      return answer
    },
  }
  return {
    run: { network, signal: controller.signal, timeoutMs: 3_000, now: () => now, random: seeded(seed + 1) },
    stop: () => { controller.abort() }, batches, connects: () => count, now: () => now,
    sleep: async (milliseconds) => { now += milliseconds },
  }
}
