import type { Clock } from '../platform/clock.ts'

/** The published floor: a loop over incidents must never lose a containment to the limit. */
const floor = 20

export type RateLimit = { readonly perSecond: number; readonly burst: number }

/** A token bucket per key, in memory. `take` returns 0 when the request may pass, else the whole seconds after which one will. */
export function openRateLimit(clock: Clock, wanted: RateLimit): RateLimit & { take(key: string): number; sweep(): void } {
  const perSecond = Math.max(floor, wanted.perSecond)
  const burst = Math.max(perSecond, wanted.burst)
  const buckets = new Map<string, { tokens: number; at: number }>()
  const refilled = (bucket: { tokens: number; at: number }, now: number) => Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) / 1_000 * perSecond)
  return {
    perSecond,
    burst,
    take(key) {
      const now = clock.now()
      const bucket = buckets.get(key) ?? { tokens: burst, at: now }
      bucket.tokens = refilled(bucket, now)
      bucket.at = now
      buckets.set(key, bucket)
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond)
      bucket.tokens--
      return 0
    },
    sweep() {
      const now = clock.now()
      for (const [key, bucket] of buckets) if (refilled(bucket, now) >= burst) buckets.delete(key)
    },
  }
}
