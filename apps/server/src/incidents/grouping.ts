// Which alerts are one attack. Invariants: every alert comes back exactly once, attached, opening or held; the answer does not depend on the order inside a call;
// one host or one rule, however loud, opens few incidents; attacks that share nothing stay apart. Held by grouping.test.ts (tables and arbitrary alerts) and by
// tests/bench/quality.integration.test.ts on recorded attacks. Pure; the cost is linear in alerts, since groups are found by keys and few are looked at for each.

/** What grouping reads of an alert (detection's Alert is one). Times in ms since the epoch, of the source's clock. */
export type GroupingAlert = {
  readonly id: string
  readonly kind: 'rule' | 'indicator'
  readonly rule: { readonly id: string }
  readonly severity: Severity
  readonly host: string | null
  readonly user: string | null
  readonly techniques: readonly string[]
  readonly firstEventAt: number
  readonly lastEventAt: number
  readonly indicators: readonly { readonly type: string; readonly value: string }[]
  readonly backfill: boolean
  readonly processes: readonly { readonly guid: string | null; readonly parentGuid: string | null; readonly image: string | null }[]
  readonly addresses: readonly string[]
  readonly hashes: readonly string[]
}

type Severity = 'critical' | 'high' | 'medium' | 'low' | 'informational'

/** An incident that alerts may still join. Names are compared as `keysOf` writes them, so raw ones do as well; `openGroup` makes one from stored keys. */
export type OpenGroup = {
  readonly incidentId: string
  readonly hosts: ReadonlySet<string>
  readonly users: ReadonlySet<string>
  readonly processGuids: ReadonlySet<string>
  readonly techniques: ReadonlySet<string>
  /** Of its strong alerts, and of its weak ones. */
  readonly ruleIds: ReadonlySet<string>
  readonly weakRuleIds?: ReadonlySet<string>
  /** What follows `ioc:` in the keys of its alerts. */
  readonly indicators: ReadonlySet<string>
  readonly firstActivityAt: number
  readonly lastActivityAt: number
  readonly backfill: boolean
  readonly alertCount: number
  /** Only new, investigating and contained incidents take alerts; others are passed over. */
  readonly status: string
}

