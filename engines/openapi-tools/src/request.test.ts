import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import type { Operation, SecurityScheme } from './model.ts'
import { body, operation, parameter } from './operation.fixture.ts'
import { CallProblem } from './problem.ts'
import { buildRequest, redacted } from './request.ts'
import { plain } from './style.ts'
import type { RequestOptions } from './request.ts'

const none: RequestOptions = { credentials: {} }
const url = (of: Operation, args: JsonObject, options = none): string => buildRequest(of, args, options).url
function problem(of: Operation, args: JsonObject, options = none): string {
  try {
    return `sent ${JSON.stringify(buildRequest(of, args, options))}`
  } catch (error) {
    if (error instanceof CallProblem) return error.code
    throw error
  }
}

describe('where a request goes', () => {
  it('to the server of the document, to a base URL in its place, or to a relative server against either', () => {
    const at = (servers: string[], options: Partial<RequestOptions> = {}): string => url(operation({ servers }), {}, { ...none, ...options })
    expect(at(['https://api.example/v1/'])).toBe('https://api.example/v1/things')
    expect(at(['https://api.example/v1'], { baseUrl: 'http://127.0.0.1:8080' })).toBe('http://127.0.0.1:8080/things')
    expect(at(['https://api.example/v1'], { baseUrl: 'http://127.0.0.1:8080/x/' })).toBe('http://127.0.0.1:8080/x/things')
    expect(at(['/v2'], { baseUrl: 'http://127.0.0.1:8080' })).toBe('http://127.0.0.1:8080/v2/things')
    expect(at(['/v2'], { baseUrl: 'http://127.0.0.1:8080/mine' })).toBe('http://127.0.0.1:8080/mine/things')
    expect(at(['v2'], { documentUrl: 'https://docs.example/apis/openapi.json' })).toBe('https://docs.example/apis/v2/things')
    expect(at(['https://api.example'], { documentUrl: 'https://docs.example/' })).toBe('https://api.example/things')
    expect(at(['ftp://api.example', 'https://second.example'])).toBe('https://second.example/things')
    expect(at([], { baseUrl: 'https://api.example' })).toBe('https://api.example/things')
  })
  it('and nowhere without one, or to one with a password in it', () => {
    expect(problem(operation({ servers: [] }), {})).toBe('server_missing')
    expect(problem(operation({ servers: ['/v1'] }), {})).toBe('server_missing')
    expect(problem(operation({ servers: ['//other.example'] }), {}, { ...none, baseUrl: 'https://api.example' })).toContain('https://api.example/things')
    for (const baseUrl of ['file:///etc/passwd', 'https://u:p@api.example', 'nonsense', 'javascript:1']) expect(problem(operation(), {}, { ...none, baseUrl })).toBe('server_invalid')
  })
  it('with the query that the path has, and without its fragment', () => {
    expect(url(operation({ path: '/near?at={at}', parameters: [parameter('at', 'path')] }), { at: 'a&b/c' })).toBe('https://api.example/v1/near?at=a%26b%2Fc')
    expect(url(operation({ path: '/?Action=List&x=a b#Target', parameters: [parameter('n', 'query')] }), { n: 1 })).toBe('https://api.example/v1/?Action=List&x=a%20b&n=1')
    expect(url(operation({ path: '/a b/%2e%41/{id}.json', parameters: [parameter('id', 'path')] }), { id: 7 })).toBe('https://api.example/v1/a%20b/%2e%41/7.json')
  })
})

