// Ports beside nmap, state by state, on hosts that refuse, drop, forbid, are slow to refuse, die, and have everything open.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { XMLParser } from 'fast-xml-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePorts } from '@haechi/probes'
import type { HostReport, PortReport, UdpReport } from '@haechi/probes'
import { connectHosts, missingNamespaces } from '../../lab/network.ts'
import type { Host, HostNetwork } from '../../lab/network.ts'
import type { Question } from './port-questions.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const open = [21, 22, 25, 53, 80, 110, 143, 443, 993, 3306, 5432, 6379, 8080, 27_017, 50_000, 65_535]
const listening = `${process.execPath} -e 'for (const port of [${open.join()}]) require("node:net").createServer(socket => socket.on("error", () => {})).listen(port, "::")' &`
const rules = (...lines: string[]): string => `nft 'add table inet gate; add chain inet gate in { type filter hook input priority 0 ; }; ${lines.map((line) => `add rule inet gate in ${line}`).join('; ')}'`

const hosts: readonly Host[] = [
  { name: 'plain', addresses: ['203.0.113.40', '2001:db8::40'], files: [], start: listening, tcp: open, udp: [] },
  {
    name: 'gate', addresses: ['203.0.113.41'], files: [], tcp: open, udp: [],
    start: `${rules('tcp dport 1000-1999 drop', 'tcp dport 2000-2099 reject with icmp type admin-prohibited', 'tcp dport 2100-2199 reject with tcp reset', 'tcp dport { 25, 110 } drop', 'tcp dport 40000-43999 drop')}\n${listening}`,
  },
  { name: 'wall', addresses: ['203.0.113.42'], files: [], tcp: open, udp: [], start: `${rules('tcp dport { 22, 443, 50000 } accept', 'tcp dport 1-65535 drop')}\n${listening}` },
  // As BSD does: not more than two hundred refusals a second.
  { name: 'shy', addresses: ['203.0.113.43'], files: [], tcp: open, udp: [], start: `${rules(`tcp dport { ${open.join()} } accept`, 'tcp dport 1-65535 limit rate over 200/second burst 200 packets drop')}\n${listening}` },
  {
    name: 'pot', addresses: ['203.0.113.44'], files: [], tcp: open, udp: [],
    start: `nft 'add table ip pot; add chain ip pot in { type nat hook prerouting priority -100 ; }; add rule ip pot in tcp dport 1-65535 redirect to :22'\n${listening}`,
  },
  { name: 'mortal', addresses: ['203.0.113.45'], files: [], start: listening, tcp: open, udp: [] },
  {
    name: 'datagrams', addresses: ['203.0.113.46'], tcp: [], udp: [53, 137, 161, 11_211],
    files: [{ path: '/etc/snmp/snmpd.conf', content: 'agentAddress udp:161\nrocommunity public\n' }, { path: '/etc/samba/smb.conf', content: '[global]\nnetbios name = DATAGRAMS\nbind interfaces only = no\n' }],
    start: `mkdir -p /run/samba /var/log/samba /var/lib/samba/private
dnsmasq --no-resolv --no-hosts --conf-file=/dev/null --address=/probe.invalid/192.0.2.1
snmpd -Lo -C -c /etc/snmp/snmpd.conf -f > /dev/null 2>&1 &
nmbd -D
memcached -u nobody -l 0.0.0.0 -p 0 -U 11211 &`,
  },
]

const program = fileURLToPath(new URL('port-questions.ts', import.meta.url))
const all = Array.from({ length: 65_535 }, (_, at) => at + 1)
const figures: Record<string, number> = {}
let network: HostNetwork
if (missingNamespaces === false) beforeAll(async () => { network = await connectHosts(hosts, '203.0.113.46') })
afterAll(async () => {
  console.table(figures)
  await network?.[Symbol.asyncDispose]()
})

type AnswerTo<Q extends Question> = Q['about'] extends 'ports' ? PortReport : Q['about'] extends 'udp' ? UdpReport : HostReport

