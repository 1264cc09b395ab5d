// Advisories, changelogs and what becomes of a range where a distribution built the program.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKnowledge } from '../knowledge/knowledge.ts'
import { EntryProblem } from '../knowledge/reading.ts'
import { openAdvisories } from './advisories.ts'
import type { Installed } from './advisories.ts'
import { assess, isVulnerable } from './assess.ts'
import { changelogVerdict, readChangelog } from './changelog.ts'
import { cpesOfPackage } from './products.ts'

const installed = (ecosystem: string, name: string, version: string, release: string | null = null): Installed => ({ ecosystem, name, version, release, source: null })
const statusOf = (advisories: ReturnType<typeof openAdvisories>, one: Installed) => advisories.verdicts(one).map(({ cve, status, fixedIn }) => [cve, status, fixedIn])

describe('OSV', () => {
  const record = (ecosystem: string, name: string, affected: object, more: object = {}) => ({ id: 'GHSA-xxxx-yyyy-zzzz', aliases: ['CVE-2024-0001'], affected: [{ package: { ecosystem, name }, ...affected }], ...more })
  const range = (...events: readonly object[]) => ({ ranges: [{ type: 'ECOSYSTEM', events }] })
  test.each([
    ['npm', [{ introduced: '0' }, { fixed: '1.2.3' }], '1.2.3-rc.1', 'vulnerable'], ['npm', [{ introduced: '0' }, { fixed: '1.2.3' }], '1.2.3', 'fixed'], ['npm', [{ fixed: '1.2.3' }, { introduced: '1.0.0' }], '0.9.0', 'not_affected'],
    ['npm', [{ introduced: '1.0.0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }], '1.5.0', 'fixed'], ['npm', [{ introduced: '1.0.0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }], '2.0.5', 'vulnerable'],
    ['PyPI', [{ introduced: '0' }, { last_affected: '2.0' }], '2.0.0', 'vulnerable'], ['PyPI', [{ introduced: '0' }, { last_affected: '2.0' }], '2.0.post1', 'not_affected'], ['PyPI', [{ introduced: '0' }, { fixed: '2.0' }], '2.0rc1', 'vulnerable'],
    ['Debian:12', [{ introduced: '0' }, { fixed: '1:9.2p1-2+deb12u3' }], '1:9.2p1-2+deb12u10', 'fixed'], ['Ubuntu:22.04:LTS', [{ introduced: '0' }, { fixed: '3.0.2-0ubuntu1.10' }], '3.0.2-0ubuntu1.9', 'vulnerable'], ['Rocky Linux:9', [{ introduced: '0' }, { fixed: '0:2.4.57-11.el9_4.1' }], '2.4.57-5.el9', 'vulnerable'],
    ['Go', [{ introduced: '0' }, { fixed: '1.0.0' }, { limit: '0.5.0' }], '0.7.0', 'not_affected'],
  ])('%s %j, %s: %s', (ecosystem, events, version, status) => {
    const advisories = openAdvisories()
    advisories.addOsv(record(ecosystem, 'pkg', range(...events)))
    expect(statusOf(advisories, installed(ecosystem, 'pkg', version))[0]?.[1]).toBe(status)
  })
  test('names of PyPI are one name in every spelling; listed versions count; withdrawn records do not', () => {
    const advisories = openAdvisories()
    advisories.addOsv(record('PyPI', 'Zope.Interface_x', { versions: ['1.0', '1.1'] }))
    advisories.addOsv(record('PyPI', 'gone', range({ introduced: '0' }), { id: 'PYSEC-1', withdrawn: '2024-01-01T00:00:00Z' }))
    expect(statusOf(advisories, installed('pypi', 'zope-interface-X', '1.1'))).toEqual([['CVE-2024-0001', 'vulnerable', null]])
    expect(statusOf(advisories, installed('pypi', 'zope-interface-X', '1.2'))).toEqual([['CVE-2024-0001', 'not_affected', null]])
    expect(advisories.verdicts(installed('pypi', 'gone', '1.0'))).toEqual([])
  })
  test('another release of the distribution speaks of other builds; where the release is not known, only agreement decides', () => {
    const advisories = openAdvisories()
    advisories.addOsv(record('Debian:11', 'openssl', range({ introduced: '0' }, { fixed: '1.1.1n-0+deb11u5' }), { id: 'DSA-1-11' }))
    advisories.addOsv(record('Debian:12', 'openssl', range({ introduced: '0' }, { fixed: '3.0.9-1' }), { id: 'DSA-1-12' }))
    expect(statusOf(advisories, installed('debian', 'openssl', '1.1.1n-0+deb11u5', '11'))).toEqual([['CVE-2024-0001', 'fixed', '1.1.1n-0+deb11u5']])
    expect(statusOf(advisories, installed('debian', 'openssl', '3.0.8-1', 'bookworm'))).toEqual([['CVE-2024-0001', 'vulnerable', '3.0.9-1']])
    expect(statusOf(advisories, installed('debian', 'openssl', '1.1.1n-0+deb11u5'))[0]?.[1]).toBe('unknown')
    expect(statusOf(advisories, installed('debian', 'openssl', '3.0.9-1'))[0]?.[1]).toBe('fixed')
  })
  test.each([[{}, 'entry_malformed'], [[], 'entry_malformed'], [{ id: 'X', affected: [] }, 'entry_malformed'], [record('Maven', 'a:b', range({ introduced: '0' })), 'entry_malformed'], [record('npm', 'x', range({ introduced: 'one' })), 'version_invalid'], [record('npm', 'x', range({ since: '1.0.0' })), 'value_invalid'], [record('npm', 'x', range({ fixed: 1 })), 'version_invalid']])('%j is refused', (value, code) => {
    expect(() => openAdvisories().addOsv(value)).toThrow(expect.objectContaining({ code }))
  })
  test('any JSON is taken or refused', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (value, affected) => {
      for (const one of [value, record('npm', 'x', { ranges: affected }), { id: 'X', affected }, { x: affected }]) {
        for (const add of ['addOsv', 'addDebian'] as const) {
          try {
            openAdvisories()[add](one)
          } catch (error) {
            expect(error).toBeInstanceOf(EntryProblem)
          }
        }
      }
    }), { numRuns: 300 })
  })
})

