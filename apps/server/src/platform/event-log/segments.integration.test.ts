import { fork, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdtemp, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manualClock } from '../clock.ts'
import { sealerFromKey } from '../secrets.ts'
import { batchOf, entry, eventLogContract, eventsOf, readAll } from './contract.ts'
import { openCursor } from './cursor.ts'
import { decodeSegmentHeader, frameAt } from './frames.ts'
import type { LogDamage } from './port.ts'
import { openEventLog } from './segments.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')
const now = 1_700_000_000_000

async function storage(more: Partial<Parameters<typeof openEventLog>[0]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-log-'))
  return {
    folder,
    open: () => openEventLog({ folder, sealer, clock: manualClock(now), log: silent, ids: { capacity: 100 }, ...more }),
    remove: () => rm(folder, { recursive: true }),
  }
}
const segments = async (folder: string, tenant: string) => (await readdir(join(folder, tenant))).filter((name) => name.endsWith('.seg')).sort().map((name) => join(folder, tenant, name))
/** Under each segment key, the frame that was sealed with each nonce. */
async function sealed(folders: readonly string[]): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const folder of folders) {
    for (const file of await segments(folder, 'a').catch(() => [])) {
      const bytes = await readFile(file)
      const header = decodeSegmentHeader(bytes)
      if (header === null) continue
      for (let position = header.length; ;) {
        const frame = frameAt(bytes, position)
        if (typeof frame !== 'object') break
        const key = `${header.wrappedKey.toString('hex')} ${frame.nonce}`
        found.set(key, (found.get(key) ?? new Set()).add(bytes.toString('latin1', position, position + frame.length)))
        position += frame.length
      }
    }
  }
  return found
}
const idOf = (line: string) => (JSON.parse(line) as { id: string }).id

eventLogContract('segments', storage)
eventLogContract('segments, tiny, one file handle', () => storage({ segmentBytes: 200, openFiles: 1, ids: { capacity: 3 } }))

