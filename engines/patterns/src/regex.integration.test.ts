// Held against re2js, which is another reading of the same syntax by other means, and against expressions that explode elsewhere.
import fc from 'fast-check'
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { describe, expect, test } from 'vitest'
import { PatternError, compileRegex } from './index.ts'
import type { RegexMatch } from './index.ts'

const spans = (source: string, text: string): [number, string][] => compileRegex(source).all(text).map(({ index, groups }) => [index, groups[0] as string])

/** null: refused. */
function inRe2js(source: string, text: string): (string | undefined)[][] | null {
  let regex: RE2JS
  try {
    regex = RE2JS.compile(source)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return null
    throw error
  }
  const matcher = regex.matcher(text)
  const found: (string | undefined)[][] = []
  for (let at = 0, last = -1; at <= text.length && matcher.find(at);) {
    const empty = matcher.end() === at
    if (!(empty && matcher.start() === last)) found.push([String(matcher.start()), ...Array.from({ length: regex.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined)])
    last = matcher.end()
    at = empty ? at + ((text.codePointAt(at) ?? 0) > 0xFFFF ? 2 : 1) : matcher.end()
  }
  return found
}

function here(source: string, text: string): (string | undefined)[][] | null {
  try {
    const regex = compileRegex(source)
    const all = regex.all(text).map(({ index, groups }: RegexMatch) => [String(index), ...groups])
    expect(regex.test(text)).toBe(all.length > 0)
    expect(regex.exec(text)?.index.toString()).toBe(all[0]?.[0])
    return all
  } catch (error) {
    if (error instanceof PatternError && error.code === 'regex_invalid') return null
    throw error
  }
}

const raw = String.raw
const atom = fc.constantFrom('a', 'b', 'c', 'k', 's', 'K', 'é', 'å', 'Σ', '😀', '.', ' ', '\n', raw`\d`, raw`\w`, raw`\W`, raw`\s`, raw`\S`, '[ab]', '[^a]', raw`[^\d\n]`, '[b-]', '[a-c]', '[^b-z]', '[[:alpha:]]', '[[:^digit:]_]', raw`[\s\d-]`, raw`[]a]`, raw`\pL`,
  raw`\p{Greek}`, raw`\P{Lu}`, raw`[\p{Lu}b]`, raw`\.`, raw`\x61`, raw`\x{e9}`, raw`\141`, raw`\n`, '^', '$', raw`\A`, raw`\z`, raw`\b`, raw`\B`, raw`\Qa.\E`, '{', 'x', '-', ']')
const { expression } = fc.letrec<{ expression: string; branch: string; piece: string; atom: string }>((tie) => ({
  atom,
  piece: fc.oneof(
    { weight: 6, arbitrary: tie('atom') },
    fc.tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?', '??', '{0,2}', '{0}', '{1,2}?')).map(([one, times]) => one + times),
    fc.tuple(fc.constantFrom('(', '(?:', '(?P<n>', '(?<m>', '(?i:', '(?s:', '(?m:', '(?U:', '(?i-s:'), tie('expression'), fc.constantFrom(')', ')*', ')+', '){1,2}', ')?', ')*?', '){2,}')).map((parts) => parts.join('')),
    fc.constantFrom('(?i)', '(?i)', '(?m)', '(?s)', '(?U)', '(?-i)', '(?)'),
  ),
  branch: fc.array(tie('piece'), { maxLength: 4 }).map((parts) => parts.join('')),
  expression: fc.oneof({ weight: 3, arbitrary: tie('branch') }, fc.tuple(tie('branch'), tie('branch')).map((parts) => parts.join('|'))),
}))
const subject = fc.array(fc.constantFrom('a', 'b', 'c', 'k', 'K', 's', '\u017F', '\u212A', 'Å', '\u212B', 'å', 'A', 'É', 'é', 'σ', 'ς', '😀', '\uDC80', '1', '-', ' ', '\n', '.', '_'), { maxLength: 14 }).map((parts) => parts.join(''))

test('as re2js finds, so it is found: matches, groups, and what is refused', () => {
  fc.assert(fc.property(expression, fc.array(subject, { minLength: 1, maxLength: 3 }), (source, texts) => {
    for (const text of texts) expect({ source, text, found: here(source, text) }).toEqual({ source, text, found: inRe2js(source, text) })
  }), { numRuns: 4000 })
})

test('what is said to stand in every match does', () => {
  const piece = fc.constantFrom<[source: string, ...texts: string[]]>(['a', 'a'], ['bk', 'bk'], ['s', 's'], ['a?', '', 'a'], ['b*', '', 'bb'], ['s+', 's', 'sss'], ['(?:ab|ba)', 'ab', 'ba'], ['(?:ab)?', '', 'ab'], ['(?:ks){2}', 'ksks'], ['(?i:sk)', 'SK', '\u017Fk', 's\u212A'], ['(?i:b)', 'b', 'B'],
    ['[ab]', 'a', 'b'], ['[sS]', 's', 'S'], ['(a|bs|k)', 'a', 'bs', 'k'], ['(?i:Σa)', 'ςa', 'ΣA'], ['(?i:å)', 'Å', '\u212B'], ['', ''])
  const drawn = piece.chain(([source, ...texts]) => fc.constantFrom(...texts).map((text) => [source, text] as const))
  fc.assert(fc.property(fc.array(drawn, { minLength: 2, maxLength: 6 }), fc.constantFrom('', 'x', 'B '), (pieces, around) => {
    const source = pieces.map(([one]) => one).join('')
    const text = around + pieces.map(([, one]) => one).join('') + around
    expect({ source, text, found: compileRegex(source).test(text) }).toEqual({ source, text, found: true })
  }), { numRuns: 3000 })
})

test('what is no expression is none for both', () => {
  const piece = fc.constantFrom('(', ')', '[', ']', '{', '}', '1', ',', '-', '?', '*', '+', '|', '^', '$', '\\', 'P', '<', '>', 'n', 'i', ':', '=', '!', 'x', 'Q', 'E', 'p', 'L', 'C', 'z', 'Z', '0', '8', '[:alpha:]', 'é')
  fc.assert(fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
    const source = pieces.join('')
    expect({ source, refused: here(source, 'a1') === null }).toEqual({ source, refused: inRe2js(source, 'a1') === null })
  }), { numRuns: 4000 })
})

