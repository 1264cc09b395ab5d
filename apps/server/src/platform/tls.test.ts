import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificate } from './certificate.ts'
import { manualClock, systemClock } from './clock.ts'
import { isLoopback, serverCertificate } from './tls.ts'
import type { ServerCertificate } from './tls.ts'

const day = 86_400_000
let directory: string
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'haechi-tls-')) })
afterEach(() => rm(directory, { recursive: true }))

const issue = (host = '0.0.0.0', clock = systemClock): Promise<ServerCertificate | null> => serverCertificate({ host, certFile: '', keyFile: '', dataDirectory: directory, clock })
const read = (certificate: ServerCertificate | null): X509Certificate => new X509Certificate(certificate!.cert)

/** What a client that trusts `ca` and nothing else gets from a real server; it connects to loopback under the name `servername`. */
async function greet({ cert, key }: ServerCertificate, ca: string, servername: string): Promise<string> {
  const server = createServer({ cert, key }, (_, response) => { response.end('hello') }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca, servername, agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve)
      }).on('error', reject).end()
    })
  } finally {
    server.close()
  }
}

test('certificates keep their times on both sides of 2050, where the encoding changes', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const at of [Date.UTC(1999, 11, 31), Date.UTC(2049, 11, 31, 23, 59, 59), Date.UTC(2050, 0, 1), Date.UTC(2126, 5, 1)]) {
    const made = new X509Certificate(makeCertificate({ subject: 'Haechi test', publicKey: keys.publicKey, issuer: { name: 'Haechi test', ...keys }, notBefore: at, notAfter: at + 1000 }))
    expect([Date.parse(made.validFrom), Date.parse(made.validTo), made.subject, made.verify(keys.publicKey)]).toEqual([at, at + 1000, 'CN=Haechi test', true])
  }
})

test('loopback needs none, whatever its spelling', async () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1']) {
    expect(isLoopback(host), host).toBe(true)
    expect(await issue(host)).toBeNull()
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.example', 'haechi']) expect(isLoopback(host), host).toBe(false)
  expect(await readdir(directory)).toEqual([])
})

