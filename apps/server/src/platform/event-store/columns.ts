// The table of events: one list from which the table, the insert and the answers are made.
import { BIGINT, BLOB, BOOLEAN, INTEGER, VARCHAR, blobValue, type DuckDBType, type DuckDBValue } from '@duckdb/node-api'
import { columnsOf, type Columns } from '@haechi/records'
import ipaddr from 'ipaddr.js'

export type Row = { readonly offset: number; readonly id: Uint8Array; readonly receivedAt: number; readonly source: string; readonly backfill: boolean; readonly raw: string; readonly columns: Columns }

const text = (value: unknown) => typeof value === 'string' ? value : null
const integer = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : null
/** Times that a JavaScript Date can hold; anything else is nonsense from a sender. */
const time = (value: number | null) => value !== null && Number.isFinite(value) && Math.abs(value) <= 8.64e15 ? Math.trunc(value) : null

export const eventTime = (row: Row) => time(row.columns.time) ?? row.receivedAt

const keys = new Map<string, string | null>()
/** An address as 32 hex digits (IPv4 mapped into IPv6), so that a CIDR block is a range of strings. */
export function addressKey(address: string | null): string | null {
  if (address === null) return null
  let key = keys.get(address)
  if (key === undefined) {
    key = ipaddr.isValid(address) ? hex(ipaddr.parse(address)) : null
    if (keys.size >= 100_000) keys.clear()
    keys.set(address, key)
  }
  return key
}
export function hex(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return Buffer.from((address.kind() === 'ipv4' ? (address as ipaddr.IPv4).toIPv4MappedAddress() : address as ipaddr.IPv6).toByteArray()).toString('hex')
}

/** `hidden` columns serve the search and are not answered. */
export const eventColumns: readonly { readonly name: string; readonly type: DuckDBType; readonly hidden?: true; readonly of: (row: Row) => DuckDBValue }[] = [
  { name: 'offset', type: BIGINT, of: (row) => BigInt(row.offset) },
  { name: 'event_id', type: BLOB, of: (row) => blobValue(row.id) },
  { name: 'time', type: BIGINT, of: (row) => BigInt(eventTime(row)) },
  { name: 'time_stated', type: BOOLEAN, of: (row) => time(row.columns.time) !== null },
  { name: 'received_at', type: BIGINT, of: (row) => BigInt(row.receivedAt) },
  { name: 'source', type: VARCHAR, of: (row) => row.source },
  { name: 'backfill', type: BOOLEAN, of: (row) => row.backfill },
  { name: 'class_uid', type: INTEGER, of: (row) => integer(row.columns.class_uid) ?? 0 },
  { name: 'activity_id', type: INTEGER, of: (row) => integer(row.columns.activity_id) ?? 0 },
  { name: 'severity_id', type: INTEGER, of: (row) => integer(row.columns.severity_id) ?? 0 },
  { name: 'host', type: VARCHAR, of: (row) => text(row.columns.host) },
  { name: 'user', type: VARCHAR, of: (row) => text(row.columns.user) },
  { name: 'process', type: VARCHAR, of: (row) => text(row.columns.process) },
  { name: 'process_id', type: BIGINT, of: (row) => Number.isSafeInteger(row.columns.process_id) ? BigInt(row.columns.process_id!) : null },
  { name: 'parent_process', type: VARCHAR, of: (row) => text(row.columns.parent_process) },
  { name: 'command_line', type: VARCHAR, of: (row) => text(row.columns.command_line) },
  { name: 'src_ip', type: VARCHAR, of: (row) => text(row.columns.src_ip) },
  { name: 'src_port', type: INTEGER, of: (row) => integer(row.columns.src_port) },
  { name: 'dst_ip', type: VARCHAR, of: (row) => text(row.columns.dst_ip) },
  { name: 'dst_port', type: INTEGER, of: (row) => integer(row.columns.dst_port) },
  { name: 'hash', type: VARCHAR, of: (row) => text(row.columns.hash) },
  { name: 'event_code', type: VARCHAR, of: (row) => text(row.columns.event_code) },
  { name: 'log_source', type: VARCHAR, of: (row) => text(row.columns.log_source) },
  { name: 'shape', type: VARCHAR, of: (row) => text(row.columns.shape) },
  { name: 'message', type: VARCHAR, of: (row) => text(row.columns.message) },
  { name: 'raw', type: VARCHAR, of: (row) => row.raw },
  { name: 'src_key', type: VARCHAR, hidden: true, of: (row) => addressKey(text(row.columns.src_ip)) },
  { name: 'dst_key', type: VARCHAR, hidden: true, of: (row) => addressKey(text(row.columns.dst_ip)) },
]

export const quoted = (name: string) => `"${name}"`
export const createEvents = eventColumns.map(({ name, type }) => `${quoted(name)} ${type.toString()}`).join(', ')
export const answered = eventColumns.filter(({ hidden }) => hidden === undefined).map(({ name }) => name)

/** A record that is not JSON is read as a line of text. */
export function columnsOfRaw(raw: string, receivedAt: number): Columns {
  let record: unknown = raw
  try {
    record = JSON.parse(raw)
  } catch { /* a line of text */ }
  return columnsOf(record, { now: receivedAt })
}
