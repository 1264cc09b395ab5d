// What this context says to people, in both languages, by the code that is stored. Defended by texts.test.ts (both languages, the same parameters).
import type { Language } from '../platform/errors.ts'
import type { ActionType } from './wire.ts'

type Text = { readonly en: string; readonly ko: string }

/** Why a target is where it is. Stable: clients match the codes. */
export const reasons = {
  // of the verdict
  approval_required: { en: 'The response policy asks for an approval', ko: '대응 정책에 따라 승인이 필요합니다' },
  policy_denied: { en: 'The response policy does not allow this ({rule})', ko: '대응 정책에서 허용하지 않습니다({rule})' },
  observe_only: { en: 'The response policy only observes: nothing is acted on', ko: '대응 정책이 관찰 전용이므로 조치하지 않습니다' },
  never_isolate: { en: 'This is on the never-isolate list of the response policy; take it off there first', ko: '대응 정책의 격리 금지 목록에 있습니다. 조치하려면 먼저 목록에서 빼십시오' },
  over_cap: { en: 'More targets than may be acted on at once without an approval', ko: '승인 없이 한 번에 조치할 수 있는 대상 수를 넘었습니다' },
  stale_evidence: { en: 'The evidence is older than 24 hours or was ingested later (backfill), so a person decides', ko: '증거가 24시간보다 오래되었거나 나중에 수집된 것(백필)이므로 사람이 결정합니다' },
  policy_unverified: { en: 'The signature of the response policy does not hold, so everything needs an approval; sign a policy again', ko: '대응 정책의 서명이 확인되지 않아 모든 조치에 승인이 필요합니다. 정책에 다시 서명하십시오' },
  no_second_approver: { en: 'Nobody but the requester could approve this; invite a second approver', ko: '요청자 외에 승인할 수 있는 사람이 없습니다. 두 번째 승인자를 초대하십시오' },
  // of the target itself
  unknown_target: { en: 'Nothing is known here by this name', ko: '이 이름으로 알려진 대상이 없습니다' },
  target_ambiguous: { en: 'Several assets fit this name; name one of the candidates', ko: '이 이름에 맞는 자산이 여럿입니다. 후보 중 하나를 지정하십시오' },
  target_malformed: { en: 'This cannot be read as a target of this action; expected {expected}', ko: '이 조치의 대상으로 해석할 수 없습니다. 필요한 형식: {expected}' },
  target_protected: { en: 'This is never acted on: the platform, the system itself or a reserved address depends on it', ko: '조치할 수 없는 대상입니다. 이 플랫폼이나 시스템 자체가 사용하거나 예약된 주소입니다' },
  network_too_broad: { en: 'The network is too wide to be blocked; name addresses or narrower networks', ko: '차단하기에는 너무 넓은 네트워크입니다. 주소나 더 좁은 네트워크를 지정하십시오' },
  outside_site: { en: 'This belongs to another site than the requester is bound to', ko: '요청자가 속한 사이트의 대상이 아닙니다' },
  incident_closed: { en: 'The incident is closed; reopen it first', ko: '종결된 인시던트입니다. 먼저 다시 여십시오' },
  // of the way it went
  no_executor: { en: 'Nothing that is connected can carry this out; it was not done and will not be done later', ko: '이 조치를 실행할 수 있는 연결이 없습니다. 실행되지 않았으며 나중에도 실행되지 않습니다' },
  already_in_effect: { en: 'It stands already by the action {action} and is shared with it', ko: '조치 {action}(으)로 이미 적용되어 있어 함께 유지됩니다' },
  rejected: { en: 'Rejected', ko: '거절되었습니다' },
  approval_expired: { en: 'Nobody answered in time', ko: '기한 안에 응답이 없었습니다' },
  acted_on_timeout: { en: 'Nobody answered in time; the signed policy says to act then', ko: '기한 안에 응답이 없어 서명된 정책에 따라 조치했습니다' },
  execution_failed: { en: 'It could not be carried out: {detail}', ko: '실행하지 못했습니다: {detail}' },
  not_verified: { en: 'It was carried out, but its effect could not be confirmed', ko: '실행했으나 효과를 확인하지 못했습니다' },
  containment_ended: { en: 'The time of the containment is over', ko: '격리 기간이 끝났습니다' },
  lift_requested: { en: 'Lifted on request', ko: '요청에 따라 해제했습니다' },
  still_held: { en: 'Let go; the effect stands on, another action holds it', ko: '해제했습니다. 다른 조치가 유지하고 있어 효과는 계속됩니다' },
  lift_failing: { en: 'Lifting has not worked yet and is tried again: {detail}', ko: '아직 해제하지 못해 다시 시도합니다: {detail}' },
  // why a reader may not decide
  forbidden: { en: 'This identity may not approve', ko: '승인 권한이 없습니다' },
  requester_cannot_approve: { en: 'Whoever requests an action cannot approve it', ko: '요청자는 자신의 요청을 승인할 수 없습니다' },
  not_the_approver: { en: 'Others are asked to approve this', ko: '이 요청의 승인자가 아닙니다' },
  action_decided: { en: 'It is decided already', ko: '이미 결정되었습니다' },
  already_voted: { en: 'You have approved; others must too', ko: '이미 승인하셨습니다. 다른 승인자의 승인이 더 필요합니다' },
  policy_digest_mismatch: { en: 'The stored policy version {version} is not what was signed', ko: '저장된 정책 버전 {version}이(가) 서명된 내용과 다릅니다' },
  policy_signature_invalid: { en: 'The signature of the policy version {version} was not made by this server', ko: '정책 버전 {version}의 서명이 이 서버에서 만든 것이 아닙니다' },
} as const satisfies Record<string, Text>
export type Reason = keyof typeof reasons

