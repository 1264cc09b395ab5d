import type { AccessHttp } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'
import { z } from '../platform/http.ts'
import type { Reporting } from './api.ts'
import { contentSecurityPolicy, renderHtml } from './html.ts'
import type { MonthlyReport } from './wire.ts'

const section = z.looseObject({ number: z.int(), title: z.string(), status: z.enum(['ok', 'no_data', 'not_available']), note: z.string().nullable() })
const reportSchema = z.object({
  report: z.literal('monthly'), version: z.literal(1), language: z.enum(['en', 'ko']), generated_at: z.iso.datetime(),
  tenant: z.object({ id: z.string(), name: z.string(), display_name: z.string(), demo: z.boolean() }),
  period: z.object({ year: z.int(), month: z.int(), start: z.iso.datetime(), end: z.iso.datetime(), through: z.iso.datetime(), time_zone: z.string(), partial: z.boolean() }),
  sections: z.object({
    cover: section, summary: section, kpis: section, funnel: section, incidents: section, top_incidents: section, response: section, sla: section, hours: section, attack: section, surface: section,
    sensors: section, recommendations: section, tuning: section, definitions: section,
  }),
}).openapi('MonthlyReport')
// What the document promises is what the report is.
const promised = (report: MonthlyReport): z.input<typeof reportSchema> => report

const ready = ['json', 'html'] as const
const planned = ['pdf', 'csv'] as const

export function reportingRoutes(http: AccessHttp, reporting: Reporting): void {
  http.route({
    method: 'get', path: '/api/v1/reports/monthly/{year}/{month}', operation: 'getMonthlyReport', tag: 'reporting', access: 'report.read',
    summary: 'The report of a month, in the language of Accept-Language; the current month as far as it has come',
    params: z.object({ year: z.string().max(20), month: z.string().max(20).openapi({ description: '1 to 12; 03 is 3' }) }),
    query: z.object({
      format: z.string().max(20).default('json').openapi({ description: `${ready.join(', ')}; ${planned.join(' and ')} answer 406 until they are built`, enum: [...ready, ...planned] }),
      tz: z.string().max(64).optional().openapi({ description: 'IANA name; the tenant\'s own zone when left out' }),
    }),
    answers: {
      200: { description: 'Fifteen sections; one without a source says not_available. With format=html one self-contained document', schema: reportSchema },
      400: { description: 'report_month_invalid, report_month_future, parameter_invalid', type: 'application/problem+json' },
      406: { description: 'report_format_unavailable', type: 'application/problem+json' },
    },
  }, async ({ actor, params, query, request }) => {
    const format = query.format.toLowerCase()
    if ((planned as readonly string[]).includes(format)) throw new HaechiError('report_format_unavailable', { format, formats: ready.join(', ') })
    if (!(ready as readonly string[]).includes(format)) throw new HaechiError('parameter_invalid', { name: 'format', reason: `one of ${ready.join(', ')} is expected` })
    const report = await reporting.monthly(actor, tenantOf(actor), { ...params, zone: query.tz }, request.language)
    if (format === 'json') return { body: promised(report) }
    return new Response(renderHtml(report), {
      headers: {
        'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy, 'content-language': report.language,
        'content-disposition': `inline; filename="haechi-${report.tenant.name}-${report.period.year}-${String(report.period.month).padStart(2, '0')}.html"`,
      },
    })
  })
}
