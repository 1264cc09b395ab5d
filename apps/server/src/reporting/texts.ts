// What people read in a report, written in both languages side by side.
import type { IncidentVerdict } from '../incidents/wire.ts'
import type { Severity } from '../detection/wire.ts'
import type { ActionStatus, ActionType } from '../response/wire.ts'
import type { MonthlyReport } from './wire.ts'

export type Language = 'en' | 'ko'
export type Texts = Readonly<Record<Language, string>>
type SectionId = keyof MonthlyReport['sections']

const plural = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
const ko = (count: number): string => count.toLocaleString('ko')

/** Minutes as people say them: 4 min 10 s, 2 h 5 min, 3 d 4 h. */
export function durationOf(minutes: number, language: Language): string {
  const units = { en: [' d', ' h', ' min', ' s'], ko: ['일', '시간', '분', '초'] }[language]
  const seconds = Math.round(minutes * 60)
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const first = parts.findIndex((part) => part > 0)
  if (first === -1) return `0${units[3]}`
  return parts.slice(first, first + 2).map((part, index) => [part, units[first + index]] as const).filter(([part]) => part > 0).map(([part, unit]) => `${part}${unit}`).join(' ')
}

/** Shape, word and colour together: colour alone says nothing to many. */
export const severities: Readonly<Record<Severity, Texts & { readonly sign: string }>> = {
  critical: { sign: '◆', en: 'Critical', ko: '심각' },
  high: { sign: '▲', en: 'High', ko: '높음' },
  medium: { sign: '●', en: 'Medium', ko: '보통' },
  low: { sign: '○', en: 'Low', ko: '낮음' },
  informational: { sign: '·', en: 'Informational', ko: '참고' },
}
export const severityOrder: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational']

export const statuses: Readonly<Record<'new' | 'investigating' | 'contained' | 'resolved' | 'closed', Texts>> = {
  new: { en: 'New', ko: '신규' }, investigating: { en: 'Under investigation', ko: '조사 중' }, contained: { en: 'Contained', ko: '격리 완료' },
  resolved: { en: 'Resolved', ko: '해결' }, closed: { en: 'Closed', ko: '종결' },
}
export const verdicts: Readonly<Record<IncidentVerdict | 'none', Texts>> = {
  true_positive: { en: 'Confirmed attack', ko: '정탐' }, benign_true_positive: { en: 'Harmless, as intended', ko: '정상 행위' }, false_positive: { en: 'False alarm', ko: '오탐' },
  inconclusive: { en: 'Inconclusive', ko: '판단 불가' }, duplicate: { en: 'Duplicate', ko: '중복' }, test: { en: 'Test', ko: '테스트' }, none: { en: 'Not judged yet', ko: '판정 전' },
}
export const verdictOrder: readonly (IncidentVerdict | null)[] = ['true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test', null]

export const actionTypes: Readonly<Record<ActionType, Texts>> = {
  isolate_host: { en: 'Isolate host', ko: '호스트 격리' }, block_ip: { en: 'Block address', ko: 'IP 차단' }, disable_account: { en: 'Disable account', ko: '계정 비활성화' }, quarantine_file: { en: 'Quarantine file', ko: '파일 격리' },
}
export const actionStatuses: Readonly<Record<ActionStatus, Texts>> = {
  requested: { en: 'requested', ko: '요청됨' }, denied: { en: 'denied by policy', ko: '정책상 거부' }, awaiting_approval: { en: 'awaiting approval', ko: '승인 대기' }, approved: { en: 'approved', ko: '승인됨' },
  rejected: { en: 'rejected', ko: '거절됨' }, expired: { en: 'expired', ko: '기한 만료' }, executing: { en: 'under way', ko: '실행 중' }, verifying: { en: 'being verified', ko: '확인 중' }, succeeded: { en: 'done', ko: '완료' },
  partially_succeeded: { en: 'partly done', ko: '일부 완료' }, failed: { en: 'failed', ko: '실패' }, lifting: { en: 'being lifted', ko: '해제 중' }, lifted: { en: 'lifted', ko: '해제됨' },
}

