import type { Json, JsonObject } from '@haechi/mcp-wire'
import { describe, expect, test } from 'vitest'
import { readDocument } from './document.ts'
import { readOperations } from './operations.ts'
import type { ReadOperation } from './operations.ts'

function read(document: JsonObject) {
  const found = readDocument(JSON.stringify(document))
  if ('refusal' in found) throw new Error(found.refusal.reason)
  return readOperations(found.document)
}

/** The only operation of a document whose only path is /a. */
function only(operation: Json, rest: JsonObject = {}, path = '/a', method = 'get'): ReadOperation {
  const { operations: [one], skipped } = read({ openapi: '3.0.3', ...rest, paths: { [path]: { [method]: operation } } })
  if (one === undefined) throw new Error(JSON.stringify(skipped))
  return one
}

const parametersOf = (parameters: readonly Json[], path = '/a', rest: JsonObject = {}) => only({ parameters }, rest, path).operation.parameters

describe('parameters', () => {
  test('styles are those of the place where nothing is said, or nothing that is possible there', () => {
    expect(parametersOf([
      { name: 'id', in: 'path', required: true, style: 'matrix', explode: true }, { name: 'q', in: 'query' }, { name: 'f', in: 'query', style: 'deepObject' }, { name: 'x', in: 'query', style: 'pipeDelimited', explode: false, allowReserved: true },
      { name: 'h', in: 'header', style: 'form' }, { name: 'c', in: 'cookie' },
    ], '/a/{id}').map(({ name, style, explode, allowReserved }) => [name, style, explode, allowReserved])).toEqual([
      ['id', 'matrix', true, false], ['q', 'form', true, false], ['f', 'deepObject', false, false], ['x', 'pipeDelimited', false, true], ['h', 'simple', false, false], ['c', 'form', true, false],
    ])
  })

  test('those of the path hold for its operations, which can say otherwise', () => {
    const { operations: [one] } = read({ openapi: '3.0.0', paths: { '/a': { parameters: [{ name: 'q', in: 'query' }, { $ref: '#/components/parameters/P' }], get: { parameters: [{ name: 'q', in: 'query', required: true }] } } }, components: { parameters: { P: { name: 'p', in: 'header', schema: { type: 'integer' } } } } })
    expect(one!.operation.parameters.map(({ name, required }) => [name, required])).toEqual([['q', true], ['p', false]])
  })

  test('one name in several places, or one that no client accepts, gets an argument of its own whatever the order', () => {
    const all = [{ name: 'id', in: 'cookie' }, { name: 'id', in: 'header' }, { name: 'id', in: 'query' }, { name: 'id', in: 'path', required: true }, { name: 'filter[name]', in: 'query' }, { name: 'filter_name', in: 'query' }, { name: '$top', in: 'query' }, { name: '이름', in: 'query' }]
    const given = (list: readonly JsonObject[]) => new Map(parametersOf(list, '/a/{id}').map(({ argument, name, in: place }) => [`${place} ${name}`, argument]))
    const names = given(all)
    expect(Object.fromEntries(names)).toEqual({ 'path id': 'id', 'query id': 'id_query', 'header id': 'id_header', 'cookie id': 'id_cookie', 'query filter_name': 'filter_name', 'query filter[name]': 'filter_name_query', 'query $top': 'top', 'query 이름': expect.stringMatching(/^p_[0-9a-f]{8}$/) as string })
    expect(given(all.toReversed())).toEqual(names)
  })

  test('what the connection sets is not asked for', () => {
    const rest = { security: [{ key: [] }], components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } } } }
    expect(parametersOf([{ name: 'Accept', in: 'header' }, { name: 'authorization', in: 'header' }, { name: 'x-api-key', in: 'header', required: true }, { name: 'x-api-key', in: 'query' }], '/a', rest).map(({ in: place }) => place)).toEqual(['query'])
  })

  test('what carries the credentials beside a scheme is not asked for, unless it has to be there or nothing is asked for', () => {
    const all = [{ name: 'access_token', in: 'query' }, { name: 'X-Amz-Signature', in: 'header' }, { name: 'oauth_token', in: 'query', required: true }]
    const rest = { security: [{ o: [] }], components: { securitySchemes: { o: { type: 'oauth2' } } } }
    expect(parametersOf(all, '/a', rest).map(({ name }) => name)).toEqual(['oauth_token'])
    expect(parametersOf(all)).toHaveLength(3)
  })

  test('a required one with one possible value is sent and not asked for', () => {
    const { operation, sources } = only({ parameters: [{ name: 'Action', in: 'query', required: true, schema: { type: 'string', enum: ['Run'] } }, { name: 'v', in: 'query', schema: { type: 'string', enum: ['1'] } }] })
    expect(operation.parameters.map(({ name, constant }) => [name, constant])).toEqual([['Action', 'Run'], ['v', undefined]])
    expect(sources.parameters.map(({ parameter }) => parameter.name)).toEqual(['v'])
  })

  test('a variable of the path is filled even where nobody declared it, and one that spans segments', () => {
    expect(parametersOf([{ name: 'proxy', in: 'path' }, { name: 'gone', in: 'path' }], '/a/{id}/{proxy+}').map(({ name, argument, required, allowReserved }) => [name, argument, required, allowReserved])).toEqual([['proxy+', 'proxy', true, true], ['id', 'id', true, false]])
  })

  test('content instead of a schema; a whole query in one', () => {
    const { operations: [one] } = read({ openapi: '3.2.0', paths: { '/a': { query: { parameters: [{ name: 'filter', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } }, { name: 'all', in: 'querystring', content: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } } }] } } } })
    expect(one!.operation.method).toBe('QUERY')
    expect(one!.operation.parameters.map(({ in: place, content }) => [place, content])).toEqual([['query', 'application/json'], ['querystring', 'application/x-www-form-urlencoded']])
  })
})

