import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf } from '@haechi/probes/wire'
import { toText } from './dsl/convert.ts'
import { compileExtractor } from './extractors.ts'
import { compileMatcher } from './matchers.ts'
import type { Answer } from './matchers.ts'
import type { Bytes, Extractor, Matcher, Value } from './model.ts'
import { compileOperators } from './operators.ts'
import type { Judgement } from './operators.ts'
import { decoded, encoded } from './part-text.ts'

const matcherOf = (fields: Partial<Matcher> & { type: Matcher['type'] }): Matcher =>
  ({ name: null, part: null, condition: 'or', negative: false, internal: false, caseInsensitive: false, matchAll: false, hex: false, values: [], numbers: [], ...fields })
const extractorOf = (fields: Partial<Extractor> & { type: Extractor['type'] }): Extractor => ({ name: null, part: null, internal: false, caseInsensitive: false, values: [], group: 0, attribute: null, ...fields })
const answerOf = (values: Record<string, Value>): Answer => ({
  part: (name) => (Object.hasOwn(values, name) ? toText(values[name]!) : undefined),
  lookup: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
})
const environment = { random: () => 4, now: () => 0 }
const page = { body: '<title>Welcome Admin</title>', header: 'Server: nginx', status_code: 200, path: '/a', empty: '', version: '1.2.3' }
const holds = (fields: Partial<Matcher> & { type: Matcher['type'] }, values: Record<string, Value> = page): boolean => compileMatcher(matcherOf(fields), 'body').holds(answerOf(values), environment)
const extracts = (fields: Partial<Extractor> & { type: Extractor['type'] }, values: Record<string, Value> = page): Bytes[] => compileExtractor(extractorOf(fields), 'body')(answerOf(values), environment)

describe('matchers', () => {
  test.each<[string, Partial<Matcher> & { type: Matcher['type'] }, boolean]>([
    ['a word', { type: 'word', values: ['Welcome'] }, true],
    ['a word in another case', { type: 'word', values: ['welcome'] }, false],
    ['a word without case', { type: 'word', values: ['WELCOME'], caseInsensitive: true }, true],
    ['one of two words', { type: 'word', values: ['nope', 'Admin'] }, true],
    ['not both words', { type: 'word', values: ['nope', 'Admin'], condition: 'and' }, false],
    ['both words', { type: 'word', values: ['Welcome', 'Admin'], condition: 'and' }, true],
    ['no word at all', { type: 'word', values: ['nope'], negative: true }, true],
    ['a negative `and` holds where one is missing', { type: 'word', values: ['nope', 'Admin'], condition: 'and', negative: true }, true],
    ['a word with a value', { type: 'word', part: 'header', values: ['nginx{{empty}}'] }, true],
    ['a word with a value that nobody knows', { type: 'word', values: ['Welcome{{nobody}}'] }, false],
    ['a word in hexadecimal', { type: 'word', values: ['41646d696e'], hex: true }, true],
    ['a word that only looks so', { type: 'word', values: ['Admin'], hex: true }, true],
    ['a part that is missing', { type: 'word', part: 'body_2', values: ['x'] }, false],
    ['not even where it is negative', { type: 'word', part: 'body_2', values: ['x'], negative: true }, false],
    ['an empty part is none that is missing', { type: 'word', part: 'empty', values: ['x'], negative: true }, true],
    ['status', { type: 'status', numbers: [404, 200] }, true],
    ['not this status', { type: 'status', numbers: [404], negative: true }, true],
    ['size', { type: 'size', numbers: [28] }, true],
    ['another size', { type: 'size', numbers: [27] }, false],
    ['bytes', { type: 'binary', values: ['3C7469'] }, true],
    ['other bytes', { type: 'binary', values: ['3C74', 'ffff'], condition: 'and' }, false],
    ['an expression', { type: 'regex', values: ['<title>(.*)</title>'] }, true],
    ['not both expressions', { type: 'regex', values: ['Admin', '^Admin'], condition: 'and' }, false],
    ['no expression', { type: 'regex', values: ['^Admin'], negative: true }, true],
    ['dsl', { type: 'dsl', values: ['status_code == 200 && contains(body, "Admin")'] }, true],
    ['dsl `and`', { type: 'dsl', values: ['status_code == 200', 'len(body) > 100'], condition: 'and' }, false],
    ['dsl that asks for what nobody knows', { type: 'dsl', values: ['contains(nobody, "x")'] }, false],
    ['then the next is asked', { type: 'dsl', values: ['contains(nobody, "x")', 'true'] }, true],
    ['but not under `and`', { type: 'dsl', values: ['contains(nobody, "x")', 'true'], condition: 'and' }, false],
    ['what is neither true nor false is passed over', { type: 'dsl', values: ['len(body)', 'true'], condition: 'and' }, true],
    ['but does not hold', { type: 'dsl', values: ['true', 'len(body)'], condition: 'and' }, false],
    ['dsl without a part', { type: 'dsl', part: 'nowhere', values: ['true'] }, true],
    ['xpath', { type: 'xpath', values: ["/html/head/title[contains(text(), 'Admin')]"] }, true],
    ['no xpath', { type: 'xpath', values: ['//form'], negative: true }, true],
  ])('%s', (_, fields, expected) => expect(holds(fields)).toBe(expected))

  test('words are bytes, expressions are letters', () => {
    const body = bytesOf('관리자 é')
    expect(holds({ type: 'word', values: [bytesOf('관리')] }, { body })).toBe(true)
    expect(holds({ type: 'word', values: ['\xEA\xB4'] }, { body })).toBe(true)
    expect(holds({ type: 'word', values: [bytesOf('É')], caseInsensitive: true }, { body })).toBe(true)
    expect(holds({ type: 'regex', values: [bytesOf('^...\\s(?i)É$')] }, { body })).toBe(true)
    expect(holds({ type: 'size', numbers: [12] }, { body })).toBe(true)
    expect(holds({ type: 'binary', values: ['ff00'] }, { body: 'a\xFF\0' })).toBe(true)
    // A byte that is no letter is one character, and no letter of its own number.
    expect(holds({ type: 'regex', values: ['^a.\\x00$'] }, { body: 'a\xFF\0' })).toBe(true)
    expect(holds({ type: 'regex', values: ['\\xff'] }, { body: 'a\xFF\0' })).toBe(false)
  })
})

