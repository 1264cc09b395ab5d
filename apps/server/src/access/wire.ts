// What clients of this context read, as JSON. Types only, shared with the console.
export type Role = 'owner' | 'manager' | 'analyst' | 'approver' | 'auditor' | 'assistant' | 'ingest'
export type Side = 'provider' | 'customer'

/** `demo`: filled with a told story, removed by one command. */
export type Tenant = { id: string; name: string; display_name: string; origin: 'installation' | 'provider' | 'demo'; created_at: string }

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
  /** Within reach. */
  tenants: Tenant[]
  must_change_password: boolean
  language: 'en' | 'ko' | null
}

/** POST /api/v1/session */
export type SignedIn = { user: { id: string; name: string; display_name: string }; must_change_password: boolean; language: 'en' | 'ko' }
