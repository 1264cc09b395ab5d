// Answers to bytes that no client would send: read leniently (bare LF, no reason, headers without colon, lengths that lie, chunks that break off), bounded in size and
// time. Whatever a server sends, there is an answer, a NetworkError or the end of the time. Defended by unsafe.test.ts.
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, Connection, HttpResponse } from '../model.ts'
import { headerValues } from './answer.ts'

const longestHead = 256 * 1024
type Limits = { readonly maxBytes: number; readonly timeoutMs: number; readonly method: Bytes; readonly endpoint: string; readonly now: () => number }
type Head = { readonly status: number; readonly reason: Bytes; readonly headers: readonly (readonly [Bytes, Bytes])[]; readonly end: number }

/** null: more is needed. Throws `protocol_error` where it is no HTTP. */
function readResponseHead(text: Bytes, ended: boolean, endpoint: string): Head | null {
  const start = /^[\r\n]*/.exec(text)![0].length
  const known = text.slice(start, start + 5)
  if (known.length === 5 ? known !== 'HTTP/' : !'HTTP/'.startsWith(known) || ended) throw new NetworkError('protocol_error', endpoint, 'The answer is no HTTP.')
  const blank = /\r?\n[ \t]*\r?\n/.exec(text.slice(start, start + longestHead))
  if (blank === null && !ended && text.length < start + longestHead) return null
  const end = blank === null ? text.length : start + blank.index + blank[0].length
  const lines = text.slice(start, blank === null ? end : start + blank.index).split(/\r?\n/)
  const line = /^HTTP\/?[\d.]*\s+(\d{1,3})(?:\s+(.*))?$/.exec(lines[0]!.trimEnd())
  if (line === null) throw new NetworkError('protocol_error', endpoint, 'The status line of the answer is not readable.')
  const headers: [Bytes, Bytes][] = []
  for (const header of lines.slice(1, 1_000)) {
    const last = headers.at(-1)
    const colon = header.indexOf(':')
    if (/^[ \t]/.test(header) && last !== undefined) last[1] = `${last[1]} ${header.trim()}`.trim()
    else if (colon > 0) headers.push([header.slice(0, colon).trim(), header.slice(colon + 1).trim()])
  }
  return { status: Number(line[1]), reason: line[2] ?? '', headers, end }
}

/** A chunked body as it comes (RFC 9112, 7.1). Where it is broken, what follows is taken as it is. */
export class Chunks {
  readonly #pieces: Bytes[] = []
  #rest = ''
  /** Bytes of the chunk that are still to come; -1: its size is. */
  #left = -1
  #broken = false
  size = 0
  done = false

  push(text: Bytes): void {
    this.#rest += text
    while (!this.done && this.#rest !== '') {
      if (this.#broken || this.#left > 0) {
        const piece = this.#broken ? this.#rest : this.#rest.slice(0, this.#left)
        this.#take(piece)
        if (!this.#broken) this.#left -= piece.length
        continue
      }
      const start = /^(?:\r?\n)?/.exec(this.#left === 0 ? this.#rest : '')![0].length
      const end = this.#rest.indexOf('\n', start)
      if (end < 0) {
        // No size is that long.
        if (this.#rest.length < 1_024) return
        this.#break(start)
        continue
      }
      const length = /^\s*([0-9A-Fa-f]{1,8})\s*(?:;.*)?\r?$/.exec(this.#rest.slice(start, end))
      if (length === null) {
        this.#break(start)
        continue
      }
      this.#rest = this.#rest.slice(end + 1)
      this.#left = Number.parseInt(length[1]!, 16)
      if (this.#left === 0) this.done = true
    }
  }

  #break(at: number): void {
    this.#broken = true
    this.#rest = this.#rest.slice(at)
  }

  #take(piece: Bytes): void {
    this.#pieces.push(piece)
    this.size += piece.length
    this.#rest = this.#rest.slice(piece.length)
  }

  get body(): Bytes {
    return this.#pieces.join('')
  }

  /** Nothing more comes: what is no whole chunk counts too. */
  end(): void {
    if (!this.done && this.#rest.trim() !== '') this.#take(this.#rest)
  }
}

function decompressed(body: Bytes, response: { readonly headers: HttpResponse['headers'] }, maxBytes: number): Bytes {
  const encoding = headerValues({ headers: response.headers } as HttpResponse, 'content-encoding')[0]?.trim().toLowerCase()
  if (encoding === undefined || body === '') return body
  const input = Buffer.from(body, 'latin1')
  const options = { maxOutputLength: maxBytes, finishFlush: constants.Z_SYNC_FLUSH }
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync(input, options).toString('latin1')
    if (encoding === 'deflate') return inflateSync(input, options).toString('latin1')
    if (encoding === 'br') return brotliDecompressSync(input, { maxOutputLength: maxBytes }).toString('latin1')
  } catch {
    // It is not what it says, or a bomb: as it came.
  }
  return body
}

export async function readAnswer(connection: Connection, limits: Limits): Promise<HttpResponse> {
  const start = limits.now()
  const deadline = start + limits.timeoutMs
  let text = ''
  let ended = false
  let late = false
  let begun = false
  const more = async (): Promise<void> => {
    const left = deadline - limits.now()
    if (left <= 0) {
      late = ended = true
      return
    }
    try {
      const piece = await connection.read(65_536, left)
      if (piece === '') ended = true
      else {
        text += piece
        begun = true
      }
    } catch (error) {
      // What has come is an answer, even where the rest does not come.
      if (!(error instanceof NetworkError) || error.fault === 'cancelled' || !begun) throw error
      late = error.fault === 'timeout'
      ended = true
    }
  }
  let head: Head | null = null
  for (;;) {
    while (head === null) {
      if (ended && text.trim() === '') throw new NetworkError(late ? 'timeout' : 'closed', limits.endpoint, 'The connection ended without an answer.')
      if (text !== '' || ended) head = readResponseHead(text, ended, limits.endpoint)
      if (head === null) await more()
    }
    if (head.status < 100 || head.status >= 200 || head.status === 101) break
    text = text.slice(head.end)
    head = null
  }
  const { status, reason, headers } = head
  let rest = text.slice(head.end)
  const chunks = headerValues({ headers } as HttpResponse, 'transfer-encoding').some((value) => /\bchunked\b/i.test(value)) ? new Chunks() : null
  const written = headerValues({ headers } as HttpResponse, 'content-length').map((value) => value.trim())
  const length = chunks === null && written.length > 0 && written.every((value) => value === written[0]) && /^\d{1,12}$/.test(written[0]!) ? Number(written[0]) : null
  const empty = limits.method.toUpperCase() === 'HEAD' || status === 204 || status === 304 || status === 101
  let body = ''
  let truncated = false
  if (!empty) {
    chunks?.push(rest)
    for (;;) {
      const size = chunks?.size ?? rest.length
      const whole = chunks === null ? length !== null && size >= length : chunks.done
      truncated = !whole && !ended && size >= limits.maxBytes
      if (whole || ended || truncated) break
      text = ''
      await more()
      if (chunks === null) rest += text
      else chunks.push(text)
    }
    if (ended) chunks?.end()
    body = chunks?.body ?? (length === null ? rest : rest.slice(0, length))
    truncated ||= body.length > limits.maxBytes
  }
  const cut = body.length > limits.maxBytes ? body.slice(0, limits.maxBytes) : body
  return { status, reason, headers, body: decompressed(cut, { headers }, limits.maxBytes), truncated, durationMs: limits.now() - start, address: connection.address }
}
