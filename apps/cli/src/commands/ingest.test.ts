import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fakeServer, folder, haechi } from '../process.fixture.ts'
import type { Asked, Told } from '../process.fixture.ts'

/** Keeps what the server promises to keep: a batch once, by its key; a line that is no JSON object is refused. */
function keeper(disturb: (asked: Asked, count: number) => Told | undefined = () => undefined) {
  const kept = new Map<string, string[]>()
  const tell = (asked: Asked, count: number): Told => {
    if (asked.path === '/readyz') return { body: { status: 'ready' } }
    if (asked.path.endsWith('/progress')) return { body: { durable: 9, searchable: Number(asked.query.get('through')), detected: 9, grouped: Number(asked.query.get('through')) } }
    const disturbed = disturb(asked, count)
    const key = String(asked.headers['idempotency-key'])
    const lines = asked.body.split('\n').slice(0, -1)
    const bad = lines.flatMap((line, at) => (line.includes('"bad"') ? [at + 1] : []))
    const before = kept.has(key)
    if (disturbed === undefined || disturbed === 'cut') kept.set(key, lines.filter((line) => !line.includes('"bad"')))
    if (disturbed !== undefined) return disturbed
    const good = lines.length - bad.length
    const errors = bad.map((line) => ({ code: 'event_too_deep', place: `line ${line}`, detail: 'too deep' }))
    const totals = { accepted: before ? 0 : good, duplicate: before ? good : 0, rejected: bad.length, errors, end: 9 }
    return good === 0 ? { status: 400, body: { code: 'nothing_kept', detail: 'none', retry: false, ...totals } } : { body: totals }
  }
  return { kept, tell, records: () => [...kept.values()].flat() }
}
const events = (count: number, pad = 10) => Array.from({ length: count }, (_, n) => `{"n":${n},"pad":"${'x'.repeat(pad)}"}\n`).join('')
const ingest = (directory: string, ...words: string[]) => haechi(['ingest', '--data', directory, '--source', 'test', ...words, '--json'])
const totalsOf = (out: string) => JSON.parse(out) as object
const sent = (asked: readonly Asked[]) => asked.filter((one) => one.path === '/ingest/v1/events')

test('what was in the file arrives once, in its order, with source, tenant and key; a second run doubles nothing', async () => {
  const { tell, records } = keeper()
  const { directory, asked } = await fakeServer(tell)
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(9_000))
  const first = await ingest(directory, file, '--tenant', 'acme', '--backfill')
  expect([first.code, first.err]).toEqual([0, ''])
  expect(totalsOf(first.out)).toEqual({ accepted: 9_000, rejected: 0, duplicate: 0 })
  expect(records().sort()).toEqual(events(9_000).trim().split('\n').sort())
  expect(sent(asked)).toHaveLength(3)
  expect(sent(asked)[0]?.headers).toMatchObject({ 'x-haechi-tenant': 'acme', 'content-type': 'application/x-ndjson' })
  expect(String(sent(asked)[0]?.query)).toBe('source=test&backfill=true')
  const second = await ingest(directory, file)
  expect(totalsOf(second.out)).toEqual({ accepted: 0, rejected: 0, duplicate: 9_000 })
  expect(new Set(sent(asked).map((one) => one.headers['idempotency-key'])).size).toBe(3)
})

test('the same records in another file are other events; the same file elsewhere is the same', async () => {
  const { tell, records } = keeper()
  const { directory } = await fakeServer(tell)
  const files = folder()
  writeFileSync(join(files, 'a.ndjson'), events(10))
  writeFileSync(join(files, 'b.ndjson'), events(12))
  writeFileSync(join(files, 'copy of a.ndjson'), events(10))
  expect(totalsOf((await ingest(directory, files)).out)).toEqual({ accepted: 22, rejected: 0, duplicate: 10 })
  expect(records()).toHaveLength(22)
})

test('an answer that was lost is asked for again and nothing is kept twice', async () => {
  const { tell, records } = keeper((_, count) => (count === 2 ? 'cut' : count === 4 ? { status: 503, headers: { 'retry-after': '0' }, body: { code: 'log_busy', detail: 'busy', retry: true } } : undefined))
  const { directory } = await fakeServer(tell)
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(9_000))
  const { code, out, err } = await ingest(directory, file)
  expect(code).toBe(0)
  // The lost batch was kept by its first attempt.
  expect(totalsOf(out)).toEqual({ accepted: 5_000, rejected: 0, duplicate: 4_000 })
  expect(records()).toHaveLength(9_000)
  expect(err).toContain('log_busy; trying again in')
})

