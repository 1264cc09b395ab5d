// What is bad about a TLS server, derived from what was seen of it. How bad: an attacker has to sit between the parties for most of it, so little is more than medium.
import type { Severity, Weakness } from '@haechi/risk'
import { addressVersion } from '../address.ts'
import { evidenceOf } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import type { Check, Finding } from '../model.ts'
import { readable } from '../bytes.ts'
import type { Certificate } from './x509.ts'
import type { AnyVersion, TlsReport, TlsSuite } from './probe.ts'

const check = (weakness: Weakness, severity: Severity, cwe: string, title: readonly [en: string, ko: string], remedy: readonly [en: string, ko: string]): Check =>
  ({ weakness, severity, cwe: cwe.split(' '), title: { en: title[0], ko: title[1] }, remedy: { en: remedy[0], ko: remedy[1] } })

const newest: readonly [string, string] = ['Allow TLS 1.2 and TLS 1.3 only.', 'TLS 1.2와 TLS 1.3만 허용하십시오.']
const strongSuites: readonly [string, string] = ['Allow only suites with ephemeral keys and authenticated encryption (ECDHE with AES-GCM or ChaCha20-Poly1305).', '임시 키를 쓰는 인증 암호(AES-GCM 또는 ChaCha20-Poly1305를 쓰는 ECDHE)만 허용하십시오.']
const renew: readonly [string, string] = ['Have a new certificate issued and installed, and renew it by a machine before it ends.', '인증서를 새로 발급받아 설치하고, 만료 전에 자동으로 갱신되게 하십시오.']

