// Holds the command line against the real server, started the way people start it: what is acknowledged is found exactly once, whatever is
// killed meanwhile, and every answer that others rely on has its form.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

const main = resolve('apps/cli/src/main.ts')
const home = mkdtempSync(join(tmpdir(), 'haechi-e2e-cli-'))
// Not inside the other: as root, PostgreSQL runs as a user who may not enter that one.
const data = mkdtempSync(join(tmpdir(), 'haechi-e2e-cli-data-'))
const running = new Set<ChildProcess>()

type Ended = { code: number | null; signal: NodeJS.Signals | null; out: string; err: string }
function start(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [main, ...words], { env: { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8', HAECHI_DATA: data, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  const heard = { out: '', err: '' }
  const looks = new Set<() => void>()
  for (const [name, stream] of [['out', child.stdout], ['err', child.stderr]] as const) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text
      for (const look of looks) look()
    })
  }
  const ended = new Promise<Ended>((done) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      done({ code, signal, ...heard })
    })
  })
  const says = (name: 'out' | 'err', text: string) => new Promise<string>((done, failed) => {
    const look = () => { if (heard[name].includes(text)) done(heard[name]) }
    looks.add(look)
    look()
    void ended.then((end) => failed(new Error(`ended with ${end.code} without saying ${text}: ${end.out}${end.err}`)))
  })
  return { child, ended, says }
}
const haechi = (words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> => {
  const { child, ended } = start(words, environment)
  child.stdin.end()
  return ended
}
const json = async <T>(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<T> => {
  const { code, out, err } = await haechi([...words, '--json'], environment)
  expect(code, `${words.join(' ')}: ${err}`).toBe(0)
  return JSON.parse(out) as T
}
const events = (name: string, count: number) => {
  const file = join(home, name)
  writeFileSync(file, Array.from({ length: count }, (_, n) => `${JSON.stringify({ '@timestamp': new Date(Date.UTC(2026, 0, 1) + n).toISOString(), n, name, host: { name: `ws-${n % 7}` }, message: `event ${n} 로그인` })}\n`).join(''))
  return file
}
const countOf = async (source: string) => (await json<{ count: number }>(['search', '--source', source, '--count'])).count

/** How many of the source the server has acknowledged. */
const acknowledged = async (source: string): Promise<number> => {
  const { sources } = await (await server.api('/api/v1/sources')).json() as { sources: { name: string; accepted: number }[] }
  return sources.find(({ name }) => name === source)?.accepted ?? 0
}

let server: TestServer
beforeAll(async () => { server = await startServer({ data }) }, 120_000)
afterAll(async () => {
  await server.stop()
  for (const child of running) child.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
})

test('the first start hands out a password once, and a second server on the same data directory is refused', async () => {
  expect(server.output()).toMatch(/One-time password {2,}\S{12,}/)
  expect(statSync(join(data, 'control.json')).mode & 0o777).toBe(0o600)
  const second = await haechi(['serve', '--port', '0', '--json'])
  expect(second.code).toBe(1)
  expect(JSON.parse(second.err.trim().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'data_directory_in_use' } })
}, 60_000)

test('a start whose last step fails stops what it had started: nothing is left to stand in the way of the next', async () => {
  const other = mkdtempSync(join(tmpdir(), 'haechi-e2e-cli-again-'))
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  try {
    const failed = await haechi(['serve', '--data', other, '--port', String(port), '--json'])
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.err.trim().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'address_unavailable' } })
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(other))).toEqual([])
    const again = await startServer({ data: other })
    expect((await again.api('/api/v1/sources')).status).toBe(200)
    await again.stop()
  } finally {
    holder.close()
    rmSync(other, { recursive: true, force: true })
  }
}, 120_000)

test('what went in comes out: every record, byte for byte, and again nothing', async () => {
  const file = events('a.ndjson', 9_500)
  expect(await json(['ingest', '--source', 'a', '--wait', file])).toEqual({ accepted: 9_500, rejected: 0, duplicate: 0 })
  expect(await json(['ingest', '--source', 'a', file])).toEqual({ accepted: 0, rejected: 0, duplicate: 9_500 })
  expect(await countOf('a')).toBe(9_500)
  const raw = await haechi(['search', '--source', 'a', '--raw', '--limit', '100000'])
  expect(raw.out.trim().split('\n').sort()).toEqual(readFileSync(file, 'utf8').trim().split('\n').sort())
}, 120_000)

