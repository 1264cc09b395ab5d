import { createKnowledge } from '@haechi/risk'
import type { Match } from '@haechi/templates'
import { describe, expect, it } from 'vitest'
import { ofFinding, ofMatch, ofSoftware } from './problem.ts'
import type { Judging } from './problem.ts'

const at = Date.UTC(2026, 10, 22)
const judging: Judging = { knowledge: null, exposure: { reached: 'yes', measuredAt: at, how: 'scan' }, at }
const match = (severity: Match['info']['severity'], tags: readonly string[], cve: readonly string[] = []): Match => ({
  template: 'some-template', file: 'http/some.yaml', protocol: 'http', matcher: null, extracted: [], values: {}, matchedAt: 'https://www.example.com/x', target: 'https://www.example.com', address: '192.0.2.7', evidence: { request: 'GET /x', response: 'HTTP/1.1 200 OK\r\nx' }, doubt: null,
  info: { name: 'Some name', authors: [], severity, tags, description: null, impact: null, remediation: null, references: [], classification: { cve, cwe: [], cpe: null, cvssMetrics: null, cvssScore: null, epssScore: null, epssPercentile: null }, metadata: {} },
})

describe('ofMatch', () => {
  it.each([
    ['critical', ['default-login'], 'default_login'], ['high', ['takeover'], 'subdomain_takeover'], ['high', ['unauth', 'redis'], 'missing_authentication'], ['medium', ['exposure'], 'sensitive_data'], ['info', ['tech'], 'information'], ['info', ['panel', 'login'], 'exposed_panel'],
    ['info', ['takeover'], 'information'], ['high', ['misconfig'], 'misconfiguration'], ['high', [], 'misconfiguration'], ['unknown', ['exposure'], 'information'],
  ] as const)('%s with %j is %s', (severity, tags, weakness) => {
    expect(ofMatch(match(severity, tags), 'www.example.com', judging)).toMatchObject([{ weakness, origin: 'template', decision: { state: 'confirmed' } }])
  })

  it('takes what has a CVE for a vulnerability that is proved', () => {
    expect(ofMatch(match('critical', ['cve', 'exposure'], ['CVE-2025-31125']), 'www.example.com', judging)).toMatchObject([{ weakness: 'vulnerability', cve: ['CVE-2025-31125'], decision: { cve: 'CVE-2025-31125', state: 'confirmed' } }])
  })
})

describe('ofSoftware', () => {
  const knowledge = createKnowledge()
  const feed = knowledge.open('nvd', 'lines')
  feed.write(`${JSON.stringify({ id: 'CVE-2099-0001', configurations: [{ nodes: [{ operator: 'OR', negate: false, cpeMatch: [{ vulnerable: true, criteria: 'cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*', versionEndExcluding: '9.3' }] }] }] })}\n`)
  feed.end({ truncated: false })
  const software = { cpes: ['cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*'], package: null, changelog: null, distribution: null }
  const place = { asset: '192.0.2.7', place: 'tcp/22', name: 'OpenSSH 9.2p1' }

  it('judges nothing where nothing is known', () => { expect(ofSoftware(software, place, judging)).toEqual({ problems: [], held: [] }) })

  it('says that a version may have a hole, and never more than medium', () => {
    const { problems, held } = ofSoftware(software, place, { ...judging, knowledge })
    expect(problems).toMatchObject([{ id: 'known_vulnerabilities', cve: ['CVE-2099-0001'], severity: expect.stringMatching(/^(medium|low)$/) as string, decision: { state: 'potential' } }])
    expect(held).toEqual([])
  })

  it("holds back what a distribution's build may have mended", () => {
    const { problems, held } = ofSoftware({ ...software, distribution: 'debian' }, place, { ...judging, knowledge })
    expect(problems).toEqual([])
    expect(held).toMatchObject([{ cve: 'CVE-2099-0001' }])
  })
})

describe('ofFinding', () => {
  it('judges a weak protocol by its kind, whatever CVE made it known', () => {
    const finding = { check: 'tls.old_version', asset: '192.0.2.7', place: 'tcp/25', severity: 'low', confidence: 1, evidence: { en: 'TLS 1.0', ko: 'TLS 1.0' }, cve: ['CVE-2011-3389'] } as const
    expect(ofFinding(finding, judging)).toMatchObject([{ cve: ['CVE-2011-3389'], weakness: 'weak_cryptography', decision: { cve: null, level: 'remedy', band: 'sixty_days' } }])
  })

  it('shows a check that nobody knows as information', () => {
    expect(ofFinding({ check: 'nobody.knows', asset: 'a', place: 'b', severity: 'high', confidence: 1, evidence: { en: '', ko: '' }, cve: [] }, judging)).toMatchObject([{ weakness: 'information', title: { en: 'nobody.knows' } }])
  })
})
