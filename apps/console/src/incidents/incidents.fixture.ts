// One told incident, as GET /api/v1/incidents/{id} answers it, for tests.
import type { AlertEvent, AlertSummary, Severity } from '../../../server/src/detection/wire.ts'
import type { IncidentSummary, ProcessNode, TimelineEntry } from '../../../server/src/incidents/wire.ts'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'

export const storyStart = Date.parse('2026-11-22T02:40:00Z')
const at = (seconds: number) => new Date(storyStart + seconds * 1_000).toISOString()

export function alertOf(change: Partial<AlertSummary> & { id: string }): AlertSummary {
  return {
    kind: 'rule',
    rule: {
      id: '2a1f9c54-8f0e-4a4b-9d7d-3b1f8d0c2f11', title: 'Credential dumping from LSASS memory', author: 'Haechi', source: 'haechi', license: 'Apache-2.0', pack_version: '1',
      references: ['https://attack.mitre.org/techniques/T1003/001/'], false_positives: ['Backup agents that take full memory dumps'],
    },
    severity: 'critical', status: 'attached', verdict: null, incident_id: 'inc_01', host: 'WS-12', user: 'CORP\\svc-backup', techniques: ['T1003.001'], tactics: ['credential-access'],
    first_event_at: at(252), last_event_at: at(252), received_at: at(254), raised_at: at(255), event_count: 1, indicators: [], backfill: false, ...change,
  }
}

export const lsassRecord = JSON.stringify({
  '@timestamp': at(252), host: { name: 'WS-12' }, winlog: {
    channel: 'Microsoft-Windows-Sysmon/Operational', event_id: '10', record_id: 88213, provider_name: 'Microsoft-Windows-Sysmon',
    event_data: {
      SourceProcessGUID: '{b1e7}', SourceProcessId: '6120', SourceImage: 'C:\\Windows\\System32\\rundll32.exe', TargetImage: 'C:\\Windows\\System32\\lsass.exe', GrantedAccess: '0x1fffff',
      CallTrace: 'C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\comsvcs.dll+1a2f', SourceUser: 'CORP\\svc-backup',
    },
  },
})

export function eventOf(change: Partial<AlertEvent> = {}): AlertEvent {
  return {
    event_id: 'evt_88213', time: at(252), received_at: at(254), source: 'winlogbeat',
    matched: [{ selection: 'selection', field: 'TargetImage', value: 'C:\\Windows\\System32\\lsass.exe' }, { selection: 'selection', field: 'GrantedAccess', value: '0x1fffff' }],
    process: {
      guid: '{b1e7}', pid: '6120', image: 'C:\\Windows\\System32\\rundll32.exe', command_line: 'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 704 C:\\Users\\Public\\s.dmp full', user: 'CORP\\svc-backup',
      parent_guid: '{b1e5}', parent_pid: '5044', parent_image: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', parent_command_line: 'powershell.exe -nop -w hidden -enc SQBFAFgA…',
    },
    raw: lsassRecord, ...change,
  }
}

const macro = alertOf({
  id: 'alt_01', severity: 'medium', host: 'WS-12', user: 'CORP\\j.kim', techniques: ['T1059.001', 'T1204.002'], tactics: ['execution'], first_event_at: at(12), last_event_at: at(12), received_at: at(14), raised_at: at(15),
  rule: { id: 'a0c2', title: 'Office program starts PowerShell', author: 'Haechi', source: 'haechi', license: 'Apache-2.0', pack_version: '1', references: [], false_positives: [] },
})
const beacon = alertOf({
  id: 'alt_02', kind: 'indicator', severity: 'high', host: 'WS-12', user: 'CORP\\j.kim', techniques: ['T1071.001'], tactics: ['command-and-control'], first_event_at: at(71), last_event_at: at(640), received_at: at(73), raised_at: at(74), event_count: 38,
  rule: { id: 'indicator:ip', title: 'Known command and control address', author: null, source: 'feodo', license: 'CC0-1.0', pack_version: null, references: [], false_positives: [] },
  indicators: [{ type: 'ip', value: '203.0.113.66', verdict: 'malicious', confidence: 92, sources: ['feodo', 'own list'] }],
})
const dump = alertOf({ id: 'alt_03' })
const lateral = alertOf({
  id: 'alt_04', severity: 'high', host: 'DC-01', user: 'CORP\\svc-backup', techniques: ['T1021.002'], tactics: ['lateral-movement'], first_event_at: at(493), last_event_at: at(520), received_at: at(496), raised_at: at(497), event_count: 3,
  rule: { id: 'c31b', title: 'Remote service creation over an administrative share', author: 'Florian Roth (Nextron Systems)', source: 'sigmahq', license: 'DRL-1.1', pack_version: 'r2026-10', references: ['https://attack.mitre.org/techniques/T1021/002/'], false_positives: ['Software deployment'] },
})

