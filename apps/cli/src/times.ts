// Points in time as people write them, and as they are shown to them. Pure but for the machine's time zone. Defended by times.test.ts.
import { HaechiError } from '@haechi/server/errors'

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const relative = /^([+-])(\d{1,9})([smhdw])$/
const absolute = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/**
 * Milliseconds since the epoch of `now`, `-24h` (s, m, h, d, w before now; `+` after), `2026-11-01` (its first moment), `2026-11-01 09:30`,
 * `2026-11-01T09:30:15.250Z`, `...+09:00`. Without a zone the machine's zone counts. Errors: usage_time.
 */
export function parseTime(option: string, text: string, now: number): number {
  const word = text.trim()
  if (word.toLowerCase() === 'now') return now
  const offset = relative.exec(word)
  const time = offset === null ? parseDate(word) : now + (offset[1] === '-' ? -1 : 1) * Number(offset[2]) * units[offset[3] as keyof typeof units]
  // ISO 8601 has four digits for the year; what is outside is a typing error.
  if (!(time >= -62_135_596_800_000 && time <= 253_402_300_799_999)) throw new HaechiError('usage_time', { option, value: text })
  return time
}

function parseDate(word: string): number {
  const match = absolute.exec(word)
  if (match === null) return Number.NaN
  const [year, month, day, hour, minute, second] = [match[1], match[2], match[3], match[4], match[5], match[6]].map((part) => Number(part ?? 0)) as [number, number, number, number, number, number]
  const millisecond = Math.trunc(Number(`0.${match[7] ?? '0'}`) * 1_000 + 1e-6)
  const utc = instant(true, year, month, day, hour, minute, second, millisecond)
  // A field over its range would roll over into the next: such a date does not exist.
  if (hour > 23 || minute > 59 || second > 59 || utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day) return Number.NaN
  const zone = match[8]
  if (zone === undefined) return instant(false, year, month, day, hour, minute, second, millisecond).getTime()
  if (zone.toUpperCase() === 'Z') return utc.getTime()
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.replace(':', '').slice(3, 5))]
  if (hours > 23 || minutes > 59) return Number.NaN
  return utc.getTime() - (zone.startsWith('-') ? -1 : 1) * (hours * units.h + minutes * units.m)
}

// The constructors read years below 100 as 19xx.
function instant(utc: boolean, year: number, month: number, day: number, hour: number, minute: number, second: number, millisecond: number): Date {
  const date = new Date(0)
  if (utc) {
    date.setUTCFullYear(year, month - 1, day)
    date.setUTCHours(hour, minute, second, millisecond)
  } else {
    date.setFullYear(year, month - 1, day)
    date.setHours(hour, minute, second, millisecond)
  }
  return date
}

const two = (value: number) => String(value).padStart(2, '0')

/** `2026-11-22 09:14:03` in the machine's zone. Empty for null. */
export function localTime(time: number | null): string {
  if (time === null) return ''
  const date = new Date(time)
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `UTC+09:00`: the zone that localTime shows `time` in. */
export function zoneOf(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset()
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** `02:03`, `1:02:03`, from two days on `2 d`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole >= 172_800) return `${Math.trunc(whole / 86_400).toLocaleString('en-US')} d`
  const [hours, minutes] = [Math.trunc(whole / 3_600), Math.trunc(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${two(minutes)}:${two(whole % 60)}`
}
