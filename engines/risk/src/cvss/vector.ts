// A vector as text becomes metrics or a coded reason that names the metric and what is allowed. Metrics may stand in any order: 2.0 and 3.x allow it,
// and feeds write 4.0 so too. Defended by cvss.test.ts.
import { excerpt, RiskProblem } from '../problem.ts'
import { metricsOf } from './metrics.ts'
import type { CvssVersion } from './metrics.ts'

export type CvssVector = {
  readonly version: CvssVersion
  /** As it was written, without blanks around it or the parentheses that 2.0 may have. */
  readonly text: string
  /** Only what is stated. */
  readonly metrics: ReadonlyMap<string, string>
}

const longest = 512

/**
 * `CVSS:3.1/AV:N/...`, `CVSS:4.0/...`, or of 2.0 `AV:N/AC:L/Au:N/...` with or without `CVSS:2.0/` and parentheses.
 * Throws RiskProblem: cvss_version_unknown, cvss_malformed, cvss_metric_unknown, cvss_value_unknown, cvss_metric_repeated, cvss_metric_missing.
 */
export function readVector(written: string): CvssVector {
  if (written.length > longest) throw new RiskProblem('cvss_malformed', '', `a vector has at most ${longest} characters; this has ${written.length}`, { found: written })
  const text = written.trim().replace(/^\((.*)\)$/, '$1')
  const parts = text.split('/')
  const prefix = /^CVSS:(.*)$/i.exec(parts[0] ?? '')
  const stated = prefix === null ? '2.0' : prefix[1] ?? ''
  if (!Object.hasOwn(metricsOf, stated)) throw new RiskProblem('cvss_version_unknown', '', `there is no CVSS ${excerpt(stated)}; known are ${Object.keys(metricsOf).join(', ')}`, { found: stated, allowed: Object.keys(metricsOf) })
  const version = stated as CvssVersion
  const known = metricsOf[version]
  const metrics = new Map<string, string>()
  for (const part of prefix === null ? parts : parts.slice(1)) {
    const colon = part.indexOf(':')
    if (colon < 1) throw new RiskProblem('cvss_malformed', part.slice(0, 80), `${excerpt(part)} is no metric of the form NAME:VALUE`, { found: part })
    const name = part.slice(0, colon)
    const value = part.slice(colon + 1)
    const metric = known.get(name)
    // Without CVSS: and a version it is one of 2.0; whoever forgot the prefix reads which version was tried.
    if (metric === undefined) throw new RiskProblem('cvss_metric_unknown', name.slice(0, 80), `CVSS ${version} has no metric ${excerpt(name)}; it has ${[...known.keys()].join(', ')}`, { found: version, allowed: [...known.keys()] })
    if (!metric.values.includes(value)) throw new RiskProblem('cvss_value_unknown', name, `${name} of CVSS ${version} is one of ${metric.values.join(', ')}; this is ${excerpt(value)}`, { found: value, allowed: metric.values })
    if (metrics.has(name)) throw new RiskProblem('cvss_metric_repeated', name, `${name} stands twice`, { found: value })
    metrics.set(name, value)
  }
  for (const [name, metric] of known) {
    if (metric.required && !metrics.has(name)) throw new RiskProblem('cvss_metric_missing', name, `CVSS ${version} needs ${name}: one of ${metric.values.join(', ')}`, { found: version, allowed: metric.values })
  }
  return { version, text, metrics }
}
