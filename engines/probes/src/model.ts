// What probes are run with and what they tell. Plain data but for the network. A probe that cannot go on tells what it has seen so far with a fault; it throws
// only where it is stopped (`cancelled`).
import type { Severity, Weakness } from '@haechi/risk'
import type { Text } from './evidence.ts'
import type { NetworkFault, ProbeNetwork } from './network.ts'

export type ProbeRun = {
  readonly network: ProbeNetwork
  readonly signal: AbortSignal
  /** Of one connect, one answer, one read. */
  readonly timeoutMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 32-bit numbers; equal seeds give equal probes. */
  readonly random: () => number
}

/** A question that a probe asks of an asset, and what it means when the answer is bad. `id` is stable: 'tls.certificate_expired'. */
export type Check = {
  readonly weakness: Weakness
  readonly severity: Severity
  readonly cwe: readonly string[]
  readonly title: Text
  readonly remedy: Text
}

export type { Text }

/** Something bad that a probe has seen itself. */
export type Finding = {
  /** Of a check in `checks`. */
  readonly check: string
  /** Host or address, as it was asked: 'www.example.com', '192.0.2.7'. */
  readonly asset: string
  /** 'tcp/443', 'https://www.example.com/.git/HEAD', 'www.example.com CNAME'. */
  readonly place: string
  /** Where it is another than the check's. */
  readonly severity: Severity
  /** 0 to 1; 1: the wire proves it. */
  readonly confidence: number
  /** What was seen, some hundred characters at most. Never a secret: an excerpt and a hash at most. */
  readonly evidence: Text
  readonly cve: readonly string[]
}

/** Why a probe, or a part of it, ended early. `place` as in a finding. */
export type ProbeFault = { readonly place: string; readonly fault: NetworkFault | 'budget_exceeded'; readonly message: Text }