describe('extractors', () => {
  const json = { body: '{"a":[{"v":"1"},{"v":2},{"v":null},{"v":{"b":1,"a":"\\u00e9"}}]}' }
  test.each<[string, Partial<Extractor> & { type: Extractor['type'] }, Record<string, Value>, Bytes[]]>([
    ['a group, each value once', { type: 'regex', values: ['v=(\\d)', '(\\d);'], group: 1 }, { body: 'v=1;v=2 v=1' }, ['1', '2']],
    ['the whole', { type: 'regex', values: ['v=(\\d)'] }, { body: 'v=1;v=2' }, ['v=1', 'v=2']],
    ['a group that there is not', { type: 'regex', values: ['v'], group: 1 }, { body: 'v' }, []],
    ['a group that took no part', { type: 'regex', values: ['a|(b)'], group: 1 }, { body: 'a' }, ['']],
    ['a part that is missing', { type: 'regex', part: 'nowhere', values: ['.'] }, {}, []],
    ['names', { type: 'kval', values: ['Content_Type', 'session', 'nobody'] }, { content_type: 'text/html', session: 's1' }, ['text/html', 's1']],
    ['json', { type: 'json', values: ['.a[].v'] }, json, ['1', '2', '', `{"a":"${bytesOf('é')}","b":1}`]],
    ['no json', { type: 'json', values: ['.a'] }, { body: '<html>' }, []],
    ['xpath', { type: 'xpath', values: ['//a'] }, { body: '<a href=/x>one</a><a>two</a><a>one</a>' }, ['one', 'two']],
    ['an attribute', { type: 'xpath', values: ['//a'], attribute: 'href' }, { body: '<a href=/x>one</a>' }, ['/x']],
    ['the nodes of attributes', { type: 'xpath', values: ['//a/@href'] }, { body: '<a href=/x>one</a>' }, ['/x']],
    ['xml', { type: 'xpath', values: ['/r/v', "concat(/r/v, '!')"] }, { body: `<?xml version="1.0" encoding="ISO-8859-1"?><r><v>\xE9</v></r>` }, [bytesOf('é'), bytesOf('é!')]],
    ['names and texts beyond ASCII', { type: 'xpath', values: [bytesOf("//관[@x='é']/text()")] }, { body: bytesOf("<?xml version='1.0'?><r><관 x='é'>값</관><관 x='e'>-</관></r>") }, [bytesOf('값')]],
    ['broken xml', { type: 'xpath', values: ['//v'] }, { body: '<?xml?><r><v>' }, []],
    ['dsl', { type: 'dsl', values: ['to_upper(body)', 'nobody', '1 + 1', '""'] }, { body: 'x' }, ['X', '2']],
    ['a failure ends the rest', { type: 'dsl', values: ['1 + true', '"x"'] }, {}, []],
  ])('%s', (_, fields, values, expected) => expect(extracts(fields, values)).toEqual(expected))
})

