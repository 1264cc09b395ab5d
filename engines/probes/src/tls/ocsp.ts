// A stapled OCSP response (RFC 6960, 4.2.1): what it says of the certificate. Its signature is not judged here.
import { CertificateError, nodes, only } from './x509.ts'

export type RevocationStatus = 'good' | 'revoked' | 'unknown'

const SEQUENCE = 0x30
const ENUMERATED = 0x0a
const OCTET_STRING = 0x04
const statuses: Readonly<Record<number, RevocationStatus>> = { 0x80: 'good', 0xa0: 'good', 0x81: 'revoked', 0xa1: 'revoked', 0x82: 'unknown', 0xa2: 'unknown' }

/** Of the first certificate in it; null where the response holds none or cannot be read. */
export function revocationStatus(response: Buffer): RevocationStatus | null {
  try {
    const [status, holder] = nodes(only(response, SEQUENCE))
    if (status?.tag !== ENUMERATED || status.content[0] !== 0 || holder?.tag !== 0xa0) return null
    const basic = nodes(only(holder.content, SEQUENCE))[1]
    if (basic?.tag !== OCTET_STRING) return null
    const data = only(only(basic.content, SEQUENCE), SEQUENCE)
    const responses = nodes(data).findLast(part => part.tag === SEQUENCE)
    if (responses === undefined) return null
    const told = nodes(only(responses.content, SEQUENCE))[1]
    return told === undefined ? null : statuses[told.tag] ?? null
  } catch (error) {
    if (error instanceof CertificateError) return null
    throw error
  }
}
