// Batches of the log whose events were correlated of late: what an alert of a correlation shows of the events before the last. What is no longer here is read
// from the log again.
import type { StoredBatch } from '../platform/event-log/port.ts'

/** A batch, and where each of its lines begins; behind the last stands where it ends. */
export type Lines = { readonly batch: StoredBatch; readonly bytes: Buffer; readonly starts: Uint32Array }

export function linesOf(batch: StoredBatch): Lines {
  const bytes = Buffer.from(batch.lines.buffer, batch.lines.byteOffset, batch.lines.length)
  const starts = new Uint32Array(batch.count + 1)
  for (let i = 0; i < batch.count; i++) starts[i + 1] = bytes.indexOf(10, starts[i]) + 1
  return { batch, bytes, starts }
}

/** Line `i` of a batch without its line feed. */
export const lineAt = ({ bytes, starts }: Lines, i: number): Buffer => bytes.subarray(starts[i], starts[i + 1]! - 1)

const mostBytes = 32 * 1_048_576

export function rememberBatches() {
  const kept = new Map<string, { tenant: string; lines: Lines }>()
  let bytes = 0
  return {
    remember(tenant: string, lines: Lines): void {
      const name = `${tenant} ${lines.batch.first}`
      if (kept.has(name)) return
      kept.set(name, { tenant, lines })
      bytes += lines.bytes.length
      for (const [oldest, { lines: { bytes: { length } } }] of kept) {
        if (bytes <= mostBytes || oldest === name) break
        kept.delete(oldest)
        bytes -= length
      }
    },
    find(tenant: string, offset: number): Lines | null {
      for (const { tenant: of, lines } of kept.values()) {
        const { first, count } = lines.batch
        if (of === tenant && offset >= first && offset < first + count) return lines
      }
      return null
    },
  }
}
