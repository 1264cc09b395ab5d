// Nuclei's own fixtures for http, the loader and the status of matchers: untouched templates against servers that behave as expectations.json describes, those that
// need the internet upstream against local ones that behave alike. Every expectation of these groups stands here: passed, or not applicable with its reason.
import { expect, test } from 'vitest'
import { readLibrary } from '../../../engines/templates/src/library.ts'
import type { Settings, Template } from '../../../engines/templates/src/model.ts'
import { everything, select } from '../../../engines/templates/src/selection.ts'
import { scan } from '../../../engines/templates/src/scan.ts'
import { runWorkflow } from '../../../engines/templates/src/workflow.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { parseTarget } from '../../../engines/templates/src/target.ts'
import { answer, bodyOf, expectationsOf, fixture, fixtureBytes, missingFixtures, type Ran, run, serve, serveBytes, serveTls, settings, template } from './harness.ts'

type Given = { readonly settings?: Partial<Settings>; readonly path?: string; readonly template?: (text: string, port: number) => string }
type Handler = Parameters<typeof serve>[0]

const title = 'This is test matcher text'
const http = (name: string): string => `protocols/http/${name}.yaml`

/** One fixture on a server of its own. */
async function on(name: string, handler: Handler, given: Given = {}, start: typeof serve = serve): Promise<Ran & { readonly url: string }> {
  await using server = await start(handler)
  const text = Buffer.from(fixtureBytes(http(name))).toString('utf8')
  const what = template(http(name), given.template === undefined ? text : given.template(text, server.port))
  const ran = await run(what, server.url + (given.path ?? ''), given.settings === undefined ? {} : { settings: given.settings })
  return { ...ran, url: server.url }
}

const says = (text: string, status = 200): Handler => (_, response) => answer(response, text, status)

