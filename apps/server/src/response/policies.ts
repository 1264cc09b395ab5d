// A policy holds only as it was signed: the version in force is the newest signed one, and one whose digest or signature does not hold is reported and
// makes everything ask. Versions are never changed. Defended by policies.test.ts.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Access, Actor } from '../access/api.ts'
import { canonical } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Reader, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { presetContent } from './policy.ts'
import type { PolicyContent } from './policy.ts'
import * as store from './store.ts'
import type { PolicyRecord } from './store.ts'
import type { Policy } from './wire.ts'

export type InForce = {
  readonly version: number
  readonly content: PolicyContent
  /** Why it is not believed, null where it is. */
  readonly fault: 'policy_digest_mismatch' | 'policy_signature_invalid' | null
  readonly record: PolicyRecord | null
}
/** `origin`: who made the tenant; the policy that holds before one is signed follows from it. */
export type TenantFacts = { readonly origin: 'installation' | 'provider' | 'demo'; readonly timeZone: string }

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const textOf = (tenantId: string, version: number, content: PolicyContent): string => canonical({ ...content, tenant_id: tenantId, version })

export function openPolicies({ clock, key, access }: { clock: Clock; key: Uint8Array; access: Pick<Access, 'authorize' | 'audit'> }) {
  const macOf = (row: Pick<PolicyRecord, 'tenant_id' | 'version' | 'digest' | 'signed_person' | 'signed_by' | 'signed_at'>): string =>
    createHmac('sha256', key).update(canonical({
      tenant_id: row.tenant_id, version: row.version, digest: row.digest, signed_person: row.signed_person, signed_by: row.signed_by, signed_at: row.signed_at!.toISOString(),
    })).digest('hex')

  const faultOf = (row: PolicyRecord): InForce['fault'] => {
    if (sha256(row.content) !== row.digest) return 'policy_digest_mismatch'
    const [given, right] = [Buffer.from(row.mac ?? ''), Buffer.from(macOf(row))]
    return given.length === right.length && timingSafeEqual(given, right) ? null : 'policy_signature_invalid'
  }

  const initial = (tenantId: string, facts: TenantFacts): Policy => {
    const content = presetContent(facts.origin === 'provider' ? 'ask-always' : 'critical-at-once')
    return { ...content, version: 0, drafted_by: null, drafted_at: null, signed_by: null, signed_at: null, digest: sha256(textOf(tenantId, 0, content)), in_force: true, fault: null }
  }

  return {
    /** What people see of a stored version. */
    view: (row: PolicyRecord, inForce: boolean): Policy => policyOf(row, inForce, row.mac === null ? sha256(row.content) === row.digest ? null : 'policy_digest_mismatch' : faultOf(row)),

    async inForce(tx: Reader, tenantId: string, facts: TenantFacts): Promise<InForce> {
      const record = await store.latestSigned(tx, tenantId)
      if (record === undefined) return { version: 0, content: initial(tenantId, facts), fault: null, record: null }
      return { version: record.version, content: contentOf(record), fault: faultOf(record), record }
    },

    /** What people see of the version in force. */
    present: (tenantId: string, facts: TenantFacts, { record }: InForce): Policy => (record === null ? initial(tenantId, facts) : policyOf(record, true, faultOf(record))),

    async draft(tx: Transaction, actor: Actor, tenantId: string, content: PolicyContent): Promise<Policy> {
      const [latest] = await store.policyVersions(tx, tenantId, null, 1)
      const version = (latest?.version ?? 0) + 1
      const text = textOf(tenantId, version, content)
      const row = { tenant_id: tenantId, version, content: text, digest: sha256(text), drafted_by: actor.name, drafted_at: new Date(clock.now()) }
      await store.insertPolicy(tx, row)
      await access.audit.record(tx, { tenantId, actor, action: 'policy.draft', resource: { kind: 'policy', id: String(version) }, detail: { digest: row.digest } })
      return policyOf({ ...row, signed_person: null, signed_by: null, signed_at: null, mac: null }, false)
    },

    /** `digest` is what the person saw. Errors: not_found, policy_signer, policy_superseded, policy_changed. */
    async sign(tx: Transaction, actor: Actor, tenantId: string, version: number, digest: string): Promise<Policy> {
      if (!maySign(actor)) throw new HaechiError('policy_signer')
      const row = await store.policyVersion(tx, tenantId, version)
      if (row === undefined) throw new HaechiError('not_found', { what: `policy version ${version}` })
      const current = (await store.latestSigned(tx, tenantId))?.version ?? 0
      if (version <= current) throw new HaechiError('policy_superseded', { version, current })
      if (row.digest !== digest || sha256(row.content) !== digest) throw new HaechiError('policy_changed', { version })
      const signed = { ...row, signed_person: actor.person, signed_by: actor.name, signed_at: new Date(clock.now()) }
      await store.signPolicy(tx, { ...signed, mac: macOf(signed) })
      await access.audit.record(tx, { tenantId, actor, action: 'policy.sign', resource: { kind: 'policy', id: String(version) }, detail: { digest } })
      return policyOf(signed, true)
    },
  }
}
export type Policies = ReturnType<typeof openPolicies>

