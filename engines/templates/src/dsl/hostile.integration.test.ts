import { gzipSync, deflateSync, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compileExpression, compileText } from '../interpolation.ts'
import { compileJq } from '../jq.ts'
import type { Value } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { EvaluationError } from './evaluation.ts'

const environment = { random: () => 1, now: () => 0 }
const evaluate = (source: string, values: Readonly<Record<string, Value>> = {}): Value => compileExpression(source).evaluate((name) => values[name], environment)
const bytes = (data: Buffer): string => data.toString('latin1')

const zeros = Buffer.alloc(12 * 1024 * 1024)
const bombs: readonly (readonly [expression: string, values: Readonly<Record<string, Value>>])[] = [
  ["repeat('a', 1000000000)", {}],
  ["repeat(repeat(repeat('abcdefgh', 1000), 1000), 1000)", {}],
  ["padding('a', 'b', 1000000000, 'prefix')", {}],
  ['rand_text_alpha(1000000000)', {}],
  ['rand_base(9007199254740991)', {}],
  [`'a' + ${Array.from({ length: 20 }, () => "repeat('a', 9000000)").join(' + ')}`, {}],
  [`concat(${Array.from({ length: 20 }, () => "repeat('a', 9000000)").join(', ')})`, {}],
  ["replace(repeat('a', 100000), 'a', repeat('b', 100000))", {}],
  ["replace_regex(repeat('a', 100000), 'a', repeat('b', 100000))", {}],
  [String.raw`replace_regex(repeat('a', 10000), '(a+)', '${Array.from({ length: 10_000 }, () => '$1').join('')}')`, {}],
  ["join(repeat('a', 1000000), split(repeat('b', 100000), 1))", {}],
  ["split(repeat('a', 9000000), '')", {}],
  ["sort(repeat('a', 9000000))", {}],
  [`json_prettify(concat(repeat('[', 9000), repeat(']', 9000)))`, {}],
  ['gzip_decode(packed)', { packed: bytes(gzipSync(zeros)) }],
  ['zlib_decode(packed)', { packed: bytes(deflateSync(zeros)) }],
  ['inflate(packed)', { packed: bytes(deflateRawSync(zeros)) }],
]

test.each(bombs)('%s is given up', (expression, values) => {
  expect(() => evaluate(expression, values)).toThrow(expect.objectContaining({ name: EvaluationError.name, code: 'too_large' }) as Error)
})

test('a text of many such is given up as a whole', () => {
  const text = compileText("{{repeat('a', 60000000)}}".repeat(3))
  expect(() => text.render(() => undefined, environment)).toThrow(EvaluationError)
})

test('what is nested too deep or too long is refused', () => {
  for (const source of ['('.repeat(100_000), `${'('.repeat(5_000)}1${')'.repeat(5_000)}`, `1${'+1'.repeat(100_000)}`, `${'-('.repeat(50_000)}1`, `'${'a'.repeat(300_000)}'`, `${'1?'.repeat(50_000)}1`, 'md5('.repeat(20_000)])
    expect(() => compileExpression(source)).toThrow(TemplateError)
  for (const source of ['['.repeat(50_000), '{a:'.repeat(20_000), '.a'.repeat(50_000), 'def f: '.repeat(5_000), '"\\('.repeat(5_000), '-'.repeat(50_000), '1|'.repeat(30_000), 'if '.repeat(20_000)])
    expect(() => compileJq(source)).toThrow(TemplateError)
})

// Ten times as much may take ten times as long, and a good deal more on a busy machine, but not a hundred times: that is what quadratic would be.
const linear: readonly (readonly [what: string, run: (size: number) => unknown])[] = [
  ['opening braces', (size) => compileText('{{'.repeat(size)).source],
  ['opening braces and one end', (size) => compileText(`${'{{a'.repeat(size)}}}`).source],
  ['braces within each other', (size) => compileText('{{'.repeat(size) + '}}'.repeat(size)).source],
  ['markers that are no expressions', (size) => compileText("{{a '}}".repeat(size)).render(() => undefined, environment)],
  ['section signs', (size) => compileText('\u00C2\u00A7'.repeat(size) + '\n').source],
  ['spaces to trim', (size) => evaluate('trim_space(a)', { a: `a${' '.repeat(size)}b` })],
  ['digits that are no number', (size) => evaluate("a == '' || contains(a, to_string(len(a)))", { a: `${'1'.repeat(size)}x` })],
  ['entities', (size) => evaluate('html_unescape(a)', { a: '&amp'.repeat(size) })],
  ['escapes', (size) => evaluate('url_decode(a)', { a: '%4'.repeat(size) })],
  ['titles', (size) => evaluate('to_title(a)', { a: "a'".repeat(size) })],
  ['regular expressions', (size) => evaluate("regex('^(a+)+$', a)", { a: `${'a'.repeat(Math.min(size, 20_000))}b` })],
  ['a choice of quotes', (size) => { try { return compileExpression(`'${'"a" + '.repeat(size)}`.slice(0, 200_000)) } catch (error) { return error } }],
]

test.each(linear)('%s take no more than their length', (_, run) => {
  run(2_000)
  const took = (size: number): number => {
    const start = performance.now()
    run(size)
    return performance.now() - start
  }
  const few = Math.max(Math.min(took(20_000), took(20_000)), 2)
  expect(Math.min(took(200_000), took(200_000))).toBeLessThan(60 * few + 500)
}, 60_000)

test('numbers that are none fail at once', () => {
  for (const expression of ['to_number(a)', 'to_unix_time(a)', 'compare_versions(a, "1")', 'hex_to_dec(a)', 'repeat("a", a)', 'base64_decode(a)'])
    expect(() => evaluate(expression, { a: `${'1'.repeat(1_000_000)}x` })).toThrow(EvaluationError)
})

test.each(['repeat(.)', '[range(1e9)]', 'def f: f; f', 'def f: [f]; f', '[limit(1e9; repeat(1))]', '"a" * 1e9', '.[1e9] = 1', '[paths]', 'until(false; . + 1)', 'last(range(1e9))', 'reduce range(40) as $x ("aa"; . + .)', 'reduce range(40) as $x ([1]; . + .)', '[combinations]', 'range(0; 1; 0)'])('jq %s ends', (source) => {
  const deep = JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)) as never
  const input = source === '[paths]' ? deep : source === '[combinations]' ? Array.from({ length: 30 }, () => Array.from({ length: 30 }, (_, index) => index)) : [1, 2, 3]
  try {
    compileJq(source).run(input)
  } catch (error) {
    expect(error).toBeInstanceOf(EvaluationError)
  }
}, 30_000)