describe('bodies', () => {
  const body = (content: JsonObject, rest: JsonObject = {}) => only({ requestBody: { required: true, content }, ...rest }, {}, '/a', 'post')
  const object = { schema: { type: 'object', properties: { a: { type: 'string' } } } }

  test('one of several types, in order of how well a model writes it; x-mcp can say which', () => {
    const content = { 'application/octet-stream': {}, 'text/csv': object, 'multipart/form-data': object, 'application/x-www-form-urlencoded': object, 'application/vnd.api+json': object, 'application/json; charset=utf-8': object }
    const left = Object.entries(content)
    const taken: string[] = []
    while (left.length > 0) {
      const { mediaType, kind } = body(Object.fromEntries(left)).operation.body!
      taken.push(`${kind} ${mediaType}`)
      left.splice(left.findIndex(([type]) => type === mediaType), 1)
    }
    expect(taken).toEqual(['json application/json; charset=utf-8', 'json application/vnd.api+json', 'form application/x-www-form-urlencoded', 'multipart multipart/form-data', 'text text/csv', 'binary application/octet-stream'])
    expect(body(content, { 'x-mcp': { body: 'text/csv' } }).operation.body!.kind).toBe('text')
    expect(body({ '*/*': object }).operation.body).toMatchObject({ kind: 'json', mediaType: 'application/json' })
    expect(body({ '*/*': { schema: { type: 'string', format: 'binary' } } }).operation.body).toMatchObject({ kind: 'binary', mediaType: 'application/octet-stream' })
  })

  test('files of a form, alone and in lists, are handed over as files', () => {
    const { operation, sources } = body({ 'multipart/form-data': { schema: { allOf: [{ type: 'object', required: ['doc'], properties: { doc: { type: 'string', format: 'binary' } } }], properties: { all: { type: 'array', items: { type: 'string', format: 'binary' } }, icon: {}, meta: { type: 'object' } } }, encoding: { icon: { contentType: 'image/png' }, meta: { contentType: 'application/xml' } } } })
    expect(operation.body!.parts.map(({ name, file, list, contentType }) => [name, file, list, contentType])).toEqual([['all', true, true, null], ['icon', true, false, 'image/png'], ['meta', false, false, 'application/xml'], ['doc', true, false, null]])
    expect(sources.body!.schema).toMatchObject({ required: ['doc'], properties: { doc: { type: 'object', properties: { base64: { type: 'string' } } }, all: { items: { properties: { text: {} } } } } })
  })

  test('a list that is streamed is a sequence', () => {
    const { operations: [one] } = read({ openapi: '3.2.0', paths: { '/a': { post: { requestBody: { content: { 'application/jsonl': { $ref: '#/components/mediaTypes/Log' } } } } } }, components: { mediaTypes: { Log: { itemSchema: { type: 'object' } } } } })
    expect(one!.operation.body).toMatchObject({ kind: 'sequence', required: false })
    expect(one!.sources.body!.schema).toEqual({ type: 'array', items: { type: 'object' } })
  })

  test('beside a parameter called body it has another name; with GET it is left out unless it is required', () => {
    expect(only({ parameters: [{ name: 'body', in: 'query' }], requestBody: { content: { 'application/json': {} } } }, {}, '/a', 'post').operation.body!.argument).toBe('body_content')
    expect(only({ requestBody: { content: { 'application/json': {} } } }).operation.body).toBeNull()
    expect(only({ requestBody: { required: true, content: { 'application/json': {} } } }).operation.body).not.toBeNull()
  })
})

