// Records of a shape that is not known: class 0, and the columns that the usual names give away.
import { event, file, present } from './ocsf.ts'
import type { Columns, Fields, LogSource } from './reading.ts'
import { parseSyslogStamp, parseTime } from './time.ts'
import { hashColumn, ip, isBag, oneLine, port, text, whole } from './values.ts'
import type { Bag } from './values.ts'

const TIME = ['@timestamp', 'timestamp', 'time', 'eventTime', 'event_time', 'ts', 'EventTime', 'TimeGenerated', 'TimeCreated', 'UtcTime', 'datetime', 'date', 'created', 'created_at', '_time', 'event.created']
const HOST = ['host.name', 'host.hostname', 'hostname', 'host', 'Hostname', 'Computer', 'ComputerName', 'computer_name', 'device.hostname', 'device_name', 'agent.hostname', 'agent.name', 'machine', 'dvc', 'server']
const USER = ['user.name', 'user', 'username', 'userName', 'User', 'user_name', 'actor.user.name', 'src_user', 'account', 'login', 'usr']
const PROCESS = ['process.executable', 'Image', 'process.path', 'process.name', 'process', 'exe', 'program', 'ProcessName']
const COMMAND = ['process.command_line', 'CommandLine', 'cmdline', 'command_line', 'cmd_line', 'command']
const SRC_IP = ['source.ip', 'src_ip', 'source_ip', 'SourceIP', 'SourceIp', 'sourceIPAddress', 'client_ip', 'clientip', 'client.ip', 'remote_addr', 'remote_ip', 'srcip', 'src', 'c-ip', 'id.orig_h', 'src_endpoint.ip', 'ip', 'remoteIP']
const DST_IP = ['destination.ip', 'dst_ip', 'dest_ip', 'destination_ip', 'DestinationIp', 'dstip', 'dst', 's-ip', 'id.resp_h', 'dst_endpoint.ip', 'server_ip']
const SRC_PORT = ['source.port', 'src_port', 'source_port', 'SourcePort', 'srcport', 'id.orig_p', 'src_endpoint.port']
const DST_PORT = ['destination.port', 'dst_port', 'dest_port', 'destination_port', 'DestinationPort', 'dstport', 'id.resp_p', 'dst_endpoint.port']
const HASH = ['file.hash.sha256', 'process.hash.sha256', 'Hashes', 'sha256', 'sha1', 'md5', 'hash']
const CODE = ['event.code', 'event.action', 'EventID', 'event_id', 'action', 'event_type', 'type']
const MESSAGE = ['message', 'msg', 'Message', 'event.original', 'log', 'description']

/** A value by its name, written flat (`source.ip`) or nested. Own properties only. */
export function fieldOf(fields: Bag, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  let dot = name.indexOf('.')
  while (dot !== -1) {
    const head = name.slice(0, dot)
    if (Object.hasOwn(fields, head)) {
      const inner = fields[head]
      if (isBag(inner)) {
        const found = fieldOf(inner, name.slice(dot + 1))
        if (found !== undefined) return found
      } else if (Array.isArray(inner)) {
        // A list of objects answers with the values of all of them.
        const found = inner.flatMap((item) => (isBag(item) ? fieldOf(item, name.slice(dot + 1)) ?? [] : []))
        if (found.length > 0) return found
      }
    }
    dot = name.indexOf('.', dot + 1)
  }
  return undefined
}

function first<T>(record: Bag, names: readonly string[], read: (value: unknown) => T | null): T | null {
  for (const name of names) {
    const dot = name.indexOf('.')
    const value = dot === -1 ? record[name] : record[name] ?? nested(record, name, dot)
    if (value === undefined || value === null) continue
    const found = read(value)
    if (found !== null) return found
  }
  return null
}

function nested(record: Bag, name: string, dot: number): unknown {
  const inner = record[name.slice(0, dot)]
  if (!isBag(inner)) return undefined
  const rest = name.slice(dot + 1)
  const more = rest.indexOf('.')
  return more === -1 ? inner[rest] : nested(inner, rest, more)
}

