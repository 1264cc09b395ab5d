import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '../clock.ts'
import { sealerFromKey } from '../secrets.ts'
import { eventLogContract } from './contract.ts'
import { openEventLog } from './segments.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')

async function storage(more: Partial<Parameters<typeof openEventLog>[0]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-log-'))
  return {
    folder,
    open: () => openEventLog({ folder, sealer, clock: manualClock(1_700_000_000_000), log: silent, ids: { capacity: 1000 }, ...more }),
    remove: () => rm(folder, { recursive: true }),
  }
}

eventLogContract('segments', storage)
eventLogContract('segments, tiny, one file handle', () => storage({ segmentBytes: 200, openFiles: 1, ids: { capacity: 3 } }))
