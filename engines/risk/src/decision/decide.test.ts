import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bands } from './bod-26-04.ts'
import { controlKinds } from './controls.ts'
import { compareDecisions, decide, staleAfterDays } from './decide.ts'
import { anyFacts, day, facts, now, unknown, worst } from './facts.fixture.ts'
import type { Exposure, Facts, VulnerabilityFacts } from './model.ts'

const withVulnerability = (changed: Partial<VulnerabilityFacts>) => facts({ vulnerability: { ...worst, ...changed } })
const withExposure = (exposure: Partial<Exposure>) => facts({ asset: { ...facts().asset, exposure: { reached: 'yes', measuredAt: now, how: null, ...exposure } } })
const bandRank = (one: Facts) => bands.indexOf(decide(one, now).band)

describe('the band', () => {
  test('of the worst and of the least', () => {
    expect(decide(facts(), now)).toMatchObject({ level: 'urgent', band: 'three_days_forensics', row: 15, due: now + 3 * day, overdue: false, state: 'confirmed', bandAtBest: 'three_days_forensics' })
    const least = facts({ asset: { ...facts().asset, exposure: { reached: 'no', measuredAt: now, how: null } }, vulnerability: { ...unknown, kev: { listed: false }, ssvc: { exploitation: 'none', automatable: false, technicalImpact: 'partial' } } })
    expect(decide(least, now)).toMatchObject({ level: 'watch', band: 'next_upgrade', row: 0, due: null, overdue: false })
  })

  test('two months are "remedy", two weeks are urgent', () => {
    const exposed = { ...unknown, kev: { listed: false as const }, ssvc: { exploitation: 'none' as const, automatable: false, technicalImpact: 'partial' as const } }
    expect(decide(facts({ vulnerability: exposed }), now)).toMatchObject({ level: 'remedy', band: 'sixty_days', due: now + 60 * day })
    expect(decide(facts({ vulnerability: { ...exposed, ssvc: { ...exposed.ssvc, technicalImpact: 'total' } } }), now)).toMatchObject({ level: 'urgent', band: 'fourteen_days', due: now + 14 * day })
  })

  test('what nobody knows is answered with the worse, and said, with what it would be otherwise', () => {
    const decision = decide(facts({ vulnerability: null }), now)
    expect(decision).toMatchObject({ band: 'three_days_forensics', bandAtBest: 'sixty_days' })
    expect(Object.values(decision.answers).map(({ source }) => source)).toEqual(['assumed', 'measured', 'assumed', 'assumed'])
  })

  test('CISA\'s word on exploitation stands in for a catalogue that is not at hand', () => {
    expect(decide(withVulnerability({ kev: null, ssvc: { exploitation: 'none', automatable: null, technicalImpact: null } }), now).answers.in_kev).toEqual({ value: false, source: 'ssvc' })
    expect(decide(withVulnerability({ kev: null }), now).answers.in_kev).toEqual({ value: true, source: 'ssvc' })
    expect(decide(withVulnerability({ kev: { listed: false } }), now)).toMatchObject({ answers: { in_kev: { value: false, source: 'kev' } }, notes: ['exploited_outside_kev'] })
  })

  test('SSVC goes before CVSS, the newest CVSS before older ones', () => {
    const local = 'CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N'
    expect(decide(withVulnerability({ cvss: [local] }), now).answers).toMatchObject({ automatable: { value: true, source: 'ssvc' }, total_impact: { value: true, source: 'ssvc' } })
    expect(decide(withVulnerability({ ssvc: null, cvss: ['AV:N/AC:L/Au:N/C:C/I:C/A:C', local, 'nonsense'] }), now)).toMatchObject({ answers: { automatable: { value: false, source: 'cvss' }, total_impact: { value: false, source: 'cvss' } }, notes: ['cvss_unreadable'] })
    expect(decide(withVulnerability({ ssvc: null, cvss: [local, 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N'] }), now).answers).toMatchObject({ automatable: { value: true }, total_impact: { value: true } })
  })

  test.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N', true, true], ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:H', false, false], ['CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H', false, false], ['CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', false, true],
    ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', false, true], ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/AU:Y', true, true], ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:H/SI:H/SA:H/AU:N', false, false],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', true, true], ['AV:N/AC:M/Au:N/C:P/I:P/A:P', false, false],
  ])('%s: automatable %s, total %s', (vector, automatable, total) => {
    expect(decide(withVulnerability({ ssvc: null, cvss: [vector] }), now).answers).toMatchObject({ automatable: { value: automatable, source: 'cvss' }, total_impact: { value: total, source: 'cvss' } })
  })
})

