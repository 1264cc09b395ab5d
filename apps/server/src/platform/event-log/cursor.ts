// Reads a tenant's segments in order. Used by the log itself and by consumers in other processes, which learn the durable end from the log
// and never look at a byte behind it. Defended by segments.integration.test.ts (property: what was acknowledged is read, in order, whatever is cut or broken).
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HaechiError } from '../errors.ts'
import { claimedLength, decodeFrame, decodeSegmentHeader, frameAt, frameHeaderLength, resync, type FrameHeader } from './frames.ts'
import type { LogDamage, StoredBatch } from './port.ts'

/** Opens the wrapped key of a segment; a consumer in another process asks the log's process for it. */
export type OpenKey = (wrapped: Uint8Array, place: string) => Uint8Array | Promise<Uint8Array>

/** For a consumer in another process or thread: `ask` sends the request to the log's own, `answer` takes what came back (null: the key cannot be opened). */
export function askForKeys(ask: (id: number, wrapped: Uint8Array, place: string) => void): { readonly open: OpenKey; answer(id: number, key: Uint8Array | null): void } {
  const waiting = new Map<number, (key: Uint8Array | null) => void>()
  let requests = 0
  return {
    async open(wrapped, place) {
      const id = requests++
      const key = await new Promise<Uint8Array | null>((resolve) => {
        waiting.set(id, resolve)
        ask(id, wrapped, place)
      })
      if (key === null) throw new HaechiError('log_corrupt', { file: place, position: 0, from: 0, to: 0, reason: 'key' })
      return key
    },
    answer(id, key) {
      waiting.get(id)?.(key)
      waiting.delete(id)
    },
  }
}

export const keyPlace = (tenant: string, first: number) => `event-log/${tenant}/${first}`
export const segmentName = (first: number) => `${String(first).padStart(16, '0')}.seg`

/** First offsets of a tenant's segments, ascending. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.filter((name) => /^\d{16}\.seg$/.test(name)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b)
}

type OpenSegment = { readonly file: string; readonly handle: FileHandle; readonly first: number; next: number; key: Uint8Array | null; readonly headerLength: number; readonly wrappedKey: Uint8Array }

const chunk = 512 * 1024

export type LogCursor = {
  /** The next batch that begins before `end` (the durable end), null when there is none. */
  next(end: number): Promise<StoredBatch | null>
  /** The same frames, undecoded: for what needs only their ids. */
  nextFrame(end: number, wanted: (header: FrameHeader) => boolean): Promise<{ header: FrameHeader; frame: Buffer; key: Uint8Array } | null>
  /** The offset of the next batch. */
  offset(): number
  close(): Promise<void>
}

