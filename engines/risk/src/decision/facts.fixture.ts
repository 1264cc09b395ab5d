import * as fc from 'fast-check'
import type { Facts, VulnerabilityFacts } from './model.ts'
import { weaknesses } from './weaknesses.ts'

export const now = Date.UTC(2026, 10, 22)
export const day = 86_400_000

export const unknown: VulnerabilityFacts = { kev: null, epss: null, cvss: [], ssvc: null, cwe: [], techniques: [] }
export const worst: VulnerabilityFacts = {
  kev: { listed: true, added: now - 100 * day, ransomware: true }, epss: { probability: 0.97, percentile: 0.999, at: now }, cvss: ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
  ssvc: { exploitation: 'active', automatable: true, technicalImpact: 'total' }, cwe: ['CWE-502'], techniques: ['T1190', 'T1059'],
}

/** A CVE that was found today on an asset that is reached from outside; everything about it as bad as it can be. */
export const facts = (changed: Partial<Facts> = {}): Facts => ({
  asset: { id: 'www', site: 'seoul', criticality: 'critical', exposure: { reached: 'yes', measuredAt: now, how: 'from outside' } }, weakness: 'vulnerability', cve: 'CVE-2021-44228', place: null, severity: null, cwe: [],
  evidence: [{ method: 'check', confidence: 1, at: now, detail: { en: 'template', ko: 'template' } }], vulnerability: worst, controls: [], foundAt: now, ...changed,
})

const time = fc.integer({ min: now - 400 * day, max: now + 2 * day })
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null })
export const anyVulnerability: fc.Arbitrary<VulnerabilityFacts> = fc.record({
  kev: fc.oneof(fc.constant(null), fc.constant({ listed: false as const }), fc.record({ listed: fc.constant(true as const), added: maybe(time), ransomware: fc.boolean() })),
  epss: maybe(fc.record({ probability: fc.double({ min: 0, max: 1, noNaN: true }), percentile: fc.double({ min: 0, max: 1, noNaN: true }), at: maybe(time) })),
  cvss: fc.subarray(['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'AV:N/AC:L/Au:N/C:P/I:P/A:P', 'CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N', 'CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', 'nonsense']),
  ssvc: maybe(fc.record({ exploitation: maybe(fc.constantFrom('none' as const, 'poc' as const, 'active' as const)), automatable: maybe(fc.boolean()), technicalImpact: maybe(fc.constantFrom('partial' as const, 'total' as const)) })),
  cwe: fc.subarray(['CWE-79', 'CWE-89']), techniques: fc.subarray(['T1190', 'T1059.001']),
})
export const anyFacts: fc.Arbitrary<Facts> = fc.record({
  asset: fc.record({
    id: fc.constantFrom('a', 'b', 'c'), site: maybe(fc.constantFrom('seoul', 'busan')), criticality: maybe(fc.constantFrom('low' as const, 'medium' as const, 'high' as const, 'critical' as const)),
    exposure: fc.record({ reached: fc.constantFrom('yes' as const, 'no' as const, 'unknown' as const), measuredAt: maybe(time), how: maybe(fc.constant('scan')) }),
  }),
  weakness: fc.constantFrom(...weaknesses), cve: maybe(fc.constantFrom('CVE-2021-44228', 'CVE-2024-6387')), place: maybe(fc.constantFrom('/a', '/b')), severity: maybe(fc.constantFrom('info' as const, 'low' as const, 'medium' as const, 'high' as const, 'critical' as const)),
  cwe: fc.subarray(['CWE-20', 'CWE-79']),
  evidence: fc.array(fc.record({ method: fc.constantFrom('check' as const, 'package' as const, 'connector' as const, 'version_range' as const), confidence: fc.double({ min: 0, max: 1, noNaN: true }), at: maybe(time), detail: fc.constantFrom({ en: 'x', ko: 'x' }, { en: 'y', ko: '와이' }) }), { minLength: 1, maxLength: 4 }),
  vulnerability: maybe(anyVulnerability), controls: fc.array(fc.record({ kind: fc.constantFrom('waf' as const, 'firewall' as const, 'other' as const), verifiedAt: maybe(time), detail: fc.constant('rule 1') }), { maxLength: 2 }), foundAt: time,
})
