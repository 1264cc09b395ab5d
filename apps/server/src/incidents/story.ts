// What an incident's page is made of, as JSON in the reader's language. Pure. Defended by story.test.ts.
import { presentAlertEvent } from '../detection/api.ts'
import type { Alert, AlertEvent } from '../detection/api.ts'
import type { AlertEvent as AlertEventWire } from '../detection/wire.ts'
import { keysOf } from './grouping.ts'
import { rankOf } from './model.ts'
import type { Clocks } from './model.ts'
import type { Entry, Incident } from './store.ts'
import { likeness } from './texts.ts'
import type { TextLanguage } from './texts.ts'
import { ruleTitle } from './titles.ts'
import type { IncidentClocks, IncidentIndicator, IncidentSummary, ProcessNode, SimilarIncident, TimelineEntry } from './wire.ts'

const iso = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))

export const presentSummary = (incident: Incident, language: TextLanguage): IncidentSummary => ({
  id: incident.id, severity: incident.severity, title: incident.title[language], status: incident.status, detected_at: iso(incident.clocks.t3), analyst: incident.analyst?.name ?? null,
  affected_hosts: [...incident.hosts], affected_users: [...incident.users], techniques: [...incident.techniques], tactics: [...incident.tactics], verdict: incident.verdict,
  first_activity_at: iso(incident.clocks.t0), updated_at: iso(incident.updatedAt), alert_count: incident.alertCount, backfill: incident.backfill,
})

export const presentClocks = (clocks: Clocks): IncidentClocks => ({
  t0_first_activity: iso(clocks.t0), t1_event: iso(clocks.t1), t2_ingested: iso(clocks.t2), t3_detected: iso(clocks.t3), t4_first_touch: isoOrNull(clocks.t4), t5_triaged: isoOrNull(clocks.t5), t6_opened: iso(clocks.t6),
  t7_notified: isoOrNull(clocks.t7), t8_containment_requested: isoOrNull(clocks.t8), t8a_decided: isoOrNull(clocks.t8a), t9_first_contained: isoOrNull(clocks.t9), t9n_last_contained: isoOrNull(clocks.t9n),
  t10_eradicated: isoOrNull(clocks.t10), t11_resolved: isoOrNull(clocks.t11), t12_closed: isoOrNull(clocks.t12),
  pauses: clocks.pauses.map(({ from, to, reason }) => ({ from: iso(from), to: isoOrNull(to), reason })),
})

export const presentEntry = (entry: Entry, language: TextLanguage): TimelineEntry => ({
  id: entry.id, at: iso(entry.at), kind: entry.kind, actor: entry.actor, text: entry.text[language], severity: entry.severity, ref: entry.ref, event: null,
})

/** Bytes of raw records in one story; what is beyond is read with the alert. */
const rawMost = 512 * 1_024

