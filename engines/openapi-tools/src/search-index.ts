// An inverted index that ranks by BM25F (Zaragoza et al., TREC 2004): a term counts by where it stands and how rare it is. Plain data, so that a worker can
// build it and hand it over. Held by search-index.test.ts, which works the same figures out for every entry without an index.

/** How much a field counts, and how much its length takes away (0: nothing, 1: all of it). */
export type FieldWeight = { readonly weight: number; readonly length: number }

/** The terms, and for the term `i` the entries that hold it: those from `starts[i]` to `starts[i + 1]`, with what it counts there. */
export type TermIndex = {
  readonly size: number
  readonly terms: readonly string[]
  /** Inverse document frequency, by term. */
  readonly rarity: Float32Array
  readonly starts: Uint32Array
  readonly entries: Uint32Array
  /** What a term counts in an entry does not depend on the query, and is worked out once. */
  readonly counts: Float32Array
}

/** How soon more of the same term stops to count. */
export const saturation = 1.2

/** @param entries terms by field, in the order of `fields`. */
export function buildTermIndex(entries: readonly (readonly (readonly string[])[])[], fields: readonly FieldWeight[]): TermIndex {
  const ids = new Map<string, number>()
  const postings: { entries: number[]; counts: number[] }[] = []
  const average = fields.map((_, field) => entries.reduce((sum, entry) => sum + (entry[field]?.length ?? 0), 0) / Math.max(1, entries.length))
  entries.forEach((entry, at) => {
    entry.forEach((terms, field) => {
      const { weight, length } = fields[field]!
      const share = weight / (1 - length + length * terms.length / (average[field] || 1))
      for (const term of terms) {
        let id = ids.get(term)
        if (id === undefined) {
          id = postings.length
          ids.set(term, id)
          postings.push({ entries: [], counts: [] })
        }
        const posting = postings[id]!
        const last = posting.entries.length - 1
        if (posting.entries[last] === at) posting.counts[last]! += share
        else {
          posting.entries.push(at)
          posting.counts.push(share)
        }
      }
    })
  })
  const total = postings.reduce((sum, posting) => sum + posting.entries.length, 0)
  const index = { size: entries.length, terms: [...ids.keys()], rarity: new Float32Array(postings.length), starts: new Uint32Array(postings.length + 1), entries: new Uint32Array(total), counts: new Float32Array(total) }
  let to = 0
  postings.forEach((posting, id) => {
    const rarity = Math.log(1 + (entries.length - posting.entries.length + 0.5) / (posting.entries.length + 0.5))
    index.rarity[id] = rarity
    posting.entries.forEach((at, i) => {
      index.entries[to] = at
      index.counts[to] = rarity * posting.counts[i]! / (saturation + posting.counts[i]!)
      to += 1
    })
    index.starts[id + 1] = to
  })
  return index
}

/** For each entry the sum of what the terms (by their place in `terms`) count there. */
export function score(index: TermIndex, terms: Iterable<readonly [term: number, weight: number]>): Float64Array {
  const sums = new Float64Array(index.size)
  for (const [term, weight] of terms) {
    for (let i = index.starts[term]!; i < index.starts[term + 1]!; i += 1) sums[index.entries[i]!]! += weight * index.counts[i]!
  }
  return sums
}
