// The expressions are held against V8's, which backtracks and shares no code with them, and against expressions that make V8 explode.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePcre } from './pcre.ts'
import { createSearch } from './search.ts'
import type { Search } from './search.ts'

const compileRegex = (source: string, flags: string): Search => createSearch(parsePcre(source, flags))

const found = (source: string, flags: string, text: string): boolean => {
  const answer = compileRegex(source, flags).search(text)
  expect(answer).not.toBe('exhausted')
  return answer === 'found'
}

/** Expressions that PCRE and V8 read alike. */
const atom = fc.constantFrom('a', 'b', 'c', '.', String.raw`\d`, String.raw`\w`, String.raw`\W`, '[ab]', '[^a]', '[^\\d\\n]', '[b-]', 'é', '😀', String.raw`\.`, String.raw`\x61`, String.raw`\n`, '^', String.raw`\b`, String.raw`\B`)
const { expression } = fc.letrec<{ expression: string; branch: string; piece: string; atom: string }>((tie) => ({
  atom,
  piece: fc.oneof(
    { weight: 6, arbitrary: tie('atom') },
    fc.tuple(tie('atom').filter((text) => !['^', String.raw`\b`, String.raw`\B`].includes(text)), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '{0,2}')).map(([one, times]) => one + times),
    fc.tuple(fc.constantFrom('(', '(?:', '(?<name>'), tie('expression'), fc.constantFrom(')', ')*', ')+', '){1,2}', ')?')).map((parts) => parts.join('')),
  ),
  branch: fc.array(tie('piece'), { maxLength: 4 }).map((parts) => parts.join('')),
  expression: fc.oneof({ weight: 3, arbitrary: tie('branch') }, fc.tuple(tie('branch'), tie('branch')).map((parts) => parts.join('|'))),
}))
const subject = fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'É', 'é', '😀', '1', '-', ' ', '\n', '.'), { maxLength: 12 }).map((parts) => parts.join(''))

test('as V8 finds, so it is found', () => {
  fc.assert(fc.property(expression, fc.subarray(['i', 'm', 's']), fc.array(subject, { minLength: 1, maxLength: 4 }), (source, flags, subjects) => {
    let oracle: RegExp
    try {
      // Sticky: V8's own search also begins inside a surrogate pair and finds `\\B` there, though a place is between code points (ECMA-262, RegExpBuiltinExec).
      oracle = new RegExp(source, `${flags.join('')}uy`)
    } catch {
      return
    }
    const regex = compileRegex(source, flags.join(''))
    const holds = (text: string, at: number): boolean => {
      oracle.lastIndex = at
      return oracle.test(text)
    }
    for (const text of subjects) {
      const found = [...Array.from(text), ''].some((_, place, points) => holds(text, points.slice(0, place).join('').length))
      expect({ source, flags, text, answer: regex.search(text) }).toEqual({ source, flags, text, answer: found ? 'found' : 'absent' })
    }
  }), { numRuns: 3000 })
})

describe('where PCRE and V8 differ, PCRE holds', () => {
  test.each<[source: string, flags: string, text: string, answer: boolean]>([
    ['a$', '', 'a\n', true], ['a$', '', 'a\n\n', false], [String.raw`a\z`, '', 'a\n', false], [String.raw`a\Z`, '', 'a\n', true], ['a$', 'm', 'a\nb', true], [String.raw`\Ab`, 'm', 'a\nb', false],
    ['(?i)aB', '', 'Ab', true], ['a(?i)b', '', 'aB', true], ['a(?i)b', '', 'AB', false], ['(?:(?i)a)b', '', 'AB', false], ['(?i:a)b', '', 'Ab', true], ['(?-i:a)b', 'i', 'AB', false], ['(?s).', '', '\n', true],
    ['(?P<n>a)', '', 'a', true], ["(?'n'a)", '', 'a', true], ['a{', '', 'a{', true], ['a{x}', '', 'a{x}', true], ['{1,2}a', '', '{1,2}a', true], ['a]', '', 'a]', true], ['a}', '', 'a}', true], ['[]a]', '', ']', true], ['[^]a]', '', 'b', true],
    ['[[:alpha:]]+[[:digit:]]', '', 'ab1', true], ['[[:^alpha:]]', '', 'ab', false], [String.raw`[\w-]`, '', '-', true], [String.raw`[a-\d]`, '', '-', true], [String.raw`\x{1F600}`, '', '😀', true], [String.raw`[\b]`, '', '\b', true],
    [String.raw`\s`, '', '\u00A0', false], [String.raw`\h`, '', '\u00A0', true], [String.raw`\d`, '', '٣', false], [String.raw`\w`, 'i', 'ſ', false], ['[^a]', 'i', 'A', false], ['[А-Я]', 'i', 'ж', true], ['', '', '', true], ['()', '', 'x', true], ['a||b', '', 'x', true],
    [String.raw`\e\a\t\0`, '', '\u001B\u0007\t\0', true],
  ])('%s /%s %j', (source, flags, text, answer) => expect(found(source, flags, text)).toBe(answer))
})

