// Frames and the handshake of WebSocket (RFC 6455), as bytes.
// Invariant: whatever a server sends, reading a message ends within its bounds and throws nothing but NetworkError (websocket.test.ts).
import { createHash } from 'node:crypto'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, Connection } from './model.ts'

export const TEXT = 1
export const CLOSE = 8
const PING = 9
const PONG = 10
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export const acceptOf = (key: string): string => createHash('sha1').update(key + GUID).digest('base64')

/** A whole message in one frame; what clients send is masked (5.3). */
export function encodeFrame(opcode: number, payload: Bytes, mask: number): Bytes {
  const data = Buffer.from(payload, 'latin1')
  const size = data.length < 126 ? Buffer.of(0x80 | data.length) : data.length < 65536 ? Buffer.alloc(3) : Buffer.alloc(9)
  if (size.length === 3) {
    size[0] = 0x80 | 126
    size.writeUInt16BE(data.length, 1)
  } else if (size.length === 9) {
    size[0] = 0x80 | 127
    size.writeBigUInt64BE(BigInt(data.length), 1)
  }
  const key = Buffer.alloc(4)
  key.writeUInt32BE(mask >>> 0)
  for (let at = 0; at < data.length; at++) data[at] = (data[at] ?? 0) ^ (key[at & 3] ?? 0)
  return Buffer.concat([Buffer.of(0x80 | opcode), size, key, data]).toString('latin1')
}

export type Message = { readonly opcode: number; readonly data: Bytes }

const mostFrames = 4096

/** Reads what a server sends, message by message. Pings are answered; fragments are put together. */
export class FrameReader {
  readonly #connection: Connection
  readonly #endpoint: string
  readonly #maxBytes: number
  readonly #now: () => number
  #received: Bytes

  constructor(connection: Connection, { endpoint, received, maxBytes, now }: { endpoint: string; received: Bytes; maxBytes: number; now: () => number }) {
    this.#connection = connection
    this.#endpoint = endpoint
    this.#received = received
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** The next message within `timeoutMs`; one of opcode CLOSE where the server ends. */
  async next(timeoutMs: number, mask: () => number): Promise<Message> {
    const ends = this.#now() + timeoutMs
    let opcode = 0
    let data = ''
    for (let frames = 0; frames < mostFrames; frames++) {
      const frame = await this.#frame(ends)
      if (frame.opcode === PING) await this.#connection.write(encodeFrame(PONG, frame.data, mask()))
      if (frame.opcode === CLOSE) return { opcode: CLOSE, data: frame.data }
      if (frame.opcode >= 8) continue
      if (frame.opcode !== 0) opcode = frame.opcode
      data += frame.data
      if (data.length > this.#maxBytes) throw this.#wrong('a message is too long')
      if (frame.final) return { opcode, data }
    }
    throw this.#wrong('a message has no end')
  }

  #wrong(what: string): NetworkError {
    return new NetworkError('protocol_error', this.#endpoint, `What ${this.#endpoint} sends is no WebSocket: ${what}.`)
  }

  async #frame(ends: number): Promise<{ final: boolean; opcode: number; data: Bytes }> {
    const head = Buffer.from(await this.#take(2, ends), 'latin1')
    let length = head.readUInt8(1) & 0x7f
    if (length === 126) length = Buffer.from(await this.#take(2, ends), 'latin1').readUInt16BE(0)
    else if (length === 127) {
      const large = Buffer.from(await this.#take(8, ends), 'latin1').readBigUInt64BE(0)
      length = large > BigInt(this.#maxBytes) ? this.#maxBytes + 1 : Number(large)
    }
    if (length > this.#maxBytes) throw this.#wrong('a frame is too long')
    const masked = (head.readUInt8(1) & 0x80) !== 0
    const key = masked ? Buffer.from(await this.#take(4, ends), 'latin1') : null
    let data = await this.#take(length, ends)
    if (key !== null) data = Buffer.from(Buffer.from(data, 'latin1').map((byte, at) => byte ^ (key[at & 3] ?? 0))).toString('latin1')
    return { final: (head.readUInt8(0) & 0x80) !== 0, opcode: head.readUInt8(0) & 0x0f, data }
  }

  async #take(count: number, ends: number): Promise<Bytes> {
    const parts: Bytes[] = [this.#received]
    let { length } = this.#received
    while (length < count) {
      const left = ends - this.#now()
      if (left <= 0) throw new NetworkError('timeout', this.#endpoint, `${this.#endpoint} did not finish a message in time.`)
      const more = await this.#connection.read(64 * 1024, left)
      if (more === '') throw new NetworkError('closed', this.#endpoint, `${this.#endpoint} closed the connection within a message.`)
      parts.push(more)
      length += more.length
    }
    const all = parts.join('')
    this.#received = all.slice(count)
    return all.slice(0, count)
  }
}
