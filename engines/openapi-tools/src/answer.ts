import type { CallToolResult, ContentBlock, Json, JsonObject } from '@haechi/mcp-wire'
import { fit, NOTHING } from './fit.ts'
import type { Operation } from './model.ts'

export type HttpAnswer = {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array> | Uint8Array | null
}

/** One event of a streamed answer, in order from 1. Awaited, so that a slow reader slows the API down and not the memory. */
export type Progress = (event: { readonly progress: number; readonly message: string }) => void | Promise<void>

export type AnswerOptions = {
  /** The tool's, as tools/list shows it: structuredContent will be valid against it. */
  readonly outputSchema?: JsonObject | undefined
  readonly progress?: Progress | undefined
  /** Bytes of the body that are read at most. Default 5 MiB. */
  readonly maxBytes?: number | undefined
  /** Texts that must not appear in the result (secretTexts): an API that echoes what it was sent does not hand its credentials to the model. */
  readonly secrets?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

export const MAX_ANSWER_BYTES = 5 * 1024 * 1024
/** Characters of an error's body that a model is shown. */
const MAX_ERROR_TEXT = 16 * 1024
const MAX_PARTS = 100

/**
 * What the API answered, as content for the model. An answer never fails because of its form: what cannot be read as it is declared is given as it is.
 * isError: the status is 300 or more (304 is not), or the body is larger than `maxBytes`. Errors: what reading the body throws.
 */
export async function readAnswer(operation: Operation, answer: HttpAnswer, options: AnswerOptions = {}): Promise<CallToolResult> {
  const { status, headers } = answer
  const media = mediaTypeOf(headers['content-type'] ?? '')
  const failed = status >= 300 && status !== 304
  const read = await (operation.method === 'HEAD' ? none(answer) : isStreamed(media.type) && !failed ? events(media, answer, options) : whole(answer, options))
  if (read === 'too_large') return tooLarge(operation, options.maxBytes ?? MAX_ANSWER_BYTES)
  if (failed) return failure(answer, media, read.bytes)
  const { blocks, json } = read.events === null ? content(operation, media, headers, read.bytes) : { blocks: [text(read.events.join('\n'))], json: sequence(read.events) }
  if (operation.method === 'HEAD') blocks.splice(0, blocks.length, text(`HTTP ${status}\n${Object.entries(headers).filter(([name]) => TOLD.has(name)).map((pair) => pair.join(': ')).join('\n')}`.trim()))
  else if (blocks.length === 0 || read.events?.length === 0) blocks.splice(0, blocks.length, text(`HTTP ${status}: the call succeeded; the answer is empty.`))
  const structuredContent = structured(operation, json, options)
  return { content: blocks, ...(structuredContent === undefined ? {} : { structuredContent }) }
}

/** Of an answer to HEAD. */
const TOLD = new Set(['content-type', 'content-length', 'last-modified', 'etag', 'retry-after', 'accept-ranges', 'content-range', 'x-total-count', 'link', 'date'])

const text = (it: string): ContentBlock => ({ type: 'text', text: it })

type Read = { readonly bytes: Buffer; readonly events: readonly string[] | null }

async function none({ body }: HttpAnswer): Promise<Read> {
  if (body !== null && !(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.()
  return { bytes: Buffer.alloc(0), events: null }
}

async function* chunks({ body }: HttpAnswer, { maxBytes = MAX_ANSWER_BYTES, signal }: AnswerOptions): AsyncGenerator<Uint8Array | 'too_large'> {
  if (body === null) return
  let size = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    signal?.throwIfAborted()
    size += chunk.length
    if (size > maxBytes) {
      yield 'too_large'
      return
    }
    yield chunk
  }
}

async function whole(answer: HttpAnswer, options: AnswerOptions): Promise<Read | 'too_large'> {
  const { maxBytes = MAX_ANSWER_BYTES, secrets = [] } = options
  if (answer.body instanceof Uint8Array) return answer.body.length > maxBytes ? 'too_large' : { bytes: concealed(Buffer.from(answer.body), secrets), events: null }
  const read: Uint8Array[] = []
  for await (const chunk of chunks(answer, options)) {
    if (chunk === 'too_large') return chunk
    read.push(chunk)
  }
  return { bytes: concealed(Buffer.concat(read), secrets), events: null }
}

/** Each occurrence of a secret overwritten in place, so that lengths stay what a container format says they are. */
function concealed(bytes: Buffer, secrets: readonly string[]): Buffer {
  for (const secret of secrets) {
    const wanted = Buffer.from(secret)
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) bytes.fill('*', at, at + wanted.length)
  }
  return bytes
}

const concealedText = (it: string, secrets: readonly string[]): string => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), it)

const isStreamed = (type: string): boolean => type === 'text/event-stream' || isSequence(type)
const isSequence = (type: string): boolean => /^application\/(?:x-)?(?:jsonl|ndjson|jsonlines|json-lines|json-seq|stream\+json)$/.test(type)
const isJson = (type: string): boolean => /^(?:application|text)\/(?:x-)?json$|\+json$/.test(type)
const isText = (type: string): boolean => /^text\/|^application\/(?:xml|yaml|x-yaml|javascript|ecmascript|x-javascript|graphql|toml|sql|csv|x-www-form-urlencoded|x-sh|pgp-signature|x-pem-file|http|rtf)$|\+(?:xml|yaml)$/.test(type)