describe('exposure is measured', () => {
  test.each<[string, Partial<Exposure>, boolean, string, readonly string[]]>([
    ['reached', {}, true, 'measured', []], ['stated as reached', { measuredAt: null }, true, 'stated', []], ['not reached today', { reached: 'no' }, false, 'measured', []], ['not reached, says somebody', { reached: 'no', measuredAt: null }, true, 'assumed', ['exposure_not_measured']],
    ['unknown', { reached: 'unknown' }, true, 'assumed', ['exposure_not_measured']], ['not reached, at the edge', { reached: 'no', measuredAt: now - staleAfterDays * day }, false, 'measured', []],
    ['not reached, too long ago', { reached: 'no', measuredAt: now - staleAfterDays * day - 1 }, true, 'assumed', ['exposure_stale']], ['reached, long ago', { measuredAt: now - 300 * day }, true, 'measured', []],
  ])('%s', (_, exposure, value, source, notes) => {
    expect(decide(withExposure(exposure), now)).toMatchObject({ answers: { exposed: { value, source } }, notes })
  })
})

describe('the clock', () => {
  test('runs from the day of finding, and past it the decision is overdue', () => {
    expect(decide(facts({ foundAt: now - 3 * day }), now)).toMatchObject({ due: now, overdue: false })
    expect(decide(facts({ foundAt: now - 3 * day - 1 }), now)).toMatchObject({ due: now - 1, overdue: true })
  })

  test('what KEV makes worse later has its days from the listing, but never more than it had', () => {
    const listed = (added: number, foundAt: number, ssvc: VulnerabilityFacts['ssvc']) => decide({ ...withVulnerability({ kev: { listed: true, added, ransomware: false }, ssvc }), foundAt }, now)
    const total = { exploitation: 'active' as const, automatable: false, technicalImpact: 'total' as const }
    // Without KEV: 14 days from the finding, 20 days ago. With KEV: 3 days from yesterday.
    expect(listed(now - day, now - 20 * day, total)).toMatchObject({ band: 'three_days_forensics', due: now - 6 * day, notes: ['clock_from_kev'] })
    expect(listed(now - day, now - 5 * day, total)).toMatchObject({ due: now + 2 * day, notes: ['clock_from_kev'] })
    expect(listed(now - 9 * day, now - 5 * day, total)).toMatchObject({ due: now - 2 * day, notes: [] })
    // Without KEV it would have waited for the next upgrade.
    const inside = { ...facts().asset, exposure: { reached: 'no' as const, measuredAt: now, how: null } }
    expect(decide({ ...withVulnerability({ kev: { listed: true, added: now - day, ransomware: false }, ssvc: { ...total, technicalImpact: 'partial' } }), asset: inside, foundAt: now - 400 * day }, now)).toMatchObject({ band: 'fourteen_days', due: now + 13 * day })
  })

  test('a finding of the future is told', () => {
    expect(decide(facts({ foundAt: now + 1 }), now).notes).toEqual(['future_found'])
  })
})

