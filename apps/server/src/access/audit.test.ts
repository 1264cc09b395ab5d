import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asOwner } from '../platform/postgres.fixture.ts'
import { basic, openAccessFixture } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'
import { systemActor } from './api.ts'
import { verifyAuditExport } from './audit-chain.ts'
import { accessTables } from './store.ts'

let at: AccessFixture
let tenantId: string
beforeAll(async () => {
  at = await openAccessFixture()
  tenantId = at.first.tenant.tenantId
})
afterAll(() => at.close())

const exported = async (query = ''): Promise<string[]> => (await at.operate('GET', `/api/v1/audit/export${query}`, undefined, 'default')).body.trimEnd().split('\n')
const entry = { tenantId: '', actor: systemActor, action: 'test.note' }

describe('the log', () => {
  test('a change and its record stand or fall together', async () => {
    const before = (await exported()).length
    await expect(at.database.tenant(tenantId, async (tx) => {
      await at.access.audit.record(tx, { ...entry, tenantId })
      throw new Error('the change failed')
    })).rejects.toThrow('the change failed')
    expect((await exported()).length).toBe(before)
  })

  test('many writers at once keep one chain without gaps', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => at.database.tenant(tenantId, (tx) => at.access.audit.record(tx, { ...entry, tenantId, detail: { n } }))))
    const lines = await exported()
    const verdict = await verifyAuditExport(lines)
    expect(verdict).toMatchObject({ ok: true, chain: tenantId, records: lines.length - 1 })
  })

  test('the application can neither change nor remove a record, nor turn the head back', async () => {
    for (const statement of [
      sql`UPDATE access_audit SET record = '{}'`, sql`DELETE FROM access_audit`, sql`TRUNCATE access_audit`, sql`DELETE FROM access_audit_heads`,
      sql`UPDATE access_audit_heads SET sequence = sequence - 1`, sql`UPDATE access_audit_heads SET sequence = sequence + 1`, sql`UPDATE access_audit_heads SET hash = repeat('0', 64)`,
      sql`UPDATE access_audit_heads h SET sequence = a.sequence, hash = a.hash FROM access_audit a WHERE a.tenant_id = h.tenant_id AND a.sequence = 1`,
      sql`ALTER TABLE access_audit DISABLE TRIGGER ALL`, sql`DROP TABLE access_audit`,
    ]) {
      await expect(at.database.platform((tx) => statement.execute(tx)), JSON.stringify(statement.toOperationNode())).rejects.toThrow(/append-only|permission denied|must be owner/)
    }
    expect(await verifyAuditExport(await exported())).toMatchObject({ ok: true })
    expect((await at.operate('GET', '/api/v1/audit/verification', undefined, 'default')).body).toMatchObject({ ok: true, records: (await exported()).length - 1, line: null })
  })

  test('records are found by what was done, by whom, how it ended and when, and by nothing that a detail says', async () => {
    const who = { kind: 'user', id: 'usr_1', person: 'usr_1', name: 'a"b\\c.*\u0000' } as const
    await at.database.tenant(tenantId, async (tx) => {
      await at.access.audit.record(tx, { tenantId, actor: who, action: 'found.once', outcome: 'failure', resource: { kind: 'thing', id: 'x"}' }, detail: { name: 'decoy', actor: { name: 'decoy' }, outcome: 'denied', note: '\u0000' } })
      await at.access.audit.record(tx, { tenantId, actor: { ...who, name: 'other' }, action: 'foundling.once', detail: { actor: { id: 'a', kind: 'b', name: who.name, person: 'c' } } })
    })
    const list = async (filter: Parameters<typeof at.access.audit.list>[2]) => (await at.access.audit.list(tenantId, { limit: 1_000 }, filter)).records.map(({ action }) => action)
    expect(await list({ action: 'found' })).toEqual(['found.once'])
    expect(await list({ action: 'foundling.once' })).toEqual(['foundling.once'])
    expect(await list({ actor: who.name })).toEqual(['found.once'])
    expect(await list({ actor: 'decoy' })).toEqual([])
    expect(await list({ actor: 'other', outcome: 'success' })).toEqual(['foundling.once'])
    expect(await list({ action: 'found', outcome: 'denied' })).toEqual([])
    expect(await list({ action: 'found', outcome: 'failure' })).toEqual(['found.once'])
    expect(await list({ action: 'found', from: new Date(at.clock.now() + 1) })).toEqual([])
    expect(await list({ action: 'found', to: new Date(at.clock.now() + 1) })).toEqual(['found.once'])
  })

  test('what the owner of the database edits, verify finds', async () => {
    const { drop, connection, operate, ...other } = await openAccessFixture().then((fixture) => ({ ...fixture, drop: fixture.close }))
    await other.database.tenant(other.first.tenant.tenantId, (tx) => other.access.audit.record(tx, { ...entry, tenantId: other.first.tenant.tenantId }))
    await asOwner(connection, async (client) => {
      await client.query('ALTER TABLE access_audit DISABLE TRIGGER USER')
      await client.query(`UPDATE access_audit SET record = replace(record, '"user.create"', '"user.nothing"') WHERE tenant_id <> '*'`)
    })
    const lines = (await operate('GET', '/api/v1/audit/export')).body.trimEnd().split('\n')
    expect(await verifyAuditExport(lines)).toEqual({ ok: false, line: 3, reason: 'record_changed' })
    await drop()
  })

  test('a tenant reads its own chain; the platform\'s is for who administers it', async () => {
    const second = (await at.operate('POST', '/api/v1/tenants', { name: 'second' })).body
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'a', role: 'auditor' }, 'second')).body
    const own = await at.call('GET', '/api/v1/audit?limit=1000', { headers: basic(key) })
    expect(own.body.records.map((record: { chain: string }) => record.chain)).toEqual(own.body.records.map(() => second.id))
    expect(own.body.records.map((record: { action: string }) => record.action)).toEqual(['key.create', 'tenant.create'])
    expect((await at.call('GET', '/api/v1/audit?chain=platform', { headers: basic(key) })).body.code).toBe('forbidden')
    const platform = (await at.operate('GET', '/api/v1/audit?chain=platform', undefined, 'second')).body
    expect(platform.records.map((record: { action: string; chain: string }) => [record.action, record.chain])).toContainEqual(['tenant.create', '*'])
    expect(await verifyAuditExport(await exported('?chain=platform'))).toMatchObject({ ok: true, chain: '*' })
    expect((await at.call('GET', '/api/v1/audit', { headers: basic((await at.operate('POST', '/api/v1/keys', { name: 'b', role: 'analyst' }, 'second')).body) })).body.code).toBe('forbidden')
  })

  test('pages join without a gap or a double, newest first', async () => {
    const all = (await at.operate('GET', '/api/v1/audit?limit=1000', undefined, 'default')).body.records
    const paged: unknown[] = []
    let cursor: string | null = null
    do {
      const page: { records: unknown[]; next_cursor: string | null } = (await at.operate('GET', `/api/v1/audit?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`, undefined, 'default')).body
      expect(page.records.length).toBeLessThanOrEqual(7)
      paged.push(...page.records)
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(paged).toEqual(all)
    expect((await at.operate('GET', '/api/v1/audit?cursor=abc', undefined, 'default')).body.code).toBe('cursor_invalid')
  })
})

