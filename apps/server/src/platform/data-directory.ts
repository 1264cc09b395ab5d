// One server per data directory: two would write the same log segments. Whoever dies, even by kill -9, frees the lock at that moment,
// so there is nothing stale to judge or clean up. Defended by data-directory.integration.test.ts.
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HaechiError } from './errors.ts'

const busy = 5 // SQLITE_BUSY, https://www.sqlite.org/rescode.html

/** The absolute path of the data directory: what was asked for, /var/lib/haechi for root, else the XDG Base Directory for data. */
export function resolveDataDirectory(asked: string | undefined, environment: NodeJS.ProcessEnv): string {
  if (asked !== undefined && asked !== '') return resolve(asked)
  if (process.getuid?.() === 0) return '/var/lib/haechi'
  const xdg = environment['XDG_DATA_HOME']
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(environment['HOME'] ?? homedir(), '.local/share'), 'haechi')
}

/**
 * Creates `directory` (0700) where it is missing and holds it for this process until `release`.
 * Errors: data_directory_in_use (with pid and URL from its control.json), data_directory_shared (any user may write there), data_directory_unusable.
 */
export async function lockDataDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  // SQLite's exclusive transaction is the one fcntl(2) lock that Node offers; the kernel drops it with the process. Nothing else may
  // open this file: closing any descriptor of it would drop the lock of the whole process.
  const file = join(directory, 'lock')
  let lock: DatabaseSync | undefined
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (((await lstat(`${directory}/.`)).mode & 0o002) !== 0) throw new HaechiError('data_directory_shared', { directory })
    await writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    lock = new DatabaseSync(file, { timeout: 0 })
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    if (error instanceof HaechiError) throw error
    if ((error as { errcode?: number }).errcode === busy) throw new HaechiError('data_directory_in_use', { directory, ...await holder(directory) }, { cause: error })
    throw new HaechiError('data_directory_unusable', { directory, reason: (error as Error).message }, { cause: error })
  }
  const held = lock
  return {
    release: async () => {
      if (held.isOpen) held.close()
    },
  }
}

async function holder(directory: string): Promise<{ pid: number | string; url: string }> {
  try {
    const { pid, url } = JSON.parse(await readFile(join(directory, 'control.json'), 'utf8')) as { pid?: unknown; url?: unknown }
    return { pid: typeof pid === 'number' ? pid : '?', url: typeof url === 'string' ? url : '?' }
  } catch {
    // It is starting and has not written the file yet, or has another owner: the refusal stands without the names.
    return { pid: '?', url: '?' }
  }
}
