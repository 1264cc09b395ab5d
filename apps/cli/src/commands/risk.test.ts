import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

const errorOf = (err: string) => err.trim().split('\n').map((line) => (JSON.parse(line) as { error: { code: string; message: string } }).error)
const lines = (out: string) => out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)

/** A folder of feeds as they are published. */
function knowledge(changed: Readonly<Record<string, string | Buffer>> = {}): string {
  const directory = folder()
  mkdirSync(join(directory, 'kev'))
  const range = { vulnerable: true, criteria: 'cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*', versionStartIncluding: '8.5p1', versionEndExcluding: '9.8' }
  const files: Record<string, string | Buffer> = {
    'kev/known_exploited_vulnerabilities.json': JSON.stringify({ catalogVersion: '1', count: 1, vulnerabilities: [{ cveID: 'CVE-2021-44228', dateAdded: '2021-12-10', knownRansomwareCampaignUse: 'Known', cwes: ['CWE-502'] }] }),
    'kev/known_exploited_vulnerabilities_schema.json': '{"$schema":"x"}', 'epss.csv': 'cve,epss,percentile\nCVE-2021-44228,0.94,0.99\n', 'notes.txt': 'nothing',
    'vulnrichment.ndjson.gz': gzipSync('{"cve":"CVE-2024-6387","ssvc":{"Exploitation":"poc","Automatable":"no","Technical Impact":"total"}}\n'),
    'nvd-overrides.ndjson': `${JSON.stringify({ cve: 'CVE-2024-6387', configurations: [{ nodes: [{ operator: 'OR', cpeMatch: [range] }] }] })}\n`,
    'debian-security-tracker.json': JSON.stringify({ openssh: { 'CVE-2024-6387': { releases: { bookworm: { status: 'resolved', fixed_version: '1:9.2p1-2+deb12u3' } } } } }), ...changed,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return directory
}

describe('risk cvss', () => {
  test('a line each for programs', async () => {
    const { code, out, err } = await haechi(['risk', 'cvss', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'AV:N/AC:L/Au:N/C:P/I:P/A:P', 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '--json'])
    expect([code, err]).toEqual([0, ''])
    expect(lines(out)).toMatchObject([{ version: '3.1', base: 9.8, temporal: 9.8, environmental: 9.8, severity: 'critical' }, { vector: 'AV:N/AC:L/Au:N/C:P/I:P/A:P', version: '2.0', base: 7.5, temporal: null, environmental: null, severity: 'high' }, { version: '4.0', base: 9.3, temporal: null, environmental: null, severity: 'critical' }])
  })
  test('one that cannot be read costs no other, and says the metric and what is allowed', async () => {
    const { code, out, err } = await haechi(['risk', 'cvss', 'CVSS:3.1/AV:X', 'AV:N/AC:L/Au:N/C:P/I:P/A:P', 'CVSS:9/A:B', '--json'])
    expect([code, lines(out).length]).toEqual([1, 1])
    expect(errorOf(err).map((error) => error.code)).toEqual(['cvss_value_unknown', 'cvss_version_unknown'])
    expect(errorOf(err)[0]?.message).toContain('The metric AV cannot be X; it is one of N, A, L, P')
    expect((await haechi(['risk', 'cvss', 'CVSS:3.1/AV:X', '--lang', 'ko'])).err).toContain('AV 지표의 값은 X일 수 없습니다')
    expect((await haechi(['risk', 'cvss', 'AV:N/AC:L/Au:N/C:P/I:P/A:P'])).out).toMatch(/VECTOR .*\n.*2\.0 +7\.5 +- +- +high/)
  })
})

describe('risk decide', () => {
  test('lines of findings: the urgent first, merged, with all that decided', async () => {
    const input = [
      { asset: 'a', cve: 'CVE-2024-6387', evidence: [{ method: 'connector', detail: 'scanner' }] }, { asset: 'a', weakness: 'hardening', place: '/' },
      { asset: { id: 'b', exposure: { reached: 'yes', measured_at: '2026-11-22' } }, cve: 'CVE-2021-44228', found_at: '2026-11-20' }, { asset: { id: 'a', exposure: { reached: 'yes' } }, cve: 'CVE-2024-6387', evidence: [{ method: 'check', detail: 'proof' }] },
    ].map((each) => `${JSON.stringify(each)}\n`)
    const { code, out, err } = await haechi(['risk', 'decide', '--knowledge', knowledge(), '--json'], { input })
    expect([code, err]).toEqual([0, ''])
    const decisions = lines(out)
    expect(decisions).toMatchObject([
      { asset: 'b', cve: 'CVE-2021-44228', level: 'urgent', band: 'three_days_forensics', row: 15, due: '2026-11-23', state: 'potential', cwe: ['CWE-502'], answers: { in_kev: { value: true, source: 'kev' } } },
      { asset: 'a', cve: 'CVE-2024-6387', level: 'urgent', band: 'fourteen_days', row: 9, state: 'confirmed', answers: { in_kev: { value: false, source: 'kev' }, automatable: { value: false, source: 'ssvc' } } }, { asset: 'a', weakness: 'hardening', level: 'watch', due: null },
    ])
    expect((decisions[1]!['evidence'] as { method: string }[]).map(({ method }) => method)).toEqual(['check', 'connector'])
    const shown = await haechi(['risk', 'decide', '--knowledge', knowledge(), '--lang', 'ko'], { input })
    expect(shown.out).toMatch(/긴급 대응 +2026-11-23 +[\d.]+ +b +CVE-2021-44228/)
    expect(shown.err).toContain('긴급 대응 2건, 보완 조치 0건, 모니터링 1건.')
  })

  test('a line that cannot be read costs no other', async () => {
    const { code, out, err } = await haechi(['risk', 'decide', '--knowledge', knowledge(), '--json'], { input: ['{"asset":"a","cve":"CVE-2021-44228"}\n{"asset":"a"}\nnonsense\n{"asset":"a","cve":"CVE-2021-44228","critical":true}\n{"asset":"b","weakness":"default_login"}\n'] })
    expect([code, lines(out).length]).toEqual([1, 2])
    expect(errorOf(err).map((error) => error.code)).toEqual(['fact_missing', 'json_invalid', 'fact_unknown'])
  })

  test('one question, answered in full', async () => {
    const { code, out } = await haechi(['risk', 'decide', '--cve', 'CVE-2021-44228', '--exposed', '--criticality', 'high', '--knowledge', knowledge()])
    expect(code).toBe(0)
    expect(out).toContain('Urgent: within 3 days, and look for traces of an intrusion, due 2026-11-25.')
    expect(lines((await haechi(['risk', 'decide', '--cve', 'CVE-2021-44228', '--internal', '--json', '--knowledge', knowledge()])).out)).toMatchObject([{ answers: { exposed: { value: false, source: 'measured' } } }])
  })

  test('a banner of a build that has the fix is no finding, and it is said why; of the build before it is one', async () => {
    const asked = (revision: string) => haechi(['risk', 'decide', '--banner', `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u${revision}`, '--exposed', '--all', '--json', '--knowledge', knowledge()])
    expect(lines((await asked('10')).out)).toMatchObject([{ cve: 'CVE-2024-6387', level: null, held: { status: 'fixed', fixed_in: '1:9.2p1-2+deb12u3', source: 'debian-tracker' } }])
    expect(lines((await asked('2')).out)).toMatchObject([{ cve: 'CVE-2024-6387', level: 'urgent', evidence: [{ method: 'package' }, { method: 'version_range' }] }])
    const shown = await haechi(['risk', 'decide', '--package', 'openssh@1:9.2p1-2+deb12u10', '--distribution', 'debian:12', '--cpe', 'cpe:/a:openbsd:openssh:9.2:p1', '--knowledge', knowledge()])
    expect(shown.err).toContain('1 CVEs were held back')
  })

  test('a changelog decides where no feed does', async () => {
    const directory = knowledge({ 'debian-security-tracker.json': JSON.stringify({ other: { 'CVE-2024-0001': { releases: { bookworm: { status: 'open' } } } } }) })
    const changelog = join(folder(), 'changelog.Debian.gz')
    writeFileSync(changelog, gzipSync('openssh (1:9.2p1-2+deb12u3) bookworm-security; urgency=high\n\n  * CVE-2024-6387: fix the race.\n'))
    const asked = (...more: readonly string[]) => haechi(['risk', 'decide', '--banner', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10', '--all', '--json', '--knowledge', directory, ...more])
    expect(lines((await asked()).out)).toMatchObject([{ held: { status: 'undecided' } }])
    expect(lines((await asked('--changelog', changelog)).out)).toMatchObject([{ held: { status: 'fixed', source: 'changelog' } }])
  })

  test('a broken feed is told and costs itself', async () => {
    const whole = gzipSync('{"cve":"CVE-2024-6387"}\n'.repeat(5_000))
    const { code, out, err } = await haechi(['risk', 'decide', '--cve', 'CVE-2021-44228', '--json', '--knowledge', knowledge({ 'epss.csv': '<html>', 'vulnrichment.ndjson.gz': whole.subarray(0, whole.length - 20) })])
    expect([code, lines(out)]).toMatchObject([1, [{ level: 'urgent', answers: { in_kev: { source: 'kev' } } }]])
    expect(errorOf(err).map((error) => error.code)).toEqual(expect.arrayContaining(['knowledge_refused', 'file_unreadable']))
  })

  test.each([
    [['--exposed', '--internal', '--cve', 'CVE-2021-44228'], 'usage_together'], [['x.ndjson', '--cve', 'CVE-2021-44228'], 'usage_together'], [['/no/such/file', '--knowledge', '/no/such/folder'], 'file_unreadable'], [['--cve', 'nonsense'], 'fact_invalid'], [['--cpe', 'cpe:/a:x:y:1'], 'knowledge_missing'],
    [['--package', 'openssl'], 'risk_package_incomplete'], [['--package', 'openssl@1.0'], 'risk_package_incomplete'],
  ])('%j: %s', async (words, code) => {
    const { code: exit, out, err } = await haechi(['risk', 'decide', ...words, '--json'])
    expect([exit === 0, out, errorOf(err).at(-1)?.code]).toEqual([false, '', code])
  })

  test('a folder without feeds is told', async () => {
    expect(errorOf((await haechi(['risk', 'decide', '--cve', 'CVE-2021-44228', '--json', '--knowledge', folder()])).err)[0]?.code).toBe('knowledge_empty')
  })
})
