// Nothing that comes from outside ends a reading: arbitrary text as rules, arbitrary JSON as events, rules that want too much.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMatcher, createPlainMatcher, link, lint, parse } from './index.ts'
import type { MatchFault } from './index.ts'

const head = 'title: x\nlogsource: {product: a}\n'

describe('parse never throws', () => {
  const fragments = fc.array(fc.constantFrom(...'title: |x|logsource:|detection:|condition: |  s:\n|    a|contains: |re: |\n|---\n|- |[|]|{|}|&a |*a|!!str |\'|"|#|%|\\|(|)|1 of |them|s|*|?|\t|: |? |> |null|~|0x1|| \n'.split('|')), { maxLength: 40 }).map((parts) => parts.join(''))
  test.each([['text', fc.string({ unit: 'binary', maxLength: 200 })], ['pieces of YAML', fragments], ['a detection', fragments.map((text) => `${head}detection:\n  s:\n    a: 1\n  ${text}`)]])('%s', (_, arbitrary) => {
    fc.assert(fc.property(arbitrary, (text) => {
      const { rules, correlations, filters, rejected } = parse(text, 'f.yml')
      const lines = text.split(/\r\n|\r|\n/).length
      for (const { line } of rejected) expect(line >= 1 && line <= lines).toBe(true)
      expect(lint([{ file: 'f.yml', text }])).toHaveLength(rules.length + correlations.length + filters.length + rejected.length)
    }), { numRuns: 1500 })
  })
  const keys = fc.constantFrom('type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate', 'selection', 'field', 'gte', 'lt', 'percentile', 'a', '__proto__', 'constructor')
  const words = fc.constantFrom('event_count', 'value_percentile', 'temporal', 'temporal_ordered', 'any', 'a', 'b', '5m', '1w', 'a and not b', '1 of them', 'not a', 'all of __proto__*', 'User', '__proto__', 'toString', '0e95725d-7320-415d-80f7-004da920fc11')
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({ value: fc.oneof({ depthSize: 'small' }, words, words, fc.integer({ min: -1, max: 101 }), fc.boolean(), fc.constant(null), fc.double(), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(keys, tie('value'), { maxKeys: 7 })) }))
  // Drawn so that many are right: what is linked must be reached too.
  const often = (...right: unknown[]): fc.Arbitrary<unknown> => fc.oneof({ arbitrary: fc.constantFrom(...right), weight: 12 }, { arbitrary: value, weight: 1 })
  const correlation = fc.record({
    type: often('event_count', 'value_count', 'temporal', 'temporal_ordered', 'value_percentile'), rules: often(['a'], ['a', 'b'], ['c'], ['c', '__proto__']), timespan: often('5m', '2w'),
    condition: often({ gte: 1 }, { field: 'x', lt: 2 }, 'a and not b', '1 of them'), aliases: often({ u: { a: 'x' } }, {}, JSON.parse('{"__proto__":{"c":"x"}}')), generate: often(true, false),
  }, { requiredKeys: ['type', 'rules', 'timespan', 'condition'] })
  const filter = fc.record({ rules: often('any', ['a', 'b']), a: often({ x: 1 }), condition: often('a', 'not a', '1 of them') })
  const named = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor')
  const document = fc.oneof(
    fc.record({ title: fc.constant('x'), id: named, name: named, correlation: fc.oneof({ arbitrary: correlation, weight: 9 }, { arbitrary: value, weight: 1 }) }, { requiredKeys: ['title', 'correlation'] }),
    fc.record({ title: fc.constant('x'), logsource: fc.constantFrom({ product: 'a' }, { product: 'b' }), filter: fc.oneof({ arbitrary: filter, weight: 9 }, { arbitrary: value, weight: 1 }) }),
    fc.record({ title: fc.constant('x'), id: named, name: named, logsource: fc.constant({ product: 'a' }), detection: fc.constant({ a: { x: 1 }, condition: 'a' }) }, { requiredKeys: ['title', 'logsource', 'detection'] }),
  )
  const first = { title: 'x', id: 'a', logsource: { product: 'a' }, detection: { a: { x: 1 }, condition: 'a' } }
  test('correlations, filters and how they are linked', () => {
    let linked = 0
    fc.assert(fc.property(fc.array(document, { maxLength: 8 }).map((drawn) => [...drawn, first]), (documents) => {
      const text = documents.map((one) => JSON.stringify(one)).join('\n---\n')
      const parsed = parse(text, 'f.yml')
      expect(parsed.rules.length + parsed.correlations.length + parsed.filters.length + parsed.rejected.length).toBe(documents.length)
      const { rules, correlations, rejected, silent } = link(parsed)
      linked += correlations.length
      const ids = new Set([...rules, ...correlations].map(({ id }) => id))
      for (const one of correlations) for (const id of one.rules) expect(ids.has(id)).toBe(true)
      for (const id of silent) expect(ids.has(id)).toBe(true)
      for (const { line } of rejected) expect(line >= 1 && line <= documents.length * 2).toBe(true)
      const lines = lint([{ file: 'f.yml', text }])
      expect(lines).toHaveLength(documents.length)
      // A filter's fault may be an entry only, any other costs the document.
      expect(lines.filter(({ status }) => status === 'ok').length).toBeLessThanOrEqual(rules.length + correlations.length + parsed.filters.length)
      createMatcher(rules).match(Buffer.from('{"x":1}'), {})
    }), { numRuns: 1500 })
    expect(linked).toBeGreaterThan(20)
  })
  test('any key with any value', () => {
    const modifier = fc.constantFrom('contains', 'startswith', 'endswith', 'all', 'cased', 're', 'i', 'm', 's', 'base64', 'base64offset', 'utf16le', 'utf16be', 'utf16', 'wide', 'windash', 'cidr', 'lt', 'gte', 'exists', 'fieldref', 'expand', 'neq', 'minute', 'week', 'toString', '')
    const key = fc.tuple(fc.constantFrom('f', '', '__proto__', 'a.b'), fc.array(modifier, { maxLength: 3 })).map(([name, modifiers]) => [name, ...modifiers].join('|'))
    fc.assert(fc.property(key, fc.oneof(fc.string(), fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }), fc.jsonValue({ maxDepth: 2 })), fc.jsonValue(), (name, value, event) => {
      const { rules } = parse(`${head}detection:\n  s: {${JSON.stringify(name)}: ${JSON.stringify(value)}}\n  condition: s`, 'f.yml')
      createMatcher(rules).match(Buffer.from(JSON.stringify({ f: event, a: event })), {})
    }), { numRuns: 3000 })
  })
})

