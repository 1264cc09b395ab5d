// Invariants: what was acknowledged is durable and is read exactly once, in order; what was refused is never read; an id is answered as a duplicate only
// once the event that carries it is durable, and when that one fails its rival gets the chance. Defended by segments.integration.test.ts and contract.ts.
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, truncate, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { HaechiError } from '../errors.ts'
import { openEventIds } from '../event-ids/ids.ts'
import type { Logger } from '../log.ts'
import type { Sealer } from '../secrets.ts'
import { keyPlace, listSegments, openCursor, segmentName } from './cursor.ts'
import {
  decodeFooter, decodeIds, decodeSegmentHeader, encodeFooter, encodeFrame, encodeSegmentHeader, flagBackfill, flagBatchId, flagDedupe, footerLength, frameAt, pack, packedLength, resync,
  type Packed,
} from './frames.ts'
import type { Appended, AppendOptions, EventBatch, EventLog, LogDamage } from './port.ts'

type Options = {
  readonly folder: string
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Logger
  readonly segmentBytes?: number
  /** File handles kept open for writing over all tenants. */
  readonly openFiles?: number
  readonly ids?: { readonly capacity?: number; readonly keepMilliseconds?: number; readonly spillBytes?: number }
}

type Segment = { readonly first: number; end: number; receivedAt: number; flags: number }
/** The segment being written. `length` is durable; behind it may stand what is being written. */
type Active = { readonly segment: Segment; readonly file: string; readonly key: Uint8Array; length: number; nonce: number; handle: FileHandle | null }
type Waiting = { readonly packed: Packed; readonly bytes: number; done(first: number): void; failed(error: HaechiError): void }
type TenantLog = {
  readonly name: string
  readonly folder: string
  /** Finished segments and the active one, ascending. */
  readonly segments: Segment[]
  end: number
  active: Active | null
  /** A write that could not be taken back yet: nothing may be appended before it is. */
  torn: { readonly file: string; readonly length: number } | null
  waiting: Waiting[]
  flushing: Promise<void> | null
  /** Ids that an append under way will make durable, with its end. */
  readonly claimed: Map<string, Promise<unknown>>
}

const groupBytes = 16 * 1024 * 1024
const waitingBytes = 256 * 1024 * 1024
/** Folders on their way out: whatever stops the removal, a start finishes it. */
const erased = '.erased-'
const outOfSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Makes a folder's entries durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

async function writeWhole(handle: FileHandle, parts: Buffer[], position: number): Promise<void> {
  const { bytesWritten } = await handle.writev(parts, position)
  const all = parts.reduce((sum, part) => sum + part.length, 0)
  if (bytesWritten === all) return
  const rest = Buffer.concat(parts)
  for (let at = bytesWritten; at < all;) at += (await handle.write(rest, at, all - at, position + at)).bytesWritten
}

