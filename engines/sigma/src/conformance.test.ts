// Each modifier, condition, escape and value of Sigma 2.1 with events that must match and events that must not.
import { describe, expect, test } from 'vitest'
import { createMatcher, parse } from './index.ts'
import type { Match, Rejection } from './index.ts'

type Event = Record<string, unknown>

const indent = (text: string, by: string): string => text.split('\n').map((line) => by + line).join('\n')
const document = (detection: string): string => `title: A rule\nlogsource:\n  category: anything\ndetection:\n${indent(detection, '  ')}\n`

function matches(detection: string, events: readonly Event[], placeholders: Record<string, string[]> = {}): Match[] {
  const { rules, rejected } = parse(document(detection), 'rule.yml', { placeholders })
  expect(rejected).toEqual([])
  return createMatcher(rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {})
}

/** `selection` alone decides. */
const selection = (body: string): string => `selection:\n${indent(body, '  ')}\ncondition: selection`

function verdicts(detection: string, events: readonly Event[], placeholders: Record<string, string[]> = {}): boolean[] {
  const hit = new Set(matches(detection, events, placeholders).map(({ eventIndex }) => eventIndex))
  return events.map((_, index) => hit.has(index))
}

function check(detection: string, positive: readonly Event[], negative: readonly Event[], placeholders: Record<string, string[]> = {}): void {
  expect(verdicts(detection, positive, placeholders), `must match: ${JSON.stringify(positive)}`).toEqual(positive.map(() => true))
  expect(verdicts(detection, negative, placeholders), `must not match: ${JSON.stringify(negative)}`).toEqual(negative.map(() => false))
}

const f = (...values: unknown[]): Event[] => values.map((value) => ({ f: value }))
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')

describe('values', () => {
  test.each<[name: string, body: string, positive: Event[], negative: Event[]]>([
    ['a text is the whole value, in any case', `f: 'WhoAmI'`, f('whoami', 'WHOAMI', 'WhoAmI'), [...f('whoami.exe', ' whoami', '', null), {}]],
    ['case is Unicode', `f: 'ÄÖÜ Привет ΣΊΣΥΦΟΣ'`, f('äöü привет σίσυφος', 'ÄÖÜ ПРИВЕТ ΣΊΣΥΦΟΣ'), f('aou привет σίσυφος')],
    ['a final sigma inside a longer text', `f|contains: 'ΟΔΟΣ'`, f('οδος', 'ΟΔΟΣΑ', 'οδοσα'), f('οδο')],
    ['no full folding', `f: 'straße'`, f('STRAßE'), f('strasse', 'STRASSE')],
    ['a number meets numbers and their texts', 'f: 4688', f(4688, '4688', 4688.0), f(46880, '04688', 'x4688', true)],
    ['a text of digits meets numbers', `f: '4688'`, f(4688, '4688'), f(468, 46880)],
    ['a hexadecimal number is also what is written', 'f: 0x17', f(23, '23', '0x17', '0X17'), f('17', 17)],
    ['a negative and a broken number', 'f: [-1, 1.5]', f(-1, '-1', 1.5, '1.5'), f(1, '1', 15)],
    ['a boolean', 'f: true', f(true, 'true', 'True'), f(false, 1, 'yes')],
    ['null is absent or null', 'f: null', [...f(null), {}, { g: 1 }], f('', 0, false, 'null', [])],
    ['null may be left empty', 'f:', [...f(null), {}], f('', 'x')],
    ['the empty text is only that', `f: ''`, f(''), [...f(null, ' ', 'x', 0), {}]],
    ['null in a list of values', `f: [null, '', '-']`, [...f(null, '', '-'), {}], f('x')],
    ['a list of values is OR', 'f: [a, b, 3]', f('a', 'B', 3), f('c', 'ab', 33)],
    ['a map is AND', 'f: a\ng: b', [{ f: 'a', g: 'B' }], [{ f: 'a' }, { g: 'b' }, { f: 'a', g: 'c' }]],
    ['a list of maps is OR', '- f: a\n  g: b\n- f: c', [{ f: 'a', g: 'b' }, { f: 'c' }], [{ f: 'a' }, { g: 'b' }, { g: 'c' }]],
    ['an array holds when one of its values does', 'f: b', f(['a', 'b'], [['b']], ['B', 1]), f(['a', 'c'], [], [{ x: 'b' }])],
    ['an object is no value', `f|contains: ''`, f('', 'x', 0), f({ x: 1 }, null, [])],
  ])('%s', (_, body, positive, negative) => check(selection(body), positive, negative))
})

