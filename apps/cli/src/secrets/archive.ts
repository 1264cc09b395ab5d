// What is packed into a file: zip and its kin (jar, docx, whl), tar, gzip, Brotli by name, Zstandard, in one another up to a depth. However much it claims to hold, no
// more than the budget is unpacked, and what was not is told. Defended by archive.integration.test.ts.
import { isUtf8 } from 'node:buffer'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { fromBufferPromise, getFileNameLowLevel } from 'yauzl'
import { isTar, tarMembers } from '../tar.ts'

export type Packed = { readonly path: string; readonly bytes: Buffer }
export type PackedFault = { readonly path: string; readonly reason: 'too_deep' | 'too_large' | 'corrupt' | 'encrypted' }
export type Budget = { bytes: number; members: number }

const deepest = 4
const largestMember = 64 * 1_048_576

/** Of one file with all that is in it. */
export const newBudget = (): Budget => ({ bytes: 512 * 1_048_576, members: 100_000 })

const starts = (bytes: Buffer, ...magic: readonly number[]): boolean => magic.every((byte, at) => bytes[at] === byte)
const isZip = (bytes: Buffer): boolean => starts(bytes, 0x50, 0x4b, 3, 4) || starts(bytes, 0x50, 0x4b, 5, 6)

/** Whether there is something to unpack. Brotli has no sign of its own: what is a text in spite of its name ('pt.br') is none. */
export const isPacked = (path: string, bytes: Buffer): boolean => isZip(bytes) || starts(bytes, 0x1f, 0x8b) || starts(bytes, 0x28, 0xb5, 0x2f, 0xfd) || isTar(bytes) || (/\.br$/i.test(path) && !isUtf8(bytes))

/** Files within a file, whose paths are written 'archive.zip!/inner/file'. Archives among them are unpacked in turn. */
export async function* unpacked(path: string, bytes: Buffer, budget: Budget, depth = 0): AsyncGenerator<Packed | PackedFault> {
  if (depth >= deepest) {
    yield { path, reason: 'too_deep' }
    return
  }
  for await (const member of isZip(bytes) ? zipped(path, bytes, budget) : isTar(bytes) ? taped(path, bytes, budget) : compressed(path, bytes, budget)) {
    if ('bytes' in member && isPacked(member.path, member.bytes)) yield* unpacked(member.path, member.bytes, budget, depth + 1)
    else yield member
  }
}

function taken(budget: Budget, size: number): boolean {
  budget.bytes -= size
  budget.members--
  return budget.bytes >= 0 && budget.members >= 0
}

function* compressed(path: string, bytes: Buffer, budget: Budget): Generator<Packed | PackedFault> {
  const inner = path.replace(/\.(?:gz|zst|br)$/i, '').replace(/\.tgz$/i, '.tar')
  try {
    const maxOutputLength = Math.max(1, Math.min(largestMember * 4, budget.bytes))
    const out = starts(bytes, 0x1f, 0x8b) ? gunzipSync(bytes, { maxOutputLength }) : starts(bytes, 0x28, 0xb5) ? zstdDecompressSync(bytes, { maxOutputLength }) : brotliDecompressSync(bytes, { maxOutputLength })
    if (taken(budget, out.length)) yield { path: inner === path ? `${path}!` : `${path}!/${inner.split('/').at(-1)!}`, bytes: out }
    else yield { path, reason: 'too_large' }
  } catch (error) {
    yield { path, reason: (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'corrupt' }
  }
}

function* taped(path: string, archive: Buffer, budget: Budget): Generator<Packed | PackedFault> {
  for (const member of tarMembers(archive)) {
    if ('brokenAt' in member) yield { path: `${path}!@${member.brokenAt}`, reason: 'corrupt' }
    else if (taken(budget, member.content.length)) yield { path: `${path}!/${member.name}`, bytes: member.content }
    else {
      yield { path, reason: 'too_large' }
      return
    }
  }
}

async function* zipped(path: string, archive: Buffer, budget: Budget): AsyncGenerator<Packed | PackedFault> {
  try {
    const zip = await fromBufferPromise(archive, { lazyEntries: true, validateEntrySizes: true, decodeStrings: false })
    for await (const entry of zip.eachEntry()) {
      // Nothing is written anywhere, so that a name may be what it likes: '../a', '/a', 'a\\b'.
      const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
      if (name.endsWith('/')) continue
      const inner = `${path}!/${name}`
      if (entry.isEncrypted()) {
        yield { path: inner, reason: 'encrypted' }
        continue
      }
      if (entry.uncompressedSize > largestMember || !taken(budget, entry.uncompressedSize)) {
        yield { path: inner, reason: 'too_large' }
        if (budget.bytes < 0 || budget.members < 0) return
        continue
      }
      try {
        const parts: Buffer[] = []
        for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer)
        yield { path: inner, bytes: Buffer.concat(parts) }
      } catch {
        yield { path: inner, reason: 'corrupt' }
      }
    }
  } catch {
    yield { path, reason: 'corrupt' }
  }
}
