import { describe, expect, test } from 'vitest'
import { readLibrary } from './library.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { HttpRequest, HttpResponse, Network, NetworkFault } from './model.ts'
import { scan } from './scan.ts'
import type { ScanEvent, ScanOptions, ScanTotals } from './scan.ts'
import { everything } from './selection.ts'
import { parseTarget } from './target.ts'

const library = (...texts: readonly string[]) => {
  const read = readLibrary(texts.map((text, at) => ({ path: `${at}.yaml`, content: Buffer.from(text) })))
  expect(read.refused).toEqual([])
  return read
}
const template = (id: string, lines: string, tags = 'own'): string => `id: ${id}\ninfo: {name: n, author: a, severity: high, tags: "${tags}"}\nhttp:\n  - method: GET\n${lines}`
const page = (id: string, path: string, word = 'ok'): string => template(id, `    path: ["{{BaseURL}}${path}"]\n    matchers: [{type: word, words: ["${word}"]}]\n`)
const many = (count: number, path = '/page'): string[] => Array.from({ length: count }, (_, at) => page(`t${String(at).padStart(3, '0')}`, `${path}${at}`))

const answer = (status: number, body: string, headers: HttpResponse['headers'] = []): HttpResponse => ({ status, reason: 'OK', headers, body, truncated: false, durationMs: 1, address: '192.0.2.1' })
type Tell = (request: HttpRequest, signal: AbortSignal) => HttpResponse | NetworkFault | Promise<HttpResponse>
function network(tell: Tell): Network & { readonly sent: HttpRequest[]; most: number } {
  let now = 0
  const made = {
    sent: [] as HttpRequest[], most: 0,
    async http(request: HttpRequest, signal: AbortSignal) {
      made.sent.push(request)
      made.most = Math.max(made.most, ++now)
      try {
        await Promise.resolve()
        const told = await tell(request, signal)
        if (typeof told === 'string') throw new NetworkError(told, `${request.host}:${request.port}`, told)
        return told
      } finally {
        now--
      }
    },
    dial: (host: string, port: number) => Promise.reject(new NetworkError('refused', `${host}:${port}`, 'nobody')),
    dns: () => Promise.reject(new NetworkError('timeout', 'x', 'nobody')),
  }
  return made
}

const settings: ScanOptions['settings'] = { disableRedirects: false, attack: null, serverName: null, timeoutMs: 1_000, maxBytes: 100_000, userAgent: 'Haechi', variables: {}, maxRequests: 100, resolvers: [] }
async function run(given: Partial<ScanOptions> & Pick<ScanOptions, 'library' | 'network'>, ...targets: string[]): Promise<{ readonly events: readonly ScanEvent[]; readonly totals: ScanTotals; readonly found: readonly string[] }> {
  const events: ScanEvent[] = []
  for await (const event of scan({
    selection: everything, targets: (targets.length === 0 ? ['http://a.example'] : targets).map((each) => parseTarget(each)!), settings, concurrency: { perHost: 5, overall: 10 }, rate: 0, seed: 1, now: () => 1_700_000_000_000, signal: new AbortController().signal, ...given,
  })) events.push(event)
  const done = events.at(-1)
  if (done?.kind !== 'done') throw new Error('no end')
  return { events, totals: done.totals, found: events.flatMap((event) => (event.kind === 'match' ? [`${event.match.template} ${event.match.matchedAt}`] : [])).sort() }
}
const real: Tell = ({ target }) => (target.startsWith('/page') ? answer(200, `ok ${target}`) : answer(404, 'nothing'))

