// The probe of zones against BIND 9: what dig sees, it sees; what delv believes, it believes; and every fault of the zones of name-servers.ts is found, by itself.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createResolver, messageText, probeZone } from '../../../engines/probes/src/index.ts'
import type { DnsTransport, ProbeRun, Resolver, ZoneReport } from '../../../engines/probes/src/index.ts'
import { isInBoth } from '../../../engines/probes/src/evidence.fixture.ts'
import { judgeSet, readKey } from '../../../engines/probes/src/dns/dnssec.ts'
import { transferZone } from '../../../engines/probes/src/dns/transfer.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import type { ScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { missingServers, signedZones, startNameServers } from './name-servers.ts'
import type { NameServers } from './name-servers.ts'

const root = new URL('../../..', import.meta.url).pathname

describe.skipIf(missingServers !== false)(`zones of BIND${missingServers === false ? '' : ` (${missingServers})`}`, () => {
  let servers: NameServers
  let network: ScanNetwork
  let run: ProbeRun
  let shared: Resolver
  const resolvers: Resolver[] = []
  const resolverAt = (server: string, transport: DnsTransport = 'udp'): Resolver => {
    const made = createResolver({ run, servers: [server], transport })
    resolvers.push(made)
    return made
  }

  beforeAll(async () => {
    servers = await startNameServers()
    const { authority, resolver } = servers
    const asked = (host: string): Promise<readonly string[]> => resolverAt(resolver).lookup(host).then(({ addresses }) => addresses)
    network = createScanNetwork({ scope: null, clock: systemClock, resolvers: [authority, `${authority}:853`, resolver], resolve: asked })
    let state = 20_261_122
    run = { network, signal: new AbortController().signal, timeoutMs: 3_000, now: () => systemClock.now(), random: () => (state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0) }
    await network.permit(authority)
    shared = resolverAt(resolver)
  })
  afterAll(async () => {
    for (const each of resolvers) each.close()
    network?.close()
    await servers?.[Symbol.asyncDispose]()
  })

  /** Whatever is found here, or could not be looked at, is told in both languages. */
  const probe = async (zone: string, more: { readonly words?: readonly string[] } = { words: [] }): Promise<ZoneReport> => {
    const report = await probeZone(zone, { run, resolver: shared, ...more })
    expect(report.findings.filter(({ evidence }) => !isInBoth(evidence))).toEqual([])
    expect(report.faults.filter(({ message }) => !isInBoth(message))).toEqual([])
    return report
  }
  /** Without where a server stands, and what is so of every zone here. */
  const found = ({ findings }: ZoneReport): string[] => findings.filter(({ check }) => !['dns.version_disclosed', 'dns.private_address', 'dns.dnssec_missing', 'dns.zone_transfer', 'dns.zone_walking', 'dns.caa_missing'].includes(check))
    .map(({ check, place, severity }) => `${severity} ${check} ${place.replace(/@?127\.\S+$/, '')}`.trim()).toSorted()

  test.each([['udp', 53], ['tcp', 53], ['dot', 853]] as const)('over %s, names lead where dig says', async (transport, port) => {
    const resolver = resolverAt(`${servers.authority}:${port}`, transport)
    for (const name of ['lab.test', 'www.lab.test', 'vpn.lab.test', 'pages.lab.test', 'anything.wild.lab.test', 'nothing.lab.test', 'p256.test']) {
      const dug = ['A', 'AAAA'].map(type => servers.run('dig', `@${servers.authority}`, '+short', '+noedns', name, type).trim().split('\n').filter(line => /^[\d.]+$|:/.test(line)))
      const { addresses, chain } = await resolver.lookup(name)
      if (chain.length === 0) expect([name, addresses]).toEqual([name, dug.flat().toSorted()])
      else expect(servers.run('dig', `@${servers.authority}`, '+short', name, 'A')).toContain(`${chain[0]!}.`)
    }
    // Thirty texts are more than a datagram takes.
    expect((await resolver.query('big.lab.test', 'TXT')).answer).toHaveLength(30)
    expect(messageText(await resolver.query('lab.test', 'MX'))).toContain('10 mail.lab.test.')
  })

  test('the resolver says of every name what dig says', async () => {
    const resolver = resolverAt(servers.resolver)
    for (const name of ['pages.lab.test', 'cloud.lab.test', 'expired.lab.test', 'dangling.lab.test', 'www.lab.test']) {
      const dug = servers.run('dig', `@${servers.resolver}`, name, 'A')
      const { status, addresses, chain } = await resolver.lookup(name)
      expect([name, status === 'no_name']).toEqual([name, dug.includes('status: NXDOMAIN')])
      for (const each of [...addresses, ...chain]) expect(dug).toContain(each)
    }
  })

  test('a transfer is the one that dig makes', async () => {
    for (const zone of ['lab.test', 'p256.test', 'inline.test']) {
      const { status, records, foreign } = await transferZone(zone, servers.authority, run)
      // dig shows the last SOA record, too.
      const lines = servers.run('dig', `@${servers.authority}`, '+noall', '+answer', zone, 'AXFR').trim().split('\n')
      expect([zone, status, foreign, records.length]).toEqual([zone, 'whole', 0, lines.length - 1])
    }
    expect(await transferZone('closed.test', servers.authority, run)).toMatchObject({ status: 'refused', records: [] })
  })

  test('every fault of a zone is found, and nothing else', async () => {
    const report = await probe('lab.test')
    expect(found(report)).toEqual([
      'high dns.takeover cloud.lab.test CNAME', 'high dns.takeover expired.lab.test CNAME', 'high dns.takeover lab.test MX mx.unregistered-7f3a.com', 'high dns.takeover orphan.lab.test NS ns.unregistered-7f3a.com', 'info dns.wildcard *.wild.lab.test',
      'low dns.dangling_cname dangling.lab.test CNAME', 'low dns.dangling_cname ring1.lab.test CNAME', 'low dns.dangling_cname ring2.lab.test CNAME', 'low dns.dmarc_external_reports _dmarc.lab.test TXT elsewhere.test', 'low dns.dmarc_policy_none _dmarc.lab.test TXT',
      'low dns.lame_delegation lame.lab.test NS lame-ns.lab.test', 'low dns.mta_sts_invalid _mta-sts.lab.test TXT', 'low dns.spf_invalid lab.test TXT', 'medium dns.dangling_ns lab.test NS ns-gone.provider.test', 'medium dns.spf_permissive lab.test TXT',
    ])
    expect(report.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['dns.zone_transfer', 'dns.version_disclosed', 'dns.private_address', 'dns.dnssec_missing']))
    expect(report.nameServers).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'ns1.lab.test', authoritative: true, recursion: false, version: '9.18-lab', serial: 7, transfer: 'whole' })]))
  })

  test('names that are not handed over are found by words; wildcards make up none', async () => {
    const closed = await probe('closed.test', {})
    expect([closed.names.map(({ name }) => name), closed.wildcards, found(closed)]).toEqual([
      ['admin.closed.test', 'api.closed.test', 'closed.test', 'www.closed.test'], [], ['low dns.dmarc_missing _dmarc.closed.test TXT', 'low dns.spf_missing closed.test TXT'],
    ])
    const wild = await probe('wild.test', {})
    expect([wild.names.map(({ name }) => name), wild.wildcards.map(({ name }) => name)]).toEqual([['wild.test', 'www.wild.test'], ['*.wild.test']])
  })

  test('a resolver for everybody is one, an authority none', async () => {
    const of = async (address: string): Promise<boolean | null | undefined> => (await probeZone('closed.test', { run, resolver: shared, words: [], nameServers: [address] })).nameServers[0]?.recursion
    expect([await of(servers.resolver), await of(servers.authority)]).toEqual([true, false])
  })

  test.each(Object.keys(signedZones))('signatures of %s are worth what delv says', async zone => {
    const { dnssec, findings } = await probe(zone)
    const delv = spawnSync('/usr/bin/delv', [`@${servers.authority}`, '-a', servers.anchors(zone), `+root=${zone}`, zone, 'TXT'], { encoding: 'utf8' })
    const believed = delv.stdout.includes('; fully validated')
    // delv has the zone's own key; what the parent says is not its matter here.
    expect([zone, dnssec?.sets['TXT'] === 'valid']).toEqual([zone, believed])
    const expected: Readonly<Record<string, readonly string[]>> = {
      'expired.test': ['dns.dnssec_expired'], 'early.test': ['dns.dnssec_expired'], 'bogus.test': ['dns.dnssec_bogus'], 'island.test': ['dns.dnssec_no_ds'], 'foreign.test': ['dns.dnssec_bogus'], 'rsa1.test': ['dns.dnssec_weak'], 'rsa512.test': ['dns.dnssec_weak'],
    }
    expect(findings.map(({ check }) => check).filter(check => check.startsWith('dns.dnssec'))).toEqual(expected[zone] ?? [])
  })

  test('every signature of every set of signed zones holds, whatever stands in them', async () => {
    let sets = 0
    for (const zone of ['p256.test', 'p384.test', 'ed25519.test', 'ed448.test', 'rsa256.test', 'rsa512.test', 'rsa1.test', 'inline.test']) {
      const { records } = await transferZone(zone, servers.authority, run)
      const keys = records.map(readKey).filter(key => key !== null)
      const groups = Map.groupBy(records.filter(({ type, name }) => type !== 'RRSIG' && name !== ''), ({ name, type }) => `${name.toLowerCase()} ${type}`)
      for (const [group, set] of groups) {
        const { verdict } = judgeSet(set, records.filter(({ type }) => type === 'RRSIG'), keys, zone, systemClock.now())
        // BIND keeps notes of its own in the signed zone (TYPE65534).
        if (!group.endsWith('TYPE65534')) expect([group, verdict]).toEqual([group, 'valid'])
        sets++
      }
    }
    expect(sets).toBeGreaterThan(120)
  })

  test('the command shows it to people and to machines', () => {
    const haechi = (...words: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['apps/cli/src/main.ts', 'probe', 'dns', ...words], { cwd: root, encoding: 'utf8', timeout: 30_000 })
      return { code: status, out: stdout, err: stderr }
    }
    const json = haechi('lab.test', '--resolver', `${servers.resolver},${servers.authority}`, '--json')
    const answer = JSON.parse(json.out) as { readonly zone: string; readonly status: string; readonly findings: readonly object[]; readonly name_servers: readonly object[] }
    expect([json.code, answer.zone, answer.status]).toEqual([0, 'lab.test', 'zone'])
    expect(answer.findings).toContainEqual({ asset: 'cloud.lab.test', kind: 'subdomain_takeover', weakness: 'dns.takeover', severity: 'high', confidence: 0.9, evidence: 'cloud.lab.test -> lab-7f3a.azurewebsites.net: lab-7f3a.azurewebsites.net does not exist, and on Azure anybody can create it', place: 'cloud.lab.test CNAME', cve: [] })
    const korean = haechi('closed.test', '--resolver', servers.authority, '--transport', 'dot', '--lang', 'ko')
    expect([korean.code, korean.out]).toEqual([0, expect.stringMatching(/admin\.closed\.test +203\.0\.113\.91 +흔한 이름/)])
    expect(haechi('nothing-7f3a.test', '--resolver', servers.resolver)).toMatchObject({ code: 1 })
  })
})
