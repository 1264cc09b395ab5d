// What every event log must hold, whatever it is made of.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { EventBatch, EventEntry, EventLog, StoredBatch } from './port.ts'

export const entry = (id: string, record: object = { id }): EventEntry => ({ id: createHash('sha256').update(id).digest().subarray(0, 16), bytes: Buffer.from(JSON.stringify(record)) })
export const batchOf = (ids: readonly string[], more: Partial<EventBatch> = {}): EventBatch => ({ source: 'src_test', receivedAt: 1_700_000_000_000, backfill: false, entries: ids.map((id) => entry(id)), ...more })

export type ReadEvent = { offset: number; id: string; line: string; source: string; receivedAt: number; backfill: boolean }
export function eventsOf(batch: StoredBatch): ReadEvent[] {
  const lines = Buffer.from(batch.lines).toString().split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.length).toBe(batch.count)
  return lines.map((line, i) => ({ offset: batch.first + i, id: Buffer.from(batch.ids.subarray(i * 16, i * 16 + 16)).toString('hex'), line, source: batch.source, receivedAt: batch.receivedAt, backfill: batch.backfill }))
}
export async function readAll(log: EventLog, tenant: string, from = 0): Promise<ReadEvent[]> {
  const events: ReadEvent[] = []
  for await (const batch of log.read(tenant, from)) events.push(...eventsOf(batch))
  return events
}
const idsOf = async (log: EventLog, tenant: string) => (await readAll(log, tenant)).map((event) => (JSON.parse(event.line) as { id: string }).id)