export const sections: Readonly<Record<SectionId, Texts>> = {
  cover: { en: 'Overview', ko: '개요' },
  summary: { en: 'Executive summary', ko: '핵심 요약' },
  kpis: { en: 'Key figures', ko: '핵심 지표' },
  funnel: { en: 'From events to incidents', ko: '이벤트에서 인시던트까지' },
  incidents: { en: 'Incidents by severity and tactic', ko: '심각도와 전술별 인시던트' },
  top_incidents: { en: 'Incidents that mattered most', ko: '주요 인시던트' },
  response: { en: 'Response actions', ko: '대응 조치' },
  sla: { en: 'Service levels', ko: '서비스 수준(SLA)' },
  hours: { en: 'When incidents were detected', ko: '인시던트 탐지 시간대' },
  attack: { en: 'ATT&CK techniques', ko: 'ATT&CK 기법' },
  surface: { en: 'Attack surface', ko: '공격표면' },
  sensors: { en: 'Health of sources', ko: '수집 소스 상태' },
  recommendations: { en: 'Recommendations', ko: '권고 사항' },
  tuning: { en: 'Tuning', ko: '탐지 규칙 조정' },
  definitions: { en: 'Definitions', ko: '지표 정의' },
}

export const figureNames = {
  mttd: { en: 'Mean time to detect (MTTD)', ko: '평균 탐지 시간(MTTD)' },
  mtta: { en: 'Mean time to acknowledge (MTTA)', ko: '평균 확인 시간(MTTA)' },
  mttc: { en: 'Mean time to contain (MTTC)', ko: '평균 격리 시간(MTTC)' },
  mttr: { en: 'Mean time to respond (MTTR)', ko: '평균 대응 시간(MTTR)' },
  approval_latency: { en: 'Approval latency (customer)', ko: '승인 소요 시간(고객)' },
  false_positive_rate: { en: 'False positive rate', ko: '오탐률' },
} as const satisfies Record<string, Texts>

export const stages = {
  events: { en: 'Events received', ko: '수신한 이벤트' },
  detections: { en: 'Matches of rules and indicators', ko: '규칙·지표 일치' },
  alerts: { en: 'Alerts', ko: '경보' },
  incidents: { en: 'Incidents', ko: '인시던트' },
  investigated: { en: 'Investigated by people', ko: '사람이 조사한 인시던트' },
  confirmed: { en: 'Confirmed attacks', ko: '확인된 공격' },
} as const satisfies Record<string, Texts>

export const health: Readonly<Record<'healthy' | 'watch' | 'at_risk', Texts>> = {
  healthy: { en: 'Healthy', ko: '양호' }, watch: { en: 'Watch', ko: '주의' }, at_risk: { en: 'At risk', ko: '위험' },
}

export const notes = {
  noIncidents: { en: 'No incident was detected in this period.', ko: '이 기간에 탐지된 인시던트가 없습니다.' },
  noActions: { en: 'No action was requested in this period.', ko: '이 기간에 요청된 대응 조치가 없습니다.' },
  noRules: { en: 'No rule raised an alert in this period.', ko: '이 기간에 경보를 발생시킨 규칙이 없습니다.' },
  noSources: { en: 'No source has sent an event yet.', ko: '아직 이벤트를 보낸 소스가 없습니다.' },
  noRecommendations: { en: 'Nothing is recommended at the moment.', ko: '현재 권고 사항이 없습니다.' },
  noEvents: { en: 'No event was received in this period.', ko: '이 기간에 수신한 이벤트가 없습니다.' },
  surface: { en: 'Not available: attack surface management is not part of this installation yet.', ko: '제공하지 않음: 이 설치에는 아직 공격표면 관리 기능이 없습니다.' },
  hunts: { en: 'Not available: hunts are not recorded yet.', ko: '제공하지 않음: 위협 헌팅 기록이 아직 없습니다.' },
  licences: { en: 'Not available: licences of sensors are not known.', ko: '제공하지 않음: 센서 라이선스 정보가 없습니다.' },
  notMeasured: { en: 'Nothing to measure in this period.', ko: '이 기간에 측정할 대상이 없습니다.' },
} as const satisfies Record<string, Texts>

