// sslscan as an oracle: what it says of a server, and what a report of ours says, as facts under the same names.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { suiteName } from '../../../engines/probes/src/index.ts'
import type { AnyVersion, TlsReport } from '../../../engines/probes/src/index.ts'

/** 'suite tls12 TLS_RSA_WITH_AES_128_CBC_SHA' -> 'taken'. What is not taken is not there. */
export type Facts = ReadonlyMap<string, string>

const run = promisify(execFile)
const versionOf: Readonly<Record<string, AnyVersion>> = { 'ssl 2': 'sslv2', 'ssl 3': 'sslv3', 'tls 1.0': 'tls10', 'tls 1.1': 'tls11', 'tls 1.2': 'tls12', 'tls 1.3': 'tls13', 'SSLv2': 'sslv2', 'SSLv3': 'sslv3', 'TLSv1.0': 'tls10', 'TLSv1.1': 'tls11', 'TLSv1.2': 'tls12', 'TLSv1.3': 'tls13' }
const attribute = (element: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(element)?.[1] ?? ''
const elements = (xml: string, name: string): string[] => [...xml.matchAll(new RegExp(`<${name} [^>]*>`, 'g'))].map(match => match[0])
const content = (xml: string, name: string): string => new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]*)`).exec(xml)?.[1]?.trim() ?? ''

export type Scanned = { readonly facts: Facts; readonly milliseconds: number }

export async function sslscan(host: string, port: number, more: readonly string[] = []): Promise<Scanned> {
  const started = performance.now()
  const { stdout } = await run('sslscan', ['--xml=-', '--no-colour', ...more, `${host}:${port}`], { encoding: 'utf8', timeout: 60_000, maxBuffer: 10_000_000 })
  const milliseconds = performance.now() - started
  const facts = new Map<string, string>()
  for (const each of elements(stdout, 'protocol')) if (attribute(each, 'enabled') === '1') facts.set(`version ${versionOf[`${attribute(each, 'type')} ${attribute(each, 'version')}`]}`, 'spoken')
  for (const each of elements(stdout, 'cipher')) {
    const version = versionOf[attribute(each, 'sslversion')]
    const suite = suiteName(Number(attribute(each, 'id')))
    facts.set(`suite ${version} ${suite}`, 'taken')
    if (attribute(each, 'status') === 'preferred') facts.set(`preferred ${version}`, suite)
    // Of a curve that is agreed on, the client's wish is the larger part; the groups tell what the server knows.
    if (attribute(each, 'dhebits') !== '' && version !== 'tls13') facts.set(`key ${version} ${suite}`, `DH ${attribute(each, 'dhebits')}`)
  }
  for (const each of elements(stdout, 'group')) facts.set(`group ${versionOf[attribute(each, 'sslversion')]} ${curveOf(attribute(each, 'name'))}`, 'taken')
  // Whether it is safe is known to sslscan only where a client may begin it.
  for (const each of elements(stdout, 'renegotiation')) if (attribute(each, 'supported') === '1') facts.set('safe renegotiation', attribute(each, 'secure') === '1' ? 'yes' : 'no')
  for (const each of elements(stdout, 'fallback')) facts.set('fallback protection', attribute(each, 'supported') === '1' ? 'yes' : 'no')
  for (const each of elements(stdout, 'compression')) facts.set('compression', attribute(each, 'supported') === '1' ? 'yes' : 'no')
  if (/<heartbleed /.test(stdout)) facts.set('heartbleed', /vulnerable="1"/.test(stdout) ? 'yes' : 'no')
  const own = /<certificate [^]*?<\/certificate>/.exec(stdout)?.[0]
  if (own !== undefined && content(own, 'subject') !== '') {
    const key = elements(own, 'pk')[0] ?? ''
    facts.set('certificate subject', content(own, 'subject'))
    facts.set('certificate signature', content(own, 'signature-algorithm'))
    facts.set('certificate key', `${attribute(key, 'type')} ${curveOf(attribute(key, 'curve_name')) || attribute(key, 'bits')}`)
    facts.set('certificate issuer', content(own, 'issuer'))
    facts.set('certificate names', content(own, 'altnames'))
    facts.set('certificate vouches for itself', content(own, 'self-signed'))
    facts.set('certificate from', instant(content(own, 'not-valid-before')))
    facts.set('certificate until', instant(content(own, 'not-valid-after')))
    facts.set('certificate expired', content(own, 'expired'))
  }
  return { facts, milliseconds }
}

const instant = (text: string): string => (Number.isNaN(Date.parse(text)) ? text : new Date(Date.parse(text)).toISOString())
const curves: Readonly<Record<string, string>> = { '25519': 'x25519', '448': 'x448', 'P-256': 'secp256r1', 'P-384': 'secp384r1', 'P-521': 'secp521r1', 'P-224': 'secp224r1', 'P-192': 'secp192r1', 'prime256v1': 'secp256r1', 'prime192v1': 'secp192r1', 'secp256r1 (NIST P-256)': 'secp256r1', 'secp384r1 (NIST P-384)': 'secp384r1', 'secp521r1 (NIST P-521)': 'secp521r1' }
const curveOf = (name: string): string => curves[name] ?? name

/** `subject`: of the chains of a server with several keys, the one that is meant. */
export function factsOf(report: TlsReport, subject: string | undefined): Facts {
  const facts = new Map<string, string>()
  for (const version of report.versions) facts.set(`version ${version}`, 'spoken')
  for (const { version, suite, key } of report.suites) {
    if (!facts.has(`preferred ${version}`)) facts.set(`preferred ${version}`, suite)
    facts.set(`suite ${version} ${suite}`, 'taken')
    if (version !== 'tls13' && key?.startsWith('DH ') === true) facts.set(`key ${version} ${suite}`, key)
  }
  // Where the client's order counts, the first is the client's.
  for (const [version, whose] of Object.entries(report.order)) if (whose === 'client') facts.delete(`preferred ${version}`)
  for (const { version, group } of report.groups) facts.set(`group ${version} ${group}`, 'taken')
  if (report.features.secureRenegotiation !== null) facts.set('safe renegotiation', report.features.secureRenegotiation ? 'yes' : 'no')
  facts.set('heartbleed', report.heartbleed === true ? 'yes' : 'no')
  const own = (report.chains.find(({ certificates: [each] }) => each?.subject.commonName === subject) ?? report.chains[0])?.certificates[0]
  if (own !== undefined) {
    facts.set('certificate subject', own.subject.commonName)
    facts.set('certificate signature', own.signature)
    facts.set('certificate key', `${own.publicKey.kind} ${own.publicKey.curve === '' ? own.publicKey.bits : own.publicKey.curve}`)
    facts.set('certificate issuer', own.issuer.commonName)
    facts.set('certificate names', own.dnsNames.map(name => `DNS:${name}`).join(', '))
    facts.set('certificate vouches for itself', String(own.subject.dn === own.issuer.dn))
    facts.set('certificate from', new Date(own.notBefore).toISOString())
    facts.set('certificate until', new Date(own.notAfter).toISOString())
    facts.set('certificate expired', String(report.findings.some(({ check, evidence }) => check === 'tls.certificate_expired' && evidence.en.startsWith(`${own.subject.commonName}:`))))
  }
  return facts
}

export type Difference = { readonly fact: string; readonly ours: string | null; readonly theirs: string | null }
export type Compared = { readonly same: number; readonly differences: readonly Difference[]; /** What sslscan says nothing at all about, for this server. */ readonly untold: number }

/** Versions and suites are compared as they are. Of the rest, silence of sslscan about a whole subject is no statement: it did not come so far. */
const subjectOf = (fact: string): string | null => /^(?:group \w+|key|certificate|safe renegotiation|heartbleed)/.exec(fact)?.[0] ?? null

export function compared(ours: Facts, theirs: Facts): Compared {
  const told = new Set([...theirs.keys()].map(subjectOf))
  const differences: Difference[] = []
  let same = 0
  let untold = 0
  for (const fact of new Set([...ours.keys(), ...theirs.keys()])) {
    const [one = null, other = null] = [ours.get(fact), theirs.get(fact)]
    if (one === other) same++
    else if (other === null && subjectOf(fact) !== null && !told.has(subjectOf(fact))) untold++
    else if (fact.startsWith('preferred ') && one === null) untold++
    else differences.push({ fact, ours: one, theirs: other })
  }
  return { same, differences, untold }
}
