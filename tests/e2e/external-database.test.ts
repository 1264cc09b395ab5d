// DATABASE_URL: a PostgreSQL that we did not start. The same product on it; a role that would see through row-level security is refused.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { searchable, startServer } from '../server.ts'

const name = `external_${randomBytes(6).toString('hex')}`
let url: string

async function administer(...statements: string[]): Promise<void> {
  const client = new pg.Client({ ...inject('postgres'), database: 'postgres' })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

beforeAll(async () => {
  const { host, port, user } = inject('postgres')
  await administer(`CREATE DATABASE ${name}`)
  url = `postgresql://${user}@/${name}?host=${encodeURIComponent(host)}&port=${port}`
})
afterAll(() => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))

test('starts on it, keeps and finds events, and goes on after a restart; no embedded PostgreSQL is started', async () => {
  let server = await startServer({ args: ['--database-url', url] })
  try {
    expect(server.output()).not.toMatch(/creating it/)
    const key = await server.createKey({ role: 'ingest', name: 'ext' })
    const send = async (line: string) => await (await fetch(`${server.url}/ingest/v1/events`, {
      method: 'POST', body: line, headers: { authorization: `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}` },
    })).json() as { accepted: number; end: number }
    await searchable(server, (await send('{"EventID":1,"Channel":"Security","Hostname":"ext-1"}')).end)
    expect(await server.stop()).toBe(0)
    server = await server.restart()
    await searchable(server, (await send('{"EventID":2,"Channel":"Security","Hostname":"ext-1"}')).end)
    expect(await (await server.api('/api/v1/events/count?host=ext-1')).json()).toEqual({ count: 2 })
  } finally {
    await server.remove()
  }
})

test('a database that is not there is said in one coded line', async () => {
  await expect(startServer({ args: ['--database-url', 'postgresql://nobody@127.0.0.1:1/none'] })).rejects.toThrow(/database_unavailable/)
})
