import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toTools } from './definition.ts'
import { grades, kinds } from './diff-kinds.ts'
import type { ChangeKind, Grade } from './diff-kinds.ts'
import { diff } from './diff.ts'
import type { Change } from './diff.ts'
import { readDocument } from './document.ts'
import type { Json, JsonObject, ToolSet } from './model.ts'
import { isList, isObject } from './object.ts'

function toolsOf(root: JsonObject): ToolSet {
  const read = readDocument(JSON.stringify(root))
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal))
  return toTools(read.document)
}
const changesOf = (base: JsonObject, head: JsonObject): Change[] => diff(toolsOf(base), toolsOf(head))

// ---- drawn documents: schemas that refer to each other, in circles too

const componentNames = ['A', 'B', 'C', 'D'] as const
const propertyNames = ['id', 'name', 'tags', 'next', 'a.b'] as const
const reference = fc.constantFrom(...componentNames).map((name): JsonObject => ({ $ref: `#/components/schemas/${name}` }))
const texts = fc.constantFrom({}, {}, { description: 'One.' }, { description: 'Two.' })
const { schema } = fc.letrec<{ schema: JsonObject; object: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    fc.tuple(fc.constantFrom<JsonObject>({ type: 'string' }, { type: 'string', enum: ['a', 'b'] }, { type: 'string', minLength: 2, format: 'date' }, { type: 'integer', minimum: 1 }, { type: 'number', maximum: 9 }, { type: ['string', 'null'] }, { type: 'boolean' }, {}), texts).map((parts) => Object.assign({}, ...parts) as JsonObject),
    reference,
    tie('object'),
    tie('schema').map((items): JsonObject => ({ type: 'array', items })),
    fc.tuple(tie('object'), reference).map((allOf): JsonObject => ({ allOf })),
    fc.array(tie('schema'), { minLength: 2, maxLength: 3 }).map((oneOf): JsonObject => ({ oneOf })),
  ),
  object: fc.record({ names: fc.uniqueArray(fc.constantFrom(...propertyNames), { maxLength: 4 }), schemas: fc.array(tie('schema'), { minLength: 5, maxLength: 5 }), required: fc.subarray([...propertyNames]), closed: fc.boolean() })
    .map(({ names, schemas, required, closed }): JsonObject => ({
      type: 'object', properties: Object.fromEntries(names.map((name, at) => [name, schemas[at]!])), required: required.filter((name) => names.includes(name)), ...(closed ? { additionalProperties: false } : {}),
    })),
}))
const operation = fc.record({
  parameters: fc.uniqueArray(fc.record({ name: fc.constantFrom('limit', 'sort', 'q'), in: fc.constantFrom('query', 'header'), required: fc.boolean(), schema }), { maxLength: 3, selector: ({ name, in: place }) => `${place} ${name}` }),
  body: fc.option(schema), output: fc.option(schema), tags: fc.subarray(['x', 'y']),
  security: fc.constantFrom<Json>([], [{ key: [] }], [{ oauth: ['read', 'write'] }, { key: [] }]),
}).map(({ parameters, body, output, tags, security }): JsonObject => ({
  description: 'Does it.', parameters, tags, security,
  ...(body === null ? {} : { requestBody: { content: { 'application/json': { schema: body } } } }),
  responses: { 200: { description: '', ...(output === null ? {} : { content: { 'application/json': { schema: output } } }) }, 404: { description: '' } },
}))
const drawnDocument = fc.record({ schemas: fc.tuple(schema, schema, schema, schema), operations: fc.array(operation, { minLength: 1, maxLength: 3 }) }).map(({ schemas, operations }): JsonObject => ({
  openapi: '3.1.0', info: { title: 'T', version: '1' }, servers: [{ url: 'https://api.example.test' }],
  components: { schemas: Object.fromEntries(componentNames.map((name, at) => [name, schemas[at]!])), securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'K' }, oauth: { type: 'oauth2', flows: {} } } },
  paths: Object.fromEntries(operations.map((one, at) => [`/p${at}`, { post: { operationId: `op${at}`, ...one } }])),
}))

/** False for a schema that is itself, or part of itself, without a property or item between: what that means nobody says. */
function grounded(document: JsonObject): boolean {
  const schemas = (document['components'] as JsonObject)['schemas'] as JsonObject
  const sound = (value: Json | undefined, above: readonly Json[]): boolean => {
    if (!isObject(value)) return true
    if (above.includes(value)) return false
    const parts = [...(isList(value['allOf']) ? value['allOf'] : []), ...(isList(value['oneOf']) ? value['oneOf'] : []), ...(typeof value['$ref'] === 'string' ? [schemas[value['$ref'].split('/').at(-1)!]!] : [])]
    return parts.every((part) => sound(part, [...above, value]))
  }
  const all = (value: Json): boolean => (isList(value) ? value.every(all) : !isObject(value) || (sound(value, []) && Object.values(value).every(all)))
  return all(document)
}
const groundedDocument = drawnDocument.filter(grounded)

