import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TemplateError } from '../problem.ts'
import { interpret, ofPlain, plain, standard } from './interpreter.ts'
import type { FlowValue } from './interpreter.ts'
import { parseFlow } from './syntax.ts'

const never = new AbortController().signal

/** What the program told `out`, by our own walk. */
async function told(source: string, globals: (name: string) => FlowValue = () => undefined): Promise<unknown[]> {
  const list: unknown[] = []
  const out = (values: readonly FlowValue[]): FlowValue => void list.push(...values.map((value) => plain(value)))
  await interpret(parseFlow(source), (name) => (name === 'out' ? out : globals(name) ?? standard(name, () => 0)), never)
  return list
}

function toldByV8(source: string): unknown[] {
  const list: unknown[] = []
  runInNewContext(source, { out: (...values: unknown[]) => void list.push(...values.map((value) => (value === undefined || typeof value === 'function' ? undefined : JSON.parse(JSON.stringify(value)) as unknown))) }, { timeout: 1_000 })
  return list
}

const problem = async (source: string): Promise<string> => {
  try {
    await told(source)
  } catch (error) {
    if (error instanceof TemplateError) return `${error.problem.code} ${error.problem.place}`
    throw error
  }
  return 'none'
}

test.each([
  // Statements end where lines do.
  'let a = 1\nlet b = 2\nout(a + b)', 'var a = 1; { var a = 2 } out(a)', 'let a = 1; { let a = 2; out(a) } out(a)', 'a = 5; out(a)',
  'for (let i = 0; i < 3; i++) { if (i == 1) continue; out(i) }', 'for (i = 0; i < 2; i++) out(i); out(i)', 'for (let x of [1, 2, 3]) { if (x === 2) break; out(x) }', 'for (p in ["a", "b"]) out(p)', 'for (const k in { x: 1, y: 2 }) out(k)',
  'let n = 0; while (n < 3) n += 1; out(n)', 'let n = 0; do { n++ } while (n < 3); out(n)', 'out(f(3)); function f(x) { return x <= 1 ? 1 : x * f(x - 1) }', 'let g = (x, y) => x + (y || 10); out(g(1), g(1, 2))', 'let h = x => { return { v: x } }; out(h(3).v)',
  'let check = function () { for (let u of ["a", "b"]) { if (u === "b") return false } return true }; out(check())', 'let fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); out(fs.map(f => f()))',
  'out(1 + "2", "3" * 2, 7 % 3, 2 ** 3 ** 2, -(2 ** 2), 1 / 0, 5 & 3, 5 | 3, 5 ^ 3, ~5, 1 << 4, -8 >> 1, -8 >>> 28)', 'out(null == undefined, null === undefined, "1" == 1, [] == "", [1] == 1, NaN == NaN)', 'out("b" > "a", "10" < "9", 10 < 9, "10" < 9)',
  'out(null ?? 1, 0 ?? 1, 0 || 2, 1 && 3)', 'let o = { a: { b: [1, 2] }, "c-d": 3, ["e" + 1]: 4 }; out(o.a.b[1], o["c-d"], o.e1, o.x?.y, o.a?.b.length)', 'let x; x ??= 4; x ||= 5; x &&= 6; out(x)', 'let a = [1, 2]; a[3] = 4; out(a.length, a[1]++, a, --a[0])', 'out([...[1, 2], 3], [].concat([1], 2))',
  'out(`a${1 + 1}b${`c${"}"}`}`)', 'out("\\x41\\u00e9\\n", \'it\\\'s\')', 'try { throw "x" } catch (e) { out(e) } finally { out("last") }', 'let c = 0; try { c = 1 } finally { c += 1 } out(c)', 'out(typeof 1, typeof "a", typeof undefined, typeof null, typeof [], typeof (() => 1))',
  'out("a,b,,c".split(","), "abc".split(""), "a1b22c".split(/\\d+/), "x".padStart(3, "0"), "abcdef".slice(-3, -1), "abcdef".substr(1, 2), "abc".at(-1))', 'out("a-b-c".replace("-", "+"), "a-b-c".replaceAll("-", "+"), "a1b2".replace(/\\d/g, d => d * 2), "john smith".replace(/(\\w+)\\s(\\w+)/, "$2, $1"))',
  'out("x12y34".match(/\\d+/g), "x12y34".match(/(\\d)(\\d)/), "abc".match(/z/))', 'out(/^a.c$/i.test("ABC"), "a b  c".trim().split(/\\s+/))', 'out([3, 1, 2].sort(), [10, 9, 1].sort(), [10, 9, 1].sort((a, b) => a - b), [1, 2, 3, 4].filter(x => x % 2 == 0).map(x => x * x).reduce((a, b) => a + b, 0))',
  'out([1, 2, 3].some(x => x > 2), [1, 2].every(x => x > 1), [1, 2].find(x => x > 1), [[1], [2]].flat(), [1, 2].includes(2), [1, 2, 3].indexOf(3), ["a", "b"].join("-"))', 'out(JSON.parse("{\\"a\\":[1,{\\"b\\":null}]}").a[1], JSON.stringify({ a: [1, "x"], b: undefined }), Object.keys({ x: 1, y: 2 }), Array.isArray([]))',
  'out(parseInt("12px"), parseInt("ff", 16), parseFloat("1.5x"), isNaN(parseInt("x")), Math.max(1, 5, 3), Math.floor(2.7), Number("3"), String(4), (255).toString(16), (1.005).toFixed(1))', 'out((1, 2), void_ = 3)', '// a comment\nout(1) /* and\nanother */; out(2)', 'let a = 4 / 2 / 1; out(a)', 'if (true) { out(1) } else { out(2) };', 'out(((a, b) => a)(1, 2))',
  'let o = { m: 1 }; o.m += 2; o.n = o.m++; out(o)', 'var s = ""; for (var k = 0; k < 3; k++) { s += k } out(s, k)', 'out("é한".length, encodeURIComponent("a b/é"), decodeURIComponent("%41"))', 'out(true ? 1 : 2, false ? 1 : true ? 3 : 4, !0, +"5", -"3")', 'let undefinedThing = { a: undefined }; out("a" in undefinedThing, "b" in undefinedThing)',
])('as V8: %s', async (source) => {
  // V8 hands on what JSON can hold; so does ours.
  const expected = toldByV8(source)
  expect((await told(source)).map((value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)) as unknown))).toEqual(expected)
})

