import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RiskProblem } from '../problem.ts'
import { absent, metricsOf } from './metrics.ts'
import type { CvssVersion } from './metrics.ts'
import { scoreOf } from './score.ts'
import { readVector } from './vector.ts'

const score = (text: string) => scoreOf(readVector(text))
const problemOf = (text: string): RiskProblem => {
  try {
    readVector(text)
  } catch (error) {
    if (error instanceof RiskProblem) return error
    throw error
  }
  throw new Error(`${text} was read`)
}

describe('scores', () => {
  // The worked examples of the specifications' user guides and well-known CVEs.
  test.each([
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8, null, null, 'high'], ['(AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C)', 7.8, 6.4, null, 'medium'], ['CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C/CDP:ND/TD:ND', 6.2, null, null, 'medium'], ['AV:L/AC:H/Au:M/C:P/I:N/A:N/E:U/RC:UR/CDP:ND/CR:L/IR:L/AR:H', 0.8, 0.6, 0, 'low'], ['AV:L/AC:H/Au:N/C:C/I:C/A:C/CDP:H/TD:H', 6.2, null, 8.1, 'high'],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1, 6.1, 6.1, 'medium'], ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8, 9.8, 9.8, 'critical'], ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10, 10, 10, 'critical'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O', 9.8, 8.5, 8.5, 'high'], ['CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N', 0, 0, 0, 'none'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 10, null, null, 'critical'], ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', 0, null, null, 'none'],
  ])('%s: %d, %o, %o, %s', (text, base, temporal, environmental, severity) => {
    expect(score(text)).toMatchObject({ base, temporal, environmental, severity })
  })

  test('of 4.0 there is one score, and it says what it is made of', () => {
    expect(score('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N')).toMatchObject({ base: 9.3, score: 9.3, nomenclature: 'CVSS-B' })
    expect(score('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MAV:L')).toMatchObject({ nomenclature: 'CVSS-BTE' })
    expect(score('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:X/S:P/U:Red').nomenclature).toBe('CVSS-B')
  })

  test('the severity is that of the most specific group that is stated', () => {
    // The environmental equation of 3.1 gives 7.7 where nothing of it is stated; the vector is still what its base says.
    expect(score('CVSS:3.1/AV:A/AC:H/PR:H/UI:N/S:C/C:H/I:H/A:H')).toMatchObject({ base: 7.6, environmental: 7.7, score: 7.6 })
  })
})

describe('what is no vector', () => {
  test.each([
    ['CVSS:5.0/AV:N', 'cvss_version_unknown', '', '5.0', '2.0, 3.0, 3.1, 4.0'], ['CVSS:__proto__/AV:N', 'cvss_version_unknown', '', '__proto__', '2.0, 3.0, 3.1, 4.0'], ['', 'cvss_malformed', '', '', ''], ['hello', 'cvss_malformed', 'hello', 'hello', ''],
    ['CVSS:3.1/AV:N//AC:L', 'cvss_malformed', '', '', ''], ['CVSS:3.1/AV', 'cvss_malformed', 'AV', 'AV', ''], ['CVSS:3.1/AV:Q', 'cvss_value_unknown', 'AV', 'Q', 'N, A, L, P'], ['AV:N/AC:L/Au:N/C:P/I:P/A:X', 'cvss_value_unknown', 'A', 'X', 'N, P, C'],
    ['CVSS:3.1/AV:N/AV:N', 'cvss_metric_repeated', 'AV', 'N', ''], ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H', 'cvss_metric_missing', 'A', '3.1', 'H, L, N'], ['CVSS:4.0/AV:N/AC:L/Au:N', 'cvss_metric_unknown', 'Au', '4.0', [...metricsOf['4.0'].keys()].join(', ')],
    ['CVSS:3.1/av:N', 'cvss_metric_unknown', 'av', '3.1', [...metricsOf['3.1'].keys()].join(', ')], ['CVSS:3.1/AV:n', 'cvss_value_unknown', 'AV', 'n', 'N, A, L, P'],
  ])('%j: %s', (text, code, place, found, allowed) => {
    const problem = problemOf(text)
    expect([problem.code, problem.place, problem.found, problem.allowed.join(', ')]).toEqual([code, place, found, allowed])
    expect(problem.message).not.toBe('')
  })

  test('a flood of text is refused before it is looked at', () => {
    expect(problemOf(`CVSS:3.1/${'AV:N/'.repeat(1_000_000)}`)).toMatchObject({ code: 'cvss_malformed' })
    expect(problemOf(`CVSS:3.1/${'x'.repeat(1_000_000)}`).found.length).toBeLessThanOrEqual(80)
  })
})

