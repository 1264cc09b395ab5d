import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TemplateError } from '../problem.ts'
import { header, httpTemplate, lines, runOn, type Seen } from './web.fixture.ts'

const status = '    matchers:\n      - type: status\n        status: [200]\n'
const paths = (texts: string[], more = ''): ReturnType<typeof httpTemplate> => httpTemplate(`  - method: GET\n    path:\n${texts.map((text) => `      - ${JSON.stringify(text)}\n`).join('')}${more}${status}`)
const raws = (texts: string[], more = '', top = ''): ReturnType<typeof httpTemplate> => httpTemplate(`  - raw:\n${texts.map((text) => `      - ${JSON.stringify(text)}\n`).join('')}${more}${status}`, top)
const sentTo = async (target: string, texts: string[], more = ''): Promise<string[]> => lines(await runOn({}, paths(texts, more), { target }))
const rawTo = async (target: string, text: string, more = ''): Promise<Seen> => runOn({}, raws([text], more), { target })

test('paths are put behind the target and stay as they are written', async () => {
  expect(await sentTo('http://a.test', ['{{BaseURL}}', '{{BaseURL}}/', '{{BaseURL}}?a=1', '{{BaseURL}}//x/../y/%2e', '{{BaseURL}}/#/z', '{{RootURL}}/r', '{{BaseURL}}/a b?c d'])).toEqual(
    ['GET http://a.test/', 'GET http://a.test/', 'GET http://a.test/?a=1', 'GET http://a.test//x/../y/%2e', 'GET http://a.test/', 'GET http://a.test/r', 'GET http://a.test/a%20b?c%20d'])
  expect(await sentTo('https://a.test:8443/app/', ['{{BaseURL}}', '{{BaseURL}}/x', '{{RootURL}}/x', '{{Scheme}}://{{Hostname}}{{Path}}{{File}}', 'http://{{Host}}:81/x'])).toEqual(
    ['GET https://a.test:8443/app', 'GET https://a.test:8443/app/x', 'GET https://a.test:8443/x', 'GET https://a.test:8443/app', 'GET http://a.test:81/x'])
  expect(await sentTo('http://a.test:81', ['{{Scheme}}://{{Hostname}}:9001/x', '{{Hostname}}:4040/y', '{{Host}}/z'])).toEqual(['GET http://a.test:9001/x', 'GET http://a.test:4040/y', 'GET http://a.test/z'])
  for (const text of ['/x', 'x', 'db.{{BaseURL}}', 'ftp://a.test/', '{{Hostname}}:1:2:3']) expect((await runOn({}, paths([text]), { target: 'http://a.test:81' })).error, text).toMatchObject({ problem: { code: 'request_invalid', place: 'path' } })
})

test('a port behind {{BaseURL}} replaces that of the target', async () => {
  expect(await sentTo('http://a.test:81/app', ['{{BaseURL}}:8080/x', '{{BaseURL}}:8081/{{Port}}/{{Hostname}}'])).toEqual(['GET http://a.test:8080/app/x', 'GET http://a.test:8081/app/8081/a.test:8081'])
})

test('the query of the target comes first', async () => {
  expect(await sentTo('http://a.test/p?t=1', ['{{BaseURL}}/x?y=2', '{{BaseURL}}', '{{BaseURL}}/{{Host}}'])).toEqual(['GET http://a.test/p/x?t=1&y=2', 'GET http://a.test/p?t=1', 'GET http://a.test/p/a.test?t=1'])
})

test('bytes above ASCII are encoded one by one', async () => expect(await sentTo('http://a.test', ['{{BaseURL}}/é?x=é'])).toEqual(['GET http://a.test/%C3%A9?x=%C3%A9']))

test('headers: those of the template, else some that every client sends', async () => {
  const { requests } = await runOn({}, paths(['{{BaseURL}}', '{{BaseURL}}/{{Port}}'], '    headers:\n      X-A: "{{Host}}"\n      user-agent: mine\n      Connection: close\n      Content-Length: 5\n      Transfer-Encoding: gzip\n'))
  for (const request of requests) expect(request.headers).toEqual([['Host', 'a.test'], ['user-agent', 'mine'], ['Accept', '*/*'], ['Accept-Language', 'en'], ['X-A', 'a.test']])
  const plain = await runOn({}, paths(['{{BaseURL}}', '{{BaseURL}}/{{Port}}']), { target: 'https://a.test:443' })
  for (const request of plain.requests) expect(request.headers).toEqual([['Host', 'a.test'], ['User-Agent', 'haechi'], ['Accept', '*/*'], ['Accept-Language', 'en']])
  const other = await runOn({}, paths(['{{BaseURL}}'], '    headers:\n      Host: evil.test\n'))
  expect(header(other.requests[0], 'host')).toBe('evil.test')
  expect(other.requests[0]).toMatchObject({ host: 'a.test' })
})

