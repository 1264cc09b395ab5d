// A server as a user starts it: the command line in a process of its own on a data directory of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const corpus = process.env['HAECHI_CORPUS'] ?? join(root, '../shared/data')
const cli = join(root, 'apps/cli/src/main.ts')

export type TestServer = {
  readonly url: string
  readonly data: string
  readonly pid: number
  /** What it has printed. */
  readonly output: () => string
  /** A request with the rights of whoever holds the data directory. */
  api(path: string, init?: RequestInit & { tenant?: string }): Promise<Response>
  /** Creates a key and answers its id and secret. */
  createKey(options: { role: string; name: string; tenant?: string }): Promise<{ id: string; secret: string }>
  /** SIGTERM and wait; answers the exit code. */
  stop(): Promise<number | null>
  /** kill -9 of the server process and wait. */
  kill(): Promise<void>
  /** Starts again on the same data directory after stop or kill. */
  restart(): Promise<TestServer>
  remove(): Promise<void>
}

export async function startServer(options: { data?: string; args?: string[]; env?: NodeJS.ProcessEnv } = {}): Promise<TestServer> {
  const data = options.data ?? await mkdtemp(join(tmpdir(), 'haechi-server-'))
  const child = spawn(process.execPath, [cli, 'serve', '--data', data, '--port', '0', ...(options.args ?? [])], {
    cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...options.env },
  })
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const found = /https?:\/\/[\w.:[\]-]+/.exec(output)
      if (found !== null && output.includes(data)) resolve(found[0])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready:\n${output}`)))
  })
  const control = JSON.parse(await readFile(join(data, 'control.json'), 'utf8')) as { token: string; url: string }
  const api = (path: string, { tenant, ...init }: RequestInit & { tenant?: string } = {}) => fetch(new URL(path, control.url), {
    ...init, headers: { 'content-type': 'application/json', ...init.headers as Record<string, string>, authorization: `Haechi-Control ${control.token}`, 'x-haechi-tenant': tenant ?? 'default' },
  })
  return {
    url: control.url || url, data, pid: child.pid!, output: () => output, api,
    async createKey({ role, name, tenant }) {
      const response = await api('/api/v1/keys', { method: 'POST', body: JSON.stringify({ name, role }), ...(tenant === undefined ? {} : { tenant }) })
      const body = await response.json() as { key_id: string; secret: string }
      if (!response.ok) throw new Error(`keys: ${JSON.stringify(body)}`)
      return { id: body.key_id, secret: body.secret }
    },
    stop: () => end(child, 'SIGTERM'),
    kill: async () => { await end(child, 'SIGKILL') },
    restart: () => startServer({ ...options, data }),
    async remove() {
      if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGTERM')
      await rm(data, { recursive: true, force: true })
    },
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill(signal)
  })
}

/** Waits until everything up to `end` of the tenant's log can be searched. */
export async function searchable(server: TestServer, end: number, tenant = 'default'): Promise<void> {
  for (;;) {
    const response = await server.api(`/api/v1/events/progress?through=${end}&wait=30`, { tenant })
    const body = await response.json() as { searchable: number }
    if (!response.ok) throw new Error(JSON.stringify(body))
    if (body.searchable >= end) return
  }
}

/** Waits until everything up to `end` of the tenant's log was searched for attacks and grouped into incidents. */
export async function grouped(server: TestServer, end: number, tenant = 'default'): Promise<void> {
  for (;;) {
    const response = await server.api(`/api/v1/detection/progress?through=${end}&wait=30`, { tenant })
    const body = await response.json() as { grouped: number }
    if (!response.ok) throw new Error(JSON.stringify(body))
    if (body.grouped >= end) return
  }
}
