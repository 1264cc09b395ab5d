// Correlation and filter documents, alone and linked: each key, each refusal with its line, and on generated sets what linking promises.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { truthOf } from './condition.ts'
import { CORPUS, missing } from './corpus.fixture.ts'
import { createMatcher, link, lint, parse } from './index.ts'
import type { Condition } from './rule.ts'
import type { Correlation, Filter, Linked, Parsed, Rejection, Rule } from './index.ts'

const DAY = 86_400_000

const rule = (name: string, more = ''): string => `title: ${name}\nname: ${name}\nid: id-${name}\nlogsource: {product: windows, category: process_creation}\ndetection: {selection: {${name}: 1}, condition: selection}\n${more}`
/** `body` begins in line 3. */
const correlation = (body: string): string => `title: c\ncorrelation:\n${body.split('\n').map((line) => `  ${line}`).join('\n')}\n`
/** `body` begins in line 4. */
const filter = (body: string, source = '{product: windows}'): string => `title: f\nlogsource: ${source}\nfilter:\n${body.split('\n').map((line) => `  ${line}`).join('\n')}\n`
const all = (...documents: string[]): string => documents.join('\n---\n')
const count = 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 3}'

function linkedOf(...files: string[]): Linked & { read: Parsed[] } {
  const read = files.map((text, index) => parse(text, `${index}.yml`))
  expect(read.flatMap(({ rejected }) => rejected)).toEqual([])
  return { ...link({ rules: read.flatMap(({ rules }) => rules), correlations: read.flatMap(({ correlations }) => correlations), filters: read.flatMap(({ filters }) => filters) }), read }
}

const refusals = (rejected: readonly Rejection[]): string[] => rejected.map(({ file, line, code }) => `${file}:${line} ${code}`)

