import { expect, it } from 'vitest'
import { matches } from './match.ts'

it('finds every word anywhere, in any case and in either form of Hangul', () => {
  expect(matches('lsass ws-12', 'Credential dumping from LSASS on WS-12')).toBe(true)
  expect(matches('lsass ws-13', 'Credential dumping from LSASS on WS-12')).toBe(false)
  expect(matches('현황'.normalize('NFD'), '현황 Overview')).toBe(true)
})
it('finds by first consonants', () => {
  expect(matches('ㅎㅎ', '현황')).toBe(true)
  expect(matches('ㅇㅅㄷㅌ', '인시던트')).toBe(true)
  expect(matches('ㄱㄴ', '현황')).toBe(false)
})
