// Windows events in every shape that collectors give them: one envelope, then one reading. columns() is the hot path and allocates only the answer.
import { event, file, present } from './ocsf.ts'
import type { Columns, Fields, LogSource, Shape } from './reading.ts'
import { parseTime, statesZone } from './time.ts'
import { baseName, hashColumn, ip, isBag, oneLine, port, table, text, whole, words } from './values.ts'
import type { Bag } from './values.ts'
import { categoryOf, serviceOf, titleOf, typeOf } from './windows-catalog.ts'
import { renderedData } from './windows-rendered.ts'

/** An event without the differences of its collectors. */
export type WindowsEvent = {
  shape: Shape
  record: Bag
  /** The event's own fields; in flat shapes the record itself. */
  data: Bag
  channel: string
  service: string
  id: number
  provider: string | null
  computer: string | null
  time: unknown
  level: unknown
  message: string | null
  recordId: unknown
  eventType: string | null
}

/** The envelope of a Windows event, or null when the record is none. */
export function windowsEvent(record: Bag): WindowsEvent | null {
  const winlog = record['winlog']
  if (isBag(winlog)) return fromWinlogbeat(record, winlog)
  const wrapped = record['Event'] ?? record['event']
  if (isBag(wrapped) && isBag(wrapped['System'])) return fromEvtx(record, wrapped, wrapped['System'])
  if (isBag(record['System']) && record['System']['EventID'] !== undefined) return fromEvtx(record, record, record['System'])
  return fromFlat(record)
}

function completed(event: WindowsEvent): WindowsEvent {
  const { data, message, service } = event
  const type = text(data['EventType'])
  if (service === 'sysmon') {
    // NXLog writes its own severity over Sysmon's EventType; the text still has it.
    if (event.id >= 12 && event.id <= 21 && (type === null || type === 'INFO') && message !== null) event.eventType = lineAfter(message, 'EventType: ')
    else event.eventType = type
    if (message !== null && data['ProcessGuid'] === undefined && data['Image'] === undefined && data['SourceImage'] === undefined && data['UtcTime'] === undefined) event.data = withRendered(data, message)
  } else if (service === 'security' || event.id === 104) {
    event.eventType = type
    if (message !== null && data['SubjectUserName'] === undefined && data['TargetUserName'] === undefined && data['ProcessName'] === undefined && data['SourceAddress'] === undefined
      && data['SubjectUserSid'] === undefined && data['Application'] === undefined && message.includes('\n')) event.data = withRendered(data, message)
  } else event.eventType = type
  return event
}

function withRendered(data: Bag, message: string): Bag {
  const rendered = renderedData(message)
  return rendered === null ? data : { ...rendered, ...data }
}

function lineAfter(message: string, label: string): string | null {
  const at = message.indexOf(label)
  if (at === -1) return null
  let stop = at + label.length
  while (stop < message.length && message.charCodeAt(stop) > 31) stop++
  return text(message.slice(at + label.length, stop).trim())
}

function fromWinlogbeat(record: Bag, winlog: Bag): WindowsEvent | null {
  const ecs = isBag(record['event']) ? record['event'] : {}
  const host = isBag(record['host']) ? record['host'] : {}
  const log = isBag(record['log']) ? record['log'] : {}
  const id = whole(winlog['event_id']) ?? whole(ecs['code'])
  if (id === null) return null
  const channel = text(winlog['channel']) ?? ''
  const data = isBag(winlog['event_data']) ? winlog['event_data'] : isBag(winlog['user_data']) ? winlog['user_data'] : {}
  return completed({
    shape: 'winlogbeat', record, data, channel, service: serviceOf(channel), id, provider: text(winlog['provider_name']) ?? text(ecs['provider']),
    computer: text(winlog['computer_name']) ?? text(host['hostname']) ?? text(host['name']), time: record['@timestamp'] ?? ecs['created'], level: winlog['level'] ?? log['level'],
    message: text(record['message']), recordId: winlog['record_id'], eventType: null,
  })
}

/** An XML attribute as converters write it: `#attributes`, `@Name`, `$`. */
function attribute(node: unknown, name: string): unknown {
  if (!isBag(node)) return undefined
  const attributes = node['#attributes'] ?? node['$']
  return (isBag(attributes) ? attributes[name] : undefined) ?? node[`@${name}`] ?? node[name]
}

function content(node: unknown): unknown {
  return isBag(node) ? node['#text'] ?? node['_'] : node
}

