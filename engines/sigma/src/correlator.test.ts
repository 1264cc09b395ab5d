// The fast correlator against the plain one, which is the definition: all types, with late events, aliases, chains, bounds and expressions; and a saved state
// against never having stopped.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCorrelator } from './correlator.ts'
import { createPlainCorrelator } from './correlator-plain.ts'
import type { CorrelationMatch, CorrelatorOptions, Occurrence } from './occurrence.ts'
import type { Condition, Correlation, CorrelationType } from './rule.ts'

const head = { name: null, title: 't', level: null, status: null, author: null, description: null, date: null, modified: null, references: [], falsepositives: [], fields: [], tags: [], techniques: [], tactics: [], file: 'f.yml', line: 1 }
function correlation(given: Partial<Correlation> & { type: CorrelationType }): Correlation {
  return { ...head, id: 'c', rules: ['a'], groupBy: ['host'], aliases: {}, timespan: 1000, condition: { kind: 'bounds', bounds: [{ operator: 'gte', value: 3 }] }, valueOf: given.type.startsWith('value_') ? ['v'] : [], percentile: null, generate: false, places: new Map(), ...given }
}
const gte = (value: number): Correlation['condition'] => ({ kind: 'bounds', bounds: [{ operator: 'gte', value }] })
const at = (time: number, ref: number, fields: Record<string, unknown> = {}, ruleId = 'a'): Occurrence => ({ ruleId, time, ref, fields: { host: 'h', ...fields } })

// --- generated ------------------------------------------------------------------------------------------------------------------------------------------

const rules = ['a', 'b', 'c', 'd']
const bound = fc.record({ operator: fc.constantFrom('lt' as const, 'lte' as const, 'gt' as const, 'gte' as const, 'gte' as const, 'eq' as const, 'neq' as const), value: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(2.5, 10, -1)) })
const expressionOver = (ids: readonly string[]): fc.Arbitrary<Condition> => fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...ids).map((name): Condition => ({ kind: 'selection', name })),
    fc.tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('any'), { minLength: 1, maxLength: 3 })).map(([kind, of]): Condition => ({ kind, of })),
    tie('any').map((of): Condition => ({ kind: 'not', of }))),
})).any
const types = ['event_count', 'value_count', 'value_sum', 'value_avg', 'value_median', 'value_percentile', 'temporal', 'temporal_ordered'] as const

function generated(index: number): fc.Arbitrary<Correlation> {
  const ids = [...rules, ...Array.from({ length: index }, (_, of) => `c${of}`)]
  return fc.record({
    type: fc.constantFrom(...types), rules: fc.uniqueArray(fc.constantFrom(...ids, ...ids.slice(rules.length)), { minLength: 1, maxLength: 4 }), groupBy: fc.subarray(['host', 'user', 'who']),
    timespan: fc.constantFrom(10, 25, 60), percentile: fc.constantFrom(0, 1, 33, 50, 99, 100), several: fc.boolean(), bounds: fc.array(bound, { minLength: 1, maxLength: 2 }),
    alias: fc.dictionary(fc.constantFrom(...ids), fc.constantFrom('host', 'user', 'v'), { maxKeys: 3 }),
  }).chain(({ type, several, bounds, alias, percentile, ...rest }) => {
    const temporal = type.startsWith('temporal')
    const condition: fc.Arbitrary<Correlation['condition']> = temporal
      ? fc.oneof(fc.constant({ kind: 'bounds' as const, bounds: [{ operator: 'gte' as const, value: rest.rules.length }] }), fc.constant({ kind: 'bounds' as const, bounds }), expressionOver(rest.rules).map((expression) => ({ kind: 'expression' as const, expression })))
      : fc.constant({ kind: 'bounds' as const, bounds })
    return condition.map((chosen) => correlation({
      ...rest, type, id: `c${index}`, condition: chosen, aliases: { who: alias }, percentile: type === 'value_percentile' ? percentile : null,
      valueOf: type === 'value_count' && several ? ['v', 'user'] : type.startsWith('value_') ? ['v'] : [],
    }))
  })
}
const correlations = fc.integer({ min: 1, max: 4 }).chain((many) => fc.tuple(...Array.from({ length: many }, (_, index) => generated(index))))
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(0, 1, 2, 3, '3', 0.1, 0.2, 1e300, -1e300, '1e300', 5e-324, 2 ** 53, -0, '', 'x', 'X', '007', '값', '\u0000', null, true, [1], [1, 2], ['1', [2]], [], {}, { v: 1 }, undefined) },
  { weight: 1, arbitrary: fc.oneof(fc.double(), fc.string()) },
)
const fields = fc.record({ host: fc.constantFrom<unknown>('h', 'h', 'h', 'h', 'h', 'i', 1, '1', null), user: fc.constantFrom<unknown>('u', 'u', 'u', 'u', 'w', ['u'], undefined), v: value }, { noNullPrototype: true })
/** Steps of time: mostly on, at times back, also far back or long after. */
const step = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 8 }) }, { weight: 4, arbitrary: fc.integer({ min: -30, max: -1 }) }, { weight: 1, arbitrary: fc.integer({ min: -300, max: 300 }) })
const stream = fc.array(fc.record({ rule: fc.constantFrom(...rules, 'unknown'), step, fields }), { minLength: 1, maxLength: 80, size: 'max' }).map((events) => {
  let time = 1000
  return events.map(({ rule, step: by, fields: of }, ref): Occurrence => ({ ruleId: rule, time: time += by, ref, fields: of }))
})
const limits = fc.record({ lateness: fc.constantFrom(0, 15, 1000), maxGroups: fc.constantFrom(1, 2, 3, 1000) })

const plain = (match: CorrelationMatch) => ({ ...match, correlation: match.correlation.id })

test('fast equals plain', () => {
  fc.assert(fc.property(correlations, stream, limits, (defined, events, options) => {
    const fast = createCorrelator(defined, options)
    const oracle = createPlainCorrelator(defined, options)
    for (const event of events) {
      const found = fast.add(event)
      expect(found.map(plain)).toEqual(oracle.add(event).map(plain))
    }
    const { bytes: _, ...counted } = fast.stats()
    const { bytes: __, ...expected } = oracle.stats()
    expect(counted.evicted).toBe(expected.evicted)
    expect(counted.late).toBe(expected.late)
  }), { numRuns: Number(process.env['RUNS'] ?? 2000) })
})

test('a state saved anywhere and restored goes on as if it had never stopped', () => {
  fc.assert(fc.property(correlations, stream, limits, fc.nat(), (defined, events, options, cut) => {
    const whole = createCorrelator(defined, options)
    let broken = createCorrelator(defined, options)
    for (const [place, event] of events.entries()) {
      if (place === cut % events.length) {
        const state = broken.save()
        broken = createCorrelator(defined, options)
        broken.restore(state)
        expect(broken.save()).toEqual(state)
      }
      expect(broken.add(event).map(plain)).toEqual(whole.add(event).map(plain))
    }
    expect(broken.stats().groups).toBe(whole.stats().groups)
  }), { numRuns: Number(process.env['RUNS'] ?? 1000) })
})