/** Entries of an action's history and of the incident's story. `what` is the action, `targets` its targets as a list. */
export const events = {
  requested: { en: 'Requested: {what}', ko: '요청: {what}' },
  denied: { en: 'Denied: {what} ({why})', ko: '거부됨: {what} ({why})' },
  awaiting_approval: { en: 'Waits for {approvers}: {what}', ko: '승인 대기({approvers}): {what}' },
  approved: { en: 'Approved: {what}', ko: '승인됨: {what}' },
  allowed: { en: 'Allowed by the response policy ({rule}): {what}', ko: '대응 정책에 따라 허용됨({rule}): {what}' },
  voted: { en: 'Approved by one; more approvals are needed: {what}', ko: '한 명이 승인했으며 추가 승인이 필요합니다: {what}' },
  rejected: { en: 'Rejected: {what}', ko: '거절됨: {what}' },
  expired: { en: 'Nobody answered in time: {what}', ko: '기한 안에 응답 없음: {what}' },
  escalated: { en: 'Nobody answered in time; asked {approvers}: {what}', ko: '기한 안에 응답이 없어 {approvers}에게 요청함: {what}' },
  acted_on_timeout: { en: 'Nobody answered in time, and the signed policy says to act: {what}', ko: '기한 안에 응답이 없어 서명된 정책에 따라 조치함: {what}' },
  executing: { en: 'Carrying out: {what}', ko: '실행 중: {what}' },
  verifying: { en: 'Carried out, confirming: {what}', ko: '실행 후 확인 중: {what}' },
  succeeded: { en: 'Done and confirmed: {what}', ko: '완료 및 확인됨: {what}' },
  joined: { en: 'Stands already and is shared: {what}', ko: '이미 적용되어 있어 함께 유지됨: {what}' },
  failed: { en: 'Not done: {what} ({why})', ko: '실행되지 않음: {what} ({why})' },
  lifting: { en: 'Lifting: {what} ({why})', ko: '해제 중: {what} ({why})' },
  lifted: { en: 'Lifted: {what}', ko: '해제됨: {what}' },
} as const satisfies Record<string, Text>
export type EventCode = keyof typeof events

const actions: Readonly<Record<ActionType, Text>> = {
  isolate_host: { en: 'isolate {targets}', ko: '{targets} 격리' },
  block_ip: { en: 'block {targets}', ko: '{targets} 차단' },
  disable_account: { en: 'disable the account {targets}', ko: '계정 {targets} 비활성화' },
  quarantine_file: { en: 'quarantine {targets}', ko: '{targets} 파일 격리' },
}

export const expected: Readonly<Record<ActionType, Text>> = {
  isolate_host: { en: 'a host name or an asset id', ko: '호스트 이름 또는 자산 ID' },
  block_ip: { en: 'an address or a network (203.0.113.7, 203.0.113.0/24)', ko: '주소 또는 네트워크(203.0.113.7, 203.0.113.0/24)' },
  disable_account: { en: 'host\\user or user@realm', ko: 'host\\user 또는 user@realm' },
  quarantine_file: { en: 'host:path, host:sha256 or a sha256', ko: 'host:경로, host:sha256 또는 sha256' },
}

export const groups: Readonly<Record<'customer' | 'provider' | 'customer_other', Text>> = {
  customer: { en: "the customer's approvers", ko: '고객 승인자' },
  provider: { en: 'the MDR team', ko: 'MDR 팀' },
  customer_other: { en: 'another approver of the customer', ko: '고객의 다른 승인자' },
}
export const ofSeveral: Text = { en: '{group} ({needed} of them)', ko: '{group}({needed}명)' }

export const fill = (text: Text, language: Language, params: Readonly<Record<string, string | number>> = {}): string =>
  text[language].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))

/** "isolate WS-12 and 2 more" */
export function whatOf(type: ActionType, targets: readonly string[], language: Language): string {
  const shown = targets.slice(0, 3).join(', ')
  const more = targets.length - 3
  const list = more <= 0 ? shown : language === 'en' ? `${shown} and ${more} more` : `${shown} 외 ${more}개`
  return fill(actions[type], language, { targets: list })
}

export const sayReason = (code: string, language: Language, params: Readonly<Record<string, string | number>> = {}): string =>
  (code in reasons ? fill(reasons[code as Reason], language, params) : code)
