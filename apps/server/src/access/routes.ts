import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import { pageQuery } from '../platform/paging.ts'
import type { Access, AccessHttp } from './api.ts'
import { auditAlgorithm, verifyAuditExport } from './audit-chain.ts'
import { absoluteLimit } from './sessions.ts'
import { refuseCrossOrigin, sessionCookie, sessionTokenOf } from './authenticate.ts'
import type { IssuedKey, KeyView } from './keys.ts'
import { actions, authorize, permits, roles, sides, tenantOf } from './model.ts'
import type { Actor } from './model.ts'
import { minimumLength } from './passwords.ts'
import type { Site, Tenant } from './tenants.ts'
import type { UserView } from './users.ts'
import type * as wire from './wire.ts'

const language = z.enum(['en', 'ko'])
const role = z.enum(roles)
const side = z.enum(sides)
const time = z.iso.datetime({ offset: true })
const label = z.string().trim().min(1).max(200)
const page = z.object(pageQuery)
const withId = z.object({ id: z.string().min(1).max(200) })
const nextCursor = z.string().nullable()

const tenantShape = z.object({ id: z.string(), name: z.string(), display_name: z.string(), origin: z.enum(['installation', 'provider', 'demo']), time_zone: z.string().openapi({ description: 'IANA name; months and days of reports and key figures are counted in it' }), created_at: time }).openapi('Tenant') satisfies z.ZodType<wire.Tenant>
const siteShape = z.object({ id: z.string(), name: z.string(), created_at: time }).openapi('Site') satisfies z.ZodType<wire.Site>
const userShape = z.object({
  id: z.string(), name: z.string(), display_name: z.string(), language, role, side, site_id: z.string().nullable(),
  all_tenants: z.boolean(), disabled: z.boolean(), must_change_password: z.boolean(), created_at: time,
}).openapi('User') satisfies z.ZodType<wire.User>
const keyShape = z.object({
  key_id: z.string(), tenant_id: z.string(), name: z.string(), role, side, owner_id: z.string().nullable(), site_id: z.string().nullable(), algorithm: z.enum(['hmac-sha256', 'ed25519']),
  allowed_addresses: z.array(z.string()), scheme2_only: z.boolean(), created_at: time, expires_at: time.nullable(), revoked_at: time.nullable(), last_used_at: time.nullable(),
}).openapi('ApiKey') satisfies z.ZodType<wire.ApiKey>
const issuedShape = keyShape.extend({ secret: z.string().nullable().openapi({ description: 'Shown this once; null for an Ed25519 key' }) }).openapi('IssuedApiKey') satisfies z.ZodType<wire.IssuedApiKey>
const sessionShape = z.object({
  kind: z.enum(['user', 'key', 'operator']), id: z.string(), name: z.string(), tenant_id: z.string().nullable(), role: role.nullable(), side, site_id: z.string().nullable(),
  permissions: z.array(z.enum(actions)).openapi({ description: 'What the gate would let through here; a single object may still be out of reach' }), tenants: z.array(tenantShape), must_change_password: z.boolean(), language: language.nullable(),
}).openapi('Session') satisfies z.ZodType<wire.Session>
const auditShape = z.object({
  chain: z.string(), sequence: z.int(), at: time, actor: z.object({ kind: z.string(), id: z.string(), person: z.string(), name: z.string() }), action: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }).nullable(), outcome: z.enum(['success', 'denied', 'failure']), detail: z.record(z.string(), z.unknown()), prev_hash: z.string(), hash: z.string(),
}).openapi('AuditRecord') satisfies z.ZodType<wire.AuditRecord>
const verificationShape = z.object({
  ok: z.boolean(), checked_at: time, records: z.int().nullable(), first: time.nullable(), last: time.nullable(), head: z.string().nullable(), line: z.int().nullable(), reason: z.string().nullable(),
}) satisfies z.ZodType<wire.AuditVerification>
const auditQuery = { chain: z.enum(['tenant', 'platform']).default('tenant').openapi({ description: 'platform: the chain of the installation itself (platform.administer)' }) }

