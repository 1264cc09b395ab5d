// The fast correlator against the plain one, which is the definition: all types, with late events, aliases, chains, bounds and expressions; and a saved state
// against never having stopped.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCorrelator } from './correlator.ts'
import { createPlainCorrelator } from './correlator-plain.ts'
import type { CorrelationMatch, Correlator, CorrelatorOptions, Occurrence } from './occurrence.ts'
import type { Condition, Correlation, CorrelationType } from './rule.ts'

const head = { name: null, title: 't', level: null, status: null, author: null, description: null, date: null, modified: null, references: [], falsepositives: [], fields: [], tags: [], techniques: [], tactics: [], file: 'f.yml', line: 1 }
// Every object has a `valueOf`: what the fields are called cannot be left out of a type that has them.
type Given = Partial<Omit<Correlation, 'valueOf'>>
function correlation({ counted, ...given }: Given & { type: CorrelationType; counted?: readonly string[] }): Correlation {
  return { ...head, id: 'c', rules: ['a'], groupBy: ['host'], aliases: {}, timespan: 1000, condition: { kind: 'bounds', bounds: [{ operator: 'gte', value: 3 }] }, valueOf: counted ?? (given.type.startsWith('value_') ? ['v'] : []), percentile: null, generate: false, places: new Map(), ...given }
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
      ...(type === 'value_count' && several ? { counted: ['v', 'user'] } : {}),
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

const runs = process.env['HAECHI_TEST_FULL'] === '1' ? 20_000 : 700
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
  }), { numRuns: runs })
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
  }), { numRuns: runs })
})

// --- what the definition says ---------------------------------------------------------------------------------------------------------------------------

type Script = readonly [string, number, Record<string, unknown>?][]
/** Each match as `at the event of this number: value`, of the fast one and the plain one. */
function played(defined: Correlation | readonly Correlation[], script: Script, options: CorrelatorOptions = {}): string[] {
  const all = [defined].flat()
  const [fast, oracle] = [createCorrelator, createPlainCorrelator].map((create) => {
    const correlator = create(all, options)
    return script.flatMap(([ruleId, time, of], ref) => correlator.add(at(time, ref, of, ruleId)).map((match) => `${ref}: ${all.length > 1 ? `${match.correlation.id} ` : ''}${match.value}`))
  }) as [string[], string[]]
  expect(fast).toEqual(oracle)
  return fast
}
const with_ = (key: string, ...values: unknown[]): Script => values.map((value_, step_) => ['a', step_, { [key]: value_ }])

describe('windows', () => {
  const twice = correlation({ type: 'event_count', timespan: 100, condition: gte(2) })
  test.each<[string, Script, string[]]>([
    ['slide: no boundary parts what is close', [['a', 950], ['a', 1050]], ['1: 2']],
    ['are closed at both ends', [['a', 0], ['a', 100]], ['1: 2']],
    ['end there', [['a', 0], ['a', 101]], []],
    ['fire on each occurrence while they hold', [['a', 0], ['a', 10], ['a', 20], ['a', 200]], ['1: 2', '2: 3']],
    ['count ties', [['a', 7], ['a', 7]], ['1: 2']],
    ['count late ones where they belong', [['a', 500], ['a', 450]], ['1: 2']],
    ['count late ones among each other', [['a', 500], ['a', 300], ['a', 390]], ['2: 2']],
    ['do not count a late one with what is too far from it', [['a', 500], ['a', 399]], []],
    ['are not held up by one dated in the future', [['a', 0], ['a', 250_000], ['a', 50]], ['2: 2']],
    ['leave out what is later than the lateness', [['a', 0], ['a', 400_000], ['a', 50]], []],
    ['take times before 1970 and fractions of a millisecond', [['a', -100.5], ['a', -0.5]], ['1: 2']],
  ])('%s', (_, script, matches) => expect(played(twice, script)).toEqual(matches))

  test('a match says when, of whom, and which events: the latest of them, and how many', () => {
    const correlator = createCorrelator([correlation({ type: 'event_count', timespan: 1000, condition: gte(150) })])
    const matches = Array.from({ length: 151 }, (_, ref) => correlator.add(at(ref, ref + 1000, { host: 'HOST' }))).flat()
    expect(matches).toHaveLength(2)
    expect(matches[1]).toMatchObject({ time: 150, from: -850, group: [{ field: 'host', value: 'HOST' }], value: 151, refsTotal: 151 })
    expect(matches[1]?.refs).toEqual(Array.from({ length: 100 }, (_, ref) => 1051 + ref))
  })
  test('a late one completes the latest window that holds it', () => {
    const correlator = createCorrelator([correlation({ type: 'event_count', timespan: 100, condition: gte(3) })])
    for (const [ref, time] of [0, 60, 120, 400].entries()) expect(correlator.add(at(time, ref))).toEqual([])
    expect(correlator.add(at(50, 9))).toMatchObject([{ time: 120, from: 20, refs: [9, 1, 2], value: 3 }])
  })
  test('what is no time makes no occurrence', () => {
    const correlator = createCorrelator([twice])
    for (const time of [Number.NaN, Infinity, -Infinity, 2 ** 53]) expect(correlator.add(at(time, 0))).toEqual([])
    expect(correlator.stats()).toMatchObject({ groups: 0, late: 4 })
  })
  test('an event number that is none is the caller\'s fault', () => {
    for (const ref of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => createCorrelator([twice]).add(at(0, ref))).toThrow(expect.objectContaining({ code: 'ref_invalid' }))
  })
})

