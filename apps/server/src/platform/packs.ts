// Content from outside is in force only as a stored, hashed copy that its kind has accepted, and the switch to it is one transaction:
// whatever goes wrong before, the version before stays. Defended by packs.integration.test.ts.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { lstat, mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { sql } from 'kysely'
import type { Clock } from './clock.ts'
import type { Database, Transaction } from './database.ts'
import { HaechiError } from './errors.ts'
import { newId } from './ids.ts'
import type { Logger } from './log.ts'
import type { Outbox } from './outbox.ts'

declare module './outbox.ts' {
  interface DomainEvents {
    /** `version` null: the pack was removed. */
    'platform.pack_switched.v1': { kind: string; name: string; version: string | null; previous: string | null }
  }
}

/** Where a pack comes from. Paths are absolute and belong to the machine that the server runs on. */
export type PackSource = { readonly type: 'directory'; readonly path: string }

export type PackFile = {
  /** Relative to the pack, with '/'. */
  readonly path: string
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  /** Errors: pack_damaged when the stored copy is not what was accepted. */
  read(): Promise<Uint8Array>
}

/** One thing in a pack that its kind cannot use. `line` counts from 1. */
export type PackRejection = { readonly file: string; readonly line: number | null; readonly code: string; readonly reason: string }
export type PackVerdict = { readonly accepted: number; readonly rejected: readonly PackRejection[] }

export type PackKind = {
  /** sigma-rules */
  readonly kind: string
  /** What belongs to a pack of this kind ('.yml'); other files of the source are left where they are. */
  readonly extensions: readonly string[]
  /** A pack with something accepted may be switched to; what is rejected is reported and the kind leaves it out when it loads. */
  validate(files: readonly PackFile[]): Promise<PackVerdict> | PackVerdict
}

/** `tenantId` null: for all tenants. */
export type PackName = { readonly kind: string; readonly name: string; readonly tenantId: string | null }
export type Pack = PackName & {
  /** Of the content: the same files are the same version. */
  readonly version: string
  readonly previous: string | null
  readonly source: PackSource
  /** `rejected` has the first 1000 of `rejectedCount`. */
  readonly report: { readonly accepted: number; readonly rejectedCount: number; readonly rejected: readonly PackRejection[] }
  readonly switchedAt: number
}

export interface Packs {
  register(kind: PackKind): void
  /**
   * Copies, checks and switches; `switched` is false when this version is in force already. Names have lower-case letters, digits, '.', '_' and '-'.
   * Errors: parameter_invalid, pack_source_unreadable, pack_file_refused, pack_too_large, pack_empty, pack_rejected, data_directory_unusable.
   */
  install(name: PackName, source: PackSource): Promise<{ pack: Pack; switched: boolean }>
  /** Back to the version before, after checking it again; a second time forth again. Errors: not_found, pack_no_previous, pack_damaged, pack_rejected. */
  rollback(name: PackName): Promise<Pack>
  /** Errors: not_found. */
  remove(name: PackName): Promise<void>
  /** What is in force for a tenant (its own and those for all), or with null every pack of every tenant. */
  list(tenantId: string | null): Promise<Pack[]>
  /** Errors: pack_damaged. */
  files(pack: Pack): Promise<PackFile[]>
}

const filesMost = 50_000
const fileBytesMost = 128 * 1_048_576
const packBytesMost = 512 * 1_048_576
const depthMost = 32
const rejectionsKept = 1_000

type Listed = { path: string; bytes: number; sha256: string }