export async function openEventLog(options: Options): Promise<EventLog> {
  const { folder: root, sealer, clock, log } = options
  const segmentBytes = options.segmentBytes ?? 64 * 1024 * 1024
  const openFiles = options.openFiles ?? 64
  const openKey = (wrapped: Uint8Array, place: string) => sealer.open(wrapped, place)
  const tenants = new Map<string, TenantLog>()
  const found: (LogDamage & { tenant: string })[] = []
  const durableListeners = new Set<(tenant: string, end: number) => void>()
  const holds = new Map<string, (tenant: string) => number>()
  // Least recently written first.
  const handles = new Set<TenantLog>()
  let closed = false
  let waitingTotal = 0
  const writing = { tenants: 0 }
  const turns: (() => void)[] = []

  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.name.startsWith(erased)) await rm(join(root, entry.name), { recursive: true })
    else if (entry.isDirectory() && entry.name !== '.ids') tenants.set(entry.name, await recover(entry.name))
  }
  const ids = await openEventIds({ folder: join(root, '.ids'), clock, log, ...options.ids })
  const remembered = new Map<string, number>()
  for (const tenant of tenants.values()) remembered.set(tenant.name, ids.covered(tenant.name))
  for (const tenant of tenants.values()) await rebuildIds(tenant)

  function ends(): Record<string, number> {
    return Object.fromEntries(remembered)
  }

  async function recover(name: string): Promise<TenantLog> {
    const folder = join(root, name)
    const firsts = await listSegments(folder)
    const segments: Segment[] = []
    for (const [i, first] of firsts.entries()) segments.push(await recoverSegment(name, join(folder, segmentName(first)), first, firsts[i + 1]))
    return { name, folder, segments, end: segments.at(-1)?.end ?? 0, active: null, torn: null, waiting: [], flushing: null, claimed: new Map() }
  }

  async function recoverSegment(tenant: string, file: string, first: number, next: number | undefined): Promise<Segment> {
    const handle = await open(file, 'r+')
    try {
      const { size } = await handle.stat()
      const tail = Buffer.alloc(Math.min(footerLength, size))
      await handle.read(tail, 0, tail.length, size - tail.length)
      const footer = decodeFooter(tail)
      if (footer?.first === first) return { first, end: footer.end, receivedAt: footer.receivedAt, flags: footer.flags }
      // Not finished: the process died while this one was written. Every frame is looked at once.
      const bytes = await readFile(file)
      const segment: Segment = { first, end: first, receivedAt: 0, flags: 0 }
      const header = decodeSegmentHeader(bytes)
      let position = header?.length ?? 0
      let broken = header === null ? 0 : -1
      for (;;) {
        const frame = broken === -1 ? frameAt(bytes, position) : 'bad'
        if (typeof frame === 'object') {
          if (next !== undefined && frame.first >= next) break
          segment.end = frame.first + frame.count
          segment.receivedAt = Math.max(segment.receivedAt, frame.receivedAt)
          segment.flags |= frame.flags
          position += frame.length
          continue
        }
        if (frame === 'footer' || position >= bytes.length) break
        // Damage, if a frame behind was written when this place was durable already; else the torn end of a group that nobody was told of.
        broken = position
        let at = resync(bytes, position + 1)
        let later = at
        while (later !== -1 && (frameAt(bytes, later) as { group: number }).group <= broken) later = resync(bytes, later + 1)
        if (later === -1) at = -1
        if (at === -1) break
        const lost: LogDamage = { file, position: broken, from: segment.end, to: (frameAt(bytes, at) as { first: number }).first, reason: header === null ? 'header' : 'checksum' }
        found.push({ ...lost, tenant })
        log.error({ code: 'log_corrupt', tenant, ...lost }, new HaechiError('log_corrupt', lost).message)
        position = at
        broken = -1
      }
      if (next === undefined) {
        if (position < bytes.length) {
          log.warn({ tenant, file, position, bytes: bytes.length - position }, 'The torn end of an event log file, never acknowledged, is cut off')
          await handle.truncate(position)
        }
        if (header !== null) {
          await handle.write(encodeFooter(segment), 0, footerLength, position).catch(() => undefined) // only saves the next start this scan
          await handle.datasync()
        }
      }
      return segment
    } finally {
      await handle.close()
    }
  }

  /** Remembers again what was remembered since the last run file, from the part of the log not older than ids are kept. */
  async function rebuildIds(tenant: TenantLog): Promise<void> {
    const oldest = clock.now() - (options.ids?.keepMilliseconds ?? 24 * 3_600_000)
    const wanted = flagDedupe | flagBatchId
    for (const segment of tenant.segments) {
      const from = Math.max(segment.first, ids.covered(tenant.name))
      if (segment.end > from && segment.receivedAt >= oldest && (segment.flags & wanted) !== 0) {
        const cursor = openCursor({ folder: tenant.folder, tenant: tenant.name, from, openKey, onDamage: () => undefined })
        try {
          for (let next = await cursor.nextFrame(segment.end, (header) => (header.flags & wanted) !== 0); next !== null; next = await cursor.nextFrame(segment.end, (header) => (header.flags & wanted) !== 0)) {
            rememberFrame(tenant.name, decodeIds(next.frame, next.header, next.key), next.header)
            remembered.set(tenant.name, cursor.offset())
            ids.spillWhenDue(0, ends)
            if (ids.full()) await ids.settled()
          }
        } finally {
          await cursor.close()
        }
      }
      remembered.set(tenant.name, Math.max(segment.end, ids.covered(tenant.name)))
    }
  }

  function rememberFrame(tenant: string, kept: { batchId: Uint8Array | null; ids: Uint8Array }, frame: { count: number; receivedAt: number }): void {
    for (let at = 0; at < kept.ids.length; at += 16) ids.remember(tenant, 'event', kept.ids.subarray(at, at + 16), 0, frame.receivedAt)
    if (kept.batchId !== null) ids.remember(tenant, 'batch', kept.batchId, frame.count, frame.receivedAt)
  }

  async function startSegment(tenant: TenantLog): Promise<Active> {
    const first = tenant.end
    const file = join(tenant.folder, segmentName(first))
    const key = randomBytes(32)
    const header = encodeSegmentHeader(first, sealer.seal(key, keyPlace(tenant.name, first)))
    await mkdir(tenant.folder, { recursive: true, mode: 0o700 })
    if (tenant.segments.length === 0) await syncFolder(root)
    const handle = await open(file, 'w', 0o600)
    try {
      await writeWhole(handle, [header], 0)
      await handle.datasync()
      await syncFolder(tenant.folder)
    } catch (error) {
      // An empty file keeps the place (its name says where the log goes on); it is written anew next time.
      await handle.truncate(0).catch(() => undefined)
      await handle.close()
      throw error
    }
    let segment = tenant.segments.at(-1)
    if (segment?.first !== first) tenant.segments.push(segment = { first, end: first, receivedAt: 0, flags: 0 })
    return { segment, file, key, length: header.length, nonce: 0, handle }
  }

  /** Nothing more goes into the active segment. */
  async function finish(tenant: TenantLog, active: Active): Promise<void> {
    tenant.active = null
    handles.delete(tenant)
    const handle = active.handle ?? await open(active.file, 'r+')
    try {
      // The footer only spares the next start a scan.
      await handle.write(encodeFooter(active.segment), 0, footerLength, active.length)
      await handle.datasync()
    } catch (error) {
      log.warn({ file: active.file, error }, 'An event log file could not be given its footer; the next start reads it whole')
    } finally {
      await handle.close()
    }
  }

  async function takeBack(tenant: TenantLog): Promise<void> {
    if (tenant.torn === null) return
    await truncate(tenant.torn.file, tenant.torn.length)
    tenant.torn = null
  }

  /** One group: everything that waited while the last one was written. All of it or nothing. */
  async function writeGroup(tenant: TenantLog, group: readonly Waiting[]): Promise<void> {
    await takeBack(tenant)
    if (tenant.active !== null && tenant.active.length >= segmentBytes) await finish(tenant, tenant.active)
    const active = tenant.active ??= await startSegment(tenant)
    try {
      active.handle ??= await open(active.file, 'r+')
      handles.delete(tenant)
      handles.add(tenant)
      let first = tenant.end
      const frames = group.map(({ packed }) => {
        const frame = encodeFrame(packed, { key: active.key, nonce: active.nonce++, group: active.length, first })
        first += packed.count
        return frame
      })
      await writeWhole(active.handle, frames, active.length)
      await active.handle.datasync()
      active.length += frames.reduce((sum, frame) => sum + frame.length, 0)
    } catch (error) {
      // After a failed write or sync nobody knows what is on disk behind the last durable byte: take it back, and never write this file again.
      tenant.active = null
      tenant.torn = { file: active.file, length: active.length }
      handles.delete(tenant)
      await active.handle?.close().catch(() => undefined)
      await takeBack(tenant).catch((cause: unknown) => log.error({ file: active.file, error: cause }, 'A failed write to the event log could not be taken back yet'))
      throw error
    }
  }

  async function flush(tenant: TenantLog): Promise<void> {
    while (tenant.waiting.length > 0) {
      let bytes = 0
      let count = 0
      while (count < tenant.waiting.length && (count === 0 || bytes + tenant.waiting[count]!.bytes <= groupBytes)) bytes += tenant.waiting[count++]!.bytes
      const group = tenant.waiting.splice(0, count)
      waitingTotal -= bytes
      // No more tenants write at once than files may be open.
      while (writing.tenants >= openFiles) await new Promise<void>((resolve) => turns.push(resolve))
      writing.tenants++
      try {
        await writeGroup(tenant, group)
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
        log[outOfSpace.has(reason) ? 'warn' : 'error']({ tenant: tenant.name, error }, 'The event log cannot be written; the senders are told to try again')
        for (const waiting of group) waiting.failed(new HaechiError('log_full', { folder: root, reason }, { cause: error }))
        continue
      } finally {
        writing.tenants--
        turns.shift()?.()
      }
      const segment = tenant.active!.segment
      for (const waiting of group) {
        const first = tenant.end
        const { packed } = waiting
        tenant.end = segment.end = first + packed.count
        segment.receivedAt = Math.max(segment.receivedAt, packed.receivedAt)
        segment.flags |= packed.flags
        rememberFrame(tenant.name, { batchId: packed.batchId, ids: packed.flags & flagDedupe ? packed.ids : new Uint8Array(0) }, packed)
        waiting.done(first)
      }
      remembered.set(tenant.name, tenant.end)
      ids.spillWhenDue(bytes, ends)
      for (const listener of durableListeners) {
        try {
          listener(tenant.name, tenant.end)
        } catch (error) {
          log.error({ tenant: tenant.name, error }, 'A listener to the event log failed')
        }
      }
    }
    tenant.flushing = null
    await closeIdle()
  }

  async function closeIdle(): Promise<void> {
    for (const tenant of handles) {
      if (handles.size <= openFiles) return
      if (tenant.flushing !== null) continue
      handles.delete(tenant)
      const handle = tenant.active?.handle
      if (tenant.active !== null) tenant.active.handle = null
      await handle?.close()
    }
  }

  function tenantLog(name: string): TenantLog {
    let tenant = tenants.get(name)
    if (tenant === undefined) {
      tenant = { name, folder: join(root, name), segments: [], end: 0, active: null, torn: null, waiting: [], flushing: null, claimed: new Map() }
      tenants.set(name, tenant)
    }
    return tenant
  }

  /** Which entries are new, or the appends under way whose outcome must be known first. */
  function sortOut(tenant: TenantLog, batch: EventBatch, settings: AppendOptions): { fresh: number[]; duplicates: number[]; keys: string[]; repeated: number | null } | Set<Promise<unknown>> {
    const rivals = new Set<Promise<unknown>>()
    const keys: string[] = []
    const fresh: number[] = []
    const duplicates: number[] = []
    if (settings.batchId !== undefined) {
      const key = `batch ${Buffer.from(settings.batchId).toString('latin1')}`
      const rival = tenant.claimed.get(key)
      if (rival !== undefined) return rivals.add(rival)
      const accepted = ids.find(tenant.name, 'batch', settings.batchId)
      if (accepted !== null) return { fresh, duplicates, keys, repeated: accepted }
      keys.push(key)
    }
    const mine = new Set<string>()
    for (const [i, { id }] of batch.entries.entries()) {
      if (!settings.dedupe) { fresh.push(i); continue }
      const key = Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
      const rival = tenant.claimed.get(key)
      if (rival !== undefined) rivals.add(rival)
      if (rivals.size > 0) continue
      if (mine.has(key) || ids.find(tenant.name, 'event', id) !== null) { duplicates.push(i); continue }
      mine.add(key)
      keys.push(key)
      fresh.push(i)
    }
    return rivals.size > 0 ? rivals : { fresh, duplicates, keys, repeated: null }
  }

  function packEntries(batch: EventBatch, settings: AppendOptions, chosen: readonly number[]): Packed {
    let length = 0
    for (const i of chosen) length += batch.entries[i]!.bytes.length + 1
    const lines = Buffer.allocUnsafe(length)
    const packedIds = Buffer.allocUnsafe(chosen.length * 16)
    let at = 0
    for (const [place, i] of chosen.entries()) {
      const { id, bytes } = batch.entries[i]!
      packedIds.set(id, place * 16)
      lines.set(bytes, at)
      at += bytes.length
      lines[at++] = 10
    }
    const flags = (batch.backfill ? flagBackfill : 0) | (settings.dedupe ? flagDedupe : 0) | (settings.batchId ? flagBatchId : 0)
    return pack({ source: batch.source, receivedAt: batch.receivedAt, flags, batchId: settings.batchId ?? null, ids: packedIds, count: chosen.length, lines })
  }

  function refuseBroken(name: string, batch: EventBatch, settings: AppendOptions): void {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new HaechiError('tenant_invalid', { tenant: name.slice(0, 80) })
    if (settings.batchId !== undefined && settings.batchId.length !== 16) throw new HaechiError('event_invalid', { index: 0, reason: 'a batch id is 16 bytes' })
    for (const [index, { id, bytes }] of batch.entries.entries()) {
      if (id.length !== 16) throw new HaechiError('event_invalid', { index, reason: 'an event id is 16 bytes' })
      if (bytes.indexOf(10) !== -1) throw new HaechiError('event_invalid', { index, reason: 'a record stands on one line' })
    }
  }

  return {
    async append(name, batch, settings = { dedupe: false }): Promise<Appended> {
      refuseBroken(name, batch, settings)
      for (;;) {
        if (closed) throw new HaechiError('log_closed')
        const tenant = tenantLog(name)
        const sorted = sortOut(tenant, batch, settings)
        if (sorted instanceof Set) {
          await Promise.allSettled(sorted)
          continue
        }
        const { fresh, duplicates, keys, repeated } = sorted
        if (repeated !== null) return { first: tenant.end, end: tenant.end, accepted: repeated, duplicates: [], repeated: true }
        if (fresh.length === 0) return { first: tenant.end, end: tenant.end, accepted: 0, duplicates, repeated: false }
        if (keys.length > 0 && ids.full()) throw new HaechiError('log_full', { folder: root, reason: 'event ids cannot be written' })
        if (waitingTotal > waitingBytes) throw new HaechiError('log_busy', { folder: root, bytes: waitingTotal })
        const packed = packEntries(batch, settings, fresh)
        const bytes = packedLength(packed)
        const durable = new Promise<number>((done, failed) => tenant.waiting.push({ packed, bytes, done, failed }))
        waitingTotal += bytes
        for (const key of keys) tenant.claimed.set(key, durable)
        tenant.flushing ??= flush(tenant)
        try {
          const first = await durable
          return { first, end: first + fresh.length, accepted: fresh.length, duplicates, repeated: false }
        } finally {
          for (const key of keys) tenant.claimed.delete(key)
        }
      }
    },
    async *read(name, from, readOptions = {}) {
      const tenant = tenants.get(name)
      if (tenant === undefined) return
      const cursor = openCursor({ folder: tenant.folder, tenant: name, from, openKey, ...readOptions })
      try {
        for (let batch = await cursor.next(tenant.end); batch !== null; batch = await cursor.next(tenant.end)) yield batch
      } finally {
        await cursor.close()
      }
    },
    start: (name) => tenants.get(name)?.segments[0]?.first ?? 0,
    end: (name) => tenants.get(name)?.end ?? 0,
    tenants: () => [...tenants.keys()],
    onDurable(listener) {
      durableListeners.add(listener)
      return () => { durableListeners.delete(listener) }
    },
    hold(consumer, needs) {
      holds.set(consumer, needs)
      return () => { holds.delete(consumer) }
    },
    async dropBefore(name, receivedBefore, { force = false } = {}) {
      const tenant = tenants.get(name)
      if (tenant === undefined) return { start: 0, droppedEvents: 0, heldBy: null }
      // The active segment goes too when all of it is old: an empty one then keeps the place.
      while (tenant.flushing !== null) await tenant.flushing
      const last = tenant.segments.at(-1)
      if (last !== undefined && last.end > last.first && last.receivedAt < receivedBefore) {
        const turn = (async () => {
          if (tenant.active !== null) await finish(tenant, tenant.active)
          tenant.active = await startSegment(tenant)
        })()
        tenant.flushing = turn.then(() => undefined, () => undefined).then(() => (tenant.flushing = null, flush(tenant)))
        await turn
      }
      let heldBy: string | null = null
      let droppedEvents = 0
      while (tenant.segments.length > 1 && tenant.segments[0]!.receivedAt < receivedBefore) {
        const oldest = tenant.segments[0]!
        heldBy = force ? null : [...holds].find(([, needs]) => needs(name) < oldest.end)?.[0] ?? null
        if (heldBy !== null) break
        await unlink(join(tenant.folder, segmentName(oldest.first)))
        tenant.segments.shift()
        droppedEvents += oldest.end - oldest.first
      }
      return { start: tenant.segments[0]?.first ?? 0, droppedEvents, heldBy }
    },
    async erase(name) {
      const tenant = tenants.get(name)
      if (tenant === undefined) return
      while (tenant.flushing !== null) await tenant.flushing
      tenants.delete(name)
      remembered.delete(name)
      handles.delete(tenant)
      await tenant.active?.handle?.close()
      // In one step, so that no start ever finds half a log.
      const gone = join(root, `${erased}${name}`)
      const moved = await rename(tenant.folder, gone).then(() => true, (error: NodeJS.ErrnoException) => { if (error.code !== 'ENOENT') throw error; return false })
      if (!moved) return
      await syncFolder(root)
      await rm(gone, { recursive: true })
    },
    damages: () => found,
    async close() {
      closed = true
      for (const tenant of tenants.values()) {
        await tenant.flushing
        if (tenant.active !== null) await finish(tenant, tenant.active)
      }
      await ids.close()
    },
  }
}