function fromEvtx(record: Bag, wrapped: Bag, system: Bag): WindowsEvent | null {
  const id = whole(content(system['EventID']))
  if (id === null) return null
  const channel = text(system['Channel']) ?? ''
  const provider = text(attribute(system['Provider'], 'Name'))
  return completed({
    shape: 'evtx', record, data: evtxData(wrapped), channel, service: serviceOf(channel), id, provider, computer: text(system['Computer']),
    time: attribute(system['TimeCreated'], 'SystemTime') ?? system['TimeCreated'], level: system['Level'], message: text(record['message']), recordId: system['EventRecordID'], eventType: null,
  })
}

function evtxData(wrapped: Bag): Bag {
  const eventData = wrapped['EventData']
  if (isBag(eventData)) {
    const list = eventData['Data']
    if (list === undefined) return eventData
    const items = Array.isArray(list) ? list : [list]
    const data = Object.create(null) as Bag
    const unnamed: unknown[] = []
    for (const item of items) {
      const name = attribute(item, 'Name')
      if (typeof name === 'string') data[name] = content(item) ?? null
      else unnamed.push(content(item))
    }
    if (unnamed.length > 0) data['Data'] = unnamed.length === 1 ? unnamed[0] : unnamed
    for (const key of Object.keys(eventData)) if (key !== 'Data' && key !== '#attributes') data[key] = eventData[key]
    return data
  }
  const userData = wrapped['UserData']
  if (isBag(userData)) {
    for (const key of Object.keys(userData)) {
      const child = userData[key]
      if (key !== '#attributes' && isBag(child)) return child
    }
    return userData
  }
  return {}
}

function fromFlat(record: Bag): WindowsEvent | null {
  const id = whole(record['EventID']) ?? whole(record['EventCode']) ?? whole(record['event_id'])
  if (id === null) return null
  const nested = isBag(record['event_data']) ? record['event_data'] : isBag(record['EventData']) ? record['EventData'] : null
  const data = nested ?? record
  const provider = text(record['SourceName']) ?? text(record['Provider_Name']) ?? text(record['ProviderName']) ?? text(record['Provider']) ?? text(record['source_name'])
  const channel = text(record['Channel']) ?? text(record['LogName']) ?? text(record['log_name']) ?? text(record['channel']) ?? inferredChannel(record, data, provider)
  if (channel === null) return null
  const nxlog = record['SourceModuleType'] !== undefined || (record['EventReceivedTime'] !== undefined && record['SeverityValue'] !== undefined)
  return completed({
    shape: nxlog ? 'nxlog' : nested !== null && record['computer_name'] !== undefined ? 'winlogbeat' : 'flat', record, data, channel, service: serviceOf(channel), id, provider,
    computer: text(record['Computer']) ?? text(record['Hostname']) ?? text(record['ComputerName']) ?? text(record['computer_name']) ?? text(record['MachineName']) ?? text(record['host']),
    time: nxlog ? nxlogTime(record) : record['TimeCreated'] ?? record['SystemTime'] ?? record['EventTime'] ?? record['@timestamp'] ?? record['TimeGenerated'] ?? record['time'],
    level: record['Level'] ?? record['level'] ?? record['SeverityValue'], message: text(record['Message']) ?? text(record['message']), recordId: record['RecordNumber'] ?? record['EventRecordID'] ?? record['RecordId'],
    eventType: null,
  })
}

/** A record without a channel is one of Windows only if it says so or carries fields that only Sysmon or the Security log has. */
function inferredChannel(record: Bag, data: Bag, provider: string | null): string | null {
  if (provider === 'Microsoft-Windows-Sysmon') return 'Microsoft-Windows-Sysmon/Operational'
  if (provider === 'Microsoft-Windows-Security-Auditing') return 'Security'
  if (data['ProcessGuid'] !== undefined || data['SourceProcessGUID'] !== undefined || (data['UtcTime'] !== undefined && data['RuleName'] !== undefined)) return 'Microsoft-Windows-Sysmon/Operational'
  if (data['SubjectUserSid'] !== undefined || data['SubjectLogonId'] !== undefined) return 'Security'
  return record['product'] === 'windows' || provider !== null ? '' : null
}

const QUARTER_HOUR = 900_000

/** NXLog writes local time without its zone. Where a relay adds the time of receipt in UTC, the two give the offset; Sysmon has UTC of its own. */
function nxlogTime(record: Bag): unknown {
  const stated = record['EventTime'] ?? record['TimeCreated'] ?? record['EventReceivedTime']
  if (statesZone(stated)) return stated
  const local = parseTime(stated)
  const received = parseTime(record['EventReceivedTime'])
  const relayed = record['@timestamp']
  if (local !== null && received !== null && typeof relayed === 'string' && statesZone(relayed)) {
    const utc = parseTime(relayed)
    if (utc !== null) {
      const offset = Math.round((utc - received) / QUARTER_HOUR) * QUARTER_HOUR
      if (Math.abs(utc - received - offset) < 120_000 && Math.abs(offset) <= 14 * 3_600_000) return local + offset
    }
  }
  return record['UtcTime'] ?? stated
}

