import { compareDpkg } from './dpkg.ts'
import { comparePep440 } from './pep440.ts'
import { compareRpm } from './rpm.ts'
import { compareSemver } from './semver.ts'
import { compareUpstream } from './upstream.ts'

/** `upstream`: no written rule, as in CPE names. */
export type VersionScheme = 'dpkg' | 'rpm' | 'semver' | 'pep440' | 'upstream'
const comparisons: Readonly<Record<VersionScheme, (a: string, b: string) => number>> = { dpkg: compareDpkg, rpm: compareRpm, semver: compareSemver, pep440: comparePep440, upstream: compareUpstream }

/** Negative, zero or positive. Throws RiskProblem version_invalid for what is no version of the scheme; `upstream` orders any two texts. */
export const compareVersions = (scheme: VersionScheme, a: string, b: string): number => comparisons[scheme](a, b)
