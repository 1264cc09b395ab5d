import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverCertificate } from '@haechi/server/tls'
import { expect, onTestFinished, test } from 'vitest'
import { admission, listen, namesIn } from './listener.ts'

/** For *.example and haechi.example, until 2126. */
const wildcard = `-----BEGIN CERTIFICATE-----
MIIBujCCAWGgAwIBAgIQQEw1N74ULHrd+ZibwX0pRjAKBggqhkjOPQQDAjAPMQ0w
CwYDVQQDDAR0ZXN0MCAXDTI2MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjAP
MQ0wCwYDVQQDDAR0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECUqEgpXZ
Y9Hn02oOQzQglfO4FTCRpWyj9Okijzx5Vx3JcSylhWBqQqBTEz7e1KUAFn3JzMZY
4wPSkVM9kSUvJqOBnDCBmTAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAd
BgNVHQ4EFgQU9l+meOjdEJistHuU/ea+zJo9kRgwHwYDVR0jBBgwFoAU9l+meOjd
EJistHuU/ea+zJo9kRgwEwYDVR0lBAwwCgYIKwYBBQUHAwEwJAYDVR0RBB0wG4IJ
Ki5leGFtcGxlgg5oYWVjaGkuZXhhbXBsZTAKBggqhkjOPQQDAgNHADBEAiB8KGi5
tUxtPkXy77wORKjm2Gjdf9eGnqOQQcMOySNuywIgV8RQ838Ub1PBflwxBUliiRlf
4TaCOoXYUXeJ+liDRTM=
-----END CERTIFICATE-----
`
const clock = { now: () => Date.UTC(2026, 10, 22) }

async function files(): Promise<{ certFile: string; keyFile: string; tokenFile: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-listener-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const place = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem'), tokenFile: join(folder, 'token') }
  const made = (await serverCertificate({ host: 'haechi.example', dataDirectory: folder, clock }))!
  writeFileSync(place.certFile, made.cert)
  writeFileSync(place.keyFile, made.key, { mode: 0o600 })
  writeFileSync(place.tokenFile, 'a'.repeat(40), { mode: 0o600 })
  return place
}
const none = { tokenFile: undefined, certFile: undefined, keyFile: undefined }

test('beyond this machine only with a token and a certificate', async () => {
  const all = await files()
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'haechi.example']) {
    for (const given of [none, { ...none, tokenFile: all.tokenFile }, { ...all, tokenFile: undefined }, { ...all, keyFile: undefined }]) await expect(admission({ host, clock, ...given })).rejects.toMatchObject({ code: 'mcp_exposed', params: { host } })
    expect((await admission({ host, clock, ...all })).certificate).not.toBeNull()
  }
  for (const host of ['127.0.0.1', '::1', 'localhost', '127.1.2.3']) expect(await admission({ host, clock, ...none })).toMatchObject({ token: null, certificate: null, options: {} })
  const other = await files()
  await expect(admission({ host: '0.0.0.0', clock, ...all, keyFile: other.keyFile })).rejects.toMatchObject({ code: 'tls_pair_mismatch' })
})

test('asked may be what the certificate is for; one with a wildcard leaves it to the token', async () => {
  const { options: { hosts } } = await admission({ host: '0.0.0.0', clock, ...await files() })
  expect(hosts).toEqual(expect.arrayContaining(['haechi.example', 'localhost', '127.0.0.1', '[::1]']))
  expect(hosts).not.toContain('0.0.0.0')
  expect(namesIn(wildcard, '192.0.2.7')).toBe('any')
})

test('a token is the whole of it or nobody comes in', async () => {
  const { options: { authenticate } } = await admission({ host: '127.0.0.1', clock, ...none, tokenFile: (await files()).tokenFile })
  const ask = (sent: string | undefined) => authenticate!((name) => (name === 'authorization' ? sent : undefined))
  expect(await ask(`Bearer ${'a'.repeat(40)}`)).toEqual({ id: 'token' })
  expect(await ask(`bearer  ${'a'.repeat(40)}`)).toEqual({ id: 'token' })
  for (const wrong of [undefined, '', 'Bearer', 'Bearer ', 'a'.repeat(40), `Bearer ${'a'.repeat(39)}`, `Bearer ${'a'.repeat(41)}`, `Bearer ${'A'.repeat(40)}`, `Basic ${'a'.repeat(40)}`, `Bearer ${'a'.repeat(40)} x`, `x Bearer ${'a'.repeat(40)}`]) expect([wrong, await ask(wrong)]).toEqual([wrong, null])
})

test('over TLS, and only at its path; a port that is taken is said', async () => {
  const all = await files()
  const admitted = { ...await admission({ host: '0.0.0.0', clock, ...all }), host: '127.0.0.1' }
  const listener = await listen((_, response) => { response.end('here') }, admitted, 0)
  onTestFinished(() => listener.close())
  const { port } = new URL(listener.url)
  expect(listener.url).toBe(`https://127.0.0.1:${port}/mcp`)
  const ask = (path: string): Promise<[number | undefined, string]> => new Promise((resolve, reject) => {
    tlsRequest({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => { text += chunk.toString() }).on('end', () => resolve([answer.statusCode, text]))
    }).on('error', reject).end()
  })
  expect(await ask('/mcp')).toEqual([200, 'here'])
  expect(await ask('/mcp?x=1')).toEqual([200, 'here'])
  expect(await ask('/.well-known/oauth-protected-resource/mcp')).toEqual([200, 'here'])
  expect((await ask('/'))[0]).toBe(404)
  expect((await ask('/mcpx'))[0]).toBe(404)
  await expect(listen(() => undefined, admitted, Number(port))).rejects.toMatchObject({ code: 'mcp_port_taken' })
  await expect(listen(() => undefined, { ...admitted, host: '192.0.2.7' }, 0)).rejects.toMatchObject({ code: 'mcp_listen_failed' })
})

test('a connection on which nothing moves ends; what closes waits for nobody for long', async () => {
  const admitted = await admission({ host: '127.0.0.1', clock, ...none })
  const ended = Promise.withResolvers<void>()
  const listener = await listen((_, response) => {
    response.on('close', () => ended.resolve())
    response.writeHead(200).write('x'.repeat(50_000_000))
  }, admitted, 0, 200)
  const { port } = new URL(listener.url)
  const deaf = connect(Number(port), '127.0.0.1', () => deaf.write('GET /mcp HTTP/1.1\r\nhost: x\r\n\r\n'))
  deaf.pause()
  await ended.promise
  deaf.destroy()
  const never = await listen(() => undefined, admitted, 0)
  httpRequest(never.url, { agent: false }).on('error', () => undefined).end()
  await never.close()
  await listener.close()
})