describe('what a path may hold', () => {
  const get = operation({ path: '/things/{id}/x', parameters: [parameter('id', 'path')] })
  it.each([['a b', 'a%20b'], ['group/project', 'group%2Fproject'], ['한글', '%ED%95%9C%EA%B8%80'], ['...', '...'], ['a.b..c', 'a.b..c'], ['a?b#c', 'a%3Fb%23c'], ['100%', '100%25'], ["it's(!)*", 'it%27s%28%21%29%2A']])('%s', (id, written) => {
    expect(url(get, { id })).toBe(`https://api.example/v1/things/${written}/x`)
  })
  it.each(['.', '..', '../admin', 'a/../b', 'a\\..\\b', '..;/x', '..;a=b', ' .. ', '．．', '․․', '‥', '%2e%2e', '%2E', '%252e%252e/', 'a%2fb', 'a%5cb', '%c0%ae', 'a\u0000b', 'a\r\nb', 'a%0d%0ab'])('not %j', (id) => {
    expect(problem(get, { id })).toBe('path_traversal')
  })
  it('nor what a list or an object brings in, nor what only becomes dots where it stands', () => {
    expect(problem(get, { id: ['a', '..'] })).toBe('path_traversal')
    expect(problem(get, { id: { '../x': 1 } })).toBe('path_traversal')
    expect(problem(operation({ path: '/things/.{id}', parameters: [parameter('id', 'path', { style: 'label' })] }), { id: '' })).toBe('path_traversal')
    expect(problem(operation({ path: '/{a}{b}', parameters: [parameter('a', 'path', { style: 'label' }), parameter('b', 'path', { style: 'label' })] }), { a: '', b: '' })).toBe('path_traversal')
    expect(problem(operation({ path: '/a/../{b}', parameters: [parameter('b', 'path')] }), { b: 'x' })).toBe('path_traversal')
  })
  it('empty, missing or undeclared segments are told', () => {
    expect([problem(get, { id: '' }), problem(get, { id: [] }), problem(get, {}), problem(get, { id: null }), problem(operation({ path: '/{other}' }), {})])
      .toEqual(['path_segment_empty', 'path_segment_empty', 'argument_missing', 'argument_missing', 'path_invalid'])
  })
  it('several segments where the document has them', () => {
    const greedy = operation({ path: '/files/{proxy+}', parameters: [parameter('proxy', 'path', { name: 'proxy+', allowReserved: true })] })
    expect(url(greedy, { proxy: 'a b/c/d.txt' })).toBe('https://api.example/v1/files/a%20b/c/d.txt')
    expect([problem(greedy, { proxy: 'a/../b' }), problem(greedy, { proxy: '/a' }), problem(greedy, { proxy: 'a//b' }), problem(greedy, { proxy: '' })]).toEqual(['path_traversal', 'path_segment_empty', 'path_segment_empty', 'path_segment_empty'])
  })
})

describe('headers and cookies', () => {
  const withHeader = (name: string): Operation => operation({ parameters: [parameter(name, 'header')] })
  it('are written in style simple, as they are', () => {
    const of = operation({ parameters: [parameter('X-List', 'header'), parameter('X-Map', 'header', { explode: true }), parameter('X-Json', 'header', { content: 'application/json' })] })
    expect(buildRequest(of, { 'X-List': ['a b', 2], 'X-Map': { a: 1, b: 'x' }, 'X-Json': { a: [1] } }, none).headers).toMatchObject({ 'x-list': 'a b,2', 'x-map': 'a=1,b=x', 'x-json': '{"a":[1]}' })
  })
  it.each(['a\r\nx-evil: 1', 'a\nb', '\u0000', 'ä', '한', '\u007F'])('hold no %j', (value) => {
    expect(problem(withHeader('X-A'), { 'X-A': value })).toBe('header_invalid')
    expect(problem(withHeader('X-A'), { 'X-A': { [value]: 1 } })).toBe('header_invalid')
    expect(problem(operation({ parameters: [parameter('c', 'cookie', { style: 'cookie' })] }), { c: value })).toBe('cookie_invalid')
  })
  it.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'TE', 'Cookie', 'X-HTTP-Method-Override', 'X-Original-URL', 'Proxy-Authorization', 'Expect'])('%s cannot be set', (name) => {
    expect(problem(withHeader(name), { [name]: 'x' })).toBe('header_forbidden')
    expect(problem(operation({ parameters: [parameter(name, 'header', { required: true })] }), {})).toContain('sent')
  })
  it('Accept, Content-Type and Authorization are nobody\'s parameter', () => {
    expect(buildRequest(operation({ parameters: [parameter('Authorization', 'header'), parameter('accept', 'header'), parameter('Content-Type', 'header')] }), { Authorization: 'Bearer x', accept: 'x/y', 'Content-Type': 'x/y' }, none).headers).toEqual({ accept: 'application/json' })
  })
  it('a name that is none is refused', () => expect(problem(withHeader('X A'), { 'X A': '1' })).toBe('header_invalid'))
  it('cookies are pairs, escaped in style form and as they are in style cookie', () => {
    const of = operation({ parameters: [parameter('a', 'cookie'), parameter('b', 'cookie', { explode: false }), parameter('c', 'cookie', { style: 'cookie' }), parameter('d', 'cookie', { style: 'cookie' })] })
    expect(buildRequest(of, { a: 'x; y', b: [1, 2], c: 'p q=%', d: [1, 2] }, none).headers['cookie']).toBe('a=x%3B%20y; b=1,2; c=p q=%; d=1; d=2')
    expect(problem(of, { c: 'a; admin=1' })).toBe('cookie_invalid')
    expect(problem(operation({ parameters: [parameter('a', 'cookie')] }), { a: { 'x y': 1 } })).toContain('x%20y=1')
  })
})

