// Tenant isolation is held by the database itself: every pooled connection runs as haechi_app, which owns nothing, and every
// transaction and every read names one tenant (or, for authentication and administration, the platform). Defended by database.integration.test.ts and tests/arch/catalogue.test.ts.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Kysely, PostgresDialect, PostgresDriver, sql } from 'kysely'
import type { PostgresPoolClient, Transaction as KyselyTransaction } from 'kysely'
import pg from 'pg'
import { HaechiError } from './errors.ts'
import type { Logger } from './log.ts'

/** A context types its own tables: `tx.withTables<AccessTables>()`. */
export type Transaction = KyselyTransaction<unknown>

/** What a read may use: a transaction will do as well. */
export type Reader = Kysely<unknown>

export interface Database {
  /** Runs `work` in one transaction that sees and writes only this tenant's rows. */
  tenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * For requests that read with one statement: a third of the round trips of `tenant`. Sees only this tenant's rows; each statement has a snapshot of its own.
   * Never for writes: nothing is rolled back.
   */
  read<T>(tenantId: string, work: (reader: Reader) => Promise<T>): Promise<T>
  /** Runs `work` across tenants: authentication, tenant administration, sweeps, the outbox. Never on behalf of one tenant's request. */
  platform<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Resolves when a query was answered; errors: database_unavailable. */
  ping(): Promise<void>
  close(): Promise<void>
}

export type DatabaseConnection = string | { host: string; port: number; user: string; database: string; password?: string }

/** One folder of `NNN_name.sql` files. The order of the list is the order of the contexts. */
export type MigrationSource = { context: string; directory: URL }

const applicationRole = 'haechi_app'
const migrationLock = 0x4861_6563 // 'Haec'

export function clientConfig(connection: DatabaseConnection): pg.ClientConfig {
  return { ...(typeof connection === 'string' ? { connectionString: connection } : connection), application_name: 'haechi' }
}

