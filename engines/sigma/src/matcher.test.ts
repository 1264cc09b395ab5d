// What both matchers say of a match and of log sources beside whether a rule is met; that is in the conformance vectors.
import { describe, expect, test } from 'vitest'
import { createMatcher, createPlainMatcher, parse } from './index.ts'

type Event = Record<string, unknown>

describe.each([['plain', createPlainMatcher], ['fast', createMatcher]])('%s', (_engine, create) => {
  test('items that look alike keep their own verdicts, also about a value that was seen before', () => {
    const rule = (item: string): string => `title: '${item}'\nlogsource: {product: a}\ndetection: {s: {'${item}': [a, b]}, condition: s}\n`
    const items = ['f|contains', 'f|contains|all', 'f|contains|neq', 'f|contains|all|neq', 'f', 'f|cased|contains', 'g|contains']
    const events = ['A', 'ab', 'AB', 'x', 'a', 'ab', 'A'].map((f) => ({ f }))
    const apart = items.map((item) => create(parse(rule(item), 'r.yml').rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {}).map(({ eventIndex }) => eventIndex))
    const together = create(parse(items.map(rule).join('---\n'), 'r.yml').rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {})
    expect(items.map((item) => together.filter((match) => match.rule.title === item).map(({ eventIndex }) => eventIndex))).toEqual(apart)
    expect(apart).toEqual([[0, 1, 2, 4, 5, 6], [1, 2, 5], [3], [0, 3, 4, 6], [0, 4, 6], [1, 4, 5], []])
  })

  describe('a match', () => {
    test('names what was met, under no "not", each value once', () => {
      const { rules } = parse(`title: A rule
logsource: {product: a}
detection:
  sel: {f|contains: [a, b, z], g: 1}
  kw: [deep]
  absent: {h: null}
  other: {i: 1}
  filter: {j: 1}
  condition: (sel and kw and absent or other and 1 of f*) and not filter`, 'rule.yml')
      const found = create(rules).match(Buffer.from(JSON.stringify({ f: ['xa', 'xb'], g: 1, i: 1, k: { l: 'how deep it is' } })), {})
      expect(found.map(({ matched }) => matched)).toEqual([[
        { selection: 'sel', field: 'f', value: 'xa' },
        { selection: 'sel', field: 'f', value: 'xb' },
        { selection: 'sel', field: 'g', value: 1 },
        { selection: 'kw', field: null, value: 'how deep it is' },
        { selection: 'absent', field: 'h', value: null },
      ]])
    })
  })

  describe('log sources', () => {
    const rule = (source: string): string => `title: '${source}'\nlogsource: ${source}\ndetection: {s: {x: 1}, condition: s}\n`
    const sources = ['{product: windows}', '{product: windows, category: process_creation}', '{product: windows, service: security}', '{category: registry_event, product: windows}', '{product: linux}', '{category: webserver}']
    const { rules } = parse(sources.map(rule).join('---\n'), 'r.yml')
    const matcher = create(rules)
    const applied = (event: Event, source: Parameters<typeof matcher.match>[1]): string[] => matcher.match(Buffer.from(JSON.stringify(event)), source).map((match) => match.rule.title)

    test('a stated source: an unstated part contradicts nothing', () => {
      expect(applied({ x: 1 }, {})).toEqual(sources)
      expect(applied({ x: 1 }, { product: 'windows' })).toEqual([0, 1, 2, 3, 5].map((at) => sources[at]))
      expect(applied({ x: 1 }, { product: 'windows', category: 'registry_set' })).toEqual([0, 2, 3].map((at) => sources[at]))
    })
    test('detect: an event of a known shape has what it has', () => {
      expect(applied({ Channel: 'Security', EventID: 4624, x: 1 }, 'detect')).toEqual([0, 2].map((at) => sources[at]))
      expect(applied({ Channel: 'Security', EventID: 4688, x: 1 }, 'detect')).toEqual([0, 1, 2].map((at) => sources[at]))
      expect(applied({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 13, EventType: 'SetValue', x: 1 }, 'detect')).toEqual([0, 3].map((at) => sources[at]))
    })
    test('detect: of an unknown shape only what it states speaks against a rule', () => {
      expect(applied({ x: 1 }, 'detect')).toEqual(sources)
      expect(applied({ x: 1, product: 'Linux' }, 'detect')).toEqual([4, 5].map((at) => sources[at]))
    })
    test('detect: what is stated goes before what a line looks like', () => {
      expect(applied({ x: 1, message: 'Jan 18 11:29:03 web01 sshd[4711]: Failed password for root from 10.0.0.1 port 22 ssh2', product: 'windows' }, 'detect')).toEqual([0, 1, 2, 3, 5].map((at) => sources[at]))
    })
  })
})

describe('a rule', () => {
  test('carries what an alert must show of its rule', () => {
    const { rules: [rule] } = parse('title: t\nid: i\nauthor: A. Nonymous\nlicense: DRL-1.1\nlevel: high\nstatus: test\nreferences: [https://example.org]\ntags: [attack.credential_access, attack.lateral-movement, attack.t1003.001, attack.T1047, attack.s0002, cve.2024-1]\nlogsource: {product: Windows, service: SysMon}\ndetection: {s: {a: 1}, condition: s}\nfields: [a]\nfalsepositives: one\ndate: 2024-01-02', 'x.yml')
    expect(rule).toMatchObject({
      id: 'i', title: 't', author: 'A. Nonymous', license: 'DRL-1.1', level: 'high', status: 'test', references: ['https://example.org'], techniques: ['T1003.001', 'T1047'], tactics: ['credential-access', 'lateral-movement'],
      logsource: { product: 'windows', service: 'sysmon' }, fields: ['a'], falsepositives: ['one'], date: '2024-01-02', modified: null, file: 'x.yml', line: 1,
    })
    expect(structuredClone(rule)).toEqual(rule)
    expect(rule).not.toHaveProperty('translations')
  })

  test('carries the texts of other languages, and nothing of another shape under that name', () => {
    const read = (translations: string) => {
      const { rules, rejected } = parse(`title: t\nlogsource: {product: windows}\ndetection: {s: {a: 1}, condition: s}\ntranslations: ${translations}\n`, 'x.yml')
      expect([rules.length, rejected]).toEqual([1, []])
      return rules[0]!.translations
    }
    expect(read('{ko: {title: 제목, description: 설명입니다., falsepositives: [하나, 둘]}, pt-BR: {title: título}}')).toEqual({
      ko: { title: '제목', description: '설명입니다.', falsepositives: ['하나', '둘'] }, 'pt-br': { title: 'título', description: null, falsepositives: [] },
    })
    expect(read('{ko: {title: [a], description: {b: 1}, falsepositives: [{c: 1}, ~, 하나]}, "": {title: x}, __proto__: {title: x}, constructor: {title: x}, en: {}, ja: {other: x}, de: x}')).toEqual({
      ko: { title: null, description: null, falsepositives: ['하나'] },
    })
    for (const text of ['~', 'ko', '[ko]', '7', '{}', '{ko: }', '{ko: [title]}']) expect(read(text)).toBeUndefined()
  })
})

test('parentheses nested without end are refused', () => {
  const { rejected } = parse(`title: x\nlogsource: {product: a}\ndetection: {s: {a: 1}, condition: "${'('.repeat(500)}s${')'.repeat(500)}"}`, 'r.yml')
  expect(rejected).toMatchObject([{ code: 'condition_invalid', line: 3 }])
})