describe('queries', () => {
  it('with content, as a whole, with constants', () => {
    expect(url(operation({ parameters: [parameter('filter', 'query', { content: 'application/json' }), parameter('v', 'query', { constant: '2' })] }), { filter: { a: 'b&c' } })).toBe('https://api.example/v1/things?filter=%7B%22a%22%3A%22b%26c%22%7D&v=2')
    expect(url(operation({ parameters: [parameter('q', 'querystring', { content: 'application/x-www-form-urlencoded' })] }), { q: { a: [1, 2], b: 'x y' } })).toBe('https://api.example/v1/things?a=1&a=2&b=x%20y')
    expect(url(operation({ parameters: [parameter('q', 'querystring', { content: 'application/json' })] }), { q: { a: 1 } })).toBe('https://api.example/v1/things?%7B%22a%22%3A1%7D')
    expect(url(operation({ parameters: [parameter('q', 'query', { allowReserved: true })] }), { q: 'a/b?c=d&e=f#g+h' })).toBe('https://api.example/v1/things?q=a/b?c=d%26e=f%23g%2Bh')
  })
  it('leave out what was not given, and say what is needed', () => {
    const of = operation({ parameters: [parameter('a', 'query', { required: true }), parameter('b', 'query')] })
    expect(url(of, { a: '', b: null })).toBe('https://api.example/v1/things?a=')
    expect(problem(of, { b: 1 })).toBe('argument_missing')
  })
})