describe('wildcards and escapes', () => {
  // The rows of the specification's section "Escaping", then how wildcards meet.
  test.each<[name: string, value: string, positive: string[], negative: string[]]>([
    ['one backslash before a letter is a backslash', String.raw`C:\Windows`, [String.raw`C:\Windows`], ['C:Windows', String.raw`C:\\Windows`]],
    ['two backslashes are one', String.raw`C:\\Windows`, [String.raw`C:\Windows`], [String.raw`C:\\Windows`]],
    ['an escaped asterisk', String.raw`a\*b`, ['a*b'], ['axb', 'ab', String.raw`a\*b`]],
    ['an escaped question mark', String.raw`a\?b`, ['a?b'], ['axb', String.raw`a\?b`]],
    ['a backslash and a wildcard', String.raw`a\\*`, ['a\\', String.raw`a\b`], ['a*', 'ab']],
    ['a backslash and a question mark', String.raw`a\\?`, [String.raw`a\b`], ['a?', 'a\\']],
    ['a backslash and an asterisk, both plain', String.raw`a\\\*`, [String.raw`a\*`], [String.raw`a\b`, 'a*']],
    ['three backslashes are two', String.raw`a\\\b`, [String.raw`a\\b`], [String.raw`a\b`, String.raw`a\\\b`]],
    ['four backslashes are two', String.raw`a\\\\b`, [String.raw`a\\b`], [String.raw`a\b`, String.raw`a\\\\b`]],
    ['a backslash at the end', 'a\\', ['a\\'], ['a', 'a\\\\']],
    ['* is any run, also none', 'a*b', ['ab', 'axb', 'a*b', 'aXXb', 'a\nb', 'abb'], ['a', 'b', 'abc', 'xab']],
    ['? is one character', 'a?b', ['axb', 'a?b', 'a😀b', 'a\nb'], ['ab', 'axxb']],
    ['* in front', '*.exe', ['.exe', 'a.EXE'], ['.exe ', 'exe']],
    ['* behind', 'adm*', ['adm', 'Administrator'], ['xadm']],
    ['* around', '*adm*', ['adm', 'xadmx'], ['ad m']],
    ['* alone', '*', ['', 'x'], []],
    ['?* is one or more', '?*', ['x', 'xyz'], ['']],
    ['two runs, the first text not enough', '*ab*ba*', ['abba', 'xabxbax', 'ababba'], ['aba', 'baab']],
    ['the end must fit too', 'a*b*c', ['abc', 'axbxc', 'abcbc'], ['abcb', 'acb']],
    ['the whole may need a later place', '*aab', ['aaab', 'aabaab'], ['aabaa']],
  ])('%s', (_, value, positive, negative) => check(selection(`f: ${JSON.stringify(value)}`), f(...positive), f(...negative)))

  test.each([['single quotes', String.raw`f: '\\server\share\*'`], ['plain', String.raw`f: \\server\share\*`]])('YAML leaves backslashes alone in %s', (_, body) => {
    check(selection(body), f(String.raw`\server\share*`), f(String.raw`\server\share\x`))
  })
})

