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
