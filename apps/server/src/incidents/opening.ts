// Alerts become incidents: each alert belongs to at most one, and a word that comes twice opens nothing twice, because what is attached is written in the
// transaction that attaches it, one at a time in a tenant. Backfill and live never mix. Defended by incidents.integration.test.ts.
import { identify } from '../assets/api.ts'
import type { Asset, AssetKind, Assets } from '../assets/api.ts'
import type { Alert, Detection } from '../detection/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { newId } from '../platform/ids.ts'
import type { Outbox } from '../platform/outbox.ts'
import { group, groupingWindow, joins, keysOf, openGroup } from './grouping.ts'
import { isOpen, raise, rankOf, sawActivity, worse } from './model.ts'
import * as store from './store.ts'
import type { Incident, IncidentRule, NewEntry } from './store.ts'
import { texts } from './texts.ts'
import { severityOf, titleOf } from './titles.ts'

/** Of a kind, in the row of an incident. What it has beyond that is found by its alerts. */
const namesMost = 1_000
const rulesMost = 200
const kinds = ['host', 'user'] as const satisfies readonly AssetKind[]
const system = { kind: 'system', name: 'Haechi' } as const

type Parts = { database: Database; clock: Clock; outbox: Pick<Outbox, 'publish'>; assets: Pick<Assets, 'observe' | 'named'>; detection: Pick<Detection, 'alerts' | 'attach' | 'dismiss'> }

/** Sorts these alerts into incidents. Doing it again changes nothing. */
export async function sortIn({ database, clock, outbox, assets, detection }: Parts, tenantId: string, alertIds: readonly string[]): Promise<void> {
  const known: Known = { host: new Map(), user: new Map() }
  const read = async (ids: readonly string[]): Promise<Alert[]> => {
    const alerts = ids.length === 0 ? [] : (await detection.alerts(tenantId, ids)).filter(isFree)
    await nameAll(alerts, [])
    return alerts.map((alert) => canonical(alert, known))
  }
  const raised = await read(alertIds)
  if (raised.length === 0) return
  const waiting = await database.read(tenantId, (tx) => store.heldBy(tx, tenantId, keysOfAll(raised).filter(joins), latest(raised), groupingWindow))
  const alerts = [...raised, ...await read(waiting.filter((id) => !alertIds.includes(id)))]
  const fresh = new Set(raised.map(({ id }) => id))
  // A host that was known by its short name may have got its full one: the incident that has it follows.
  await nameAll([], await database.read(tenantId, async (tx) => store.namesOf(tx, tenantId, await store.openBy(tx, tenantId, keysOfAll(alerts), earliest(alerts) - groupingWindow))))

  await database.tenant(tenantId, async (tx) => {
    await store.lockTenant(tx, tenantId)
    const belonging = await store.belonging(tx, tenantId, alerts.map(({ id }) => id))
    const free = alerts.filter(({ id }) => !belonging.has(id))
    if (!free.some(({ id }) => fresh.has(id))) return
    const byId = new Map(free.map((alert) => [alert.id, alert]))
    const of = (ids: readonly string[]) => ids.map((id) => byId.get(id)!)

    const keys = keysOfAll(free)
    const open = (await store.lock(tx, tenantId, await store.openBy(tx, tenantId, keys, earliest(free) - groupingWindow))).filter(({ status }) => isOpen(status))
    const openKeys = await store.keysOf(tx, tenantId, open.map(({ id }) => id), keys)
    const groups = open.map((incident) => openGroup(openKeys.get(incident.id)!, {
      incidentId: incident.id, hosts: incident.hosts, techniques: new Set(incident.techniques), firstActivityAt: incident.clocks.t0, lastActivityAt: incident.lastActivity, backfill: incident.backfill,
      alertCount: incident.alertCount, status: incident.status,
    }))
    const changes: Change[] = []
    const held: Alert[] = []
    for (const backfill of [false, true]) {
      const { attach, create, hold } = group(free.filter((alert) => alert.backfill === backfill), groups.filter((each) => each.backfill === backfill))
      for (const { incidentId, alertIds: joining } of attach) changes.push(joined(open.find(({ id }) => id === incidentId)!, of(joining), known, clock.now()))
      for (const { alertIds: first } of create) changes.push(opened(of(first), fresh, known, clock.now()))
      held.push(...of(hold))
    }
    await apply(tx, changes)
    const weak = held.filter(({ id }) => fresh.has(id))
    await store.writeHeld(tx, tenantId, weak.map((alert) => ({ id: alert.id, at: alert.firstEventAt, keys: keysOf(alert) })), clock.now(), clock.now() - groupingWindow)
    if (weak.length > 0) await detection.dismiss(tx, tenantId, weak.map(({ id }) => id))
  })

  /** Looks up what is not known yet. An alert may come before the asset graph has heard of its host: then it hears of it here. */
  async function nameAll(of: readonly Alert[], more: readonly { kind: 'host' | 'user'; name: string }[]): Promise<void> {
    const seen = of.flatMap((alert) => kinds.flatMap((kind) => (alert[kind] === null || identify(kind, alert[kind]) === null ? [] : [{ kind, name: alert[kind], firstSeen: alert.firstEventAt, lastSeen: alert.lastEventAt }])))
    const look = async () => {
      for (const kind of kinds) {
        const names = [...new Set([...seen, ...more].filter((each) => each.kind === kind && !known[kind].has(each.name)).map(({ name }) => name))]
        if (names.length > 0) for (const [name, asset] of await assets.named(tenantId, names, kind)) known[kind].set(name, asset)
      }
    }
    await look()
    const unheard = seen.filter(({ kind, name }) => !known[kind].has(name))
    if (unheard.length === 0) return
    await database.tenant(tenantId, (tx) => assets.observe(tx, tenantId, unheard))
    await look()
  }

  async function apply(tx: Transaction, changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    await store.write(tx, tenantId, changes.map(({ incident }) => incident))
    await store.writeAlerts(tx, tenantId, changes.flatMap(({ incident, alerts: taken }) => taken.map((alert) => ({ id: alert.id, incidentId: incident.id, severity: alert.severity, firstEventAt: alert.firstEventAt }))))
    await store.writeKeys(tx, tenantId, changes.map(({ incident, alerts: taken }) => ({
      id: incident.id, detectedAt: incident.clocks.t3, keys: [...keysOfAll(taken), ...taken.flatMap(({ techniques }) => techniques.map((id) => `technique:${id}`))],
    })))
    await store.writeEntries(tx, tenantId, changes.flatMap(({ incident, entries }) => entries.map((entry) => ({ ...entry, id: newId('tml', clock.now()), incidentId: incident.id }))))
    await store.dropHeld(tx, tenantId, changes.flatMap(({ alerts: taken }) => taken.map(({ id }) => id)))
    for (const { incident, alerts: taken, told } of changes) {
      await detection.attach(tx, tenantId, incident.id, taken.map(({ id }) => id))
      for (const change of told) await outbox.publish(tx, { type: 'incidents.incident_changed.v1', tenantId, payload: { incident_id: incident.id, change } })
    }
  }
}