describe('modifiers', () => {
  const le = (text: string): Buffer => Buffer.from(text, 'utf16le')
  test.each<[name: string, body: string, positive: Event[], negative: Event[]]>([
    ['contains', 'f|contains: Bob', f('bob', 'xBOBx', ['a', 'bobby']), [...f('bo b', null), {}]],
    ['contains with a wildcard inside', `f|contains: 'a*c'`, f('xabcx', 'ac'), f('ca')],
    ['contains of a number', 'f|contains: 46', f(4688, '1460'), f(64)],
    ['startswith', 'f|startswith: adm', f('ADMIN', 'adm'), f('xadm')],
    ['endswith', String.raw`f|endswith: '\cmd.exe'`, f(String.raw`C:\Windows\CMD.EXE`), f('cmd.exe', String.raw`\cmd.exe `)],
    ['all', `f|contains|all: [a, b]`, f('xaxb', 'ba'), f('a', 'b')],
    ['all over an array', `f|all: [a, b]`, f(['a', 'b', 'c']), f(['a'], 'a')],
    ['all before contains', `f|all|contains: [a, b]`, f('ab'), f('a')],
    ['cased', 'f|cased: Bob', f('Bob'), f('bob', 'BOB')],
    ['cased contains', 'f|contains|cased: Bob', f('xBobx'), f('xbobx')],
    ['exists', 'f|exists: true', f('x', '', null, 0, []), [{}, { g: 1 }]],
    ['exists: false', 'f|exists: false', [{}, { g: 1 }], f('x', '', null)],
    ['neq of a text', 'f|neq: a', [...f('b', 'aa', null), {}], f('a', 'A', ['b', 'a'])],
    ['neq of a number', 'f|neq: 5', f(4, '6', 'x'), f(5, '5')],
    ['neq of a list is none of them', 'f|neq: [a, b]', f('c'), f('a', 'b')],
    ['neq all is the same', 'f|neq|all: [a, b]', f('c'), f('a', 'b')],
    ['neq contains', 'f|contains|neq: a', f('b'), f('xax')],
    ['windash', `f|contains|windash: ' -ma '`, f('x -ma x', 'x /ma x', 'x –ma x', 'x —MA x', 'x ―ma x'), f('x ma x', 'x +ma x')],
    ['windash from a slash', `f|windash: '/accepteula'`, f('-accepteula', '/AcceptEULA', '–accepteula'), f('accepteula', '--accepteula')],
    ['windash of several dashes', `f|windash|endswith: '-a/b'`, f('x/a-b', 'x-a-b'), f('xa-b')],
    ['re', `f|re: 'a.c$'`, f('xabc', 'abc\n'), f('ABC', 'abcd', 'a\nc')],
    ['re is searched, not anchored', `f|re: 'b+'`, f('abbc'), f('ac')],
    ['re of a number', `f|re: '^46\\d\\d$'`, f(4688, '4688'), f(468)],
    ['re|i', `f|re|i: '^a[b-d]É$'`, f('abé', 'ABÉ', 'aCé'), f('aeé')],
    ['re|m', `f|re|m: '^b$'`, f('b', 'a\nb\nc'), f('ab', 'a\nbc')],
    ['re|s', `f|re|s: 'a.c'`, f('a\nc', 'abc'), f('ac')],
    ['re with all three', `f|re|i|m|s: '^B.c$'`, f('a\nb\nC\nd'), f('a\nxb\nC')],
    ['the long names of the flags', `f|re|ignorecase|multiline|dotall: '^B.c$'`, f('a\nb\nC\nd'), f('a\nxb\nC')],
    ['re|all', `f|re|all: ['a', '\\d']`, f('a1'), f('a', '1')],
    ['re|neq', `f|re|neq: '^a'`, [...f('b'), {}], f('ab')],
    ['an inline flag', `f|re: '(?i)abc'`, f('ABC'), f('ab')],
    ['base64', 'f|base64: foobar', f(base64('foobar')), f('foobar', `x${base64('foobar')}`)],
    ['base64 contains', 'f|base64|contains: foobar', f(`x ${base64('foobar')} y`), f(base64('xfoobar'))],
    ['base64 of what a wildcard escape says', String.raw`f|base64: 'a\*b'`, f(base64('a*b')), f(base64(String.raw`a\*b`))],
    ['base64offset', `f|base64offset|contains: '/bin/bash'`, f(base64('/bin/bash'), base64('x/bin/bash'), base64('xy/bin/bashz'), base64('xyz/bin/bash -c')), f(base64('/bin/sh'), '/bin/bash')],
    ['utf16le, wide', 'f|wide|base64offset|contains: ping', f(base64(le('xping')), base64(le('ping'))), f(base64('ping'))],
    ['utf16le', 'f|utf16le|base64: ab', f(base64(le('ab'))), f(base64(le('ab').swap16()), base64('ab'))],
    ['utf16be', 'f|utf16be|base64: ab', f(base64(le('ab').swap16())), f(base64(le('ab')))],
    ['utf16 has its mark', 'f|utf16|base64: ab', f(base64(Buffer.concat([Buffer.from([0xFF, 0xFE]), le('ab')]))), f(base64(le('ab')))],
    ['wide alone is bytes', 'f|wide|contains: ab', f('xa\0b\0x'), f('ab')],
    ['windash before base64', `f|windash|base64: '-e'`, f(base64('-e'), base64('/e')), f(base64('e'))],
    ['lt', 'f|lt: 10', f(9, '9', -1, 9.9), [...f(10, 11, 'x', '', null, true), {}]],
    ['lte', 'f|lte: 10', f(10, '10'), f(10.1)],
    ['gt', 'f|gt: 10', f(11, '1e3'), f(10, '9', '0x20', 'abc')],
    ['gte', 'f|gte: 10', f(10, '10.0'), f(9)],
    ['gte of a list', 'f|gte|all: [3, 5]', f(5), f(4)],
    ['cidr of IPv4', 'f|cidr: 10.0.0.0/8', f('10.1.2.3', '10.255.255.255', '::ffff:10.1.2.3', ['1.1.1.1', '10.0.0.1']), f('11.0.0.1', '10.1', '10.0.0.256', '0x0a.0.0.1', '', 10)],
    ['cidr on a bit', 'f|cidr: 192.168.8.0/21', f('192.168.15.255'), f('192.168.16.0', '192.168.7.255')],
    ['cidr of everything and of one', `f|cidr: ['0.0.0.0/0', '::1/128']`, f('8.8.8.8', '::1', '0:0:0:0:0:0:0:1'), f('::2', 'x')],
    ['cidr of IPv6', 'f|cidr: fc00::/7', f('fd00::1', 'FC00:0:0::2'), f('fe80::1', '10.0.0.1')],
    ['fieldref', 'f|fieldref: g', [{ f: 'a', g: 'A' }, { f: 1, g: '1' }, { f: ['x', 'y'], g: 'y' }], [{ f: 'a', g: 'b' }, { f: 'a' }, { g: 'a' }, {}]],
    ['fieldref|neq', 'f|fieldref|neq: g', [{ f: 'a', g: 'b' }, { f: 'a' }], [{ f: 'a', g: 'A' }]],
    ['fieldref|startswith', 'f|fieldref|startswith: g', [{ f: 'Abc', g: 'ab' }], [{ f: 'abc', g: 'bc' }]],
    ['fieldref|endswith', 'f|fieldref|endswith: g', [{ f: 'abc', g: 'BC' }], [{ f: 'abc', g: 'ab' }]],
    ['fieldref|contains', 'f|fieldref|contains: g', [{ f: 'abc', g: 'b' }], [{ f: 'abc', g: 'd' }]],
    ['fieldref|cased', 'f|fieldref|cased: g', [{ f: 'a', g: 'a' }], [{ f: 'a', g: 'A' }]],
    ['minute', 'f|minute: 7', f('2024-02-29T13:07:59Z', '2024-02-29 13:07'), [...f('2024-02-29T07:08:00Z', 'x', null), {}]],
    ['hour, as it is written', 'f|hour: 13', f('2024-02-29T13:07:59+09:00'), f('2024-02-29T04:07:59Z')],
    ['hour with a comparison', 'f|hour|gte: 22', f('2024-02-29T23:00:00Z'), f('2024-02-29T21:59:59Z')],
    ['day', 'f|day: 29', f('2024-02-29'), f('2024-02-28')],
    ['week of ISO 8601', 'f|week: 1', f('2024-12-30T00:00:00Z', '2024-01-01'), f('2024-01-08', '2021-01-03')],
    ['month', 'f|month: [2, 3]', f('2024-02-29', '2024-03-01'), f('2024-04-01')],
    ['year', 'f|year|lt: 2020', f('2019-12-31T23:59:59Z'), f('2020-01-01')],
    ['a time in seconds', 'f|year: 2023', f(1_700_000_000), f(1_500_000_000)],
  ])('%s', (_, body, positive, negative) => check(selection(body), positive, negative))

  test('expand takes values that are passed in', () => {
    const known = { admins: ['root', 'adm*'], who: ['bob'] }
    check(selection(`f|expand: '%admins%'`), f('ROOT', 'administrator'), f('%admins%', 'bob'), known)
    check(selection(`f|contains|expand: 'x%who%y%admins%'`), f('..xbobyroot..'), f('xbob'), known)
    check(selection(`f|expand|endswith: '%who%'`), f('a bob'), f('bob a'), known)
    check(selection(String.raw`f|expand: '\%plain%who%'`), f('%plainbob'), f('bob'), known)
    check(selection(`f|re|expand: '^%who%$'`), f('bob'), f('bobby'), known)
    check(selection(`f|cidr|expand: '%nets%'`), f('10.0.0.1', '192.168.0.9'), f('1.1.1.1'), { nets: ['10.0.0.0/8', '192.168.0.0/16'] })
  })
  test('without expand a percent sign is one', () => check(selection(`f: '%admins%'`), f('%admins%'), f('root'), { admins: ['root'] }))
})

