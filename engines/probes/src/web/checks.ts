// What probes of web sites look for.
import { evidenceOf } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import type { Check, Finding } from '../model.ts'
import type { Severity } from '@haechi/risk'

const check = (weakness: Check['weakness'], severity: Severity, cwe: readonly string[], en: string, ko: string, remedyEn: string, remedyKo: string): Check => ({ weakness, severity, cwe, title: { en, ko }, remedy: { en: remedyEn, ko: remedyKo } })

const rotate = ['Take the file off the web server and renew every credential in it: assume that it was read.', '웹 서버에서 파일을 제거하고 그 안의 모든 자격 증명을 새로 발급하십시오. 이미 읽힌 것으로 보아야 합니다.'] as const
const remove = ['Take it off the web server, or let only those read it who need it.', '웹 서버에서 제거하거나 필요한 사람만 읽을 수 있게 제한하십시오.'] as const
const restrict = ['Let only those reach it who operate the system (another port, an address list, a login).', '별도 포트, 주소 목록, 로그인을 사용하여 시스템 운영자만 접근할 수 있게 하십시오.'] as const

export const webChecks = {
  'web.git_exposed': check('sensitive_data', 'high', ['CWE-527', 'CWE-538'], 'The Git repository of the site can be downloaded', '사이트의 Git 저장소를 내려받을 수 있습니다', 'Refuse paths that begin with a dot, deploy without .git, and renew the credentials in its history.', '점으로 시작하는 경로를 거부하고 .git 없이 배포하며, 기록에 있는 자격 증명을 새로 발급하십시오.'),
  'web.repository_exposed': check('sensitive_data', 'high', ['CWE-527', 'CWE-538'], 'The version control folder of the site can be downloaded', '사이트의 버전 관리 폴더를 내려받을 수 있습니다', 'Refuse paths that begin with a dot and deploy without .svn, .hg and .bzr.', '점으로 시작하는 경로를 거부하고 .svn, .hg, .bzr 없이 배포하십시오.'),
  'web.env_exposed': check('exposed_credential', 'high', ['CWE-538', 'CWE-522'], 'A file of environment settings can be read', '환경 설정 파일을 읽을 수 있습니다', ...rotate),
  'web.credentials_exposed': check('exposed_credential', 'high', ['CWE-538', 'CWE-522'], 'A file with credentials can be read', '자격 증명이 든 파일을 읽을 수 있습니다', ...rotate),
  'web.private_key_exposed': check('exposed_credential', 'critical', ['CWE-321', 'CWE-538'], 'A private key can be read', '개인 키를 읽을 수 있습니다', 'Take it off the web server, make a new key and revoke what was issued for this one.', '웹 서버에서 제거하고 새 키를 만들며 이 키로 발급된 것을 폐기하십시오.'),
  'web.config_exposed': check('sensitive_data', 'medium', ['CWE-538', 'CWE-530'], 'A configuration file can be read', '설정 파일을 읽을 수 있습니다', ...remove),
  'web.database_exposed': check('sensitive_data', 'high', ['CWE-530', 'CWE-538'], 'A database or a dump of one can be downloaded', '데이터베이스 또는 그 덤프를 내려받을 수 있습니다', ...rotate),
  'web.backup_exposed': check('sensitive_data', 'medium', ['CWE-530'], 'An archive that looks like a backup can be downloaded', '백업으로 보이는 압축 파일을 내려받을 수 있습니다', ...remove),
  'web.log_exposed': check('sensitive_data', 'medium', ['CWE-532'], 'A log file can be read', '로그 파일을 읽을 수 있습니다', ...remove),
  'web.project_files': check('information', 'low', ['CWE-538'], 'Files of the developers are on the web server', '개발자의 파일이 웹 서버에 있습니다', ...remove),
  'web.directory_listing': check('information', 'low', ['CWE-548'], 'A directory shows its files', '디렉터리가 파일 목록을 보여 줍니다', 'Turn listings off (Apache: Options -Indexes; nginx: autoindex off).', '목록 표시를 끄십시오(Apache: Options -Indexes, nginx: autoindex off).'),
  'web.phpinfo': check('information', 'low', ['CWE-200'], 'phpinfo() shows the settings of the server', 'phpinfo()가 서버 설정을 보여 줍니다', ...remove),
  'web.server_status': check('information', 'low', ['CWE-200'], 'The status page of the web server can be read', '웹 서버의 상태 페이지를 읽을 수 있습니다', ...restrict),
  'web.metrics_exposed': check('information', 'low', ['CWE-200'], 'Metrics of the application can be read', '애플리케이션의 지표를 읽을 수 있습니다', ...restrict),
  'web.actuator_exposed': check('information', 'low', ['CWE-200'], 'Management endpoints of Spring Boot can be reached', 'Spring Boot 관리 엔드포인트에 접근할 수 있습니다', ...restrict),
  'web.actuator_env': check('sensitive_data', 'medium', ['CWE-200', 'CWE-215'], 'Spring Boot shows its environment', 'Spring Boot가 환경 설정을 보여 줍니다', ...restrict),
  'web.heap_dump': check('sensitive_data', 'high', ['CWE-528'], 'The memory of the application can be downloaded', '애플리케이션의 메모리를 내려받을 수 있습니다', ...restrict),
  'web.debug_mode': check('misconfiguration', 'medium', ['CWE-489', 'CWE-215'], 'The application runs in debug mode', '애플리케이션이 디버그 모드로 동작합니다', 'Turn debug mode off where others than developers can reach the application.', '개발자 이외의 사람이 접근할 수 있는 곳에서는 디버그 모드를 끄십시오.'),
  'web.source_map': check('information', 'info', ['CWE-540'], 'The source of scripts can be read from a source map', '소스 맵에서 스크립트의 원본을 읽을 수 있습니다', 'Leave source maps out of what is published, unless the source is public anyway.', '원본이 공개된 것이 아니라면 소스 맵을 배포에서 제외하십시오.'),
  'web.cors_credentials': check('misconfiguration', 'medium', ['CWE-942', 'CWE-346'], 'Any other site may read answers with the visitor\'s login', '다른 모든 사이트가 방문자의 로그인으로 응답을 읽을 수 있습니다', 'Allow credentials only for origins on a list, and never echo the Origin header.', '자격 증명은 목록에 있는 출처에만 허용하고 Origin 헤더를 그대로 돌려주지 마십시오.'),
  'web.trace_enabled': check('misconfiguration', 'low', ['CWE-693'], 'The method TRACE is answered', 'TRACE 메서드에 응답합니다', 'Turn it off (Apache: TraceEnable Off).', 'TRACE를 끄십시오(Apache: TraceEnable Off).'),
  'web.write_methods': check('information', 'info', ['CWE-650'], 'The server says that it takes files (PUT, DAV)', '서버가 파일을 받는다고 알립니다(PUT, DAV)', 'Turn WebDAV and PUT off where nobody publishes with them.', '사용하지 않는 곳에서는 WebDAV와 PUT을 끄십시오.'),
  'web.cleartext': check('hardening', 'low', ['CWE-319'], 'The site is served without encryption', '사이트가 암호화 없이 제공됩니다', 'Serve it over HTTPS and redirect there.', 'HTTPS로 제공하고 그리로 이동시키십시오.'),
  'web.password_cleartext': check('weak_cryptography', 'medium', ['CWE-319', 'CWE-523'], 'A password is asked for without encryption', '암호화 없이 비밀번호를 요구합니다', 'Serve the login over HTTPS only.', '로그인은 HTTPS로만 제공하십시오.'),
  'web.hsts_missing': check('hardening', 'info', ['CWE-319'], 'Browsers are not told to stay with HTTPS (HSTS)', '브라우저에 HTTPS를 유지하라고 알리지 않습니다(HSTS)', 'Send Strict-Transport-Security with a max-age of at least half a year.', 'max-age가 반년 이상인 Strict-Transport-Security를 보내십시오.'),
  'web.csp_missing': check('hardening', 'info', ['CWE-693'], 'There is no content security policy', '콘텐츠 보안 정책이 없습니다', 'Send Content-Security-Policy without unsafe-inline for scripts.', '스크립트에 unsafe-inline이 없는 Content-Security-Policy를 보내십시오.'),
  'web.framing_allowed': check('hardening', 'info', ['CWE-1021'], 'Other sites may show the page in a frame', '다른 사이트가 이 페이지를 프레임에 넣을 수 있습니다', 'Send frame-ancestors in Content-Security-Policy, or X-Frame-Options.', 'Content-Security-Policy의 frame-ancestors 또는 X-Frame-Options를 보내십시오.'),
  'web.nosniff_missing': check('hardening', 'info', ['CWE-693'], 'Browsers may guess the type of files', '브라우저가 파일 형식을 추측할 수 있습니다', 'Send X-Content-Type-Options: nosniff.', 'X-Content-Type-Options: nosniff를 보내십시오.'),
  'web.cookie_flags': check('hardening', 'low', ['CWE-614', 'CWE-1004'], 'A session cookie lacks its protection', '세션 쿠키에 보호 속성이 없습니다', 'Set Secure, HttpOnly and SameSite.', 'Secure, HttpOnly, SameSite를 지정하십시오.'),
  'web.openapi_exposed': check('information', 'info', ['CWE-200'], 'The description of an API can be read', 'API 명세를 읽을 수 있습니다', 'Where the API is not for the public, describe it only to those who use it.', '공개 API가 아니라면 사용하는 사람에게만 명세를 보여 주십시오.'),
  'web.graphql_introspection': check('information', 'low', ['CWE-200'], 'GraphQL tells its whole schema without a login', 'GraphQL이 로그인 없이 전체 스키마를 알려 줍니다', 'Turn introspection off in production.', '운영 환경에서는 인트로스펙션을 끄십시오.'),
  'web.mcp_without_authentication': check('missing_authentication', 'medium', ['CWE-306'], 'An MCP server lists its tools without a login', 'MCP 서버가 로그인 없이 도구 목록을 알려 줍니다', 'Ask for OAuth or another login, unless every tool is meant for the public.', '모든 도구가 공개용이 아니라면 OAuth 등 로그인을 요구하십시오.'),
  'web.grpc_reflection': check('information', 'low', ['CWE-200'], 'gRPC tells its services without a login', 'gRPC가 로그인 없이 서비스 목록을 알려 줍니다', 'Turn server reflection off in production.', '운영 환경에서는 서버 리플렉션을 끄십시오.'),
  'web.portal_exposed': check('exposed_panel', 'info', ['CWE-668'], 'A portal for remote access or administration can be reached', '원격 접속 또는 관리용 포털에 접근할 수 있습니다', 'Keep it up to date, ask for a second factor, and let only those reach it who need it.', '최신 상태로 유지하고 2단계 인증을 요구하며 필요한 사람만 접근할 수 있게 하십시오.'),
  'web.bucket_listing': check('sensitive_data', 'medium', ['CWE-548', 'CWE-732'], 'Everybody can list the files of a storage bucket', '누구나 스토리지 버킷의 파일 목록을 볼 수 있습니다', 'Take the right to list from everybody, and look at which files are readable.', '모든 사용자에게서 목록 권한을 회수하고 읽을 수 있는 파일을 확인하십시오.'),
  'web.trap': check('information', 'info', [], 'The site answers like a trap: it has what no one server has', '사이트가 함정처럼 응답합니다. 한 서버에 함께 있을 수 없는 것이 있습니다', 'Nothing to do where it is meant as one.', '함정으로 운영하는 것이라면 조치가 필요하지 않습니다.'),
} as const satisfies Readonly<Record<string, Check>>

export type WebCheck = keyof typeof webChecks

/** A finding with the severity of its check, where nothing else is said. */
export const found = (asset: string, name: WebCheck, place: string, evidence: string | Text, more: { readonly severity?: Severity; readonly confidence?: number } = {}): Finding => ({
  check: name, asset, place, severity: more.severity ?? webChecks[name].severity, confidence: more.confidence ?? 0.95, evidence: evidenceOf(evidence, 400), cve: [],
})
