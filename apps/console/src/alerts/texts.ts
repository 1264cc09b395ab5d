import { catalogue } from '../texts/catalogue.ts'

export const alertTexts = catalogue({
  title: 'Alerts', column_severity: 'Severity', column_rule: 'What fired', column_host: 'Host', column_user: 'User', column_status: 'Status', column_events: 'Events', column_raised: 'Raised', column_source: 'Rule from', column_techniques: 'Techniques',
  status_new: 'New', status_attached: 'In an incident', status_suppressed: 'Suppressed', status_dismissed: 'Dismissed',
  filter_status: 'Status', filter_severity: 'Severity', filter_kind: 'Kind', kind_rule: 'Rule', kind_indicator: 'Indicator', filter_host: 'Host', filter_user: 'User', filter_rule: 'Rule',
  incident: 'Its incident', backfill: 'From history',
  empty: 'No alerts yet', empty_why: 'A rule or a known indicator that matches an event makes an alert. Send events, or look at which rules are enabled.', empty_filtered: 'Nothing fits these filters', empty_filtered_why: 'Take one away to see more.', clear: 'Clear the filters',
  evidence: 'Evidence',
}, {
  title: '경보', column_severity: '심각도', column_rule: '탐지 내용', column_host: '호스트', column_user: '사용자', column_status: '상태', column_events: '이벤트', column_raised: '생성', column_source: '규칙 출처', column_techniques: '공격 기법',
  status_new: '신규', status_attached: '인시던트에 포함', status_suppressed: '억제됨', status_dismissed: '기각됨',
  filter_status: '상태', filter_severity: '심각도', filter_kind: '종류', kind_rule: '규칙', kind_indicator: '침해지표', filter_host: '호스트', filter_user: '사용자', filter_rule: '규칙',
  incident: '인시던트 열기', backfill: '과거 기록',
  empty: '아직 경보가 없습니다', empty_why: '탐지 규칙이나 알려진 침해지표가 이벤트와 일치하면 경보가 생깁니다. 이벤트를 보내거나 사용 중인 규칙을 확인하십시오.', empty_filtered: '조건에 맞는 경보가 없습니다', empty_filtered_why: '필터를 줄이면 더 볼 수 있습니다.', clear: '필터 지우기',
  evidence: '증거',
})
