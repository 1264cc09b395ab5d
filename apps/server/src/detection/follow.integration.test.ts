import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { HaechiError } from '../platform/errors.ts'
import { silentLog } from '../platform/log.ts'
import type { Detection } from './api.ts'
import { openDetectionFixture, ruleOf, started, startTime, tenant } from './detection.fixture.ts'

let at: Awaited<ReturnType<typeof openDetectionFixture>>
afterEach(() => at.drop())
const counted = async (detection: Detection, tenantId = tenant) => {
  const { events, matches } = await detection.counts(tenantId, 0, startTime + 86_400_000)
  const alerts = (await at.alerts(detection, tenantId)).map(({ id, eventCount, host }) => ({ id, eventCount, host })).sort((a, b) => (a.id < b.id ? -1 : 1))
  return { events, matches, alerts, inAlerts: alerts.reduce((sum, { eventCount }) => sum + eventCount, 0) }
}

test('killed between match and commit, and started again: each event is searched once, no alert twice', async () => {
  at = await openDetectionFixture()
  const batches = Array.from({ length: 12 }, (_, batch) => Array.from({ length: 1 + (batch * 7) % 5 }, (__, n) => started(n % 2 === 0 ? `evil ${batch}` : 'calm', { Hostname: `H${n % 3}` })))
  for (const batch of batches) await at.send(batch)
  const total = batches.flat()
  let run = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }), async (deaths) => {
    const of = `ten_k${run++}`
    // Each life commits so many transactions and dies inside the next; what it would have kept is undone with the transaction.
    for (const [life, commits] of [...deaths, Infinity].entries()) {
      let left = commits
      const detection = await at.begin({
        beforeCommit: (tenantId) => (tenantId === of && left-- <= 0 ? Promise.reject(new HaechiError('database_unavailable')) : Promise.resolve()),
      })
      for (const batch of batches.slice(life * 3, life === deaths.length ? undefined : life * 3 + 3)) await at.send(batch, { tenant: of })
      if (commits === Infinity) await at.searched(detection, of)
      else await detection.progress(of, { through: at.eventLog.end(of), signal: AbortSignal.timeout(60) })
      await detection.close()
    }
    const detection = await at.begin()
    expect(await counted(detection, of)).toMatchObject({ events: total.length, matches: total.filter(({ CommandLine }) => CommandLine.startsWith('evil')).length })
    const alone = await counted(detection, of)
    expect(alone.inAlerts).toBe(alone.matches)
    expect(alone.alerts.map(({ host, eventCount }) => [host, eventCount]).sort()).toEqual(Object.entries(Object.groupBy(total.filter(({ CommandLine }) => CommandLine.startsWith('evil')), ({ Hostname }) => Hostname)).map(([host, events]) => [host, events!.length]).sort())
    await detection.close()
  }), { numRuns: 3, examples: [[[0]], [[1, 0, 2]]] })
}, 120_000)

test('an event that ends the thread is passed over, counted and kept as a gap; all others are searched', async () => {
  at = await openDetectionFixture()
  const detection = await at.begin({ dieOn: 'poison' })
  await at.send([...Array.from({ length: 40 }, (_, n) => started(`evil ${n}`)), started('evil poison'), ...Array.from({ length: 20 }, (_, n) => started(`evil ${n}`))])
  await at.send([started('evil')], { tenant: 'ten_b' })
  await at.searched(detection)
  await at.searched(detection, 'ten_b')
  expect(await detection.progress(tenant)).toMatchObject({ detected: 61, skipped: 1 })
  expect(await detection.gaps(tenant)).toMatchObject([{ from: 40, to: 41, reason: expect.stringContaining('search_failed') as string }])
  expect(await counted(detection)).toMatchObject({ events: 60, inAlerts: 60 })
  expect(await counted(detection, 'ten_b')).toMatchObject({ inAlerts: 1 })
  expect(await at.metrics.getSingleMetricAsString('haechi_detection_skipped_events_total')).toContain(' 1')
  // The thread that was started again knows the rules.
  await at.send([started('evil after', { Hostname: 'B' })])
  await at.searched(detection)
  expect((await at.alerts(detection)).map(({ host }) => host)).toContain('B')
}, 120_000)

test('what cannot be kept is found and passed over, and nothing else', async () => {
  at = await openDetectionFixture()
  const detection = await at.begin({ beforeCommit: (_, { findings }) => (findings.records.has(17) ? Promise.reject(new RangeError('no room for 17')) : Promise.resolve()) })
  await at.send(Array.from({ length: 30 }, (_, n) => started(`evil ${n}`)))
  await at.searched(detection)
  expect(await detection.gaps(tenant)).toMatchObject([{ from: 17, to: 18, reason: 'search_failed:no room for 17' }])
  expect(await counted(detection)).toMatchObject({ events: 29, inAlerts: 29 })
}, 120_000)