describe('a correlation is read', () => {
  const read = (body: string, more = ''): Correlation => {
    const { correlations, rejected } = parse(correlation(body) + more, 'c.yml')
    expect(rejected).toEqual([])
    return correlations[0] as Correlation
  }
  const bounds = (...stated: [operator: string, value: number][]): object => ({ kind: 'bounds', bounds: stated.map(([operator, value]) => ({ operator, value })) })
  const name = (named: string): Condition => ({ kind: 'selection', name: named })
  test.each<[name: string, body: string, expected: object]>([
    ['event_count', count, { type: 'event_count', rules: ['a'], groupBy: [], timespan: 60_000, condition: bounds(['gte', 3]), valueOf: [], percentile: null, generate: false, aliases: {} }],
    ['one rule as a text', 'type: event_count\nrules: a\ntimespan: 1m\ncondition: {gte: 3}', { rules: ['a'] }],
    ['group-by as a text', `${count}\ngroup-by: User`, { groupBy: ['User'] }],
    ['group-by as a list', `${count}\ngroup-by:\n  - User\n  - dns.question.name`, { groupBy: ['User', 'dns.question.name'] }],
    ['value_count of a field', 'type: value_count\nrules: [a]\ntimespan: 1d\ncondition: {field: User, gt: 4}', { valueOf: ['User'], condition: bounds(['gt', 4]) }],
    ['value_count of several fields', 'type: value_count\nrules: [a]\ntimespan: 1d\ncondition: {field: [User, Domain], gt: 4}', { valueOf: ['User', 'Domain'] }],
    ['value_sum', 'type: value_sum\nrules: [a]\ntimespan: 1h\ncondition: {field: bytes, gt: 1000.5}', { valueOf: ['bytes'], condition: bounds(['gt', 1000.5]) }],
    ['value_avg below nothing', 'type: value_avg\nrules: [a]\ntimespan: 1h\ncondition: {field: t, lt: -1}', { condition: bounds(['lt', -1]) }],
    ['value_median', 'type: value_median\nrules: [a]\ntimespan: 1h\ncondition: {field: t, gte: 1}', { type: 'value_median', percentile: null }],
    ['value_percentile', 'type: value_percentile\nrules: [a]\ntimespan: 1h\ncondition: {field: t, percentile: 99.5, gte: 1}', { percentile: 99.5 }],
    ['a percentile that is not stated is the median', 'type: value_percentile\nrules: [a]\ntimespan: 1h\ncondition: {field: t, gte: 1}', { percentile: 50 }],
    ['a range', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gt: 100, lte: 200, neq: 150}', { condition: bounds(['gt', 100], ['lte', 200], ['neq', 150]) }],
    ['eq, from text', `type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {eq: '7'}`, { condition: bounds(['eq', 7]) }],
    ['temporal needs all its rules', 'type: temporal\nrules: [a, b, c]\ntimespan: 5m', { type: 'temporal', condition: bounds(['gte', 3]) }],
    ['temporal with a count', 'type: temporal_ordered\nrules: [a, b, c]\ntimespan: 5m\ncondition: {gte: 2}', { type: 'temporal_ordered', condition: bounds(['gte', 2]) }],
    ['an expression', 'type: temporal\nrules: [a, b, c]\ntimespan: 5m\ncondition: (a or b) AND NOT c', { condition: { kind: 'expression', expression: { kind: 'and', of: [{ kind: 'or', of: [name('a'), name('b')] }, { kind: 'not', of: name('c') }] } } }],
    ['an expression that chooses', 'type: temporal\nrules: [a_1, a_2, b]\ntimespan: 5m\ncondition: 1 of a_* and b', { condition: { kind: 'expression', expression: { kind: 'and', of: [{ kind: 'or', of: [name('a_1'), name('a_2')] }, name('b')] } } }],
    ['all of them', 'type: temporal\nrules: [a, b]\ntimespan: 5m\ncondition: all of them', { condition: { kind: 'expression', expression: { kind: 'and', of: [name('a'), name('b')] } } }],
    ['the expression names the rules', 'type: temporal_ordered\ntimespan: 5m\ncondition: (b or a) and not 0e95725d-7320-415d-80f7-004da920fc11 and a', { rules: ['b', 'a', '0e95725d-7320-415d-80f7-004da920fc11'] }],
    ['aliases', `type: temporal\nrules: [a, b]\ntimespan: 5m\ngroup-by: [ip]\naliases:\n  ip:\n    a: source.ip\n    b: destination.ip`, { aliases: { ip: { a: 'source.ip', b: 'destination.ip' } } }],
    ['generate', `${count}\ngenerate: true`, { generate: true }],
    ...([['1s', 1000], ['90m', 5_400_000], ['24h', DAY], ['30d', 30 * DAY], ['2w', 14 * DAY], ['366d', 366 * DAY]] as const).map(([text, timespan]): [string, string, object] => [`a timespan of ${text}`, `type: event_count\nrules: [a]\ntimespan: ${text}\ncondition: {gte: 3}`, { timespan }]),
  ])('%s', (_, body, expected) => expect(read(body)).toMatchObject(expected))

  test('its head is that of a rule, and generate may stand there', () => {
    expect(read(count, 'id: one\nname: many\nlevel: high\nstatus: test\nauthor: me\ntags: [attack.t1110]\ngenerate: true')).toMatchObject({ id: 'one', name: 'many', level: 'high', status: 'test', author: 'me', techniques: ['T1110'], generate: true, file: 'c.yml', line: 1 })
    expect(read(`${count}\ngenerate: true`, 'generate: true').generate).toBe(true)
  })

  test('it survives structuredClone', () => {
    const one = read(`${count}\naliases: {__proto__: {a: x}}`)
    expect(structuredClone(one)).toEqual(one)
    expect(Object.keys(one.aliases)).toEqual(['__proto__'])
  })
})

