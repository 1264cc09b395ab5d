import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpRequest, HttpResponse } from '../model.ts'
import { redirected, type Redirects } from './redirects.ts'

const request = (over: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', scheme: 'http', host: 'a.test', port: 80, target: '/dir/x?y=1', headers: [['Host', 'a.test']], body: null, serverName: null, timeoutMs: 1, maxBytes: 1, ...over })
const response = (status: number, location?: string): HttpResponse => ({ status, reason: '', headers: location === undefined ? [] : [['LOCATION', location]], body: '', truncated: false, durationMs: 1, address: '' })
const to = (location: string, status = 302, from = request(), policy: Redirects = 'all'): ReturnType<typeof redirected> => redirected(from, response(status, location), from, policy)

test.each([
  ['/z', 'http://a.test/z'], ['z', 'http://a.test/dir/z'], ['?q', 'http://a.test/dir/x?q'], ['//b.test/z', 'http://b.test/z'], ['https://b.test:8443/z#f', 'https://b.test:8443/z'], [' ../z ', 'http://a.test/z'],
  ['http://[2001:db8::1]:81/', 'http://[2001:db8::1]:81/'], ['/a b\u00ff', 'http://a.test/a%20b%FF'],
])('%j leads to %s', (location, url) => expect(to(location)?.url).toBe(url))

test.each(['', 'ftp://x/', 'javascript:alert(1)', 'http://', 'http://a:0/', 'http://a:99999/', `/${'x'.repeat(20_000)}`])('%j leads nowhere', (location) => expect(to(location)).toBeNull())

test('only with a Location, only where it is a redirect, only where it may', () => {
  expect(redirected(request(), response(302), request(), 'all')).toBeNull()
  for (const status of [200, 300, 304, 305, 404]) expect(to('/z', status)).toBeNull()
  expect(to('/z', 302, request(), 'none')).toBeNull()
})

test('the method and the body', () => {
  const post = request({ method: 'POST', body: 'x', headers: [['Host', 'a.test'], ['Content-Type', 'text/plain'], ['X', 'y']] })
  for (const status of [301, 302, 303]) expect(to('/z', status, post)!.request).toMatchObject({ method: 'GET', body: null, headers: [['Host', 'a.test'], ['X', 'y']] })
  for (const status of [307, 308]) expect(to('/z', status, post)!.request).toMatchObject({ method: 'POST', body: 'x', headers: post.headers })
  expect(to('/z', 302, request({ method: 'HEAD' }))!.request.method).toBe('HEAD')
})

test('secrets and the name for TLS stay with their host', () => {
  const from = request({ serverName: 'sni', headers: [['Host', 'virtual'], ['Authorization', 'x'], ['cookie', 'y'], ['A', 'b']] })
  expect(to('http://b.test/z', 302, from)!.request).toMatchObject({ host: 'b.test', serverName: null, headers: [['Host', 'b.test'], ['A', 'b']] })
  expect(to('/z', 302, from)!.request.headers).toEqual(from.headers)
  expect(to('http://a.test/z', 302, from)!.request).toMatchObject({ serverName: 'sni', headers: [['Host', 'a.test'], ['Authorization', 'x'], ['cookie', 'y'], ['A', 'b']] })
})

test('the same host only: with its port, where that is not the scheme\'s', () => {
  expect(to('https://a.test/z', 302, request(), 'same-host')).not.toBeNull()
  expect(to('http://A.test:80/z', 302, request(), 'same-host')).not.toBeNull()
  expect(to('http://a.test:8080/z', 302, request(), 'same-host')).toBeNull()
  expect(to('http://b.test/z', 302, request(), 'same-host')).toBeNull()
  expect(to('http://a.test.evil/z', 302, request(), 'same-host')).toBeNull()
  expect(to('http://a.test@evil/z', 302, request(), 'same-host')).toBeNull()
  // Measured from where the template asked, not from where it was sent.
  expect(redirected(request({ host: 'b.test' }), response(302, 'http://b.test/'), request(), 'same-host')).toBeNull()
})

test('whatever the Location is, the next request is one line', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('http:', '//', '/', 'a', '.', ':', '@', '[', ']', '\r\n', ' ', '\u00ff', '%', '?', '#', '\\', '\0', '8') }), (location) => {
    const next = to(location)
    if (next !== null) {
      expect(next.request.target).toMatch(/^\/[\x21-\x7e]*$/)
      expect(next.request.host).not.toMatch(/[\s/@?#\\]/)
    }
  }))
})
