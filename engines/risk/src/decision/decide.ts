// The decision about one finding. What is not known is answered with the worse answer, and said; a fact that gets worse never makes a band later or an order lower.
// Defended by tests/conformance/risk/ssvc.test.ts (all rows) and decide.test.ts (properties, clocks, unknown facts).
import { bands, bod2604, daysOf, levelOf } from './bod-26-04.ts'
import { fromCvss } from './from-cvss.ts'
import type { FromCvss } from './from-cvss.ts'
import { orderOf } from './order.ts'
import { ruleFor } from './weaknesses.ts'
import type { ControlKind } from './controls.ts'
import type { CompensatingControl, Decision, Exposure, Facts, Judged, Note, Question, Source } from './model.ts'

const day = 86_400_000
/** A measurement of yesterday says nothing of next month: after so many days "not reached" and "blocked" have to be measured again. */
export const staleAfterDays = 30

const judged = (value: boolean, source: Source): Judged => ({ value, source })
const assumed: Judged = judged(true, 'assumed')

/**
 * Band and due date by CISA BOD 26-04, then the order. `at` is now, in milliseconds since the epoch.
 * The clock runs from the day of finding; where only KEV makes the band what it is, from the day of listing if that came later, but never past what the finding had without it.
 * A verified control lowers the order, never the band: the directive knows no such exception. Pure; throws nothing.
 */
export function decide(facts: Facts, at: number): Decision {
  const notes: Note[] = []
  const { judged: cvss, unreadable } = fromCvss(facts.vulnerability?.cvss ?? [])
  if (unreadable > 0) notes.push('cvss_unreadable')
  const ruled = facts.cve === null
  const rule = ruled ? ruleFor(facts.weakness, facts.severity) : null
  const answers = rule === null ? answersForCve(facts, cvss, at, notes) : answersByRule(facts, rule, cvss, at, notes)
  if (ruled) notes.push('no_cve_rule')

  const values = { in_kev: answers.in_kev.value, exposed: answers.exposed.value, automatable: answers.automatable.value, total_impact: answers.total_impact.value }
  const { row, band } = bod2604(values)
  const known = (question: Question) => values[question] && answers[question].source !== 'assumed'
  const bandAtBest = bod2604({ in_kev: known('in_kev'), exposed: known('exposed'), automatable: known('automatable'), total_impact: known('total_impact') }).band

  const days = daysOf[band]
  let due = days === null ? null : facts.foundAt + days * day
  const kev = facts.vulnerability?.kev
  if (due !== null && kev?.listed === true && kev.added !== null && kev.added > facts.foundAt) {
    const before = daysOf[bod2604({ ...values, in_kev: false }).band]
    const fromListing = kev.added + days! * day
    due = before === null ? fromListing : Math.min(fromListing, facts.foundAt + before * day)
    notes.push('clock_from_kev')
  }
  if (facts.foundAt > at) notes.push('future_found')

  const control = verified(facts.controls, at, notes)
  const { order, factors } = orderOf(facts, { answers, cvss, ruled, control })
  const techniques = facts.vulnerability !== null && facts.vulnerability.techniques.length > 0 ? facts.vulnerability.techniques
    : rule === null ? (answers.exposed.value && answers.automatable.value ? ['T1190'] : []) : rule.techniques
  return {
    asset: facts.asset.id, site: facts.asset.site, weakness: facts.weakness, cve: facts.cve, place: facts.place,
    level: levelOf[band], band, row, answers, bandAtBest, due, overdue: due !== null && due < at,
    state: facts.evidence.some(({ method }) => method === 'check') ? 'confirmed' : 'potential',
    evidence: facts.evidence, order, factors,
    cwe: united(facts.cwe, facts.vulnerability?.cwe ?? [], facts.cwe.length > 0 || rule === null ? [] : rule.cwe), techniques,
    controls: rule?.controls ?? controlsForCve(answers),
    notes,
  }
}

function answersForCve({ vulnerability, asset }: Facts, cvss: FromCvss | null, at: number, notes: Note[]): Record<Question, Judged> {
  const kev = vulnerability?.kev ?? null
  const ssvc = vulnerability?.ssvc ?? null
  const exploitation = ssvc?.exploitation ?? null
  if (kev?.listed === false && exploitation === 'active') notes.push('exploited_outside_kev')
  return {
    // CISA keeps both: where its catalogue is not at hand, its word on exploitation is.
    in_kev: kev !== null ? judged(kev.listed, 'kev') : exploitation !== null ? judged(exploitation === 'active', 'ssvc') : assumed,
    exposed: measured(asset.exposure, at, notes),
    automatable: typeof ssvc?.automatable === 'boolean' ? judged(ssvc.automatable, 'ssvc') : cvss !== null ? judged(cvss.automatable, 'cvss') : assumed,
    total_impact: typeof ssvc?.technicalImpact === 'string' ? judged(ssvc.technicalImpact === 'total', 'ssvc') : cvss !== null ? judged(cvss.total, 'cvss') : assumed,
  }
}

function answersByRule({ asset, severity, weakness }: Facts, rule: ReturnType<typeof ruleFor>, cvss: FromCvss | null, at: number, notes: Note[]): Record<Question, Judged> {
  const general = weakness === 'vulnerability' || weakness === 'misconfiguration'
  const source: Source = !general ? 'rule' : severity === null ? 'assumed' : 'stated'
  return {
    in_kev: judged(rule.exploited, 'rule'),
    exposed: rule.exposed === null || cvss !== null ? measured(asset.exposure, at, notes) : judged(rule.exposed, 'rule'),
    automatable: cvss !== null ? judged(cvss.automatable, 'cvss') : judged(rule.automatable, source),
    total_impact: cvss !== null ? judged(cvss.total, 'cvss') : judged(rule.total, source),
  }
}

/** "Reached" is believed as long as nothing newer says otherwise; "not reached" only where it was measured, and lately. */
function measured({ reached, measuredAt }: Exposure, at: number, notes: Note[]): Judged {
  if (reached === 'yes') return judged(true, measuredAt === null ? 'stated' : 'measured')
  if (reached === 'unknown' || measuredAt === null) {
    notes.push('exposure_not_measured')
    return assumed
  }
  if (at - measuredAt <= staleAfterDays * day) return judged(false, 'measured')
  notes.push('exposure_stale')
  return assumed
}

function verified(controls: readonly CompensatingControl[], at: number, notes: Note[]): CompensatingControl | null {
  for (const control of controls) {
    if (control.verifiedAt !== null && at - control.verifiedAt <= staleAfterDays * day) return control
  }
  const [first] = controls
  if (first !== undefined) notes.push(first.verifiedAt === null ? 'control_not_verified' : 'control_stale')
  return null
}

function controlsForCve({ exposed }: Record<Question, Judged>): readonly ControlKind[] {
  return exposed.value ? ['patch_management', 'vulnerability_check', 'public_server'] : ['patch_management', 'vulnerability_check']
}

const united = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]

/** Most urgent first: band, then order, then due date. For sorting. */
export function compareDecisions(a: Decision, b: Decision): number {
  return bands.indexOf(b.band) - bands.indexOf(a.band) || b.order - a.order || (a.due ?? Infinity) - (b.due ?? Infinity) || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0)
}
