import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonPathProblem, compileJsonPath, pathOf } from './jsonpath.ts'
import type { Json, JsonObject } from './model.ts'

const select = (query: string, root: unknown, left = 1e6): Json[] => compileJsonPath(query)(root as Json, { left }).map(({ value }) => value)
const problem = (query: string, left?: number): string => {
  try {
    select(query, [[[[1]]]], left)
    return 'none'
  } catch (error) {
    if (error instanceof JsonPathProblem) return error.message
    throw error
  }
}

const api = { paths: { '/a': { get: { operationId: 'getA', tags: ['x', 'y'] }, post: { deprecated: true } }, '/b': { get: { operationId: 'listB', 'x-hidden': null } } }, n: [0, 1, 2, 3, 4] }

describe('queries that Overlays are made of', () => {
  test.each([
    ['$.paths[*].get.operationId', ['getA', 'listB']], ["$.paths['/a'].get.tags[-1]", ['y']], ['$..operationId', ['getA', 'listB']], ['$.paths.*[?@.deprecated == true]', [{ deprecated: true }]],
    ["$.paths[*][?search(@.operationId, '^list')]['operationId']", ['listB']], ["$.paths[*][?match(@.operationId, 'get.')].tags", [['x', 'y']]], ["$.paths[?@.get.tags[?@ == 'y']].post", [{ deprecated: true }]],
    ["$.paths.*.get[?@ == null]", [null]], ["$.paths[*][?@['x-hidden'] == null].operationId", ['listB']], ['$.paths[?length(@) > 1 && !@.put].post', [{ deprecated: true }]], ['$.paths[?count(@.*) == 1 || @.put].get.operationId', ['listB']],
    ['$.n[1:4:2]', [1, 3]], ['$.n[::-2]', [4, 2, 0]], ['$.n[-2:]', [3, 4]], ['$.n[0, 0, 9, -9]', [0, 0]], ['$.n[?@ >= 3]', [3, 4]], ['$.n[?@ > $.n[3]]', [4]], ['$["n"]["0"]', []], ["$['\\u006e'][0]", [0]], ['$.n[?value($.paths..deprecated)]', null],
    ['$ .n\n[ 0 ]', [0]], ["$[?match(@[0], '.')]", []],
  ] as const)('%s', (query, expected) => {
    if (expected === null) expect(() => select(query, api)).toThrow(JsonPathProblem)
    else expect(select(query, api)).toEqual(expected)
  })
  test('a dot of a regular expression is no line end, and a class is a class', () => {
    expect(select("$[?match(@, 'a.b')]", ['a\nb', 'axb', 'a\u2028b', 'a\rb'])).toEqual(['axb', 'a\u2028b'])
    expect(select("$[?match(@, 'a[.]b')]", ['a.b', 'axb'])).toEqual(['a.b'])
    expect(select("$[?match(@, '[a].')]", ['a\r', 'ab'])).toEqual(['ab'])
    expect(select("$[?match(@, '(')]", ['('])).toEqual([])
  })
})

describe('what is no query', () => {
  test.each(['', 'paths', '$.', '$.paths./a', '$.x-y', '$[', "$['a", '$[01]', '$[-0]', '$[1.0]', '$[?@.a = 1]', '$[?@.a == @.*]', '$[?length(@.*) == 1]', '$[?count(1) == 1]', '$[?match(@.a)]', '$[?nope(@)]', '$[?1]', '$ ', '$..', '$. a', "$['\\uD800']", '$[9007199254740992]', '$[?(@.a]', `$${'[?@'.repeat(100)}${']'.repeat(100)}`])('%s', (query) => {
    expect(problem(query)).toMatch(/ at character \d+$/)
  })
  test('what looks at too much ends', () => {
    expect(problem('$..[?$..[?$..*]]', 20)).toContain('more values than are allowed')
    expect(problem('$..*', 20)).toBe('none')
    expect(select("$[?match(@, '(a|a)*')]", [`${'a'.repeat(20_000)}b`]).length).toBe(0)
  })
})

// The RFC read plainly: a query as data, its places as lists of paths.
type Selector = { name: string } | { index: number } | { slice: [number | null, number | null, number | null] } | { all: true } | { has: string } | { equals: [string, Json] }
type Segment = { deep: boolean; selectors: Selector[] }
type Found = { path: (string | number)[]; value: Json }

