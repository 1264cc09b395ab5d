// One PostgreSQL for a whole vitest run, in a directory of its own under the system's temporary one; test files make their own
// databases in it (apps/server/src/platform/postgres.fixture.ts). It dies with the run: the launcher's watchdog sees to that.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { launchPostgres } from '../apps/server/src/platform/postgres-launcher.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'haechi-test-'))
  const postgres = await launchPostgres({ dataDirectory: join(directory, 'postgres'), report: () => undefined })
  // Nothing here outlives the run, and databases are made and dropped by the dozen: without the disk that takes a tenth of the time.
  const client = new pg.Client(postgres.connection)
  await client.connect()
  for (const setting of ['fsync = off', 'full_page_writes = off', 'synchronous_commit = off']) await client.query(`ALTER SYSTEM SET ${setting}`)
  await client.query('SELECT pg_reload_conf()')
  await client.end()
  const { host, port, user } = postgres.connection
  project.provide('postgres', { host, port, user })
  return async () => {
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
