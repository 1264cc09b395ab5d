// Which CVEs a program has, from surest to least sure evidence: what its distribution or ecosystem says of this build, then the ranges of upstream versions. A range says nothing about a build
// that its distribution mended: such a match is held back, and it is said why. Defended by package.test.ts and tests/conformance/risk/packages.test.ts.
import type { Evidence, Text } from '../decision/model.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { Installed, PackageVerdict } from './advisories.ts'
import { partsOf } from '../version/dpkg.ts'
import { changelogVerdict } from './changelog.ts'
import type { Changelog } from './changelog.ts'
import { cpesOfPackage } from './products.ts'

/** One program, as several observers describe it. */
export type Software = {
  /** Where there is none, a package of Debian or Ubuntu is asked about by its maker's name for it. */
  readonly cpes: readonly string[]
  readonly package: Installed | null
  readonly changelog: Changelog | null
  /** A distribution built it (its banner or fingerprint says so), even where nobody knows which build it is. */
  readonly distribution: string | null
}

export type Candidate = { readonly cve: string; readonly evidence: readonly Evidence[] }
/** A CVE whose range holds the version, but which is no finding: the build has the fix, or it is a distribution's and nobody has said yet whether it has. */
export type Held = { readonly cve: string; readonly range: string; readonly status: 'fixed' | 'not_affected' | 'undecided'; /** null where nobody speaks of this build. */ readonly verdict: PackageVerdict | null; readonly reason: Text }
export type Assessment = { readonly candidates: readonly Candidate[]; readonly held: readonly Held[] }

/** Confidence of a package's advisory; of a range and a version that is known; of a range that depends on what the asset does not tell. */
const sure = { package: 0.95, range: 0.6, possible: 0.3 } as const

/** Throws RiskProblem: cpe_invalid, version_invalid. */
export function assess(software: Software, knowledge: Knowledge, at: number | null): Assessment {
  const { package: installed, changelog, distribution } = software
  const verdicts = new Map<string, PackageVerdict>((installed === null ? [] : knowledge.advisories.verdicts(installed)).map((verdict) => [verdict.cve, verdict]))
  const candidates = new Map<string, Evidence[]>()
  for (const { cve, status, detail } of verdicts.values()) {
    if (status === 'vulnerable') candidates.set(cve, [{ method: 'package', confidence: sure.package, at, detail }])
  }
  const held: Held[] = []
  const builder = distribution ?? (installed !== null && ['debian', 'ubuntu'].includes(installed.ecosystem.toLowerCase().split(':')[0]!) ? installed.ecosystem : null)
  const cpes = software.cpes.length > 0 || installed === null || builder === null ? software.cpes : cpesOfPackage(installed.source ?? installed.name, upstreamOf(installed.version))
  for (const { cve, applies, criterion } of cpes.length === 0 ? [] : knowledge.affecting(cpes)) {
    const told = verdicts.get(cve)
    const verdict = (told !== undefined && told.status !== 'unknown' ? told : changelog === null || installed === null ? null : changelogVerdict(changelog, cve, installed.version)) ?? told ?? null
    if (verdict?.status === 'fixed' || verdict?.status === 'not_affected') held.push({ cve, range: criterion, status: verdict.status, verdict, reason: verdict.detail })
    else if (builder !== null && verdict?.status !== 'vulnerable') {
      held.push({ cve, range: criterion, status: 'undecided', verdict, reason: verdict?.detail ?? undecided(builder, installed) })
    } else if (verdict?.source === 'changelog') candidates.set(cve, [{ method: 'package', confidence: sure.package, at, detail: verdict.detail }, { method: 'version_range', confidence: sure.range, at, detail: { en: criterion, ko: criterion } }])
    else candidates.set(cve, [...candidates.get(cve) ?? [], { method: 'version_range', confidence: applies === 'yes' ? sure.range : sure.possible, at, detail: { en: criterion, ko: criterion } }])
  }
  return { candidates: Array.from(candidates, ([cve, evidence]) => ({ cve, evidence })), held }
}

const undecided = (builder: string, installed: Installed | null): Text => ({
  en: `${builder} built it and mends holes without changing the version; what it says of ${installed === null ? 'its build' : `${installed.name} ${installed.version}`} is not at hand`,
  ko: `${builder}에서 빌드했고 버전을 바꾸지 않고 취약점을 수정하므로, ${installed === null ? '해당 빌드' : `${installed.name} ${installed.version}`}에 대한 공지가 있어야 판단할 수 있음`,
})

/** 1:9.2p1-2+deb12u3 -> 9.2p1; what a distribution left out of the sources (+dfsg, +ds) is no version of its maker's. */
const upstreamOf = (version: string): string => partsOf(version).upstream.replace(/[+~.](?:dfsg|ds|repack)[\w.+~]*$/, '')

/** Whether a build has a CVE, by what its distribution or ecosystem says and by its changelog; null where nobody speaks of it. Throws RiskProblem version_invalid. */
export function isVulnerable(installed: Installed, cve: string, { knowledge, changelog }: { readonly knowledge?: Knowledge; readonly changelog?: Changelog }): PackageVerdict | null {
  const told = knowledge?.advisories.verdicts(installed).find((verdict) => verdict.cve === cve)
  if (told !== undefined && told.status !== 'unknown') return told
  return (changelog === undefined ? null : changelogVerdict(changelog, cve, installed.version)) ?? told ?? null
}
