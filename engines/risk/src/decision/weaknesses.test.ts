// What has no CVE gets a band of its own kind, reached from outside and not.
import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { facts, now } from './facts.fixture.ts'
import type { Facts } from './model.ts'
import { ruleFor, weaknesses } from './weaknesses.ts'
import type { Weakness } from './weaknesses.ts'

const bandOf = (weakness: Weakness, reached: 'yes' | 'no', changed: Partial<Facts> = {}) =>
  decide(facts({ weakness, cve: null, vulnerability: null, asset: { ...facts().asset, exposure: { reached, measuredAt: now, how: null } }, ...changed }), now).band

const expected: Readonly<Record<Exclude<Weakness, 'vulnerability' | 'misconfiguration'>, readonly [string, string]>> = {
  exposed_credential: ['three_days', 'sixty_days'], valid_credential: ['three_days_forensics', 'three_days_forensics'], default_login: ['three_days', 'sixty_days'], missing_authentication: ['three_days', 'sixty_days'], subdomain_takeover: ['three_days', 'three_days'],
  compromise_sign: ['three_days_forensics', 'three_days_forensics'], sensitive_data: ['fourteen_days', 'sixty_days'], exposed_service: ['fourteen_days', 'sixty_days'], exposed_panel: ['sixty_days', 'next_upgrade'], end_of_life: ['fourteen_days', 'next_upgrade'],
  weak_cryptography: ['sixty_days', 'next_upgrade'], invalid_certificate: ['sixty_days', 'next_upgrade'], hardening: ['next_upgrade', 'next_upgrade'], information: ['next_upgrade', 'next_upgrade'],
}

test.each(Object.entries(expected) as [keyof typeof expected, readonly [string, string]][])('%s: %o', (weakness, bands) => {
  expect([bandOf(weakness, 'yes'), bandOf(weakness, 'no')]).toEqual(bands)
  const decision = decide(facts({ weakness, cve: null, vulnerability: null }), now)
  expect(decision.notes).toContain('no_cve_rule')
  expect(decision.cwe.length).toBeGreaterThan(0)
})

test('every kind is here', () => {
  expect([...Object.keys(expected), 'vulnerability', 'misconfiguration'].toSorted()).toEqual(weaknesses.toSorted())
})

test.each(['vulnerability', 'misconfiguration'] as const)('%s without a CVE goes by the severity that its finder states; one that states none is high', (weakness) => {
  const bands = (['critical', 'high', 'medium', 'low', 'info', null] as const).map((severity) => [bandOf(weakness, 'yes', { severity }), bandOf(weakness, 'no', { severity })])
  expect(bands).toEqual([['three_days', 'sixty_days'], ['fourteen_days', 'sixty_days'], ['sixty_days', 'next_upgrade'], ['next_upgrade', 'next_upgrade'], ['next_upgrade', 'next_upgrade'], ['fourteen_days', 'sixty_days']])
  const silent = decide(facts({ weakness, cve: null, vulnerability: null }), now)
  expect(silent.answers).toMatchObject({ automatable: { source: 'assumed' }, total_impact: { value: false, source: 'assumed' } })
})

test('a CVSS vector says more than a severity', () => {
  const vulnerability = { kev: null, epss: null, cvss: ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'], ssvc: null, cwe: [], techniques: [] }
  expect(bandOf('vulnerability', 'yes', { severity: 'low', vulnerability })).toBe('three_days')
})

test('every rule gives its reason', () => {
  for (const weakness of weaknesses) expect(ruleFor(weakness, null).why).not.toBe('')
})
