// TLS handshakes and what a server shows in them (the ssl protocol). The network's own TLS speaks the newer versions; what it no longer speaks, and which suites and
// versions a server takes, is found out with a greeting written by hand.
// Invariant: a certificate that cannot be read, or a handshake that stops half way, is a typed fault, and what was shown before counts (ssl.test.ts).
import { addressVersion, CertificateError, greet, hostNames, isMismatched, isSelfSigned, knownRoots, NetworkError, offeredSuites, readCertificate, splitAddress, strength, suiteName, suiteNumber, suitesBefore13, suitesOfTls13, tlsVersions } from '@haechi/probes/wire'
import type { Certificate, Strength } from '@haechi/probes/wire'
import { charge, conclude, namesOf, render } from './findings.ts'
import { withBrackets } from './http/address.ts'
import type { Connection, Outcome, Run, SslBlock, TlsVersion, Value } from './model.ts'

type Place = { readonly host: string; readonly port: number; readonly endpoint: string; readonly serverName: string }

type Handshake = {
  readonly version: TlsVersion
  readonly cipher: string
  readonly certificates: readonly Certificate[]
  readonly address: string
  /** Who shook hands: 'ctls' the network's TLS, 'ztls' the greeting by hand. */
  readonly connection: 'ctls' | 'ztls'
}

const defaultPort = 443

/** SSL 3.0 is 'ssl30' to templates. */
const versionText = (version: TlsVersion): string => (version === 'sslv3' ? 'ssl30' : version)
const notAbove = (version: TlsVersion, limit: TlsVersion): boolean => tlsVersions.indexOf(version) <= tlsVersions.indexOf(limit)

/** Shakes hands once; the connection is closed afterwards. */
async function handshake(place: Place, run: Run, block: SslBlock): Promise<Handshake> {
  const min = block.minVersion ?? 'sslv3'
  const max = block.maxVersion ?? 'tls13'
  const older = notAbove(max, 'tls12') ? max : 'tls12'
  if (block.cipherSuites.length > 0) {
    const named = block.cipherSuites.map(suiteNumber).filter(number => number !== null)
    return greeted(place, run, min, named.every(number => suitesOfTls13.includes(number)) ? max : older, named)
  }
  if (max === older) return greeted(place, run, min, max, offeredSuites)
  try {
    return await connected(place, run, block)
  } catch (error) {
    // What the network's TLS refuses to speak may still be a server with an old version or a weak key.
    if (!(error instanceof NetworkError) || error.fault !== 'tls_failed' || !notAbove(min, 'tls12')) throw error
    run.sent({ protocol: 'ssl', fault: error })
    return greeted(place, run, min, older, offeredSuites)
  }
}

/** Those before the first that cannot be read, which is told: what else the handshake shows is not lost for it. */
function readable(der: readonly Uint8Array[], endpoint: string, run: Run): Certificate[] {
  const certificates: Certificate[] = []
  try {
    for (const each of der) certificates.push(readCertificate(each))
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    run.sent({ protocol: 'ssl', fault: new NetworkError('protocol_error', endpoint, `A certificate of ${endpoint} cannot be read: ${error.message}.`) })
  }
  return certificates
}

async function connected(place: Place, run: Run, block: SslBlock): Promise<Handshake> {
  const { settings } = run
  charge(run, 'ssl')
  const connection = await run.network.dial(place.host, place.port, {
    tls: { serverName: place.serverName, minVersion: block.minVersion, maxVersion: block.maxVersion, ciphers: null },
    timeoutMs: settings.timeoutMs,
  }, run.signal)
  try {
    const { tls } = connection
    if (tls === null) throw new NetworkError('tls_failed', place.endpoint, `${place.endpoint} was reached without TLS.`)
    return { version: tls.version, cipher: tls.cipher, certificates: readable(tls.certificates, place.endpoint, run), address: connection.address, connection: 'ctls' }
  } finally {
    connection.close()
  }
}

async function greeted(place: Place, run: Run, minVersion: TlsVersion, maxVersion: TlsVersion, suites: readonly number[]): Promise<Handshake> {
  charge(run, 'ssl')
  const connection: Connection = await run.network.dial(place.host, place.port, { tls: null, timeoutMs: run.settings.timeoutMs }, run.signal)
  try {
    const answer = await greet(connection, { endpoint: place.endpoint, serverName: place.serverName, minVersion, maxVersion, suites, timeoutMs: run.settings.timeoutMs, random: run.random, now: run.now })
    return { version: answer.version, cipher: suiteName(answer.suite), certificates: readable(answer.certificates, place.endpoint, run), address: connection.address, connection: 'ztls' }
  } finally {
    connection.close()
  }
}

/** null: not taken, for whatever reason; the reason is told to `run.sent`. */
async function attempt(place: Place, run: Run, minVersion: TlsVersion, maxVersion: TlsVersion, suites: readonly number[]): Promise<Handshake | null> {
  run.signal.throwIfAborted()
  try {
    const answer = await greeted(place, run, minVersion, maxVersion, suites)
    run.sent({ protocol: 'ssl', fault: null })
    return answer
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    // A refusal is an answer here.
    run.sent({ protocol: 'ssl', fault: error.fault === 'tls_failed' || error.fault === 'closed' ? null : error })
    return null
  }
}

async function takenVersions(place: Place, run: Run): Promise<TlsVersion[]> {
  const taken: TlsVersion[] = []
  for (const version of tlsVersions) if (await attempt(place, run, version, version, version === 'tls13' ? suitesOfTls13 : offeredSuites) !== null) taken.push(version)
  return taken
}

type Taken = { readonly version: string; readonly ciphers: Partial<Record<Strength, string[]>> }

