import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outsideReferences, readDocument } from './document.ts'
import type { ReadOptions } from './document.ts'
import type { ApiDocument, Json, JsonObject } from './model.ts'
import { pointerOf, pointerSegments } from './reference.ts'

function read(root: JsonObject, options?: ReadOptions): ApiDocument {
  const result = readDocument(JSON.stringify({ openapi: '3.0.3', paths: {}, ...root }), options)
  if ('refusal' in result) throw new Error(result.refusal.reason)
  return result.document
}
const schemas = (given: JsonObject, more: JsonObject = {}): JsonObject => ({ components: { schemas: given }, ...more })
const code = (found: ReturnType<ApiDocument['resolve']>): string => ('code' in found ? found.code : `${found.at} ${JSON.stringify(found.value)}`)

describe('references', () => {
  test('percent and tilde escapes, in names and in lists; two ways to one place give one pointer', () => {
    const { resolve } = read(schemas({ 'a/b~c d': { x: [{ y: 1 }] }, '100%': 2, 'x~1': 5, '': { '': 3 } }, { paths: { '/사용자/{id}': { get: 4 } } }))
    expect(code(resolve('#/components/schemas/a~1b~0c%20d/x/0/y'))).toBe('#/components/schemas/a~1b~0c d/x/0/y 1')
    expect(code(resolve('#/components/schemas/a~1b~0c d/x/0/y'))).toBe('#/components/schemas/a~1b~0c d/x/0/y 1')
    expect(code(resolve('#/components/schemas/100%'))).toBe('#/components/schemas/100% 2')
    expect(code(resolve('#/components/schemas/x~01'))).toBe('#/components/schemas/x~01 5')
    expect(code(resolve('#/components/schemas//'))).toBe('#/components/schemas// 3')
    expect(code(resolve('#/paths/~1%EC%82%AC%EC%9A%A9%EC%9E%90~1%7Bid%7D/get'))).toBe('#/paths/~1사용자~1{id}/get 4')
    expect(code(resolve('#'))).toContain('# {"openapi"')
  })
  test('chains are followed, 32 at most, and circles end', () => {
    const chain = (length: number): JsonObject => Object.fromEntries(Array.from({ length: length + 1 }, (_, at) => [`s${at}`, at === length ? { type: 'string' } : { $ref: `#/components/schemas/s${at + 1}` }]))
    const long = read(schemas(chain(32)))
    for (const from of ['s0', 's1', 's2']) expect(code(long.resolve(`#/components/schemas/${from}`))).toBe('#/components/schemas/s32 {"type":"string"}')
    expect(code(read(schemas(chain(33))).resolve('#/components/schemas/s0'))).toBe('reference_circular')
    expect(code(read(schemas({ a: { $ref: '#/components/schemas/b' }, b: { $ref: '#/components/schemas/a' } })).resolve('#/components/schemas/a'))).toBe('reference_circular')
  })
  test('pointers that go on behind a reference do not multiply', () => {
    const doubling = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`s${at}`, { $ref: `#/components/schemas/s${at + 1}/x` }]))
    expect(code(read(schemas({ ...doubling, s40: { x: { x: { x: 1 } } } })).resolve('#/components/schemas/s0/x'))).toBe('reference_circular')
    expect(code(read(schemas({ a: { $ref: '#/components/schemas/b' }, b: { properties: { c: { type: 'string' } } } })).resolve('#/components/schemas/a/properties/c'))).toBe('#/components/schemas/b/properties/c {"type":"string"}')
  })
  test('beside a reference other keywords count from 3.1 on, and only there', () => {
    const root = schemas({ a: { $ref: '#/components/schemas/b', minLength: 1 }, b: { type: 'string' }, c: { $ref: '#/components/schemas/b', description: 'said' } })
    expect(code(read(root).resolve('#/components/schemas/a'))).toBe('#/components/schemas/b {"type":"string"}')
    expect(code(read({ ...root, openapi: '3.1.0' }).resolve('#/components/schemas/a'))).toBe('#/components/schemas/a {"$ref":"#/components/schemas/b","minLength":1}')
    expect(code(read({ ...root, openapi: '3.1.0' }).resolve('#/components/schemas/c'))).toBe('#/components/schemas/b {"type":"string"}')
  })
  test('what every object has is nothing that stands there', () => {
    const { resolve } = read(schemas({}))
    for (const reference of ['#/constructor', '#/components/__proto__', '#/components/schemas/toString', '#/paths/length', '#/no-slash/x', '#name', '#/openapi/0']) expect(code(resolve(reference))).toBe('reference_unresolved')
  })
})