// ---- what does not count

/** Names in another order everywhere, and what is a set turned around. */
function reordered(value: Json): Json {
  if (isList(value)) return value.map(reordered)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).reverse().map(([name, each]) => [name, (name === 'required' || name === 'tags' || name === 'enum' || name === 'parameters' || name === 'oneOf' || name === 'allOf') && isList(each) ? each.map(reordered).reverse() : reordered(each)]))
}

/** References one level deep replaced by what they name; what refers to itself below keeps doing so. */
function inlined(document: JsonObject): JsonObject {
  const schemas = (document['components'] as JsonObject)['schemas'] as JsonObject
  const walk = (value: Json): Json => {
    if (isList(value)) return value.map(walk)
    if (!isObject(value)) return value
    if (typeof value['$ref'] === 'string') return schemas[value['$ref'].split('/').at(-1)!] ?? value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each)]))
  }
  return { ...document, paths: walk(document['paths']!) }
}

/** Every schema of a property moved into a component of its own. */
function extracted(document: JsonObject): JsonObject {
  const moved: Record<string, Json> = {}
  const walk = (value: Json): Json => {
    if (isList(value)) return value.map(walk)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => {
      if (name !== 'properties' || !isObject(each)) return [name, walk(each)]
      return [name, Object.fromEntries(Object.entries(each).map(([property, own]) => {
        const id = `Moved${Object.keys(moved).length}`
        moved[id] = {}
        moved[id] = walk(own)
        return [property, { $ref: `#/components/schemas/${id}` }]
      }))]
    }))
  }
  const paths = walk(document['paths']!)
  const components = document['components'] as JsonObject
  return { ...document, paths, components: { ...components, schemas: { ...components['schemas'] as JsonObject, ...moved } } }
}

test('a document beside itself changes nothing, parsed once or twice', () => {
  fc.assert(fc.property(drawnDocument, (document) => {
    const tools = toolsOf(document)
    expect(diff(tools, tools)).toEqual([])
    expect(changesOf(document, document)).toEqual([])
  }), { numRuns: 100 })
})

test('the order of anything does not count', () => {
  fc.assert(fc.property(groundedDocument, (document) => {
    expect(changesOf(document, reordered(document) as JsonObject)).toEqual([])
  }), { numRuns: 100 })
})

test('a schema is the same behind a reference and without one', () => {
  fc.assert(fc.property(groundedDocument, (document) => {
    expect(changesOf(document, inlined(document))).toEqual([])
    expect(changesOf(inlined(document), document)).toEqual([])
    expect(changesOf(document, extracted(document))).toEqual([])
  }), { numRuns: 100 })
})

test('the reverse says the reverse', () => {
  // What is added comes back as removed whether it was required or not.
  const plain = (kind: string): string => kind.replace(/^required-|^(writing|destructive|unguarded)-tool/, (word) => (word.endsWith('tool') ? 'tool' : ''))
  fc.assert(fc.property(groundedDocument, groundedDocument, (one, other) => {
    const forth = changesOf(one, other).map(({ kind }) => plain(kinds[kind].reverse)).sort()
    const back = changesOf(other, one).map(({ kind }) => plain(kind)).sort()
    expect([...new Set(forth)]).toEqual([...new Set(back)])
  }), { numRuns: 100 })
})

// ---- one change, found and graded at least as expected

type Operation = Record<string, Json>
type Mutation = { readonly name: string; readonly kind: ChangeKind; readonly least: Grade; /** Where there is nothing to do it to. */ readonly idle?: (operation: Operation) => boolean; readonly mutate: (operation: Operation, document: Record<string, Json>) => void }
const empty = (name: string) => (it: Operation): boolean => (it[name] as Json[]).length === 0
const mutations: readonly Mutation[] = [
  { name: 'a required parameter', kind: 'required-argument-added', least: 'breaking', mutate: (it) => { it['parameters'] = [...it['parameters'] as Json[], { name: 'fresh', in: 'query', required: true, schema: { type: 'string' } }] } },
  { name: 'an optional parameter', kind: 'argument-added', least: 'safe', mutate: (it) => { it['parameters'] = [...it['parameters'] as Json[], { name: 'fresh', in: 'query', schema: { type: 'string' } }] } },
  { name: 'a parameter less', kind: 'argument-removed', least: 'breaking', idle: empty('parameters'), mutate: (it) => { it['parameters'] = (it['parameters'] as Json[]).slice(1) } },
  { name: 'another description', kind: 'description-changed', least: 'review', mutate: (it) => { it['description'] = 'Does it, and reads ~/.ssh first.' } },
  { name: 'no security', kind: 'security-removed', least: 'dangerous', idle: empty('security'), mutate: (it) => { it['security'] = [] } },
  { name: 'another host', kind: 'host-changed', least: 'dangerous', mutate: (_, document) => { document['servers'] = [{ url: 'https://evil.example.test' }] } },
  { name: 'http', kind: 'scheme-downgraded', least: 'dangerous', mutate: (_, document) => { document['servers'] = [{ url: 'http://api.example.test' }] } },
  { name: 'an operation less', kind: 'tool-removed', least: 'breaking', mutate: (_, document) => { document['paths'] = Object.fromEntries(Object.entries(document['paths'] as JsonObject).slice(1)) } },
  { name: 'another operationId', kind: 'tool-renamed', least: 'breaking', mutate: (it) => { it['operationId'] = 'fresh' } },
]