test('a body gets CRLF, unless it has it', async () => {
  const body = async (text: string): Promise<string | null | undefined> => (await runOn({}, httpTemplate(`  - method: POST\n    path:\n      - "{{BaseURL}}"\n    body: ${JSON.stringify(text)}\n${status}`))).requests[0]?.body
  expect(await body('a\n{{Host}}\n')).toBe('a\r\na.test\r\n')
  expect(await body('a\r\nb\nc')).toBe('a\r\nb\nc')
})

test('what the name and password of an address say', async () => {
  expect(header((await runOn({}, paths(['http://u:p%40@a.test/'])) ).requests[0], 'authorization')).toBe(`Basic ${btoa('u:p@')}`)
})

test('raw requests', async () => {
  const { requests } = await rawTo('http://a.test/app?t=1', 'POST /x?y HTTP/1.1\nHost: {{Hostname}}\nX-A:  b \nX-A: c\nConnection: keep-alive\nContent-Length: 1\nUser-Agent: mine\n\nb={{Host}}\n')
  expect(requests).toMatchObject([{ method: 'POST', host: 'a.test', target: '/app/x?t=1&y', headers: [['Host', 'a.test'], ['User-Agent', 'mine'], ['X-A', 'c']], body: 'b=a.test' }])
  expect((await rawTo('http://a.test:81', 'GET HTTP/1.1\n')).requests).toMatchObject([{ target: '/', body: null, headers: [['Host', 'a.test:81'], ['User-Agent', 'haechi']] }])
  expect((await rawTo('http://a.test', 'GET http://other.test/x HTTP/1.1\nHost: virtual.test\n')).requests).toMatchObject([{ host: 'a.test', target: '/x', headers: [['Host', 'virtual.test'], ['User-Agent', 'haechi']] }])
  expect((await rawTo('http://a.test', 'GET x HTTP/1.1\nConnection: X-Real-IP\n')).requests).toMatchObject([{ target: '/x', headers: [['Host', 'a.test'], ['User-Agent', 'haechi'], ['Connection', 'X-Real-IP']] }])
})

test('raw text that names only the target is the same as a path', async () => {
  const byPath = (await runOn({}, paths(['{{BaseURL}}/x']), { target: 'http://a.test:81' })).requests[0]
  expect((await rawTo('http://a.test:81', 'GET /x HTTP/1.1\nHost: {{Hostname}}\n')).requests[0]).toEqual(byPath)
})

test('headers and body of the block go before those of raw text', async () => {
  const { requests } = await runOn({}, httpTemplate(`  - raw:\n      - "POST / HTTP/1.1\\nHost: a\\nX: 1\\n\\nraw"\n    headers:\n      X: "2"\n    body: own\n${status}`))
  expect(requests).toMatchObject([{ body: 'own', headers: [['Host', 'a'], ['User-Agent', 'haechi'], ['X', '2']] }])
})

test('multipart bodies keep their last line end', async () => {
  const multipart = 'POST / HTTP/1.1\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; name="x"\n\n1\n--b--\n'
  expect((await rawTo('http://a.test', multipart)).requests[0]?.body).toBe('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n')
})

test('a body in chunks is one where the template says so, and has its length where it does not', async () => {
  expect((await rawTo('http://a.test', 'POST / HTTP/1.1\nHost: a.test\nTransfer-Encoding: chunked\n\n<script>')).requests).toMatchObject([{ body: '8\r\n<script>\r\n0\r\n\r\n', headers: [['Host', 'a.test'], ['User-Agent', 'haechi'], ['Transfer-Encoding', 'chunked']] }])
  expect((await rawTo('http://a.test', 'POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\nx')).requests).toMatchObject([{ body: 'x', headers: [['Host', 'a.test'], ['User-Agent', 'haechi']] }])
  expect((await rawTo('http://a.test', 'POST / HTTP/1.1\nTransfer-Encoding: chunked\n')).requests).toMatchObject([{ body: null, headers: [['Host', 'a.test'], ['User-Agent', 'haechi']] }])
})

