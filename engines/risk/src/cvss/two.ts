// CVSS 2.0: "A Complete Guide to the Common Vulnerability Scoring System Version 2.0" (FIRST, 2007), section 3.2.
const weights: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { L: 0.395, A: 0.646, N: 1 }, AC: { H: 0.35, M: 0.61, L: 0.71 }, Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: { N: 0, P: 0.275, C: 0.66 }, I: { N: 0, P: 0.275, C: 0.66 }, A: { N: 0, P: 0.275, C: 0.66 },
  E: { U: 0.85, POC: 0.9, F: 0.95, H: 1, ND: 1 }, RL: { OF: 0.87, TF: 0.9, W: 0.95, U: 1, ND: 1 }, RC: { UC: 0.9, UR: 0.95, C: 1, ND: 1 },
  CDP: { N: 0, L: 0.1, LM: 0.3, MH: 0.4, H: 0.5, ND: 0 }, TD: { N: 0, L: 0.25, M: 0.75, H: 1, ND: 1 },
  CR: { L: 0.5, M: 1, H: 1.51, ND: 1 }, IR: { L: 0.5, M: 1, H: 1.51, ND: 1 }, AR: { L: 0.5, M: 1, H: 1.51, ND: 1 },
}

/** To one decimal, halves up. The products of the equations have few decimals: what is left beyond the ninth is the arithmetic's. */
const rounded = (value: number): number => Math.round(Number((value * 10).toFixed(9))) / 10 + 0

export function scoreTwo(metrics: ReadonlyMap<string, string>): { base: number; temporal: number | null; environmental: number | null } {
  const w = (name: string): number => weights[name]?.[metrics.get(name) ?? 'ND'] ?? 1
  // What is written out as not defined is not defined.
  const has = (...names: readonly string[]) => names.some((name) => (metrics.get(name) ?? 'ND') !== 'ND')
  const exploitability = 20 * w('AV') * w('AC') * w('Au')
  const fromImpact = (impact: number) => rounded((0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176))
  const later = w('E') * w('RL') * w('RC')
  const base = fromImpact(10.41 * (1 - (1 - w('C')) * (1 - w('I')) * (1 - w('A'))))
  // A requirement that lowers a small impact leads below 0; only the score at the end is held above it.
  const adjusted = rounded(fromImpact(Math.min(10, 10.41 * (1 - (1 - w('C') * w('CR')) * (1 - w('I') * w('IR')) * (1 - w('A') * w('AR'))))) * later)
  return {
    base,
    temporal: has('E', 'RL', 'RC') ? rounded(base * later) : null,
    environmental: has('CDP', 'TD', 'CR', 'IR', 'AR') ? Math.max(0, rounded((adjusted + (10 - adjusted) * w('CDP')) * w('TD'))) : null,
  }
}
