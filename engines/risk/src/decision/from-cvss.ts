// What a CVSS vector says about the two questions of SSVC that CISA answers for many CVEs but not for all. How often it agrees with CISA is measured in tests/conformance/risk/knowledge.test.ts.
import { scoreOf } from '../cvss/score.ts'
import { readVector } from '../cvss/vector.ts'
import type { CvssVector } from '../cvss/vector.ts'
import type { CvssVersion } from '../cvss/metrics.ts'

export type FromCvss = { readonly version: CvssVersion; readonly score: number; readonly automatable: boolean; readonly total: boolean }
const newest: readonly CvssVersion[] = ['4.0', '3.1', '3.0', '2.0']

/** Of the newest version among the vectors that can be read. */
export function fromCvss(vectors: readonly string[]): { readonly judged: FromCvss | null; readonly unreadable: number } {
  let chosen: CvssVector | null = null
  let unreadable = 0
  for (const written of vectors) {
    try {
      const vector = readVector(written)
      if (chosen === null || newest.indexOf(vector.version) < newest.indexOf(chosen.version)) chosen = vector
    } catch {
      unreadable += 1
    }
  }
  if (chosen === null) return { judged: null, unreadable }
  return { judged: { version: chosen.version, score: scoreOf(chosen).score, automatable: automatable(chosen), total: total(chosen) }, unreadable }
}

/**
 * Automatable (SSVC 2.0.0): an attacker can do reconnaissance, weaponisation, delivery and exploitation by machine. Over the network, without conditions, privileges or a person's help: yes; else no.
 * 4.0 lets the analyst say so outright (AU). 2.0 has no user interaction: medium complexity is where it was put.
 */
function automatable({ version, metrics }: CvssVector): boolean {
  const is = (name: string, value: string) => metrics.get(name) === value
  if (version === '2.0') return is('AV', 'N') && is('AC', 'L') && is('Au', 'N')
  if (version === '4.0' && (is('AU', 'Y') || is('AU', 'N'))) return is('AU', 'Y')
  return is('AV', 'N') && is('AC', 'L') && is('PR', 'N') && is('UI', 'N') && (version !== '4.0' || is('AT', 'N'))
}

/**
 * Technical impact (SSVC 1.0.0) is total where the attacker controls the software or reads everything: confidentiality and integrity are lost wholly. Availability adds nothing:
 * who reads and changes all can also stop it, and CISA decides so too.
 */
function total({ version, metrics }: CvssVector): boolean {
  const names = version === '4.0' ? ['VC', 'VI'] : ['C', 'I']
  return names.every((name) => metrics.get(name) === (version === '2.0' ? 'C' : 'H'))
}
