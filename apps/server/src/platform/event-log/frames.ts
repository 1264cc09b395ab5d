// Invariant: a nonce is used once under a segment key. The key is made when the segment file is made, the counter never goes back while the
// process lives (not even when a failed write is taken back), and after a restart nobody appends to an old file. Defended by segments.integration.test.ts.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { crc32, zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'
import type { StoredBatch } from './port.ts'

/*
 * Segment: header, frames, and a footer once nothing more will follow. Little endian.
 *   header  'HAECHILG' u32 version, u32 length of the wrapped key, f64 first offset, wrapped key, u32 crc32
 *   frame   u32 'HEVT', u32 length, u32 crc32 of what follows, [u32 group, f64 first offset, u32 count, u32 flags, f64 T2, u32 nonce, u32 size of the lines unpacked], AES-256-GCM, 16 bytes tag
 *           the part in [] is the additional data; the sealed part is u16 length + source, batch id when flagged, ids, zstd(lines)
 *           `group` is the length of the file that was durable when the frame was written: what separates a torn group from damage
 *   footer  u32 'HEND', u32 length, u32 crc32, u32 0, f64 first offset, f64 end, f64 latest T2, u32 flags of all frames together
 */
const frameMagic = 0x54564548
const footerMagic = 0x444e4548
const segmentMagic = 'HAECHILG'
export const frameHeaderLength = 48
export const footerLength = 44
const tagLength = 16
export const longestFrame = 512 * 1024 * 1024

export const flagBackfill = 1
export const flagDedupe = 2
export const flagBatchId = 4

export type FrameHeader = {
  readonly length: number
  readonly group: number
  readonly first: number
  readonly count: number
  readonly flags: number
  readonly receivedAt: number
  readonly nonce: number
  readonly linesLength: number
}

/** A batch made ready (packed) but without a place in the log yet. */
export type Packed = {
  readonly source: Buffer
  readonly count: number
  readonly flags: number
  readonly receivedAt: number
  readonly batchId: Uint8Array | null
  readonly ids: Uint8Array
  readonly lines: Buffer
  readonly linesLength: number
}

export function pack(batch: { source: string; receivedAt: number; flags: number; batchId: Uint8Array | null; ids: Uint8Array; count: number; lines: Uint8Array }): Packed {
  return {
    source: Buffer.from(batch.source), count: batch.count, flags: batch.flags, receivedAt: batch.receivedAt, batchId: batch.batchId, ids: batch.ids,
    lines: zstdCompressSync(batch.lines, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }), linesLength: batch.lines.length,
  }
}

export function packedLength(packed: Packed): number {
  return frameHeaderLength + 2 + packed.source.length + (packed.batchId?.length ?? 0) + packed.ids.length + packed.lines.length + tagLength
}

function nonceBytes(counter: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32LE(counter, 8)
  return nonce
}

export function encodeFrame(packed: Packed, place: { key: Uint8Array; nonce: number; group: number; first: number }): Buffer {
  const frame = Buffer.allocUnsafe(packedLength(packed))
  frame.writeUInt32LE(frameMagic, 0)
  frame.writeUInt32LE(frame.length, 4)
  frame.writeUInt32LE(place.group, 12)
  frame.writeDoubleLE(place.first, 16)
  frame.writeUInt32LE(packed.count, 24)
  frame.writeUInt32LE(packed.flags, 28)
  frame.writeDoubleLE(packed.receivedAt, 32)
  frame.writeUInt32LE(place.nonce, 40)
  frame.writeUInt32LE(packed.linesLength, 44)
  const cipher = createCipheriv('aes-256-gcm', place.key, nonceBytes(place.nonce))
  cipher.setAAD(frame.subarray(12, frameHeaderLength))
  const sourceLength = Buffer.alloc(2)
  sourceLength.writeUInt16LE(packed.source.length)
  let position = frameHeaderLength
  for (const part of [sourceLength, packed.source, packed.batchId, packed.ids, packed.lines]) {
    if (part === null || part.length === 0) continue
    position += cipher.update(part).copy(frame, position)
  }
  cipher.final()
  cipher.getAuthTag().copy(frame, position)
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8)
  return frame
}

/** The frame at `position`, 'footer' (complete or not), or why there is none. `short`: the bytes end before the frame does. */
export function frameAt(bytes: Buffer, position: number): FrameHeader | 'footer' | 'short' | 'bad' {
  if (position + 8 > bytes.length) return 'short'
  const magic = bytes.readUInt32LE(position)
  if (magic === footerMagic) return 'footer'
  const length = bytes.readUInt32LE(position + 4)
  if (magic !== frameMagic || length < frameHeaderLength + 2 + tagLength || length > longestFrame) return 'bad'
  if (position + length > bytes.length) return 'short'
  if (crc32(bytes.subarray(position + 12, position + length)) !== bytes.readUInt32LE(position + 8)) return 'bad'
  return {
    length, group: bytes.readUInt32LE(position + 12), first: bytes.readDoubleLE(position + 16), count: bytes.readUInt32LE(position + 24), flags: bytes.readUInt32LE(position + 28),
    receivedAt: bytes.readDoubleLE(position + 32), nonce: bytes.readUInt32LE(position + 40), linesLength: bytes.readUInt32LE(position + 44),
  }
}