function timeOf(w: WindowsEvent): number | null {
  const stated = w.time
  const utc = w.data['UtcTime']
  if (utc !== undefined && typeof stated === 'string' && !statesZone(stated)) return parseTime(utc) ?? parseTime(stated)
  return parseTime(stated) ?? parseTime(utc)
}

function severityOf(w: WindowsEvent): number {
  const level = w.level
  if (level === undefined || level === null) return 1
  const number = whole(level)
  if (number === null) {
    switch (text(level)?.toLowerCase() ?? '') {
      case 'critical': return 5
      case 'error': return 3
      case 'warning': return 2
      default: return 1
    }
  }
  if (w.record['Level'] === undefined && w.shape === 'nxlog') return number === 5 ? 5 : number === 4 ? 3 : number === 3 ? 2 : 1
  return number === 1 ? 5 : number === 2 ? 3 : number === 3 ? 2 : 1
}

/** Classes whose event is about an account; elsewhere the user is who acted. */
function aboutUser(classUid: number): boolean {
  return classUid >= 3001 && classUid <= 3005
}

const PIPE_IDS = new Set([17, 18])

type Account = { name: string | null; domain: string | null; uid: string | null }

function account(value: unknown): Account | null {
  const name = text(value)
  if (name === null) return null
  const cut = name.lastIndexOf('\\')
  return cut === -1 ? { name, domain: null, uid: null } : { name: name.slice(cut + 1), domain: cut === 0 ? null : name.slice(0, cut), uid: null }
}

function securityAccount(data: Bag, prefix: 'Subject' | 'Target'): Account | null {
  const raw = data[prefix === 'Subject' ? 'SubjectUserName' : 'TargetUserName']
  const name = text(raw)
  const uid = text(data[prefix === 'Subject' ? 'SubjectUserSid' : prefix === 'Target' && data['TargetUserSid'] !== undefined ? 'TargetUserSid' : 'TargetSid'])
  if (name === null && (uid === null || uid === 'S-1-0-0' || uid === 'NULL SID')) return null
  return { name, domain: text(data[prefix === 'Subject' ? 'SubjectDomainName' : 'TargetDomainName']), uid }
}

function actorAccount(w: WindowsEvent): Account | null {
  const { data, service } = w
  if (service === 'sysmon') return account(data['User'] ?? data['SourceUser'])
  const subject = securityAccount(data, 'Subject')
  if (subject !== null) return subject
  if (service === 'powershell' || service === 'powershell-classic') {
    const context = contextValue(w, 'User = ') ?? contextValue(w, 'UserId=')
    if (context !== null) return account(context)
  }
  if (w.shape === 'winlogbeat' && isBag(w.record['winlog']) && isBag(w.record['winlog']['user'])) {
    const user = w.record['winlog']['user']
    const name = text(user['name'])
    const uid = text(user['identifier'])
    if (name !== null || uid !== null) return { name, domain: text(user['domain']), uid }
  }
  if (w.shape === 'nxlog' && w.id !== 7045) {
    const name = text(w.record['AccountName'])
    if (name !== null) return { name, domain: text(w.record['Domain']), uid: text(w.record['UserID']) }
  }
  return account(data['UserName'] ?? data['UserContext'])
}

/** A value of PowerShell's context block, which stands in ContextInfo, in a numbered parameter or only in the text. */
function contextValue(w: WindowsEvent, label: string): string | null {
  for (const holder of [w.data['ContextInfo'], w.message, w.data['param2'], w.data['param3'], w.data['Data']]) {
    if (typeof holder === 'string') {
      const value = lineAfter(holder, label)
      if (value !== null) return value
    } else if (Array.isArray(holder)) {
      for (const part of holder) {
        const value = typeof part === 'string' ? lineAfter(part, label) : null
        if (value !== null) return value
      }
    }
  }
  return null
}

function subjectUser(w: WindowsEvent, classUid: number): Account | null {
  if (aboutUser(classUid)) {
    const target = securityAccount(w.data, 'Target')
    if (target !== null) return target
    if (w.service === 'terminalservices-localsessionmanager') return account(w.data['User'])
  }
  return actorAccount(w)
}

