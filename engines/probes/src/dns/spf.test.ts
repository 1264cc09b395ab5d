import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInBoth } from '../evidence.fixture.ts'
import { judgeSpf } from './spf.ts'
import type { SpfJudgement } from './spf.ts'

/** Names that are not there have no records and no addresses. Every problem is told in both languages. */
async function judge(texts: Readonly<Record<string, string | readonly string[]>>, hosts: Readonly<Record<string, number>> = {}): Promise<SpfJudgement> {
  const judgement = await judgeSpf('a.example', {
    records: async name => [texts[name] ?? []].flat(), addresses: async name => hosts[name] ?? 0, mailServers: async name => hosts[name] ?? 0,
  })
  expect(judgement.problems.filter(problem => !isInBoth(problem))).toEqual([])
  return judgement
}

describe('a record', () => {
  it('that is good is', async () => {
    expect(await judge({ 'a.example': ['google-site-verification=x', 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx include:b.example ~all'], 'b.example': 'v=spf1 ip4:198.51.100.1 -all' }, { 'a.example': 1 }))
      .toEqual({ record: 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx include:b.example ~all', lookups: 3, voids: 0, problems: [], permissive: null, all: '~' })
  })

  it('is none without its version', async () => {
    for (const text of ['v=spf10 -all', 'v=spf2.0/pra -all', 'x v=spf1 -all', '']) expect((await judge({ 'a.example': text })).record).toBeNull()
    expect((await judge({ 'a.example': 'V=SPF1' })).record).toBe('V=SPF1')
  })

  it.each([
    [['v=spf1 -all', 'v=spf1 ~all'], /2 SPF records/], ['v=spf1 ipv4:192.0.2.1 -all', /"ipv4:192.0.2.1" is no term/], ['v=spf1 ip4:192.0.2.300 -all', /is no network/], ['v=spf1 ip4:192.0.2.1/33 -all', /is no network/],
    ['v=spf1 include: -all', /names nobody/], ['v=spf1 include:gone.example -all', /has no SPF record/], ['v=spf1 all:x', /is no term/], ['v=spf1 -all -foo=1 ;', /^$/], ['v=spf1 a:a..b -all', /names nobody/], ['v=spf1 redirect=gone.example', /has no SPF record/],
    ['v=spf1 redirect=x.example redirect=y.example', /more than one redirect/], ['v=spf1 include:a.example -all', /includes it/], ['v=spf1 redirect=a.example', /leads back/],
  ] as const)('%s', async (text, problem) => { expect((await judge({ 'a.example': text }, {})).problems.map(({ en }) => en).join('; ')).toMatch(problem) })

  it('costs ten look-ups at most, and two that lead nowhere', async () => {
    const includes = (count: number): Record<string, string> => ({ 'a.example': `v=spf1 ${Array.from({ length: count }, (_, at) => `include:i${at}.example`).join(' ')} -all`, ...Object.fromEntries(Array.from({ length: count }, (_, at) => [`i${at}.example`, 'v=spf1 ip4:192.0.2.1 -all'])) })
    expect(await judge(includes(10))).toMatchObject({ lookups: 10, problems: [] })
    expect(await judge(includes(11))).toMatchObject({ lookups: 11, problems: [{ en: 'it costs 11 look-ups, of which receivers make 10', ko: 'DNS 조회가 11회 필요함(수신 측 한도: 10회)' }] })
    expect(await judge({ 'a.example': 'v=spf1 a:x.example a:y.example -all' })).toMatchObject({ voids: 2, problems: [] })
    expect(await judge({ 'a.example': 'v=spf1 a:x.example a:y.example mx:z.example -all' })).toMatchObject({ voids: 3, problems: [{ en: '3 of its look-ups lead nowhere, of which receivers take 2', ko: '결과가 없는 DNS 조회가 3회임(수신 측 한도: 2회)' }] })
  })

  it('with macros is read without its senders', async () => {
    expect(await judge({ 'a.example': 'v=spf1 exists:%{i}._spf.b.example include:%{d}.c.example -all' })).toMatchObject({ lookups: 2, voids: 0, problems: [] })
  })
})

describe('whom it lets pass', () => {
  it.each([
    ['v=spf1 +all', '+all', '+'], ['v=spf1 all', 'all', '+'], ['v=spf1 ip4:0.0.0.0/0 -all', 'ip4:0.0.0.0/0', '-'], ['v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all', 'ip4:0.0.0.0/1', '-'], ['v=spf1 include:b.example -all', 'include:b.example: +all', '-'], ['v=spf1 redirect=b.example', 'redirect=b.example: +all', '+'],
    ['v=spf1 a/0 -all', 'a/0', '-'], ['v=spf1 -ip4:0.0.0.0/0 -all', null, '-'], ['v=spf1 -all +all', null, '-'], ['v=spf1 -include:b.example -all', null, '-'], ['v=spf1 ?all', null, '?'], ['v=spf1 mx', null, null], ['v=spf1 ip6:::/0 ~all', 'ip6:::/0', '~'],
  ])('%s: %s', async (text, permissive, all) => { expect(await judge({ 'a.example': text, 'b.example': 'v=spf1 +all' }, { 'a.example': 1 })).toMatchObject({ permissive, all }) })
})

it('ends with whatever names each other, within the look-ups that are counted', async () => {
  const name = fc.integer({ min: 0, max: 5 }).map(at => (at === 0 ? 'a.example' : `n${at}.example`))
  const term = fc.oneof(name.map(each => `include:${each}`), name.map(each => `redirect=${each}`), name.map(each => `a:${each}`), fc.constantFrom('mx', '-all', '+all', 'ptr', 'ip4:1.2.3.4', 'exists:%{i}.x', 'nonsense:'), fc.string({ unit: 'binary', maxLength: 8 }))
  await fc.assert(fc.asyncProperty(fc.dictionary(name, fc.array(term, { maxLength: 12 }).map(terms => `v=spf1 ${terms.join(' ')}`)), async texts => {
    let asked = 0
    const judgement = await judgeSpf('a.example', { records: async each => { asked++; return texts[each] === undefined ? [] : [texts[each]] }, addresses: async () => { asked++; return 0 }, mailServers: async () => { asked++; return 0 } })
    expect(asked).toBeLessThanOrEqual(64)
    expect(judgement.record).toBe(texts['a.example'] ?? null)
  }))
})
