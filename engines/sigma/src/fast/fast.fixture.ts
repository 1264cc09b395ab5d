// Rules and events drawn so that they meet: few names, few texts, every kind of test, and everything that a record may be. Not part of the engine's face.
import fc from 'fast-check'
import { expect } from 'vitest'
import { createMatcher, createPlainMatcher, parse } from '../index.ts'
import type { LogSource, MatchFault, Rule } from '../index.ts'
import type { Matcher, Read } from '../matcher.ts'

/** Letters that fold in more than one way, that fold to two, and halves of letters. */
export const ODD = ['Σ', 'ς', 'σ', '\u212A', 'İ', 'i\u0307', 'ß', 'É', 'é', '\uD83D\uDE00', '\uD83D', '\uDE00', '\uD801\uDC00', '\uD801\uDC28', '한', '\u2014']
const WORDS = ['a', 'A', 'b', 'ab', 'B', 'abc', 'k', 'K', '-', '/', '\u2013', ' ', '.', '\\', '1', '0', '10', 'e', '+', 'cmd.exe', 'Needle', 'infinity', 'true', '\n']
const WHOLE = ['', '1', '1.0', '01', '-1', '1e3', '1000', 'true', 'TRUE', 'false', 'null', 'Infinity', '-Infinity', 'NaN', '10.0.0.1', '10.1.2.3', '::1', '::ffff:10.0.0.1', 'fe80::1', '2024-02-29T12:30:00Z', '2024-03-01', '1700000000', 'x'.repeat(60), `${'x'.repeat(60)}needle`]

const word = fc.oneof({ arbitrary: fc.constantFrom(...WORDS), weight: 5 }, { arbitrary: fc.constantFrom(...ODD), weight: 1 })
export const text = fc.oneof({ arbitrary: fc.array(word, { maxLength: 4 }).map((words) => words.join('')), weight: 4 }, { arbitrary: fc.constantFrom(...WHOLE), weight: 2 })

const NAMES = ['f', 'f', 'f', 'g', 'g', 'h', 'a', 'a.b', 'a.b.c', 'b', 'New Value', 'NewValue', 'N ewValue', 'New Va.lue', 'New Va', '__proto__', '__proto__.b', 'constructor', 'length', '', '.', '0', 'Image', 'CommandLine', 'message', 'EventID', 'User', 'product']
const name = fc.constantFrom(...NAMES)

// Rules, as JSON, which is YAML.

const pattern = fc.oneof(
  { arbitrary: text, weight: 3 },
  { arbitrary: fc.array(fc.oneof({ arbitrary: word, weight: 3 }, { arbitrary: fc.constantFrom('*', '?', '\\*', '**', '\\\\'), weight: 1 }), { maxLength: 5 }).map((parts) => parts.join('')), weight: 2 },
)
const EXPRESSIONS = ['a', 'ab+c?', '^a', 'b$', '(?i)NEEDLE', 'needle|abc', '(ab|cmd)\\.?exe?', '[aA]b', 'x{60}', '\\d+', '^$', '\\bcmd', '(a|)b', '(?:a|b){2}', '[kK]', '(?i)k', '\\u212a', '(?i)σ', '.\\.exe', 'in.inity', 'tr(u|ü)e', '1', 'é', '[^a]', '\\x{1F600}', '[\\s\\S]']
const number = fc.oneof(fc.constantFrom(0, 1, -1, 10, 1000, 1.5, 1e21, 4624), fc.integer({ min: -2, max: 12 }))
const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> => fc.oneof({ arbitrary: of, weight: 1 }, { arbitrary: fc.array(of, { minLength: 1, maxLength: 4 }), weight: 1 })
const entry = (modifiers: readonly string[], values: fc.Arbitrary<unknown>): fc.Arbitrary<[string, unknown]> =>
  fc.tuple(fc.tuple(name, fc.constantFrom(...modifiers), fc.constantFrom('', '', '', '', '|all', '|neq', '|all|neq')).map((parts) => parts.join('')), list(values))
