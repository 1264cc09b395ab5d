// Files in, acknowledged events out. A batch is named by the SHA-256 of its file and the place of its records in it, and cut at the same records
// each time, so that the same command again, also after a kill, doubles nothing. Every record is counted as accepted, rejected or
// duplicate, and one broken record or file never costs another. Defended by ingest.test.ts and tests/e2e/cli.test.ts.
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { RecordsError, splitRecords } from '@haechi/records'
import type { SourceRecord } from '@haechi/records'
import { describe, HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { ServerProblem } from '../client.ts'
import type { Server } from '../client.ts'
import { command, connectionOptions, tenantOption } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openProgress } from '../progress.ts'
import type { Progress } from '../progress.ts'
import { grouped } from '../layout.ts'

/** Part of what names a batch: with other sizes the same file would be cut, and kept, anew. One batch is one append of the server's log. */
const batchRecords = 4_000
const batchBytes = 2 * 1_048_576
const inFlight = 3
/** How long one batch is tried: a server that is started again recovers within it. */
const patience = 120_000
const listedFaults = 20
const readBytes = 1_048_576

export type Totals = { accepted: number; rejected: number; duplicate: number }

export const ingest = command({
  path: ['ingest'], about: 'ingest', details: 'ingest_details', arguments: [{ name: 'FILE', about: 'argument_file', many: true }],
  options: {
    source: { value: 'NAME', about: 'option_source', required: true }, backfill: { about: 'option_backfill' }, wait: { about: 'option_wait' }, progress: { about: 'option_progress' }, ...tenantOption, ...connectionOptions,
  },
  examples: [
    { line: 'haechi ingest --source dc01 events.ndjson.gz', about: 'example_ingest' }, { line: 'haechi ingest --source otrf --tenant acme --backfill --wait ./datasets', about: 'example_ingest_backfill' },
    { line: 'journalctl -o json | haechi ingest --source web01 -', about: 'example_ingest_stdin' }, { line: 'HAECHI_KEY=... haechi ingest --url https://haechi.example:7443 --ca ca.pem --source fw *.csv', about: 'example_ingest_remote' },
  ],
  async run(context, { options, arguments: paths }) {
    const server = context.server(options)
    // Public, and the one question before the work begins: a server that is not there at all is no reason to wait.
    await server.call('GET', '/readyz', { stop: context.stop }).catch((error: unknown) => { if (!(error instanceof ServerProblem)) throw error })
    const sending = openSending(context, server, { source: options.source, backfill: options.backfill })
    const progress = openProgress(context, options.progress)
    sending.show(progress)
    let failedFiles = 0
    try {
      const inputs = await findInputs(paths, (path, error) => {
        failedFiles++
        progress.aside(() => context.report(error, path))
      })
      progress.expect(inputs.reduce((sum, input) => sum + (input.size ?? 0), 0), inputs.every((input) => input.size !== null))
      for (const input of inputs) {
        try {
          const records = await sendInput(context, sending, input)
          if (records === 0 && input.named) throw new HaechiError('file_without_records', { file: input.path })
        } catch (error) {
          if (sending.stopped()) throw error
          failedFiles++
          progress.aside(() => context.report(fileError(error, input.path), input.path))
        }
      }
      await sending.drain()
      if (options.wait) await sending.awaitAll()
    } catch (error) {
      await sending.settle()
      progress.close()
      if (sending.sent() > 0) printTotals(context, sending.totals())
      throw error
    }
    progress.close()
    if (sending.unlisted() > 0) context.err.write(`${context.text('faults_unlisted', { count: grouped(sending.unlisted()) })}\n`)
    printTotals(context, sending.totals())
    return failedFiles > 0 || sending.totals().rejected > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function printTotals(context: Context, totals: Totals): void {
  const { accepted, rejected, duplicate } = totals
  context.out.write(context.json
    ? `${JSON.stringify({ accepted, rejected, duplicate })}\n`
    : `${context.text('ingest_totals', { accepted: grouped(accepted), rejected: grouped(rejected), duplicate: grouped(duplicate) })}\n`)
}

type Input = { readonly path: string; /** null for a stream: its length is not known. */ readonly size: number | null; /** Given by name, not found in a directory. */ readonly named: boolean }

/** Files of the paths given, directories walked in the order of their names; `-` is standard input. */
export async function findInputs(paths: readonly string[], refuse: (path: string, error: unknown) => void): Promise<Input[]> {
  const inputs: Input[] = []
  for (const path of paths) {
    if (path === '-') {
      inputs.push({ path, size: null, named: true })
      continue
    }
    try {
      const found = await stat(path)
      if (!found.isDirectory()) inputs.push({ path, size: found.isFile() ? found.size : null, named: true })
      else {
        const before = inputs.length
        await walk(path, inputs, refuse)
        if (inputs.slice(before).every((input) => input.size === 0)) refuse(path, new HaechiError('file_without_records', { file: path }))
      }
    } catch (error) {
      refuse(path, fileError(error, path))
    }
  }
  return inputs
}

/** Links are not followed inside a directory: they may lead out of it or in a circle. */
async function walk(directory: string, inputs: Input[], refuse: (path: string, error: unknown) => void): Promise<void> {
  const entries = (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(directory, entry.name)
    try {
      if (entry.isDirectory()) await walk(path, inputs, refuse)
      else if (entry.isFile()) inputs.push({ path, size: (await stat(path)).size, named: false })
    } catch (error) {
      refuse(path, fileError(error, path))
    }
  }
}

function fileError(error: unknown, file: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall === undefined || error instanceof HaechiError ? error : new HaechiError('file_unreadable', { file, reason: code ?? (error as Error).message }, { cause: error })
}

/** Sends one input; returns how many records it held, broken ones included. */
async function sendInput(context: Context, sending: Sending, input: Input): Promise<number> {
  const name = input.path === '-' ? 'stdin' : input.path
  if (input.path === '-') return await sendRecords(sending, name, context.input, undefined)
  const file = await open(input.path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    if (input.size === null) return await sendRecords(sending, name, readFrom(file, Infinity), undefined)
    const hash = createHash('sha256')
    for await (const chunk of readFrom(file, size)) {
      if (context.stop.aborted) throw new HaechiError('interrupted')
      hash.update(chunk)
    }
    // What is appended while this runs is left for the next time; what is changed would not be what was named.
    let read = 0
    const count = await sendRecords(sending, name, counted(readFrom(file, size), (bytes) => { read += bytes; sending.position(bytes) }), hash.digest('hex'))
    const after = await file.stat()
    if (read < size || after.size < size || (after.size === size && after.mtimeMs !== mtimeMs)) throw new HaechiError('file_changed', { file: input.path })
    return count
  } finally {
    await file.close()
  }
}

async function* readFrom(file: FileHandle, end: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < end;) {
    // A fresh buffer each time: the records are views into it. A stream has no positions.
    const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, end - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, end === Infinity ? null : at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* counted(input: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    count(chunk.byteLength)
    yield chunk
  }
}

/** `hash` names a file; a stream is named by what it has said so far. */
async function sendRecords(sending: Sending, name: string, input: AsyncIterable<Uint8Array>, hash: string | undefined): Promise<number> {
  const said = createHash('sha256')
  let batch = newBatch(name)
  let seen = 0
  const flush = async () => {
    if (batch.lines.length === 0) return
    const full = batch
    batch = newBatch(name)
    const body = Buffer.concat(full.parts, full.bytes)
    if (hash === undefined) said.update(body)
    await sending.send(full, body, `${hash ?? `stream-${said.copy().digest('hex')}`}:${full.first}+${full.lines.length}`)
  }
  for await (const records of splitRecords(input, { name })) {
    for (const record of records) {
      seen++
      if (record.error !== undefined) sending.refuse(record.error)
      else {
        add(batch, record)
        if (batch.lines.length >= batchRecords || batch.bytes >= batchBytes) await flush()
      }
    }
    if (sending.stopped()) break
  }
  await flush()
  return seen
}

type Batch = { readonly name: string; first: number; readonly lines: number[]; readonly parts: Uint8Array[]; bytes: number }
const newBatch = (name: string): Batch => ({ name, first: 0, lines: [], parts: [], bytes: 0 })
const newline = Buffer.from('\n')

function add(batch: Batch, record: Extract<SourceRecord, { bytes: Uint8Array }>): void {
  if (batch.lines.length === 0) batch.first = record.index
  batch.lines.push(record.line)
  batch.parts.push(record.bytes, newline)
  batch.bytes += record.bytes.length + 1
}

type Answer = { accepted: number; rejected: number; duplicate: number; errors: readonly { code: string; place: string; detail: string }[]; end?: number }
type Sending = ReturnType<typeof openSending>

/** Keeps a few batches on their way, tries again what may pass, and counts what became of every record. */
export function openSending(context: Context, server: Server, to: { source: string; backfill: boolean }) {
  const totals: Totals = { accepted: 0, rejected: 0, duplicate: 0 }
  const underWay = new Set<Promise<void>>()
  // One failure that concerns all batches ends them all.
  const abandon = new AbortController()
  const stop = AbortSignal.any([context.stop, abandon.signal])
  let fatal: unknown
  let sent = 0
  let end = 0
  let faults = 0
  let read = 0
  let progress: Progress | undefined

  const fault = (place: string, code: string, detail: string) => {
    faults++
    if (faults > listedFaults && !context.json) return
    const line = context.json ? JSON.stringify({ error: { code, message: detail, place } }) : `haechi: ${place}: ${code}: ${detail}`
    if (progress === undefined) context.err.write(`${line}\n`)
    else progress.aside(() => context.err.write(`${line}\n`))
  }

  const count = (batch: Batch, answer: Answer, before: number) => {
    // What an earlier attempt of this batch said it kept is no duplicate of anything.
    const own = Math.min(before, answer.duplicate)
    totals.accepted += answer.accepted + own
    totals.duplicate += answer.duplicate - own
    totals.rejected += answer.rejected
    end = Math.max(end, answer.end ?? 0)
    for (const { code, place, detail } of answer.errors) {
      const line = batch.lines[Number(/^line (\d+)$/.exec(place)?.[1] ?? 0) - 1]
      fault(line === undefined ? batch.name : `${batch.name}:${line}`, code, detail)
    }
    faults += Math.max(0, answer.rejected - answer.errors.length)
  }

  const post = async (batch: Batch, body: Buffer, key: string, position: number): Promise<void> => {
    const bytes = server.remote ? await promisify(gzip)(body, { level: 1 }) : body
    let before = 0
    const keep = (problem: unknown) => {
      const accepted = problem instanceof ServerProblem ? problem.body['accepted'] : 0
      if (typeof accepted === 'number') before += accepted
    }
    let answer: Answer
    try {
      answer = await server.call<Answer>('POST', '/ingest/v1/events', {
        query: { source: to.source, backfill: to.backfill ? 'true' : 'false' }, body: bytes, stop, patience,
        headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key, ...(server.remote ? { 'content-encoding': 'gzip' } : {}) },
        onRetry: (error, milliseconds) => {
          keep(error)
          progress?.aside(() => context.err.write(`haechi: ${context.text('trying_again', { seconds: String(Math.ceil(milliseconds / 1_000)), code: error.code })}\n`))
        },
      })
    } catch (error) {
      if (!(error instanceof ServerProblem) || error.body['rejected'] !== batch.lines.length) throw error
      // Not one line could be kept; they are named, and the next batch may be better.
      answer = { accepted: 0, rejected: batch.lines.length, duplicate: 0, errors: error.errors }
    }
    count(batch, answer, before)
    progress?.done(position, batch.lines.length)
  }

  return {
    show(shown: Progress): void { progress = shown },
    totals: (): Totals => ({ ...totals }),
    sent: () => sent,
    unlisted: () => (context.json ? 0 : Math.max(0, faults - listedFaults)),
    stopped: () => fatal !== undefined || context.stop.aborted,
    /** More bytes of the input were read. */
    position(bytes: number): void { read += bytes },
    refuse(error: RecordsError): void {
      totals.rejected++
      fault(error.place, error.code, describe(error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...error.params }, context.language))
    },
    /** Returns as soon as the batch is on its way. Errors: what ended an earlier batch, interrupted. */
    async send(batch: Batch, body: Buffer, key: string): Promise<void> {
      while (underWay.size >= inFlight) await Promise.race(underWay)
      if (fatal !== undefined) throw fatal
      if (context.stop.aborted) throw new HaechiError('interrupted')
      sent++
      const task: Promise<void> = post(batch, body, key, read).catch((error: unknown) => {
        fatal ??= error
        abandon.abort()
      }).finally(() => underWay.delete(task))
      underWay.add(task)
    },
    /** All that was sent is answered. Errors as send. */
    async drain(): Promise<void> {
      await Promise.all(underWay)
      if (fatal !== undefined) throw fatal
      if (context.stop.aborted) throw new HaechiError('interrupted')
    },
    async settle(): Promise<void> { await Promise.all(underWay) },
    /** What was sent can be found, was searched for attacks, and what was found stands in incidents. Errors: those of the server. */
    async awaitAll(): Promise<void> {
      const until = async (path: string, member: string, waiting: (events: number) => void) => {
        for (;;) {
          const answer = await server.call<Readonly<Record<string, unknown>>>('GET', path, { query: { through: end, wait: 20 }, patience, stop: context.stop })
          const reached = answer[member]
          if (typeof reached !== 'number') throw new HaechiError('server_answer_invalid', { url: path, reason: member })
          if (reached >= end) return
          waiting(end - reached)
        }
      }
      await until('/api/v1/events/progress', 'searchable', (events) => progress?.waiting('waiting_searchable', events))
      await until('/api/v1/detection/progress', 'grouped', (events) => progress?.waiting('waiting_grouped', events))
    },
  }
}
