// Facts as somebody writes them (JSON, snake_case, ISO dates) become Facts, or a coded reason that names the field and what it may be. What is misspelt is refused, never left out:
// a fact that silently does not count makes a decision wrong. Defended by read-facts.test.ts.
import { readCpe, writeCpe } from '../cpe/name.ts'
import { excerpt, named, RiskProblem } from '../problem.ts'
import { weaknesses } from './weaknesses.ts'
import type { Installed } from '../package/advisories.ts'
import type { Software } from '../package/assess.ts'
import type { Asset, CompensatingControl, Evidence, Exposure, Facts, VulnerabilityFacts } from './model.ts'

type Fields = Readonly<Record<string, unknown>>
const mostText = 2_000
const mostEntries = 1_000
const cvePattern = /^CVE-\d{4}-\d{4,19}$/

const invalid = (place: string, wanted: string, value: unknown, allowed: readonly string[] = []): RiskProblem => {
  const found = named(value).slice(0, 80)
  return new RiskProblem('fact_invalid', place, `${place} has to be ${wanted}; this is ${excerpt(found)}`, { found, allowed: allowed.length > 0 ? allowed : [wanted] })
}

/** The fields of an object, all of which are known. */
function fieldsOf(value: unknown, place: string, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'an object', value)
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw new RiskProblem('fact_unknown', place === '' ? name.slice(0, 80) : `${place}.${name.slice(0, 80)}`, `there is no fact ${excerpt(name)}; known are ${names.join(', ')}`, { found: name, allowed: names })
  }
  return value as Fields
}
const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null
function text(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '' || value.length > mostText) throw invalid(place, `a text of 1 to ${mostText} characters`, value)
  return value
}
function choice<const T extends string>(value: unknown, place: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw invalid(place, `one of ${allowed.join(', ')}`, value, allowed)
  return found
}
function share(value: unknown, place: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw invalid(place, 'a number from 0 to 1', value)
  return value
}
function truth(value: unknown, place: string): boolean {
  if (value === true || value === 'yes') return true
  if (value === false || value === 'no') return false
  throw invalid(place, 'true or false', value, ['true', 'false', 'yes', 'no'])
}
/** `2026-11-22`, `2026-11-22T10:00:00Z` or with an offset. Of a day alone, its beginning in UTC. */
function time(value: unknown, place: string): number {
  const milliseconds = typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(milliseconds)) throw invalid(place, 'a day or time of ISO 8601 with a zone', value, ['2026-11-22', '2026-11-22T10:00:00Z'])
  return milliseconds
}
function list<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): readonly T[] {
  if (isAbsent(value)) return []
  if (!Array.isArray(value) || value.length > mostEntries) throw invalid(place, `a list of at most ${mostEntries}`, value)
  return value.map((one, at) => read(one, `${place}[${at}]`))
}
const maybe = <T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T | null => (isAbsent(value) ? null : read(value, place))

function cveOf(value: unknown, place: string): string {
  const upper = text(value, place).toUpperCase()
  if (!cvePattern.test(upper)) throw invalid(place, 'a CVE identifier', value, ['CVE-2026-12345'])
  return upper
}
function cweOf(value: unknown, place: string): string {
  const upper = text(value, place).toUpperCase()
  if (!/^CWE-\d{1,5}$/.test(upper)) throw invalid(place, 'a CWE identifier', value, ['CWE-79'])
  return upper
}
function techniqueOf(value: unknown, place: string): string {
  if (!/^T\d{4}(\.\d{3})?$/.test(text(value, place))) throw invalid(place, 'an ATT&CK technique', value, ['T1190', 'T1059.001'])
  return text(value, place)
}

function exposureOf(value: unknown, place: string): Exposure {
  const { reached, measured_at: measuredAt, how } = fieldsOf(value, place, ['reached', 'measured_at', 'how'])
  return { reached: choice(reached, `${place}.reached`, ['yes', 'no', 'unknown']), measuredAt: maybe(measuredAt, `${place}.measured_at`, time), how: maybe(how, `${place}.how`, text) }
}

function assetOf(value: unknown, place: string): Asset {
  const unknown: Exposure = { reached: 'unknown', measuredAt: null, how: null }
  if (typeof value === 'string') return { id: text(value, place), site: null, criticality: null, exposure: unknown }
  const { id, site, criticality, exposure } = fieldsOf(value, place, ['id', 'site', 'criticality', 'exposure'])
  return {
    id: text(id, `${place}.id`), site: maybe(site, `${place}.site`, text), criticality: maybe(criticality, `${place}.criticality`, (one, at) => choice(one, at, ['low', 'medium', 'high', 'critical'])),
    exposure: maybe(exposure, `${place}.exposure`, exposureOf) ?? unknown,
  }
}

function evidenceOf(value: unknown, place: string): Evidence {
  const { method, confidence, at, detail } = fieldsOf(value, place, ['method', 'confidence', 'at', 'detail'])
  const said = maybe(detail, `${place}.detail`, text) ?? ''
  return {
    method: choice(method, `${place}.method`, ['check', 'package', 'connector', 'version_range']), confidence: maybe(confidence, `${place}.confidence`, share) ?? 1, at: maybe(at, `${place}.at`, time),
    detail: { en: said, ko: said },
  }
}

function kevOf(value: unknown, place: string): NonNullable<VulnerabilityFacts['kev']> {
  const { listed, added, ransomware } = fieldsOf(value, place, ['listed', 'added', 'ransomware'])
  return truth(listed, `${place}.listed`) ? { listed: true, added: maybe(added, `${place}.added`, time), ransomware: maybe(ransomware, `${place}.ransomware`, truth) ?? false } : { listed: false }
}

