import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TemplateError } from '../problem.ts'
import { parseAddress } from './address.ts'
import { isMultipart, mergeTarget, mergeUnsafeTarget, readHead, splitRaw } from './raw.ts'

test('LF becomes CRLF, unless somebody wrote CRLF', () => {
  expect(splitRaw('GET / HTTP/1.1\nHost: x\n\nbody\n')).toMatchObject({ head: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', body: 'body\r\n' })
  expect(splitRaw('GET / HTTP/1.1\r\nHost: x\r\n\r\na\nb')).toMatchObject({ head: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', body: 'a\nb' })
  expect(splitRaw('GET / HTTP/1.1\nHost: x\n')).toMatchObject({ head: 'GET / HTTP/1.1\r\nHost: x\r\n', body: '' })
  expect(splitRaw('GET / HTTP/1.1\nHost: x\n  \nbody')).toMatchObject({ body: 'body' })
})

test('annotations stand before the request line', () => {
  expect(splitRaw('@Host: https://other:8443\n@tls-sni: {{Host}}\n@timeout: 20s\n@once\nGET / HTTP/1.1\n')).toEqual({ host: 'https://other:8443', serverName: '{{Host}}', timeoutMs: 20_000, once: true, head: 'GET / HTTP/1.1\r\n', body: '' })
  expect(splitRaw('@timeout 15s\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: 15_000 })
  expect(splitRaw('@timeout:20\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: 20_000 })
  expect(splitRaw('@timeout: 1m30s\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: 90_000 })
  expect(splitRaw('@timeout: 900ms\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: 900 })
  expect(splitRaw('@timeout: 99h\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: 120_000 })
  expect(splitRaw('@timeout: soon\nGET / HTTP/1.1\n')).toMatchObject({ timeoutMs: null })
  expect(splitRaw('@unknown: x\nGET @once HTTP/1.1\n@once: y\n')).toMatchObject({ once: false, head: 'GET @once HTTP/1.1\r\n@once: y\r\n' })
  expect(splitRaw('@once')).toMatchObject({ once: true, head: '' })
})

test('the request line', () => {
  expect(readHead('GET /x?y=1 HTTP/1.1\r\n', false)).toMatchObject({ method: 'GET', target: '/x?y=1', targetAt: 4 })
  expect(readHead('GET HTTP/1.1\r\n', false)).toMatchObject({ target: '' })
  expect(readHead('GET  HTTP/1.1\r\n', false)).toMatchObject({ target: '' })
  expect(readHead('GET /x\r\n', false)).toMatchObject({ target: '/x' })
  expect(readHead('GET /a b HTTP/1.1\r\n', false)).toMatchObject({ target: '/a' })
  expect(readHead('PURGE http://a/b HTTP/1.1  \r\n', false)).toMatchObject({ method: 'PURGE', target: 'http://a/b' })
})

test('headers: the last of a name counts, the empty line ends them', () => {
  expect(readHead('GET / HTTP/1.1\r\nexample.com\r\n', false).headers).toEqual([['example.com', '']])
  const text = 'GET / HTTP/1.1\r\nA: 1\r\n B :2\r\nA:3:4\r\n\r\nrest: 1\r\n'
  const head = readHead(text, false)
  expect(head.headers).toEqual([['A', '3:4'], ['B', '2']])
  expect(text.slice(head.end)).toBe('rest: 1\r\n')
})

test('what would begin a header of its own is refused where clients refuse it, and kept where bytes are sent', () => {
  for (const text of ['', 'GET\r\n', 'G(T / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nno thing\r\n', 'GET / HTTP/1.1\r\n{\r\n', 'GET / HTTP/1.1\r\na b: c\r\n', 'GET / HTTP/1.1\r\n: c\r\n']) {
    expect(() => readHead(text, false), text).toThrow(TemplateError)
    expect(() => readHead(text, true), text).not.toThrow()
  }
})

test('multipart is seen whatever the case', () => {
  expect(isMultipart([['content-type', 'Multipart/form-data; boundary=x']])).toBe(true)
  expect(isMultipart([['Content-Type', 'application/json']])).toBe(false)
})

const base = (url: string): NonNullable<ReturnType<typeof parseAddress>> => parseAddress(url)!

test('the path of the target comes first, unless it is there already or must not', () => {
  const app = base('http://x/app?t=1')
  expect(mergeTarget(app, '/a?b=2', false)).toEqual({ path: '/app/a', query: 't=1&b=2' })
  expect(mergeTarget(app, '/app/a', false)).toEqual({ path: '/app/a', query: 't=1' })
  expect(mergeTarget(app, '/', false)).toEqual({ path: '/app', query: 't=1' })
  expect(mergeTarget(app, '', false)).toEqual({ path: '/app', query: 't=1' })
  expect(mergeTarget(app, 'http://other/a?b', false)).toEqual({ path: '/app/a', query: 't=1&b' })
  expect(mergeTarget(app, '/a', true)).toEqual({ path: '/a', query: 't=1' })
  expect(mergeTarget(app, '', true)).toEqual({ path: '', query: null })
  expect(mergeTarget(base('http://x'), 'a?b', false)).toEqual({ path: 'a', query: 'b' })
  expect(mergeTarget(base('http://x'), '//a', false)).toEqual({ path: '//a', query: null })
})

test('unsafe targets stay byte for byte', () => {
  const root = base('http://x')
  for (const target of ['', '1337', '1337?with=param', '/some%0A/%0D', '//CFIDE/x', '/xyz/%u2s/%invalid', '\\..\\x', 'http://a/b', '/#x', '/']) expect(mergeUnsafeTarget(root, target, false)).toBe(target)
  expect(mergeUnsafeTarget(base('http://x/index.php'), '/', false)).toBe('/index.php')
  expect(mergeUnsafeTarget(base('http://x/app?t=1'), '/a?b', false)).toBe('/app/a?t=1&b')
  expect(mergeUnsafeTarget(base('http://x/app'), '/a', true)).toBe('/a')
  expect(mergeUnsafeTarget(base('http://x?t=1'), '1337?with=param', false)).toBe('1337?t=1&with=param')
  expect(mergeUnsafeTarget(base('http://x?t=1'), '1337', false)).toBe('1337?t=1')
})

test('mutated requests are read, or refused with a code', () => {
  const piece = fc.constantFrom('GET ', '/', ' HTTP/1.1', '\r\n', '\n', ':', ' ', 'Host', 'x', '@once', '@timeout: 5s\n', '@Host: ', '\0', '\u00ff', '?', '#', 'http://', '{{', '\t')
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, lenient) => {
    const source = splitRaw(pieces.join(''))
    expect(source.head.length + source.body.length).toBeLessThanOrEqual(pieces.join('').length * 2)
    try {
      const head = readHead(source.head, lenient)
      expect(source.head.slice(head.targetAt).startsWith(head.target)).toBe(true)
      expect(head.target).not.toMatch(/[\n ]/)
      if (!lenient) for (const [name, value] of head.headers) expect(`${name}${value}`).not.toMatch(/[\r\n]/)
      mergeTarget(base('http://x/app?t=1'), head.target, false)
      mergeUnsafeTarget(base('http://x/app?t=1'), head.target, false)
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError)
    }
  }), { numRuns: 2_000 })
})
