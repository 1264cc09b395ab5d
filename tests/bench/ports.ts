// node tests/bench/ports.ts [--rounds 5]: all 65,535 ports of a host with 16 services, over a veth, as root: ours by connects, nmap's connect scan and its raw SYN scan,
// in turns. Wall clock of the scan alone for ours, of the whole process for nmap (which starts in a few hundredths of a second), and CPU time of both.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connectHosts, missingNamespaces } from '../lab/network.ts'
import { machine, quantile } from './load.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const open = [21, 22, 25, 53, 80, 110, 143, 443, 993, 3306, 5432, 6379, 8080, 11_211, 27_017, 50_000]
const address = '203.0.113.40'
const program = fileURLToPath(new URL('../conformance/probes/port-questions.ts', import.meta.url))

type Run = { readonly ms: number; readonly cpuMs: number; readonly open: number }

if (missingNamespaces !== false) console.log(missingNamespaces)
else await main()

async function main(): Promise<void> {
  console.log(machine())
  await using network = await connectHosts([{
    name: 'plain', addresses: [address], files: [], tcp: open, udp: [],
    start: `${process.execPath} -e 'for (const port of [${open.join()}]) require("node:net").createServer(socket => socket.on("error", () => {})).listen(port, "::")' &`,
  }], address)
  const question = JSON.stringify({ about: 'ports', address, ports: Array.from({ length: 65_535 }, (_, at) => at + 1) })

  async function ours(): Promise<Run> {
    const { stdout } = await network.exec([process.execPath, program], { input: question })
    const told = JSON.parse(stdout.trim().split('\n').at(-1)!) as { readonly answer: { readonly open: readonly number[] }; readonly ms: number; readonly cpuMs: number }
    return { ms: told.ms, cpuMs: told.cpuMs, open: told.answer.open.length }
  }
  async function nmap(kind: string): Promise<Run> {
    const { stdout, ms } = await network.exec(['sh', '-c', `nmap -n -Pn -p- --open ${kind} ${address}; times`])
    // POSIX times: the shell's own, then what its children took.
    const cpuMs = [...stdout.trim().split('\n').at(-1)!.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000, 0)
    return { ms, cpuMs, open: stdout.match(/^\d+\/tcp\s+open/gm)?.length ?? 0 }
  }
  const runs: { readonly ours: Run; readonly connect: Run; readonly syn: Run }[] = []
  for (let round = 0; round < Number(values.rounds); round++) runs.push({ ours: await ours(), connect: await nmap('-sT'), syn: await nmap('-sS') })

  const middle = (of: (run: typeof runs[number]) => number): number => quantile(runs.map(of), 0.5)
  const row = (which: 'ours' | 'connect' | 'syn'): object => ({ 'wall, s': (middle((run) => run[which].ms) / 1_000).toFixed(2), 'CPU, s': (middle((run) => run[which].cpuMs) / 1_000).toFixed(2), 'open': middle((run) => run[which].open) })
  console.table({ 'ours, connects': row('ours'), 'nmap -sT': row('connect'), 'nmap -sS': row('syn') })
  console.log(`ours takes ${middle(({ ours, connect }) => ours.ms / connect.ms).toFixed(2)} times nmap's connect scan and ${middle(({ ours, syn }) => ours.ms / syn.ms).toFixed(2)} times its SYN scan (medians of ${runs.length} rounds)`)
}
