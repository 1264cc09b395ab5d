// Sigma's names as those of OCSF 1.8, as @haechi/records builds the events (github.com/ocsf/ocsf-schema, Apache License 2.0). What a class has no place for is under unmapped, by the name that the source has for it.
// pipelines.integration.test.ts holds it against recorded events, and lists what an OCSF event no longer says.
import { windowsCategories, windowsChannels } from '@haechi/records'
import type { Pipeline, Processing } from '../pipeline.ts'
import { BLANKS, on, prefixOthers, rename, renameBeginnings, require, valuesOf } from './processing.ts'
import type { Names, Said } from './processing.ts'

const WINDOWS = on({ product: 'windows' })

/** An attribute that the class has since some version, else where the source's own fields are kept. */
const or = (attribute: string, field: string): readonly string[] => [attribute, `unmapped.${field}`]
const user = (path: string): readonly string[] => [`${path}.name`, `${path}.domain`]

const ACTOR: Names = {
  Image: 'actor.process.file.path', ProcessId: 'actor.process.pid', ProcessGuid: 'actor.process.uid', User: user('actor.user'), CommandLine: or('actor.process.cmd_line', 'CommandLine'), ParentImage: or('actor.process.parent_process.file.path', 'ParentImage'),
  ParentCommandLine: or('actor.process.parent_process.cmd_line', 'ParentCommandLine'),
}
const versionOf = (file: string): Names => ({
  OriginalFileName: or(`${file}.internal_name`, 'OriginalFileName'), Company: or(`${file}.company_name`, 'Company'), Description: or(`${file}.desc`, 'Description'), Product: or(`${file}.product.name`, 'Product'), FileVersion: or(`${file}.version`, 'FileVersion'),
})
const FILE: Names = { ...ACTOR, TargetFilename: 'file.path', FileName: 'file.path' }
const REGISTRY: Names = { ...ACTOR, TargetObject: ['reg_value.path', 'reg_key.path'], Details: 'reg_value.data', EventType: 'type_uid' }
const TARGET: Names = {
  SourceImage: 'actor.process.file.path', SourceProcessId: 'actor.process.pid', SourceProcessGUID: 'actor.process.uid', SourceProcessGuid: 'actor.process.uid', SourceUser: user('actor.user'), SourceCommandLine: or('actor.process.cmd_line', 'SourceCommandLine'),
  TargetImage: 'process.file.path', TargetProcessId: 'process.pid', TargetProcessGUID: 'process.uid', TargetProcessGuid: 'process.uid', TargetUser: user('process.user'),
}

const NAMES: Readonly<Record<string, Names>> = {
  process_creation: {
    Image: 'process.file.path', CommandLine: 'process.cmd_line', ProcessId: 'process.pid', ProcessGuid: 'process.uid', CurrentDirectory: 'process.working_directory', User: user('process.user'), IntegrityLevel: ['process.integrity', 'unmapped.MandatoryLabel'], LogonId: 'process.session.uid',
    LogonGuid: 'process.session.uuid', TerminalSessionId: 'process.session.terminal', ...versionOf('process.file'), ParentImage: 'process.parent_process.file.path', ParentCommandLine: 'process.parent_process.cmd_line',
    ParentProcessId: 'process.parent_process.pid', ParentProcessGuid: 'process.parent_process.uid', ParentUser: user('process.parent_process.user'),
  },
  process_termination: { Image: 'process.file.path', ProcessId: 'process.pid', ProcessGuid: 'process.uid', User: user('actor.user') },
  process_tampering: { Image: 'process.file.path', ProcessId: 'process.pid', User: user('actor.user') },
  process_access: { ...TARGET, GrantedAccess: 'actual_permissions' },
  create_remote_thread: { ...TARGET, StartModule: 'module.file.path', StartFunction: 'module.function_name', StartAddress: 'module.start_address' },
  file_event: FILE, file_change: FILE, file_delete: FILE, file_delete_detected: FILE, file_rename: FILE, file_access: FILE, create_stream_hash: FILE, file_executable_detected: FILE, file_block_executable: FILE, file_block_shredding: FILE,
  raw_access_thread: { ...ACTOR, Device: 'file.path' },
  pipe_created: { ...ACTOR, PipeName: 'file.path', EventType: 'type_uid' },
  network_connection: {
    ...ACTOR, SourceIp: 'src_endpoint.ip', SourcePort: 'src_endpoint.port', SourceHostname: 'src_endpoint.hostname', DestinationIp: 'dst_endpoint.ip', DestinationPort: 'dst_endpoint.port', DestinationHostname: 'dst_endpoint.hostname',
    Protocol: 'connection_info.protocol_name', Initiated: 'connection_info.direction_id',
  },
  dns_query: { ...ACTOR, QueryName: 'query.hostname', QueryResults: 'answers.rdata', QueryStatus: 'rcode' },
  image_load: { ...ACTOR, ImageLoaded: 'module.file.path', ...versionOf('module.file') },
  driver_load: { ImageLoaded: 'driver.file.path' },
  registry_event: REGISTRY, registry_set: REGISTRY, registry_add: REGISTRY, registry_delete: REGISTRY, registry_rename: REGISTRY,
  wmi_event: { User: user('actor.user') },
  ps_script: { ScriptBlockText: 'script.script_content.value', ScriptBlockId: 'script.uid', Path: 'script.file.path', User: user('actor.user') },
  ps_module: { Payload: 'script.script_content.value', User: user('actor.user') },
}

