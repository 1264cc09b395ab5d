// Every conformance vector (tests/conformance/sigma) on every matcher and correlator, and that the vectors leave no word of Sigma out.
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { QUANTIFIERS, WORDS } from './condition.ts'
import { vectors } from './conformance.fixture.ts'
import type { Event, Firing, Vector } from './conformance.fixture.ts'
import { BOUNDS, TYPES } from './correlation.ts'
import { createPlainCorrelator } from './correlator-plain.ts'
import { MODIFIERS } from './detection.ts'
import { createMatcher, createPlainMatcher, link, parse } from './index.ts'
import type { LogSource, Rule } from './index.ts'
import type { Correlator } from './occurrence.ts'
import type { Correlation } from './rule.ts'

const TOPICS = vectors()
const ALL = [...TOPICS.values()].flat()

const MATCHERS = { plain: createPlainMatcher, fast: createMatcher }
const CORRELATORS: Record<string, (correlations: readonly Correlation[]) => Pick<Correlator, 'add'>> = { plain: createPlainCorrelator }

const nameOf = ({ name, id }: { name: string | null; id: string }): string => name ?? id

/** What loads, and what is refused, by the parser or by the linking of documents. */
function loaded({ rules: text, placeholders }: Vector) {
  const parsed = parse(text, 'rules.yml', placeholders === undefined ? {} : { placeholders })
  const linked = link(parsed)
  return { ...linked, refused: [...parsed.rejected, ...linked.rejected].map(({ line, code }) => ({ line, code })) }
}

/** `at` counts seconds from here; the specification knows no absolute time. */
const START = Date.UTC(2026, 0, 1)

const bytes = (event: Event): Buffer => Buffer.from(JSON.stringify(event))

/** The names of the rules that each event meets, in their order. */
function met(create: typeof createMatcher, rules: readonly Rule[], events: readonly { event: Event; logsource?: LogSource }[]): string[][] {
  const matcher = create(rules)
  return events.map(({ event, logsource }) => matcher.match(bytes(event), logsource ?? {}).map(({ rule }) => nameOf(rule)))
}

describe.each([...TOPICS])('%s', (_, of) => {
  describe.each(Object.entries(MATCHERS))('%s', (__, create) => {
    test.each(of.filter(({ matches }) => matches !== undefined).map((vector) => [vector.id, vector] as const))('%s', (___, vector) => {
      const { rules, refused } = loaded(vector)
      expect(refused).toEqual([])
      const holds = (events: readonly Event[]): Event[] => events.filter((_event, index) => (met(create, rules, events.map((event) => ({ event })))[index] as string[]).length > 0)
      expect({ matches: holds(vector.matches as Event[]), misses: holds(vector.misses as Event[]) }).toEqual({ matches: vector.matches, misses: [] })
    })

    const timeless = of.filter(({ events }) => events?.every(({ at }) => at === undefined))
    if (timeless.length > 0) {
      test.each(timeless.map((vector) => [vector.id, vector] as const))('%s', (___, vector) => {
        const { rules, refused } = loaded(vector)
        expect(refused).toEqual(vector.refused ?? [])
        expect(met(create, rules, vector.events ?? [])).toEqual(vector.events?.map(({ fires }) => fires))
      })
    }
  })

  const timed = of.filter(({ events }) => events?.some(({ at }) => at !== undefined))
  if (timed.length > 0) {
    describe.each(Object.entries(CORRELATORS))('%s', (__, create) => {
      test.each(timed.map((vector) => [vector.id, vector] as const))('%s', (___, vector) => {
        const { rules, correlations, silent, refused } = loaded(vector)
        expect(refused).toEqual([])
        const matcher = createPlainMatcher(rules)
        const correlator = create(correlations)
        const steps = vector.events ?? []
        expect(steps.map(({ at = 0, event, fires: expected }, ref) => {
          const found = matcher.match(bytes(event), {})
          const correlated = found.flatMap(({ rule, fields }) => correlator.add({ ruleId: rule.id, time: START + at * 1000, fields, ref }))
          const fired: Exclude<Firing, string>[] = [
            ...found.flatMap(({ rule }) => (silent.has(rule.id) ? [] : [{ name: nameOf(rule) }])),
            ...correlated.flatMap(({ correlation, value, group }) => (silent.has(correlation.id) ? [] : [{ name: nameOf(correlation), value: value ?? Number.NaN, group: Object.fromEntries(group.map((part) => [part.field, part.value])) }])),
          ]
          // What an expected firing does not say is not looked at.
          return fired.map((firing, place) => (typeof (expected[place] ?? '') === 'string' ? firing.name : firing))
        })).toEqual(steps.map(({ fires }) => fires))
      })
    })
  }

  const refusals = of.filter(({ events, matches }) => events === undefined && matches === undefined)
  if (refusals.length > 0) {
    test.each(refusals.map((vector) => [vector.id, vector] as const))('%s', (__, vector) => {
      const { rules, correlations, refused } = loaded(vector)
      expect({ refused, loads: [...rules, ...correlations].map(nameOf) }).toEqual({ refused: vector.refused, loads: vector.loads ?? [] })
    })
  }
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
