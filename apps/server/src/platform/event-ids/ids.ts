// Invariant: an id that was remembered is found for at least `keepMilliseconds` of receive time, over restarts too: what is not in a run file
// yet can be read from the log again from `covered`. Memory does not grow with volume but for 12.8 bits an id. Defended by ids.test.ts.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'

/** Events and whole batches are remembered in ranges of their own. */
export type IdKind = 'event' | 'batch'

/**
 * Remembers 16-byte ids, each with a number. The newest are a hash table in memory; a full table becomes a file as it is (a run: ids are uniform hashes, so a lookup
 * is one short read at the place the id hashes to), found through a Bloom filter whose bits for 32 runs lie side by side, so that 32 runs cost one filter look-up.
 */
export interface EventIds {
  /** The number remembered with an id, null when it is not known. Blocking: at most a few short file reads. */
  find(tenant: string, kind: IdKind, id: Uint8Array): number | null
  remember(tenant: string, kind: IdKind, id: Uint8Array, value: number, receivedAt: number): void
  /** Up to which log offset (exclusive) of a tenant everything is in run files. */
  covered(tenant: string): number
  /**
   * Writes the newest ids to a run when there are many, or many bytes were logged since the last one. `ends` gives each tenant's log end up to which `remember` was called.
   * Returns at once; a failed write leaves the ids in memory and is tried again after a second.
   */
  spillWhenDue(loggedBytes: number, ends: () => Record<string, number>): void
  /** No more can be remembered until a run could be written: nothing that wants to be remembered may be acknowledged. */
  full(): boolean
  /** Resolves when no write is under way. */
  settled(): Promise<void>
  runs(): number
  close(): Promise<void>
}

type Options = {
  readonly folder: string
  readonly clock: Clock
  readonly log: Logger
  /** Ids in one run; the size of the tables follows from it. */
  readonly capacity?: number
  readonly keepMilliseconds?: number
  /** Logged bytes after which a run is written though it is not full: bounds what a restart has to read again. */
  readonly spillBytes?: number
}

type Run = { readonly slots: number; readonly file: string; readonly descriptor: number; readonly group: Group; readonly bit: number; readonly latest: number; readonly covered: Record<string, number> }
/** Filters of 32 runs: bit r of word p says that run r has set position p. */
type Group = { readonly words: Uint32Array; live: number; used: number }
type Table = { words: Uint32Array; count: number; latest: number; readonly group: Group; readonly bit: number }

const slotWords = 5
const hashes = 8
const probeSlots = 32
const headerLength = 20
const runVersion = 1
const retryMilliseconds = 1000