/** What an event of the category says of itself. Others are told by the source's event ids. */
const EVENTS: Readonly<Record<string, Said>> = {
  process_creation: { class_uid: 1007, activity_id: 1 }, process_termination: { class_uid: 1007, activity_id: 2 }, process_access: { class_uid: 1007, activity_id: 3 }, create_remote_thread: { class_uid: 1007, activity_id: 4 },
  file_event: { class_uid: 1001, activity_id: 1, 'file.type_id': [1, 2] }, file_change: { class_uid: 1001, activity_id: 6 }, file_delete: { class_uid: 1001, activity_id: 4 }, file_rename: { class_uid: 1001, activity_id: 5 }, file_access: { class_uid: 1001, activity_id: [2, 14] },
  pipe_created: { class_uid: 1001, activity_id: [1, 14], 'file.type_id': 6 },
  network_connection: { class_uid: 4001 }, dns_query: { class_uid: 4003 }, image_load: { class_uid: 1005, activity_id: 1 }, driver_load: { class_uid: 1002, activity_id: 1 },
  registry_event: { class_uid: [201_001, 201_002] }, registry_set: { class_uid: 201_002, activity_id: 2 }, registry_add: { class_uid: 201_001, activity_id: 1 }, registry_delete: { type_uid: [20_100_104, 20_100_204] }, registry_rename: { class_uid: 201_001, activity_id: 5 },
}

/** Sysmon's events that OCSF gives the class and activity of another category: its id tells them apart where the event has it. */
const SYSMON_ALONE = new Set(['create_stream_hash', 'file_delete_detected', 'file_executable_detected', 'file_block_executable', 'file_block_shredding'])

const HASHED: Readonly<Record<string, string>> = {
  process_creation: 'process.file', image_load: 'module.file', driver_load: 'driver.file', create_stream_hash: 'file', file_delete: 'file', file_delete_detected: 'file', file_executable_detected: 'file', file_block_executable: 'file',
}
const ALGORITHMS = ['MD5', 'SHA1', 'SHA256', 'SHA512', 'IMPHASH']

/** Masks are numbers in OCSF. Those that public rules name, in the ways in which they do: alone, at the beginning, anywhere. */
const MASKS = ['10', '40', '401', '410', '1000', '1010', '1028', '1038', '1400', '1410', '1418', '1438', '143a', '1440', '14c0', '100000', '103800', '1f0fff', '1f1fff', '1f2fff', '1f3fff', '1fffff', '80000000']
const masks = Object.fromEntries(MASKS.flatMap((digits) => [`0x${digits}`, `0x${digits.toUpperCase()}`].flatMap((mask) => [mask, `${mask}*`, `*${mask}*`].map((written): [string, string[]] => [written, [String(Number(mask))]]))))

