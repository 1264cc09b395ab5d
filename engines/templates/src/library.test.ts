import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { fromCache, toCache } from './cache.ts'
import { readLibrary } from './library.ts'
import type { Library, LibraryOptions } from './library.ts'
import type { HttpBlock } from './model.ts'
import { bytes, httpText, templateText } from './template.fixture.ts'

const library = (files: Readonly<Record<string, string>>, options: LibraryOptions = {}): Library => readLibrary(Object.entries(files).map(([path, text]) => ({ path, content: bytes(text) })), options)
const lacking = ({ templates }: Library): (string | null)[] => templates.map(({ support }) => (support.status === 'parsed' ? `${support.problem.code} ${support.problem.place}` : null))
const listsOf = ({ templates }: Library): (HttpBlock['payloads'])[] => templates.map(({ blocks }) => (blocks[0] as HttpBlock).payloads)

test('templates are found by id, path and tag; a second one of an id is refused and names the first', () => {
  const { templates, refused, byId, byPath, byTag } = library({ 'a.yaml': httpText('', 'a'), 'b.yaml': httpText('', 'b').replace('One,two', 'two,TWO,three'), 'c.yaml': httpText('', 'a'), 'd.yaml': 'nothing' })
  expect(templates.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(refused).toMatchObject([{ file: 'c.yaml', problem: { code: 'duplicate_id', reason: expect.stringContaining('a.yaml') } }, { file: 'd.yaml', problem: { code: 'not_a_template' } }])
  expect([byId.get('b')?.file, byPath.get('a.yaml')?.id, byPath.get('c.yaml')]).toEqual(['b.yaml', 'a', undefined])
  expect([...byTag].map(([tag, tagged]) => [tag, tagged.map(({ id }) => id)])).toEqual([['one', ['a']], ['two', ['a', 'b']], ['three', ['b']]])
})

test('a workflow lacks what it names and nobody has; a folder, a tag and a file that is asked for will do', () => {
  const workflow = (body: string): string => templateText(`workflows:\n${body}`, 'flow')
  const has = (body: string, options: LibraryOptions = {}): unknown => lacking(library({ 'http/a.yaml': httpText('', 'a'), 'workflows/w.yaml': workflow(body) }, options))[1]
  expect(has('  - template: http/a.yaml\n    subtemplates: [{tags: two}]')).toBeNull()
  expect(has('  - template: http\n')).toBeNull()
  expect(has('  - template: http/b.yaml')).toBe('needs_template workflows[0]')
  expect(has('  - template: http/a.yaml\n    matchers: [{name: x, subtemplates: [{template: http/a.yaml}, {tags: nobody}]}]')).toBe('needs_template workflows[0].matchers[0].subtemplates[1]')
  const js = templateText('javascript: [{code: x}]\n', 'js')
  expect(lacking(library({ 'js.yaml': js, 'w.yaml': workflow('  - template: js.yaml\n    subtemplates: [{template: js.yaml}]') }))[1]).toBe('needs_javascript workflows[0].template')
  expect(lacking(library({ 'js.yaml': js, 'a.yaml': httpText('', 'a'), 'w.yaml': workflow('  - template: js.yaml\n  - template: a.yaml') }))[2]).toBeNull()
  const asked: string[] = []
  const named = library({ 'w.yaml': workflow('  - template: http/b.yaml\n  - template: http/c.yaml\n    tags: nobody') }, { templateFile: (path) => {
    asked.push(path)
    return path === 'http/b.yaml' ? bytes(httpText('', 'b')) : null
  } })
  expect(asked).toEqual(['http/b.yaml', 'http/c.yaml'])
  expect([named.templates.length, named.byPath.get('http/b.yaml')?.id, named.byId.get('b')]).toEqual([1, 'b', undefined])
  expect(isDeepStrictEqual(fromCache(Buffer.from([...toCache(named)].join(''))), named)).toBe(true)
})

test('a payload file is read once and kept once, also behind a cache', () => {
  let reads = 0
  const payloadFile = (path: string): Uint8Array | null => {
    reads += 1
    return path === 'users.txt' ? bytes('root\nadm\xEFn') : null
  }
  const lines = '    payloads: {z: users.txt, own: [a, b], 2: users.txt, absent: no.txt}'
  const first = library({ 'http/a.yaml': httpText(lines, 'a'), 'http/b.yaml': httpText(lines, 'b') }, { payloadFile })
  expect(reads).toBe(3)
  const [a, b] = listsOf(first)
  expect(a!.lists['z']).toBe(b!.lists['2'])
  const again = fromCache(Buffer.from([...toCache(first)].join('')))!
  expect(isDeepStrictEqual(again, first)).toBe(true)
  const [c, d] = listsOf(again)
  expect(c!.lists['z']).toBe(d!.lists['2'])
  expect(JSON.stringify(c)).toBe(JSON.stringify(a))
})

test('a cache that is not whole, not of this version, or something else, is none', () => {
  const bytesOf = Buffer.from([...toCache(library({ 'a.yaml': httpText('', 'a'), 'b.yaml': 'x' }), 'one')].join(''))
  expect(fromCache(bytesOf, 'one')?.templates).toHaveLength(1)
  expect(fromCache(bytesOf, 'two')).toBeNull()
  for (let at = 0; at < bytesOf.length; at += 11) {
    const changed = Uint8Array.from(bytesOf)
    changed[at] = changed[at]! ^ 1
    expect([at, fromCache(changed, 'one')]).toEqual([at, null])
    expect(fromCache(bytesOf.subarray(0, at), 'one')).toBeNull()
  }
  expect(fromCache(bytes('{}\n{}'))).toBeNull()
})
