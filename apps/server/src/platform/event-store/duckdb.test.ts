import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manualClock } from '../clock.ts'
import { batchOf } from '../event-log/contract.ts'
import { openEventLog } from '../event-log/segments.ts'
import { sealerFromKey } from '../secrets.ts'
import { openEventStore } from './duckdb.ts'

const silent = { debug() {}, info() {}, warn: console.warn, error: console.error }
const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')
test('smoke', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-store-'))
  const eventLog = await openEventLog({ folder: join(folder, 'log'), sealer, clock: manualClock(1_700_000_000_000), log: silent })
  const store = await openEventStore({ folder: join(folder, 'store'), logFolder: join(folder, 'log'), sealer, eventLog, log: silent })
  const { end } = await eventLog.append('a', batchOf(['1', '2']))
  await store.waitFor('a', end)
  console.log(await store.search('a', { limit: 10 }))
  await store.roll('a')
  console.log(await store.search('a', { limit: 1 }), await store.count('a', {}), await store.histogram('a', {}, 60000), await store.entities('a', 0, 9), await store.statistics('a'), store.state('a'))
  await store.rebuild('a')
  await store.waitFor('a', end)
  expect(await store.count('a', {})).toBe(2)
  await store.close()
  await eventLog.close()
  await rm(folder, { recursive: true })
})
