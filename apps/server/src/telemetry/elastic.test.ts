import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '../platform/clock.ts'
import { openEventLog } from '../platform/event-log/segments.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import { HaechiError } from '../platform/errors.ts'
import { silentLog } from '../platform/log.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import { bulk, elasticError } from './elastic.ts'
import type { IntakeInterrupted } from './intake.ts'

let folder: string
let log: EventLog
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haechi-bulk-'))
  log = await openEventLog({ folder, sealer: sealerFromKey(randomBytes(32), 'test'), clock: manualClock(1000), log: silentLog })
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

const send = (...lines: string[]) => bulk(log, (async function* () { yield Buffer.from(`${lines.join('\n')}\n`) })(),
  { tenantId: 'ten_a', sourceId: 'src_a', receivedAt: 1000, backfill: false, batchKey: null }, 'events', 'en')
const statuses = async (...lines: string[]) => (await send(...lines)).answer.items.map((item) => Object.entries(item).map(([verb, { status, result }]) => `${verb} ${status}${result === undefined ? '' : ` ${result}`}`)[0])

test('index and create: 201 when kept; again with the same id 200 and 409; without an id always kept', async () => {
  const lines = ['{"index":{"_index":"w","_id":"1"}}', '{"a":1}', '{"create":{"_id":"2"}}', '{"a":2}', '{"index":{}}', '{"a":3}']
  expect(await statuses(...lines)).toEqual(['index 201 created', 'create 201 created', 'index 201 created'])
  expect(await statuses(...lines)).toEqual(['index 200 noop', 'create 409', 'index 201 created'])
  expect(log.end('ten_a')).toBe(4)
})

test('items that cannot be kept say why in their own place; the others are kept', async () => {
  const { answer, totals } = await send('{"index":{}}', 'broken', '{"delete":{"_id":"9"}}', '{"update":{"_id":"9"}}', '{"doc":{}}', '{"index":{}}', '{"ok":true}')
  expect(answer.errors).toBe(true)
  expect(answer.items.map((item) => Object.values(item)[0]?.status)).toEqual([400, 400, 400, 201])
  expect(Object.values(answer.items[0]!)[0]?.error?.reason).toContain('json_invalid')
  expect(totals).toMatchObject({ accepted: 1, rejected: 3 })
})

test.each([
  [['{"index":{}}'], 'bulk_action_invalid'],
  [['{"frobnicate":{}}', '{}'], 'bulk_action_invalid'],
  [['{"index":{},"create":{}}', '{}'], 'bulk_action_invalid'],
  [['[]', '{}'], 'bulk_action_invalid'],
  [[''], 'body_invalid'],
])('a body that is no bulk body is refused: %j', async (lines, code) => {
  expect(await send(...lines).catch((error: unknown) => (error as IntakeInterrupted).error.code)).toBe(code)
})

test('what stood before a broken action line is kept', async () => {
  expect(await send('{"index":{"_id":"1"}}', '{"a":1}', 'nonsense').catch((error: unknown) => (error as IntakeInterrupted).totals)).toMatchObject({ accepted: 1 })
  expect(log.end('ten_a')).toBe(1)
})

test('errors have the form that its clients read, and our code', async () => {
  const response = elasticError(new HaechiError('unauthenticated'), 'ko')
  expect([response.status, response.headers.get('x-elastic-product')]).toEqual([401, 'Elasticsearch'])
  expect(await response.json()).toMatchObject({ status: 401, error: { type: 'security_exception', reason: expect.stringContaining('unauthenticated: ') } })
})