test('matches follow each other as Go finds them', () => {
  expect(spans('a*', 'baac')).toEqual([[0, ''], [1, 'aa'], [4, '']])
  expect(spans('', '😀b')).toEqual([[0, ''], [2, ''], [3, '']])
  expect(spans('^a', 'aaa')).toEqual([[0, 'a']])
  expect(spans('(?m)$', 'a\nb')).toEqual([[1, ''], [3, '']])
  expect(compileRegex('a').all('aaaa', 2)).toHaveLength(2)
})

test('what is before the place where a search begins counts', () => {
  expect(compileRegex(raw`\bb`).exec('ab b', 1)?.index).toBe(3)
  expect(compileRegex('^b').exec('ab', 1)).toBeNull()
  expect(compileRegex('b').exec('ab', 5)).toBeNull()
})

test('replacements are written as Go expands them', () => {
  expect(compileRegex(raw`(?P<key>\w+)=(\w+)`).replaceAll('a=1, b=2', '$2:${key}$$ $2x|')).toBe('1:a$ |, 2:b$ |')
  expect(compileRegex('a*').replaceAll('baac', 'x')).toBe('xbxcx')
  expect(compileRegex('').replaceAll('😀b', '-')).toBe('-😀-b-')
  expect(compileRegex('a').replaceAll('a', '$ ${ $10')).toBe('$ ${ ')
})

test('flags from outside', () => {
  expect(compileRegex('a.b', { caseInsensitive: true, dotAll: true }).test('xA\nBx')).toBe(true)
  expect(compileRegex('^b', { multiline: true }).test('a\nb')).toBe(true)
})

test.each<[source: string, code: string]>([
  ['(', 'regex_invalid'], ['a**', 'regex_invalid'], ['(?<=a)b', 'regex_invalid'], ['(?!a)', 'regex_invalid'], ['a{1001}', 'regex_invalid'], ['(a{100}){100}', 'regex_invalid'], [raw`\Z`, 'regex_invalid'], ['(?x)a', 'regex_invalid'], [raw`(a)\1`, 'regex_invalid'], ['(?P<n>a)(?P<n>b)', 'regex_invalid'],
  [`${'('.repeat(5000)}${')'.repeat(5000)}`, 'regex_invalid'], ['(abcdefghij|klmnopqrst|uvwxyz0123){999}', 'regex_too_large'], ['a'.repeat(70_000), 'regex_too_large'], ['((((a+)+)+)+){1000}'.repeat(60), 'regex_too_large'],
])('%.40s is refused: %s', (source, code) => expect(() => compileRegex(source)).toThrow(expect.objectContaining({ name: 'PatternError', code })))

describe('expressions that explode elsewhere', () => {
  test.each<[source: string, text: string, found: boolean]>([
    ['^(a+)+$', `${'a'.repeat(100_000)}!`, false],
    ['^(a|a)*$', `${'a'.repeat(100_000)}!`, false],
    ['(.*)(.*)(.*)(.*)(.*)x$', 'a'.repeat(200_000), false],
    [raw`^(\w+\s?)*$`, `${'word '.repeat(20_000)}!`, false],
    ['((((a*)*)*)*)*b', 'a'.repeat(100_000), false],
    [raw`[^\s]{1000,}x`, `${'a'.repeat(50_000)}x`, true],
    ['(x+x+)+y', 'x'.repeat(100_000), false],
  ])('%s', (source, text, found) => {
    const regex = compileRegex(source)
    expect(regex.test(text)).toBe(found)
    expect(regex.exec(text) !== null).toBe(found)
  })

  test('what cannot be remembered ends at the budget, and the next search is not hurt', () => {
    // Each position of the last thousand is told apart: as many sets as there are texts.
    const regex = compileRegex('a[ab]{999}$')
    let seed = 1
    const text = Array.from({ length: 200_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
    for (let times = 0; times < 2; times += 1) expect(() => regex.test(text)).toThrow(expect.objectContaining({ code: 'exhausted' }))
    expect(regex.test('xx')).toBe(false)
    expect(regex.test(`a${'b'.repeat(999)}`)).toBe(true)
  })
})

test('a table that has grown too large is forgotten in a search, and nothing is lost', () => {
  const regex = compileRegex('(?:a[ab]{14}c|b[ab]{13}d)e')
  let seed = 7
  const text = Array.from({ length: 60_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
  expect(regex.exec(`${text}aaaaaaaaaaaaaaacdbace${text}`)).toBeNull()
  expect(regex.exec(`${text}aaaaaaaaaaaaaaace${text}`)?.index).toBeGreaterThan(0)
})
