import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { certificate } from '../../../../tests/conformance/templates/certificates.ts'
import type { Issued } from '../../../../tests/conformance/templates/certificates.ts'
import { holdsFor, judgeChain, trustStore } from './chain.ts'
import type { Chain } from './chain.ts'
import { revocationStatus } from './ocsp.ts'
import { readCertificate } from './x509.ts'

const der = ({ cert }: Issued): Buffer => Buffer.from(cert.replace(/-----[^-]+-----|\s+/g, ''), 'base64')
const root = certificate('/O=Example/CN=Root', { authority: true })
const intermediate = certificate('/O=Example/CN=Intermediate', { authority: true, issuer: root })
const leaf = certificate('www.example.com', { names: ['www.example.com'], issuer: intermediate })
const roots = trustStore([root.cert])
const judged = (chain: readonly Issued[], store: typeof roots | null = roots, name: string | null = 'www.example.com'): Chain => judgeChain(chain.map(der), name, store)

describe('chains', () => {
  it.each<readonly [string, readonly Issued[], Partial<Chain>]>([
    ['whole', [leaf, intermediate], { trust: 'trusted', ordered: true, matches: true }],
    ['with its root', [leaf, intermediate, root], { trust: 'trusted', ordered: true }],
    ['in the wrong order', [leaf, root, intermediate], { trust: 'trusted', ordered: false }],
    ['without its intermediate', [leaf], { trust: 'incomplete', ordered: true }],
    ['self-signed', [certificate('www.example.com')], { trust: 'self_signed' }],
    ['of a root that is trusted itself', [root], { trust: 'trusted' }],
  ])('%s', (_, chain, expected) => { expect(judged(chain)).toMatchObject(expected) })

  it('of a root that nobody trusts, or that is not known here', () => {
    expect(judged([leaf, intermediate, root], trustStore([])).trust).toBe('unknown_authority')
    expect(judged([leaf, intermediate], trustStore([])).trust).toBe('incomplete')
    expect(judged([leaf, intermediate], null).trust).toBe('not_judged')
  })

  it('a name alone vouches for nothing: the signature has to be right', () => {
    const other = certificate('/O=Example/CN=Intermediate', { authority: true, issuer: root })
    expect(judged([leaf, other]).trust).toBe('incomplete')
    expect(judgeChain([der(leaf), der(intermediate)], null, trustStore([certificate('/O=Example/CN=Root', { authority: true }).cert])).trust).toBe('incomplete')
  })

  it('who is no authority vouches for nobody', () => {
    const bad = certificate('evil.example', { issuer: leaf })
    expect(judged([bad, leaf, intermediate]).trust).toBe('incomplete')
  })

  it('a circle of authorities ends', () => {
    const one = certificate('/CN=One', { authority: true })
    const two = certificate('/CN=Two', { authority: true, issuer: one })
    const again = certificate('/CN=One', { authority: true, issuer: two })
    expect(judged([again, two, again, two, again, two]).trust).toBe('incomplete')
  })

  it('one of many that cannot be read is told, and the others count', () => {
    const chain = judgeChain([der(leaf), Buffer.from('300c'), der(intermediate)], null, roots)
    expect([chain.trust, chain.certificates.length, chain.unreadable]).toEqual(['trusted', 2, { en: 'a value is longer than what holds it', ko: '값이 담긴 곳보다 긺' }])
  })

  it('whatever a certificate is made of, judging ends', () => {
    const bytes = der(leaf)
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const bad = Buffer.from(bytes)
      bad[at] = byte
      const { trust } = judgeChain([bad, der(intermediate)], 'www.example.com', roots)
      // One wrong byte, and the signature is wrong.
      if (!bad.equals(bytes)) expect(trust).not.toBe('trusted')
    }), { numRuns: 300 })
  })

  it('the roots that Node carries are known without being handed in', () => {
    expect(judgeChain([Buffer.from(rootCertificates[0]!.replace(/-----[^-]+-----|\s+/g, ''), 'base64')], null, null).trust).toBe('trusted')
    expect([...trustStore(rootCertificates).values()].flat().length).toBe(rootCertificates.length)
  })
})