/** Declares sessions, tenants, sites, users, keys and the audit log under /api/v1. */
export function accessRoutes(http: AccessHttp, access: Access): void {
  const cookie = (value: string, seconds: number): Record<string, string> =>
    ({ 'set-cookie': `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${access.secureCookies ? '; Secure' : ''}` })
  const whoami = async (actor: Actor) => ({
    kind: actor.kind, id: actor.id, name: actor.name, tenant_id: actor.tenantId, role: actor.role, side: actor.side, site_id: actor.siteId,
    permissions: actions.filter((action) => permits(actor, action)), tenants: (await access.tenants.list(actor, { limit: 1_000 })).tenants.map(tenantBody), must_change_password: actor.mustChangePassword, language: actor.language,
  })

  http.route({
    method: 'post', path: '/api/v1/session', operation: 'signIn', summary: 'Sign in; sets the session cookie', tag: 'session', access: 'public',
    body: z.object({ user: z.string().min(1).max(200), password: z.string().min(1).max(1_024) }),
    answers: { 200: { description: 'Signed in', schema: z.object({ user: z.object({ id: z.string(), name: z.string(), display_name: z.string() }), must_change_password: z.boolean(), language }) } },
  }, async ({ body, request }) => {
    refuseCrossOrigin(request)
    const { token, user } = await access.sessions.signIn(body.user, body.password, request.remoteAddress)
    return {
      body: { user: { id: user.userId, name: user.name, display_name: user.displayName }, must_change_password: user.mustChangePassword, language: user.language },
      headers: cookie(token, absoluteLimit / 1_000),
    }
  })
  http.route({
    method: 'get', path: '/api/v1/session', operation: 'whoami', summary: 'Who the credentials stand for, and the tenants within reach', tag: 'session', access: 'session.read',
    answers: { 200: { description: 'The identity', schema: sessionShape } },
  }, async ({ actor }) => ({ body: await whoami(actor) }))
  http.route({
    method: 'delete', path: '/api/v1/session', operation: 'signOut', summary: 'End the session', tag: 'session', access: 'session.write',
    answers: { 200: { description: 'Ended', schema: z.object({ ended: z.boolean() }) } },
  }, async ({ request }) => {
    const token = sessionTokenOf(request)
    if (token !== undefined) await access.sessions.signOut(token)
    return { body: { ended: token !== undefined }, headers: cookie('', 0) }
  })
  http.route({
    method: 'post', path: '/api/v1/session/password', operation: 'changePassword', summary: `Change the own password (at least ${minimumLength} characters); ends the other sessions`, tag: 'session', access: 'session.write',
    body: z.object({ old_password: z.string().min(1).max(1_024), new_password: z.string().min(1).max(1_024) }),
    answers: { 200: { description: 'Changed', schema: z.object({ changed: z.literal(true) }) } },
  }, async ({ actor, body, request }) => {
    // A key or the operator has no password, and a key must not change its owner's.
    if (actor.kind !== 'user') throw new HaechiError('forbidden', { action: 'session.write' })
    await access.sessions.changePassword({ userId: actor.id, name: actor.name }, sessionTokenOf(request), body.old_password, body.new_password)
    return { body: { changed: true } }
  })

  http.route({
    method: 'get', path: '/api/v1/tenants', operation: 'listTenants', summary: 'Tenants within reach, by name', tag: 'tenants', access: 'tenant.read', query: page,
    answers: { 200: { description: 'A page', schema: z.object({ tenants: z.array(tenantShape), next_cursor: nextCursor }) } },
  }, async ({ actor, query }) => {
    const found = await access.tenants.list(actor, query)
    return { body: { tenants: found.tenants.map(tenantBody), next_cursor: found.nextCursor } }
  })
  http.route({
    method: 'post', path: '/api/v1/tenants', operation: 'createTenant', summary: 'Create a tenant', tag: 'tenants', access: 'platform.administer',
    body: z.object({ name: label, display_name: label.optional(), time_zone: label.optional() }),
    answers: { 201: { description: 'Created', schema: tenantShape } },
  }, async ({ actor, body }) => ({ status: 201, body: tenantBody(await access.tenants.create(actor, { name: body.name, displayName: body.display_name, timeZone: body.time_zone })) }))
  http.route({
    method: 'get', path: '/api/v1/tenants/{id}', operation: 'getTenant', summary: 'One tenant, by id or name', tag: 'tenants', access: 'tenant.read', params: withId,
    answers: { 200: { description: 'The tenant', schema: tenantShape } },
  }, async ({ actor, params }) => ({ body: tenantBody(await access.tenants.get(actor, params.id)) }))
  http.route({
    method: 'patch', path: '/api/v1/tenants/{id}', operation: 'changeTenant', summary: 'Change what people read of a tenant, and its time zone', tag: 'tenants', access: 'tenant.write', params: withId,
    body: z.object({ display_name: label.optional(), time_zone: label.optional() }),
    answers: { 200: { description: 'Changed', schema: tenantShape } },
  }, async ({ actor, params, body }) => ({ body: tenantBody(await access.tenants.change(actor, params.id, { displayName: body.display_name, timeZone: body.time_zone })) }))

  http.route({
    method: 'get', path: '/api/v1/sites', operation: 'listSites', summary: 'Sites of the tenant', tag: 'sites', access: 'site.read', query: page,
    answers: { 200: { description: 'A page', schema: z.object({ sites: z.array(siteShape), next_cursor: nextCursor }) } },
  }, async ({ actor, query }) => {
    const found = await access.tenants.sites(actor, query)
    return { body: { sites: found.sites.map(siteBody), next_cursor: found.nextCursor } }
  })
  http.route({
    method: 'post', path: '/api/v1/sites', operation: 'createSite', summary: 'Create a site', tag: 'sites', access: 'site.write', body: z.object({ name: label }),
    answers: { 201: { description: 'Created', schema: siteShape } },
  }, async ({ actor, body }) => ({ status: 201, body: siteBody(await access.tenants.createSite(actor, body)) }))

  http.route({
    method: 'get', path: '/api/v1/users', operation: 'listUsers', summary: 'Members of the tenant', tag: 'users', access: 'user.read',
    query: z.object({ ...pageQuery, all_tenants: z.enum(['true', 'false']).default('false').openapi({ description: 'Members of every tenant instead (platform.administer)' }) }),
    answers: { 200: { description: 'A page', schema: z.object({ users: z.array(userShape), next_cursor: nextCursor }) } },
  }, async ({ actor, query }) => {
    const found = await access.users.list(actor, query, { allTenants: query.all_tenants === 'true' })
    return { body: { users: found.users.map(userBody), next_cursor: found.nextCursor } }
  })
  http.route({
    method: 'post', path: '/api/v1/users', operation: 'createUser', summary: 'Create a user; answers a one-time password, shown this once', tag: 'users', access: 'user.write',
    body: z.object({
      name: z.string().trim().min(1).max(100).regex(/^[^\s:/\\]+$/u, 'no spaces, colons or slashes'), display_name: label.optional(), role, side: side.optional(),
      site_id: z.string().nullable().optional(), language: language.optional(), all_tenants: z.boolean().optional(),
    }),
    answers: { 201: { description: 'Created', schema: userShape.extend({ one_time_password: z.string().nullable() }) } },
  }, async ({ actor, body }) => {
    const { user, oneTimePassword } = await access.users.create(actor, {
      name: body.name, displayName: body.display_name, role: body.role, side: body.side, siteId: body.site_id, language: body.language, allTenants: body.all_tenants,
    })
    return { status: 201, body: { ...userBody(user), one_time_password: oneTimePassword } }
  })
  http.route({
    method: 'patch', path: '/api/v1/users/{id}', operation: 'changeUser', summary: 'Change role or site, disable or enable; holds at the next request', tag: 'users', access: 'user.write', params: withId,
    body: z.object({ role: role.optional(), site_id: z.string().nullable().optional(), disabled: z.boolean().optional() }).strict(),
    answers: { 200: { description: 'Changed', schema: userShape } },
  }, async ({ actor, params, body }) => ({ body: userBody(await access.users.change(actor, params.id, { role: body.role, siteId: body.site_id, disabled: body.disabled })) }))
  http.route({
    method: 'post', path: '/api/v1/users/{id}/password', operation: 'resetPassword', summary: 'A new one-time password; ends the sessions of the user', tag: 'users', access: 'user.write', params: withId,
    answers: { 200: { description: 'Reset', schema: z.object({ user: userShape, one_time_password: z.string() }) } },
  }, async ({ actor, params }) => {
    const { user, oneTimePassword } = await access.users.resetPassword(actor, params.id)
    return { body: { user: userBody(user), one_time_password: oneTimePassword } }
  })

  http.route({
    method: 'get', path: '/api/v1/keys', operation: 'listKeys', summary: 'API keys of the tenant', tag: 'keys', access: 'key.read', query: page,
    answers: { 200: { description: 'A page', schema: z.object({ keys: z.array(keyShape), next_cursor: nextCursor }) } },
  }, async ({ actor, query }) => {
    const found = await access.keys.list(actor, query)
    return { body: { keys: found.keys.map(keyBody), next_cursor: found.nextCursor } }
  })
  http.route({
    method: 'post', path: '/api/v1/keys', operation: 'createKey', summary: 'Create an API key; the secret is shown this once', tag: 'keys', access: 'key.write',
    body: z.object({
      name: label, role, side: side.optional(), owner: z.string().optional(), site_id: z.string().nullable().optional(), allowed_addresses: z.array(z.string()).max(100).optional(),
      scheme2_only: z.boolean().optional(), public_key: z.string().max(1_000).optional().openapi({ description: 'Ed25519 public key, PEM or base64 of 32 bytes: the server then holds no secret' }), expires_at: time.nullable().optional(),
    }),
    answers: { 201: { description: 'Created', schema: issuedShape } },
  }, async ({ actor, body }) => ({
    status: 201,
    body: issuedBody(await access.keys.create(actor, {
      name: body.name, role: body.role, side: body.side, owner: body.owner, siteId: body.site_id, allowedAddresses: body.allowed_addresses,
      scheme2Only: body.scheme2_only, publicKey: body.public_key, expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
    })),
  }))
  http.route({
    method: 'post', path: '/api/v1/keys/{id}/rotate', operation: 'rotateKey', summary: 'A second secret; the old one ends after overlap_hours', tag: 'keys', access: 'key.write', params: withId,
    body: z.object({ overlap_hours: z.number().min(0).max(720).default(24), public_key: z.string().max(1_000).optional() }),
    answers: { 200: { description: 'Rotated', schema: issuedShape } },
  }, async ({ actor, params, body }) => ({ body: issuedBody(await access.keys.rotate(actor, params.id, { overlapHours: body.overlap_hours, publicKey: body.public_key })) }))
  http.route({
    method: 'delete', path: '/api/v1/keys/{id}', operation: 'revokeKey', summary: 'Revoke; holds at once', tag: 'keys', access: 'key.write', params: withId,
    answers: { 200: { description: 'Revoked', schema: keyShape } },
  }, async ({ actor, params }) => ({ body: keyBody(await access.keys.revoke(actor, params.id)) }))

  const chainOf = (actor: Actor, chain: 'tenant' | 'platform'): string | null => {
    if (chain === 'tenant') return tenantOf(actor)
    authorize(actor, 'platform.administer')
    return null
  }
  http.route({
    method: 'get', path: '/api/v1/audit', operation: 'listAudit', summary: 'Audit records, newest first', tag: 'audit', access: 'audit.read', query: z.object({
      ...pageQuery, ...auditQuery, action: z.string().regex(/^[a-z_]+(\.[a-z_]+)?$/).optional().openapi({ description: '`key.create`, or `key` for all that was done to keys' }),
      actor: z.string().min(1).max(200).optional().openapi({ description: 'The name of who did it' }), outcome: z.enum(['success', 'denied', 'failure']).optional(), start_time: time.optional(), end_time: time.optional(),
    }),
    answers: { 200: { description: 'A page', schema: z.object({ records: z.array(auditShape), next_cursor: nextCursor }) } },
  }, async ({ actor, query }) => {
    const found = await access.audit.list(chainOf(actor, query.chain), query, {
      action: query.action, actor: query.actor, outcome: query.outcome, from: query.start_time === undefined ? undefined : new Date(query.start_time), to: query.end_time === undefined ? undefined : new Date(query.end_time),
    })
    return { body: { records: found.records, next_cursor: found.nextCursor } }
  })
  http.route({
    method: 'get', path: '/api/v1/audit/verification', operation: 'verifyAudit', summary: 'Checks every record of the chain again', tag: 'audit', access: 'audit.read', query: z.object(auditQuery),
    answers: { 200: { description: 'What was found', schema: verificationShape } },
  }, async ({ actor, query }) => {
    const verdict = await verifyAuditExport(access.audit.export(chainOf(actor, query.chain)))
    const checkedAt = new Date(access.audit.now()).toISOString()
    return { body: verdict.ok
      ? { ok: true, checked_at: checkedAt, records: verdict.records, first: verdict.first, last: verdict.last, head: verdict.head, line: null, reason: null }
      : { ok: false, checked_at: checkedAt, records: null, first: null, last: null, head: null, line: verdict.line, reason: verdict.reason } }
  })
  http.route({
    method: 'get', path: '/api/v1/audit/export', operation: 'exportAudit', summary: `The whole chain as NDJSON (${auditAlgorithm}), for \`haechi audit verify\``, tag: 'audit', access: 'audit.read', query: z.object(auditQuery),
    answers: { 200: { description: 'A header line, then one record a line', type: 'application/x-ndjson' } },
  }, ({ actor, query }) => {
    const lines = access.audit.export(chainOf(actor, query.chain))
    return new Response(ReadableStream.from(encoded(lines)), { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } })
  })
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const line of lines) yield encoder.encode(`${line}\n`)
}

