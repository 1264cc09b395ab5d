// `node tests/lab/up.ts`: the lab until Ctrl-C, for people. `node tests/lab/up.ts COMMAND ...`: the lab for one command, run beside its hosts. HAECHI_LAB=web,names
// for some of them.
import { spawn } from 'node:child_process'
import { missingNamespaces } from './network.ts'
import { hostNames } from './hosts.ts'
import { up } from './lab.ts'

if (missingNamespaces !== false) throw new Error(missingNamespaces)
const start = performance.now()
const named = process.env['HAECHI_LAB']?.split(',')
const lab = await up(named === undefined ? hostNames : hostNames.filter((name) => named.includes(name)))
for (const { name, addresses, tcp, udp } of lab.hosts) console.log(`${name.padEnd(12)} ${addresses.join(' ').padEnd(32)} ${[...tcp.map(String), ...udp.map((port) => `${port}/udp`)].join(' ')}`)
console.log(`up in ${((performance.now() - start) / 1000).toFixed(1)} s; beside the hosts: nsenter -t ${lab.scannerPid} -m -n -u --wd=$PWD COMMAND`)
const words = process.argv.slice(2)
if (words.length > 0) {
  const [program, ...rest] = lab.command(words)
  process.exitCode = await new Promise<number>((resolve) => { spawn(program, rest, { stdio: 'inherit' }).on('close', (code) => resolve(code ?? 1)) })
} else await new Promise((resolve) => { process.once('SIGINT', resolve).once('SIGTERM', resolve) })
await lab[Symbol.asyncDispose]()