function entry(id: string, seconds: number, change: Partial<TimelineEntry>): TimelineEntry {
  return { id, at: at(seconds), kind: 'alert', actor: null, text: '', severity: null, ref: null, event: null, ...change }
}

function alertEntry(id: string, seconds: number, alert: AlertSummary, event: AlertEvent): TimelineEntry {
  return entry(id, seconds, { text: `${alert.rule.title} (${alert.host})`, severity: alert.severity, ref: { type: 'alert', id: alert.id }, event })
}

const processOf = (guid: string, parent: string | null, seconds: number, image: string, commandLine: string, user: string, alerts: string[] = [], host = 'WS-12'): ProcessNode => ({
  guid, parent_guid: parent, host, image, command_line: commandLine, user, at: at(seconds), bad: alerts.length > 0, alert_ids: alerts,
})

export function actionOf(change: Partial<ResponseAction> & { action_id: string }): ResponseAction {
  return {
    incident_id: 'inc_01', incident_title: 'Credential dumping from LSASS on WS-12, by svc-backup', incident_severity: 'critical', action_type: 'isolate_host', status: 'awaiting_approval',
    targets: [{ target: 'WS-12', state: 'awaiting_approval', verdict: { decision: 'ask', rule: 'preset:ask-always', reason_code: 'approval_needed', approvers: 'customer' }, asset_id: 'ast_ws12', candidates: [], reason_code: null, reason: null, evidence: null }],
    reason: 'LSASS was dumped there; the same account went on to DC-01.', requester: { kind: 'provider', name: 'Mira Seo', label: null }, urgency: 'high', requested_at: at(900), expires_at: at(4_500),
    decided_by: null, decided_at: null, waiting_for: 'an approver of the customer', may_decide: { allowed: true, reason_code: null }, policy_version: 3, ...change,
  }
}

