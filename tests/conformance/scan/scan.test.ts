// The lab as a whole. `haechi scan` as a person starts it: every planted fault is found, and nothing is called high or critical that is not, whatever is known about
// vulnerabilities. Its ports and services beside nmap, and beside the packages that the machine has: whoever is right where they differ stands in `known`, by looking at
// the package and its configuration. All of it at once: they wait more than they work.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '@haechi/probes'
import { addressOf, follows, plantedFaults } from '../../lab/expectations.ts'
import type { Planted } from '../../lab/expectations.ts'
import { up } from '../../lab/lab.ts'
import type { Lab } from '../../lab/lab.ts'
import { missingNamespaces } from '../../lab/network.ts'
import { CORPUS, corpusFiles, missingTemplates } from '../../templates-corpus.ts'
import { ask } from './asking.ts'
import { nmap } from './oracles.ts'
import type { NmapPort } from './oracles.ts'
import { haechi, linesOf, scopeFile } from './running.ts'
import type { ScanLine } from './running.ts'

const hosts = ['services', 'open', 'walled', 'catchall', 'names', 'resolver', 'legacy', 'web', 'panel', 'api', 'bucket', 'honeypot'] as const
// nmap takes its time for each host: what the others add is the same programs again.
const full = process.env['HAECHI_TEST_FULL'] === '1'
const listenedTo: readonly string[] = full ? hosts.slice(0, -1) : ['services', 'open']
const missingKnowledge = existsSync(join(CORPUS, 'vuln')) && existsSync(join(CORPUS, 'recog')) ? false : `no vuln and recog at ${CORPUS} (set HAECHI_CORPUS)`

const scratch = mkdtempSync(join(tmpdir(), 'haechi-scan-'))
const figures: Record<string, number> = {}
let lab: Lab
let lines: readonly ScanLine[] = []
let knowing: readonly ScanLine[] = []
let theirs: readonly NmapPort[] = []
let ours: ReadonlyMap<string, Service> = new Map()

const seconds = (ms: number): number => Math.round(ms / 100) / 10
const hostAt = (address: string): string => lab.hosts.find(({ addresses }) => addresses.includes(address))?.name ?? address
const addressAt = (host: string): string => lab.hosts.find(({ name }) => name === host)?.addresses[0] ?? ''

async function scanAll(): Promise<void> {
  const { code, stdout, stderr, ms } = await haechi(lab, ['scan', 'lab.example', 'clean.example', 'signed.example', 'stale.example', addressAt('resolver'), addressAt('walled'), '--scope', scopeFile(scratch), '--html', join(scratch, 'result.html'), '--json'])
  expect(code, stderr).toBe(0)
  lines = linesOf(stdout)
  figures['haechi scan of all, s'] = seconds(ms)
}

/** With all that is known about vulnerabilities and banners. */
async function scanKnowing(): Promise<void> {
  if (missingKnowledge !== false) return
  const { code, stdout, stderr, ms } = await haechi(lab, ['scan', 'services.lab.example', 'panel.lab.example', addressAt('honeypot'), '--scope', scopeFile(scratch), '--all', '--json'], { environment: { HAECHI_CORPUS: CORPUS } })
  expect(code, stderr).toBe(0)
  knowing = linesOf(stdout)
  figures['haechi scan with all knowledge, s'] = seconds(ms)
}

async function listen(): Promise<void> {
  const places = lab.hosts.filter(({ name }) => listenedTo.includes(name)).flatMap(({ addresses: [address = ''], tcp }) => tcp.map((port) => ({ address, port })))
  const listening = nmap(lab, ['-sV', '-p', [...new Set(places.map(({ port }) => port))].join(), ...new Set(places.map(({ address }) => address))])
  const [answered] = await ask(lab, [{ about: 'services', places }])
  ours = new Map(answered?.answer.map((service, index) => [`${hostAt(places[index]?.address ?? '')}:${places[index]?.port}`, service]))
  const { ports, ms } = await listening
  theirs = ports
  figures['nmap -sV, s'] = seconds(ms)
}

if (missingNamespaces === false) beforeAll(async () => {
  lab = await up(hosts)
  await Promise.all([scanAll(), scanKnowing(), listen()])
})
afterAll(async () => {
  console.table(figures)
  rmSync(scratch, { recursive: true, force: true })
  await lab?.[Symbol.asyncDispose]()
})

const all = Array.from({ length: 65_535 }, (_, index) => index + 1)

const isOne = (line: ScanLine, { asset, check, place }: Planted): boolean => line.weakness === check && [asset, addressOf[asset]].includes(line.asset) && (place === undefined || line.place?.includes(place) === true)
const told = (line: ScanLine): string => `${line.severity} ${line.asset} ${line.weakness} ${line.place}: ${line.evidence}`

/** Names that nmap has for what IANA names otherwise. */
const named: Readonly<Record<string, string>> = { 'vnc': 'rfb', 'mosquitto version 2.0.11': 'mqtt', 'http-proxy': 'http', 'imaps': 'imap' }

