// All ports of one address by TCP connects. Ports are asked in random order, so that each batch is a sample of the host: fewer answers than before mean that
// answers are lost. Invariants: whatever the host does, the scan ends after a bounded number of connects and keeps what it has seen; a port is filtered only if it
// was silent each time it was asked (scan.integration.test.ts).
import { setTimeout } from 'node:timers/promises'
import { NetworkError } from '../network.ts'
import type { PortState } from '../network.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'
import { topPorts } from './known.ts'
import { createPace } from './pace.ts'

export type PortReport = {
  readonly address: string
  /** Ascending. */
  readonly open: readonly number[]
  readonly closed: number
  /** Ascending: no answer, or one on the way that forbids it. */
  readonly filtered: readonly number[]
  /** Of the scan that ended early: never asked, or asked when nothing answered any more. */
  readonly untried: number
  /** `open_everywhere`: hardly a port is closed, as with tarpits, honeypots and proxies of SYN; what is open says nothing. `silent`: no port has answered. */
  readonly behaviour: 'ordinary' | 'open_everywhere' | 'silent'
  readonly connects: number
  readonly durationMs: number
  readonly faults: readonly ProbeFault[]
}

export type PortProgress = { readonly done: number; readonly total: number; /** Found since the last time. */ readonly open: readonly number[] }

export type PortOptions = {
  readonly run: ProbeRun
  readonly ports: readonly number[]
  /** Connects a second; 0: as fast as it goes. */
  readonly rate?: number
  readonly onProgress?: (progress: PortProgress) => void
  /** For tests. */
  readonly sleep?: (milliseconds: number) => Promise<unknown>
}

/** Of so many ports, so great a share is open on no real host. */
const manyPorts = 64
const nearlyAll = 0.9
/** Times that a silent port is asked. */
const attempts = 3
/** Of a host that has not answered at all, so many are asked again. */
const secondLook = 256
/** So many silent ports in a row, and the host may be gone. */
const longSilence = 32
/** A host that has answered is missed only after three seconds. */
const witnessMs = 500
const burstMs = 100

class HostGone extends Error {}

/**
 * Which ports take connections. A scan that is stopped, runs out of its scope or loses its host tells in `faults`, and what it has seen until then; it never throws for
 * what the host or the network does.
 */
export async function scanPorts(address: string, options: PortOptions): Promise<PortReport> {
  const scan = new Scan(address, options)
  await scan.all()
  return scan.report()
}

class Scan {
  readonly #address: string
  readonly #run: ProbeRun
  readonly #ports: readonly number[]
  readonly #rate: number
  readonly #progress: (progress: PortProgress) => void
  readonly #sleep: (milliseconds: number) => Promise<unknown>
  /** By port; null: untried. */
  readonly #states: (PortState | null)[] = Array.from({ length: 65_536 }, () => null)
  readonly #faults: ProbeFault[] = []
  readonly #started: number
  readonly #pace
  /** A port that has answered lately: as long as it does, the host is there. */
  #witness: number | null = null
  /** Asked since something answered. */
  #silence: readonly number[] = []
  #done = 0
  #open = 0
  #connects = 0
  #everywhere = false

  constructor(address: string, { run, ports, rate = 0, onProgress = () => undefined, sleep }: PortOptions) {
    this.#address = address
    this.#run = run
    this.#rate = rate
    this.#progress = onProgress
    this.#sleep = sleep ?? ((milliseconds) => setTimeout(milliseconds, undefined, { signal: run.signal }).catch(() => undefined))
    this.#started = run.now()
    this.#pace = createPace(run.timeoutMs)
    this.#ports = order([...new Set(ports)], run.random)
  }

