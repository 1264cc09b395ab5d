// Sigma's Windows log sources as channels and event ids, for events that come without a log source.
// Facts from SigmaHQ's tests/thor.yml (Detection Rule License 1.1) by way of @haechi/records, and from Microsoft's descriptions of the audit events 4657, 4688 and 5156.
import { windowsCategories, windowsChannels } from '@haechi/records'
import type { Pipeline, Processing } from '../pipeline.ts'
import { moveTo, on, rename, require, valuesOf } from './processing.ts'

const channelsOf = (service: string): readonly string[] => windowsChannels.get(service) ?? []

/** The category stays: other pipelines go by it. */
export const sysmon: Pipeline = {
  name: 'sysmon', priority: 10, vars: {},
  items: [require(on({ product: 'windows', service: 'sysmon' }), { Channel: channelsOf('sysmon') }), ...[...windowsCategories].flatMap(([category, events]) => events.filter(({ service }) => service === 'sysmon').map(({ ids, eventTypes, service }): Processing =>
    require(on({ product: 'windows', category }), { EventID: ids, Channel: channelsOf(service), ...(eventTypes === undefined ? {} : { EventType: eventTypes }) })))],
}

/** What other channels than Sysmon's and the audit log give by category. */
const inChannels = [...windowsCategories].flatMap(([category, events]) => events.filter(({ service }) => service !== 'sysmon' && service !== 'security').map(({ service, ids }): Processing =>
  require(on(category === 'antivirus' ? { category } : { product: 'windows', category }), { EventID: ids, Channel: channelsOf(service) })))

export const windowsChannelsPipeline: Pipeline = {
  name: 'windows-channels', priority: 10, vars: {},
  items: [...inChannels, ...[...windowsChannels].filter(([service]) => service !== 'sysmon').map(([service, channels]) => require(on({ product: 'windows', service }), { Channel: channels }))],
}

const CREATION = on({ product: 'windows', category: 'process_creation' })
const CONNECTION = on({ product: 'windows', category: 'network_connection' })
const REGISTRY = ['registry_event', 'registry_set', 'registry_add', 'registry_delete'] as const
const REGISTRIES = on(...REGISTRY.map((category) => ({ product: 'windows', category })))
const AUDIT = { Channel: channelsOf('security') }
const SECURITY = { product: 'windows', service: 'security' }

/** Well-known SIDs of the mandatory levels ([MS-DTYP] 2.4.2.4). */
const LEVELS = { Untrusted: ['S-1-16-0'], Low: ['S-1-16-4096'], Medium: ['S-1-16-8192'], High: ['S-1-16-12288'], System: ['S-1-16-16384'] }

/** Hosts with the audit log alone. It has no parent's command line, no hashes and no version information: rules that need them do not match. */
export const windowsAudit: Pipeline = {
  name: 'windows-audit', priority: 10, vars: {},
  items: [
    valuesOf(CREATION, ['IntegrityLevel'], { type: 'map_string', mapping: LEVELS }),
    ...rename(CREATION, {
      Image: 'NewProcessName', ParentImage: 'ParentProcessName', ProcessId: 'NewProcessId', ParentProcessId: 'ProcessId', LogonId: 'SubjectLogonId', User: ['SubjectUserName', 'SubjectDomainName'], IntegrityLevel: 'MandatoryLabel',
    }),
    require(CREATION, { EventID: 4688, ...AUDIT }),
    moveTo(CREATION, SECURITY),

    valuesOf(CONNECTION, ['Initiated'], { type: 'map_string', mapping: { true: ['%%14593'], false: ['%%14592'] } }),
    valuesOf(CONNECTION, ['Protocol'], { type: 'map_string', mapping: { tcp: ['6'], udp: ['17'], icmp: ['1'] } }),
    ...rename(CONNECTION, { Image: 'Application', ProcessId: 'ProcessID', DestinationIp: 'DestAddress', DestinationPort: 'DestPort', SourceIp: 'SourceAddress', Initiated: 'Direction' }),
    require(CONNECTION, { EventID: 5156, ...AUDIT }),
    moveTo(CONNECTION, SECURITY),

    // The audit log writes the kernel's names and the value's name apart: what rules say of a key by its beginning or middle is found, its end is not.
    ...[['HKLM', 'MACHINE'], ['HKEY_LOCAL_MACHINE', 'MACHINE'], ['HKU', 'USER'], ['HKEY_USERS', 'USER']].map(([hive, root]) =>
      valuesOf(REGISTRIES, ['TargetObject'], { type: 'replace_string', regex: String.raw`^(?i)${hive}\\`, replacement: String.raw`\\REGISTRY\\${root}\\`, skipSpecial: false, interpretSpecial: false })),
    ...rename(REGISTRIES, { Image: 'ProcessName', TargetObject: 'ObjectName', Details: 'NewValue', User: ['SubjectUserName', 'SubjectDomainName'] }),
    ...REGISTRY.flatMap((category) => {
      const where = on({ product: 'windows', category })
      const done = { registry_event: null, registry_set: ['%%1904', '%%1905'], registry_add: ['%%1904'], registry_delete: ['%%1906'] }[category]
      return [require(where, { EventID: 4657, ...AUDIT, ...(done === null ? {} : { OperationType: done }) }), moveTo(where, SECURITY)]
    }),
  ],
}