describe('fields', () => {
  test.each<[name: string, body: string, positive: Event[], negative: Event[]]>([
    ['dots reach into objects', 'a.b.c: x', [{ a: { b: { c: 'x' } } }, { 'a.b.c': 'x' }, { a: { 'b.c': 'x' } }, { 'a.b': { c: 'x' } }], [{ a: { b: 'x' } }, { c: 'x' }]],
    ['dots reach into lists of objects', 'a.b: x', [{ a: [{ b: 'y' }, { b: 'x' }] }], [{ a: [{ b: 'y' }] }]],
    ['null within an object', 'a.b: null', [{ a: { b: null } }, { a: {} }, {}], [{ a: { b: 1 } }]],
    ['a name with spaces', `'New Value': x`, [{ 'New Value': 'x' }], [{ Value: 'x' }]],
    ['spaces are stripped', 'NewValue: x', [{ 'New Value': 'x' }, { NewValue: 'x' }], [{ 'New_Value': 'x' }]],
    ['names keep their case', 'image: x', [{ image: 'x' }], [{ Image: 'x' }]],
    ['names that objects have by birth', 'constructor: x', [{ constructor: 'x' }], [{}, { a: 1 }]],
    ['__proto__ is a name', `'__proto__|exists': true`, [], [{}, { a: 1 }]],
  ])('%s', (_, body, positive, negative) => check(selection(body), positive, negative))
})

