import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tacticName, tacticPhrase, tacticRank, techniqueName, techniqueOf } from './techniques.ts'
import { severityOf, titleOf } from './titles.ts'
import type { TitleFacts } from './titles.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')
const CORPUS = resolve(ROOT, process.env['HAECHI_CORPUS'] ?? '../shared/data')
const missing = existsSync(join(CORPUS, 'attack/README.md')) ? false : `no corpus at ${CORPUS} (set HAECHI_CORPUS)`

const facts = (given: Partial<TitleFacts>): TitleFacts => ({ techniques: [], tactics: [], hosts: [], users: [], rules: [], ...given })
const rule = (severity: TitleFacts['rules'][number]['severity'], ...techniques: string[]): TitleFacts['rules'][number] => ({ title: `Rule of ${techniques.join(' and ')}`, severity, techniques })

describe('a title', () => {
  it.each<[Partial<TitleFacts>, string, string]>([
    [{ techniques: ['T1003.001'], hosts: ['WS-12'], users: ['svc-backup'] }, 'Credential dumping from LSASS on WS-12, by svc-backup', 'WS-12에서 LSASS 자격 증명 덤프 (svc-backup)'],
    [{ techniques: ['T1003.001'], hosts: ['ws-12.corp.example'] }, 'Credential dumping from LSASS on ws-12', 'ws-12에서 LSASS 자격 증명 덤프'],
    [{ techniques: ['T1486'], hosts: ['fs-1', 'fs-2', 'fs-3'], users: ['SYSTEM'] }, 'Files encrypted by ransomware on fs-1 and 2 more', 'fs-1 외 2대에서 랜섬웨어 파일 암호화'],
    [{ techniques: ['T1078.004'], users: ['kim@corp.example', 'lee@corp.example'] }, 'Suspicious use of a cloud account, by kim@corp.example and 1 more', '클라우드 계정의 의심스러운 사용 (kim@corp.example 외 1명)'],
    [{ techniques: ['T1190'], hosts: ['203.0.113.10'] }, 'Public application attacked on 203.0.113.10', '203.0.113.10에서 공개 애플리케이션 공격'],
    [{ techniques: ['T1046'], hosts: ['ws-1', 'WS-1', 'ws-1 '], users: ['DC01$', 'NT AUTHORITY\\SYSTEM'] }, 'Network scanned on ws-1', 'ws-1에서 네트워크 스캔'],
    [{ techniques: ['T1046'], hosts: ['ws-1', 'ws-2', 'ws-2'] }, 'Network scanned on ws-2 and 1 more', 'ws-2 외 1대에서 네트워크 스캔'],
    [{ techniques: ['T1003.999'], hosts: ['ws-1'] }, 'Credential dumping on ws-1', 'ws-1에서 자격 증명 덤프'],
    [{ techniques: ['T9999'], tactics: ['exfiltration', 'discovery'], hosts: ['ws-1'] }, 'Data sent out on ws-1', 'ws-1에서 데이터 유출'],
    [{ rules: [{ title: 'Odd beacon', ko: { title: '이상한 비컨' }, severity: 'high' }], hosts: ['ws-1'] }, 'Odd beacon on ws-1', 'ws-1에서 이상한 비컨'],
    [{ rules: [{ title: 'Tool of the trade', severity: 'low' }, { title: 'Odd beacon', severity: 'high' }], tactics: ['impact'], hosts: ['ws-1'] }, 'Odd beacon on ws-1', 'ws-1에서 Odd beacon'],
    [{}, 'Suspicious activity', '의심스러운 활동'],
  ])('of %o', (given, en, ko) => {
    expect(titleOf(facts(given))).toEqual({ en, ko })
  })

  it('is about the gravest rule, of it the gravest tactic', () => {
    expect(titleOf(facts({ rules: [rule('critical', 'T1548.002'), rule('high', 'T1486')], techniques: ['T1548.002', 'T1486'] })).en).toBe('User Account Control bypassed')
    expect(titleOf(facts({ rules: [rule('high', 'T1059.001'), rule('high', 'T1003.001'), rule('high', 'T1021.002')] })).en).toBe('Credential dumping from LSASS')
  })

  it('believes several rules more than one that names much', () => {
    expect(titleOf(facts({ rules: [rule('high', 'T1003', 'T1134', 'T1027'), rule('high', 'T1053.005'), rule('high', 'T1053.005'), rule('high', 'T1053.005')] })).en).toBe('Scheduled task planted')
  })

  it('prefers the precise', () => {
    expect(titleOf(facts({ techniques: ['T1003', 'T1003.006'] })).en).toBe('Domain credentials replicated by DCSync')
  })

  it('stays one short line whatever names the events carry', () => {
    expect(titleOf(facts({ hosts: ['a\nb\u202Ec'], techniques: ['T1046'] })).en).toBe('Network scanned on a b c')
    fc.assert(fc.property(fc.record({
      techniques: fc.array(fc.oneof(fc.string(), fc.constantFrom('T1003', 'T1486', 't1003.001', '__proto__'))), tactics: fc.array(fc.oneof(fc.string(), fc.constantFrom('impact', 'constructor'))),
      hosts: fc.array(fc.string({ unit: 'binary', maxLength: 300 })), users: fc.array(fc.string({ unit: 'grapheme', maxLength: 300 })),
      rules: fc.array(fc.record({ title: fc.string({ maxLength: 400 }), severity: fc.constantFrom('critical', 'low', 'informational') })),
    }), (given) => {
      for (const text of Object.values(titleOf(given))) {
        expect(text.length).toBeGreaterThan(0)
        expect(text.length).toBeLessThanOrEqual(200)
        expect(text).not.toMatch(/[\n\r]/)
        expect(text.isWellFormed()).toBe(true)
      }
      expect(titleOf({ ...given, techniques: given.techniques.toReversed(), tactics: given.tactics.toReversed(), rules: given.rules.toReversed() })).toEqual(titleOf(given))
    }))
  })
})

