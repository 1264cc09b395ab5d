// What clients of this context read, as JSON. Types only, shared with the console.
export type Role = 'owner' | 'manager' | 'analyst' | 'approver' | 'auditor' | 'assistant' | 'ingest'
export type Side = 'provider' | 'customer'
export type Permission =
  | 'session.read' | 'session.write' | 'tenant.read' | 'tenant.write' | 'site.read' | 'site.write' | 'user.read' | 'user.write' | 'key.read' | 'key.write' | 'audit.read'
  | 'event.read' | 'event.ingest' | 'source.read' | 'source.write' | 'asset.read' | 'asset.write' | 'incident.read' | 'incident.write' | 'action.read' | 'action.request' | 'action.approve'
  | 'intel.read' | 'intel.write' | 'rule.read' | 'rule.write' | 'policy.read' | 'policy.write' | 'report.read' | 'metrics.read' | 'platform.administer'

/** `demo`: filled with a told story, removed by one command. `time_zone`: IANA name. */
export type Tenant = { id: string; name: string; display_name: string; origin: 'installation' | 'provider' | 'demo'; time_zone: string; created_at: string }
export type Site = { id: string; name: string; created_at: string }

/** GET /api/v1/session */
export type Session = {
  kind: 'user' | 'key' | 'operator'
  id: string
  name: string
  /** null: there are several and none was named. */
  tenant_id: string | null
  role: Role | null
  side: Side
  site_id: string | null
  /** What the gate would let through here; a single object may still be out of reach. */
  permissions: Permission[]
  /** Within reach. */
  tenants: Tenant[]
  must_change_password: boolean
  language: 'en' | 'ko' | null
}

/** POST /api/v1/session */
export type SignedIn = { user: { id: string; name: string; display_name: string }; must_change_password: boolean; language: 'en' | 'ko' }

export type User = {
  id: string; name: string; display_name: string; language: 'en' | 'ko'; role: Role; side: Side
  /** null: the whole tenant. */
  site_id: string | null
  /** A member of every tenant: the provider's staff. */
  all_tenants: boolean
  disabled: boolean
  must_change_password: boolean
  created_at: string
}
/** POST /api/v1/users. null: somebody who was there already became a member. */
export type CreatedUser = User & { one_time_password: string | null }
/** POST /api/v1/users/{id}/password */
export type ResetPassword = { user: User; one_time_password: string }

export type ApiKey = {
  key_id: string; tenant_id: string; name: string; role: Role; side: Side; owner_id: string | null; site_id: string | null; algorithm: 'hmac-sha256' | 'ed25519'
  /** Addresses and CIDR blocks; none means everywhere. */
  allowed_addresses: string[]
  scheme2_only: boolean
  created_at: string; expires_at: string | null; revoked_at: string | null; last_used_at: string | null
}
/** `secret` is answered once; null for an Ed25519 key. */
export type IssuedApiKey = ApiKey & { secret: string | null }

export type AuditRecord = {
  chain: string
  /** From 1, without gaps. */
  sequence: number
  at: string
  actor: { kind: string; id: string; person: string; name: string }
  /** `noun.verb` */
  action: string
  resource: { kind: string; id: string } | null
  outcome: 'success' | 'denied' | 'failure'
  detail: Record<string, unknown>
  prev_hash: string
  hash: string
}
/** GET /api/v1/audit/verification: every record of the chain, checked again. `line` is that of the export, its header being line 1. */
export type AuditVerification = { ok: boolean; checked_at: string; records: number | null; first: string | null; last: string | null; head: string | null; line: number | null; reason: string | null }
