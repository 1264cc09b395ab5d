import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTarget } from './target.ts'

describe('what a scan may be pointed at', () => {
  test.each([
    ['https://example.com/app', { scheme: 'https', host: 'example.com', port: null, path: '/app' }],
    ['http://example.com', { scheme: 'http', host: 'example.com', port: null, path: '' }],
    ['HTTP://EXAMPLE.com:80/', { scheme: 'http', host: 'example.com', port: 80, path: '' }],
    ['https://example.com:443/a//b/../%41/?x=1#y', { scheme: 'https', host: 'example.com', port: 443, path: '/a//b/../%41' }],
    ['example.com', { scheme: null, host: 'example.com', port: null, path: '' }],
    ['example.com.', { scheme: null, host: 'example.com', port: null, path: '' }],
    ['example.com:8443/app/', { scheme: null, host: 'example.com', port: 8443, path: '/app' }],
    ['192.0.2.7:22', { scheme: null, host: '192.0.2.7', port: 22, path: '' }],
    ['0x7f.1', { scheme: null, host: '127.0.0.1', port: null, path: '' }],
    ['[2001:db8::1]:443', { scheme: null, host: '2001:db8::1', port: 443, path: '' }],
    ['2001:db8::1', { scheme: null, host: '2001:db8::1', port: null, path: '' }],
    ['http://[::1]/x', { scheme: 'http', host: '::1', port: null, path: '/x' }],
    ['예시.example', { scheme: null, host: 'xn--vv4b11d.example', port: null, path: '' }],
  ])('%s', (input, expected) => { expect(parseTarget(input)).toEqual({ input, ...expected }) })

  test.each(['', ' ', 'ftp://example.com', 'http://', 'http://user:secret@example.com/', 'a b', 'example.com:0', 'example.com:65536', 'example.com:', 'example.com:x', 'http://[::1', '/etc/passwd', 'http:\\\\x'])('nothing: %j', (input) => {
    expect(parseTarget(input)).toBeNull()
  })

  test('never throws, and what it reads is read alike when it is written out again', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.domain(), fc.ipV6()), (input) => {
      const target = parseTarget(input)
      if (target === null) return
      const { scheme, host, port, path } = target
      const again = parseTarget(`${scheme === null ? '' : `${scheme}://`}${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}${path}`)
      expect({ ...again, input: '' }).toEqual({ ...target, input: '' })
    }), { numRuns: 400 })
  })
})
