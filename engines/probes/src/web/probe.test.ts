import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInBoth } from '../evidence.fixture.ts'
import type { WebReport } from './model.ts'
import { probeWeb } from './probe.ts'
import { pages, web } from './site.fixture.ts'
import type { Answering, Site } from './site.fixture.ts'

/** What could not be looked at is told in both languages. */
async function probe(site: Site, url = 'https://www.a.test/'): Promise<WebReport> {
  const report = await probeWeb(url, web(site).options)
  expect(report.faults.filter(({ message }) => !isInBoth(message))).toEqual([])
  return report
}
const named = (report: Awaited<ReturnType<typeof probe>>, least: readonly string[] = ['medium', 'high', 'critical']) => report.findings.filter(({ severity }) => least.includes(severity)).map(({ check, place, severity }) => `${severity} ${check} ${place}`)
const git = { '/.git/HEAD': { body: 'ref: refs/heads/main\n', type: 'text/plain' }, '/.git/config': { body: '[core]\n\trepositoryformatversion = 0\n', type: 'text/plain' } }
const env = { body: 'APP_NAME=shop\nDB_HOST=db\nDB_PASSWORD=hunter2hunter2\n', type: 'text/plain' }

test('a site with what should not be there', async () => {
  const { options, requests } = web(pages({
    '/': { body: '<title>Shop &amp; more</title><link rel=icon href=/i.png><a href=/up/x>', headers: { Server: 'nginx/1.22.1', 'Set-Cookie': 'sessionid=verysecret; Path=/' } }, '/i.png': { body: '\x89PNG1234', type: 'image/png' },
    ...git, '/.env': env, '/up/': '<title>Index of /up/</title><a href="../">../</a><a href="dump.sql">dump.sql</a>',
  }))
  const report = await probeWeb('https://www.a.test/#top', options)
  expect(report).toMatchObject({ url: 'https://www.a.test/', origin: 'https://www.a.test', ended: 'answer', leadsTo: null, redirectsAll: false, missingStatus: 404, final: { status: 200, title: 'Shop & more', server: 'nginx/1.22.1' }, faults: [] })
  expect(report.favicon?.url).toBe('https://www.a.test/i.png')
  expect(named(report)).toEqual(['medium web.directory_listing https://www.a.test/up/', 'high web.git_exposed https://www.a.test/.git/HEAD', 'high web.env_exposed https://www.a.test/.env'])
  expect(report.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['web.hsts_missing', 'web.csp_missing', 'web.cookie_flags']))
  const told = JSON.stringify(report)
  expect(told).not.toContain('hunter2')
  expect(told).not.toContain('verysecret')
  expect(report.requests).toBe(requests.length)
})

// Each answers everything alike: whatever is asked for, nothing of it may be believed.
const soup = `<title>Index of /</title>ref: refs/heads/main [core] repositoryformatversion = 0 DB_PASSWORD=x phpinfo() PHP Version 8 "propertySources": "activeProfiles": Apache Server Status for <h1>Apache Server Status for x</h1> <a href="../">../</a><a href="x">x</a>`
const anything: Readonly<Record<string, Answering>> = {
  'a page': '<title>Welcome</title>', 'a keyword soup': soup, 'the soup as text': { body: soup, type: 'text/plain' }, 'JSON': { body: '{"status":"ok","activeProfiles":[],"propertySources":[],"cmdline":[],"memstats":{},"terraform_version":"1","resources":[]}', type: 'application/json' },
  'a branch': { body: 'ref: refs/heads/main\n', type: 'text/plain' }, 'settings': env, 'nothing': { status: 204 }, 'a login': { status: 302, headers: { Location: '/login' } }, 'a 403': { status: 403, body: 'no' }, 'a key': { body: `-----BEGIN PRIVATE KEY-----\n${'QUJD'.repeat(40)}\n-----END PRIVATE KEY-----\n` }, 'an archive': { body: 'PK\x03\x04xxxxxxxx' }, 'SQL': { body: 'CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);' },
}
test.each(Object.entries(anything))('who answers anything with %s has nothing', async (_, answer) => {
  const report = await probe((request) => (request.method === 'GET' || request.method === 'POST' ? answer : null))
  expect(named(report)).toEqual([])
})

