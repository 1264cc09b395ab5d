import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSyslogStamp, parseTime } from './time.ts'

test.each([
  ['2020-09-04 15:27:33.123', '2020-09-04T15:27:33.123Z'],
  ['2020-09-04T15:27:33Z', '2020-09-04T15:27:33.000Z'],
  ['2020-09-04T15:27:33.1234567Z', '2020-09-04T15:27:33.123Z'],
  ['2023-11-14T00:20:42.738197+01:00', '2023-11-13T23:20:42.738Z'],
  ['2023-11-14T00:20:42-0930', '2023-11-14T09:50:42.000Z'],
  ['2023-11-14 00:20:42 UTC', '2023-11-14T00:20:42.000Z'],
  [1_600_000_000, '2020-09-13T12:26:40.000Z'],
  ['1600000000.579', '2020-09-13T12:26:40.579Z'],
  [1_600_000_000_123, '2020-09-13T12:26:40.123Z'],
  [1_600_000_000_123_456, '2020-09-13T12:26:40.123Z'],
  ['1600000000123456789', '2020-09-13T12:26:40.123Z'],
  [132_444_736_001_230_000, '2020-09-13T12:26:40.123Z'],
  ['/Date(1600000000123)/', '2020-09-13T12:26:40.123Z'],
  ['03/12/2021 10:48:14 AM', '2021-03-12T10:48:14.000Z'],
  ['10/08/2020 12:41:47 PM', '2020-10-08T12:41:47.000Z'],
  ['01/09/2019 12:46:00 AM', '2019-01-09T00:46:00.000Z'],
  ['28/Jul/2026:11:28:00 +0900', '2026-07-28T02:28:00.000Z'],
  ['Tue, 28 Jul 2026 11:28:00 GMT', '2026-07-28T11:28:00.000Z'],
  ['Tue Jul 28 11:28:00 2026', '2026-07-28T11:28:00.000Z'],
])('%s', (written, meant) => {
  expect(new Date(parseTime(written) ?? NaN).toISOString()).toBe(meant)
})

test.each([['yesterday'], [''], [null], [{}], [[]], [true], [NaN], [Infinity], [12], ['2020-02-31T00:00:00Z'], ['2020-13-01T00:00:00Z'], ['2020-01-01T25:00:00Z'], ['2020-01-01T00:00:00.Z'], ['9999-01-01T00:00:00Z'], ['2020-01-01T00:00:00+99:00']])('%s is no time', (value) => {
  expect(parseTime(value)).toBeNull()
})

test('ISO stamps agree with Date.parse', () => {
  fc.assert(fc.property(fc.date({ min: new Date('1980-01-02'), max: new Date('2199-12-30'), noInvalidDate: true }), fc.integer({ min: -14 * 60, max: 14 * 60 }), fc.boolean(), (date, offset, colon) => {
    const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 23)
    const minutes = Math.abs(offset)
    const zone = `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${colon ? ':' : ''}${String(minutes % 60).padStart(2, '0')}`
    expect(parseTime(`${local}${zone}`)).toBe(date.getTime())
    expect(parseTime(date.toISOString())).toBe(Date.parse(date.toISOString()))
  }))
})

test('any value gives a plausible time or null', () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    const time = parseTime(value)
    expect(time === null || (Number.isInteger(time) && time > 0)).toBe(true)
  }))
})

test('a stamp without a year gets the year that puts it nearest before now', () => {
  const at = (now: string, month: string, day: string): string => new Date(parseSyslogStamp(month, day, '23:59:59', Date.parse(now)) ?? NaN).toISOString().slice(0, 10)
  expect(at('2026-01-01T00:10:00Z', 'Dec', '31')).toBe('2025-12-31')
  // A sender whose clock is ahead over New Year.
  expect(at('2025-12-31T23:50:00Z', 'Jan', '1')).toBe('2025-01-01')
  expect(at('2025-12-31T23:59:59Z', 'Jan', '1')).toBe('2026-01-01')
  expect(at('2026-07-28T00:00:00Z', 'Feb', '29')).toBe('2024-02-29')
  expect(parseSyslogStamp('Feb', '12', '14:10:21', undefined)).toBeNull()
})
