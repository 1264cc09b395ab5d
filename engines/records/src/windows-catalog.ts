// What a Windows channel and event id mean: the Sigma log source (as in SigmaHQ's tests/thor.yml) and the OCSF type (class * 100 + activity).
import { text, whole } from './values.ts'
import type { Bag } from './values.ts'

const SERVICES: Record<string, string> = {
  security: 'security', system: 'system', application: 'application',
  'microsoft-windows-sysmon/operational': 'sysmon',
  'microsoft-windows-powershell/operational': 'powershell', 'powershellcore/operational': 'powershell', 'windows powershell': 'powershell-classic',
  'microsoft-windows-taskscheduler/operational': 'taskscheduler',
  'microsoft-windows-wmi-activity/operational': 'wmi',
  'microsoft-windows-ntlm/operational': 'ntlm',
  'microsoft-windows-dhcp-server/operational': 'dhcp',
  'microsoft-windows-printservice/admin': 'printservice-admin', 'microsoft-windows-printservice/operational': 'printservice-operational',
  'microsoft-windows-smbclient/security': 'smbclient-security', 'microsoft-windows-smbclient/connectivity': 'smbclient-connectivity',
  'microsoft-windows-smbserver/connectivity': 'smbserver-connectivity',
  'microsoft-windows-terminalservices-localsessionmanager/operational': 'terminalservices-localsessionmanager',
  'microsoft-windows-codeintegrity/operational': 'codeintegrity-operational',
  'microsoft-windows-applocker/msi and script': 'applocker', 'microsoft-windows-applocker/exe and dll': 'applocker',
  'microsoft-windows-applocker/packaged app-deployment': 'applocker', 'microsoft-windows-applocker/packaged app-execution': 'applocker',
  'msexchange management': 'msexchange-management',
  'microsoft-windows-windows defender/operational': 'windefend',
  'microsoft-windows-windows firewall with advanced security/firewall': 'firewall-as',
  'microsoft-windows-bits-client/operational': 'bits-client',
  'microsoft-windows-security-mitigations/kernel mode': 'security-mitigations', 'microsoft-windows-security-mitigations/user mode': 'security-mitigations',
  'microsoft-windows-diagnosis-scripted/operational': 'diagnosis-scripted',
  'microsoft-windows-shell-core/operational': 'shell-core',
  'openssh/operational': 'openssh',
  'microsoft-windows-ldap-client/debug': 'ldap',
  'microsoft-windows-bitlocker/bitlocker management': 'bitlocker',
  'microsoft-windows-vhdmp/operational': 'vhdmp', 'microsoft-windows-vhdmp-operational': 'vhdmp',
  'microsoft-windows-appxdeploymentserver/operational': 'appxdeployment-server',
  'microsoft-windows-lsa/operational': 'lsa-server',
  'microsoft-windows-appxpackaging/operational': 'appxpackaging-om',
  'microsoft-windows-dns-client/operational': 'dns-client', 'microsoft-windows-dns client events/operational': 'dns-client',
  'dns server': 'dns-server', 'microsoft-windows-dns-server/audit': 'dns-server-audit', 'microsoft-windows-dns-server/analytical': 'dns-server-analytic',
  'microsoft-windows-appmodel-runtime/admin': 'appmodel-runtime',
  'microsoft-windows-capi2/operational': 'capi2',
  'microsoft-windows-certificateservicesclient-lifecycle-system/operational': 'certificateservicesclient-lifecycle-system',
  'microsoft-windows-driverframeworks-usermode/operational': 'driver-framework',
  'microsoft-windows-application-experience/program-telemetry': 'application-experience', 'microsoft-windows-application-experience/program-compatibility-assistant': 'application-experience',
  'microsoft-windows-ntfs/operational': 'ntfs',
  'microsoft-windows-hyper-v-worker': 'hyper-v-worker', 'microsoft-windows-hyper-v-worker-admin': 'hyper-v-worker',
  'microsoft-windows-kernel-shimengine/operational': 'kernel-shimengine', 'microsoft-windows-kernel-shimengine/diagnostic': 'kernel-shimengine',
  'microsoft-windows-kernel-eventtracing': 'kernel-event-tracing', 'microsoft-windows-kernel-eventtracing/admin': 'kernel-event-tracing',
  'microsoft-windows-sense/operational': 'sense',
  'microsoft-servicebus-client/admin': 'microsoft-servicebus-client', 'microsoft-servicebus-client/operational': 'microsoft-servicebus-client',
  'microsoft-iis-configuration/operational': 'iis-configuration',
}
const BY_CHANNEL = new Map<string, string>(Object.entries(SERVICES))

