// The embedded PostgreSQL: one postmaster per data directory, on a unix socket only, that ends with the process that started it.
// Defended by postgres-launcher.integration.test.ts: a kill -9 of Node leaves no postmaster, one that is left nevertheless is adopted and never
// doubled, a postmaster that dies is started again, and a pid file in doubt is never deleted.
//
// Who may connect: `peer` with a map to the one role. The kernel names the caller, so there is no password to keep, and it works in
// both cases: the own user, and root with PostgreSQL under another uid (where plain peer would not match). `trust` would also let in
// whatever else runs under that uid; a password would protect nothing more, since that uid can read the cluster's files anyway. The
// socket's folder is 0700 and its owner is checked before anything is sent there.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants, readFileSync, type Stats } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, open, readFile, readdir, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { HaechiError } from './errors.ts'
import { type Binaries, type DatabaseUser, postgresBinaries, removeOtherBinaries } from './postgres-binaries.ts'

export type LaunchStep = 'copying_binaries' | 'initialising' | 'starting' | 'recovering' | 'adopting'

export type RunningPostgres = {
  /** `host` is the folder of the socket, as pg and libpq take it. It stays the same when the postmaster has to be started again. */
  readonly connection: { readonly host: string; readonly port: number; readonly user: string; readonly database: string }
  /** It was running already, left behind by a Node whose watchdog was killed as well. */
  readonly adopted: boolean
  /** Resolves, with why, when the postmaster died and could not be started again. Never before. */
  readonly lost: Promise<HaechiError>
  /** Fast shutdown: sessions are ended, everything is written, the postmaster is gone when it resolves. */
  readonly stop: () => Promise<void>
}

const major = '18'
const port = 5432 // names the socket; nothing listens on a network
const role = 'haechi'
const database = 'haechi'
const nobody = 65_534
const longestSocketPath = 103 // sun_path less its NUL: 107 on Linux, 103 on macOS
const largestLog = 10 * 2 ** 20

/**
 * Starts (or adopts) the cluster in `dataDirectory`, made on the first start, and the database `haechi` in it. The caller holds the lock of the
 * Haechi data directory, which is the parent: configuration, log, socket and, where needed, a copy of the binaries stand beside the cluster.
 * A postmaster that dies by itself is started again under the same connection.
 * Errors: data_directory_unreadable, data_directory_unusable, postgres_binaries_missing, postgres_user_unknown, postgres_directory_foreign,
 * postgres_major_mismatch, postgres_initdb_failed, postgres_start_failed, postgres_pid_file_in_doubt.
 */
export async function launchPostgres(options: { dataDirectory: string; report(step: LaunchStep): void }): Promise<RunningPostgres> {
  const report = (step: LaunchStep) => options.report(step)
  await mkdir(dirname(options.dataDirectory), { recursive: true, mode: 0o700 })
  const parent = await realpath(dirname(options.dataDirectory))
  const directory = join(parent, basename(options.dataDirectory))
  const exists = await clusterExists(directory)
  const user = await databaseUser(directory, parent)
  const binaries = await postgresBinaries(user, parent, report)
  if (!exists) {
    report('initialising')
    await initialise(directory, binaries, user)
  }
  const cluster: Cluster = { directory, binaries, user, config: `${directory}-config`, log: `${directory}.log`, report }
  await writeConfiguration(cluster)
  return supervise(cluster, await adopt(cluster))
}

type Cluster = { readonly directory: string; readonly binaries: Binaries; readonly user: DatabaseUser; readonly config: string; readonly log: string; readonly report: (step: LaunchStep) => void }
/** `child` is missing for one that was adopted. */
type Postmaster = { readonly pid: number; readonly socket: string; readonly child?: ChildProcess; readonly watchdog: Watchdog }
type Watchdog = { end(): void }

async function clusterExists(directory: string): Promise<boolean> {
  try {
    const found = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim()
    if (found !== major) throw new HaechiError('postgres_major_mismatch', { directory, found, wanted: major })
    return true
  } catch (error) {
    if (error instanceof HaechiError) throw error
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new HaechiError('data_directory_unusable', { directory, reason: (error as Error).message }, { cause: error })
  }
  // An empty one may be there: a mount point, or a folder made beforehand.
  if ((await readdir(directory).catch(() => [])).length > 0) throw new HaechiError('postgres_directory_foreign', { directory })
  return false
}