describe('a correlation is refused', () => {
  const temporal = 'type: temporal\nrules: [a, b]\ntimespan: 5m\n'
  test.each<[name: string, body: string, code: Rejection['code'], line: number]>([
    ['no type', 'rules: [a]\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 2],
    ['a type that is none', 'rules: [a]\ntype: event_sum\ntimespan: 1m', 'correlation_invalid', 4],
    ['a key that is none', `${count}\ngroup_by: [User]`, 'correlation_invalid', 7],
    ['another engine\'s key', `${count}\nwindow: tumbling`, 'correlation_invalid', 7],
    ['no rules', 'type: event_count\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 2],
    ['an empty list of rules', 'type: event_count\nrules: []\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 4],
    ['a rule that is a map', 'type: event_count\nrules:\n  - a\n  - b: c\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 6],
    ['a rule twice', 'type: event_count\nrules:\n  - a\n  - a\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 6],
    ['too many rules', `type: event_count\nrules: [${Array.from({ length: 257 }, (_, at) => `r${at}`).join(', ')}]\ntimespan: 1m\ncondition: {gte: 3}`, 'correlation_invalid', 4],
    ['too many groups', `${count}\ngroup-by: [${Array.from({ length: 33 }, (_, at) => `f${at}`).join(', ')}]`, 'correlation_invalid', 7],
    ['too many aliases', `${count}\naliases: {${Array.from({ length: 65 }, (_, at) => `f${at}: {a: x}`).join(', ')}}`, 'correlation_invalid', 7],
    ['a group that is null', `${count}\ngroup-by: [User, ~]`, 'correlation_invalid', 7],
    ['no timespan', 'type: event_count\nrules: [a]\ncondition: {gte: 3}', 'timespan_invalid', 2],
    ...['5', '0m', '1.5h', '-1m', '5 m', '1M', '1y', '5H', '1h30m', '367d', '53w', '9999999999s', '[5m]'].map((text): [string, string, Rejection['code'], number] => [`a timespan of ${text}`, `type: event_count\nrules: [a]\ntimespan: ${text}\ncondition: {gte: 3}`, 'timespan_invalid', 5]),
    ['no condition', 'type: event_count\nrules: [a]\ntimespan: 1m', 'correlation_invalid', 2],
    ['an expression over counts', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition: a', 'correlation_invalid', 6],
    ['a condition that is a list', `${temporal}condition: [a]`, 'correlation_invalid', 6],
    ['a condition without a bound', 'type: value_count\nrules: [a]\ntimespan: 1m\ncondition:\n  field: User', 'correlation_invalid', 6],
    ['a bound that is none', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition:\n  gte: 3\n  less: 5', 'correlation_invalid', 8],
    ['a bound that is no number', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition:\n  gte: many', 'correlation_invalid', 7],
    ['half an event', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1.5}', 'correlation_invalid', 6],
    ['less than no value', 'type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {field: x, gte: -1}', 'correlation_invalid', 6],
    ['a bound without end', 'type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {field: x, gte: 1e999}', 'correlation_invalid', 6],
    ['a sum of nothing', 'type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {gte: 3}', 'correlation_invalid', 6],
    ['a sum of two fields', 'type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {field: [x, y], gte: 3}', 'correlation_invalid', 6],
    ['a field of events', 'type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {field: x, gte: 3}', 'correlation_invalid', 6],
    ['a percentile of a sum', 'type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {field: x, percentile: 5, gte: 3}', 'correlation_invalid', 6],
    ['a percentile above 100', 'type: value_percentile\nrules: [a]\ntimespan: 1m\ncondition: {field: x, percentile: 101, gte: 3}', 'correlation_invalid', 6],
    ['an expression that ends early', `${temporal}condition: a and b and`, 'condition_invalid', 6],
    ['a pipe', `${temporal}condition: a and b | count() > 3`, 'aggregation_unsupported', 6],
    ['an expression over another rule', `${temporal}condition: a and b and c`, 'rule_unknown', 6],
    ['an expression that passes over a rule', `${temporal}condition: a`, 'correlation_invalid', 6],
    ['an expression that holds of nothing', `${temporal}condition: not a or b`, 'correlation_invalid', 6],
    ['"of" without rules', 'type: temporal\ntimespan: 5m\ncondition: 1 of a*', 'correlation_invalid', 5],
    ['an expression of no words', `type: temporal\ntimespan: 5m\ncondition: ()`, 'correlation_invalid', 5],
    ['aliases that are a list', `${count}\naliases: [a]`, 'correlation_invalid', 7],
    ['an alias that is a text', `${count}\naliases:\n  u: User`, 'correlation_invalid', 8],
    ['an alias without a field', `${count}\naliases:\n  u:\n    a: ~`, 'correlation_invalid', 9],
    ['an alias of another rule', `${count}\naliases:\n  u:\n    a: x\n    b: y`, 'rule_unknown', 10],
    ['generate that is a text', `${count}\ngenerate: maybe`, 'correlation_invalid', 7],
    ['two ways of generate', `${count}\ngenerate: false\ngenerate : true`, 'yaml_invalid', 8],
  ])('%s', (_, body, code, line) => {
    expect(parse(correlation(body), 'c.yml')).toMatchObject({ correlations: [], rejected: [{ file: 'c.yml', code, line }] })
  })
  test.each<[name: string, text: string, code: Rejection['code'], line: number]>([
    ['no title', 'correlation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}}', 'field_missing', 1],
    ['a level that is none', `${correlation(count)}level: grave`, 'field_invalid', 7],
    ['a correlation that is a text', 'title: x\ncorrelation: x', 'correlation_invalid', 2],
    ['generate said in two ways', `${correlation(`${count}\ngenerate: false`)}generate: true`, 'correlation_invalid', 7],
    ['a correlation that is a rule too', `${correlation(count)}detection: {s: {a: 1}, condition: s}`, 'document_invalid', 7],
    ['Sigma 1 beside it', `action: global\n${correlation(count)}`, 'action_unsupported', 1],
    ['Sigma 1: repeat', `action: repeat\n${correlation(count)}`, 'action_unsupported', 1],
    ['Sigma 1: reset', 'action: reset', 'action_unsupported', 1],
  ])('%s', (_, text, code, line) => expect(parse(text, 'c.yml').rejected).toMatchObject([{ code, line }]))
})

describe('a filter', () => {
  const read = (text: string): Filter => {
    const { filters, rejected } = parse(text, 'f.yml')
    expect(rejected).toEqual([])
    return filters[0] as Filter
  }
  const rest = 'selection: {User: adm}\ncondition: selection'
  test.each<[name: string, rules: string, expected: Filter['rules']]>([
    ['a list', 'rules: [a, b]', ['a', 'b']],
    ['a text', 'rules: a', ['a']],
    ['any', 'rules: any', 'any'],
    ['Any', 'rules: Any', 'any'],
  ])('names its rules by %s', (_, rules, expected) => expect(read(filter(`${rules}\n${rest}`)).rules).toEqual(expected))

  test('the head and the log source are those of a rule', () => {
    expect(read(`${filter(`rules: any\n${rest}`, '{product: Windows, service: Sysmon}')}id: one\nauthor: me`)).toMatchObject({ id: 'one', author: 'me', title: 'f', logsource: { product: 'windows', service: 'sysmon' }, line: 1 })
  })

  test.each<[name: string, text: string, code: Rejection['code'], line: number]>([
    ['no title', 'logsource: {product: a}\nfilter: {rules: any, s: {a: 1}, condition: s}', 'field_missing', 1],
    ['no log source', 'title: f\nfilter: {rules: any, s: {a: 1}, condition: s}', 'field_missing', 1],
    ['a filter that is a text', 'title: f\nlogsource: {product: a}\nfilter: x', 'filter_invalid', 3],
    ['no rules', filter(rest), 'filter_invalid', 3],
    ['an empty list of rules, which is not any', filter(`rules: []\n${rest}`), 'filter_invalid', 4],
    ['a rule twice', filter(`rules:\n  - a\n  - a\n${rest}`), 'filter_invalid', 6],
    ['no condition', filter('rules: any\nselection: {User: adm}'), 'condition_invalid', 3],
    ['no selection', filter('rules: any\ncondition: selection'), 'detection_invalid', 3],
    ['a condition over another name', filter('rules: any\nselection: {User: adm}\ncondition: other'), 'selection_unknown', 6],
    ['a modifier that is none', filter('rules: any\nselection:\n  User|starts: adm\ncondition: selection'), 'modifier_unknown', 6],
    ['a placeholder without a value', filter('rules: any\nselection:\n  User|expand: "%admins%"\ncondition: selection'), 'placeholder_unresolved', 6],
    ['a filter that is a rule too', `${filter(`rules: any\n${rest}`)}detection: {s: {a: 1}, condition: s}`, 'document_invalid', 7],
  ])('is refused: %s', (_, text, code, line) => expect(parse(text, 'f.yml')).toMatchObject({ filters: [], rejected: [{ file: 'f.yml', code, line }] }))

  // Each event meets the rule; what is left of them.
  const events = [{}, { User: 'adm' }, { User: 'x' }, { User: 'adm', Host: 'jump' }, { Host: 'jump' }].map((event) => ({ ...event, r: 1 }))
  const left = (...filters: string[]): number[] => {
    const { rules, rejected } = linkedOf(all(rule('r'), ...filters))
    expect(rejected).toEqual([])
    return createMatcher(rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {}).map(({ eventIndex }) => eventIndex)
  }
  const adm = 'rules: [r]\nselection: {User: adm}\nother: {Host: jump}\n'
  test.each<[name: string, condition: string, expected: number[]]>([
    ['what to take out', 'selection and 1 of selection*', [0, 2, 4]],
    ['what to keep', 'not selection', [0, 2, 4]],
    ['one of several', '1 of them', [0, 2]],
    ['none of several', 'not 1 of them', [0, 2]],
    ['all of several', 'selection and other', [0, 1, 2, 4]],
    ['not all of several', 'not all of them', [0, 1, 2, 4]],
    ['neither', 'not selection and not other', [0, 2]],
    ['with an exception', 'selection and not other', [0, 2, 3, 4]],
    ['either way round', 'not selection or other', [0, 2, 3, 4]],
    ['a list of conditions', '[selection, other]', [0, 2]],
  ])('takes out of a rule: %s', (_, condition, expected) => expect(left(filter(`${adm}condition: ${condition}`))).toEqual(expected))

  test('filters add up, and a selection of a filter is not one of the rule by that name', () => {
    expect(left(filter('rules: [r]\nselection: {User: adm}\ncondition: selection'), filter('rules: any\nselection: {User: x}\ncondition: selection'))).toEqual([0, 4])
    const text = all(rule('r').replace('selection: {r: 1}', 'selection: {r: 1}, "selection@0": {r: 1}, "a@@": {r: 1}').replace('condition: selection', 'condition: all of them'), filter('rules: r\nselection: {User: adm}\ncondition: selection'))
    const { rules } = linkedOf(text)
    expect([...(rules[0] as Rule).detection.selections.keys()]).toHaveLength(4)
    expect(createMatcher(rules).match(Buffer.from('{"r":1}\n{"r":1,"User":"adm"}'), {})).toHaveLength(1)
  })

  test('a rule without a filter stays as it is', () => {
    const { rules, read } = linkedOf(all(rule('r'), rule('q')), filter('rules: q\ns: {a: 1}\ncondition: s'))
    expect(rules[0]).toBe(read[0]?.rules[0])
    expect(rules[1]?.detection.selections.size).toBe(2)
  })

  test.each<[source: string, fits: boolean]>([
    ['{product: windows}', true],
    ['{product: Windows, category: process_creation}', true],
    ['{category: process_creation}', true],
    ['{product: linux}', false],
    ['{product: windows, service: sysmon}', false],
    ['{category: file_event}', false],
  ])('of %s is for a rule of windows process_creation: %s', (source, fits) => {
    const any = linkedOf(rule('r'), filter('rules: any\ns: {a: 1}\ncondition: s', source))
    expect([any.rules[0]?.detection.selections.size, any.rejected]).toEqual([fits ? 2 : 1, []])
    const named = linkedOf(rule('r'), filter('rules:\n  - r\ns: {a: 1}\ncondition: s', source))
    expect([named.rules[0]?.detection.selections.size, refusals(named.rejected)]).toEqual([fits ? 2 : 1, fits ? [] : ['1.yml:5 filter_unfit']])
  })

  test('an entry that is wrong costs only itself', () => {
    const { rules, rejected } = linkedOf(all(rule('r'), correlation('type: event_count\nrules: [r]\ntimespan: 1m\ncondition: {gte: 2}').replace('title: c', 'title: c\nname: c')), filter('rules:\n  - gone\n  - c\n  - r\n  - id-r\ns: {a: 1}\ncondition: s'))
    expect(refusals(rejected)).toEqual(['1.yml:5 rule_unknown', '1.yml:6 filter_unfit'])
    expect(rules[0]?.detection.selections.size).toBe(2)
  })
})

describe('link', () => {
  const over = (name: string, rules: string, more = ''): string => `title: ${name}\nname: ${name}\nid: id-${name}\ncorrelation:\n  type: event_count\n  rules: ${rules}\n  timespan: 1m\n  condition: {gte: 1}\n${more}`

  test('references are ids, by id or name, in any file and any order', () => {
    const { correlations, rejected } = linkedOf(
      all(over('top', '[mid, id-a]'), over('mid', '[a, id-b]'), rule('b')),
      rule('a'),
      correlation('type: temporal\nrules: [a, top]\ntimespan: 1m\naliases: {u: {a: x, top: y}}\ncondition: a and not top'),
    )
    expect(rejected).toEqual([])
    expect(correlations.map(({ id, rules }) => [id, rules])).toEqual([['id-mid', ['id-a', 'id-b']], ['id-top', ['id-mid', 'id-a']], ['2.yml:1', ['id-a', 'id-top']]])
    expect(correlations[2]).toMatchObject({ aliases: { u: { 'id-a': 'x', 'id-top': 'y' } }, condition: { expression: { of: [{ name: 'id-a' }, { of: { name: 'id-top' } }] } } })
  })

  test('UUIDs are the same in either case', () => {
    const id = '0E95725D-7320-415D-80F7-004DA920FC11'
    const { correlations } = linkedOf(rule('a').replace('id-a', id), over('c', `[${id.toLowerCase()}]`))
    expect(correlations[0]?.rules).toEqual([id])
  })

  test('an id goes before a name, a name nearby before one far off', () => {
    const named = (name: string, id: string): string => rule(name).replace(`id-${name}`, id)
    const { correlations, rejected } = linkedOf(all(named('n', 'one'), named('two', 'x'), over('c', '[n, two]')), all(named('n', 'two')))
    expect([correlations[0]?.rules, rejected]).toEqual([['one', 'two'], []])
  })

  test.each<[name: string, files: string[], expected: string[]]>([
    ['a rule that is none', [all(rule('a'), over('c', '\n  - a\n  - b'))], ['0.yml:15 rule_unknown']],
    ['a name that two have', [rule('a'), all(rule('a').replace('id-a', 'other')), over('c', '[a]')], ['2.yml:6 name_ambiguous']],
    ['a name that two have nearby', [all(rule('a'), rule('a').replace('id-a', 'other'), over('c', '[a]'))], ['0.yml:20 name_ambiguous']],
    ['a rule by its id and its name', [rule('a'), over('c', '\n  - a\n  - id-a')], ['1.yml:8 correlation_invalid']],
    ['itself', [over('c', '[c]')], ['0.yml:6 correlation_cycle']],
    ['a circle and what leads into it', [all(rule('a'), over('c', '[a, d]'), over('d', '[e]'), over('e', '[c]'), over('f', '\n  - a\n  - e'))], ['0.yml:13 correlation_cycle', '0.yml:23 correlation_cycle', '0.yml:33 correlation_cycle', '0.yml:45 correlation_cycle']],
    ['one that is refused itself', [all(rule('a'), over('c', '[gone]'), over('d', '[a, c]'), over('e', '[d]'))], ['0.yml:13 rule_unknown', '0.yml:23 rule_unknown', '0.yml:33 rule_unknown']],
    ['an id twice', [all(rule('a'), rule('b').replace('id-b', 'id-a')), over('c', '[id-a]').replace('id-c', 'id-a')], ['0.yml:8 id_repeated', '1.yml:1 id_repeated']],
    ['a filter is no rule', [all(filter('rules: any\ns: {a: 1}\ncondition: s').replace('title: f', 'title: f\nname: f'), over('c', '[f]'))], ['0.yml:15 rule_unknown']],
  ])('refuses %s', (_, files, expected) => expect(refusals(linkedOf(...files).rejected)).toEqual(expected))

  test('ten correlations one upon the other, not eleven', () => {
    const { correlations, rejected } = linkedOf(all(rule('r'), ...Array.from({ length: 12 }, (_, at) => over(`c${at}`, `[${at === 0 ? 'r' : `c${at - 1}`}]`)).toReversed()))
    expect(correlations.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, at) => `c${at}`))
    expect(rejected.map(({ id, code }) => [id, code])).toEqual([['id-c10', 'correlation_too_deep'], ['id-c11', 'rule_unknown']])
  })

  test.each(['[low, c8]', '[c8, low]'])('the deepest of its rules says how deep a correlation is: %s', (rules) => {
    const chained = [rule('r'), ...Array.from({ length: 9 }, (_, at) => over(`c${at}`, `[${at === 0 ? 'r' : `c${at - 1}`}]`))]
    for (const texts of [[over('low', '[r]'), ...chained], [...chained, over('low', '[r]')]]) {
      const { correlations, rejected } = linkedOf(all(...texts, over('top', rules), over('above', '[top]')))
      expect(correlations.at(-1)?.name).toBe('top')
      expect(rejected.map(({ id, code }) => [id, code])).toEqual([['id-above', 'correlation_too_deep']])
    }
  })

  test('of two with one id the first is kept', () => {
    const { rules, correlations } = linkedOf(rule('a'), rule('b').replace('id-b', 'id-a'), over('c', '[a]'), over('d', '[a]').replace('id-d', 'id-c'))
    expect([...rules, ...correlations].map(({ name }) => name)).toEqual(['a', 'c'])
  })

  test('a rule is silent when what refers to it says nothing of generate, loud when one of them does', () => {
    expect(linkedOf(all(rule('a'), rule('b'), rule('c'), over('x', '[a, b]'), over('y', '[b, x]', 'generate: true'))).silent).toEqual(new Set(['id-a']))
    expect(linkedOf(all(rule('a'), rule('b'), over('x', '[a]', 'generate: false'), over('y', '[x]'))).silent).toEqual(new Set(['id-a', 'id-x']))
    expect(linkedOf(all(rule('a'), over('x', '[a, gone]'))).silent).toEqual(new Set())
  })

  test('hostile chains and circles end', () => {
    const one = parse(over('c', '[c]'), 'c.yml').correlations[0] as Correlation
    const many = (next: (at: number) => number): Correlation[] => Array.from({ length: 50_000 }, (_, at) => ({ ...one, id: `c${at}`, name: null, rules: [`c${next(at)}`] }))
    const from = performance.now()
    expect(new Set(link({ rules: [], correlations: many((at) => (at + 1) % 50_000), filters: [] }).rejected.map(({ code }) => code))).toEqual(new Set(['correlation_cycle']))
    expect(link({ rules: [], correlations: many((at) => at + 1), filters: [] })).toMatchObject({ correlations: [], rejected: { length: 50_000 } })
    expect(performance.now() - from).toBeLessThan(30_000)
  })

  test('filters of one rule are bounded', () => {
    const { rules: [only], filters: [each] } = parse(all(rule('r'), filter('rules: any\ns: {a: 1}\nt: {a: 1}\ncondition: s and t')), 'f.yml')
    const { rules, rejected } = link({ rules: [only as Rule], correlations: [], filters: Array.from({ length: 300 }, () => each as Filter) })
    expect(rules[0]?.detection.selections.size).toBe(501)
    expect([rejected.length, rejected[0]?.code]).toEqual([50, 'filter_invalid'])
  })
})

describe('generated sets', () => {
  type Drawn = { rules: number; correlations: { refers: number[]; generate: boolean }[] }
  const drawn: fc.Arbitrary<Drawn> = fc.record({
    rules: fc.integer({ min: 2, max: 3 }),
    // Most refer to what comes before them, so that chains grow.
    correlations: fc.array(fc.record({ back: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), wild: fc.option(fc.integer({ min: 0, max: 16 }), { freq: 12 }), generate: fc.boolean() }), { maxLength: 14 })
      .map((list) => list.map(({ back, wild, generate }, at) => ({ refers: [...new Set([...back.map((by) => Math.max(0, at + 3 - by)), ...(wild === null ? [] : [wild])])], generate }))),
  })
  test('a correlation is linked or refused, as looking from each one downwards says', () => {
    fc.assert(fc.property(drawn, fc.boolean(), (set, byName) => {
      // 0 to 2 are rules where there are so many, correlations begin at 3.
      const call = (at: number): string => (byName ? `n${at}` : `i${at}`)
      const texts = [
        ...Array.from({ length: set.rules }, (_, at) => rule('x').replace('name: x', `name: n${at}`).replace('id-x', `i${at}`)),
        ...set.correlations.map(({ refers, generate }, at) => correlation(`type: event_count\nrules: [${refers.map(call).join(', ')}]\ntimespan: 1m\ncondition: {gte: 1}\ngenerate: ${generate}`).replace('title: c', `title: c\nname: n${at + 3}\nid: i${at + 3}`)),
      ]
      const { rules, correlations, rejected, silent } = linkedOf(...texts)
      const depthOf = (at: number, above: readonly number[]): number => {
        if (at < 3) return at < set.rules ? 0 : Infinity
        const own = set.correlations[at - 3]
        if (own === undefined || above.includes(at)) return Infinity
        const depth = 1 + Math.max(...own.refers.map((next) => depthOf(next, [...above, at])))
        return depth > 10 ? Infinity : depth
      }
      const right = set.correlations.flatMap((_, at) => (depthOf(at + 3, []) === Infinity ? [] : [`i${at + 3}`]))
      expect(rules).toHaveLength(set.rules)
      expect(correlations.map(({ id }) => id).toSorted()).toEqual(right.toSorted())
      expect(rejected.map(({ id }) => id).toSorted()).toEqual(set.correlations.flatMap((_, at) => (right.includes(`i${at + 3}`) ? [] : [`i${at + 3}`])).toSorted())
      const before = new Set(rules.map(({ id }) => id))
      for (const { id, rules: refers } of correlations) {
        for (const other of refers) expect(before.has(other)).toBe(true)
        before.add(id)
      }
      for (const id of before) {
        const referring = correlations.filter(({ rules: refers }) => refers.includes(id))
        expect(silent.has(id)).toBe(referring.length > 0 && referring.every(({ generate }) => !generate))
      }
    }), { numRuns: 500 })
  })

  test('a filter takes out what its condition says, and never an event that meets none of its selections', () => {
    const word = fc.constantFrom('a', 'b', 'c')
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof({ depthSize: 'small' }, word, fc.constantFrom('1 of them', 'all of them', '1 of a*'), tie('condition').map((of) => `not (${of})`), fc.tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition')).map(([left, by, right]) => `(${left}) ${by} (${right})`)),
    }))
    const states = Array.from({ length: 16 }, (_, bits) => ({ ...((bits & 1) > 0 ? { r: 1 } : {}), ...((bits & 2) > 0 ? { a: 1 } : {}), ...((bits & 4) > 0 ? { b: 1 } : {}), ...((bits & 8) > 0 ? { c: 1 } : {}) }))
    fc.assert(fc.property(condition, fc.array(condition, { maxLength: 2 }), (first, others) => {
      const bodies = [first, ...others].map((text) => filter(`rules: any\na: {a: 1}\nb: {b: 1}\nc: {c: 1}\ncondition: ${text}`))
      const { rules, read } = linkedOf(all(rule('r'), ...bodies))
      const met = new Set(createMatcher(rules).match(Buffer.from(states.map((state) => JSON.stringify({ x: 0, ...state })).join('\n')), {}).map(({ eventIndex }) => eventIndex))
      for (const [index, state] of states.entries()) {
        const out = read[0]?.filters.some(({ detection }) => truthOf(detection.condition, (name) => Object.hasOwn(state, name)))
        expect(met.has(index)).toBe('r' in state && out === false)
        if (Object.keys(state).join('') === 'r') expect(met.has(index)).toBe(true)
      }
    }), { numRuns: 300 })
  })
})

describe('lint', () => {
  test('one line a document in the order of files, with what only all of them together show', () => {
    const files = [
      { file: 'b.yml', text: all(rule('a'), 'title: x', correlation(count.replace('[a]', '[a, gone]')), filter('rules:\n  - gone\n  - b\n  - away\ns: {x: 1}\ncondition: s')) },
      { file: 'a.yml', text: all(correlation(count), rule('b')) },
      { file: 'c.yml', text: '' },
    ]
    expect(lint(files).map(({ file, line, status, code, id }) => `${file}:${line} ${status} ${code} ${id}`)).toEqual([
      'b.yml:1 ok null id-a', 'b.yml:8 rejected field_missing null', 'b.yml:13 rejected rule_unknown b.yml:10', 'b.yml:22 rejected rule_unknown b.yml:18',
      'a.yml:1 ok null a.yml:1', 'a.yml:9 ok null id-b',
    ])
  })
  test('placeholders are told', () => {
    const text = rule('a').replace('{a: 1}', '{"a|expand": "%p%"}')
    expect(lint([{ file: 'a.yml', text }])).toMatchObject([{ code: 'placeholder_unresolved' }])
    expect(lint([{ file: 'a.yml', text }], { placeholders: { p: ['x'] } })).toMatchObject([{ status: 'ok' }])
  })
})

describe.skipIf(missing !== false)('the specification', () => {
  const folder = join(CORPUS, 'sigma-rules/specification/tests/schema')
  test.each([['correlation', 8], ['filter', 2], ['rules', 2]] as const)('its sample documents are read: %s', (kind, documents) => {
    const read = readdirSync(join(folder, kind)).map((name) => parse(readFileSync(join(folder, kind, name), 'utf8'), name))
    const of = { correlation: 'correlations', filter: 'filters', rules: 'rules' } as const
    expect(read.map((parsed) => [parsed[of[kind]].length, parsed.rejected])).toEqual(Array.from({ length: documents }, () => [1, []]))
  })
})
