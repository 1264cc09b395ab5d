// Web servers of other people's making, for probes of web sites: nginx, Apache and packages of npm, each on loopback on a port of its own.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { connect, createServer as createTcp } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type Running = { readonly url: string; readonly port: number } & AsyncDisposable

/** A server of Node on loopback; connections end with it. */
export async function serve(listener: RequestListener): Promise<Running & { readonly server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server, port, url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A folder of files, and a repository where one is wanted. Everybody may read it. */
export function site(files: Readonly<Record<string, string | Buffer>>, options: { readonly repository?: boolean } = {}): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'site-'))
  execFileSync('chmod', ['755', folder])
  if (options.repository === true) execFileSync('git', ['init', '-q', '-b', 'main', folder])
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return { folder, [Symbol.dispose]: () => { rmSync(folder, { recursive: true, force: true }) } }
}

export const nginx = (root: string, rules: string): Promise<Running> => started('nginx', root, (port, home) => `daemon off; master_process off; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log;
events {} http { types { text/html html; text/plain txt; application/javascript js; } default_type application/octet-stream; access_log off; client_body_temp_path ${home}/a; proxy_temp_path ${home}/b; fastcgi_temp_path ${home}/c; uwsgi_temp_path ${home}/d; scgi_temp_path ${home}/e;
server { listen 127.0.0.1:${port}; root ${root}; ${rules} } }`, (file) => ['nginx', '-c', file])

const modules = ['mpm_event', 'authz_core', 'authz_host', 'dir', 'mime', 'autoindex', 'status', 'dav', 'dav_fs', 'headers', 'alias', 'info']
export const apache = (root: string, rules: string): Promise<Running> => started('apache2', root, (port, home) => `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerRoot ${home}
ServerName localhost
PidFile ${home}/pid
ErrorLog ${home}/error.log
User nobody
Group nogroup
Listen 127.0.0.1:${port}
TypesConfig /etc/mime.types
DocumentRoot ${root}
DavLockDB ${home}/dav
DirectoryIndex index.html
${rules}
`, (file) => ['apache2', '-X', '-f', file])

/** A program in a folder of its own that listens where it was told; waited for until it does. */
export async function started(name: string, root: string, configuration: (port: number, home: string) => string, command: (file: string, port: number) => readonly string[]): Promise<Running> {
  const home = mkdtempSync(join(tmpdir(), `${name}-`))
  const port = await freePort()
  const file = join(home, 'configuration')
  writeFileSync(file, configuration(port, home))
  const [program = '', ...args] = command(file, port)
  const child = spawn(program, args, { cwd: root === '' ? home : root, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { printed = `${printed}${String(chunk)}`.slice(-4_000) })
  const ended = new Promise<void>((resolve) => child.on('close', () => { resolve() }))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(home, { recursive: true, force: true })
  }
  for (let tries = 0; !await listens(port); tries++) {
    if (child.exitCode !== null || tries > 300) {
      await stop()
      throw new Error(`${name} does not listen: ${printed}`)
    }
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))])
  }
  return { port, url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: stop }
}

const listens = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => {
    socket.destroy()
    resolve(true)
  }).on('error', () => { resolve(false) })
})

export async function freePort(): Promise<number> {
  const server = createTcp()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
