// Points in time as Go's package time writes and reads them (pkg.go.dev/time#pkg-constants): a layout is the reference time 'Mon Jan 2 15:04:05 MST 2006' written
// as it shall look. All times are UTC: what a scan finds does not depend on where it runs. Defended by dsl/functions.test.ts against Go itself.

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Longest first where one begins like another. */
const pieces = /January|Jan|Monday|Mon|MST|2006|__2|002|01|02|03|04|05|06|15|PM|pm|-07:00:00|-07:00|-070000|-0700|-07|Z07:00:00|Z07:00|Z070000|Z0700|Z07|[.,](?:0+|9+)(?!\d)|_2(?!006)|1|2|3|4|5/g

const two = (value: number): string => String(value).padStart(2, '0')

export function formatTime(layout: string, milliseconds: number): string {
  const time = new Date(milliseconds)
  const month = time.getUTCMonth()
  const hour = time.getUTCHours()
  const year = time.getUTCFullYear()
  const dayOfYear = Math.floor((Date.UTC(year, month, time.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000) + 1
  return layout.replaceAll(pieces, (piece) => {
    switch (piece) {
      case 'January': return months[month]!
      case 'Jan': return months[month]!.slice(0, 3)
      case '1': return String(month + 1)
      case '01': return two(month + 1)
      case 'Monday': return days[time.getUTCDay()]!
      case 'Mon': return days[time.getUTCDay()]!.slice(0, 3)
      case '2': return String(time.getUTCDate())
      case '_2': return String(time.getUTCDate()).padStart(2)
      case '02': return two(time.getUTCDate())
      case '__2': return String(dayOfYear).padStart(3)
      case '002': return String(dayOfYear).padStart(3, '0')
      case '15': return two(hour)
      case '3': return String(hour % 12 || 12)
      case '03': return two(hour % 12 || 12)
      case '4': return String(time.getUTCMinutes())
      case '04': return two(time.getUTCMinutes())
      case '5': return String(time.getUTCSeconds())
      case '05': return two(time.getUTCSeconds())
      case '2006': return String(year).padStart(4, '0')
      case '06': return two(year % 100)
      case 'PM': return hour < 12 ? 'AM' : 'PM'
      case 'pm': return hour < 12 ? 'am' : 'pm'
      case 'MST': return 'UTC'
      case '-07:00:00': return '+00:00:00'
      case '-07:00': return '+00:00'
      case '-070000': return '+000000'
      case '-0700': return '+0000'
      case '-07': return '+00'
      default: {
        if (piece.startsWith('Z')) return 'Z'
        const fraction = String(time.getUTCMilliseconds()).padStart(3, '0').padEnd(9, '0').slice(0, piece.length - 1)
        if (piece.includes('0')) return piece[0]! + fraction
        const short = fraction.replace(/0+$/, '')
        return short === '' ? '' : piece[0]! + short
      }
    }
  })
}

const patternOf = (piece: string): string => {
  switch (piece) {
    case 'January': return `(${months.join('|')})`
    case 'Jan': return `(${months.map((month) => month.slice(0, 3)).join('|')})`
    case 'Monday': return `(?:${days.join('|')})`
    case 'Mon': return `(?:${days.map((day) => day.slice(0, 3)).join('|')})`
    case '2006': return String.raw`(\d{4})`
    case '01': case '02': case '03': case '04': case '05': case '06': return String.raw`(\d{2})`
    case '15': return String.raw`(\d{2})`
    case '002': return String.raw`(\d{3})`
    case '__2': return String.raw`( {0,2}\d{1,3})`
    case '1': case '2': case '3': case '4': case '5': return String.raw`(\d{1,2})`
    case '_2': return String.raw`( ?\d{1,2})`
    case 'PM': return '(AM|PM)'
    case 'pm': return '(am|pm)'
    case 'MST': return '(UTC|GMT|[A-Z]{3,4})'
    case '-07:00:00': return String.raw`([+-]\d{2}:\d{2}:\d{2})`
    case '-07:00': return String.raw`([+-]\d{2}:\d{2})`
    case '-070000': return String.raw`([+-]\d{6})`
    case '-0700': return String.raw`([+-]\d{4})`
    case '-07': return String.raw`([+-]\d{2})`
    default:
      if (piece.startsWith('Z')) return `(Z|${patternOf(`-${piece.slice(1)}`).slice(1, -1)})`
      return piece.includes('0') ? String.raw`[.,](\d{${piece.length - 1}})` : String.raw`(?:[.,](\d+))?`
  }
}

const quoted = (text: string): string => text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`).replaceAll(/ +/g, ' +')

type Reading = { readonly pattern: RegExp; readonly pieces: readonly string[] }
const readings = new Map<string, Reading>()

function readingOf(layout: string): Reading {
  const known = readings.get(layout)
  if (known !== undefined) return known
  const found: string[] = []
  let source = ''
  let end = 0
  for (const match of layout.matchAll(pieces)) {
    source += quoted(layout.slice(end, match.index))
    end = match.index + match[0].length
    const pattern = patternOf(match[0])
    source += pattern
    if (!pattern.startsWith('(?:') || pattern.includes('(\\d')) found.push(match[0])
    // A fraction may follow the seconds though the layout has none.
    if ((match[0] === '05' || match[0] === '5') && !/^[.,](?:0|9)/.test(layout.slice(end))) source += String.raw`(?:[.,]\d+)?`
  }
  const reading = { pattern: new RegExp(`^${source}${quoted(layout.slice(end))}$`, 'i'), pieces: found }
  if (readings.size < 100) readings.set(layout, reading)
  return reading
}

/** Milliseconds since 1970; null where the text is not as the layout has it. */
export function parseTime(layout: string, text: string): number | null {
  if (layout.length > 200 || text.length > 200) return null
  const { pattern, pieces } = readingOf(layout)
  const match = pattern.exec(text)
  if (match === null) return null
  let [year, month, day, hour, minute, second, milliseconds, offset] = [0, 1, 1, 0, 0, 0, 0, 0]
  let dayOfYear: number | null = null
  let afternoon: boolean | null = null
  for (const [index, piece] of pieces.entries()) {
    const value = match[index + 1] ?? ''
    const number = Number(value)
    switch (piece) {
      case 'January': case 'Jan': month = months.findIndex((name) => name.slice(0, 3).toLowerCase() === value.slice(0, 3).toLowerCase()) + 1; break
      case '1': case '01': month = number; break
      case '2': case '02': case '_2': day = number; break
      case '002': case '__2': dayOfYear = number; break
      case '15': case '3': case '03': hour = number; break
      case '4': case '04': minute = number; break
      case '5': case '05': second = number; break
      case '2006': year = number; break
      case '06': year = number >= 69 ? 1900 + number : 2000 + number; break
      case 'PM': case 'pm': afternoon = value.toLowerCase() === 'pm'; break
      case 'MST': break
      default:
        if (piece.startsWith('Z') || piece.startsWith('-')) {
          const parts = /^([+-])(\d{2}):?(\d{2})?:?(\d{2})?$/.exec(value)
          if (parts !== null) offset = (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 3600 + Number(parts[3] ?? 0) * 60 + Number(parts[4] ?? 0))
        } else milliseconds = Number(`0.${value === '' ? '0' : value}`) * 1000
    }
  }
  if (afternoon === true && hour < 12) hour += 12
  if (afternoon === false && hour === 12) hour = 0
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null
  const date = new Date(0)
  if (dayOfYear !== null) date.setUTCFullYear(year, 0, dayOfYear)
  else {
    date.setUTCFullYear(year, month - 1, day)
    if (day < 1 || date.getUTCDate() !== day) return null
  }
  date.setUTCHours(hour, minute, second, Math.floor(milliseconds))
  return date.getTime() - offset * 1000
}

/** The forms in which a quoted text counts as a point in time, with the lengths that such a text has. */
const literalLayouts: readonly (readonly [layout: string, shortest: number, longest: number])[] = [
  ['Mon Jan _2 15:04:05 2006', 23, 24],
  ['Mon Jan 02 15:04:05 -0700 2006', 30, 30],
  ['3:04PM', 6, 7],
  ['2006-01-02T15:04:05Z07:00', 25, 25],
  ['2006-01-02T15:04:05.999999999Z07:00', 35, 35],
  ['2006-01-02', 10, 10],
  ['2006-01-02 15:04', 16, 16],
  ['2006-01-02 15:04:05', 19, 19],
  ['2006-01-02 15:04:05-07:00', 25, 25],
  ['2006-01-02T15Z0700', 18, 18],
  ['2006-01-02T15:04Z0700', 21, 21],
  ['2006-01-02T15:04:05Z0700', 24, 24],
  ['2006-01-02T15:04:05.999999999Z0700', 34, 34],
]

/** Seconds since 1970 where a quoted text of an expression is a date: then it is a number, as in govaluate. */
export function literalTime(text: string): number | null {
  if (text.length < 6 || text.length > 35 || (!text.includes(':') && !text.includes('-')) || !/\d/.test(text)) return null
  for (const [layout, shortest, longest] of literalLayouts) {
    if (text.length < shortest || text.length > longest) continue
    const time = parseTime(layout, text)
    if (time !== null) return Math.floor(time / 1000)
  }
  return null
}
