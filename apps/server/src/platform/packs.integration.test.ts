import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from './clock.ts'
import { silentLog } from './log.ts'
import { createOutbox } from './outbox.ts'
import type { DomainEvents, Outbox } from './outbox.ts'
import { openPacks } from './packs.ts'
import type { Pack, PackKind, PackName, Packs, PackSource } from './packs.ts'
import { testDatabase } from './postgres.fixture.ts'
import type { TestDatabase } from './postgres.fixture.ts'

let scratch: TestDatabase
let outbox: Outbox
let packs: Packs
let root: string
let switched: DomainEvents['platform.pack_switched.v1'][]
const clock = manualClock(Date.UTC(2026, 0, 1))

/** A word a line; a line with a blank in it is a fault. */
const words: PackKind = {
  kind: 'words',
  extensions: ['.words'],
  async validate(files) {
    let accepted = 0
    const rejected = []
    for (const file of files) {
      const lines = Buffer.from(await file.read()).toString().split('\n')
      for (const [index, line] of lines.entries()) {
        if (line === 'crash') throw new RangeError('a bug of the kind')
        if (line.includes(' ')) rejected.push({ file: file.path, line: index + 1, code: 'two_words', reason: line })
        else accepted++
      }
    }
    return { accepted, rejected }
  },
}

beforeEach(async () => {
  scratch = await testDatabase()
  root = await mkdtemp(join(tmpdir(), 'haechi-packs-'))
  outbox = createOutbox({ database: scratch.database, connection: scratch.connection, clock, log: silentLog })
  switched = []
  outbox.subscribe('test', ['platform.pack_switched.v1'], async ({ payload }) => { switched.push(payload) })
  await outbox.start()
  packs = await reopen()
})
afterEach(async () => {
  await outbox.stop()
  await scratch.drop()
  await rm(root, { recursive: true })
})

async function reopen(): Promise<Packs> {
  const opened = await openPacks({ database: scratch.database, outbox, clock, log: silentLog, dataDirectory: join(root, 'data') })
  opened.register(words)
  return opened
}
async function source(files: Record<string, string>): Promise<PackSource & { path: string }> {
  const path = await mkdtemp(join(root, 'source-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true })
    await writeFile(join(path, name), text)
  }
  return { type: 'directory', path }
}
const name: PackName = { kind: 'words', name: 'basic', tenantId: null }
const contents = async (pack: Pack): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all((await packs.files(pack)).map(async (file) => [file.path, Buffer.from(await file.read()).toString()] as const)))
const stored = (): Promise<string[]> => readdir(join(root, 'data/packs/words/basic'))

