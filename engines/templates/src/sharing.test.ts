import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetworkError } from '@haechi/probes/wire'
import type { HttpRequest, HttpResponse, Network } from './model.ts'
import { sharing } from './sharing.ts'

const request = (given: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', scheme: 'http', host: 'a.example', port: 80, target: '/', headers: [['Host', 'a.example']], body: null, serverName: null, timeoutMs: 1000, maxBytes: 1000, ...given })
const answer = (given: Partial<HttpResponse> = {}): HttpResponse => ({ status: 200, reason: 'OK', headers: [], body: 'ok', truncated: false, durationMs: 1, address: '192.0.2.1', ...given })
const signal = new AbortController().signal

/** Answers with the number of the request; keeps what was sent. */
function counting(make: (request: HttpRequest, number: number) => HttpResponse | Promise<HttpResponse> = (_, number) => answer({ body: String(number) })): { readonly network: Network; readonly sent: HttpRequest[] } {
  const sent: HttpRequest[] = []
  return { sent, network: {
    http: async (each) => make(each, sent.push(each)),
    dial: () => Promise.reject(new NetworkError('refused', 'a.example:80', 'nobody')),
    dns: () => Promise.reject(new NetworkError('timeout', 'x', 'nobody')),
  } }
}

describe('what many ask', () => {
  test('is sent once, also while it is under way, and counted', async () => {
    const { network, sent } = counting()
    const shared = sharing(network, 10_000)
    const answers = await Promise.all(Array.from({ length: 5 }, () => shared.session().http(request(), signal)))
    expect((await shared.session().http(request(), signal)).body).toBe('1')
    expect(new Set(answers).size).toBe(1)
    expect(sent).toHaveLength(1)
    expect(shared.counts).toEqual({ asked: 6, shared: 5 })
  })

  test.each([
    ['target', { target: '/?' }], ['method', { method: 'HEAD' }], ['scheme', { scheme: 'https' as const }], ['host', { host: 'b.example' }], ['port', { port: 81 }], ['a header', { headers: [['Host', 'a.example'], ['X', '']] as const }],
    ['the writing of a header', { headers: [['host', 'a.example']] as const }], ['body', { body: '' }], ['server name', { serverName: 'b.example' }], ['how much is read', { maxBytes: 10 }],
  ])('another %s is another question', async (_, other) => {
    const { network, sent } = counting()
    const shared = sharing(network, 10_000)
    await shared.session().http(request(), signal)
    await shared.session().http(request(other), signal)
    expect(sent).toHaveLength(2)
  })

  test('what changes something is sent each time, and what comes after it in the same template', async () => {
    const { network, sent } = counting()
    const shared = sharing(network, 10_000)
    const first = shared.session()
    for (const method of ['GET', 'POST', 'GET', 'POST']) await first.http(request({ method }), signal)
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'POST'])
    expect((await shared.session().http(request(), signal)).body, 'others have the first').toBe('1')
    const unsafe = shared.session()
    await unsafe.dial('a.example', 80, { tls: null, timeoutMs: 1 }, signal).catch(() => undefined)
    expect((await unsafe.http(request(), signal)).body).toBe('5')
  })

  test('asked again after something else it is fresh, and one behind the other it is the same', async () => {
    const { network, sent } = counting()
    const session = sharing(network, 10_000).session()
    for (const target of ['/a', '/a', '/b', '/a', '/b', '/b']) await session.http(request({ target }), signal)
    expect(sent.map(({ target }) => target)).toEqual(['/a', '/b', '/a', '/b'])
  })

  test('what took long is asked again: it may be about time', async () => {
    const { network, sent } = counting(() => answer({ durationMs: 5_000 }))
    const shared = sharing(network, 10_000)
    for (let at = 0; at < 3; at++) await shared.session().http(request(), signal)
    expect(sent).toHaveLength(3)
  })

  test('a fault is nobody\'s answer, and who stops does not stop the others', async () => {
    const stop = new AbortController()
    const { network, sent } = counting((_, number) => (number > 1 ? answer() : new Promise((__, reject) => { stop.signal.addEventListener('abort', () => { reject(new NetworkError('cancelled', 'a.example:80', 'stopped')) }) })))
    const shared = sharing(network, 10_000)
    const first = shared.session().http(request(), stop.signal)
    const second = shared.session().http(request(), signal)
    stop.abort()
    await expect(first).rejects.toMatchObject({ fault: 'cancelled' })
    expect((await second).body).toBe('ok')
    expect(sent).toHaveLength(2)
  })
})

test('never keeps more than it may, and what it keeps is what was answered', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(12), fc.nat(3)), { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), async (asked, room) => {
    // Paths of one number have one body for good; bodies repeat.
    const { network, sent } = counting(({ target }) => answer({ body: 'x'.repeat((Number(target.slice(1)) % 5) * 300) }))
    const shared = sharing(network, room * 1_000)
    for (const [path] of asked) expect((await shared.session().http(request({ target: `/${path}` }), signal)).body.length).toBe((path % 5) * 300)
    expect(sent.length).toBeGreaterThanOrEqual(new Set(asked.map(([path]) => path)).size)
    expect(shared.counts.asked - shared.counts.shared).toBe(sent.length)
  }), { numRuns: 200 })
  const { network, sent } = counting(() => answer({ body: 'x'.repeat(1_000) }))
  const shared = sharing(network, 20_000)
  for (let round = 0; round < 2; round++) for (let path = 0; path < 100; path++) await shared.session().http(request({ target: `/${path}` }), signal)
  expect(sent.length, 'equal bodies count once, so that about 30 stay').toBe(200)
  await shared.session().http(request({ target: '/99' }), signal)
  expect(sent).toHaveLength(200)
})