function targetOf(w: WindowsEvent): string | null {
  const { data } = w
  return text(data['CommandLine']) ?? text(data['TargetObject']) ?? text(data['TargetFilename']) ?? text(data['ImageLoaded']) ?? text(data['TargetImage']) ?? text(data['QueryName'])
    ?? text(data['PipeName']) ?? text(data['NewProcessName']) ?? text(data['ScriptBlockText']) ?? text(data['Payload']) ?? text(data['ServiceName']) ?? text(data['TaskName'])
    ?? text(data['RelativeTargetName']) ?? text(data['ShareName']) ?? text(data['ObjectName']) ?? text(data['Image']) ?? text(data['ProcessName'])
}

function messageOf(w: WindowsEvent, user: string | null, source: string | null, destination: string | null): string {
  let title = titleOf(w.service, w.id)
  if (title === null && w.message !== null) {
    const stop = w.message.search(/[\r\n]/)
    return oneLine((stop === -1 ? w.message : w.message.slice(0, stop)).trim(), null)
  }
  title ??= `${w.provider ?? (w.channel === '' ? 'Windows' : w.channel)} ${w.id}`
  if (destination !== null) return oneLine(title, `${source ?? '?'} > ${destination}`)
  if (w.service === 'security' && user !== null && w.id < 4650) return oneLine(title, source === null ? user : `${user} from ${source}`)
  return oneLine(title, targetOf(w) ?? user)
}

/** The command line of the host of a script or engine, else of the process that the event is about. */
function commandLine(w: WindowsEvent): string | null {
  if (w.service === 'powershell' || w.service === 'powershell-classic') return contextValue(w, 'Host Application = ') ?? contextValue(w, 'HostApplication=')
  return text(w.data['CommandLine'])
}

export function windowsLogSource(w: WindowsEvent): LogSource {
  const category = categoryOf(w.service, w.id, w.eventType)
  const stated = text(w.record['category'])
  const source: LogSource = { product: 'windows' }
  if (category !== '') source.category = category
  else if (w.channel === '' && stated !== null) source.category = stated
  // A channel that was only inferred is not stated by the record.
  if (w.service !== '' && (w.shape !== 'flat' || w.record['Channel'] !== undefined || w.record['LogName'] !== undefined || w.provider !== null)) source.service = w.service
  return source
}

export function windowsColumns(w: WindowsEvent): Columns {
  const { data, service, id } = w
  const type = typeOf(service, id, data, w.eventType)
  const class_uid = Math.trunc(type / 100)
  const user = subjectUser(w, class_uid)
  const sysmon = service === 'sysmon'
  const src_ip = ip(sysmon ? data['SourceIp'] : data['IpAddress'] ?? data['SourceAddress'] ?? data['ClientAddress'] ?? data['Address'])
  const dst_ip = ip(sysmon ? data['DestinationIp'] : data['DestAddress'])
  const dst_port = port(sysmon ? data['DestinationPort'] : data['DestPort'])
  const source = windowsLogSource(w)
  const userName = user === null ? null : user.name ?? user.uid
  return {
    time: timeOf(w),
    class_uid, activity_id: type % 100, severity_id: severityOf(w),
    host: w.computer,
    user: userName,
    process: text(sysmon ? data['Image'] ?? data['SourceImage'] : data['NewProcessName'] ?? data['ProcessName'] ?? data['Application']),
    process_id: whole(sysmon ? data['ProcessId'] ?? data['SourceProcessId'] : service === 'security' ? data['NewProcessId'] ?? data['ProcessId'] ?? data['ProcessID'] ?? data['CallerProcessId'] : undefined),
    parent_process: text(sysmon ? data['ParentImage'] : data['ParentProcessName']),
    command_line: commandLine(w),
    src_ip, src_port: port(sysmon ? data['SourcePort'] : data['IpPort'] ?? data['SourcePort']),
    dst_ip, dst_port,
    hash: sysmon ? hashColumn(data['Hashes'] ?? data['Hash']) : null,
    event_code: String(id),
    log_source: `windows/${source.category ?? ''}/${source.service ?? ''}`,
    shape: w.shape,
    message: messageOf(w, userName, src_ip, dst_ip === null ? null : dst_port === null ? dst_ip : `${dst_ip}:${dst_port}`),
  }
}

