// The monthly report, built from facts alone: no clock, no database. Every figure carries its definition, its n and the records behind it; what has no
// source says not_available, and nothing that was not measured becomes a number. Defended by model.test.ts.
import type { Severity } from '../detection/wire.ts'
import { tacticName, techniqueName } from '../incidents/api.ts'
import type { IncidentStatus, IncidentVerdict, Metrics } from '../incidents/wire.ts'
import type { ActionFigures } from '../response/api.ts'
import type { ActionType } from '../response/wire.ts'
import { wallClock } from './calendar.ts'
import {
  actionTypes, definitionTexts, figureNames, health as healthNames, notes, reasons, recommendations as advice, sections as titles, sentences, severities, severityOrder, stages, verdictOrder, verdicts,
} from './texts.ts'
import type { Language, Texts } from './texts.ts'
import type { Counted, KeyFigure, MonthlyReport, Recommendation, SectionStatus, TopIncident } from './wire.ts'

/** Times in ms since the epoch, null where it has not happened (architecture, section 8). */
export type IncidentFact = {
  readonly id: string; readonly title: string; readonly severity: Severity; readonly status: IncidentStatus; readonly verdict: IncidentVerdict | null; readonly backfill: boolean
  readonly techniques: readonly string[]; readonly tactics: readonly string[]
  readonly firstActivityAt: number; readonly detectedAt: number; readonly touchedAt: number | null; readonly respondedAt: number | null; readonly resolvedAt: number | null
  readonly pauses: readonly { readonly from: number; readonly to: number | null }[]
}
export type MonthFacts = {
  readonly now: number
  readonly tenant: { readonly id: string; readonly name: string; readonly displayName: string; readonly demo: boolean }
  readonly period: { readonly year: number; readonly month: number; readonly from: number; readonly to: number; readonly timeZone: string }
  /** Detected in the period, oldest first. */
  readonly incidents: readonly IncidentFact[]
  readonly incidentsBefore: number
  /** Of this month and of the two before, oldest first; null where the installation is younger. */
  readonly metrics: readonly { readonly year: number; readonly month: number; readonly metrics: Metrics | null }[]
  readonly funnel: { readonly events: number; readonly matches: number; readonly alerts: number; readonly suppressed: number; readonly dismissed: number }
  readonly rules: readonly { readonly ruleId: string; readonly title: string; readonly alerts: number; readonly truePositive: number; readonly benign: number; readonly falsePositive: number; readonly suppressed: number }[]
  readonly response: ActionFigures
  readonly top: readonly TopIncident[]
  readonly sources: readonly { readonly name: string; readonly events: number; readonly lastEventAt: number | null; readonly errors: number }[]
  /** Techniques that an enabled rule names; null where that is not known. */
  readonly coveredTechniques: number | null
}

/** Minutes and percent; cited by SOCs that publish theirs (shared/research/mdr.md, 4.2). */
const goals = { mttd: 30, mtta: 15, mttc: 240, mttr: 60, approval_latency: 30, false_positive_rate: 10 } as const
const day = 86_400_000
const minute = 60_000
const mostRecords = 1_000
/** Incidents that are told in full. */
export const topCount = 5

const iso = (at: number): string => new Date(at).toISOString()
const round = (value: number): number => Math.round(value * 10) / 10
const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : round(values.reduce((sum, value) => sum + value, 0) / values.length))
const percent = (part: number, whole: number): number | null => (whole === 0 ? null : round((100 * part) / whole))
const counted = (of: readonly { readonly id: string }[]): Counted => ({ count: of.length, records: of.slice(0, mostRecords).map(({ id }) => id) })
const isOpen = ({ status }: { status: IncidentStatus }): boolean => status !== 'resolved' && status !== 'closed'
const rank = (severity: Severity): number => severityOrder.indexOf(severity)

/** Worst first, then newest: those that the report tells in full. */
export const gravest = <T extends { severity: Severity; verdict: IncidentVerdict | null; detectedAt: number }>(incidents: readonly T[]): T[] => {
  const harmless = ({ verdict }: T) => verdict === 'false_positive' || verdict === 'duplicate' || verdict === 'benign_true_positive' || verdict === 'test'
  return incidents.toSorted((a, b) => Number(harmless(a)) - Number(harmless(b)) || rank(a.severity) - rank(b.severity) || b.detectedAt - a.detectedAt).slice(0, topCount)
}

