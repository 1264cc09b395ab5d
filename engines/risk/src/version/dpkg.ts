// Debian and Ubuntu: Debian Policy 5.6.12, deb-version(7). Defended by version.test.ts and tests/conformance/risk/versions.test.ts, against dpkg --compare-versions.
import { excerpt, RiskProblem } from '../problem.ts'

/** Throws RiskProblem version_invalid where the epoch is no number or nothing follows it. */
export function compareDpkg(a: string, b: string): number {
  const one = partsOf(a)
  const other = partsOf(b)
  return one.epoch - other.epoch || compareParts(one.upstream, other.upstream) || compareParts(one.revision, other.revision)
}

export function partsOf(version: string): { readonly epoch: number; readonly upstream: string; readonly revision: string } {
  const text = version.trim()
  const colon = text.indexOf(':')
  const epoch = colon === -1 ? '0' : text.slice(0, colon)
  const rest = text.slice(colon + 1)
  if (!/^\d{1,9}$/.test(epoch) || rest === '' || /\s/.test(rest)) throw new RiskProblem('version_invalid', version.slice(0, 80), `${excerpt(version)} is no version of a Debian package: [EPOCH:]UPSTREAM[-REVISION]`, { found: version, allowed: ['1:9.2p1-2+deb12u3'] })
  const dash = rest.lastIndexOf('-')
  return { epoch: Number(epoch), upstream: dash === -1 ? rest : rest.slice(0, dash), revision: dash === -1 ? '' : rest.slice(dash + 1) }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57
/** Of a character outside numbers: `~` before the end, the end before letters, letters before everything else. */
function weight(code: number): number {
  if (Number.isNaN(code) || isDigit(code)) return 0
  if (code === 126) return -1
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ? code : code + 256
}

/** By turns a stretch without digits, character by character, and a number. */
function compareParts(a: string, b: string): number {
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = weight(a.charCodeAt(i)) - weight(b.charCodeAt(j))
      if (difference !== 0) return difference
      i += 1
      j += 1
    }
    while (a.charCodeAt(i) === 48) i += 1
    while (b.charCodeAt(j) === 48) j += 1
    let first = 0
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      if (first === 0) first = a.charCodeAt(i) - b.charCodeAt(j)
      i += 1
      j += 1
    }
    if (isDigit(a.charCodeAt(i))) return 1
    if (isDigit(b.charCodeAt(j))) return -1
    if (first !== 0) return first
  }
  return 0
}
