// An answer of HTTP/1 (RFC 9112) as it comes off a connection, for reading what any server says: what is not ambiguous is taken, as browsers do (bare LF, no
// reason, headers that are none). Bounded: a head of 256 KiB, a body of `maxBytes`. Defended by http1.test.ts, beside another implementation.
import { TextError } from '@haechi/probes/wire'

/** Texts hold a character for each byte. The body is as it was sent, without its chunks, still compressed. */
export type RawAnswer = {
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** There was more than `maxBytes`, or the connection ended before the body did. */
  readonly truncated: boolean
  /** Another request may follow on the connection. */
  readonly reusable: boolean
}

const largestHead = 262_144
const largestLine = 8_192
const statusLine = /^HTTP\/1\.([01])[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?$/i
const empty = Buffer.alloc(0)

type Framing = 'none' | 'length' | 'chunked' | 'close'

/** Thrown by `push` and `end`: this is no HTTP. */
export class NotHttp extends TextError {
  override readonly name = 'NotHttp'
}

/** Fed with what comes; `answer` is there once it is whole. */
export class AnswerReader {
  answer: RawAnswer | null = null
  /** Something has come. */
  begun = false
  readonly #method: string
  readonly #maxBytes: number
  #rest: Buffer = empty
  #head: { readonly status: number; readonly reason: string; readonly headers: [string, string][]; readonly keepAlive: boolean } | null = null
  #framing: Framing = 'close'
  #left = 0
  #inChunk = false
  #inTrailer = false
  #chunks: Buffer[] = []
  #size = 0

  constructor(method: string, maxBytes: number) {
    this.#method = method
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): void {
    this.begun = true
    if (this.answer !== null) return
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = empty
    while (this.#head === null) {
      const end = endOfHead(data)
      if (end === -1) {
        if (data.length >= 5 && data.toString('latin1', 0, 5).toUpperCase() !== 'HTTP/') throw new NotHttp({ en: 'no status line', ko: '상태 줄이 없음' })
        if (data.length > largestHead) throw new NotHttp({ en: 'headers without an end', ko: '헤더가 끝나지 않음' })
        this.#rest = data
        return
      }
      const text = data.toString('latin1', 0, end)
      data = data.subarray(end)
      this.#readHead(text)
      if (this.answer !== null) return
    }
    if (this.#framing === 'chunked') this.#readChunks(data)
    else this.#readBody(data)
  }

  /** The other side has closed. What has come of a body is an answer, too. */
  end(): void {
    if (this.answer !== null) return
    if (this.#head === null) throw new NotHttp({ en: 'closed before an answer', ko: '응답 전에 연결이 끊김' })
    this.#finish(this.#framing !== 'close', false)
  }

  /** Nobody waits any longer: what has come of a body so far, or nothing. */
  cut(): RawAnswer | null {
    if (this.answer === null && this.#head !== null) this.#finish(true, false)
    return this.answer
  }

  #readHead(text: string): void {
    const lines = text.split('\n')
    const first = statusLine.exec(trimmed(lines[0]!))
    if (first === null) throw new NotHttp({ en: 'no status line', ko: '상태 줄이 없음' })
    const status = Number(first[2])
    // RFC 9110, section 15.2: what is said before the answer.
    if (status < 200 && status !== 101) return
    const headers: [string, string][] = []
    let length: string | null = null
    let coding = ''
    let connection = ''
    for (let at = 1; at < lines.length; at++) {
      const line = trimmed(lines[at]!)
      const before = headers.at(-1)
      if ((line.startsWith(' ') || line.startsWith('\t')) && before !== undefined) {
        before[1] += ` ${line.trim()}`
        continue
      }
      const colon = line.indexOf(':')
      if (colon <= 0) continue
      const name = line.slice(0, colon).trimEnd()
      const value = line.slice(colon + 1).trim()
      headers.push([name, value])
      switch (name.length) {
        case 10: if (name.toLowerCase() === 'connection') connection += value.toLowerCase(); break
        case 14: if (name.toLowerCase() === 'content-length') length ??= value; break
        case 17: if (name.toLowerCase() === 'transfer-encoding') coding += value.toLowerCase(); break
      }
    }
    const keepAlive = first[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive')
    this.#head = { status, reason: first[3] ?? '', headers, keepAlive }
    if (this.#method === 'HEAD' || status === 204 || status === 304 || status === 101) this.#finish(false, status !== 101)
    else if (coding.includes('chunked')) this.#framing = 'chunked'
    else if (length !== null && /^\d{1,15}$/.test(length)) {
      this.#framing = 'length'
      this.#left = Number(length)
      if (this.#left === 0) this.#finish(false, true)
    } else this.#framing = 'close'
  }

  #readBody(data: Buffer): void {
    if (this.#framing === 'length') {
      // What follows belongs to no request: a connection with it carries no other one.
      const own = data.length > this.#left ? data.subarray(0, this.#left) : data
      this.#left -= own.length
      this.#add(own)
      if (this.#left === 0 && this.answer === null) this.#finish(false, own.length === data.length)
    } else this.#add(data)
  }

  #readChunks(given: Buffer): void {
    let data = given
    while (this.answer === null) {
      if (this.#inChunk) {
        if (data.length === 0) return
        const own = data.length > this.#left ? data.subarray(0, this.#left) : data
        this.#left -= own.length
        data = data.subarray(own.length)
        this.#add(own)
        if (this.#left > 0) return
        this.#inChunk = false
      }
      const end = data.indexOf(10)
      if (end === -1) {
        if (data.length > largestLine) this.#finish(true, false)
        else this.#rest = data
        return
      }
      const line = trimmed(data.toString('latin1', 0, end))
      data = data.subarray(end + 1)
      if (this.#inTrailer) {
        if (line === '') this.#finish(false, data.length === 0)
        continue
      }
      // The end of the chunk before.
      if (line === '') continue
      const size = /^[ \t]*([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line)?.[1]
      if (size === undefined) this.#finish(true, false)
      else if (Number.parseInt(size, 16) === 0) this.#inTrailer = true
      else {
        this.#left = Number.parseInt(size, 16)
        this.#inChunk = true
      }
    }
  }

  #add(data: Buffer): void {
    if (data.length === 0 || this.answer !== null) return
    const room = this.#maxBytes - this.#size
    if (data.length > room) {
      if (room > 0) this.#chunks.push(data.subarray(0, room))
      this.#size = this.#maxBytes
      this.#finish(true, false)
      return
    }
    this.#chunks.push(data)
    this.#size += data.length
  }

  #finish(truncated: boolean, whole: boolean): void {
    const { status, reason, headers, keepAlive } = this.#head!
    this.answer = { status, reason, headers, body: this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks), truncated, reusable: whole && keepAlive }
    this.#chunks = []
  }
}

const trimmed = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)

/** Where the body begins; -1: not there yet. */
function endOfHead(data: Buffer): number {
  for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) {
    const next = data[at + 1]
    if (next === 10) return at + 2
    if (next === 13 && data[at + 2] === 10) return at + 3
  }
  return -1
}
