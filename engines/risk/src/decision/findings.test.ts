import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKnowledge } from '../knowledge/knowledge.ts'
import type { FeedForm, Knowledge } from '../knowledge/knowledge.ts'
import type { FeedKind } from '../knowledge/reading.ts'
import { anyFacts, day, facts, now, unknown, worst } from './facts.fixture.ts'
import { findingsOf, mergeFindings } from './findings.ts'
import { readLine } from './read-facts.ts'

function knowledgeOf(...feeds: readonly (readonly [FeedKind, FeedForm, unknown])[]): Knowledge {
  const knowledge = createKnowledge()
  for (const [kind, form, value] of feeds) {
    const reader = knowledge.open(kind, form)
    reader.write(typeof value === 'string' ? value : JSON.stringify(value))
    expect(reader.end().rejected).toEqual([])
  }
  return knowledge
}
const kev = ['kev', 'document', { catalogVersion: '1', count: 1, vulnerabilities: [{ cveID: 'CVE-2024-6387', dateAdded: '2024-07-01', knownRansomwareCampaignUse: 'Known', cwes: ['CWE-364'] }] }] as const
const ranges = ['nvd', 'lines', { cve: 'CVE-2024-6387', configurations: [{ nodes: [{ operator: 'OR', negate: false, cpeMatch: [{ vulnerable: true, criteria: 'cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*', versionStartIncluding: '8.5p1', versionEndExcluding: '9.8' }] }] }] }] as const
const tracker = ['debian', 'document', { openssh: { 'CVE-2024-6387': { releases: { bookworm: { status: 'resolved', fixed_version: '1:9.2p1-2+deb12u3' } } } } }] as const

const line = (version: string, more: object = {}) => readLine({ asset: 'www', software: { cpe: 'cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*', package: { ecosystem: 'debian', release: '12', name: 'openssh-server', source: 'openssh', version } }, ...more }, now)

describe('a program becomes its CVEs', () => {
  const knowledge = knowledgeOf(kev, ranges, tracker)
  test('the build that lacks the fix has it, by the distribution\'s word and by the range, and all that is known of the CVE', () => {
    const { findings, held } = findingsOf(line('1:9.2p1-2+deb12u2'), knowledge, now)
    expect(held).toEqual([])
    expect(findings).toMatchObject([{ cve: 'CVE-2024-6387', vulnerability: { kev: { listed: true, ransomware: true }, cwe: ['CWE-364'] } }])
    expect(findings[0]?.evidence.map(({ method }) => method)).toEqual(['package', 'version_range'])
  })
  test('the build that has the fix has it not, and it is said why', () => {
    const { findings, held } = findingsOf(line('1:9.2p1-2+deb12u3'), knowledge, now)
    expect(findings).toEqual([])
    expect(held).toMatchObject([{ cve: 'CVE-2024-6387', status: 'fixed', reason: { en: 'Debian fixed it in 1:9.2p1-2+deb12u3; installed is 1:9.2p1-2+deb12u3', ko: 'Debian이 수정한 버전 1:9.2p1-2+deb12u3, 설치된 버전 1:9.2p1-2+deb12u3' } }])
  })
  test('a CVE that a scanner names falls with the fix, unless a safe check proved it', () => {
    expect(findingsOf(line('1:9.2p1-2+deb12u3', { cve: 'CVE-2024-6387', evidence: [{ method: 'connector' }] }), knowledge, now)).toMatchObject({ findings: [], held: [{ cve: 'CVE-2024-6387' }] })
    expect(findingsOf(line('1:9.2p1-2+deb12u3', { cve: 'CVE-2024-6387', evidence: [{ method: 'check' }] }), knowledge, now).findings).toHaveLength(1)
    expect(findingsOf(line('1:9.2p1-2+deb12u2', { cve: 'CVE-2024-6387', evidence: [{ method: 'connector', detail: 'scanner' }] }), knowledge, now).findings[0]?.evidence.map(({ method }) => method)).toEqual(['connector', 'package', 'version_range'])
  })
  test('without knowledge a program has no CVEs that could be named, and a named CVE stays what it was', () => {
    expect(findingsOf(line('1:9.2p1-2+deb12u3'), null, now)).toEqual({ findings: [], held: [] })
    expect(findingsOf(readLine({ asset: 'a', cve: 'CVE-2024-6387' }, now), null, now).findings).toMatchObject([{ vulnerability: null }])
  })
  test('what a catalogue does not hold is not listed where the catalogue is whole, else unknown', () => {
    const asked = readLine({ asset: 'a', cve: 'CVE-2020-0001' }, now)
    expect(findingsOf(asked, knowledge, now).findings[0]?.vulnerability?.kev).toEqual({ listed: false })
    expect(findingsOf(asked, knowledgeOf(ranges), now).findings[0]?.vulnerability?.kev).toBeNull()
    expect(findingsOf(readLine({ asset: 'a', cve: 'CVE-2020-0001', vulnerability: { kev: { listed: true } } }, now), knowledgeOf(ranges), now).findings[0]?.vulnerability?.kev).toMatchObject({ listed: true })
  })
})

