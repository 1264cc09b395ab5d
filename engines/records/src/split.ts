// Splits any input into records: what wraps it is undone, its form is read from its content, one record is one line of JSON.
// A broken record is an error in its place and the rest goes on. split.integration.test.ts holds it for every form, chunking and cut.
import { isUtf8 } from 'node:buffer'
import { RecordsError } from './errors.ts'
import { JsonSplitter } from './json.ts'
import { decodeUtf16, gunzip, peek, zipMembers } from './unpack.ts'
import type { Piece } from './unpack.ts'

/** One record as JSON on one line (text formats: `{"message": "<line>"}`), or what is wrong with it. `index` counts from 0 over the whole input, `line` from 1 in its file. */
export type SourceRecord =
  | { index: number; line: number; bytes: Uint8Array; error?: never }
  | { index: number; line: number; error: RecordsError; bytes?: never }

export type SplitOptions = {
  /** Shown in the place of an error. */
  name: string
  /** Default 1 MiB. A longer record is an error of that record. */
  maxRecordBytes?: number
  /** `ndjson` takes every line as one record and nothing else, which is what a wire protocol says; default `detect`. */
  form?: 'detect' | 'ndjson'
}

const DEFAULT_RECORD_BYTES = 1024 * 1024
/** How much of the start decides on the form. Always read whole, so that the decision does not depend on how the input is cut. */
const SNIFF_BYTES = 64 * 1024
const LF = 10

type Form = { kind: 'json' | 'text' | 'binary' } | { kind: 'csv'; delimiter: string }

/**
 * Records of any input in batches: NDJSON, a JSON array, printed or concatenated objects, CloudTrail files, CSV, text lines; gzip and zip of these; UTF-8 or UTF-16 with a byte order mark.
 * `bytes` of a record are a view into the input's chunks where they can be: an input must not write into a chunk that it handed over.
 * Never throws on content; what the input itself throws passes through. Memory is bounded by the record limit and the chunk size (a zip: 256 MiB).
 */
export async function* splitRecords(input: AsyncIterable<Uint8Array>, options: SplitOptions): AsyncGenerator<SourceRecord[]> {
  const limit = options.maxRecordBytes ?? DEFAULT_RECORD_BYTES
  yield* splitPiece(input, options.name, limit, options.form ?? 'detect', 0, 0)
}

async function* splitPiece(input: AsyncIterable<Piece>, name: string, limit: number, form: 'detect' | 'ndjson', from: number, nesting: number): AsyncGenerator<SourceRecord[], number> {
  let index = from
  const failed = (error: RecordsError): SourceRecord[] => [{ index: index++, line: 1, error }]
  const { head, whole } = await peek(input, 4)

  if (head[0] === 0x1f && head[1] === 0x8b) {
    if (nesting > 2) { yield failed(new RecordsError('gzip_invalid', name, { reason: 'nested' })); return index }
    return yield* splitPiece(gunzip(whole, name), name, limit, form, index, nesting + 1)
  }
  if (head.length >= 4 && head.readUInt32BE(0) === 0x504b0304) {
    if (nesting > 2) { yield failed(new RecordsError('zip_invalid', name, { reason: 'nested' })); return index }
    for await (const member of zipMembers(whole, name)) {
      if (member instanceof RecordsError) yield failed(member)
      else index = yield* splitPiece(member.content, member.name, limit, form, index, nesting + 1)
    }
    return index
  }
  let text = whole
  if (head[0] === 0xff && head[1] === 0xfe) text = decodeUtf16(whole, 'utf-16le', name)
  else if (head[0] === 0xfe && head[1] === 0xff) text = decodeUtf16(whole, 'utf-16be', name)
  else if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) text = without(whole, 3)

  const sniffed = form === 'ndjson' ? { head: Buffer.alloc(0), whole: text } : await peek(text, SNIFF_BYTES)
  const found: Form = form === 'ndjson' ? { kind: 'json' } : formOf(sniffed.head.subarray(0, SNIFF_BYTES), name)
  if (found.kind === 'binary') {
    yield failed(new RecordsError('binary_content', name, { kind: sniffed.head.toString('latin1', 0, 7) === 'ElfFile' ? 'evtx' : 'unknown' }))
    return index
  }
  const splitter = found.kind === 'json' ? new JsonSplitter(name, limit, index, form === 'ndjson')
    : found.kind === 'csv' ? new CsvSplitter(name, limit, index, found.delimiter)
    : new LineSplitter(name, limit, index)
  let fault: RecordsError | null = null
  for await (const piece of sniffed.whole) {
    if (piece instanceof RecordsError) { fault = piece; break }
    const batch = splitter.push(piece)
    if (batch.length > 0) yield batch
  }
  const rest = splitter.end()
  index = splitter.index
  if (fault !== null) rest.push({ index: index++, line: rest.at(-1)?.line ?? 1, error: fault })
  if (rest.length > 0) yield rest
  return index
}