describe('faults stay where they are', () => {
  test('a template that cannot go on ends itself, with its code', async () => {
    const { found, events, totals } = await run({ library: library(page('good', '/page1'), template('bad', '    path: ["{{BaseURL}}/{{repeat(\'a\', 100)}}"]\n    payloads: {x: ["1", "2", "3"]}\n    attack: batteringram\n').replace('/{{repeat(\'a\', 100)}}', '/{{x}}')), network: network(real), settings: { ...settings, maxRequests: 2 } })
    expect(found).toEqual(['good http://a.example/page1'])
    expect(events.filter(({ kind }) => kind === 'template_failed')).toMatchObject([{ template: 'bad', target: 'http://a.example', code: 'budget_exceeded' }])
    expect(totals.failed).toEqual({ budget_exceeded: 1 })
  })

  test('a third host that is silent costs some requests, and the target nothing', async () => {
    const third = Array.from({ length: 50 }, (_, at) => template(`third${at}`, `    path: ["http://b.example/${at}"]\n    matchers: [{type: status, status: [200]}]\n`))
    const { network: net, result } = await (async () => {
      const given = network((request) => (request.host === 'b.example' ? 'timeout' : real(request, new AbortController().signal)))
      return { network: given, result: await run({ library: library(...third, ...many(50)), network: given, concurrency: { perHost: 1, overall: 1 } }) }
    })()
    expect(result.found).toHaveLength(50)
    expect(result.totals.skipped).toEqual({})
    expect(result.totals.faults).toEqual({ timeout: 50 })
    expect(net.sent.filter(({ host }) => host === 'b.example')).toHaveLength(5)
  })

  test('what leads out of scope is counted', async () => {
    const { totals, found } = await run({ library: library(template('away', '    path: ["{{BaseURL}}/page"]\n    redirects: true\n    matchers: [{type: status, status: [302]}]\n')), network: network(({ host }) => (host === 'a.example' ? answer(302, '', [['Location', 'http://b.example/']]) : 'out_of_scope')) })
    expect(totals.faults, 'the template\'s, and the control\'s').toEqual({ out_of_scope: 2 })
    expect(found, 'everybody is sent there').toEqual([])
    expect(totals.held).toBe(1)
  })

  test('a target that falls silent: its templates are left out and counted, another target goes on', async () => {
    let sent = 0
    const given = network((request) => (request.host === 'a.example' && ++sent > 10 ? 'timeout' : real(request, new AbortController().signal)))
    const { events, totals, found } = await run({ library: library(...many(200)), network: given, concurrency: { perHost: 1, overall: 10 } }, 'http://a.example', 'http://b.example')
    expect(events.filter(({ kind }) => kind === 'target_unresponsive')).toMatchObject([{ target: 'http://a.example', endpoint: 'a.example:80', fault: 'timeout', failures: 30 }])
    expect(found.filter((each) => each.includes('b.example'))).toHaveLength(200)
    expect(totals.run + (totals.skipped.target_unresponsive ?? 0)).toBe(400)
    expect(totals.skipped.target_unresponsive).toBeGreaterThan(150)
  })

  test('answers in between keep a target alive, however many fail', async () => {
    let sent = 0
    const { totals } = await run({ library: library(...many(300)), network: network((request, signal) => (++sent % 20 === 0 ? real(request, signal) : 'timeout')), concurrency: { perHost: 1, overall: 1 } })
    expect(totals.skipped).toEqual({})
  })
})

describe('the way there', () => {
  test('without a scheme https is tried, then http; the port stays', async () => {
    const given = network((request, signal) => (request.scheme === 'https' ? 'tls_failed' : real(request, signal)))
    const { found } = await run({ library: library(page('one', '/page')), network: given }, 'a.example:8080')
    expect(found).toEqual(['one http://a.example:8080/page'])
    expect(given.sent.slice(0, 2).map(({ scheme, port }) => [scheme, port])).toEqual([['https', 8080], ['http', 8080]])
  })

  test('what is no HTTP is not sent again to see whether it can be believed', async () => {
    let dialled = 0
    const given = network(real)
    given.dial = async () => {
      dialled++
      let left = 'SSH-2.0-x\r\n'
      return { address: '192.0.2.1', tls: null, write: async () => undefined, close: () => undefined, read: async () => { const now = left; left = ''; return now } }
    }
    const tcp = 'id: ssh\ninfo: {name: n, author: a, severity: high}\ntcp:\n  - host: ["{{Hostname}}"]\n    inputs: [{data: "x"}]\n    matchers: [{type: word, words: ["SSH-2.0"]}]\n'
    const { totals } = await run({ library: library(tcp), network: given }, 'a.example:22')
    expect([totals.matches, totals.held, dialled]).toEqual([1, 0, 1])
  })

  test('where nothing speaks HTTP its templates are left out', async () => {
    const { totals } = await run({ library: library(page('one', '/page')), network: network(() => 'refused') }, 'a.example')
    expect([totals.run, totals.skipped]).toEqual([0, { no_web: 1 }])
  })

  test('no more at a time on one host than it may be, whatever the number of its targets', async () => {
    const given = network(async (request, signal) => {
      for (let at = 0; at < 20; at++) await Promise.resolve()
      return real(request, signal) as HttpResponse
    })
    await run({ library: library(...many(40)), network: given, concurrency: { perHost: 3, overall: 50 } }, 'http://a.example', 'http://a.example:81', 'http://a.example:82')
    expect(given.most).toBe(3)
  })

  test('no faster than it may be', async () => {
    const given = network(real)
    const begin = performance.now()
    await run({ library: library(...many(11, '/none')), network: given, rate: 100, now: () => performance.now() })
    expect(given.sent).toHaveLength(11)
    expect(performance.now() - begin).toBeGreaterThan(95)
  })
})

