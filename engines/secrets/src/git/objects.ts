// Objects of a git repository from its files alone (gitformat-pack(5), gitrepository-layout(5)): loose ones, packs with an index of version 2, deltas, alternates,
// SHA-1 and SHA-256. Whatever the files hold, reading ends within its bounds and throws nothing but GitProblem (objects.test.ts; beside git itself in
// history.integration.test.ts).
import { constants, inflateSync } from 'node:zlib'

/** What is read of a repository, in the folder that holds `objects`. Paths have '/'. */
export interface GitFiles {
  /** Names in a folder; none where there is no such folder. */
  list(path: string): readonly string[]
  /** At most `length` bytes from `from`; null where there is no such file. Errors, as of `size`: GitProblem `unreadable`. */
  read(path: string, from: number, length: number): Uint8Array | null
  size(path: string): number | null
}

export type GitCode = 'not_a_repository' | 'object_missing' | 'object_corrupt' | 'object_too_large' | 'pack_unsupported' | 'refs_unsupported' | 'unreadable'
export class GitProblem extends Error {
  override readonly name = 'GitProblem'
  readonly code: GitCode
  /** An object's id or a file. */
  readonly place: string

  constructor(code: GitCode, place: string, message: string) {
    super(message)
    this.code = code
    this.place = place
  }
}

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'
export type GitObject = { readonly type: ObjectType; readonly bytes: Buffer }

export type Objects = {
  /** Bytes of an id: 20, or 32 in repositories of SHA-256. */
  readonly idBytes: number
  /** Packs that cannot be read: what is in them is missing, and the rest is there. */
  readonly problems: readonly GitProblem[]
  /** All ids that there are, reachable or not. */
  ids(): Iterable<string>
  /** Errors: object_missing, object_corrupt, object_too_large, unreadable. */
  read(id: string): GitObject
}

/** Of one object; larger ones are told and passed over. */
const largestObject = 128 * 1_048_576
const largestFile = 64 * 1_048_576
/** Of what deltas are built upon. */
const keptBytes = 64 * 1_048_576
const longestChain = 4_096
/** Most objects are small: room for what they are, and not for more. */
const outputChunk = 65_536
const types: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const offsetDelta = 6
const idDelta = 7
/** A header is shorter. */
const headerBytes = 64

type Pack = { readonly file: string; readonly end: number; readonly index: Buffer; readonly count: number; readonly ids: number; readonly offsets: number; readonly wideOffsets: number; /** Offsets in their order, by which an object's end is known. */ readonly starts: Float64Array }

const wholeFile = (files: GitFiles, path: string, most: number): Buffer | null => {
  const size = files.size(path)
  if (size === null) return null
  if (size > most) throw new GitProblem('object_too_large', path, `${path} has ${size} bytes`)
  const bytes = files.read(path, 0, size)
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readIndex(files: GitFiles, path: string, idBytes: number): Pack {
  const broken = (what: string): GitProblem => new GitProblem('object_corrupt', path, `${path}: ${what}`)
  const index = wholeFile(files, path, 2_000_000_000)
  if (index === null || index.length < 8 + 1_024 + 2 * idBytes) throw broken('the index is cut off')
  if (index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2) throw new GitProblem('pack_unsupported', path, `${path} is no index of version 2; "git repack -ad" makes one`)
  const count = index.readUInt32BE(8 + 255 * 4)
  const ids = 8 + 1_024
  const offsets = ids + count * (idBytes + 4)
  const wideOffsets = offsets + count * 4
  if (index.length < wideOffsets + 2 * idBytes) throw broken('the index is cut off')
  const file = path.replace(/\.idx$/, '.pack')
  const size = files.size(file)
  if (size === null) throw broken('its pack is missing')
  const pack: Pack = { file, end: size - idBytes, index, count, ids, offsets, wideOffsets, starts: new Float64Array(count) }
  for (let at = 0; at < count; at++) pack.starts[at] = offsetAt(pack, at)
  pack.starts.sort()
  return pack
}

function offsetAt({ index, offsets, wideOffsets }: Pack, at: number): number {
  const offset = index.readUInt32BE(offsets + at * 4)
  if (offset < 0x8000_0000) return offset
  const wide = wideOffsets + (offset - 0x8000_0000) * 8
  return wide + 8 <= index.length ? Number(index.readBigUInt64BE(wide)) : -1
}

/** Where an id stands in the index; null: in another one. */
function find(pack: Pack, id: Buffer, idBytes: number): number | null {
  const { index, ids } = pack
  const first = id[0]!
  let low = first === 0 ? 0 : index.readUInt32BE(8 + (first - 1) * 4)
  let high = Math.min(pack.count, index.readUInt32BE(8 + first * 4))
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = index.compare(id, 0, idBytes, ids + middle * idBytes, ids + (middle + 1) * idBytes)
    if (order === 0) return offsetAt(pack, middle)
    if (order < 0) low = middle + 1
    else high = middle
  }
  return null
}

