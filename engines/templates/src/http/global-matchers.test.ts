import { expect, test } from 'vitest'
import type { HttpRequest, Match, Network } from '../model.ts'
import { parseTarget } from '../target.ts'
import { globalBlocks, watched } from './global-matchers.ts'
import { httpTemplate } from './web.fixture.ts'

const request: HttpRequest = { method: 'GET', scheme: 'http', host: 'a.test', port: 81, target: '/x', headers: [], body: null, serverName: null, timeoutMs: 1, maxBytes: 1 }
const network = (body: string): Network => ({
  http: () => Promise.resolve({ status: 200, reason: 'OK', headers: [], body, truncated: false, durationMs: 1, address: '192.0.2.7' }),
  dial: () => Promise.reject(new Error('dial')),
  dns: () => Promise.reject(new Error('dns')),
})
const template = httpTemplate('  - global-matchers: true\n    matchers:\n      - type: word\n        name: waf\n        words: ["waf-{{Host}}"]\n')

test('every answer is looked at, and a finding is told once', async () => {
  const found: Match[] = []
  const watching = watched(network('by waf-a.test'), globalBlocks([template, httpTemplate('  - path: ["{{BaseURL}}"]\n')]), { target: parseTarget('http://a.test:81')!, random: () => 1, now: () => 1, report: (match) => void found.push(match), failed: () => undefined })
  const { signal } = new AbortController()
  expect(await watching.http(request, signal)).toMatchObject({ body: 'by waf-a.test' })
  await watching.http({ ...request, target: '/y' }, signal)
  expect(found).toMatchObject([{ template: 'example', matcher: 'waf', matchedAt: 'http://a.test:81/x' }])
})

test('without such blocks the network is what it was', () => {
  const plain = network('')
  expect(watched(plain, globalBlocks([httpTemplate('  - path: ["{{BaseURL}}"]\n')]), { target: parseTarget('http://a.test')!, random: () => 1, now: () => 1, report: () => undefined, failed: () => undefined })).toBe(plain)
})
