import type { Json, JsonObject } from '@haechi/mcp-wire'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toTools } from './definition.ts'
import type { ToolOptions } from './definition.ts'
import { readDocument } from './document.ts'
import type { ToolSet } from './model.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, addUsedSchema: false })
const isSchema = ajv.getSchema('https://json-schema.org/draft/2020-12/schema')!

function tools(document: JsonObject, options?: ToolOptions): ToolSet {
  const read = readDocument(JSON.stringify(document))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  return toTools(read.document, options)
}

const only = (operation: Json, rest: JsonObject = {}, method = 'get', path = '/users/{id}') => {
  const set = tools({ openapi: '3.0.3', ...rest, paths: { [path]: { [method]: operation } } })
  return { tool: set.tools[0]!, definition: set.definition(set.tools[0]!) }
}

test('an operation as a tool', () => {
  const { tool, definition } = only({
    operationId: 'users/get', summary: 'Get a user.', description: '<p>Returns the user, with <a href="/x">all</a> of it.</p>', deprecated: true,
    parameters: [{ name: 'id', in: 'path', required: true, description: 'Of the **user**.', schema: { type: 'integer', minimum: 1 } }, { name: 'deep', in: 'query', deprecated: true, schema: { $ref: '#/components/schemas/Depth' } }],
    responses: { 200: { content: { 'application/json': { schema: { type: 'object', properties: { name: { type: 'string' } } } } } } },
  }, { components: { schemas: { Depth: { type: 'string', enum: ['a', 'b'] }, Unused: { type: 'string' } } } })
  expect(definition).toEqual({
    name: 'users_get', title: 'Get a user.', description: 'Deprecated. Get a user. Returns the user, with all of it.',
    inputSchema: { type: 'object', properties: { id: { type: 'integer', minimum: 1, description: 'Of the user.' }, deep: { type: 'string', enum: ['a', 'b'], description: 'Deprecated.' } }, required: ['id'] },
    outputSchema: { type: 'object', properties: { name: { type: 'string' } } }, annotations: { readOnlyHint: true, openWorldHint: true },
  })
  expect(tool.operation.wrapped).toBeNull()
})

test('a summary is not said twice', () => {
  const text = (summary: string, description: string) => only({ summary, description }).definition.description
  expect(text('Create a user', 'Creates the user with what is given.')).toBe('Creates the user with what is given.')
  expect(text('Create a user', 'Needs the scope write.')).toBe('Create a user. Needs the scope write.')
  expect(text('DB', 'Where it is.')).toBe('DB. Where it is.')
  expect(text('모두 삭제', '')).toBe('모두 삭제')
  expect(text('모두 삭제', '사용자를 지웁니다.')).toBe('모두 삭제. 사용자를 지웁니다.')
  expect(text('', '')).toBe('GET /users/{id}')
})

test('nine lines in Korean, without a server, an operationId or a schema', () => {
  const { definition } = only({ summary: '사용자를 조회합니다' }, {}, 'get', '/사용자/{번호}')
  expect(definition).toMatchObject({ name: expect.stringMatching(/^get_[0-9a-f]{8}$/) as string, title: '사용자를 조회합니다', description: '사용자를 조회합니다', inputSchema: { type: 'object', properties: { [Object.keys(definition.inputSchema['properties']!)[0]!]: { type: 'string' } } } })
  expect(definition.inputSchema['required']).toHaveLength(1)
})

describe('annotations', () => {
  test.each([
    ['get', '/users', 'listUsers', { readOnlyHint: true }], ['head', '/users', undefined, { readOnlyHint: true }],
    ['post', '/users', 'createUser', { readOnlyHint: false, destructiveHint: false, idempotentHint: false }], ['put', '/users/{id}', undefined, { destructiveHint: true, idempotentHint: true }],
    ['patch', '/users/{id}', undefined, { destructiveHint: true, idempotentHint: false }], ['delete', '/users/{id}', undefined, { destructiveHint: true, idempotentHint: true }],
    ['get', '/#Action=TerminateInstances', 'GET_TerminateInstances', { readOnlyHint: false, destructiveHint: true }], ['get', '/cache/purge', undefined, { readOnlyHint: false, destructiveHint: true }],
    ['get', '/#Action=RunInstances', 'GET_RunInstances', { readOnlyHint: false, destructiveHint: false }], ['post', '/users/{id}/delete', undefined, { destructiveHint: true }],
    ['get', '/deleted-items', 'items/list-deleted', { readOnlyHint: true }], ['get', '/settings', 'settingsGet', { readOnlyHint: true }],
  ])('%s %s %s', (method, path, operationId, expected) => expect(only({ operationId: operationId ?? null }, {}, method, path).definition.annotations).toMatchObject(expected))

  test('x-mcp says otherwise', () => {
    const { definition } = only({ operationId: 'a', summary: 'No.', 'x-mcp': { name: 'find users', title: 'Find', description: 'Finds users.', annotations: { readOnlyHint: true } } }, {}, 'post')
    expect(definition).toMatchObject({ name: 'find_users', title: 'Find', description: 'Finds users.', annotations: { readOnlyHint: true } })
  })
})

