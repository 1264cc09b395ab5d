import { afterEach, expect, test, vi } from 'vitest'
import { manualClock } from '../platform/clock.ts'
import type { DomainEvent, Outbox } from '../platform/outbox.ts'
import { openLive } from './live.ts'

afterEach(() => { vi.useRealTimers() })

function open() {
  const clock = manualClock(1_000_000)
  let deliver: (event: DomainEvent) => Promise<void> = () => Promise.reject(new Error('nothing subscribed'))
  let arrive: (tenant: string, end: number) => void = () => undefined
  const outbox = { subscribe: ((_: string, __: readonly string[], handle: typeof deliver) => { deliver = handle }) as unknown as Outbox['subscribe'] }
  const live = openLive({ outbox, clock, eventLog: { onDurable(listener) { arrive = listener; return () => { arrive = () => undefined } } } })
  const changed = (tenantId: string, id: string) => deliver({ id: `e-${id}`, type: 'incidents.incident_changed.v1', tenantId, at: clock.now(), payload: { incident_id: id, change: 'opened' } })
  return { clock, live, changed, arrive: (tenant: string) => { arrive(tenant, 1) } }
}
async function take(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value, done } = await reader.read()
  return done ? 'end' : Buffer.from(value).toString()
}

test('a tenant hears of its own changes and of no other', async () => {
  const { live, changed, arrive } = open()
  const response = live.stream('ten_a')
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body!.getReader()
  expect(await take(reader)).toBe('retry: 2000\n\n')
  await changed('ten_b', 'inc_b')
  await changed('ten_a', 'inc_a')
  expect(await take(reader)).toBe('data: {"type":"incident","id":"inc_a","change":"opened"}\n\n')
  arrive('ten_b')
  arrive('ten_a')
  arrive('ten_a')
  expect(await take(reader)).toBe('data: {"type":"events","last_received_at":"1970-01-01T00:16:40.000Z"}\n\n')
  live.close()
  expect(await take(reader)).toBe('end')
})

test('who leaves is forgotten; who reads nothing is let go', async () => {
  const { live, changed } = open()
  const left = live.stream('ten_a').body!
  await left.cancel()
  const stuck = live.stream('ten_a').body!.getReader()
  for (let i = 0; i < 1_500; i++) await changed('ten_a', `inc_${i}`)
  let read = 0
  while (await take(stuck) !== 'end') read++
  expect(read).toBeLessThan(1_100)
  live.close()
})

test('a stream ends after ten minutes, so that whoever comes back is authorised again', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { live, clock } = open()
  const reader = live.stream('ten_a').body!.getReader()
  await take(reader)
  vi.advanceTimersByTime(15_000)
  expect(await take(reader)).toBe(':\n\n')
  clock.advance(600_000)
  vi.advanceTimersByTime(15_000)
  expect(await take(reader)).toBe('end')
})
