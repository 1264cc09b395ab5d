// Real packages of Debian, fetched by apt: what their changelogs say was fixed is no finding, however old the upstream version looks; the build before it has the hole. Offline they are skipped.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { assess, changelogVerdict, compareVersions, cpesOfPackage, createKnowledge, readChangelog } from '@haechi/risk'
import type { Changelog, Installed } from '@haechi/risk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missing, textOf } from './feeds.ts'

const wanted = ['openssh-client', 'openssl', 'apache2-bin', 'curl'] as const
const folder = mkdtempSync(join(tmpdir(), 'haechi-packages-'))
const fetched = spawnSync('apt-get', ['download', ...wanted], { cwd: folder }).status === 0
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
const answers = new Map<string, boolean>()
function dpkg(a: string, operator: string, b: string): boolean {
  const key = `${a} ${operator} ${b}`
  if (!answers.has(key)) answers.set(key, spawnSync('dpkg', ['--compare-versions', a, operator, b]).status === 0)
  return answers.get(key)!
}

type Real = { readonly source: string; readonly upstream: string; readonly installed: Installed; readonly changelog: Changelog }
function real(name: string): Real {
  const file = join(folder, readdirSync(folder).find((each) => each.startsWith(`${name}_`))!)
  const into = join(folder, name)
  mkdirSync(into)
  execFileSync('dpkg-deb', ['-x', file, into])
  const version = execFileSync('dpkg-deb', ['-f', file, 'Version']).toString().trim()
  const source = execFileSync('dpkg-deb', ['-f', file, 'Source']).toString().trim().split(' ')[0] || name
  const changelog = readChangelog(gunzipSync(readFileSync(join(into, `usr/share/doc/${name}/changelog.Debian.gz`))).toString())
  return { source, upstream: version.replace(/^\d+:/, '').replace(/-[^-]*$/, ''), installed: { ecosystem: 'debian', release: '12', name, source, version }, changelog }
}

describe.skipIf(!fetched || missing !== null)(`packages of Debian${fetched ? '' : ': apt-get cannot download here'}${missing ?? ''}`, () => {
  const knowledge = createKnowledge()
  beforeAll(() => {
    const reader = knowledge.open('nvd', 'lines')
    reader.write(textOf('nvd-data-overrides/nvd-data-overrides.ndjson.gz'))
    expect(reader.end().rejections).toBe(0)
  })

  test.each(wanted)('%s', (name) => {
    const { source, upstream, installed, changelog } = real(name)
    expect(changelog.package).toBe(source)
    expect(changelog.versions[0]).toBe(installed.version)
    // The order of the changelog is the order of dpkg, and ours.
    for (const [at, version] of changelog.versions.slice(0, 8).entries()) {
      const older = changelog.versions[at + 1]
      if (older !== undefined) expect([version, older, Math.sign(compareVersions('dpkg', version, older))]).toEqual([version, older, dpkg(version, 'gt', older) ? 1 : dpkg(version, 'eq', older) ? 0 : -1])
    }
    const fixed = new Set(changelog.mentions.filter(({ says, version }) => says === 'fixed' && dpkg(version, 'le', installed.version)).map(({ cve }) => cve))
    expect(fixed.size).toBeGreaterThan(10)

    // The ranges alone would find holes that this build does not have.
    const cpes = cpesOfPackage(source, upstream)
    const byRange = knowledge.affecting(cpes).map(({ cve }) => cve)
    const { candidates, held } = assess({ cpes, package: installed, changelog, distribution: null }, knowledge, null)
    expect(candidates).toEqual([])
    expect(held.map(({ cve }) => cve).toSorted()).toEqual(byRange.toSorted())
    for (const { cve, status, verdict } of held) {
      expect([cve, status]).toEqual([cve, fixed.has(cve) ? 'fixed' : 'undecided'])
      if (verdict?.fixedIn != null) expect(dpkg(installed.version, 'ge', verdict.fixedIn)).toBe(true)
    }

    // The build before a fix of the same upstream version lacks it.
    let before = 0
    for (const { cve, version } of changelog.mentions) {
      const older = changelog.versions[changelog.versions.indexOf(version) + 1]
      const spoken = changelog.mentions.filter((mention) => mention.cve === cve)
      if (older === undefined || spoken.length !== 1 || spoken[0]!.says !== 'fixed' || older.replace(/-[^-]*$/, '') !== version.replace(/-[^-]*$/, '')) continue
      before += 1
      expect(changelogVerdict(changelog, cve, older)).toMatchObject({ status: 'vulnerable', fixedIn: version })
      expect(changelogVerdict(changelog, cve, version)).toMatchObject({ status: 'fixed', fixedIn: version })
    }
    // Apache is brought to a new upstream version each time.
    if (name !== 'apache2-bin') expect(before).toBeGreaterThan(0)
  }, 60_000)

  test('the ranges did name what the builds have fixed', () => {
    const openssh = knowledge.affecting(cpesOfPackage('openssh', '9.2p1')).map(({ cve }) => cve)
    expect(openssh).toEqual(expect.arrayContaining(['CVE-2024-6387', 'CVE-2025-32728', 'CVE-2025-61984', 'CVE-2025-61985']))
  })
})
