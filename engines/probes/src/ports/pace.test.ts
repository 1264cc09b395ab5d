import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PortBatch, PortState } from '../network.ts'
import { createPace, leastConcurrency, mostConcurrency } from './pace.ts'

const batch = (ports: number, answers: number, settings: Partial<PortBatch> = {}): PortBatch => ({
  states: Array.from({ length: ports }, (_, at): PortState => (at < answers ? 'closed' : 'filtered')), durationMs: 10, slowestAnswerMs: answers === 0 ? null : 1, notBegun: 0, ...settings,
})

it('stays within its bounds, whatever it learns', () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 60_000 }),
    fc.array(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }), slowestAnswerMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })), notBegun: fc.constantFrom(0, 0, 0, 1, 50), isSample: fc.boolean() }), { maxLength: 60 }),
    (longestMs, learned) => {
      const pace = createPace(longestMs)
      for (const { share, isSample, ...rest } of learned) {
        const { concurrency, timeoutMs, ports } = pace.next(1)
        expect(pace.next(2).timeoutMs).toBeGreaterThanOrEqual(timeoutMs)
        expect(pace.next(2).timeoutMs).toBeLessThanOrEqual(longestMs)
        expect(concurrency).toBeGreaterThanOrEqual(leastConcurrency)
        expect(concurrency).toBeLessThanOrEqual(mostConcurrency)
        expect(timeoutMs).toBeGreaterThan(0)
        expect(timeoutMs).toBeLessThanOrEqual(longestMs)
        expect(ports % concurrency).toBe(0)
        expect(ports).toBeGreaterThan(0)
        expect(ports / concurrency * timeoutMs).toBeLessThanOrEqual(Math.max(4_000, timeoutMs))
        pace.learn(batch(ports, Math.floor(ports * share), rest), isSample)
      }
    }))
})

it('a loss halves what is under way and is waited for longer; what no slower pace brings back was none', () => {
  const pace = createPace(3_000)
  for (let each = 0; each < 4; each++) pace.learn(batch(1_000, 900, { slowestAnswerMs: 50 }), true)
  const before = pace.next(1)
  for (const divisor of [2, 4, 8]) {
    pace.learn(batch(1_000, 300, { slowestAnswerMs: 50 }), true)
    expect(pace.next(1).concurrency).toBe(before.concurrency / divisor)
    expect(pace.next(1).timeoutMs).toBe(Math.min(3_000, before.timeoutMs * divisor))
  }
  pace.learn(batch(1_000, 300, { slowestAnswerMs: 50 }), true)
  expect(pace.next(1).concurrency).toBeGreaterThanOrEqual(before.concurrency)
  expect(pace.next(1).timeoutMs).toBe(before.timeoutMs)
})

it('chance is no loss, nor are the answers of ports that were chosen', () => {
  const pace = createPace(3_000)
  for (let each = 0; each < 4; each++) pace.learn(batch(1_000, 500, { durationMs: 100 }), true)
  const { concurrency } = pace.next(1)
  pace.learn(batch(1_000, 450, { durationMs: 100 }), true)
  pace.learn(batch(1_000, 5, { durationMs: 100 }), false)
  expect(pace.next(1).concurrency).toBeGreaterThanOrEqual(concurrency)
})

it('more is under way as long as that is faster', () => {
  const pace = createPace(3_000)
  const seen: number[] = []
  for (let each = 0; each < 6; each++) {
    const { concurrency, ports } = pace.next(1)
    seen.push(concurrency)
    // Beyond 256 the host is not faster.
    pace.learn(batch(ports, ports, { durationMs: ports / Math.min(256, concurrency), slowestAnswerMs: 30 }), true)
  }
  expect(seen).toEqual([128, 256, 512, 256, 256, 256])
})

it('what this machine cannot begin is a loss', () => {
  const pace = createPace(3_000)
  pace.learn(batch(500, 400, { notBegun: 100 }), false)
  expect(pace.next(1).concurrency).toBe(64)
})

it('a batch of silence ends in seconds', () => {
  const pace = createPace(60_000)
  for (let each = 0; each < 40; each++) {
    const { concurrency, timeoutMs, ports } = pace.next(1)
    expect(ports / concurrency * timeoutMs).toBeLessThanOrEqual(1_500)
    pace.learn(batch(ports, 0, { durationMs: ports / concurrency * timeoutMs }), true)
  }
  expect(pace.next(1).concurrency).toBe(mostConcurrency)
})