export async function openPacks(options: { database: Database; outbox: Outbox; clock: Clock; log: Logger; dataDirectory: string }): Promise<Packs> {
  const { database, outbox, clock, log } = options
  const root = join(options.dataDirectory, 'packs')
  const staging = join(root, '.staging')
  const kinds = new Map<string, PackKind>()
  // What an interrupted installation has left.
  await rm(staging, { recursive: true, force: true })

  /** Installations follow each other, so that none removes what another is about to switch to. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }

  function kindOf({ kind, name }: PackName): PackKind {
    const found = kinds.get(kind)
    if (found === undefined) throw new HaechiError('parameter_invalid', { name: 'kind', reason: [...kinds.keys()].join(', ') })
    if (!/^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,63}$/.test(name)) throw new HaechiError('parameter_invalid', { name: 'name', reason: '[a-z0-9._-]{1,64}' })
    return found
  }
  const place = (kind: string, name: string, version: string): string => join(root, kind, name, version)
  const scoped = <T>(tenantId: string | null, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    tenantId === null ? database.platform(work) : database.tenant(tenantId, work)

  async function validate(kind: PackKind, name: PackName, version: string): Promise<Pack['report']> {
    const verdict = await kind.validate(await stored(name, version))
    if (verdict.accepted === 0) {
      const [first] = verdict.rejected
      throw new HaechiError('pack_rejected', { name: name.name, count: verdict.rejected.length, first: first === undefined ? '-' : `${first.file}:${first.line ?? 0} ${first.code}` })
    }
    return { accepted: verdict.accepted, rejectedCount: verdict.rejected.length, rejected: verdict.rejected.slice(0, rejectionsKept) }
  }

  async function stored({ kind, name }: PackName, version: string): Promise<PackFile[]> {
    const directory = place(kind, name, version)
    const damaged = (file: string, cause?: unknown): HaechiError => new HaechiError('pack_damaged', { name, file: join(directory, file) }, { cause })
    const manifest = await readFile(join(directory, 'manifest.json'), 'utf8').catch((error: unknown) => { throw damaged('manifest.json', error) })
    if (versionOf(manifest) !== version) throw damaged('manifest.json')
    return (JSON.parse(manifest) as Listed[]).map((listed) => ({
      ...listed,
      read: async () => {
        const file = join('files', listed.path)
        const bytes = await readFile(join(directory, file)).catch((error: unknown) => { throw damaged(file, error) })
        if (createHash('sha256').update(bytes).digest('hex') !== listed.sha256) throw damaged(file)
        return bytes
      },
    }))
  }

  async function readAll(name: PackName, version: string): Promise<void> {
    for (const file of await stored(name, version)) await file.read()
  }
  const isSound = (name: PackName, version: string): Promise<boolean> => readAll(name, version).then(() => true, () => false)

  async function switchTo(name: PackName, version: string, source: PackSource, report: Pack['report']): Promise<Pack> {
    const pack = await scoped(name.tenantId, async (tx) => {
      const before = await find(tx, name)
      const previous = before?.version === version ? before.previous : before?.version ?? null
      await sql`INSERT INTO platform_packs (tenant_id, kind, name, version, previous, source, report, switched_at)
        VALUES (${name.tenantId ?? '*'}, ${name.kind}, ${name.name}, ${version}, ${previous}, ${JSON.stringify(source)}, ${JSON.stringify(report)}, ${new Date(clock.now())})
        ON CONFLICT (tenant_id, kind, name) DO UPDATE SET version = excluded.version, previous = excluded.previous, source = excluded.source,
          report = excluded.report, switched_at = excluded.switched_at`.execute(tx)
      await announce(tx, name, version, previous)
      return (await find(tx, name))!
    })
    log.info({ kind: name.kind, pack: name.name, tenant: name.tenantId, version, accepted: report.accepted, rejected: report.rejectedCount }, 'pack switched')
    await sweep(name)
    return pack
  }

  const announce = (tx: Transaction, { kind, name, tenantId }: PackName, version: string | null, previous: string | null): Promise<void> =>
    outbox.publish(tx, { type: 'platform.pack_switched.v1', tenantId, payload: { kind, name, version, previous } })

  async function find(tx: Transaction, { kind, name, tenantId }: PackName): Promise<Pack | null> {
    const { rows: [row] } = await sql<Row>`SELECT * FROM platform_packs WHERE tenant_id = ${tenantId ?? '*'} AND kind = ${kind} AND name = ${name}`.execute(tx)
    return row === undefined ? null : packOf(row)
  }

  /** Removes the stored versions that nothing names any more. */
  async function sweep({ kind, name }: PackName): Promise<void> {
    const { rows } = await database.platform((tx) => sql<{ version: string; previous: string | null }>`
      SELECT version, previous FROM platform_packs WHERE kind = ${kind} AND name = ${name}`.execute(tx))
    const needed = new Set(rows.flatMap((row) => [row.version, row.previous]))
    const versions = await readdir(join(root, kind, name)).catch(() => [])
    for (const version of versions) if (!needed.has(version)) await rm(place(kind, name, version), { recursive: true, force: true })
  }

  return {
    register(kind) {
      if (kinds.has(kind.kind)) throw new TypeError(`pack kind ${kind.kind} is there already`)
      kinds.set(kind.kind, kind)
    },
    install: (name, source) => inTurn(async () => {
      const kind = kindOf(name)
      if (!isAbsolute(source.path)) throw new HaechiError('parameter_invalid', { name: 'source', reason: source.path })
      const draft = join(staging, newId('pack', clock.now()))
      try {
        const listed = await copyDirectory(source.path, join(draft, 'files'), kind.extensions)
        if (listed.length === 0) throw new HaechiError('pack_empty', { path: source.path, extensions: kind.extensions.join(', ') })
        const manifest = JSON.stringify(listed)
        const version = versionOf(manifest)
        await writing(draft, () => writeFile(join(draft, 'manifest.json'), manifest, { flush: true }))
        const current = await scoped(name.tenantId, (tx) => find(tx, name))
        const target = place(name.kind, name.name, version)
        // A sound copy that is already there may be in use; a damaged one is replaced.
        if (!await isSound(name, version)) {
          await writing(target, async () => {
            await mkdir(dirname(target), { recursive: true })
            await rm(target, { recursive: true, force: true })
            await rename(draft, target)
          })
        }
        let report: Pack['report']
        try {
          report = await validate(kind, name, version)
        } catch (error) {
          await sweep(name)
          throw error
        }
        if (current?.version === version) return { pack: current, switched: false }
        return { pack: await switchTo(name, version, source, report), switched: true }
      } finally {
        await rm(draft, { recursive: true, force: true })
      }
    }),
    rollback: (name) => inTurn(async () => {
      const kind = kindOf(name)
      const current = await scoped(name.tenantId, (tx) => find(tx, name))
      if (current === null) throw new HaechiError('not_found', { what: `pack ${name.name}` })
      if (current.previous === null) throw new HaechiError('pack_no_previous', { name: name.name })
      // All of it is read once more: what is rolled back to must work now, not at its next use.
      await readAll(name, current.previous)
      return await switchTo(name, current.previous, current.source, await validate(kind, name, current.previous))
    }),
    remove: (name) => inTurn(async () => {
      kindOf(name)
      await scoped(name.tenantId, async (tx) => {
        const current = await find(tx, name)
        if (current === null) throw new HaechiError('not_found', { what: `pack ${name.name}` })
        await sql`DELETE FROM platform_packs WHERE tenant_id = ${name.tenantId ?? '*'} AND kind = ${name.kind} AND name = ${name.name}`.execute(tx)
        await announce(tx, name, null, current.version)
      })
      await sweep(name)
    }),
    list: (tenantId) => scoped(tenantId, async (tx) => (await sql<Row>`SELECT * FROM platform_packs ORDER BY kind, name, tenant_id`.execute(tx)).rows.map(packOf)),
    files: (pack) => stored(pack, pack.version),
  }
}