const ENVELOPE = new Set([
  'EventID', 'EventCode', 'Channel', 'LogName', 'SourceName', 'Provider_Name', 'ProviderGuid', 'Hostname', 'Computer', 'ComputerName', 'TimeCreated', '@timestamp', 'EventTime', 'EventReceivedTime', 'SystemTime', 'Message', 'message', 'Level',
  'Severity', 'SeverityValue', 'RecordNumber', 'EventRecordID', '@version', 'tags', 'host', 'port', 'SourceModuleName', 'SourceModuleType', 'UtcTime', 'winlog', 'Event', 'event_data', 'EventData',
])

const AUTH_PROTOCOLS = table<number>({ NTLM: 1, 'NTLM V1': 1, 'NTLM V2': 1, Kerberos: 2, Digest: 3, WDigest: 3 })
const LOGON_TYPES = new Set([1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13])
const WIN_RESOURCE_TYPES = table<number>({
  Directory: 1, Event: 2, Timer: 3, Device: 4, Mutant: 5, File: 7, Token: 8, Thread: 9, Section: 10, WindowStation: 11, SymbolicLink: 18, WmiGuid: 19, Process: 20, Desktop: 22, Key: 25, Semaphore: 28, Job: 29,
  'ALPC Port': 32, SAM_ALIAS: 33, SAM_GROUP: 34, SAM_USER: 35, SAM_DOMAIN: 36, SAM_SERVER: 37,
})

/** 0 unknown, 1 success, 2 failure. */
function statusOf(w: WindowsEvent, classUid: number): number {
  if (w.service !== 'security') return w.service === 'sysmon' && classUid !== 0 ? 1 : 0
  if (w.id === 4625 || w.id === 4771 || w.id === 4777 || w.id === 5152 || w.id === 5157) return 2
  const keywords = w.record['Keywords'] ?? (isBag(w.record['winlog']) ? w.record['winlog']['keywords'] : undefined)
  const said = Array.isArray(keywords) ? words(keywords).join(' ') : text(keywords) ?? ''
  if (said.includes('Audit Failure') || w.record['EventType'] === 'AUDIT_FAILURE' || /^0x8010/i.test(said)) return 2
  if (w.id === 4768 || w.id === 4769 || w.id === 4776) {
    const code = whole(w.data['Status'])
    if (code !== null && code !== 0) return 2
  }
  return 1
}

const userObject = (user: Account | null): Bag | undefined => (user === null ? undefined : present({ name: user.name, domain: user.domain, uid: user.uid }))

