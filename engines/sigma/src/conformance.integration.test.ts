// Every conformance vector (tests/conformance/sigma) on every matcher and correlator, and that the vectors leave no word of Sigma out.
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { QUANTIFIERS, WORDS } from './condition.ts'
import { vectors } from './conformance.fixture.ts'
import type { Event, Firing, Vector } from './conformance.fixture.ts'
import { BOUNDS, TYPES } from './correlation.ts'
import { createCorrelator } from './correlator.ts'
import { createPlainCorrelator } from './correlator-plain.ts'
import { MODIFIERS } from './detection.ts'
import { createMatcher, createPlainMatcher, link, parse } from './index.ts'
import type { LogSource, Rule } from './index.ts'
import type { Correlator } from './occurrence.ts'
import type { Correlation } from './rule.ts'

const TOPICS = vectors()
const ALL = [...TOPICS.values()].flat()

const MATCHERS = { plain: createPlainMatcher, fast: createMatcher }
const CORRELATORS: Record<string, (correlations: readonly Correlation[]) => Pick<Correlator, 'add'>> = { plain: createPlainCorrelator, fast: createCorrelator }

const nameOf = ({ name, id }: { name: string | null; id: string }): string => name ?? id

/** What loads, and what is refused, by the parser or by the linking of documents. */
function loaded({ rules: text, placeholders }: Vector) {
  const parsed = parse(text, 'rules.yml', placeholders === undefined ? {} : { placeholders })
  const linked = link(parsed)
  return { ...linked, refused: [...parsed.rejected, ...linked.rejected].map(({ line, code }) => ({ line, code })) }
}

/** `at` counts seconds from here; the specification knows no absolute time. */
const START = Date.UTC(2026, 0, 1)

const batch = (events: readonly Event[]): Buffer => Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))

/** The names of the rules that each event meets, in their order. */
function met(create: typeof createMatcher, rules: readonly Rule[], events: readonly { event: Event; logsource?: LogSource }[]): string[][] {
  const matcher = create(rules)
  return events.map(({ event, logsource }) => matcher.match(batch([event]), logsource ?? {}).map(({ rule }) => nameOf(rule)))
}

/** What fires at each event. What an expected firing does not say is not looked at. */
function fired(vector: Vector, create: (correlations: readonly Correlation[]) => Pick<Correlator, 'add'>): Firing[][] {
  const { rules, correlations, silent, refused } = loaded(vector)
  expect(refused).toEqual([])
  const matcher = createPlainMatcher(rules)
  const correlator = create(correlations)
  return (vector.events ?? []).map(({ at = 0, event, fires }, ref) => {
    const matches = matcher.match(batch([event]), {})
    const firings: Exclude<Firing, string>[] = [
      ...matches.flatMap(({ rule }) => (silent.has(rule.id) ? [] : [{ name: nameOf(rule) }])),
      ...matches.flatMap(({ rule, fields }) => correlator.add({ ruleId: rule.id, time: START + at * 1000, fields, ref })).flatMap(({ correlation, value, group }) =>
        (silent.has(correlation.id) ? [] : [{ name: nameOf(correlation), value: value ?? Number.NaN, group: Object.fromEntries(group.map((part) => [part.field, part.value])) }])),
    ]
    return firings.map((firing, place) => (typeof (fires[place] ?? '') === 'string' ? firing.name : firing))
  })
}

const namesOf = (firings: readonly Firing[]): string[] => firings.map((firing) => (typeof firing === 'string' ? firing : firing.name))

describe.each([...TOPICS])('%s', (_, of) => {
  for (const vector of of) {
    const { id, matches = [], misses = [], events = [] } = vector
    if (vector.refused !== undefined) {
      test(id, () => {
        const { rules, correlations, refused } = loaded(vector)
        expect({ refused, loads: [...rules, ...correlations].map(nameOf) }).toEqual({ refused: vector.refused, loads: vector.loads ?? [] })
      })
    } else if (events.some(({ at }) => at !== undefined)) {
      test.each(Object.entries(CORRELATORS))(`${id}, %s`, (__, create) => expect(fired(vector, create)).toEqual(events.map(({ fires }) => fires)))
    } else {
      test.each(Object.entries(MATCHERS))(`${id}, %s`, (__, create) => {
        const { rules, refused } = loaded(vector)
        expect(refused).toEqual([])
        const meeting = (all: readonly Event[]): Event[] => {
          const met = new Set(create(rules).match(batch(all), {}).map(({ eventIndex }) => eventIndex))
          return all.filter((___, index) => met.has(index))
        }
        expect({ matches: meeting(matches), misses: meeting(misses), events: met(create, rules, events) }).toEqual({ matches, misses: [], events: events.map(({ fires }) => namesOf(fires)) })
      })
    }
  }
})