describe('keywords', () => {
  test.each<[name: string, body: string, positive: Event[], negative: Event[]]>([
    ['any value, anywhere, in any case', '- evil\n- worse', [{ a: 'an EVIL thing' }, { a: { b: ['x', 'worse'] } }, { message: 'Jan 1 host: evil' }], [{ a: 'ev il' }, { evil: 'a name is no value' }]],
    ['a number among the values', '- 4688', [{ a: 4688 }, { a: 'x46881' }], [{ a: 468 }]],
    ['wildcards', `- 'a*c'\n- 'x?z'`, [{ a: '..abc..' }, { a: 'xyz' }], [{ a: 'ab', b: 'c' }, { a: 'xz' }]],
    ['all', `'|all':\n  - one\n  - two`, [{ a: 'one', b: 'two' }, { a: 'two one' }], [{ a: 'one' }]],
    ['re', `'|re': 'a\\d+c'`, [{ a: 'xa12cx' }], [{ a: 'a12', b: 'c' }]],
    ['cased', `'|cased':\n  - Evil`, [{ a: 'xEvilx' }], [{ a: 'evil' }]],
    ['a lone text', 'evil', [{ a: 'evil' }], [{ a: 'good' }]],
    ['beside maps', '- evil\n- f: x', [{ a: 'evil' }, { f: 'x' }], [{ f: 'y' }]],
    ['a keyword with a line break', '- "a\\nb"', [{ x: 'a\nb' }], [{ x: 'a', y: 'b' }]],
  ])('%s', (_, body, positive, negative) => check(selection(body), positive, negative))
})

