// Whether two schemas of two documents are the same to the letter, references included, without reading below what is known to be so. What is called the same
// here is the same; what is not may still mean the same. Defended by diff.integration.test.ts (a change below any number of references is found).
import type { ApiDocument, Json, JsonObject } from './model.ts'

export type Sameness = (base: Json | undefined, head: Json | undefined) => boolean

export function createSameness(base: ApiDocument, head: ApiDocument): Sameness {
  const known = new Map<string, boolean>()

  /** Equal where they stand; the references on the way are noted. The order of names does not count, nor that of `required`. */
  function equal(a: Json | undefined, b: Json | undefined, references: Set<string>): boolean {
    if (a === b) {
      if (typeof a === 'object' && a !== null) collect(a, references)
      return true
    }
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) return false
      for (let at = 0; at < a.length; at++) if (!equal((a as Json[])[at], (b as Json[])[at], references)) return false
      return true
    }
    if (Array.isArray(b)) return false
    const one = a as JsonObject
    const other = b as JsonObject
    let names = 0
    for (const name in one) {
      names++
      const left = one[name]
      const right = other[name]
      if (typeof left === 'string') {
        if (left !== right) return false
        if (name === '$ref') references.add(left)
      } else if ((left !== right || typeof left === 'object') && !equal(left, right, references)) return false
    }
    for (const _ in other) names--
    return names === 0
  }
  function collect(value: Json, references: Set<string>): void {
    if (typeof value !== 'object' || value === null) return
    for (const [name, each] of Object.entries(value as JsonObject)) {
      if (name === '$ref' && typeof each === 'string') references.add(each)
      else collect(each, references)
    }
  }

  /** Everything that is reached and not yet known is compared once; what leads to a difference differs. */
  function settle(first: string): boolean {
    const before = known.get(first)
    if (before !== undefined) return before
    const waiting = [first]
    const seen = new Set(waiting)
    const leadsTo = new Map<string, string[]>()
    const different: string[] = []
    for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
      const left = base.resolve(reference)
      const right = head.resolve(reference)
      const references = new Set<string>()
      if ('code' in left || 'code' in right ? !('code' in left && 'code' in right) : !equal(left.value, right.value, references)) {
        different.push(reference)
        continue
      }
      for (const next of references) {
        const state = known.get(next)
        if (state === false) different.push(reference)
        if (state !== undefined) continue
        const from = leadsTo.get(next)
        if (from === undefined) leadsTo.set(next, [reference])
        else from.push(reference)
        if (!seen.has(next)) {
          seen.add(next)
          waiting.push(next)
        }
      }
    }
    for (let reference = different.pop(); reference !== undefined; reference = different.pop()) {
      if (known.get(reference) === false) continue
      known.set(reference, false)
      different.push(...leadsTo.get(reference) ?? [])
    }
    for (const reference of seen) if (!known.has(reference)) known.set(reference, true)
    return known.get(first) === true
  }

  const asked = new Map<object, { readonly of: Json | undefined; readonly same: boolean }>()
  return (a, b) => {
    const before = typeof a === 'object' && a !== null ? asked.get(a) : undefined
    if (before !== undefined && before.of === b) return before.same
    const result = compare(a, b)
    if (typeof a === 'object' && a !== null) asked.set(a, { of: b, same: result })
    return result
  }

  function compare(a: Json | undefined, b: Json | undefined): boolean {
    const references = new Set<string>()
    if (!equal(a, b, references)) return false
    for (const reference of references) if (!settle(reference)) return false
    return true
  }
}
