// Server-sent events to one client (HTML, section 9.2). Invariant: a client that does not read costs at most `mostWaiting` bytes and one message, then it is cut
// off; what all clients together may come back for costs at most `mostKept`. Defended by http.integration.test.ts ("a client that never reads") and event-stream.test.ts.
import { resumesStreams } from './versions.ts'

/** The way to one client, of whatever make. */
export interface Sink {
  write(text: string): void
  /** Bytes written that the client has not taken. */
  waiting(): number
  end(): void
  /** Without an orderly end. */
  cut(): void
}

const mostWaiting = 1 << 20
const mostKept = 64 << 20
/** Milliseconds after which a client comes back. */
const retry = 1000

/** A message as the data of an event. Line ends in JSON stand between tokens, so they may become several data lines. */
export const eventText = (message: string): string => `data: ${message.includes('\n') ? message.replaceAll(/\r?\n/g, '\ndata: ') : message}\n\n`

/** What is kept of all streams of one server, in characters. */
export type Kept = { total: number }

export class EventStream {
  #sink: Sink | null
  /** What a client may come back for; null: nothing. */
  #kept: string[] | null
  readonly #all: Kept
  readonly #name: string
  #count = 0
  ended = false

  /** `version` decides whether the client may come back, in which case the stream needs a name of its own. */
  constructor(sink: Sink, version: string, name: string | null, all: Kept) {
    this.#sink = sink
    this.#all = all
    this.#name = name ?? ''
    this.#kept = name !== null && resumesStreams(version) ? [] : null
    // An event without data gives the client a place to come back to before anything has happened.
    if (this.#kept !== null) this.#write(`id: ${this.#name}.0\nretry: ${retry}\ndata: \n\n`)
  }

  get open(): boolean {
    return this.#sink !== null
  }

  get resumable(): boolean {
    return this.#kept !== null
  }

  send(message: string): void {
    if (this.ended) return
    let event = eventText(message)
    if (this.#kept !== null) {
      this.#count += 1
      event = `id: ${this.#name}.${this.#count}\n${event}`
      if (this.#all.total + event.length > mostKept) this.forget()
      else {
        this.#all.total += event.length
        this.#kept.push(event)
      }
    }
    this.#write(event)
  }

  /** A comment: keeps proxies from closing what is quiet. */
  beat(): void {
    if (this.#sink?.waiting() === 0) this.#sink.write(':\n\n')
  }

  #write(text: string): void {
    if (this.#sink === null) return
    if (this.#sink.waiting() > mostWaiting) this.cut()
    else this.#sink.write(text)
  }

  /** Ends the connection and keeps what follows. */
  pause(): void {
    if (!this.resumable) return
    this.#sink?.end()
    this.#sink = null
  }

  /** The client came back, having seen `seen` events. */
  resume(sink: Sink, seen: number): void {
    this.#sink?.cut()
    this.#sink = sink
    for (const event of this.#kept?.slice(seen) ?? []) this.#write(event)
    if (this.ended) this.end()
  }

  /** What nobody takes is kept for who comes back. */
  end(): void {
    this.ended = true
    if (this.#sink === null) return
    this.#sink.end()
    this.#sink = null
    this.forget()
  }

  /** Nobody comes back for it. */
  forget(): void {
    for (const { length } of this.#kept ?? []) this.#all.total -= length
    this.#kept = null
  }

  cut(): void {
    this.#sink?.cut()
    this.#sink = null
  }

  /** The client has gone by itself. */
  lost(sink: Sink): void {
    if (this.#sink === sink) this.#sink = null
  }
}