const tenantBody = (tenant: Tenant) => ({ id: tenant.tenantId, name: tenant.name, display_name: tenant.displayName, origin: tenant.origin, time_zone: tenant.timeZone, created_at: tenant.createdAt.toISOString() })
const siteBody = (site: Site) => ({ id: site.siteId, name: site.name, created_at: site.createdAt.toISOString() })
const userBody = (user: UserView) => ({
  id: user.userId, name: user.name, display_name: user.displayName, language: user.language, role: user.role, side: user.side, site_id: user.siteId,
  all_tenants: user.allTenants, disabled: user.disabled, must_change_password: user.mustChangePassword, created_at: user.createdAt.toISOString(),
})
const keyBody = (key: KeyView) => ({
  key_id: key.keyId, tenant_id: key.tenantId, name: key.name, role: key.role, side: key.side, owner_id: key.ownerId, site_id: key.siteId, algorithm: key.algorithm,
  allowed_addresses: key.allowedAddresses, scheme2_only: key.scheme2Only, created_at: key.createdAt.toISOString(), expires_at: key.expiresAt?.toISOString() ?? null,
  revoked_at: key.revokedAt?.toISOString() ?? null, last_used_at: key.lastUsedAt?.toISOString() ?? null,
})
const issuedBody = (issued: IssuedKey) => ({ ...keyBody(issued.key), secret: issued.secret })