/** Sentences with figures in them. */
export const sentences = {
  none: (through: string): Texts => ({ en: `No incident was detected until ${through}.`, ko: `${through}까지 탐지된 인시던트가 없습니다.` }),
  incidents: (count: number, confirmed: number): Texts => ({
    en: `${plural(count, 'incident')} ${count === 1 ? 'was' : 'were'} detected, ${confirmed === 0 ? 'none' : confirmed.toLocaleString('en')} of them ${confirmed === 1 ? 'a confirmed attack' : 'confirmed attacks'}.`,
    ko: `인시던트 ${ko(count)}건을 탐지했고, 이 가운데 ${confirmed === 0 ? '공격으로 확인된 것은 없습니다' : `${ko(confirmed)}건이 실제 공격으로 확인되었습니다`}.`,
  }),
  worst: (title: string, sign: string): Texts => ({ en: `The gravest was: ${sign} ${title}.`, ko: `가장 심각한 인시던트: ${sign} ${title}` }),
  open: (count: number): Texts => ({ en: `${plural(count, 'incident')} ${count === 1 ? 'is' : 'are'} still open.`, ko: `인시던트 ${ko(count)}건이 아직 열려 있습니다.` }),
  change: (now: number, before: number): Texts => {
    const more = now > before
    const by = Math.abs(now - before)
    return now === before
      ? { en: 'As many incidents as in the month before.', ko: '인시던트 수는 지난달과 같습니다.' }
      : { en: `${plural(by, 'incident')} ${more ? 'more' : 'fewer'} than in the month before (${before.toLocaleString('en')}).`, ko: `지난달(${ko(before)}건)보다 ${ko(by)}건 ${more ? '늘었습니다' : '줄었습니다'}.` }
  },
  detected: (minutes: number): Texts => ({ en: `Confirmed attacks were detected ${durationOf(minutes, 'en')} after their first activity on average.`, ko: `확인된 공격은 첫 활동 후 평균 ${durationOf(minutes, 'ko')} 만에 탐지되었습니다.` }),
  offHours: (percent: number): Texts => ({ en: `${percent.toLocaleString('en')} % of the incidents came outside working hours.`, ko: `인시던트의 ${percent.toLocaleString('ko')}%가 업무 시간 외에 발생했습니다.` }),
  waiting: (count: number): Texts => ({ en: `${plural(count, 'action')} ${count === 1 ? 'waits' : 'wait'} for an approval.`, ko: `대응 조치 ${ko(count)}건이 승인을 기다리고 있습니다.` }),
  backfill: (count: number): Texts => ({ en: `${plural(count, 'incident')} from events sent in afterwards ${count === 1 ? 'is' : 'are'} not counted in the figures.`, ko: `나중에 소급 수집된 이벤트의 인시던트 ${ko(count)}건은 지표에서 제외했습니다.` }),
} as const