test('matching never throws on JSON', () => {
  const items = ['a: 1', 'a.b: null', 'a|contains: x', 'a|re: x+', 'a|lt: 3', 'a|cidr: 10.0.0.0/8', 'a|fieldref: b', 'a|exists: true', 'a|hour: 3', 'a|neq: x']
  const { rules } = parse(items.map((item) => `${head}detection:\n  s:\n    ${item}\n  k: [x]\n  condition: s or k`).join('\n---\n'), 'f.yml')
  expect(rules).toHaveLength(10)
  const matcher = createMatcher(rules)
  const named = fc.dictionary(fc.constantFrom('a', 'b', 'EventID', 'Channel', 'message', 'Event', 'winlog', 'product', '__proto__'), fc.jsonValue(), { maxKeys: 5 })
  fc.assert(fc.property(fc.oneof(fc.jsonValue(), named), fc.constantFrom('detect' as const, {}), (event, source) => {
    matcher.match(Buffer.from(JSON.stringify(event)), source)
  }), { numRuns: 2000 })
})

describe('bounds', () => {
  test('aliases that multiply are refused', () => {
    const bomb = Array.from({ length: 12 }, (_, depth) => `a${depth}: &a${depth} [${depth === 0 ? 'x' : Array.from({ length: 10 }, () => `*a${depth - 1}`).join(', ')}]`).join('\n')
    const from = performance.now()
    expect(parse(`title: x\n${bomb}`, 'f.yml').rejected).toMatchObject([{ code: 'yaml_too_large' }])
    expect(performance.now() - from).toBeLessThan(5000)
  })
  test('an alias is what it names', () => {
    const { rules } = parse(`${head}detection:\n  s: {a: &v [x, y]}\n  t: {b: *v}\n  condition: s or t`, 'f.yml')
    expect(createMatcher(rules).match(Buffer.from('{"b":"y"}'), {})).toHaveLength(1)
  })
  test('depth and size', () => {
    expect(parse('['.repeat(100_000), 'f.yml').rejected).toMatchObject([{ code: 'yaml_invalid' }])
    expect(parse(`title: ${'x'.repeat(5_000_000)}`, 'f.yml').rejected).toMatchObject([{ code: 'file_too_large', line: 1 }])
    expect(parse(`a: [${'x,'.repeat(60_000)}]`, 'f.yml').rejected).toMatchObject([{ code: 'yaml_too_large' }])
  })
  test('placeholders and dashes that multiply', () => {
    const many = { n: Array.from({ length: 100 }, (_, at) => `v${at}`) }
    expect(parse(`${head}detection: {s: {"a|expand": "%n%%n%%n%"}, condition: s}`, 'f.yml', { placeholders: many }).rejected).toMatchObject([{ code: 'value_invalid' }])
    expect(parse(`${head}detection: {s: {"a|windash|base64": "${'-'.repeat(30)}"}, condition: s}`, 'f.yml').rejected).toMatchObject([{ code: 'value_invalid' }])
    expect(parse(`${head}detection: {s: {"a|windash|contains": "${'-'.repeat(3000)}"}, condition: s}`, 'f.yml').rules).toHaveLength(1)
  })
  test('wildcards do not explode', () => {
    const { rules } = parse(`${head}detection: {s: {a: "${'*a'.repeat(200)}b"}, condition: s}`, 'f.yml')
    const from = performance.now()
    expect(createMatcher(rules).match(Buffer.from(JSON.stringify({ a: 'a'.repeat(500_000) })), {})).toEqual([])
    expect(performance.now() - from).toBeLessThan(15_000)
  })
  test('an event with 10,000 fields, one 150 levels deep', () => {
    const { rules } = parse(`${head}detection:\n  s: {f9999: x}\n  k: [needle]\n  condition: s and k`, 'f.yml')
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`f${at}`, 'x']))
    let deep: unknown = 'a needle'
    for (let level = 0; level < 150; level += 1) deep = { d: deep }
    expect(createMatcher(rules).match(Buffer.from(JSON.stringify({ ...wide, deep })), {})).toHaveLength(1)
  })
  test('JSON nested without end', () => {
    const { rules } = parse(`${head}detection:\n  k: [needle]\n  condition: k`, 'f.yml')
    const faults: MatchFault[] = []
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(createMatcher(rules, { onError: (fault) => faults.push(fault) }).match(Buffer.from(`{"a":${deep}}\n{"a":"needle"}`), {})).toMatchObject([{ eventIndex: 1 }])
  })
})