describe('groups', () => {
  const twice = correlation({ type: 'event_count', condition: gte(2) })
  test.each<[string, Script, string[]]>([
    ['are exact: case counts', with_('host', 'h', 'H'), []],
    ['a number is its text', with_('host', 42, '42'), ['1: 2']],
    ['an empty text is a value', with_('host', '', ''), ['1: 2']],
    ['an event without the field belongs to none', with_('host', undefined, undefined, null, null), []],
    ['nor one whose value is an object or an empty list', with_('host', {}, {}, [], [], [null]), []],
    ['a list of one is its value', with_('host', ['h'], 'h', [['h']]), ['1: 2', '2: 3']],
    ['a list of several is one value', with_('host', ['h', 'i'], 'h', ['i', 'h'], ['h', 'i']), ['3: 2']],
    ['a text and its beginning are two', with_('host', 'h\u0000', 'h', 'h\u0000'), ['2: 2']],
    ['not a number is a text as any', with_('host', Number.NaN, 'NaN', Infinity, -0, '0'), ['1: 2', '4: 2']],
  ])('%s', (_, script, matches) => expect(played(twice, script)).toEqual(matches))
  test('fields do not run into each other', () => {
    const two = correlation({ type: 'event_count', groupBy: ['host', 'user'], condition: gte(2) })
    expect(played(two, [['a', 0, { host: 'ab', user: 'c' }], ['a', 1, { host: 'a', user: 'bc' }], ['a', 2, { host: 'ab', user: 'c' }]])).toEqual(['2: 2'])
  })
  test('without group-by all are one', () => expect(played(correlation({ type: 'event_count', groupBy: [], condition: gte(2) }), with_('host', 'h', null))).toEqual(['1: 2']))
  test('an alias stands for the field that it names of each rule; of a rule that it does not name, for itself', () => {
    const aliased = correlation({ type: 'temporal', rules: ['a', 'b', 'c'], groupBy: ['ip'], aliases: { ip: { a: 'source.ip', b: 'destination.ip' } }, condition: gte(3) })
    expect(played(aliased, [['a', 0, { source: { ip: '1' }, ip: '9' }], ['b', 1, { 'destination.ip': '1' }], ['c', 2, { ip: '1' }]])).toEqual(['2: 3'])
    const named = createCorrelator([aliased])
    named.add(at(0, 0, { source: { ip: '1' } }, 'a'))
    named.add(at(1, 1, { 'destination.ip': '1' }, 'b'))
    expect(named.add(at(2, 2, { ip: '1' }, 'c'))[0]?.group).toEqual([{ field: 'ip', value: '1' }])
  })
  test('spaces in the name of a field are ignored, as rules do', () => {
    const spaced = correlation({ type: 'event_count', groupBy: ['NewUser'], condition: gte(2) })
    expect(played(spaced, [['a', 0, { 'New User': 'u' }], ['a', 1, { NewUser: 'u', 'New User': 'w' }], ['a', 2, { 'New User': 'w' }]])).toEqual(['1: 2'])
  })
  test('names of prototypes are names', () => expect(played(correlation({ type: 'event_count', groupBy: ['constructor', '__proto__'], condition: gte(1) }), with_('v', 1))).toEqual([]))
})

