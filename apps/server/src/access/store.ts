import type { Transaction } from '../platform/database.ts'
import type { Role, Side } from './model.ts'

/** `demo`: told, not lived; it can be removed as a whole. */
export type TenantOrigin = 'installation' | 'provider' | 'demo'

/** The tables of the migrations as rows. */
export type AccessTables = {
  access_tenants: { tenant_id: string; name: string; display_name: string; origin: TenantOrigin; time_zone: string; created_at: Date }
  access_sites: { site_id: string; tenant_id: string; name: string; created_at: Date }
  access_users: { user_id: string; name: string; display_name: string; language: 'en' | 'ko'; password_hash: string; must_change_password: boolean; created_at: Date }
  access_memberships: { user_id: string; tenant_id: string; role: Role; side: Side; site_id: string | null; disabled_at: Date | null; created_at: Date }
  access_sessions: { token_sha256: Buffer; user_id: string; created_at: Date; seen_at: Date }
  access_sign_in_failures: { name: string; failures: number; locked_until: Date | null; failed_at: Date }
  access_keys: {
    key_id: string; tenant_id: string; site_id: string | null; name: string; role: Role; side: Side; owner_id: string | null
    algorithm: 'hmac-sha256' | 'ed25519'; allowed_addresses: string[]; scheme2_only: boolean
    created_at: Date; expires_at: Date | null; revoked_at: Date | null; last_used_at: Date | null
  }
  access_key_secrets: { secret_id: string; tenant_id: string; key_id: string; sealed: Buffer | null; public_key: string | null; created_at: Date; expires_at: Date | null }
  access_replays: { key_id: string; signature: Buffer; expires_at: Date }
  access_audit: { tenant_id: string; sequence: string; at: Date; record: string; hash: string }
  access_audit_heads: { tenant_id: string; sequence: string; hash: string }
}

export const accessTables = (tx: Transaction) => tx.withTables<AccessTables>()

/** tenant_id of memberships in every tenant, and of the platform's own audit chain. */
export const everyTenant = '*'

/** PostgreSQL's unique_violation, for turning a race into already_exists. */
export const isDuplicate = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '23505'
