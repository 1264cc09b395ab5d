import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInBoth } from '../evidence.fixture.ts'
import { knownRoots } from './known-roots.ts'
import { CertificateError, hostNames, isMismatched, isSelfSigned, readCertificate } from './x509.ts'

const roots = rootCertificates.map(pem => new X509Certificate(pem))

describe('held against OpenSSL, on the roots that Node carries', () => {
  it.each(roots.map(root => [root.subject.split('\n').at(-1), root] as const))('%s', (_, root) => {
    const certificate = readCertificate(root.raw)
    expect(certificate.fingerprint.sha256).toBe(root.fingerprint256.replaceAll(':', '').toLowerCase())
    expect(certificate.fingerprint.sha1).toBe(root.fingerprint.replaceAll(':', '').toLowerCase())
    expect(certificate.serial.replaceAll(':', '').replace(/^0+/, '')).toBe(root.serialNumber.replace(/^0+/, ''))
    expect(certificate.notBefore).toBe(Date.parse(root.validFrom))
    expect(certificate.notAfter).toBe(Date.parse(root.validTo))
    expect(certificate.authority).toBe(root.ca)
    expect(isSelfSigned(certificate)).toBe(true)
    const written = (text: string): string => text.split('\n').map(line => line.replace(/\\(.)/g, '$1')).join(', ')
    if (/^[\x20-\x7e\n]*$/.test(root.subject) && !root.subject.includes(' + ')) expect(certificate.subject.dn).toBe(written(root.subject))
  })
})

it('the list of roots is the one that Node carries', () => {
  // Should Node move on: its new roots would be called untrusted where a server sends them along.
  expect(roots.map(root => root.fingerprint256.replaceAll(':', '').toLowerCase()).filter(hash => !knownRoots.has(hash))).toEqual([])
  expect(knownRoots.size).toBe(roots.length)
})

describe('names', () => {
  it.each([
    ['www.example.com', ['www.example.com'], false], ['WWW.example.com', ['www.EXAMPLE.com'], false], ['www.example.com', ['*.example.com'], false], ['example.com', ['*.example.com'], true],
    ['a.b.example.com', ['*.example.com'], true], ['www.example.com', ['w*.example.com'], false], ['www.example.com', ['*w.example.com'], false], ['www.example.com', ['x*.example.com'], true],
    ['www.example.com', ['www.*.com'], true], ['127.0.0.1', ['localhost'], true], ['localhost', [], true],
  ])('%s with %s', (host, names, mismatched) => { expect(isMismatched(host, names)).toBe(mismatched) })
})

describe('hostile certificates', () => {
  const good = roots[0]!.raw
  it.each([['nothing', ''], ['no sequence', '0500'], ['a length beyond the end', '30820fff'], ['an endless length', '3080'], ['a long tag', '1f8101'], ['an empty sequence', '3000'], ['nested nothing', '30023000']])('%s', (_, hex) => {
    expect(() => readCertificate(Buffer.from(hex, 'hex'))).toThrow(CertificateError)
  })

  it('one wrong byte is read or refused', () => {
    fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bad = Buffer.from(good)
      bad[at] = byte
      try {
        const certificate = readCertificate(bad)
        expect(certificate.subject.dn.length).toBeLessThan(good.length * 4)
        isMismatched('example.com', hostNames(certificate))
      } catch (error) {
        expect(error).toBeInstanceOf(CertificateError)
        expect((error as CertificateError).text).toSatisfy(isInBoth)
      }
    }), { numRuns: 3000 })
  })

  it('a cut off one is refused', () => { fc.assert(fc.property(fc.nat(good.length - 1), length => { expect(() => readCertificate(good.subarray(0, length))).toThrow(CertificateError) })) })
})