test('a place that echoes what is asked for has nothing', async () => {
  expect(named(await probe((request, url) => ({ body: `${request.method} ${url.href} ${decodeURIComponent(url.pathname)} ${request.body ?? ''} ${request.headers.flat().join(' ')}`, type: 'text/plain' })))).toEqual([])
})

test('who has what no one server has is a trap', async () => {
  const report = await probe(pages({
    '/': '<title>x</title>', ...git, '/server-status': '<h1>Apache Server Status for x</h1>', '/nginx_status': { body: 'Active connections: 1 \nserver accepts handled requests\n', type: 'text/plain' }, '/phpinfo.php': '<title>phpinfo()</title>PHP Version 8.1.2',
    '/trace.axd': '<h1>Application Trace</h1>', '/actuator/env': { body: '{"activeProfiles":[],"propertySources":[]}', type: 'application/json' },
  }))
  expect(named(report)).toEqual([])
  expect(named(report, ['info'])).toContain('info web.trap https://www.a.test/')
})

test('where everything leads elsewhere, only that is told', async () => {
  const { options, requests } = web((_, url) => (url.protocol === 'http:' ? { status: 301, headers: { Location: `https://www.a.test${url.pathname}` } } : '<title>Home</title>'))
  const report = await probeWeb('http://www.a.test/', options)
  expect(report).toMatchObject({ redirectsAll: true, leadsTo: 'https://www.a.test/', final: { url: 'https://www.a.test/', title: 'Home' }, findings: [], chain: [{ status: 301, location: 'https://www.a.test/' }, { status: 200, location: null }] })
  expect(requests.length).toBeLessThan(6)
})

test('redirects end: loops, endless ones, and those that leave', async () => {
  const loop = await probe((_, url) => ({ status: 302, headers: { Location: url.pathname === '/' ? '/a' : '/' } }))
  expect(loop).toMatchObject({ ended: 'loop', faults: [{ fault: 'budget_exceeded', message: { en: expect.stringContaining('loop') as string, ko: expect.stringContaining('순환') as string } }] })
  let at = 0
  const endless = await probe(() => ({ status: 302, headers: { Location: `/${at++}` } }))
  expect(endless.ended).toBe('too_long')
  expect(endless.chain.length).toBe(10)
  const inward = await probe((_, url) => (url.hostname === 'inward.test' ? 'out_of_scope' : url.pathname === '/' ? { status: 302, headers: { Location: 'http://inward.test/admin' } } : null))
  expect(inward).toMatchObject({ ended: 'out_of_scope', leadsTo: 'http://inward.test/admin', faults: [{ place: 'http://inward.test/admin', fault: 'out_of_scope' }] })
})

test('a site that needs its cookie, and a page that sends on', async () => {
  const cookie = await probe((request, url) => (url.pathname !== '/' ? null : request.headers.some(([name, value]) => name === 'Cookie' && value === 'seen=1') ? '<title>in</title>' : { status: 302, headers: { 'Location': '/', 'Set-Cookie': 'seen=1; Path=/' } }))
  expect(cookie.final?.title).toBe('in')
  expect((await probe(pages({ '/': '<meta http-equiv=refresh content="0; URL=/home">', '/home': '<title>home</title>' }))).final).toMatchObject({ url: 'https://www.a.test/home', title: 'home' })
  expect((await probe(pages({ '/': '<meta http-equiv=refresh content="60; URL=/">' }))).chain).toHaveLength(1)
})

test('a site that dies is not asked on and on, and what was seen stays', async () => {
  let count = 0
  const { options, requests } = web(() => (count++ === 0 ? '<title>x</title>' : 'timeout'))
  const report = await probeWeb('https://www.a.test/', options)
  expect(report.final?.title).toBe('x')
  expect(requests.length).toBeLessThan(15)
  expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'timeout', message: { en: expect.stringContaining('not asked again') as string, ko: expect.stringContaining('더는 요청하지 않음') as string } }))
})

