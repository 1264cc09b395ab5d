// Versions of programs whose maker follows no written rule, as they stand in CPE names and NVD's ranges: 2.4.49, 1.0.2k, 9.3p2, 15.6(2)e, 8.0.0-rc2, 2019.0.1.
// Runs of digits and of letters by turns. A word that means "before" (alpha, beta, rc, pre, dev, ...) comes before the end, any other after it; zeros at the end count nothing.
// Defended by version.test.ts (a total order, and known pairs).
import { compareDigits } from './rpm.ts'

const early: Readonly<Record<string, number>> = { dev: -9, snapshot: -8, alpha: -7, beta: -5, milestone: -4, ea: -3, preview: -3, pre: -3, cr: -2, rc: -2 }

export function compareUpstream(a: string, b: string): number {
  const one = remembered(a)
  const other = remembered(b)
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const x = one[at] ?? ''
    const y = other[at] ?? ''
    if (x === y) continue
    const [first, second] = [rank(x), rank(y)]
    if (first !== second) return first - second
    if (first === atEnd) continue
    const difference = first === number ? compareDigits(x, y) : x < y ? -1 : 1
    if (difference !== 0) return difference
  }
  return 0
}

const letters: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' }
const [atEnd, later, number] = [0, 1, 2]
const isDigit = (code: number): boolean => code >= 48 && code <= 57
/** Words of "before", the end and zero, words of "after", numbers. */
const rank = (token: string): number => (token === '' || /^0+$/.test(token) ? atEnd : isDigit(token.charCodeAt(0)) ? number : Object.hasOwn(early, token) ? early[token]! : later)

// The bounds of ranges are few and are asked about again and again. Emptied when it is full: what is in it follows from the text alone.
const memory = new Map<string, readonly string[]>()
const mostRemembered = 65_536

function remembered(version: string): readonly string[] {
  const known = memory.get(version)
  if (known !== undefined) return known
  const found = tokens(version)
  if (memory.size >= mostRemembered) memory.clear()
  if (version.length <= 64) memory.set(version, found)
  return found
}

function tokens(version: string): readonly string[] {
  // 1.24.0-0: the least pre-release of Semantic Versioning, by which Go's advisories begin a range.
  const text = version.slice(0, 256).toLowerCase().replace(/^v(?=\d)/, '').replace(/^(\d+\.\d+\.\d+)-0$/, '$1-dev')
  return Array.from(text.matchAll(/\d+|[a-z]+/g), ({ 0: token, index }) => {
        // A single a, b or m is a phase only where its number follows at once (1.0b2); alone it is a release of its own (OpenSSL 1.0.2a).
    return isDigit(text.charCodeAt(index + 1)) && Object.hasOwn(letters, token) ? letters[token]! : token
  })
}