/** Applies what is missing, in order, under an advisory lock, and gives the application role its rights. Returns the names applied. */
export async function migrate(connection: DatabaseConnection, sources: readonly MigrationSource[], log: Logger): Promise<string[]> {
  const client = new pg.Client(clientConfig(connection))
  // The query under way rejects too; without a listener a lost connection would end the process.
  client.on('error', (error) => log.debug({ err: error }, 'database connection lost while migrating'))
  try {
    await client.connect()
    const { rows: [version] } = await client.query<{ number: string; text: string }>(`SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text`)
    if (Number(version?.number) < 150_000) throw new HaechiError('database_too_old', { found: version?.text ?? '?' })
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await client.query(`DO $$ BEGIN CREATE ROLE ${applicationRole} NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
    await client.query(`GRANT ${applicationRole} TO CURRENT_USER`)
    await client.query('CREATE TABLE IF NOT EXISTS platform_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL)')
    const applied = new Map((await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM platform_migrations')).rows.map((row) => [row.name, row.sha256]))
    const known = new Set<string>()
    const done: string[] = []
    for (const source of sources) {
      const files = (await readdir(source.directory)).filter((file) => file.endsWith('.sql')).sort()
      for (const file of files) {
        const name = `${source.context}/${file.slice(0, -4)}`
        const text = await readFile(new URL(file, source.directory), 'utf8')
        const sha256 = createHash('sha256').update(text).digest('hex')
        known.add(name)
        if (applied.has(name)) {
          if (applied.get(name) !== sha256) throw new HaechiError('migration_changed', { name })
          continue
        }
        await client.query('BEGIN')
        try {
          await client.query(text)
          await client.query('INSERT INTO platform_migrations VALUES ($1, $2, clock_timestamp())', [name, sha256])
          await client.query('COMMIT')
        } catch (cause) {
          await client.query('ROLLBACK')
          throw cause
        }
        log.info({ migration: name }, 'migration applied')
        done.push(name)
      }
    }
    const newer = [...applied.keys()].find((name) => !known.has(name))
    if (newer !== undefined) throw new HaechiError('schema_newer', { name: newer })
    if (done.length > 0) {
      await client.query(`GRANT USAGE ON SCHEMA public TO ${applicationRole}`)
      await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${applicationRole}`)
      await client.query(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${applicationRole}`)
      await client.query(`REVOKE ALL ON platform_migrations FROM ${applicationRole}`)
    }
    return done
  } catch (error) {
    throw databaseError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Deletes every row of a tenant in every table that has tenants, in one transaction; what is append-only for everybody else goes too, so this is no deed of the
 * application's role. Answers how many rows.
 */
export async function eraseTenant(connection: DatabaseConnection, tenantId: string, log: Logger): Promise<number> {
  const client = new pg.Client(clientConfig(connection))
  client.on('error', (error) => log.debug({ err: error }, 'database connection lost while a tenant was erased'))
  try {
    await client.connect()
    await client.query(`BEGIN; SET LOCAL haechi.tenant = '${checked(tenantId)}'; SET LOCAL lock_timeout = '20s'`)
    const { rows: tables } = await client.query<{ oid: number; name: string; kept: boolean }>(`
      SELECT c.oid::int, c.oid::regclass::text AS name, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 9 = 9) AS kept
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.oid`)
    const { rows: references } = await client.query<{ child: number; parent: number }>(`SELECT conrelid::int AS child, confrelid::int AS parent FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid`)
    const left = new Map(tables.map((table) => [table.oid, table]))
    let rows = 0
    while (left.size > 0) {
      // Whatever still refers to a table goes before it.
      const next = [...left.values()].find(({ oid }) => !references.some(({ child, parent }) => parent === oid && left.has(child)))
      if (next === undefined) throw new TypeError('tables that refer to each other in a circle')
      left.delete(next.oid)
      if (next.kept) await client.query(`ALTER TABLE ${next.name} DISABLE TRIGGER USER`)
      rows += (await client.query(`DELETE FROM ${next.name} WHERE tenant_id = $1`, [tenantId])).rowCount ?? 0
      if (next.kept) await client.query(`ALTER TABLE ${next.name} ENABLE TRIGGER USER`)
    }
    await client.query('COMMIT')
    return rows
  } catch (error) {
    throw databaseError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

// Planning costs more than running most of what a request asks. The statements are those of our own code, so they are few; what is generated with
// as many values as there are rows is not, and beyond the first ones stays unnamed.
const namedStatements = 300
const statementNames = new Map<string, string>()
class PreparingClient extends pg.Client {
  // pg's own type of query() is eleven overloads; this one looks at two arguments and passes everything on.
  override query = ((...call: Parameters<pg.Client['query']>) => {
    const [text, values] = call as unknown as [unknown, unknown]
    if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0) return super.query(...call)
    let name = statementNames.get(text)
    if (name === undefined && statementNames.size < namedStatements) statementNames.set(text, name = `s${statementNames.size}`)
    return name === undefined ? super.query(...call) : super.query({ name, text, values })
  }) as pg.Client['query']
}

/** Leaves BEGIN to `scoped`, which sends it together with the scope: a request of one query costs three round trips, not four. */
class ScopedDialect extends PostgresDialect {
  readonly #config: { pool: pg.Pool }
  constructor(config: { pool: pg.Pool }) {
    super(config)
    this.#config = config
  }
  override createDriver(): PostgresDriver {
    return new ScopedDriver(this.#config)
  }
}
class ScopedDriver extends PostgresDriver {
  override beginTransaction(): Promise<void> {
    return Promise.resolve()
  }
}

export async function openDatabase(connection: DatabaseConnection, log: Logger, options: { connections?: number } = {}): Promise<Database> {
  const pool = new pg.Pool({
    ...clientConfig(connection),
    Client: PreparingClient,
    max: options.connections ?? 12,
    connectionTimeoutMillis: 5_000,
    // The pool hands a connection out only after this: no query ever runs as the owner.
    verify: (client, callback) => { client.query(`SET ROLE ${applicationRole}`).then(() => callback(), callback) },
  })
  // An idle connection that breaks is replaced at the next use; the request that meets it gets database_unavailable.
  pool.on('error', (error) => log.warn({ err: error }, 'database connection lost'))
  // One that breaks while a transaction holds it: the query under way fails with it, and without a listener the process would.
  pool.on('connect', (client) => { client.on('error', (error) => log.debug({ err: error }, 'database connection lost in a transaction')) })
  const db = new Kysely<unknown>({ dialect: new ScopedDialect({ pool }) })

  const scoped = async <T>(scope: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    try {
      return await db.transaction().execute(async (tx) => {
        // In one round trip (a simple query, so without parameters): `scope` is '*' or was checked below.
        await sql.raw(`BEGIN; SET LOCAL haechi.tenant = '${scope}'`).execute(tx)
        return await work(tx)
      })
    } catch (error) {
      throw databaseError(error)
    }
  }

  // The scope of a read stays on its connection until the next read names another; a transaction's SET LOCAL stands above it.
  const readers = new WeakMap<pg.PoolClient, { scope: string; db: Reader }>()
  const read = async <T>(scope: string, work: (reader: Reader) => Promise<T>): Promise<T> => {
    try {
      const client = await pool.connect()
      try {
        const reader = readers.get(client) ?? { scope: '', db: readerOf(client) }
        readers.set(client, reader)
        if (reader.scope !== scope) {
          reader.scope = ''
          await client.query(`SET haechi.tenant = '${scope}'`)
          reader.scope = scope
        }
        return await work(reader.db)
      } finally {
        client.release()
      }
    } catch (error) {
      throw databaseError(error)
    }
  }

  const database: Database = {
    tenant: (tenantId, work) => scoped(checked(tenantId), work),
    read: (tenantId, work) => read(checked(tenantId), work),
    platform: (work) => scoped('*', work),
    ping: async () => { await sql`SELECT 1`.execute(db).catch((error: unknown) => { throw databaseError(error) }) },
    close: () => db.destroy(),
  }
  try {
    const probe = await sql`SELECT 1 FROM platform_rls_probe`.execute(db)
    if (probe.rows.length > 0) throw new HaechiError('rls_bypassed', { role: applicationRole })
  } catch (error) {
    await database.close()
    throw databaseError(error)
  }
  return database
}

/** An empty or '*' tenant would be a widened scope: a programming error, never a request's fault. */
function checked(tenantId: string): string {
  if (!/^[a-z]+_[0-9a-z]+$/.test(tenantId)) throw new TypeError(`not a tenant id: ${JSON.stringify(tenantId)}`)
  return tenantId
}

function readerOf(client: pg.PoolClient): Reader {
  const query: PostgresPoolClient['query'] = client.query.bind(client)
  const borrowed: PostgresPoolClient = { query, release() {} }
  return new Kysely({ dialect: new PostgresDialect({ pool: { options: {}, connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() } }) })
}

/** Turns what a driver throws when the database is away or full into a coded error; anything else passes through unchanged. */
export function databaseError(error: unknown): unknown {
  if (error instanceof HaechiError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === '53100') return new HaechiError('database_full', {}, { cause: error })
  // A NUL, or what is no character in the database's encoding: the caller's text, not our mistake.
  if (code === '22021' || code === '22P05') return new HaechiError('text_unstorable', {}, { cause: error })
  const away = /^(08|57P0)/.test(code) || code === '53300' || ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'].includes(code)
  if (away || /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|not currently accepting connections/.test(error.message)) {
    return new HaechiError('database_unavailable', {}, { cause: error })
  }
  return error
}
