import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ndjson, storyOf } from '../../../../content/samples/story.ts'
import { systemClock } from '../platform/clock.ts'
import { openHouse } from './demo.fixture.ts'
import type { House } from './demo.fixture.ts'
import { fillDemo, storyClock } from './demo.ts'

const realStart = Date.parse('2026-11-22T05:00:00Z')
/** A real clock that runs on from a fixed moment, so that the month of the story is always the same. */
const ticking = () => {
  const begun = systemClock.now()
  return { now: () => realStart + systemClock.now() - begun }
}
const story = storyOf({ now: realStart })
const sent = [...story.background, ...story.chapters.flatMap(({ bursts }) => bursts)].reduce((sum, { records }) => sum + records.length, 0)

/** Rows by table, of one tenant or of all but the platform. */
async function rowsOf({ keeper }: House, tenantId: string): Promise<Record<string, number>> {
  const { rows: tables } = await keeper.platform((tx) => sql<{ name: string }>`SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'`.execute(tx))
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const { rows: [row] } = await keeper.platform((tx) => sql<{ count: string }>`SELECT count(*) FROM ${sql.table(name)} WHERE tenant_id = ${tenantId}`.execute(tx))
    if (Number(row?.count) > 0) counts[name] = Number(row?.count)
  }
  return counts
}
const users = async ({ keeper }: House) => (await keeper.platform((tx) => sql<{ name: string }>`SELECT name FROM access_users ORDER BY name`.execute(tx))).rows.map(({ name }) => name)

test('a story clock shows the real time until it is told another, runs on from there, and comes back', () => {
  let real = 1_000_000
  const clock = storyClock({ now: () => real })
  expect(clock.now()).toBe(1_000_000)
  clock.tell(500)
  real += 7
  expect(clock.now()).toBe(507)
  clock.end()
  expect(clock.now()).toBe(1_000_007)
})

