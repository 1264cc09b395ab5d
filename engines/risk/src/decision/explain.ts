// A decision in words, in English and Korean: why this row, what follows, what was not known. One table, so that the command line, the console and reports say the same.
// Defended by explain.test.ts: every word of the model is in both languages.
import { staleAfterDays } from './decide.ts'
import type { Band, Decision, Factor, Level, Note, Question, Source } from './model.ts'
import { ruleFor } from './weaknesses.ts'
import type { Weakness } from './weaknesses.ts'

export type RiskLanguage = 'en' | 'ko'
type Words<K extends string> = Readonly<Record<K, string>>

const levels: Readonly<Record<RiskLanguage, Words<Level>>> = {
  en: { urgent: 'urgent', remedy: 'remedy', watch: 'watch' },
  ko: { urgent: '긴급 대응', remedy: '보완 조치', watch: '모니터링' },
}
const bands: Readonly<Record<RiskLanguage, Words<Band>>> = {
  en: { three_days_forensics: 'within 3 days, and look for traces of an intrusion', three_days: 'within 3 days', fourteen_days: 'within 14 days', sixty_days: 'within 60 days', next_upgrade: 'with the next upgrade' },
  ko: { three_days_forensics: '3일 이내, 침해 흔적 조사 병행', three_days: '3일 이내', fourteen_days: '14일 이내', sixty_days: '60일 이내', next_upgrade: '다음 업그레이드 때' },
}
const questions: Readonly<Record<RiskLanguage, Readonly<Record<Question, { readonly yes: string; readonly no: string }>>>> = {
  en: {
    in_kev: { yes: 'known to be exploited', no: 'not known to be exploited' }, exposed: { yes: 'reached from outside', no: 'not reached from outside' },
    automatable: { yes: 'exploitable by machine', no: 'not exploitable by machine' }, total_impact: { yes: 'total impact', no: 'partial impact' },
  },
  ko: {
    in_kev: { yes: '악용 사례가 확인됨', no: '악용 사례가 확인되지 않음' }, exposed: { yes: '외부에서 접근됨', no: '외부에서 접근되지 않음' },
    automatable: { yes: '자동화된 공격이 가능함', no: '자동화된 공격이 어려움' }, total_impact: { yes: '영향이 전면적임', no: '영향이 부분적임' },
  },
}
const sources: Readonly<Record<RiskLanguage, Words<Source>>> = {
  en: { kev: 'KEV', ssvc: 'SSVC', cvss: 'from the CVSS vector', measured: 'measured', stated: 'stated', rule: 'by the kind of weakness', assumed: 'not known, the worse is assumed' },
  ko: { kev: 'KEV', ssvc: 'SSVC', cvss: 'CVSS 벡터에서 판단', measured: '실측', stated: '제공된 정보', rule: '취약점 유형 기준', assumed: '알 수 없어 더 나쁜 쪽으로 가정' },
}
const states: Readonly<Record<RiskLanguage, Words<Decision['state']>>> = { en: { confirmed: 'confirmed', potential: 'potential' }, ko: { confirmed: '확인됨', potential: '가능성' } }
const factors: Readonly<Record<RiskLanguage, Words<Factor['name']>>> = {
  en: { exploitation: 'exploitation', likelihood: 'likelihood', exposure: 'exposure', impact: 'impact', automation: 'automation', criticality: 'criticality', proof: 'proof', control: 'control' },
  ko: { exploitation: '악용', likelihood: '악용 가능성', exposure: '노출', impact: '영향', automation: '자동화', criticality: '자산 중요도', proof: '증거', control: '보호 대책' },
}
const notes: Readonly<Record<RiskLanguage, Words<Note>>> = {
  en: {
    exposure_not_measured: 'Whether the asset is reached from outside was not measured.', exposure_stale: `That the asset is not reached from outside was measured more than ${staleAfterDays} days ago; measure it again.`,
    control_not_verified: 'A control stands before it, but nobody saw it block from outside: it does not count.', control_stale: `That the control blocks was tested more than ${staleAfterDays} days ago: it does not count until tested again.`,
    clock_from_kev: 'The clock runs from the day of listing in KEV, which was after the finding.', exploited_outside_kev: 'CISA reports active exploitation (SSVC), though KEV does not list it.',
    cvss_unreadable: 'A CVSS vector could not be read and was left out.', no_cve_rule: 'There is no CVE: the answers are those of the kind of weakness.', future_found: 'The day of finding is in the future.',
  },
  ko: {
    exposure_not_measured: '외부에서 이 자산에 접근할 수 있는지 측정하지 않았습니다.', exposure_stale: `외부에서 접근되지 않는다는 측정이 ${staleAfterDays}일보다 오래되었습니다. 다시 측정하십시오.`,
    control_not_verified: '보호 대책이 있으나 외부에서 차단되는 것을 확인하지 않아 반영하지 않습니다.', control_stale: `보호 대책의 차단 시험이 ${staleAfterDays}일보다 오래되어, 다시 시험할 때까지 반영하지 않습니다.`,
    clock_from_kev: '발견 이후 KEV에 등재되어, 기한을 등재일부터 계산합니다.', exploited_outside_kev: 'KEV에는 없으나 CISA가 실제 악용을 보고했습니다(SSVC).',
    cvss_unreadable: '읽을 수 없는 CVSS 벡터가 있어 제외했습니다.', no_cve_rule: 'CVE가 없어 취약점 유형의 기준으로 판단했습니다.', future_found: '발견일이 미래입니다.',
  },
}
const kinds: Readonly<Record<Weakness, string>> = {
  vulnerability: '취약점', misconfiguration: '설정 오류', exposed_credential: '노출된 자격 증명', valid_credential: '유효한 자격 증명 유출', default_login: '기본 계정', missing_authentication: '인증 누락', subdomain_takeover: '서브도메인 탈취',
  compromise_sign: '침해 흔적', sensitive_data: '민감 정보 노출', exposed_service: '노출된 서비스', exposed_panel: '노출된 관리 화면', end_of_life: '지원 종료', weak_cryptography: '취약한 암호화', invalid_certificate: '잘못된 인증서',
  hardening: '보안 강화 미흡', information: '정보',
}
const reasons: Readonly<Record<Exclude<Weakness, 'vulnerability' | 'misconfiguration'>, string>> = {
  exposed_credential: '발견한 누구나 시도할 수 있으며, 아직 유효한지는 알 수 없습니다', valid_credential: '실제로 사용할 수 있으며, 이미 다른 사람이 사용했을 수 있으니 함께 조사해야 합니다', default_login: '기본 계정 목록은 자동화된 도구가 시도합니다',
  missing_authentication: '아무것도 뚫지 않고 사용할 수 있습니다', subdomain_takeover: '누구나 그 이름을 차지해 소유자인 것처럼 행세할 수 있습니다', compromise_sign: '누군가 침입했거나 침입해 있습니다. 인시던트로 다루어야 합니다',
  sensitive_data: '요청만 하면 읽을 수 있으나 시스템 제어권은 주지 않습니다', exposed_service: '내부용 서비스가 접근되는 곳이면 어디서든 추측과 공격이 가능합니다', exposed_panel: '관리 화면의 로그인 페이지 자체로는 얻는 것이 없습니다',
  end_of_life: '앞으로 발견되는 취약점이 고쳐지지 않습니다', weak_cryptography: '공격자가 통신 경로 중간에 있어야 합니다', invalid_certificate: '사용자가 경고를 무시하게 되며, 공격자는 통신 경로 중간에 있어야 합니다',
  hardening: '보호 계층이 하나 없는 것으로, 그 자체가 취약점은 아닙니다', information: '공격자가 알 수 있는 정보일 뿐 취약점은 아닙니다',
}

