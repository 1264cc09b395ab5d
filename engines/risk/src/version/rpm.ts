// RPM: rpm-version(7) of rpm 4.15 and later, with epoch, `~` (before) and `^` (after). Defended by version.test.ts and tests/conformance/risk/versions.test.ts, against librpm.
import { excerpt, RiskProblem } from '../problem.ts'

/** [EPOCH:]VERSION[-RELEASE]; a missing epoch is 0. Throws RiskProblem version_invalid where the epoch is no number or nothing follows it. */
export function compareRpm(a: string, b: string): number {
  const one = partsOf(a)
  const other = partsOf(b)
  return one.epoch - other.epoch || compareParts(one.version, other.version) || compareParts(one.release, other.release)
}

function partsOf(text: string): { epoch: number; version: string; release: string } {
  const [, epoch = '0', version = '', release = ''] = /^(?:(\d{1,9}):)?([^-:\s]+)(?:-([^-\s]*))?$/.exec(text.trim()) ?? []
  if (version === '') throw new RiskProblem('version_invalid', text.slice(0, 80), `${excerpt(text)} is no version of an RPM package: [EPOCH:]VERSION[-RELEASE]`, { found: text, allowed: ['1:2.4.57-5.el9'] })
  return { epoch: Number(epoch), version, release }
}

const segment = /[0-9]+|[A-Za-z]+|~|\^/g

/** Numbers against numbers, letters against letters, a number after letters; what separates them counts nothing. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0
  const one = a.match(segment) ?? []
  const other = b.match(segment) ?? []
  for (let at = 0; ; at++) {
    const x = one[at]
    const y = other[at]
    if (x === '~' || y === '~') {
      if (x === y) continue
      return x === '~' ? -1 : 1
    }
    if (x === '^' || y === '^') {
      if (x === y) continue
      // After the end, before anything that follows.
      if (x === undefined) return -1
      if (y === undefined) return 1
      return x === '^' ? -1 : 1
    }
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? -1 : 1
    const numeric = /\d/.test(x)
    if (numeric !== /\d/.test(y)) return numeric ? 1 : -1
    const difference = numeric ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0
    if (difference !== 0) return difference
  }
}

/** Numbers of any length. */
export function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+/, '')
  const y = b.replace(/^0+/, '')
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0)
}
