// TLS probes beside sslscan, on real servers set up in many ways. Where the two say different things, somebody else decides: openssl s_client, which shakes hands to the
// end with exactly what is in doubt.
import { execFile } from 'node:child_process'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeTls, trustStore } from '../../../engines/probes/src/index.ts'
import type { ProbeRun, TlsReport } from '../../../engines/probes/src/index.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { compared, factsOf, sslscan } from './sslscan.ts'
import type { Difference } from './sslscan.ts'
import { tlsServers } from './tls-servers.ts'
import type { TlsServer, TlsServers } from './tls-servers.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const run = promisify(execFile)
const roots = trustStore(rootCertificates)
const network = createScanNetwork({ scope: null, clock: systemClock })
let seed = 20_261_122
const about: ProbeRun = { network, signal: new AbortController().signal, timeoutMs: 10_000, now: () => systemClock.now(), random: () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223 >>> 0) }
const probe = ({ port, startTls }: Pick<TlsServer, 'port' | 'startTls'>): Promise<TlsReport> => probeTls({ host: '127.0.0.1', address: '127.0.0.1', port, serverName: null, startTls }, { run: about, roots })

type Judged = { readonly server: TlsServer; readonly report: TlsReport; readonly milliseconds: number; readonly same: number; readonly untold: number; readonly differences: readonly Difference[] }

let all: TlsServers | undefined
let opensslNames: ReadonlyMap<string, string>
const judged: Judged[] = []

beforeAll(async () => {
  await network.permit('127.0.0.1')
  all = await tlsServers(full)
  const { stdout } = await run('openssl', ['ciphers', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'])
  opensslNames = new Map([...stdout.matchAll(/^(\S+)\s+- (\S+)/gm)].map(([, standard = '', name = '']) => [standard, name]))
  // sslscan waits more than it works.
  const waiting = [...all.servers]
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let server = waiting.shift(); server !== undefined; server = waiting.shift()) {
      const report = await probe(server)
      const scanned = await sslscan('127.0.0.1', server.port, server.startTls === null ? [] : [`--starttls-${server.startTls}`])
      judged.push({ server, report, milliseconds: scanned.milliseconds, ...compared(factsOf(report, scanned.facts.get('certificate subject')), scanned.facts) })
    }
  }))
}, 600_000)
afterAll(async () => {
  network.close()
  await all?.[Symbol.asyncDispose]()
})

/** What only reading decides: who is right, and why. */
const decided: readonly { readonly fact: RegExp; readonly theirs: RegExp; readonly right: 'haechi' | 'sslscan'; readonly why: string }[] = [
  { fact: /^certificate key$/, theirs: /^unknown /, right: 'haechi', why: 'sslscan knows keys of RSA, DSA and EC; these are Ed25519, Ed448 and RSA-PSS' },
  { fact: /^key tls1\d TLS_DHE_RSA_WITH_(3DES|CAMELLIA_\d+_GCM)/, theirs: /^null$/, right: 'haechi', why: 'suites that its OpenSSL lacks sslscan finds with a hello of its own, behind which it does not read the key' },
]

const versionFlags: Readonly<Record<string, string>> = { tls10: '-tls1', tls11: '-tls1_1', tls12: '-tls1_2', tls13: '-tls1_3' }
const groupsOffered = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1', 'x448', 'secp224r1', 'secp192r1', 'sect163k1', 'secp160r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1', 'ffdhe2048']
const modernSuites = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256'
const temporaryKeys: Readonly<Record<string, string>> = { x25519: 'X25519', x448: 'X448', secp256r1: '(?:prime256v1|P-256)' }