test('search: filters, times, fields, histogram, a table', async () => {
  await json(['ingest', '--source', 'b', '--wait', events('b.ndjson', 700)])
  expect(await json(['search', 'host:ws-3', '--source', 'b', '--count'])).toEqual({ count: 100 })
  expect(await json(['search', '로그인', '--source', 'b', '--from', '2026-01-01T00:00:00.100Z', '--to', '2026-01-01T00:00:00.200Z', '--count'])).toEqual({ count: 100 })
  const one = await json<Record<string, unknown>>(['search', '--source', 'b', '--limit', '1', '--fields', 'time,host,source,raw.n'])
  expect(one).toEqual({ time: '2026-01-01T00:00:00.699Z', host: 'ws-6', source: 'b', 'raw.n': 699 })
  const bars = await haechi(['search', '--source', 'b', '--from', '2026-01-01T00:00:00Z', '--to', '2026-01-01T01:00:00Z', '--histogram', '--json'])
  expect(bars.out.trim().split('\n').reduce((sum, line) => sum + (JSON.parse(line) as { count: number }).count, 0)).toBe(700)
  expect((await haechi(['search', '--source', 'b', '--limit', '2'])).out.split('\n')).toHaveLength(4)
  const wrong = await haechi(['search', 'address:nowhere', '--json'])
  expect([wrong.code, JSON.parse(wrong.err)]).toMatchObject([1, { error: { code: 'query_syntax' } }])
}, 60_000)

test('broken input costs only itself', async () => {
  const file = join(home, 'broken.ndjson')
  writeFileSync(file, '{"n":1}\nnot json\n{"n":2}\n')
  appendFileSync(file, Buffer.from('{"n":"\xff\xfe"}\n', 'latin1'))
  const { code, out, err } = await haechi(['ingest', '--source', 'broken', '--json', file, join(home, 'missing')])
  expect([code, JSON.parse(out)]).toEqual([1, { accepted: 2, rejected: 2, duplicate: 0 }])
  expect(err.trim().split('\n').map((line) => (JSON.parse(line) as { error: { code: string; place: string } }).error)).toMatchObject([
    { code: 'file_unreadable' }, { code: 'json_invalid', place: `${file}:2` }, { code: 'utf8_invalid', place: `${file}:4` },
  ])
}, 60_000)

test('the server is killed in the middle of an ingest and started again: everything is there exactly once', async () => {
  const file = events('killed.ndjson', 150_000)
  const { child, ended } = start(['ingest', '--source', 'killed', '--json', '--wait', file])
  child.stdin.end()
  while (await acknowledged('killed') === 0) await moment()
  await server.kill()
  server = await server.restart()
  const { code, out, err } = await ended
  expect(code, err).toBe(0)
  const totals = JSON.parse(out) as { accepted: number; rejected: number; duplicate: number }
  expect([totals.accepted + totals.duplicate, totals.rejected]).toEqual([150_000, 0])
  expect(err).toContain('trying again')
  expect(await countOf('killed')).toBe(150_000)
}, 180_000)

test('the command itself is killed: run again, it doubles nothing', async () => {
  const file = events('again.ndjson', 150_000)
  const first = start(['ingest', '--source', 'again', file])
  while (await acknowledged('again') === 0) await moment()
  first.child.kill('SIGKILL')
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL', out: '' })
  const totals = await json<{ accepted: number; duplicate: number }>(['ingest', '--source', 'again', file, '--wait'])
  expect(totals.accepted + totals.duplicate).toBe(150_000)
  expect(totals.duplicate).toBeGreaterThan(0)
  expect(await countOf('again')).toBe(150_000)
}, 180_000)

