import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toTools } from './definition.ts'
import { readDocument } from './document.ts'
import { draftFromHar } from './draft.ts'
import type { Draft } from './draft.ts'
import { looksLikeData } from './draft-shape.ts'
import type { Json, JsonObject } from './model.ts'

type Recorded = { method?: string; url: string; headers?: Record<string, string>; body?: Json; type?: string; status?: number; answer?: Json; answerType?: string; params?: JsonObject[]; text?: string; cookies?: string[] }

const pairs = (headers: Record<string, string>): JsonObject[] => Object.entries(headers).map(([name, value]) => ({ name, value }))
function har(...recorded: Recorded[]): JsonObject {
  return { log: { version: '1.2', creator: { name: 't', version: '1' }, entries: recorded.map(({ method = 'GET', url, headers = {}, body, type = 'application/json', status = 200, answer, answerType = 'application/json; charset=utf-8', params, text, cookies = [] }) => ({
    startedDateTime: '2026-01-01T00:00:00Z', time: 1,
    request: { method, url, headers: pairs(headers), cookies: cookies.map((name) => ({ name, value: 'S3CRET' })), ...(body === undefined && params === undefined && text === undefined ? {} : { postData: { mimeType: type, text: text ?? JSON.stringify(body), ...(params === undefined ? {} : { params }) } }) },
    response: { status, headers: [], content: { mimeType: answerType, ...(answer === undefined ? {} : { text: JSON.stringify(answer) }) } },
  })) } }
}
function drafted(...recorded: Recorded[]): Draft & { readonly paths: { [path: string]: { [method: string]: JsonObject } } } {
  const draft = draftFromHar(har(...recorded))
  if ('refusal' in draft) throw new Error(draft.refusal.reason)
  return { ...draft, paths: draft.document['paths'] as never }
}
const at = (value: unknown, ...path: string[]): unknown => path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value)
const api = 'https://api.example'

describe('paths', () => {
  const paths = (...urls: string[]): string[] => Object.keys(drafted(...urls.map((url) => ({ url: `${api}${url}`, answer: { id: 1, name: 'n' } }))).paths)
  test('numbers, UUIDs, hashes, dates, addresses and identifiers are parameters, named after what stands before them', () => {
    expect(paths('/users/1', '/users/22/orders/2024-01-01', '/users/me')).toEqual(['/users/me', '/users/{userId}', '/users/{userId}/orders/{orderId}'])
    expect(paths('/user-groups/6f9619ff-8b86-d011-b42d-00c04fc964ff', '/categories/9b74c9897bac770ffc029102a200c5de', '/boxes/a%40b.kr', '/v2/usr_8fJ2kQ1z', '/3/4')).toEqual(['/boxes/{boxId}', '/categories/{categoryId}', '/user-groups/{userGroupId}', '/v2/{v2Id}', '/{id}/{id2}'])
    expect(drafted({ url: `${api}/a/1`, answer: {} }, { url: `${api}/a/2`, answer: {} }).paths['/a/{aId}']!['parameters']).toEqual([{ name: 'aId', in: 'path', required: true, schema: { type: 'integer' } }])
  })
  test('what several siblings are followed by is of one kind only where all of it is', () => {
    const folded = drafted(...['alice/orders/1', 'bob/orders/2', 'carol/orders/ord_1x2y3z'].map((path) => ({ url: `${api}/users/${path}`, answer: {} }))).paths
    expect(at(folded, '/users/{userId}/orders/{orderId}', 'parameters', '1', 'schema')).toEqual({ type: 'string' })
    expect(Object.values(drafted({ url: `${api}/a-b`, answer: {} }, { url: `${api}/a/b`, answer: {} }).paths).map((item) => item['get']!['operationId'])).toEqual(['getAB', 'getAB2'])
  })
  test('names stay names, in any language', () => {
    for (const name of ['users', 'oauth2', 'oauth2callback', 'v1', 'user-groups', 'getUserById', 'windows11', 'base64', '직원', 'sha256sum', 'search_all_the_things', 'oauth2-callback-v2', 'getUserAccountSettingsById', 'SCREAMING_CONSTANT']) expect([name, looksLikeData(name)]).toEqual([name, false])
    for (const datum of ['kJHGfdsaQWErtYUIoPasdf', '01HZX3K8Q2', 'INV-2024-001', 'a@b.kr', '20240101', 'deadbeef01', 'x'.repeat(41)]) expect([datum, looksLikeData(datum)]).toEqual([datum, true])
    expect(paths('/%EC%A7%81%EC%9B%90/%EB%AA%A9%EB%A1%9D', '/a%2Fb')).toEqual(['/a%2Fb', '/직원/목록'])
  })
  test('three siblings that answer alike are one path, and so are three that are followed alike; collections are not', () => {
    expect(paths('/users/alice', '/users/bob', '/users/carol')).toEqual(['/users/{userId}'])
    expect(paths('/users/alice', '/users/bob')).toEqual(['/users/alice', '/users/bob'])
    expect(paths('/alice/repos', '/bob/repos', '/carol/repos')).toEqual(['/{id}/repos'])
    expect(paths('/users', '/orders', '/items')).toEqual(['/items', '/orders', '/users'])
    const lists = drafted(...['users', 'orders', 'items'].map((name) => ({ url: `${api}/v1/${name}`, answer: { data: [{ [`${name}Id`]: 1 }], meta: {} } })))
    expect(Object.keys(lists.paths)).toEqual(['/v1/items', '/v1/orders', '/v1/users'])
  })
})