test('Debian\'s tracker: resolved, open, not affected, undetermined; by the source package', () => {
  const advisories = openAdvisories()
  const state = (status: string, fixed?: string) => ({ releases: { bookworm: { status, ...(fixed === undefined ? {} : { fixed_version: fixed }) }, trixie: { status: 'open' } } })
  advisories.addDebian({ openssh: { 'CVE-2024-0001': state('resolved', '1:9.2p1-2+deb12u3'), 'CVE-2024-0002': state('open'), 'CVE-2024-0003': state('resolved', '0'), 'CVE-2024-0004': state('undetermined'), 'TEMP-1': {} } })
  const one = { ...installed('debian', 'openssh-server', '1:9.2p1-2+deb12u2', '12'), source: 'openssh' }
  expect(statusOf(advisories, one)).toEqual([['CVE-2024-0001', 'vulnerable', '1:9.2p1-2+deb12u3'], ['CVE-2024-0002', 'vulnerable', null], ['CVE-2024-0003', 'not_affected', null], ['CVE-2024-0004', 'unknown', null]])
  expect(statusOf(advisories, { ...one, version: '1:9.2p1-2+deb12u10' })[0]).toEqual(['CVE-2024-0001', 'fixed', '1:9.2p1-2+deb12u3'])
  expect(() => advisories.addDebian({ x: { 'CVE-2024-0001': { releases: { bookworm: { status: 'odd' } } } } })).toThrow(expect.objectContaining({ code: 'entry_malformed' }))
})

const changelog = readChangelog(`openssh (1:9.2p1-2+deb12u6) bookworm-security; urgency=high

  * CVE-2025-0001: sshd(8): fix something.
  * Revert the fix for CVE-2024-0005, which broke logins.

 -- A <a@b.c>  Mon, 01 Jan 2025 00:00:00 +0000

openssh (1:9.2p1-2+deb12u3) bookworm-security; urgency=high

  * CVE-2024-6387 (closes: #1)
  * CVE-2024-0005 and CVE-2024-0006: fix incomplete checks.
  * CVE-2024-0007: Debian is not affected

openssh (1:8.4p1-5) unstable; urgency=medium

  * CVE-2021-0001: New upstream release.
`)