export const levelName = (level: Level, language: RiskLanguage): string => levels[language][level]
export const bandName = (band: Band, language: RiskLanguage): string => bands[language][band]
export const stateName = (state: Decision['state'], language: RiskLanguage): string => states[language][state]
export const factorName = (factor: Factor['name'], language: RiskLanguage): string => factors[language][factor]
export const weaknessName = (weakness: Weakness, language: RiskLanguage): string => (language === 'ko' ? kinds[weakness] : weakness.replaceAll('_', ' '))

/** `2026-11-25`, in UTC. */
export const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10)

/** Sentences: what to do by when, the row with its four answers and their sources, what was assumed and what it would change, what else to know. */
export function explain(decision: Decision, language: RiskLanguage): readonly string[] {
  const { answers, band, bandAtBest, row, due, weakness, cve } = decision
  const ko = language === 'ko'
  const told = (Object.keys(answers) as Question[]).map((question) => `${questions[language][question][answers[question].value ? 'yes' : 'no']} (${sources[language][answers[question].source]})`).join(', ')
  const lines = [
    ko ? `${levels.ko[decision.level]}: ${bands.ko[band]}${due === null ? '' : `, 기한 ${dayOf(due)}`}${decision.overdue ? ' (기한 지남)' : ''}.` : `${capital(levels.en[decision.level])}: ${bands.en[band]}${due === null ? '' : `, due ${dayOf(due)}`}${decision.overdue ? ' (overdue)' : ''}.`,
    ko ? `BOD 26-04 표의 ${row}행: ${told}.` : `Row ${row} of the BOD 26-04 table: ${told}.`,
  ]
  const assumed = (Object.keys(answers) as Question[]).filter((question) => answers[question].source === 'assumed').map((question) => questions[language][question].no)
  if (assumed.length > 0 && bandAtBest !== band) {
    lines.push(ko ? `확인 결과가 "${assumed.join('", "')}"이면: ${bands.ko[bandAtBest]}.` : `If it turned out to be ${assumed.join(' and ')}: ${bands.en[bandAtBest]}.`)
  }
  if (cve === null && weakness !== 'vulnerability' && weakness !== 'misconfiguration') lines.push(ko ? `${kinds[weakness]}: ${reasons[weakness]}.` : `${capital(weaknessName(weakness, 'en'))}: ${ruleFor(weakness, null).why}.`)
  return [...lines, ...decision.notes.map((note) => notes[language][note])]
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