describe('drawn programs', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const literal = fc.oneof(fc.integer({ min: -20, max: 20 }).map((number) => (number < 0 ? `(${number})` : String(number))), fc.constantFrom('"x"', '"10"', '""', 'true', 'false', 'null', 'undefined', '[1, 2]', '[]', '{ "k": 1 }').map((text) => `(${text})`), name)
  const { expression, statement } = fc.letrec<{ expression: string; statement: string }>((tie) => ({
    expression: fc.oneof({ maxDepth: 4 }, literal,
      fc.tuple(tie('expression'), fc.constantFrom('+', '-', '*', '%', '===', '!==', '==', '!=', '<', '>', '<=', '>=', '&', '|', '^', '&&', '||'), tie('expression')).map(([left, sign, right]) => `(${left} ${sign} ${right})`),
      fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([test, then, otherwise]) => `(${test} ? ${then} : ${otherwise})`), tie('expression').map((of) => `(!${of})`), tie('expression').map((of) => `(typeof ${of})`), tie('expression').map((of) => `[${of}, 1]`), tie('expression').map((of) => `(x => x)(${of})`),
      fc.tuple(name, tie('expression')).map(([target, value]) => `(${target} = ${value})`), name.map((target) => `${target}++`), tie('expression').map((of) => `String(${of}).length`), tie('expression').map((of) => `\`<\${${of}}>\``)),
    statement: fc.oneof({ maxDepth: 3 }, tie('expression').map((of) => `out(${of});`), fc.tuple(name, tie('expression')).map(([target, value]) => `${target} = ${value};`),
      fc.tuple(tie('expression'), tie('statement'), tie('statement')).map(([test, then, otherwise]) => `if (${test}) { ${then} } else { ${otherwise} }`), fc.tuple(tie('statement'), fc.constantFrom('', 'if (i == 1) continue;', 'if (i == 1) break;')).map(([body, leave]) => `for (let i = 0; i < 3; i++) { ${leave} ${body} }`),
      fc.tuple(tie('statement'), tie('statement')).map(([one, other]) => `${one}\n${other}`), fc.tuple(name, tie('expression'), tie('statement')).map(([inner, value, body]) => `{ let given = ${value}; { let ${inner} = given; ${body} } }`), tie('statement').map((body) => `(() => { ${body} return 1 })();`)),
  }))
  test('do what they do in V8', async () => {
    await fc.assert(fc.asyncProperty(fc.array(statement, { minLength: 1, maxLength: 4 }), async (statements) => {
      const source = `var a = 1; var b = "t"; var c = [3];\n${statements.join('\n')}\nout(a, b, c)`
      const shown = (values: unknown[]): string => JSON.stringify(values.map((value) => (value === undefined ? 'undefined' : typeof value === 'number' && !Number.isFinite(value) ? null : value)))
      expect(shown(await told(source)), source).toBe(shown(toldByV8(source)))
    }), { numRuns: 300 })
  })
  test('any text is a program or a coded problem', async () => {
    const piece = fc.oneof(expression, fc.constantFrom('{', '}', '(', ')', '[', ']', ';', '\n', 'for', 'if', '=>', '`', '${', '"', '/', '/*', '...', 'function', 'return', '?.', 'let', 'class', '\\', '한', '\u0000'), fc.string({ maxLength: 5 }))
    await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      await problem(pieces.join(' '))
    }), { numRuns: 500 })
  })
})

