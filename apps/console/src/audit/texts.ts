import { catalogue } from '../texts/catalogue.ts'

export const auditTexts = catalogue({
  title: 'Audit log',
  column_at: 'When', column_who: 'Who', column_action: 'What was done', column_resource: 'To what', column_outcome: 'Outcome', column_sequence: 'No.',
  filter_what: 'What', filter_who: 'Who', filter_outcome: 'Outcome', filter_when: 'When',
  outcome_success: 'Done', outcome_denied: 'Refused', outcome_failure: 'Failed',
  when_hour: 'Last hour', when_day: 'Last 24 hours', when_week: 'Last 7 days', when_month: 'Last 30 days',
  noun_session: 'Sign-ins', noun_user: 'People', noun_key: 'API keys', noun_tenant: 'Tenant', noun_site: 'Sites', noun_policy: 'Response policy', noun_action: 'Response actions', noun_incident: 'Incidents', noun_alert: 'Alerts', noun_rule: 'Rules', noun_rule_pack: 'Rule packs', noun_suppression: 'Suppressions', noun_feed: 'Threat intelligence', noun_asset: 'Assets', noun_source: 'Sources', noun_event: 'Events',
  do_session_create: 'Signed in', do_session_end: 'Signed out', do_user_create: 'Invited somebody', do_user_join: 'Made somebody a member', do_user_change: 'Changed what somebody may do', do_user_change_password: 'Changed the own password', do_user_reset_password: 'Made a new one-time password', do_key_create: 'Created an API key', do_key_rotate: 'Rotated an API key', do_key_revoke: 'Revoked an API key', do_tenant_create: 'Created the tenant', do_tenant_change: 'Changed the tenant', do_site_create: 'Added a site', do_policy_draft: 'Drafted a response policy', do_policy_sign: 'Signed a response policy', do_action_request: 'Requested an action', do_action_approve: 'Approved an action', do_action_reject: 'Rejected an action', do_action_lift: 'Lifted an action', do_rule_pack_install: 'Installed a rule pack', do_rule_pack_remove: 'Removed a rule pack', do_rule_pack_rollback: 'Rolled a rule pack back', do_suppression_create: 'Suppressed alerts', do_suppression_remove: 'Ended a suppression', do_feed_import: 'Imported threat intelligence', do_feed_remove: 'Removed threat intelligence', do_asset_classify: 'Classified an asset',
  actor_user: 'person', actor_key: 'API key', actor_operator: 'operator of the server', actor_system: 'Haechi itself',
  empty: 'No records yet', empty_why: 'Everything that a person or a key changes leaves a record here, and so does every refusal. Records can be read and exported, never changed.', empty_filtered: 'No record fits these filters', empty_filtered_why: 'Take a filter off, or look further back.', clear: 'Clear filters',
  export: 'Export', export_title: 'The whole chain as NDJSON; it is checked without a server by: haechi audit verify', exporting: 'Exporting', export_failed: 'The export failed',
  check: 'Check the chain', checking: 'Checking', holds: { one: 'The chain holds: {count} record', other: 'The chain holds: {count} records' }, holds_title: 'Checked {at}. Last hash {head}.', broken: 'The chain is broken at record {record}', broken_why: 'What is stored there is not what was written ({reason}). Keep an export and compare it with earlier ones.', check_failed: 'The chain could not be checked',
  panel_record: 'Record {sequence}', person: 'Answered for by', detail: 'Detail', hash: 'Hash', prev_hash: 'Hash before it', no_detail: 'Nothing more.', none: '–', refused_action: 'Asked for',
}, {
  title: '감사 로그',
  column_at: '시각', column_who: '수행자', column_action: '내용', column_resource: '대상', column_outcome: '결과', column_sequence: '번호',
  filter_what: '내용', filter_who: '수행자', filter_outcome: '결과', filter_when: '기간',
  outcome_success: '완료', outcome_denied: '거부됨', outcome_failure: '실패',
  when_hour: '최근 1시간', when_day: '최근 24시간', when_week: '최근 7일', when_month: '최근 30일',
  noun_session: '로그인', noun_user: '사용자', noun_key: 'API 키', noun_tenant: '테넌트', noun_site: '사이트', noun_policy: '대응 정책', noun_action: '대응 조치', noun_incident: '인시던트', noun_alert: '경보', noun_rule: '탐지 규칙', noun_rule_pack: '규칙 묶음', noun_suppression: '경보 억제', noun_feed: '위협 인텔리전스', noun_asset: '자산', noun_source: '로그 소스', noun_event: '이벤트',
  do_session_create: '로그인', do_session_end: '로그아웃', do_user_create: '사용자 초대', do_user_join: '기존 사용자를 구성원으로 추가', do_user_change: '사용자 권한 변경', do_user_change_password: '자신의 비밀번호 변경', do_user_reset_password: '일회용 비밀번호 새로 생성', do_key_create: 'API 키 생성', do_key_rotate: 'API 키 교체', do_key_revoke: 'API 키 폐기', do_tenant_create: '테넌트 생성', do_tenant_change: '테넌트 정보 변경', do_site_create: '사이트 추가', do_policy_draft: '대응 정책 초안 작성', do_policy_sign: '대응 정책 서명', do_action_request: '조치 요청', do_action_approve: '조치 승인', do_action_reject: '조치 거절', do_action_lift: '조치 해제', do_rule_pack_install: '규칙 묶음 설치', do_rule_pack_remove: '규칙 묶음 삭제', do_rule_pack_rollback: '규칙 묶음을 이전 버전으로 복원', do_suppression_create: '경보 억제 추가', do_suppression_remove: '경보 억제 종료', do_feed_import: '위협 인텔리전스 가져오기', do_feed_remove: '위협 인텔리전스 삭제', do_asset_classify: '자산 분류',
  actor_user: '사용자', actor_key: 'API 키', actor_operator: '서버 운영자', actor_system: 'Haechi',
  empty: '아직 기록이 없습니다', empty_why: '사람이나 키가 변경한 내용과 거부된 요청이 모두 여기에 남습니다. 기록은 읽고 내보낼 수 있지만 바꿀 수 없습니다.', empty_filtered: '조건에 맞는 기록이 없습니다', empty_filtered_why: '필터를 줄이거나 기간을 넓혀 보십시오.', clear: '필터 지우기',
  export: '내보내기', export_title: '기록 전체를 NDJSON으로 내보냅니다. 서버 없이 haechi audit verify 명령으로 검증할 수 있습니다.', exporting: '내보내는 중', export_failed: '내보내지 못했습니다',
  check: '기록 검증하기', checking: '검증하는 중', holds: '기록 {count}건 모두 온전합니다', holds_title: '{at} 검증. 마지막 해시 {head}.', broken: '{record}번째 기록이 훼손되었습니다', broken_why: '저장된 내용이 기록된 내용과 다릅니다({reason}). 지금 내보내어 보관하고 이전에 내보낸 기록과 비교하십시오.', check_failed: '기록을 검증하지 못했습니다',
  panel_record: '기록 {sequence}', person: '책임자', detail: '상세', hash: '해시', prev_hash: '이전 기록의 해시', no_detail: '더 기록된 내용이 없습니다.', none: '–', refused_action: '요청한 작업',
})
