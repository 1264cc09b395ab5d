import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sql } from 'kysely'
import { manualClock } from '../platform/clock.ts'
import { testDatabase } from '../platform/postgres.fixture.ts'
import type { TestDatabase } from '../platform/postgres.fixture.ts'
import { assetsMigrations, openAssets } from './api.ts'
import type { AssetKind } from './api.ts'
import { identify } from './model.ts'

let test_: TestDatabase
beforeAll(async () => { test_ = await testDatabase([assetsMigrations]) })
afterAll(() => test_.drop())
const clock = manualClock(1_700_000_000_000)
let tenant = 0
beforeEach(() => { tenant++ })

const open = () => {
  const assets = openAssets({ database: test_.database, clock })
  const id = `ten_${tenant}`
  return {
    see: (kind: AssetKind, name: string, at = 1000) => test_.database.tenant(id, (tx) => assets.observe(tx, id, [{ kind, name, firstSeen: at, lastSeen: at }])),
    resolve: async (name: string, kind?: AssetKind) => {
      const { asset, candidates } = await assets.resolve(id, name, kind)
      return asset?.name ?? candidates.map(({ name: each }) => each).sort()
    },
    list: () => assets.list(id, { limit: 100 }),
  }
}

test('one host is one asset, however it is written', async () => {
  const { see, resolve, list } = open()
  await see('host', 'WS-12', 5)
  await see('host', 'ws-12.corp.local', 9)
  await see('host', 'WS-12.CORP.LOCAL', 3)
  await see('host', 'ws-12', 7)
  expect(await list()).toMatchObject([{ kind: 'host', name: 'ws-12.corp.local', firstSeen: 3, lastSeen: 9 }])
  expect(await resolve('WS-12')).toBe('ws-12.corp.local')
})

test('a short name that fits several hosts is not guessed at; the full name decides', async () => {
  const { see, resolve } = open()
  await see('host', 'db.seoul.corp')
  await see('host', 'db.busan.corp')
  expect(await resolve('db')).toEqual(['db.busan.corp', 'db.seoul.corp'])
  expect(await resolve('DB.Seoul.corp')).toBe('db.seoul.corp')
  expect(await resolve('db.jeju.corp')).toEqual([])
})

test('accounts: DOMAIN\\name and name@domain are one, the bare name finds it, local principals are nobody', async () => {
  const { see, resolve, list } = open()
  await see('user', 'CORP\\bob')
  await see('user', 'bob@corp')
  for (const nobody of ['SYSTEM', 'NT AUTHORITY\\SYSTEM', 'WS-12$', '-', 'Font Driver Host\\UMFD-0', 'IIS APPPOOL\\x']) await see('user', nobody)
  expect((await list()).map(({ name }) => name)).toEqual(['CORP\\bob'])
  expect(await resolve('bob')).toBe('CORP\\bob')
})

test('addresses of the inside are assets, those of the outside are not', async () => {
  const { see, list } = open()
  for (const address of ['10.0.0.5', '::ffff:10.0.0.5', 'fd00::1', '8.8.8.8', '127.0.0.1', '169.254.1.1', 'nonsense', '0x0a000006']) await see('address', address)
  expect((await list()).map(({ name }) => name).sort()).toEqual(['10.0.0.5', 'fd00::1'])
})

test('many at once from several transactions: one row each', async () => {
  const { see, list } = open()
  await Promise.all(Array.from({ length: 20 }, (_, i) => see('host', i % 2 === 0 ? 'srv.corp' : 'SRV')))
  expect(await list()).toHaveLength(1)
})

test('another tenant sees nothing of it', async () => {
  const { see } = open()
  await see('host', 'secret-host')
  tenant++
  expect(await open().resolve('secret-host')).toEqual([])
  const rows = await test_.database.tenant('ten_other', (tx) => sql`SELECT * FROM assets_assets`.execute(tx))
  expect(rows.rows).toEqual([])
})

test('names that are none identify nothing', () => {
  for (const kind of ['host', 'user', 'address'] as const) for (const name of ['', '   ', '-', 'x'.repeat(300)]) expect(identify(kind, name)).toBeNull()
  expect(identify('host', '10.1.2.3')).toBeNull()
})