describe('other documents', () => {
  const documents = new Map([
    ['https://api.example/schemas/user.yaml', 'User: {properties: {team: {$ref: "team.yaml#/Team"}, self: {$ref: "#/User"}, back: {$ref: "../main.json#/components/schemas/Id"}}}'],
    ['https://api.example/schemas/team.yaml', 'Team: {type: string}\nOther: {$ref: "#/Team"}'],
    ['https://api.example/broken.yaml', '"'],
  ])
  const root = schemas({ Id: { type: 'integer' }, User: { $ref: 'schemas/user.yaml#/User' } })
  test('are looked up, never fetched; what they refer to is theirs', () => {
    const { resolve, warnings } = read(root, { url: 'https://api.example/main.json', documents })
    const user = resolve('#/components/schemas/User')
    expect(user).toMatchObject({ at: 'https://api.example/schemas/user.yaml#/User' })
    const { team, self, back } = ((user as { value: JsonObject }).value['properties']) as { [name: string]: { $ref: string } }
    expect(code(resolve(team!.$ref))).toBe('https://api.example/schemas/team.yaml#/Team {"type":"string"}')
    expect(resolve(self!.$ref)).toEqual(user)
    expect(code(resolve(back!.$ref))).toBe('#/components/schemas/Id {"type":"integer"}')
    expect(code(resolve('schemas/team.yaml#/Other'))).toBe('https://api.example/schemas/team.yaml#/Team {"type":"string"}')
    expect(warnings).toEqual([])
  })
  test('are refused by code where they were not handed over, or cannot be read', () => {
    expect(code(read(root).resolve('#/components/schemas/User'))).toBe('reference_remote')
    expect(code(read(root).resolve('http://169.254.169.254/latest#/x'))).toBe('reference_remote')
    const document = read(root, { url: 'https://api.example/main.json', documents })
    expect(code(document.resolve('broken.yaml#/x'))).toBe('reference_remote')
    expect(document.warnings).toMatchObject([{ code: 'document_unparsable', place: 'https://api.example/broken.yaml line 1' }])
  })
  test('say why they are not there, and what to do', () => {
    const { resolve } = read(root, { url: 'https://api.example/main.json', documents, unavailable: new Map([['https://api.example/secret.yaml', 'Not that one. Move it.']]) })
    expect(resolve('secret.yaml#/x')).toMatchObject({ code: 'reference_remote', reason: 'Not that one. Move it.' })
    expect(resolve('broken.yaml#/x')).toMatchObject({ code: 'reference_remote', reason: expect.stringContaining('cannot be read (line 1)') })
    expect(resolve('other.yaml#/x')).toMatchObject({ code: 'reference_remote', reason: expect.stringContaining('Bundle') })
  })
  test('are named before they are needed, each once and absolute', () => {
    const of = (source: string | Uint8Array, glance = false): unknown => {
      const found = outsideReferences(source, { url: 'file:///a/b/main.yaml', glance })
      return 'refusal' in found ? found.refusal.code : found.references
    }
    const yaml = 'openapi: 3.0.0\npaths:\n  /a: { $ref: paths/a.yaml }\n  /b: { $ref: "./paths/a.yaml#/b" }\n  $ref: { $ref: "../up%20there.json#" }\ncomponents: { schemas: { A: { $ref: "#/x" }, B: { $ref: "main.yaml#/y" }, C: { $ref: /etc/passwd }, D: { $ref: "https://x.example/d.json" } } }\n'
    const all = ['file:///a/b/paths/a.yaml', 'file:///a/up%20there.json', 'file:///etc/passwd', 'https://x.example/d.json']
    for (const glance of [false, true]) {
      expect(of(yaml, glance)).toEqual(all)
      expect(of(new Uint8Array(Buffer.from(`\uFEFF${yaml}`, 'utf16le')), glance)).toEqual(all)
      expect(of('{"a": {"$ref" :\n "x.json"}}', glance)).toEqual(['file:///a/b/x.json'])
      expect(of('a: { $ref: >-\n  x.json }', glance)).toEqual('document_unparsable')
      expect(of('a:\n  $ref: >-\n    x.json\n', glance)).toEqual(['file:///a/b/x.json'])
      expect(of('example: { $ref: x.json }\nx-any: { $ref: y.json }\nproperties: { $ref: { type: string } }', glance)).toEqual([])
      expect(of('["$ref"]', glance)).toEqual([])
    }
    expect([of('"'), of('"', true), of(''), of(new Uint8Array([0xc3]))]).toEqual(['document_unparsable', [], 'document_empty', 'document_not_text'])
    expect(of('openapi: 3.2.0\n$self: https://x.example/api/main.yaml\na: { $ref: other.yaml }\nb: { $ref: "main.yaml#/a" }')).toEqual(['https://x.example/api/other.yaml'])
    expect(of('$id: https://x.example/s/\na: { $id: deep/one.json, items: { $ref: two.json } }')).toEqual(['file:///a/b/deep/two.json'])
  })
  test('whatever a reader asks for after the last answer, it has', () => {
    const name = fc.constantFrom('a.yaml', 'b.yaml', 'c.yaml', 'd/a.yaml', '../a.yaml')
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('main.yaml', 'a.yaml', 'b.yaml', 'd/a.yaml'), fc.array(name, { maxLength: 4 })), (files) => {
      const textAt = (address: string): string | undefined => {
        const references = files[address.slice('file:///s/'.length)]
        return references === undefined ? undefined : JSON.stringify({ openapi: '3.0.3', paths: {}, components: { schemas: Object.fromEntries(references.map((reference, at) => [`s${at}`, { $ref: `${reference}#/components/schemas/s0` }])) } })
      }
      const documents = new Map<string, string>()
      const waiting = ['file:///s/main.yaml']
      const named = new Set(waiting)
      for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
        const text = textAt(address) ?? (address.endsWith('main.yaml') ? '{"openapi":"3.0.3","paths":{}}' : undefined)
        if (text === undefined) continue
        documents.set(address, text)
        const found = outsideReferences(text, { url: address })
        for (const one of 'references' in found ? found.references : []) {
          if (named.has(one)) continue
          named.add(one)
          waiting.push(one)
        }
      }
      const asked = new Set<string>()
      class Handed extends Map<string, string> { override get(address: string): string | undefined { asked.add(address); return super.get(address) } }
      const { resolve } = read(JSON.parse(documents.get('file:///s/main.yaml')!) as JsonObject, { url: 'file:///s/main.yaml', documents: new Handed(documents) })
      for (let at = 0; at < 4; at++) resolve(`#/components/schemas/s${at}`)
      for (const address of asked) if (URL.canParse(address)) expect(named).toContain(address)
    }))
  })
})