describe('credentials', () => {
  const key = (over: Partial<SecurityScheme> = {}): SecurityScheme => ({ id: 'key', type: 'apiKey', in: 'header', name: 'X-Key', scopes: [], ...over })
  const http = (scheme: string, id = scheme): SecurityScheme => ({ id, type: 'http', scheme, scopes: [] })
  const sent = (security: Operation['security'], credentials: Record<string, string>, over: Partial<Operation> = {}, args: JsonObject = {}) => buildRequest(operation({ security, ...over }), args, { credentials })

  it('are written where their scheme says', () => {
    expect(sent([[key()]], { key: 'k-1' }).headers['x-key']).toBe('k-1')
    expect(sent([[key({ in: 'query', name: 'api key' })]], { key: 'k/1' }).url).toBe('https://api.example/v1/things?api%20key=k%2F1')
    expect(sent([[key({ in: 'cookie', name: 'sid' })]], { key: 'k1' }).headers['cookie']).toBe('sid=k1')
    expect(sent([[http('basic')]], { basic: 'user:päss' }).headers['authorization']).toBe(`Basic ${Buffer.from('user:päss').toString('base64')}`)
    expect(sent([[http('bearer')]], { bearer: 't' }).headers['authorization']).toBe('Bearer t')
    expect(sent([[http('digest')]], { digest: 'a="b"' }).headers['authorization']).toBe('Digest a="b"')
    for (const type of ['oauth2', 'openIdConnect'] as const) expect(sent([[{ id: 'o', type, scopes: ['read'] }]], { o: 't' }).headers['authorization']).toBe('Bearer t')
  })
  it('the first alternative that is complete is used, anonymity only where nothing else is there', () => {
    const security = [[], [key(), http('bearer')], [http('basic')]]
    expect(sent(security, { basic: 'u:p', key: 'k' }).headers['authorization']).toMatch(/^Basic/)
    expect(sent(security, { bearer: 't', key: 'k' }).headers).toMatchObject({ authorization: 'Bearer t', 'x-key': 'k' })
    expect(sent(security, {}).headers).toEqual({ accept: 'application/json' })
    expect(sent([], { key: 'k' }).headers).toEqual({ accept: 'application/json' })
  })
  it('that are missing are named, and values are not', () => {
    const of = operation({ security: [[key(), http('bearer')], [http('basic')]] })
    expect(() => buildRequest(of, {}, { credentials: { key: 'v-e-r-y-secret' } })).toThrow(/key and bearer, or basic/)
    try {
      buildRequest(of, {}, { credentials: { key: 'v-e-r-y-secret', bearer: 'evil\r\nx: y' } })
    } catch (error) {
      expect(error).toMatchObject({ code: 'credential_invalid', place: 'bearer' })
      expect(JSON.stringify(error) + String(error)).not.toMatch(/v-e-r-y|evil/)
    }
    expect(problem(operation({ security: [[{ id: 'hmac', type: 'other', scopes: [] }]] }), {}, { credentials: { hmac: 'x' } })).toBe('credentials_missing')
  })
  it('cannot be replaced by an argument', () => {
    const spread = { parameters: [parameter('any', 'query'), parameter('X-KEY', 'header'), parameter('jar', 'cookie')] }
    expect(problem(operation({ ...spread, security: [[key({ in: 'query', name: 'api_key' })]] }), { any: { api_key: 'mine' } }, { credentials: { key: 'k' } })).toBe('argument_collides')
    expect(problem(operation({ ...spread, security: [[key()]] }), { 'X-KEY': 'mine' }, { credentials: { key: 'k' } })).toBe('argument_collides')
    expect(problem(operation({ ...spread, security: [[key({ in: 'cookie', name: 'sid' })]] }), { jar: { sid: 'mine' } }, { credentials: { key: 'k' } })).toBe('argument_collides')
  })
  it('of two in one place the first is sent', () => expect(sent([[http('bearer'), http('basic')]], { basic: 'u:p', bearer: 't' }).headers['authorization']).toBe('Bearer t'))
  it('are masked for logs, and so is what carries a secret by its name', () => {
    const request = sent([[key({ in: 'query', name: 'k' }), http('bearer'), key({ id: 'c', in: 'cookie', name: 'sid' })]], { key: 'secret-one', bearer: 'secret-two', c: 'secret-three' },
      { parameters: [parameter('q', 'query'), parameter('access_token', 'query'), parameter('X-Session-Token', 'header')] }, { q: 'open', access_token: 'secret-four', 'X-Session-Token': 'secret-five' })
    const shown = redacted(request)
    expect(JSON.stringify(shown)).not.toContain('secret-')
    expect(shown.url).toBe('https://api.example/v1/things?q=open&access_token=***&k=***')
    expect(shown.headers['cookie']).toBe('sid=***')
  })
})

