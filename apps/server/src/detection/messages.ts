// What the server and its detection thread say to each other.
import type { Indicator } from '@haechi/indicators'
import type { PackRejection } from '../platform/packs.ts'
import type { Beginning, KeptState } from './correlating.ts'
import type { Findings } from './fold.ts'
import type { SuppressionTest } from './model.ts'
import type { PackContent, RuleFacts } from './rules.ts'

/** What is in force for a tenant. `packs` are keys, the first before the others. */
export type TenantRules = { readonly tenant: string; readonly packs: readonly string[]; readonly disabled: readonly string[]; readonly enabled: readonly string[]; readonly suppressions: readonly SuppressionTest[] }

/** Offsets `from` to `to` (exclusive) that were not searched. */
export type Gap = { readonly from: number; readonly to: number; readonly reason: string }
export type Volume = { events: number; matches: number }
/** What a rule was met by in an hour of receipt; `lastAt` is T2 of the latest. */
export type RuleHits = { readonly ruleId: string; readonly hour: number; hits: number; lastAt: number }
/** What packs say of each other, for all in force: ids of rules that make no alert of their own, what correlations refer to by its id, and documents that could not be taken, by pack. */
export type Linking = { readonly silent: readonly string[]; readonly refers: ReadonlyMap<string, readonly string[]>; readonly rejected: readonly (PackRejection & { readonly pack: string })[] }
/** A stretch of the log that was searched: from where it was asked to `next` (exclusive). */
export type Slice = {
  readonly next: number
  readonly events: number
  readonly gaps: readonly Gap[]
  readonly findings: Findings
  /** By the hour of receipt, in hours since the epoch. `matches` counts suppressed ones too. */
  readonly volumes: ReadonlyMap<number, Volume>
  /** Coded things that could not be looked at. */
  readonly faults: Readonly<Record<string, number>>
  /** By hour and rule. */
  readonly hits: ReadonlyMap<string, RuleHits>
  /** Microseconds an event of rules that were measured meanwhile. */
  readonly costs: ReadonlyMap<string, number>
  /** Of the correlations, behind this stretch. */
  readonly state: KeptState | null
  /** Nothing was searched: the thread reads again what correlations need from before it (`next` is where it began), or has just done so. */
  readonly again: 'reading' | 'reached' | null
}

export type SearchRequest = { readonly tenant: string; readonly from: number; readonly end: number; readonly most: number }

export type ToThread =
  | { readonly kind: 'pack'; readonly id: number; readonly pack: PackContent }
  /** Answered when the rules are compiled: a rule that ends the thread does it here, and no event is blamed. */
  | { readonly kind: 'tenant'; readonly id: number; readonly rules: TenantRules }
  /** The next part of a list; the first begins it anew. Tenants for whom the same is in force share one. */
  | { readonly kind: 'indicators'; readonly id: number; readonly version: string; readonly part: readonly Indicator[]; readonly first: boolean }
  | { readonly kind: 'use'; readonly id: number; readonly tenant: string; readonly indicators: string }
  | { readonly kind: 'search'; readonly id: number; readonly request: SearchRequest }
  /** Packs and lists of indicators that nothing names any more may go. */
  | { readonly kind: 'keep'; readonly packs: readonly string[]; readonly indicators: readonly string[] }
  | { readonly kind: 'key'; readonly id: number; readonly key: Uint8Array | null }
  /** null: it cannot be told now. */
  | { readonly kind: 'beginning'; readonly id: number; readonly beginning: Beginning | null }

export type FromThread =
  | { readonly kind: 'pack'; readonly id: number; readonly rules: readonly RuleFacts[]; readonly filters: number; readonly rejected: readonly PackRejection[] }
  | { readonly kind: 'told'; readonly id: number }
  | { readonly kind: 'linked'; readonly id: number; readonly linking: Linking }
  /** A tenant, or packs of it, that this thread was never told of. */
  | { readonly kind: 'untold'; readonly id: number }
  | { readonly kind: 'found'; readonly id: number; readonly slice: Slice }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'openKey'; readonly id: number; readonly wrapped: Uint8Array; readonly place: string }
  /** Where do a tenant's correlations begin, so that the search can go on at `from`? `refused`: why the state that was told of is none. */
  | { readonly kind: 'begin'; readonly id: number; readonly tenant: string; readonly from: number; readonly refused: string | null }
