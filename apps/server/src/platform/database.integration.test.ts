import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseError, eraseTenant, migrate, openDatabase } from './database.ts'
import type { Database, MigrationSource } from './database.ts'
import { silentLog } from './log.ts'
import { emptyDatabase, platformMigrations, testDatabase } from './postgres.fixture.ts'
import type { TestDatabase } from './postgres.fixture.ts'

let directory: string
const sourceOf = async (context: string, files: Record<string, string>): Promise<MigrationSource> => {
  const folder = await mkdtemp(join(directory, 'source-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return { context, directory: pathToFileURL(`${folder}/`) }
}
beforeAll(async () => { directory = await mkdtemp(join(tmpdir(), 'haechi-database-')) })
afterAll(() => rm(directory, { recursive: true }))

const notes = 'CREATE TABLE thing_notes (tenant_id text NOT NULL, text text NOT NULL); SELECT platform_protect(\'thing_notes\');'

describe('tenants', () => {
  let at: TestDatabase
  const insert = (tenantId: string, text: string) => (tx: Parameters<Parameters<Database['tenant']>[1]>[0]) => sql`INSERT INTO thing_notes VALUES (${tenantId}, ${text})`.execute(tx)
  beforeAll(async () => {
    at = await testDatabase([await sourceOf('thing', { '001_notes.sql': notes })])
    await at.database.tenant('ten_a', insert('ten_a', 'of a'))
    await at.database.tenant('ten_b', insert('ten_b', 'of b'))
  })
  afterAll(() => at.drop())

  test('a query without a WHERE sees its own rows, a write without one touches no others', async () => {
    const all = sql<{ text: string }>`SELECT text FROM thing_notes ORDER BY text`
    expect((await at.database.tenant('ten_a', (tx) => all.execute(tx))).rows).toEqual([{ text: 'of a' }])
    await at.database.tenant('ten_a', (tx) => sql`UPDATE thing_notes SET text = 'changed'`.execute(tx))
    await at.database.tenant('ten_c', (tx) => sql`DELETE FROM thing_notes`.execute(tx))
    expect((await at.database.platform((tx) => all.execute(tx))).rows).toEqual([{ text: 'changed' }, { text: 'of b' }])
  })
  test('a row cannot be written for, or moved to, another tenant', async () => {
    await expect(at.database.tenant('ten_a', insert('ten_b', 'smuggled'))).rejects.toThrow(/row-level security/)
    await expect(at.database.tenant('ten_a', (tx) => sql`UPDATE thing_notes SET tenant_id = 'ten_b'`.execute(tx))).rejects.toThrow(/row-level security/)
  })
  test('the tenant does not stay on a connection', async () => {
    const seen = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const tenantId = i % 2 === 0 ? 'ten_a' : 'ten_b'
      const { rows } = await at.database.tenant(tenantId, (tx) => sql<{ tenant_id: string }>`SELECT tenant_id FROM thing_notes`.execute(tx))
      return rows.every((row) => row.tenant_id === tenantId)
    }))
    expect(seen).not.toContain(false)
  })
  test('reads, transactions and the platform share connections and never a tenant', async () => {
    const seen = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const tenantId = ['ten_a', 'ten_b', 'ten_nobody'][i % 3]!
      const all = sql<{ tenant_id: string }>`SELECT tenant_id FROM thing_notes`
      const found = i % 5 === 0 ? await at.database.tenant(tenantId, (tx) => all.execute(tx))
        : i % 7 === 0 ? await at.database.platform(async (tx) => ({ rows: (await all.execute(tx)).rows.filter((row) => row.tenant_id === tenantId) }))
          : await at.database.read(tenantId, (reader) => all.execute(reader))
      return [...new Set(found.rows.map((row) => row.tenant_id))].join() === (tenantId === 'ten_nobody' ? '' : tenantId)
    }))
    expect(seen).not.toContain(false)
  })
  test('a failed read leaves the connection as usable, and the next tenant its own', async () => {
    for (let i = 0; i < 20; i++) await expect(at.database.read('ten_a', (reader) => sql`SELECT 1 / 0`.execute(reader))).rejects.toThrow(/division/)
    const { rows } = await at.database.read('ten_b', (reader) => sql<{ text: string }>`SELECT text FROM thing_notes`.execute(reader))
    expect(rows).toEqual([{ text: 'of b' }])
  })
  test.each(['', '*', 'a', "ten_a' OR true", 'ten_A', 'ten_'])('%j is no tenant', (tenantId) => {
    expect(() => at.database.tenant(tenantId, () => Promise.resolve())).toThrow(TypeError)
    expect(() => at.database.read(tenantId, () => Promise.resolve())).toThrow(TypeError)
  })
  test('a failure undoes the whole transaction and passes on as it is', async () => {
    const failure = new RangeError('mine')
    await expect(at.database.tenant('ten_a', async (tx) => {
      await insert('ten_a', 'lost')(tx)
      throw failure
    })).rejects.toBe(failure)
    const { rows } = await at.database.tenant('ten_a', (tx) => sql`SELECT 1 FROM thing_notes WHERE text = 'lost'`.execute(tx))
    expect(rows).toEqual([])
  })
  test('the application can neither read what was applied nor build or give itself rights', async () => {
    for (const statement of ['SELECT * FROM platform_migrations', 'CREATE TABLE thing_more (id int)', 'DROP TABLE thing_notes', 'ALTER TABLE thing_notes DISABLE ROW LEVEL SECURITY', 'TRUNCATE thing_notes', 'CREATE ROLE other']) {
      await expect(at.database.platform((tx) => sql.raw(statement).execute(tx)), statement).rejects.toThrow(/permission denied|must be owner/)
    }
  })
})

