import type { AccessHttp } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import { problem, z } from '../platform/http.ts'
import { cursorOf, pageOf, pageQuery } from '../platform/paging.ts'
import type { Response } from './api.ts'
import { policyContent } from './policies.ts'
import type { PolicyContent } from './policy.ts'
import type { DryRun, Policy, PolicyOverview, ResponseAction, ResponseActionDetail } from './wire.ts'

const statuses = ['requested', 'denied', 'awaiting_approval', 'approved', 'rejected', 'expired', 'executing', 'verifying', 'succeeded', 'partially_succeeded', 'failed', 'lifting', 'lifted'] as const
const status = z.enum(statuses)
const actionType = z.enum(['isolate_host', 'block_ip', 'disable_account', 'quarantine_file'])
const severity = z.enum(['critical', 'high', 'medium', 'low', 'informational'])
const requesterKind = z.enum(['rule', 'provider', 'customer'])
const time = z.iso.datetime({ offset: true })
const withId = z.object({ id: z.string().min(1).max(200) })
const said = z.string().max(4_000).nullish().transform((text) => text ?? '')
const label = z.string().max(200).nullish().transform((text) => text ?? null).openapi({ description: 'A label of the client; who asks follows from the credential alone' })
const targets = z.array(z.string().min(1).max(1_024)).min(1).max(1_000)

const verdict = z.object({ decision: z.enum(['allow', 'ask', 'deny']), rule: z.string(), reason_code: z.string().nullable(), approvers: z.enum(['customer', 'provider', 'customer_other']).nullable() })
const actionShape = z.object({
  action_id: z.string(), incident_id: z.string(), incident_title: z.string(), incident_severity: severity, action_type: actionType, status,
  targets: z.array(z.object({ target: z.string(), state: status, verdict, asset_id: z.string().nullable(), candidates: z.array(z.string()), reason_code: z.string().nullable(), reason: z.string().nullable(), evidence: z.unknown() })),
  reason: z.string(), requester: z.object({ kind: requesterKind, name: z.string(), label: z.string().nullable() }), urgency: z.enum(['low', 'normal', 'high']), requested_at: time, expires_at: time.nullable(),
  decided_by: z.string().nullable(), decided_at: time.nullable(), waiting_for: z.string().nullable(), may_decide: z.object({ allowed: z.boolean(), reason_code: z.string().nullable() }), policy_version: z.int(),
}) satisfies z.ZodType<ResponseAction>
const detailShape = actionShape.extend({
  history: z.array(z.object({ at: time, status, actor: z.object({ kind: z.enum(['user', 'key', 'operator', 'system']), name: z.string() }).nullable(), text: z.string(), label: z.string().nullable() })),
}) satisfies z.ZodType<ResponseActionDetail>
// Output only: the rows as they are, without the defaults that a draft may leave out.
const policyShape = z.object({ ...policyContent.shape, rows: z.array(z.custom<Policy['rows'][number]>()).openapi({ type: 'array', items: { type: 'object' } }) }).extend({
  version: z.int(), drafted_by: z.string().nullable(), drafted_at: time.nullable(), signed_by: z.string().nullable(), signed_at: time.nullable(), digest: z.string(), in_force: z.boolean(), fault: z.string().nullable(),
}) satisfies z.ZodType<Policy>
const overviewShape = z.object({
  in_force: policyShape, verified: z.object({ ok: z.boolean(), code: z.string().nullable(), reason: z.string().nullable() }), drafts: z.array(policyShape),
  may_sign: z.object({ allowed: z.boolean(), reason_code: z.string().nullable() }), approvers: z.object({ customer: z.int(), provider: z.int() }),
}) satisfies z.ZodType<PolicyOverview>
const dryRunShape = z.object({
  policy_version: z.int(),
  targets: z.array(z.object({ target: z.string(), asset_id: z.string().nullable(), candidates: z.array(z.string()), verdict, reason: z.string().nullable() })),
}) satisfies z.ZodType<DryRun>

const actionCursor = cursorOf('actions', z.string())
const policyCursor = cursorOf('policies', z.int())

