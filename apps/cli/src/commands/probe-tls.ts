// `haechi probe tls`: what one TLS server takes and shows, as people and machines read it. Defended by probe-tls.integration.test.ts.
import { getCACertificates } from 'node:tls'
import { probeTls as probe, readable, splitAddress, trustStore } from '@haechi/probes'
import type { AnyVersion, Chain, ServicePlace, TlsReport } from '@haechi/probes'
import { HaechiError } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { safe } from '../layout.ts'
import { wordOf } from '../words.ts'
import { printFields, printTable } from './lists.ts'
import { faultAnswer, findingAnswer, openProbe, printFaults, printFindings, probeOptions } from './probe.ts'

type StartTls = NonNullable<TlsReport['startTls']>

/** Where each is spoken in clear text at first. */
const usualPorts: Readonly<Record<StartTls, number>> = { smtp: 25, imap: 143, pop3: 110, ftp: 21, ldap: 389, postgres: 5432, mysql: 3306, xmpp: 5222, rdp: 3389 }
const protocols = Object.keys(usualPorts) as StartTls[]
const versionText: Readonly<Record<AnyVersion, string>> = { sslv2: 'SSL 2.0', sslv3: 'SSL 3.0', tls10: 'TLS 1.0', tls11: 'TLS 1.1', tls12: 'TLS 1.2', tls13: 'TLS 1.3' }

export const probeTls = command({
  path: ['probe', 'tls'], about: 'probe_tls', details: 'probe_tls_details',
  arguments: [{ name: 'TARGET', about: 'argument_probe_tls' }],
  options: { ...probeOptions, 'starttls': { value: 'PROTOCOL', about: 'option_starttls', choices: protocols }, 'server-name': { value: 'NAME', about: 'option_server_name' } },
  examples: [
    { line: 'haechi probe tls localhost:8443', about: 'example_probe_tls' },
    { line: 'haechi probe tls mail.example.com --starttls smtp --scope scope.yaml', about: 'example_probe_tls_mail' },
    { line: 'haechi probe tls localhost --json', about: 'example_json' },
  ],
  async run(context, { options, arguments: [target = ''] }) {
    const startTls = protocols.find((each) => each === options.starttls) ?? null
    const { host, port } = placeOf(target, startTls === null ? 443 : usualPorts[startTls])
    const { run, network } = await openProbe(context, options)
    try {
      const { addresses } = await network.permit(host)
      const roots = trustStore([...getCACertificates('default'), ...getCACertificates('system')])
      let report: TlsReport | null = null
      // The next address only where nobody listens at this one.
      for (const address of addresses) {
        report = await probe({ host, address, port, serverName: options['server-name'] ?? null, startTls }, { run, roots })
        if (report.versions.length > 0 || !report.faults.some(({ fault }) => fault === 'refused' || fault === 'unreachable')) break
      }
      if (context.json) context.out.write(`${JSON.stringify(answer(target, report!, context))}\n`)
      else show(context, report!)
      return report!.versions.length === 0 ? exitCodes.failed : exitCodes.ok
    } catch (error) {
      if (context.stop.aborted) return exitCodes.interrupted
      throw error
    } finally {
      network.close()
    }
  },
})