it('keys and signatures are named as OpenSSL names them', () => {
  for (const [key, expected] of [[['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'], ['RSA', 1024, 'sha256WithRSAEncryption']], [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['EC', 384, 'ecdsa-with-SHA256']]] as const) {
    const read = readCertificate(der(certificate('a.example', { key })))
    expect([read.publicKey.kind, read.publicKey.bits, read.signature]).toEqual(expected)
  }
})

describe('names and addresses', () => {
  const of = (names: string): ReturnType<typeof readCertificate> => {
    const folder = mkdtempSync(join(tmpdir(), 'haechi-names-'))
    try {
      execFileSync('openssl', ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', '/dev/null', '-out', join(folder, 'c.pem'), '-subj', '/CN=cn.example', ...(names === '' ? [] : ['-addext', `subjectAltName=${names}`])], { stdio: 'pipe' })
      return readCertificate(der({ key: '', cert: readFileSync(join(folder, 'c.pem'), 'utf8') }))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const several = of('DNS:www.example.com,DNS:*.wild.example,IP:192.0.2.7,IP:2001:db8::7')
  it.each([
    ['www.example.com', true], ['WWW.Example.com.', true], ['a.wild.example', true], ['wild.example', false], ['a.b.wild.example', false], ['192.0.2.7', true], ['192.0.2.8', false], ['2001:db8::7', true], ['2001:db8:0:0::7', true], ['2001:db8::8', false],
    // Where there are alternative names, the common name counts for nothing (RFC 9525, 6.3).
    ['cn.example', false],
  ])('%s: %s', (name, expected) => { expect(holdsFor(several, name)).toBe(expected) })
  it('the common name where there is nothing else', () => { expect([holdsFor(of(''), 'cn.example'), holdsFor(of(''), 'other.example')]).toEqual([true, false]) })
})

describe('stapled responses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-ocsp-'))
  const at = (name: string): string => join(folder, name)
  const response = (line: (serial: string) => string): Buffer => {
    writeFileSync(at('root.key'), root.key)
    writeFileSync(at('root.pem'), root.cert)
    writeFileSync(at('own.pem'), intermediate.cert)
    const serial = readCertificate(der(intermediate)).serial.replaceAll(':', '')
    writeFileSync(at('index'), line(serial))
    execFileSync('openssl', ['ocsp', '-issuer', at('root.pem'), '-cert', at('own.pem'), '-reqout', at('request')], { stdio: 'pipe' })
    execFileSync('openssl', ['ocsp', '-index', at('index'), '-rsigner', at('root.pem'), '-rkey', at('root.key'), '-CA', at('root.pem'), '-reqin', at('request'), '-respout', at('response'), '-ndays', '7'], { stdio: 'pipe' })
    return readFileSync(at('response'))
  }
  const good = response(serial => `V\t491231235959Z\t\t${serial}\tunknown\t/O=Example/CN=Intermediate\n`)

  it('good, revoked and unknown', () => {
    expect(revocationStatus(good)).toBe('good')
    expect(revocationStatus(response(serial => `R\t491231235959Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/O=Example/CN=Intermediate\n`))).toBe('revoked')
    expect(revocationStatus(response(() => ''))).toBe('unknown')
    rmSync(folder, { recursive: true })
  })

  it('anything else is nothing', () => {
    expect(revocationStatus(Buffer.from('30030a0106', 'hex'))).toBeNull()
    fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (place, byte, length) => {
      const bad = Buffer.from(good)
      bad[place] = byte
      expect(['good', 'revoked', 'unknown', null]).toContain(revocationStatus(bad.subarray(0, length)))
    }), { numRuns: 1_000 })
  })
})
