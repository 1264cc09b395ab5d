// Sigma's names as those of the Elastic Common Schema, as Winlogbeat, Elastic Agent and Filebeat write them.
// Facts from the field reference of ECS 8 (github.com/elastic/ecs, Apache License 2.0) and the exported fields of Winlogbeat 8 (Elastic's documentation). Windows fields that ECS has no place for stay under winlog.event_data.
import { windowsCategories, windowsChannels } from '@haechi/records'
import type { Pipeline, Processing } from '../pipeline.ts'
import { BLANKS, on, prefixOthers, rename, renameBeginnings, require, valuesOf } from './processing.ts'
import type { Names, Said } from './processing.ts'

const WINDOWS = on({ product: 'windows' })

const ACTOR: Names = { Image: 'process.executable', CommandLine: 'process.command_line', ProcessId: 'process.pid', ProcessGuid: 'process.entity_id', User: ['user.name', 'user.domain'], ParentImage: 'process.parent.executable', ParentCommandLine: 'process.parent.command_line' }

const versionOf = (file: string): Names => ({ OriginalFileName: `${file}.pe.original_file_name`, Company: `${file}.pe.company`, Description: `${file}.pe.description`, Product: `${file}.pe.product`, FileVersion: `${file}.pe.file_version` })
const signatureOf = (...files: readonly string[]): Names => ({ Signed: files.map((file) => `${file}.code_signature.signed`), SignatureStatus: files.map((file) => `${file}.code_signature.status`), Signature: files.map((file) => `${file}.code_signature.subject_name`) })

const CREATED: Names = {
  IntegrityLevel: ['winlog.event_data.IntegrityLevel', 'winlog.event_data.MandatoryLabel'],
  ...ACTOR, ...versionOf('process'), CurrentDirectory: 'process.working_directory', LogonId: 'winlog.logon.id',
  ParentProcessId: 'process.parent.pid', ParentProcessGuid: 'process.parent.entity_id', ParentUser: ['process.parent.user.name', 'process.parent.user.domain', 'winlog.event_data.ParentUser'],
}
const FILE: Names = { ...ACTOR, TargetFilename: 'file.path', FileName: 'file.path' }
const REGISTRY: Names = { ...ACTOR, TargetObject: 'registry.path', Details: ['registry.data.strings', 'winlog.event_data.Details'] }
const SOURCE: Names = { SourceImage: 'process.executable', SourceProcessId: 'process.pid', SourceProcessGUID: 'process.entity_id', SourceProcessGuid: 'process.entity_id', SourceUser: ['user.name', 'user.domain'], SourceCommandLine: 'process.command_line' }
const SCRIPT: Names = { ScriptBlockText: 'powershell.file.script_block_text', ScriptBlockId: 'powershell.file.script_block_id', Path: 'file.path', User: ['user.name', 'user.domain'] }

const CONNECTION: Names = {
  ...ACTOR, SourceIp: 'source.ip', SourcePort: 'source.port', SourceHostname: 'source.domain', DestinationIp: 'destination.ip', DestinationPort: 'destination.port', DestinationHostname: 'destination.domain', DestinationPortName: 'network.protocol',
  Protocol: 'network.transport', Initiated: 'network.direction', DestinationIsIpv6: 'network.type', SourceIsIpv6: 'network.type',
}

