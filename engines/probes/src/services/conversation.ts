// One connection, read in messages. Invariant: whatever the other side sends, and however slowly, a conversation takes no more than its bytes, its reads and the
// time of each wait; what has come stays readable after an early end (conversation.test.ts).
import type { Bytes } from '../bytes.ts'
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'

const mostBytes = 256 * 1024
const mostReads = 1024
const oneRead = 16 * 1024
const mostRemembered = 2048

/** The length of the first whole message in what has come; null: more is needed. */
export type Framing = (heard: Bytes) => number | null

export const line: Framing = (heard) => {
  const end = heard.indexOf('\n')
  return end === -1 ? null : end + 1
}
export const exactly = (length: number): Framing => (heard) => (heard.length >= length ? length : null)
/** Until something stands in it, with that. */
export const upTo = (end: RegExp): Framing => (heard) => {
  const found = end.exec(heard)
  return found === null ? null : found.index + found[0].length
}
/** Numbered lines of which the last has no '-' behind its number (RFC 959, 4.2; 5321, 4.2.1). */
export const reply: Framing = upTo(/^\d{3}(?: [^\n]{0,2000})?\r?\n/m)
/** A head of `head` bytes, out of which the length of what follows it is read. Lengths beyond what a conversation takes never come together. */
export const withHead = (head: number, lengthOf: (head: Bytes) => number): Framing => (heard) => {
  if (heard.length < head) return null
  const length = head + lengthOf(heard.slice(0, head))
  return heard.length >= length ? length : null
}

export class Conversation {
  /** Of this no message has been taken yet. */
  heard: Bytes = ''
  /** The first that came, kept. */
  remembered: Bytes = ''
  /** The other side has closed it, or too much has come. */
  ended = false
  readonly #connection: Connection
  readonly #waitMs: number
  readonly #now: () => number
  readonly #until: number
  #bytes = 0
  #reads = 0

  /** `until`: nothing is waited for after it. */
  constructor(connection: Connection, { timeoutMs, now }: { readonly timeoutMs: number; readonly now: () => number }, until: number) {
    this.#connection = connection
    this.#waitMs = timeoutMs
    this.#now = now
    this.#until = until
  }

  get tls(): Connection['tls'] {
    return this.#connection.tls
  }

  /** To one that has gone away nothing is said. Errors: cancelled. */
  async say(data: Bytes): Promise<void> {
    if (this.ended) return
    try {
      await this.#connection.write(data)
    } catch (error) {
      this.#over(error)
    }
  }

  /** Reads once. false: nothing came in time, or nothing will. Errors: cancelled. */
  async more(waitMs: number): Promise<boolean> {
    const wait = Math.min(waitMs, this.#until - this.#now())
    if (this.ended || wait <= 0) return false
    if (++this.#reads > mostReads || this.#bytes >= mostBytes) {
      this.ended = true
      return false
    }
    try {
      const data = await this.#connection.read(oneRead, wait)
      if (data === '') this.ended = true
      this.#bytes += data.length
      this.heard += data
      if (this.remembered.length < mostRemembered) this.remembered += data.slice(0, mostRemembered - this.remembered.length)
      return data !== ''
    } catch (error) {
      this.#over(error)
      return false
    }
  }

  /** The next message; null where it does not come together. Errors: cancelled. */
  async hear(framing: Framing, waitMs = this.#waitMs): Promise<Bytes | null> {
    const ends = this.#now() + waitMs
    for (;;) {
      const length = framing(this.heard)
      if (length !== null) return this.take(length)
      if (!await this.more(ends - this.#now())) return null
    }
  }

  /** Reads until it is enough, the other side ends, or the time is over; what has come stays. Errors: cancelled. */
  async gather(enough: (heard: Bytes) => boolean, waitMs: number): Promise<void> {
    const ends = this.#now() + waitMs
    while (!enough(this.heard) && await this.more(ends - this.#now()));
  }

  async ask(data: Bytes, framing: Framing, waitMs = this.#waitMs): Promise<Bytes | null> {
    await this.say(data)
    return this.hear(framing, waitMs)
  }

  take(length: number): Bytes {
    const taken = this.heard.slice(0, length)
    this.heard = this.heard.slice(length)
    return taken
  }

  close(): void {
    this.ended = true
    this.#connection.close()
  }

  #over(error: unknown): void {
    if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    if (error.fault !== 'timeout') this.ended = true
  }
}
