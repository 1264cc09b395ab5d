import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAccessFixture } from '../access/access.fixture.ts'
import type { AccessFixture } from '../access/access.fixture.ts'
import type { Incident } from '../incidents/api.ts'
import { openReporting, reportingRoutes } from './api.ts'
import type { ReportingOptions } from './api.ts'
import { figures, metrics } from './reporting.fixture.ts'

const hostile = '</title><script>alert(1)</script>'
const minute = 60_000
// The clock of the fixture stands at 2026-03-01T09:00Z: 18:00 of that day in Seoul.
const detectedAt = Date.parse('2026-02-11T02:00:00Z')
const told: Incident = {
  id: 'inc_1', title: { en: `LSASS on ${hostile}`, ko: `${hostile}의 LSASS` }, severity: 'critical', machineSeverity: 'critical', severityReasons: [], status: 'closed', verdict: 'true_positive', analyst: { id: 'usr_1', name: 'kim' },
  hosts: [hostile], users: ['svc-backup'], techniques: ['T1003.001'], tactics: ['credential-access'], rules: [], alertCount: 3, backfill: false, lastActivity: detectedAt, updatedAt: detectedAt,
  clocks: { t0: detectedAt - 10 * minute, t1: detectedAt - minute, t2: detectedAt, t3: detectedAt, t4: detectedAt + 5 * minute, t5: null, t6: detectedAt, t7: null, t8: null, t8a: null, t9: null, t9n: null, t10: null, t11: detectedAt + 60 * minute, t12: detectedAt + 70 * minute, pauses: [] },
}
let access: AccessFixture
const asked: { name: string; tenant: string; from?: number; to?: number }[] = []

beforeAll(async () => {
  access = await openAccessFixture()
  const own = access.first.tenant.tenantId
  const sources: Omit<ReportingOptions, 'clock' | 'access'> = {
    incidents: {
      summaries: async (tenant, from, to) => { asked.push({ name: 'summaries', tenant, from, to }); return tenant === own && detectedAt >= from && detectedAt < to ? [told] : [] },
      metrics: async (tenant, window) => { asked.push({ name: 'metrics', tenant, ...window } as never); return metrics() },
      get: async () => ({ timeline: [{ id: 't', at: '2026-02-11T02:00:00.000Z', kind: 'comment', actor: { kind: 'user', name: 'kim' }, text: hostile, severity: null, ref: null, event: null }] }) as never,
    },
    detection: { counts: async () => ({ events: 10, matches: 3, alerts: 2, suppressed: 0, attached: 2, dismissed: 0 }), noisyRules: async (_tenant, _from, _to, _limit, language) => [{ ruleId: 'r', title: { en: 'Odd beacon', ko: '이상한 비컨' }[language], alerts: 1, events: 1, truePositive: 0, benign: 0, falsePositive: 0, suppressed: 0 }], rules: async () => [{ enabled: true, techniques: ['T1003.001', 'T1059'] }, { enabled: true, techniques: ['T1059'] }, { enabled: false, techniques: ['T1190'] }] as never },
    telemetry: { sources: async () => [] },
    response: { figures: async () => figures([]), forIncident: async () => [] },
  }
  reportingRoutes(access.http, openReporting({ ...sources, clock: access.clock, access: access.access }))
})
afterAll(() => access.close())

const get = (path: string, headers: Record<string, string> = {}, tenant = 'default') => access.call('GET', `/api/v1/reports/monthly/${path}`, { headers: { ...access.control, 'x-haechi-tenant': tenant, ...headers } })

describe('a month', () => {
  test('is asked for as 2 or as 02, in the tenant\'s zone or another', async () => {
    const { status, body } = await get('2026/2')
    expect([status, body.period, body.sections.incidents.total]).toEqual([200, { year: 2026, month: 2, start: '2026-02-01T00:00:00.000Z', end: '2026-03-01T00:00:00.000Z', through: '2026-03-01T00:00:00.000Z', time_zone: 'UTC', partial: false }, { count: 1, records: ['inc_1'] }])
    expect((await get('2026/02')).body.period).toEqual(body.period)
    asked.length = 0
    expect((await get('2026/02?tz=Asia/Seoul')).body.period).toMatchObject({ start: '2026-01-31T15:00:00.000Z', end: '2026-02-28T15:00:00.000Z', time_zone: 'Asia/Seoul' })
    // The figures of all three months are asked for in that zone.
    expect(asked.filter(({ name }) => name === 'metrics').map(({ from }) => new Date(from!).toISOString())).toEqual(['2025-11-30T15:00:00.000Z', '2025-12-31T15:00:00.000Z', '2026-01-31T15:00:00.000Z'])
  })

  test('says how many techniques an active rule covers', async () => {
    expect((await get('2026/2')).body.sections.attack.covered).toBe(2)
  })

  test('names rules in the reader\'s language', async () => {
    for (const [language, title] of [['en', 'Odd beacon'], ['ko', '이상한 비컨']] as const) expect((await get('2026/2', { 'accept-language': language })).body.sections.tuning.rules).toMatchObject([{ title }])
  })

  test('that is not over is told as far as it has come', async () => {
    expect((await get('2026/3')).body.period).toMatchObject({ partial: true, through: '2026-03-01T09:00:00.000Z', end: '2026-04-01T00:00:00.000Z' })
  })

  test('of another tenant is another report', async () => {
    await access.operate('POST', '/api/v1/tenants', { name: 'other' })
    expect((await get('2026/2', {}, 'other')).body.sections.incidents).toMatchObject({ status: 'no_data', total: { count: 0 } })
  })

  test.each([['2026/4', 400, 'report_month_future'], ['2027/1', 400, 'report_month_future'], ['2026/13', 400, 'report_month_invalid'], ['2026/0', 400, 'report_month_invalid'], ['2026/march', 400, 'report_month_invalid'], ['26/3', 400, 'report_month_invalid'],
    ['1969/12', 400, 'report_month_invalid'], ['2026/-1', 400, 'report_month_invalid'], ['2026/2?tz=Mars/Olympus', 400, 'parameter_invalid'], ['2026/2?format=pdf', 406, 'report_format_unavailable'], ['2026/2?format=csv', 406, 'report_format_unavailable'],
    ['2026/2?format=docx', 400, 'parameter_invalid']])('%s is answered %d %s', async (path, status, code) => {
    const answer = await get(path)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  test('needs somebody who may read it', async () => {
    expect((await access.call('GET', '/api/v1/reports/monthly/2026/2')).status).toBe(401)
  })
})

test('as HTML it is one page in the reader\'s language, with a policy that lets nothing else in, and titles stay text', async () => {
  const { status, headers, body } = await get('2026/2?format=html', { 'accept-language': 'ko-KR,ko' })
  expect([status, headers.get('content-type'), headers.get('content-language'), headers.get('content-disposition')]).toEqual([200, 'text/html; charset=utf-8', 'ko', 'inline; filename="haechi-default-2026-02.html"'])
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(body).toContain('2026년 2월')
  expect(body).not.toContain('<script')
  expect(body).toContain('&lt;script&gt;')
})