describe('schemas with a base or a name of their own', () => {
  const found = (document: ApiDocument, ...path: string[]): string => {
    const holder = path.reduce<Json>((value, name) => (value as JsonObject)[name]!, document.root) as JsonObject
    return code(document.resolve(holder['$ref'] as string))
  }
  test('$id, $anchor and $dynamicRef become pointers into the document', () => {
    const document = read({ openapi: '3.1.0', ...schemas({
      Tree: { $id: 'https://x.example/tree', $dynamicAnchor: 'node', properties: { kids: { items: { $dynamicRef: '#node' } }, leaf: { $ref: '#/$defs/leaf' }, named: { $ref: 'other#here' }, default: { $ref: '#old' } }, example: { $ref: '#/$defs/leaf' }, $defs: { leaf: { type: 'null' }, draft6: { $id: '#old', type: 'number' } } },
      Other: { $id: 'https://x.example/other', $defs: { deep: { $anchor: 'here', type: 'boolean' } } },
      Uses: { $ref: 'https://x.example/tree' },
      Plain: { properties: { $id: { type: 'string' }, $ref: { type: 'string' } }, example: { $ref: '#here' } },
      Ornament: { $id: 'ornament', properties: { a: { $ref: '#/components/schemas/Plain' } } },
    }) })
    expect(found(document, 'components', 'schemas', 'Tree', 'properties', 'kids', 'items')).toContain('#/components/schemas/Tree {')
    expect(found(document, 'components', 'schemas', 'Tree', 'properties', 'leaf')).toBe('#/components/schemas/Tree/$defs/leaf {"type":"null"}')
    expect(found(document, 'components', 'schemas', 'Tree', 'properties', 'named')).toContain('#/components/schemas/Other/$defs/deep {')
    expect(found(document, 'components', 'schemas', 'Tree', 'properties', 'default')).toContain('#/components/schemas/Tree/$defs/draft6 {')
    expect(document.resolve('#/components/schemas/Tree/example')).toMatchObject({ code: 'reference_unresolved' })
    expect(found(document, 'components', 'schemas', 'Uses')).toContain('#/components/schemas/Tree {')
    expect(found(document, 'components', 'schemas', 'Ornament', 'properties', 'a')).toContain('#/components/schemas/Plain {')
    expect((document.root['components'] as { schemas: JsonObject }).schemas['Plain']).toEqual({ properties: { $id: { type: 'string' }, $ref: { type: 'string' } }, example: { $ref: '#here' } })
  })
  test('$self is the address of the document', () => {
    expect(code(read({ openapi: '3.2.0', $self: 'https://x.example/api', ...schemas({ A: { type: 'string' } }) }).resolve('https://x.example/api#/components/schemas/A'))).toBe('#/components/schemas/A {"type":"string"}')
  })
})

