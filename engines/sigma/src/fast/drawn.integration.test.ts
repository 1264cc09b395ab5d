// The fast matcher is the plain one: drawn rules by drawn events, and each of its parts against what it stands for.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createForest, createPairTable, fold, parsePcre, requiredTexts } from '@haechi/patterns'
import type { Literals, Place } from '@haechi/patterns'
import { readFields } from '@haechi/records'
import { createMatcher, createPlainMatcher, parse } from '../index.ts'
import type { Rule } from '../index.ts'
import type { Read } from '../matcher.ts'
import { compileRegex } from '../regex.ts'
import { ODD, agreed, answers, batch, batchOf, ruleFile, ruleOf, text as anyText } from './fast.fixture.ts'

/** The fields as they stand in the record, as far as it has any. */
const asWritten: Read = (record) => ({ ...readFields(record), fields: typeof record === 'object' && record !== null && !Array.isArray(record) ? record as Record<string, unknown> : {} })

const full = process.env['HAECHI_TEST_FULL'] === '1'

describe('drawn rules and events', () => {
  test.each([['fields as they are read', undefined], ['fields as they are written', asWritten]])('%s', (_, read) => {
    const met = new Map<string, number>()
    fc.assert(fc.property(ruleFile, fc.array(batch, { minLength: 1, maxLength: 4 }), (text, batches) => {
      const { rules } = parse(text, 'r.yml')
      const fast = answers(createMatcher, rules, batches, read)
      expect(fast).toEqual(answers(createPlainMatcher, rules, batches, read))
      const fired = new Set(fast.answers.flat().map(({ id }) => id))
      for (const rule of rules) if (fired.has(rule.id)) for (const kind of kindsIn(rule)) met.set(kind, (met.get(kind) ?? 0) + 1)
    }), { numRuns: full ? 10_000 : 200 })
    // What was drawn says something: rules with tests of every kind were met.
    for (const kind of ['pattern', 'number', 'boolean', 'null', 'exists', 'regex', 'cidr', 'compare', 'fieldref', 'any', 'time', 'keyword', 'negated', 'every']) expect([kind, (met.get(kind) ?? 0) > 50]).toEqual([kind, true])
  }, 600_000)
})

function kindsIn({ detection }: Rule): Set<string> {
  const written = JSON.stringify([...detection.selections.values()])
  const kinds = new Set([...written.matchAll(/"kind":"(\w+)"/g)].map(([, kind = '']) => kind))
  for (const [kind, mark] of [['keyword', '"field":null'], ['negated', '"negated":true'], ['every', '"all":true']] as const) if (written.includes(mark)) kinds.add(kind)
  return kinds
}

test('what an event states as its log source is a text, whatever it reads like', () => {
  const text = [ruleOf('windows', { s: { x: 1 }, condition: 's' }), ruleOf('star', { s: { x: 1 }, condition: 's' }, { product: '*' }), ruleOf('any', { s: { x: 1 }, condition: 's' }, { category: 'c' })].join('\n---\n')
  const events = ['*', 'null', '', '*\n*\n*', 'windows'].map((product) => ({ product, x: 1 }))
  const [detect, plain] = agreed(text, [batchOf([...events, { x: 1 }], 'detect'), batchOf([{ x: 1 }]), batchOf([{ x: 1 }], { product: '*' })])
  expect(detect?.filter(({ eventIndex }) => eventIndex === 5).map(({ id }) => id)).toEqual(['windows', 'star', 'any'])
  expect(plain).toHaveLength(3)
})

test('numbers beyond those that are held, each asked for by a rule alone', () => {
  const events = batchOf(['1e400', '-1e400', '1e21', '-0', '"infinity"', '"-INFINITY"', '"NaN"'].map((value) => `{"f":${value}}`))
  const found = ['-Infinity', 'Infinity', '-inf*', '*fin*', '*nan*', '1000000000000000000000', '1e+21', '*e+*'].map((value) => {
    const [met] = agreed(ruleOf(value, { s: { f: value }, condition: 's' }), [events])
    return [value, ...met!.map(({ eventIndex }) => eventIndex)]
  })
  expect(found).toEqual([['-Infinity', 1, 5], ['Infinity', 0, 4], ['-inf*', 1, 5], ['*fin*', 0, 1, 4, 5], ['*nan*', 6], ['1000000000000000000000', 2], ['1e+21', 2], ['*e+*', 2]])
})

test('lists and keywords as deep as they are looked into', () => {
  const text = [ruleOf('list', { s: { f: 'x' }, condition: 's' }), ruleOf('keyword', { s: ['x'], condition: 's' })].join('\n---\n')
  const [found] = agreed(text, [batchOf([198, 199, 200, 201, 202].map((levels) => `{"f":${'['.repeat(levels)}"x"${']'.repeat(levels)}}`))])
  expect(found?.map(({ id, eventIndex }) => `${eventIndex} ${id}`)).toEqual(['0 list', '0 keyword', '1 list', '1 keyword', '2 list'])
})

