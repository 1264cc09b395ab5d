import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentSecurityPolicy, renderHtml } from './html.ts'
import { html } from './markup.ts'
import { monthlyReport } from './model.ts'
import type { TopIncident } from './wire.ts'
import { facts, incident, october } from './reporting.fixture.ts'

const hostile = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>&lt;'
const top = (change: Partial<TopIncident> = {}): TopIncident => ({
  id: 'inc_1', title: 'LSASS', severity: 'critical', status: 'closed', verdict: 'true_positive', detected_at: '2026-10-12T05:00:00.000Z', first_activity_at: '2026-10-12T04:50:00.000Z', resolved_at: null, analyst: null,
  affected_hosts: ['WS-12'], affected_users: [], techniques: [{ id: 'T1003.001', name: 'LSASS Memory' }], timeline: [], actions: [], ...change,
})
const document = (title: string, language: 'en' | 'ko' = 'en') => renderHtml(monthlyReport(facts({
  tenant: { id: 'ten_1', name: 'x', displayName: title, demo: true }, incidents: [incident({ title, tactics: [title], techniques: [title], touchedAt: null, status: 'new', resolvedAt: null })],
  top: [top({ title, analyst: title, affected_hosts: [title], affected_users: [title], techniques: [{ id: title, name: title }], timeline: [{ at: '2026-10-12T05:00:00.000Z', kind: 'comment', actor: title, text: title }],
    actions: [{ id: title, type: 'isolate_host', targets: [title], status: 'rejected', requested_by: title, requested_at: '2026-10-12T05:00:00.000Z', decided_by: title, decided_at: null }] })],
  sources: [{ name: title, events: 1, lastEventAt: october.from, errors: 0 }], rules: [{ ruleId: title, title, alerts: 1, truePositive: 0, benign: 0, falsePositive: 1, suppressed: 0 }],
}), language))

test('what attackers and people wrote stays text', () => {
  const text = document(hostile)
  expect(text).not.toContain('<script')
  expect(text).not.toContain('<img')
  expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)?.length).toBeGreaterThan(15)
})

test('no text of any kind opens a tag or an attribute', () => {
  const tags = (text: string) => text.match(/<[a-z/!][^>]*>/gi)?.map((tag) => tag.replace(/"[^"]*"/g, '""'))
  const usual = tags(document('x'))
  fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom('<', '>', '"', "'", '/', '!', '&', '=', '`', 'b', ' ', '<b', '</', '<!--'), fc.string({ unit: 'binary', maxLength: 3 })), { minLength: 1, maxLength: 20 }).map((parts) => parts.join('')).filter((text) => text.trim() !== ''), (text) => { expect(tags(document(text))).toEqual(usual) }), { numRuns: 60 })
})

test('asks nobody for anything, and its policy lets nothing else through', () => {
  for (const language of ['en', 'ko'] as const) {
    const text = document('x', language)
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|url\(|@import|<link|<script|javascript:|\sstyle=|\son\w+=/i)
    expect(text).toContain(`<html lang="${language}">`)
    expect(text.length).toBeLessThan(80_000)
  }
  expect(contentSecurityPolicy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=*'/)
})

test('every section is there in its place, and one without a source says so', () => {
  const text = document('x')
  expect(text.match(/<section id="s\d+">/g)).toEqual(Array.from({ length: 15 }, (_, index) => `<section id="s${index + 1}">`))
  expect(text).toContain('Not available: attack surface')
})

test('severity is said by shape and word', () => {
  expect(document('x')).toContain('<span class="sev high"><i>▲</i>High</span>')
  expect(document('x', 'ko')).toContain('<span class="sev high"><i>▲</i>높음</span>')
})

test('only templates make markup', () => {
  expect(html`<b>${'<i>'}${html`<u>${'&'}</u>`}${[1, 'a"', null, false]}</b>`.text).toBe('<b>&lt;i&gt;<u>&amp;</u>1a&quot;</b>')
  expect(() => html`${{ text: '<b>' } as unknown as string}`).toThrow()
  expect(html`${'host\u202egnp.exe'}`.text).toBe('host\ufffdgnp.exe')
})
