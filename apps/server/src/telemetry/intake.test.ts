import { gzipSync } from 'node:zlib'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '../platform/clock.ts'
import { openEventLog } from '../platform/event-log/segments.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import { HaechiError } from '../platform/errors.ts'
import { silentLog } from '../platform/log.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import { decoded, IntakeInterrupted, limits, takeIn } from './intake.ts'
import type { Destination } from './intake.ts'

let folder: string
let log: EventLog
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haechi-intake-'))
  log = await openEventLog({ folder, sealer: sealerFromKey(randomBytes(32), 'test'), clock: manualClock(1000), log: silentLog })
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

const to: Destination = { tenantId: 'ten_a', sourceId: 'src_a', receivedAt: 1000, backfill: false, batchKey: null }

async function* cut(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): AsyncIterable<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!)
    yield bytes.subarray(at, at + size)
    at += size
  }
}
const text = (...lines: string[]) => Buffer.from(lines.join('\n'))

async function kept(): Promise<string[]> {
  const lines: string[] = []
  for await (const batch of log.read('ten_a', 0)) lines.push(...Buffer.from(batch.lines).toString().split('\n').slice(0, -1))
  return lines
}

test('a broken line costs only itself, and is named by line, code and reason', async () => {
  const totals = await takeIn(log, cut(text('{"a":1}', 'nonsense', '', '[1]', '{"b":2}\r', '5', 'null', '"x"', '{"__proto__":{"x":1}}', '{"c":')), to)
  expect(totals).toMatchObject({ accepted: 3, rejected: 6, duplicate: 0, dedupe: 'none', errorCounts: { json_invalid: 2, event_not_object: 4 } })
  expect(totals.errors.map(({ place, code }) => `${place} ${code}`)).toEqual([
    'line 2 json_invalid', 'line 4 event_not_object', 'line 6 event_not_object', 'line 7 event_not_object', 'line 8 event_not_object', 'line 10 json_invalid'])
  expect(await kept()).toEqual(['{"a":1}', '{"b":2}', '{"__proto__":{"x":1}}'])
})

test('invalid UTF-8, too deep and too large lines are refused; the next line stands', async () => {
  const deep = `{"a":${'['.repeat(limits.depth)}${']'.repeat(limits.depth)}}`
  const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}\n'), text(deep, `{"big":"${'x'.repeat(limits.eventBytes)}"}`, '{"last":true}')])
  const totals = await takeIn(log, cut(body, [65_536]), to)
  expect(totals.errors.map(({ code }) => code)).toEqual(['utf8_invalid', 'event_too_deep', 'event_too_large'])
  expect(await kept()).toEqual(['{"last":true}'])
})

test('however the bytes arrive, the same events are kept (property)', async () => {
  let tenant = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (records, sizes) => {
    const name = `ten_p${tenant++}`
    const lines = records.map((record) => JSON.stringify(record))
    const totals = await takeIn(log, cut(text(...lines), sizes), { ...to, tenantId: name })
    expect(totals.accepted).toBe(lines.length)
    const found: string[] = []
    for await (const batch of log.read(name, 0)) found.push(...Buffer.from(batch.lines).toString().split('\n').slice(0, -1))
    expect(found).toEqual(lines)
  }), { numRuns: 50 })
})

test('a repeat with the same Idempotency-Key keeps nothing twice, with another key it does', async () => {
  const body = text(...Array.from({ length: 9_000 }, (_, i) => `{"n":${i}}`))
  const keyed = { ...to, batchKey: 'k1' }
  expect(await takeIn(log, cut(body), keyed)).toMatchObject({ accepted: 9_000, duplicate: 0, dedupe: 'batch' })
  expect(await takeIn(log, cut(body, [1000]), keyed)).toMatchObject({ accepted: 0, duplicate: 9_000 })
  expect(await takeIn(log, cut(body), { ...to, batchKey: 'k2' })).toMatchObject({ accepted: 9_000 })
  expect(await takeIn(log, cut(body), { ...keyed, sourceId: 'src_b' })).toMatchObject({ accepted: 9_000 })
})

test('an event with an id of its sender is kept once, also under another key and beside itself', async () => {
  const body = text('{"_id":"e1","a":1}', '{"_id":"e1","a":1}', '{"eventVersion":"1.08","eventID":"c1","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1"}')
  expect(await takeIn(log, cut(body), to)).toMatchObject({ accepted: 2, duplicate: 1, dedupe: 'id' })
  expect(await takeIn(log, cut(body), { ...to, batchKey: 'other' })).toMatchObject({ accepted: 0, duplicate: 3 })
})

test('gzip: several members, truncation keeps what came before', async () => {
  const member = (line: string) => gzipSync(`${line}\n`)
  expect(await takeIn(log, decoded(cut(Buffer.concat([member('{"a":1}'), member('{"a":2}')])), 'gzip'), to)).toMatchObject({ accepted: 2 })

  const long = gzipSync(text(...Array.from({ length: 5_000 }, (_, i) => `{"n":"${i}${randomBytes(20).toString('hex')}"}`)))
  const broken = await takeIn(log, decoded(cut(long.subarray(0, long.length / 2)), 'gzip'), to).catch((error: unknown) => error)
  expect(broken).toBeInstanceOf(IntakeInterrupted)
  const { error, totals } = broken as IntakeInterrupted
  expect(error.code).toBe('body_encoding_invalid')
  expect(totals.accepted).toBeGreaterThan(1_000)
  expect(await kept()).toHaveLength(2 + totals.accepted)

  expect(await takeIn(log, decoded(cut(Buffer.from('not gzip')), 'gzip'), to).catch((error: unknown) => (error as IntakeInterrupted).error.code)).toBe('body_encoding_invalid')
  expect(() => decoded(cut(Buffer.of(1)), 'br')).toThrow(expect.objectContaining({ code: 'content_encoding_unsupported' }))
})

test('when the log refuses, the answer counts what was kept before and nothing else', async () => {
  let calls = 0
  const failing: EventLog = { ...log, append: (tenant, batch, options) => (++calls === 2 ? Promise.reject(new HaechiError('log_full', { tenant, reason: 'ENOSPC' })) : log.append(tenant, batch, options)) }
  const interrupted = await takeIn(failing, cut(text(...Array.from({ length: 10_000 }, (_, i) => `{"n":${i}}`))), to).catch((error: unknown) => error)
  expect(interrupted).toMatchObject({ error: { code: 'log_full' }, totals: { accepted: 4_000 } })
  expect(calls).toBe(2)
  expect(await kept()).toHaveLength(4_000)
})
