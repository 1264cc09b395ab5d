// What Nuclei's fixtures do not cover, with real servers: templates of our own after the documentation (docs.projectdiscovery.io/templates), and servers that
// misbehave. Everything that needs no socket is in engines/templates/src/http.
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Template } from '../../../engines/templates/src/model.ts'
import { answer, bodyOf, run, serve, serveBytes, serveTls, settings, template } from './harness.ts'

const http = (block: string): Template => template('own.yaml', `id: own\ninfo:\n  name: Own\n  author: haechi\n  severity: info\nhttp:\n${block}`)
const raw = (text: string, more = ''): Template => http(`  - raw:\n      - |+\n${text.split('\n').map((line) => `        ${line}`).join('\n')}\n${more}    matchers:\n      - type: dsl\n        dsl: ['status_code > 0']\n    extractors:\n      - type: dsl\n        dsl: ['status_code', 'body']\n`)

test('digest authentication against a server that checks it', async () => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  await using server = await serve((request, response) => {
    const fields = Object.fromEntries([...(request.headers.authorization ?? '').matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name, value]) => [name, value]))
    const expected = md5(`${md5('admin:Test:secret')}:abc:${fields['nc']}:${fields['cnonce']}:auth:${md5(`GET:${request.url}`)}`)
    if (fields['response'] === expected) answer(response, 'management-major-version')
    else answer(response, '', 401, { 'www-authenticate': 'Digest realm="Test", nonce="abc", qop="auth", algorithm=MD5' })
  })
  const block = (password: string): Template => http(`  - raw:\n      - |\n        GET /management?x=1 HTTP/1.1\n        Host: {{Hostname}}\n    digest-username: admin\n    digest-password: ${password}\n    matchers:\n      - type: word\n        words: [management-major-version]\n`)
  expect((await run(block('secret'), server.url)).matches).toHaveLength(1)
  expect((await run(block('wrong'), server.url)).matches).toHaveLength(0)
})

test('a race arrives at once', async () => {
  let open = 0
  const all = Promise.withResolvers<void>()
  await using server = await serve((_, response) => {
    if (++open === 10) all.resolve()
    void all.promise.then(() => answer(response, 'done'))
  })
  expect((await run(raw('POST / HTTP/1.1\nHost: {{Hostname}}\n\nx=1', '    race: true\n    race_count: 10\n'), server.url)).matches).toHaveLength(10)
})

test('@tls-sni names another server than the address', async () => {
  await using server = await serveTls((request, response) => answer(response, String((request.socket as TLSSocket).servername)))
  const { matches } = await run(raw('@tls-sni: other.test\nGET / HTTP/1.1\nHost: {{Hostname}}\n'), server.url)
  expect(matches.map(({ extracted }) => extracted)).toEqual([['200', 'other.test']])
})

test('@timeout ends the wait for one request', async () => {
  await using server = await serve(() => undefined)
  const ran = await run(raw('@timeout: 100ms\nGET / HTTP/1.1\nHost: {{Hostname}}\n'), server.url)
  expect(ran.faults.map(({ fault }) => fault)).toEqual(['timeout'])
  expect(ran.matches).toEqual([])
})

test('@Host asks another host, if it may be asked', async () => {
  await using other = await serve((request, response) => answer(response, `other ${request.url} ${request.headers.host}`))
  await using server = await serve((_, response) => answer(response, 'target'))
  const what = raw(`@Host: http://localhost:${other.port}\nGET /x HTTP/1.1\nHost: {{Hostname}}\n`)
  const allowed = await run(what, server.url, { permit: ['127.0.0.1', 'localhost'] })
  expect(allowed.matches.map(({ extracted }) => extracted)).toEqual([['200', `other /x ${server.place}`]])
  const refused = await run(raw(`@Host: http://elsewhere.test\nGET /x HTTP/1.1\nHost: {{Hostname}}\n`), server.url, { resolve: () => Promise.resolve(['192.0.2.7']) })
  expect(refused.faults.map(({ fault }) => fault)).toEqual(['out_of_scope'])
})

test('unsafe requests go byte for byte, and lame answers are answers', async () => {
  const seen: string[] = []
  const answers = ['HTTP/1.1 200 OK\n\nbare', 'HTTP/1.1 418\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nchun\r\nzz\r\nrest', 'HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nshort', 'SSH-2.0-x\r\n', '']
  await using server = await serveBytes((socket) => socket.on('data', (data) => {
    seen.push(data.toString('latin1'))
    socket.end(answers[seen.length - 1] ?? '')
  }))
  const what = raw('GET /{{p}}/../x HTTP/1.1\nHost :{{Hostname}}\nContent-Length: 3\nContent-Length: 4\n\nabc', '    unsafe: true\n    payloads:\n      p: [1, 2, 3, 4, 5]\n')
  const ran = await run(what, server.url)
  expect(seen[0]).toMatch(/^GET \/1\/\.\.\/x HTTP\/1\.1\r\nHost :127\.0\.0\.1:\d+\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc(?:\r\n)+$/)
  expect(ran.matches.map(({ extracted }) => extracted)).toEqual([['200', 'bare'], ['418', 'chunzz\r\nrest'], ['200', 'short']])
  expect(ran.faults.map(({ fault }) => fault)).toEqual(['protocol_error', 'closed'])
})