const item: fc.Arbitrary<[string, unknown]> = fc.oneof(
  { arbitrary: entry(['', '', '|contains', '|contains', '|startswith', '|endswith', '|cased', '|contains|cased', '|endswith|cased', '|windash|contains', '|windash', '|base64offset|contains'], pattern), weight: 8 },
  { arbitrary: entry([''], fc.oneof(number, number, fc.boolean(), fc.constant(null), pattern)), weight: 4 },
  { arbitrary: entry(['|re', '|re|i', '|re|m', '|re|s'], fc.constantFrom(...EXPRESSIONS)), weight: 2 },
  { arbitrary: entry(['|cidr'], fc.constantFrom('10.0.0.0/8', '10.0.0.1', '::/0', '::ffff:10.0.0.0/104', 'fe80::/10')), weight: 1 },
  { arbitrary: entry(['|lt', '|lte', '|gt', '|gte'], number), weight: 1 },
  { arbitrary: entry(['|hour', '|day', '|year|gte', '|week|lt'], fc.constantFrom(12, 29, 2024, 10, 1970)), weight: 1 },
  { arbitrary: entry(['|fieldref', '|fieldref|contains', '|fieldref|startswith', '|fieldref|endswith|cased'], name.filter((of) => of !== '')), weight: 1 },
  // Without `all` and `neq`, which have no meaning there.
  { arbitrary: fc.tuple(name.map((of) => `${of}|exists`), fc.boolean()), weight: 1 },
  { arbitrary: fc.tuple(fc.constantFrom('|all', '|cased', '|re', '|neq', '|startswith', '|windash', '|all|neq'), list(fc.oneof(pattern, number.map(String)))), weight: 1 },
)
const map = fc.array(item, { minLength: 1, maxLength: 3 }).map((entries): unknown => ({ __proto__: null, ...Object.fromEntries(entries) }))
const keywords = list(fc.oneof(pattern, pattern, number, fc.boolean()))
const selection = fc.oneof({ arbitrary: map, weight: 6 }, { arbitrary: fc.array(fc.oneof({ arbitrary: map, weight: 4 }, { arbitrary: pattern, weight: 1 }), { minLength: 1, maxLength: 3 }), weight: 2 }, { arbitrary: keywords, weight: 1 })
const SELECTIONS = ['s', 't_1', 't_2', 'u']
const CONDITIONS = [
  's', 's', 's', 's and t_1', 's or t_1', 'not s', 's and not t_1', '1 of t_*', 'all of t_*', 'not 1 of t_*', 's and not (t_1 or t_2 and not u)', '1 of them', 'all of them', 'not all of them', '(s or t_1) and (t_2 or u)', 'not (s and t_1)', 's or not t_1', 'not not s',
  's and not 1 of t_*', '(s or not t_1) and not (u and t_2)', '(s or t_1) and u',
]
const logsource = fc.record({
  product: fc.constantFrom('windows', 'linux', 'a', '*'), category: fc.constantFrom('process_creation', 'registry_set', 'registry_event', 'c'), service: fc.constantFrom('security', 'sysmon', 'd'),
}, { requiredKeys: [] }).filter((source) => Object.keys(source).length > 0)
const rule = fc.record({
  title: fc.constant('r'), logsource,
  detection: fc.tuple(fc.tuple(...SELECTIONS.map(() => selection)), fc.constantFrom(...CONDITIONS)).map(([drawn, condition]) => ({ ...Object.fromEntries(drawn.map((one, place) => [SELECTIONS[place] as string, one])), condition })),
})

/** A file of rules. Now and then one of them is refused. */
export const ruleFile = fc.array(rule, { minLength: 1, maxLength: 8 }).map((rules) => rules.map((one, index) => JSON.stringify({ ...one, id: `r${index}` })).join('\n---\n'))

// Events, as text: JSON.stringify writes no name twice and no number its own way.

