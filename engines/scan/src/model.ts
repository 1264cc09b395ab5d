// What a scan is asked for and what it tells. Plain data but for the ports it works through. Times are milliseconds since 1970.
import type { Identifier, TechnologyIdentifier } from '@haechi/fingerprints'
import type { ProbeNetwork, TrustStore } from '@haechi/probes'
import type { Decision, Knowledge, Severity, Text, Weakness } from '@haechi/risk'
import type { Detector, SecretRule } from '@haechi/secrets'
import type { Library, Selection, Settings } from '@haechi/templates'

/** As a person named it. Exactly one of `host` and `network` is there. */
export type Target = {
  readonly input: string
  /** A name or an address. */
  readonly host: string | null
  /** '192.0.2.0/24' */
  readonly network: string | null
  /** null: whatever ports are chosen. */
  readonly port: number | null
  readonly scheme: 'http' | 'https' | null
  /** '' or '/app' */
  readonly path: string
}

export type ScanOptions = {
  readonly targets: readonly Target[]
  readonly network: ProbeNetwork
  /** TCP and UDP ports that are tried on each host whose target names none. */
  readonly ports: { readonly tcp: readonly number[]; readonly udp: readonly number[] }
  /** Connects and requests to one host in a second; 0: as fast as it goes. */
  readonly rate: number
  readonly timeoutMs: number
  /** Servers of DNS for names; null: the machine's own. */
  readonly resolvers: readonly string[] | null
  /** Of Recog; null: what the protocols themselves say. */
  readonly identifier: Identifier | null
  readonly technologies: TechnologyIdentifier
  /** Authorities whose certificates are believed. */
  readonly roots: TrustStore
  /** For credentials in what web servers give out; null: not looked for. */
  readonly secrets: { readonly detector: Detector; readonly rules: readonly SecretRule[] } | null
  readonly templates: { readonly library: Library; readonly selection: Selection; readonly settings: Settings; readonly concurrency: number } | null
  /** What is known about vulnerabilities; null: versions are shown and not judged. */
  readonly knowledge: Knowledge | null
  /** Where this machine stands: what it reaches from outside is exposed. null: nobody said, and risk assumes the worse. */
  readonly vantage: 'outside' | 'inside' | null
  /** PNG of a page; null: there is none. */
  readonly screenshot: ((url: string, signal: AbortSignal) => Promise<Uint8Array | null>) | null
  readonly seed: number
  readonly now: () => number
  readonly signal: AbortSignal
}

export type AssetKind = 'name' | 'host' | 'service' | 'site' | 'certificate' | 'api' | 'bucket' | 'zone'

export type Asset = {
  readonly kind: AssetKind
  /** 'www.example.com', '192.0.2.7', '192.0.2.7:22/tcp', 'https://www.example.com': one thing has one id in a scan. */
  readonly id: string
  /** The asset by which it was found; null: it was named. */
  readonly foundBy: string | null
  /** What it is. */
  readonly summary: Text
  /** 0 to 1: how sure the summary is. */
  readonly confidence: number
  /** Survives JSON. */
  readonly details: Readonly<Record<string, unknown>>
}

/** One weakness of one asset, with what to do about it. */
export type Problem = {
  /** A host's name or address, as it was given or found. */
  readonly asset: string
  /** 'tcp/443', 'https://www.example.com/.git/HEAD' */
  readonly place: string
  /** A check of a probe, a template, a rule for secrets, or a CVE that a version has. */
  readonly origin: 'check' | 'template' | 'secret' | 'version'
  /** By its origin: 'tls.certificate_expired', 'CVE-2025-31125', 'github-personal-access-token'. */
  readonly id: string
  readonly title: Text
  readonly remedy: Text | null
  readonly weakness: Weakness
  readonly severity: Severity
  /** 0 to 1 */
  readonly confidence: number
  /** Bounded, and without secrets. */
  readonly evidence: Text
  readonly cve: readonly string[]
  readonly cwe: readonly string[]
  readonly decision: Decision
}

export type Phase = 'names' | 'hosts' | 'ports' | 'services' | 'web' | 'templates'

export type ScanEvent =
  | { readonly kind: 'asset'; readonly asset: Asset }
  | { readonly kind: 'weakness'; readonly weakness: Problem }
  /** Not believed, or a version whose build is mended: counted, and shown where somebody asks. */
  | { readonly kind: 'held'; readonly asset: string; readonly place: string; readonly id: string; readonly reason: Text }
  /** Of the whole scan; `total` grows while things are found. */
  | { readonly kind: 'progress'; readonly phase: Phase; readonly done: number; readonly total: number; readonly weaknesses: number }
  /** A part that ended early; the rest went on. */
  | { readonly kind: 'fault'; readonly asset: string; readonly place: string; readonly fault: string; readonly message: Text }
  | { readonly kind: 'screenshot'; readonly site: string; readonly png: Uint8Array }
  | { readonly kind: 'done'; readonly totals: ScanTotals }

export type ScanTotals = {
  readonly assets: Readonly<Partial<Record<AssetKind, number>>>
  readonly weaknesses: Readonly<Partial<Record<Severity, number>>>
  readonly held: number
  readonly faults: number
  readonly ports: { readonly tried: number; readonly open: number }
  readonly templates: { readonly run: number; readonly requests: number } | null
  /** Hosts of targets that did not answer anything. */
  readonly silent: readonly string[]
  readonly interrupted: boolean
}