type Row = { tenant_id: string; kind: string; name: string; version: string; previous: string | null; source: PackSource; report: Pack['report']; switched_at: Date }
const packOf = (row: Row): Pack => ({
  kind: row.kind, name: row.name, tenantId: row.tenant_id === '*' ? null : row.tenant_id, version: row.version, previous: row.previous,
  source: row.source, report: row.report, switchedAt: row.switched_at.getTime(),
})
const versionOf = (manifest: string): string => createHash('sha256').update(manifest).digest('hex').slice(0, 32)
const reasonOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

async function writing<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new HaechiError('data_directory_unusable', { directory, reason: reasonOf(cause) }, { cause })
  }
}
async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof HaechiError ? cause : new HaechiError('pack_source_unreadable', { path, reason: reasonOf(cause) }, { cause })
  }
}

/** Copies the regular files below `source` and returns them in the order of their paths. A link anywhere refuses the pack: it may lead out of it. Hidden names are no content. */
async function copyDirectory(source: string, target: string, extensions: readonly string[]): Promise<Listed[]> {
  const listed: Listed[] = []
  let total = 0
  await writing(target, () => mkdir(target, { recursive: true }))
  const top = await reading(source, () => realpath(source))
  const walk = async (relative: string, depth: number): Promise<void> => {
    const directory = join(top, relative)
    if (depth > depthMost) throw new HaechiError('pack_file_refused', { file: directory, reason: 'depth' })
    const entries = await reading(directory, async () => {
      // A folder that was exchanged for a link since its parent was read.
      if (await realpath(directory) !== directory) throw new HaechiError('pack_file_refused', { file: directory, reason: 'link' })
      return await readdir(directory, { withFileTypes: true })
    })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`
      const file = join(top, path)
      if (entry.isDirectory()) await walk(path, depth + 1)
      else if (entry.isSymbolicLink()) throw new HaechiError('pack_file_refused', { file, reason: 'link' })
      else if (extensions.some((extension) => entry.name.toLowerCase().endsWith(extension))) {
        // oxlint-disable-next-line no-control-regex
        if (!entry.isFile() || /[\u0000-\u001f\u007f\\\ufffd]/.test(entry.name)) throw new HaechiError('pack_file_refused', { file, reason: entry.isFile() ? 'name' : 'type' })
        if (listed.length === filesMost) throw new HaechiError('pack_too_large', { path: source, limit: `${filesMost} files` })
        const copied = await copyFile(file, join(target, path), packBytesMost - total)
        total += copied.bytes
        listed.push({ path, ...copied })
      }
    }
  }
  await walk('', 0)
  return listed.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function copyFile(from: string, to: string, left: number): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  let input: FileHandle | null = null
  let output: FileHandle | null = null
  try {
    const before = await reading(from, () => lstat(from))
    // No link is followed and no named pipe waited for, even one that took the file's place just now.
    const source = input = await reading(from, () => open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
    const opened = await reading(from, () => source.stat())
    if (!opened.isFile() || opened.ino !== before.ino || opened.dev !== before.dev) throw new HaechiError('pack_file_refused', { file: from, reason: 'type' })
    await writing(to, () => mkdir(dirname(to), { recursive: true }))
    const copy = output = await writing(to, () => open(to, 'wx', 0o600))
    const buffer = Buffer.allocUnsafe(65_536)
    for (;;) {
      const { bytesRead } = await reading(from, () => source.read(buffer, 0, buffer.length))
      if (bytesRead === 0) break
      bytes += bytesRead
      if (bytes > fileBytesMost) throw new HaechiError('pack_file_refused', { file: from, reason: `> ${fileBytesMost} B` })
      if (bytes > left) throw new HaechiError('pack_too_large', { path: dirname(from), limit: `${packBytesMost} B` })
      hash.update(buffer.subarray(0, bytesRead))
      await writing(to, () => copy.writeFile(buffer.subarray(0, bytesRead)))
    }
    await writing(to, () => copy.datasync())
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await input?.close()
    await output?.close()
  }
}
