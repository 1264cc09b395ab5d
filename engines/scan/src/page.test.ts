import type { Finding } from '@haechi/probes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Problem } from './model.ts'
import { toPage } from './page.ts'
import type { PageContent } from './page.ts'
import { ofFinding } from './problem.ts'
import { toSarif } from './sarif.ts'

const at = Date.UTC(2026, 10, 22)
const finding: Finding = { check: 'web.git_exposed', asset: 'www.example.com', place: 'https://www.example.com/.git/HEAD', severity: 'high', confidence: 1, evidence: { en: '.git/HEAD names a branch', ko: '.git/HEAD에 브랜치 이름이 있음' }, cve: [] }
const problemOf = (more: Partial<Finding>): readonly Problem[] => ofFinding({ ...finding, ...more }, { knowledge: null, exposure: { reached: 'yes', measuredAt: at, how: 'scan' }, at })
const content = (more: Partial<PageContent> = {}): PageContent => ({
  problems: problemOf({}), assets: [{ kind: 'host', id: '192.0.2.7', foundBy: null, summary: { en: '2 ports open', ko: '열린 포트 2개' }, confidence: 1, details: {} }], held: [], faults: [], screenshots: [], targets: ['www.example.com'], scope: { owner: 'Example Corp.', until: at },
  totals: { assets: { host: 1 }, weaknesses: { high: 1 }, held: 0, faults: 0, ports: { tried: 1_000, open: 2 }, templates: null, silent: [], interrupted: false }, startedAt: at, endedAt: at + 60_000, version: '0.1.0', ...more,
})

describe('toPage', () => {
  it('says the same in both languages', () => {
    const told = content({ held: [{ asset: 'a', place: 'tcp/22', id: 'CVE-2023-38408', reason: { en: 'Debian mended it', ko: 'Debian에서 수정함' } }]})
    const english = toPage(told, 'en')
    const korean = toPage(told, 'ko')
    expect(english).toContain('<html lang="en">')
    expect(english).toContain('The Git repository of the site can be downloaded')
    expect(english).toContain('Allowed by Example Corp.')
    expect(korean).toContain('<html lang="ko">')
    expect(korean).toContain('Example Corp.의 허가')
    expect(korean).toContain('긴급 대응')
    expect(korean).not.toContain('The Git repository')
    for (const [text, other] of [['.git/HEAD names a branch', '.git/HEAD에 브랜치 이름이 있음'], ['2 ports open', '열린 포트 2개'], ['Debian mended it', 'Debian에서 수정함']] as const) {
      expect([english.includes(text), english.includes(other), korean.includes(text), korean.includes(other)]).toEqual([true, false, false, true])
    }
  })

  it('needs nothing else and runs nothing', () => {
    const page = toPage(content({ screenshots: [{ site: 'https://www.example.com/', png: Uint8Array.of(137, 80, 78, 71) }] }), 'en')
    expect(page).toContain("default-src 'none'")
    expect(page).toContain('src="data:image/png;base64,iVBORw=="')
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(|\son\w+=|src="(?!data:)/i)
  })

  it('shows text of targets as text, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('<script>alert(1)</script>', '"><img src=x onerror=1>', '\u202egnp.exe', '\u061cgnp.exe', '\0\x1b[2J', '</style><i>'), (text, bad) => {
      const hostile = `${bad}${text}`
      const page = toPage(content({ problems: problemOf({ asset: hostile, place: hostile, evidence: { en: hostile, ko: hostile } }), assets: [{ kind: 'site', id: hostile, foundBy: null, summary: { en: hostile, ko: hostile }, confidence: 1, details: {} }], held: [{ asset: hostile, place: hostile, id: hostile, reason: { en: hostile, ko: hostile } }], faults: [{ asset: hostile, place: hostile, fault: hostile, message: { en: hostile, ko: hostile } }], targets: [hostile] }), 'ko')
      expect(page).not.toMatch(/<script|<img|<i>/)
      // oxlint-disable-next-line no-control-regex
      expect(page).not.toMatch(/[\0\x1b\u061c\u202e]/)
    }), { numRuns: 200 })
  })

  it('says that a scan was interrupted, and what was held and not looked at', () => {
    const { totals } = content()
    const told = content({ totals: { ...totals, interrupted: true, silent: ['192.0.2.9'] }, held: [{ asset: 'a', place: 'tcp/22', id: 'CVE-2023-38408', reason: { en: 'Debian mended it', ko: 'Debian에서 수정함' } }], faults: [{ asset: 'a', place: 'tcp/80', fault: 'timeout', message: { en: 'no answer', ko: '응답 없음' } }] })
    for (const text of ['was interrupted', '192.0.2.9', 'Debian mended it', 'timeout: no answer']) expect(toPage(told, 'en')).toContain(text)
    for (const text of ['중단되었습니다', 'Debian에서 수정함', 'timeout: 응답 없음']) expect(toPage(told, 'ko')).toContain(text)
  })

  it('stays a page however much was found', () => {
    const many = Array.from({ length: 2_500 }, (_, number) => problemOf({ place: `https://www.example.com/${number}` })).flat()
    const page = toPage(content({ problems: many }), 'en')
    expect(page).toContain('500 more are in the lines of --json.')
  })
})

describe('toSarif', () => {
  it('gives a rule a check and a result a place, that a next scan knows again', () => {
    const problems = [...problemOf({}), ...problemOf({ place: 'tcp/6379', check: 'service.redis_without_password', severity: 'critical', asset: '2001:db8::7' })]
    const run = (): { runs: { tool: { driver: { rules: { id: string }[] } }; results: { level: string; locations: { physicalLocation: { artifactLocation: { uri: string } } }[]; partialFingerprints: object }[] }[] } => JSON.parse(toSarif(problems, { version: '0.1.0', language: 'en', properties: {} })) as never
    const [{ tool, results }] = run().runs as [ReturnType<typeof run>['runs'][number]]
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(['service.redis_without_password', 'web.git_exposed'])
    expect(results.map(({ level, locations }) => [level, locations[0]?.physicalLocation.artifactLocation.uri])).toEqual([['error', 'https://www.example.com/.git/HEAD'], ['error', 'tcp://[2001:db8::7]:6379']])
    expect(run().runs[0]?.results.map(({ partialFingerprints }) => partialFingerprints)).toEqual(results.map(({ partialFingerprints }) => partialFingerprints))
    problems.push(...problemOf({ evidence: { en: 'another', ko: '다른 것' } }))
    expect(new Set(run().runs[0]?.results.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints))).size).toBe(3)
  })
})
