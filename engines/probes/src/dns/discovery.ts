// Names of a zone that are not handed out: common words, and the chain of NSEC records. A zone that answers for every name has none of them unless its answer differs
// from the one that it gives for names nobody would choose. Defended by zone.integration.test.ts.
import type { Bytes } from '../bytes.ts'
import { compareNames, isWithin, nameOrNull } from './names.ts'
import type { Notes } from './notes.ts'
import type { Lookup } from './resolver.ts'

/** What every name below a parent is answered with; without addresses and aliases, all of them exist with other records only, or are said to (RFC 9824). */
export type Wildcard = {
  /** '*.dev.example.com' */
  readonly name: Bytes
  readonly addresses: readonly string[]
  /** First aliases; '*' stands for the label that was asked for. */
  readonly aliases: readonly Bytes[]
  /** No two answers agree, so that nothing can be told from them. */
  readonly arbitrary: boolean
}

const samples = 3
const longestWalk = 5_000
const walkProof = 3
const longestSilence = 48

const drawLabel = (random: () => number): string => `h${Array.from({ length: 2 }, () => random().toString(36).padStart(7, '0')).join('').slice(0, 14)}`

const exists = (found: Lookup): boolean => found.chain.length > 0 || found.status === 'found' || found.status === 'no_data'

/** null where names below `parent` do not exist by themselves. */
export async function findWildcard(parent: Bytes, notes: Notes): Promise<Wildcard | null> {
  const ask = async (): Promise<{ readonly label: string; readonly found: Lookup }> => {
    const label = drawLabel(notes.run.random)
    return { label, found: await notes.lookup(`${label}.${parent}`) }
  }
  const first = await ask()
  if (!exists(first.found)) return null
  const all = [first, ...await Promise.all(Array.from({ length: samples - 1 }, ask))].filter(({ found }) => exists(found))
  if (all.length < 2) return null
  const aliases = all.map(({ label, found }) => found.chain[0]?.replaceAll(label, '*')).filter(alias => alias !== undefined)
  const addresses = new Set(all.flatMap(({ found }) => found.addresses))
  const disjoint = aliases.length === 0 && addresses.size > 0 && addresses.size === all.reduce((count, { found }) => count + found.addresses.length, 0)
  const wandering = aliases.length === all.length && new Set(aliases).size === all.length
  return { name: `*.${parent}`, addresses: [...addresses].toSorted(), aliases: [...new Set(aliases)].toSorted(), arbitrary: all.length === samples && (disjoint || wandering) }
}

/** Whether the name has its answer only from the wildcard above it. */
export function isWild(found: Lookup, { name, aliases, addresses, arbitrary }: Wildcard): boolean {
  if (arbitrary) return true
  const label = found.name.slice(0, found.name.length - name.length + 1)
  const [alias] = found.chain
  if (alias !== undefined) return aliases.includes(alias) || aliases.includes(alias.replaceAll(label, '*'))
  return found.addresses.length === 0 ? addresses.length === 0 && aliases.length === 0 : found.addresses.every(address => addresses.includes(address))
}

/** Words below `zone` that exist; `onFound` in the order in which they were found. How many were not answered; after many in a row nobody is asked any more. */
export async function tryWords(zone: Bytes, words: readonly string[], wildcard: Wildcard | null, notes: Notes, onFound: (found: Lookup) => void): Promise<number> {
  let unanswered = 0
  let silence = 0
  await eachOf(words, async word => {
    const name = nameOrNull(`${word}.${zone}`)
    if (name === null) return
    if (silence >= longestSilence) {
      unanswered++
      return
    }
    const found = await notes.lookup(name)
    silence = found.status === 'failed' ? silence + 1 : 0
    if (found.status === 'failed') unanswered++
    if (exists(found) && (wildcard === null || !isWild(found, wildcard))) onFound(found)
  })
  return unanswered
}

/** Many at a time, and none after the first error. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>, atOnce = 32): Promise<void> {
  let next = 0
  let failed = false
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    while (next < items.length && !failed) {
      try {
        await work(items[next++]!)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }))
}

/**
 * Names along the chain of NSEC records (RFC 4034, 4); empty where there is no such chain, or each answer covers only the name asked for (RFC 4470). Ends where the
 * chain comes back, does not go forward, or leaves the zone. `brief`: only so far that it is proven.
 */
export async function walkZone(zone: Bytes, server: string | null, brief: boolean, notes: Notes): Promise<{ readonly names: readonly Bytes[]; readonly whole: boolean }> {
  const names: Bytes[] = []
  let at = zone
  while (names.length < (brief ? walkProof : longestWalk)) {
    const message = await notes.ask(at, 'NSEC', { dnssec: true, ...(server === null ? {} : { server }) })
    const record = message?.answer.find(each => each.type === 'NSEC' && nameOrNull(each.name) === at)
    const written = record === undefined ? null : /^((?:\\[^]|[^\\ ])+)/.exec(record.data)?.[1] ?? null
    const next = written === null ? null : nameOrNull(written)
    if (next === zone) return { names, whole: true }
    if (next === null || !isWithin(next, zone) || compareNames(next, at) <= 0) break
    // RFC 4470 and RFC 9824: the next name is the least that there could be.
    if (next.includes('\\000')) return { names: [], whole: false }
    names.push(next)
    at = next
  }
  return { names, whole: false }
}