export const tlsChecks = {
  'tls.sslv2': check('weak_cryptography', 'medium', 'CWE-327', ['SSL 2.0 is taken', 'SSL 2.0을 허용합니다'], newest),
  'tls.sslv3': check('weak_cryptography', 'medium', 'CWE-327', ['SSL 3.0 is taken', 'SSL 3.0을 허용합니다'], newest),
  'tls.old_version': check('weak_cryptography', 'low', 'CWE-327', ['TLS 1.0 or TLS 1.1 is taken', 'TLS 1.0 또는 TLS 1.1을 허용합니다'], newest),
  'tls.no_current_version': check('weak_cryptography', 'medium', 'CWE-327', ['Neither TLS 1.2 nor TLS 1.3 is taken', 'TLS 1.2와 TLS 1.3을 모두 허용하지 않습니다'], newest),
  'tls.suite_without_encryption': check('weak_cryptography', 'medium', 'CWE-319', ['Suites without encryption are taken', '암호화하지 않는 암호 스위트를 허용합니다'], strongSuites),
  'tls.suite_without_authentication': check('weak_cryptography', 'medium', 'CWE-322', ['Suites without authentication of the server are taken', '서버를 인증하지 않는 암호 스위트를 허용합니다'], strongSuites),
  'tls.suite_for_export': check('weak_cryptography', 'medium', 'CWE-326', ['Export suites are taken (FREAK, Logjam)', '수출용 암호 스위트를 허용합니다(FREAK, Logjam)'], strongSuites),
  'tls.suite_rc4': check('weak_cryptography', 'low', 'CWE-327', ['RC4 is taken', 'RC4를 허용합니다'], strongSuites),
  'tls.suite_64_bit_block': check('weak_cryptography', 'low', 'CWE-327', ['Ciphers with blocks of 64 bits are taken (Sweet32)', '64비트 블록 암호를 허용합니다(Sweet32)'], strongSuites),
  'tls.no_forward_secrecy': check('weak_cryptography', 'low', 'CWE-326', ['No suite has forward secrecy', '순방향 비밀성을 갖춘 암호 스위트가 없습니다'], strongSuites),
  'tls.dh_short': check('weak_cryptography', 'low', 'CWE-326', ['Diffie-Hellman with a short prime', '짧은 소수를 쓰는 디피-헬먼 키 교환'], ['Use primes of 2048 bits at least, or elliptic curves alone.', '2048비트 이상의 소수를 쓰거나 타원곡선만 쓰십시오.']),
  'tls.curve_short': check('weak_cryptography', 'low', 'CWE-326', ['Elliptic curves of less than 224 bits are taken', '224비트보다 짧은 타원곡선을 허용합니다'], ['Allow x25519, secp256r1 and longer curves only.', 'x25519와 secp256r1, 그리고 이보다 긴 곡선만 허용하십시오.']),
  'tls.compression': check('weak_cryptography', 'medium', 'CWE-310', ['TLS compresses what it encrypts (CRIME)', 'TLS 압축이 켜져 있습니다(CRIME)'], ['Switch TLS compression off.', 'TLS 압축을 끄십시오.']),
  'tls.renegotiation_insecure': check('weak_cryptography', 'low', 'CWE-310', ['Secure renegotiation is not supported', '안전한 재협상을 지원하지 않습니다'], ['Update the TLS library; it has to know RFC 5746.', 'TLS 라이브러리를 RFC 5746을 지원하는 판으로 갱신하십시오.']),
  'tls.no_fallback_protection': check('hardening', 'info', 'CWE-757', ['Downgrades are not noticed (RFC 7507)', '버전 낮춤을 알아채지 못합니다(RFC 7507)'], ['Update the TLS library, or allow only the newest versions.', 'TLS 라이브러리를 갱신하거나 최신 버전만 허용하십시오.']),
  'tls.heartbleed': check('vulnerability', 'high', 'CWE-125', ['Heartbleed: the memory of the server can be read', 'Heartbleed: 서버의 메모리를 읽을 수 있습니다'], ['Update OpenSSL, then replace the keys, the certificates and all passwords that the server has seen.', 'OpenSSL을 갱신한 뒤 키와 인증서, 서버를 거친 모든 비밀번호를 교체하십시오.']),
  'tls.ccs_injection': check('vulnerability', 'medium', 'CWE-326', ['A ChangeCipherSpec is taken too early', 'ChangeCipherSpec을 너무 일찍 받아들입니다'], ['Update OpenSSL.', 'OpenSSL을 갱신하십시오.']),
  'tls.certificate_expired': check('invalid_certificate', 'medium', 'CWE-298', ['The certificate has expired', '인증서가 만료되었습니다'], renew),
  'tls.certificate_not_yet_valid': check('invalid_certificate', 'medium', 'CWE-298', ['The certificate is not valid yet', '인증서의 유효 기간이 아직 시작되지 않았습니다'], renew),
  'tls.certificate_expires_soon': check('invalid_certificate', 'info', 'CWE-298', ['The certificate expires soon', '인증서가 곧 만료됩니다'], renew),
  'tls.certificate_self_signed': check('invalid_certificate', 'low', 'CWE-295', ['The certificate vouches for itself', '자체 서명 인증서입니다'], ['Use a certificate of an authority that the clients trust.', '클라이언트가 신뢰하는 인증기관의 인증서를 쓰십시오.']),
  'tls.certificate_untrusted': check('invalid_certificate', 'low', 'CWE-295', ['The certificate comes from an authority that is not trusted', '신뢰할 수 없는 인증기관이 발급한 인증서입니다'], ['Use a certificate of an authority that the clients trust, or give the clients the root of your own.', '클라이언트가 신뢰하는 인증기관의 인증서를 쓰거나, 자체 인증기관의 최상위 인증서를 클라이언트에 배포하십시오.']),
  'tls.certificate_chain_incomplete': check('invalid_certificate', 'low', 'CWE-295', ['The chain of certificates is incomplete', '인증서 체인이 완전하지 않습니다'], ['Send the intermediate certificates too.', '중간 인증서도 함께 보내도록 설정하십시오.']),
  'tls.certificate_chain_order': check('invalid_certificate', 'info', 'CWE-295', ['The certificates are sent in the wrong order', '인증서의 순서가 잘못되었습니다'], ["Send the server's own certificate first, then each issuer after what it signed.", '서버 인증서를 먼저, 이어서 각 발급자의 인증서를 차례로 보내도록 설정하십시오.']),
  'tls.certificate_name_mismatch': check('invalid_certificate', 'low', 'CWE-297', ['The certificate is for another name', '인증서의 이름이 서버 이름과 다릅니다'], ['Use a certificate that holds for this name.', '이 이름이 포함된 인증서를 쓰십시오.']),
  'tls.certificate_weak_key': check('weak_cryptography', 'medium', 'CWE-326', ['The key of the certificate is too short', '인증서의 키가 너무 짧습니다'], ['Make a new key: RSA of 2048 bits at least, or an elliptic curve of 256 bits.', '새 키를 만드십시오. RSA는 2048비트 이상, 타원곡선은 256비트를 쓰십시오.']),
  'tls.certificate_weak_signature': check('weak_cryptography', 'medium', 'CWE-328', ['The certificate is signed with SHA-1 or older', '인증서 서명에 SHA-1 이하의 해시를 씁니다'], renew),
  'tls.certificate_revoked': check('invalid_certificate', 'medium', 'CWE-299', ['The certificate has been revoked', '인증서가 폐지되었습니다'], renew),
  'tls.certificate_staple_missing': check('invalid_certificate', 'low', 'CWE-299', ['A stapled status is promised and not sent', '인증서가 약속한 OCSP 상태를 함께 보내지 않습니다'], ['Switch OCSP stapling on.', 'OCSP 스테이플링을 켜십시오.']),
  'tls.certificate_unreadable': check('invalid_certificate', 'low', 'CWE-295', ['A certificate cannot be read', '읽을 수 없는 인증서입니다'], renew),
} as const satisfies Readonly<Record<string, Check>>

