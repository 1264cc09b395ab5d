import { describe, expect, it } from 'vitest'
import { formats } from './formats.ts'

const en = formats('en', 'UTC')
const ko = formats('ko', 'Asia/Seoul')
const at = Date.UTC(2026, 10, 22, 3, 4, 5)

describe('formats', () => {
  it('writes durations as people say them, in their two largest units', () => {
    expect(en.duration(250_000)).toBe('4 min 10 s')
    expect(ko.duration(250_000)).toBe('4분 10초')
    expect(en.duration(3 * 86_400_000 + 5 * 3_600_000 + 59_000)).toBe('3 d 5 h')
    expect(ko.duration(3_600_000)).toBe('1시간')
    expect(en.duration(3_605_000)).toBe('1 h')
    expect(en.duration(0)).toBe('0 s')
    expect(ko.duration(-5)).toBe('0초')
    expect(en.duration(59_999)).toBe('1 min')
  })
  it('writes absolute times in the zone and names it', () => {
    expect(en.absolute(at)).toBe('2026-11-22 03:04:05 UTC')
    expect(ko.absolute(at)).toBe('2026-11-22 12:04:05 GMT+9')
    expect(ko.clock(new Date(at).toISOString())).toBe('2026-11-22 12:04:05')
  })
  it('writes relative times, before and after', () => {
    expect(en.relative(at, at + 10_000)).toBe('just now')
    expect(ko.relative(at, at + 10_000)).toBe('방금')
    expect(ko.relative(at, at + 6 * 60_000)).toBe('6분 전')
    expect(en.relative(at, at + 6 * 60_000)).toMatch(/^6 min\.? ago$/)
    expect(ko.relative(at, at - 25 * 60_000)).toMatch(/^25분 (후|뒤)$/)
    expect(en.relative(at, at + 3 * 86_400_000)).toBe('3 days ago')
  })
  it('writes numbers and shares of the language', () => {
    expect(ko.number(35_612_904)).toBe('35,612,904')
    expect(en.percent(18.34)).toBe('18.3%')
    expect(en.number(4, 1)).toBe('4.0')
    expect(en.list(['a', 'b', 'c'])).toBe('a, b, and c')
    expect(ko.list(['가', '나'])).toBe('가 및 나')
  })
})