const EVENT_TYPES: Readonly<Record<string, readonly string[]>> = { CreateKey: ['20100101'], DeleteKey: ['20100104'], RenameKey: ['20100105'], SetValue: ['20100202'], DeleteValue: ['20100204'], CreatePipe: ['100101'], ConnectPipe: ['100114'] }

/** The audit log and the other channels: one event of them is of one class, so a field is wherever its class has it. */
const CHANNELS: Names = {
  SubjectUserName: 'actor.user.name', SubjectDomainName: 'actor.user.domain', SubjectUserSid: 'actor.user.uid', SubjectLogonId: ['actor.session.uid', 'process.session.uid'],
  TargetUserName: ['user.name', 'group.name', 'process.user.name', 'unmapped.TargetUserName'], TargetDomainName: ['user.domain', 'group.domain', 'process.user.domain', 'unmapped.TargetDomainName'], TargetUserSid: ['user.uid', 'group.uid', 'unmapped.TargetUserSid'],
  TargetSid: ['user.uid', 'group.uid', 'unmapped.TargetSid'], MemberName: or('user.name', 'MemberName'), MemberSid: or('user.uid', 'MemberSid'), TargetLogonId: or('session.uid', 'TargetLogonId'), LogonGuid: or('session.uuid', 'LogonGuid'),
  LogonType: or('logon_type_id', 'LogonType'), AuthenticationPackageName: or('auth_protocol', 'AuthenticationPackageName'), LogonProcessName: or('logon_process.name', 'LogonProcessName'), Status: or('status_code', 'Status'),
  IpAddress: or('src_endpoint.ip', 'IpAddress'), IpPort: or('src_endpoint.port', 'IpPort'), WorkstationName: or('src_endpoint.hostname', 'WorkstationName'), Workstation: or('src_endpoint.hostname', 'Workstation'),
  SourceAddress: or('src_endpoint.ip', 'SourceAddress'), SourcePort: or('src_endpoint.port', 'SourcePort'), DestAddress: or('dst_endpoint.ip', 'DestAddress'), DestPort: or('dst_endpoint.port', 'DestPort'),
  ProcessName: ['actor.process.file.path', 'process.file.path'], Application: ['actor.process.file.path', 'unmapped.Application'], ProcessId: ['actor.process.pid', 'process.parent_process.pid', 'unmapped.ProcessId'], NewProcessName: 'process.file.path', NewProcessId: 'process.pid',
  ParentProcessName: 'process.parent_process.file.path', CommandLine: 'process.cmd_line',
  ServiceName: ['service.name', 'win_service.name', 'unmapped.ServiceName'], ServiceFileName: or('win_service.cmd_line', 'ServiceFileName'), ImagePath: or('win_service.cmd_line', 'ImagePath'), ServiceType: or('win_service.service_type', 'ServiceType'),
  ServiceStartType: or('win_service.service_start_type', 'ServiceStartType'), StartType: or('win_service.service_start_type', 'StartType'), ServiceAccount: or('win_service.service_start_name', 'ServiceAccount'), AccountName: ['win_service.service_start_name', 'actor.user.name', 'unmapped.AccountName'],
  param1: or('win_service.name', 'param1'), ObjectName: ['win_resource.name', 'file.path', 'reg_key.path', 'reg_value.path', 'process.file.path', 'unmapped.ObjectName'], ObjectType: or('win_resource.type', 'ObjectType'), ObjectServer: or('win_resource.svc_name', 'ObjectServer'),
  HandleId: or('win_resource.uid', 'HandleId'), ObjectValueName: or('reg_value.name', 'ObjectValueName'), NewValue: or('reg_value.data', 'NewValue'), OldValue: or('prev_reg_value.data', 'OldValue'), AccessMask: or('access_mask', 'AccessMask'),
  ShareName: or('share', 'ShareName'), RelativeTargetName: or('file.path', 'RelativeTargetName'), TaskName: or('job.name', 'TaskName'), TaskContent: or('job.desc', 'TaskContent'), TaskContentNew: or('job.desc', 'TaskContentNew'), PrivilegeList: or('privileges', 'PrivilegeList'),
  ScriptBlockText: 'script.script_content.value', Payload: 'script.script_content.value', Path: or('script.file.path', 'Path'), QueryName: or('query.hostname', 'QueryName'),
}

