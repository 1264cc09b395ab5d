import type { Bytes } from '../bytes.ts'
import type { DnsMessage } from '../dns-message.ts'
import { evidenceOf } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { dnsChecks } from './checks.ts'
import type { DnsCheck } from './checks.ts'
import type { Lookup, QueryOptions, Resolver } from './resolver.ts'

const mostFaults = 100
const longestMs = 300_000
const spent: Text = { en: 'all questions of this probe were asked, or its time is over', ko: '이 검사의 질의 수나 제한 시간을 모두 씀' }

/** What the parts of one zone's probe share: the questions that are left to ask, and what was seen. */
export class Notes {
  readonly run: ProbeRun
  readonly findings: Finding[] = []
  readonly faults: ProbeFault[] = []
  readonly #resolver: Resolver
  #left: number
  readonly #until: number
  /** Servers that were given all their tries once. */
  readonly #silent = new Map<string, ProbeFault>()
  readonly #found = new Set<string>()

  constructor(run: ProbeRun, resolver: Resolver, mostQuestions: number) {
    this.run = run
    this.#resolver = resolver
    this.#left = mostQuestions
    this.#until = run.now() + longestMs
  }

  /** Once for a check and a place. `place` as in a finding: 'www.example.com CNAME'. `evidence`: words, or nothing but what a record holds. */
  find(check: DnsCheck, asset: Bytes, place: Bytes, evidence: Bytes | Text, how: { readonly severity?: Finding['severity']; readonly confidence?: number } = {}): void {
    const key = `${check} ${place}`
    if (this.#found.has(key)) return
    this.#found.add(key)
    this.findings.push({ check, asset, place, severity: how.severity ?? dnsChecks[check].severity, confidence: how.confidence ?? 1, evidence: evidenceOf(evidence), cve: [] })
  }

  fault(fault: ProbeFault): void {
    if (this.faults.length < mostFaults && !this.faults.some(each => each.place === fault.place && each.fault === fault.fault)) this.faults.push(fault)
  }

  /** null where nobody answers, which is a fault then. Throws only NetworkError `cancelled`. */
  async ask(name: Bytes, type: string, options: QueryOptions = {}): Promise<DnsMessage | null> {
    const answer = await this.attempt(name, type, options)
    if (!('fault' in answer)) return answer
    this.fault(answer)
    return null
  }

  /** As `ask`, where a fault says something by itself. */
  async attempt(name: Bytes, type: string, options: QueryOptions = {}): Promise<DnsMessage | ProbeFault> {
    const place = `${name === '' ? '.' : name} ${type}${options.server === undefined ? '' : ` @${options.server}`}`
    const silent = this.#silent.get(options.server ?? '')
    if (silent !== undefined) return { ...silent, place }
    if (!this.#spend(place)) return { place, fault: 'budget_exceeded', message: spent }
    try {
      return await this.#resolver.query(name, type, options)
    } catch (error) {
      if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
      const fault = { place, fault: error.fault, message: error.text }
      if (options.server !== undefined && options.once !== true && (error.fault === 'timeout' || error.fault === 'refused' || error.fault === 'unreachable')) this.#silent.set(options.server, fault)
      return fault
    }
  }

  /** As the resolver's. */
  async lookup(name: Bytes): Promise<Lookup> {
    if (this.#spend(name)) return this.#resolver.lookup(name)
    return { name, status: 'failed', addresses: [], chain: [], ttl: 0, deniedBy: null, fault: { place: name, fault: 'budget_exceeded', message: spent } }
  }

  #spend(place: Bytes): boolean {
    if (this.#left > 0 && this.run.now() < this.#until) {
      this.#left--
      return true
    }
    if (!this.faults.some(each => each.fault === 'budget_exceeded')) this.fault({ place, fault: 'budget_exceeded', message: spent })
    return false
  }
}
