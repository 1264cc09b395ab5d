// What needs somebody now, in one answer: the first page of the console.
import { tenantOf } from '../access/api.ts'
import type { Access, AccessHttp } from '../access/api.ts'
import type { Detection } from '../detection/api.ts'
import type { Incidents } from '../incidents/api.ts'
import type { Clock } from '../platform/clock.ts'
import { z } from '../platform/http.ts'
import type { Response as ResponseContext } from '../response/api.ts'
import type { Telemetry } from '../telemetry/api.ts'
import type { Overview } from './wire.ts'

type Parts = {
  readonly access: { readonly tenants: Pick<Access['tenants'], 'resolve'> }
  readonly telemetry: Pick<Telemetry, 'sources'>
  readonly detection: Pick<Detection, 'counts'>
  readonly incidents: Pick<Incidents, 'list' | 'metrics' | 'dayCounts' | 'openCounts'>
  readonly response: Pick<ResponseContext, 'waiting'>
  readonly clock: Clock
}

const day = 86_400_000
const silentAfter = 3_600_000
const attentionMost = 8

export function overviewRoutes(http: AccessHttp, parts: Parts): void {
  http.route({
    method: 'get', path: '/api/v1/overview', operation: 'overview', tag: 'views', access: 'incident.read', summary: 'What needs somebody now, and how things stand',
    answers: { 200: { description: 'Open incidents, waiting approvals, key figures of the month, the trend of thirty days and whether telemetry arrives', schema: z.looseObject({ open: z.record(z.string(), z.int()) }).openapi('Overview') } },
  }, async ({ actor, request: { language } }) => {
    const { access, telemetry, detection, incidents, response, clock } = parts
    const tenantId = tenantOf(actor)
    const now = clock.now()
    const { timeZone } = await access.tenants.resolve(tenantId)
    const [open, attention, waiting, metrics, trend, sources, counts, opened] = await Promise.all([
      incidents.openCounts(tenantId),
      incidents.list(tenantId, { statuses: ['new', 'investigating', 'contained'] }, { limit: attentionMost }, language),
      response.waiting(tenantId, actor, language),
      incidents.metrics(tenantId, {}, language),
      incidents.dayCounts(tenantId, now - 29 * day, now + 1, timeZone),
      telemetry.sources(tenantId),
      detection.counts(tenantId, now - day, now + 1),
      incidents.list(tenantId, { from: now - day }, { limit: 1 }, language),
    ])
    const lastReceived = sources.reduce<number | null>((last, { lastReceivedAt }) => (lastReceivedAt !== null && lastReceivedAt > (last ?? 0) ? lastReceivedAt : last), null)
    const body: Overview = {
      open, attention: attention.incidents, waiting_approvals: waiting, metrics, trend,
      telemetry: {
        last_received_at: lastReceived === null ? null : new Date(lastReceived).toISOString(),
        per_second: sources.reduce((sum, { rate }) => sum + rate, 0),
        sources: sources.length,
        silent: sources.filter(({ lastReceivedAt }) => lastReceivedAt === null || lastReceivedAt < now - silentAfter).map(({ name }) => name),
      },
      funnel: { events: counts.events, matches: counts.matches, alerts: counts.alerts, suppressed: counts.suppressed, incidents: opened.total },
    }
    return { body }
  })
}