// --- whom it runs as ---

async function databaseUser(directory: string, parent: string): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0) {
    try {
      const { uid, gid, username } = userInfo()
      return { uid, gid, name: username, spawn: {} }
    } catch (error) {
      throw new HaechiError('postgres_user_unknown', { uid: process.getuid?.() ?? '?' }, { cause: error })
    }
  }
  // PostgreSQL refuses root. A cluster keeps the owner that it has, be it because another user's data directory is started by root.
  const owner = (await stat(directory).catch((): Stats | undefined => undefined))?.uid ?? 0
  const user = await knownUser(owner === 0 ? nobody : owner)
  let blocked = await firstClosed(parent, user)
  if (blocked === parent) {
    // The data directory itself is ours to open: passing through shows nobody its names, and every secret in it is 0600.
    await chmod(parent, ((await stat(parent)).mode & 0o777) | 0o001)
    blocked = await firstClosed(parent, user)
  }
  if (blocked === undefined) return user
  // Root started it on somebody's private folder: that somebody can get there.
  const { uid } = await stat(blocked)
  if (owner === 0 && uid !== 0) {
    const resident = await knownUser(uid)
    if (await firstClosed(parent, resident) === undefined) return resident
  }
  throw new HaechiError('data_directory_unreadable', { user: user.name, blocked, directory: parent })
}

async function knownUser(uid: number): Promise<DatabaseUser> {
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name, , id, group] = line.split(':')
    if (name !== undefined && group !== undefined && id === String(uid)) return { uid, gid: Number(group), name, spawn: { uid, gid: Number(group) } }
  }
  throw new HaechiError('postgres_user_unknown', { uid })
}

/** The first folder on the way to `directory`, from the root, that the user may not pass. Asked of the kernel as that user: modes do not tell of access lists. */
async function firstClosed(directory: string, user: DatabaseUser): Promise<string | undefined> {
  const way: string[] = []
  for (let step = directory; ; step = dirname(step)) {
    way.unshift(step)
    if (step === dirname(step)) break
  }
  const { output } = await run('/bin/sh', ['-c', 'for step; do cd "$step" 2>/dev/null || { printf %s "$step"; exit; }; done', 'sh', ...way], user)
  return output === '' ? undefined : output
}

async function run(command: string, args: readonly string[], user: DatabaseUser, environment: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; output: string }> {
  return await new Promise((done, failed) => {
    const child = spawn(command, args, { cwd: '/', env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...user.spawn })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { output += String(text) })
    child.once('error', failed)
    child.once('close', (code) => done({ code, output }))
  })
}

// --- the cluster ---

async function initialise(directory: string, binaries: Binaries, user: DatabaseUser): Promise<void> {
  const parent = dirname(directory)
  const prefix = `${basename(directory)}.initialising-`
  let draft: string | null = null
  try {
    // An initdb that outlives whoever started it may still write while its folder goes.
    for (const name of await readdir(parent)) if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    // Elsewhere first, under a name of its own: what a kill leaves behind is neither taken for a cluster nor written to by an initdb that lives on.
    draft = await mkdtemp(join(parent, prefix))
    if (user.spawn.uid !== undefined) await chown(draft, user.uid, user.gid)
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    const { code, output } = await run(binaries.initdb, ['-D', draft, '-U', role, ...locale, '--data-checksums', '--auth-local=peer', '--auth-host=reject', '--no-instructions'], user, binaries.environment)
    if (code !== 0) throw new HaechiError('postgres_initdb_failed', { directory, reason: reasonIn(output) ?? `exit code ${code}` })
    await rename(draft, directory)
    const folder = await open(parent, constants.O_RDONLY)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    if (draft !== null) await rm(draft, { recursive: true, force: true })
    if (error instanceof HaechiError) throw error
    throw new HaechiError('postgres_initdb_failed', { directory, reason: (error as Error).message }, { cause: error })
  }
}