test('annotations', async () => {
  expect((await rawTo('http://a.test:81/app', '@Host: https://b.test:8443\nGET /x HTTP/1.1\nHost: {{Hostname}}\n')).requests).toMatchObject([{ scheme: 'https', host: 'b.test', port: 8443, target: '/app/x', headers: [['Host', 'a.test:81'], ['User-Agent', 'haechi']] }])
  expect((await rawTo('http://a.test:81', '@Host: {{Hostname}}:9780\nGET / HTTP/1.1\n')).requests).toMatchObject([{ host: 'a.test', port: 9780 }])
  expect((await rawTo('http://a.test:81', '@Host: {{Host}}.b.test\nGET / HTTP/1.1\n')).requests).toMatchObject([{ scheme: 'http', host: 'a.test.b.test', port: 81 }])
  expect((await rawTo('https://a.test', '@tls-sni: other.test\n@timeout: 20s\nGET / HTTP/1.1\n')).requests).toMatchObject([{ serverName: 'other.test', timeoutMs: 20_000, host: 'a.test' }])
  expect((await rawTo('https://a.test', '@tls-sni: request.host\nGET / HTTP/1.1\nHost: virtual.test:8443\n')).requests).toMatchObject([{ serverName: 'virtual.test', timeoutMs: 1_000 }])
  expect((await rawTo('https://a.test', '@Host: b c\nGET / HTTP/1.1\n')).error).toMatchObject({ problem: { code: 'request_invalid' } })
})

test('@once: the first combination only', async () => {
  const seen = await runOn({}, raws(['@once\nGET /login HTTP/1.1\n', 'GET /{{p}} HTTP/1.1\n'], '    payloads:\n      p: [a, b, c]\n'))
  expect(lines(seen)).toEqual(['GET http://a.test/login', 'GET http://a.test/a', 'GET http://a.test/b', 'GET http://a.test/c'])
})

test('self-contained requests name their host', async () => {
  const target = 'http://a.test/app?t=1'
  const self = await runOn({}, raws(['GET http://b.test:81/x?y={{Port}} HTTP/1.1\nHost: {{Hostname}}\n'], '', 'self-contained: true\n'), { target })
  expect(self.error).toBeUndefined()
  expect(self.requests).toMatchObject([{ host: 'b.test', port: 81, target: '/x?y=81', headers: [['Host', 'b.test:81'], ['User-Agent', 'haechi'], ['Accept', '*/*'], ['Accept-Language', 'en']] }])
  expect((await runOn({}, httpTemplate('  - path:\n      - http://b.test/x\n', 'self-contained: true\n'), { target })).requests).toMatchObject([{ host: 'b.test', target: '/x' }])
  expect((await runOn({}, paths(['http://b.test/x']), { target })).requests).toMatchObject([{ host: 'b.test', target: '/x?t=1' }])
  expect((await runOn({}, raws(['GET /x HTTP/1.1\n'], '', 'self-contained: true\n'))).error).toMatchObject({ problem: { code: 'request_invalid' } })
})

test('what has no value is not sent, nor what comes behind it, unless the template says so', async () => {
  expect(await sentTo('http://a.test', ['{{BaseURL}}/1', '{{BaseURL}}/{{nobody}}', '{{BaseURL}}/3'])).toEqual(['GET http://a.test/1'])
  expect(await sentTo('http://a.test', ['{{BaseURL}}/{{nobody}}', '{{BaseURL}}/3'], '    skip-variables-check: true\n')).toEqual(['GET http://a.test/{{nobody}}', 'GET http://a.test/3'])
  expect(lines(await rawTo('http://a.test', 'GET / HTTP/1.1\nX: {{nobody}}\n'))).toEqual([])
  expect(lines(await rawTo('http://a.test', 'GET / HTTP/1.1\n\n{{nobody}}\n'))).toEqual([])
  expect(await sentTo('http://a.test', ['{{BaseURL}}/{{7*7}}'])).toEqual(['GET http://a.test/{{7*7}}'])
})

// ---- what answers may not do ----

const extracting = (second: string, more = ''): ReturnType<typeof httpTemplate> => httpTemplate(`  - raw:\n      - "GET /1 HTTP/1.1\\n"\n      - ${JSON.stringify(second)}\n${more}    extractors:\n      - type: regex\n        name: x\n        internal: true\n        group: 1\n        regex: ["(?s)x=(.*)"]\n`)
const afterAnswer = (value: string, second: string, more = ''): Promise<Seen> => runOn({ http: (_, number) => ({ body: number === 1 ? `x=${value}` : '' }), bytes: () => `HTTP/1.1 200 OK\r\n\r\nx=${value}` }, extracting(second, more))

test('a value of an answer never begins a header or a request of its own', async () => {
  const evil = 'a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1'
  for (const second of ['GET /{{x}} HTTP/1.1\n', 'GET / HTTP/1.1\nX: {{x}}\n', 'GET / HTTP/1.1\nX: {{to_lower(x)}}\n', '@Host: {{x}}\nGET / HTTP/1.1\n']) {
    for (const value of [evil, 'a\nb', 'a\rb', 'a\0b']) {
      for (const more of ['', '    unsafe: true\n']) {
        const seen = await afterAnswer(value, second, more)
        expect(seen.error).toBeInstanceOf(TemplateError)
        expect(seen.error).toMatchObject({ problem: { code: 'request_invalid', reason: expect.stringContaining('comes from an answer') as string } })
        expect(seen.requests.length + seen.written.length).toBe(1)
      }
    }
  }
  // Nor one that a function makes of it.
  for (const [value, made] of [[btoa(evil), 'base64_decode(x)'], [encodeURIComponent(evil), 'url_decode(x)']] as const) {
    const seen = await afterAnswer(value, `GET / HTTP/1.1\nX: {{${made}}}\n`)
    expect(seen.error, made).toMatchObject({ problem: { code: 'request_invalid' } })
    expect(seen.requests).toHaveLength(1)
  }
})

