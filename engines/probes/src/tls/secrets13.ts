// The keys of a TLS 1.3 handshake (RFC 8446, 7.1 and 7.3), as far as a client needs them to read what the server sends: its certificates are encrypted.
import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import type { CipherCCMTypes, CipherGCMTypes } from 'node:crypto'
import { u16, u8 } from './hello.ts'
import type { Opener } from './records.ts'

type Suite = { readonly hash: 'sha256' | 'sha384'; readonly cipher: string; readonly key: number; readonly tag: number }
const suites: Readonly<Record<number, Suite>> = {
  0x1301: { hash: 'sha256', cipher: 'aes-128-gcm', key: 16, tag: 16 }, 0x1302: { hash: 'sha384', cipher: 'aes-256-gcm', key: 32, tag: 16 }, 0x1303: { hash: 'sha256', cipher: 'chacha20-poly1305', key: 32, tag: 16 },
  0x1304: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 16 }, 0x1305: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 8 },
}

const digest = (hash: string, ...parts: readonly Buffer[]): Buffer => {
  const state = createHash(hash)
  for (const part of parts) state.update(part)
  return state.digest()
}
const hmac = (hash: string, key: Buffer, content: Buffer): Buffer => createHmac(hash, key).update(content).digest()

/** HKDF-Expand-Label; never more than one block of the hash is asked for. */
function expand(hash: string, secret: Buffer, label: string, context: Buffer, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1')
  return hmac(hash, secret, Buffer.concat([u16(length), u8(name.length), name, u8(context.length), context, u8(1)])).subarray(0, length)
}

/** What stands for the first ClientHello after the server asked for another (RFC 8446, 4.4.1). null: a suite that is none of TLS 1.3. */
export function retriedTranscript(suite: number, hello: Buffer): Buffer | null {
  const about = suites[suite]
  if (about === undefined) return null
  const hashed = digest(about.hash, hello)
  return Buffer.concat([Buffer.of(254, 0, 0, hashed.length), hashed])
}

/** Opens the server's records of the handshake; `transcript` is all messages up to the ServerHello. null: a suite that cannot be calculated here. */
export function openerOf(suite: number, agreed: Buffer, transcript: readonly Buffer[]): Opener | null {
  const about = suites[suite]
  if (about === undefined) return null
  const { hash, cipher, key: keyLength, tag } = about
  const zeros = Buffer.alloc(digest(hash).length)
  const early = hmac(hash, zeros, zeros)
  const secret = hmac(hash, expand(hash, early, 'derived', digest(hash), zeros.length), agreed)
  const traffic = expand(hash, secret, 's hs traffic', digest(hash, ...transcript), zeros.length)
  const key = expand(hash, traffic, 'key', Buffer.alloc(0), keyLength)
  const iv = expand(hash, traffic, 'iv', Buffer.alloc(0), 12)
  let sequence = 0
  return (header, content) => {
    if (content.length < tag + 1) return null
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence++) >>> 0, 8)
    try {
      const decipher = createDecipheriv(cipher as CipherGCMTypes & CipherCCMTypes, key, nonce, { authTagLength: tag })
      decipher.setAuthTag(content.subarray(-tag))
      decipher.setAAD(header, { plaintextLength: content.length - tag })
      const inner = Buffer.concat([decipher.update(content.subarray(0, -tag)), decipher.final()])
      let end = inner.length - 1
      while (end > 0 && inner[end] === 0) end--
      return { type: inner[end] ?? 0, content: inner.subarray(0, end) }
    } catch {
      // The tag is wrong.
      return null
    }
  }
}
