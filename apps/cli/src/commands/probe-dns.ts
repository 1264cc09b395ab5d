// `haechi probe dns`: a zone as it looks from outside, or one name of it. Whatever its servers say is shown, never obeyed. Defended by probe-dns.test.ts and
// tests/conformance/probes/dns.test.ts.
import { isIP } from 'node:net'
import { readFile } from 'node:fs/promises'
import { addressVersion, probeZone, readable, splitAddress } from '@haechi/probes'
import type { DnsTransport, ZoneReport } from '@haechi/probes'
import { HaechiError } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { safe } from '../layout.ts'
import { unreadableFile } from '../unreadable-file.ts'
import { wordOf } from '../words.ts'
import { printFields, printTable } from './lists.ts'
import { faultAnswer, findingAnswer, openProbe, printFaults, printFindings, probeOptions } from './probe.ts'

const transports = ['udp', 'tcp', 'dot'] as const satisfies readonly DnsTransport[]
const mostWords = 20_000

export const probeDns = command({
  path: ['probe', 'dns'], about: 'probe_dns', details: 'probe_dns_details',
  arguments: [{ name: 'NAME', about: 'argument_probe_name' }],
  options: {
    ...probeOptions,
    resolver: { value: 'ADDRESS,...', about: 'option_probe_resolver' }, transport: { value: 'udp|tcp|dot', about: 'option_transport', choices: transports },
    servers: { value: 'ADDRESS,...', about: 'option_name_servers' }, words: { value: 'FILE', about: 'option_words' },
  },
  examples: [
    { line: 'haechi probe dns example.com --scope scope.yaml', about: 'example_probe_dns' },
    { line: 'haechi probe dns example.test --resolver 127.0.0.1:5353', about: 'example_probe_dns_own' },
    { line: 'haechi probe dns example.com --scope scope.yaml --resolver 9.9.9.9 --transport dot --json', about: 'example_json' },
  ],
  async run(context, { options, arguments: [target = ''] }) {
    const name = zoneOf(target)
    const transport = transports.find((each) => each === options.transport) ?? 'udp'
    const servers = placesOf('--resolver', options.resolver, transport === 'dot' ? 853 : 53)
    if (servers.length === 0 && transport !== 'udp') throw new HaechiError('probe_resolver_missing', { transport })
    const nameServers = placesOf('--servers', options.servers, 53)
    const words = options.words === undefined ? undefined : await wordsIn(options.words)
    const { run, network, resolver } = await openProbe(context, options, servers.length === 0 ? null : { servers, transport })
    try {
      await network.permitZone(name)
      for (const server of nameServers) await network.permit(splitAddress(server)!.host)
      const report = await probeZone(name, { run, resolver, ...(nameServers.length === 0 ? {} : { nameServers }), ...(words === undefined ? {} : { words }) })
      if (context.json) context.out.write(`${JSON.stringify(reportAnswer(target, report, context))}\n`)
      else show(context, report)
      if (context.stop.aborted) return exitCodes.interrupted
      return report.status === 'unanswered' || report.status === 'no_name' ? exitCodes.failed : exitCodes.ok
    } finally {
      resolver.close()
      network.close()
    }
  },
})

/** Names of other scripts as DNS has them (RFC 3492). Errors: probe_name_invalid. */
function zoneOf(target: string): string {
  const written = target.trim().toLowerCase().replace(/\.$/, '')
  const name = /^[\x21-\x7e]+$/.test(written) ? written : URL.parse(`http://${written}/`)?.hostname ?? ''
  if (!/^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(name) || name.length > 253 || addressVersion(name) !== 0) throw new HaechiError('probe_name_invalid', { target })
  return name
}

/** 'ADDRESS' or 'ADDRESS:PORT' each. Errors: probe_server_invalid. */
function placesOf(option: string, list: string | undefined, port: number): readonly string[] {
  return (list ?? '').split(',').map((each) => each.trim()).filter((each) => each !== '').map((each) => {
    const place = isIP(each) === 0 ? splitAddress(each) : { host: each, port }
    if (place === null || isIP(place.host) === 0) throw new HaechiError('probe_server_invalid', { option, value: each })
    return `${isIP(place.host) === 6 ? `[${place.host}]` : place.host}:${place.port}`
  })
}

/** A label a line. Errors: file_unreadable. */
async function wordsIn(file: string): Promise<readonly string[]> {
  try {
    const words = (await readFile(file, 'utf8')).split(/\r?\n/).map((line) => line.trim().toLowerCase()).filter((line) => /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(line))
    return [...new Set(words)].slice(0, mostWords)
  } catch (error) {
    throw unreadableFile(file, error)
  }
}

const reportAnswer = (target: string, report: ZoneReport, context: Context): object => ({
  target, zone: report.zone, status: report.status,
  name_servers: report.nameServers.map(({ name, address, authoritative, serial, recursion, version, transfer, answerMs, fault }) => ({ name, address, authoritative, serial, recursion, version, transfer, answer_ms: answerMs, fault: fault?.fault ?? null })),
  records: report.records.map(({ name, type, ttl, data }) => ({ name, type, ttl, data: readable(data) })), names: report.names,
  wildcards: report.wildcards, dnssec: report.dnssec, findings: report.findings.map((finding) => findingAnswer(finding, context)), faults: report.faults.map((fault) => faultAnswer(fault, context)),
})

function show(context: Context, report: ZoneReport): void {
  const { dnssec } = report
  const of = (...types: readonly string[]): string => report.records.filter(({ type }) => types.includes(type)).map(({ data }) => readable(data)).join(', ') || '-'
  const signed = dnssec === null ? '-' : dnssec.signed ? [...new Set(dnssec.keys.map(({ name }) => name))].join(', ') : wordOf(context, 'trust', 'unsigned')
  printFields(context, report, [
    ['field_zone', safe(`${report.zone} (${wordOf(context, 'zone_status', report.status)})`)], ['field_address', safe(of('A', 'AAAA', 'CNAME'))], ['field_mail_servers', safe(of('MX'))], ['field_texts', safe(of('TXT'))], ['field_dnssec', signed],
  ])
  if (report.nameServers.length > 0) {
    context.out.write('\n')
    printTable(context, report.nameServers, [
      { title: 'column_name_server', cell: ({ name, address }) => safe(name === null ? address : `${name} (${address})`) }, { title: 'column_version', cell: ({ version }) => safe(version === null ? '-' : readable(version)) },
      { title: 'column_status', cell: ({ authoritative, fault }) => (fault === null ? wordOf(context, 'name_server', authoritative === true ? 'answers' : 'lame') : wordOf(context, 'scan_count', fault.fault)) },
      { title: 'column_transfer', cell: ({ transfer }) => wordOf(context, 'transfer', transfer ?? 'not_tried') },
    ])
  }
  if (report.names.length > 1) {
    context.out.write('\n')
    printTable(context, report.names, [
      { title: 'column_name', cell: ({ name }) => safe(name) }, { title: 'column_leads_to', cell: ({ chain, addresses, status }) => safe([...chain, ...addresses].join(', ') || wordOf(context, 'lookup', status)) },
      { title: 'column_found_by', cell: ({ sources }) => sources.map((source) => wordOf(context, 'name_source', source)).join(', ') },
    ])
  }
  context.out.write('\n')
  printFindings(context, report.findings)
  printFaults(context, report.faults.slice(0, 10))
}