describe('operations', () => {
  test('query, custom headers and JSON bodies merge over requests; required is what all have', () => {
    const { paths } = drafted(
      { method: 'POST', url: `${api}/orders?page=1&tag=a&tag=b&since=2024-01-01`, headers: { 'X-Tenant': 't', Accept: '*/*', 'User-Agent': 'u' }, body: { item: 'x', count: 1, note: null, ref: 'none' }, status: 201, answer: { id: 1 } },
      { method: 'POST', url: `${api}/orders?page=2`, headers: { 'x-tenant': 't' }, body: { item: 'y', count: 1.5, ref: '6f9619ff-8b86-d011-b42d-00c04fc964ff', tags: [{ a: 1 }, { a: 1, b: 'z' }] }, status: 422, answer: { error: 'why' } },
    )
    const operation = paths['/orders']!['post']!
    expect(operation['operationId']).toBe('postOrders')
    expect(operation['parameters']).toEqual([
      { name: 'page', in: 'query', required: true, schema: { type: 'integer' } }, { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
      { name: 'since', in: 'query', schema: { type: 'string', format: 'date' } }, { name: 'x-tenant', in: 'header', required: true, schema: { type: 'string' } },
    ])
    expect(operation['requestBody']).toEqual({ required: true, content: { 'application/json': { schema: {
      type: 'object', required: ['item', 'count', 'ref'],
      properties: { item: { type: 'string' }, count: { type: 'number' }, note: { type: 'null' }, ref: { type: 'string' }, tags: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['a'] } } },
    } } } })
    expect(Object.keys(operation['responses'] as JsonObject)).toEqual(['201', '422'])
  })
  test('forms, files and other bodies', () => {
    const { paths } = drafted(
      { method: 'POST', url: `${api}/form?x=1`, type: 'application/x-www-form-urlencoded', text: 'a=1&b=x&b=y', answer: {} },
      { method: 'POST', url: `${api}/upload`, type: 'multipart/form-data; boundary=x', params: [{ name: 'doc', fileName: 'a.pdf', contentType: 'application/pdf' }, { name: 'title', value: 't' }], answer: {} },
      { method: 'PUT', url: `${api}/raw`, type: 'text/csv', text: 'a,b', status: 204 },
    )
    expect(at(paths, '/form', 'post', 'requestBody', 'content', 'application/x-www-form-urlencoded', 'schema')).toEqual({ type: 'object', properties: { a: { type: 'integer' }, b: { type: 'array', items: { type: 'string' } } }, required: ['a', 'b'] })
    expect(at(paths, '/form', 'post', 'parameters')).toEqual([{ name: 'x', in: 'query', schema: { type: 'integer' } }])
    expect(at(paths, '/form', 'post', 'security')).toBeUndefined()
    expect(at(paths, '/upload', 'post', 'requestBody', 'content', 'multipart/form-data', 'schema')).toEqual({ type: 'object', properties: { doc: { type: 'string', contentMediaType: 'application/octet-stream' }, title: { type: 'string' } }, required: ['doc', 'title'] })
    expect(at(paths, '/raw', 'put', 'requestBody', 'content')).toEqual({ 'text/csv': { schema: { type: 'string' } } })
    expect(at(paths, '/raw', 'put', 'responses')).toEqual({ 204: { description: 'Recorded once.' } })
  })
  test('security by its name', () => {
    const { paths, document } = drafted(
      { url: `${api}/a`, headers: { Authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln' }, answer: {} }, { url: `${api}/a`, answer: {} },
      { url: `${api}/b?api_key=K1`, headers: { 'X-API-Key': 'K2' }, answer: {} }, { url: `${api}/c`, cookies: ['theme', 'JSESSIONID'], answer: {} }, { url: `${api}/d`, headers: { authorization: 'opaque' }, answer: {} },
    )
    expect(document['components']).toEqual({ securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key' }, 'query-api_key': { type: 'apiKey', in: 'query', name: 'api_key' },
      'cookie-JSESSIONID': { type: 'apiKey', in: 'cookie', name: 'JSESSIONID' }, authorization: { type: 'apiKey', in: 'header', name: 'Authorization' },
    } })
    expect(at(paths, '/a', 'get', 'security')).toEqual([{ bearer: [] }, {}])
    expect(at(paths, '/b', 'get', 'security')).toEqual([{ 'query-api_key': [], 'x-api-key': [] }])
    expect(at(paths, '/b', 'get', 'parameters')).toBeUndefined()
  })
  test('keys that are data are not copied', () => {
    const { paths } = drafted({ url: `${api}/map`, answer: { byId: { 17: { n: 1 }, 'kim@example.kr': { n: 2 }, total: 3 } } })
    expect(at(paths, '/map', 'get', 'responses', '200', 'content', 'application/json', 'schema', 'properties', 'byId')).toEqual({ type: 'object', properties: { total: { type: 'integer' } }, required: ['total'], additionalProperties: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } })
  })
})

