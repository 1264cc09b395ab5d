import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import type { Indicator, ParsedIndicator } from './indicator.ts'
import { parseIndicator } from './indicator.ts'
import { createIndex, merge } from './lookup.ts'
import { sortNetworks } from './networks.ts'
import { NONE, Table } from './table.ts'

const NOW = Date.UTC(2026, 5, 1)

function says(source: string, text: string, more: Partial<Indicator> = {}): Indicator {
  const { type, value, subdomains } = parseIndicator(text) as ParsedIndicator
  return { type, value, verdict: 'malicious', confidence: 50, source, tags: [], techniques: [], first_seen: null, last_seen: null, valid_until: null, ...(subdomains ? { subdomains } : {}), ...more }
}

function asked(statements: Indicator[], text: string, now = NOW) {
  const index = createIndex()
  index.add(statements)
  return index.lookup(text, now)
}

describe('the verdict', () => {
  test.each([
    [[['feed', 'malicious', 50], ['allow', 'benign', 90]], 'benign', 90],
    [[['feed', 'malicious', 90], ['allow', 'benign', 90]], 'malicious', 90],
    [[['feed', 'suspicious', 90], ['allow', 'benign', 50]], 'suspicious', 90],
    [[['feed', 'suspicious', 90], ['other', 'malicious', 10]], 'malicious', 10],
    [[['feed', 'malicious', 10], ['other', 'malicious', 70]], 'malicious', 70],
    [[['feed', 'unknown', 90], ['allow', 'benign', 0]], 'benign', 0],
    [[['feed', 'unknown', 40]], 'unknown', 40],
    [[], 'unknown', 0],
  ] as const)('%j is %s', (told, verdict, confidence) => {
    const statements = told.map(([source, said, sure]) => says(source, 'evil.example', { verdict: said, confidence: sure }))
    expect(asked(statements, 'evil[.]example')).toMatchObject({ indicator: 'evil[.]example', value: 'evil.example', verdict, confidence })
  })

  test('an ended statement has no voice, and tells the past when it is all there is', () => {
    const old = says('old', 'evil.example', { valid_until: NOW, tags: ['was'], first_seen: 1, last_seen: 2 })
    expect(asked([old], 'evil.example')).toMatchObject({ verdict: 'unknown', confidence: 0, sources: ['old'], tags: ['was'], first_seen: 1, last_seen: 2, valid_until: NOW })
    expect(asked([old], 'evil.example', NOW - 1)).toMatchObject({ verdict: 'malicious' })
    expect(asked([old, says('new', 'evil.example', { verdict: 'suspicious' })], 'evil.example')).toMatchObject({ verdict: 'suspicious', sources: ['new'], tags: [], valid_until: null })
  })

  test('sources are heard together', () => {
    const statements = [
      says('b', 'evil.example', { tags: ['x', 'z'], techniques: ['T1071'], first_seen: 5, last_seen: 6, valid_until: NOW + 2 }),
      says('a', 'evil.example', { tags: ['y', 'x'], first_seen: 3, last_seen: 9, valid_until: NOW + 1 }),
    ]
    expect(asked(statements, 'evil.example')).toEqual({
      indicator: 'evil.example', type: 'domain', value: 'evil.example', verdict: 'malicious', confidence: 50,
      sources: ['a', 'b'], tags: ['x', 'y', 'z'], techniques: ['T1071'], first_seen: 3, last_seen: 9, valid_until: NOW + 2,
    })
  })
})

