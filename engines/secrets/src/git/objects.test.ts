import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRepository } from './history.ts'
import { GitProblem, openObjects } from './objects.ts'
import type { GitFiles } from './objects.ts'

/** Files in memory. */
const filesOf = (all: Readonly<Record<string, Buffer | string>>): GitFiles => {
  const bytes = (path: string): Buffer | null => (Object.hasOwn(all, path) ? Buffer.from(all[path]!) : null)
  return {
    list: (path) => [...new Set(Object.keys(all).filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1).split('/')[0]!))],
    size: (path) => bytes(path)?.length ?? null,
    read: (path, from, length) => bytes(path)?.subarray(from, from + length) ?? null,
  }
}

const idOf = (type: string, content: Buffer): string => createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex')
function loose(type: string, content: Buffer | string): { readonly id: string; readonly files: Record<string, Buffer> } {
  const bytes = Buffer.from(content)
  const id = idOf(type, bytes)
  return { id, files: { [`objects/${id.slice(0, 2)}/${id.slice(2)}`]: deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])) } }
}

/** A pack with an index of version 2: entries as they are to stand there, with their ids. */
function packOf(entries: readonly { readonly id: string; readonly type: number; readonly size: number; readonly before?: Buffer; readonly content: Buffer }[]): Record<string, Buffer> {
  let pack = Buffer.concat([Buffer.from('PACK'), Buffer.from([0, 0, 0, 2, 0, 0, 0, entries.length])])
  const offsets = new Map<string, number>()
  for (const { id, type, size, before, content } of entries) {
    offsets.set(id, pack.length)
    const head: number[] = []
    let left = Math.floor(size / 16)
    head.push((left > 0 ? 0x80 : 0) | (type << 4) | (size & 15))
    while (left > 0) {
      const next = Math.floor(left / 128)
      head.push((next > 0 ? 0x80 : 0) | (left & 0x7f))
      left = next
    }
    pack = Buffer.concat([pack, Buffer.from(head), before ?? Buffer.alloc(0), deflateSync(content)])
  }
  pack = Buffer.concat([pack, Buffer.alloc(20)])
  const sorted = [...offsets].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const fanout = Buffer.alloc(1_024)
  for (let first = 0; first < 256; first++) fanout.writeUInt32BE(sorted.filter(([id]) => Number.parseInt(id.slice(0, 2), 16) <= first).length, first * 4)
  const places = Buffer.alloc(sorted.length * 4)
  for (const [at, [, offset]] of sorted.entries()) places.writeUInt32BE(offset, at * 4)
  const index = Buffer.concat([Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]), fanout, ...sorted.map(([id]) => Buffer.from(id, 'hex')), Buffer.alloc(sorted.length * 4), places, Buffer.alloc(40)])
  return { 'objects/pack/pack-1.pack': pack, 'objects/pack/pack-1.idx': index }
}

const text = Buffer.from('first line\nsecond line\n')
const id = idOf('blob', text)
// Copies all of the base and adds a line.
const added = Buffer.from('third\n')
const delta = Buffer.concat([Buffer.from([text.length, text.length + added.length, 0x90, text.length, added.length]), added])
const longer = Buffer.concat([text, added])
const longerId = idOf('blob', longer)
const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof GitProblem ? error.code : String(error)
  }
}

describe('openObjects', () => {
  it('reads whole objects and both kinds of deltas', () => {
    const whole = { id, type: 3, size: text.length, content: text }
    const byOffset = packOf([whole, { id: longerId, type: 6, size: delta.length, before: Buffer.from([0]), content: delta }])
    // The distance is the length of the first entry.
    const distance = 1 + 1 + deflateSync(text).length
    byOffset['objects/pack/pack-1.pack']![12 + distance + 1] = distance
    expect(openObjects(filesOf(byOffset), 20).read(longerId).bytes.toString()).toBe(longer.toString())
    const byId = packOf([whole, { id: longerId, type: 7, size: delta.length, before: Buffer.from(id, 'hex'), content: delta }])
    expect(openObjects(filesOf(byId), 20).read(longerId).bytes.toString()).toBe(longer.toString())
    expect([...openObjects(filesOf(byId), 20).ids()].toSorted()).toEqual([id, longerId].toSorted())
  })

  it('ends where deltas are built upon themselves', () => {
    const other = idOf('blob', Buffer.from('other'))
    const circle = packOf([{ id, type: 7, size: delta.length, before: Buffer.from(other, 'hex'), content: delta }, { id: other, type: 7, size: delta.length, before: Buffer.from(id, 'hex'), content: delta }])
    expect(codeOf(() => openObjects(filesOf(circle), 20).read(id))).toBe('object_corrupt')
    expect(codeOf(() => openObjects(filesOf(circle), 20).read('00'.repeat(20)))).toBe('object_missing')
  })

  it('unpacks no bomb', () => {
    const bomb = packOf([{ id, type: 3, size: 100, content: Buffer.alloc(50_000_000) }])
    expect(codeOf(() => openObjects(filesOf(bomb), 20).read(id))).toBe('object_corrupt')
    const claimed = packOf([{ id, type: 3, size: 2 ** 40, content: text }])
    expect(codeOf(() => openObjects(filesOf(claimed), 20).read(id))).toBe('object_too_large')
  })

  it('throws nothing but its own problem for whatever files hold', () => {
    const whole = packOf([{ id, type: 3, size: text.length, content: text }, { id: longerId, type: 7, size: delta.length, before: Buffer.from(id, 'hex'), content: delta }])
    fc.assert(fc.property(fc.constantFrom('objects/pack/pack-1.pack', 'objects/pack/pack-1.idx'), fc.nat(), fc.nat(255), fc.nat(), (file, at, byte, cut) => {
      const bytes = Buffer.from(whole[file]!)
      bytes[at % bytes.length] = byte
      const files = filesOf({ ...whole, [file]: bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length) })
      expect(['none', 'object_missing', 'object_corrupt', 'object_too_large', 'pack_unsupported']).toContain(codeOf(() => {
        const objects = openObjects(files, 20)
        for (const each of [...objects.ids()].slice(0, 10)) if (each.length === 40) objects.read(each)
      }))
    }), { numRuns: 500 })
  })
})