test.each<[source: string, code: string]>([
  ['(', 'regex_invalid'], [')', 'regex_invalid'], ['a**', 'regex_invalid'], ['*a', 'regex_invalid'], ['a{3,1}', 'regex_invalid'], ['[a', 'regex_invalid'], ['[z-a]', 'regex_invalid'], ['a\\', 'regex_invalid'], [String.raw`\xg`, 'regex_invalid'], ['[[:nothing:]]', 'regex_invalid'],
  [String.raw`\x{110000}`, 'regex_invalid'], [`${'('.repeat(200)}${')'.repeat(200)}`, 'regex_invalid'],
  ['(?=a)', 'regex_unsupported'], ['(?!a)', 'regex_unsupported'], ['(?<=a)', 'regex_unsupported'], ['(?<!a)', 'regex_unsupported'], [String.raw`(a)\1`, 'regex_unsupported'], [String.raw`\k<n>`, 'regex_unsupported'], ['(?>a)', 'regex_unsupported'], ['a++', 'regex_unsupported'],
  ['(?R)', 'regex_unsupported'], ['(?(1)a)', 'regex_unsupported'], ['(*SKIP)', 'regex_unsupported'], [String.raw`\p{L}`, 'regex_unsupported'], [String.raw`\G`, 'regex_unsupported'], ['a{1001}', 'regex_unsupported'], ['((a{100}){100}){100}', 'regex_too_large'], ['a'.repeat(9000), 'regex_unsupported'],
])('%.40s is refused: %s', (source, code) => expect(() => compileRegex(source, '')).toThrow(expect.objectContaining({ name: 'PatternError', code })))

describe('expressions that explode elsewhere', () => {
  test.each<[source: string, flags: string, text: string, answer: 'found' | 'absent']>([
    ['^(a+)+$', '', `${'a'.repeat(100_000)}!`, 'absent'],
    ['^(a|a)*$', 'i', `${'aA'.repeat(50_000)}!`, 'absent'],
    ['(.*)(.*)(.*)(.*)(.*)x$', '', 'a'.repeat(200_000), 'absent'],
    [String.raw`^(\w+\s?)*$`, 'i', `${'word '.repeat(20_000)}!`, 'absent'],
    ['((((a*)*)*)*)*b', '', 'a'.repeat(100_000), 'absent'],
    ['((){1000}){1000}x', '', 'x', 'found'],
    [String.raw`[^\s]{1000,}x`, '', `${'a'.repeat(50_000)}x`, 'found'],
  ])('%s', (source, flags, text, answer) => {
    // An answer at all: a search that looks at too much is given up, by count and not by the clock.
    expect(compileRegex(source, flags).search(text)).toBe(answer)
  })

  test('what cannot be remembered ends at the budget', () => {
    // Each position of the last thousand is told apart: as many sets as there are texts.
    const regex = compileRegex('a[ab]{999}$', '')
    let seed = 1
    const text = Array.from({ length: 200_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
    expect(regex.search(text)).toBe('exhausted')
    expect(regex.search('xx')).toBe('absent')
  })
})
