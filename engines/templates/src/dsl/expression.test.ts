import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '@haechi/probes/wire'
import { compileExpression } from '../interpolation.ts'
import type { Value } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { EvaluationError, type EvaluationCode } from './evaluation.ts'

const environment = { random: () => 0, now: () => 0 }
const known: Readonly<Record<string, Value>> = { status_code: 200, body: 'Hello World', empty: '', yes: true, list: ['a', 'b'], nothing: null, 'a name': 'bracketed', number_text: '12', '2021': 'year' }
const evaluate = (source: string): Value => compileExpression(bytesOf(source)).evaluate((name) => known[name], environment)

// Worked out by hand from govaluate's manual and its order of operators.
const cases: readonly (readonly [expression: string, result: Value])[] = [
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 2 - 3', 5],
  ['100 / 10 / 5', 2],
  ['7 % 4', 3],
  ['-7 % 4', -3],
  ['2 ** 3 ** 2', 64],
  ['-2 ** 2', 4],
  ['0x1F + 1', 32],
  ['.5 + 1.5', 2],
  ['6 & 3', 2],
  ['6 | 3', 7],
  ['6 ^ 3', 5],
  ['~5', -6],
  ['1 << 3', 8],
  ['256 >> 4', 16],
  ['1 << 2 + 1', 8],
  ['1 | 2 == 3', true],
  ['1 + 1 == 2 && 3 > 2', true],
  ['true || false && false', true],
  ['!true || true', true],
  ['!(true || true)', false],
  ['status_code == 200', true],
  ["status_code == '200'", false],
  ['status_code != 200', false],
  ['status_code>=200&&status_code<300', true],
  ["'abc' < 'abd'", true],
  ["'10' < '9'", true],
  ["'a' + 'b'", 'ab'],
  ["'a' + 1", 'a1'],
  ['1.5 + "a"', '1.5a'],
  ["'' + 1000000", '1e+06'],
  ["'x' + yes", 'xtrue'],
  ["'x' + list", 'x[a b]'],
  ["'x' + nothing", 'x<nil>'],
  ["body =~ 'H.*d$'", true],
  ["body !~ 'x'", true],
  ["body =~ ('H' + 'e')", true],
  ['2 in (1, 2, 3)', true],
  ["'c' in list", false],
  ["'b' IN list", true],
  ['true ? 1 : 2', 1],
  ['false ? 1 : 2', 2],
  ['false ? 1 : true ? 2 : 3', 2],
  ['nothing ?? 5', 5],
  ['empty ?? 5', ''],
  ['(true ? 1)', 1],
  ['(1, 2, 3)', [1, 2, 3]],
  ['1, 2', [1, 2]],
  ['[a name]', 'bracketed'],
  [String.raw`[a\ name]`, 'bracketed'],
  ['["2021"]', 'unknown_name'],
  ['[2021]', 'year'],
  [`"it's"`, "it's"],
  [String.raw`'it\'s'`, "it's"],
  [String.raw`'a\nb'`, 'anb'],
  [String.raw`'a\\b'`, String.raw`a\b`],
  [`'either way"`, 'either way'],
  ['len("é") == 2', true],
  ['"é"', bytesOf('é')],
  ["'2021-01-01'", 1_609_459_200],
  ["'2021-01-01 10:00:00' > '2021-01-01'", true],
  ["'3:04PM'", -62_167_164_960],
  ["'2021-13-01'", '2021-13-01'],
  ['tolower(body) == to_lower(body)', true],
  ['contains(tolower(body), "world") && !contains(body, "x")', true],
  ['concat()', ''],
  ['concat((1, 2), 3)', '123'],
  // Nothing on the right of what decides.
  ['true || missing', true],
  ['false && missing', false],
  ['nothing ?? 1', 1],
  ['true ? 1 : missing', 1],
  ['{{status_code}} == 200', true],
  ['{{number_text}} + 1', 13],
  ['§status_code§ == 200', true],
  ['len({{body}})', 11],
]

test.each(cases)('%s', (expression, result) => {
  if (result === 'unknown_name') expect(() => evaluate(expression)).toThrow(EvaluationError)
  else expect(evaluate(expression)).toEqual(result)
})