  async all(): Promise<void> {
    try {
      await this.#ask(this.#ports, 1)
      for (let attempt = 2; attempt <= attempts && !this.#everywhere; attempt++) {
        const silent = this.#ports.filter((port) => this.#states[port] === 'filtered').slice(0, this.#witness === null ? secondLook : undefined)
        const openBefore = this.#open
        await this.#ask(silent, attempt)
        const answered = silent.filter((port) => this.#states[port] !== 'filtered').length
        // What a host says too rarely about closed ports (RFC 1812, 4.3.2.8) is not worth more questions.
        if (this.#open === openBefore && answered * 2 < silent.length) break
      }
    } catch (error) {
      if (error instanceof HostGone) this.#faults.push({ place: 'tcp', fault: 'timeout', message: { en: 'the host has stopped answering', ko: '호스트가 응답을 멈춤' } })
      else if (error instanceof NetworkError) this.#faults.push({ place: 'tcp', fault: error.fault, message: error.text })
      else throw error
    }
  }

  async #ask(ports: readonly number[], attempt: number): Promise<void> {
    for (let next = 0; next < ports.length && !this.#everywhere;) {
      const { concurrency, timeoutMs, ports: count } = this.#pace.next(attempt)
      // What may be asked until the silent ones of the batch are given up.
      const allowed = this.#rate === 0 ? count : Math.max(1, Math.floor(this.#rate * Math.max(burstMs, timeoutMs) / 1_000))
      const batch = ports.slice(next, next + Math.min(count, allowed))
      const begun = this.#run.now()
      const result = await this.#run.network.connects(this.#address, batch, { concurrency, timeoutMs }, this.#run.signal)
      this.#connects += batch.length
      // The first batch is of ports that are oftener open than others.
      this.#pace.learn(result, attempt === 1 && next > 0)
      this.#take(batch, result.states)
      if (this.#silence.length >= longSilence && this.#witness !== null) await this.#assureThere(this.#witness)
      next += batch.length
      if (this.#rate > 0 && next < ports.length) await this.#sleep(Math.max(0, 1_000 * batch.length / this.#rate - (this.#run.now() - begun)))
    }
  }

  #take(batch: readonly number[], states: readonly PortState[]): void {
    const found: number[] = []
    let isSilent = true
    for (const [at, port] of batch.entries()) {
      const state = states[at]!
      if (this.#states[port] === null) this.#done++
      this.#states[port] = state
      if (state === 'open') found.push(port)
      if (state === 'filtered') continue
      // What is open goes on answering where refusals are rationed.
      if (state === 'open' || this.#witness === null || this.#states[this.#witness] !== 'open') this.#witness = port
      isSilent = false
    }
    this.#silence = isSilent ? [...this.#silence, ...batch] : []
    this.#open += found.length
    this.#everywhere = this.#open >= manyPorts && this.#open >= this.#done * nearlyAll
    this.#progress({ done: this.#done, total: this.#ports.length, open: found })
  }

  /** Asks a port again that has answered before. Errors: HostGone. */
  async #assureThere(witness: number): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      this.#connects++
      const { states } = await this.#run.network.connects(this.#address, [witness], { concurrency: 1, timeoutMs: Math.min(this.#run.timeoutMs, Math.max(attempt * witnessMs, this.#pace.next(attempt).timeoutMs)) }, this.#run.signal)
      if (states[0] !== 'filtered') {
        this.#silence = []
        return
      }
      this.#pace.lose()
    }
    // What was asked since is not known.
    for (const port of this.#silence) this.#states[port] = null
    throw new HostGone()
  }

  report(): PortReport {
    const of = (state: PortState | null): number[] => this.#ports.filter((port) => this.#states[port] === state).sort((a, b) => a - b)
    return {
      address: this.#address, open: of('open'), closed: of('closed').length, filtered: of('filtered'), untried: of(null).length,
      behaviour: this.#everywhere ? 'open_everywhere' : this.#witness === null ? 'silent' : 'ordinary',
      connects: this.#connects, durationMs: this.#run.now() - this.#started, faults: this.#faults,
    }
  }
}

/** Usual ports first, so that what matters is known soon; the others at random. */
function order(ports: number[], random: () => number): number[] {
  for (let last = ports.length - 1; last > 0; last--) {
    const other = (random() >>> 0) % (last + 1)
    const kept = ports[last]!
    ports[last] = ports[other]!
    ports[other] = kept
  }
  const asked = new Set(ports)
  const usual = topPorts.slice(0, 100).filter((port) => asked.has(port))
  const isUsual = new Set(usual)
  return [...usual, ...ports.filter((port) => !isUsual.has(port))]
}
