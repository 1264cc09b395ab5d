// What a kind of change is called, for people. In English the differ's own words; in Korean these. Defended by kind-words.test.ts (every kind has some).
import { kinds } from '@haechi/openapi-tools'
import type { ChangeKind, Grade } from '@haechi/openapi-tools'
import type { Language } from '@haechi/server/errors'

export const gradeWords: Readonly<Record<Language, Readonly<Record<Grade, string>>>> = {
  en: { dangerous: 'dangerous', breaking: 'breaking', review: 'review', safe: 'safe', none: 'no effect' },
  ko: { dangerous: '위험', breaking: '호환 깨짐', review: '검토 필요', safe: '안전', none: '영향 없음' },
}

const facts = {
  'type-changed': '자료형이 바뀌어 기존 값의 일부나 전부가 유효하지 않습니다', 'type-narrowed': '허용하는 자료형이 줄었습니다', 'type-widened': '허용하는 자료형이 늘었습니다',
  'no-longer-nullable': 'null을 더 이상 허용하지 않습니다', 'became-nullable': 'null을 허용합니다', 'value-removed': '목록(enum, const)의 값이 없어졌습니다', 'value-added': '목록(enum, const)에 값이 추가되었습니다',
  'became-enum': '목록에 있는 값만 허용합니다', 'no-longer-enum': '목록에 없는 값도 허용합니다', 'limit-tightened': '수, 길이, 개수, 정밀도의 제한이 엄격해졌습니다', 'limit-loosened': '제한이 느슨해지거나 없어졌습니다',
  'pattern-added': '패턴이 추가되었습니다', 'pattern-removed': '패턴이 없어졌습니다', 'pattern-changed': '패턴이 바뀌었습니다', 'format-added': '형식이 추가되었습니다', 'format-removed': '형식이 없어졌습니다', 'format-changed': '형식이나 인코딩, 미디어 유형이 바뀌었습니다',
  'alternative-removed': '대안(oneOf, anyOf)이 없어졌습니다', 'alternative-added': '대안(oneOf, anyOf)이 추가되었습니다', 'rule-added': '규칙(not, if, contains, dependentRequired, propertyNames 등)이 추가되었습니다',
  'rule-removed': '규칙(not, if, contains, dependentRequired, propertyNames 등)이 없어졌습니다', 'rule-changed': '규칙(not, if, contains, dependentRequired, propertyNames 등)이 바뀌었습니다',
  'closed': '선언하지 않은 속성이나 항목을 더 이상 허용하지 않습니다', 'opened': '선언하지 않은 속성이나 항목을 허용합니다',
} as const
type Fact = keyof typeof facts