export const reasons = {
  openGrave: (count: number): Texts => ({ en: `${plural(count, 'critical or high incident')} open`, ko: `열려 있는 심각·높음 인시던트 ${ko(count)}건` }),
  sla: (percent: number): Texts => ({ en: `Service levels met for ${percent.toLocaleString('en')} % of the incidents`, ko: `SLA 준수율 ${percent.toLocaleString('ko')}%` }),
  recommendations: (count: number): Texts => ({ en: `${plural(count, 'recommendation')} open`, ko: `처리되지 않은 권고 사항 ${ko(count)}건` }),
  missed: (count: number): Texts => ({ en: `${plural(count, 'key figure')} off target`, ko: `목표에 미달한 핵심 지표 ${ko(count)}개` }),
  calm: { en: 'No open critical or high incident, no open recommendation', ko: '열려 있는 심각·높음 인시던트와 권고 사항이 없습니다' },
  respond: (minutes: number, target: number): Texts => ({ en: `first touched after ${durationOf(minutes, 'en')} (target ${durationOf(target, 'en')})`, ko: `착수까지 ${durationOf(minutes, 'ko')}(목표 ${durationOf(target, 'ko')})` }),
  untouched: (minutes: number, target: number): Texts => ({ en: `not touched for ${durationOf(minutes, 'en')} (target ${durationOf(target, 'en')})`, ko: `${durationOf(minutes, 'ko')} 동안 착수하지 않음(목표 ${durationOf(target, 'ko')})` }),
  resolve: (minutes: number, target: number): Texts => ({ en: `resolved after ${durationOf(minutes, 'en')} (target ${durationOf(target, 'en')})`, ko: `해결까지 ${durationOf(minutes, 'ko')}(목표 ${durationOf(target, 'ko')})` }),
  unresolved: (minutes: number, target: number): Texts => ({ en: `unresolved for ${durationOf(minutes, 'en')} (target ${durationOf(target, 'en')})`, ko: `${durationOf(minutes, 'ko')} 동안 해결되지 않음(목표 ${durationOf(target, 'ko')})` }),
} as const

export const recommendations = {
  overdue: (count: number): Texts => ({ en: `Decide on ${plural(count, 'open incident')} past the time in which ${count === 1 ? 'it' : 'they'} should have been resolved.`, ko: `해결 목표 시간을 넘긴 인시던트 ${ko(count)}건의 처리를 결정하십시오.` }),
  expired: (count: number): Texts => ({ en: `Name somebody who answers at night: ${plural(count, 'request')} for approval ran out unanswered.`, ko: `승인 요청 ${ko(count)}건이 응답 없이 만료되었습니다. 야간에 응답할 담당자를 지정하십시오.` }),
  noExecutor: (count: number, types: string): Texts => ({ en: `Connect something that can carry out approved actions (${types}): ${plural(count, 'action')} had to be done by hand.`, ko: `승인된 조치를 실행할 연동(${types})을 추가하십시오. ${ko(count)}건을 사람이 직접 처리했습니다.` }),
  silent: (count: number, names: string): Texts => ({ en: `Look at ${plural(count, 'source')} that fell silent for more than a day: ${names}.`, ko: `하루 넘게 이벤트를 보내지 않은 소스 ${ko(count)}개를 확인하십시오: ${names}` }),
  noisy: (title: string, harmless: number, judged: number): Texts => ({ en: `Narrow the rule "${title}": ${harmless} of ${plural(judged, 'judged alert')} were false or harmless.`, ko: `"${title}" 규칙의 조건을 좁히십시오. 판정한 경보 ${ko(judged)}건 가운데 ${ko(harmless)}건이 오탐이거나 정상 행위입니다.` }),
  unjudged: (count: number): Texts => ({ en: `Give ${plural(count, 'resolved incident')} a verdict, so that the figures count ${count === 1 ? 'it' : 'them'}.`, ko: `해결된 인시던트 ${ko(count)}건을 판정해 지표에 반영하십시오.` }),
} as const

