// A network of hosts in namespaces of the kernel: nothing of it is seen from the machine, and the machine is not seen from it. Each host has a root of its own laid
// over the machine's, processes of its own and an interface on one bridge; all of it lives in its first process and ends with the test that holds it, however that
// ends. Defended by tests/conformance/scan/lab.test.ts.
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export type HostFile = { readonly path: string; readonly content: string | Uint8Array; readonly mode?: string; readonly owner?: string }

export type Host = {
  readonly name: string
  /** '203.0.113.10', '2001:db8::10'; the first is its main one. */
  readonly addresses: readonly string[]
  readonly files: readonly HostFile[]
  /** Run as root by a shell inside it. What is to stay goes to the background by itself. */
  readonly start: string
  /** Up when something listens on these. */
  readonly tcp: readonly number[]
  readonly udp: readonly number[]
}

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string; readonly ms: number }
export type Running = { readonly signal?: AbortSignal; readonly input?: string; readonly environment?: Readonly<Record<string, string>>; readonly cwd?: string }

export interface HostNetwork extends AsyncDisposable {
  /** Process that holds the scanner's namespaces: `nsenter -t PID -m -n`. */
  readonly scannerPid: number
  /** What to start so that `words` run beside the hosts, from the machine's files. */
  command(words: readonly string[]): [string, ...string[]]
  exec(words: readonly string[], running?: Running): Promise<Ran>
  /** Ends a host at once, as a loss of power does. */
  kill(host: string): Promise<void>
}

const scannerAddresses = ['203.0.113.250', '198.51.100.250', '2001:db8::250']
const startsWithinMs = 30_000

