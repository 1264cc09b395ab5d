// Detection on a database, an event log and packs of its own, for tests.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Indicator } from '@haechi/indicators'
import { Registry } from 'prom-client'
import { accessMigrations } from '../access/api.ts'
import type { Audit, AuditActor } from '../access/api.ts'
import { manualClock } from '../platform/clock.ts'
import { openEventLog } from '../platform/event-log/segments.ts'
import { entry } from '../platform/event-log/contract.ts'
import { silentLog } from '../platform/log.ts'
import { createOutbox } from '../platform/outbox.ts'
import { openPacks } from '../platform/packs.ts'
import { testDatabase } from '../platform/postgres.fixture.ts'
import { sealerFromKey } from '../platform/secrets.ts'
import { detectionMigrations, openDetection } from './api.ts'
import type { Detection, DetectionOptions } from './api.ts'

export const startTime = Date.parse('2026-03-01T09:00:00Z')
export const person: AuditActor = { kind: 'user', id: 'usr_1', person: 'usr_1', name: 'Kim' }
export const tenant = 'ten_a'

/** A rule that finds `CommandLine` with the word. */
export const ruleOf = (id: string, word: string, more = '') => `title: Finds ${word}
id: ${id}
author: Someone
level: high
references: [https://example.org/${word}]
tags: [attack.execution, attack.t1059]
logsource: {product: windows, category: process_creation}
detection:
  selection:
    CommandLine|contains: '${word}'
  condition: selection
${more}`

/** A Sysmon process start. */
export const started = (commandLine: string, more: object = {}) => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: '2026-03-01 08:59:00.000', Hostname: 'WS-12', Image: 'C:\\Windows\\System32\\cmd.exe', CommandLine: commandLine, User: 'CORP\\bob',
  ProcessId: 4711, ProcessGuid: '{p-1}', ParentImage: 'C:\\Windows\\explorer.exe', ParentProcessGuid: '{p-0}', ...more,
})

export async function openDetectionFixture(files: Record<string, string> = { 'one.yml': ruleOf('rule-evil', 'evil') }, more: Partial<DetectionOptions> = {}) {
  const { database, connection, drop } = await testDatabase([accessMigrations, detectionMigrations])
  const root = await mkdtemp(join(tmpdir(), 'haechi-detection-'))
  const clock = manualClock(startTime)
  const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')
  const rulesFolder = join(root, 'rules')
  const write = async (folder: string, contents: Record<string, string>) => {
    await rm(folder, { recursive: true, force: true })
    for (const [name, text] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
  }
  await write(rulesFolder, files)
  const eventLog = await openEventLog({ folder: join(root, 'log'), sealer, clock, log: silentLog })
  const outbox = createOutbox({ database, connection, clock, log: silentLog })
  const audited: string[] = []
  const audit = { record: (_, { action }) => { audited.push(action); return Promise.resolve() } } as Partial<Audit> as Audit
  const indicators: { list: Indicator[]; version: string; read: number; sighted: { type: string; value: string; count: number }[] } = { list: [], version: '0', read: 0, sighted: [] }
  const intel: DetectionOptions['intel'] = {
    version: () => Promise.resolve(indicators.version),
    // eslint-disable-next-line typescript/require-await -- the port's own shape
    async *statements() {
      if (indicators.list.length > 0) indicators.read++
      yield indicators.list
    },
    sighted: (_, __, list) => { indicators.sighted.push(...list); return Promise.resolve() },
  }
  const metrics = new Registry()
  const raised: string[][] = []
  outbox.subscribe('test', ['detection.alerts_raised.v1'], ({ payload }) => { raised.push(payload.alert_ids); return Promise.resolve() })
  await outbox.start()
  /** Closed by `drop`, unless they were before. */
  const opened: Detection[] = []
  /** `data` is one server's own: two at a time need two. */
  const open = async (again: Partial<DetectionOptions> = {}, data = 'data'): Promise<Detection> => {
    const packs = await openPacks({ database, outbox, clock, log: silentLog, dataDirectory: join(root, data) })
    metrics.clear()
    const detection = openDetection({
      database, eventLog, clock, log: silentLog, metrics, outbox, packs, audit, intel, sourceNames: () => Promise.resolve(new Map([['src_test', 'sysmon']])),
      logFolder: join(root, 'log'), sealer, ownRules: rulesFolder, ...more, ...again,
    })
    opened.push(detection)
    return detection
  }
  let sent = 0
  const fixture = {
    database, connection, clock, log: silentLog, root, rulesFolder, eventLog, outbox, audited, indicators, metrics, raised, write, open,
    /** Appends records as one batch. */
    send: (records: readonly object[], batch: { tenant?: string; receivedAt?: number; backfill?: boolean } = {}) => eventLog.append(batch.tenant ?? tenant, {
      source: 'src_test', receivedAt: batch.receivedAt ?? clock.now(), backfill: batch.backfill ?? false, entries: records.map((record) => entry(`e${sent++}`, record)),
    }),
    /** Waits until everything of the tenant was searched. */
    async searched(detection: Detection, tenantId = tenant) {
      for (;;) {
        const { detected } = await detection.progress(tenantId)
        if (detected >= eventLog.end(tenantId)) return
        await new Promise((resolve) => { setImmediate(resolve) })
      }
    },
    alerts: (detection: Detection, tenantId = tenant) => detection.page(tenantId, {}, { limit: 1_000 }),
    async begin(again: Partial<DetectionOptions> = {}, data?: string): Promise<Detection> {
      const detection = await open(again, data)
      await detection.start()
      return detection
    },
    drop: async () => {
      for (const detection of opened.splice(0)) await detection.close()
      await outbox.stop()
      await eventLog.close()
      await drop()
      await rm(root, { recursive: true, force: true })
    },
  }
  return fixture
}
