import type { Check } from '../model.ts'

/** What is looked for in a zone, by id. */
export const dnsChecks = {
  'dns.takeover': {
    weakness: 'subdomain_takeover', severity: 'high', cwe: ['CWE-350'],
    title: { en: 'A name leads to something that anybody can claim', ko: '누구나 차지할 수 있는 대상을 가리키는 이름' },
    remedy: {
      en: 'Delete the record, or claim the resource or domain that it points to again. Look at the logs for who has used the name meanwhile.',
      ko: '해당 레코드를 삭제하거나, 레코드가 가리키는 자원 또는 도메인을 다시 확보하십시오. 그동안 그 이름을 누가 사용했는지 로그를 확인하십시오.',
    },
  },
  'dns.dangling_cname': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-672'],
    title: { en: 'An alias leads to a name that does not exist', ko: '존재하지 않는 이름을 가리키는 별칭(CNAME)' },
    remedy: { en: 'Delete the CNAME record, or create the name that it points to.', ko: 'CNAME 레코드를 삭제하거나, 레코드가 가리키는 이름을 생성하십시오.' },
  },
  'dns.dangling_ns': {
    weakness: 'misconfiguration', severity: 'medium', cwe: ['CWE-672'],
    title: { en: 'A zone is delegated to a name server whose name has no address', ko: '주소가 없는 네임서버로 위임된 영역' },
    remedy: { en: 'Remove the name server from the delegation and from the zone, or give its name an address again.', ko: '위임과 영역에서 해당 네임서버를 제거하거나, 그 이름에 주소를 다시 부여하십시오.' },
  },
  'dns.dangling_mx': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-672'],
    title: { en: 'Mail is sent to a server whose name has no address', ko: '주소가 없는 서버로 메일을 보내는 MX 레코드' },
    remedy: { en: 'Remove the MX record, or give the mail server\'s name an address again.', ko: 'MX 레코드를 삭제하거나, 메일 서버 이름에 주소를 다시 부여하십시오.' },
  },
  'dns.lame_delegation': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-16'],
    title: { en: 'A name server does not answer for the zone that it is named for', ko: '담당하도록 지정된 영역에 대해 응답하지 않는 네임서버' },
    remedy: {
      en: 'Load the zone on that server, or remove the server from the delegation. Where a DNS provider runs it, make sure that nobody else can create the zone there.',
      ko: '해당 서버에 영역을 구성하거나 위임에서 그 서버를 제거하십시오. DNS 사업자의 서버라면 다른 사람이 그곳에 같은 영역을 만들 수 없는지 확인하십시오.',
    },
  },
  'dns.zone_transfer': {
    weakness: 'sensitive_data', severity: 'medium', cwe: ['CWE-200'],
    title: { en: 'A name server hands the whole zone to anybody', ko: '누구에게나 영역 전체를 넘겨주는 네임서버' },
    remedy: { en: 'Allow zone transfers (AXFR) to the secondary servers only, by address and with a TSIG key.', ko: '영역 전송(AXFR)을 보조 서버에만, 주소 제한과 TSIG 키를 함께 적용하여 허용하십시오.' },
  },
  'dns.zone_walking': {
    weakness: 'information', severity: 'info', cwe: ['CWE-200'],
    title: { en: 'All names of a zone can be listed through its NSEC records', ko: 'NSEC 레코드로 모든 이름을 열거할 수 있는 영역' },
    remedy: { en: 'If the names are not meant to be known, sign with NSEC3 (no salt, no extra iterations) or with minimal answers (RFC 4470, RFC 9824).', ko: '이름이 공개되지 않아야 한다면 NSEC3(솔트와 추가 반복 없음) 또는 최소 응답 방식(RFC 4470, RFC 9824)으로 서명하십시오.' },
  },
  'dns.wildcard': {
    weakness: 'information', severity: 'info', cwe: [],
    title: { en: 'Every name below this one exists', ko: '하위의 모든 이름이 존재하는 와일드카드 레코드' },
    remedy: { en: 'Name the hosts that are needed instead, if the wildcard is not needed: it hides mistakes, and names of any spelling lead to you.', ko: '와일드카드가 필요하지 않다면 필요한 호스트만 등록하십시오. 와일드카드는 실수를 가리고, 어떤 철자의 이름이든 귀사로 연결되게 합니다.' },
  },
  'dns.private_address': {
    weakness: 'information', severity: 'info', cwe: ['CWE-200'],
    title: { en: 'A public name tells an inner address', ko: '내부 주소를 알려 주는 공개 이름' },
    remedy: { en: 'Serve inner names from an inner zone only.', ko: '내부용 이름은 내부 영역에서만 제공하십시오.' },
  },
  'dns.open_recursion': {
    weakness: 'exposed_service', severity: 'medium', cwe: ['CWE-406'],
    title: { en: 'A name server resolves any name for anybody', ko: '누구에게나 모든 이름을 재귀적으로 조회해 주는 네임서버' },
    remedy: { en: 'Switch recursion off on authoritative servers; on resolvers, allow it to your own networks only.', ko: '권한 서버에서는 재귀 조회를 끄고, 리졸버에서는 내부 네트워크에만 허용하십시오.' },
  },
  'dns.version_disclosed': {
    weakness: 'information', severity: 'info', cwe: ['CWE-200'],
    title: { en: 'A name server tells its version', ko: '버전을 알려 주는 네임서버' },
    remedy: { en: 'Have version.bind answered with nothing of value (BIND: version "none").', ko: 'version.bind 질의에 의미 없는 값으로 응답하도록 설정하십시오(BIND: version "none").' },
  },
  'dns.spf_missing': {
    weakness: 'hardening', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'No SPF record: mail in this name may come from anywhere', ko: 'SPF 레코드가 없어 이 이름의 메일이 어디서든 발송될 수 있음' },
    remedy: { en: 'Publish a TXT record that names the senders and ends in -all; "v=spf1 -all" where no mail is sent.', ko: '발신 서버를 명시하고 -all로 끝나는 TXT 레코드를 게시하십시오. 메일을 보내지 않는다면 "v=spf1 -all"을 사용하십시오.' },
  },
  'dns.spf_invalid': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'The SPF record is not valid, so receivers pass over it', ko: 'SPF 레코드가 올바르지 않아 수신 측에서 무시됨' },
    remedy: { en: 'Publish exactly one record that follows RFC 7208, with ten look-ups at most and no term that leads nowhere.', ko: 'RFC 7208을 따르는 레코드를 정확히 하나만 게시하고, DNS 조회는 최대 열 번으로 제한하며, 존재하지 않는 대상을 가리키는 항목을 두지 마십시오.' },
  },
  'dns.spf_permissive': {
    weakness: 'misconfiguration', severity: 'medium', cwe: ['CWE-290'],
    title: { en: 'The SPF record lets anybody send mail in this name', ko: '누구나 이 이름으로 메일을 보낼 수 있게 하는 SPF 레코드' },
    remedy: { en: 'Name the real senders and end the record in -all.', ko: '실제 발신 서버만 명시하고 레코드를 -all로 끝내십시오.' },
  },
  'dns.spf_neutral': {
    weakness: 'hardening', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'The SPF record says nothing about other senders', ko: '다른 발신자에 대해 아무 판단도 하지 않는 SPF 레코드' },
    remedy: { en: 'End the record in -all (or ~all while you watch the reports of DMARC).', ko: '레코드를 -all로 끝내십시오. DMARC 보고서를 살펴보는 동안에는 ~all을 사용할 수 있습니다.' },
  },
  'dns.dmarc_missing': {
    weakness: 'hardening', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'No DMARC record: forged mail in this name is not refused', ko: 'DMARC 레코드가 없어 이 이름을 위조한 메일이 거부되지 않음' },
    remedy: { en: 'Publish a TXT record at _dmarc with p=reject (begin with p=none and rua= to see who sends).', ko: '_dmarc에 p=reject인 TXT 레코드를 게시하십시오. 먼저 p=none과 rua=로 누가 발송하는지 확인한 뒤 강화하십시오.' },
  },
  'dns.dmarc_invalid': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'The DMARC record is not valid, so receivers pass over it', ko: 'DMARC 레코드가 올바르지 않아 수신 측에서 무시됨' },
    remedy: { en: 'Publish exactly one record that begins with v=DMARC1 and has a policy p= of none, quarantine or reject.', ko: 'v=DMARC1로 시작하고 p= 정책이 none, quarantine, reject 중 하나인 레코드를 정확히 하나만 게시하십시오.' },
  },
  'dns.dmarc_policy_none': {
    weakness: 'hardening', severity: 'low', cwe: ['CWE-290'],
    title: { en: 'DMARC only watches: forged mail is delivered', ko: '감시만 하고 위조 메일을 막지 않는 DMARC 정책' },
    remedy: { en: 'Once the reports show only your own senders, set p=quarantine and then p=reject.', ko: '보고서에 자사 발신 서버만 나타나면 p=quarantine을 거쳐 p=reject로 설정하십시오.' },
  },
  'dns.dmarc_external_reports': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-16'],
    title: { en: 'DMARC reports go to a domain that does not take them', ko: '수신을 허용하지 않은 도메인으로 보내지는 DMARC 보고서' },
    remedy: { en: 'Have the receiving domain publish "v=DMARC1" at the name given in the evidence (RFC 7489, 7.1), or send the reports to yourself.', ko: '보고서를 받을 도메인이 증거에 적힌 이름에 "v=DMARC1"을 게시하게 하거나(RFC 7489, 7.1), 자체 도메인으로 보고서를 받으십시오.' },
  },
  'dns.mta_sts_missing': {
    weakness: 'hardening', severity: 'info', cwe: ['CWE-319'],
    title: { en: 'No MTA-STS policy: mail to this name may be sent in the clear', ko: 'MTA-STS 정책이 없어 이 이름으로 오는 메일이 평문으로 전송될 수 있음' },
    remedy: { en: 'Publish a policy (RFC 8461), or TLSA records in a signed zone (DANE).', ko: 'MTA-STS 정책(RFC 8461)을 게시하거나, 서명된 영역에 TLSA 레코드(DANE)를 게시하십시오.' },
  },
  'dns.mta_sts_invalid': {
    weakness: 'misconfiguration', severity: 'low', cwe: ['CWE-319'],
    title: { en: 'The MTA-STS policy is announced but does not hold', ko: '공표되었으나 유효하지 않은 MTA-STS 정책' },
    remedy: { en: 'Serve the policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, with every MX in it and mode: enforce.', ko: 'https://mta-sts.도메인/.well-known/mta-sts.txt에서 모든 MX를 포함하고 mode: enforce인 정책을 제공하십시오.' },
  },
  'dns.caa_missing': {
    weakness: 'hardening', severity: 'info', cwe: ['CWE-295'],
    title: { en: 'Any authority may issue certificates for this name', ko: '모든 인증 기관이 이 이름의 인증서를 발급할 수 있음' },
    remedy: { en: 'Publish CAA records that name the authorities you use (RFC 8659).', ko: '사용하는 인증 기관을 명시한 CAA 레코드를 게시하십시오(RFC 8659).' },
  },
  'dns.dnssec_missing': {
    weakness: 'hardening', severity: 'info', cwe: ['CWE-345'],
    title: { en: 'The zone is not signed', ko: '서명되지 않은 영역' },
    remedy: { en: 'Sign the zone with DNSSEC and hand the DS record to the parent.', ko: 'DNSSEC으로 영역을 서명하고 상위 영역에 DS 레코드를 등록하십시오.' },
  },
  'dns.dnssec_no_ds': {
    weakness: 'hardening', severity: 'low', cwe: ['CWE-345'],
    title: { en: 'The zone is signed, but its parent does not say so', ko: '서명되었으나 상위 영역에 등록되지 않은 영역' },
    remedy: { en: 'Hand the DS record to the parent through the registrar; without it nobody checks the signatures.', ko: '등록 대행자를 통해 상위 영역에 DS 레코드를 등록하십시오. DS가 없으면 아무도 서명을 검증하지 않습니다.' },
  },
  'dns.dnssec_bogus': {
    weakness: 'misconfiguration', severity: 'medium', cwe: ['CWE-347'],
    title: { en: 'Signatures of the zone are wrong: validating resolvers cannot reach it', ko: '서명이 올바르지 않아 검증 리졸버에서 접근할 수 없는 영역' },
    remedy: { en: 'Sign the zone again with the key that the parent\'s DS record names, or have the DS record replaced.', ko: '상위 영역의 DS 레코드가 가리키는 키로 영역을 다시 서명하거나 DS 레코드를 교체하십시오.' },
  },
  'dns.dnssec_expired': {
    weakness: 'misconfiguration', severity: 'medium', cwe: ['CWE-298'],
    title: { en: 'Signatures of the zone are not valid now', ko: '현재 유효하지 않은 영역 서명' },
    remedy: { en: 'Sign the zone again, and let the server renew signatures by itself. Check its clock.', ko: '영역을 다시 서명하고 서버가 서명을 자동으로 갱신하게 하십시오. 서버의 시각도 확인하십시오.' },
  },
  'dns.dnssec_weak': {
    weakness: 'weak_cryptography', severity: 'low', cwe: ['CWE-327'],
    title: { en: 'The zone is signed with a weak algorithm or key', ko: '약한 알고리즘 또는 키로 서명된 영역' },
    remedy: { en: 'Roll over to ECDSA P-256 (13) or Ed25519 (15), with DS records of SHA-256 (RFC 8624, RFC 9905).', ko: 'ECDSA P-256(13) 또는 Ed25519(15)와 SHA-256 DS 레코드로 전환하십시오(RFC 8624, RFC 9905).' },
  },
} as const satisfies Readonly<Record<string, Check>>

export type DnsCheck = keyof typeof dnsChecks