/** Whether the server takes what we say it takes, and sslscan does not. */
async function confirmed({ port, startTls }: TlsServer, { fact, ours, theirs }: Difference): Promise<boolean> {
  if (ours === null || theirs !== null) return false
  const [kind, version = '', what = ''] = fact.split(' ')
  const modern = version === 'tls13'
  const suite = kind === 'suite' ? (modern ? what : opensslNames.get(what)) : kind === 'group' ? 'ECDHE' : 'ALL:PSK'
  if (suite === undefined) return false
  // A certificate of a curve is shown only to who offers that one too.
  const groups = kind !== 'group' ? groupsOffered : modern ? [what] : [what, ...groupsOffered.filter(curve => curve !== what)]
  const args = [
    's_client', '-connect', `127.0.0.1:${port}`, ...(startTls === null ? [] : ['-starttls', startTls]), versionFlags[version] ?? '', '-groups', groups.join(':'), '-legacy_server_connect', '-psk', '0102030405060708', '-cert', `${all!.folder}/rsa.pem`, '-key', `${all!.folder}/rsa.key`,
    ...(modern ? ['-ciphersuites', kind === 'suite' ? what : modernSuites] : ['-cipher', `${suite}:@SECLEVEL=0`]),
  ]
  const pending = run('openssl', args, { encoding: 'utf8', timeout: 10_000 })
  pending.child.stdin?.end()
  const { stdout } = await pending.catch((error: unknown) => error as { readonly stdout: string })
  if (!/Cipher is (?!\(NONE\))/.test(stdout)) return kind === 'suite' && confirmedByGnutls(port, startTls, version, what)
  return kind !== 'group' || modern || new RegExp(`Server Temp Key: (?:ECDH, )?${temporaryKeys[what] ?? what},`).test(stdout)
}

/** OpenSSL offers the groups of RFC 7919 in TLS 1.3 alone; servers of GnuTLS that have no parameters of their own want them for DHE before. */
async function confirmedByGnutls(port: number, startTls: string | null, version: string, suite: string): Promise<boolean> {
  const [, exchange, cipher] = /^TLS_(DHE_RSA|ECDHE_RSA|RSA)_WITH_((?:AES|CAMELLIA)_\d+_(?:GCM|CBC|CCM(?:_8)?)|CHACHA20_POLY1305)/.exec(suite) ?? []
  if (exchange === undefined || cipher === undefined) return false
  const named = cipher.replaceAll('_', '-')
  const priority = `NORMAL:-VERS-ALL:+VERS-TLS1.${Number(version.slice(-1))}:-KX-ALL:+${exchange.replace('_', '-')}:-CIPHER-ALL:+${named}`
  const pending = run('gnutls-cli', [...(startTls === null ? [] : [`--starttls-proto=${startTls}`]), '--insecure', '--port', String(port), '--priority', priority, '127.0.0.1'], { encoding: 'utf8', timeout: 10_000 })
  pending.child.stdin?.end()
  const { stdout } = await pending.catch((error: unknown) => error as { readonly stdout: string })
  return new RegExp(`Description:.*\\(${named}\\)`).test(stdout)
}

it('sslscan and the probe agree on at least 99 facts of 100, and of the rest the probe is right', async () => {
  const seen = judged.filter(({ server }) => server.unseen === null)
  expect(seen.length).toBeGreaterThan(full ? 70 : 20)
  let same = 0
  let different = 0
  const wrong: string[] = []
  const lines: string[] = []
  for (const { server, same: alike, differences } of seen) {
    same += alike
    different += differences.length
    for (const difference of differences) {
      const said = `${server.name}: ${difference.fact}: ${difference.ours}, sslscan ${difference.theirs}`
      const known = decided.find(({ fact, theirs }) => fact.test(difference.fact) && theirs.test(String(difference.theirs)))
      const right = known?.right ?? (await confirmed(server, difference) ? 'haechi' : null)
      lines.push(`${said}: ${right ?? 'nobody knows who'} is right${known === undefined ? ', says openssl s_client' : `: ${known.why}`}`)
      if (right !== 'haechi') wrong.push(said)
    }
  }
  if (full) process.stdout.write(`${lines.toSorted().join('\n')}\n${same} facts alike, ${different} not; ${seen.reduce((sum, { untold }) => sum + untold, 0)} that sslscan says nothing about\n`)
  expect(wrong).toEqual([])
  expect(same).toBeGreaterThan(full ? 3_000 : 800)
  expect(same / (same + different)).toBeGreaterThanOrEqual(0.99)
})

