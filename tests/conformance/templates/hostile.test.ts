// Targets and templates that mean harm, one after the other: each beside a template that finds what it is for, in a process that has little memory. What does harm
// ends within its bounds, is told by its code or fault, and the rest goes on.
import { fork, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { NetworkFault, ProblemCode, ScanEvent, ScanTotals } from '../../../engines/templates/src/index.ts'
import type { Done, Job } from './confined.ts'
import { serveBytes, settings } from './harness.ts'

/** What the whole of these scans may take, in megabytes: the heap as it is limited, code, and what is under way in buffers. */
const mostMegabytes = 600
const heapMegabytes = 300
/** Of one scan. Each has a handful of requests, of which some wait for their time. */
const mostMilliseconds = 60_000
/** Of one request to a target that does harm by being slow. */
const timeoutMs = 1_000

let child: ChildProcess | null = null
afterAll(() => void child?.kill('SIGKILL'))

async function confined(job: Job): Promise<Done> {
  child ??= fork(fileURLToPath(new URL('confined.ts', import.meta.url)), { execArgv: [`--max-old-space-size=${heapMegabytes}`], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const running = child
  let said = ''
  running.stderr!.on('data', (text: Buffer) => { said += text.toString() })
  const over = new AbortController()
  const timer = setTimeout(() => running.kill('SIGKILL'), mostMilliseconds)
  try {
    running.send(job)
    return await Promise.race([
      once(running, 'message', { signal: over.signal }).then(([done]) => done as Done),
      once(running, 'exit', { signal: over.signal }).then(([code, signal]): never => { child = null; throw new Error(`the scan did not end by itself: ${code ?? signal}\n${said.slice(-2_000)}`) }),
    ])
  } finally {
    clearTimeout(timer)
    over.abort()
    running.stderr!.removeAllListeners('data')
  }
}

type Reply = (socket: Socket, path: string, head: string) => void
const ok = (body: string, head = ''): string => `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`

/** Says what is good under /good, nothing under names that nobody knows, and leaves what begins with /bad to `reply`. */
const site = (reply: Reply, heads: string[]): ReturnType<typeof serveBytes> => serveBytes((socket) => {
  let text = ''
  socket.on('error', () => undefined).on('end', () => socket.end()).on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end)
      heads.push(head)
      text = text.slice(end + 4)
      const path = head.split(' ')[1] ?? ''
      if (path === '/good') socket.write(ok('a good answer'))
      else if (path.startsWith('/bad')) reply(socket, path, head)
      else socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone')
    }
  })
})

const info = (id: string): string => `id: ${id}\ninfo:\n  name: ${id}\n  author: haechi\n  severity: high\n`
const good = `${info('good')}http:\n  - path: ['{{BaseURL}}/good']\n    matchers:\n      - type: word\n        words: [a good answer]\n`
/** One request, and what stands below it. */
const http = (rest: string, path = '/bad'): string => `${info('bad')}http:\n  - path: ['{{BaseURL}}${path}']\n${rest}`
const needle = `    matchers:\n      - type: word\n        words: [needle]\n`

type Scanned = Done & { readonly totals: ScanTotals; readonly found: readonly string[]; readonly failed: readonly { readonly code: string; readonly reason: string }[]; readonly heads: readonly string[] }

/** Scans with `templates`, between which stands the good one, which must find what it is for. */
async function against(reply: Reply, templates: string | Readonly<Record<string, string>>, given: Partial<Job> & { readonly more?: Partial<Job['settings']> } = {}): Promise<Scanned> {
  const heads: string[] = []
  await using server = await site(reply, heads)
  const { more, ...job } = given
  const done = await confined({ templates: { ...(typeof templates === 'string' ? { 'bad.yaml': templates } : templates), 'good.yaml': good }, targets: [server.url], names: {}, settings: { ...settings, timeoutMs, maxRequests: 500, ...more }, ...job })
  const found = done.events.filter((event): event is ScanEvent & { kind: 'match' } => event.kind === 'match').map(({ match }) => match.template)
  const failed = done.events.filter((event): event is ScanEvent & { kind: 'template_failed' } => event.kind === 'template_failed')
  const { totals } = done.events.at(-1) as ScanEvent & { kind: 'done' }
  if (process.env['HAECHI_SHOW'] === '1') console.log(expect.getState().currentTestName, Math.round(done.milliseconds), 'ms', Math.round(done.peakMegabytes), 'MB', JSON.stringify({ found, failed: failed.map(({ code, place, reason, template }) => ({ template, code, place, reason })), faults: totals.faults, requests: totals.requests, refused: done.refused.map((each) => each.problem) }).slice(0, 900))
  expect(found).toContain('good')
  expect(done.peakMegabytes).toBeLessThan(mostMegabytes)
  return { ...done, totals, found, failed, heads }
}

