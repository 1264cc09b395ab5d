import { afterEach, expect, test } from 'vitest'
import type { Detection } from './api.ts'
import { openDetectionFixture, started, tenant } from './detection.fixture.ts'

let at: Awaited<ReturnType<typeof openDetectionFixture>>
let detection: Detection
afterEach(async () => {
  await detection.close()
  await at.drop()
})
const begin = async (...options: Parameters<typeof openDetectionFixture>) => {
  at = await openDetectionFixture(...options)
  detection = await at.open()
  await detection.start()
}

test('an event that a rule describes is an alert with its rule, what matched and the raw record', async () => {
  await begin()
  await at.send([started('whoami'), started('run evil now'), started('evil again', { ProcessGuid: '{p-2}' })])
  await at.searched(detection)
  const alerts = await at.alerts(detection)
  expect(alerts).toMatchObject([{
    kind: 'rule', severity: 'high', status: 'new', host: 'WS-12', user: 'bob', techniques: ['T1059'], tactics: ['execution'], eventCount: 2, backfill: false,
    rule: { id: 'rule-evil', title: 'Finds evil', author: 'Someone', source: 'haechi-rules', license: null, references: ['https://example.org/evil'] },
    processes: [{ guid: '{p-1}', pid: '4711', parentGuid: '{p-0}', user: 'CORP\\bob' }, { guid: '{p-2}' }],
  }])
  const events = (await detection.events(tenant, [alerts[0]!.id])).get(alerts[0]!.id)!
  expect(events).toMatchObject([{ offset: 1, source: 'sysmon', matched: [{ selection: 'selection', field: 'CommandLine', value: 'run evil now' }] }, { offset: 2 }])
  expect(JSON.parse(events[0]!.raw)).toEqual(started('run evil now'))
  expect(await detection.progress(tenant)).toEqual({ durable: 3, detected: 3, grouped: 1, skipped: 0 })
})