it.skipIf(!full)(`what sslscan does not see is there${full ? '' : ' (only in npm run test:full)'}`, async () => {
  const unseen = judged.filter(({ server }) => server.unseen !== null)
  expect(unseen.length).toBeGreaterThan(5)
  for (const { server, differences } of unseen) {
    expect(differences.length, server.name).toBeGreaterThan(0)
    for (const difference of differences) expect(await confirmed(server, difference), `${server.name}: ${difference.fact}: ${difference.ours}, sslscan ${difference.theirs}`).toBe(true)
  }
})

it('no server makes the probe stumble, and none of them has a fault of another kind', () => {
  for (const { server, report } of judged) {
    expect(report.faults, server.name).toEqual([])
    expect([report.heartbleed, report.ccsInjection].filter(Boolean), server.name).toEqual([])
    expect(report.findings.filter(({ severity }) => severity === 'high' || severity === 'critical'), server.name).toEqual([])
  }
})

const of = (name: string): TlsReport => judged.find(({ server }) => server.name === name)!.report
const found = (name: string): string[] => of(name).findings.map(({ check }) => check.replace('tls.', ''))

describe('what the configuration says is what is found', () => {
  it('the order of a server that has one', () => {
    const report = of('openssl, own order')
    expect(report.order['tls12']).toBe('server')
    expect(report.suites.filter(({ version }) => version === 'tls12').map(({ suite }) => suite)).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'])
    expect(of('openssl, as it is').order).toEqual({ tls12: 'client', tls13: 'client' })
  })

  it('both certificates of a server that has two', () => {
    expect(of('openssl, RSA and ECDSA').chains.map(({ certificates }) => certificates[0]?.publicKey.kind).toSorted()).toEqual(['EC', 'RSA'])
  })

  it('application protocols', () => {
    expect(of('nginx, no tickets, h2').protocols).toEqual(['h2', 'http/1.1'])
    expect(of('nginx, no tickets, h2').features.sessionTickets).toBe(false)
    expect(of('nginx, as it is').features.sessionTickets).toBe(true)
  })

  it.each([
    ['openssl, TLS 1.0 alone', ['old_version', 'no_current_version']], ['openssl, no forward secrecy', ['no_forward_secrecy']], ['openssl, without authentication', ['suite_without_authentication']],
    ['openssl, RSA of 1024 bits', ['certificate_weak_key', 'old_version']], ['openssl, DH of 1024 bits', ['dh_short']], ['gnutls, RC4 and 3DES', ['suite_rc4', 'suite_64_bit_block']],
  ])('%s', (name, expected) => { expect(found(name)).toEqual(expect.arrayContaining(expected)) })

  it('nothing but its own signature is wrong with a server of today', () => {
    expect(found('nginx, TLS 1.2 and 1.3 with strong suites')).toEqual(['certificate_self_signed'])
    expect(found('openssl, as it is')).toEqual(['certificate_self_signed'])
  })
})

it('a host takes no more than half a second, and no longer than with sslscan', async () => {
  const server = all!.servers.find(({ name }) => name === 'nginx, TLS 1.2 and 1.3 with strong suites')!
  const times: [ours: number, theirs: number][] = []
  for (let round = 0; round < 3; round++) {
    const started = performance.now()
    await probe(server)
    times.push([performance.now() - started, (await sslscan('127.0.0.1', server.port)).milliseconds])
  }
  const least = (which: 0 | 1): number => Math.min(...times.map((each) => each[which]))
  if (full) process.stdout.write(`${server.name}: ${least(0).toFixed(0)} ms, sslscan ${least(1).toFixed(0)} ms\n`)
  expect(least(0)).toBeLessThan(500)
  expect(least(0)).toBeLessThan(least(1))
})
