// The one error table. A code, once released, never changes its meaning: clients match codes, never texts.
// Defended by errors.test.ts (every code has both languages and the same placeholders) and tests/arch.

/** What goes wrong, for machines and for people. `status` is the HTTP status; `retry` says whether the same request may succeed later. `{name}` in a text is filled from `params`. */
type ErrorEntry = { readonly status: number; readonly retry: boolean; readonly en: string; readonly ko: string }

export const errorTable = {
  // requests
  body_invalid: { status: 400, retry: false, en: 'The request body is not valid: {reason}', ko: '요청 본문이 올바르지 않습니다: {reason}' },
  parameter_invalid: { status: 400, retry: false, en: 'The parameter {name} is not valid: {reason}', ko: '{name} 매개변수가 올바르지 않습니다: {reason}' },
  body_too_large: { status: 413, retry: false, en: 'The request body is larger than {limit} bytes; send it in smaller parts', ko: '요청 본문이 {limit}바이트보다 큽니다. 나누어 보내십시오' },
  body_encoding_invalid: { status: 400, retry: false, en: 'The request body could not be decompressed: {reason}', ko: '요청 본문의 압축을 풀 수 없습니다: {reason}' },
  content_encoding_unsupported: { status: 415, retry: false, en: 'Content-Encoding {encoding} is not supported; use gzip or none', ko: 'Content-Encoding {encoding}은(는) 지원하지 않습니다. gzip을 쓰거나 압축하지 마십시오' },
  text_unstorable: { status: 400, retry: false, en: 'The request contains a character that cannot be stored (NUL, U+0000)', ko: '저장할 수 없는 문자(NUL, U+0000)가 요청에 들어 있습니다' },
  cursor_invalid: { status: 400, retry: false, en: 'The cursor is not one that this server issued; start again without it', ko: '이 서버가 발급한 커서가 아닙니다. 커서 없이 다시 시작하십시오' },
  not_found: { status: 404, retry: false, en: 'There is no {what}', ko: '{what}을(를) 찾을 수 없습니다' },
  route_not_found: { status: 404, retry: false, en: 'There is nothing at {method} {path}; the API is described at /api/openapi.json', ko: '{method} {path}에는 아무것도 없습니다. API 설명은 /api/openapi.json에 있습니다' },
  already_exists: { status: 409, retry: false, en: '{what} exists already', ko: '{what}이(가) 이미 있습니다' },
  internal: { status: 500, retry: true, en: 'Something failed inside the server; quote {incident} to whoever runs it', ko: '서버 내부에서 오류가 발생했습니다. 운영자에게 {incident}을(를) 알려 주십시오' },
  // the console
  console_build_failed: { status: 503, retry: false, en: 'The console could not be built; the reason is in haechi.log in the data directory. The API and the command line work', ko: '콘솔을 빌드하지 못했습니다. 이유는 데이터 디렉터리의 haechi.log에 있습니다. API와 명령줄은 그대로 사용할 수 있습니다' },
  // database
  database_unavailable: { status: 503, retry: true, en: 'The database cannot be reached at the moment; try again shortly', ko: '지금 데이터베이스에 연결할 수 없습니다. 잠시 뒤 다시 시도하십시오' },
  database_full: { status: 503, retry: true, en: 'The database has no room left on its disk; free some space and try again', ko: '데이터베이스 디스크에 남은 공간이 없습니다. 공간을 확보한 뒤 다시 시도하십시오' },
  database_too_old: { status: 500, retry: false, en: 'PostgreSQL {found} is too old; version 15 or newer is needed', ko: 'PostgreSQL {found}은(는) 너무 오래되었습니다. 15 이상이 필요합니다' },
  migration_changed: { status: 500, retry: false, en: 'The migration {name} was applied with other contents; restore the file, or start with the version of Haechi that applied it', ko: '마이그레이션 {name}이(가) 적용된 뒤 내용이 바뀌었습니다. 파일을 되돌리거나 적용했던 버전의 Haechi로 시작하십시오' },
  schema_newer: { status: 500, retry: false, en: 'The database was written by a newer Haechi (it has {name}); start that version, or restore a backup', ko: '더 새로운 Haechi가 만든 데이터베이스입니다({name} 적용됨). 그 버전으로 시작하거나 백업을 복원하십시오' },
  rls_bypassed: { status: 500, retry: false, en: 'Row-level security does not hold: the role {role} can read a row of another tenant. Give the application a role without BYPASSRLS and without superuser', ko: '행 수준 보안이 지켜지지 않습니다. {role} 역할이 다른 테넌트의 행을 읽을 수 있습니다. BYPASSRLS와 슈퍼유저 권한이 없는 역할을 쓰십시오' },
  // secrets
  secret_unreadable: { status: 500, retry: false, en: 'A sealed secret of {place} cannot be opened: the key file {file} is not the one it was sealed with', ko: '{place}의 봉인된 비밀을 열 수 없습니다. 키 파일 {file}이(가) 봉인할 때의 것이 아닙니다' },
  // identity (the access context)
  unauthenticated: { status: 401, retry: false, en: 'This needs a signed-in session or a valid API key', ko: '로그인하거나 유효한 API 키가 필요합니다' },
  forbidden: { status: 403, retry: false, en: 'This identity may not do {action} here', ko: '이 계정이나 키에는 {action} 권한이 없습니다' },
  // telemetry
  json_invalid: { status: 400, retry: false, en: 'Not JSON: {reason}', ko: 'JSON이 아닙니다: {reason}' },
  utf8_invalid: { status: 400, retry: false, en: 'Not valid UTF-8', ko: '올바른 UTF-8이 아닙니다' },
  event_not_object: { status: 400, retry: false, en: 'An event is a JSON object; this is {found}', ko: '이벤트는 JSON 객체여야 합니다. 받은 것: {found}' },
  event_too_large: { status: 400, retry: false, en: 'An event may have at most {limit} bytes', ko: '이벤트 하나는 최대 {limit}바이트입니다' },
  event_too_deep: { status: 400, retry: false, en: 'An event may be nested at most {limit} deep', ko: '이벤트의 중첩은 최대 {limit}단계입니다' },
  nothing_kept: { status: 400, retry: false, en: 'None of the {count} lines could be kept; the first faults are listed', ko: '{count}줄 가운데 저장할 수 있는 것이 없었습니다. 처음 오류들을 함께 보냅니다' },
  bulk_action_invalid: { status: 400, retry: false, en: 'Not a bulk action line: {reason}', ko: '벌크 동작 줄이 아닙니다: {reason}' },
  query_syntax: { status: 400, retry: false, en: 'The query cannot be read at "{place}": {reason}', ko: '"{place}"에서 검색어를 해석할 수 없습니다: {reason}' },
  source_name_invalid: { status: 400, retry: false, en: 'A source name has 1 to 100 characters of letters, digits, space and . _ : / @ -; this is {name}', ko: '소스 이름은 글자, 숫자, 공백과 . _ : / @ - 로 된 1~100자입니다. 받은 것: {name}' },
  // assets
  asset_label_invalid: { status: 400, retry: false, en: 'A class or tag has 1 to 64 letters, digits, blanks and . _ : / - and begins with a letter or digit, and an asset has at most 32 tags; this is {label}', ko: '분류와 태그는 글자나 숫자로 시작하는 1~64자의 글자, 숫자, 공백, . _ : / - 이며, 자산 하나에 태그는 최대 32개입니다. 받은 것: {label}' },
  // threat intelligence
  indicators_count: { status: 400, retry: false, en: 'A lookup takes 1 to {most} indicators; this one has {count}', ko: '한 번에 지표를 1~{most}개 조회할 수 있습니다. 받은 것: {count}개' },
  indicator_unrecognised: { status: 400, retry: false, en: 'This names no address, network, domain, URL, hash or e-mail address', ko: 'IP 주소, 네트워크, 도메인, URL, 해시, 전자우편 주소 가운데 어느 것도 아닙니다' },
  feed_empty: { status: 400, retry: false, en: 'Nothing of the feed {name} could be taken ({count} rejected; the first: {first}), so it stays as it was; remove it to empty it', ko: '{name} 피드에서 받아들일 수 있는 것이 없어(거부 {count}건, 첫 번째: {first}) 이전 내용을 그대로 둡니다. 비우려면 피드를 삭제하십시오' },
  feed_unreadable: { status: 400, retry: false, en: 'Reading the feed {name} took more than {megabytes} MB of memory or {seconds} s, so it stays as it was; send it in smaller feeds', ko: '{name} 피드를 읽는 데 메모리 {megabytes}MB 또는 {seconds}초를 넘겨 이전 내용을 그대로 둡니다. 더 작은 피드로 나누어 보내십시오' },
  feed_import_busy: { status: 503, retry: true, en: '{waiting} feeds are waiting to be read; send it again in a moment', ko: '피드 {waiting}개가 처리를 기다리고 있습니다. 잠시 뒤 다시 보내십시오' },
  // the demo
  tenant_not_told: { status: 409, retry: false, en: 'The tenant {tenant} is no demo, and only a demo can be removed as a whole', ko: '{tenant} 테넌트는 데모가 아닙니다. 통째로 제거할 수 있는 것은 데모뿐입니다' },
  demo_absent: { status: 404, retry: false, en: 'There is no demo tenant here; haechi serve --demo makes one', ko: '데모 테넌트가 없습니다. haechi serve --demo로 만들 수 있습니다' },
  // reports
  report_month_invalid: { status: 400, retry: false, en: 'There is no month {found}; a year of four digits and a month from 1 to 12 are expected, such as /2026/3', ko: '{found}은(는) 올바른 연월이 아닙니다. /2026/3처럼 네 자리 연도와 1~12월을 지정하십시오' },
  report_month_future: { status: 400, retry: false, en: '{month} has not begun yet, so there is nothing to report; the current month is {current}', ko: '{month}은(는) 아직 시작되지 않아 보고서가 없습니다. 현재 달은 {current}입니다' },
  report_format_unavailable: { status: 406, retry: false, en: 'The report is not available as {format} yet; ask for one of: {formats}', ko: '보고서를 아직 {format} 형식으로 제공하지 않습니다. 사용할 수 있는 형식: {formats}' },
  // data directory
  data_directory_in_use: { status: 500, retry: false, en: 'Another Haechi (process {pid}, {url}) is running on the data directory {directory}. Use that one, stop it, or choose another directory with --data', ko: '다른 Haechi(프로세스 {pid}, {url})가 데이터 디렉터리 {directory}에서 실행 중입니다. 그것을 쓰거나 종료하십시오. 또는 --data로 다른 디렉터리를 지정하십시오' },
  data_directory_shared: { status: 500, retry: false, en: 'Every user of this machine may write to {directory}, so it cannot hold the data; choose a directory of your own with --data, or take the right away: chmod o-w {directory}', ko: '이 컴퓨터의 모든 사용자가 {directory}에 쓸 수 있으므로 데이터를 둘 수 없습니다. --data로 별도의 디렉터리를 지정하거나 권한을 제거하십시오: chmod o-w {directory}' },
  data_directory_unusable: { status: 500, retry: false, en: 'The data directory {directory} cannot be used ({reason}); make it writable for this user, free some space, or choose another with --data', ko: '데이터 디렉터리 {directory}을(를) 사용할 수 없습니다({reason}). 현재 사용자에게 쓰기 권한을 주거나 공간을 확보하십시오. 또는 --data로 다른 디렉터리를 지정하십시오' },
  // embedded PostgreSQL
  data_directory_unreadable: { status: 500, retry: false, en: 'PostgreSQL does not run as root, and the user {user} that it runs as here may not enter {blocked} on the way to {directory}. Choose a directory that it can reach (--data /var/lib/haechi), or let it pass: chmod o+x {blocked}', ko: 'PostgreSQL은 root로 실행되지 않으며, 대신 사용하는 {user} 사용자는 {directory}에 이르는 {blocked}에 들어갈 수 없습니다. 접근할 수 있는 디렉터리를 지정하거나(--data /var/lib/haechi) 통과를 허용하십시오: chmod o+x {blocked}' },
  postgres_binaries_missing: { status: 500, retry: false, en: 'The PostgreSQL binaries for {platform} are not usable ({reason}). Install again without leaving out optional packages, or point DATABASE_URL at a PostgreSQL 15 or newer', ko: '{platform}용 PostgreSQL 실행 파일을 사용할 수 없습니다({reason}). 선택 패키지를 포함하여 다시 설치하거나 DATABASE_URL로 PostgreSQL 15 이상을 지정하십시오' },
  postgres_user_unknown: { status: 500, retry: false, en: 'PostgreSQL needs a user that the machine knows, and uid {uid} has no entry in the user database (/etc/passwd). Add one, start as another user, or point DATABASE_URL at a PostgreSQL 15 or newer', ko: 'PostgreSQL은 시스템에 등록된 사용자로만 실행됩니다. uid {uid}은(는) 사용자 데이터베이스(/etc/passwd)에 없습니다. 등록하거나 다른 사용자로 시작하십시오. 또는 DATABASE_URL로 PostgreSQL 15 이상을 지정하십시오' },
  postgres_directory_foreign: { status: 500, retry: false, en: '{directory} holds files but no PostgreSQL cluster; move them away, or choose another data directory with --data', ko: '{directory}에 PostgreSQL 클러스터가 아닌 파일이 있습니다. 파일을 옮기거나 --data로 다른 데이터 디렉터리를 지정하십시오' },
  postgres_major_mismatch: { status: 500, retry: false, en: 'The database in {directory} was written by PostgreSQL {found}, and this Haechi brings {wanted}. Start the Haechi that wrote it, make a backup there and restore it here', ko: '{directory}의 데이터베이스는 PostgreSQL {found}(으)로 만들어졌고 이 Haechi에는 {wanted}이(가) 들어 있습니다. 만들었던 Haechi를 시작해 백업한 뒤 여기에서 복원하십시오' },
  postgres_initdb_failed: { status: 500, retry: false, en: 'PostgreSQL could not create its cluster in {directory}: {reason}', ko: 'PostgreSQL이 {directory}에 클러스터를 만들지 못했습니다: {reason}' },
  postgres_start_failed: { status: 500, retry: true, en: 'PostgreSQL did not start on {directory}: {reason}. The whole story is in {log}', ko: 'PostgreSQL이 {directory}에서 시작하지 못했습니다: {reason}. 자세한 내용은 {log}에 있습니다' },
  postgres_pid_file_in_doubt: { status: 500, retry: false, en: 'The file {file} says that process {pid} is a PostgreSQL running on this data directory, but it does not answer as one. If process {pid} is something else (ps -p {pid}), delete the file and start again; never delete it while a PostgreSQL runs on the directory', ko: '{file} 파일에는 프로세스 {pid}이(가) 이 데이터 디렉터리의 PostgreSQL이라고 적혀 있지만 PostgreSQL로서 응답하지 않습니다. 프로세스 {pid}이(가) 다른 프로그램이면(ps -p {pid}) 파일을 지우고 다시 시작하십시오. PostgreSQL이 이 디렉터리에서 실행 중일 때는 절대 지우지 마십시오' },
  // configuration
  config_unknown_key: { status: 500, retry: false, en: 'There is no setting {key} ({place}){suggestion}. All of them: haechi serve --help', ko: '{key} 설정은 없습니다({place}){suggestion}. 전체 목록: haechi serve --help' },
  config_invalid: { status: 500, retry: false, en: 'The setting {key} ({place}) is not valid: {reason}', ko: '{key} 설정이 올바르지 않습니다({place}): {reason}' },
  config_file_invalid: { status: 500, retry: false, en: 'The configuration file {file} cannot be read: {reason}', ko: '설정 파일 {file}을(를) 읽을 수 없습니다: {reason}' },
  tenant_required: { status: 400, retry: false, en: 'Say which tenant this is about: header X-Haechi-Tenant, or --tenant', ko: '어느 테넌트에 대한 요청인지 X-Haechi-Tenant 헤더나 --tenant로 지정하십시오' },
  credentials_invalid: { status: 401, retry: false, en: 'The API key or its secret is not valid', ko: 'API 키 또는 비밀값이 올바르지 않습니다' },
  credentials_malformed: { status: 401, retry: false, en: 'The {header} header cannot be read; expected {expected}', ko: '{header} 헤더를 읽을 수 없습니다. {expected} 형식이어야 합니다' },
  control_token_invalid: { status: 401, retry: false, en: 'The control token is not the one of this server; use the data directory that it was started with', ko: '이 서버의 제어 토큰이 아닙니다. 서버를 시작할 때 쓴 데이터 디렉터리를 사용하십시오' },
  session_ended: { status: 401, retry: false, en: 'The session has ended; sign in again', ko: '세션이 끝났습니다. 다시 로그인하십시오' },
  sign_in_failed: { status: 401, retry: false, en: 'The user name or the password is not right', ko: '사용자 이름 또는 비밀번호가 올바르지 않습니다' },
  account_locked: { status: 429, retry: true, en: 'Too many failed sign-ins for this name; try again after {until}', ko: '이 이름으로 로그인에 여러 번 실패했습니다. {until} 이후에 다시 시도하십시오' },
  password_change_required: { status: 403, retry: false, en: 'The one-time password must be changed first: POST /api/v1/session/password', ko: '일회용 비밀번호를 먼저 바꿔야 합니다: POST /api/v1/session/password' },
  password_too_short: { status: 400, retry: false, en: 'The new password needs at least {minimum} characters', ko: '새 비밀번호는 {minimum}자 이상이어야 합니다' },
  password_unchanged: { status: 400, retry: false, en: 'The new password must differ from the old one', ko: '새 비밀번호는 이전 비밀번호와 달라야 합니다' },
  cross_origin: { status: 403, retry: false, en: 'A page of {origin} may not use the session of this server', ko: '{origin} 페이지는 이 서버의 세션을 사용할 수 없습니다' },
  key_expired: { status: 401, retry: false, en: 'The API key {key} expired at {at}; rotate it or create another', ko: 'API 키 {key}은(는) {at}에 만료되었습니다. 교체하거나 새로 만드십시오' },
  key_revoked: { status: 401, retry: false, en: 'The API key {key} was revoked, or its owner no longer has access; create another', ko: 'API 키 {key}이(가) 폐기되었거나 소유자의 접근 권한이 없어졌습니다. 새로 만드십시오' },
  key_scheme_refused: { status: 401, retry: false, en: 'The API key {key} only accepts HTTP Message Signatures (RFC 9421)', ko: 'API 키 {key}은(는) HTTP Message Signatures(RFC 9421)만 받습니다' },
  address_not_allowed: { status: 403, retry: false, en: 'The API key {key} may not be used from {address}', ko: 'API 키 {key}은(는) {address}에서 사용할 수 없습니다' },
  signature_incomplete: { status: 401, retry: false, en: 'The signature lacks {missing}', ko: '서명에 {missing}이(가) 없습니다' },
  signature_invalid: { status: 401, retry: false, en: 'The key or the signature is not valid; the signature must be made over the exact bytes that are sent', ko: '키 또는 서명이 올바르지 않습니다. 전송하는 바이트 그대로 서명해야 합니다' },
  signature_timestamp_invalid: { status: 401, retry: false, en: 'The timestamp {given} cannot be read; use UTC ISO 8601 such as 2026-01-31T08:00:00.000000', ko: '타임스탬프 {given}을(를) 읽을 수 없습니다. 2026-01-31T08:00:00.000000과 같은 UTC ISO 8601 형식을 사용하십시오' },
  signature_expired: { status: 401, retry: false, en: 'The signature is outside its window of {window} seconds; the time of the server is {server_time}. Set the clock and sign again', ko: '서명이 유효 시간 {window}초를 벗어났습니다. 서버 시각은 {server_time}입니다. 시계를 맞추고 다시 서명하십시오' },
  signature_replayed: { status: 401, retry: false, en: 'This signature was used already; sign again with a new timestamp', ko: '이미 사용된 서명입니다. 새 타임스탬프로 다시 서명하십시오' },
  content_digest_mismatch: { status: 401, retry: false, en: 'Content-Digest does not match the body that arrived', ko: 'Content-Digest가 도착한 본문과 일치하지 않습니다' },
  rate_limited: { status: 429, retry: true, en: 'The API key sends more than {limit} signed requests a second; wait {retry_after} s', ko: 'API 키의 서명 요청이 초당 {limit}건을 넘었습니다. {retry_after}초 뒤 다시 시도하십시오' },
  last_owner: { status: 409, retry: false, en: 'This is the last owner of the tenant; make another one first', ko: '테넌트의 마지막 소유자입니다. 먼저 다른 소유자를 지정하십시오' },
  user_shared: { status: 409, retry: false, en: 'This user belongs to other tenants too; whoever runs the platform must do this', ko: '다른 테넌트에도 속한 사용자입니다. 플랫폼 운영자가 처리해야 합니다' },
  // outbound requests
  egress_refused: { status: 422, retry: false, en: 'A request to {place} is not allowed from here ({reason}); if it is meant, allow the network or the host where the source or scope is set up', ko: '{place}(으)로 보내는 요청은 허용되지 않습니다({reason}). 의도한 것이라면 해당 소스나 범위의 설정에서 네트워크 또는 호스트를 허용하십시오' },
  egress_too_large: { status: 502, retry: false, en: 'The answer of {place} is larger than {limit} bytes', ko: '{place}의 응답이 {limit}바이트보다 큽니다' },
  egress_timeout: { status: 504, retry: true, en: '{place} did not answer in time', ko: '{place}이(가) 제시간에 응답하지 않았습니다' },
  egress_failed: { status: 502, retry: true, en: 'The request to {place} failed ({reason}); check that it is reachable from this server', ko: '{place}에 대한 요청이 실패했습니다({reason}). 이 서버에서 접근할 수 있는지 확인하십시오' },
  egress_cancelled: { status: 499, retry: true, en: 'The request to {place} was given up by whoever asked for it', ko: '요청한 쪽에서 {place}에 대한 요청을 취소했습니다' },
  // detection
  alert_status_refused: { status: 409, retry: false, en: 'The alert {alert} is {status} and cannot become {wanted}', ko: '경보 {alert}은(는) {status} 상태라서 {wanted}(으)로 바꿀 수 없습니다' },
  event_not_searched: { status: 500, retry: false, en: 'Event {offset} of the event log could not be searched for attacks ({reason}) and was passed over; it is kept and can be found by hunting', ko: '이벤트 로그의 {offset}번 이벤트는 공격 탐지에 실패하여({reason}) 건너뛰었습니다. 이벤트는 보존되어 있으며 직접 검색할 수 있습니다' },
  detection_unavailable: { status: 503, retry: true, en: 'Detection is starting again ({reason}); nothing is lost, ask again in a moment', ko: '탐지가 다시 시작되는 중입니다({reason}). 유실된 것은 없으니 잠시 뒤 다시 시도하십시오' },
  correlation_state_lost: { status: 500, retry: false, en: 'The kept state of the running correlations of tenant {tenant} cannot be used ({reason}); the last {events} events before the search are read again, and correlations that began earlier begin anew', ko: '테넌트 {tenant}의 진행 중인 상관 분석 상태를 사용할 수 없습니다({reason}). 검색 위치 앞의 최근 이벤트 {events}건을 다시 읽으며, 그보다 먼저 시작된 상관 분석은 처음부터 다시 시작합니다' },
  // packs
  pack_source_unreadable: { status: 422, retry: true, en: 'The pack source {path} cannot be read ({reason}); what was in force before stays in force', ko: '팩 소스 {path}을(를) 읽을 수 없습니다({reason}). 이전 버전이 그대로 적용됩니다' },
  pack_file_refused: { status: 422, retry: false, en: 'The pack was refused because of {file} ({reason}); take the file out or replace a link by what it points to. What was in force before stays in force', ko: '{file} 때문에 팩을 거부했습니다({reason}). 파일을 빼거나 링크를 실제 파일로 바꾸십시오. 이전 버전이 그대로 적용됩니다' },
  pack_too_large: { status: 422, retry: false, en: 'The pack at {path} is larger than {limit}; divide it into several packs', ko: '{path}의 팩이 {limit}보다 큽니다. 여러 팩으로 나누십시오' },
  pack_empty: { status: 422, retry: false, en: 'There is no {extensions} file in {path}', ko: '{path}에 {extensions} 파일이 없습니다' },
  pack_rejected: { status: 422, retry: false, en: 'Nothing in the pack {name} can be used: {count} faults, the first at {first}. What was in force before stays in force', ko: '팩 {name}에서 쓸 수 있는 내용이 없습니다. 오류 {count}건, 첫 오류: {first}. 이전 버전이 그대로 적용됩니다' },
  pack_damaged: { status: 500, retry: false, en: 'The stored copy of the pack {name} is damaged at {file}; install the pack again', ko: '저장된 팩 {name}의 {file}이(가) 손상되었습니다. 팩을 다시 설치하십시오' },
  pack_no_previous: { status: 409, retry: false, en: 'The pack {name} has no earlier version to go back to', ko: '팩 {name}에는 되돌아갈 이전 버전이 없습니다' },
  // TLS
  tls_file_unreadable: { status: 500, retry: false, en: 'The TLS file {file} cannot be used ({reason}); it must be readable and PEM, a key without a passphrase', ko: 'TLS 파일 {file}을(를) 사용할 수 없습니다({reason}). 읽을 수 있는 PEM이어야 하며 키에는 암호가 없어야 합니다' },
  tls_pair_mismatch: { status: 500, retry: false, en: 'The key {key} does not belong to the certificate {cert}', ko: '키 {key}은(는) 인증서 {cert}의 키가 아닙니다' },
  tls_certificate_expired: { status: 500, retry: false, en: 'The certificate {file} expired at {until}; renew it, or leave out --tls-cert and --tls-key for one of the built-in CA', ko: '인증서 {file}이(가) {until}에 만료되었습니다. 갱신하거나, --tls-cert와 --tls-key를 빼고 내장 CA의 인증서를 쓰십시오' },
  tls_certificate_early: { status: 500, retry: false, en: 'The certificate {file} is valid from {from}, which is not yet; check the clock of this machine', ko: '인증서 {file}은(는) {from}부터 유효합니다. 이 컴퓨터의 시계를 확인하십시오' },
  tls_ca_unusable: { status: 500, retry: false, en: 'The built-in CA {file} cannot be used ({reason}). Restore the folder from a backup; or move it away, start again, and give the new CA file to every client', ko: '내장 CA {file}을(를) 사용할 수 없습니다({reason}). 백업에서 폴더를 복원하거나, 폴더를 옮기고 다시 시작한 뒤 새 CA 파일을 모든 클라이언트에 배포하십시오' },
  // server
  address_unavailable: { status: 500, retry: false, en: 'The address {address} cannot be used ({reason}); choose another with --port or --host', ko: '{address} 주소를 쓸 수 없습니다({reason}). --port나 --host로 다른 주소를 고르십시오' },
  // event log and event store
  log_full: { status: 503, retry: true, en: 'The event log in {folder} cannot be written ({reason}), so nothing of this request was kept; free disk space, then send it again', ko: '{folder}의 이벤트 로그에 쓸 수 없어({reason}) 이 요청은 저장되지 않았습니다. 디스크 공간을 확보한 뒤 다시 보내십시오' },
  log_busy: { status: 503, retry: true, en: 'The event log in {folder} has {bytes} bytes waiting for the disk; send again in a moment', ko: '{folder}의 이벤트 로그에 디스크 쓰기를 기다리는 데이터가 {bytes}바이트 있습니다. 잠시 뒤 다시 보내십시오' },
  log_closed: { status: 503, retry: true, en: 'The event log is closed because the server is stopping; send again in a moment', ko: '서버가 종료되는 중이라 이벤트 로그가 닫혔습니다. 잠시 뒤 다시 보내십시오' },
  log_corrupt: { status: 500, retry: false, en: 'The event log file {file} is damaged at byte {position} ({reason}): events {from} to {to} (exclusive) are lost; restore the file from a backup', ko: '이벤트 로그 파일 {file}이(가) {position}바이트 위치에서 손상되어({reason}) {from}번부터 {to}번 앞까지의 이벤트를 읽을 수 없습니다. 백업에서 파일을 복구하십시오' },
  event_invalid: { status: 400, retry: false, en: 'The event {index} of the batch is not valid: {reason}', ko: '묶음의 {index}번째 이벤트가 올바르지 않습니다: {reason}' },
  tenant_invalid: { status: 400, retry: false, en: 'A tenant id is 1 to 64 letters, digits, _ or -; this is not one: {tenant}', ko: '테넌트 ID는 1~64자의 영문자, 숫자, _, -로 이루어져야 합니다: {tenant}' },
  event_store_unavailable: { status: 503, retry: true, en: 'The event store is not running at the moment ({reason}); what was acknowledged is kept, ask again in a moment', ko: '이벤트 저장소가 지금 실행 중이 아닙니다({reason}). 접수된 이벤트는 보존되어 있으니 잠시 뒤 다시 시도하십시오' },
  event_store_corrupt: { status: 500, retry: false, en: 'The event store file {file} is missing or cannot be read ({reason}); restore it, or stop the server and move its folder away: the store is then built again from the event log', ko: '이벤트 저장소 파일 {file}이(가) 없거나 읽을 수 없습니다({reason}). 파일을 복구하거나, 서버를 멈추고 그 폴더를 다른 곳으로 옮기십시오. 그러면 이벤트 로그로 저장소를 다시 만듭니다' },
  query_invalid: { status: 400, retry: false, en: 'The query field {name} is not valid: {reason}', ko: '검색 조건 {name}이(가) 올바르지 않습니다: {reason}' },
  query_timeout: { status: 503, retry: true, en: 'The search took longer than {seconds} s; narrow the time window or add a field', ko: '검색이 {seconds}초를 넘겼습니다. 기간을 줄이거나 조건을 더하십시오' },
  // response
  action_not_found: { status: 404, retry: false, en: 'There is no action {action} in this tenant', ko: '이 테넌트에 조치 {action}이(가) 없습니다' },
  requester_cannot_approve: { status: 403, retry: false, en: 'Whoever requested the action {action} cannot approve it; another approver must', ko: '조치 {action}을(를) 요청한 사람은 승인할 수 없습니다. 다른 승인자가 결정해야 합니다' },
  not_the_approver: { status: 403, retry: false, en: 'The action {action} waits for {approvers}, not for this identity', ko: '조치 {action}의 승인자는 {approvers}이며 이 계정이나 키가 아닙니다' },
  action_decided: { status: 409, retry: false, en: 'The action {action} is decided already: {status}, by {decided_by} at {decided_at}', ko: '조치 {action}은(는) 이미 결정되었습니다: {status}, {decided_by}, {decided_at}' },
  approval_repeated: { status: 409, retry: false, en: 'This person approved the action {action} already, at {decided_at}; others must approve it too', ko: '이 사람은 {decided_at}에 이미 조치 {action}을(를) 승인했습니다. 다른 승인자의 승인이 더 필요합니다' },
  action_not_standing: { status: 409, retry: false, en: 'Nothing of the action {action} is in effect (it is {status}), so there is nothing to lift', ko: '조치 {action}은(는) 적용된 상태가 아니어서({status}) 해제할 것이 없습니다' },
  idempotency_key_reused: { status: 400, retry: false, en: 'This Idempotency-Key was used for another request body; use a new one', ko: '다른 요청 본문에 이미 사용된 Idempotency-Key입니다. 새 값을 쓰십시오' },
  policy_signer: { status: 403, retry: false, en: "A response policy is signed by a person of the customer's side who may change it: sign in as one", ko: '대응 정책에는 정책 변경 권한이 있는 고객 측 사람이 서명해야 합니다. 해당 계정으로 로그인하십시오' },
  policy_superseded: { status: 409, retry: false, en: 'The policy version {version} can no longer be signed: version {current} is in force; draft a new one', ko: '정책 버전 {version}에는 더 이상 서명할 수 없습니다. 버전 {current}이(가) 적용 중이므로 새 초안을 만드십시오' },
  policy_changed: { status: 409, retry: false, en: 'What was to be signed is not what is stored as version {version}; read it again and compare', ko: '서명하려는 내용이 저장된 버전 {version}과 다릅니다. 다시 읽어 확인하십시오' },
  // command line: how it was called
  usage_unknown_command: { status: 400, retry: false, en: 'There is no command {command}{suggestion}. All of them: haechi help', ko: '{command} 명령은 없습니다{suggestion}. 전체 목록: haechi help' },
  usage_verb_missing: { status: 400, retry: false, en: 'Say what to do with {command}: {verbs}. Examples: haechi help {command}', ko: '{command}에 무엇을 할지 지정하십시오: {verbs}. 예: haechi help {command}' },
  usage_unknown_option: { status: 400, retry: false, en: 'There is no option {option} for {command}{suggestion}. All of them: haechi help {command}', ko: '{command}에는 {option} 옵션이 없습니다{suggestion}. 전체 목록: haechi help {command}' },
  usage_option_repeated: { status: 400, retry: false, en: 'The option {option} is given twice; give it once', ko: '{option} 옵션을 두 번 지정했습니다. 한 번만 지정하십시오' },
  usage_option_missing: { status: 400, retry: false, en: 'The option {option} is missing. Examples: haechi help {command}', ko: '{option} 옵션이 필요합니다. 예: haechi help {command}' },
  usage_value_missing: { status: 400, retry: false, en: 'The option {option} needs a value: {option} {value}', ko: '{option} 옵션에는 값이 필요합니다: {option} {value}' },
  usage_value_unexpected: { status: 400, retry: false, en: 'The option {option} takes no value', ko: '{option} 옵션에는 값을 지정하지 않습니다' },
  usage_choice: { status: 400, retry: false, en: 'The option {option} cannot be {value}; it is one of {choices}', ko: '{option} 옵션에 {value}을(를) 쓸 수 없습니다. 가능한 값: {choices}' },
  usage_number: { status: 400, retry: false, en: 'The option {option} cannot be {value}; it is a whole number from {least} to {most}', ko: '{option} 옵션에 {value}을(를) 쓸 수 없습니다. {least}부터 {most}까지의 정수여야 합니다' },
  usage_time: { status: 400, retry: false, en: 'The option {option} cannot be {value}; write a time such as -24h, 2026-11-01 or 2026-11-01T09:30+09:00', ko: '{option} 옵션에 {value}을(를) 쓸 수 없습니다. -24h, 2026-11-01, 2026-11-01T09:30+09:00과 같이 쓰십시오' },
  usage_argument_missing: { status: 400, retry: false, en: 'The argument {argument} is missing. Examples: haechi help {command}', ko: '{argument} 인수가 필요합니다. 예: haechi help {command}' },
  usage_argument_extra: { status: 400, retry: false, en: 'The argument {argument} is one too many for {command}; put what contains spaces in quotes', ko: '{command}에 {argument} 인수는 필요하지 않습니다. 공백이 있는 값은 따옴표로 묶으십시오' },
  usage_option_alone: { status: 400, retry: false, en: 'The option {option} does nothing without {needed}; give {needed} too, or leave {option} out', ko: '{option} 옵션은 {needed} 없이 쓸 수 없습니다. {needed}을(를) 함께 지정하거나 {option}을(를) 빼십시오' },
  usage_together: { status: 400, retry: false, en: 'The options {options} do not go together; choose one', ko: '{options} 옵션은 함께 쓸 수 없습니다. 하나만 고르십시오' },
  // command line: the way to a server
  server_not_running: { status: 503, retry: true, en: 'No server is running on the data directory {directory}. Start it with: haechi serve, or name another with --data DIR, or a remote one with --url and HAECHI_KEY', ko: '데이터 디렉터리 {directory}에서 실행 중인 서버가 없습니다. haechi serve로 시작하거나, --data DIR로 다른 디렉터리를, 또는 --url과 HAECHI_KEY로 원격 서버를 지정하십시오' },
  server_unreachable: { status: 503, retry: true, en: 'The server at {url} does not answer ({reason}). See whether it runs: haechi doctor', ko: '{url} 서버가 응답하지 않습니다({reason}). haechi doctor로 실행 여부를 확인하십시오' },
  server_untrusted: { status: 502, retry: false, en: 'The certificate of {url} is not trusted ({reason}). Give the CA file that the server printed when it started: --ca FILE', ko: '{url}의 인증서를 신뢰할 수 없습니다({reason}). 서버가 시작할 때 출력한 CA 파일을 지정하십시오: --ca FILE' },
  server_answer_invalid: { status: 502, retry: false, en: 'What answered at {url} is not Haechi, or something stands between: {reason}', ko: '{url}에서 응답한 것이 Haechi가 아니거나 중간에서 응답이 바뀌었습니다: {reason}' },
  control_file_unreadable: { status: 500, retry: false, en: 'The control file {file} cannot be read ({reason}). Run this as the user who runs the server, or use --url and HAECHI_KEY', ko: '제어 파일 {file}을(를) 읽을 수 없습니다({reason}). 서버를 실행하는 사용자로 실행하거나 --url과 HAECHI_KEY를 쓰십시오' },
  control_file_exposed: { status: 500, retry: false, en: 'Others may read or write the control file {file} (mode {mode}), so it is not used. Stop the server, delete the file and start the server again', ko: '다른 사용자가 제어 파일 {file}을(를) 읽거나 쓸 수 있어(모드 {mode}) 사용하지 않습니다. 서버를 멈추고 파일을 지운 뒤 다시 시작하십시오' },
  remote_url_invalid: { status: 400, retry: false, en: '{value} is not the address of a server; write https://HOST:PORT', ko: '{value}은(는) 서버 주소가 아닙니다. https://HOST:PORT와 같이 쓰십시오' },
  remote_not_encrypted: { status: 400, retry: false, en: 'The key would travel to {url} unencrypted; use https://', ko: '{url}(으)로 키가 암호화되지 않은 채 전송됩니다. https://를 쓰십시오' },
  remote_key_missing: { status: 400, retry: false, en: 'A remote server needs a key: HAECHI_KEY=KEY_ID:SECRET, or --key. One is made on the server with: haechi keys create', ko: '원격 서버에는 키가 필요합니다: HAECHI_KEY=KEY_ID:SECRET 또는 --key. 키는 서버에서 haechi keys create로 만듭니다' },
  remote_key_malformed: { status: 400, retry: false, en: 'The key is not of the form KEY_ID:SECRET (as haechi keys create printed the two)', ko: '키가 KEY_ID:SECRET 형식이 아닙니다(haechi keys create가 출력한 두 값)' },
  file_unreadable: { status: 400, retry: false, en: 'The file {file} cannot be read ({reason})', ko: '{file} 파일을 읽을 수 없습니다({reason})' },
  file_not_written: { status: 400, retry: false, en: 'The file {file} cannot be written ({reason}); name a new file in a folder that you may write to', ko: '{file} 파일을 쓸 수 없습니다({reason}). 쓰기 권한이 있는 폴더의 새 파일 이름을 지정하십시오' },
  file_without_records: { status: 400, retry: false, en: 'There is no record in {file}', ko: '{file}에 레코드가 없습니다' },
  file_changed: { status: 409, retry: true, en: 'The file {file} was changed while it was read; send it again when it is complete', ko: '{file} 파일이 읽는 동안 바뀌었습니다. 파일이 완성된 뒤 다시 보내십시오' },
  interrupted: { status: 500, retry: true, en: 'Stopped before the end; the same command again goes on where this stopped and doubles nothing', ko: '끝나기 전에 멈추었습니다. 같은 명령을 다시 실행하면 이어서 진행하며 중복되지 않습니다' },
  audit_chain_broken: { status: 409, retry: false, en: 'The audit export {file} does not hold from line {line} on: {reason}. Keep the file and compare it with an earlier export', ko: '감사 내보내기 {file}의 {line}번째 줄부터 무결성이 깨졌습니다: {reason}. 파일을 보존하고 이전 내보내기와 비교하십시오' },
  // records engine, as the command line reports it
  not_an_object: { status: 400, retry: false, en: 'A record is a JSON object; this is another JSON value', ko: '레코드는 JSON 객체여야 합니다. 다른 JSON 값입니다' },
  record_too_large: { status: 400, retry: false, en: 'A record may have at most {limit_bytes} bytes', ko: '레코드 하나는 최대 {limit_bytes}바이트입니다' },
  depth_exceeded: { status: 400, retry: false, en: 'The record is nested more than {limit} deep', ko: '레코드의 중첩이 {limit}단계를 넘습니다' },
  gzip_invalid: { status: 400, retry: false, en: 'The gzip stream is truncated or damaged ({reason}); what came before was taken', ko: 'gzip 데이터가 잘렸거나 손상되었습니다({reason}). 그 앞까지는 처리했습니다' },
  zip_invalid: { status: 400, retry: false, en: 'The zip archive is truncated or damaged ({reason}); what could be read was taken', ko: 'zip 파일이 잘렸거나 손상되었습니다({reason}). 읽을 수 있는 부분은 처리했습니다' },
  zip_too_large: { status: 400, retry: false, en: 'A zip archive may have at most {limit_bytes} bytes; unpack it first', ko: 'zip 파일은 최대 {limit_bytes}바이트입니다. 먼저 압축을 푸십시오' },
  csv_invalid: { status: 400, retry: false, en: 'The row does not fit the header line of the CSV file', ko: 'CSV 파일의 머리글 줄과 맞지 않는 행입니다' },
  binary_content: { status: 400, retry: false, en: 'This is not text that can be read as records (JSON, CSV, text lines, gzip or zip of these)', ko: '레코드로 읽을 수 있는 텍스트가 아닙니다(JSON, CSV, 텍스트 줄, 이들의 gzip 또는 zip)' },
  // sigma engine, as the command line reports it
  rule_rejected: { status: 422, retry: false, en: 'The rule was not loaded ({rejection}): {reason}', ko: '규칙을 불러오지 않았습니다({rejection}): {reason}' },
  rule_regex_exhausted: { status: 422, retry: false, en: 'A regular expression of the rule "{rule}" used up its time on one value and was taken as not found there; make the expression simpler', ko: '"{rule}" 규칙의 정규식이 한 값에서 허용된 시간을 다 써서 찾지 못한 것으로 처리했습니다. 정규식을 더 단순하게 고치십시오' },
  samples_invalid: { status: 400, retry: false, en: 'The samples in {file} cannot be used ({reason}); they are {"fires": [samples], "silent": [samples], "also": [names]} with at least one in fires; a sample is a record, or a list of records that have a time', ko: '{file}의 견본을 쓸 수 없습니다({reason}). {"fires": [견본], "silent": [견본], "also": [이름]} 형식이며 fires에 견본이 하나 이상 있어야 합니다. 견본은 레코드 하나, 또는 시각이 있는 레코드의 목록입니다' },
  usage_pipeline: { status: 400, retry: false, en: 'There is no pipeline {name}; name a file, or one of {names}', ko: '{name} 파이프라인이 없습니다. 파일을 지정하거나 다음 중에서 고르십시오: {names}' },
  pipeline_rejected: { status: 422, retry: false, en: 'The pipeline at {place} cannot be used ({rejection}): {reason}', ko: '{place}의 파이프라인을 쓸 수 없습니다({rejection}): {reason}' },
  rules_missing: { status: 400, retry: false, en: 'There is no Sigma rule in {path}; name .yml files or a folder that holds them', ko: '{path}에 Sigma 규칙이 없습니다. .yml 파일이나 그 파일이 있는 폴더를 지정하십시오' },
  // fingerprint
  fingerprints_missing: { status: 400, retry: false, en: "There are no fingerprints in {path}. Recog's are not part of Haechi: get them from github.com/rapid7/recog (BSD-2-Clause) and name the folder, the archive or an XML file with --fingerprints PATH", ko: '{path}에 핑거프린트가 없습니다. Recog은 Haechi에 포함되어 있지 않습니다. github.com/rapid7/recog(BSD-2-Clause)에서 받아 폴더, 압축 파일, XML 파일을 --fingerprints PATH로 지정하십시오' },
  fingerprint_refused: { status: 422, retry: false, en: 'The fingerprint or rule was left out ({refusal}): {reason}', ko: '핑거프린트 또는 규칙을 제외했습니다({refusal}): {reason}' },
  fingerprint_exhausted: { status: 422, retry: false, en: "The fingerprint's expression used up its time on one banner and was taken as not found there; make the expression simpler", ko: '핑거프린트의 정규식이 한 배너에서 허용된 시간을 다 써서 찾지 못한 것으로 처리했습니다. 정규식을 더 단순하게 고치십시오' },
  usage_fingerprint_db: { status: 400, retry: false, en: 'There is no database {name}; there are {names}', ko: '{name} 데이터베이스가 없습니다. 다음 중에서 고르십시오: {names}' },
  banner_too_long: { status: 400, retry: false, en: 'A banner may have at most {limit_bytes} bytes', ko: '배너는 최대 {limit_bytes}바이트입니다' },
  banner_not_base64: { status: 400, retry: false, en: 'The line is not base64; leave out --encoding base64 for banners that are written as they are', ko: 'base64가 아닌 줄입니다. 배너를 그대로 적은 입력이면 --encoding base64를 빼십시오' },
  http_answer_invalid: { status: 400, retry: false, en: 'This is no HTTP answer ({reason}); expected is {"status": 200, "headers": {"server": "..."}, "body": "...", "url": "..."} or what curl -si prints', ko: 'HTTP 응답이 아닙니다({reason}). {"status": 200, "headers": {"server": "..."}, "body": "...", "url": "..."} 형식이거나 curl -si의 출력이어야 합니다' },
  archive_invalid: { status: 400, retry: false, en: 'The archive {file} cannot be read ({reason}): it is damaged, too large when unpacked, or no tar archive', ko: '압축 파일 {file}을(를) 읽을 수 없습니다({reason}). 손상되었거나, 풀었을 때 너무 크거나, tar 파일이 아닙니다' },
  // templates, as the command line reads them
  signer_invalid: { status: 400, retry: false, en: 'The file {file} holds no key that templates are signed with; it must be a public key or a certificate on the curve P-256, as PEM', ko: '{file} 파일에 템플릿 서명 키가 없습니다. P-256 곡선의 공개 키나 인증서를 PEM으로 지정하십시오' },
  templates_missing: { status: 400, retry: false, en: 'There is no template in {path}; name .yaml files or a folder that holds them', ko: '{path}에 템플릿이 없습니다. .yaml 파일이나 그 파일이 있는 폴더를 지정하십시오' },
  // incidents
  incident_not_found: { status: 404, retry: false, en: 'There is no incident {incident} in this tenant', ko: '이 테넌트에 인시던트 {incident}이(가) 없습니다' },
  incident_step_illegal: { status: 409, retry: false, en: 'The incident is {status} and cannot become {wanted}; possible now: {possible}', ko: '인시던트의 현재 상태는 {status}이며 {wanted}(으)로 바꿀 수 없습니다. 지금 가능한 상태: {possible}' },
  incident_closed: { status: 409, retry: false, en: 'The incident is {status}; reopen it first. Possible now: {possible}', ko: '인시던트의 현재 상태는 {status}입니다. 먼저 다시 여십시오. 지금 가능한 상태: {possible}' },
  incident_verdict_required: { status: 409, retry: false, en: 'The incident is {status} and has no verdict, without which it cannot be closed; give one of {verdicts}', ko: '인시던트의 현재 상태는 {status}이며 판정이 없어 종결할 수 없습니다. 다음 중 하나로 판정하십시오: {verdicts}' },
  analyst_unknown: { status: 422, retry: false, en: 'There is no active user {analyst} who could take incidents of this tenant; name a user of the tenant, "me", or null to assign nobody', ko: '이 테넌트의 인시던트를 맡을 수 있는 활성 사용자 {analyst}이(가) 없습니다. 테넌트의 사용자나 "me"를 지정하거나, 담당자를 비우려면 null을 보내십시오' },
  window_reversed: { status: 400, retry: false, en: 'The window ends at {end}, which is not after its start {start}; exchange start_time and end_time', ko: '기간의 끝 {end}이(가) 시작 {start}보다 늦지 않습니다. start_time과 end_time을 확인하십시오' },
  window_in_future: { status: 400, retry: false, en: 'The window starts at {start}, which has not come yet; nothing can be measured in it', ko: '기간의 시작 {start}이(가) 아직 오지 않아 측정할 것이 없습니다. 지난 시각으로 시작하는 기간을 지정하십시오' },
  // serving an API to MCP clients
  mcp_spec_refused: { status: 422, retry: false, en: '{place}: {reason} ({refusal}, at {at})', ko: '{place}: 문서를 사용할 수 없습니다({refusal}, 위치 {at}): {reason}' },
  mcp_spec_unavailable: { status: 502, retry: true, en: 'The document at {place} was not delivered: the answer was {status}. Check the address, and whether it asks for a sign-in', ko: '{place}의 문서를 받지 못했습니다. 응답 상태: {status}. 주소가 맞는지, 로그인이 필요한지 확인하십시오' },
  mcp_spec_too_large: { status: 413, retry: false, en: '{place} is larger than {limit} bytes; serve a part of it, or split it into several documents', ko: '{place}이(가) {limit}바이트보다 큽니다. 일부만 제공하거나 여러 문서로 나누십시오' },
  mcp_spec_exhausting: { status: 422, retry: false, en: 'Converting {place} took more than {megabytes} MB of memory or {seconds} s and was ended; make the document smaller', ko: '{place}을(를) 변환하는 데 메모리 {megabytes}MB 또는 {seconds}초를 넘겨 중단했습니다. 문서를 줄이십시오' },
  mcp_spec_without_tools: { status: 422, retry: false, en: '{place} has no operation that could be offered as a tool ({skipped} were left out); see which and why with: haechi mcp tools --spec {place}', ko: '{place}에는 도구로 제공할 수 있는 작업이 없습니다(제외: {skipped}개). 어떤 작업이 왜 제외되었는지 확인: haechi mcp tools --spec {place}' },
  mcp_base_url_missing: { status: 400, retry: false, en: '{place} does not say where the API is; add --base-url URL, such as --base-url http://localhost:3000', ko: '{place}에 API의 주소가 없습니다. --base-url http://localhost:3000처럼 --base-url URL을 추가하십시오' },
  mcp_base_url_invalid: { status: 400, retry: false, en: '{value} is not the address of an API; write http://HOST:PORT/PATH or https://HOST:PORT/PATH without a user name, query or fragment', ko: '{value}은(는) API 주소가 아닙니다. 사용자 이름, 쿼리, 조각 없이 http://HOST:PORT/PATH 또는 https://HOST:PORT/PATH로 쓰십시오' },
  mcp_base_url_count: { status: 400, retry: false, en: '{specs} documents were given and {urls} base URLs; give one for each document, in the same order, or none', ko: '문서 {specs}개에 기본 URL {urls}개를 지정했습니다. 문서마다 하나씩 같은 순서로 지정하거나 모두 생략하십시오' },
  mcp_spec_name: { status: 400, retry: false, en: 'Two of the documents would be called {name}; name them: --spec one=FILE --spec two=FILE', ko: '문서 두 개의 이름이 모두 {name}입니다. --spec one=FILE --spec two=FILE처럼 이름을 지정하십시오' },
  mcp_host_refused: { status: 403, retry: false, en: 'The call would go to {place}, which is not where this API was said to be ({allowed}); restart with --base-url if it moved', ko: '호출 대상 {place}은(는) 이 API의 주소({allowed})가 아닙니다. API가 옮겨졌다면 --base-url을 지정하여 다시 시작하십시오' },
  mcp_private_refused: { status: 403, retry: false, en: 'The document names {place}, an address of this machine or of an inner network, as where the API is; if that is right, restart with --base-url URL or --allow-private HOST', ko: '문서가 API 주소로 이 컴퓨터나 내부망의 주소인 {place}을(를) 지정합니다. 맞다면 --base-url URL 또는 --allow-private HOST를 지정하여 다시 시작하십시오' },
  mcp_exposed: { status: 400, retry: false, en: 'Beyond this machine ({host}) the tools are only served with a token and a certificate: add --token-file FILE --tls-cert FILE --tls-key FILE, or leave out --host', ko: '이 컴퓨터 밖({host})에는 토큰과 인증서가 있어야만 도구를 제공합니다. --token-file FILE --tls-cert FILE --tls-key FILE을 추가하거나 --host를 빼십시오' },
  mcp_token_weak: { status: 400, retry: false, en: 'The token in {file} has {length} characters; 32 to 512 visible ASCII characters are needed. One can be made with: openssl rand -hex 32', ko: '{file}의 토큰은 {length}자입니다. 공백 없는 ASCII 32~512자여야 합니다. 생성 예: openssl rand -hex 32' },
  mcp_file_exposed: { status: 400, retry: false, en: 'Others may read {file} (mode {mode}), and it holds a secret; take the right away: chmod 600 {file}', ko: '비밀이 들어 있는 {file}을(를) 다른 사용자가 읽을 수 있습니다(모드 {mode}). 권한을 제거하십시오: chmod 600 {file}' },
  mcp_credentials_invalid: { status: 400, retry: false, en: 'The credentials in {file} cannot be used ({reason}); write one entry for each security scheme of the document, such as {"apiKey": "..."}', ko: '{file}의 인증 정보를 사용할 수 없습니다({reason}). {"apiKey": "..."}처럼 문서의 보안 체계마다 항목 하나를 쓰십시오' },
  mcp_port_taken: { status: 500, retry: false, en: '{host}:{port} is in use by something else; choose another with --port, or --port 0 for any that is free', ko: '{host}:{port}을(를) 다른 프로그램이 사용하고 있습니다. --port로 다른 포트를 지정하십시오. --port 0이면 빈 포트를 고릅니다' },
  mcp_listen_failed: { status: 500, retry: false, en: 'Nothing can be served at {host}:{port} ({reason})', ko: '{host}:{port}에서 제공할 수 없습니다({reason})' },
  mcp_findings: { status: 422, retry: false, en: '{place} brings {count} new texts that look meant to steer a model; the version before it stays in force. Read them above; to take it, restart with --accept-findings', ko: '{place}에 모델을 조종하려는 것으로 보이는 새 문구가 {count}개 있어 이전 버전을 유지합니다. 위 내용을 확인하고, 받아들이려면 --accept-findings를 지정하여 다시 시작하십시오' },
  mcp_log_failed: { status: 500, retry: true, en: 'Calls cannot be written to {file} at the moment ({reason}); they are served all the same', ko: '지금 {file}에 호출을 기록할 수 없습니다({reason}). 호출은 계속 처리합니다' },
  // mcp scan
  mcp_tool_nameless: { status: 400, retry: false, en: 'This is no tool: an object with a name is expected on each line, or an answer of tools/list', ko: '도구가 아닙니다. 줄마다 name이 있는 객체이거나 tools/list 응답이어야 합니다' },
  // mcp draft
  mcp_recording_refused: { status: 422, retry: false, en: 'No draft can be made from {file}: {reason} ({refusal}, at {at})', ko: '{file}(으)로 초안을 만들 수 없습니다({refusal}, 위치 {at}): {reason}' },
  mcp_recording_too_large: { status: 413, retry: false, en: 'The recording {file} is larger than {limit} bytes; record less, or save it without the contents of pages and pictures', ko: '기록 파일 {file}이(가) {limit}바이트보다 큽니다. 짧게 기록하거나 페이지와 그림의 내용을 빼고 저장하십시오' },
  // probe dns
  probe_name_invalid: { status: 400, retry: false, en: '{target} is no name of DNS; name a zone or a host such as example.com or www.example.com', ko: '{target}은(는) DNS 이름이 아닙니다. example.com 또는 www.example.com과 같은 영역이나 호스트를 지정하십시오' },
  probe_server_invalid: { status: 400, retry: false, en: '{option} takes addresses of DNS servers such as 192.0.2.53 or 192.0.2.53:5353, separated by commas; this is {value}', ko: '{option}에는 192.0.2.53 또는 192.0.2.53:5353과 같은 DNS 서버 주소를 쉼표로 구분하여 지정합니다. 받은 것: {value}' },
  probe_resolver_missing: { status: 400, retry: false, en: '--transport {transport} needs a server that speaks it; name one with --resolver', ko: '--transport {transport}에는 이를 지원하는 서버가 필요합니다. --resolver로 지정하십시오' },
  // probe tls
  probe_tls_invalid: { status: 400, retry: false, en: '{target} is no TLS server; name a host with or without a port, such as www.example.com, 192.0.2.7:8443 or [2001:db8::1]:443', ko: '{target}은(는) TLS 서버가 될 수 없습니다. www.example.com, 192.0.2.7:8443, [2001:db8::1]:443과 같이 호스트와 포트를 지정하십시오' },
  // probe http
  probe_url_invalid: { status: 400, retry: false, en: '{target} is not the URL of a web site; name one such as https://www.example.com/app or www.example.com:8443', ko: '{target}은(는) 웹 사이트의 URL이 아닙니다. https://www.example.com/app 또는 www.example.com:8443과 같이 지정하십시오' },
  screenshot_browser_missing: { status: 503, retry: false, en: 'Pictures of pages need Chromium or Chrome, and none of {names} is in PATH; install one, or scan without pictures', ko: '화면을 찍으려면 Chromium이나 Chrome이 필요하지만 PATH에 {names} 중 어느 것도 없습니다. 하나를 설치하거나 화면 없이 검사하십시오' },
  screenshot_browser_failed: { status: 503, retry: true, en: 'The browser {program} does not start; try it by itself with --headless, or scan without pictures', ko: '브라우저 {program}이(가) 시작되지 않습니다. --headless로 직접 실행해 보거나 화면 없이 검사하십시오' },
  screenshot_not_taken: { status: 502, retry: true, en: 'No picture of {url} was taken: it did not answer in time, or it leads to where the scan may not go', ko: '{url}의 화면을 찍지 못했습니다. 제때 응답하지 않았거나 검사할 수 없는 곳으로 이어집니다' },
  // templates run
  scan_target_invalid: { status: 400, retry: false, en: '{target} is no target: name a host, an address or a URL (example.com, 192.0.2.7:8443, https://example.com/app), or a folder for file templates', ko: '{target}은(는) 대상이 될 수 없습니다. 호스트, 주소, URL(example.com, 192.0.2.7:8443, https://example.com/app)이나 파일 템플릿용 폴더를 지정하십시오' },
  scan_target_unresolved: { status: 502, retry: true, en: 'The name of the target {target} cannot be resolved ({reason}); check it, or name an address', ko: '대상 {target}의 이름을 확인할 수 없습니다({reason}). 이름을 확인하거나 주소로 지정하십시오' },
  scan_target_unresponsive: { status: 502, retry: true, en: '{endpoint} has not answered {failures} times in a row ({fault}), so {skipped} templates were not run on it; check that it is up, or scan slower with --rate', ko: '{endpoint}이(가) 연속 {failures}번 응답하지 않아({fault}) 템플릿 {skipped}개를 실행하지 않았습니다. 동작 중인지 확인하거나 --rate로 천천히 검사하십시오' },
  usage_variable: { status: 400, retry: false, en: '--variable takes NAME=VALUE; this is {value}', ko: '--variable에는 NAME=VALUE를 지정합니다. 받은 것: {value}' },
  scan_scope_missing: { status: 403, retry: false, en: '{target} is not this machine, so it is scanned only with proof that its owner agrees: pass a file with targets, owner and until by --scope FILE', ko: '{target}은(는) 이 컴퓨터가 아니므로 소유자가 동의했다는 근거가 있어야 검사할 수 있습니다. targets, owner, until을 적은 파일을 --scope FILE로 지정하십시오' },
  scan_scope_invalid: { status: 400, retry: false, en: 'The scope {file} cannot be read: {reason}. It is JSON or YAML with targets (hosts, *.example.com, addresses, networks), owner and until (2027-01-31, or a time with its zone)', ko: '범위 파일 {file}을(를) 읽을 수 없습니다: {reason}. targets(호스트, *.example.com, 주소, 네트워크), owner, until(2027-01-31 또는 시간대를 포함한 시각)을 담은 JSON이나 YAML이어야 합니다' },
  scan_scope_expired: { status: 403, retry: false, en: 'The scope of {owner} ended on {until}; ask the owner for a new one', ko: '{owner}의 검사 범위가 {until}에 끝났습니다. 소유자에게 새로 요청하십시오' },
  scan_scope_exceeded: { status: 403, retry: false, en: 'The scope does not cover {target} ({addresses}); nothing was sent. Take the target out, or have its owner add it to the scope', ko: '검사 범위에 {target}({addresses})이(가) 없어 아무것도 보내지 않았습니다. 대상에서 빼거나 소유자에게 범위에 추가하도록 요청하십시오' },
  // secrets
  secrets_unreadable: { status: 422, retry: false, en: '{path} was not looked through to its end ({reason}); the rest was', ko: '{path}은(는) 끝까지 살피지 못했습니다({reason}). 나머지는 살폈습니다' },
  secret_rules_refused: { status: 400, retry: false, en: 'The rules in {file} cannot be used (line {line}): {reason}', ko: '{file}의 규칙을 사용할 수 없습니다({line}행): {reason}' },
  baseline_invalid: { status: 400, retry: false, en: 'Line {line} of {file} is no answer of "haechi secrets scan --json"; name a file that it wrote', ko: '{file}의 {line}행은 "haechi secrets scan --json"의 출력이 아닙니다. 그 명령이 쓴 파일을 지정하십시오' },
  // scan
  scan_ports_invalid: { status: 400, retry: false, en: '--ports {value} names no ports: {reason}. Write ports and ranges (22,80,8000-8100), U: before UDP ports, top100 or all', ko: '--ports {value}에 포트가 없습니다: {reason}. 포트와 범위(22,80,8000-8100), UDP 포트 앞에 U:, top100, all을 쓸 수 있습니다' },
  // risk
  cvss_version_unknown: { status: 400, retry: false, en: 'There is no CVSS version {found}; known are {allowed}', ko: 'CVSS {found} 버전은 없습니다. 사용할 수 있는 버전: {allowed}' },
  cvss_malformed: { status: 400, retry: false, en: 'This is no CVSS vector at "{found}"; a vector is metrics NAME:VALUE joined by /, of 3.0 and later after CVSS: and the version', ko: '"{found}" 부분이 CVSS 벡터가 아닙니다. 벡터는 이름:값 형식의 지표를 /로 이은 것이며, 3.0 이상은 CVSS:와 버전으로 시작합니다' },
  cvss_metric_unknown: { status: 400, retry: false, en: 'CVSS {found} has no metric {place}; it has {allowed}. Without CVSS: and a version a vector is one of 2.0', ko: 'CVSS {found}에는 {place} 지표가 없습니다. 사용할 수 있는 지표: {allowed}. CVSS:와 버전이 없는 벡터는 2.0으로 읽습니다' },
  cvss_value_unknown: { status: 400, retry: false, en: 'The metric {place} cannot be {found}; it is one of {allowed}', ko: '{place} 지표의 값은 {found}일 수 없습니다. 사용할 수 있는 값: {allowed}' },
  cvss_metric_repeated: { status: 400, retry: false, en: 'The metric {place} stands twice in the vector; leave one', ko: '벡터에 {place} 지표가 두 번 있습니다. 하나만 남기십시오' },
  cvss_metric_missing: { status: 400, retry: false, en: 'CVSS {found} needs the metric {place}: one of {allowed}', ko: 'CVSS {found}에는 {place} 지표가 있어야 합니다. 사용할 수 있는 값: {allowed}' },
  cpe_invalid: { status: 400, retry: false, en: '{found} is no CPE name; such a name looks like {allowed}', ko: '{found}은(는) CPE 이름이 아닙니다. 올바른 형식의 예: {allowed}' },
  version_invalid: { status: 400, retry: false, en: '{found} is no version of its ecosystem; such a version looks like {allowed}', ko: '{found}은(는) 해당 생태계의 버전이 아닙니다. 올바른 형식의 예: {allowed}' },
  risk_package_incomplete: { status: 400, retry: false, en: 'The package {value} needs its version and where it is from: --package openssl@3.0.11-1~deb12u2 --distribution debian:12', ko: '{value} 패키지에는 버전과 출처가 필요합니다. 예: --package openssl@3.0.11-1~deb12u2 --distribution debian:12' },
  knowledge_missing: { status: 400, retry: false, en: 'Which CVEs a program has is only known from feeds; name their folder with --knowledge DIR', ko: '프로그램의 CVE는 피드가 있어야 알 수 있습니다. --knowledge DIR로 피드 폴더를 지정하십시오' },
  knowledge_empty: { status: 400, retry: false, en: 'There is no feed in {directory}; it is a folder with known_exploited_vulnerabilities.json, epss*.csv, nvd*.ndjson, vulnrichment*.ndjson, kev-*attack*.json, osv*.json or debian*tracker*.json, also with .gz', ko: '{directory}에 피드가 없습니다. known_exploited_vulnerabilities.json, epss*.csv, nvd*.ndjson, vulnrichment*.ndjson, kev-*attack*.json, osv*.json, debian*tracker*.json 파일(.gz 가능)이 있는 폴더를 지정하십시오' },
  knowledge_refused: { status: 422, retry: false, en: '{count} entries were not taken, {taken} were; the first: {code} at {place}: {reason}', ko: '{taken}건을 받아들이고 {count}건을 거부했습니다. 첫 번째: {place}, {code}: {reason}' },
  facts_malformed: { status: 400, retry: false, en: 'The facts of a finding are a JSON object; this is {found}', ko: '발견 사항의 정보는 JSON 객체여야 합니다. 받은 것: {found}' },
  fact_invalid: { status: 400, retry: false, en: '{place} cannot be {found}; allowed: {allowed}', ko: '{place}의 값은 {found}일 수 없습니다. 사용할 수 있는 값: {allowed}' },
  fact_unknown: { status: 400, retry: false, en: 'There is no fact {place}; known here are {allowed}', ko: '{place}(이)라는 항목은 없습니다. 사용할 수 있는 항목: {allowed}' },
  fact_missing: { status: 400, retry: false, en: 'The finding does not say its {allowed}', ko: '발견 사항에 {allowed} 정보가 없습니다' },
} as const satisfies Record<string, ErrorEntry>

/** Where a failure is looked up as the general shape rather than as the literal one. */
export const errorEntry = (code: ErrorCode): ErrorEntry => errorTable[code]

export type ErrorCode = keyof typeof errorTable
export type Language = 'en' | 'ko'
export type ErrorParams = Readonly<Record<string, string | number>>
/** One fault inside a request: `place` names the field (`/targets/0`), the line or the header. */
export type ErrorDetail = { readonly code: ErrorCode; readonly place: string; readonly params?: ErrorParams }

export class HaechiError extends Error {
  readonly code: ErrorCode
  readonly params: ErrorParams
  readonly errors: readonly ErrorDetail[]
  constructor(code: ErrorCode, params: ErrorParams = {}, options: { cause?: unknown; errors?: readonly ErrorDetail[] } = {}) {
    super(describe(code, params, 'en'), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HaechiError'
    this.code = code
    this.params = params
    this.errors = options.errors ?? []
  }
}

export function describe(code: ErrorCode, params: ErrorParams, language: Language): string {
  return errorTable[code][language].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}
