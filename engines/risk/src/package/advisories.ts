// What distributions and package ecosystems say of their own builds: OSV records and Debian's security tracker. A distribution mends a hole without changing the version that a banner shows,
// so its word on its build goes before any range of upstream versions. Defended by package.test.ts and tests/conformance/risk/packages.test.ts.
import type { Text } from '../decision/model.ts'
import { cveOf, fieldsOf, isFields, listOf } from '../knowledge/entries.ts'
import { EntryProblem } from '../knowledge/reading.ts'
import { excerpt, RiskProblem } from '../problem.ts'
import { compareVersions } from '../version/compare.ts'
import type { VersionScheme } from '../version/compare.ts'

/** A package as it is installed. */
export type Installed = {
  /** `debian`, `ubuntu`, `pypi`, `npm`, `red hat`, `rocky linux`, ... as OSV calls it, in any case. */
  readonly ecosystem: string
  /** Of a distribution its release: `12` or `bookworm`, `22.04`; null where it is not known. */
  readonly release: string | null
  readonly name: string
  /** The source package, by which distributions speak of vulnerabilities; null: as the name. */
  readonly source: string | null
  readonly version: string
}

export type PackageVerdict = {
  readonly cve: string
  /** `fixed`: the build has the fix. `not_affected`: its maker says that it never had the hole. `unknown`: somebody speaks of it, but not in a way that decides. */
  readonly status: 'vulnerable' | 'fixed' | 'not_affected' | 'unknown'
  /** The first version that has the fix. */
  readonly fixedIn: string | null
  readonly source: 'osv' | 'debian-tracker' | 'changelog'
  /** The advisory. */
  readonly id: string
  readonly detail: Text
}

type Event = { readonly kind: 'introduced' | 'fixed' | 'last_affected' | 'limit'; readonly version: string }
type Statement = {
  readonly cves: readonly string[]
  readonly id: string
  readonly source: 'osv' | 'debian-tracker'
  readonly release: string | null
  readonly scheme: VersionScheme
  /** Ranges of OSV; null of Debian's tracker, whose `state` says it all. */
  readonly ranges: readonly (readonly Event[])[]
  readonly versions: ReadonlySet<string>
  readonly state: { readonly status: string; readonly fixed: string | null } | null
}

export type Advisories = {
  /** One OSV record (OSV schema 1.6). Throws EntryProblem. */
  addOsv(value: unknown): void
  /** The whole of security-tracker.debian.org/tracker/data/json, or one package of it. Throws EntryProblem. */
  addDebian(value: unknown): void
  /** What is said of this build, at most one verdict a CVE: where several speak, `fixed` and `not_affected` of the distribution go before the rest. Throws RiskProblem version_invalid. */
  verdicts(installed: Installed): readonly PackageVerdict[]
  readonly size: number
}

/** Ecosystems by the order of their versions (OSV schema, "Defined ecosystems"). Those that are not here are refused, not guessed at. */
const schemes: Readonly<Record<string, VersionScheme>> = {
  'debian': 'dpkg', 'ubuntu': 'dpkg', 'pypi': 'pep440', 'npm': 'semver', 'crates.io': 'semver', 'go': 'semver', 'hex': 'semver', 'pub': 'semver', 'swifturl': 'semver',
  'red hat': 'rpm', 'rocky linux': 'rpm', 'almalinux': 'rpm', 'suse': 'rpm', 'opensuse': 'rpm', 'mageia': 'rpm', 'openeuler': 'rpm', 'oracle linux': 'rpm', 'fedora': 'rpm', 'centos': 'rpm', 'amazon': 'rpm',
}
const debianReleases: Readonly<Record<string, string>> = { wheezy: '7', jessie: '8', stretch: '9', buster: '10', bullseye: '11', bookworm: '12', trixie: '13', forky: '14' }

const longestVersion = 256
const mostEvents = 10_000

/** `Debian:12`, `Ubuntu:22.04:LTS`, `PyPI` -> its name and release. */
function ecosystemOf(text: string): { ecosystem: string; release: string | null } {
  const [name = '', ...rest] = text.split(':')
  const ecosystem = name.trim().toLowerCase()
  const release = rest.find((part) => /\d/.test(part)) ?? null
  return { ecosystem, release }
}
const releaseOf = (release: string | null): string | null => (release === null ? null : debianReleases[release.toLowerCase()] ?? release.replace(/^v/, ''))
/** PEP 503 for PyPI; names of npm and distributions are taken as they are. */
const keyOf = (ecosystem: string, name: string): string => `${ecosystem} ${ecosystem === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name.toLowerCase()}`