test('every path has a pointer that leads back to it', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), (path) => {
    expect(pointerSegments(pointerOf(path.map((segment) => encodeURIComponent(segment.toWellFormed()))))).toEqual(path.map((segment) => segment.toWellFormed()))
  }))
})

test('whatever a reference says, and wherever it stands, something coded comes back', () => {
  const reference = fc.oneof(fc.string(), fc.webUrl({ withFragments: true }), fc.array(fc.constantFrom('a', 'b', '0', '~0', '%zz', '__proto__')).map((path) => `#/components/schemas/${path.join('/')}`))
  const schema = fc.letrec<{ schema: unknown }>((tie) => ({ schema: fc.oneof({ maxDepth: 4 }, fc.record({ $ref: reference }), fc.dictionary(fc.constantFrom('a', 'b', '0', '$id', '$anchor'), tie('schema')), fc.array(tie('schema'), { maxLength: 2 }), reference) })).schema
  fc.assert(fc.property(fc.constantFrom('3.0.0', '3.1.0'), fc.dictionary(fc.constantFrom('a', 'b'), schema), fc.array(reference), (openapi, given, references) => {
    const { resolve } = read({ openapi, ...schemas(given as JsonObject) }, { url: 'https://x.example/', documents: new Map([['https://x.example/a', JSON.stringify(given)]]) })
    for (const one of [...references, '#/components/schemas/a', 'a#/a', 'https://x.example/a#/b/a']) {
      const result = resolve(one)
      if ('code' in result) expect(result.code).toMatch(/^reference_/)
      else expect(resolve(result.at)).toMatchObject({ at: expect.any(String) as string })
    }
  }), { numRuns: 100 })
})