describe('together', () => {
  const judge = (block: { matchers?: Matcher[]; matchersCondition?: 'and' | 'or'; extractors?: Extractor[] }, values: Record<string, Value> = page): Judgement =>
    compileOperators({ matchers: [], matchersCondition: 'or', extractors: [], ...block }, 'body').judge(answerOf(values), environment)
  const word = (value: Bytes, fields: Partial<Matcher> = {}): Matcher => matcherOf({ type: 'word', values: [value], ...fields })
  const found = (value: Bytes, fields: Partial<Extractor> = {}): Extractor => extractorOf({ type: 'regex', values: [value], ...fields })

  test('under `or`, each named matcher that holds is a result', () => {
    expect(judge({ matchers: [word('Admin', { name: 'a' }), word('nope', { name: 'b' }), word('Welcome', { name: 'c' }), word('title', { name: 'a' }), word('title')] }).results.map(({ matcher }) => matcher)).toEqual(['a', 'c'])
    expect(judge({ matchers: [word('Admin')] }).results).toEqual([{ matcher: null, extractor: null, internal: false, extracted: [] }])
    expect(judge({ matchers: [word('nope')] })).toEqual({ matched: false, results: [], extracted: [], dynamic: new Map() })
  })
  test('under `and`, there is one', () => {
    expect(judge({ matchersCondition: 'and', matchers: [word('Admin', { name: 'a' }), word('title', { name: 'b' })] }).results).toEqual([{ matcher: null, extractor: null, internal: false, extracted: [] }])
    expect(judge({ matchersCondition: 'and', matchers: [word('Admin'), word('nope')] }).matched).toBe(false)
  })
  test('extractors alone: one result each with a name, or one', () => {
    expect(judge({ extractors: [found('Adm', { name: 'x' }), found('Wel', { name: 'y' }), found('tit')] }).results).toEqual([{ matcher: null, extractor: 'x', internal: false, extracted: ['Adm'] }, { matcher: null, extractor: 'y', internal: false, extracted: ['Wel'] }])
    expect(judge({ extractors: [found('tit')] }).results).toEqual([{ matcher: null, extractor: null, internal: false, extracted: ['tit'] }])
    expect(judge({ extractors: [found('nope')] }).matched).toBe(false)
  })
  test('what is internal feeds later requests and is no result', () => {
    const internal = judge({ extractors: [found('Adm', { name: 'x', internal: true })] })
    expect(internal).toEqual({ matched: true, results: [], extracted: [], dynamic: new Map([['x', ['Adm']]]) })
    expect(judge({ matchers: [word('nope')], extractors: [found('Adm', { name: 'x', internal: true })] })).toEqual({ matched: false, results: [], extracted: [], dynamic: new Map([['x', ['Adm']]]) })
    // As in Nuclei: without matchers, one internal value hides what the others found.
    expect(judge({ extractors: [found('Adm', { name: 'x', internal: true }), found('Wel')] }).results).toEqual([])
  })
  test('values that were extracted are seen by matchers and by later extractors', () => {
    const values = { body: 'v1 v2' }
    expect(judge({ matchersCondition: 'and', matchers: [matcherOf({ type: 'dsl', values: ['v0 == "v1" && v1 == "v2"'] })], extractors: [found('v\\d', { name: 'v', internal: true })] }, values).matched).toBe(true)
    expect(judge({ matchers: [word('v1', { part: 'one' })], extractors: [found('v1', { name: 'one' })] }, values).results).toEqual([{ matcher: null, extractor: 'one', internal: false, extracted: ['v1'] }])
    expect(judge({ extractors: [found('v1', { name: 'one' }), extractorOf({ type: 'dsl', values: ['one + "!"'] })] }, values).extracted).toEqual(['v1', 'v1!'])
    expect(judge({ matchers: [word('{{one}}-')], extractors: [found('v1', { name: 'one' })] }, values).matched).toBe(false)
  })
  test('where all matchers are internal, their result is', () => {
    expect(judge({ matchers: [word('Admin', { internal: true, name: 'a' })] }).results).toEqual([{ matcher: 'a', extractor: null, internal: true, extracted: [] }])
    expect(judge({ matchers: [word('Admin', { internal: true }), word('Welcome')] }).results[0]?.internal).toBe(false)
  })
  test('what matchers do not see is not extracted for nothing', () => {
    let asked = 0
    const operators = compileOperators({ matchersCondition: 'and', matchers: [matcherOf({ type: 'regex', values: ['.'] }), matcherOf({ type: 'status', numbers: [404] })], extractors: [found('.')] }, 'body')
    const answer: Answer = { part: () => { asked += 1; return 'x' }, lookup: () => 200 }
    expect(operators.judge(answer, environment).matched).toBe(false)
    expect(asked).toBe(1)
    const either = compileOperators({ matchersCondition: 'or', matchers: [matcherOf({ type: 'status', numbers: [404] })], extractors: [found('.')] }, 'body')
    expect(either.judge(answer, environment).matched).toBe(false)
    expect(asked).toBe(2)
  })

  test('an answer that keeps an expression busy ends the template there, with its reason', () => {
    let seed = 1
    const body = Array.from({ length: 100_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
    expect(() => judge({ matchers: [matcherOf({ type: 'regex', values: ['a[ab]{999}$'] })] }, { body })).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code: 'budget_exceeded' }) }))
    expect(() => judge({ extractors: [extractorOf({ type: 'xpath', values: ['//p'] })] }, { body: '<div>'.repeat(1000) })).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code: 'budget_exceeded' }) }))
  })

  // The plain order of things, as Nuclei's operators.go has it.
  test('whatever is put off, the judgement is that of the plain order', () => {
    const name = fc.constantFrom(null, 'n', 'm')
    const anyMatcher = fc.record({ value: fc.constantFrom('a', 'b', 'zz', '{{n}}', '{{m0}}'), part: fc.constantFrom(null, 'header', 'n', 'nowhere'), name, negative: fc.boolean(), internal: fc.boolean(), type: fc.constantFrom('word', 'dsl', 'status') })
      .map(({ value, type, ...fields }) => matcherOf({ ...fields, type, values: type === 'dsl' ? [value.startsWith('{{') ? `contains(body, ${value.slice(2, -2)})` : `contains(body, "${value}")`] : [value], numbers: [value === 'a' ? 200 : 404] }))
    const anyExtractor = fc.record({ value: fc.constantFrom('a', '[ab]', 'zz', '.'), part: fc.constantFrom(null, 'header', 'n', 'nowhere'), name, internal: fc.boolean() }).map(({ value, ...fields }) => extractorOf({ ...fields, type: 'regex', values: [value] }))
    fc.assert(fc.property(fc.array(anyMatcher, { maxLength: 3 }), fc.constantFrom('and', 'or'), fc.array(anyExtractor, { maxLength: 3 }), fc.constantFrom('', 'a', 'ab', 'b'), (matchers, matchersCondition, extractors, body) => {
      const values = { body, header: 'ab', status_code: 200 }
      expect(judge({ matchers, matchersCondition, extractors }, values)).toEqual(plainly(matchers, matchersCondition, extractors, values))
    }), { numRuns: 5000 })
  })
})

