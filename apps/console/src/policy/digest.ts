import { contentOf } from './queries.ts'
import type { PolicyContent } from './matrix.ts'

/** RFC 8785 for what a policy may hold: keys sorted by code units, no spaces. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value).filter(([, item]) => item !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}

/** SHA-256 (hex) over the canonical text that is signed; null where the browser has no crypto.subtle (a page that came without TLS). */
export async function digestOf(tenantId: string, policy: PolicyContent & { readonly version: number }): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical({ ...contentOf(policy), tenant_id: tenantId, version: policy.version })))
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
