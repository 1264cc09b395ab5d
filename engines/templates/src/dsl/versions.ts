// Versions and constraints as github.com/hashicorp/go-version reads and orders them. Defended by dsl/versions.test.ts against the library itself (its answers are in the table).
import { toText } from './convert.ts'
import { EvaluationError } from './evaluation.ts'
import { helper, unreadable, type HelperFunction } from './helper-function.ts'

type Version = { readonly segments: readonly number[]; readonly given: number; readonly pre: string }

const raw = String.raw`v?(\d+(?:\.\d+)*)(?:-(\d+[0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*)|-?([A-Za-z\-~]+[0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*))?(?:\+[0-9A-Za-z\-~]+(?:\.[0-9A-Za-z\-~]+)*)?`
const alone = new RegExp(`^${raw}$`)
const constrained = new RegExp(String.raw`^\s*(=|!=|>=|<=|>|<|~>|)\s*(${raw})\s*$`)
const longest = 1_000

function versionOf(match: readonly (string | undefined)[]): Version | null {
  const segments = (match[0] ?? '').split('.').map(Number)
  if (segments.some((segment) => segment >= 2 ** 63)) return null
  const given = segments.length
  while (segments.length < 3) segments.push(0)
  return { segments, given, pre: match[2] ?? match[1] ?? '' }
}

function parseVersion(text: string): Version | null {
  const match = text.length > longest ? null : alone.exec(text)
  return match === null ? null : versionOf(match.slice(1))
}

const number = /^[+-]?\d+$/

function comparePart(a: string, b: string): number {
  if (a === b) return 0
  const [aNumber, bNumber] = [number.test(a), number.test(b)]
  if (a === '') return bNumber ? -1 : 1
  if (b === '') return aNumber ? 1 : -1
  if (aNumber !== bNumber) return aNumber ? -1 : 1
  if (aNumber) return Number(a) > Number(b) ? 1 : -1
  return a > b ? 1 : -1
}

const sameSegments = (a: Version, b: Version): boolean => a.segments.length === b.segments.length && a.segments.every((segment, index) => segment === b.segments[index])

function compareVersions(a: Version, b: Version): number {
  if (sameSegments(a, b)) {
    if (a.pre === b.pre) return 0
    if (a.pre === '') return 1
    if (b.pre === '') return -1
    const [first, second] = [a.pre.split('.'), b.pre.split('.')]
    for (let index = 0; index < Math.max(first.length, second.length); index++) {
      const order = comparePart(first[index] ?? '', second[index] ?? '')
      if (order !== 0) return order
    }
    return 0
  }
  for (let index = 0; index < Math.max(a.segments.length, b.segments.length); index++) {
    const [one, other] = [a.segments[index] ?? 0, b.segments[index] ?? 0]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

/** A version before its release fits only a constraint that names one, of the same release. */
const preFits = (version: Version, wanted: Version): boolean => version.pre === '' || (wanted.pre !== '' && sameSegments(version, wanted))

function pessimistic(version: Version, wanted: Version): boolean {
  if (!preFits(version, wanted) || (wanted.pre !== '' && version.pre === '') || compareVersions(version, wanted) < 0) return false
  if (wanted.segments.length > version.segments.length) return false
  for (let index = 0; index < wanted.given - 1; index++) if (version.segments[index] !== wanted.segments[index]) return false
  const last = wanted.segments.length - 1
  return wanted.segments[last]! <= version.segments[last]!
}

function fits(version: Version, operator: string, wanted: Version): boolean {
  switch (operator) {
    case '!=': return compareVersions(version, wanted) !== 0
    case '>': return preFits(version, wanted) && compareVersions(version, wanted) > 0
    case '<': return preFits(version, wanted) && compareVersions(version, wanted) < 0
    case '>=': return preFits(version, wanted) && compareVersions(version, wanted) >= 0
    case '<=': return preFits(version, wanted) && compareVersions(version, wanted) <= 0
    case '~>': return pessimistic(version, wanted)
    default: return compareVersions(version, wanted) === 0
  }
}

export const versions: Readonly<Record<string, HelperFunction>> = {
  compare_versions: helper(2, Infinity, (values) => {
    const version = parseVersion(toText(values[0]!))
    if (version === null) throw unreadable('compare_versions() was given what is no version.')
    const constraints = values.slice(1).map(toText).join(',').split(',').map((constraint) => {
      const match = constraint.length > longest ? null : constrained.exec(constraint)
      const wanted = match === null ? null : versionOf(match.slice(3))
      if (match === null || wanted === null) throw new EvaluationError('wrong_arguments', 'compare_versions() was given a constraint that is none.')
      return [match[1]!, wanted] as const
    })
    return constraints.every(([operator, wanted]) => fits(version, operator, wanted))
  }),
}
