import { expect, test } from 'vitest'
import type { HttpRequest } from '../network.ts'
import { web } from './site.fixture.ts'
import { Visitor, textOf, titleOf } from './visitor.ts'

const budget = { requests: 100, bytes: 1_000_000, durationMs: 1_000 }
const at = (path: string): URL => new URL(path, 'https://a.test/')

test('each place once, six at a time, within its time', async () => {
  const { run, requests } = web(() => 'x')
  let running = 0
  let most = 0
  const network = { ...run.network, http: async (request: HttpRequest, signal: AbortSignal) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => { setImmediate(resolve) })
    running--
    return run.network.http(request, signal)
  } }
  let now = 0
  const visitor = new Visitor({ ...run, network, now: () => now }, budget)
  await Promise.all(Array.from({ length: 30 }, (_, index) => visitor.ask(at(`/${index % 20}`))))
  expect([requests.length, most, visitor.requests]).toEqual([20, 6, 20])
  now = 1_001
  expect(await visitor.ask(at('/late'))).toBeNull()
  expect(visitor.faults).toEqual([{ place: 'https://a.test', fault: 'budget_exceeded', message: { en: 'stopped after 20 requests, 20 bytes and 1 s', ko: '요청 20건, 20바이트, 1초 만에 중단함' } }])
  expect(visitor.spent).toBe(true)
})

test('equal texts are told once, and pages of errors only a few', async () => {
  const told: string[] = []
  const { run } = web((_, url) => (url.pathname.startsWith('/missing') ? { status: 404, body: `no ${url.pathname}` } : { body: url.pathname.length > 5 ? 'the same' : url.pathname }))
  const visitor = new Visitor(run, budget, (url) => told.push(url))
  for (const path of ['/a', '/b', '/longer1', '/longer2', ...Array.from({ length: 9 }, (_, index) => `/missing${index}`)]) await visitor.ask(at(path))
  await visitor.ask(at('/posted'), { method: 'POST', body: 'x' })
  expect(told).toEqual(['https://a.test/a', 'https://a.test/b', 'https://a.test/longer1', ...[0, 1, 2, 3, 4].map((index) => `https://a.test/missing${index}`)])
})

test('an answer that never ends counts as none', async () => {
  const { run, requests } = web(() => ({ body: 'x', truncated: true, durationMs: 1_000 }))
  const slow = { ...run, network: { ...run.network, http: async (request: HttpRequest, signal: AbortSignal) => ({ ...await run.network.http(request, signal), truncated: true, durationMs: 1_000 }) } }
  const visitor = new Visitor(slow, budget)
  for (let index = 0; index < 20; index++) await visitor.ask(at(`/${index}`))
  expect(requests).toHaveLength(4)
})

test('a page that is cut off at its limit is told once, one of which only the beginning is wanted is not', async () => {
  const { run } = web((_, url) => (url.pathname === '/long' ? 'x'.repeat(2_097_153) : 'x'.repeat(2_097_152)))
  const visitor = new Visitor(run, { ...budget, bytes: 100_000_000 })
  for (const path of ['/long', '/whole']) for (const ask of [{}, { method: 'POST' }, { maxBytes: 100 }]) await visitor.ask(at(path), ask)
  expect(visitor.faults).toEqual([{ place: 'https://a.test/long', fault: 'budget_exceeded', message: { en: 'only the first 2097152 bytes of the page were read', ko: '페이지의 처음 2097152바이트만 읽음' } }])
})

test('who stops it ends it', async () => {
  const stop = new AbortController()
  stop.abort()
  await expect(new Visitor({ ...web(() => 'x').run, signal: stop.signal }, budget).ask(at('/'))).rejects.toMatchObject({ fault: 'cancelled' })
})

test('titles in the encoding that the page names', () => {
  const korean = Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]).toString('latin1')
  const page = (type: string, body: string) => ({ status: 200, reason: '', headers: [['Content-Type', type]] as const, body, truncated: false, durationMs: 1, address: '' })
  expect(titleOf(page('text/html; charset=euc-kr', `<title>${korean}</title>`))).toBe('한글')
  expect(titleOf(page('text/html', `<meta charset="EUC-KR"><title>${korean}</title>`))).toBe('한글')
  expect(titleOf(page('text/html', `<title>${Buffer.from('한글').toString('latin1')}</title>`))).toBe('한글')
  expect(textOf(page('text/html; charset=no-such-thing', 'a'))).toBe('a')
})