describe('access', () => {
  test('tenants, users and keys; a key reaches its own tenant from elsewhere and no other', async () => {
    expect(await json(['tenants', 'create', 'acme', '--display-name', '에이스'])).toMatchObject({ name: 'acme', display_name: '에이스' })
    const exists = await haechi(['tenants', 'create', 'acme', '--json'])
    expect([exists.code, JSON.parse(exists.err)]).toMatchObject([1, { error: { code: 'already_exists' } }])
    const tenants = (await haechi(['tenants', 'list', '--json'])).out.trim().split('\n').map((line) => (JSON.parse(line) as { name: string }).name)
    expect(tenants.sort()).toEqual(['acme', 'default'])

    expect(await json(['users', 'create', 'mina', '--role', 'analyst', '--tenant', 'acme'])).toMatchObject({ name: 'mina', role: 'analyst', one_time_password: expect.any(String) as string })
    expect(await json(['users', 'set-role', 'mina', '--role', 'manager', '--tenant', 'acme'])).toMatchObject({ role: 'manager' })
    expect(await json(['users', 'reset-password', 'mina', '--tenant', 'acme'])).toMatchObject({ one_time_password: expect.any(String) as string })
    expect(await json(['users', 'list', '--tenant', 'acme'])).toMatchObject({ name: 'mina' })

    const issued = await json<{ key_id: string; secret: string }>(['keys', 'create', '--tenant', 'acme', '--role', 'ingest', '--name', 'shipper'])
    expect(Object.keys(issued)).toEqual(['key_id', 'secret'])
    const elsewhere = (key: { key_id: string; secret: string }) => ({ HAECHI_DATA: '', HAECHI_URL: server.url, HAECHI_KEY: `${key.key_id}:${key.secret}` })
    const file = events('remote.ndjson', 100)
    expect(await json(['ingest', '--source', 'remote', '--wait', file], elsewhere(issued))).toEqual({ accepted: 100, rejected: 0, duplicate: 0 })
    expect(await json(['search', '--source', 'remote', '--tenant', 'acme', '--count'])).toEqual({ count: 100 })
    expect(await countOf('remote')).toBe(0)
    expect((await haechi(['search', '--count'], elsewhere(issued))).code).toBe(4)
    expect((await haechi(['ingest', '--source', 'x', '--tenant', 'default', file], elsewhere(issued))).code).toBe(5)

    const rotated = await json<{ key_id: string; secret: string }>(['keys', 'rotate', issued.key_id, '--overlap-hours', '0', '--tenant', 'acme'])
    expect((await haechi(['ingest', '--source', 'remote', file], elsewhere(issued))).code).toBe(4)
    expect(await json(['ingest', '--source', 'remote', file], elsewhere(rotated))).toMatchObject({ duplicate: 100 })
    await json(['keys', 'revoke', issued.key_id, '--tenant', 'acme'])
    const revoked = await haechi(['ingest', '--source', 'remote', file, '--json'], elsewhere(rotated))
    expect([revoked.code, JSON.parse(revoked.err)]).toMatchObject([4, { error: { code: 'key_revoked' } }])
    expect((await haechi(['users', 'disable', 'mina', '--tenant', 'acme'])).code).toBe(0)
    expect((await haechi(['search', '--count', '--tenant', 'nobody'])).code).toBe(5)
  }, 120_000)

  test('the audit log is exported and verified offline; a changed record is found', async () => {
    const file = join(home, 'audit.ndjson')
    await json(['audit', 'export', '--output', file])
    const verdict = await json<{ ok: boolean; records: number }>(['audit', 'verify', file], { HAECHI_DATA: join(home, 'none') })
    expect(verdict.ok).toBe(true)
    expect(verdict.records).toBeGreaterThan(0)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"outcome":"success"/, '"outcome":"denied"'))
    expect((await haechi(['audit', 'verify', file])).code).toBe(1)
  }, 60_000)
})

describe('what is found in events', () => {
  test('a pack and a feed for one tenant, events that are searched when --wait returns, incidents worked on to their end; another tenant sees none of it', async () => {
    for (const name of ['red', 'blue']) await json(['tenants', 'create', name])
    const rules = join(home, 'rules')
    mkdirSync(rules)
    writeFileSync(join(rules, 'own.yml'), `title: Ledger tool started\nid: 5f2b9a6c-1d1e-4c3a-9f0e-3a2b1c4d5e6f\nlevel: high\nlogsource: { category: process_creation, product: windows }\ndetection:\n  selection: { Image|endswith: '\\ledger.exe' }\n  condition: selection\n`)
    writeFileSync(join(rules, 'broken.yml'), 'title: x\n')
    writeFileSync(join(rules, 'own.samples.json'), JSON.stringify({ fires: [{ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\x\\ledger.exe' }], silent: [{ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\x\\ledger.exe.txt' }] }))
    expect((await haechi(['rules', 'test', join(rules, 'own.yml')])).code).toBe(0)
    expect(await json(['rules', 'add', rules, '--name', 'own', '--tenant', 'red'])).toMatchObject({ accepted: 1, rejected_count: 1, rejected: [{ file: 'broken.yml' }] })
    const feed = join(home, 'feed.csv')
    writeFileSync(feed, 'indicator,confidence\nhxxp://bad[.]example/x,90\n198.51.100.0/24,80\n')
    expect(await json(['intel', 'import', feed, '--name', 'ours', '--tenant', 'red'])).toMatchObject({ indicators: 2, rejected_count: 0 })

    const file = join(home, 'attack.ndjson')
    const at = (second: number) => new Date(Date.now() - 60_000 + second * 1_000).toISOString().replace('T', ' ').slice(0, 23)
    writeFileSync(file, [
      { EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Computer: 'WS-12', User: 'CORP\\bob', Image: 'C:\\x\\ledger.exe', CommandLine: 'ledger.exe -a', ProcessGuid: '{1}', ProcessId: 5, UtcTime: at(0) },
      { EventID: 3, Channel: 'Microsoft-Windows-Sysmon/Operational', Computer: 'WS-12', User: 'CORP\\bob', Image: 'C:\\x\\ledger.exe', DestinationIp: '198.51.100.23', ProcessGuid: '{1}', ProcessId: 5, UtcTime: at(1) },
    ].map((event) => `${JSON.stringify(event)}\n`).join(''))
    for (const tenant of ['red', 'blue']) expect(await json(['ingest', '--source', 'sysmon', '--tenant', tenant, '--wait', file])).toMatchObject({ accepted: 2 })
    const { incidents: [incident, ...others] } = await json<{ incidents: { id: string; status: string; affected_hosts: string[] }[] }>(['incidents', 'list', '--tenant', 'red'])
    expect([others.length, incident?.affected_hosts]).toEqual([0, ['WS-12']])
    expect(await json(['incidents', 'list', '--tenant', 'blue'])).toMatchObject({ incidents: [] })
    expect(await json(['intel', 'lookup', '198.51.100.23', '--tenant', 'red'])).toMatchObject({ verdict: 'malicious', sources: ['ours'], sightings: 1 })
    expect(await json(['intel', 'lookup', '198.51.100.23', '--tenant', 'blue'])).toMatchObject({ verdict: 'unknown', sources: [], sightings: 0 })

    const id = incident!.id
    await json(['incidents', 'comment', id, 'asked the owner', '--tenant', 'red'])
    expect((await haechi(['incidents', 'show', id, '--tenant', 'red'])).out).toContain('asked the owner')
    expect((await haechi(['incidents', 'show', id, '--tenant', 'blue'])).code).toBe(5)
    expect(await json(['actions', 'request', id, 'isolate_host', 'WS-12', '--reason', 'ledger', '--tenant', 'red'])).toMatchObject({ action_id: expect.stringMatching(/^act_/) as string })
    expect(await json(['incidents', 'close', id, '--verdict', 'test', '--tenant', 'red'])).toMatchObject({ status: 'closed', verdict: 'test' })
    expect((await haechi(['incidents', 'close', id, '--verdict', 'test', '--tenant', 'red'])).code).toBe(1)
  }, 120_000)
})

