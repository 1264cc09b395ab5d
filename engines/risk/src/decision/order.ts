// The order of decisions within a band: a sum of points, each shown, so that whoever asks "why is this one first" reads the answer. Shares are kept in tenths, so that they add up
// to the order exactly. No fact that gets worse lowers it. Defended by decide.test.ts (properties).
import type { FromCvss } from './from-cvss.ts'
import type { CompensatingControl, Facts, Factor, Judged, Method, Question } from './model.ts'

/** They add up to 100. */
const most = { exploitation: 25, likelihood: 20, exposure: 15, criticality: 15, impact: 10, proof: 10, automation: 5 } as const
const proofs: Readonly<Record<Method, number>> = { check: 10, package: 8, connector: 6, version_range: 4 }
const criticalities = { low: 0, medium: 5, high: 10, critical: 15 } as const
/** What a verified control takes away. */
const controlShare = 0.3

type Judgements = { readonly answers: Readonly<Record<Question, Judged>>; readonly cvss: FromCvss | null; readonly ruled: boolean; readonly control: CompensatingControl | null }

export function orderOf(facts: Facts, { answers, cvss, ruled, control }: Judgements): { order: number; factors: readonly Factor[] } {
  const factors: Factor[] = []
  let sum = 0
  const add = (name: keyof typeof most, points: number, value: string | null) => {
    const tenths = Math.round(Math.min(most[name], Math.max(0, points)) * 10)
    sum += tenths
    factors.push({ name, share: tenths / 10, most: most[name], value })
  }
  const { vulnerability, asset } = facts
  const kev = vulnerability?.kev ?? null
  const exploitation = vulnerability?.ssvc?.exploitation ?? null
  if (ruled) add('exploitation', answers.in_kev.value ? 20 : 0, answers.in_kev.value ? 'in common use' : 'none known')
  else if (kev?.listed === true) add('exploitation', kev.ransomware ? 25 : 20, kev.ransomware ? 'KEV, ransomware' : 'KEV')
  else if (exploitation !== null) add('exploitation', { active: 18, poc: 8, none: 0 }[exploitation], exploitation)
  else add('exploitation', kev === null ? 18 : 0, kev === null ? null : 'not in KEV')

  const epss = vulnerability?.epss ?? null
  // On a scale of powers of ten from 0.001 to 1: between 0.001 and 0.01 lies as much as between 0.1 and 1.
  if (epss !== null) add('likelihood', 20 * (1 + Math.log10(Math.min(1, Math.max(0.001, epss.probability))) / 3), `EPSS ${epss.probability}`)
  else if (ruled) add('likelihood', answers.in_kev.value ? 20 : answers.automatable.value ? 10 : 0, 'by kind')
  else add('likelihood', 10, null)

  add('exposure', answers.exposed.value ? (answers.exposed.source === 'assumed' ? 10 : 15) : 0, answers.exposed.source === 'assumed' ? null : answers.exposed.value ? 'reached' : 'not reached')
  add('criticality', asset.criticality === null ? 10 : criticalities[asset.criticality], asset.criticality)
  if (cvss !== null) add('impact', cvss.score, `CVSS:${cvss.version} ${cvss.score.toFixed(1)}`)
  else add('impact', answers.total_impact.value ? 9 : 5, answers.total_impact.source === 'assumed' ? null : answers.total_impact.value ? 'total' : 'partial')
  const [best] = facts.evidence.toSorted((a, b) => proofs[b.method] * b.confidence - proofs[a.method] * a.confidence)
  add('proof', best === undefined ? 0 : proofs[best.method] * best.confidence, best === undefined ? null : best.method)
  add('automation', answers.automatable.value ? 5 : 0, answers.automatable.source === 'assumed' ? null : answers.automatable.value ? 'yes' : 'no')

  if (control !== null) {
    const taken = Math.round(sum * controlShare)
    sum -= taken
    factors.push({ name: 'control', share: -taken / 10, most: 0, value: `${control.kind}: ${control.detail}` })
  }
  return { order: sum / 10, factors }
}
