import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HaechiError } from '@haechi/server/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseServer, openServer, readControlFile, retryDelay, ServerProblem } from './client.ts'
import { exitCodeOf } from './exit-codes.ts'
import { fakeServer, folder } from './process.fixture.ts'
import type { Told } from './process.fixture.ts'

const none = { data: undefined, url: undefined, key: undefined, ca: undefined }
const codeOf = async (call: () => unknown): Promise<string> => {
  try {
    await call()
  } catch (error) {
    return (error as HaechiError).code
  }
  return 'none'
}
const problem = (status: number, code: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Told => ({ status, headers, body: { code, detail: `about ${code}`, errors: [], ...more } })
const open = (data: string, silence?: number) => openServer(chooseServer({ ...none, data }, {}).choose, 'ko', { remote: false, ...(silence === undefined ? {} : { silence }) })

describe('what is sent', () => {
  test('locally the control token, the tenant and the language', async () => {
    const { directory, asked } = await fakeServer(() => ({ body: { ok: 1 } }))
    expect(await open(directory).call('GET', '/api/v1/tenants', { query: { limit: 5, cursor: undefined } })).toEqual({ ok: 1 })
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Haechi-Control control-token', 'x-haechi-tenant': 'default', 'accept-language': 'ko' })
    expect(String(asked[0]?.query)).toBe('limit=5')
  })

  test('remotely the key, from the environment, and the tenant only when it was named', async () => {
    const { url, asked } = await fakeServer(() => ({ body: {} }))
    const environment = { HAECHI_URL: `${url}/prefix/`, HAECHI_KEY: 'key_1:s3cret' }
    const { choose, remote } = chooseServer(none, environment)
    await openServer(choose, 'en', { remote }).call('POST', '/api/v1/keys', { body: { name: '키' } })
    expect(remote).toBe(true)
    expect(asked[0]).toMatchObject({ path: '/prefix/api/v1/keys', body: '{"name":"키"}', headers: { authorization: 'Bearer key_1:s3cret', 'content-type': 'application/json' } })
    expect(asked[0]?.headers['x-haechi-tenant']).toBeUndefined()
    expect(chooseServer({ ...none, data: '/srv/x' }, environment).remote).toBe(false)
  })
})

describe('a credential stays where it belongs', () => {
  test.each([
    ['remote_not_encrypted', { ...none, url: 'http://haechi.example:7443', key: 'a:b' }], ['remote_not_encrypted', { ...none, url: 'http://127.0.0.1.example.org', key: 'a:b' }],
    ['remote_key_missing', { ...none, url: 'https://haechi.example' }], ['remote_key_malformed', { ...none, url: 'https://haechi.example', key: 'no-colon' }], ['remote_key_malformed', { ...none, url: 'https://haechi.example', key: 'a:b\nX: y' }],
    ['remote_url_invalid', { ...none, url: 'haechi.example' }], ['remote_url_invalid', { ...none, url: 'https://user:word@haechi.example', key: 'a:b' }], ['remote_url_invalid', { ...none, url: 'file:///etc', key: 'a:b' }],
    ['usage_together', { ...none, url: 'https://haechi.example', data: '/srv' }], ['not_found', { ...none, tenant: '없음\r\n' }],
  ])('%s', async (code, options) => {
    let text = ''
    expect(await codeOf(() => {
      try {
        chooseServer(options, {})
      } catch (error) {
        text = (error as Error).message
        throw error
      }
    })).toBe(code)
    expect(text).not.toMatch(/a:b|no-colon|user:word/)
  })

  test('a control file that others may read is not used', async () => {
    const { directory } = await fakeServer(() => ({}))
    const file = join(directory, 'control.json')
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(file, mode)
      expect(await codeOf(() => readControlFile(directory))).toBe('control_file_exposed')
    }
  })

  test.each(['', '{', '[]', 'null', '{"url":"http://x"}', '{"url":1,"token":"t"}', '{"url":"http://x","token":"a\\r\\nb"}'])('a control file with %j is named as the fault', async (content) => {
    const directory = folder()
    writeFileSync(join(directory, 'control.json'), content, { mode: 0o600 })
    expect(await codeOf(() => readControlFile(directory))).toBe('control_file_unreadable')
  })

  test('none at all: the server does not run', async () => {
    expect(await codeOf(() => readControlFile(folder()))).toBe('server_not_running')
  })
})