describe('what is counted', () => {
  const of = (type: CorrelationType, bounds: readonly [string, number][], more: Given & { counted?: readonly string[] } = {}) =>
    correlation({ type, condition: { kind: 'bounds', bounds: bounds.map(([operator, value_]) => ({ operator: operator as 'gte', value: value_ })) }, ...more })
  test.each<[string, Correlation, Script, string[]]>([
    ['value_count: different values', of('value_count', [['gte', 2]]), with_('v', 'x', 'x', 'y', 'x'), ['2: 2', '3: 2']],
    ['value_count: exact ones', of('value_count', [['gte', 3]]), with_('v', 'x', 'X', 1, '1'), ['2: 3', '3: 3']],
    ['value_count: no value is none', of('value_count', [['gte', 0]]), with_('v', null, undefined, {}, []), []],
    ['value_count of several fields: different tuples', of('value_count', [['gte', 3]], { counted: ['v', 'w'] }), [['a', 0, { v: 1, w: 1 }], ['a', 1, { v: 1, w: 2 }], ['a', 2, { v: 1 }], ['a', 3, { v: 2, w: 1 }], ['a', 4, { v: 2, w: 1 }]], ['3: 3', '4: 3']],
    ['value_sum: numbers and texts of them', of('value_sum', [['gt', 5]]), with_('v', 2, '2.5', 'x', '0x10', true, null, 1), ['6: 5.5']],
    ['value_sum: exact', of('value_sum', [['eq', 0.2]], { timespan: 1 }), with_('v', 0.1, 0.2, '0', 0, 0.2), ['2: 0.2', '4: 0.2']],
    ['value_sum: exact beyond what a double counts by ones', of('value_sum', [['gte', 9007199254740994]]), with_('v', 9007199254740991, 2, 2), ['2: 9007199254740996']],
    ['value_sum: what is too large to write is no number', of('value_sum', [['gte', -Infinity]]), with_('v', Infinity, '1e999', Number.NaN, 1e308, 1e308, -1e308), ['3: 1e+308', '4: Infinity', '5: 1e+308']],
    ['value_avg', of('value_avg', [['gte', 2]]), with_('v', 1, 2, 3), ['2: 2']],
    ['value_median of an even count lies between', of('value_median', [['eq', 2.5]]), with_('v', 4, 1, 2, 3), ['1: 2.5', '3: 2.5']],
    ['value_percentile is linear between neighbours', of('value_percentile', [['gte', 0]], { percentile: 90 }), with_('v', 0, 10), ['0: 0', '1: 9']],
    ['value_percentile looks at its bounds', of('value_percentile', [['gte', 9]], { percentile: 90 }), with_('v', 0, 10), ['1: 9']],
    ['several bounds are a range', of('event_count', [['gte', 2], ['lt', 4]]), with_('v', 1, 1, 1, 1), ['1: 2', '2: 3']],
    ['lt holds while there are few: it needs an occurrence', of('event_count', [['lt', 2]]), with_('v', 1, 1, 1), ['0: 1']],
    ['lte', of('event_count', [['lte', 2]]), with_('v', 1, 1, 1), ['0: 1', '1: 2']],
    ['neq', of('event_count', [['neq', 2]]), with_('v', 1, 1, 1), ['0: 1', '2: 3']],
    ['eq 0 never holds of what is counted', of('event_count', [['eq', 0]]), with_('v', 1, 1), []],
  ])('%s', (_, defined, script, matches) => expect(played(defined, script)).toEqual(matches))
})

