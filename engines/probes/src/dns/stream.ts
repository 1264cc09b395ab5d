// Messages over a connection (RFC 1035, 4.2.2; RFC 7766): two bytes of length before each. Whatever the other side sends and however slowly, a message costs the
// time that it was given and 65,537 bytes. Defended by stream.test.ts.
import type { Bytes } from '../bytes.ts'
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'
import type { ProbeRun } from '../model.ts'
import { apart } from './server.ts'

const largestMessage = 65_535

export type StreamRun = Pick<ProbeRun, 'network' | 'signal' | 'timeoutMs' | 'now'>

export class DnsStream {
  readonly endpoint: string
  readonly #connection: Connection
  readonly #run: StreamRun
  #read: Bytes = ''

  private constructor(connection: Connection, endpoint: string, run: StreamRun) {
    this.#connection = connection
    this.endpoint = endpoint
    this.#run = run
  }

  /** `secure`: TLS without a proof of who the server is, as the opportunistic profile has it (RFC 7858, 4.1). Errors: NetworkError. */
  static async open(server: string, secure: boolean, run: StreamRun): Promise<DnsStream> {
    const { host, port } = apart(server)
    const tls = secure ? { serverName: null, minVersion: null, maxVersion: null, ciphers: null } : null
    return new DnsStream(await run.network.dial(host, port, { tls, timeoutMs: run.timeoutMs }, run.signal), server, run)
  }

  async send(message: Uint8Array): Promise<void> {
    const framed = Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message])
    await this.#connection.write(framed.toString('latin1'))
  }

  /** The next message. Errors: NetworkError (`closed` at the end, `timeout`). */
  async receive(): Promise<Uint8Array> {
    const until = this.#run.now() + this.#run.timeoutMs
    await this.#fill(2, until)
    const length = this.#read.charCodeAt(0) * 256 + this.#read.charCodeAt(1)
    await this.#fill(2 + length, until)
    const message = Buffer.from(this.#read.slice(2, 2 + length), 'latin1')
    this.#read = this.#read.slice(2 + length)
    return message
  }

  async #fill(length: number, until: number): Promise<void> {
    while (this.#read.length < length) {
      const left = until - this.#run.now()
      if (left <= 0) throw new NetworkError('timeout', this.endpoint, { en: 'no whole message in time', ko: '제한 시간 안에 메시지 전체를 받지 못함' })
      const data = await this.#connection.read(largestMessage + 2, left)
      if (data === '') throw new NetworkError('closed', this.endpoint, { en: 'the connection was closed before an answer', ko: '응답 전에 연결이 끊김' })
      this.#read += data
    }
  }

  close(): void {
    this.#connection.close()
  }
}