export const detail: IncidentDetail = {
  id: 'inc_01', severity: 'critical', title: 'Credential dumping from LSASS on WS-12, by svc-backup', status: 'investigating', detected_at: at(255), analyst: 'Mira Seo',
  affected_hosts: ['WS-12', 'DC-01'], affected_users: ['CORP\\j.kim', 'CORP\\svc-backup'], techniques: ['T1003.001', 'T1021.002', 'T1059.001', 'T1071.001', 'T1204.002'],
  tactics: ['execution', 'command-and-control', 'credential-access', 'lateral-movement'], verdict: null, first_activity_at: at(12), updated_at: at(980), alert_count: 4, backfill: false,
  summary: 'On WS-12 an Office program started PowerShell, which reached a known command and control address and dumped LSASS. The account svc-backup then created a service on DC-01.',
  technique_names: { 'T1003.001': 'LSASS Memory', 'T1021.002': 'SMB/Windows Admin Shares', 'T1059.001': 'PowerShell', 'T1071.001': 'Web Protocols', 'T1204.002': 'Malicious File' },
  severity_reasons: ['Highest alert: critical (Credential dumping from LSASS memory)', 'DC-01 is a critical asset'],
  indicators: [
    { type: 'ip', value: '203.0.113.66', verdict: 'malicious', confidence: 92, sources: ['feodo', 'own list'], alert_id: 'alt_02' },
    { type: 'sha256', value: '9f2b4c1d7e8a0b3c5d6e7f8091a2b3c4d5e6f70819a2b3c4d5e6f7a8b9c0d1e2', verdict: 'suspicious', confidence: 55, sources: ['own list'], alert_id: 'alt_03' },
  ],
  alerts: [macro, beacon, dump, lateral],
  timeline: [
    alertEntry('tl_01', 12, macro, eventOf({ event_id: 'evt_1', time: at(12), received_at: at(14), matched: [{ selection: 'selection_parent', field: 'ParentImage', value: 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE' }], raw: '{"EventID":1,"Image":"C:\\\\Windows\\\\System32\\\\WindowsPowerShell\\\\v1.0\\\\powershell.exe","ParentImage":"C:\\\\Program Files\\\\Microsoft Office\\\\root\\\\Office16\\\\WINWORD.EXE"}' })),
    alertEntry('tl_02', 71, beacon, eventOf({ event_id: 'evt_2', time: at(71), received_at: at(73), matched: [{ selection: 'indicator', field: 'DestinationIp', value: '203.0.113.66' }], raw: '{"EventID":3,"DestinationIp":"203.0.113.66","DestinationPort":443}' })),
    alertEntry('tl_03', 252, dump, eventOf()),
    entry('tl_04', 256, { kind: 'status', actor: { kind: 'system', name: 'Haechi' }, text: 'Opened as critical' }),
    alertEntry('tl_05', 493, lateral, eventOf({ event_id: 'evt_5', time: at(493), received_at: at(496), raw: '{"EventID":7045,"ServiceName":"a8d1"}' })),
    alertEntry('tl_06', 505, lateral, eventOf({ event_id: 'evt_6', time: at(505), received_at: at(506), raw: '{"EventID":7045,"ServiceName":"a8d2"}' })),
    alertEntry('tl_07', 520, lateral, eventOf({ event_id: 'evt_7', time: at(520), received_at: at(521), raw: '{"EventID":7045,"ServiceName":"a8d3"}' })),
    entry('tl_08', 760, { kind: 'assignment', actor: { kind: 'user', name: 'Mira Seo' }, text: 'Assigned to Mira Seo' }),
    entry('tl_09', 880, { kind: 'comment', actor: { kind: 'user', name: 'Mira Seo' }, text: 'The dump was written to C:\\Users\\Public\\s.dmp and read six minutes later from DC-01.\nsvc-backup has no business on workstations: I ask for isolation and for the account.' }),
    entry('tl_10', 900, { kind: 'action', actor: { kind: 'user', name: 'Mira Seo' }, text: 'Asked to isolate WS-12', ref: { type: 'action', id: 'act_01' } }),
  ],
  clocks: {
    t0_first_activity: at(12), t1_event: at(252), t2_ingested: at(254), t3_detected: at(255), t4_first_touch: at(760), t5_triaged: null, t6_opened: at(256), t7_notified: null, t8_containment_requested: at(900), t8a_decided: null,
    t9_first_contained: null, t9n_last_contained: null, t10_eradicated: null, t11_resolved: null, t12_closed: null, pauses: [],
  },
  processes: [
    processOf('{b1e1}', null, 0, 'C:\\Windows\\explorer.exe', 'C:\\Windows\\Explorer.EXE', 'CORP\\j.kim'),
    processOf('{b1e2}', '{b1e1}', 5, 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE', 'WINWORD.EXE /n "C:\\Users\\j.kim\\Downloads\\invoice-2611.docm"', 'CORP\\j.kim'),
    processOf('{b1e5}', '{b1e2}', 12, 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', 'powershell.exe -nop -w hidden -enc SQBFAFgAKABOAGUAdwAtAE8AYgBqAGUAYwB0ACkA', 'CORP\\j.kim', ['alt_01', 'alt_02']),
    processOf('{b1e6}', '{b1e5}', 120, 'C:\\Windows\\System32\\whoami.exe', 'whoami /all', 'CORP\\j.kim'),
    processOf('{b1e8}', '{b1e5}', 130, 'C:\\Windows\\System32\\net.exe', 'net group "Domain Admins" /domain', 'CORP\\j.kim'),
    processOf('{b1e9}', '{b1e5}', 140, 'C:\\Windows\\System32\\nltest.exe', 'nltest /dclist:corp', 'CORP\\j.kim'),
    processOf('{b1e7}', '{b1e5}', 252, 'C:\\Windows\\System32\\rundll32.exe', 'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 704 C:\\Users\\Public\\s.dmp full', 'CORP\\svc-backup', ['alt_03']),
    processOf('{d001}', null, 480, 'C:\\Windows\\System32\\services.exe', 'services.exe', 'NT AUTHORITY\\SYSTEM', [], 'DC-01'),
    processOf('{d002}', '{d001}', 493, 'C:\\Windows\\a8d1.exe', 'C:\\Windows\\a8d1.exe', 'NT AUTHORITY\\SYSTEM', ['alt_04'], 'DC-01'),
  ],
  similar: [
    { id: 'inc_77', title: 'Credential dumping from LSASS on WS-31, by svc-backup', severity: 'high', status: 'closed', verdict: 'true_positive', detected_at: '2026-10-02T11:12:00Z', score: 0.83, why: 'Same rule and same account' },
    { id: 'inc_52', title: 'Known command and control address on WS-07', severity: 'high', status: 'closed', verdict: 'false_positive', detected_at: '2026-09-14T08:00:00Z', score: 0.41, why: 'Same address 203.0.113.66' },
  ],
  next_statuses: ['contained', 'resolved', 'closed'],
  actions: [actionOf({ action_id: 'act_01' })],
  assets: [
    { id: 'ast_ws12', kind: 'host', name: 'WS-12', criticality: 'normal', exposure: 'internal', class: 'workstation', tags: ['finance'] },
    { id: 'ast_dc01', kind: 'host', name: 'DC-01', criticality: 'critical', exposure: 'internal', class: 'domain_controller', tags: [] },
    { id: 'ast_u1', kind: 'user', name: 'CORP\\svc-backup', criticality: 'high', exposure: 'unknown', class: 'service_account', tags: [] },
  ],
}

const titles = ['Credential dumping from LSASS', 'Encoded PowerShell from an Office program', 'SSH password guessing that succeeded', 'New access key for another user', 'Shadow copies deleted', 'Web shell written by the web server', 'Suspicious scheduled task', 'Reverse shell from cron', 'Known malicious domain resolved', 'Audit log cleared']
const severities: Severity[] = ['critical', 'high', 'medium', 'low', 'informational']
const analysts = ['Mira Seo', 'Juno Han', null, null, 'Sora Lim']

/** A queue of `count`, worst first and newest first within. */
export function queueOf(count: number, now: number): IncidentSummary[] {
  return Array.from({ length: count }, (_, index): IncidentSummary => {
    const severity = severities[Math.min(4, Math.floor((index / count) * 6))] ?? 'low'
    const host = `${index % 3 === 0 ? 'WS' : index % 3 === 1 ? 'SRV' : 'web'}-${String((index * 7) % 90 + 1).padStart(2, '0')}`
    const detected = now - ((index * 37) % 400) * 420_000 - 90_000
    return {
      id: `inc_${String(index + 1).padStart(5, '0')}`, severity, title: `${titles[index % titles.length]} on ${host}`, status: (['new', 'new', 'investigating', 'contained'] as const)[index % 4] ?? 'new',
      detected_at: new Date(detected).toISOString(), analyst: analysts[index % analysts.length] ?? null, affected_hosts: index % 5 === 0 ? [host, 'DC-01', 'SRV-09'] : [host], affected_users: ['CORP\\j.kim'],
      techniques: ['T1003.001'], tactics: ['credential-access'], verdict: null, first_activity_at: new Date(detected - 240_000).toISOString(), updated_at: new Date(detected + 60_000).toISOString(), alert_count: (index * 3) % 40 + 1, backfill: index % 23 === 7,
    }
  })
}