test('many texts that end at one place, met again and again', () => {
  const word = 'abcdefghijklmnop'
  const text = Array.from(word, (_, from) => ruleOf(`r${from}`, { s: { 'f|contains': word.slice(from) }, condition: 's' })).join('\n---\n')
  const [found] = agreed(text, [batchOf(['', '1', '2'].map((tail) => ({ f: `${word}${word} ${tail}` })))])
  expect(found).toHaveLength(3 * word.length)
})

describe('literals', () => {
  type Wanted = { text: string; at: Place }
  const planted = (sets: readonly (readonly Wanted[])[]): Literals[] => {
    const forest = createForest()
    const trees = sets.map((wanted) => {
      const tree = forest.plant()
      for (const [number, { text, at }] of wanted.entries()) tree.add(text, at, number)
      return tree
    })
    return trees.map((tree) => tree.build())
  }
  const foundIn = (literals: Literals, text: string): Set<number> => {
    const found = new Set<number>()
    literals.search(text, { add: (numbers) => { for (const number of numbers) found.add(number) } })
    return found
  }
  const stands = { whole: (text: string, wanted: string) => text === wanted, start: (text: string, wanted: string) => text.startsWith(wanted), end: (text: string, wanted: string) => text.endsWith(wanted), inside: (text: string, wanted: string) => text.includes(wanted) }
  const held = (wanted: readonly Wanted[], text: string): void => {
    const folded = fold(text)
    for (const literals of planted([[], wanted]).slice(1)) {
      const found = foundIn(literals, text)
      expect([...found].sort((a, b) => a - b)).toEqual([...wanted.keys()].filter((number) => stands[wanted[number]!.at](folded, wanted[number]!.text)))
      if (literals.silent(text)) expect(found.size).toBe(0)
    }
  }
  /** Few letters, so that texts share beginnings, stand within each other and are found. */
  const letters = fc.constantFrom('a', 'a', 'b', 'A', 'B', 'a', 'b', 'k', 'K', 's', '.', '1', ...ODD)
  const ascii = fc.constantFrom('a', 'b', 'A', 'B', 'z')
  const texts = (letter: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> => fc.array(letter, { maxLength }).map((parts) => parts.join(''))
  const places = fc.constantFrom<Place>('whole', 'start', 'end', 'inside', 'inside', 'inside')
  const wanted = (maxLength: number, letter: fc.Arbitrary<string> = letters, at: fc.Arbitrary<Place> = places): fc.Arbitrary<Wanted[]> =>
    fc.array(fc.record({ text: fc.oneof({ arbitrary: texts(letter, maxLength).map(fold), weight: 9 }, { arbitrary: anyText.map(fold), weight: 1 }), at }), { maxLength: 12 })

  test('short texts', () => {
    fc.assert(fc.property(wanted(5), fc.array(fc.oneof(texts(letters, 12), anyText), { minLength: 1, maxLength: 4 }), (sets, searched) => {
      for (const text of searched) held(sets, text)
    }), { numRuns: 3000 })
  })

  test('texts long enough to be read in four places, of ASCII and not', () => {
    fc.assert(fc.property(fc.oneof(wanted(9, ascii), wanted(9), wanted(4, ascii, fc.constant('inside'))), fc.oneof(texts(ascii, 140), fc.tuple(texts(ascii, 140), letters, texts(ascii, 60)).map((parts) => parts.join(''))), fc.constantFrom('x', 'a', 'ab', ''), (sets, text, filler) => {
      held(sets, text.padEnd(49, filler))
      // What is wanted stands at each place once: across each boundary too.
      const [first] = sets
      if (first !== undefined) for (let at = 0; at < 60; at += 1) held(sets, `${'x'.repeat(at)}${first.text}${'x'.repeat(60 - at)}`)
    }), { numRuns: 250 })
  })

  test('texts longer than what is copied at once', () => {
    fc.assert(fc.property(wanted(6, ascii), fc.constantFrom('a', 'ab', 'bA', 'é', 'x'), fc.constantFrom(65_536, 87_380, 87_381, 87_382, 262_144, 262_150), texts(letters, 6), (sets, filler, length, tail) => {
      held(sets, filler.repeat(length / filler.length) + tail)
    }), { numRuns: 60 })
  })

  test('more letters than the table has room for: what is behind its depth is followed', () => {
    let seed = 1
    const draw = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
    const word = (length: number): string => Array.from({ length }, () => 'abcdefgh'[draw(8)]).join('')
    const sets: Wanted[] = Array.from({ length: 2500 }, (_, index) => ({ text: index % 50 === 0 ? `${word(7)}é${word(2)}` : word(4 + draw(12)), at: 'inside' }))
    const [literals] = planted([sets]) as [Literals]
    for (let round = 0; round < 300; round += 1) {
      const chosen = sets[draw(sets.length)]!.text
      const cut = chosen.slice(0, draw(chosen.length) + 1)
      for (const text of [`${word(draw(90))}${chosen.toUpperCase()}${word(draw(90))}`, `${word(draw(9))}${cut}${cut}${chosen}`, cut, `${word(60)}${cut}`]) {
        const folded = fold(text)
        const found = foundIn(literals, text)
        expect([...found].sort((a, b) => a - b)).toEqual([...sets.keys()].filter((number) => folded.includes(sets[number]!.text)))
        if (literals.silent(text)) expect(found.size).toBe(0)
      }
    }
  })
  test('one text of 8,000 letters, alone and beside others like it', () => {
    const long = 'ab'.repeat(4000)
    for (const others of [[], Array.from({ length: 9 }, (_, index) => ({ text: `${index}${long}`, at: 'inside' as const }))]) {
      const sets: Wanted[] = [{ text: long, at: 'inside' }, ...others]
      for (const text of [long, long.slice(1), `x${long}`, `5${long}`, `5${long.slice(0, -1)}`, `${long.slice(0, -1)}${long}`, `é${long}`, `5${long.slice(0, -1)}é`]) held(sets, text)
    }
  })
})

test('pairs to numbers, as a Map has them', () => {
  const small = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.constantFrom(0, 1024, 2 ** 16, 2 ** 31 - 1))
  const step = fc.oneof({ arbitrary: fc.tuple(small, fc.oneof(small, small.map((b) => -1 - b)), small), weight: 60 }, { arbitrary: fc.constant(null), weight: 1 })
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 3000 }), (steps, filled) => {
    const table = createPairTable()
    const map = new Map<string, [number, number, number]>()
    const set = (a: number, b: number, value: number): void => {
      expect(table.get(a, b)).toBe(map.get(`${a} ${b}`)?.[2] ?? -1)
      table.set(a, b, value)
      map.set(`${a} ${b}`, [a, b, value])
    }
    for (let number = 0; number < filled; number += 1) set(number % 60, number >> 3, number)
    for (const one of steps) {
      if (one === null) {
        table.clear()
        map.clear()
      } else set(...one)
    }
    expect(table.size()).toBe(map.size)
    for (const [a, b, value] of map.values()) expect(table.get(a, b)).toBe(value)
    expect(table.get(41, 2 ** 20)).toBe(-1)
  }), { numRuns: 60 })
})

