import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fakeServer, folder, haechi } from '../process.fixture.ts'

type Line = { check: string; status: string; message: string; advice?: string }
async function doctor(directory: string, environment: NodeJS.ProcessEnv = {}): Promise<{ code: number; checks: Record<string, Line> }> {
  const { code, out } = await haechi(['doctor', '--data', directory, '--json'], { environment: { HAECHI_PORT: '0', ...environment }, now: Date.now() })
  return { code, checks: Object.fromEntries(out.trim().split('\n').map((line) => JSON.parse(line) as Line).map((line) => [line.check, line])) }
}

test('a directory that is not there yet: nothing is made, nothing fails', async () => {
  const parent = folder()
  const { code, checks } = await doctor(join(parent, 'a/b'))
  expect(code).toBe(0)
  expect(checks).toMatchObject({ node: { status: 'ok' }, config: { status: 'ok' }, data: { status: 'ok' }, key: { status: 'ok' }, server: { status: 'ok' }, port: { status: 'ok' } })
  expect(readdirSync(parent)).toEqual([])
})

test('what is wrong is named together with the way out, and the exit code is 1', async () => {
  const directory = folder()
  mkdirSync(join(directory, 'keys'))
  writeFileSync(join(directory, 'keys/master.key'), Buffer.alloc(32).toString('base64'), { mode: 0o640 })
  writeFileSync(join(directory, 'haechi.yaml'), 'prot: 1\n')
  chmodSync(directory, 0o777)
  const { code, checks } = await doctor(directory)
  expect(code).toBe(1)
  expect(checks['key']).toMatchObject({ status: 'fail', advice: expect.stringContaining('chmod 0600') as string })
  expect(checks['data']).toMatchObject({ status: 'fail', advice: `chmod 0700 ${directory}` })
  expect(checks['config']).toMatchObject({ status: 'fail', message: expect.stringContaining('config_unknown_key') as string })
  writeFileSync(join(directory, 'keys/master.key'), Buffer.alloc(31).toString('base64'), { mode: 0o600 })
  expect((await doctor(directory)).checks['key']?.message).toContain('does not hold a key')
})

test('a running server: its parts that do not answer are named', async () => {
  const good = await fakeServer(() => ({ body: { status: 'ready', checks: {} } }))
  expect((await doctor(good.directory)).checks['server']?.status).toBe('ok')
  const bad = await fakeServer(() => ({ status: 503, body: { status: 'not_ready', checks: { database: 'database_unavailable', event_log: 'ok' } } }))
  const { code, checks } = await doctor(bad.directory)
  expect([code, checks['server']?.message]).toEqual([1, 'running, but not ready: database: database_unavailable'])
  chmodSync(join(bad.directory, 'control.json'), 0o644)
  expect((await doctor(bad.directory)).checks['server']?.message).toContain('control_file_exposed')
})

test('a port in use', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => new Promise<void>((resolve) => { other.close(() => resolve()) }))
  const { code, checks } = await doctor(folder(), { HAECHI_PORT: String((other.address() as AddressInfo).port) })
  expect([code, checks['port']]).toMatchObject([1, { status: 'fail', message: expect.stringContaining('EADDRINUSE') as string }])
})

// Node makes no certificates; openssl is on every machine that is likely to run this.
const openssl = process.env['OPENSSL'] ?? 'openssl'
test.skipIf(spawnSync(openssl, ['version']).status !== 0)('a certificate: near its end, over it, of another key', async () => {
  const directory = folder()
  const [cert, key, otherKey] = ['c.pem', 'k.pem', 'o.pem'].map((name) => join(directory, name)) as [string, string, string]
  const pem = (one: KeyObject) => one.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(key, pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))
  writeFileSync(otherKey, pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))
  const made = spawnSync(openssl, ['req', '-x509', '-key', key, '-days', '100', '-subj', '/CN=x', '-out', cert])
  expect(made.status, made.stderr.toString()).toBe(0)
  const day = 86_400_000
  const graded = async (days: number, keyFile = key) => {
    const { out } = await haechi(['doctor', '--data', directory, '--json'], { environment: { HAECHI_PORT: '0', HAECHI_TLS_CERT: cert, HAECHI_TLS_KEY: keyFile }, now: Date.now() + days * day })
    return out.trim().split('\n').map((line) => JSON.parse(line) as Line).find((line) => line.check === 'certificate')
  }
  expect((await graded(0))?.status).toBe('ok')
  expect((await graded(80))?.status).toBe('warn')
  expect((await graded(110))?.status).toBe('fail')
  expect(await graded(0, otherKey)).toMatchObject({ status: 'fail', message: `${otherKey} is not the private key of ${cert}` })
})