describe('reach', () => {
  test('a domain is itself; with its flag also what is below', () => {
    const exact = [says('a', 'evil.example')]
    const below = [says('a', '*.evil.example')]
    for (const [statements, text, verdict] of [
      [exact, 'evil.example', 'malicious'], [exact, 'www.evil.example', 'unknown'],
      [below, 'evil.example', 'malicious'], [below, 'a.www.evil.example', 'malicious'], [below, 'notevil.example', 'unknown'], [below, 'other.example', 'unknown'],
    ] as const) expect(asked([...statements], text)?.verdict, text).toBe(verdict)
  })

  test('a URL is neither its host nor its path', () => {
    expect(asked([says('a', 'http://evil.example/a')], 'http://evil.example/a/b')?.verdict).toBe('unknown')
    expect(asked([says('a', 'evil.example')], 'http://evil.example/')?.verdict).toBe('unknown')
    expect(asked([says('a', 'http://evil.example/a')], 'hxxp://evil.example:80/a#x')?.verdict).toBe('malicious')
  })

  test('networks around an address or network speak about it, those inside do not', () => {
    const statements = [says('wide', '10.0.0.0/8', { verdict: 'suspicious' }), says('narrow', '10.1.0.0/16'), says('beside', '10.2.0.0/16'), says('six', '2001:db8::/32')]
    expect(asked(statements, '10.1.2.3')).toMatchObject({ verdict: 'malicious', sources: ['narrow', 'wide'] })
    expect(asked(statements, '10.3.0.0')).toMatchObject({ verdict: 'suspicious', sources: ['wide'] })
    expect(asked(statements, '10.1.2.0/24')).toMatchObject({ sources: ['narrow', 'wide'] })
    expect(asked(statements, '10.0.0.0/7')).toMatchObject({ verdict: 'unknown' })
    expect(asked(statements, '2001:db8::1')).toMatchObject({ sources: ['six'] })
    expect(asked(statements, '::a01:203')).toMatchObject({ sources: [] })
  })

  test('nonsense has no answer', () => expect(asked([], 'what is this')).toBeNull())
})

describe('sources', () => {
  test('what a source says again takes the place of what it said', () => {
    const index = createIndex()
    index.add([says('a', 'evil.example'), says('a', 'evil.example', { verdict: 'benign', tags: ['mistake'] })])
    expect(index.size).toBe(1)
    expect(index.lookup('evil.example', NOW)).toMatchObject({ verdict: 'benign', tags: ['mistake'] })
  })

  test('a source that goes takes its statements and nothing else', () => {
    const index = createIndex()
    index.add([says('a', 'evil.example'), says('b', 'evil.example', { verdict: 'suspicious' }), says('a', '10.0.0.0/8')])
    expect(index.remove('a')).toBe(2)
    expect(index.remove('a')).toBe(0)
    expect(index.size).toBe(1)
    expect(index.lookup('evil.example', NOW)).toMatchObject({ verdict: 'suspicious', sources: ['b'] })
    expect(index.lookup('10.1.1.1', NOW)?.verdict).toBe('unknown')
  })
})

test('values whose hashes are the same are not the same value', () => {
  const table = new Table(0)
  for (let n = 0; n < 200; n += 1) table.add(says('a', `h${n}.example`, { confidence: n % 100 }))
  expect(table.rows).toBe(200)
  for (let n = 0; n < 200; n += 1) expect(table.statement(table.first('domain', `h${n}.example`))).toMatchObject({ value: `h${n}.example`, confidence: n % 100 })
  for (const other of ['h200.example', 'h1.exampl', 'h1.examplf', '']) expect(table.first('domain', other)).toBe(NONE)
  expect(table.first('email', 'h1.example')).toBe(NONE)
})

test('the narrowest network comes first', () => {
  const networks = sortNetworks(['10.0.0.0/16', '10.0.0.0/8', '10.0.0.0/24', '10.0.0.0/12', '10.0.1.0/24'].map((value, row) => ({ value, row })))
  expect(networks.around('10.0.0.1')).toEqual([2, 0, 3, 1])
  expect(networks.around('10.0.0.0/12')).toEqual([3, 1])
})

