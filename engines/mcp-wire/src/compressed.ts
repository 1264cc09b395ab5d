// Large lists as gzip (RFC 1952), compressed once for everybody: what is shared is deflated and left open, what differs (the end with the id) follows as it is.
// Invariant: begun and ended together are one gzip member that holds head and text. Defended by compressed.test.ts.
import { Buffer } from 'node:buffer'
import { constants, crc32, deflateRaw } from 'node:zlib'

/** Smaller ones are not worth it. */
const least = 16 << 10
/** Deflate, no name, no time, whatever system. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])

export type Begun = { readonly bytes: Uint8Array; readonly crc: number; readonly length: number }

const known = new WeakMap<Uint8Array, Begun | null>()

/** The shared part, compressed; null: not worth it, or not done yet (it is done on another thread, begun when first asked for). */
export function begun(head: Uint8Array): Begun | null {
  if (head.length < least) return null
  const there = known.get(head)
  if (there !== undefined) return there
  known.set(head, null)
  deflateRaw(head, { finishFlush: constants.Z_FULL_FLUSH }, (error, deflated) => {
    if (error === null) known.set(head, { bytes: Buffer.concat([header, deflated]), crc: crc32(head), length: head.length })
  })
  return null
}

/** The rest: one stored block and the trailer. */
export function ended({ crc, length }: Begun, text: string): Uint8Array {
  const bytes = Buffer.from(text)
  const block = Buffer.alloc(5 + bytes.length + 8)
  block[0] = 1
  block.writeUInt16LE(bytes.length, 1)
  block.writeUInt16LE(0xffff - bytes.length, 3)
  bytes.copy(block, 5)
  block.writeUInt32LE(crc32(bytes, crc), 5 + bytes.length)
  block.writeUInt32LE((length + bytes.length) % 2 ** 32, 9 + bytes.length)
  return block
}

/** What one stored block holds at most. */
export const longestEnd = 0xffff

/** Whether gzip is accepted (RFC 9110, section 12.5.3). */
export const acceptsGzip = (header: string | undefined): boolean => header !== undefined && /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(header)