describe('refusals', () => {
  const refusals = async (id: string) => (await at.operate('GET', '/api/v1/audit?limit=1000', undefined, 'default')).body.records.filter((record: { outcome: string; actor: { id: string } }) => record.outcome === 'denied' && record.actor.id === id)
  test('are recorded, one a minute for the same reason, with the number left out', async () => {
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'c', role: 'ingest' }, 'default')).body
    for (let i = 0; i < 5; i++) expect((await at.call('GET', '/api/v1/keys', { headers: basic(key) })).body.code).toBe('forbidden')
    await at.access.audit.settle()
    expect(await refusals(key.key_id)).toMatchObject([{ action: 'key.read', outcome: 'denied', actor: { kind: 'key', id: key.key_id } }])
    at.clock.advance(60_000)
    await at.call('GET', '/api/v1/keys', { headers: basic(key) })
    await at.access.audit.settle()
    expect((await refusals(key.key_id))[0].detail).toMatchObject({ suppressed: 4 })
  })
  test('by a handler are recorded like those of the gate', async () => {
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'm', role: 'manager' }, 'default')).body
    expect((await at.call('POST', '/api/v1/users', { headers: basic(key), body: { name: 'x', role: 'owner' } })).body.code).toBe('forbidden')
    await at.access.audit.settle()
    expect(await refusals(key.key_id)).toMatchObject([{ action: 'grant owner', outcome: 'denied', detail: { code: 'forbidden' } }])
  })
  test('of credentials: in the chain of the key\'s tenant when the key is known, never with the secret', async () => {
    const key = (await at.operate('POST', '/api/v1/keys', { name: 'd', role: 'analyst' }, 'default')).body
    await at.call('GET', '/api/v1/session', { headers: basic({ ...key, secret: 'guessed-secret' }) })
    await at.call('GET', '/api/v1/session', { headers: basic({ key_id: 'key_none', secret: 'guessed-secret' }) })
    await at.access.audit.settle()
    expect(await refusals(key.key_id)).toMatchObject([{ action: 'authenticate', detail: { code: 'credentials_invalid' } }])
    const everything = await at.database.platform((tx) => accessTables(tx).selectFrom('access_audit').select('record').execute())
    const text = everything.map((row) => row.record).join('\n')
    expect(text).toContain('"key":"key_none"')
    expect(text).not.toContain('guessed-secret')
    expect(text).not.toContain(key.secret)
    expect(text).not.toContain(at.first.oneTimePassword)
  })
})
