// A Windows event as Winlogbeat's Sysmon, Security and PowerShell modules would ship it: written from Elastic's description of their exported fields and not from the pipeline that it tests.
import { readRecord } from '@haechi/records'

type Bag = Record<string, unknown>

function put(into: Bag, path: string, value: unknown): void {
  if (value === undefined || value === null || value === '') return
  const parts = path.split('.')
  const last = parts.pop() as string
  let at = into
  for (const part of parts) at = (at[part] ??= {}) as Bag
  at[last] = value
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '')

/** What is of the collector or the system part, not of the event's own data. */
const ENVELOPE = new Set(['EventID', 'EventCode', 'Channel', 'Hostname', 'Computer', 'SourceName', 'Provider_Name', 'Message', 'TimeCreated', '@timestamp', 'EventTime', 'Keywords', 'Task', 'Level', 'Event', 'host', 'tags', 'port', 'EventRecordID', 'RecordNumber'])

const EVENTS: Readonly<Record<number, readonly [category: string | string[], type: string | string[]]>> = {
  1: ['process', 'start'], 2: ['file', 'change'], 3: ['network', ['start', 'connection', 'protocol']], 5: ['process', 'end'], 6: ['driver', 'start'], 7: ['process', 'change'], 8: ['process', 'change'], 9: ['process', 'access'], 10: ['process', 'access'],
  11: ['file', 'creation'], 12: [['configuration', 'registry'], 'change'], 13: [['configuration', 'registry'], 'change'], 14: [['configuration', 'registry'], 'change'], 15: ['file', 'access'], 17: ['file', 'creation'], 18: ['file', 'access'],
  22: ['network', ['connection', 'protocol', 'info']], 23: ['file', 'deletion'], 26: ['file', 'deletion'],
}

