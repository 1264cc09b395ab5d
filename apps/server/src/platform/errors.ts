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
  shutting_down: { status: 503, retry: true, en: 'The server is stopping; try again in a moment', ko: '서버가 종료되는 중입니다. 잠시 뒤 다시 시도하십시오' },
} as const satisfies Record<string, ErrorEntry>

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
