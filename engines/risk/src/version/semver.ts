// npm and other ecosystems of Semantic Versioning 2.0.0, section 11. Defended by version.test.ts and tests/conformance/risk/versions.test.ts, against npm's own semver.
import { excerpt, RiskProblem } from '../problem.ts'
import { compareDigits } from './rpm.ts'

const grammar = /^[v=\s]*(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?\s*$/

/** Build metadata counts nothing; a leading v or = is tolerated, as npm does. Throws RiskProblem version_invalid. */
export function compareSemver(a: string, b: string): number {
  const one = partsOf(a)
  const other = partsOf(b)
  for (let at = 0; at < 3; at++) {
    const difference = compareDigits(one.numbers[at] ?? '0', other.numbers[at] ?? '0')
    if (difference !== 0) return difference
  }
  if (one.before.length === 0 || other.before.length === 0) return other.before.length - one.before.length
  for (let at = 0; ; at++) {
    const x = one.before[at]
    const y = other.before[at]
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? -1 : 1
    const numeric = /^\d+$/.test(x)
    if (numeric !== /^\d+$/.test(y)) return numeric ? -1 : 1
    const difference = numeric ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0
    if (difference !== 0) return difference
  }
}

function partsOf(version: string): { numbers: readonly string[]; before: readonly string[] } {
  const match = version.length > 256 ? null : grammar.exec(version)
  if (match === null) throw new RiskProblem('version_invalid', version.slice(0, 80), `${excerpt(version)} is no semantic version: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]`, { found: version, allowed: ['1.4.2', '2.0.0-rc.1'] })
  return { numbers: match.slice(1, 4), before: match[4]?.split('.') ?? [] }
}
