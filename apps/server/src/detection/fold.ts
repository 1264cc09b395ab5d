// Matches become alerts: one rule, host, user and ten minutes of T1 are one alert, however often it fires. What comes out does not depend on how the events
// were cut into slices, so a replay from any checkpoint gives the same alerts. Defended by fold.test.ts (property: any cut, the same alerts).
import { createHash } from 'node:crypto'
import type { AlertIndicator, AlertProcess, AlertRule, Matched, Severity } from './model.ts'

export const bucketMs = 600_000
/** First events of an alert that are kept as evidence. */
export const evidenceMost = 20
/** Bytes of a record kept beside an alert; the event store has all of it. */
export const rawMost = 65_536
const addressesMost = 100

/** A record that something matched. `offset` is its place in the tenant's log. */
export type EvidenceRecord = {
  readonly offset: number
  /** Hex. */
  readonly eventId: string
  /** A source id. */
  readonly source: string
  readonly time: number
  readonly receivedAt: number
  readonly process: AlertProcess | null
  readonly addresses: readonly string[]
  readonly hashes: readonly string[]
  readonly raw: string
}

/** What is the same for all matches of an alert, taken from the first. */
type Facts = {
  readonly kind: 'rule' | 'indicator'
  readonly rule: AlertRule
  readonly severity: Severity
  readonly host: string | null
  readonly user: string | null
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly indicators: readonly AlertIndicator[]
  /** The suppression that keeps it away. Its matches are an alert of their own, so that others of the same rule are not hidden with it. */
  readonly suppressionId: string | null
}
/**
 * One match: a rule or an indicator, and the record. Of a correlation: the record that completed it, offsets of the latest others that it stands on, and when it
 * was complete (ms).
 */
export type Match = {
  readonly facts: Facts
  readonly record: EvidenceRecord
  readonly backfill: boolean
  readonly matched: readonly Matched[]
  readonly correlated?: { readonly offsets: readonly number[]; readonly at: number }
}

/** What matches of a slice of the log say about one alert. */
export type Finding = Facts & {
  readonly id: string
  readonly firstEventAt: number
  readonly lastEventAt: number
  readonly receivedAt: number
  /** Log offset of the first event, of a correlation of the one that completed it. */
  readonly offset: number
  readonly eventCount: number
  readonly backfill: boolean
  /** Each offset once, in the order in which matches named them, the first `evidenceMost`. */
  readonly evidence: readonly { readonly offset: number; readonly matched: readonly Matched[] }[]
}
/** `records` has those that the findings' evidence names, by offset. */
export type Findings = { readonly findings: Map<string, Finding>; readonly records: Map<number, EvidenceRecord> }

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** The same for the same tenant, rule or indicator, host, user, ten minutes and suppression. */
export function alertId(tenantId: string, { kind, rule, host, user, suppressionId }: Pick<Facts, 'kind' | 'rule' | 'host' | 'user' | 'suppressionId'>, time: number): string {
  // An indicator is the host's, whoever used it.
  const key = [tenantId, kind, rule.id, host?.toLowerCase() ?? '', kind === 'indicator' ? '' : user?.toLowerCase() ?? '', Math.floor(time / bucketMs), suppressionId ?? '']
  const hash = createHash('sha256').update(JSON.stringify(key)).digest()
  let id = 'alt_'
  for (let at = 0; at < 26; at++) id += alphabet[hash[at]! & 31]!
  return id
}

export const noFindings = (): Findings => ({ findings: new Map(), records: new Map() })

/** Matches come in the order of the log. */
export function fold(into: Findings, tenantId: string, { facts, record, backfill, matched, correlated }: Match): void {
  const { at, offsets } = correlated ?? { at: record.time, offsets: [] }
  const id = alertId(tenantId, facts, at)
  const one: Finding = {
    ...facts, id, firstEventAt: Math.min(record.time, at), lastEventAt: at, receivedAt: record.receivedAt, offset: record.offset, eventCount: 1, backfill,
    evidence: [{ offset: record.offset, matched }, ...[...new Set(offsets)].filter((offset) => offset !== record.offset).slice(1 - evidenceMost).map((offset) => ({ offset, matched: [] }))],
  }
  const known = into.findings.get(id)
  const merged = known === undefined ? one : merge(known, one)
  into.findings.set(id, merged)
  if (merged.evidence.some(({ offset }) => offset === record.offset)) into.records.set(record.offset, record)
}

/** What two slices say about one alert, `earlier` coming first in the log. */
export function merge<T extends Finding>(earlier: T, later: Finding): T {
  return {
    ...earlier,
    firstEventAt: Math.min(earlier.firstEventAt, later.firstEventAt),
    lastEventAt: Math.max(earlier.lastEventAt, later.lastEventAt),
    receivedAt: Math.min(earlier.receivedAt, later.receivedAt),
    eventCount: earlier.eventCount + later.eventCount,
    backfill: earlier.backfill && later.backfill,
    evidence: earlier.evidence.length === evidenceMost ? earlier.evidence : together(earlier.evidence, later.evidence),
  }
}

function together(earlier: Finding['evidence'], later: Finding['evidence']): Finding['evidence'] {
  const known = new Set(earlier.map(({ offset }) => offset))
  return [...earlier, ...later.filter(({ offset }) => !known.has(offset))].slice(0, evidenceMost)
}

export function mergeAll(into: Findings, later: Findings): void {
  for (const [id, finding] of later.findings) {
    const known = into.findings.get(id)
    const merged = known === undefined ? finding : merge(known, finding)
    into.findings.set(id, merged)
    for (const { offset } of merged.evidence) {
      const record = later.records.get(offset)
      if (record !== undefined) into.records.set(offset, record)
    }
  }
}

export type Traits = { readonly processes: readonly AlertProcess[]; readonly addresses: readonly string[]; readonly hashes: readonly string[] }
export const noTraits: Traits = { processes: [], addresses: [], hashes: [] }

/** What the records of an alert's evidence name, each once, in their order. */
export function traits(before: Traits, records: Iterable<EvidenceRecord>): Traits {
  const processes = new Map(before.processes.map((process) => [processKey(process), process]))
  const addresses = new Set(before.addresses)
  const hashes = new Set(before.hashes)
  for (const record of records) {
    if (record.process !== null && !processes.has(processKey(record.process))) processes.set(processKey(record.process), record.process)
    for (const address of record.addresses) if (addresses.size < addressesMost) addresses.add(address)
    for (const hash of record.hashes) if (hashes.size < addressesMost) hashes.add(hash)
  }
  return { processes: [...processes.values()], addresses: [...addresses], hashes: [...hashes] }
}

const processKey = ({ guid, pid, image, commandLine }: AlertProcess): string => guid ?? JSON.stringify([pid, image, commandLine])
