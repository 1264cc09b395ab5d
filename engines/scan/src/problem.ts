// From what a probe, a template, a rule for secrets or a version says to one problem with its decision. A template's kind of weakness is told by its tags; what has a
// CVE is a vulnerability. Defended by problem.test.ts.
import { checks, evidenceOf } from '@haechi/probes'
import type { Finding } from '@haechi/probes'
import { compareDecisions, decide, findingsOf } from '@haechi/risk'
import type { Exposure, Facts, Held, Knowledge, Method, Severity, Software, Weakness } from '@haechi/risk'
import type { Found, Redacted, SecretRule } from '@haechi/secrets'
import type { Match } from '@haechi/templates'
import type { Problem } from './model.ts'

export type Judging = { readonly knowledge: Knowledge | null; readonly exposure: Exposure; readonly at: number }

type Told = Omit<Problem, 'decision'> & { readonly method: Method }

function judged({ method, ...told }: Told, { knowledge, exposure, at }: Judging): Problem[] {
  const facts: Facts = {
    asset: { id: told.asset, site: null, criticality: null, exposure }, weakness: told.weakness,
    // A CVE that stands beside a weak protocol tells where to read about it; how grave that is, its kind says.
    cve: told.weakness === 'vulnerability' ? told.cve[0] ?? null : null, place: told.place, severity: told.severity, cwe: told.cwe,
    evidence: [{ method, confidence: told.confidence, at, detail: { en: `${told.id}: ${told.evidence.en}`, ko: `${told.id}: ${told.evidence.ko}` } }], vulnerability: null, controls: [], foundAt: at,
  }
  const [known = facts] = findingsOf({ facts, software: null }, knowledge, at).findings
  return [{ ...told, decision: decide(known, at) }]
}

/** What a probe has seen. A check that nobody knows is an error of ours, and shows as information rather than vanishing. */
export function ofFinding(finding: Finding, judging: Judging): Problem[] {
  const check = checks[finding.check]
  const { asset, place, severity, confidence, evidence, cve } = finding
  return judged({
    asset, place, origin: 'check', id: finding.check, title: check?.title ?? { en: finding.check, ko: finding.check }, remedy: check?.remedy ?? null, weakness: check?.weakness ?? 'information', severity, confidence, evidence, cve, cwe: check?.cwe ?? [], method: 'check',
  }, judging)
}

/** By the tags of the community's templates, the first that is there. */
const kinds: readonly (readonly [tag: string, weakness: Weakness])[] = [
  ['default-login', 'default_login'], ['takeover', 'subdomain_takeover'], ['backdoor', 'compromise_sign'], ['c2', 'compromise_sign'], ['token', 'exposed_credential'], ['tokens', 'exposed_credential'], ['keys', 'exposed_credential'], ['unauth', 'missing_authentication'],
  ['eol', 'end_of_life'], ['panel', 'exposed_panel'], ['exposure', 'sensitive_data'], ['files', 'sensitive_data'], ['logs', 'sensitive_data'], ['ssl', 'weak_cryptography'], ['tls', 'weak_cryptography'], ['headers', 'hardening'],
  ['tech', 'information'], ['detect', 'information'], ['discovery', 'information'], ['fingerprint', 'information'], ['misconfig', 'misconfiguration'],
]

function kindOf({ info }: Match): Weakness {
  if (info.classification.cve.length > 0) return 'vulnerability'
  // What only tells what is there is none of the graver kinds, whatever else it is tagged with.
  if (info.severity === 'info' || info.severity === 'unknown') return info.tags.includes('panel') ? 'exposed_panel' : 'information'
  return kinds.find(([tag]) => info.tags.includes(tag))?.[1] ?? 'misconfiguration'
}

const severityOf = (severity: Match['info']['severity']): Severity => (severity === 'unknown' ? 'info' : severity)

/** A template's match on a host; `asset` is what the scan calls that host. */
export function ofMatch(match: Match, asset: string, judging: Judging): Problem[] {
  const { info, template, matcher, matchedAt, extracted } = match
  const name = `${info.name === '' ? template : info.name}${matcher === null ? '' : ` (${matcher})`}`
  return judged({
    asset, place: matchedAt, origin: 'template', id: matcher === null ? template : `${template}:${matcher}`, title: { en: name, ko: name }, remedy: info.remediation === null ? null : { en: info.remediation, ko: info.remediation }, weakness: kindOf(match), severity: severityOf(info.severity),
    confidence: 0.9, evidence: evidenceOf([firstLine(match.evidence.response), ...extracted].filter((text) => text !== '').join('; '), 500), cve: info.classification.cve, cwe: info.classification.cwe, method: 'check',
  }, judging)
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? ''

/** A credential that a web server gives out. */
export function ofSecret(found: Found, rule: SecretRule, { excerpt, hash }: Redacted, { asset, url }: { readonly asset: string; readonly url: string }, judging: Judging): Problem[] {
  return judged({
    asset, place: `${url}#L${found.line}`, origin: 'secret', id: rule.id, title: { en: `${rule.name.en} given out by a web server`, ko: `웹 서버가 내주는 ${rule.name.ko}` },
    remedy: { en: 'Revoke it where it was issued, look for its use, then take it out of what is served.', ko: '발급처에서 폐기하고 사용 흔적을 조사한 뒤, 제공되는 파일에서 제거하십시오.' },
    weakness: 'exposed_credential', severity: rule.severity, confidence: found.confidence, evidence: { en: `${excerpt}, SHA-256 ${hash}, line ${found.line}`, ko: `${excerpt}, SHA-256 ${hash}, ${found.line}번째 줄` }, cve: [], cwe: ['CWE-798'], method: 'check',
  }, judging)
}

/** CVEs that the version of a program has by what is known, as one problem with the decision of the worst; what its distribution has mended is held. */
export function ofSoftware(software: Software, { asset, place, name }: { readonly asset: string; readonly place: string; readonly name: string }, judging: Judging): { readonly problems: readonly Problem[]; readonly held: readonly Held[] } {
  const { knowledge, exposure, at } = judging
  if (knowledge === null) return { problems: [], held: [] }
  const facts: Facts = { asset: { id: asset, site: null, criticality: null, exposure }, weakness: 'vulnerability', cve: null, place, severity: null, cwe: [], evidence: [], vulnerability: null, controls: [], foundAt: at }
  const { findings, held } = findingsOf({ facts, software }, knowledge, at)
  const [worst, ...others] = findings.map((found) => ({ found, decision: decide(found, at) })).toSorted((a, b) => compareDecisions(a.decision, b.decision))
  if (worst === undefined) return { problems: [], held }
  const { decision, found } = worst
  const cve = [worst, ...others].flatMap((each) => each.found.cve ?? [])
  const surest = found.evidence[0]
  const problems: Problem[] = [{
    asset, place, origin: 'version', id: 'known_vulnerabilities', title: { en: `${name} may have known vulnerabilities: ${cve.length}, the worst ${cve[0]}`, ko: `${name}에 알려진 취약점 ${cve.length}건이 있을 수 있음(가장 위험한 것: ${cve[0]})` },
    remedy: { en: `Find out which build it is, and update ${name}.`, ko: `어느 빌드인지 확인하고 ${name}을(를) 업데이트하십시오.` },
    // A version proves nothing: never more than medium, whatever the CVE would be.
    weakness: 'vulnerability', severity: decision.level === 'watch' ? 'low' : 'medium', confidence: surest?.confidence ?? 0, evidence: surest?.detail ?? { en: '', ko: '' }, cve, cwe: decision.cwe, decision,
  }]
  return { problems, held }
}
