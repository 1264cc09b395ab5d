// What two other scanners keep as examples beside their rules, against ours: of the positives of providers that we cover at least 95 of 100 are found, near misses are not,
// and each difference stands in coverage.yaml with its reason. The examples are read from HAECHI_CORPUS and stand nowhere in this project.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createDetector, genericRules } from '@haechi/secrets'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { CORPUS } from '../../templates-corpus.ts'
import { contentRules } from './rules.ts'

type Places = Readonly<Record<string, { readonly places: readonly number[]; readonly why: string }>>
type Coverage = { readonly providers: Readonly<Record<string, readonly string[]>>; readonly kinds: Readonly<Record<string, readonly string[]>>; readonly uncovered: Readonly<Record<string, string>>; readonly missed: Places; readonly answered: Places }
type Example = { readonly rule: string; readonly example: string; readonly positive: boolean }

const archive = join(CORPUS, 'secrets/rule-examples.ndjson.gz')
const missing = !existsSync(archive)
const coverage = load(readFileSync(join(import.meta.dirname, 'coverage.yaml'), 'utf8')) as Coverage
const ours = { ...coverage.providers, ...coverage.kinds }

describe.skipIf(missing)(`examples of rules${missing ? ` (skipped: no ${archive}; set HAECHI_CORPUS)` : ''}`, () => {
  const examples = missing ? [] : gunzipSync(readFileSync(archive)).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Example)
  const detector = createDetector(contentRules())
  const found = (example: Example): string[] => detector.detect(Buffer.from(example.example), { path: '' }).found.map(({ rule }) => rule)
  const names = [...new Set(examples.map(({ rule }) => rule))]
  const of = (rule: string, positive: boolean): Example[] => examples.filter((each) => each.rule === rule && each.positive === positive)
  const unexplained = (places: Readonly<Record<string, readonly number[]>>, table: Places): string[] => Object.entries(places).flatMap(([rule, all]) => all.filter((place) => table[rule]?.places.includes(place) !== true).map((place) => `${rule} ${place}`))

  test('each rule of theirs is covered, or it is said why it is not', () => {
    expect([...Object.keys(ours), ...Object.keys(coverage.uncovered)].toSorted()).toEqual(names.toSorted())
    const ids = new Set([...contentRules(), ...genericRules].map(({ id }) => id))
    expect(Object.values(ours).flat().filter((id) => !ids.has(id))).toEqual([])
  })

  test('of the positives of providers 95 of 100 are found, and each that is not is explained', () => {
    const missed: Record<string, number[]> = {}
    for (const rule of Object.keys(ours)) for (const [at, example] of of(rule, true).entries()) if (found(example).length === 0) (missed[rule] ??= []).push(at + 1)
    expect(unexplained(missed, coverage.missed)).toEqual([])
    const positives = Object.keys(coverage.providers).flatMap((rule) => of(rule, true)).length
    const lost = Object.entries(missed).flatMap(([rule, places]) => (Object.hasOwn(coverage.providers, rule) ? places : [])).length
    expect(positives).toBeGreaterThan(600)
    expect(lost / positives).toBeLessThanOrEqual(0.05)
  })

  test('each covered rule of theirs is found by the rules that are named for it', () => {
    expect(Object.entries(ours).filter(([rule, ids]) => ids.length > 0 && !Object.hasOwn(coverage.missed, rule) && !of(rule, true).some((example) => found(example).some((id) => ids.includes(id)))).map(([rule]) => rule)).toEqual([])
  })

  test('near misses are not found, and each that is is explained', () => {
    const answered: Record<string, number[]> = {}
    for (const [rule, ids] of Object.entries(ours)) for (const [at, example] of of(rule, false).entries()) if (found(example).some((id) => ids.includes(id))) (answered[rule] ??= []).push(at + 1)
    expect(unexplained(answered, coverage.answered)).toEqual([])
  })

  test('nothing is left without a reason', () => {
    expect([...Object.values(coverage.uncovered), ...Object.values(coverage.missed).map(({ why }) => why), ...Object.values(coverage.answered).map(({ why }) => why)].filter((why) => why.length < 8)).toEqual([])
  })
})
