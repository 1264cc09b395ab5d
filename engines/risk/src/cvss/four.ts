// CVSS 4.0: specification document (FIRST, 2023), section 8. The vector falls into a macrovector of six equivalence sets, whose score is lowered by how far
// the vector is from the worst of its macrovector, as a share of the way to the next lower one, in the mean over the sets that have a next lower one.
import { macrovectors } from './macrovectors.ts'

/** From worst to least; a step is 0.1 of severity distance. */
const ladders: Readonly<Record<string, string>> = { AV: 'NALP', PR: 'NLH', UI: 'NPA', AC: 'LH', AT: 'NP', VC: 'HLN', VI: 'HLN', VA: 'HLN', SC: 'SHLN', SI: 'SHLN', SA: 'SHLN', CR: 'HML', IR: 'HML', AR: 'HML' }

/** The worst vectors of each level of a set (8.2, tables 24 to 30), as values in the order of `metrics`, and the depth of the level in steps. */
type Level = { readonly worst: readonly string[]; readonly depth: number }
const sets: Readonly<Record<'eq1' | 'eq2' | 'eq36' | 'eq4', { readonly metrics: readonly string[]; readonly levels: Readonly<Record<string, Level>> }>> = {
  eq1: { metrics: ['AV', 'PR', 'UI'], levels: { 0: { worst: ['NNN'], depth: 1 }, 1: { worst: ['ANN', 'NLN', 'NNP'], depth: 4 }, 2: { worst: ['PNN', 'ALP'], depth: 5 } } },
  eq2: { metrics: ['AC', 'AT'], levels: { 0: { worst: ['LN'], depth: 1 }, 1: { worst: ['HN', 'LP'], depth: 2 } } },
  eq36: {
    metrics: ['VC', 'VI', 'VA', 'CR', 'IR', 'AR'],
    levels: {
      '00': { worst: ['HHHHHH'], depth: 7 }, '01': { worst: ['HHLMMH', 'HHHMMM'], depth: 6 }, 10: { worst: ['LHHHHH', 'HLHHHH'], depth: 8 },
      11: { worst: ['LHLHMH', 'LHHHMM', 'HLHMHM', 'HLLMHH', 'LLHHHM'], depth: 8 }, 21: { worst: ['LLLHHH'], depth: 10 },
    },
  },
  eq4: { metrics: ['SC', 'SI', 'SA'], levels: { 0: { worst: ['HSS'], depth: 6 }, 1: { worst: ['HHH'], depth: 5 }, 2: { worst: ['LLL'], depth: 4 } } },
}

/** In tenths; undefined where there is no such macrovector. */
function tenthsOf(eq1: number, eq2: number, eq3: number, eq4: number, eq5: number, eq6: number): number | undefined {
  if (eq1 > 2 || eq2 > 1 || eq3 > 2 || eq4 > 2 || eq5 > 2 || eq6 > 1 || (eq3 === 2 && eq6 === 0)) return undefined
  const row = macrovectors[`${eq1}${eq2}${eq3}`]
  return eq3 === 2 ? row?.[eq4 * 3 + eq5] : row?.[eq4 * 6 + eq5 * 2 + eq6]
}

export function scoreFour(metrics: ReadonlyMap<string, string>): number {
  const stated = (name: string): string => metrics.get(name) ?? 'X'
  const value = (name: string): string => {
    const modified = stated(`M${name}`)
    const own = modified === 'X' ? stated(name) : modified
    return own !== 'X' ? own : name === 'E' ? 'A' : 'H'
  }
  if (['VC', 'VI', 'VA', 'SC', 'SI', 'SA'].every((name) => value(name) === 'N')) return 0

  const is = (name: string, wanted: string) => value(name) === wanted
  const none = [is('AV', 'N'), is('PR', 'N'), is('UI', 'N')]
  const eq1 = none.every(Boolean) ? 0 : none.some(Boolean) && !is('AV', 'P') ? 1 : 2
  const eq2 = is('AC', 'L') && is('AT', 'N') ? 0 : 1
  const eq3 = is('VC', 'H') && is('VI', 'H') ? 0 : is('VC', 'H') || is('VI', 'H') || is('VA', 'H') ? 1 : 2
  const eq4 = is('SI', 'S') || is('SA', 'S') ? 0 : is('SC', 'H') || is('SI', 'H') || is('SA', 'H') ? 1 : 2
  const eq5 = 'APU'.indexOf(value('E'))
  const eq6 = (is('CR', 'H') && is('VC', 'H')) || (is('IR', 'H') && is('VI', 'H')) || (is('AR', 'H') && is('VA', 'H')) ? 0 : 1
  const own = tenthsOf(eq1, eq2, eq3, eq4, eq5, eq6) ?? 0

  // EQ3 and EQ6 are one dimension: of 00 the next lower is whichever of 01 and 10 scores higher, of 01 and 10 it is 11, of 11 it is 21.
  const below36 = eq3 === 0 && eq6 === 0 ? Math.max(tenthsOf(eq1, eq2, 0, eq4, eq5, 1) ?? 0, tenthsOf(eq1, eq2, 1, eq4, eq5, 0) ?? 0)
    : eq3 === 1 && eq6 === 0 ? tenthsOf(eq1, eq2, 1, eq4, eq5, 1) : tenthsOf(eq1, eq2, eq3 + 1, eq4, eq5, eq6)
  const ways: readonly (readonly [below: number | undefined, share: number])[] = [
    [tenthsOf(eq1 + 1, eq2, eq3, eq4, eq5, eq6), shareOf('eq1', `${eq1}`, value)],
    [tenthsOf(eq1, eq2 + 1, eq3, eq4, eq5, eq6), shareOf('eq2', `${eq2}`, value)],
    [below36, shareOf('eq36', `${eq3}${eq6}`, value)],
    [tenthsOf(eq1, eq2, eq3, eq4 + 1, eq5, eq6), shareOf('eq4', `${eq4}`, value)],
    // A level of EQ5 is a single value: there is no distance inside.
    [tenthsOf(eq1, eq2, eq3, eq4, eq5 + 1, eq6), 0],
  ]
  let sum = 0
  let count = 0
  for (const [below, share] of ways) {
    if (below === undefined) continue
    sum += (own - below) * share
    count += 1
  }
  const tenths = count === 0 ? own : own - sum / count
  // Halves go up; what is left beyond the ninth decimal is the arithmetic's.
  return Math.min(10, Math.max(0, Math.round(Number(tenths.toFixed(9))) / 10))
}

/** How far the vector is from the first of the level's worst vectors that it is nowhere worse than, as a share of the depth of the level. */
function shareOf(set: keyof typeof sets, level: string, value: (name: string) => string): number {
  const { metrics, levels } = sets[set]
  const { worst, depth } = levels[level]!
  for (const candidate of worst) {
    let distance = 0
    for (let at = 0; at < metrics.length; at++) {
      const ladder = ladders[metrics[at]!]!
      const steps = ladder.indexOf(value(metrics[at]!)) - ladder.indexOf(candidate[at]!)
      if (steps < 0) {
        distance = -1
        break
      }
      distance += steps
    }
    if (distance >= 0) return distance / depth
  }
  return 0
}