test.each([
  ['class A {}', 'flow_unsupported flow line 1'], ['\nlet x = new Date()', 'flow_unsupported flow line 2'], ['http(1', 'flow_invalid flow line 1'], ['let = 1', 'flow_invalid flow line 1'], ['"abc', 'flow_invalid flow line 1'], ['a b', 'flow_invalid flow line 1'], ['`${', 'flow_invalid flow line 1'], [`out(${'`${'.repeat(9_000)}`, 'flow_invalid flow line 1'], [`out(${'`${'.repeat(9_000)}1${'}`'.repeat(9_000)})`, 'flow_invalid flow line 1'],
  ['nothing(1)', 'flow_failed flow line 1'], ['\n\nnull.x', 'flow_failed flow line 3'], ['throw "x"', 'flow_failed flow'], ['JSON.parse("{")', 'flow_failed flow'], ['"x".constructor("return process")()', 'flow_failed flow line 1'], ['[].constructor.constructor("return process")()', 'flow_failed flow line 1'], ['({}).__proto__.x = 1', 'flow_failed flow line 1'],
  ['while (true) {}', 'budget_exceeded flow'], ['for (;;) ;', 'budget_exceeded flow'], ['function f() { return f() } f()', 'budget_exceeded flow'], ['let s = "xx"; for (;;) s += s', 'budget_exceeded flow'], ['"x".repeat(1e12)', 'budget_exceeded flow'], ['let a = [1]; for (;;) a = a.concat(a)', 'budget_exceeded flow'],
  ['let i = 0; const o = {}; while (true) { i++; o["n" + i] = "x".repeat(100000) }', 'budget_exceeded flow'], ['const a = []; for (;;) a.push("x".repeat(1000000) + a.length)', 'budget_exceeded flow'], ['const a = [..."x".repeat(90000)]; const all = []; for (;;) all.push([...a])', 'budget_exceeded flow'], ['let a = "x".repeat(1000).split(""); for (;;) a = a.concat(a)', 'budget_exceeded flow'],
  ['let a = []; a[1e9] = 1', 'flow_failed flow line 1'], ['let a = [...Array.from("x".repeat(200000))]', 'budget_exceeded flow'], ['try { while (true) {} } catch (e) { out("never") }', 'budget_exceeded flow'], ['let a = "x".repeat(99999).split(""); for (;;) a.includes("y")', 'budget_exceeded flow'], [`out(${'('.repeat(5_000)}1${')'.repeat(5_000)})`, 'flow_invalid flow line 1'],
  [`out(${'1 + '.repeat(9_000)}1)`, 'budget_exceeded flow'], [' '.repeat(200_000), 'flow_invalid flow line 1'],
])('%#: hostile or broken: %.40s', async (source, expected) => {
  expect(await problem(source)).toBe(expected)
})

test('what it is handed, it may call and wait for', async () => {
  const calls: unknown[] = []
  const http = async (values: readonly FlowValue[]): Promise<FlowValue> => {
    calls.push(...values)
    await Promise.resolve()
    return values[0] !== 2
  }
  expect(await told('out(http(1) && http(2) && http(3)); out([1, 2].map(http))', (name) => (name === 'http' ? http : undefined))).toEqual([false, [true, false]])
  expect(calls.slice(0, 2)).toEqual([1, 2])
})

test('plain data comes in and goes out as it is', async () => {
  const given = { a: [1, 'x', null, { b: true }], __proto__: 1 }
  const back: unknown[] = []
  await interpret(parseFlow('out(data)'), (name) => (name === 'data' ? ofPlain(given) : ([value]) => void back.push(plain(value))), never)
  expect(back).toEqual([given])
})
