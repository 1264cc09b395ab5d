import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Target } from '../model.ts'
import { parseTarget } from '../target.ts'
import { escapeUnfit, hostHeader, joinQueries, mergePaths, parseAddress, splitRelative, wireTarget } from './address.ts'
import { targetValues } from './target-values.ts'

test.each([
  ['http://example.com', { scheme: 'http', host: 'example.com', port: 80, authority: 'example.com', path: '', query: null }],
  ['HTTPS://example.com:8443/a/../b?x=1&y#z', { scheme: 'https', host: 'example.com', port: 8443, authority: 'example.com:8443', path: '/a/../b', query: 'x=1&y' }],
  ['http://[2001:db8::1]:81//x', { host: '2001:db8::1', port: 81, authority: '[2001:db8::1]:81', path: '//x' }],
  ['http://user:p%40ss@example.com/', { userinfo: 'user:p%40ss', host: 'example.com', path: '/' }],
  ['https://example.com?x', { path: '', query: 'x' }],
  ['https://example.com:/x', { port: 443, authority: 'example.com' }],
])('%s', (url, expected) => expect(parseAddress(url)).toMatchObject(expected))

test.each(['', 'example.com', 'ftp://example.com', 'http://', 'http:///x', 'http://a b/', 'http://example.com:0/', 'http://example.com:65536/', 'http://ex\r\nample.com/', 'http://{{Hostname}}/', 'http://[::1/', 'http://a:b:c/'])('%j is no address', (url) => expect(parseAddress(url)).toBeNull())

test('what must not stand on the wire is encoded, and nothing else', () => {
  expect(wireTarget('', null)).toBe('/')
  expect(wireTarget('', 'a=1')).toBe('/?a=1')
  expect(wireTarget('/a/../b//c/%2e%zz/..;/', `x="<>'\\{}|^\``)).toBe(`/a/../b//c/%2e%zz/..;/?x="<>'\\{}|^\``)
  expect(wireTarget('/a b', 'x=1 2')).toBe('/a%20b?x=1%202')
  expect(escapeUnfit('\u00e9\r\n\t\0\x7f')).toBe('%E9%0D%0A%09%00%7F')
  fc.assert(fc.property(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }), (text) => {
    const sent = wireTarget(text, text)
    expect(sent).toMatch(/^\/[\x21-\x7e]*$/)
    expect(escapeUnfit(sent)).toBe(sent)
  }))
})

test.each([
  ['/blog', '/admin', '/blog/admin'], ['/blog/wp', '/wp-content', '/blog/wp/wp-content'], ['/blog/admin', '/blog/admin/profile', '/blog/admin/profile'], ['/blog/admin', '/blog', '/blog/admin/blog'],
  ['/blog', '/blog/', '/blog/'], ['/blog/', '//x', '/blog/x'], ['', '//x', '//x'], ['', 'x', 'x'], ['/a', '', '/a'], ['/a', 'x', '/a/x'], ['/a', '/a', '/a'], ['/x/a', '/a', '/x/a'],
])('%j before %j is %j', (base, path, merged) => expect(mergePaths(base, path)).toBe(merged))

test('queries and fragments', () => {
  expect(joinQueries(null, 'b')).toBe('b')
  expect(joinQueries('a', null)).toBe('a')
  expect(joinQueries('a', 'b')).toBe('a&b')
  expect(splitRelative('/a?b?c#d?e')).toEqual({ path: '/a', query: 'b?c' })
  expect(splitRelative('/#/alerts')).toEqual({ path: '/', query: null })
})

test('the port of the scheme is not told', () => {
  expect(hostHeader('http', 'a:80')).toBe('a')
  expect(hostHeader('https', 'a:443')).toBe('a')
  expect(hostHeader('http', 'a:443')).toBe('a:443')
  expect(hostHeader('http', '[::80]')).toBe('[::80]')
  expect(hostHeader('http', '[::1]:80')).toBe('[::1]')
})

const values = (input: string): Record<string, unknown> => Object.fromEntries(targetValues(parseTarget(input)!))

test('the values of a target', () => {
  expect(values('https://www.example.co.kr:8443/foo/bar.php')).toEqual({
    BaseURL: 'https://www.example.co.kr:8443/foo/bar.php', RootURL: 'https://www.example.co.kr:8443', Hostname: 'www.example.co.kr:8443', Host: 'www.example.co.kr', Port: '8443', Path: '/foo', File: 'bar.php', Scheme: 'https',
    Input: 'https://www.example.co.kr:8443/foo/bar.php', FQDN: 'www.example.co.kr', RDN: 'example.co.kr', DN: 'example', SD: 'www', TLD: 'co.kr',
  })
  expect(values('http://example.com')).toMatchObject({ BaseURL: 'http://example.com', Hostname: 'example.com', Port: '80', Path: '', File: '', RDN: 'example.com', DN: 'example', TLD: 'com' })
  expect(values('http://example.com')).not.toHaveProperty('SD')
  expect(values('http://example.com/app')).toMatchObject({ Path: '/', File: 'app' })
  expect(values('http://192.0.2.7')).not.toHaveProperty('RDN')
  expect(values('http://[2001:db8::1]:81/x')).toMatchObject({ Hostname: '[2001:db8::1]:81', Host: '2001:db8::1', BaseURL: 'http://[2001:db8::1]:81/x', FQDN: '2001:db8::1' })
  expect(values('example.com:8443')).toMatchObject({ Scheme: 'https', BaseURL: 'https://example.com:8443' })
})

test('they are worked out once', () => {
  const target: Target = parseTarget('http://example.com')!
  expect(targetValues(target)).toBe(targetValues(target))
})
