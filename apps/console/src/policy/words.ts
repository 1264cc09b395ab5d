// A policy as people say it, in either language. Pure: texts and formats are handed in.
import type { Severity } from '../../../server/src/detection/wire.ts'
import type { PolicyRow } from '../../../server/src/response/wire.ts'
import { partTexts } from '../parts/texts.ts'
import type { IconName } from '../parts/icons.tsx'
import type { Translate } from '../texts/catalogue.ts'
import type { Formats } from '../texts/formats.ts'
import type { Difference } from './diff.ts'
import { actionTypes, answerOf, requesters } from './matrix.ts'
import type { Answer, PolicyContent, Who } from './matrix.ts'
import { policyTexts } from './texts.ts'

export type Say = { readonly t: Translate<typeof policyTexts['en']>; readonly part: Translate<typeof partTexts['en']>; readonly f: Formats; readonly siteName: (id: string) => string }
const minute = 60_000
/** As many rows as a summary names. */
const rowsSaid = 5
const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational']

export const sayWho = ({ t }: Say, who: Who): string => t(`who_${who}`)

/** "Asks the MDR team · 2 of them · waits 1 h, then expires" */
export function sayAnswer(say: Say, answer: Answer): string {
  const { t, f } = say
  if (answer.decision !== 'ask' || answer.who === null) return t(answer.decision)
  return [
    t('ask_who', { who: sayWho(say, answer.who) }), ...(answer.needed > 1 ? [t('needed', { count: answer.needed })] : []),
    ...(answer.minutes === null && answer.onTimeout === 'expire' ? [] : [answer.minutes === null ? t(`timeout_${answer.onTimeout}`) : `${t('waits', { time: f.duration(answer.minutes * minute) })}, ${t(`timeout_${answer.onTimeout}`)}`]),
  ].join(' · ')
}

/** What a row is about, without what it says. */
export function sayConditions({ t, part, f, siteName }: Say, row: PolicyRow): string {
  const { assets, hours } = row
  const said = [
    ...(row.action_types === undefined ? [] : [f.list(row.action_types.map((action) => t(action)))]),
    ...(row.severities === undefined ? [] : [f.list(row.severities.map((severity) => part(severity)))]),
    ...(row.requesters === undefined ? [] : [`${t('asked_by')} ${f.list(row.requesters.map((requester) => t(`req_${requester}`)))}`]),
    ...(row.site === undefined ? [] : [t('site', { names: siteName(row.site) })]),
    ...(assets?.names === undefined ? [] : [t('names', { names: f.list(assets.names) })]),
    ...(assets?.tags === undefined ? [] : [t('tags', { names: f.list(assets.tags) })]),
    ...(assets?.classes === undefined ? [] : [t('classes', { names: f.list(assets.classes) })]),
    ...(assets?.criticality === undefined ? [] : [t('criticality', { names: f.list(assets.criticality.map((each) => t(`crit_${each as 'low'}`))) })]),
    ...(hours === undefined ? [] : [t('hours', { days: hours.days.length === 7 ? t('every_day') : hours.days.toSorted().map((day) => t(`day_${day as 1}`)).join(' '), from: hours.from, to: hours.to })]),
  ]
  return said.length === 0 ? t('row_always') : said.join(' · ')
}

/** What a row says where it fits. */
export function sayConsequence({ t, f }: Say, row: PolicyRow): string {
  if (row.decision !== 'ask') return t(row.decision)
  return [
    row.approvers === undefined ? t('ask') : t('ask_who', { who: t(`who_${row.approvers}`) }), ...((row.needed ?? 1) > 1 ? [t('needed', { count: row.needed! })] : []),
    ...(row.timeout_minutes === undefined && (row.on_timeout ?? 'expire') === 'expire' ? [] : [[...(row.timeout_minutes === undefined ? [] : [t('waits', { time: f.duration(row.timeout_minutes * minute) })]), t(`timeout_${row.on_timeout ?? 'expire'}`)].join(', ')]),
  ].join(' · ')
}
const sayRow = (say: Say, row: PolicyRow): string => `${sayConditions(say, row)} → ${sayConsequence(say, row)}${row.locked === true ? ` (${say.t('row_locked')})` : ''}`

/** "High and below", "Everything", "Critical and low" */
function saySeverities({ t, part, f }: Say, of: readonly Severity[]): string {
  if (of.length === severities.length) return t('everything')
  if (of.length > 1 && of.length === severities.length - severities.indexOf(of[0]!)) return t('and_below', { severity: part(of[0]!) })
  return f.list(of.map((severity) => part(severity)))
}