const scalar = fc.oneof({ arbitrary: text.map((of) => JSON.stringify(of)), weight: 6 }, { arbitrary: fc.constantFrom('0', '-0', '1', '-1', '10', '1.0', '1.5', '1e3', '1E+21', '1e400', '-1e400', '4624', '12345678901234567890', 'true', 'false', 'null', 'null'), weight: 3 })
const written = (entries: readonly (readonly [string, string])[]): string => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, { arbitrary: scalar, weight: 6 }, { arbitrary: fc.array(tie('value'), { maxLength: 3 }).map((of) => `[${of.join()}]`), weight: 2 },
    { arbitrary: fc.array(fc.tuple(fc.constantFrom('b', 'c', 'b.c', 'lue', 'length', '__proto__'), tie('value')), { maxLength: 3 }).map(written), weight: 2 }),
}))
const deep = fc.tuple(fc.integer({ min: 197, max: 203 }), fc.constantFrom('[', '{"b":'), scalar).map(([levels, open, of]) => `${open.repeat(levels)}${of}${(open === '[' ? ']' : '}').repeat(levels)}`)
const huge = fc.tuple(fc.constantFrom('x', 'ab', 'é'), fc.constantFrom(1100, 30_000, 140_000), text).map(([of, times, tail]) => JSON.stringify(of.repeat(times / of.length) + tail))
const record = fc.array(fc.tuple(name, fc.oneof({ arbitrary: value, weight: 60 }, { arbitrary: deep, weight: 1 }, { arbitrary: huge, weight: 1 })), { maxLength: 7 }).map((entries) => written(entries))
/** What a known shape has beside it. */
const shaped = fc.tuple(record, fc.constantFrom(
  '"Channel":"Security","EventID":4624', '"Channel":"Security","EventID":4688,"NewProcessName":"C:\\\\cmd.exe"', '"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":13,"EventType":"SetValue"',
  '"product":"linux"', '"product":"*"', '"product":"WINDOWS","category":"registry_set"', '"category":"c","service":"d"', '"message":"Jan 18 11:29:03 web01 sshd[4711]: Failed password for root from 10.0.0.1 port 22 ssh2"',
)).map(([of, known]) => (of === '{}' ? `{${known}}` : `${of.slice(0, -1)},${known}}`))
const line = fc.oneof({ arbitrary: record, weight: 12 }, { arbitrary: shaped, weight: 6 }, { arbitrary: value, weight: 1 }, { arbitrary: fc.constantFrom('', ' ', '\t\r', '{', '{"f":', '[1,', 'x', '\uFEFF{}', '"abc', '{"f":"a"}\r'), weight: 1 })
export type Batch = { bytes: Buffer; source: LogSource | 'detect' }
const source: fc.Arbitrary<LogSource | 'detect'> = fc.oneof(fc.constant({}), fc.constant('detect' as const), logsource)
export const batch: fc.Arbitrary<Batch> = fc.record({ bytes: fc.array(line, { maxLength: 6 }).map((lines) => Buffer.from(lines.join('\n'))), source })

export type Answer = { id: string; eventIndex: number; matched: unknown[]; fields: unknown }

/** All that a matcher answers to batches, one after the other. 0 and -0 are one value to both, and either is shown. */
export function answers(create: (rules: readonly Rule[], options: { onError: (fault: MatchFault) => void }, read?: Read) => Matcher, rules: readonly Rule[], batches: readonly Batch[], read?: Read): { answers: Answer[][]; faults: MatchFault[] } {
  const faults: MatchFault[] = []
  const matcher = create(rules, { onError: (fault) => faults.push(fault) }, read)
  const found = batches.map(({ bytes, source }) => matcher.match(bytes, source).map(({ rule, eventIndex, matched, fields }) => ({
    id: rule.id, eventIndex, fields, matched: matched.map((one) => ({ ...one, value: one.value === 0 ? 0 : one.value })),
  })))
  return { answers: found, faults: faults.filter(({ code }) => code === 'json_invalid') }
}

/** Both matchers on the same; answers what they say. */
export function agreed(text: string, batches: readonly Batch[], read?: Read): Answer[][] {
  const { rules, rejected } = parse(text, 'r.yml')
  expect(rejected).toEqual([])
  const fast = answers(createMatcher, rules, batches, read)
  expect(fast).toEqual(answers(createPlainMatcher, rules, batches, read))
  return fast.answers
}
export const batchOf = (events: readonly unknown[], source: Batch['source'] = {}): Batch => ({ bytes: Buffer.from(events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event))).join('\n')), source })
export const ruleOf = (id: string, detection: unknown, logsource: unknown = { product: 'windows' }): string => JSON.stringify({ title: id, id, logsource, detection })