const needed = [
  'unshare', 'setpriv', 'nsenter', 'ip', 'nft', 'openssl', 'named', 'dnssec-signzone', 'dnsmasq', 'nginx', 'apachectl', 'sshd', 'vsftpd', 'redis-server', 'memcached', 'mosquitto', 'mariadbd', 'smbd', 'postfix', 'dovecot', 'rsync', 'slapd', 'snmpd', 'Xtigervnc', 'nmap', 'sslscan',
]
const absentPrograms = (): string[] => needed.filter((name) => !['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) => existsSync(`${folder}/${name}`)))

/** Why a network of namespaces cannot be made here, or false. */
export const missingNamespaces: string | false = process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs Linux and root for network namespaces' : absentPrograms().length > 0 ? `needs ${absentPrograms().join(', ')} (npm test installs them on Debian)` : false

/** Errors: what a host printed, where it is not up in half a minute. */
export async function connectHosts(hosts: readonly Host[], resolver: string): Promise<HostNetwork> {
  const scanner = new Holder('scanner', [])
  const holders = new Map(hosts.map(({ name }) => [name, new Holder(name, ['--pid'])]))
  const all = [scanner, ...holders.values()]
  const end = async (): Promise<void> => void await Promise.all(all.map((each) => each.end()))
  try {
    const scannerPid = await scanner.pid
    scanner.run(`mount -t tmpfs tmpfs /mnt
echo 'nameserver ${resolver}' > /mnt/resolv.conf
mount --bind /mnt/resolv.conf /etc/resolv.conf
ip link set lo up
ip link add lab type bridge forward_delay 0
echo 0 > /proc/sys/net/ipv6/conf/lab/accept_dad
ip link set lab up
${scannerAddresses.map((address) => `ip addr add ${withPrefix(address)} dev lab`).join('\n')}
${(await Promise.all([...holders.values()].map(async (each, index) => `ip link add h${index} type veth peer name eth0 netns ${await each.pid} && ip link set h${index} master lab up`))).join('\n')}
`)
    for (const host of hosts) holders.get(host.name)?.run(hostScript(host))
    await Promise.all(hosts.map((host) => up(host, holders.get(host.name) as Holder)))
    // Whoever holds the lab may die before its death is a signal: then this one ends by itself.
    const command = (words: readonly string[], cwd = process.cwd()): [string, ...string[]] => ['nsenter', '-t', String(scannerPid), '-m', '-n', '-u', `--wd=${cwd}`, 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', String(process.pid), ...words]
    const running = new Set<Promise<unknown>>()
    return {
      scannerPid, command,
      exec(words, options = {}) {
        const done = ran(command(words, options.cwd), options)
        running.add(done)
        return done.finally(() => running.delete(done))
      },
      kill: (host) => holders.get(host)?.end() ?? Promise.resolve(),
      async [Symbol.asyncDispose]() {
        await end()
        await Promise.allSettled(running)
      },
    }
  } catch (error) {
    await end()
    throw new Error(`${(error as Error).message}\nscanner: ${scanner.printed}`, { cause: error })
  }
}

/** The first process of a host, or of the scanner, which sees the others' processes. Its namespaces live as long as it does, and it as long as this process. */
class Holder {
  readonly name: string
  /** As the machine sees it. */
  readonly pid: Promise<number>
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #closed: Promise<void>
  #printed = ''

  constructor(name: string, apart: readonly string[]) {
    this.name = name
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--uts', '--ipc', ...apart, '--fork', '--kill-child', 'sh'], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#closed = new Promise((resolve) => { this.#child.on('close', () => resolve()).on('error', () => resolve()) })
    this.#child.stdin.on('error', () => undefined)
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', (chunk) => { this.#printed = `${this.#printed}${String(chunk)}`.slice(-8_000) })
    this.pid = new Promise((resolve, reject) => {
      this.#child.stdout.once('data', () => resolve(Number(readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8'))))
      void this.#closed.then(() => reject(new Error(`no namespaces for ${name}: ${this.#printed}`)))
    })
    this.pid.catch(() => undefined)
    this.#child.stdin.write('echo begun\n')
  }

  get printed(): string { return this.#printed }
  get ended(): boolean { return this.#child.exitCode !== null || this.#child.signalCode !== null }

  run(script: string): void { this.#child.stdin.write(script) }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}

const withPrefix = (address: string): string => (isIPv6(address) ? `${address}/64 nodad` : `${address}/24`)

/** It may stand below what a host has of its own, or on another file system than the root. */
const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The machine's files below, its own changes in memory above them. The first process stays a shell: it takes in what loses its parent. */
const hostScript = ({ name, addresses, files, start }: Host): string => `hostname ${name}
until ip link show eth0 > /dev/null 2>&1; do sleep 0.02; done
ip link set lo up
ip link set eth0 up
${addresses.map((address) => `ip addr add ${withPrefix(address)} dev eth0`).join('\n')}
ip route add default via ${scannerAddresses[0]} 2> /dev/null
mount -t tmpfs tmpfs /mnt
mkdir /mnt/up /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work /mnt/root
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
mount --rbind /sys /mnt/root/sys
for each in run tmp var/log; do mount -t tmpfs tmpfs /mnt/root/$each; chmod 1777 /mnt/root/$each; done
mkdir -p /mnt/root/run/lock ${quoted(`/mnt/root${project}`)}
mount --bind ${quoted(project)} ${quoted(`/mnt/root${project}`)}
: > /mnt/root/etc/resolv.conf
printf '127.0.1.1 %s.lab.example %s\n127.0.0.1 localhost\n' ${name} ${name} > /mnt/root/etc/hosts
base64 -d << 'END' | chroot /mnt/root sh &
${Buffer.from(`${files.map(fileScript).join('')}${start}\n`).toString('base64')}
END
sleep infinity & wait
`

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const fileScript = ({ path, content, mode, owner }: HostFile): string =>
  `mkdir -p "$(dirname ${quoted(path)})" && printf %s ${Buffer.from(content).toString('base64')} | base64 -d > ${quoted(path)}\n${mode === undefined ? '' : `chmod ${mode} ${quoted(path)}\n`}${owner === undefined ? '' : `chown ${owner} ${quoted(path)}\n`}`

/** Ports that something listens on, from the kernel's table of that namespace. */
function listeners(pid: number, transport: 'tcp' | 'udp'): Set<number> {
  const ports = new Set<number>()
  for (const table of [transport, `${transport}6`]) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/)
      if (local !== undefined && state === (transport === 'tcp' ? '0A' : '07')) ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    }
  }
  return ports
}

function absent(pid: number, transport: 'tcp' | 'udp', ports: readonly number[]): string[] {
  const there = listeners(pid, transport)
  return ports.filter((port) => !there.has(port)).map((port) => `${transport}/${port}`)
}

async function up({ name, tcp, udp }: Host, holder: Holder): Promise<void> {
  const pid = await holder.pid
  const until = performance.now() + startsWithinMs
  for (;;) {
    const missing = holder.ended ? ['its first process'] : [...absent(pid, 'tcp', tcp), ...absent(pid, 'udp', udp)]
    if (missing.length === 0) return
    if (holder.ended || performance.now() > until) throw new Error(`${name} is not up, ${missing.join(', ')} missing:\n${holder.printed}`)
    await new Promise((resolve) => { setTimeout(resolve, 50) })
  }
}

function ran([program, ...words]: [string, ...string[]], { signal, input, environment, cwd }: Running): Promise<Ran> {
  const start = performance.now()
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], cwd, env: { ...process.env, ...environment } })
  const out: Buffer[] = []
  const faults: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => { out.push(chunk) })
  child.stderr.on('data', (chunk: Buffer) => { faults.push(chunk) })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  const interrupt = (): void => { child.kill('SIGINT') }
  signal?.addEventListener('abort', interrupt)
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      signal?.removeEventListener('abort', interrupt)
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(faults).toString(), ms: performance.now() - start })
    })
  })
}