describe('switching', () => {
  test('install, the same again, a new version, back, forth, and away: each switch is one event, and the source is not needed again', async () => {
    const first = await source({ 'a.words': 'one\ntwo', 'deep/er/b.words': 'three\nfour and five', 'README.md': 'ignored', '.git/x.words': 'ignored' })
    const { pack: one, switched: wasSwitched } = await packs.install(name, first)
    expect(wasSwitched).toBe(true)
    expect(one).toMatchObject({ ...name, previous: null, source: first, switchedAt: clock.now(), report: { accepted: 3, rejectedCount: 1, rejected: [{ file: 'deep/er/b.words', line: 2, code: 'two_words', reason: 'four and five' }] } })
    expect(await packs.install(name, first)).toEqual({ pack: one, switched: false })
    const { pack: two } = await packs.install(name, await source({ 'a.words': 'changed' }))
    expect(two.previous).toBe(one.version)
    await rm(first.path, { recursive: true })
    packs = await reopen()
    expect(await packs.list(null)).toEqual([two])
    expect(await contents(two)).toEqual({ 'a.words': 'changed' })

    const back = await packs.rollback(name)
    expect(back).toMatchObject({ version: one.version, previous: two.version, report: one.report })
    expect(await contents(back)).toEqual({ 'a.words': 'one\ntwo', 'deep/er/b.words': 'three\nfour and five' })
    expect(await packs.rollback(name)).toMatchObject({ version: two.version, previous: one.version })
    await packs.remove(name)
    expect(await packs.list(null)).toEqual([])
    expect(await stored()).toEqual([])
    await outbox.deliver()
    const event = { kind: 'words', name: 'basic' }
    expect(switched).toEqual([
      { ...event, version: one.version, previous: null }, { ...event, version: two.version, previous: one.version },
      { ...event, version: one.version, previous: two.version }, { ...event, version: two.version, previous: one.version }, { ...event, version: null, previous: two.version },
    ])
  })

  test('the version is the content: names and bytes, not the place or the order of writing', async () => {
    const versions = []
    for (const files of [{ 'a.words': 'x', 'b.words': 'y' }, { 'b.words': 'y', 'a.words': 'x' }, { 'a.words': 'y', 'b.words': 'x' }, { 'a.words': 'x', 'c.words': 'y' }]) {
      versions.push((await packs.install(name, await source(files))).pack.version)
    }
    expect(versions[0]).toBe(versions[1])
    expect(new Set(versions).size).toBe(3)
    expect(await stored(), 'only what is in force and what was before').toHaveLength(2)
  })

  test('a tenant sees its own packs and those for all, and changes only its own', async () => {
    const { pack: forAll } = await packs.install(name, await source({ 'a.words': 'all' }))
    const { pack: own } = await packs.install({ ...name, tenantId: 'ten_a' }, await source({ 'a.words': 'own' }))
    expect(await packs.list('ten_a')).toEqual([forAll, own])
    expect(await packs.list('ten_b')).toEqual([forAll])
    await expect(packs.remove({ ...name, tenantId: 'ten_b' })).rejects.toMatchObject({ code: 'not_found' })
    await packs.install(name, await source({ 'a.words': 'all 2', 'b.words': 'x' }))
    await packs.install(name, await source({ 'a.words': 'all3' }))
    expect(await contents(own), 'a sweep for all spares the copy of a tenant').toEqual({ 'a.words': 'own' })
  })

  test('installations at the same time end with one in force and its copy whole', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map(async (text) => packs.install(name, await source({ 'a.words': text }))))
    const [pack] = await packs.list(null)
    expect(Object.values(await contents(pack!))[0]).toMatch(/^[abcd]$/)
    expect(await stored()).toHaveLength(2)
  })
})

