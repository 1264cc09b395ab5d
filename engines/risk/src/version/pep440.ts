// PyPI: PEP 440, appendix B for what is read, "Summary of permitted suffixes and relative ordering" for the order. Defended by version.test.ts and tests/conformance/risk/versions.test.ts, against packaging.
import { excerpt, RiskProblem } from '../problem.ts'
import { compareDigits } from './rpm.ts'

const grammar = /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i
const phases: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 }

/** A part that decides: a rank (is it there, and what does that mean) and a number. */
type Part = readonly [rank: number, digits: string]
type Version = { readonly epoch: string; readonly release: readonly string[]; readonly suffixes: readonly Part[]; readonly local: readonly string[] | null }

/** Throws RiskProblem version_invalid. */
export function comparePep440(a: string, b: string): number {
  const one = partsOf(a)
  const other = partsOf(b)
  const early = compareDigits(one.epoch, other.epoch)
  if (early !== 0) return early
  for (let at = 0; at < Math.max(one.release.length, other.release.length); at++) {
    const difference = compareDigits(one.release[at] ?? '0', other.release[at] ?? '0')
    if (difference !== 0) return difference
  }
  for (const [at, [rank, digits]] of one.suffixes.entries()) {
    const [otherRank, otherDigits] = other.suffixes[at]!
    const difference = rank - otherRank || compareDigits(digits, otherDigits)
    if (difference !== 0) return difference
  }
  return compareLocal(one.local, other.local)
}

function partsOf(version: string): Version {
  const match = version.length > 512 ? null : grammar.exec(version)
  if (match === null) throw new RiskProblem('version_invalid', version.slice(0, 80), `${excerpt(version)} is no version of PEP 440: [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+LOCAL]`, { found: version, allowed: ['1.4.2', '2.0rc1', '1.0.post1'] })
  const [, epoch = '0', release = '', phase, phaseNumber = '', implicitPost, post, postNumber = '', dev, devNumber = '', local] = match
  const isPost = implicitPost !== undefined || post !== undefined
  // Of the same release: development, then phases before it, then itself, then what came after; within each, a development of it comes first.
  const before: Part = phase !== undefined ? [phases[phase.toLowerCase()]!, phaseNumber] : dev !== undefined && !isPost ? [-1, ''] : [3, '']
  return {
    epoch, release: release.split('.'), local: local?.toLowerCase().split(/[-_.]/) ?? null,
    suffixes: [before, isPost ? [1, implicitPost ?? postNumber] : [0, ''], dev !== undefined ? [0, devNumber] : [1, '']],
  }
}

/** None before any; texts before numbers; the longer one last. */
function compareLocal(a: readonly string[] | null, b: readonly string[] | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  for (let at = 0; ; at++) {
    const x = a[at]
    const y = b[at]
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? -1 : 1
    const numeric = /^\d+$/.test(x)
    if (numeric !== /^\d+$/.test(y)) return numeric ? 1 : -1
    const difference = numeric ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0
    if (difference !== 0) return difference
  }
}