export const definitionTexts = {
  funnel: { en: 'Events: received in the period. Matches: events that met a rule or an indicator. Alerts: matches of one rule on one host by one user within ten minutes are one alert. Investigated: somebody took up the incident. Confirmed: closed or judged as an attack.', ko: '이벤트: 기간 중 수신한 것. 규칙·지표 일치: 탐지 규칙이나 위협 지표에 해당한 이벤트. 경보: 같은 호스트와 사용자에서 10분 안에 같은 규칙에 일치한 이벤트를 하나로 묶은 것. 조사: 담당자가 착수한 인시던트. 확인된 공격: 정탐으로 판정한 인시던트.' },
  severity: { en: 'Severity: the highest level among an incident\'s alerts, raised by the criticality and exposure of its hosts, lowered only by a person.', ko: '심각도: 인시던트에 속한 경보의 최고 등급을 따르며, 호스트의 중요도와 노출 상태에 따라 올라갑니다. 내리는 것은 사람만 할 수 있습니다.' },
  tactic: { en: 'Category: an incident is counted under each ATT&CK tactic that its alerts name.', ko: '분류: 경보에 기재된 ATT&CK 전술마다 한 번씩 집계합니다.' },
  precision: { en: 'Precision of a rule: confirmed alerts as a share of those judged as confirmed, harmless or false.', ko: '규칙 정밀도: 판정한 경보(정탐·정상 행위·오탐) 가운데 정탐의 비율.' },
  offHours: { en: 'Off hours: Saturday, Sunday, and before 09:00 or from 18:00 on other days, in the report\'s time zone. Public holidays count as ordinary days.', ko: '업무 시간 외: 토·일요일 전체와 그 밖의 날 09시 이전·18시 이후(보고서 시간대 기준). 공휴일은 구분하지 않습니다.' },
  mttrRow: { en: 'MTTD and MTTR in the tables of incidents: means over the confirmed incidents of the row, those from backfilled events left out. MTTR: from the alert to the first completed action.', ko: '인시던트 표의 MTTD·MTTR: 해당 행에서 확인된 인시던트의 평균이며 소급 수집분은 제외합니다. MTTR: 경보부터 첫 조치 완료까지.' },
  backfill: { en: 'Backfilled incidents come from events that were sent in afterwards; they are counted apart.', ko: '소급 인시던트: 나중에 소급 수집된 이벤트에서 나온 것으로 따로 집계합니다.' },
} as const satisfies Record<string, Texts>

