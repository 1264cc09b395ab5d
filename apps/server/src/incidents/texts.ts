// What people read of an incident. Both languages are written when it happens and one is chosen when it is read.
import type { Severity } from '../detection/wire.ts'
import type { IncidentStatus, IncidentVerdict } from './wire.ts'

export type Texts = { readonly en: string; readonly ko: string }
export type TextLanguage = keyof Texts

/** What somebody said is the same in every language. */
export const said = (text: string): Texts => ({ en: text, ko: text })

export const severityNames: Readonly<Record<Severity, Texts>> = {
  critical: { en: 'critical', ko: '심각' },
  high: { en: 'high', ko: '높음' },
  medium: { en: 'medium', ko: '보통' },
  low: { en: 'low', ko: '낮음' },
  informational: { en: 'informational', ko: '참고' },
}
export const statusNames: Readonly<Record<IncidentStatus, Texts>> = {
  new: { en: 'new', ko: '신규' },
  investigating: { en: 'under investigation', ko: '조사 중' },
  contained: { en: 'contained', ko: '격리 완료' },
  resolved: { en: 'resolved', ko: '해결' },
  closed: { en: 'closed', ko: '종결' },
}
export const verdictNames: Readonly<Record<IncidentVerdict, Texts>> = {
  true_positive: { en: 'true positive', ko: '정탐' },
  benign_true_positive: { en: 'benign', ko: '정상 행위' },
  false_positive: { en: 'false positive', ko: '오탐' },
  inconclusive: { en: 'inconclusive', ko: '판단 불가' },
  duplicate: { en: 'duplicate', ko: '중복' },
  test: { en: 'test', ko: '테스트' },
}

/** "높음으로", "정상 행위로": the particle follows the last sound. */
function ro(word: string): string {
  const final = (word.charCodeAt(word.length - 1) - 0xac00) % 28
  return `${word}${final === 0 || final === 8 ? '로' : '으로'}`
}
const because = (texts: Texts, reason: string | null): Texts => (reason === null ? texts : { en: `${texts.en}: ${reason}`, ko: `${texts.ko}: ${reason}` })
const plural = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
const counted = (count: number): string => count.toLocaleString('ko')

export const texts = {
  opened: (alerts: number, severity: Severity): Texts => ({
    en: `Opened from ${plural(alerts, 'alert')}, severity ${severityNames[severity].en}`,
    ko: `경보 ${counted(alerts)}건으로 인시던트를 열었습니다. 심각도: ${severityNames[severity].ko}`,
  }),
  raised: (from: Severity, to: Severity): Texts => ({
    en: `Severity raised from ${severityNames[from].en} to ${severityNames[to].en} by further alerts`,
    ko: `추가된 경보에 따라 심각도를 ${severityNames[from].ko}에서 ${ro(severityNames[to].ko)} 올렸습니다`,
  }),
  severity: (from: Severity, to: Severity, reason: string): Texts => because({
    en: `Severity changed from ${severityNames[from].en} to ${severityNames[to].en}`,
    ko: `심각도를 ${severityNames[from].ko}에서 ${ro(severityNames[to].ko)} 변경했습니다`,
  }, reason),
  severityReason: (who: string, from: Severity, to: Severity, reason: string): Texts => ({
    en: `${who} changed it from ${severityNames[from].en} to ${severityNames[to].en}: ${reason}`,
    ko: `${who} 님이 ${severityNames[from].ko}에서 ${ro(severityNames[to].ko)} 변경했습니다: ${reason}`,
  }),
  status: (from: IncidentStatus, to: IncidentStatus, verdict: IncidentVerdict | null, reason: string | null): Texts => because(to === 'closed' && verdict !== null
    ? { en: `Closed as ${verdictNames[verdict].en}`, ko: `${ro(verdictNames[verdict].ko)} 판정하고 종결했습니다` }
    : (from === 'resolved' || from === 'closed') && to === 'investigating'
      ? { en: `Reopened; it was ${statusNames[from].en}`, ko: `${statusNames[from].ko} 상태에서 다시 열었습니다` }
      : { en: `Status changed from ${statusNames[from].en} to ${statusNames[to].en}`, ko: `상태를 ${statusNames[from].ko}에서 ${ro(statusNames[to].ko)} 변경했습니다` }, reason),
  contained: { en: 'Containment was verified', ko: '격리를 확인했습니다' } satisfies Texts,
  verdict: (verdict: IncidentVerdict, reason: string | null): Texts => because({ en: `Judged as ${verdictNames[verdict].en}`, ko: `${ro(verdictNames[verdict].ko)} 판정했습니다` }, reason),
  assigned: (analyst: string | null): Texts => (analyst === null
    ? { en: 'Assigned to nobody', ko: '담당자를 비웠습니다' }
    : { en: `Assigned to ${analyst}`, ko: `담당자를 ${analyst} 님으로 지정했습니다` }),
}