export type Grouping = {
  /** Alert ids in the order of their first event; groups in that of their first alert. */
  readonly attach: readonly { readonly incidentId: string; readonly alertIds: readonly string[] }[]
  readonly create: readonly { readonly alertIds: readonly string[] }[]
  /** Too weak to be an incident alone. Pass them again with the next alerts that share a key with them: something stronger pulls them in. */
  readonly hold: readonly string[]
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Since the last activity of the incident. A process tree is one thing as long as it runs; a name is reused. */
const WINDOWS = {
  process: 7 * DAY,
  indicator: DAY,
  host: DAY,
  /** Another person on the same host: the attacker's next account, or somebody else. */
  hostOfAnother: 8 * HOUR,
  user: DAY,
  /** Accounts that exist on every host, addresses of the inside and what a program loads say something only while somebody moves. */
  movement: HOUR,
  /** A weak alert is context of what happens at the same time. */
  weak: HOUR,
  /** In which the groups of one rule are counted as a storm. */
  storm: DAY,
} as const

/** No link reaches further: open incidents and held alerts older than this need not be looked up. ms. */
export const groupingWindow: number = WINDOWS.process

/** What a name alone may span: a host that is loud every hour opens one incident a week, not one for ever. */
const LONGEST = 7 * DAY
/** With so many hosts an incident is about a rule or a person, and the host alone no longer says that an alert belongs to it. */
const MANY_HOSTS = 10
/** So many incidents of one rule on hosts that share nothing else: the next ones join the last. */
const STORM = 5
/** Weak alerts open an incident when so many different rules of at least two techniques meet. */
const WEAK_RULES = 3
/** Newest groups that are looked at for one key. */
const LOOKED_AT = 16
/** Keys of one kind that an alert may have. */
const KEYS_OF_A_KIND = 40

const OPEN = new Set(['new', 'investigating', 'contained'])
const STRONG: ReadonlySet<Severity> = new Set(['critical', 'high', 'medium'])

/** The same name on every host: says nothing about who it is. */
const SHARED_ACCOUNTS = new Set(['administrator', 'admin', 'root', 'guest', 'ubuntu', 'ec2-user', 'user'])
/** No person and no identity at all. */
const SERVICE_ACCOUNTS = new Set([
  'system', 'localsystem', 'local service', 'network service', 'localservice', 'networkservice', 'anonymous logon', 'iusr', 'defaultaccount', 'wdagutilityaccount', 'trustedinstaller', 'nobody', 'daemon', 'www-data', 'apache', 'nginx',
  'http', 'postgres', 'mysql', 'redis', 'systemd-network', 'syslog', 'unknown', 'unset', 'n/a', 'none', '-', '(null)', '',
])

/** `WS-12.corp.example` and `WS-12` are found under one key; that two domains stay apart is seen on comparing. */
const shortName = (host: string): string => (/^[\d.]+$|:/.test(host) ? host : host.split('.', 1)[0] as string)
const hostName = (host: string): string => host.trim().toLowerCase().replace(/\.$/, '')
const sameHost = (one: string, other: string): boolean => one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`)

function userName(user: string | null): string | null {
  const name = (user ?? '').trim().toLowerCase().split('\\').at(-1) as string
  return SERVICE_ACCOUNTS.has(name) || name.endsWith('$') || /^(?:dwm|umfd)-\d+$|^s-1-5-(?:18|19|20)$|^awsservicerolefor/.test(name) ? null : name
}

const isInside = (address: string): boolean => /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|0\.|22[4-9]\.|2[3-5]\d\.|::1?$|f[cde]|ff)/i.test(address)
const isMovement = (id: string): boolean => /^T(?:1021|1570|1550|1210|1534|1563|1080)(?:\.|$)/.test(id)
/** Programs of the system and of installers have the same hash everywhere. */
const isOwnProgram = (image: string | null): boolean => image !== null && !/^(?:[a-z]:)?\\?(?:windows|program files(?: \(x86\))?)\\|^\/(?:usr|bin|sbin|lib|opt)\//i.test(image)

/**
 * What a group is found by. Store these for an incident (the union over its alerts) and for held alerts, and look both up by the keys of what comes.
 * `host:`, `user:`, `proc:` (process GUIDs of the tree), `ioc:` (indicators, addresses, hashes), `rule:` or, of a weak alert, `weak:`. No more than 40 of a kind.
 */
export function keysOf(alert: GroupingAlert): string[] {
  return factsOf(alert).keys
}

type Facts = { alert: GroupingAlert; host: string | null; user: string | null; processes: string[]; indicators: string[]; strong: boolean; moves: boolean; keys: string[] }

function factsOf(alert: GroupingAlert): Facts {
  const strong = STRONG.has(alert.severity)
  const moves = alert.techniques.some(isMovement)
  const host = alert.host === null ? '' : hostName(alert.host)
  const indicators = alert.indicators.map(({ type, value }) => `${type}:${value}`.toLowerCase())
  if (strong) {
    for (const address of alert.addresses.map((text) => text.toLowerCase())) {
      if (!isInside(address)) indicators.push(`ip:${address}`)
      else if (moves) indicators.push(`lan:${address}`)
    }
    if (alert.processes.length > 0 && alert.processes.every(({ image }) => isOwnProgram(image))) for (const hash of alert.hashes) indicators.push(`hash:${hash.toLowerCase()}`)
  }
  const facts = {
    alert,
    host: host === '' ? null : host,
    user: userName(alert.user),
    processes: few(alert.processes.flatMap(({ guid, parentGuid }) => [guid, parentGuid]).flatMap((guid) => (guid === null || guid === '' || /^\{?0[0-]*\}?$/.test(guid) ? [] : [guid.toLowerCase()]))),
    indicators: few(indicators),
    strong,
    moves,
  }
  return { ...facts, keys: [...keysOfParts(facts.host === null ? [] : [facts.host], facts.user === null ? [] : [facts.user], facts.processes, facts.indicators), ruleKey(alert, strong)] }
}

/** Whether a key says that alerts belong together; those of rules are only counted. */
export const joins = (key: string): boolean => !key.startsWith('rule:') && !key.startsWith('weak:')

const ruleKey = (alert: GroupingAlert, strong: boolean): string => `${strong ? 'rule' : 'weak'}:${alert.rule.id}`

const keysOfParts = (hosts: Iterable<string>, users: Iterable<string>, processes: Iterable<string>, indicators: Iterable<string>): string[] => [
  ...[...hosts].map((host) => `host:${shortName(host)}`), ...[...users].map((user) => `user:${user}`), ...[...processes].map((guid) => `proc:${guid}`), ...[...indicators].map((value) => `ioc:${value}`),
]
const keysOfGroup = (group: Group): string[] => [...keysOfParts(group.hosts, group.users, group.processes, group.indicators), ...group.rules]

const few = (values: readonly string[]): string[] => [...new Set(values)].slice(0, KEYS_OF_A_KIND)

/** A group while it is worked on: an incident that stands (`incidentId`) or one to be. */
type Group = {
  incidentId: string | null
  hosts: Set<string>
  users: Set<string>
  processes: Set<string>
  indicators: Set<string>
  /** As keys. */
  rules: Set<string>
  keys: Set<string>
  moves: boolean
  first: number
  last: number
  backfill: boolean
  members: Facts[]
  /** What it was merged into. */
  into: Group | null
}

const groupOf = (facts: Facts): Group => ({
  incidentId: null, hosts: new Set(), users: new Set(), processes: new Set(), indicators: new Set(), rules: new Set(), keys: new Set(), moves: false,
  first: facts.alert.firstEventAt, last: facts.alert.lastEventAt, backfill: facts.alert.backfill, members: [], into: null,
})

/** An incident as grouping sees it, from the union of the keys of its alerts; `hosts` are the names as the alerts write them. */
export function openGroup(keys: Iterable<string>, rest: { hosts: Iterable<string> } & Pick<OpenGroup, 'incidentId' | 'techniques' | 'firstActivityAt' | 'lastActivityAt' | 'backfill' | 'alertCount' | 'status'>): OpenGroup {
  const of: Record<string, Set<string>> = { user: new Set(), proc: new Set(), ioc: new Set(), rule: new Set(), weak: new Set() }
  for (const key of keys) {
    const colon = key.indexOf(':')
    of[key.slice(0, colon)]?.add(key.slice(colon + 1))
  }
  return { ...rest, hosts: new Set(rest.hosts), users: of['user'] as Set<string>, processGuids: of['proc'] as Set<string>, indicators: of['ioc'] as Set<string>, ruleIds: of['rule'] as Set<string>, weakRuleIds: of['weak'] as Set<string> }
}

const fromOpen = (open: OpenGroup): Group => ({
  incidentId: open.incidentId,
  hosts: new Set([...open.hosts].map(hostName)),
  users: new Set([...open.users].flatMap((user) => userName(user) ?? [])),
  processes: new Set([...open.processGuids].map((guid) => guid.toLowerCase())),
  indicators: new Set([...open.indicators].map((value) => value.toLowerCase())),
  rules: new Set([...[...open.ruleIds].map((id) => `rule:${id}`), ...[...open.weakRuleIds ?? []].map((id) => `weak:${id}`)]),
  keys: new Set(),
  moves: [...open.techniques].some(isMovement),
  first: open.firstActivityAt,
  last: open.lastActivityAt,
  backfill: open.backfill,
  members: [],
  into: null,
})

/** The groups by their keys, in the order in which they came to each; only the newest are looked at. */
type Index = Map<string, Group[]>

function enter(index: Index, group: Group, keys: readonly string[]): void {
  for (const key of keys) {
    if (group.keys.has(key)) continue
    group.keys.add(key)
    const list = index.get(key)
    if (list === undefined) index.set(key, [group])
    else list.push(group)
  }
}

const newest = (index: Index, key: string): Set<Group> => new Set((index.get(key) ?? []).slice(-LOOKED_AT).map(standing))

function standing(group: Group): Group {
  let found = group
  while (found.into !== null) found = found.into
  return found
}

const distance = (group: Group, { firstEventAt, lastEventAt }: GroupingAlert): number => Math.max(0, firstEventAt - group.last, group.first - lastEventAt)
const span = (group: Group, { firstEventAt, lastEventAt }: GroupingAlert): number => Math.max(group.last, lastEventAt) - Math.min(group.first, firstEventAt)
const onHost = (group: Group, host: string | null): boolean => host !== null && (group.hosts.has(host) || (group.hosts.size <= LOOKED_AT && [...group.hosts].some((other) => sameHost(other, host))) || group.hosts.has(shortName(host)))

/** How surely a strong alert belongs to a group: 0 not at all, else the rank of the best reason. */
function linkOf(group: Group, facts: Facts): number {
  const { alert, host, user } = facts
  // What happens now is not filed under what somebody loaded from an archive, where nobody is called.
  if (group.backfill && !alert.backfill) return 0
  const gap = distance(group, alert)
  if (gap <= WINDOWS.process && facts.processes.some((guid) => group.processes.has(guid))) return 6
  if (span(group, alert) > LONGEST) return 0
  const person = user !== null && !SHARED_ACCOUNTS.has(user)
  const known = user !== null && group.users.has(user)
  if (onHost(group, host)) {
    const another = person && !known && [...group.users].some((name) => !SHARED_ACCOUNTS.has(name))
    const near = gap <= (another ? WINDOWS.hostOfAnother : WINDOWS.host)
    if (near && (group.hosts.size <= MANY_HOSTS || known || group.rules.has(ruleKey(alert, facts.strong)))) return known ? 5 : 4
  }
  const shared = facts.indicators.filter((value) => group.indicators.has(value))
  if (gap <= WINDOWS.indicator && shared.some((value) => !/^(?:lan|hash):/.test(value))) return 3
  if (known && person && gap <= WINDOWS.user) return 2
  if (gap <= WINDOWS.movement && (shared.length > 0 || (known && (facts.moves || group.moves)))) return 1
  return 0
}

/** A weak alert joins on a host that is part of the incident, in its process tree, or where a person of it moves to; else it never brings a host in. */
function weakLinkOf(group: Group, facts: Facts): number {
  const { alert, host, user } = facts
  if (group.backfill && !alert.backfill) return 0
  const gap = distance(group, alert)
  if (gap <= WINDOWS.process && facts.processes.some((guid) => group.processes.has(guid))) return 4
  if (gap > WINDOWS.weak || span(group, alert) > LONGEST) return 0
  const known = user !== null && group.users.has(user)
  if (onHost(group, host)) {
    if (known) return 3
    if (alert.severity === 'low' && group.hosts.size <= MANY_HOSTS) return 2
  }
  return alert.severity === 'low' && facts.moves && known && !SHARED_ACCOUNTS.has(user) ? 1 : 0
}

function take(group: Group, facts: Facts, index: Index): void {
  const { alert, host, user } = facts
  group.members.push(facts)
  if (host !== null) group.hosts.add(host)
  if (user !== null) group.users.add(user)
  for (const guid of facts.processes) group.processes.add(guid)
  for (const value of facts.indicators) group.indicators.add(value)
  group.rules.add(ruleKey(alert, facts.strong))
  group.moves ||= facts.moves
  group.first = Math.min(group.first, alert.firstEventAt)
  group.last = Math.max(group.last, alert.lastEventAt)
  group.backfill &&= alert.backfill
  enter(index, group, facts.keys)
}

/** Makes two groups one and says which. An incident that stands stays; else the smaller goes into the larger, so that no alert is moved often. */
function merge(one: Group, other: Group): Group {
  const [into, from] = one.incidentId === null && one.members.length < other.members.length ? [other, one] : [one, other]
  for (const part of ['hosts', 'users', 'processes', 'indicators', 'rules', 'keys'] as const) for (const value of from[part]) into[part].add(value)
  into.moves ||= from.moves
  into.first = Math.min(into.first, from.first)
  into.last = Math.max(into.last, from.last)
  into.backfill &&= from.backfill
  for (const facts of from.members) into.members.push(facts)
  from.into = into
  from.members = []
  return into
}

const inTime = (one: Facts, other: Facts): number =>
  Number(one.alert.backfill) - Number(other.alert.backfill) || one.alert.firstEventAt - other.alert.firstEventAt || (one.alert.id < other.alert.id ? -1 : 1)

/** The linked groups, surest first; among equals one that stands, then the latest, then by name. */
function linked(index: Index, facts: Facts, link: (group: Group, facts: Facts) => number): Group[] {
  const candidates = new Set(facts.keys.flatMap((key) => (joins(key) ? [...newest(index, key)] : [])))
  return [...candidates].map((group) => ({ group, rank: link(group, facts) })).filter(({ rank }) => rank > 0).sort((a, b) =>
    b.rank - a.rank || Number(b.group.incidentId !== null) - Number(a.group.incidentId !== null) || b.group.last - a.group.last || (nameOf(a.group) < nameOf(b.group) ? -1 : 1)).map(({ group }) => group)
}

const nameOf = (group: Group): string => group.incidentId ?? group.members[0]?.alert.id ?? ''

/** Whether a rule makes so many groups that the next alert of it is no news. */
function storms(index: Index, rule: string, alert: GroupingAlert): Group[] {
  const near = [...newest(index, rule)].filter((group) => distance(group, alert) <= WINDOWS.storm && (alert.backfill || !group.backfill))
  return near.length >= STORM ? near : []
}

/**
 * Sorts alerts into the incidents that stand and into new ones. Order of the input does not matter; ids must be unique.
 *
 * Strong alerts (medium and above) belong together by process tree, then host, shared indicators, the same person on several hosts, and movement between hosts; groups
 * that an alert joins become one, unless both stand already as incidents: then the alert goes to the surer one. Weak alerts go to a group on their host at the same time;
 * what is left of them opens an incident only when several rules add up, and is held otherwise.
 */
export function group(alerts: readonly GroupingAlert[], open: readonly OpenGroup[]): Grouping {
  const index: Index = new Map()
  const stand = open.filter(({ status }) => OPEN.has(status)).map(fromOpen).sort((a, b) => a.last - b.last || (nameOf(a) < nameOf(b) ? -1 : 1))
  for (const each of stand) enter(index, each, keysOfGroup(each))
  const begun: Group[] = []
  const all = alerts.map(factsOf).sort(inTime)

  for (const facts of all.filter(({ strong }) => strong)) {
    const [best, ...others] = linked(index, facts, linkOf)
    if (best !== undefined) {
      take(best, facts, index)
      let one = best
      for (const other of others) if (other.incidentId === null) one = merge(one, other)
      continue
    }
    const storm = storms(index, ruleKey(facts.alert, true), facts.alert).filter((each) => [...each.rules].every((rule) => rule.startsWith('weak:') || storms(index, rule, facts.alert).length > 0))
    const next = storm.sort((a, b) => b.hosts.size - a.hosts.size || (nameOf(a) < nameOf(b) ? -1 : 1))[0] ?? groupOf(facts)
    if (next.members.length === 0 && next.incidentId === null) begun.push(next)
    take(next, facts, index)
  }

  const left: Facts[] = []
  for (const facts of all.filter(({ strong }) => !strong)) {
    const [best] = linked(index, facts, weakLinkOf)
    // What hosts and rules an incident has is said by its strong alerts alone: weak ones come only where it already is.
    if (best === undefined) left.push(facts)
    else best.members.push(facts)
  }
  const held: Facts[] = []
  for (const cluster of weakClusters(left)) {
    if (addsUp(cluster) && !cluster.members.every(({ alert }) => storms(index, ruleKey(alert, false), alert).length > 0)) {
      begun.push(cluster)
      cluster.keys.clear()
      enter(index, cluster, keysOfGroup(cluster))
    } else held.push(...cluster.members)
  }

  const idsOf = (members: readonly Facts[]): string[] => members.toSorted(inTime).map(({ alert }) => alert.id)
  const started = (one: Group, other: Group): number => inTime(one.members.toSorted(inTime)[0] as Facts, other.members.toSorted(inTime)[0] as Facts)
  return {
    attach: stand.filter(({ members }) => members.length > 0).sort(started).map(({ incidentId, members }) => ({ incidentId: incidentId as string, alertIds: idsOf(members) })),
    create: begun.filter(({ into }) => into === null).sort(started).map(({ members }) => ({ alertIds: idsOf(members) })),
    hold: idsOf(held),
  }
}

/** Weak alerts that happen together: on one host, in one process tree or by one person, each within the hour of the one before. */
function weakClusters(alerts: readonly Facts[]): Group[] {
  const index: Index = new Map()
  const clusters: Group[] = []
  for (const facts of alerts) {
    const [best, ...others] = linked(index, facts, (group, { alert, host, user, processes }) => {
      if (group.backfill !== alert.backfill || distance(group, alert) > WINDOWS.weak || span(group, alert) > DAY) return 0
      if (processes.some((guid) => group.processes.has(guid))) return 3
      if (onHost(group, host)) return 2
      return alert.severity === 'low' && user !== null && !SHARED_ACCOUNTS.has(user) && group.users.has(user) ? 1 : 0
    })
    let cluster = best ?? groupOf(facts)
    if (best === undefined) clusters.push(cluster)
    take(cluster, facts, index)
    for (const other of others) cluster = merge(cluster, other)
  }
  return clusters.filter(({ into }) => into === null)
}

function addsUp({ members }: Group): boolean {
  const low = members.filter(({ alert }) => alert.severity === 'low').map(({ alert }) => alert)
  const techniques = new Set(low.flatMap((alert) => alert.techniques.map((id) => id.slice(0, 5))))
  return new Set(low.map(({ rule }) => rule.id)).size >= WEAK_RULES && techniques.size >= 2
}