describe('erasing a tenant', () => {
  test('takes every row of it, referred to or append-only, and no other; the application cannot do it', async () => {
    const source = await sourceOf('thing', {
      '001_notes.sql': `${notes}
        CREATE TABLE thing_parents (id text PRIMARY KEY, tenant_id text NOT NULL, above text REFERENCES thing_parents); SELECT platform_protect('thing_parents');
        CREATE TABLE thing_children (tenant_id text NOT NULL, parent text NOT NULL REFERENCES thing_parents); SELECT platform_protect('thing_children');
        CREATE FUNCTION thing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append-only'; END $$;
        CREATE TRIGGER thing_keep BEFORE UPDATE OR DELETE ON thing_parents FOR EACH ROW EXECUTE FUNCTION thing_refuse();`,
    })
    const at = await testDatabase([source])
    for (const tenant of ['ten_a', 'ten_b']) {
      await at.database.tenant(tenant, async (tx) => {
        await sql`INSERT INTO thing_notes VALUES (${tenant}, 'note')`.execute(tx)
        await sql`INSERT INTO thing_parents VALUES (${`${tenant}1`}, ${tenant}, NULL), (${`${tenant}2`}, ${tenant}, ${`${tenant}1`})`.execute(tx)
        await sql`INSERT INTO thing_children VALUES (${tenant}, ${`${tenant}2`})`.execute(tx)
      })
    }
    await expect(at.database.tenant('ten_a', (tx) => sql`UPDATE thing_parents SET above = above`.execute(tx))).rejects.toThrow('append-only')
    expect(await eraseTenant(at.connection, 'ten_a', silentLog)).toBe(4)
    expect(await eraseTenant(at.connection, 'ten_a', silentLog)).toBe(0)
    const left = await at.database.platform((tx) => sql<{ tenant_id: string }>`SELECT tenant_id FROM thing_notes UNION ALL SELECT tenant_id FROM thing_parents UNION ALL SELECT tenant_id FROM thing_children`.execute(tx))
    expect(left.rows).toEqual(Array.from({ length: 4 }, () => ({ tenant_id: 'ten_b' })))
    // What guards the table stands again.
    await expect(at.database.tenant('ten_b', (tx) => sql`UPDATE thing_parents SET above = above`.execute(tx))).rejects.toThrow('append-only')
    await expect(eraseTenant(at.connection, '*', silentLog)).rejects.toThrow(TypeError)
    await at.drop()
  })
})