/** Events of text/event-stream (WHATWG HTML §9.2.6: their data), lines of JSON lines, texts of json-seq. */
async function events({ type, charset }: MediaType, answer: HttpAnswer, options: AnswerOptions): Promise<Read | 'too_large'> {
  const decoder = decoderFor(charset)
  const found: string[] = []
  let line = ''
  let data: string[] = []
  const emit = async (message: string): Promise<void> => {
    const shown = concealedText(message, options.secrets ?? [])
    found.push(shown)
    await options.progress?.({ progress: found.length, message: shown })
  }
  const take = async (it: string): Promise<void> => {
    if (type !== 'text/event-stream') {
      const one = it.replaceAll('\u001E', '').trim()
      if (one !== '') await emit(one)
    } else if (it === '') {
      if (data.length > 0) await emit(data.join('\n'))
      data = []
    } else if (it.startsWith('data:')) data.push(it.slice(it.startsWith('data: ') ? 6 : 5))
    else if (it === 'data') data.push('')
  }
  const feed = async (more: string, last: boolean): Promise<void> => {
    const lines = (line + more).split(/\r\n|\n|\r(?!$)/)
    line = last ? '' : (lines.pop() ?? '')
    for (const one of lines) await take(one.replace(/\r$/, ''))
  }
  for await (const chunk of chunks(answer, options)) {
    if (chunk === 'too_large') return chunk
    await feed(decoder.decode(chunk, { stream: true }), false)
  }
  await feed(decoder.decode(), true)
  if (type === 'text/event-stream') await take('')
  return { bytes: Buffer.alloc(0), events: found }
}

/** A streamed answer as one JSON value, where all of it is JSON. */
function sequence(found: readonly string[]): { readonly value: Json } | null {
  try {
    return { value: found.map((one) => JSON.parse(one) as Json) }
  } catch {
    return null
  }
}

type MediaType = { readonly type: string; readonly charset: string; readonly boundary: string | null }

const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i
const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]*))/i

function mediaTypeOf(header: string): MediaType {
  const [type = ''] = header.split(';')
  const parameter = (pattern: RegExp): string | undefined => {
    const [, quoted, bare] = pattern.exec(header) ?? []
    return quoted ?? bare
  }
  return { type: type.trim().toLowerCase(), charset: parameter(CHARSET) ?? '', boundary: parameter(BOUNDARY) ?? null }
}

function decoderFor(charset: string): { decode(bytes?: Uint8Array, options?: { stream: boolean }): string } {
  try {
    return new TextDecoder(charset === '' ? 'utf-8' : charset.trim())
  } catch {
    // A charset that nobody knows: nearly all of the world is UTF-8.
    return new TextDecoder()
  }
}

const usual = new TextDecoder()

const decoded = (charset: string, bytes: Uint8Array): string => (charset === '' ? usual : decoderFor(charset)).decode(bytes)

type Content = { readonly blocks: ContentBlock[]; readonly json: { readonly value: Json } | null }

function content(operation: Operation, media: MediaType, headers: Readonly<Record<string, string>>, bytes: Buffer, depth = 0): Content {
  const { type } = media
  if (bytes.length === 0) return { blocks: [], json: null }
  if (isJson(type)) return jsonContent(decoded(media.charset, bytes))
  if (type.startsWith('multipart/') && media.boundary !== null && depth < 3) {
    const parts = split(bytes, media.boundary)
    if (parts !== null) return { blocks: parts.flatMap((part) => content(operation, mediaTypeOf(part.headers['content-type'] ?? 'text/plain'), part.headers, part.body, depth + 1).blocks), json: null }
  }
  if (type.startsWith('image/')) return { blocks: [{ type: 'image', data: bytes.toString('base64'), mimeType: type }], json: null }
  if (type.startsWith('audio/')) return { blocks: [{ type: 'audio', data: bytes.toString('base64'), mimeType: type }], json: null }
  if (isText(type)) return { blocks: [text(decoded(media.charset, bytes))], json: null }
  if (type === '' || type === 'application/octet-stream') {
    // Nothing is said about it. Texts do not hold NUL.
    const guess = bytes.includes(0) ? null : utf8(bytes)
    if (guess !== null && type === '') {
      const read = jsonContent(guess)
      return read.json === null ? { blocks: [text(guess)], json: null } : read
    }
    if (guess !== null) return { blocks: [text(guess)], json: null }
  }
  const name = /filename="?([^";]+)"?/i.exec(headers['content-disposition'] ?? '')?.[1] ?? operation.operationId ?? 'answer'
  return { blocks: [{ type: 'resource', resource: { uri: `answer:///${encodeURIComponent(name.toWellFormed())}`, mimeType: type === '' ? 'application/octet-stream' : type, blob: bytes.toString('base64') } }], json: null }
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function jsonContent(written: string): Content {
  try {
    return { blocks: [text(compact(written))], json: { value: JSON.parse(written) as Json } }
  } catch {
    return { blocks: [text(written), text('Note: the API says that this answer is JSON, but it is not.')], json: null }
  }
}

