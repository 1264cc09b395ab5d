// What the commands of probes share: the network with its scope, and findings as people and machines read them.
import { randomBytes } from 'node:crypto'
import { checks, createResolver } from '@haechi/probes'
import type { DnsTransport, Finding, ProbeFault, ProbeRun, Resolver } from '@haechi/probes'
import { createScanNetwork } from '@haechi/server/scan-network'
import type { ScanNetwork, Scope } from '@haechi/server/scan-network'
import { wholeNumber } from '../command.ts'
import type { Options } from '../command.ts'
import type { Context } from '../context.ts'
import { safe } from '../layout.ts'
import { scopeOf, showScope } from '../scan/permission.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

export const probeOptions = {
  scope: { value: 'FILE', about: 'option_scope' },
  timeout: { value: 'SECONDS', about: 'option_answer_timeout' },
} as const satisfies Options

export type OpenProbe = { readonly run: ProbeRun; readonly network: ScanNetwork; readonly scope: Scope | null; readonly resolver: Resolver }

/** The network is closed by whoever opened it. `dns`: servers that names are looked up with in place of the machine's own ('ADDRESS:PORT'). Errors: file_unreadable, scan_scope_invalid, usage_number. */
export async function openProbe(context: Context, options: { readonly scope: string | undefined; readonly timeout: string | undefined }, dns: { readonly servers: readonly string[]; readonly transport: DnsTransport } | null = null): Promise<OpenProbe> {
  const timeoutMs = wholeNumber('--timeout', options.timeout, 1, 300, 5) * 1_000
  const scope = options.scope === undefined ? null : await scopeOf(options.scope)
  if (scope !== null) showScope(context, scope)
  const network = createScanNetwork({ scope, clock: context.clock, ...(dns === null ? {} : { resolvers: dns.servers, resolve: async (host) => (await resolver.lookup(host)).addresses }) })
  const run = { network, signal: context.stop, timeoutMs, now: () => context.clock.now(), random: () => randomBytes(4).readUInt32LE() }
  const resolver = createResolver({ run, servers: dns?.servers ?? null, ...(dns === null ? {} : { transport: dns.transport }) })
  return { network, scope, run, resolver }
}

const severities: readonly Finding['severity'][] = ['critical', 'high', 'medium', 'low', 'info']

/** As `--json` gives a finding. */
export const findingAnswer = ({ check, asset, place, severity, confidence, evidence, cve }: Finding, { language }: Context): object => ({
  asset, kind: checks[check]?.weakness ?? 'information', weakness: check, severity, confidence, evidence: evidence[language], place, cve,
})

/** As `--json` gives what was not looked at to the end. */
export const faultAnswer = ({ place, fault, message }: ProbeFault, { language }: Context): object => ({ place, fault, message: message[language] })

export function printFaults(context: Context, faults: readonly ProbeFault[]): void {
  for (const { place, fault, message } of faults) context.err.write(`${safe(`${place}: ${wordOf(context, 'scan_count', fault)}: ${message[context.language]}`)}\n`)
}

/** The worst first. */
export function printFindings(context: Context, findings: readonly Finding[]): void {
  printTable(context, findings.toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity)), [
    { title: 'column_severity', fixed: true, cell: ({ severity }) => wordOf(context, 'template_severity', severity) },
    { title: 'column_place', cell: ({ place }) => safe(place) },
    { title: 'column_finding', cell: ({ check }) => checks[check]?.title[context.language] ?? check },
    { title: 'column_evidence', cell: ({ evidence }) => safe(evidence[context.language]) },
  ])
}