test('two servers on one database: each event once', async () => {
  at = await openDetectionFixture()
  const one = await at.begin()
  const other = await at.begin({}, 'other data')
  for (let batch = 0; batch < 30; batch++) await at.send([started('evil', { Hostname: `H${batch % 4}` }), started('calm')])
  await at.searched(one)
  await at.searched(other)
  expect(await counted(one)).toMatchObject({ events: 60, matches: 30, inAlerts: 30 })
})

test('tenants take turns: a noisy one does not keep another waiting', async () => {
  at = await openDetectionFixture()
  const noise = Array.from({ length: 4_000 }, (_, n) => started(`evil ${n}`))
  for (let batch = 0; batch < 10; batch++) await at.send(noise)
  await at.send([started('evil')], { tenant: 'ten_b' })
  const detection = await at.begin()
  await at.searched(detection, 'ten_b')
  expect((await detection.progress(tenant)).detected).toBeLessThan(40_000)
  await at.searched(detection)
  expect(await counted(detection)).toMatchObject({ events: 40_000, inAlerts: 40_000 })
}, 120_000)

test('a tenant that is being erased is left alone, also in the middle of a search', async () => {
  at = await openDetectionFixture()
  for (let batch = 0; batch < 10; batch++) await at.send(Array.from({ length: 4_000 }, (_, n) => started(`evil ${n}`)))
  const other = async (detection: Detection) => {
    await at.send([started('evil')], { tenant: 'ten_b' })
    await at.searched(detection, 'ten_b')
  }
  const detection = await at.begin()
  await other(detection)
  await detection.forget(tenant)
  const kept = await counted(detection)
  expect(kept.events).toBeLessThan(40_000)
  await at.send([started('evil late')])
  await other(detection)
  await other(detection)
  expect(await counted(detection)).toEqual(kept)
  expect((await detection.progress(tenant)).detected).toBe(0)
  await detection.forget('ten_nobody')
})

test('damage of the log is passed over with a count, and what retention dropped too', async () => {
  at = await openDetectionFixture()
  for (let batch = 0; batch < 5; batch++) await at.send([started(`evil ${batch}`)])
  const folder = join(at.root, 'log', tenant)
  const [file] = (await readdir(folder)).sort()
  const handle = await open(join(folder, file!), 'r+')
  // Somewhere in the second frame.
  const { size } = await handle.stat()
  await handle.write(Buffer.from('damage!'), 0, 7, Math.floor(size * 0.35))
  await handle.close()
  const detection = await at.begin()
  await at.searched(detection)
  const { skipped } = await detection.progress(tenant)
  expect(skipped).toBeGreaterThanOrEqual(1)
  expect(await detection.gaps(tenant)).toMatchObject([{ reason: expect.stringContaining('log_corrupt') as string }])
  expect(await counted(detection)).toMatchObject({ events: 5 - skipped })
})

test('retention waits for what was not searched', async () => {
  at = await openDetectionFixture()
  await at.send([started('evil')], { receivedAt: 1 })
  const detection = await at.open()
  expect(await at.eventLog.dropBefore(tenant, 2)).toMatchObject({ droppedEvents: 0, heldBy: 'detection' })
  await detection.start()
  await at.searched(detection)
  await expect.poll(() => at.eventLog.dropBefore(tenant, 2)).toMatchObject({ heldBy: null })
})

test('a new thread is told anew what is in force', async () => {
  at = await openDetectionFixture({ 'one.yml': ruleOf('rule-evil', 'evil') })
  const detection = await at.begin({ dieOn: 'poison' })
  await at.send([started('poison')])
  await at.searched(detection)
  expect((await detection.rules(tenant)).map(({ rule }) => rule.id)).toEqual(['rule-evil'])
  expect(await at.metrics.getSingleMetricAsString('haechi_detection_restarts_total')).not.toContain(' 0')
})

test('what is told between the end of one thread and the start of the next is not lost', async () => {
  at = await openDetectionFixture()
  const asked: Promise<unknown>[] = []
  const log = { ...silentLog, error: (_: object, message: string) => { if (message.includes('started again')) asked.push(detection.rules('ten_c').catch(() => undefined)) } }
  const detection = await at.begin({ dieOn: 'poison', log })
  await at.send([started('evil first')])
  await at.searched(detection)
  await at.send([started('poison')])
  await at.searched(detection)
  expect(asked.length).toBeGreaterThan(0)
  await Promise.all(asked)
  await at.send([started('evil')], { tenant: 'ten_c' })
  await at.searched(detection, 'ten_c')
  expect(await counted(detection, 'ten_c')).toMatchObject({ events: 1, inAlerts: 1 })
})
