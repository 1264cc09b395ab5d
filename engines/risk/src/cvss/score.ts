// The scores of a vector. Defended by tests/conformance/risk/cvss.test.ts (3,831 vectors of four versions) and cvss.test.ts.
import { absent, metricsOf } from './metrics.ts'
import type { CvssVersion } from './metrics.ts'
import { scoreTwo } from './two.ts'
import { scoreThree } from './three.ts'
import { scoreFour } from './four.ts'
import type { CvssVector } from './vector.ts'

export type CvssSeverity = 'none' | 'low' | 'medium' | 'high' | 'critical'
export type CvssScore = {
  readonly vector: string
  readonly version: CvssVersion
  /** 0.0 to 10.0. CVSS 4.0 has one score, made of all that the vector states (specification 4.0, section 8); it stands here, and `nomenclature` says of what it is made. */
  readonly base: number
  /** 2.0: null where no temporal metric is defined. 3.x: always. 4.0: null. */
  readonly temporal: number | null
  /** 2.0: null where no environmental metric is defined. 3.x: always. 4.0: null. */
  readonly environmental: number | null
  /** The score of the most specific group that the vector states, and its word. 2.0 has no words of its own: NVD's (low, medium, high). */
  readonly score: number
  readonly severity: CvssSeverity
  /** Of 4.0: which groups the score is made of. */
  readonly nomenclature: 'CVSS-B' | 'CVSS-BT' | 'CVSS-BE' | 'CVSS-BTE' | null
}

/** Tables 14 (3.1) and 22 (4.0) of the specifications; for 2.0 NVD's. */
export function cvssSeverity(version: CvssVersion, score: number): CvssSeverity {
  if (version === '2.0') return score < 4 ? 'low' : score < 7 ? 'medium' : 'high'
  return score === 0 ? 'none' : score < 4 ? 'low' : score < 7 ? 'medium' : score < 9 ? 'high' : 'critical'
}

export function scoreOf({ version, text, metrics }: CvssVector): CvssScore {
  const known = metricsOf[version]
  const states = (group: string) => [...metrics].some(([name, value]) => known.get(name)?.group === group && value !== absent[version])
  if (version === '4.0') {
    const score = scoreFour(metrics)
    const nomenclature = `CVSS-B${states('temporal') ? 'T' : ''}${states('environmental') ? 'E' : ''}` as NonNullable<CvssScore['nomenclature']>
    return { vector: text, version, base: score, temporal: null, environmental: null, score, severity: cvssSeverity(version, score), nomenclature }
  }
  const { base, temporal, environmental } = version === '2.0' ? scoreTwo(metrics) : scoreThree(version, metrics)
  const score = (states('environmental') ? environmental : states('temporal') ? temporal : base) ?? base
  return { vector: text, version, base, temporal, environmental, score, severity: cvssSeverity(version, score), nomenclature: null }
}
