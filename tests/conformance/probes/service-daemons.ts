// Real services on loopback, at ports where nothing is usual, so that only what they say can tell who they are. Each runs as whoever runs the tests, in a folder of its own.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Place = { readonly folder: string; readonly port: number; /** Of another daemon. */ readonly portOf: (name: string) => number }
type Daemon = { readonly name: string; readonly program: string; readonly needs?: string; readonly start: (place: Place) => readonly string[] }

const file = (path: string, content: string, mode = 0o644): string => {
  writeFileSync(path, content, { mode })
  return path
}
const asRoot = process.getuid?.() === 0

const daemons: readonly Daemon[] = [
  { name: 'redis', program: '/usr/bin/redis-server', start: ({ port, folder }) => ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder] },
  { name: 'redis-closed', program: '/usr/bin/redis-server', start: ({ port, folder }) => ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--requirepass', 'not-for-you'] },
  { name: 'memcached', program: '/usr/bin/memcached', start: ({ port }) => ['-l', '127.0.0.1', '-p', `${port}`, '-U', '0', ...(asRoot ? ['-u', 'nobody'] : [])] },
  { name: 'mosquitto', program: '/usr/sbin/mosquitto', start: ({ port, folder }) => ['-c', file(join(folder, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`)] },
  { name: 'git', program: '/usr/bin/git', start: ({ port, folder }) => ['daemon', `--port=${port}`, '--listen=127.0.0.1', `--base-path=${folder}`] },
  { name: 'vnc', program: '/usr/bin/Xtigervnc', start: ({ port }) => [`:${port}`, '-SecurityTypes', 'None', '-rfbport', `${port}`, '-localhost=1', '-nolisten', 'tcp', '-geometry', '64x64', '-depth', '16'] },
  { name: 'dns', program: '/usr/sbin/dnsmasq', start: ({ port }) => ['--keep-in-foreground', '--conf-file=/dev/null', `--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--no-resolv', '--pid-file=', ...(asRoot ? ['--user=root'] : [])] },
  { name: 'ldap', program: '/usr/sbin/slapd', start: ({ port, folder }) => {
    mkdirSync(join(folder, 'ldap'))
    const config = file(join(folder, 'slapd.conf'), `include /etc/ldap/schema/core.schema\nmoduleload back_mdb\nmodulepath /usr/lib/ldap\npidfile ${folder}/slapd.pid\ndatabase mdb\nsuffix "dc=example"\ndirectory ${folder}/ldap\n`)
    return ['-h', `ldap://127.0.0.1:${port}`, '-f', config, '-d', '0']
  } },
  { name: 'rsync', program: '/usr/bin/rsync', start: ({ port, folder }) => ['--daemon', '--no-detach', '--address=127.0.0.1', `--port=${port}`, `--config=${file(join(folder, 'rsyncd.conf'), `use chroot = no\n[everything]\npath = ${folder}\ncomment = all\n`)}`] },
  { name: 'ssh', program: '/usr/sbin/sshd', needs: '/run/sshd', start: ({ port, folder }) => {
    const key = join(folder, 'host')
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    return ['-D', '-e', '-f', '/dev/null', '-p', `${port}`, '-o', 'ListenAddress=127.0.0.1', '-o', 'PidFile=none', '-h', key]
  } },
  { name: 'redis-tls', program: '/usr/bin/stunnel4', start: ({ port, folder, portOf }) => {
    const pem = join(folder, 'stunnel.pem')
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj', '/CN=redis.example', '-keyout', pem, '-out', `${pem}.crt`])
    return [file(join(folder, 'stunnel.conf'), `foreground = yes\npid =\n[r]\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${portOf('redis')}\ncert = ${pem}.crt\nkey = ${pem}\n`)]
  } },
]

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => new Promise((resolve) => { server.close(resolve) })))
  return ports
}

const answers = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('connect', () => { socket.destroy(); resolve(true) }).on('error', () => { resolve(false) })
})

export type Daemons = { readonly port: (name: string) => number | null; readonly names: readonly string[]; readonly [Symbol.asyncDispose]: () => Promise<void> }

/** Those whose programs are here, once all of them take connections. Errors: what one printed that ended, or did not come up. */
export async function serviceDaemons(): Promise<Daemons> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-services-'))
  if (asRoot) mkdirSync('/run/sshd', { recursive: true })
  const here = daemons.filter(({ program, needs }) => existsSync(program) && (needs === undefined || existsSync(needs)))
  const free = await freePorts(here.length)
  const ports = new Map(here.map(({ name }, at) => [name, free[at] ?? 0]))
  const portOf = (name: string): number => ports.get(name) ?? 0
  const running: ChildProcess[] = []
  const printed = new Map<string, string>()
  for (const { name, program, start } of here) {
    const own = mkdtempSync(join(folder, `${name}-`))
    const child = spawn(program, start({ folder: own, port: portOf(name), portOf }), { stdio: ['ignore', 'pipe', 'pipe'], cwd: own })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => { printed.set(name, `${printed.get(name) ?? ''}${data.toString()}`.slice(-2000)) })
    running.push(child)
  }
  const end = async (): Promise<void> => {
    await Promise.all(running.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }))
    rmSync(folder, { recursive: true, force: true })
  }
  const until = performance.now() + 20_000
  for (const [name, port] of ports) {
    while (!await answers(port)) {
      const child = running[[...ports.keys()].indexOf(name)]
      if (performance.now() > until || (child?.exitCode ?? null) !== null) {
        await end()
        throw new Error(`${name} does not answer: ${printed.get(name) ?? 'it printed nothing'}`)
      }
    }
  }
  return { port: name => ports.get(name) ?? null, names: [...ports.keys()], [Symbol.asyncDispose]: end }
}
