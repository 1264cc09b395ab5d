// A repository's files as the engine reads them: large ones stay open and are read where they are needed.
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { GitFiles } from '@haechi/secrets'

const keptOpen = 64
const wholeBelow = 1_048_576

/** Of the folder that holds HEAD and objects. A link of a worktree's folder to the common one is followed, as git does. */
export function gitFiles(folder: string): GitFiles & { close(): void } {
  const common = textOf(join(folder, 'commondir'))?.trim()
  const shared = common === undefined ? folder : resolve(folder, common)
  const own = new Set(['HEAD', 'ORIG_HEAD', 'FETCH_HEAD', 'MERGE_HEAD', 'logs/HEAD'])
  const place = (path: string): string => (isAbsolute(path) ? path : join(own.has(path) ? folder : shared, path))
  const open = new Map<string, { readonly descriptor: number; readonly size: number }>()
  const sizeOf = (path: string): number | null => {
    try {
      const stats = statSync(place(path), { throwIfNoEntry: false })
      return stats?.isFile() === true ? stats.size : null
    } catch (error) {
      // What a repository names may be no name of a file at all, or one that leads in a circle: there is none.
      if (!['ERR_INVALID_ARG_VALUE', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      return null
    }
  }
  return {
    list: (path) => {
      try {
        return readdirSync(place(path))
      } catch {
        return []
      }
    },
    size: sizeOf,
    read: (path, from, length) => {
      let file = open.get(path)
      if (file === undefined) {
        const size = sizeOf(path)
        if (size === null) return null
        if (size < wholeBelow) return readFileSync(place(path)).subarray(from, from + length)
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
    },
    close: () => { for (const { descriptor } of open.values()) closeSync(descriptor) },
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