const WEB: Names = {
  'c-uri': ['url.original', 'url.full'], 'cs-uri': ['url.original', 'url.full'], 'c-uri-query': 'url.query', 'cs-uri-query': 'url.query', 'c-uri-stem': 'url.path', 'cs-uri-stem': 'url.path', 'c-uri-extension': 'url.extension', 'cs-host': ['url.domain', 'destination.domain'],
  'r-dns': ['url.domain', 'destination.domain'], 'c-useragent': 'user_agent.original', 'cs-user-agent': 'user_agent.original', 'cs-method': 'http.request.method', 'sc-status': 'http.response.status_code', 'cs-referer': 'http.request.referrer', 'cs-referrer': 'http.request.referrer',
  'c-ip': 'source.ip', 'src_ip': 'source.ip', 'dst_ip': 'destination.ip', 's-ip': 'destination.ip', 'cs-username': 'user.name', 'cs-bytes': 'http.request.bytes', 'sc-bytes': 'http.response.bytes',
}
const FLOW: Names = { src_ip: 'source.ip', src_port: 'source.port', dst_ip: 'destination.ip', dst_port: 'destination.port', action: 'event.action', username: 'user.name' }
const QUERY: Names = { query: 'dns.question.name', record_type: 'dns.question.type', answer: 'dns.answers.data', src_ip: 'source.ip', dst_ip: 'destination.ip', 'QueryName': 'dns.question.name' }
const CLOUDTRAIL: Names = {
  eventName: 'event.action', eventSource: 'event.provider', errorCode: 'aws.cloudtrail.error_code', errorMessage: 'aws.cloudtrail.error_message', userAgent: 'user_agent.original', sourceIPAddress: 'source.address', awsRegion: 'cloud.region',
  eventType: 'aws.cloudtrail.event_type', requestParameters: 'aws.cloudtrail.request_parameters', responseElements: 'aws.cloudtrail.response_elements', 'userIdentity.type': 'aws.cloudtrail.user_identity.type', 'userIdentity.arn': 'aws.cloudtrail.user_identity.arn',
  'userIdentity.userName': 'user.name', 'userIdentity.accountId': 'cloud.account.id', 'userIdentity.sessionContext.sessionIssuer.type': 'aws.cloudtrail.user_identity.session_context.session_issuer.type', 'additionalEventData.MFAUsed': 'aws.cloudtrail.console_login.additional_eventdata.mfa_used',
}

/** Where a category is one of ECS: what every event of it says. Others are Sysmon's and are told by its event ids. */
const EVENTS: Readonly<Record<string, readonly Said[]>> = {
  process_creation: [{ 'event.category': 'process', 'event.type': 'start' }],
  process_termination: [{ 'event.category': 'process', 'event.type': 'end' }],
  file_event: [{ 'event.category': 'file', 'event.type': 'creation' }],
  file_delete: [{ 'event.category': 'file', 'event.type': 'deletion' }],
  file_rename: [{ 'event.category': 'file', 'event.type': 'change' }],
  file_change: [{ 'event.category': 'file', 'event.type': 'change' }],
  file_access: [{ 'event.category': 'file', 'event.type': 'access' }],
  network_connection: [{ 'event.category': 'network', 'destination.ip': '*' }],
  dns_query: [{ 'event.category': 'network', 'dns.question.name': '*' }],
  image_load: [{ 'event.category': ['library', 'process'] }],
  driver_load: [{ 'event.category': 'driver' }],
  registry_event: [{ 'event.category': 'registry' }],
  registry_set: [{ 'event.category': 'registry', 'winlog.event_data.EventType': 'SetValue' }, { 'event.category': 'registry', 'event.action': 'modification' }],
  registry_add: [{ 'event.category': 'registry', 'winlog.event_data.EventType': 'CreateKey' }, { 'event.category': 'registry', 'event.action': 'creation' }],
  registry_delete: [{ 'event.category': 'registry', 'winlog.event_data.EventType': ['DeleteKey', 'DeleteValue'] }, { 'event.category': 'registry', 'event.action': 'deletion' }],
  registry_rename: [{ 'event.category': 'registry', 'winlog.event_data.EventType': 'RenameKey' }, { 'event.category': 'registry', 'event.action': 'rename' }],
}

const NAMES: Readonly<Record<string, Names>> = {
  process_creation: CREATED, process_termination: ACTOR, process_tampering: ACTOR, file_event: FILE, file_delete: FILE, file_rename: FILE, file_change: FILE, file_access: FILE, file_delete_detected: FILE, file_executable_detected: FILE, create_stream_hash: FILE,
  file_block_executable: FILE, file_block_shredding: FILE, raw_access_thread: ACTOR, network_connection: CONNECTION, dns_query: { ...ACTOR, QueryName: 'dns.question.name' }, pipe_created: { ...ACTOR, PipeName: 'file.name' },
  image_load: { ...ACTOR, ImageLoaded: ['dll.path', 'file.path'], ...versionOf('dll'), ...signatureOf('dll', 'file') }, driver_load: { ImageLoaded: ['dll.path', 'file.path'], ...signatureOf('dll', 'file') },
  registry_event: REGISTRY, registry_set: REGISTRY, registry_add: REGISTRY, registry_delete: REGISTRY, registry_rename: REGISTRY, create_remote_thread: SOURCE, process_access: SOURCE, ps_script: SCRIPT,
}

