// Ports of UDP. Silence says nothing there: open is only what answers as its protocol does, closed what the host itself denies. Invariant: every port is asked a
// bounded number of times, whatever comes back (udp.test.ts).
import { setTimeout } from 'node:timers/promises'
import type { Bytes } from '../bytes.ts'
import { NetworkError } from '../network.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'
import { udpProtocols } from './udp-protocols.ts'
import type { UdpProtocol } from './udp-protocols.ts'

export type UdpReport = {
  readonly address: string
  /** Ascending. `answer`: what came back, as it came. */
  readonly open: readonly { readonly port: number; readonly protocol: string; readonly answer: Bytes }[]
  /** Something came back that the protocol of that port does not know, or nobody knows what is usual there. */
  readonly strange: readonly { readonly port: number; readonly answer: Bytes }[]
  readonly closed: readonly number[]
  /** Open, filtered, or closed without a word. */
  readonly silent: readonly number[]
  readonly untried: number
  readonly durationMs: number
  readonly faults: readonly ProbeFault[]
}

/** The ports whose protocols are known here. */
export const udpPorts: readonly number[] = [...new Set(udpProtocols.flatMap(({ ports }) => ports))]

const atOnce = 32
const patienceMs = 1_000
const unknown: Omit<UdpProtocol, 'ports'> = { name: '', requests: ['\r\n\r\n'], knows: () => false }
const byPort = new Map<number, Omit<UdpProtocol, 'ports'>>(udpProtocols.flatMap((protocol) => protocol.ports.map((port) => [port, protocol] as const)))

/** A datagram of its protocol to each port, twice where nothing comes back. `rate`: datagrams a second; 0: as fast as it goes. Never throws for what the host or the network does. */
export async function scanUdp(address: string, { run, ports, rate = 0 }: { readonly run: ProbeRun; readonly ports: readonly number[]; readonly rate?: number }): Promise<UdpReport> {
  const started = run.now()
  const open: UdpReport['open'][number][] = []
  const strange: UdpReport['strange'][number][] = []
  const closed: number[] = []
  const silent: number[] = []
  const faults: ProbeFault[] = []
  const all = [...new Set(ports)]
  const timeoutMs = Math.min(run.timeoutMs, patienceMs)
  let next = 0
  let stopped = false

  async function ask(port: number): Promise<void> {
    const { name, requests, knows } = byPort.get(port) ?? unknown
    for (let attempt = 0; attempt < 2; attempt++) {
      for (const request of requests) {
        if (rate > 0) await setTimeout(1_000 * Math.min(atOnce, all.length) / rate, undefined, { signal: run.signal }).catch(() => undefined)
        try {
          const answer = await run.network.datagram(address, port, request, { timeoutMs }, run.signal)
          // Whoever echoes knows nothing.
          if (knows(answer) && (answer !== request || name === 'echo')) open.push({ port, protocol: name, answer })
          else strange.push({ port, answer })
          return
        } catch (error) {
          if (!(error instanceof NetworkError)) throw error
          if (error.fault === 'refused') {
            closed.push(port)
            return
          }
          if (error.fault !== 'timeout' && error.fault !== 'unreachable') {
            if (!stopped) faults.push({ place: `udp/${port}`, fault: error.fault, message: error.text })
            stopped = true
            return
          }
        }
      }
    }
    silent.push(port)
  }

  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, async () => {
    while (next < all.length && !stopped) await ask(all[next++]!)
  }))
  const byNumber = (a: { readonly port: number }, b: { readonly port: number }): number => a.port - b.port
  return {
    address, open: open.sort(byNumber), strange: strange.sort(byNumber), closed: closed.sort((a, b) => a - b), silent: silent.sort((a, b) => a - b),
    untried: all.length - open.length - strange.length - closed.length - silent.length, durationMs: run.now() - started, faults,
  }
}