describe('what is told', () => {
  test('equal requests of many templates are sent once, and progress comes to its end', async () => {
    const given = network(real)
    const { totals, events } = await run({ library: library(...Array.from({ length: 120 }, (_, at) => page(`t${at}`, '/none'))), network: given })
    expect(given.sent).toHaveLength(1)
    expect(totals.requests).toEqual({ asked: 120, shared: 119, sent: 1, controls: 0 })
    expect(events.filter((event) => event.kind === 'progress').map(({ done, total }) => [done, total])).toEqual([[50, 120], [100, 120], [120, 120]])
  })

  test('one match is told once, with its doubt where there is one', async () => {
    const { events, totals } = await run({ library: library(page('everywhere', '/x', 'Welcome'), page('here', '/page7')), network: network(({ target }) => (target === '/page7' ? answer(200, 'ok') : answer(200, 'Welcome'))) })
    expect(events.filter((event) => event.kind === 'match' || event.kind === 'held').map(({ kind, match }) => [kind, match.template, match.doubt]).sort()).toEqual([['held', 'everywhere', 'catch_all'], ['match', 'here', null]])
    expect([totals.matches, totals.held]).toEqual([1, 1])
  })

  test('what a template finds twice is one match', async () => {
    const twice = template('twice', '    path: ["{{BaseURL}}/page"]\n    payloads: {x: ["1", "2"]}\n    matchers: [{type: word, words: ["ok"]}]\n')
    expect((await run({ library: library(twice), network: network(real) })).found).toEqual(['twice http://a.example/page'])
  })

  test('a stopped scan tells what it has found, and who no longer listens stops it', async () => {
    const stop = new AbortController()
    const given = network(({ target }, signal) => {
      if (target !== '/slow') return real({ target } as HttpRequest, signal)
      stop.abort()
      return new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new NetworkError('cancelled', 'a.example:80', 'stopped')) }); if (signal.aborted) reject(new NetworkError('cancelled', 'a.example:80', 'stopped')) })
    })
    const { found, totals } = await run({ library: library(page('a', '/page1'), page('b', '/slow'), page('c', '/then')), network: given, concurrency: { perHost: 1, overall: 1 }, signal: stop.signal })
    expect([found, totals.interrupted, totals.skipped]).toEqual([['a http://a.example/page1'], true, { interrupted: 1 }])

    const abandoned = network(() => new Promise<HttpResponse>(() => undefined))
    abandoned.http = (request, signal) => new Promise((_, reject) => {
      abandoned.sent.push(request)
      signal.addEventListener('abort', () => { reject(new NetworkError('cancelled', 'a.example:80', 'stopped')) })
    })
    const all = library(...Array.from({ length: 60 }, (_, at) => template(`w${at}`, '    path: ["ftp://x"]\n')), page('waits', '/slow'))
    for await (const event of scan({ library: all, selection: everything, targets: [parseTarget('http://a.example')!], settings, network: abandoned, concurrency: { perHost: 5, overall: 5 }, rate: 0, seed: 1, now: () => 0, signal: new AbortController().signal })) if (event.kind === 'progress') break
    expect(abandoned.sent.length).toBeLessThanOrEqual(1)
  })
})

describe('templates that look at everybody\'s answers', () => {
  const watching = template('watching', '    global-matchers: true\n    extractors: [{type: regex, name: key, regex: ["key-\\\\d+"]}]\n')
  const told: Tell = ({ target }) => answer(200, target === '/page1' ? 'ok key-17' : 'nothing')
  test('are off until they are asked for, and counted', async () => {
    const { found, totals } = await run({ library: library(page('good', '/page1'), watching), network: network(told) })
    expect([found, totals.skipped]).toEqual([['good http://a.example/page1'], { global: 1 }])
  })
  test('then send nothing of their own, and see the answers of others', async () => {
    const net = network(told)
    const { found } = await run({ library: library(page('good', '/page1'), watching), network: net, selection: { ...everything, ids: ['watching', 'good'] } })
    expect(found).toEqual(['good http://a.example/page1', 'watching http://a.example/page1'])
    expect(net.sent.filter(({ target }) => target === '/')).toEqual([])
  })
})

describe('workflows', () => {
  const flow = 'id: flow\ninfo: {name: n, author: a}\nworkflows:\n  - template: 0.yaml\n    subtemplates:\n      - tags: own\n      - tags: intrusive\n'
  const decides = page('decides', '/page1').replace('"own"', '"first"')
  const harmful = page('harmful', '/page3').replace('"own"', '"own,intrusive"')
  test('run what they name, but nothing that is off', async () => {
    const given = { library: library(decides, page('good', '/page2'), harmful, flow), network: network(real) }
    expect((await run({ ...given, selection: { ...everything, ids: ['flow'] } })).found).toEqual(['good http://a.example/page2'])
    expect((await run({ ...given, selection: { ...everything, ids: ['flow'], includeIntrusive: true } })).found).toEqual(['good http://a.example/page2', 'harmful http://a.example/page3'])
  })
})