describe('migrate', () => {
  test('applies what is missing, in order, once, also when several start at the same time', async () => {
    const { connection, drop } = await emptyDatabase()
    const first = await sourceOf('thing', { '002_more.sql': 'ALTER TABLE thing_notes ADD COLUMN more text;', '001_notes.sql': notes, 'README.md': 'not SQL' })
    const applied = await Promise.all([1, 2, 3].map(() => migrate(connection, [platformMigrations, first], silentLog)))
    const names = applied.flat()
    expect(names.slice(-2)).toEqual(['thing/001_notes', 'thing/002_more'])
    expect(new Set(names).size).toBe(names.length)
    expect(await migrate(connection, [platformMigrations, first], silentLog)).toEqual([])
    await drop()
  })
  test('a changed file, a newer database and a broken file are refused, and nothing is half applied', async () => {
    const { connection, drop } = await emptyDatabase()
    const one = await sourceOf('thing', { '001_notes.sql': notes })
    await migrate(connection, [platformMigrations, one], silentLog)
    await expect(migrate(connection, [platformMigrations, await sourceOf('thing', { '001_notes.sql': `${notes} ` })], silentLog)).rejects.toMatchObject({ code: 'migration_changed', params: { name: 'thing/001_notes' } })
    await expect(migrate(connection, [platformMigrations], silentLog)).rejects.toMatchObject({ code: 'schema_newer', params: { name: 'thing/001_notes' } })
    await expect(migrate(connection, [platformMigrations, one, await sourceOf('other', { '001_broken.sql': 'CREATE TABLE other_a (id int); SELECT nonsense;' })], silentLog)).rejects.toThrow(/nonsense/)
    const client = new pg.Client(connection)
    await client.connect()
    expect((await client.query(`SELECT to_regclass('other_a') AS a`)).rows).toEqual([{ a: null }])
    await client.end()
    // The lock went with the connection: the next start does not wait.
    expect(await migrate(connection, [platformMigrations, one], silentLog)).toEqual([])
    await drop()
  })
  test('a table that forgets its policy is still not readable through the probe: start-up refuses a role that bypasses', async () => {
    const { connection, drop } = await emptyDatabase()
    await migrate(connection, [platformMigrations], silentLog)
    const client = new pg.Client(connection)
    await client.connect()
    await client.query('ALTER TABLE platform_rls_probe DISABLE ROW LEVEL SECURITY')
    await expect(openDatabase(connection, silentLog)).rejects.toMatchObject({ code: 'rls_bypassed' })
    await client.end()
    await drop()
  })
})

describe('a database that is away', () => {
  test('says so, and works again when it is back', async () => {
    const at = await testDatabase([], { connections: 2 })
    await at.database.ping()
    const { database: name, ...server } = at.connection
    const admin = new pg.Client({ ...server, database: 'postgres' })
    await admin.connect()
    // Cut in the middle of a transaction.
    await expect(at.database.platform(async (tx) => {
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
      await sql`SELECT 1`.execute(tx)
    })).rejects.toMatchObject({ code: 'database_unavailable' })
    // Refused altogether.
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    await expect(at.database.ping()).rejects.toMatchObject({ code: 'database_unavailable' })
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
    await admin.end()
    await at.database.ping()
    await at.drop()
  })
  test('nobody listens there', async () => {
    for (const connection of [{ host: join(directory, 'no-socket'), port: 5432, user: 'x', database: 'x' }, 'postgres://x@127.0.0.1:1/x']) {
      await expect(openDatabase(connection, silentLog)).rejects.toMatchObject({ code: 'database_unavailable' })
      await expect(migrate(connection, [], silentLog)).rejects.toMatchObject({ code: 'database_unavailable' })
    }
  })
  test('a full disk is another code; a mistake of ours stays what it is', () => {
    expect(databaseError(Object.assign(new Error('No space left on device'), { code: '53100' }))).toMatchObject({ code: 'database_full' })
    const mistake = Object.assign(new Error('syntax error'), { code: '42601' })
    expect(databaseError(mistake)).toBe(mistake)
    expect(databaseError('x')).toBe('x')
  })
})
