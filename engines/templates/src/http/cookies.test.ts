import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CookieJar } from './cookies.ts'

const at = (host: string, target = '/', scheme: 'http' | 'https' = 'http'): { scheme: 'http' | 'https'; host: string; target: string } => ({ scheme, host, target })
const now = 1_700_000_000_000

function after(set: string[], from = at('www.example.com', '/a/b')): CookieJar {
  const jar = new CookieJar()
  jar.store(set, from, now)
  return jar
}

test('a cookie goes back to its host, and to no other', () => {
  const jar = after(['a=1', 'b=2; Path=/'])
  expect(jar.header(at('www.example.com', '/a/c'), now)).toBe('a=1; b=2')
  expect(jar.header(at('www.example.com', '/ab'), now)).toBe('b=2')
  expect(jar.header(at('example.com', '/a/'), now)).toBeNull()
  expect(jar.header(at('x.www.example.com', '/a/'), now)).toBeNull()
})

test('a domain takes its subdomains in, never a foreign one and no suffix of names', () => {
  const jar = after(['a=1; Domain=.example.com; Path=/', 'b=1; Domain=evil.com; Path=/', 'c=1; Domain=com; Path=/', 'd=1; Domain=ww.example.com; Path=/'])
  expect(jar.header(at('other.example.com'), now)).toBe('a=1')
  expect(jar.header(at('evil.com'), now)).toBeNull()
  expect(jar.header(at('notexample.com'), now)).toBeNull()
})

test('an address is only itself', () => {
  const jar = after(['a=1; Domain=192.0.2.7', 'b=1; Domain=0.2.7'], at('192.0.2.7'))
  expect(jar.header(at('192.0.2.7'), now)).toBe('a=1')
  expect(jar.header(at('1.192.0.2.7'), now)).toBeNull()
})

test('paths match whole parts, the longest first', () => {
  const jar = after(['short=1; Path=/', 'long=1; Path=/a', 'odd=1; Path=x'])
  expect(jar.header(at('www.example.com', '/a?x=/b'), now)).toBe('long=1; odd=1; short=1')
  expect(jar.header(at('www.example.com', '/abc'), now)).toBe('short=1')
})

test('secure ones need TLS', () => {
  const jar = after(['a=1; Secure; Path=/'])
  expect(jar.header(at('www.example.com', '/', 'http'), now)).toBeNull()
  expect(jar.header(at('www.example.com', '/', 'https'), now)).toBe('a=1')
})

test('they end in time, Max-Age before Expires, and a past one deletes', () => {
  const jar = after(['a=1; Path=/; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=1; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT'])
  expect(jar.header(at('www.example.com'), now)).toBe('a=1; b=1')
  expect(jar.header(at('www.example.com'), now + 10_001)).toBe('b=1')
  jar.store(['b=; Path=/; Max-Age=0'], at('www.example.com'), now)
  expect(jar.header(at('www.example.com'), now + 10_001)).toBeNull()
})

test('a later value replaces an earlier one in its place', () => {
  const jar = after(['a=1; Path=/', 'b=1; Path=/'])
  jar.store(['a=2; Path=/'], at('www.example.com'), now)
  expect(jar.header(at('www.example.com'), now)).toBe('a=2; b=1')
})

test('no more than a bound is kept, and nothing that breaks a line', () => {
  const jar = after(Array.from({ length: 10_000 }, (_, index) => `n${index}=1; Path=/`))
  expect(jar.header(at('www.example.com'), now)!.split('; ')).toHaveLength(300)
  expect(after([`a=${'x'.repeat(10_000)}`, 'b=1\r\nX: y', '=1', 'c']).header(at('www.example.com', '/a/'), now)).toBeNull()
})

test('whatever is set, what goes back is one line', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '=', ';', ' ', '\r', '\n', '\0', 'Path', 'Domain', 'Max-Age', 'Expires', '/', '.', '1', '"') })), (set) => {
    const header = after(set).header(at('www.example.com', '/a/b', 'https'), now)
    if (header !== null) expect(header).not.toMatch(/[\r\n\0]/)
  }))
})