test('an answer that is no object is told under result', () => {
  const answer = (schema: Json) => only({ responses: { 200: { content: { 'application/json': { schema } } } } })
  expect(answer({ type: 'array', items: { type: 'string' } })).toMatchObject({ tool: { operation: { wrapped: 'result' } }, definition: { outputSchema: { type: 'object', properties: { result: { type: 'array', items: { type: 'string' } } } } } })
  expect(answer({ type: 'object', nullable: true, properties: { a: {} } }).tool.operation.wrapped).toBe('result')
  for (const nothing of [{}, { type: 'object' }]) expect(answer(nothing)).toMatchObject({ tool: { operation: { wrapped: null } }, definition: { inputSchema: {} } })
  expect(answer({}).definition.outputSchema).toBeUndefined()
})

test('bodies by kind', () => {
  const argument = (content: JsonObject) => only({ requestBody: { required: true, content } }, { components: { schemas: { User: { type: 'object', properties: { boss: { $ref: '#/components/schemas/User' } } } } } }, 'post', '/a').definition.inputSchema
  expect(argument({ 'application/json': { schema: { $ref: '#/components/schemas/User' } } })).toEqual({ type: 'object', properties: { body: { type: 'object', properties: { boss: { $ref: '#/$defs/User' } } } }, required: ['body'], $defs: { User: { type: 'object', properties: { boss: { $ref: '#/$defs/User' } } } } })
  expect(argument({ 'application/octet-stream': {} })['properties']).toMatchObject({ body: { type: 'object', properties: { base64: { type: 'string' } }, description: 'application/octet-stream' } })
  expect(argument({ 'application/xml': { schema: { type: 'object' } } })['properties']).toEqual({ body: { type: 'string', description: 'application/xml' } })
})

test('only what is asked for becomes a tool', () => {
  const set = tools({ openapi: '3.0.0', paths: { '/a': { get: { tags: ['x'] }, post: {} } } }, { include: ({ tags }) => tags.includes('x') })
  expect(set.tools.map(({ name }) => name)).toEqual(['get_a'])
  expect(set.get('get_a')).toBe(set.tools[0])
  expect(set.get('post_a')).toBeUndefined()
})

test('what is long gets shorter, what a call needs stays, and a bomb is open below', () => {
  const schemas = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`S${index}`, { type: 'object', description: 'Long words. '.repeat(50), required: ['a'], properties: { a: { type: 'string', enum: ['x', 'y'], description: 'What it is here. And more of it.' }, left: { $ref: `#/components/schemas/S${2 * index + 1}` }, right: { $ref: `#/components/schemas/S${2 * index + 2}` } } }]))
  const { definition } = only({ parameters: [{ name: 'id', in: 'path', required: true, description: 'The id of it. '.repeat(100) }], requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } } }, { components: { schemas } }, 'post')
  const { $defs, properties } = definition.inputSchema as { $defs: Record<string, JsonObject>; properties: Record<string, JsonObject> }
  expect(JSON.stringify(definition).length).toBeLessThan(100_000)
  expect($defs['S1']).toEqual({ type: 'object', required: ['a'], properties: { a: { type: 'string', enum: ['x', 'y'] }, left: { $ref: '#/$defs/S3' }, right: { $ref: '#/$defs/S4' } } })
  expect(properties['id']!['description']).toBe('The id of it.')
  expect((properties['body'] as { properties: { a: JsonObject } }).properties.a['description']).toBe('What it is here.')
  expect(Object.values($defs).filter((schema) => Object.keys(schema).length === 0).length).toBeGreaterThan(0)
  expect(isSchema(definition.inputSchema)).toBe(true)
  const wide = only({ requestBody: { content: { 'application/json': { schema: { type: 'object', properties: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`p${index}`, { type: 'string' }])) } } } } }, {}, 'post')
  expect(JSON.stringify(wide.definition).length).toBeLessThan(1_000)
})

