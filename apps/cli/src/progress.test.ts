import fc from 'fast-check'
import { expect, test } from 'vitest'
import { widthOf } from './layout.ts'
import { progressLine } from './progress.ts'
import { textIn } from './texts.ts'

const state = { done: 120_300_000, total: 286_000_000, records: 132_000, bytesPerSecond: 18_200_000, recordsPerSecond: 22_000, elapsed: 6.6 }

test('rate and time left', () => {
  expect(progressLine(state, 200, textIn('en'))).toBe(' 42%  ████████████▋░░░░░░░░░░░░░░░░░  120.3 MB of 286.0 MB  18.2 MB/s  22,000/s  00:09 left')
  expect(progressLine(state, 63, textIn('ko'))).toBe(' 42%  286.0 MB 중 120.3 MB  18.2 MB/s  22,000/s  00:09 남음')
})

test('of a stream only what is done is known', () => {
  expect(progressLine({ ...state, total: null }, 200, textIn('en'))).toBe('120.3 MB  132,000 events  18.2 MB/s  22,000/s  00:07')
})

test('it never leaves its line', () => {
  fc.assert(fc.property(fc.nat(1e12), fc.option(fc.nat(1e12), { nil: null }), fc.nat(1e9), fc.nat(1e9), fc.integer({ min: 1, max: 200 }), fc.constantFrom('en' as const, 'ko' as const), (done, total, records, rate, width, language) => {
    expect(widthOf(progressLine({ done, total, records, bytesPerSecond: rate, recordsPerSecond: rate, elapsed: 5 }, width, textIn(language)))).toBeLessThanOrEqual(width)
  }))
})
