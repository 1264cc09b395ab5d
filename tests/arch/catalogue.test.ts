// Walks the catalogue of a database that every context has migrated: no tenant table without a forced policy, no table that is
// nobody's, nothing that the application owns or could change.
import { access, readdir } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MigrationSource } from '../../apps/server/src/platform/database.ts'
import { testDatabase } from '../../apps/server/src/platform/postgres.fixture.ts'
import type { TestDatabase } from '../../apps/server/src/platform/postgres.fixture.ts'

/** Tables without a tenant_id, besides the platform's own, and why. Each must nevertheless hide its rows from a tenant's transaction. */
const withoutTenant: Record<string, string> = {
  access_users: 'a person may be a member of several tenants; a tenant sees its members through a policy',
  access_sessions: 'a session is a person\'s; only the platform reads it',
  access_sign_in_failures: 'counted by the name that was tried, before anybody is known; only the platform reads it',
  access_replays: 'looked up by key before the tenant is known; only the platform reads it',
}

type Table = { name: string; owner: string; has_tenant: boolean; tenant_not_null: boolean; rls: boolean; forced: boolean; policies: string[]; kind: string }

let at: TestDatabase
let client: pg.Client
let tables: Table[]
let contexts: string[]

beforeAll(async () => {
  const server = new URL('../../apps/server/src/', import.meta.url)
  const sources: MigrationSource[] = []
  contexts = []
  for (const entry of await readdir(server, { withFileTypes: true })) {
    const directory = new URL(`${entry.name}/migrations/`, server)
    if (!entry.isDirectory() || entry.name === 'platform' || !(await access(directory).then(() => true, () => false))) continue
    contexts.push(entry.name)
    sources.push({ context: entry.name, directory })
  }
  // The order of the contexts (architecture, section 2): what others refer to comes first.
  const order = ['access', 'assets', 'intel', 'telemetry', 'agents', 'detection', 'incidents', 'oncall', 'response', 'discovery', 'exposure', 'connectors', 'compliance', 'reporting', 'mcp']
  sources.sort((a, b) => order.indexOf(a.context) - order.indexOf(b.context))
  at = await testDatabase(sources)
  client = new pg.Client(at.connection)
  await client.connect()
  tables = (await client.query<Table>(`
    SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relrowsecurity AS rls, c.relforcerowsecurity AS forced, c.relkind::text AS kind,
      coalesce(bool_or(a.attname = 'tenant_id'), false) AS has_tenant, coalesce(bool_or(a.attname = 'tenant_id' AND a.attnotnull), false) AS tenant_not_null,
      (SELECT coalesce(array_agg(coalesce(p.qual, '') || coalesce(p.with_check, '')), '{}') FROM pg_policies p WHERE p.tablename = c.relname AND p.schemaname = 'public') AS policies
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY c.oid ORDER BY c.relname`)).rows
})
afterAll(async () => {
  await client.end()
  await at.drop()
})

describe('the catalogue', () => {
  test('was looked at', () => {
    expect(contexts).toContain('access')
    expect(tables.length).toBeGreaterThan(12)
  })
  test('every table carries the prefix of its context', () => {
    const strangers = tables.filter((table) => !['platform', ...contexts].some((context) => table.name.startsWith(`${context}_`)))
    expect(strangers.map((table) => table.name)).toEqual([])
  })
  test('every table with a tenant has row-level security, forced, with a policy on the tenant, and always a tenant', () => {
    const wrong = tables.filter((table) => table.has_tenant && !(table.rls && table.forced && table.policies.some((policy) => policy.includes('tenant_id')) && table.tenant_not_null))
    // An event of the platform itself has no tenant; its rows are for the platform's transactions only.
    expect(wrong.map((table) => table.name).filter((name) => !name.startsWith('platform_'))).toEqual([])
    expect(tables.filter((table) => table.has_tenant && !(table.rls && table.forced && table.policies.length > 0)).map((table) => table.name)).toEqual([])
  })
  test('a table without a tenant is known, with its reason, and hides its rows all the same', () => {
    const free = tables.filter((table) => !table.has_tenant && !table.name.startsWith('platform_'))
    expect(free.map((table) => table.name).sort()).toEqual(Object.keys(withoutTenant).sort())
    expect(free.filter((table) => !(table.rls && table.forced && table.policies.length > 0)).map((table) => table.name)).toEqual([])
  })
  test('no view reads round a policy', () => {
    expect(tables.filter((table) => ['v', 'm', 'f'].includes(table.kind)).map((table) => table.name)).toEqual([])
  })
  test('the application owns nothing, has no special rights and is a member of nobody', async () => {
    const { rows: owned } = await client.query(`SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'haechi_app' UNION ALL SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = 'haechi_app'`)
    expect(owned).toEqual([])
    const { rows: [role] } = await client.query(`SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'haechi_app'`)
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolcanlogin: false })
    const { rows: memberships } = await client.query(`SELECT pg_get_userbyid(roleid) AS of FROM pg_auth_members WHERE pg_get_userbyid(member) = 'haechi_app'`)
    expect(memberships).toEqual([])
    const { rows: rights } = await client.query(`SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege('haechi_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')`)
    expect(rights).toEqual([])
  })
  test('no function runs with the rights of its owner without being known', async () => {
    const { rows } = await client.query<{ proname: string }>(`SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')`)
    expect(rows.map((row) => row.proname).filter((name) => !name.startsWith('platform_'))).toEqual([])
  })
  test('no column takes its value from the clock of the database', async () => {
    const { rows } = await client.query<{ place: string }>(`
      SELECT c.relname || '.' || a.attname AS place FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE c.relnamespace = 'public'::regnamespace AND pg_get_expr(d.adbin, d.adrelid) ~* 'now\\(|current_timestamp|clock_timestamp|localtime|current_date'`)
    expect(rows).toEqual([])
  })
})