test('a budget ends the probe, and is told', async () => {
  const { options, requests } = web(pages({ '/': '<title>x</title>', ...git }))
  const report = await probeWeb('https://www.a.test/', { ...options, budget: { requests: 20, bytes: 1_000_000, durationMs: 60_000 } })
  expect(requests).toHaveLength(20)
  expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'budget_exceeded' }))
  const heavy = await probeWeb('https://www.a.test/', { ...web(() => 'x'.repeat(1_000_000)).options, budget: { requests: 1_000, bytes: 3_000_000, durationMs: 60_000 } })
  expect(heavy.requests).toBeLessThan(20)
})

test('other origins with a login, and what comes back of TRACE', async () => {
  const report = await probe((request, url) => {
    const origin = request.headers.find(([name]) => name === 'Origin')?.[1]
    if (request.method === 'TRACE') return { type: 'message/http', body: request.headers.flat().join('\n') }
    return url.pathname !== '/' ? null : { body: 'x', headers: origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' } }
  })
  expect(report.findings.filter(({ check }) => /cors|trace/.test(check)).map(({ check }) => check)).toEqual(['web.cors_credentials', 'web.trace_enabled'])
  const api = await probe((request, url) => (url.pathname === '/' ? '<script>fetch("/api/me")</script>' : url.pathname === '/api/me' ? { headers: { 'Access-Control-Allow-Origin': request.headers.find(([name]) => name === 'Origin')?.[1] ?? '', 'Access-Control-Allow-Credentials': 'true' } } : null))
  expect(api.findings.filter(({ check }) => check === 'web.cors_credentials').map(({ place }) => place)).toEqual(['https://www.a.test/api/me'])
  expect((await probe((request) => ({ headers: { 'Access-Control-Allow-Origin': request.headers.find(([name]) => name === 'Origin')?.[1] ?? '' } }))).findings.map(({ check }) => check)).not.toContain('web.cors_credentials')
  expect((await probe(pages({ '/': { headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Credentials': 'true' } } }))).findings.map(({ check }) => check)).not.toContain('web.cors_credentials')
})

test('whatever a site answers is borne: statuses, headers, texts and faults of all kinds', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary-ascii', maxLength: 60 }), fc.constantFrom('<title>한글</title><a href=/x>', '{"data":', '<form><input type=password>', 'ref: refs/heads/x', '\xff\xfe\0', '<script>fetch("/api/x")</script>', '<ListBucketResult><Key>', 'data: {"jsonrpc":"2.0"}', 'openapi: 3.1.0\ninfo: 1'))
  const answer: fc.Arbitrary<Answering> = fc.oneof(
    fc.record({ status: fc.integer({ min: 200, max: 599 }), body: text, type: fc.constantFrom('text/html', 'application/json', 'text/event-stream', 'application/grpc-web', '', 'x;charset=euc-kr'), headers: fc.dictionary(fc.constantFrom('Location', 'Set-Cookie', 'Link', 'Server', 'WWW-Authenticate', 'Allow', 'Mcp-Session-Id', 'Content-Type'), text) }),
    fc.constantFrom('timeout', 'closed', 'refused', 'protocol_error', 'out_of_scope'),
  )
  await fc.assert(fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 12 }), async (answers) => {
    let at = 0
    const { options, requests } = web(() => answers[at++ % answers.length]!)
    const report = await probeWeb('http://a.test/a/b?c', { ...options, crawl: { pages: 20, depth: 2 }, names: ['b.test'] })
    expect(report.requests).toBe(requests.length)
    for (const { asset, confidence } of report.findings) expect([asset, confidence > 0 && confidence <= 1]).toEqual(['a.test', true])
  }), { numRuns: 40 })
})

test('names that the address serves too', async () => {
  const { options } = web((_, url) => (url.pathname !== '/' ? null : url.hostname === 'admin.a.test' ? '<title>Admin</title>' : url.hostname === 'www.a.test' ? '<title>Shop</title>' : '<title>Default</title>'))
  expect((await probeWeb('https://www.a.test/', { ...options, names: ['admin.a.test', 'other.a.test', '*.a.test', 'www.a.test'] })).virtualHosts).toEqual([{ name: 'admin.a.test', status: 200, title: 'Admin' }])
})
