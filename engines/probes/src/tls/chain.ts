// Whether a chain of certificates is worth believing (RFC 5280, 6.1; RFC 9525): who signed whom, whether it ends in a root that is trusted, and for which names.
// Invariant: of whatever certificates, judging ends, and a hostile one is unreadable or untrusted, never an exception (chain.integration.test.ts).
import { X509Certificate } from 'node:crypto'
import { addressVersion, reverseName } from '../address.ts'
import type { Text } from '../evidence.ts'
import { knownRoots } from './known-roots.ts'
import { CertificateError, readCertificate } from './x509.ts'
import type { Certificate } from './x509.ts'

/** Roots that are trusted, by subject. */
export type TrustStore = ReadonlyMap<string, readonly Uint8Array[]>

/** From certificates as PEM; those that cannot be read are left out. */
export function trustStore(roots: Iterable<string>): TrustStore {
  const store = new Map<string, Uint8Array[]>()
  for (const pem of roots) {
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s+/g, ''), 'base64')
    const read = reading(der)
    if (read instanceof CertificateError) continue
    const known = store.get(read.subject.dn)
    if (known === undefined) store.set(read.subject.dn, [der])
    else known.push(der)
  }
  return store
}

/**
 * trusted: it ends in a root that is; self_signed: the certificate vouches for itself; unknown_authority: it ends in a root that is not; incomplete: its issuer neither
 * came along nor is a root; not_judged: its issuer did not come along, and which roots are trusted is not known.
 */
export type Trust = 'trusted' | 'self_signed' | 'unknown_authority' | 'incomplete' | 'not_judged'

export type Chain = {
  /** As they came; those that can be read. None where the server's own cannot. */
  readonly certificates: readonly Certificate[]
  readonly der: readonly Uint8Array[]
  /** Why one of them cannot be read; null: all can. */
  readonly unreadable: Text | null
  /** Each is vouched for by the next (RFC 5246, 7.4.2). */
  readonly ordered: boolean
  readonly trust: Trust
  /** From the server's own to the last that was found. */
  readonly path: readonly Certificate[]
  /** null: there is no name to hold it against. */
  readonly matches: boolean | null
}

/** `name`: what the server was asked as, a name or an address. `roots`: null where those that are trusted are not at hand. */
export function judgeChain(der: readonly Uint8Array[], name: string | null, roots: TrustStore | null): Chain {
  const certificates: Certificate[] = []
  const raw: Uint8Array[] = []
  let unreadable: Text | null = null
  for (const [place, each] of der.entries()) {
    const read = reading(each)
    if (read instanceof CertificateError) {
      unreadable ??= read.text
      // Without the server's own there is nothing that the others could vouch for.
      if (place === 0) break
    } else {
      certificates.push(read)
      raw.push(each)
    }
  }
  const { trust, path } = pathOf(certificates, raw, roots)
  return {
    certificates, der: raw, unreadable, trust, path,
    ordered: certificates.every((each, place) => place === 0 || certificates[place - 1]!.issuer.dn === each.subject.dn),
    matches: name === null || certificates[0] === undefined ? null : holdsFor(certificates[0], name),
  }
}

function reading(der: Uint8Array): Certificate | CertificateError {
  try {
    return readCertificate(der)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return error
  }
}

const mostSteps = 10

function pathOf(certificates: readonly Certificate[], der: readonly Uint8Array[], roots: TrustStore | null): { readonly trust: Trust; readonly path: readonly Certificate[] } {
  const path: Certificate[] = []
  const used = new Set<number>()
  let at = 0
  for (let step = 0; step < mostSteps; step++) {
    const current = certificates[at]
    const bytes = der[at]
    if (current === undefined || bytes === undefined) break
    path.push(current)
    used.add(at)
    if (knownRoots.has(current.fingerprint.sha256) || roots?.get(current.subject.dn)?.some(root => Buffer.compare(root, bytes) === 0) === true) return { trust: 'trusted', path }
    const root = roots?.get(current.issuer.dn)?.find(each => vouchesFor(each, bytes))
    if (root !== undefined) return { trust: 'trusted', path: [...path, readCertificate(root)] }
    if (current.subject.dn === current.issuer.dn && vouchesFor(bytes, bytes)) return { trust: at === 0 ? 'self_signed' : 'unknown_authority', path }
    const next = certificates.findIndex((each, place) => !used.has(place) && each.authority && each.subject.dn === current.issuer.dn && vouchesFor(der[place]!, bytes))
    if (next < 0) return { trust: roots === null ? 'not_judged' : 'incomplete', path }
    at = next
  }
  return { trust: roots === null ? 'not_judged' : 'incomplete', path }
}

function vouchesFor(issuer: Uint8Array, subject: Uint8Array): boolean {
  try {
    return new X509Certificate(subject).verify(new X509Certificate(issuer).publicKey)
  } catch {
    // OpenSSL refuses what it cannot calculate with: nothing is proven by it.
    return false
  }
}

const hexOf = (address: string): string =>
  addressVersion(address) === 4 ? address.split('.').map(byte => Number(byte).toString(16).padStart(2, '0')).join('') : reverseName(address).replace('.ip6.arpa', '').split('.').toReversed().join('')

/** RFC 9525, 6.3: alternative names alone where there are any; a star stands for a whole label, the leftmost. The common name counts where there is nothing else. */
export function holdsFor(certificate: Certificate, name: string): boolean {
  const { dnsNames, addresses, subject } = certificate
  const alone = dnsNames.length + addresses.length === 0
  if (addressVersion(name) !== 0) return addresses.includes(hexOf(name)) || (alone && subject.commonName === name)
  const labels = name.toLowerCase().replace(/\.$/, '').split('.')
  return (alone ? [subject.commonName] : dnsNames).some(each => {
    const pattern = each.toLowerCase().split('.')
    return pattern.length === labels.length && pattern.every((label, place) => label === labels[place] || (label === '*' && place === 0 && labels.length > 1))
  })
}