/** A person of the customer's side: not the operator, and not a key that nobody owns. That he may change policies is the gate's question. */
export const maySign = (actor: Actor): boolean => actor.side === 'customer' && (actor.kind === 'user' || (actor.kind === 'key' && actor.person !== actor.id))

/** What does not even parse is not believed anyway: everything asks. */
function contentOf(row: PolicyRecord): PolicyContent {
  try {
    const parsed = policyContent.safeParse(JSON.parse(row.content))
    return parsed.success ? parsed.data as PolicyContent : presetContent('ask-always')
  } catch {
    return presetContent('ask-always')
  }
}

const label = z.string().trim().min(1).max(200).regex(/^\P{Cc}+$/u, 'no control characters')
const labels = z.array(label).min(1).max(1_000)
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM')
const some = <T extends string>(values: readonly [T, ...T[]]) => z.array(z.enum(values)).min(1)
const row = z.object({
  id: label, locked: z.boolean().optional(), site: label.optional(),
  assets: z.object({ classes: labels.optional(), tags: labels.optional(), criticality: some(['low', 'normal', 'high', 'critical']).optional(), names: labels.optional() })
    .refine((assets) => Object.values(assets).some((one) => one !== undefined), 'names nothing').optional(),
  action_types: some(['isolate_host', 'block_ip', 'disable_account', 'quarantine_file']).optional(),
  severities: some(['critical', 'high', 'medium', 'low', 'informational']).optional(),
  requesters: some(['rule', 'provider', 'customer']).optional(),
  hours: z.object({ days: z.array(z.int().min(1).max(7)).min(1).max(7), from: clockTime, to: clockTime }).optional(),
  decision: z.enum(['allow', 'ask', 'deny']), approvers: z.enum(['customer', 'provider']).optional(), needed: z.int().min(1).max(10).optional(),
  timeout_minutes: z.int().min(1).max(10_080).optional(), on_timeout: z.enum(['expire', 'escalate', 'act']).optional(),
})
/** What a draft may hold. `rows` have ids of their own. */
export const policyContent = z.object({
  preset: z.enum(['critical-at-once', 'ask-always', 'collaborate-then-act', 'observe-only']),
  rows: z.array(row).max(500).default([]).refine((rows) => new Set(rows.map(({ id }) => id)).size === rows.length, 'two rows have the same id'),
  never_isolate: z.array(label).max(5_000).default([]),
  caps: z.object({ targets_per_action: z.int().min(1).max(1_000), targets_per_hour: z.int().min(1).max(10_000) }).default(presetContent('ask-always').caps),
  containment_hours: z.number().min(0.25).max(720).default(presetContent('ask-always').containment_hours),
  collaborate_minutes: z.int().min(1).max(1_440).default(presetContent('ask-always').collaborate_minutes),
})

export function policyOf(row: PolicyRecord, inForce: boolean, fault: InForce['fault'] = null): Policy {
  const { preset, rows, never_isolate, caps, containment_hours, collaborate_minutes } = contentOf(row)
  return {
    version: row.version, preset, rows, never_isolate, caps, containment_hours, collaborate_minutes, drafted_by: row.drafted_by, drafted_at: row.drafted_at.toISOString(),
    signed_by: row.signed_by, signed_at: row.signed_at?.toISOString() ?? null, digest: row.digest, in_force: inForce, fault,
  }
}
