// Time as sources write it, in milliseconds since the epoch. The usual ISO form is read digit by digit, because ingest reads one for every record;
// time.test.ts compares it with Date.parse.

import { table } from './values.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** 1980 to 2200: what lies outside is a counter, a duration or nonsense, not the time of an event. */
const EARLIEST = 315_532_800_000
const LATEST = 7_258_118_400_000
/** 100 ns steps from 1601 to 1970. */
const FILETIME_EPOCH_MS = 11_644_473_600_000

const MONTHS = table<number>({ jan: 0, feb: 1, mar: 2, apr: 3, may: 4, jun: 5, jul: 6, aug: 7, sep: 8, oct: 9, nov: 10, dec: 11 })

/** ISO 8601 / RFC 3339, `2020-09-04 15:27:33.123` (no zone = UTC), numbers of seconds, ms, us, ns, 100 ns since 1601, `/Date(ms)/`, US and HTTP dates. Null for anything else. */
export function parseTime(value: unknown): number | null {
  if (typeof value === 'number') return fromNumber(value)
  if (typeof value !== 'string') return null
  const iso = parseIso(value)
  if (iso !== null) return iso
  const text = value.trim()
  if (text.length < 8 || text.length > 64) return null
  if (/^\d{9,20}(\.\d+)?$/.test(text)) return fromNumber(Number(text))
  const wrapped = /^\/Date\((-?\d+)([+-]\d{4})?\)\/$/.exec(text)
  if (wrapped !== null) return fromNumber(Number(wrapped[1]))
  // 03/12/2021 10:48:14 AM, as Windows writes it in the United States.
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4})[ ,]+(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d+))?\s*([AP]M)?$/i.exec(text)
  if (us !== null) {
    let hour = Number(us[4])
    if (us[8] !== undefined) hour = (hour % 12) + (us[8].toUpperCase() === 'PM' ? 12 : 0)
    return utc(Number(us[3]), Number(us[1]) - 1, Number(us[2]), hour, Number(us[5]), Number(us[6]), us[7] === undefined ? 0 : Math.trunc(Number(`0.${us[7]}`) * 1000))
  }
  // Tue, 28 Jul 2026 11:28:00 GMT / 28/Jul/2026:11:28:00 +0900 / Tue Jul 28 11:28:00 2026
  const named = /^(?:[a-z]{3},?\s+)?(\d{1,2})[\s/-]([a-z]{3})[\s/-](\d{4})[\s:](\d{2}):(\d{2}):(\d{2})\s*(gmt|utc|z|[+-]\d{2}:?\d{2})?$/i.exec(text)
  if (named !== null) return shifted(utc(Number(named[3]), month(named[2]), Number(named[1]), Number(named[4]), Number(named[5]), Number(named[6]), 0), named[7])
  const asctime = /^[a-z]{3}\s+([a-z]{3})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(\d{4})$/i.exec(text)
  if (asctime !== null) return utc(Number(asctime[6]), month(asctime[1]), Number(asctime[2]), Number(asctime[3]), Number(asctime[4]), Number(asctime[5]), 0)
  return null
}

/** Whether the text says its zone: without one, a stamp is local time of a clock that we do not know. */
export function statesZone(value: unknown): boolean {
  return typeof value !== 'string' || /(?:z|[+-]\d{2}:?\d{2})\s*$/i.test(value)
}

/** `Feb 12 14:10:21` (RFC 3164): the year is the one that puts it nearest before `now`, a day of clock difference allowed. Null without `now`. */
export function parseSyslogStamp(monthName: string, day: string, clock: string, now: number | undefined): number | null {
  if (now === undefined) return null
  const m = month(monthName)
  const year = new Date(now).getUTCFullYear()
  const [hour, minute, second] = clock.split(':').map(Number)
  // Eight years back at most: 29 February.
  for (let candidate = year + 1; candidate >= year - 8; candidate--) {
    const time = utc(candidate, m, Number(day), hour ?? NaN, minute ?? NaN, second ?? NaN, 0)
    if (time !== null && time <= now + DAY) return time
  }
  return null
}

function month(name: string | undefined): number {
  return MONTHS[(name ?? '').toLowerCase()] ?? NaN
}

function shifted(time: number | null, zone: string | undefined): number | null {
  const match = zone === undefined ? null : /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (time === null || match === null) return time
  return time - (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * MINUTE
}

function fromNumber(value: number): number | null {
  if (!Number.isFinite(value)) return null
  const ms = value < 1e11 ? value * 1000 : value < 1e14 ? value : value < 1e17 ? value / 1000 : value < 1e18 ? value / 10_000 - FILETIME_EPOCH_MS : value / 1e6
  return within(Math.round(ms))
}

function within(ms: number): number | null {
  return ms >= EARLIEST && ms < LATEST ? ms : null
}

function utc(year: number, monthIndex: number, day: number, hour: number, minute: number, second: number, ms: number): number | null {
  if (!(monthIndex >= 0 && monthIndex < 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61)) return null
  const time = Date.UTC(year, monthIndex, day, hour, minute, second, ms)
  // 31 February is not 3 March.
  if (Number.isNaN(time) || (day > 28 && new Date(Date.UTC(year, monthIndex, day)).getUTCDate() !== day)) return null
  return within(time)
}

function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

function parseIso(text: string): number | null {
  // yyyy-mm-ddThh:mm:ss
  if (text.length < 19 || text.length > 40) return null
  const separator = text.charCodeAt(10)
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || (separator !== 84 && separator !== 32 && separator !== 116) || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null
  const year = digits(text, 0, 4), monthOf = digits(text, 5, 2), day = digits(text, 8, 2)
  const hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2)
  if (year < 0 || monthOf < 1 || day < 1 || hour < 0 || minute < 0 || second < 0) return null
  let at = 19
  let ms = 0
  const dot = text.charCodeAt(19)
  if (dot === 46 || dot === 44) {
    let scale = 100
    at = 20
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (!(digit >= 0 && digit <= 9)) break
      ms += digit * scale
      scale /= 10
    }
    if (at === 20) return null
    ms = Math.floor(ms + 1e-6)
  }
  if (text.charCodeAt(at) === 32) at++
  const time = utc(year, monthOf - 1, day, hour, minute, second, ms)
  if (at >= text.length) return time
  const zone = text.charCodeAt(at)
  if ((zone === 90 || zone === 122) && at + 1 === text.length) return time
  if (zone !== 43 && zone !== 45) return text.endsWith(' UTC') || text.endsWith(' GMT') ? time : null
  const zoneHour = digits(text, at + 1, 2)
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0
  const zoneMinute = text.length === at + 3 ? 0 : digits(text, at + 3 + colon, 2)
  if (zoneHour < 0 || zoneHour > 15 || zoneMinute < 0 || zoneMinute > 59 || text.length > at + 5 + colon || time === null) return null
  return within(time - (zone === 45 ? -1 : 1) * (zoneHour * 60 + zoneMinute) * MINUTE)
}