export function monthlyReport(facts: MonthFacts, language: Language): MonthlyReport {
  const say = (texts: Texts): string => texts[language]
  const { now, period } = facts
  const through = Math.min(now, period.to)
  const partial = now < period.to
  const incidents = facts.incidents.filter(({ backfill }) => !backfill)
  const backfilled = facts.incidents.filter(({ backfill }) => backfill)
  const confirmed = incidents.filter(({ verdict }) => verdict === 'true_positive')
  const open = incidents.filter(isOpen)
  const grave = open.filter(({ severity }) => severity === 'critical' || severity === 'high')
  const current = facts.metrics.at(-1)?.metrics ?? null

  let number = 0
  const head = (id: keyof MonthlyReport['sections'], status: SectionStatus, note: Texts | null = null) => {
    number++
    return { number, title: say(titles[id]), status, note: note === null ? null : say(note) }
  }
  const some = (count: number, otherwise: Texts): [SectionStatus, Texts | null] => (count > 0 ? ['ok', null] : ['no_data', otherwise])

  const figure = (id: KeyFigure['id']): KeyFigure => {
    const key = id === 'false_positive_rate' ? id : (`${id}_minutes` as const)
    const definition = definitionOf(current, key, id) ?? { status: 'not_available' as const, definition: '', unit: id === 'false_positive_rate' ? 'percent' as const : 'minutes' as const, mean: null, median: null, p90: null, n: 0, records: [], left_out: {} }
    const actual = current?.[key] ?? null
    return {
      ...definition, id, name: say(figureNames[id]), unit: id === 'false_positive_rate' ? 'percent' : 'minutes', actual, target: goals[id],
      state: actual === null ? 'none' : actual <= goals[id] ? 'met' : 'missed',
      trend: facts.metrics.map(({ year, month, metrics }) => ({ month: `${year}-${String(month).padStart(2, '0')}`, value: metrics?.[key] ?? null })),
    }
  }
  const figures = (['mttd', 'mtta', 'mttc', 'mttr', 'approval_latency', 'false_positive_rate'] as const).map(figure)
  const measured = figures.filter(({ actual }) => actual !== null)

  const sla = slaOf(incidents, current, through, say)
  const met = sla.rows.reduce((sum, row) => sum + row.met, 0)
  const breached = sla.rows.reduce((sum, row) => sum + row.breached, 0)
  const attainment = percent(met, met + breached)
  const items = recommend(facts, incidents, through, say)
  const missed = figures.filter(({ state }) => state === 'missed').length

  const worries: Texts[] = [
    ...(grave.length > 0 ? [reasons.openGrave(grave.length)] : []), ...(attainment !== null && attainment < 100 ? [reasons.sla(attainment)] : []),
    ...(items.length > 0 ? [reasons.recommendations(items.length)] : []), ...(missed > 0 ? [reasons.missed(missed)] : []),
  ]
  const label = grave.length > 0 || (attainment !== null && attainment < 80) ? 'at_risk' : worries.length > 0 ? 'watch' : 'healthy'

  const hours = hoursOf(incidents, period.timeZone, current, through)
  const rowMeans = (of: readonly IncidentFact[]) => {
    const attacks = of.filter(({ verdict }) => verdict === 'true_positive')
    return {
      mttd_minutes: mean(attacks.map(({ detectedAt, firstActivityAt }) => (detectedAt - firstActivityAt) / minute)),
      mttr_minutes: mean(attacks.flatMap(({ respondedAt, detectedAt }) => (respondedAt === null ? [] : [(respondedAt - detectedAt) / minute]))),
    }
  }
  const byTactic = Map.groupBy(incidents.flatMap((incident) => [...new Set(incident.tactics)].map((tactic) => ({ tactic, incident }))), ({ tactic }) => tactic)
  const byTechnique = Map.groupBy(incidents.flatMap((incident) => [...new Set(incident.techniques)].map((technique) => ({ technique, incident }))), ({ technique }) => technique)
  const { actions } = facts.response
  /** The count is the context's own; of the records there are at most 1,000. */
  const done = (count: number, which: (action: ActionFigures['actions'][number]) => boolean): Counted => ({ count, records: actions.filter(which).map(({ id }) => id) })
  const worst = gravest(incidents)[0]

  const told: Texts[] = incidents.length === 0 ? [sentences.none(dayOf(through, period.timeZone, language))] : [
    sentences.incidents(incidents.length, confirmed.length),
    // A month before the first is no measure.
    ...(facts.incidentsBefore === 0 ? [] : [sentences.change(incidents.length, facts.incidentsBefore)]),
    ...(worst === undefined ? [] : [sentences.worst(worst.title, severities[worst.severity].sign)]),
    ...(open.length === 0 ? [] : [sentences.open(open.length)]),
    ...(current?.mttd_minutes == null ? [] : [sentences.detected(current.mttd_minutes)]),
    ...(hours.off_hours_share === null ? [] : [sentences.offHours(hours.off_hours_share)]),
  ]
  if (facts.response.waiting > 0) told.push(sentences.waiting(facts.response.waiting))
  if (backfilled.length > 0) told.push(sentences.backfill(backfilled.length))

  return {
    report: 'monthly', version: 1, language, generated_at: iso(now),
    tenant: { id: facts.tenant.id, name: facts.tenant.name, display_name: facts.tenant.displayName, demo: facts.tenant.demo },
    period: { year: period.year, month: period.month, start: iso(period.from), end: iso(period.to), through: iso(through), time_zone: period.timeZone, partial },
    sections: {
      cover: { ...head('cover', 'ok'), health: label, health_name: say(healthNames[label]), reasons: worries.length === 0 ? [say(reasons.calm)] : worries.map(say) },
      summary: { ...head('summary', 'ok'), sentences: told.map(say) },
      kpis: { ...head('kpis', ...some(measured.length, notes.notMeasured)), figures },
      funnel: {
        ...head('funnel', ...some(facts.funnel.events, notes.noEvents)),
        stages: [
          { id: 'events', count: facts.funnel.events, records: [] }, { id: 'detections', count: facts.funnel.matches, records: [] }, { id: 'alerts', count: facts.funnel.alerts, records: [] },
          { id: 'incidents', ...counted(incidents) }, { id: 'investigated', ...counted(incidents.filter(({ touchedAt }) => touchedAt !== null)) }, { id: 'confirmed', ...counted(confirmed) },
        ].map((stage) => ({ ...stage, id: stage.id as keyof typeof stages, name: say(stages[stage.id as keyof typeof stages]) })),
        suppressed: facts.funnel.suppressed, dismissed: facts.funnel.dismissed,
      },
      incidents: {
        ...head('incidents', ...some(facts.incidents.length, notes.noIncidents)),
        total: counted(incidents), backfill: counted(backfilled),
        by_severity: severityOrder.map((severity) => {
          const of = incidents.filter((incident) => incident.severity === severity)
          return { severity, ...counted(of), open: of.filter(isOpen).length, ...rowMeans(of) }
        }),
        by_category: [...byTactic].map(([tactic, of]) => ({ tactic, name: tacticName(tactic, language), ...counted(of.map(({ incident }) => incident)), ...rowMeans(of.map(({ incident }) => incident)) })).toSorted((a, b) => b.count - a.count || a.tactic.localeCompare(b.tactic)),
        by_verdict: verdictOrder.map((verdict) => ({ verdict, name: say(verdicts[verdict ?? 'none']), ...counted(incidents.filter((incident) => incident.verdict === verdict)) })).filter(({ count }) => count > 0),
      },
      top_incidents: { ...head('top_incidents', ...some(facts.top.length, notes.noIncidents)), incidents: [...facts.top] },
      response: {
        ...head('response', ...some(facts.response.requested, notes.noActions)),
        requested: done(facts.response.requested, () => true),
        at_once: done(facts.response.automatic, ({ automatic }) => automatic),
        approved: done(facts.response.approved, ({ decision, automatic }) => decision === 'approved' && !automatic),
        rejected: done(facts.response.rejected, ({ decision }) => decision === 'rejected'),
        denied: done(facts.response.denied, ({ status }) => status === 'denied'),
        expired: done(facts.response.expired, ({ status }) => status === 'expired'),
        waiting: done(facts.response.waiting, ({ status }) => status === 'awaiting_approval'),
        succeeded: done(facts.response.succeeded, ({ status }) => ['succeeded', 'partially_succeeded', 'lifting', 'lifted'].includes(status)),
        failed: done(facts.response.failed, ({ status }) => status === 'failed'),
        by_type: (Object.keys(actionTypes) as ActionType[]).map((type) => ({ type, name: say(actionTypes[type]), ...done(facts.response.byType[type] ?? 0, (action) => action.type === type) })).filter(({ count }) => count > 0),
        approval_latency: figure('approval_latency'),
      },
      sla: { ...head('sla', ...some(met + breached, notes.notMeasured)), ...sla },
      hours: { ...head('hours', ...some(incidents.length, notes.noIncidents)), ...hours },
      attack: {
        ...head('attack', ...some(byTechnique.size, notes.noIncidents)),
        techniques: [...byTechnique].map(([id, of]) => ({ id, name: techniqueName(id, language), ...counted(of.map(({ incident }) => incident)) })).toSorted((a, b) => b.count - a.count || a.id.localeCompare(b.id)),
        covered: facts.coveredTechniques, hunts: { status: 'not_available', note: say(notes.hunts) },
      },
      surface: head('surface', 'not_available', notes.surface),
      sensors: {
        ...head('sensors', ...some(facts.sources.length, notes.noSources)),
        sources: facts.sources.map(({ name, events, lastEventAt, errors }) => ({ name, events, last_event_at: lastEventAt === null ? null : iso(lastEventAt), errors, silent: isSilent(lastEventAt, through) })),
        licences: { status: 'not_available', note: say(notes.licences) },
      },
      recommendations: { ...head('recommendations', ...some(items.length, notes.noRecommendations)), items },
      tuning: {
        ...head('tuning', ...some(facts.rules.length, notes.noRules)), suppressed: facts.funnel.suppressed,
        rules: facts.rules.map((rule) => ({
          rule_id: rule.ruleId, title: rule.title, alerts: rule.alerts, true_positives: rule.truePositive, benign: rule.benign, false_positives: rule.falsePositive, suppressed: rule.suppressed,
          precision: percent(rule.truePositive, rule.truePositive + rule.benign + rule.falsePositive),
        })),
      },
      definitions: {
        ...head('definitions', 'ok'),
        entries: [
          ...figures.filter(({ definition }) => definition !== '').map(({ name, definition }) => ({ name, text: definition })),
          { name: say(titles.funnel), text: say(definitionTexts.funnel) }, { name: say(titles.incidents), text: [definitionTexts.severity, definitionTexts.tactic, definitionTexts.mttrRow, definitionTexts.backfill].map(say).join(' ') },
          { name: say(titles.hours), text: say(definitionTexts.offHours) }, { name: say(titles.tuning), text: say(definitionTexts.precision) },
        ],
      },
    },
  }
}

