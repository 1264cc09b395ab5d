// The public rule set, its regression samples, and the event lanes whose answers two independent evaluators agreed on.
// The fast matcher runs whole lanes. The plain one does with HAECHI_TEST_FULL=1; else every 400th event of each (every 100th of the generated lanes by log source), whose sums were recorded when the whole lanes agreed.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { readFields, splitRecords } from '@haechi/records'
import { CURRENT, PINNED, archived, jsonOf, laneLines, missing, rulesOf } from './corpus.fixture.ts'
import { createMatcher, link, parse } from './index.ts'
import type { LogSource, Match, Matcher, Rule } from './index.ts'
import { createPlainMatcher } from './matcher.ts'
import type { Read } from './matcher.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'

describe.skipIf(missing !== false)('SigmaHQ', () => {
  test.each([[PINNED, 3132, {}], [CURRENT, 3780, { placeholder_unresolved: 25 }]])('%s: each rule is read, or refused with file, line and code', (path, documents, codes) => {
    const { rules, correlations, filters, rejected } = rulesOf(path)
    expect(rules.length + correlations.length + filters.length + rejected.length).toBe(documents)
    expect(link({ rules, correlations, filters })).toEqual({ rules, correlations, silent: new Set(), rejected: [] })
    expect(Object.fromEntries(Object.entries(Object.groupBy(rejected, ({ code }) => code)).map(([code, list]) => [code, list.length]))).toEqual(codes)
    for (const { file, line, id } of rejected) expect({ file: file.endsWith('.yml'), line: line > 1, id: id !== undefined }).toEqual({ file: true, line: true, id: true })
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    for (const rule of rules) expect([rule.file, rule.author === null, rule.level === null, rule.references.length === 0 && rule.tags.length === 0]).toEqual([rule.file, false, false, false])
  })

  test('each regression sample fires its rule, by what the events say of their log source', async () => {
    const index = jsonOf<{ rule_id: string; tests: { json: string; match_count: number; events: number }[] }[]>('sigma-regression/index.json')
    const files = new Map([...archived('sigma-regression/sigma-regression.tar.gz', '.json'), ...archived('sigma-regression/sigma-regression.tar.gz', 'rule.yml')])
    let events = 0
    for (const { rule_id: id, tests } of index) {
      const { rules } = parse(files.get(`${id}/rule.yml`) as string, `${id}/rule.yml`)
      for (const sample of tests) {
        const lines: string[] = []
        for await (const batch of splitRecords(Readable.from([Buffer.from(files.get(sample.json) as string)]), { name: sample.json })) {
          for (const record of batch) if (record.bytes !== undefined) lines.push(Buffer.from(record.bytes).toString())
        }
        events += lines.length
        const matches = createPlainMatcher(rules).match(Buffer.from(lines.join('\n')), 'detect')
        expect([id, matches.length >= sample.match_count, matches.every(({ matched }) => matched.length > 0)]).toEqual([id, true, true])
      }
    }
    expect([index.length, events]).toEqual([101, 107])
  })
})

type Expected = { matches: number; sha256: string }
type Mode = 'default' | 'routed' | 'routed_strict' | 'mapped_strict'
type Lane = { events: number } & Partial<Record<Mode, Expected & { spec?: Expected }>>

/** The matches of the sample and the first 16 digits of their sum. */
const SAMPLES: Readonly<Record<string, string>> = {
  'raw_windows default': '150 84a7628d46fd31c1',
  'raw_windows routed': '4 6eedc2fb102443c6',
  'structured_windows default': '160 119d32afd7f3caaa',
  'structured_windows routed': '135 9d2a375c52030592',
  'structured_windows routed_strict': '135 9d2a375c52030592',
  'low_match default': '145 7d904d453532a9c9',
  'low_match routed': '124 a175913c507a39e4',
  'low_match routed_strict': '124 a175913c507a39e4',
  'match_heavy default': '159 87b3a73815ebd64e',
  'match_heavy routed': '200 b2d63dfe2c995232',
  'match_heavy routed_strict': '183 7896e97087d213c3',
  'mixed_schema default': '146 f956ebf5fc20fa62',
  'mixed_schema routed': '123 99ef7a6425b096ab',
  'mixed_schema routed_strict': '123 99ef7a6425b096ab',
  'no_match default': '103 c8c47188b2970f2e',
  'no_match routed': '0 e3b0c44298fc1c14',
  'no_match routed_strict': '0 e3b0c44298fc1c14',
  'cisco_syslog default': '171 8a7e8f41c0c44e48',
  'cisco_syslog routed': '283 5f74f9cefd66384b',
  'cisco_syslog routed_strict': '283 5f74f9cefd66384b',
  'sysmon_file_event default': '107 58ec5c4a12d348ca',
  'sysmon_file_event routed': '14 3e9f29b5be5c4599',
  'sysmon_file_event routed_strict': '14 3e9f29b5be5c4599',
  'correlation default': '100 74b6ffa6f6d4d522',
  'correlation routed': '0 e3b0c44298fc1c14',
  'correlation routed_strict': '0 e3b0c44298fc1c14',
  'otrf-lane-60k default': '375 d39118f5103ad2c7',
  'otrf-lane-60k routed': '13 afa0b1e705b9864c',
  'otrf-lane-60k mapped_strict': '3 df08052c959b6b4d',
  'otrf-lane-balanced-30k default': '194 0b37d66edb19e9d9',
  'otrf-lane-balanced-30k routed': '8 48bc5a2c7e726382',
  'otrf-lane-balanced-30k mapped_strict': '3 8a1662377b0e00f4',
}

