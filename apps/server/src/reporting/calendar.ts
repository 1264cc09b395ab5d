// Months, days and hours as a tenant's wall clock shows them. Defended by calendar.test.ts (zones with and without summer time, Date as the oracle).

export type Wall = { readonly year: number; readonly month: number; readonly day: number; /** 0 is Monday. */ readonly weekday: number; readonly hour: number; readonly minute: number }

/** Reads instants (ms since the epoch) on the wall clock of an IANA zone. Throws RangeError for a zone that is none. */
export function wallClock(timeZone: string): (at: number) => Wall {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return (at) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(at)) if (type !== 'literal') parts[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
    return { year, month, day, hour, minute, weekday: (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7 }
  }
}

/** The first instant of a month in a zone; month 13 is January of the next year. */
export function monthStart(year: number, month: number, timeZone: string): number {
  const wall = wallClock(timeZone)
  const wanted = Date.UTC(year, month - 1, 1)
  // A zone's offset at midnight is that of an instant near it.
  let at = wanted
  let latest = -Infinity
  for (let step = 0; step < 4; step++) {
    const seen = wall(at)
    const shown = Date.UTC(seen.year, seen.month - 1, seen.day, seen.hour, seen.minute)
    if (shown === wanted) return at
    at -= shown - wanted
    latest = step < 2 ? at : Math.max(latest, at)
  }
  // Midnight does not exist where the clock goes forward at it (Cairo, August 2014): the search swings around the gap, and the day begins after it.
  return latest
}