export function openAdvisories(): Advisories {
  const byPackage = new Map<string, Statement[]>()
  const seen = new Set<string>()
  const add = (ecosystem: string, name: string, statement: Statement) => {
    const key = keyOf(ecosystem, name)
    const list = byPackage.get(key)
    if (list === undefined) byPackage.set(key, [statement])
    else list.push(statement)
  }

  return {
    get size() {
      return byPackage.values().reduce((sum, list) => sum + list.length, 0)
    },

    addOsv(value) {
      const fields = fieldsOf(value)
      const id = fields['id']
      if (typeof id !== 'string' || !/^[\w.:+-]{1,100}$/.test(id)) throw new EntryProblem('entry_malformed', 'an OSV record has an id')
      if (seen.has(id)) throw new EntryProblem('entry_duplicate', `${id} stands there already; the first one counts`)
      // Withdrawn: said, and taken back.
      if (fields['withdrawn'] !== undefined && fields['withdrawn'] !== null) return
      const names = [id, ...listOf(fields['aliases']), ...listOf(fields['upstream'])].filter((one): one is string => typeof one === 'string' && /^CVE-\d{4}-\d{4,19}$/.test(one))
      const read = listOf(fields['affected']).flatMap((one) => affectedOf(one, id, [...new Set(names)]))
      if (read.length === 0) throw new EntryProblem('entry_malformed', `${id} names no package of an ecosystem whose versions can be ordered (${Object.keys(schemes).join(', ')})`)
      seen.add(id)
      for (const { ecosystem, name, statement } of read) add(ecosystem, name, statement)
    },

    addDebian(value) {
      let refused = 0
      let taken = 0
      for (const [name, entries] of Object.entries(fieldsOf(value))) {
        for (const [cve, entry] of Object.entries(isFields(entries) ? entries : {})) {
          // TEMP- identifiers have no CVE yet; nobody asks for them.
          if (!isFields(entry) || !isFields(entry['releases']) || !cve.startsWith('CVE-')) {
            refused += cve.startsWith('TEMP-') ? 0 : 1
            continue
          }
          for (const [release, state] of Object.entries(entry['releases'])) {
            const status = isFields(state) ? state['status'] : null
            const fixed = isFields(state) ? state['fixed_version'] : null
            if (typeof status !== 'string' || !['open', 'resolved', 'undetermined'].includes(status) || (fixed !== undefined && (typeof fixed !== 'string' || fixed.length > longestVersion))) {
              refused += 1
              continue
            }
            taken += 1
            add('debian', name, { cves: [cveOf(cve)], id: `${name} ${cve}`, source: 'debian-tracker', release: releaseOf(release), scheme: 'dpkg', ranges: [], versions: new Set(), state: { status, fixed: typeof fixed === 'string' ? fixed : null } })
          }
        }
      }
      if (refused > 0 || taken === 0) throw new EntryProblem('entry_malformed', `${refused} statements of Debian's tracker are not of its form; ${taken} were taken`)
    },

    verdicts(installed) {
      const ecosystem = ecosystemOf(installed.ecosystem)
      const release = releaseOf(installed.release ?? ecosystem.release)
      const best = new Map<string, PackageVerdict>()
      for (const name of new Set([installed.source ?? installed.name, installed.name])) {
        for (const statement of byPackage.get(keyOf(ecosystem.ecosystem, name)) ?? []) {
          // Of another release: it speaks of other builds. Of none or an unknown one, it is heard.
          if (statement.release !== null && release !== null && statement.release !== release) continue
          const verdict = verdictOf(statement, installed)
          if (verdict === null) continue
          // Which of several releases it is, is not known: only where all agree it is decided.
          const sure = statement.release === null || release !== null
          for (const cve of statement.cves) {
            const before = best.get(cve)
            const next: PackageVerdict = { ...verdict, cve }
            if (before === undefined) best.set(cve, next)
            else if (!sure && before.status !== next.status) best.set(cve, { ...next, status: 'unknown', detail: { en: 'it depends on the release of the distribution, which is not known', ko: '배포판의 릴리스에 따라 다르며, 그 릴리스를 알 수 없음' } })
            else if (sure && rank(next.status) > rank(before.status)) best.set(cve, next)
          }
        }
      }
      return [...best.values()]
    },
  }
}

const rank = (status: PackageVerdict['status']): number => ({ unknown: 0, vulnerable: 1, fixed: 2, not_affected: 2 })[status]

function affectedOf(value: unknown, id: string, cves: readonly string[]): { ecosystem: string; name: string; statement: Statement }[] {
  const fields = fieldsOf(value)
  const named = fields['package']
  if (!isFields(named) || typeof named['ecosystem'] !== 'string' || typeof named['name'] !== 'string') return []
  const { ecosystem, release } = ecosystemOf(named['ecosystem'])
  const scheme = Object.hasOwn(schemes, ecosystem) ? schemes[ecosystem] : undefined
  if (scheme === undefined) return []
  const ranges = listOf(fields['ranges']).flatMap((one) => {
    const range = fieldsOf(one)
    // Commits say nothing about versions.
    if (range['type'] === 'GIT') return []
    return [listOf(range['events']).slice(0, mostEvents).flatMap((event) => Object.entries(fieldsOf(event)).map(([kind, version]) => eventOf(kind, version, id, scheme)))]
  })
  const versions = new Set(listOf(fields['versions']).filter((one): one is string => typeof one === 'string' && one.length <= longestVersion))
  return [{ ecosystem, name: named['name'], statement: { cves: cves.length > 0 ? cves : [id], id, source: 'osv', release: releaseOf(release), scheme, ranges, versions, state: null } }]
}