const SYSTEM: Names = {
  EventID: 'metadata.event_code', Channel: 'metadata.log_name', Provider_Name: 'metadata.log_provider', EventRecordID: 'metadata.uid', Computer: 'device.hostname', Message: 'message',
}

const CLOUDTRAIL: Names = {
  eventName: 'api.operation', eventSource: 'api.service.name', errorCode: 'api.response.error', errorMessage: 'api.response.error_message', requestParameters: 'api.request.data', responseElements: 'api.response.data', userAgent: 'http_request.user_agent', sourceIPAddress: ['src_endpoint.ip', 'src_endpoint.domain'],
  awsRegion: 'cloud.region', eventType: 'metadata.log_name', 'userIdentity.type': 'actor.user.type', 'userIdentity.arn': 'actor.user.uid', 'userIdentity.userName': 'actor.user.name', 'userIdentity.accountId': 'actor.user.account.uid', 'userIdentity.sessionContext.sessionIssuer.arn': 'actor.session.issuer', 'userIdentity.principalId': ['actor.user.uid_alt', 'actor.user.uid'],
}
const AWS = on({ product: 'aws', service: 'cloudtrail' })

function byCategory(category: string): Processing[] {
  const where = on({ category })
  const hashed = HASHED[category]
  const event = EVENTS[category]
  const source = windowsCategories.get(category)?.find(({ service }) => service !== 'security')
  return [
    ...(hashed === undefined ? [] : [
      valuesOf(where, ['Hashes', 'Hash'], { type: 'hashes_fields', algorithms: ALGORITHMS, prefix: 'Digest', dropAlgorithm: true }),
      ...rename(where, Object.fromEntries(['Digest', 'Imphash', 'md5', 'sha1', 'sha256'].map((name) => [name, `${hashed}.hashes.value`]))),
    ]),
    ...rename(where, NAMES[category] ?? {}),
    ...(event === undefined ? [] : [require(where, event)]),
    ...(event !== undefined && !SYSMON_ALONE.has(category) || source === undefined ? [] : [require(on({ product: 'windows', category }), { 'metadata.event_code': source.ids, 'metadata.log_name': windowsChannels.get(source.service) ?? [] })]),
  ]
}

export const ocsf: Pipeline = {
  name: 'ocsf', priority: 20, vars: {},
  items: [
    valuesOf(on({ category: 'network_connection' }), ['Initiated'], { type: 'map_string', mapping: { true: ['2'], false: ['1'] } }),
    valuesOf(on({ category: 'process_access' }), ['GrantedAccess'], { type: 'map_string', mapping: masks }),
    valuesOf(WINDOWS, ['EventType'], { type: 'map_string', mapping: EVENT_TYPES }),
    ...[...new Set([...Object.keys(NAMES), ...windowsCategories.keys()])].filter((category) => category !== 'antivirus').flatMap(byCategory),
    ...[...windowsChannels].map(([service, channels]) => require(on({ product: 'windows', service }), { 'metadata.log_name': channels })),
    ...rename(WINDOWS, SYSTEM),
    ...rename(on({ product: 'windows', service: 'windefend' }, { category: 'antivirus' }), Object.fromEntries(BLANKS.map((name) => [name.replaceAll(' ', ''), [`unmapped.${name}`, `unmapped.${name.replaceAll(' ', '')}`]]))),
    ...rename(on(...[...windowsChannels.keys()].map((service) => ({ product: 'windows', service }))), CHANNELS),
    prefixOthers(WINDOWS, 'unmapped.'),
    ...rename(AWS, CLOUDTRAIL),
    renameBeginnings(AWS, { 'requestParameters.': 'api.request.data.', 'responseElements.': 'api.response.data.' }),
    prefixOthers(AWS, 'unmapped.'),
  ],
}
