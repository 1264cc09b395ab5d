// Which addresses of a network have a host. A host is there when one of a handful of ports takes a connection or refuses it. Invariant: at most two looks at each
// address, whatever it does (hosts.test.ts).
import { NetworkError } from '../network.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'

export type HostReport = {
  /** In the order of the addresses. */
  readonly alive: readonly string[]
  /** Addresses that were asked. */
  readonly asked: number
  readonly durationMs: number
  readonly faults: readonly ProbeFault[]
}

const firstPorts = [443, 80, 22]
const otherPorts = [3389, 445, 25, 53, 8080, 8443, 5432, 6379, 21, 5060]
const atOnce = 256
const firstPatienceMs = 500

/** The addresses where something answers. One that may not be reached is a fault, and the others go on; a scan that is stopped tells what it has seen. */
export async function discoverHosts(addresses: Iterable<string>, run: ProbeRun, onAlive: (address: string) => void = () => undefined): Promise<HostReport> {
  const started = run.now()
  const faults: ProbeFault[] = []
  const alive = new Set<string>()
  const all = [...new Set(addresses)]
  const asked = new Set<string>()
  let stopped = false

  async function look(address: string, ports: readonly number[], timeoutMs: number): Promise<void> {
    try {
      const { states } = await run.network.connects(address, ports, { concurrency: ports.length, timeoutMs: Math.min(run.timeoutMs, timeoutMs) }, run.signal)
      asked.add(address)
      if (!states.some((state) => state !== 'filtered')) return
      alive.add(address)
      onAlive(address)
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      if (error.fault !== 'cancelled') faults.push({ place: address, fault: error.fault, message: error.text })
      else if (!stopped) {
        stopped = true
        faults.push({ place: 'network', fault: 'cancelled', message: error.text })
      }
    }
  }
  async function each(some: readonly string[], ports: readonly number[], timeoutMs: number): Promise<void> {
    let next = 0
    await Promise.all(Array.from({ length: Math.min(atOnce, some.length) }, async () => {
      while (next < some.length && !stopped) await look(some[next++]!, ports, timeoutMs)
    }))
  }

  await each(all, firstPorts, firstPatienceMs)
  await each(all.filter((address) => asked.has(address) && !alive.has(address)), [...otherPorts, ...firstPorts], 2 * firstPatienceMs)
  return { alive: all.filter((address) => alive.has(address)), asked: asked.size, durationMs: run.now() - started, faults }
}
