// Combinations of payloads (attack types of Nuclei), one at a time: a billion of them cost nothing before they are asked for. Defended by payloads.test.ts.
import type { Bytes, Payloads } from '../model.ts'

/** Names are a template's own and may be anything: own properties only. */
export type Combination = Readonly<Record<string, Bytes>>

/** Everything once, without payloads. */
const nothing: Combination = {}

/**
 * batteringram: each list for itself, one value after the other. pitchfork: the first values together, then the second ones, up to the end of the shortest list.
 * clusterbomb: every value with every other, the last list the fastest.
 */
export function* combinations(payloads: Payloads | null, attack: Payloads['attack'] | null = null): Generator<Combination, void> {
  if (payloads === null) {
    yield nothing
    return
  }
  const names = Object.keys(payloads.lists)
  const lists = names.map((name) => payloads.lists[name]!)
  const kind = attack ?? payloads.attack
  if (names.length === 0) yield nothing
  else if (kind === 'batteringram') {
    for (const [index, name] of names.entries()) for (const value of lists[index]!) yield Object.fromEntries([[name, value]])
  } else if (kind === 'pitchfork') {
    const length = Math.min(...lists.map((list) => list.length))
    for (let at = 0; at < length; at++) yield Object.fromEntries(names.map((name, index) => [name, lists[index]![at]!]))
  } else if (lists.every((list) => list.length > 0)) {
    const at = lists.map(() => 0)
    for (;;) {
      yield Object.fromEntries(names.map((name, index) => [name, lists[index]![at[index]!]!]))
      let wheel = lists.length - 1
      while (wheel >= 0 && ++at[wheel]! === lists[wheel]!.length) at[wheel--] = 0
      if (wheel < 0) return
    }
  }
}

export const ofOwn = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(record, name) ? record[name] : undefined)