export function windowsOcsf(w: WindowsEvent, columns: Columns): Bag {
  const used = new Set<string>()
  const raw = (name: string): unknown => { used.add(name); return w.data[name] }
  const get = (...names: string[]): string | null => {
    let found: string | null = null
    for (const name of names) found = text(raw(name)) ?? found
    return found
  }
  const number = (...names: string[]): number | null => {
    for (const name of names) {
      const value = whole(raw(name))
      if (value !== null) return value
    }
    return null
  }
  const { class_uid: classUid, activity_id: activityId } = columns
  const sysmon = w.service === 'sysmon'
  const security = w.service === 'security'

  const actorUser = actorAccount(w)
  for (const name of ['User', 'SourceUser', 'SubjectUserName', 'SubjectDomainName', 'SubjectUserSid', 'Keywords', 'EventType', 'AccountName', 'Domain', 'UserID', 'AccountType']) if (w.data[name] !== undefined) used.add(name)
  const session = present({ uid: get('LogonId', 'SubjectLogonId'), uuid: sysmon ? get('LogonGuid') : null, terminal: get('TerminalSessionId') })
  const hashes = sysmon ? raw('Hashes') ?? raw('Hash') : undefined
  const device = present({ hostname: w.computer, type_id: 0, os: { name: 'Windows', type_id: 100 } })

  // What Sysmon calls Image is who did it, except where the event is about the process itself.
  const own = present({
    file: file(columns.process, 1, sysmon && w.id === 1 ? hashes : undefined), pid: columns.process_id, uid: get('ProcessGuid', 'SourceProcessGUID', 'SourceProcessGuid'),
    name: columns.process === null ? null : baseName(columns.process),
  })
  get('Image', 'SourceImage', 'NewProcessName', 'ProcessName', 'Application')
  number('ProcessId', 'SourceProcessId', 'NewProcessId', 'ProcessID', 'CallerProcessId')
  let actorProcess = own
  const body: Bag = {}

  switch (classUid) {
    case 1007: {
      if (activityId === 1) {
        const parent = present({
          file: file(columns.parent_process), cmd_line: get('ParentCommandLine'), uid: get('ParentProcessGuid'), pid: sysmon ? number('ParentProcessId') : number('ProcessId'), user: userObject(account(raw('ParentUser'))),
        })
        get('ParentImage', 'ParentProcessName', 'CommandLine')
        const launchedFor = security ? securityAccount(w.data, 'Target') : actorUser
        for (const name of ['TargetUserName', 'TargetDomainName', 'TargetUserSid', 'TargetLogonId', 'CommandLine']) used.add(name)
        body['process'] = present({ ...own, cmd_line: columns.command_line, user: userObject(launchedFor) ?? userObject(actorUser), session, integrity: get('IntegrityLevel'), working_directory: get('CurrentDirectory'), parent_process: parent })
        actorProcess = parent
      } else if (activityId === 2 || activityId === 99) {
        body['process'] = own ?? { name: 'unknown' }
        body['exit_code'] = security ? number('Status', 'ExitStatus') : null
      } else {
        body['process'] = present({
          file: file(get('TargetImage') ?? (security ? get('ObjectName') : null)), pid: number('TargetProcessId'), uid: get('TargetProcessGUID', 'TargetProcessGuid'), user: userObject(account(raw('TargetUser'))),
        }) ?? { name: 'unknown' }
        body['actual_permissions'] = number('GrantedAccess')
        if (activityId === 4) {
          body['injection_type_id'] = 1
          body['injection_type'] = 'Remote Thread'
          body['module'] = present({ start_address: get('StartAddress'), function_name: get('StartFunction'), file: file(get('StartModule')), load_type_id: 0 })
        }
      }
      break
    }
    case 1001: {
      const pipe = sysmon && PIPE_IDS.has(w.id)
      const path = pipe ? get('PipeName') ?? 'unnamed pipe' : get('TargetFilename', 'Device', 'ObjectName')
      body['file'] = present({ ...file(path ?? 'unknown', pipe ? 6 : sysmon && w.id === 9 ? 4 : 1, hashes), created_time: parseTime(raw('CreationUtcTime')) })
      if (security) body['access_mask'] = number('AccessMask')
      break
    }
    case 1002: body['driver'] = { file: file(get('ImageLoaded') ?? 'unknown', 1, hashes) }; break
    case 1005: body['module'] = { file: present({ ...file(get('ImageLoaded') ?? 'unknown', 1, hashes), company_name: get('Company'), desc: get('Description'), version: get('FileVersion') }), load_type_id: 1 }; break
    case 1006: body['job'] = { name: get('TaskName') ?? 'unknown', ...present({ desc: get('TaskContent', 'TaskContentNew'), user: userObject(account(raw('UserContext'))) }) }; break
    case 1008: body['log_name'] = w.channel; break
    case 1009: {
      const script = get('ScriptBlockText') ?? get('Payload') ?? w.message ?? ''
      body['script'] = present({ script_content: { value: script }, type_id: 2, type: 'PowerShell', uid: get('ScriptBlockId'), file: file(get('Path')) })
      actorProcess = present({ cmd_line: columns.command_line, name: 'powershell' })
      break
    }
    case 201001: body['reg_key'] = { path: get('TargetObject', 'ObjectName') ?? 'unknown' }; if (security) body['access_mask'] = number('AccessMask'); break
    case 201002: {
      const path = get('TargetObject', 'ObjectName') ?? 'unknown'
      body['reg_value'] = present({ name: security ? get('ObjectValueName') ?? '(default)' : baseName(path), path, data: get('Details', 'NewValue') })
      if (security && w.data['OldValue'] !== undefined) body['prev_reg_value'] = present({ name: get('ObjectValueName') ?? '(default)', path, data: get('OldValue') })
      break
    }
    case 201003: {
      const kind = get('ObjectType')
      const name = get('ObjectName', 'KeyName', 'Service') ?? (w.id === 5379 || w.id === 5381 || w.id === 5382 ? get('TargetName') : null)
      body['win_resource'] = present({ name, uid: get('HandleId', 'SourceHandleId') ?? (name === null ? kind ?? String(w.id) : null), type: kind, type_id: kind === null ? 0 : WIN_RESOURCE_TYPES[kind] ?? 99, svc_name: get('ObjectServer') })
      break
    }
    case 201004: {
      const path = get('ImagePath', 'ServiceFileName')
      body['win_service'] = present({
        name: get('ServiceName') ?? get('param1') ?? get('param4') ?? 'unknown', cmd_line: path, service_start_name: security ? get('ServiceAccount') : w.id === 7045 ? get('AccountName') : null, service_start_type: get('StartType', 'ServiceStartType'),
        service_start_type_id: 0, service_type: get('ServiceType'), service_type_id: 0,
      })
      break
    }
    case 3001: case 3002: case 3003: case 3005: {
      const target = subjectUser(w, classUid)
      for (const name of ['TargetUserName', 'TargetDomainName', 'TargetUserSid', 'TargetSid']) used.add(name)
      const logonSession = present({ uid: get('TargetLogonId') ?? (security && w.data['TargetUserName'] === undefined ? session?.['uid'] : null), uuid: get('LogonGuid') })
      body['user'] = userObject(target) ?? { name: 'unknown' }
      if (classUid === 3002) {
        const logonType = number('LogonType')
        const protocol = get('AuthenticationPackageName', 'PackageName')
        body['session'] = logonSession
        body['dst_endpoint'] = present({ hostname: w.computer }) ?? { name: 'unknown' }
        if (logonType !== null) body['logon_type_id'] = LOGON_TYPES.has(logonType) ? logonType : logonType === 0 ? 1 : 99
        if (protocol !== null) {
          body['auth_protocol'] = protocol
          body['auth_protocol_id'] = AUTH_PROTOCOLS[protocol] ?? 99
        } else if (w.id >= 4768 && w.id <= 4771) body['auth_protocol_id'] = 2
        const logonProcess = get('LogonProcessName')
        body['logon_process'] = logonProcess === null ? null : { name: logonProcess.trim() }
        const service = get('ServiceName')
        body['service'] = service === null ? null : { name: service }
      }
      if (classUid === 3003) {
        body['session'] = logonSession
        if (w.id === 4672) body['privileges'] = privileges(raw('PrivilegeList'))
        else body['group'] = { name: get('GroupMembership')?.trim() ?? 'unknown' }
      }
      if (classUid === 3005) body['privileges'] = privileges(raw('EnabledPrivilegeList') ?? raw('PrivilegeList') ?? raw('AccessGranted') ?? raw('DisabledPrivilegeList'))
      break
    }
    case 3006: {
      for (const name of ['TargetUserName', 'TargetDomainName', 'TargetSid', 'MemberName', 'MemberSid']) used.add(name)
      body['group'] = present({ name: text(w.data['TargetUserName']), domain: text(w.data['TargetDomainName']), uid: text(w.data['TargetSid']) }) ?? { name: 'unknown' }
      body['user'] = present({ name: text(w.data['MemberName']), uid: text(w.data['MemberSid']) })
      break
    }
    case 4001: {
      const direction = get('Initiated', 'Direction')
      const protocol = get('Protocol')
      body['connection_info'] = present({
        direction_id: direction === 'true' || direction === '%%14593' ? 2 : direction === 'false' || direction === '%%14592' ? 1 : 0,
        protocol_name: protocol === '6' ? 'tcp' : protocol === '17' ? 'udp' : protocol !== null && !/^\d+$/.test(protocol) ? protocol.toLowerCase() : null, protocol_num: whole(protocol),
      })
      break
    }
    case 4003: {
      body['query'] = { hostname: get('QueryName') ?? 'unknown' }
      const results = get('QueryResults')
      if (results !== null) body['answers'] = results.split(';').filter((answer) => answer !== '').slice(0, 64).map((answer) => present({ rdata: answer.replace(/^type:\s*\d+\s*/, ''), type: /^type:\s*(\d+)/.exec(answer)?.[1] }))
      body['rcode'] = get('QueryStatus')
      body['src_endpoint'] = present({ hostname: w.computer }) ?? { name: 'unknown' }
      break
    }
    case 4006: {
      body['share'] = get('ShareName')
      body['file'] = file(get('RelativeTargetName'))
      break
    }
    case 5019: break
    case 6002: body['app'] = { name: sysmon ? 'Sysmon' : 'PowerShell', ...present({ version: get('Version', 'SchemaVersion') }) }; break
    default: break
  }

  // Addresses belong to the network and sign-in classes; elsewhere they stay in what is not mapped.
  if (classUid >= 4001 && classUid < 5000) {
    get('SourceIp', 'SourcePort', 'SourceHostname', 'DestinationIp', 'DestinationPort', 'DestinationHostname', 'IpAddress', 'IpPort', 'SourceAddress', 'DestAddress', 'DestPort', 'ClientAddress')
    body['src_endpoint'] = present({ ip: columns.src_ip, port: columns.src_port, hostname: get('SourceHostname') }) ?? body['src_endpoint'] ?? (w.computer === null ? { name: 'unknown' } : { hostname: w.computer })
    body['dst_endpoint'] = present({ ip: columns.dst_ip, port: columns.dst_port, hostname: get('DestinationHostname') })
  } else if (classUid >= 3001 && classUid < 4000 && (columns.src_ip !== null || get('WorkstationName', 'Workstation', 'ClientName') !== null)) {
    get('IpAddress', 'IpPort', 'ClientAddress')
    body['src_endpoint'] = present({ ip: columns.src_ip, port: columns.src_port, hostname: get('WorkstationName', 'Workstation', 'ClientName') })
  }

  const actor = present({ process: actorProcess, user: userObject(actorUser), session: security ? session : null, app_name: actorProcess === undefined && actorUser === null ? w.provider ?? 'Windows' : null })
  const left: Bag = {}
  for (const key of Object.keys(w.data)) if (!used.has(key) && !ENVELOPE.has(key) && text(w.data[key]) !== null) Object.defineProperty(left, key, { value: w.data[key], enumerable: true, writable: true, configurable: true })

  return event(columns, {
    product: { name: sysmon ? 'Sysmon' : 'Microsoft Windows', vendor_name: 'Microsoft', feature: w.channel === '' ? undefined : { name: w.channel } },
    metadata: {
      log_name: w.channel === '' ? undefined : w.channel, log_provider: w.provider ?? undefined, uid: text(w.recordId) ?? undefined, profiles: ['host'], original_time: text(w.time) ?? undefined,
    },
    status: statusOf(w, classUid), statusCode: security && (classUid === 3002) ? get('Status') : null, statusDetail: security && classUid === 3002 ? get('FailureReason', 'SubStatus') : null,
    unmapped: present(left),
  }, { device, actor, ...body })
}

