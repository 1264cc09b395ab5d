// A BIND 9 of one's own on a loopback address: zones with every fault that the probe of zones looks for, signed ones of every kind, and DNS over TLS.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const needed = ['/usr/sbin/named', '/usr/bin/dig', '/usr/bin/delv', '/usr/bin/dnssec-signzone', '/usr/sbin/ip']
/** Why there is none; false where there is one. */
export const missingServers: string | false = process.getuid?.() !== 0 ? 'needs root, for port 53' : needed.every(file => existsSync(file)) ? false : `needs ${needed.filter(file => !existsSync(file)).join(', ')}`

export type NameServers = {
  /** Answers for its zones alone. */
  readonly authority: string
  /** Resolves for everybody. */
  readonly resolver: string
  /** In the form of delv's `-a`. */
  readonly anchors: (zone: string) => string
  readonly run: (program: string, ...words: readonly string[]) => string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const head = (ns: string): string => `$TTL 300\n@ IN SOA ${ns} hostmaster.lab.test. 7 3600 600 86400 60\n@ IN NS ${ns}\n`
const long = Array.from({ length: 30 }, (_, at) => `big IN TXT "${String(at).padStart(3, '0')}${'x'.repeat(200)}"\n`).join('')

const plainZones = (authority: string): Readonly<Record<string, string>> => ({
  '.': `${head('a.root.test.')}a.root.test. IN A ${authority}\nns1.lab.test. IN A ${authority}\n${['test', 'com', 'azurewebsites.net', 'github.io'].map(zone => `${zone}. IN NS ns1.lab.test.\n`).join('')}`,
  'com': head('ns1.lab.test.'),
  'azurewebsites.net': head('ns1.lab.test.'),
  'github.io': `${head('ns1.lab.test.')}taken IN A ${authority}\nfree IN A ${authority}\n`,
  'provider.test': `${head('ns1.lab.test.')}_spf IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\nopen IN TXT "v=spf1 +all"\nlab.test._report._dmarc IN TXT "v=DMARC1"\n`,
  'lab.test': `${head('ns1')}@ IN NS ns2.lab.test.
@ IN NS ns-gone.provider.test.
ns1 IN A ${authority}
ns2 IN A ${authority.replace(/\d+$/, '250')}
@ IN MX 10 mail
@ IN MX 20 mx.unregistered-7f3a.com.
@ IN TXT "v=spf1 include:_spf.provider.test include:open.provider.test a:nothing.lab.test a:void1.lab.test a:void2.lab.test ?all"
@ IN A 203.0.113.80
@ IN CAA 0 issue "ca.test"
_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:a@provider.test,mailto:b@elsewhere.test"
_mta-sts IN TXT "v=STSv1"
mail IN A 203.0.113.25
www IN CNAME @
dev IN A 10.1.2.3
vpn IN AAAA 2001:db8::1
dangling IN CNAME nothing.lab.test.
expired IN CNAME www.unregistered-9c1d.com.
cloud IN CNAME lab-7f3a.azurewebsites.net.
pages IN CNAME free.github.io.
mine IN CNAME taken.github.io.
ring1 IN CNAME ring2
ring2 IN CNAME ring1
*.wild IN A 203.0.113.81
real.wild IN A 203.0.113.82
lame IN NS lame-ns
lame-ns IN A ${authority}
orphan IN NS ns.unregistered-7f3a.com.
${long}`,
  'closed.test': `${head('ns1.lab.test.')}www IN A 203.0.113.90\napi IN CNAME www\nadmin IN A 203.0.113.91\nhidden-7f3a IN A 203.0.113.92\n*.any IN CNAME www\n`,
  'wild.test': `${head('ns1.lab.test.')}@ IN A 203.0.113.1\n* IN A 203.0.113.1\nwww IN A 203.0.113.2\napi IN A 203.0.113.1\n`,
})

const signedZone = (authority: string): string => `${head('ns1.lab.test.')}@ IN A ${authority}\n@ IN TXT "v=spf1 -all"\n@ IN MX 0 .\nWWW IN A 203.0.113.5\nmail IN MX 10 Mail.EXAMPLE.test.\n* IN TXT "any"\nsrv IN SRV 1 2 3 WWW.example.test.\nnaptr IN NAPTR 1 2 "s" "sip" "" X.example.test.\nsub.deep IN CAA 0 issue "ca.test"\n_443._tcp IN TLSA 3 1 1 ${'ab'.repeat(32)}\n`

type Signed = { readonly algorithm: string; readonly bits?: string; readonly options?: readonly string[]; readonly delegation?: 'none' | 'foreign'; readonly change?: (text: string) => string }
/** By their names, what is right or wrong with their signatures. */
export const signedZones: Readonly<Record<string, Signed>> = {
  'p256.test': { algorithm: 'ECDSAP256SHA256' },
  'p384.test': { algorithm: 'ECDSAP384SHA384', options: ['-3', 'abcd', '-H', '5'] },
  'ed25519.test': { algorithm: 'ED25519' },
  'ed448.test': { algorithm: 'ED448', options: ['-3', '-'] },
  'rsa256.test': { algorithm: 'RSASHA256', bits: '2048' },
  'rsa512.test': { algorithm: 'RSASHA512', bits: '1024' },
  'rsa1.test': { algorithm: 'NSEC3RSASHA1', bits: '2048', options: ['-3', '-'] },
  'expired.test': { algorithm: 'ECDSAP256SHA256', options: ['-s', '20240101000000', '-e', '20240201000000'] },
  'early.test': { algorithm: 'ECDSAP256SHA256', options: ['-s', '+86400000', '-e', '+90000000'] },
  'bogus.test': { algorithm: 'ECDSAP256SHA256', change: text => text.replace('"v=spf1 -all"', '"v=spf1 +all"').replace(/ 7(\s*;|\s+3600)/, ' 8$1') },
  'island.test': { algorithm: 'ECDSAP256SHA256', delegation: 'none' },
  'foreign.test': { algorithm: 'ECDSAP256SHA256', delegation: 'foreign' },
}

/** Ended by whoever started it. */
export async function startNameServers(): Promise<NameServers> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-dns-'))
  const net = `127.${20 + (process.pid >> 14) % 200}.${(process.pid >> 6) & 0xff}`
  const authority = `${net}.${1 + (process.pid & 63) * 3}`
  const resolver = `${net}.${2 + (process.pid & 63) * 3}`
  const run = (program: string, ...words: readonly string[]): string => execFileSync(program, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
  const write = (name: string, text: string): void => { writeFileSync(join(folder, name), text) }
  const zones = new Map(Object.entries(plainZones(authority)).map(([zone, text]) => [zone, { text, file: zone === '.' ? 'root' : zone }]))
  const digests: string[] = []
  const anchors = new Map<string, string>()
  for (const [zone, { algorithm, bits, options = [], delegation, change }] of Object.entries(signedZones)) {
    write(zone, signedZone(authority))
    const size = bits === undefined ? [] : ['-b', bits]
    const key = (...words: readonly string[]): string => run('dnssec-keygen', '-q', '-a', algorithm, ...size, ...words, zone).trim()
    const entry = key('-f', 'KSK')
    key()
    run('dnssec-signzone', '-q', '-S', '-P', '-N', 'keep', ...options, '-o', zone, '-f', `${zone}.signed`, zone)
    const signed = readFileSync(join(folder, `${zone}.signed`), 'utf8')
    if (change !== undefined) write(`${zone}.signed`, change(signed))
    zones.set(zone, { text: '', file: `${zone}.signed` })
    const digest = run('dnssec-dsfromkey', '-2', entry)
    if (delegation === undefined) digests.push(digest)
    if (delegation === 'foreign') digests.push(digest.replace(/[0-9A-F]{8}(\s*)$/, '00000000$1'))
    const [, tag, number, kind, hash = ''] = /DS (\d+) (\d+) (\d+) ([\dA-F ]+)/.exec(digest) ?? []
    anchors.set(zone, `trust-anchors { "${zone}." static-ds ${tag} ${number} ${kind} "${hash.replaceAll(' ', '').trim()}"; };\n`)
    write(`${zone}.anchor`, anchors.get(zone)!)
  }
  const children = [...zones.keys()].filter(zone => zone.endsWith('.test')).map(zone => `${zone}. IN NS ns1.lab.test.\n`).join('')
  // The zone of the root's own name has it, too: who asks there and hears that there is none forgets the root.
  zones.set('test', { text: `${head('ns1.lab.test.')}${children}${digests.join('')}ns1.lab.test. IN A ${authority}\na.root IN A ${authority}\n`, file: 'test' })
  for (const { text, file } of zones.values()) if (text !== '') write(file, text)
  const transferred = new Set(['lab.test', ...Object.keys(signedZones)])
  const configure = (name: string, address: string, options: string, served: string): void => {
    write(`${name}.conf`, `options { directory "${folder}"; pid-file none; session-keyfile none; managed-keys-directory "${folder}"; listen-on port 53 { ${address}; }; listen-on-v6 { none; }; dnssec-validation no; ${options} };\ncontrols { };\n${served}`)
  }
  configure('authority', authority, `listen-on port 853 tls ephemeral { ${authority}; }; recursion no; version "9.18-lab"; allow-transfer { none; }; check-integrity no;`,
    `${[...zones].map(([zone, { file }]) => `zone "${zone}" { type primary; file "${file}"; ${transferred.has(zone) ? 'allow-transfer { any; };' : ''} };\n`).join('')}zone "inline.test" { type primary; file "inline.test"; dnssec-policy default; inline-signing yes; allow-transfer { any; }; };\n`)
  write('inline.test', signedZone(authority))
  configure('resolver', resolver, 'recursion yes; allow-recursion { any; }; version none;', 'zone "." { type hint; file "hints"; };\n')
  write('hints', `. 3600 IN NS a.root.test.\na.root.test. 3600 IN A ${authority}\n`)
  const addresses = [authority, resolver]
  const started: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const child of started) {
      if (child.exitCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    for (const address of addresses) spawnSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo'])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    // BIND listens only on addresses that an interface has.
    for (const address of addresses) run('ip', 'address', 'add', `${address}/32`, 'dev', 'lo')
    for (const name of ['authority', 'resolver']) started.push(await begin('named', ['-g', '-n', '1', '-c', join(folder, `${name}.conf`)], / running\n/))
  } catch (error) {
    await stop()
    throw error
  }
  return { authority, resolver, run, anchors: zone => join(folder, `${zone}.anchor`), [Symbol.asyncDispose]: stop }
}

function begin(program: string, words: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>()
  const child = spawn(`/usr/sbin/${program}`, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (ready.test(said)) resolve(child)
  })
  child.on('exit', () => { reject(new Error(`${program} ended: ${said.slice(-2_000)}`)) })
  return promise
}