const korean: Readonly<Record<Exclude<ChangeKind, `${'argument' | 'output'}-${Fact}`>, string>> = {
  'tool-added': '읽기만 하는 도구가 추가되었습니다', 'writing-tool-added': '쓰는 도구가 추가되었습니다', 'destructive-tool-added': '덮어쓰거나 삭제하는 도구가 추가되었습니다',
  'unguarded-tool-added': '다른 도구와 달리 인증 정보 없이 쓰는 도구가 추가되었습니다', 'tool-removed': '도구가 없어졌거나 작업을 더 이상 변환할 수 없습니다', 'tool-renamed': '같은 작업의 도구 이름이 바뀌었습니다',
  'path-changed': '같은 도구가 다른 경로를 호출합니다', 'method-changed': '같은 도구가 다른 메서드를 호출합니다', 'title-changed': '제목이 바뀌었습니다', 'description-changed': '모델이 읽는 설명이 바뀌었습니다',
  'became-writing': '읽기만 하던 도구가 이제 씁니다', 'no-longer-writing': '쓰던 도구가 이제 읽기만 합니다', 'became-destructive': '읽거나 추가하던 도구가 이제 덮어쓰거나 삭제합니다', 'no-longer-destructive': '덮어쓰거나 삭제하던 도구가 더 이상 그러지 않습니다',
  'no-longer-idempotent': '두 번 호출하면 한 번 호출한 것과 결과가 다릅니다', 'became-idempotent': '두 번 호출해도 한 번 호출한 것과 결과가 같습니다', 'deprecated': '작업이 사용 중단 예정으로 표시되었습니다', 'no-longer-deprecated': '작업이 더 이상 사용 중단 예정이 아닙니다',
  'x-mcp-changed': '작업이 도구로서의 자신을 다르게 말합니다(x-mcp)', 'tags-changed': '태그가 바뀌었습니다', 'text-changed': '도구가 보여 주지 않는 요약이나 설명이 바뀌었습니다', 'operation-id-changed': '도구 이름은 같고 operationId가 바뀌었습니다',
  'more-changes': '이 도구에는 표시하지 않은 변경이 더 있으며, 그 등급은 이 항목의 등급을 넘지 않습니다',
  'argument-added': '선택 인자가 추가되었습니다', 'required-argument-added': '필수 인자가 추가되었습니다', 'argument-removed': '인자가 없어졌습니다', 'argument-renamed': '같은 매개변수의 인자 이름이 바뀌었습니다',
  'argument-moved': '인자를 요청의 다른 자리에 보냅니다. 호출하는 쪽에는 보이지 않습니다', 'argument-became-required': '선택 인자가 필수가 되었습니다', 'argument-no-longer-required': '필수 인자가 선택이 되었습니다',
  'argument-default-changed': '인자를 생략한 호출의 뜻이 바뀌었습니다', 'argument-description-changed': '모델이 읽는 인자 설명이 바뀌었습니다', 'argument-example-changed': '도구가 보여 주지 않는 예시가 바뀌었습니다',
  'argument-deprecated': '인자가 사용 중단 예정으로 표시되었습니다', 'argument-no-longer-deprecated': '인자가 더 이상 사용 중단 예정이 아닙니다', 'argument-discriminator-changed': '인자의 discriminator가 바뀌었습니다. 유효한 값은 같습니다',
  'constant-changed': '모델에게 보이지 않고 항상 보내는 값이 바뀌었습니다', 'serialisation-changed': '인자를 요청에 적는 방식이 바뀌었습니다',
  'body-added': '선택 본문이 추가되었습니다', 'required-body-added': '필수 본문이 추가되었습니다', 'body-removed': '본문이 없어졌습니다', 'body-media-type-changed': '본문의 미디어 유형이 바뀌었고 쓰는 방식은 같습니다', 'body-kind-changed': '본문의 종류(JSON, 폼, multipart, 파일, 텍스트)가 바뀌어 인자의 모양이 다릅니다',
  'output-added': '응답의 구조가 기술되었습니다', 'output-removed': '응답의 구조가 더 이상 기술되지 않습니다', 'output-property-added': '응답에 속성이 추가되었습니다', 'output-property-removed': '응답의 속성이 없어졌습니다',
  'output-became-optional': '응답의 속성이 없을 수 있습니다', 'output-became-required': '응답의 속성이 항상 있습니다', 'output-description-changed': '도구가 보여 주지 않는 응답 스키마의 설명이 바뀌었습니다',
  'output-deprecated': '응답의 속성이 사용 중단 예정으로 표시되었습니다', 'output-no-longer-deprecated': '응답의 속성이 더 이상 사용 중단 예정이 아닙니다', 'output-discriminator-changed': '응답의 discriminator가 바뀌었습니다. 유효한 값은 같습니다',
  'answer-added': '성공 응답의 상태 코드가 추가되었습니다', 'answer-removed': '성공 응답의 상태 코드가 없어졌습니다', 'answer-media-type-added': '응답의 미디어 유형이 추가되었습니다', 'answer-media-type-removed': '응답의 미디어 유형이 없어졌습니다',
  'error-answer-changed': '실패 응답의 상태 코드가 바뀌었습니다. 실패한 호출은 어느 쪽이든 오류로 전달됩니다',
  'security-added': '없던 인증 정보를 요구합니다', 'security-removed': '인증 정보를 더 이상 요구하지 않습니다', 'security-weakened': '익명이나 더 적은 인증 수단으로 호출할 수 있게 되었습니다', 'security-strengthened': '요구가 더 적던 호출 방법이 없어졌습니다',
  'security-changed': '다른 인증 정보를 요구합니다', 'security-alternative-added': '다른 인증 정보로도 호출할 수 있습니다', 'security-alternative-removed': '호출 방법 하나가 없어졌습니다',
  'scope-added': '권한 범위(scope)를 더 요구합니다. 더 강한 인증 정보가 필요하며 기존 것으로는 부족합니다', 'scope-dropped': '권한 범위(scope)를 덜 요구합니다. 더 약한 인증 정보로도 호출할 수 있습니다',
  'credentials-moved': '인증 정보를 다른 자리나 다른 이름으로 보냅니다', 'security-scheme-changed': '같은 체계의 인증 정보를 다른 방식으로 보냅니다',
  'host-changed': '인자와 인증 정보가 다른 호스트나 포트로 갑니다', 'scheme-downgraded': 'https가 http로 바뀌어 인자와 인증 정보를 중간에서 읽을 수 있습니다', 'scheme-upgraded': 'http가 https로 바뀌었습니다',
  'server-path-changed': '같은 호스트의 다른 기본 경로를 호출합니다', 'server-added': '문서에 없던 호출 주소가 생겼습니다', 'server-removed': '문서에 호출 주소가 더 이상 없습니다', 'server-offered': '사용하는 첫 주소 외에 다른 호스트가 추가되었습니다', 'server-withdrawn': '사용하는 첫 주소 외의 호스트가 없어졌습니다',
}

/** A sentence or its beginning; `finding-CLASS` is told by its class. */
export function aboutKind(kind: string, language: Language): string {
  if (!Object.hasOwn(kinds, kind)) return language === 'ko' ? '검사에서 새로 발견한 문구' : 'newly found by the scan'
  if (language === 'en') return kinds[kind as ChangeKind].about
  const own: Readonly<Record<string, string>> = korean
  const [, side = '', fact = ''] = /^(argument|output)-(.*)$/.exec(kind) ?? []
  return Object.hasOwn(own, kind) ? own[kind]! : `${side === 'argument' ? '인자' : '응답'}: ${facts[fact as Fact]}`
}
