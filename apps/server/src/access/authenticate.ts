// Who is asking: the one place that turns a request's credentials into an Actor. What it says to a stranger never tells an unknown key
// from a wrong secret or signature. Defended by authenticate.test.ts.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import type { HttpRequest } from '../platform/http.ts'
import type { Audit } from './audit.ts'
import { systemActor } from './audit.ts'
import type { KeyDirectory, StoredKey } from './key-directory.ts'
import { addressAllowed } from './keys.ts'
import type { Action, Actor } from './model.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Sessions } from './sessions.ts'
import { readScheme1, readScheme2, signatureWindow } from './signing.ts'
import type { SignatureClaim, SigningKey } from './signing.ts'
import { accessTables, everyTenant } from './store.ts'
import { findTenant } from './tenants.ts'

export const sessionCookie = 'haechi_session'
export const tenantHeader = 'x-haechi-tenant'

export type AuthenticateParts = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly directory: KeyDirectory
  readonly sessions: Sessions
  readonly rateLimit: RateLimit & { take(key: string): number }
  /** What the local command line reads from the data directory. */
  readonly controlToken: string
}

/** Errors: unauthenticated, credentials_*, control_token_invalid, session_ended, cross_origin, key_*, address_not_allowed, signature_*, content_digest_mismatch, rate_limited, not_found (the tenant named by the header). */
export function openAuthenticate(parts: AuthenticateParts): (request: HttpRequest, action: Action) => Promise<Actor> {
  const { database, clock, audit, directory, sessions, rateLimit } = parts
  const control = sha256(parts.controlToken)
  const decoyKey = sha256(`decoy ${parts.controlToken}`)

  const byKey = async (request: HttpRequest, keyId: string, scheme: 0 | 1 | 2, prove: (key: StoredKey | undefined) => boolean, settle: (key: StoredKey) => { signature: Uint8Array; expiresAt: number } | undefined): Promise<Actor> => {
    let met: StoredKey | undefined
    try {
      return await directory.use(keyId, (key) => {
        met = key
        const proven = prove(key)
        if (!proven || key === undefined) throw new HaechiError(scheme === 0 ? 'credentials_invalid' : 'signature_invalid')
        if (key.dead) throw new HaechiError('key_revoked', { key: keyId })
        if (key.expiresAt !== null && key.expiresAt.getTime() <= clock.now()) throw new HaechiError('key_expired', { key: keyId, at: key.expiresAt.toISOString() })
        if (key.scheme2Only && scheme !== 2) throw new HaechiError('key_scheme_refused', { key: keyId })
        if (!addressAllowed(key.allowedAddresses, request.remoteAddress)) throw new HaechiError('address_not_allowed', { key: keyId, address: request.remoteAddress ?? '?' })
        const wanted = request.headers.get(tenantHeader)
        if (wanted !== null && wanted !== key.tenantId && wanted !== key.tenantName) throw new HaechiError('not_found', { what: `tenant ${wanted}` })
        const replay = settle(key)
        return { value: actorOfKey(key), ...(replay === undefined ? {} : { replay }) }
      })
    } catch (error) {
      if (error instanceof HaechiError && error.code !== 'rate_limited' && error.code !== 'database_unavailable') {
        audit.refuse({
          tenantId: met?.tenantId ?? null, subject: `${error.code} ${met?.keyId ?? request.remoteAddress}`, action: 'authenticate',
          actor: met === undefined ? { ...systemActor, name: 'unknown key' } : actorOfKey(met), detail: { code: error.code, key: keyId.slice(0, 60), remote_address: request.remoteAddress },
        })
      }
      throw error
    }
  }

  const bySecret = (request: HttpRequest, keyId: string, secret: string): Promise<Actor> => {
    const given = sha256(secret)
    return byKey(request, keyId, 0, (key) => secretsOf(key, decoyKey).filter((one) => one.algorithm === 'hmac-sha256' && timingSafeEqual(sha256(one.secret), given)).length > 0, () => undefined)
  }

  const bySignature = async (request: HttpRequest, action: Action, claim: SignatureClaim): Promise<Actor> => {
    const now = clock.now()
    const offWindow = Math.abs(now - claim.signedAt) > signatureWindow * 1_000 || (claim.expiresAt !== null && now > claim.expiresAt)
    if (offWindow) throw new HaechiError('signature_expired', { window: signatureWindow, server_time: new Date(now).toISOString() })
    let body: Uint8Array = new Uint8Array()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      // A stranger's body is not read into memory: the key must exist first.
      const exists = await directory.use(claim.keyId, (key) => ({ value: key !== undefined }))
      if (exists) body = await request.body()
    }
    return byKey(request, claim.keyId, claim.scheme, (key) => secretsOf(key, decoyKey).filter((secret) => claim.holds(secret, body)).length > 0 && key !== undefined, (key) => {
      // Taken only for a signature that holds, so that nobody else can use a key's share up; and before it is remembered, so that the same request may come again.
      const wait = action === 'event.ingest' ? 0 : rateLimit.take(key.keyId)
      if (wait > 0) throw new HaechiError('rate_limited', { limit: rateLimit.perSecond, retry_after: wait })
      return { signature: claim.signature, expiresAt: claim.signedAt + signatureWindow * 1_000 }
    })
  }

  const bySession = async (request: HttpRequest, token: string): Promise<Actor> => {
    refuseCrossOrigin(request)
    const user = await sessions.find(token)
    const wanted = request.headers.get(tenantHeader)
    const own = user.memberships.filter((one) => one.tenantId !== everyTenant)
    const everywhere = user.memberships.find((one) => one.tenantId === everyTenant)
    const membership = wanted === null ? own[0] ?? everywhere : own.find((one) => one.tenantId === wanted || one.tenantName === wanted) ?? everywhere
    if (membership === undefined) throw new HaechiError('not_found', { what: `tenant ${wanted}` })
    const tenantId = membership === everywhere ? await selectTenant(wanted) : membership.tenantId
    return {
      kind: 'user', id: user.userId, person: user.userId, name: user.name, tenantId, side: membership.side, role: membership.role, ownerRole: null,
      siteId: membership.siteId, allTenants: membership === everywhere, language: user.language, mustChangePassword: user.mustChangePassword,
    }
  }

  const byControlToken = async (request: HttpRequest, token: string): Promise<Actor> => {
    if (!timingSafeEqual(sha256(token), control)) {
      audit.refuse({ tenantId: null, actor: { ...systemActor, name: 'unknown' }, action: 'authenticate', subject: `control ${request.remoteAddress}`, detail: { code: 'control_token_invalid', remote_address: request.remoteAddress } })
      throw new HaechiError('control_token_invalid')
    }
    return { ...operator, tenantId: await selectTenant(request.headers.get(tenantHeader)) }
  }

  /** For one who may choose any: the tenant named, else the only one there is, else none. Errors: not_found. */
  const selectTenant = (wanted: string | null): Promise<string | null> => database.platform(async (tx: Transaction) => {
    if (wanted !== null) return (await findTenant(tx, wanted)).tenant_id
    const tenants = await accessTables(tx).selectFrom('access_tenants').select('tenant_id').limit(2).execute()
    return tenants.length === 1 ? tenants[0]!.tenant_id : null
  })

  return async (request, action) => {
    const { headers } = request
    const authorization = headers.get('authorization')
    if (headers.has('x-signature')) return bySignature(request, action, readScheme1(request))
    if (headers.has('signature') || headers.has('signature-input')) return bySignature(request, action, await readScheme2(request))
    if (authorization === null && (headers.has('x-api-key') || headers.has('x-timestamp'))) throw new HaechiError('signature_incomplete', { missing: 'X-Signature' })
    if (authorization !== null) {
      const [, scheme = '', value = ''] = /^(\S+)\s+(.+)$/.exec(authorization.trim()) ?? []
      switch (scheme.toLowerCase()) {
        case 'basic': case 'apikey': {
          const [keyId, secret] = idAndSecret(Buffer.from(value, 'base64').toString('utf8'), `${scheme} base64(key_id:secret)`)
          return bySecret(request, keyId, secret)
        }
        case 'bearer': {
          const [keyId, secret] = idAndSecret(value, 'Bearer key_id:secret')
          return bySecret(request, keyId, secret)
        }
        case 'haechi-control': return byControlToken(request, value)
        default: throw new HaechiError('credentials_malformed', { header: 'Authorization', expected: 'Basic, ApiKey or Bearer' })
      }
    }
    const token = sessionTokenOf(request)
    if (token !== undefined) return bySession(request, token)
    throw new HaechiError('unauthenticated')
  }
}

