// `node tests/bench/scan.ts [ROUNDS]`: ports, services and TLS of one host with sixteen services over a veth, beside nmap and sslscan in the same run, and a scan of it as
// a whole. Needs Linux, root and the packages of tests/run.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask } from '../conformance/scan/asking.ts'
import { nmap } from '../conformance/scan/oracles.ts'
import { haechi, scopeFile } from '../conformance/scan/running.ts'
import { up } from '../lab/lab.ts'
import { missingNamespaces } from '../lab/network.ts'

if (missingNamespaces !== false) throw new Error(missingNamespaces)
const rounds = Number(process.argv[2] ?? 5)
const all = Array.from({ length: 65_535 }, (_, index) => index + 1)
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 1_000 ? 3 : 2)} s`

const starting = performance.now()
await using lab = await up(['services', 'names'])
console.log(`lab of ${lab.hosts.length} hosts: up in ${seconds(performance.now() - starting)}; ${(await lab.exec(['nmap', '--version'])).stdout.split('\n')[0] ?? ''}; median of ${rounds}`)
const { addresses: [address = ''] = [], tcp = [] } = lab.hosts.find(({ name }) => name === 'services') ?? {}
const places = tcp.map((port) => ({ address, port }))
const scratch = mkdtempSync(join(tmpdir(), 'haechi-bench-'))
const scope = scopeFile(scratch)

const times: Record<string, number[]> = {}
const note = (name: string, ms: number): void => { (times[name] ??= []).push(ms) }
for (let round = 0; round < rounds; round += 1) {
  // A process of its own each time, as its peers are; the first question warms it up, and what a person waits for is in the whole.
  const [, ports] = await ask(lab, [{ about: 'ports', address, ports: tcp }, { about: 'ports', address, ports: all }])
  note('ports: haechi', ports?.ms ?? 0)
  if (ports?.answer.open.length !== tcp.length) console.log(`round ${round}: ${ports?.answer.open.length} of ${tcp.length} ports`)
  note('ports: nmap -sT -p-', (await nmap(lab, ['-sT', '-p-', address])).ms)
  note('ports: nmap -sS -p-', (await nmap(lab, ['-sS', '-p-', address])).ms)
  const [services] = await ask(lab, [{ about: 'services', places }])
  note('services: haechi', services?.ms ?? 0)
  if (round === 0) note('services: nmap -sV', (await nmap(lab, ['-sV', '-p', tcp.join(), address])).ms)
  const [, tls] = await ask(lab, Array.from({ length: 2 }, () => ({ about: 'tls' as const, address, port: 443, serverName: 'services.lab.example' })))
  note('TLS: haechi', tls?.ms ?? 0)
  note('TLS: sslscan', (await lab.exec(['sslscan', '--no-colour', `${address}:443`])).ms)
  note('all of it: haechi scan, top 1,000 ports', (await haechi(lab, ['scan', address, '--scope', scope, '--json'])).ms)
  note('all of it: haechi scan, all ports', (await haechi(lab, ['scan', address, '--scope', scope, '--ports', 'all', '--rate', '0', '--json'])).ms)
}
rmSync(scratch, { recursive: true, force: true })
for (const [name, values] of Object.entries(times)) console.log(`${name.padEnd(44)} ${seconds(median(values)).padStart(9)}   ${seconds(Math.min(...values))} to ${seconds(Math.max(...values))}`)