type CheckName = keyof typeof tlsChecks

const day = 86_400_000
const soon = 14 * day
const versionText: Readonly<Record<AnyVersion, string>> = { sslv2: 'SSL 2.0', sslv3: 'SSL 3.0', tls10: 'TLS 1.0', tls11: 'TLS 1.1', tls12: 'TLS 1.2', tls13: 'TLS 1.3' }
const date = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10)
const some = (list: readonly string[]): Text => {
  const first = list.slice(0, 4).join(', ')
  return list.length > 4 ? { en: `${first} and ${list.length - 4} more`, ko: `${first} 외 ${list.length - 4}개` } : { en: first, ko: first }
}
const nameOf = ({ subject }: Certificate): string => readable(subject.commonName === '' ? subject.dn : subject.commonName).slice(0, 120)

/** Findings of a report, the worst first within each kind of question. */
export function judge(report: Omit<TlsReport, 'findings'>, now: number): Finding[] {
  const findings: Finding[] = []
  const add = (name: CheckName, evidence: string | Text, more: { readonly cve?: readonly string[]; readonly severity?: Severity; readonly confidence?: number } = {}): void => {
    findings.push({ check: name, asset: report.host, place: `tcp/${report.port}`, severity: more.severity ?? tlsChecks[name].severity, confidence: more.confidence ?? 1, evidence: evidenceOf(evidence), cve: more.cve ?? [] })
  }
  versions(report, add)
  suites(report.suites, report, add)
  if (report.heartbleed === true) add('tls.heartbleed', { en: 'a heartbeat without padding was answered with its own bytes', ko: '패딩이 없는 하트비트에 자신의 바이트로 응답함' }, { cve: ['CVE-2014-0160'] })
  if (report.ccsInjection === true) add('tls.ccs_injection', { en: 'a ChangeCipherSpec before the key exchange was taken, and the next record was deciphered', ko: '키 교환 전의 ChangeCipherSpec을 받아들이고 다음 레코드를 복호화함' }, { cve: ['CVE-2014-0224'], confidence: 0.9 })
  if (report.features.compression === true) add('tls.compression', { en: 'the server chose a compression that was offered', ko: '제안한 압축 방식을 서버가 선택함' }, { cve: ['CVE-2012-4929'] })
  if (report.features.secureRenegotiation === false) add('tls.renegotiation_insecure', { en: 'the ServerHello does not answer renegotiation_info', ko: 'ServerHello가 renegotiation_info에 응답하지 않음' }, { cve: ['CVE-2009-3555'], confidence: 0.6 })
  if (report.features.fallbackProtection === false) add('tls.no_fallback_protection', { en: 'a greeting that was marked as a fallback was taken', ko: '폴백으로 표시된 ClientHello를 받아들임' })
  for (const chain of report.chains) certificates(chain, report, now, add)
  return findings
}