describe('answers', () => {
  test('a problem keeps code, text and the faults; the exit code follows the status', async () => {
    for (const [status, exit] of [[401, 4], [403, 4], [404, 5], [409, 1], [503, 3]] as const) {
      const { directory } = await fakeServer(() => problem(status, 'some_code', { errors: [{ code: 'x', place: '/name', detail: 'why' }] }))
      const error = await open(directory).call('GET', '/x').catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ServerProblem)
      expect(error).toMatchObject({ code: 'some_code', message: 'about some_code', errors: [{ place: '/name' }] })
      expect(exitCodeOf(error)).toBe(exit)
    }
  })

  test('what is not Haechi is said to be so', async () => {
    const { directory } = await fakeServer(() => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }))
    expect(await codeOf(() => open(directory).call('GET', '/x'))).toBe('server_answer_invalid')
    const { directory: proxy } = await fakeServer(() => ({ status: 502, body: '<html>bad gateway' }))
    expect(await codeOf(() => open(proxy).call('GET', '/x'))).toBe('http_502')
  })

  test('nobody there, a cut connection and silence are unreachable', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'control.json'), JSON.stringify({ url: 'http://127.0.0.1:1', token: 't' }), { mode: 0o600 })
    const refused = await open(directory).call('GET', '/x').catch((caught: unknown) => caught)
    expect(refused).toMatchObject({ code: 'server_unreachable' })
    expect(exitCodeOf(refused)).toBe(3)
    const { directory: cut } = await fakeServer(() => 'cut')
    expect(await codeOf(() => open(cut).call('GET', '/x'))).toBe('server_unreachable')
    const { directory: silent } = await fakeServer(() => new Promise<Told>(() => {}))
    expect(await codeOf(() => open(silent, 30).call('GET', '/x'))).toBe('server_unreachable')
  })
})

describe('trying again', () => {
  test('busy, away and cut are tried again with the same request until it is answered', async () => {
    const script: Told[] = [problem(503, 'log_busy', {}, { 'retry-after': '0' }), problem(429, 'rate_limited'), 'cut', { body: { done: true } }]
    const { directory, asked } = await fakeServer((_, count) => script[count - 1] ?? {})
    const told: string[] = []
    const answer = await open(directory).call('POST', '/ingest/v1/events', { body: Buffer.from('{}'), headers: { 'idempotency-key': 'k' }, patience: 60_000, onRetry: (error) => told.push(error.code) })
    expect(answer).toEqual({ done: true })
    expect(told).toEqual(['log_busy', 'rate_limited', 'server_unreachable'])
    expect(new Set(asked.map((one) => `${String(one.headers['idempotency-key'])} ${one.body}`))).toEqual(new Set(['k {}']))
  })

  test('a server that was started again is found at its new address', async () => {
    const second = await fakeServer(() => ({ body: { second: true } }))
    const first = await fakeServer(() => {
      writeFileSync(join(first.directory, 'control.json'), JSON.stringify({ url: second.url, token: 'new' }), { mode: 0o600 })
      return 'cut'
    })
    expect(await open(first.directory).call('GET', '/x', { patience: 5_000 })).toEqual({ second: true })
    expect(second.asked[0]?.headers['authorization']).toBe('Haechi-Control new')
  })

  test('a stop ends the waiting', async () => {
    const { directory } = await fakeServer(() => problem(503, 'log_full', {}, { 'retry-after': '50' }))
    const stop = new AbortController()
    expect(await codeOf(() => open(directory).call('GET', '/x', { patience: 100_000, stop: stop.signal, onRetry: () => stop.abort() }))).toBe('interrupted')
  })

  test('the decision: what may pass, within the patience, never sooner than asked', () => {
    fc.assert(fc.property(fc.constantFrom(400, 401, 404, 408, 409, 413, 429, 500, 502, 503, 504), fc.option(fc.nat(200), { nil: null }), fc.nat(20), fc.nat(200_000), fc.nat(200_000), (status, after, attempt, waited, patience) => {
      const delay = retryDelay(new ServerProblem(status, {}, after), attempt, waited, patience)
      if (delay === null) return
      expect([408, 429, 502, 503, 504]).toContain(status)
      expect(waited + delay).toBeLessThanOrEqual(patience)
      expect(delay).toBeGreaterThanOrEqual(Math.min(60, after ?? 0) * 1_000)
      expect(delay).toBeGreaterThan(0)
    }))
    expect(retryDelay(new ServerProblem(500, { retry: true }, null), 0, 0, 1_000)).toBe(250)
    expect(retryDelay(new HaechiError('server_untrusted', { url: '', reason: '' }), 0, 0, 1_000)).toBeNull()
    expect(retryDelay(new HaechiError('server_unreachable', { url: '', reason: '' }), 0, 0, 0)).toBeNull()
    expect(retryDelay(new TypeError('a fault of ours'), 0, 0, 1_000)).toBeNull()
  })
})
