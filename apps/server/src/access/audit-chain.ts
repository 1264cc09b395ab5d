// The audit chain, useful alone and offline: each record carries the hash of the one before it, so nothing can be edited, dropped,
// doubled or moved without the chain breaking at that line. Defended by audit-chain.test.ts (property: any tampering is found).
import { createHash } from 'node:crypto'

export const auditAlgorithm = 'sha256-chain-1'
/** What the first record of a chain points at. */
export const auditOrigin = '0'.repeat(64)

export type AuditRecord = {
  /** The tenant's id, or '*' for the chain of the platform. */
  readonly chain: string
  /** From 1, without gaps. */
  readonly sequence: number
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string
  readonly actor: { readonly kind: string; readonly id: string; readonly person: string; readonly name: string }
  readonly action: string
  readonly resource: { readonly kind: string; readonly id: string } | null
  readonly outcome: 'success' | 'denied' | 'failure'
  readonly detail: Readonly<Record<string, unknown>>
  readonly prev_hash: string
}

/** RFC 8785 for the values that a record may hold: keys sorted by UTF-16 code units, no spaces. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item === undefined ? null : item)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    // PostgreSQL text holds no NUL; JSON.stringify writes it escaped, so any string passes.
    return `{${entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

export const hashOf = (canonicalRecord: string): string => createHash('sha256').update(canonicalRecord).digest('hex')

export type AuditHeader = { readonly haechi_audit: 1; readonly chain: string; readonly algorithm: string; readonly from: number; readonly prev_hash: string }
export const auditHeader = (chain: string): AuditHeader => ({ haechi_audit: 1, chain, algorithm: auditAlgorithm, from: 1, prev_hash: auditOrigin })
/** One line of an export after its header. */
export const auditLine = (canonicalRecord: string, hash: string): string => `{"hash":"${hash}","record":${canonicalRecord}}`

/** `line` counts from 1, the header being line 1. */
export type AuditVerdict =
  | { readonly ok: true; readonly chain: string; readonly records: number; readonly first: string | null; readonly last: string | null; readonly head: string }
  | { readonly ok: false; readonly line: number; readonly reason: AuditFault }
export type AuditFault = 'header_missing' | 'algorithm_unknown' | 'line_unreadable' | 'record_changed' | 'chain_mixed' | 'record_missing' | 'record_repeated' | 'chain_broken'

/**
 * Checks an export line by line, without a server. A file cut off at its end is a valid shorter chain: compare `head` with the one
 * the server or an earlier export names. `first` and `last` are the times of the first and last record.
 */
export async function verifyAuditExport(lines: AsyncIterable<string> | Iterable<string>): Promise<AuditVerdict> {
  let header: AuditHeader | undefined
  let line = 0
  let head = auditOrigin
  let records = 0
  let first: string | null = null
  let last: string | null = null
  for await (const text of lines) {
    line++
    if (text === '') continue
    const parsed = parse(text)
    if (header === undefined) {
      if (parsed?.['haechi_audit'] !== 1 || typeof parsed['chain'] !== 'string') return { ok: false, line, reason: 'header_missing' }
      header = parsed as AuditHeader
      if (header.algorithm !== auditAlgorithm || header.from !== 1 || header.prev_hash !== auditOrigin) return { ok: false, line, reason: 'algorithm_unknown' }
      continue
    }
    const record = parsed?.['record'] as AuditRecord | undefined
    if (typeof record !== 'object' || record === null || typeof parsed?.['hash'] !== 'string') return { ok: false, line, reason: 'line_unreadable' }
    // The whole line is compared, so that a key given twice or anything beside the record is a change too.
    const text8785 = canonical(record)
    if (text !== auditLine(text8785, parsed['hash']) || hashOf(text8785) !== parsed['hash']) return { ok: false, line, reason: 'record_changed' }
    if (record.chain !== header.chain) return { ok: false, line, reason: 'chain_mixed' }
    if (record.sequence > records + 1) return { ok: false, line, reason: 'record_missing' }
    if (record.sequence < records + 1) return { ok: false, line, reason: 'record_repeated' }
    if (record.prev_hash !== head) return { ok: false, line, reason: 'chain_broken' }
    records++
    head = parsed['hash']
    first ??= record.at
    last = record.at
  }
  if (header === undefined) return { ok: false, line: 1, reason: 'header_missing' }
  return { ok: true, chain: header.chain, records, first, last, head }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