const written = (segments: Segment[]): string => `$${segments.map(({ deep, selectors }) => `${deep ? '..' : ''}[${selectors.map((selector) => {
  if ('name' in selector) return JSON.stringify(selector.name)
  if ('index' in selector) return selector.index
  if ('slice' in selector) return selector.slice.map((bound) => bound ?? '').join(':')
  if ('has' in selector) return `?@[${JSON.stringify(selector.has)}]`
  return 'equals' in selector ? `?@[${JSON.stringify(selector.equals[0])}] == ${JSON.stringify(selector.equals[1])}` : '*'
}).join(', ')}]`).join('')}`
const members = ({ path, value }: Found): Found[] => (typeof value === 'object' && value !== null ? Object.entries(value).map(([key, item]: [string, Json]) => ({ path: [...path, Array.isArray(value) ? Number(key) : key], value: item })) : [])
const member = (found: Found, name: string): Found | undefined => (Array.isArray(found.value) ? undefined : members(found).find(({ path }) => path.at(-1) === name))
function chosen(found: Found, selector: Selector): Found[] {
  const items = Array.isArray(found.value) ? members(found) : []
  if ('name' in selector) return [member(found, selector.name) ?? []].flat()
  if ('index' in selector) return [items.at(selector.index) ?? []].flat()
  if ('has' in selector) return members(found).filter((one) => member(one, selector.has) !== undefined)
  if ('equals' in selector) return members(found).filter((one) => JSON.stringify(member(one, selector.equals[0])?.value) === JSON.stringify(selector.equals[1]))
  if ('all' in selector) return members(found)
  const step = selector.slice[2] ?? 1
  if (step === 0) return []
  const [low, high] = step > 0 ? [0, items.length] : [-1, items.length - 1]
  const bound = (given: number | null, otherwise: number): number => (given === null ? otherwise : Math.min(Math.max(given < 0 ? items.length + given : given, low), high))
  const [start, end] = [bound(selector.slice[0], step > 0 ? low : high), bound(selector.slice[1], step > 0 ? high : low)]
  return items.map((_, at) => start + at * step).filter((at) => (step > 0 ? at < end : at > end)).map((at) => items[at]!)
}
const below = (found: Found): Found[] => [found, ...members(found).flatMap(below)]
const plainly = (segments: Segment[], root: Json): Found[] => segments.reduce<Found[]>((places, { deep, selectors }) => places.flatMap((place) => (deep ? below(place) : [place]).flatMap((one) => selectors.flatMap((selector) => chosen(one, selector)))), [{ path: [], value: root }])

test('the places are those of a plain reading of the RFC', () => {
  const name = fc.constantFrom('a', 'b', '', "'", '"', '\\', '\n', '__proto__', '가', '😀')
  const bound = fc.option(fc.integer({ min: -4, max: 4 }))
  const selector: fc.Arbitrary<Selector> = fc.oneof(fc.record({ name }), fc.record({ index: fc.integer({ min: -3, max: 3 }) }), fc.record({ slice: fc.tuple(bound, bound, bound) }), fc.constant({ all: true } as const), fc.record({ has: name }), fc.record({ equals: fc.tuple(name, fc.constantFrom<Json[]>(null, true, 1, -1.5, 'b', '\u0007')) }))
  const query = fc.array(fc.record({ deep: fc.boolean(), selectors: fc.array(selector, { minLength: 1, maxLength: 3 }) }), { maxLength: 3 })
  const { json } = fc.letrec<{ json: Json }>((tie) => ({ json: fc.oneof({ maxDepth: 4 }, fc.constantFrom<Json[]>(null, true, 1, -1.5, 'b', '\u0007'), fc.array(tie('json'), { maxLength: 4 }), fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((entries): JsonObject => Object.fromEntries(entries))) }))
  fc.assert(fc.property(query, json, (segments, root) => {
    expect(compileJsonPath(written(segments))(root, { left: 1e6 }).map((place) => ({ path: pathOf(place), value: place.value }))).toEqual(plainly(segments, root))
  }), { numRuns: 1000 })
})

test('any text is a query or is told why not', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('$', '@', '.', '..', '[', ']', '*', '?', '(', ')', '!', '&&', '||', '==', '<', ',', ':', '0', '-1', '"a"', "'", 'a', 'length(', 'match(', ' ', '\\', '\uD800')), (parts) => {
    problem(`$${parts.join('')}`)
  }), { numRuns: 2000 })
})