/** `onProgress`: with the number of ports that are done; may stop the process as Ctrl-C does. */
function ask<Q extends Question>(question: Q, onProgress: (done: number, interrupt: () => void) => void = () => undefined): Promise<{ readonly answer: AnswerTo<Q>; readonly ms: number }> {
  const [command, ...words] = network.command([process.execPath, program])
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(question))
  return new Promise((resolve, reject) => {
    let last: { readonly answer: AnswerTo<Q>; readonly ms: number } | null = null
    const lines = createInterface(child.stdout)
    lines.on('line', (line) => {
      const told = JSON.parse(line) as { readonly done: number } | { readonly answer: AnswerTo<Q>; readonly ms: number }
      if ('done' in told) onProgress(told.done, () => child.kill('SIGINT'))
      else last = told
    })
    child.on('error', reject).on('close', (code) => {
      if (last === null) reject(new Error(`${program} ended with ${code}`))
      else resolve(last)
    })
  })
}

type NmapXml = { readonly nmaprun: { readonly host: { readonly ports: {
  readonly extraports?: readonly { readonly state: string; readonly extrareasons: readonly { readonly ports: string }[] }[]
  readonly port?: readonly { readonly portid: string; readonly state: { readonly state: string } }[]
} } } }
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: (name) => ['extraports', 'extrareasons', 'port'].includes(name) })

async function nmap(words: readonly string[]): Promise<{ readonly states: ReadonlyMap<number, string>; readonly ms: number }> {
  const { code, stdout, stderr, ms } = await network.exec(['nmap', '-n', '-Pn', '-oX', '-', ...words])
  if (code !== 0) throw new Error(`nmap: ${stderr}`)
  const { extraports = [], port = [] } = (parser.parse(stdout) as NmapXml).nmaprun.host.ports
  const states = new Map(port.map(({ portid, state }) => [Number(portid), state.state]))
  for (const { state, extrareasons } of extraports) for (const { ports } of extrareasons) for (const each of parsePorts(ports).tcp) states.set(each, state)
  return { states, ms }
}

function differences(asked: readonly number[], { answer }: { readonly answer: PortReport }, states: ReadonlyMap<number, string>): string[] {
  const isOpen = new Set(answer.open)
  const isFiltered = new Set(answer.filtered)
  return asked.flatMap((port) => {
    const ours = isOpen.has(port) ? 'open' : isFiltered.has(port) ? 'filtered' : 'closed'
    return ours === states.get(port) ? [] : [`${port}: ours ${ours}, nmap ${states.get(port)}`]
  })
}

const apart = test.skipIf(missingNamespaces !== false)
const thorough = test.skipIf(missingNamespaces !== false || !full)

apart('all ports of a host, over IPv4 and IPv6, are in the states that nmap finds', async () => {
  for (const [address, asked, words] of [['203.0.113.40', full ? all : [...all.slice(0, 12_000), ...open.slice(-3)], []], ['2001:db8::40', full ? all : all.slice(0, 1_000), ['-6']]] as const) {
    const theirs = await nmap(['-sT', '-p', asked === all ? '-' : asked.join(), ...words, address])
    const ours = await ask({ about: 'ports', address, ports: asked })
    figures[`${asked.length} ports of ${address}, ms`] = Math.round(ours.ms)
    figures[`nmap -sT -p- of ${address}, ms`] = Math.round(theirs.ms)
    expect(ours.answer.open).toEqual(asked === all ? open : open.filter((port) => asked.includes(port)))
    expect(differences(asked, ours, theirs.states)).toEqual([])
    expect(ours.answer).toMatchObject({ untried: 0, behaviour: 'ordinary', faults: [] })
  }
})

apart('dropped, forbidden and reset are told apart as nmap tells them', async () => {
  const written = full ? '1-65535' : '20-120,990-1010,1990-2110,2190-2210'
  const asked = parsePorts(written).tcp
  const ours = await ask({ about: 'ports', address: '203.0.113.41', ports: asked })
  expect(differences(asked, ours, (await nmap(['-sT', '-T5', '--max-retries', '1', '-p', written, '203.0.113.41'])).states)).toEqual([])
  figures['with a filter in front, ms'] = Math.round(ours.ms)
})

