import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { controlOf, judgeHost, twinOf } from './believing.ts'
import type { HttpRequest, Info, Match } from './model.ts'

const request = (given: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', scheme: 'http', host: 'a.example', port: 80, target: '/', headers: [['Host', 'a.example'], ['User-Agent', 'Haechi']], body: null, serverName: null, timeoutMs: 1000, maxBytes: 1000, ...given })

describe('the same request where nothing can be', () => {
  test('the front page is no question', () => {
    for (const [target, base] of [['/', ''], ['/app', '/app'], ['/app/', '/app'], ['/', '/app']]) expect(controlOf(request({ target: target! }), base!, 1), target).toBeNull()
  })

  test.each([
    ['/.env', /^\/[a-z]{10}\/\.env$/], ['/wp-content/plugins/x/readme.txt?ver=1', /^\/[a-z]{10}\/wp-content\/plugins\/x\/readme\.txt\?[a-z]{3}=1$/], ['/?s=<script>', /^\/\?[a-z]{3}=<script>$/], ['/?x[]=1&y', /^\/\?[a-z]{3}=1&[a-z]{3}$/],
    ['/static/../../etc/passwd', /^\/[a-z]{6}\/[a-z]{4}\/[a-z]{4}\/[a-z]{4}\/[a-z]{6}$/], ['/a/%2e%2e/x.php', /^\/[a-z]{4}\/[a-z]{6}\/[a-z]{5}\.php$/], ['/?IO.popen(1)', /^\/[a-z]{10}\/\?IO\.popen\(1\)$/], ['//evil.example/%2f..', /^\/\/[a-z]{12}\/[a-z]{5}$/],
  ])('%s', (target, expected) => { expect(controlOf(request({ target }), '', 1)?.target).toMatch(expected) })

  test('beneath the folder of the target', () => { expect(controlOf(request({ target: '/app/.env' }), '/app', 1)?.target).toMatch(/^\/app\/[a-z]{10}\/\.env$/) })

  test('what it carries stays, its names do not', () => {
    expect(controlOf(request({ method: 'POST', body: 'user=admin&pass=\'or 1=1', headers: [['Content-Type', 'application/x-www-form-urlencoded']] }), '', 1)?.body).toMatch(/^[a-z]{4}=admin&[a-z]{4}='or 1=1$/)
    expect(controlOf(request({ method: 'POST', body: '{"method": "eth_accounts", "id":1}' }), '', 1)?.body).toMatch(/^\{"[a-z]{6}": "eth_accounts", "[a-z]{3}":1\}$/)
    expect(controlOf(request({ method: 'POST', body: '<a:run x="1"><cmd>id</cmd></a:run>' }), '', 1)?.body).toMatch(/^<a:[a-z]{3} x="1"><([a-z]{3})>id<\/\1><\/a:[a-z]{3}>$/)
    const headers = controlOf(request({ headers: [['X-Middleware-Subrequest', 'src/middleware'], ['Cookie', 'id=1; x=2'], ['Authorization', `Basic ${Buffer.from('admin:admin').toString('base64')}`], ['Accept', '*/*']] }), '', 1)!.headers
    expect(headers[0]).toEqual([expect.stringMatching(/^x-[a-z]{23}$/), 'src/middleware'])
    expect(headers[1]![1]).toMatch(/^[a-z]{2}=1; [a-z]=2$/)
    expect(Buffer.from(headers[2]![1].slice(6), 'base64').toString()).toMatch(/^[a-z]{6}:[a-z]{8}$/)
    expect(headers[3]).toEqual(['Accept', '*/*'])
  })

  test('what stands in a header that all requests have is asked elsewhere', () => {
    expect(controlOf(request({ headers: [['Content-Type', '%{(#cmd="id")}']] }), '', 1)?.target).toMatch(/^\/[a-z]{10}\/$/)
    expect(controlOf(request({ headers: [['User-Agent', 'Mozilla/5.0 (Windows NT 6.1; WOW64) Gecko/20100101']] }), '', 1)).toBeNull()
  })

  test('it is always another request, one that may be sent, and says nothing in its harmless form', () => {
    const target = fc.oneof(fc.webPath(), fc.stringMatching(/^\/[!-~]{0,30}$/), fc.tuple(fc.webPath(), fc.webQueryParameters()).map(([path, query]) => `${path}?${query}`)).map((text) => (text.startsWith('/') ? text : `/${text}`))
    fc.assert(fc.property(target, fc.option(fc.string()), fc.integer(), (given, body, seed) => {
      const original = request({ target: given, body, method: body === null ? 'GET' : 'POST' })
      const control = controlOf(original, '', seed)
      if (control === null) return
      expect(control.target).toMatch(/^\/[\x21-\xff]*$/)
      expect([control.target, control.body, control.headers]).not.toEqual([original.target, original.body, original.headers])
      expect(controlOf(original, '', seed)).toEqual(control)
      expect(twinOf(control, '', seed).target).toMatch(/^\/[a-z/]*(\.[a-z0-9]{1,5})?(\?[a-z]+=[a-z]+)?$/i)
    }), { numRuns: 2000 })
  })
})

test('more products than one host has are a trap; plugins of one product are not', () => {
  const match = (vendor: string, tags: readonly string[] = []): Match => ({ doubt: null, template: vendor, info: { tags, metadata: { vendor }, classification: { cpe: null } } as unknown as Info }) as Match
  const vendors = Array.from({ length: 10 }, (_, at) => `vendor${at}`)
  expect(judgeHost(vendors.map((vendor) => match(vendor))).every(({ doubt }) => doubt === 'honeypot')).toBe(true)
  expect(judgeHost(vendors.slice(1).map((vendor) => match(vendor))).every(({ doubt }) => doubt === null)).toBe(true)
  expect(judgeHost(vendors.map((vendor) => match(vendor, ['wp-plugin']))).every(({ doubt }) => doubt === null)).toBe(true)
})
