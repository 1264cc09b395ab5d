import { catalogue } from '../texts/catalogue.ts'

export const hostTexts = catalogue({
  title: 'Hosts and users', kinds: 'What is listed', kind_host: 'Hosts', kind_user: 'Users', kind_address: 'Addresses', find: 'Name, class or tag',
  column_name: 'Name', column_criticality: 'Criticality', column_exposure: 'Exposure', column_class: 'Used as', column_tags: 'Tags', column_last: 'Last seen', column_first: 'First seen',
  criticality_critical: 'Critical', criticality_high: 'High', criticality_normal: 'Normal', criticality_low: 'Low', exposure_internet: 'Internet', exposure_internal: 'Internal', exposure_unknown: 'Not known',
  empty_host: 'No hosts yet', empty_user: 'No users yet', empty_address: 'No internal addresses yet', empty_why: 'They appear here by themselves as soon as an event names them.', empty_filtered: 'Nothing fits', empty_filtered_why: 'Take a filter away to see more.', clear: 'Clear the filters',
  gone: 'There is no such entry here', gone_why: 'It may belong to another tenant.',
  classify: 'Classify', criticality: 'Criticality', criticality_hint: 'High and critical raise the severity of the incidents that touch it.', exposure: 'Exposure', exposure_hint: 'Reachable from the internet raises it as well.', class: 'Used as', class_hint: 'Such as domain_controller or workstation.', tags: 'Tags', tags_hint: 'Enter after each, 32 at most.', save: 'Save', saved: '{name} is classified', unsaved: 'Not saved yet', undo: 'Undo',
  seen: 'Seen', first: 'First seen', last: 'Last seen', look: 'Look further', hunt: 'What it did', alerts: 'Its alerts', of_kind: 'Kind', one_host: 'Host', one_user: 'User', one_address: 'Address',
  bulk_criticality: 'Criticality', bulk_exposure: 'Exposure', bulk_done: { one: '{count} classified', other: '{count} classified' }, bulk_failed: '{count} classified, {failed} not: {reason}',
}, {
  title: '호스트·사용자', kinds: '목록 종류', kind_host: '호스트', kind_user: '사용자', kind_address: '주소', find: '이름, 용도, 태그',
  column_name: '이름', column_criticality: '중요도', column_exposure: '노출', column_class: '용도', column_tags: '태그', column_last: '최근 확인', column_first: '최초 확인',
  criticality_critical: '핵심', criticality_high: '높음', criticality_normal: '보통', criticality_low: '낮음', exposure_internet: '인터넷 노출', exposure_internal: '내부망', exposure_unknown: '미확인',
  empty_host: '아직 호스트가 없습니다', empty_user: '아직 사용자가 없습니다', empty_address: '아직 내부 주소가 없습니다', empty_why: '이벤트에 이름이 나오면 여기에 저절로 나타납니다.', empty_filtered: '조건에 맞는 항목이 없습니다', empty_filtered_why: '필터를 줄이면 더 볼 수 있습니다.', clear: '필터 지우기',
  gone: '찾을 수 없는 항목입니다', gone_why: '다른 테넌트의 항목일 수 있습니다.',
  classify: '분류', criticality: '중요도', criticality_hint: '높음 이상이면 관련 인시던트의 심각도가 올라갑니다.', exposure: '노출', exposure_hint: '인터넷에서 닿을 수 있어도 심각도가 올라갑니다.', class: '용도', class_hint: '예: domain_controller, workstation', tags: '태그', tags_hint: '하나씩 적고 Enter를 누릅니다. 최대 32개입니다.', save: '저장하기', saved: '{name}을(를) 분류했습니다', unsaved: '아직 저장하지 않았습니다', undo: '되돌리기',
  seen: '확인', first: '최초 확인', last: '최근 확인', look: '더 살펴보기', hunt: '활동 보기', alerts: '경보 보기', of_kind: '종류', one_host: '호스트', one_user: '사용자', one_address: '주소',
  bulk_criticality: '중요도 지정', bulk_exposure: '노출 지정', bulk_done: '{count}건을 분류했습니다', bulk_failed: '{count}건 분류, {failed}건 실패: {reason}',
})
