import { expect, test } from 'vitest'
import { monthStart, wallClock } from './calendar.ts'

const iso = (at: number) => new Date(at).toISOString()

test('a month begins at the zone\'s own midnight', () => {
  expect(iso(monthStart(2026, 11, 'UTC'))).toBe('2026-11-01T00:00:00.000Z')
  expect(iso(monthStart(2026, 11, 'Asia/Seoul'))).toBe('2026-10-31T15:00:00.000Z')
  expect(iso(monthStart(2026, 13, 'Asia/Seoul'))).toBe('2026-12-31T15:00:00.000Z')
  expect(iso(monthStart(2026, 11, 'America/New_York'))).toBe('2026-11-01T04:00:00.000Z')
  expect(iso(monthStart(2026, 12, 'America/New_York'))).toBe('2026-12-01T05:00:00.000Z')
  expect(iso(monthStart(2026, 4, 'Asia/Kathmandu'))).toBe('2026-03-31T18:15:00.000Z')
})

test.each(['UTC', 'Asia/Seoul', 'America/New_York', 'Europe/Berlin', 'Pacific/Apia', 'Asia/Kathmandu', 'America/Sao_Paulo', 'Africa/Cairo'])('every month of %s begins on its first day, and the minute before belongs to the one before', (zone) => {
  const wall = wallClock(zone)
  for (let index = 0; index < 12 * 20; index++) {
    const [year, month] = [2010 + Math.floor(index / 12), (index % 12) + 1]
    const start = monthStart(year, month, zone)
    expect(wall(start)).toMatchObject({ year, month, day: 1 })
    expect(wall(start - 60_000).month).toBe(month === 1 ? 12 : month - 1)
  }
})

test('hours and weekdays are those of the wall', () => {
  expect(wallClock('Asia/Seoul')(Date.parse('2026-11-22T15:30:00Z'))).toEqual({ year: 2026, month: 11, day: 23, weekday: 0, hour: 0, minute: 30 })
  expect(() => wallClock('Mars/Olympus')).toThrow(RangeError)
})
