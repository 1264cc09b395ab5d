import { createServer as createPlainServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../../tests/conformance/templates/certificates.ts'
import { haechi } from '../process.fixture.ts'

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(async () => { await new Promise((resolve) => { server.close(resolve) }) })
  return (server.address() as AddressInfo).port
}
const issued = certificate('/O=Example\u001b[31m/CN=localhost', { names: ['localhost'] })
const tls = (): Promise<number> => listening(createServer({ key: issued.key, cert: issued.cert, minVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }).on('tlsClientError', () => undefined))

describe('haechi probe tls', () => {
  test('one object for machines', async () => {
    const port = await tls()
    const { out, code } = await haechi(['probe', 'tls', `localhost:${port}`, '--json'])
    const report = JSON.parse(out) as { versions: string[]; suites: { suite: string }[]; chains: { trust: string; matches: boolean; certificates: { names: string[]; key: string }[] }[]; findings: { weakness: string; kind: string; place: string }[] }
    expect(code).toBe(0)
    expect(report.versions).toEqual(['tls11', 'tls12', 'tls13'])
    expect(report.suites.map(({ suite }) => suite)).toContain('TLS_AES_256_GCM_SHA384')
    expect(report.chains).toMatchObject([{ trust: 'self_signed', matches: true, certificates: [{ names: ['localhost'], key: 'EC' }] }])
    expect(report.findings.map(({ weakness, kind, place }) => [weakness, kind, place])).toEqual([['tls.old_version', 'weak_cryptography', `tcp/${port}`], ['tls.certificate_self_signed', 'invalid_certificate', `tcp/${port}`]])
  })

  test('tables for people, in their language, without a control character of the server', async () => {
    const port = await tls()
    const { out } = await haechi(['probe', 'tls', `localhost:${port}`])
    for (const part of ['TLS 1.3, TLS 1.2, TLS 1.1', 'TLS_AES_256_GCM_SHA384', 'x25519', 'The certificate vouches for itself', 'self_signed']) expect(out).toContain(part)
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/\x1b\[31m/)
    const korean = (await haechi(['probe', 'tls', `https://localhost:${port}/`, '--lang', 'ko'])).out
    for (const part of ['자체 서명', '암호 스위트', '안전']) expect(korean).toContain(part)
  })

  test('certificates and application protocols of a server of TLS 1.3 that asks for ML-KEM before other groups', async () => {
    const port = await listening(createServer({ key: issued.key, cert: issued.cert, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768/X25519', ALPNProtocols: ['http/1.1'] }).on('tlsClientError', () => undefined))
    const report = JSON.parse((await haechi(['probe', 'tls', `localhost:${port}`, '--json'])).out) as { versions: string[]; groups: { group: string }[]; protocols: string[]; chains: { trust: string }[]; findings: { weakness: string }[] }
    expect(report.groups.map(({ group }) => group)).toEqual(['X25519MLKEM768', 'x25519'])
    expect(report).toMatchObject({ versions: ['tls13'], protocols: ['http/1.1'], chains: [{ trust: 'self_signed' }] })
    expect(report.findings.map(({ weakness }) => weakness)).toContain('tls.certificate_self_signed')
    const only = await listening(createServer({ key: issued.key, cert: issued.cert, minVersion: 'TLSv1.3', ecdhCurve: 'secp384r1', ALPNProtocols: ['http/1.1'] }).on('tlsClientError', () => undefined))
    expect(JSON.parse((await haechi(['probe', 'tls', `localhost:${only}`, '--json'])).out)).toMatchObject({ protocols: ['http/1.1'], chains: [{ trust: 'self_signed' }] })
  })

  test('a name is asked for as names are written on the wire', async () => {
    const names: string[] = []
    const port = await listening(createServer({ key: issued.key, cert: issued.cert, SNICallback: (name, done) => { names.push(name); done(null) } }).on('tlsClientError', () => undefined))
    for (const written of ['LOCALHOST.', '한글.localhost']) expect((await haechi(['probe', 'tls', `${written}:${port}`])).code).toBe(0)
    expect([...new Set(names)]).toEqual(['localhost', 'xn--bj0bj06e.localhost'])
  })

  test('what is no TLS, or nobody, is said, and the exit code tells', async () => {
    const plain = await listening(createPlainServer((socket) => { socket.on('error', () => undefined).resume().end('SSH-2.0-OpenSSH_9.2\r\n') }))
    expect(await haechi(['probe', 'tls', `127.0.0.1:${plain}`, '--lang', 'ko'])).toEqual({ code: 1, out: '', err: `127.0.0.1:${plain}: 프로토콜 오류: TLS가 아닌 응답: 시작 부분이 다름\n` })
    const { out, err, code } = await haechi(['probe', 'tls', `127.0.0.1:${plain}`, '--json'])
    expect([code, err, (JSON.parse(out) as { faults: object[] }).faults]).toEqual([1, '', [{ place: `127.0.0.1:${plain}`, fault: 'protocol_error', message: `What 127.0.0.1:${plain} answers is no TLS: it begins otherwise.` }]])
    expect((await haechi(['probe', 'tls', 'what is this'])).err).toContain('what is this')
    expect((await haechi(['probe', 'tls', '198.51.100.7'])).code).toBe(4)
  })
})
