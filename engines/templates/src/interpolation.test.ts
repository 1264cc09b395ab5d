import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '@haechi/probes/wire'
import { EvaluationError } from './dsl/evaluation.ts'
import { compileText } from './interpolation.ts'
import type { Value } from './model.ts'

const environment = { random: () => 0, now: () => 0 }
type Values = Readonly<Record<string, Value>>
const render = (text: string, values: Values = {}, unresolved?: string[]): string => compileText(text).render((name) => (Object.hasOwn(values, name) ? values[name] : undefined), environment, unresolved)

const cases: readonly (readonly [text: string, values: Values, result: string])[] = [
  ['plain', {}, 'plain'],
  ['{{BaseURL}}/x', { BaseURL: 'http://a.example' }, 'http://a.example/x'],
  ['{{ BaseURL }}/x', { BaseURL: 'http://a.example' }, 'http://a.example/x'],
  ['{{a}}{{b}}{{a}}', { a: 1, b: [1, 2] }, '1[1 2]1'],
  ['{{empty}}|{{nothing}}', { empty: '', nothing: null }, '|'],
  ['{{foo-bar}}', { 'foo-bar': 'baz' }, 'baz'],
  ['{{unknown}} {{known}}', { known: 'k' }, '{{unknown}} k'],
  ['\u00C2\u00A7user\u00C2\u00A7:\u00C2\u00A7pass\u00C2\u00A7', { user: 'admin' }, 'admin:\u00C2\u00A7pass\u00C2\u00A7'],
  ["{{url_encode('test}aaa')}}", {}, 'test%7Daaa'],
  ["{{hex_encode('{{')}}", {}, '7b7b'],
  [`{{concat("{{", 123, "*", 123, "}}")}}`, {}, '{{123*123}}'],
  [`{{"{{" + '123*123' + "}}"}}`, {}, `{{"{{" + '123*123' + "}}"}}`],
  ["{{a + '123*123' + b}}", { a: 'aa', b: 'bb' }, 'aa123*123bb'],
  ['{{1+1}} {{7*7}} {{"1"+"1"}} {{}}', {}, '{{1+1}} {{7*7}} {{"1"+"1"}} {{}}'],
  ['{{hex_encode(Item)}}\r\n', { Item: 'PING' }, '50494e47\r\n'],
  ["{{someTestData}}{{hex_encode('PING')}}", {}, '{{someTestData}}50494e47'],
  [String.raw`{{base64("{\"iwp_action\":\"add_site\"}")}}`, {}, 'eyJpd3BfYWN0aW9uIjoiYWRkX3NpdGUifQ=='],
  ["{{base64('{{Host}}')}}", { Host: '127.0.0.1' }, 'MTI3LjAuMC4x'],
  ["{{base64({{Host}})}}", { Host: '127.0.0.1' }, 'MTI3LjAuMC4x'],
  ["{{md5(base64('{{Host}}'))}}-{{Host}}", { Host: 'h' }, '5618576f143fc779084bc0c5df965779-h'],
  ['{{{user}}}', { user: 'u' }, '{{{user}}}'],
  ['{"a":{"b":"{{x}}"}}', { x: 'y' }, '{"a":{"b":"y"}}'],
  ['{{ not an expression }} {{x}}', { x: 'y' }, '{{ not an expression }} y'],
  ['{{x', { x: 'y' }, '{{x'],
  ['}}{{x}}{{', { x: 'y' }, '}}y{{'],
  ['{{base64()}}|{{base64(1, 2)}}', {}, '{{base64()}}|{{base64(1, 2)}}'],
  ["{{len(body) > 3 ? 'long' : 'short'}}", { body: 'abcd' }, 'long'],
  ['{{constructor}}{{__proto__}}', {}, '{{constructor}}{{__proto__}}'],
]

test.each(cases)('%s', (text, values, result) => {
  expect(render(text, values)).toBe(result)
})

test('data stays data: what a marker gives is never looked through again', () => {
  const values = { body: `{{md5("Hello")}}{{secret}}\u00C2\u00A7secret\u00C2\u00A7`, secret: 'told', quote: "value', 'missing') || contains('" }
  expect(render('/?x={{body}}', values)).toBe(`/?x=${values.body}`)
  expect(render("{{concat(body, '-x')}}", values)).toBe(`${values.body}-x`)
  expect(render("{{concat('{{body}}', '-x')}}", values)).toBe(`${values.body}-x`)
  expect(render("{{concat('\u00C2\u00A7body\u00C2\u00A7', '-x')}}", values)).toBe(`${values.body}-x`)
  expect(render("{{contains('{{quote}}', 'needle')}}", values)).toBe('false')
  expect(render("{{concat('{{any}}')}}", { any: 'a\nb\tc\\e\'f"g' })).toBe('a\nb\tc\\e\'f"g')
})

test('what is missing is told, and what is meant to stay is not', () => {
  const text = compileText("{{a}} {{b}} {{md5(c)}} {{base64('{{d}}')}} {{7*7}} {{'x'+'y'}} {{request.application}} {{base64()}}")
  const lookup = (name: string): Value | undefined => (name === 'a' ? 1 : undefined)
  const found: string[] = []
  expect(text.render(lookup, environment, found)).toBe("1 {{b}} {{md5(c)}} {{base64('{{d}}')}} {{7*7}} {{'x'+'y'}} {{request.application}} {{base64()}}")
  expect(found).toEqual(['b', 'md5(c)', "base64('{{d}}')", 'request.application', 'base64()'])
  expect(text.unresolved(lookup)).toEqual(['b', 'md5(c)', "base64('{{d}}')", 'request.application'])
  expect(text.names).toEqual(['a', 'b', 'c', 'd', 'request.application'])
  expect(text.functions).toEqual(['md5', 'base64'])
})

test('a text without markers says so', () => {
  expect(compileText('a {b} }} {{').literal).toBe('a {b} }} {{')
  expect(compileText('{{a}}').literal).toBeNull()
  expect(compileText('§ in UTF-16 is no sign').literal).not.toBeNull()
})

test('a function that is not to be had is told, not left standing', () => {
  expect(() => compileText("GET /{{resolve('a.example')}}")).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code: 'function_unsupported' }) as unknown }) as Error)
})

test('whatever is written: a text or EvaluationError, and without markers the same text', () => {
  const piece = fc.constantFrom('{{', '}}', '{', '}', '\u00C2\u00A7', 'a', ' ', "'", '"', '(', ')', 'md5(', 'concat(', '+', '1', ',', '\\', '\n', 'é')
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (all) => {
    const text = bytesOf(all.join(''))
    try {
      const result = render(text, { a: 'A' })
      if (!text.includes('{{') && !text.includes('\u00C2\u00A7')) expect(result).toBe(text)
    } catch (error) {
      expect(error).toBeInstanceOf(EvaluationError)
    }
  }), { numRuns: 2_000 })
})

test('a value stands in the result as it is, whatever it is', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }).map(bytesOf), (value) => {
    expect(render('<{{a}}|{{concat(a)}}|\u00C2\u00A7a\u00C2\u00A7>', { a: value })).toBe(`<${value}|${value}|${value}>`)
  }), { numRuns: 500 })
})