test('rules that share an engine keep their own verdicts, and every engine agrees on all rules by all events', () => {
  const told = ALL.flatMap(({ id, rules, placeholders, matches = [], misses = [] }) => (matches.length === 0 ? [] : [{ id, matches, misses, rules: parse(rules, id, placeholders === undefined ? {} : { placeholders }).rules }]))
  const events = told.flatMap(({ id, matches, misses }) => [...matches.map((event) => ({ id, event, meets: true })), ...misses.map((event) => ({ id, event, meets: false }))])
  const [first = new Set(), ...others] = Object.values(MATCHERS).map((create) => {
    const matches = create(told.flatMap(({ rules }) => rules)).match(batch(events.map(({ event }) => event)), {})
    return new Set(matches.map(({ rule, eventIndex }) => `${eventIndex} ${rule.file}`))
  })
  for (const other of others) expect([...other].toSorted()).toEqual([...first].toSorted())
  expect(events.filter(({ id, meets }, index) => first.has(`${index} ${id}`) !== meets)).toEqual([])
  expect(events.length).toBeGreaterThan(1000)
})

describe('the vectors', () => {
  test('have their own ids, say what they show, and where that is said or who decided it', () => {
    expect(new Set(ALL.map(({ id }) => id)).size).toBe(ALL.length)
    for (const [topic, of] of TOPICS) expect(of.filter(({ id, shows, spec, decided }) => !id.startsWith(`${topic}/`) || shows === '' || (spec ?? decided) === undefined)).toEqual([])
  })

  /** The keys of the maps of a rule's selections, and its conditions. */
  const said = ({ rules }: Vector): { modifiers: string[]; conditions: string[] } => {
    const modifiers: string[] = []
    const walk = (node: unknown): void => {
      if (Array.isArray(node)) node.forEach(walk)
      else if (typeof node === 'object' && node !== null) {
        for (const [key, value] of Object.entries(node)) {
          modifiers.push(...key.split('|').slice(1))
          walk(value)
        }
      }
    }
    const { detection } = load(rules) as { detection: Record<string, unknown> }
    walk(detection)
    return { modifiers, conditions: [detection['condition']].flat().map(String) }
  }
  /** One rule that some events meet and some do not. */
  const decisive = ALL.filter(({ matches = [], misses = [] }) => matches.length > 0 && misses.length > 0).map(said)

  test.each([...MODIFIERS])('a positive and a negative for the modifier %s', (modifier) => {
    expect(decisive.some(({ modifiers }) => modifiers.includes(modifier))).toBe(true)
  })
  /** Correlations of a vector some of whose events fire and some do not. */
  const correlations = ALL.filter(({ events = [] }) => events.some(({ at, fires }) => at !== undefined && fires.length > 0) && events.some(({ fires }) => fires.length === 0)).flatMap((vector) => loaded(vector).correlations)
  test.each([...TYPES])('an event at which it fires and one at which not for %s', (type) => {
    expect(correlations.some((correlation) => correlation.type === type)).toBe(true)
  })
  test.each([...BOUNDS])('the same for the bound %s', (operator) => {
    expect(correlations.some(({ condition }) => condition.kind === 'bounds' && condition.bounds.some((bound) => bound.operator === operator))).toBe(true)
  })
  test.each([...WORDS, ...QUANTIFIERS.map((quantifier) => `${quantifier} of`), 'them', '(', '*'])('a positive and a negative for conditions with %s', (word) => {
    const spoken = (condition: string): string => ` ${condition.replaceAll(/[()]/g, ' $& ').replaceAll(/\s+/g, ' ')} `
    expect(decisive.some(({ conditions }) => conditions.some((condition) => (word === '*' ? condition.includes('*') : spoken(condition).includes(` ${word} `))))).toBe(true)
  })
})