describe('temporal', () => {
  const ordered = (count: number, more: Given & { counted?: readonly string[] } = {}) => correlation({ type: 'temporal_ordered', rules: ['a', 'b', 'c'], timespan: 100, condition: gte(count), ...more })
  const plainly = (condition: Correlation['condition']) => correlation({ type: 'temporal', rules: ['a', 'b'], timespan: 100, condition })
  const name = (id: string): Condition => ({ kind: 'selection', name: id })
  test.each<[string, Correlation, Script, string[]]>([
    ['all rules in any order', plainly(gte(2)), [['b', 0], ['b', 1], ['a', 2], ['b', 150]], ['2: 2']],
    ['a late one completes it', plainly(gte(2)), [['b', 150], ['b', 300], ['a', 60]], ['2: 2']],
    ['an expression', plainly({ kind: 'expression', expression: { kind: 'and', of: [name('a'), { kind: 'not', of: name('b') }] } }), [['a', 0], ['b', 10], ['a', 20], ['a', 120]], ['0: 1', '3: 1']],
    ['in order', ordered(3), [['c', 0], ['b', 1], ['a', 2], ['b', 3], ['c', 4]], ['4: 3']],
    ['equal times are in order, however they come', ordered(3), [['c', 5], ['b', 5], ['a', 5]], ['2: 3']],
    ['others between do not matter', ordered(3), [['a', 0], ['c', 1], ['b', 2], ['a', 3], ['c', 4]], ['4: 3']],
    ['a chain must fit into the window', ordered(3), [['a', 0], ['b', 60], ['c', 101], ['a', 102], ['c', 103]], []],
    ['the latest beginning counts', ordered(3), [['a', 0], ['a', 50], ['b', 60], ['c', 140]], ['3: 3']],
    ['order can be completed from behind', ordered(3), [['b', 10], ['c', 20], ['a', 5]], ['2: 3']],
    ['and is not by what is too late', ordered(3), [['b', 10], ['c', 20], ['a', 15]], []],
    ['fewer than all: how many of them are in order', ordered(2), [['b', 0], ['a', 1], ['c', 2]], ['2: 2']],
    ['an expression, and what occurred in order', ordered(0, { condition: { kind: 'expression', expression: { kind: 'or', of: [{ kind: 'and', of: [name('a'), name('b')] }, name('c')] } } }), [['b', 0], ['a', 1], ['b', 2], ['c', 3]], ['2: 2', '3: 3']],
  ])('%s', (_, defined, script, matches) => expect(played(defined, script)).toEqual(matches))
})

describe('chains', () => {
  const failed = correlation({ type: 'event_count', id: 'many', rules: ['a'], groupBy: ['host'], condition: gte(2) })
  const then = (groupBy: string[], more: Given & { counted?: readonly string[] } = {}) => correlation({ type: 'temporal_ordered', id: 'then', rules: ['many', 'b'], groupBy, condition: gte(2), ...more })
  test('a match is an occurrence of its correlation', () => expect(played([failed, then(['host'])], [['b', 0], ['a', 1], ['a', 2], ['b', 3]])).toEqual(['2: many 2', '3: then 2']))
  test('with the fields of the event that completed it, where its group does not have them', () => {
    expect(played([failed, then(['user'])], [['a', 1, { user: 'u' }], ['a', 2, { user: 'w' }], ['b', 3, { user: 'u' }], ['b', 4, { user: 'w' }]])).toEqual(['1: many 2', '3: then 2'])
  })
  test('its group before the event', () => {
    const aliased = { ...failed, groupBy: ['ip'], aliases: { ip: { a: 'from' } } }
    expect(played([aliased, then(['ip'])], [['a', 1, { from: '1', ip: 'x' }], ['a', 2, { from: '1', ip: 'x' }], ['b', 3, { ip: '1' }]])).toEqual(['1: many 2', '2: then 2'])
  })
  test('an alias may name its group field', () => {
    expect(played([failed, then(['ip'], { aliases: { ip: { many: 'host', b: 'from' } } })], [['a', 1, { host: '1' }], ['a', 2, { host: '1' }], ['b', 3, { from: '1' }]])).toEqual(['1: many 2', '2: then 2'])
  })
  test('ways that branch at every step end', () => {
    const level = (index: number, from: readonly string[]): Correlation[] => ['x', 'y'].map((side) => correlation({ type: 'event_count', id: `${side}${index}`, rules: from, condition: gte(1) }))
    const all = Array.from({ length: 12 }, (_, index) => level(index, index === 0 ? ['a'] : [`x${index - 1}`, `y${index - 1}`])).flat()
    expect(createCorrelator(all).add(at(0, 0)).length).toBeLessThan(100)
  })
  test('one that refers to what comes after it, or to itself, hears nothing of it', () => {
    expect(played([correlation({ type: 'event_count', id: 'x', rules: ['y', 'x', 'a'], condition: gte(1) }), correlation({ type: 'event_count', id: 'y', rules: ['x'], condition: gte(1) })], [['a', 0]])).toEqual(['0: x 1', '0: y 1'])
  })
})