describe('crashes', () => {
  // A crash is a copy of the folder as it stands: nothing was closed.
  test('appends, crashes, tails torn at any byte: what was acknowledged is there once, in order', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), ids: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 }), dedupe: fc.boolean(), together: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), torn: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 })), cut: fc.boolean() }) },
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const place = await storage({ segmentBytes: 700 })
      let folder = place.folder
      const clock = manualClock(now)
      const start = () => openEventLog({ folder, sealer, clock, log: silent, segmentBytes: 700, ids: { capacity: 10 } })
      let log = await start()
      const kept: string[] = []
      const remembered = new Set<number>()
      const open = [log]
      const folders = [folder]
      try {
        for (const step of steps) {
          if (step.do === 'append') {
            const entries = step.ids.map((id) => entry(String(id)))
            const naive = () => {
              const fresh = step.ids.filter((id, i) => !step.dedupe || (!remembered.has(id) && step.ids.indexOf(id) === i))
              if (step.dedupe) for (const id of fresh) remembered.add(id)
              kept.push(...fresh.map(String))
              return fresh.length
            }
            const asked = [log.append('a', batchOf([], { entries }), { dedupe: step.dedupe })]
            if (step.together) asked.push(log.append('a', batchOf([], { entries }), { dedupe: step.dedupe }))
            for (const answer of await Promise.all(asked)) expect(answer.accepted).toBe(naive())
          } else if (step.do === 'reopen') {
            await log.close()
            open.push(log = await start())
          } else {
            // Bytes that a group under way had written when the machine died: cut short, or garbage.
            const copy = await mkdtemp(join(tmpdir(), 'haechi-log-'))
            folders.push(copy)
            execFileSync('cp', ['-r', `${folder}/.`, copy])
            folder = copy
            const last = (await segments(folder, 'a').catch(() => [])).at(-1)
            if (last !== undefined && step.torn > 0) {
              const bytes = await readFile(last)
              const tail = step.cut ? bytes.subarray(60, 60 + step.torn) : Buffer.alloc(step.torn, 0x5a)
              await writeFile(last, Buffer.concat([bytes, tail]))
            }
            open.push(log = await start())
          }
          expect((await readAll(log, 'a')).map(({ line }) => idOf(line))).toEqual(kept)
          expect(log.end('a')).toBe(kept.length)
          expect(log.damages()).toEqual([])
        }
        for (const [key, frames] of await sealed(folders)) expect([key, frames.size]).toEqual([key, 1])
      } finally {
        for (const one of open) await one.close()
        for (const one of folders) await rm(one, { recursive: true, force: true })
      }
    }), { numRuns: 25 })
  })

  test('a frame cut anywhere leaves what was before it', async () => {
    const place = await storage()
    const log = await place.open()
    await log.append('a', batchOf(['1', '2']))
    const [file] = await segments(place.folder, 'a')
    const before = (await stat(file!)).size
    await log.append('a', batchOf(['3']))
    const whole = await readFile(file!)
    await log.close()
    for (let length = before; length < whole.length; length += 3) {
      await writeFile(file!, whole.subarray(0, length))
      for (const name of await segments(place.folder, 'a')) if (name !== file) await rm(name)
      const again = await place.open()
      expect((await readAll(again, 'a')).map(({ line }) => idOf(line))).toEqual(['1', '2'])
      expect((await again.append('a', batchOf(['3']))).first).toBe(2)
      await again.close()
    }
    await place.remove()
  })

  test('killed with SIGKILL while many append: all that was acknowledged is found once, at its offset', async () => {
    for (const after of [1, 40, 300]) {
      const place = await storage()
      const child = fork(fileURLToPath(new URL('./appender.fixture.ts', import.meta.url)), [place.folder], { execArgv: [] })
      const acknowledged = new Map<string, number>()
      child.on('message', ({ ids, first }: { ids: string[]; first: number }) => {
        for (const [i, id] of ids.entries()) acknowledged.set(id, first + i)
        if (acknowledged.size >= after) child.kill('SIGKILL')
      })
      await once(child, 'exit')
      const log = await place.open()
      const found = await readAll(log, 'a')
      expect(acknowledged.size).toBeGreaterThanOrEqual(after)
      expect(new Set(found.map(({ line }) => line)).size).toBe(found.length)
      expect(found.map(({ offset }) => offset)).toEqual(found.map((_, i) => i))
      for (const [id, offset] of acknowledged) expect(idOf(found[offset]!.line)).toBe(id)
      // What was written but not acknowledged is sent again: kept once all the same.
      const again = await log.append('a', batchOf(found.map(({ line }) => idOf(line))), { dedupe: true })
      expect(again.accepted).toBe(0)
      await log.close()
      await place.remove()
    }
  })
})

