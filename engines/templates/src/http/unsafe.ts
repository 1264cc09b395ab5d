// Answers to bytes that no client would send: read leniently (bare LF, no reason, headers without colon, lengths that lie, chunks that break off), bounded in size and
// time. Whatever a server sends, there is an answer, a NetworkError or the end of the time. Defended by unsafe.test.ts.
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'
import { type Bytes, type Connection, type HttpResponse, NetworkError } from '../model.ts'
import { headerValues } from './answer.ts'

const longestHead = 256 * 1024
type Limits = { readonly maxBytes: number; readonly timeoutMs: number; readonly method: Bytes; readonly endpoint: string; readonly now: () => number }
type Head = { readonly status: number; readonly reason: Bytes; readonly headers: readonly (readonly [Bytes, Bytes])[]; readonly end: number }

/** null: more is needed. Throws `protocol_error` where it is no HTTP. */
export function readResponseHead(text: Bytes, ended: boolean, endpoint: string): Head | null {
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

/** What of a chunked body is there; `done` at its last chunk, or where it is broken: what follows then is taken as it is. */
export function readChunks(text: Bytes, maxBytes: number): { readonly body: Bytes; readonly done: boolean; readonly used: number } {
  const pieces: Bytes[] = []
  let size = 0
  let at = 0
  for (;;) {
    const line = text.indexOf('\n', at)
    if (line < 0) return { body: pieces.join(''), done: text.length - at > 1_024, used: at }
    const length = /^\s*([0-9A-Fa-f]{1,8})\s*(?:;.*)?\r?$/.exec(text.slice(at, line))
    if (length === null) return { body: pieces.join('') + text.slice(at), done: true, used: text.length }
    const bytes = Number.parseInt(length[1]!, 16)
    if (bytes === 0) return { body: pieces.join(''), done: true, used: line + 1 }
    if (text.length < line + 1 + bytes) {
      const rest = text.slice(line + 1)
      return { body: pieces.join('') + rest, done: size + rest.length >= maxBytes, used: at }
    }
    pieces.push(text.slice(line + 1, line + 1 + bytes))
    size += bytes
    at = line + 1 + bytes
    if (size >= maxBytes) return { body: pieces.join(''), done: true, used: at }
    if (text.startsWith('\r\n', at)) at += 2
    else if (text[at] === '\n') at += 1
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
  const more = async (): Promise<void> => {
    const left = deadline - limits.now()
    if (left <= 0) {
      late = ended = true
      return
    }
    try {
      const piece = await connection.read(65_536, left)
      if (piece === '') ended = true
      else text += piece
    } catch (error) {
      // What has come is an answer, even where the rest does not come.
      if (!(error instanceof NetworkError) || error.fault === 'cancelled' || text === '') throw error
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
  text = ''
  const chunked = headerValues({ headers } as HttpResponse, 'transfer-encoding').some((value) => /\bchunked\b/i.test(value))
  const written = headerValues({ headers } as HttpResponse, 'content-length').map((value) => value.trim())
  const length = !chunked && written.length > 0 && written.every((value) => value === written[0]) && /^\d{1,12}$/.test(written[0]!) ? Number(written[0]) : null
  const empty = limits.method.toUpperCase() === 'HEAD' || status === 204 || status === 304 || status === 101
  let body = ''
  if (!empty) {
    const decoded: Bytes[] = []
    let size = 0
    for (;;) {
      rest += text
      text = ''
      if (chunked) {
        const chunks = readChunks(rest, limits.maxBytes - size)
        if (chunks.done || ended) {
          decoded.push(chunks.body)
          break
        }
        // Chunks that are whole are taken out once, so that a body of many is read in linear time.
        if (chunks.used > 0) {
          const whole = readChunks(rest.slice(0, chunks.used), limits.maxBytes - size)
          decoded.push(whole.body)
          size += whole.body.length
          rest = rest.slice(chunks.used)
        }
        if (size >= limits.maxBytes) break
      } else if (ended || rest.length >= limits.maxBytes || (length !== null && rest.length >= length)) {
        decoded.push(length === null ? rest : rest.slice(0, length))
        break
      }
      await more()
    }
    body = decoded.join('')
  }
  const truncated = body.length > limits.maxBytes || (length !== null && length > limits.maxBytes)
  const cut = body.length > limits.maxBytes ? body.slice(0, limits.maxBytes) : body
  return { status, reason, headers, body: decompressed(cut, { headers }, limits.maxBytes), truncated, durationMs: limits.now() - start, address: connection.address }
}
