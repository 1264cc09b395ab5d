import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { openAccessFixture } from '../access/access.fixture.ts'
import type { AccessFixture } from '../access/access.fixture.ts'
import { accessMigrations } from '../access/api.ts'
import { migrate } from '../platform/database.ts'
import { silentLog } from '../platform/log.ts'
import { platformMigrations } from '../platform/postgres.fixture.ts'
import { assetRoutes, assetsMigrations, openAssets } from './api.ts'
import type { AssetKind, Assets } from './api.ts'
import { identify } from './model.ts'

let test_: AccessFixture
let assets: Assets
beforeAll(async () => {
  test_ = await openAccessFixture()
  await migrate(test_.connection, [platformMigrations, accessMigrations, assetsMigrations], silentLog)
  assets = openAssets(test_)
  assetRoutes(test_.http, assets)
})
afterAll(() => test_.close())
let tenant = 0
beforeEach(() => { tenant++ })

const open = () => {
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

test('many names at once: each that means one asset, as it was asked for', async () => {
  const { see } = open()
  for (const host of ['WS-12.corp.local', 'db.seoul.corp', 'db.busan.corp']) await see('host', host)
  await see('user', 'CORP\\bob')
  await see('host', 'bob')
  const id = `ten_${tenant}`
  const found = async (kind?: AssetKind) => [...await assets.named(id, ['ws-12', 'WS-12', 'ws-12.corp.local', 'db', 'DB.busan.corp', 'CORP\\bob', 'bob', 'nobody', '', '8.8.8.8'], kind)].map(([name, { name: is }]) => `${name} ${is}`)
  expect(await found()).toEqual(['ws-12 WS-12.corp.local', 'WS-12 WS-12.corp.local', 'ws-12.corp.local WS-12.corp.local', 'DB.busan.corp db.busan.corp', 'CORP\\bob CORP\\bob'])
  expect(await found('user')).toEqual(['CORP\\bob CORP\\bob', 'bob CORP\\bob'])
  for (const name of await found()) expect((await assets.resolve(id, name.split(' ')[0]!)).asset).not.toBeNull()
  expect(await assets.named(id, [])).toEqual(new Map())
})

describe('classification', () => {
  const acme = async () => (await test_.operate('POST', '/api/v1/tenants', { name: `acme-${tenant}` })).body as { id: string; name: string }
  const seen = async (id: string, name: string) => {
    await test_.database.tenant(id, (tx) => assets.observe(tx, id, [{ kind: 'host', name, firstSeen: 1, lastSeen: 1 }]))
    return (await assets.resolve(id, name)).asset!
  }

  test('nothing is guessed; what is said stays, through what is observed later, and is audited', async () => {
    const { id, name } = await acme()
    const dc = await seen(id, 'DC-01')
    expect(dc).toMatchObject({ criticality: 'normal', exposure: 'unknown', class: null, tags: [], siteId: null })
    const site = (await test_.operate('POST', '/api/v1/sites', { name: 'Seoul' }, name)).body.id as string
    const patch = async (body: unknown) => test_.operate('PATCH', `/api/v1/assets/${dc.id}`, body, name)
    expect((await patch({ criticality: 'critical', class: ' Domain_Controller ', tags: ['PCI', '결제', 'pci'], site_id: site })).body).toMatchObject({
      name: 'DC-01', criticality: 'critical', exposure: 'unknown', class: 'domain_controller', tags: ['pci', '결제'], site_id: site,
    })
    expect((await patch({ exposure: 'internet' })).body).toMatchObject({ criticality: 'critical', exposure: 'internet', class: 'domain_controller', tags: ['pci', '결제'], site_id: site })
    await seen(id, 'dc-01.corp.local')
    await seen(id, 'ws-77')
    const found = async (query: string) => ((await test_.operate('GET', `/api/v1/assets?${query}`, undefined, name)).body.assets as { name: string }[]).map((one) => one.name)
    for (const query of ['criticality=critical', 'exposure=internet', 'text=CONTROLLER', 'text=pci', `text=${encodeURIComponent('결제')}`, 'text=c-01']) expect(await found(query), query).toEqual(['dc-01.corp.local'])
    expect(await found('criticality=normal&exposure=unknown')).toEqual(['ws-77'])
    expect(await found('text=pci&criticality=low')).toEqual([])
    expect((await test_.operate('GET', '/api/v1/assets?text=dc', undefined, name)).body.assets).toMatchObject([{ name: 'dc-01.corp.local', criticality: 'critical', exposure: 'internet', class: 'domain_controller', site_id: site }])
    expect((await patch({ class: null, tags: [], site_id: null })).body).toMatchObject({ criticality: 'critical', class: null, tags: [], site_id: null })
    expect((await patch({})).body).toMatchObject({ criticality: 'critical', class: null })
    const { records } = await test_.access.audit.list(id, { limit: 4 })
    expect(records.map(({ action, actor, detail }) => [action, actor.name, detail['criticality'], detail['class']])[3]).toEqual(['asset.classify', 'operator', 'critical', 'domain_controller'])
  })

  test('values that are none, sites and assets that are not there are refused, and nothing is changed', async () => {
    const { id, name } = await acme()
    const host = await seen(id, 'ws-1')
    const patch = async (body: unknown, of = host.id, as = name) => (await test_.operate('PATCH', `/api/v1/assets/${of}`, body, as)).body.code as string
    for (const body of [{ criticality: 'urgent' }, { exposure: 'public' }, { class: 5 }, { class: 'x'.repeat(65) }, { tags: 'pci' }, { tags: Array.from({ length: 33 }, (_, n) => `t${n}`) }, { owner: 'bob' }, []]) expect(await patch(body)).toBe('body_invalid')
    for (const body of [{ class: '' }, { class: 'a\u0000b' }, { tags: ['<script>'] }, { tags: ['-x'] }]) expect(await patch(body)).toBe('asset_label_invalid')
    expect(await patch({ criticality: 'high', site_id: 'sit_none' })).toBe('not_found')
    expect(await patch({ criticality: 'high' }, 'ast_none')).toBe('not_found')
    expect(await patch({ criticality: 'high' }, host.id, 'default')).toBe('not_found')
    expect((await assets.resolve(id, 'ws-1')).asset).toEqual(host)
  })

  test('what a measurement found is written in its own transaction', async () => {
    const { id } = await acme()
    const host = await seen(id, 'web-1')
    await expect(test_.database.tenant(id, async (tx) => {
      await assets.annotate(tx, id, host.id, { exposure: 'internet' })
      throw new Error('undone')
    })).rejects.toThrow('undone')
    expect((await assets.resolve(id, 'web-1')).asset?.exposure).toBe('unknown')
    await test_.database.tenant(id, (tx) => assets.annotate(tx, id, host.id, { exposure: 'internet' }))
    expect((await assets.resolve(id, 'web-1')).asset?.exposure).toBe('internet')
  })

  test('whoever is bound to a site classifies there alone', async () => {
    const { id } = await acme()
    const actor = { kind: 'key', id: 'key_1', person: 'key_1', name: 'k', tenantId: id, side: 'customer', role: 'analyst', ownerRole: null, siteId: 'sit_a', allTenants: false, language: null, mustChangePassword: false } as const
    const here = await seen(id, 'here-1')
    const there = await seen(id, 'there-1')
    await test_.database.tenant(id, (tx) => assets.annotate(tx, id, here.id, { siteId: 'sit_a' }))
    expect((await assets.classify(id, here.id, { criticality: 'high' }, actor)).criticality).toBe('high')
    await expect(assets.classify(id, there.id, { criticality: 'high' }, actor)).rejects.toMatchObject({ code: 'forbidden' })
  })
})

test('names that are none identify nothing', () => {
  for (const kind of ['host', 'user', 'address'] as const) for (const name of ['', '   ', '-', 'x'.repeat(300)]) expect(identify(kind, name)).toBeNull()
  expect(identify('host', '10.1.2.3')).toBeNull()
})
