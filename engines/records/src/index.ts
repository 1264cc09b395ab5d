// Source records in, two views out: the fields that Sigma rules name and the OCSF event; and a reader that splits any input into records.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content: index.integration.test.ts holds it with arbitrary JSON and text.
import { auditColumns, auditFields, auditFromJson, auditLogSource, auditOcsf, looksLikeAudit, parseAudit } from './audit.ts'
import type { AuditEvent } from './audit.ts'
import { cloudTrailColumns, cloudTrailFields, cloudTrailLogSource, cloudTrailOcsf, isCloudTrail } from './cloudtrail.ts'
import type { Columns, LogSource, ReadOptions, Reading } from './reading.ts'
import { fromJournal, parseSyslog, syslogColumns, syslogFields, syslogLogSource, syslogOcsf, understand } from './syslog.ts'
import type { Saying, SyslogLine } from './syslog.ts'
import { parseTime } from './time.ts'
import { plainFields, unknownColumns, unknownLine, unknownLogSource, unknownOcsf } from './unknown.ts'
import { isBag, text } from './values.ts'
import type { Bag } from './values.ts'
import { renderedRecord, xmlRecord } from './windows-rendered.ts'
import { windowsColumns, windowsEvent, windowsFields, windowsLogSource, windowsOcsf } from './windows.ts'
import type { WindowsEvent } from './windows.ts'

export type { Columns, Fields, LogSource, Reading, ReadOptions, Shape } from './reading.ts'
export { RecordsError } from './errors.ts'
export type { RecordsErrorCode } from './errors.ts'
export type { SourceRecord, SplitOptions } from './split.ts'
export { splitRecords } from './split.ts'
export { joinAudit } from './audit.ts'
export { parseTime } from './time.ts'
export { fieldOf } from './unknown.ts'
export { windowsCategories, windowsChannels } from './windows-catalog.ts'

/** What a record turned out to be; from here its views are built. */
type Known =
  | { kind: 'windows'; event: WindowsEvent }
  | { kind: 'cloudtrail'; record: Bag }
  | { kind: 'audit'; event: AuditEvent; record: Bag; host: string | null }
  | { kind: 'syslog'; line: SyslogLine; said: Saying; record: Bag; raw: string }
  | { kind: 'unknown'; record: Bag; line: string | null }

function recognise(record: unknown, now: number | undefined): Known {
  if (typeof record === 'string') return recogniseText(record, null, now)
  if (!isBag(record)) return { kind: 'unknown', record: { message: typeof record === 'number' || typeof record === 'boolean' ? String(record) : null }, line: null }
  const event = windowsEvent(record)
  if (event !== null) return { kind: 'windows', event }
  if (isCloudTrail(record)) return { kind: 'cloudtrail', record }
  const audit = auditFromJson(record)
  if (audit !== null) return { kind: 'audit', event: audit, record, host: hostOf(record) }
  const journal = fromJournal(record)
  if (journal !== null) {
    if (journal.program === 'audit' || looksLikeAudit(journal.text)) {
      const joined = parseAudit(journal.text)
      if (joined !== null) return { kind: 'audit', event: joined, record, host: journal.host }
    }
    return { kind: 'syslog', line: journal, said: understand(journal), record, raw: journal.text }
  }
  const message = record['message']
  if (typeof message === 'string' && message !== '') return recogniseText(message, record, now)
  return { kind: 'unknown', record, line: null }
}

function recogniseText(line: string, wrapper: Bag | null, now: number | undefined): Known {
  const record = wrapper ?? { message: line }
  if (looksLikeAudit(line)) {
    const event = parseAudit(line)
    if (event !== null) return { kind: 'audit', event, record, host: hostOf(record) }
  }
  const first = line.charCodeAt(0)
  if (wrapper === null && first === 123) {
    const parsed = jsonObject(line)
    if (parsed !== null) return recognise(parsed, now)
  }
  if (line.includes('EventCode=')) {
    const rendered = renderedRecord(line)
    const event = rendered === null ? null : windowsEvent(rendered)
    if (event !== null) return { kind: 'windows', event }
  }
  if (line.includes('</System>') && !line.includes('Linux-Sysmon')) {
    const xml = xmlRecord(line)
    const event = xml === null ? null : windowsEvent(xml)
    if (event !== null) return { kind: 'windows', event }
  }
  const syslog = parseSyslog(line, now)
  if (syslog !== null) {
    // auditd's own lines relayed by syslog.
    if (looksLikeAudit(syslog.text)) {
      const event = parseAudit(syslog.text)
      if (event !== null) return { kind: 'audit', event, record, host: syslog.host }
    }
    syslog.time ??= parseTime(record['@timestamp'])
    return { kind: 'syslog', line: syslog, said: understand(syslog), record, raw: line }
  }
  return { kind: 'unknown', record, line }
}