describe('whatever the arguments are', () => {
  const everything = operation({
    method: 'POST', path: '/a/{simple}/{label}/b{matrix}/{greedy+}',
    parameters: [
      parameter('simple', 'path'), parameter('label', 'path', { style: 'label', explode: true }), parameter('matrix', 'path', { style: 'matrix' }), parameter('greedy', 'path', { name: 'greedy+', allowReserved: true }),
      parameter('q', 'query'), parameter('reserved', 'query', { allowReserved: true, explode: false }), parameter('deep', 'query', { style: 'deepObject' }), parameter('X-H', 'header', { explode: true }), parameter('c', 'cookie'), parameter('raw', 'cookie', { style: 'cookie' }),
    ],
    body: body('multipart', 'multipart/form-data', { parts: [{ name: 'file', contentType: null, file: true, list: false, style: null, explode: true, allowReserved: false }] }),
    security: [[{ id: 'k', type: 'apiKey', in: 'query', name: 'key', scopes: [] }, { id: 'b', type: 'http', scheme: 'bearer', scopes: [] }]],
  })
  const nasty = fc.oneof(
    fc.constantFrom('..', '.', '../..', '%2e%2e', '..%2f', '/', '\\', '//evil.example', 'https://evil.example/', '@evil.example', ':80@evil', '?x=y', '#f', '\r\nx: y', '\n', '\u0000', '\ud800', '__proto__', 'key', 'a&key=b', '؜', '．．', ';', 'authorization'),
    fc.string({ unit: 'binary', maxLength: 10 }), fc.string({ maxLength: 10 }),
  )
  const value: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({ any: fc.oneof({ depthSize: 'small' }, nasty, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('any'), { maxLength: 4 }), fc.dictionary(nasty, tie('any'), { maxKeys: 4 })) })).any
  const args = fc.record({ simple: value, label: value, matrix: value, greedy: value, q: value, reserved: value, deep: value, 'X-H': value, c: value, raw: value, body: fc.oneof(value, fc.record({ file: fc.record({ text: nasty, filename: nasty, contentType: nasty }, { requiredKeys: [] }) })) }, { requiredKeys: ['simple', 'label', 'matrix', 'greedy'] })
  const harmless = fc.record({ simple: fc.stringMatching(/^[a-z %&?#é]{1,8}$/), label: fc.stringMatching(/^[a-z]{1,8}$/), matrix: fc.nat(), greedy: fc.stringMatching(/^[a-z]{1,3}(\/[a-z &?]{1,3}){0,3}$/), q: value, reserved: value, deep: value, 'X-H': fc.string(), c: value, raw: fc.string() }, { requiredKeys: ['simple', 'label', 'matrix', 'greedy'] })

  it('a problem with a code, or a request to the API and to nothing else', () => {
    let sent = 0
    fc.assert(fc.property(fc.oneof(args, harmless), (drawn) => {
      let request
      try {
        request = buildRequest(everything, drawn, { credentials: { k: 'secret-key', b: 'secret-token' } })
      } catch (error) {
        expect(error).toBeInstanceOf(CallProblem)
        expect(String(error)).not.toContain('secret-')
        return
      }
      sent += 1
      const read = new URL(request.url)
      expect(read.origin).toBe('https://api.example')
      expect(read.pathname.startsWith('/v1/a/')).toBe(true)
      expect(read.href).toBe(request.url)
      const segments = read.pathname.split('/')
      expect(segments.length).toBe(5 + plain(drawn['greedy'] ?? null).split('/').length + 1)
      for (const segment of segments) expect(['.', '..']).not.toContain(decodeURIComponent(segment))
      expect(read.searchParams.getAll('key')).toEqual(['secret-key'])
      for (const [name, text] of Object.entries(request.headers)) {
        expect(name).toMatch(/^[!#$%&'*+.^_`|~\w-]+$/)
        expect(text).toMatch(/^[\t\u0020-\u007E]*$/)
      }
      expect(Object.keys(request.headers).toSorted()).toEqual(['accept', 'authorization', ...('content-type' in request.headers ? ['content-type'] : []), ...('cookie' in request.headers ? ['cookie'] : []), ...('x-h' in request.headers ? ['x-h'] : [])])
      expect(request.headers['authorization']).toBe('Bearer secret-token')
      expect(JSON.stringify(redacted(request))).not.toContain('secret-')
    }), { numRuns: 3_000 })
    expect(sent).toBeGreaterThan(500)
  })

  it('bounds: depth, size, half characters, names of prototypes', () => {
    const of = operation({ method: 'POST', body: body('json', 'application/json') })
    let deep: Json = 1
    for (let at = 0; at < 100; at += 1) deep = [deep]
    expect(problem(of, { body: deep })).toBe('arguments_too_deep')
    expect(problem(of, { body: Array.from({ length: 300_000 }, () => 0) })).toBe('arguments_too_large')
    expect(problem(of, { body: '\ud800' })).toBe('argument_not_unicode')
    expect(problem(of, { body: { ['\udc00']: 1 } })).toBe('argument_not_unicode')
    expect(problem(of, JSON.parse('{"body":{"__proto__":{"admin":true}}}') as JsonObject)).toBe('argument_name_forbidden')
    expect(problem(of, [] as unknown as JsonObject)).toBe('arguments_invalid')
    expect(problem(operation({ parameters: [parameter('q', 'query')] }), { q: 'x'.repeat(100_000) })).toBe('url_too_long')
    expect(problem(operation({ parameters: [parameter('X-A', 'header')] }), { 'X-A': 'x'.repeat(100_000) })).toBe('arguments_too_large')
  })
})
