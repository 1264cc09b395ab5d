import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { manualClock } from '../clock.ts'
import { openEventLog } from '../event-log/segments.ts'
import { sealerFromKey } from '../secrets.ts'
import { eventStoreContract, feed, naive, readPages, type Place } from './contract.ts'
import { openEventStore } from './duckdb.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')

async function place(more: Partial<Parameters<typeof openEventStore>[0]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-store-'))
  const openLog = () => openEventLog({ folder: join(folder, 'log'), sealer, clock: manualClock(1_700_000_000_000), log: silent, segmentBytes: 6000, ids: { capacity: 1000 } })
  const openStore = (log: Awaited<ReturnType<typeof openLog>>, again: Partial<Parameters<typeof openEventStore>[0]> = {}) => openEventStore({ folder: join(folder, 'store'), logFolder: join(folder, 'log'), sealer, eventLog: log, log: silent, ...more, ...again })
  return { folder, openLog, openStore, remove: () => rm(folder, { recursive: true }) }
}

/** Asks again while the process of the store is being started. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  let found: { value: T } | undefined
  await expect.poll(async () => {
    found = await ask().then((value) => ({ value }), (error: { code?: string }) => {
      if (error.code === 'event_store_unavailable') return undefined
      throw error
    })
    return found !== undefined
  }, { timeout: 10_000 }).toBe(true)
  return found!.value
}

eventStoreContract('DuckDB', async (): Promise<Place> => {
  const { openLog, openStore, remove } = await place({ limits: { rollRows: 700, compactFiles: 3, compactRows: 3000 } })
  const log = await openLog()
  const store = await openStore(log)
  return { log, store, remove: async () => { await store.close(); await log.close(); await remove() } }
})

test('more tenants than are open at once', async () => {
  const { openLog, openStore, remove } = await place()
  const log = await openLog()
  const store = await openStore(log)
  const tenants = Array.from({ length: 45 }, (_, i) => `t${i}`)
  for (const round of [1, 2]) {
    await Promise.all(tenants.map((tenant, i) => feed(log, tenant, 3, i)))
    await Promise.all(tenants.map((tenant) => store.waitFor(tenant, 3 * round)))
    expect(await Promise.all(tenants.map((tenant) => store.count(tenant, {})))).toEqual(tenants.map(() => 3 * round))
  }
  await store.close()
  await log.close()
  await remove()
})

describe('crashes', () => {
  // Every step of a roll, a compaction and a rebuild, and what is left of it.
  const steps = ['after copy', 'after rename', 'before switch', 'after switch', 'before delete', 'after delete', 'before unlink']
  for (const killAt of steps) {
    test(`killed ${killAt}: nothing is lost, nothing is doubled`, async () => {
      const { folder, openLog, openStore, remove } = await place({ limits: { compactFiles: 2, compactRows: 10_000 } })
      const log = await openLog()
      // 'before delete' also lies in the opening of a store: there it is met with nothing rolled yet.
      const store = await openStore(log, { killAt })
      const known = await feed(log, 'a', 150, 21)
      const settle = async () => {
        await store.waitFor('a', log.end('a'))
        expect((await answered(() => readPages(store, 'a', {}, 100))).map(({ offset }) => offset)).toEqual(naive(known, {}).map(({ offset }) => offset))
      }
      const first = store.processId()
      for (let round = 0; round < 2; round++) {
        await store.waitFor('a', log.end('a'))
        await store.roll('a').catch((error: unknown) => expect(error).toMatchObject({ code: 'event_store_unavailable' }))
        if (round === 1) await store.rebuild('a').catch((error: unknown) => expect(error).toMatchObject({ code: 'event_store_unavailable' }))
        await settle()
        known.push(...await feed(log, 'a', 60, 30 + round))
      }
      await settle()
      expect(store.processId()).not.toBe(first)
      expect((await answered(() => store.statistics('a'))).reduce((sum, { events }) => sum + events, 0)).toBe(known.length)
      await answered(() => store.roll('a'))
      await settle()
      // No file stands there that does not count.
      const { files } = JSON.parse(await readFile(join(folder, 'store/a/manifest.json'), 'utf8')) as { files: { file: string }[] }
      const there = (await readdir(join(folder, 'store/a'), { recursive: true })).filter((name) => name.endsWith('.parquet'))
      expect(there.sort()).toEqual(files.map(({ file }) => file).sort())
      await store.close()
      await log.close()
      await remove()
    })
  }

  test('killed at any moment while events come in: all are found once', async () => {
    const { openLog, openStore, remove } = await place({ limits: { rollRows: 400 } })
    const log = await openLog()
    const store = await openStore(log)
    const known: Awaited<ReturnType<typeof feed>> = []
    for (let round = 0; round < 4; round++) {
      const moment = log.end('a') + 150 * (round + 1)
      const killed = store.waitFor('a', moment).then(() => process.kill(store.processId()!, 'SIGKILL'))
      known.push(...await feed(log, 'a', 900, 50 + round))
      await killed
    }
    await store.waitFor('a', log.end('a'))
    expect((await answered(() => readPages(store, 'a', {}, 1000))).map(({ offset }) => offset)).toEqual(naive(known, {}).map(({ offset }) => offset))
    await store.close()
    await log.close()
    await remove()
  })

  test('while its process is away questions fail with a code, and none is left without an answer', async () => {
    const { openLog, openStore, remove } = await place()
    const log = await openLog()
    const store = await openStore(log)
    await feed(log, 'a', 10, 1)
    await store.waitFor('a', 10)
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => store.count('a', { text: 'x' })))
    process.kill(store.processId()!, 'SIGKILL')
    for (const answer of await asked) if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'event_store_unavailable' })
    expect(await answered(() => store.count('a', {}))).toBe(10)
    await store.close()
    await expect(store.count('a', {})).rejects.toMatchObject({ code: 'event_store_unavailable' })
    await expect(store.waitFor('a', 99)).rejects.toMatchObject({ code: 'event_store_unavailable' })
    await log.close()
    await remove()
  })

  test('its process does not outlive the server', async () => {
    const { folder, remove } = await place()
    const server = fork(fileURLToPath(new URL('./owner.fixture.ts', import.meta.url)), [folder], { execArgv: [] })
    const [child] = await once(server, 'message') as [number]
    server.kill('SIGKILL')
    await expect.poll(() => { try { return process.kill(child, 0) } catch { return false } }).toBe(false)
    await remove()
  })
})

describe('what is lost or broken', () => {
  async function filled() {
    const made = await place({ limits: { compactFiles: 100 } })
    const log = await made.openLog()
    const store = await made.openStore(log)
    const known = await feed(log, 'a', 300, 61)
    await store.waitFor('a', 300)
    await store.roll('a')
    known.push(...await feed(log, 'a', 200, 62))
    await store.waitFor('a', 500)
    return { ...made, log, store, known, hot: join(made.folder, 'store/a/hot.duckdb') }
  }
  const expectAll = async (store: Awaited<ReturnType<typeof openEventStore>>, known: Parameters<typeof naive>[0]) =>
    expect((await readPages(store, 'a', {}, 1000)).map(({ offset }) => offset)).toEqual(naive(known, {}).map(({ offset }) => offset))

  test('a hot table that is gone or garbage is read again from the log', async () => {
    const { openStore, log, store, known, hot, remove } = await filled()
    await store.close()
    for (const damage of [() => rm(hot), () => writeFile(hot, 'garbage'), async () => writeFile(hot, (await readFile(hot)).fill(0x55, 4096, 60_000))]) {
      await damage()
      const again = await openStore(log)
      await again.waitFor('a', 500)
      await expectAll(again, known)
      expect((await again.statistics('a')).reduce((sum, { events }) => sum + events, 0)).toBe(500)
      expect(again.state('a').lost).toBe(0)
      await again.close()
    }
    await log.close()
    await remove()
  })

  test('what the log dropped before the store had it is counted as lost', async () => {
    const { openStore, log, store, known, hot, remove } = await filled()
    await store.close()
    await rm(hot)
    const { start } = await log.dropBefore('a', 1_700_000_000_500, { force: true })
    await log.dropBefore('a', 1_800_000_000_000, { force: true })
    known.push(...await feed(log, 'a', 50, 63))
    expect(start).toBeLessThanOrEqual(500)
    const again = await openStore(log)
    await again.waitFor('a', 550)
    expect(again.state('a').lost).toBe(200)
    await expectAll(again, known.filter(({ offset }) => offset < 300 || offset >= 500))
    await again.close()
    await log.close()
    await remove()
  })

  test('a rebuild keeps what only the store has', async () => {
    const { log, store, known, remove } = await filled()
    // The log loses its beginning, in the middle of a rolled file.
    await log.dropBefore('a', Math.max(...known.slice(0, 200).map(({ receivedAt }) => receivedAt)) + 1)
    for (let i = 0; i < 2; i++) {
      await store.rebuild('a')
      await store.waitFor('a', 500)
      await expectAll(store, known)
      expect((await store.statistics('a')).reduce((sum, { events }) => sum + events, 0)).toBe(500)
      await store.roll('a')
    }
    expect(store.state('a').lost).toBe(0)
    known.push(...await feed(log, 'a', 40, 64))
    await store.waitFor('a', 540)
    await log.dropBefore('a', 1_800_000_000_000)
    expect(log.start('a')).toBe(540)
    await store.rebuild('a')
    await expectAll(store, known)
    await store.close()
    await log.close()
    await remove()
  })

  test('a damaged stretch of the log is passed over and counted', async () => {
    const made = await place()
    const log = await made.openLog()
    const known = await feed(log, 'a', 600, 71)
    await log.close()
    const files = (await readdir(join(made.folder, 'log/a'))).sort()
    const first = Number.parseInt(files[1]!, 10)
    const end = Number.parseInt(files[2]!, 10)
    await rm(join(made.folder, 'log/a', files[1]!))
    const again = await made.openLog()
    const store = await made.openStore(again)
    await store.waitFor('a', 600)
    expect(store.state('a').lost).toBe(end - first)
    await expectAll(store, known.filter(({ offset }) => offset < first || offset >= end))
    await store.close()
    await again.close()
    await made.remove()
  })

  test('a missing Parquet file is a coded error that names it, not an empty answer', async () => {
    const { folder, openStore, log, store, remove } = await filled()
    await store.close()
    const [file] = (await readdir(join(folder, 'store/a'), { recursive: true })).filter((name) => name.endsWith('.parquet'))
    await rm(join(folder, 'store/a', file!))
    const again = await openStore(log)
    await expect(again.count('a', {})).rejects.toMatchObject({ code: 'event_store_corrupt', params: { file: join(folder, 'store/a', file!) } })
    await again.close()
    await log.close()
    await remove()
  })

  test('on a full disk searches still answer, the lag is told, and it follows again when there is space', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount the small disk this needs')
    const made = await place()
    const disk = join(made.folder, 'store')
    await mkdir(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      context.skip('mounting a tmpfs is not allowed here')
    }
    const log = await made.openLog()
    const store = await made.openStore(log)
    try {
      const known = await feed(log, 'a', 300, 81)
      await store.waitFor('a', 300)
      for (let round = 0; store.state('a').stalled === null; round++) {
        expect(round).toBeLessThan(40)
        known.push(...await feed(log, 'a', 500, 90 + round))
        await expect.poll(() => store.searchable('a') === log.end('a') || store.state('a').stalled !== null, { timeout: 10_000 }).toBe(true)
      }
      expect(await answered(() => store.count('a', {}))).toBe(store.searchable('a'))
      expect(store.searchable('a')).toBeLessThan(log.end('a'))
      execFileSync('mount', ['-o', 'remount,size=200m', disk])
      await store.waitFor('a', log.end('a'))
      expect(await answered(() => store.count('a', {}))).toBe(known.length)
      expect(store.state('a').stalled).toBe(null)
    } finally {
      await store.close()
      await log.close()
      execFileSync('umount', [disk])
      await made.remove()
    }
  })
})