test('what an attempt said it kept before it failed counts as accepted, not as duplicate', async () => {
  let broke = false
  const { directory } = await fakeServer((asked) => {
    if (asked.path === '/readyz') return {}
    if (!broke) {
      broke = true
      return { status: 503, headers: { 'retry-after': '0' }, body: { code: 'log_full', detail: 'full', accepted: 3, rejected: 0, duplicate: 0 } }
    }
    return { body: { accepted: 5, rejected: 0, duplicate: 5, errors: [], end: 10 } }
  })
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(10))
  expect(totalsOf((await ingest(directory, file)).out)).toEqual({ accepted: 8, rejected: 0, duplicate: 2 })
})

describe('what is broken is named with its place, and the rest goes on', () => {
  test('records, by the engine and by the server', async () => {
    const { tell, records } = keeper()
    const { directory } = await fakeServer(tell)
    const file = join(folder(), 'a.ndjson')
    writeFileSync(file, '{"n":1}\n{"n":\n\n[1]\n{"bad":1}\n{"n":2}\n')
    const { code, out, err } = await haechi(['ingest', '--data', directory, '--source', 's', file])
    expect(code).toBe(1)
    expect(out).toBe('2 accepted, 3 rejected, 0 duplicate\n')
    expect(err).toContain(`haechi: ${file}:2: json_invalid: `)
    expect(err).toContain(`haechi: ${file}:5: event_too_deep: too deep`)
    expect(err).not.toMatch(/\{\w+\}/)
    expect(records()).toEqual(['{"n":1}', '{"n":2}'])
  })

  test('a batch of which nothing could be kept', async () => {
    const { tell } = keeper()
    const { directory } = await fakeServer(tell)
    const file = join(folder(), 'a.ndjson')
    writeFileSync(file, '{"bad":1}\n{"bad":2}\n')
    const { code, out, err } = await ingest(directory, file)
    expect(code).toBe(1)
    expect(totalsOf(out)).toEqual({ accepted: 0, rejected: 2, duplicate: 0 })
    expect(err.trim().split('\n').map((line) => (JSON.parse(line) as { error: { place: string } }).error.place)).toEqual([`${file}:1`, `${file}:2`])
  })

  test('files: missing, empty, cut off, unreadable kinds; links in a directory are not followed', async () => {
    const { tell, records } = keeper()
    const { directory } = await fakeServer(tell)
    const files = folder()
    const [missing, empty, cut, good, inner] = ['missing', 'empty', 'cut.gz', 'good.gz', 'inner'].map((name) => join(files, name)) as [string, string, string, string, string]
    writeFileSync(empty, '')
    writeFileSync(cut, gzipSync(events(1_000, 50)).subarray(0, -40))
    writeFileSync(good, gzipSync(events(7)))
    mkdirSync(inner)
    symlinkSync(files, join(inner, 'circle'))
    const { code, out, err } = await ingest(directory, missing, empty, cut, good, inner)
    expect(code).toBe(1)
    const errors = err.trim().split('\n').map((line) => (JSON.parse(line) as { error: { code: string; place: string } }).error)
    expect(errors.map(({ code: each, place }) => [each, place])).toEqual([
      ['file_unreadable', missing], ['file_without_records', inner], ['file_without_records', empty],
      ['json_invalid', expect.stringMatching(/cut\.gz:\d+$/) as string], ['gzip_invalid', cut],
    ])
    expect(records().length).toBeGreaterThan(7)
    expect(totalsOf(out)).toMatchObject({ rejected: 2 })
  })
})

test('standard input: a stream is recognised by what it says', async () => {
  const { tell, records } = keeper()
  const { directory } = await fakeServer(tell)
  const words = ['ingest', '--data', directory, '--source', 's', '-', '--json']
  expect(totalsOf((await haechi(words, { input: ['{"a":1}\n{"a"', ':2}\n'] })).out)).toEqual({ accepted: 2, rejected: 0, duplicate: 0 })
  expect(totalsOf((await haechi(words, { input: ['{"a":1}\n{"a":2}\n'] })).out)).toEqual({ accepted: 0, rejected: 0, duplicate: 2 })
  expect(totalsOf((await haechi(words, { input: ['{"a":1}\n{"a":3}\n'] })).out)).toEqual({ accepted: 2, rejected: 0, duplicate: 0 })
  expect(records()).toHaveLength(4)
})