export function openCursor(options: { folder: string; tenant: string; from: number; openKey: OpenKey; onDamage?: (damage: LogDamage) => void }): LogCursor {
  const { folder, tenant, openKey } = options
  let offset = options.from
  let segment: OpenSegment | null = null
  let position = 0
  let buffer: Buffer = Buffer.alloc(0)
  let bufferAt = 0
  // The durable end when the buffer was read: what lay behind it then may have been taken back and written anew since.
  let bufferEnd = 0

  function damaged(damage: LogDamage): void {
    if (options.onDamage === undefined) throw new HaechiError('log_corrupt', { ...damage })
    options.onDamage(damage)
  }
  async function leave(): Promise<void> {
    const leaving = segment
    segment = null
    buffer = Buffer.alloc(0)
    await leaving?.handle.close()
  }
  /** Opens the segment that holds `offset`, or the first after it. */
  async function enter(end: number): Promise<void> {
    const firsts = await listSegments(folder)
    let at = firsts.findLastIndex((first) => first <= offset)
    const left = segment?.first
    await leave()
    // Read to its end without meeting `offset`: what is missing is lost, go on with the next one.
    if (at >= 0 && firsts[at] === left) at++
    if (at < 0) at = 0
    const first = firsts[at]
    const file = join(folder, segmentName(first ?? offset))
    if (first === undefined || first >= end) {
      const from = offset
      offset = end
      damaged({ file, position: 0, from, to: end, reason: 'missing' })
      return
    }
    if (first > offset) {
      // Before the oldest segment lies what retention dropped; a hole between two is damage.
      const from = offset
      offset = first
      if (at > 0) damaged({ file, position: 0, from, to: first, reason: 'missing' })
    }
    const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null // retention was faster
      throw error
    })
    if (handle === null) return
    try {
      const head = Buffer.alloc(4096)
      const { bytesRead } = await handle.read(head, 0, head.length, 0)
      const header = decodeSegmentHeader(head.subarray(0, bytesRead))
      segment = { file, handle, first, next: firsts[at + 1] ?? Infinity, key: null, headerLength: header?.length ?? 0, wrappedKey: header?.wrappedKey ?? new Uint8Array(0) }
      position = bufferAt = header?.length ?? 0
      // Without its header a segment has no key.
      if (header === null) {
        const from = offset
        offset = Math.max(offset, Math.min(end, segment.next))
        await leave()
        damaged({ file, position: 0, from, to: offset, reason: 'header' })
      }
    } catch (error) {
      if (segment === null) await handle.close()
      throw error
    }
  }
  /** Makes `length` bytes from `position` available, or what is there. */
  async function fill(current: OpenSegment, length: number): Promise<Buffer> {
    const have = bufferAt + buffer.length - position
    if (position < bufferAt || have < length) {
      const kept = position >= bufferAt && have > 0 ? buffer.subarray(position - bufferAt) : Buffer.alloc(0)
      const grown = Buffer.allocUnsafe(Math.max(length, chunk))
      kept.copy(grown)
      let filled = kept.length
      while (filled < length) {
        const { bytesRead } = await current.handle.read(grown, filled, grown.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      buffer = grown.subarray(0, filled)
      bufferAt = position
    }
    return buffer.subarray(position - bufferAt)
  }
  /** Goes to the next whole frame after a broken place and says what is lost; leaves the segment when there is none. */
  async function skip(current: OpenSegment, end: number, reason: string): Promise<void> {
    const broken = position
    const rest = Buffer.alloc(Math.max(0, (await current.handle.stat()).size - position))
    await current.handle.read(rest, 0, rest.length, position)
    const from = offset
    for (let at = resync(rest, 1); at !== -1; at = resync(rest, at + 1)) {
      const header = frameAt(rest, at) as FrameHeader
      if (header.first < offset || header.first >= Math.min(end, current.next)) continue
      position += at
      buffer = Buffer.alloc(0)
      bufferAt = position
      if (header.first === offset) return
      offset = header.first
      return damaged({ file: current.file, position: broken, from, to: offset, reason })
    }
    offset = Math.max(offset, Math.min(end, current.next))
    await leave()
    if (offset > from) damaged({ file: current.file, position: broken, from, to: offset, reason })
  }

  async function nextFrame(end: number, wanted: (header: FrameHeader) => boolean): Promise<{ header: FrameHeader; frame: Buffer; key: Uint8Array } | null> {
    for (;;) {
      if (offset >= end) return null
      if (segment === null || offset >= segment.next) {
        await enter(end)
        continue
      }
      const current: OpenSegment = segment
      if (offset >= bufferEnd) {
        buffer = Buffer.alloc(0)
        bufferAt = position
        bufferEnd = end
      }
      let bytes = await fill(current, frameHeaderLength)
      const claimed = claimedLength(bytes, 0)
      if (claimed > bytes.length) bytes = await fill(current, claimed)
      const header = frameAt(bytes, 0)
      if (header === 'footer' || (header === 'short' && bytes.length === 0)) {
        await enter(end)
        continue
      }
      if (header === 'short' || header === 'bad') {
        current.next = (await listSegments(folder)).find((first) => first > current.first) ?? Infinity
        if (offset >= current.next) continue
        await skip(current, end, 'checksum')
        continue
      }
      if (header.first >= current.next) {
        offset = current.next
        continue
      }
      const frame = bytes.subarray(0, header.length)
      position += header.length
      if (header.first + header.count <= offset) continue
      if (header.first > offset) {
        const from = offset
        offset = header.first
        damaged({ file: current.file, position: position - header.length, from, to: header.first, reason: 'missing' })
      }
      offset = header.first + header.count
      if (!wanted(header)) continue
      current.key ??= await openKey(current.wrappedKey, keyPlace(tenant, current.first))
      return { header, frame, key: current.key }
    }
  }

  return {
    nextFrame,
    async next(end) {
      for (;;) {
        const found = await nextFrame(end, () => true)
        if (found === null) return null
        try {
          return decodeFrame(found.frame, found.header, found.key)
        } catch {
          damaged({ file: segment?.file ?? folder, position: position - found.header.length, from: found.header.first, to: offset, reason: 'seal' })
        }
      }
    },
    offset: () => offset,
    close: leave,
  }
}
