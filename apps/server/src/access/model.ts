// Who may do what. One table, deny by default: an action that a role does not list is refused, and nothing outside the actor's
// tenant or site is ever allowed. Defended by model.test.ts (every role x every action, pinned).
import { HaechiError } from '../platform/errors.ts'

export const actions = [
  'session.read', 'session.write',
  'tenant.read', 'tenant.write', 'site.read', 'site.write', 'user.read', 'user.write', 'key.read', 'key.write', 'audit.read',
  'event.read', 'event.ingest', 'source.read', 'source.write', 'asset.read', 'asset.write',
  'incident.read', 'incident.write', 'action.read', 'action.request', 'action.approve',
  'intel.read', 'intel.write', 'rule.read', 'rule.write', 'policy.read', 'policy.write',
  'report.read', 'metrics.read', 'platform.administer',
] as const
/** `metrics.read` is the process's own Prometheus figures; a tenant's key figures are `report.read`. `platform.administer` is what spans tenants. */
export type Action = (typeof actions)[number]

export const roles = ['owner', 'manager', 'analyst', 'approver', 'auditor', 'assistant', 'ingest'] as const
export type Role = (typeof roles)[number]
export const sides = ['provider', 'customer'] as const
export type Side = (typeof sides)[number]

const self: Action[] = ['session.read', 'session.write']
const reading: Action[] = [
  ...self, 'tenant.read', 'site.read', 'event.read', 'source.read', 'asset.read', 'incident.read', 'action.read',
  'intel.read', 'rule.read', 'policy.read', 'report.read',
]
const investigating: Action[] = [...reading, 'incident.write', 'action.request', 'asset.write', 'intel.write']

export const permissions: Readonly<Record<Role, ReadonlySet<Action>>> = {
  owner: new Set(actions),
  manager: new Set(actions.filter((action) => action !== 'tenant.write' && action !== 'policy.write')),
  analyst: new Set<Action>([...investigating, 'user.read', 'source.write', 'rule.write']),
  approver: new Set<Action>([...reading, 'user.read', 'action.request', 'action.approve']),
  auditor: new Set<Action>([...reading, 'user.read', 'key.read', 'audit.read', 'metrics.read']),
  assistant: new Set<Action>([...reading, 'incident.write', 'action.request']),
  ingest: new Set<Action>([...self, 'event.ingest']),
}

/** Who is asking. Made only by `authenticate`. */
export type Actor = {
  readonly kind: 'user' | 'key' | 'operator'
  /** The user's or key's id; 'operator' for whoever holds the data directory's control token. */
  readonly id: string
  /** Who answers for it: the user, the key's owner, or, for a key without one, the key itself. Two actors with one `person` are one person wherever two are needed. */
  readonly person: string
  readonly name: string
  /** The tenant that this request is about; null when none was named and there are several (operator, provider). */
  readonly tenantId: string | null
  readonly side: Side
  /** null for the operator, who may everything but approve. */
  readonly role: Role | null
  /** A key never may more than its owner. */
  readonly ownerRole: Role | null
  /** Set for one who is bound to a single site. */
  readonly siteId: string | null
  /** A member of every tenant: may administer the platform where the role lists it. */
  readonly allTenants: boolean
  readonly language: 'en' | 'ko' | null
  readonly mustChangePassword: boolean
}

/** What an action is done to. Leave out what the object does not have; `siteId: null` is an object of the whole tenant. */
export type Resource = { readonly tenantId?: string; readonly siteId?: string | null }

export function permits(actor: Actor, action: Action, resource: Resource = {}): boolean {
  if (actor.mustChangePassword && !self.includes(action)) return false
  if (resource.tenantId !== undefined && actor.tenantId !== null && resource.tenantId !== actor.tenantId) return false
  if (actor.kind === 'operator') return action !== 'action.approve'
  if (resource.tenantId !== undefined && actor.tenantId === null) return false
  if (resource.siteId !== undefined && actor.siteId !== null && resource.siteId !== actor.siteId) return false
  if (action === 'platform.administer' && !actor.allTenants) return false
  if (actor.role === null || !permissions[actor.role].has(action)) return false
  return actor.ownerRole === null || permissions[actor.ownerRole].has(action)
}

/** The one gate. Errors: forbidden, password_change_required. */
export function authorize(actor: Actor, action: Action, resource: Resource = {}): void {
  if (permits(actor, action, resource)) return
  if (actor.mustChangePassword) throw new HaechiError('password_change_required')
  throw new HaechiError('forbidden', { action })
}

/** The tenant that a request is about. Errors: tenant_required. */
export function tenantOf(actor: Actor): string {
  if (actor.tenantId === null) throw new HaechiError('tenant_required')
  return actor.tenantId
}

/** Nobody hands out more than he has: not a role with more actions, not the provider's side from the customer's, not a wider site. Errors: forbidden. */
export function authorizeGrant(actor: Actor, granted: { role: Role; side: Side; siteId: string | null }): void {
  if (actor.kind === 'operator') return
  const own = actor.role === null ? new Set<Action>() : permissions[actor.role]
  const wider = [...permissions[granted.role]].some((action) => !own.has(action) || (actor.ownerRole !== null && !permissions[actor.ownerRole].has(action)))
  if (wider) throw new HaechiError('forbidden', { action: `grant ${granted.role}` })
  if (granted.side === 'provider' && actor.side === 'customer') throw new HaechiError('forbidden', { action: 'grant provider' })
  if (actor.siteId !== null && granted.siteId !== actor.siteId) throw new HaechiError('forbidden', { action: 'grant another site' })
}