describe('several observers of one hole', () => {
  test('are one finding with all their evidence, the surest first', () => {
    const scanner = facts({ evidence: [{ method: 'connector', confidence: 0.8, at: now, detail: { en: 'scanner', ko: 'scanner' } }], foundAt: now - 2 * day, vulnerability: null, asset: { ...facts().asset, criticality: 'low', exposure: { reached: 'no', measuredAt: now - 5 * day, how: 'scanner' } } })
    const check = facts({ foundAt: now, cwe: ['CWE-1'], vulnerability: { ...unknown, epss: worst.epss } })
    const range = facts({ evidence: [{ method: 'version_range', confidence: 0.6, at: now, detail: { en: 'range', ko: 'range' } }], severity: 'low', controls: [{ kind: 'waf', verifiedAt: now, detail: '' }], asset: { ...facts().asset, exposure: { reached: 'unknown', measuredAt: null, how: null } } })
    const [one, ...none] = mergeFindings([scanner, check, range, check])
    expect(none).toEqual([])
    expect(one).toMatchObject({ foundAt: now - 2 * day, severity: 'low', cwe: ['CWE-1'], asset: { criticality: 'critical', exposure: { reached: 'yes', measuredAt: now } }, vulnerability: { kev: worst.kev, epss: worst.epss } })
    expect(one?.evidence.map(({ method }) => method)).toEqual(['check', 'connector', 'version_range'])
    expect(one?.controls).toHaveLength(1)
  })
  test('on other assets, of other CVEs, in other places stay apart', () => {
    const panel = (place: string) => facts({ cve: null, weakness: 'exposed_panel', place })
    expect(mergeFindings([panel('/admin'), panel('/manager'), panel('/admin'), facts(), facts({ asset: { ...facts().asset, id: 'b' } }), facts({ cve: 'CVE-2024-6387' })])).toHaveLength(5)
    expect(mergeFindings([facts({ place: '/a' }), facts({ place: '/b' })])).toHaveLength(1)
  })
  test('the order in which they come changes nothing that decides', () => {
    const decisive = ({ asset, severity, foundAt, evidence, cwe }: ReturnType<typeof facts>) => ({ id: asset.id, criticality: asset.criticality, reached: asset.exposure.reached, severity, foundAt, methods: evidence.map(({ method }) => method), cwe: cwe.toSorted() })
    fc.assert(fc.property(fc.array(anyFacts, { minLength: 1, maxLength: 6 }), (all) => {
      const key = (one: ReturnType<typeof decisive>) => JSON.stringify(one)
      expect(mergeFindings(all.toReversed()).map(decisive).map(key).toSorted()).toEqual(mergeFindings(all).map(decisive).map(key).toSorted())
    }), { numRuns: 300 })
  })
})
