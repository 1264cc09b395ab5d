import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NetworkError } from '@haechi/probes/wire'
import type { HttpResponse } from '../model.ts'
import { header, httpTemplate, lines, runOn, type Web } from './web.fixture.ts'

const word = (text: string): string => `    matchers:\n      - type: word\n        words: ["${text}"]\n`
const status = (...codes: number[]): string => `    matchers:\n      - type: status\n        status: [${codes.join(', ')}]\n`
const paths = (...texts: string[]): string => `  - method: GET\n    path:\n${texts.map((text) => `      - "${text}"\n`).join('')}`
const raws = (...texts: string[]): string => `  - raw:\n${texts.map((text) => `      - ${JSON.stringify(text)}\n`).join('')}`
const extractor = (name: string, regex: string, internal = true): string => `    extractors:\n      - type: regex\n        name: ${name}\n        group: 1\n        internal: ${internal}\n        regex: ['${regex}']\n`
const bodies = (...texts: string[]): Web => ({ http: (_, number) => ({ body: texts[number - 1] ?? '' }) })
/** Answers by path. */
const site = (pages: Record<string, Partial<HttpResponse>>): Web => ({ http: ({ target }) => pages[target] ?? { status: 404 } })
const to = (location: string, code = 302): Partial<HttpResponse> => ({ status: code, headers: [['Location', location]] })

test('a match says where, what was found, what was sent and what came back', async () => {
  const { matches, matched } = await runOn({ http: () => ({ body: `caf\u00c3\u00a9 ${'x'.repeat(9_000)}`, headers: [['X', 'y']] }) }, httpTemplate(paths('{{BaseURL}}/a b') + extractor('e', 'caf(.)', false) + '    matchers:\n      - type: status\n        name: up\n        status: [200]\n'), { target: 'http://a.test:81' })
  expect(matched).toBe(true)
  expect(matches).toMatchObject([{ template: 'example', protocol: 'http', matcher: 'up', extracted: ['é'], values: { e: ['\u00c3\u00a9'] }, matchedAt: 'http://a.test:81/a b', target: 'http://a.test:81', address: '192.0.2.7', doubt: null }])
  expect(matches[0]!.evidence.request).toBe('GET /a%20b HTTP/1.1\r\nHost: a.test:81\r\nUser-Agent: haechi\r\nAccept: */*\r\nAccept-Language: en\r\n\r\n')
  expect(matches[0]!.evidence.response).toMatch(/^HTTP\/1\.1 200 OK\r\nX: y\r\n\r\ncafé x+$/)
  expect(Buffer.byteLength(matches[0]!.evidence.response)).toBeLessThanOrEqual(4_096)
})

test('evidence is cut between characters', async () => {
  const { matches } = await runOn({ http: () => ({ body: '\u00c3\u00a9'.repeat(9_000) }) }, httpTemplate(paths('{{BaseURL}}') + status(200)))
  expect(matches[0]!.evidence.response).toMatch(/^HTTP\/1\.1 200 OK\r\n\r\né+$/)
})

test('payloads go through all requests, one combination after the other', async () => {
  const seen = await runOn({}, httpTemplate(paths('{{BaseURL}}/1/{{u}}{{p}}', '{{BaseURL}}/2/{{u}}{{p}}') + '    attack: pitchfork\n    payloads:\n      u: [a, b]\n      p: ["{{u}}x", "{{Host}}"]\n' + status(200)))
  expect(lines(seen).map((line) => line.slice('GET http://a.test'.length))).toEqual(['/1/aax', '/2/aax', '/1/ba.test', '/2/ba.test'])
  expect(seen.matches).toHaveLength(4)
})

test('pitchfork lists of unequal length, an attack from outside', async () => {
  const block = paths('{{BaseURL}}/{{u}}{{p}}') + '    attack: clusterbomb\n    payloads:\n      u: [a, b, c]\n      p: [1, 2]\n'
  expect(lines(await runOn({}, httpTemplate(block)))).toHaveLength(6)
  expect(lines(await runOn({}, httpTemplate(block), { settings: { attack: 'pitchfork' } })).map((line) => line.slice(-2))).toEqual(['a1', 'b2'])
})

test('the first of what was extracted feeds the requests behind, what was found last before it', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/{{id}}', '{{BaseURL}}/{{id}}') + extractor('id', 'id=(\\w)'))
  expect(lines(await runOn(bodies('id=a id=b', 'none'), template)).map((line) => line.slice(-1))).toEqual(['1', 'a', 'a'])
  expect(lines(await runOn(bodies('id=a id=b', 'id=c'), template)).map((line) => line.slice(-1))).toEqual(['1', 'a', 'c'])
})