function jsonObject(line: string): Bag | null {
  try {
    const value: unknown = JSON.parse(line)
    return isBag(value) ? value : null
  } catch {
    return null
  }
}

function hostOf(record: Bag): string | null {
  const host = record['host']
  return isBag(host) ? text(host['hostname']) ?? text(host['name']) : text(host) ?? text(record['hostname']) ?? text(record['Computer'])
}

function columnsFor(known: Known, now: number | undefined): Columns {
  switch (known.kind) {
    case 'windows': return windowsColumns(known.event)
    case 'cloudtrail': return cloudTrailColumns(known.record)
    case 'audit': return auditColumns(known.event, known.host, known.record['@timestamp'])
    case 'syslog': return syslogColumns(known.line, known.said)
    case 'unknown': return known.line === null ? unknownColumns(known.record) : unknownLine(known.line, known.record, now)
    default: return known satisfies never
  }
}

/** The columns of `readRecord` without its other views: what ingest calls for every record. Takes parsed JSON, `{"message": "<line>"}` or a raw line; never throws. */
export function columnsOf(record: unknown, options: ReadOptions = {}): Columns {
  return columnsFor(recognise(record, options.now), options.now)
}

/** Reads one record: parsed JSON, `{"message": "<line>"}` or one raw text line. Never throws; an unknown shape gives class 0 and the columns that can be guessed. */
export function readRecord(record: unknown, options: ReadOptions = {}): Reading {
  const known = recognise(record, options.now)
  const columns = columnsFor(known, options.now)
  let ocsf: Record<string, unknown> | undefined
  // Rules ask for the fields of every event, hardly anybody for the OCSF event: it is made when it is asked for.
  return { ...viewsFor(known), shape: columns.shape, columns, get ocsf() { return ocsf ??= ocsfFor(known, columns) } }
}

/** What Sigma rules need of `readRecord`, without the columns. */
export function readFields(record: unknown, options: ReadOptions = {}): Pick<Reading, 'shape' | 'logSource' | 'fields'> {
  const known = recognise(record, options.now)
  return { ...viewsFor(known), shape: shapeOf(known) }
}

function shapeOf(known: Known): Reading['shape'] {
  switch (known.kind) {
    case 'windows': return known.event.shape
    case 'cloudtrail': return 'cloudtrail'
    case 'audit': return 'auditd'
    case 'syslog': return syslogLogSource(known.line).service === 'sshd' ? 'sshd' : 'syslog'
    case 'unknown': return 'unknown'
    default: return known satisfies never
  }
}

function viewsFor(known: Known): Pick<Reading, 'logSource' | 'fields'> {
  switch (known.kind) {
    case 'windows': return { logSource: windowsLogSource(known.event), fields: windowsFields(known.event) }
    case 'cloudtrail': return { logSource: { ...cloudTrailLogSource }, fields: cloudTrailFields(known.record) }
    case 'audit': return { logSource: { ...auditLogSource }, fields: auditFields(known.event, known.record) }
    case 'syslog': return { logSource: syslogLogSource(known.line), fields: syslogFields(known.line, known.said, known.record, known.raw) }
    case 'unknown': return { logSource: unknownLogSource(known.record), fields: plainFields(known.record) }
    default: return known satisfies never
  }
}

function ocsfFor(known: Known, columns: Columns): Record<string, unknown> {
  switch (known.kind) {
    case 'windows': return windowsOcsf(known.event, columns)
    case 'cloudtrail': return cloudTrailOcsf(known.record, columns)
    case 'audit': return auditOcsf(known.event, columns)
    case 'syslog': return syslogOcsf(known.line, known.said, columns)
    case 'unknown': return unknownOcsf(known.record, columns)
    default: return known satisfies never
  }
}

/** The sender's own id of a record, when it carries one: `_id`, CloudTrail `eventID`, an agent's id with its sequence number. Lets a repeated send be recognised. */
export function senderId(record: unknown): string | null {
  if (!isBag(record)) return null
  const own = record['_id']
  if (typeof own === 'string' && own !== '') return own
  if (typeof own === 'number' && Number.isFinite(own)) return String(own)
  if (isCloudTrail(record) && typeof record['eventID'] === 'string' && record['eventID'] !== '') return record['eventID']
  const agent = record['agent']
  if (isBag(agent)) {
    const id = text(agent['id'])
    const sequence = text(agent['sequence']) ?? text(record['sequence'])
    if (id !== null && sequence !== null) return `${id}:${sequence}`
  }
  return null
}

const NARROWER = new Set(['registry_set', 'registry_add', 'registry_delete', 'registry_rename'])

/** The Sigma categories whose rules apply to a log source: its own, and `registry_event` for each of the narrower registry categories. */
export function logSourceCategories(source: LogSource): string[] {
  if (source.category === undefined) return []
  return NARROWER.has(source.category) ? [source.category, 'registry_event'] : [source.category]
}