test.each(mutations)('$name is found', ({ mutate, idle, kind, least }) => {
  let found = 0
  fc.assert(fc.property(drawnDocument, (document) => {
    const head = structuredClone(document) as Record<string, Json>
    const [, item] = Object.entries(head['paths'] as JsonObject)[0]!
    const first = (item as JsonObject)['post'] as Operation
    if (idle?.(first) === true) return
    mutate(first, head)
    found++
    const changes = changesOf(document, head).filter((change) => change.kind === kind)
    expect(changes.length).toBeGreaterThan(0)
    for (const { grade } of changes) expect(grades.indexOf(grade)).toBeGreaterThanOrEqual(grades.indexOf(least))
  }), { numRuns: 60 })
  expect(found).toBeGreaterThan(10)
})

test('a change below any number of references, and in a circle of them, is found once for each tool', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.boolean(), fc.constantFrom('argument', 'output'), (depth, circle, side) => {
    const documentOf = (leaf: JsonObject): JsonObject => {
      const schemas = Object.fromEntries(Array.from({ length: depth }, (_, at) => [`S${at}`, { type: 'object', properties: { next: at + 1 === depth ? leaf : { $ref: `#/components/schemas/S${at + 1}` }, ...(circle ? { back: { $ref: '#/components/schemas/S0' } } : {}) } }]))
      const content = { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } }
      return { openapi: '3.1.0', info: {}, servers: [{ url: 'https://a.test' }], components: { schemas }, paths: { '/p': { post: { ...(side === 'argument' ? { requestBody: content } : {}), responses: { 200: { description: '', ...(side === 'output' ? content : {}) } } } } } }
    }
    const changes = changesOf(documentOf({ type: 'string' }), documentOf({ type: 'integer' }))
    expect(changes).toMatchObject([{ kind: `${side}-type-changed`, place: `${side === 'argument' ? 'body' : 'output'}${'.next'.repeat(depth)}` }])
  }), { numRuns: 60 })
})

test('of two ways to a change the shorter is told', () => {
  const documentOf = (zip: JsonObject): JsonObject => ({
    openapi: '3.1.0', info: {}, servers: [{ url: 'https://a.test' }], components: { schemas: { Address: { type: 'object', properties: { zip } } } },
    paths: { '/p': { post: { requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { a: { type: 'object', properties: { b: { $ref: '#/components/schemas/Address' } } }, z: { $ref: '#/components/schemas/Address' } } } } } }, responses: {} } } },
  })
  expect(changesOf(documentOf({ type: 'string' }), documentOf({ type: 'integer' })).map(({ place }) => place)).toEqual(['body.z.zip'])
})

test('a long chain of allOf is read to its end from wherever it is entered, and one that leads into itself ends', () => {
  const documentOf = (leaf: JsonObject, enter: readonly number[], length = 300): JsonObject => ({
    openapi: '3.1.0', info: {}, servers: [{ url: 'https://a.test' }],
    components: { schemas: Object.fromEntries(Array.from({ length }, (_, at) => [`S${at}`, at === length - 1 ? leaf : { allOf: [{ $ref: `#/components/schemas/S${at + 1}` }] }])) },
    paths: { '/p': { post: { parameters: enter.map((at) => ({ name: `at${at}`, in: 'query', schema: { $ref: `#/components/schemas/S${at}` } })), responses: {} } } },
  })
  for (const enter of [[0, 150], [150, 0]]) expect(changesOf(documentOf({ type: 'string' }, enter), documentOf({ type: 'integer' }, enter)).map(({ place }) => place)).toEqual(['at0', 'at150'])
  // What was read only in part from far above is read again from nearer.
  for (const enter of [[0, 150], [150, 0]]) expect(changesOf(documentOf({ type: 'string' }, enter, 600), documentOf({ type: 'integer' }, enter, 600)).map(({ place }) => place)).toContain('at150')
  // Each schema of 30 is each of the others too: without a bound there are 30! ways through it.
  const tangle = (type: string): JsonObject => ({
    openapi: '3.1.0', info: {}, servers: [{ url: 'https://a.test' }],
    components: { schemas: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`S${at}`, { oneOf: [{ type, title: `T${at}` }, ...Array.from({ length: 30 }, (__, other) => ({ $ref: `#/components/schemas/S${other}` }))] }])) },
    paths: { '/p': { post: { parameters: [{ name: 'x', in: 'query', schema: { $ref: '#/components/schemas/S0' } }], responses: {} } } },
  })
  expect(changesOf(tangle('string'), tangle('integer')).length).toBeGreaterThan(0)
})
