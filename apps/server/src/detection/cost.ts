// What a rule costs: a sample of a tenant's events, one rule after another alone on it, in a two-hundredth of the time. It shows which rules are expensive, not what
// they cost among others, where engines share work.
import { createPlainMatcher } from '@haechi/sigma'
import type { Rule } from '@haechi/sigma'
import { readFields } from '@haechi/records'

/** Of events one is in the sample. */
const oneOf = 1_000
const sampleMost = 32
const share = 0.005
/** Milliseconds at once. */
const atOnce = 5
/** Rules after which it is measured anew what the sample costs without any. */
const anew = 100
/** Of a rule's known cost, against one measured now. */
const memory = 0.5

type Sample = ReturnType<typeof readFields>

export interface CostSampler {
  /** Counts events that were searched; answers which of them (from 0, ascending) belong to the sample. */
  wanted(events: number): number[]
  keep(record: unknown, receivedAt: number): void
  /** Measures as many rules as are due at `now` (ms of a steady clock). Answers microseconds an event by id. */
  measure(rules: readonly Rule[], now: number): Map<string, number>
}

export function sampleCosts(): CostSampler {
  const samples: Sample[] = []
  const known = new Map<string, number>()
  let seen = 0
  let turn = 0
  let next = 0
  let credit = 0
  let last: number | null = null
  let nothing = 0
  // The records themselves are left out: every rule would pay for their parsing.
  const alone = (rules: readonly Rule[]): number => {
    let at = 0
    const matcher = createPlainMatcher(rules, {}, () => samples[at++]!)
    const batch = Buffer.from('{}\n'.repeat(samples.length))
    const begin = performance.now()
    matcher.match(batch, 'detect')
    return performance.now() - begin
  }
  return {
    wanted(events) {
      const first = (oneOf - (seen % oneOf)) % oneOf
      seen += events
      return Array.from({ length: Math.max(0, Math.ceil((events - first) / oneOf)) }, (_, i) => first + i * oneOf)
    },
    keep(record, receivedAt) {
      samples[turn++ % sampleMost] = readFields(record, { now: receivedAt })
    },
    measure(rules, now) {
      const costs = new Map<string, number>()
      credit = Math.min(credit + (now - (last ?? now)) * share, atOnce)
      last = now
      while (credit > 0 && samples.length >= sampleMost / 2 && costs.size < rules.length) {
        const begin = performance.now()
        if (next % anew === 0) nothing = Math.min(alone([]), alone([]), alone([]))
        const rule = rules[next++ % rules.length]!
        const microseconds = (1_000 * Math.max(0, Math.min(alone([rule]), alone([rule])) - nothing)) / samples.length
        const before = known.get(rule.id)
        const cost = before === undefined ? microseconds : memory * before + (1 - memory) * microseconds
        known.set(rule.id, cost)
        costs.set(rule.id, cost)
        credit -= performance.now() - begin
      }
      return costs
    },
  }
}
