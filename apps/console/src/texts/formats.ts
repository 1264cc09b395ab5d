// Numbers, times and durations as people of either language write them. Pure; defended by formats.test.ts.
import type { Language } from './catalogue.ts'

export type Formats = {
  number(value: number, fractionDigits?: number): string
  percent(value: number): string
  /** 2026-11-22 12:04:31 with the zone's name: for evidence and reports. */
  absolute(at: string | number | Date): string
  /** Without the zone: where it is said beside. */
  clock(at: string | number | Date): string
  date(at: string | number | Date): string
  /** 3 min ago / 3분 전 */
  relative(at: string | number | Date, now: number): string
  /** 4 min 10 s / 4분 10초, the two largest units. Milliseconds. */
  duration(milliseconds: number): string
  /** Names joined as a sentence joins them. */
  list(items: readonly string[]): string
  readonly zone: string
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const unitNames = {
  en: [' d', ' h', ' min', ' s'],
  ko: ['일', '시간', '분', '초'],
} as const

const cache = new Map<string, Formats>()

export function formats(language: Language, timeZone: string): Formats {
  const key = `${language} ${timeZone}`
  let found = cache.get(key)
  if (found === undefined) cache.set(key, found = make(language, timeZone))
  return found
}

function make(language: Language, timeZone: string): Formats {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  const zoneName = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'short' })
  const long = new Intl.DateTimeFormat(language, { timeZone, dateStyle: 'medium' })
  const ago = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const whole = new Intl.NumberFormat(language)
  const join = new Intl.ListFormat(language, { type: 'conjunction' })
  const clock = (at: string | number | Date) => {
    const of = Object.fromEntries(parts.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
    return `${of['year']}-${of['month']}-${of['day']} ${of['hour']}:${of['minute']}:${of['second']}`
  }
  const zone = (at: string | number | Date) => zoneName.formatToParts(new Date(at)).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone
  return {
    zone: timeZone,
    number: (value, fractionDigits) => fractionDigits === undefined ? whole.format(value) : new Intl.NumberFormat(language, { minimumFractionDigits: fractionDigits, maximumFractionDigits: fractionDigits }).format(value),
    percent: (value) => `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value)}%`,
    clock,
    absolute: (at) => `${clock(at)} ${zone(at)}`,
    date: (at) => long.format(new Date(at)),
    relative(at, now) {
      const past = now - new Date(at).getTime()
      const size = Math.abs(past)
      if (size < 45 * second) return language === 'ko' ? '방금' : 'just now'
      const [unit, length] = size < 45 * minute ? (['minute', minute] as const) : size < 22 * hour ? (['hour', hour] as const) : size < 60 * day ? (['day', day] as const) : (['month', 30 * day] as const)
      return ago.format(-Math.round(past / length), unit)
    },
    duration(milliseconds) {
      let rest = Math.max(0, Math.round(milliseconds / second)) * second
      const counts = [day, hour, minute, second].map((length) => { const count = Math.floor(rest / length); rest -= count * length; return count })
      const first = counts.findIndex((count) => count > 0)
      if (first === -1) return `0${unitNames[language][3]}`
      return counts.map((count, at) => ({ count, name: unitNames[language][at]! })).slice(first, first + 2).filter(({ count }) => count > 0).map(({ count, name }) => `${whole.format(count)}${name}`).join(' ')
    },
    list: (items) => join.format(items),
  }
}