/** `open` gives a log over the same storage each time it is called within one test; `fresh` is called before each test. */
export function eventLogContract(name: string, storage: () => Promise<{ open(): Promise<EventLog>; remove(): Promise<void> }>): void {
  const withLog = (run: (log: EventLog, reopen: () => Promise<EventLog>) => Promise<void>) => async () => {
    const place = await storage()
    let log = await place.open()
    try {
      await run(log, async () => {
        await log.close()
        return log = await place.open()
      })
    } finally {
      await log.close()
      await place.remove()
    }
  }
  describe(`event log contract: ${name}`, () => {
    test('what was acknowledged is read in order, with all that came with it', withLog(async (log, reopen) => {
      expect(await log.append('a', batchOf(['1', '2']))).toEqual({ first: 0, end: 2, accepted: 2, duplicates: [], repeated: false })
      expect(await log.append('a', batchOf(['3'], { source: 'src_other', backfill: true, receivedAt: 7 }))).toMatchObject({ first: 2, end: 3 })
      const before = await readAll(log, 'a')
      expect(before.map(({ offset, source, backfill, receivedAt }) => ({ offset, source, backfill, receivedAt }))).toEqual([
        { offset: 0, source: 'src_test', backfill: false, receivedAt: 1_700_000_000_000 }, { offset: 1, source: 'src_test', backfill: false, receivedAt: 1_700_000_000_000 },
        { offset: 2, source: 'src_other', backfill: true, receivedAt: 7 },
      ])
      expect(before[1]!.id).toBe(Buffer.from(entry('2').id).toString('hex'))
      const again = await reopen()
      expect(await readAll(again, 'a')).toEqual(before)
      expect(await readAll(again, 'a', 2)).toEqual(before.slice(2))
      expect([again.start('a'), again.end('a'), again.tenants()]).toEqual([0, 3, ['a']])
      expect(await again.append('a', batchOf(['4']))).toMatchObject({ first: 3, end: 4 })
    }))

    test('tenants do not meet', withLog(async (log) => {
      await log.append('a', batchOf(['1']), { dedupe: true })
      expect(await log.append('b', batchOf(['1', '2']), { dedupe: true })).toMatchObject({ first: 0, accepted: 2 })
      expect(await idsOf(log, 'a')).toEqual(['1'])
      expect(await readAll(log, 'nobody')).toEqual([])
      expect(log.end('nobody')).toBe(0)
    }))

    test('names that are no tenant ids and entries that break the line are refused', withLog(async (log) => {
      for (const tenant of ['', '../a', 'a/b', '.ids', 'x'.repeat(65)]) await expect(log.append(tenant, batchOf(['1']))).rejects.toMatchObject({ code: 'tenant_invalid' })
      await expect(log.append('a', { ...batchOf([]), entries: [{ id: new Uint8Array(16), bytes: Buffer.from('{\n}') }] })).rejects.toMatchObject({ code: 'event_invalid' })
      await expect(log.append('a', { ...batchOf([]), entries: [{ id: new Uint8Array(15), bytes: Buffer.from('{}') }] })).rejects.toMatchObject({ code: 'event_invalid' })
      expect(log.end('a')).toBe(0)
      expect(await log.append('a', batchOf([]))).toMatchObject({ accepted: 0, end: 0 })
    }))

    test('an id that was kept is a duplicate, also within a batch and after a restart, unless it need not be remembered', withLog(async (log, reopen) => {
      expect(await log.append('a', batchOf(['1', '2', '1']), { dedupe: true })).toMatchObject({ accepted: 2, duplicates: [2] })
      expect(await log.append('a', batchOf(['3', '2']), { dedupe: true })).toMatchObject({ first: 2, end: 3, duplicates: [1] })
      const again = await reopen()
      expect(await again.append('a', batchOf(['1', '3']), { dedupe: true })).toEqual({ first: 3, end: 3, accepted: 0, duplicates: [0, 1], repeated: false })
      expect(await again.append('a', batchOf(['x', 'x']))).toMatchObject({ accepted: 2, duplicates: [] })
      expect(await idsOf(again, 'a')).toEqual(['1', '2', '3', 'x', 'x'])
    }))

    test('a batch id stands for the whole batch and answers what was accepted then', withLog(async (log, reopen) => {
      const batchId = entry('file#0').id
      expect(await log.append('a', batchOf(['1', '1', '2']), { dedupe: false, batchId })).toMatchObject({ accepted: 3, repeated: false })
      expect(await log.append('a', batchOf(['1', '1', '2']), { dedupe: false, batchId })).toEqual({ first: 3, end: 3, accepted: 3, duplicates: [], repeated: true })
      const again = await reopen()
      expect(await again.append('a', batchOf(['1']), { dedupe: false, batchId })).toMatchObject({ accepted: 3, repeated: true })
      expect(await again.append('b', batchOf(['1']), { dedupe: false, batchId })).toMatchObject({ accepted: 1, repeated: false })
    }))

    test('of many rivals with one id exactly one is kept, and each is answered once it is durable', withLog(async (log) => {
      const answers = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
        const answer = await log.append('a', batchOf([`id${i % 4}`, `own${i}`]), { dedupe: true })
        return { ...answer, seen: log.end('a') >= answer.end }
      }))
      expect(answers.every(({ seen }) => seen)).toBe(true)
      expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(44)
      const kept = await idsOf(log, 'a')
      expect(new Set(kept).size).toBe(44)
      expect(kept.length).toBe(44)
    }))

    test('a reader follows the durable end', withLog(async (log) => {
      const told: [string, number][] = []
      const stop = log.onDurable((tenant, end) => told.push([tenant, end]))
      await log.append('a', batchOf(['1']))
      const seen: number[] = []
      for await (const batch of log.read('a', 0)) {
        seen.push(batch.first)
        if (seen.length < 5) await log.append('a', batchOf([`n${seen.length}`]))
      }
      expect(seen).toEqual([0, 1, 2, 3, 4])
      expect(told).toEqual([1, 2, 3, 4, 5].map((end) => ['a', end]))
      stop()
      await log.append('a', batchOf(['last']))
      expect(told.length).toBe(5)
    }))

    test('retention drops what is old, never the place, and nothing a consumer needs', withLog(async (log, reopen) => {
      await log.append('a', batchOf(['1', '2'], { receivedAt: 1000 }))
      const release = log.hold('detection', () => 1)
      expect(await log.dropBefore('a', 2000)).toEqual({ start: 0, droppedEvents: 0, heldBy: 'detection' })
      release()
      expect(await log.dropBefore('a', 500)).toEqual({ start: 0, droppedEvents: 0, heldBy: null })
      expect(await log.dropBefore('a', 2000)).toEqual({ start: 2, droppedEvents: 2, heldBy: null })
      const again = await reopen()
      expect([again.start('a'), again.end('a')]).toEqual([2, 2])
      expect(await again.append('a', batchOf(['3'], { receivedAt: 3000 }))).toMatchObject({ first: 2, end: 3 })
      expect(await idsOf(again, 'a')).toEqual(['3'])
      again.hold('detection', () => 0)
      expect(await again.dropBefore('a', 9000, { force: true })).toMatchObject({ start: 3, droppedEvents: 1 })
    }))

    test('an erased tenant leaves nothing behind and no other one out', withLog(async (log, reopen) => {
      await log.append('a', batchOf(['1', '2']))
      await log.append('b', batchOf(['1']))
      const late = log.append('a', batchOf(['3']))
      await log.erase('a')
      await late
      await log.erase('nobody')
      expect([log.tenants(), log.end('a'), log.start('a'), await idsOf(log, 'a'), await idsOf(log, 'b')]).toEqual([['b'], 0, 0, [], ['1']])
      const again = await reopen()
      expect([again.tenants(), again.end('a')]).toEqual([['b'], 0])
      expect(await again.append('b', batchOf(['2']))).toMatchObject({ first: 1, end: 2 })
    }))

    test('closed, it refuses', withLog(async (log) => {
      const last = log.append('a', batchOf(['1']))
      await log.close()
      await expect(last).resolves.toMatchObject({ accepted: 1 })
      await expect(log.append('a', batchOf(['2']))).rejects.toMatchObject({ code: 'log_closed' })
    }))
  })
}
