// A tool's name is a function of its operation alone, and the set of names one of the set of operations: their order changes nothing.
// Names are unique, at most 64 of A-Z a-z 0-9 _ -. Defended by naming.test.ts (shuffled documents).
import { createHash } from 'node:crypto'

const longestName = 64
/** Characters of an operationId or a path that are looked at; what is behind them is in a hash. */
const longestRead = 512

export const shortHash = (text: string, length = 8): string => createHash('sha256').update(text).digest('hex').slice(0, length)

/** What can be kept of a text as a name; empty where too little of it would be left to know it by (Korean, say). */
export function sanitised(text: string): string {
  // What is outside ASCII says most of such a name: half of it would mislead.
  // eslint-disable-next-line no-control-regex
  if (/[^\u0000-\u007f]/.test(text)) return ''
  return text.slice(0, longestRead).replaceAll(/[^A-Za-z0-9_-]+/g, '_').replaceAll(/^_+|_+$/g, '')
}

/** 'GET /users/{id}/저장소' as 'get_users_by_id_3f2a1b9c': readable, and different for each operation that differs in what was left out. */
export function nameOfPath(method: string, path: string): string {
  let hashed = path.length > longestRead
  const words = path.slice(0, longestRead).split(/[/?#&=]+/).flatMap((segment) => {
    if (segment === '') return []
    const word = sanitised(segment.replaceAll(/\{([^{}]*)\}/g, ' by $1 '))
    hashed ||= word === ''
    return word === '' ? [] : [word]
  })
  const name = [method.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_'), ...words].join('_')
  return shortened(hashed ? `${name}_${shortHash(path)}` : name, `${method} ${path}`, hashed)
}

/** At most 64 characters; what is cut off is in the hash. */
export function shortened(name: string, key: string, force = false): string {
  if (name.length <= longestName) return name
  return suffixed(force ? name.slice(0, -9) : name, key)
}

const suffixed = (name: string, key: string): string => `${name.slice(0, longestName - 9).replace(/_+$/, '')}_${shortHash(key)}`

/**
 * Names for operations that wish for some. All that wish for the same get the hash of their key behind it, none keeps it: who came first plays no part.
 * `key` is unique among them.
 */
export function uniqueNames(wishes: readonly { readonly key: string; readonly wish: string }[]): string[] {
  const steps = [(wish: string, _key: string) => wish, suffixed, (_wish: string, key: string) => `op_${shortHash(key, 32)}`] as const
  const step = wishes.map(() => 0)
  const names = wishes.map(({ wish }) => wish)
  for (;;) {
    const holders = Map.groupBy(names.keys(), (index) => names[index]!)
    let moved = false
    for (const [, indices] of holders) {
      if (indices.length === 1) continue
      for (const index of indices) {
        const next = step[index]! + 1
        if (next >= steps.length) continue
        step[index] = next
        names[index] = steps[next]!(wishes[index]!.wish, wishes[index]!.key)
        moved = true
      }
    }
    if (!moved) return names
  }
}
