// Makes X.509 certificates (RFC 5280) for the local CA. Only writing DER is here; reading and judging certificates is node:crypto's.
// Defended by tls.test.ts, where OpenSSL's strict check and a real handshake read what this wrote.
import type { KeyObject } from 'node:crypto'
import { createHash, randomBytes, sign } from 'node:crypto'

export type CertificateName = { readonly type: 'dns' | 'ip'; /** ASCII, or the 4 or 16 bytes of an address. */ readonly value: string | Uint8Array }

/** A P-256 certificate as PEM. `names` given: for a TLS server of these names; not given: for a CA that issues no further CA. Times in epoch ms, kept to the second. */
export function makeCertificate(options: {
  subject: string
  publicKey: KeyObject
  issuer: { name: string; publicKey: KeyObject; privateKey: KeyObject }
  notBefore: number
  notAfter: number
  names?: readonly CertificateName[]
}): string {
  const { names, issuer } = options
  const keyOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' })
  const extensions = [
    extension(19, true, sequence(...(names === undefined ? [der(0x01, Uint8Array.of(0xff)), integer(Uint8Array.of(0))] : []))),
    // BIT STRING with its count of unused bits: keyCertSign and cRLSign, or digitalSignature.
    extension(15, true, der(0x03, names === undefined ? Uint8Array.of(1, 0x06) : Uint8Array.of(7, 0x80))),
    extension(14, false, der(0x04, keyIdentifier(keyOf(options.publicKey)))),
    extension(35, false, sequence(der(0x80, keyIdentifier(keyOf(issuer.publicKey))))),
    ...(names === undefined ? [] : [
      extension(37, false, sequence(oid(1, 3, 6, 1, 5, 5, 7, 3, 1))),
      extension(17, false, sequence(...names.map(({ type, value }) => der(type === 'dns' ? 0x82 : 0x87, Buffer.from(value))))),
    ]),
  ]
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)) // ecdsa-with-SHA256
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    // Positive and not starting with a zero byte, as DER wants it.
    integer(Buffer.concat([Uint8Array.of(0x40), randomBytes(15)])),
    algorithm,
    commonName(issuer.name),
    sequence(time(options.notBefore), time(options.notAfter)),
    commonName(options.subject),
    keyOf(options.publicKey),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, issuer.privateKey)
  const certificate = Buffer.from(sequence(body, algorithm, der(0x03, Uint8Array.of(0), signature)))
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
}

function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.of(tag, ...size), content])
}
const sequence = (...contents: Uint8Array[]): Uint8Array => der(0x30, ...contents)
const integer = (value: Uint8Array): Uint8Array => der(0x02, value)

function oid(first: number, second: number, ...rest: number[]): Uint8Array {
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return der(0x06, Uint8Array.from(bytes))
}

const extension = (number: number, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(2, 5, 29, number), ...(critical ? [der(0x01, Uint8Array.of(0xff))] : []), der(0x04, value))
const commonName = (name: string): Uint8Array => sequence(der(0x31, sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(name)))))
/** RFC 7093, method 4 with SHA-256 over the whole key, cut to the usual 160 bits. */
const keyIdentifier = (spki: Uint8Array): Uint8Array => createHash('sha256').update(spki).digest().subarray(0, 20)

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
function time(at: number): Uint8Array {
  const digits = `${new Date(at).toISOString().slice(0, 19).replace(/\D/g, '')}Z`
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}