/** Alerts with the record that made each, and what was done, in the order of time. */
export function timelineOf(alerts: readonly Alert[], events: ReadonlyMap<string, readonly AlertEvent[]>, entries: readonly Entry[], language: TextLanguage): TimelineEntry[] {
  let raw = 0
  const evidence = (alert: Alert): AlertEventWire | null => {
    const event = events.get(alert.id)?.[0]
    if (event === undefined) return null
    raw += event.raw.length
    return { ...presentAlertEvent(event), raw: raw <= rawMost ? event.raw : null }
  }
  const told = alerts.map((alert): TimelineEntry => ({
    id: alert.id, at: iso(alert.firstEventAt), kind: 'alert', actor: null, text: alertText(alert, language), severity: alert.severity, ref: { type: 'alert', id: alert.id }, event: evidence(alert),
  }))
  return [...told, ...entries.map((entry) => presentEntry(entry, language))].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

function alertText({ rule, host, user, eventCount }: Alert, language: TextLanguage): string {
  const title = ruleTitle(rule)[language]
  if (language === 'en') return `${title}${host === null ? '' : ` on ${host}`}${user === null ? '' : `, by ${user}`}${eventCount > 1 ? ` (${eventCount.toLocaleString('en')} events)` : ''}`
  const place = [...(host === null ? [] : [host]), ...(user === null ? [] : [`${user} 계정`])].join(', ')
  return `${title}${place === '' ? '' : ` · ${place}`}${eventCount > 1 ? ` (이벤트 ${eventCount.toLocaleString('ko')}건)` : ''}`
}

const processesMost = 500

/** The processes that alerts stand on and their parents, as far as records name them. Those that no record gave an id are known by host and pid. */
export function processesOf(alerts: readonly Alert[]): ProcessNode[] {
  const nodes = new Map<string, ProcessNode>()
  const keyOf = (host: string | null, guid: string | null, pid: string | null) =>
    (guid !== null && /[^0{}-]/.test(guid) ? guid.toLowerCase() : pid === null || pid === '' ? null : `${host ?? ''}:${pid}`)
  const see = (node: ProcessNode) => {
    const known = nodes.get(node.guid)
    if (known === undefined) {
      if (nodes.size < processesMost) nodes.set(node.guid, node)
      return
    }
    nodes.set(node.guid, {
      guid: node.guid, parent_guid: known.parent_guid ?? node.parent_guid, host: known.host ?? node.host, image: known.image ?? node.image, command_line: known.command_line ?? node.command_line,
      user: known.user ?? node.user, at: known.at < node.at ? known.at : node.at, bad: known.bad || node.bad, alert_ids: [...new Set([...known.alert_ids, ...node.alert_ids])],
    })
  }
  for (const { id, host, processes } of alerts) {
    for (const process of processes) {
      const guid = keyOf(host, process.guid, process.pid)
      if (guid === null) continue
      const parent = keyOf(host, process.parentGuid, process.parentPid)
      const at = iso(process.at)
      see({ guid, parent_guid: parent === guid ? null : parent, host, image: process.image, command_line: process.commandLine, user: process.user, at, bad: true, alert_ids: [id] })
      if (parent !== null && parent !== guid) see({ guid: parent, parent_guid: null, host, image: process.parentImage, command_line: process.parentCommandLine, user: null, at, bad: false, alert_ids: [] })
    }
  }
  // What was left out for number is nobody's parent.
  return [...nodes.values()].map((node) => (node.parent_guid === null || nodes.has(node.parent_guid) ? node : { ...node, parent_guid: null })).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

const indicatorsMost = 500

/** What intelligence knows first, then outside addresses and hashes of strange programs, which nobody has judged. */
export function indicatorsOf(alerts: readonly Alert[]): IncidentIndicator[] {
  const found = new Map<string, IncidentIndicator>()
  for (const { id, indicators } of alerts) {
    for (const { type, value, verdict, confidence, sources } of indicators) {
      const key = `${type}:${value}`.toLowerCase()
      if ((found.get(key)?.confidence ?? -1) < confidence) found.set(key, { type, value, verdict, confidence, sources: [...sources], alert_id: id })
    }
  }
  const hashTypes: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' }
  for (const alert of alerts) {
    for (const key of keysOf(alert)) {
      const [, kind = '', value = ''] = /^ioc:(ip|hash):(.+)$/.exec(key) ?? []
      const type = kind === 'hash' ? hashTypes[value.length] : kind === '' ? undefined : 'ip'
      if (type !== undefined && !found.has(`${type}:${value}`)) found.set(`${type}:${value}`, { type, value, verdict: 'unknown', confidence: 0, sources: [], alert_id: alert.id })
    }
  }
  return [...found.values()].sort((a, b) => b.confidence - a.confidence).slice(0, indicatorsMost)
}

/** How much it says that two incidents share something of a kind. */
const weights: Readonly<Record<string, number>> = { ioc: 5, rule: 3, technique: 2, user: 2, host: 2 }
export const weightOf = (key: string): number => weights[key.slice(0, key.indexOf(':'))] ?? 0
const likeEnough = 25

/** `keys` are those of the incident itself; what is shared, weighed against all of them, is the score of 0 to 100. */
export function similarOf(own: Incident, keys: readonly string[], others: readonly { incident: Incident; keys: readonly string[] }[], limit: number, language: TextLanguage): SimilarIncident[] {
  const whole = keys.reduce((sum, key) => sum + weightOf(key), 0)
  const titles = new Map(own.rules.map((rule) => [rule.id, ruleTitle(rule)[language]]))
  return others.map(({ incident, keys: shared }) => {
    const of = (kind: string) => shared.filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1)).sort()
    return {
      id: incident.id, title: incident.title[language], severity: incident.severity, status: incident.status, verdict: incident.verdict, detected_at: iso(incident.clocks.t3),
      score: whole === 0 ? 0 : Math.round(100 * shared.reduce((sum, key) => sum + weightOf(key), 0) / whole),
      why: likeness({
        indicators: of('ioc').map((value) => value.slice(value.indexOf(':') + 1)), rules: of('rule').map((id) => titles.get(id) ?? id), techniques: of('technique'), users: of('user'), hosts: of('host'),
      }, language),
    }
  }).filter(({ score }) => score >= likeEnough)
    .sort((a, b) => b.score - a.score || (a.detected_at < b.detected_at ? 1 : -1)).slice(0, limit)
}

export const inOrder = (alerts: readonly Alert[]): Alert[] => alerts.toSorted((a, b) => a.firstEventAt - b.firstEventAt || rankOf(b.severity) - rankOf(a.severity) || (a.id < b.id ? -1 : 1))