describe('conditions', () => {
  const selections = 'a: {a: 1}\nb: {b: 1}\nc: {c: 1}\n_d: {d: 1}\nsel_x: {x: 1}\nsel_y: {y: 1}\n'
  const event = (names: string): Event => Object.fromEntries(names.split('').map((name) => [name, 1]))
  test.each<[condition: string, positive: string[], negative: string[]]>([
    ['a', ['a', 'ab'], ['b', '']],
    ['a and b', ['ab'], ['a', 'b']],
    ['a or b', ['a', 'b'], ['c']],
    ['not a', ['b', ''], ['a']],
    ['not not a', ['a'], ['b']],
    ['a or b and c', ['a', 'bc', 'ac'], ['b', 'c']],
    ['(a or b) and c', ['ac', 'bc'], ['a', 'ab', 'c']],
    ['not a and b', ['b'], ['ab', 'a']],
    ['not (a and b)', ['a', 'b', ''], ['ab']],
    ['a and not b or c', ['a', 'c', 'abc'], ['ab', 'b']],
    ['A AND NOT B'.replace('A ', 'a ').replace(' B', ' b'), ['a'], ['ab']],
    ['1 of sel_*', ['x', 'y', 'xy'], ['a', '']],
    ['any of sel_*', ['x', 'y'], ['a']],
    ['all of sel_*', ['xy'], ['x', 'y']],
    ['1 of *_x', ['x'], ['y']],
    ['1 of s*_*y', ['y'], ['x']],
    ['all of sel_x', ['x'], ['y']],
    ['1 of them', ['a', 'x'], ['d', '']],
    ['all of them', ['abcxy'], ['abcxd']],
    ['1 of _*', ['d'], ['a']],
    ['_d', ['d'], ['a']],
    ['not 1 of sel_*', ['a', ''], ['x', 'xy']],
    ['a and not 1 of sel_* and b', ['ab'], ['abx', 'a']],
    ['1 of sel_* and a or b', ['xa', 'b'], ['x', 'a']],
    ['not all of sel_*', ['x', ''], ['xy']],
    ['((a))', ['a'], ['b']],
    ['a and(b)or(c)', ['ab', 'c'], ['a']],
    ['\n  a and\n  (\n    b\n  )\n', ['ab'], ['a']],
    ['[a, b and c]', ['a', 'bc'], ['b', 'c']],
  ])('%s', (condition, positive, negative) => {
    check(`${selections}condition: ${condition.startsWith('[') ? condition : JSON.stringify(condition)}`, positive.map(event), negative.map(event))
  })

  test('a selection may be named as a word of the language', () => {
    check('of: {a: 1}\nnot: {b: 1}\ncondition: of and not', [{ a: 1, b: 1 }], [{ a: 1 }])
  })
})