type Add = (name: CheckName, evidence: string | Text, more?: { readonly cve?: readonly string[]; readonly severity?: Severity; readonly confidence?: number }) => void

function versions({ versions: spoken, suites: taken }: Omit<TlsReport, 'findings'>, add: Add): void {
  const blocks = (version: AnyVersion): boolean => taken.some(suite => suite.version === version && /_CBC_/.test(suite.suite))
  const ciphers = some(taken.filter(({ version }) => version === 'sslv2').map(({ suite }) => suite))
  if (spoken.includes('sslv2')) add('tls.sslv2', { en: `SSL 2.0 with ${ciphers.en || 'no cipher'}`, ko: `SSL 2.0, 암호 스위트: ${ciphers.ko || '없음'}` }, { cve: ['CVE-2016-0800'] })
  if (spoken.includes('sslv3')) add('tls.sslv3', { en: `SSL 3.0 is spoken${blocks('sslv3') ? ', with suites of block ciphers (POODLE)' : ''}`, ko: `SSL 3.0 사용${blocks('sslv3') ? ', 블록 암호 스위트 포함(POODLE)' : ''}` }, { cve: blocks('sslv3') ? ['CVE-2014-3566'] : [] })
  const old = spoken.filter(version => version === 'tls10' || version === 'tls11')
  if (old.length > 0) add('tls.old_version', { en: `${old.map(version => versionText[version]).join(' and ')} ${old.length > 1 ? 'are' : 'is'} spoken`, ko: `${old.map(version => versionText[version]).join(', ')} 사용` }, { cve: old.includes('tls10') && blocks('tls10') ? ['CVE-2011-3389'] : [] })
  if (spoken.length > 0 && !spoken.includes('tls12') && !spoken.includes('tls13')) add('tls.no_current_version', { en: `the newest is ${versionText[spoken.at(-1)!]}`, ko: `가장 새로운 버전: ${versionText[spoken.at(-1)!]}` })
}

function suites(taken: readonly TlsSuite[], report: Omit<TlsReport, 'findings'>, add: Add): void {
  const names = (pattern: RegExp): string[] => [...new Set(taken.filter(({ suite }) => pattern.test(suite)).map(({ suite }) => suite))]
  const bad = (name: CheckName, pattern: RegExp, cve: readonly string[] = []): void => {
    const found = names(pattern)
    if (found.length > 0) add(name, some(found), { cve })
  }
  bad('tls.suite_without_encryption', /_NULL_|_NULL$/)
  bad('tls.suite_without_authentication', /_anon_/)
  const forExport = names(/^TLS.*EXPORT/)
  if (forExport.length > 0) add('tls.suite_for_export', some(forExport), { cve: [...(forExport.some(name => name.startsWith('TLS_RSA')) ? ['CVE-2015-0204'] : []), ...(forExport.some(name => name.startsWith('TLS_DH')) ? ['CVE-2015-4000'] : [])] })
  bad('tls.suite_rc4', /^TLS.*RC4_128/, ['CVE-2013-2566', 'CVE-2015-2808'])
  bad('tls.suite_64_bit_block', /^TLS.*_(3DES|DES|IDEA|28147)_/, ['CVE-2016-2183'])
  const old = taken.filter(({ version }) => version !== 'tls13' && version !== 'sslv2')
  if (old.length > 0 && !taken.some(({ version, suite }) => version === 'tls13' || /^TLS_(EC)?DHE_/.test(suite))) add('tls.no_forward_secrecy', some([...new Set(old.map(({ suite }) => suite))]))
  const short = report.primes.filter(({ bits }) => bits > 0 && bits < 2048).toSorted((one, other) => one.bits - other.bits)[0]
  if (short !== undefined) add('tls.dh_short', { en: `a prime of ${short.bits} bits (SHA-256 ${short.sha256.slice(0, 16)})`, ko: `${short.bits}비트 소수(SHA-256 ${short.sha256.slice(0, 16)})` }, { severity: short.bits < 1024 ? 'medium' : 'low', cve: short.bits <= 1024 ? ['CVE-2015-4000'] : [] })
  const curves = report.groups.filter(({ bits }) => bits !== null && bits < 112).map(({ group }) => group)
  if (curves.length > 0) add('tls.curve_short', some(curves))
}