describe('names', () => {
  it('of techniques and tactics are in both languages; what is unknown is its own name', () => {
    expect([techniqueName('T1003.001', 'en'), techniqueName('T1003.001', 'ko'), techniqueName('t1486', 'ko'), techniqueName('T1999', 'en'), techniqueName('T1003.999', 'en'), techniqueName('constructor', 'ko')]).toEqual(['LSASS Memory', 'LSASS 메모리', '데이터 암호화', 'T1999', 'T1003.999', 'constructor'])
    expect([tacticName('credential-access', 'en'), tacticName('Lateral_Movement', 'ko'), tacticName('__proto__', 'en')]).toEqual(['Credential Access', '내부 이동', '__proto__'])
    expect(tacticRank('impact')).toBeGreaterThan(tacticRank('exfiltration'))
    expect([tacticRank('nothing'), tacticPhrase('nothing')]).toEqual([-1, null])
  })

  const used = (texts: readonly string[]): string[] => [...new Set(texts.flatMap((text) => [...text.matchAll(/attack\.(t\d{4}(?:\.\d{3})?)\b/gi)].map(([, id]) => (id as string).toUpperCase())))]
  const complete = (id: string): boolean => {
    const technique = techniqueOf(id)
    return technique?.id === id && [technique.name.en, technique.phrase.en].every((text) => text.length > 1) && /\S/.test(technique.name.ko) && /[가-힣]|^[\w\s-]+$/.test(technique.phrase.ko) && tacticRank(technique.tactic) >= 0
  }

  it('stand for every technique of our own rules', () => {
    const folder = join(ROOT, 'content/rules')
    const ids = used(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml')).map((name) => readFileSync(join(folder, name), 'utf8')))
    expect(ids.length).toBeGreaterThan(60)
    expect(ids.filter((id) => !complete(id))).toEqual([])
  })

  it.skipIf(missing)(`stand for every technique of the public rules, and are those of ATT&CK${missing ? `: ${missing}` : ''}`, () => {
    const text = ['994da166', '8eaafff1'].map((version) => execFileSync('tar', ['-xzOf', join(CORPUS, `sigma-rules/sigma-rules-${version}.tar.gz`), '--wildcards', '*.yml'], { encoding: 'utf8', maxBuffer: 1 << 28 }))
    const ids = used(text)
    expect(ids.length).toBeGreaterThan(380)
    expect(ids.filter((id) => !complete(id))).toEqual([])
    const { techniques, tactics } = JSON.parse(readFileSync(join(CORPUS, 'attack/attack-enterprise-v19.json'), 'utf8')) as { techniques: { id: string; name: string; tactics: string[] }[]; tactics: { shortname: string; name: string }[] }
    for (const { id, name, tactics: own } of techniques) {
      const known = techniqueOf(id)
      if (known?.id !== id) continue
      expect([id, known.name.en, own.includes(known.tactic)]).toEqual([id, name, true])
    }
    for (const { shortname, name } of tactics) expect(tacticName(shortname, 'en')).toBe(name)
  })
})

describe('severity', () => {
  const alert = (severity: TitleFacts['rules'][number]['severity'], title = 'R') => ({ severity, rule: { title } })
  const asset = (name: string, criticality: 'normal' | 'critical' = 'normal', exposure: 'internal' | 'internet' = 'internal') => ({ name, criticality, exposure })

  it('is that of the gravest alert, with the rules that say so', () => {
    expect(severityOf([alert('low', 'A'), alert('high', 'B'), alert('high', 'B')], [asset('ws-1')])).toEqual({ severity: 'high', reasons: [{ en: 'High by the rule “B”', ko: '“B” 규칙의 수준은 ‘높음’입니다' }] })
    expect(severityOf([{ severity: 'high', rule: { title: 'B', ko: { title: '나' } } }, alert('high', 'A')], []).reasons).toEqual([
      { en: 'High by the rule “A”', ko: '“A” 규칙의 수준은 ‘높음’입니다' }, { en: 'High by the rule “B”', ko: '“나” 규칙의 수준은 ‘높음’입니다' },
    ])
    expect(severityOf([], [asset('dc-1', 'critical')])).toEqual({ severity: 'informational', reasons: [] })
  })

  it('is one step higher on a critical or exposed asset, once, with each reason', () => {
    const { severity, reasons } = severityOf([alert('medium')], [asset('web-1', 'critical', 'internet'), asset('dc-1', 'critical')])
    expect(severity).toBe('high')
    expect(reasons.slice(1)).toEqual([
      { en: 'Raised one step: dc-1 is a critical asset', ko: '핵심 자산(dc-1)이 포함되어 한 단계 높였습니다' },
      { en: 'Raised one step: web-1 is a critical asset', ko: '핵심 자산(web-1)이 포함되어 한 단계 높였습니다' },
      { en: 'Raised one step: web-1 is reachable from the internet', ko: '인터넷에 노출된 자산(web-1)이 포함되어 한 단계 높였습니다' },
    ])
    expect(severityOf([alert('high')], [asset('web-1', 'normal', 'internet')]).severity).toBe('critical')
    expect(severityOf([alert('critical')], [asset('web-1', 'critical')])).toMatchObject({ severity: 'critical', reasons: [{ en: 'Critical by the rule “R”' }] })
    expect(severityOf([alert('low')], [asset('web-1', 'critical')]).severity).toBe('medium')
  })
})
