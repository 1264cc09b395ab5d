// Splits any input into records: what wraps it is undone, its form is read from its content, one record is one line of JSON.
// A broken record is an error in its place and the rest goes on. split.test.ts holds it for every form, chunking and cut.
import { parse as csvParser } from 'csv-parse'
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

type Form = 'json' | 'csv' | 'text' | 'binary'

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
  const found: Form = form === 'ndjson' ? 'json' : formOf(sniffed.head.subarray(0, SNIFF_BYTES), name)
  if (found === 'binary') {
    yield failed(new RecordsError('binary_content', name, { kind: sniffed.head.toString('latin1', 0, 7) === 'ElfFile' ? 'evtx' : 'unknown' }))
    return index
  }
  if (found === 'csv') return yield* splitCsv(sniffed.whole, name, limit, index)
  const splitter = found === 'json' ? new JsonSplitter(name, limit, index, form === 'ndjson') : new LineSplitter(name, limit, index)
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
  if (head.includes(0)) return 'binary'
  const text = head.toString('latin1', 0, head.length)
  const start = text.trimStart()
  if (start.startsWith('{')) return 'json'
  if (/^\[\s*[{[\]]/.test(start)) return 'json'
  const lines = start.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const objects = lines.filter((line) => line.startsWith('{') && line.endsWith('}')).length
  if (objects * 2 > lines.length) return 'json'
  return csvDelimiter(lines, /\.csv(\.gz)?$/i.test(name)) === null ? 'text' : 'csv'
}

/** A CSV file names its columns: two or more different plain names, and as many cells in the next line. */
function csvDelimiter(lines: string[], named: boolean): string | null {
  const header = lines[0]
  if (header === undefined) return null
  for (const delimiter of [',', ';', '\t', '|']) {
    const cells = header.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    if (cells.length < 2 || new Set(cells).size !== cells.length || !cells.every((cell) => /^[\w@][\w .@/#()-]{0,63}$/.test(cell))) continue
    const next = lines[1]
    if (named || next === undefined || next.split(delimiter).length >= cells.length) return delimiter
  }
  return null
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
    if (bytes.length > this.#limit) this.#fail('record_too_large', out)
    else if (!isUtf8(bytes)) this.#fail('utf8_invalid', out)
    else out.push({ index: this.#index++, line: this.#line, bytes: Buffer.from(`{"message":${JSON.stringify(bytes.toString())}}`) })
  }

  #fail(code: 'record_too_large' | 'utf8_invalid', out: SourceRecord[]): void {
    out.push({ index: this.#index++, line: this.#line, error: new RecordsError(code, `${this.#place}:${this.#line}`, code === 'record_too_large' ? { limit_bytes: this.#limit } : {}) })
  }
}

/** RFC 4180 with a header line: each row becomes an object of strings. */
async function* splitCsv(input: AsyncIterable<Piece>, name: string, limit: number, from: number): AsyncGenerator<SourceRecord[], number> {
  const { head, whole } = await peek(input, SNIFF_BYTES)
  const lines = head.subarray(0, SNIFF_BYTES).toString('latin1').trimStart().split('\n').map((line) => line.trim()).filter((line) => line !== '')
  let index = from
  let out: SourceRecord[] = []
  let header: string[] | null = null
  let startLine = 1
  const fail = (code: 'csv_invalid' | 'utf8_invalid' | 'record_too_large', line: number, params: Record<string, string | number> = {}): void => {
    out.push({ index: index++, line, error: new RecordsError(code, `${name}:${line}`, params) })
  }
  const parser = csvParser({
    delimiter: csvDelimiter(lines, true) ?? ',', info: true, relax_column_count: true, skip_empty_lines: true, max_record_size: limit, skip_records_with_error: true, encoding: 'latin1',
  })
  parser.on('skip', (error: Error & { code?: string; lines?: number } | undefined) => {
    const line = error?.lines ?? startLine
    if (error?.code === 'CSV_MAX_RECORD_SIZE') fail('record_too_large', line, { limit_bytes: limit })
    else fail('csv_invalid', line, { reason: error?.code ?? 'unreadable' })
  })
  let fault: RecordsError | null = null
  const take = (): void => {
    for (let row = parser.read() as { record: string[]; info: { lines: number } } | null; row !== null; row = parser.read() as typeof row) {
      const line = startLine
      startLine = row.info.lines + 1
      const cells: string[] = []
      let utf8 = true
      for (const cell of row.record) {
        const bytes = Buffer.from(cell, 'latin1')
        utf8 &&= isUtf8(bytes)
        cells.push(bytes.toString())
      }
      if (!utf8) fail('utf8_invalid', line)
      else if (header === null) header = columnNames(cells)
      else if (cells.length !== header.length) fail('csv_invalid', line, { cells: cells.length, columns: header.length })
      else out.push({ index: index++, line, bytes: Buffer.from(rowJson(header, cells)) })
    }
  }
  parser.on('error', (error: Error) => { fault ??= new RecordsError('csv_invalid', name, { reason: error.message }) })
  for await (const piece of whole) {
    if (fault !== null) break
    if (piece instanceof RecordsError) { fault = piece; break }
    for (let at = 0; at < piece.length; at += SNIFF_BYTES) {
      await new Promise<void>((resolve) => {
        const part = Buffer.from(piece.subarray(at, at + SNIFF_BYTES))
        parser.once('error', () => resolve())
        parser.write(part, () => { take(); parser.removeListener('error', resolve); resolve() })
        parser.setMaxListeners(0)
        // A full queue of rows would hold the write back.
        parser.on('readable', take)
      })
      parser.removeListener('readable', take)
      if (out.length > 0) { yield out; out = [] }
    }
  }
  parser.on('readable', take)
  await new Promise<void>((resolve) => {
    parser.once('end', resolve)
    parser.once('error', () => resolve())
    parser.end(() => take())
  })
  take()
  if (fault !== null) out.push({ index: index++, line: startLine, error: fault })
  if (out.length > 0) yield out
  return index
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