describe('what is refused', () => {
  const refused = (text: string): Pick<Rejection, 'code' | 'line'>[] => {
    const { rules, rejected } = parse(text, 'rule.yml')
    expect(rules).toEqual([])
    return rejected.map(({ code, line }) => ({ code, line }))
  }
  const head = 'title: x\nlogsource: {product: a}\n'
  test.each<[name: string, text: string, code: Rejection['code'], line: number]>([
    ['no YAML', 'title: [x\nb: y', 'yaml_invalid', 2],
    ['a key twice', 'title: x\ntitle: y', 'yaml_invalid', 2],
    ['a key that is a map', '{a: 1}: x', 'yaml_invalid', 1],
    ['an alias of nothing', 'title: *x', 'yaml_invalid', 1],
    ['an alias of itself', 'title: &x [*x]', 'yaml_invalid', 1],
    ['a tag', 'title: x\na: !!js/function "x"', 'yaml_tag_refused', 2],
    ['a list', '- a\n- b', 'document_invalid', 1],
    ['a text', 'hello', 'document_invalid', 1],
    ['action: global', 'action: global\ntitle: x', 'action_unsupported', 1],
    ['two kinds in one', 'title: x\ndetection: {s: {a: 1}, condition: s}\nfilter:\n  rules: any', 'document_invalid', 3],
    ['no title', 'logsource: {product: a}\ndetection: {s: {a: 1}, condition: s}', 'field_missing', 1],
    ['no logsource', 'title: x\ndetection: {s: {a: 1}, condition: s}', 'field_missing', 1],
    ['no detection', head, 'field_missing', 1],
    ['a level that is none', `${head}level: grave\ndetection: {s: {a: 1}, condition: s}`, 'field_invalid', 3],
    ['a status that is none', `${head}status: great\ndetection: {s: {a: 1}, condition: s}`, 'field_invalid', 3],
    ['a logsource without parts', 'title: x\nlogsource: {definition: a}\ndetection: {s: {a: 1}, condition: s}', 'logsource_invalid', 2],
    ['a part of a logsource that is a list', 'title: x\nlogsource:\n  product: [a]\ndetection: {s: {a: 1}, condition: s}', 'logsource_invalid', 3],
    ['a detection that is a text', `${head}detection: x`, 'detection_invalid', 3],
    ['no condition', `${head}detection: {s: {a: 1}}`, 'condition_invalid', 3],
    ['no selection', `${head}detection: {condition: s}`, 'detection_invalid', 3],
    ['an empty selection', `${head}detection:\n  s: {}\n  condition: s`, 'detection_invalid', 4],
    ['a list in a list', `${head}detection:\n  s:\n    - [a]\n  condition: s`, 'detection_invalid', 5],
    ['an empty condition', `${head}detection: {s: {a: 1}, condition: ''}`, 'condition_invalid', 3],
    ['a condition that is a map', `${head}detection: {s: {a: 1}, condition: {a: 1}}`, 'condition_invalid', 3],
    ['a condition cut short', `${head}detection: {s: {a: 1}, condition: s and}`, 'condition_invalid', 3],
    ['a parenthesis that stays open', `${head}detection: {s: {a: 1}, condition: (s}`, 'condition_invalid', 3],
    ['a parenthesis that closes nothing', `${head}detection: {s: {a: 1}, condition: s)}`, 'condition_invalid', 3],
    ['two names without a word between', `${head}detection: {s: {a: 1}, condition: s s}`, 'condition_invalid', 3],
    ['2 of them', `${head}detection: {s: {a: 1}, condition: 2 of them}`, 'condition_invalid', 3],
    ['a pattern without a quantifier', `${head}detection: {s: {a: 1}, condition: s*}`, 'condition_invalid', 3],
    ['parentheses without end', `${head}detection: {s: {a: 1}, condition: "${'('.repeat(500)}s${')'.repeat(500)}"}`, 'condition_invalid', 3],
    ['a name that is not there', `${head}detection: {s: {a: 1}, condition: t}`, 'selection_unknown', 3],
    ['a pattern that fits nothing', `${head}detection: {s: {a: 1}, condition: 1 of t*}`, 'selection_unknown', 3],
    ['a pattern whose ends overlap', `${head}detection: {s: {a: 1}, condition: 1 of s*s}`, 'selection_unknown', 3],
    ['them when all are hidden', `${head}detection: {_s: {a: 1}, condition: 1 of them}`, 'selection_unknown', 3],
    ['an aggregation', `${head}detection:\n  s: {a: 1}\n  condition: s | count() > 5`, 'aggregation_unsupported', 5],
    ['a modifier that is none', `${head}detection:\n  s:\n    a|exact: 1\n  condition: s`, 'modifier_unknown', 5],
    ['re with contains', `${head}detection:\n  s:\n    a|re|contains: x\n  condition: s`, 'modifier_invalid', 5],
    ['a flag without re', `${head}detection:\n  s:\n    a|i: x\n  condition: s`, 'modifier_invalid', 5],
    ['contains and startswith', `${head}detection: {s: {a|contains|startswith: x}, condition: s}`, 'modifier_invalid', 3],
    ['a modifier twice', `${head}detection: {s: {a|contains|contains: x}, condition: s}`, 'modifier_invalid', 3],
    ['re and cidr', `${head}detection: {s: {a|re|cidr: x}, condition: s}`, 'modifier_invalid', 3],
    ['gt and lt', `${head}detection: {s: {a|gt|lt: 1}, condition: s}`, 'modifier_invalid', 3],
    ['exists with neq', `${head}detection: {s: {a|exists|neq: true}, condition: s}`, 'modifier_invalid', 3],
    ['cidr without a field', `${head}detection: {s: {'|cidr': 10.0.0.0/8}, condition: s}`, 'modifier_invalid', 3],
    ['exists that is no boolean', `${head}detection: {s: {a|exists: maybe}, condition: s}`, 'value_invalid', 3],
    ['gt of a word', `${head}detection: {s: {a|gt: x}, condition: s}`, 'value_invalid', 3],
    ['hour of a word', `${head}detection: {s: {a|hour: noon}, condition: s}`, 'value_invalid', 3],
    ['cidr of a word', `${head}detection: {s: {a|cidr: home}, condition: s}`, 'value_invalid', 3],
    ['cidr with too many bits', `${head}detection: {s: {a|cidr: 10.0.0.0/33}, condition: s}`, 'value_invalid', 3],
    ['contains null', `${head}detection: {s: {a|contains: null}, condition: s}`, 'value_invalid', 3],
    ['a keyword null', `${head}detection: {s: [null], condition: s}`, 'value_invalid', 3],
    ['base64 of a wildcard', `${head}detection: {s: {a|base64: 'a*'}, condition: s}`, 'value_invalid', 3],
    ['contains before base64', `${head}detection: {s: {a|contains|base64: a}, condition: s}`, 'value_invalid', 3],
    ['an empty list of values', `${head}detection: {s: {a: []}, condition: s}`, 'value_invalid', 3],
    ['a map as a value', `${head}detection: {s: {a: {b: 1}}, condition: s}`, 'value_invalid', 3],
    ['a list of lists as a value', `${head}detection: {s: {a: [[1]]}, condition: s}`, 'value_invalid', 3],
    ['an expression that is none', `${head}detection:\n  s:\n    a|re:\n      - fine\n      - '(x'\n  condition: s`, 'regex_invalid', 7],
    ['lookahead', `${head}detection: {s: {a|re: 'a(?=b)'}, condition: s}`, 'regex_unsupported', 3],
    ['a backreference', `${head}detection: {s: {a|re: '(a)\\1'}, condition: s}`, 'regex_unsupported', 3],
    ['a placeholder without values', `${head}detection:\n  s:\n    a|expand: '%admins%'\n  condition: s`, 'placeholder_unresolved', 5],
  ])('%s', (_, text, code, line) => expect(refused(text)).toEqual([{ code, line }]))

  test('a broken document costs no other, and lines count through the file', () => {
    const good = 'title: good\nid: g\nlogsource: {product: a}\ndetection: {s: {a: 1}, condition: s}\n'
    const { rules, rejected } = parse(`# a comment\n---\n${good}---\ntitle: [broken\n---\n# nothing\n---\n${good}...\n---\ntitle: no more\nid: n\n`, 'a.yml')
    expect(rules.map(({ line }) => line)).toEqual([3, 12])
    expect(rejected).toMatchObject([{ file: 'a.yml', line: 8, code: 'yaml_invalid' }, { line: 18, code: 'field_missing', id: 'n' }])
  })
})