type Difference = { readonly place: string; readonly field: 'name' | 'tls' | 'product' | 'version'; readonly nmap: string | null; readonly ours: string | null }
type Right = 'ours' | 'nmap' | 'both'
/** By 'host field' or 'host:port field': who is right, and why. */
const known: Readonly<Record<string, readonly [Right, string]>> = {
  'services:139 version': ['ours', 'nmap says 4.6.2 of every Samba that has SMB 1 off; nothing on the wire tells it, and it is 4.17'],
  'services:445 version': ['ours', 'the same'],
  'services:445 name': ['both', 'SMB over TCP 445 is microsoft-ds at IANA, netbios-ssn in nmap'],
  'open:445 name': ['both', 'the same'],
  'open:139 version': ['ours', 'the true one from the negotiation of SMB 1, where nmap says 3.X - 4.X'],
  'open:445 version': ['ours', 'the same'],
  'services:993 tls': ['ours', 'it is TLS; nmap goes by the number of the port'],
  'services:5432 version': ['ours', 'before a login nothing tells the version; nmap says 9.6.0 or later, and it is 15'],
  'open:5432 version': ['ours', 'the true one from the start-up, where nmap says 9.6.0 or later'],
  'open:3306 product': ['ours', 'it is MariaDB; 5.5.5- stands before its version for old clients'],
  'open:3306 version': ['ours', 'the same'],
  'open:389 version': ['ours', 'it is 2.5; nmap guesses 2.2.X - 2.3.X, nothing on the wire tells it'],
  'catchall:8081 name': ['ours', 'it is HTTP; nmap goes by the number of the port'],
  'services:6379 product': ['nmap', 'it is Redis; what speaks its protocol (Valkey, KeyDB) refuses in the same words, so we do not say'],
  'open:5900 product': ['both', 'VNC is the protocol'],
  'open:11211 name': ['both', 'memcache at IANA'],
}

