// V8 is the oracle: the same match, the same groups. Only expressions that V8 answers in reasonable time are drawn.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePcre } from './pcre.ts'
import { createSpans } from './spans.ts'

const codes = (text: string): number[] => Array.from(text, (char) => char.codePointAt(0) as number)

function spans(source: string, text: string): (string | null)[] | null {
  const units = Array.from(text)
  return createSpans(parsePcre(source, '')).find(codes(text), 0)?.map((span) => (span === null ? null : units.slice(...span).join(''))) ?? null
}

function inV8(source: string, text: string): (string | null)[] | null {
  const found = new RegExp(source, 'u').exec(text)
  return found === null ? null : Array.from(found, (group) => group ?? null)
}

test('match and groups are those of V8', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\b', '\\\\')
  const quantifier = fc.constantFrom('', '', '', '?', '*', '+', '??', '*?', '+?', '{2}', '{1,2}', '{0,2}?')
  const { expression } = fc.letrec<{ expression: string; term: string }>((tie) => ({
    term: fc.oneof({ maxDepth: 3 }, atom.chain((part) => quantifier.map((times) => (part === '\\b' ? part : part + times))), fc.tuple(fc.constantFrom('(', '(?:'), tie('expression'), fc.constant(')')).map((parts) => parts.join(''))),
    expression: fc.oneof({ maxDepth: 3 }, tie('term'), fc.array(tie('term'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')), fc.tuple(tie('term'), tie('term')).map((parts) => parts.join('|'))),
  }))
  fc.assert(fc.property(expression, fc.array(fc.constantFrom('a', 'b', '1', '\\', '😀'), { maxLength: 10 }).map((parts) => parts.join('')), (source, text) => {
    expect(spans(source, text)).toEqual(inV8(source, text))
  }), { numRuns: 5000 })
})

test.each<[source: string, text: string, expected: (string | null)[] | null]>([
  ['^\\*\\\\([^\\\\]+)$', '*\\cmd.exe', ['*\\cmd.exe', 'cmd.exe']],
  ['(?P<hive>HKLM)\\\\', 'x HKLM\\Software', ['HKLM\\', 'HKLM']],
  ['(a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'a', 'bcd', '']],
  ['(?i)abc', 'xABC', ['ABC']],
  ['x', 'abc', null],
])('%s in %s', (source, text, expected) => expect(spans(source, text)).toEqual(expected))

test('an expression that would go back for ever is answered at once', () => {
  const from = performance.now()
  expect(spans('(a+)+$', `${'a'.repeat(2000)}b`)).toBeNull()
  expect(performance.now() - from).toBeLessThan(10_000)
})
