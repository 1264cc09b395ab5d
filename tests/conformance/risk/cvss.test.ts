// The vectors that Red Hat's calculator is tested with, of all four versions: every score equal. Beside them 600 that were drawn at random (cvss-drawn.ndjson), with optional metrics of every
// kind, and the scores that cvss 3.6 from PyPI (that calculator) gives them.
import { readFileSync } from 'node:fs'
import { readVector, scoreOf } from '@haechi/risk'
import { expect, test } from 'vitest'
import { linesOf, missing } from './feeds.ts'

type Case = { version: string; vector: string; score?: number; base?: number; temporal?: number | null; environmental?: number | null }

test.skipIf(missing !== null)(`3,831 vectors${missing === null ? '' : `: ${missing}`}`, () => {
  const cases = linesOf<Case>('cvss/cvss-vectors.ndjson.gz')
  const counted = Object.fromEntries(Map.groupBy(cases, ({ version }) => version).entries().map(([version, of]) => [version, of.length]))
  expect(counted).toEqual({ '2.0': 359, '3.0': 1_292, '3.1': 1_333, '4.0': 847 })
  expect(wrongOf(cases)).toEqual([])
})

test('600 drawn vectors with metrics of every group', () => {
  const cases = readFileSync(new URL('cvss-drawn.ndjson', import.meta.url), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Case)
  expect(cases.length).toBe(600)
  expect(wrongOf(cases)).toEqual([])
})

const wrongOf = (cases: readonly Case[]) => cases.filter(({ version, vector, score, base, temporal = null, environmental = null }) => {
  const own = scoreOf(readVector(vector))
  return own.version !== version || (version === '4.0' ? own.base !== score : own.base !== base || own.temporal !== temporal || own.environmental !== environmental)
})