/** The plain list that every answer is held against. It knows nothing of hashes, ranges or canonical masks. */
function plainly(statements: readonly Indicator[], parsed: ParsedIndicator) {
  return statements.filter((one) => {
    if (one.type === parsed.type && one.value === parsed.value) return true
    if (one.type === 'cidr' && (parsed.type === 'ip' || parsed.type === 'cidr')) {
      const [base, bits] = ipaddr.parseCIDR(one.value)
      const [address = '', own] = parsed.value.split('/')
      const inner = ipaddr.parse(address)
      return inner.kind() === base.kind() && inner.match([base, bits] as never) && (own === undefined || Number(own) >= bits)
    }
    return one.type === 'domain' && parsed.type === 'domain' && one.subdomains === true && parsed.value.endsWith(`.${one.value}`)
  })
}

// Few different values, so that they meet.
const octet = fc.constantFrom(0, 1, 127, 128, 255)
const v4 = fc.tuple(fc.constantFrom(10, 11), octet, octet, octet).map((parts) => parts.join('.'))
const v6 = fc.tuple(fc.constantFrom('2001:db8', '2001:db9'), fc.constantFrom('0', '1', 'ffff', '8000')).map(([a, b]) => `${a}:${b}::1`)
const text = fc.oneof(
  v4, v6,
  fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map(([address, bits]) => `${address}/${bits}`),
  fc.array(fc.constantFrom('a', 'b', 'evil'), { minLength: 1, maxLength: 4 }).chain((labels) => fc.constantFrom('', '*.').map((star) => `${star}${labels.join('.')}.example`)),
  fc.constantFrom('http://a.example/', 'http://a.example/b', 'd41d8cd98f00b204e9800998ecf8427e', 'a@evil.example'),
)
const told = fc.record({
  text, source: fc.constantFrom('a', 'b', 'c'), verdict: fc.constantFrom('malicious' as const, 'suspicious' as const, 'benign' as const, 'unknown' as const),
  confidence: fc.constantFrom(0, 10, 50, 100), valid_until: fc.constantFrom(null, NOW - 1, NOW, NOW + 1), tags: fc.subarray(['x', 'y']),
})

describe('against a plain list', () => {
  test('every answer is that of the list, whatever was added and removed', () => {
    const step = fc.oneof({ weight: 20, arbitrary: told }, { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c') })
    fc.assert(fc.property(fc.array(step, { maxLength: 150, size: 'max' }), fc.array(text, { minLength: 10, maxLength: 30 }), (steps, questions) => {
      const index = createIndex()
      let list: Indicator[] = []
      for (const [at, one] of steps.entries()) {
        if (typeof one === 'string') {
          expect(index.remove(one)).toBe(list.filter(({ source }) => source === one).length)
          list = list.filter(({ source }) => source !== one)
        } else {
          const statement = says(one.source, one.text, { verdict: one.verdict, confidence: one.confidence, valid_until: one.valid_until, tags: one.tags, first_seen: at })
          index.add([statement])
          list = [...list.filter(({ source, type, value }) => source !== statement.source || type !== statement.type || value !== statement.value), statement]
        }
        if (at % 40 === 0) index.lookup('10.0.0.1', NOW)
      }
      expect(index.size).toBe(list.length)
      for (const question of [...questions, ...list.map(({ value }) => value)]) {
        const parsed = parseIndicator(question) as ParsedIndicator
        const expected = plainly(list, parsed)
        expect(index.lookup(question, NOW), question).toEqual(merge(parsed, expected, NOW))
        expect(index.has(parsed)).toBe(expected.length > 0)
      }
    }), { numRuns: 150 })
  })

  test('a hundred thousand values, each found, none made up', () => {
    const index = createIndex()
    const value = (n: number) => `h${(n * 2654435761) % 4294967296}.example`
    for (let n = 0; n < 100_000; n += 1) index.add([{ ...says('a', 'x.example'), value: value(n) }])
    expect(index.size).toBe(100_000)
    for (let n = 0; n < 100_000; n += 1) if (!index.has({ type: 'domain', value: value(n), original: '' })) expect.fail(value(n))
    for (let n = 100_000; n < 200_000; n += 1) if (index.has({ type: 'domain', value: value(n), original: '' })) expect.fail(value(n))
  })
})