function vulnerabilityOf(value: unknown, place: string): VulnerabilityFacts {
  const { kev, epss, cvss, ssvc, cwe, techniques } = fieldsOf(value, place, ['kev', 'epss', 'cvss', 'ssvc', 'cwe', 'techniques'])
  return {
    kev: maybe(kev, `${place}.kev`, kevOf),
    epss: maybe(epss, `${place}.epss`, (one, at) => {
      const { probability, percentile, at: day } = fieldsOf(one, at, ['probability', 'percentile', 'at'])
      return { probability: share(probability, `${at}.probability`), percentile: maybe(percentile, `${at}.percentile`, share) ?? 0, at: maybe(day, `${at}.at`, time) }
    }),
    cvss: list(cvss, `${place}.cvss`, text),
    ssvc: maybe(ssvc, `${place}.ssvc`, (one, at) => {
      const { exploitation, automatable, technical_impact: impact } = fieldsOf(one, at, ['exploitation', 'automatable', 'technical_impact'])
      return {
        exploitation: maybe(exploitation, `${at}.exploitation`, (each, where) => choice(each, where, ['none', 'poc', 'active'])), automatable: maybe(automatable, `${at}.automatable`, truth),
        technicalImpact: maybe(impact, `${at}.technical_impact`, (each, where) => choice(each, where, ['partial', 'total'])),
      }
    }),
    cwe: list(cwe, `${place}.cwe`, cweOf), techniques: list(techniques, `${place}.techniques`, techniqueOf),
  }
}

function controlOf(value: unknown, place: string): CompensatingControl {
  const { kind, verified_at: verifiedAt, detail } = fieldsOf(value, place, ['kind', 'verified_at', 'detail'])
  return { kind: choice(kind, `${place}.kind`, ['waf', 'firewall', 'other']), verifiedAt: maybe(verifiedAt, `${place}.verified_at`, time), detail: maybe(detail, `${place}.detail`, text) ?? '' }
}

function installedOf(value: unknown, place: string): Installed {
  const { ecosystem, release, name, source, version } = fieldsOf(value, place, ['ecosystem', 'release', 'name', 'source', 'version'])
  return {
    ecosystem: text(ecosystem, `${place}.ecosystem`), release: maybe(release, `${place}.release`, text), name: text(name, `${place}.name`), source: maybe(source, `${place}.source`, text), version: text(version, `${place}.version`),
  }
}

function softwareOf(value: unknown, place: string): Software {
  const { cpe, package: installed, distribution } = fieldsOf(value, place, ['cpe', 'package', 'distribution'])
  return {
    cpes: (typeof cpe === 'string' ? [cpe] : list(cpe, `${place}.cpe`, text)).map((one) => writeCpe(readCpe(one))), package: maybe(installed, `${place}.package`, installedOf),
    changelog: null, distribution: maybe(distribution, `${place}.distribution`, text),
  }
}

export const factNames = ['asset', 'weakness', 'cve', 'place', 'severity', 'cwe', 'evidence', 'vulnerability', 'controls', 'software', 'found_at'] as const

/** What a line says: one finding, or a program (`software`) whose CVEs are to be found out; `facts.cve` is null then. */
export type Line = { readonly facts: Facts; readonly software: Software | null }

/**
 * One finding with what is known about it. Needed are `asset` (its name, or an object with `id`) and `cve`, `weakness` or `software`; without `found_at` it was found `at`, without evidence it is a connector's word.
 * Throws RiskProblem: facts_malformed, fact_invalid, fact_unknown, fact_missing, cpe_invalid.
 */
export function readLine(value: unknown, at: number): Line {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RiskProblem('facts_malformed', '', 'facts are a JSON object', { found: named(value), allowed: factNames })
  const fields = fieldsOf(value, '', factNames)
  if (isAbsent(fields['asset'])) throw new RiskProblem('fact_missing', 'asset', 'a decision is about an asset: its name, or an object with id', { allowed: ['asset'] })
  const cve = maybe(fields['cve'], 'cve', cveOf)
  const software = maybe(fields['software'], 'software', softwareOf)
  const weakness = maybe(fields['weakness'], 'weakness', (one, place) => choice(one, place, weaknesses)) ?? (cve === null && software === null ? null : 'vulnerability')
  if (weakness === null) throw new RiskProblem('fact_missing', 'cve', 'a decision is about a CVE, a kind of weakness or a program', { allowed: ['cve', 'weakness', 'software'] })
  const evidence = list(fields['evidence'], 'evidence', evidenceOf)
  const facts: Facts = {
    asset: assetOf(fields['asset'], 'asset'), weakness, cve, place: maybe(fields['place'], 'place', text),
    severity: maybe(fields['severity'], 'severity', (one, place) => choice(one, place, ['info', 'low', 'medium', 'high', 'critical'])),
    cwe: list(fields['cwe'], 'cwe', cweOf), evidence: evidence.length > 0 || software !== null ? evidence : [{ method: 'connector', confidence: 0.5, at: null, detail: { en: '', ko: '' } }],
    vulnerability: maybe(fields['vulnerability'], 'vulnerability', vulnerabilityOf), controls: list(fields['controls'], 'controls', controlOf), foundAt: maybe(fields['found_at'], 'found_at', time) ?? at,
  }
  return { facts, software }
}