/** Writes the same for as long as the other side takes it. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', more)
  more()
}
/** Something little, again and again. */
function drip(socket: Socket, what: string, everyMs = 50): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(what)), everyMs)
  socket.on('close', () => clearInterval(timer))
}

const block = Buffer.alloc(65_536, 'x')
const zeros = Buffer.alloc(256 * 1024 * 1024)
const packed = {
  gzip: () => gzipSync(zeros, { level: 1 }),
  br: () => brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: () => zstdCompressSync(zeros),
}
const sent = (encoding: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`), body])

type Answer = readonly [what: string, reply: Reply, expected: { readonly found?: boolean; readonly fault?: NetworkFault }]
const head = 'HTTP/1.1 200 OK\r\n'
const answers: readonly Answer[] = [
  ['a body without end', (socket) => { socket.write(`${head}\r\nneedle`); flood(socket, block) }, { found: true }],
  ['a body without end, in chunks', (socket) => { socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n6\r\nneedle\r\n`); flood(socket, Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')])) }, { found: true }],
  ['one chunk without end', (socket) => { socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\nneedle`); flood(socket, block) }, { found: true }],
  ['a chunk whose length is no number', (socket) => { socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffffffffff\r\nneedle`); flood(socket, block) }, {}],
  ['a length in chunks without end', (socket) => { socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`); flood(socket, Buffer.alloc(65_536, '0')) }, {}],
  ['trailers without end', (socket) => { socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n6\r\nneedle\r\n0\r\n`); flood(socket, Buffer.from('X-Trailer: y\r\n'.repeat(1_000))) }, {}],
  ['a body of a terabyte', (socket) => { socket.write(`${head}Content-Length: 1099511627776\r\n\r\nneedle`); flood(socket, block) }, { found: true }],
  ['a body that drips', (socket) => { socket.write(`${head}\r\nneedle`); drip(socket, 'x') }, {}],
  ['a head that drips', (socket) => { socket.write(head); drip(socket, 'X: y\r\n') }, { fault: 'timeout' }],
  ['nothing at all', () => undefined, { fault: 'timeout' }],
  ['headers without end', (socket) => { socket.write(head); flood(socket, Buffer.from('X-Header: y\r\n'.repeat(1_000))) }, { fault: 'protocol_error' }],
  ['a header without end', (socket) => { socket.write(`${head}X: `); flood(socket, block) }, { fault: 'protocol_error' }],
  ['a status line without end', (socket) => flood(socket, block), { fault: 'protocol_error' }],
  ['interim answers without end', (socket) => flood(socket, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000))), { fault: 'timeout' }],
  ['3,000 cookies', (socket) => socket.write(ok('needle', Array.from({ length: 3_000 }, (_, at) => `Set-Cookie: c${at}=${'v'.repeat(20)}\r\n`).join(''))), {}],
  ['a body that ends early', (socket) => socket.end(`${head}Content-Length: 100\r\n\r\nneedle`), {}],
  ['chunks that end early', (socket) => socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n6\r\nneedle\r\nff\r\n`), {}],
  ['a head that ends early', (socket) => socket.end(`${head}X: `), { fault: 'closed' }],
  ['an end', (socket) => socket.end(), { fault: 'closed' }],
  ['a reset', (socket) => socket.resetAndDestroy(), { fault: 'closed' }],
  ['no status', (socket) => socket.end('needle\r\n\r\nneedle'), { fault: 'protocol_error' }],
  ['a status that is no number', (socket) => socket.end('HTTP/1.1 OK 200\r\n\r\nneedle'), { fault: 'protocol_error' }],
  ['bytes of TLS', (socket) => socket.end(Buffer.from('160303003a0200', 'hex')), {}],
]

describe('an answer', () => {
  test.each(answers)('%s', async (_, reply, { found, fault }) => {
    const { totals, found: all } = await against(reply, http(needle))
    if (found === true) expect(all).toContain('bad')
    if (fault !== undefined) expect(Object.keys(totals.faults)).toEqual([fault])
  })
})

/** 256 MB each. What is packed several times is left as it came, as Nuclei leaves it. */
const bombs: readonly (readonly [what: string, encoding: string, make: () => Buffer, unpacked: boolean])[] = [
  ['gzip', 'gzip', packed.gzip, true],
  ['br', 'br', packed.br, true],
  ['zstd', 'zstd', packed.zstd, true],
  ['a bomb in a bomb', 'gzip, br, gzip', () => gzipSync(brotliCompressSync(packed.gzip())), false],
  ['fifty encodings', Array.from({ length: 50 }, () => 'gzip').join(', '), packed.gzip, false],
]

test.each(bombs)('a bomb: %s', async (_, encoding, make, unpacked) => {
  const bomb = make()
  const { found } = await against((socket) => socket.write(sent(encoding, bomb)), http(dsl(`len(body) == ${unpacked ? settings.maxBytes : bomb.length}`)))
  expect(found).toContain('bad')
})

test('redirects in a circle, and on and on', async () => {
  const circle = await against((socket) => socket.write('HTTP/1.1 302 Found\r\nLocation: /bad\r\nContent-Length: 0\r\n\r\n'), http(`    redirects: true\n    max-redirects: 1000000\n${needle}`))
  expect(circle.heads.length).toBeLessThan(40)
  let number = 0
  const chain = await against((socket) => socket.write(`HTTP/1.1 302 Found\r\nLocation: /bad/${++number}\r\nContent-Length: 0\r\n\r\n`), http(`    redirects: true\n    max-redirects: 1000000\n${needle}`))
  expect(chain.heads.length).toBeLessThan(40)
  const elsewhere = await against((socket) => socket.write('HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n'), http(`    redirects: true\n${needle}`), { names: { 'elsewhere.test': '192.0.2.7' } })
  expect(elsewhere.totals.faults).toEqual({ out_of_scope: 1 })
})

test('what an answer says is a value in later requests, never more of them', async () => {
  const evil = ['x\\r\\nX-Injected: 1\\r\\n\\r\\nGET /evil HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', '{{base64_decode("aW5qZWN0ZWQ=")}}', '{{repeat("a", 100000000)}}', '{{Hostname}}', '\u00c2\u00a7token\u00c2\u00a7'].map((each) => each.replaceAll('\\r\\n', '\r\n'))
  for (const value of evil) {
    const { heads } = await against((socket, path) => socket.write(ok(path === '/bad' ? `token=<${value}>` : 'needle'), 'latin1'),
      `${info('bad')}http:\n  - raw:\n      - |\n        GET /bad HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        GET /bad2?x={{token}} HTTP/1.1\n        Host: {{Hostname}}\n        X-Token: {{token}}\n\n        {{token}}\n    extractors:\n      - type: regex\n        name: token\n        internal: true\n        group: 1\n        regex: ['token=<([^>]*)>']\n${needle}`)
    expect(heads.filter((head) => / \/evil|\r\nx-injected|aaaa|injected[^:]/i.test(head.replaceAll(/base64_decode\("aW5qZWN0ZWQ="\)/g, '')) && !head.startsWith('GET /bad2?x=x'))).toEqual([])
  }
})

test('a template that names another host', async () => {
  const { totals } = await against((socket) => socket.write(ok('needle')), `${info('bad')}http:\n  - path: ['http://elsewhere.test/bad', 'http://192.0.2.7/bad']\n${needle}`, { names: { 'elsewhere.test': '192.0.2.7' } })
  expect(totals.faults).toEqual({ out_of_scope: 2 })
})

const many = (count: number, line: (at: number) => string): string => Array.from({ length: count }, (_, at) => line(at)).join('')
const list = (values: readonly string[]): string => JSON.stringify(values)
const regexes = (...values: string[]): string => `    matchers:\n      - type: regex\n        condition: or\n        regex: ${list(values)}\n`
const dsl = (...values: string[]): string => `    matchers:\n      - type: dsl\n        dsl: ${list(values)}\n`
const extract = (type: string, field: string, ...values: string[]): string => `    extractors:\n      - type: ${type}\n        ${field}: ${list(values)}\n`
const flowed = (flow: string): string => `${info('bad')}flow: ${JSON.stringify(flow)}\nhttp:\n  - path: ['{{BaseURL}}/bad']\n${needle}`
const deep = `<r>${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}</r>`
const wide = `<r>${'<a b="c"><d/></a>'.repeat(50_000)}</r>`
const laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${many(20, (at) => `<!ENTITY ${String.fromCharCode(98 + at)} "${`&${String.fromCharCode(97 + at)};`.repeat(10)}">`)}]><l>&u;</l>`
/** Letters whose order nothing repeats soon. */
function mixed(length: number): string {
  let bits = 1
  return Array.from({ length }, () => (((bits = (Math.imul(bits, 1_103_515_245) + 12_345) >>> 0) & 65_536) === 0 ? 'a' : 'b')).join('')
}
const longA = `${'a'.repeat(1_000_000)}!`

/** What it is, the template, what the target says, and how it must end: by a code of the template, refused, or well (null). */
const harmful: readonly (readonly [what: string, template: string, body: string, ends: ProblemCode | 'found' | 'either' | null])[] = [
  ['(a+)+$', http(regexes('(a+)+$')), longA, null],
  ['^(a+)+$ and its kin', http(regexes('^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(x+x+)+y', '^(.*a){20}$', '(?i)(a*)*b')), longA, null],
  ['a[ab]{999}$', http(regexes('a[ab]{999}$')), mixed(1_000_000), 'budget_exceeded'],
  ['(x+x+)+y', http(regexes('(x+x+)+y')), 'x'.repeat(1_000_000), null],
  ['a{1000}{1000}', http(regexes('a{1000}{1000}')), longA, 'either'],
  ['((a{100}){100}){100}', http(regexes('((a{100}){100}){100}')), longA, 'either'],
  ['(.{1,1000}){1,1000}', http(regexes('((.{1,100}){1,100}){1,10}b')), longA, 'either'],
  ['two hundred alternatives of counted parts', http(regexes(...Array.from({ length: 200 }, (_, at) => `(?:[a-z]{1,${at + 2}}[0-9]{1,9}){2,9}z`))), longA, 'either'],
  ['combinations beyond count', `${info('bad')}http:\n  - raw:\n      - |\n        GET /bad?${many(10, (at) => `p${at}={{p${at}}}&`)} HTTP/1.1\n        Host: {{Hostname}}\n    attack: clusterbomb\n    payloads:\n${many(10, (at) => `      p${at}: ${list(Array.from({ length: 1_000 }, (_, value) => `v${value}`))}\n`)}${needle}`, 'x', 'either'],
  ['more requests than may be', `${info('bad')}http:\n  - raw:\n      - |\n        GET /bad?{{a}}={{b}} HTTP/1.1\n        Host: {{Hostname}}\n    attack: clusterbomb\n    payloads:\n      a: ${list(Array.from({ length: 1_000 }, (_, at) => `a${at}`))}\n      b: ${list(Array.from({ length: 1_000 }, (_, at) => `b${at}`))}\n${needle}`, 'x', 'budget_exceeded'],
  ['a race of a million', http(`    race: true\n    race_count: 1000000\n${needle}`), 'x', 'either'],
  ['a flow without end', flowed('for (;;) { set("a", 1) }'), 'x', 'budget_exceeded'],
  ['a flow that asks without end', flowed('while (true) { http() }'), 'x', 'budget_exceeded'],
  ['a flow that calls itself', flowed('function f() { return f() + f() } f()'), 'x', 'budget_exceeded'],
  ['a flow whose text doubles', flowed('let s = "x"; while (true) { s = s + s }'), 'x', 'budget_exceeded'],
  ['a flow whose list grows', flowed('let a = [1]; while (true) { a = a.concat(a) }'), 'x', 'budget_exceeded'],
  ['a flow that sets without end', flowed('let i = 0; while (true) { i++; set("n" + i, "x".repeat(100000)) }'), 'x', 'budget_exceeded'],
  ['a flow that looks at an answer without end', flowed('http(); let a = []; while (true) { a.push(template.http_body) }'), '\u00e9'.repeat(1_000_000), 'budget_exceeded'],
  ['jq: a range', http(extract('json', 'json', '[range(1e12)]')), '{"a":1}', 'either'],
  ['jq: nothing but itself', http(extract('json', 'json', 'def f: f; f')), '{"a":1}', 'either'],
  ['jq: a text a billion times', http(extract('json', 'json', '"a" * 1000000000', '[limit(100000000; repeat(1))]', '[recurse(. + 1)] | length', 'reduce range(100000000) as $i (""; . + "x")')), '{"a":1}', 'either'],
  ['jq: what is deep', http(extract('json', 'json', '.. | ..', '[paths]')), `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'either'],
  ['jq: much of much', http(extract('json', 'json', '[.[] as $x | .[] | . + $x] | add')), `[${'1,'.repeat(20_000)}1]`, 'either'],
  ['xpath: all of all of what is deep', http(extract('xpath', 'xpath', '//*[.//*[.//*[.//*]]]', '//*/ancestor::*/descendant::*')), deep, 'either'],
  ['xpath: all of all of what is wide', http(extract('xpath', 'xpath', '//*[count(//*) > 1][count(//*) > 2]', '//a/following::a/preceding::a')), wide, 'either'],
  ['xpath: a billion laughs', http(extract('xpath', 'xpath', '/l', '//text()')), laughs, 'either'],
  ['xpath: a million tags that nobody closes', http(extract('xpath', 'xpath', '//b')), '<a><b>'.repeat(600_000), 'either'],
  ['dsl: a text without end', http(dsl('len(repeat("a", 1000000000)) > 0')), 'x', 'either'],
  ['dsl: texts within texts', http(dsl('len(repeat(repeat(repeat("abcdefgh", 1000), 1000), 1000)) > 0', 'contains(replace(body, "a", body), "zz")', 'len(join(body, split(body, ""))) > 1000000000000')), 'a'.repeat(1_000_000), 'either'],
  ['dsl: a text that unpacks', http(dsl('len(gzip_decode(body)) > 1000000000', 'len(zlib_decode(body)) > 1')), gzipSync(zeros, { level: 1 }).toString('latin1'), 'either'],
  ['dsl: random text without end', http(dsl('len(rand_text_alpha(1000000000)) > 0')), 'x', 'either'],
  ['dsl: variables of variables', `${info('bad')}variables:\n  v0: 'aaaaaaaaaa'\n${many(30, (at) => `  v${at + 1}: '${`{{v${at}}}`.repeat(10)}'\n`)}http:\n  - path: ['{{BaseURL}}/bad?{{v30}}']\n${needle}`, 'x', 'either'],
  ['dsl: variables in a circle', `${info('bad')}variables:\n  a: '{{b}}'\n  b: '{{a}}'\nhttp:\n  - path: ['{{BaseURL}}/bad?{{a}}']\n${needle}`, 'x', 'either'],
  ['extractors: each letter of much, a hundred times', http(`    extractors:\n${many(100, () => '      - type: regex\n        regex: ["."]\n')}`), longA, 'either'],
  ['extractors: what is handed on, by all of it', `${info('bad')}http:\n  - raw:\n      - |\n        GET /bad HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        GET /bad2?{{letter}}={{other}} HTTP/1.1\n        Host: {{Hostname}}\n    iterate-all: true\n    extractors:\n      - type: regex\n        name: letter\n        internal: true\n        regex: ["."]\n      - type: regex\n        name: other\n        internal: true\n        regex: [".."]\n${needle}`, longA.slice(0, 200_000), 'either'],
  ['extractors: a value of megabytes into the next request', `${info('bad')}http:\n  - raw:\n      - |\n        GET /bad HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        POST /bad2 HTTP/1.1\n        Host: {{Hostname}}\n\n        ${'{{all}}'.repeat(100)}\n    extractors:\n      - type: regex\n        name: all\n        internal: true\n        regex: ["a+"]\n${needle}`, longA, 'either'],
  ['a hundred thousand words', http(`    matchers:\n      - type: word\n        words: ${list(Array.from({ length: 100_000 }, (_, at) => `word${at}`))}\n`), longA, 'either'],
  ['anchors that multiply', `${info('bad')}x0: &x0 [a,a,a,a,a,a,a,a,a,a]\n${many(9, (at) => `x${at + 1}: &x${at + 1} [${Array.from({ length: 10 }, () => `*x${at}`).join(',')}]\n`)}http:\n  - path: *x9\n`, 'x', 'either'],
  ['a template that is deep', `${info('bad')}http: ${'['.repeat(100_000)}`, 'x', 'either'],
  ['bytes', '\0\u00ff\u00fe'.repeat(10_000), 'x', 'either'],
  ['a workflow that names itself', `${info('bad')}workflows:\n  - template: bad.yaml\n    subtemplates:\n      - template: bad.yaml\n`, 'x', 'either'],
]

describe('a template', () => {
  test.each(harmful)('%s', async (_, template, body, ends) => {
    const { refused, failed, found } = await against((socket) => socket.write(ok(body), 'latin1'), template, { more: { timeoutMs: 20_000 } })
    const codes = [...refused.map(({ problem }) => problem.code), ...failed.map(({ code }) => code)]
    expect(codes).not.toContain('internal')
    if (ends === 'found') expect(found).toContain('bad')
    else if (ends === null) expect(codes).toEqual([])
    else if (ends !== 'either') expect(codes).toEqual([ends])
  })
})

const tcp = (rest: string): string => `${info('bad')}tcp:\n  - host: ['127.0.0.1:PORT']\n    inputs:\n      - data: "x"\n${rest}    matchers:\n      - type: word\n        words: [needle]\n`
const websocket = `${info('bad')}websocket:\n  - address: 'ws://127.0.0.1:PORT/'\n    inputs:\n      - data: x\n    matchers:\n      - type: word\n        words: [needle]\n`
const tls = `${info('bad')}ssl:\n  - address: '127.0.0.1:PORT'\n    tls_version_enum: true\n    tls_cipher_enum: true\n    matchers:\n      - type: word\n        words: [needle]\n`
const switched = (head: string): string => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${head}\r\n\r\n`

/** What a server does with each connection, once something was sent to it, and the one fault that is counted where it is certain which. */
const conversations: readonly (readonly [what: string, template: string, talk: (socket: Socket) => void, fault: NetworkFault | null])[] = [
  ['tcp: bytes without end', tcp(''), (socket) => flood(socket, block), null],
  ['tcp: bytes without end, all of them', tcp('    read-all: true\n'), (socket) => flood(socket, block), null],
  ['tcp: bytes that drip', tcp('    read-all: true\n'), (socket) => drip(socket, 'x'), null],
  ['tcp: nothing', tcp('    read-all: true\n'), () => undefined, null],
  ['tcp: a reset', tcp(''), (socket) => socket.resetAndDestroy(), null],
  ['websocket: a head without end', websocket, (socket) => { socket.write('HTTP/1.1 101 Switching Protocols\r\n'); flood(socket, Buffer.from('X: y\r\n'.repeat(1_000))) }, 'protocol_error'],
  ['websocket: frames without end', websocket, (socket) => { socket.write(switched('x')); flood(socket, Buffer.from('\u0081\u0005hello'.repeat(1_000), 'latin1')) }, null],
  ['websocket: pings without end', websocket, (socket) => { socket.write(switched('x')); flood(socket, Buffer.from('\u0089\0'.repeat(1_000), 'latin1')) }, null],
  ['websocket: one frame without end', websocket, (socket) => { socket.write(Buffer.from(`${switched('x')}\u0082\u007f\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff`, 'latin1')); flood(socket, block) }, null],
  ['websocket: a message in parts without end', websocket, (socket) => { socket.write(Buffer.from(`${switched('x')}\u0001\0`, 'latin1')); flood(socket, Buffer.from('\0\0'.repeat(1_000), 'latin1')) }, null],
  ['ssl: records without end', tls, (socket) => flood(socket, Buffer.from(`\u0016\u0003\u0003\u0040\0${'\0'.repeat(16_384)}`, 'latin1')), null],
  ['ssl: a handshake message without end', tls, (socket) => { socket.write(Buffer.from('\u0016\u0003\u0003\u0040\0\u000b\u00ff\u00ff\u00ff', 'latin1')); flood(socket, Buffer.alloc(65_536, 0x16)) }, null],
  ['ssl: bytes without end', tls, (socket) => flood(socket, block), null],
  ['ssl: a handshake that drips', tls, (socket) => drip(socket, '\u0016\u0003'), null],
]

describe('a server', () => {
  test.each(conversations)('%s', async (_, template, talk, fault) => {
    await using server = await serveBytes((socket) => socket.on('error', () => undefined).on('end', () => socket.destroy()).once('data', () => talk(socket)))
    const { refused, failed, totals } = await against(() => undefined, template.replaceAll('PORT', String(server.port)), { more: { timeoutMs: fault === null ? 300 : 5_000 } })
    expect(refused).toEqual([])
    expect(failed.map(({ code }) => code)).not.toContain('internal')
    expect(totals.run).toBe(2)
    if (fault !== null) expect(totals.faults).toEqual({ [fault]: 1 })
  })

  test('dns: answers to other questions, and broken ones', async () => {
    const udp = createSocket('udp4')
    const junk = [Buffer.alloc(65_000), Buffer.from('\0'.repeat(12)), Buffer.alloc(11), Buffer.alloc(0)]
    udp.on('message', (question, from) => {
      for (const each of junk) udp.send(each, from.port, from.address)
      // All records point at themselves.
      udp.send(Buffer.concat([question.subarray(0, 2), Buffer.from('8180ffffffffffffffff', 'hex'), Buffer.alloc(2_000, 0xc0)]), from.port, from.address)
    })
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    onTestFinished(() => void udp.close())
    const { refused, failed, totals } = await against(() => undefined, `${info('bad')}dns:\n  - name: example.com\n    type: A\n    matchers:\n      - type: word\n        words: [needle]\n`, { more: { timeoutMs: 300, resolvers: [`127.0.0.1:${udp.address().port}`] } })
    expect(refused).toEqual([])
    expect(failed.map(({ code }) => code)).not.toContain('internal')
    expect(totals.requests.sent).toBeGreaterThan(1)
  })
})

test('files: what is no file, has no end, is a gigabyte of nothing or leads in a circle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-hostile-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const at = (...names: string[]): string => join(folder, ...names)
  for (const each of ['templates', 'files', 'files/inner']) mkdirSync(at(each))
  writeFileSync(at('templates/good.yaml'), `${info('good')}file:\n  - extensions: [all]\n    matchers:\n      - type: word\n        words: [needle]\n`)
  writeFileSync(at('templates/archives.yaml'), `${info('archives')}file:\n  - extensions: [all]\n    archive: true\n    matchers:\n      - type: regex\n        regex: ['(a+)+$', 'secret[0-9]{3}']\n`)
  writeFileSync(at('templates/busy.yaml'), `${info('busy')}file:\n  - extensions: [all]\n    matchers:\n      - type: regex\n        regex: ['a[ab]{999}$']\n`)
  writeFileSync(at('templates/broken.yaml'), 'id: [')
  writeFileSync(at('files/a.txt'), 'a needle')
  writeFileSync(at('files/sparse.txt'), 'x')
  truncateSync(at('files/sparse.txt'), 1024 * 1024 * 1024)
  writeFileSync(at('files/bomb.gz'), packed.gzip())
  writeFileSync(at('files/long.txt'), 'a'.repeat(3_000_000))
  writeFileSync(at('files/mixed.txt'), mixed(3_000_000))
  expect(spawnSync('mkfifo', [at('files/fifo.txt')]).status).toBe(0)
  symlinkSync('/dev/zero', at('files/device.txt'))
  symlinkSync('..', at('files/inner/circle'))
  symlinkSync('itself', at('files/itself'))
  // Deeper than a path may be long.
  expect(spawnSync('sh', ['-c', `i=0; while [ $i -lt 60 ]; do mkdir ${'d'.repeat(100)} && cd ${'d'.repeat(100)}; i=$((i+1)); done; echo needle > deep.txt`], { cwd: at('files') }).status).toBe(0)
  writeFileSync(at('files/z.txt'), 'a needle at the end')

  const haechi = spawn(process.execPath, [`--max-old-space-size=${heapMegabytes}`, fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url)), 'templates', 'run', at('files'), '--templates', at('templates'), '--all', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => haechi.kill('SIGKILL'), mostMilliseconds)
  let out = ''
  let err = ''
  haechi.stdout.on('data', (text: Buffer) => { out += text.toString() })
  haechi.stderr.on('data', (text: Buffer) => { err += text.toString() })
  const [code, signal] = await once(haechi, 'close') as [number | null, string | null]
  clearTimeout(timer)
  if (process.env['HAECHI_SHOW'] === '1') console.log(code, signal, out.slice(0, 3_000), err.slice(0, 3_000))
  expect({ signal, internal: /internal|Error:/.test(err) }).toEqual({ signal: null, internal: false })
  expect(out).toContain('a.txt')
  expect(out).toContain('z.txt')
  expect(out).not.toContain('device.txt')
  expect(err).toContain('file_unreadable')
  expect(err).toMatch(/busy.*budget_exceeded/)
})
