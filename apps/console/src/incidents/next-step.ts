// What happens next with an incident: the one thing that the page offers, and the sentence above it. Pure.
// Defended by next-step.test.ts (a decision that the reader may make comes before all else; nothing is offered that the reader or the server would refuse).
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import type { ActionStatus, ActionType, ResponseAction } from '../../../server/src/response/wire.ts'

export type NextStep =
  | { kind: 'decide'; action: ResponseAction }
  | { kind: 'wait'; action: ResponseAction }
  | { kind: 'watch'; action: ResponseAction }
  | { kind: 'contain'; hosts: string[] }
  | { kind: 'investigate' }
  | { kind: 'resolve'; lifts: ResponseAction | null }
  | { kind: 'close' }
  | { kind: 'closed' }
  /** Somebody works on it; nothing is asked of the reader. */
  | { kind: 'carry_on' }

/** What the reader may do, of the permissions of his session. */
export type Abilities = { write: boolean; request: boolean }

const running: readonly ActionStatus[] = ['requested', 'approved', 'executing', 'verifying', 'lifting']
/** An action that stands in the way of asking for the same again. */
const standing: readonly ActionStatus[] = [...running, 'awaiting_approval', 'succeeded', 'partially_succeeded']

export function nextStep(incident: IncidentDetail, abilities: Abilities): NextStep {
  const waiting = incident.actions.filter((action) => action.status === 'awaiting_approval').toSorted(byEnd)
  const mine = waiting.find((action) => action.may_decide.allowed)
  if (mine !== undefined) return { kind: 'decide', action: mine }
  if (incident.status === 'closed') return { kind: 'closed' }
  if (waiting[0] !== undefined) return { kind: 'wait', action: waiting[0] }
  const under_way = incident.actions.find((action) => running.includes(action.status))
  if (under_way !== undefined) return { kind: 'watch', action: under_way }
  const may = (status: (typeof incident.next_statuses)[number]) => abilities.write && incident.next_statuses.includes(status)
  if (incident.status === 'resolved') return may('closed') ? { kind: 'close' } : { kind: 'carry_on' }
  if (incident.status === 'contained') return may('resolved') ? { kind: 'resolve', lifts: standingContainment(incident) } : { kind: 'carry_on' }
  const hosts = abilities.request ? hostsToContain(incident) : []
  if (hosts.length > 0) return { kind: 'contain', hosts }
  if (incident.status === 'new' && may('investigating')) return { kind: 'investigate' }
  if (standingContainment(incident) !== null && may('resolved')) return { kind: 'resolve', lifts: standingContainment(incident) }
  return { kind: 'carry_on' }
}

/** Hosts with an alert of high or critical on them that nobody has isolated or asked to, worst first. None for what arrived as history or was tried without success. */
export function hostsToContain(incident: IncidentDetail): string[] {
  if (incident.backfill) return []
  const tried = new Set(targetsOf(incident.actions, 'isolate_host'))
  const hosts: string[] = []
  for (const severity of ['critical', 'high'] as const) {
    for (const alert of incident.alerts) {
      if (alert.severity === severity && alert.host !== null && incident.affected_hosts.includes(alert.host) && !tried.has(alert.host.toLowerCase()) && !hosts.includes(alert.host)) hosts.push(alert.host)
    }
  }
  return hosts
}

/** Every target of that type that was ever asked for and not lifted, in small letters. */
function targetsOf(actions: readonly ResponseAction[], type: ActionType): string[] {
  return actions.filter((action) => action.action_type === type && action.status !== 'lifted' && action.status !== 'expired').flatMap((action) => action.targets.map(({ target }) => target.toLowerCase()))
}

/** What ends first comes first; what never ends, last. */
export function byEnd(a: ResponseAction, b: ResponseAction): number {
  return (a.expires_at === null ? Infinity : Date.parse(a.expires_at)) - (b.expires_at === null ? Infinity : Date.parse(b.expires_at)) || 0
}

export function standingContainment(incident: IncidentDetail): ResponseAction | null {
  return incident.actions.find((action) => action.status === 'succeeded' || action.status === 'partially_succeeded') ?? null
}

export type ActionGroup = 'waiting' | 'running' | 'standing' | 'ended'
export function groupOf(status: ActionStatus): ActionGroup {
  if (status === 'awaiting_approval') return 'waiting'
  if (running.includes(status)) return 'running'
  return status === 'succeeded' || status === 'partially_succeeded' ? 'standing' : 'ended'
}

/** What may be a target, prefilled from the incident: each with whether an action of that type stands on it already. */
export function candidates(incident: IncidentDetail, type: ActionType): { target: string; taken: boolean }[] {
  const taken = new Set(incident.actions.filter((action) => action.action_type === type && standing.includes(action.status)).flatMap((action) => action.targets.map(({ target }) => target.toLowerCase())))
  return [...new Set(targetsOfType[type](incident))].map((target) => ({ target, taken: taken.has(target.toLowerCase()) }))
}

const targetsOfType: Readonly<Record<ActionType, (incident: IncidentDetail) => readonly string[]>> = {
  isolate_host: (incident) => incident.affected_hosts,
  disable_account: (incident) => incident.affected_users.filter((user) => /[\\@]/.test(user)),
  block_ip: (incident) => incident.indicators.filter(({ type }) => type === 'ip' || type === 'cidr').map(({ value }) => value),
  quarantine_file: (incident) => incident.indicators.filter(({ type }) => type === 'sha256').map(({ value }) => value),
}

/** What an action would touch, in numbers: hosts, those of them that matter most, those that the internet reaches, and users who were seen on them in this incident. */
export type BlastRadius = { targets: number; critical: number; internet: number; users: number }

export function blastRadius(incident: IncidentDetail, type: ActionType, targets: readonly string[]): BlastRadius {
  const names = new Set(targets.map((target) => target.toLowerCase()))
  const assets = incident.assets.filter((asset) => names.has(asset.name.toLowerCase()) || names.has(asset.id.toLowerCase()))
  const users = type === 'isolate_host' ? new Set(incident.alerts.filter((alert) => alert.host !== null && names.has(alert.host.toLowerCase()) && alert.user !== null).map((alert) => alert.user)) : new Set()
  return {
    targets: names.size,
    critical: assets.filter(({ criticality }) => criticality === 'critical' || criticality === 'high').length,
    internet: assets.filter(({ exposure }) => exposure === 'internet').length,
    users: users.size,
  }
}
