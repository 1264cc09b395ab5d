import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RiskProblem } from '../problem.ts'
import { decide } from './decide.ts'
import { now } from './facts.fixture.ts'
import { readLine } from './read-facts.ts'

const whole = {
  asset: { id: 'www', site: 'seoul', criticality: 'high', exposure: { reached: 'yes', measured_at: '2026-11-21T09:00:00+09:00', how: 'from outside' } }, weakness: 'vulnerability', cve: 'cve-2024-6387', place: '22/tcp', severity: 'high', cwe: ['CWE-364'],
  evidence: [{ method: 'package', confidence: 0.9, at: '2026-11-20', detail: 'openssh 1:9.2p1-2+deb12u2' }],
  vulnerability: { kev: { listed: true, added: '2024-07-01', ransomware: 'no' }, epss: { probability: 0.4, percentile: 0.97, at: '2026-11-20' }, cvss: ['CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H'], ssvc: { exploitation: 'poc', automatable: 'no', technical_impact: 'total' }, cwe: ['CWE-362'], techniques: ['T1190'] },
  controls: [{ kind: 'firewall', verified_at: '2026-11-20', detail: '22 from offices only' }], software: { cpe: 'cpe:/a:openbsd:openssh:9.2:p1', package: { ecosystem: 'debian', release: '12', name: 'openssh-server', source: 'openssh', version: '1:9.2p1-2+deb12u2' }, distribution: 'debian' }, found_at: '2026-11-20',
}

test('all that a line can say', () => {
  const { facts, software } = readLine(whole, now)
  expect(facts).toMatchObject({
    asset: { id: 'www', criticality: 'high', exposure: { reached: 'yes', measuredAt: Date.UTC(2026, 10, 21) } }, cve: 'CVE-2024-6387', place: '22/tcp', foundAt: Date.UTC(2026, 10, 20), controls: [{ kind: 'firewall', verifiedAt: Date.UTC(2026, 10, 20) }],
    vulnerability: { kev: { listed: true, added: Date.UTC(2024, 6, 1), ransomware: false }, ssvc: { exploitation: 'poc', automatable: false, technicalImpact: 'total' }, epss: { probability: 0.4 } },
  })
  expect(software).toMatchObject({ cpes: ['cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*'], package: { name: 'openssh-server', source: 'openssh' }, distribution: 'debian' })
})

test('the least that a line can say', () => {
  expect(readLine({ asset: 'www', cve: 'CVE-2024-6387' }, now).facts).toMatchObject({ asset: { id: 'www', criticality: null, exposure: { reached: 'unknown', measuredAt: null } }, weakness: 'vulnerability', vulnerability: null, foundAt: now, evidence: [{ method: 'connector', confidence: 0.5 }] })
  expect(readLine({ asset: 'www', weakness: 'default_login' }, now).facts.cve).toBeNull()
  expect(readLine({ asset: 'www', software: { cpe: [] } }, now)).toMatchObject({ facts: { cve: null, evidence: [] }, software: { cpes: [] } })
})

describe('what is refused, and where', () => {
  test.each<[unknown, string, string]>([
    [null, 'facts_malformed', ''], [[], 'facts_malformed', ''], ['x', 'facts_malformed', ''], [{}, 'fact_missing', 'asset'], [{ asset: 'a' }, 'fact_missing', 'cve'], [{ asset: 'a', cve: 'CVE-1' }, 'fact_invalid', 'cve'], [{ asset: '', cve: 'CVE-2024-6387' }, 'fact_invalid', 'asset'],
    [{ asset: { id: 'a', critcality: 'high' }, cve: 'CVE-2024-6387' }, 'fact_unknown', 'asset.critcality'], [{ asset: 'a', weakness: 'bad' }, 'fact_invalid', 'weakness'], [{ asset: 'a', cve: 'CVE-2024-6387', exposd: true }, 'fact_unknown', 'exposd'],
    [{ asset: { id: 'a', exposure: { reached: true } }, cve: 'CVE-2024-6387' }, 'fact_invalid', 'asset.exposure.reached'], [{ asset: 'a', cve: 'CVE-2024-6387', found_at: 'yesterday' }, 'fact_invalid', 'found_at'], [{ asset: 'a', cve: 'CVE-2024-6387', found_at: '2026-13-40' }, 'fact_invalid', 'found_at'],
    [{ asset: 'a', cve: 'CVE-2024-6387', found_at: '2026-11-20T10:00:00' }, 'fact_invalid', 'found_at'], [{ asset: 'a', cve: 'CVE-2024-6387', evidence: [{ method: 'guess' }] }, 'fact_invalid', 'evidence[0].method'], [{ asset: 'a', cve: 'CVE-2024-6387', evidence: [{ method: 'check', confidence: 2 }] }, 'fact_invalid', 'evidence[0].confidence'],
    [{ asset: 'a', cve: 'CVE-2024-6387', vulnerability: { epss: { probability: '0.5' } } }, 'fact_invalid', 'vulnerability.epss.probability'], [{ asset: 'a', cve: 'CVE-2024-6387', vulnerability: { techniques: ['attack'] } }, 'fact_invalid', 'vulnerability.techniques[0]'],
    [{ asset: 'a', software: { cpe: 'openssh' } }, 'cpe_invalid', ''], [{ asset: 'a', software: { cpe: [1] } }, 'fact_invalid', 'software.cpe[0]'], [{ asset: 'a', cve: 'CVE-2024-6387', cwe: Array.from({ length: 1001 }, () => 'CWE-1') }, 'fact_invalid', 'cwe'],
    [JSON.parse('{"asset":"a","cve":"CVE-2024-6387","__proto__":{"x":1}}'), 'fact_unknown', '__proto__'],
  ])('%j', (line, code, place) => {
    let problem: unknown
    try {
      readLine(line, now)
    } catch (error) {
      problem = error
    }
    expect(problem).toMatchObject({ code, place })
    expect((problem as RiskProblem).message).not.toBe('')
  })

  test('a value deeper than any stack is refused like another', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown
    for (const line of [deep, { asset: deep, cve: 'CVE-2024-6387' }, { asset: 'a', cve: deep }, { asset: 'a', cve: 'CVE-2024-6387', evidence: [deep] }, { asset: 'a', cve: 'CVE-2024-6387', controls: deep }]) expect(() => readLine(line, now)).toThrow(RiskProblem)
  })

  test('any JSON is decided or refused with a code', () => {
    const cut = fc.tuple(fc.constant(JSON.stringify(whole)), fc.nat(900), fc.constantFrom('null', '1', '"x"', '[]', '{}', 'true')).map(([text, at, put]) => {
      const from = text.indexOf(':', at)
      const to = from === -1 ? -1 : text.slice(from).search(/[,}]/)
      return from === -1 || to === -1 ? text : text.slice(0, from + 1) + put + text.slice(from + to)
    }).filter((text) => { try { JSON.parse(text); return true } catch { return false } }).map((text): unknown => JSON.parse(text))
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), cut), (line) => {
      try {
        decide(readLine(line, now).facts, now)
      } catch (error) {
        expect(error).toBeInstanceOf(RiskProblem)
      }
    }), { numRuns: 1_000 })
  })
})