const definitionOf = (metrics: Metrics | null, ...names: string[]) => names.map((name) => metrics?.definitions[name]).find((found) => found !== undefined) ?? null

/** A source that once sent and has not for a day. */
const isSilent = (lastEventAt: number | null, through: number): boolean => lastEventAt !== null && through - lastEventAt > day

const dayOf = (at: number, timeZone: string, language: Language): string => new Intl.DateTimeFormat(language, { timeZone, year: 'numeric', month: 'long', day: 'numeric' }).format(at)

/** ms without the pauses between. */
const elapsed = (pauses: IncidentFact['pauses'], from: number, to: number): number =>
  to - from - pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(pause.to ?? to, to) - Math.max(pause.from, from)), 0)

function slaOf(incidents: readonly IncidentFact[], metrics: Metrics | null, through: number, say: (texts: Texts) => string) {
  const rows: MonthlyReport['sections']['sla']['rows'] = []
  const breaches: MonthlyReport['sections']['sla']['breaches'] = []
  for (const severity of severityOrder) {
    const of = metrics?.sla[severity]
    if (of === undefined) continue
    rows.push({ severity, ...of })
    for (const { id, title, detectedAt, touchedAt, resolvedAt, pauses, severity: own } of incidents) {
      if (own !== severity) continue
      const touched = elapsed(pauses, detectedAt, touchedAt ?? through) / minute
      const resolved = elapsed(pauses, detectedAt, resolvedAt ?? through) / minute
      const why = [
        ...(touched > of.respond_target_minutes ? [say((touchedAt === null ? reasons.untouched : reasons.respond)(touched, of.respond_target_minutes))] : []),
        ...(resolved > of.resolve_target_minutes ? [say((resolvedAt === null ? reasons.unresolved : reasons.resolve)(resolved, of.resolve_target_minutes))] : []),
      ]
      if (why.length > 0) breaches.push({ incident_id: id, title, severity, reason: why.join(', ') })
    }
  }
  return { rows, breaches: breaches.slice(0, mostRecords) }
}