test('items that look alike keep their own verdicts, also about a value that was seen before', () => {
  const rule = (item: string): string => `title: '${item}'\nlogsource: {product: a}\ndetection: {s: {'${item}': [a, b]}, condition: s}\n`
  const items = ['f|contains', 'f|contains|all', 'f|contains|neq', 'f|contains|all|neq', 'f', 'f|cased|contains', 'g|contains']
  const events = ['A', 'ab', 'AB', 'x', 'a', 'ab', 'A'].map((f) => ({ f }))
  const apart = items.map((item) => createMatcher(parse(rule(item), 'r.yml').rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {}).map(({ eventIndex }) => eventIndex))
  const together = createMatcher(parse(items.map(rule).join('---\n'), 'r.yml').rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {})
  expect(items.map((item) => together.filter((match) => match.rule.title === item).map(({ eventIndex }) => eventIndex))).toEqual(apart)
  expect(apart).toEqual([[0, 1, 2, 4, 5, 6], [1, 2, 5], [3], [3], [0, 4, 6], [1, 4, 5], []])
})

describe('a match', () => {
  test('names what was met, under no "not", each value once', () => {
    const found = matches(`
sel: {f|contains: [a, b, z], g: 1}
kw: [deep]
absent: {h: null}
other: {i: 1}
filter: {j: 1}
condition: (sel and kw and absent or other and 1 of f*) and not filter`.trim(), [{ f: ['xa', 'xb'], g: 1, i: 1, k: { l: 'how deep it is' } }])
    expect(found.map(({ matched }) => matched)).toEqual([[
      { selection: 'sel', field: 'f', value: 'xa' },
      { selection: 'sel', field: 'f', value: 'xb' },
      { selection: 'sel', field: 'g', value: 1 },
      { selection: 'kw', field: null, value: 'how deep it is' },
      { selection: 'absent', field: 'h', value: null },
    ]])
  })

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

describe('log sources', () => {
  const rule = (source: string): string => `title: '${source}'\nlogsource: ${source}\ndetection: {s: {x: 1}, condition: s}\n`
  const sources = ['{product: windows}', '{product: windows, category: process_creation}', '{product: windows, service: security}', '{category: registry_event, product: windows}', '{product: linux}', '{category: webserver}']
  const { rules } = parse(sources.map(rule).join('---\n'), 'r.yml')
  const matcher = createMatcher(rules)
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
