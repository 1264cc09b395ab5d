// What a decision is asked about and what it answers. Types only; all of it is plain data that survives JSON. Times are milliseconds since the epoch.
import type { Weakness } from './weaknesses.ts'
import type { ControlKind } from './controls.ts'

/** For people. What is no word of a language is the same in both. */
export type Text = { readonly en: string; readonly ko: string }

/** How something is known to be there, from surest to least sure: a safe check proved it; a package manager's or distribution's statement about this build; another tool says so; a version in a CPE range. */
export type Method = 'check' | 'package' | 'connector' | 'version_range'

export type Evidence = {
  readonly method: Method
  /** 0 to 1: how sure this one statement is. */
  readonly confidence: number
  readonly at: number | null
  /** The template, the package with its version, the connector's id of it, the matched range. */
  readonly detail: Text
}

export type Criticality = 'low' | 'medium' | 'high' | 'critical'

/** Whether the asset was reached from outside (public networks, without being trusted). Measured, not stated: a `no` that nobody measured counts as unknown. */
export type Exposure = { readonly reached: 'yes' | 'no' | 'unknown'; readonly measuredAt: number | null; readonly how: string | null }

export type Asset = { readonly id: string; readonly site: string | null; /** null where nobody said. */ readonly criticality: Criticality | null; readonly exposure: Exposure }

/** What is known about a CVE. null is "nobody was asked", which is something else than no. */
export type VulnerabilityFacts = {
  readonly kev: { readonly listed: false } | { readonly listed: true; readonly added: number | null; readonly ransomware: boolean } | null
  readonly epss: { readonly probability: number; /** 0 to 1 */ readonly percentile: number; readonly at: number | null } | null
  /** CVSS vectors of any version; the newest version that can be read counts. */
  readonly cvss: readonly string[]
  readonly ssvc: { readonly exploitation: 'none' | 'poc' | 'active' | null; readonly automatable: boolean | null; readonly technicalImpact: 'partial' | 'total' | null } | null
  readonly cwe: readonly string[]
  /** ATT&CK techniques that somebody mapped to this CVE. */
  readonly techniques: readonly string[]
}

/** Something that stands before the weakness. It counts only when a test from outside saw it block, and as long as that test is not older than `staleAfterDays`. */
export type CompensatingControl = { readonly kind: 'waf' | 'firewall' | 'other'; readonly verifiedAt: number | null; readonly detail: string }

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

export type Facts = {
  readonly asset: Asset
  readonly weakness: Weakness
  readonly cve: string | null
  /** Where on the asset: a URL, a port, a file. Two findings without a CVE are the same only in the same place. */
  readonly place: string | null
  /** What the finder says; counts only where there is neither CVE nor CVSS. */
  readonly severity: Severity | null
  readonly cwe: readonly string[]
  /** At least one. */
  readonly evidence: readonly Evidence[]
  readonly vulnerability: VulnerabilityFacts | null
  readonly controls: readonly CompensatingControl[]
  readonly foundAt: number
}

/** CISA BOD 26-04's remediation timelines, from shortest. */
export type Band = 'three_days_forensics' | 'three_days' | 'fourteen_days' | 'sixty_days' | 'next_upgrade'
/** 긴급 대응, 보완 조치, 모니터링. */
export type Level = 'urgent' | 'remedy' | 'watch'

/** Where the answer to one of the table's questions comes from. `assumed`: nobody knows, so the worse answer was taken. */
export type Source = 'kev' | 'ssvc' | 'cvss' | 'measured' | 'stated' | 'rule' | 'assumed'
export type Judged = { readonly value: boolean; readonly source: Source }
export type Question = 'in_kev' | 'exposed' | 'automatable' | 'total_impact'

export type Factor = {
  readonly name: 'exploitation' | 'likelihood' | 'exposure' | 'impact' | 'automation' | 'criticality' | 'proof' | 'control'
  /** Points that it adds; those of a control are negative. All shares of a decision add up to its order. */
  readonly share: number
  /** The most that it can add. */
  readonly most: number
  /** What was read: `listed, ransomware`, `0.94`, `CVSS:3.1 9.8`. null: unknown, and a middle or worse value was taken. */
  readonly value: string | null
}

export type Decision = {
  readonly asset: string
  readonly site: string | null
  readonly weakness: Weakness
  readonly cve: string | null
  readonly place: string | null
  readonly level: Level
  readonly band: Band
  /** Of the BOD 26-04 table, 0 to 15. */
  readonly row: number
  readonly answers: Readonly<Record<Question, Judged>>
  /** The band if every assumed answer turned out to be no; equal to `band` where nothing is assumed. */
  readonly bandAtBest: Band
  /** null: with the next upgrade. */
  readonly due: number | null
  readonly overdue: boolean
  /** `confirmed`: proved on the asset itself. `potential`: concluded from versions or told by another tool. */
  readonly state: 'confirmed' | 'potential'
  readonly evidence: readonly Evidence[]
  /** 0 to 100: which of two decisions of the same band comes first. */
  readonly order: number
  readonly factors: readonly Factor[]
  readonly cwe: readonly string[]
  readonly techniques: readonly string[]
  /** What the finding is evidence for. */
  readonly controls: readonly ControlKind[]
  readonly notes: readonly Note[]
}

/** What a person has to know beside the row. */
export type Note = 'exposure_not_measured' | 'exposure_stale' | 'control_not_verified' | 'control_stale' | 'clock_from_kev' | 'exploited_outside_kev' | 'cvss_unreadable' | 'no_cve_rule' | 'future_found'