export const operator: Actor = {
  kind: 'operator', id: 'operator', person: 'operator', name: 'operator', tenantId: null, side: 'provider', role: null, ownerRole: null,
  siteId: null, allTenants: true, language: null, mustChangePassword: false,
}

export function sessionTokenOf(request: HttpRequest): string | undefined {
  return new RegExp(`(?:^|;\\s*)${sessionCookie}=([A-Za-z0-9_-]+)`).exec(request.headers.get('cookie') ?? '')?.[1]
}

/** What a browser says about where an unsafe request comes from must be this server; a client that says nothing is no browser. Errors: cross_origin. */
export function refuseCrossOrigin(request: HttpRequest): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site === 'same-origin' || site === 'none') return
  if (site === null && (origin === null || (URL.canParse(origin) && new URL(origin).host === request.url.host))) return
  throw new HaechiError('cross_origin', { origin: origin ?? 'another site' })
}

function idAndSecret(text: string, expected: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon <= 0 || colon === text.length - 1) throw new HaechiError('credentials_malformed', { header: 'Authorization', expected })
  return [text.slice(0, colon), text.slice(colon + 1)]
}

const sha256 = (value: string | Uint8Array): Buffer => createHash('sha256').update(value).digest()

/** An unknown key costs the time of a known one. */
const secretsOf = (key: StoredKey | undefined, decoy: Buffer): readonly SigningKey[] => key?.secrets ?? [{ algorithm: 'hmac-sha256', secret: decoy }]

const actorOfKey = (key: StoredKey): Actor => ({
  kind: 'key', id: key.keyId, person: key.ownerId ?? key.keyId, name: key.name, tenantId: key.tenantId, side: key.side, role: key.role, ownerRole: key.ownerId === null ? null : key.ownerRole,
  siteId: key.siteId, allTenants: false, language: null, mustChangePassword: false,
})