/** Whose digests `Hashes` are. */
const HASHED: Readonly<Record<string, string>> = { process_creation: 'process', image_load: 'dll', driver_load: 'dll', create_stream_hash: 'file', file_delete: 'file', file_delete_detected: 'file', file_executable_detected: 'file', file_block_executable: 'file' }
const DIGESTS = { MD5: 'hash.md5', SHA1: 'hash.sha1', SHA256: 'hash.sha256', SHA512: 'hash.sha512', IMPHASH: 'pe.imphash' }
const PLAIN = { Imphash: 'pe.imphash', md5: 'hash.md5', sha1: 'hash.sha1', sha256: 'hash.sha256' }

function byCategory(category: string): Processing[] {
  const where = on({ category })
  const hashed = HASHED[category]
  const sysmon = windowsCategories.get(category)?.find(({ service }) => service !== 'security')
  const event = EVENTS[category]
  const under = (names: Readonly<Record<string, string>>, before: string): Names => Object.fromEntries(Object.entries(names).map(([name, to]) => [before + name, `${hashed}.${to}`]))
  return [
    ...(hashed === undefined ? [] : [
      valuesOf(where, ['Hashes', 'Hash'], { type: 'hashes_fields', algorithms: Object.keys(DIGESTS), prefix: 'Digest.', dropAlgorithm: false }),
      ...rename(where, { ...under(DIGESTS, 'Digest.'), ...under(PLAIN, '') }),
    ]),
    ...rename(where, NAMES[category] ?? {}),
    ...(event !== undefined ? [require(where, ...event)] : sysmon === undefined ? [] : [require(on({ product: 'windows', category }), { 'event.code': sysmon.ids, 'winlog.channel': windowsChannels.get(sysmon.service) ?? [] })]),
  ]
}

const AWS = on({ product: 'aws', service: 'cloudtrail' })
const CONNECTIONS = on({ category: 'network_connection' })

export const ecs: Pipeline = {
  name: 'ecs', priority: 20, vars: {},
  items: [
    valuesOf(CONNECTIONS, ['Initiated'], { type: 'map_string', mapping: { true: ['egress', 'outbound'], false: ['ingress', 'inbound'] } }),
    valuesOf(CONNECTIONS, ['DestinationIsIpv6', 'SourceIsIpv6'], { type: 'map_string', mapping: { true: ['ipv6'], false: ['ipv4'] } }),
    ...[...new Set([...Object.keys(NAMES), ...windowsCategories.keys()])].filter((category) => category !== 'antivirus').flatMap(byCategory),
    ...[...windowsChannels].map(([service, channels]) => require(on({ product: 'windows', service }), { 'winlog.channel': channels })),
    ...rename(WINDOWS, {
      EventID: 'event.code', Channel: 'winlog.channel', Provider_Name: 'winlog.provider_name', Computer: 'winlog.computer_name', Security_UserID: 'winlog.user.identifier', EventRecordID: 'winlog.record_id', Keywords: 'winlog.keywords', Task: 'winlog.task', Message: 'message',
      ScriptBlockText: 'powershell.file.script_block_text',
    }),
    ...rename(on({ product: 'windows', service: 'windefend' }), Object.fromEntries(BLANKS.map((name) => [name.replaceAll(' ', ''), [`winlog.event_data.${name}`, `winlog.event_data.${name.replaceAll(' ', '')}`]]))),
    prefixOthers(WINDOWS, 'winlog.event_data.'),
    ...rename(on({ category: 'proxy' }, { category: 'webserver' }), WEB),
    ...rename(on({ category: 'firewall' }), FLOW),
    ...rename(on({ category: 'dns' }), QUERY),
    ...rename(AWS, CLOUDTRAIL),
    renameBeginnings(AWS, { 'requestParameters.': 'aws.cloudtrail.flattened.request_parameters.', 'responseElements.': 'aws.cloudtrail.flattened.response_elements.', 'additionalEventData.': 'aws.cloudtrail.flattened.additional_eventdata.' }),
  ],
}