/** The next start after this one: where an object's bytes end at the latest. */
function endOf({ starts, end }: Pack, offset: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (starts[middle]! <= offset) low = middle + 1
    else high = middle
  }
  return starts[low] ?? end
}

/** Errors: object_too_large, unreadable: of its files that name others. */
export function openObjects(files: GitFiles, idBytes: number): Objects {
  const folders = ['objects']
  // Each folder may name others, which may name more: bounded, and no folder twice.
  for (let at = 0; at < folders.length && folders.length < 32; at++) {
    const named = wholeFile(files, `${folders[at]!}/info/alternates`, 1_048_576)?.toString('utf8') ?? ''
    for (const line of named.split('\n').map((each) => each.trim())) {
      const path = line === '' || line.startsWith('#') ? null : line.startsWith('/') ? line : `${folders[at]!}/${line}`
      if (path !== null && !folders.includes(path)) folders.push(path)
    }
  }
  const problems: GitProblem[] = []
  const packs = folders.flatMap((folder) => files.list(`${folder}/pack`).filter((name) => name.endsWith('.idx')).toSorted().flatMap((name) => {
    try {
      return [readIndex(files, `${folder}/pack/${name}`, idBytes)]
    } catch (error) {
      if (!(error instanceof GitProblem)) throw error
      problems.push(error)
      return []
    }
  }))
  const kept = new Map<string, GitObject>()
  let keptSize = 0

  function keep(key: string, object: GitObject): void {
    if (object.bytes.length > keptBytes / 4) return
    kept.set(key, object)
    keptSize += object.bytes.length
    for (const [oldest, { bytes }] of kept) {
      if (keptSize <= keptBytes) break
      kept.delete(oldest)
      keptSize -= bytes.length
    }
  }

  function inflated(bytes: Uint8Array, size: number, place: string): Buffer {
    try {
      const out = size === 0 ? Buffer.alloc(0) : inflateSync(bytes, { maxOutputLength: size, chunkSize: Math.max(64, Math.min(size + 1, outputChunk)), finishFlush: constants.Z_SYNC_FLUSH })
      if (out.length === size) return out
    } catch {
      // Told below: whatever zlib says of it, the object is not what it should be.
    }
    throw new GitProblem('object_corrupt', place, `${place} cannot be decompressed to its ${size} bytes`)
  }

  /** From a pack: the chain of deltas down to a whole object, then up again. */
  function packed(pack: Pack, first: number, place: string): GitObject {
    const deltas: Buffer[] = []
    let offset = first
    let object: GitObject | null = null
    const path: string[] = []
    while (object === null) {
      const known = kept.get(`${pack.file}:${offset}`)
      if (known !== undefined) {
        object = known
        break
      }
      path.push(`${pack.file}:${offset}`)
      const end = endOf(pack, offset)
      if (offset < 12 || end <= offset || end > pack.end) throw new GitProblem('object_corrupt', place, `${place} stands outside of ${pack.file}`)
      const raw = files.read(pack.file, offset, end - offset)
      if (raw === null || raw.length < end - offset) throw new GitProblem('object_corrupt', place, `${pack.file} is cut off`)
      const { type, size, length } = header(raw, place)
      if (size > largestObject) throw new GitProblem('object_too_large', place, `${place} has ${size} bytes`)
      if (type !== offsetDelta && type !== idDelta) {
        const named = types[type]
        if (named === undefined) throw new GitProblem('object_corrupt', place, `${place} is of no known type`)
        object = { type: named, bytes: inflated(raw.subarray(length), size, place) }
        keep(path.at(-1)!, object)
        path.pop()
        break
      }
      if (deltas.length >= longestChain) throw new GitProblem('object_corrupt', place, `the deltas of ${place} have no end`)
      if (type === idDelta) {
        const id = Buffer.from(raw.subarray(length, length + idBytes))
        deltas.push(inflated(raw.subarray(length + idBytes), size, place))
        const within = find(pack, id, idBytes)
        if (within === null) object = read(id.toString('hex'), deltas.length)
        else offset = within
      } else {
        const { distance, length: after } = distanceAt(raw, length, place)
        deltas.push(inflated(raw.subarray(after), size, place))
        offset -= distance
      }
    }
    for (let delta = deltas.pop(); delta !== undefined; delta = deltas.pop()) {
      object = { type: object.type, bytes: applied(object.bytes, delta, place) }
      const key = path.pop()
      if (key !== undefined) keep(key, object)
    }
    return object
  }

  function loose(id: string): GitObject | null {
    for (const folder of folders) {
      const file = wholeFile(files, `${folder}/${id.slice(0, 2)}/${id.slice(2)}`, largestFile)
      if (file === null) continue
      let whole: Buffer
      try {
        whole = inflateSync(file, { maxOutputLength: largestObject + headerBytes })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new GitProblem('object_too_large', id, `${id} is too large`)
        throw new GitProblem('object_corrupt', id, `${id} cannot be decompressed`)
      }
      const end = whole.indexOf(0)
      const [, type = '', size = ''] = /^(commit|tree|blob|tag) (\d{1,12})$/.exec(whole.toString('latin1', 0, Math.min(end, headerBytes))) ?? []
      if (end === -1 || type === '' || Number(size) !== whole.length - end - 1) throw new GitProblem('object_corrupt', id, `${id} does not begin as an object does`)
      return { type: type as ObjectType, bytes: whole.subarray(end + 1) }
    }
    return null
  }

  function read(id: string, depth = 0): GitObject {
    if (depth > longestChain) throw new GitProblem('object_corrupt', id, `the deltas of ${id} have no end`)
    const wanted = Buffer.from(id, 'hex')
    for (const pack of packs) {
      const offset = find(pack, wanted, idBytes)
      if (offset !== null) return packed(pack, offset, id)
    }
    const object = loose(id)
    if (object === null) throw new GitProblem('object_missing', id, `${id} is not in the repository`)
    return object
  }

  return {
    idBytes,
    problems,
    * ids() {
      const seen = new Set<string>()
      for (const { index, ids, count } of packs) {
        for (let at = 0; at < count; at++) {
          const id = index.toString('hex', ids + at * idBytes, ids + (at + 1) * idBytes)
          if (!seen.has(id)) yield id
          seen.add(id)
        }
      }
      for (const folder of folders) {
        for (const first of files.list(folder).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
          for (const rest of files.list(`${folder}/${first}`)) {
            const id = first + rest
            if (id.length === idBytes * 2 && /^[0-9a-f]+$/.test(id) && !seen.has(id)) {
              seen.add(id)
              yield id
            }
          }
        }
      }
    },
    read: (id) => read(id),
  }
}