describe('a file that changes while it is read', () => {
  const written = async (change: (file: string) => void) => {
    const file = join(folder(), 'a.ndjson')
    writeFileSync(file, events(40_000))
    const { tell, records } = keeper((_, count) => { if (count === 2) change(file); return undefined })
    const { directory } = await fakeServer(tell)
    return { ...await ingest(directory, file), records: records() }
  }

  test('by growing: what it was at first is sent', async () => {
    const { code, out, records } = await written((file) => appendFileSync(file, events(5_000)))
    expect([code, totalsOf(out)]).toEqual([0, { accepted: 40_000, rejected: 0, duplicate: 0 }])
    expect(records).toHaveLength(40_000)
  })

  test.each([['shorter', events(2)], ['as long as before', events(40_000).replaceAll('x', 'y')]])('by being written anew, %s: it is named', async (_, content) => {
    const { code, err } = await written((file) => writeFileSync(file, content))
    expect(code).toBe(1)
    expect(err).toContain('file_changed')
  })
})

test('what concerns all batches ends the run: no rights, no server', async () => {
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(20_000))
  const { directory, asked } = await fakeServer((one) => (one.path === '/readyz' ? {} : { status: 403, body: { code: 'forbidden', detail: 'no' } }))
  const refused = await ingest(directory, file)
  expect([refused.code, JSON.parse(refused.err)]).toEqual([4, { error: { code: 'forbidden', message: 'no' } }])
  expect(sent(asked).length).toBeLessThanOrEqual(4)
  const away = await ingest(folder(), file)
  expect([away.code, (JSON.parse(away.err) as { error: { code: string } }).error.code, away.out]).toEqual([3, 'server_not_running', ''])
})

test('a stop in the middle says what was kept and how to go on', async () => {
  const stop = new AbortController()
  const { tell } = keeper((_, count) => { if (count === 4) stop.abort(); return undefined })
  const { directory } = await fakeServer(tell)
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(40_000))
  const { code, out, err } = await haechi(['ingest', '--data', directory, '--source', 's', file], { stop: stop.signal })
  expect(code).toBe(130)
  expect(out).toMatch(/accepted/)
  expect(err).toContain('interrupted')
})

test('--wait returns when the server says that all of it can be found, was searched for attacks and is grouped', async () => {
  let looked = 0
  const { directory, asked } = await fakeServer((one) => {
    const reached = looked++ % 2 === 0 ? 10 : 30
    if (one.path === '/api/v1/events/progress') return { body: { durable: 30, searchable: reached } }
    if (one.path === '/api/v1/detection/progress') return { body: { durable: 30, detected: 30, grouped: reached } }
    looked = 0
    return { body: { accepted: 3, rejected: 0, duplicate: 0, errors: [], end: 30 } }
  })
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(3))
  expect((await ingest(directory, file, '--wait')).code).toBe(0)
  expect(asked.filter((one) => one.path.endsWith('/progress')).map((one) => `${one.path} ${one.query.get('through')}`)).toEqual([
    '/api/v1/events/progress 30', '/api/v1/events/progress 30', '/api/v1/detection/progress 30', '/api/v1/detection/progress 30',
  ])
  const { directory: other } = await fakeServer(() => ({ body: { accepted: 3, rejected: 0, duplicate: 0, errors: [], end: 30 } }))
  expect((await ingest(other, file, '--wait')).err).toContain('server_answer_invalid')
})

test('to a remote server the body is compressed', async () => {
  const { tell, records } = keeper()
  const { url, asked } = await fakeServer(tell)
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(100))
  const { code } = await haechi(['ingest', '--url', url, '--source', 's', file], { environment: { HAECHI_KEY: 'key_1:secret' } })
  expect(code).toBe(0)
  expect(sent(asked)[0]?.headers['content-encoding']).toBe('gzip')
  expect(records()).toHaveLength(100)
})

test('on a terminal a bar with rate and time left, which leaves no trace in what is piped', async () => {
  const { tell } = keeper()
  const { directory } = await fakeServer(tell)
  const file = join(folder(), 'a.ndjson')
  writeFileSync(file, events(9_000))
  const seen = await haechi(['ingest', '--data', directory, '--source', 's', file], { width: 100 })
  expect(seen.err).toMatch(/100% {2}█+ {2}.* MB\/s|100% {2}█+/)
  expect((await haechi(['ingest', '--data', directory, '--source', 's', file])).err).toBe('')
})
