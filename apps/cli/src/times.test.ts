import { HaechiError } from '@haechi/server/errors'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { duration, localTime, parseTime, zoneOf } from './times.ts'

const now = Date.UTC(2026, 10, 22, 12)
const at = (text: string) => parseTime('--from', text, now)
const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

describe('parseTime', () => {
  test('reads the forms that the help names', () => {
    process.env['TZ'] = 'Asia/Seoul'
    expect(at('now')).toBe(now)
    expect(at('-24h')).toBe(now - 86_400_000)
    expect(at('+90d')).toBe(now + 90 * 86_400_000)
    expect(new Date(at('2026-11-01')).toISOString()).toBe('2026-10-31T15:00:00.000Z')
    expect(new Date(at('2026-11-01 09:30')).toISOString()).toBe('2026-11-01T00:30:00.000Z')
    expect(new Date(at('2026-11-01T09:30:15.250Z')).toISOString()).toBe('2026-11-01T09:30:15.250Z')
    expect(new Date(at('2026-11-01T09:30+09:00')).toISOString()).toBe('2026-11-01T00:30:00.000Z')
    expect(new Date(at('2026-11-01T09:30-0330')).toISOString()).toBe('2026-11-01T13:00:00.000Z')
  })

  test.each(['', '24h', '-h', '-1y', '2026-13-01', '2026-02-30', '2026-11-01T24:00', '2026-11-01T10:61', '2026-11-1', 'yesterday', '2026-11-01T10:00+25:00', '-999999999w', '1700000000', '2026-11-01T10:00Zjunk'])('refuses %j', (text) => {
    expect(() => at(text)).toThrow(HaechiError)
  })

  test('any instant comes back from its ISO form in any zone', () => {
    fc.assert(fc.property(fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }), fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, offset) => {
      const shifted = new Date(date.getTime() + offset * 60_000)
      const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
      const suffix = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
      // Years beyond four digits are none of ISO 8601's basic form.
      fc.pre(/^\d{4}-/.test(shifted.toISOString()))
      expect(at(shifted.toISOString().replace('Z', suffix))).toBe(date.getTime())
    }))
  })

  test('a time without a zone is the one that a clock on the wall shows', () => {
    for (const name of ['Asia/Seoul', 'America/New_York', 'Australia/Lord_Howe', 'UTC']) {
      process.env['TZ'] = name
      fc.assert(fc.property(fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2100, 0, 1) }), (time) => {
        const second = Math.floor(time / 1_000) * 1_000
        const read = at(localTime(second))
        // An hour that the clocks go through twice may be read as either.
        expect(localTime(read)).toBe(localTime(second))
      }))
    }
  })

  test('whatever is not understood is a coded error, never a wrong time', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        expect(Number.isFinite(at(text))).toBe(true)
      } catch (error) {
        expect((error as HaechiError).code).toBe('usage_time')
      }
    }))
  })
})

test('zoneOf names the offset, daylight saving included', () => {
  process.env['TZ'] = 'America/St_Johns'
  expect(zoneOf(Date.UTC(2026, 0, 1))).toBe('UTC-03:30')
  expect(zoneOf(Date.UTC(2026, 6, 1))).toBe('UTC-02:30')
})

test('duration', () => {
  expect([0, 59.6, 61, 3_661, -1, 172_799, 172_800].map(duration)).toEqual(['00:00', '01:00', '01:01', '1:01:01', '00:00', '47:59:59', '2 d'])
})