test('endless and huge bodies, bombs and loops end at their bounds', async () => {
  const bomb = gzipSync(Buffer.alloc(60_000_000, 'a'))
  await using server = await serve((request, response) => {
    if (request.url === '/endless') {
      const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), more))
      more()
    } else if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    else answer(response, '', 302, { location: `${request.url}x` })
  })
  const paths = (path: string, more = ''): Template => http(`  - path:\n      - "{{BaseURL}}/${path}"\n${more}    matchers:\n      - type: dsl\n        dsl: ['status_code > 0']\n    extractors:\n      - type: dsl\n        dsl: ['len(body)']\n`)
  for (const path of ['endless', 'bomb']) {
    const { matches } = await run(paths(path), server.url, { settings: { maxBytes: 1_000_000 } })
    expect(Number(matches[0]!.extracted[0])).toBeLessThanOrEqual(1_000_000)
  }
  expect((await run(paths('endless', '    max-size: 100\n'), server.url)).matches[0]!.extracted).toEqual(['100'])
  expect((await run(paths('loop', '    redirects: true\n'), server.url)).matches).toHaveLength(11)
})

test('an answer that wants to write into the next request is not let', async () => {
  const seen: string[] = []
  await using server = await serve((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    answer(response, 'token=a\r\nX-Evil: 1\r\n\r\nDELETE /everything HTTP/1.1\r\nHost: a\r\n\r\n')
  })
  const what = http('  - raw:\n      - |\n        GET /1 HTTP/1.1\n        Host: {{Hostname}}\n      - |\n        GET /2 HTTP/1.1\n        Host: {{Hostname}}\n        X-Token: {{token}}\n    extractors:\n      - type: regex\n        name: token\n        internal: true\n        group: 1\n        regex: ["(?s)token=(.*)"]\n')
  await expect(run(what, server.url)).rejects.toMatchObject({ problem: { code: 'request_invalid' } })
  expect(seen).toEqual(['GET /1'])
})

test('cookies, bodies and payloads through a login of three steps', async () => {
  await using server = await serve((request, response) => {
    void bodyOf(request).then((body) => {
      const csrf = 'c1'
      if (request.url === '/login' && request.method === 'GET') return answer(response, `<input name="csrf" value="${csrf}">`, 200, { 'set-cookie': 'session=s1; Path=/; HttpOnly' })
      if (request.url === '/login') return request.headers.cookie === 'session=s1' && body === `csrf=${csrf}&user=admin&pass=admin` ? answer(response, '', 302, { location: '/home', 'set-cookie': 'session=s2; Path=/' }) : answer(response, 'no', 403)
      return answer(response, request.headers.cookie === 'session=s2' ? 'welcome admin' : 'who are you', 200)
    })
  })
  const what = http(`  - raw:
      - |
        GET /login HTTP/1.1
        Host: {{Hostname}}
      - |
        POST /login HTTP/1.1
        Host: {{Hostname}}
        Content-Type: application/x-www-form-urlencoded

        csrf={{csrf}}&user=admin&pass={{pass}}
    payloads:
      pass: [root, admin]
    host-redirects: true
    stop-at-first-match: true
    extractors:
      - type: regex
        name: csrf
        internal: true
        group: 1
        regex: ['name="csrf" value="(\\w+)"']
    matchers:
      - type: dsl
        dsl: ['contains(body_2, "welcome") && status_code_1 == 200']
`)
  const { matches } = await run(what, server.url)
  expect(matches.map(({ matchedAt }) => matchedAt)).toEqual([`${server.url}/home`])
})

test('a body in chunks is read as one', async () => {
  await using server = await serve((request, response) => void bodyOf(request).then((body) => answer(response, `${request.headers['transfer-encoding']} ${request.headers['content-length']} ${body}`)))
  expect((await run(raw('POST / HTTP/1.1\nHost: {{Hostname}}\nTransfer-Encoding: chunked\n\n<script>'), server.url)).matches[0]!.extracted[1]).toMatch(/^chunked undefined <script>/)
})

test('settings of the run reach every request', async () => {
  await using server = await serve((request, response) => answer(response, String(request.headers['user-agent'])))
  expect((await run(raw('GET / HTTP/1.1\nHost: {{Hostname}}\n'), server.url)).matches[0]!.extracted[1]).toBe(settings.userAgent)
})