test('what every tool says of a parameter is said in one sentence', () => {
  const paths = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`/a${index}`, { get: { parameters: [{ name: 'q', in: 'query', description: 'The query text. It is not case sensitive.' }] } }]))
  const text = (n: number) => {
    const set = tools({ openapi: '3.0.0', paths: paths(n) })
    return (set.definition(set.tools[0]!).inputSchema['properties'] as { q: JsonObject }).q['description']
  }
  expect(text(3)).toBe('The query text. It is not case sensitive.')
  expect(text(100)).toBe('The query text.')
})

// ---- drawn

const word = fc.constantFrom('get', 'post', 'put', 'query', 'parameters', 'requestBody', 'responses', 'content', 'application/json', 'multipart/form-data', 'schema', 'name', 'in', 'required', '$ref', 'security', 'servers', 'url', 'operationId', 'x-mcp', 'encoding', 'type', 'properties', 'items', 'allOf', '200', 'default', 'constants', 'style', 'tags', '__proto__', 'variables', 'itemSchema')
const { anything } = fc.letrec<{ anything: Json }>((tie) => ({
  anything: fc.oneof({ maxDepth: 6 }, fc.constantFrom<Json>('query', 'path', 'header', 'id', 'object', 'array', 'string', 'file', '#/components/a', '#/paths/~1a~1{id}', '#/paths/~1a~1{id}/get', 'https://example.com/{x}', '사용자', null, true, false, 0, 1), fc.array(tie('anything'), { maxLength: 3 }), fc.dictionary(word, tie('anything'), { maxKeys: 6 })),
}))

function shuffled(value: Json, ranks: Iterator<number>, deep: number): Json {
  if (deep === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [ranks.next().value as number, name, one] as const).sort(([a], [b]) => a - b).map(([, name, one]) => [name, shuffled(one, ranks, deep - 1)]))
}

test('whatever stands where operations should: no exception, valid schemas, legal and unique names, every reference inside', () => {
  let found = 0
  fc.assert(fc.property(fc.constantFrom('2.0', '3.0.3', '3.1.0', '3.2.0'), anything, anything, fc.dictionary(word, anything), fc.record({ parameters: fc.array(anything), requestBody: anything, responses: anything }, { requiredKeys: [] }), (version, get, item, rest, post) => {
    const document = { ...rest, ...(version === '2.0' ? { swagger: version } : { openapi: version }), components: { a: item }, paths: { '/a/{id}': { parameters: null, get, post }, '/a/{name}': item, 'b c': { get: post } } }
    const set = tools(JSON.parse(JSON.stringify(document)) as JsonObject)
    expect(new Set(set.tools.map(({ name }) => name)).size).toBe(set.tools.length)
    for (const tool of set.tools) {
      found++
      expect(structuredClone(tool)).toEqual(tool)
      const definition = set.definition(tool)
      expect(definition.name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      for (const schema of [definition.inputSchema, definition.outputSchema]) {
        if (schema === undefined) continue
        expect(schema['type']).toBe('object')
        expect(isSchema(schema), JSON.stringify(schema)).toBe(true)
        for (const [, name] of JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]*)"/g)) expect(Object.keys(schema['$defs'] ?? {})).toContain(name)
      }
    }
  }), { numRuns: 600 })
  expect(found).toBeGreaterThan(50)
})

test('tools are the same in whatever order a document is written', () => {
  const operation = fc.record({ operationId: fc.constantFrom('list', 'get', 'a/b', 'a.b', '사용자', 'x'.repeat(80)), parameters: fc.uniqueArray(fc.record({ name: fc.constantFrom('id', 'filter[a]', 'filter_a', '이름'), in: fc.constantFrom('query', 'header', 'cookie') }), { maxLength: 4, selector: (one) => `${one.in} ${one.name}` }) }, { requiredKeys: [] })
  const paths = fc.dictionary(fc.constantFrom('/a', '/b', '/a/{id}', '/a/{name}', '/사용자', '/주문', `/${'y'.repeat(80)}`), fc.dictionary(fc.constantFrom('get', 'post', 'delete'), operation, { minKeys: 1 }), { minKeys: 1 })
  fc.assert(fc.property(paths, fc.infiniteStream(fc.nat()), (given, ranks) => {
    const known = (all: Json) => {
      const set = tools({ openapi: '3.0.0', paths: all })
      return Object.fromEntries(set.tools.map((tool) => [tool.operation.key, [tool.name, tool.operation.parameters.map(({ name, in: place, argument }) => `${place} ${name} ${argument}`).sort()]]))
    }
    const plain = JSON.parse(JSON.stringify(given)) as Json
    expect(known(shuffled(plain, ranks, 2))).toEqual(known(plain))
  }), { numRuns: 200 })
})