describe('what an expression requires', () => {
  const atom = fc.constantFrom('a', 'b', 'ab', 'cmd', '[aA]', '[ab]', '.', '\\.', '\\b', '^', '$', 'K', '[k\\u212a]', 'σ', 'Σ', 'İ', 'É', '\\x{1F600}', '[^b]', '(?i)', '\\d', '[\\s\\S]')
  const { regex } = fc.letrec<{ regex: string }>((tie) => ({
    regex: fc.oneof({ depthSize: 'medium', withCrossShrink: true }, { arbitrary: atom, weight: 5 },
      { arbitrary: fc.array(tie('regex'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')), weight: 4 },
      { arbitrary: fc.array(tie('regex'), { minLength: 1, maxLength: 3 }).map((parts) => `(${parts.join('|')})`), weight: 2 },
      { arbitrary: fc.tuple(tie('regex'), fc.constantFrom('*', '+', '?', '{0,2}', '{2}', '+?')).map(([of, times]) => `(?:${of})${times}`), weight: 2 }),
  }))
  const searched = fc.array(fc.constantFrom('a', 'b', 'A', 'B', 'cmd', 'CMD', 'k', 'K', '\u212A', 'σ', 'ς', 'Σ', 'İ', 'i\u0307', 'É', 'é', '\u{1F600}', '\uD83D', '.', ' ', '1', '\n'), { maxLength: 10 }).map((parts) => parts.join(''))
  test('stands in all that it finds', () => {
    const seen = { found: 0, required: 0, missed: 0 }
    fc.assert(fc.property(fc.array(regex, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')), fc.constantFrom('', 'i', 'ms'), fc.array(searched, { minLength: 8, maxLength: 16 }), (source, flags, list) => {
      const required = requiredTexts(parsePcre(source, flags))
      const { search } = compileRegex(source, flags)
      for (const text of list) {
        const found = search(text) === 'found'
        const standing = required === null || required.some((one) => fold(text).includes(one))
        expect([source, flags, text, found && !standing]).toEqual([source, flags, text, false])
        if (required === null) continue
        seen.required += 1
        if (found) seen.found += 1
        else if (!standing) seen.missed += 1
      }
    }), { numRuns: 4000 })
    // Texts that are found, and texts that need not be searched, both by expressions that require something.
    expect([seen.found > 300, seen.missed > seen.required / 2]).toEqual([true, true])
  })
})
