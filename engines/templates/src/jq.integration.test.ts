import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { missingTemplates, templateFiles } from '../../../tests/templates-corpus.ts'
import { EvaluationError } from './dsl/evaluation.ts'
import { compileJq, type Json } from './jq.ts'

// Judged against jq itself, where there is one: the same results in the same order, and a failure at the same place.
const present = spawnSync('jq', ['--version']).status === 0
const reason = present ? '' : ' (skipped: there is no jq on this machine)'

/** Keys sorted, as gojq has them in every object. */
const sorted = (value: Json): Json =>
  Array.isArray(value) ? (value as readonly Json[]).map(sorted) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)])) : value

const failed = '\u0001failed'

/** All at once: a process each would take a minute. */
function byJq(questions: readonly { readonly source: string; readonly inputs: readonly Json[] }[]): Json[][][] {
  const program = questions.map(({ source }, index) => `(.[${index}] | map([limit(200; try (${source}\n) catch "${String.raw`\u0001`}failed")]))`).join(',\n')
  return JSON.parse(execFileSync('jq', ['-c', '-S', `[${program}]`], { input: JSON.stringify(questions.map(({ inputs }) => inputs)), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })) as Json[][][]
}

function byOurs(source: string, input: Json): Json[] {
  const found: Json[] = []
  try {
    for (const value of compileJq(source).results(input)) {
      found.push(value)
      if (found.length === 200) break
    }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    found.push(failed)
  }
  return found
}

type Difference = { readonly source: string; readonly input: string; readonly jq: string; readonly ours: string }

function differences(sources: readonly string[], drawn: number): Difference[] {
  const questions = sources.map((source) => ({ source, inputs: inputsFor(source, drawn) }))
  const expected = byJq(questions)
  return questions.flatMap(({ source, inputs }, number) => inputs.flatMap((input, index): Difference[] => {
    const results = expected[number]![index]!
    const [theirs, ours] = [JSON.stringify(results), JSON.stringify(sorted(JSON.parse(JSON.stringify(byOurs(source, input))) as Json))]
    // What fails on the left of '//' is nothing for gojq, and for jq since 1.7.
    const forgiven = source.includes('//') && results.at(-1) === failed
    return theirs === ours || forgiven ? [] : [{ source, input: JSON.stringify(input), jq: theirs, ours }]
  }))
}

/** JSON whose keys are those that the expression asks for, so that it finds something. */
const inputsFor = (source: string, count: number): Json[] => {
  const keys = [...new Set([...(source.match(/[A-Za-z_][A-Za-z0-9_.-]*/g) ?? []), 'a', 'b'])]
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'medium', withCrossShrink: false },
      fc.constantFrom<Json>(null, true, false, 0, 1, -2.5, 100, '', 'a', 'b,c', 'v1.20.3', 'é😀', '2021'),
      fc.dictionary(fc.constantFrom(...keys), tie('json'), { maxKeys: 6 }),
      fc.array(tie('json'), { maxLength: 4 }),
    ),
  }))
  return fc.sample(json, { numRuns: count, seed: 7 }).map(sorted)
}

const language = [
  '.', '..', '.[]?', '.a?', '.a', '.[0]?', '.[1:]?', '.[-1:]?', '.[:2]?', '.[1:3]?', '.[:-1]?', '[.a.b?]', '[.[]?.a?]', '[(.a.b)?]', '[.[]?] | length', 'keys?', 'to_entries?', 'objects | with_entries(.value |= tostring)', 'map(type)?', '[paths]', '[leaf_paths]', '[paths(type == "number")]', 'tostring', 'tojson', '[.[]? | tonumber?]',
  'length?', 'add?', 'any?', 'all?', 'flatten?', 'flatten(1)?', 'sort?', 'unique?', 'group_by(type)?', 'min?, max?', 'arrays | reverse', 'map(has("a"))?', 'contains("a")?', 'inside([1, "a"])?', 'first?, last?', '[limit(2; .[]?)]', '[.[]? | select(. != null)]',
  'ascii_downcase?', 'split(",")?', 'arrays | join("-")?', 'explode?', 'test("a")?', '[match("[a-z]"; "g") | .string]?', '[scan("[a-z]")]?', 'sub("a"; "b")?', 'gsub("(?<x>[a-z])"; "<\\(.x)>")?', 'ltrimstr("a")', '@text', '@json', '@html', '@uri', '@base64', '@sh?', '@csv?', '@tsv?',
  'reduce .[]? as $x (0; . + 1)', '[foreach .[]? as $x (0; . + 1; [., $x])]', 'def f(g): [g, g]; f(.a?)', 'try error catch .', '.a // "d"', '(.a?, .b?) // "d"', 'if . then 1 elif .a? then 2 else 3 end', '[.[]?, 1] | map(. == 1)', '. as [$x, $y] | [$y, $x]', '. as {a: $x} | $x',
  'del(.a?)', 'del(.[0]?)', 'delpaths([["a"], ["b"]])?', '.a? |= 1', '.a? += 1', '.a? //= 1', '[..] | length', '[.. | numbers] | add', 'walk(if type == "number" then . + 1 else . end)', 'map_values(1)?', 'objects | to_entries | from_entries', 'path(..)', '[splits(",")]?', '(arrays, strings) | indices("a")', 'strings | index(",")', 'tojson | fromjson',
  '[recurse(.a?; . != null)] | length', '[range(0; 10; 3)]', 'map(arrays)? | transpose', 'getpath(["a", "b"])?', '[getpath(["a"], ["b"])?]', 'setpath(["a"]; 1)?', '{a: .a?, b: (1, 2)}', '{(.a? | tostring): 1}', '"x\\(.a?)y"', '@base64 "x\\(.)"', '. < 1, . == [], . >= "a"', '[.[]? | numbers | -.]',
  'label $out | (.[]? | if . == null then break $out else . end)', '[.[]? as [$a] ?// $a | $a]', 'limit(3; repeat(.))', 'until(type != "array" or length == 0; .[0])', '[while(type == "array" and length > 0; .[0])]', 'splits(",")?', 'tostream', 'min_by(.a)?', 'unique_by(type)?', 'IN(1, "a", null)', 'combinations?', 'error("x")?', '.[.a?]?', '.["a", "b"]?',
]

test.skipIf(!present)(`the language, on drawn values${reason}`, () => {
  expect(differences(language, 40)).toEqual([])
}, 60_000)

test.skipIf(!present || missingTemplates !== false)(`the questions of all public templates, on drawn values${reason}`, () => {
  const queries = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { type, json } = value as { readonly type?: unknown; readonly json?: unknown }
    if (type === 'json' && Array.isArray(json)) for (const one of json) queries.add(String(one))
    Object.values(value).forEach(walk)
  }
  for (const { content } of templateFiles()!) walk(load(Buffer.from(content).toString('utf8')))
  // '.a.[]' is gojq's, and jq's since 1.7.
  const shared = [...queries].filter((source) => !/[\w\])]\.\[/.test(source))
  expect(shared.length).toBeGreaterThan(180)
  expect(differences(shared, 25)).toEqual([])
}, 60_000)
