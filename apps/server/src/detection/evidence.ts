// What an alert keeps of a record that something matched: bounded, storable, and the same wherever it is made. Pure.
// Defended by detection.integration.test.ts (hostile events) and, on recorded attacks, by tests/bench/quality.integration.test.ts.
import type { Reading } from '@haechi/records'
import type { StoredBatch } from '../platform/event-log/port.ts'
import { rawMost } from './fold.ts'
import type { EvidenceRecord } from './fold.ts'
import type { AlertProcess } from './model.ts'
import { clean } from './rules.ts'

/** `i` counts in the batch, `line` is the record as it was sent. */
export function evidenceOf(batch: StoredBatch, i: number, line: Buffer, { columns, fields }: Pick<Reading, 'columns' | 'fields'>): EvidenceRecord {
  // A date that no calendar writes is taken for none.
  const time = columns.time !== null && columns.time >= 0 && columns.time < 253_402_300_800_000 ? columns.time : batch.receivedAt
  let raw = line.toString('utf8', 0, Math.min(line.length, rawMost))
  if (line.length > rawMost) raw = raw.replace(/\uFFFD+$/, '')
  return {
    offset: batch.first + i, eventId: Buffer.from(batch.ids.buffer, batch.ids.byteOffset + i * 16, 16).toString('hex'), source: batch.source, time, receivedAt: batch.receivedAt,
    process: processOf(fields, columns, time), addresses: [columns.src_ip, columns.dst_ip].flatMap((address) => word(address, 64) ?? []), hashes: (columns.hash ?? '').split(' ').filter((hash) => hash !== '').slice(0, 20), raw,
  }
}

function processOf(fields: Reading['fields'], columns: Reading['columns'], at: number): AlertProcess | null {
  const text = (...names: string[]) => names.reduce<string | null>((found, name) => found ?? word(fields[name], 4_000), null)
  const guid = text('ProcessGuid', 'SourceProcessGUID', 'SourceProcessGuid')
  const pid = columns.process_id === null ? null : String(columns.process_id)
  const image = word(columns.process, 4_000)
  if (guid === null && pid === null && image === null) return null
  const parentPid = text('ParentProcessId')
  return {
    guid, pid, image, commandLine: word(columns.command_line, 4_000), user: text('User') ?? word(columns.user, 255), parentGuid: text('ParentProcessGuid'),
    // Security events write it in hexadecimal.
    parentPid: parentPid !== null && /^0x[0-9a-f]{1,12}$/i.test(parentPid) ? String(Number(parentPid)) : parentPid,
    parentImage: word(columns.parent_process, 4_000) ?? text('ParentImage'), parentCommandLine: text('ParentCommandLine'), at,
  }
}

/** Text that can be stored, at most so long; null for nothing and for a dash. */
export function word(value: unknown, most: number): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value !== 'string' || value === '' || value === '-' ? null : clean(value, most)
}
