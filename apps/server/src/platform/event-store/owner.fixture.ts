// A server that opens the store and tells its process, until it is killed.
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { openEventLog } from '../event-log/segments.ts'
import { sealerFromKey } from '../secrets.ts'
import { openEventStore } from './duckdb.ts'

const folder = process.argv[2]!
const log = { debug() {}, info() {}, warn() {}, error() {} }
const sealer = sealerFromKey(Buffer.alloc(32, 7), 'test key')
const eventLog = await openEventLog({ folder: join(folder, 'log'), sealer, clock: systemClock, log })
const store = await openEventStore({ folder: join(folder, 'store'), logFolder: join(folder, 'log'), sealer, eventLog, log })
process.send!(store.processId())