describe('readRepository', () => {
  const blob = loose('blob', text)
  const treeOf = (name: string, to: string, mode = '100644'): ReturnType<typeof loose> => loose('tree', Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(to, 'hex')]))
  const commitOf = (tree: string, seconds: number, parents: readonly string[] = []): ReturnType<typeof loose> => loose('commit', `tree ${tree}\n${parents.map((parent) => `parent ${parent}\n`).join('')}author Kim <kim@example.com> ${seconds} +0900\ncommitter Kim <kim@example.com> ${seconds} +0900\n\n첫 커밋\n`)

  it('tells each blob where it stands, with the first commit that holds it', () => {
    const lost = loose('blob', 'lost')
    const tree = treeOf('a.txt', blob.id)
    const first = commitOf(tree.id, 2_000)
    // Its clock was behind.
    const second = commitOf(treeOf('b.txt', blob.id).id, 1_000, [first.id])
    const files = filesOf({ ...blob.files, ...lost.files, ...tree.files, ...treeOf('b.txt', blob.id).files, ...first.files, ...second.files, 'HEAD': 'ref: refs/heads/main\n', 'refs/heads/main': `${second.id}\n` })
    const { blobs, commits, problems, present } = readRepository(files)
    expect(commits.map((commit) => commit.id)).toEqual([first.id, second.id])
    expect(Array.from(blobs, ({ path, commit }) => [path, commit?.subject ?? null])).toEqual([['b.txt', '첫 커밋'], ['', null]])
    expect(problems).toEqual([])
    expect([...present]).toEqual([['b.txt', blob.id]])
  })

  it('goes on without what is missing, and says so', () => {
    const commit = commitOf('11'.repeat(20), 1_000, ['22'.repeat(20)])
    const { commits, blobs, problems } = readRepository(filesOf({ ...commit.files, 'HEAD': commit.id, 'packed-refs': `# pack-refs\n${commit.id} refs/heads/main\n` }))
    expect(commits).toHaveLength(1)
    expect([...blobs]).toEqual([])
    expect(problems.map(({ code }) => code)).toEqual(['object_missing', 'object_missing'])
  })

  it('tells every blob where branches are kept as no file, and says that it does not know whose they are', () => {
    const { commits, blobs, problems } = readRepository(filesOf({ ...blob.files, 'HEAD': 'ref: refs/heads/.invalid\n', 'refs/heads': 'this repository uses the reftable format\n', 'config': '[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n' }))
    expect([commits, Array.from(blobs, ({ id: each, commit }) => [each, commit])]).toEqual([[], [[blob.id, null]]])
    expect(problems.map(({ code }) => code)).toEqual(['refs_unsupported'])
  })

  it('tells where a text stood in commits that nothing reaches any more, and who brought it', () => {
    const [kept, gone, lost] = [loose('blob', 'kept'), loose('blob', 'gone'), loose('blob', 'of no commit')]
    const [now, before] = [treeOf('a.txt', kept.id), treeOf('.env', gone.id)]
    const [head, amended] = [commitOf(now.id, 2_000), commitOf(before.id, 1_000)]
    const { blobs, commits, unreached } = readRepository(filesOf({ ...kept.files, ...gone.files, ...lost.files, ...now.files, ...before.files, ...head.files, ...amended.files, HEAD: head.id }))
    expect(commits.map((commit) => commit.id)).toEqual([head.id])
    expect(Array.from(blobs, ({ id, path, commit }) => [id, path, commit?.id ?? null])).toEqual([[kept.id, 'a.txt', head.id], [gone.id, '.env', amended.id], [lost.id, '', null]])
    expect(unreached.map((commit) => commit.id)).toEqual([amended.id])
  })

  it('loses nothing but what stands in a pack or a file that cannot be read', () => {
    const [read, closed] = [loose('blob', 'read'), loose('blob', 'closed')]
    const tree = loose('tree', Buffer.concat(['a', 'b'].map((name, at) => Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from([read, closed][at]!.id, 'hex')]))))
    const commit = commitOf(tree.id, 1_000)
    const sound = filesOf({ ...read.files, ...closed.files, ...tree.files, ...commit.files, ...packOf([{ id, type: 3, size: text.length, content: text }]), 'objects/pack/pack-2.idx': Buffer.alloc(2_000), HEAD: commit.id })
    const [closedFile] = Object.keys(closed.files)
    const files = { ...sound, read: (path: string, from: number, length: number) => { if (path === closedFile) throw new GitProblem('unreadable', path, 'EACCES'); return sound.read(path, from, length) } }
    const { blobs, objects, problems } = readRepository(files)
    expect(Array.from(blobs, ({ path }) => path)).toEqual(['a', 'b', ''])
    expect(problems.map(({ code, place }) => [code, place])).toEqual([['pack_unsupported', 'objects/pack/pack-2.idx']])
    expect(objects.read(id).bytes).toEqual(text)
    expect(codeOf(() => objects.read(closed.id))).toBe('unreadable')
  })

  it('is told when there is none', () => { expect(codeOf(() => readRepository(filesOf({ HEAD: 'x' })))).toBe('not_a_repository') })
})