// --- room -----------------------------------------------------------------------------------------------------------------------------------------------

describe('room', () => {
  test('beyond maxGroups the stalest group goes, and is counted', () => {
    const heard: number[] = []
    const correlator = createCorrelator([correlation({ type: 'event_count', timespan: 1e6, condition: gte(2) })], { maxGroups: 2, onEvicted: (many) => heard.push(many) })
    for (const [ref, host] of ['x', 'y', 'x', 'z'].entries()) correlator.add(at(ref, ref, { host }))
    expect(correlator.stats()).toMatchObject({ groups: 2, evicted: 1 })
    expect(correlator.add(at(10, 10, { host: 'x' }))).toHaveLength(1)
    expect(correlator.add(at(11, 11, { host: 'y' }))).toEqual([])
    expect(heard).toEqual([1, 1])
  })
  test('groups whose time is over make room first, and are not counted', () => {
    const correlator = createCorrelator([correlation({ type: 'event_count', timespan: 10 }), correlation({ type: 'event_count', id: 'd', rules: ['b'], timespan: 10 })], { maxGroups: 2, lateness: 0 })
    for (let time = 0; time < 1000; time += 11) correlator.add(at(time, time, { host: `h${time}` }, time % 2 === 0 ? 'a' : 'b'))
    expect(correlator.stats()).toMatchObject({ groups: 1, evicted: 0 })
  })
  test.each(types)('%s stays below its bytes, whatever comes', (type) => {
    const maxBytes = 200_000
    let evicted = 0
    const correlator = createCorrelator([correlation({ type, rules: ['a', 'b', 'c'], timespan: 1e9, condition: gte(1e6), percentile: type === 'value_percentile' ? 50 : null })], { maxBytes, onEvicted: (many) => { evicted += many } })
    for (let ref = 0; ref < 30_000; ref++) {
      correlator.add(at(ref, ref, { host: ref % 3 === 0 ? 'always' : `host-${ref}`, v: ref + 0.5 }, ['a', 'b', 'c'][ref % 3]))
      expect(correlator.stats().bytes).toBeLessThanOrEqual(maxBytes)
    }
    const { groups, evicted: counted } = correlator.stats()
    expect(evicted).toBe(counted)
    // Of 20,001 groups each is there or was put out.
    expect(groups + counted).toBeGreaterThanOrEqual(20_001)
    expect(groups).toBeGreaterThan(10)
    const other = createCorrelator([correlation({ type, rules: ['a', 'b', 'c'], timespan: 1e9, condition: gte(1e6), percentile: type === 'value_percentile' ? 50 : null })], { maxBytes })
    other.restore(correlator.save())
    expect(other.stats().groups).toBeGreaterThan(groups * 0.9)
  })
  test('a group that fills all room alone forgets its oldest, and says how many', () => {
    for (const type of types) {
      const correlator = createCorrelator([correlation({ type, rules: ['a', 'b'], timespan: 1e9, condition: gte(2e9), percentile: null })], { maxBytes: 60_000 })
      for (let ref = 0; ref < 10_000; ref++) correlator.add(at(ref, ref, { v: `${ref % 7}.5` }))
      const { groups, evicted, forgotten, bytes } = correlator.stats()
      expect([type, groups, evicted]).toEqual([type, 1, 0])
      expect(forgotten).toBeGreaterThan(5000)
      expect(bytes).toBeLessThanOrEqual(60_000)
    }
  })
  test('hardly any room at all', () => {
    for (const maxBytes of [0, 100, 1000, 3000]) {
      const correlator = createCorrelator(types.map((type) => correlation({ type, id: type, condition: gte(1) })), { maxBytes })
      for (let ref = 0; ref < 100; ref++) correlator.add(at(ref, ref, { host: `${ref}`, v: ref / 3 }))
      expect(correlator.stats().bytes).toBeLessThanOrEqual(maxBytes)
      expect(correlator.stats().groups + correlator.stats().evicted).toBe(800)
    }
  })
  test.each(types)('%s: memory of what is over is used again', (type) => {
    const correlator = createCorrelator([correlation({ type, rules: ['a', 'b'], timespan: 300, condition: gte(1e9) })], { lateness: 0 })
    const add = (ref: number) => correlator.add(at(ref, ref, { v: type === 'value_count' ? `user-${ref}` : ref + 0.5, host: ref % 2 === 0 ? 'always' : `h${Math.floor(ref / 100)}` }, ref % 3 === 0 ? 'b' : 'a'))
    for (let ref = 0; ref < 5000; ref++) add(ref)
    const { bytes } = correlator.stats()
    for (let ref = 5000; ref < 50_000; ref++) add(ref)
    expect(correlator.stats()).toMatchObject({ bytes, evicted: 0, forgotten: 0 })
    expect(correlator.stats().groups).toBeLessThan(6)
  })
  test('what found no room is not kept', () => {
    for (let maxBytes = 300; maxBytes < 2000; maxBytes += 16) {
      const [used, fresh] = [0, 1].map(() => createCorrelator([correlation({ type: 'value_count', timespan: 1e9, condition: gte(1) })], { maxBytes })) as [Correlator, Correlator]
      for (let ref = 0; ref < 100; ref++) used.add(at(ref, ref, { host: `h${ref}`, v: 'x'.repeat((ref * 7) % 150) }))
      expect([maxBytes, used.add(at(100, 100, { v: 'x' })).length]).toEqual([maxBytes, fresh.add(at(100, 100, { v: 'x' })).length])
    }
  })
  test.each(['temporal', 'temporal_ordered'] as const)('%s: what was forgotten is in no window', (type) => {
    const correlator = createCorrelator([correlation({ type, rules: ['a', 'b'], timespan: 1e9, condition: gte(2) })], { maxBytes: 60_000 })
    correlator.add(at(0, 0, {}, 'a'))
    let ref = 1
    for (; correlator.stats().forgotten === 0; ref++) expect(correlator.add(at(ref, ref, {}, 'b')).length + correlator.stats().forgotten).toBeGreaterThan(0)
    expect(correlator.add(at(ref, ref, {}, 'b'))).toEqual([])
  })
  test('values that want all room: huge texts, 10,000 groups of them', () => {
    const correlator = createCorrelator([correlation({ type: 'value_count', condition: gte(2) })], { maxBytes: 2 ** 20 })
    const huge = 'x'.repeat(3_000_000)
    expect(correlator.add(at(0, 0, { host: huge, v: 1 }))).toEqual([])
    expect(correlator.add(at(1, 1, { v: huge }))).toEqual([])
    expect(correlator.stats()).toMatchObject({ evicted: 2 })
    correlator.add(at(2, 2, { host: 'small', v: 1 }))
    expect(correlator.add(at(3, 3, { host: 'small', v: 2 }))).toHaveLength(1)
    for (let ref = 4; ref < 10_000; ref++) correlator.add(at(ref, ref, { host: `${ref} ${'y'.repeat(ref % 3000)}`, v: '값'.repeat(ref % 900) }))
    expect(correlator.stats().bytes).toBeLessThanOrEqual(2 ** 20)
  })
  test('values nested without end are none', () => {
    let deep: unknown = 'x'
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(played(correlation({ type: 'event_count', condition: gte(1) }), with_('host', deep))).toEqual([])
  })
})