describe('the recording', () => {
  test('pages, scripts and pictures are left out, preflights and what was never answered too; the busiest API is taken', () => {
    const { requests, leftOut, document } = drafted(
      { url: 'https://www.example/', answerType: 'text/html' }, { url: 'https://www.example/a.js', answerType: 'application/javascript' }, { url: 'https://www.example/logo.png', answerType: 'image/png' }, { url: 'https://cdn.example/f', answerType: 'font/woff2' },
      { url: `${api}/a`, answer: {} }, { url: `${api}/b`, answer: {} }, { url: 'https://track.example/t', answer: {} }, { method: 'OPTIONS', url: `${api}/a` }, { url: `${api}/c`, status: 0 }, { url: 'wss://api.example/ws', status: 101 },
    )
    expect({ requests, leftOut }).toEqual({ requests: 2, leftOut: { assets: 4, unreadable: 3, hosts: [{ host: 'track.example', requests: 1 }] } })
    expect(document).toMatchObject({ openapi: '3.1.0', 'x-draft': true, servers: [{ url: api }], info: { title: 'Draft of api.example', description: expect.stringContaining('A draft, made from 2 recorded requests.') as string } })
  })
  test('a host can be chosen', () => {
    const recorded = har({ url: `${api}/a`, answer: {} }, { url: 'http://localhost:8080/b', answer: {} })
    expect(draftFromHar(recorded, { host: 'localhost' })).toMatchObject({ document: { servers: [{ url: 'http://localhost:8080' }] } })
    expect(draftFromHar(recorded, { host: 'LOCALHOST:8080' })).toMatchObject({ requests: 1 })
    expect(draftFromHar(recorded, { host: 'other' })).toMatchObject({ refusal: { code: 'recording_empty', reason: expect.stringContaining('api.example, localhost:8080') as string } })
  })
  test.each([[null, 'recording_invalid #/log'], [[], 'recording_invalid #/log'], [{ log: {} }, 'recording_invalid #/log/entries'], [{ log: { entries: [] } }, 'recording_empty #/log/entries'], [{ log: { entries: [null, 1, { request: {} }] } }, 'recording_empty #/log/entries']])('%j', (given, expected) => {
    const draft = draftFromHar(given)
    expect('refusal' in draft && `${draft.refusal.code} ${draft.refusal.place}`).toBe(expected)
  })
  test('any JSON gives a draft or a refusal', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      for (const given of [value, { log: value }, { log: { entries: value } }, { log: { entries: [{ request: value, response: value }, { request: { method: 'GET', url: api, headers: value, postData: value, cookies: value }, response: { status: 200, content: value } }] } }]) draftFromHar(given)
    }), { numRuns: 200 })
  })
})