async function* without(input: AsyncIterable<Piece>, count: number): AsyncGenerator<Piece> {
  let left = count
  for await (const piece of input) {
    if (piece instanceof RecordsError || left === 0) yield piece
    else {
      const cut = Math.min(left, piece.length)
      left -= cut
      yield piece.subarray(cut)
    }
  }
}

function formOf(head: Buffer, name: string): Form {
  if (head.includes(0)) return { kind: 'binary' }
  const text = head.toString('latin1', 0, head.length)
  const start = text.trimStart()
  if (start.startsWith('{')) return { kind: 'json' }
  if (/^\[\s*[{[\]]/.test(start)) return { kind: 'json' }
  const lines = start.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const objects = lines.filter((line) => line.startsWith('{') && line.endsWith('}')).length
  if (objects * 2 > lines.length) return { kind: 'json' }
  const delimiter = csvDelimiter(lines, /\.csv(\.gz)?$/i.test(name))
  return delimiter === null ? { kind: 'text' } : { kind: 'csv', delimiter }
}

const DELIMITERS = [',', ';', '\t', '|']

/** A file that is not named CSV is one when it names its columns: two or more different plain names, and as many cells in the next line. */
function csvDelimiter(lines: string[], named: boolean): string | null {
  const header = lines[0]
  if (header === undefined) return null
  if (named) return DELIMITERS.toSorted((a, b) => header.split(b).length - header.split(a).length)[0] as string
  return DELIMITERS.find((delimiter) => {
    const cells = header.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    if (cells.length < 2 || new Set(cells).size !== cells.length || !cells.every((cell) => /^[\w@][\w .@/#()-]{0,63}$/.test(cell))) return false
    return lines[1] === undefined || lines[1].split(delimiter).length >= cells.length
  }) ?? null
}

/** Text that is no JSON: each line is a record, kept as `{"message": line}`. */
class LineSplitter {
  readonly #place: string
  readonly #limit: number
  #index: number
  #line = 1
  #buffer: Buffer = Buffer.alloc(0)
  #skipping = false

  constructor(place: string, limit: number, index: number) {
    this.#place = place
    this.#limit = limit
    this.#index = index
  }

  get index(): number {
    return this.#index
  }

  push(chunk: Uint8Array): SourceRecord[] {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#buffer, chunk])
    return this.#drain(false)
  }

  end(): SourceRecord[] {
    return this.#drain(true)
  }

  #drain(last: boolean): SourceRecord[] {
    const out: SourceRecord[] = []
    const buffer = this.#buffer
    let at = 0
    while (at < buffer.length) {
      const newline = buffer.indexOf(LF, at)
      if (newline === -1 && !last) {
        if (buffer.length - at > this.#limit) {
          if (!this.#skipping) this.#fail('record_too_large', out)
          this.#skipping = true
          at = buffer.length
        }
        break
      }
      const stop = newline === -1 ? buffer.length : newline
      if (this.#skipping) this.#skipping = false
      else this.#take(buffer, at, stop, out)
      at = stop + 1
      this.#line++
    }
    this.#buffer = buffer.subarray(at)
    return out
  }

  #take(buffer: Buffer, from: number, to: number, out: SourceRecord[]): void {
    let stop = to
    while (stop > from && (buffer[stop - 1] === 13 || buffer[stop - 1] === 32)) stop--
    if (stop === from) return
    const bytes = buffer.subarray(from, stop)
    if (to - from > this.#limit) this.#fail('record_too_large', out)
    else if (!isUtf8(bytes)) this.#fail('utf8_invalid', out)
    else out.push({ index: this.#index++, line: this.#line, bytes: Buffer.from(`{"message":${JSON.stringify(bytes.toString())}}`) })
  }

  #fail(code: 'record_too_large' | 'utf8_invalid', out: SourceRecord[]): void {
    out.push({ index: this.#index++, line: this.#line, error: new RecordsError(code, `${this.#place}:${this.#line}`, code === 'record_too_large' ? { limit_bytes: this.#limit } : {}) })
  }
}

/** RFC 4180 with a header line: each row becomes an object of strings. A quoted cell may hold line ends. */
class CsvSplitter {
  readonly #place: string
  readonly #limit: number
  readonly #delimiter: string
  #index: number
  #line = 1
  #buffer: Buffer = Buffer.alloc(0)
  #header: string[] | null = null
  #skipping = false
  // The search for the end of an unfinished row goes on where the last chunk ended.
  #scanAt = 0
  #quoted = false
  #linesInside = 0

  constructor(place: string, limit: number, index: number, delimiter: string) {
    this.#place = place
    this.#limit = limit
    this.#index = index
    this.#delimiter = delimiter
  }

  get index(): number {
    return this.#index
  }

  push(chunk: Uint8Array): SourceRecord[] {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#buffer, chunk])
    return this.#drain(false)
  }

  end(): SourceRecord[] {
    return this.#drain(true)
  }

  #drain(last: boolean): SourceRecord[] {
    const out: SourceRecord[] = []
    const buffer = this.#buffer
    let at = 0
    for (;;) {
      if (this.#skipping) {
        const newline = buffer.indexOf(LF, at)
        if (newline === -1) { at = buffer.length; break }
        this.#skipping = false
        this.#line++
        at = newline + 1
      }
      let i = Math.max(at, this.#scanAt)
      const hardStop = Math.min(buffer.length, at + this.#limit + 1)
      while (i < hardStop) {
        const byte = buffer[i]
        if (byte === 34) this.#quoted = !this.#quoted
        else if (byte === LF) {
          if (!this.#quoted) break
          this.#linesInside++
        }
        i++
      }
      if (i === hardStop && i - at > this.#limit) {
        this.#fail('record_too_large', out, { limit_bytes: this.#limit })
        // Where the quotes of a row this long end is a guess; the next line end is where it starts again.
        this.#skipping = true
        this.#line += this.#linesInside
        this.#restart()
        at = i
        continue
      }
      if (i === buffer.length && !(last && at < buffer.length)) {
        this.#scanAt = i
        break
      }
      this.#take(buffer, at, i, out)
      this.#line += this.#linesInside + 1
      this.#restart()
      at = Math.min(i + 1, buffer.length)
    }
    this.#buffer = buffer.subarray(at)
    this.#scanAt = Math.max(0, this.#scanAt - at)
    return out
  }

  #restart(): void {
    this.#quoted = false
    this.#linesInside = 0
    this.#scanAt = 0
  }

  #take(buffer: Buffer, from: number, to: number, out: SourceRecord[]): void {
    const stop = to > from && buffer[to - 1] === 13 ? to - 1 : to
    if (stop === from) return
    const bytes = buffer.subarray(from, stop)
    if (!isUtf8(bytes)) { this.#fail('utf8_invalid', out); return }
    const cells = csvCells(bytes.toString(), this.#delimiter)
    if (cells === null) this.#fail('csv_invalid', out, { reason: 'quote' })
    else if (this.#header === null) this.#header = columnNames(cells)
    else if (cells.length !== this.#header.length) this.#fail('csv_invalid', out, { cells: cells.length, columns: this.#header.length })
    else out.push({ index: this.#index++, line: this.#line, bytes: Buffer.from(rowJson(this.#header, cells)) })
  }

  #fail(code: 'csv_invalid' | 'utf8_invalid' | 'record_too_large', out: SourceRecord[], params: Record<string, string | number> = {}): void {
    out.push({ index: this.#index++, line: this.#line, error: new RecordsError(code, `${this.#place}:${this.#line}`, params) })
  }
}

/** The cells of one row, or null when a quote is not closed or something follows it. */
function csvCells(row: string, delimiter: string): string[] | null {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (row.charCodeAt(at) === 34) {
      let cell = ''
      let from = at + 1
      for (;;) {
        const quote = row.indexOf('"', from)
        if (quote === -1) return null
        cell += row.slice(from, quote)
        if (row.charCodeAt(quote + 1) !== 34) { at = quote + 1; break }
        cell += '"'
        from = quote + 2
      }
      cells.push(cell)
      if (at === row.length) return cells
      if (row[at] !== delimiter) return null
    } else {
      let stop = row.indexOf(delimiter, at)
      if (stop === -1) stop = row.length
      cells.push(row.slice(at, stop))
      at = stop
      if (at === row.length) return cells
    }
    at++
    if (at === row.length) { cells.push(''); return cells }
  }
}

/** A name that occurs twice gets a number, so that no cell is lost. */
function columnNames(cells: string[]): string[] {
  const seen = new Map<string, number>()
  return cells.map((cell, column) => {
    const name = cell.trim() === '' ? `column_${column + 1}` : cell.trim()
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}

function rowJson(header: string[], cells: string[]): string {
  let json = '{'
  for (let i = 0; i < header.length; i++) json += `${i === 0 ? '' : ','}${JSON.stringify(header[i])}:${JSON.stringify(cells[i])}`
  return `${json}}`
}