function eventOf(kind: string, version: unknown, id: string, scheme: VersionScheme): Event {
  if (kind !== 'introduced' && kind !== 'fixed' && kind !== 'last_affected' && kind !== 'limit') throw new EntryProblem('value_invalid', `${id}: ${excerpt(kind)} is no event of a range`)
  if (typeof version !== 'string' || version.length > longestVersion) throw new EntryProblem('version_invalid', `${id}: an event has a version`)
  try {
    // "0" comes before every version.
    if (version !== '0' && version !== '*') compareVersions(scheme, version, version)
  } catch (error) {
    if (error instanceof RiskProblem) throw new EntryProblem('version_invalid', `${id}: ${error.message}`)
    throw error
  }
  return { kind, version }
}

function verdictOf(statement: Statement, { version, name }: Installed): Omit<PackageVerdict, 'cve'> | null {
  const { scheme, state, id, source } = statement
  const base = { source, id }
  if (state !== null) {
    if (state.status === 'undetermined') return { ...base, status: 'unknown', fixedIn: null, detail: { en: `Debian has not yet determined whether ${name} is affected`, ko: `Debian이 아직 영향 여부를 판단하지 않음: ${name}` } }
    if (state.status === 'open' || state.fixed === null) return { ...base, status: 'vulnerable', fixedIn: null, detail: { en: `Debian lists it as open for ${name} in this release`, ko: `Debian이 이 릴리스에서 미해결로 공지함: ${name}` } }
    if (state.fixed === '0') return { ...base, status: 'not_affected', fixedIn: null, detail: { en: `Debian says that ${name} is not affected in this release`, ko: `Debian이 이 릴리스는 영향이 없다고 공지함: ${name}` } }
    const fixed = compareVersions(scheme, version, state.fixed) >= 0
    return { ...base, status: fixed ? 'fixed' : 'vulnerable', fixedIn: state.fixed, detail: { en: `Debian fixed it in ${state.fixed}; installed is ${version}`, ko: `Debian이 수정한 버전 ${state.fixed}, 설치된 버전 ${version}` } }
  }
  if (statement.versions.has(version)) return { ...base, status: 'vulnerable', fixedIn: firstFix(statement, version), detail: { en: `${id} lists ${version}`, ko: `${id}의 영향 버전 목록에 있음: ${version}` } }
  let passed: string | null = null
  for (const range of statement.ranges) {
    const { inside, fix } = insideOf(range, version, scheme)
    if (inside) return { ...base, status: 'vulnerable', fixedIn: firstFix(statement, version), detail: { en: `${version} is in a range of ${id}`, ko: `${id}의 영향 범위에 있음: ${version}` } }
    passed ??= fix
  }
  if (statement.ranges.length === 0 && statement.versions.size === 0) return null
  return passed === null ? { ...base, status: 'not_affected', fixedIn: null, detail: { en: `${version} is in no range of ${id}`, ko: `${id}의 영향 범위에 없음: ${version}` } } : { ...base, status: 'fixed', fixedIn: passed, detail: { en: `${id} fixed it in ${passed}; installed is ${version}`, ko: `${id}에서 수정한 버전 ${passed}, 설치된 버전 ${version}` } }
}

/** OSV schema, "Evaluation": the events in the order of versions; the last one at or before the version decides. */
function insideOf(events: readonly Event[], version: string, scheme: VersionScheme): { inside: boolean; fix: string | null } {
  const order = (a: string, b: string): number => (a === b ? 0 : a === '0' || b === '*' ? -1 : b === '0' || a === '*' ? 1 : compareVersions(scheme, a, b))
  let inside = false
  let fix: string | null = null
  for (const { kind, version: at } of events.toSorted((a, b) => order(a.version, b.version))) {
    const against = order(version, at)
    if (kind === 'introduced' && against >= 0) {
      inside = true
      fix = null
    } else if (kind === 'fixed' && against >= 0) {
      if (inside) fix = at
      inside = false
    } else if (kind === 'last_affected' && against > 0) inside = false
  }
  const limits = events.filter(({ kind }) => kind === 'limit')
  if (limits.length > 0 && !limits.some((limit) => order(version, limit.version) < 0)) inside = false
  return { inside, fix }
}

/** The least version with the fix above this one. */
function firstFix({ ranges, scheme }: Statement, version: string): string | null {
  const fixes = ranges.flat().filter((event) => event.kind === 'fixed' && compareVersions(scheme, event.version, version) > 0).map((event) => event.version)
  return fixes.toSorted((a, b) => compareVersions(scheme, a, b))[0] ?? null
}