function hoursOf(incidents: readonly IncidentFact[], timeZone: string, metrics: Metrics | null, through: number) {
  const wall = wallClock(timeZone)
  const cells = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0))
  const off: IncidentFact[] = []
  for (const incident of incidents) {
    const { weekday, hour } = wall(incident.detectedAt)
    const row = cells[weekday] as number[]
    row[hour] = (row[hour] ?? 0) + 1
    if (weekday > 4 || hour < 9 || hour >= 18) off.push(incident)
  }
  const answered = off.filter(({ severity, pauses, detectedAt, touchedAt }) => {
    const target = metrics?.sla[severity]?.respond_target_minutes
    return target !== undefined && touchedAt !== null && elapsed(pauses, detectedAt, Math.min(touchedAt, through)) / minute <= target
  })
  return { cells, off_hours: counted(off), off_hours_share: percent(off.length, incidents.length), off_hours_answered_share: percent(answered.length, off.length) }
}

function recommend({ response: { actions }, sources, rules, metrics }: MonthFacts, incidents: readonly IncidentFact[], through: number, say: (texts: Texts) => string): Recommendation[] {
  const items: Recommendation[] = []
  const add = (id: string, texts: Texts, owner: Recommendation['owner'], since: number, records: readonly string[]) => {
    items.push({ id, text: say(texts), owner, since: iso(since), age_days: Math.max(0, Math.floor((through - since) / day)), records: records.slice(0, mostRecords) })
  }
  const sla = metrics.at(-1)?.metrics?.sla
  const overdue = incidents.filter((incident) => isOpen(incident) && elapsed(incident.pauses, incident.detectedAt, through) / minute > (sla?.[incident.severity]?.resolve_target_minutes ?? Infinity))
  if (overdue.length > 0) add('overdue_incidents', advice.overdue(overdue.length), 'provider', Math.min(...overdue.map(({ detectedAt }) => detectedAt)), overdue.map(({ id }) => id))
  const expired = actions.filter(({ status }) => status === 'expired')
  if (expired.length > 0) add('expired_approvals', advice.expired(expired.length), 'customer', Math.min(...expired.map(({ requestedAt }) => requestedAt)), expired.map(({ id }) => id))
  const byHand = actions.filter(({ failures }) => failures.includes('no_executor'))
  if (byHand.length > 0) add('no_executor', advice.noExecutor(byHand.length, [...new Set(byHand.map(({ type }) => say(actionTypes[type])))].join(', ')), 'customer', Math.min(...byHand.map(({ requestedAt }) => requestedAt)), byHand.map(({ id }) => id))
  const silent = sources.filter(({ lastEventAt }) => isSilent(lastEventAt, through))
  if (silent.length > 0) add('silent_sources', advice.silent(silent.length, silent.map(({ name }) => name).join(', ')), 'customer', Math.min(...silent.map(({ lastEventAt }) => lastEventAt ?? through)), silent.map(({ name }) => name))
  const unjudged = incidents.filter(({ status, verdict }) => status === 'resolved' && verdict === null)
  if (unjudged.length > 0) add('unjudged_incidents', advice.unjudged(unjudged.length), 'provider', Math.min(...unjudged.map(({ resolvedAt }) => resolvedAt ?? through)), unjudged.map(({ id }) => id))
  for (const { ruleId, title, truePositive, benign, falsePositive } of rules) {
    const judged = truePositive + benign + falsePositive
    if (judged > 1 && (benign + falsePositive) * 2 > judged) add(`noisy_rule_${ruleId}`, advice.noisy(title, benign + falsePositive, judged), 'provider', through, [ruleId])
  }
  return items
}