/** Without the whitespace between its tokens. Not written anew, because numbers beyond 2^53 would change. */
function compact(json: string): string {
  return /[\r\n\t]|[:,] /.test(json) ? json.replaceAll(/("[^"\\]*(?:\\.[^"\\]*)*")|[\u0020\t\r\n]+/g, (_, string: string | undefined) => string ?? '') : json
}

type Section = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }

/** RFC 2046 §5.1. null: nothing in it is a part. */
function split(bytes: Buffer, boundary: string): Section[] | null {
  const parts: Section[] = []
  const mark = Buffer.from(`--${boundary}`)
  let at = bytes.indexOf(mark)
  while (at >= 0 && parts.length < MAX_PARTS) {
    const start = at + mark.length
    const end = bytes.indexOf(mark, start)
    if (end < 0 || bytes.subarray(start, start + 2).toString() === '--') break
    // The line break before a boundary belongs to the boundary.
    const section = bytes.subarray(bytes.indexOf('\n', start) + 1, end)
    const crlf = section.indexOf('\r\n\r\n')
    const lf = section.indexOf('\n\n')
    const noHead = /^\r?\n/.exec(section.subarray(0, 2).toString('latin1'))?.[0].length
    const [headEnd, bodyStart] = noHead !== undefined ? [0, noHead] : crlf >= 0 && (lf < 0 || crlf < lf) ? [crlf, crlf + 4] : lf >= 0 ? [lf, lf + 2] : [section.length, section.length]
    const head = section.subarray(0, headEnd).toString('utf8')
    const headers = Object.fromEntries(head.split(/\r?\n/).map((row) => [row.slice(0, Math.max(0, row.indexOf(':'))).trim().toLowerCase(), row.slice(row.indexOf(':') + 1).trim()]))
    const body = section.subarray(bodyStart)
    const tail = body.at(-1) === 10 ? (body.at(-2) === 13 ? 2 : 1) : 0
    parts.push({ headers, body: body.subarray(0, body.length - tail) })
    at = end
  }
  return parts.length === 0 ? null : parts
}

/** The half of a result that programs read. Where a schema is promised there is always one, if only an empty object. */
function structured({ wrapped }: Operation, json: { readonly value: Json } | null, { outputSchema, secrets = [] }: AnswerOptions): JsonObject | undefined {
  const value = json === null ? undefined : wrapped === 'result' ? { result: concealedValue(json.value, secrets) } : concealedValue(json.value, secrets)
  if (outputSchema === undefined) return isObject(value) ? value : undefined
  const fitted = value === undefined ? NOTHING : fit(outputSchema, value)
  return fitted !== NOTHING && isObject(fitted) ? fitted : {}
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A secret that was escaped in the JSON text ('\u0061') stands plain in the value. */
function concealedValue(value: Json, secrets: readonly string[]): Json {
  if (secrets.length === 0) return value
  if (typeof value === 'string') return concealedText(value, secrets)
  if (Array.isArray(value)) return value.map((item: Json) => concealedValue(item, secrets))
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, member]) => [concealedText(key, secrets), concealedValue(member, secrets)])) : value
}

function tooLarge({ parameters }: Operation, maxBytes: number): CallToolResult {
  const narrowing = parameters.filter(({ name, in: place }) => place === 'query' && /^\$?(?:limit|per_?page|page_?size|max_?results|size|count|top|first|fields|select|filter|q|query)$/i.test(name)).map(({ argument }) => `'${argument}'`)
  const hint = narrowing.length === 0 ? 'Ask for less of it.' : `Ask for less of it: ${narrowing.join(', ')} can narrow it.`
  return { content: [text(`answer_too_large: the API's answer is larger than ${maxBytes} bytes and was not read to its end. ${hint}`)], isError: true }
}

function failure({ status, headers }: HttpAnswer, media: MediaType, bytes: Buffer): CallToolResult {
  const lines = [`HTTP ${status}`]
  if (status < 400) {
    const to = URL.parse(headers['location'] ?? '')
    lines.push(`The API redirects${to === null ? '' : ` to ${to.origin}${to.pathname}`}; redirects are not followed.`)
  }
  const retry = headers['retry-after']
  if (retry !== undefined && /^[\w ,:+-]{1,64}$/.test(retry)) lines.push(`Retry after: ${/^\d+$/.test(retry) ? `${retry} seconds` : retry}.`)
  const written = isJson(media.type) || isText(media.type) || media.type === '' ? decoded(media.charset, bytes) : ''
  const shown = isJson(media.type) ? compactOrAsIs(written) : written
  if (shown.trim() !== '') lines.push(shown.length > MAX_ERROR_TEXT ? `${shown.slice(0, MAX_ERROR_TEXT).toWellFormed()}\n(cut: ${shown.length} characters)` : shown)
  return { content: [text(lines.join('\n'))], isError: true }
}

function compactOrAsIs(written: string): string {
  try {
    JSON.parse(written)
    return compact(written)
  } catch {
    return written
  }
}
