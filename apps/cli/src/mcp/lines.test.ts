import fc from 'fast-check'
import { dump } from 'js-yaml'
import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'

const names = fc.oneof(fc.constantFrom('paths', '/users/{id}', 'get', 'x-mcp', 'a b', 'it\'s', '"quoted"', '200', 'a: b', '- a', '#no', '한국어', 'a/b~c', '{', 'true'), fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', '"', '\\', ':', ' ', '/', '#', '{', '나') }))
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('one\ntwo: three\n  four: 5\n', '{"a": {"b": 1}}', '- x\n- y: z', 'a very long text that is folded over several lines because it has more than eighty characters in it: yes'))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthIdentifier: 'value' }, text, fc.integer(), fc.boolean(), fc.array(tie('value'), { maxLength: 2 }), fc.dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true })),
}))
const root = fc.dictionary(names, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
type Tree = { readonly [name: string]: unknown }
const isTree = (given: unknown): given is Tree => typeof given === 'object' && given !== null && !Array.isArray(given)

/** Pointers of what lies under names only, three deep, with a value that is put there to be found again. */
function marked(tree: Tree, marks: string[], at = '#', deep = 0): Tree {
  const named = Object.entries(tree).map(([name, each]): [string, unknown] => {
    const pointer = `${at}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`
    if (isTree(each) && deep < 2) return [name, marked(each, marks, pointer, deep + 1)]
    if (Array.isArray(each) || isTree(each)) return [name, each]
    marks.push(pointer)
    return [name, `mark${marks.length - 1}end`]
  })
  return Object.fromEntries(named)
}
const lineOfMark = (written: string, mark: number): number => written.slice(0, written.indexOf(`mark${mark}end`)).split('\n').length

test.each([['JSON', (tree: Tree) => JSON.stringify(tree, null, 2)], ['JSON on one line', (tree: Tree) => JSON.stringify(tree)], ['YAML', (tree: Tree) => dump(tree)]] as const)('places in %s', (_, write) => {
  let found = 0
  fc.assert(fc.property(root, (tree) => {
    const marks: string[] = []
    const written = write(marked(tree, marks))
    const lines = linesOf(written, marks)
    for (const [mark, pointer] of marks.entries()) {
      found++
      expect([pointer, lines.get(pointer), written]).toEqual([pointer, lineOfMark(written, mark), written])
    }
  }), { numRuns: 300 })
  expect(found).toBeGreaterThan(100)
})

test('a place that is not there is that of the nearest thing around it; no text is too odd', () => {
  const yaml = 'openapi: 3.0.0\npaths:\n  /a:\n    # a comment: with a colon\n    get:\n      description: |\n        put:\n          no: structure\n    put: {responses: {}}\n'
  expect([...linesOf(yaml, ['#/paths/~1a/get', '#/paths/~1a/put', '#/paths/~1a/delete', '#/paths/~1b/get', 'line 3'])]).toEqual([['#/paths/~1a/get', 5], ['#/paths/~1a/put', 9], ['#/paths/~1a/delete', 3], ['#/paths/~1b/get', 2], ['line 3', 1]])
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', '\n', ' ', 'a', '|', '-', '%') }), fc.string(), (written, pointer) => {
    expect(linesOf(written, [`#/${pointer}`]).get(`#/${pointer}`)).toBeGreaterThanOrEqual(1)
  }))
})