/** Sigma's service of a channel, '' when it has none. Channels are compared without case: collectors differ. */
export function serviceOf(channel: string): string {
  return BY_CHANNEL.get(channel) ?? BY_CHANNEL.get(channel.toLowerCase()) ?? ''
}
for (const written of ['Security', 'System', 'Application', 'Windows PowerShell', 'Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-PowerShell/Operational']) {
  BY_CHANNEL.set(written, BY_CHANNEL.get(written.toLowerCase()) ?? '')
}

const SYSMON_CATEGORIES: Record<number, string> = {
  1: 'process_creation', 2: 'file_change', 3: 'network_connection', 4: 'sysmon_status', 5: 'process_termination', 6: 'driver_load', 7: 'image_load', 8: 'create_remote_thread',
  9: 'raw_access_thread', 10: 'process_access', 11: 'file_event', 13: 'registry_set', 14: 'registry_rename', 15: 'create_stream_hash', 16: 'sysmon_status', 17: 'pipe_created',
  18: 'pipe_created', 19: 'wmi_event', 20: 'wmi_event', 21: 'wmi_event', 22: 'dns_query', 23: 'file_delete', 24: 'clipboard_change', 25: 'process_tampering',
  26: 'file_delete_detected', 27: 'file_block_executable', 28: 'file_block_shredding', 29: 'file_executable_detected', 255: 'sysmon_error',
}

/** Defender events that name a threat: Sigma's `antivirus`. */
const ANTIVIRUS = new Set([1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116])

/** Sigma's category of an event, '' when its log source is the service alone. Registry events get the narrowest; see `logSourceCategories`. */
export function categoryOf(service: string, id: number, eventType: string | null): string {
  switch (service) {
    case 'sysmon':
      if (id === 12) return eventType === 'CreateKey' ? 'registry_add' : eventType === 'DeleteKey' || eventType === 'DeleteValue' ? 'registry_delete' : 'registry_event'
      return SYSMON_CATEGORIES[id] ?? ''
    case 'security': return id === 4688 ? 'process_creation' : ''
    case 'powershell': return id === 4104 ? 'ps_script' : id === 4103 ? 'ps_module' : ''
    case 'powershell-classic': return id === 400 ? 'ps_classic_start' : id === 600 ? 'ps_classic_provider_start' : id === 800 ? 'ps_classic_script' : ''
    case 'windefend': return ANTIVIRUS.has(id) ? 'antivirus' : ''
    default: return ''
  }
}

/** The channels of each of Sigma's Windows services, in lower case. */
export const windowsChannels: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(Object.groupBy(Object.entries(SERVICES), ([, service]) => service)).map(([service, entries = []]) => [service, entries.map(([channel]) => channel)]),
)

/** What each of Sigma's Windows categories is made of: events of a service. The narrower registry categories also say what was done. */
export const windowsCategories: ReadonlyMap<string, readonly { service: string; ids: readonly number[]; eventTypes?: readonly string[] }[]> = (() => {
  const found = new Map<string, { service: string; ids: number[]; eventTypes?: string[] }[]>([
    ['registry_add', [{ service: 'sysmon', ids: [12], eventTypes: ['CreateKey'] }]],
    ['registry_delete', [{ service: 'sysmon', ids: [12], eventTypes: ['DeleteKey', 'DeleteValue'] }]],
    ['registry_event', [{ service: 'sysmon', ids: [12, 13, 14] }]],
  ])
  const candidates: Record<string, readonly number[]> = {
    sysmon: Object.keys(SYSMON_CATEGORIES).map(Number), security: [4688], powershell: [4103, 4104], 'powershell-classic': [400, 600, 800], windefend: [...ANTIVIRUS],
  }
  for (const [service, ids] of Object.entries(candidates)) {
    for (const id of ids) {
      const category = categoryOf(service, id, null)
      const known = found.get(category) ?? []
      const of = known.find((entry) => entry.service === service)
      if (of === undefined) known.push({ service, ids: [id] })
      else of.ids.push(id)
      found.set(category, known)
    }
  }
  return found
})()

const SYSMON_TYPES: Record<number, number> = {
  1: 100701, 2: 100106, 3: 400101, 5: 100702, 6: 100201, 7: 100501, 8: 100704, 9: 100102, 10: 100703, 11: 100101, 13: 20100202, 14: 20100105, 15: 100101, 16: 600208,
  17: 100101, 18: 100114, 19: 99, 20: 99, 21: 99, 23: 100104, 24: 99, 25: 100799, 26: 100104, 27: 100101, 28: 100104, 29: 100101, 255: 600801,
}

