// CVSS 3.0 and 3.1: specification documents (FIRST), sections 7 (equations) and, of 3.1, appendix A (rounding). They differ in rounding and in the modified impact.
const weights: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 }, AC: { L: 0.77, H: 0.44 }, UI: { N: 0.85, R: 0.62 }, C: { H: 0.56, L: 0.22, N: 0 },
  E: { X: 1, H: 1, F: 0.97, P: 0.94, U: 0.91 }, RL: { X: 1, U: 1, W: 0.97, T: 0.96, O: 0.95 }, RC: { X: 1, C: 1, R: 0.96, U: 0.92 }, CR: { X: 1, H: 1.5, M: 1, L: 0.5 },
}
const privileges: Readonly<Record<'U' | 'C', Readonly<Record<string, number>>>> = { U: { N: 0.85, L: 0.62, H: 0.27 }, C: { N: 0.85, L: 0.68, H: 0.5 } }

/** 3.1, appendix A. */
function roundup31(value: number): number {
  const whole = Math.round(value * 100_000)
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10
}
/** 3.0: the least number of one decimal that is not smaller; what is left beyond the ninth decimal is the arithmetic's. */
const roundup30 = (value: number): number => Math.ceil(Number((value * 10).toFixed(9))) / 10

export function scoreThree(version: '3.0' | '3.1', metrics: ReadonlyMap<string, string>): { base: number; temporal: number; environmental: number } {
  const roundup = version === '3.1' ? roundup31 : roundup30
  const value = (name: string): string => metrics.get(name) ?? 'X'
  const modified = (name: string): string => (value(`M${name}`) === 'X' ? value(name) : value(`M${name}`))
  const w = (metric: string, chosen: string): number => weights[metric]?.[chosen] ?? 0
  const later = w('E', value('E')) * w('RL', value('RL')) * w('RC', value('RC'))
  const exploitability = (chosen: (name: string) => string, scope: 'U' | 'C') => 8.22 * w('AV', chosen('AV')) * w('AC', chosen('AC')) * (privileges[scope][chosen('PR')] ?? 0) * w('UI', chosen('UI'))
  const sum = (scope: 'U' | 'C', impact: number, exploit: number) => (impact <= 0 ? 0 : roundup(Math.min((scope === 'C' ? 1.08 : 1) * (impact + exploit), 10)))

  const scope = value('S') === 'C' ? 'C' : 'U'
  const iss = 1 - (1 - w('C', value('C'))) * (1 - w('C', value('I'))) * (1 - w('C', value('A')))
  const base = sum(scope, scope === 'C' ? 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 : 6.42 * iss, exploitability(value, scope))

  const modifiedScope = modified('S') === 'C' ? 'C' : 'U'
  const miss = Math.min(0.915, 1 - (1 - w('CR', value('CR')) * w('C', modified('C'))) * (1 - w('CR', value('IR')) * w('C', modified('I'))) * (1 - w('CR', value('AR')) * w('C', modified('A'))))
  const steep = version === '3.1' ? (miss * 0.9731 - 0.02) ** 13 : (miss - 0.02) ** 15
  const environmental = roundup(sum(modifiedScope, modifiedScope === 'C' ? 7.52 * (miss - 0.029) - 3.25 * steep : 6.42 * miss, exploitability(modified, modifiedScope)) * later)
  return { base, temporal: roundup(base * later), environmental }
}