function plainly(matchers: Matcher[], condition: 'and' | 'or', extractors: Extractor[], given: Record<string, Value>): Judgement {
  const values = { ...given }
  const internal = new Map<string, Bytes[]>()
  const named = new Map<string, Bytes[]>()
  const shown = new Set<Bytes>()
  for (const extractor of extractors) {
    const found = compileExtractor(extractor, 'body')(answerOf(values), environment)
    if (found.length === 0) continue
    const name = extractor.name ?? ''
    if (extractor.internal) internal.set(name, [...internal.get(name) ?? [], ...found])
    else {
      for (const text of found) shown.add(text)
      if (name !== '') named.set(name, found)
    }
    values[name] = found.length === 1 ? found[0]! : found
  }
  for (const [name, found] of internal) {
    if (found.length > 1) for (const [at, text] of found.entries()) values[`${name}${at}`] = text
    values[name] = found.length === 1 ? found[0]! : found
  }
  const none: Judgement = { matched: false, results: [], extracted: [], dynamic: new Map() }
  const held = matchers.map((matcher) => compileMatcher(matcher, 'body').holds(answerOf(values), environment))
  const matched = matchers.length > 0 && (condition === 'and' ? held.every(Boolean) : held.some(Boolean))
  const anything = shown.size > 0 || internal.size > 0
  const state = { extracted: [...shown], dynamic: new Map([...named, ...internal]) }
  if (matchers.length > 0 && !matched) return internal.size > 0 ? { matched: false, results: [], ...state } : none
  if (matchers.length === 0 && !anything) return none
  if (internal.size > 0 && !matched) return { matched: true, results: [], ...state }
  const hidden = matched && matchers.every((matcher) => matcher.internal)
  const byName = condition === 'or' ? [...new Set(matchers.filter((_, at) => held[at]).flatMap(({ name }) => (name === null ? [] : [name])))] : []
  const results = byName.length > 0 ? byName.map((matcher) => ({ matcher, extractor: null, internal: hidden, extracted: state.extracted }))
    : named.size > 0 ? [...named].map(([extractor, extracted]) => ({ matcher: null, extractor, internal: hidden, extracted }))
      : [{ matcher: null, extractor: null, internal: hidden, extracted: state.extracted }]
  return { matched: true, results, ...state }
}

test('bytes become characters and the same bytes again', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }), fc.string({ unit: 'grapheme' }).map(bytesOf), fc.array(fc.constantFrom('\xEA\xB4\x80', '\xF0\x9F\x98\x80', '\xF0', '\xED\xA0\x80', '\xC0', 'a', '\xF0\x9F', '\xEF\xBF\xBD')).map((parts) => parts.join(''))), (bytes) => {
    expect(encoded(decoded(bytes))).toBe(bytes)
  }), { numRuns: 3000 })
})
