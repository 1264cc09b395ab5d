import { catalogue } from '../texts/catalogue.ts'

export const approvalTexts = catalogue({
  title: 'Approvals',
  yours: 'For you to decide', others: 'Waiting for others',
  count: { one: '{count} waiting', other: '{count} waiting' },
  empty: 'Nothing waits for approval',
  empty_why: 'When the response policy asks for a person before an action runs, the request appears here, with what it rests on and what it would touch.',
  empty_next: 'Open incidents',
  incident: 'Incident', evidence: 'What it rests on', evidence_more: { one: '{count} more alert in the incident', other: '{count} more alerts in the incident' },
  expired: 'expired', left: '{time} left', decide: 'Decide',
}, {
  title: '승인',
  yours: '직접 결정할 조치', others: '다른 사람이 결정할 조치',
  count: '{count}건 대기',
  empty: '승인을 기다리는 조치가 없습니다',
  empty_why: '대응 정책에 따라 사람의 승인이 필요한 조치가 근거와 영향 범위와 함께 이곳에 나타납니다.',
  empty_next: '열린 인시던트 보기',
  incident: '인시던트', evidence: '근거', evidence_more: '인시던트의 다른 경보 {count}건',
  expired: '만료됨', left: '{time} 남음', decide: '결정하기',
})