/** "4 min 10 s", the two largest units. */
export function duration(milliseconds: number, language: TextLanguage): string {
  const units = [[86_400, 'd', '일'], [3_600, 'h', '시간'], [60, 'min', '분'], [1, 's', '초']] as const
  let rest = Math.max(0, Math.round(milliseconds / 1_000))
  const parts: string[] = []
  for (const [seconds, en, ko] of units) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) parts.push(language === 'en' ? `${count} ${en}` : `${count}${ko}`)
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break
  }
  return parts.length === 0 ? (language === 'en' ? '0 s' : '0초') : parts.join(' ')
}

/** The facts of an incident in a paragraph. */
export function summaryOf(facts: {
  alerts: number; rules: readonly { title: string; severity: Severity }[]; hosts: readonly string[]; users: readonly string[]; techniques: readonly string[]; from: number; to: number; backfill: boolean
}, language: TextLanguage): string {
  const { alerts, rules, hosts, users, techniques, from, to, backfill } = facts
  const several = (names: readonly string[], unit: string): string => {
    const shown = names.slice(0, 3).join(', ')
    if (names.length <= 3) return shown
    return language === 'en' ? `${shown} and ${names.length - 3} more` : `${shown} 외 ${names.length - 3}${unit}`
  }
  const span = duration(to - from, language)
  const sentences = language === 'en'
    ? [
        `${plural(alerts, 'alert')} of ${plural(rules.length, 'rule')}${hosts.length > 0 ? ` on ${several(hosts, '대')}` : ''}${users.length > 0 ? `, by ${several(users, '명')}` : ''}${to > from ? `, within ${span}` : ''}.`,
        ...(rules.length > 0 ? [`Worst: ${rules[0]!.title} (${severityNames[rules[0]!.severity].en}).`] : []),
        ...(techniques.length > 0 ? [`${techniques.length === 1 ? 'Technique' : 'Techniques'}: ${several(techniques, '개')}.`] : []),
        ...(backfill ? ['It comes from backfilled events.'] : []),
      ]
    : [
        `${hosts.length > 0 ? `${several(hosts, '대')}에서 ` : ''}${users.length > 0 ? `${several(users, '명')} 계정으로 ` : ''}${to > from ? `${span} 동안 ` : ''}규칙 ${counted(rules.length)}개의 경보 ${counted(alerts)}건이 발생했습니다.`,
        ...(rules.length > 0 ? [`수준이 가장 높은 경보는 "${rules[0]!.title}"(${severityNames[rules[0]!.severity].ko})입니다.`] : []),
        ...(techniques.length > 0 ? [`공격 기법: ${several(techniques, '개')}.`] : []),
        ...(backfill ? ['과거 이벤트를 소급 수집하여 만든 인시던트입니다.'] : []),
      ]
  return sentences.join(' ')
}

/** What two incidents share, and so why one is shown beside the other. */
export function likeness(shared: { indicators: readonly string[]; rules: readonly string[]; techniques: readonly string[]; hosts: readonly string[]; users: readonly string[] }, language: TextLanguage): string {
  const names = {
    indicators: { en: ['indicator', 'indicators'], ko: '침해지표' }, rules: { en: ['rule', 'rules'], ko: '규칙' }, techniques: { en: ['technique', 'techniques'], ko: '공격 기법' },
    users: { en: ['user', 'users'], ko: '사용자' }, hosts: { en: ['host', 'hosts'], ko: '호스트' },
  } as const
  const units = { indicators: '개', rules: '개', techniques: '개', users: '명', hosts: '대' } as const
  const parts = (['indicators', 'rules', 'techniques', 'users', 'hosts'] as const).flatMap((kind) => {
    const values = shared[kind]
    if (values.length === 0) return []
    const shown = values.slice(0, 2).join(', ')
    const more = values.length - 2
    if (language === 'ko') return [`${names[kind].ko} ${shown}${more > 0 ? ` 외 ${more}${units[kind]}` : ''}`]
    return [`${names[kind].en[values.length === 1 ? 0 : 1]} ${shown}${more > 0 ? ` and ${more} more` : ''}`]
  })
  return language === 'en' ? `Same ${parts.join('; ')}` : `같은 ${parts.join(', ')}`
}