describe('bad input', () => {
  let before: Pack
  beforeEach(async () => { before = (await packs.install(name, await source({ 'a.words': 'good' }))).pack })
  afterEach(async () => {
    expect(await packs.list(null)).toEqual([before])
    expect(await contents(before)).toEqual({ 'a.words': 'good' })
    expect(await stored()).toEqual([before.version])
    expect(await readdir(join(root, 'data/packs/.staging')).catch(() => [])).toEqual([])
  })

  test('names that could leave the folder of packs, or be mistaken for another', async () => {
    const fine = await source({ 'a.words': 'x' })
    for (const bad of ['../x', '..', '.', '', 'A', 'a/b', 'a..b', 'x'.repeat(65), 'a\0']) {
      await expect(packs.install({ ...name, name: bad }, fine), bad).rejects.toMatchObject({ code: 'parameter_invalid', params: { name: 'name' } })
    }
  })

  test('a kind that nobody registered, and a relative path', async () => {
    await expect(packs.install({ ...name, kind: '../words' }, await source({ 'a.words': 'x' }))).rejects.toMatchObject({ code: 'parameter_invalid', params: { name: 'kind' } })
    await expect(packs.install(name, { type: 'directory', path: 'apps' })).rejects.toMatchObject({ code: 'parameter_invalid', params: { name: 'source' } })
  })

  test('links to a file, to a folder and to itself; a named pipe; a file with a strange name', async () => {
    await writeFile(join(root, 'secret.words'), 'secret')
    for (const plant of [
      (path: string) => symlink(join(root, 'secret.words'), join(path, 'b.words')),
      (path: string) => symlink(root, join(path, 'folder')),
      (path: string) => symlink(path, join(path, 'loop')),
      (path: string) => symlink('/nowhere', join(path, 'dangling.words')),
      async (path: string) => { execFileSync('mkfifo', [join(path, 'pipe.words')]) },
      (path: string) => writeFile(join(path, 'b\n.words'), 'x'),
      (path: string) => writeFile(join(path, 'b\\..\\b.words'), 'x'),
      (path: string) => writeFile(Buffer.concat([Buffer.from(`${path}/b`), Buffer.from([0xff]), Buffer.from('.words')]), 'x'),
    ]) {
      const bad = await source({ 'a.words': 'x' })
      await plant(bad.path)
      await expect(packs.install(name, bad), String(plant)).rejects.toMatchObject({ code: 'pack_file_refused' })
    }
  })

  test('a source that is not there, is a file, is empty or has nothing of the kind', async () => {
    const gone = await source({})
    await expect(packs.install(name, gone)).rejects.toMatchObject({ code: 'pack_empty' })
    await rm(gone.path, { recursive: true })
    await expect(packs.install(name, gone)).rejects.toMatchObject({ code: 'pack_source_unreadable', params: { path: gone.path, reason: 'ENOENT' } })
    await expect(packs.install(name, { type: 'directory', path: join((await source({ 'a.words': 'x' })).path, 'a.words') })).rejects.toMatchObject({ code: 'pack_source_unreadable', params: { reason: 'ENOTDIR' } })
    await expect(packs.install(name, await source({ 'a.txt': 'x' }))).rejects.toMatchObject({ code: 'pack_empty' })
  })

  test.skipIf(process.getuid?.() === 0)('a file that may not be read (root reads everything)', async () => {
    const bad = await source({ 'a.words': 'x' })
    await chmod(join(bad.path, 'a.words'), 0)
    await expect(packs.install(name, bad)).rejects.toMatchObject({ code: 'pack_source_unreadable', params: { reason: 'EACCES' } })
  })

  test('a directory that vanishes while it is read', async () => {
    const vanishing = await source(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${n}/a.words`, String(n)])))
    const [outcome] = await Promise.allSettled([packs.install(name, vanishing), rm(vanishing.path, { recursive: true })])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'pack_source_unreadable' } })
  })

  test('too large a file, folders without end', async () => {
    const large = await source({ 'a.words': 'x' })
    await truncate(join(large.path, 'a.words'), 128 * 1_048_576 + 1)
    await expect(packs.install(name, large)).rejects.toMatchObject({ code: 'pack_file_refused' })
    await expect(packs.install(name, await source({ [`${'d/'.repeat(33)}a.words`]: 'x' }))).rejects.toMatchObject({ code: 'pack_file_refused', params: { reason: 'depth' } })
  })

  test('nothing in it can be used, or its kind fails', async () => {
    await expect(packs.install(name, await source({ 'a.words': 'two words\nand more' }))).rejects.toMatchObject({ code: 'pack_rejected', params: { count: 2, first: 'a.words:1 two_words' } })
    await expect(packs.install(name, await source({ 'a.words': 'crash' }))).rejects.toThrow('a bug of the kind')
  })

  test('there is nothing to go back to', async () => {
    await expect(packs.rollback(name)).rejects.toMatchObject({ code: 'pack_no_previous' })
    await expect(packs.rollback({ ...name, name: 'other' })).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('a stored copy that was changed is never handed out, and installing again mends it', async () => {
  const good = await source({ 'a.words': 'good' })
  const { pack } = await packs.install(name, good)
  const place = join(root, 'data/packs/words/basic', pack.version)
  await writeFile(join(place, 'files/a.words'), 'evil')
  await expect((await packs.files(pack))[0]!.read()).rejects.toMatchObject({ code: 'pack_damaged', params: { name: 'basic', file: join(place, 'files/a.words') } })
  await packs.install(name, good)
  expect(await contents(pack)).toEqual({ 'a.words': 'good' })
  await writeFile(join(place, 'manifest.json'), '[]')
  await expect(packs.files(pack)).rejects.toMatchObject({ code: 'pack_damaged' })
  const { pack: next } = await packs.install(name, await source({ 'a.words': 'next' }))
  await expect(packs.rollback(name)).rejects.toMatchObject({ code: 'pack_damaged' })
  expect(await packs.list(null)).toEqual([next])
})