describe('the order', () => {
  test('of the worst is 100', () => {
    expect(decide(facts(), now).order).toBeCloseTo(99.7, 1)
    expect(decide(facts({ vulnerability: { ...worst, epss: { probability: 1, percentile: 1, at: null }, cvss: ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H'] } }), now).order).toBe(100)
  })

  test('a control counts where it was seen to block, lately; it moves the order and never the band', () => {
    const control = (verifiedAt: number | null) => decide(facts({ controls: [{ kind: 'waf', verifiedAt, detail: 'rule 941100' }] }), now)
    expect(control(now)).toMatchObject({ band: 'three_days_forensics', order: 69.8, notes: [] })
    expect(control(now).factors.at(-1)).toEqual({ name: 'control', share: -29.9, most: 0, value: 'waf: rule 941100' })
    expect(control(null)).toMatchObject({ order: decide(facts(), now).order, notes: ['control_not_verified'] })
    expect(control(now - 31 * day)).toMatchObject({ order: decide(facts(), now).order, notes: ['control_stale'] })
  })

  test('proof on the asset goes before what was concluded', () => {
    const proof = (method: Facts['evidence'][number]['method'], confidence = 1) => decide(facts({ evidence: [{ method, confidence, at: null, detail: { en: '', ko: '' } }] }), now)
    expect(['check', 'package', 'connector', 'version_range'].map((method) => proof(method as 'check').factors.find(({ name }) => name === 'proof')?.share)).toEqual([10, 8, 6, 4])
    expect(proof('check', 0.5).factors.find(({ name }) => name === 'proof')?.share).toBe(5)
    expect([proof('check').state, proof('package').state]).toEqual(['confirmed', 'potential'])
  })
})

test('a decision carries CVE, CWE, ATT&CK and the controls that it is evidence for', () => {
  expect(decide(facts({ cwe: ['CWE-20'] }), now)).toMatchObject({ cve: 'CVE-2021-44228', cwe: ['CWE-20', 'CWE-502'], techniques: ['T1190', 'T1059'], controls: ['patch_management', 'vulnerability_check', 'public_server'] })
  expect(decide(withVulnerability({ techniques: [] }), now).techniques).toEqual(['T1190'])
  for (const { ismsP, iso27001, csf2 } of Object.values(controlKinds)) {
    for (const id of ismsP) expect(id).toMatch(/^[123]\.\d{1,2}\.\d{1,2}$/)
    for (const id of iso27001) expect(id).toMatch(/^A\.[5-8]\.\d{1,2}$/)
    for (const id of csf2) expect(id).toMatch(/^(?:GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-\d\d$/)
  }
})

describe('whatever the facts', () => {
  test('shares add up to the order, which is from 0 to 100, and a due date is there but for the next upgrade', () => {
    fc.assert(fc.property(anyFacts, (one) => {
      const decision = decide(one, now)
      expect(decision.order).toBeGreaterThanOrEqual(0)
      expect(decision.order).toBeLessThanOrEqual(100)
      expect(decision.factors.reduce((sum, { share }) => sum + Math.round(share * 10), 0)).toBe(Math.round(decision.order * 10))
      for (const { share, most, name } of decision.factors) expect(name === 'control' ? share <= 0 : share >= 0 && share <= most).toBe(true)
      expect(decision.due === null).toBe(decision.band === 'next_upgrade')
      expect(bands.indexOf(decision.bandAtBest)).toBeLessThanOrEqual(bands.indexOf(decision.band))
      expect(decision.controls.length).toBeGreaterThan(0)
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
    }), { numRuns: 1_000 })
  })

  test('a fact that gets worse makes no band later and no order lower', () => {
    fc.assert(fc.property(anyFacts, fc.constantFrom<(one: Facts) => Facts>(
      (one) => ({ ...one, asset: { ...one.asset, criticality: 'critical' } }), (one) => ({ ...one, asset: { ...one.asset, exposure: { reached: 'yes', measuredAt: now, how: null } } }),
      (one) => ({ ...one, evidence: [...one.evidence, { method: 'check', confidence: 1, at: now, detail: { en: 'proof', ko: '증명' } }] }), (one) => ({ ...one, controls: [] }),
      (one) => (one.vulnerability === null ? one : { ...one, vulnerability: { ...one.vulnerability, kev: { listed: true, added: null, ransomware: true } } }),
      (one) => (one.vulnerability?.ssvc == null ? one : { ...one, vulnerability: { ...one.vulnerability, ssvc: { exploitation: 'active', automatable: true, technicalImpact: 'total' } } }),
      (one) => (one.vulnerability?.epss == null ? one : { ...one, vulnerability: { ...one.vulnerability, epss: { ...one.vulnerability.epss, probability: 1 } } }),
    ), (one, worsen) => {
      const worse = worsen(one)
      expect(bandRank(worse)).toBeGreaterThanOrEqual(bandRank(one))
      expect(decide(worse, now).order).toBeGreaterThanOrEqual(decide(one, now).order)
    }), { numRuns: 2_000 })
  })

  test('sorting puts the most urgent first and is an order', () => {
    fc.assert(fc.property(fc.array(anyFacts, { maxLength: 20 }), (all) => {
      const sorted = all.map((one) => decide(one, now)).sort(compareDecisions)
      for (const [at, decision] of sorted.entries()) {
        const next = sorted[at + 1]
        if (next === undefined) continue
        expect(bands.indexOf(decision.band)).toBeGreaterThanOrEqual(bands.indexOf(next.band))
        if (decision.band === next.band) expect(decision.order).toBeGreaterThanOrEqual(next.order)
      }
    }), { numRuns: 200 })
  })
})
