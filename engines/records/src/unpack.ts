// Undoes what wraps a file: gzip (all members), zip (each member), UTF-16. Output is plain bytes in bounded pieces, so a bomb costs time, never memory.
// What could be read before a fault is always handed on first, then the fault as a value. split.integration.test.ts cuts a gzip at every length to hold it.
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import yauzl from 'yauzl'
import { RecordsError } from './errors.ts'

export type Piece = Uint8Array | RecordsError

/** A zip's directory stands at its end, so the file is held in memory up to this size. */
export const ZIP_LIMIT_BYTES = 256 * 1024 * 1024
/** Input is fed to inflate in pieces of this size: at the highest ratio of deflate (1032:1) one piece becomes 17 MB. */
const INFLATE_PIECE_BYTES = 16 * 1024

/** Reads ahead until `size` bytes or the end, then replays what it read. */
export async function peek(input: AsyncIterable<Piece>, size: number): Promise<{ head: Buffer; whole: AsyncIterable<Piece> }> {
  const iterator = input[Symbol.asyncIterator]()
  const taken: Piece[] = []
  let length = 0
  while (length < size) {
    const next = await iterator.next()
    if (next.done === true) break
    taken.push(next.value)
    if (next.value instanceof RecordsError) break
    length += next.value.length
  }
  async function* whole(): AsyncGenerator<Piece> {
    try {
      yield* taken
      for (;;) {
        const next = await iterator.next()
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
  return { head: Buffer.concat(taken.filter((piece): piece is Uint8Array => !(piece instanceof RecordsError))), whole: whole() }
}

export async function* gunzip(input: AsyncIterable<Piece>, place: string): AsyncGenerator<Piece> {
  const stream = createGunzip()
  let inflated: Uint8Array[] = []
  const faults: Error[] = []
  stream.on('data', (piece: Uint8Array) => inflated.push(piece))
  stream.on('error', (error: Error) => faults.push(error))
  const written = (piece: Uint8Array): Promise<void> => new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write(piece, () => { stream.removeListener('error', resolve); resolve() })
  })
  stream.setMaxListeners(0)
  let upstream: RecordsError | null = null
  try {
    for await (const chunk of input) {
      if (chunk instanceof RecordsError) { upstream = chunk; break }
      for (let at = 0; at < chunk.length && faults.length === 0; at += INFLATE_PIECE_BYTES) {
        await written(chunk.subarray(at, at + INFLATE_PIECE_BYTES))
        const ready = inflated
        inflated = []
        yield* ready
      }
      if (faults.length > 0) break
    }
    if (faults.length === 0) {
      await new Promise<void>((resolve) => {
        stream.once('end', resolve)
        stream.once('error', () => resolve())
        stream.end()
      })
    }
    yield* inflated
    if (upstream !== null) yield upstream
    else if (faults[0] !== undefined) yield new RecordsError('gzip_invalid', place, { reason: faults[0].message })
  } finally {
    stream.destroy()
  }
}

export async function* decodeUtf16(input: AsyncIterable<Piece>, encoding: 'utf-16le' | 'utf-16be', place: string): AsyncGenerator<Piece> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  try {
    for await (const chunk of input) {
      if (chunk instanceof RecordsError) { yield chunk; return }
      const text = decoder.decode(chunk, { stream: true })
      if (text !== '') yield Buffer.from(text)
    }
    const rest = decoder.decode()
    if (rest !== '') yield Buffer.from(rest)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    yield new RecordsError('utf8_invalid', place, { reason: encoding })
  }
}

export type ZipMember = { name: string; content: AsyncIterable<Piece> }

/** Each file of a zip in the order of its directory. */
export async function* zipMembers(input: AsyncIterable<Piece>, place: string): AsyncGenerator<ZipMember | RecordsError> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of input) {
    if (chunk instanceof RecordsError) { yield chunk; return }
    size += chunk.length
    if (size > ZIP_LIMIT_BYTES) { yield new RecordsError('zip_too_large', place, { limit_bytes: ZIP_LIMIT_BYTES }); return }
    parts.push(chunk)
  }
  const invalid = (error: unknown, where: string): RecordsError => new RecordsError('zip_invalid', where, { reason: error instanceof Error ? error.message : 'unreadable' })
  let zip: yauzl.ZipFile
  try {
    zip = await new Promise((resolve, reject) => {
      yauzl.fromBuffer(Buffer.concat(parts), { lazyEntries: true, validateEntrySizes: true }, (error, file) => (error === null ? resolve(file) : reject(error)))
    })
  } catch (error) {
    yield invalid(error, place)
    return
  }
  for (;;) {
    let entry: yauzl.Entry | null
    try {
      entry = await new Promise((resolve, reject) => {
        const settle = (value: yauzl.Entry | null, error?: Error): void => {
          zip.removeAllListeners()
          if (error === undefined) resolve(value)
          else reject(error)
        }
        zip.once('entry', (found: yauzl.Entry) => settle(found))
        zip.once('end', () => settle(null))
        zip.once('error', (error: Error) => settle(null, error))
        zip.readEntry()
      })
    } catch (error) {
      yield invalid(error, place)
      return
    }
    if (entry === null) return
    if (entry.fileName.endsWith('/')) continue
    const where = `${place}/${entry.fileName}`
    const found = entry
    try {
      const stream = await new Promise<Readable>((resolve, reject) => {
        zip.openReadStream(found, (error, opened) => (error === null ? resolve(opened) : reject(error)))
      })
      yield { name: where, content: memberBytes(stream, where) }
    } catch (error) {
      yield invalid(error, where)
    }
  }
}

async function* memberBytes(stream: Readable, place: string): AsyncGenerator<Piece> {
  const iterator = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>
      try {
        next = await iterator.next()
      } catch (error) {
        yield new RecordsError('zip_invalid', place, { reason: error instanceof Error ? error.message : 'unreadable' })
        return
      }
      if (next.done === true) return
      yield next.value
    }
  } finally {
    stream.destroy()
  }
}