/** Each suite that a server takes is left out of the next greeting, until it takes none. */
async function takenSuites(place: Place, run: Run, versions: readonly TlsVersion[], wanted: ReadonlySet<string>): Promise<Taken[]> {
  const list: Taken[] = []
  for (const version of versions) {
    const ciphers: Partial<Record<Strength, string[]>> = {}
    let left = (version === 'tls13' ? suitesOfTls13 : suitesBefore13).filter(suite => wanted.has('all') || wanted.has(strength(suiteName(suite))))
    while (left.length > 0) {
      const answer = await attempt(place, run, version, version, left)
      if (answer === null) break
      const taken = suiteNumber(answer.cipher)
      if (taken === null) break
      left = left.filter(suite => suite !== taken)
      const grade = strength(answer.cipher)
      ciphers[grade] = [...(ciphers[grade] ?? []), answer.cipher]
    }
    list.push({ version: versionText(version), ciphers })
  }
  return list
}

/** '2024-01-01T00:00:00Z' */
const instant = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('.000Z', 'Z')
/** As Go prints a time: '2024-01-01 00:00:00 +0000 UTC' */
const printedTime = (milliseconds: number): string => `${instant(milliseconds).replace('T', ' ').replace('Z', '')} +0000 UTC`

type Facts = Record<string, Value>

/** What is not so, or empty, is left out, as tlsx does: its name is then unknown. */
const said = (facts: Facts): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== '' && value !== false && value !== null && !(Array.isArray(value) && value.length === 0)))

function certificateFacts(certificate: Certificate, host: string, now: number): Facts {
  const names = hostNames(certificate)
  return said({
    expired: certificate.notAfter < now,
    self_signed: isSelfSigned(certificate),
    mismatched: isMismatched(host, names),
    not_before: instant(certificate.notBefore),
    not_after: instant(certificate.notAfter),
    subject_dn: certificate.subject.dn,
    subject_cn: certificate.subject.commonName,
    subject_org: certificate.subject.organizations,
    subject_an: certificate.dnsNames,
    domains: [...new Set(names)],
    serial: certificate.serial,
    issuer_dn: certificate.issuer.dn,
    issuer_cn: certificate.issuer.commonName,
    issuer_org: certificate.issuer.organizations,
    emails: certificate.emails,
    fingerprint_hash: certificate.fingerprint,
    wildcard_certificate: names.some(name => name.includes('*.')),
  })
}

/** A root that came along and is none of those that browsers trust. What was not sent cannot be judged: no finding. */
const isUntrusted = (certificates: readonly Certificate[]): boolean => certificates.some(each => each.authority && isSelfSigned(each) && !knownRoots.has(each.fingerprint.sha256))

/** Shakes hands with the block's address and judges what the server showed. */
export async function runSsl(block: SslBlock, run: Run): Promise<Outcome> {
  const { target, settings } = run
  const port = target.port ?? defaultPort
  const own = new Map<string, Value>(run.template.selfContained ? [] : [['Hostname', `${withBrackets(target.host)}:${port}`], ['Host', target.host], ['Port', String(port)]])
  const names = namesOf(run, own)
  const endpoint = render(block.address, names, run, 'ssl.address')
  if (endpoint === null) return { matched: false }
  const parts = splitAddress(endpoint) ?? splitAddress(endpoint.replace(/^(.*:.*):(\d+)$/, '[$1]:$2'))
  if (parts === null) return { matched: false }
  const place: Place = { ...parts, endpoint, serverName: settings.serverName ?? parts.host }
  let shown: Handshake
  let versions: TlsVersion[] = []
  let suites: Taken[] = []
  try {
    shown = await handshake(place, run, block)
    run.sent({ protocol: 'ssl', fault: null })
    if (block.versionEnum || block.cipherEnum) versions = await takenVersions(place, run)
    if (block.cipherEnum) suites = await takenSuites(place, run, versions, new Set(block.cipherTypes.length === 0 ? ['insecure'] : block.cipherTypes))
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    run.sent({ protocol: 'ssl', fault: error })
    return { matched: false }
  }
  const now = run.now()
  const [leaf, ...chain] = shown.certificates
  const connection = said({ host: parts.host, ip: shown.address, port: String(parts.port), probe_status: true, tls_version: versionText(shown.version), cipher: shown.cipher })
  const rest = said({
    tls_connection: shown.connection,
    chain: chain.map(each => certificateFacts(each, parts.host, now)),
    sni: addressVersion(place.serverName) === 0 ? place.serverName : '',
    version_enum: versions.map(versionText),
    cipher_enum: suites.map(each => ({ version: each.version, ciphers: { ...each.ciphers } })),
  })
  const certificate = leaf === undefined ? {} : { ...certificateFacts(leaf, parts.host, now), ...said({ untrusted: isUntrusted(shown.certificates) }) }
  const response = JSON.stringify({ timestamp: instant(now - (now % 1000)), ...connection, ...certificate, ...rest })
  const times: Facts = leaf === undefined ? {} : { not_before: printedTime(leaf.notBefore), not_after: printedTime(leaf.notAfter) }
  const answered = new Map<string, Value>([
    ...Object.entries(connection), ...Object.entries(rest), ...Object.entries(certificate), ...Object.entries(times),
    ['type', 'ssl'], ['response', response], ['host', target.input], ['matched', endpoint], ['ip', shown.address],
  ])
  const matched = conclude(block, run, names, {
    protocol: 'ssl', parts: answered, partName: part => (part === '' || part === 'body' || part === 'all' ? 'response' : part), defaultPart: 'response',
    matchedAt: endpoint, address: shown.address, request: '', response,
  })
  return { matched }
}