test('it may stand in a body, in what hides its line ends, and in a path, where they are encoded', async () => {
  const evil = 'a\r\nX-Evil: 1\r\n\r\nb'
  expect((await afterAnswer(evil, 'POST / HTTP/1.1\n\n{{x}}')).requests[1]).toMatchObject({ body: evil })
  expect(header((await afterAnswer(evil, 'GET / HTTP/1.1\nX: {{base64(x)}}\n')).requests[1], 'x')).toBe(btoa(evil))
  const paths = httpTemplate('  - path:\n      - "{{BaseURL}}/1"\n      - "{{BaseURL}}/{{x}}"\n    extractors:\n      - type: regex\n        name: x\n        internal: true\n        group: 1\n        regex: ["(?s)x=(.*)"]\n')
  const seen = await runOn({ http: (_, number) => ({ body: number === 1 ? `x=${evil} HTTP/1.1` : '' }) }, paths)
  expect(seen.requests[1]?.target).toBe('/a%0D%0AX-Evil:%201%0D%0A%0D%0Ab%20HTTP/1.1')
})

test('a header of the block takes no line end from anybody', async () => {
  const template = httpTemplate('  - path:\n      - "{{BaseURL}}"\n    headers:\n      X: "{{p}}"\n    payloads:\n      p: ["a\\r\\nX-Evil: 1"]\n')
  expect((await runOn({}, template)).error).toMatchObject({ problem: { code: 'request_invalid', place: 'headers' } })
})

test('whoever wrote the template may write line ends', async () => {
  const seen = await runOn({}, raws(['GET /{{p}} HTTP/1.1\nHost: a\n'], '    payloads:\n      p: ["a HTTP/1.1\\r\\nX-Own: 1\\r\\nX-Rest: "]\n'))
  expect(seen.error).toBeUndefined()
  expect(header(seen.requests[0], 'x-own')).toBe('1')
  const variable = await runOn({}, raws(['GET / HTTP/1.1\nX: {{v}}\n'], '', 'variables:\n  v: "a\\r\\nX-Own: {{Host}}"\n'))
  expect(header(variable.requests[0], 'x-own')).toBe('a.test')
})

test('but not through a variable that only hands on an answer', async () => {
  const template = httpTemplate('  - raw:\n      - "GET /1 HTTP/1.1\\n"\n      - "GET / HTTP/1.1\\nX: {{v}}\\n"\n    extractors:\n      - type: regex\n        name: x\n        internal: true\n        group: 1\n        regex: ["(?s)x=(.*)"]\n', 'variables:\n  v: "{{to_lower(x)}}"\n')
  const seen = await runOn({ http: (_, number) => ({ body: number === 1 ? 'x=a\r\nX-Evil: 1' : '' }) }, template)
  expect(seen.error).toMatchObject({ problem: { code: 'request_invalid' } })
  expect(seen.requests).toHaveLength(1)
})

test('what an answer says is never evaluated', async () => {
  const seen = await afterAnswer('{{md5("Hello")}}', 'GET /?q={{x}} HTTP/1.1\n')
  expect(seen.requests[1]?.target).toBe('/?q={{md5("Hello")}}')
})

test('mutated raw requests: sent as one well-formed request, or refused with a code', async () => {
  const piece = fc.constantFrom('GET ', 'POST ', '/', ' HTTP/1.1', '\n', '\r\n', ':', ' ', 'Host: x', 'X: y', '{{Host}}', '{{x', '}}', '{{base64("a")}}', '@once\n', '@Host: b.test\n', '\0', '\u00ff', '?', '#', 'http://c.test/', '\t', '{{nobody}}', '{{repeat("a",5)}}')
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
    let template
    try {
      template = raws([`GET ${pieces.join('')}`])
    } catch {
      return
    }
    const seen = await runOn({}, template, { target: 'http://a.test/app?t=1' })
    if (seen.error !== undefined) expect(seen.error).toBeInstanceOf(TemplateError)
    for (const { method, target, headers } of seen.requests) {
      expect(method).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
      expect(target).toMatch(/^\/[\x21-\x7e]*$/)
      for (const [name, value] of headers) expect(`${name}: ${value}`).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*$/)
    }
  }), { numRuns: 500 })
})