describe('the told tenant', { timeout: 180_000 }, () => {
  let house: House
  let at: Awaited<ReturnType<House['open']>>
  let tenantId = ''
  beforeAll(async () => {
    house = await openHouse(ticking())
    at = await house.open()
    expect(await fillDemo(at.parts, at.clock)).toBe('told')
    tenantId = (await at.parts.access.tenants.resolve('demo')).tenantId
  }, 180_000)
  afterAll(async () => {
    await at.close()
    await house.remove()
  })

  test('is there once, marked, and time is real again', async () => {
    expect(await at.parts.access.tenants.resolve('demo')).toMatchObject({ origin: 'demo', timeZone: 'Asia/Seoul', displayName: '새솔정밀 (Saesol Precision)' })
    expect(Math.abs(at.clock.now() - realStart)).toBeLessThan(180_000)
    expect(await fillDemo(at.parts, at.clock)).toBe('there')
    expect((await at.parts.access.tenants.all()).filter(({ origin }) => origin === 'demo')).toHaveLength(1)
  })

  test('every record went through the real pipeline, once', async () => {
    const { rows } = await house.keeper.platform((tx) => sql<{ accepted: string }>`SELECT sum(accepted) AS accepted FROM telemetry_sources WHERE tenant_id = ${tenantId}`.execute(tx))
    await at.parts.telemetry.observeAssets(tenantId)
    expect((await at.parts.detection.progress(tenantId)).grouped).toBe(sent)
    expect(rows).toHaveLength(1)
  })

  test('tonight is open, grave, and waits for the customer', async () => {
    const { incidents: open } = await at.parts.incidents.list(tenantId, { statuses: ['new', 'investigating', 'contained'] }, { limit: 50 }, 'en')
    expect(open[0]).toMatchObject({ severity: 'critical', status: 'investigating', analyst: 'demo.seoyeon' })
    expect(open[0]?.affected_hosts).toEqual(expect.arrayContaining(['WS-12']))
    expect(Date.parse(open[0]!.detected_at)).toBeGreaterThan(realStart - 3_600_000)
    const { body } = await at.call('GET', '/api/v1/reports/monthly/2026/11', 'demo')
    expect(body.sections.response.waiting.count).toBe(2)
    expect(open.length).toBeLessThanOrEqual(4)
  })

  test('each chapter has its incident, on its day, with the end that it was told', async () => {
    const { incidents } = await at.parts.incidents.list(tenantId, {}, { limit: 100 }, 'en')
    for (const chapter of story.chapters) {
      if (chapter.steps.length === 0) continue
      const close = chapter.steps.find((step) => step.do === 'close')
      const last = chapter.bursts.at(-1)!.at
      const of = incidents.filter(({ detected_at }) => Date.parse(detected_at) >= chapter.startsAt && Date.parse(detected_at) <= last + 60_000)
      expect(of.map(({ verdict }) => verdict), chapter.id).toContain(close === undefined ? null : close.verdict)
    }
    // One attack is one incident: what lies beside the told ones is little.
    expect(incidents.length).toBeLessThanOrEqual(story.chapters.length + 6)
  })

  test('both months are worth reading', async () => {
    for (const month of [10, 11]) {
      const { status, body } = await at.call('GET', `/api/v1/reports/monthly/2026/${month}`, 'demo')
      expect(status).toBe(200)
      const { sections } = body
      expect(sections.incidents.total.count).toBeGreaterThanOrEqual(5)
      expect(sections.response.requested.count).toBeGreaterThanOrEqual(3)
      expect(sections.kpis.figures.find(({ id }: { id: string }) => id === 'mttd').actual).not.toBeNull()
      expect(sections.kpis.figures.find(({ id }: { id: string }) => id === 'approval_latency').actual).not.toBeNull()
      expect(sections.top_incidents.incidents.length).toBe(5)
      expect(sections.sensors.sources.map(({ name }: { name: string }) => name).toSorted()).toEqual(['cloudtrail', 'database', 'linux', 'web', 'windows'])
      expect(body.tenant.demo).toBe(true)
    }
  })

  test('only a told tenant can be removed, and it goes without a trace but the record of it', async () => {
    const others = await rowsOf(house, (await at.parts.access.tenants.resolve('default')).tenantId)
    await expect(at.parts.access.tenants.remove({ kind: 'operator', id: 'operator', person: 'operator', name: 'operator', tenantId: null, side: 'provider', role: null, ownerRole: null, siteId: null, allTenants: true, language: null, mustChangePassword: false }, 'default', () => Promise.resolve({})))
      .rejects.toMatchObject({ code: 'tenant_not_told' })
    expect(await users(house)).toEqual(['admin', 'demo.alex', 'demo.jiwon', 'demo.junho', 'demo.seoyeon'])
    // Attacks that nobody has searched yet: what is under way must not bring rows back.
    for (const [index, burst] of story.chapters.flatMap(({ bursts }) => bursts).entries()) {
      await at.parts.telemetry.ingest({ tenantId, source: burst.source, keyId: null, backfill: false, batchKey: `again ${index}` }, Readable.from([ndjson(burst)]))
    }
    const { status, body } = await at.call('DELETE', '/api/v1/demo')
    expect([status, body.tenant]).toEqual([200, { id: tenantId, name: 'demo', display_name: '새솔정밀 (Saesol Precision)' }])
    expect(body.rows).toBeGreaterThan(100)
    // A restart ends all that was under way, and brings nothing back.
    await at.close()
    at = await house.open()
    expect(await rowsOf(house, tenantId)).toEqual({})
    expect(await users(house)).toEqual(['admin'])
    for (const folder of ['log', 'store']) expect((await readdir(join(house.root, folder))).filter((name) => name.includes(tenantId))).toEqual([])
    expect(await rowsOf(house, (await at.parts.access.tenants.resolve('default')).tenantId)).toEqual(others)
    expect((await at.call('DELETE', '/api/v1/demo')).body.code).toBe('demo_absent')
    const { rows } = await house.keeper.platform((tx) => sql<{ record: string }>`SELECT record FROM access_audit WHERE tenant_id = '*' ORDER BY sequence DESC LIMIT 1`.execute(tx))
    expect(rows[0]?.record).toContain('tenant.remove')
  })
})

test('a telling that was cut short is told anew, not doubled', { timeout: 180_000 }, async () => {
  const house = await openHouse(ticking())
  let at = await house.open()
  let left = 120
  const cut = { ...at.parts, telemetry: { ...at.parts.telemetry, ingest: (...given: Parameters<typeof at.parts.telemetry.ingest>) => { if (--left < 0) throw new Error('killed'); return at.parts.telemetry.ingest(...given) } } }
  await expect(fillDemo(cut, at.clock)).rejects.toThrow('killed')
  expect(at.clock.now()).toBeGreaterThan(realStart - 1)
  const first = (await at.parts.access.tenants.all()).find(({ origin }) => origin === 'demo')!
  expect(first.displayName).not.toContain('Saesol')
  await at.close()

  at = await house.open()
  expect(await fillDemo(at.parts, at.clock)).toBe('told')
  const told = (await at.parts.access.tenants.all()).filter(({ origin }) => origin === 'demo')
  expect(told).toHaveLength(1)
  expect(told[0]!.tenantId).not.toBe(first.tenantId)
  expect(await rowsOf(house, first.tenantId)).toEqual({})
  expect((await at.parts.detection.progress(told[0]!.tenantId)).grouped).toBe(sent)
  await at.close()
  await house.remove()
})