type Change = { readonly incident: Incident; readonly alerts: readonly Alert[]; readonly entries: readonly NewEntry[]; readonly told: readonly ('opened' | 'alerts' | 'severity')[] }

/** Somebody's verdict is not undone by company. */
const isFree = ({ status, verdict }: Alert): boolean => status === 'new' || (status === 'dismissed' && verdict === null)
const keysOfAll = (alerts: readonly Alert[]): string[] => [...new Set(alerts.flatMap(keysOf))]
const earliest = (alerts: readonly Alert[]): number => Math.min(...alerts.map(({ firstEventAt }) => firstEventAt))
const latest = (alerts: readonly Alert[]): number => Math.max(...alerts.map(({ lastEventAt }) => lastEventAt))

/** Assets by the names that alerts give them. */
type Known = Readonly<Record<'host' | 'user', Map<string, Asset>>>

/** Hosts and users by the names of their assets, so that each can be the target of an action; no character that a text column refuses. */
function canonical(alert: Alert, known: Known): Alert {
  const named = (kind: 'host' | 'user') => {
    const name = alert[kind]
    return name === null ? null : storable(known[kind].get(name)?.name ?? name)
  }
  return {
    ...alert, host: named('host'), user: named('user'), rule: { ...alert.rule, id: storable(alert.rule.id), title: storable(alert.rule.title), ...(alert.rule.ko === undefined ? {} : { ko: { ...alert.rule.ko, title: storable(alert.rule.ko.title) } }) },
    techniques: alert.techniques.map(storable), tactics: alert.tactics.map(storable), indicators: alert.indicators.map((each) => ({ ...each, value: storable(each.value) })),
    processes: alert.processes.map((each) => ({ ...each, guid: each.guid === null ? null : storable(each.guid), parentGuid: each.parentGuid === null ? null : storable(each.parentGuid) })),
    addresses: alert.addresses.map(storable), hashes: alert.hashes.map(storable),
  }
}
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