export type Sentence = { readonly icon: IconName; readonly tone: 'allow' | 'ask' | 'deny' | 'plain'; readonly text: string }

/** What is in force, in a few sentences: what happens at which severity, then what no row changes. */
export function sayPolicy(say: Say, policy: PolicyContent, providerExists: boolean): Sentence[] {
  const { t, f } = say
  const outcomes = severities.flatMap((severity) => {
    const answers = actionTypes.flatMap((action) => requesters.map((requester) => ({ requester, answer: answerOf(policy, { action, severity, requester }, providerExists) }))).filter(({ answer }) => answer.row === null)
    const [first] = answers
    // Rows decide all of it: they are said below.
    if (first === undefined) return []
    const one = answers.every(({ answer }) => answer.decision === first.answer.decision && answer.minutes === first.answer.minutes && answer.onTimeout === first.answer.onTimeout)
    if (!one) return [{ severity, key: 'depends', who: null, answer: first.answer }]
    const groups = new Set(answers.map(({ answer }) => answer.who))
    const usual = answers.every(({ requester, answer }) => answer.who === (requester === 'customer' ? (providerExists ? 'provider' : 'other') : 'customer'))
    const who = first.answer.decision !== 'ask' ? null : usual ? 'usual' : groups.size === 1 ? [...groups][0] ?? null : 'depends'
    return [who === 'depends' ? { severity, key: 'depends', who: null, answer: first.answer } : { severity, key: `${first.answer.decision} ${who} ${first.answer.onTimeout} ${first.answer.minutes}`, who, answer: first.answer }]
  })
  const sentences = [...Map.groupBy(outcomes, ({ key }) => key).values()].map((group): Sentence => {
    const { key, who, answer } = group[0]!
    const names = saySeverities(say, group.map(({ severity }) => severity))
    if (key === 'depends') return { icon: 'half', tone: 'plain', text: t('depends', { severities: names }) }
    if (answer.decision === 'allow') return { icon: 'play', tone: 'allow', text: t('at_once', { severities: names }) }
    if (answer.decision === 'deny') return { icon: 'stop', tone: 'deny', text: t('never', { severities: names }) }
    const by = who === 'usual' ? t(providerExists ? 'who_default' : 'who_default_alone') : sayWho(say, who as Who)
    return { icon: 'approvals', tone: 'ask', text: answer.onTimeout === 'act' && answer.minutes !== null ? t('asks_act', { severities: names, who: by, time: f.duration(answer.minutes * minute) }) : t('asks', { severities: names, who: by }) }
  })
  const rows = policy.rows.slice(0, rowsSaid)
  const shown = policy.never_isolate.slice(0, 4)
  const more = policy.never_isolate.length - shown.length
  return [
    ...sentences,
    ...rows.map((row): Sentence => ({ icon: row.decision === 'allow' ? 'play' : row.decision === 'deny' ? 'stop' : 'approvals', tone: row.decision, text: t('except', { what: sayRow(say, row) }) })),
    ...(policy.rows.length > rows.length ? [{ icon: 'more', tone: 'ask', text: t('more_rows', { count: policy.rows.length - rows.length }) } as const] : []),
    { icon: 'lock', tone: 'plain', text: shown.length === 0 ? t('never_isolate_none') : more > 0 ? t('never_isolate_more', { names: shown.join(', '), count: more }) : t('never_isolate', { names: f.list(shown) }) },
    { icon: 'columns', tone: 'plain', text: t('caps', { action: policy.caps.targets_per_action, hour: policy.caps.targets_per_hour }) },
    { icon: 'clock', tone: 'plain', text: t('containment', { count: policy.containment_hours }) },
  ]
}

export function sayDifference(say: Say, difference: Difference): string {
  const { t, f } = say
  switch (difference.kind) {
    case 'preset': return t('d_preset', { before: t(difference.before), after: t(difference.after) })
    case 'collaborate': case 'cap_action': case 'cap_hour': return t(`d_${difference.kind}`, { before: difference.before, after: difference.after })
    case 'hours': return t('d_hours', { before: difference.before, after: difference.after })
    case 'row_new': case 'row_gone': return t(`d_${difference.kind}`, { id: difference.row.id, what: sayRow(say, difference.row) })
    case 'row_changed': return t('d_row_changed', { id: difference.after.id, before: sayRow(say, difference.before), after: sayRow(say, difference.after) })
    case 'row_moved': return t('d_row_moved')
    case 'never_new': case 'never_gone': return t(`d_${difference.kind}`, { names: f.list(difference.names) })
  }
}
