import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manualClock } from '../clock.ts'
import { openEventIds } from './ids.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const idOf = (name: string | number) => createHash('sha256').update(String(name)).digest().subarray(0, 16)
const hour = 3_600_000

async function place(more: Partial<Parameters<typeof openEventIds>[0]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-ids-'))
  const clock = manualClock(1_700_000_000_000)
  return { folder, clock, start: () => openEventIds({ folder, clock, log: silent, capacity: 8, ...more }), remove: () => rm(folder, { recursive: true }) }
}

test('remembers what a naive map remembers, over runs and restarts', async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('remember' as const), tenant: fc.constantFrom('a', 'b'), kind: fc.constantFrom('event' as const, 'batch' as const), ids: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const { clock, start, remove } = await place()
    // The log, from which a restart remembers again what no run covers.
    const log: { tenant: string; kind: 'event' | 'batch'; id: number; value: number }[] = []
    const naive = new Map<string, number>()
    const ends = () => ({ a: log.length, b: log.length })
    let ids = await start()
    try {
      for (const step of steps) {
        if (step.do === 'restart') {
          await ids.close()
          ids = await start()
          for (const { tenant, kind, id, value } of log.slice(ids.covered('a'))) ids.remember(tenant, kind, idOf(id), value, clock.now())
        } else {
          for (const id of step.ids) {
            const name = `${step.tenant}/${step.kind}/${id}`
            if (!naive.has(name)) naive.set(name, log.length)
            log.push({ tenant: step.tenant, kind: step.kind, id, value: naive.get(name)! })
            if (ids.find(step.tenant, step.kind, idOf(id)) === null) ids.remember(step.tenant, step.kind, idOf(id), naive.get(name)!, clock.now())
          }
          ids.spillWhenDue(step.ids.length, ends)
          if (step.ids.length % 3 === 0) await ids.settled()
        }
        for (const tenant of ['a', 'b']) for (const kind of ['event', 'batch'] as const) for (let id = 0; id <= 400; id += 7) expect(ids.find(tenant, kind, idOf(id))).toBe(naive.get(`${tenant}/${kind}/${id}`) ?? null)
        for (const [name, value] of naive) {
          const [tenant, kind, id] = name.split('/') as [string, 'event' | 'batch', string]
          expect(ids.find(tenant, kind, idOf(id))).toBe(value)
        }
      }
    } finally {
      await ids.close()
      await remove()
    }
  }), { numRuns: 30 })
})

test('more runs than one filter holds are all found, and forgotten after their time, not before', async () => {
  const { clock, start, folder, remove } = await place({ keepMilliseconds: 24 * hour })
  let ids = await start()
  for (let run = 0; run < 80; run++) {
    for (let i = 0; i < 8; i++) ids.remember('a', 'event', idOf(run * 8 + i), run, clock.now())
    ids.spillWhenDue(1, () => ({ a: (run + 1) * 8 }))
    await ids.settled()
    clock.advance(hour / 4)
  }
  expect(ids.runs()).toBe(80)
  for (let i = 0; i < 640; i++) expect(ids.find('a', 'event', idOf(i))).toBe(i >> 3)
  clock.advance(10 * hour) // the last run is 10 h old, the first 30 h
  for (let i = 0; i < 8; i++) ids.remember('a', 'event', idOf(`new${i}`), 99, clock.now())
  ids.spillWhenDue(1, () => ({ a: 648 }))
  await ids.settled()
  const kept = (run: number) => run * hour / 4 >= clock.now() - 1_700_000_000_000 - 24 * hour
  for (let i = 0; i < 640; i++) expect(ids.find('a', 'event', idOf(i)), `${i}`).toBe(kept(i >> 3) ? i >> 3 : null)
  await ids.close()
  ids = await start()
  for (let i = 0; i < 640; i++) expect(ids.find('a', 'event', idOf(i))).toBe(kept(i >> 3) ? i >> 3 : null)
  expect(ids.covered('a')).toBe(648)
  expect((await readdir(folder)).length).toBe(ids.runs())
  await ids.close()
  await remove()
})

test('a damaged run covers nothing: the log is read again', async () => {
  const { clock, start, folder, remove } = await place()
  let ids = await start()
  for (let run = 0; run < 2; run++) {
    for (let i = 0; i < 8; i++) ids.remember('a', 'event', idOf(run * 8 + i), 0, clock.now())
    ids.spillWhenDue(1, () => ({ a: (run + 1) * 8 }))
    await ids.settled()
  }
  await ids.close()
  const file = await open(join(folder, (await readdir(folder)).sort()[0]!), 'r+')
  await file.truncate((await file.stat()).size - 1)
  await file.close()
  ids = await start()
  expect([ids.covered('a'), ids.runs()]).toEqual([0, 0])
  await ids.close()
  await remove()
})

test('while nothing can be written it keeps all it has, then says that it is full, then recovers', async () => {
  const { clock, start, folder, remove } = await place()
  const ids = await start()
  await rm(folder, { recursive: true })
  let count = 0
  while (!ids.full()) {
    ids.remember('a', 'event', idOf(count++), 0, clock.now())
    ids.spillWhenDue(1, () => ({}))
    await ids.settled()
    expect(count).toBeLessThan(100)
  }
  for (let i = 0; i < count; i++) expect(ids.find('a', 'event', idOf(i))).toBe(0)
  await mkdir(folder)
  clock.advance(2000)
  for (let i = 0; i < 2; i++) {
    ids.spillWhenDue(1, () => ({}))
    await ids.settled()
  }
  expect(ids.full()).toBe(false)
  for (let i = 0; i < count; i++) expect(ids.find('a', 'event', idOf(i))).toBe(0)
  await ids.close()
  await remove()
})