const SECURITY_TYPES: Record<number, number> = {
  1102: 100801,
  4608: 99, 4611: 99, 4616: 501901,
  4624: 300201, 4625: 300201, 4634: 300202, 4647: 300202, 4648: 300201, 4627: 300302, 4672: 300301, 4964: 300302,
  4656: 20100301, 4658: 20100399, 4660: 20100399, 4661: 20100301, 4662: 20100301, 4663: 20100301, 4670: 20100399, 4673: 20100399, 4674: 20100301, 4690: 20100399, 4691: 20100301,
  4688: 100701, 4689: 100702, 4696: 100799,
  4697: 20100401,
  4698: 100601, 4699: 100603, 4700: 100604, 4701: 100605, 4702: 100602,
  4703: 300501, 4704: 300501, 4705: 300502, 4717: 300501, 4718: 300502,
  4719: 501901, 4739: 501901, 4902: 501901, 4904: 501901, 4905: 501901, 4906: 501901, 4907: 501901, 4912: 501901,
  4720: 300101, 4722: 300102, 4723: 300103, 4724: 300104, 4725: 300105, 4726: 300106, 4738: 300199, 4740: 300109, 4765: 300199, 4767: 300112, 4781: 300199, 4794: 300104, 4797: 300199, 4798: 300199,
  4741: 300101, 4742: 300199, 4743: 300106,
  4727: 300606, 4731: 300606, 4754: 300606, 4744: 300606, 4749: 300606, 4759: 300606,
  4728: 300603, 4732: 300603, 4756: 300603, 4746: 300603, 4751: 300603, 4761: 300603,
  4729: 300604, 4733: 300604, 4757: 300604, 4747: 300604, 4752: 300604, 4762: 300604,
  4730: 300605, 4734: 300605, 4758: 300605, 4748: 300605, 4753: 300605, 4763: 300605,
  4735: 300699, 4737: 300699, 4755: 300699, 4764: 300699, 4799: 300699,
  4768: 300203, 4769: 300204, 4770: 300205, 4771: 300206, 4772: 300203, 4773: 300204, 4776: 300201, 4777: 300201,
  4778: 300299, 4779: 300299, 4800: 300299, 4801: 300299, 4802: 300299, 4803: 300299,
  4946: 501901, 4947: 501901, 4948: 501901, 4950: 501901, 4957: 501901, 5447: 501901, 5031: 501901,
  5058: 20100301, 5059: 20100301, 5061: 20100301, 5379: 20100301, 5381: 20100301, 5382: 20100301, 5376: 20100301, 5377: 20100301,
  5140: 400699, 5142: 400699, 5143: 400699, 5144: 400699, 5145: 400602, 5168: 400699,
  5150: 400105, 5151: 400105, 5152: 400105, 5153: 400105, 5154: 400107, 5155: 400105, 5156: 400101, 5157: 400105, 5158: 400199, 5159: 400105,
}

const SYSTEM_TYPES: Record<number, number> = {
  104: 100801, 7045: 20100401, 7040: 20100402, 7035: 20100499, 7000: 20100499, 7001: 20100499, 7009: 20100499, 7011: 20100499, 7022: 20100499, 7023: 20100499, 7024: 20100499,
  7026: 20100499, 7030: 20100499, 7031: 20100499, 7032: 20100499, 7034: 20100499, 7038: 20100499,
}

const TASK_TYPES: Record<number, number> = { 106: 100601, 140: 100602, 141: 100603, 142: 100605, 100: 100606, 107: 100606, 110: 100606, 118: 100606, 119: 100606, 129: 100606, 200: 100606 }
const POWERSHELL_TYPES: Record<number, number> = { 4103: 100901, 4104: 100901, 800: 100901, 400: 600203, 600: 600203, 403: 600204, 40961: 600203, 40962: 600203, 53504: 600203 }
const TERMINAL_TYPES: Record<number, number> = { 21: 300201, 22: 300201, 23: 300202, 24: 300299, 25: 300299, 39: 300299, 40: 300299 }

