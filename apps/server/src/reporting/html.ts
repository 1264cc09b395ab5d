// The monthly report as one file that asks nobody for anything: no script, no picture, no font from elsewhere; made for A4 and for a screen.
// Everything that people or attackers wrote goes through `html` and is escaped. Defended by html.test.ts.
import { createHash } from 'node:crypto'
import type { Severity } from '../detection/wire.ts'
import { bar, columns, heatMap } from './charts.ts'
import { html } from './markup.ts'
import type { Markup } from './markup.ts'
import { actionStatuses, actionTypes, durationOf, labels, severities, statuses, verdicts } from './texts.ts'
import type { Counted, KeyFigure, MonthlyReport } from './wire.ts'

const style = `
@page { size: A4; margin: 15mm 14mm 16mm }
:root { color-scheme: light; --ink: #1c2430; --muted: #56606d; --line: #dde3e9; --accent: #2f5d8c }
* { box-sizing: border-box }
body { margin: 0; background: #eef1f4; color: var(--ink); font: 14px/1.55 Pretendard, "Pretendard Variable", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif; font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact; word-break: keep-all; overflow-wrap: anywhere }
main { max-width: 900px; margin: 24px auto; background: #fff; padding: 40px 48px 48px; border: 1px solid var(--line); border-radius: 6px }
header { border-bottom: 2px solid var(--ink); padding-bottom: 20px; margin-bottom: 8px }
.kind { margin: 0; color: var(--muted); font-size: 13px; letter-spacing: .02em }
h1 { margin: 2px 0 0; font-size: 30px; line-height: 1.25; font-weight: 700 }
.for { margin: 4px 0 18px; font-size: 17px }
.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 0 }
.facts div { min-width: 0 } .facts dt { color: var(--muted); font-size: 12px } .facts dd { margin: 0 }
.demo, .partial { display: inline-block; margin: 0 8px 14px 0; padding: 2px 10px; border: 1px solid var(--line); border-radius: 4px; font-size: 12px; color: var(--muted); background: #f6f8fa }
.label { display: inline-block; padding: 3px 12px; border-radius: 4px; font-weight: 600; border: 1px solid }
.healthy { color: #1d6b45; background: #eef7f1; border-color: #b9dcc7 } .watch { color: #8a5a00; background: #fdf6e7; border-color: #ecd7a4 } .at_risk { color: #a8261d; background: #fdf0ee; border-color: #eebfb9 }
section { padding-top: 22px; margin-top: 18px; border-top: 1px solid var(--line) }
section:first-of-type { border-top: 0 }
h2 { margin: 0 0 10px; font-size: 18px; line-height: 1.35; break-after: avoid } h2 .n { display: inline-block; min-width: 28px; color: var(--muted); font-weight: 400 }
h3 { margin: 18px 0 6px; font-size: 14px; break-after: avoid }
p { margin: 6px 0 } ul { margin: 6px 0; padding-left: 20px } li { margin: 2px 0 }
.summary li { font-size: 15px }
.note, .small { color: var(--muted); font-size: 12.5px }
table { width: 100%; border-collapse: collapse; margin: 6px 0 10px; font-size: 13px }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 12px; border-bottom: 1px solid #b8c1cb; padding: 4px 8px 4px 0; vertical-align: bottom }
td { border-bottom: 1px solid var(--line); padding: 5px 8px 5px 0; vertical-align: top }
th.r, td.r { text-align: right; padding-right: 18px; white-space: nowrap } th.r:last-child, td.r:last-child { padding-right: 4px } tr { break-inside: avoid }
td.wide { width: 210px; vertical-align: middle } td.now { font-size: 17px; font-weight: 600; white-space: nowrap } td.tight, th.tight { white-space: nowrap }
code { font: 12px/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace }
.critical { color: #b3261e } .high { color: #b4500b } .medium { color: #8a6100 } .low { color: #1d5fbf } .informational { color: #56606d } .accent { color: var(--accent) }
.sev { white-space: nowrap; font-weight: 600 } .sev i { font-style: normal; display: inline-block; width: 1.25em; text-align: center }
.met { color: #1d6b45; white-space: nowrap } .missed { color: #a8261d; white-space: nowrap } .none { color: var(--muted); white-space: nowrap }
svg { display: block; max-width: 100% } .columns { max-width: none } svg text { font-family: inherit } .bar { margin-top: 5px; border-radius: 2px } .heat { margin: 8px 0 }
article { border: 1px solid var(--line); border-radius: 6px; padding: 14px 18px 12px; margin: 12px 0 } article h3 { margin: 0 0 2px; font-size: 15.5px; line-height: 1.4 }
.meta { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--muted); font-size: 12.5px; margin: 0 0 8px } .meta b { color: var(--ink); font-weight: 600 }
ol.story { list-style: none; margin: 4px 0 8px; padding: 0 } ol.story li { display: grid; grid-template-columns: 118px 1fr; gap: 10px; padding: 3px 0; break-inside: avoid } ol.story time { color: var(--muted); font-size: 12.5px } ol.story b { font-weight: 600 }
details summary { cursor: pointer } td summary { list-style: none; text-decoration: underline dotted #8a94a0; text-underline-offset: 3px } td summary::-webkit-details-marker { display: none } details code { display: block; white-space: normal; max-width: 320px; margin-left: auto; color: var(--muted); font-size: 11px }
dl.words { margin: 0 } dl.words dt { font-weight: 600; margin-top: 8px } dl.words dd { margin: 0; color: #38424e; font-size: 13px }
footer { margin-top: 28px; padding-top: 10px; border-top: 1px solid var(--line); color: var(--muted); font-size: 12px; display: flex; justify-content: space-between; gap: 16px; flex-wrap: wrap }
@media (max-width: 640px) { main { margin: 0; padding: 20px 16px; border: 0; border-radius: 0 } ol.story li { grid-template-columns: 1fr; gap: 0 } section { overflow-x: auto } }
@media print { body { background: #fff; font-size: 12px } main { margin: 0; padding: 0; border: 0; max-width: none } article { break-inside: auto } section { margin-top: 12px; padding-top: 14px } details:not([open]) summary { list-style: none } }
`

