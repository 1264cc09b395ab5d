// From a line of facts to what is decided: a program becomes its CVEs, a CVE gets what the knowledge says of it, and what several observers say of the same hole on the same asset becomes
// one finding that keeps every observer's evidence. Defended by findings.test.ts.
import type { Knowledge } from '../knowledge/knowledge.ts'
import { assess } from '../package/assess.ts'
import type { Held } from '../package/assess.ts'
import type { Evidence, Exposure, Facts, Method, VulnerabilityFacts } from './model.ts'
import type { Line } from './read-facts.ts'

export type Findings = { readonly findings: readonly Facts[]; /** Ranges that hold the version of a build that does not have the hole. */ readonly held: readonly Held[] }

const nothing: VulnerabilityFacts = { kev: null, epss: null, cvss: [], ssvc: null, cwe: [], techniques: [] }

/** Throws RiskProblem: version_invalid, cpe_invalid. */
export function findingsOf({ facts, software }: Line, knowledge: Knowledge | null, at: number): Findings {
  const known = (one: Facts): Facts => (one.cve === null || knowledge === null ? one : { ...one, vulnerability: together(one.vulnerability ?? nothing, knowledge.facts(one.cve)) })
  if (software === null || knowledge === null) return { findings: software !== null && facts.cve === null ? [] : [known(withEvidence(facts))], held: [] }
  const { candidates, held } = assess(software, knowledge, at)
  if (facts.cve === null) return { findings: candidates.map(({ cve, evidence }) => known({ ...facts, cve, evidence: [...facts.evidence, ...evidence] })), held }
  // Somebody names the CVE: what a safe check proved stands; what was only concluded falls with the build's fix.
  const mended = held.filter(({ cve }) => cve === facts.cve)
  if (mended.length > 0 && !facts.evidence.some(({ method }) => method === 'check')) return { findings: [], held: mended }
  const more = candidates.find(({ cve }) => cve === facts.cve)?.evidence ?? []
  return { findings: [known(withEvidence({ ...facts, evidence: [...facts.evidence, ...more] }))], held: [] }
}

const withEvidence = (facts: Facts): Facts => (facts.evidence.length > 0 ? facts : { ...facts, evidence: [{ method: 'connector', confidence: 0.5, at: null, detail: { en: '', ko: '' } }] })

/** What the knowledge knows goes before what the line brought along; lists are joined. */
function together(stated: VulnerabilityFacts, known: VulnerabilityFacts): VulnerabilityFacts {
  const ssvc = stated.ssvc === null || known.ssvc === null ? known.ssvc ?? stated.ssvc : {
    exploitation: known.ssvc.exploitation ?? stated.ssvc.exploitation, automatable: known.ssvc.automatable ?? stated.ssvc.automatable, technicalImpact: known.ssvc.technicalImpact ?? stated.ssvc.technicalImpact,
  }
  return { kev: known.kev ?? stated.kev, epss: known.epss ?? stated.epss, cvss: united(stated.cvss, known.cvss), ssvc, cwe: united(stated.cwe, known.cwe), techniques: united(stated.techniques, known.techniques) }
}

const methods: readonly Method[] = ['check', 'package', 'connector', 'version_range']

/**
 * One finding for each hole of each asset (the CVE; without one the weakness in its place), in the order in which they first appear. Evidence of all observers is kept, surest method first;
 * found when the first one found it; exposure as measured last (reached, where two measured at the same time); the worst criticality and severity that somebody states; every control.
 */
export function mergeFindings(findings: readonly Facts[]): readonly Facts[] {
  const groups = Map.groupBy(findings, ({ asset, cve, weakness, place }) => JSON.stringify(cve === null ? [asset.id, weakness, place] : [asset.id, cve]))
  return Array.from(groups.values(), (group) => {
    const [first, ...others] = group
    return others.reduce(merged, { ...first!, evidence: evidenceOf(group) })
  })
}

function evidenceOf(group: readonly Facts[]): readonly Evidence[] {
  const all = new Map(group.flatMap(({ evidence }) => evidence).map((one) => [`${one.method}\0${one.detail.en}`, one]))
  return [...all.values()].toSorted((a, b) => methods.indexOf(a.method) - methods.indexOf(b.method) || b.confidence - a.confidence)
}

function merged(one: Facts, other: Facts): Facts {
  return {
    ...one, severity: worse(['info', 'low', 'medium', 'high', 'critical'], one.severity, other.severity), cwe: united(one.cwe, other.cwe), controls: [...one.controls, ...other.controls], foundAt: Math.min(one.foundAt, other.foundAt), place: one.place ?? other.place,
    asset: { ...one.asset, site: one.asset.site ?? other.asset.site, criticality: worse(['low', 'medium', 'high', 'critical'], one.asset.criticality, other.asset.criticality), exposure: later(one.asset.exposure, other.asset.exposure) },
    vulnerability: one.vulnerability === null || other.vulnerability === null ? one.vulnerability ?? other.vulnerability : together(other.vulnerability, one.vulnerability),
  }
}

function later(one: Exposure, other: Exposure): Exposure {
  const [a, b] = [one.measuredAt ?? -Infinity, other.measuredAt ?? -Infinity]
  if (one.reached === 'unknown' || other.reached === 'unknown') return one.reached === 'unknown' ? other : one
  return a === b ? (one.reached === 'yes' ? one : other) : a > b ? one : other
}
const worse = <T extends string>(order: readonly T[], a: T | null, b: T | null): T | null => (a === null || b === null ? a ?? b : order.indexOf(a) >= order.indexOf(b) ? a : b)
const united = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]