/** The length that the bytes at `position` claim for a frame, 0 when they claim none. What is claimed is not checked. */
export function claimedLength(bytes: Buffer, position: number): number {
  if (position + 8 > bytes.length || bytes.readUInt32LE(position) !== frameMagic) return 0
  const length = bytes.readUInt32LE(position + 4)
  return length > longestFrame ? 0 : length
}

/** Where the next whole frame after a broken place starts, or -1. */
export function resync(bytes: Buffer, from: number): number {
  const magic = Buffer.alloc(4)
  magic.writeUInt32LE(frameMagic)
  for (let position = bytes.indexOf(magic, from); position !== -1; position = bytes.indexOf(magic, position + 1)) {
    if (typeof frameAt(bytes, position) === 'object') return position
  }
  return -1
}

export type FrameIds = { readonly batchId: Uint8Array | null; readonly ids: Uint8Array }

function open(frame: Buffer, header: FrameHeader, key: Uint8Array): { source: string; batchId: Uint8Array | null; ids: Uint8Array; packedLines: Buffer } {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceBytes(header.nonce))
  decipher.setAAD(frame.subarray(12, frameHeaderLength))
  decipher.setAuthTag(frame.subarray(header.length - tagLength, header.length))
  const plain = decipher.update(frame.subarray(frameHeaderLength, header.length - tagLength))
  decipher.final()
  let position = 2 + plain.readUInt16LE(0)
  const source = plain.toString('utf8', 2, position)
  const batchId = header.flags & flagBatchId ? plain.subarray(position, position += 16) : null
  const ids = plain.subarray(position, position += header.count * 16)
  return { source, batchId, ids, packedLines: plain.subarray(position) }
}

/** Throws when the key is wrong or the bytes were changed. */
export function decodeFrame(frame: Buffer, header: FrameHeader, key: Uint8Array): StoredBatch {
  const { source, ids, packedLines } = open(frame, header, key)
  const lines = zstdDecompressSync(packedLines, { maxOutputLength: Math.max(header.linesLength, 1) })
  return { first: header.first, count: header.count, source, receivedAt: header.receivedAt, backfill: (header.flags & flagBackfill) !== 0, ids, lines }
}

/** Only what was remembered of a frame, without unpacking its lines. */
export function decodeIds(frame: Buffer, header: FrameHeader, key: Uint8Array): FrameIds {
  const { batchId, ids } = open(frame, header, key)
  return { batchId, ids: header.flags & flagDedupe ? ids : new Uint8Array(0) }
}

export function encodeSegmentHeader(first: number, wrappedKey: Uint8Array): Buffer {
  const header = Buffer.alloc(24 + wrappedKey.length + 4)
  header.write(segmentMagic, 0, 'latin1')
  header.writeUInt32LE(1, 8)
  header.writeUInt32LE(wrappedKey.length, 12)
  header.writeDoubleLE(first, 16)
  header.set(wrappedKey, 24)
  header.writeUInt32LE(crc32(header.subarray(0, header.length - 4)), header.length - 4)
  return header
}

/** Null when these bytes do not begin a segment of ours. */
export function decodeSegmentHeader(bytes: Buffer): { first: number; wrappedKey: Buffer; length: number } | null {
  if (bytes.length < 28 || bytes.toString('latin1', 0, 8) !== segmentMagic || bytes.readUInt32LE(8) !== 1) return null
  const end = 24 + bytes.readUInt32LE(12)
  if (end + 4 > bytes.length || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return null
  return { first: bytes.readDoubleLE(16), wrappedKey: bytes.subarray(24, end), length: end + 4 }
}

export type Footer = { readonly first: number; readonly end: number; readonly receivedAt: number; readonly flags: number }

export function encodeFooter(footer: Footer): Buffer {
  const bytes = Buffer.alloc(footerLength)
  bytes.writeUInt32LE(footerMagic, 0)
  bytes.writeUInt32LE(footerLength, 4)
  bytes.writeDoubleLE(footer.first, 16)
  bytes.writeDoubleLE(footer.end, 24)
  bytes.writeDoubleLE(footer.receivedAt, 32)
  bytes.writeUInt32LE(footer.flags, 40)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return bytes
}

/** `bytes` are the last `footerLength` bytes of a file. Null when the segment was not finished. */
export function decodeFooter(bytes: Buffer): Footer | null {
  if (bytes.length !== footerLength || bytes.readUInt32LE(0) !== footerMagic || bytes.readUInt32LE(4) !== footerLength || bytes.readUInt32LE(8) !== crc32(bytes.subarray(12))) return null
  return { first: bytes.readDoubleLE(16), end: bytes.readDoubleLE(24), receivedAt: bytes.readDoubleLE(32), flags: bytes.readUInt32LE(40) }
}
