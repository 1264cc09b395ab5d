// Records and handshake messages of TLS as they come in (RFC 5246, 6.2 and 7.4; RFC 8446, 5).
// Invariant: whatever the other side sends, reading ends within its bounds of bytes, reads and time, and throws nothing but NetworkError (handshake.test.ts).
import type { Text } from '../evidence.ts'
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'

/** The other side said no, and why (RFC 8446, 6.2). */
export class TlsAlert extends NetworkError {
  readonly alert: number

  constructor(endpoint: string, alert: number) {
    super('tls_failed', endpoint, { en: `${endpoint} refuses the TLS handshake: alert ${alert}.`, ko: `TLS 핸드셰이크 거부: 경고 ${alert}` })
    this.alert = alert
  }
}

export const ALERT = 21
export const HANDSHAKE = 22
const CHANGE_CIPHER_SPEC = 20
const APPLICATION_DATA = 23

export type TlsRecord = { readonly type: number; readonly content: Buffer }
export type Message = { readonly type: number; readonly body: Buffer; /** With its four bytes of type and length. */ readonly whole: Buffer }
/** Of an encrypted record, what is in it; null where it cannot be opened. */
export type Opener = (header: Buffer, content: Buffer) => TlsRecord | null

const mostBytes = 512 * 1024
const mostReads = 4096
const mostLength = 16 * 1024 + 2048

const WARNING = 1
const CLOSE_NOTIFY = 0

export class TlsRecords {
  /** After it is set, application data is what it opens. */
  open: Opener | null = null
  readonly #connection: Connection
  readonly #endpoint: string
  readonly #timeoutMs: number
  readonly #now: () => number
  #ends: number
  #received: Buffer = Buffer.alloc(0)
  #handshake: Buffer = Buffer.alloc(0)
  #reads = 0
  #total = 0
  #begun = false

  constructor(connection: Connection, endpoint: string, timeoutMs: number, now: () => number) {
    this.#connection = connection
    this.#endpoint = endpoint
    this.#timeoutMs = timeoutMs
    this.#now = now
    this.#ends = now() + timeoutMs
  }

  /** From now on for so long. */
  within(milliseconds: number): this {
    this.#ends = this.#now() + milliseconds
    return this
  }

  wrong({ en, ko }: Text): NetworkError {
    return new NetworkError('protocol_error', this.#endpoint, { en: `What ${this.#endpoint} answers is no TLS: ${en}.`, ko: `TLS가 아닌 응답: ${ko}` })
  }

  async #need(count: number): Promise<void> {
    while (this.#received.length < count) {
      const left = this.#ends - this.#now()
      if (left <= 0 || ++this.#reads > mostReads) throw new NetworkError('timeout', this.#endpoint, { en: `${this.#endpoint} did not finish its TLS greeting in time.`, ko: '제한 시간 안에 TLS 핸드셰이크를 끝내지 않음' })
      const more = await this.#connection.read(16 * 1024, Math.min(left, this.#timeoutMs))
      if (more === '') throw new NetworkError('closed', this.#endpoint, { en: `${this.#endpoint} closed the connection within its TLS greeting.`, ko: 'TLS 핸드셰이크 중간에 연결을 끊음' })
      this.#total += more.length
      if (this.#total > mostBytes) throw this.wrong({ en: 'its greeting has no end', ko: '핸드셰이크가 끝나지 않음' })
      const bytes = Buffer.from(more, 'latin1')
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    }
  }

  /** Throws NetworkError: protocol_error (no TLS), timeout, closed. */
  async record(): Promise<TlsRecord> {
    await this.#need(5)
    const type = this.#received.readUInt8(0)
    const length = this.#received.readUInt16BE(3)
    if (type < CHANGE_CIPHER_SPEC || type > 24 || (!this.#begun && type !== ALERT && type !== HANDSHAKE) || this.#received.readUInt8(1) !== 3) throw this.wrong({ en: 'it begins otherwise', ko: '시작 부분이 다름' })
    if (length > mostLength) throw this.wrong({ en: 'a record is too long', ko: '레코드가 너무 긺' })
    this.#begun = true
    await this.#need(5 + length)
    const header = this.#received.subarray(0, 5)
    const content = this.#received.subarray(5, 5 + length)
    this.#received = this.#received.subarray(5 + length)
    if (type !== APPLICATION_DATA || this.open === null) return { type, content }
    const opened = this.open(header, content)
    if (opened === null) throw this.wrong({ en: 'a record cannot be decrypted', ko: '레코드를 복호화할 수 없음' })
    return opened
  }

  /** The next handshake message, however it is cut into records. Throws TlsAlert, and what `record` throws. */
  async message(): Promise<Message> {
    for (;;) {
      if (this.#handshake.length >= 4) {
        const size = this.#handshake.readUIntBE(1, 3)
        if (size > mostBytes) throw this.wrong({ en: 'a message is too long', ko: '메시지가 너무 긺' })
        if (this.#handshake.length >= 4 + size) {
          const whole = this.#handshake.subarray(0, 4 + size)
          this.#handshake = this.#handshake.subarray(4 + size)
          return { type: whole.readUInt8(0), body: whole.subarray(4), whole }
        }
      }
      const { type, content } = await this.record()
      // A warning (an unknown name, say) is no refusal.
      if (type === ALERT && !(content[0] === WARNING && content[1] !== CLOSE_NOTIFY && content.length >= 2)) throw new TlsAlert(this.#endpoint, content[1] ?? -1)
      if (type === HANDSHAKE) this.#handshake = this.#handshake.length === 0 ? content : Buffer.concat([this.#handshake, content])
      if (type >= APPLICATION_DATA) throw this.wrong({ en: 'what comes is no handshake', ko: '핸드셰이크가 아님' })
    }
  }
}