const union = (one: readonly string[], more: readonly (string | null)[]): string[] => [...new Set([...one, ...more.filter((name) => name !== null)])].slice(0, namesMost)

function rulesWith(rules: readonly IncidentRule[], alerts: readonly Alert[]): IncidentRule[] {
  const found = new Map(rules.map((rule) => [rule.id, rule]))
  for (const { rule, severity, techniques } of alerts) found.set(rule.id, { id: rule.id, title: rule.title, ...(rule.ko === undefined ? {} : { ko: { title: rule.ko.title } }), severity: worse(severity, found.get(rule.id)?.severity ?? severity), techniques })
  return [...found.values()].sort((a, b) => rankOf(b.severity) - rankOf(a.severity)).slice(0, rulesMost)
}

/** What the alerts say, added to what was known. Accounts of the system and of machines are nobody. */
function absorb<T extends Pick<Incident, 'hosts' | 'users' | 'techniques' | 'tactics' | 'rules' | 'alertCount' | 'lastActivity'>>(incident: T, alerts: readonly Alert[], known: Known, now: number) {
  const named = (kind: 'host' | 'user', names: readonly string[]) => names.map((name) => known[kind].get(name)?.name ?? name)
  const facts = {
    hosts: union(named('host', incident.hosts), alerts.map(({ host }) => host)), users: union(named('user', incident.users), alerts.map(({ user }) => (user === null || identify('user', user) === null ? null : user))),
    techniques: union(incident.techniques, alerts.flatMap(({ techniques }) => techniques)), tactics: union(incident.tactics, alerts.flatMap(({ tactics }) => tactics)),
    rules: rulesWith(incident.rules, alerts),
  }
  return { ...incident, ...facts, title: titleOf(facts), alertCount: incident.alertCount + alerts.length, lastActivity: Math.max(incident.lastActivity, latest(alerts)), updatedAt: now }
}

const assetsOf = (alerts: readonly Alert[], known: Known): Asset[] => kinds.flatMap((kind) => {
  const names = new Set(alerts.map((alert) => alert[kind]))
  return [...new Set(known[kind].values())].filter(({ name }) => names.has(name))
})

function opened(alerts: readonly Alert[], fresh: ReadonlySet<string>, known: Known, now: number): Change {
  // The alert that led to it, not one that had been too weak before.
  const led = alerts.filter(({ id }) => fresh.has(id)).reduce((first, alert) => (alert.raisedAt < first.raisedAt ? alert : first))
  const { severity, reasons } = severityOf(alerts, assetsOf(alerts, known))
  const incident: Incident = {
    ...absorb({ hosts: [], users: [], techniques: [], tactics: [], rules: [], alertCount: 0, lastActivity: led.lastEventAt }, alerts, known, now),
    id: newId('inc', now), status: 'new', verdict: null, severity, machineSeverity: severity, severityReasons: reasons, analyst: null, backfill: led.backfill,
    clocks: {
      t0: earliest(alerts), t1: led.firstEventAt, t2: led.receivedAt, t3: led.raisedAt, t4: null, t5: null, t6: now, t7: null, t8: null, t8a: null, t9: null, t9n: null, t10: null, t11: null, t12: null, pauses: [],
    },
  }
  return { incident, alerts, entries: [{ kind: 'status', at: now, actor: system, text: texts.opened(alerts.length, severity), severity }], told: ['opened'] }
}

function joined(before: Incident, alerts: readonly Alert[], known: Known, now: number): Change {
  const { severity, reasons } = severityOf(alerts, assetsOf(alerts, known))
  const after = raise(before, severity)
  const raised = after.severity !== before.severity
  return {
    incident: {
      ...absorb(before, alerts, known, now), severity: after.severity, machineSeverity: after.machineSeverity, severityReasons: after === before ? before.severityReasons : reasons,
      clocks: sawActivity(before.clocks, earliest(alerts)),
    },
    alerts,
    entries: raised ? [{ kind: 'severity', at: now, actor: system, text: texts.raised(before.severity, after.severity), severity: after.severity }] : [],
    told: raised ? ['alerts', 'severity'] : ['alerts'],
  }
}
