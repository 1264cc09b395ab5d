// The stretch of time that a hunt looks at. Pure; times in ms since the epoch. Defended by range.test.ts (a window read back from its link is the
// same window; buckets cover the window without gaps and keep every count).
import type { EventHistogram } from '../../../server/src/telemetry/wire.ts'

/** Back from now; `all` is everything that is kept. */
export const spans = { '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000, all: null } as const
export type Span = keyof typeof spans
export const usualSpan: Span = '24h'
export const isSpan = (text: string | undefined): text is Span => text !== undefined && Object.hasOwn(spans, text)

export type RangeSearch = { readonly range?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined }
/** `from` inclusive, `to` exclusive; null is open. `span` is set where it moves with the clock. */
export type Window = { readonly from: number | null; readonly to: number | null; readonly span: Span | null }

export function windowOf({ range, from, to }: RangeSearch, now: number): Window {
  const [start, end] = [instant(from), instant(to)]
  if (start !== null && end !== null && start < end) return { from: start, to: end, span: null }
  const span = isSpan(range) ? range : usualSpan
  const length = spans[span]
  return length === null ? { from: null, to: null, span } : { from: now - length, to: now, span }
}
function instant(text: string | undefined): number | null {
  const at = text === undefined ? NaN : Date.parse(text)
  return Number.isNaN(at) ? null : at
}

/** Search parameters of a fixed window. */
export const fixed = (from: number, to: number): { range: undefined; from: string; to: string } => ({ range: undefined, from: new Date(from).toISOString(), to: new Date(Math.max(to, from + 1)).toISOString() })

type Bounds = { readonly from: number; readonly to: number }
/** Twice as long around the same middle, but not past `now`. */
export function zoomedOut({ from, to }: Bounds, now: number): Bounds {
  const half = (to - from) / 2
  const end = Math.max(to, Math.min(to + half, now))
  return { from: Math.floor(end - 4 * half), to: Math.ceil(end) }
}
/** Half a window earlier (-1) or later (1). */
export function shifted({ from, to }: Bounds, direction: -1 | 1): Bounds {
  const step = Math.max(1, Math.round((to - from) / 2)) * direction
  return { from: from + step, to: to + step }
}

export type Bucket = { readonly start: number; readonly end: number; readonly count: number }
const mostBuckets = 2_000
/** With the empty ones, and as much of the first and last as lies in the window. */
export function filled({ bucket_ms: width, buckets }: EventHistogram, { from, to }: Window): Bucket[] {
  const counts = new Map(buckets.map(({ start, count }) => [Date.parse(start), count]))
  const starts = [...counts.keys()]
  if (width <= 0 || (starts.length === 0 && (from === null || to === null))) return []
  const first = Math.floor((from ?? Math.min(...starts)) / width) * width
  const end = to ?? Math.max(...starts) + width
  const all: Bucket[] = []
  for (let start = first; start < end && all.length < mostBuckets; start += width) all.push({ start: Math.max(start, from ?? start), end: Math.min(start + width, end), count: counts.get(start) ?? 0 })
  return all
}

/** What a clock in the zone showed as `YYYY-MM-DDTHH:MM[:SS]`, as an instant; null where the text is no time. In the hour that a zone repeats, the earlier. */
export function instantIn(text: string, timeZone: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/.test(text)) return null
  const asUtc = Date.parse(`${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(asUtc)) return null
  const offsets = [asUtc - offsetAt(asUtc - 86_400_000, timeZone), asUtc - offsetAt(asUtc + 86_400_000, timeZone)]
  return offsets.find((at) => at + offsetAt(at, timeZone) === asUtc) ?? Math.min(...offsets)
}
function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).formatToParts(at)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - Math.floor(at / 1_000) * 1_000
}
