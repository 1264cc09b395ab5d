// A newcomer's first minute: npm start -- --demo, killed in the middle, started again; what he then sees, may approve, and takes away by one command.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { root, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

const cli = join(root, 'apps/cli/src/main.ts')
let data = ''
let server: TestServer

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'haechi-demo-'))
  const first = spawn(process.execPath, [cli, 'serve', '--data', data, '--port', '0', '--demo'], { cwd: root, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  // In the middle: events are in the log, and nobody was let in yet.
  try {
    await vi.waitFor(async () => {
      const [tenant = 'none'] = (await readdir(join(data, 'log'))).filter((name) => name.startsWith('ten_'))
      const [segment = 'none'] = await readdir(join(data, 'log', tenant))
      expect((await stat(join(data, 'log', tenant, segment))).size).toBeGreaterThan(200_000)
    }, { timeout: 120_000, interval: 50 })
  } finally {
    await new Promise((resolve) => {
      first.once('exit', resolve)
      first.kill('SIGKILL')
    })
  }
  server = await startServer({ data, args: ['--demo'] })
})
afterAll(() => server?.remove())

type Tenant = { id: string; name: string; origin: string }
type Action = { action_id: string; status: string; targets: { target: string }[] }
const tenants = async () => ((await (await server.api('/api/v1/tenants')).json()) as { tenants: Tenant[] }).tenants
const demo = async <T>(path: string) => await (await server.api(path, { tenant: 'demo' })).json() as T

test('the story is told once, however often it was begun', async () => {
  expect((await tenants()).map(({ name, origin }) => `${name} ${origin}`)).toEqual(['default installation', 'demo demo'])
  const { incidents } = await demo<{ incidents: { title: string; severity: string; status: string; affected_hosts: string[] }[] }>('/api/v1/incidents?status=all')
  expect(incidents.filter(({ title }) => title.includes('Kerberoasting'))).toHaveLength(1)
  expect(incidents.length).toBeGreaterThanOrEqual(12)
  expect(incidents[0]).toMatchObject({ severity: 'critical', status: 'investigating', affected_hosts: expect.arrayContaining(['WS-12']) })
  const { sources } = await demo<{ sources: { accepted: number; duplicate: number; rejected: number }[] }>('/api/v1/sources')
  const { count } = await demo<{ count: number }>('/api/v1/events/count')
  expect(sources.map(({ duplicate, rejected }) => duplicate + rejected)).toEqual(sources.map(() => 0))
  await server.stop()
  server = await server.restart()
  expect((await tenants()).filter(({ origin }) => origin === 'demo')).toHaveLength(1)
  expect((await demo<{ count: number }>('/api/v1/events/count')).count).toBe(count)
})

test('who installed it may switch to it and approve what waits', async () => {
  const call = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(new URL(path, server.url), { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
    return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', body: await answer.json().catch(() => null) as { status?: string; one_time_password?: string } }
  }
  const reset = await server.api('/api/v1/users/admin/password', { method: 'POST' })
  const { one_time_password: old_password } = await reset.json() as { one_time_password: string }
  const { cookie } = await call('POST', '/api/v1/session', { user: 'admin', password: old_password })
  await call('POST', '/api/v1/session/password', { old_password, new_password: 'a long enough password' }, { cookie })
  const signed = await call('POST', '/api/v1/session', { user: 'admin', password: 'a long enough password' })
  const { actions } = await demo<{ actions: Action[] }>('/api/v1/actions?status=awaiting_approval')
  expect(actions.map(({ targets }) => targets.map(({ target }) => target).join()).toSorted()).toEqual(['WS-12', 'WS-12\\svc-backup'])
  const decided = await call('POST', `/api/v1/actions/${actions[0]!.action_id}/approval`, { approved: true, comment: '' }, { cookie: signed.cookie, 'x-haechi-tenant': 'demo' })
  expect([decided.status, decided.body]).toMatchObject([200, { status: 'failed' }])
})

test('one command takes all of it away, and only it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'demo', 'remove', '--data', data, '--json'], { cwd: root, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  expect(JSON.parse(stdout)).toMatchObject({ tenant: { name: 'demo' } })
  expect((await tenants()).map(({ name }) => name)).toEqual(['default'])
  for (const folder of ['log', 'store']) expect((await readdir(join(data, folder))).filter((name) => name.startsWith('ten_'))).toEqual([])
  await server.stop()
  server = await startServer({ data })
  expect((await tenants()).map(({ name }) => name)).toEqual(['default'])
  await server.stop()
  await rm(data, { recursive: true, force: true })
})