test('Swagger 2.0 as it is written', () => {
  const { operations: [one, other] } = read({
    swagger: '2.0', host: 'api.example.com', basePath: '/v1', schemes: ['http', 'https', 'ws'], consumes: ['application/json'], produces: ['application/json'],
    securityDefinitions: { basic: { type: 'basic' }, key: { type: 'apiKey', in: 'query', name: 'key' }, oauth: { type: 'oauth2', flow: 'implicit', scopes: { read: '' } } }, security: [{ basic: [] }, { key: [], oauth: ['read'] }],
    paths: {
      '/a/{id}': {
        post: { parameters: [{ name: 'id', in: 'path', required: true, type: 'integer' }, { name: 'tags', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' }, { name: 'ids', in: 'query', type: 'array', items: { type: 'string' } }, { name: 's', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'tsv' }, { name: 'payload', in: 'body', required: true, schema: { type: 'object' } }], responses: { 200: { schema: { type: 'array', items: {} } } } },
        put: { consumes: ['multipart/form-data', 'application/x-www-form-urlencoded'], parameters: [{ name: 'file', in: 'formData', type: 'file', required: true, description: 'The file.' }, { name: 'n', in: 'formData', type: 'array', items: { type: 'string' }, collectionFormat: 'pipes' }], security: [] },
      },
    },
  })
  expect(one!.operation).toMatchObject({ servers: ['https://api.example.com/v1', 'http://api.example.com/v1'], security: [[{ id: 'basic', type: 'http', scheme: 'basic' }], [{ id: 'key', type: 'apiKey', in: 'query', name: 'key' }, { id: 'oauth', type: 'oauth2', scopes: ['read'] }]], body: { argument: 'body', kind: 'json', required: true }, answers: [{ status: '200', mediaTypes: ['application/json'] }] })
  expect(one!.operation.parameters.map(({ name, style, explode }) => [name, style, explode])).toEqual([['id', 'simple', false], ['tags', 'form', true], ['ids', 'form', false], ['s', 'tabDelimited', false]])
  expect(other!.operation).toMatchObject({ security: [], body: { kind: 'multipart', mediaType: 'multipart/form-data', required: true, parts: [{ name: 'file', file: true }, { name: 'n', list: true, style: 'pipeDelimited', explode: false }] } })
  expect(other!.sources.body!.schema).toMatchObject({ required: ['file'], properties: { file: { description: 'The file.', properties: { base64: {} } } } })
})

test('servers are the nearest, with their variables filled', () => {
  const servers = [{ url: 'https://{region}.example.com:{port}/v1', variables: { region: { default: 'eu' }, port: { enum: ['443'] } } }, { url: 'https://{unknown}.example.com' }, { url: 'ftp://example.com' }, { url: '' }]
  expect(only({}, { servers }).operation.servers).toEqual(['https://eu.example.com:443/v1', '/'])
  expect(only({ servers: [{ url: '/v2' }] }, { servers }).operation.servers).toEqual(['/v2'])
  expect(only({}).operation.servers).toEqual(['/'])
  expect(only({}, { servers: [{ url: 'http://b.example' }, { url: 'http://a.example/' }, { url: 'https://a.example/' }] }).operation.servers).toEqual(['http://b.example', 'https://a.example/', 'http://a.example/'])
  expect(only({ servers: [{ url: './v2' }] }, { openapi: '3.2.0', $self: 'https://example.com/api/openapi.json' }).operation.servers).toEqual(['https://example.com/api/v2'])
})

test('security: none, the document\'s, an operation\'s own, none of it, anonymous as an alternative, a scheme nobody defined', () => {
  const rest = { security: [{ bearer: [] }], components: { securitySchemes: { bearer: { type: 'http', scheme: 'Bearer' }, sign: { $ref: '#/components/securitySchemes/bearer' } } } }
  expect(only({}).operation.security).toEqual([])
  expect(only({}, rest).operation.security).toEqual([[{ id: 'bearer', type: 'http', scheme: 'bearer', scopes: [] }]])
  expect(only({ security: [] }, rest).operation.security).toEqual([])
  expect(only({ security: [{ sign: ['b', 'a'] }, {}, { nobody: [] }] }, rest).operation.security).toEqual([[{ id: 'sign', type: 'http', scheme: 'bearer', scopes: ['a', 'b'] }], [], [{ id: 'nobody', type: 'other', scopes: [] }]])
})

test('x-mcp: the nearest wins', () => {
  const of = (document: Json, path: Json, operation: Json) => read({ openapi: '3.0.0', 'x-mcp': document, paths: { '/a': { 'x-mcp': path, get: { 'x-mcp': operation, parameters: [{ name: 'a', in: 'query' }, { name: 'b', in: 'query', required: true }, { name: 'c', in: 'query', required: true, schema: { default: 7 } }] } } } }).operations
  expect(of(false, null, null)).toHaveLength(0)
  expect(of(false, null, { name: 'kept' })[0]!.wishes.name).toBe('kept')
  expect(of(null, { enabled: false }, null)).toHaveLength(0)
  expect(of(null, false, true)).toHaveLength(1)
  const [one] = of({ constants: { b: 1 }, annotations: { openWorldHint: false } }, { hide: ['a', 'c'] }, { constants: { b: 2 }, annotations: { readOnlyHint: false } })
  expect(one!.operation.parameters.map(({ name, constant }) => [name, constant])).toEqual([['b', 2], ['c', 7]])
  expect(one!.wishes.annotations).toEqual({ openWorldHint: false, readOnlyHint: false })
})

test('methods of 3.2, and the text of the path where the operation has none', () => {
  const { operations, skipped } = read({ openapi: '3.2.0', paths: { '/a': { summary: 'All of it', query: {}, additionalOperations: { COPY: {}, 'BAD METHOD': {} } } } })
  expect(operations.map(({ operation: { key, summary } }) => [key, summary])).toEqual([['QUERY /a', 'All of it'], ['COPY /a', 'All of it']])
  expect(skipped).toMatchObject([{ code: 'operation_invalid', key: 'BAD METHOD /a' }])
})

test('a path behind a reference; answers behind references, of every status of success', () => {
  const { operations: [one] } = read({ openapi: '3.1.0', paths: { '/a': { $ref: '#/components/pathItems/A' } }, components: { pathItems: { A: { get: { responses: { 200: { $ref: '#/components/responses/R' }, '2XX': { content: { 'text/plain': {} } }, 404: { content: { 'application/json': { schema: false } } }, oops: {} } } } }, responses: { R: { content: { 'application/json': { schema: { type: 'object' } } } } } } })
  expect(one!.operation.answers).toEqual([{ status: '200', mediaTypes: ['application/json'] }, { status: '404', mediaTypes: ['application/json'] }, { status: '2XX', mediaTypes: ['text/plain'] }])
  expect(one!.sources.answers).toEqual([{ type: 'object' }])
})

test('a path without its slash is the path with it, once', () => {
  const { operations, skipped } = read({ openapi: '3.0.0', paths: { '/a': { get: {} }, a: { get: {}, post: {} } } })
  expect(operations.map(({ operation: { key } }) => key)).toEqual(['GET /a', 'POST /a'])
  expect(skipped).toMatchObject([{ key: 'GET /a', code: 'operation_invalid', place: '#/paths/a/get' }])
})

test('what is broken costs itself, and says why', () => {
  const { operations, skipped } = read({
    openapi: '3.0.0', paths: {
      '/good': { get: {}, post: 'nothing', parameters: null }, '/bad': 7, '/gone': { $ref: '#/components/pathItems/None' }, '/far': { get: { parameters: [{ $ref: 'https://example.com/p.json' }] } }, '/circular': { get: { requestBody: { $ref: '#/components/requestBodies/A' } } },
      '/nameless': { get: { parameters: [{ in: 'query', required: true }], responses: [] } }, '/nameless/optional': { get: { parameters: [{ in: 'query' }] } }, '/{}': { get: {} }, 'x-note': {},
    }, components: { requestBodies: { A: { $ref: '#/components/requestBodies/A' } } },
  })
  expect(operations.map(({ operation: { key } }) => key)).toEqual(['GET /good', 'GET /nameless/optional'])
  expect(skipped.map(({ key, code }) => [key, code])).toEqual([['POST /good', 'operation_invalid'], ['/bad', 'path_invalid'], ['/gone', 'reference_unresolved'], ['GET /far', 'reference_remote'], ['GET /circular', 'reference_circular'], ['GET /nameless', 'parameter_invalid'], ['GET /{}', 'path_invalid']])
  for (const { reason, place } of skipped) expect(`${place}: ${reason}`).toMatch(/^#\/paths.+: .{10,}/)
})