test('doctor finds nothing wrong with it', async () => {
  const { code, out } = await haechi(['doctor', '--json'])
  expect(code, out).toBe(0)
  expect(out).toContain('is ready')
}, 30_000)

test('beyond loopback over TLS alone: here by the control file, from elsewhere with the CA that was printed, without it not at all', async () => {
  const place = mkdtempSync(join(tmpdir(), 'haechi-e2e-cli-tls-'))
  const encrypted = start(['serve', '--data', place, '--host', '0.0.0.0', '--port', '0', '--json'])
  try {
    const { url, ca_file: ca } = JSON.parse(await encrypted.says('out', '\n')) as { url: string; ca_file: string }
    expect(url).toMatch(/^https:/)
    const { key_id: id, secret } = await json<{ key_id: string; secret: string }>(['keys', 'create', '--role', 'auditor', '--name', 'a', '--data', place])
    const elsewhere = { HAECHI_DATA: '', HAECHI_KEY: `${id}:${secret}` }
    expect(await json(['tenants', 'list', '--url', url, '--ca', ca], elsewhere)).toMatchObject({ name: 'default' })
    const untrusted = await haechi(['tenants', 'list', '--url', url, '--json'], elsewhere)
    expect([untrusted.code, JSON.parse(untrusted.err)]).toMatchObject([3, { error: { code: 'server_untrusted' } }])
    const clear = await haechi(['tenants', 'list', '--url', url.replace('https', 'http'), '--ca', ca], elsewhere)
    expect(clear.code).toBe(3)
    expect((await haechi(['doctor', '--data', place, '--json'])).out).toContain('"check":"certificate","status":"ok"')
  } finally {
    encrypted.child.kill('SIGTERM')
    expect(await encrypted.ended).toMatchObject({ code: 0 })
    rmSync(place, { recursive: true, force: true })
  }
}, 120_000)

test('a stop signal drains and ends with 0, also in the middle of the start; the next start asks for no password', async () => {
  expect(await server.stop()).toBe(0)
  expect(existsSync(join(data, 'control.json'))).toBe(false)
  const away = await haechi(['tenants', 'list', '--json'])
  expect([away.code, JSON.parse(away.err)]).toMatchObject([3, { error: { code: 'server_not_running' } }])
  const early = start(['serve', '--port', '0'])
  await early.says('err', 'Taking the data directory')
  early.child.kill('SIGTERM')
  expect(await early.ended).toMatchObject({ code: 0 })
  server = await server.restart()
  expect(server.output()).not.toContain('One-time password')
}, 120_000)

/** Between two looks at a server that is at work. */
const moment = () => new Promise((done) => { setTimeout(done, 5) })