/** What the answer's Content-Security-Policy says, and the file itself when it was saved. */
export const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** A whole document. */
export function renderHtml(report: MonthlyReport): string {
  const { language, period, sections } = report
  const label = (name: keyof typeof labels): string => labels[name][language]
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: period.time_zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' })
  const when = (time: string | null): string => (time === null ? '–' : format.format(new Date(time)))
  const dayOf = (time: string, before = 0): string => format.format(Date.parse(time) - before).slice(0, 10)
  const number = (value: number): string => value.toLocaleString(language)
  const minutes = (value: number | null): string => (value === null ? '–' : durationOf(value, language))
  const share = (value: number | null): string => (value === null ? '–' : `${number(value)}${language === 'ko' ? '%' : ' %'}`)
  const measure = (figure: Pick<KeyFigure, 'unit'>, value: number | null): string => (figure.unit === 'percent' ? share(value) : minutes(value))
  const severity = (of: Severity): Markup => html`<span class="sev ${of}"><i>${severities[of].sign}</i>${severities[of][language]}</span>`
  const records = ({ count, records: ids }: Counted): Markup => (ids.length === 0 ? html`${number(count)}` : html`<details><summary>${number(count)}</summary><code>${ids.slice(0, 50).join(' ')}${ids.length < count || ids.length > 50 ? ' …' : ''}</code></details>`)
  const month = language === 'ko' ? `${period.year}년 ${period.month}월` : new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(Date.UTC(period.year, period.month - 1, 15))
  /** A section without a source, or with nothing in it, says so and shows nothing. */
  const section = (of: { number: number; title: string; status: string; note: string | null }, body: () => Markup): Markup =>
    html`<section id="s${of.number}"><h2><span class="n">${of.number}</span>${of.title}</h2>${of.note === null ? null : html`<p class="note">${of.note}</p>`}${of.status === 'ok' ? body() : null}</section>`
  const { cover, summary, kpis, funnel, incidents, top_incidents: top, response, sla, hours, attack, surface, sensors, recommendations, tuning, definitions } = sections
  const mostEvents = Math.log10(1 + Math.max(1, ...funnel.stages.map(({ count }) => count)))
  const mostOfSeverity = Math.max(1, ...incidents.by_severity.map(({ count }) => count))
  const mostOfTactic = Math.max(1, ...incidents.by_category.map(({ count }) => count))
  const weekdays = label('weekdays').split(' ')

  const body = html`
<header>
<p class="kind">${label('report')}</p><h1>${month}</h1><p class="for">${report.tenant.display_name}</p>
${report.tenant.demo ? html`<span class="demo">${label('demo')}</span>` : null}${period.partial ? html`<span class="partial">${label('partial')} · ${label('through')} ${when(period.through)}</span>` : null}
<dl class="facts">
<div><dt>${label('period')}</dt><dd>${dayOf(period.start)} – ${dayOf(period.end, 1)}</dd></div><div><dt>${label('zone')}</dt><dd>${period.time_zone}</dd></div><div><dt>${label('made')}</dt><dd>${when(report.generated_at)}</dd></div>
</dl></header>
${section(cover, () => html`<p><span class="label ${cover.health}">${cover.health_name}</span></p><ul>${cover.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`)}
${section(summary, () => html`<ul class="summary">${summary.sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`)}
${section(kpis, () => html`<table><thead><tr><th>${label('figure')}</th><th>${label('actual')}</th><th>${label('target')}</th><th>${label('state')}</th><th>${label('trend')}</th></tr></thead><tbody>${kpis.figures.map((figure) => html`<tr>
<td>${figure.name}<br><span class="small">n = ${number(figure.n)}${figure.median === null ? null : `, ${label('median')} ${measure(figure, figure.median)}, p90 ${measure(figure, figure.p90)}`}</span></td>
<td class="now">${measure(figure, figure.actual)}</td><td class="tight">${figure.target === null ? '–' : `≤ ${measure(figure, figure.target)}`}</td><td class="${figure.state}">${label(figure.state)}</td>
<td>${columns(figure.trend.map(({ month: of, value }) => ({ label: of.slice(5), value, shown: value === null ? '–' : number(Math.round(value)) })), figure.target)}</td></tr>`)}</tbody></table>`)}
${section(funnel, () => html`<table><thead><tr><th>${label('stage')}</th><th class="r">${label('count')}</th><th></th></tr></thead><tbody>${funnel.stages.map((stage) => html`<tr><td>${stage.name}</td><td class="r">${records(stage)}</td><td class="wide">${bar(Math.log10(1 + stage.count) / mostEvents)}</td></tr>`)}</tbody></table>
<p class="small">${label('suppressed')}: ${number(funnel.suppressed)} · ${label('dismissed')}: ${number(funnel.dismissed)}</p>`)}
${section(incidents, () => html`<h3>${label('bySeverity')}</h3><table><thead><tr><th>${label('severity')}</th><th class="r">${label('count')}</th><th class="r">${label('open')}</th><th class="r">MTTD</th><th class="r">MTTR</th><th></th></tr></thead><tbody>${incidents.by_severity.map((row) => html`<tr><td>${severity(row.severity)}</td><td class="r">${records(row)}</td><td class="r">${number(row.open)}</td><td class="r tight">${minutes(row.mttd_minutes)}</td><td class="r tight">${minutes(row.mttr_minutes)}</td><td class="wide">${bar(row.count / mostOfSeverity, row.severity)}</td></tr>`)}</tbody></table>
${incidents.by_category.length === 0 ? null : html`<h3>${label('byTactic')}</h3><table><thead><tr><th>${label('tactic')}</th><th class="r">${label('count')}</th><th class="r">MTTD</th><th class="r">MTTR</th><th></th></tr></thead><tbody>${incidents.by_category.map((row) => html`<tr><td>${row.name}</td><td class="r">${records(row)}</td><td class="r tight">${minutes(row.mttd_minutes)}</td><td class="r tight">${minutes(row.mttr_minutes)}</td><td class="wide">${bar(row.count / mostOfTactic)}</td></tr>`)}</tbody></table>`}
<h3>${label('byVerdict')}</h3><table><tbody>${incidents.by_verdict.map((row) => html`<tr><td>${row.name}</td><td class="r">${records(row)}</td></tr>`)}</tbody></table>
${incidents.backfill.count === 0 ? null : html`<p class="small">${label('backfilled')}: ${number(incidents.backfill.count)}</p>`}`)}
${section(top, () => html`${top.incidents.map((of) => html`<article><h3>${of.title}</h3>
<p class="meta">${severity(of.severity)}<span>${statuses[of.status][language]}</span><span>${verdicts[of.verdict ?? 'none'][language]}</span><span><code>${of.id}</code></span></p>
<p class="meta"><span>${label('first')} <b>${when(of.first_activity_at)}</b></span><span>${label('detected')} <b>${when(of.detected_at)}</b></span>${of.resolved_at === null ? null : html`<span>${label('resolved')} <b>${when(of.resolved_at)}</b></span>`}<span>${label('analyst')} <b>${of.analyst ?? '–'}</b></span></p>
<p class="meta"><span>${label('hosts')} <b>${of.affected_hosts.length === 0 ? '–' : of.affected_hosts.join(', ')}</b></span><span>${label('users')} <b>${of.affected_users.length === 0 ? '–' : of.affected_users.join(', ')}</b></span></p>
<p class="meta"><span>${label('techniques')} ${of.techniques.length === 0 ? '–' : html`<b>${of.techniques.map(({ id, name }) => (name === id ? id : `${id} ${name}`)).join(' · ')}</b>`}</span></p>
${of.timeline.length === 0 ? null : html`<ol class="story">${of.timeline.map((entry) => html`<li><time>${when(entry.at)}</time><span>${entry.actor === null ? null : html`<b>${entry.actor}</b> `}${entry.text}</span></li>`)}</ol>`}
${of.actions.length === 0 ? null : html`<table><thead><tr><th>${label('type')}</th><th>${label('status')}</th><th>${label('requestedBy')}</th><th>${label('decidedBy')}</th></tr></thead><tbody>${of.actions.map((action) => html`<tr><td>${actionTypes[action.type][language]} <code>${action.targets.join(', ')}</code></td><td>${actionStatuses[action.status][language]}</td><td>${action.requested_by}<br><span class="small">${when(action.requested_at)}</span></td><td>${action.decided_by ?? '–'}${action.decided_at === null ? null : html`<br><span class="small">${when(action.decided_at)}</span>`}</td></tr>`)}</tbody></table>`}</article>`)}`)}
${section(response, () => html`<table><thead><tr><th>${label('status')}</th><th class="r">${label('count')}</th></tr></thead><tbody>${(['requested', 'at_once', 'approved', 'rejected', 'denied', 'expired', 'waiting', 'succeeded', 'failed'] as const).map((name) => html`<tr><td>${label(name)}</td><td class="r">${records(response[name])}</td></tr>`)}</tbody></table>
<p>${response.by_type.map(({ name, count }) => `${name} ${number(count)}`).join(' · ')}</p><p class="small">${response.approval_latency.name}: ${minutes(response.approval_latency.actual)} (n = ${number(response.approval_latency.n)})</p>`)}
${section(sla, () => html`<table><thead><tr><th>${label('severity')}</th><th>${label('respond')}</th><th>${label('resolve')}</th><th class="r">${label('slaMet')}</th><th class="r">${label('slaBreached')}</th><th class="r">${label('attainment')}</th></tr></thead><tbody>${sla.rows.map((row) => html`<tr><td>${severity(row.severity)}</td><td>${minutes(row.respond_target_minutes)}</td><td>${minutes(row.resolve_target_minutes)}</td><td class="r">${number(row.met)}</td><td class="r">${number(row.breached)}</td><td class="r">${share(row.attainment)}</td></tr>`)}</tbody></table>
${sla.breaches.length === 0 ? null : html`<h3>${label('breaches')}</h3><table><thead><tr><th>${label('severity')}</th><th>${label('incident')}</th><th>${label('reason')}</th></tr></thead><tbody>${sla.breaches.slice(0, 40).map((breach) => html`<tr><td>${severity(breach.severity)}</td><td>${breach.title}<br><code>${breach.incident_id}</code></td><td>${breach.reason}</td></tr>`)}</tbody></table>${sla.breaches.length > 40 ? html`<p class="small">… ${number(sla.breaches.length - 40)}</p>` : null}`}`)}
${section(hours, () => html`<p>${label('offHours')}: ${number(hours.off_hours.count)} (${share(hours.off_hours_share)}) · ${label('answered')}: ${share(hours.off_hours_answered_share)}</p>${heatMap(hours.cells, weekdays, label('perHour'))}
<details><summary class="small">${label('perHour')}</summary><table><thead><tr><th></th>${Array.from({ length: 24 }, (_, hour) => html`<th class="r">${String(hour).padStart(2, '0')}</th>`)}</tr></thead><tbody>${hours.cells.map((row, weekday) => html`<tr><td>${weekdays[weekday]}</td>${row.map((count) => html`<td class="r">${count}</td>`)}</tr>`)}</tbody></table></details>`)}
${section(attack, () => html`<table><thead><tr><th>${label('technique')}</th><th></th><th class="r">${label('incident')}</th></tr></thead><tbody>${attack.techniques.slice(0, 25).map((row) => html`<tr><td class="tight"><code>${row.id}</code></td><td>${row.name === row.id ? '' : row.name}</td><td class="r">${records(row)}</td></tr>`)}</tbody></table>${attack.covered === null ? null : html`<p class="small">${label('covered')}: ${number(attack.covered)}</p>`}<p class="small">${label('hunts')}: ${attack.hunts.note}</p>`)}
${section(surface, () => html``)}
${section(sensors, () => html`<table><thead><tr><th>${label('source')}</th><th class="r">${label('events')}</th><th>${label('last')}</th><th class="r">${label('errors')}</th><th>${label('state')}</th></tr></thead><tbody>${sensors.sources.map((source) => html`<tr><td>${source.name}</td><td class="r">${number(source.events)}</td><td class="tight">${when(source.last_event_at)}</td><td class="r">${number(source.errors)}</td><td class="${source.silent ? 'missed' : 'met'}">${label(source.silent ? 'silent' : 'sending')}</td></tr>`)}</tbody></table><p class="small">${label('licences')}: ${sensors.licences.note}</p>`)}
${section(recommendations, () => html`<table><thead><tr><th>${label('recommendation')}</th><th>${label('owner')}</th><th class="r">${label('age')}</th></tr></thead><tbody>${recommendations.items.map((item) => html`<tr><td>${item.text}</td><td class="tight">${label(item.owner)}</td><td class="r tight">${number(item.age_days)}${language === 'ko' ? '' : ' '}${label('days')}</td></tr>`)}</tbody></table>`)}
${section(tuning, () => html`<table><thead><tr><th>${label('rule')}</th><th class="r">${label('alerts')}</th><th class="r">${label('truePositives')}</th><th class="r">${label('benign')}</th><th class="r">${label('falsePositives')}</th><th class="r">${label('precision')}</th></tr></thead><tbody>${tuning.rules.map((rule) => html`<tr><td>${rule.title}</td><td class="r">${number(rule.alerts)}</td><td class="r">${number(rule.true_positives)}</td><td class="r">${number(rule.benign)}</td><td class="r">${number(rule.false_positives)}</td><td class="r">${share(rule.precision)}</td></tr>`)}</tbody></table><p class="small">${label('suppressed')}: ${number(tuning.suppressed)}</p>`)}
${section(definitions, () => html`<dl class="words">${definitions.entries.map(({ name, text }) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`)}
<footer><span>${label('page')}</span><span>${report.tenant.display_name} · ${month}</span></footer>`

  const title = `${label('report')} ${month}, ${report.tenant.display_name}`
  const head = html`<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}"><meta name="referrer" content="no-referrer"><title>${title}</title>`
  return `<!doctype html>\n<html lang="${language}">${head.text}<style>${style}</style>\n<main>${body.text}\n</main>\n</html>\n`
}
