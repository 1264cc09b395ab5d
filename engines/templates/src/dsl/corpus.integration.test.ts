import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { missingTemplates, templateFiles } from '../../../../tests/templates-corpus.ts'
import { bytesOf } from '@haechi/probes/wire'
import { compileExpression, compileText, type Expression, type Text } from '../interpolation.ts'
import { compileJq } from '../jq.ts'
import type { Bytes, Value } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { EvaluationError } from './evaluation.ts'

type Written = { readonly expressions: Set<Bytes>; readonly queries: Set<Bytes>; readonly texts: Set<Bytes> }

/** Everything that the public templates write, each once. */
function written(): Written {
  const found: Written = { expressions: new Set(), queries: new Set(), texts: new Set() }
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (value.includes('{{') || value.includes('§')) found.texts.add(bytesOf(value))
    } else if (typeof value === 'object' && value !== null) {
      const { type, dsl, json } = value as { readonly type?: unknown; readonly dsl?: unknown; readonly json?: unknown }
      if (type === 'dsl' && Array.isArray(dsl)) for (const one of dsl) found.expressions.add(bytesOf(String(one)))
      if (type === 'json' && Array.isArray(json)) for (const one of json) found.queries.add(bytesOf(String(one)))
      Object.values(value).forEach(walk)
    }
  }
  for (const { content } of templateFiles()!) walk(load(Buffer.from(content).toString('utf8')))
  return found
}

const reason = missingTemplates === false ? '' : ` (skipped: ${missingTemplates})`
const corpus = missingTemplates === false ? written() : null

// Whatever is asked for is there, and is now this, now that.
const answers: readonly Value[] = ['', 'Hello <b>World</b> 1.2.3 é', '17', 200, 0, true, ['a', 'b'], '{"a":[1]}', null]
const environment = { random: () => 7, now: () => 1_700_000_000_000 }

test.skipIf(corpus === null)(`every expression of the public templates is compiled, or refused for a reason that is known${reason}`, () => {
  const refused = new Map<string, Bytes[]>()
  for (const source of corpus!.expressions)
    try {
      compileExpression(source)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      refused.set(error.problem.code, [...(refused.get(error.problem.code) ?? []), source])
    }
  expect(corpus!.expressions.size).toBeGreaterThan(13_000)
  // A sentence that is no expression, in a template of which Nuclei warns, too.
  expect(refused.get('expression_invalid')).toEqual(['No Network Policies found'])
  expect(new Set(refused.get('function_unsupported')?.map((source) => /^[a-z_]+/.exec(source)?.[0]))).toEqual(new Set(['jarm']))
})

test.skipIf(corpus === null)(`whatever they are given, they give a value or a typed failure${reason}`, () => {
  const expressions = [...corpus!.expressions].flatMap((source): Expression[] => {
    try {
      return [compileExpression(source)]
    } catch {
      return []
    }
  })
  const texts = [...corpus!.texts].flatMap((source): Text[] => {
    try {
      return [compileText(source)]
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError)
      return []
    }
  })
  expect(texts.length).toBeGreaterThan(10_000)
  let held = 0
  for (let turn = 0; turn < answers.length; turn++) {
    let asked = turn
    const lookup = (name: string): Value | undefined => (name.startsWith('interactsh') ? undefined : answers[asked++ % answers.length])
    for (const expression of expressions)
      try {
        if (expression.evaluate(lookup, environment) === true) held++
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error
        expect(error.code).not.toBe('too_large')
      }
    for (const text of texts) {
      const unresolved: string[] = []
      text.render(lookup, environment, unresolved)
      for (const name of text.unresolved(lookup)) expect(typeof name).toBe('string')
    }
  }
  expect(held).toBeGreaterThan(1_000)
}, 60_000)

test.skipIf(corpus === null)(`every question to JSON of the public templates is compiled${reason}`, () => {
  expect(corpus!.queries.size).toBeGreaterThan(180)
  for (const source of corpus!.queries) expect(compileJq(source).run({ a: 1 })).toBeInstanceOf(Array)
})