/** Declares the actions and the response policy under /api/v1. */
export function responseRoutes(http: AccessHttp, response: Response): void {
  http.route({
    method: 'post', path: '/api/v1/incidents/{id}/actions', operation: 'requestAction', tag: 'response', access: 'action.request',
    summary: 'Request an action; every verdict, also a refusal, is 202 with an action_id and a reason code per target. Idempotency-Key, or the same body within 60 s, returns the first answer',
    params: withId,
    body: z.object({ action_type: actionType, targets, reason: said, requested_by: label, urgency: z.enum(['low', 'normal', 'high']).default('normal') }),
    answers: { 202: { description: 'What became of it', schema: detailShape.openapi('ActionDetail') } },
  }, async ({ actor, params, body, request }) => {
    const key = request.headers.get('idempotency-key')
    if (key !== null && (key === '' || key.length > 255)) throw new HaechiError('parameter_invalid', { name: 'Idempotency-Key', reason: '1 to 255 characters' })
    const answer = await response.request(actor, params.id, { actionType: body.action_type, targets: body.targets, reason: body.reason, label: body.requested_by, urgency: body.urgency }, request.language,
      { key, path: request.path, body: await request.body() })
    return { status: 202, body: answer }
  })
  http.route({
    method: 'post', path: '/api/v1/actions/{id}/approval', operation: 'decideAction', tag: 'response', access: 'action.approve',
    summary: 'Approve or reject; whoever requested it cannot. 409 with the deciding record where it is decided', params: withId,
    body: z.object({ approved: z.boolean(), comment: said, approved_by: label }),
    answers: { 200: { description: 'The decision', schema: z.object({ action_id: z.string(), status, decided_by: z.string().nullable(), decided_at: time.nullable(), approvals: z.int(), needed: z.int() }) } },
    problem: (error, language) => problem(error, language, error.code !== 'action_decided' ? {} : {
      action_id: error.params['action'], action_status: error.params['status'], decided_by: error.params['decided_by'], decided_at: error.params['decided_at'], decision: error.params['decision'], comment: error.params['comment'],
    }),
  }, async ({ actor, params, body, request }) => ({ body: await response.decide(actor, params.id, { approved: body.approved, comment: body.comment, label: body.approved_by }, request.language) }))
  http.route({
    method: 'post', path: '/api/v1/actions/{id}/lift', operation: 'liftAction', tag: 'response', access: 'action.request', summary: 'Lift what stands', params: withId,
    body: z.object({ reason: said }),
    answers: { 200: { description: 'Lifting, or lifted', schema: z.object({ action_id: z.string(), status }) } },
  }, async ({ actor, params, body }) => ({ body: await response.lift(actor, params.id, body.reason) }))
  http.route({
    method: 'get', path: '/api/v1/actions', operation: 'listActions', tag: 'response', access: 'action.read', summary: 'Actions, newest first',
    query: z.object({ ...pageQuery, status: status.optional(), incident: z.string().min(1).max(200).optional() }),
    answers: { 200: { description: 'A page', schema: z.object({ actions: z.array(actionShape.openapi('Action')), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query, request }) => {
    const rows = await response.list(actor, { status: query.status ?? null, incident: query.incident ?? null, limit: query.limit, before: actionCursor.decode(query.cursor) ?? null }, request.language)
    const { items, nextCursor } = pageOf(rows, query.limit, actionCursor, (row) => row.action_id)
    return { body: { actions: items, next_cursor: nextCursor } }
  })
  http.route({
    method: 'get', path: '/api/v1/actions/{id}', operation: 'getAction', tag: 'response', access: 'action.read', summary: 'One action with its history and the evidence of each target', params: withId,
    answers: { 200: { description: 'The action', schema: detailShape } },
  }, async ({ actor, params, request }) => ({ body: await response.get(actor, params.id, request.language) }))

  http.route({
    method: 'get', path: '/api/v1/policy', operation: 'getPolicy', tag: 'response', access: 'policy.read', summary: 'The response policy in force, whether its signature holds, and the drafts',
    answers: { 200: { description: 'The policy', schema: overviewShape } },
  }, async ({ actor, request }) => ({ body: await response.policy.get(actor, request.language) }))
  http.route({
    method: 'get', path: '/api/v1/policy/history', operation: 'listPolicies', tag: 'response', access: 'policy.read', summary: 'Versions of the response policy, newest first', query: z.object(pageQuery),
    answers: { 200: { description: 'A page', schema: z.object({ versions: z.array(policyShape.openapi('ResponsePolicy')), next_cursor: z.string().nullable() }) } },
  }, async ({ actor, query }) => {
    const rows = await response.policy.history(actor, { limit: query.limit, before: policyCursor.decode(query.cursor) ?? null })
    const { items, nextCursor } = pageOf(rows, query.limit, policyCursor, ({ version }) => version)
    return { body: { versions: items, next_cursor: nextCursor } }
  })
  http.route({
    method: 'post', path: '/api/v1/policy', operation: 'draftPolicy', tag: 'response', access: 'policy.write', summary: 'A new version as a draft; it is in force only when signed', body: policyContent,
    answers: { 201: { description: 'The draft', schema: policyShape } },
  }, async ({ actor, body }) => ({ status: 201, body: await response.policy.draft(actor, body as PolicyContent) }))
  http.route({
    method: 'post', path: '/api/v1/policy/{version}/sign', operation: 'signPolicy', tag: 'response', access: 'policy.write', summary: 'Sign a draft: it is in force at once. `digest` is that of what was read',
    params: z.object({ version: z.coerce.number().int().min(1).max(2_147_483_647) }), body: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) }),
    answers: { 200: { description: 'In force', schema: policyShape } },
  }, async ({ actor, params, body }) => ({ body: await response.policy.sign(actor, params.version, body.digest) }))
  http.route({
    method: 'post', path: '/api/v1/policy/verdict', operation: 'tryPolicy', tag: 'response', access: 'policy.read', summary: 'What would happen: nothing is requested and nobody is asked',
    body: z.object({
      action_type: actionType, targets, severity: severity.optional(), requester: requesterKind.optional(), incident_id: z.string().min(1).max(200).optional(), at: time.optional(),
      version: z.int().min(1).optional().openapi({ description: 'A draft or an earlier version instead of the one in force' }),
    }),
    answers: { 200: { description: 'The verdict on each target', schema: dryRunShape } },
  }, async ({ actor, body, request }) => ({
    body: await response.policy.verdict(actor, {
      actionType: body.action_type, targets: body.targets, severity: body.severity ?? null, requester: body.requester ?? null, incidentId: body.incident_id ?? null,
      at: body.at === undefined ? null : Date.parse(body.at), version: body.version ?? null,
    }, request.language),
  }))
}