export function ecsOf(record: unknown): Bag {
  const { fields } = readRecord(record)
  const id = Number(fields['EventID'])
  const channel = textOf(fields['Channel'])
  const sysmon = channel.toLowerCase() === 'microsoft-windows-sysmon/operational'
  const data: Bag = {}
  for (const [name, value] of Object.entries(fields)) if (!ENVELOPE.has(name) && value !== null) data[name] = value
  const ecs: Bag = {}
  /** A renamed field is no longer in event_data. */
  const move = (name: string, ...to: string[]): void => {
    for (const path of to) put(ecs, path, data[name])
    delete data[name]
  }
  const account = (name: string, path: string): void => {
    const [domain, user] = textOf(data[name]).split('\\')
    if (user === undefined) put(ecs, `${path}.name`, domain)
    else {
      put(ecs, `${path}.domain`, domain)
      put(ecs, `${path}.name`, user)
    }
    delete data[name]
  }
  const digests = (file: string): void => {
    for (const pair of textOf(data['Hashes'] ?? data['Hash']).split(',')) {
      const [name = '', digest] = pair.trim().split('=')
      put(ecs, name.toUpperCase() === 'IMPHASH' ? `${file}.pe.imphash` : `${file}.hash.${name.toLowerCase()}`, digest?.toLowerCase())
    }
    delete data['Hashes']
    delete data['Hash']
  }
  put(ecs, 'event.code', String(id))
  put(ecs, 'event.provider', fields['Provider_Name'])
  put(ecs, 'host.name', fields['Computer'])
  put(ecs, 'message', fields['Message'])
  const [category, type] = (sysmon ? EVENTS[id] : id === 4688 && channel.toLowerCase() === 'security' ? EVENTS[1] : undefined) ?? []
  put(ecs, 'event.category', category)
  put(ecs, 'event.type', type)

  if (sysmon) {
    for (const [name, path] of [['Image', 'process.executable'], ['SourceImage', 'process.executable'], ['ProcessId', 'process.pid'], ['SourceProcessId', 'process.pid'], ['ProcessGuid', 'process.entity_id'], ['SourceProcessGUID', 'process.entity_id']] as const) move(name, path)
    account('User', 'user')
    if (id === 1) {
      for (const [name, path] of [
        ['CommandLine', 'process.command_line'], ['CurrentDirectory', 'process.working_directory'], ['ParentImage', 'process.parent.executable'], ['ParentCommandLine', 'process.parent.command_line'], ['ParentProcessId', 'process.parent.pid'],
        ['ParentProcessGuid', 'process.parent.entity_id'], ['OriginalFileName', 'process.pe.original_file_name'], ['Company', 'process.pe.company'], ['Description', 'process.pe.description'], ['Product', 'process.pe.product'], ['FileVersion', 'process.pe.file_version'], ['LogonId', 'winlog.logon.id'],
      ] as const) move(name, path)
      digests('process')
    }
    if (id === 3) {
      for (const [name, path] of [['SourceIp', 'source.ip'], ['SourcePort', 'source.port'], ['SourceHostname', 'source.domain'], ['DestinationIp', 'destination.ip'], ['DestinationPort', 'destination.port'], ['DestinationHostname', 'destination.domain'], ['DestinationPortName', 'network.protocol'], ['Protocol', 'network.transport']] as const) move(name, path)
      put(ecs, 'network.direction', textOf(data['Initiated']) === 'true' ? 'egress' : 'ingress')
      put(ecs, 'network.type', textOf(data['SourceIsIpv6']) === 'true' ? 'ipv6' : 'ipv4')
      for (const name of ['Initiated', 'SourceIsIpv6', 'DestinationIsIpv6']) delete data[name]
    }
    if (id === 6 || id === 7) {
      move('ImageLoaded', id === 6 ? 'file.path' : 'file.path', 'dll.path')
      for (const [name, attribute] of [['Signed', 'signed'], ['SignatureStatus', 'status'], ['Signature', 'subject_name']] as const) move(name, `file.code_signature.${attribute}`)
      for (const [name, attribute] of [['OriginalFileName', 'original_file_name'], ['Company', 'company'], ['Description', 'description'], ['Product', 'product'], ['FileVersion', 'file_version']] as const) move(name, `dll.pe.${attribute}`)
      digests('dll')
    }
    if ([2, 11, 15, 23, 26, 27, 28, 29].includes(id)) {
      move('TargetFilename', 'file.path')
      digests('file')
    }
    if (id >= 12 && id <= 14) {
      move('TargetObject', 'registry.path')
      // The module turns numbers into decimal texts; the text that Sysmon writes is kept beside.
      const number = /^[DQ]WORD \((0x[0-9a-f]+)/i.exec(textOf(data['Details']))?.[1]
      put(ecs, 'registry.data.strings', number === undefined ? data['Details'] : String(Number(number)))
    }
    if (id === 17 || id === 18) move('PipeName', 'file.name')
    if (id === 22) move('QueryName', 'dns.question.name')
  } else if (id === 4688 && channel.toLowerCase() === 'security') {
    // What readRecord adds under Sysmon's names is no part of the event.
    for (const name of ['Image', 'ParentImage', 'ParentProcessId', 'LogonId', 'IntegrityLevel', 'User']) delete data[name]
    put(ecs, 'process.executable', data['NewProcessName'])
    put(ecs, 'process.command_line', data['CommandLine'])
    put(ecs, 'process.parent.executable', data['ParentProcessName'])
    put(ecs, 'user.name', data['SubjectUserName'])
    put(ecs, 'user.domain', data['SubjectDomainName'])
    put(ecs, 'winlog.logon.id', data['SubjectLogonId'])
  } else if (id === 4104) {
    move('ScriptBlockText', 'powershell.file.script_block_text')
    move('ScriptBlockId', 'powershell.file.script_block_id')
    move('Path', 'file.path')
  }
  ecs['winlog'] = { channel, event_id: id, provider_name: fields['Provider_Name'], computer_name: fields['Computer'], ...ecs['winlog'] as Bag, event_data: data }
  return ecs
}
