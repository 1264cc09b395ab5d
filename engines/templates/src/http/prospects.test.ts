import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpBlock, Matcher } from '../model.ts'
import { compileOperators } from '../operators.ts'
import type { Answer } from '../operators.ts'
import { canMatch, conjuncts } from './prospects.ts'

const matcher = (given: Partial<Matcher>): Matcher => ({ type: 'dsl', name: null, part: null, condition: 'or', negative: false, internal: false, caseInsensitive: false, matchAll: false, hex: false, values: [], numbers: [], ...given })
const block = (matchersCondition: 'and' | 'or', matchers: readonly Matcher[], extractors: HttpBlock['extractors'] = []): HttpBlock => ({ matchers, matchersCondition, extractors, requestCondition: true }) as unknown as HttpBlock
const environment = { random: () => 0, now: () => 0 }

/** The first `known` of these answers, as the last of them sees them. */
function seen(bodies: readonly string[], known: number): Answer {
  const lookup = (name: string): string | number | undefined => {
    const [, part = name, number] = /^(body|status_code)_(\d+)$/.exec(name) ?? []
    const at = number === undefined ? known : Number(number)
    const body = at > known ? undefined : bodies[at - 1]
    return body === undefined || (part !== 'body' && part !== 'status_code') ? undefined : part === 'body' ? body : 200
  }
  return { lookup, part: (name) => lookup(name)?.toString() }
}

describe('what is settled', () => {
  test.each<[string, HttpBlock, boolean]>([
    ['the first condition fails', block('and', [matcher({ values: ['contains(body_1, "a") && contains(body_2, "b")'] })]), false],
    ['it fails in a list that has to hold as a whole', block('and', [matcher({ values: ['contains(body_1, "a")', 'contains(body_2, "b")'], condition: 'and' })]), false],
    ['one of a list is enough', block('and', [matcher({ values: ['contains(body_1, "a")', 'contains(body_2, "b")'] })]), true],
    ['one side is enough', block('and', [matcher({ values: ['contains(body_1, "a") || contains(body_2, "b")'] })]), true],
    ['it is about what comes', block('and', [matcher({ values: ['contains(body_2, "a")'] })]), true],
    ['it is about the last answer', block('and', [matcher({ values: ['contains(body, "a")'] })]), true],
    ['another matcher is enough', block('or', [matcher({ values: ['contains(body_1, "a")'] }), matcher({ type: 'word', values: ['b'] })]), true],
    ['all of several fail', block('or', [matcher({ values: ['contains(body_1, "a")'] }), matcher({ type: 'word', part: 'body_1', values: ['b'] })]), false],
    ['a word is missing', block('and', [matcher({ type: 'word', part: 'body_1', values: ['a'] }), matcher({ type: 'word', values: ['x'] })]), false],
    ['the word may be missing', block('and', [matcher({ type: 'word', part: 'body_1', values: ['a'], negative: true })]), true],
    ['an extractor may find it', block('and', [matcher({ values: ['contains(token_1, "a")'] })], [{ type: 'regex', name: 'token', part: null, internal: true, caseInsensitive: false, values: ['x'], group: 0, attribute: null }]), true],
    ['there is no matcher', block('and', []), true],
  ])('%s', (_, given, expected) => { expect(canMatch(given, 1, seen(['x'], 1), environment)).toBe(expected) })

  test.each([['a && b', 2], ['a&&b && c', 3], ['(a && b) || c', 1], ['f("&&", a) && b', 2], ['a ? b : c && d', 1], ['(a || b) && c', 2], ['f(a || b) && \'x\\\'&&\' == c', 2], ['(a && b', 1]])('%s has %d parts', (source, parts) => { expect(conjuncts(source)).toHaveLength(parts) })
})

test('whatever comes: where it says no, the block does not match in the end', () => {
  const term = fc.tuple(fc.constantFrom('contains(body_1, "a")', 'contains(body_2, "b")', 'contains(body_3, "a")', 'status_code_1 == 200', 'status_code_2 == 404', 'contains(body, "a")', '!contains(body_2, "a")', '(contains(body_1, "b") || contains(body_3, "b"))')).map(([text]) => text)
  const value = fc.array(term, { minLength: 1, maxLength: 3 }).chain((terms) => fc.constantFrom(' && ', ' || ').map((join) => terms.join(join)))
  const any = fc.oneof(
    fc.record({ type: fc.constant('dsl' as const), values: fc.array(value, { minLength: 1, maxLength: 3 }), condition: fc.constantFrom('and' as const, 'or' as const), negative: fc.boolean() }),
    fc.record({ type: fc.constant('word' as const), part: fc.constantFrom('body_1', 'body_2', 'body'), values: fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 2 }), condition: fc.constantFrom('and' as const, 'or' as const), negative: fc.boolean() }),
  )
  const body = fc.constantFrom('', 'a', 'b', 'ab')
  fc.assert(fc.property(fc.array(any, { minLength: 1, maxLength: 3 }), fc.constantFrom('and' as const, 'or' as const), fc.tuple(body, body, body), fc.integer({ min: 1, max: 2 }), (matchers, condition, bodies, done) => {
    const given = block(condition, matchers.map((each) => matcher(each)))
    if (canMatch(given, done, seen(bodies, done), environment)) return
    const operators = compileOperators(given, 'body')
    for (let known = done; known <= 3; known++) expect(operators.judge(seen(bodies, known), environment).matched).toBe(false)
  }), { numRuns: 3000 })
})