const word = fc.constantFrom('users', 'orders', 'me', '직원', 'v1', 'a b', 'x{y}', '%')
const datum = fc.oneof(fc.nat().map(String), fc.uuid(), fc.emailAddress(), fc.constantFrom('usr_8fJ2kQ1z', '2024-01-01', 'alice', 'bob', 'carol', 'dave'))
const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).map((json) => JSON.parse(JSON.stringify(json)) as Json)
const recording = fc.array(fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE'), url: fc.tuple(fc.array(fc.oneof(word, datum), { maxLength: 4 }), fc.array(fc.tuple(fc.constantFrom('page', 'q', 'token', 'ids[]'), datum), { maxLength: 3 })).map(([path, query]) => `${api}/${path.map(encodeURIComponent).join('/')}?${new URLSearchParams(query).toString()}`),
  body: value, answer: value, status: fc.constantFrom(200, 201, 404),
}), { minLength: 1, maxLength: 12 })

test('the draft is read without a warning and becomes tools, and each request and its answer fit it', () => {
  // Without ownProperties it finds every object's valueOf.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, ownProperties: true })
  fc.assert(fc.property(recording, (recorded) => {
    const { document, paths } = drafted(...recorded)
    const read = readDocument(JSON.stringify(document))
    expect(read).toMatchObject({ document: { version: '3.1', warnings: [] } })
    if ('document' in read) expect(toTools(read.document).skipped).toEqual([])
    for (const { method, url, body, answer, status } of recorded) {
      const segments = new URL(url).pathname.split('/')
      const fits = Object.keys(paths).filter((path) => path.split('/').length === segments.length && path.split('/').every((segment, index) => segment.startsWith('{') || decodeURIComponent(segment.replaceAll(/%(?![\dA-F]{2})/g, '%25')) === decodeURIComponent(segments[index]!)))
      // One path may fit several templates; one of them has all that was recorded.
      const fit = (found: JsonObject | undefined): boolean => {
        const known = new Set([...(found?.['parameters'] as JsonObject[] | undefined ?? []).map(({ name }) => name), 'token'])
        return found !== undefined && [...new URL(url).searchParams.keys()].every((name) => known.has(name)) && status in (found['responses'] as JsonObject)
          && ajv.validate(at(found, 'requestBody', 'content', 'application/json', 'schema') as JsonObject, body) && ajv.validate(at(found, 'responses', String(status), 'content', 'application/json', 'schema') as JsonObject, answer)
      }
      expect([method, url, fits.some((path) => fit(paths[path]![method.toLowerCase()]))]).toEqual([method, url, true])
    }
  }), { numRuns: 40 })
})

test('no value that was sent or answered stands in the draft', () => {
  const secret = fc.uuid().map((text) => `s3cret-${text}`)
  fc.assert(fc.property(secret, (text) => {
    const { document } = drafted(
      { method: 'POST', url: `${api}/login/${text}?q=${text}&password=${text}&${text}=1`, headers: { Authorization: `Bearer ${text}`, 'X-Api-Key': text, 'X-Custom': text, Cookie: `sid=${text}`, [`x-${text}`]: 'v' }, body: { name: text, deep: [{ [text]: text }] }, answer: { token: text, list: [text] } },
      { method: 'POST', url: `${api}/form`, type: 'application/x-www-form-urlencoded', text: `a=${text}&${text}=b`, answer: text }, { method: 'POST', url: `${api}/form`, headers: { authorization: text }, type: 'text/plain', text, answerType: 'text/plain', answer: text },
    )
    expect(JSON.stringify(document)).not.toContain(text)
  }), { numRuns: 20 })
})