const versions: readonly CvssVersion[] = ['2.0', '3.0', '3.1', '4.0']
const vectorOf = (version: CvssVersion) => fc.tuple(...Array.from(metricsOf[version], ([name, { values, required }]) => fc.tuple(fc.constant(name), required ? fc.constantFrom(...values) : fc.option(fc.constantFrom(...values), { nil: null }))))
  .chain((metrics) => fc.shuffledSubarray(metrics.filter(([, value]) => value !== null).map(([name, value]) => `${name}:${value}`), { minLength: metrics.filter(([, value]) => value !== null).length }))
  .map((parts) => `${version === '2.0' ? '' : `CVSS:${version}/`}${parts.join('/')}`)

describe.each(versions)('any vector of %s', (version) => {
  test('has scores from 0 to 10 of one decimal, whatever the order of its metrics', () => {
    fc.assert(fc.property(vectorOf(version), (text) => {
      const { base, temporal, environmental } = score(text)
      for (const one of [base, temporal, environmental]) {
        if (one === null) continue
        expect(one).toBeGreaterThanOrEqual(0)
        expect(one).toBeLessThanOrEqual(10)
        expect(Number(one.toFixed(1))).toBe(one)
        expect(Object.is(one, -0)).toBe(false)
      }
      const [prefix, ...parts] = text.startsWith('CVSS') ? text.split('/') : ['CVSS:2.0', ...text.split('/')]
      expect({ ...score([prefix, ...parts.toSorted()].join('/')), vector: '' }).toEqual({ ...score(text), vector: '' })
    }), { numRuns: 500 })
  })

  test('means the same with "not defined" written out', () => {
    fc.assert(fc.property(vectorOf(version), (text) => {
      const { metrics } = readVector(text)
      const rest = Array.from(metricsOf[version], ([name]) => name).filter((name) => !metrics.has(name))
      expect(score([text, ...rest.map((name) => `${name}:${absent[version]}`)].join('/')).base).toBe(score(text).base)
    }), { numRuns: 300 })
  })

  test('any text is read or refused with a code', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), vectorOf(version).chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length), fc.string({ maxLength: 3 }))).map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1))), (text) => {
      try {
        score(text)
      } catch (error) {
        expect(error).toBeInstanceOf(RiskProblem)
      }
    }), { numRuns: 500 })
  })
})

test('3.1 and 4.0: a worse impact is never a lower score', () => {
  const worse = { C: ['N', 'L', 'H'], I: ['N', 'L', 'H'], A: ['N', 'L', 'H'], VC: ['N', 'L', 'H'], VI: ['N', 'L', 'H'], VA: ['N', 'L', 'H'], SC: ['N', 'L', 'H'], AV: ['P', 'L', 'A', 'N'], PR: ['H', 'L', 'N'], AC: ['H', 'L'], AT: ['P', 'N'] } as Record<string, readonly string[]>
  const base = (version: CvssVersion) => fc.tuple(...Array.from(metricsOf[version]).filter(([, { required }]) => required).map(([name, { values }]) => fc.constantFrom(...values).map((value) => [name, value] as const)))
  fc.assert(fc.property(fc.constantFrom<CvssVersion>('3.1', '4.0').chain((version) => fc.tuple(fc.constant(version), base(version), fc.nat())), ([version, metrics, pick]) => {
    const raised = metrics.filter(([name, value]) => (worse[name]?.indexOf(value) ?? -1) >= 0 && worse[name]!.at(-1) !== value)
    const [name, value] = raised[pick % Math.max(1, raised.length)] ?? ['', '']
    if (name === '') return
    const text = (changed: readonly (readonly [string, string])[]) => `CVSS:${version}/${changed.map((each) => each.join(':')).join('/')}`
    const before = score(text(metrics)).base
    const after = score(text(metrics.map(([each, old]) => [each, each === name ? worse[name]![worse[name]!.indexOf(value) + 1]! : old] as const))).base
    // 4.0 is known not to be strictly monotone within a macrovector's edges: a step of the interpolation may lose a tenth or two.
    expect(after).toBeGreaterThanOrEqual(before - (version === '4.0' ? 0.3 : 0))
  }), { numRuns: 1_000 })
})