/** 'www.example.com', 'www.example.com:8443', '[2001:db8::1]:443', 'https://www.example.com/'. Errors: probe_tls_invalid. */
function placeOf(target: string, usual: number): Pick<ServicePlace, 'host' | 'port'> {
  const url = /^[a-z]+:\/\//i.test(target) ? URL.parse(target) : null
  if (url !== null) return { host: url.hostname.replace(/^\[|\]$|\.$/g, ''), port: url.port === '' ? usual : Number(url.port) }
  const { host: written, port } = splitAddress(target) ?? { host: target.replace(/^\[(.*)\]$/, '$1'), port: usual }
  // An IPv6 address; else a name or an IPv4 address, as it goes over the wire: ASCII, without the dot of the root (RFC 6066, section 3).
  const host = /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?$/i.test(written) ? written : /[\s/?#@:\\]/.test(written) ? '' : URL.parse(`http://${written}/`)?.hostname.replace(/\.$/, '') ?? ''
  if (host === '') throw new HaechiError('probe_tls_invalid', { target })
  return { host, port }
}

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString()

const answer = (target: string, report: TlsReport, context: Context): object => ({
  target, host: report.host, address: report.address, port: report.port, starttls: report.startTls, versions: report.versions,
  suites: report.suites.map(({ keyBits, ...suite }) => ({ ...suite, key_bits: keyBits })), order: report.order, groups: report.groups, protocols: report.protocols,
  chains: report.chains.map(({ certificates, trust, matches, ordered, unreadable }) => ({
    trust, matches, ordered, unreadable: unreadable?.[context.language] ?? null,
    certificates: certificates.map((each) => ({
      subject: readable(each.subject.dn), issuer: readable(each.issuer.dn), names: each.dnsNames.map(readable), serial: each.serial, not_before: instant(each.notBefore), not_after: instant(each.notAfter),
      key: each.publicKey.kind, key_bits: each.publicKey.bits, curve: each.publicKey.curve === '' ? null : each.publicKey.curve, signature: each.signature, must_staple: each.mustStaple, timestamps: each.timestamps, sha256: each.fingerprint.sha256,
    })),
  })),
  features: {
    secure_renegotiation: report.features.secureRenegotiation, compression: report.features.compression, fallback_protection: report.features.fallbackProtection, session_tickets: report.features.sessionTickets, session_ids: report.features.sessionIds,
    extended_master_secret: report.features.extendedMasterSecret, heartbeat: report.features.heartbeat, ocsp_stapling: report.features.ocspStapling, revocation: report.features.revocation, certificate_timestamps: report.features.certificateTimestamps,
    asks_for_certificate: report.features.asksForCertificate,
  },
  heartbleed: report.heartbleed, ccs_injection: report.ccsInjection, dh_primes: report.primes, findings: report.findings.map((finding) => findingAnswer(finding, context)), faults: report.faults.map((fault) => faultAnswer(fault, context)), connections: report.connections, duration_ms: report.durationMs,
})

function show(context: Context, report: TlsReport): void {
  if (report.versions.length > 0) {
    const groups = [...new Set(report.groups.map(({ group }) => group))]
    printFields(context, report, [
      ['field_address', safe(`${report.address.includes(':') ? `[${report.address}]` : report.address}:${report.port}`)],
      ['field_versions', report.versions.toReversed().map((version) => versionText[version]).join(', ')],
      ...(groups.length === 0 ? [] : [['field_groups', safe(groups.join(', '))] as const]),
      ...(report.protocols.length === 0 ? [] : [['field_protocols', safe(report.protocols.join(', '))] as const]),
      ...report.chains.flatMap((chain) => certificateOf(context, chain)),
    ])
    context.out.write('\n')
    printTable(context, report.suites, [
      { title: 'column_version', fixed: true, cell: ({ version }) => versionText[version] }, { title: 'column_suite', cell: ({ suite }) => safe(suite) }, { title: 'column_key', cell: ({ key }) => safe(key ?? '-') },
      { title: 'column_strength', fixed: true, cell: ({ strength }) => wordOf(context, 'strength', strength) },
    ])
    context.out.write('\n')
    printFindings(context, report.findings)
  }
  printFaults(context, report.faults)
}

function certificateOf(context: Context, { certificates: [own], trust }: Chain): (readonly ['field_certificate' | 'field_certificate_names' | 'field_certificate_issuer' | 'field_certificate_valid', string])[] {
  if (own === undefined) return []
  const { kind, bits, curve } = own.publicKey
  return [
    ['field_certificate', safe(`${readable(own.subject.dn)} (${kind} ${curve === '' ? bits : curve}, ${own.signature})`)],
    ['field_certificate_names', safe(own.dnsNames.map(readable).slice(0, 20).join(', ') || '-')],
    ['field_certificate_issuer', safe(`${readable(own.issuer.dn)} (${wordOf(context, 'chain_trust', trust)})`)],
    ['field_certificate_valid', `${instant(own.notBefore).slice(0, 10)} - ${instant(own.notAfter).slice(0, 10)}`],
  ]
}