const failures: readonly (readonly [expression: string, code: EvaluationCode])[] = [
  ['missing', 'unknown_name'],
  ['false || missing', 'unknown_name'],
  ["'a' - 1", 'wrong_type'],
  ["status_code > '100'", 'wrong_type'],
  ['yes + 1', 'wrong_type'],
  ['1 && true', 'wrong_type'],
  ['true && 1', 'wrong_type'],
  ['!body', 'wrong_type'],
  ['-body', 'wrong_type'],
  ['1 ? 2 : 3', 'wrong_type'],
  ['1 in 2', 'wrong_type'],
  ["1 =~ 'a'", 'wrong_type'],
  ["body =~ '('", 'invalid_input'],
  ['body.Length', 'wrong_type'],
  ['to_lower(nothing)', 'wrong_arguments'],
  ["to_lower('a', 'b')", 'wrong_arguments'],
]

test.each(failures)('%s fails as %s', (expression, code) => {
  expect(() => evaluate(expression)).toThrow(expect.objectContaining({ name: EvaluationError.name, code }) as Error)
})

test.each([
  '', '   ', '1 +', '+ 1', '* 2', '(1', '1)', '()', "'open", '"open\\', '[open', 'a b', '1 2', "'a' 'b'", 'a(1)', 'md5', 'md5 + 1', '!!true', 'true &&!false', '1 ==-1', '1 <> 2', '1 = 1', 'a.b', 'a.', '_a', '$a', '#', '1..2', '0x', '0xg',
  '1 +* 2', 'a ,', ', a', '- - 1', "!'a'", "1 + '2021-01-01'", 'No Network Policies found', `${'('.repeat(101)}1${')'.repeat(101)}`, Array.from({ length: 1_500 }, () => '1').join('+'),
])('%s is no expression', (source) => {
  expect(() => compileExpression(source)).toThrow(expect.objectContaining({ name: TemplateError.name, problem: expect.objectContaining({ code: 'expression_invalid' }) as unknown }) as Error)
})

test('names and functions are told', () => {
  const { names, functions } = compileExpression("contains(tolower(body_2), 'x') && status_code == 200 && contains(body_2, '{{randstr}}{{md5(marker)}}')")
  expect(names).toEqual(['body_2', 'status_code', 'randstr', 'marker'])
  expect(functions).toEqual(['contains', 'tolower', 'md5'])
})

test('quoted texts may hold markers; what these give is data', () => {
  const values: Record<string, Value> = { body: 'x{{secret}}y', word: 'x{{secret}}y', secret: 'told', number: 7 }
  const run = (source: string): Value => compileExpression(bytesOf(source)).evaluate((name) => values[name], environment)
  expect(run("contains(body, '{{word}}')")).toBe(true)
  expect(run("'{{word}}'")).toBe('x{{secret}}y')
  expect(run("'{{missing}}'")).toBe('{{missing}}')
  expect(run("'{{7*7}}'")).toBe('{{7*7}}')
  expect(run(`'{{md5("a")}}'`)).toBe('0cc175b9c0f1b6a831c399e269772661')
  expect(run("'§number§'")).toBe('7')
})

// An arithmetic oracle: the tree itself, written with all its parentheses.
type Sum = { readonly text: string; readonly value: number }
const sums: fc.Arbitrary<Sum> = fc.letrec<{ sum: Sum }>((tie) => ({
  sum: fc.oneof(
    { maxDepth: 5 },
    fc.integer({ min: 0, max: 99 }).map((value) => ({ text: String(value), value })),
    fc.tuple(tie('sum'), fc.constantFrom('+', '-', '*'), tie('sum')).map(([left, operator, right]) => ({
      text: `(${left.text}${operator} ${right.text})`,
      value: operator === '+' ? left.value + right.value : operator === '-' ? left.value - right.value : left.value * right.value,
    })),
    tie('sum').map(({ text, value }) => ({ text: `(-(${text}))`, value: -value })),
  ),
})).sum

test('sums come out', () => {
  fc.assert(fc.property(sums, ({ text, value }) => {
    expect(evaluate(text)).toBe(value)
  }), { numRuns: 300 })
})

const pieces = fc.constantFrom('body', 'md5', '(', ')', ',', "'a'", '"', "'", '\\', '1', '.5', '0x1', '==', '!=', '&&', '||', '!', '-', '?', ':', '??', ' ', '{{', '}}', '§', '[', ']', 'in', 'true', '=~', '2021-01-01', 'é', '\0', 'contains(', 'x.Y')

test('whatever is written, it is an expression or refused, and its value or failure is typed', () => {
  fc.assert(fc.property(fc.oneof(fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')), fc.string({ unit: 'binary' })), (source) => {
    let expression
    try {
      expression = compileExpression(bytesOf(source))
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError)
      return
    }
    try {
      expression.evaluate((name) => known[name], environment)
    } catch (error) {
      expect(error).toBeInstanceOf(EvaluationError)
    }
  }), { numRuns: 2_000 })
})