describe.skipIf(missing !== false)('event lanes', () => {
  let rules: Rule[] = []
  let plain: Matcher
  let fast: Matcher
  beforeAll(() => {
    rules = rulesOf(PINNED).rules
    // The other evaluators saw the fields that stand in the record, not those of the taxonomy (the Image of a 4688); so do these here.
    const asWritten: Read = (record) => ({ ...readFields(record), fields: record as Record<string, unknown> })
    plain = createPlainMatcher(rules, {}, asWritten)
    fast = createMatcher(rules, {}, asWritten)
  })

  const sum = (matches: readonly Match[]): Expected => ({
    matches: matches.length,
    sha256: createHash('sha256').update(matches.map(({ eventIndex, rule }) => [eventIndex, rule.id] as const).sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).map(([index, id]) => `${index}\t${id}\n`).join('')).digest('hex'),
  })

  /** As the lanes define "routed": the source is what the event states itself. */
  const stated = (lane: string, line: string): LogSource => {
    if (lane.startsWith('otrf')) return { product: 'windows' }
    const event = JSON.parse(line) as Record<string, unknown>
    return Object.fromEntries(['product', 'category', 'service'].flatMap((part) => (typeof event[part] === 'string' ? [[part, event[part]]] : [])))
  }

  const run = (matcher: Matcher, lane: string, mode: Mode, lines: readonly string[]): Expected => {
    if (mode === 'default') return sum(matcher.match(Buffer.from(lines.join('\n')), {}))
    if (mode.endsWith('_strict')) {
      // The lanes give each event one category; here registry_set and its kind are registry_event too (the taxonomy's superset), which adds three matches a lane.
      return sum(matcher.match(Buffer.from(lines.join('\n')), 'detect').filter(({ rule }) => mode === 'routed_strict' || rule.logsource.category !== 'registry_event'))
    }
    return sum(lines.flatMap((line, eventIndex) => matcher.match(Buffer.from(line), stated(lane, line)).map((match) => ({ ...match, eventIndex }))))
  }

  const lanes = missing === false ? Object.entries(jsonOf<{ lanes: Record<string, Lane> }>('lanes/counts.json').lanes) : []
  // 'detect' is the strict one. Lines of raw_windows are syslog of no known form to a reader of syslog: what they state is all that is known.
  const cases = lanes.flatMap(([name, lane]) => (['default', 'routed', 'routed_strict', 'mapped_strict'] as const)
    .flatMap((mode) => (lane[mode] === undefined || `${name} ${mode}` === 'raw_windows routed_strict' ? [] : [[name, mode, lane] as const])))

  // Where an entry has `spec`, the specification is right and the other evaluator was not.
  const expected = (lane: Lane, mode: Mode): Expected => {
    const { spec, matches, sha256 } = lane[mode] as Expected & { spec?: Expected }
    return { matches: spec?.matches ?? matches, sha256: spec?.sha256 ?? sha256 }
  }

  test.each(cases)('%s %s', (name, mode, lane) => {
    expect(run(fast, name, mode, laneLines(name))).toEqual(expected(lane, mode))
  }, 60_000)

  test.each(cases)('%s %s: a sample, plain', (name, mode) => {
    const { matches, sha256 } = run(plain, name, mode, laneLines(name).filter((_, index) => index % (mode === 'default' || name.startsWith('otrf') ? 400 : 100) === 0))
    expect(`${matches} ${sha256.slice(0, 16)}`).toBe(SAMPLES[`${name} ${mode}`])
  })

  test.runIf(full).each(cases)('%s %s: plain', (name, mode, lane) => {
    expect(run(plain, name, mode, laneLines(name))).toEqual(expected(lane, mode))
  }, 900_000)
})
