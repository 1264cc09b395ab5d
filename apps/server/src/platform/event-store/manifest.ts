// Invariant: the manifest alone says which Parquet files count and where the hot table begins (`rolledEnd`): rows below it count in files only, rows from it on
// in the hot table only. It changes by one rename, so a crash at any moment leaves the old state or the new one. Defended by duckdb.integration.test.ts (kill at every step).
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HaechiError } from '../errors.ts'

/** `file` is relative to the tenant's folder; `end` is exclusive; times in ms. */
export type RolledFile = {
  readonly file: string
  readonly first: number
  readonly end: number
  readonly rows: number
  readonly bytes: number
  readonly minTime: number
  readonly maxTime: number
  readonly maxReceived: number
}
export type Manifest = { readonly version: 1; readonly rolledEnd: number; readonly sequence: number; readonly lost: number; readonly files: readonly RolledFile[] }

export const emptyManifest: Manifest = { version: 1, rolledEnd: 0, sequence: 0, lost: 0, files: [] }

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

/** Reads it and removes the Parquet files that it does not name: what a crash left of a roll that did not count yet. */
export async function openManifest(folder: string): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'manifest.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  let manifest = emptyManifest
  if (text === null) {
    if ((await listParquet(folder)).length > 0) throw new HaechiError('event_store_corrupt', { file: path, reason: 'missing, but there are Parquet files' })
    // From now on a missing manifest is a loss, not a beginning.
    await writeManifest(folder, manifest)
    await syncPath(dirname(folder))
  } else {
    try {
      manifest = JSON.parse(text) as Manifest
      if (manifest.version !== 1 || !Array.isArray(manifest.files)) throw new TypeError('of another kind')
    } catch (cause) {
      throw new HaechiError('event_store_corrupt', { file: path, reason: (cause as Error).message }, { cause })
    }
  }
  const named = new Set(manifest.files.map(({ file }) => file))
  for (const file of await listParquet(folder)) {
    if (!named.delete(file)) await rm(join(folder, file))
  }
  const missing = [...named][0]
  if (missing !== undefined) throw new HaechiError('event_store_corrupt', { file: join(folder, missing), reason: 'missing' })
  return manifest
}

async function listParquet(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const day of await readdir(folder, { withFileTypes: true })) {
    if (day.isDirectory() && /^\d{4,6}-\d\d-\d\d$/.test(day.name)) files.push(...(await readdir(join(folder, day.name))).map((name) => `${day.name}/${name}`))
  }
  return files
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, 'manifest.json')
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify(manifest))
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.tmp`, path)
  await syncPath(folder)
}

/** Gives a written Parquet file its durable name. COPY does not sync by itself. */
export async function keepFile(folder: string, temporary: string, file: string): Promise<number> {
  const target = join(folder, file)
  await syncPath(temporary)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  await syncPath(folder)
  await rename(temporary, target)
  await syncPath(dirname(target))
  return (await stat(target)).size
}
