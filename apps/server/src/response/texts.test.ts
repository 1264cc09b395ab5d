import { expect, test } from 'vitest'
import { events, expected, groups, reasons, whatOf } from './texts.ts'

test('every text speaks both languages with the same parameters', () => {
  const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  for (const [code, { en, ko }] of Object.entries({ ...reasons, ...events, ...groups, ...expected })) {
    expect([code, parameters(ko)]).toEqual([code, parameters(en)])
    expect([code, /[가-힣]/.test(ko), /[가-힣]/.test(en)]).toEqual([code, true, false])
  }
})

test('many targets are named by the first three', () => {
  expect(whatOf('isolate_host', ['a'], 'en')).toBe('isolate a')
  expect(whatOf('isolate_host', ['a', 'b', 'c', 'd', 'e'], 'en')).toBe('isolate a, b, c and 2 more')
  expect(whatOf('block_ip', ['a', 'b', 'c', 'd'], 'ko')).toBe('a, b, c 외 1개 차단')
})
