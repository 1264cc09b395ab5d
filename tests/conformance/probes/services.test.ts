// Services are known by what they say, wherever they stand: real ones on ports where nothing is usual. Their versions are those of the packages.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identifyService } from '../../../engines/probes/src/index.ts'
import type { ProbeRun, Service } from '../../../engines/probes/src/index.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { serviceDaemons } from './service-daemons.ts'
import type { Daemons } from './service-daemons.ts'

const network = createScanNetwork({ scope: null, clock: systemClock })
let seed = 20_261_122
const run: ProbeRun = { network, signal: new AbortController().signal, timeoutMs: 3_000, now: () => performance.now(), random: () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223 >>> 0) }

type Told = Partial<Omit<Service, 'findings'>> & { readonly findings?: readonly string[] }
/** By the daemon's name; `version`: of the package of that name. */
const told: Readonly<Record<string, Told & { readonly package?: string }>> = {
  'redis': { name: 'redis', product: 'Redis', package: 'redis-server', findings: ['service.redis_without_password'] },
  'redis-closed': { name: 'redis', product: null, version: null, findings: [] },
  'redis-tls': { name: 'redis', tls: true, product: 'Redis', package: 'redis-server', findings: ['service.redis_without_password'] },
  'memcached': { name: 'memcache', product: 'Memcached', package: 'memcached', findings: ['service.memcached_without_password'] },
  'mosquitto': { name: 'mqtt', product: 'Mosquitto', package: 'mosquitto', findings: ['service.mqtt_anonymous'] },
  'git': { name: 'git', product: 'Git', version: null, findings: [] },
  'vnc': { name: 'rfb', findings: ['service.vnc_without_password', 'service.vnc_exposed'] },
  'dns': { name: 'domain', product: 'dnsmasq', package: 'dnsmasq-base', findings: [] },
  'ldap': { name: 'ldap', product: 'OpenLDAP', version: null, findings: [] },
  'rsync': { name: 'rsync', product: 'rsync', version: null, findings: ['service.rsync_without_password'] },
  'ssh': { name: 'ssh', product: 'OpenSSH', package: 'openssh-server', findings: [] },
}
const installed = (name: string): string => spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' }).stdout.replace(/^\d+:/, '').replace(/[-+~].*$/, '')

let daemons: Daemons
const found = new Map<string, Service>()
let tookMs = 0
beforeAll(async () => {
  await network.permit('127.0.0.1')
  daemons = await serviceDaemons()
  const began = performance.now()
  await Promise.all(daemons.names.map(async (name) => {
    found.set(name, await identifyService({ host: '127.0.0.1', address: '127.0.0.1', port: daemons.port(name) ?? 0, transport: 'tcp' }, { run }))
  }))
  tookMs = performance.now() - began
}, 60_000)
afterAll(async () => {
  network.close()
  await daemons[Symbol.asyncDispose]()
})

for (const [name, { package: from, findings, ...expected }] of Object.entries(told)) {
  test(name, ({ skip }) => {
    const service = found.get(name)
    if (service === undefined) skip(`no ${name} on this machine`)
    expect(service).toMatchObject(expected)
    expect(service?.faults).toEqual([])
    if (from !== undefined) expect(service?.fullVersion).toBe(installed(from))
    if (findings !== undefined) expect(service?.findings.map(({ check }) => check)).toEqual(findings)
  })
}

test('all of them together take a few seconds', () => {
  console.log(`${found.size} services at unusual ports: ${Math.round(tookMs)} ms`)
  expect(tookMs).toBeLessThan(15_000)
})

test('a port where nobody listens is a fault, and no service', async () => {
  expect(await identifyService({ host: '127.0.0.1', address: '127.0.0.1', port: 1, transport: 'tcp' }, { run })).toMatchObject({ name: 'unknown', faults: [{ fault: 'refused' }] })
})
