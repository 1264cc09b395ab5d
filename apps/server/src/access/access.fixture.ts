import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createSigner, httpbis } from 'http-message-signatures'
import { Registry } from 'prom-client'
import { manualClock } from '../platform/clock.ts'
import type { MigrationSource } from '../platform/database.ts'
import type { Logger } from '../platform/log.ts'
import { createHttp } from '../platform/http.ts'
import { silentLog } from '../platform/log.ts'
import { testDatabase } from '../platform/postgres.fixture.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import type { Keyring } from '../platform/secrets.ts'
import { accessMigrations, accessRoutes, openAccess } from './api.ts'
import type { AccessHttp, AccessOptions } from './api.ts'

export const testKeyring: Keyring = { key: () => Buffer.alloc(32, 7), sealer: () => sealerFromKey(Buffer.alloc(32, 7), 'master.key') }
export const controlToken = 'control-token-of-the-tests'
export const startTime = Date.parse('2026-03-01T09:00:00Z')

/** The access context on a database of its own, behind the real HTTP kit, with the tenant `default` and its owner `admin`. */
export async function openAccessFixture(options: Partial<AccessOptions> & { basePath?: string; log?: Logger; sources?: readonly MigrationSource[] } = {}) {
  const { database, connection, drop } = await testDatabase([accessMigrations, ...(options.sources ?? [])])
  const clock = manualClock(startTime)
  const access = openAccess({ database, keyring: testKeyring, clock, log: silentLog, controlToken, secureCookies: false, ...options })
  const http: AccessHttp = createHttp({ gate: access.gate, clock, log: options.log ?? silentLog, metrics: new Registry(), basePath: options.basePath ?? '', version: '0' })
  accessRoutes(http, access)
  const first = await access.bootstrap({ tenantDisplayName: 'Test' })
  if (!first.created) throw new Error('the database was not empty')

  const call = async (method: string, path: string, request: { body?: unknown; headers?: Record<string, string> } = {}) => {
    const response = await http.fetch(new Request(`http://haechi.test${path}`, {
      method,
      headers: { ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
      ...(request.body === undefined ? {} : { body: typeof request.body === 'string' ? request.body : JSON.stringify(request.body) }),
    }))
    const text = await response.text()
    // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers by name
    const body: any = response.headers.get('content-type')?.includes('json') && !response.headers.get('content-type')?.includes('ndjson') ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body }
  }
  const control = { authorization: `Haechi-Control ${controlToken}` }
  return {
    database, connection, clock, access, http, first, call, control,
    /** As the operator. */
    operate: (method: string, path: string, body?: unknown, tenant?: string) =>
      call(method, path, { ...(body === undefined ? {} : { body }), headers: { ...control, ...(tenant === undefined ? {} : { 'x-haechi-tenant': tenant }) } }),
    /** Signs in and returns the headers of the session. */
    signIn: async (user: string, password: string): Promise<Record<string, string>> => {
      const { status, headers, body } = await call('POST', '/api/v1/session', { body: { user, password } })
      if (status !== 200) throw new Error(JSON.stringify(body))
      return { cookie: headers.get('set-cookie')!.split(';')[0]! }
    },
    close: async () => { await access.close(); await drop() },
  }
}
export type AccessFixture = Awaited<ReturnType<typeof openAccessFixture>>

export const basic = (key: { key_id: string; secret: string }): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${key.key_id}:${key.secret}`).toString('base64')}` })

/** Headers of scheme 1, as existing clients make them: naive UTC with six digits. */
export function scheme1(key: { key_id: string; secret: string }, method: string, path: string, at: number, body = '', digits = `${String(at % 1_000).padStart(3, '0')}456`): Record<string, string> {
  const timestamp = `${new Date(at).toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}`
  const signature = createHmac('sha256', key.secret).update(`${method}\n${path}\n${timestamp}\n${body}`).digest('hex')
  return { 'X-API-Key': key.key_id, 'X-Timestamp': timestamp, 'X-Signature': signature, 'Content-Type': 'application/json' }
}

/** Headers of scheme 2, made by the library. */
export async function scheme2(key: { key_id: string; secret?: string; privateKey?: KeyObject }, method: string, url: string, at: number, body = '', nonce: string = randomUUID(), expiresIn = 300): Promise<Record<string, string>> {
  const signer = key.privateKey === undefined ? createSigner(key.secret!, 'hmac-sha256', key.key_id) : createSigner(key.privateKey, 'ed25519', key.key_id)
  const digest = body === '' ? {} : { 'content-digest': `sha-512=:${createHash('sha512').update(body).digest('base64')}:` }
  const { headers } = await httpbis.signMessage({
    key: signer, fields: ['@method', '@authority', '@path', '@query', ...Object.keys(digest)], params: ['created', 'expires', 'nonce', 'keyid'],
    paramValues: { created: new Date(at), expires: new Date(at + expiresIn * 1_000), nonce },
  }, { method, url, headers: digest })
  return headers
}
