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
  cursor_invalid: { status: 400, retry: false, en: 'The cursor is not one that this server issued; start again without it', ko: '이 서버가 발급한 커서가 아닙니다. 커서 없이 다시 시작하십시오' },
  not_found: { status: 404, retry: false, en: 'There is no {what}', ko: '{what}을(를) 찾을 수 없습니다' },
  route_not_found: { status: 404, retry: false, en: 'There is nothing at {method} {path}; the API is described at /api/openapi.json', ko: '{method} {path}에는 아무것도 없습니다. API 설명은 /api/openapi.json에 있습니다' },
  already_exists: { status: 409, retry: false, en: '{what} exists already', ko: '{what}이(가) 이미 있습니다' },
  internal: { status: 500, retry: true, en: 'Something failed inside the server; quote {incident} to whoever runs it', ko: '서버 내부에서 오류가 발생했습니다. 운영자에게 {incident}을(를) 알려 주십시오' },
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
  // server
  address_unavailable: { status: 500, retry: false, en: 'The address {address} cannot be used ({reason}); choose another with --port or --host', ko: '{address} 주소를 쓸 수 없습니다({reason}). --port나 --host로 다른 주소를 고르십시오' },
  shutting_down: { status: 503, retry: true, en: 'The server is stopping; try again in a moment', ko: '서버가 종료되는 중입니다. 잠시 뒤 다시 시도하십시오' },
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
