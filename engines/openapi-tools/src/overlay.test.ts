import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocument } from './document.ts'
import type { Json, JsonObject } from './model.ts'
import { applyOverlays } from './overlay.ts'

const overlay = (...actions: JsonObject[]): string => JSON.stringify({ overlay: '1.1.0', info: { title: 'x', version: '1' }, actions })
const base = (): JsonObject => ({
  openapi: '3.1.0',
  tags: ['a', 'b', 'a'],
  paths: { '/items': { get: { summary: 'list', parameters: [{ name: 'dummy', in: 'query' }, { name: 'size', in: 'query' }] } }, '/some': { delete: { summary: 'delete' } } },
})
const applied = (...actions: JsonObject[]): JsonObject => applyOverlays(base(), [overlay(...actions)], 1e6, [])

describe('actions', () => {
  test('update merges objects, joins lists, appends to lists and replaces plain values', () => {
    const { paths } = base()
    expect(applied({ target: '$', update: { paths: { '/items': { get: { deprecated: true, parameters: [{ name: 'n', in: 'query' }] } } } } }))
      .toEqual({ ...base(), paths: { ...paths as JsonObject, '/items': { get: { summary: 'list', deprecated: true, parameters: [{ name: 'dummy', in: 'query' }, { name: 'size', in: 'query' }, { name: 'n', in: 'query' }] } } } })
    expect(applied({ target: '$.tags', update: ['c', 'd'] })['tags']).toEqual(['a', 'b', 'a', 'c', 'd'])
    expect(applied({ target: '$.tags', update: { name: 'c' } })['tags']).toEqual(['a', 'b', 'a', { name: 'c' }])
    expect(applied({ target: "$.tags[?@ == 'a']", update: 'z' })['tags']).toEqual(['z', 'b', 'z'])
    expect(applied({ target: '$.openapi', update: '3.1.1' })['openapi']).toBe('3.1.1')
  })
  test('remove takes items and properties, from several lists at once and from what is itself changed', () => {
    expect(applied({ target: "$.tags[?@ == 'a']", remove: true })['tags']).toEqual(['b'])
    expect(applied({ target: "$.paths.*.get.parameters[?@.name == 'dummy']", remove: true })['paths']).toMatchObject({ '/items': { get: { parameters: [{ name: 'size' }] } } })
    expect(applied({ target: "$..[?@.name == 'size' || @.parameters || @ == 'b']", remove: true })).toEqual({ openapi: '3.1.0', tags: ['a', 'a'], paths: { '/items': {}, '/some': { delete: { summary: 'delete' } } } })
    expect(applied({ target: '$..[1]', remove: true })).toMatchObject({ tags: ['a', 'a'], paths: { '/items': { get: { parameters: [{ name: 'dummy' }] } } } })
  })
  test('copy takes one value from the document as it then is; with update and remove it moves', () => {
    const moved = applied({ target: '$.paths', update: { '/new': {} } }, { target: "$.paths['/new']", copy: "$.paths['/items']" }, { target: "$.paths['/items']", remove: true })
    expect(moved['paths']).toEqual({ '/some': { delete: { summary: 'delete' } }, '/new': (base()['paths'] as JsonObject)['/items'] })
  })
  test('what was copied changes in one place only', () => {
    const both = applied({ target: '$', update: { x: { y: { z: [1] } } } }, { target: '$.paths', update: { '/new': {} } }, { target: "$.paths['/new']", copy: '$.x' }, { target: '$.x.y.z', update: 2 })
    expect(both['x']).toEqual({ y: { z: [1, 2] } })
    expect((both['paths'] as JsonObject)['/new']).toEqual({ y: { z: [1] } })
  })
  test('one update at many places changes each for itself, and what an alias shares only where it is meant', () => {
    const shared = { z: [1] }
    const root = { a: shared, b: shared } as JsonObject
    expect(applyOverlays(root, [overlay({ target: '$.a.z', update: 2 })], 1e6, [])).toEqual({ a: { z: [1, 2] }, b: { z: [1] } })
    expect(applyOverlays(root, [overlay({ target: '$[*]', update: { n: [] } }, { target: '$.a.n', update: 1 })], 1e6, [])).toEqual({ a: { z: [1], n: [1] }, b: { z: [1], n: [] } })
    expect(root).toEqual({ a: { z: [1] }, b: { z: [1] } })
  })
  test('names that JavaScript knows are data', () => {
    const root = applyOverlays({ paths: {} }, ['overlay: 1.0\nactions: [{target: $, update: {__proto__: {polluted: 1}, constructor: {prototype: 2}}}, {target: "$.__proto__", update: {more: 3}}]'], 1e6, [])
    expect(JSON.stringify(root)).toBe('{"paths":{},"__proto__":{"polluted":1,"more":3},"constructor":{"prototype":2}}')
    expect(({} as JsonObject)['polluted']).toBeUndefined()
  })
})

