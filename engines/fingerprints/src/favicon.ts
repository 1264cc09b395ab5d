// The two hashes by which icons are known: MD5 of the bytes (Recog), and MurmurHash3 of their base64 in lines (Shodan's http.favicon.hash).
// Defended by favicon.test.ts. Sources: MurmurHash3 x86 32 (public domain, A. Appleby); RFC 2045, 6.8 for the lines of 76 characters.
import { createHash } from 'node:crypto'

export type FaviconHashes = {
  /** 32 hexadecimal digits, lower case. */
  readonly md5: string
  /** A signed 32-bit integer, seed 0. */
  readonly mmh3: number
}

export function faviconHashes(bytes: Uint8Array): FaviconHashes {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { md5: createHash('md5').update(bytes).digest('hex'), mmh3: murmur3(Buffer.from(base64.replace(/.{1,76}/g, '$&\n'), 'latin1')) }
}

/** MurmurHash3 x86 32 with seed 0, as a signed integer. */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = 0
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(view.getUint32(at, true))
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xE6546B64) | 0
  }
  let tail = 0
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!
  if (bytes.length > whole) hash ^= mixed(tail)
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85EBCA6B)
  hash = Math.imul(hash ^ (hash >>> 13), 0xC2B2AE35)
  return (hash ^ (hash >>> 16)) | 0
}

function mixed(block: number): number {
  const spread = Math.imul(block, 0xCC9E2D51)
  return Math.imul((spread << 15) | (spread >>> 17), 0x1B873593)
}