export function unknownLogSource(record: Bag): LogSource {
  const source: LogSource = {}
  for (const part of ['product', 'category', 'service'] as const) {
    const value = record[part]
    if (typeof value === 'string' && value !== '' && value.length <= 64) source[part] = value.toLowerCase()
  }
  return source
}

const part = (value: string | undefined): string => (value ?? '').replaceAll('/', '_')

export function unknownColumns(record: Bag): Columns {
  const source = unknownLogSource(record)
  return {
    time: first(record, TIME, parseTime), class_uid: 0, activity_id: 0, severity_id: 0,
    host: first(record, HOST, text), user: first(record, USER, text), process: first(record, PROCESS, text), process_id: first(record, ['process.pid', 'ProcessId', 'pid'], whole),
    parent_process: first(record, ['process.parent.executable', 'ParentImage', 'parent_process'], text), command_line: first(record, COMMAND, text),
    src_ip: first(record, SRC_IP, ip), src_port: first(record, SRC_PORT, port), dst_ip: first(record, DST_IP, ip), dst_port: first(record, DST_PORT, port),
    hash: first(record, HASH, hashColumn), event_code: first(record, CODE, text),
    log_source: `${part(source.product)}/${part(source.category)}/${part(source.service)}`, shape: 'unknown',
    message: (() => { const said = first(record, MESSAGE, text); return said === null ? null : oneLine(said, null) })(),
  }
}

/** A line of no known form: the time and host it begins with and the first address in it. */
export function unknownLine(line: string, record: Bag, now: number | undefined): Columns {
  const columns = unknownColumns(record)
  const head = line.slice(0, 2048)
  columns.time ??= parseTime(/^\W{0,2}(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?)/.exec(head)?.[1]) ?? parseTime(/\[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\]/.exec(head)?.[1])
  const stamped = /^(?:<\d{1,3}>)?([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{2}:\d{2}:\d{2})\s+([\w.:-]{1,255})\s/.exec(head)
  if (stamped !== null) {
    columns.time ??= parseSyslogStamp(stamped[1] as string, stamped[2] as string, stamped[3] as string, now)
    columns.host ??= stamped[4] as string
  }
  columns.src_ip ??= ip(/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/.exec(head)?.[0])
  columns.message ??= line === '' ? null : oneLine(line, null)
  return columns
}

export function plainFields(record: Bag): Fields {
  const fields = Object.create(null) as Fields
  for (const key of Object.keys(record)) fields[key] = record[key]
  return fields
}

export function unknownOcsf(record: Bag, columns: Columns): Bag {
  const left = Object.create(null) as Bag
  for (const key of Object.keys(record)) left[key] = record[key]
  return event(columns, { product: { name: 'unknown', vendor_name: 'unknown' }, metadata: {}, status: 0, unmapped: present(left) }, {
    device: columns.host === null ? null : { hostname: columns.host, type_id: 0 },
    actor: present({
      user: columns.user === null ? null : { name: columns.user },
      process: present({ file: file(columns.process), pid: columns.process_id, cmd_line: columns.command_line, parent_process: present({ file: file(columns.parent_process) }) }),
    }),
    // The base event has no place for endpoints and digests: they are observables.
    observables: observables(columns),
  })
}

function observables(columns: Columns): Bag[] | null {
  const found: Bag[] = []
  const add = (name: string, typeId: number, value: string | number | null): void => { if (value !== null) found.push({ name, type_id: typeId, value: String(value) }) }
  add('src_endpoint.ip', 2, columns.src_ip)
  add('src_endpoint.port', 11, columns.src_port)
  add('dst_endpoint.ip', 2, columns.dst_ip)
  add('dst_endpoint.port', 11, columns.dst_port)
  for (const hex of columns.hash?.split(' ') ?? []) add('file.hashes.value', 8, hex)
  return found.length === 0 ? null : found
}
