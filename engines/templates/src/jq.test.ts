import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EvaluationError } from './dsl/evaluation.ts'
import { compileJq, type Json } from './jq.ts'
import { TemplateError } from './problem.ts'

// From the manual of jq, and what templates ask for.
const cases: readonly (readonly [expression: string, input: Json, results: readonly Json[]])[] = [
  ['', 1, [1]],
  ['.a.b', { a: { b: 1 } }, [1]],
  ['.a."b c"["d"]', { a: { 'b c': { d: 1 } } }, [1]],
  ['."m.server"', { 'm.server': 'x' }, ['x']],
  ['.a.[]', { a: [1, 2] }, [1, 2]],
  ['.a.[0]', { a: [1, 2] }, [1]],
  ['.[]', { b: 1, a: 2 }, [2, 1]],
  ['.[-1], .[5], .[1:], .[:-1]', [1, 2, 3], [3, null, [2, 3], [1, 2]]],
  ['..|objects|.nodeId//empty[0]', [{ nodeId: 1 }, { x: { nodeId: 2 } }], [1, 2]],
  ['.version?', [1], []],
  // Only the last step is forgiven.
  ['[.[] | .b?]', [{ a: 1 }, 1, { b: 2 }], [[null, 2]]],
  ['try [.a.b.c?] catch "failed"', { a: 1 }, ['failed']],
  ['[(.a.b.c)?]', { a: 1 }, [[]]],
  ['"Version: "+ .version , "Cluster Name: "+ .name', { version: '1', name: 'n' }, ['Version: 1', 'Cluster Name: n']],
  ['.server | select((.name != null) and (.version != null)) | .name, .version', { server: { name: 'a', version: 'b' } }, ['a', 'b']],
  ['.rows[] | "\\(.user) : \\(.n + 1)"', { rows: [{ user: 'u', n: 1 }] }, ['u : 2']],
  ['.caps | with_entries(select(.value == true)) | keys', { caps: { b: true, a: true, c: false } }, [['a', 'b']]],
  ['.entities[] | select(.roles[] | contains("registrant")) | .v[1].[] | select(.[0] == "fn") | .[-1]', { entities: [{ roles: ['registrant'], v: ['vcard', [['fn', 'Ann'], ['org', 'X']]] }] }, ['Ann']],
  ['.a // "none"', { a: false }, ['none']],
  ['capture("V(?<version>\\\\d+(?:\\\\.\\\\d+)*)"; "i") | .version | split(".") | map(tonumber)', 'v1.20.3', [[1, 20, 3]]],
  ['if .a==true and .b then "both" elif .a then "one" else "none" end', { a: true, b: false }, ['one']],
  ['{selfLink, "x": .y[]}', { selfLink: 's', y: [1, 2] }, [{ selfLink: 's', x: 1 }, { selfLink: 's', x: 2 }]],
  ['map(select(.Route == 0) | .Project)', [{ Route: 0, Project: 'p' }, { Route: 1 }], [['p']]],
  ['reduce .[] as $x (0; . + $x)', [1, 2, 3], [6]],
  ['[foreach .[] as $x (0; . + $x)]', [1, 2, 3], [[1, 3, 6]]],
  ['def double(f): f * 2; map(double(.))', [1, 2], [[2, 4]]],
  ['group_by(.a) | map(length)', [{ a: 1 }, { a: 2 }, { a: 1 }], [[2, 1]]],
  ['[.[] | test("^a")]', ['ab', 'b'], [[true, false]]],
  ['gsub("[0-9]+"; "#")', 'a12b3', ['a#b#']],
  ['@base64, @uri, @html', 'a&<', ['YSY8', 'a%26%3C', 'a&amp;&lt;']],
  ['@json "v=\\(.)"', [1, 'a'], ['v=[1,"a"]']],
  ['try error("x") catch .', null, ['x']],
  ['[.[] | tonumber?]', ['1', 'x', 2], [[1, 2]]],
  ['label $out | .[] | if . > 1 then ., break $out else . end', [1, 2, 3], [1, 2]],
  ['del(.a, .b[0]) | .c |= . + 1', { a: 1, b: [1, 2], c: 1 }, [{ b: [2], c: 2 }]],
  ['[paths]', { a: [1] }, [[['a'], ['a', 0]]]],
  ['.["__proto__"], has("constructor"), .toString', { a: 1 }, [null, false, null]],
  ['{("__proto__"): 1} | keys', null, [['__proto__']]],
  ['[limit(2; .[])], first(.[]), [.[] | . as [$a, $b] | $a + $b]', [[1, 2], [3, 4]], [[[1, 2], [3, 4]], [1, 2], [3, 7]]],
]

test.each(cases)('%s', (expression, input, results) => {
  expect(JSON.parse(JSON.stringify(compileJq(expression).run(input)))).toEqual(JSON.parse(JSON.stringify(results)))
})

test('what came before a failure counts, and the failure can be had', () => {
  const jq = compileJq('.[] | .a')
  expect(jq.run([{ a: 1 }, 2, { a: 3 }])).toEqual([1])
  expect(() => [...jq.results([{ a: 1 }, 2])]).toThrow(EvaluationError)
})

test.each(['.[', '.a |', '| .a', 'nosuch', 'nosuch(1)', '$x', 'reduce . as x (0; .)', '"open', '{a', '.a..b', 'if . then', '@nosuch', 'break $x', '1 as $x', '. as [$a] | $b', '(1', '1)', '.a = = 1', '1 == 2 == 3', "'a'", 'def f: 1', '"\\x"', '&', 'map(.'])('%s is refused', (source) => {
  expect(() => compileJq(source)).toThrow(TemplateError)
})

test('whatever is written, it is compiled or refused, and its run ends in a typed way', () => {
  const piece = fc.constantFrom('.', '.a', '[', ']', '{', '}', '(', ')', '|', ',', ':', ';', '"a"', '"\\(', '1', '+', '-', '//', '?', ' as $x ', '$x', 'map(', 'select(', 'if ', ' then ', ' end', 'reduce ', 'try ', '..', '=', '|=', 'and ', 'def f: ', 'f', 'keys', 'path(', '@base64', 'limit(3;')
  fc.assert(fc.property(fc.array(piece, { maxLength: 14 }), fc.jsonValue({ maxDepth: 3 }), (pieces, json) => {
    let jq
    try {
      jq = compileJq(pieces.join(''))
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError)
      return
    }
    try {
      for (const value of jq.run(json as Json)) expect(value).toBeDefined()
    } catch (error) {
      expect(error).toBeInstanceOf(EvaluationError)
    }
  }), { numRuns: 2_000 })
})