/** By place among the expectations of these groups: what is done, and how many results must come (null upstream: nothing to count). */
const cases: Record<string, () => Promise<number | null>> = {
  [http('get')]: async () => (await on('get', says(title))).matches.length,
  [http('get-headers')]: async () => (await on('get-headers', (request, response) => answer(response, String(request.headers['test']).toLowerCase() === 'nuclei' ? 'This is test headers matcher text' : ''))).matches.length,
  [http('get-redirects')]: async () => (await on('get-redirects', (request, response) => (request.url === '/' ? answer(response, '', 302, { location: '/redirected' }) : answer(response, 'This is test redirects matcher text')))).matches.length,
  [http('disable-redirects')]: async () => {
    const handler: Handler = (request, response) => (request.url === '/' ? answer(response, '', 301, { location: '/redirected' }) : answer(response, 'This is test disable redirects matcher text'))
    expect((await on('disable-redirects', handler)).matches).toHaveLength(1)
    return (await on('disable-redirects', handler, { settings: { disableRedirects: true } })).matches.length
  },
  [http('post-json-body')]: async () => (await on('post-json-body', (request, response) => {
    void bodyOf(request).then((body) => {
      const { username, password } = JSON.parse(body) as { username: string; password: string }
      answer(response, request.method === 'POST' && username === 'test' && password === 'nuclei' ? 'This is test post-json-body matcher text' : '')
    })
  })).matches.length,
  [http('post-multipart-body')]: async () => (await on('post-multipart-body', (request, response) => {
    void bodyOf(request).then((body) => {
      const boundary = /boundary=(\S+)/.exec(request.headers['content-type']!)![1]!
      const parts = body.split(`\r\n--${boundary}`).map((part) => part.replace(`--${boundary}`, ''))
      const passwords = parts.filter((part) => /^\r\nContent-Disposition: form-data; name="password"\r\n\r\nnuclei$/.test(part))
      const files = parts.filter((part) => /^\r\nContent-Disposition: form-data; name="username"; filename="username"\r\n.*\r\n\r\ntest$/s.test(part))
      const closed = body.replace(/\r\n$/, '').endsWith(`\r\n--${boundary}--`)
      answer(response, passwords.length === 1 && files.length === 1 && closed && !/[^\r]\n/.test(body) ? 'This is test post-multipart matcher text' : '')
    })
  })).matches.length,
  [http('raw-cookie-reuse')]: async () => {
    let carried: string | undefined
    const { matches } = await on('raw-cookie-reuse', (request, response) => {
      void bodyOf(request).then((body) => {
        if (request.method === 'POST') return answer(response, '', 200, body === 'testing=parameter' ? { 'set-cookie': 'nuclei=test' } : {})
        carried = request.headers.cookie
        return answer(response, carried === 'nuclei=test' ? 'Test is test-cookie-reuse matcher text' : '')
      })
    })
    expect(carried).toBe('nuclei=test')
    return matches.length
  },
  [http('raw-dynamic-extractor')]: async () => (await on('raw-dynamic-extractor', (request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method === 'POST') return answer(response, body === 'testing=parameter' ? "Token: 'nuclei'" : '')
      return answer(response, new URL(request.url!, 'http://x').searchParams.get('username') === 'nuclei' ? 'Test is test-dynamic-extractor-raw matcher text' : '')
    })
  })).matches.length,
  [http('raw-get')]: async () => (await on('raw-get', says('Test is test raw-get-matcher text'))).matches.length,
  [http('raw-payload')]: async () => (await on('raw-payload', (request, response) => {
    void bodyOf(request).then((body) => {
      const form = new URLSearchParams(body)
      const held = ['bnVjbGVp', 'Z3Vlc3Q='].includes(String(request.headers['another_header'])) && form.get('username') === 'test' && ['nuclei', 'guest'].includes(form.get('password')!)
      answer(response, held ? 'Test is raw-payload matcher text' : '')
    })
  })).matches.length,
  [http('raw-unsafe-path')]: async () => {
    const lines: string[] = []
    await using server = await serveBytes((socket) => socket.on('data', (data) => {
      lines.push(data.toString('latin1').split('\r\n')[0]!)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }))
    await run(fixture(http('raw-unsafe-path')), server.url)
    const reference = fixture(http('raw-unsafe-path')).info.references
    expect(lines.map((line) => line.trimEnd().replace(/^GET /, '').replace(/ HTTP\/1\.1$/, ''))).toEqual(reference)
    return null
  },
  [http('request-condition')]: async () => (await on('request-condition', (request, response) => answer(response, '', request.url === '/200' ? 200 : request.url === '/400' ? 400 : 404))).matches.length,
  [http('get-case-insensitive')]: async () => (await on('get-case-insensitive', says('THIS IS TEST MATCHER TEXT'))).matches.length,
  [`${http('get')} ${http('get-case-insensitive')}`]: async () => (await on('get', says(title))).matches.length + (await on('get-case-insensitive', says(title))).matches.length,
  [http('get-redirects-chain-headers')]: async () => (await on('get-redirects-chain-headers', (request, response) => {
    if (request.url === '/') answer(response, '', 302, { location: '/redirected' })
    else if (request.url === '/redirected') answer(response, '', 302, { location: '/final', secret: 'TestRedirectHeaderMatch' })
    else answer(response, 'ok')
  })).matches.length,
  [http('dsl-matcher-variable')]: async () => (await on('dsl-matcher-variable', says(title))).matches.length,
  [http('race-multiple')]: async () => (await on('race-multiple', says(''))).matches.length,
  [http('race-with-variables')]: async () => (await on('race-with-variables', (request, response) => answer(response, request.url === '/race' ? String(request.headers['x-api-key']) : ''))).matches.length,
  [http('stop-at-first-match')]: async () => (await on('stop-at-first-match', says('This is test'))).matches.length,
  [http('stop-at-first-match-with-extractors')]: async () => (await on('stop-at-first-match-with-extractors', says('This is test'))).matches.length,
  [http('get-sni')]: async () => {
    const handler: Handler = (request, response) => answer(response, (request.socket as import('node:tls').TLSSocket).servername === 'test' ? 'test-ok' : 'test-ko')
    expect((await on('get-sni', handler, {}, serveTls)).matches).toHaveLength(0)
    return (await on('get-sni', handler, { settings: { serverName: 'test' } }, serveTls)).matches.length
  },
  [http('redirect-match-url')]: async () => {
    const text = 'This is test redirects matcher text'
    const { matches, url } = await on('redirect-match-url', (request, response) => (request.url === '/' ? answer(response, text, 302, { location: '/redirected' }) : answer(response, text)))
    expect(matches.map(({ matchedAt }) => matchedAt)).toEqual([`${url}/redirected`])
    return matches.length
  },
  [http('custom-attack-type')]: async () => {
    const queries: string[] = []
    await on('custom-attack-type', (request, response) => {
      queries.push(request.url!)
      answer(response, 'This is test custom payload')
    }, { settings: { attack: 'clusterbomb' } }, serveTls)
    expect(queries.toSorted()).toEqual(['/?a=another&b=data', '/?a=another&b=hacking', '/?a=hello&b=data', '/?a=hello&b=hacking'])
    return null
  },
  [http('get-all-ips')]: async () => (await on('get-all-ips', says('ok'))).matches.length,
  [http('cl-body-without-header')]: async () => (await on('cl-body-without-header', (_, response) => {
    response.removeHeader('content-length')
    response.useChunkedEncodingByDefault = false
    response.write('this is a test')
    response.end()
  }, {}, serveTls)).matches.length,
  [http('cli-with-constants')]: async () => (await on('cli-with-constants', (request, response) => answer(response, new URL(request.url!, 'http://x').searchParams.get('p')!), { settings: { variables: { test: 'fromcli' } } }, serveTls)).matches.length,
  [http('constants-with-threads')]: async () => (await on('constants-with-threads', (request, response) => answer(response, `${String(request.headers['x-api-key'])} ${request.url!.slice('/api/'.length)}`))).matches.length,
  [http('disable-path-automerge')]: async () => (await on('disable-path-automerge', (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    if (pathname === '/api/v1/test') answer(response, searchParams.get('id')!)
    else answer(response, 'empty path in raw request', pathname === '/' ? 200 : 404)
  }, { path: '/api/v1/user' })).matches.length,
  [http('multi-http-var-sharing')]: async () => (await on('multi-http-var-sharing', (request, response) => answer(response, 'something else', request.url === '/' || request.url === '/200' ? 200 : 404))).matches.length,
  [http('response-data-literal-reuse')]: async () => (await on('response-data-literal-reuse', (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    if (pathname === '/') answer(response, '{{md5("Hello")}}')
    else answer(response, '', searchParams.get('x') === '{{md5("Hello")}}' ? 200 : 400)
  })).matches.length,
  [http('raw-unsafe-path-single-slash')]: async () => {
    const lines: string[] = []
    await using server = await serveBytes((socket) => socket.on('data', (data) => {
      lines.push(data.toString('latin1').split('\r\n')[0]!)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }))
    await run(fixture(http('raw-unsafe-path-single-slash')), `${server.url}/index.php`)
    expect(lines).toEqual(['GET /index.php HTTP/1.1'])
    return null
  },
  [http('raw-unsafe-request')]: async () => {
    await using server = await serveBytes((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 36\r\nContent-Type: text/plain\r\n\r\nThis is test raw-unsafe-matcher test')))
    return (await run(fixture(http('raw-unsafe-request')), server.url)).matches.length
  },
  'status protocols/http/get.yaml': async () => {
    const { matches, faults } = await run(fixture(http('get')), 'http://trust_me_bro.real', { permit: [], resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) })
    expect(matches).toEqual([])
    expect(faults).toMatchObject([{ fault: 'not_resolved', message: expect.stringContaining('trust_me_bro.real') as string }])
    return null
  },
  // The file of the variable has two lines; an engine opens no file, so that whoever starts it runs it once for each.
  [http('self-contained-file-input')]: async () => {
    const calls: string[] = []
    await using server = await serve((request, response) => {
      calls.push(request.url!)
      answer(response, 'This is self-contained response')
    })
    const what = template('self-contained-file-input.yaml', Buffer.from(fixtureBytes(http('self-contained-file-input'))).toString('utf8').replaceAll('127.0.0.1:5431', server.place))
    let results = 0
    for (const test of ['one', 'two']) results += (await run(what, server.url, { settings: { variables: { test } } })).matches.length
    expect(calls).toEqual(['/one', '/one', '/two', '/two'])
    return results
  },
  [http('get-without-scheme')]: async () => {
    await using server = await serve(says('ok'))
    const network = createScanNetwork({ scope: null, clock: systemClock })
    await network.permit('127.0.0.1')
    const matches: string[] = []
    try {
      for await (const event of scan({
        library: readLibrary([{ path: 'get-without-scheme.yaml', content: fixtureBytes(http('get-without-scheme')) }]), selection: everything, targets: [parseTarget(server.place)!], network, settings,
        concurrency: { perHost: 1, overall: 1 }, rate: 0, seed: 1, now: () => systemClock.now(), signal: new AbortController().signal,
      })) if (event.kind === 'match' || event.kind === 'held') matches.push(event.match.matchedAt)
    } finally {
      network.close()
    }
    expect(matches).toEqual([server.url])
    return matches.length
  },
  'status protocols/dns/a.yaml': async () => {
    const { matches, faults } = await run(fixture('protocols/dns/a.yaml'), 'trust_me_bro.real', { permit: ['127.0.0.1'], resolve: (host) => Promise.resolve([host]), settings: { resolvers: ['127.0.0.1:1'], timeoutMs: 200 } })
    expect(matches).toEqual([])
    expect(faults[0]!.message).not.toBe('')
    return null
  },
  'status protocols/network/net-https.yaml': () => unresolved('protocols/network/net-https.yaml'),
  'status protocols/websocket/basic.yaml': () => unresolved('protocols/websocket/basic.yaml'),
  'status protocols/headless/headless-basic.yaml': () => refusedToRun('protocols/headless/headless-basic.yaml', 'needs_browser'),
  'status protocols/javascript/net-https.yaml': () => refusedToRun('protocols/javascript/net-https.yaml', 'needs_javascript'),
  'loader/template-list.yaml loader/get.yaml loader/get-headers.yaml': async () => {
    await using server = await serve(lists)
    const listed = Buffer.from(fixtureBytes('loader/template-list.yaml')).toString('utf8').trim().split('\n')
    let results = 0
    for (const path of listed) results += (await run(fixture(path), server.url)).matches.length
    return results
  },
  'loader/workflow-list.yaml loader/basic.yaml loader/condition-matched.yaml': async () => {
    await using server = await serve(lists)
    const listed = Buffer.from(fixtureBytes('loader/workflow-list.yaml')).toString('utf8').trim().split('\n')
    const library = readLibrary([...listed, 'workflow/match-1.yaml', 'workflow/match-2.yaml'].map((path) => ({ path, content: fixtureBytes(path) })))
    const network = createScanNetwork({ scope: null, clock: systemClock })
    const target = parseTarget(server.url)!
    await network.permit(target.host)
    let results = 0
    try {
      for (const path of listed) {
        await runWorkflow(library.byPath.get(path)!, { byPath: (file) => library.byPath.get(file), byTag: (tag) => library.byTag.get(tag) ?? [] }, { target, network, settings, signal: new AbortController().signal, seed: 1, now: () => systemClock.now(), report: () => void results++, sent: () => undefined },
          { selected: () => true, failed: (_, error) => { throw error } })
      }
    } finally {
      network.close()
    }
    return results
  },
  'loader/excluded-template.yaml': async () => {
    await using server = await serve(lists)
    const what = fixture('loader/excluded-template.yaml')
    expect(select([what], everything)).toEqual({ chosen: [], skipped: { intrusive: 1 } })
    expect(select([what], { ...everything, ids: ['excluded-template'] }).chosen).toEqual([what])
    return (await run(what, server.url)).matches.length
  },
}

