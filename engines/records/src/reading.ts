/** The part of Sigma's `logsource` that a record states by itself. Absent = not stated. */
export type LogSource = { product?: string; category?: string; service?: string }

/** A record as Sigma rules read it: a null-prototype object whose names are those of the taxonomy of its log source. */
export type Fields = Record<string, unknown>

/** The source shapes that are read. `unknown` is kept and searchable, never refused. */
export type Shape = 'winlogbeat' | 'nxlog' | 'evtx' | 'flat' | 'auditd' | 'sshd' | 'syslog' | 'cloudtrail' | 'unknown'

/** What the event store keeps beside the raw record. Names and meaning follow OCSF 1.8; null = the record does not say. */
export type Columns = {
  /** Milliseconds since the epoch, as the record states it; null when it states none or nonsense. */
  time: number | null
  /** OCSF class, 0 = base event. */
  class_uid: number
  activity_id: number
  severity_id: number
  host: string | null
  user: string | null
  /** Path of the image, or the name of the program. */
  process: string | null
  process_id: number | null
  parent_process: string | null
  command_line: string | null
  src_ip: string | null
  src_port: number | null
  dst_ip: string | null
  dst_port: number | null
  /** Bare hex digests in lower case, joined by one space when there are several. */
  hash: string | null
  /** Windows EventID, CloudTrail eventName, auditd type. */
  event_code: string | null
  /** `product/category/service`, a part not stated is empty: `windows/process_creation/sysmon`, `linux//auditd`. */
  log_source: string
  shape: Shape
  /** One line for people. */
  message: string | null
}

export type Reading = {
  shape: Shape
  logSource: LogSource
  fields: Fields
  /** The OCSF event; attributes that its class does not define are under `unmapped`. */
  ocsf: Record<string, unknown>
  columns: Columns
}

export type ReadOptions = {
  /** Milliseconds since the epoch: gives syslog stamps their year. Without it such a record has no time. */
  now?: number
}