/** OCSF class * 100 + activity. 0 = nothing is known of this event; 99 = known, and no class fits. */
export function typeOf(service: string, id: number, data: Bag, eventType: string | null): number {
  switch (service) {
    case 'sysmon':
      if (id === 12) return eventType === 'CreateKey' ? 20100101 : eventType === 'DeleteKey' ? 20100104 : eventType === 'DeleteValue' ? 20100204 : 20100100
      if (id === 22) return text(data['QueryResults']) === null ? 400301 : 400306
      if (id === 4) return text(data['State']) === 'Stopped' ? 600204 : 600203
      return SYSMON_TYPES[id] ?? 0
    case 'security':
      switch (id) {
        case 4656: case 4663: case 4670: return objectType(id, data)
        case 4657: {
          const operation = text(data['OperationType'])
          return operation === '%%1906' ? 20100204 : operation === '%%1905' ? 20100203 : 20100202
        }
        default: return SECURITY_TYPES[id] ?? 0
      }
    case 'system':
      if (id === 7036) {
        const state = text(data['param2'])
        return state === 'running' ? 20100403 : state === 'stopped' ? 20100404 : 20100499
      }
      return SYSTEM_TYPES[id] ?? 0
    case 'powershell': case 'powershell-classic': return POWERSHELL_TYPES[id] ?? 0
    case 'taskscheduler': return TASK_TYPES[id] ?? 0
    case 'terminalservices-localsessionmanager': return TERMINAL_TYPES[id] ?? 0
    default: return 0
  }
}

/** Object access: 4656 asks for a handle, 4663 uses one, 4670 changes permissions. The object's type decides on the class, the access mask on the activity. */
function objectType(id: number, data: Bag): number {
  const kind = text(data['ObjectType'])
  const mask = whole(data['AccessMask']) ?? 0
  switch (kind ?? '') {
    case 'File':
      if (id === 4656) return 100114
      if (id === 4670) return 100107
      return mask & 0x10000 ? 100104 : mask & 0xc0000 ? 100107 : mask & 0x6 ? 100103 : mask & 0x100 ? 100106 : mask & 0x1 ? 100102 : mask & 0x80 ? 100108 : 100102
    case 'Key':
      if (id === 4656) return 20100102
      if (id === 4670) return 20100106
      return mask & 0x10000 ? 20100104 : mask & 0xc0000 ? 20100106 : mask & 0x4 ? 20100101 : mask & 0x2 ? 20100103 : 20100102
    case 'Process': return id === 4670 ? 20100399 : 100703
    default: return id === 4670 ? 20100399 : 20100301
  }
}

const TITLES: Record<string, Record<number, string>> = {
  sysmon: {
    1: 'Process created', 2: 'File creation time changed', 3: 'Network connection', 5: 'Process ended', 6: 'Driver loaded', 7: 'Image loaded', 8: 'Remote thread created',
    9: 'Raw disk access', 10: 'Process accessed', 11: 'File created', 12: 'Registry key added or deleted', 13: 'Registry value set', 14: 'Registry object renamed',
    15: 'File stream created', 16: 'Sysmon configuration changed', 17: 'Pipe created', 18: 'Pipe connected', 19: 'WMI filter registered', 20: 'WMI consumer registered',
    21: 'WMI consumer bound', 22: 'DNS query', 23: 'File deleted', 24: 'Clipboard changed', 25: 'Process tampered with', 26: 'File deleted', 29: 'Executable file created',
  },
  security: {
    1102: 'Audit log cleared', 4624: 'Logon', 4625: 'Logon failed', 4634: 'Logoff', 4648: 'Logon with explicit credentials', 4656: 'Handle requested', 4658: 'Handle closed',
    4663: 'Object accessed', 4672: 'Special privileges assigned', 4688: 'Process created', 4689: 'Process ended', 4697: 'Service installed', 4698: 'Scheduled task created',
    4703: 'Token privileges adjusted', 4720: 'User created', 4726: 'User deleted', 4732: 'Member added to local group', 4768: 'Kerberos ticket requested', 4769: 'Kerberos service ticket requested',
    4776: 'Credentials validated', 5140: 'Network share accessed', 5145: 'Network share object checked', 5156: 'Connection allowed', 5157: 'Connection blocked', 5158: 'Port bound',
  },
  powershell: { 4103: 'PowerShell command', 4104: 'PowerShell script block' },
  'powershell-classic': { 400: 'PowerShell started', 403: 'PowerShell stopped', 600: 'PowerShell provider started', 800: 'PowerShell pipeline' },
  system: { 104: 'Event log cleared', 7036: 'Service changed state', 7040: 'Service start type changed', 7045: 'Service installed' },
}

export function titleOf(service: string, id: number): string | null {
  return TITLES[service]?.[id] ?? null
}