/** Type and size, seven bits a byte, the first with four. */
function header(raw: Uint8Array, place: string): { type: number; size: number; length: number } {
  let byte = raw[0] ?? 0
  const type = (byte >> 4) & 7
  let size = byte & 15
  let length = 1
  for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
    if (length >= raw.length || length > 10) throw new GitProblem('object_corrupt', place, `the header of ${place} is cut off`)
    byte = raw[length++]!
    size += (byte & 0x7f) * factor
  }
  return { type, size, length }
}

function distanceAt(raw: Uint8Array, from: number, place: string): { distance: number; length: number } {
  let at = from
  let byte = raw[at++] ?? 0
  let distance = byte & 0x7f
  while ((byte & 0x80) !== 0) {
    if (at >= raw.length || at - from > 10) throw new GitProblem('object_corrupt', place, `the header of ${place} is cut off`)
    byte = raw[at++]!
    distance = (distance + 1) * 128 + (byte & 0x7f)
  }
  if (distance === 0) throw new GitProblem('object_corrupt', place, `${place} is built upon itself`)
  return { distance, length: at }
}

/** Copies from the base and new bytes, by turns. */
function applied(base: Buffer, delta: Buffer, place: string): Buffer {
  const broken = (): GitProblem => new GitProblem('object_corrupt', place, `a delta of ${place} does not fit`)
  let at = 0
  const number = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      if (at >= delta.length || factor > 2 ** 49) throw broken()
      const byte = delta[at++]!
      value += (byte & 0x7f) * factor
      if ((byte & 0x80) === 0) return value
    }
  }
  if (number() !== base.length) throw broken()
  const size = number()
  if (size > largestObject) throw new GitProblem('object_too_large', place, `${place} has ${size} bytes`)
  const out = Buffer.allocUnsafe(size)
  let written = 0
  while (at < delta.length) {
    const instruction = delta[at++]!
    if ((instruction & 0x80) === 0) {
      if (instruction === 0 || at + instruction > delta.length || written + instruction > size) throw broken()
      delta.copy(out, written, at, at + instruction)
      at += instruction
      written += instruction
      continue
    }
    let from = 0
    let length = 0
    for (let bit = 0; bit < 4; bit++) if ((instruction & (1 << bit)) !== 0) from += (delta[at++] ?? 0) * 2 ** (8 * bit)
    for (let bit = 0; bit < 3; bit++) if ((instruction & (16 << bit)) !== 0) length += (delta[at++] ?? 0) * 2 ** (8 * bit)
    if (length === 0) length = 0x10000
    if (at > delta.length || from + length > base.length || written + length > size) throw broken()
    base.copy(out, written, from, from + length)
    written += length
  }
  if (written !== size) throw broken()
  return out
}