describe('the built-in CA', () => {
  test('a client that pins it connects by every name of the machine and by no other; one that does not trust it cannot', async () => {
    const issued = (await issue('haechi.example'))!
    const ca = await readFile(issued.caFile!, 'utf8')
    for (const name of ['haechi.example', 'localhost', hostname().toLowerCase()]) expect(await greet(issued, ca, name), name).toBe('hello')
    await expect(greet(issued, ca, 'other.example')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const stranger = await serverCertificate({ host: '0.0.0.0', dataDirectory: join(directory, 'other'), clock: systemClock })
    await expect(greet(issued, await readFile(stranger!.caFile!, 'utf8'), 'localhost')).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  test.skipIf(spawnSync('openssl', ['version']).status !== 0)('OpenSSL, too (skipped where the openssl command is missing), finds the chain good for a server and the certificate no CA', async () => {
    const issued = (await issue('haechi.example'))!
    const file = join(directory, 'tls/server.pem')
    const verify = (...options: string[]): string => execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', issued.caFile!, ...options, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(verify('-purpose', 'sslserver', '-verify_hostname', 'haechi.example')).toContain(': OK')
    expect(verify('-verify_ip', '127.0.0.1')).toContain(': OK')
    expect(() => verify('-purpose', 'sslclient')).toThrow()
    expect(() => verify('-verify_ip', '192.0.2.1')).toThrow()
    expect(read(issued).ca).toBe(false)
    expect(new X509Certificate(await readFile(issued.caFile!)).ca).toBe(true)
  })

  test('keys are for the owner only, and nothing half-written stays', async () => {
    await issue()
    expect((await readdir(join(directory, 'tls'))).sort()).toEqual(['ca.key', 'ca.pem', 'server.key', 'server.pem'])
    expect((await stat(join(directory, 'tls'))).mode & 0o777).toBe(0o700)
    for (const file of ['ca.key', 'server.key']) expect((await stat(join(directory, 'tls', file))).mode & 0o777).toBe(0o600)
  })

  test('a later start uses the same; with less than 30 days left, or under another name, the CA issues anew', async () => {
    const start = Date.UTC(2026, 0, 1)
    const clock = manualClock(start)
    const first = await issue('a.example', clock)
    const ca = await readFile(first!.caFile!, 'utf8')
    expect(Date.parse(read(first).validTo)).toBe(start + 365 * day)
    expect(Date.parse(new X509Certificate(ca).validTo)).toBe(start + 3650 * day)
    clock.advance(335 * day)
    expect(await issue('a.example', clock)).toEqual(first)
    clock.advance(1000)
    const renewed = await issue('a.example', clock)
    expect(read(renewed).serialNumber).not.toBe(read(first).serialNumber)
    expect(read(await issue('b.example', clock)).checkHost('b.example')).toBe('b.example')
    expect(await readFile(renewed!.caFile!, 'utf8')).toBe(ca)
    clock.advance(3200 * day)
    expect(Date.parse(read(await issue('b.example', clock)).validTo), 'never beyond its CA').toBe(start + 3650 * day)
  })

  test('a broken server pair is replaced; a broken CA is never replaced by itself', async () => {
    const first = await issue()
    await writeFile(join(directory, 'tls/server.key'), 'broken')
    const second = await issue()
    expect(read(second).serialNumber).not.toBe(read(first).serialNumber)
    const other = await serverCertificate({ host: '0.0.0.0', dataDirectory: join(directory, 'other'), clock: systemClock })
    const key = join(directory, 'tls/ca.key')
    const kept = await readFile(key)
    for (const contents of [await readFile(join(directory, 'other/tls/ca.key')), 'broken', '']) {
      await writeFile(key, contents)
      await expect(issue()).rejects.toMatchObject({ code: 'tls_ca_unusable', params: { file: first!.caFile! } })
    }
    await rm(key)
    await expect(issue()).rejects.toMatchObject({ code: 'tls_ca_unusable' })
    await writeFile(key, kept)
    expect(await issue()).toEqual(second)
    await expect(issue('0.0.0.0', manualClock(systemClock.now() + 3650 * day))).rejects.toMatchObject({ code: 'tls_ca_unusable' })
    expect(other!.caFile).not.toBe(first!.caFile)
  })

  test('a start that was killed after writing the CA key begins again', async () => {
    await issue()
    for (const file of ['ca.pem', 'server.pem', 'server.key']) await rm(join(directory, 'tls', file))
    const issued = (await issue())!
    expect(await greet(issued, await readFile(issued.caFile!, 'utf8'), 'localhost')).toBe('hello')
  })
})

describe('a given pair', () => {
  let certFile: string
  let keyFile: string
  beforeEach(async () => {
    await issue()
    certFile = join(directory, 'tls/server.pem')
    keyFile = join(directory, 'tls/server.key')
  })
  const given = (cert: string, key: string, clock = systemClock): Promise<ServerCertificate | null> =>
    serverCertificate({ host: '127.0.0.1', certFile: cert, keyFile: key, dataDirectory: directory, clock })

  test('is served, on loopback too, and its CA is none of ours', async () => {
    const pair = (await given(certFile, keyFile))!
    expect(pair).toEqual({ cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') })
    expect(await greet(pair, await readFile(join(directory, 'tls/ca.pem'), 'utf8'), 'localhost')).toBe('hello')
  })

  test('is refused with the name of the file at fault', async () => {
    const broken = join(directory, 'broken.pem')
    await writeFile(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const locked = join(directory, 'locked.key')
    await writeFile(locked, createPrivateKey(await readFile(keyFile)).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }))
    await expect(given(certFile, join(directory, 'tls/ca.key'))).rejects.toMatchObject({ code: 'tls_pair_mismatch', params: { cert: certFile, key: join(directory, 'tls/ca.key') } })
    await expect(given(certFile, keyFile, manualClock(systemClock.now() + 366 * day))).rejects.toMatchObject({ code: 'tls_certificate_expired', params: { file: certFile } })
    await expect(given(certFile, keyFile, manualClock(systemClock.now() - day))).rejects.toMatchObject({ code: 'tls_certificate_early', params: { file: certFile } })
    await expect(given('/nowhere.pem', keyFile)).rejects.toMatchObject({ code: 'tls_file_unreadable', params: { file: '/nowhere.pem', reason: 'ENOENT' } })
    await expect(given(certFile, '')).rejects.toMatchObject({ code: 'tls_file_unreadable' })
    await expect(given(broken, keyFile)).rejects.toMatchObject({ code: 'tls_file_unreadable', params: { file: broken } })
    await expect(given(keyFile, keyFile)).rejects.toMatchObject({ code: 'tls_file_unreadable', params: { file: keyFile } })
    await expect(given(certFile, locked)).rejects.toMatchObject({ code: 'tls_file_unreadable', params: { file: locked } })
  })
})