const until = (each: Certificate): Text => ({ en: `${nameOf(each)}: valid until ${date(each.notAfter)}`, ko: `${nameOf(each)}: ${date(each.notAfter)}까지 유효` })
const oldHashes = /^(?:md[245]|sha1)With|SHA1$/i

function certificates(chain: TlsReport['chains'][number], report: Omit<TlsReport, 'findings'>, now: number, add: Add): void {
  const [own] = chain.certificates
  if (chain.unreadable !== null) add('tls.certificate_unreadable', chain.unreadable)
  if (own === undefined) return
  // What vouches for itself at the end of a path proves nothing by its own signature or key.
  const path = chain.path.filter((each, place) => place === 0 || each.subject.dn !== each.issuer.dn)
  const expired = path.find(each => each.notAfter < now)
  const early = path.find(each => each.notBefore > now)
  if (expired !== undefined) add('tls.certificate_expired', until(expired))
  else if (own.notAfter - now < soon && own.notAfter - own.notBefore > soon) add('tls.certificate_expires_soon', until(own))
  if (early !== undefined) add('tls.certificate_not_yet_valid', { en: `${nameOf(early)}: valid from ${date(early.notBefore)}`, ko: `${nameOf(early)}: ${date(early.notBefore)}부터 유효` })
  if (chain.trust === 'self_signed') add('tls.certificate_self_signed', { en: `${nameOf(own)} is its own issuer`, ko: `${nameOf(own)}: 발급자가 자기 자신임` })
  if (chain.trust === 'unknown_authority') add('tls.certificate_untrusted', { en: `${nameOf(own)} leads to ${nameOf(chain.path.at(-1)!)}`, ko: `${nameOf(own)}의 최상위 발급자: ${nameOf(chain.path.at(-1)!)}` })
  if (chain.trust === 'incomplete') {
    // Who shows itself in public logs has a root that is trusted; else an authority of the organisation's own is as likely.
    const issuer = readable(chain.path.at(-1)!.issuer.dn).slice(0, 200)
    if (own.timestamps) add('tls.certificate_chain_incomplete', { en: `the issuer ${issuer} is missing`, ko: `빠진 발급자 인증서: ${issuer}` })
    else add('tls.certificate_untrusted', { en: `the issuer ${issuer} is not known`, ko: `알려지지 않은 발급자: ${issuer}` }, { confidence: 0.8 })
  }
  if (!chain.ordered) add('tls.certificate_chain_order', some(chain.certificates.map(nameOf)))
  const asked = report.serverName ?? report.host
  if (chain.matches === false && addressVersion(asked) === 0) {
    const names = some((own.dnsNames.length > 0 ? own.dnsNames : [own.subject.commonName]).map(readable))
    add('tls.certificate_name_mismatch', { en: `${asked} is none of ${names.en}`, ko: `접속한 이름 ${asked}, 인증서의 이름 ${names.ko}` })
  }
  const weak = path.find(({ publicKey: { kind, bits } }) => bits > 0 && (((kind === 'RSA' || kind === 'DSA') && bits < 2048) || (kind === 'EC' && bits < 224)))
  if (weak !== undefined) add('tls.certificate_weak_key', { en: `${nameOf(weak)}: ${weak.publicKey.kind} of ${weak.publicKey.bits} bits`, ko: `${nameOf(weak)}: ${weak.publicKey.kind} ${weak.publicKey.bits}비트` })
  const oldHash = path.find((each, place) => oldHashes.test(each.signature) && !(place === 0 && chain.trust === 'self_signed'))
  if (oldHash !== undefined) add('tls.certificate_weak_signature', `${nameOf(oldHash)}: ${oldHash.signature}`)
  if (report.features.revocation === 'revoked') add('tls.certificate_revoked', { en: `the stapled response says that ${nameOf(own)} is revoked`, ko: `스테이플링된 OCSP 응답에서 폐기됨: ${nameOf(own)}` })
  if (own.mustStaple && !report.features.ocspStapling) add('tls.certificate_staple_missing', { en: `${nameOf(own)} promises a stapled status`, ko: `${nameOf(own)}: OCSP 스테이플링을 요구하나 제공하지 않음` })
}