export async function openEventIds(options: Options): Promise<EventIds> {
  const { folder, clock, log } = options
  const capacity = options.capacity ?? 655_360
  const keep = options.keepMilliseconds ?? 24 * 3_600_000
  const spillBytes = options.spillBytes ?? 1024 ** 3
  // Of a new table; one that had to take more has a multiple.
  const slots = 2 ** Math.ceil(Math.log2(capacity * 1.5))
  const positions = slots * 8
  const groups: Group[] = []
  let runs: Run[] = []
  let sequence = 0

  function takeBit(): { group: Group; bit: number } {
    let group = groups.at(-1)
    if (group === undefined || group.used === 32) groups.push(group = { words: new Uint32Array(positions), live: 0, used: 0 })
    return { group, bit: group.used++ }
  }
  function emptyTable(): Table {
    return { words: new Uint32Array(slots * slotWords), count: 0, latest: 0, ...takeBit() }
  }
  function forget(run: Pick<Run, 'group' | 'bit'>): void {
    run.group.live &= ~(1 << run.bit)
    if (run.group.used === 32 && run.group.live === 0) groups.splice(groups.indexOf(run.group), 1)
  }

  // The id mixed with its tenant and kind, so that one table serves all tenants and none meets another's ids.
  const mixed = new Uint32Array(4)
  const masks = new Map<string, Uint32Array>()
  function mix(tenant: string, kind: IdKind, id: Uint8Array): void {
    const name = `${kind}/${tenant}`
    let mask = masks.get(name)
    if (mask === undefined) masks.set(name, mask = new Uint32Array(new Uint8Array(createHash('sha256').update(name).digest()).buffer, 0, 4))
    for (let i = 0; i < 4; i++) mixed[i] = mask[i]! ^ (id[4 * i]! | id[4 * i + 1]! << 8 | id[4 * i + 2]! << 16 | id[4 * i + 3]! << 24)
    if ((mixed[0]! | mixed[1]! | mixed[2]! | mixed[3]!) === 0) mixed[3] = 1
  }

  function findIn(words: Uint32Array, from: number, end: number): number | null | 'more' {
    for (let at = from; at < end; at += slotWords) {
      if (words[at] === mixed[0] && words[at + 1] === mixed[1] && words[at + 2] === mixed[2] && words[at + 3] === mixed[3]) return words[at + 4]!
      if ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0) return null
    }
    return 'more'
  }
  const homeOf = (words: Uint32Array) => (mixed[0]! & (words.length / slotWords - 1)) * slotWords
  function findInTable(table: Table): number | null {
    const home = homeOf(table.words)
    const found = findIn(table.words, home, table.words.length)
    return found === 'more' ? findIn(table.words, 0, home) as number | null : found
  }
  function doubled(words: Uint32Array): Uint32Array {
    const larger = new Uint32Array(words.length * 2)
    for (let from = 0; from < words.length; from += slotWords) {
      if ((words[from]! | words[from + 1]! | words[from + 2]! | words[from + 3]!) === 0) continue
      let at = (words[from]! & (larger.length / slotWords - 1)) * slotWords
      while ((larger[at]! | larger[at + 1]! | larger[at + 2]! | larger[at + 3]!) !== 0) at = (at + slotWords) % larger.length
      larger.set(words.subarray(from, from + slotWords), at)
    }
    return larger
  }
  const window = new Uint32Array(probeSlots * slotWords)
  function findInRun(run: Run): number | null {
    for (let slot = mixed[0]! & (run.slots - 1); ;) {
      const count = Math.min(probeSlots, run.slots - slot)
      readSync(run.descriptor, window, 0, count * slotWords * 4, headerLength + slot * slotWords * 4)
      const found = findIn(window, 0, count * slotWords)
      if (found !== 'more') return found
      slot = (slot + count) % run.slots
    }
  }
  /** Which runs of a group may hold the id. */
  function candidates(group: Group): number {
    let mask = group.live
    for (let i = 0, position = mixed[1]!; i < hashes && mask !== 0; i++, position = (position + (mixed[2]! | 1)) >>> 0) mask &= group.words[position & (positions - 1)]!
    return mask
  }

  async function load(name: string): Promise<void> {
    const file = join(folder, name)
    const handle = await open(file, 'r')
    let runSlots: number
    let header: { latest: number; covered: Record<string, number>; filterCrc: number }
    const filter = new Uint32Array(positions / 32)
    try {
      const head = Buffer.alloc(headerLength)
      await handle.read(head, 0, headerLength, 0)
      runSlots = head.readUInt32LE(4)
      const filterAt = headerLength + runSlots * slotWords * 4
      if (head.readUInt32LE(0) !== runVersion || head.readUInt32LE(8) !== positions) throw new RangeError('it is of another kind')
      const json = Buffer.alloc(head.readUInt32LE(12))
      await handle.read(json, 0, json.length, filterAt + filter.byteLength)
      if (crc32(json) !== head.readUInt32LE(16)) throw new RangeError('its end is broken')
      header = JSON.parse(json.toString()) as typeof header
      await handle.read(filter, 0, filter.byteLength, filterAt)
      if (crc32(new Uint8Array(filter.buffer)) !== header.filterCrc) throw new RangeError('its filter is broken')
    } finally {
      await handle.close()
    }
    if (header.latest < clock.now() - keep) return unlink(file)
    const { group, bit } = takeBit()
    for (let word = 0; word < filter.length; word++) {
      for (let bits = filter[word]!; bits !== 0; bits &= bits - 1) group.words[word * 32 + (31 - Math.clz32(bits & -bits))]! |= 1 << bit
    }
    group.live |= 1 << bit
    runs.push({ file, slots: runSlots, descriptor: openSync(file, 'r'), group, bit, latest: header.latest, covered: header.covered })
  }

  await mkdir(folder, { recursive: true, mode: 0o700 })
  const names = (await readdir(folder)).sort()
  for (const name of names.filter((name) => name.endsWith('.tmp'))) await unlink(join(folder, name))
  const runNames = names.filter((name) => name.endsWith('.run'))
  sequence = runNames.length === 0 ? 0 : Number.parseInt(runNames.at(-1)!, 10) + 1
  try {
    for (const name of runNames) await load(name)
  } catch (error) {
    // What the later runs call covered holds only with all runs before them, so all go and the log is read again.
    log.warn({ folder, error }, 'A file of remembered event ids cannot be read; all are rebuilt from the event log')
    for (const run of runs) closeSync(run.descriptor)
    for (const name of runNames) await rm(join(folder, name), { force: true })
    runs = []
    groups.length = 0
  }

  let table = emptyTable()
  let spilling: { readonly table: Table; readonly covered: Record<string, number> } | null = null
  let writing: Promise<void> | null = null
  let retryAt = 0
  let loggedBytes = 0

  async function write(frozen: Table, covered: Record<string, number>): Promise<void> {
    const filter = new Uint32Array(positions / 32)
    for (let position = 0, words = frozen.group.words, bit = frozen.bit; position < positions; position++) filter[position >>> 5]! |= (words[position]! >>> bit & 1) << (position & 31)
    const filterBytes = new Uint8Array(filter.buffer)
    const json = Buffer.from(JSON.stringify({ latest: frozen.latest, covered, filterCrc: crc32(filterBytes) }))
    const header = Buffer.alloc(headerLength)
    for (const [i, value] of [runVersion, frozen.words.length / slotWords, positions, json.length, crc32(json)].entries()) header.writeUInt32LE(value, i * 4)
    const file = join(folder, `${String(sequence).padStart(10, '0')}.run`)
    const handle = await open(`${file}.tmp`, 'w', 0o600)
    try {
      const parts = [header, new Uint8Array(frozen.words.buffer, 0, frozen.words.byteLength), filterBytes, json]
      let position = 0
      for (const part of parts) {
        for (let at = 0; at < part.length;) {
          const { bytesWritten } = await handle.write(part, at, part.length - at, position)
          at += bytesWritten
          position += bytesWritten
        }
      }
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(`${file}.tmp`, file)
    const directory = await open(folder, 'r')
    try { await directory.sync() } finally { await directory.close() }
    sequence++
    runs.push({ file, slots: frozen.words.length / slotWords, descriptor: openSync(file, 'r'), group: frozen.group, bit: frozen.bit, latest: frozen.latest, covered })
    frozen.group.live |= 1 << frozen.bit
  }

  async function expire(): Promise<void> {
    const oldest = clock.now() - keep
    // From the oldest on only: what the runs cover is a prefix of the log.
    while (runs[0] !== undefined && runs[0].latest < oldest) {
      const run = runs.shift()!
      forget(run)
      closeSync(run.descriptor)
      await unlink(run.file)
    }
  }

  return {
    find(tenant, kind, id) {
      mix(tenant, kind, id)
      const found = findInTable(table) ?? (spilling === null ? null : findInTable(spilling.table))
      if (found !== null) return found
      for (let g = groups.length - 1; g >= 0; g--) {
        const group = groups[g]!
        const mask = candidates(group)
        if (mask === 0) continue
        for (const run of runs) {
          if (run.group !== group || (mask >>> run.bit & 1) === 0) continue
          const value = findInRun(run)
          if (value !== null) return value
        }
      }
      return null
    },
    remember(tenant, kind, id, value, receivedAt) {
      mix(tenant, kind, id)
      // One write to the log may bring more than there is room for.
      if (table.count * slotWords >= table.words.length * 0.8) table.words = doubled(table.words)
      const words = table.words
      let at = homeOf(words)
      while ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0) {
        if (words[at] === mixed[0] && words[at + 1] === mixed[1] && words[at + 2] === mixed[2] && words[at + 3] === mixed[3]) return
        at = (at + slotWords) % words.length
      }
      words.set(mixed, at)
      words[at + 4] = value
      table.count++
      table.latest = Math.max(table.latest, receivedAt)
      const filter = table.group.words
      const bit = 1 << table.bit
      for (let i = 0, position = mixed[1]!; i < hashes; i++, position = (position + (mixed[2]! | 1)) >>> 0) filter[position & (positions - 1)]! |= bit
    },
    covered: (tenant) => runs.at(-1)?.covered[tenant] ?? 0,
    spillWhenDue(bytes, ends) {
      loggedBytes += bytes
      if (writing !== null) return
      if (spilling === null) {
        if (table.count < capacity && (loggedBytes < spillBytes || table.count === 0)) return
        spilling = { table, covered: ends() }
        table = emptyTable()
        loggedBytes = 0
      } else if (clock.now() < retryAt) {
        return
      }
      const { table: frozen, covered } = spilling
      writing = write(frozen, covered).then(() => { spilling = null; return expire() }).catch((error: unknown) => {
        retryAt = clock.now() + retryMilliseconds
        log.error({ folder, error }, 'Remembered event ids cannot be written; they stay in memory until they can')
      }).finally(() => { writing = null })
    },
    full: () => table.count >= capacity * 1.2,
    settled: () => writing ?? Promise.resolve(),
    runs: () => runs.length,
    async close() {
      await writing
      for (const run of runs) closeSync(run.descriptor)
      runs = []
    },
  }
}