const upstream = (version: string): string => version.replace(/^\d+:/, '').replace(/\+dfsg.*|[-~].*|\+deb.*/, '')
const installed = (name: string): string => upstream(execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' }))
const packageOf: Readonly<Record<string, string>> = {
  'vsftpd': 'vsftpd', 'OpenSSH': 'openssh-server', 'BIND': 'bind9', 'nginx': 'nginx-light', 'Apache HTTP Server': 'apache2', 'Samba': 'samba', 'MariaDB': 'mariadb-server', 'PostgreSQL': 'postgresql-15', 'Redis': 'redis-server', 'Memcached': 'memcached', 'Mosquitto': 'mosquitto', 'dnsmasq': 'dnsmasq-base',
}

const begins = (whole: string, version: string): boolean => whole.startsWith(version) && !/^[\d.]/.test(whole.slice(version.length))

const differences = (): Difference[] => theirs.flatMap((they): Difference[] => {
  const place = `${hostAt(they.address)}:${they.port}`
  const we = ours.get(place)
  const product = they.product?.toLowerCase() ?? null
  const differs = (field: Difference['field'], nmap: string | null, our: string | null): Difference[] => [{ place, field, nmap, ours: our }]
  return [
    ...(we?.name === (named[they.name] ?? they.name) ? [] : differs('name', they.name, we?.name ?? null)),
    ...(we?.tls === they.tls ? [] : differs('tls', String(they.tls), String(we?.tls))),
    // What nmap does not say is no difference: we say more, and the packages judge that.
    ...(product === null || (we?.product != null && product.includes(we.product.toLowerCase())) || (we?.product === 'Apache HTTP Server' && product === 'apache httpd') ? [] : differs('product', they.product, we?.product ?? null)),
    ...(they.version === null || (we?.version != null && begins(they.version, we.fullVersion ?? we.version)) ? [] : differs('version', they.version, we?.version ?? null)),
  ]
})

describe.skipIf(missingNamespaces !== false)(`haechi scan (${missingNamespaces || 'lab'})`, () => {
  test('every planted fault is found, with its severity', () => {
    const missed = plantedFaults.filter((fault) => !lines.some((line) => isOne(line, fault) && line.severity === fault.severity))
    expect(missed.map((fault) => ({ ...fault, instead: lines.filter((line) => isOne(line, fault)).map(told) }))).toEqual([])
  })

  test('nothing else is high or critical', () => {
    const grave = lines.filter(({ severity }) => severity === 'high' || severity === 'critical')
    expect(grave.filter((line) => ![...plantedFaults, ...follows].some((fault) => isOne(line, fault) && fault.severity === line.severity)).map(told)).toEqual([])
    expect(grave.length).toBeGreaterThan(10)
  })

  test('careful hosts have nothing that is medium or worse', () => {
    const careful = ['clean.example', 'www.clean.example', 'signed.example', 'www.signed.example', 'www.lab.example', 'catchall.lab.example', '198.51.100.20']
    // Postfix takes anonymous suites on its port for mail by its own choice: who sends there does not authenticate it anyway (RFC 7672, 8.2).
    expect(lines.filter(({ asset, severity, weakness, place }) => careful.includes(asset) && ['medium', 'high', 'critical'].includes(severity ?? '') && !(weakness === 'tls.suite_without_authentication' && place === 'tcp/25')).map(told)).toEqual([])
  })

  test('no secret of the lab is in what is told', () => {
    const everything = JSON.stringify(lines)
    expect(everything).not.toContain('k9-vR3wq71Lm')
    expect(everything).not.toMatch(/BEGIN (?:RSA |EC )?PRIVATE KEY/)
  })

  test.skipIf(missingKnowledge !== false)(`no service of Debian is told to be vulnerable by its version alone, and no banner of a trap is believed (${missingKnowledge || 'knowledge'})`, () => {
    expect(knowing.filter(({ origin }) => origin === 'version').map(({ asset, place, severity, evidence }) => `${asset} ${place} ${severity}: ${evidence}`)).toEqual([])
    expect(knowing.filter(({ severity }) => severity === 'high' || severity === 'critical')).toEqual([])
    // The versions were seen.
    expect(knowing.filter(({ kind, evidence }) => kind === 'service' && /OpenSSH 9|Apache HTTP Server 2\.4|nginx 1\.22/.test(evidence)).length).toBeGreaterThan(2)
  })
})

const missingAll = missingNamespaces !== false ? missingNamespaces : !full ? 'minutes: HAECHI_TEST_FULL=1' : missingTemplates

test.skipIf(missingAll !== false)(`of all public templates none calls high or critical what is not (${missingAll || 'all'})`, async () => {
  const folder = join(scratch, 'templates')
  for (const { path, content } of corpusFiles() ?? []) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const { code, stdout, stderr, ms } = await haechi(lab, [
    'scan', ...['services', 'panel', 'www', 'catchall', 'git'].map((name) => `${name}.lab.example`), addressAt('honeypot'), '--ports', '21-25,53,80,110,139,143,443,445,873,993,1883,3306,5432,6379,8080,8081', '--templates', folder, '--scope', scopeFile(scratch), '--json',
  ])
  figures['haechi scan with all public templates, s'] = seconds(ms)
  expect(code, stderr).toBe(0)
  expect(linesOf(stdout).filter((line) => (line.severity === 'high' || line.severity === 'critical') && !plantedFaults.some((fault) => isOne(line, fault))).map(told)).toEqual([])
})

describe.skipIf(missingNamespaces !== false)(`ports and services (${missingNamespaces || 'lab'})`, () => {
  test('services agree with nmap -sV, or we are right', () => {
    const found = differences()
    console.table(found.map((each) => ({ ...each, right: known[`${each.place} ${each.field}`]?.[0] ?? '?' })))
    expect(theirs.map(({ address, port }) => `${hostAt(address)}:${port}`).toSorted()).toEqual([...ours.keys()].toSorted())
    expect(found.filter(({ place, field }) => known[`${place} ${field}`] === undefined)).toEqual([])
    const told = theirs.length * 4
    const wrong = found.filter(({ place, field }) => known[`${place} ${field}`]?.[0] === 'nmap').length
    figures['agreement or right, %'] = Math.round((1 - wrong / told) * 1_000) / 10
    expect(wrong / told).toBeLessThanOrEqual(0.01)
  })

  test('every version that we name is the one of the package', () => {
    const versions = [...ours].flatMap(([place, { product, version, fullVersion }]) => {
      const name = product === null ? undefined : packageOf[product]
      // catchall says that it is another.
      return version === null || name === undefined || place.startsWith('catchall') ? [] : [{ place, product, version: fullVersion ?? version, installed: installed(name) }]
    })
    expect(versions.length).toBeGreaterThan(12)
    expect(versions.filter(({ version, installed }) => version !== installed)).toEqual([])
  })

  test('of all 65,535 ports by connects, those are open that nmap finds, and a wall is told from a closed port', async () => {
    const address = addressAt('services')
    const connecting = await nmap(lab, ['-sT', '-p-', address])
    const [report, walled] = await ask(lab, [{ about: 'ports', address, ports: all }, { about: 'ports', address: addressAt('walled'), ports: all.slice(0, 1_000) }])
    figures['65,535 ports, ms'] = Math.round(report?.ms ?? 0)
    figures['nmap -sT -p-, ms'] = Math.round(connecting.ms)
    expect(walled?.answer.behaviour).toBe('ordinary')
    expect(report?.answer.open).toEqual(connecting.ports.map(({ port }) => port))
    expect(report?.answer.filtered).toEqual([])
    expect(walled?.answer.open).toEqual([80])
    expect(walled?.answer.filtered).toHaveLength(999)
  })

  test('one host of TLS is looked at in half a second', async () => {
    const address = addressAt('services')
    const question = { about: 'tls' as const, address, port: 443, serverName: 'services.lab.example' }
    const [, warm] = await ask(lab, [question, question])
    const oracle = await lab.exec(['sslscan', '--no-colour', `${address}:443`])
    figures['TLS, ms'] = Math.round(warm?.ms ?? 0)
    figures['sslscan, ms'] = Math.round(oracle.ms)
    expect(warm?.answer.versions).toEqual(['tls12', 'tls13'])
    // The figure is for people: this machine has others to serve.
    expect(warm?.ms).toBeLessThan(2_000)
  })
})
