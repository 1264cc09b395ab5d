import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTermReader, intentOf, nearTerms, otherNames, relatedTerms, stem, withinSlips } from './search-words.ts'

const termsOf = createTermReader()

describe('terms', () => {
  it('takes names apart, and keeps them whole too', () => {
    expect(termsOf('listBankAccounts')).toEqual(['list', 'bank', 'account', 'listbankaccount'])
    expect(termsOf('GET /v1/bank_accounts/{id}.pdf')).toEqual(['get', 'v', '1', 'v1', 'bank', 'account', 'bankaccount', 'id', 'pdf'])
    expect(termsOf('parseHTTPResponse2xx')).toEqual(['pars', 'http', 'respons', '2', 'xx', 'parsehttpresponse2xx'])
  })
  it('reads a name the same however it is written', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z]{2,9}$/), { minLength: 1, maxLength: 5 }), (parts) => {
      const camel = parts.map((part, i) => (i === 0 ? part : `${part[0]!.toUpperCase()}${part.slice(1)}`)).join('')
      const read = createTermReader()
      fc.pre(parts.length > 1 || read(camel).length > 0)
      expect(read(parts.join('_'))).toEqual(read(camel))
      expect(read(parts.join('-'))).toEqual(read(camel))
    }))
  })
  it('meets plurals and verbs in one term', () => {
    for (const [one, other] of [['policies', 'policy'], ['boxes', 'box'], ['addresses', 'address'], ['creates', 'creating'], ['created', 'create'], ['deleted', 'delete'], ['stopped', 'stop'], ['users', 'user'], ['branches', 'branch'], ['listing', 'list'], ['caches', 'cache']] as const) expect(stem(one), one).toBe(stem(other))
    for (const word of ['status', 'access', 'analysis', 'need', 'string', 'id', 'is']) expect(stem(word).length, word).toBeGreaterThanOrEqual(word.length - 1)
  })
  it('reads Korean in pairs of syllables, whatever form they are stored in', () => {
    expect(termsOf('사용자를 조회')).toEqual(['사용', '용자', '자를', '조회'])
    expect(termsOf('사용자'.normalize('NFD'))).toEqual(['사용', '용자'])
    expect(termsOf('키 API키목록')).toEqual(['키', '키목', '목록', 'api'])
  })
  it('is bounded by what it reads, and leaves out what stands everywhere', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const terms = termsOf(text)
      expect(terms.length).toBeLessThanOrEqual(2 * text.normalize('NFC').length)
      for (const term of terms) expect(term).not.toBe('')
    }))
    expect(termsOf('the list of a user')).toEqual(['list', 'user'])
    expect(termsOf('x'.repeat(65))).toEqual([])
  })
})

describe('what was meant', () => {
  it('tells what a verb asks for', () => {
    const of = (query: string): string | null => intentOf(termsOf(query))
    expect([of('List all users'), of('fetching a user'), of('remove the user'), of('users'), of('사용자 목록 조회'), of('사용자를 삭제합니다'), of('회원등록')]).toEqual(['list', 'read', 'delete', null, 'list', 'delete', 'create'])
  })
  it('knows other words for the same', () => {
    expect([...relatedTerms(termsOf('remove'))]).toEqual(['delet', 'destroi', 'eras', 'drop', 'unset', '삭제', '제거', '지우기'])
    expect([...otherNames('my repos', termsOf('my repos'))]).toEqual(['repositori'])
    expect([...otherNames('저장소의 이슈목록', [])]).toEqual(['repositori', 'repo', 'issu'])
    expect([...otherNames('키 목록', [])]).toEqual(['kei'])
    expect([...otherNames('키보드', [])]).toEqual([])
    expect([...otherNames('email mail', termsOf('email mail'))]).toEqual([])
  })
  it('finds the known term behind a beginning or a slip', () => {
    const known = ['repositori', 'report', 'calendar', 'member', 'user']
    expect(nearTerms('repos', known)).toEqual(['repositori'])
    expect(nearTerms('calednar', known)).toEqual(['calendar'])
    expect(nearTerms('membr', known)).toEqual(['member'])
    expect(nearTerms('us', known)).toEqual([])
    expect(nearTerms('invoice', known)).toEqual([])
  })
  it('counts slips as the plain table does', () => {
    const plain = (a: string, b: string): number => {
      const d = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (__, j) => (i === 0 ? j : j === 0 ? i : 0)))
      for (let i = 1; i <= a.length; i += 1) for (let j = 1; j <= b.length; j += 1) {
        d[i]![j] = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? d[i - 2]![j - 2]! + 1 : Infinity)
      }
      return d[a.length]![b.length]!
    }
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 })
    fc.assert(fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, slips) => { expect(withinSlips(a, b, slips)).toBe(plain(a, b) <= slips) }), { numRuns: 500 })
  })
})
