import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RiskProblem } from '../problem.ts'
import { compareVersions } from './compare.ts'
import type { VersionScheme } from './compare.ts'

// Each list from least to greatest; what stands together in one text with = is equal.
const orders: Readonly<Record<VersionScheme, readonly (readonly string[])[]>> = {
  dpkg: [
    ['1.0~~', '1.0~~a', '1.0~', '1.0=1.00=0:1.0=1.0-0', '1.0-1', '1.0a', '1.0+', '1.0.1', '1.2', '1.10', '1:0.1'], ['2.4.62-1~deb12u1', '2.4.62-1~deb12u2', '2.4.62-1', '2.4.62-1+deb12u1', '2.4.62-2'],
    ['9.2p1-2+deb12u2', '9.2p1-2+deb12u10', '1:9.2p1-2+deb12u2', '1:9.2p1-2+deb12u10'], ['1.0-', '1.0-1'], ['3.0.2-0ubuntu1', '3.0.2-0ubuntu1.9', '3.0.2-0ubuntu1.18'],
  ],
  rpm: [
    ['1.0~rc1', '1.0~rc2', '1.0=1.0.=1..0', '1.0^', '1.0^git1', '1.0^git2', '1.0a', '1.0.1', '1.2', '1.10', '1:0.1'], ['1.0^git1~pre', '1.0^git1'], ['2.4.57-5.el9', '2.4.57-11.el9_4.1'], ['1.0', '1.0-1'], ['xyz', 'xyz.4', '8', '10xyz', '10.1xyz'],
    ['99999999999999999998', '99999999999999999999'],
  ],
  semver: [['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0=v1.0.0=1.0.0+build', '1.0.1', '1.2.0', '1.10.0', '2.0.0']],
  pep440: [
    ['1.0.dev456', '1.0a1', '1.0a2.dev456', '1.0a12.dev456', '1.0a12=1.0alpha12=1.0-A12', '1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345', '1.0rc1.dev456', '1.0rc1=1.0c1=1.0.pre1', '1.0=1=1.0.0=v1.0', '1.0+abc.5', '1.0+abc.7', '1.0+5', '1.0.post456.dev34', '1.0.post456=1.0-456', '1.0.15', '1.1.dev1', '1!0.1'],
  ],
  upstream: [
    ['1.0.2', '1.0.2a', '1.0.2k', '1.0.2u', '1.1.0', '1.1.0a'], ['9.3', '9.3p1', '9.3p2', '9.4'], ['2.0-alpha1', '2.0-beta1=2.0b1', '2.0-rc1', '2.0-rc2', '2.0=2=2.0.0=v2.0', '2.0-sp1', '2.0.1'], ['2.4.9', '2.4.49', '2.4.50', '2.10'],
    ['1.24.0-0', '1.24.0-rc.2', '1.24.0'], ['10.0.0-M1', '10.0.0'], ['15.6(2)e', '15.6(3)e', '15.7(1)'], ['2019.0.1', '2019.0.10'], ['1.6.0_29', '1.6.0_30'],
  ],
}

describe.each(Object.entries(orders) as [VersionScheme, readonly (readonly string[])[]][])('%s', (scheme, lists) => {
  test('orders what its rules order', () => {
    for (const list of lists) {
      const groups = list.map((group) => group.split('='))
      for (const [at, group] of groups.entries()) {
        for (const [other, others] of groups.entries()) {
          for (const a of group) for (const b of others) expect([a, b, Math.sign(compareVersions(scheme, a, b))]).toEqual([a, b, Math.sign(at - other)])
        }
      }
    }
  })

  test('is an order: antisymmetric and transitive', () => {
    const known = lists.flat().flatMap((group) => group.split('='))
    const piece = fc.constantFrom('0', '1', '2', '10', '007', 'a', 'b', 'rc', 'p', 'z', '.', '~', '^', '-', '+', '_', 'beta')
    const version = scheme === 'upstream' ? fc.array(piece, { maxLength: 7 }).map((parts) => parts.join(''))
      : scheme === 'dpkg' ? fc.tuple(fc.constantFrom('', '1:', '0:'), fc.array(piece, { maxLength: 6 })).map(([epoch, parts]) => `${epoch}1${parts.join('')}`)
        : scheme === 'rpm' ? fc.array(piece.filter((each) => each !== '-'), { maxLength: 6 }).map((parts) => `1${parts.join('')}-1`) : fc.constantFrom(...known)
    fc.assert(fc.property(version, version, version, (a, b, c) => {
      const compare = (x: string, y: string) => Math.sign(compareVersions(scheme, x, y))
      expect(compare(a, a)).toBe(0)
      expect(compare(b, a) + compare(a, b)).toBe(0)
      const [low, middle, high] = [a, b, c].toSorted(compare)
      expect(compare(low!, middle!)).toBeLessThanOrEqual(0)
      expect(compare(middle!, high!)).toBeLessThanOrEqual(0)
      expect(compare(low!, high!)).toBeLessThanOrEqual(0)
      if (compare(a, b) === 0) expect(compare(a, c)).toBe(compare(b, c))
    }), { numRuns: 2_000 })
  })

  test('any text is ordered or refused with a code, in no time', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }), (a, b) => {
      try {
        expect(compareVersions(scheme, a, b)).not.toBeNaN()
      } catch (error) {
        expect(error).toMatchObject({ code: 'version_invalid' })
      }
    }))
    const started = performance.now()
    for (const flood of ['1'.repeat(100_000), '1.'.repeat(50_000), `1${'-'.repeat(100_000)}`, '~'.repeat(100_000), `1.0${'a'.repeat(100_000)}!`]) {
      try {
        compareVersions(scheme, flood, `${flood}1`)
      } catch (error) {
        expect(error).toBeInstanceOf(RiskProblem)
      }
    }
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
