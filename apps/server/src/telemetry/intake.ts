// Bytes of a request in, acknowledged events out. A broken line costs only itself; what was kept before a failure stays kept and is counted in
// the answer; nothing is said to be kept before the log says so. Defended by intake.test.ts.
import { createHash, randomBytes } from 'node:crypto'
import { createGunzip } from 'node:zlib'
import { Readable } from 'node:stream'
import { senderId } from '@haechi/records'
import type { EventLog } from '../platform/event-log/port.ts'
import { HaechiError } from '../platform/errors.ts'
import type { ErrorCode, ErrorDetail } from '../platform/errors.ts'

/** Bytes; what one request may be after decompression, and one event in it. */
export const limits = { wireBytes: 64 * 1_048_576, inflatedBytes: 512 * 1_048_576, eventBytes: 1_048_576, depth: 200, listedErrors: 100 } as const

// One append: large enough that group commit is cheap, small enough that a request holds little memory. Part of the batch key's meaning: a repeated
// request is cut at the same lines.
const chunk = { lines: 4_000, bytes: 4 * 1_048_576 } as const

export type Destination = {
  readonly tenantId: string
  readonly sourceId: string
  readonly receivedAt: number
  readonly backfill: boolean
  /** Idempotency-Key, or file hash and offset: names this very request. */
  readonly batchKey: string | null
}

/** `dedupe` says what a repeat of the same request will be recognised by. `end`: once the store is searchable through this log offset, all of it can be found. */
export type IntakeTotals = {
  accepted: number
  rejected: number
  duplicate: number
  bytes: number
  dedupe: 'batch' | 'id' | 'none'
  errors: ErrorDetail[]
  errorCounts: Record<string, number>
  end: number
}

/** Thrown when a request broke off: `totals` says what had been kept until then. */
export class IntakeInterrupted extends Error {
  readonly totals: IntakeTotals
  readonly error: HaechiError
  constructor(error: HaechiError, totals: IntakeTotals) {
    super(error.message, { cause: error })
    this.totals = totals
    this.error = error
  }
}

export const newTotals = (destination: Pick<Destination, 'batchKey'>): IntakeTotals =>
  ({ accepted: 0, rejected: 0, duplicate: 0, bytes: 0, dedupe: destination.batchKey === null ? 'none' : 'batch', errors: [], errorCounts: {}, end: 0 })

/** Reads NDJSON (one JSON object a line) and appends it. Errors: IntakeInterrupted around a coded error. */
export async function takeIn(log: EventLog, body: AsyncIterable<Uint8Array>, destination: Destination): Promise<IntakeTotals> {
  const totals = newTotals(destination)
  const pending = openChunk(log, destination, totals)
  let number = 0
  try {
    for await (const line of linesOf(body)) {
      number++
      if (line.length === 0) continue
      const read = line === tooLong ? reject('event_too_large', { limit: limits.eventBytes }) : readEvent(line)
      if ('code' in read) refuse(totals, { ...read, place: `line ${number}` })
      else {
        pending.add(line, read.senderId, number)
      }
      if (pending.full()) await pending.flush(number)
    }
    await pending.flush(number)
  } catch (error) {
    // The good part stands: lines read before the break are kept before the break is reported.
    if (error instanceof HaechiError && !isLogError(error)) {
      await pending.flush(number).catch((late: unknown) => { throw late instanceof HaechiError ? new IntakeInterrupted(late, totals) : late })
    }
    throw error instanceof HaechiError ? new IntakeInterrupted(error, totals) : error
  }
  return totals
}

const isLogError = (error: HaechiError) => error.code.startsWith('log_')

/** Events on their way into one append. `flush` gives the indexes of those that had been kept before. */
export function openChunk(log: EventLog, destination: Destination, totals: IntakeTotals) {
  let entries: { id: Uint8Array; bytes: Uint8Array }[] = []
  let size = 0
  let firstLine = 0
  let ownIds = false
  return {
    add(bytes: Uint8Array, sender: string | null, line: number): Uint8Array {
      if (sender !== null) ownIds = true
      if (sender !== null && totals.dedupe === 'none') totals.dedupe = 'id'
      const id = sender !== null ? digest(destination.sourceId, 'id', sender)
        : destination.batchKey !== null ? digest(destination.sourceId, 'line', destination.batchKey, String(line)) : randomBytes(16)
      entries.push({ id, bytes })
      size += bytes.length
      return id
    },
    full: () => entries.length >= chunk.lines || size >= chunk.bytes,
    async flush(nextLine: number): Promise<ReadonlySet<number>> {
      if (entries.length === 0) return new Set()
      const batch = { source: destination.sourceId, receivedAt: destination.receivedAt, backfill: destination.backfill, entries }
      const appended = await log.append(destination.tenantId, batch, {
        dedupe: ownIds,
        ...(destination.batchKey === null ? {} : { batchId: digest(destination.sourceId, 'batch', destination.batchKey, String(firstLine)) }),
      })
      const before = appended.repeated ? entries.map((_, index) => index) : appended.duplicates
      totals.end = Math.max(totals.end, appended.end)
      totals.duplicate += before.length
      totals.accepted += entries.length - before.length
      totals.bytes += size
      entries = []
      size = 0
      firstLine = nextLine
      ownIds = false
      return new Set(before)
    },
  }
}

