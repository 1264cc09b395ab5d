// The API's own words as tables for people show them: in English as they are, so that they can be typed into an option, in Korean as the console says them.
// With --json nothing is translated. Defended by words.test.ts.
import type { Context } from './context.ts'

const korean = {
  severity: { critical: '심각', high: '높음', medium: '보통', low: '낮음', informational: '참고' },
  incident_status: { new: '신규', investigating: '조사 중', contained: '격리 완료', resolved: '해결', closed: '종결' },
  verdict: { true_positive: '정탐', benign_true_positive: '정상 행위', false_positive: '오탐', inconclusive: '판단 불가', duplicate: '중복', test: '테스트' },
  entry: { alert: '경보', status: '상태', severity: '심각도', assignment: '담당', comment: '의견', verdict: '판정', action: '조치', approval: '승인', note: '메모' },
  action: { isolate_host: '호스트 격리', block_ip: 'IP 차단', disable_account: '계정 비활성화', quarantine_file: '파일 격리' },
  action_status: {
    requested: '요청됨', denied: '정책에 따라 거부됨', awaiting_approval: '승인 대기', approved: '승인됨', rejected: '거절됨', expired: '응답 없이 만료됨', executing: '실행 중', verifying: '확인 중',
    succeeded: '적용 확인됨', partially_succeeded: '일부만 적용됨', failed: '실패', lifting: '해제 중', lifted: '해제됨',
  },
  intel_verdict: { malicious: '악성', suspicious: '의심', benign: '정상', unknown: '미확인' },
  role: { owner: '소유자', manager: '관리자', analyst: '분석가', approver: '승인자', auditor: '감사자', assistant: '어시스턴트', ingest: '수집' },
  finding: {
    hidden_unicode: '숨은 문자', instruction: '모델에 대한 지시', exfiltration: '유출', shadowing: '도구 가로채기', secret: '비밀', schema_bomb: '스키마 폭탄', hidden_markup: '숨은 마크업', encoded_payload: '부호화된 지시', ssrf_default: '내부 주소', obfuscation: '난독화',
    dangerous_capability: '위험한 기능',
  },
  grade: { high: '높음', medium: '보통', low: '낮음' },
  technology: {
    web_server: '웹 서버', application_server: '웹 애플리케이션 서버', proxy: '프록시', cdn: 'CDN', waf: '웹 방화벽', framework: '프레임워크', language: '언어', cms: '콘텐츠 관리', commerce: '전자상거래', forum: '게시판', wiki: '위키', panel: '관리 콘솔', database: '데이터베이스',
    monitoring: '모니터링', development: '개발', collaboration: '협업', storage: '저장소', network_device: '네트워크 장비', security: '보안', analytics: '분석', script: '스크립트', operating_system: '운영체제', iot: 'IoT', messaging: '메시징', cloud: '클라우드', ai: 'AI', other: '기타',
  },
  template: { runnable: '실행 가능', parsed: '읽기만 함', refused: '거부' },
  template_severity: { critical: '심각', high: '높음', medium: '보통', low: '낮음', info: '참고', unknown: '미정' },
  scan_count: {
    not_selected: '선택되지 않음', not_runnable: '실행할 수 없음', intrusive: '기본으로 꺼짐', self_contained: '대상이 따로 있음', workflow: '워크플로', unsigned: '서명 없음', global: '전역 매처', no_web: '웹이 아님', target_unresponsive: '응답 없는 대상', interrupted: '중단됨',
    file_template: '파일 템플릿', not_a_file_template: '파일 템플릿이 아님', out_of_scope: '범위 밖', not_resolved: '이름을 찾을 수 없음', budget_exceeded: '한도를 넘음', refused: '연결 거부', unreachable: '도달할 수 없음', timeout: '시간 초과', closed: '연결 끊김', tls_failed: 'TLS 실패', protocol_error: '프로토콜 오류', cancelled: '취소됨', internal: '내부 오류',
  },
  secrets_fault: {
    too_many: '한 종류의 비밀값이 너무 많음', too_large: '너무 큼', too_deep: '압축이 너무 여러 겹', corrupt: '손상됨', encrypted: '암호화됨', not_a_file: '파일이 아님', unreadable: '읽을 수 없음',
    not_a_repository: '저장소가 아님', object_missing: '객체 없음', object_corrupt: '손상된 객체', object_too_large: '객체가 너무 큼', pack_unsupported: '지원하지 않는 팩 형식', refs_unsupported: '지원하지 않는 참조 형식(reftable)', points_outside: '지정한 경로 밖을 가리킴',
  },
  liveness: { alive: '유효함', dead: '무효', unknown: '확인 불가' },
  asset_kind: { zone: 'DNS 영역', name: '이름', host: '호스트', service: '서비스', site: '웹 사이트', api: 'API', bucket: '버킷', certificate: '인증서' },
  scan_phase: { names: '이름', hosts: '호스트', ports: '포트', services: '서비스', web: '웹', templates: '템플릿' },
  api: { openapi: 'OpenAPI', graphql: 'GraphQL', mcp: 'MCP', wsdl: 'SOAP(WSDL)', grpc_web: 'gRPC-web', odata: 'OData' },
  zone_status: { zone: '영역', name: '이름', no_name: '존재하지 않음', unanswered: '응답 없음' },
  name_server: { answers: '응답함', lame: '담당하지 않음' },
  transfer: { whole: '전체를 넘겨줌', cut: '일부를 넘겨줌', empty: '비어 있음', refused: '거부', failed: '실패', not_tried: '시도하지 않음' },
  lookup: { found: '찾음', no_data: '주소 없음', no_name: '존재하지 않음', loop: '순환', failed: '실패' },
  name_source: { given: '지정됨', record: '레코드', transfer: '영역 전송', nsec: 'NSEC', word: '흔한 이름' },
  chain_trust: { trusted: '신뢰함', self_signed: '자체 서명', unknown_authority: '신뢰하지 않는 인증기관', incomplete: '체인이 완전하지 않음', not_judged: '판단하지 않음' },
  strength: { secure: '안전', weak: '약함', insecure: '안전하지 않음' },
  doubt: { catch_all: '모두에게 같은 답', reflected: '요청을 되돌려 줌', honeypot: '함정' },
  trust: { verified: '유효', wrong: '바뀜', unknown_signer: '알 수 없는 서명자', unsigned: '서명 없음' },
  side: { customer: '고객', provider: '제공자' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

/** What a word of the API is called; a word that a newer server has stays as it is, nothing for nothing. */
export function wordOf({ language }: Pick<Context, 'language'>, kind: keyof typeof korean, word: string | null): string {
  const names: Readonly<Record<string, string>> = korean[kind]
  return word === null ? '' : language === 'ko' && Object.hasOwn(names, word) ? names[word] ?? word : word
}