const lists: Handler = (request, response) => answer(response, `${title}${request.headers['test'] === 'nuclei' ? '\nThis is test headers matcher text' : ''}`)

async function unresolved(path: string): Promise<null> {
  const { matches, faults } = await run(fixture(path), 'trust_me_bro.real', { permit: [], resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) })
  expect(matches).toEqual([])
  expect(faults.map(({ fault }) => fault)).toContain('not_resolved')
  return null
}

function refusedToRun(path: string, code: string): Promise<null> {
  const what: Template = fixture(path)
  expect(what.support).toMatchObject({ status: 'parsed', problem: { code } })
  return Promise.resolve(null)
}

/** What an expectation asks for that is no behaviour of this engine, and what is tested instead. */
const notApplicable: Record<string, string> = {
  [http('default-matcher-condition')]: 'The request needs an out-of-band server and is not sent: needs_out_of_band. That matchers are joined by OR is tested in operators.test.ts.',
}

const keyOf = (group: string, fixtures: readonly string[]): string => (group === 'matcher-status' ? `status ${fixtures.join(' ')}` : fixtures.join(' '))
const ours = expectationsOf('http.test.ts')

test.skipIf(missingFixtures !== false)(`every expectation is run or has its reason${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  expect(ours.length).toBe(44)
  expect(ours.map(({ group, fixtures }) => keyOf(group, fixtures)).toSorted()).toEqual([...Object.keys(cases), ...Object.keys(notApplicable)].toSorted())
})

for (const { group, fixtures, expected_results: expected } of ours) {
  const key = keyOf(group, fixtures)
  const reason = notApplicable[key]
  if (reason === undefined) test(`${key}: ${expected === null ? 'as described' : `${expected} results`}`, async () => expect(await cases[key]!()).toBe(expected))
  else test.skip(`${key}: not applicable. ${reason}`, () => undefined)
}