test('all of it where the block iterates, names side by side', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/{{id}}{{k}}') + '    iterate-all: true\n    extractors:\n      - type: regex\n        name: id\n        group: 1\n        internal: true\n        regex: ["id=(\\\\w)"]\n      - type: regex\n        name: k\n        group: 1\n        internal: true\n        regex: ["k=(\\\\w)"]\n')
  expect(lines(await runOn(bodies('id=a id=b id=c k=x'), template)).map((line) => line.slice(-2))).toEqual(['/1', 'ax', 'bx', 'cx'])
})

test('named extractors feed too, and blocks that come after', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/{{id}}') + extractor('id', 'id=(\\w)', false) + paths('{{BaseURL}}/{{id}}/{{id1}}'))
  expect(lines(await runOn(bodies('id=a id=b'), template)).map((line) => line.slice('GET http://a.test'.length))).toEqual(['/1', '/a', '/a/b'])
})

test('a flow has all values as a list', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1') + extractor('ids', 'id=(\\w)') + paths('{{BaseURL}}/{{id}}') + status(200), 'flow: |\n  http(1)\n  for (let id of iterate(template["ids"])) {\n    set("id", id)\n    http(2)\n  }\n')
  const seen = await runOn(bodies('id=a id=b'), template)
  expect(seen.error).toBeUndefined()
  expect(lines(seen).map((line) => line.slice(-1))).toEqual(['1', 'a', 'b'])
  expect(seen.matches).toHaveLength(2)
})

test('later blocks see earlier answers', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1') + `    matchers:\n      - type: dsl\n        internal: true\n        dsl: ["true"]\n` + paths('{{BaseURL}}/{{http_1_status_code}}/{{http_1_x_a}}') + '    matchers:\n      - type: dsl\n        dsl: [\'http_1_body == "first" && body == "second"\']\n')
  const seen = await runOn({ http: (_, number) => ({ body: number === 1 ? 'first' : 'second', headers: [['X-A', 'b']] }) }, template)
  expect(lines(seen)[1]).toBe('GET http://a.test/200/b')
  expect(seen.matches).toHaveLength(1)
})

test('conditions over several requests, by number, with payloads anew', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + '    matchers:\n      - type: dsl\n        dsl: [\'status_code_1 == 200 && status_code_2 == 404 && contains(body_1, "one") && contains(header_2, "X-B")\']\n')
  expect((await runOn(site({ '/1': { body: 'one' }, '/2': { status: 404, headers: [['X-B', 'c']] } }), template)).matches).toHaveLength(1)
  expect((await runOn(site({ '/1': { body: 'two' }, '/2': { status: 404, headers: [['X-B', 'c']] } }), template)).matches).toHaveLength(0)
})

test('what cannot match any more is not sent, but what was left behind is taken away', async () => {
  const condition = '    matchers:\n      - type: dsl\n        dsl: [\'status_code_1 == 201 && contains(body_2, "x") && status_code_4 == 200\']\n'
  const block = (third: string): string => raws('POST /users HTTP/1.1\n\nname=x', 'GET /users/x HTTP/1.1\n', third, 'GET /last HTTP/1.1\n') + condition
  expect(lines(await runOn({ http: () => ({ status: 201 }) }, httpTemplate(block('GET /3 HTTP/1.1\n'))))).toEqual(['POST http://a.test/users', 'GET http://a.test/users/x'])
  expect(lines(await runOn({ http: () => ({ status: 201 }) }, httpTemplate(block('DELETE /users/x HTTP/1.1\n'))))).toEqual(['POST http://a.test/users', 'GET http://a.test/users/x', 'DELETE http://a.test/users/x'])
  expect(lines(await runOn({ http: () => ({ status: 404 }) }, httpTemplate(raws('GET /1 HTTP/1.1\n', 'DELETE /2 HTTP/1.1\n') + condition.replace('body_2', 'body_1'))))).toEqual(['GET http://a.test/1'])
})

test('the first match ends the block; extractors alone do not', async () => {
  expect((await runOn({}, httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + '    stop-at-first-match: true\n' + status(200)))).requests).toHaveLength(1)
  expect((await runOn(bodies('id=a', 'id=b'), httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + '    stop-at-first-match: true\n' + extractor('x', 'id=(.)', false)))).matches).toHaveLength(2)
  expect((await runOn({}, httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + '    payloads:\n      p: [a, b]\n' + status(200), 'stop-at-first-match: true\n'))).requests).toHaveLength(1)
})