/** Labels of the document. */
export const labels = {
  report: { en: 'Monthly security report', ko: '월간 보안 보고서' },
  demo: { en: 'Demo data: a told story, not a real company', ko: '데모 데이터: 실제 회사가 아닌 이야기입니다' },
  partial: { en: 'The month is not over', ko: '진행 중인 달' },
  through: { en: 'as of', ko: '기준 시각' },
  period: { en: 'Period', ko: '기간' }, zone: { en: 'Time zone', ko: '시간대' }, made: { en: 'Made', ko: '작성' }, tenant: { en: 'Organisation', ko: '조직' },
  figure: { en: 'Figure', ko: '지표' }, target: { en: 'Target', ko: '목표' }, actual: { en: 'This month', ko: '이번 달' }, state: { en: 'Result', ko: '결과' }, trend: { en: 'Three months', ko: '최근 3개월' },
  met: { en: '✓ met', ko: '✓ 달성' }, missed: { en: '✕ missed', ko: '✕ 미달' }, none: { en: 'no data', ko: '자료 없음' }, median: { en: 'median', ko: '중앙값' },
  severity: { en: 'Severity', ko: '심각도' }, count: { en: 'Count', ko: '건수' }, open: { en: 'Open', ko: '미해결' }, tactic: { en: 'Tactic', ko: '전술' }, verdict: { en: 'Verdict', ko: '판정' },
  stage: { en: 'Stage', ko: '단계' }, suppressed: { en: 'Suppressed by rules of exception', ko: '예외 처리된 경보' }, dismissed: { en: 'Looked at, too weak alone', ko: '단독으로는 근거가 약해 묶지 않은 경보' },
  detected: { en: 'Detected', ko: '탐지' }, first: { en: 'First activity', ko: '첫 활동' }, resolved: { en: 'Resolved', ko: '해결' }, analyst: { en: 'Analyst', ko: '담당' }, hosts: { en: 'Hosts', ko: '호스트' }, users: { en: 'Accounts', ko: '계정' },
  techniques: { en: 'Techniques', ko: '기법' }, timeline: { en: 'What happened', ko: '경과' }, actions: { en: 'Actions', ko: '대응 조치' }, requestedBy: { en: 'asked by', ko: '요청' }, decidedBy: { en: 'decided by', ko: '결정' }, status: { en: 'Status', ko: '상태' },
  requested: { en: 'Requested', ko: '요청' }, at_once: { en: 'Approved by policy at once', ko: '정책에 따라 즉시 승인' }, approved: { en: 'Approved by a person', ko: '담당자 승인' }, rejected: { en: 'Rejected by a person', ko: '담당자 거절' }, denied: { en: 'Denied by policy', ko: '정책상 거부' },
  expired: { en: 'Ran out unanswered', ko: '응답 없이 만료' }, waiting: { en: 'Waiting', ko: '대기 중' }, succeeded: { en: 'Carried out and verified', ko: '실행·확인 완료' }, failed: { en: 'Could not be carried out', ko: '실행하지 못함' },
  type: { en: 'Action', ko: '조치' }, respond: { en: 'First touch within', ko: '착수 목표' }, resolve: { en: 'Resolved within', ko: '해결 목표' }, slaMet: { en: 'Met', ko: '준수' }, slaBreached: { en: 'Breached', ko: '위반' }, attainment: { en: 'Attainment', ko: '준수율' },
  breaches: { en: 'Breaches and their reasons', ko: '위반 내역과 사유' }, incident: { en: 'Incident', ko: '인시던트' }, reason: { en: 'Reason', ko: '사유' },
  offHours: { en: 'Off hours', ko: '업무 시간 외' }, answered: { en: 'of these first touched in time', ko: '이 가운데 제때 착수' }, perHour: { en: 'Incidents by weekday and hour', ko: '요일·시간대별 인시던트 수' },
  technique: { en: 'Technique', ko: '기법' }, covered: { en: 'Techniques with at least one active rule', ko: '활성 규칙이 있는 기법 수' }, hunts: { en: 'Hunts', ko: '위협 헌팅' },
  source: { en: 'Source', ko: '소스' }, events: { en: 'Events stored', ko: '보관 이벤트' }, last: { en: 'Last event', ko: '마지막 이벤트' }, errors: { en: 'Refused lines', ko: '거부된 줄' }, silent: { en: '✕ silent', ko: '✕ 중단' }, sending: { en: '✓ sending', ko: '✓ 정상' }, licences: { en: 'Licences', ko: '라이선스' },
  recommendation: { en: 'Recommendation', ko: '권고' }, owner: { en: 'Owner', ko: '담당' }, customer: { en: 'Customer', ko: '고객' }, provider: { en: 'Provider', ko: '제공사' }, age: { en: 'Age', ko: '경과' }, days: { en: 'days', ko: '일' },
  rule: { en: 'Rule', ko: '규칙' }, alerts: { en: 'Alerts', ko: '경보' }, truePositives: { en: 'Confirmed', ko: '정탐' }, benign: { en: 'Harmless', ko: '정상' }, falsePositives: { en: 'False', ko: '오탐' }, precision: { en: 'Precision', ko: '정밀도' },
  backfilled: { en: 'From backfilled events, counted apart', ko: '소급 수집분(별도 집계)' }, total: { en: 'Detected', ko: '탐지' }, notAvailable: { en: 'Not available', ko: '제공하지 않음' }, share: { en: 'share', ko: '비율' }, records: { en: 'Records', ko: '기록' },
  weekdays: { en: 'Mon Tue Wed Thu Fri Sat Sun', ko: '월 화 수 목 금 토 일' }, byVerdict: { en: 'By verdict', ko: '판정별' }, bySeverity: { en: 'By severity', ko: '심각도별' }, byTactic: { en: 'By tactic', ko: '전술별' }, none_: { en: 'none', ko: '없음' },
  page: { en: 'Made by Haechi, an open security operations platform', ko: '열린 보안 운영 플랫폼 해치(Haechi)에서 작성' },
} as const satisfies Record<string, Texts>