export function refuse(totals: IntakeTotals, fault: ErrorDetail): void {
  totals.rejected++
  totals.errorCounts[fault.code] = (totals.errorCounts[fault.code] ?? 0) + 1
  if (totals.errors.length < limits.listedErrors) totals.errors.push(fault)
}

type Fault = { code: ErrorCode; params: Readonly<Record<string, string | number>> }
const reject = (code: ErrorCode, params: Fault['params'] = {}): Fault => ({ code, params })

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The event that these bytes are, or why they are none. Its bytes are kept as sent. */
export function readEvent(bytes: Uint8Array): { value: Record<string, unknown>; senderId: string | null } | Fault {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return reject('utf8_invalid')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return reject('json_invalid', { reason: (error as Error).message.slice(0, 120) })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return reject('event_not_object', { found: value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value })
  if (!shallowerThan(value, limits.depth)) return reject('event_too_deep', { limit: limits.depth })
  return { value: value as Record<string, unknown>, senderId: senderId(value) }
}

function shallowerThan(value: object, depth: number): boolean {
  if (depth === 0) return false
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key]
    if (typeof inner === 'object' && inner !== null && !shallowerThan(inner, depth - 1)) return false
  }
  return true
}

const digest = (...parts: string[]): Uint8Array => createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16)

/** Undoes Content-Encoding. Errors while reading: body_encoding_invalid, body_too_large; content_encoding_unsupported at once. */
export function decoded(body: AsyncIterable<Uint8Array>, encoding: string | null): AsyncIterable<Uint8Array> {
  const name = (encoding ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '') return body
  if (name !== 'gzip' && name !== 'x-gzip') throw new HaechiError('content_encoding_unsupported', { encoding: name })
  return inflate(body)
}

async function* inflate(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(body, { objectMode: false })
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  let size = 0
  try {
    for await (const part of source.pipe(gunzip)) {
      size += (part as Uint8Array).length
      if (size > limits.inflatedBytes) throw new HaechiError('body_too_large', { limit: limits.inflatedBytes })
      yield part as Uint8Array
    }
  } catch (error) {
    if (error instanceof HaechiError) throw error
    throw new HaechiError('body_encoding_invalid', { reason: (error as Error).message }, { cause: error })
  } finally {
    source.destroy()
  }
}

const tooLong = new Uint8Array(1)
const newline = 10

/** Lines without their line feed and carriage return; a line over the limit is passed over and given as `tooLong`. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let rest: Uint8Array[] = []
  let held = 0
  let skipping = false
  const take = (last: Uint8Array): Uint8Array => {
    if (skipping || held + last.length > limits.eventBytes) {
      rest = []
      held = 0
      skipping = false
      return tooLong
    }
    const line = rest.length === 0 ? last : Buffer.concat([...rest, last])
    rest = []
    held = 0
    return trimmed(line)
  }
  for await (const part of body) {
    let from = 0
    for (let at = part.indexOf(newline); at >= 0; at = part.indexOf(newline, from)) {
      yield take(part.subarray(from, at))
      from = at + 1
    }
    const tail = part.subarray(from)
    if (tail.length === 0) continue
    if (skipping || held + tail.length > limits.eventBytes) {
      skipping = true
      rest = []
      held = 0
    } else {
      rest.push(tail)
      held += tail.length
    }
  }
  if (held > 0 || skipping) yield take(new Uint8Array(0))
}

function trimmed(line: Uint8Array): Uint8Array {
  let start = 0
  let end = line.length
  if (end >= 3 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) start = 3
  while (end > start && (line[end - 1] === 13 || line[end - 1] === 32 || line[end - 1] === 9)) end--
  while (start < end && (line[start] === 32 || line[start] === 9)) start++
  return start === 0 && end === line.length ? line : line.subarray(start, end)
}

export const isTooLong = (line: Uint8Array): boolean => line === tooLong