thorough('what is open behind a wall is found in seconds (HAECHI_TEST_FULL=1)', async () => {
  const ours = await ask({ about: 'ports', address: '203.0.113.42', ports: all })
  figures['behind a wall, ms'] = Math.round(ours.ms)
  expect(ours.answer).toMatchObject({ open: [22, 443, 50_000], closed: 0, untried: 0, behaviour: 'ordinary', faults: [] })
  expect(ours.ms).toBeLessThan(90_000)
})

thorough('of a host that seldom says that a port is closed, what is open is found all the same (HAECHI_TEST_FULL=1)', async () => {
  const ours = await ask({ about: 'ports', address: '203.0.113.43', ports: all })
  figures['shy of refusals, ms'] = Math.round(ours.ms)
  expect(ours.answer.open).toEqual(open)
  expect(ours.answer).toMatchObject({ untried: 0, behaviour: 'ordinary', faults: [] })
})

apart('a host with everything open is known soon', async () => {
  const { answer, ms } = await ask({ about: 'ports', address: '203.0.113.44', ports: all })
  expect(answer.behaviour).toBe('open_everywhere')
  expect(answer.connects).toBeLessThan(1_000)
  figures['everything open, ms'] = Math.round(ms)
})

thorough('a rate is kept (HAECHI_TEST_FULL=1)', async () => {
  const { answer, ms } = await ask({ about: 'ports', address: '203.0.113.40', ports: all.slice(0, 500), rate: 500 })
  expect(answer.closed + answer.open.length).toBe(500)
  expect(ms).toBeGreaterThan(850)
})

apart('Ctrl-C ends a scan at once and keeps what it has seen', async () => {
  let stopped = 0
  const { answer } = await ask({ about: 'ports', address: '203.0.113.42', ports: all }, (_, interrupt) => {
    stopped ||= performance.now()
    interrupt()
  })
  expect(performance.now() - stopped).toBeLessThan(10_000)
  expect(answer.faults).toMatchObject([{ fault: 'cancelled' }])
  expect(answer.open).toEqual([22, 443])
  expect(answer.untried).toBeGreaterThan(60_000)
})

apart('hosts of a network are those that answer', async () => {
  const { answer, ms } = await ask({ about: 'hosts', addresses: Array.from({ length: 254 }, (_, at) => `203.0.113.${at + 1}`) })
  expect(answer.alive).toEqual([...hosts.map(({ addresses }) => addresses[0]), '203.0.113.250'])
  figures['254 addresses, ms'] = Math.round(ms)
})

apart('datagrams: open is what answers, closed what is refused', async () => {
  const asked = [53, 137, 161, 11_211]
  const { answer, ms } = await ask({ about: 'udp', address: '203.0.113.46', ports: [...asked, 123, 500] })
  const { states } = await nmap(['-sU', '-p', asked.join(), '203.0.113.46'])
  expect(answer.open.map(({ port, protocol }) => [port, protocol])).toEqual([[53, 'domain'], [137, 'netbios-ns'], [161, 'snmp'], [11_211, 'memcache']])
  expect(asked.map((port) => states.get(port))).toEqual(asked.map((port) => (port === 11_211 ? expect.stringMatching(/^open/) : 'open')))
  expect([answer.closed, answer.strange, answer.silent]).toEqual([[123, 500], [], []])
  figures['datagrams, ms'] = Math.round(ms)
})

// Last: it is gone afterwards.
thorough('a host that dies is left soon, and what was seen stays (HAECHI_TEST_FULL=1)', async () => {
  let killed: Promise<void> | null = null
  const { answer, ms } = await ask({ about: 'ports', address: '203.0.113.45', ports: all, rate: 20_000 }, (done) => { if (done > 8_000) killed ??= network.kill('mortal') })
  expect(killed).not.toBeNull()
  expect(answer.open).toEqual(expect.arrayContaining([22, 80, 443]))
  expect(answer.faults).toMatchObject([{ place: 'tcp', fault: 'timeout' }])
  expect(answer.untried).toBeGreaterThan(10_000)
  figures['dies, ms'] = Math.round(ms)
})