const postgresqlConf = `# Written by Haechi at every start.
listen_addresses = ''
port = ${port}
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
min_wal_size = 64MB
max_wal_size = 512MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_checkpoints = off
# Statements and the details of a violated constraint carry values, and values may be secrets.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
`

/** Beside the cluster and owned by us: inside it, the user that PostgreSQL runs as could plant a link that root then writes through. */
async function writeConfiguration({ config, user }: Cluster): Promise<void> {
  await mkdir(config, { recursive: true })
  await chmod(config, 0o755)
  const callers = user.spawn.uid === undefined && user.name !== 'root' ? ['root', user.name] : ['root']
  const files = {
    'postgresql.conf': postgresqlConf,
    'pg_hba.conf': 'local all all peer map=haechi\n',
    'pg_ident.conf': callers.map((name) => `haechi "${name.replaceAll('"', '""')}" ${role}\n`).join(''),
  }
  for (const [name, content] of Object.entries(files)) {
    const file = join(config, name)
    await writeFile(`${file}.new`, content, { mode: 0o644 })
    await chmod(`${file}.new`, 0o644)
    await rename(`${file}.new`, file)
  }
}

/** The folder of the socket: beside the cluster, or under a short name where that path would not fit into sun_path. */
async function socketFolder({ directory, user }: Cluster): Promise<string> {
  const fits = (folder: string) => Buffer.byteLength(join(folder, `.s.PGSQL.${port}`)) <= longestSocketPath
  const shared = fits(join(tmpdir(), 'haechi-0123456789abcdef')) ? tmpdir() : '/tmp'
  const beside = `${directory}-socket`
  const folder = fits(beside) ? beside : join(shared, `haechi-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`)
  await mkdir(folder, { mode: 0o700 }).then(
    () => chown(folder, user.uid, user.gid),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  if (await isPrivate(folder, user)) return folder
  // Somebody else made it first, in a folder that everybody may write to: leave it to them.
  const own = await mkdtemp(join(shared, 'haechi-'))
  await chown(own, user.uid, user.gid)
  return own
}

async function isPrivate(folder: string, user: DatabaseUser): Promise<boolean> {
  const found = await lstat(folder).catch((): Stats | undefined => undefined)
  return found !== undefined && found.isDirectory() && found.uid === user.uid && (found.mode & 0o077) === 0
}

// --- one that runs already ---

/** 'starting' also stands for stopping and recovering: it is alive and does not take sessions now. A text is why it does not serve us. */
type Answer = 'serving' | 'starting' | 'silent' | { readonly refusal: string }

async function ask(socket: string, directory: string): Promise<Answer> {
  const client = new Client({ host: socket, port, user: role, database: 'postgres', connectionTimeoutMillis: 5_000, application_name: 'haechi-launcher' })
  // A socket that breaks between two calls reports here; the call itself fails as well.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows: [row] } = await client.query<{ directory: string }>(`SELECT current_setting('data_directory') AS directory`)
    if (row === undefined || await realpath(row.directory) !== await realpath(directory)) return { refusal: `it serves ${row?.directory}` }
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
    return 'serving'
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    // Class 57P: admin_shutdown, crash_shutdown, cannot_connect_now; 53300: too_many_connections.
    if (code.startsWith('57P') || code === '53300') return 'starting'
    return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? { refusal: message } : 'silent'
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The pid file of PostgreSQL: lines 1 pid, 2 data directory, 3 start time, 4 port, 5 socket folder, 8 status (src/include/utils/pidfile.h). */
async function pidFile(directory: string): Promise<{ pid: number; socket: string; ready: boolean } | undefined> {
  const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 1 ? { pid, socket: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' } : undefined
}

/** The postmaster that a killed Haechi left on this cluster, once it answers; undefined where there is none. */
async function adopt({ directory, user, report }: Cluster): Promise<Postmaster | undefined> {
  const home = await realpath(directory)
  let told = false
  for (let silent = 0; silent < 600; ) {
    const found = await pidFile(directory)
    if (found === undefined || !alive(found.pid)) return undefined
    const answer = await isPrivate(found.socket, user) ? await ask(found.socket, directory) : 'silent'
    if (answer === 'serving') {
      report('adopting')
      return { pid: found.pid, socket: found.socket, watchdog: watch(found.pid, directory, user) }
    }
    // A postmaster's working directory is its cluster. Where the kernel shows that it is not (the pid was given to another process), or
    // does not show it, PostgreSQL itself judges the file when it starts: it also knows of shared memory that is still in use.
    if (answer !== 'starting') {
      if (await readlink(`/proc/${found.pid}/cwd`).catch(() => '') !== home) return undefined
      silent++
    }
    if (!told) report('recovering')
    told = true
    await delay(50)
  }
  throw new HaechiError('postgres_pid_file_in_doubt', { file: join(directory, 'postmaster.pid'), pid: (await pidFile(directory))?.pid ?? '?' })
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  try {
    // A zombie has ended; in a container without an init nobody reaps it. Field 3 of proc_pid_stat(5), after the command in parentheses.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return fields.slice(fields.lastIndexOf(')') + 2, fields.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return true
  }
}

// --- start, watch, stop ---

async function start(cluster: Cluster, socket: string, stopping: () => boolean): Promise<Postmaster> {
  const { directory, binaries, user, config, log, report } = cluster
  report(await pidFile(directory) === undefined ? 'starting' : 'recovering')
  for (let attempt = 0; ; attempt++) {
    if (((await stat(log).catch((): Stats | undefined => undefined))?.size ?? 0) > largestLog / 2) await rename(log, `${log}.1`)
    const output = await open(log, 'a', 0o600)
    const from = (await output.stat()).size
    const files = [`config_file=${config}/postgresql.conf`, `hba_file=${config}/pg_hba.conf`, `ident_file=${config}/pg_ident.conf`].flatMap((setting) => ['-c', setting])
    // A session of its own: a Ctrl-C in the terminal is for Haechi, which stops its database after it has drained.
    const child = spawn(binaries.postgres, ['-D', directory, '-k', `"${socket.replaceAll('"', '""')}"`, ...files], {
      cwd: '/', env: binaries.environment, stdio: ['ignore', output.fd, output.fd], detached: true, ...user.spawn,
    })
    let reason: string | undefined
    const running = () => reason === undefined && child.exitCode === null && child.signalCode === null
    child.once('error', (error) => { reason = error.message })
    child.unref()
    const watchdog = child.pid === undefined ? { end: () => undefined } : watch(child.pid, directory, user)
    await output.close()
    while (running()) {
      const file = await pidFile(directory)
      const answer = file?.ready === true && file.pid === child.pid ? await ask(socket, directory) : 'starting'
      if (answer === 'serving' && child.pid !== undefined && running()) return { pid: child.pid, socket, child, watchdog }
      if (typeof answer === 'object') reason = answer.refusal
      if (stopping() || reason !== undefined) child.kill('SIGINT')
      await delay(10)
    }
    watchdog.end()
    const said = (await readFile(log).catch(() => Buffer.alloc(0))).subarray(from).toString()
    if (said.includes('lock file "postmaster.pid" already exists')) throw new HaechiError('postgres_pid_file_in_doubt', { file: join(directory, 'postmaster.pid'), pid: (await pidFile(directory))?.pid ?? '?' })
    // Backends of a killed postmaster notice within moments; until then their shared memory keeps the cluster closed.
    if (attempt < 50 && said.includes('is still in use') && !stopping()) await delay(100)
    else throw new HaechiError('postgres_start_failed', { directory, log, reason: reason ?? reasonIn(said) ?? `exit ${child.exitCode ?? child.signalCode}` })
  }
}

function reasonIn(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const fault = lines.findIndex((line) => /FATAL|PANIC|error:|could not/.test(line))
  // What follows without a time of its own continues the message.
  const message = fault === -1 ? lines.slice(-1) : lines.slice(fault, fault + 3).filter((line, i) => i === 0 || !/^\d{4}-/.test(line))
  return message.length === 0 ? undefined : message.join(' ').replace(/^.*?(FATAL|PANIC|error): +/, '')
}

// The watchdog waits on a pipe that only this process holds; when that ends, by kill -9 or otherwise, it asks the postmaster to shut down
// fast and, after ten seconds, at once. It runs as the database's user, so it could not harm a process of anybody else, and it signals
// only the pid that stands in the pid file. It is not an ancestor of the postmaster: killed alone it is started again, killed together
// with Node it leaves a postmaster that the next start adopts.
const watchdogScript = `
while read -r line; do :; done
ours() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ]; }
left=100
while [ $left -gt 0 ] && kill -0 "$1" 2>/dev/null; do
  ours "$1" "$2" && kill -INT "$1"
  left=$((left - 1))
  sleep 0.1
done
ours "$1" "$2" && kill -QUIT "$1"
exit 0`

function watch(pid: number, directory: string, user: DatabaseUser): Watchdog {
  let ending = false
  let current: ChildProcess
  const begin = () => {
    current = spawn('/bin/sh', ['-c', watchdogScript, 'haechi-postgres-watchdog', String(pid), directory], {
      cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio: ['pipe', 'ignore', 'ignore'], detached: true, ...user.spawn,
    })
    current.unref()
    const pipe = current.stdin as Socket
    pipe.unref()
    // Nothing is written to it, and its end shows in the exit below.
    pipe.on('error', () => undefined)
    current.on('error', () => undefined)
    current.once('exit', () => {
      if (!ending) setTimeout(() => { if (!ending) begin() }, 50).unref()
    })
  }
  begin()
  return { end: () => { ending = true; current.stdin?.end() } }
}

async function supervise(cluster: Cluster, adopted: Postmaster | undefined): Promise<RunningPostgres> {
  const { directory, user, log } = cluster
  let stopping = false
  const wished = () => stopping
  const socket = adopted?.socket ?? await socketFolder(cluster)
  let postmaster = adopted ?? await start(cluster, socket, wished)
  if (adopted === undefined) await removeOtherBinaries(cluster.binaries, dirname(directory))

  const ended = async ({ pid, child }: Postmaster) => {
    if (child === undefined) while (alive(pid)) await delay(stopping ? 20 : 500, undefined, { ref: stopping })
    else if (child.exitCode === null && child.signalCode === null) await new Promise((done) => { child.once('exit', done) })
  }
  const { promise: lost, resolve: lose } = Promise.withResolvers<HaechiError>()
  async function keepRunning(): Promise<void> {
    for (let attempt = 0; ; ) {
      // The wish may have come while this one was being started, too late for `start` and too early for `end`.
      if (wished()) postmaster.child?.kill('SIGINT')
      await ended(postmaster)
      postmaster.watchdog.end()
      if (wished()) return
      try {
        postmaster = await start(cluster, socket, wished)
        attempt = 0
      } catch (error) {
        if (wished()) return
        if (++attempt === 6) return lose(error as HaechiError)
        await delay(100 * 2 ** attempt)
      }
    }
  }
  const kept = keepRunning()
  const shortening = setInterval(() => { void shorten(log) }, 60_000).unref()

  async function end(): Promise<void> {
    const { pid, child } = postmaster
    if (child !== undefined) child.kill('SIGINT')
    else if (alive(pid)) await run('/bin/sh', ['-c', 'kill -INT "$1"', 'sh', String(pid)], user)
    await ended(postmaster)
  }
  async function stop(): Promise<void> {
    stopping = true
    clearInterval(shortening)
    // Everything waited for here is otherwise of no weight to the event loop, and it must not run dry before the postmaster is gone.
    const hold = setInterval(() => undefined, 1_000)
    await end()
    await kept
    postmaster.watchdog.end()
    if (!socket.startsWith(directory)) await rm(socket, { recursive: true, force: true })
    clearInterval(hold)
  }
  let stopped: Promise<void> | undefined
  return { connection: { host: socket, port, user: role, database }, adopted: adopted !== undefined, lost, stop: () => (stopped ??= stop()) }
}

/** The postmaster appends to its log and never reopens it, so the file is shortened in place once its contents are copied aside. */
async function shorten(log: string): Promise<void> {
  try {
    if ((await stat(log)).size < largestLog) return
    await writeFile(`${log}.1`, await readFile(log), { mode: 0o600 })
    await writeFile(log, '')
  } catch {
    // A full disk, or a log that somebody moved: the next minute tries again, and the log is not worth more.
  }
}