describe('a changelog', () => {
  const verdict = (cve: string, version: string) => {
    const one = changelogVerdict(changelog, cve, version)
    return one === null ? null : [one.status, one.fixedIn]
  }
  test.each([
    ['CVE-2024-6387', '1:9.2p1-2+deb12u10', ['fixed', '1:9.2p1-2+deb12u3']], ['CVE-2024-6387', '1:9.2p1-2+deb12u2', ['vulnerable', '1:9.2p1-2+deb12u3']], ['CVE-2024-6387', '1:8.4p1-5', null], ['CVE-2024-0005', '1:9.2p1-2+deb12u10', ['unknown', null]],
    ['CVE-2024-0005', '1:9.2p1-2+deb12u4', ['fixed', '1:9.2p1-2+deb12u3']], ['CVE-2024-0006', '1:9.2p1-2+deb12u3', ['fixed', '1:9.2p1-2+deb12u3']], ['CVE-2024-0007', '1:9.2p1-2+deb12u3', ['not_affected', null]], ['CVE-2021-0001', '1:9.2p1-2+deb12u3', ['fixed', '1:8.4p1-5']], ['CVE-2020-9999', '1:9.2p1-2+deb12u3', null],
  ])('%s in %s: %o', (cve, version, expected) => {
    expect(verdict(cve, version)).toEqual(expected)
  })
  test('names its package and versions; anything else is no changelog', () => {
    expect([changelog.package, changelog.versions]).toEqual(['openssh', ['1:9.2p1-2+deb12u6', '1:9.2p1-2+deb12u3', '1:8.4p1-5']])
    fc.assert(fc.property(fc.string(), (text) => { readChangelog(text) }))
  })
})

describe('a range of upstream versions', () => {
  const knowledge = createKnowledge()
  const reader = knowledge.open('nvd', 'lines')
  for (const cve of ['CVE-2024-6387', 'CVE-2024-0005', 'CVE-2024-7777']) reader.write(`${JSON.stringify({ cve, configurations: [{ nodes: [{ operator: 'OR', cpeMatch: [{ vulnerable: true, criteria: 'cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*', versionStartIncluding: '8.5p1', versionEndExcluding: '9.8' }] }] }] })}\n`)
  reader.end()
  const cpes = cpesOfPackage('openssh', '9.2p1')
  const debian = (version: string): Installed => ({ ...installed('debian', 'openssh-server', version, '12'), source: 'openssh' })
  const told = (software: Parameters<typeof assess>[0]) => {
    const { candidates, held } = assess(software, knowledge, null)
    return { found: candidates.map(({ cve, evidence }) => [cve, ...evidence.map(({ method }) => method)]), held: held.map(({ cve, status }) => [cve, status]) }
  }
  test('is a finding of what nobody rebuilt', () => {
    expect(told({ cpes, package: null, changelog: null, distribution: null }).found).toEqual([['CVE-2024-6387', 'version_range'], ['CVE-2024-0005', 'version_range'], ['CVE-2024-7777', 'version_range']])
  })
  test('is none of a build that its changelog says is mended, and is one of the build before', () => {
    expect(told({ cpes, package: debian('1:9.2p1-2+deb12u10'), changelog, distribution: null })).toEqual({ found: [], held: [['CVE-2024-6387', 'fixed'], ['CVE-2024-0005', 'undecided'], ['CVE-2024-7777', 'undecided']] })
    expect(told({ cpes, package: debian('1:9.2p1-2+deb12u2'), changelog, distribution: null }).found).toContainEqual(['CVE-2024-6387', 'package', 'version_range'])
  })
  test('is found by the package alone', () => {
    expect(told({ cpes: [], package: debian('1:9.2p1+dfsg-2+deb12u10'), changelog, distribution: null }).held).toHaveLength(3)
    expect(told({ cpes: [], package: installed('npm', 'openssh', '9.2.0'), changelog: null, distribution: null })).toEqual({ found: [], held: [] })
  })
  test('is undecided of a distribution\'s build that hides its revision', () => {
    expect(told({ cpes, package: null, changelog: null, distribution: 'debian' })).toEqual({ found: [], held: [['CVE-2024-6387', 'undecided'], ['CVE-2024-0005', 'undecided'], ['CVE-2024-7777', 'undecided']] })
  })
  test('isVulnerable hears the advisory first, then the changelog', () => {
    expect(isVulnerable(debian('1:9.2p1-2+deb12u3'), 'CVE-2024-6387', { knowledge, changelog })).toMatchObject({ status: 'fixed', source: 'changelog' })
    expect(isVulnerable(debian('1:9.2p1-2+deb12u3'), 'CVE-2024-9999', { knowledge, changelog })).toBeNull()
  })
})

test('source packages have their names in NVD', () => {
  expect(cpesOfPackage('openssh', '9.2p1')).toEqual(['cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*'])
  expect(cpesOfPackage('linux', '6.1.148')).toEqual(['cpe:2.3:o:linux:linux_kernel:6.1.148:*:*:*:*:*:*:*'])
  expect([cpesOfPackage('no-such-package', '1'), cpesOfPackage('__proto__', '1'), cpesOfPackage('openssl', 'a b')]).toEqual([[], [], []])
})