test('a line that is no JSON costs itself and is named; blank lines do not count', () => {
  const { rules } = parse(`${head}detection: {s: {a: 1}, condition: s}`, 'f.yml')
  const faults: MatchFault[] = []
  const matcher = createMatcher(rules, { onError: (fault) => faults.push(fault) })
  expect(matcher.match(Buffer.from('{"a":1}\n\n  \r\n{"a":\n{"a":1}\r\n"a"\n'), {}).map(({ eventIndex }) => eventIndex)).toEqual([0, 2])
  expect(faults).toEqual([{ code: 'json_invalid', eventIndex: 1 }])
})

test('an expression without an answer is named and taken as absent', () => {
  const { rules } = parse(`${head}detection: {s: {"a|re": "a[ab]{999}$"}, condition: not s}`, 'f.yml')
  const faults: MatchFault[] = []
  let seed = 1
  const text = Array.from({ length: 300_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
  const matcher = createMatcher(rules, { onError: (fault) => faults.push(fault) })
  expect(matcher.match(Buffer.from(JSON.stringify({ a: text })), {})).toHaveLength(1)
  expect(faults).toMatchObject([{ code: 'regex_exhausted', eventIndex: 0, rule: { title: 'x' } }])
})

describe.each([['fast', createMatcher], ['plain', createPlainMatcher]])('the %s matcher', (_, create) => {
  const rule = (detection: string): string => `${head}detection: {s: ${detection}, condition: s}`
  const { rules } = parse([rule('{a: [1, x], b|contains: y}'), rule('[needle, 1]'), rule('{a.b|re: "x+$"}'), rule('{a: null, c|exists: false}'), rule('{__proto__: x}'), rule('{"New Value|fieldref": a}'), rule('{constructor|cidr: "10.0.0.0/8"}')].join('\n---\n'), 'f.yml')

  test('never throws on arbitrary JSON, text and bytes', () => {
    const matcher = create(rules)
    const name = fc.constantFrom('a', 'b', 'a.b', 'c', 'New Value', 'NewValue', '__proto__', 'constructor', 'toString', 'length', '', 'product', 'Channel', 'EventID', 'message')
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({ value: fc.oneof({ depthSize: 'small' }, fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('x', 'needle', 'windows', '10.0.0.1'), fc.double(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(name, tie('value'), { maxKeys: 6 })) }))
    const line = fc.oneof(value.map((of) => Buffer.from(JSON.stringify(of))), fc.json().map((of) => Buffer.from(of)), fc.string({ unit: 'binary' }).map((of) => Buffer.from(of)), fc.uint8Array({ maxLength: 60 }).map((of) => Buffer.from(of)))
    fc.assert(fc.property(fc.array(line, { maxLength: 4 }), fc.constantFrom({}, 'detect' as const, { product: 'a' }), (lines, source) => {
      for (const { eventIndex } of matcher.match(Buffer.concat(lines.flatMap((one) => [one, Buffer.from('\n')])), source)) expect(eventIndex).toBeGreaterThanOrEqual(0)
    }), { numRuns: 1500 })
  })
})
