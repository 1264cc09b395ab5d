// A repository's files as the engine reads them: a pack is kept in memory as a whole where it is not large, and large files stay open and are read where they are needed.
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { GitProblem } from '@haechi/secrets'
import type { GitFiles } from '@haechi/secrets'

const keptOpen = 64
const wholeBelow = 1_048_576
/** Of all packs of a repository together. */
const packBytes = 134_217_728

/** Something of a repository stands where it must not be followed to. */
export class PointsOutside extends Error {
  override readonly name = 'PointsOutside'
  readonly code = 'points_outside'
}

/**
 * Of the folder that holds HEAD and objects. A link of a worktree's folder to the common one is followed, as git does. `within`: real paths outside of which nothing is
 * read, whatever names it; null: anything may be. `common`: by which it is known again. Errors: PointsOutside.
 */
export function gitFiles(folder: string, within: readonly string[] | null = null): GitFiles & { readonly common: string; close(): void } {
  const held = (path: string): string => {
    const real = realOf(path)
    if (within !== null && real !== null && !within.some((each) => real === each || real.startsWith(each.endsWith(sep) ? each : each + sep))) throw new PointsOutside(`${path} is ${real}`)
    return path
  }
  const linked = textOf(join(held(folder), 'commondir'))?.trim()
  const shared = linked === undefined ? folder : resolve(folder, linked)
  const own = new Set(['HEAD', 'ORIG_HEAD', 'FETCH_HEAD', 'MERGE_HEAD', 'logs/HEAD'])
  const place = (path: string): string => held(isAbsolute(path) ? path : join(own.has(path) ? folder : shared, path))
  const open = new Map<string, { readonly descriptor: number; readonly size: number }>()
  const packs = new Map<string, Buffer>()
  let packed = 0
  const sizeOf = (path: string): number | null => {
    const whole = place(path)
    try {
      const stats = statSync(whole, { throwIfNoEntry: false })
      return stats?.isFile() === true ? stats.size : null
    } catch (error) {
      // What a repository names may be no name of a file at all, or one that leads in a circle: there is none.
      if (!['ERR_INVALID_ARG_VALUE', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      return null
    }
  }
  return {
    common: realOf(shared) ?? shared,
    list: (path) => {
      const whole = place(path)
      try {
        return readdirSync(whole)
      } catch {
        return []
      }
    },
    size: (path) => reading(path, () => sizeOf(path)),
    read: (path, from, length) => reading(path, () => {
      const pack = packs.get(path)
      if (pack !== undefined) return pack.subarray(from, from + length)
      let file = open.get(path)
      if (file === undefined) {
        const size = sizeOf(path)
        if (size === null) return null
        const isPack = path.endsWith('.pack') && packed + size <= packBytes
        if (isPack || size < wholeBelow) {
          const bytes = readFileSync(place(path))
          if (isPack) {
            packs.set(path, bytes)
            packed += size
          }
          return bytes.subarray(from, from + length)
        }
        file = { descriptor: openSync(place(path), 'r'), size }
        open.set(path, file)
        const [oldest] = open
        if (open.size > keptOpen && oldest !== undefined) {
          closeSync(oldest[1].descriptor)
          open.delete(oldest[0])
        }
      }
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, file.size - from)))
      return bytes.subarray(0, readSync(file.descriptor, bytes, 0, bytes.length, from))
    }),
    close: () => { for (const { descriptor } of open.values()) closeSync(descriptor) },
  }
}

/** One file that may not be read (of another user, on a broken disk) costs what is in it, and not the rest. */
function reading<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new GitProblem('unreadable', path, `${path}: ${code}`)
  }
}

/** null: there is nothing. */
const realOf = (path: string): string | null => {
  try {
    return realpathSync.native(path)
  } catch {
    return null
  }
}

const textOf = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** The folder of the repository that a path is: its '.git', what a file of that name points to (worktrees, submodules), or itself where it is bare. null: it is none. */
export function gitFolder(path: string): string | null {
  const inner = join(path, '.git')
  const stats = statSync(inner, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true) return inner
  if (stats?.isFile() === true) {
    const named = /^gitdir: (.+)$/m.exec(textOf(inner) ?? '')?.[1]?.trim()
    return named === undefined ? null : resolve(dirname(inner), named)
  }
  return statSync(join(path, 'HEAD'), { throwIfNoEntry: false })?.isFile() === true && statSync(join(path, 'objects'), { throwIfNoEntry: false })?.isDirectory() === true ? path : null
}