function privileges(value: unknown): string[] {
  const found = words(value)
  return found.length === 0 ? ['unknown'] : found
}

/** Sigma's names: the event's own data, the system part as Sigma writes it, and for the audit log's process creation the names of Sysmon's. What the record calls things is kept. */
export function windowsFields(w: WindowsEvent): Fields {
  const fields = Object.create(null) as Fields
  for (const key of Object.keys(w.record)) fields[key] = w.record[key]
  if (w.data !== w.record) for (const key of Object.keys(w.data)) fields[key] = w.data[key]
  const add = (name: string, value: unknown): void => {
    if (value !== null && value !== undefined && fields[name] === undefined) fields[name] = value
  }
  // A collector's EventCode or a text '4688' must meet `EventID: 4688`.
  fields['EventID'] = w.id
  add('Channel', w.channel === '' ? null : w.channel)
  add('Provider_Name', w.provider)
  add('Computer', w.computer)
  add('Message', w.message)
  add('EventRecordID', w.recordId)
  add('Level', w.level)
  if (w.eventType !== null) fields['EventType'] = w.eventType
  if (isBag(w.record['winlog'])) {
    add('Keywords', w.record['winlog']['keywords'])
    add('Task', w.record['winlog']['task'])
    if (isBag(w.record['winlog']['user'])) add('Security_UserID', w.record['winlog']['user']['identifier'])
  }
  const wrapped = isBag(w.record['Event']) ? w.record['Event'] : isBag(w.record['event']) ? w.record['event'] : w.record
  if (isBag(wrapped['System'])) {
    add('Keywords', wrapped['System']['Keywords'])
    add('Task', wrapped['System']['Task'])
    add('Security_UserID', attribute(wrapped['System']['Security'], 'UserID'))
  }
  if (w.service === 'security' && w.id === 4688) {
    add('Image', w.data['NewProcessName'])
    add('ParentImage', w.data['ParentProcessName'])
    add('ParentProcessId', w.data['ProcessId'])
    add('LogonId', w.data['SubjectLogonId'])
    add('IntegrityLevel', INTEGRITY[text(w.data['MandatoryLabel']) ?? ''])
    const user = securityAccount(w.data, 'Subject')
    if (user !== null && user.name !== null) add('User', user.domain === null ? user.name : `${user.domain}\\${user.name}`)
  }
  if (w.service === 'powershell-classic') add('Data', w.message)
  if (w.service === 'windefend') {
    add('Signature', w.data['Threat Name'] ?? w.data['ThreatName'])
    add('Filename', w.data['Path'])
  }
  // Rules write names without the blanks that some providers use.
  for (const key of Object.keys(w.data)) if (key.includes(' ')) add(key.replaceAll(' ', ''), w.data[key])
  return fields
}

const INTEGRITY = table<string>({ 'S-1-16-0': 'Untrusted', 'S-1-16-4096': 'Low', 'S-1-16-8192': 'Medium', 'S-1-16-8448': 'MediumPlus', 'S-1-16-12288': 'High', 'S-1-16-16384': 'System' })
