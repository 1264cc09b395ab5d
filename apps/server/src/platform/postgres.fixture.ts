import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { inject } from 'vitest'
import { migrate, openDatabase } from './database.ts'
import type { Database, DatabaseConnection, MigrationSource } from './database.ts'
import { silentLog } from './log.ts'

export const platformMigrations: MigrationSource = { context: 'platform', directory: new URL('./migrations/', import.meta.url) }

export type TestDatabase = { connection: Exclude<DatabaseConnection, string>; database: Database; drop: () => Promise<void> }

/** An empty database of the running test server: for tests of migrations themselves. */
export async function emptyDatabase(template?: string): Promise<{ connection: TestDatabase['connection']; drop: () => Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer((client) => client.query(`CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`))
  return {
    connection: { ...inject('postgres'), database: name },
    drop: () => administer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  }
}

/** A database of its own for one test file, migrated with `sources` (the platform's come first by themselves). Cheap: it is copied from a template that is migrated once a run. */
export async function testDatabase(sources: readonly MigrationSource[] = [], options: { connections?: number } = {}): Promise<TestDatabase> {
  const all = [platformMigrations, ...sources]
  const { connection, drop } = await emptyDatabase(await template(all))
  const database = await openDatabase(connection, silentLog, options)
  return { connection, database, drop: async () => { await database.close(); await drop() } }
}

async function template(sources: readonly MigrationSource[]): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const file of (await readdir(source.directory)).sort()) hash.update(file).update(await readFile(new URL(file, source.directory)))
  }
  const name = `template_${hash.digest('hex').slice(0, 16)}`
  await administer(async (client) => {
    await client.query('SELECT pg_advisory_lock(1)')
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount !== 0) return
    await client.query(`CREATE DATABASE ${name}_draft`)
    await migrate({ ...inject('postgres'), database: `${name}_draft` }, sources, silentLog)
    await client.query(`ALTER DATABASE ${name}_draft RENAME TO ${name}`)
  })
  return name
}

const administer = (work: (client: pg.Client) => Promise<unknown>): Promise<void> => asOwner({ ...inject('postgres'), database: 'postgres' }, work)

/** As the database's owner, whom no policy holds: for what an intruder on the machine could do. */
export async function asOwner(connection: TestDatabase['connection'], work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