describe('damage', () => {
  async function damaged(change: (bytes: Buffer, frames: number[]) => void) {
    const place = await storage({ segmentBytes: 1 << 20 })
    const log = await place.open()
    const [frames, lengths]: [number[], number[]] = [[], []]
    for (let i = 0; i < 5; i++) {
      await log.append('a', batchOf([`${i}`, `${i}b`]))
      lengths.push((await stat((await segments(place.folder, 'a'))[0]!)).size)
    }
    frames.push(...lengths.slice(0, -1))
    await log.close()
    const [file] = await segments(place.folder, 'a')
    const bytes = await readFile(file!)
    change(bytes, frames)
    await writeFile(file!, bytes)
    return { ...place, file: file! }
  }

  test('in the middle it is named, and the rest stays readable', async () => {
    // Frame 2 begins where frame 1 ended.
    const place = await damaged((bytes, frames) => { bytes[frames[1]! + 60]! ^= 1 })
    const log = await place.open()
    await expect(readAll(log, 'a')).rejects.toMatchObject({ code: 'log_corrupt', params: { file: place.file, from: 4, to: 6, reason: 'checksum' } })
    const told: LogDamage[] = []
    const offsets: number[] = []
    for await (const batch of log.read('a', 0, { onDamage: (damage) => told.push(damage) })) offsets.push(...eventsOf(batch).map(({ offset }) => offset))
    expect(offsets).toEqual([0, 1, 2, 3, 6, 7, 8, 9])
    expect(told).toMatchObject([{ from: 4, to: 6 }])
    expect((await log.append('a', batchOf(['new']))).first).toBe(10)
    await log.close()
    await place.remove()
  })

  test('in an unfinished segment it is found at start and not taken for a torn end', async () => {
    const place = await damaged((bytes, frames) => { bytes[frames[1]! + 60]! ^= 1 })
    await truncate(place.file, (await stat(place.file)).size - 44) // the footer
    const log = await place.open()
    expect(log.damages()).toMatchObject([{ tenant: 'a', from: 4, to: 6, reason: 'checksum' }])
    expect(log.end('a')).toBe(10)
    await log.close()
    await place.remove()
  })

  test('a broken frame of a group that was never whole is a torn end, though a later frame of the group is there', async () => {
    const place = await storage()
    const log = await place.open()
    await log.append('a', batchOf(['0']))
    const [file] = await segments(place.folder, 'a')
    const durable = (await stat(file!)).size
    // The first makes the log busy, so that the other two share a group.
    await Promise.all([log.append('b', batchOf(['x'])), log.append('a', batchOf(['1'])), log.append('a', batchOf(['2'])), log.append('a', batchOf(['3']))])
    await log.close()
    const bytes = (await readFile(file!)).subarray(0, -44)
    const starts: number[] = []
    for (let at = bytes.indexOf('HEVT', durable); at !== -1; at = bytes.indexOf('HEVT', at + 1)) starts.push(at)
    expect(starts.length).toBe(3)
    bytes[starts[1]! + 60]! ^= 1
    await writeFile(file!, bytes)
    const again = await place.open()
    expect(again.damages()).toEqual([])
    expect((await readAll(again, 'a')).map(({ line }) => idOf(line))).toEqual(['0', '1'])
    await again.close()
    await place.remove()
  })

  test('a reader that looked behind the durable end does not give what was taken back', async () => {
    const [place, other] = [await storage(), await storage()]
    for (const [{ open }, second] of [[place, 'taken back'], [other, 'kept']] as const) {
      let log = await open()
      await log.append('a', batchOf(['0']))
      if (second === 'kept') {
        await log.close()
        log = await open()
      }
      await log.append('a', batchOf([second]))
      await log.close()
    }
    const [file] = await segments(place.folder, 'a')
    const cursor = openCursor({ folder: join(place.folder, 'a'), tenant: 'a', from: 0, openKey: (wrapped, where) => sealer.open(wrapped, where) })
    expect((await cursor.next(1))!.first).toBe(0)
    const second = (await readFile(file!)).lastIndexOf('HEVT')
    await truncate(file!, second)
    const kept = (await segments(other.folder, 'a'))[1]!
    await copyFile(kept, kept.replace(other.folder, place.folder))
    expect(eventsOf((await cursor.next(2))!).map(({ line }) => idOf(line))).toEqual(['kept'])
    await cursor.close()
    await place.remove()
    await other.remove()
  })

  test('of the header or a lost segment costs only that segment', async () => {
    const place = await storage({ segmentBytes: 1 })
    let log = await place.open()
    for (let i = 0; i < 4; i++) await log.append('a', batchOf([`${i}`]))
    await log.close()
    const files = await segments(place.folder, 'a')
    const header = await open(files[1]!, 'r+')
    await header.write(Buffer.from('x'), 0, 1, 0)
    await header.close()
    await rm(files[2]!)
    log = await place.open()
    const told: LogDamage[] = []
    const offsets: number[] = []
    for await (const batch of log.read('a', 0, { onDamage: (damage) => told.push(damage) })) offsets.push(batch.first)
    expect(offsets).toEqual([0, 3])
    expect(told.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(2)
    await log.close()
    await place.remove()
  })

  test('a segment does not open under another tenant, another place or another key', async () => {
    const place = await storage()
    const log = await place.open()
    await log.append('a', batchOf(['1']))
    await log.append('b', batchOf(['2']))
    await log.close()
    await copyFile((await segments(place.folder, 'a'))[0]!, (await segments(place.folder, 'b'))[0]!)
    const again = await place.open()
    await expect(readAll(again, 'b')).rejects.toMatchObject({ code: 'secret_unreadable' })
    await again.close()
    const plain = Buffer.concat(await Promise.all((await segments(place.folder, 'a')).map((file) => readFile(file))))
    expect(plain.includes('src_test')).toBe(false)
    expect(plain.includes(createHash('sha256').update('1').digest().subarray(0, 16))).toBe(false)
    await place.remove()
  })
})

describe('a full disk', () => {
  test('refuses with log_full, keeps nothing of what it refused, and goes on when there is space', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount the small disk this needs')
    const folder = await mkdtemp(join(tmpdir(), 'haechi-full-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      context.skip('mounting a tmpfs is not allowed here')
    }
    const start = () => openEventLog({ folder, sealer, clock: manualClock(now), log: silent, ids: { capacity: 10_000 } })
    let log = await start()
    try {
      const kept: string[] = []
      const refused: string[] = []
      // Records that do not compress.
      const big = (id: string) => batchOf([], { entries: [entry(id, { id, pad: createHash('shake256', { outputLength: 6000 }).update(id).digest('base64') })] })
      for (let round = 0; round < 3; round++) {
        const before = refused.length
        // In round 1 it is opened again right after the first refusal: nothing has covered what that one left.
        for (let i = 0; refused.length - before < (round === 1 ? 1 : 6); i++) {
          const ids = [0, 1, 2, 3, 4, 5].map((n) => `${round}.${i}.${n}`)
          for (const [n, settled] of (await Promise.allSettled(ids.map((id) => log.append('a', big(id), { dedupe: true })))).entries()) {
            if (settled.status === 'fulfilled') kept.push(ids[n]!)
            else {
              expect(settled.reason).toMatchObject({ code: 'log_full' })
              refused.push(ids[n]!)
            }
          }
        }
        expect((await readAll(log, 'a')).map(({ line }) => idOf(line))).toEqual(kept)
        if (round === 1) {
          await log.close()
          log = await start()
          expect((await readAll(log, 'a')).map(({ line }) => idOf(line))).toEqual(kept)
        }
        execFileSync('mount', ['-o', `remount,size=${256 * (round + 2)}k`, folder])
        const again = refused[before]!
        expect(await log.append('a', big(again), { dedupe: true })).toMatchObject({ accepted: 1 })
        kept.push(again)
      }
      expect(kept.length).toBeGreaterThan(30)
    } finally {
      await log.close()
      execFileSync('umount', [folder])
      await rm(folder, { recursive: true })
    }
  })
})

test('a removal that was cut short is finished by the next start, and was one from the moment it began', async () => {
  const place = await storage()
  const log = await place.open()
  await log.append('a', batchOf(['1']))
  await log.append('b', batchOf(['1']))
  await log.close()
  await rename(join(place.folder, 'a'), join(place.folder, '.erased-a'))
  const again = await place.open()
  expect(again.tenants()).toEqual(['b'])
  await again.close()
  expect((await readdir(place.folder)).toSorted()).toEqual(['.ids', 'b'])
  await place.remove()
})

test('hundreds of tenants on a few file handles', async () => {
  const place = await storage({ openFiles: 8 })
  const log = await place.open()
  const tenants = Array.from({ length: 500 }, (_, i) => `t${i}`)
  for (const round of ['x', 'y']) await Promise.all(tenants.map((tenant) => log.append(tenant, batchOf([round]))))
  const open = (await readdir('/proc/self/fd')).length
  expect(open).toBeLessThan(100)
  await log.close()
  const again = await place.open()
  for (const tenant of ['t0', 't250', 't499']) expect((await readAll(again, tenant)).map(({ line }) => idOf(line))).toEqual(['x', 'y'])
  await again.close()
  await place.remove()
})