// --- states ---------------------------------------------------------------------------------------------------------------------------------------------

describe('a saved state', () => {
  const defined = types.map((type) => correlation({ type, id: type, rules: ['a', 'b'], condition: gte(2), percentile: type === 'value_percentile' ? 90 : null }))
  const filled = (all: readonly Correlation[] = defined) => {
    const correlator = createCorrelator(all)
    for (let ref = 0; ref < 40; ref++) correlator.add(at(ref * 7, ref, { host: `h${ref % 3}`, v: ref % 5 }, ref % 2 === 0 ? 'a' : 'b'))
    return correlator
  }
  test('changed correlations begin empty, the others go on, gone ones are passed over, new ones are empty', () => {
    const state = filled().save()
    const changed = defined.slice(1).map((one) => (one.id === 'temporal' ? { ...one, timespan: 999 } : { ...one, title: 'told otherwise' }))
    const correlator = createCorrelator([...changed, correlation({ type: 'event_count', id: 'new', rules: ['a'] })])
    correlator.restore(state)
    expect(correlator.stats().groups).toBe(18)
    expect(correlator.add(at(281, 99, { host: 'h1', v: 1 }, 'a')).map((match) => match.correlation.id)).not.toContain('temporal')
    expect(correlator.add(at(282, 99, { host: 'h1', v: 1 }, 'b')).map((match) => match.correlation.id)).toContain('temporal')
  })
  test.each<[string, Given & { counted?: readonly string[] }]>([
    ['type', { type: 'value_median' }], ['rules', { rules: ['b', 'a'] }], ['groupBy', { groupBy: [] }], ['aliases', { aliases: { host: { a: 'user' } } }], ['timespan', { timespan: 1001 }], ['condition', { condition: gte(3) }],
    ['valueOf', { counted: ['w'] }], ['percentile', { percentile: 91 }],
  ])('is of another definition when its %s is another', (_, change) => {
    const before: Given & { type: CorrelationType } = { type: 'value_percentile', rules: ['a', 'b'], condition: gte(2), percentile: 90 }
    const state = filled([correlation(before)]).save()
    const [same, other] = [correlation(before), correlation({ ...before, ...change })].map((one) => {
      const correlator = createCorrelator([one])
      correlator.restore(state)
      return correlator.stats().groups
    })
    expect([same, other]).toEqual([3, 0])
  })
  test('of nothing is a state', () => {
    const correlator = filled()
    correlator.restore(createCorrelator(defined).save())
    expect(correlator.stats().groups).toBe(0)
    createCorrelator([]).restore(filled().save())
  })
  test('any byte that is not as it was is noticed, and then the own state stays', () => {
    const state = filled().save()
    fc.assert(fc.property(fc.nat(state.length - 1), fc.integer({ min: 1, max: 255 }), (place, by) => {
      const damaged = state.slice()
      damaged[place] = (damaged[place] as number) ^ by
      const correlator = filled()
      expect(() => correlator.restore(damaged)).toThrow(expect.objectContaining({ code: place < 4 ? 'state_foreign' : place === 4 ? 'state_version' : 'state_corrupt' }))
      expect(correlator.save()).toEqual(state)
    }), { numRuns: 300 })
    for (const length of [5, 20, 37, 100, state.length - 1]) expect(() => filled().restore(state.subarray(0, length))).toThrow(expect.objectContaining({ code: 'state_corrupt' }))
    expect(() => filled().restore(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'state_foreign' }))
    expect(() => filled().restore(new TextEncoder().encode('{"version":1,"windows":{}}'))).toThrow(expect.objectContaining({ code: 'state_foreign' }))
  })
  test('also one that was made to look right is read without harm', () => {
    const state = filled().save()
    const { length } = state
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 5, max: length - 33 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 40 }), (changes, cut) => {
      const made = state.slice(0, length - 32 - cut)
      for (const [place, byte] of changes) made[Math.min(place, made.length - 1)] = byte
      const correlator = createCorrelator(defined, { maxBytes: 2 ** 20 })
      try {
        correlator.restore(Buffer.concat([made, createHash('sha256').update(made).digest()]))
      } catch (error) {
        expect(error).toMatchObject({ code: 'state_corrupt' })
      }
      for (let ref = 0; ref < 20; ref++) correlator.add(at(300 + ref, ref, { host: `h${ref % 3}`, v: ref % 5 }, 'a'))
      expect(correlator.stats().bytes).toBeLessThanOrEqual(2 ** 20)
    }), { numRuns: 2000 })
  })
})
