import type { Access, Actor } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import { HaechiError } from '../platform/errors.ts'
import type { Language } from '../platform/errors.ts'
import { monthStart, wallClock } from './calendar.ts'
import { gather } from './gather.ts'
import type { ReportSources } from './gather.ts'
import { monthlyReport } from './model.ts'
import type { MonthlyReport } from './wire.ts'

export { reportingRoutes } from './routes.ts'
export { renderHtml } from './html.ts'
export type { MonthlyReport } from './wire.ts'

export type ReportingOptions = ReportSources & { readonly clock: Clock; readonly access: { readonly tenants: Pick<Access['tenants'], 'resolve'> } }

export interface Reporting {
  /**
   * A month of a tenant, in `zone` (an IANA name; the tenant's own when left out). `month` is 1 to 12, with or without a zero in front.
   * The current month is told as far as it has come. Errors: report_month_invalid, report_month_future, parameter_invalid (tz).
   */
  monthly(actor: Actor, tenantId: string, asked: { year: string; month: string; zone?: string | undefined }, language: Language): Promise<MonthlyReport>
}

export function openReporting(options: ReportingOptions): Reporting {
  const { clock, access } = options
  return {
    async monthly(actor, tenantId, asked, language) {
      const tenant = await access.tenants.resolve(tenantId)
      const timeZone = zoneOf(asked.zone ?? tenant.timeZone)
      const { year, month } = monthOf(asked)
      const now = clock.now()
      if (monthStart(year, month, timeZone) > now) {
        const wall = wallClock(timeZone)(now)
        throw new HaechiError('report_month_future', { month: named(year, month), current: named(wall.year, wall.month) })
      }
      const facts = await gather(options, { id: tenantId, name: tenant.name, displayName: tenant.displayName, demo: tenant.origin === 'demo' }, { year, month, timeZone }, now, actor, language)
      return monthlyReport(facts, language)
    },
  }
}

const named = (year: number, month: number): string => `${year}-${String(month).padStart(2, '0')}`

/** Errors: report_month_invalid. */
function monthOf(asked: { year: string; month: string }): { year: number; month: number } {
  const [year, month] = [Number(asked.year), Number(asked.month)]
  if (!/^\d{4}$/.test(asked.year) || !/^\d{1,2}$/.test(asked.month) || year < 1970 || month < 1 || month > 12) throw new HaechiError('report_month_invalid', { found: `${asked.year}/${asked.month}` })
  return { year, month }
}

/** Errors: parameter_invalid. */
function zoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (cause) {
    throw new HaechiError('parameter_invalid', { name: 'tz', reason: 'an IANA time zone is expected, such as Asia/Seoul' }, { cause })
  }
}
