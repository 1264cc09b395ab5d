// Appends until it is killed and tells what was acknowledged.
import { systemClock } from '../clock.ts'
import { sealerFromKey } from '../secrets.ts'
import { createHash } from 'node:crypto'
import { openEventLog } from './segments.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const log = await openEventLog({ folder: process.argv[2]!, sealer: sealerFromKey(Buffer.alloc(32, 7), 'test key'), clock: systemClock, log: silent, segmentBytes: 2000, ids: { capacity: 100 } })
process.on('disconnect', () => process.exit(0))
let sent = 0
async function sender(): Promise<void> {
  for (;;) {
    const ids = Array.from({ length: 1 + sent % 4 }, () => `e${sent++}`)
    const entries = ids.map((id) => ({ id: createHash('sha256').update(id).digest().subarray(0, 16), bytes: Buffer.from(JSON.stringify({ id })) }))
    const { first } = await log.append('a', { source: 's', receivedAt: systemClock.now(), backfill: false, entries }, { dedupe: true })
    process.send!({ ids, first })
  }
}
await Promise.all(Array.from({ length: 8 }, sender))
