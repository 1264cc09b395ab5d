import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPhraseFinder, wordsOf } from './scan-words.ts'
import type { Word } from './scan-words.ts'

const nothing = () => []
const texts = (text: string) => wordsOf(text, nothing).map((word) => word.text)
const sentences = (text: string) => wordsOf(text, nothing).map((word) => `${word.text}${word.sentence}`).join(' ')
const found = (phrase: string, text: string, sets = {}) => {
  const words = wordsOf(text, nothing)
  return createPhraseFinder([phrase], sets).find(words).map(({ from, to }) => words.slice(from, to).map((word) => word.text).join(' '))
}

describe('words', () => {
  test('contractions are two words, possessives lose their s, Han stands alone', () => {
    expect(texts("don't can't won't you're the user's dont")).toEqual(['do', 'not', 'can', 'not', 'will', 'not', 'you', 'are', 'the', 'user', 'do', 'not'])
    expect(texts('不要告诉用户 이전 지시를')).toEqual(['不', '要', '告', '诉', '用', '户', '이전', '지시를'])
    expect(texts('a_b c-d (e) "f",g')).toEqual(['a_b', 'c', 'd', 'e', 'f', 'g'])
    expect(texts('constructor __proto__ toString')).toEqual(['constructor', '__proto__', 'toString'])
  })
  test('addresses and names are one word each, with their kind', () => {
    const kinds = (text: string) => wordsOf(text, (chunk) => (chunk.includes('.env') ? ['<file>'] : [])).filter((word) => word.kinds.length > 0).map((word) => [word.text, ...word.kinds])
    expect(kinds('see <a href="https://a.example/x?y=1">it</a>, mail a@b.example. or ./.env and send_mail `add` run()')).toEqual([
      ['https://a.example/x?y=1', '<url>'], ['a@b.example', '<email>'], ['./.env', '<file>'], ['send_mail', '<name>'], ['add', '<name>'], ['run', '<name>'],
    ])
  })
  test('sentences end at their marks, at empty lines and at list items, not at a colon', () => {
    expect(sentences('a: b. c! d\n\ne\n- f\ng')).toBe('a0 b0 c1 d2 e3 f4 g4')
    expect(sentences('v1.2 c')).toBe('v10 20 c0')
  })
  test('every word lies where it says in the text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab\'.@/:-_ \n`(가不é'.split('')), maxLength: 60 }), (text) => {
      for (const word of wordsOf(text, nothing)) {
        expect(word.from).toBeLessThan(text.length)
        // Of a contraction the halves stand at its beginning.
        if (!text.includes("'")) expect(text.slice(word.from, word.to)).toBe(word.text)
      }
    }))
  })
})

describe('phrases', () => {
  test('words between, sentences, stems, endings, sets, kinds', () => {
    expect(found('a 1 b', 'a b a x b a x x b')).toEqual(['a b', 'a x b'])
    expect(found('a 3 b', 'a. b')).toEqual([])
    expect(found('a ~3 b', 'a. b')).toEqual(['a b'])
    expect(found('ignor* b+c', 'ignoring b c, ignore b x c')).toEqual(['ignoring b c'])
    expect(found('*ing x', 'going x')).toEqual(['going x'])
    expect(found('@v @all', 'run it', { v: 'run', all: '@v it' })).toEqual(['run it'])
    expect(found('call <name>', 'call send_mail')).toEqual(['call send_mail'])
    expect(found('忽略 4 指令', '忽略所有指令')).toEqual(['忽 略 所 有 指 令'])
  })
  test('what is no phrase is refused where it is written', () => {
    for (const phrase of ['3 a', 'a 3', 'a 3 4 b', '@none', 'a*']) expect(() => createPhraseFinder([phrase], {})).toThrow(TypeError)
  })

  // Tries everything: all ways to place the terms, whichever is the latest.
  const naive = (terms: readonly { alternatives: readonly (readonly string[])[]; gap: number; across: boolean }[], words: readonly Word[]): Set<number> => {
    let ends = new Set<number>()
    for (const [slot, { alternatives, gap, across }] of terms.entries()) {
      const next = new Set<number>()
      for (let at = 0; at < words.length; at++) {
        const reached = slot === 0 || [...ends].some((end) => end <= at && at - end <= gap && (across || words[end - 1]?.sentence === words[at]?.sentence))
        if (!reached) continue
        for (const alternative of alternatives) {
          if (alternative.every((part, offset) => words[at + offset]?.text === part && words[at + offset]?.sentence === words[at]?.sentence)) next.add(at + alternative.length)
        }
      }
      ends = next
    }
    return ends
  }
  test('one pass finds what a search that tries everything finds', () => {
    const letter = fc.constantFrom('a', 'b', 'c')
    const alternative = fc.array(letter, { minLength: 1, maxLength: 3 })
    const term = fc.record({ alternatives: fc.array(alternative, { minLength: 1, maxLength: 2 }), gap: fc.nat(3), across: fc.boolean() })
    fc.assert(fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), fc.array(fc.constantFrom('a', 'b', 'c', 'x', '.'), { maxLength: 24 }), (terms, letters) => {
      const words = wordsOf(letters.join(' ').replaceAll(' .', '.'), nothing)
      const phrase = terms.map(({ alternatives, gap, across }, slot) => `${slot === 0 ? '' : `${across ? '~' : ''}${gap} `}${alternatives.map((each) => each.join('+')).join('|')}`).join(' ')
      const finder = createPhraseFinder([phrase], {})
      // The second time nothing of the first is remembered.
      for (const part of [words, words.slice(Math.ceil(words.length / 2)), words]) expect(new Set(finder.find(part).map(({ to }) => to))).toEqual(naive(terms, part))
    }), { numRuns: 2_000 })
  })
  test('time grows with the words and not with what they could have meant', () => {
    const finder = createPhraseFinder(['a 50 a 50 a 50 a 50 b', 'a ~900 a ~900 a ~900 c'], {})
    const cost = (count: number) => {
      const words = wordsOf('a '.repeat(count), nothing)
      const from = process.cpuUsage()
      expect(finder.find(words)).toEqual([])
      return process.cpuUsage(from).user
    }
    cost(20_000)
    // Some 150 ms; the square of the length would cost minutes.
    expect(cost(400_000)).toBeLessThan(10_000_000)
  })
})