// ---- redirects ----

const chain = site({ '/': to('/1'), '/1': to('/2', 307), '/2': { body: 'end' } })
test('redirects: not without leave, as many as allowed, every answer judged from the last', async () => {
  const follow = (more: string): Promise<string[]> => runOn(chain, httpTemplate(paths('{{BaseURL}}') + more + status(200, 302, 307))).then(({ matches }) => matches.map(({ matchedAt }) => matchedAt))
  expect(await follow('')).toEqual(['http://a.test'])
  expect(await follow('    redirects: true\n')).toEqual(['http://a.test/2', 'http://a.test/1', 'http://a.test'])
  expect(await follow('    redirects: true\n    max-redirects: 1\n')).toEqual(['http://a.test/1', 'http://a.test'])
  expect(await follow('    redirects: true\n    stop-at-first-match: true\n')).toEqual(['http://a.test/2'])
  expect((await runOn(chain, httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n'), { settings: { disableRedirects: true } })).requests).toHaveLength(1)
})

test('loops end', async () => {
  const loop: Web = { http: () => to('/') }
  expect((await runOn(loop, httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n'))).requests).toHaveLength(11)
  expect((await runOn(loop, httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n    max-redirects: 9999\n'))).requests).toHaveLength(21)
})

test('another host: only with leave for all, never out of scope, and its silence is no answer', async () => {
  const away = (fault: 'out_of_scope' | 'refused'): Web => ({ http: ({ host }) => (host === 'b.test' ? fault : { ...to('http://b.test/'), body: 'here' }) })
  for (const leave of ['    host-redirects: true\n', '    host-redirects: true\n    redirects: true\n']) expect(lines(await runOn(away('refused'), httpTemplate(paths('{{BaseURL}}') + leave + word('here'))))).toEqual(['GET http://a.test/'])
  const outside = await runOn(away('out_of_scope'), httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n' + word('here')))
  expect(outside).toMatchObject({ matched: true, faults: ['out_of_scope'] })
  expect(await runOn(away('refused'), httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n' + word('here')))).toMatchObject({ matched: false, faults: ['refused'] })
})

// ---- cookies ----

const setting: Web = { http: ({ target }) => (target === '/1' ? { headers: [['Set-Cookie', 'a=1'], ['set-cookie', 'b=2']] } : {}) }
test('cookies stay for the template, beside its own, and not where it wants none', async () => {
  const seen = await runOn(setting, httpTemplate(raws('GET /1 HTTP/1.1\n', 'GET /2 HTTP/1.1\nCookie: own=0\n') + status(404) + paths('{{BaseURL}}/3') + paths('{{BaseURL}}/4') + '    disable-cookie: true\n'))
  expect(seen.requests.map((request) => header(request, 'cookie'))).toEqual([undefined, 'own=0; a=1; b=2', 'a=1; b=2', undefined])
  const without = await runOn(setting, httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + '    disable-cookie: true\n'))
  expect(without.requests.map((request) => header(request, 'cookie'))).toEqual([undefined, undefined])
})

test('what a block without cookies is given, the others do not have either', async () => {
  const seen = await runOn(setting, httpTemplate(paths('{{BaseURL}}/1') + '    disable-cookie: true\n' + paths('{{BaseURL}}/2')))
  expect(seen.requests.map((request) => header(request, 'cookie'))).toEqual([undefined, undefined])
})

test('those of a redirect go on with it', async () => {
  const seen = await runOn(site({ '/': { ...to('/2'), headers: [['Location', '/2'], ['Set-Cookie', 'a=1']] }, '/2': { ...to('/3'), headers: [['Location', '/3'], ['Set-Cookie', 'a=2']] } }), httpTemplate(paths('{{BaseURL}}') + '    redirects: true\n'))
  expect(seen.requests.map((request) => header(request, 'cookie'))).toEqual([undefined, 'a=1', 'a=2'])
})

test('cookies of one run are not those of another', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2'))
  await runOn(setting, template)
  expect(header((await runOn({}, template)).requests[1], 'cookie')).toBeUndefined()
})

// ---- digest ----

test('digest: the challenge is answered once', async () => {
  const template = httpTemplate(raws('GET /x HTTP/1.1\n') + '    digest-username: admin\n    digest-password: "{{Host}}"\n' + word('welcome'))
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  const web: Web = {
    http(request) {
      const sent = header(request, 'authorization') ?? ''
      const [nonce, response] = [/cnonce="(\w+)"/.exec(sent)?.[1], /response="(\w+)"/.exec(sent)?.[1]]
      const expected = md5(`${md5('admin:r:a.test')}:n:00000001:${nonce}:auth:${md5('GET:/x')}`)
      return response === expected ? { body: 'welcome' } : { status: 401, headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n", qop="auth"']] }
    },
  }
  const seen = await runOn(web, template)
  expect(seen.requests).toHaveLength(2)
  expect(seen.matches).toHaveLength(1)
  expect((await runOn({ http: () => ({ status: 401, headers: [['WWW-Authenticate', 'Basic realm="r"']] }) }, template)).requests).toHaveLength(1)
  expect((await runOn({ http: () => ({ headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n"']] }) }, template)).requests).toHaveLength(1)
})

// ---- races ----

test('a race: all are under way before one is answered', async () => {
  let open = 0
  let most = 0
  const gate = Promise.withResolvers<void>()
  const web: Web = {
    async http() {
      open++
      most = Math.max(most, open)
      if (open === 4) gate.resolve()
      await gate.promise
      open--
      return {}
    },
  }
  const seen = await runOn(web, httpTemplate(raws('POST /{{Host}} HTTP/1.1\n\nx') + '    race: true\n    race_count: 4\n' + status(200)))
  expect(most).toBe(4)
  expect(seen.matches).toHaveLength(4)
})

test('a race of several requests: each of them', async () => {
  expect(lines(await runOn({}, httpTemplate(raws('GET /1 HTTP/1.1\n', 'GET /2 HTTP/1.1\n') + '    race: true\n'))).toSorted()).toEqual(['GET http://a.test/1', 'GET http://a.test/2'])
})

// ---- unsafe ----

test('unsafe: byte for byte over a connection of its own, and an answer that is barely one', async () => {
  const raw = 'GET /x/..;/%zz HTTP/1.1\r\nHost : a\r\nX: 1\r\nX: 2\r\n\tfold\r\nContent-Length: 999\r\n\r\nbody\n{{Host}}'
  const seen = await runOn({ bytes: () => 'HTTP/1.0 299 \nSet-Cookie:a=1\nX y\n\nunsafe' }, httpTemplate(raws(raw) + '    unsafe: true\n' + word('unsafe')), { target: 'https://a.test:8443', settings: { serverName: 'sni.test' } })
  expect(seen.written).toEqual([raw.replace('{{Host}}', 'a.test')])
  expect(seen.dialled).toEqual([{ host: 'a.test', port: 8443, serverName: 'sni.test' }])
  expect(seen.matches).toMatchObject([{ matchedAt: 'https://a.test:8443/x/..;/%zz', evidence: { request: raw.replace('{{Host}}', 'a.test') } }])
})

test('unsafe: the path of the target, annotations not sent, redirects followed', async () => {
  const seen = await runOn({ bytes: () => 'HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n', http: () => ({ body: 'there' }) }, httpTemplate(raws('@timeout: 5s\nGET /x HTTP/1.1\nHost: {{Hostname}}\n\n') + '    unsafe: true\n    host-redirects: true\n' + word('there')), { target: 'http://a.test/app' })
  expect(seen.written).toEqual(['GET /app/x HTTP/1.1\r\nHost: a.test\r\n\r\n'])
  expect(lines(seen)).toEqual(['GET http://a.test/next'])
  expect(seen.matches).toMatchObject([{ matchedAt: 'http://a.test/next' }])
})

test('unsafe with paths is an ordinary request without what clients add', async () => {
  const seen = await runOn({}, httpTemplate(paths('{{BaseURL}}/x') + '    unsafe: true\n'))
  expect(seen.requests).toMatchObject([{ headers: [['Host', 'a.test']] }])
})

// ---- bounds and faults ----

test('no more requests than allowed, over all blocks, redirects and iterations', async () => {
  const settings = { maxRequests: 5 }
  const many = Array.from({ length: 100 }, (_, at) => `"${at}"`).join(', ')
  for (const template of [
    httpTemplate(paths('{{BaseURL}}/{{p}}') + `    payloads:\n      p: [${many}]\n`),
    httpTemplate(paths('{{BaseURL}}/{{p}}{{q}}') + `    attack: clusterbomb\n    payloads:\n      p: [${many}]\n      q: [${many}]\n`),
    httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2', '{{BaseURL}}/3') + paths('{{BaseURL}}/4', '{{BaseURL}}/5', '{{BaseURL}}/6')),
    httpTemplate(paths('{{BaseURL}}', '{{BaseURL}}') + '    redirects: true\n'),
    httpTemplate(raws('GET / HTTP/1.1\n') + '    race: true\n    race_count: 100\n'),
  ]) {
    const seen = await runOn({ http: () => to('/') }, template, { settings })
    expect(seen.error).toMatchObject({ problem: { code: 'budget_exceeded' } })
    expect(seen.requests.length).toBeLessThanOrEqual(5)
  }
})

test('a fault ends one request and is told', async () => {
  const seen = await runOn({ http: (_, number) => (number === 1 ? 'timeout' : {}) }, httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + status(200)))
  expect(seen).toMatchObject({ matched: true, faults: ['timeout'], error: undefined })
  expect(seen.requests).toHaveLength(2)
})

test('a scan that is stopped sends nothing more', async () => {
  const stop = new AbortController()
  const seen = await runOn({ http: () => {
    stop.abort()
    return {}
  } }, httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2') + status(404)), { signal: stop.signal })
  expect(seen.requests).toHaveLength(1)
  expect(seen.error).toMatchObject({ fault: 'cancelled' })
  expect(seen.error).toBeInstanceOf(NetworkError)
})

test('how much of a body is read', async () => {
  expect((await runOn({}, httpTemplate(paths('{{BaseURL}}') + '    max-size: 10\n'))).requests[0]?.maxBytes).toBe(10)
  expect((await runOn({}, httpTemplate(paths('{{BaseURL}}') + '    max-size: 999999999\n'))).requests[0]?.maxBytes).toBe(100_000)
})

test('a pre-condition looks at what is to be sent', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/1', '{{BaseURL}}/2?q') + '    pre-condition:\n      - type: dsl\n        dsl: [\'method == "GET" && contains(path, "2") && query == "q"\']\n' + status(200))
  expect(lines(await runOn({}, template))).toEqual(['GET http://a.test/2?q'])
})

test('a block of global matchers sends nothing', async () => {
  const seen = await runOn({}, httpTemplate('  - global-matchers: true\n' + word('x')))
  expect(seen).toMatchObject({ requests: [], matched: false, error: undefined })
})

test('equal seeds give equal requests', async () => {
  const template = httpTemplate(paths('{{BaseURL}}/{{randstr}}/{{rand_base(8)}}'))
  expect(lines(await runOn({}, template))).toEqual(lines(await runOn({}, template)))
  expect(lines(await runOn({}, template))[0]).toMatch(/^GET http:\/\/a\.test\/\w{20,}\/\w{8}$/)
})

test('hostile answers never crash, hang or go beyond the bounds', async () => {
  const template = httpTemplate(raws('GET /1 HTTP/1.1\n', 'GET /{{id}} HTTP/1.1\nX: {{id}}\n') + '    redirects: true\n    iterate-all: true\n    extractors:\n      - type: regex\n        name: id\n        internal: true\n        part: response\n        regex: ["(?s).{1,9}"]\n' + word('a'))
  const byte = fc.constantFrom('a', '\r\n', '\0', '{{', '}}', 'md5(', '/', ':', '\u00ff', ' ', '%', '"', '§', 'http://b.test/')
  const text = fc.array(byte, { maxLength: 12 }).map((pieces) => pieces.join(''))
  const response = fc.record({ status: fc.constantFrom(200, 301, 302, 307, 401, 0, 999), reason: text, body: text, headers: fc.array(fc.tuple(fc.oneof(fc.constantFrom('Location', 'Set-Cookie', 'Content-Length', '__proto__', 'WWW-Authenticate', ''), text), text), { maxLength: 4 }) })
  await fc.assert(fc.asyncProperty(fc.infiniteStream(response), async (answers) => {
    const seen = await runOn({ http: () => answers.next().value as Partial<HttpResponse> }, template, { settings: { maxRequests: 40 } })
    expect(seen.requests.length).toBeLessThanOrEqual(40)
    if (seen.error !== undefined) expect(seen.error).toMatchObject({ problem: { code: expect.stringMatching(/^(?:request_invalid|budget_exceeded)$/) as string } })
    for (const { target, headers } of seen.requests) {
      expect(target).toMatch(/^\/[\x21-\x7e]*$/)
      for (const [, value] of headers) expect(value).not.toMatch(/[\r\n\0]/)
    }
  }), { numRuns: 300 })
})