describe('refusals', () => {
  const refusal = (source: string): unknown => {
    const read = readDocument(JSON.stringify(base()), { overlays: [overlay({ target: '$', update: { 'x-first': 1 } }), source] })
    return 'refusal' in read ? `${read.refusal.code} | ${read.refusal.place} | ${read.refusal.reason}` : read.document.warnings
  }
  test.each([
    ['[', 'overlay_invalid | overlay 2 line 1 | '],
    ['- 1', 'overlay_invalid | overlay 2 # | An overlay is an object'],
    ['overlay: 2.0.0', 'overlay_invalid | overlay 2 #/overlay | '],
    ['overlay: 1.0.0\nactions: {}', 'overlay_invalid | overlay 2 #/actions | '],
    [overlay({ update: {} }), 'overlay_invalid | overlay 2 #/actions/0/target | '],
    [overlay({ target: '$', remove: 'yes' }), 'overlay_invalid | overlay 2 #/actions/0/remove | '],
    [overlay({ target: '$.paths' }), 'overlay_invalid | overlay 2 #/actions/0 | The action says neither'],
    [overlay({ target: '$.paths', update: {}, copy: '$' }), 'overlay_invalid | overlay 2 #/actions/0 | update and copy'],
    [overlay({ target: '$.tags', update: 'x' }, { target: '$.paths./items', update: {} }), 'overlay_invalid | overlay 2 #/actions/1 | The action does not apply: a name or * is expected; other names stand in brackets and quotes at character 9.'],
    [overlay({ target: '$', remove: true }), 'overlay_invalid | overlay 2 #/actions/0 | The action does not apply: the whole document'],
    [overlay({ target: '$.*', update: 'x' }), 'overlay_invalid | overlay 2 #/actions/0 | The action does not apply: the target selects plain values and lists and objects at once'],
    [overlay({ target: '$', update: { tags: 'x' } }), 'overlay_invalid | overlay 2 #/actions/0 | The action does not apply: plain values do not merge into lists at #/tags'],
    [overlay({ target: '$.paths', copy: '$.paths.*' }), 'overlay_invalid | overlay 2 #/actions/0 | The action does not apply: copy selects 2 values'],
  ])('%s', (source, expected) => {
    expect(refusal(source)).toContain(expected)
  })
  test('a target that matches nothing is a warning', () => {
    expect(refusal(overlay({ target: '$.nothing', update: {} }, { target: '$.never', copy: '$.nowhere' }))).toEqual([
      { code: 'overlay_unmatched', place: 'overlay 2 #/actions/0', reason: 'The target $.nothing selects nothing in the document.' },
      { code: 'overlay_unmatched', place: 'overlay 2 #/actions/1', reason: 'The target $.never selects nothing in the document.' },
    ])
  })
  test('what doubles and doubles ends, in size, in depth and in steps', () => {
    expect(refusal(overlay({ target: '$', update: { x: ['0123456789'.repeat(100)] } }, ...Array.from({ length: 40 }, () => ({ target: '$.x', copy: '$.x' }))))).toContain('characters')
    expect(refusal(overlay({ target: '$', update: { x: { y: {} } } }, ...Array.from({ length: 40 }, () => ({ target: '$..y', copy: '$.x' }))))).toMatch(/deeper|characters|allowed/)
    expect(refusal(overlay({ target: `$..[?${'$..[?'.repeat(12)}@.x == 1${']'.repeat(12)}]`, remove: true }))).toContain('more values than are allowed')
  })
})

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>
const document = fc.record({ openapi: fc.constant('3.1.0'), paths: fc.dictionary(fc.string(), json), x: json })

test('an overlay that selects nothing, or updates with nothing, leaves the document as it is', () => {
  fc.assert(fc.property(document, (root) => {
    const text = JSON.stringify(root)
    const read = readDocument(text, { overlays: [overlay({ target: '$.paths', update: {} }, { target: '$["no such name, ever"]', remove: true })] })
    expect('document' in read && JSON.stringify(read.document.root)).toBe(text)
  }), { numRuns: 200 })
})

test('removing a selection leaves nothing of it, and never touches what came in', () => {
  fc.assert(fc.property(document, fc.constantFrom('$.paths.*', '$..[?@ == null]', '$.x[*]', '$..[0]', '$.paths[?@.a]'), (root, target) => {
    const before = JSON.stringify(root)
    const [warnings, again]: [never[], { code: string }[]] = [[], []]
    const removed = applyOverlays(root, [overlay({ target, remove: true })], 1e6, warnings)
    expect(JSON.stringify(root)).toBe(before)
    if (target !== '$..[0]') {
      applyOverlays(removed, [overlay({ target, remove: true })], 1e6, again as never[])
      expect(again.map(({ code }) => code)).toEqual(['overlay_unmatched'])
    }
  }), { numRuns: 200 })
})
