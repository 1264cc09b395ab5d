// A tenant's running correlations in the detection thread. What they hold is what the log before `at` makes of them, fed in its order: a state that was kept at an
// earlier place and the log from there on give the same again, so nothing of it has to be kept with the alerts. Defended by correlating.integration.test.ts.
import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'
import { createCorrelator } from '@haechi/sigma'
import type { Correlation, CorrelationMatch, Correlator, Occurrence } from '@haechi/sigma'

/** A state and its place in the log: everything before `at` is in it. `bytes` null: nothing correlates any more. */
export type KeptState = { readonly at: number; readonly bytes: Uint8Array | null }
/** Where a thread that knows nothing begins: with the kept state, or with none at `from`. `gaps` (ascending) were passed over by the search and are not read again either. */
export type Beginning = { readonly from: number; readonly state: Uint8Array | null; readonly gaps: readonly { readonly from: number; readonly to: number }[] }

/** What correlates: `key` names it. */
export type Correlations = { readonly key: string; readonly correlations: readonly Correlation[] }

/** Of groups and their windows, a tenant; beyond it the oldest are given up and counted. */
const mostBytes = 64 * 1_048_576
/** A state is kept so often at least, where events come. */
const saveMs = 10_000
/** A large state is kept less often: bytes a millisecond. */
const saveRate = 4_000
/** Larger than any state of `mostBytes`: what is kept is not believed. */
const unpackedMost = 4 * mostBytes

export interface Running {
  readonly at: number
  /** Stretches that are passed over, ascending. */
  readonly gaps: Beginning['gaps']
  feed(occurrence: Occurrence): CorrelationMatch[]
  reach(at: number): void
  /** What correlates may have changed: what did not goes on. */
  follow(correlations: Correlations): void
  /** The state when it is time to keep it. */
  due(): KeptState | null
  /** Groups given up for want of room since it was asked last. */
  evicted(): number
}

/** Errors: whatever makes of the kept state none. */
export function run(correlations: Correlations, { from, state, gaps }: Beginning, saveEvents: number): Running {
  let { key } = correlations
  let at = from
  let evicted = 0
  const made = ({ correlations: of }: Correlations): Correlator | null => (of.length === 0 ? null : createCorrelator(of, { maxBytes: mostBytes, onEvicted: (groups) => { evicted += groups } }))
  let correlator = made(correlations)
  if (state !== null) correlator?.restore(zstdDecompressSync(state, { maxOutputLength: unpackedMost }))
  const saved = { at: state === null ? -1 : from, time: performance.now(), bytes: 0 }
  let changed = state === null && correlator !== null
  return {
    get at() { return at },
    gaps,
    feed: (occurrence) => correlator?.add(occurrence) ?? [],
    reach(to) { at = to },
    follow(next) {
      if (next.key === key) return
      const before = correlator
      key = next.key
      correlator = made(next)
      if (before !== null) correlator?.restore(before.save())
      changed ||= before !== null || correlator !== null
    },
    due() {
      if (correlator === null) {
        if (!changed) return null
        changed = false
        return { at, bytes: null }
      }
      const age = performance.now() - saved.time
      if (!changed && (at === saved.at || age < saved.bytes / saveRate || (at - saved.at < saveEvents && age < saveMs))) return null
      const bytes = zstdCompressSync(correlator.save(), { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } })
      changed = false
      Object.assign(saved, { at, time: performance.now(), bytes: correlator.stats().bytes })
      return { at, bytes }
    },
    evicted() {
      const count = evicted
      evicted = 0
      return count
    },
  }
}
