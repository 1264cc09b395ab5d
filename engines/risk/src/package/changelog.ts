// A Debian changelog (deb-changelog(5), Debian Policy 4.4) as evidence: which CVEs the maintainer says were fixed in which version. It travels with the package, so it answers offline.
// Defended by package.test.ts and tests/conformance/risk/packages.test.ts (changelogs of real packages).
import { compareDpkg, partsOf } from '../version/dpkg.ts'
import type { PackageVerdict } from './advisories.ts'

/** What a changelog says of a CVE in the entry of one version. */
export type Mention = { readonly cve: string; readonly version: string; /** `fixed`, or somebody wrote beside it that it is not, not fully or no longer fixed. */ readonly says: 'fixed' | 'doubtful' | 'not_affected'; readonly line: string }
export type Changelog = { readonly package: string; /** Newest first, as it stands. */ readonly versions: readonly string[]; readonly mentions: readonly Mention[] }

const heading = /^([a-z0-9][a-z0-9+.-]+) \(([^()\s]{1,256})\)((?:\s+[-+0-9a-z.~]+)+);/i
// One line of a changelog is one statement; what it says beside the identifier decides.
const doubtful = /\b(?:not (?:yet |fully |completely |actually )?fixed|unfixed|incomplete fix|revert(?:s|ed|ing)?|back(?:ed)? out|no longer fixed|does not (?:yet )?fix|still (?:vulnerable|affected)|partial(?:ly)? fix)/i
const unaffected = /\b(?:not affected|unaffected|does not affect|n[o']t vulnerable|never (?:affected|vulnerable))/i
const mostLines = 500_000

/** Never throws: what is no changelog has no versions. */
export function readChangelog(text: string): Changelog {
  let name = ''
  let version = ''
  const versions: string[] = []
  const mentions: Mention[] = []
  for (const line of text.split('\n', mostLines)) {
    const head = heading.exec(line)
    if (head !== null) {
      name ||= head[1]!
      version = head[2]!
      versions.push(version)
      continue
    }
    if (version === '' || !line.includes('CVE-')) continue
    const says = doubtful.test(line) ? 'doubtful' : unaffected.test(line) ? 'not_affected' : 'fixed'
    for (const [cve] of line.slice(0, 4_000).matchAll(/\bCVE-\d{4}-\d{4,19}\b/g)) mentions.push({ cve, version, says, line: line.trim().slice(0, 200) })
  }
  return { package: name, versions, mentions }
}

/**
 * What the changelog says of a CVE for the build that is installed; null where it does not speak of it. The newest word up to that build counts. A changelog that goes on beyond the build, and
 * names the CVE only in a later revision of the same upstream version, says that the build lacks the fix. Throws RiskProblem version_invalid.
 */
export function changelogVerdict({ package: name, mentions }: Changelog, cve: string, installed: string): PackageVerdict | null {
  const spoken = mentions.filter((mention) => mention.cve === cve).toSorted((a, b) => compareDpkg(b.version, a.version))
  const told = (status: PackageVerdict['status'], fixedIn: string | null, { version, line }: Mention): PackageVerdict => ({ cve, status, fixedIn, source: 'changelog', id: `${name} ${version}`, detail: { en: `the changelog of ${name} ${version} says: ${line}`, ko: `${name} ${version}의 변경 기록: ${line}` } })
  const newest = spoken.find(({ version }) => compareDpkg(version, installed) <= 0)
  if (newest !== undefined) {
    const first = spoken.findLast(({ says }) => says === 'fixed')
    return newest.says === 'doubtful' ? told('unknown', null, newest) : told(newest.says, newest.says === 'fixed' ? first?.version ?? null : null, newest)
  }
  const next = spoken.findLast(({ says }) => says === 'fixed')
  return next === undefined || partsOf(next.version).upstream !== partsOf(installed).upstream ? null : told('vulnerable', next.version, next)
}
